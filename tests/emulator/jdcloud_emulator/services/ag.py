# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ag service: availability groups. The words of its errors are not published (fact groups-errors)."""

from __future__ import annotations

from collections.abc import Callable

from jdcloud_emulator.services.api import Call, Condition, bad_value, matches, operation, page, precondition
from jdcloud_emulator.state import scaling
from jdcloud_emulator.state.groups import LIMITS_CHANGED, NEWEST, OLDEST, Group, Member, ScalingSpec
from jdcloud_emulator.state.json_object import Json
from jdcloud_emulator.state.settings import ApiError, parse_time
from jdcloud_emulator.state.shapes.groups import activity_shape, brief_group_shape, group_shape

MISSING = "AvailabilityGroup '{}' not found"
PLACEMENTS = ("fd", "switch", "host")
STATUSES = ("SUCCESS", "REJECTED", "FAILED", "RUNNING", "WARN")
MAX_MEMBERS = 1000
MAX_MEMBERS_WHEN_ENABLED = 300
MAX_COOL_DOWN = 86400
FILTERS: dict[str, Callable[[Group, Condition], bool]] = {
    "agName": lambda group, wanted: wanted[1][0] in group.name,
    "agId": lambda group, wanted: matches(group.id, wanted),
    "instanceTemplateId": lambda group, wanted: matches(group.template_id, wanted),
    "vpcId": lambda group, wanted: matches(group.vpc_id, wanted),
    "placementType": lambda group, wanted: matches(group.placement_type, wanted),
}


def _group(call: Call) -> Group:
    return call.get(Group, call.target, MISSING)


# --- reads --------------------------------------------------------------------------------------------------------


@operation("ag", "GET", "availabilityGroups")
def describe_ags(call: Call) -> Json:
    """There is no filter by instance (fact groups-of-a-machine)."""
    filters, settings = call.filters(FILTERS), call.cloud.settings
    for name, (operator, values) in filters.items():
        if operator != "eq":
            raise bad_value(f"filters.{name}.operator", operator, ["eq"])
        for value in values if name == "placementType" else ():
            if value not in PLACEMENTS:
                raise bad_value("filters.placementType.values", value, PLACEMENTS)
    rows = [group for group in call.region.groups.values() if call.visible(group.id)]
    chosen, total = page(call, [row for row in rows if all(FILTERS[name](row, one) for name, one in filters.items())])
    shape = group_shape if settings.group_lists_members else brief_group_shape
    return {"ags": [shape(group, settings) for group in chosen], "totalCount": total}


@operation("ag", "GET", "availabilityGroups/*")
def describe_ag(call: Call) -> Json:
    return {"ag": group_shape(_group(call), call.cloud.settings)}


@operation("ag", "GET", "autoScaling/*:describeScalingActivities")
def describe_scaling_activities(call: Call) -> Json:
    """Of each filter the first value counts (fact groups-activities)."""
    group, filters = _group(call), call.filters(["status", "beginTime", "endTime"])
    wanted = {name: values[0] for name, (_operator, values) in filters.items()}
    _name, descending = call.sort(["startTime"])
    if wanted.get("status", STATUSES[0]) not in STATUSES:
        raise bad_value("filters.status.values", wanted["status"], STATUSES)
    earliest, latest = _moment(wanted, "beginTime", float("-inf")), _moment(wanted, "endTime", float("inf"))
    rows = [row for row in group.activities if earliest <= int(row.started) <= latest]
    rows = [row for row in rows if wanted.get("status", row.status) == row.status]
    if descending:
        rows.reverse()
    chosen, total = page(call, rows)
    return {"scalingActivities": [activity_shape(row) for row in chosen], "totalCount": total}


def _moment(wanted: dict[str, str], name: str, default: float) -> float:
    """Seconds of a time, in whole seconds as answers show them."""
    if name not in wanted:
        return default
    try:
        return parse_time(wanted[name])
    except ValueError:
        raise bad_value(f"filters.{name}.values", wanted[name], ["a time"]) from None


# --- members ------------------------------------------------------------------------------------------------------


@operation("ag", "POST", "availabilityGroups/*:abandonInstances")
def abandon_instances(call: Call) -> None:
    """What becomes of a call that names a stranger, too, is a setting (fact groups-abandon-unknown)."""
    group, policy = _group(call), call.cloud.settings.abandon_strangers
    ids = _instance_ids(call)
    strangers = [instance_id for instance_id in ids if instance_id not in group.members]
    if not strangers or policy in ("partial", "ignored"):
        for instance_id in ids:
            if instance_id in group.members:
                scaling.abandon(call.cloud, group, group.members[instance_id])
    if strangers and policy != "ignored":
        raise _no_member(group, strangers[0])


@operation("ag", "POST", "autoScaling/*:modifyInstancesProtected")
def modify_instances_protected(call: Call) -> None:
    """It keeps the group from shrinking by these machines, and nothing else (fact surroundings-group-protection)."""
    group, value = _group(call), call.body_field("isProtected", bool, required=True)
    for member in _members(call, group):
        member.protected = value
    scaling.review(call.cloud, group)


@operation("ag", "POST", "autoScaling/*:modifyInstancesManaged")
def modify_instances_managed(call: Call) -> None:
    group, value = _group(call), call.body_field("isManaged", bool, required=True)
    for member in _members(call, group):
        member.managed = value
    scaling.review(call.cloud, group)


def _instance_ids(call: Call) -> list[str]:
    ids = [str(one) for one in call.body_field("instanceIds", list, required=True)]
    if not ids:
        raise ApiError(400, "INVALID_ARGUMENT", "Request parameter instanceIds is missing")
    return list(dict.fromkeys(ids))


def _members(call: Call, group: Group) -> list[Member]:
    ids = _instance_ids(call)
    for instance_id in ids:
        if instance_id not in group.members:
            raise _no_member(group, instance_id)
    return [group.members[instance_id] for instance_id in ids]


def _no_member(group: Group, instance_id: str) -> ApiError:
    return ApiError(404, "NOT_FOUND", f"Instance '{instance_id}' not found in AvailabilityGroup '{group.id}'")


# --- scaling ------------------------------------------------------------------------------------------------------


@operation("ag", "POST", "autoScaling/*")
def enable_auto_scaling(call: Call) -> None:
    """The specification is ignored once the group has scaled (fact groups-enable)."""
    group, managed = _group(call), call.body_field("isManaged", bool, False)
    given = call.body_field("autoscalingSpec", dict)
    if group.auto_scaling:
        raise precondition(f"Auto scaling of AvailabilityGroup '{group.id}' is enabled")
    if group.spec is None:
        if given is None:
            raise ApiError(400, "INVALID_ARGUMENT", "Request parameter autoscalingSpec is missing")
        group.spec = _spec(given, ScalingSpec(), MAX_MEMBERS_WHEN_ENABLED, required=True)
    group.auto_scaling = True
    for member in group.members.values():
        member.managed = managed
    scaling.review(call.cloud, group)


@operation("ag", "POST", "autoScaling/*:updateAutoScaling")
def update_auto_scaling(call: Call) -> None:
    group, given = _group(call), call.body_field("autoscalingSpec", dict, required=True)
    if group.spec is None:
        raise precondition(f"AvailabilityGroup '{group.id}' has no auto scaling")
    group.spec = _spec(given, group.spec, MAX_MEMBERS)
    if group.auto_scaling:
        scaling.record(call.cloud, group, LIMITS_CHANGED)
    scaling.review(call.cloud, group)


@operation("ag", "PUT", "autoScaling/*:disable")
def disable_auto_scaling(call: Call) -> None:
    """Not while it scales or rests, as the console says (fact groups-disable)."""
    group = _group(call)
    if not group.auto_scaling:
        raise precondition(f"Auto scaling of AvailabilityGroup '{group.id}' is disabled")
    if call.cloud.settings.group_rests and scaling.is_busy(call.cloud, group):
        raise precondition(f"A scaling activity of AvailabilityGroup '{group.id}' is running or cooling down")
    group.auto_scaling = False
    scaling.review(call.cloud, group)


@operation("ag", "DELETE", "availabilityGroups/*")
def delete_ag(call: Call) -> None:
    """Only without members (fact groups-delete)."""
    group = _group(call)
    if group.members:
        raise precondition(f"AvailabilityGroup '{group.id}' has instances")
    call.cloud.remove(group)


def _spec(given: Json, present: ScalingSpec, most: int, required: bool = False) -> ScalingSpec:
    """The specification with these fields, checked. Raises INVALID_ARGUMENT or OUT_OF_RANGE."""
    for name in ("minSize", "maxSize") if required else ():
        if given.get(name) is None:
            raise ApiError(400, "INVALID_ARGUMENT", f"Request parameter autoscalingSpec.{name} is missing")
    least = _within(given, "minSize", present.min_size, (0, most))
    highest = _within(given, "maxSize", present.max_size, (least, most))
    desired, check = given.get("desiredCapacity"), given.get("healthCheck")
    if desired is None and present.desired is not None:
        desired = min(max(present.desired, least), highest)
    policy = given.get("removalPolicy") or present.removal_policy
    if policy not in (OLDEST, NEWEST):
        raise bad_value("autoscalingSpec.removalPolicy", str(policy), [OLDEST, NEWEST])
    return ScalingSpec(
        least,
        highest,
        None if desired is None else _within({"desiredCapacity": desired}, "desiredCapacity", 0, (least, highest)),
        present.health_check if check is None else bool(check),
        _within(given, "coolDownSeconds", present.cool_down_seconds, (0, MAX_COOL_DOWN)),
        str(policy),
    )


def _within(given: Json, name: str, default: int, bounds: tuple[int, int]) -> int:
    value = given.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not bounds[0] <= value <= bounds[1]:
        raise ApiError(400, "OUT_OF_RANGE", f"autoscalingSpec.{name} out of range")
    return value
