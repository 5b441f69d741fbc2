# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How resources look in answers. Each service has its own habits: vm leaves empty fields out, disk sends null lists,
vpc sends empty strings; times come in three forms (facts requests-empty-members, times-forms, times-empty)."""

from __future__ import annotations

import orjson

from jdcloud_emulator.state.groups import Group
from jdcloud_emulator.state.json_object import Json
from jdcloud_emulator.state.model import Disk, ElasticIp, Image, ImageDisk, Instance, Interface, Resource, Slot, Snapshot
from jdcloud_emulator.state.settings import Settings, disk_time, utc_time, vm_time
from jdcloud_emulator.state.shapes.balancers import balancer_shape
from jdcloud_emulator.state.shapes.fields import charge_of_vm, full_charge, tag_rows
from jdcloud_emulator.state.shapes.groups import group_shape

BRIEF_LEAVES_OUT = ("charge", "tags", "systemDisk", "dataDisks", "primaryNetworkInterface", "secondaryNetworkInterfaces")


class Renderer:
    """Turns resources into the JSON of their service; remembers the text until the resource changes."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def fragment(self, resource: Resource) -> orjson.Fragment:
        """The JSON text of a resource, ready to stand inside an answer."""
        if resource.rendered is None:
            resource.rendered = orjson.dumps(self.shape(resource))
        return orjson.Fragment(resource.rendered)

    def shape(self, resource: Resource) -> Json:
        """The JSON object of a resource as its own service shows it."""
        match resource:
            case Instance():
                return self.instance(resource)
            case Disk():
                return self.disk(resource)
            case ElasticIp():
                return self.elastic_ip(resource)
            case Interface():
                return self.interface(resource)
            case Image():
                return self.image(resource)
            case Snapshot():
                return self.snapshot(resource)
            case Group():
                return group_shape(resource, self._settings)
        return balancer_shape(resource)

    def brief(self, instance: Instance) -> Json:
        """An instance without charge, tags, network and disk detail."""
        return {key: value for key, value in self.instance(instance).items() if key not in BRIEF_LEAVES_OUT}

    def instance(self, instance: Instance) -> Json:
        """An instance of the vm service."""
        primary = instance.primary
        address = primary.elastic_ip
        return self._vm(
            {
                "instanceId": instance.id,
                "instanceName": instance.name,
                self._settings.hostname_key: instance.hostname,
                "instanceType": instance.instance_type,
                "vpcId": primary.vpc_id,
                "subnetId": primary.subnet_id,
                "privateIpAddress": primary.private_ip,
                "elasticIpId": address.id if address else None,
                "elasticIpAddress": address.address if address else None,
                "status": instance.status,
                "description": instance.description,
                "imageId": instance.image_id,
                "systemDisk": self._slot(instance.system) if instance.system else None,
                "dataDisks": [self._slot(slot) for slot in instance.data],
                "primaryNetworkInterface": self._attached_interface(primary),
                "secondaryNetworkInterfaces": [self._attached_interface(item) for item in instance.secondary],
                "launchTime": vm_time(instance.launched),
                "az": instance.az,
                "keyNames": instance.key_names,
                "charge": charge_of_vm(instance.charge),
                "ag": {"id": instance.ag[0], "name": instance.ag[1]} if instance.ag else None,
                "faultDomain": instance.fault_domain,
                "tags": tag_rows(instance),
                "chargeOnStopped": instance.charge_on_stopped,
                "dedicatedPoolId": instance.dedicated_pool_id,
                "dedicatedHostId": instance.dedicated_host_id,
                "osType": instance.os_type,
                "osVersion": instance.os_version,
                "platform": instance.platform,
                "architecture": instance.architecture,
                "bootMode": instance.boot_mode,
                "autoReleaseTime": instance.auto_release,
            }
        )

    def disk(self, disk: Disk) -> Json:
        """A disk of the disk service."""
        attachments = [_attachment(disk, key, status, disk_time(moment)) for key, (status, moment) in disk.attachments.items()]
        return {
            "diskId": disk.id,
            "az": disk.az,
            "name": disk.name,
            "description": disk.description,
            "diskType": disk.disk_type,
            "diskSizeGB": disk.size_gb,
            "iops": 3000,
            "throughput": 120,
            "status": disk.status,
            "attachments": self._disk_list(attachments),
            "snapshotId": disk.snapshot_id,
            "multiAttachable": disk.multi_attachable,
            "encrypted": disk.encrypted,
            "enabled": True,
            "createTime": disk_time(disk.created),
            "charge": full_charge(disk.charge, disk_time),
            "tags": self._disk_list(tag_rows(disk)),
            "snapshotPolicies": self._disk_list([]),
            "resourceGroupId": "",
            "canPutInRecycleBin": disk.recyclable,
            "trashTime": "" if disk.trashed is None else disk_time(disk.trashed),
        }

    def elastic_ip(self, address: ElasticIp) -> Json:
        """An elastic IP of the vpc service."""
        interface = address.interface
        instance_id = interface.instance_id if interface else ""
        return {
            "elasticIpId": address.id,
            "elasticIpName": address.name,
            "elasticIpAddress": address.address,
            "bandwidthMbps": address.bandwidth_mbps,
            "provider": address.provider,
            "privateIpAddress": interface.private_ip if interface else "",
            "networkInterfaceId": interface.id if interface else "",
            "instanceId": instance_id,
            "instanceType": "compute" if instance_id else "",
            "charge": full_charge(address.charge, vm_time),
            "createdTime": utc_time(address.created),
            "az": address.az,
            "tags": tag_rows(address),
            "ipType": address.ip_type,
            "bandwidthPackageId": address.bandwidth_package_id,
            "status": "ASSOCIATED" if interface else "NOT_ASSOCIATED",
            "state": address.state,
        }

    def interface(self, interface: Interface) -> Json:
        """A network interface of the vpc service."""
        return {
            **_interface_core(interface),
            "networkInterfaceName": interface.name,
            "az": interface.az,
            "role": interface.role,
            "secondaryIps": [],
            "instanceType": "compute" if interface.instance_id else "",
            "instanceId": interface.instance_id,
            "deviceIndex": interface.device_index,
            "description": interface.description,
            "networkInterfaceStatus": "enabled",
            "attachmentStatus": "attached" if interface.instance_id else "detached",
            "createdTime": utc_time(interface.created),
            "tags": tag_rows(interface),
        }

    def image(self, image: Image) -> Json:
        """An image of the vm service."""
        return self._vm(
            {
                "imageId": image.id,
                "name": image.name,
                "platform": image.platform,
                "osVersion": image.os_version,
                "architecture": image.architecture,
                "systemDiskSizeGB": image.system.size_gb,
                "imageSource": image.source,
                "osType": image.os_type,
                "status": image.status,
                "createTime": vm_time(image.created),
                "desc": image.description,
                "ownerPin": image.owner_pin,
                "launchPermission": image.launch_permission,
                "systemDisk": _image_disk(image.system),
                "dataDisks": [_image_disk(disk) for disk in image.data],
                "snapshotId": image.system.snapshot_id,
                "rootDeviceType": "localDisk" if image.system.local else "cloudDisk",
                "progress": image.progress,
                "offline": image.offline,
                "imported": image.imported,
                "expiredTime": vm_time(image.expires) if image.expires is not None else None,
                "instanceId": image.instance_id,
                "bootMode": image.boot_mode,
            }
        )

    def snapshot(self, snapshot: Snapshot) -> Json:
        """A snapshot of the disk service."""
        return {
            "snapshotId": snapshot.id,
            "snapshotSource": snapshot.source,
            "diskId": snapshot.disk_id,
            "snapshotSizeGB": snapshot.size_gb,
            "images": snapshot.images,
            "name": snapshot.name,
            "description": snapshot.description,
            "status": snapshot.status,
            "createTime": disk_time(snapshot.created),
            "expireTime": "" if snapshot.expires is None else disk_time(snapshot.expires),
            "shareInfo": self._disk_list([]),
            "encrypted": snapshot.encrypted,
        }

    def _vm(self, fields: Json) -> Json:
        if self._settings.vm_empty_fields == "null":
            return {key: None if _empty(value) else value for key, value in fields.items()}
        return {key: value for key, value in fields.items() if not _empty(value)}

    def _disk_list(self, rows: list[Json]) -> list[Json] | None:
        return rows if rows or self._settings.disk_empty_lists == "empty" else None

    def _slot(self, slot: Slot) -> Json:
        seen: Json = {"diskCategory": "local" if slot.disk is None else "cloud", "autoDelete": slot.auto_delete}
        if not slot.auto_delete and self._settings.omit_false_auto_delete:
            del seen["autoDelete"]
        if slot.disk is None:
            seen["localDisk"] = {"diskType": slot.local_type, "diskSizeGB": slot.local_size_gb}
        else:
            seen["cloudDisk"] = _vm_disk(slot.disk)
        return {**seen, "deviceName": slot.device, "status": slot.status}

    def _attached_interface(self, interface: Interface) -> Json:
        seen: Json = {"autoDelete": interface.auto_delete, "deviceIndex": interface.device_index}
        if not interface.auto_delete and self._settings.omit_false_auto_delete:
            del seen["autoDelete"]
        return {**seen, "networkInterface": _interface_core(interface)}


def _empty(value: object) -> bool:
    return value is None or value == "" or value == []


def _attachment(disk: Disk, instance_id: str, status: str, moment: str) -> Json:
    return {
        "attachmentId": "att-" + disk.id.rpartition("-")[2],
        "diskId": disk.id,
        "instanceType": "vm",
        "instanceId": instance_id,
        "status": status,
        "attachTime": moment,
    }


def _vm_disk(disk: Disk) -> Json:
    seen: Json = {
        "diskId": disk.id,
        "az": disk.az,
        "name": disk.name,
        "description": disk.description,
        "diskType": disk.disk_type,
        "diskSizeGB": disk.size_gb,
        "iops": 3000,
        "throughput": 120,
        "status": disk.status,
        "attachments": [_attachment(disk, key, status, vm_time(moment)) for key, (status, moment) in disk.attachments.items()],
        "multiAttachable": disk.multi_attachable,
        "encrypted": disk.encrypted,
        "encrypt": disk.encrypted,
        "enabled": True,
        "createTime": vm_time(disk.created),
        "charge": charge_of_vm(disk.charge),
    }
    if disk.snapshot_id:
        seen["snapshotId"] = disk.snapshot_id
    return seen


def _interface_core(interface: Interface) -> Json:
    primary_ip = {"privateIpAddress": interface.private_ip}
    if interface.elastic_ip is not None:
        primary_ip |= {"elasticIpId": interface.elastic_ip.id, "elasticIpAddress": interface.elastic_ip.address}
    return {
        "networkInterfaceId": interface.id,
        "macAddress": interface.mac,
        "vpcId": interface.vpc_id,
        "subnetId": interface.subnet_id,
        "securityGroups": [{"groupId": key, "groupName": name} for key, name in interface.security_groups],
        "sanityCheck": 1,
        "primaryIp": primary_ip,
    }


def _image_disk(disk: ImageDisk) -> Json:
    seen: Json = {"diskCategory": "local" if disk.local else "cloud", "autoDelete": disk.auto_delete, "deviceName": disk.device}
    if disk.local:
        return {**seen, "localDisk": {"diskType": disk.disk_type, "diskSizeGB": disk.size_gb}}
    cloud_disk: Json = {"diskType": disk.disk_type, "diskSizeGB": disk.size_gb}
    if disk.snapshot_id:
        cloud_disk["snapshotId"] = disk.snapshot_id
    return {**seen, "cloudDisk": cloud_disk}
