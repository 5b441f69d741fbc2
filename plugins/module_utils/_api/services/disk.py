# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls of the disk service, about disks and snapshots (API revision 0.12.8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..calls import Call, accepted, action, filters, path_id, read, remove, scalars
from ..fields import PAGE_SIZE, Page, one_of, page_of, required_id
from ..model.backup_assets import Snapshot, parse_snapshot
from ..model.resources import Disk, parse_disk


def describe_disks(ids: Sequence[str], page: int = 1, page_size: int = 100) -> Call[Page[Disk]]:
    """One page of the cloud disks with these ids. Raises ValueError for no ids, InputError for ids that are none."""
    wanted = filters([("diskId", [path_id(disk_id) for disk_id in ids])])
    return read(
        "disk.describeDisks",
        "/disks",
        page_of("disks", "diskId", parse_disk, page_size),
        wanted + scalars(pageNumber=page, pageSize=page_size),
    )


def describe_disk(disk_id: str) -> Call[Disk]:
    """One cloud disk; 404 NOT_FOUND if it does not exist."""
    parse = one_of("disk", "diskId", parse_disk, disk_id)
    return read("disk.describeDisk", f"/disks/{path_id(disk_id)}", parse, resource=disk_id)


def delete_disk(disk_id: str, *, into_bin: bool) -> Call[None]:
    """Delete a disk that is attached to nothing, for good; with ``into_bin``, into the recycle bin where it may go there.

    With ``into_bin``, too, the service destroys at once what may not go into the bin (fact disks-recycle-bin).
    """
    return remove("disk.deleteDisk", f"/disks/{path_id(disk_id)}", disk_id, scalars(putInRecycleBin=into_bin))


def create_snapshot(disk_id: str, name: str, description: str, client_token: str) -> Call[str]:
    """Begin to make a snapshot of a cloud disk; returns its id. ``name`` has 1 to 32 characters, ``description`` at most 256.

    Whether the service honours the token is not certain (fact snapshots-token): read before it is sent again.
    """
    spec = {"name": name, "description": description, "diskId": path_id(disk_id)}
    body = {"snapshotSpec": spec, "clientToken": client_token}
    return action("disk.createSnapshot", "/snapshots", body, lambda result: required_id(result, "snapshotId"), disk_id)


def describe_snapshots(
    *,
    ids: Sequence[str] | None = None,
    disk_ids: Sequence[str] | None = None,
    name: str | None = None,
    status: str | None = None,
    page: int = 1,
) -> Call[Page[Snapshot]]:
    """One page of the account's own snapshots: all, or those with these ids, of these disks, with this name or status.

    ``name`` is fuzzy there, ``status`` exact (fact snapshots-filters).

    Raises ValueError for an empty list, which the service would take for no restriction; InputError for ids that are none.
    """
    wanted: list[tuple[str, Sequence[str]]] = []
    if ids is not None:
        wanted.append(("snapshotId", [path_id(snapshot_id) for snapshot_id in ids]))
    if disk_ids is not None:
        wanted.append(("diskId", [path_id(disk_id) for disk_id in disk_ids]))
    if name is not None:
        wanted.append(("name", [name]))
    if status is not None:
        wanted.append(("status", [status]))
    query = filters(wanted) + scalars(pageNumber=page, pageSize=PAGE_SIZE)
    return read("disk.describeSnapshots", "/snapshots", page_of("snapshots", "snapshotId", parse_snapshot), query)


def describe_snapshot(snapshot_id: str) -> Call[Snapshot]:
    """One snapshot; 404 NOT_FOUND if it does not exist."""
    parse = one_of("snapshot", "snapshotId", parse_snapshot, snapshot_id)
    return read("disk.describeSnapshot", f"/snapshots/{path_id(snapshot_id)}", parse, resource=snapshot_id)


def delete_snapshot(snapshot_id: str) -> Call[None]:
    """Delete a snapshot that is available or failed; not one of an image (fact snapshots-of-images)."""
    return remove("disk.deleteSnapshot", f"/snapshots/{path_id(snapshot_id)}", snapshot_id)


def set_snapshot_description(snapshot_id: str, description: str) -> Call[None]:
    """Write another description on a snapshot, at most 256 characters. The one call that is a PATCH."""
    path, body = f"/snapshots/{path_id(snapshot_id)}", {"description": description}
    return replace(action("disk.modifySnapshotAttribute", path, body, accepted, snapshot_id), method="PATCH")
