# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pace: even, adapting, and never a burst."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.dispatch.rate_limit import (
    CATCH_UP_SECONDS,
    MAX_RATE,
    MIN_RATE,
    START_RATE,
    RateLimiter,
)


def send_for(rate_limiter: RateLimiter, now: float, seconds: float) -> tuple[float, list[float]]:
    """Send as fast as the pacer allows for a while; the time afterwards and when calls left."""
    left: list[float] = []
    until = now + seconds
    while now + rate_limiter.wait(now) < until:
        now += rate_limiter.wait(now)
        rate_limiter.take(now)
        left.append(now)
    return until, left


@pytest.mark.parametrize("limit", [0.5, 3.0, 50.0, 400.0])
def test_a_given_limit_is_used_and_never_exceeded(limit: float) -> None:
    _now, left = send_for(RateLimiter(0.0, limit), 0.0, 60.0)
    assert 0.95 * limit * 60 - 1 <= len(left) <= limit * 60 + 1


def test_calls_are_spaced_evenly() -> None:
    _now, left = send_for(RateLimiter(0.0, 10.0), 0.0, 10.0)
    gaps = [later - earlier for earlier, later in zip(left, left[1:], strict=False)]
    assert max(gaps) - min(gaps) < 1e-6


def test_idle_time_is_not_made_good_by_a_burst() -> None:
    rate_limiter = RateLimiter(0.0, 100.0)
    rate_limiter.take(0.0)
    _now, left = send_for(rate_limiter, 60.0, 1.0)
    assert sum(1 for when in left if when < 60.0 + CATCH_UP_SECONDS) <= 2 * 100.0 * CATCH_UP_SECONDS + 1


def test_without_a_limit_the_rate_grows_until_it_is_too_much() -> None:
    rate_limiter = RateLimiter(0.0)
    assert rate_limiter.rate == START_RATE
    now, _left = send_for(rate_limiter, 0.0, 2.0)
    fast = rate_limiter.rate
    assert fast > 2 * START_RATE
    rate_limiter.throttled(now, now - 0.02)
    assert 0.5 * fast < rate_limiter.rate < 0.8 * fast


def test_idle_time_says_nothing_about_the_limit() -> None:
    rate_limiter = RateLimiter(0.0)
    rate_limiter.take(1000.0)
    assert rate_limiter.rate <= 2 * START_RATE


def test_after_the_limit_was_met_the_rate_grows_slowly() -> None:
    rate_limiter = RateLimiter(0.0)
    now, _left = send_for(rate_limiter, 0.0, 2.0)
    rate_limiter.throttled(now, now)
    cut = rate_limiter.rate
    send_for(rate_limiter, now, 1.0)
    assert cut < rate_limiter.rate < 1.1 * cut


def test_calls_that_left_before_the_cut_do_not_cut_again() -> None:
    rate_limiter = RateLimiter(0.0, 100.0)
    rate_limiter.throttled(1.0, 0.9)
    cut = rate_limiter.rate
    for sent_at in (0.91, 0.95, 1.0):
        rate_limiter.throttled(1.05, sent_at)
    assert rate_limiter.rate == cut
    rate_limiter.throttled(1.2, 1.1)
    assert rate_limiter.rate < cut


def test_a_given_limit_is_reached_again_after_throttling() -> None:
    rate_limiter = RateLimiter(0.0, 100.0)
    before = rate_limiter.rate
    rate_limiter.throttled(1.0, 1.0)
    send_for(rate_limiter, 1.0, 20.0)
    assert rate_limiter.rate == pytest.approx(before)


@given(
    st.none() | st.floats(0.5, 1000),
    st.lists(st.tuples(st.floats(0, 30), st.booleans()), max_size=60),
)
def test_the_rate_stays_within_its_bounds_whatever_happens(limit: float | None, events: list[tuple[float, bool]]) -> None:
    rate_limiter = RateLimiter(0.0, limit)
    now = 0.0
    for elapsed, throttled in events:
        now += elapsed
        if throttled:
            rate_limiter.throttled(now, now)
        else:
            now += rate_limiter.wait(now)
            rate_limiter.take(now)
        assert min(MIN_RATE, 0.9 * (limit or MIN_RATE)) <= rate_limiter.rate <= (limit or MAX_RATE)
        assert rate_limiter.wait(now) >= 0
