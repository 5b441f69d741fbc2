# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The truth: machines, disks and elastic IPs of the virtual cloud, as values that anybody may change, and their JSON.

Nothing here knows about time or calls; see `service`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from support.json_object import Json

POSTPAID = "postpaid_by_duration"
PREPAID = "prepaid_by_duration"
PAST = "2025-12-31T15:59:59Z"
"""Before the virtual cloud's time."""
FUTURE = "2026-12-31T15:59:59Z"


@dataclass
class TrueDisk:
    """A disk. Local ones have no id. `attachment` is what the machine says about it, `status` what the disk service says."""

    disk_id: str | None
    device: str = "vdb"
    system: bool = False
    local: bool = False
    auto_delete: bool | None = False
    charge_mode: str = POSTPAID
    shared: bool = False
    attachment: str = "attached"
    status: str = "in-use"
    machine_id: str | None = None
    size_gb: int = 100
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class TrueAddress:
    """An elastic IP. `nic`: the interface that it is on."""

    elastic_ip_id: str
    machine_id: str | None = None
    nic: str | None = None
    charge_mode: str = "postpaid_by_usage"
    charge_status: str = "normal"
    expires: str = ""
    package: str | None = None
    address: str = "203.0.113.17"
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class TrueNic:
    """A network interface."""

    nic_id: str
    auto_delete: bool | None = True


@dataclass
class TrueMachine:
    """A machine. `generation` changes with every transition, so that an overtaken one does not end.

    `disturbed_at`: when another user changed anything about it. `hangs`: statuses in which it stays for ever.
    `uncharged_until`: the service refuses deletes before, because billing data of a new machine lags.
    """

    instance_id: str
    status: str = "running"
    name: str = "web"
    tags: dict[str, str] = field(default_factory=dict)
    charge_mode: str | None = POSTPAID
    charge_status: str = "normal"
    expires: str | None = None
    disks: list[TrueDisk] = field(default_factory=list)
    nics: list[TrueNic] = field(default_factory=list)
    group_id: str | None = None
    auto_release_time: str | None = None
    dedicated_host_id: str | None = None
    az: str = "cn-north-1a"
    uncharged_until: float = 0.0
    hangs: set[str] = field(default_factory=set)
    ends_in_error: set[str] = field(default_factory=set)
    disturbed_at: list[float] = field(default_factory=list)
    generation: int = 0


class World:
    """All there is."""

    def __init__(self) -> None:
        self.machines: dict[str, TrueMachine] = {}
        self.disks: dict[str, TrueDisk] = {}
        self.elastic_ips: dict[str, TrueAddress] = {}

    def add(self, machine: TrueMachine, *, addresses: Sequence[TrueAddress] = ()) -> TrueMachine:
        """Put a machine with its disks and elastic IPs into the world. Without a system disk or interface it gets them."""
        if not any(disk.system for disk in machine.disks):
            system = TrueDisk(f"vol-{machine.instance_id[2:]}sys", "vda", system=True, auto_delete=True, size_gb=40)
            machine.disks.insert(0, system)
        machine.nics.insert(0, TrueNic(f"port-{machine.instance_id[2:]}"))
        self.machines[machine.instance_id] = machine
        for disk in machine.disks:
            disk.machine_id = machine.instance_id
            if disk.disk_id is not None:
                self.disks[disk.disk_id] = disk
        for address in addresses:
            address.machine_id = machine.instance_id
            address.nic = address.nic or machine.nics[0].nic_id
            self.elastic_ips[address.elastic_ip_id] = address
        return machine

    def addresses_of(self, instance_id: str) -> list[TrueAddress]:
        """The elastic IPs on a machine."""
        return [each for each in self.elastic_ips.values() if each.machine_id == instance_id]

    def instance_json(self, machine: TrueMachine) -> Json:
        """A machine as the vm service shows it; empty fields are left out, as there."""
        raw: Json = {
            "instanceId": machine.instance_id,
            "instanceName": machine.name,
            "status": machine.status,
            "az": machine.az,
            "tags": self._tags_json(machine.tags),
            "dataDisks": [self._attachment_json(disk) for disk in machine.disks if not disk.system],
            "secondaryNetworkInterfaces": [self._nic_json(machine, nic) for nic in machine.nics[1:]],
            "primaryNetworkInterface": self._nic_json(machine, machine.nics[0]),
            "autoReleaseTime": machine.auto_release_time,
            "dedicatedHostId": machine.dedicated_host_id,
            "ag": {"id": machine.group_id} if machine.group_id else None,
        }
        if machine.charge_mode is not None:
            raw["charge"] = {"chargeMode": machine.charge_mode, "chargeStatus": machine.charge_status}
            raw["charge"].update({"chargeExpiredTime": machine.expires} if machine.expires else {})
        for disk in machine.disks:
            if disk.system:
                raw["systemDisk"] = self._attachment_json(disk)
        return {name: value for name, value in raw.items() if value}

    def disk_json(self, disk: TrueDisk) -> Json:
        """A disk as the disk service shows it; lists may be null, as there."""
        attached = [{"instanceId": disk.machine_id, "instanceType": "vm", "status": disk.attachment}] if disk.machine_id else None
        return {
            "diskId": disk.disk_id,
            "status": disk.status,
            "diskSizeGB": disk.size_gb,
            "attachments": attached,
            "multiAttachable": disk.shared,
            "charge": {"chargeMode": disk.charge_mode, "chargeStatus": "normal"},
            "tags": self._tags_json(disk.tags),
        }

    @staticmethod
    def _tags_json(tags: dict[str, str]) -> list[Json]:
        return [{"key": key, "value": value} for key, value in tags.items()]

    @staticmethod
    def elastic_ip_json(address: TrueAddress) -> Json:
        """An elastic IP as the vpc service shows it."""
        return {
            "elasticIpId": address.elastic_ip_id,
            "elasticIpAddress": address.address,
            "instanceId": address.machine_id or "",
            "networkInterfaceId": address.nic or "",
            "bandwidthPackageId": address.package or "",
            "status": "ASSOCIATED" if address.machine_id else "NOT_ASSOCIATED",
            "charge": {
                "chargeMode": address.charge_mode,
                "chargeStatus": address.charge_status,
                "chargeExpiredTime": address.expires,
            },
            "tags": World._tags_json(address.tags),
        }

    def _attachment_json(self, disk: TrueDisk) -> Json:
        raw: Json = {"deviceName": disk.device, "status": disk.attachment, "diskCategory": "local" if disk.local else "cloud"}
        if disk.auto_delete is not None:
            raw["autoDelete"] = disk.auto_delete
        if disk.local:
            raw["localDisk"] = {"diskType": "SSD", "diskSizeGB": disk.size_gb}
        else:
            # Whether a machine's own answer shows the tags of its disks is not known (fact tags-of-attached-disks).
            raw["cloudDisk"] = {name: value for name, value in self.disk_json(disk).items() if name != "tags"}
        return raw

    def _nic_json(self, machine: TrueMachine, nic: TrueNic) -> Json:
        on_it = [each for each in self.addresses_of(machine.instance_id) if each.nic == nic.nic_id]
        ips = [{"elasticIpId": each.elastic_ip_id, "elasticIpAddress": each.address} for each in on_it]
        interface: Json = {"networkInterfaceId": nic.nic_id, "primaryIp": ips[0] if ips else {}, "secondaryIps": ips[1:]}
        return {
            "networkInterface": interface,
            **({} if nic.auto_delete is None else {"autoDelete": nic.auto_delete}),
        }
