# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What surrounds the machines of the virtual cloud: groups that take members, and target groups that send to machines.

Written from the facts, not from the code that is tested.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import ApiError
from support.fleet.world import TrueMachine, World
from support.json_object import Json

REFUSED = "refusal-around"
DEREGISTER, WEIGH, REGISTER, ABANDON = "lb.deRegisterTargets", "lb.updateTargets", "lb.registerTargets", "ag.abandonInstances"


@dataclass
class TrueGroup:
    """An availability group. `managed`: by member, whether the group may delete it."""

    group_id: str
    scaling: bool = True
    managed: dict[str, bool] = field(default_factory=dict)
    minimum: int = 0
    took: list[str] = field(default_factory=list)


@dataclass
class TrueTargetGroup:
    """A target group of a load balancer of a kind, with a backend of its own. Targets by id: machine, port and weight."""

    group_id: str
    kind: str = "alb"
    targets: dict[str, tuple[str, int, int]] = field(default_factory=dict)
    unhealthy: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Moment:
    """A stop or a delete as it arrived: whether a group managed the machine then, and the weighted targets that it had."""

    operation: str
    instance_id: str
    managed: bool
    weighted: tuple[str, ...]


class Around:
    """All groups and target groups."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.groups: dict[str, TrueGroup] = {}
        self.target_groups: dict[str, TrueTargetGroup] = {}
        self.moments: list[Moment] = []
        self.keeps_targets = True
        """Whether the targets of a deleted machine stay (fact surroundings-targets-left)."""
        self._made = 0

    def join(self, machine: TrueMachine, group_id: str, *, managed: bool = True, **more: Any) -> TrueGroup:
        """Make a machine a member of a group."""
        group = self.groups.setdefault(group_id, TrueGroup(group_id, **more))
        group.managed[machine.instance_id] = managed
        machine.group_id = group_id
        return group

    def register(self, group_id: str, instance_id: str, port: int = 80, weight: int = 10) -> str:
        """Make a machine a target of a group that exists. Returns the target's id."""
        self._made += 1
        target_id = f"target-{self._made}"
        self.target_groups[group_id].targets[target_id] = (instance_id, port, weight)
        return target_id

    def targets_of(self, instance_id: str) -> list[tuple[str, int, int]]:
        """Group, port and weight of all targets of a machine."""
        return sorted(
            (group.group_id, port, weight)
            for group in self.target_groups.values()
            for each, port, weight in group.targets.values()
            if each == instance_id
        )

    def forget(self, instance_id: str) -> None:
        """A machine is gone."""
        for group in self.target_groups.values() if not self.keeps_targets else ():
            group.targets = {key: each for key, each in group.targets.items() if each[0] != instance_id}

    def note(self, call: Call[Any]) -> None:
        """A stop or a delete is carried out."""
        machine = self._world.machines.get(call.resource or "")
        if machine is None:
            return
        group = self.groups.get(machine.group_id or "")
        managed = group is not None and group.scaling and group.managed.get(machine.instance_id, False)
        weighted = [
            f"{name}:{port}"
            for name, port, weight in self.targets_of(machine.instance_id)
            if weight or self.target_groups[name].kind != "alb"
        ]
        self.moments.append(Moment(call.operation, machine.instance_id, managed, tuple(weighted)))

    @property
    def handlers(self) -> Mapping[str, Callable[[Call[Any]], Json]]:
        """What answers each call."""
        return {
            "ag.describeAg": self._describe_group,
            "ag.describeScalingActivities": self._activities,
            ABANDON: self._abandon,
            "lb.describeTargetGroups": lambda call: self._listed(call, "targetGroups", self._target_group),
            "lb.describeBackends": lambda call: self._listed(call, "backends", self._backend),
            "lb.describeTargets": self._targets,
            "lb.describeTargetHealth": self._health,
            DEREGISTER: self._deregister,
            WEIGH: self._weigh,
            REGISTER: self._register,
        }

    @staticmethod
    def _missing(call: Call[Any]) -> ApiError:
        return ApiError(call.operation, 404, "NOT_FOUND", f"{call.resource} not found.", REFUSED)

    def _describe_group(self, call: Call[Any]) -> Json:
        group = self.groups.get(call.resource or "")
        if group is None:
            raise self._missing(call)
        members = {each: managed for each, managed in group.managed.items() if each in self._world.machines}
        rows = [{"instanceId": each, "isManaged": managed} for each, managed in members.items()]
        spec = {"minSize": group.minimum}
        return {"ag": {"id": group.group_id, "autoScaling": group.scaling, "instances": rows, "autoscalingSpec": spec}}

    def _activities(self, call: Call[Any]) -> Json:
        took = self.groups[call.resource or ""].took
        return {"scalingActivities": [{"activityId": each, "cause": "健康检查", "description": each} for each in took]}

    def _abandon(self, call: Call[Any]) -> Json:
        machine = self._world.machines.get(call.resource or "")
        group = self.groups.get(machine.group_id or "") if machine is not None else None
        if machine is None or group is None:
            raise self._missing(call)
        del group.managed[machine.instance_id]
        machine.group_id = None
        return {}

    def _listed(self, call: Call[Any], name: str, render: Callable[[TrueTargetGroup], Json]) -> Json:
        kind = dict(call.query)["filters.1.values.1"]
        rows = [render(each) for each in self.target_groups.values() if each.kind == kind]
        return {name: rows, "totalCount": len(rows)}

    @staticmethod
    def _target_group(group: TrueTargetGroup) -> Json:
        return {"targetGroupId": group.group_id, "loadBalancerId": f"lb-of{group.group_id}", "loadBalancerType": group.kind}

    @staticmethod
    def _backend(group: TrueTargetGroup) -> Json:
        draining = {"connectionDrainingSeconds": 7} if group.kind == "nlb" else {}
        ids = {"backendId": f"backend-of{group.group_id}", "targetGroupIds": [group.group_id], "loadBalancerType": group.kind}
        return {**ids, **draining}

    def _asked(self, call: Call[Any]) -> TrueTargetGroup:
        group = self.target_groups.get(call.resource or "")
        if group is None:
            raise self._missing(call)
        return group

    def _targets(self, call: Call[Any]) -> Json:
        rows = [
            {"targetId": target_id, "type": "vm", "instanceId": instance_id, "port": port, "weight": weight}
            for target_id, (instance_id, port, weight) in self._asked(call).targets.items()
        ]
        return {"targets": rows, "totalCount": len(rows)}

    def _health(self, call: Call[Any]) -> Json:
        group = self.target_groups[(call.resource or "").removeprefix("backend-of")]
        rows = [
            {"instanceId": instance_id, "port": port, "status": "unhealthy" if target_id in group.unhealthy else "healthy"}
            for target_id, (instance_id, port, _weight) in group.targets.items()
        ]
        return {"targetHealths": rows}

    def _all_there(self, call: Call[Any], ids: list[str]) -> TrueTargetGroup:
        group = self._asked(call)
        if not set(ids) <= set(group.targets):
            raise self._missing(call)
        return group

    def _deregister(self, call: Call[Any]) -> Json:
        ids = (call.body or {})["targetIds"]
        group = self._all_there(call, ids)
        for target_id in ids:
            del group.targets[target_id]
        return {}

    def _weigh(self, call: Call[Any]) -> Json:
        specs = (call.body or {})["targetUpdateSpecs"]
        group = self._all_there(call, [each["targetId"] for each in specs])
        for each in specs:
            instance_id, port, _weight = group.targets[each["targetId"]]
            group.targets[each["targetId"]] = (instance_id, port, each["weight"])
        return {}

    def _register(self, call: Call[Any]) -> Json:
        group, specs = self._asked(call), (call.body or {})["targetSpecs"]
        there = {(instance_id, port) for instance_id, port, _weight in group.targets.values()}
        if any((each["instanceId"], each["port"]) in there for each in specs):
            raise ApiError(call.operation, 400, "INVALID_ARGUMENT", "Target is already register to same TargetGroup.", REFUSED)
        for each in specs:
            self.register(group.group_id, each["instanceId"], each["port"], each["weight"])
        return {}
