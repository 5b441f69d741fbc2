# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a machine moves on: each observation, acceptance or refusal leads to its next phase. Sends nothing itself.

Every method changes the state's phase and returns what the engine has to arrange for it: a look at a certain time, a
proof that the machine is gone, or nothing (the new phase is one that waits for a slot to send in, or the end).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..._api.calls import Call
from ..._api.fields import PAGE_SIZE
from ..._api.model.instance import TRANSITIONAL, Instance
from ..._api.services import vm
from ..common.failure import Failure
from ..common.poll_schedule import DurationEstimate
from ..common.timing import DOUBTS, READ_LAG, Timing
from ..planning.plan import changes_since, decide
from ..planning.policy import Facts, Policy
from .recovery import MOVED_ON, PROVE_GONE, NextStep, Recovery, disks_to_put_back
from .state import AHEAD, LOOKED, MachineState, Phase, note_read

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


class Transitions(Recovery):
    """The rules of the way. `facts` gives the facts as of now."""

    def __init__(self, policy: Policy, timing: Timing, facts: Callable[[], Facts], backoff: Callable[[int], float]) -> None:
        super().__init__(policy, timing, facts, backoff)
        self.stops = DurationEstimate(timing.poll_interval)
        self.starts = DurationEstimate(timing.poll_interval)
        self.deletes = DurationEstimate(timing.poll_interval)

    def start(self, state: MachineState, now: float) -> NextStep:
        """The first phase of a machine with something to do, or that is being deleted by somebody else."""
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
            state.begin(Phase.CHECK_DISKS)
            state.since = now
            return NextStep(now)
        if phase is Phase.PUT_BACK:
            return self._wait_for(state, Phase.CHECK_BACK, now)
        if not self._timing.wait:
            return self._end(state)
        waits = {Phase.STOP: Phase.STOPPING, Phase.START: Phase.STARTING}
        self._wait_for(state, waits.get(phase, Phase.DELETING), now)
        return NextStep(self._next_look(state, now))

    def learn(self, states: Sequence[MachineState], rows: Mapping[str, Instance], looked_at: float) -> None:
        """Tell the estimates which transitions had ended at which age."""
        ways = (
            (self.stops, Phase.STOPPING, "stopping", "stopped"),
            (self.starts, Phase.STARTING, "starting", "running"),
            (self.deletes, Phase.DELETING, "deleting", None),
        )
        for duration, phase, during, end in ways:
            watched = [state for state in states if state.phase is phase and not state.unsure and state.absent_at is None]
            shown = {
                state.instance_id: rows[state.instance_id].status if state.instance_id in rows else None for state in watched
            }
            duration.learn(
                [looked_at - state.since for state in watched if shown[state.instance_id] == end],
                [looked_at - state.since for state in watched if shown[state.instance_id] == during],
            )

    def is_stuck(self, state: MachineState, now: float) -> bool:
        """One that hangs, or is refused for now, must not hold up the stops of others."""
        if state.phase not in AHEAD:
            return False
        expected = self.stops.expected
        hangs = state.phase is Phase.STOPPING and expected is not None and now - state.since > STUCK_FACTOR * expected + READ_LAG
        return hangs or state.tries.refused_since is not None

    def stops_ahead(self, rate: float) -> float:
        """How many machines may be stopped and not deleted, at so many calls in a second."""
        expected = self.stops.expected
        seconds = (UNKNOWN_STOP_SECONDS if expected is None else expected) + AHEAD_SECONDS
        return max(AHEAD_MIN, rate * seconds)

    @staticmethod
    def note_effect(state: MachineState, phase: Phase) -> None:
        """The service accepted the call of `phase`: remember that it was us, whatever comes next."""
        if phase is state.doubt:
            state.doubt = None
        if phase is Phase.STOP:
            state.stopped_by_us, state.status = True, "stopping"
        elif phase is Phase.START:
            state.started_by_us, state.status = True, "starting"
        elif phase is Phase.SET_DISKS:
            state.disks_set = True
        elif phase is Phase.DELETE:
            state.delete_accepted, state.status = True, "deleting"

    def seen(self, state: MachineState, machine: Instance, sent_at: float, now: float, *, in_bulk: bool = True) -> NextStep:
        """An observation, asked for at `sent_at`. Only one from a bulk answer may open the gate."""
        state.machine = machine
        state.status = machine.status
        state.absent_at = None
        state.shown_by_ids = state.shown_by_ids or in_bulk
        note_read(state, sent_at)
        if not in_bulk and state.phase not in LOOKED:
            return self.exists_after_all(state, now)
        if not in_bulk and state.phase is not Phase.DELETING:
            state.doubts += 1
            if state.doubts > DOUBTS:
                message = (
                    f"{state.instance_id} is left out by describeInstances, but describeInstance shows it: it cannot be judged."
                )
                return self.fail(state, Failure("api", message), now)
            return NextStep(now + self._backoff(state.doubts - 1))
        state.observed_at = sent_at
        react = {
            Phase.REFRESH: self._seen_refresh,
            Phase.STOPPING: self._seen_stopping,
            Phase.STARTING: self._seen_starting,
            Phase.GATE: self._seen_gate,
            Phase.CHECK_DISKS: self._seen_check,
            Phase.DELETING: self._seen_deleting,
            Phase.CHECK_BACK: self._seen_back,
        }
        return react[state.phase](state, now)

    def absent(self, state: MachineState, sent_at: float, received_at: float) -> NextStep:
        """A complete bulk answer by ids does not show the machine."""
        if state.phase is not Phase.DELETING or not state.delete_accepted or state.unsure or not state.shown_by_ids:
            return PROVE_GONE
        if state.absent_at is None:
            state.absent_at = received_at
            return NextStep(received_at + ABSENCE_GAP)
        if sent_at - state.absent_at < ABSENCE_GAP:
            return NextStep(state.absent_at + ABSENCE_GAP)
        return self.proved_gone(state, received_at)

    def proved_gone(self, state: MachineState, now: float) -> NextStep:
        """describeInstance answered 404 NOT_FOUND, or two bulk answers proved the absence after our delete."""
        if state.maybe_ours and state.phase in (Phase.DELETING, Phase.GATE, Phase.CHECK_DISKS, Phase.DELETE):
            # The delete with the lost answer took effect.
            state.delete_accepted = True
        state.gone = True
        state.doubt = None
        state.status = "absent"
        state.phase = Phase.ENDED
        if self._policy.state != "absent":
            state.failure = Failure("vanished", f"{state.instance_id} disappeared while it was to become {self._policy.state}.")
        return MOVED_ON

    def _seen_refresh(self, state: MachineState, now: float) -> NextStep:
        if state.status == "deleting" and self._policy.state == "absent":
            return self._others_delete(state, now)
        fresh = decide(state.machine, self._policy, self._facts())
        if fresh.blockers:
            return self._changed_meanwhile(state, [blocker.message for blocker in fresh.blockers], now)
        if "stop" in fresh.steps or "start" in fresh.steps:
            state.look_between(Phase.STOP if "stop" in fresh.steps else Phase.START)
            return MOVED_ON
        if "delete" in fresh.steps:
            # Somebody else stopped it.
            return self._at_gate(state, now)
        return self._end(state)

    def _seen_stopping(self, state: MachineState, now: float) -> NextStep:
        status = state.status
        if status in ("stopping", "stopped", "error") and (state.maybe_ours or state.doubt is Phase.STOP):
            # The stop with the lost answer took effect. One that failed ends in 'error'.
            state.stopped_by_us, state.unsure, state.maybe_ours = True, False, False
            state.doubt = state.refusal = None
        if status == "stopped" or (status == "stopping" and not self._timing.wait):
            if self._policy.state == "stopped":
                return self._end(state)
            return self._at_gate(state, now)
        if status == "running" and state.unsure:
            return self._repeat(state, Phase.STOP, now)
        if status == "deleting" and self._policy.state == "absent":
            # What may be ours is a stop with a lost answer, and no delete.
            state.maybe_ours = False
            return self._others_delete(state, now)
        state.moving = state.moving or status == "stopping"
        if self._went_back(state, "running", now) or status in TRANSITIONAL - {"stopping"} | {"error"}:
            return self._changed_meanwhile(state, [f"its status is now '{status}'"], now)
        return NextStep(self._next_look(state, now))

    def _seen_starting(self, state: MachineState, now: float) -> NextStep:
        status = state.status
        if status in ("starting", "running", "error") and (state.maybe_ours or state.doubt is Phase.START):
            state.started_by_us, state.unsure, state.maybe_ours = True, False, False
            state.doubt = state.refusal = None
        if status == "running" or (status == "starting" and not self._timing.wait):
            return self._end(state)
        if status == "stopped" and state.unsure:
            return self._repeat(state, Phase.START, now)
        state.moving = state.moving or status == "starting"
        if self._went_back(state, "stopped", now) or status in TRANSITIONAL - {"starting"} | {"error"}:
            return self._changed_meanwhile(state, [f"its status is now '{status}'"], now)
        return NextStep(self._next_look(state, now))

    @staticmethod
    def _went_back(state: MachineState, status_before: str, now: float) -> bool:
        """Whether somebody undid what we started: it was on its way, and two looks in a row show it back where it was.

        One such look may come from a replica that lags. A late start of the transition is not that.
        """
        state.looks_back = state.looks_back + 1 if state.status == status_before else 0
        if state.moving:
            return state.looks_back > 1
        return state.looks_back > 0 and now - state.since >= STANDSTILL

    def _seen_gate(self, state: MachineState, now: float) -> NextStep:
        if state.status == "deleting":
            return self._others_delete(state, now)
        reasons = changes_since(state.decision, state.machine, self._policy, self._facts(), disks_set=state.disks_set)
        if reasons:
            return self._changed_meanwhile(state, reasons, now)
        state.phase = Phase.SET_DISKS if state.decision.disk_changes and not state.disks_set else Phase.DELETE
        return MOVED_ON

    def _seen_check(self, state: MachineState, now: float) -> NextStep:
        """Read back the delete attributes, and with them everything else once more."""
        if state.status == "deleting":
            return self._others_delete(state, now)
        facts = self._facts()
        reasons = changes_since(state.decision, state.machine, self._policy, facts, disks_set=True)
        if not reasons:
            state.unsure = False
            state.phase = Phase.DELETE
            return MOVED_ON
        if not changes_since(state.decision, state.machine, self._policy, facts, disks_set=False):
            if state.unsure:
                return self._repeat(state, Phase.SET_DISKS, now)
            if now - state.since < READ_LAG:
                return NextStep(now + 0.5)
        return self._changed_meanwhile(state, reasons, now)

    def _seen_deleting(self, state: MachineState, now: float) -> NextStep:
        if state.status == "deleting":
            if state.maybe_ours:
                state.delete_accepted, state.unsure, state.maybe_ours = True, False, False
                state.doubt = state.refusal = None
            if state.delete_accepted and not self._timing.wait:
                return self._end(state)
            return NextStep(self._next_look(state, now))
        if state.unsure:
            # The delete did not take effect so far: it may be repeated, through the gate.
            return self._repeat(state, Phase.CHECK_DISKS if state.disks_set else Phase.GATE, now)
        if state.status == "error" and state.decision.status != "error":
            return self._changed_meanwhile(state, ["it went into 'error' while it was deleted"], now)
        return NextStep(self._next_look(state, now))

    def _seen_back(self, state: MachineState, now: float) -> NextStep:
        shown = {disk.disk_id: bool(disk.auto_delete) for disk in state.machine.disks}
        back = all(shown.get(disk_id, value) is value for disk_id, value in disks_to_put_back(state).items())
        if back and not state.machine.unreadable:
            state.disks_set = False
            return self._end(state)
        if now - state.since < READ_LAG:
            return NextStep(now + 0.5)
        return self._put_back_failed(state, now)

    def _at_gate(self, state: MachineState, now: float) -> NextStep:
        """A look shows it stopped: that is the last one before its delete, unless something else has to be read before."""
        following = self._to_gate(state, now)
        return following if self._policy.reads_at_gate else self._seen_gate(state, now)

    def _to_gate(self, state: MachineState, now: float) -> NextStep:
        """Waiting in line for the gate is no transition: it has no deadline."""
        state.begin(Phase.GATE)
        return NextStep(now)

    def _wait_for(self, state: MachineState, phase: Phase, now: float) -> NextStep:
        state.begin(phase)
        state.since = now
        state.deadline = now + self._timing.wait_timeout
        return NextStep(now)

    def _next_look(self, state: MachineState, now: float) -> float:
        durations = {Phase.STOPPING: self.stops, Phase.STARTING: self.starts, Phase.DELETING: self.deletes}
        look_at = durations[state.phase].next_look(state.since, now)
        return look_at if state.deadline is None else min(look_at, max(now, state.deadline))

    def _others_delete(self, state: MachineState, now: float) -> NextStep:
        """It is being deleted: by somebody else, or by an earlier delete of ours whose answer was lost."""
        if state.maybe_ours:
            state.delete_accepted, state.doubt = True, None
        if not self._timing.wait:
            return self._end(state)
        self._wait_for(state, Phase.DELETING, now)
        return NextStep(self._next_look(state, now))


def write_of(state: MachineState, charge_on_stopped: str | None) -> Call[None]:
    """The call that a machine in one of the sending phases waits for."""
    instance_id, changes = state.instance_id, state.decision.disk_changes
    if state.phase is Phase.STOP:
        return vm.stop_instance(instance_id, charge_on_stopped)
    if state.phase is Phase.START:
        return vm.start_instance(instance_id)
    if state.phase is Phase.SET_DISKS:
        return vm.set_disk_auto_delete(instance_id, changes)
    if state.phase is Phase.PUT_BACK:
        return vm.set_disk_auto_delete(instance_id, disks_to_put_back(state))
    return vm.delete_instance(instance_id)


def bulk_look_of(chosen: Sequence[MachineState]) -> Call[Any]:
    """One look at up to a page of machines."""
    return vm.describe_instances(ids=[state.instance_id for state in chosen], page_size=PAGE_SIZE)
