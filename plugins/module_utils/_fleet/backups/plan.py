# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is to be backed up and how: one machine, the policy and what exists in, a decision out. Pure.

An own backup that is ready, covers what is wanted and is young enough is used again; one in progress is waited for; only what
is missing is made. Facts images-content, images-local-system-disk, states-image-ready and states-snapshot.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from ..._api.model.backup_assets import Image, Snapshot
from ..._api.model.instance import STABLE, TRANSITIONAL, AttachedDisk, Instance
from ..common.failure import Finding, transitional_finding, unreadable_finding
from ..common.selection import protecting_tag
from ..evidence.marker import Marker, NameParts, asset_name, read_marker, unique_part
from ..evidence.proof import (
    IMAGE_ENDED,
    SNAPSHOT_HOLDS,
    AssetType,
    BackupSet,
    age_flaw,
    asset_id_of,
    being_made,
    disk_key,
    disks_begun_with,
    disks_held_by,
    expiry_flaw,
    is_ready,
    lasting_snapshots,
    own_flaws,
)
from ..planning.balancers import balancer_warnings, departing
from ..planning.blockers import (
    disk_task_blockers,
    image_task_blocker,
    overdue_status,
    surroundings_blockers,
    unmounted_system_disk,
)
from ..planning.groups import group_warnings
from ..planning.policy import Facts
from .policy import BackupDecision, BackupPolicy, PlannedAsset

KNOWN_ATTEMPTS = 500
"""How many attempts of a campaign are known by the names of what they left."""


def decide_backup(
    machine: Instance, policy: BackupPolicy, backup_set: BackupSet, now: datetime | None, around: Facts | None = None
) -> BackupDecision:
    """What is to be made of `machine`, used again or waited for, and everything that forbids it.

    `around` is what surrounds it, where it may be stopped.
    """
    excluded = tuple(policy.selection.mismatch_findings(machine)) or tuple(unreadable_finding(machine))
    if excluded:
        return BackupDecision(machine.instance_id, machine.status, blockers=excluded)
    assets = tuple(_assets(machine, policy, backup_set, now))
    makes = any(asset.asset_id is None for asset in assets)
    stop = makes and machine.status == "running" and policy.stop_running
    start = policy.start_again and (stop or (machine.status == "stopped" and machine.instance_id in policy.stopped_before))
    around = around or Facts()
    blockers = tuple(_blockers(machine, policy, backup_set, assets))
    if stop:
        blockers += tuple(surroundings_blockers(machine, policy.of_stops, around))
    return BackupDecision(
        instance_id=machine.instance_id,
        status=machine.status,
        assets=() if blockers else assets,
        stop=stop and not blockers,
        start=start and not blockers,
        blockers=blockers,
        warnings=(*_warnings(machine, assets), *(_stop_warnings(machine, policy, around) if stop else ())),
        registrations=around.balancers.registrations(machine) if stop else (),
        deregisters=departing(machine, policy.of_stops, around) if stop and not blockers else (),
    )


def image_disks(machine: Instance, policy: BackupPolicy) -> tuple[AttachedDisk, ...]:
    """The disks that an image of `machine` has to hold. Local data disks are never in it (fact images-no-local-data-disks)."""
    wanted = [disk for disk in machine.disks if disk.system or (disk.category == "cloud" and policy.include_data_disks)]
    return tuple(wanted)


def snapshot_disks(machine: Instance, policy: BackupPolicy) -> tuple[AttachedDisk, ...]:
    """The disks of `machine` that get a snapshot each."""
    cloud = [disk for disk in machine.disks if disk.category == "cloud" and disk.disk_id]
    return tuple(disk for disk in cloud if policy.disk_ids is None or disk.disk_id in policy.disk_ids)


def _assets(machine: Instance, policy: BackupPolicy, backup_set: BackupSet, now: datetime | None) -> Iterator[PlannedAsset]:
    if policy.method in ("image", "both"):
        yield _planned_image(machine, policy, backup_set, now)
    if policy.method in ("snapshots", "both"):
        for disk in snapshot_disks(machine, policy):
            yield _planned_snapshot(machine, disk, policy, backup_set, now)


def _will_be_stopped(machine: Instance, policy: BackupPolicy) -> bool:
    return machine.status == "stopped" or (machine.status == "running" and policy.stop_running)


def _planned_image(machine: Instance, policy: BackupPolicy, backup_set: BackupSet, now: datetime | None) -> PlannedAsset:
    disks = image_disks(machine, policy)
    left_out = () if policy.include_data_disks else _devices_left_out(machine)
    keys = {disk_key(disk.disk_id, disk.device) for disk in disks}
    lasting = lasting_snapshots(machine, backup_set, now, max_age=policy.max_age)

    def fits(image: Image) -> bool:
        if image.status not in IMAGE_ENDED:
            # It is waited for, and proven when it is ready. One that was begun without a disk will never hold it.
            begun = disks_begun_with(image, machine, backup_set.snapshots)
            return begun is None or keys <= begun
        if own_flaws(image) or not _fresh(image, policy, now):
            return False
        return keys <= set(disks_held_by(image, machine, lasting))

    images = backup_set.images.get(machine.instance_id, ())
    found = _newest([image for image in images if _usable(image, machine, policy) and fits(image)])
    return _planned(_Wanted("image", machine.instance_id, disks, left_out, images), machine, policy, found)


def _planned_snapshot(
    machine: Instance, disk: AttachedDisk, policy: BackupPolicy, backup_set: BackupSet, now: datetime | None
) -> PlannedAsset:
    def fits(snapshot: Snapshot) -> bool:
        if snapshot.status == "creating":
            return True
        # One that is in use holds its data, but no delete accepts it.
        return snapshot.status == "available" and snapshot.source == "self" and _fresh(snapshot, policy, now)

    disk_id = disk.disk_id or ""
    snapshots = backup_set.snapshots_of_disk.get(disk_id, ())
    found = _newest([each for each in snapshots if _usable(each, machine, policy) and fits(each)])
    return _planned(_Wanted("snapshot", disk_id, (disk,), (), snapshots), machine, policy, found)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """An image of a machine or a snapshot of a disk that there is to be, and all that exist of it."""

    kind: AssetType
    of: str
    disks: tuple[AttachedDisk, ...]
    left_out: tuple[str, ...]
    existing: Sequence[Image | Snapshot]


def _planned(wanted: _Wanted, machine: Instance, policy: BackupPolicy, found: Image | Snapshot | None) -> PlannedAsset:
    """What is wanted: `found`, which is there already, or another one."""
    if found is not None:
        marker = cast(Marker, read_marker(found.description))
        return PlannedAsset(
            wanted.kind,
            wanted.of,
            found.name,
            attempt=0,
            campaign=marker.campaign,
            stopped=marker.stopped,
            disks=wanted.disks,
            left_out=wanted.left_out,
            asset_id=asset_id_of(found),
            ready=is_ready(found),
            status=found.status,
        )
    attempt = 1 + _attempts_so_far(wanted.existing, wanted.of, policy)
    return PlannedAsset(
        wanted.kind,
        wanted.of,
        planned_name(wanted.kind, wanted.of, machine, policy, attempt),
        attempt=attempt,
        campaign=policy.campaign,
        stopped=_will_be_stopped(machine, policy),
        disks=wanted.disks,
        left_out=wanted.left_out,
    )


def planned_name(kind: AssetType, of: str, machine: Instance, policy: BackupPolicy, attempt: int) -> str:
    """The name of an asset that is to be made."""
    parts = NameParts(of, machine.instance_id, machine.name, policy.campaign, attempt)
    return asset_name(policy.name_pattern, parts, dots=kind == "image")


def _usable(asset: Image | Snapshot, machine: Instance, policy: BackupPolicy) -> bool:
    """Whether an asset is ours, and was made in a state of the machine that is still the present one.

    Once a stopped machine runs again, each backup is older than its next stop. There is one exception: this very campaign has
    backed it up and started it again, as its policy says.
    """
    marker = read_marker(asset.description)
    if marker is None or marker.instance_id != machine.instance_id or asset.unreadable:
        return False
    own = marker.campaign == policy.campaign
    if not own and not policy.any_campaign:
        return False
    if machine.status == "running" and policy.stop_running:
        return own and marker.stopped and policy.start_again
    return marker.stopped or machine.status != "stopped"


def _fresh(asset: Image | Snapshot, policy: BackupPolicy, now: datetime | None) -> bool:
    return age_flaw(asset.created, policy.max_age, now) is None and expiry_flaw(asset, now) is None


def _newest(assets: Sequence[Image | Snapshot]) -> Image | Snapshot | None:
    ended = [asset for asset in assets if asset.status in ("ready", *SNAPSHOT_HOLDS)]
    # What is ready serves now; what is in progress is only waited for where there is nothing else.
    return max(ended or assets, key=lambda asset: (asset.created_text or "", asset.name), default=None)


def _attempts_so_far(assets: Sequence[Image | Snapshot], of: str, policy: BackupPolicy) -> int:
    """The last attempt of this campaign of which something exists, failed ones too: each try gets a name and token of its own.

    To count is not enough: once an earlier one is removed, the count would give a later one's token again, and with it, perhaps,
    what was made then instead of a new backup.
    """
    markers = [read_marker(asset.description) for asset in assets]
    own = [asset.name for asset, marker in zip(assets, markers, strict=True) if marker and marker.campaign == policy.campaign]
    names = " ".join(own)
    known = range(KNOWN_ATTEMPTS, len(own), -1) if own else ()
    return next((attempt for attempt in known if unique_part(policy.campaign, of, attempt) in names), len(own))


def _devices_left_out(machine: Instance) -> tuple[str, ...]:
    return tuple(disk.device for disk in machine.disks if not disk.system and disk.category == "cloud" and disk.device)


def _blockers(
    machine: Instance, policy: BackupPolicy, backup_set: BackupSet, assets: Sequence[PlannedAsset]
) -> Iterator[Finding]:
    if assets and all(asset.ready for asset in assets):
        # Everything is there already.
        return
    protection = protecting_tag(machine, policy.protect_tags)
    if protection is not None:
        yield Finding("protected", f"Its tag {protection} protects it: remove the tag first, or change protect_tags.")
    yield from _status_blockers(machine, assets)
    yield from _task_blockers(machine, backup_set, assets)
    if not assets:
        yield Finding("nothing_to_back_up", "It has no cloud disk for a snapshot: make an image.")
    if any(asset.images for asset in assets):
        yield from _image_blockers(machine, policy)
    if policy.start_again and policy.stop_running and machine.status == "running" and overdue_status(machine):
        yield Finding("charge_overdue", "It could not be started again after the backup: pay for it or renew it first.")


def _status_blockers(machine: Instance, assets: Sequence[PlannedAsset]) -> Iterator[Finding]:
    status = machine.status
    if status in TRANSITIONAL:
        yield transitional_finding(status)
    elif status not in STABLE:
        yield Finding("unknown_status", f"Its status '{status}' is unknown: wait until it is stopped.")
    elif status == "error" and any(asset.images for asset in assets):
        yield Finding(
            "invalid_status",
            "Its status is 'error', which does not allow an image: make snapshots, but they do not count for require_backup.",
        )


def _task_blockers(machine: Instance, backup_set: BackupSet, assets: Sequence[PlannedAsset]) -> Iterator[Finding]:
    yield from disk_task_blockers(machine)
    if any(asset.asset_id is None for asset in assets):
        waited_for = [asset.asset_id for asset in assets if asset.kind == "image"]
        for image_id in being_made(backup_set.images.get(machine.instance_id, ())):
            if image_id not in waited_for:
                yield image_task_blocker(image_id)


def _image_blockers(machine: Instance, policy: BackupPolicy) -> Iterator[Finding]:
    system = next((disk for disk in machine.disks if disk.system), None)
    if system is None:
        yield Finding("nothing_to_back_up", "The service returns no system disk for it, so an image is not possible.")
    elif system.category == "local" and not _will_be_stopped(machine, policy) and machine.status == "running":
        yield Finding(
            "running", "It has a local system disk, and an image of it is only possible while it is stopped: stop it first."
        )
    state = unmounted_system_disk(machine)
    if state is not None:
        yield Finding(
            "invalid_status",
            (f"The attachment of its system disk is '{state}', so an image is not possible: attach the disk first."),
        )


def _warnings(machine: Instance, assets: Sequence[PlannedAsset]) -> Iterator[Finding]:
    if machine.status in STABLE and any(not asset.stopped for asset in assets):
        yield Finding(
            "not_stopped",
            "It is backed up while it is not stopped: its data may be inconsistent, and the backup does not count for "
            "require_backup.",
        )


def _stop_warnings(machine: Instance, policy: BackupPolicy, around: Facts) -> Iterator[Finding]:
    """What a stop does to what surrounds the machine."""
    yield from group_warnings(machine, policy.of_stops, around)
    yield from balancer_warnings(machine, policy.of_stops, around)
