# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which images and snapshots prove that a machine's data exists elsewhere (rule 8). Pure.

A backup counts only if it is ready, private, not imported and not about to expire, carries the marker of this collection with
this machine and "stopped", is young enough by the service's clock, and holds the very disks that would be destroyed: through
the snapshots' disk ids, never by device names or sizes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from ..._api.fields import unreadable_reason
from ..._api.model.backup_assets import Image, Snapshot
from ..._api.model.instance import AttachedDisk, Instance
from .marker import Marker, read_marker

Method = Literal["image", "snapshots", "both"]
AssetType = Literal["image", "snapshot"]

IMAGE_ENDED = frozenset({"ready", "error", "deleting"})
"""Statuses of an image whose task on its machine is over. Not all transitional states are known (fact states-unnamed)."""
SNAPSHOT_HOLDS = frozenset({"available", "in-use"})
"""Statuses in which a snapshot that belongs to an image holds its data."""
EXPIRY_MARGIN = timedelta(days=7)
"""A backup that the service removes within this time is about to expire."""
CLOCK_TOLERANCE = timedelta(minutes=10)
"""How far in the future a backup may seem to have been made: the services' clocks are not one clock."""
SHOWN_CANDIDATES = 4


@dataclass(frozen=True, slots=True)
class Demand:
    """Which proven backups a delete needs. Hours; `campaign` None: of any campaign."""

    method: Method
    max_age: float
    campaign: str | None = None

    @property
    def types(self) -> tuple[AssetType, ...]:
        """The kinds of asset of which each disk needs one."""
        kinds: dict[Method, tuple[AssetType, ...]] = {
            "image": ("image",),
            "snapshots": ("snapshot",),
            "both": ("image", "snapshot"),
        }
        return kinds[self.method]


@dataclass(frozen=True, slots=True)
class BackupSet:
    """The images and snapshots that were read: images by source machine, snapshots by id and by disk."""

    images: Mapping[str, tuple[Image, ...]] = field(default_factory=dict)
    snapshots: Mapping[str, Snapshot] = field(default_factory=dict)
    snapshots_of_disk: Mapping[str, tuple[Snapshot, ...]] = field(default_factory=dict)


def backup_set_of(images: Iterable[Image], snapshots: Iterable[Snapshot]) -> BackupSet:
    """Sort what was read. Which machine or disk an asset is of, it must say itself."""
    by_machine: dict[str, list[Image]] = {}
    by_disk: dict[str, list[Snapshot]] = {}
    by_id = {}
    for image in images:
        if image.instance_id:
            by_machine.setdefault(image.instance_id, []).append(image)
    for snapshot in snapshots:
        by_id[snapshot.snapshot_id] = snapshot
        if snapshot.disk_id:
            by_disk.setdefault(snapshot.disk_id, []).append(snapshot)
    return BackupSet(
        {key: tuple(rows) for key, rows in by_machine.items()}, by_id, {key: tuple(rows) for key, rows in by_disk.items()}
    )


@dataclass(frozen=True, slots=True)
class Backup:
    """A proven backup of a machine, as it is reported. One that is only planned has no id and no time yet: both are ''."""

    type: AssetType
    id: str
    status: str
    created: str
    campaign: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What counts for a machine, and one sentence for each disk and kind of asset that nothing covers.

    `left_out`: those of these sentences that are about a disk which an image without any other flaw does not hold.
    """

    backups: tuple[Backup, ...] = ()
    missing: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def asset_id_of(asset: Image | Snapshot) -> str:
    """The id of an image or snapshot."""
    return asset.image_id if isinstance(asset, Image) else asset.snapshot_id


def owner_of(asset: Image | Snapshot) -> str | None:
    """What an asset is of: the machine of an image, the disk of a snapshot."""
    return asset.instance_id if isinstance(asset, Image) else asset.disk_id


def is_own(asset: Image | Snapshot) -> bool:
    """Whether an image or snapshot was made in this account, of a machine or disk."""
    return asset.source == "private" and not asset.imported if isinstance(asset, Image) else asset.source == "self"


def is_ready(asset: Image | Snapshot) -> bool:
    """Whether an image or snapshot is made."""
    return asset.status == "ready" if isinstance(asset, Image) else asset.status in SNAPSHOT_HOLDS


def disk_key(disk_id: str | None, device: str | None) -> str:
    """How a disk is called: its id, or its device for a local one, which has none."""
    return disk_id or f"local {device}"


def lasting_snapshots(machine: Instance, backup_set: BackupSet, now: datetime | None, *, max_age: float) -> dict[str, Snapshot]:
    """The snapshots of the disks of `machine`, by id, that do not expire soon and are at most `max_age` old (hours).

    The data in an image is as old as its snapshots, which may be older than the image, and it lasts no longer than they do.
    """
    return {
        snapshot.snapshot_id: snapshot
        for disk in machine.disks
        for snapshot in backup_set.snapshots_of_disk.get(disk.disk_id or "", ())
        if not snapshot.unreadable and expiry_flaw(snapshot, now) is None and age_flaw(snapshot.created, max_age, now) is None
    }


def disks_held_by(image: Image, machine: Instance, snapshots: Mapping[str, Snapshot]) -> dict[str, str | None]:
    """The disks of `machine` that an image holds: disk key -> snapshot id, None for a local system disk.

    A cloud disk is held if a part of the image names one of `snapshots` that holds its data and is of this disk's id. So these
    must be those that count; see `lasting_snapshots`.
    """
    own = {disk.disk_id for disk in machine.disks if disk.disk_id}
    held: dict[str, str | None] = {}
    for part in image.disks:
        snapshot = snapshots.get(part.snapshot_id or "")
        if snapshot is None or snapshot.unreadable:
            continue
        if snapshot.disk_id in own and snapshot.status in SNAPSHOT_HOLDS and snapshot.source == "self":
            held[snapshot.disk_id or ""] = snapshot.snapshot_id
    for disk in machine.disks:
        if disk.system and disk.category == "local" and any(part.system and part.category == "local" for part in image.disks):
            held[disk_key(None, disk.device)] = None
    return held


def disks_begun_with(image: Image, machine: Instance, snapshots: Mapping[str, Snapshot]) -> set[str] | None:
    """The keys of the disks of `machine` that an image is being made of, None as long as the service does not say."""
    begun = {disk_key(None, disk.device) for disk in machine.disks if disk.system and disk.category == "local"}
    if not any(part.system and part.category == "local" for part in image.disks):
        begun.clear()
    for part in image.disks:
        if part.category == "local":
            continue
        snapshot = snapshots.get(part.snapshot_id or "")
        if snapshot is None or not snapshot.disk_id:
            return None
        begun.add(snapshot.disk_id)
    return begun or None


def prove(machine: Instance, disks: Sequence[AttachedDisk], demand: Demand, backup_set: BackupSet, now: datetime | None) -> Proof:
    """Whether proven backups cover all `disks` of `machine`; without any disk, whether there is one at all.

    A machine that runs has none: each is older than its stop.
    """
    if machine.status == "running":
        return Proof(missing=("It is running, so none of its backups counts: each is older than its stop.",))
    candidates: dict[AssetType, list[_Candidate]] = {
        "image": _image_candidates(machine, demand, backup_set, now),
        "snapshot": _snapshot_candidates(machine, demand, backup_set, now),
    }
    backups = [_reported(kind, each.asset) for kind in demand.types for each in candidates[kind] if not each.flaws]
    missing = {kind: _missing(kind, disks, candidates[kind]) for kind in demand.types}
    good_image = any(not each.flaws for each in candidates["image"])
    left_out = missing.get("image", []) if good_image else []
    return Proof(tuple(backups), tuple(sentence for kind in demand.types for sentence in missing[kind]), tuple(left_out))


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An image or snapshot, everything that speaks against it, and the keys of the disks that it holds."""

    asset: Image | Snapshot
    flaws: list[str]
    held: Collection[str]


def _image_candidates(machine: Instance, demand: Demand, backup_set: BackupSet, now: datetime | None) -> list[_Candidate]:
    lasting = lasting_snapshots(machine, backup_set, now, max_age=demand.max_age)
    candidates = []
    for image in backup_set.images.get(machine.instance_id, ()):
        held = disks_held_by(image, machine, lasting)
        flaws = image_flaws(image, machine, demand, now) or ([] if held else ["it contains no disk of the instance"])
        candidates.append(_Candidate(image, flaws, held))
    return candidates


def _snapshot_candidates(machine: Instance, demand: Demand, backup_set: BackupSet, now: datetime | None) -> list[_Candidate]:
    candidates = []
    for disk in machine.disks:
        for snapshot in backup_set.snapshots_of_disk.get(disk.disk_id or "", ()):
            # The snapshots inside an image are judged with it.
            if not snapshot.images or read_marker(snapshot.description) is not None:
                flaws = snapshot_flaws(snapshot, machine, demand, now)
                candidates.append(_Candidate(snapshot, flaws, [disk.disk_id or ""]))
    return candidates


def _missing(kind: AssetType, disks: Sequence[AttachedDisk], candidates: Sequence[_Candidate]) -> list[str]:
    # Snapshots are of cloud disks only; for a local one there are images or nothing.
    wanted = [disk for disk in disks if kind == "image" or disk.category == "cloud"]
    sentences = [_uncovered(kind, disk, candidates) for disk in wanted]
    if not disks and all(each.flaws for each in candidates):
        # An empty set of covered disks is no backup, even where the delete destroys no disk.
        sentences.append(f"No {kind} of it counts: {_flaws_text(candidates, None)}.")
    return [sentence for sentence in sentences if sentence is not None]


def image_flaws(image: Image, machine: Instance, demand: Demand, now: datetime | None) -> list[str]:
    """Why an image is no backup of `machine`, whatever it holds. Empty: it is one."""
    unreadable = unreadable_reason(image)
    if unreadable is not None:
        return [unreadable]
    return own_flaws(image) + _asset_flaws(image, machine, demand, now)


def own_flaws(image: Image) -> list[str]:
    """Why an image is no backup, whichever machine it is of."""
    flaws = []
    if image.status != "ready":
        flaws.append("it is still being made" if image.status not in IMAGE_ENDED else f"its status is '{image.status}'")
    if image.source != "private":
        flaws.append(f"it is not a private image but '{image.source}'")
    if image.imported:
        flaws.append("it was imported")
    if image.offline:
        flaws.append("it is offline")
    return flaws


def snapshot_flaws(snapshot: Snapshot, machine: Instance, demand: Demand, now: datetime | None) -> list[str]:
    """Why a snapshot of a disk of `machine` is no backup. Empty: it is one."""
    unreadable = unreadable_reason(snapshot)
    if unreadable is not None:
        return [unreadable]
    flaws = []
    if snapshot.status != "available":
        flaws.append("it is still being made" if snapshot.status == "creating" else f"its status is '{snapshot.status}'")
    if snapshot.source != "self":
        flaws.append("it does not belong to this account")
    return flaws + _asset_flaws(snapshot, machine, demand, now)


def being_made(images: Iterable[Image]) -> list[str]:
    """Ids of images whose task still runs on their machine."""
    return [image.image_id for image in images if image.status not in IMAGE_ENDED]


def expiry_flaw(asset: Image | Snapshot, now: datetime | None) -> str | None:
    """Why an asset's expiry speaks against it. Without one it stays for ever."""
    if not asset.expires_text:
        return None
    if asset.expires is None or now is None:
        return f"its expiry '{asset.expires_text}' is unreadable"
    if asset.expires - now < EXPIRY_MARGIN:
        return f"it expires at {asset.expires_text}, within {EXPIRY_MARGIN.days} days"
    return None


def age_flaw(created: datetime | None, max_age: float, now: datetime | None) -> str | None:
    """Why the time when an asset was made speaks against it. `max_age` in hours."""
    if created is None:
        return "its creation time is unreadable"
    if now is None:
        return "the time of the service is unknown"
    age = now - created
    if age < -CLOCK_TOLERANCE:
        return "its creation time is in the future"
    hours = age / timedelta(hours=1)
    if hours > max_age:
        return f"it is {hours:.1f} hours old, more than {max_age:g}"
    return None


def _asset_flaws(asset: Image | Snapshot, machine: Instance, demand: Demand, now: datetime | None) -> list[str]:
    marker = read_marker(asset.description)
    flaws = ["it has no mark of this collection"] if marker is None else _marker_flaws(marker, machine, demand)
    return flaws + [flaw for flaw in (age_flaw(asset.created, demand.max_age, now), expiry_flaw(asset, now)) if flaw]


def _marker_flaws(marker: Marker, machine: Instance, demand: Demand) -> list[str]:
    flaws = []
    if marker.instance_id != machine.instance_id:
        flaws.append(f"its mark names instance {marker.instance_id}")
    if demand.campaign is not None and marker.campaign != demand.campaign:
        flaws.append(f"it belongs to campaign {marker.campaign}")
    if not marker.stopped:
        flaws.append("it was made while the instance was not stopped")
    return flaws


def _uncovered(kind: AssetType, disk: AttachedDisk, candidates: Sequence[_Candidate]) -> str | None:
    """None if something covers the disk, else a sentence that says why each candidate does not."""
    key = disk_key(disk.disk_id, disk.device)
    if any(not each.flaws and key in each.held for each in candidates):
        return None
    name = f"disk {key} ({disk.device})" if disk.disk_id and disk.device else f"disk {key}"
    return f"No {kind} covers its {name}: {_flaws_text(candidates, None if kind == 'image' else key)}."


def _flaws_text(candidates: Sequence[_Candidate], key: str | None) -> str:
    """Why each candidate does not count. Snapshots are of one disk: those of others than `key` are no candidates."""
    reasons = [
        f"{asset_id_of(each.asset)}: {', '.join(each.flaws) or 'it does not hold this disk'}"
        for each in candidates
        if key is None or key in each.held
    ]
    more = len(reasons) - SHOWN_CANDIDATES
    return ("; ".join(reasons[:SHOWN_CANDIDATES]) + (f"; and {more} more" if more > 0 else "")) or "there is none"


def _reported(kind: AssetType, asset: Image | Snapshot) -> Backup:
    marker = read_marker(asset.description)
    created = asset.created.isoformat() if asset.created is not None else asset.created_text or ""
    return Backup(kind, asset_id_of(asset), asset.status, created, marker.campaign if marker is not None else "")
