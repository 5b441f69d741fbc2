# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tags on disks and elastic IPs that forbid what would destroy them together with their machine. Pure.

A machine's own answer shows its disks and elastic IPs without a promise that their tags are complete: protection is judged on
the answers of the disk and vpc services alone (fact tags-of-attached-disks).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..._api.fields import unreadable_reason
from ..._api.model.instance import Instance
from ..common.finding import Finding
from ..common.selection import find_protecting_tag
from .fates import planned_disks
from .policy import Facts, Policy


def destroyed_disks(machine: Instance, policy: Policy) -> list[str]:
    """The ids of the disks whose tags must be known before `machine` is deleted; none where nothing protects."""
    if not policy.protect_tags or policy.state != "absent":
        return []
    return [disk.disk_id for disk in planned_disks(machine, policy).disks if disk.disk_id and disk.fate == "deleted"]


def released_addresses(machine: Instance, policy: Policy) -> list[str]:
    """The ids of the elastic IPs that are released after `machine` is deleted."""
    if policy.state != "absent" or not policy.release_elastic_ips:
        return []
    return [address.elastic_ip_id for address in machine.addresses]


def protection_blockers(machine: Instance, policy: Policy, facts: Facts) -> Iterator[Finding]:
    """One blocker for each disk and elastic IP that a tag protects, or whose tags are not known, and that would be destroyed."""
    yield from _nameless_disks(machine, policy)
    for disk_id in destroyed_disks(machine, policy):
        disk = facts.disks.get(disk_id)
        if disk is None or disk.unreadable:
            flaw = "the disk service does not show it" if disk is None else unreadable_reason(disk)
            why = facts.disks_unread or flaw
            yield Finding(
                "surroundings_unknown",
                f"Whether a tag protects its disk {disk_id} is not known, since {why}: let the key read disks, or "
                "set protect_tags to {} if nothing is protected.",
            )
            continue
        tag = find_protecting_tag(disk.tags, disk.repeated_tags, policy.protect_tags)
        if tag is not None:
            yield Finding("protected", f"The tag {tag} protects its disk {disk_id}, {_way_out(machine, policy, disk_id)}.")
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


def _nameless_disks(machine: Instance, policy: Policy) -> Iterator[Finding]:
    if policy.protect_tags and policy.state == "absent":
        for disk in planned_disks(machine, policy).disks:
            if disk.category == "cloud" and disk.fate == "deleted" and not disk.disk_id:
                yield Finding(
                    "surroundings_unknown",
                    f"Whether a tag protects its disk {disk.device} is not known, since the service does not tell its id: look "
                    "at it in the console.",
                )


def _way_out(machine: Instance, policy: Policy, disk_id: str) -> str:
    """What would happen to a protected disk, and what to do."""
    keep = planned_disks(machine, replace(policy, disks="keep"))
    stays = any(disk.disk_id == disk_id and disk.fate == "kept" for disk in keep.disks)
    if stays and not keep.impossible:
        return "which would be deleted with it: set disks to keep, or remove the tag"
    return "which would be deleted with it: remove the tag first if it may go after all"
