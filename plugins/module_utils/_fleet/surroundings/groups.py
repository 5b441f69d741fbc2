# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Takes machines out of their availability groups, and reads them until they are out.

Nothing takes a machine back into a group (fact groups-for-life). So a call whose answer was lost is not repeated before a read
shows that the machine is a member still.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..._api.dispatch.dispatcher import Dispatcher, Outcome
from ..._api.errors import JdcloudError
from ..._api.model.instance import Instance
from ..._api.services import ag
from ..common.failure import ErrorMeaning, Failure, Tries, api_failure, classify, with_unclear_call
from ..common.machine_reads import find_machines
from ..common.timing import READ_LAG, Timing
from .departure import Departure


@dataclass(slots=True)
class _Member:
    """A machine that is still in its group. `asked_at`: when the last call ended that may have taken it out."""

    departure: Departure
    tries: Tries = field(default_factory=Tries)
    asked_at: float | None = None
    accepted: bool = False
    unclear: bool = False

    @property
    def instance_id(self) -> str:
        """The machine's id."""
        return self.departure.instance_id


def leave_groups(dispatcher: Dispatcher, timing: Timing, departures: Sequence[Departure]) -> None:
    """Take the machines out. What fails is in the departures."""
    members = [_Member(each) for each in departures]
    until = dispatcher.clock.now() + timing.wait_timeout
    while members:
        _send(dispatcher, members)
        try:
            seen = find_machines(dispatcher, [each.instance_id for each in members])
        except JdcloudError as error:
            for each in members:
                message = f"It could not be read whether {each.instance_id} is still in its availability group: {error}"
                _fail(each, Failure("api", message, error))
            return
        members = [each for each in members if not _ended(each, seen, timing, dispatcher.clock.now(), until)]
        if members:
            dispatcher.pause(min(timing.poll_interval, max(0.3, *(dispatcher.backoff(each.tries.count) for each in members))))


def _send(dispatcher: Dispatcher, members: Sequence[_Member]) -> None:
    """Send the call for those of which no earlier one may still show its effect."""
    now = dispatcher.clock.now()
    some = [each for each in members if each.asked_at is None or (now - each.asked_at >= READ_LAG and not each.accepted)]
    calls = [ag.abandon_instance(each.departure.leaving or "", each.instance_id) for each in some]
    for each, outcome in zip(some, dispatcher.gather(calls), strict=True):
        _note(each, outcome, dispatcher.clock.now())


def _note(each: _Member, outcome: Outcome, now: float) -> None:
    each.asked_at = None
    if outcome.error is None:
        each.accepted, each.asked_at = True, now
        # From here on it is out by us, or will be.
        each.departure.left_group = True
        return
    meaning = each.tries.note(outcome.error, now)
    each.tries.count += meaning is not ErrorMeaning.THROTTLED
    if meaning is ErrorMeaning.UNCLEAR:
        each.unclear, each.asked_at = True, now


def _ended(each: _Member, seen: Mapping[str, Instance], timing: Timing, now: float, until: float) -> bool:
    """Whether it is out of its group, gone, or has failed."""
    machine = seen.get(each.instance_id)
    if machine is None or (machine.group_id != each.departure.leaving and not machine.unreadable):
        each.departure.left_group = each.departure.left_group or each.unclear
        each.departure.seen_out = machine is not None
        return True
    error = each.tries.last_error
    if now >= until:
        message = f"{each.instance_id} is still in availability group {each.departure.leaving} after {timing.wait_timeout:g} s."
        _fail(each, Failure("timeout", message, error))
    elif error is not None and not each.accepted and each.asked_at is None:
        final = classify(error) in (ErrorMeaning.FINAL, ErrorMeaning.NO_ACCESS)
        if final or each.tries.count > timing.retries:
            _fail(each, api_failure(error))
    return each.departure.failure is not None


def _fail(each: _Member, failure: Failure) -> None:
    text = f"{each.instance_id} could not be taken out of its availability group, so it was not stopped or deleted: "
    failure = Failure(failure.code, text + failure.message, failure.error)
    each.departure.fail(with_unclear_call(failure, "The call") if each.unclear and not each.accepted else failure)
