# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What happens to a machine when a call does not end well: read first, repeat what did not take effect, put back, or fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from ..._api.errors import JdcloudError
from ..common.failure import Failure, api_failure
from ..common.timing import READ_LAG, STALE_LOOKS, Timing
from ..common.write_errors import NO_CHARGE_PATIENCE, ErrorMeaning, classify
from ..planning.plan import decide
from ..planning.policy import Facts, Policy
from .state import LOOKED, MachineState, Phase, decided_at, note_unclear, report_unclear

PUT_BACK_TRIES = 3


@dataclass(frozen=True, slots=True)
class NextStep:
    """What to arrange: a look at a time, or a proof of absence (describeInstance), or neither."""

    look_at: float | None = None
    prove_gone: bool = False


MOVED_ON = NextStep()
PROVE_GONE = NextStep(prove_gone=True)
WAITS = {
    Phase.STOP: Phase.STOPPING,
    Phase.START: Phase.STARTING,
    Phase.DELETE: Phase.DELETING,
    Phase.SET_DISKS: Phase.CHECK_DISKS,
    Phase.PUT_BACK: Phase.CHECK_BACK,
}
"""What follows a call: the wait for its effect."""


def disks_to_put_back(state: MachineState) -> Mapping[str, bool]:
    """The delete attributes as they were before we set them, by disk id. One that was not told counts as false.

    As long as a delete may have taken effect, only what keeps a disk is put back: the rest could still destroy one.
    """
    before = {disk.disk_id: bool(disk.auto_delete) for disk in state.decision.disks}
    return {
        disk_id: before[disk_id]
        for disk_id, value in state.decision.disk_changes.items()
        if before[disk_id] is not value and not (state.perhaps_deleted and before[disk_id])
    }


class Recovery:
    """The part of a machine's way that deals with refusals, unclear outcomes and failures."""

    def __init__(self, policy: Policy, timing: Timing, facts: Callable[[], Facts], backoff: Callable[[int], float]) -> None:
        self._policy = policy
        self._timing = timing
        self._facts = facts
        self._backoff = backoff

    def regate(self, state: MachineState, now: float) -> NextStep:
        """The observation is too old to delete by: look again first. Keeps the count of tries."""
        state.phase = Phase.CHECK_DISKS if state.disks_set else Phase.GATE
        state.stale_looks += 1
        if state.stale_looks > STALE_LOOKS:
            message = f"{state.instance_id} was looked at {STALE_LOOKS} times, and its delete never left within seconds of that."
            return self.fail(state, Failure("timeout", message), now)
        return NextStep(now)

    def refused(self, state: MachineState, error: JdcloudError, now: float) -> NextStep:
        """The call of the present phase ended with an error."""
        kind = state.tries.note(error, now)
        if kind is ErrorMeaning.GONE:
            state.tries.count += 1
            return PROVE_GONE
        if kind is ErrorMeaning.UNCLEAR:
            return self._unclear(state, now)
        if kind is ErrorMeaning.THROTTLED:
            return self._again(state, now, self._backoff(0))
        if kind in (ErrorMeaning.BUSY, ErrorMeaning.UNCHARGED) and self._timing.wait:
            return self._not_now(state, kind, error, now)
        return self._fail_with(state, error, now)

    def exists_after_all(self, state: MachineState, now: float) -> NextStep:
        """A write was answered 404, but a single read shows the machine: something else was not found, or a replica lags."""
        error = state.tries.last_error
        if error is None:
            return NextStep(now)
        if state.phase is Phase.DELETE and state.tries.count <= self._timing.retries:
            return self._again(state, now, self._backoff(state.tries.count - 1))
        return self._fail_with(state, error, now)

    def overdue(self, state: MachineState, now: float) -> NextStep | None:
        """What follows if the present wait has run out, else None. One that bulk answers already miss is asked for by itself."""
        if state.deadline is None or now < state.deadline:
            return None
        if state.absent_at is not None:
            state.deadline = None
            return PROVE_GONE
        return self._timed_out(state, now - state.since, None, now)

    def fail(self, state: MachineState, failure: Failure, now: float, *, blind: bool = False) -> NextStep:
        """The machine failed. Delete attributes that we changed are put back first.

        Before that it is read what came of a call with an unclear end, unless `blind`: it cannot be read, or not any longer.
        """
        if state.phase in (Phase.PUT_BACK, Phase.CHECK_BACK):
            return self._put_back_failed(state, now)
        if state.doubt is not None and not blind:
            return self._look_back(state, failure, now)
        state.failure = state.failure or state.refusal or failure
        if state.disks_set and not state.delete_accepted and not state.gone:
            if disks_to_put_back(state):
                state.begin(Phase.PUT_BACK)
                return MOVED_ON
            if not state.perhaps_deleted:
                state.disks_set = False
            else:
                state.failure = replace(state.failure, message=state.failure.message + self._changed_disks(state))
        return self._end(state)

    def abandon(self, state: MachineState, failure: Failure) -> None:
        """No further call can be made for the machine."""
        state.failure = state.failure or state.refusal or failure
        if state.disks_set and not state.delete_accepted:
            state.failure = replace(state.failure, message=state.failure.message + self._changed_disks(state))
        report_unclear(state)
        state.phase = Phase.ENDED

    def came_late(self, state: MachineState, phase: Phase, error: JdcloudError | None, now: float) -> None:
        """A call of `phase` ended when its machine had been given up. `error` None: it was accepted."""
        if error is not None and classify(error) is ErrorMeaning.UNCLEAR:
            note_unclear(state, phase, now)
        if phase is Phase.SET_DISKS and state.failure is not None and (error is None or error.unclear):
            state.disks_set = True
            text = self._changed_disks(state)
            if text not in state.failure.message:
                state.failure = replace(state.failure, message=state.failure.message + text)
        report_unclear(state)

    @staticmethod
    def lost(state: MachineState, now: float) -> None:
        """The answer to a call that is under way will never come."""
        if state.sending is not None:
            note_unclear(state, state.sending, now)
            state.disks_set = state.disks_set or state.sending is Phase.SET_DISKS

    def _not_now(self, state: MachineState, kind: ErrorMeaning, error: JdcloudError, now: float) -> NextStep:
        waited = state.tries.refused_for(now)
        patience = self._timing.wait_timeout
        if kind is ErrorMeaning.UNCHARGED:
            patience = min(patience, NO_CHARGE_PATIENCE)
        if waited >= patience:
            return self._timed_out(state, waited, error, now)
        state.tries.count += 1
        return self._again(state, now, min(self._backoff(state.tries.count), self._timing.poll_interval))

    def _unclear(self, state: MachineState, now: float) -> NextStep:
        """Read first. Whether the call may be repeated is decided when the read shows that it did not take effect."""
        state.tries.count += 1
        if state.phase is Phase.SET_DISKS:
            # It may have taken effect: from here on the attributes count as ours to put back.
            state.disks_set = True
        state.delete_sent = state.delete_sent or state.phase is Phase.DELETE
        note_unclear(state, state.phase, now)
        state.phase = WAITS[state.phase]
        state.unsure = True
        state.maybe_ours = state.phase in (Phase.STOPPING, Phase.STARTING, Phase.DELETING)
        state.moving = False
        state.since = now
        if state.phase is not Phase.CHECK_DISKS:
            state.deadline = now + self._timing.wait_timeout
        return NextStep(now + self._backoff(state.tries.count - 1))

    def _repeat(self, state: MachineState, phase: Phase, now: float) -> NextStep:
        """A read shows that a call with an unclear end, or a refused one, did not take effect: send it again, within limits.

        Before it counts as failed, a read must show so that no lagging replica can have answered.
        """
        error = state.tries.last_error
        if state.refusal is not None:
            return self.fail(state, state.refusal, now)
        if error is not None and state.tries.unclear_too_often(self._timing.retries):
            return self._fail_with(state, error, now)
        if phase in (Phase.STOP, Phase.START):
            blockers = decide(state.machine, self._policy, self._facts()).blockers
            if blockers:
                return self._changed_meanwhile(state, [blocker.message for blocker in blockers], now)
        state.phase = phase
        state.deadline = None
        state.maybe_ours = False
        return NextStep(now) if phase in LOOKED else MOVED_ON

    def _look_back(self, state: MachineState, failure: Failure, now: float) -> NextStep:
        """What failed now may be due to a call that took effect after all: read until that is known."""
        first = state.refusal is None
        state.refusal = state.refusal or failure
        if state.doubt is not None:
            state.phase = WAITS[state.doubt]
        state.unsure = True
        state.moving = False
        if first:
            state.since = now
            state.deadline = now + max(self._timing.wait_timeout, 2 * READ_LAG)
            return NextStep(now + self._backoff(1))
        return NextStep(max(now, decided_at(state)))

    def _again(self, state: MachineState, now: float, pause: float) -> NextStep:
        """Repeat the call later. A delete goes through the gate again; a refused stop or start is looked at first."""
        if state.phase in (Phase.STOP, Phase.START) and state.tries.refused_since is not None:
            state.phase = Phase.STOPPING if state.phase is Phase.STOP else Phase.STARTING
            state.unsure = True
            state.moving = False
            state.since = now
            state.deadline = state.tries.refused_since + self._timing.wait_timeout
        elif state.phase in (Phase.DELETE, Phase.SET_DISKS):
            state.phase = Phase.CHECK_DISKS if state.disks_set else Phase.GATE
        return NextStep(now + pause)

    def _put_back_failed(self, state: MachineState, now: float) -> NextStep:
        state.put_back_tries += 1
        if state.put_back_tries < PUT_BACK_TRIES:
            state.phase = Phase.PUT_BACK
            return NextStep(now + self._backoff(state.put_back_tries))
        if state.failure is not None:
            state.failure = replace(state.failure, message=state.failure.message + self._changed_disks(state))
        return self._end(state)

    @staticmethod
    def _changed_disks(state: MachineState) -> str:
        disks = ", ".join(f"{disk_id}={str(value).lower()}" for disk_id, value in state.decision.disk_changes.items())
        return f" The changed delete attribute of its disks was not put back as far as is known ({disks}): set it by hand."

    def _fail_with(self, state: MachineState, error: JdcloudError, now: float) -> NextStep:
        return self.fail(state, api_failure(error), now)

    def _changed_meanwhile(self, state: MachineState, reasons: list[str], now: float) -> NextStep:
        message = f"{state.instance_id} changed since it was checked: {'; '.join(reasons)}"
        return self.fail(state, Failure("changed_meanwhile", message if message.endswith(".") else message + "."), now)

    def _timed_out(self, state: MachineState, waited: float, error: JdcloudError | None, now: float) -> NextStep:
        message = f"{state.instance_id} hangs in '{state.status}' for {waited:.0f} s, longer than wait_timeout allows."
        if error is not None:
            message = f"{state.instance_id} is in '{state.status}', and the service refused for {waited:.0f} s: {error}"
        return self.fail(state, Failure("timeout", message, error), now, blind=True)

    @staticmethod
    def _end(state: MachineState) -> NextStep:
        report_unclear(state)
        state.phase = Phase.ENDED
        return MOVED_ON
