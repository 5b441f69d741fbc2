# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report between two waves, after a wave that was refused, and of any record, made again. The record is only read."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ....module_utils._api.errors import InputError, JdcloudError
from ....module_utils._api.wire.journal import read_journal
from ..output.lines import made_lines
from ..report.content import report_of
from ..state.record import Record, read_stamp
from ..state.sent_writes import note_writes, write_row
from ..state.store import PAGE, RECORD, REPORT, Store
from ..steps import finish as steps
from ..steps.begin import options_of
from .campaign import Campaign, Result, write_documents


def make_again(store: Store, prices: Mapping[str, Any], *, write: bool, language: str = "") -> Result:
    """Make report.json and report.html of a record, as its last run left it.

    Without `prices` and `language` those of the record count.

    Sums of a bill are taken over from the report that is there, since nothing is asked. Raises `InputError` without a
    record, and for one that was damaged.
    """
    record = store.load()
    if record is None:
        raise InputError(f"{store.folder} contains no {RECORD}, so no report was made: set the directory of a campaign.")
    try:
        report = report_now(record, store, prices or record.options.get("prices") or {})
    except (InputError, AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        why = f"{type(error).__name__}: {error}".rstrip(".")
        raise InputError(
            f"{store.path(RECORD)} is not a valid record ({why}), so no report was made: it was damaged or changed manually."
        ) from error
    old = _old_report(store)
    same = all(old.get(name) == report[name] for name in ("campaign", "ended"))
    if not prices and same and (old.get("money") or {}).get("source") == "bill":
        report.update(money=old["money"], left=old["left"], machines=_with_costs(report["machines"], old))
    if language:
        report["options"] = {**report["options"], "language": language}
    if write:
        write_documents(store, report)
    path = str(store.path(PAGE))
    return {"report_path": path, "message": report["message"], "lines": made_lines(report, path if write else "")}


def write_plan(campaign: Campaign) -> None:
    """Write the documents of a plan for the user's tasks to read, before anything is begun. Without a report folder, none."""
    folder = campaign.report_folder()
    if folder is None:
        return
    judged = copy.deepcopy(campaign.record)
    if not campaign.preview:
        write_documents(folder, report_now(judged, folder, campaign.options.prices))
        return
    outcome = steps.finish(judged, campaign.options, campaign.now, preview=True)
    write_documents(folder, report_of(judged, [], outcome, preview=True, prices=campaign.options.prices, bill=None))


def write_meanwhile(store: Store, run: str, problem: str = "") -> None:
    """Write the report of a run that goes on, or was refused with `problem`. Without a report folder nothing is written.

    A report that cannot be written ends no campaign: what counts is the record.
    """
    with contextlib.suppress(JdcloudError, OSError):
        record = store.load() if run else None
        if record is None or record.run != run or Path(record.options.get("report_dir") or "") != store.folder:
            return
        write_documents(store, report_now(record, store, record.options.get("prices") or {}, problem))


def report_now(record: Record, store: Store, prices: Mapping[str, Any], problem: str = "") -> Result:
    """The report of a record as it is. `problem` is why its run was refused, where the record does not say so.

    The record must be one that was read for this: it is judged, and not written again.
    """
    writes = read_journal(store.journal()).writes
    note_writes(record, writes)
    rows = [write_row(write) for write in writes]
    return report_of(record, rows, _judge(record, problem), preview=False, prices=prices, bill=None)


def _judge(record: Record, problem: str) -> dict[str, Any]:
    """The outcome and message of the last run. One that has not ended has none yet."""
    ended = record.runs[-1]["ended"]
    if ended:
        return steps.finish(record, options_of(record), read_stamp(ended), preview=False)
    done = sum(row["action"] == steps.DONE[record.kind] for row in record.machines.values())
    text = f"{done} of {len(record.machines)} instances are {steps.DONE[record.kind]} so far."
    if problem or record.problem:
        sentences = dict.fromkeys(filter(None, (record.problem, problem)))
        return {"outcome": record.outcome if record.problem else "failed", "message": f"{' '.join(sentences)} {text}"}
    return {"outcome": "unfinished", "message": f"The run has not ended. {text}"}


def _with_costs(machines: list[Result], old: Result) -> list[Result]:
    """The machines with what they cost by an older report of the same run."""
    costs = {row["instance_id"]: row for row in old["machines"]}
    names = ("monthly_cost", "monthly_saved")
    return [{**row, **{name: costs.get(row["instance_id"], {}).get(name) for name in names}} for row in machines]


def _old_report(store: Store) -> Result:
    try:
        report = json.loads(store.path(REPORT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return report if isinstance(report, dict) else {}
