# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sends many calls at once: paced, a few threads, reads repeated after transient failures, writes never.

One thread, the dispatcher's, decides everything; the pool's threads only send. Clock, randomness, pool and transport
are arguments, so that a whole run can happen in virtual time in one thread.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar, cast

from ..calls import Call, Response
from ..errors import THROTTLE_PATIENCE, ApiError, JdcloudError, NotSentError, TransportError
from .rate_limit import RateLimiter

BACKOFF_BASE = 0.25
BACKOFF_CAP = 15.0
"""Seconds; the wait before the n-th repeat of a read is drawn from the upper half of base * 2^n, at most the cap."""
READ_PATIENCE = 120.0
"""Seconds after which one failing read is not repeated any more, however many tries it has left: time-outs add up."""
FIRST_CONTACT_TRIES = 3
"""As long as the service never answered in this run, a wrong address is more likely than an outage."""
TROUBLE_LASTS = 60.0
"""Seconds for which it is of interest that a call was not served."""
HEARTBEAT = 0.25
"""Seconds between two looks at whether anyone still wants the result."""

T = TypeVar("T")


class Clock(Protocol):
    """Monotonic seconds."""

    def now(self) -> float:
        """The time."""
        raise NotImplementedError


class Sender(Protocol):
    """Sends one call exactly once; see `transport.Transport.send`."""

    def send(
        self, call: Call[Any], connect_timeout: float | None = None, before_send: Callable[[], bool] | None = None
    ) -> Response[Any]:
        """Send it. Raises a `JdcloudError`."""
        raise NotImplementedError


@dataclass(slots=True)
class Outcome:
    """What became of one job: an answer, or an error, or `stale` (it was not sent, because it would have left too late)."""

    response: Response[Any] | None = None
    error: JdcloudError | None = None
    stale: bool = False

    @property
    def value(self) -> Any:
        """The answer's value. Raises the error instead where there is one."""
        if self.response is None:
            raise self.error or RuntimeError("a call that was held back has no value")
        return self.response.value


@dataclass(slots=True)
class Job:
    """One call and who wants to know its end. `leave_by`: the monotonic time after which it must not be sent any more.

    `repeat_until`: the time after which a read is not repeated, because whoever waits for it has no more time.
    """

    call: Call[Any]
    done: Callable[[Outcome], None]
    leave_by: float | None = None
    repeat_until: float = math.inf
    tries: int = field(default=0, init=False)
    began_at: float | None = field(default=None, init=False)
    throttled_since: float | None = field(default=None, init=False)


class Pool(Protocol):
    """Runs `execute(job)` for several jobs at once."""

    @property
    def free(self) -> int:
        """How many more can run."""
        raise NotImplementedError

    def submit(self, job: Job) -> None:
        """Begin with a job."""
        raise NotImplementedError

    def wait(self, timeout: float | None) -> list[tuple[Job, Outcome]]:
        """Those that ended, at least one unless the time (in seconds) ran out."""
        raise NotImplementedError


class Source(Protocol):
    """Where the dispatcher gets its jobs: asked again for each free slot, so that the choice is made when the job can leave."""

    @property
    def finished(self) -> bool:
        """Whether there will be no more jobs."""
        raise NotImplementedError

    def next_job(self, now: float) -> Job | None:
        """What is to leave now, if anything."""
        raise NotImplementedError

    def wake_at(self, now: float) -> float | None:
        """When to ask again, None if only the end of a running job changes anything."""
        raise NotImplementedError


def execute(sender: Sender, clock: Clock, job: Job) -> Outcome:
    """Send `job` once, unless its time to leave is over. Never raises a `JdcloudError`: it is part of the outcome."""
    leave_by = job.leave_by
    try:
        if leave_by is None:
            return Outcome(response=sender.send(job.call))
        # Connecting may take long; what was observed before must not be older than allowed when the request leaves.
        connect_timeout = leave_by - clock.now()
        if connect_timeout <= 0:
            return Outcome(stale=True)
        return Outcome(response=sender.send(job.call, connect_timeout, lambda: clock.now() <= leave_by))
    except NotSentError:
        return Outcome(stale=True)
    except JdcloudError as error:
        return Outcome(error=error)


@dataclass(slots=True)
class Counters:
    """Of one module run. `calls` counts every request sent, repeats included."""

    calls: int = 0
    retries: int = 0
    throttled: int = 0


class Dispatcher:
    """The only way in which calls leave. Not thread-safe: one thread runs it."""

    def __init__(
        self,
        pool: Pool,
        clock: Clock,
        rate_limiter: RateLimiter,
        rng: random.Random,
        retries: int,
        *,
        read_only: bool = False,
        on_heartbeat: Callable[[], None] | None = None,
    ) -> None:
        self.clock = clock
        self.rng = rng
        self.retries = retries
        self.read_only = read_only
        self.counters = Counters()
        self.rate_limiter = rate_limiter
        self._pool = pool
        self._on_heartbeat = on_heartbeat
        self._waiting: list[tuple[float, int, Job]] = []
        self._sequence = itertools.count()
        self._in_flight: dict[int, float] = {}
        self._answered = False
        self._repeat_until = math.inf
        self._service_date: tuple[datetime, float] | None = None
        self._trouble = ("", -math.inf)

    def service_time(self) -> datetime | None:
        """The service's own time now, from the `Date` of its answers; None as long as no answer carried a readable one."""
        if self._service_date is None:
            return None
        date, received_at = self._service_date
        return date + timedelta(seconds=self.clock.now() - received_at)

    @property
    def recent_trouble(self) -> str:
        """The last call that the service, or the network, did not serve, if that is not long ago; else empty."""
        text, at = self._trouble
        return text if self.clock.now() - at < TROUBLE_LASTS else ""

    def backoff(self, tries: int) -> float:
        """Jittered exponential wait in seconds before the try after `tries` failed ones."""
        return min(BACKOFF_CAP, BACKOFF_BASE * 2.0 ** min(tries, 16)) * self.rng.uniform(0.5, 1.0)

    def run(self, source: Source) -> None:
        """Work until `source` is finished and nothing is under way."""
        try:
            while not (source.finished and not self._in_flight and not self._waiting):
                if self._on_heartbeat is not None:
                    self._on_heartbeat()
                now = self.clock.now()
                idle = self._send_what_may_leave(source, now)
                for job, outcome in self._pool.wait(self._nap(source, idle)):
                    self._settle(job, outcome)
        except BaseException:
            # The job that a bug hit never comes back. A later run, which reads what became of all, must not wait for it.
            self._in_flight.clear()
            raise

    @contextlib.contextmanager
    def repeating_until(self, when: float) -> Iterator[None]:
        """In this block no failing read is repeated after that time, so that what has a time of its own does not outlast it."""
        before, self._repeat_until = self._repeat_until, min(self._repeat_until, when)
        try:
            yield
        finally:
            self._repeat_until = before

    def gather(self, calls: Sequence[Call[T]]) -> list[Outcome]:
        """Send reads concurrently; outcomes in the order of the calls."""
        batch = _Batch(calls)
        self.run(batch)
        return batch.outcomes

    def read(self, call: Call[T]) -> T:
        """Send one read. Raises its error."""
        return cast(T, self.gather([call])[0].value)

    def pause(self, seconds: float) -> None:
        """Do nothing for a while, but notice when no one wants the result any more."""
        self.run(_Pause(self.clock, seconds))

    def _send_what_may_leave(self, source: Source, now: float) -> bool:
        """Fill the free slots. True if there is nothing to send now."""
        while self._pool.free > 0 and self.rate_limiter.wait(now) <= 0.0:
            job = self._due_repeat(now) or source.next_job(now)
            if job is None:
                return True
            if job.call.write and self.read_only:
                raise RuntimeError(f"{job.call.operation} is a write, and this run only reads")
            self.rate_limiter.take(now)
            self.counters.calls += 1
            self._in_flight[id(job)] = now
            job.began_at = now if job.began_at is None else job.began_at
            self._pool.submit(job)
            now = self.clock.now()
        return False

    def _due_repeat(self, now: float) -> Job | None:
        if self._waiting and self._waiting[0][0] <= now:
            self.counters.retries += 1
            return heapq.heappop(self._waiting)[2]
        return None

    def _nap(self, source: Source, idle: bool) -> float:
        """Seconds to wait for answers before something may have to be sent."""
        now = self.clock.now()
        naps = [HEARTBEAT]
        if not idle and self._pool.free > 0:
            naps.append(self.rate_limiter.wait(now))
        if self._waiting:
            naps.append(max(self._waiting[0][0] - now, self.rate_limiter.wait(now)))
        wake_at = source.wake_at(now) if idle else None
        if wake_at is not None:
            naps.append(max(wake_at - now, self.rate_limiter.wait(now)))
        return max(0.0, min(naps))

    def _settle(self, job: Job, outcome: Outcome) -> None:
        now = self.clock.now()
        sent_at = self._in_flight.pop(id(job), now)
        if outcome.stale:
            self.counters.calls -= 1
            job.done(outcome)
            return
        self._note_contact(outcome)
        error = outcome.error
        if isinstance(error, TransportError) and not error.sent:
            self.counters.calls -= 1
        if isinstance(error, ApiError) and error.is_throttled:
            self.counters.throttled += 1
            self.rate_limiter.throttled(now, sent_at)
            job.throttled_since = sent_at if job.throttled_since is None else job.throttled_since
        self._note_trouble(job, error, now)
        if error is None or job.call.write or not self._repeatable(job, error, now):
            job.done(outcome)
            return
        heapq.heappush(self._waiting, (now + self.backoff(job.tries), next(self._sequence), job))

    def _note_trouble(self, job: Job, error: JdcloudError | None, now: float) -> None:
        if isinstance(error, TransportError):
            self._trouble = (f"{job.call.operation} got no answer", now)
        elif isinstance(error, ApiError) and (job.call.write or error.is_throttled or error.http >= 500):
            self._trouble = (f"{job.call.operation} {error.http} {error.status}".rstrip(), now)

    def _note_contact(self, outcome: Outcome) -> None:
        if outcome.response is not None:
            self._answered = True
            if outcome.response.date is not None:
                self._service_date = (outcome.response.date, outcome.response.received_at)
        elif isinstance(outcome.error, ApiError):
            self._answered = True

    def _repeatable(self, job: Job, error: JdcloudError, now: float) -> bool:
        """Whether a read is worth another try; counts the try."""
        if now >= min(job.repeat_until, self._repeat_until):
            return False
        if isinstance(error, ApiError) and error.is_throttled:
            return job.throttled_since is not None and now - job.throttled_since < THROTTLE_PATIENCE
        if not isinstance(error, (ApiError, TransportError)) or not error.is_retryable_read:
            return False
        if job.began_at is not None and now - job.began_at >= READ_PATIENCE:
            return False
        job.tries += 1
        allowed = self.retries
        looks_wrong = isinstance(error, TransportError) and (error.kind == "unreachable" or error.http == 404)
        if looks_wrong and not self._answered:
            allowed = min(allowed, FIRST_CONTACT_TRIES - 1)
        return job.tries <= allowed


class _Batch:
    """A fixed list of reads as a `Source`."""

    def __init__(self, calls: Sequence[Call[Any]]) -> None:
        self._calls = calls
        self._next = 0
        self._outcomes: dict[int, Outcome] = {}

    @property
    def finished(self) -> bool:
        return len(self._outcomes) == len(self._calls)

    @property
    def outcomes(self) -> list[Outcome]:
        return [self._outcomes[index] for index in range(len(self._calls))]

    def next_job(self, now: float) -> Job | None:
        if self._next == len(self._calls):
            return None
        index = self._next
        self._next += 1

        def done(outcome: Outcome) -> None:
            self._outcomes[index] = outcome

        return Job(self._calls[index], done)

    def wake_at(self, now: float) -> float | None:
        return None


class _Pause:
    """A `Source` without jobs that is finished when its time is over."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._until = clock.now() + seconds

    @property
    def finished(self) -> bool:
        return self._clock.now() >= self._until

    def next_job(self, now: float) -> Job | None:
        return None

    def wake_at(self, now: float) -> float | None:
        return self._until
