# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is decided about the backup of one machine with certain images and snapshots."""

from __future__ import annotations

from typing import Any, Literal

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.backup_assets import Image, Snapshot
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.instance import Instance
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.backups.plan import decide_backup
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.backups.policy import (
    BackupDecision,
    BackupPolicy,
    PlannedAsset,
)
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.selection import Selection
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.evidence.marker import DEFAULT_PATTERN
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.evidence.proof import backup_set_of
from support.fleet.builders import NOW, PROTECT, machine, snapshot

OLD = "2026-01-14T11:59:00+08:00"
"""More than 24 hours before `NOW`."""
MINE = "jdcloud.cloud/1 campaign=c1 instance=i-one stopped=true"
OTHERS = "jdcloud.cloud/1 campaign=c2 instance=i-one stopped=true"
OF_A_RUNNING_ONE = "jdcloud.cloud/1 campaign=c1 instance=i-one stopped=false"
OF_ANOTHER_MACHINE = "jdcloud.cloud/1 campaign=c1 instance=i-two stopped=true"
SYSTEM_SNAPSHOT = snapshot(images=["img-one"], description="")


def make_policy(method: Literal["image", "snapshots", "both"] = "image", **more: Any) -> BackupPolicy:
    """A policy that selects `i-one`, for campaign c1."""
    selection = Selection(ids=("i-one",), name=None, tags={}, filters={})
    plain: dict[str, Any] = {"selection": selection, "campaign": "c1", "name_pattern": DEFAULT_PATTERN, "protect_tags": PROTECT}
    return BackupPolicy(method, **{**plain, **more})


def decide(of: Instance | None = None, *rows: Image | Snapshot, policy: BackupPolicy | None = None) -> BackupDecision:
    """What is decided with these images and snapshots."""
    images = [each for each in rows if isinstance(each, Image)]
    backup_set = backup_set_of(images, [each for each in rows if isinstance(each, Snapshot)])
    return decide_backup(of or machine(), policy or make_policy(), backup_set, NOW)


def only(decision: BackupDecision) -> PlannedAsset:
    """The one asset that is planned."""
    (asset,) = decision.assets
    return asset
