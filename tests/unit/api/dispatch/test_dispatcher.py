# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads are repeated, writes never; order, pace and counts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call, Response
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.dispatch.dispatcher import (
    BACKOFF_CAP,
    READ_PATIENCE,
    TROUBLE_LASTS,
    Job,
    Outcome,
    execute,
)
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import (
    ApiError,
    JdcloudError,
    NotSentError,
    TransportError,
)
from support.api.stage import DATE, Clock, call, failure, refusal, stage

TRANSIENT = [
    *(refusal(http, status) for http, status in [(500, "UNKNOWN"), (500, "INTERNAL"), (409, "ABORTED"), (499, "CANCELLED")]),
    *(
        refusal(http, status)
        for http, status in [(502, "SOURCE_UNAVAILABLE"), (503, "UNAVAILABLE"), (503, "SERVICE UNAVAILABLE")]
    ),
    *(failure(kind) for kind in ("unreachable", "timeout", "reset", "garbled")),
]
FINAL = [
    *(refusal(400, status) for status in ("INVALID_ARGUMENT", "FAILED_PRECONDITION", "OUT_OF_RANGE", "DUPLICATE", "CONFLICT")),
    *(refusal(401, status) for status in ("UNAUTHENTICATED", "ACCESS_ERROR")),
    *(refusal(403, status) for status in ("HTTP_FORBIDDEN", "PERMISSION_DENIED")),
    refusal(404, "NOT_FOUND"),
    refusal(409, "ALREADY_EXISTS"),
    refusal(429, "QUOTA_EXCEEDED"),
    refusal(501, "NOT_IMPLEMENTED"),
    *(failure(kind) for kind in ("tls", "redirect", "too_big")),
]


class One:
    """A source of one job."""

    def __init__(self, job: Job) -> None:
        self._job: Job | None = job
        self.finished = False

    def next_job(self, now: float) -> Job | None:
        job, self._job = self._job, None
        return job

    def wake_at(self, now: float) -> float | None:
        return None


def send_once(error: JdcloudError | Outcome, *, write: bool) -> tuple[list[Outcome], int, Any]:
    """Have one call sent that always ends with `error`; the outcomes, how often it was sent, and the counters."""
    dispatcher, pool, _clock = stage(lambda _call, _nth: error)
    outcomes: list[Outcome] = []

    def done(outcome: Outcome) -> None:
        outcomes.append(outcome)
        source.finished = True

    source = One(Job(call("vm.deleteInstance", write=write), done))
    dispatcher.run(source)
    return outcomes, len(pool.sent), dispatcher.counters


@pytest.mark.parametrize("error", [*TRANSIENT, *FINAL, refusal(429, "RATE_LIMIT")], ids=repr)
def test_a_write_is_never_repeated(error: JdcloudError) -> None:
    outcomes, sent, counters = send_once(error, write=True)
    assert [outcome.error for outcome in outcomes] == [error]
    # A request that found no connection is none.
    left = not isinstance(error, TransportError) or error.sent
    assert (sent, counters.calls, counters.retries) == (1, int(left), 0)


@pytest.mark.parametrize("error", [each for each in TRANSIENT if getattr(each, "kind", "") != "unreachable"], ids=repr)
def test_a_read_is_repeated_after_transient_errors_as_often_as_allowed(error: JdcloudError) -> None:
    dispatcher, pool, _clock = stage(lambda _call, nth: {"ok": 1} if nth == 4 else error)
    assert dispatcher.read(call()) == {"ok": 1}
    assert (len(pool.sent), dispatcher.counters.calls, dispatcher.counters.retries) == (4, 4, 3)
    dispatcher, pool, _clock = stage(lambda _call, nth: error)
    with pytest.raises(type(error)):
        dispatcher.read(call())
    assert len(pool.sent) == 4


@pytest.mark.parametrize("error", FINAL, ids=repr)
def test_a_read_is_not_repeated_after_final_errors(error: JdcloudError) -> None:
    dispatcher, pool, _clock = stage(lambda _call, nth: error)
    with pytest.raises(type(error)):
        dispatcher.read(call())
    assert len(pool.sent) == 1


def test_repeats_wait_longer_each_time_and_not_for_ever() -> None:
    dispatcher, pool, _clock = stage(lambda _call, nth: refusal(500, "UNKNOWN"), retries=9)
    with pytest.raises(ApiError):
        dispatcher.read(call())
    gaps = [later[0] - earlier[0] for earlier, later in zip(pool.sent, pool.sent[1:], strict=False)]
    assert all(0.125 * 2**number <= gap - 0.1 for number, gap in enumerate(gaps[:5]))
    assert max(gaps) <= BACKOFF_CAP + 0.5


def test_throttled_reads_are_repeated_for_two_minutes_whatever_the_retries() -> None:
    dispatcher, pool, clock = stage(lambda _call, nth: refusal(429, "RATE_LIMIT"), retries=1)
    began = clock.now()
    with pytest.raises(ApiError) as error:
        dispatcher.read(call())
    assert error.value.is_throttled
    assert 120.0 <= clock.now() - began < 160.0
    assert dispatcher.counters.throttled == len(pool.sent) > 5


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (refusal(429, "RATE_LIMIT"), "vm.describeInstance 429 RATE_LIMIT"),
        (refusal(500, "INTERNAL"), "vm.describeInstance 500 INTERNAL"),
        (failure("unreachable"), "vm.describeInstance got no answer"),
        (refusal(404, "NOT_FOUND"), ""),
    ],
)
def test_what_is_not_served_is_remembered_for_a_minute(error: JdcloudError, text: str) -> None:
    dispatcher, _pool, clock = stage(lambda _call, _nth: error, retries=0)
    assert dispatcher.recent_trouble == ""
    with pytest.raises(JdcloudError):
        dispatcher.read(call())
    assert dispatcher.recent_trouble == text
    clock.time += TROUBLE_LASTS + 1
    assert dispatcher.recent_trouble == ""


def test_an_endpoint_that_never_answered_is_tried_three_times_only() -> None:
    dispatcher, pool, _clock = stage(lambda _call, _nth: failure("unreachable"), retries=8)
    with pytest.raises(TransportError):
        dispatcher.read(call())
    assert len(pool.sent) == 3


def test_an_endpoint_that_answered_before_is_tried_as_often_as_any() -> None:
    script = {"i-one": {"ok": 1}, "i-two": failure("unreachable")}
    dispatcher, pool, _clock = stage(lambda each, _nth: script[each.resource or ""], retries=5)
    dispatcher.read(call())
    with pytest.raises(TransportError):
        dispatcher.read(call(resource="i-two"))
    assert len(pool.sent) == 1 + 6


def test_outcomes_and_errors_come_in_the_order_of_the_calls() -> None:
    script = {f"i-{number}": {"number": number} for number in range(10)}
    dispatcher, pool, _clock = stage(
        lambda each, _nth: refusal(404, "NOT_FOUND") if each.resource == "i-3" else script[each.resource or ""], size=3
    )
    outcomes = dispatcher.gather([call(resource=f"i-{number}") for number in range(10)])
    assert [outcome.error is not None for outcome in outcomes] == [number == 3 for number in range(10)]
    assert [outcome.value["number"] for number, outcome in enumerate(outcomes) if number != 3] == [0, 1, 2, 4, 5, 6, 7, 8, 9]
    assert pool.most_under_way == 3
    with pytest.raises(ApiError):
        print(outcomes[3].value)


def test_nothing_to_send_ends_at_once() -> None:
    dispatcher, pool, clock = stage(lambda _call, _nth: {})
    assert dispatcher.gather([]) == []
    assert pool.sent == []
    assert clock.now() == 50.0


def test_calls_leave_at_the_given_rate() -> None:
    dispatcher, pool, _clock = stage(lambda _call, _nth: {}, rate=10.0, size=16)
    dispatcher.gather([call(resource=f"i-{number}") for number in range(40)])
    times = [when for when, _operation, _resource in pool.sent]
    assert 39 / 10.0 <= times[-1] - times[0] <= 39 / 10.0 * 1.06


def test_a_run_that_only_reads_sends_no_write() -> None:
    dispatcher, pool, _clock = stage(lambda _call, _nth: {}, read_only=True)
    with pytest.raises(RuntimeError, match="only reads"):
        dispatcher.gather([call("vm.deleteInstance", write=True)])
    assert pool.sent == []


def test_what_was_not_sent_in_time_is_reported_and_not_counted() -> None:
    outcomes, _sent, counters = send_once(Outcome(stale=True), write=True)
    assert [outcome.stale for outcome in outcomes] == [True]
    assert counters.calls == 0


def test_a_pause_lasts_as_long_as_it_should_and_the_heart_beats() -> None:
    beats: list[float] = []
    dispatcher, _pool, clock = stage(lambda _call, _nth: {}, on_heartbeat=lambda: beats.append(1.0))
    dispatcher.pause(10.0)
    assert 60.0 <= clock.now() < 60.1
    assert len(beats) >= 40


def test_a_heartbeat_that_raises_ends_the_run() -> None:
    class Enough(Exception):
        pass

    def stop() -> None:
        raise Enough

    dispatcher, pool, _clock = stage(lambda _call, _nth: {}, on_heartbeat=stop)
    with pytest.raises(Enough):
        dispatcher.gather([call()])
    assert pool.sent == []


def test_the_services_time_goes_on_from_its_last_answer() -> None:
    dispatcher, _pool, clock = stage(lambda _call, _nth: {})
    assert dispatcher.service_time() is None
    dispatcher.read(call())
    assert dispatcher.service_time() == DATE
    clock.time += 30.0
    assert dispatcher.service_time() == DATE + timedelta(seconds=30)


class FakeSender:
    """Notes how it was asked; connecting takes `connecting` seconds."""

    def __init__(self, clock: Clock, connecting: float, error: JdcloudError | None = None) -> None:
        self.sent = 0
        self.connect_timeout: float | None = None
        self._clock = clock
        self._connecting = connecting
        self._error = error

    def send(self, each: Call[Any], connect_timeout: float | None = None, before_send: Any = None) -> Response[Any]:
        self.connect_timeout = connect_timeout
        self._clock.time += self._connecting
        if before_send is not None and not before_send():
            raise NotSentError("Held back.")
        if self._error is not None:
            raise self._error
        self.sent += 1
        return Response({}, "request-1", None, self._clock.time, self._clock.time)


@pytest.mark.parametrize(
    ("leave_by", "connecting", "sent"),
    [(None, 100.0, True), (55.0, 1.0, True), (55.0, 5.0, True), (55.0, 5.1, False), (50.0, 0.0, False), (49.0, 0.0, False)],
)
def test_rule_06_nothing_leaves_after_its_time(leave_by: float | None, connecting: float, sent: bool) -> None:
    clock = Clock()
    sender = FakeSender(clock, connecting)
    outcome = execute(sender, clock, Job(call(write=True), lambda _outcome: None, leave_by))
    assert (outcome.response is not None, outcome.stale, sender.sent) == (sent, not sent, int(sent))


def test_connecting_gets_no_more_time_than_is_left() -> None:
    clock = Clock()
    sender = FakeSender(clock, 0.0)
    execute(sender, clock, Job(call(write=True), lambda _outcome: None, 53.5))
    assert sender.connect_timeout == 3.5


def test_errors_of_the_api_layer_are_outcomes_and_bugs_are_raised() -> None:
    clock = Clock()
    error = failure("reset")
    assert execute(FakeSender(clock, 0.0, error), clock, Job(call(), lambda _outcome: None)).error is error
    with pytest.raises(AttributeError):
        execute(None, clock, Job(call(), lambda _outcome: None))  # type: ignore[arg-type]


def test_a_bug_that_ends_one_run_does_not_make_the_next_one_wait_for_ever() -> None:
    beats: list[int] = []

    def script(sent: Call[Any], _nth: int) -> Any:
        if sent.resource == "i-bug":
            raise KeyError("a bug")
        return {}

    def heartbeat() -> None:
        beats.append(1)
        assert len(beats) < 1000, "it waits for ever"

    dispatcher, _pool, _clock = stage(script, on_heartbeat=heartbeat)
    with pytest.raises(KeyError):
        dispatcher.gather([call(resource=resource) for resource in ("i-1", "i-bug", "i-2")])
    assert dispatcher.read(call()) == {}


def test_a_read_whose_tries_take_long_is_given_up_before_they_are_used_up() -> None:
    """Nine time-outs of 30 s and the pauses between them would be more than five minutes, and nobody would get a result."""
    dispatcher, pool, clock = stage(lambda _call, _nth: failure("timeout"), retries=8, latency=30.0)
    began = clock.now()
    with pytest.raises(TransportError):
        dispatcher.read(call())
    assert clock.now() - began < READ_PATIENCE + 60.0
    assert 1 < len(pool.sent) < 9


@pytest.mark.parametrize("error", [failure("timeout"), refusal(500, "INTERNAL"), refusal(429, "RATE_LIMIT")])
def test_what_has_a_time_of_its_own_is_not_outlasted_by_repeats(error: JdcloudError) -> None:
    dispatcher, _pool, clock = stage(lambda _call, _nth: error, retries=8, latency=5.0)
    began = clock.now()
    with pytest.raises(type(error)), dispatcher.repeating_until(began + 12.0):
        dispatcher.read(call())
    assert clock.now() - began < 30.0


def test_after_that_reads_have_their_usual_patience() -> None:
    dispatcher, pool, clock = stage(lambda _call, _nth: refusal(500, "INTERNAL"), retries=4)
    with dispatcher.repeating_until(clock.now()):
        pass
    with pytest.raises(ApiError):
        dispatcher.read(call())
    assert len(pool.sent) == 5


def test_a_job_may_carry_its_own_end_of_repeats() -> None:
    dispatcher, pool, clock = stage(lambda _call, _nth: failure("timeout"), retries=8, latency=5.0)
    source: One

    def done(_outcome: Outcome) -> None:
        source.finished = True

    source = One(Job(call(), done, repeat_until=clock.now() + 12.0))
    dispatcher.run(source)
    assert 1 < len(pool.sent) <= 3
