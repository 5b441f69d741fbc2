# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images and snapshots as immutable values, and the functions that read them from JSON.

A wrong type where a decision rests on it makes the row ``unreadable``, and proves nothing; what is missing is "not returned".
Times that cannot be read are None and prove nothing; their text is kept for messages. Only a row without an id raises
MalformedResponse.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from ..fields import (
    Json,
    MalformedResponse,
    Row,
    each_object,
    optional_bool,
    optional_id,
    optional_int,
    optional_object,
    optional_text,
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
    """An image. ``status`` and ``source`` are lower case ('ready', 'private'), '' if not returned.

    ``instance_id`` is the machine that it was made of, ``description`` what its maker wrote ('' if nothing). ``disks`` has the
    system disk first. ``raw`` is all that the service said. ``unreadable`` names the members that could not be read.
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
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot of a cloud disk. ``status`` and ``source`` are lower case ('available', 'self'), '' if not returned.

    ``images`` are the images that it belongs to. ``unreadable`` names the members that could not be read.
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
    unreadable: tuple[str, ...] = ()


def parse_image(raw: Json) -> Image:
    """Read an Image. Its description is called desc (fact images-description)."""
    row = Row(raw, "imageId")
    expires_text = row.text("expiredTime")
    created_text = row.text("createTime")
    return Image(
        image_id=row.id,
        name=row.text("name") or "",
        status=row.status(),
        source=row.word("imageSource"),
        instance_id=row.id_of("instanceId"),
        description=row.text("desc") or "",
        created=parse_time(created_text),
        created_text=created_text,
        expires=parse_time(expires_text),
        expires_text=expires_text,
        imported=bool(row.flag("imported")),
        offline=bool(row.flag("offline")),
        size_mb=optional_int(raw, "sizeMB"),
        disks=row.read("disks", lambda each: tuple(_image_disks(each)), ()),
        raw=raw,
        unreadable=row.unreadable,
    )


def _image_disks(raw: Json) -> Iterator[ImageDisk]:
    system = optional_object(raw, "systemDisk")
    # The snapshot of the system disk stands at the top, too; older images may show it there only.
    system_snapshot = optional_id(raw, "snapshotId")
    if system:
        yield _image_disk(system, system_snapshot, system=True)
    elif system_snapshot:
        yield ImageDisk(None, "cloud", system_snapshot, optional_int(raw, "systemDiskSizeGB"), None, None, system=True)
    elif (optional_text(raw, "rootDeviceType") or "").lower() == "localdisk":
        yield ImageDisk(None, "local", None, optional_int(raw, "systemDiskSizeGB"), None, None, system=True)
    for data in each_object(raw, "dataDisks"):
        yield _image_disk(data, None, system=False)


def _image_disk(raw: Json, snapshot_id: str | None, *, system: bool) -> ImageDisk:
    cloud = optional_object(raw, "cloudDisk")
    local = optional_object(raw, "localDisk")
    text = (optional_text(raw, "diskCategory") or "").strip().lower()
    is_local = text == "local" or (not text and bool(local) and not cloud)
    return ImageDisk(
        device=optional_text(raw, "deviceName"),
        category="local" if is_local else "cloud",
        snapshot_id=None if is_local else optional_id(cloud, "snapshotId") or snapshot_id,
        size_gb=optional_int(local if is_local else cloud, "diskSizeGB"),
        disk_type=optional_text(local if is_local else cloud, "diskType"),
        auto_delete=optional_bool(raw, "autoDelete"),
        system=system,
    )


def parse_snapshot(raw: Json) -> Snapshot:
    """Read a Snapshot of the disk service."""
    row = Row(raw, "snapshotId")
    expires_text = row.text("expireTime")
    created_text = row.text("createTime")
    return Snapshot(
        snapshot_id=row.id,
        name=row.text("name") or "",
        status=row.status(),
        source=row.word("snapshotSource"),
        disk_id=row.id_of("diskId"),
        description=row.text("description") or "",
        created=parse_time(created_text),
        created_text=created_text,
        expires=parse_time(expires_text),
        expires_text=expires_text,
        size_gb=optional_int(raw, "snapshotSizeGB"),
        images=row.read("images", lambda each: tuple(_texts(each, "images")), ()),
        raw=raw,
        unreadable=row.unreadable,
    )


def _texts(raw: Json, name: str) -> Iterator[str]:
    value = raw.get(name)
    if value is None:
        return
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise MalformedResponse(f"{name} is not a list of texts")
    yield from filter(None, value)
