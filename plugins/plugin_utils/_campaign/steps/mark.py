# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of marking machines for a later deletion, and of taking that back. Pure.

The mark is a tag with the earliest date of deletion. Machines that the mark stops get a second tag, so that taking the mark back
can start just these again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ....module_utils._api.model.times import BEIJING
from ....module_utils._fleet.planning.due import due_date, due_from
from ..input.decommission_variables import Options
from ..state import machine_entry
from ..state.digest import Approval
from ..state.ingest import ingest, refuse_early_end
from ..state.record import Record
from .plan import approve
from .wave import not_meant


def stopped_tag_key(tag_key: str) -> str:
    """The tag that says: it ran until the mark stopped it."""
    return f"{tag_key}-stopped"


def plan_mark(
    record: Record, options: Options, look: Mapping[str, Any], now: datetime, approved: Approval | None = None
) -> dict[str, Any]:
    """From the preview of `jdcloud_tag` to what is to be written: groups of machines that need the same tags, and who is to stop.

    A date that is there and valid stays: marking again every night must not postpone the end for ever. But what runs although its
    time is over was taken back by whoever started it, and gets the whole grace again.
    """
    date = due_date(now, options.grace_days)
    groups: dict[tuple[tuple[str, str], ...], list[str]] = {}
    stop = []
    for instance in _unhindered(record, options, look, now, approved):
        tags = instance["tags_before"]
        row = record.machines[instance["instance_id"]]
        keeps = _keeps_date(instance, options.tag_key, now)
        row["due_date"] = tags[options.tag_key] if keeps else date
        stops = options.stop_running and instance["status"] == "running"
        wanted = {} if keeps else {options.tag_key: date}
        if stops:
            stop.append(instance["instance_id"])
            wanted |= {} if tags.get(stopped_tag_key(options.tag_key)) else {stopped_tag_key(options.tag_key): "true"}
        row["action"] = "marked" if wanted or stops else "none"
        if wanted:
            groups.setdefault(tuple(sorted(wanted.items())), []).append(instance["instance_id"])
    return {"groups": [{"set": dict(key), "instance_ids": ids} for key, ids in groups.items()], "power": stop}


def plan_unmark(
    record: Record, options: Options, look: Mapping[str, Any], now: datetime, approved: Approval | None = None
) -> dict[str, Any]:
    """From the preview of `jdcloud_tag` to who loses its mark, and which of those that the mark stopped are to start again.

    Those lose the tag that says so last, after their start: a run that was killed before knows by it whom to start.
    """
    unmark, due, start = [], [], []
    for instance in _unhindered(record, options, look, now, approved):
        tags = instance["tags_before"]
        row = record.machines[instance["instance_id"]]
        marked = options.tag_key in tags or stopped_tag_key(options.tag_key) in tags
        row["action"] = "unmarked" if marked else "none"
        row["due_date"] = tags.get(options.tag_key)
        if options.start_again and stopped_tag_key(options.tag_key) in tags and instance["status"] == "stopped":
            start.append(instance["instance_id"])
            due += [instance["instance_id"]] if options.tag_key in tags else []
        elif marked:
            unmark.append(instance["instance_id"])
    first = {(options.tag_key, stopped_tag_key(options.tag_key)): unmark, (options.tag_key,): due}
    groups = [{"remove": [*keys], "instance_ids": ids} for keys, ids in first.items() if ids]
    return {"groups": groups, "power": start, "last": [stopped_tag_key(options.tag_key)] if start else []}


def planned_ids(record: Record) -> list[str]:
    """The machines whose tags or power the plan changes, each once."""
    tagged = (each for group in record.tag_plan["groups"] for each in group["instance_ids"])
    return list(dict.fromkeys([*tagged, *record.tag_plan["power"]]))


def hold_back(record: Record, options: Options, look: Mapping[str, Any]) -> dict[str, Any]:
    """The plan of the tags without machines that are not meant any more, or that a look right before does not show.

    No module checks lists of names and exclusions, and the user's own tasks may have waited for hours.
    """
    ingest(record, look)
    refuse_early_end(look)
    seen = {each["instance_id"]: each for each in look["instances"]}
    out = set()
    for instance_id in planned_ids(record):
        row, instance = record.machines[instance_id], seen.get(instance_id)
        why = "The service no longer returns it." if instance is None else not_meant(record, options, instance)
        if why:
            row.update(action="blocked", blockers=[{"code": "selector_mismatch", "message": why}])
            out.add(instance_id)
    groups = [
        {**group, "instance_ids": [each for each in group["instance_ids"] if each not in out]}
        for group in record.tag_plan["groups"]
    ]
    power = [each for each in record.tag_plan["power"] if each not in out]
    return {**record.tag_plan, "groups": [group for group in groups if group["instance_ids"]], "power": power}


def after_tags(record: Record, results: Sequence[Mapping[str, Any]], now: datetime) -> dict[str, Any]:
    """Take in which tags were written and read back. Returns the machines of which they were not."""
    count = hindered = 0
    for result in results:
        record.add_api_use(result.get("summary") or {})
        for instance in result.get("instances", ()):
            row = record.machines[instance["instance_id"]]
            row["changed"] = row["changed"] or bool(instance["changed"])
            if instance["action"] in ("failed", "blocked"):
                machine_entry.copy_problem(row, instance)
                hindered += 1
            else:
                count += 1
        if result.get("msg") and not result.get("instances"):
            record.problem = str(result["msg"])
    # Who was blocked before was left out, and no part of this phase.
    record.end_phase(record.kind, None, now, ok=not hindered and not record.problem, machines=count)
    return {"bad": _bad(record)}


def after_power(record: Record, result: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Take in what was stopped or started. Returns the machines of which that failed."""
    ingest(record, result)
    for instance in result.get("instances", ()):
        row = record.machines[instance["instance_id"]]
        row["changed"] = row["changed"] or bool(instance["changed"])
        row["status"] = instance["status"]
        row["power"] = instance["action"] if instance["action"] in ("stopped", "started") else None
        if instance["action"] in ("failed", "blocked"):
            machine_entry.copy_problem(row, instance)
    if result.get("msg") and not result.get("instances"):
        record.problem = str(result["msg"])
    record.end_phase("start" if record.kind == "unmark" else "stop", None, now, ok=not result.get("msg"), machines=_count(result))
    return {"bad": _bad(record)}


def _bad(record: Record) -> list[str]:
    # Without a result it is not known of any.
    return [each for each, row in record.machines.items() if record.problem or row["action"] in ("failed", "blocked")]


def _keeps_date(instance: Mapping[str, Any], key: str, now: datetime) -> bool:
    day = due_from(instance["tags_before"].get(key) or "")
    if day is None or key in (instance.get("repeated_tags") or {}):
        return False
    return instance["status"] == "stopped" or day > now.astimezone(BEIJING).date()


def _unhindered(
    record: Record, options: Options, look: Mapping[str, Any], now: datetime, approved: Approval | None
) -> list[Mapping[str, Any]]:
    """Take in the look, and give the machines that may be marked or unmarked; none if nothing at all may be changed."""
    ingest(record, look)
    refuse_early_end(look)
    record.machines = {each["instance_id"]: machine_entry.new_entry(each) for each in look["instances"]}
    unhindered = [each for each in look["instances"] if each["action"] not in ("blocked", "failed")]
    for instance in unhindered:
        record.machines[instance["instance_id"]]["action"] = "none"
    if _held_back(record, options, look, now):
        return []
    approve(record, options, [each["instance_id"] for each in unhindered], approved)
    record.end_phase("plan", None, now, ok=True, machines=_count(look))
    return unhindered


def _held_back(record: Record, options: Options, look: Mapping[str, Any], now: datetime) -> bool:
    failing = [each for each in look["instances"] if each["action"] == "failed"]
    blocked = [each for each in look["instances"] if each["action"] == "blocked"]
    if not failing and not (blocked and options.on_blocked == "fail"):
        return False
    record.problem = str(look.get("msg") or f"{len(blocked)} of {_count(look)} instances are blocked, so nothing was changed.")
    record.outcome = "blocked"
    record.end_phase("plan", None, now, ok=False, machines=_count(look))
    return True


def _count(result: Mapping[str, Any]) -> int:
    return len(result.get("instances", ()))
