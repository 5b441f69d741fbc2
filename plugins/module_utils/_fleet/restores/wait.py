# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a run waits for new machines and helper images, and when one that no read shows counts as lost or gone."""

from __future__ import annotations

from collections.abc import Iterator

from ..._api.dispatch.dispatcher import Dispatcher
from ..common.failure import UNVERIFIED, Failure
from ..common.timing import FIRST_LOOK, LOOK_GROWTH, READ_LAG, Timing

UNREAD_PATIENCE = 120.0
"""Seconds for which something that was accepted may be shown by no read at all."""
GONE_PATIENCE = READ_LAG
"""Seconds for which something that was seen already must be shown by no read before it counts as gone."""


def looks(dispatcher: Dispatcher, timing: Timing) -> Iterator[None]:
    """One turn for each look at what is waited for: often at first, then less so, until `wait_timeout` is over."""
    began = dispatcher.clock.now()
    while True:
        yield
        waited = dispatcher.clock.now() - began
        if waited >= timing.wait_timeout:
            return
        dispatcher.pause(min(timing.poll_interval, max(FIRST_LOOK, LOOK_GROWTH * waited), timing.wait_timeout - waited))


def is_missing(began: float, shown_at: float | None, now: float) -> bool:
    """Whether what a read leaves out is lost, or gone if a read showed it before, at `shown_at`. Reads may lag for some time."""
    return now - began >= UNREAD_PATIENCE if shown_at is None else now - shown_at >= GONE_PATIENCE


def never_shown(title: str, made_id: str, unread: float) -> Failure:
    """Something was accepted, and no read shows it. It is not made again, since it may exist."""
    message = f"{title} was accepted as {made_id}, but no read showed it for {unread:.0f} s: it may exist, so run again to check."
    return Failure(UNVERIFIED, message)
