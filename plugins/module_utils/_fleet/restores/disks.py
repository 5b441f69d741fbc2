# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which disks a restored machine gets, each from which snapshot, and whether it has got them. Pure.

Which disk a snapshot holds, the snapshot itself must say: device names and sizes prove nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from ..._api.model.backup_assets import Image, ImageDisk, Snapshot
from ..common.failure import Finding
from ..evidence.proof import SNAPSHOT_HOLDS
from ..evidence.specification import OldDisk, OldMachine

SYSTEM_DEVICE = "vda"
IOPS_TYPE = "ssd.io1"
"""The only type of disk whose iops are chosen (fact disks-iops)."""
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class WantedDisk:
    """A disk that the new machine gets. Without `snapshot_id` it is empty, or (`local`) the image's own.

    `implicit`: only the image knows it, so it cannot be named in the order.
    """

    device: str | None
    system: bool
    local: bool
    size_gb: int | None
    disk_type: str | None
    snapshot_id: str | None
    auto_delete: bool
    iops: int | None = None
    encrypted: bool = False
    implicit: bool = False


@dataclass(frozen=True, slots=True)
class MadeDisk:
    """What became of a wanted disk, as the result shows it; `disk_id` None: there is none. `verified` None: no one looked."""

    disk_id: str | None
    device: str | None
    size_gb: int | None
    snapshot_id: str | None
    verified: bool | None


@dataclass(frozen=True, slots=True)
class DiskPlan:
    """The disks of a new machine, its system disk first, and what forbids or should be known of them."""

    disks: tuple[WantedDisk, ...] = ()
    blockers: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()


def plan_disks(
    machine: OldMachine, image: Image | None, snapshots: Mapping[str, Snapshot], *, drill: bool, partial: bool
) -> DiskPlan:
    """The disks of the new machine: those of the image, then those that have snapshots only.

    `partial`: what nothing covers is a warning. Nothing of a drill's machine outlives it.
    """
    old = {disk.disk_id: disk for disk in machine.disks if disk.disk_id}
    image_disks = image.disks if image else ()
    origins = [_disk_held_by(disk, snapshots) for disk in image_disks]
    held = set(origins) - {None}
    wanted = [_from_image_disk(disk, old.get(origin or ""), snapshots) for disk, origin in zip(image_disks, origins, strict=True)]
    blockers = [finding for disk in image_disks for finding in _image_disk_blockers(disk, machine, snapshots)]
    warnings: list[Finding] = []
    for disk in machine.disks:
        warnings += _losses(disk, machine)
        if disk.local or disk.disk_id in held:
            blockers += _local_system_blockers(disk, machine, image)
            continue
        snapshot = _newest(disk, machine, snapshots)
        if snapshot is not None:
            wanted.append(_from_old(disk, snapshot))
        elif partial and not disk.system:
            warnings.append(_not_covered(disk, machine))
        else:
            blockers.append(_not_covered(disk, machine))
    # Of two for one device the later one counts, in the place of the first.
    found = {disk.device or f"?{number}": disk for number, disk in enumerate(wanted)}
    disks = sorted(found.values(), key=lambda disk: not disk.system)
    return DiskPlan(tuple(replace(disk, auto_delete=True) if drill else disk for disk in disks), tuple(blockers), tuple(warnings))


def _disk_held_by(image_disk: ImageDisk, snapshots: Mapping[str, Snapshot]) -> str | None:
    """The id of the disk whose data a disk of the image holds, by its snapshot's own word; None if it holds none."""
    snapshot = snapshots.get(image_disk.snapshot_id or "")
    return snapshot.disk_id if snapshot is not None and snapshot.status in SNAPSHOT_HOLDS else None


def _image_disk_blockers(image_disk: ImageDisk, machine: OldMachine, snapshots: Mapping[str, Snapshot]) -> Iterator[Finding]:
    if image_disk.snapshot_id is None:
        return
    snapshot = snapshots.get(image_disk.snapshot_id)
    if snapshot is None or snapshot.status not in SNAPSHOT_HOLDS:
        state = "does not exist" if snapshot is None else f"is '{snapshot.status}'"
        message = f"Snapshot {image_disk.snapshot_id}, which contains {image_disk.device or 'a disk'} of the image, {state}."
        yield Finding("snapshot_missing", message)
    elif image_disk.system and machine.disks and snapshot.disk_id not in {disk.disk_id for disk in machine.disks if disk.system}:
        message = (
            f"The system disk of the image was made from {snapshot.disk_id}, which was not the system disk of {machine.title}."
        )
        yield Finding("no_backup", message)


def _local_system_blockers(disk: OldDisk, machine: OldMachine, image: Image | None) -> Iterator[Finding]:
    held = image is not None and any(each.system and each.category == "local" for each in image.disks)
    if disk.local and disk.system and not held:
        message = f"The system disk of {machine.title} was a local disk, which only an image of the instance can contain."
        yield Finding("no_backup", message)


def _newest(disk: OldDisk, machine: OldMachine, snapshots: Mapping[str, Snapshot]) -> Snapshot | None:
    """The newest snapshot of the manifest that exists, holds its data and says that it is of this disk."""
    named = [snapshots[each.snapshot_id] for each in machine.snapshots if each.snapshot_id in snapshots]
    usable = [each for each in named if each.disk_id == disk.disk_id and each.status in SNAPSHOT_HOLDS]
    return max(usable, key=lambda each: each.created or _LONG_AGO, default=None)


def _not_covered(disk: OldDisk, machine: OldMachine) -> Finding:
    named = [each.snapshot_id for each in machine.snapshots if each.disk_id == disk.disk_id]
    why = f"none of its snapshots {', '.join(named)} exists and is usable" if named else "it has no snapshot"
    where = f" ({disk.device})" if disk.device else ""
    return Finding("disk_not_covered", f"Disk {disk.disk_id}{where} of {machine.title} cannot be restored, because {why}.")


def _losses(disk: OldDisk, machine: OldMachine) -> Iterator[Finding]:
    if disk.local and not disk.system:
        yield Finding("local_disk_lost", f"The local disk {disk.device} of {machine.title} is in no backup.")
    if disk.shared:
        message = f"Disk {disk.disk_id} of {machine.title} was shared; the new instance gets a copy of its own."
        yield Finding("shared_disk_copied", message)


def _from_image_disk(image_disk: ImageDisk, old: OldDisk | None, snapshots: Mapping[str, Snapshot]) -> WantedDisk:
    """A disk as the image has it; what the image does not tell is as it was."""
    snapshot = snapshots.get(image_disk.snapshot_id or "")
    sizes = [image_disk.size_gb, old.size_gb if old else None, snapshot.size_gb if snapshot else None]
    disk_type = (old.disk_type if old else None) or image_disk.disk_type
    return WantedDisk(
        device=image_disk.device or (SYSTEM_DEVICE if image_disk.system else None),
        system=image_disk.system,
        local=image_disk.category == "local",
        size_gb=max((size for size in sizes if size is not None), default=None),
        disk_type=disk_type,
        snapshot_id=image_disk.snapshot_id,
        auto_delete=old.auto_delete if old else bool(image_disk.auto_delete),
        iops=old.iops if old and disk_type == IOPS_TYPE else None,
        encrypted=bool(old and old.encrypted),
        implicit=image_disk.category == "local" or not (image_disk.device or image_disk.system),
    )


def _from_old(disk: OldDisk, snapshot: Snapshot) -> WantedDisk:
    """A disk as it was, from its own snapshot."""
    sizes = [size for size in (disk.size_gb, snapshot.size_gb) if size is not None]
    return WantedDisk(
        device=disk.device or (SYSTEM_DEVICE if disk.system else None),
        system=disk.system,
        local=False,
        size_gb=max(sizes, default=None),
        disk_type=disk.disk_type,
        snapshot_id=snapshot.snapshot_id,
        auto_delete=disk.auto_delete,
        iops=disk.iops if disk.disk_type == IOPS_TYPE else None,
        encrypted=disk.encrypted,
    )


@dataclass(frozen=True, slots=True)
class SeenDisk:
    """A disk of the new machine, and the snapshot that it was made of (None: the service does not say)."""

    disk_id: str | None
    device: str | None
    system: bool
    local: bool
    size_gb: int | None
    snapshot_id: str | None


def seen_disks(full: Mapping[str, Any]) -> list[SeenDisk]:
    """The disks of a machine from its snake case dict."""
    rows = [(row, True) for row in (full.get("system_disk"),) if row] + [(row, False) for row in full.get("data_disks") or []]
    found = []
    for row, system in rows:
        cloud, local = row.get("cloud_disk") or {}, row.get("local_disk") or {}
        is_local = str(row.get("disk_category") or ("local" if local and not cloud else "cloud")).lower() == "local"
        size = (local if is_local else cloud).get("size_gb")
        disk_id, snapshot_id = cloud.get("disk_id") or None, cloud.get("snapshot_id") or None
        found.append(SeenDisk(disk_id, row.get("device_name"), system, is_local, size, snapshot_id))
    return found


def compare(wanted: Sequence[WantedDisk], seen: Iterable[SeenDisk], *, right_image: bool) -> list[MadeDisk]:
    """Which wanted disks are there: made of the same snapshot and not smaller. A disk that is there counts once.

    Where the service does not tell what a system disk was made of, the machine's image (`right_image`) speaks for it.
    """
    left = list(seen)
    made = []
    for disk in sorted(wanted, key=lambda disk: not disk.system):
        match = _match(disk, left, right_image=right_image)
        if match is None:
            made.append(MadeDisk(None, disk.device, disk.size_gb, disk.snapshot_id, verified=False))
            continue
        left.remove(match)
        large = disk.size_gb is None or (match.size_gb or 0) >= disk.size_gb
        made.append(MadeDisk(match.disk_id, match.device, match.size_gb, disk.snapshot_id, verified=large))
    return made


def _match(disk: WantedDisk, seen: Sequence[SeenDisk], *, right_image: bool) -> SeenDisk | None:
    fits = [each for each in seen if each.system == disk.system and _same_origin(disk, each, right_image=right_image)]
    same_device = [each for each in fits if each.device == disk.device]
    return next(iter([*same_device, *fits]), None)


def _same_origin(disk: WantedDisk, seen: SeenDisk, *, right_image: bool) -> bool:
    if disk.local or seen.local:
        return disk.local and seen.local and right_image
    if disk.snapshot_id is None:
        return seen.snapshot_id is None and (disk.system or seen.device == disk.device)
    if seen.snapshot_id is None:
        return disk.system and right_image
    return seen.snapshot_id == disk.snapshot_id
