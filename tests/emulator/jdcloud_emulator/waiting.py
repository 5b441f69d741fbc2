# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls that are kept waiting on purpose, and time that leaps while all there is to do is wait."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from jdcloud_emulator.state.settings import Clock

LOOK = 0.05
"""Real seconds between two looks at whether a client is still there."""


class WaitingRoom:
    """The calls of one world that wait for a time to come: delayed answers, and those that never come."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[asyncio.Event, float] = {}

    async def keep(self, seconds: float, present: Callable[[], bool] | None = None) -> None:
        """Keep a call waiting for so many seconds, or until its client is not `present` any more."""
        woken = asyncio.Event()
        until = self._clock.real() + seconds
        self._until[woken] = until
        try:
            while (left := until - self._clock.real()) > 0 and (present is None or present()):
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(woken.wait(), left if present is None else min(left, LOOK))
                woken.clear()
        finally:
            del self._until[woken]

    def leap(self, seconds: float, kept: int) -> float:
        """Let so many seconds pass at once. Returns how many have passed like this since the start of the world.

        `kept`: how many calls the client has under way. Nothing happens unless just so many are kept waiting here, since the
        others are being worked on; and no call is kept longer than it should be: the leap ends when the first is due.
        """
        if kept == len(self._until):
            now = self._clock.real()
            self._clock.leap(max(0.0, min([seconds, *(until - now for until in self._until.values())])))
            for woken in self._until:
                woken.set()
        return self._clock.leapt
