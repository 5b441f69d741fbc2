# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the user wants, what is known besides the machine itself, and what is decided: the words of the plan. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from ..._api.model.instance import Instance
from ..._api.model.resources import Disk, ElasticIp
from ..common.failure import Finding
from ..common.selection import Selection
from ..evidence.preview import PlannedMachine
from ..evidence.proof import Backup, BackupSet, Demand
from .surroundings import BalancerChoice, BalancerFacts, GroupChoice, GroupFacts, Registration

State = Literal["absent", "stopped", "running"]
Action = Literal["deleted", "stopped", "started", "none", "blocked", "failed"]
Step = Literal["deregister", "leave_group", "stop", "start", "set_disks", "delete", "release"]
Fate = Literal["deleted", "kept", "lost", "released", "failed", "unverified"]
DiskChoice = Literal["as_configured", "keep", "delete"]


@dataclass(frozen=True, slots=True)
class Policy:
    """What the user wants, checked. Seconds where there is a unit.

    `may_stop`: the option stop_running is not excluded by others. `due_tag`: only machines go whose tag of this key holds a
    date that is over (see `due`). `may_lose`: by machine, the disks and elastic IPs that may go with it (see `fates.losses`);
    None: whatever the other options mean. `group_members` and `load_balancers`: what becomes of memberships and targets (rules 21
    and 22). `drain_seconds`: how long connections get to end.
    """

    state: State
    selection: Selection
    protect_tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stop_running: bool = False
    may_stop: bool = True
    disks: DiskChoice = "as_configured"
    release_elastic_ips: bool = False
    charge_on_stopped: str | None = None
    allow_local_disk_loss: bool = False
    demand: Demand | None = None
    due_tag: str | None = None
    may_lose: Mapping[str, frozenset[str]] | None = None
    group_members: GroupChoice = "block"
    load_balancers: BalancerChoice = "ignore"
    drain_seconds: float = 30.0
    allow_last_target: bool = False

    @property
    def reads_at_gate(self) -> bool:
        """Whether a delete depends on more than its machine: backups, or tags of what would go with it."""
        return self.demand is not None or bool(self.protect_tags) or self.release_elastic_ips

    def takes_away(self, machine: Instance) -> bool:
        """Whether the machine is to be stopped or deleted."""
        if self.state == "absent":
            return machine.status != "deleting"
        return self.state == "stopped" and machine.status == "running"

    @property
    def once_left(self) -> Policy:
        """The policy for machines that left their groups and load balancers: one that did not must not be touched."""
        return replace(
            self,
            group_members="block" if self.group_members == "abandon" else self.group_members,
            load_balancers="block" if self.load_balancers == "deregister" else self.load_balancers,
        )


@dataclass(frozen=True, slots=True)
class Facts:
    """What the plan needs besides the machines: the service's time (None if never returned), elastic IPs and disks, and backups.

    `disks` are those that would be destroyed, with their tags; read only where tags protect. `disks_unread`: why they could
    not be read, if so. `backup_set` are read only where backups are demanded. `planned`: what would be backed up before, by
    machine; in a preview only, and never at the gate. `groups` and `balancers` surround the machines.
    """

    now: datetime | None = None
    elastic_ips: Mapping[str, ElasticIp] = field(default_factory=dict)
    disks: Mapping[str, Disk] = field(default_factory=dict)
    disks_unread: str = ""
    backup_set: BackupSet = field(default_factory=BackupSet)
    planned: Mapping[str, PlannedMachine] = field(default_factory=dict)
    groups: GroupFacts = field(default_factory=GroupFacts)
    balancers: BalancerFacts = field(default_factory=BalancerFacts)


@dataclass(frozen=True, slots=True)
class PlannedDisk:
    """A disk of the machine and what becomes of it; `fate` is None if the machine is not to be deleted."""

    disk_id: str | None
    device: str | None
    category: str
    size_gb: int | None
    auto_delete: bool | None
    fate: Fate | None


@dataclass(frozen=True, slots=True)
class PlannedAddress:
    """An elastic IP of the machine and what becomes of it; `fate` is None if the machine is not to be deleted."""

    elastic_ip_id: str
    address: str | None
    fate: Fate | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done with one machine, in which order, and why not.

    `disk_changes` holds the delete attributes to set before the delete, by disk id. `registrations` are all that load balancers
    have of it, `deregisters` those that are taken away before. With blockers, `steps` is empty.
    """

    instance_id: str
    status: str
    steps: tuple[Step, ...] = ()
    blockers: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    disks: tuple[PlannedDisk, ...] = ()
    addresses: tuple[PlannedAddress, ...] = ()
    disk_changes: Mapping[str, bool] = field(default_factory=dict)
    backups: tuple[Backup, ...] = ()
    registrations: tuple[Registration, ...] = ()
    deregisters: tuple[Registration, ...] = ()

    @property
    def action(self) -> Action:
        """What the result will call it."""
        if self.blockers:
            return "blocked"
        if "delete" in self.steps:
            return "deleted"
        if "stop" in self.steps:
            return "stopped"
        return "started" if "start" in self.steps else "none"

    @property
    def final_status(self) -> str:
        """The status after the steps."""
        if self.action == "none" and self.status == "deleting":
            return "absent"
        return {"deleted": "absent", "stopped": "stopped", "started": "running"}.get(self.action, self.status)
