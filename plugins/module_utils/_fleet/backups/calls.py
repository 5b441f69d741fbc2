# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The calls that list the backups of machines and disks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..._api.calls import Call
from ..._api.services import images, snapshots
from ..evidence.proof import AssetType

KINDS: tuple[AssetType, ...] = ("image", "snapshot")


def asset_id_of(row: Any) -> str:
    return str(row.image_id if hasattr(row, "image_id") else row.snapshot_id)


def listing_call(kind: AssetType, ids: Sequence[str], page: int) -> Call[Any]:
    if kind == "image":
        return images.describe_images(instance_ids=ids, page=page)
    return snapshots.describe_snapshots(disk_ids=ids, page=page)
