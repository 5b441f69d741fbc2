# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls of the ag service, about availability groups (API revision 0.8.5)."""

from __future__ import annotations

from ..calls import Call, accepted, action, path_id, read
from ..fields import one_of
from ..model.groups import Group, ScalingActivity, parse_group, parse_scaling_activities


def describe_group(group_id: str) -> Call[Group]:
    """One availability group with its members; 404 NOT_FOUND if it does not exist. Raises InputError for what is no id."""
    return read(
        "ag.describeAg",
        f"/availabilityGroups/{path_id(group_id)}",
        one_of("ag", "id", parse_group, group_id),
        resource=group_id,
    )


def describe_scaling_activities(group_id: str) -> Call[tuple[ScalingActivity, ...]]:
    """What a group did by itself, newest first, as far as the first page shows (fact groups-activities)."""
    return read(
        "ag.describeScalingActivities",
        f"/autoScaling/{path_id(group_id)}:describeScalingActivities",
        parse_scaling_activities,
        resource=group_id,
    )


def abandon_instance(group_id: str, instance_id: str) -> Call[None]:
    """Take a machine out of its group, for good; the machine stays (fact groups-abandoned-stay).

    One machine a call: whether a call about several can succeed in part is not known.
    """
    path = f"/availabilityGroups/{path_id(group_id)}:abandonInstances"
    return action("ag.abandonInstances", path, {"instanceIds": [path_id(instance_id)]}, accepted, instance_id)
