# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Load balancers, target groups, backends and targets as immutable values, and the functions that read them from JSON.

The chain is: load balancer, listener, backend, target group or availability group, target (fact load-balancers-chain).
"""

from __future__ import annotations

from dataclasses import dataclass

from ..fields import Json, Row, each_object, lower_text, optional_id, optional_int, optional_text, texts_of

KINDS = ("alb", "nlb", "dnlb")
"""Application, network and distributed network load balancers (fact load-balancers-types)."""
DEFAULT_WEIGHT = 10


@dataclass(frozen=True, slots=True)
class Balancer:
    """A load balancer. ``vpc_id`` is None if not returned. ``unreadable``: as of an Instance."""

    balancer_id: str
    name: str
    vpc_id: str | None
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TargetGroup:
    """A target group, which belongs to one load balancer of a kind (see `KINDS`)."""

    group_id: str
    name: str
    balancer_id: str
    balancer_name: str
    kind: str
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Backend:
    """What a listener sends to: at most one target group or one availability group.

    ``draining_seconds``: for so long the connections of a removed target go on; None if not returned.
    """

    backend_id: str
    name: str
    balancer_id: str
    kind: str
    target_group_ids: tuple[str, ...]
    group_ids: tuple[str, ...]
    draining_seconds: int | None
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """A machine or an address in the target group ``group_id``.

    ``type`` is 'vm', 'container' or 'ip'. ``port`` 0 is the backend's. ``weight`` 0..100; None if not returned, which the service
    takes for 10. ``address`` is the registered one of an 'ip', else the machine's private one.
    """

    target_id: str
    group_id: str
    instance_id: str | None
    type: str
    port: int | None
    weight: int | None
    address: str | None
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TargetHealth:
    """What a backend's health check says of one of its targets. ``status`` is in lower case, '' if not returned."""

    instance_id: str | None
    address: str | None
    port: int | None
    weight: int | None
    status: str


def parse_balancer(raw: Json) -> Balancer:
    """Read a LoadBalancer."""
    row = Row(raw, "loadBalancerId")
    return Balancer(row.id, row.text("loadBalancerName") or "", row.text("vpcId"), row.unreadable)


def parse_target_group(raw: Json) -> TargetGroup:
    """Read a TargetGroup."""
    row = Row(raw, "targetGroupId")
    return TargetGroup(
        group_id=row.id,
        name=row.text("targetGroupName") or "",
        balancer_id=row.text("loadBalancerId") or "",
        balancer_name=row.text("loadBalancerName") or "",
        kind=row.word("loadBalancerType"),
        unreadable=row.unreadable,
    )


def parse_backend(raw: Json) -> Backend:
    """Read a Backend."""
    row = Row(raw, "backendId")
    return Backend(
        backend_id=row.id,
        name=row.text("backendName") or "",
        balancer_id=row.text("loadBalancerId") or "",
        kind=row.word("loadBalancerType"),
        target_group_ids=row.read("targetGroupIds", lambda each: texts_of(each, "targetGroupIds"), ()),
        group_ids=row.read("agIds", lambda each: texts_of(each, "agIds"), ()),
        draining_seconds=optional_int(raw, "connectionDrainingSeconds"),
        unreadable=row.unreadable,
    )


def parse_target(raw: Json, group_id: str) -> Target:
    """Read a Target of the group that was asked for."""
    row = Row(raw, "targetId")
    return Target(
        target_id=row.id,
        group_id=group_id,
        instance_id=row.id_of("instanceId"),
        type=row.word("type") or "vm",
        port=optional_int(raw, "port"),
        weight=optional_int(raw, "weight"),
        address=row.text("ipAddress") or row.text("privateIpAddress"),
        unreadable=row.unreadable,
    )


def parse_target_health(result: Json) -> tuple[TargetHealth, ...]:
    """Read what a health check says of all targets of a backend."""
    return tuple(
        TargetHealth(
            optional_id(each, "instanceId"),
            optional_text(each, "ipAddress"),
            optional_int(each, "port"),
            optional_int(each, "weight"),
            lower_text(each, "status"),
        )
        for each in each_object(result, "targetHealths")
    )
