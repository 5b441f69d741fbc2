# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pool of threads, with real ones."""

from __future__ import annotations

import signal
import threading
import time
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call, Response
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.dispatch.dispatcher import Job, Outcome
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.dispatch.pool import LOST_AFTER, SystemClock, ThreadPool
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.dispatch.signals import ENDINGS
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import TransportError
from support.api.stage import call, failure

PATIENCE = 20.0


class Gate:
    """A sender whose calls all wait until the gate opens. `bug` is raised instead of an answer."""

    def __init__(self, bug: BaseException | None = None) -> None:
        self.open = threading.Event()
        self.entered = threading.Semaphore(0)
        self.sent: list[str | None] = []
        self._bug = bug

    def send(self, each: Call[Any], connect_timeout: float | None = None, before_send: Any = None) -> Response[Any]:
        self.sent.append(each.resource)
        self.entered.release()
        assert self.open.wait(PATIENCE)
        if self._bug is not None:
            raise self._bug
        return Response(each.resource, "request-1", None, 0.0, 0.0)


def job(resource: str) -> Job:
    return Job(call(resource=resource), lambda _outcome: None)


def collect(pool: ThreadPool, count: int) -> list[tuple[Job, Outcome]]:
    """The next `count` ends. A wait may bring none: what it had to take in may be of a job that was given up."""
    ends: list[tuple[Job, Outcome]] = []
    until = time.monotonic() + PATIENCE
    while len(ends) < count:
        assert time.monotonic() < until, f"{len(ends)} of {count} jobs came back"
        ends += pool.wait(PATIENCE)
    return ends


def test_jobs_run_at_the_same_time_up_to_the_size() -> None:
    sender = Gate()
    pool = ThreadPool(sender, SystemClock(), 3)
    for name in ("i-a", "i-b", "i-c"):
        pool.submit(job(name))
    for _thread in range(3):
        assert sender.entered.acquire(timeout=PATIENCE)
    assert pool.free == 0
    assert pool.wait(0.001) == []
    sender.open.set()
    ends = collect(pool, 3)
    assert {outcome.value for _job, outcome in ends} == {"i-a", "i-b", "i-c"}
    assert pool.free == 3


class Hands:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time


def test_a_job_whose_thread_hangs_in_something_without_a_connection_is_given_up() -> None:
    sender, clock = Gate(), Hands()
    pool = ThreadPool(sender, clock, 1, 30.0)
    pool.submit(job("i-a"))
    assert sender.entered.acquire(timeout=PATIENCE)
    clock.time = 30.0
    assert pool.wait(0.001) == []
    clock.time = 30.0 + LOST_AFTER
    ((_job, outcome),) = pool.wait(0.001)
    assert isinstance(outcome.error, TransportError)
    # Its request had not left, and cannot leave any more.
    assert (outcome.error.kind, outcome.error.sent) == ("timeout", False)


def test_another_thread_takes_the_place_of_one_that_was_given_up() -> None:
    sender, clock = Gate(), Hands()
    pool = ThreadPool(sender, clock, 1, 30.0)
    for number in range(2):
        pool.submit(job(f"i-{number}"))
        assert sender.entered.acquire(timeout=PATIENCE)
        clock.time += 30.0
        assert pool.wait(0.001) == []
        clock.time += LOST_AFTER
        assert len(pool.wait(0.001)) == 1
    assert pool.free == 1


def test_what_comes_from_a_thread_that_was_given_up_is_nobodys_answer() -> None:
    sender, clock = Gate(), Hands()
    pool = ThreadPool(sender, clock, 1, 30.0)
    pool.submit(job("i-a"))
    assert sender.entered.acquire(timeout=PATIENCE)
    clock.time = 30.0
    assert pool.wait(0.001) == []
    clock.time = 30.0 + LOST_AFTER
    assert len(pool.wait(0.001)) == 1
    pool.submit(job("i-b"))
    sender.open.set()
    assert [each.call.resource for each, _outcome in collect(pool, 1)] == ["i-b"]


def test_threads_are_used_again() -> None:
    sender = Gate()
    sender.open.set()
    pool = ThreadPool(sender, SystemClock(), 1)
    for number in range(5):
        pool.submit(job(f"i-{number}"))
        assert [outcome.value for _job, outcome in collect(pool, 1)] == [f"i-{number}"]


def test_an_error_is_an_outcome_and_a_bug_is_raised_in_the_callers_thread() -> None:
    sender = Gate(failure("reset"))
    sender.open.set()
    pool = ThreadPool(sender, SystemClock(), 1)
    pool.submit(job("i-a"))
    [(_job, outcome)] = collect(pool, 1)
    assert outcome.error is not None
    buggy = Gate(ZeroDivisionError("a bug"))
    buggy.open.set()
    pool = ThreadPool(buggy, SystemClock(), 1)
    pool.submit(job("i-a"))
    with pytest.raises(ZeroDivisionError):
        collect(pool, 1)


def test_after_stop_nothing_is_sent_any_more() -> None:
    sender = Gate()
    pool = ThreadPool(sender, SystemClock(), 1)
    before = set(threading.enumerate())
    pool.submit(job("i-a"))
    assert sender.entered.acquire(timeout=PATIENCE)
    [thread] = set(threading.enumerate()) - before
    # The one thread is busy: this one waits in the queue.
    pool.submit(job("i-b"))
    pool.stop()
    sender.open.set()
    assert [outcome.value for _job, outcome in collect(pool, 1)] == ["i-a"]
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert sender.sent == ["i-a"]


def test_a_signal_that_ends_the_run_is_the_main_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that a thread received would not wake the main thread, which alone may act on it."""
    sender = Gate()
    sender.open.set()
    masks: list[set[int]] = []
    monkeypatch.setattr(sender, "send", lambda *_call: masks.append(signal.pthread_sigmask(signal.SIG_BLOCK, ())))
    mine = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    pool = ThreadPool(sender, SystemClock(), 1)
    pool.submit(job("i-a"))
    collect(pool, 1)
    assert masks[0] >= ENDINGS
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == mine
    assert not mine & ENDINGS


def test_threads_do_not_keep_the_process_alive() -> None:
    sender = Gate()
    pool = ThreadPool(sender, SystemClock(), 1)
    before = set(threading.enumerate())
    pool.submit(job("i-a"))
    assert sender.entered.acquire(timeout=PATIENCE)
    assert all(thread.daemon for thread in set(threading.enumerate()) - before)
    sender.open.set()
    collect(pool, 1)


def test_the_clock_never_goes_back() -> None:
    clock = SystemClock()
    assert clock.now() <= clock.now()
