# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the engines of machines, backups and deletions have in common: the run, the calls under way, and giving up."""

from __future__ import annotations

import math
import traceback
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from ..._api.calls import Call
from ..._api.dispatch.dispatcher import Dispatcher, Job, Outcome
from ..._api.errors import ClockSkewError
from ..._api.fields import PAGE_SIZE
from .failure import Failure, api_failure
from .timing import GATE_FRESH, IDLE_GAP, PollSchedule, Waiting

S = TypeVar("S", bound=Waiting)


class EngineBase(ABC, Generic[S]):
    """A `dispatch.Source` that brings each state to its end. `crash` holds the traceback of a bug that ended the run."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._states: list[S] = []
        self._ended = 0
        self._in_flight = 0
        self._looked_at = 0
        """How many are being looked at at the gate."""
        self._singles: deque[Job] = deque()
        """Reads of one asset by itself, ready to leave. They count as under way."""
        self._gate_reads: deque[Job] = deque()
        """Reads that a look at the gate still needs, ready to leave. They count as under way."""
        self.crash: str | None = None

    def run(self, states: Sequence[S]) -> None:
        """Bring `states` to their ends. The ends are in the states, also if a bug ends the run (`crash`)."""
        self._states = list(states)
        self._ended = 0
        self._begin(self._now)
        try:
            self._dispatcher.run(self)
        except Exception as error:  # noqa: BLE001 - whatever it is, the results must not be lost
            # A bug must not hide what was already done.
            self.crash = traceback.format_exc()
            for state in self._states:
                self._lost(state, self._now)
            self._abandon(Failure("internal", f"An internal error ended the run: {type(error).__name__}: {error}"))
            self._in_flight = 0

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""
        return self._all_ended and self._in_flight == 0

    @abstractmethod
    def next_job(self, now: float) -> Job | None:
        """What leaves now."""

    @abstractmethod
    def wake_at(self, now: float) -> float | None:
        """When there may be something to send although nothing came back."""

    @abstractmethod
    def _begin(self, now: float) -> None:
        """File all states, before the first call leaves."""

    @abstractmethod
    def _lost(self, state: S, now: float) -> None:
        """The answer to a call of `state` that is under way will never come."""

    @abstractmethod
    def _give_up(self, state: S, failure: Failure) -> None:
        """End `state` with `failure`, unless it has its end."""

    @abstractmethod
    def _clear(self) -> None:
        """Forget what waits to be sent, but for `_singles` and `_gate_reads`."""

    @property
    def _all_ended(self) -> bool:
        return self._ended == len(self._states)

    @property
    def _now(self) -> float:
        """Monotonic seconds."""
        return self._dispatcher.clock.now()

    def _take_at_gate(self, gate: PollSchedule[S], now: float, writes: int, *, idle: bool, limit: int = PAGE_SIZE) -> list[S]:
        """Those to look at now before their writes leave. `writes` rest on looks already; at most `limit` are looked at.

        That is no more than can leave while their looks are fresh; but one always, however slowly calls may leave.
        """
        ahead = writes + self._looked_at
        fresh = max(1, int(self._dispatcher.rate_limiter.rate * (GATE_FRESH - 1.0)))
        quota = min(fresh - ahead, limit)
        if quota <= 0 or ahead > PAGE_SIZE // 2:
            return []
        chosen = gate.take(now, idle=idle, full_at=quota, quota=quota, gap=0.0)
        self._looked_at += len(chosen)
        return chosen

    def _gate_wake_at(self, gate: PollSchedule[S], now: float) -> float | None:
        """When a look at the gate may become possible with nothing else to send."""
        when = gate.wake_at(now)
        # Those at the gate are due, but wait for the response under way: asking again at once would be a busy wait.
        return max(when, now + IDLE_GAP) if when is not None and self._looked_at else when

    def _job(
        self,
        call: Call[Any],
        done: Callable[[Outcome], None],
        leave_by: float | None = None,
        repeat_until: float = math.inf,
    ) -> Job:
        """A call that counts as under way until it is answered. An answer that no call will ever succeed ends the run."""
        self._in_flight += 1

        def answered(outcome: Outcome) -> None:
            self._in_flight -= 1
            done(outcome)
            error = outcome.error
            if error is not None and (error.is_unauthenticated or isinstance(error, ClockSkewError)):
                self._abandon(api_failure(error))

        return Job(call, answered, leave_by, repeat_until)

    def _abandon(self, failure: Failure) -> None:
        """No call of this run will succeed any more: every state without an end gets this one."""
        for state in self._states:
            self._give_up(state, failure)
        self._ended = len(self._states)
        self._clear()
        self._in_flight -= len(self._singles) + len(self._gate_reads)
        self._singles.clear()
        self._gate_reads.clear()
