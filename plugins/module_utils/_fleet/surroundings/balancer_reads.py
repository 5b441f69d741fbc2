# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads all targets of the region's load balancers: three listings of target groups, three of backends, one of each group.

The number of calls depends on the number of target groups, not on that of the machines (fact surroundings-targets).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from ..._api.calls import Call
from ..._api.dispatch.dispatcher import Dispatcher
from ..._api.dispatch.pagination import LISTING_TRIES, complete_rows, list_apart, list_many, page_count
from ..._api.errors import ApiError, JdcloudError
from ..._api.fields import Page, Readable
from ..._api.model.balancers import KINDS, Backend, Target, TargetGroup, TargetHealth
from ..._api.model.instance import Instance
from ..._api.services import lb
from ..planning.balancers import departing, leaving_through
from ..planning.policy import Facts, Policy
from ..planning.surroundings import BalancerFacts, Registration
from .group_reads import why_unread

DEFAULT_DRAINING = 300.0
"""Seconds that a network load balancer lets connections go on unless it tells another number (fact load-balancers-draining)."""
BUSY = "load balancers changed during the read: try again when the account is quieter"

T = TypeVar("T")


def read_balancers(dispatcher: Dispatcher, policy: Policy, machines: Sequence[Instance]) -> BalancerFacts:
    """All targets of the region, if any of the machines is to be stopped or deleted and load balancers count.

    A key that may not read them is a fact, too. Raises `JdcloudError` for what else goes wrong.
    """
    wanted = [each for each in machines if policy.takes_away(each) and policy.selection.mismatch(each) is None]
    if policy.load_balancers == "ignore" or not wanted:
        return BalancerFacts()
    for _try in range(LISTING_TRIES):
        try:
            return _read(dispatcher, policy, wanted)
        except ApiError as error:
            if error.is_not_found and error.operation in ("lb.describeTargets", "lb.describeTargetHealth"):
                # A group or backend was deleted while the others were read.
                continue
            if not _is_refused(error):
                raise
            return BalancerFacts(unread=why_unread(error))
    return BalancerFacts(unread=BUSY)


def _is_refused(error: ApiError) -> bool:
    """Whether the service, as this key sees it, has no such call: no right, no such service, no such kind of load balancer."""
    return not error.is_unauthenticated and not error.is_throttled and error.http in (400, 403, 404, 405, 501)


def read_registrations(dispatcher: Dispatcher) -> tuple[BalancerFacts, Mapping[str, Sequence[Target]]]:
    """Where all machines of the region are targets, and the targets of each target group. Raises `JdcloudError`."""
    groups = _list(dispatcher, [partial(lb.describe_target_groups, kind) for kind in KINDS], lambda row: row.group_id)
    backends = _list(dispatcher, [partial(lb.describe_backends, kind) for kind in KINDS], lambda row: row.backend_id)
    named: list[tuple[str, Readable]] = [(each.group_id, each) for each in groups]
    named += [(each.backend_id, each) for each in backends]
    unread = next((name for name, row in named if row.unreadable), None)
    if unread is not None:
        return BalancerFacts(unread=f"the response about {unread} cannot be read"), {}
    targets = read_targets(dispatcher, [group.group_id for group in groups])
    unread = next((each.target_id for rows in targets.values() for each in rows if each.unreadable), None)
    if unread is not None:
        return BalancerFacts(unread=f"the response about target {unread} cannot be read"), {}
    return _index(groups, backends, targets), targets


def _read(dispatcher: Dispatcher, policy: Policy, machines: Sequence[Instance]) -> BalancerFacts:
    facts, targets = read_registrations(dispatcher)
    if facts.unread or policy.load_balancers != "deregister":
        return facts
    facts = _with_networks(dispatcher, facts, machines)
    return _with_health(dispatcher, facts, policy, machines, targets)


def read_targets(dispatcher: Dispatcher, group_ids: Sequence[str]) -> dict[str, list[Target]]:
    """All targets of these groups. Raises `JdcloudError`: 404 if a group does not exist any more."""
    found: dict[str, list[Target]] = {group_id: [] for group_id in group_ids}
    listings = [partial(lb.describe_targets, group_id) for group_id in found]
    for target in _list(dispatcher, listings, lambda row: row.target_id) if listings else ():
        found[target.group_id].append(target)
    return found


def read_targets_apart(dispatcher: Dispatcher, group_ids: Sequence[str]) -> dict[str, list[Target] | JdcloudError]:
    """The targets of each of these groups, or why they could not be read. A group that does not exist any more has none."""

    def complete(pages: Sequence[Page[Target]]) -> list[Target] | None:
        return complete_rows(pages, lambda row: row.target_id)

    listings = [partial(lb.describe_targets, group_id) for group_id in group_ids]
    answers: list[list[Target] | JdcloudError] = list_apart(dispatcher, listings, page_count, complete, BUSY)
    return {
        group_id: [] if isinstance(each, JdcloudError) and each.is_not_found else each
        for group_id, each in zip(group_ids, answers, strict=True)
    }


def _list(dispatcher: Dispatcher, listings: Sequence[Callable[[int], Call[Page[T]]]], key: Callable[[T], str]) -> list[T]:
    return list_many(dispatcher, listings, page_count, lambda pages: complete_rows(pages, key), BUSY)


def _index(groups: Sequence[TargetGroup], backends: Sequence[Backend], targets: Mapping[str, Sequence[Target]]) -> BalancerFacts:
    of_instance: dict[str, list[Registration]] = defaultdict(list)
    of_address: dict[str, list[Registration]] = defaultdict(list)
    of_group: dict[str, list[Registration]] = defaultdict(list)
    weighted = {}
    of_target_group: dict[str, list[Backend]] = defaultdict(list)
    for backend in backends:
        for group_id in backend.target_group_ids:
            of_target_group[group_id].append(backend)
    for group in groups:
        behind = of_target_group[group.group_id]
        rows = [(target, _registration(group, behind, target)) for target in targets[group.group_id]]
        weighted[group.group_id] = frozenset(target.target_id for target, each in rows if each.gets_traffic)
        for target, registration in rows:
            if target.type == "ip" and target.address is not None:
                of_address[target.address].append(registration)
            elif target.instance_id is not None:
                of_instance[target.instance_id].append(registration)
    for backend in backends:
        for group_id in backend.group_ids:
            of_group[group_id].append(_through(backend, group_id))
    return BalancerFacts(
        of_instance={key: tuple(rows) for key, rows in of_instance.items()},
        of_address={key: tuple(rows) for key, rows in of_address.items()},
        of_group={key: tuple(rows) for key, rows in of_group.items()},
        weighted=weighted,
    )


def _registration(group: TargetGroup, behind: Sequence[Backend], target: Target) -> Registration:
    return Registration(
        group_id=group.group_id,
        group_name=group.name,
        balancer_id=group.balancer_id,
        balancer_name=group.balancer_name,
        kind=group.kind,
        target_id=target.target_id,
        type=target.type,
        instance_id=target.instance_id,
        address=target.address,
        port=target.port,
        weight=target.weight,
        backend_ids=tuple(each.backend_id for each in behind),
        draining_seconds=_draining(group.kind, behind),
    )


def _through(backend: Backend, group_id: str) -> Registration:
    return Registration(
        group_id=backend.backend_id,
        group_name=backend.name,
        balancer_id=backend.balancer_id,
        balancer_name="",
        kind=backend.kind,
        through=group_id,
        backend_ids=(backend.backend_id,),
        draining_seconds=_draining(backend.kind, [backend]),
    )


def _draining(kind: str, backends: Iterable[Backend]) -> float:
    """For how long connections go on after a removal: as the backend says on nlb, unknown to the service on the others."""
    if kind != "nlb":
        return 0.0
    published = [each.draining_seconds for each in backends]
    return max((DEFAULT_DRAINING if each is None else float(each) for each in published), default=0.0)


def _with_networks(dispatcher: Dispatcher, facts: BalancerFacts, machines: Sequence[Instance]) -> BalancerFacts:
    """Know the VPC of each load balancer that has an address of one of the machines: an address means a machine there alone."""
    found = [each for machine in machines for address in machine.private_ips for each in facts.of_address.get(address, ())]
    kinds = sorted({each.kind for each in found})
    if not kinds:
        return facts
    balancers = _list(dispatcher, [partial(lb.describe_balancers, kind) for kind in kinds], lambda row: row.balancer_id)
    networks = {each.balancer_id: None if each.unreadable else each.vpc_id for each in balancers}
    of_address = {
        address: tuple(replace(each, vpc_id=networks.get(each.balancer_id)) for each in rows)
        for address, rows in facts.of_address.items()
    }
    return replace(facts, of_address=of_address)


def _with_health(
    dispatcher: Dispatcher,
    facts: BalancerFacts,
    policy: Policy,
    machines: Sequence[Instance],
    targets: Mapping[str, Sequence[Target]],
) -> BalancerFacts:
    """Know the health of all targets of the groups that lose one. What the check does not tell is neither.

    So it is with backends of availability groups that members leave: their targets are known by their machines.
    """
    around = Facts(balancers=facts)
    leaving = [each for machine in machines for each in departing(machine, policy, around)]
    members = [(machine.instance_id, each) for machine in machines for each in leaving_through(machine, policy, around)]
    backends = {each.group_id: each.backend_ids for each in (*leaving, *(each for _member, each in members))}
    ids = sorted({backend_id for each in backends.values() for backend_id in each})
    outcomes = dispatcher.gather([lb.describe_target_health(backend_id) for backend_id in ids])
    checks = {backend_id: outcome.value for backend_id, outcome in zip(ids, outcomes, strict=True)}
    healthy, surely, weighted = {}, {}, dict(facts.weighted)
    for group_id, behind in backends.items():
        rows = [row for backend_id in behind for row in checks[backend_id]]
        if group_id in targets:
            status = _health_of_targets(targets[group_id], rows)
        else:
            status = _health_of_members(rows)
            weighted[group_id] = frozenset(row.instance_id for row in rows if row.instance_id and row.weight != 0)
        # What nothing sends to serves no one.
        healthy[group_id] = frozenset(key for key, words in status.items() if behind and words != {"unhealthy"})
        surely[group_id] = frozenset(key for key, words in status.items() if words == {"healthy"})
    taken = frozenset(each.target_id for each in leaving if each.target_id is not None) | {member for member, _each in members}
    return replace(facts, healthy=healthy, surely_healthy=surely, weighted=weighted, leaving=taken)


def _health_of_targets(targets: Iterable[Target], rows: Iterable[TargetHealth]) -> dict[str, set[str]]:
    """What all checks say of each target. The answers name no target, but its machine or address, and its port."""
    by_place: dict[str | None, list[TargetHealth]] = defaultdict(list)
    for row in rows:
        for place in dict.fromkeys((row.instance_id, row.address)):
            by_place[place].append(row)
    return {
        target.target_id: {
            row.status
            for row in by_place[target.instance_id or target.address]
            if (row.instance_id == target.instance_id if target.instance_id else row.address == target.address)
            and (not target.port or not row.port or row.port == target.port)
        }
        for target in targets
    }


def _health_of_members(rows: Iterable[TargetHealth]) -> dict[str, set[str]]:
    """What a check says of each member of an availability group."""
    status: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.instance_id is not None:
            status[row.instance_id].add(row.status)
    return status
