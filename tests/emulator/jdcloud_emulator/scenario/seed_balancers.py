# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Load balancers of seed files, with all that hangs on them. The README documents the form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jdcloud_emulator.scenario.seed_file import Taker, moment, repeated
from jdcloud_emulator.state import factory
from jdcloud_emulator.state.balancers import (
    ALB,
    DEFAULT_WEIGHT,
    DNLB,
    KINDS_OF_BALANCERS,
    NLB,
    Backend,
    Listener,
    LoadBalancer,
    Target,
    TargetGroup,
)
from jdcloud_emulator.state.cloud import Cloud, Region
from jdcloud_emulator.state.settings import UsageError

# Of the ids of load balancers two prefixes are known (fact load-balancers-ids).
PREFIXES_OF_BALANCERS = {ALB: "alb", NLB: "netlb", DNLB: "dnlb"}
Identify = Callable[[str, Taker, str], str]


class BalancerSeeder:
    """Adds one load balancer. `identify` makes the id of an entry: kind, entry, id of what it belongs to."""

    def __init__(self, cloud: Cloud, region: Region, identify: Identify) -> None:
        self._cloud = cloud
        self._region = region
        self._identify = identify

    def add(self, identity: str, kind: str, take: Taker) -> LoadBalancer:
        """The load balancer of an entry. Raises UsageError for what does not fit together."""
        if kind not in KINDS_OF_BALANCERS:
            raise UsageError(f"load balancer {identity}: type must be one of {', '.join(KINDS_OF_BALANCERS)}, not {kind!r}")
        region = self._region
        balancer = LoadBalancer(
            kind="load_balancers",
            id=identity,
            region=region.name,
            name=str(take("name", identity)),
            status=str(take("status", "ACTIVE")),
            created=self._moment(take),
            charge=None,
            balancer_kind=kind,
            vpc_id=str(take("vpc", factory.default_vpc(region))),
            subnet_id=str(take("subnet", factory.default_subnet(region))),
            azs=list(take("azs", region.azs)),
            az_type=str(take("az_type", "standard")),
            private_ip=str(take("private_ip", "")) or factory.private_address(region),
            elastic_ip_id=str(take("elastic_ip_id", "")),
            elastic_ip_address=str(take("elastic_ip_address", "")),
            security_groups=list(take("security_groups", [])),
            delete_protection=bool(take("delete_protection", False)),
        )
        self._cloud.add(balancer)
        for entry in repeated(take("target_groups", [])):
            self._target_group(balancer, Taker(entry, "target group"))
        backends = [self._backend(balancer, Taker(entry, "backend")) for entry in repeated(take("backends", []))]
        self._listeners(balancer, backends, take("listeners"))
        return balancer

    def _moment(self, take: Taker) -> float:
        return moment(take("created", "-30d"), self._cloud.wall())

    def _target_group(self, balancer: LoadBalancer, take: Taker) -> None:
        identity = self._identify("target_groups", take, balancer.id)
        group = TargetGroup(
            kind="target_groups",
            id=identity,
            region=balancer.region,
            name=str(take("name", identity)),
            description=str(take("description", "")),
            created=self._moment(take),
            charge=None,
            balancer=balancer,
            target_type=str(take("type", "instance")),
        )
        self._cloud.add(group)
        for entry in take("targets", []):
            given = entry if isinstance(entry, dict) else {"instance": entry}
            for one in repeated([given]):
                self._target(group, Taker(one, "target"))
        take.end()

    def _target(self, group: TargetGroup, take: Taker) -> None:
        instance_id, address = str(take("instance", "")), str(take("ip", ""))
        machine = self._region.instances.get(instance_id)
        if group.target_type == "instance" and machine is not None:
            address = address or machine.primary.private_ip
        if not address:
            raise UsageError(f"target group {group.id}: a target needs an instance that exists, or an ip")
        target = Target(
            kind="targets",
            id=self._identify("targets", take, group.id),
            region=group.region,
            created=self._moment(take),
            charge=None,
            group=group,
            target_type=str(take("type", "ip" if group.target_type == "ip" else "vm")),
            instance_id=instance_id,
            port=int(take("port", 0)),
            weight=int(take("weight", DEFAULT_WEIGHT)),
            ip_address=address,
            health=str(take("health", "")),
            reason=str(take("reason", "")),
        )
        group.targets[target.id] = target
        self._cloud.add(target)
        take.end()

    def _backend(self, balancer: LoadBalancer, take: Taker) -> Backend:
        identity = self._identify("backends", take, balancer.id)
        health = take("unhealthy", [])
        backend = Backend(
            kind="backends",
            id=identity,
            region=balancer.region,
            name=str(take("name", identity)),
            description=str(take("description", "")),
            created=self._moment(take),
            charge=None,
            balancer=balancer,
            target_group_id=str(take("target_group", "")),
            ag_id=str(take("group", "")),
            default_weight=int(take("weight", DEFAULT_WEIGHT)),
            protocol=str(take("protocol", "Http" if balancer.balancer_kind == ALB else "Tcp")),
            port=int(take("port", 80)),
            draining_seconds=int(take("draining_seconds", 300)),
            health_check=bool(take("health_check", True)),
            sticky=bool(take("sticky", False)),
            member_health={str(one): ("unhealthy", "CONNECT_FAILED") for one in health},
        )
        take.end()
        if backend.target_group_id and backend.ag_id:
            raise UsageError(f"backend {identity} names a target group or a group, never both")
        for wanted, known in ((backend.target_group_id, self._region.target_groups), (backend.ag_id, self._region.groups)):
            if wanted and wanted not in known:
                raise UsageError(f"backend {identity}: there is no {wanted}")
        self._cloud.add(backend)
        return backend

    def _listeners(self, balancer: LoadBalancer, backends: list[Backend], entries: list[Any] | None) -> None:
        """By default each backend has a listener."""
        if entries is None:
            entries = [{"backend": backend.id, "port": 80 + number} for number, backend in enumerate(backends)]
        for entry in repeated(entries):
            take = Taker(entry, "listener")
            identity = self._identify("listeners", take, balancer.id)
            listener = Listener(
                kind="listeners",
                id=identity,
                region=balancer.region,
                name=str(take("name", identity)),
                status=str(take("status", "On")),
                description=str(take("description", "")),
                created=self._moment(take),
                charge=None,
                balancer=balancer,
                backend_id=str(take("backend", "")),
                url_map_id=str(take("url_map", "")),
                rules=[str(one) for one in take("rules", [])],
                protocol=str(take("protocol", "Http" if balancer.balancer_kind == ALB else "Tcp")),
                port=int(take("port", 80)),
            )
            take.end()
            self._cloud.add(listener)
