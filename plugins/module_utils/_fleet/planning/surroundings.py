# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What surrounds the machines of a run: their availability groups, and the load balancers that send to them. Values only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ..._api.model.balancers import DEFAULT_WEIGHT
from ..._api.model.groups import Group
from ..._api.model.instance import Instance

GroupChoice = Literal["block", "abandon", "ignore"]
BalancerChoice = Literal["block", "deregister", "ignore"]


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """The availability groups of a run's machines, by id.

    `unread` says of a group why it could not be read. `leaving` holds by group the machines that this run is to delete.
    """

    groups: Mapping[str, Group] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)
    leaving: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Registration:
    """A machine as a target of a load balancer.

    `target_id` is None where it is one through its availability group `through`, and not by a registration of its own: then
    `group_id` is that of the backend. `kind` is that of the load balancer, `type` that of the target. `vpc_id` is that of the
    load balancer, None if it is not known. `draining_seconds`: for so long its connections go on after it was deregistered.
    """

    group_id: str
    group_name: str
    balancer_id: str
    balancer_name: str
    kind: str
    target_id: str | None = None
    type: str = "vm"
    instance_id: str | None = None
    address: str | None = None
    port: int | None = None
    weight: int | None = None
    through: str | None = None
    vpc_id: str | None = None
    backend_ids: tuple[str, ...] = ()
    draining_seconds: float = 0.0

    @property
    def gets_traffic(self) -> bool:
        """Whether it takes part in forwarding. What weight 0 does on other load balancers than alb is not known."""
        return self.weight != 0 or self.kind != "alb"

    @property
    def full_weight(self) -> int:
        """Its weight, as the service counts one that it does not tell."""
        return DEFAULT_WEIGHT if self.weight is None else self.weight

    def row(self, fate: str | None = None) -> dict[str, Any]:
        """As results show it. `fate` says what became of it, if anything did."""
        return {
            "load_balancer_id": self.balancer_id,
            "load_balancer_name": self.balancer_name or None,
            "type": self.kind,
            "target_group_id": None if self.through else self.group_id,
            "backend_ids": list(self.backend_ids),
            "target_id": self.target_id,
            "availability_group_id": self.through,
            "address": self.address,
            "port": self.port,
            "weight": None if self.through else self.full_weight,
            "fate": fate,
        }

    @property
    def place(self) -> str:
        """Where it is a target, for messages."""
        balancer = f"{self.balancer_id} ({self.balancer_name})" if self.balancer_name else self.balancer_id
        port = f", port {self.port}" if self.port else ""
        weight = "" if self.through else f", weight {self.full_weight}"
        kind = "through its availability group, backend" if self.through else "target group"
        by_address = f", address {self.address}" if self.type == "ip" else ""
        return f"load balancer {balancer}, {kind} {self.group_id}{by_address}{port}{weight}"


@dataclass(frozen=True, slots=True)
class BalancerFacts:
    """All targets of the region: by machine, by private address, and by availability group.

    `unread` says why they could not be read; None for `registrations` means that they were not to be read. `healthy` holds by
    target group the ids of its targets that are not known to be unhealthy, `surely_healthy` those that are known to be healthy;
    both only of groups that this run takes targets from. `weighted` are all targets of a group that take part in forwarding.
    `leaving`: the targets that this run is to deregister. The same of backends of availability groups, with the ids of machines.
    """

    of_instance: Mapping[str, tuple[Registration, ...]] = field(default_factory=dict)
    of_address: Mapping[str, tuple[Registration, ...]] = field(default_factory=dict)
    of_group: Mapping[str, tuple[Registration, ...]] = field(default_factory=dict)
    unread: str = ""
    weighted: Mapping[str, frozenset[str]] = field(default_factory=dict)
    healthy: Mapping[str, frozenset[str]] = field(default_factory=dict)
    surely_healthy: Mapping[str, frozenset[str]] = field(default_factory=dict)
    leaving: frozenset[str] = frozenset()

    def registrations(self, machine: Instance) -> tuple[Registration, ...]:
        """Where a machine is a target: by its id, by one of its private addresses, and through its availability group."""
        return tuple(self._registrations(machine))

    def _registrations(self, machine: Instance) -> Iterator[Registration]:
        yield from self.of_instance.get(machine.instance_id, ())
        for address in machine.private_ips:
            yield from self.of_address.get(address, ())
        if machine.group_id is not None:
            yield from self.of_group.get(machine.group_id, ())
