# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the machines of a run of backups stand, as a count of progress."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from ..common.progress import Standing, standing_of
from .record import BackupRecord, failure_of
from .state import AssetState, Stage


def standing_of_record(record: BackupRecord, in_step: Standing) -> Standing:
    """What already keeps a machine from its end goes before where it stands in the present step."""
    if failure_of(record) is not None:
        return Standing.FAILED
    return Standing.BLOCKED if record.blocked else in_step


def standing_of_backups(states: Sequence[AssetState]) -> Standing:
    """Of a machine of which these images and snapshots are made."""
    return standing_of(
        failed=any(state.failure is not None for state in states),
        ended=all(state.stage is Stage.ENDED for state in states),
        begun=any(state.stage in (Stage.DOUBT, Stage.MAKING, Stage.ENDED) for state in states),
    )


def waited_for(assets: Iterable[Sequence[AssetState]]) -> Iterator[tuple[float, str]]:
    """Since when the service makes what."""
    for state in itertools.chain.from_iterable(assets):
        if state.stage is Stage.MAKING:
            yield state.since, f"{state.plan.kind} of {state.plan.of}"
