# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a machine was like, written down so that it can be made again from its backups, and read again. Pure.

These are the fields `specification` and `disks` of a machine in a backup manifest: plain values, fit for JSON. What the
service did not name is None, or an empty list or dict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..._api.errors import InputError
from ..._api.fields import Json, MalformedResponse, each_object, optional_bool, optional_int, optional_object, optional_text
from ..._api.model.instance import InstanceInFull
from ..._api.model.times import parse_time
from .manifest import instance_id_of, parse_entries

MANIFEST_FORMAT = "jdcloud.cloud/manifest/1"
"""The field `format` of a manifest that this version writes and reads."""

TEXTS = (
    "az", "instance_type", "image_id", "hostname", "description", "vpc_id", "subnet_id", "private_ip_address",
    "charge_on_stopped", "os_type", "platform", "os_version", "architecture", "boot_mode", "dedicated_host_id",
    "dedicated_pool_id", "resource_group_id",
)  # fmt: skip
"""Fields of `specification` that are text or None."""


@dataclass(frozen=True, slots=True)
class OldDisk:
    """A disk that the machine had. Local ones have no id."""

    disk_id: str | None
    device: str | None
    local: bool
    system: bool
    size_gb: int | None
    disk_type: str | None
    iops: int | None
    auto_delete: bool
    shared: bool
    encrypted: bool


@dataclass(frozen=True, slots=True)
class OldSnapshot:
    """A snapshot of one of its disks."""

    snapshot_id: str
    disk_id: str | None
    created: datetime | None


@dataclass(frozen=True, slots=True)
class OldMachine:
    """A machine as its manifest describes it. `specification` has the fields of `specification_of`."""

    instance_id: str | None
    name: str | None
    specification: Mapping[str, Any] = field(default_factory=dict)
    disks: tuple[OldDisk, ...] = ()
    image_id: str | None = None
    snapshots: tuple[OldSnapshot, ...] = ()

    def get(self, field_name: str) -> str | None:
        """A text of its specification, None if it has none."""
        return optional_text(self.specification, field_name)

    @property
    def title(self) -> str:
        """How messages call it."""
        return self.instance_id or f"the instance of image {self.image_id}"


def specification_of(full: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest's `specification` of a machine, from the snake case dict of `parse_instance_in_full`."""
    primary = _interface(full.get("primary_network_interface"))
    return {
        **{name: _known(full, name) for name in TEXTS},
        "key_names": list(full.get("key_names") or []),
        "security_groups": _security_groups(primary),
        "secondary_interfaces": [_secondary(attachment) for attachment in _secondary_attachments(full)],
        "elastic_ips": list(_elastic_ips(full)),
        "tags": dict(full.get("tags") or {}),
        "charge_mode": _charge_mode(full),
        "group_id": _known(full.get("ag") or {}, "id"),
    }


def disks_of(machine: InstanceInFull) -> list[dict[str, Any]]:
    """The manifest's `disks` of a machine, system disk first."""
    full = machine.full
    attachments = [*filter(None, [full.get("system_disk")]), *(full.get("data_disks") or [])]
    found = []
    for disk, attachment in zip(machine.instance.disks, attachments, strict=True):
        details = attachment.get("cloud_disk" if disk.category == "cloud" else "local_disk") or {}
        found.append(
            {
                "disk_id": disk.disk_id,
                "device": disk.device,
                "category": disk.category,
                "system": disk.system,
                "size_gb": disk.size_gb,
                "disk_type": _known(details, "disk_type"),
                "iops": _known(details, "iops"),
                "auto_delete": disk.auto_delete,
                "shared": disk.shared,
                "encrypted": bool(details.get("encrypted")),
                "charge_mode": disk.charge.mode if disk.charge and disk.charge.mode else None,
            }
        )
    return found


def parse_machines(entries: Sequence[Any], option: str) -> list[OldMachine]:
    """The machines of a manifest. Raises `InputError` for an empty list, a repeated machine, and anything of a wrong form."""
    if not entries:
        raise InputError(f"{option} is an empty list, which restores nothing: set at least one instance of a manifest.")
    return parse_entries(entries, option, _parsed)


def _known(source: Mapping[str, Any], name: str) -> Any:
    """A field, None for one that is missing or empty."""
    value = source.get(name)
    return None if value == "" else value


def _charge_mode(full: Mapping[str, Any]) -> str | None:
    mode = _known(full.get("charge") or {}, "charge_mode")
    return mode.strip().lower() if isinstance(mode, str) else None


def _interface(attachment: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return (attachment or {}).get("network_interface") or {}


def _secondary_attachments(full: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [*(full.get("secondary_network_interfaces") or []), *(full.get("rdma_network_interfaces") or [])]


def _security_groups(interface: Mapping[str, Any]) -> list[dict[str, Any]]:
    groups = interface.get("security_groups") or []
    return [{"group_id": _known(group, "group_id"), "group_name": _known(group, "group_name")} for group in groups]


def _secondary(attachment: Mapping[str, Any]) -> dict[str, Any]:
    interface = _interface(attachment)
    return {
        "network_interface_id": _known(interface, "network_interface_id"),
        "device_index": _known(attachment, "device_index"),
        "auto_delete": _known(attachment, "auto_delete"),
        "vpc_id": _known(interface, "vpc_id"),
        "subnet_id": _known(interface, "subnet_id"),
        "private_ip_addresses": [ip["private_ip_address"] for ip in _ips(interface) if _known(ip, "private_ip_address")],
        "security_groups": _security_groups(interface),
    }


def _ips(interface: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield interface.get("primary_ip") or {}
    yield from interface.get("secondary_ips") or []


def _elastic_ips(full: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The elastic IPs of all interfaces, then the one at the top, each once."""
    seen = set()
    interfaces = [_interface(full.get("primary_network_interface")), *map(_interface, _secondary_attachments(full))]
    for ip in [*(ip for interface in interfaces for ip in _ips(interface)), full]:
        elastic_ip_id = _known(ip, "elastic_ip_id")
        if elastic_ip_id and elastic_ip_id not in seen:
            seen.add(elastic_ip_id)
            yield {"elastic_ip_id": elastic_ip_id, "address": _known(ip, "elastic_ip_address")}


def _parsed(entry: Json, where: str) -> OldMachine:
    instance_id = instance_id_of(entry, where)
    specification = optional_object(entry, "specification")
    if not specification or not entry.get("disks"):
        raise InputError(f"{where} ({instance_id}) has no specification or disks, so its former properties are unknown.")
    _check_specification(specification)
    return OldMachine(
        instance_id=instance_id,
        name=optional_text(entry, "name"),
        specification=specification,
        disks=tuple(_disk(disk) for disk in each_object(entry, "disks")),
        image_id=optional_text(optional_object(entry, "image"), "image_id"),
        snapshots=tuple(_snapshots(entry)),
    )


def _check_specification(specification: Json) -> None:
    for name in ("security_groups", "secondary_interfaces", "elastic_ips"):
        list(each_object(specification, name))
    for name in TEXTS:
        optional_text(specification, name)
    tags = optional_object(specification, "tags")
    if not all(isinstance(value, str) for value in tags.values()):
        raise MalformedResponse("the value of a tag is not a text")


def _disk(raw: Json) -> OldDisk:
    return OldDisk(
        disk_id=optional_text(raw, "disk_id"),
        device=optional_text(raw, "device"),
        local=optional_text(raw, "category") == "local",
        system=bool(optional_bool(raw, "system")),
        size_gb=optional_int(raw, "size_gb"),
        disk_type=optional_text(raw, "disk_type"),
        iops=optional_int(raw, "iops"),
        auto_delete=bool(optional_bool(raw, "auto_delete")),
        shared=bool(optional_bool(raw, "shared")),
        encrypted=bool(optional_bool(raw, "encrypted")),
    )


def _snapshots(entry: Json) -> Iterator[OldSnapshot]:
    for raw in each_object(entry, "snapshots"):
        snapshot_id = optional_text(raw, "snapshot_id")
        if snapshot_id:
            yield OldSnapshot(snapshot_id, optional_text(raw, "disk_id"), parse_time(optional_text(raw, "created")))
