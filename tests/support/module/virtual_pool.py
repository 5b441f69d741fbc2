# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A clock and a pool of senders in virtual time and one thread."""

from __future__ import annotations

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.dispatch.dispatcher import Job, Outcome, Sender, execute

TICK = 0.001
SLOTS = 8


class VirtualClock:
    """Monotonic seconds that pass only when something waits."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> float:
        """Seconds."""
        return self.seconds


class VirtualPool:
    """Sends each job at once, in the caller's thread; waiting for nothing lets the time pass."""

    def __init__(self, sender: Sender, clock: VirtualClock, _size: int, _exchange_timeout: float | None = None) -> None:
        self._sender = sender
        self._clock = clock
        self._ends: list[tuple[Job, Outcome]] = []
        self.stopped = False

    @property
    def free(self) -> int:
        """How many jobs may be submitted now."""
        return SLOTS - len(self._ends)

    def submit(self, job: Job) -> None:
        """Send `job`."""
        self._ends.append((job, execute(self._sender, self._clock, job)))

    def wait(self, timeout: float | None) -> list[tuple[Job, Outcome]]:
        """What has ended, or nothing after `timeout` virtual seconds."""
        ends, self._ends = self._ends, []
        if not ends:
            assert timeout is not None, "nothing is under way, and nothing ever will be"
            # Real time passes even while nobody waits.
            self._clock.seconds += max(timeout, TICK)
        return ends

    def stop(self) -> None:
        """Nothing may be sent any more."""
        self.stopped = True
