# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which machines are looked at next, 100 ids a call, and when such a bulk look pays."""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Callable

from .._api.listing import PAGE_SIZE
from .track import Track

IDLE_GAP = 0.1
"""Seconds between two small looks while there is nothing else to send."""


class LookBook:
    """Machines that wait for a look, by the time at which it is worth it. Times are monotonic seconds."""

    def __init__(self, poll_interval: float) -> None:
        self._poll_interval = poll_interval
        self._later: list[tuple[float, int, Track]] = []
        self._due: deque[tuple[float, Track]] = deque()
        self._sequence = itertools.count()
        self._last_look = float("-inf")

    def add(self, track: Track, when: float) -> None:
        """Look at `track` at `when`; replaces an earlier appointment."""
        track.token = next(self._sequence)
        heapq.heappush(self._later, (when, track.token, track))

    def fetch_due(self, now: float, wanted: Callable[[Track], bool]) -> None:
        """Move what is due into the waiting line, if `wanted` says that the track waits for a look."""
        while self._later and self._later[0][0] <= now:
            when, token, track = heapq.heappop(self._later)
            if token == track.token and wanted(track):
                self._due.append((when, track))

    def wake_at(self, now: float) -> float | None:
        """When the next look may become possible."""
        if self._due:
            return max(now, min(self._last_look + IDLE_GAP, self._due[0][0] + self._poll_interval))
        return self._later[0][0] if self._later else None

    def take(self, now: float, room: int, full_at: int, counts: Callable[[Track], bool], *, idle: bool) -> list[Track]:
        """Up to 100 machines to look at now, or none if it does not pay yet.

        At most `room` of those that `counts` names: they would be deleted next, and an observation goes stale. A look pays
        when it has `full_at` machines, when somebody has waited for `poll_interval`, or when there is nothing else to send.
        """
        chosen: list[Track] = []
        passed: list[tuple[float, Track]] = []
        oldest = now
        for when, track in self._due:
            if len(chosen) == PAGE_SIZE:
                break
            if counts(track):
                if room <= 0:
                    passed.append((when, track))
                    continue
                room -= 1
            chosen.append(track)
            oldest = min(oldest, when)
        full = len(chosen) >= full_at
        overdue = now - oldest >= self._poll_interval
        rested = idle and now - self._last_look >= IDLE_GAP
        if not chosen or not (full or overdue or rested):
            return []
        taken = len(chosen) + len(passed)
        for _ in range(taken):
            self._due.popleft()
        self._due.extendleft(reversed(passed))
        self._last_look = now
        return chosen
