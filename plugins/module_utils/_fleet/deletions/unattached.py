# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How elastic IPs and disks that are attached to nothing are read, judged and deleted, and one run of that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from ..._api.calls import Call
from ..._api.dispatch.dispatcher import Dispatcher
from ..._api.dispatch.pagination import chunks, find_each
from ..._api.fields import PAGE_SIZE, Page
from ..._api.model.backup_assets import Snapshot
from ..._api.model.resources import Disk, ElasticIp
from ..._api.services.disk import delete_disk, describe_disk, describe_disks, describe_snapshots
from ..._api.services.vpc import delete_elastic_ip, describe_elastic_ip, describe_elastic_ips
from ..common.failure import Finding
from ..common.selection import Cap, check_cap
from .resource_kind import D, ResourceKind
from .run import DeletionOptions, DeletionRun, delete_resources
from .unattached_rules import (
    DISK_GONE,
    FREE,
    IN_BIN,
    PROCESSING,
    UNKNOWN_TASK,
    UnattachedPolicy,
    disk_blockers,
    disk_differences,
    disk_warnings,
    elastic_ip_blockers,
    elastic_ip_differences,
    goes_into_bin,
    holder_of,
    is_free,
)

MAKING = "creating"
"""The status of a snapshot that is being made."""


class UnattachedKind(ResourceKind[D]):
    """Things that may be left without a machine. `example` is an id, for messages.

    `service_time` is the service's clock, None while it is not known.
    """

    example: str

    def __init__(self, policy: UnattachedPolicy, service_time: Callable[[], datetime | None]) -> None:
        self._policy = policy
        self._service_time = service_time


class ElasticIpKind(UnattachedKind[ElasticIp]):
    """Elastic IPs."""

    key = "elastic_ip"
    word = "elastic IP"
    example = "fip-8wz1t5c0rn"

    def id_of(self, asset: ElasticIp) -> str:
        return asset.elastic_ip_id

    def by_ids(self, ids: Sequence[str]) -> Call[Page[ElasticIp]]:
        return describe_elastic_ips(ids)

    def by_id(self, asset_id: str) -> Call[ElasticIp]:
        return describe_elastic_ip(asset_id)

    def delete(self, asset: ElasticIp) -> Call[None]:
        return delete_elastic_ip(asset.elastic_ip_id)

    def blockers(self, asset: ElasticIp) -> tuple[Finding, ...]:
        return tuple(elastic_ip_blockers(asset, self._policy, self._service_time()))

    def differences(self, before: ElasticIp, now: ElasticIp) -> list[str]:
        return elastic_ip_differences(before, now)

    def is_going(self, _asset: ElasticIp) -> bool:
        """No status of an elastic IP says so."""
        return False

    def may_be_going(self, asset: ElasticIp) -> bool:
        return asset.state == PROCESSING

    def survived(self, _before: ElasticIp, now: ElasticIp) -> bool:
        return now.status != FREE or holder_of(now) is not None

    def status_when_asked(self, asset: ElasticIp) -> str:
        return asset.status


class DiskKind(UnattachedKind[Disk]):
    """Cloud disks. Before a disk is judged, it is asked which snapshots of it are being made."""

    key = "disk"
    word = "disk"
    example = "vol-2dat4dsk1b"
    look_limit = PAGE_SIZE

    def __init__(self, policy: UnattachedPolicy, service_time: Callable[[], datetime | None]) -> None:
        super().__init__(policy, service_time)
        self._tasks: dict[str, str | None] = {}

    def id_of(self, asset: Disk) -> str:
        return asset.disk_id

    def by_ids(self, ids: Sequence[str]) -> Call[Page[Disk]]:
        return describe_disks(ids)

    def by_id(self, asset_id: str) -> Call[Disk]:
        return describe_disk(asset_id)

    def delete(self, asset: Disk) -> Call[None]:
        return delete_disk(asset.disk_id, into_bin=self._policy.recycle)

    def related_call(self, assets: Sequence[Disk]) -> Call[Page[Snapshot]]:
        return describe_snapshots(disk_ids=[disk.disk_id for disk in assets], status=MAKING)

    def note_related(self, assets: Sequence[Disk], page: Page[Snapshot]) -> None:
        # The first page holds 100 of them. Of what stands on a further one nothing is known, nor of a row without its disk.
        otherwise = None if page.whole and not any("diskId" in row.unreadable for row in page.items) else UNKNOWN_TASK
        making = {row.disk_id: row.snapshot_id for row in page.items if row.status in (MAKING, "")}
        self._tasks.update((disk.disk_id, making.get(disk.disk_id, otherwise)) for disk in assets)

    def prepare(self, dispatcher: Dispatcher, found: Mapping[str, Disk]) -> None:
        """Read what `related_call` wants of the disks that may go, 100 in a call, for the plan. Raises `JdcloudError`."""
        parts = [*chunks([disk_id for disk_id, disk in found.items() if is_free(disk)])]
        groups = [[found[disk_id] for disk_id in part] for part in parts]
        for group, outcome in zip(groups, dispatcher.gather([self.related_call(group) for group in groups]), strict=True):
            self.note_related(group, outcome.value)

    def blockers(self, asset: Disk) -> tuple[Finding, ...]:
        return tuple(disk_blockers(asset, self._policy, self._service_time(), self._tasks.get(asset.disk_id)))

    def differences(self, before: Disk, now: Disk) -> list[str]:
        return disk_differences(before, now, self._policy)

    def warnings(self, asset: Disk) -> tuple[Finding, ...]:
        return tuple(disk_warnings(asset, self._policy))

    def recycles(self, asset: Disk) -> bool:
        return goes_into_bin(asset, self._policy)

    def is_gone(self, asset: Disk) -> bool:
        """What is in the recycle bin counts as gone, whoever put it there."""
        return asset.status in DISK_GONE

    def survived(self, before: Disk, now: Disk) -> bool:
        return super().survived(before, now) or now.attached

    def status_when_gone(self, asset: Disk) -> str:
        return IN_BIN if self.recycles(asset) else "absent"


def delete_unattached(
    dispatcher: Dispatcher, kind: UnattachedKind[D], ids: Sequence[str], options: DeletionOptions
) -> DeletionRun[D]:
    """Delete those of `ids` that are free.

    Raises `JdcloudError` if something cannot be read or more exist than the cap allows; then nothing was changed.
    """
    found = find_each(dispatcher, ids, kind.by_ids, kind.by_id, kind.id_of)
    check_cap(list(found), Cap(options.cap, len(ids), f"max_{kind.key}s", f"{kind.word}s", "select fewer"))
    kind.prepare(dispatcher, found)
    return delete_resources(dispatcher, kind, ids, found, options)
