# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds the machines, disks and elastic IPs whose tags are to be changed. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..._api.dispatch.dispatcher import Dispatcher
from ..._api.dispatch.pagination import find_each
from ..._api.services import disk, vpc
from ..common.failure import Failure
from ..common.selection import Selection
from ..machines.find import find_machines, find_to_change
from .plan import HasTags, TaggedKind
from .record import TagRecord


@dataclass(frozen=True, slots=True)
class TagTargets:
    """What is to be tagged. `cap` None: the default of the selection."""

    selection: Selection | None
    disk_ids: Sequence[str] = ()
    elastic_ip_ids: Sequence[str] = ()
    cap: int | None = None


def find_targets(dispatcher: Dispatcher, targets: TagTargets) -> list[TagRecord]:
    """A record for each resource that is meant; one that does not exist has failed. Raises `JdcloudError`."""
    records = _machines(dispatcher, targets.selection, targets.cap) if targets.selection is not None else []
    kinds: tuple[tuple[TaggedKind, Sequence[str]], ...] = (("disk", targets.disk_ids), ("elastic_ip", targets.elastic_ip_ids))
    for kind, ids in kinds:
        found = read_tagged(dispatcher, kind, ids) if ids else {}
        records += [TagRecord(kind, each, found.get(each), found.get(each)) for each in ids]
    for record in records:
        if record.before is None:
            record.failure = Failure("not_found", f"{record.resource_id} does not exist, so it cannot be tagged.")
    return records


def read_tagged(dispatcher: Dispatcher, kind: TaggedKind, ids: Sequence[str]) -> Mapping[str, HasTags]:
    """Resources of one kind with their tags, by id. Only a 404 says that one does not exist."""
    if kind == "instance":
        return find_machines(dispatcher, ids)
    if kind == "disk":
        return find_each(dispatcher, ids, disk.describe_disks, disk.describe_disk, lambda row: row.disk_id)
    return find_each(dispatcher, ids, vpc.describe_elastic_ips, vpc.describe_elastic_ip, lambda row: row.elastic_ip_id)


def _machines(dispatcher: Dispatcher, selection: Selection, cap: int | None) -> list[TagRecord]:
    found = find_to_change(dispatcher, selection, cap)
    machines = {machine.instance_id: machine for machine in (*found.matched, *found.mismatched)}
    records = []
    for instance_id in selection.ids if selection.ids is not None else machines:
        machine = machines.get(instance_id)
        blockers = tuple(selection.mismatch_findings(machine)) if machine is not None else ()
        records.append(TagRecord("instance", instance_id, machine, machine, blockers))
    return records
