# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of one wave, pure: `keep_look` and `kept_look`, `begin_wave`, `after_mark`, `after_backup`, `narrow_to_backup`,
`before_delete`, `after_delete`, `end_wave`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from ....module_utils._fleet.common.texts import shown
from ..input.choice import is_member
from ..input.decommission_variables import PREFIX, Options
from ..state import machine_entry
from ..state.ingest import (
    count_and_name,
    error_of,
    ingest,
    stop_campaign,
    with_campaign_variables,
    with_present_status,
    with_role_variables,
    with_time_outs,
)
from ..state.record import UNVERIFIED, Record, Wave, read_stamp, stamp
from .finish import owed

LOOK_MAX_AGE = 30.0
"""Up to this age in seconds the look of the plan serves the wave that follows it: a wave of some hundred machines lets its own
look grow as old. Each delete goes through the gate, with a look of its own (rule 6)."""
_LOOKED_AT = (
    *("instance_id", "name", "tags", "private_ip_address", "action", "status", "status_before"),
    *("disks", "elastic_ips"),
)


def keep_look(record: Record, options: Options, wave: Wave, look: Mapping[str, Any], at: datetime) -> None:
    """Keep what the plan saw of the machines of a wave, if that can serve as the look with which the wave begins.

    `at` is when the look began. All of the machines must be deletable, or the wave looks again. So it does if the user's tasks
    run first, since these may change the machines, and where no module checks the choice once more.
    """
    looks = bool(options.on_plan or options.before_wave) or chooses_itself(record, options)
    record.look = {}
    wanted = set(wave.instance_ids)
    rows = [
        {name: instance[name] for name in _LOOKED_AT}
        for instance in look["instances"]
        if instance["instance_id"] in wanted and instance["action"] == "deleted"
    ]
    if len(rows) == len(wanted) and not looks:
        record.look = {"at": stamp(at), "wave": wave.number, "instances": rows}


def kept_look(record: Record, number: int, now: datetime) -> dict[str, Any] | None:
    """What the plan saw of a wave, None if it is another wave, or too long ago. It serves once."""
    look, record.look = record.look, {}
    if not look or look["wave"] != number or not 0 <= (now - read_stamp(look["at"])).total_seconds() <= LOOK_MAX_AGE:
        return None
    return {"instances": look["instances"]}


def begin_wave(record: Record, options: Options, number: int, look: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Take in the fresh plan of a wave and write down its scope; nothing of it was touched before.

    Returns whether the wave has begun, whether to go on, the machines to go on with, and the disks and elastic IPs that are to be
    marked as the campaign's.
    """
    wave = record.wave(number)
    nothing = {"begun": False, "go": False, "instance_ids": [], "disk_ids": [], "elastic_ip_ids": []}
    if options.campaign_timeout and (now - read_stamp(record.runs[-1]["began"])).total_seconds() > options.campaign_timeout:
        text = f"The campaign ran for more than {options.campaign_timeout:g} s"
        stop_campaign(record, f"{text}, so wave {number} did not begin.")
        return nothing
    ingest(record, look)
    if not look.get("instances"):
        why = with_role_variables(str(look.get("msg") or "nothing was read"))
        stop_campaign(record, f"Wave {number} did not begin, because it could not be planned: {why}")
        return nothing
    look = _still_meant(record, options, with_present_status(look))
    wave.state, wave.began = "begun", wave.began or stamp(now)
    going, hindered = [], []
    accepted = machine_entry.accepted_deletes(record)
    for instance in look["instances"]:
        row = record.machines[instance["instance_id"]]
        if instance["action"] == "deleted":
            machine_entry.freeze_scope(row, instance, number)
            going.append(instance)
        else:
            machine_entry.apply_result(row, instance, accepted)
            row["wave"] = number
            if row["action"] in ("blocked", "failed"):
                hindered.append(row)
    if hindered and options.on_blocked == "fail":
        _put_back(record, wave, going)
        stop_campaign(record, f"Wave {number} did not begin, because {count_and_name(hindered)} can no longer be deleted.")
        return nothing
    disks, addresses = _to_mark(going)
    return {"begun": True, "go": bool(going), "instance_ids": _ids(going), "disk_ids": disks, "elastic_ip_ids": addresses}


def after_mark(record: Record, number: int, result: Mapping[str, Any], now: datetime, *, durable: bool) -> dict[str, Any]:
    """Take in how the disks and elastic IPs were marked. Without a folder the marks are all that lasts, and must be there."""
    record.add_api_use(result.get("summary") or {})
    marked = [*result.get("disks", ()), *result.get("elastic_ips", ())]
    bad = [each for each in marked if each["action"] == "failed"]
    message = result.get("msg")
    record.end_phase("record", number, now, ok=not message, machines=len(marked))
    if not message:
        return {"go": True}
    text = f"{len(bad)} disks or elastic IPs could not be marked" if bad else "The disks and elastic IPs could not be marked"
    if durable:
        record.add_note(f"{text} as resources of this campaign, so only this record lists them: {message}")
        return {"go": True}
    wave = record.wave(number)
    _put_back(record, wave, (record.machines[each] for each in wave.instance_ids))
    stop_campaign(
        record,
        f"Wave {number} did not begin, because its scope could not be recorded: {message} Set vm_decommission_report_dir, or "
        "grant the right to tag.",
    )
    return {"go": False}


def after_backup(record: Record, number: int, manifest: Mapping[str, Any], message: str, now: datetime) -> dict[str, Any]:
    """Take in the manifest of a wave. Returns the machines that may be deleted now."""
    entries = {entry["instance_id"]: entry for entry in manifest.get("machines") or ()}
    ready, bad = [], 0
    for row in _scoped(record, number):
        entry = entries.get(row["instance_id"])
        if entry is not None:
            found = entry.get("error")
            machine_entry.apply_backup(row, {**entry, "error": with_time_outs(found)} if found else entry)
        if entry is not None and entry.get("action") in ("created", "reused"):
            ready.append(row["instance_id"])
            continue
        bad += 1
        if row["action"] not in ("failed", "blocked"):
            machine_entry.set_failed(row, error_of("backup_failed", with_campaign_variables(message) or "It was not backed up."))
    record.end_phase("backup", number, now, ok=not bad and not message, machines=len(ready) + bad)
    return {"instance_ids": ready}


def narrow_to_backup(record: Record, options: Options, result: Mapping[str, Any], ids: Collection[str]) -> list[str]:
    """Let go what machines no longer have by the last look of `jdcloud_vm_backup`, after all its waits.

    Returns those of `ids` that it does not show in full.
    """
    entries = (result.get("manifest") or {}).get("machines") or ()
    wanted = set(ids)
    seen = [
        {
            "instance_id": entry["instance_id"],
            "status_before": entry["status"],
            "disks": entry["disks"],
            "elastic_ips": entry["specification"]["elastic_ips"],
        }
        for entry in entries
        if entry["instance_id"] in wanted and entry.get("disks") and "elastic_ips" in (entry.get("specification") or {})
    ]
    ingest(record, {**result, "instances": seen})
    _narrow(record, options, {"instances": seen})
    read = set(_ids(seen))
    return [each for each in ids if each not in read]


def before_delete(record: Record, options: Options, look: Mapping[str, Any], ids: Iterable[str]) -> dict[str, Any]:
    """Take in a last look at machines that were backed up: what is gone leaves the scope. Returns those that may still go.

    One that the look does not show is held back where nothing else would see that it is not meant any more.
    """
    ingest(record, look)
    _narrow(record, options, look)
    instances = {instance["instance_id"]: instance for instance in look.get("instances", ())}
    ready = []
    for instance_id in ids:
        row, instance = record.machines[instance_id], instances.get(instance_id)
        # What is gone has no name any more.
        why = "" if instance is None or instance["action"] == "none" else not_meant(record, options, instance)
        if why:
            row.update(action="blocked", blockers=[{"code": "selector_mismatch", "message": why}])
        elif instance is None and chooses_itself(record, options):
            text = with_role_variables(str(look.get("msg") or "the service did not return it"))
            machine_entry.set_failed(row, error_of("not_tried", f"It could not be read again after its backup: {text}"))
        elif instance is not None and instance["action"] in ("blocked", "failed") and chooses_itself(record, options):
            # Its name and tags may be what could not be read of it.
            machine_entry.copy_problem(row, instance)
        else:
            ready.append(instance_id)
    return {"instance_ids": ready}


def chooses_itself(record: Record, options: Options) -> bool:
    """Whether no module checks the choice once more before a delete, since it knows neither lists of names nor exclusions."""
    return bool(options.names or options.exclude or record.identity.get("listed"))


def after_delete(record: Record, options: Options, number: int, result: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Take in what was deleted. Returns the disks and elastic IPs that are to be released now."""
    ingest(record, result)
    _narrow(record, options, result)
    accepted = machine_entry.accepted_deletes(record)
    reported = {each["instance_id"] for each in result.get("instances", ())}
    for instance in result.get("instances", ()):
        machine_entry.apply_result(record.machines[instance["instance_id"]], instance, accepted)
    for row in _scoped(record, number):
        if row["instance_id"] not in reported and row["action"] not in ("failed", "blocked", "deleted", "none"):
            # A module that died says nothing of what it sent; the journal does.
            sent = row["instance_id"] in {**accepted.surely, **accepted.likely}
            row.update({"status": UNVERIFIED, "changed": True} if sent else {})
            message = result.get("msg") or "It was not tried."
            machine_entry.set_failed(row, error_of("unverified" if sent else "not_tried", message))
    ok = not result.get("msg") and not any(row["action"] in ("failed", "blocked") for row in _scoped(record, number))
    record.end_phase("delete", number, now, ok=ok, machines=len(reported))
    return owed(record, options)


def end_wave(record: Record, options: Options, number: int, now: datetime) -> dict[str, Any]:
    """Close a wave. Returns whether the next one may begin: not after too many failures, and not after that of a canary."""
    wave = record.wave(number)
    failed = _failed_machines(record, options)
    wave.ended = stamp(now)
    wave.state = "failed" if any(row["wave"] == number for row in failed) else "complete"
    later = {each for one in record.waves if one.number > number for each in one.instance_ids}
    more_to_do = not all(machine_entry.is_gone(record.machines[each]) for each in later)
    first = record.instance_ids[: record.canaries]
    canaries = [row for row in failed if row["instance_id"] in first]
    why = ""
    if len(failed) > options.max_failures:
        why = f"{count_and_name(failed)} failed and {PREFIX}max_failures is {options.max_failures}"
    elif canaries:
        why = f"{count_and_name(canaries)} of vm_decommission_canary failed"
    elif first and not any(each in later or machine_entry.is_gone(record.machines[each]) for each in first):
        # Those that were blocked by then have shown nothing of what would become of the others.
        named = count_and_name([record.machines[each] for each in first])
        why = f"{named} could not be deleted, and vm_decommission_canary has no other instances"
    if why and more_to_do:
        stop_campaign(record, f"The campaign was stopped after wave {number}, because {why}.")
    return {"go": not (why and more_to_do)}


def _still_meant(record: Record, options: Options, look: Mapping[str, Any]) -> dict[str, Any]:
    """A look in which machines are blocked that lost the name that chose them, or are excluded by now. No module checks that."""
    instances = []
    for instance in look["instances"]:
        why = not_meant(record, options, instance) if instance["action"] == "deleted" else ""
        reason = {"code": "selector_mismatch", "message": why}
        instances.append({**instance, "action": "blocked", "blockers": [reason]} if why else instance)
    return {**look, "instances": instances}


def not_meant(record: Record, options: Options, instance: Mapping[str, Any]) -> str:
    """Why a machine is none of those that were chosen any more; empty if it is one still."""
    if is_member(options.exclude, instance):
        return f"{PREFIX}exclude now excludes it."
    row, name = record.machines[instance["instance_id"]], instance.get("name")
    listed = record.identity.get("listed") or ()
    chosen_as = row.get("chosen_as", row["name"])
    by_name = chosen_as in listed and not {instance["instance_id"], instance.get("private_ip_address")} & {*listed}
    if (options.names and name not in options.names) or (by_name and name not in listed):
        return f"It was selected by its name, but its name is now {shown(str(name))}."
    return ""


def _narrow(record: Record, options: Options, result: Mapping[str, Any]) -> None:
    for instance in result.get("instances", ()):
        row = record.machines[instance["instance_id"]]
        kept = machine_entry.keep_what_stays(row, instance) if options.disks == "as_configured" else []
        if kept:
            record.add_note(
                f"{', '.join(kept)} of {instance['instance_id']} was set to outlive it after its wave began, and is kept."
            )
        if machine_entry.narrow_scope(row, instance):
            record.add_note(f"{instance['instance_id']} lost disks or elastic IPs after its wave began; these are not changed.")


def _put_back(record: Record, wave: Wave, going: Iterable[Mapping[str, Any]]) -> None:
    for instance in going:
        record.machines[instance["instance_id"]]["scope"] = None
    wave.state, wave.began = "planned", None


def _failed_machines(record: Record, options: Options) -> list[dict[str, Any]]:
    frozen = [record.machines[each] for each in record.instance_ids]
    return [row for row in frozen if row["action"] in options.failing_actions]


def _scoped(record: Record, number: int) -> list[dict[str, Any]]:
    """The machines of a wave whose scope was written down and that are not gone."""
    wave = record.wave(number)
    chosen = [record.machines[each] for each in wave.instance_ids]
    return [row for row in chosen if row["scope"] is not None and not machine_entry.is_gone(row)]


def _to_mark(going: Iterable[Mapping[str, Any]]) -> tuple[list[str], list[str]]:
    """What outlives its machine, or is to be released: it carries the campaign's name for whoever finds it."""
    disks, addresses = [], []
    for instance in going:
        disks += [disk["disk_id"] for disk in instance["disks"] if disk["disk_id"] and disk["fate"] == "kept"]
        addresses += [address["elastic_ip_id"] for address in instance["elastic_ips"]]
    return disks, addresses


def _ids(instances: Iterable[Mapping[str, Any]]) -> list[str]:
    return [instance["instance_id"] for instance in instances]
