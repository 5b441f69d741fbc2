# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vm service: new machines, bare or from images and snapshots."""

from __future__ import annotations

import re
from dataclasses import dataclass

from jdcloud_emulator.services.api import (
    VM_NAME,
    Call,
    bad_value,
    changed_tags,
    check_description,
    check_name,
    once,
    operation,
    precondition,
    quota_exceeded,
)
from jdcloud_emulator.services.vm_images import MISSING
from jdcloud_emulator.state import factory, lifecycle
from jdcloud_emulator.state.json_object import Json
from jdcloud_emulator.state.model import POSTPAID, PREPAID, Charge, Disk, Image, Instance, Slot, Snapshot
from jdcloud_emulator.state.settings import ApiError

MONTH = 30 * 86400.0
MAX_INSTANCES = 100
MAX_SECURITY_GROUPS = 5
MAX_KEY_PAIRS = 1


@dataclass(frozen=True)
class _Order:
    """A checked createInstances call."""

    spec: Json
    az: str
    image: Image | None
    tags: dict[str, str]
    charge: Charge
    disks: list[tuple[str, bool, Json]]


@operation("vm", "POST", "instances")
def create_instances(call: Call) -> Json:
    """pending -> running. Data disks of a private image are made from its snapshots, unless the call says noDevice."""
    spec, count = call.body_field("instanceSpec", dict, required=True), call.body_field("maxCount", int, 1)
    name = spec.get("name") or ""
    check_name(re.sub(r"\[\d+\]", "", name), 2, 128, VM_NAME)
    check_description(spec.get("description") or "")
    for field in ("az", "instanceType", "imageId"):
        if not spec.get(field) and not spec.get("instanceTemplateId") and not spec.get("agId"):
            raise ApiError(400, "INVALID_ARGUMENT", f"Request parameter instanceSpec.{field} is missing")
    az = spec.get("az") or call.region.azs[0]
    if az not in call.region.azs:
        raise bad_value("instanceSpec.az", az, call.region.azs)
    if not 1 <= count <= MAX_INSTANCES:
        raise ApiError(400, "OUT_OF_RANGE", "MaxCount out of range")
    token = call.body_field("clientToken", str, "")
    if (call.operation, token) in call.region.tokens:
        return {"instanceIds": call.region.tokens[call.operation, token]}
    _check_network(call, spec)
    image = _source_image(call, spec.get("imageId") or factory.PUBLIC_IMAGE)
    disks = _ordered_disks(call, spec, image)
    if call.cloud.left_in_quota(call.region, "instances") < count:
        raise quota_exceeded("Instance")
    if call.cloud.left_in_quota(call.region, "disks") < count * len(disks):
        raise quota_exceeded("Disk")
    order = _Order(spec, az, image, changed_tags({}, spec.get("userTags")), _charge(call, spec.get("charge")), disks)
    made = once(call, token, lambda: [_new_instance(call, order, index).id for index in range(count)])
    call.touched.extend(made)
    return {"instanceIds": made}


def _check_network(call: Call, spec: Json) -> None:
    network = (spec.get("primaryNetworkInterface") or {}).get("networkInterface") or {}
    if len(network.get("securityGroups") or []) > MAX_SECURITY_GROUPS:
        raise ApiError(400, "OUT_OF_RANGE", "SecurityGroups out of range")
    if len(spec.get("keyNames") or []) > MAX_KEY_PAIRS:
        raise ApiError(400, "OUT_OF_RANGE", "KeyNames out of range")
    address = network.get("primaryIpAddress")
    if address and any(address == interface.private_ip for interface in call.region.network_interfaces.values()):
        raise precondition(f"PrivateIpAddress '{address}' has been used")


def _source_image(call: Call, image_id: str) -> Image | None:
    """An image that the cloud knows or knew must exist and be ready; any other id is taken for one of the public images."""
    if not isinstance(call.cloud.ledger.get(image_id), Image):
        return None
    image = call.get(Image, image_id, MISSING)
    if image.status != "ready":
        raise precondition(f"The image '{image_id}' is busy")
    return image


def _ordered_disks(call: Call, spec: Json, image: Image | None) -> list[tuple[str, bool, Json]]:
    """Device, autoDelete and specification of each cloud disk, system disk first."""
    system = spec.get("systemDisk") or {}
    wanted: dict[str, tuple[str, bool, Json]] = {}
    if system.get("diskCategory") != "local" and not (image is not None and image.system.local):
        wanted["vda"] = ("vda", system.get("autoDelete") is not False, system.get("cloudDiskSpec") or {})
    if image is not None:
        for disk in image.disks():
            if disk.snapshot_id:
                base = {"diskType": disk.disk_type, "diskSizeGB": disk.size_gb, "snapshotId": disk.snapshot_id}
                given = wanted.get(disk.device, ("", disk.auto_delete, {}))
                wanted[disk.device] = (disk.device, given[1], base | {key: value for key, value in given[2].items() if value})
    free = [device for device in lifecycle.DEVICES if device not in wanted]
    for row in spec.get("dataDisks") or []:
        device = row.get("deviceName") or free.pop(0)
        auto_delete = row.get("autoDelete")
        if row.get("noDevice"):
            wanted.pop(device, None)
        elif row.get("diskCategory") != "local":
            default = call.cloud.settings.created_data_disk_auto_delete
            one = row.get("cloudDiskSpec") or {}
            _check_snapshot(call, str(one.get("snapshotId") or ""))
            wanted[device] = (device, default if auto_delete is None else bool(auto_delete), one)
    if len(wanted) > call.cloud.quotas.disks_per_instance:
        raise ApiError(400, "OUT_OF_RANGE", "DataDisks out of range")
    return list(wanted.values())


def _check_snapshot(call: Call, snapshot_id: str) -> None:
    if snapshot_id:
        snapshot = call.get(Snapshot, snapshot_id, "Snapshot '{}' not found")
        if snapshot.status != "available":
            raise precondition(f"Invalid snapshot status '{snapshot.status}'")


def _charge(call: Call, spec: Json | None) -> Charge:
    charge = Charge((spec or {}).get("chargeMode") or POSTPAID, started=call.cloud.wall())
    if charge.mode == PREPAID:
        months = int((spec or {}).get("chargeDuration") or 1) * (12 if (spec or {}).get("chargeUnit") == "year" else 1)
        charge.expires = call.cloud.wall() + months * MONTH
    return charge


def _new_instance(call: Call, order: _Order, index: int) -> Instance:
    cloud, region, spec = call.cloud, call.region, order.spec
    instance_id = cloud.new_id("instances")
    network = (spec.get("primaryNetworkInterface") or {}).get("networkInterface") or {}
    groups = [(str(group), str(group)) for group in network.get("securityGroups") or []]
    instance = Instance(
        kind="instances",
        id=instance_id,
        region=region.name,
        name=_numbered_name(spec["name"], index),
        description=spec.get("description") or "",
        created=cloud.wall(),
        tags=dict(order.tags),
        charge=order.charge,
        hostname=spec.get("hostname") or _numbered_name(spec["name"], index),
        instance_type=spec.get("instanceType") or factory.DEFAULT_TYPE,
        image_id=spec.get("imageId") or factory.PUBLIC_IMAGE,
        az=order.az,
        primary=factory.new_interface(
            cloud,
            region,
            instance_id,
            private_ip=network.get("primaryIpAddress") or "",
            subnet_id=network.get("subnetId") or "",
            groups=groups or None,
        ),
        launched=cloud.wall(),
        # With the logins of the image, key pairs have no effect (fact images-logins).
        key_names=[] if order.image is not None and spec.get("imageInherit") == "yes" else list(spec.get("keyNames") or []),
        charge_on_stopped=spec.get("chargeOnStopped") or "keepCharging",
        charged_from=cloud.now + cloud.settings.charge_record_lag_seconds,
    )
    if order.image is not None:
        instance.platform, instance.os_version = order.image.platform, order.image.os_version
        instance.os_type, instance.architecture = order.image.os_type, order.image.architecture
        instance.boot_mode = order.image.boot_mode
    cloud.add(instance)
    for device, auto_delete, disk_spec in order.disks:
        disk = new_disk(call, f"{instance.name}-{device}"[:32], order.az, disk_spec, instance.charge if device == "vda" else None)
        cloud.add(disk)
        factory.mount(cloud, instance, Slot(device, auto_delete, disk), system=device == "vda")
    if instance.system is None:
        factory.mount(cloud, instance, Slot("vda", True, None, "SSD", 40), system=True)
    if spec.get("elasticIp"):
        address = factory.new_elastic_ip(cloud, region)
        address.bandwidth_mbps = int(spec["elasticIp"].get("bandwidthMbps") or 5)
        lifecycle.bind(cloud, address, instance.primary)
    cloud.move(
        instance,
        "pending",
        cloud.settings.create_seconds,
        lambda _now: cloud.set_status(instance, "running"),
        lambda _now: _creation_failed(call, instance),
        call.outcome,
    )
    return instance


def _creation_failed(call: Call, instance: Instance) -> None:
    """Error for a moment, then removed by the service (fact states-creation)."""
    call.cloud.set_status(instance, "error")
    instance.transition = call.cloud.schedule(
        call.cloud.settings.create_seconds, lambda _now: lifecycle.end_instance(call.cloud, instance)
    )


def _numbered_name(name: str, index: int) -> str:
    """`web[001]` numbers a batch from 001 on."""
    return re.sub(r"\[(\d+)\]", lambda match: str(int(match[1]) + index).zfill(len(match[1])), name)


def new_disk(call: Call, name: str, az: str, spec: Json, charge: Charge | None = None) -> Disk:
    """A disk after the specification of a create call; not stored yet."""
    snapshot = call.region.snapshots.get(str(spec.get("snapshotId") or ""))
    size = int(spec.get("diskSizeGB") or (snapshot.size_gb if snapshot else 40))
    if snapshot is not None and size < snapshot.size_gb:
        raise ApiError(400, "OUT_OF_RANGE", "diskSizeGB is smaller than the snapshot")
    return Disk(
        kind="disks",
        id=call.cloud.new_id("disks"),
        region=call.region.name,
        name=spec.get("name") or name,
        description=spec.get("description") or "",
        status="available",
        created=call.cloud.wall(),
        charge=charge or _charge(call, spec.get("charge")),
        az=az,
        disk_type=spec.get("diskType") or "ssd.gp1",
        size_gb=size,
        multi_attachable=bool(spec.get("multiAttachable")),
        encrypted=bool(spec.get("encrypt")),
        snapshot_id=snapshot.id if snapshot else "",
    )
