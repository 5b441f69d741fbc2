# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A few daemon threads that send jobs, and the dispatcher over them as modules and the inventory open it.

Daemon threads, and no executor of the standard library: at a signal the process must end at once, and an executor waits
for its threads at exit.
"""

from __future__ import annotations

import math
import queue
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from ..connection import Connection
from ..wire.exchange import Exchange, as_current_exchange
from ..wire.transport_errors import timed_out
from .dispatcher import Clock, Dispatcher, Job, Outcome, Pool, Sender, execute
from .rate_limit import RateLimiter
from .signals import signals_left_to_the_main_thread

USER_AGENT = "ansible-jdcloud.cloud/1.0.0"
THREADS = 16
"""Calls to one region that are under way at the same time, at most."""
UNVERIFIED = (
    "validate_certs is false, so certificates are not verified: anyone on the network path to the service can read and change "
    "the traffic."
)
"""The warning where certificates are not verified."""
LOST_AFTER = 1.0
"""Seconds after which an exchange that was ended is not waited for any more: its thread hangs in something that has no
connection yet, such as the name service."""


class SystemClock:
    """The machine's monotonic clock."""

    def now(self) -> float:
        """Seconds."""
        return time.monotonic()


@dataclass(frozen=True, slots=True)
class _Running:
    """A job that a thread has, and the time at which its exchange must be over."""

    job: Job
    exchange: Exchange
    until: float


class ThreadPool:
    """Threads are started as they are needed, up to `size`.

    `exchange_timeout`: seconds for which one job may run; None: as long as it likes. It is ended then, and whoever waits for
    it gets a time-out, unclear if the request may have left.
    """

    def __init__(self, sender: Sender, clock: Clock, size: int, exchange_timeout: float | None = None) -> None:
        self._exchange_timeout = math.inf if exchange_timeout is None else exchange_timeout
        self._running: dict[Exchange, _Running] = {}
        self._lost: set[Exchange] = set()
        self._sender = sender
        self._clock = clock
        self._size = size
        self._busy = 0
        self._threads = 0
        self._jobs: queue.SimpleQueue[_Running | None] = queue.SimpleQueue()
        self._ends: queue.SimpleQueue[tuple[_Running, Outcome | BaseException]] = queue.SimpleQueue()
        self._stopped = threading.Event()

    @property
    def free(self) -> int:
        """How many jobs may be submitted now."""
        return self._size - self._busy

    def submit(self, job: Job) -> None:
        """Have `job` sent by the next free thread."""
        self._busy += 1
        if self._busy > self._threads:
            self._threads += 1
            with signals_left_to_the_main_thread():
                threading.Thread(target=self._work, daemon=True).start()
        running = _Running(job, Exchange(), self._clock.now() + self._exchange_timeout)
        self._running[running.exchange] = running
        self._jobs.put(running)

    def wait(self, timeout: float | None) -> list[tuple[Job, Outcome]]:
        """Jobs that ended; waits up to `timeout` seconds for the first one. A bug in a thread is raised here.

        It comes back sooner, perhaps with nothing, if a job takes too long.
        """
        ends = self._abort()
        try:
            self._collect(ends, self._ends.get(timeout=0.0 if ends else self._patience(timeout)))
            while True:
                self._collect(ends, self._ends.get_nowait())
        except queue.Empty:
            return ends

    def _patience(self, timeout: float | None) -> float | None:
        """Seconds until the next exchange is to be broken off or given up, `timeout` at most."""
        now = self._clock.now()
        times = (each.until + (LOST_AFTER if each.exchange.aborted else 0.0) - now for each in self._running.values())
        wait = min(times, default=math.inf)
        wait = wait if timeout is None else min(wait, timeout)
        return None if math.isinf(wait) else max(0.0, wait)

    def _abort(self) -> list[tuple[Job, Outcome]]:
        """Break off what takes too long, and give up what does not even end then."""
        now = self._clock.now()
        lost = []
        for running in [each for each in self._running.values() if each.until <= now]:
            exchange = running.exchange
            if not exchange.aborted:
                exchange.abort()
            elif running.until + LOST_AFTER <= now:
                del self._running[exchange]
                self._lost.add(exchange)
                self._busy -= 1
                self._threads -= 1
                operation = running.job.call.operation
                error = timed_out(operation, "The service", self._exchange_timeout, sent=exchange.left)
                lost.append((running.job, Outcome(error=error)))
        return lost

    def stop(self) -> None:
        """Nothing is sent any more from now on, whatever was submitted."""
        self._stopped.set()

    def close(self) -> None:
        """Stop, and let the idle threads end: a process that lives on, and forks, should not keep them."""
        self.stop()
        for _thread in range(self._threads):
            self._jobs.put(None)

    def _collect(self, ends: list[tuple[Job, Outcome]], end: tuple[_Running, Outcome | BaseException]) -> None:
        running, outcome = end
        if running.exchange in self._lost:
            # No one waits for it any more, but its thread is of use again.
            self._lost.remove(running.exchange)
            self._threads += 1
            return
        del self._running[running.exchange]
        self._busy -= 1
        if isinstance(outcome, BaseException):
            raise outcome
        ends.append((running.job, outcome))

    def _work(self) -> None:
        while not self._stopped.is_set():
            running = self._jobs.get()
            if running is None or self._stopped.is_set():
                return
            try:
                with as_current_exchange(running.exchange):
                    outcome = execute(self._sender, self._clock, running.job)
                self._ends.put((running, outcome))
            except BaseException as error:  # noqa: BLE001 - handed to the dispatcher's thread, which raises it
                self._ends.put((running, error))


def dispatcher_for(
    connection: Connection, pool: Pool, clock: Clock, *, read_only: bool, on_heartbeat: Callable[[], None]
) -> Dispatcher:
    """A dispatcher with the pace and the patience that the connection asks for."""
    return Dispatcher(
        pool,
        clock,
        RateLimiter(clock.now(), connection.rate_limit),
        random.Random(),
        connection.retries,
        read_only=read_only,
        on_heartbeat=on_heartbeat,
    )
