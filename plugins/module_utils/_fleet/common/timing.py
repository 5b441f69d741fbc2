# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long the user waits, and how long the engines have patience with the service."""

from __future__ import annotations

from dataclasses import dataclass

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


def leave_by(observed_at: float) -> float:
    """The time after which a write that rests on this observation must not be sent any more."""
    return observed_at + GATE_MAX_AGE - GATE_MARGIN


@dataclass(frozen=True, slots=True)
class Timing:
    """What the user wants of waiting; seconds. `retries`: how often a write with an unclear end is tried again."""

    wait: bool = True
    wait_timeout: float = 600.0
    poll_interval: float = 2.0
    retries: int = 8
