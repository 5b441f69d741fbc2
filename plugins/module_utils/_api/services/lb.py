# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls of the lb service, about load balancers (API revision 0.6.6).

Every listing shows one kind, application load balancers unless another one is named (fact load-balancers-types). A page past the
end is the last one again (fact load-balancers-pages), so pages end by ``totalCount``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from ..calls import Call, accepted, action, filters, path_id, read, scalars
from ..fields import PAGE_SIZE, Json, Page, page_of
from ..model.balancers import (
    Backend,
    Balancer,
    Target,
    TargetGroup,
    TargetHealth,
    parse_backend,
    parse_balancer,
    parse_target,
    parse_target_group,
    parse_target_health,
)

T = TypeVar("T")


def describe_balancers(kind: str, page: int = 1) -> Call[Page[Balancer]]:
    """One page of the load balancers of a kind."""
    return _listing("lb.describeLoadBalancers", "loadBalancers", "loadBalancerId", parse_balancer, (kind, page))


def describe_target_groups(kind: str, page: int = 1) -> Call[Page[TargetGroup]]:
    """One page of the target groups of all load balancers of a kind."""
    return _listing("lb.describeTargetGroups", "targetGroups", "targetGroupId", parse_target_group, (kind, page))


def describe_backends(kind: str, page: int = 1) -> Call[Page[Backend]]:
    """One page of the backends of all load balancers of a kind."""
    return _listing("lb.describeBackends", "backends", "backendId", parse_backend, (kind, page))


def describe_targets(group_id: str, page: int = 1, target_ids: Sequence[str] = ()) -> Call[Page[Target]]:
    """One page of the targets of a target group: all, or those with these ids. 404 if the group does not exist."""
    wanted = filters([("targetIds", [path_id(target_id) for target_id in target_ids])] if target_ids else [])
    return read(
        "lb.describeTargets",
        f"/targetGroups/{path_id(group_id)}:describeTargets",
        page_of("targets", "targetId", lambda raw: parse_target(raw, group_id)),
        wanted + scalars(pageNumber=page, pageSize=PAGE_SIZE),
        resource=group_id,
    )


def describe_target_health(backend_id: str) -> Call[tuple[TargetHealth, ...]]:
    """What the health check of a backend says of its targets, all in one answer."""
    return read("lb.describeTargetHealth", f"/backends/{path_id(backend_id)}/health", parse_target_health, resource=backend_id)


def deregister_targets(group_id: str, target_ids: Sequence[str]) -> Call[None]:
    """Take targets out of a target group: all or none of them (fact load-balancers-all-or-nothing).

    One that is gone already makes the call fail with 404. The path has a small r.
    """
    return _change(
        "lb.deRegisterTargets", group_id, "deregisterTargets", {"targetIds": [path_id(each) for each in target_ids]}, target_ids
    )


def set_target_weights(group_id: str, weights: Mapping[str, int]) -> Call[None]:
    """Set the weight of targets, and nothing else. With 0 one takes no part in forwarding (fact load-balancers-weight-zero).

    That is promised for application load balancers alone.
    """
    specs = [{"targetId": path_id(target_id), "weight": weight} for target_id, weight in weights.items()]
    return _change("lb.updateTargets", group_id, "updateTargets", {"targetUpdateSpecs": specs}, weights)


def register_targets(group_id: str, specs: Sequence[Mapping[str, Any]]) -> Call[None]:
    """Register targets; each gets another id than before. 400 for one that is registered (fact load-balancers-ports)."""
    owners = [str(each.get("instanceId") or each.get("ipAddress")) for each in specs]
    return _change("lb.registerTargets", group_id, "registerTargets", {"targetSpecs": [dict(each) for each in specs]}, owners)


def _listing(operation: str, rows: str, id_name: str, parse: Callable[[Json], T], which: tuple[str, int]) -> Call[Page[T]]:
    kind, page = which
    query = filters([("loadBalancerType", [kind])]) + scalars(pageNumber=page, pageSize=PAGE_SIZE)
    # These paths end in a slash (fact load-balancers-slash), and that slash is signed.
    return read(operation, f"/{rows}/", page_of(rows, id_name, parse), query)


def _change(operation: str, group_id: str, verb: str, body: Mapping[str, Any], resources: Iterable[str]) -> Call[None]:
    call = action(operation, f"/targetGroups/{path_id(group_id)}:{verb}", body, accepted, group_id)
    # So that a journal names what was changed, too.
    return replace(call, resources=(group_id, *resources))
