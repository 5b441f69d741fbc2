# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images, snapshots and quotas as immutable values, and the functions that read them from JSON.

A wrong type where a decision rests on it raises MalformedAnswer; what is missing reads as "not told". Times that cannot be
read are None and prove nothing; their text is kept for messages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from .members import (
    Json,
    MalformedAnswer,
    demand_count,
    demand_text,
    each_object,
    maybe_bool,
    maybe_int,
    maybe_object,
    maybe_text,
)
from .times import parse_time


@dataclass(frozen=True, slots=True)
class ImageDisk:
    """A disk of an image. ``snapshot_id`` is what holds its data: None for a local disk, and for an empty one."""

    device: str | None
    category: Literal["cloud", "local"]
    snapshot_id: str | None
    size_gb: int | None
    disk_type: str | None
    auto_delete: bool | None
    system: bool


@dataclass(frozen=True, slots=True)
class Image:
    """An image. ``status`` and ``source`` are lower case ('ready', 'private'), '' if not told.

    ``instance_id`` is the machine that it was made of, ``description`` what its maker wrote ('' if nothing). ``disks`` has the
    system disk first. ``raw`` is all that the service said.
    """

    image_id: str
    name: str
    status: str
    source: str
    instance_id: str | None
    description: str
    created: datetime | None
    created_text: str | None
    expires: datetime | None
    expires_text: str | None
    imported: bool
    offline: bool
    size_mb: int | None
    disks: tuple[ImageDisk, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot of a cloud disk. ``status`` and ``source`` are lower case ('available', 'self'), '' if not told.

    ``images`` are the images that it belongs to.
    """

    snapshot_id: str
    name: str
    status: str
    source: str
    disk_id: str | None
    description: str
    created: datetime | None
    created_text: str | None
    expires: datetime | None
    expires_text: str | None
    size_gb: int | None
    images: tuple[str, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Quota:
    """How many of something the region may hold, and holds."""

    limit: int
    used: int

    @property
    def left(self) -> int:
        """How many more may be made; 0 if more are used than allowed."""
        return max(0, self.limit - self.used)


def parse_image(raw: Json) -> Image:
    """Read an Image. Its description is called desc (operations.yaml: types)."""
    expires_text = maybe_text(raw, "expiredTime")
    created_text = maybe_text(raw, "createTime")
    return Image(
        image_id=demand_text(raw, "imageId"),
        name=maybe_text(raw, "name") or "",
        status=demand_text(raw, "status").lower(),
        source=(maybe_text(raw, "imageSource") or "").strip().lower(),
        instance_id=maybe_text(raw, "instanceId"),
        description=maybe_text(raw, "desc") or "",
        created=parse_time(created_text),
        created_text=created_text,
        expires=parse_time(expires_text),
        expires_text=expires_text,
        imported=bool(maybe_bool(raw, "imported")),
        offline=bool(maybe_bool(raw, "offline")),
        size_mb=maybe_int(raw, "sizeMB"),
        disks=tuple(_image_disks(raw)),
        raw=raw,
    )


def _image_disks(raw: Json) -> Iterator[ImageDisk]:
    system = maybe_object(raw, "systemDisk")
    # The snapshot of the system disk stands at the top, too; older images may show it there only.
    system_snapshot = maybe_text(raw, "snapshotId")
    if system:
        yield _image_disk(system, system_snapshot, system=True)
    elif system_snapshot:
        yield ImageDisk(None, "cloud", system_snapshot, maybe_int(raw, "systemDiskSizeGB"), None, None, system=True)
    elif (maybe_text(raw, "rootDeviceType") or "").lower() == "localdisk":
        yield ImageDisk(None, "local", None, maybe_int(raw, "systemDiskSizeGB"), None, None, system=True)
    for data in each_object(raw, "dataDisks"):
        yield _image_disk(data, None, system=False)


def _image_disk(raw: Json, snapshot_id: str | None, *, system: bool) -> ImageDisk:
    cloud = maybe_object(raw, "cloudDisk")
    local = maybe_object(raw, "localDisk")
    told = (maybe_text(raw, "diskCategory") or "").strip().lower()
    is_local = told == "local" or (not told and bool(local) and not cloud)
    return ImageDisk(
        device=maybe_text(raw, "deviceName"),
        category="local" if is_local else "cloud",
        snapshot_id=None if is_local else maybe_text(cloud, "snapshotId") or snapshot_id,
        size_gb=maybe_int(local if is_local else cloud, "diskSizeGB"),
        disk_type=maybe_text(local if is_local else cloud, "diskType"),
        auto_delete=maybe_bool(raw, "autoDelete"),
        system=system,
    )


def parse_snapshot(raw: Json) -> Snapshot:
    """Read a Snapshot of the disk service."""
    expires_text = maybe_text(raw, "expireTime")
    created_text = maybe_text(raw, "createTime")
    return Snapshot(
        snapshot_id=demand_text(raw, "snapshotId"),
        name=maybe_text(raw, "name") or "",
        status=demand_text(raw, "status").lower(),
        source=(maybe_text(raw, "snapshotSource") or "").strip().lower(),
        disk_id=maybe_text(raw, "diskId"),
        description=maybe_text(raw, "description") or "",
        created=parse_time(created_text),
        created_text=created_text,
        expires=parse_time(expires_text),
        expires_text=expires_text,
        size_gb=maybe_int(raw, "snapshotSizeGB"),
        images=tuple(_texts(raw, "images")),
        raw=raw,
    )


def _texts(raw: Json, name: str) -> Iterator[str]:
    value = raw.get(name)
    if value is None:
        return
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise MalformedAnswer(f"{name} is no list of texts")
    yield from filter(None, value)


def parse_quota(raw: Json, limit: str, used: str) -> Quota:
    """Read a quota; vm and disk call its members limit and used, vpc maxLimit and count."""
    return Quota(demand_count(raw, limit), demand_count(raw, used))
