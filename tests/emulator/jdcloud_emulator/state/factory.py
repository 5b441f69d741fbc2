# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the parts that seed files and create calls have in common."""

from __future__ import annotations

from jdcloud_emulator.state.cloud import Cloud, Region
from jdcloud_emulator.state.model import Charge, ElasticIp, Instance, Interface, Slot, make_id

DEFAULT_TYPE = "g.n2.medium"
PUBLIC_IMAGE = "img-ubuntu2204"


def default_vpc(region: Region) -> str:
    """Every region has one network."""
    return make_id("vpc", region.name)


def default_subnet(region: Region) -> str:
    """Every region has one subnet."""
    return make_id("subnet", region.name)


def default_group(region: Region) -> str:
    """Every region has one security group."""
    return make_id("sg", region.name)


def private_address(region: Region) -> str:
    """The next private address; seeds that name addresses use other networks than 10.64.0.0/10."""
    number = next(region.addresses)
    return f"10.{64 + number // 65024 % 128}.{number // 254 % 256}.{number % 254 + 1}"


def public_address(region: Region) -> str:
    """The next public address, of the range that is reserved for benchmarks."""
    number = next(region.addresses)
    return f"198.{18 + number // 65024 % 2}.{number // 254 % 256}.{number % 254 + 1}"


def mac_address(key: str) -> str:
    """A made-up address that depends on the id."""
    digits = "".join(f"{ord(letter):02x}" for letter in key[-3:])
    return f"fa:16:3e:{digits[0:2]}:{digits[2:4]}:{digits[4:6]}"


def new_interface(
    cloud: Cloud,
    region: Region,
    instance_id: str,
    *,
    interface_id: str = "",
    private_ip: str = "",
    vpc_id: str = "",
    subnet_id: str = "",
    groups: list[tuple[str, str]] | None = None,
    secondary_index: int = 0,
    auto_delete: bool = True,
) -> Interface:
    """A network interface of a machine. `secondary_index` 0 makes the primary one."""
    made = interface_id or make_id("port", f"{instance_id}/{secondary_index}")
    interface = Interface(
        kind="network_interfaces",
        id=made,
        region=region.name,
        name=made,
        created=cloud.wall(),
        charge=None,
        mac=mac_address(made),
        vpc_id=vpc_id or default_vpc(region),
        subnet_id=subnet_id or default_subnet(region),
        private_ip=private_ip or private_address(region),
        security_groups=[(default_group(region), "default")] if groups is None else groups,
        role="Secondary" if secondary_index else "Primary",
        auto_delete=auto_delete,
        device_index=1 + secondary_index,
        instance_id=instance_id,
    )
    cloud.add(interface)
    return interface


def new_elastic_ip(
    cloud: Cloud, region: Region, *, elastic_ip_id: str = "", address: str = "", charge: Charge | None = None
) -> ElasticIp:
    """An elastic IP that is bound to nothing."""
    made = ElasticIp(
        kind="elastic_ips",
        id=elastic_ip_id or cloud.new_id("elastic_ips"),
        region=region.name,
        created=cloud.wall(),
        charge=charge or Charge(started=cloud.wall()),
        address=address or public_address(region),
    )
    made.name = made.id
    cloud.add(made)
    return made


def mount(cloud: Cloud, instance: Instance, slot: Slot, system: bool = False) -> None:
    """Put a disk into a machine, attached already."""
    if system:
        instance.system = slot
    else:
        instance.data.append(slot)
    slot.attached = slot.attached or cloud.wall()
    if slot.disk is not None:
        slot.disk.attachments[instance.id] = ("attached", slot.attached)
        cloud.set_status(slot.disk, "in-use")
