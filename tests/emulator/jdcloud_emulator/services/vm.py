# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vm service: machines."""

from __future__ import annotations

import re
from collections.abc import Callable

from jdcloud_emulator.services.api import (
    VM_NAME,
    Call,
    Condition,
    Filters,
    bad_value,
    check_description,
    check_name,
    has_tags,
    matches,
    operation,
    page,
    precondition,
)
from jdcloud_emulator.state import lifecycle
from jdcloud_emulator.state.json_object import Json
from jdcloud_emulator.state.model import POSTPAID, PREPAID, Disk, ElasticIp, Instance, Slot
from jdcloud_emulator.state.settings import ApiError, parse_time

MISSING = "Instance '{}' not found."
MISSING_ADDRESS = "ElasticIpId {} not found"
MAX_ATTACHMENTS = 16
FILTERS: dict[str, Callable[[Instance, Condition], bool]] = {
    "instanceId": lambda vm, wanted: matches(vm.id, wanted),
    # Any part of the address or of the name will do (fact requests-fuzzy-filters).
    "privateIpAddress": lambda vm, wanted: any(part in vm.primary.private_ip for part in wanted[1]),
    "name": lambda vm, wanted: wanted[1][0] in vm.name,
    "az": lambda vm, wanted: matches(vm.az, wanted),
    "vpcId": lambda vm, wanted: matches(vm.primary.vpc_id, wanted),
    "status": lambda vm, wanted: matches(vm.status, wanted),
    "imageId": lambda vm, wanted: matches(vm.image_id, wanted),
    "subnetId": lambda vm, wanted: matches(vm.primary.subnet_id, wanted),
    "agId": lambda vm, wanted: vm.ag is not None and vm.ag[0] == wanted[1][0],
    "faultDomain": lambda vm, wanted: matches(vm.fault_domain, wanted),
    "dedicatedHostId": lambda vm, wanted: matches(vm.dedicated_host_id, wanted),
    "dedicatedPoolId": lambda vm, wanted: matches(vm.dedicated_pool_id, wanted),
    "instanceType": lambda vm, wanted: matches(vm.instance_type, wanted),
}
ORED = ("networkInterfaceId", "elasticIpAddress")
STATUS_FILTERS = (
    *("instanceId", "privateIpAddress", "vpcId", "status", "name"),
    *("imageId", "agId", "faultDomain", "networkInterfaceId", "subnetId"),
)


def the_instance(call: Call) -> Instance:
    """The machine in the path."""
    return call.get(Instance, call.target, MISSING)


def _selected(call: Call, filters: Filters) -> list[Instance]:
    """The machines that the caller may see and that match filters and tags."""
    tags = call.tag_filters()
    known = call.region.instances
    wanted = filters.get("instanceId")
    if wanted and wanted[0] in ("eq", "in"):
        rows = [known[key] for key in dict.fromkeys(wanted[1]) if key in known]
    else:
        rows = list(known.values())
    plain = [(FILTERS[name], condition) for name, condition in filters.items() if name in FILTERS]
    ored = {name: filters[name][1] for name in ORED if name in filters}
    if plain:
        rows = [vm for vm in rows if all(test(vm, condition) for test, condition in plain)]
    if ored:
        rows = [vm for vm in rows if _has_interface(vm, ored)]
    if tags:
        rows = [vm for vm in rows if has_tags(vm.tags, tags)]
    return [vm for vm in rows if call.visible(vm.id)] if call.account.hidden else rows


def _has_interface(instance: Instance, ored: dict[str, list[str]]) -> bool:
    """elasticIpAddress and networkInterfaceId are ORed with each other (fact requests-fuzzy-filters)."""
    for interface in instance.interfaces():
        if interface.id in ored.get("networkInterfaceId", []):
            return True
        if interface.elastic_ip is not None and interface.elastic_ip.address in ored.get("elasticIpAddress", [])[:1]:
            return True
    return False


@operation("vm", "GET", "instances")
def describe_instances(call: Call) -> Json:
    rows, total = page(call, _selected(call, call.filters((*FILTERS, *ORED))))
    return {"instances": [call.cloud.renderer.fragment(vm) for vm in rows], "totalCount": total}


@operation("vm", "GET", "instances/*")
def describe_instance(call: Call) -> Json:
    return {"instance": call.cloud.renderer.fragment(the_instance(call))}


@operation("vm", "GET", "instanceStatus")
def describe_instance_status(call: Call) -> Json:
    rows, total = page(call, _selected(call, call.filters(STATUS_FILTERS)))
    return {"instanceStatuses": [{"instanceId": vm.id, "status": vm.status} for vm in rows], "totalCount": total}


@operation("vm", "GET", "instances:describeBriefInstances")
def describe_brief_instances(call: Call) -> Json:
    rows, total = page(call, _selected(call, call.filters((*FILTERS, *ORED))))
    return {"instances": [call.cloud.renderer.brief(vm) for vm in rows], "totalCount": total}


@operation("vm", "GET", "instancePrivateIpAddress")
def describe_instance_private_ip_address(call: Call) -> Json:
    rows, total = page(call, _selected(call, call.filters((*FILTERS, *ORED))))
    addresses = [{"instanceId": vm.id, "privateIpAddress": vm.primary.private_ip} for vm in rows]
    return {"instancePrivateIpAddress": addresses, "totalCount": total}


# --- power and end ------------------------------------------------------------------------------------------------


def _require(instance: Instance, *states: str) -> None:
    """The machine is in one of these states and no task runs on it (facts states-transitional-refuse, states-one-task)."""
    if instance.status not in states:
        raise precondition(f"Invalid instance status {instance.status}")
    if instance.busy_with():
        raise precondition(f"Conflict with underlay task {instance.busy_with()}")


@operation("vm", "POST", "instances/*:stopInstance")
def stop_instance(call: Call) -> None:
    instance = the_instance(call)
    choice = call.body_field("chargeOnStopped", str)
    _require(instance, "running")
    if choice is not None:
        _check_charge_on_stopped(instance, choice)
    lifecycle.stop(call.cloud, instance, choice, call.outcome)


def _check_charge_on_stopped(instance: Instance, choice: str) -> None:
    if choice not in ("keepCharging", "stopCharging"):
        raise bad_value("chargeOnStopped", choice, ["keepCharging", "stopCharging"])
    if instance.dedicated_host_id:
        raise precondition("keepCharging or stopCharging does not applied to dedicated host")
    if instance.charge is None:
        raise precondition("order not found")
    if choice == "stopCharging":
        if instance.system is None or instance.system.disk is None:
            raise precondition("stopCharging only applied to cloud system disk")
        if instance.charge.mode != POSTPAID:
            raise precondition("stopCharging only applied to postpaid by duration")


@operation("vm", "POST", "instances/*:startInstance")
def start_instance(call: Call) -> None:
    instance = the_instance(call)
    _require(instance, "stopped")
    _check_paid(instance)
    if instance.system is None:
        raise ApiError(404, "NOT_FOUND", "System disk not found")
    if instance.system.status != "attached":
        raise precondition("Invalid system disk mount state")
    lifecycle.start(call.cloud, instance, call.outcome)


@operation("vm", "POST", "instances/*:rebootInstance")
def reboot_instance(call: Call) -> None:
    instance = the_instance(call)
    _require(instance, "running")
    _check_paid(instance)
    lifecycle.reboot(call.cloud, instance, call.outcome)


def _check_paid(instance: Instance) -> None:
    if instance.charge is not None and instance.charge.status != "normal":
        raise precondition("Invalid charge state")


@operation("vm", "DELETE", "instances/*")
def delete_instance(call: Call) -> None:
    """Running machines are deleted without complaint (fact deletions-of-running-machines)."""
    instance, cloud = the_instance(call), call.cloud
    with_addresses = call.flag("deletePrimaryNetworkInterfaceAllElasticIp")
    if instance.status not in ("running", "stopped", "error"):
        raise precondition(f"Invalid instance status '{instance.status}'")
    if instance.task:
        raise precondition(f"Conflict with underlay image task '{instance.task}'")
    if instance.busy_with():
        raise precondition(f"Conflict with underlay task {instance.busy_with()}")
    if instance.charge is None or cloud.now < instance.charged_from:
        raise ApiError(403, "PERMISSION_DENIED", "Can't delete no charged resource")
    if instance.charge.unexpired_prepaid(cloud.wall()):
        raise precondition("Can't delete 'prepaid_by_duration' instance which isn't overdue")
    if instance.charge.mode == PREPAID and cloud.settings.prepaid_white_list:
        raise ApiError(403, "PERMISSION_DENIED", "Can't delete 'prepaid_by_duration' instance in white list")
    lifecycle.delete_instance(cloud, instance, with_addresses, call.outcome)


# --- attributes ---------------------------------------------------------------------------------------------------


@operation("vm", "POST", "instances/*:modifyInstanceAttribute")
def modify_instance_attribute(call: Call) -> None:
    instance = the_instance(call)
    name, description = call.body_field("name", str), call.body_field("description", str)
    hostname = call.body_field("hostname", str)
    if name is not None:
        check_name(name, 2, 128, VM_NAME)
        if name.startswith(".") or name.endswith("."):
            raise ApiError(400, "INVALID_ARGUMENT", "Request parameter name must not begin or end with a dot")
        instance.name = name
    if description is not None:
        check_description(description)
        instance.description = description
    if hostname is not None:
        instance.hostname = hostname
    call.cloud.touch(instance)


@operation("vm", "POST", "instances/*:modifyInstanceDiskAttribute")
def modify_instance_disk_attribute(call: Call) -> None:
    """All or nothing; takes effect at once."""
    instance = the_instance(call)
    if instance.busy_with():
        raise precondition(f"Conflict with underlay task {instance.busy_with()}")
    if instance.status == "error":
        raise precondition(f"Invalid instance status {instance.status}")
    changes = []
    for row in call.body_field("dataDisks", list, []):
        disk_id, auto_delete = row.get("diskId") or "", row.get("autoDelete")
        slot = _slot_of(instance, disk_id)
        if slot is None or slot.disk is None:
            raise precondition(f"disk '{disk_id}' not mounted on instance")
        if slot.disk.multi_attachable:
            raise precondition(f"autoDelete of shared disk '{disk_id}' can not be changed")
        if slot.disk.charge is not None and slot.disk.charge.mode != POSTPAID:
            raise precondition(f"autoDelete only applied to postpaid by duration, disk '{disk_id}'")
        if auto_delete is not None:
            changes.append((slot, bool(auto_delete)))
        call.touched.append(disk_id)
    for slot, auto_delete in changes:
        slot.auto_delete = auto_delete
    call.cloud.touch(instance)


def _slot_of(instance: Instance, disk_id: str) -> Slot | None:
    return next((slot for slot in instance.slots() if slot.disk is not None and slot.disk.id == disk_id), None)


@operation("vm", "POST", "instances/*:modifyInstanceNetworkAttribute")
def modify_instance_network_attribute(call: Call) -> None:
    instance = the_instance(call)
    secondary = {interface.id: interface for interface in instance.secondary}
    rows = call.body_field("networks", list, required=True)
    for row in rows:
        interface_id = row.get("networkInterfaceId") or ""
        if interface_id == instance.primary.id:
            raise precondition("autoDelete of the primary network interface can not be changed")
        if interface_id not in secondary:
            raise ApiError(404, "NOT_FOUND", f"NetworkInterface '{interface_id}' not found")
    for row in rows:
        if row.get("autoDelete") is not None:
            secondary[row["networkInterfaceId"]].auto_delete = bool(row["autoDelete"])
    call.cloud.touch(instance)


@operation("vm", "POST", "instances:modifyInstanceReleaseTime")
def modify_instance_release_time(call: Call) -> None:
    """The time is stored and shown; the emulator does not act on it, as it is at least an hour away."""
    text = call.body_field("autoReleaseTime", str, "")
    if text:
        try:
            ahead = parse_time(text) - call.cloud.wall()
        except ValueError:
            ahead = 0
        if not re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", text) or not 3600 <= ahead <= 3660 * 86400:
            raise ApiError(400, "INVALID_ARGUMENT", f"Request parameter autoReleaseTime is '{text}'")
    for instance_id in call.body_field("instanceIds", list, []):
        instance = call.get(Instance, str(instance_id), MISSING)
        instance.auto_release = text
        call.touched.append(instance.id)
        call.cloud.touch(instance)


# --- disks and addresses ------------------------------------------------------------------------------------------


@operation("vm", "POST", "instances/*:attachDisk")
def attach_disk(call: Call) -> None:
    instance = the_instance(call)
    disk = call.get(Disk, call.body_field("diskId", str, required=True), "Disk '{}' not found")
    device = call.body_field("deviceName", str, "")
    call.touched.append(disk.id)
    _require(instance, "running", "stopped")
    if instance.id in disk.attachments:
        raise precondition(f"Disk '{disk.id}' already attached")
    if disk.status != "available" and not (disk.multi_attachable and disk.status == "in-use"):
        busy = disk.status in ("creating", "extending", "restoring", "deleting")
        raise precondition(f"Disk busy in '{disk.status}'" if busy else f"Invalid disk status '{disk.status}'")
    if device and device in {slot.device for slot in instance.slots()}:
        raise precondition(f"DeviceName '{device}' has been used")
    if device and device not in lifecycle.DEVICES:
        raise ApiError(400, "OUT_OF_RANGE", "DataDisks out of range")
    if disk.az != instance.az:
        raise precondition("disk and instance are not in same az")
    if sum(slot.disk is not None for slot in instance.slots()) >= call.cloud.quotas.disks_per_instance:
        raise ApiError(429, "QUOTA_EXCEEDED", "Disk attachment limit exceeded")
    if len(disk.attachments) >= MAX_ATTACHMENTS:
        raise ApiError(429, "QUOTA_EXCEEDED", "Disk attachment limit exceeded")
    # A shared disk never dies with a machine.
    auto_delete = call.body_field("autoDelete", bool, False) and not disk.multi_attachable
    lifecycle.attach(call.cloud, instance, disk, device, auto_delete, call.outcome)


@operation("vm", "POST", "instances/*:detachDisk")
def detach_disk(call: Call) -> None:
    instance = the_instance(call)
    disk_id = call.body_field("diskId", str, required=True)
    call.touched.append(disk_id)
    _require(instance, "running", "stopped")
    slot = _slot_of(instance, disk_id)
    if slot is None or slot.disk is None:
        raise precondition(f"disk '{disk_id}' not mounted on instance")
    if slot is instance.system and instance.status != "stopped":
        raise precondition("Please stop the instance first")
    lifecycle.detach(call.cloud, instance, slot, slot.disk, call.outcome)


@operation("vm", "POST", "instances/*:associateElasticIp")
def associate_elastic_ip(call: Call) -> None:
    instance = the_instance(call)
    address = call.get(ElasticIp, call.body_field("elasticIpId", str, required=True), MISSING_ADDRESS)
    call.touched.append(address.id)
    _require(instance, "running", "stopped")
    if address.interface is not None:
        raise precondition(f"ElasticIp {address.id} already in use")
    if instance.primary.elastic_ip is not None:
        raise precondition("NetworkInterface already in use")
    lifecycle.bind(call.cloud, address, instance.primary)


@operation("vm", "POST", "instances/*:disassociateElasticIp")
def disassociate_elastic_ip(call: Call) -> None:
    instance = the_instance(call)
    address = call.get(ElasticIp, call.body_field("elasticIpId", str, required=True), MISSING_ADDRESS)
    call.touched.append(address.id)
    _require(instance, "running", "stopped")
    if address.interface is not instance.primary:
        raise precondition("Elastic ip isn't associated to this instance's primary network interface")
    lifecycle.unbind(call.cloud, address)


@operation("vm", "GET", "quotas")
def describe_quotas(call: Call) -> Json:
    """Quotas the emulator does not enforce are large and unused."""
    cloud, region = call.cloud, call.region
    kinds = {
        "instance": (cloud.quotas.instances, cloud.used(region, "instances")),
        "instance_cpu": (100000, 0),
        "instance_memory": (1000000, 0),
        "instance_local_disk": (1000000, 0),
        "keypair": (cloud.quotas.key_pairs, 0),
        "image": (cloud.quotas.images, cloud.used(region, "images")),
        "instanceTemplate": (cloud.quotas.instance_templates, 0),
    }
    wanted = call.filters(["resourceTypes"]).get("resourceTypes", ("eq", list(kinds)))[1]
    rows = []
    for kind in wanted:
        if kind == "imageShare":
            image = region.images.get(call.query.get("imageId", ""))
            if not call.query.get("imageId"):
                raise ApiError(400, "INVALID_ARGUMENT", "Parameter ImageId missing")
            limit, used = cloud.quotas.image_shares, len(image.shared_with) if image else 0
        elif kind in kinds:
            limit, used = kinds[kind]
        else:
            raise bad_value("filters.1.values", kind, [*kinds, "imageShare"])
        rows.append({"resourceType": kind, "limit": limit, "used": used})
    return {"quotas": rows}
