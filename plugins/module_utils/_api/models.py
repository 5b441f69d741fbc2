# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the services' answers say, as immutable values, and the functions that read them from JSON.

The parse functions accept missing and null members, and raise MalformedAnswer where a member that a decision rests on
is missing or of the wrong type. Statuses are lower case ('running'), those of elastic IPs upper case ('ASSOCIATED'),
whatever the service's spelling is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from .members import (
    Json,
    MalformedAnswer,
    demand_count,
    demand_text,
    each_object,
    maybe_bool,
    maybe_int,
    maybe_object,
    maybe_text,
    repeated_tags,
    snake_case,
    tag_map,
)
from .times import parse_time

__all__ = [
    "Address", "AttachedDisk", "Charge", "Disk", "ElasticIp", "Instance", "InstanceInFull", "Interface", "MalformedAnswer",
    "Page", "parse_charge", "parse_disk", "parse_elastic_ip", "parse_instance", "parse_instance_in_full", "parse_page_total",
    "snake_case",
]  # fmt: skip

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Charge:
    """How something is paid. ``mode`` and ``status`` are lower case, '' if not told.

    ``expires`` is the end of a prepaid time, None if there is none or it cannot be read; ``expires_text`` is what the
    service wrote. ``retire_text`` is when the service itself would release what is overdue.
    """

    mode: str
    status: str
    expires: datetime | None = None
    expires_text: str | None = None
    retire_text: str | None = None


@dataclass(frozen=True, slots=True)
class AttachedDisk:
    """A disk as its machine shows it. Local disks have no id. ``auto_delete`` None: the service did not tell.

    ``size_gb`` is in GB; ``attachment_status`` is '' if not told; ``shared``: may be or is attached to several machines.
    """

    disk_id: str | None
    device: str | None
    category: Literal["cloud", "local"]
    size_gb: int | None
    auto_delete: bool | None
    attachment_status: str = ""
    charge: Charge | None = None
    shared: bool = False
    system: bool = False


@dataclass(frozen=True, slots=True)
class Address:
    """An elastic IP on a machine, and the interface that carries it."""

    elastic_ip_id: str
    address: str | None
    network_interface_id: str | None
    primary_interface: bool


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface of a machine. ``auto_delete`` None: the service did not tell."""

    network_interface_id: str
    primary: bool
    auto_delete: bool | None


@dataclass(frozen=True, slots=True)
class Instance:
    """A machine. ``tags`` is None only if the answer is of a type that carries no tags.

    Nothing promises that the service shows a tag key once. ``repeated_tags`` has all values of each key that it showed more
    than once, ``tags`` the last one.

    ``disks`` has the system disk first. ``addresses`` are all elastic IPs: of the primary and the secondary interfaces,
    of their primary and secondary addresses, each once. ``private_ips`` are all private addresses, the primary one first.
    """

    instance_id: str
    name: str
    status: str
    tags: Mapping[str, str] | None
    charge: Charge | None = None
    disks: tuple[AttachedDisk, ...] = ()
    addresses: tuple[Address, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    group_id: str | None = None
    group_name: str | None = None
    auto_release_time: str | None = None
    dedicated_host_id: str | None = None
    dedicated_pool_id: str | None = None
    instance_type: str | None = None
    az: str | None = None
    vpc_id: str | None = None
    subnet_id: str | None = None
    image_id: str | None = None
    private_ip_address: str | None = None
    fault_domain: str | None = None
    resource_group_id: str | None = None
    private_ips: tuple[str, ...] = ()
    repeated_tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InstanceInFull:
    """A machine, and all that the service says about it in snake case with ``tags`` as a dict."""

    instance: Instance
    full: dict[str, Any]

    def shown(self, region: str) -> dict[str, Any]:
        """All of it as results show it: with the region, the status in lower case, and tag values as the text they compare as."""
        tags = dict(self.instance.tags or {})
        return {**self.full, "tags": tags, "region": region, "status": self.instance.status}


@dataclass(frozen=True, slots=True)
class Disk:
    """A cloud disk. ``attached_to``: ids of the machines it is attached to, being attached to or detached from.

    ``attached``: there is such an attachment, even if its machine is not told. ``snapshot_id`` is the snapshot that it was made
    from, None if there is none or it was not told. ``recyclable``: deleting may put it into the recycle bin, None if not told.
    """

    disk_id: str
    status: str
    size_gb: int | None
    attached_to: tuple[str, ...]
    charge: Charge | None
    shared: bool
    snapshot_id: str | None = None
    name: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    attached: bool = False
    recyclable: bool | None = None
    repeated_tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ElasticIp:
    """An elastic IP. ``status`` is 'ASSOCIATED' or 'NOT_ASSOCIATED', '' if not told.

    ``state`` is 'UP', 'DOWN' or 'PROCESSING', '' if not told. ``instance_type`` is the kind of what holds it ('compute', 'lb').
    """

    elastic_ip_id: str
    address: str | None
    status: str
    instance_id: str | None
    charge: Charge | None
    bandwidth_package_id: str | None
    network_interface_id: str | None
    name: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    state: str = ""
    private_ip_address: str | None = None
    instance_type: str | None = None
    repeated_tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a listing; ``total`` is the number of all matches, not of the page."""

    items: tuple[T, ...]
    total: int


def parse_page_total(result: Json) -> int:
    """Return ``totalCount``, without which a listing cannot be proved complete."""
    return demand_count(result, "totalCount")


def parse_charge(owner: Json) -> Charge | None:
    """Return the charge of an object, None if it has none."""
    raw = maybe_object(owner, "charge")
    if not raw:
        return None
    expires_text = maybe_text(raw, "chargeExpiredTime")
    return Charge(
        mode=(maybe_text(raw, "chargeMode") or "").strip().lower(),
        status=(maybe_text(raw, "chargeStatus") or "").strip().lower(),
        expires=parse_time(expires_text),
        expires_text=expires_text,
        retire_text=maybe_text(raw, "chargeRetireTime"),
    )


def parse_instance(raw: Json, *, carries_tags: bool = True) -> Instance:
    """Read an Instance; with ``carries_tags`` false (answers in brief) its tags are unknown, not empty."""
    group = maybe_object(raw, "ag")
    return Instance(
        instance_id=demand_text(raw, "instanceId"),
        name=maybe_text(raw, "instanceName") or "",
        status=demand_text(raw, "status").lower(),
        tags=tag_map(raw) if carries_tags else None,
        charge=parse_charge(raw),
        disks=tuple(_disks(raw)),
        addresses=tuple(_addresses(raw)),
        interfaces=tuple(_interfaces(raw)),
        group_id=maybe_text(group, "id"),
        group_name=maybe_text(group, "name"),
        auto_release_time=maybe_text(raw, "autoReleaseTime"),
        dedicated_host_id=maybe_text(raw, "dedicatedHostId"),
        dedicated_pool_id=maybe_text(raw, "dedicatedPoolId"),
        instance_type=maybe_text(raw, "instanceType"),
        az=maybe_text(raw, "az"),
        vpc_id=maybe_text(raw, "vpcId"),
        subnet_id=maybe_text(raw, "subnetId"),
        image_id=maybe_text(raw, "imageId"),
        private_ip_address=maybe_text(raw, "privateIpAddress"),
        fault_domain=maybe_text(raw, "faultDomain"),
        resource_group_id=maybe_text(raw, "resourceGroupId"),
        private_ips=tuple(dict.fromkeys(_private_ips(raw))),
        repeated_tags=repeated_tags(raw) if carries_tags else {},
    )


def parse_instance_in_full(raw: Json) -> InstanceInFull:
    """Read an Instance and keep all its members. The host name is called hostname (documentation also: hostName)."""
    full = snake_case(raw)
    full.setdefault("tags", {})
    if "host_name" in full:
        full.setdefault("hostname", full.pop("host_name"))
    return InstanceInFull(parse_instance(raw), full)


def parse_disk(raw: Json) -> Disk:
    """Read a Disk of the disk service."""
    attachments = [item for item in each_object(raw, "attachments") if _lower_text(item, "status") != "detached"]
    return Disk(
        disk_id=demand_text(raw, "diskId"),
        status=demand_text(raw, "status").lower(),
        size_gb=maybe_int(raw, "diskSizeGB"),
        attached_to=tuple(dict.fromkeys(filter(None, (maybe_text(item, "instanceId") for item in attachments)))),
        charge=parse_charge(raw),
        shared=bool(maybe_bool(raw, "multiAttachable")),
        snapshot_id=maybe_text(raw, "snapshotId"),
        name=maybe_text(raw, "name") or "",
        tags=tag_map(raw),
        attached=bool(attachments),
        recyclable=maybe_bool(raw, "canPutInRecycleBin"),
        repeated_tags=repeated_tags(raw),
    )


def parse_elastic_ip(raw: Json) -> ElasticIp:
    """Read an ElasticIp of the vpc service."""
    return ElasticIp(
        elastic_ip_id=demand_text(raw, "elasticIpId"),
        address=maybe_text(raw, "elasticIpAddress"),
        status=_lower_text(raw, "status").upper(),
        instance_id=maybe_text(raw, "instanceId"),
        charge=parse_charge(raw),
        bandwidth_package_id=maybe_text(raw, "bandwidthPackageId"),
        network_interface_id=maybe_text(raw, "networkInterfaceId"),
        name=maybe_text(raw, "elasticIpName") or "",
        tags=tag_map(raw),
        state=_lower_text(raw, "state").upper(),
        private_ip_address=maybe_text(raw, "privateIpAddress"),
        instance_type=maybe_text(raw, "instanceType"),
        repeated_tags=repeated_tags(raw),
    )


def _lower_text(raw: Json, name: str) -> str:
    return (maybe_text(raw, name) or "").strip().lower()


def _disks(raw: Json) -> Iterator[AttachedDisk]:
    system = maybe_object(raw, "systemDisk")
    if system:
        yield _attached_disk(system, system=True)
    for data in each_object(raw, "dataDisks"):
        yield _attached_disk(data, system=False)


def _attached_disk(raw: Json, *, system: bool) -> AttachedDisk:
    cloud = maybe_object(raw, "cloudDisk")
    local = maybe_object(raw, "localDisk")
    category = _disk_category(raw, cloud, local)
    machines = {maybe_text(item, "instanceId") for item in each_object(cloud, "attachments")} - {None}
    return AttachedDisk(
        disk_id=maybe_text(cloud, "diskId"),
        device=maybe_text(raw, "deviceName"),
        category=category,
        size_gb=maybe_int(cloud if category == "cloud" else local, "diskSizeGB"),
        auto_delete=maybe_bool(raw, "autoDelete"),
        attachment_status=_lower_text(raw, "status"),
        charge=parse_charge(cloud),
        shared=bool(maybe_bool(cloud, "multiAttachable")) or len(machines) > 1,
        system=system,
    )


def _disk_category(raw: Json, cloud: Json, local: Json) -> Literal["cloud", "local"]:
    """Whether the data dies with the machine in any case (local) depends on it, so it is never guessed."""
    told = _lower_text(raw, "diskCategory")
    if told == "cloud" or (not told and cloud and not local):
        return "cloud"
    if told == "local" or (not told and local and not cloud):
        return "local"
    raise MalformedAnswer("diskCategory is neither cloud nor local")


def _network_interfaces(raw: Json) -> Iterator[tuple[Json, Json, bool]]:
    """Yield (attachment, interface, whether it is the primary one)."""
    primary = maybe_object(raw, "primaryNetworkInterface")
    if primary:
        yield primary, maybe_object(primary, "networkInterface"), True
    for name in ("secondaryNetworkInterfaces", "rdmaNetworkInterfaces"):
        for secondary in each_object(raw, name):
            yield secondary, maybe_object(secondary, "networkInterface"), False


def _ips(interface: Json) -> Iterator[Json]:
    yield maybe_object(interface, "primaryIp")
    yield from each_object(interface, "secondaryIps")


def _addresses(raw: Json) -> Iterator[Address]:
    """Yield the elastic IPs of the interfaces, then the one at the top level unless an interface showed it already."""
    seen: set[str] = set()
    primary_interface_id: str | None = None
    for _attachment, interface, primary in _network_interfaces(raw):
        interface_id = maybe_text(interface, "networkInterfaceId")
        primary_interface_id = interface_id if primary else primary_interface_id
        for ip in _ips(interface):
            elastic_ip_id = maybe_text(ip, "elasticIpId")
            if elastic_ip_id and elastic_ip_id not in seen:
                seen.add(elastic_ip_id)
                yield Address(elastic_ip_id, maybe_text(ip, "elasticIpAddress"), interface_id, primary)
    top = maybe_text(raw, "elasticIpId")
    if top and top not in seen:
        yield Address(top, maybe_text(raw, "elasticIpAddress"), primary_interface_id, True)


def _interfaces(raw: Json) -> Iterator[Interface]:
    for attachment, interface, primary in _network_interfaces(raw):
        # A machine that is being created may show an interface that has no id yet.
        interface_id = maybe_text(interface, "networkInterfaceId")
        if interface_id:
            yield Interface(interface_id, primary, maybe_bool(attachment, "autoDelete"))


def _private_ips(raw: Json) -> Iterator[str]:
    top = maybe_text(raw, "privateIpAddress")
    if top:
        yield top
    for _attachment, interface, _primary in _network_interfaces(raw):
        for ip in _ips(interface):
            address = maybe_text(ip, "privateIpAddress")
            if address:
                yield address
