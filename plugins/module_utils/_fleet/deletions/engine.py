# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deletes images, disks or the like, hundreds at a time: chooses what leaves next, and follows each asset to its end.

A `dispatch.Source` beside `engine.Engine`, with the same looks in bulk and the same pacing. A delete leaves only within five
seconds of a look in bulk that showed the asset as planned; it is never repeated without another such look.
"""

from __future__ import annotations

import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Generic

from ..._api.calls import Call, Response
from ..._api.dispatch.dispatcher import Dispatcher, Job, Outcome
from ..._api.dispatch.pagination import PAGE_SIZE
from ..._api.errors import ClockSkewError
from ..common.duration_estimate import Duration
from ..common.failure import Failure
from ..common.poll_schedule import IDLE_GAP, LookBook
from ..common.timing import GATE_FRESH, GATE_MARGIN, GATE_MAX_AGE, Timing
from ..common.write_errors import Verdict, verdict
from .kind import D, Terms
from .state import DisposalTrack, Stage
from .transitions import PROVE, DisposalCourse

URGENT = 2.0
"""Seconds after a look when the deletes that rest on it go before everything else."""


class Disposal(Generic[D]):
    """One run over the tracks; `finished` when every asset has its end. `crash` holds the traceback of a bug that ended it."""

    def __init__(self, dispatcher: Dispatcher, terms: Terms[D], timing: Timing) -> None:
        self._dispatcher = dispatcher
        self._terms = terms
        self._course = DisposalCourse(timing, dispatcher.backoff, terms)
        self._gate: LookBook[DisposalTrack[D]] = LookBook(timing.poll_interval, lambda track: track.stage is Stage.GATE)
        self._going: LookBook[DisposalTrack[D]] = LookBook(timing.poll_interval, lambda track: track.stage is Stage.GOING)
        self._deletes: deque[DisposalTrack[D]] = deque()
        self._gate_reads: deque[Job] = deque()
        self._proofs: deque[Job] = deque()
        self._duration = Duration(timing.poll_interval)
        self._tracks: list[DisposalTrack[D]] = []
        self._ended = 0
        self._in_flight = 0
        self._looked_at = 0
        self.crash: str | None = None

    def run(self, tracks: Sequence[DisposalTrack[D]]) -> None:
        """Delete them, or wait for those that are being deleted; the ends are in the tracks, also if a bug ends the run."""
        now = self._dispatcher.clock.now()
        self._tracks = list(tracks)
        for track in self._tracks:
            track.since = now
            self._file(track, now)
        try:
            self._dispatcher.run(self)
        except Exception as error:  # noqa: BLE001 - whatever it is, the results must not be lost
            self.crash = traceback.format_exc()
            for track in self._tracks:
                # The answers to what is under way never come.
                track.doubt_since = now if track.sending else track.doubt_since
            self._abandon(Failure("internal", f"An internal error ended the run: {type(error).__name__}: {error}"))
            self._in_flight = 0

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""
        return self._ended == len(self._tracks) and self._in_flight == 0

    def wake_at(self, now: float) -> float | None:
        """When there may be something to send although nothing came back."""
        gate, going = self._gate.wake_at(now), self._going.wake_at(now)
        if gate is not None and self._looked_at:
            # Those at the gate are due, but wait for the answer under way: asking again at once would be a busy wait.
            gate = max(gate, now + IDLE_GAP)
        return min((when for when in (gate, going) if when is not None), default=None)

    def next_job(self, now: float) -> Job | None:
        """What leaves now: looks that pay, deletes, proofs, and small looks when the line is idle."""
        self._gate.fetch_due(now, lambda _track: None)
        self._going.fetch_due(now, lambda _track: None)
        urgent = bool(self._deletes) and now - self._deletes[0].observed_at > URGENT
        return next(filter(None, self._offers(now, urgent=urgent)), None)

    def _offers(self, now: float, *, urgent: bool) -> Iterator[Job | None]:
        """In the order of their weight. What comes later is not looked at while there is something before."""
        yield self._gate_reads.popleft() if self._gate_reads else None
        yield self._delete(now) if urgent else None
        yield self._poll(now, idle=False)
        yield self._look_at_gate(now, idle=not self._deletes)
        yield self._delete(now)
        yield self._proofs.popleft() if self._proofs else None
        yield self._poll(now, idle=True)

    # --- the gate -----------------------------------------------------------------------------------------------------

    def _look_at_gate(self, now: float, *, idle: bool) -> Job | None:
        """Look at those that are deleted next, no more than can leave while the look is fresh."""
        limit = max(1, int(self._dispatcher.rate_limiter.rate * (GATE_FRESH - 1.0)))
        room = limit - len(self._deletes) - self._looked_at
        if self._terms.look_limit is not None:
            # Something beside is read first, in one call.
            room = min(room, self._terms.look_limit) if not self._looked_at else 0
        if room <= 0 or len(self._deletes) + self._looked_at > PAGE_SIZE // 2:
            return None
        chosen = self._gate.take(now, room, min(PAGE_SIZE, room), lambda _track: True, idle=idle, gap=0.0)
        if not chosen:
            return None
        self._looked_at += len(chosen)
        beside = self._terms.beside([track.asset for track in chosen])
        if beside is not None:
            return self._job(beside, partial(self._beside_seen, chosen, now))
        return self._full_look(chosen, now)

    def _beside_seen(self, chosen: Sequence[DisposalTrack[D]], began_at: float, outcome: Outcome) -> None:
        """What is beside them is known anew: now the look at the assets themselves."""
        if outcome.response is None:
            self._looked_at -= len(chosen)
            self._fail(chosen, outcome)
            return
        self._terms.learn([track.asset for track in chosen], outcome.response.value)
        self._gate_reads.append(self._full_look(chosen, began_at))

    def _full_look(self, chosen: Sequence[DisposalTrack[D]], began_at: float) -> Job:
        call = self._terms.by_ids([track.asset_id for track in chosen])
        return self._job(call, partial(self._gate_seen, chosen, began_at))

    def _gate_seen(self, chosen: Sequence[DisposalTrack[D]], began_at: float, outcome: Outcome) -> None:
        self._looked_at -= len(chosen)
        self._seen([track for track in chosen if track.stage is Stage.GATE], outcome, began_at)

    # --- deletes ------------------------------------------------------------------------------------------------------

    def _delete(self, now: float) -> Job | None:
        while self._deletes:
            track = self._deletes.popleft()
            if now - track.observed_at <= GATE_FRESH:
                leave_by = track.observed_at + GATE_MAX_AGE - GATE_MARGIN
                track.sending = True
                return self._job(self._terms.delete(track.asset), partial(self._asked, track), leave_by)
            self._file(track, self._course.stale(track, now))
        return None

    def _asked(self, track: DisposalTrack[D], outcome: Outcome) -> None:
        now = self._dispatcher.clock.now()
        track.sending = False
        if outcome.response is not None:
            track.accepted, track.doubt_since = True, None
        if track.stage is Stage.ENDED:
            if outcome.error is not None and verdict(outcome.error) is Verdict.UNCLEAR:
                track.maybe_sent, track.doubt_since = True, now
            self._course.tell(track)
            return
        if outcome.stale:
            self._file(track, self._course.stale(track, now))
        elif outcome.error is not None:
            self._file(track, self._course.refused(track, outcome.error, now))
        elif outcome.response is not None:
            pause = max(0.0, self._duration.next_look(now, now) - now)
            self._file(track, self._course.accepted(track, outcome.response.received_at, pause))

    # --- the end ------------------------------------------------------------------------------------------------------

    def _poll(self, now: float, *, idle: bool) -> Job | None:
        """Look at what is being deleted, up to 100 in one call."""
        chosen = self._going.take(now, PAGE_SIZE, PAGE_SIZE, lambda _track: False, idle=idle)
        if not chosen:
            return None
        return self._job(self._terms.by_ids([track.asset_id for track in chosen]), partial(self._polled, chosen))

    def _polled(self, chosen: Sequence[DisposalTrack[D]], outcome: Outcome) -> None:
        tracks = [track for track in chosen if track.stage is Stage.GOING]
        if outcome.response is not None:
            self._learn(tracks, outcome.response)
        self._seen(tracks, outcome, None)

    def _seen(self, tracks: Sequence[DisposalTrack[D]], outcome: Outcome, began_at: float | None) -> None:
        """A look in bulk. It is as old as the oldest read that it rests on; what it leaves out is asked for by itself."""
        if outcome.response is None:
            self._fail(tracks, outcome)
            return
        now = self._dispatcher.clock.now()
        sent_at = outcome.response.sent_at if began_at is None else min(began_at, outcome.response.sent_at)
        rows = {self._terms.id_of(row): row for row in outcome.response.value.items}
        for track in tracks:
            if track.asset_id in rows:
                next_look = self._duration.next_look(track.since, now)
                self._file(track, self._course.seen(track, rows[track.asset_id], sent_at, now, next_look))
            else:
                self._prove(track)

    def _prove(self, track: DisposalTrack[D]) -> None:
        """Ask for one asset by itself: 404 NOT_FOUND is the proof that it is gone."""
        self._proofs.append(self._job(self._terms.by_id(track.asset_id), partial(self._proved, track)))

    def _proved(self, track: DisposalTrack[D], outcome: Outcome) -> None:
        now = self._dispatcher.clock.now()
        if track.stage is Stage.ENDED:
            return
        if outcome.error is not None and outcome.error.is_not_found:
            self._file(track, self._course.proved_gone(track, now))
        elif outcome.response is None:
            self._fail([track], outcome)
        else:
            next_look = self._duration.next_look(track.since, now)
            self._file(track, self._course.shown_singly(track, outcome.response.value, outcome.response.sent_at, now, next_look))

    def _learn(self, tracks: Sequence[DisposalTrack[D]], answer: Response[Any]) -> None:
        """Tell the estimate which deletes had ended at which age."""
        shown = {self._terms.id_of(row) for row in answer.value.items}
        timed = [track for track in tracks if track.accepted and not track.maybe_sent]
        self._duration.learn(
            [answer.sent_at - track.since for track in timed if track.asset_id not in shown],
            [answer.sent_at - track.since for track in timed if track.asset_id in shown],
        )

    # --- filing -------------------------------------------------------------------------------------------------------

    def _job(self, call: Call[Any], done: Callable[[Outcome], None], leave_by: float | None = None) -> Job:
        self._in_flight += 1

        def answered(outcome: Outcome) -> None:
            self._in_flight -= 1
            done(outcome)
            if outcome.error is not None and (outcome.error.is_unauthenticated or isinstance(outcome.error, ClockSkewError)):
                self._abandon(Failure("api", str(outcome.error), outcome.error))

        return Job(call, answered, leave_by)

    def _file(self, track: DisposalTrack[D], when: float) -> None:
        """Put a track where its stage belongs; `when` is the time of its next look."""
        if track.stage is Stage.ENDED:
            self._ended += 1
        elif when is PROVE:
            self._prove(track)
        elif track.stage is Stage.DELETE:
            self._deletes.append(track)
        else:
            (self._gate if track.stage is Stage.GATE else self._going).add(track, when)

    def _fail(self, tracks: Sequence[DisposalTrack[D]], outcome: Outcome) -> None:
        now = self._dispatcher.clock.now()
        for track in tracks:
            if track.stage is not Stage.ENDED:
                self._course.abandon(track, Failure("api", str(outcome.error), outcome.error))
                self._file(track, now)

    def _abandon(self, failure: Failure) -> None:
        """No call of this run will succeed any more: every asset without an end gets this one."""
        for track in self._tracks:
            if track.stage is not Stage.ENDED:
                self._course.abandon(track, failure)
        self._ended = len(self._tracks)
        self._deletes.clear()
        self._in_flight -= len(self._proofs) + len(self._gate_reads)
        self._proofs.clear()
        self._gate_reads.clear()
