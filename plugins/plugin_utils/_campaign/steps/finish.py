# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The end of a campaign: what remains of its machines, and its outcome in words. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ....module_utils._api.errors import first_of
from ..input.decommission_variables import Options
from ..state import machine_entry
from ..state.ingest import SHOWN, count_and_name, count_machines, ingest_remains
from ..state.record import UNVERIFIED, Record, stamp

_WHOLE_BATCH = re.compile(r"the whole batch: ([^)]*)\)")
"""The numbers in a blocker of the backup that says that the quotas have no room."""
DONE = {"absent": "deleted", "mark": "marked", "unmark": "unmarked"}
"""What is done with a machine, by the kind of the campaign."""
NOTHING = {"absent": "already gone or never existed", "mark": "already marked", "unmark": "not marked"}
"""Why a machine had nothing done to it."""


def owed(record: Record, options: Options) -> dict[str, Any]:
    """The disks and elastic IPs that are to be released and were not yet; of all waves, also of a run that was killed.

    What this run is to keep is kept, whatever the run before was to do.
    """
    machines = record.machines.values()
    return {
        "elastic_ip_ids": machine_entry.unreleased_ids(machines, "elastic_ips") if options.elastic_ips == "release" else [],
        "disk_ids": [] if options.disks == "keep" else machine_entry.unreleased_ids(machines, "disks"),
    }


def after_release(record: Record, number: int | None, results: Sequence[Mapping[str, Any]], now: datetime) -> dict[str, Any]:
    """Take in what became of the disks and elastic IPs that were to be released."""
    bad = [result["msg"] for result in results if result.get("msg")]
    count = sum(ingest_remains(record, result) for result in results)
    for message in bad:
        record.add_note(f"Some resources still exist: {message}")
    record.end_phase("release", number, now, ok=not bad, machines=count)
    return {}


def to_verify(record: Record) -> dict[str, Any]:
    """The disks and elastic IPs of deleted machines that may be there still."""
    machines = record.machines.values()
    return {
        "disk_ids": machine_entry.remaining_ids(machines, "disks"),
        "elastic_ip_ids": machine_entry.remaining_ids(machines, "elastic_ips"),
    }


def verify(record: Record, results: Sequence[Mapping[str, Any]], now: datetime) -> dict[str, Any]:
    """Take in a last read of what may be left."""
    unread = [result["msg"] for result in results if result.get("msg") and not (result.get("disks") or result.get("elastic_ips"))]
    count = sum(ingest_remains(record, result, preview=True) for result in results)
    for message in unread:
        record.add_note(f"The remaining resources could not be read again: {message}")
    record.end_phase("verify", None, now, ok=not unread, machines=count)
    return {}


def finish(record: Record, options: Options, now: datetime, *, preview: bool) -> dict[str, Any]:
    """Judge the run. Returns its outcome, one sentence about it, and whether the task fails.

    A machine that got blocked after all is a failure, unless blocked ones were to be skipped.
    """
    machines = list(record.machines.values())
    failed = [row for row in machines if row["action"] in options.failing_actions]
    unstarted = [row for row in machines if row["action"] == "not_started"]
    left = owed(record, options)
    count = len(left["disk_ids"]) + len(left["elastic_ip_ids"])
    sentences = [record.problem] if record.problem else []
    if failed and record.outcome != "blocked":
        blocked = any(row["action"] == "blocked" for row in failed)
        sentences.append(f"{count_and_name(failed)} {'failed or are blocked' if blocked else 'failed'}.")
    if count:
        sentences.append(_still_there(count))
    if unstarted and record.problem:
        sentences.append(f"{count_machines(len(unstarted))} {_be(len(unstarted), past=True)} not started.")
    if record.outcome not in ("blocked", "stopped"):
        record.outcome = _outcome(record, preview=preview, bad=bool(sentences), unstarted=bool(unstarted))
    # What was refused before it began needs no end; what began is open until all of it is done.
    done = not failed and not unstarted and not count
    # What is due and still marked is found again by its mark: there, only a run that was interrupted is resumed.
    by_mark = bool(record.identity.get("due_only"))
    record.open = record.frozen and not done and not by_mark and any(row["scope"] for row in machines)
    record.runs[-1].update(ended=stamp(now), outcome=record.outcome)
    text = sentences or [_success(record, machines, preview=preview)]
    message = " ".join([*text, *_what_stands(record)])
    return {"outcome": record.outcome, "message": message, "failed": bool(sentences)}


def left_stopped(record: Record) -> list[str]:
    """The machines that this campaign stopped to delete them, and that are still there, stopped."""
    if record.kind != "absent":
        return []
    return [each for each in record.stopped if each in record.machines and record.machines[each]["status"] == "stopped"]


def _still_there(count: int) -> str:
    if count == 1:
        return "1 disk or elastic IP that was to be deleted with its instance still exists."
    return f"{count} disks or elastic IPs that were to be deleted with their instances still exist."


def _what_stands(record: Record) -> list[str]:
    """What a failure leaves behind, and what is not known."""
    text = []
    unknown = [instance_id for instance_id, row in record.machines.items() if row["status"] == UNVERIFIED]
    if unknown:
        text.append(
            f"The effect of the last call on {first_of(unknown, SHOWN)} is unknown, because its response was not clear: run "
            "again to check."
        )
    short = [_WHOLE_BATCH.search(str(each["message"])) for row in record.machines.values() for each in row["blockers"]]
    numbers = next((found[1] for found in short if found), "")
    if numbers and numbers not in record.problem:
        text.append(f"Quotas: {numbers}.")
    stopped = left_stopped(record)
    if stopped:
        text.append(f"Stopped by this campaign and left stopped: {first_of(stopped, SHOWN)}.")
    out = [row["instance_id"] for row in record.machines.values() if row.get("deregistered") and not machine_entry.is_gone(row)]
    if out:
        text.append(f"Deregistered from load balancers and not deleted: {first_of(out, SHOWN)}.")
    return text


def _outcome(record: Record, *, preview: bool, bad: bool, unstarted: bool) -> str:
    if bad:
        return "failed"
    if preview and any(row["action"] == DONE[record.kind] for row in record.machines.values()):
        return "planned"
    if unstarted:
        return "unfinished"
    return "complete" if any(row["changed"] for row in record.machines.values()) else "nothing_to_do"


def _success(record: Record, machines: Sequence[Mapping[str, Any]], *, preview: bool) -> str:
    done = sum(row["action"] == DONE[record.kind] for row in machines)
    blocked = sum(row["action"] == "blocked" for row in machines)
    unstarted = sum(row["action"] == "not_started" for row in machines)
    nothing = sum(row["action"] == "none" for row in machines)
    text = f"{done} of {count_machines(len(machines))} {'would be' if preview else _be(done)} {DONE[record.kind]}"
    text += f", {nothing} {_be(nothing, past=True)} {NOTHING[record.kind]}" if nothing else ""
    text += f", {blocked} {_be(blocked)} blocked" if blocked else ""
    text += f", {unstarted} {'waits' if unstarted == 1 else 'wait'} for a later run" if unstarted else ""
    # What is approved after a preview; see vm_decommission_digest.
    text += f". Digest: {record.digest}" if preview and record.digest else ""
    return f"{text}." if machines else "Nothing is selected, so there is nothing to do."


def _be(count: int, *, past: bool = False) -> str:
    if past:
        return "was" if count == 1 else "were"
    return "is" if count == 1 else "are"
