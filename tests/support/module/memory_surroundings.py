# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Availability groups and load balancers of the cloud in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import ApiError
from support.json_object import Json
from support.module.memory_calls import body_of, filters_of, found, listed

Replies = Mapping[str, Callable[[Call[Any]], Json]]


class MemoryGroups:
    """Availability groups as the service's JSON has them, and what each tells that it did."""

    def __init__(self, machines: dict[str, Json]) -> None:
        self._machines = machines
        self.groups: dict[str, Json] = {}
        self.activities: dict[str, list[Json]] = {}

    def add(self, group_id: str, *members: str, scaling: bool | None = True, managed: bool | None = True, **spec: int) -> Json:
        """A group of machines that exist. `spec`: minSize and desiredCapacity."""
        rows = [{"instanceId": each, **({} if managed is None else {"isManaged": managed})} for each in members]
        group: Json = {"id": group_id, "name": f"name-of-{group_id}", "instances": rows, "count": len(rows)}
        group.update({} if scaling is None else {"autoScaling": scaling})
        group.update({"autoscalingSpec": {"healthCheck": True, **spec}} if spec or scaling else {})
        for each in members:
            self._machines[each]["ag"] = {"id": group_id, "name": group["name"]}
        self.groups[group_id] = group
        return group

    @property
    def replies(self) -> Replies:
        """What answers each call."""
        return {
            "ag.describeAg": lambda call: {"ag": found(self.groups, call)},
            "ag.describeScalingActivities": lambda call: {"scalingActivities": self.activities.get(str(call.resource), [])},
            "ag.abandonInstances": self._abandon,
        }

    def _abandon(self, call: Call[Any]) -> Json:
        (instance_id,) = body_of(call)["instanceIds"]
        machine = self._machines.get(instance_id, {})
        group = self.groups.get(machine.get("ag", {}).get("id", ""))
        if group is None:
            raise ApiError(call.operation, 404, "NOT_FOUND", f"{instance_id} not found", "req-404")
        del machine["ag"]
        group["instances"] = [each for each in group["instances"] if each["instanceId"] != instance_id]
        return {}


class MemoryBalancers:
    """Target groups with their targets, backends and load balancers as the service's JSON has them."""

    def __init__(self, machines: dict[str, Json]) -> None:
        self._machines = machines
        self.balancers: dict[str, Json] = {}
        self.groups: dict[str, Json] = {}
        self.backends: dict[str, Json] = {}
        self.targets: dict[str, list[Json]] = {}
        self.unhealthy: set[str] = set()
        """Ids of targets that fail their health check."""
        self._made = 0

    def add_group(self, group_id: str, kind: str = "alb", *, draining: int | None = None, vpc_id: str = "vpc-one") -> None:
        """A target group with its backend and its load balancer, all of one name."""
        name = group_id.removeprefix("tg-")
        balancer = {"loadBalancerId": f"lb-{name}", "loadBalancerName": name, "loadBalancerType": kind}
        self.balancers[f"lb-{name}"] = {**balancer, "vpcId": vpc_id}
        self.groups[group_id] = {"targetGroupId": group_id, "targetGroupName": name, **balancer}
        self.add_backend(f"backend-{name}", kind, targetGroupIds=[group_id], loadBalancerId=f"lb-{name}")
        if draining is not None:
            self.backends[f"backend-{name}"]["connectionDrainingSeconds"] = draining
        self.targets[group_id] = []

    def add_backend(self, backend_id: str, kind: str = "alb", **fields: Any) -> None:
        """A backend, of a target group or an availability group (`agIds`)."""
        self.backends[backend_id] = {"backendId": backend_id, "loadBalancerType": kind, **fields}

    def add_target(self, group_id: str, instance_id: str | None, port: int = 80, **fields: Any) -> str:
        """A target, registered by its machine or, with `ipAddress`, by an address. Returns its id."""
        self._made += 1
        target_id = f"target-{self._made}"
        row: Json = {"targetId": target_id, "type": "vm" if instance_id else "ip", "port": port, "weight": 10, **fields}
        if instance_id:
            row["instanceId"] = instance_id
        self.targets[group_id].append(row)
        return target_id

    def shown(self, group_id: str) -> list[tuple[str, int, int]]:
        """Machine or address, port and weight of each target of a group."""
        rows = self.targets[group_id]
        return sorted((each.get("instanceId") or each["ipAddress"], each["port"], each["weight"]) for each in rows)

    @property
    def replies(self) -> Replies:
        """What answers each call."""
        return {
            "lb.describeLoadBalancers": lambda call: self._of_kind("loadBalancers", self.balancers, call),
            "lb.describeTargetGroups": lambda call: self._of_kind("targetGroups", self.groups, call),
            "lb.describeBackends": lambda call: self._of_kind("backends", self.backends, call),
            "lb.describeTargets": lambda call: listed("targets", self._rows(call)),
            "lb.describeTargetHealth": self._health,
            "lb.deRegisterTargets": self._deregister,
            "lb.updateTargets": self._update,
            "lb.registerTargets": self._register,
        }

    @staticmethod
    def _of_kind(field: str, rows: dict[str, Json], call: Call[Any]) -> Json:
        kind = filters_of(call).get("loadBalancerType", ["alb"])[0]
        return listed(field, [each for each in rows.values() if each["loadBalancerType"] == kind])

    def _rows(self, call: Call[Any]) -> list[Json]:
        found(self.groups, call)
        return self.targets[str(call.resource)]

    def _health(self, call: Call[Any]) -> Json:
        backend = found(self.backends, call)
        targets = [each for group_id in backend.get("targetGroupIds", []) for each in self.targets[group_id]]
        words = {True: "unhealthy", False: "healthy"}
        return {"targetHealths": [{**each, "status": words[each["targetId"] in self.unhealthy]} for each in targets]}

    def _wanted(self, call: Call[Any], ids: list[str]) -> list[Json]:
        """All of these targets, or 404: the service does all or nothing."""
        rows = {each["targetId"]: each for each in self._rows(call)}
        for target_id in ids:
            if target_id not in rows:
                raise ApiError(call.operation, 404, "NOT_FOUND", f"Target '{target_id}' not found.", "req-404")
        return [rows[target_id] for target_id in ids]

    def _deregister(self, call: Call[Any]) -> Json:
        for row in self._wanted(call, body_of(call)["targetIds"]):
            self.targets[str(call.resource)].remove(row)
        return {}

    def _update(self, call: Call[Any]) -> Json:
        specs = body_of(call)["targetUpdateSpecs"]
        for row, spec in zip(self._wanted(call, [each["targetId"] for each in specs]), specs, strict=True):
            row.update(spec)
        return {}

    def _register(self, call: Call[Any]) -> Json:
        rows = self._rows(call)
        specs = body_of(call)["targetSpecs"]
        there = {(each.get("instanceId"), each.get("ipAddress"), each["port"]) for each in rows}
        if any((each.get("instanceId"), each.get("ipAddress"), each["port"]) in there for each in specs):
            raise ApiError(call.operation, 400, "INVALID_ARGUMENT", "Target is already register to same TargetGroup.", "req-400")
        for each in specs:
            self._made += 1
            rows.append({"targetId": f"target-{self._made}", **each})
        return {}
