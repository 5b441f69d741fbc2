# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is to be backed up: the selected machines, or the machines of given disks, settled. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ..._api.dispatch.dispatcher import Dispatcher
from ..._api.dispatch.pagination import find_each
from ..._api.model.instance import AttachedDisk, Instance
from ..._api.model.resources import Disk
from ..._api.services import disk as disk_api
from ..common.failure import Failure
from ..common.machine_reads import find_machines
from ..common.timing import Timing
from ..evidence.marker import NO_INSTANCE
from ..machines.find import FoundMachines, find_to_change, wait_until_settled
from .policy import BackupPolicy

POWER_TIMEOUT = 600.0
"""Seconds that a transitional state, a stop or a start may take, however long the backups may, unless the user says so."""


def power_timing(timing: Timing) -> Timing:
    """The options about waiting as they hold for the machines themselves."""
    if timing.stop_timeout is not None:
        return replace(timing, wait_timeout=timing.stop_timeout, limit="stop_timeout")
    return replace(timing, wait_timeout=min(timing.wait_timeout, POWER_TIMEOUT))


@dataclass(slots=True)
class Targets:
    """Machines by id, in the order of the result. A disk that is on no machine stands as its own key, with a stand-in machine.

    `mismatched` were given by id and do not match the other selectors; `missing` are ids that do not exist.
    """

    order: list[str] = field(default_factory=list)
    machines: dict[str, Instance] = field(default_factory=dict)
    mismatched: set[str] = field(default_factory=set)
    failures: dict[str, Failure] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


def find_targets(dispatcher: Dispatcher, policy: BackupPolicy, timing: Timing, cap: int | None) -> Targets:
    """Read them. Raises `SelectionError` if nothing or too much is selected."""
    if policy.disk_ids is not None:
        return _of_disks(dispatcher, policy, timing)
    selection = policy.selection
    found = find_to_change(dispatcher, selection, cap, hindered="nothing can be backed up")
    return _settled(dispatcher, found, timing, selection.ids)


def _settled(dispatcher: Dispatcher, found: FoundMachines, timing: Timing, order: Sequence[str] | None) -> Targets:
    stable = wait_until_settled(dispatcher, found.matched, "stopped", power_timing(timing))
    targets = Targets(missing=found.missing, failures=dict(stable.failures))
    for machine in found.mismatched:
        targets.machines[machine.instance_id] = machine
        targets.mismatched.add(machine.instance_id)
    for machine in found.matched:
        if machine.instance_id in stable.gone:
            message = f"{machine.instance_id} disappeared during the wait."
            targets.failures[machine.instance_id] = Failure("vanished", message)
        targets.machines[machine.instance_id] = stable.machines[machine.instance_id]
    for instance_id in found.missing:
        targets.failures[instance_id] = Failure("not_found", f"{instance_id} does not exist, so it cannot be backed up.")
    targets.order = list(order) if order is not None else sorted(targets.machines)
    return targets


def _of_disks(dispatcher: Dispatcher, policy: BackupPolicy, timing: Timing) -> Targets:
    ids = sorted(policy.disk_ids or ())
    disks = find_each(dispatcher, ids, disk_api.describe_disks, disk_api.describe_disk, lambda disk: disk.disk_id)
    machine_ids = sorted({disk.attached_to[0] for disk in disks.values() if disk.attached_to})
    found = find_machines(dispatcher, machine_ids) if machine_ids else {}
    targets = _settled(dispatcher, FoundMachines(matched=[*found.values()]), timing, None)
    for disk_id in ids:
        disk = disks.get(disk_id)
        if disk is None:
            targets.missing.append(disk_id)
            message = f"{disk_id} does not exist, so a snapshot of it is not possible."
            targets.failures[disk_id] = Failure("not_found", message)
            targets.order.append(disk_id)
        elif not disk.attached_to or disk.attached_to[0] not in found:
            targets.machines[disk_id] = _stand_in(disk)
            targets.order.append(disk_id)
    return targets


def _stand_in(disk: Disk) -> Instance:
    """For a disk that is on no machine: nothing writes on it, so it counts as one of a stopped machine without a name."""
    attached = AttachedDisk(disk.disk_id, None, "cloud", disk.size_gb, None)
    status = "stopped" if disk.status == "available" else disk.status
    return Instance(NO_INSTANCE, "", status, {}, disks=(attached,))
