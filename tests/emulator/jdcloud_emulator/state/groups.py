# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Availability groups: their members, how they scale, and what they did."""

from __future__ import annotations

from dataclasses import dataclass, field

from jdcloud_emulator.state.model import Instance, Resource, Transition

# What sets a group in motion, in the words of the service (fact groups-activities).
BY_HAND = "手动移出/删除实例"
LIMITS_CHANGED = "手动修改期望实例数/最大实例数/最小实例数"
HEALTH_CHECK_FAILED = "健康检查失败"
OLDEST, NEWEST = "OldestResource", "NewestResource"


@dataclass(slots=True)
class ScalingSpec:
    """How many machines a group shall have, and which it gives up first. `desired` None: no number is desired."""

    min_size: int = 0
    max_size: int = 300
    desired: int | None = None
    health_check: bool = True
    cool_down_seconds: int = 300
    removal_policy: str = OLDEST


@dataclass(slots=True)
class Activity:
    """Something that a group did, or noticed. `total` is how many machines it has then. Times are epoch seconds."""

    id: str
    cause: str
    total: int
    started: float
    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    status: str = "RUNNING"
    ended: float | None = None


@dataclass(slots=True)
class Member:
    """A machine of a group. A managed one may be deleted by the group.

    `check` is the failed health check that is coming, `leaving` the end of the membership, `removal` the activity by which the
    group deletes the machine.
    """

    instance: Instance
    managed: bool = False
    protected: bool = False
    status: str = ""
    check: Transition | None = None
    leaving: Transition | None = None
    removal: Activity | None = None


@dataclass(slots=True, kw_only=True)
class Group(Resource):
    """An availability group (fact groups-scaling).

    `spec` is None as long as it never scaled; `change` is what it is about to do by itself.
    """

    azs: list[str] = field(default_factory=list)
    vpc_id: str = ""
    template_id: str = ""
    configuration_type: str = "strict"
    placement_type: str = "fd"
    members_managed: bool = False
    members: dict[str, Member] = field(default_factory=dict)
    auto_scaling: bool = False
    spec: ScalingSpec | None = None
    activities: list[Activity] = field(default_factory=list)
    cause: str = LIMITS_CHANGED
    change: Transition | None = None
    rests_until: float = 0.0

    def wanted(self) -> int:
        """How many machines it shall have at least."""
        return max(self.spec.min_size, self.spec.desired or 0) if self.spec is not None else 0

    def allowed(self) -> int:
        """How many machines it may have at most, or shall have if a number is desired."""
        if self.spec is None:
            return len(self.members)
        return self.spec.max_size if self.spec.desired is None else self.spec.desired
