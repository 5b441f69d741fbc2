# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carries out the decisions for one machine or ten thousand: chooses what leaves next, and files what comes back.

It is a `dispatch.Source`: asked for each free slot, it takes, in this order, what repairs, bulk looks that pay, the
aftermath, deletes and stops in turn, proofs, and small looks when the line is idle. Stops run ahead of deletes by no more than
is needed to keep the line busy, so that a run that ends early leaves few machines stopped and not deleted.
"""

from __future__ import annotations

import math
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from ..._api.calls import Call, Response
from ..._api.dispatch.dispatcher import Dispatcher, Job, Outcome
from ..._api.dispatch.pagination import PAGE_SIZE
from ..._api.errors import ClockSkewError
from ..._api.model.instance import Instance
from ..._api.model.resources import Page
from ..._api.services import vm
from ..common.failure import Failure
from ..common.poll_schedule import IDLE_GAP, LookBook
from ..common.timing import GATE_FRESH, GATE_MARGIN, GATE_MAX_AGE, Timing
from ..planning.policy import Facts, Policy
from .calls import bulk_look_of, write_of
from .dependents import Aftermath
from .facts import Knowledge
from .gate_reads import GateReads
from .recovery import Next
from .state import AHEAD, GATES, LOOKED, Phase, Track
from .transitions import Course

PLAN_MAX_AGE = 60.0
"""The oldest observation in seconds that a stop or start may rest on."""
FEW = 3
"""The last few deletes are watched by single reads: a 404 is proof at once, where bulk answers need two."""
LOOK_SLACK = 10.0
"""Seconds for which a failing look is repeated after the last wait of its machines has run out: it may show that all is well."""
LAST_SECONDS = 0.3
"""With a known duration, so are the last ones that can be asked for in this time: a second bulk answer takes as long."""


class Engine:
    """One run over the tracks. `finished` when every machine has its end and every fate was asked for."""

    def __init__(self, dispatcher: Dispatcher, policy: Policy, timing: Timing, facts: Facts) -> None:
        self._dispatcher = dispatcher
        self._policy = policy
        self._wait_timeout = timing.wait_timeout
        self._knowledge = Knowledge(policy, facts)
        self._course = Course(policy, timing, self._facts, dispatcher.backoff)
        self._book: LookBook[Track] = LookBook(timing.poll_interval, lambda track: track.phase in LOOKED)
        self._queues: dict[Phase, deque[Track]] = {phase: deque() for phase in Phase if phase not in LOOKED | {Phase.ENDED}}
        self._singles: deque[Job] = deque()
        self._gate_reads: deque[Job] = deque()
        self._gate_is_read = False
        self._gate_calls = (0.0, 1.0)
        self._in_flight = 0
        self._phases: dict[Phase, int] = dict.fromkeys(Phase, 0)
        self._tracks: list[Track] = []
        self._stop_turn = True
        self._stuck = 0
        self.crash: str | None = None
        self._aftermath = Aftermath(
            timing.wait_timeout,
            dispatcher.backoff,
            dispatcher.clock.now,
            explicit_disks=policy.disks != "as_configured",
            protect_tags=policy.protect_tags,
        )

    def run(self, tracks: Sequence[Track]) -> None:
        """Carry out the decisions of `tracks`; the ends are in the tracks, also if a bug ends the run (`crash`)."""
        now = self._dispatcher.clock.now()
        self._tracks = list(tracks)
        self._gate_calls = self._knowledge.calls_each(self._tracks)
        for track in self._tracks:
            self._phases[track.phase] += 1
        for track in self._tracks:
            before = track.phase
            self._file(track, before, self._course.start(track, now), now)
        try:
            self._dispatcher.run(self)
        except Exception as error:  # noqa: BLE001 - whatever it is, the results must not be lost
            # A bug must not hide what was already done to the other machines.
            self.crash = traceback.format_exc()
            for track in self._tracks:
                # The answers to what is under way never come.
                self._course.lost(track, self._dispatcher.clock.now())
            self._abandon(Failure("internal", f"An internal error ended the run: {type(error).__name__}: {error}"))
            self._in_flight = 0

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""
        return self._all_ended and self._in_flight == 0 and self._aftermath.finished

    @property
    def _all_ended(self) -> bool:
        return self._phases[Phase.ENDED] == len(self._tracks)

    def wake_at(self, now: float) -> float | None:
        """When there may be something to send although nothing came back."""
        aftermath = self._aftermath.wake_at(flush=self._all_ended)
        look = self._book.wake_at(now)
        if look is not None and self._gate_is_read:
            # Those at the gate are due, but wait for the answers under way: asking again at once would be a busy wait.
            look = max(look, now + IDLE_GAP)
        times = [when for when in (look, aftermath) if when is not None]
        return min(times, default=None)

    def next_job(self, now: float) -> Job | None:
        """What leaves now."""
        self._book.fetch_due(now, self._send_again)
        return next(filter(None, self._offers(now)), None)

    def _offers(self, now: float) -> Iterator[Job | None]:
        """In the order of their weight. What comes later is not looked at while there is something before."""
        yield self._write(Phase.PUT_BACK, now)
        yield self._gate_reads.popleft() if self._gate_reads else None
        yield self._look(now, idle=False)
        yield self._write(Phase.SET_DISKS, now)
        yield self._aftermath.next_job(now, flush=self._all_ended)
        yield self._stop_or_delete(now)
        yield self._singles.popleft() if self._singles else None
        yield self._look(now, idle=True)

    def _facts(self) -> Facts:
        """The facts of the plan, as of now."""
        return self._knowledge.facts(self._dispatcher.service_time())

    def _send_again(self, track: Track) -> None:
        """The time to repeat a call has come. It goes first: its patience is for the service, not for the line."""
        if track.phase in self._queues:
            self._queues[track.phase].appendleft(track)

    def _stop_or_delete(self, now: float) -> Job | None:
        """Stops and deletes in turn, so that neither starves; a stop only while few machines are stopped and not deleted."""
        self._stop_turn = not self._stop_turn
        first, second = (self._change, self._delete) if self._stop_turn else (self._delete, self._change)
        return first(now) or second(now)

    def _change(self, now: float) -> Job | None:
        if self._policy.state == "absent" and self._ahead() >= self._course.stops_ahead(self._dispatcher.rate_limiter.rate):
            return None
        return self._write(Phase.STOP, now) or self._write(Phase.START, now)

    def _delete(self, now: float) -> Job | None:
        return self._write(Phase.DELETE, now)

    def _ahead(self) -> int:
        return sum(self._phases[phase] for phase in AHEAD) - self._stuck

    def _gate_room(self) -> tuple[int, int]:
        """How many more machines may be observed for their delete now, and how many make a look worth it.

        An observation goes stale in seconds, so no more are looked at than can be deleted in that time.
        """
        share = 0.5 if self._queues[Phase.STOP] else 0.9
        calls = self._dispatcher.rate_limiter.rate * (GATE_FRESH - 0.5) * share
        once, each = self._gate_calls
        limit = max(1, int((calls - once) / each))
        full_at = min(PAGE_SIZE, limit)
        ready = len(self._queues[Phase.DELETE]) + len(self._queues[Phase.SET_DISKS])
        return (limit - ready if limit - ready >= full_at else 0), full_at

    def _leads_to_delete(self, track: Track) -> bool:
        return self._policy.state == "absent" and track.phase in (GATES if self._policy.reads_at_gate else AHEAD)

    def _look(self, now: float, *, idle: bool) -> Job | None:
        room, full_at = self._gate_room()
        if self._gate_is_read:
            room = 0
        left = len(self._tracks) - self._phases[Phase.ENDED]
        last = left == self._phases[Phase.DELETING] and left <= max(FEW, self._dispatcher.rate_limiter.rate * LAST_SECONDS)
        gap = 0.0 if last and self._course.deletes.certain else IDLE_GAP
        chosen = self._book.take(now, room, full_at, self._leads_to_delete, idle=idle, gap=gap)
        if not chosen:
            return None
        if last and (left <= FEW or (self._course.deletes.certain and not any(track.asked_singly for track in chosen))):
            for track in chosen:
                track.asked_singly = True
                self._prove(track)
            return self._singles.popleft()
        gated = [track for track in chosen if track.phase in GATES]
        readings = self._knowledge.gate_readings(gated)
        if not readings:
            return self._bulk_look(chosen, math.inf)
        self._gate_is_read = True
        reads = GateReads(gated, now, self._gate_was_read)
        reads.jobs(readings, self._job, self._gate_reads.append)
        self._gate_reads.append(self._job(bulk_look_of(gated), reads.looked))
        others = [track for track in chosen if track.phase not in GATES]
        return self._bulk_look(others, math.inf) if others else self._gate_reads.popleft()

    def _bulk_look(self, chosen: Sequence[Track], began_at: float) -> Job:
        until = max(map(self._repeat_until, chosen))
        return self._job(bulk_look_of(chosen), partial(self._looked, chosen, began_at), repeat_until=until)

    def _repeat_until(self, track: Track) -> float:
        """How long a look at a machine that cannot be read is repeated: for one wait where it is in line."""
        waits_until = self._dispatcher.clock.now() + self._wait_timeout if track.deadline is None else track.deadline
        return waits_until + LOOK_SLACK

    def _gate_was_read(self, reads: GateReads) -> None:
        """Machines at the gate were looked at, and their backups, disks and elastic IPs are known anew."""
        now = self._dispatcher.clock.now()
        self._gate_is_read = False
        tracks = [track for track in reads.tracks if track.phase is not Phase.ENDED]
        if reads.error is not None:
            self._fail(tracks, Outcome(error=reads.error), now)
        elif tracks:
            self._knowledge.renew(tracks, reads.rows)
            self._looked(tracks, reads.began_at, reads.look)

    def _prove(self, track: Track) -> None:
        """Ask for one machine by itself: 404 NOT_FOUND is the proof that it is gone."""
        call = vm.describe_instance(track.instance_id)
        self._singles.append(self._job(call, partial(self._proved, track), repeat_until=self._repeat_until(track)))

    def _write(self, phase: Phase, now: float) -> Job | None:
        """The next call of the machines in `phase`. One whose observation is too old is looked at again instead."""
        queue = self._queues[phase]
        while queue:
            track = queue.popleft()
            age = now - track.observed_at
            if phase in (Phase.DELETE, Phase.SET_DISKS) and age > GATE_FRESH:
                self._file(track, phase, self._course.regate(track, now), now)
            elif phase in (Phase.STOP, Phase.START) and age > PLAN_MAX_AGE:
                if self._phases[Phase.REFRESH] >= PAGE_SIZE:
                    queue.appendleft(track)
                    return None
                self._file(track, phase, self._course.refresh(track, now), now)
            else:
                leave_by = track.observed_at + GATE_MAX_AGE - GATE_MARGIN if phase is Phase.DELETE else None
                track.sending = phase
                return self._job(write_of(track, self._policy.charge_on_stopped), partial(self._written, track, phase), leave_by)
        return None

    def _job(
        self,
        call: Call[Any],
        done: Callable[[Outcome], None],
        leave_by: float | None = None,
        repeat_until: float | None = None,
    ) -> Job:
        self._in_flight += 1

        def answered(outcome: Outcome) -> None:
            self._in_flight -= 1
            done(outcome)
            if outcome.error is not None and (outcome.error.is_unauthenticated or isinstance(outcome.error, ClockSkewError)):
                self._abandon(Failure("api", str(outcome.error), outcome.error))

        if repeat_until is None:
            waits = self._dispatcher.clock.now() + self._wait_timeout + LOOK_SLACK
            repeat_until = math.inf if call.write else waits
        return Job(call, answered, leave_by, repeat_until)

    def _written(self, track: Track, phase: Phase, outcome: Outcome) -> None:
        now = self._dispatcher.clock.now()
        track.sending = None
        if outcome.response is not None:
            self._course.note_effect(track, phase)
        if track.phase is Phase.ENDED:
            if not outcome.stale:
                self._course.came_late(track, phase, outcome.error, now)
            return
        if outcome.stale:
            self._file(track, phase, self._course.regate(track, now), now)
        elif outcome.error is not None:
            self._file(track, phase, self._course.refused(track, outcome.error, now), now)
        elif outcome.response is not None:
            self._file(track, phase, self._course.accepted(track, outcome.response.received_at), now)

    def _looked(self, chosen: Sequence[Track], began_at: float, outcome: Outcome) -> None:
        now = self._dispatcher.clock.now()
        tracks = [track for track in chosen if track.phase is not Phase.ENDED]
        if outcome.response is None:
            self._fail(tracks, outcome, now)
            return
        page: Page[Instance] = outcome.response.value
        rows = {machine.instance_id: machine for machine in page.items}
        self._course.learn(tracks, rows, outcome.response.sent_at)
        absent = [track for track in tracks if track.instance_id not in rows]
        for track in tracks:
            if track.instance_id in rows:
                # At the gate an observation is as old as the oldest read that it rests on.
                self._seen(track, rows[track.instance_id], outcome.response, now, began_at=began_at)
        if absent and page.whole and not page.items:
            # An empty answer may come from missing rights or a wrong region: one 404 must vouch for it.
            vouch = partial(self._vouched, absent[0], absent[1:], outcome.response)
            self._singles.append(self._job(vm.describe_instance(absent[0].instance_id), vouch))
        elif page.whole:
            self._absent(absent, outcome.response, now)
        else:
            for track in absent:
                self._prove(track)

    def _vouched(self, first: Track, others: Sequence[Track], empty: Response[Any], outcome: Outcome) -> None:
        now = self._dispatcher.clock.now()
        others = [track for track in others if track.phase is not Phase.ENDED]
        self._proved(first, outcome)
        if outcome.error is not None and outcome.error.is_not_found:
            self._absent(others, empty, now)
        elif outcome.error is not None:
            self._fail(others, outcome, now)
        else:
            for track in others:
                self._file(track, track.phase, Next(now + self._dispatcher.backoff(1)), now)

    def _proved(self, track: Track, outcome: Outcome) -> None:
        now = self._dispatcher.clock.now()
        if track.phase is Phase.ENDED:
            return
        if outcome.error is not None and outcome.error.is_not_found:
            before = track.phase
            self._file(track, before, self._course.proved_gone(track, now), now)
        elif outcome.response is None:
            self._fail([track], outcome, now)
        else:
            self._seen(track, outcome.response.value, outcome.response, now, in_bulk=False)

    def _seen(
        self,
        track: Track,
        machine: Instance,
        answer: Response[Any],
        now: float,
        *,
        in_bulk: bool = True,
        began_at: float = math.inf,
    ) -> None:
        before = track.phase
        sent_at = min(answer.sent_at, began_at) if before in GATES else answer.sent_at
        self._file(track, before, self._course.seen(track, machine, sent_at, now, in_bulk=in_bulk), now)

    def _absent(self, tracks: Sequence[Track], answer: Response[Any], now: float) -> None:
        for track in tracks:
            before = track.phase
            self._file(track, before, self._course.absent(track, answer.sent_at, answer.received_at), now)

    def _fail(self, tracks: Sequence[Track], outcome: Outcome, now: float) -> None:
        """The machines cannot be read."""
        failure = Failure("api", str(outcome.error), outcome.error)
        for track in tracks:
            before = track.phase
            self._file(track, before, self._course.fail(track, failure, now, blind=True), now)

    def _file(self, track: Track, before: Phase, following: Next, now: float) -> None:
        """Arrange what the course said: a look, a proof, a place in a queue, or the end."""
        if track.phase in LOOKED and not following.prove_gone:
            following = self._course.overdue(track, now) or following
        self._phases[before] -= 1
        self._phases[track.phase] += 1
        stuck = self._course.is_stuck(track, now)
        self._stuck += stuck - track.stuck
        track.stuck = stuck
        if track.phase is Phase.ENDED:
            if track.gone and (track.deleted or track.disks_set):
                self._aftermath.add(track, now)
        elif following.prove_gone:
            self._prove(track)
        elif following.look_at is not None:
            self._book.add(track, following.look_at)
        elif before is Phase.REFRESH:
            self._queues[track.phase].appendleft(track)
        else:
            self._queues[track.phase].append(track)

    def _abandon(self, failure: Failure) -> None:
        """No call of this run will succeed any more: every machine without an end gets this one."""
        for track in self._tracks:
            if track.phase is not Phase.ENDED:
                self._phases[track.phase] -= 1
                self._phases[Phase.ENDED] += 1
                self._course.abandon(track, failure)
        for queue in self._queues.values():
            queue.clear()
        self._in_flight -= len(self._singles) + len(self._gate_reads)
        self._singles.clear()
        self._gate_reads.clear()
        self._aftermath.abandon()
