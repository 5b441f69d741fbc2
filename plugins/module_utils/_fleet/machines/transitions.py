# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a machine moves on: each observation, acceptance or refusal leads to its next phase. Sends nothing itself.

Every method changes the state's phase and returns what the engine has to arrange for it: a look at a certain time, a
proof that the machine is gone, or nothing (the new phase is one that waits for a slot to send in, or the end).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from ..._api.model.instance import TRANSITIONAL, Instance
from ..common.failure import Failure
from ..common.timing import DOUBTS, READ_LAG, DurationEstimate
from ..planning.plan import changes_since, decide
from .failed_calls import MOVED_ON, PROVE_GONE, WAITS, FailedCalls, NextStep, Rules
from .state import AHEAD, LOOKED, Attempt, MachineState, Phase

ABSENCE_GAP = 0.3
"""Seconds between two absences from bulk answers that together prove that a machine is gone."""
STANDSTILL = 60.0
"""Seconds for which an accepted stop or start may show no sign of having begun."""
AHEAD_MIN = 100
AHEAD_SECONDS = 3.0
"""Stops run ahead of deletes by the time a stop takes and this much more."""
UNKNOWN_STOP_SECONDS = 2.0
STUCK_FACTOR = 3.0
"""A stop that takes this many times the usual time, and some seconds more, is not waited for by the stops of others."""


class PowerChange(NamedTuple):
    """A stop or a start: its call, and the status of a machine before, during and after it."""

    call: Phase
    before: str
    during: str
    after: str


STOP = PowerChange(Phase.STOP, "running", "stopping", "stopped")
START = PowerChange(Phase.START, "stopped", "starting", "running")


class Transitions:
    """The rules of the way, as long as all goes well; what does not is the business of `failed_calls`."""

    def __init__(self, rules: Rules, failed_calls: FailedCalls) -> None:
        self._policy = rules.policy
        self._timing = rules.timing
        self._facts = rules.facts
        self._backoff = rules.backoff
        self._failed_calls = failed_calls
        self.stops = DurationEstimate(rules.timing.poll_interval)
        self.starts = DurationEstimate(rules.timing.poll_interval)
        self.deletes = DurationEstimate(rules.timing.poll_interval)
        self._seen_in: dict[Phase, Callable[[MachineState, float], NextStep]] = {
            Phase.REFRESH: self._seen_refresh,
            Phase.STOPPING: partial(self._seen_changing, STOP),
            Phase.STARTING: partial(self._seen_changing, START),
            Phase.GATE: self._seen_gate,
            Phase.CHECK_DISKS: self._seen_check,
            Phase.DELETING: self._seen_deleting,
            Phase.CHECK_BACK: self._seen_back,
        }

    def start(self, state: MachineState, now: float) -> NextStep:
        """The first phase of a machine with something to do, or that is being deleted by another user."""
        steps = state.decision.steps
        if "stop" in steps:
            state.begin(Phase.STOP)
        elif "start" in steps:
            state.begin(Phase.START)
        elif "delete" in steps:
            return self._to_gate(state, now)
        elif state.status == "deleting" and self._timing.wait:
            return self._wait_for(state, Phase.DELETING, now)
        else:
            state.phase = Phase.ENDED
        return MOVED_ON

    def refresh(self, state: MachineState, now: float) -> NextStep:
        """The plan is too old to stop or start by: look again first."""
        state.look_between(Phase.REFRESH)
        return NextStep(now)

    def accepted(self, state: MachineState, now: float) -> NextStep:
        """The service accepted the call of the present phase."""
        phase = state.phase
        if phase is Phase.SET_DISKS:
            state.begin(Phase.CHECK_DISKS, since=now)
            return NextStep(now)
        if phase is Phase.PUT_BACK:
            return self._wait_for(state, Phase.CHECK_BACK, now)
        if not self._timing.wait:
            return _end(state)
        self._wait_for(state, WAITS[phase], now)
        return NextStep(self._next_look(state, now))

    def learn(self, states: Sequence[MachineState], rows: Mapping[str, Instance], looked_at: float) -> None:
        """Tell the estimates which transitions had ended at which age."""
        ways = (
            (self.stops, Phase.STOPPING, STOP.during, STOP.after),
            (self.starts, Phase.STARTING, START.during, START.after),
            (self.deletes, Phase.DELETING, "deleting", None),
        )
        for duration, phase, during, end in ways:
            watched = [state for state in states if state.phase is phase and _is_clear(state.attempt)]
            shown = {
                state.instance_id: rows[state.instance_id].status if state.instance_id in rows else None for state in watched
            }
            duration.learn(
                [looked_at - state.attempt.since for state in watched if shown[state.instance_id] == end],
                [looked_at - state.attempt.since for state in watched if shown[state.instance_id] == during],
            )

    def is_stuck(self, state: MachineState, now: float) -> bool:
        """One that hangs, or is refused for now, must not hold up the stops of others."""
        if state.phase not in AHEAD:
            return False
        expected = self.stops.expected
        hangs = (
            state.phase is Phase.STOPPING
            and expected is not None
            and now - state.attempt.since > STUCK_FACTOR * expected + READ_LAG
        )
        return hangs or state.attempt.tries.refused_since is not None

    def stops_ahead(self, rate: float) -> float:
        """How many machines may be stopped and not deleted, at so many calls in a second."""
        expected = self.stops.expected
        seconds = (UNKNOWN_STOP_SECONDS if expected is None else expected) + AHEAD_SECONDS
        return max(AHEAD_MIN, rate * seconds)

    def seen(self, state: MachineState, machine: Instance, sent_at: float, now: float, *, in_bulk: bool = True) -> NextStep:
        """An observation, asked for at `sent_at`. Only one from a bulk answer may open the gate."""
        state.machine = machine
        state.status = machine.status
        state.attempt.absent_at = None
        state.shown_by_ids = state.shown_by_ids or in_bulk
        state.note_read(sent_at)
        if not in_bulk and state.phase not in LOOKED:
            return self._failed_calls.exists_after_all(state, now)
        if not in_bulk and state.phase is not Phase.DELETING:
            return self._changed_singly(state, now) or self._shown_singly(state, now)
        state.observed_at = sent_at
        return self._seen_in[state.phase](state, now)

    def _changed_singly(self, state: MachineState, now: float) -> NextStep | None:
        """A single read shows that a stop or a start took effect, None if it does not. It ends the wait, and opens no gate."""
        change = {Phase.STOPPING: STOP, Phase.STARTING: START}.get(state.phase)
        if change is None or state.status not in (change.during, change.after):
            return None
        _note_change(state, change)
        if state.status != change.after:
            return None
        return self._to_gate(state, now) if self._policy.state == "absent" else _end(state)

    def _shown_singly(self, state: MachineState, now: float) -> NextStep:
        """A bulk answer left it out, and a single read shows it: that opens no gate, and may not go on for ever."""
        state.attempt.doubts += 1
        if state.attempt.doubts > DOUBTS:
            message = (
                f"{state.instance_id} is missing in describeInstances, but describeInstance returns it, so it cannot be "
                "checked: run again later."
            )
            return self._failed_calls.fail(state, Failure("api", message), now)
        return NextStep(now + self._backoff(state.attempt.doubts - 1))

    def absent(self, state: MachineState, sent_at: float, received_at: float) -> NextStep:
        """A complete bulk answer by ids does not show the machine."""
        attempt = state.attempt
        if state.phase is not Phase.DELETING or not state.delete_accepted or attempt.unsure or not state.shown_by_ids:
            return PROVE_GONE
        if attempt.absent_at is None:
            attempt.absent_at = received_at
            return NextStep(received_at + ABSENCE_GAP)
        if sent_at - attempt.absent_at < ABSENCE_GAP:
            return NextStep(attempt.absent_at + ABSENCE_GAP)
        return self.proved_gone(state, received_at)

    def proved_gone(self, state: MachineState, now: float) -> NextStep:
        """describeInstance answered 404 NOT_FOUND, or two bulk answers proved the absence after our delete."""
        if state.attempt.maybe_ours and state.phase in (Phase.DELETING, Phase.GATE, Phase.CHECK_DISKS, Phase.DELETE):
            # The delete with the lost answer took effect.
            state.delete_accepted = True
        state.gone = True
        state.unclear = None
        state.status = "absent"
        state.phase = Phase.ENDED
        if self._policy.state != "absent":
            state.failure = Failure("vanished", f"{state.instance_id} disappeared before it was {self._policy.state}.")
        return MOVED_ON

    def _seen_refresh(self, state: MachineState, now: float) -> NextStep:
        if state.status == "deleting" and self._policy.state == "absent":
            return self._others_delete(state, now)
        fresh = decide(state.machine, self._policy, self._facts())
        if fresh.blockers:
            return self._failed_calls.changed_meanwhile(state, [blocker.message for blocker in fresh.blockers], now)
        if "stop" in fresh.steps or "start" in fresh.steps:
            state.look_between(Phase.STOP if "stop" in fresh.steps else Phase.START)
            return MOVED_ON
        if "delete" in fresh.steps:
            # Someone else stopped it.
            return self._at_gate(state, now)
        return _end(state)

    def _seen_changing(self, change: PowerChange, state: MachineState, now: float) -> NextStep:
        status, attempt = state.status, state.attempt
        if status in (change.during, change.after, "error"):
            # One that failed ends in 'error'.
            _note_change(state, change)
        if status == change.after or (status == change.during and not self._timing.wait):
            return self._at_gate(state, now) if self._policy.state == "absent" else _end(state)
        if status == change.before and attempt.unsure:
            return self._failed_calls.repeat(state, change.call, now)
        if status == "deleting" and self._policy.state == "absent":
            # What may be ours is a stop with a lost answer, and no delete.
            attempt.maybe_ours = False
            return self._others_delete(state, now)
        attempt.moving = attempt.moving or status == change.during
        if self._went_back(state, change.before, now) or status in TRANSITIONAL - {change.during} | {"error"}:
            return self._failed_calls.changed_meanwhile(state, [f"its status is now '{status}'"], now)
        return NextStep(self._next_look(state, now))

    @staticmethod
    def _went_back(state: MachineState, status_before: str, now: float) -> bool:
        """Whether another user undid what we started: it was on its way, and two looks in a row show it back where it was.

        One such look may come from a replica that lags. A late start of the transition is not that.
        """
        attempt = state.attempt
        attempt.looks_back = attempt.looks_back + 1 if state.status == status_before else 0
        if attempt.moving:
            return attempt.looks_back > 1
        return attempt.looks_back > 0 and now - attempt.since >= STANDSTILL

    def _seen_gate(self, state: MachineState, now: float) -> NextStep:
        if state.status == "deleting":
            return self._others_delete(state, now)
        reasons = changes_since(state.decision, state.machine, self._policy, self._facts(), disks_set=state.disks_set)
        if reasons:
            return self._failed_calls.changed_meanwhile(state, reasons, now)
        state.phase = Phase.SET_DISKS if state.decision.disk_changes and not state.disks_set else Phase.DELETE
        return MOVED_ON

    def _seen_check(self, state: MachineState, now: float) -> NextStep:
        """Read back the delete attributes, and with them everything else once more."""
        if state.status == "deleting":
            return self._others_delete(state, now)
        facts = self._facts()
        reasons = changes_since(state.decision, state.machine, self._policy, facts, disks_set=True)
        if not reasons:
            state.attempt.unsure = False
            state.phase = Phase.DELETE
            return MOVED_ON
        if not changes_since(state.decision, state.machine, self._policy, facts, disks_set=False):
            if state.attempt.unsure:
                return self._failed_calls.repeat(state, Phase.SET_DISKS, now)
            if now - state.attempt.since < READ_LAG:
                return NextStep(now + 0.5)
        return self._failed_calls.changed_meanwhile(state, reasons, now)

    def _seen_deleting(self, state: MachineState, now: float) -> NextStep:
        if state.status == "deleting":
            if state.attempt.maybe_ours:
                state.delete_accepted = True
                state.note_effect()
            if state.delete_accepted and not self._timing.wait:
                return _end(state)
            return NextStep(self._next_look(state, now))
        if state.attempt.unsure:
            # The delete did not take effect so far: it may be repeated, through the gate.
            return self._failed_calls.repeat(state, Phase.CHECK_DISKS if state.disks_set else Phase.GATE, now)
        if state.status == "error" and state.decision.status != "error":
            return self._failed_calls.changed_meanwhile(state, ["it changed to 'error' during its deletion"], now)
        return NextStep(self._next_look(state, now))

    def _seen_back(self, state: MachineState, now: float) -> NextStep:
        shown = {disk.disk_id: bool(disk.auto_delete) for disk in state.machine.disks}
        back = all(shown.get(disk_id, value) is value for disk_id, value in state.disks_to_put_back.items())
        if back and not state.machine.unreadable:
            state.disks_set = False
            return _end(state)
        if now - state.attempt.since < READ_LAG:
            return NextStep(now + 0.5)
        return self._failed_calls.put_back_failed(state, now)

    def _at_gate(self, state: MachineState, now: float) -> NextStep:
        """A look shows it stopped: that is the last one before its delete, unless something else has to be read before."""
        following = self._to_gate(state, now)
        return following if self._policy.reads_at_gate else self._seen_gate(state, now)

    def _to_gate(self, state: MachineState, now: float) -> NextStep:
        """Waiting in line for the gate is no transition: it has no deadline."""
        state.begin(Phase.GATE)
        return NextStep(now)

    def _wait_for(self, state: MachineState, phase: Phase, now: float) -> NextStep:
        state.begin(phase, since=now, deadline=now + self._timing.wait_timeout)
        return NextStep(now)

    def _next_look(self, state: MachineState, now: float) -> float:
        durations = {Phase.STOPPING: self.stops, Phase.STARTING: self.starts, Phase.DELETING: self.deletes}
        deadline = state.attempt.deadline
        look_at = durations[state.phase].next_look(state.attempt.since, now)
        return look_at if deadline is None else min(look_at, max(now, deadline))

    def _others_delete(self, state: MachineState, now: float) -> NextStep:
        """It is being deleted: by another user, or by an earlier delete of ours whose answer was lost."""
        if state.attempt.maybe_ours:
            state.delete_accepted, state.unclear = True, None
        if not self._timing.wait:
            return _end(state)
        self._wait_for(state, Phase.DELETING, now)
        return NextStep(self._next_look(state, now))


def _is_clear(attempt: Attempt) -> bool:
    """Whether it is known when the transition began, and that it has not ended unseen."""
    return not attempt.unsure and attempt.absent_at is None


def _note_change(state: MachineState, change: PowerChange) -> None:
    """A read shows an effect. If the answer to our call was lost, it is that of our call."""
    if _waits_for_effect(state, change.call):
        state.stopped_by_us = state.stopped_by_us or change is STOP
        state.started_by_us = state.started_by_us or change is START
        state.note_effect()


def _waits_for_effect(state: MachineState, phase: Phase) -> bool:
    """Whether what is seen may be the effect of the call of `phase`, whose answer was lost."""
    return state.attempt.maybe_ours or (state.unclear is not None and state.unclear.phase is phase)


def _end(state: MachineState) -> NextStep:
    state.end()
    return MOVED_ON
