# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the user wants of backups, and what is decided about them: the words of the plan. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ..._api.model.instance import AttachedDisk
from ..common.failure import Finding
from ..common.selection import Selection
from ..evidence.proof import AssetType, Method
from ..planning.policy import Policy
from ..planning.surroundings import BalancerChoice, GroupChoice, Registration

AssetAction = Literal["created", "reused", "none", "blocked", "failed"]


@dataclass(frozen=True, slots=True)
class BackupPolicy:
    """What the user wants, checked. `max_age` in hours.

    `any_campaign`: backups of other campaigns may be used again. `stopped_before`: machines that an earlier try of this campaign
    stopped, and that are to be started again with the others. `disk_ids`: snapshots of these disks only, None for all. The last
    four say what becomes of what surrounds a machine that is stopped, as for the machines themselves.
    """

    method: Method
    selection: Selection
    campaign: str
    name_pattern: str
    protect_tags: Mapping[str, tuple[str, ...]]
    max_age: float = 24.0
    any_campaign: bool = True
    include_data_disks: bool = True
    stop_running: bool = False
    start_again: bool = False
    stopped_before: frozenset[str] = frozenset()
    disk_ids: frozenset[str] | None = None
    group_members: GroupChoice = "block"
    load_balancers: BalancerChoice = "ignore"
    drain_seconds: float = 30.0
    allow_last_target: bool = False

    @property
    def of_stops(self) -> Policy:
        """The policy of the stops."""
        return Policy(
            state="stopped",
            selection=self.selection,
            protect_tags=self.protect_tags,
            group_members=self.group_members,
            load_balancers=self.load_balancers,
            drain_seconds=self.drain_seconds,
            allow_last_target=self.allow_last_target,
        )


@dataclass(frozen=True, slots=True)
class PlannedAsset:
    """An image or a snapshot: to be made (`asset_id` None), in progress, or ready to be used again.

    `of` is the machine or disk that it is made of, `disks` are what it has to hold, `left_out` devices that it must not.
    `attempt` counts this campaign's tries; 0: it exists already.
    `ready`: there is nothing to wait for. `stopped`: what its marker says, or will say.
    """

    kind: AssetType
    of: str
    name: str
    attempt: int
    campaign: str
    stopped: bool
    disks: tuple[AttachedDisk, ...]
    left_out: tuple[str, ...] = ()
    asset_id: str | None = None
    ready: bool = False
    status: str | None = None

    @property
    def snapshots(self) -> int:
        """How many snapshots making it takes: an image takes one for each cloud disk (fact images-take-snapshots)."""
        if self.asset_id is not None:
            return 0
        return 1 if self.kind == "snapshot" else sum(disk.category == "cloud" for disk in self.disks)

    @property
    def images(self) -> int:
        """How many images making it takes."""
        return int(self.kind == "image" and self.asset_id is None)


@dataclass(frozen=True, slots=True)
class BackupDecision:
    """What is to be done with one machine. With blockers nothing is.

    `registrations` are all that load balancers have of one that is to be stopped, `deregisters` those that are taken away before.
    """

    instance_id: str
    status: str
    assets: tuple[PlannedAsset, ...] = ()
    stop: bool = False
    start: bool = False
    blockers: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    registrations: tuple[Registration, ...] = ()
    deregisters: tuple[Registration, ...] = ()

    @property
    def images(self) -> int:
        """How many images making its assets takes."""
        return sum(asset.images for asset in self.assets)

    @property
    def snapshots(self) -> int:
        """How many snapshots making its assets takes."""
        return sum(asset.snapshots for asset in self.assets)

    @property
    def makes(self) -> bool:
        """Whether something is to be made."""
        return any(asset.asset_id is None for asset in self.assets)
