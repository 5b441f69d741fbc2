# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stage for the dispatcher: a clock that is moved, a pool that answers from a script, and calls that mean nothing."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call, Response
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.dispatch.dispatcher import Dispatcher, Job, Outcome
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.dispatch.rate_limit import RateLimiter
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import ApiError, JdcloudError, TransportError

DATE = datetime(2026, 1, 15, 12, tzinfo=UTC)
Script = Callable[[Call[Any], int], Any]
"""What the service does with the n-th sending of a call: a value, or an error to raise."""


class Clock:
    """Seconds that only the pool moves."""

    def __init__(self) -> None:
        self.time = 50.0

    def now(self) -> float:
        return self.time


class ScriptedPool:
    """Each call takes `latency` seconds; `size` are under way at once. `sent` holds (time, operation, resource)."""

    def __init__(self, clock: Clock, script: Script, size: int = 4, latency: float = 0.1) -> None:
        self.sent: list[tuple[float, str, str | None]] = []
        self.most_under_way = 0
        self._clock = clock
        self._script = script
        self._size = size
        self._latency = latency
        self._under_way: list[tuple[float, Job]] = []

    @property
    def free(self) -> int:
        return self._size - len(self._under_way)

    def submit(self, job: Job) -> None:
        assert self.free > 0, "more jobs than slots"
        self.sent.append((self._clock.time, job.call.operation, job.call.resource))
        self._under_way.append((self._clock.time, job))
        self.most_under_way = max(self.most_under_way, len(self._under_way))

    def wait(self, timeout: float | None) -> list[tuple[Job, Outcome]]:
        until = self._clock.time + (timeout or 0.0) + 0.0001
        ends_at = min((began + self._latency for began, _job in self._under_way), default=until)
        self._clock.time = max(self._clock.time, min(until, ends_at))
        ended = [pair for pair in self._under_way if pair[0] + self._latency <= self._clock.time]
        self._under_way = [pair for pair in self._under_way if pair not in ended]
        return [(job, self._outcome(began, job)) for began, job in ended]

    def _outcome(self, began: float, job: Job) -> Outcome:
        nth = sum(
            1 for _when, operation, resource in self.sent if (operation, resource) == (job.call.operation, job.call.resource)
        )
        result = self._script(job.call, nth)
        if isinstance(result, Outcome):
            return result
        if isinstance(result, JdcloudError):
            return Outcome(error=result)
        return Outcome(response=Response(result, "request-1", DATE, began, self._clock.time))


def stage(
    script: Script, *, retries: int = 3, rate: float | None = 1000.0, **more: Any
) -> tuple[Dispatcher, ScriptedPool, Clock]:
    """A dispatcher over a script."""
    clock = Clock()
    pool = ScriptedPool(clock, script, more.pop("size", 4), more.pop("latency", 0.1))
    rate_limiter = RateLimiter(clock.now(), rate)
    return Dispatcher(pool, clock, rate_limiter, random.Random(1), retries, **more), pool, clock


def call(operation: str = "vm.describeInstance", resource: str | None = "i-one", *, write: bool = False) -> Call[Any]:
    """A call that means nothing."""
    return Call(
        operation=operation,
        service="vm",
        method="POST" if write else "GET",
        path="/instances",
        query=(),
        body=None,
        write=write,
        parse=dict,
        resource=resource,
    )


def refusal(http: int, status: str) -> ApiError:
    """An error answer of the service."""
    return ApiError("vm.describeInstance", http, status, "refused", "request-1")


def failure(kind: Literal["unreachable", "timeout", "reset", "garbled", "tls", "redirect", "too_big"]) -> TransportError:
    """A failed exchange."""
    return TransportError("Failed.", operation="vm.describeInstance", kind=kind, sent=kind not in ("unreachable", "tls"))
