# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls of the disk service (API revision 0.12.8)."""

from __future__ import annotations

from collections.abc import Sequence

from ..calls import Call, accepted
from ..model.fields import Json, expect_id, required_object
from ..model.resources import Disk, Page, parse_disk, parse_page
from ..query import filters, path_id, scalars

SERVICE = "disk"


def describe_disks(ids: Sequence[str], page: int = 1, page_size: int = 100) -> Call[Page[Disk]]:
    """One page of the cloud disks with these ids. Raises ValueError for no ids, InputError for ids that are none."""
    return Call(
        operation="disk.describeDisks",
        service=SERVICE,
        method="GET",
        path="/disks",
        query=filters([("diskId", [path_id(disk_id) for disk_id in ids])]) + scalars(pageNumber=page, pageSize=page_size),
        body=None,
        write=False,
        parse=lambda result: parse_page(result, "disks", "diskId", parse_disk, page_size),
    )


def describe_disk(disk_id: str) -> Call[Disk]:
    """One cloud disk; 404 NOT_FOUND if it does not exist."""
    return Call(
        operation="disk.describeDisk",
        service=SERVICE,
        method="GET",
        path=f"/disks/{path_id(disk_id)}",
        query=(),
        body=None,
        write=False,
        parse=lambda result: _asked_for(result, disk_id),
        resource=disk_id,
    )


def delete_disk(disk_id: str, *, into_bin: bool) -> Call[None]:
    """Delete a disk that is attached to nothing, for good; with ``into_bin``, into the recycle bin where it may go there.

    With ``into_bin``, too, the service destroys at once what may not go into the bin (fact disks-recycle-bin).
    """
    return Call(
        operation="disk.deleteDisk",
        service=SERVICE,
        method="DELETE",
        path=f"/disks/{path_id(disk_id)}",
        query=scalars(putInRecycleBin=into_bin),
        body=None,
        write=True,
        parse=accepted,
        resource=disk_id,
    )


def _asked_for(result: Json, disk_id: str) -> Disk:
    found = parse_disk(required_object(result, "disk"))
    expect_id(found.disk_id, disk_id)
    return found
