# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The work of the module `jdcloud_vm_restore`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ..._api.errors import first_of
from ..._fleet.restores.disks import MadeDisk, seen_disks
from ..._fleet.restores.record import RestoreRecord, RestoreRun
from ..._fleet.restores.run import run_restore
from ..common.arguments import connect_with_timing
from ..common.rows import SHOWN, error_of, failure_keys, finding_rows
from ..common.session import Result, Session
from .options import order_of


def work(session: Session) -> Result:
    """Check the options, make the machines, and return the result; it has a `msg` if the task fails."""
    module = session.module
    order = order_of(module.params)
    dispatcher, timing = connect_with_timing(session)
    run = run_restore(dispatcher, order, timing, preview=module.check_mode)
    return {**_result(run, session.account, session.api_use()), **failure_keys(message_of(run), run.crash)}


def early_end(session: Session) -> Result:
    """The result of a run that ended before it read anything."""
    return _result(RestoreRun(), session.account, session.api_use())


def _result(run: RestoreRun, account: Mapping[str, Any], api_use: Mapping[str, Any]) -> Result:
    made = [record for record in run.records if _changed(run, record)]
    return {
        "changed": bool(made),
        "account": dict(account),
        "instances": [_instance(run, record) for record in run.records],
        "summary": {**_summary(run), **api_use},
        "diff": {
            "before": {"instances": {}},
            "after": {"instances": {_source(record): _after(run, record) for record in made}},
        },
    }


def _changed(run: RestoreRun, record: RestoreRecord) -> bool:
    return run.action(record) == "created" if run.preview else record.changed


def _source(record: RestoreRecord) -> str:
    return record.plan.machine.instance_id or record.plan.machine.image_id or record.plan.name


def _instance(run: RestoreRun, record: RestoreRecord) -> Result:
    action = run.action(record)
    predicted = run.preview and action == "created"
    return {
        "instance_id": record.instance_id,
        "source_instance_id": record.plan.machine.instance_id,
        "name": record.plan.name,
        "status": "running" if predicted else record.status,
        "action": action,
        "changed": _changed(run, record),
        "image_id": record.plan.image_id or record.helper_id,
        "helper_image_id": record.helper_id,
        "disks": [asdict(disk) for disk in _disks(record)],
        "warnings": finding_rows(record.warnings),
        "blockers": finding_rows(record.blockers),
        "error": error_of(record.failure),
    }


def _disks(record: RestoreRecord) -> Sequence[MadeDisk]:
    """The disks as they were compared; else those that there are; else those that are wanted."""
    if record.disks:
        return record.disks
    if record.machine is not None:
        seen = seen_disks(record.machine.full)
        return [MadeDisk(disk.disk_id, disk.device, disk.size_gb, disk.snapshot_id, None) for disk in seen]
    return [MadeDisk(None, disk.device, disk.size_gb, disk.snapshot_id, None) for disk in record.plan.disks]


def _after(run: RestoreRun, record: RestoreRecord) -> Result:
    disks = {str(disk.device): f"{disk.size_gb} GB from {disk.snapshot_id or 'no snapshot'}" for disk in record.plan.disks}
    spec = record.plan.spec
    status = "running" if run.preview else record.status
    return {"name": record.plan.name, "status": status, "instance_type": spec["instanceType"], "az": spec["az"], "disks": disks}


def _summary(run: RestoreRun) -> Result:
    actions = [run.action(record) for record in run.records]
    return {
        "selected": len(actions),
        "created": actions.count("created"),
        "unchanged": actions.count("none"),
        "blocked": actions.count("blocked"),
        "failed": actions.count("failed"),
    }


def message_of(run: RestoreRun) -> str | None:
    """One sentence if the task failed, else None."""
    problems = [record for record in run.records if run.action(record) in ("blocked", "failed")]
    if not problems:
        return None
    named = first_of([f"{record.plan.machine.title}: {_reasons(record)}" for record in problems], SHOWN, "; ")
    count = f"{len(problems)} of {len(run.records)} instances"
    if run.held_back:
        return f"{count} cannot be restored, so nothing was made: {named}."
    return f"{count} could not be restored: {named}."


def _reasons(record: RestoreRecord) -> str:
    if record.failure is not None:
        return record.failure.message.rstrip(".")
    return " ".join(blocker.message for blocker in record.blockers).rstrip(".")
