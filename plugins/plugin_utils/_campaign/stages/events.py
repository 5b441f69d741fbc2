# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the user's own tasks learn: one event for each hook, with the machines, what became of them, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ....module_utils._api.errors import InputError
from ..input.decommission_variables import PREFIX, Options
from ..output.progress import place_of
from ..output.table import ROWS
from ..output.text import LONGEST, cut
from ..report.groups import Group, groups_of
from ..state.ingest import count_machines, stop_campaign
from ..state.store import PAGE, REPORT, TABLE, Store
from .campaign import Campaign, Result
from .report import write_plan

SHOWN = ("instance_id", "name", "private_ip_address", "az", "instance_type", "tags", "wave", "status", "action", "due_date")
DOCUMENTS = {"report_path": PAGE, "report_json": REPORT, "machines_csv": TABLE}
WHEN = {
    "on_plan": "after the plan, so no wave began",
    "before_wave": "before wave {wave}, so this wave did not begin",
    "after_wave": "after wave {wave}, so no further wave began",
}


def check_hooks(options: Options) -> None:
    """Raise `InputError` for a hook whose file is not there: it may be what keeps a deletion back."""
    for name, path in options.hooks.items():
        if path and not Path(path).is_file():
            raise InputError(f"{PREFIX}{name}: the file {path} does not exist, so nothing was done: correct the path.")


def with_events(campaign: Campaign, stage: str, output: Result, number: int | None = None) -> Result:
    """The result of a stage, and the events for the hooks that are given."""
    hooks = campaign.options.hooks
    if stage == "plan":
        # What was shown says where all machines are, before the first of them is touched.
        names_file = bool(output["waves"]) and len(campaign.record.machines) > ROWS
        if hooks["on_plan"] or hooks["before_wave"] or names_file:
            write_plan(campaign)
        return {**output, "hooks": hooks, "steps": _steps(campaign, [each["number"] for each in output["waves"]])}
    if stage == "wave" and hooks["after_wave"] and output.get("begun") and number is not None:
        return {**output, "event": _wave_event(campaign, "after_wave", number)}
    if stage == "finish" and hooks["after_campaign"] and not campaign.preview:
        event = _event(campaign, "after_campaign", campaign.record.machines.values())
        return {**output, "event": {**event, "message": output["message"]}}
    return output


def _steps(campaign: Campaign, numbers: Sequence[int]) -> list[Result]:
    """What the role does after the plan, each with its file of tasks: the hooks that are given, the waves, and the end.

    Waves between which no hook stands are one step. The event of a hook that follows something is that of its result.
    """
    hooks, several = campaign.options.hooks, len(numbers) > 1
    steps = [_hook("on_plan", _plan_event(campaign))] if hooks["on_plan"] else []
    apart = hooks["before_wave"] or hooks["after_wave"]
    groups = [[number] for number in numbers] if apart else [[*numbers]] if numbers else []
    for group in [] if campaign.preview else groups:
        which = f"waves {group[0]} to {group[-1]}" if several and not apart else place_of(campaign.record, group[0])
        steps += [_hook("before_wave", _wave_event(campaign, "before_wave", group[0]))] if hooks["before_wave"] else []
        steps.append({"tasks": "wave.yml", "title": which, "waves": group})
        steps += [_hook("after_wave")] if hooks["after_wave"] else []
    steps.append({"tasks": "finish.yml", "title": "the end"})
    if hooks["after_campaign"] and not campaign.preview:
        # Its failure ends nothing any more.
        steps.append({**_hook("after_campaign"), "tasks": hooks["after_campaign"]})
    return steps


def _hook(name: str, event: Result | None = None) -> Result:
    return {"tasks": "hook.yml", "title": f"the user's tasks ({name})", "hook": name, **({"event": event} if event else {})}


def stop(campaign: Campaign, hook: str, number: int | None, task: str) -> Result:
    """End the campaign, since a hook failed. Nothing more is begun, and the report is still written.

    Only the name of the failed task is kept: its message may hold what its author hid.
    """
    if hook not in WHEN:
        raise InputError(f"{hook} is not a hook whose failure ends a campaign: use one of {', '.join(WHEN)}.")
    if not campaign.record.problem:
        where = WHEN[hook].format(wave=number)
        stop_campaign(campaign.record, f"The task '{cut(task, LONGEST)}' of {PREFIX}{hook} failed {where}.")
    return {"go": False, "lines": [campaign.record.problem]}


def _plan_event(campaign: Campaign) -> Result:
    record = campaign.record
    event = _event(campaign, "on_plan", record.machines.values())
    waves = f" in {len(record.waves)} waves" if len(record.waves) > 1 else ""
    plan = f"{count_machines(len(record.instance_ids))} to be deleted{waves}" if record.kind == "absent" else _counts(event)
    blocked = f", {event['counts']['blocked']} blocked" if record.kind == "absent" and event["counts"].get("blocked") else ""
    digest = f" Digest: {record.digest}." if record.digest else ""
    text = record.problem or f"{plan}{blocked}.{digest}"
    return {**event, "message": f"Plan of {record.campaign}: {text}"}


def _counts(event: Mapping[str, Any]) -> str:
    words = [f"{number} {action.replace('_', ' ')}" for action, number in sorted(event["counts"].items()) if action != "none"]
    return ", ".join(words) or "nothing to do"


def _wave_event(campaign: Campaign, name: str, number: int) -> Result:
    record = campaign.record
    # A mark has one wave, and no list of waves.
    ids = record.wave(number).instance_ids if record.waves else [*record.machines]
    rows = [record.machines[each] for each in ids]
    event = {**_event(campaign, name, rows), "wave": number, "waves": max(1, len(record.waves))}
    which = f"Wave {number} of {event['waves']} of {record.campaign}"
    begins = name == "before_wave"
    return {**event, "message": f"{which} begins: {count_machines(len(rows))}." if begins else f"{which}: {_counts(event)}."}


def _event(campaign: Campaign, name: str, machines: Iterable[Mapping[str, Any]]) -> Result:
    record, rows = campaign.record, list(machines)
    return {
        "hook": name,
        "campaign": record.campaign,
        "kind": record.kind,
        "region": record.region,
        "digest": record.digest,
        "check_mode": campaign.preview,
        "outcome": record.outcome,
        "problem": record.problem,
        "machines": [_machine(row) for row in rows],
        "counts": dict(Counter(row["action"] for row in rows)),
        "failures": [_failure(group, campaign.options.language) for group in groups_of(rows, ("error", "blocker"))],
        "message": "",
        **{name: _path(campaign, file) for name, file in DOCUMENTS.items()},
    }


def _path(campaign: Campaign, name: str) -> str:
    """Where a document is; empty where nothing lasts."""
    if not campaign.options.report_dir:
        return ""
    store = Store(campaign.options.report_dir)
    return str((store.plan if campaign.preview else store).path(name))


def _machine(row: Mapping[str, Any]) -> Result:
    addresses = [each["address"] for each in row["elastic_ips"]]
    error = row["error"] or {}
    return {
        **{name: row.get(name) for name in SHOWN},
        "elastic_ips": addresses,
        "blockers": [each["code"] for each in row["blockers"]],
        "error": error.get("code"),
    }


def _failure(group: Group, language: str) -> Result:
    example = group.machines[0]
    return {
        "count": len(group.machines),
        "kind": group.kind,
        "code": group.code,
        "call": group.where,
        "title": group.title.said(language),
        "message": group.message,
        "next_step": group.next_step.said(language),
        "example": {"instance_id": example["instance_id"], "name": example["name"]},
        "instance_ids": [each["instance_id"] for each in group.machines],
    }
