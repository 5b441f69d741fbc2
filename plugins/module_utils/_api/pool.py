# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A few daemon threads that send jobs.

Daemon threads, and no executor of the standard library: at a signal the process must end at once, and an executor waits
for its threads at exit.
"""

from __future__ import annotations

import queue
import threading
import time

from .dispatch import Clock, Job, Outcome, Sender, execute
from .threads import signals_left_to_the_main_thread


class SystemClock:
    """The machine's monotonic clock."""

    def now(self) -> float:
        """Seconds."""
        return time.monotonic()


class ThreadPool:
    """Threads are started as they are needed, up to `size`."""

    def __init__(self, sender: Sender, clock: Clock, size: int) -> None:
        self._sender = sender
        self._clock = clock
        self._size = size
        self._busy = 0
        self._threads = 0
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._ends: queue.SimpleQueue[tuple[Job, Outcome | BaseException]] = queue.SimpleQueue()
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
        self._jobs.put(job)

    def wait(self, timeout: float | None) -> list[tuple[Job, Outcome]]:
        """Jobs that ended; waits up to `timeout` seconds for the first one. A bug in a thread is raised here."""
        ends: list[tuple[Job, Outcome]] = []
        try:
            self._collect(ends, self._ends.get(timeout=timeout))
            while True:
                self._collect(ends, self._ends.get_nowait())
        except queue.Empty:
            return ends

    def stop(self) -> None:
        """Nothing is sent any more from now on, whatever was submitted."""
        self._stopped.set()

    def close(self) -> None:
        """Stop, and let the idle threads end: a process that lives on, and forks, should not keep them."""
        self.stop()
        for _thread in range(self._threads):
            self._jobs.put(None)

    def _collect(self, ends: list[tuple[Job, Outcome]], end: tuple[Job, Outcome | BaseException]) -> None:
        self._busy -= 1
        job, outcome = end
        if isinstance(outcome, BaseException):
            raise outcome
        ends.append((job, outcome))

    def _work(self) -> None:
        while not self._stopped.is_set():
            job = self._jobs.get()
            if job is None or self._stopped.is_set():
                return
            try:
                self._ends.put((job, execute(self._sender, self._clock, job)))
            except BaseException as error:  # noqa: BLE001 - handed to the dispatcher's thread, which raises it
                self._ends.put((job, error))
