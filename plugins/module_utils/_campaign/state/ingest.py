# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all steps have in common: take in a result, and name machines. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..._api.errors import InputError
from ..input.options import PREFIX
from . import machine_entry
from .account import check_account
from .record import UNVERIFIED, Record, check_region

# Only what is no word of a sentence, and is not part of another name.
_OPTIONS = re.compile(
    r"(?<![\w.])(?:max_instances|instance_ids|protect_tags|stop_running|on_blocked|backup_max_age|allow_local_disk_loss"
    r"|wait_timeout|poll_interval)(?!\w)"
)
SHOWN = 5
"""How many machines a message names before it says "and N more"."""


def record_accepted(record: Record) -> machine_entry.Accepted:
    """When deletes were accepted, as the journal told when it was read last."""
    return machine_entry.Accepted(**record.accepted)


def ingest(record: Record, result: Mapping[str, Any]) -> None:
    """Where an answer came from, and what it cost. Raises `InputError` if it came from another region or account."""
    account = result.get("account") or {}
    check_region(record, account.get("region"))
    instances = result.get("instances") or ()
    absent = [each["instance_id"] for each in instances if each.get("status") == "absent" and not_found(each)]
    check_account(record, account, absent, found=len(absent) < len(instances))
    record.region = account.get("region") or record.region
    record.add_api_use(result.get("summary") or {})


def as_it_is(look: Mapping[str, Any]) -> dict[str, Any]:
    """A preview with the statuses that the machines have, not those that they would have."""
    instances = [
        each if each["action"] in ("none", "blocked", "failed") else {**each, "status": each["status_before"]}
        for each in look["instances"]
    ]
    return {**look, "instances": instances}


def refuse_early_end(look: Mapping[str, Any]) -> None:
    """A look that saw nothing and has a message did not come to the machines: wrong keys, a cap, no network."""
    if look.get("msg") and not look.get("instances"):
        raise InputError(with_prefix(str(look["msg"])))


def with_prefix(sentence: str) -> str:
    """A module's sentence with the names of the role's variables instead of those of the options that they set."""
    return _OPTIONS.sub(lambda match: f"{PREFIX}{match[0]}", sentence)


def of_campaign(reason: str) -> str:
    """What the role vm_backup says, with the variables of a campaign: its own are set by the campaign."""
    text = reason.replace("set vm_backup_on_shortfall to fit", f"set {PREFIX}on_blocked to skip")
    return re.sub(r"\bvm_backup_(?=[a-z])", PREFIX, text)


def settle(record: Record, result: Mapping[str, Any], *, preview: bool = False) -> int:
    """Take in the rows of `jdcloud_disk` or `jdcloud_elastic_ip`; in a preview, what would be done was not done."""
    _check_leftovers(record, result)
    record.add_api_use(result.get("summary") or {})
    count = 0
    for kind, key in (("disks", "disk_id"), ("elastic_ips", "elastic_ip_id")):
        found = {}
        for each in result.get(kind) or ():
            status = each["status_before"] if preview else each["status"]
            if status == UNVERIFIED:
                # It is not known what its release did: what is known of it stays.
                continue
            found[each[key]] = {"gone": status in ("absent", "in-recyclebin")}
        for row in record.machines.values():
            lost = machine_entry.settle_fates(row, kind, key, found)
            if lost:
                machine_entry.failed(
                    row, error_of("fate_mismatch", f"It was to keep {', '.join(lost)}, and nothing of that is there any more.")
                )
            machine_entry.mend(row)
        count += len(found)
    return count


def _check_leftovers(record: Record, result: Mapping[str, Any]) -> None:
    account = result.get("account") or {}
    check_region(record, account.get("region"))
    text = [*(result.get("disks") or ()), *(result.get("elastic_ips") or ())]
    absent = [each.get("disk_id") or each["elastic_ip_id"] for each in text if each["status_before"] == "absent"]
    if text:
        check_account(record, account, absent, found=len(absent) < len(text))


def not_found(instance: Mapping[str, Any]) -> bool:
    """Whether the service does not know a machine."""
    return any(warning["code"] == "not_found" for warning in instance.get("warnings", ()))


def is_over(record: Record, instance_id: str) -> bool:
    """Whether a machine is gone."""
    return machine_entry.over(record.machines[instance_id])


def end_campaign(record: Record, sentence: str) -> None:
    """End the campaign before its next machine. What was not started stays untouched."""
    record.problem = sentence
    record.outcome = "stopped"


def error_of(code: str, message: str) -> dict[str, Any]:
    """An error that no answer of the service told."""
    return {"code": code, "operation": None, "http": None, "status": None, "message": message, "request_id": None}


def named(ids: Sequence[str]) -> str:
    """The first of some ids."""
    more = f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
    return ", ".join(ids[:SHOWN]) + more


def some(found: Sequence[Mapping[str, Any]]) -> str:
    """How many machines, and the first of them with their reasons."""
    named = []
    for row in found[:SHOWN]:
        text = row["error"]["code"] if row["action"] == "failed" and row["error"] else ""
        reasons = [text] if text else list(dict.fromkeys(blocker["code"] for blocker in row["blockers"]))
        named.append(f"{row['instance_id']} ({', '.join(reasons)})" if reasons else row["instance_id"])
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    machines = "1 machine" if len(found) == 1 else f"{len(found)} machines"
    return f"{machines}, {', '.join(named)}{more},"
