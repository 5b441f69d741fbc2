# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of a machine's disks and elastic IPs when it is deleted, and which of their tags forbid that. Pure.

Facts disks-go-with-their-machine, disks-prepaid-stay, disks-shared-stay, disks-local-are-lost and
elastic-ips-outlive-their-machine. A machine's own answer shows its disks and elastic IPs without a promise that their tags are
complete: protection is judged on the answers of the disk and vpc services alone (fact tags-of-attached-disks).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from ..._api.fields import unreadable_reason
from ..._api.model.instance import AttachedDisk, Instance
from ..._api.model.resources import Charge, ElasticIp
from ..common.failure import Finding
from ..common.selection import find_protecting_tag
from .policy import DiskChoice, Facts, Fate, PlannedAddress, PlannedDisk, Policy

PREPAID = "prepaid_by_duration"
CHANGEABLE = "postpaid_by_duration"
"""The one charge mode whose disks' delete attribute can be set (fact disks-attribute-set)."""
UNMOUNTED = frozenset({"detached", "error_attach"})
"""Attachment statuses of a disk that its machine shows although it is not mounted (fact disks-attribute-needs-mount)."""


class DiskFate(NamedTuple):
    """`change`: the delete attribute to set first; `impossible`: why the choice cannot be met."""

    fate: Fate
    change: bool | None = None
    impossible: str | None = None


@dataclass(frozen=True, slots=True)
class DiskPlan:
    """The disks of a machine with their fates, the attributes to set by disk id, and what cannot be met.

    `lost` are the disks whose data is gone for good.
    """

    disks: tuple[PlannedDisk, ...]
    changes: Mapping[str, bool]
    impossible: tuple[str, ...]
    lost: tuple[AttachedDisk, ...]

    @property
    def destroyed(self) -> list[str]:
        """The ids of the disks that the service deletes with the machine."""
        return [disk.disk_id for disk in self.disks if disk.disk_id and disk.fate == "deleted"]


def planned_disks(machine: Instance, policy: Policy) -> DiskPlan:
    """The fates of all disks of `machine` if it is deleted under `policy`."""
    fates = [(disk, disk_fate(disk, policy.disks, machine.status)) for disk in machine.disks]
    return DiskPlan(
        disks=tuple(
            PlannedDisk(disk.disk_id, disk.device, disk.category, disk.size_gb, disk.auto_delete, fate.fate)
            for disk, fate in fates
        ),
        changes={disk.disk_id: fate.change for disk, fate in fates if disk.disk_id and fate.change is not None},
        impossible=tuple(fate.impossible for _disk, fate in fates if fate.impossible),
        lost=tuple(disk for disk, fate in fates if fate.fate in ("deleted", "lost")),
    )


def disk_fate(disk: AttachedDisk, choice: DiskChoice, status: str) -> DiskFate:
    """The fate of one disk of a machine in `status`. The choice is about cloud data disks only."""
    if disk.category == "local":
        return DiskFate("lost")
    if disk.system:
        return DiskFate("kept" if disk.auto_delete is False else "deleted")
    if choice != "as_configured":
        return _chosen_fate(disk, status, delete=choice == "delete")
    return DiskFate("deleted" if disk.auto_delete and _why_always_kept(disk) is None else "kept")


def _chosen_fate(disk: AttachedDisk, status: str, *, delete: bool) -> DiskFate:
    """The fate of a cloud data disk that the user wants deleted or kept."""
    if disk.disk_id is None:
        return DiskFate(
            "kept", impossible=(f"disk {disk.device} cannot be kept or deleted by choice: the service does not return its id")
        )
    bound = _why_always_kept(disk)
    if bound is not None:
        return DiskFate(
            "kept", impossible=f"disk {disk.disk_id} cannot be deleted with the instance: {bound}" if delete else None
        )
    fate: Fate = "deleted" if delete else "kept"
    if disk.auto_delete is delete:
        return DiskFate(fate)
    fixed = _why_fixed(disk, status)
    if fixed is not None:
        return DiskFate(fate, impossible=f"the delete attribute of disk {disk.disk_id} cannot be changed: {fixed}")
    return DiskFate(fate, change=delete)


def _why_fixed(disk: AttachedDisk, status: str) -> str | None:
    """Why the service refuses to change the delete attribute of a disk (facts disks-attribute-set, states-error-only-delete)."""
    if disk.charge is not None and disk.charge.mode != CHANGEABLE:
        return f"its charge mode is {disk.charge.mode}"
    if status == "error":
        return "an instance in 'error' can only be deleted without changes"
    if disk.attachment_status in UNMOUNTED:
        return f"its attachment is '{disk.attachment_status}'"
    return None


def _why_always_kept(disk: AttachedDisk) -> str | None:
    if disk.shared:
        return "it is shared"
    if disk.charge is not None and disk.charge.mode == PREPAID:
        return "it is prepaid"
    return None


def planned_addresses(machine: Instance, policy: Policy) -> tuple[PlannedAddress, ...]:
    """The elastic IPs of `machine` with their fates if it is deleted under `policy`."""
    fate: Fate = "released" if policy.release_elastic_ips else "kept"
    return tuple(PlannedAddress(address.elastic_ip_id, address.address, fate) for address in machine.addresses)


def losses(disks: Iterable[PlannedDisk], addresses: Iterable[PlannedAddress]) -> list[str]:
    """What goes with a machine: ids of disks and elastic IPs, and the devices of disks without an id."""
    gone = [disk.disk_id or f"local disk {disk.device}" for disk in disks if disk.fate in ("deleted", "lost")]
    return gone + [address.elastic_ip_id for address in addresses if address.fate == "released"]


def unreleasable(machine: Instance, facts: Facts) -> list[str]:
    """Why elastic IPs of `machine` cannot be released after its delete, one sentence each."""
    kept = {
        interface.network_interface_id
        for interface in machine.interfaces
        if not interface.primary and interface.auto_delete is not True
    }
    reasons = []
    for address in machine.addresses:
        reason = _why_not_releasable(facts.elastic_ips.get(address.elastic_ip_id), machine.instance_id, facts.now)
        if reason is None and address.network_interface_id in kept:
            reason = f"it is on network interface {address.network_interface_id}, which outlives the instance"
        if reason is not None:
            reasons.append(f"elastic IP {address.elastic_ip_id} cannot be released: {reason}")
    return reasons


def _why_not_releasable(elastic_ip: ElasticIp | None, instance_id: str, now: datetime | None) -> str | None:
    if elastic_ip is None:
        return "the vpc service does not return it"
    if elastic_ip.unreadable:
        return unreadable_reason(elastic_ip)
    if elastic_ip.instance_id != instance_id:
        return f"the vpc service shows it on {elastic_ip.instance_id or 'no instance'}"
    if elastic_ip.bandwidth_package_id:
        return f"it is in bandwidth package {elastic_ip.bandwidth_package_id}"
    if elastic_ip.charge is not None and elastic_ip.charge.mode == PREPAID and not expired(elastic_ip.charge, now):
        return "it is prepaid and not expired"
    return None


def expired(charge: Charge, now: datetime | None) -> bool:
    """Whether a prepaid charge is over (fact charges-expired), by the service's time. What cannot be read proves nothing."""
    if charge.status in ("overdue", "arrear"):
        return True
    return now is not None and charge.expires is not None and charge.expires < now


def destroyed_disks(machine: Instance, policy: Policy) -> list[str]:
    """The ids of the disks whose tags must be known before `machine` is deleted; none where nothing protects."""
    if not policy.protect_tags or policy.state != "absent":
        return []
    return planned_disks(machine, policy).destroyed


def released_addresses(machine: Instance, policy: Policy) -> list[str]:
    """The ids of the elastic IPs that are released after `machine` is deleted."""
    if policy.state != "absent" or not policy.release_elastic_ips:
        return []
    return [address.elastic_ip_id for address in machine.addresses]


def protection_blockers(machine: Instance, policy: Policy, facts: Facts, disks: DiskPlan) -> Iterator[Finding]:
    """One blocker for each disk and elastic IP that a tag protects, or whose tags are not known, and that would be destroyed."""
    if policy.protect_tags:
        yield from _nameless_disks(disks)
        for disk_id in disks.destroyed:
            yield from _disk_blockers(machine, policy, facts, disk_id)
    for elastic_ip_id in released_addresses(machine, policy):
        # One that the vpc service does not show is another blocker's business.
        address = facts.elastic_ips.get(elastic_ip_id)
        tag = find_protecting_tag(address.tags, address.repeated_tags, policy.protect_tags) if address is not None else None
        if tag is not None:
            yield Finding(
                "protected",
                f"The tag {tag} protects its elastic IP {elastic_ip_id}, which would be released: set elastic_ips to keep, or "
                "remove the tag.",
            )


def _nameless_disks(disks: DiskPlan) -> Iterator[Finding]:
    for disk in disks.disks:
        if disk.category == "cloud" and disk.fate == "deleted" and not disk.disk_id:
            yield Finding(
                "surroundings_unknown",
                f"It is unknown whether a tag protects its disk {disk.device}, because the service does not return its id: "
                "check the disk in the console.",
            )


def _disk_blockers(machine: Instance, policy: Policy, facts: Facts, disk_id: str) -> Iterator[Finding]:
    disk = facts.disks.get(disk_id)
    if disk is None or disk.unreadable:
        flaw = "the disk service does not return it" if disk is None else unreadable_reason(disk)
        why = facts.disks_unread or flaw
        yield Finding(
            "surroundings_unknown",
            f"It is unknown whether a tag protects its disk {disk_id}, because {why}: grant the key the right to read disks, "
            "or set protect_tags to {} if nothing is protected.",
        )
        return
    tag = find_protecting_tag(disk.tags, disk.repeated_tags, policy.protect_tags)
    if tag is not None:
        yield Finding("protected", f"The tag {tag} protects its disk {disk_id}, {_way_out(machine, policy, disk_id)}.")


def _way_out(machine: Instance, policy: Policy, disk_id: str) -> str:
    """What would happen to a protected disk, and what to do."""
    keep = planned_disks(machine, replace(policy, disks="keep"))
    stays = any(disk.disk_id == disk_id and disk.fate == "kept" for disk in keep.disks)
    if stays and not keep.impossible:
        return "which would be deleted with it: set disks to keep, or remove the tag"
    return "which would be deleted with it: remove the tag first"
