# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Takes machines out of their load balancers and availability groups, before any of them is stopped or deleted.

All of a run leave together, so that connections are waited for once. On alb the weight becomes 0, connections get
`drain_seconds`, then the target is deregistered. On nlb the target is deregistered, and its connections go on for as long as the
backend says. On dnlb it is deregistered, and connections get `drain_seconds` (fact load-balancers-draining). A machine that does
not run has none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from ..._api.dispatch.dispatcher import Dispatcher
from ..._api.services import lb
from ..common.failure import Failure
from ..common.timing import Timing
from ..planning.policy import Facts, Policy
from ..planning.surroundings import BalancerFacts, Registration
from .departure import Departure
from .groups import leave_groups
from .targets import TargetChange, TargetChanger

WEIGHTLESS = TargetChange(
    lambda group_id, ids: lb.set_target_weights(group_id, dict.fromkeys(ids, 0)),
    lambda target_id, rows: target_id not in rows or rows[target_id].weight == 0,
)
DEREGISTERED = TargetChange(lb.deregister_targets, lambda target_id, rows: target_id not in rows)


def leave(dispatcher: Dispatcher, policy: Policy, facts: Facts, timing: Timing, departures: Sequence[Departure]) -> None:
    """Take the machines out of what surrounds them. What fails is in the departures, with all that was changed."""
    clock = dispatcher.clock.now
    _change(dispatcher, timing, [each for each in departures if each.running], WEIGHTLESS, _is_weighted_alb)
    weightless_at = clock()
    _change(dispatcher, timing, departures, DEREGISTERED, lambda registration: registration.kind != "alb")
    drained_at = clock() + _draining(departures, policy)
    if any(each.weightless and each.failure is None for each in departures):
        _wait_until(dispatcher, weightless_at + policy.drain_seconds)
    _change(dispatcher, timing, departures, DEREGISTERED, lambda registration: registration.kind == "alb")
    leave_groups(dispatcher, timing, [each for each in departures if each.leaving is not None and each.failure is None])
    _wait_until(dispatcher, max(drained_at, clock() + _group_draining(departures, policy, facts)))


def without_departed(facts: Facts, departures: Iterable[Departure]) -> Facts:
    """The facts without the targets that are gone, whoever removed them."""
    gone = {target_id for each in departures for target_id, fate in each.fates.items() if fate == "deregistered"}
    balancers = facts.balancers

    def left(rows: Mapping[str, tuple[Registration, ...]]) -> dict[str, tuple[Registration, ...]]:
        return {key: tuple(each for each in some if each.target_id not in gone) for key, some in rows.items()}

    kept: BalancerFacts = replace(balancers, of_instance=left(balancers.of_instance), of_address=left(balancers.of_address))
    return replace(facts, balancers=kept)


def _is_weighted_alb(registration: Registration) -> bool:
    return registration.kind == "alb" and registration.weight != 0


def _change(
    dispatcher: Dispatcher,
    timing: Timing,
    departures: Sequence[Departure],
    change: TargetChange,
    concerned: Callable[[Registration], bool],
) -> None:
    """Make one change on the targets of all machines that have not failed."""
    owners: dict[str, Departure] = {}
    targets: dict[str, str] = {}
    for departure in departures:
        for each in departure.registrations if departure.failure is None else ():
            if each.target_id is not None and concerned(each):
                owners[each.target_id], targets[each.target_id] = departure, each.group_id
    changer = TargetChanger(dispatcher, timing, change)
    failures = changer.carry_out(targets)
    for target_id, departure in owners.items():
        done = departure.weightless if change is WEIGHTLESS else departure.gone
        if target_id in changer.touched:
            done.add(target_id)
        if target_id not in failures and change is DEREGISTERED:
            departure.fates[target_id] = "deregistered"
        elif target_id in failures:
            departure.fail(_not_taken_out(departure, failures[target_id]))


def _not_taken_out(departure: Departure, failure: Failure) -> Failure:
    message = f"{departure.instance_id} could not be deregistered from its load balancers, so nothing else was changed: "
    return replace(failure, message=message + failure.message)


def _draining(departures: Iterable[Departure], policy: Policy) -> float:
    """For how many seconds connections of what was deregistered just now go on."""
    left = [each for each in departures if each.failure is None and each.running]
    gone = [row for each in left for row in each.registrations if row.target_id in each.gone]
    return max((_seconds(row, policy) for row in gone), default=0.0)


def _group_draining(departures: Iterable[Departure], policy: Policy, facts: Facts) -> float:
    """The same for machines that left groups to which load balancers send."""
    left = [each.leaving for each in departures if each.left_group and each.failure is None and each.running]
    through = [row for group_id in left if group_id is not None for row in facts.balancers.of_group.get(group_id, ())]
    return max((_seconds(row, policy) for row in through), default=0.0)


def _seconds(registration: Registration, policy: Policy) -> float:
    return registration.draining_seconds if registration.kind == "nlb" else policy.drain_seconds


def _wait_until(dispatcher: Dispatcher, when: float) -> None:
    seconds = when - dispatcher.clock.now()
    if seconds > 0:
        dispatcher.pause(seconds)
