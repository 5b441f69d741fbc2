# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images and snapshots of this collection, as the modules that list them tell them, and which disks each one holds. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from ....module_utils._api.model.times import parse_time
from ....module_utils._fleet.evidence.proof import IMAGE_ENDED, SNAPSHOT_HOLDS

Row = Mapping[str, Any]
LOCAL_SYSTEM_DISK = "local system disk"
"""How a system disk without an id is called: a machine has one at most."""
FAILED_SNAPSHOT = "error_create"
SNAPSHOT_ENDED = SNAPSHOT_HOLDS | {FAILED_SNAPSHOT, "error_delete"}


@dataclass(frozen=True, slots=True)
class Asset:
    """An image or snapshot that carries the mark of this collection.

    `machine` and `campaign` are what the mark says; `origin` is the machine of an image or the disk of a snapshot, as the service
    tells it. `holds` are the disks whose data is in it, by id. `proven`: it counts as a backup, whatever its age. `flaw` is what
    could not be read of it, '' if nothing. `created` is None where that cannot be read.
    """

    kind: Literal["image", "snapshot"]
    id: str
    machine: str
    campaign: str
    origin: str | None
    created: datetime | None
    own: bool
    ended: bool
    proven: bool
    holds: frozenset[str]
    flaw: str
    images: tuple[str, ...]

    @property
    def order(self) -> tuple[datetime, str]:
        """The older, the smaller. What has no time is newer than nothing."""
        return (self.created or datetime.min.replace(tzinfo=UTC), self.id)


def assets_of(images: Iterable[Row], snapshots: Iterable[Row]) -> list[Asset]:
    """Those of the rows that carry the mark. `images` and `snapshots` are all of the region."""
    listed = {str(row["snapshot_id"]): row for row in snapshots}
    sharers: dict[str, set[str]] = {each: set(row.get("images") or ()) for each, row in listed.items()}
    every = list(images)
    for row in every:
        for snapshot_id in _snapshot_ids(row):
            sharers.setdefault(snapshot_id, set()).add(str(row["image_id"]))
    marked = [row for row in every if row.get("mark")]
    loose = [row for row in listed.values() if row.get("mark")]
    return [_image(row, listed, sharers) for row in marked] + [_snapshot(row, sharers) for row in loose]


def _image(row: Row, snapshots: Mapping[str, Row], sharers: Mapping[str, set[str]]) -> Asset:
    status, ids = str(row["status"]), _snapshot_ids(row)
    parts = [snapshots.get(each) for each in ids]
    known = [part for part in parts if part is not None and not part.get("unreadable") and part.get("disk_id")]
    held = {str(part["disk_id"]) for part in known if part["status"] in SNAPSHOT_HOLDS}
    if any(disk["system"] and disk["category"] == "local" for disk in row["disks"]):
        held.add(LOCAL_SYSTEM_DISK)
    failed = status == "error"
    flaw = _unread(row)
    if not flaw and not failed and (len(known) < len(ids) or not held):
        flaw = "the disks that it contains are unknown"
    whole = len(held) >= len(ids) and all(_lasts(part) and part["status"] in SNAPSHOT_HOLDS for part in known)
    own = row.get("image_source") == "private" and not row.get("imported")
    # A copy of an older image is newer than the one that it would take the place of.
    original = own and row.get("instance_id") == row["mark"]["instance_id"] and all(map(_is_own_snapshot, known))
    return Asset(
        kind="image",
        id=str(row["image_id"]),
        machine=str(row["mark"]["instance_id"]),
        campaign=str(row["mark"]["campaign"]),
        origin=row.get("instance_id"),
        created=parse_time(row.get("created")),
        own=own,
        ended=status in IMAGE_ENDED and status != "deleting",
        proven=original and _counts(row, status == "ready" and whole and not row.get("offline")) and not flaw,
        holds=frozenset() if failed else frozenset(held),
        flaw=flaw,
        images=tuple(sorted({each for part in ids for each in sharers[part]} - {str(row["image_id"])})),
    )


def _snapshot(row: Row, sharers: Mapping[str, set[str]]) -> Asset:
    status, disk_id = str(row["status"]), row.get("disk_id")
    return Asset(
        kind="snapshot",
        id=str(row["snapshot_id"]),
        machine=str(row["mark"]["instance_id"]),
        campaign=str(row["mark"]["campaign"]),
        origin=disk_id,
        created=parse_time(row.get("created")),
        own=_is_own_snapshot(row),
        ended=status in SNAPSHOT_ENDED,
        proven=_is_own_snapshot(row) and _counts(row, status == "available"),
        holds=frozenset() if status == FAILED_SNAPSHOT or not disk_id else frozenset({str(disk_id)}),
        flaw=_unread(row),
        images=tuple(sorted(sharers[str(row["snapshot_id"])])),
    )


def _is_own_snapshot(row: Row) -> bool:
    return str(row.get("snapshot_source") or "").strip().lower() == "self"


def _snapshot_ids(image: Row) -> list[str]:
    return list(dict.fromkeys(str(disk["snapshot_id"]) for disk in image["disks"] if disk["snapshot_id"]))


def _counts(row: Row, ready: bool) -> bool:
    return ready and not row.get("unreadable") and bool(row["mark"]["stopped"]) and _lasts(row)


def _lasts(row: Row) -> bool:
    """Whether the service never removes it by itself. What goes for its sake would be missing when it expires."""
    return not (row.get("expired_time") or row.get("expire_time"))


def _unread(row: Row) -> str:
    return f"{', '.join(row['unreadable'])} is unreadable" if row.get("unreadable") else ""
