# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stage `find_idle`: judges instances of all regions, and writes what can go. Nothing is changed in the cloud."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from ....module_utils._api.errors import InputError, first_of
from ..idle.content import idle_report
from ..idle.page import render
from ..output.idle import idle_lines
from ..state.store import Store
from ..steps import find_idle as steps
from .campaign import Modules, Result
from .choose import SHOWN
from .cleanup import check_mount

REPORT = "idle.json"
PAGE = "idle.html"
MOST_IDS = 100
"""The most ids that are handed over, so that a statistic stays small."""


def find_idle(options: Mapping[str, Any], modules: Modules, clock: Callable[[], datetime]) -> Result:
    """Which instances are idle, what they cost, and those that are to be marked; fails with why none may be.

    All regions are read before anything is written, and both files are replaced as a whole. Raises `InputError` if a region
    cannot be read, or the reports would be lost; then nothing was written.
    """
    check_mount(options["report_mount"])
    store = Store(options["report_dir"]) if options["report_dir"] else None
    if store is not None:
        store.create("find_idle_report_dir")
    began = clock()
    looks = [_look(options, modules, region) for region in options["regions"]]
    choice = steps.choose_idle(looks, options)
    report = idle_report(choice, looks, options, began, clock())
    path = _write(store, report)
    candidates = [row["instance_id"] for row in choice.rows if row["standing"] == "candidate"]
    return {
        "changed": False,
        "totals": report["totals"],
        "tag_key": options["tag_key"],
        "max_instances": options["max_instances"],
        "candidate_ids": candidates[:MOST_IDS],
        "regions": [_to_mark(options, region, ids) for region, ids in choice.to_mark.items()],
        "report_path": path,
        "lines": idle_lines(report, path, options["language"]),
        "warnings": _warnings(choice, options),
        **({"failed": True, "msg": choice.problem} if choice.problem else {}),
    }


def _look(options: Mapping[str, Any], modules: Modules, region: str) -> Result:
    arguments = {**options["look"], **({"region": region} if region else {})}
    look = modules.execute("jdcloud_vm_idle_info", arguments, check_mode=True, journal_path="")
    if look.get("failed"):
        place = f"{region}: " if region else ""
        raise InputError(f"{place}{look.get('msg') or 'The instances cannot be read.'} Nothing was changed or written.")
    return look


def _to_mark(options: Mapping[str, Any], region: str, ids: list[str]) -> Result:
    """What the role is to mark in a region, and where its report goes."""
    folder = str(Path(options["report_dir"]) / region) if options["report_dir"] else ""
    return {"region": region, "instance_ids": ids, "report_dir": folder}


def _write(store: Store | None, report: Mapping[str, Any]) -> str:
    """Write idle.json and idle.html. Returns the path of the page, '' if no report is wanted."""
    if store is None:
        return ""
    store.write_json(REPORT, report)
    store.write(PAGE, render(report))
    return str(store.path(PAGE))


def _warnings(choice: steps.IdleChoice, options: Mapping[str, Any]) -> list[str]:
    unused = steps.unused_exclusions(choice.rows, options)
    if not unused:
        return []
    return [f"find_idle_exclude: no instance that was judged has the id, name or tag {first_of(unused, SHOWN)}."]
