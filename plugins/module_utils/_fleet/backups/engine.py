# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes images and snapshots, hundreds at a time: chooses what leaves next, and follows each asset to its end.

A `dispatch.Source` beside `engine.Engine`, with the same looks in bulk and the same pacing. Before a create leaves, its machine
was looked at within seconds: it still is as planned, so what the mark says is true. Nothing here repeats a call blindly: a
create that ended unclearly is looked for by its unique name first.
"""

from __future__ import annotations

import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from ..._api.calls import Call, Response
from ..._api.dispatch.dispatcher import Dispatcher, Job, Outcome
from ..._api.dispatch.pagination import PAGE_SIZE, IncompleteListing, page_count
from ..._api.errors import ClockSkewError
from ..._api.model.backup_assets import Image, Snapshot
from ..._api.model.instance import Instance
from ..._api.model.resources import Page
from ..._api.services import images, snapshots, vm
from ..common.duration_estimate import Duration
from ..common.failure import Failure
from ..common.poll_schedule import LookBook
from ..common.timing import GATE_FRESH, GATE_MARGIN, GATE_MAX_AGE, Timing
from ..evidence.existing_backups import complete_rows
from ..evidence.marker import client_token
from ..evidence.proof import AssetType
from .calls import KINDS, _id_of, _of
from .state import AssetTrack, Stage, _told_in_full
from .transitions import LOST, AssetCourse

GATE_URGENT = 2.0


class BackupEngine:
    """One run over the tracks; `finished` when every asset has its end. `crash` holds the traceback of a bug that ended it.

    `parts` are the snapshots of images that have become ready, read while others are still being made.
    """

    def __init__(self, dispatcher: Dispatcher, timing: Timing) -> None:
        self._dispatcher = dispatcher
        self._timing = timing
        self._course = AssetCourse(timing, dispatcher.backoff, dispatcher.service_time)
        self._tracks: list[AssetTrack] = []
        self._ended = 0
        self._create: deque[AssetTrack] = deque()
        self._gate: LookBook[AssetTrack] = LookBook(timing.poll_interval, lambda track: track.stage is Stage.GATE)
        self._doubt = {kind: self._book(Stage.DOUBT) for kind in KINDS}
        self._making = {kind: self._book(Stage.MAKING) for kind in KINDS}
        self._durations = {kind: Duration(timing.poll_interval) for kind in KINDS}
        self._singles: deque[Job] = deque()
        self._run = f"{dispatcher.rng.getrandbits(64):016x}"
        self._in_flight = 0
        self._looked_at = 0
        self._parts: deque[str] = deque()
        self.parts: dict[str, Snapshot] = {}
        self.crash: str | None = None

    def _book(self, stage: Stage) -> LookBook[AssetTrack]:
        return LookBook(self._timing.poll_interval, lambda track: track.stage is stage)

    def run(self, tracks: Sequence[AssetTrack]) -> None:
        """Have the assets made; the ends are in the tracks, also if a bug ends the run."""
        now = self._dispatcher.clock.now()
        self._tracks = list(tracks)
        self._ended = 0
        for track in self._tracks:
            track.since = now
            self._file(track, now if track.stage is not Stage.MAKING else now + self._pause(track, now))
        try:
            self._dispatcher.run(self)
        except Exception as error:  # noqa: BLE001 - whatever it is, the results must not be lost
            self.crash = traceback.format_exc()
            for track in self._tracks:
                # The answers to what is under way never come.
                track.unsure = track.unsure or track.sending
            self._abandon(Failure("internal", f"An internal error ended the run: {type(error).__name__}: {error}"))
            self._in_flight = 0

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""
        return self._all_ended and self._in_flight == 0 and not self._parts

    @property
    def _all_ended(self) -> bool:
        return self._ended == len(self._tracks)

    def wake_at(self, now: float) -> float | None:
        """When there may be something to send although nothing came back."""
        books = [self._gate, *self._doubt.values(), *self._making.values()]
        return min((when for book in books if (when := book.wake_at(now)) is not None), default=None)

    def next_job(self, now: float) -> Job | None:
        """What leaves now: what clears doubts, looks that pay, creates, and small looks when the line is idle."""
        for book in (self._gate, *self._doubt.values(), *self._making.values()):
            book.fetch_due(now, lambda _track: None)
        if self._singles:
            return self._singles.popleft()
        return next(filter(None, self._offers(now)), None)

    def _offers(self, now: float) -> Iterator[Job | None]:
        """In the order of their weight. What comes later is not looked at while there is something before."""
        yield self._ask_for(now, urgent=True)
        yield self._look_for(now, idle=False)
        yield self._poll(now, idle=False)
        yield self._look_at_machines(now, idle=not self._create)
        yield self._ask_for(now)
        yield self._read_parts()
        yield self._look_for(now, idle=True)
        yield self._poll(now, idle=True)

    # --- creates ------------------------------------------------------------------------------------------------------

    def _look_at_machines(self, now: float, *, idle: bool) -> Job | None:
        """Look at machines whose creates come next, no more than can leave while the observation is fresh."""
        ahead = len(self._create) + self._looked_at
        # However slowly calls may leave, one is always looked at.
        room = max(int(self._dispatcher.rate_limiter.rate * (GATE_FRESH - 1.0)), 1) - ahead
        if len(self._create) + self._looked_at > PAGE_SIZE // 2 or room <= 0:
            return None
        chosen = self._gate.take(now, max(1, room), min(PAGE_SIZE, max(1, room)), lambda _track: True, idle=idle, gap=0.0)
        if not chosen:
            return None
        self._looked_at += len(chosen)
        ids = list(dict.fromkeys(str(track.instance_id) for track in chosen))
        return self._job(vm.describe_instances(ids=ids, page_size=PAGE_SIZE), partial(self._machines_seen, chosen))

    def _machines_seen(self, chosen: Sequence[AssetTrack], outcome: Outcome) -> None:
        now = self._dispatcher.clock.now()
        self._looked_at -= len(chosen)
        waiting = [track for track in chosen if track.stage is Stage.GATE]
        if outcome.response is None:
            for track in waiting:
                self._end(track, Failure("api", str(outcome.error), outcome.error))
            return
        page: Page[Instance] = outcome.response.value
        rows = {machine.instance_id: machine for machine in page.items}
        for track in waiting:
            machine = rows.get(str(track.instance_id))
            if machine is None:
                self._singles.append(
                    self._job(vm.describe_instance(str(track.instance_id)), partial(self._machine_proved, track))
                )
            else:
                self._file(track, self._course.machine_seen(track, machine, outcome.response.sent_at, now))

    def _machine_proved(self, track: AssetTrack, outcome: Outcome) -> None:
        """A bulk answer left the machine out; only a 404 says that it is gone."""
        now = self._dispatcher.clock.now()
        if track.stage is not Stage.GATE:
            return
        if outcome.error is not None and outcome.error.is_not_found:
            self._end(track, Failure("vanished", f"{track.instance_id} does not exist any more, so it could not be backed up."))
        elif outcome.response is None:
            self._end(track, Failure("api", str(outcome.error), outcome.error))
        else:
            self._file(track, self._course.machine_seen(track, outcome.response.value, outcome.response.sent_at, now))

    def _ask_for(self, now: float, *, urgent: bool = False) -> Job | None:
        """Ask for the next one. `urgent`: only if the look at its machine would grow too old behind other calls."""
        while self._create:
            if urgent and now - self._create[0].observed_at < GATE_URGENT:
                return None
            track = self._create.popleft()
            if track.instance_id is None:
                return self._job(self._call(track), partial(self._asked, track))
            if now - track.observed_at <= GATE_FRESH:
                leave_by = track.observed_at + GATE_MAX_AGE - GATE_MARGIN
                return self._job(self._call(track), partial(self._asked, track), leave_by)
            self._file(track, self._course.stale(track, now))
        return None

    def _call(self, track: AssetTrack) -> Call[str]:
        track.asked_at = self._dispatcher.service_time()
        track.sending = True
        plan = track.plan
        mark = self._course.mark(track)
        if plan.kind == "image":
            return images.create_image(plan.of, track.name, str(mark), plan.left_out)
        # A token of an earlier run may be answered with what was made and deleted then; so each run has its own.
        token = client_token(f"{plan.campaign}\0{self._run}", plan.of, track.attempt)
        return snapshots.create_snapshot(plan.of, track.name, str(mark), token)

    def _asked(self, track: AssetTrack, outcome: Outcome) -> None:
        now = self._dispatcher.clock.now()
        track.sending = False
        if outcome.response is not None:
            track.accepted, track.asset_id = True, outcome.response.value
        if track.stage is Stage.ENDED:
            # The run was given up meanwhile.
            track.unsure = track.unsure or (outcome.error is not None and outcome.error.unclear)
            track.failure = _told_in_full(track, track.failure)
            return
        if outcome.stale:
            self._file(track, self._course.stale(track, now))
        elif outcome.error is not None:
            self._file(track, self._course.refused(track, outcome.error, now))
        elif outcome.response is not None:
            self._file(track, self._course.accepted(track, outcome.response.received_at, self._pause(track, now)))

    # --- looks at assets ----------------------------------------------------------------------------------------------

    def _look_for(self, now: float, *, idle: bool) -> Job | None:
        """Look whether creates with an unclear end took effect: all images of their machines, all snapshots of their disks."""
        for kind, book in self._doubt.items():
            chosen = book.take(now, PAGE_SIZE, PAGE_SIZE, lambda _track: False, idle=idle)
            if chosen:
                ids = list(dict.fromkeys(track.plan.of for track in chosen))
                return self._job(_of(kind, ids, 1), partial(self._looked_for, kind, ids, chosen, []))
        return None

    def _looked_for(
        self, kind: AssetType, ids: Sequence[str], chosen: Sequence[AssetTrack], found: Sequence[Page[Any]], outcome: Outcome
    ) -> None:
        now = self._dispatcher.clock.now()
        waiting = [track for track in chosen if track.stage is Stage.DOUBT]
        if outcome.response is None:
            for track in waiting:
                self._end(track, Failure("api", str(outcome.error), outcome.error))
            return
        pages = [*found, outcome.response.value]
        try:
            announced = page_count(outcome.response.value)
        except IncompleteListing:
            # Absurdly many. So it is not complete, and shows nothing; it is read again.
            announced = 0
        if outcome.response.value.items and len(pages) < announced:
            more = _of(kind, ids, len(pages) + 1)
            self._singles.append(self._job(more, partial(self._looked_for, kind, ids, chosen, pages)))
            return
        rows = [row for page in pages for row in page.items]
        complete = complete_rows(pages) is not None
        for track in waiting:
            self._file(track, self._course.looked_for(track, rows, now, self._pause(track, now), complete=complete))

    def _poll(self, now: float, *, idle: bool) -> Job | None:
        """Look at assets that are being made, up to 100 in one call; rarely while others are still to be asked for."""
        full_at = PAGE_SIZE + 1 if self._create else PAGE_SIZE
        for kind, book in self._making.items():
            chosen = book.take(now, PAGE_SIZE, full_at, lambda _track: False, idle=idle)
            if chosen:
                ids = [str(track.asset_id) for track in chosen]
                call = images.describe_images(ids=ids) if kind == "image" else snapshots.describe_snapshots(ids=ids)
                return self._job(call, partial(self._polled, kind, chosen))
        return None

    def _polled(self, kind: AssetType, chosen: Sequence[AssetTrack], outcome: Outcome) -> None:
        now = self._dispatcher.clock.now()
        waiting = [track for track in chosen if track.stage is Stage.MAKING]
        if outcome.response is None:
            for track in waiting:
                self._end(track, Failure("api", f"{outcome.error} {track.title} is left as it is.", outcome.error))
            return
        rows = {_id_of(row): row for row in outcome.response.value.items}
        self._learn(kind, waiting, rows, outcome.response)
        for track in waiting:
            row = rows.get(str(track.asset_id))
            if row is not None:
                self._file(track, self._course.asset_seen(track, row, now, self._next_look(track, now)))
            else:
                when = self._course.asset_absent(track, now)
                if when is LOST:
                    self._prove(track)
                else:
                    self._file(track, when)

    def _read_parts(self) -> Job | None:
        """Read snapshots that ready images consist of, when they fill a call or nothing else is to come."""
        if not self._parts or (len(self._parts) < PAGE_SIZE and not self._all_ended):
            return None
        ids = [self._parts.popleft() for _number in range(min(PAGE_SIZE, len(self._parts)))]
        return self._job(snapshots.describe_snapshots(ids=ids), self._parts_read)

    def _parts_read(self, outcome: Outcome) -> None:
        """What is missing, or could not be read, is asked for once more when the run is proved."""
        if outcome.response is not None:
            page: Page[Snapshot] = outcome.response.value
            self.parts.update((snapshot.snapshot_id, snapshot) for snapshot in page.items)

    def _prove(self, track: AssetTrack) -> None:
        """An answer by ids leaves the asset out for some time: ask for it alone."""
        asset_id = str(track.asset_id)
        single: Call[Any] = (
            images.describe_image(asset_id) if track.plan.kind == "image" else snapshots.describe_snapshot(asset_id)
        )
        self._singles.append(self._job(single, partial(self._proved, track)))

    def _proved(self, track: AssetTrack, outcome: Outcome) -> None:
        now = self._dispatcher.clock.now()
        if track.stage is not Stage.MAKING:
            return
        if outcome.error is not None and outcome.error.is_not_found:
            self._file(track, self._course.vanished(track, now))
        elif outcome.response is None:
            self._end(track, Failure("api", str(outcome.error), outcome.error))
        else:
            self._file(track, self._course.asset_seen(track, outcome.response.value, now, self._next_look(track, now)))

    def _learn(self, kind: AssetType, tracks: Sequence[AssetTrack], rows: dict[str, Any], answer: Response[Any]) -> None:
        """Tell the estimate which assets had ended at which age."""
        timed = [track for track in tracks if track.accepted and not track.unsure and str(track.asset_id) in rows]
        done = {track: self._course.is_ready(rows[str(track.asset_id)]) for track in timed}
        self._durations[kind].learn(
            [answer.sent_at - track.since for track in timed if done[track]],
            [answer.sent_at - track.since for track in timed if not done[track]],
        )

    def _next_look(self, track: AssetTrack, now: float) -> float:
        return self._durations[track.plan.kind].next_look(track.since, now)

    def _pause(self, track: AssetTrack, now: float) -> float:
        """How long to wait before the first look at an asset that was just asked for."""
        return max(0.0, self._durations[track.plan.kind].next_look(now, now) - now)

    # --- filing -------------------------------------------------------------------------------------------------------

    def _job(self, call: Call[Any], done: Callable[[Outcome], None], leave_by: float | None = None) -> Job:
        self._in_flight += 1

        def answered(outcome: Outcome) -> None:
            self._in_flight -= 1
            done(outcome)
            if outcome.error is not None and (outcome.error.is_unauthenticated or isinstance(outcome.error, ClockSkewError)):
                self._abandon(Failure("api", str(outcome.error), outcome.error))

        return Job(call, answered, leave_by)

    def _file(self, track: AssetTrack, when: float) -> None:
        """Put a track where its stage belongs; `when` is the time of its next look."""
        if track.stage is Stage.ENDED:
            self._end(track, track.failure)
        elif track.stage is Stage.CREATE:
            self._create.append(track)
        elif track.stage is Stage.GATE and track.instance_id is None:
            track.stage = Stage.CREATE
            self._create.append(track)
        elif track.stage is Stage.GATE:
            self._gate.add(track, when)
        elif track.stage is not Stage.LINE:
            books = self._doubt if track.stage is Stage.DOUBT else self._making
            books[track.plan.kind].add(track, when)

    def _end(self, track: AssetTrack, failure: Failure | None) -> None:
        track.stage = Stage.ENDED
        track.failure = _told_in_full(track, track.failure or failure)
        self._ended += 1
        if track.failure is None and isinstance(track.asset, Image):
            self._parts.extend(part.snapshot_id for part in track.asset.disks if part.snapshot_id)
        self._wake_those_in_line(track)

    def _wake_those_in_line(self, ended: AssetTrack) -> None:
        """The snapshots of a machine wait for its image: two tasks on the same disks at once are not known to be allowed."""
        if ended.plan.kind != "image":
            return
        now = self._dispatcher.clock.now()
        for track in self._tracks:
            if track.stage is Stage.LINE and track.instance_id == ended.instance_id:
                if ended.failure is not None:
                    message = f"It was not made, since the image of {ended.instance_id} failed."
                    self._end(track, Failure("not_made", message))
                else:
                    track.stage = Stage.GATE
                    self._file(track, now)

    def _abandon(self, failure: Failure) -> None:
        """No call of this run will succeed any more: every asset without an end gets this one."""
        for track in self._tracks:
            if track.stage is not Stage.ENDED:
                track.failure = _told_in_full(track, failure)
                track.stage = Stage.ENDED
        self._ended = len(self._tracks)
        self._create.clear()
        self._parts.clear()
        self._in_flight -= len(self._singles)
        self._singles.clear()
