# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the images of machines and the snapshots of disks, in bulk: pages for hundreds, never a call for each. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from ..._api.calls import Call
from ..._api.dispatch.dispatcher import Dispatcher
from ..._api.dispatch.pagination import chunks, list_many, page_count
from ..._api.dispatch.pagination import complete_rows as rows_by_key
from ..._api.fields import Page
from ..._api.model.backup_assets import Image, Snapshot
from ..._api.model.instance import Instance
from ..._api.services.images import describe_images
from ..._api.services.snapshots import describe_snapshots
from .marker import NO_INSTANCE
from .proof import BackupSet, backup_set_of

T = TypeVar("T")
PageCall = Callable[[int], Call[Page[Any]]]


def image_id_of(image: Image) -> str:
    """The id of an image."""
    return image.image_id


def snapshot_id_of(snapshot: Snapshot) -> str:
    """The id of a snapshot."""
    return snapshot.snapshot_id


def backup_calls(machines: Iterable[Instance]) -> list[PageCall]:
    """The paged reads that together show all images of these machines and all snapshots of their disks."""
    listed = list(machines)
    return [*map(_images_of, chunks(_ids(listed))), *map(_snapshots_of, chunks(_disk_ids(listed)))]


def _ids(machines: Iterable[Instance]) -> list[str]:
    return [machine.instance_id for machine in machines if machine.instance_id != NO_INSTANCE]


def _disk_ids(machines: Iterable[Instance]) -> list[str]:
    return list(dict.fromkeys(disk.disk_id for machine in machines for disk in machine.disks if disk.disk_id))


def _images_of(ids: Sequence[str]) -> PageCall:
    return lambda page: describe_images(instance_ids=ids, page=page)


def _snapshots_of(ids: Sequence[str]) -> PageCall:
    return lambda page: describe_snapshots(disk_ids=ids, page=page)


def read_backups(dispatcher: Dispatcher, machines: Iterable[Instance], *, every_snapshot: bool) -> BackupSet:
    """All images of these machines and the snapshots of their disks. Raises `IncompleteListing`.

    Without `every_snapshot`, snapshots are read only where there is an image that may consist of them: often there is none.
    """
    listed = list(machines)
    if every_snapshot:
        return sorted_backups(list_each(dispatcher, backup_calls(listed)))
    images = list_each(dispatcher, [*map(_images_of, chunks(_ids(listed)))])
    imaged = {image.instance_id for image in images}
    snapshots = [*map(_snapshots_of, chunks(_disk_ids(machine for machine in listed if machine.instance_id in imaged)))]
    return sorted_backups([*images, *list_each(dispatcher, snapshots)])


def sorted_backups(rows: Iterable[Image | Snapshot]) -> BackupSet:
    """Images and snapshots, mixed as they were read, sorted."""
    listed = list(rows)
    images = [row for row in listed if isinstance(row, Image)]
    return backup_set_of(images, [row for row in listed if isinstance(row, Snapshot)])


class BackupCache:
    """BackupSet that are read anew for some machines at a time, while others stay as they were read before."""

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
    why = "backups come and go while they are listed; try again when the account is quieter"
    return list_many(dispatcher, calls, page_count, complete_rows, why)


def complete_rows(pages: Sequence[Page[Any]]) -> list[Image | Snapshot] | None:
    """The distinct rows of all pages of a listing, None if the pages contradict each other."""
    return rows_by_key(pages, _key)


def _key(row: Image | Snapshot) -> str:
    return row.image_id if isinstance(row, Image) else row.snapshot_id
