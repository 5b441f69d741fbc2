# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long a transition takes, learned while it is watched, so that a bulk poll comes when there is something to see."""

from __future__ import annotations

from collections.abc import Sequence

FIRST_LOOK = 0.3
LOOK_GROWTH = 0.25
"""While nothing is known, looks come at a quarter of the age of the transition, at most `poll_interval` apart; and so they do,
by the time it is late, once it takes longer than expected."""
TOLERANCE = 0.06
OUTLIER = 1.5


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
