# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the deletion of a thing stands, as a count of progress."""

from __future__ import annotations

from ..common.progress import Standing
from .kind import D
from .state import DeletionState
from .state import Stage as Going


def standing_of_deletion(state: DeletionState[D] | None) -> Standing:
    """Of an image, a disk or the like that is deleted; without a state nothing was to be done."""
    if state is None:
        return Standing.DONE
    if state.failure is not None:
        return Standing.FAILED
    if state.stage is Going.ENDED:
        return Standing.DONE
    return Standing.IN_FLIGHT if state.stage is Going.GOING or state.accepted or state.maybe_sent else Standing.WAITING
