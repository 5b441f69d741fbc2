# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What forbids to delete a disk or to release an elastic IP that is attached to nothing, and in what it has changed. Pure.

Only what is free may go: nothing is ever detached or disassociated. Facts states-disk, disks-delete-needs-available,
disks-recycle-bin, states-elastic-ip and elastic-ips-release.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ..._api.model.resources import Charge, Disk, ElasticIp
from ..common.failure import Finding, transitional_finding, unreadable_finding
from ..common.selection import find_protecting_tag
from ..planning.fates import PREPAID, expired
from .resource_kind import DELETING

FREE = "NOT_ASSOCIATED"
PROCESSING = "PROCESSING"
"""The state of an elastic IP with which something is being done."""
DISK_DELETABLE = frozenset({"available", "error_create", "error_delete"})
"""The failed creation never held data, and the failed deletion was asked for before. Other failed disks may be worth saving.
Fact disks-failed-deletable."""
DISK_TRANSITIONAL = frozenset({"creating", "extending", "restoring"})
DISK_FAILED = frozenset({"error_restore", "error_extend"})
IN_USE = "in-use"
IN_BIN = "in-recyclebin"
DISK_GONE = frozenset({IN_BIN, "deleted"})

UNKNOWN_TASK = "?"
"""Instead of the id of the snapshot that is being made of a disk: whether there is one could not be read."""


@dataclass(frozen=True, slots=True)
class UnattachedPolicy:
    """What is wanted. `recycle`: disks go into the recycle bin where they may; `shared`: disks for several machines may go."""

    protect_tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    recycle: bool = True
    shared: bool = False


def elastic_ip_blockers(address: ElasticIp, policy: UnattachedPolicy, now: datetime | None) -> Iterator[Finding]:
    """Everything that forbids to release an elastic IP. `now` is the service's time, None if it is not known."""
    if address.unreadable:
        yield from unreadable_finding(address)
        return
    yield from _protected(address, policy)
    holder = holder_of(address)
    if holder is not None:
        yield Finding(
            "elastic_ip_in_use",
            (f"It is associated with {holder}, and this module does not disassociate: disassociate it first."),
        )
    elif address.status != FREE:
        text = f"'{address.status}'" if address.status else "not returned"
        yield Finding("elastic_ip_in_use", f"Its status is {text} instead of '{FREE}': disassociate it first.")
    if address.state == PROCESSING:
        yield Finding("transitional", f"It is in the transitional state '{PROCESSING}': wait until it is stable.")
    if address.bandwidth_package_id:
        yield Finding(
            "in_bandwidth_package",
            f"It is in bandwidth package {address.bandwidth_package_id}: take it out of the package first.",
        )
    yield from _prepaid(address.charge, now)


def holder_of(address: ElasticIp) -> str | None:
    """What an elastic IP is on, as text; None if the service names nothing."""
    if address.instance_id:
        kind = "" if address.instance_type in (None, "compute") else f"{address.instance_type} "
        return f"{kind}{address.instance_id}"
    if address.network_interface_id:
        return f"network interface {address.network_interface_id}"
    return f"the private address {address.private_ip_address}" if address.private_ip_address else None


def elastic_ip_differences(before: ElasticIp, now: ElasticIp) -> list[str]:
    """In what an elastic IP is not the one any more that the plan was made of. What holds it is a blocker."""
    pairs = {"name": (before.name, now.name), "address": (before.address, now.address)}
    return _differences(pairs)


def disk_blockers(disk: Disk, policy: UnattachedPolicy, now: datetime | None, task: str | None = None) -> Iterator[Finding]:
    """Everything that forbids to delete a disk. One that is gone, or is being deleted already, is not judged.

    `task` is the snapshot that is being made of it, None if there is none.
    """
    if disk.status in DISK_GONE or disk.status == DELETING:
        return
    if disk.unreadable:
        yield from unreadable_finding(disk)
        return
    yield from _protected(disk, policy)
    yield from _disk_status(disk)
    if disk.shared and not policy.shared:
        yield Finding("shared_disk", "It can be attached to several instances: set shared to true to delete it.")
    yield from _prepaid(disk.charge, now)
    if task == UNKNOWN_TASK:
        yield Finding("task_in_progress", "It could not be read whether a snapshot of it is being made: try again later.")
    elif task is not None:
        yield Finding("task_in_progress", f"Snapshot {task} is being made of it: wait until it is finished.")


def disk_differences(before: Disk, now: Disk, policy: UnattachedPolicy) -> list[str]:
    """In what a disk is not the one any more that the plan was made of. What holds it is a blocker."""
    text = _differences(
        {"name": (before.name, now.name), "status": (before.status, now.status), "size": (before.size_gb, now.size_gb)}
    )
    if policy.recycle and before.recyclable and not now.recyclable:
        text.append("it can no longer be moved to the recycle bin")
    return text


def is_free(disk: Disk) -> bool:
    """Whether a disk is in a state to be deleted in, and on nothing."""
    return disk.status in DISK_DELETABLE and not disk.attached and not disk.unreadable


def goes_into_bin(disk: Disk, policy: UnattachedPolicy) -> bool:
    """Whether deleting puts a disk into the recycle bin. One of which the service does not tell that is taken to die."""
    return policy.recycle and disk.recyclable is True


def disk_warnings(disk: Disk, policy: UnattachedPolicy) -> Iterator[Finding]:
    """What should be known before a disk is deleted."""
    if policy.recycle and not goes_into_bin(disk, policy):
        yield Finding("not_recyclable", "The service does not move it to the recycle bin: its data is destroyed at once.")


def _disk_status(disk: Disk) -> Iterator[Finding]:
    status = disk.status
    if disk.attached or status == IN_USE:
        on = ", ".join(disk.attached_to) or "a resource that the service does not name"
        yield Finding("disk_in_use", f"It is attached to {on}, and this module does not detach: detach it first.")
    elif status in DISK_TRANSITIONAL:
        yield transitional_finding(status)
    elif status in DISK_FAILED:
        yield Finding("invalid_status", f"Its status is '{status}', and it may contain data: bring it back to 'available' first.")
    elif status not in DISK_DELETABLE:
        yield Finding("unknown_status", f"Its status '{status}' is unknown: wait until it is 'available'.")


def _protected(asset: Disk | ElasticIp, policy: UnattachedPolicy) -> Iterator[Finding]:
    protection = find_protecting_tag(asset.tags, asset.repeated_tags, policy.protect_tags)
    if protection is not None:
        yield Finding("protected", f"Its tag {protection} protects it: remove the tag first.")


def _prepaid(charge: Charge | None, now: datetime | None) -> Iterator[Finding]:
    if charge is not None and charge.mode == PREPAID and not expired(charge, now):
        end = charge.expires_text or "an unknown date"
        yield Finding(
            "prepaid_unexpired",
            (f"It is prepaid until {end}, and the service refuses to delete it earlier: wait until it expires."),
        )


def _differences(pairs: Mapping[str, tuple[object, object]]) -> list[str]:
    return [f"its {what} is now '{now}' instead of '{before}'" for what, (before, now) in pairs.items() if before != now]
