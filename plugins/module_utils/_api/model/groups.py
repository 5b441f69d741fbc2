# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Availability groups and what they did, as immutable values, and the functions that read them from JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from ..fields import (
    Json,
    Row,
    each_object,
    optional_bool,
    optional_int,
    optional_object,
    optional_text,
    required_id,
)
from .times import parse_time


@dataclass(frozen=True, slots=True)
class Group:
    """An availability group. ``scaling``: it adds and deletes members by itself; None if not returned.

    ``members`` says of each member whether it is managed, so that the group may delete it (fact groups-members); None for what
    was not returned. The mapping itself is None where the answer lists no members. ``minimum`` and ``desired`` are numbers of
    members. ``unreadable``: as of an Instance.
    """

    group_id: str
    name: str
    scaling: bool | None
    members: Mapping[str, bool | None] | None = None
    count: int | None = None
    minimum: int | None = None
    desired: int | None = None
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScalingActivity:
    """What a group did by itself, or noticed. ``text`` is all that it says about it, much of it Chinese."""

    started: datetime | None
    text: str


def parse_group(raw: Json) -> Group:
    """Read an AvailabilityGroup of the ag service."""
    row = Row(raw, "id")
    spec: Json = row.read("autoscalingSpec", lambda each: optional_object(each, "autoscalingSpec"), {})
    return Group(
        group_id=row.id,
        name=row.text("name") or "",
        scaling=row.flag("autoScaling"),
        members=row.read("instances", _members, None),
        count=optional_int(raw, "count"),
        minimum=optional_int(spec, "minSize"),
        desired=optional_int(spec, "desiredCapacity"),
        unreadable=row.unreadable,
    )


def _members(raw: Json) -> Mapping[str, bool | None] | None:
    if raw.get("instances") is None:
        return None
    return {required_id(each, "instanceId"): optional_bool(each, "isManaged") for each in each_object(raw, "instances")}


def parse_scaling_activities(result: Json) -> tuple[ScalingActivity, ...]:
    """Read the activities of an answer, in its order."""
    return tuple(
        ScalingActivity(parse_time(optional_text(each, "startTime")), " ".join(_texts(each)))
        for each in each_object(result, "scalingActivities")
    )


def _texts(raw: Json) -> Iterator[str]:
    for name in ("cause", "description"):
        yield optional_text(raw, name) or ""
    for each in each_object(raw, "detail"):
        for name in ("title", "value"):
            yield optional_text(each, name) or ""
