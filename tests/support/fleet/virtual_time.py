# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Virtual time: a clock that moves only from event to event, and a pool of senders that lives in it. One thread."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call, Response
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.dispatch.dispatcher import Job, Outcome
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import JdcloudError, TransportError

LOOP_COST = 0.00002
"""Seconds that one turn of the dispatcher takes: time passes even for one that asks and asks."""
TIME_LIMIT = 40_000.0
"""Virtual seconds after which a run is taken for one that never ends."""


class NeverEnds(AssertionError):
    """The run does not terminate."""


class VirtualTime:
    """A monotonic clock in seconds, and what happens when."""

    def __init__(self) -> None:
        self._now = 1000.0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._limit = self._now + TIME_LIMIT

    def now(self) -> float:
        """Seconds."""
        return self._now

    def at(self, when: float, event: Callable[[], None]) -> None:
        """Let `event` happen at `when`."""
        heapq.heappush(self._events, (max(when, self._now), next(self._order), event))

    def advance(self, until: float, enough: Callable[[], bool]) -> None:
        """Let time pass up to `until`, or until something happened after which it is `enough`."""
        while self._events and self._events[0][0] <= until:
            when, _order, event = heapq.heappop(self._events)
            self._now = when
            event()
            if enough():
                return
        self._now = max(self._now, until)
        if self._now > self._limit:
            raise NeverEnds(f"still running after {TIME_LIMIT:.0f} virtual seconds")


@dataclass(frozen=True)
class Reply:
    """What the service does with a call: a value or an error, and how long it takes beyond the usual latency (seconds)."""

    value: Any = None
    error: JdcloudError | None = None
    delay: float = 0.0


class Receiver(Protocol):
    """Who answers. `receive` is called when the request arrives, and `answered` says when its answer will be there."""

    def receive(self, call: Call[Any], left_at: float) -> Reply: ...

    def answered(self, call: Call[Any], left_at: float, reply: Reply, received_at: float) -> Response[Any]: ...


@dataclass
class Network:
    """Seconds on the way, and how long it may take to connect."""

    latency: float = 0.02
    jitter: float = 0.0
    slow_connect_share: float = 0.0
    slow_connect: float = 6.0


class VirtualPool:
    """A `dispatch.Pool` of `size` senders. As the real transport, it sends nothing once `leave_by` is over."""

    def __init__(self, time: VirtualTime, receiver: Receiver, rng: random.Random, network: Network, size: int = 16) -> None:
        self._time = time
        self._receiver = receiver
        self._rng = rng
        self._network = network
        self._size = size
        self._busy = 0
        self._ends: list[tuple[Job, Outcome]] = []

    @property
    def free(self) -> int:
        """How many jobs may be submitted now."""
        return self._size - self._busy

    def submit(self, job: Job) -> None:
        """Connect, and then let the request leave."""
        self._busy += 1
        now = self._time.now()
        connecting = 0.0005
        if self._network.slow_connect_share and self._rng.random() < self._network.slow_connect_share:
            connecting = self._network.slow_connect * self._rng.random()
        if job.leave_by is not None and connecting > job.leave_by - now:
            self._give_up_connecting(job, job.leave_by - now)
        else:
            self._time.at(now + connecting, lambda: self._leave(job))

    def wait(self, timeout: float | None) -> list[tuple[Job, Outcome]]:
        """Jobs that ended; time passes until the first one, or for `timeout` seconds."""
        if not self._ends:
            until = self._time.now() + LOOP_COST + (timeout or 0.0)
            self._time.advance(until, lambda: bool(self._ends))
        ends, self._ends = self._ends, []
        return ends

    def _give_up_connecting(self, job: Job, patience: float) -> None:
        if patience <= 0:
            self._end(job, Outcome(stale=True))
            return
        operation = job.call.operation
        error = TransportError("No connection in time.", operation=operation, kind="unreachable", sent=False)
        self._time.at(self._time.now() + patience, lambda: self._end(job, Outcome(error=error)))

    def _leave(self, job: Job) -> None:
        left_at = self._time.now()
        if job.leave_by is not None and left_at > job.leave_by:
            self._end(job, Outcome(stale=True))
            return
        self._time.at(left_at + self._one_way(), lambda: self._arrive(job, left_at))

    def _arrive(self, job: Job, left_at: float) -> None:
        reply = self._receiver.receive(job.call, left_at)
        received_at = self._time.now() + self._one_way() + reply.delay
        response = self._receiver.answered(job.call, left_at, reply, received_at)
        outcome = Outcome(error=reply.error) if reply.error is not None else Outcome(response=response)
        self._time.at(received_at, lambda: self._end(job, outcome))

    def _one_way(self) -> float:
        return self._network.latency / 2 * (1 + self._network.jitter * self._rng.random())

    def _end(self, job: Job, outcome: Outcome) -> None:
        self._busy -= 1
        self._ends.append((job, outcome))
