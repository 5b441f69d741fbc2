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

from .record import UNVERIFIED

COPIED = ("name", "status", "blockers", "warnings", "error", "disks", "elastic_ips", "backups")


@dataclass(frozen=True, slots=True)
class Accepted:
    """When deletes of machines were accepted, by id: `surely` by an answer, `likely` where the last answer was lost.

    A delete whose answer was lost counts if the machine is gone (rule 11).
    """

    surely: Mapping[str, str] = field(default_factory=dict)
    likely: Mapping[str, str] = field(default_factory=dict)

    def at(self, row: Mapping[str, Any]) -> str | None:
        """When the delete of a machine was accepted, None if it was not."""
        instance_id = row["instance_id"]
        return self.surely.get(instance_id) or (self.likely.get(instance_id) if over(row) else None)


def new_entry(instance: Mapping[str, Any]) -> dict[str, Any]:
    """A machine as `jdcloud_vm` or `jdcloud_tag` tells it, of which nothing was done."""
    return {
        "instance_id": instance["instance_id"],
        "name": instance.get("name"),
        "instance_type": None,
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
        "deleted_at": None,
        "scope": None,
    }


def unstarted(row: dict[str, Any]) -> None:
    """Of a machine that may go, nothing has been done yet; what is planned for its disks is not what became of them."""
    row["action"] = "not_started"
    row["disks"] = _without_fates(row["disks"])
    row["elastic_ips"] = _without_fates(row["elastic_ips"])


def freeze_scope(row: dict[str, Any], instance: Mapping[str, Any], wave: int) -> None:
    """Keep what the machine has now, and what is planned for it."""
    row["wave"] = wave
    row["scope"] = {"disks": list(instance["disks"]), "elastic_ips": list(instance["elastic_ips"])}


def narrow_scope(row: dict[str, Any], instance: Mapping[str, Any]) -> bool:
    """Take out of the scope what the machine no longer has, and tell whether there was any.

    Somebody may have taken a disk or an address away to keep it, while the machine was stopped or backed up.
    """
    # Of a machine that goes already the service tells its parts or not; then what was written down before counts.
    if row["scope"] is None or not instance["disks"] or instance.get("status_before") in ("absent", "deleting"):
        return False
    narrowed = False
    for kind, key in (("disks", "disk_id"), ("elastic_ips", "elastic_ip_id")):
        had = row["scope"][kind]
        there = {each.get(key) for each in instance[kind]}
        row["scope"][kind] = [each for each in had if not each.get(key) or each[key] in there]
        narrowed = narrowed or len(row["scope"][kind]) < len(had)
    return narrowed


def blocked(row: dict[str, Any], instance: Mapping[str, Any]) -> None:
    """It may not go after all. What was done before, a stop for example, stays told."""
    _copy(row, instance)
    row["action"] = "blocked"


def failed(row: dict[str, Any], error: Mapping[str, Any], status: str | None = None) -> None:
    """It failed before its delete was asked for."""
    row["action"] = "failed"
    row["error"] = dict(error)
    if status is not None:
        row["status"] = status


def backed_up(row: dict[str, Any], entry: Mapping[str, Any]) -> None:
    """Take over the entry of the machine in a manifest."""
    doubtful = entry.get("status") == UNVERIFIED
    row["changed"] = row["changed"] or bool(entry.get("stopped_by_us")) or entry.get("action") == "created" or doubtful
    row["status"] = entry.get("status") or row["status"]
    row["instance_type"] = (entry.get("specification") or {}).get("instance_type") or row["instance_type"]
    backups = list(_backups(entry))
    row["backups"] = backups or row["backups"]
    row["unproven"] = [*row.get("unproven", ()), *_unproven(entry)]
    if entry.get("action") == "failed" and entry.get("error"):
        failed(row, entry["error"])
    elif entry.get("action") == "blocked":
        row["action"], row["blockers"] = "blocked", list(entry.get("blockers", ()))
    elif entry.get("stopped_by_us"):
        row["action"] = "stopped"


def ended(row: dict[str, Any], instance: Mapping[str, Any], accepted: Accepted) -> None:
    """What `jdcloud_vm` made of it."""
    changed = row["changed"] or bool(instance.get("changed"))
    action = instance["action"]
    if instance["status"] == "absent" and action in ("none", "deleted"):
        gone(row, instance, accepted)
    elif action == "blocked":
        blocked(row, instance)
    elif action != "none":
        _copy(row, instance)
        row["action"] = action
    row["changed"] = changed or row["action"] == "deleted"
    note_accepted(row, accepted)


def gone(row: dict[str, Any], instance: Mapping[str, Any], accepted: Accepted) -> None:
    """It does not exist any more: by our hand, if the journal or the module says so; else somebody else's."""
    text = instance["action"] == "deleted"
    row.update(status="absent", error=None, blockers=[])
    if text:
        _copy(row, instance)
    if text or accepted.at(row) is not None:
        if not text and row["scope"] is not None:
            # A run that was killed cannot say what became of them; they are read again at the end.
            row["disks"] = [{**disk, "fate": _unread(disk)} for disk in row["scope"]["disks"]]
            row["elastic_ips"] = [{**address, "fate": "unverified"} for address in row["scope"]["elastic_ips"]]
        row.update(action="deleted", changed=True, accepted=True)
    elif row["action"] != "deleted":
        row["action"] = "none"
    note_accepted(row, accepted)


def note_accepted(row: dict[str, Any], accepted: Accepted) -> None:
    """Whether our delete was accepted, and when."""
    at = accepted.at(row)
    if at is not None:
        row.update(accepted=True, deleted_at=at)


def over(row: Mapping[str, Any]) -> bool:
    """Whether nothing is left to do for the machine itself."""
    return bool(row["status"] == "absent")


def owed_addresses(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Elastic IPs that are to be released and are not yet: of machines whose delete this campaign had accepted."""
    return [
        address["elastic_ip_id"]
        for row in rows
        if row["accepted"] and over(row)
        for address in _planned(row, "elastic_ips", "released")
        if _fate(row, "elastic_ips", "elastic_ip_id", address["elastic_ip_id"]) != "released"
    ]


def owed_disks(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Disks that should have gone with their machine and have not been seen gone."""
    return [
        disk["disk_id"]
        for row in rows
        if row["accepted"] and over(row)
        for disk in _planned(row, "disks", "deleted")
        if disk["disk_id"] and _fate(row, "disks", "disk_id", disk["disk_id"]) != "deleted"
    ]


def remaining_ids(rows: Iterable[Mapping[str, Any]], kind: str, key: str) -> list[str]:
    """Disks or elastic IPs of deleted machines that are there still, or may be."""
    final = ("deleted", "released", "lost")
    return [
        each[key]
        for row in rows
        if row["action"] == "deleted" or (row["accepted"] and over(row))
        for each in row[kind]
        if each.get(key) and each["fate"] not in final
    ]


def settle_fates(row: dict[str, Any], kind: str, key: str, found: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Take over what a later read says about the disks or elastic IPs of a deleted machine.

    Returns those that were to be kept and of which a killed run could not say that they went with the machine.
    """
    if not (row["accepted"] or row["action"] == "deleted"):
        return []
    end = "deleted" if kind == "disks" else "released"
    kept = {each[key] for each in _planned(row, kind, "kept") if each.get(key)}
    lost = []
    for each in row[kind]:
        seen = found.get(each.get(key) or "")
        if seen is not None and each["fate"] != "lost":
            if each["fate"] == "unverified" and seen["gone"] and each[key] in kept:
                lost.append(each[key])
            each["fate"] = end if seen["gone"] else "kept"
    return lost


def mend(row: dict[str, Any]) -> None:
    """A machine failed only because of its leftovers, and these are gone by now."""
    mended = ("elastic_ip_not_released", "fate_mismatch")
    if row["action"] == "failed" and over(row) and (row["error"] or {}).get("code") in mended:
        kept = [disk for disk in _planned(row, "disks", "kept") if _fate(row, "disks", "disk_id", disk["disk_id"]) == "deleted"]
        if not kept and not owed_addresses([row]) and not owed_disks([row]):
            row.update(action="deleted", error=None)


def _planned(row: Mapping[str, Any], kind: str, fate: str) -> list[dict[str, Any]]:
    scope = row["scope"] or {kind: ()}
    return [each for each in scope[kind] if each.get("fate") == fate]


def _fate(row: Mapping[str, Any], kind: str, key: str, wanted: str) -> str | None:
    return next((each["fate"] for each in row[kind] if each.get(key) == wanted), None)


def _unread(disk: Mapping[str, Any]) -> str | None:
    """A local disk goes with its machine, always; of others it must be read."""
    return disk.get("fate") if disk.get("category") == "local" else "unverified"


def _without_fates(items: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{**each, "fate": None} for each in items]


def _copy(row: dict[str, Any], instance: Mapping[str, Any]) -> None:
    for name in COPIED:
        # A plan that is refused later tells no backups; those that were made are there all the same.
        if name in instance and (instance[name] or name not in ("backups", "disks", "elastic_ips", "name")):
            row[name] = instance[name]


def predicted_backups(entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The backups that the preview of a manifest foresees: without id and time where they would be made."""
    assets = [("image", entry.get("image")), *(("snapshot", each) for each in entry.get("snapshots") or ())]
    return [
        {
            "type": kind,
            "id": asset.get(f"{kind}_id") if asset["action"] == "reused" else None,
            "status": "planned",
            "created": asset.get("created") if asset["action"] == "reused" else None,
            "campaign": asset.get("campaign"),
        }
        for kind, asset in assets
        if asset and asset.get("action") in ("created", "reused")
    ]


def _unproven(entry: Mapping[str, Any]) -> list[str]:
    """The images and snapshots of a manifest's entry that failed: they are there and billed, and no backups."""
    assets = [(entry.get("image") or {}, "image_id"), *((each, "snapshot_id") for each in entry.get("snapshots", ()))]
    return [asset[key] for asset, key in assets if asset.get(key) and asset.get("action") == "failed"]


def _backups(entry: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """The backups of a manifest's entry, as `jdcloud_vm` tells them."""
    image = entry.get("image")
    for kind, asset in [("image", image), *(("snapshot", each) for each in entry.get("snapshots", ()))]:
        if asset and asset.get(f"{kind}_id"):
            yield {
                "type": kind,
                "id": asset[f"{kind}_id"],
                "status": asset.get("status"),
                "created": asset.get("created"),
                "campaign": asset.get("campaign"),
            }
