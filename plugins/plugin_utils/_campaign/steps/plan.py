# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan of a whole campaign: what is blocked, what is frozen, and in which waves it goes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ....module_utils._api.errors import InputError
from ....module_utils._api.model.instance import TRANSITIONAL
from ..input.choice import is_member
from ..input.decommission_variables import Options
from ..input.waves import split_into_waves
from ..state import machine_entry
from ..state.digest import Approval, covered_options, difference, difference_text, likely_losses, losses_of
from ..state.ingest import count_and_name, ingest, not_found, refuse_early_end, with_present_status
from ..state.record import Record, Wave
from .order import open_waves


def freeze(record: Record, look: Mapping[str, Any]) -> dict[str, Any]:
    """Take in the first look at what is selected, or at what is left of a frozen campaign. Returns what may be backed up."""
    ingest(record, look)
    refuse_early_end(look)
    look = with_present_status(look)
    for instance in look["instances"]:
        row = record.machines.setdefault(instance["instance_id"], machine_entry.new_entry(instance))
        # A machine that failed in an earlier run is judged again.
        machine_entry.copy_problem(row, instance)
    missing = [each["instance_id"] for each in look["instances"] if each["status"] == "absent" and not_found(each)]
    if missing and len(missing) == len(look["instances"]) and not record.frozen:
        text = f"None of {len(missing)} ids exists in {record.region}"
        confirmed = record.account.get("pin") or record.account.get("account_id")
        wrong = "the region is wrong" if confirmed else "the region is wrong, or the keys are those of another account"
        record.add_note(f"{text}: they are already gone and this run has no record of them, or {wrong}.")
    return {"candidates": [each["instance_id"] for each in look["instances"] if each["action"] == "deleted"]}


def nothing_selected(record: Record, options: Options, look: Mapping[str, Any]) -> str:
    """Why a selection that means no machine is a failure; empty if it means one, or if that is no failure.

    What the campaign before, of the same selection, saw gone is no surprise.
    """
    missing = [each["instance_id"] for each in look["instances"] if each.get("status") == "absent" and not_found(each)]
    if options.empty_is_success or len(missing) < len(look["instances"]):
        return ""
    if record.repeats and set(missing) <= set(record.repeats):
        return ""
    why = f"None of {len(missing)} ids exists in {record.region}" if missing else f"No instance is selected in {record.region}"
    return (
        f"{why}, so nothing was done: check the selection, the region and the account, or set vm_decommission_empty_is_success "
        "to true if this is expected."
    )


def plan(
    record: Record,
    options: Options,
    look: Mapping[str, Any],
    backup: Mapping[str, Any],
    now: datetime,
    *,
    preview: bool,
    approved: Approval | None = None,
) -> dict[str, Any]:
    """Take in the plan of the whole campaign, freeze its list, and cut it into waves.

    `look` is what `jdcloud_vm` would do, with the backups that `backup`, the preview of `jdcloud_vm_backup`, would make.
    `approved` is the approved plan, where it is at hand. Returns whether to go on, and the machines of each wave.
    """
    ingest(record, look)
    record.add_api_use(backup.get("summary") or {})
    refuse_early_end(look)
    look = with_present_status(look)
    entries = _planned_backups(backup)
    for instance in look["instances"]:
        row = record.machines.setdefault(instance["instance_id"], machine_entry.new_entry(instance))
        _plan_row(row, instance, entries.get(instance["instance_id"]), record)
        if preview and row["action"] == "deleted" and instance["instance_id"] in entries:
            row["backups"] = machine_entry.predicted_backups(entries[instance["instance_id"]])
    _block_hanging(record, [each["instance_id"] for each in look["instances"]])
    if record.frozen:
        _agree(record, options, [record.machines[each["instance_id"]] for each in look["instances"]])
    else:
        _freeze(record, options, [each["instance_id"] for each in look["instances"]], approved)
    record.waves = _waves(record, options)
    problem = _plan_problem(record, options, look, backup)
    # A preview shows what would become of what the waves come to; nothing at all if the campaign would not begin.
    for wave in record.waves:
        if problem or wave.state == "not_started" or not preview:
            _unstart(record, wave.instance_ids)
    record.end_phase("plan", None, now, ok=not problem, machines=len(look["instances"]))
    if problem:
        record.problem, record.outcome = problem, "blocked"
    return {"go": not problem and bool(open_waves(record)), "waves": open_waves(record)}


def _plan_row(row: dict[str, Any], instance: Mapping[str, Any], entry: Mapping[str, Any] | None, record: Record) -> None:
    if machine_entry.is_gone(row) and row["action"] == "deleted":
        return
    if record.frozen and instance["status"] == "absent":
        machine_entry.set_gone(row, instance, machine_entry.accepted_deletes(record))
        return
    hindered = row["action"] in ("blocked", "failed")
    own = row["blockers"]
    # What it was when the campaign began stays in its row.
    names = ["scope", "wave", "changed", "instance_type", "accepted", "deleted_at", "deregistered"]
    names += ["status_before"] if record.frozen else []
    row.update({**machine_entry.new_entry(instance), **{name: row[name] for name in names if name in row}})
    if hindered:
        # Judged without a backup, since there will be none: that it runs, or has none, is not what hinders it.
        more = [each for each in row["blockers"] if each["code"] not in ("running", "backup_missing")]
        row["blockers"] = _distinct([*own, *more])
        row["action"] = "failed" if row["error"] else "blocked"
    if entry is None:
        return
    row["instance_type"] = (entry.get("specification") or {}).get("instance_type") or row["instance_type"]
    if entry["action"] in ("blocked", "failed"):
        # The backup knows why there would be none, and it is what would stop the machine.
        own = [blocker for blocker in row["blockers"] if blocker["code"] not in ("running", "backup_missing")]
        row["blockers"] = _distinct([*own, *entry["blockers"]]) or row["blockers"]
        row["action"] = "failed" if entry["action"] == "failed" else "blocked"
        row["error"] = entry.get("error")


def _block_hanging(record: Record, ids: Iterable[str]) -> None:
    """What hangs in a transitional state is blocked like any other: in this run nothing of it was touched.

    One of a frozen list is tried again by its wave, which fails if it hangs still.
    """
    for instance_id in ids:
        row = record.machines[instance_id]
        error = row["error"] or {}
        if row["action"] == "failed" and error.get("code") == "timeout" and row["status"] in TRANSITIONAL:
            reason = {"code": "transitional", "message": str(error["message"])}
            row.update(action="blocked", error=None, blockers=_distinct([*row["blockers"], reason]))


def _freeze(record: Record, options: Options, ids: Sequence[str], approved: Approval | None) -> None:
    chosen = [each for each in ids if record.machines[each]["action"] == "deleted"]
    canaries = [each for each in chosen if is_member(options.canary, record.machines[each])]
    record.instance_ids = canaries + [each for each in chosen if each not in set(canaries)]
    record.canaries = len(canaries)
    approve(record, options, record.instance_ids, approved)
    record.losses = record.approval["losses"]
    for each in record.instance_ids:
        # The name that chose it: that of its row is what it is called now.
        record.machines[each]["chosen_as"] = record.machines[each]["name"]
    record.frozen = True


def _agree(record: Record, options: Options, rows: Iterable[Mapping[str, Any]]) -> None:
    """Without an approval, whoever runs a campaign again agrees to what its plan shows."""
    if not options.digest:
        record.losses = {**record.losses, **{each: sorted(ids) for each, ids in losses_of(rows).items()}}


def approve(record: Record, options: Options, ids: Sequence[str], approved: Approval | None = None) -> None:
    """Note what stands for these machines and options. Raises `InputError` if something else was approved.

    `approved` is the approved plan, where it is at hand.
    """
    losses = losses_of(record.machines[each] for each in ids)
    now = Approval(record.kind, record.region or "", covered_options(options), tuple(ids), losses)
    record.digest, record.approval = now.digest, now.as_json()
    if options.digest and options.digest != record.digest:
        others = {each: likely_losses(row, now.options) for each, row in record.machines.items()}
        others = {**dict.fromkeys(options.instance_ids or (), frozenset()), **others}
        text = difference_text(difference(options.digest, now, others, approved), record.kind, record.machines)
        raise InputError(
            f"The plan now contains {len(ids)} instances with digest {record.digest} instead of the approved {options.digest}, "
            f"because {text}; nothing was changed: plan and approve again."
        )


def _unstart(record: Record, ids: Iterable[str]) -> None:
    for row in (record.machines[each] for each in ids):
        if row["action"] == "deleted" and not machine_entry.is_gone(row):
            machine_entry.set_not_started(row)


def _waves(record: Record, options: Options) -> list[Wave]:
    """The frozen list, cut again: a campaign that is resumed may have other sizes, never other machines."""
    old = {wave.number: wave for wave in record.waves}
    waves = []
    for number, ids in enumerate(split_into_waves(record.instance_ids, options.waves, record.canaries), 1):
        # What the waves ended before is a wave like any other once they go on.
        same = number in old and old[number].instance_ids == ids and old[number].state != "not_started"
        waves.append(old[number] if same else Wave(number, ids))
        for instance_id in ids:
            record.machines[instance_id]["wave"] = number
    taken = sum(len(wave.instance_ids) for wave in waves)
    left = record.instance_ids[taken:]
    if left:
        waves.append(Wave(len(waves) + 1, left, state="not_started"))
        record.add_note(
            f"The waves end before {len(left)} of {len(record.instance_ids)} instances: run again with a last wave of 100%."
        )
    return waves


def _planned_backups(backup: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The entries of the manifest that would be, by machine.

    Raises `InputError` if none could be planned: each machine would be blocked for a backup of which nothing is known.
    """
    entries = {entry["instance_id"]: entry for entry in (backup.get("manifest") or {}).get("machines", ())}
    refuse_early_end({**backup, "instances": entries})
    return entries


def _plan_problem(record: Record, options: Options, look: Mapping[str, Any], backup: Mapping[str, Any]) -> str:
    """Why the whole campaign must not begin; empty if it may."""
    seen = [record.machines[each["instance_id"]] for each in look["instances"]]
    failed = [row for row in seen if row["action"] == "failed"]
    blocked = [row for row in seen if row["action"] == "blocked"]
    if failed:
        return f"{count_and_name(failed)} could not be planned, so nothing was changed: remove the causes, then run again."
    if options.canary and record.instance_ids and not record.canaries:
        return "None of vm_decommission_canary can be deleted, so nothing was changed: use instances of the plan."
    if blocked and options.on_blocked == "fail":
        if all(_is_short(row) for row in blocked):
            return _shortfall(len(blocked), len(seen), backup.get("quota") or {})
        numbers = _quota_numbers(backup.get("quota") or {}) if any(_is_short(row) for row in blocked) else ""
        advice = "" if len(blocked) == len(seen) else ", or set vm_decommission_on_blocked to skip to continue with the others"
        changed = f"nothing was changed ({numbers})" if numbers else "nothing was changed"
        return f"{count_and_name(blocked)} cannot be deleted, so {changed}: {_way_out(blocked)}{advice}."
    return ""


def _way_out(blocked: Sequence[Mapping[str, Any]]) -> str:
    """What to do; where a variable takes the one cause away, that is said, too."""
    codes = [{blocker["code"] for blocker in row["blockers"]} for row in blocked]
    # No backup of what runs counts, so that it has none is no cause of its own.
    runs = all("running" in each and each <= {"running", "backup_missing"} for each in codes)
    return "stop the running instances first, or set vm_decommission_stop_running to true" if runs else "remove the causes"


def _is_short(row: Mapping[str, Any]) -> bool:
    return any(each["code"] == "quota_shortfall" for each in row["blockers"])


def _quota_numbers(quota: Mapping[str, Any]) -> str:
    """What the backups need and what there is, empty where that was not read."""
    parts = [
        f"{quota[kind]['needed']} {kind} needed, {quota[kind]['left']} left of {quota[kind]['limit']}"
        for kind in ("images", "snapshots")
        if quota.get(kind) and quota[kind]["needed"]
    ]
    return "; ".join(parts)


def _shortfall(short: int, machines: int, quota: Mapping[str, Any]) -> str:
    return (
        f"The quotas are too small for the backups of {short} of {machines} instances ({_quota_numbers(quota)}), so nothing "
        "was changed: have the quotas raised, delete backups that you no longer need, or set vm_decommission_on_blocked to "
        "skip to continue with the instances that fit."
    )


def _distinct(findings: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [dict(each) for each in dict.fromkeys((("code", one["code"]), ("message", one["message"])) for one in findings)]
