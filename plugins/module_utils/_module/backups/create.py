# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The work of the modules that make backups: `jdcloud_image`, `jdcloud_snapshot` and `jdcloud_vm_backup`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..._api.errors import InputError
from ..._fleet.backups.record import BackupRun
from ..._fleet.backups.run import back_up
from ..._fleet.evidence.proof import AssetType, Method
from ..common.arguments import connect_with_timing
from ..common.rows import failure_keys
from ..common.session import Result, Session
from .manifest import manifest_of
from .options import backup_policy, run_options_of
from .report import BackupReport

NO_COUNTS = dict.fromkeys(("selected", "changed", "created", "reused", "not_found", "blocked", "failed"), 0)
NO_DELETIONS = {"deleted": 0, "already_absent": 0}
"""What the modules that delete, too, count as well."""


def create_images(session: Session) -> Result:
    """`jdcloud_image`, state present."""
    run, report = _run(session, "image")
    return {**_with_deletions(_result(session, run, report, ("image",))), "images": report.rows("image")}


def create_snapshots(session: Session) -> Result:
    """`jdcloud_snapshot`, state present."""
    run, report = _run(session, "snapshots")
    return {**_with_deletions(_result(session, run, report, ("snapshot",))), "snapshots": report.rows("snapshot")}


def back_up_machines(session: Session) -> Result:
    """`jdcloud_vm_backup`: images and snapshots in one run, and the manifest."""
    method: Method = session.module.params["method"]
    run, report = _run(session, method)
    result = _result(session, run, report, ("image", "snapshot"))
    manifest = manifest_of(session, run, report, method)
    counts = {"stopped": sum(map(report.stops, run.records)), "started": sum(map(report.starts, run.records))}
    return {**result, "summary": {**result["summary"], **counts, **session.api_use()}, "manifest": manifest}


def early_end(session: Session) -> Result:
    """What all results of these modules hold, for a run that ended before it looked at any machine."""
    return {
        "changed": False,
        "account": session.account,
        "campaign": None,
        "quota": None,
        "summary": {**NO_COUNTS, **session.api_use()},
        "diff": {"before": {}, "after": {}},
    }


def asset_early_end(session: Session, key: str) -> Result:
    """The result of a `jdcloud_image` or `jdcloud_snapshot` that ended early; `key` is that of its list."""
    return {**_with_deletions(early_end(session)), key: []}


def _with_deletions(result: Result) -> Result:
    return {**result, "summary": {**NO_DELETIONS, **result["summary"]}}


def backup_early_end(session: Session) -> Result:
    """The result of a `jdcloud_vm_backup` that ended before it looked at any machine."""
    result = early_end(session)
    return {**result, "summary": {**result["summary"], "stopped": 0, "started": 0}, "manifest": None}


def _run(session: Session, method: Method) -> tuple[BackupRun, BackupReport]:
    params = session.module.params
    preview = bool(session.module.check_mode)
    policy = backup_policy(params, method)
    options = run_options_of(params, preview=preview)
    dispatcher, timing = connect_with_timing(session)
    run = back_up(dispatcher, policy, timing, options, session.progress.watch)
    if run.missing and len(run.missing) == len(run.records):
        session.module.warn(session.none_exists(len(run.missing)))
    return run, BackupReport(run, session.region, preview=preview)


def _result(session: Session, run: BackupRun, report: BackupReport, kinds: tuple[AssetType, ...]) -> Result:
    return {
        "changed": report.changed,
        "account": session.account,
        "campaign": run.campaign,
        "quota": report.quota(),
        "summary": {**report.counts(kinds), **session.api_use()},
        "diff": report.diff(),
        **failure_keys(report.message(), run.crash),
    }


def refuse_foreign_options(params: Mapping[str, Any], *, present_only: Sequence[str], absent_only: Sequence[str]) -> None:
    """Raise `InputError` for a selector that the state has not: what is deleted is named itself, never by its machine."""
    state = params["state"]
    foreign, own = (present_only, absent_only) if state == "absent" else (absent_only, present_only)
    for option in foreign:
        if params[option] is not None:
            raise InputError(f"{option} cannot be used with state={state}: use {own[0]} or name.")
