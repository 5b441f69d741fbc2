# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the engine knows beside the machines, and what it reads of that once more before their last look."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ..._api.fields import PAGE_SIZE
from ..._api.model.backup_assets import Image, Snapshot
from ..._api.model.resources import Disk, ElasticIp
from ..evidence.existing_backups import BackupCache, backup_calls
from ..planning.fates import destroyed_disks, released_addresses
from ..planning.policy import Facts, Policy
from .dependent_tags import tag_readings
from .gate_reads import Reading, Row
from .state import MachineState


class CurrentFacts:
    """The facts of the plan, renewed for some machines at a time."""

    def __init__(self, policy: Policy, facts: Facts) -> None:
        self._policy = policy
        self._backups = BackupCache(facts.backup_set)
        self._disks = dict(facts.disks)
        self._elastic_ips = dict(facts.elastic_ips)

    def facts(self, now: datetime | None) -> Facts:
        """What is known now."""
        return Facts(now=now, elastic_ips=self._elastic_ips, disks=self._disks, backup_set=self._backups.backup_set)

    def gate_readings(self, states: Sequence[MachineState]) -> list[Reading]:
        """What is read of these machines' backups, disks and elastic IPs before the look that lets their deletes leave."""
        machines = [state.machine for state in states]
        backups = backup_calls(machines) if self._policy.demand is not None else []
        return [*map(Reading, backups), *tag_readings(machines, self._policy)]

    def calls_each(self, states: Sequence[MachineState]) -> tuple[float, float]:
        """Of each look through the gate: the calls that it takes in any case, and those that one machine more takes.

        These are its delete, and its share of the pages of what is read with it.
        """
        backup_set = self._backups.backup_set if self._policy.demand is not None else None
        rows = sum(len(self._tagged(state)) for state in states)
        kinds = sum(map(bool, (self._policy.protect_tags, self._policy.release_elastic_ips)))
        if backup_set is not None:
            kinds += 2
            rows += sum(len(backup_set.images.get(state.instance_id, ())) for state in states)
            disks = (disk.disk_id or "" for state in states for disk in state.machine.disks)
            rows += sum(len(backup_set.snapshots_of_disk.get(disk_id, ())) for disk_id in disks)
        # The look at the machines themselves comes after those reads; without any, it is not worth counting.
        return (kinds + 1.0 if kinds else 0.0), 1.0 + rows / max(1, len(states)) / PAGE_SIZE

    def renew(self, states: Sequence[MachineState], rows: Sequence[Row]) -> None:
        """Forget what was known of these machines, and know `rows` instead. What is not among them is not known any more."""
        for state in states:
            for known in self._tagged(state):
                self._disks.pop(known, None)
                self._elastic_ips.pop(known, None)
        self._disks.update((row.disk_id, row) for row in rows if isinstance(row, Disk))
        self._elastic_ips.update((row.elastic_ip_id, row) for row in rows if isinstance(row, ElasticIp))
        if self._policy.demand is not None:
            backups = [row for row in rows if isinstance(row, (Image, Snapshot))]
            self._backups.replace([state.machine for state in states], backups)

    def _tagged(self, state: MachineState) -> list[str]:
        return [*destroyed_disks(state.machine, self._policy), *released_addresses(state.machine, self._policy)]
