# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups that would be made, as typed input of a preview: the machine and its backups as they would be after them. Pure.

Only the preview of a delete knows them. The plan judges them by the rules for real backups, and the gate never sees them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ..._api.errors import InputError
from ..._api.fields import Json, MalformedResponse, each_object, optional_bool, optional_object, optional_text, required_text
from ..._api.model.backup_assets import Image, ImageDisk, Snapshot
from ..._api.model.instance import Instance
from ..common.texts import shown
from .manifest import instance_id_of, parse_entries
from .marker import Marker, check_campaign
from .proof import IMAGE_ENDED, AssetType, Backup, BackupSet, disk_key

PLANNED = "planned"
"""The status of a backup that would be made or used again."""
BACKED_UP = ("created", "reused")
NOT_BACKED_UP = ("none", "blocked", "failed")
"""What a manifest says was done for a machine or about an asset, or would be."""
POWER = ("running", "stopped")


@dataclass(frozen=True, slots=True)
class PlannedBackup:
    """An image or a snapshot. `asset_id` None: it would be made. `disks`: the keys of what it would hold."""

    kind: AssetType
    asset_id: str | None
    disks: tuple[str, ...]
    campaign: str
    stopped: bool

    @property
    def stand_in(self) -> str:
        """How it is called as long as it has no id."""
        return self.asset_id or ("planned image" if self.kind == "image" else f"planned snapshot of {self.disks[0]}")


@dataclass(frozen=True, slots=True)
class PlannedMachine:
    """What a backup would do for a machine. `status`: 'stopped' or 'running' if it would stop or start it, else None."""

    instance_id: str
    status: str | None = None
    backups: tuple[PlannedBackup, ...] = ()


def parse_planned(entries: Sequence[Any], option: str) -> dict[str, PlannedMachine]:
    """By id, the machines of a manifest that would be backed up. Raises `InputError` for anything of a wrong form."""
    machines = parse_entries(entries, option, _machine)
    # What is not backed up is judged as it is now.
    return {machine.instance_id: machine for machine in machines if machine.backups}


def predict(machine: Instance, plan: PlannedMachine, backup_set: BackupSet, now: datetime | None) -> tuple[Instance, BackupSet]:
    """The machine as its backup would leave it, and all backups of it that there would be then. `now` is when they are made."""
    disk_ids = [disk.disk_id for disk in machine.disks if disk.disk_id]
    images = {image.image_id: image for image in backup_set.images.get(machine.instance_id, ())}
    snapshots = {each.snapshot_id: each for disk_id in disk_ids for each in backup_set.snapshots_of_disk.get(disk_id, ())}
    for backup in plan.backups:
        if backup.kind == "snapshot":
            snapshots |= _snapshot_then(backup, machine, snapshots, now)
            continue
        image = _image_then(backup, machine, images.get(backup.stand_in), now)
        if image is not None:
            images[image.image_id] = image
            snapshots |= _parts_then(backup, machine, image)
    of_disk = {disk_id: tuple(each for each in snapshots.values() if each.disk_id == disk_id) for disk_id in disk_ids}
    then = machine if plan.status is None or machine.status not in POWER else replace(machine, status=plan.status)
    return then, BackupSet({machine.instance_id: tuple(images.values())}, snapshots, of_disk)


def as_planned(plan: PlannedMachine, backups: Sequence[Backup]) -> tuple[Backup, ...]:
    """Backups that count, shown as planned where they are: without id and time where they do not exist yet."""
    made = {each.stand_in for each in plan.backups if each.asset_id is None}
    known = {each.asset_id for each in plan.backups}
    rows = [replace(each, status=PLANNED) if each.id in known else each for each in backups]
    return tuple(replace(each, id="", created="", status=PLANNED) if each.id in made else each for each in rows)


def _machine(entry: Json, where: str) -> PlannedMachine:
    instance_id = instance_id_of(entry, where)
    action = optional_text(entry, "action")
    if action in NOT_BACKED_UP:
        return PlannedMachine(instance_id)
    if action not in BACKED_UP:
        raise InputError(f"{where}.action is {shown(str(action))}: use unchanged members of the list machines of a manifest.")
    by_us = optional_bool(entry, "stopped_by_us") or optional_bool(entry, "started_by_us")
    status = optional_text(entry, "status")
    return PlannedMachine(instance_id, status if by_us and status in POWER else None, tuple(_backups(entry, where)))


def _backups(entry: Json, where: str) -> Iterator[PlannedBackup]:
    image = optional_object(entry, "image")
    if image and optional_text(image, "action") in BACKED_UP:
        disks = [disk_key(optional_text(disk, "disk_id"), optional_text(disk, "device")) for disk in each_object(image, "disks")]
        yield _backup("image", image, "image_id", tuple(disks), f"{where}.image")
    for place, snapshot in enumerate(each_object(entry, "snapshots")):
        if optional_text(snapshot, "action") in BACKED_UP:
            disks = [required_text(snapshot, "disk_id")]
            yield _backup("snapshot", snapshot, "snapshot_id", tuple(disks), f"{where}.snapshots[{place}]")


def _backup(kind: AssetType, raw: Json, id_name: str, disks: tuple[str, ...], where: str) -> PlannedBackup:
    campaign = optional_text(raw, "campaign")
    if campaign is None:
        raise MalformedResponse(f"{where} contains no campaign")
    stopped = bool(optional_bool(raw, "stopped"))
    return PlannedBackup(kind, optional_text(raw, id_name), disks, check_campaign(campaign, f"{where}.campaign"), stopped)


def _image_then(backup: PlannedBackup, machine: Instance, found: Image | None, now: datetime | None) -> Image | None:
    """The image as it would be. None for one that stays as it is: it is ready, it failed, or it does not exist any more."""
    if found is None and backup.asset_id is None:
        found = _image(backup, machine, now)
    elif found is None or found.status in IMAGE_ENDED:
        return None
    disks = [disk for disk in machine.disks if disk_key(disk.disk_id, disk.device) in backup.disks]
    parts = [
        ImageDisk(disk.device, disk.category, _part_id(backup, disk.disk_id), disk.size_gb, None, None, disk.system)
        for disk in disks
    ]
    # One that is being made may not show yet when that was begun.
    return replace(found, status="ready", disks=tuple(parts), created=found.created or now)


def _parts_then(backup: PlannedBackup, machine: Instance, image: Image) -> dict[str, Snapshot]:
    """The snapshots of which such an image would consist, by id."""
    parts = [(_part_id(backup, disk.disk_id), disk.disk_id) for disk in machine.disks if disk.disk_id in backup.disks]
    return {
        part: replace(_snapshot(part, disk_id, "", image.created), images=(image.image_id,))
        for part, disk_id in parts
        if part is not None
    }


def _part_id(backup: PlannedBackup, disk_id: str | None) -> str | None:
    return f"{backup.stand_in}, {disk_id}" if disk_id else None


def _snapshot_then(
    backup: PlannedBackup, machine: Instance, known: Mapping[str, Snapshot], now: datetime | None
) -> dict[str, Snapshot]:
    """The snapshot as it would be, by id. Empty for one that stays as it is."""
    if backup.asset_id is None:
        return {backup.stand_in: _snapshot(backup.stand_in, backup.disks[0], _marker(backup, machine), now)}
    found = known.get(backup.asset_id)
    if found is None or found.status != "creating":
        return {}
    # It is waited for.
    return {backup.asset_id: replace(found, status="available", created=found.created or now)}


def _marker(backup: PlannedBackup, machine: Instance) -> str:
    return str(Marker(backup.campaign, machine.instance_id, backup.stopped))


def _image(backup: PlannedBackup, machine: Instance, now: datetime | None) -> Image:
    return Image(
        image_id=backup.stand_in,
        name="",
        status="ready",
        source="private",
        instance_id=machine.instance_id,
        description=_marker(backup, machine),
        created=now,
        created_text=None,
        expires=None,
        expires_text=None,
        imported=False,
        offline=False,
        size_mb=None,
    )


def _snapshot(snapshot_id: str, disk_id: str | None, description: str, created: datetime | None) -> Snapshot:
    return Snapshot(
        snapshot_id=snapshot_id,
        name="",
        status="available",
        source="self",
        disk_id=disk_id,
        description=description,
        created=created,
        created_text=None,
        expires=None,
        expires_text=None,
        size_gb=None,
    )
