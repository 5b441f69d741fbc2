# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The window, in any time zone, and how much of it has data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.monitor import Point
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.services.monitor import Window
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.idle.window import coverage_of, period_of, window_of

NOW = datetime(2026, 1, 20, 3, 4, 57, 123456, tzinfo=UTC)
DAY = timedelta(days=1)
FORTNIGHT = window_of(14, NOW)
zones = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
clocks = st.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1), timezones=zones)


def spread(start: datetime, count: int, *missing: int) -> list[Point]:
    """A point each period of a fortnight, but for those that are missing."""
    return [Point(start + number * period_of(FORTNIGHT), 1.0) for number in range(count) if number not in missing]


def test_the_window_ends_now_rounded_down_to_ten_seconds() -> None:
    assert Window(datetime(2026, 1, 6, 3, 4, 50, tzinfo=UTC), datetime(2026, 1, 20, 3, 4, 50, tzinfo=UTC)) == FORTNIGHT


@given(st.integers(1, 30), clocks, zones)
def test_the_zone_of_the_clock_does_not_matter(days: int, now: datetime, zone: timezone) -> None:
    one, other = window_of(days, now), window_of(days, now.astimezone(zone))
    assert (one.start, one.end) == (other.start, other.end)
    assert timedelta(0) <= now - one.end < timedelta(seconds=10)


@given(st.integers(1, 30), clocks)
def test_no_window_begins_so_early_that_it_would_be_moved(days: int, now: datetime) -> None:
    window = window_of(days, now)
    assert now - window.start < 30 * DAY - timedelta(minutes=9)
    assert days == 30 or window.end - window.start == days * DAY


@pytest.mark.parametrize(
    ("days", "minutes", "expected"), [(1, 20, 72), (3, 60, 72), (7, 120, 84), (8, 180, 64), (14, 180, 112), (30, 180, 239)]
)
def test_longer_windows_have_longer_periods(days: int, minutes: int, expected: int) -> None:
    window = window_of(days, NOW)
    assert period_of(window) == timedelta(minutes=minutes)
    assert coverage_of([], window).expected == expected


def test_no_points_cover_nothing() -> None:
    found = coverage_of([], FORTNIGHT)
    assert (found.points, found.whole, found.last) == (0, False, None)


def test_points_outside_of_the_window_do_not_count() -> None:
    outside = [FORTNIGHT.start - DAY, FORTNIGHT.end, FORTNIGHT.end + DAY]
    found = coverage_of([Point(at, 1.0) for at in outside], FORTNIGHT)
    assert (found.points, found.last) == (0, None)


def test_many_points_of_one_period_count_once() -> None:
    middle = FORTNIGHT.end - 7 * DAY - timedelta(hours=1)
    found = coverage_of([Point(middle - timedelta(minutes=number), 1.0) for number in range(9)], FORTNIGHT)
    assert (found.points, found.whole, found.last) == (1, False, middle)


@pytest.mark.parametrize(
    ("missing", "whole"), [([0], True), ([111], True), ([0, 111], True), ([1], False), ([110], False), ([50], False)]
)
def test_the_first_and_the_last_period_may_lack_a_point_and_no_other(missing: list[int], whole: bool) -> None:
    assert coverage_of(spread(FORTNIGHT.start, 112, *missing), FORTNIGHT).whole is whole


def test_the_time_before_the_launch_need_not_be_covered() -> None:
    launched = FORTNIGHT.end - 7 * DAY
    rows = spread(launched, 56)
    assert not coverage_of(rows, FORTNIGHT).whole
    found = coverage_of(rows, FORTNIGHT, launched)
    assert (found.points, found.expected, found.whole) == (56, 56, True)


def test_a_launch_after_the_window_leaves_nothing_to_cover() -> None:
    assert coverage_of(spread(FORTNIGHT.start, 112), FORTNIGHT, FORTNIGHT.end + DAY).whole is False
