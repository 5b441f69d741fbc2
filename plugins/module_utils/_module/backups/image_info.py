# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The work of the module `jdcloud_image_info`."""

from __future__ import annotations

from ..._api.model.backup_assets import Image, ImageDisk
from ..._fleet.evidence.existing_backups import IMAGES
from ..common.session import Result, Session
from .listing import common_row, info_spec, list_assets, list_result

IMAGE_INFO_SPEC = info_spec("image_ids", "instance_ids")


def work(session: Session) -> Result:
    """Read the images."""
    return list_assets(session, IMAGES, "image_ids", "instance_ids", _row)


def early_end(session: Session) -> Result:
    """The result of a run that ended before it read any image."""
    return list_result(session, IMAGES, [], 0)


def _row(image: Image) -> Result:
    return {
        **common_row(image),
        "image_id": image.image_id,
        "instance_id": image.instance_id,
        "image_source": image.source,
        "disks": [_disk(disk) for disk in image.disks],
    }


def _disk(disk: ImageDisk) -> Result:
    return {
        "device": disk.device,
        "category": disk.category,
        "system": disk.system,
        "snapshot_id": disk.snapshot_id,
        "size_gb": disk.size_gb,
    }
