# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The drill of the role vm_backup: one machine is restored, seen to run, and removed. An untested backup is a hope. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from .backup import failure_of

Result = Mapping[str, Any]


def chosen_machine(manifest: Result) -> Result | None:
    """The first machine of the batch that has a backup, None if none has."""
    for machine in manifest["machines"]:
        if machine["action"] in ("created", "reused") and machine["specification"]:
            return dict(machine)
    return None


def begun_drill(chosen: Result | None) -> dict[str, Any]:
    """What is written down before anything is restored, so that a run after one that was killed finds its copy and removes it."""
    return {"outcome": "begun", "source_instance_id": chosen["instance_id"] if chosen is not None else ""}


def copies_of(restored: Result, backed_up: Collection[str]) -> list[str]:
    """The machines that a restore made. Whatever it may say, what was backed up is no copy."""
    ids = [machine.get("instance_id") for machine in restored.get("instances") or []]
    return list(dict.fromkeys(each for each in ids if each and each not in backed_up))


def judged_drill(chosen: Result | None, copies: Sequence[str], restored: Result, removed: Result) -> dict[str, Any]:
    """How the drill went. It failed if anything did, or if anything is left over."""
    machines = restored.get("instances") or []
    left = _left_over(copies, machines, removed)
    problems = [] if chosen is not None else ["No instance of the batch has a backup to restore."]
    problems += [text for text in map(failure_of, (restored, removed)) if text]
    if not copies and not problems:
        problems.append("Nothing was restored.")
    if left:
        problems.append(f"Still existing: {', '.join(left)}.")
    return {
        "outcome": "failed" if problems else "passed",
        "source_instance_id": chosen["instance_id"] if chosen is not None else "",
        "instance_ids": list(copies),
        "disks": [disk for machine in machines for disk in machine["disks"]],
        "left_over": left,
        "message": " ".join(problems) or "One instance was restored, ran, and was deleted again with its disks.",
    }


def _left_over(copies: Sequence[str], machines: Sequence[Result], removed: Result) -> list[str]:
    gone = {machine["instance_id"] for machine in removed.get("instances") or [] if machine["status"] == "absent"}
    retained = removed.get("retained") or {}
    warnings = [warning for machine in machines for warning in machine["warnings"]]
    return [
        *(each for each in copies if each not in gone),
        *(disk["disk_id"] for disk in retained.get("disks") or []),
        *(address["elastic_ip_id"] for address in retained.get("elastic_ips") or []),
        *(warning["message"] for warning in warnings if warning["code"] == "helper_image_left"),
    ]
