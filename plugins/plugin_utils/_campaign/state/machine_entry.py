# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is known of each machine of a campaign: plain dicts with the keys of the report, and `scope`. Pure.

`scope` is what the machine had, and what was planned for it, when its wave began: nothing but these disks and addresses is ever
released in its name, and only if the delete that this campaign sent for it was accepted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .record import UNVERIFIED, Record

ID_KEYS = {"disks": "disk_id", "elastic_ips": "elastic_ip_id"}
"""What belongs to a machine, and the key of its id."""
REMOVED_FATES = {"disks": "deleted", "elastic_ips": "released"}
COPIED = ("name", "status", "blockers", "warnings", "error", "disks", "elastic_ips", "backups", "load_balancer_targets")


@dataclass(frozen=True, slots=True)
class AcceptedDeletes:
    """When deletes of machines were accepted, by id: `surely` by a response, `likely` where the last response was lost.

    A delete whose response was lost counts if the machine is gone (rule 11).
    """

    surely: Mapping[str, str] = field(default_factory=dict)
    likely: Mapping[str, str] = field(default_factory=dict)

    def at(self, row: Mapping[str, Any]) -> str | None:
        """When the delete of a machine was accepted, None if it was not."""
        instance_id = row["instance_id"]
        return self.surely.get(instance_id) or (self.likely.get(instance_id) if is_gone(row) else None)


def accepted_deletes(record: Record) -> AcceptedDeletes:
    """The accepted deletes of a campaign, as far as its journal was read."""
    return AcceptedDeletes(**record.accepted)


def new_entry(instance: Mapping[str, Any]) -> dict[str, Any]:
    """A machine as `jdcloud_vm` or `jdcloud_tag` shows it, with nothing done to it yet."""
    return {
        "instance_id": instance["instance_id"],
        "name": instance.get("name"),
        "az": instance.get("az"),
        "instance_type": instance.get("instance_type"),
        "private_ip_address": instance.get("private_ip_address"),
        # Those of `jdcloud_tag` are what its run makes of them.
        "tags": dict(instance.get("tags_before", instance.get("tags")) or {}),
        "wave": None,
        "status_before": instance.get("status_before", instance.get("status")),
        "status": instance.get("status"),
        "action": instance.get("action", "none"),
        "changed": False,
        "accepted": False,
        "due_date": None,
        "blockers": list(instance.get("blockers", ())),
        "warnings": list(instance.get("warnings", ())),
        "error": instance.get("error"),
        "disks": list(instance.get("disks", ())),
        "elastic_ips": list(instance.get("elastic_ips", ())),
        "backups": list(instance.get("backups", ())),
        "dns_records": list(instance.get("dns_records", ())),
        "load_balancer_targets": _without_fates(instance.get("load_balancer_targets", ())),
        "deregistered": False,
        "deleted_at": None,
        "scope": None,
    }


def set_not_started(row: dict[str, Any]) -> None:
    """Of a machine that may go, nothing has been done yet; what is planned for its disks is not what became of them."""
    row["action"] = "not_started"
    row["disks"] = _without_fates(row["disks"])
    row["elastic_ips"] = _without_fates(row["elastic_ips"])


def freeze_scope(row: dict[str, Any], instance: Mapping[str, Any], wave: int) -> None:
    """Keep what the machine has now, and what is planned for it."""
    row["wave"] = wave
    row["scope"] = {"disks": list(instance["disks"]), "elastic_ips": list(instance["elastic_ips"])}


def narrow_scope(row: dict[str, Any], instance: Mapping[str, Any]) -> bool:
    """Take out of the scope what the machine no longer has, and say whether there was any.

    A user may have taken a disk or an address away to keep it, while the machine was stopped or backed up.
    """
    # Of a machine that goes already the service may or may not show the parts; then what was written down before counts.
    if row["scope"] is None or not instance["disks"] or instance.get("status_before") in ("absent", "deleting"):
        return False
    narrowed = False
    for kind, key in ID_KEYS.items():
        had = row["scope"][kind]
        there = {each.get(key) for each in instance[kind]}
        row["scope"][kind] = [each for each in had if not each.get(key) or each[key] in there]
        narrowed = narrowed or len(row["scope"][kind]) < len(had)
    return narrowed


def keep_what_stays(row: dict[str, Any], instance: Mapping[str, Any]) -> list[str]:
    """Plan to keep the disks that say by now that they outlive their machine, and were to go with it. Returns their ids.

    That is how a user keeps a disk where the disks themselves say what becomes of them.
    """
    if row["scope"] is None or instance.get("status_before") in ("absent", "deleting"):
        return []
    stays = {disk.get("disk_id") for disk in instance["disks"] if disk.get("auto_delete") is False}
    kept = [disk["disk_id"] for disk in _planned(row, "disks", "deleted") if disk["disk_id"] and disk["disk_id"] in stays]
    row["scope"]["disks"] = [{**disk, "fate": "kept"} if disk["disk_id"] in kept else disk for disk in row["scope"]["disks"]]
    return kept


def set_blocked(row: dict[str, Any], instance: Mapping[str, Any]) -> None:
    """It may not go after all. What was done before, a stop for example, stays in its row."""
    _copy(row, instance)
    row["action"] = "blocked"


def set_failed(row: dict[str, Any], error: Mapping[str, Any]) -> None:
    """It failed before its delete was asked for."""
    row["action"] = "failed"
    row["error"] = dict(error)


def copy_problem(row: dict[str, Any], instance: Mapping[str, Any]) -> None:
    """Take over that it failed or is blocked, and why."""
    row.update(action=instance["action"], error=instance["error"], blockers=instance["blockers"])


def apply_backup(row: dict[str, Any], entry: Mapping[str, Any]) -> None:
    """Take over the entry of the machine in a manifest."""
    doubtful = entry.get("status") == UNVERIFIED
    row["changed"] = row["changed"] or bool(entry.get("stopped_by_us")) or entry.get("action") == "created" or doubtful
    row["status"] = entry.get("status") or row["status"]
    row["instance_type"] = (entry.get("specification") or {}).get("instance_type") or row["instance_type"]
    row["backups"] = _backups(entry) or row["backups"]
    row["load_balancer_targets"] = list(entry.get("load_balancer_targets") or row.get("load_balancer_targets", ()))
    _note_targets(row, entry)
    row["unproven"] = [*row.get("unproven", ()), *_unproven(entry)]
    if entry.get("action") == "failed" and entry.get("error"):
        set_failed(row, entry["error"])
    elif entry.get("action") == "blocked":
        row["action"], row["blockers"] = "blocked", list(entry.get("blockers", ()))
    elif entry.get("stopped_by_us"):
        row["action"] = "stopped"


def apply_result(row: dict[str, Any], instance: Mapping[str, Any], accepted: AcceptedDeletes) -> None:
    """What `jdcloud_vm` made of it."""
    changed = row["changed"] or bool(instance.get("changed"))
    action = instance["action"]
    _note_targets(row, instance)
    if instance["status"] == "absent" and action in ("none", "deleted"):
        set_gone(row, instance, accepted)
    elif action == "blocked":
        set_blocked(row, instance)
    elif action != "none":
        _copy(row, instance)
        row["action"] = action
    row["changed"] = changed or row["action"] == "deleted"
    note_accepted(row, accepted)


def _note_targets(row: dict[str, Any], result: Mapping[str, Any]) -> None:
    """Remember that targets of the machine were taken away, or may have been, and not put back: no later read shows that."""
    fates = {each["fate"] for each in result.get("load_balancer_targets") or ()}
    if fates & {"deregistered", "registered", "unverified"}:
        row["deregistered"] = bool(fates & {"deregistered", "unverified"})


def set_gone(row: dict[str, Any], instance: Mapping[str, Any], accepted: AcceptedDeletes) -> None:
    """It does not exist any more. We deleted it if the journal or the module says so; otherwise another did."""
    deleted_now = instance["action"] == "deleted"
    row.update(status="absent", error=None, blockers=[])
    if deleted_now:
        _copy(row, instance)
    if deleted_now or accepted.at(row) is not None:
        if not deleted_now and row["scope"] is not None:
            # A run that was killed cannot say what became of them; they are read again at the end.
            row["disks"] = [{**disk, "fate": _unread(disk)} for disk in row["scope"]["disks"]]
            row["elastic_ips"] = [{**address, "fate": "unverified"} for address in row["scope"]["elastic_ips"]]
        row.update(action="deleted", changed=True, accepted=True)
    elif row["action"] != "deleted":
        row["action"] = "none"
    note_accepted(row, accepted)


def note_accepted(row: dict[str, Any], accepted: AcceptedDeletes) -> None:
    """Whether our delete was accepted, and when."""
    at = accepted.at(row)
    if at is not None:
        row.update(accepted=True, deleted_at=at)


def is_gone(row: Mapping[str, Any]) -> bool:
    """Whether nothing is left to do for the machine itself."""
    return bool(row["status"] == "absent")


def unreleased_ids(rows: Iterable[Mapping[str, Any]], kind: str) -> list[str]:
    """Disks or elastic IPs that were to go with their machine and have not been seen gone.

    Only of machines whose delete this campaign sent and the service accepted.
    """
    key, fate = ID_KEYS[kind], REMOVED_FATES[kind]
    return [
        each[key]
        for row in rows
        if row["accepted"] and is_gone(row)
        for each in _planned(row, kind, fate)
        if each[key] and _fate(row, kind, each[key]) != fate
    ]


def remaining_ids(rows: Iterable[Mapping[str, Any]], kind: str) -> list[str]:
    """Disks or elastic IPs of deleted machines that are there still, or may be."""
    key, final = ID_KEYS[kind], ("deleted", "released", "lost")
    return [
        each[key]
        for row in rows
        if row["action"] == "deleted" or (row["accepted"] and is_gone(row))
        for each in row[kind]
        if each.get(key) and each["fate"] not in final
    ]


def settle_fates(row: dict[str, Any], kind: str, gone: Mapping[str, bool]) -> list[str]:
    """Take over what a later read says about the disks or elastic IPs of a deleted machine. `gone`: by id, whether it is gone.

    Returns those that were to be kept and of which a killed run could not say that they went with the machine.
    """
    if not (row["accepted"] or row["action"] == "deleted"):
        return []
    key = ID_KEYS[kind]
    kept = {each[key] for each in _planned(row, kind, "kept") if each.get(key)}
    lost = []
    for each in row[kind]:
        if each.get(key) in gone and each["fate"] != "lost":
            if each["fate"] == "unverified" and gone[each[key]] and each[key] in kept:
                lost.append(each[key])
            each["fate"] = REMOVED_FATES[kind] if gone[each[key]] else "kept"
    return lost


def clear_settled_failure(row: dict[str, Any]) -> None:
    """A machine failed only because of a disk or elastic IP that was still there, and is gone by now."""
    mended = ("elastic_ip_not_released", "fate_mismatch")
    if row["action"] == "failed" and is_gone(row) and (row["error"] or {}).get("code") in mended:
        kept = [disk for disk in _planned(row, "disks", "kept") if _fate(row, "disks", disk["disk_id"]) == "deleted"]
        if not kept and not any(unreleased_ids([row], kind) for kind in ID_KEYS):
            row.update(action="deleted", error=None)


def _planned(row: Mapping[str, Any], kind: str, fate: str) -> list[dict[str, Any]]:
    scope = row["scope"] or {kind: ()}
    return [each for each in scope[kind] if each.get("fate") == fate]


def _fate(row: Mapping[str, Any], kind: str, wanted: str) -> str | None:
    return next((each["fate"] for each in row[kind] if each.get(ID_KEYS[kind]) == wanted), None)


def _unread(disk: Mapping[str, Any]) -> str | None:
    """A local disk goes with its machine, always; of others it must be read."""
    return disk.get("fate") if disk.get("category") == "local" else "unverified"


def _without_fates(items: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{**each, "fate": None} for each in items]


_KEPT = ("backups", "disks", "elastic_ips", "load_balancer_targets", "name")
"""What a later result that shows none of it does not take away."""


def _copy(row: dict[str, Any], instance: Mapping[str, Any]) -> None:
    # Only the plan looks for DNS records.
    planned = [each for each in row["warnings"] if each["code"] == "dns_record"]
    for name in COPIED:
        # A plan that is refused later lists no backups; those that were made are there all the same.
        if name in instance and (instance[name] or name not in _KEPT):
            row[name] = instance[name]
    row["warnings"] = [*row["warnings"], *(each for each in planned if each not in row["warnings"])]


def predicted_backups(entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The backups that the preview of a manifest predicts: without id and time where they would be made."""
    return [
        {
            "type": kind,
            "id": asset.get(f"{kind}_id") if asset["action"] == "reused" else None,
            "status": "planned",
            "created": asset.get("created") if asset["action"] == "reused" else None,
            "campaign": asset.get("campaign"),
        }
        for kind, asset in _assets(entry)
        if asset.get("action") in ("created", "reused")
    ]


def _unproven(entry: Mapping[str, Any]) -> list[str]:
    """The images and snapshots of a manifest's entry that failed: they are there and billed, and no backups."""
    failed = [asset.get(f"{kind}_id") for kind, asset in _assets(entry) if asset.get("action") == "failed"]
    return [each for each in failed if each]


def _backups(entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The backups of a manifest's entry, as `jdcloud_vm` shows them."""
    return [
        {
            "type": kind,
            "id": asset[f"{kind}_id"],
            "status": asset.get("status"),
            "created": asset.get("created"),
            "campaign": asset.get("campaign"),
        }
        for kind, asset in _assets(entry)
        if asset.get(f"{kind}_id")
    ]


def _assets(entry: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """The kind and the row of each image and snapshot in a manifest's entry."""
    found = [("image", entry.get("image")), *(("snapshot", each) for each in entry.get("snapshots") or ())]
    return [(kind, asset) for kind, asset in found if asset]
