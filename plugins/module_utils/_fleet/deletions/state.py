# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where one thing stands while it is deleted."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass, field
from typing import Generic

from ..common.failure import Failure, Tries
from ..common.progress import Standing, standing_of
from .resource_kind import D


class Stage(enum.Enum):
    """The next thing that happens to an asset."""

    GATE = "waits for a look that decides whether its delete may leave"
    DELETE = "waits for a slot to send its delete in"
    GOING = "waits for its end"
    ENDED = "has its end"


@dataclass(slots=True, eq=False)
class DeletionState(Generic[D]):
    """One asset's way. Times are monotonic seconds.

    `word` is what it is, `asset` how the plan saw it, `observed_at` when the look was asked for that its delete rests on,
    `looked_at` when the last one was asked for that showed it, `since` when the service accepted the delete (or the waiting
    began). `unsure`: the last delete ended without a clear response; `maybe_sent`: there was one such at all. `moving`: it was
    seen being deleted. `last`: what the last look showed, if anything. `doubt_since`: when the last one ended of which no look
    has shown yet what came of it; `refusal`: what the asset fails with if it came to nothing. `sending`: a delete is under way.
    """

    word: str
    asset_id: str
    asset: D
    stage: Stage
    status: str
    observed_at: float = -math.inf
    looked_at: float = -math.inf
    since: float = 0.0
    token: int = 0
    tries: Tries = field(default_factory=Tries)
    refusals: int = 0
    doubts: int = 0
    stale_looks: int = 0
    looks_back: int = 0
    unsure: bool = False
    maybe_sent: bool = False
    doubt_since: float | None = None
    refusal: Failure | None = None
    sending: bool = False
    moving: bool = False
    accepted: bool = False
    gone: bool = False
    failure: Failure | None = None
    last: D | None = None

    @property
    def title(self) -> str:
        """How it is called in messages."""
        return f"{self.word} {self.asset_id}"

    @property
    def deleted(self) -> bool:
        """Whether it counts as deleted by us: the delete was accepted; or its response was lost, and the asset is gone."""
        return self.accepted or (self.maybe_sent and self.gone)

    @property
    def in_doubt(self) -> bool:
        """Whether it failed while it was not known what came of a delete."""
        return self.failure is not None and self.doubt_since is not None


def standing_of_deletion(state: DeletionState[D] | None) -> Standing:
    """Of an image, a disk or the like that is deleted; without a state nothing was to be done."""
    if state is None:
        return Standing.DONE
    begun = state.stage is Stage.GOING or state.accepted or state.maybe_sent
    return standing_of(failed=state.failure is not None, ended=state.stage is Stage.ENDED, begun=begun)
