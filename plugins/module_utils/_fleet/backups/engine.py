# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes images and snapshots, hundreds at a time: chooses what leaves next, and follows each asset to its end.

It looks in bulk and paces its calls as the engine of machines does. Before a create leaves, its machine was looked at within
seconds: it still is as planned, so what the marker says is true. Nothing here repeats a call blindly: a create that ended
unclearly is looked for by its unique name first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ..._api.calls import Call, Response
from ..._api.dispatch.dispatcher import Dispatcher, Job, Outcome
from ..._api.dispatch.pagination import IncompleteListing, page_count
from ..._api.fields import PAGE_SIZE, Page
from ..._api.model.backup_assets import Image, Snapshot
from ..._api.model.instance import Instance
from ..._api.services.disk import create_snapshot
from ..._api.services.vm import create_image, describe_instance, describe_instances
from ..common.engine_base import EngineBase
from ..common.failure import Failure, api_failure
from ..common.timing import GATE_FRESH, GATE_URGENT, DurationEstimate, PollSchedule, Timing, leave_by
from ..evidence.existing_backups import ASSET_KINDS, SNAPSHOTS, complete_rows
from ..evidence.marker import client_token
from ..evidence.proof import AssetType, asset_id_of, is_ready
from .state import AssetState, Stage, with_unclear_create
from .transitions import LOST, AssetTransitions


@dataclass(frozen=True, slots=True)
class _Search:
    """A listing that shows whether creates with an unclear end took effect, as far as it was read."""

    kind: AssetType
    states: Sequence[AssetState]
    pages: tuple[Page[Any], ...] = ()


class BackupEngine(EngineBase[AssetState]):
    """One run over the assets: has them made, or waits for those that are being made.

    `parts` are the snapshots of images that have become ready, read while others are still being made.
    """

    def __init__(self, dispatcher: Dispatcher, timing: Timing) -> None:
        super().__init__(dispatcher)
        self._timing = timing
        self._transitions = AssetTransitions(timing, dispatcher.backoff)
        self._creates: deque[AssetState] = deque()
        self._gate = self._schedule(Stage.GATE)
        self._doubt = {kind: self._schedule(Stage.DOUBT) for kind in ASSET_KINDS}
        self._making = {kind: self._schedule(Stage.MAKING) for kind in ASSET_KINDS}
        self._looks = [*self._doubt.values(), *self._making.values()]
        self._durations = {kind: DurationEstimate(timing.poll_interval) for kind in ASSET_KINDS}
        self._run = f"{dispatcher.rng.getrandbits(64):016x}"
        self._parts: deque[str] = deque()
        self.parts: dict[str, Snapshot] = {}

    def _schedule(self, stage: Stage) -> PollSchedule[AssetState]:
        return PollSchedule(self._timing.poll_interval, lambda state: state.stage is stage)

    def _begin(self, now: float) -> None:
        for state in self._states:
            state.since = now
            self._file(state, now if state.stage is not Stage.MAKING else now + self._pause(state, now))

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""
        return super().finished and not self._parts

    def wake_at(self, now: float) -> float | None:
        """When there may be something to send although nothing came back."""
        times = [self._gate_wake_at(self._gate, now), *(schedule.wake_at(now) for schedule in self._looks)]
        return min((when for when in times if when is not None), default=None)

    def next_job(self, now: float) -> Job | None:
        """What leaves now: what clears doubts, looks that pay, creates, and small looks when the line is idle."""
        for schedule in (self._gate, *self._looks):
            schedule.fetch_due(now)
        if self._singles:
            return self._singles.popleft()
        return next(filter(None, self._offers(now)), None)

    def _offers(self, now: float) -> Iterator[Job | None]:
        """In the order of their weight. What comes later is not looked at while there is something before."""
        yield self._create(now, urgent=True)
        yield self._look_for(now, idle=False)
        yield self._poll(now, idle=False)
        yield self._look_at_machines(now, idle=not self._creates)
        yield self._create(now)
        yield self._read_parts()
        yield self._look_for(now, idle=True)
        yield self._poll(now, idle=True)

    # --- creates ------------------------------------------------------------------------------------------------------

    def _look_at_machines(self, now: float, *, idle: bool) -> Job | None:
        """Look at machines whose creates come next, no more than can leave while the observation is fresh."""
        chosen = self._take_at_gate(self._gate, now, len(self._creates), idle=idle)
        if not chosen:
            return None
        ids = list(dict.fromkeys(str(state.instance_id) for state in chosen))
        return self._job(describe_instances(ids=ids, page_size=PAGE_SIZE), partial(self._machines_seen, chosen))

    def _machines_seen(self, chosen: Sequence[AssetState], outcome: Outcome) -> None:
        now = self._now
        self._looked_at -= len(chosen)
        waiting = [state for state in chosen if state.stage is Stage.GATE]
        if outcome.response is None:
            self._fail(waiting, outcome)
            return
        page: Page[Instance] = outcome.response.value
        rows = {machine.instance_id: machine for machine in page.items}
        for state in waiting:
            machine = rows.get(str(state.instance_id))
            if machine is None:
                self._singles.append(self._job(describe_instance(str(state.instance_id)), partial(self._machine_proved, state)))
            else:
                self._file(state, self._transitions.machine_seen(state, machine, outcome.response.sent_at, now))

    def _machine_proved(self, state: AssetState, outcome: Outcome) -> None:
        """A bulk response left the machine out; only a 404 says that it is gone."""
        now = self._now
        if state.stage is not Stage.GATE:
            return
        if outcome.error is not None and outcome.error.is_not_found:
            self._end(state, Failure("vanished", f"{state.instance_id} no longer exists, so it could not be backed up."))
        elif outcome.response is None:
            self._fail([state], outcome)
        else:
            self._file(state, self._transitions.machine_seen(state, outcome.response.value, outcome.response.sent_at, now))

    def _create(self, now: float, *, urgent: bool = False) -> Job | None:
        """The next create. `urgent`: only if the look at its machine would grow too old behind other calls."""
        while self._creates:
            if urgent and now - self._creates[0].observed_at < GATE_URGENT:
                return None
            state = self._creates.popleft()
            if state.instance_id is None:
                return self._job(self._call(state), partial(self._create_ended, state))
            if now - state.observed_at <= GATE_FRESH:
                return self._job(self._call(state), partial(self._create_ended, state), leave_by(state.observed_at))
            self._file(state, self._transitions.stale(state, now))
        return None

    def _call(self, state: AssetState) -> Call[str]:
        state.asked_at = self._dispatcher.service_time()
        state.sending = True
        plan = state.plan
        marker = self._transitions.marker(state)
        if plan.kind == "image":
            return create_image(plan.of, plan.name, str(marker), plan.left_out)
        # A token of an earlier run may be answered with what was made and deleted then; so each run has its own.
        token = client_token(f"{plan.campaign}\0{self._run}", plan.of, plan.attempt)
        return create_snapshot(plan.of, plan.name, str(marker), token)

    def _create_ended(self, state: AssetState, outcome: Outcome) -> None:
        now = self._now
        state.sending = False
        if outcome.response is not None:
            state.accepted, state.asset_id = True, outcome.response.value
        if state.stage is Stage.ENDED:
            # The run was given up meanwhile.
            state.unsure = state.unsure or (outcome.error is not None and outcome.error.unclear)
            state.failure = with_unclear_create(state, state.failure)
            return
        if outcome.stale:
            self._file(state, self._transitions.stale(state, now))
        elif outcome.error is not None:
            self._file(state, self._transitions.refused(state, outcome.error, now))
        elif outcome.response is not None:
            self._file(state, self._transitions.accepted(state, outcome.response.received_at, self._pause(state, now)))

    # --- looks at assets ----------------------------------------------------------------------------------------------

    def _look_for(self, now: float, *, idle: bool) -> Job | None:
        """Look whether creates with an unclear end took effect: all images of their machines, all snapshots of their disks."""
        for kind, schedule in self._doubt.items():
            chosen = schedule.take(now, idle=idle)
            if chosen:
                return self._next_page(_Search(kind, chosen))
        return None

    def _next_page(self, search: _Search) -> Job:
        owners = list(dict.fromkeys(state.plan.of for state in search.states))
        call = ASSET_KINDS[search.kind].listing(owners, None, len(search.pages) + 1)
        return self._job(call, partial(self._looked_for, search))

    def _looked_for(self, search: _Search, outcome: Outcome) -> None:
        now = self._now
        waiting = [state for state in search.states if state.stage is Stage.DOUBT]
        if outcome.response is None:
            self._fail(waiting, outcome)
            return
        page, pages = outcome.response.value, (*search.pages, outcome.response.value)
        try:
            announced = page_count(page)
        except IncompleteListing:
            # Absurdly many. So it is not complete, and shows nothing; it is read again.
            announced = 0
        if page.items and len(pages) < announced:
            self._singles.append(self._next_page(replace(search, pages=pages)))
            return
        rows = [row for page in pages for row in page.items]
        complete = complete_rows(pages) is not None
        for state in waiting:
            self._file(state, self._transitions.looked_for(state, rows, now, self._pause(state, now), complete=complete))

    def _poll(self, now: float, *, idle: bool) -> Job | None:
        """Look at assets that are being made, up to 100 in one call; rarely while others are still to be asked for."""
        full_at = PAGE_SIZE + 1 if self._creates else PAGE_SIZE
        for kind, schedule in self._making.items():
            chosen = schedule.take(now, idle=idle, full_at=full_at)
            if chosen:
                ids = [str(state.asset_id) for state in chosen]
                return self._job(ASSET_KINDS[kind].by_ids(ids), partial(self._polled, kind, chosen))
        return None

    def _polled(self, kind: AssetType, chosen: Sequence[AssetState], outcome: Outcome) -> None:
        now = self._now
        waiting = [state for state in chosen if state.stage is Stage.MAKING]
        if outcome.response is None:
            for state in waiting:
                self._end(state, Failure("api", f"{outcome.error} {state.title} is left unchanged.", outcome.error))
            return
        rows = {asset_id_of(row): row for row in outcome.response.value.items}
        self._learn(kind, waiting, rows, outcome.response)
        for state in waiting:
            row = rows.get(str(state.asset_id))
            if row is not None:
                self._file(state, self._transitions.asset_seen(state, row, now, self._next_look(state, now)))
            else:
                when = self._transitions.asset_absent(state, now)
                if when is LOST:
                    self._prove(state)
                else:
                    self._file(state, when)

    def _read_parts(self) -> Job | None:
        """Read snapshots that ready images consist of, when they fill a call or nothing else is to come."""
        if not self._parts or (len(self._parts) < PAGE_SIZE and not self._all_ended):
            return None
        ids = [self._parts.popleft() for _number in range(min(PAGE_SIZE, len(self._parts)))]
        return self._job(SNAPSHOTS.by_ids(ids), self._parts_read)

    def _parts_read(self, outcome: Outcome) -> None:
        """What is missing, or could not be read, is asked for once more when the run is proved."""
        if outcome.response is not None:
            page: Page[Snapshot] = outcome.response.value
            self.parts.update((snapshot.snapshot_id, snapshot) for snapshot in page.items)

    def _prove(self, state: AssetState) -> None:
        """Responses by ids left the asset out for some time: ask for it alone."""
        call = ASSET_KINDS[state.plan.kind].by_id(str(state.asset_id))
        self._singles.append(self._job(call, partial(self._proved, state)))

    def _proved(self, state: AssetState, outcome: Outcome) -> None:
        now = self._now
        if state.stage is not Stage.MAKING:
            return
        if outcome.error is not None and outcome.error.is_not_found:
            self._file(state, self._transitions.vanished(state, now))
        elif outcome.response is None:
            self._fail([state], outcome)
        else:
            self._file(state, self._transitions.asset_seen(state, outcome.response.value, now, self._next_look(state, now)))

    def _learn(self, kind: AssetType, states: Sequence[AssetState], rows: dict[str, Any], response: Response[Any]) -> None:
        """Let the estimate know which assets had ended at which age."""
        timed = [state for state in states if state.accepted and not state.unsure and str(state.asset_id) in rows]
        done = {state: is_ready(rows[str(state.asset_id)]) for state in timed}
        self._durations[kind].learn(
            [response.sent_at - state.since for state in timed if done[state]],
            [response.sent_at - state.since for state in timed if not done[state]],
        )

    def _next_look(self, state: AssetState, now: float) -> float:
        return self._durations[state.plan.kind].next_look(state.since, now)

    def _pause(self, state: AssetState, now: float) -> float:
        """How long to wait before the first look at an asset that was just asked for."""
        return max(0.0, self._durations[state.plan.kind].next_look(now, now) - now)

    # --- filing -------------------------------------------------------------------------------------------------------

    def _file(self, state: AssetState, when: float) -> None:
        """Put a state where its stage belongs; `when` is the time of its next look."""
        if state.stage is Stage.ENDED:
            self._end(state, state.failure)
        elif state.stage is Stage.CREATE:
            self._creates.append(state)
        elif state.stage is Stage.GATE and state.instance_id is None:
            state.stage = Stage.CREATE
            self._creates.append(state)
        elif state.stage is Stage.GATE:
            self._gate.add(state, when)
        elif state.stage is not Stage.LINE:
            schedules = self._doubt if state.stage is Stage.DOUBT else self._making
            schedules[state.plan.kind].add(state, when)

    def _fail(self, states: Sequence[AssetState], outcome: Outcome) -> None:
        """The look at them failed, and would not succeed any more."""
        for state in states:
            self._end(state, api_failure(outcome.error))

    def _end(self, state: AssetState, failure: Failure | None) -> None:
        state.stage = Stage.ENDED
        state.failure = with_unclear_create(state, state.failure or failure)
        self._ended += 1
        if state.failure is None and isinstance(state.asset, Image):
            self._parts.extend(part.snapshot_id for part in state.asset.disks if part.snapshot_id)
        self._wake_those_in_line(state)

    def _wake_those_in_line(self, ended: AssetState) -> None:
        """The snapshots of a machine wait for its image: two tasks on the same disks at once are not known to be allowed."""
        if ended.plan.kind != "image":
            return
        now = self._now
        for state in self._states:
            if state.stage is Stage.LINE and state.instance_id == ended.instance_id:
                if ended.failure is not None:
                    message = f"It was not made, because the image of {ended.instance_id} failed."
                    self._end(state, Failure("not_made", message))
                else:
                    state.stage = Stage.GATE
                    self._file(state, now)

    def _lost(self, state: AssetState, now: float) -> None:
        state.unsure = state.unsure or state.sending

    def _give_up(self, state: AssetState, failure: Failure) -> None:
        if state.stage is not Stage.ENDED:
            state.failure = with_unclear_create(state, failure)
            state.stage = Stage.ENDED

    def _clear(self) -> None:
        self._creates.clear()
        self._parts.clear()
