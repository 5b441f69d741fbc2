# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of a campaign: what each phase's result means for the record, and what is to be done next. Pure.

The role calls them in this order: `freeze`, `plan`, then for each wave `begin_wave`, `after_mark`, `after_backup`,
`after_delete`, `after_release` and `end_wave`, at the end `to_verify`, `verify` and `finish`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from .._api.errors import InputError
from . import rows
from .options import Options
from .record import Record, Wave, check_region, digest_of, read_stamp, stamp
from .waves import slices

Json = dict[str, Any]

SHOWN = 5
"""How many machines a message names before it says "and N more"."""


def freeze(record: Record, options: Options, look: Mapping[str, Any], now: datetime) -> Json:
    """Take in the first look at what is selected, or at what is left of a frozen campaign. Returns what may be backed up."""
    take_in(record, look)
    refuse_early_end(look)
    look = as_it_is(look)
    for instance in look["instances"]:
        row = record.machines.setdefault(instance["instance_id"], rows.new_row(instance))
        # A machine that failed in an earlier run is judged anew.
        row.update(action=instance["action"], error=instance["error"], blockers=instance["blockers"])
    missing = [each["instance_id"] for each in look["instances"] if each["status"] == "absent" and _not_found(each)]
    if missing and len(missing) == len(look["instances"]) and not record.frozen:
        record.note(f"None of {len(missing)} ids exists in {record.region}: check the ids and the region.")
    return {"candidates": [each["instance_id"] for each in look["instances"] if each["action"] == "deleted"]}


def plan(
    record: Record, options: Options, look: Mapping[str, Any], backup: Mapping[str, Any], now: datetime, *, preview: bool
) -> Json:
    """Take in the plan of the whole campaign, freeze its list, and cut it into waves.

    `look` is what `jdcloud_vm` would do, with the backups that `backup`, the preview of `jdcloud_vm_backup`, would make.
    Returns whether to go on, and the machines of each wave.
    """
    take_in(record, look)
    record.add_api_use(backup.get("summary") or {})
    refuse_early_end(look)
    look = as_it_is(look)
    entries = {entry["instance_id"]: entry for entry in (backup.get("manifest") or {}).get("machines", ())}
    for instance in look["instances"]:
        row = record.machines.setdefault(instance["instance_id"], rows.new_row(instance))
        _plan_row(row, instance, entries.get(instance["instance_id"]), record)
    if not record.frozen:
        _freeze(record, options, [each["instance_id"] for each in look["instances"]])
    record.waves = _waves(record, options, preview=preview)
    problem = _plan_problem(record, options, look, backup)
    record.phase("plan", None, now, ok=not problem, machines=len(look["instances"]))
    if problem:
        record.problem, record.outcome = problem, "blocked"
    return {"go": not problem and bool(_open_waves(record)), "waves": _open_waves(record)}


def begin_wave(record: Record, options: Options, number: int, look: Mapping[str, Any], now: datetime) -> Json:
    """Take in the fresh plan of a wave and write down its scope; nothing of it was touched before.

    Returns whether to go on, the machines to go on with, and the disks and elastic IPs that are to be marked as the campaign's.
    """
    wave = record.wave(number)
    nothing = {"go": False, "instance_ids": [], "disk_ids": [], "elastic_ip_ids": []}
    if options.campaign_timeout and (now - read_stamp(record.runs[-1]["began"])).total_seconds() > options.campaign_timeout:
        _stop(record, f"The campaign ran for more than {options.campaign_timeout:g} s, so wave {number} was not begun.")
        return nothing
    take_in(record, look)
    if not look.get("instances"):
        _stop(record, f"Wave {number} was not begun, since it could not be planned: {look.get('msg') or 'nothing was read'}")
        return nothing
    look = as_it_is(look)
    wave.state, wave.began = "begun", wave.began or stamp(now)
    going, hindered = [], []
    accepted = record_accepted(record)
    for instance in look["instances"]:
        row = record.machines[instance["instance_id"]]
        if instance["action"] == "deleted":
            rows.freeze_scope(row, instance, number)
            going.append(instance)
        else:
            rows.ended(row, instance, accepted)
            row["wave"] = number
            if row["action"] in ("blocked", "failed"):
                hindered.append(row)
    if hindered and options.on_blocked == "fail":
        _put_back(record, wave, going)
        _stop(record, f"Wave {number} was not begun, since {_some(hindered)} cannot be deleted any more.")
        return nothing
    disks, addresses = _to_mark(going)
    return {"go": bool(going), "instance_ids": _ids(going), "disk_ids": disks, "elastic_ip_ids": addresses}


def after_mark(record: Record, number: int, result: Mapping[str, Any], now: datetime, *, durable: bool) -> Json:
    """Take in how the disks and elastic IPs were marked. Without a folder the marks are all that lasts, and must be there."""
    record.add_api_use(result.get("summary") or {})
    marked = [*result.get("disks", ()), *result.get("elastic_ips", ())]
    bad = [each for each in marked if each["action"] == "failed"]
    message = result.get("msg")
    record.phase("record", number, now, ok=not message, machines=len(marked))
    if not message:
        return {"go": True}
    told = f"{len(bad)} disks or elastic IPs could not be marked" if bad else "The disks and elastic IPs could not be marked"
    if durable:
        record.note(f"{told} as this campaign's, so only this record knows them: {message}")
        return {"go": True}
    for instance_id in record.wave(number).instance_ids:
        record.machines[instance_id]["scope"] = None
    _stop(
        record,
        f"Wave {number} was not begun, since its scope could not be written down: {message} Set vm_decommission_report_dir, or "
        "grant the right to tag.",
    )
    return {"go": False}


def after_backup(record: Record, number: int, manifest: Mapping[str, Any], message: str, now: datetime) -> Json:
    """Take in the manifest of a wave. Returns the machines that may be deleted now."""
    entries = {entry["instance_id"]: entry for entry in manifest.get("machines") or ()}
    ready, bad = [], 0
    for row in _scoped(record, number):
        entry = entries.get(row["instance_id"])
        if entry is not None:
            rows.backed_up(row, entry)
        if entry is not None and entry.get("action") in ("created", "reused"):
            ready.append(row["instance_id"])
            continue
        bad += 1
        if row["action"] not in ("failed", "blocked"):
            rows.failed(row, _error("backup_failed", message or "It was not backed up."))
    record.phase("backup", number, now, ok=not bad and not message, machines=len(ready) + bad)
    return {"instance_ids": ready}


def after_delete(record: Record, number: int, result: Mapping[str, Any], now: datetime) -> Json:
    """Take in what was deleted. Returns the leftovers that are this wave's to release."""
    take_in(record, result)
    accepted = record_accepted(record)
    told = {each["instance_id"] for each in result.get("instances", ())}
    for instance in result.get("instances", ()):
        rows.ended(record.machines[instance["instance_id"]], instance, accepted)
    for row in _scoped(record, number):
        if row["instance_id"] not in told and row["action"] not in ("failed", "blocked", "deleted", "none"):
            rows.failed(row, _error("not_tried", result.get("msg") or "It was not tried."))
    ok = not result.get("msg") and not any(row["action"] in ("failed", "blocked") for row in _scoped(record, number))
    record.phase("delete", number, now, ok=ok, machines=len(told))
    return owed(record)


def owed(record: Record) -> Json:
    """The disks and elastic IPs that are to be released and were not yet; of all waves, also of a run that was killed."""
    return {
        "elastic_ip_ids": rows.owed_addresses(record.machines.values()),
        "disk_ids": rows.owed_disks(record.machines.values()),
    }


def after_release(record: Record, number: int | None, results: Sequence[Mapping[str, Any]], now: datetime) -> Json:
    """Take in what became of leftovers."""
    bad = [result["msg"] for result in results if result.get("msg")]
    count = sum(_settle(record, result) for result in results)
    for message in bad:
        record.note(f"Leftovers are still there: {message}")
    record.phase("release", number, now, ok=not bad, machines=count)
    return {}


def end_wave(record: Record, options: Options, number: int, now: datetime) -> Json:
    """Close a wave. Returns whether the next one may begin."""
    wave = record.wave(number)
    hindered = _hindered(record, options)
    wave.ended = stamp(now)
    wave.state = "failed" if any(row["wave"] == number for row in hindered) else "complete"
    later = [each for each in record.waves if each.number > number and any(not _over(record, one) for one in each.instance_ids)]
    if len(hindered) > options.max_failures and later:
        _stop(
            record,
            f"The campaign was stopped after wave {number}, since {_some(hindered)} failed and {options.max_failures} may.",
        )
        return {"go": False}
    return {"go": True}


def to_verify(record: Record) -> Json:
    """The disks and elastic IPs of deleted machines that may be there still."""
    machines = record.machines.values()
    return {
        "disk_ids": rows.remaining_ids(machines, "disks", "disk_id"),
        "elastic_ip_ids": rows.remaining_ids(machines, "elastic_ips", "elastic_ip_id"),
    }


def verify(record: Record, results: Sequence[Mapping[str, Any]], now: datetime) -> Json:
    """Take in a last read of what may be left."""
    unread = [result["msg"] for result in results if result.get("msg") and not (result.get("disks") or result.get("elastic_ips"))]
    count = sum(_settle(record, result, preview=True) for result in results)
    for message in unread:
        record.note(f"What is left could not be read once more: {message}")
    record.phase("verify", None, now, ok=not unread, machines=count)
    return {}


def finish(record: Record, now: datetime, *, preview: bool) -> Json:
    """Judge the run. Returns its outcome, one sentence about it, and whether the task fails."""
    machines = list(record.machines.values())
    failed = [row for row in machines if row["action"] == "failed"]
    unstarted = [row for row in machines if row["action"] == "not_started"]
    left = owed(record)
    count = len(left["disk_ids"]) + len(left["elastic_ip_ids"])
    sentences = [record.problem] if record.problem else []
    if failed and record.outcome != "blocked":
        sentences.append(f"{_some(failed)} failed.".replace(", failed", " failed"))
    if count:
        sentences.append(f"{count} disks or elastic IPs that were to go with their machines are still there.")
    if unstarted and record.problem:
        sentences.append(f"{len(unstarted)} machines were not started.")
    if record.outcome not in ("blocked", "stopped"):
        record.outcome = _outcome(record, preview=preview, bad=bool(sentences), unstarted=bool(unstarted))
    # What was refused before it began needs no end; what began is open until all of it is done.
    done = not failed and not unstarted and not count
    # What is due and still marked is found again by its mark: only a run that was broken off is gone on with there.
    by_mark = bool(record.wishes.get("due_only"))
    record.open = record.frozen and not done and not by_mark and any(row["scope"] for row in machines)
    record.runs[-1].update(ended=stamp(now), outcome=record.outcome)
    message = " ".join(sentences) or _success(record, machines, preview=preview)
    return {"outcome": record.outcome, "message": message, "failed": bool(sentences)}


def _outcome(record: Record, *, preview: bool, bad: bool, unstarted: bool) -> str:
    if bad:
        return "failed"
    if preview and any(row["action"] == "deleted" for row in record.machines.values()):
        return "planned"
    if unstarted:
        return "unfinished"
    return "complete" if any(row["changed"] for row in record.machines.values()) else "nothing_to_do"


def _success(record: Record, machines: Sequence[Mapping[str, Any]], *, preview: bool) -> str:
    deleted = sum(row["action"] == "deleted" for row in machines)
    blocked = sum(row["action"] == "blocked" for row in machines)
    unstarted = sum(row["action"] == "not_started" for row in machines)
    told = f"{deleted} of {len(machines)} machines {'would be' if preview else 'are'} deleted"
    told += f", {blocked} are blocked" if blocked else ""
    told += f", {unstarted} wait for a later run" if unstarted else ""
    return f"{told}." if machines else "Nothing is selected, so there is nothing to do."


def record_accepted(record: Record) -> rows.Accepted:
    """When deletes were accepted, as the journal told when it was read last."""
    return rows.Accepted(**record.accepted)


def take_in(record: Record, result: Mapping[str, Any]) -> None:
    """Where an answer came from, and what it cost."""
    account = result.get("account") or {}
    check_region(record, account.get("region"))
    if account.get("region"):
        record.region, record.account = account["region"], dict(account)
    record.add_api_use(result.get("summary") or {})


def as_it_is(look: Mapping[str, Any]) -> Json:
    """A preview with the statuses that the machines have, not those that they would have."""
    instances = [
        each if each["action"] in ("none", "blocked", "failed") else {**each, "status": each["status_before"]}
        for each in look["instances"]
    ]
    return {**look, "instances": instances}


def refuse_early_end(look: Mapping[str, Any]) -> None:
    """A look that saw nothing and has a message did not come to the machines: wrong keys, a cap, no network."""
    if look.get("msg") and not look.get("instances"):
        raise InputError(str(look["msg"]))


def _plan_row(row: Json, instance: Mapping[str, Any], entry: Mapping[str, Any] | None, record: Record) -> None:
    if rows.over(row) and row["action"] == "deleted":
        return
    if record.frozen and instance["status"] == "absent":
        rows.gone(row, instance, record_accepted(record))
        return
    hindered = row["action"] in ("blocked", "failed")
    own = row["blockers"]
    # What it was when the campaign began stays told.
    names = (
        "scope",
        "wave",
        "changed",
        "instance_type",
        "accepted",
        "deleted_at",
        *(("status_before",) if record.frozen else ()),
    )
    row.update({**rows.new_row(instance), **{name: row[name] for name in names}})
    if hindered:
        # Judged without a backup, since there will be none: that it runs, or has none, is not what hinders it.
        more = [each for each in row["blockers"] if each["code"] not in ("running", "backup_missing")]
        row["blockers"] = _distinct([*own, *more])
        row["action"] = "failed" if row["error"] else "blocked"
    if entry is None:
        return
    row["instance_type"] = (entry.get("specification") or {}).get("instance_type") or row["instance_type"]
    if entry["action"] in ("blocked", "failed"):
        # The backup knows why there would be none.
        own = [blocker for blocker in row["blockers"] if blocker["code"] != "backup_missing"]
        row["blockers"] = _distinct([*own, *entry["blockers"]]) or row["blockers"]
        row["action"] = "failed" if entry["action"] == "failed" else "blocked"
        row["error"] = entry.get("error")


def _freeze(record: Record, options: Options, ids: Sequence[str]) -> None:
    record.instance_ids = [each for each in ids if record.machines[each]["action"] == "deleted"]
    record.digest = digest_of(record.region or "", record.instance_ids)
    if options.digest and options.digest != record.digest:
        raise InputError(
            f"The plan now holds {len(record.instance_ids)} machines with digest {record.digest}, not what was approved "
            f"({options.digest}), so nothing was changed: plan and approve again."
        )
    record.frozen = True


def _waves(record: Record, options: Options, *, preview: bool) -> list[Wave]:
    """The frozen list, cut anew: a campaign that is resumed may have other sizes, never other machines."""
    old = {wave.number: wave for wave in record.waves}
    waves = []
    for number, ids in enumerate(slices(record.instance_ids, options.waves), 1):
        same = number in old and old[number].instance_ids == ids
        waves.append(old[number] if same else Wave(number, ids))
        for instance_id in ids:
            record.machines[instance_id]["wave"] = number
    left = record.instance_ids[sum(len(wave.instance_ids) for wave in waves) :]
    if left:
        waves.append(Wave(len(waves) + 1, left, state="not_started"))
        record.note(
            f"The waves end before {len(left)} of {len(record.instance_ids)} machines: run again with a last wave of 100%."
        )
    for instance_id in record.instance_ids:
        row = record.machines[instance_id]
        if not preview and row["action"] == "deleted" and not rows.over(row):
            rows.unstarted(row)
    return waves


def _open_waves(record: Record) -> list[Json]:
    """The waves in which something is left to do."""
    waves = []
    for wave in record.waves:
        ids = [instance_id for instance_id in wave.instance_ids if not _over(record, instance_id)]
        if ids and wave.state != "not_started":
            waves.append({"number": wave.number, "instance_ids": ids})
    return waves


def _plan_problem(record: Record, options: Options, look: Mapping[str, Any], backup: Mapping[str, Any]) -> str:
    """Why the whole campaign must not begin; empty if it may."""
    seen = [record.machines[each["instance_id"]] for each in look["instances"]]
    failed = [row for row in seen if row["action"] == "failed"]
    blocked = [row for row in seen if row["action"] == "blocked"]
    if failed:
        return f"{_some(failed)} could not be planned, so nothing at all was changed: remove the causes, then run again."
    if blocked and options.on_blocked == "fail":
        if all(any(each["code"] == "quota_shortfall" for each in row["blockers"]) for row in blocked):
            return _shortfall(len(blocked), len(seen), backup.get("quota") or {})
        advice = "" if len(blocked) == len(seen) else ", or set vm_decommission_on_blocked to skip to go on with the others"
        return f"{_some(blocked)} cannot be deleted, so nothing at all was changed: remove the causes{advice}."
    return ""


def _shortfall(short: int, machines: int, quota: Mapping[str, Any]) -> str:
    numbers = [
        f"{quota[kind]['needed']} {kind} needed, {quota[kind]['left']} left of {quota[kind]['limit']}"
        for kind in ("images", "snapshots")
        if quota.get(kind) and quota[kind]["needed"]
    ]
    return (
        f"The quotas have no room for the backups of {short} of {machines} machines ({'; '.join(numbers)}), so nothing at all was "
        "changed: have the quotas raised, remove what is no longer needed, or set vm_decommission_on_blocked to skip to do the part "
        "that fits."
    )


def _stop(record: Record, sentence: str) -> None:
    """End the campaign before its next machine. What was not started stays untouched."""
    record.problem = sentence
    record.outcome = "stopped"


def _put_back(record: Record, wave: Wave, going: Iterable[Mapping[str, Any]]) -> None:
    for instance in going:
        record.machines[instance["instance_id"]]["scope"] = None
    wave.state, wave.began = "planned", None


def _hindered(record: Record, options: Options) -> list[Json]:
    bad = ("failed", "blocked") if options.on_blocked == "fail" else ("failed",)
    return [record.machines[each] for each in record.instance_ids if record.machines[each]["action"] in bad]


def _scoped(record: Record, number: int) -> list[Json]:
    """The machines of a wave whose scope was written down and that are not gone."""
    wave = record.wave(number)
    chosen = [record.machines[each] for each in wave.instance_ids]
    return [row for row in chosen if row["scope"] is not None and not rows.over(row)]


def _to_mark(going: Iterable[Mapping[str, Any]]) -> tuple[list[str], list[str]]:
    """What outlives its machine, or is to be released: it carries the campaign's name for whoever finds it."""
    disks, addresses = [], []
    for instance in going:
        disks += [disk["disk_id"] for disk in instance["disks"] if disk["disk_id"] and disk["fate"] == "kept"]
        addresses += [address["elastic_ip_id"] for address in instance["elastic_ips"]]
    return disks, addresses


def _settle(record: Record, result: Mapping[str, Any], *, preview: bool = False) -> int:
    """Take in the rows of `jdcloud_disk` or `jdcloud_elastic_ip`; in a preview, what would be done was not done."""
    record.add_api_use(result.get("summary") or {})
    count = 0
    for kind, key in (("disks", "disk_id"), ("elastic_ips", "elastic_ip_id")):
        found = {}
        for each in result.get(kind) or ():
            status = each["status_before"] if preview else each["status"]
            found[each[key]] = {"gone": status in ("absent", "in-recyclebin")}
        for row in record.machines.values():
            rows.settle_fates(row, kind, key, found)
            rows.mend(row)
        count += len(found)
    return count


def _over(record: Record, instance_id: str) -> bool:
    return rows.over(record.machines[instance_id])


def _not_found(instance: Mapping[str, Any]) -> bool:
    return any(warning["code"] == "not_found" for warning in instance.get("warnings", ()))


def _ids(instances: Iterable[Mapping[str, Any]]) -> list[str]:
    return [instance["instance_id"] for instance in instances]


def _error(code: str, message: str) -> Json:
    return {"code": code, "operation": None, "http": None, "status": None, "message": message, "request_id": None}


def _distinct(remarks: Iterable[Json]) -> list[Json]:
    return [dict(each) for each in dict.fromkeys((("code", one["code"]), ("message", one["message"])) for one in remarks)]


def _some(found: Sequence[Mapping[str, Any]]) -> str:
    """How many machines, and the first of them with their reasons."""
    named = []
    for row in found[:SHOWN]:
        told = row["error"]["code"] if row["action"] == "failed" and row["error"] else ""
        reasons = [told] if told else list(dict.fromkeys(blocker["code"] for blocker in row["blockers"]))
        named.append(f"{row['instance_id']} ({', '.join(reasons)})" if reasons else row["instance_id"])
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    machines = "1 machine" if len(found) == 1 else f"{len(found)} machines"
    return f"{machines}, {', '.join(named)}{more},"
