# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long the user waits, how long the engines have patience with the service, and when they look at what they wait for.

Looks are bulk looks, 100 ids a call. How long a transition takes is learned while it is watched, so that a look comes when there
is something to see.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from ..._api.fields import PAGE_SIZE

READ_LAG = 5.0
"""Seconds for which a read may still show the state before a call that took effect."""
STALE_LOOKS = 20
"""How many observations in a row may grow too old before the delete that rests on them leaves."""
DOUBTS = 5
"""How often bulk answers, or refused writes, may leave it open whether something exists that a single read shows."""
GATE_MAX_AGE = 5.0
"""The oldest observation in seconds that a delete may rest on when it leaves."""
GATE_FRESH = 4.0
"""Older ones are not even tried."""
GATE_URGENT = 2.0
"""Writes that rest on older ones go before everything else."""
GATE_MARGIN = 0.2
"""Seconds for the way to the wire."""
FATE_PATIENCE = 30.0
"""Seconds, from the first read on, that the service has to detach, delete or free what belonged to a machine that is gone."""
FIRST_LOOK = 0.3
LOOK_GROWTH = 0.25
"""While nothing is known, looks come at a quarter of the age of the transition, at most `poll_interval` apart; and so they do,
by the time it is late, once it takes longer than expected."""
TOLERANCE = 0.06
OUTLIER = 1.5
IDLE_GAP = 0.15
"""Seconds between two small looks while there is nothing else to send."""
BUSY_PATIENCE = 2.0
"""Seconds that a look which is not full waits while there is something else to send."""


def leave_by(observed_at: float) -> float:
    """The time after which a write that rests on this observation must not be sent any more."""
    return observed_at + GATE_MAX_AGE - GATE_MARGIN


@dataclass(frozen=True, slots=True)
class Timing:
    """What the user wants of waiting; seconds. `retries`: how often a write with an unclear end is tried again.

    `stop_timeout` is for the machines themselves where backups are made; without it they get a part of `wait_timeout`.
    `limit` is the option that bounds a wait, for messages.
    """

    wait: bool = True
    wait_timeout: float = 600.0
    poll_interval: float = 2.0
    retries: int = 8
    stop_timeout: float | None = None
    limit: str = "wait_timeout"


class Waiting(Protocol):
    """What can wait for a look. `token` tells its newest appointment from older ones."""

    token: int


W = TypeVar("W", bound=Waiting)


class PollSchedule(Generic[W]):
    """Machines or assets that wait for a look, by the time at which it is worth it. Times are monotonic seconds."""

    def __init__(
        self, poll_interval: float, waits: Callable[[W], bool], limited: Callable[[W], bool] = lambda _state: True
    ) -> None:
        """`waits` says whether a state still waits for a look; other appointments are times to send something again.

        `limited`: whether a quota of looks counts it.
        """
        self._poll_interval = poll_interval
        self._waits = waits
        self._limited = limited
        self._later: list[tuple[float, int, W]] = []
        self._due: deque[tuple[float, W]] = deque()
        self._sequence = itertools.count()
        self._last_look = float("-inf")

    def add(self, state: W, when: float) -> None:
        """Look at `state` at `when`; replaces an earlier appointment."""
        state.token = next(self._sequence)
        heapq.heappush(self._later, (when, state.token, state))

    def fetch_due(self, now: float) -> list[W]:
        """Move what is due into the waiting line. Returns what is due and does not wait for a look."""
        others = []
        while self._later and self._later[0][0] <= now:
            when, token, state = heapq.heappop(self._later)
            if token == state.token and self._waits(state):
                self._due.append((when, state))
            elif token == state.token:
                others.append(state)
        return others

    def wake_at(self, now: float) -> float | None:
        """When the next look may become possible with nothing else to send."""
        if self._due:
            return max(now, self._last_look + IDLE_GAP)
        if self._later:
            poll_at = self._last_look + self._poll_interval
            # If that is over, nothing that waits could be brought forward: what is there are times to send something again.
            return max(now, self._later[0][0] if poll_at <= now else min(self._later[0][0], poll_at))
        return None

    def take(self, now: float, *, idle: bool, full_at: int = PAGE_SIZE, quota: int = PAGE_SIZE, gap: float = IDLE_GAP) -> list[W]:
        """Up to 100 machines to look at now, or none if it does not pay yet.

        At most `quota` of those that are limited: they would be deleted next, and an observation goes stale. While there is
        something else to send, a look pays when it has `full_at` machines or one has waited long. With an idle line
        it need not be full, and comes every `poll_interval` even if nothing is expected to have ended; with a `gap` it then
        takes along those whose time comes soon, so that few calls serve all that hang.
        """
        rested = idle and now - self._last_look >= gap
        if rested and self._due and gap:
            self._advance(now + self._poll_interval / 2)
        elif idle and not self._due and now - self._last_look >= self._poll_interval:
            self._advance(math.inf)
        chosen, passed = self._choose(quota)
        if not chosen or not (len(chosen) >= full_at or rested or self._is_overdue(chosen, now)):
            return []
        looked_through = len(chosen) + len(passed)
        self._due = deque([*passed, *itertools.islice(self._due, looked_through, None)])
        self._last_look = now
        return [state for _when, state in chosen]

    def _choose(self, quota: int) -> tuple[list[tuple[float, W]], list[tuple[float, W]]]:
        """The first of the waiting line for one call, and those between them that the quota passes over."""
        chosen: list[tuple[float, W]] = []
        passed: list[tuple[float, W]] = []
        for appointment in self._due:
            if len(chosen) == PAGE_SIZE:
                break
            limited = self._limited(appointment[1])
            (passed if limited and quota <= 0 else chosen).append(appointment)
            quota -= limited
        return chosen, passed

    def _is_overdue(self, chosen: Sequence[tuple[float, W]], now: float) -> bool:
        oldest = min(when for when, _state in chosen)
        return now - oldest >= max(self._poll_interval, BUSY_PATIENCE)

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


class DurationEstimate:
    """Estimates one kind of transition from what looks show: ages at which it had ended, and at which it had not. Seconds."""

    def __init__(self, poll_interval: float) -> None:
        self._poll_interval = poll_interval
        self._low = 0.0
        self._high: float | None = None

    @property
    def expected(self) -> float | None:
        """The expected duration; None as long as none has ended. Halves the doubt each time as in a binary search."""
        if self._high is None:
            return None
        return self._high if self.certain else (self._low + self._high) / 2

    @property
    def certain(self) -> bool:
        """Whether all that was seen agrees on one duration."""
        return self._high is not None and 0 <= self._high - self._low <= TOLERANCE

    def learn(self, ended: Sequence[float], pending: Sequence[float]) -> None:
        """Take in one look. One that hangs must not spoil the estimate for all others: outliers are cut off."""
        if ended:
            self._high = min([*ended] if self._high is None else [self._high, *ended])
        if pending:
            self._low = max([self._low, *pending])
        if self._high is not None:
            self._low = min(self._low, self._high * OUTLIER)

    def next_look(self, since: float, now: float) -> float:
        """When to look at a transition that began at `since` and has not ended at `now`."""
        expected = self.expected
        if expected is None:
            return now + min(self._poll_interval, max(FIRST_LOOK, LOOK_GROWTH * (now - since)))
        if since + expected > now:
            return since + expected + 0.01
        late = now - since - expected
        return now + min(self._poll_interval, max([0.1, 0.15 * expected, LOOK_GROWTH * late]))
