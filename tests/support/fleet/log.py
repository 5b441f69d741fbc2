# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the virtual cloud writes down: every write with the truth at its arrival, and what every read showed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from support.fleet.world import TrueMachine
from support.json_object import Json

IMAGES, SNAPSHOTS = "vm.describeImages", "disk.describeSnapshots"
STOP, START, SET_DISKS, DELETE, RELEASE = (
    "vm.stopInstance",
    "vm.startInstance",
    "vm.modifyInstanceDiskAttribute",
    "vm.deleteInstance",
    "vpc.deleteElasticIp",
)


@dataclass(frozen=True)
class Snapshot:
    """A machine at one moment. `disks`: id -> delete attribute; `addresses`: ids of its elastic IPs."""

    status: str
    tags: Json
    charge_mode: str | None
    charge_status: str
    expires: str | None
    disks: dict[str | None, bool]
    addresses: frozenset[str]

    @classmethod
    def of(cls, machine: TrueMachine, addresses: Iterable[str]) -> Snapshot:
        """Of the machine as it is now."""
        return cls(
            machine.status,
            dict(machine.tags),
            machine.charge_mode,
            machine.charge_status,
            machine.expires,
            {disk.disk_id: bool(disk.auto_delete) for disk in machine.disks if not disk.system},
            frozenset(addresses),
        )


@dataclass(frozen=True)
class Write:
    """A write that arrived. `truth` is the machine before it (None: there is none), `took_effect` whether anything changed
    by it, `answered` whether the caller learned that it was accepted."""

    operation: str
    resource: str
    body: Json
    left_at: float
    arrived_at: float
    truth: Snapshot | None
    took_effect: bool
    answered: bool


@dataclass(frozen=True)
class Sight:
    """What one answer showed of a machine. `shown_at`: when that was true; `bulk`: it was one of describeInstances;
    `all_disks`: also the system disk."""

    sent_at: float
    shown_at: float
    received_at: float
    bulk: bool
    snapshot: Snapshot
    all_disks: tuple[str | None, ...] = ()


@dataclass(frozen=True)
class BackupRead:
    """One first page of images or snapshots. `ids`: the machines or disks that it was asked for; `version`: of the backups."""

    operation: str
    ids: frozenset[str]
    version: int
    sent_at: float
    shown_at: float
    received_at: float


@dataclass
class Log:
    """Everything that arrived. `sights` by machine, in the order in which the answers were made."""

    calls: list[tuple[float, str, str]] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    sights: dict[str, list[Sight]] = field(default_factory=lambda: defaultdict(list))
    backup_reads: list[BackupRead] = field(default_factory=list)

    def of(self, operation: str, resource: str | None = None) -> list[Write]:
        """The writes of one operation."""
        return [write for write in self.writes if write.operation == operation and resource in (None, write.resource)]

    def count(self, operation: str) -> int:
        """How often an operation was called."""
        return sum(1 for _when, each, _resource in self.calls if each == operation)

    def effects(self, operation: str, resource: str) -> int:
        """How often it changed something."""
        return sum(write.took_effect for write in self.of(operation, resource))

    def last_sight(self, instance_id: str, before: float) -> Sight | None:
        """The newest answer about a machine that its caller had at a time."""
        known = [sight for sight in self.sights[instance_id] if sight.received_at <= before]
        return max(known, key=lambda sight: sight.received_at, default=None)

    def last_backup_read(self, operation: str, resource: str, before: float) -> BackupRead | None:
        """The newest answer about the images of a machine, or the snapshots of a disk, that its caller had at a time."""
        reads = [each for each in self.backup_reads if each.operation == operation and resource in each.ids]
        known = [each for each in reads if each.received_at <= before]
        return max(known, key=lambda read: read.received_at, default=None)
