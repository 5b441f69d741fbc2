# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The time that is looked at, and how much of it has data. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..._api.model.monitor import Point
from ..._api.services.monitor import Window

MOST_DAYS = 30
"""For how long data is kept (fact monitor-window)."""
SPARE = timedelta(minutes=10)
"""By how much the longest window is shorter: an older start is moved, or refused (fact monitor-window)."""
_ROUNDED = 10
_PERIODS = ((1, timedelta(minutes=20)), (3, timedelta(hours=1)), (7, timedelta(hours=2)), (MOST_DAYS, timedelta(hours=3)))
"""The longest window in days, and how far its points are apart at most (fact monitor-granularity)."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a window has data: periods with a point, of those expected.

    ``whole``: no period lacks one but the first and the last, which the service may count otherwise, or not have yet.
    ``last`` is the time of the newest point, None if there is none.
    """

    points: int
    expected: int
    whole: bool
    last: datetime | None


def window_of(days: int, now: datetime) -> Window:
    """The last days until now. `now` is the service's time."""
    end = now.replace(second=now.second // _ROUNDED * _ROUNDED, microsecond=0)
    return Window(max(end - timedelta(days=days), end - timedelta(days=MOST_DAYS) + SPARE), end)


def period_of(window: Window) -> timedelta:
    """How far the points of a window are apart at most."""
    days = (window.end - window.start) / timedelta(days=1)
    return next((period for longest, period in _PERIODS if days <= longest), _PERIODS[-1][1])


def coverage_of(points: Iterable[Point], window: Window, since: datetime | None = None) -> Coverage:
    """How much of a window has data, of the part of it that comes after `since`.

    Periods are counted from the end: points that are as far apart as is expected are one in each, wherever they begin. What lies
    outside of the window does not count.
    """
    start = window.start if since is None else max(window.start, since)
    period = period_of(window)
    expected = max(0, int((window.end - start) / period))
    times = [point.at for point in points if start <= point.at < window.end]
    # The last period has number 0.
    covered = {int((window.end - at - timedelta(microseconds=1)) / period) for at in times} & set(range(expected))
    whole = bool(covered) and set(range(1, expected - 1)) <= covered
    return Coverage(len(covered), expected, whole, max(times, default=None))
