# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the engine knows beside the machines, and what it reads of that once more before their last look."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ..._api.dispatch.pagination import PAGE_SIZE
from ..._api.model.backup_assets import Image, Snapshot
from ..._api.model.resources import Disk, ElasticIp
from ..evidence.existing_backups import Shelf, holding_calls
from ..planning.policy import Facts, Policy
from ..planning.protection import destroyed_disks, released_addresses
from .dependent_tags import tag_readings
from .gate_reads import Reading, Row
from .state import Track


class Knowledge:
    """The facts of the plan, renewed for some machines at a time."""

    def __init__(self, policy: Policy, facts: Facts) -> None:
        self._policy = policy
        self._shelf = Shelf(facts.holdings)
        self._disks = dict(facts.disks)
        self._elastic_ips = dict(facts.elastic_ips)

    def facts(self, now: datetime | None) -> Facts:
        """What is known now."""
        return Facts(now=now, elastic_ips=self._elastic_ips, disks=self._disks, holdings=self._shelf.holdings)

    def gate_readings(self, tracks: Sequence[Track]) -> list[Reading]:
        """What is read of these machines' backups, disks and elastic IPs before the look that lets their deletes leave."""
        machines = [track.machine for track in tracks]
        backups = holding_calls(machines) if self._policy.demand is not None else []
        return [*map(Reading, backups), *tag_readings(machines, self._policy)]

    def calls_each(self, tracks: Sequence[Track]) -> tuple[float, float]:
        """Of each look through the gate: the calls that it takes in any case, and those that one machine more takes.

        These are its delete, and its share of the pages of what is read with it.
        """
        holdings = self._shelf.holdings if self._policy.demand is not None else None
        rows = sum(len(self._tagged(track)) for track in tracks)
        kinds = sum(map(bool, (self._policy.protect_tags, self._policy.release_elastic_ips)))
        if holdings is not None:
            kinds += 2
            rows += sum(len(holdings.images.get(track.instance_id, ())) for track in tracks)
            disks = (disk.disk_id or "" for track in tracks for disk in track.machine.disks)
            rows += sum(len(holdings.of_disk.get(disk_id, ())) for disk_id in disks)
        # The look at the machines themselves comes after those reads; without any, it is not worth counting.
        return (kinds + 1.0 if kinds else 0.0), 1.0 + rows / max(1, len(tracks)) / PAGE_SIZE

    def renew(self, tracks: Sequence[Track], rows: Sequence[Row]) -> None:
        """Forget what was known of these machines, and know `rows` instead. What is not among them is not known any more."""
        for track in tracks:
            for known in self._tagged(track):
                self._disks.pop(known, None)
                self._elastic_ips.pop(known, None)
        self._disks.update((row.disk_id, row) for row in rows if isinstance(row, Disk))
        self._elastic_ips.update((row.elastic_ip_id, row) for row in rows if isinstance(row, ElasticIp))
        if self._policy.demand is not None:
            backups = [row for row in rows if isinstance(row, (Image, Snapshot))]
            self._shelf.replace([track.machine for track in tracks], backups)

    def _tagged(self, track: Track) -> list[str]:
        return [*destroyed_disks(track.machine, self._policy), *released_addresses(track.machine, self._policy)]
