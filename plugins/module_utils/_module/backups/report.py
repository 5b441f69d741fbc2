# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the records of a backup run to results: rows of images and snapshots, counts, quota, diff and the message."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..._api.model.backup_assets import Image, Snapshot
from ..._api.model.instance import AttachedDisk
from ..._api.services.quotas import Quota
from ..._fleet.backups.policy import AssetAction
from ..._fleet.backups.record import BackupRecord, BackupRun, failure_of
from ..._fleet.backups.state import AssetState
from ..._fleet.common.failure import UNVERIFIED, Finding
from ..._fleet.evidence.marker import NO_INSTANCE
from ..._fleet.evidence.proof import AssetType, disk_key
from ..._fleet.surroundings.departure import TargetFate
from ..common.rows import SHOWN, error_of, finding_rows, left_stopped, name_some, reasons_of
from ..common.session import Result
from ..machines.report import targets_of


class BackupReport:
    """Reads the records of one run. What a preview would do is reported as if it was done."""

    def __init__(self, run: BackupRun, region: str, *, preview: bool) -> None:
        self._run = run
        self._region = region
        self._preview = preview and not run.held_back

    @property
    def changed(self) -> bool:
        """Whether anything changed, or would change."""
        return any(self.machine_changed(record) for record in self._run.records)

    def machine_changed(self, record: BackupRecord) -> bool:
        """Whether anything about a machine or its backups changed, or would change."""
        power = any(state is not None and state.changed for state in (record.stop, record.start))
        left = record.departure is not None and record.departure.changed
        return power or left or self.stops(record) or self.starts(record) or any(self._changed(state) for state in record.assets)

    def stops(self, record: BackupRecord) -> bool:
        """Whether this run stopped a machine, or would."""
        planned = self._preview and record.failure is None and record.decision is not None and record.decision.stop
        return planned or record.stopped_by_us

    def starts(self, record: BackupRecord) -> bool:
        """Whether this run started a machine, or would."""
        planned = self._preview and record.failure is None and record.decision is not None and record.decision.start
        return planned or (record.start is not None and record.start.started_by_us)

    def rows(self, kind: AssetType) -> list[Result]:
        """The images or the snapshots, and a row for each machine that has none because something forbids it or failed."""
        return [row for record in self._run.records for row in self._rows_of(record, kind)]

    def rows_of(self, record: BackupRecord, kind: AssetType) -> list[Result]:
        """The assets of one machine that exist, or would."""
        make = self._image if kind == "image" else self._snapshot
        return [make(record, state) for state in record.assets if state.plan.kind == kind]

    def action(self, record: BackupRecord) -> AssetAction:
        """What was done for a machine as a whole."""
        if failure_of(record) is not None:
            return "failed"
        if record.blocked:
            return "blocked"
        if self._run.held_back or not record.assets:
            return "none"
        return "created" if any(self._made(state) for state in record.assets) else "reused"

    def counts(self, kinds: Sequence[AssetType]) -> Result:
        """How many of what: machines that are selected, blocked or failed; assets that were created or reused."""
        records = self._run.records
        states = [state for record in records for state in record.assets if state.plan.kind in kinds]
        actions = [self.action(record) for record in records]
        return {
            "selected": len(records),
            "changed": sum(self.machine_changed(record) for record in records),
            "created": sum(self._action(state) == "created" for state in states),
            "reused": sum(self._action(state) == "reused" for state in states),
            "not_found": len(self._run.missing),
            "blocked": actions.count("blocked"),
            "failed": actions.count("failed"),
        }

    def quota(self) -> Result | None:
        """What the batch needs and what is left; None where nothing is to be made."""
        quota = self._run.quota
        if quota is None:
            return None
        return {
            "images": _quota(quota.images, quota.images_needed),
            "snapshots": _quota(quota.snapshots, quota.snapshots_needed),
            "fits": list(quota.fits),
            "does_not_fit": list(quota.does_not_fit),
        }

    def diff(self) -> Result:
        """What comes into being, by name, and power states that change."""
        before: Result = {"backups": {}, "status": {}}
        after: Result = {"backups": {}, "status": {}}
        for record in self._run.records:
            for state in record.assets:
                if self._made(state):
                    after["backups"][state.plan.name] = f"{state.plan.kind} of {state.plan.of}"
            status = self.status(record)
            if record.machine is not None and status != record.machine.status:
                before["status"][record.instance_id] = record.machine.status
                after["status"][record.instance_id] = status
        return {"before": before, "after": after}

    def status(self, record: BackupRecord) -> str:
        """The last known status of a machine, in a preview the one that it would have; 'absent' for an id that does not exist."""
        if record.machine is None:
            return "absent"
        decision = record.decision
        if self._preview and decision is not None and (decision.stop or decision.start):
            return "running" if decision.start else "stopped"
        for state in (record.start, record.stop):
            if state is not None and (state.in_doubt or state is record.start or record.seen is None):
                return state.status
        return record.seen.status if record.seen is not None else "absent"

    def targets(self, record: BackupRecord) -> list[Result]:
        """Where a machine that is stopped is, or was, a target of load balancers."""
        decision = record.decision
        if decision is None:
            return []
        fates: dict[str, str] = dict(record.departure.fates) if record.departure is not None else {}
        if self._preview and record.failure is None:
            after: TargetFate = "registered" if decision.start else "deregistered"
            fates = dict.fromkeys((each.target_id or "" for each in decision.deregisters), after)
        return targets_of(decision.registrations, fates)

    def message(self) -> str | None:
        """One sentence if the task failed, else None."""
        run = self._run
        problems = [record for record in run.records if self.action(record) in ("blocked", "failed")]
        if run.held_back and run.quota is not None and problems and all(_short_of_quota(record) for record in problems):
            fits = ", ".join(run.quota.fits[:SHOWN]) + (" and others" if len(run.quota.fits) > SHOWN else "")
            count = f"{len(run.quota.fits)} of {len(run.quota.fits) + len(run.quota.does_not_fit)} instances fit"
            return (
                f"The quotas are too small for this batch ({run.quota.numbers}), so nothing was changed; "
                f"{count}{f' ({fits})' if fits else ''}: have the quotas raised, delete backups that you no longer need, or "
                "set on_shortfall to fit to back up the instances that fit."
            )
        if run.held_back:
            advice = "remove the causes"
            if len(problems) < len(run.records):
                advice += ", or set on_blocked to skip to continue with the others"
            text = f"{len(problems)} of {len(run.records)} instances cannot be backed up, so nothing was changed"
            return f"{text}: {name_some(problems, _reasons)}; {advice}."
        failed = [record for record in problems if self.action(record) == "failed"]
        if not failed:
            return None
        stopped = [each.instance_id for each in failed if each.stopped_by_us and self.status(each) == "stopped"]
        return f"{len(failed)} of {len(run.records)} instances failed: {name_some(failed, _reasons)}." + left_stopped(stopped)

    def _rows_of(self, record: BackupRecord, kind: AssetType) -> Iterator[Result]:
        rows = self.rows_of(record, kind)
        yield from rows
        if not rows:
            yield self._empty_row(record, kind)

    def _made(self, state: AssetState) -> bool:
        return state.accepted or (self._preview and state.asset_id is None and state.failure is None)

    def _changed(self, state: AssetState) -> bool:
        """Whether it was asked for, and may be there."""
        return self._made(state) or state.in_doubt

    def _action(self, state: AssetState) -> AssetAction:
        if state.failure is not None:
            return "failed"
        return "created" if self._made(state) else "reused"

    def _common(self, record: BackupRecord, state: AssetState) -> Result:
        created = state.asset.created if state.asset is not None else None
        return {
            "instance_id": state.instance_id,
            "name": state.plan.name,
            "status": UNVERIFIED if state.in_doubt else state.status,
            "action": self._action(state),
            "changed": self._changed(state),
            "campaign": state.plan.campaign,
            "stopped": state.plan.stopped and not state.voided,
            "created": created.isoformat() if created is not None else None,
            "blockers": [],
            "warnings": finding_rows(_warnings(record)),
            "error": error_of(state.failure),
        }

    def _image(self, record: BackupRecord, state: AssetState) -> Result:
        image = state.asset if isinstance(state.asset, Image) else None
        held = record.held.get(state.asset_id or "")
        machine = record.seen or record.machine
        disks = machine.disks if machine is not None else ()
        if held is None or (not state.plan.ready and state.status != "ready" and state.failure is None):
            # Not made yet, or not read back: what it is to hold is known, and proves nothing.
            keys = [disk_key(disk.disk_id, disk.device) for disk in state.plan.disks]
            held = dict.fromkeys(keys) if state.failure is None else {}
        covered = [disk for disk in disks if disk_key(disk.disk_id, disk.device) in held]
        return {
            "image_id": state.asset_id,
            **self._common(record, state),
            "size_mb": image.size_mb if image is not None else None,
            "covered_disks": [_covered(disk, held[disk_key(disk.disk_id, disk.device)]) for disk in covered],
            "uncovered_disks": [_uncovered(disk, state) for disk in disks if disk not in covered],
            "snapshots": [{"snapshot_id": snapshot_id, "fate": None} for snapshot_id in held.values() if snapshot_id],
        }

    def _snapshot(self, record: BackupRecord, state: AssetState) -> Result:
        snapshot = state.asset if isinstance(state.asset, Snapshot) else None
        (disk,) = state.plan.disks
        return {
            "snapshot_id": state.asset_id,
            "disk_id": state.plan.of,
            "device": disk.device,
            **self._common(record, state),
            "size_gb": snapshot.size_gb if snapshot is not None and snapshot.size_gb else disk.size_gb,
        }

    def _empty_row(self, record: BackupRecord, kind: AssetType) -> Result:
        on_disk = record.machine is not None and record.machine.instance_id == NO_INSTANCE
        common = {
            "instance_id": None if on_disk else record.instance_id,
            **dict.fromkeys(("name", "status")),
            "action": self.action(record),
            "changed": False,
            **dict.fromkeys(("campaign", "stopped", "created")),
            "blockers": finding_rows(_blockers(record)),
            "warnings": finding_rows(_warnings(record)),
            "error": error_of(failure_of(record)),
        }
        if kind == "image":
            return {"image_id": None, **common, "size_mb": None, "covered_disks": [], "uncovered_disks": [], "snapshots": []}
        return {
            "snapshot_id": None,
            "disk_id": record.instance_id if on_disk else None,
            "device": None,
            **common,
            "size_gb": None,
        }


def _covered(disk: AttachedDisk, snapshot_id: str | None) -> Result:
    return {"disk_id": disk.disk_id, "device": disk.device, "snapshot_id": snapshot_id, "size_gb": disk.size_gb}


def _uncovered(disk: AttachedDisk, state: AssetState) -> Result:
    if disk.category == "local" and not disk.system:
        reason = "local data disks are never in an image"
    elif disk.device in state.plan.left_out:
        reason = "include_data_disks is false"
    else:
        reason = "the image does not contain it"
    return {"disk_id": disk.disk_id, "device": disk.device, "category": disk.category, "reason": reason}


def _quota(quota: Quota, needed: int) -> Result:
    return {"limit": quota.limit, "used": quota.used, "left": quota.left, "needed": needed}


def _warnings(record: BackupRecord) -> Sequence[Finding]:
    if record.machine is None:
        return (Finding("not_found", f"{record.instance_id} does not exist."),)
    return record.decision.warnings if record.decision is not None else ()


def _short_of_quota(record: BackupRecord) -> bool:
    return any(blocker.code == "quota_shortfall" for blocker in _blockers(record))


def _reasons(record: BackupRecord) -> list[str]:
    return reasons_of(record.instance_id, failure_of(record), _blockers(record))


def _blockers(record: BackupRecord) -> Sequence[Finding]:
    return record.decision.blockers if record.decision is not None else ()
