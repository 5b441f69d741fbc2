# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the services' answers say, as immutable values, and the functions that read them from JSON.

The parse functions accept missing and null members. Where a member that a decision rests on is missing or of the wrong type,
the row says so in ``unreadable``; MalformedResponse is for a row without an id, of which nothing can be said. Statuses are lower
case ('running'), those of elastic IPs upper case ('ASSOCIATED'), whatever the service's spelling is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ..fields import (
    Json,
    MalformedResponse,
    Row,
    each_object,
    lower_text,
    optional_bool,
    optional_id,
    optional_int,
    optional_object,
    optional_text,
    repeated_tags,
    snake_case,
    tags_of,
)
from .resources import Charge, parse_charge

STABLE = frozenset({"running", "stopped", "error"})
TRANSITIONAL = frozenset({"pending", "starting", "stopping", "rebooting", "resizing", "rebuilding", "deleting"})
"""Facts states-stable and states-transitional. Any other one puzzles (`plan.puzzling`), and nothing is deleted from it."""


@dataclass(frozen=True, slots=True)
class AttachedDisk:
    """A disk as its machine shows it. Local disks have no id. ``auto_delete`` None: the service did not tell.

    ``size_gb`` is in GB; ``attachment_status`` is '' if not returned; ``shared``: may be or is attached to several machines.
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

    Nothing promises that the service shows a tag key once (fact tags-shown-twice). ``repeated_tags`` has all values of each
    key that it showed more than once, ``tags`` the last one.

    ``disks`` has the system disk first. ``addresses`` are all elastic IPs: of the primary and the secondary interfaces,
    of their primary and secondary addresses, each once. ``private_ips`` are all private addresses, the primary one first.

    ``unreadable`` names the members of the row that could not be read, and that are missing here: no decision may rest on
    such a row, and no absence (of a tag, of a disk) is proved by it. ``status`` is '' if it could not be read.
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
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InstanceInFull:
    """A machine, and all that the service says about it in snake case with ``tags`` as a dict."""

    instance: Instance
    full: dict[str, Any]

    def shown(self, region: str) -> dict[str, Any]:
        """All of it as results show it: with the region, the status in lower case, and tag values as the text they compare as."""
        tags = dict(self.instance.tags or {})
        return {**self.full, "tags": tags, "region": region, "status": self.instance.status}


def parse_instance(raw: Json, *, carries_tags: bool = True) -> Instance:
    """Read an Instance; with ``carries_tags`` false (answers in brief) its tags are unknown, not empty."""
    row = Row(raw, "instanceId")
    group: Json = row.read("ag", lambda each: optional_object(each, "ag"), {})
    return Instance(
        instance_id=row.id,
        name=row.text("instanceName") or "",
        status=row.status(),
        tags=tags_of(row) if carries_tags else None,
        charge=row.read("charge", parse_charge, None),
        disks=row.read("disks", lambda each: tuple(_disks(each)), ()),
        addresses=row.read("networkInterfaces", lambda each: tuple(_addresses(each)), ()),
        interfaces=row.read("networkInterfaces", lambda each: tuple(_interfaces(each)), ()),
        group_id=row.read("ag", lambda _each: optional_text(group, "id"), None),
        group_name=row.read("ag", lambda _each: optional_text(group, "name"), None),
        auto_release_time=row.text("autoReleaseTime"),
        dedicated_host_id=row.text("dedicatedHostId"),
        dedicated_pool_id=row.text("dedicatedPoolId"),
        instance_type=row.text("instanceType"),
        az=row.text("az"),
        vpc_id=row.text("vpcId"),
        subnet_id=row.text("subnetId"),
        image_id=row.text("imageId"),
        private_ip_address=row.text("privateIpAddress"),
        fault_domain=row.text("faultDomain"),
        resource_group_id=row.text("resourceGroupId"),
        private_ips=row.read("networkInterfaces", lambda each: tuple(dict.fromkeys(_private_ips(each))), ()),
        repeated_tags=row.read("tags", repeated_tags, {}) if carries_tags else {},
        unreadable=row.unreadable,
    )


def parse_instance_in_full(raw: Json) -> InstanceInFull:
    """Read an Instance and keep all its members. The host name is called hostname (documentation also: hostName)."""
    full = snake_case(raw)
    full.setdefault("tags", {})
    if "host_name" in full:
        full.setdefault("hostname", full.pop("host_name"))
    return InstanceInFull(parse_instance(raw), full)


def _disks(raw: Json) -> Iterator[AttachedDisk]:
    system = optional_object(raw, "systemDisk")
    if system:
        yield _attached_disk(system, system=True)
    for data in each_object(raw, "dataDisks"):
        yield _attached_disk(data, system=False)


def _attached_disk(raw: Json, *, system: bool) -> AttachedDisk:
    cloud = optional_object(raw, "cloudDisk")
    local = optional_object(raw, "localDisk")
    category = _disk_category(raw, cloud, local)
    machines = {optional_text(item, "instanceId") for item in each_object(cloud, "attachments")} - {None}
    return AttachedDisk(
        disk_id=optional_id(cloud, "diskId"),
        device=optional_text(raw, "deviceName"),
        category=category,
        size_gb=optional_int(cloud if category == "cloud" else local, "diskSizeGB"),
        auto_delete=optional_bool(raw, "autoDelete"),
        attachment_status=lower_text(raw, "status"),
        charge=parse_charge(cloud),
        shared=bool(optional_bool(cloud, "multiAttachable")) or len(machines) > 1,
        system=system,
    )


def _disk_category(raw: Json, cloud: Json, local: Json) -> Literal["cloud", "local"]:
    """Whether the data dies with the machine in any case (local) depends on it, so it is never guessed."""
    text = lower_text(raw, "diskCategory")
    if text == "cloud" or (not text and cloud and not local):
        return "cloud"
    if text == "local" or (not text and local and not cloud):
        return "local"
    raise MalformedResponse("diskCategory is neither cloud nor local")


def _network_interfaces(raw: Json) -> Iterator[tuple[Json, Json, bool]]:
    """Yield (attachment, interface, whether it is the primary one)."""
    primary = optional_object(raw, "primaryNetworkInterface")
    if primary:
        yield primary, optional_object(primary, "networkInterface"), True
    for name in ("secondaryNetworkInterfaces", "rdmaNetworkInterfaces"):
        for secondary in each_object(raw, name):
            yield secondary, optional_object(secondary, "networkInterface"), False


def _ips(interface: Json) -> Iterator[Json]:
    yield optional_object(interface, "primaryIp")
    yield from each_object(interface, "secondaryIps")


def _addresses(raw: Json) -> Iterator[Address]:
    """Yield the elastic IPs of the interfaces, then the one at the top level unless an interface showed it already."""
    seen: set[str] = set()
    primary_interface_id: str | None = None
    for _attachment, interface, primary in _network_interfaces(raw):
        interface_id = optional_text(interface, "networkInterfaceId")
        primary_interface_id = interface_id if primary else primary_interface_id
        for ip in _ips(interface):
            elastic_ip_id = optional_id(ip, "elasticIpId")
            if elastic_ip_id and elastic_ip_id not in seen:
                seen.add(elastic_ip_id)
                yield Address(elastic_ip_id, optional_text(ip, "elasticIpAddress"), interface_id, primary)
    top = optional_id(raw, "elasticIpId")
    if top and top not in seen:
        yield Address(top, optional_text(raw, "elasticIpAddress"), primary_interface_id, True)


def _interfaces(raw: Json) -> Iterator[Interface]:
    for attachment, interface, primary in _network_interfaces(raw):
        # A machine that is being created may show an interface that has no id yet.
        interface_id = optional_text(interface, "networkInterfaceId")
        if interface_id:
            yield Interface(interface_id, primary, optional_bool(attachment, "autoDelete"))


def _private_ips(raw: Json) -> Iterator[str]:
    top = optional_text(raw, "privateIpAddress")
    if top:
        yield top
    for _attachment, interface, _primary in _network_interfaces(raw):
        for ip in _ips(interface):
            address = optional_text(ip, "privateIpAddress")
            if address:
                yield address
