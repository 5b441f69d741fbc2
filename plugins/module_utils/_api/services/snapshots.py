# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls of the disk service about snapshots (API revision 0.12.8)."""

from __future__ import annotations

from collections.abc import Sequence

from ..calls import Call, accepted
from ..model.backup_assets import Quota, Snapshot, parse_quota, parse_snapshot
from ..model.fields import Json, expect_id, required_id, required_object
from ..model.resources import Page, parse_page
from ..query import filters, path_id, scalars
from .disk import SERVICE
from .vm import Filters


def create_snapshot(disk_id: str, name: str, description: str, client_token: str) -> Call[str]:
    """Begin to make a snapshot of a cloud disk; returns its id. ``name`` has 1 to 32 characters, ``description`` at most 256.

    Whether the service honours the token is not certain (fact snapshots-token): read before it is sent again.
    """
    return Call(
        operation="disk.createSnapshot",
        service=SERVICE,
        method="POST",
        path="/snapshots",
        query=(),
        body={
            "snapshotSpec": {"name": name, "description": description, "diskId": path_id(disk_id)},
            "clientToken": client_token,
        },
        write=True,
        parse=lambda result: required_id(result, "snapshotId"),
        resource=disk_id,
    )


def describe_snapshots(
    *,
    ids: Sequence[str] | None = None,
    disk_ids: Sequence[str] | None = None,
    name: str | None = None,
    status: str | None = None,
    page: int = 1,
    page_size: int = 100,
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
    return _page_of(wanted, page, page_size)


def _page_of(wanted: Filters, page: int, page_size: int) -> Call[Page[Snapshot]]:
    return Call(
        operation="disk.describeSnapshots",
        service=SERVICE,
        method="GET",
        path="/snapshots",
        query=filters(wanted) + scalars(pageNumber=page, pageSize=page_size),
        body=None,
        write=False,
        parse=lambda result: parse_page(result, "snapshots", "snapshotId", parse_snapshot, page_size),
    )


def describe_snapshot(snapshot_id: str) -> Call[Snapshot]:
    """One snapshot; 404 NOT_FOUND if it does not exist."""
    return Call(
        operation="disk.describeSnapshot",
        service=SERVICE,
        method="GET",
        path=f"/snapshots/{path_id(snapshot_id)}",
        query=(),
        body=None,
        write=False,
        parse=lambda result: _asked_for(result, snapshot_id),
        resource=snapshot_id,
    )


def _asked_for(result: Json, snapshot_id: str) -> Snapshot:
    snapshot = parse_snapshot(required_object(result, "snapshot"))
    expect_id(snapshot.snapshot_id, snapshot_id)
    return snapshot


def delete_snapshot(snapshot_id: str) -> Call[None]:
    """Delete a snapshot that is available or failed; not one of an image (fact snapshots-of-images)."""
    return Call(
        operation="disk.deleteSnapshot",
        service=SERVICE,
        method="DELETE",
        path=f"/snapshots/{path_id(snapshot_id)}",
        query=(),
        body=None,
        write=True,
        parse=accepted,
        resource=snapshot_id,
    )


def set_snapshot_description(snapshot_id: str, description: str) -> Call[None]:
    """Write another description on a snapshot, at most 256 characters."""
    return Call(
        operation="disk.modifySnapshotAttribute",
        service=SERVICE,
        method="PATCH",
        path=f"/snapshots/{path_id(snapshot_id)}",
        query=(),
        body={"description": description},
        write=True,
        parse=accepted,
        resource=snapshot_id,
    )


def describe_snapshot_quota() -> Call[Quota]:
    """How many snapshots the region may hold, and holds."""
    return Call(
        operation="disk.describeQuota",
        service=SERVICE,
        method="GET",
        path="/quotas",
        query=scalars(type="snapshot"),
        body=None,
        write=False,
        parse=lambda result: parse_quota(required_object(result, "quota"), "limit", "used"),
    )
