# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Time that leaps where a module in this process would only wait.

The module and the emulator live by the same time: the machine's clocks, and what both have leapt ahead. Time leaps only while
nothing is under way, or while all that is under way is kept waiting by the emulator (a delayed answer, a hanging call), and no
further than to the next thing that happens. So a second is a second for both, and bounds on seconds between two lines of the
request log mean exactly what they would without leaps: the log's times leap, too. What is computed, sent and answered takes real
time, which counts as ever.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Protocol
from unittest import mock

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.dispatch import pool
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.dispatch.dispatcher import Job, Outcome
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.wire.transport import Transport
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.common import session

SOON = 0.02
"""Real seconds to wait for an answer before it is asked whether the call is kept waiting. Longer than most calls take."""


class Service(Protocol):
    """What can leap along; see `jdcloud_emulator.control.ControlClient.leap`."""

    def leap(self, seconds: float, kept: int = 0) -> float:
        """Let the service's time leap. Returns the sum of its leaps."""
        raise NotImplementedError


class Leaps:
    """The clocks of whoever shares the time of one emulator.

    `over_calls`: whether time may leap while calls under way are kept waiting. Without it, a call that hangs holds all up.
    """

    def __init__(self, service: Service, *, over_calls: bool = True) -> None:
        self._service = service
        self._over_calls = over_calls
        self._ahead = 0.0

    def now(self) -> float:
        """Monotonic seconds."""
        return time.monotonic() + self._ahead

    def utcnow(self) -> datetime:
        """The time of day."""
        return datetime.now(UTC) + timedelta(seconds=self._ahead)

    def leap(self, seconds: float, under_way: int = 0) -> bool:
        """Let so many seconds pass, or fewer if a call that is kept waiting is due earlier; none if other calls are under way.

        Returns whether time has leapt.
        """
        before = self._ahead
        if under_way == 0 or self._over_calls:
            self._ahead = self._service.leap(seconds, under_way)
        return self._ahead > before


class LeapingPool(pool.ThreadPool):
    """A pool that does not sleep while nothing happens."""

    def __init__(self, leaps: Leaps, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._leaps = leaps
        self._all_kept = False
        """Whether all that is under way was kept waiting a moment ago."""

    def submit(self, job: Job) -> None:
        """Have `job` sent; see `pool.ThreadPool.submit`."""
        self._all_kept = False
        super().submit(job)

    def wait(self, timeout: float | None) -> list[tuple[Job, Outcome]]:
        """What ended until then; see `pool.ThreadPool.wait`."""
        assert timeout is not None, "whoever waits for ever would not notice an interruption"
        end = self._leaps.now() + timeout
        while (left := end - self._leaps.now()) > 0 and not self._stopped.is_set():
            ends = super().wait(0.0 if self._all_kept else min(SOON, left)) if self._running else []
            if ends or self._gives_up_soon():
                return ends
            self._all_kept = self._leaps.leap(self._patience(left) or 0.0, len(self._running))
        return super().wait(0.0)

    def _gives_up_soon(self) -> bool:
        """Whether a job that took too long is ending: its thread needs real time for that."""
        return any(running.exchange.aborted for running in self._running.values())


@contextlib.contextmanager
def leaping(leaps: Leaps | None) -> Iterator[None]:
    """Let a module that runs in this block take its time from `leaps`, ours if there is none; its threads end with it."""
    pools: list[pool.ThreadPool] = []

    def kept(*arguments: Any) -> pool.ThreadPool:
        pools.append(pool.ThreadPool(*arguments) if leaps is None else LeapingPool(leaps, *arguments))
        return pools[-1]

    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.object(session, "ThreadPool", kept))
        if leaps is not None:
            # Others may have made the service leap since the last run.
            leaps.leap(0.0)
            stack.enter_context(mock.patch.object(session, "SystemClock", lambda: leaps))
            clocks = partial(Transport, monotonic=leaps.now, utcnow=leaps.utcnow)
            stack.enter_context(mock.patch.object(session, "Transport", clocks))
        try:
            yield
        finally:
            for each in pools:
                each.close()
