# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The work of the module `jdcloud_snapshot`."""

from __future__ import annotations

from ..common.session import Result, Session, Spec
from ..deletions.backups import SNAPSHOT_ABSENT_SPEC, snapshot_absent
from .create import asset_early_end, create_snapshots, refuse_foreign_options
from .options import CREATE_SPEC

SNAPSHOT_SPEC: Spec = {
    **CREATE_SPEC,
    **SNAPSHOT_ABSENT_SPEC,
    "state": {"type": "str", "required": True, "choices": ["present", "absent"]},
    "disk_ids": {"type": "list", "elements": "str"},
}


def work(session: Session) -> Result:
    """Make snapshots of disks, or delete snapshots."""
    params = session.module.params
    present_only = ("instance_ids", "tags", "filters", "disk_ids")
    refuse_foreign_options(params, present_only=present_only, absent_only=("snapshot_ids", "max_snapshots"))
    if params["state"] == "absent":
        return {**early_end(session), **snapshot_absent(session, params)}
    return create_snapshots(session)


def early_end(session: Session) -> Result:
    """The result of a run that ended before it looked at anything."""
    return asset_early_end(session, "snapshots")
