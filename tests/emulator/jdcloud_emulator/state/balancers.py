# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Load balancers and what hangs on them: listener, backend, target group, target (fact load-balancers-chain)."""

from __future__ import annotations

from dataclasses import dataclass, field

from jdcloud_emulator.state.model import Resource

ALB, NLB, DNLB = "alb", "nlb", "dnlb"
KINDS_OF_BALANCERS = (ALB, NLB, DNLB)
DEFAULT_WEIGHT = 10


@dataclass(slots=True, kw_only=True)
class LoadBalancer(Resource):
    """A load balancer of one of three kinds."""

    balancer_kind: str = ALB
    vpc_id: str = ""
    subnet_id: str = ""
    azs: list[str] = field(default_factory=list)
    az_type: str = "standard"
    private_ip: str = ""
    elastic_ip_id: str = ""
    elastic_ip_address: str = ""
    security_groups: list[str] = field(default_factory=list)
    delete_protection: bool = False


@dataclass(slots=True, kw_only=True)
class TargetGroup(Resource):
    """Targets of one load balancer: machines (`instance`) or addresses (`ip`)."""

    balancer: LoadBalancer
    target_type: str = "instance"
    targets: dict[str, Target] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Target(Resource):
    """A machine or an address at a port. `instance_id` is empty for an address, `port` 0 is the backend's.

    `health` is what checks say of it; empty: healthy as long as its machine runs. `group` is None for members of an availability
    group.
    """

    group: TargetGroup | None
    ag_id: str = ""
    target_type: str = "vm"
    instance_id: str = ""
    port: int = 0
    weight: int = DEFAULT_WEIGHT
    ip_address: str = ""
    health: str = ""
    reason: str = ""


@dataclass(slots=True, kw_only=True)
class Backend(Resource):
    """Sends traffic to a target group or to an availability group.

    `member_weights` and `member_health` say by machine what differs from the default among the members of a group.
    """

    balancer: LoadBalancer
    target_group_id: str = ""
    ag_id: str = ""
    default_weight: int = DEFAULT_WEIGHT
    protocol: str = "Tcp"
    port: int = 80
    algorithm: str = "RoundRobin"
    draining_seconds: int = 300
    health_check: bool = True
    sticky: bool = False
    member_weights: dict[str, int] = field(default_factory=dict)
    member_health: dict[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Listener(Resource):
    """Takes traffic for a backend. `rules` are backends that its forwarding rules name."""

    balancer: LoadBalancer
    backend_id: str = ""
    url_map_id: str = ""
    rules: list[str] = field(default_factory=list)
    protocol: str = "Tcp"
    port: int = 80
