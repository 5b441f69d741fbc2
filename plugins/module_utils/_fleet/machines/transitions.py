# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a machine moves on: each observation, acceptance or refusal leads to its next phase. Sends nothing itself.

Every method changes the track's phase and returns what the engine has to arrange for it: a look at a certain time, a
proof that the machine is gone, or nothing (the new phase is one that waits for a slot to send in, or the end).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ..._api.model.instance import TRANSITIONAL, Instance
from ..common.duration_estimate import Duration
from ..common.failure import Failure
from ..common.timing import LAG, Timing
from ..planning.plan import changes_since, decide
from ..planning.policy import Facts, Policy
from .recovery import MOVED_ON, PROVE_GONE, Next, Setbacks, to_put_back
from .state import AHEAD, LOOKED, Phase, Track
from .unclear import note_read

ABSENCE_GAP = 0.3
"""Seconds between two absences from bulk answers that together prove that a machine is gone."""
STANDSTILL = 60.0
"""Seconds for which an accepted stop or start may show no sign of having begun."""
DOUBTS = 5
"""How often bulk answers may leave out a machine that a single read shows."""
AHEAD_MIN = 100
AHEAD_SECONDS = 3.0
"""Stops run ahead of deletes by the time a stop takes and this much more."""
UNKNOWN_STOP_SECONDS = 2.0
STUCK_FACTOR = 3.0
"""A stop that takes this many times the usual time, and some seconds more, is not waited for by the stops of others."""


class Course(Setbacks):
    """The rules of the way. `facts` gives the facts as of now."""

    def __init__(self, policy: Policy, timing: Timing, facts: Callable[[], Facts], backoff: Callable[[int], float]) -> None:
        super().__init__(policy, timing, facts, backoff)
        self.stops = Duration(timing.poll_interval)
        self.starts = Duration(timing.poll_interval)
        self.deletes = Duration(timing.poll_interval)

    def start(self, track: Track, now: float) -> Next:
        """The first phase of a machine with something to do, or that is being deleted by somebody else."""
        steps = track.decision.steps
        if "stop" in steps:
            track.begin(Phase.STOP)
        elif "start" in steps:
            track.begin(Phase.START)
        elif "delete" in steps:
            return self._to_gate(track, now)
        elif track.status == "deleting" and self._timing.wait:
            return self._wait_for(track, Phase.DELETING, now)
        else:
            track.phase = Phase.ENDED
        return MOVED_ON

    def refresh(self, track: Track, now: float) -> Next:
        """The plan is too old to stop or start by: look again first."""
        track.look_between(Phase.REFRESH)
        return Next(now)

    def accepted(self, track: Track, now: float) -> Next:
        """The service accepted the call of the present phase."""
        phase = track.phase
        if phase is Phase.SET_DISKS:
            track.begin(Phase.CHECK_DISKS)
            track.since = now
            return Next(now)
        if phase is Phase.PUT_BACK:
            return self._wait_for(track, Phase.CHECK_BACK, now)
        if not self._timing.wait:
            return self._end(track)
        waits = {Phase.STOP: Phase.STOPPING, Phase.START: Phase.STARTING}
        self._wait_for(track, waits.get(phase, Phase.DELETING), now)
        return Next(self._next_look(track, now))

    def learn(self, tracks: Sequence[Track], rows: Mapping[str, Instance], looked_at: float) -> None:
        """Tell the estimates which transitions had ended at which age."""
        ways = (
            (self.stops, Phase.STOPPING, "stopping", "stopped"),
            (self.starts, Phase.STARTING, "starting", "running"),
            (self.deletes, Phase.DELETING, "deleting", None),
        )
        for duration, phase, during, end in ways:
            watched = [track for track in tracks if track.phase is phase and not track.unsure and track.absent_at is None]
            shown = {
                track.instance_id: rows[track.instance_id].status if track.instance_id in rows else None for track in watched
            }
            duration.learn(
                [looked_at - track.since for track in watched if shown[track.instance_id] == end],
                [looked_at - track.since for track in watched if shown[track.instance_id] == during],
            )

    def is_stuck(self, track: Track, now: float) -> bool:
        """One that hangs, or is refused for now, must not hold up the stops of others."""
        if track.phase not in AHEAD:
            return False
        expected = self.stops.expected
        hangs = track.phase is Phase.STOPPING and expected is not None and now - track.since > STUCK_FACTOR * expected + LAG
        return hangs or track.refused_since is not None

    def stops_ahead(self, rate: float) -> float:
        """How many machines may be stopped and not deleted, at so many calls in a second."""
        expected = self.stops.expected
        seconds = (UNKNOWN_STOP_SECONDS if expected is None else expected) + AHEAD_SECONDS
        return max(AHEAD_MIN, rate * seconds)

    @staticmethod
    def note_effect(track: Track, phase: Phase) -> None:
        """The service accepted the call of `phase`: remember that it was us, whatever comes next."""
        if phase is track.doubt:
            track.doubt = None
        if phase is Phase.STOP:
            track.stopped_by_us, track.status = True, "stopping"
        elif phase is Phase.START:
            track.started_by_us, track.status = True, "starting"
        elif phase is Phase.SET_DISKS:
            track.disks_set = True
        elif phase is Phase.DELETE:
            track.delete_accepted, track.status = True, "deleting"

    def seen(self, track: Track, machine: Instance, sent_at: float, now: float, *, in_bulk: bool = True) -> Next:
        """An observation, asked for at `sent_at`. Only one from a bulk answer may open the gate."""
        track.machine = machine
        track.status = machine.status
        track.absent_at = None
        track.shown_by_ids = track.shown_by_ids or in_bulk
        note_read(track, sent_at)
        if not in_bulk and track.phase not in LOOKED:
            return self.exists_after_all(track, now)
        if not in_bulk and track.phase is not Phase.DELETING:
            track.doubts += 1
            if track.doubts > DOUBTS:
                message = (
                    f"{track.instance_id} is left out by describeInstances, but describeInstance shows it: it cannot be judged."
                )
                return self.fail(track, Failure("api", message), now)
            return Next(now + self._backoff(track.doubts - 1))
        track.observed_at = sent_at
        react = {
            Phase.REFRESH: self._seen_refresh,
            Phase.STOPPING: self._seen_stopping,
            Phase.STARTING: self._seen_starting,
            Phase.GATE: self._seen_gate,
            Phase.CHECK_DISKS: self._seen_check,
            Phase.DELETING: self._seen_deleting,
            Phase.CHECK_BACK: self._seen_back,
        }
        return react[track.phase](track, now)

    def absent(self, track: Track, sent_at: float, received_at: float) -> Next:
        """A complete bulk answer by ids does not show the machine."""
        if track.phase is not Phase.DELETING or not track.delete_accepted or track.unsure or not track.shown_by_ids:
            return PROVE_GONE
        if track.absent_at is None:
            track.absent_at = received_at
            return Next(received_at + ABSENCE_GAP)
        if sent_at - track.absent_at < ABSENCE_GAP:
            return Next(track.absent_at + ABSENCE_GAP)
        return self.proved_gone(track, received_at)

    def proved_gone(self, track: Track, now: float) -> Next:
        """describeInstance answered 404 NOT_FOUND, or two bulk answers proved the absence after our delete."""
        if track.maybe_ours and track.phase in (Phase.DELETING, Phase.GATE, Phase.CHECK_DISKS, Phase.DELETE):
            # The delete with the lost answer took effect.
            track.delete_accepted = True
        track.gone = True
        track.doubt = None
        track.status = "absent"
        track.phase = Phase.ENDED
        if self._policy.state != "absent":
            track.failure = Failure("vanished", f"{track.instance_id} disappeared while it was to become {self._policy.state}.")
        return MOVED_ON

    def _seen_refresh(self, track: Track, now: float) -> Next:
        if track.status == "deleting" and self._policy.state == "absent":
            return self._others_delete(track, now)
        fresh = decide(track.machine, self._policy, self._facts())
        if fresh.blockers:
            return self._changed_meanwhile(track, [blocker.message for blocker in fresh.blockers], now)
        if "stop" in fresh.steps or "start" in fresh.steps:
            track.look_between(Phase.STOP if "stop" in fresh.steps else Phase.START)
            return MOVED_ON
        if "delete" in fresh.steps:
            # Somebody else stopped it.
            return self._at_gate(track, now)
        return self._end(track)

    def _seen_stopping(self, track: Track, now: float) -> Next:
        status = track.status
        if status in ("stopping", "stopped", "error") and (track.maybe_ours or track.doubt is Phase.STOP):
            # The stop with the lost answer took effect. One that failed ends in 'error'.
            track.stopped_by_us, track.unsure, track.maybe_ours = True, False, False
            track.doubt = track.refusal = None
        if status == "stopped" or (status == "stopping" and not self._timing.wait):
            if self._policy.state == "stopped":
                return self._end(track)
            return self._at_gate(track, now)
        if status == "running" and track.unsure:
            return self._repeat(track, Phase.STOP, now)
        if status == "deleting" and self._policy.state == "absent":
            # What may be ours is a stop with a lost answer, and no delete.
            track.maybe_ours = False
            return self._others_delete(track, now)
        track.moving = track.moving or status == "stopping"
        if self._went_back(track, "running", now) or status in TRANSITIONAL - {"stopping"} | {"error"}:
            return self._changed_meanwhile(track, [f"its status is now '{status}'"], now)
        return Next(self._next_look(track, now))

    def _seen_starting(self, track: Track, now: float) -> Next:
        status = track.status
        if status in ("starting", "running", "error") and (track.maybe_ours or track.doubt is Phase.START):
            track.started_by_us, track.unsure, track.maybe_ours = True, False, False
            track.doubt = track.refusal = None
        if status == "running" or (status == "starting" and not self._timing.wait):
            return self._end(track)
        if status == "stopped" and track.unsure:
            return self._repeat(track, Phase.START, now)
        track.moving = track.moving or status == "starting"
        if self._went_back(track, "stopped", now) or status in TRANSITIONAL - {"starting"} | {"error"}:
            return self._changed_meanwhile(track, [f"its status is now '{status}'"], now)
        return Next(self._next_look(track, now))

    @staticmethod
    def _went_back(track: Track, status_before: str, now: float) -> bool:
        """Whether somebody undid what we started: it was on its way, and two looks in a row show it back where it was.

        One such look may come from a replica that lags. A late start of the transition is not that.
        """
        track.looks_back = track.looks_back + 1 if track.status == status_before else 0
        if track.moving:
            return track.looks_back > 1
        return track.looks_back > 0 and now - track.since >= STANDSTILL

    def _seen_gate(self, track: Track, now: float) -> Next:
        if track.status == "deleting":
            return self._others_delete(track, now)
        reasons = changes_since(track.decision, track.machine, self._policy, self._facts(), disks_set=track.disks_set)
        if reasons:
            return self._changed_meanwhile(track, reasons, now)
        track.phase = Phase.SET_DISKS if track.decision.disk_changes and not track.disks_set else Phase.DELETE
        return MOVED_ON

    def _seen_check(self, track: Track, now: float) -> Next:
        """Read back the delete attributes, and with them everything else once more."""
        if track.status == "deleting":
            return self._others_delete(track, now)
        facts = self._facts()
        reasons = changes_since(track.decision, track.machine, self._policy, facts, disks_set=True)
        if not reasons:
            track.unsure = False
            track.phase = Phase.DELETE
            return MOVED_ON
        if not changes_since(track.decision, track.machine, self._policy, facts, disks_set=False):
            if track.unsure:
                return self._repeat(track, Phase.SET_DISKS, now)
            if now - track.since < LAG:
                return Next(now + 0.5)
        return self._changed_meanwhile(track, reasons, now)

    def _seen_deleting(self, track: Track, now: float) -> Next:
        if track.status == "deleting":
            if track.maybe_ours:
                track.delete_accepted, track.unsure, track.maybe_ours = True, False, False
                track.doubt = track.refusal = None
            if track.delete_accepted and not self._timing.wait:
                return self._end(track)
            return Next(self._next_look(track, now))
        if track.unsure:
            # The delete did not take effect so far: it may be repeated, through the gate.
            return self._repeat(track, Phase.CHECK_DISKS if track.disks_set else Phase.GATE, now)
        if track.status == "error" and track.decision.status != "error":
            return self._changed_meanwhile(track, ["it went into 'error' while it was deleted"], now)
        return Next(self._next_look(track, now))

    def _seen_back(self, track: Track, now: float) -> Next:
        shown = {disk.disk_id: bool(disk.auto_delete) for disk in track.machine.disks}
        back = all(shown.get(disk_id, value) is value for disk_id, value in to_put_back(track).items())
        if back and not track.machine.unreadable:
            track.disks_set = False
            return self._end(track)
        if now - track.since < LAG:
            return Next(now + 0.5)
        return self._put_back_failed(track, now)

    def _at_gate(self, track: Track, now: float) -> Next:
        """A look shows it stopped: that is the last one before its delete, unless something else has to be read before."""
        following = self._to_gate(track, now)
        return following if self._policy.reads_at_gate else self._seen_gate(track, now)

    def _to_gate(self, track: Track, now: float) -> Next:
        """Waiting in line for the gate is no transition: it has no deadline."""
        track.begin(Phase.GATE)
        return Next(now)

    def _wait_for(self, track: Track, phase: Phase, now: float) -> Next:
        track.begin(phase)
        track.since = now
        track.deadline = now + self._timing.wait_timeout
        return Next(now)

    def _next_look(self, track: Track, now: float) -> float:
        durations = {Phase.STOPPING: self.stops, Phase.STARTING: self.starts, Phase.DELETING: self.deletes}
        look_at = durations[track.phase].next_look(track.since, now)
        return look_at if track.deadline is None else min(look_at, max(now, track.deadline))

    def _others_delete(self, track: Track, now: float) -> Next:
        """It is being deleted: by somebody else, or by an earlier delete of ours whose answer was lost."""
        if track.maybe_ours:
            track.delete_accepted, track.doubt = True, None
        if not self._timing.wait:
            return self._end(track)
        self._wait_for(track, Phase.DELETING, now)
        return Next(self._next_look(track, now))
