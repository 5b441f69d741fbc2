# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deletes images, disks or the like, hundreds at a time: chooses what leaves next, and follows each asset to its end.

Looks in bulk and paces itself as the engine of machines does. A delete leaves only within five
seconds of a look in bulk that showed the asset as planned; it is never repeated without another such look.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Generic

from ..._api.calls import Response
from ..._api.dispatch.dispatcher import Dispatcher, Job, Outcome
from ..._api.fields import PAGE_SIZE
from ..common.engine_base import EngineBase
from ..common.failure import ErrorMeaning, Failure, api_failure, classify
from ..common.timing import GATE_FRESH, GATE_URGENT, DurationEstimate, PollSchedule, Timing, leave_by
from .resource_kind import D, ResourceKind
from .state import DeletionState, Stage
from .transitions import PROVE, DeletionTransitions


class DeletionEngine(EngineBase[DeletionState[D]], Generic[D]):
    """One run over the assets: deletes them, or waits for those that are being deleted."""

    def __init__(self, dispatcher: Dispatcher, kind: ResourceKind[D], timing: Timing) -> None:
        super().__init__(dispatcher)
        self._kind = kind
        self._transitions = DeletionTransitions(timing, dispatcher.backoff, kind)
        self._gate: PollSchedule[DeletionState[D]] = PollSchedule(timing.poll_interval, lambda state: state.stage is Stage.GATE)
        self._going: PollSchedule[DeletionState[D]] = PollSchedule(timing.poll_interval, lambda state: state.stage is Stage.GOING)
        self._deletes: deque[DeletionState[D]] = deque()
        self._duration = DurationEstimate(timing.poll_interval)

    def _begin(self, now: float) -> None:
        for state in self._states:
            state.since = now
            self._file(state, now)

    def wake_at(self, now: float) -> float | None:
        """When there may be something to send although nothing came back."""
        gate, going = self._gate_wake_at(self._gate, now), self._going.wake_at(now)
        return min((when for when in (gate, going) if when is not None), default=None)

    def next_job(self, now: float) -> Job | None:
        """What leaves now: looks that pay, deletes, proofs, and small looks when the line is idle."""
        self._gate.fetch_due(now)
        self._going.fetch_due(now)
        urgent = bool(self._deletes) and now - self._deletes[0].observed_at > GATE_URGENT
        return next(filter(None, self._offers(now, urgent=urgent)), None)

    def _offers(self, now: float, *, urgent: bool) -> Iterator[Job | None]:
        """In the order of their weight. What comes later is not looked at while there is something before."""
        yield self._gate_reads.popleft() if self._gate_reads else None
        yield self._delete(now) if urgent else None
        yield self._poll(now, idle=False)
        yield self._look_at_gate(now, idle=not self._deletes)
        yield self._delete(now)
        yield self._singles.popleft() if self._singles else None
        yield self._poll(now, idle=True)

    # --- the gate -----------------------------------------------------------------------------------------------------

    def _look_at_gate(self, now: float, *, idle: bool) -> Job | None:
        """Look at those that are deleted next, no more than can leave while the look is fresh."""
        limit = PAGE_SIZE
        if self._kind.look_limit is not None:
            # What is related to them is read first, in one call.
            limit = self._kind.look_limit if not self._looked_at else 0
        chosen = self._take_at_gate(self._gate, now, len(self._deletes), idle=idle, limit=limit)
        if not chosen:
            return None
        related = self._kind.related_call([state.asset for state in chosen])
        if related is not None:
            return self._job(related, partial(self._related_seen, chosen, now))
        return self._full_look(chosen, now)

    def _related_seen(self, chosen: Sequence[DeletionState[D]], began_at: float, outcome: Outcome) -> None:
        """What is related to them is known: now the look at the assets themselves."""
        if outcome.response is None:
            self._looked_at -= len(chosen)
            self._fail(chosen, outcome)
            return
        self._kind.note_related([state.asset for state in chosen], outcome.response.value)
        self._gate_reads.append(self._full_look(chosen, began_at))

    def _full_look(self, chosen: Sequence[DeletionState[D]], began_at: float) -> Job:
        call = self._kind.by_ids([state.asset_id for state in chosen])
        return self._job(call, partial(self._gate_seen, chosen, began_at))

    def _gate_seen(self, chosen: Sequence[DeletionState[D]], began_at: float, outcome: Outcome) -> None:
        self._looked_at -= len(chosen)
        self._seen([state for state in chosen if state.stage is Stage.GATE], outcome, began_at)

    # --- deletes ------------------------------------------------------------------------------------------------------

    def _delete(self, now: float) -> Job | None:
        while self._deletes:
            state = self._deletes.popleft()
            if now - state.observed_at <= GATE_FRESH:
                state.sending = True
                return self._job(self._kind.delete(state.asset), partial(self._asked, state), leave_by(state.observed_at))
            self._file(state, self._transitions.stale(state, now))
        return None

    def _asked(self, state: DeletionState[D], outcome: Outcome) -> None:
        now = self._now
        state.sending = False
        if outcome.response is not None:
            state.accepted, state.doubt_since = True, None
        if state.stage is Stage.ENDED:
            if outcome.error is not None and classify(outcome.error) is ErrorMeaning.UNCLEAR:
                state.maybe_sent, state.doubt_since = True, now
            self._transitions.report_unclear(state)
            return
        if outcome.response is not None:
            pause = max(0.0, self._duration.next_look(now, now) - now)
            when = self._transitions.accepted(state, outcome.response.received_at, pause)
        elif outcome.error is not None:
            when = self._transitions.refused(state, outcome.error, now)
        else:
            when = self._transitions.stale(state, now)
        self._file(state, when)

    # --- the end ------------------------------------------------------------------------------------------------------

    def _poll(self, now: float, *, idle: bool) -> Job | None:
        """Look at what is being deleted, up to 100 in one call."""
        chosen = self._going.take(now, idle=idle)
        if not chosen:
            return None
        return self._job(self._kind.by_ids([state.asset_id for state in chosen]), partial(self._polled, chosen))

    def _polled(self, chosen: Sequence[DeletionState[D]], outcome: Outcome) -> None:
        states = [state for state in chosen if state.stage is Stage.GOING]
        if outcome.response is not None:
            self._learn(states, outcome.response)
        self._seen(states, outcome, None)

    def _seen(self, states: Sequence[DeletionState[D]], outcome: Outcome, began_at: float | None) -> None:
        """A look in bulk. It is as old as the oldest read that it rests on; what it leaves out is asked for by itself."""
        if outcome.response is None:
            self._fail(states, outcome)
            return
        now = self._now
        sent_at = outcome.response.sent_at if began_at is None else min(began_at, outcome.response.sent_at)
        rows = {self._kind.id_of(row): row for row in outcome.response.value.items}
        for state in states:
            if state.asset_id in rows:
                next_look = self._duration.next_look(state.since, now)
                self._file(state, self._transitions.seen(state, rows[state.asset_id], sent_at, now, next_look))
            else:
                self._prove(state)

    def _prove(self, state: DeletionState[D]) -> None:
        """Ask for one asset by itself: 404 NOT_FOUND is the proof that it is gone."""
        self._singles.append(self._job(self._kind.by_id(state.asset_id), partial(self._proved, state)))

    def _proved(self, state: DeletionState[D], outcome: Outcome) -> None:
        now = self._now
        if state.stage is Stage.ENDED:
            return
        if outcome.error is not None and outcome.error.is_not_found:
            self._file(state, self._transitions.proved_gone(state, now))
        elif outcome.response is None:
            self._fail([state], outcome)
        else:
            next_look = self._duration.next_look(state.since, now)
            self._file(
                state, self._transitions.shown_singly(state, outcome.response.value, outcome.response.sent_at, now, next_look)
            )

    def _learn(self, states: Sequence[DeletionState[D]], response: Response[Any]) -> None:
        """Tell the estimate which deletes had ended at which age."""
        shown = {self._kind.id_of(row) for row in response.value.items}
        timed = [state for state in states if state.accepted and not state.maybe_sent]
        self._duration.learn(
            [response.sent_at - state.since for state in timed if state.asset_id not in shown],
            [response.sent_at - state.since for state in timed if state.asset_id in shown],
        )

    # --- filing -------------------------------------------------------------------------------------------------------

    def _file(self, state: DeletionState[D], when: float) -> None:
        """Put a state where its stage belongs; `when` is the time of its next look."""
        if state.stage is Stage.ENDED:
            self._ended += 1
        elif when is PROVE:
            self._prove(state)
        elif state.stage is Stage.DELETE:
            self._deletes.append(state)
        else:
            (self._gate if state.stage is Stage.GATE else self._going).add(state, when)

    def _fail(self, states: Sequence[DeletionState[D]], outcome: Outcome) -> None:
        now = self._now
        for state in states:
            if state.stage is not Stage.ENDED:
                self._transitions.abandon(state, api_failure(outcome.error))
                self._file(state, now)

    def _lost(self, state: DeletionState[D], now: float) -> None:
        state.doubt_since = now if state.sending else state.doubt_since

    def _give_up(self, state: DeletionState[D], failure: Failure) -> None:
        if state.stage is not Stage.ENDED:
            self._transitions.abandon(state, failure)

    def _clear(self) -> None:
        self._deletes.clear()
