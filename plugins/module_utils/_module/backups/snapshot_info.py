# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The work of the module `jdcloud_snapshot_info`."""

from __future__ import annotations

from ..._api.model.backup_assets import Snapshot
from ..._fleet.evidence.existing_backups import SNAPSHOTS
from ..common.session import Result, Session
from .listing import common_row, info_spec, list_assets, list_result

SNAPSHOT_INFO_SPEC = info_spec("snapshot_ids", "disk_ids")


def work(session: Session) -> Result:
    """Read the snapshots."""
    return list_assets(session, SNAPSHOTS, "snapshot_ids", "disk_ids", _row)


def early_end(session: Session) -> Result:
    """The result of a run that ended before it read any snapshot."""
    return list_result(session, SNAPSHOTS, [], 0)


def _row(snapshot: Snapshot) -> Result:
    return {
        **common_row(snapshot),
        "snapshot_id": snapshot.snapshot_id,
        "disk_id": snapshot.disk_id,
        "size_gb": snapshot.size_gb,
        "images": list(snapshot.images),
    }
