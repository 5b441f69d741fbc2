# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The numbers of a report. Those of a preview are what the run would say, if nothing changed until then. Pure.

A preview has no journal of what it would send, so it counts what its rows predict: who runs and would be deleted would be
stopped, a backup without id would be made. Backups count only for machines that are carried out: nothing is made, or used again,
for one that is blocked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..state.record import UNVERIFIED

CREATES = {"image": "createImage", "snapshot": "createSnapshot"}
READY = ("ready", "available", "planned")
"""The states of images and snapshots that are whole, or would be."""


def totals_of(rows: Sequence[Mapping[str, Any]], writes: Sequence[Mapping[str, Any]], *, preview: bool) -> dict[str, Any]:
    """All of them, from the rows of a record and its journal."""
    actions = [row["action"] for row in rows]
    warned = [{warning["code"] for warning in row["warnings"]} for row in rows]
    predicted = [_power(row) for row in rows] if preview else []
    made, reused = _backups(rows, writes)
    deleted = [row for row in rows if row["action"] == "deleted" or row["accepted"] or row["status"] == UNVERIFIED]
    return {
        "selected": len(rows),
        "deleted": actions.count("deleted"),
        "already_absent": sum(row["status"] == "absent" and row["action"] == "none" for row in rows),
        "not_found": sum("not_found" in codes for codes in warned),
        "stopped": _accepted(writes, "stopInstance") + predicted.count("stopped"),
        "started": _accepted(writes, "startInstance") + predicted.count("started"),
        "marked": actions.count("marked"),
        "unmarked": actions.count("unmarked"),
        "blocked": actions.count("blocked"),
        "failed": actions.count("failed"),
        "not_started": actions.count("not_started"),
        "backups_made": made,
        "backups_reused": reused,
        "disks_deleted": _fates(rows, "disks", "deleted"),
        "elastic_ips_released": _fates(rows, "elastic_ips", "released"),
        "left_disks": sum(bool(disk["disk_id"]) for disk in _with(deleted, "disks", "kept", "unverified")),
        "left_elastic_ips": len(_with(deleted, "elastic_ips", "kept", "failed", "unverified")),
        "left_images": sum(each["type"] == "image" for each in _kept(rows, preview=preview)),
        "left_snapshots": sum(each["type"] == "snapshot" for each in _kept(rows, preview=preview)),
    }


def _power(row: Mapping[str, Any]) -> str | None:
    """What would be done to its power: known for a mark; who runs and would be deleted is stopped first."""
    if row["action"] == "deleted" and row["status"] == "running":
        return "stopped"
    return row.get("power")


def carried_out(row: Mapping[str, Any]) -> bool:
    """Whether anything was, or would be, done for a machine. What it has anyway is no backup of this campaign."""
    return row["action"] != "not_started" and (row["action"] not in ("blocked", "failed") or row["scope"] is not None)


def _kept(rows: Iterable[Mapping[str, Any]], *, preview: bool) -> list[Mapping[str, Any]]:
    return [each for row in rows if carried_out(row) for each in row["backups"] if each["id"] or preview]


def _backups(rows: Iterable[Mapping[str, Any]], writes: Iterable[Mapping[str, Any]]) -> tuple[int, int]:
    """How many backups this campaign made, or would make, and how many it found. One that failed is neither."""
    sent = [
        (write["operation"], resource)
        for write in writes
        if write["operation"] in CREATES.values() and write["outcome"] == "accepted"
        for resource in write["resources"]
    ]
    made = found = 0
    for row in filter(carried_out, rows):
        own = {row["instance_id"], *(disk["disk_id"] for disk in row["disks"] if disk["disk_id"])}
        for kind, operation in CREATES.items():
            whole = [each for each in row["backups"] if each["type"] == kind and each["status"] in READY]
            good = [each for each in whole if each["id"] not in row.get("unproven", ())]
            accepted = sum(operation == asked and resource in own for asked, resource in sent)
            by_us = min(len(good), accepted + sum(not each["id"] for each in good))
            made += by_us
            found += len(good) - by_us
    return made, found


def _accepted(writes: Iterable[Mapping[str, Any]], operation: str) -> int:
    return sum(write["operation"] == operation and write["outcome"] == "accepted" for write in writes)


def _with(rows: Iterable[Mapping[str, Any]], kind: str, *fates: str) -> list[Mapping[str, Any]]:
    return [each for row in rows for each in row[kind] if each["fate"] in fates]


def _fates(rows: Iterable[Mapping[str, Any]], kind: str, fate: str) -> int:
    return len(_with(rows, kind, fate))
