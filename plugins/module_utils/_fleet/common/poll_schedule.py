# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which machines are looked at next, 100 ids a call, and when such a bulk look pays."""

from __future__ import annotations

import heapq
import itertools
import math
from collections import deque
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from ..._api.fields import PAGE_SIZE

IDLE_GAP = 0.15
"""Seconds between two small looks while there is nothing else to send."""
BUSY_PATIENCE = 2.0
"""Seconds that a look which is not full waits while there is something else to send."""


class Waiting(Protocol):
    """What can wait for a look. `token` tells its newest appointment from older ones."""

    token: int


W = TypeVar("W", bound=Waiting)


class PollSchedule(Generic[W]):
    """Machines or assets that wait for a look, by the time at which it is worth it. Times are monotonic seconds."""

    def __init__(self, poll_interval: float, waits: Callable[[W], bool]) -> None:
        """`waits` says whether a state still waits for a look; other appointments are times to send something again."""
        self._poll_interval = poll_interval
        self._waits = waits
        self._later: list[tuple[float, int, W]] = []
        self._due: deque[tuple[float, W]] = deque()
        self._sequence = itertools.count()
        self._last_look = float("-inf")

    def add(self, state: W, when: float) -> None:
        """Look at `state` at `when`; replaces an earlier appointment."""
        state.token = next(self._sequence)
        heapq.heappush(self._later, (when, state.token, state))

    def fetch_due(self, now: float, other: Callable[[W], None]) -> None:
        """Move what is due into the waiting line; what does not wait for a look goes to `other`."""
        while self._later and self._later[0][0] <= now:
            when, token, state = heapq.heappop(self._later)
            if token == state.token and self._waits(state):
                self._due.append((when, state))
            elif token == state.token:
                other(state)

    def wake_at(self, now: float) -> float | None:
        """When the next look may become possible with nothing else to send."""
        if self._due:
            return max(now, self._last_look + IDLE_GAP)
        if self._later:
            poll_at = self._last_look + self._poll_interval
            # If that is over, nothing that waits could be brought forward: what is there are times to send something again.
            return max(now, self._later[0][0] if poll_at <= now else min(self._later[0][0], poll_at))
        return None

    def take(
        self, now: float, quota: int, full_at: int, counts: Callable[[W], bool], *, idle: bool, gap: float = IDLE_GAP
    ) -> list[W]:
        """Up to 100 machines to look at now, or none if it does not pay yet.

        At most `quota` of those that `counts` names: they would be deleted next, and an observation goes stale. While there is
        something else to send, a look pays when it has `full_at` machines or somebody has waited long. With an idle line
        it need not be full, and comes every `poll_interval` even if nothing is expected to have ended; with a `gap` it then
        takes along those whose time comes soon, so that few calls serve all that hang.
        """
        rested = idle and now - self._last_look >= gap
        if rested and self._due and gap:
            self._advance(now + self._poll_interval / 2)
        elif idle and not self._due and now - self._last_look >= self._poll_interval:
            self._advance(math.inf)
        chosen: list[W] = []
        passed: list[tuple[float, W]] = []
        oldest = now
        for when, state in self._due:
            if len(chosen) == PAGE_SIZE:
                break
            if counts(state):
                if quota <= 0:
                    passed.append((when, state))
                    continue
                quota -= 1
            chosen.append(state)
            oldest = min(oldest, when)
        overdue = now - oldest >= max(self._poll_interval, BUSY_PATIENCE)
        if not chosen or not (len(chosen) >= full_at or overdue or rested):
            return []
        looked_through = len(chosen) + len(passed)
        self._due = deque([*passed, *itertools.islice(self._due, looked_through, None)])
        self._last_look = now
        return chosen

    def _advance(self, until: float) -> None:
        """Bring forward the looks that come next, by that time, as many as one call takes."""
        others = []
        while self._later and self._later[0][0] <= until and len(self._due) < PAGE_SIZE:
            appointment = heapq.heappop(self._later)
            when, token, state = appointment
            if token == state.token and self._waits(state):
                self._due.append((when, state))
            elif token == state.token:
                others.append(appointment)
        for appointment in others:
            heapq.heappush(self._later, appointment)
