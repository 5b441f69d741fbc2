# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The work of the module `jdcloud_image`."""

from __future__ import annotations

from ..common.session import Result, Session, Spec
from ..deletions.backups import IMAGE_ABSENT_SPEC, image_absent
from .create import asset_early_end, create_images, refuse_foreign_options
from .options import CREATE_SPEC

IMAGE_SPEC: Spec = {
    **CREATE_SPEC,
    **IMAGE_ABSENT_SPEC,
    "state": {"type": "str", "required": True, "choices": ["present", "absent"]},
    "include_data_disks": {"type": "bool", "default": True},
}


def work(session: Session) -> Result:
    """Make images of machines, or delete images."""
    params = session.module.params
    refuse_foreign_options(params, present_only=("instance_ids", "tags", "filters"), absent_only=("image_ids", "max_images"))
    if params["state"] == "absent":
        return {**early_end(session), **image_absent(session, params)}
    return create_images(session)


def early_end(session: Session) -> Result:
    """The result of a run that ended before it looked at anything."""
    return asset_early_end(session, "images")
