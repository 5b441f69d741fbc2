# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The manifest: all that is needed to know which backups exist, what they hold, and to make the machines again."""

from __future__ import annotations

import contextlib

from ..._api.errors import JdcloudError
from ..._api.model.instance import InstanceInFull
from ..._fleet.backups.record import BackupRecord, BackupRun, failure_of
from ..._fleet.common.selection import Selection
from ..._fleet.evidence.marker import NO_INSTANCE
from ..._fleet.evidence.proof import disk_key
from ..._fleet.evidence.specification import MANIFEST_FORMAT, disks_of, specification_of
from ..._fleet.machines.find import read_in_full
from ..common.rows import error_of, finding_rows
from ..common.session import Result, Session
from .report import BackupReport


def manifest_of(session: Session, run: BackupRun, report: BackupReport, method: str) -> Result:
    """The manifest of a run; in check mode of what would be."""
    found = _in_full(session, run)
    machines = [_entry(record, report, found.get(record.instance_id)) for record in run.records]
    for entry in machines:
        # Their running was ended by an earlier try of this campaign, and is to be remembered by the next one.
        if entry["instance_id"] in session.module.params["stopped_before"] and entry["status_before"] == "stopped":
            entry["status_before"] = "running"
    whole = not run.held_back and all(entry["action"] in ("created", "reused") for entry in machines)
    state = "complete" if whole else "incomplete"
    now = session.dispatcher.service_time() if session.dispatcher is not None else None
    return {
        "format": MANIFEST_FORMAT,
        "campaign": run.campaign,
        "region": session.region,
        "method": method,
        "state": "planned" if session.module.check_mode else state,
        "written": now.replace(microsecond=0).isoformat() if now is not None else None,
        "machines": machines,
        "superseded": {"image_ids": list(run.superseded.image_ids), "snapshot_ids": list(run.superseded.snapshot_ids)},
    }


def _in_full(session: Session, run: BackupRun) -> dict[str, InstanceInFull]:
    ids = tuple(record.instance_id for record in run.records if record.machine is not None)
    if not ids or session.dispatcher is None:
        return {}
    # The backups are made: that a machine cannot be described any more must not hide them.
    with contextlib.suppress(JdcloudError):
        listed, _missing = read_in_full(session.dispatcher, Selection(ids=ids, name=None, tags={}, filters={}))
        return {machine.instance.instance_id: machine for machine in listed}
    session.module.warn("the instances could not be read again, so the manifest does not contain their specifications")
    return {}


def _entry(record: BackupRecord, report: BackupReport, machine: InstanceInFull | None) -> Result:
    image = next(iter(report.rows_of(record, "image")), None)
    snapshots = report.rows_of(record, "snapshot")
    decision = record.decision
    return {
        "instance_id": record.instance_id,
        "name": record.machine.name if record.machine is not None else None,
        "status_before": record.machine.status if record.machine is not None else "absent",
        "status": report.status(record),
        "stopped_by_us": report.stops(record),
        "started_by_us": report.starts(record),
        "action": report.action(record),
        "specification": specification_of(machine.full) if machine is not None else None,
        "disks": disks_of(machine) if machine is not None else [],
        "image": None if image is None else {**_asset(image, "image_id", "size_mb"), "disks": image["covered_disks"]},
        "snapshots": [_asset(row, "snapshot_id", "size_gb", "disk_id", "device") for row in snapshots],
        "uncovered_disks": _uncovered(record, image, snapshots),
        "load_balancer_targets": report.targets(record),
        "blockers": finding_rows(decision.blockers if decision is not None else ()),
        "warnings": finding_rows(decision.warnings if decision is not None else ()),
        "error": error_of(failure_of(record)),
    }


def _asset(row: Result, *more: str) -> Result:
    return {name: row[name] for name in (*more, "name", "status", "action", "campaign", "stopped", "created", "error")}


def _uncovered(record: BackupRecord, image: Result | None, snapshots: list[Result]) -> list[Result]:
    """The disks of a machine that no backup of this run holds."""
    machine = record.seen or record.machine
    if machine is None or machine.instance_id == NO_INSTANCE:
        return []
    holds = image is not None and image["action"] in ("created", "reused")
    held = (
        {disk_key(disk["disk_id"], disk["device"]) for disk in image["covered_disks"]} if image is not None and holds else set()
    )
    held |= {row["disk_id"] for row in snapshots if row["action"] in ("created", "reused")}
    return [
        {"disk_id": disk.disk_id, "device": disk.device, "category": disk.category, "size_gb": disk.size_gb}
        for disk in machine.disks
        if disk_key(disk.disk_id, disk.device) not in held
    ]
