# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where one image or snapshot stands while it is made."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, replace
from datetime import datetime

from ..._api.model.backup_assets import Image, Snapshot
from ..._api.model.instance import Instance
from ..common.failure import UNVERIFIED, Failure, Tries
from .policy import PlannedAsset

UNCLEAR_CREATE = "It was requested without a clear response, so it may be in progress: run again to check."


class Stage(enum.Enum):
    """The next thing that happens to an asset."""

    LINE = "waits for another asset of its instance to end"
    GATE = "waits for a look at its instance"
    CREATE = "waits for a slot to be asked for in"
    DOUBT = "waits for a look whether an unclear call took effect"
    MAKING = "waits for a look at itself"
    ENDED = "has its end"


@dataclass(slots=True, eq=False)
class AssetState:
    """One asset while it is made. Times are monotonic seconds, but for `asked_at`, which is the service's time.

    `machine` is how it was last seen, None for a disk that is on no machine. `since`: when the service accepted the call, or the
    waiting began. `asset`: how the asset was last read. `unsure`: a call for it ended without a clear response. `refusal`: what
    it fails with if that call turns out to have had no effect. `sending`: one is under way.
    """

    plan: PlannedAsset
    machine: Instance | None
    stage: Stage
    instance_id: str | None
    asset_id: str | None = None
    observed_at: float = 0.0
    since: float = 0.0
    asked_at: datetime | None = None
    token: int = 0
    tries: Tries = field(default_factory=Tries)
    doubts: int = 0
    unsure: bool = False
    sending: bool = False
    first_doubt_at: float = 0.0
    absent_since: float | None = None
    refusal: Failure | None = None
    stale_looks: int = 0
    status: str | None = None
    asset: Image | Snapshot | None = None
    accepted: bool = False
    voided: bool = False
    failure: Failure | None = None

    @property
    def title(self) -> str:
        """How it is called in messages."""
        what = f"{self.plan.kind} {self.asset_id}" if self.asset_id else f"the {self.plan.kind}"
        return f"{what} of {self.plan.of}"

    @property
    def in_doubt(self) -> bool:
        """Whether it failed while it is not known whether a call for it took effect."""
        return self.failure is not None and self.unsure and self.asset_id is None


def with_unclear_create(state: AssetState, failure: Failure | None) -> Failure | None:
    """A failure that hides nothing: whether a call that ended unclearly took effect may not be known."""
    if failure is None or not state.unsure or state.asset_id is not None or UNCLEAR_CREATE in failure.message:
        return failure
    return replace(failure, code=UNVERIFIED, message=f"{failure.message} {UNCLEAR_CREATE}")
