# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vm service: images, and machines that are made from them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jdcloud_emulator.services.api import (
    VM_NAME,
    Call,
    bad_value,
    check_description,
    check_name,
    once,
    operation,
    page,
    precondition,
    quota_exceeded,
)
from jdcloud_emulator.services.vm import the_instance
from jdcloud_emulator.state import lifecycle
from jdcloud_emulator.state.json_object import Json
from jdcloud_emulator.state.model import Disk, Image, ImageDisk, Slot, Snapshot
from jdcloud_emulator.state.settings import ApiError

MISSING = "Image '{}' not found"
SOURCES = ("public", "thirdparty", "private", "shared", "community")
MONTH = 30 * 86400.0
MAX_INSTANCES = 100
MAX_SHARED_PINS = 20


# --- images -------------------------------------------------------------------------------------------------------


@operation("vm", "POST", "instances/*:createImage")
def create_image(call: Call) -> Json:
    """Snapshots of the system disk and of all cloud data disks; local data disks are left out.

    A device that the call lists is not snapshotted: noDevice leaves it out, anything else puts a disk of that specification in
    its place (facts images-content, images-no-local-data-disks).
    """
    instance, cloud = the_instance(call), call.cloud
    name, description = call.body_field("name", str, required=True), call.body_field("description", str, "")
    check_name(name, 2, 32, VM_NAME)
    check_description(description)
    if instance.status not in ("running", "stopped"):
        raise precondition(f"Invalid instance status {instance.status}")
    if instance.busy_with():
        raise precondition(f"Conflict with underlay task {instance.busy_with()}")
    if instance.system is None:
        raise precondition("System disk not found")
    if instance.system.status != "attached":
        raise precondition("Invalid system disk mount state")
    if instance.system.disk is None and instance.status != "stopped":
        raise precondition("Please stop the instance first")
    listed = _listed(call.body_field("dataDisks", list, []))
    missing = {*listed, *call.outcome.left_out}
    data = [slot for slot in instance.data if slot.disk is not None and slot.device not in missing]
    inserted = [_inserted(call, row) for row in listed.values() if not row.get("noDevice")]
    for slot in [instance.system, *data]:
        _check_imageable(slot.disk)
    needed = len(data) + (instance.system.disk is not None)
    if not cloud.left_in_quota(call.region, "images"):
        raise quota_exceeded("Image")
    if cloud.left_in_quota(call.region, "snapshots") < needed:
        raise quota_exceeded("Snapshot")
    image_id = cloud.new_id("images")
    image = Image(
        kind="images",
        id=image_id,
        region=call.region.name,
        name=name,
        description=description,
        created=cloud.wall(),
        platform=instance.platform,
        os_type=instance.os_type,
        os_version=instance.os_version,
        architecture=instance.architecture,
        owner_pin=cloud.settings.owner_pin,
        system=_image_part(call, instance.system, image_id),
        data=[*(_image_part(call, slot, image_id) for slot in data), *inserted],
        instance_id=instance.id,
    )
    lifecycle.create_image(cloud, image, instance, call.outcome)
    call.touched.append(image.id)
    return {"imageId": image.id}


def _listed(rows: list[Any]) -> dict[str, Json]:
    found = {str(row.get("deviceName") or ""): row for row in rows}
    if len(found) != len(rows):
        raise ApiError(400, "DUPLICATE", "Duplicate deviceName")
    return found


def _inserted(call: Call, row: Json) -> ImageDisk:
    """A disk that the image gets instead of, or in addition to, those of the machine: empty, or from a snapshot."""
    spec = row.get("cloudDiskSpec") or {}
    snapshot_id = str(spec.get("snapshotId") or "")
    size = int(spec.get("diskSizeGB") or 0)
    if snapshot_id:
        size = max(size, call.get(Snapshot, snapshot_id, "Instance or Snapshot not found").size_gb)
    return ImageDisk(
        str(row.get("deviceName")),
        row.get("autoDelete") is not False,
        str(spec.get("diskType") or "ssd.gp1"),
        size or 20,
        snapshot_id,
    )


def _check_imageable(disk: Disk | None) -> None:
    if disk is None or disk.status == "in-use":
        return
    if disk.status in ("extending", "restoring", "creating", "deleting"):
        raise precondition(f"Disk '{disk.id}' busy in '{disk.status}'")
    raise precondition(f"Invalid Disk '{disk.id}' status '{disk.status}'")


def _image_part(call: Call, slot: Slot, image_id: str) -> ImageDisk:
    if slot.disk is None:
        return ImageDisk(slot.device, True, slot.local_type, slot.local_size_gb, local=True)
    return lifecycle.snapshot_for_image(call.cloud, call.region, slot, slot.disk, image_id, call.outcome)


@operation("vm", "POST", "images:createImageFromSnapshots")
def create_image_from_snapshots(call: Call) -> Json:
    """An image of snapshots that exist; vda must be among them (fact images-of-snapshots)."""
    name = call.body_field("name", str, required=True)
    check_name(name, 2, 32, VM_NAME)
    for field in ("platform", "architecture", "bootMode"):
        call.body_field(field, str, required=True)
    disks = [_snapshot_disk(call, row) for row in call.body_field("cloudDisks", list, [])]
    system = next((disk for disk in disks if disk.device == "vda"), None)
    if system is None:
        raise ApiError(400, "INVALID_ARGUMENT", "cloudDisks must hold vda")
    if not call.cloud.left_in_quota(call.region, "images"):
        raise quota_exceeded("Image")

    def make() -> list[str]:
        image = Image(
            kind="images",
            id=call.cloud.new_id("images"),
            region=call.region.name,
            name=name,
            description=call.body_field("description", str, ""),
            created=call.cloud.wall(),
            platform=call.body["platform"],
            os_version=call.body_field("osVersion", str, ""),
            architecture=call.body["architecture"],
            boot_mode=call.body["bootMode"],
            owner_pin=call.cloud.settings.owner_pin,
            system=system,
            data=[disk for disk in disks if disk is not system],
        )
        lifecycle.create_image(call.cloud, image, None, call.outcome)
        for snapshot in lifecycle.snapshots_of(call.cloud, image):
            snapshot.images.append(image.id)
            call.cloud.touch(snapshot)
        return [image.id]

    return {"imageId": once(call, call.body_field("clientToken", str, ""), make)[0]}


def _snapshot_disk(call: Call, row: Json) -> ImageDisk:
    spec = row.get("cloudDiskSpec") or row
    snapshot = call.get(Snapshot, str(row.get("snapshotId") or spec.get("snapshotId") or ""), "Instance or Snapshot not found")
    if snapshot.status != "available":
        raise precondition(f"Invalid snapshot status '{snapshot.status}'")
    size = max(int(spec.get("diskSizeGB") or 0), snapshot.size_gb)
    auto_delete = row.get("autoDelete") is not False
    return ImageDisk(str(row.get("deviceName")), auto_delete, str(spec.get("diskType") or "ssd.gp1"), size, snapshot.id)


def _shown(call: Call, image: Image) -> Any:
    """The JSON of an image, with its present progress."""
    if call.cloud.settings.image_progress and image.status in ("pending", "ready", call.cloud.settings.image_middle_state):
        progress = _progress(call.cloud.now, image)
        if progress != image.progress:
            image.progress, image.rendered = progress, None
    return call.cloud.renderer.fragment(image)


def _progress(now: float, image: Image) -> str:
    """A bare number, percent, as text (fact images-progress)."""
    if image.transition is None:
        return "100" if image.status == "ready" else "0"
    span = image.transition.due - image.transition.started
    return str(min(99, int(100 * (now - image.transition.started) / span))) if span else "99"


@operation("vm", "GET", "images/*")
def describe_image(call: Call) -> Json:
    return {"image": _shown(call, call.get(Image, call.target, MISSING))}


@operation("vm", "GET", "images")
def describe_images(call: Call) -> Json:
    """Plain parameters instead of filters; imageName is fuzzy (fact images-listed-by-source)."""
    ids, source = call.texts("ids"), call.query.get("imageSource", "")
    if not ids and not source:
        raise precondition("Parameter ImageSource missing")
    if source and source not in SOURCES:
        raise bad_value("imageSource", source, SOURCES)
    known = call.region.images
    rows = [known[key] for key in dict.fromkeys(ids) if key in known] if ids else list(known.values())
    exact: dict[str, Callable[[Image], str]] = {
        "imageSource": lambda image: image.source,
        "status": lambda image: image.status,
        "launchPermission": lambda image: image.launch_permission,
        "platform": lambda image: image.platform,
        "architecture": lambda image: image.architecture,
        "bootMode": lambda image: image.boot_mode,
        "rootDeviceType": lambda image: "localDisk" if image.system.local else "cloudDisk",
    }
    for name, value_of in exact.items():
        wanted = call.query.get(name, "")
        if wanted:
            rows = [image for image in rows if value_of(image) == wanted]
    instances, fuzzy = call.texts("instanceIds"), call.query.get("imageName", "")
    rows = [image for image in rows if (not instances or image.instance_id in instances) and fuzzy in image.name]
    if call.query.get("offline"):
        rows = [image for image in rows if image.offline == call.flag("offline")]
    rows = [image for image in rows if call.visible(image.id)]
    chosen, total = page(call, rows)
    return {"images": [_shown(call, image) for image in chosen], "totalCount": total}


@operation("vm", "DELETE", "images/*")
def delete_image(call: Call) -> None:
    image, with_snapshots = call.get(Image, call.target, MISSING), call.flag("deleteSnapshot")
    if image.protected:
        raise precondition("Can't delete protected image")
    if image.source == "community":
        raise precondition("Can't delete community image")
    if image.source == "shared" or image.shared_with:
        raise precondition("Can't delete shared image")
    if image.source != "private":
        raise precondition("Can't delete this image")
    if image.status == "deleting":
        raise precondition(f"The image '{image.id}' is busy")
    if image.status not in ("ready", "error"):
        raise precondition("Conflict with underlay image task 'create_image'")
    if image.system.local and any(vm.image_id == image.id for vm in call.region.instances.values()):
        raise precondition("Local-System-Disk image used to create instances cannot be deleted")
    lifecycle.delete_image(call.cloud, image, with_snapshots, call.outcome)


@operation("vm", "POST", "images/*:share")
def share_image(call: Call) -> None:
    image = call.get(Image, call.target, MISSING)
    pins = [*image.shared_with, *call.body_field("pins", list, []), *call.body_field("loginNames", list, [])]
    if image.status != "ready":
        raise precondition(f"The image '{image.id}' is busy")
    if len(pins) > min(MAX_SHARED_PINS, call.cloud.quotas.image_shares):
        raise quota_exceeded("Image share")
    image.shared_with = list(dict.fromkeys(pins))
    image.launch_permission = "specifiedUsers"
    call.cloud.touch(image)


@operation("vm", "POST", "images/*:unshare")
def unshare_image(call: Call) -> None:
    image = call.get(Image, call.target, MISSING)
    gone = [*call.body_field("pins", list, []), *call.body_field("loginNames", list, [])]
    image.shared_with = [pin for pin in image.shared_with if pin not in gone]
    image.launch_permission = "specifiedUsers" if image.shared_with else "ownerOnly"
    call.cloud.touch(image)


@operation("vm", "POST", "images/*:modifyImageAttribute")
def modify_image_attribute(call: Call) -> None:
    image = call.get(Image, call.target, MISSING)
    name, description = call.body_field("name", str), call.body_field("description", str)
    if name is not None:
        check_name(name, 2, 32, VM_NAME)
        image.name = name
    if description is not None:
        check_description(description)
        image.description = description
    call.cloud.touch(image)
