# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls of the disk service (API revision 0.12.8)."""

from __future__ import annotations

from collections.abc import Sequence

from ..calls import Call, read, remove
from ..fields import Page, one_of, page_of
from ..model.resources import Disk, parse_disk
from ..query import filters, path_id, scalars


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
