# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The truth about backups: images and snapshots of the virtual cloud, what they were at any time, and their JSON."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, TypeVar

from support.fleet.world import TrueMachine
from support.json_object import Json

EPOCH = datetime(2026, 1, 15, tzinfo=UTC)
"""The service's time at second 0 of the virtual clock."""
HOUR = 3600.0
DAY = 24 * HOUR
BEIJING = timezone(timedelta(hours=8))


def marker(instance_id: str, campaign: str = "c1", stopped: str = "true") -> str:
    """The marker of this collection."""
    return f"jdcloud.cloud/1 campaign={campaign} instance={instance_id} stopped={stopped}"


@dataclass
class TrueSnapshot:
    """A snapshot. Seconds of the virtual clock; `expires_at` None: never. `image_id`: the image that it belongs to."""

    snapshot_id: str
    disk_id: str
    made_at: float
    description: str = ""
    status: str = "available"
    source: str = "self"
    image_id: str | None = None
    expires_at: float | None = None
    name: str = ""


@dataclass
class TrueImage:
    """An image. `parts`: the snapshots in it, the system disk's first unless `local_system`."""

    image_id: str
    machine_id: str | None
    made_at: float
    description: str = ""
    status: str = "ready"
    source: str = "private"
    parts: list[str] = field(default_factory=list)
    local_system: bool = False
    imported: bool = False
    expires_at: float | None = None
    name: str = ""


Asset = TrueImage | TrueSnapshot
A = TypeVar("A", TrueImage, TrueSnapshot)


def asset_id(asset: Asset) -> str:
    """The id of an image or snapshot."""
    return asset.image_id if isinstance(asset, TrueImage) else asset.snapshot_id


class Backups:
    """All images and snapshots, and all that they ever were. `version` counts changes: more than one may happen at a time."""

    def __init__(self) -> None:
        self.version = 0
        self._assets: dict[str, Asset] = {}
        self._past: dict[str, list[tuple[int, Asset | None]]] = {}

    def add(self, asset: Asset) -> None:
        """From now on it exists."""
        self._write_down(asset_id(asset), None)
        self._assets[asset_id(asset)] = asset

    def change(self, each: str, **fields: Any) -> None:
        """Another user changes an asset, if it exists."""
        if each in self._assets:
            self._write_down(each, copy.deepcopy(self._assets[each]))
            for name, value in fields.items():
                setattr(self._assets[each], name, value)

    def lose(self, each: str) -> None:
        """Another user deletes an asset, if it exists. An image leaves its snapshots."""
        if each in self._assets:
            self._write_down(each, self._assets.pop(each))

    def _write_down(self, each: str, before: Asset | None) -> None:
        self.version += 1
        self._past.setdefault(each, []).append((self.version, before))

    def ids(self) -> list[str]:
        """All that exist."""
        return list(self._assets)

    def find(self, each: str) -> Asset | None:
        """One asset, None if it does not exist."""
        return self._assets.get(each)

    def images(self, machine_ids: Iterable[str]) -> list[TrueImage]:
        """The account's own images of these machines."""
        wanted = set(machine_ids)
        images = [each for each in self._assets.values() if isinstance(each, TrueImage)]
        return [each for each in images if each.machine_id in wanted and each.source == "private"]

    def snapshots(self, disk_ids: Iterable[str]) -> list[TrueSnapshot]:
        """The snapshots of these disks."""
        wanted = set(disk_ids)
        return [each for each in self._assets.values() if isinstance(each, TrueSnapshot) and each.disk_id in wanted]

    def as_of(self, version: int, kind: type[A]) -> list[A]:
        """What existed at a version, as it was then."""
        then: list[A] = []
        for each in self._past:
            state = next((before for number, before in self._past[each] if number > version), self._assets.get(each))
            if isinstance(state, kind):
                then.append(state)
        return then

    def image_json(self, image: TrueImage) -> Json:
        """An image as the vm service shows it; times are Beijing time without a zone."""
        slots = [
            {"diskCategory": "cloud", "deviceName": f"vd{'abcdefgh'[place]}", "cloudDisk": {"snapshotId": part}}
            for place, part in enumerate(image.parts)
        ]
        if image.local_system:
            slots.insert(0, {"diskCategory": "local", "deviceName": "vda", "localDisk": {"diskSizeGB": 40}})
        raw: Json = {
            "imageId": image.image_id,
            "name": image.name,
            "imageSource": image.source,
            "status": image.status,
            "createTime": _beijing(image.made_at),
            "desc": image.description,
            "instanceId": image.machine_id,
            "systemDisk": slots[0] if slots else None,
            "dataDisks": slots[1:],
            "imported": image.imported,
            "expiredTime": None if image.expires_at is None else _beijing(image.expires_at),
        }
        return {name: value for name, value in raw.items() if value}

    @staticmethod
    def snapshot_json(snapshot: TrueSnapshot) -> Json:
        """A snapshot as the disk service shows it."""
        return {
            "snapshotId": snapshot.snapshot_id,
            "name": snapshot.name,
            "diskId": snapshot.disk_id,
            "snapshotSource": snapshot.source,
            "status": snapshot.status,
            "description": snapshot.description,
            "images": [snapshot.image_id] if snapshot.image_id else None,
            "createTime": _with_zone(snapshot.made_at),
            "expireTime": "" if snapshot.expires_at is None else _with_zone(snapshot.expires_at),
        }


def _beijing(seconds: float) -> str:
    return (EPOCH + timedelta(seconds=seconds)).astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def _with_zone(seconds: float) -> str:
    return (EPOCH + timedelta(seconds=seconds)).astimezone(BEIJING).isoformat(timespec="seconds")


@dataclass(frozen=True)
class Need:
    """What a delete needs, in plain words of a test. Seconds."""

    kinds: Sequence[str]
    max_age: float
    campaign: str | None


SLACK = 2.0
"""Seconds: the service tells its time, and when something was made, in whole ones."""


def uncovered(
    machine: TrueMachine,
    disks: Iterable[str],
    need: Need,
    images: Sequence[TrueImage],
    snapshots: Sequence[TrueSnapshot],
    at: float,
) -> list[str]:
    """Which of the machine's `disks` nothing covers, by the second reading of rule 8, which shares nothing with the first."""
    missing = []
    lasting = {each.snapshot_id: each.disk_id for each in snapshots if _holds(each, need, at)}
    for kind in need.kinds:
        held: set[str] = set()
        if kind == "image":
            for image in images:
                good = image.status == "ready" and image.source == "private" and not image.imported
                if good and image.machine_id == machine.instance_id and _counts(image, machine, need, at):
                    held |= {lasting[part] for part in image.parts if part in lasting}
                    held |= {"local vda"} if image.local_system else set()
        else:
            good_ones = [each for each in snapshots if each.status == "available" and each.source == "self"]
            held = {each.disk_id for each in good_ones if _counts(each, machine, need, at)}
        wanted = [disk for disk in disks if kind == "image" or not disk.startswith("local ")]
        missing += [f"{kind} of {disk}" for disk in wanted if disk not in held]
        own = {disk.disk_id or f"local {disk.device}" for disk in machine.disks}
        if not held & own and not any(disk.local for disk in machine.disks):
            missing.append(f"any {kind}")
    return missing


def _holds(snapshot: TrueSnapshot, need: Need, at: float) -> bool:
    good = snapshot.status in ("available", "in-use") and snapshot.source == "self"
    return good and _young(snapshot, need, at)


def _counts(asset: Asset, machine: TrueMachine, need: Need, at: float) -> bool:
    campaigns = ["c1", "c2"] if need.campaign is None else [need.campaign]
    ours = asset.description in [marker(machine.instance_id, campaign) for campaign in campaigns]
    return ours and _young(asset, need, at)


def _young(asset: Asset, need: Need, at: float) -> bool:
    lasts = asset.expires_at is None or asset.expires_at - at >= 7 * DAY - SLACK
    return lasts and at - asset.made_at <= need.max_age + SLACK
