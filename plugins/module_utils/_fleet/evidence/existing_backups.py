# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the images of machines and the snapshots of disks, in bulk: pages for hundreds, never a call for each. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ..._api.calls import Call
from ..._api.dispatch.dispatcher import Dispatcher
from ..._api.dispatch.pagination import chunks, list_many, page_count, read_by_ids
from ..._api.dispatch.pagination import complete_rows as rows_by_key
from ..._api.fields import Page
from ..._api.model.backup_assets import Image, Snapshot
from ..._api.model.instance import Instance
from ..._api.services.disk import describe_snapshot, describe_snapshots
from ..._api.services.vm import describe_image, describe_images
from .marker import NO_INSTANCE
from .proof import AssetType, BackupSet, asset_id_of, backup_set_of

A = TypeVar("A", bound=Image | Snapshot)
PageCall = Callable[[int], Call[Page[Any]]]


@dataclass(frozen=True, slots=True)
class AssetKind(Generic[A]):
    """How one kind of asset is read. `listing` takes the owners (machines of images, disks of snapshots), a name and a page."""

    word: AssetType
    example: str
    by_ids: Callable[[Sequence[str]], Call[Page[A]]]
    by_id: Callable[[str], Call[A]]
    listing: Callable[[Sequence[str] | None, str | None, int], Call[Page[A]]]

    def read(self, dispatcher: Dispatcher, ids: Sequence[str]) -> dict[str, A]:
        """The assets with these ids, in bulk. What a response leaves out is missing. Raises `IncompleteListing`."""
        return read_by_ids(dispatcher, ids, self.by_ids, asset_id_of)

    def listings(self, owners: Sequence[str]) -> list[PageCall]:
        """The paged reads that together show all assets of these owners."""
        return [self.pages_of(chunk) for chunk in chunks(owners)]

    def pages_of(self, owners: Sequence[str] | None, name: str | None = None) -> PageCall:
        """One paged read. None: of all owners, or with any name."""
        return lambda page: self.listing(owners, name, page)


IMAGES: AssetKind[Image] = AssetKind(
    word="image",
    example="img-5bk0u2p7im",
    by_ids=lambda ids: describe_images(ids=ids),
    by_id=describe_image,
    listing=lambda owners, name, page: describe_images(instance_ids=owners, name=name, page=page),
)
SNAPSHOTS: AssetKind[Snapshot] = AssetKind(
    word="snapshot",
    example="snapshot-4sn4p0ma9d",
    by_ids=lambda ids: describe_snapshots(ids=ids),
    by_id=describe_snapshot,
    listing=lambda owners, name, page: describe_snapshots(disk_ids=owners, name=name, page=page),
)
ASSET_KINDS: Mapping[AssetType, AssetKind[Any]] = {"image": IMAGES, "snapshot": SNAPSHOTS}


def backup_calls(machines: Iterable[Instance]) -> list[PageCall]:
    """The paged reads that together show all images of these machines and all snapshots of their disks."""
    listed = list(machines)
    return [*IMAGES.listings(_ids(listed)), *SNAPSHOTS.listings(_disk_ids(listed))]


def _ids(machines: Iterable[Instance]) -> list[str]:
    return [machine.instance_id for machine in machines if machine.instance_id != NO_INSTANCE]


def _disk_ids(machines: Iterable[Instance]) -> list[str]:
    return list(dict.fromkeys(disk.disk_id for machine in machines for disk in machine.disks if disk.disk_id))


def read_backups(dispatcher: Dispatcher, machines: Iterable[Instance], *, every_snapshot: bool) -> BackupSet:
    """All images of these machines and the snapshots of their disks. Raises `IncompleteListing`.

    Without `every_snapshot`, snapshots are read only where there is an image that may consist of them: often there is none.
    """
    listed = list(machines)
    if every_snapshot:
        return sorted_backups(list_each(dispatcher, backup_calls(listed)))
    images = list_each(dispatcher, IMAGES.listings(_ids(listed)))
    imaged = {image.instance_id for image in images}
    disk_ids = _disk_ids(machine for machine in listed if machine.instance_id in imaged)
    return sorted_backups([*images, *list_each(dispatcher, SNAPSHOTS.listings(disk_ids))])


def sorted_backups(rows: Iterable[Image | Snapshot]) -> BackupSet:
    """Images and snapshots, mixed as they were read, sorted."""
    listed = list(rows)
    images = [row for row in listed if isinstance(row, Image)]
    return backup_set_of(images, [row for row in listed if isinstance(row, Snapshot)])


class BackupCache:
    """Backups that are read again for some machines at a time, while those of others stay as they were read before."""

    def __init__(self, backup_set: BackupSet) -> None:
        self._images = dict(backup_set.images)
        self._of_disk = dict(backup_set.snapshots_of_disk)
        self._snapshots = dict(backup_set.snapshots)

    @property
    def backup_set(self) -> BackupSet:
        """What is known now."""
        return BackupSet(self._images, self._snapshots, self._of_disk)

    def replace(self, machines: Iterable[Instance], rows: Iterable[Image | Snapshot]) -> None:
        """Forget what was known of these machines and their disks, and know `rows` instead."""
        for machine in machines:
            self._images.pop(machine.instance_id, None)
            for disk in machine.disks:
                for snapshot in self._of_disk.pop(disk.disk_id or "", ()):
                    self._snapshots.pop(snapshot.snapshot_id, None)
        fresh = sorted_backups(rows)
        self._images.update(fresh.images)
        self._of_disk.update(fresh.snapshots_of_disk)
        self._snapshots.update(fresh.snapshots)


def list_each(dispatcher: Dispatcher, calls: Sequence[PageCall]) -> list[Any]:
    """All rows of several paged listings: first pages together, further pages together. Raises `IncompleteListing`."""
    why = "backups are created or deleted during the listing; try again when the account is quieter"
    return list_many(dispatcher, calls, page_count, complete_rows, why)


def complete_rows(pages: Sequence[Page[Any]]) -> list[Image | Snapshot] | None:
    """The distinct rows of all pages of a listing, None if the pages contradict each other."""
    return rows_by_key(pages, asset_id_of)
