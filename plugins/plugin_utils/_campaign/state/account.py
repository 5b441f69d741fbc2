# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a later run of a campaign works in the account in which it began. Pure.

It may have other keys: temporary ones are renewed. But to a foreign account every id looks gone, and a campaign that believed
that would be closed over machines that run and are billed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from ....module_utils._api.errors import InputError, first_of
from . import machine_entry
from .record import Record

IDENTITY = ("account_id", "pin")
"""What tells accounts apart, where the service was asked for it; the last characters of a key do not."""


def check_account(record: Record, account: Mapping[str, Any], absent: Iterable[str], *, found: bool) -> None:
    """Note whose keys gave a result. `absent` are the ids that it showed to be gone, `found` whether it showed anything else.

    Raises `InputError` if they are another account's, or if nothing speaks against that.
    """
    if not account.get("region"):
        return
    before = record.account
    same = [before[name] == account[name] for name in IDENTITY if before.get(name) and account.get(name)]
    if not all(same):
        raise InputError(
            f"Campaign {record.campaign} began in account {_called(before)}, but these keys belong to account "
            f"{_called(account)}, so nothing more was done: run it with keys of the first account."
        )
    trusted = bool(same) or found or not _other_key(record, account)
    gone = set(absent)
    if not trusted:
        _check_traces(record, account, gone)
        # The keys stay unproven: the next result is looked at as closely.
        return
    known = {name: account.get(name) or before.get(name) for name in IDENTITY}
    record.account = {**account, **{name: value for name, value in known.items() if value}}


def _other_key(record: Record, account: Mapping[str, Any]) -> bool:
    before, now = record.account.get("access_key_suffix"), account.get("access_key_suffix")
    return record.frozen and bool(before and now and before != now)


def _check_traces(record: Record, account: Mapping[str, Any], gone: AbstractSet[str]) -> None:
    """Other keys, and all is gone. That is only believed of what this campaign itself had deleted."""
    if not gone:
        return
    untraced = sorted(gone - _traced(record))
    now, before = account["access_key_suffix"], record.account["access_key_suffix"]
    if untraced:
        raise InputError(
            f"The key that ends in {now} finds no instance of campaign {record.campaign}, not even {first_of(untraced, 1)}, "
            f"which the campaign did not delete; the campaign began with a key that ends in {before}: run it with keys of the "
            "same account."
        )
    record.add_note(
        f"The access key ends in {now}, that of the previous run in {before}. This campaign deleted all instances that are "
        "gone, so both keys are treated as keys of the same account."
    )


def _traced(record: Record) -> set[str]:
    """What this campaign had deleted or released, by the word of its journal, and the disks that went with their machines."""
    accepted = machine_entry.accepted_deletes(record)
    machines = {*accepted.surely, *accepted.likely}
    with_machines = {
        str(disk["disk_id"])
        for instance_id in accepted.surely
        for disk in ((record.machines.get(instance_id) or {}).get("scope") or {}).get("disks", ())
        if disk.get("disk_id") and disk.get("fate") == "deleted"
    }
    return machines | with_machines | set(record.removed)


def _called(account: Mapping[str, Any]) -> str:
    return str(account.get("pin") or account.get("account_id"))
