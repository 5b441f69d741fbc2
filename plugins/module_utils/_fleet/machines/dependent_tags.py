# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the disks and elastic IPs that would go with their machines, with their tags, 100 ids a call. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

from ..._api.dispatch.dispatcher import Dispatcher
from ..._api.dispatch.pagination import FORBIDDEN, chunks, find_each, is_not_shown
from ..._api.errors import JdcloudError
from ..._api.model.instance import Instance
from ..._api.model.resources import Disk, ElasticIp
from ..._api.services import disk as disk_api
from ..._api.services import vpc
from ..planning.fates import destroyed_disks, released_addresses
from ..planning.policy import Facts, Policy
from .gate_reads import Reading


def disk_id_of(disk: Disk) -> str:
    """The id of a disk."""
    return disk.disk_id


def elastic_ip_id_of(elastic_ip: ElasticIp) -> str:
    """The id of an elastic IP."""
    return elastic_ip.elastic_ip_id


def tag_readings(machines: Iterable[Instance], policy: Policy) -> list[Reading]:
    """The reads that together show all disks and elastic IPs which the deletion of these machines would destroy."""
    disk_ids, elastic_ip_ids = _ids(machines, policy)
    disks = [Reading(partial(disk_api.describe_disks, ids), tuple(ids), disk_api.describe_disk) for ids in chunks(disk_ids)]
    addresses = [
        Reading(partial(vpc.describe_elastic_ips, ids), tuple(ids), vpc.describe_elastic_ip) for ids in chunks(elastic_ip_ids)
    ]
    return [*disks, *addresses]


def with_dependent_tags(dispatcher: Dispatcher, policy: Policy, machines: Iterable[Instance], facts: Facts) -> Facts:
    """The facts with these disks and elastic IPs. A key that may not read disks is a fact, too: then nothing may go.

    One that this key alone may not read is not known, which blocks its machine and no other.
    """
    disk_ids, elastic_ip_ids = _ids(machines, policy)
    disks: dict[str, Disk] = {}
    unread = ""
    try:
        disks = find_each(dispatcher, disk_ids, disk_api.describe_disks, disk_api.describe_disk, disk_id_of, gone=is_not_shown)
    except JdcloudError as error:
        if error.http != FORBIDDEN:
            raise
        unread = f"the service refused {error.operation} ({error.http} {error.status})"
    elastic_ips = find_each(
        dispatcher, elastic_ip_ids, vpc.describe_elastic_ips, vpc.describe_elastic_ip, elastic_ip_id_of, gone=is_not_shown
    )
    return replace(facts, disks=disks, disks_unread=unread, elastic_ips=elastic_ips)


def _ids(machines: Iterable[Instance], policy: Policy) -> tuple[Sequence[str], Sequence[str]]:
    # What is not selected, or is going already, is not judged.
    wanted = [each for each in machines if each.status != "deleting" and policy.selection.mismatch(each) is None]
    disks = dict.fromkeys(disk_id for machine in wanted for disk_id in destroyed_disks(machine, policy))
    addresses = dict.fromkeys(each for machine in wanted for each in released_addresses(machine, policy))
    return [*disks], [*addresses]
