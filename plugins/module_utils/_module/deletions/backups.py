# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`state: absent` of the modules `jdcloud_image` and `jdcloud_snapshot`: from their options to their results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._api.errors import InputError
from ..._api.model.backup_assets import Image, Snapshot
from ..._fleet.deletions.backups import delete_backups
from ..._fleet.deletions.run import DeletionRecord
from ..._fleet.evidence.backup_selection import AssetSelection, parse_asset_ids, parse_asset_name
from ..._fleet.evidence.existing_backups import IMAGES, SNAPSHOTS, A, AssetKind
from ..._fleet.evidence.marker import NO_INSTANCE, marker_row
from ..common.rows import time_of
from ..common.session import Result, Session, Spec
from .options import connect_for_deletion
from .report import DeletionReport

IMAGE_ABSENT_SPEC: Spec = {
    "image_ids": {"type": "list", "elements": "str"},
    "max_images": {"type": "int"},
    "delete_snapshots": {"type": "bool", "default": False},
}
SNAPSHOT_ABSENT_SPEC: Spec = {
    "snapshot_ids": {"type": "list", "elements": "str"},
    "max_snapshots": {"type": "int"},
}


def image_absent(session: Session, params: Mapping[str, Any]) -> Result:
    """Delete images; the result has a `msg` if the task fails."""
    return _absent(session, params, IMAGES)


def snapshot_absent(session: Session, params: Mapping[str, Any]) -> Result:
    """Delete snapshots; the result has a `msg` if the task fails."""
    return _absent(session, params, SNAPSHOTS)


def _absent(session: Session, params: Mapping[str, Any], kind: AssetKind[A]) -> Result:
    selection = _selection(kind, params)
    dispatcher, options = connect_for_deletion(session, kind.word)
    run = delete_backups(dispatcher, kind, selection, options, delete_snapshots=bool(params.get("delete_snapshots")))
    if not run.records:
        session.module.warn(f"no {kind.word} in {session.region} has this name")
    return _BackupReport(run, session.region).result(session)


def _selection(kind: AssetKind[A], params: Mapping[str, Any]) -> AssetSelection:
    option = f"{kind.word}_ids"
    ids, name = params[option], params["name"]
    if ids is None and name is None:
        raise InputError(f"Nothing is selected: set {option} or name.")
    return AssetSelection(
        ids=None if ids is None else parse_asset_ids(kind, ids, option),
        name=None if name is None else parse_asset_name(kind, name, option),
    )


class _BackupReport(DeletionReport[A]):
    """Images or snapshots."""

    def summary(self) -> Result:
        """How many of what."""
        counts = self.counts()
        return {**counts, "created": 0, "reused": 0, "deleted": counts["changed"] - self.count(self.hangs)}

    def diff(self) -> Result:
        """Before and after of what goes, by id, as in runs that make backups."""
        before, after = self.changes()
        return {"before": {"backups": before, "status": {}}, "after": {"backups": after, "status": {}}}

    def text_before(self, row: Result) -> str:
        """What it is of, and its name."""
        of = row["instance_id"] if self.key == "image" else row["disk_id"]
        return f"{self.key} of {of or 'unknown origin'}, named {row['name']}"

    def text_after(self, row: Result) -> str:
        """Its status."""
        return f"{self.key} in status '{row['status']}'"

    def row(self, record: DeletionRecord[A]) -> Result:
        """One row of the result."""
        asset: Image | Snapshot | None = record.asset
        marker = marker_row(asset.description) if asset is not None else None
        common = {
            **self.common(record),
            "name": asset.name if asset is not None else None,
            "campaign": marker["campaign"] if marker else None,
            "stopped": marker["stopped"] if marker else None,
            "created": time_of(asset.created) if asset is not None else None,
        }
        if self.key == "image":
            return _image_row(record, asset if isinstance(asset, Image) else None, common)
        marked = marker["instance_id"] if marker and marker["instance_id"] != NO_INSTANCE else None
        return _snapshot_row(record, asset if isinstance(asset, Snapshot) else None, marked, common)


def _image_row(record: DeletionRecord[A], image: Image | None, common: Result) -> Result:
    return {
        "image_id": record.asset_id,
        "instance_id": image.instance_id if image is not None else None,
        **common,
        "size_mb": image.size_mb if image is not None else None,
        # Of use where images are made; what is deleted covers nothing any more.
        "covered_disks": [],
        "uncovered_disks": [],
        "snapshots": [{"snapshot_id": each, "fate": record.fates.get(each)} for each in record.snapshot_ids],
    }


def _snapshot_row(record: DeletionRecord[A], snapshot: Snapshot | None, instance_id: str | None, common: Result) -> Result:
    return {
        "snapshot_id": record.asset_id,
        "disk_id": snapshot.disk_id if snapshot is not None else None,
        "device": None,
        "instance_id": instance_id,
        **common,
        "size_gb": snapshot.size_gb if snapshot is not None else None,
    }
