# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which older backups of a machine are superseded. Pure; deletes nothing.

Counted is only what a delete would accept as a proof, however old it is, and what holds all that is wanted. Once there are `keep`
of them, what is older than the last of these, is the account's own and carries our marker is superseded. Another campaign's
backup is left alone as long as it is young enough for that campaign's deletes, or something of that campaign is still being made.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from ..._api.model.backup_assets import Image, Snapshot
from ..._api.model.instance import Instance
from ..evidence.marker import Marker, read_marker
from ..evidence.proof import (
    IMAGE_ENDED,
    SNAPSHOT_HOLDS,
    BackupSet,
    Demand,
    age_flaw,
    asset_id_of,
    disk_key,
    disks_held_by,
    image_flaws,
    is_own,
    lasting_snapshots,
    snapshot_flaws,
)
from .plan import image_disks, snapshot_disks
from .policy import BackupPolicy

Asset = TypeVar("Asset", Image, Snapshot)


@dataclass(frozen=True, slots=True)
class Superseded:
    """Ids of what newer proven backups have made superfluous."""

    image_ids: tuple[str, ...] = ()
    snapshot_ids: tuple[str, ...] = ()


def superseded(
    machines: Iterable[Instance], policy: BackupPolicy, backup_set: BackupSet, keep: int, now: datetime | None
) -> Superseded:
    """What may go of these machines, each of which has a proven backup of this run, if `keep` (at least 1) are to stay."""
    rules = _Rules(policy, keep, now, _busy_campaigns(backup_set))
    image_ids: list[str] = []
    snapshot_ids: list[str] = []
    for machine in machines:
        if policy.method in ("image", "both"):
            images = backup_set.images.get(machine.instance_id, ())
            image_ids += rules.older(images, machine, _image_counter(machine, policy, backup_set, now))
        if policy.method in ("snapshots", "both"):
            for disk in snapshot_disks(machine, policy):
                # One that an image consists of goes with its image, or not at all.
                loose = [each for each in backup_set.snapshots_of_disk.get(disk.disk_id or "", ()) if not each.images]
                snapshot_ids += rules.older(loose, machine, _snapshot_counter(machine, now))
    return Superseded(tuple(image_ids), tuple(snapshot_ids))


def _image_counter(
    machine: Instance, policy: BackupPolicy, backup_set: BackupSet, now: datetime | None
) -> Callable[[Image], bool]:
    wanted = {disk_key(disk.disk_id, disk.device) for disk in image_disks(machine, policy)}
    lasting = lasting_snapshots(machine, backup_set, now, max_age=math.inf)
    demand = Demand("image", math.inf)
    return lambda image: not image_flaws(image, machine, demand, now) and wanted <= set(disks_held_by(image, machine, lasting))


def _snapshot_counter(machine: Instance, now: datetime | None) -> Callable[[Snapshot], bool]:
    demand = Demand("snapshots", math.inf)
    return lambda snapshot: not snapshot_flaws(snapshot, machine, demand, now)


@dataclass(frozen=True, slots=True)
class _Rules:
    """What stays and what may go. `busy`: campaigns of which something is still being made."""

    policy: BackupPolicy
    keep: int
    now: datetime | None
    busy: frozenset[str]

    def older(self, assets: Sequence[Asset], machine: Instance, counts: Callable[[Asset], bool]) -> list[str]:
        """Ids of what is older than the last of those that stay. `counts`: what is a whole backup."""
        # One that cannot be read, or that another account shares or made, is neither counted nor removed.
        marked = [(asset, read_marker(asset.description)) for asset in assets if not asset.unreadable and is_own(asset)]
        own = [(asset, marker) for asset, marker in marked if marker is not None and marker.instance_id == machine.instance_id]
        # What was made when, is not known of one whose time cannot be read: it is neither counted nor removed.
        dated = [(asset.created, asset, marker) for asset, marker in own if asset.created is not None]
        dated.sort(key=lambda row: row[0], reverse=True)
        proven = [made for made, asset, _marker in dated if counts(asset)]
        if len(proven) < self.keep:
            return []
        last = proven[self.keep - 1]
        return [asset_id_of(asset) for made, asset, marker in dated if made < last and not self._in_use(asset, marker)]

    def _in_use(self, asset: Image | Snapshot, marker: Marker) -> bool:
        if asset.status not in ("ready", "error", *SNAPSHOT_HOLDS):
            return True
        if marker.campaign == self.policy.campaign:
            return False
        return marker.campaign in self.busy or age_flaw(asset.created, self.policy.max_age, self.now) is None


def _busy_campaigns(backup_set: BackupSet) -> frozenset[str]:
    """Campaigns of which something is still being made."""
    images = [image for rows in backup_set.images.values() for image in rows if image.status not in IMAGE_ENDED]
    snapshots = [snapshot for snapshot in backup_set.snapshots.values() if snapshot.status == "creating"]
    descriptions = [image.description for image in images] + [snapshot.description for snapshot in snapshots]
    markers = [read_marker(description) for description in descriptions]
    return frozenset(marker.campaign for marker in markers if marker is not None)
