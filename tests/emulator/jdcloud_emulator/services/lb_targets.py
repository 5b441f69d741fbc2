# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lb service, what it changes: targets. A call is done whole or not at all (fact load-balancers-all-or-nothing)."""

from __future__ import annotations

from jdcloud_emulator.services.api import Call, bad_value, operation, precondition
from jdcloud_emulator.services.lb import MISSING_BACKEND, MISSING_GROUP, TARGET_TYPES
from jdcloud_emulator.state.balancers import ALB, DEFAULT_WEIGHT, DNLB, Backend, Target, TargetGroup
from jdcloud_emulator.state.balancing import members_of, remove_target
from jdcloud_emulator.state.json_object import Json
from jdcloud_emulator.state.model import Instance
from jdcloud_emulator.state.settings import ApiError

MISSING_TARGET = "Target '{}' not found"
MAX_PORT = 65535
MAX_WEIGHT = 100


def _group(call: Call) -> TargetGroup:
    return call.get(TargetGroup, call.target, MISSING_GROUP)


def _no_target(target_id: str) -> ApiError:
    return ApiError(404, "NOT_FOUND", MISSING_TARGET.format(target_id))


def _rows(call: Call, name: str) -> list[Json]:
    """The objects of a list of the body; at least one."""
    rows: list[Json] = call.body_field(name, list, required=True)
    if not rows:
        raise ApiError(400, "INVALID_ARGUMENT", f"Request parameter {name} is missing")
    for row in rows:
        if not isinstance(row, dict):
            raise ApiError(400, "INVALID_ARGUMENT", f"Request parameter {name} has a wrong type")
    return rows


def _number(row: Json, name: str, highest: int) -> int | None:
    """A number of a row, None if it is not given (fact requests-null-members)."""
    value = row.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise ApiError(400, "INVALID_ARGUMENT", f"Request parameter {name} has a wrong type")
    if not 0 <= value <= highest:
        raise ApiError(400, "OUT_OF_RANGE", f"{name} out of range")
    return value


def _weight(call: Call, row: Json, kind: str) -> int | None:
    """The weight that a row asks for. What the others than alb make of 0 is a setting (fact load-balancers-weight-zero)."""
    weight = _number(row, "weight", MAX_WEIGHT)
    if weight == 0 and kind != ALB:
        if call.cloud.settings.balancer_weight_zero == "refused":
            raise ApiError(400, "OUT_OF_RANGE", "weight out of range")
        return None
    return weight


@operation("lb", "POST", "targetGroups/*:deregisterTargets")
def de_register_targets(call: Call) -> None:
    """One target that is gone, and none is removed."""
    group, ids = _group(call), [str(one) for one in call.body_field("targetIds", list, required=True)]
    if not ids:
        raise ApiError(400, "INVALID_ARGUMENT", "Request parameter targetIds is missing")
    for target_id in ids:
        if target_id not in group.targets:
            raise _no_target(target_id)
    for target_id in dict.fromkeys(ids):
        call.touched.append(group.targets[target_id].instance_id)
        remove_target(call.cloud, group.targets[target_id])


@operation("lb", "POST", "targetGroups/*:updateTargets")
def update_targets(call: Call) -> None:
    group = _group(call)
    changes = []
    for row in _rows(call, "targetUpdateSpecs"):
        target = group.targets.get(str(row.get("targetId")))
        if target is None:
            raise _no_target(str(row.get("targetId")))
        port, weight = _number(row, "port", MAX_PORT), _weight(call, row, group.balancer.balancer_kind)
        changes.append((target, target.port if port is None else port, target.weight if weight is None else weight))
    for target, port, weight in changes:
        target.port, target.weight = port, weight


@operation("lb", "PATCH", "backends/*:updateAgTargets")
def update_ag_targets(call: Call) -> None:
    """Of a member of an availability group only the weight can be changed (fact load-balancers-members)."""
    backend = call.get(Backend, call.target, MISSING_BACKEND)
    members = {target.id: target for target in members_of(call.region, backend)}
    changes = {}
    for row in _rows(call, "targetUpdateSpecs"):
        target_id = str(row.get("targetId"))
        if target_id not in members:
            raise _no_target(target_id)
        weight = _weight(call, row, backend.balancer.balancer_kind)
        if weight is not None:
            changes[members[target_id].instance_id] = weight
    backend.member_weights |= changes
    call.touched.extend(changes)


@operation("lb", "POST", "targetGroups/*:registerTargets")
def register_targets(call: Call) -> None:
    """Each gets an id that never was (fact load-balancers-new-ids)."""
    group = _group(call)
    made: list[Target] = []
    for row in _rows(call, "targetSpecs"):
        target = _new_target(call, group, row)
        if any(_same(group, target, other) for other in [*group.targets.values(), *made]):
            raise ApiError(400, "INVALID_ARGUMENT", "Target is already register to same TargetGroup.")
        made.append(target)
    for target in made:
        group.targets[target.id] = target
        call.cloud.add(target)
        call.touched.append(target.instance_id or target.id)


def _same(group: TargetGroup, one: Target, other: Target) -> bool:
    """A machine stands in a group once for each port; on dnlb, once (fact load-balancers-ports)."""
    place = (one.instance_id, one.ip_address) == (other.instance_id, other.ip_address)
    return place and (group.balancer.balancer_kind == DNLB or one.port == other.port)


def _new_target(call: Call, group: TargetGroup, row: Json) -> Target:
    kind = str(row.get("type") or "vm")
    if kind not in TARGET_TYPES:
        raise bad_value("targetSpecs.type", kind, TARGET_TYPES)
    if (kind == "ip") != (group.target_type == "ip"):
        raise precondition(f"Target type '{kind}' does not fit TargetGroup '{group.id}'")
    port, weight = _number(row, "port", MAX_PORT), _weight(call, row, group.balancer.balancer_kind)
    instance_id = "" if kind == "ip" else str(row.get("instanceId") or "")
    address = str(row.get("ipAddress") or "") if kind == "ip" else _address(call, group, instance_id)
    if not address:
        raise ApiError(400, "INVALID_ARGUMENT", "Request parameter targetSpecs.ipAddress is missing")
    return Target(
        kind="targets",
        id=call.cloud.new_id("targets"),
        region=call.region.name,
        created=call.cloud.wall(),
        charge=None,
        group=group,
        target_type=kind,
        instance_id=instance_id,
        port=port or 0,
        weight=DEFAULT_WEIGHT if weight is None else weight,
        ip_address=address,
    )


def _address(call: Call, group: TargetGroup, instance_id: str) -> str:
    """The private address of a machine, which must be in the network of the load balancer (fact load-balancers-network)."""
    machine = call.get(Instance, instance_id, MISSING_TARGET)
    if machine.primary.vpc_id != group.balancer.vpc_id:
        raise precondition(f"Instance '{instance_id}' is not in the VPC of the load balancer")
    return machine.primary.private_ip
