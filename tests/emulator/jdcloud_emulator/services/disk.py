# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The disk service: disks and snapshots."""

from __future__ import annotations

import re
from collections.abc import Callable

from jdcloud_emulator.services.api import (
    DISK_NAME,
    Call,
    Condition,
    bad_value,
    changed_tags,
    check_description,
    check_name,
    has_tags,
    matches,
    once,
    operation,
    page,
    precondition,
    quota_exceeded,
)
from jdcloud_emulator.services.vm_create import new_disk
from jdcloud_emulator.state import lifecycle
from jdcloud_emulator.state.json_object import Json
from jdcloud_emulator.state.model import Disk, Snapshot
from jdcloud_emulator.state.settings import ApiError, parse_time

MISSING = "Disk '{}' not found"
MISSING_SNAPSHOT = "Snapshot '{}' not found"
FILTERS: dict[str, Callable[[Disk, Condition], bool]] = {
    "diskId": lambda disk, wanted: matches(disk.id, wanted),
    "diskType": lambda disk, wanted: matches(disk.disk_type, wanted),
    "instanceId": lambda disk, wanted: any(key in disk.attachments for key in wanted[1]),
    "instanceType": lambda disk, wanted: bool(disk.attachments) and "vm" in wanted[1],
    "status": lambda disk, wanted: matches(disk.status, wanted),
    "az": lambda disk, wanted: matches(disk.az, wanted),
    "name": lambda disk, wanted: wanted[1][0] in disk.name,
    "multiAttach": lambda disk, wanted: str(disk.multi_attachable).lower() == wanted[1][0].lower(),
    "encrypted": lambda disk, wanted: str(disk.encrypted).lower() == wanted[1][0].lower(),
    # The emulator has no snapshot policies.
    "policyId": lambda _disk, _wanted: False,
    "notPolicyId": lambda _disk, _wanted: True,
}
SNAPSHOT_FILTERS: dict[str, Callable[[Snapshot, Condition], bool]] = {
    "snapshotId": lambda snapshot, wanted: matches(snapshot.id, wanted),
    "diskId": lambda snapshot, wanted: matches(snapshot.disk_id, wanted),
    "status": lambda snapshot, wanted: matches(snapshot.status, wanted),
    "name": lambda snapshot, wanted: wanted[1][0] in snapshot.name,
}
MALFORMED = r"[a-z]+-[a-z0-9]+"


@operation("disk", "GET", "disks")
def describe_disks(call: Call) -> Json:
    """The name filter is taken for fuzzy, as in vm. Order create_time or trash_time is the order of creation."""
    filters, tags = call.filters(FILTERS), call.tag_filters()
    known = call.region.disks
    wanted = filters.get("diskId")
    ids = dict.fromkeys(wanted[1]) if wanted and wanted[0] in ("eq", "in") else None
    rows = list(known.values()) if ids is None else [known[key] for key in ids if key in known]
    rows = [disk for disk in rows if all(FILTERS[name](disk, condition) for name, condition in filters.items())]
    rows = [disk for disk in rows if has_tags(disk.tags, tags) and call.visible(disk.id)]
    chosen, total = page(call, rows)
    return {"disks": [call.cloud.renderer.fragment(disk) for disk in chosen] or _no_rows(call), "totalCount": total}


def _no_rows(call: Call) -> list[Json] | None:
    """The disk service sends null where a list is empty (fact requests-empty-members)."""
    return [] if call.cloud.settings.disk_empty_lists == "empty" else None


@operation("disk", "GET", "disks/*")
def describe_disk(call: Call) -> Json:
    return {"disk": call.cloud.renderer.fragment(call.get(Disk, call.target, MISSING))}


@operation("disk", "POST", "disks")
def create_disks(call: Call) -> Json:
    spec, count = call.body_field("diskSpec", dict, required=True), call.body_field("maxCount", int, required=True)
    token = call.body_field("clientToken", str, required=True)
    az, name, size = spec.get("az") or "", spec.get("name") or "", int(spec.get("diskSizeGB") or 0)
    check_name(name, 1, 32, DISK_NAME)
    if az not in call.region.azs:
        raise bad_value("diskSpec.az", az, call.region.azs)
    if not 20 <= size <= 16000 or size % 10:
        raise ApiError(400, "OUT_OF_RANGE", "diskSizeGB out of range")
    if spec.get("snapshotId"):
        source = call.get(Snapshot, spec["snapshotId"], MISSING_SNAPSHOT)
        if source.status != "available":
            raise precondition(f"Invalid snapshot status '{source.status}'")
    tags = changed_tags({}, call.body_field("userTags", list, []))

    def make() -> list[str]:
        if call.cloud.left_in_quota(call.region, "disks") < count:
            raise quota_exceeded("Disk")
        disks = [new_disk(call, name, az, spec) for _each in range(count)]
        for disk in disks:
            disk.tags = dict(tags)
            lifecycle.create_disk(call.cloud, disk, call.outcome)
        return [disk.id for disk in disks]

    made = once(call, token, make)
    call.touched.extend(made)
    return {"diskIds": made, "policyRelations": None, "tagmsg": ""}


@operation("disk", "DELETE", "disks/*")
def delete_disk(call: Call) -> None:
    into_bin = call.flag("putInRecycleBin")
    if not re.fullmatch(MALFORMED, call.target):
        raise ApiError(400, "INVALID_ARGUMENT", f"Malformed disk id '{call.target}'")
    if call.target not in call.region.disks and call.cloud.settings.unknown_disk_delete == "ignored":
        return
    disk = call.get(Disk, call.target, MISSING)
    if disk.status not in ("available", "error_create", "error_delete", "error_restore", "error_extend", lifecycle.BIN_STATUS):
        raise precondition(f"Cannot delete disk in status '{disk.status}'")
    if disk.charge is not None and disk.charge.unexpired_prepaid(call.cloud.wall()):
        raise precondition("Can't delete 'prepaid_by_duration' disk which isn't overdue")
    lifecycle.delete_disk(call.cloud, disk, into_bin, call.outcome)


@operation("disk", "POST", "disks/*:recover")
def recover_disk(call: Call) -> None:
    disk = call.get(Disk, call.target, MISSING)
    if disk.status != lifecycle.BIN_STATUS:
        raise precondition(f"Cannot recover disk in status '{disk.status}'")
    disk.trashed = None
    call.cloud.set_status(disk, "available")


@operation("disk", "POST", "disks/*:extend")
def extend_disk(call: Call) -> None:
    disk, size = call.get(Disk, call.target, MISSING), call.body_field("diskSizeGB", int, required=True)
    if disk.status != "available":
        raise precondition(f"Cannot extend disk in status '{disk.status}'")
    if any(row.disk_id == disk.id and row.status == "creating" for row in call.region.snapshots.values()):
        raise precondition("Cannot extend disk while a snapshot of it is being created")
    if not disk.size_gb < size <= 16000 or size % 10:
        raise ApiError(400, "OUT_OF_RANGE", "diskSizeGB out of range")
    disk.size_gb = size
    lifecycle.change_disk(call.cloud, disk, "extending", "error_extend", call.cloud.settings.disk_change_seconds, call.outcome)


@operation("disk", "POST", "disks/*:restore")
def restore_disk(call: Call) -> None:
    disk = call.get(Disk, call.target, MISSING)
    snapshot = call.get(Snapshot, call.body_field("snapshotId", str, required=True), MISSING_SNAPSHOT)
    if disk.status != "available":
        raise precondition(f"Cannot restore disk in status '{disk.status}'")
    if snapshot.disk_id != disk.id or snapshot.status != "available":
        raise precondition(f"Cannot restore disk '{disk.id}' from snapshot '{snapshot.id}'")
    lifecycle.change_disk(call.cloud, disk, "restoring", "error_restore", call.cloud.settings.disk_change_seconds, call.outcome)


@operation("disk", "PATCH", "disks/*")
def modify_disk_attribute(call: Call) -> None:
    disk = call.get(Disk, call.target, MISSING)
    _rename(call, disk)


@operation("disk", "PATCH", "snapshots/*")
def modify_snapshot_attribute(call: Call) -> None:
    snapshot, expires = call.get(Snapshot, call.target, MISSING_SNAPSHOT), call.body_field("expireTime", str)
    if expires is not None:
        try:
            snapshot.expires = parse_time(expires) if expires else None
        except ValueError:
            raise ApiError(400, "INVALID_ARGUMENT", f"Request parameter expireTime is '{expires}'") from None
    _rename(call, snapshot)


def _rename(call: Call, resource: Disk | Snapshot) -> None:
    name, description = call.body_field("name", str), call.body_field("description", str)
    if name is not None:
        check_name(name, 1, 32, DISK_NAME)
        resource.name = name
    if description is not None:
        check_description(description)
        resource.description = description
    call.cloud.touch(resource)


# --- snapshots ----------------------------------------------------------------------------------------------------


@operation("disk", "POST", "snapshots")
def create_snapshot(call: Call) -> Json:
    """The client token may be absent (fact snapshots-token)."""
    spec, token = call.body_field("snapshotSpec", dict, required=True), call.body_field("clientToken", str, "")
    name, description = spec.get("name") or "", spec.get("description") or ""
    check_name(name, 1, 32, DISK_NAME)
    check_description(description)
    disk = call.get(Disk, spec.get("diskId") or "", MISSING)
    call.touched.append(disk.id)

    def make() -> list[str]:
        if disk.status not in ("available", "in-use"):
            raise precondition(f"Invalid disk status '{disk.status}'")
        if not call.cloud.left_in_quota(call.region, "snapshots"):
            raise quota_exceeded("Snapshot")
        snapshot = Snapshot(
            kind="snapshots",
            id=call.cloud.new_id("snapshots"),
            region=call.region.name,
            name=name,
            description=description,
            created=call.cloud.wall(),
            disk_id=disk.id,
            size_gb=disk.size_gb,
            encrypted=disk.encrypted,
        )
        lifecycle.create_snapshot(call.cloud, snapshot, outcome=call.outcome)
        return [snapshot.id]

    made = once(call, token, make)
    call.touched.extend(made)
    return {"snapshotId": made[0]}


@operation("disk", "GET", "snapshots")
def describe_snapshots(call: Call) -> Json:
    source, filters = call.query.get("snapshotSource") or "private", call.filters(SNAPSHOT_FILTERS)
    if source not in ("private", "others", "shared"):
        raise bad_value("snapshotSource", source, ["private", "others", "shared"])
    shown = "self" if source == "private" else "others"
    rows = [row for row in call.region.snapshots.values() if row.source == shown and call.visible(row.id)]
    rows = [row for row in rows if all(SNAPSHOT_FILTERS[name](row, condition) for name, condition in filters.items())]
    chosen, total = page(call, rows)
    return {"snapshots": [call.cloud.renderer.fragment(row) for row in chosen] or _no_rows(call), "totalCount": total}


@operation("disk", "GET", "snapshots/*")
def describe_snapshot(call: Call) -> Json:
    return {"snapshot": call.cloud.renderer.fragment(call.get(Snapshot, call.target, MISSING_SNAPSHOT))}


@operation("disk", "DELETE", "snapshots/*")
def delete_snapshot(call: Call) -> None:
    _delete_snapshot(call, call.target)


def _delete_snapshot(call: Call, snapshot_id: str) -> None:
    """A snapshot that belongs to an image cannot be deleted on its own (fact snapshots-of-images)."""
    snapshot = call.get(Snapshot, snapshot_id, MISSING_SNAPSHOT)
    if snapshot.images:
        raise precondition(f"Snapshot '{snapshot_id}' is used by image '{snapshot.images[0]}'")
    if snapshot.status not in ("available", "error_create", "error_delete"):
        raise precondition(f"Cannot delete snapshot in status '{snapshot.status}'")
    lifecycle.delete_snapshot(call.cloud, snapshot, call.outcome)


@operation("disk", "DELETE", "snapshots")
def delete_snapshots(call: Call) -> Json:
    """Partial success comes with HTTP 200 (fact snapshots-partial-success)."""
    ids = call.texts("snapshotIds")
    if not ids:
        raise ApiError(400, "INVALID_ARGUMENT", "Request parameter snapshotIds is missing")
    rows = []
    for snapshot_id in ids:
        call.touched.append(snapshot_id)
        try:
            _delete_snapshot(call, snapshot_id)
            rows.append({"snapshotId": snapshot_id, "success": True, "detail": ""})
        except ApiError as error:
            rows.append({"snapshotId": snapshot_id, "success": False, "detail": error.message})
    deleted = sum(bool(row["success"]) for row in rows)
    return {"snapshots": rows, "successCount": deleted, "failedCount": len(rows) - deleted}


@operation("disk", "GET", "quotas")
def describe_quota(call: Call) -> Json:
    kind = call.query.get("type", "")
    quotas = {"disk": "disks", "snapshot": "snapshots", "snapshot_policy": ""}
    if kind not in quotas:
        raise bad_value("type", kind, list(quotas))
    if not quotas[kind]:
        return {"quota": {"limit": 20, "used": 0}}
    limit = getattr(call.cloud.quotas, quotas[kind])
    return {"quota": {"limit": limit, "used": call.cloud.used(call.region, quotas[kind])}}
