# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role vm_backup: plan the whole batch, write down what is to be done, do it, try one restore out, remove older backups."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..._language.text import Speaker
from ..input.other_variables import BackupOptions
from ..output.reasons import MOST, reason_lines
from ..state.manifest_file import ManifestFile
from ..steps import backup as steps
from ..steps import drill as drills
from ..steps.backup import Batch
from .campaign import Modules, Result


@dataclass(slots=True)
class Backup:
    """One run. Whatever is in its manifest is written down before the next module runs. `preview`: nothing is changed."""

    options: BackupOptions
    modules: Modules
    clock: Callable[[], datetime]
    preview: bool
    manifest: Result = field(default_factory=dict)
    changed: bool = False

    def run(self, module: str, arguments: Mapping[str, Any], *, check_mode: bool = False) -> Result:
        """The result of a module. It works where the variables say, else where the connection does."""
        given = {**arguments, **self.options.place}
        # No journal of its own: that of the surroundings is used, if there is one.
        result = self.modules.execute(module, given, check_mode=check_mode, journal_path="")
        self.changed = self.changed or (bool(result.get("changed")) and check_mode == self.preview)
        return result

    def note(self, **members: Any) -> None:
        """Change the manifest, and write it down."""
        self.manifest = {**self.manifest, **members}
        if self.options.path and not self.preview:
            ManifestFile(self.options.path).write(self.manifest)


def back_up(options: BackupOptions, modules: Modules, clock: Callable[[], datetime], *, preview: bool) -> Result:
    """Do the whole batch. `problem` says why it failed, and is empty if it did not.

    Raises `InputError`, before anything is changed, if something forbids it.
    """
    job = Backup(options, modules, clock, preview)
    earlier = ManifestFile(options.path).earlier() if options.path else None
    batch = steps.open_batch(options, earlier)
    plan = job.run("jdcloud_vm_backup", batch.arguments, check_mode=True)
    batch = steps.freeze_batch(batch, plan, earlier)
    if not preview and options.path:
        if batch.foreign:
            ManifestFile(options.path).keep_copy(clock())
        # That an otherwise unchanged manifest bears a newer time is no change.
        job.changed = batch.foreign or earlier is None
    job.note(**plan["manifest"], **batch.terms)
    if preview:
        return _result(job, plan, {}, "")
    done = job.run("jdcloud_vm_backup", batch.arguments)
    job.note(**{**(done.get("manifest") or {}), **batch.terms})
    problem, kept_problem = steps.problem_of(done), ""
    if options.drill and not problem:
        _drill(job, batch)
    passed = job.manifest.get("drill", {"outcome": "passed"})["outcome"] == "passed"
    if options.arguments["keep"] and passed and not problem:
        kept_problem = _remove_older(job)
    return _result(job, done, steps.summary_of(plan, done), steps.closing_problem(job.manifest, problem, kept_problem))


def _drill(job: Backup, batch: Batch) -> None:
    """Restore one machine, see it run, and remove it again with its disks, by its id."""
    chosen = drills.chosen_machine(job.manifest)
    job.note(drill=drills.begun_drill(chosen))
    restored: Result = {}
    removed: Result = {}
    copies: list[str] = []
    if chosen is not None:
        arguments = {**job.options.drill["arguments"], "campaign": batch.campaign, "machines": [chosen]}
        restored = job.run("jdcloud_vm_restore", arguments)
        copies = drills.copies_of(restored, batch.instance_ids)
    if copies:
        absent = {"state": "absent", "instance_ids": copies, "stop_running": True, "disks": "delete"}
        removed = job.run("jdcloud_vm", {**job.options.drill["timing"], **absent})
    job.note(drill=drills.judged_drill(chosen, copies, restored, removed))


def _remove_older(job: Backup) -> str:
    """Delete backups that newer proven ones have made superfluous. Returns why some could not be removed."""
    absent = {**job.options.timing, "state": "absent", "on_blocked": "skip"}
    images: Result = {}
    snapshots: Result = {}
    image_ids = steps.superseded_ids(job.manifest, "image_ids")
    snapshot_ids = steps.superseded_ids(job.manifest, "snapshot_ids")
    if image_ids:
        images = job.run("jdcloud_image", {**absent, "image_ids": image_ids, "delete_snapshots": True})
    if snapshot_ids:
        snapshots = job.run("jdcloud_snapshot", {**absent, "snapshot_ids": snapshot_ids})
    removed, problem = steps.removed_backups(images, snapshots)
    job.note(removed=removed)
    return problem


def _result(job: Backup, last: Result, summary: Result, problem: str) -> Result:
    return {
        "changed": job.changed,
        "campaign": job.manifest["campaign"],
        "region": job.manifest["region"],
        "preview": job.preview,
        **({"diff": last["diff"]} if "diff" in last else {}),
        "manifest": job.manifest,
        "summary": summary,
        "problem": problem,
        "lines": _lines(job),
    }


def _lines(job: Backup) -> list[str]:
    """The counts, and why machines have no backup."""
    lines = steps.lines_of(job.manifest, job.options.path, preview=job.preview)
    hindered = [
        {**each, "name": (each.get("specification") or {}).get("name")}
        for each in job.manifest["machines"]
        if each["action"] in ("blocked", "failed")
    ]
    return [*lines, *reason_lines(hindered, MOST - len(lines), Speaker("en"))]
