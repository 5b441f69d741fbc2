# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When the next call may leave: even spacing at a rate that adapts to the service's throttling.

JD Cloud publishes no numeric limit and no ``Retry-After`` (fact errors-rate-limit), so without `api_rate_limit`
the limit is found out: fast growth until the first 429 RATE_LIMIT, then additive increase, multiplicative decrease.
"""

from __future__ import annotations

START_RATE = 40.0
"""Calls a second to begin with when no limit is given."""
MIN_RATE = 0.5
MAX_RATE = 1000.0
GROWTH_PER_SECOND = 4.0
"""Factor a second before the first throttled answer."""
FIRST_CUT = 0.7
LATER_CUT = 0.9
PROBE_PER_SECOND = 0.02
"""Additive increase after the first throttled answer, as a share of the rate that was too much."""
GIVEN_LIMIT_SHARE = 0.995
"""A given limit is used almost up to the brim: the service counts arrivals, and those jitter."""
GIVEN_LIMIT_CUT = 0.95
GIVEN_LIMIT_RECOVERY = 0.03
CATCH_UP_SECONDS = 0.015
"""A late wake-up may be made good by calls that are worth this much time, never by a larger burst."""


class RateLimiter:
    """Spaces calls evenly. All times are seconds of one monotonic clock. Used by one thread only (the dispatcher's)."""

    def __init__(self, now: float, limit: float | None = None) -> None:
        self._given = limit is not None
        self._ceiling = limit * GIVEN_LIMIT_SHARE if limit is not None else MAX_RATE
        self._rate = self._ceiling if self._given else START_RATE
        self._too_much: float | None = None
        self._grown_at = now
        self._next_slot = now
        self._last_cut = float("-inf")

    @property
    def rate(self) -> float:
        """Calls a second at present."""
        return self._rate

    def wait(self, now: float) -> float:
        """Seconds until the next call may leave; 0 if it may leave now."""
        return max(0.0, self._next_slot - now)

    def take(self, now: float) -> None:
        """A call leaves now."""
        self._grow(now)
        self._next_slot = max(self._next_slot, now - CATCH_UP_SECONDS) + 1.0 / self._rate

    def throttled(self, now: float, sent_at: float) -> None:
        """A call that left at `sent_at` was answered 429 RATE_LIMIT: slow down, once for all that left before the last cut."""
        if sent_at <= self._last_cut:
            return
        self._last_cut = now
        self._grown_at = now
        if self._given:
            self._rate = max(MIN_RATE, self._rate * GIVEN_LIMIT_CUT)
        else:
            cut = FIRST_CUT if self._too_much is None else LATER_CUT
            self._too_much = self._rate
            self._rate = max(MIN_RATE, self._rate * cut)
        self._next_slot = max(self._next_slot, now + 1.0 / self._rate)

    def _grow(self, now: float) -> None:
        elapsed = max(0.0, now - self._grown_at)
        self._grown_at = now
        if self._given:
            grown = self._rate + self._ceiling * GIVEN_LIMIT_RECOVERY * elapsed
        elif self._too_much is None:
            # Idle time proves nothing about the limit: it must not let the rate run away.
            grown = self._rate * GROWTH_PER_SECOND ** min(elapsed, 0.5)
        else:
            grown = self._rate + self._too_much * PROBE_PER_SECOND * min(elapsed, 5.0)
        self._rate = min(self._ceiling, grown)
