# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a machine stands, as a count of progress."""

from __future__ import annotations

from ..common.progress import Standing
from .state import MachineState, Phase

UNDER_WAY = frozenset(
    {
        *(Phase.STOPPING, Phase.STARTING, Phase.SET_DISKS, Phase.CHECK_DISKS, Phase.DELETING),
        *(Phase.PUT_BACK, Phase.CHECK_BACK),
    }
)
"""Phases that follow a call that changes something, or belong to one."""


def standing_of_machine(state: MachineState | None) -> Standing:
    """Of a machine that is stopped, started or deleted; without a state nothing was to be done."""
    if state is None:
        return Standing.DONE
    if state.failure is not None:
        return Standing.FAILED
    if state.phase is Phase.ENDED:
        return Standing.DONE
    return Standing.IN_FLIGHT if state.changed or state.delete_sent or state.phase in UNDER_WAY else Standing.WAITING
