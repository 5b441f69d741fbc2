# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all steps have in common: take in a result, and name machines in a sentence. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ....module_utils._api.errors import InputError, first_of
from ..input.decommission_variables import PREFIX
from . import machine_entry
from .account import check_account
from .record import UNVERIFIED, Record, check_region

# Only what is no word of a sentence, and is not part of another name.
_OPTIONS = re.compile(
    r"(?<![\w.])(?:max_instances|instance_ids|protect_tags|stop_running|on_blocked|backup_max_age|allow_local_disk_loss"
    r"|wait_timeout|poll_interval)(?!\w)"
)
MISSING_DNS = "DNS records of these instances may be missing, because not all records could be read: "
SHOWN = 5
"""How many machines a message names before it says "and N more"."""


def ingest(record: Record, result: Mapping[str, Any]) -> None:
    """Note where a result came from, what it cost, and what it could not read of DNS.

    Raises `InputError` if it came from another region or account.
    """
    account = result.get("account") or {}
    check_region(record, account.get("region"))
    instances = result.get("instances") or ()
    absent = [each["instance_id"] for each in instances if each.get("status") == "absent" and not_found(each)]
    check_account(record, account, absent, found=len(absent) < len(instances))
    record.region = account.get("region") or record.region
    record.add_api_use(result.get("summary") or {})
    if result.get("dns_unread"):
        record.add_note(f"{MISSING_DNS}{'; '.join(result['dns_unread'])}.")


def with_present_status(look: Mapping[str, Any]) -> dict[str, Any]:
    """A preview with the statuses that the machines have, not those that they would have."""
    instances = [
        each if each["action"] in ("none", "blocked", "failed") else {**each, "status": each["status_before"]}
        for each in look["instances"]
    ]
    return {**look, "instances": instances}


def refuse_early_end(look: Mapping[str, Any]) -> None:
    """A look that saw nothing and has a message did not come to the machines: wrong keys, a cap, no network."""
    if look.get("msg") and not look.get("instances"):
        raise InputError(with_role_variables(str(look["msg"])))


def with_role_variables(sentence: str) -> str:
    """A module's sentence with the names of the role's variables instead of those of the options that they set."""
    return _OPTIONS.sub(lambda match: f"{PREFIX}{match[0]}", sentence)


def with_campaign_variables(reason: str) -> str:
    """What the role vm_backup says, with the variables of a campaign: its own are set by the campaign."""
    text = reason.replace("set vm_backup_on_shortfall to fit", f"set {PREFIX}on_blocked to skip")
    return re.sub(r"\bvm_backup_(?=[a-z])", PREFIX, text)


def ingest_remains(record: Record, result: Mapping[str, Any], *, preview: bool = False) -> int:
    """Take in the rows of `jdcloud_disk` or `jdcloud_elastic_ip`; in a preview, what would be done was not done."""
    _check_remains(record, result)
    record.add_api_use(result.get("summary") or {})
    count = 0
    for kind, key in machine_entry.ID_KEYS.items():
        statuses = {each[key]: each["status_before"] if preview else each["status"] for each in result.get(kind) or ()}
        # Of one that is unverified it is not known what its release did: what is known of it stays.
        gone = {each: status in ("absent", "in-recyclebin") for each, status in statuses.items() if status != UNVERIFIED}
        for row in record.machines.values():
            lost = machine_entry.settle_fates(row, kind, gone)
            if lost:
                message = f"{', '.join(lost)} should have been kept, but no longer exists."
                machine_entry.set_failed(row, error_of("fate_mismatch", message))
            machine_entry.clear_settled_failure(row)
        count += len(gone)
    return count


def _check_remains(record: Record, result: Mapping[str, Any]) -> None:
    account = result.get("account") or {}
    check_region(record, account.get("region"))
    rows = [*(result.get("disks") or ()), *(result.get("elastic_ips") or ())]
    absent = [each.get("disk_id") or each["elastic_ip_id"] for each in rows if each["status_before"] == "absent"]
    if rows:
        check_account(record, account, absent, found=len(absent) < len(rows))


def not_found(instance: Mapping[str, Any]) -> bool:
    """Whether the service does not know a machine."""
    return any(warning["code"] == "not_found" for warning in instance.get("warnings", ()))


def stop_campaign(record: Record, sentence: str) -> None:
    """Stop the campaign before its next machine. What was not started stays untouched."""
    record.problem = sentence
    record.outcome = "stopped"


def with_time_outs(error: Mapping[str, Any]) -> dict[str, Any]:
    """An error of a backup, with the variable that bounds it instead of the option."""
    message = str(error.get("message") or "")
    for option, variable in (("wait_timeout", "backup_timeout"), ("stop_timeout", "wait_timeout")):
        message = re.sub(rf"(?<![\w.]){option} allows", f"{PREFIX}{variable} allows", message)
    return {**error, "message": message}


def error_of(code: str, message: str) -> dict[str, Any]:
    """An error that the service did not send."""
    return {"code": code, "operation": None, "http": None, "status": None, "message": message, "request_id": None}


def count_and_name(rows: Sequence[Mapping[str, Any]]) -> str:
    """How many machines, and the first of them with their reasons."""
    named = []
    for row in rows:
        text = row["error"]["code"] if row["action"] == "failed" and row["error"] else ""
        reasons = [text] if text else list(dict.fromkeys(blocker["code"] for blocker in row["blockers"]))
        named.append(f"{row['instance_id']}: {', '.join(reasons)}" if reasons else row["instance_id"])
    return f"{count_machines(len(rows))} ({first_of(named, SHOWN, '; ')})"


def count_machines(count: int) -> str:
    """A number of machines in words."""
    return "1 instance" if count == 1 else f"{count} instances"
