# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What happens to a machine when a call does not end well: read first, repeat what did not take effect, put back, or fail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ..._api.errors import JdcloudError
from ..common.failure import NO_CHARGE_PATIENCE, ErrorMeaning, Failure, api_failure, classify
from ..common.timing import READ_LAG, STALE_LOOKS, Timing
from ..planning.plan import decide
from ..planning.policy import Facts, Policy
from .state import LOOKED, MachineState, Phase, UnclearCall

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


@dataclass(frozen=True, slots=True)
class Rules:
    """What the way of a machine depends on. `facts` gives the facts as of now, `backoff` the wait after so many failed tries."""

    policy: Policy
    timing: Timing
    facts: Callable[[], Facts]
    backoff: Callable[[int], float]


class FailedCalls:
    """Deals with refusals, unclear outcomes and failures. Each method changes the phase and returns what to arrange for it."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._timing = rules.timing
        self._backoff = rules.backoff

    def regate(self, state: MachineState, now: float) -> NextStep:
        """The observation is too old to delete by: look again first. Keeps the count of tries."""
        state.phase = Phase.CHECK_DISKS if state.disks_set else Phase.GATE
        state.attempt.stale_looks += 1
        if state.attempt.stale_looks > STALE_LOOKS:
            message = (
                f"{STALE_LOOKS} observations of {state.instance_id} expired before the delete could be sent: raise "
                "api_rate_limit, or run again when the service responds faster."
            )
            return self.fail(state, Failure("timeout", message), now)
        return NextStep(now)

    def refused(self, state: MachineState, error: JdcloudError, now: float) -> NextStep:
        """The call of the present phase ended with an error."""
        kind = state.attempt.tries.note(error, now)
        if kind is ErrorMeaning.GONE:
            state.attempt.tries.count += 1
            return PROVE_GONE
        if kind is ErrorMeaning.UNCLEAR:
            return self._unclear(state, now)
        if kind is ErrorMeaning.THROTTLED:
            return self._again(state, now, self._backoff(0))
        if kind in (ErrorMeaning.BUSY, ErrorMeaning.UNCHARGED) and self._timing.wait:
            return self._not_now(state, kind, error, now)
        return self.fail(state, api_failure(error), now)

    def exists_after_all(self, state: MachineState, now: float) -> NextStep:
        """A write was answered 404, but a single read shows the machine: something else was not found, or a replica lags."""
        tries = state.attempt.tries
        if tries.last_error is None:
            return NextStep(now)
        if state.phase is Phase.DELETE and tries.count <= self._timing.retries:
            return self._again(state, now, self._backoff(tries.count - 1))
        return self.fail(state, api_failure(tries.last_error), now)

    def overdue(self, state: MachineState, now: float) -> NextStep | None:
        """What follows if the present wait has run out, else None. One that bulk answers already miss is asked for by itself."""
        attempt = state.attempt
        if attempt.deadline is None or now < attempt.deadline:
            return None
        if attempt.absent_at is not None:
            attempt.deadline = None
            return PROVE_GONE
        return self._timed_out(state, now - attempt.since, None, now)

    def fail(self, state: MachineState, failure: Failure, now: float, *, blind: bool = False) -> NextStep:
        """The machine failed. Delete attributes that we changed are put back first.

        Before that it is read what came of a call with an unclear end, unless `blind`: it cannot be read, or not any longer.
        """
        if state.phase in (Phase.PUT_BACK, Phase.CHECK_BACK):
            return self.put_back_failed(state, now)
        if state.unclear is not None and not blind:
            return self._look_back(state, state.unclear, failure, now)
        state.failure = state.failure or state.attempt.refusal or failure
        if state.disks_set and not state.delete_accepted and not state.gone:
            if state.disks_to_put_back:
                state.begin(Phase.PUT_BACK)
                return MOVED_ON
            if not state.perhaps_deleted:
                state.disks_set = False
            else:
                _report_changed_disks(state)
        state.end()
        return MOVED_ON

    def abandon(self, state: MachineState, failure: Failure) -> None:
        """No further call can be made for the machine."""
        state.failure = state.failure or state.attempt.refusal or failure
        if state.disks_set and not state.delete_accepted:
            _report_changed_disks(state)
        state.end()

    def came_late(self, state: MachineState, phase: Phase, error: JdcloudError | None, now: float) -> None:
        """A call of `phase` ended when its machine had been given up. `error` None: it was accepted."""
        if error is not None and classify(error) is ErrorMeaning.UNCLEAR:
            state.note_unclear(phase, now)
        if phase is Phase.SET_DISKS and state.failure is not None and (error is None or error.unclear):
            state.disks_set = True
            _report_changed_disks(state)
        state.report_unclear()

    @staticmethod
    def lost(state: MachineState, now: float) -> None:
        """The answer to a call that is under way will never come."""
        if state.sending is not None:
            state.note_unclear(state.sending, now)
            state.disks_set = state.disks_set or state.sending is Phase.SET_DISKS

    def repeat(self, state: MachineState, phase: Phase, now: float) -> NextStep:
        """A read shows that a call with an unclear end, or a refused one, did not take effect: send it again, within limits.

        Before it counts as failed, a read must show so that no lagging replica can have answered.
        """
        attempt = state.attempt
        if attempt.refusal is not None:
            return self.fail(state, attempt.refusal, now)
        if attempt.tries.unclear_too_often(self._timing.retries):
            return self.fail(state, api_failure(attempt.tries.last_error), now)
        if phase in (Phase.STOP, Phase.START):
            blockers = decide(state.machine, self._rules.policy, self._rules.facts()).blockers
            if blockers:
                return self.changed_meanwhile(state, [blocker.message for blocker in blockers], now)
        state.phase = phase
        attempt.deadline = None
        attempt.maybe_ours = False
        return NextStep(now) if phase in LOOKED else MOVED_ON

    def put_back_failed(self, state: MachineState, now: float) -> NextStep:
        """The delete attributes that were to be put back do not show as they were: try again, a few times."""
        state.put_back_tries += 1
        if state.put_back_tries < PUT_BACK_TRIES:
            state.phase = Phase.PUT_BACK
            return NextStep(now + self._backoff(state.put_back_tries))
        _report_changed_disks(state)
        state.end()
        return MOVED_ON

    def changed_meanwhile(self, state: MachineState, reasons: Sequence[str], now: float) -> NextStep:
        """The machine is not any more as the plan saw it."""
        message = f"{state.instance_id} changed since it was checked: {'; '.join(reasons)}"
        return self.fail(state, Failure("changed_meanwhile", message if message.endswith(".") else message + "."), now)

    def _not_now(self, state: MachineState, kind: ErrorMeaning, error: JdcloudError, now: float) -> NextStep:
        tries = state.attempt.tries
        waited = tries.refused_for(now)
        patience = self._timing.wait_timeout
        if kind is ErrorMeaning.UNCHARGED:
            patience = min(patience, NO_CHARGE_PATIENCE)
        if waited >= patience:
            return self._timed_out(state, waited, error, now)
        tries.count += 1
        return self._again(state, now, min(self._backoff(tries.count), self._timing.poll_interval))

    def _unclear(self, state: MachineState, now: float) -> NextStep:
        """Read first. Whether the call may be repeated is decided when the read shows that it did not take effect."""
        attempt = state.attempt
        attempt.tries.count += 1
        # It may have taken effect: from here on the attributes count as ours to put back.
        state.disks_set = state.disks_set or state.phase is Phase.SET_DISKS
        state.delete_sent = state.delete_sent or state.phase is Phase.DELETE
        attempt.maybe_ours = state.phase in (Phase.STOP, Phase.START, Phase.DELETE)
        state.note_unclear(state.phase, now)
        deadline = attempt.deadline if state.phase is Phase.SET_DISKS else now + self._timing.wait_timeout
        self._wait_unsure(state, WAITS[state.phase], now, deadline)
        return NextStep(now + self._backoff(attempt.tries.count - 1))

    def _look_back(self, state: MachineState, unclear: UnclearCall, failure: Failure, now: float) -> NextStep:
        """What failed now may be due to a call that took effect after all: read until that is known."""
        attempt = state.attempt
        phase = WAITS[unclear.phase]
        if attempt.refusal is None:
            attempt.refusal = failure
            self._wait_unsure(state, phase, now, now + max(self._timing.wait_timeout, 2 * READ_LAG))
            return NextStep(now + self._backoff(1))
        self._wait_unsure(state, phase, attempt.since, attempt.deadline)
        return NextStep(max(now, unclear.decided_at))

    def _again(self, state: MachineState, now: float, pause: float) -> NextStep:
        """Repeat the call later. A delete goes through the gate again; a refused stop or start is looked at first."""
        refused_since = state.attempt.tries.refused_since
        if state.phase in (Phase.STOP, Phase.START) and refused_since is not None:
            self._wait_unsure(state, WAITS[state.phase], now, refused_since + self._timing.wait_timeout)
        elif state.phase in (Phase.DELETE, Phase.SET_DISKS):
            state.phase = Phase.CHECK_DISKS if state.disks_set else Phase.GATE
        return NextStep(now + pause)

    @staticmethod
    def _wait_unsure(state: MachineState, phase: Phase, since: float, deadline: float | None) -> None:
        """Wait in `phase`, of which no one knows whether it has begun; the attempt goes on."""
        state.phase = phase
        attempt = state.attempt
        attempt.unsure, attempt.moving = True, False
        attempt.since, attempt.deadline = since, deadline

    def _timed_out(self, state: MachineState, waited: float, error: JdcloudError | None, now: float) -> NextStep:
        limit = self._timing.limit
        message = f"{state.instance_id} is still in '{state.status}' after {waited:.0f} s, longer than {limit} allows."
        if error is not None:
            message = f"{state.instance_id} is in '{state.status}', and the service refused for {waited:.0f} s: {error}"
        return self.fail(state, Failure("timeout", message, error), now, blind=True)


def _report_changed_disks(state: MachineState) -> None:
    """Let a failure say that delete attributes stay changed. Once is enough."""
    disks = ", ".join(f"{disk_id}={str(value).lower()}" for disk_id, value in state.decision.disk_changes.items())
    text = f" The delete attribute of its disks was changed and probably not reset ({disks}): set it manually."
    if state.failure is not None and text not in state.failure.message:
        state.failure = replace(state.failure, message=state.failure.message + text)
