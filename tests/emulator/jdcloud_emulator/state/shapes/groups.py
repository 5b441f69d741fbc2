# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How availability groups look in answers (fact groups-members)."""

from __future__ import annotations

from jdcloud_emulator.state.groups import Activity, Group, Member, ScalingSpec
from jdcloud_emulator.state.json_object import Json
from jdcloud_emulator.state.settings import Settings, vm_time
from jdcloud_emulator.state.shapes.fields import charge_of_vm


def group_shape(group: Group, settings: Settings) -> Json:
    """A group of the ag service. Nothing in it tells which members are protected (fact groups-protection-unread)."""
    text: Json = {
        "id": group.id,
        "name": group.name,
        "description": group.description,
        "instanceTemplateId": group.template_id,
        "azs": group.azs,
        "agType": "vm",
        "createTime": vm_time(group.created),
        "count": len(group.members),
        "autoScaling": group.auto_scaling,
        "configurationType": group.configuration_type,
        "placementType": group.placement_type,
        "instancesQuotas": [{"az": az, "limit": 100, "used": _used(group, az)} for az in group.azs],
        "instances": [_member(member, settings) for member in group.members.values()],
    }
    if group.spec is not None:
        text["autoscalingSpec"] = _spec(group.spec)
    return text


def brief_group_shape(group: Group, settings: Settings) -> Json:
    """A group as describeAgs may show it (fact groups-list)."""
    return {key: value for key, value in group_shape(group, settings).items() if key not in ("instances", "autoscalingSpec")}


def activity_shape(activity: Activity) -> Json:
    """A scaling activity of the ag service (fact groups-activities)."""
    changes = [("添加实例", activity.added), ("移出实例", activity.removed)]
    return {
        "activityId": activity.id,
        "status": activity.status,
        "targetTotal": activity.total,
        "startTime": vm_time(activity.started),
        "endTime": "" if activity.ended is None else vm_time(activity.ended),
        "description": ", ".join(f"{title} {len(ids)}" for title, ids in changes if ids),
        "cause": activity.cause,
        "detail": [{"title": title, "value": ",".join(ids)} for title, ids in changes if ids],
    }


def _used(group: Group, az: str) -> int:
    return sum(member.instance.az == az for member in group.members.values())


def _member(member: Member, settings: Settings) -> Json:
    instance = member.instance
    address = instance.primary.elastic_ip
    text: Json = {
        "instanceId": instance.id,
        "instanceName": instance.name,
        "status": instance.status,
        "agStatus": member.status,
        "isManaged": member.managed if settings.group_managed == "shown" else None,
        "az": instance.az,
        "networkInterfaceSpec": {
            "privateIpAddress": instance.primary.private_ip,
            "elasticIpAddress": address.address if address else "",
        },
        "charge": charge_of_vm(instance.charge),
    }
    if settings.group_managed == "missing":
        del text["isManaged"]
    return text


def _spec(spec: ScalingSpec) -> Json:
    text: Json = {
        "minSize": spec.min_size,
        "maxSize": spec.max_size,
        "healthCheck": spec.health_check,
        "coolDownSeconds": spec.cool_down_seconds,
        "scalingPolicy": "Balance",
        "removalPolicy": spec.removal_policy,
    }
    return text if spec.desired is None else {**text, "desiredCapacity": spec.desired}
