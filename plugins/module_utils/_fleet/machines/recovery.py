# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What happens to a machine when a call does not end well: read first, repeat what did not take effect, put back, or fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from ..._api.errors import JdcloudError
from ..common.failure import Failure
from ..common.timing import LAG, STALE_LOOKS, THROTTLE_PATIENCE, Timing
from ..common.write_errors import NO_CHARGE_PATIENCE, Verdict, verdict
from ..planning.plan import decide
from ..planning.policy import Facts, Policy
from .state import LOOKED, Phase, Track
from .unclear import decided_at, note_unclear, tell

PUT_BACK_TRIES = 3


@dataclass(frozen=True, slots=True)
class Next:
    """What to arrange: a look at a time, or a proof of absence (describeInstance), or neither."""

    look_at: float | None = None
    prove_gone: bool = False


MOVED_ON = Next()
PROVE_GONE = Next(prove_gone=True)
WAITS = {
    Phase.STOP: Phase.STOPPING,
    Phase.START: Phase.STARTING,
    Phase.DELETE: Phase.DELETING,
    Phase.SET_DISKS: Phase.CHECK_DISKS,
    Phase.PUT_BACK: Phase.CHECK_BACK,
}
"""What follows a call: the wait for its effect."""


def to_put_back(track: Track) -> Mapping[str, bool]:
    """The delete attributes as they were before we set them, by disk id. One that was not told counts as false.

    As long as a delete may have taken effect, only what keeps a disk is put back: the rest could still destroy one.
    """
    before = {disk.disk_id: bool(disk.auto_delete) for disk in track.decision.disks}
    return {
        disk_id: before[disk_id]
        for disk_id, value in track.decision.disk_changes.items()
        if before[disk_id] is not value and not (track.perhaps_deleted and before[disk_id])
    }


class Setbacks:
    """The part of a machine's course that deals with refusals, unclear outcomes and failures."""

    def __init__(self, policy: Policy, timing: Timing, facts: Callable[[], Facts], backoff: Callable[[int], float]) -> None:
        self._policy = policy
        self._timing = timing
        self._facts = facts
        self._backoff = backoff

    def regate(self, track: Track, now: float) -> Next:
        """The observation is too old to delete by: look again first. Keeps the count of tries."""
        track.phase = Phase.CHECK_DISKS if track.disks_set else Phase.GATE
        track.stale_looks += 1
        if track.stale_looks > STALE_LOOKS:
            message = f"{track.instance_id} was looked at {STALE_LOOKS} times, and its delete never left within seconds of that."
            return self.fail(track, Failure("timeout", message), now)
        return Next(now)

    def refused(self, track: Track, error: JdcloudError, now: float) -> Next:
        """The call of the present phase ended with an error."""
        kind = verdict(error)
        track.last_error = error
        if kind is not Verdict.THROTTLED:
            track.throttled_since = None
        if kind is Verdict.GONE:
            track.tries += 1
            return PROVE_GONE
        if kind is Verdict.UNCLEAR:
            return self._unclear(track, now)
        if kind is Verdict.THROTTLED:
            track.throttled_since = track.throttled_since or now
            if now - track.throttled_since < THROTTLE_PATIENCE:
                return self._again(track, now, self._backoff(0))
        elif kind in (Verdict.BUSY, Verdict.UNCHARGED) and self._timing.wait:
            return self._not_now(track, kind, error, now)
        return self._fail_with(track, error, now)

    def exists_after_all(self, track: Track, now: float) -> Next:
        """A write was answered 404, but a single read shows the machine: something else was not found, or a replica lags."""
        error = track.last_error
        if error is None:
            return Next(now)
        if track.phase is Phase.DELETE and track.tries <= self._timing.retries:
            return self._again(track, now, self._backoff(track.tries - 1))
        return self._fail_with(track, error, now)

    def overdue(self, track: Track, now: float) -> Next | None:
        """What follows if the present wait has run out, else None. One that bulk answers already miss is asked for by itself."""
        if track.deadline is None or now < track.deadline:
            return None
        if track.absent_at is not None:
            track.deadline = None
            return PROVE_GONE
        return self._timed_out(track, now - track.since, None, now)

    def fail(self, track: Track, failure: Failure, now: float, *, blind: bool = False) -> Next:
        """The machine failed. Delete attributes that we changed are put back first.

        Before that it is read what came of a call with an unclear end, unless `blind`: it cannot be read, or not any longer.
        """
        if track.phase in (Phase.PUT_BACK, Phase.CHECK_BACK):
            return self._put_back_failed(track, now)
        if track.doubt is not None and not blind:
            return self._look_back(track, failure, now)
        track.failure = track.failure or track.refusal or failure
        if track.disks_set and not track.delete_accepted and not track.gone:
            if to_put_back(track):
                track.begin(Phase.PUT_BACK)
                return MOVED_ON
            if not track.perhaps_deleted:
                track.disks_set = False
            else:
                track.failure = replace(track.failure, message=track.failure.message + self._changed_disks(track))
        return self._end(track)

    def abandon(self, track: Track, failure: Failure) -> None:
        """No further call can be made for the machine."""
        track.failure = track.failure or track.refusal or failure
        if track.disks_set and not track.delete_accepted:
            track.failure = replace(track.failure, message=track.failure.message + self._changed_disks(track))
        tell(track)
        track.phase = Phase.ENDED

    def came_late(self, track: Track, phase: Phase, error: JdcloudError | None, now: float) -> None:
        """A call of `phase` ended when its machine had been given up. `error` None: it was accepted."""
        if error is not None and verdict(error) is Verdict.UNCLEAR:
            note_unclear(track, phase, now)
        if phase is Phase.SET_DISKS and track.failure is not None and (error is None or error.unclear):
            track.disks_set = True
            told = self._changed_disks(track)
            if told not in track.failure.message:
                track.failure = replace(track.failure, message=track.failure.message + told)
        tell(track)

    @staticmethod
    def lost(track: Track, now: float) -> None:
        """The answer to a call that is under way will never come."""
        if track.sending is not None:
            note_unclear(track, track.sending, now)
            track.disks_set = track.disks_set or track.sending is Phase.SET_DISKS

    def _not_now(self, track: Track, kind: Verdict, error: JdcloudError, now: float) -> Next:
        track.refused_since = now if track.refused_since is None else track.refused_since
        waited = now - track.refused_since
        patience = self._timing.wait_timeout
        if kind is Verdict.UNCHARGED:
            patience = min(patience, NO_CHARGE_PATIENCE)
        if waited >= patience:
            return self._timed_out(track, waited, error, now)
        track.tries += 1
        return self._again(track, now, min(self._backoff(track.tries), self._timing.poll_interval))

    def _unclear(self, track: Track, now: float) -> Next:
        """Read first. Whether the call may be repeated is decided when the read shows that it did not take effect."""
        track.tries += 1
        if track.phase is Phase.SET_DISKS:
            # It may have taken effect: from here on the attributes count as ours to put back.
            track.disks_set = True
        track.delete_sent = track.delete_sent or track.phase is Phase.DELETE
        note_unclear(track, track.phase, now)
        track.phase = WAITS[track.phase]
        track.unsure = True
        track.maybe_ours = track.phase in (Phase.STOPPING, Phase.STARTING, Phase.DELETING)
        track.moving = False
        track.since = now
        if track.phase is not Phase.CHECK_DISKS:
            track.deadline = now + self._timing.wait_timeout
        return Next(now + self._backoff(track.tries - 1))

    def _repeat(self, track: Track, phase: Phase, now: float) -> Next:
        """A read shows that a call with an unclear end, or a refused one, did not take effect: send it again, within limits.

        Before it counts as failed, a read must show so that no lagging replica can have answered.
        """
        error = track.last_error
        if track.refusal is not None:
            return self.fail(track, track.refusal, now)
        if error is not None and verdict(error) is Verdict.UNCLEAR and track.tries > self._timing.retries:
            return self._fail_with(track, error, now)
        if phase in (Phase.STOP, Phase.START):
            blockers = decide(track.machine, self._policy, self._facts()).blockers
            if blockers:
                return self._changed_meanwhile(track, [blocker.message for blocker in blockers], now)
        track.phase = phase
        track.deadline = None
        track.maybe_ours = False
        return Next(now) if phase in LOOKED else MOVED_ON

    def _look_back(self, track: Track, failure: Failure, now: float) -> Next:
        """What failed now may be due to a call that took effect after all: read until that is known."""
        first = track.refusal is None
        track.refusal = track.refusal or failure
        if track.doubt is not None:
            track.phase = WAITS[track.doubt]
        track.unsure = True
        track.moving = False
        if first:
            track.since = now
            track.deadline = now + max(self._timing.wait_timeout, 2 * LAG)
            return Next(now + self._backoff(1))
        return Next(max(now, decided_at(track)))

    def _again(self, track: Track, now: float, pause: float) -> Next:
        """Repeat the call later. A delete goes through the gate again; a refused stop or start is looked at first."""
        if track.phase in (Phase.STOP, Phase.START) and track.refused_since is not None:
            track.phase = Phase.STOPPING if track.phase is Phase.STOP else Phase.STARTING
            track.unsure = True
            track.moving = False
            track.since = now
            track.deadline = track.refused_since + self._timing.wait_timeout
        elif track.phase in (Phase.DELETE, Phase.SET_DISKS):
            track.phase = Phase.CHECK_DISKS if track.disks_set else Phase.GATE
        return Next(now + pause)

    def _put_back_failed(self, track: Track, now: float) -> Next:
        track.put_back_tries += 1
        if track.put_back_tries < PUT_BACK_TRIES:
            track.phase = Phase.PUT_BACK
            return Next(now + self._backoff(track.put_back_tries))
        if track.failure is not None:
            track.failure = replace(track.failure, message=track.failure.message + self._changed_disks(track))
        return self._end(track)

    @staticmethod
    def _changed_disks(track: Track) -> str:
        disks = ", ".join(f"{disk_id}={str(value).lower()}" for disk_id, value in track.decision.disk_changes.items())
        return f" The changed delete attribute of its disks was not put back as far as is known ({disks}): set it by hand."

    def _fail_with(self, track: Track, error: JdcloudError, now: float) -> Next:
        return self.fail(track, Failure("api", str(error), error), now)

    def _changed_meanwhile(self, track: Track, reasons: list[str], now: float) -> Next:
        message = f"{track.instance_id} changed since it was checked: {'; '.join(reasons)}"
        return self.fail(track, Failure("changed_meanwhile", message if message.endswith(".") else message + "."), now)

    def _timed_out(self, track: Track, waited: float, error: JdcloudError | None, now: float) -> Next:
        message = f"{track.instance_id} hangs in '{track.status}' for {waited:.0f} s, longer than wait_timeout allows."
        if error is not None:
            message = f"{track.instance_id} is in '{track.status}', and the service refused for {waited:.0f} s: {error}"
        return self.fail(track, Failure("timeout", message, error), now, blind=True)

    @staticmethod
    def _end(track: Track) -> Next:
        tell(track)
        track.phase = Phase.ENDED
        return MOVED_ON
