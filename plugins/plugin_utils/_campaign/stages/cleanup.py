# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The first half of the playbook cleanup: look for marks, and say what is to be deleted where. Nothing is deleted here."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ....module_utils._api.errors import InputError, first_of
from ..input.decommission_variables import PREFIX
from ..output.marked import marked_lines
from ..state.store import Store
from ..steps import cleanup as steps
from .campaign import Modules, Result
from .choose import SHOWN


def clean_up(options: Mapping[str, Any], modules: Modules, *, preview: bool) -> Result:
    """The regions in which something is due, or was begun and not finished; fails with why nothing may be deleted.

    `problems` says of which regions it cannot be seen what is left to do. Raises `InputError` if reports would be lost, or a
    region cannot be read.
    """
    check_mount(options["report_mount"])
    looks = [_look(options, modules, region) for region in options["regions"]]
    choice = steps.choose_due(looks, options)
    entries: list[Result] = []
    problem = choice.problem
    if not problem:
        folder = _folder(options["report_dir"], preview=preview)
        entries = [_entry(region, ids, folder) for region, ids in choice.regions.items()]
        problem = steps.why_empty(entries, options)
    return {
        "changed": False,
        "due": choice.due,
        "blocked": len(choice.blocked),
        "regions": [entry for entry in entries if entry["instance_ids"]],
        "problems": [f"{entry['region']} - {entry['problem']}" for entry in entries if entry["problem"]],
        "tag_key": options["tag_key"],
        "lines": marked_lines(choice, options["language"]),
        "warnings": _warnings(steps.idle_exclusions(looks, options)),
        **({"failed": True, "msg": problem} if problem else {}),
    }


def _warnings(idle: Sequence[str]) -> list[str]:
    if not idle:
        return []
    return [f"{PREFIX}exclude: {first_of(idle, SHOWN)} excluded nothing, because no marked instance has this id, name or tag."]


def check_mount(path: str) -> None:
    """Raise `InputError` for a folder that is to be a volume and is none. In a container, it would end with the job."""
    if path and not os.path.ismount(path):
        raise InputError(
            f"{path} is not a mount point, so this job would lose records and reports; nothing was changed: mount a volume "
            "there (see docs/awx.md), or leave the variable with this path empty."
        )


def _look(options: Mapping[str, Any], modules: Modules, region: str) -> Result:
    arguments = {**options["look"], **({"region": region} if region else {})}
    look = modules.execute("jdcloud_vm_info", arguments, check_mode=True, journal_path="")
    if look.get("failed"):
        raise InputError(f"{f'{region}: ' if region else ''}{look.get('msg') or 'The instances cannot be read.'}")
    return look


def _folder(path: str, *, preview: bool) -> Path | None:
    """The folder of all reports, made if it is not there. A preview makes none, and has no record without it."""
    folder = Path(path) if path else None
    if folder is None or (preview and not folder.exists()):
        return None
    if not preview:
        for each in [*reversed(folder.parents), folder]:
            if not each.exists():
                each.mkdir(mode=0o700)
        if stat.S_IMODE(folder.stat().st_mode) != 0o700:
            folder.chmod(0o700)
    return folder


def _entry(region: str, ids: list[str], folder: Path | None) -> Result:
    """What is to be done in a region: what is due, else the rest of a campaign that was not finished."""
    entry: Result = {"region": region, "instance_ids": ids, "report_dir": str(folder / region) if folder else "", "problem": ""}
    if folder is None or ids:
        return entry
    try:
        record = Store(entry["report_dir"]).load()
    except InputError as error:
        return {**entry, "problem": str(error)}
    return {**entry, "instance_ids": record.instance_ids if record is not None and record.open else []}
