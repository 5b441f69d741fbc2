# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lb service, what it reads. Each list holds one kind of load balancers only (fact surroundings-targets).

All lists give the last page again past the end (fact load-balancers-pages), and most of their paths end in a slash (fact
load-balancers-slash).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from jdcloud_emulator.services.api import Call, Condition, Filters, bad_value, has_tags, matches, operation, page
from jdcloud_emulator.state.balancers import ALB, KINDS_OF_BALANCERS, Backend, Listener, LoadBalancer, Target, TargetGroup
from jdcloud_emulator.state.balancing import health_of, members_of, targets_of
from jdcloud_emulator.state.json_object import Json
from jdcloud_emulator.state.model import Resource
from jdcloud_emulator.state.shapes.balancers import balancer_shape, health_shape

MISSING_GROUP = "TargetGroup '{}' not found"
MISSING_BACKEND = "Backend '{}' not found"
TARGET_TYPES = ("vm", "container", "ip")
BY_KIND = "loadBalancerType"
R = TypeVar("R", bound=Resource)

BALANCERS: dict[str, Callable[[LoadBalancer, Condition], bool]] = {
    "loadBalancerIds": lambda row, wanted: matches(row.id, wanted),
    "loadBalancerNames": lambda row, wanted: matches(row.name, wanted),
    "vpcId": lambda row, wanted: row.vpc_id == wanted[1][0],
    "azType": lambda row, wanted: wanted[1][0] in ("all", row.az_type),
    "azs": lambda row, wanted: row.az_type == "edge" and any(az in wanted[1] for az in row.azs),
    "privateIpAddresses": lambda row, wanted: matches(row.private_ip, wanted),
    "elasticIpAddress": lambda row, wanted: row.elastic_ip_address == wanted[1][0],
    # The emulator has nothing of these.
    **dict.fromkeys(("ipv6Addresses", "serviceCodes", "serviceIds", "customizedConfigurationIds"), lambda _row, _wanted: False),
}
BY_TARGET = "targetPrivateIpAddress"
GROUPS: dict[str, Callable[[TargetGroup, Condition], bool]] = {
    "targetGroupIds": lambda row, wanted: matches(row.id, wanted),
    "targetGroupNames": lambda row, wanted: matches(row.name, wanted),
    "loadBalancerId": lambda row, wanted: row.balancer.id == wanted[1][0],
}
BACKENDS: dict[str, Callable[[Backend, Condition], bool]] = {
    "backendIds": lambda row, wanted: matches(row.id, wanted),
    "backendNames": lambda row, wanted: matches(row.name, wanted),
    "loadBalancerId": lambda row, wanted: row.balancer.id == wanted[1][0],
    "agId": lambda row, wanted: row.ag_id == wanted[1][0],
    "protocol": lambda row, wanted: row.protocol == wanted[1][0],
}
LISTENERS: dict[str, Callable[[Listener, Condition], bool]] = {
    "listenerIds": lambda row, wanted: matches(row.id, wanted),
    "listenerNames": lambda row, wanted: matches(row.name, wanted),
    "loadBalancerId": lambda row, wanted: row.balancer.id == wanted[1][0],
    "urlMapIds": lambda row, wanted: matches(row.url_map_id, wanted),
    "securityPolicyIds": lambda _row, _wanted: False,
}
TARGETS: dict[str, Callable[[Target, Condition], bool]] = {
    "targetIds": lambda row, wanted: matches(row.id, wanted),
    "instanceId": lambda row, wanted: row.instance_id == wanted[1][0],
    "type": lambda row, wanted: row.target_type == wanted[1][0],
    "port": lambda row, wanted: str(row.port) == wanted[1][0],
    "ipAddress": lambda row, wanted: row.ip_address == wanted[1][0],
}
MEMBERS: dict[str, Callable[[Target, Condition], bool]] = {
    **{name: TARGETS[name] for name in ("targetIds", "instanceId", "ipAddress")},
    "weight": lambda row, wanted: matches(str(row.weight), wanted),
}


def _matching(call: Call, rows: Iterable[R], tests: dict[str, Callable[[R, Condition], bool]], filters: Filters) -> list[R]:
    """The rows that the caller may see and that pass all filters."""
    asked = [(tests[name], condition) for name, condition in filters.items() if name in tests]
    return [row for row in rows if call.visible(row.id) and all(test(row, condition) for test, condition in asked)]


def _kind(filters: Filters) -> str:
    """The kind of load balancers that a list is about: applications, unless the call says otherwise."""
    kind = filters.get(BY_KIND, ("eq", [ALB]))[1][0]
    if kind not in KINDS_OF_BALANCERS:
        raise bad_value(f"filters.{BY_KIND}.values", kind, KINDS_OF_BALANCERS)
    return kind


def _listing(call: Call, name: str, rows: list[R]) -> Json:
    chosen, total = page(call, rows, last_page_again=True)
    return {name: [balancer_shape(row) for row in chosen], "totalCount": total}


@operation("lb", "GET", "loadBalancers/")
def describe_load_balancers(call: Call) -> Json:
    """Which targets targetPrivateIpAddress sees is not published (fact load-balancers-by-address); here, registered machines."""
    filters, tags = call.filters((*BALANCERS, BY_KIND, BY_TARGET)), call.tag_filters()
    kind = _kind(filters)
    rows = _matching(call, call.region.load_balancers.values(), BALANCERS, filters)
    rows = [row for row in rows if row.balancer_kind == kind and has_tags(row.tags, tags)]
    if BY_TARGET in filters:
        address = filters[BY_TARGET][1][0]
        targets = [one for one in call.region.targets.values() if one.instance_id and one.ip_address == address]
        holders = {target.group.balancer.id for target in targets if target.group is not None}
        rows = [row for row in rows if row.id in holders]
    return _listing(call, "loadBalancers", rows)


@operation("lb", "GET", "targetGroups/")
def describe_target_groups(call: Call) -> Json:
    filters = call.filters((*GROUPS, BY_KIND))
    kind = _kind(filters)
    rows = _matching(call, call.region.target_groups.values(), GROUPS, filters)
    return _listing(call, "targetGroups", [row for row in rows if row.balancer.balancer_kind == kind])


@operation("lb", "GET", "targetGroups/*:describeTargets")
def describe_targets(call: Call) -> Json:
    group, filters = call.get(TargetGroup, call.target, MISSING_GROUP), call.filters(TARGETS)
    for value in filters.get("type", ("eq", []))[1]:
        if value not in TARGET_TYPES:
            raise bad_value("filters.type.values", value, TARGET_TYPES)
    return _listing(call, "targets", _matching(call, group.targets.values(), TARGETS, filters))


@operation("lb", "GET", "backends/")
def describe_backends(call: Call) -> Json:
    filters = call.filters((*BACKENDS, BY_KIND))
    kind = _kind(filters)
    rows = _matching(call, call.region.backends.values(), BACKENDS, filters)
    return _listing(call, "backends", [row for row in rows if row.balancer.balancer_kind == kind])


@operation("lb", "GET", "backends/*/health")
def describe_target_health(call: Call) -> Json:
    """Without a page size, all rows (fact load-balancers-pages)."""
    backend = call.get(Backend, call.target, MISSING_BACKEND)
    rows = targets_of(call.region, backend)
    chosen = page(call, rows, last_page_again=True)[0] if call.query.get("pageSize") else rows
    healths = [health_shape(row, row.port or backend.port, *health_of(call.cloud, backend, row)) for row in chosen]
    return {"targetHealths": healths, "totalCount": len(rows)}


@operation("lb", "GET", "backends/*/agTargets")
def describe_ag_targets(call: Call) -> Json:
    """The members of the availability group that the backend names, the newest first; none if it names a target group."""
    backend, filters = call.get(Backend, call.target, MISSING_BACKEND), call.filters(MEMBERS)
    name, descending = call.sort(["createdTime", "weight"])
    rows = _matching(call, members_of(call.region, backend), MEMBERS, filters)
    rows.sort(key=lambda row: row.weight if name == "weight" else row.created, reverse=descending)
    return _listing(call, "targets", rows)


@operation("lb", "GET", "listeners/")
def describe_listeners(call: Call) -> Json:
    filters = call.filters((*LISTENERS, BY_KIND))
    kind = _kind(filters)
    rows = _matching(call, call.region.listeners.values(), LISTENERS, filters)
    return _listing(call, "listeners", [row for row in rows if row.balancer.balancer_kind == kind])
