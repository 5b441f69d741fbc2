# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the backups of a machine stand, as a count of progress."""

from __future__ import annotations

from collections.abc import Iterable

from ..common.progress import Standing
from .state import AssetState
from .state import Stage as Making


def standing_of_backups(states: Iterable[AssetState]) -> Standing:
    """Of a machine of which these images and snapshots are made."""
    stages = []
    for state in states:
        if state.failure is not None:
            return Standing.FAILED
        stages.append(state.stage)
    if all(stage is Making.ENDED for stage in stages):
        return Standing.DONE
    begun = any(stage in (Making.DOUBT, Making.MAKING, Making.ENDED) for stage in stages)
    return Standing.IN_FLIGHT if begun else Standing.WAITING
