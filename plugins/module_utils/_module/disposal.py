# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`state: absent` of the modules `jdcloud_image` and `jdcloud_snapshot`: from their options to their results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._api.assets import Image, Snapshot
from .._api.errors import InputError
from .._fleet.asset_selection import IMAGES, SNAPSHOTS, A, AssetSelection, Kind, parse_asset_ids, parse_asset_name
from .._fleet.disposal_plan import DELETING
from .._fleet.disposal_run import DisposalRecord, DisposalRun, dispose
from .._fleet.mark import NO_INSTANCE
from .._fleet.policy import Remark
from .arguments import Spec, cap_of
from .asset_info import mark_of, time_of
from .results import Result, error_of, remarks, told_some
from .session import Session
from .vm_options import timing_of

IMAGE_ABSENT_SPEC: Spec = {
    "image_ids": {"type": "list", "elements": "str"},
    "max_images": {"type": "int"},
    "delete_snapshots": {"type": "bool", "default": False},
}
SNAPSHOT_ABSENT_SPEC: Spec = {
    "snapshot_ids": {"type": "list", "elements": "str"},
    "max_snapshots": {"type": "int"},
}
INTERNAL = "An internal error ended the run, see exception: report it."


def image_absent(session: Session, params: Mapping[str, Any]) -> Result:
    """Delete images; the result has a `msg` if the task fails."""
    return _absent(session, params, IMAGES)


def snapshot_absent(session: Session, params: Mapping[str, Any]) -> Result:
    """Delete snapshots; the result has a `msg` if the task fails."""
    return _absent(session, params, SNAPSHOTS)


def _absent(session: Session, params: Mapping[str, Any], kind: Kind[A]) -> Result:
    selection = _selection(kind, params)
    cap = cap_of(params, f"max_{kind.word}s")
    timing_of(params, 0)
    dispatcher = session.connect()
    run = dispose(
        dispatcher,
        kind,
        selection,
        timing_of(params, dispatcher.retries),
        cap=cap,
        delete_snapshots=bool(params.get("delete_snapshots")),
        preview=bool(session.module.check_mode),
    )
    _warn(session, kind, run)
    report = _Report(run, kind, session.region)
    message = report.message() or (INTERNAL if run.crash else None)
    return {
        "changed": any(row["changed"] for row in report.rows),
        "account": session.account,
        f"{kind.word}s": report.rows,
        "summary": {**report.summary(), **session.api_use()},
        "diff": report.diff(),
        **({"msg": message} if message else {}),
        **({"exception": run.crash} if run.crash else {}),
    }


def _selection(kind: Kind[A], params: Mapping[str, Any]) -> AssetSelection:
    if params.get("on_blocked") == "skip":
        raise InputError("on_blocked=skip goes with state=present only: leave it out, and leave out what is blocked.")
    option = f"{kind.word}_ids"
    ids, name = params[option], params["name"]
    if ids is None and name is None:
        raise InputError(f"Nothing is selected: give {option} or name.")
    return AssetSelection(
        ids=None if ids is None else parse_asset_ids(kind, ids, option),
        name=None if name is None else parse_asset_name(kind, name, option),
    )


def _warn(session: Session, kind: Kind[Any], run: DisposalRun) -> None:
    if not run.records:
        session.module.warn(f"no {kind.word} in {session.region} has this name")
    elif all(record.asset is None for record in run.records):
        session.module.warn(f"none of {len(run.records)} ids exists in {session.region}")


class _Report:
    """Reads the records of one run. What a preview did not do is told as if it had been done."""

    def __init__(self, run: DisposalRun, kind: Kind[Any], region: str) -> None:
        self._run = run
        self._kind = kind
        self._region = region
        self.rows = [self._row(record) for record in run.records]

    def summary(self) -> Result:
        """How many of what."""
        rows = self.rows
        hanging = sum(row["changed"] and row["action"] == "failed" and row["status"] != "absent" for row in rows)
        return {
            "selected": len(rows),
            "changed": sum(row["changed"] for row in rows),
            "created": 0,
            "reused": 0,
            "deleted": sum(row["changed"] for row in rows) - hanging,
            "already_absent": sum(row["status"] == "absent" and not row["changed"] for row in rows),
            "not_found": sum(record.asset is None for record in self._run.records),
            "blocked": sum(row["action"] == "blocked" for row in rows),
            "failed": sum(row["action"] == "failed" for row in rows),
        }

    def diff(self) -> Result:
        """Before and after of what goes, by id."""
        before: Result = {"backups": {}, "status": {}}
        after: Result = {"backups": {}, "status": {}}
        for record, row in zip(self._run.records, self.rows, strict=True):
            if row["changed"]:
                of = row["instance_id"] if self._kind.word == "image" else row["disk_id"]
                before["backups"][record.asset_id] = f"{self._kind.word} of {of or 'nothing known'}, named {row['name']}"
                if row["status"] != "absent":
                    after["backups"][record.asset_id] = f"{self._kind.word} in status '{row['status']}'"
        return {"before": before, "after": after}

    def message(self) -> str | None:
        """One sentence if the task failed, else None."""
        wanted = "blocked" if self._run.held_back else "failed"
        problems = [row for row in self.rows if row["action"] == wanted]
        if not problems:
            return None
        told = told_some([(row[f"{self._kind.word}_id"], self._reasons(row)) for row in problems])
        count = f"{len(problems)} of {len(self.rows)} {self._kind.word}s"
        if self._run.held_back:
            return f"{count} cannot be deleted, so nothing at all was changed: {told}; remove the causes or leave them out."
        return f"{count} failed: {told}."

    def _reasons(self, row: Result) -> list[str]:
        if row["error"] is None:
            return list(dict.fromkeys(blocker["code"] for blocker in row["blockers"]))
        title = f"{self._kind.word} {row[f'{self._kind.word}_id']} "
        return [str(row["error"]["message"]).removeprefix(title).rstrip(".")]

    def _row(self, record: DisposalRecord) -> Result:
        asset = record.asset
        mark = mark_of(asset.description) if asset is not None else None
        common = {
            "name": asset.name if asset is not None else None,
            "status": self._status(record),
            "action": self._action(record),
            "changed": record.deleted or self._would_go(record),
            "campaign": mark["campaign"] if mark else None,
            "stopped": mark["stopped"] if mark else None,
            "created": time_of(asset.created) if asset is not None else None,
            "blockers": remarks(record.blockers),
            "warnings": remarks(self._warnings(record)),
            "error": error_of(record.failure),
        }
        if self._kind.word == "image":
            return _image_row(record, asset if isinstance(asset, Image) else None, common)
        marked = mark["instance_id"] if mark and mark["instance_id"] != NO_INSTANCE else None
        return _snapshot_row(record, asset if isinstance(asset, Snapshot) else None, marked, common)

    def _would_go(self, record: DisposalRecord) -> bool:
        return self._run.preview and not self._run.held_back and record.to_delete

    def _action(self, record: DisposalRecord) -> str:
        if record.failure is not None:
            return "failed"
        if record.blockers:
            return "blocked"
        return "deleted" if record.deleted or self._would_go(record) else "none"

    def _status(self, record: DisposalRecord) -> str:
        if record.asset is None:
            return "absent"
        if record.track is not None:
            return record.track.status
        if self._would_go(record):
            return "absent" if self._run.waits else DELETING
        return record.asset.status

    def _warnings(self, record: DisposalRecord) -> list[Remark]:
        if record.asset is not None:
            return []
        return [Remark("not_found", f"{record.asset_id} does not exist in {self._region}.")]


def _image_row(record: DisposalRecord, image: Image | None, common: Result) -> Result:
    return {
        "image_id": record.asset_id,
        "instance_id": image.instance_id if image is not None else None,
        **common,
        "size_mb": image.size_mb if image is not None else None,
        # Told of images that are made; what is deleted covers nothing any more.
        "covered_disks": [],
        "uncovered_disks": [],
        "snapshots": [{"snapshot_id": part, "fate": record.fates.get(part)} for part in record.parts],
    }


def _snapshot_row(record: DisposalRecord, snapshot: Snapshot | None, instance_id: str | None, common: Result) -> Result:
    return {
        "snapshot_id": record.asset_id,
        "disk_id": snapshot.disk_id if snapshot is not None else None,
        "device": None,
        "instance_id": instance_id,
        **common,
        "size_gb": snapshot.size_gb if snapshot is not None else None,
    }
