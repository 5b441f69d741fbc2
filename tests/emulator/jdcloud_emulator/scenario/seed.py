# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads seed files: what the emulated cloud holds when it starts. The README documents the form."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from jdcloud_emulator.scenario.seed_balancers import PREFIXES_OF_BALANCERS, BalancerSeeder
from jdcloud_emulator.scenario.seed_file import DAY, Entry, Taker, moment, repeated, tag_rows
from jdcloud_emulator.scenario.seed_groups import new_group, settle_groups
from jdcloud_emulator.scenario.seed_monitor import add_load
from jdcloud_emulator.state import factory, lifecycle
from jdcloud_emulator.state.balancers import ALB, LoadBalancer
from jdcloud_emulator.state.cloud import Cloud, Region
from jdcloud_emulator.state.groups import Group
from jdcloud_emulator.state.model import (
    POSTPAID,
    PREFIXES,
    PREPAID,
    Charge,
    Disk,
    ElasticIp,
    Image,
    ImageDisk,
    Instance,
    Resource,
    Slot,
    Snapshot,
    make_id,
)
from jdcloud_emulator.state.settings import UsageError

_CHARGES = {"prepaid": PREPAID, "postpaid": POSTPAID}


class Seeder:
    """Adds the resources of a seed mapping to a cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._now = cloud.wall()
        self._added: dict[str, list[str]] = {kind: [] for kind in PREFIXES}

    def add(self, regions: Mapping[str, Any]) -> dict[str, list[str]]:
        """Add all resources by region; returns their ids by kind. Raises UsageError for what makes no sense."""
        makers: list[tuple[str, Callable[[Region, Taker], Resource]]] = [
            ("instances", self._instance),
            ("disks", self._disk),
            ("elastic_ips", self._elastic_ip),
            ("snapshots", self._snapshot),
            ("images", self._image),
            ("groups", self._group),
            ("load_balancers", self._load_balancer),
        ]
        for name, content in regions.items():
            region = self._cloud.regions.setdefault(name, Region(name, [name + "a"]))
            take = Taker(content or {}, f"region {name}")
            region.azs = take("azs", region.azs)
            for kind, make in makers:
                for entry in repeated(take(kind, []) or []):
                    taker = Taker(entry, f"one of {kind}")
                    self._common(make(region, taker), taker)
                    taker.end()
            take.end()
            settle_groups(self._cloud, region)
        return self._added

    def _common(self, resource: Resource, take: Taker) -> None:
        resource.description = str(take("description", resource.description))
        resource.show_tags(tag_rows(take("tags") or resource.tags))
        resource.fee = take("fee", resource.fee)
        self._cloud.touch(resource)

    def _identify(self, region: Region, kind: str, take: Taker, parent: str = "", prefix: str = "") -> str:
        """The id of the entry, or one that depends on region, parent and position only."""
        made = str(take("id") or make_id(prefix or PREFIXES[kind], f"{region.name}/{parent}/{len(self._added[kind])}"))
        if made in self._cloud.ledger:
            raise UsageError(f"id {made} is used twice")
        self._added[kind].append(made)
        return made

    def _charge(self, take: Taker, started: float) -> Charge | None:
        """`charge` may be a mode, `prepaid`, `overdue`, `arrear` or `none`; `expires` makes it prepaid."""
        word, expires = str(take("charge", "")), take("expires")
        status = str(take("charge_status", word if word in ("overdue", "arrear") else "normal"))
        if word == "none":
            return None
        if word in ("", "overdue", "arrear"):
            word = PREPAID if expires else POSTPAID
        mode = _CHARGES.get(word, word)
        if mode not in (PREPAID, POSTPAID, "postpaid_by_usage"):
            raise UsageError(f"unknown charge {word!r}")
        charge = Charge(mode, status, started)
        if mode == PREPAID:
            charge.expires = moment(expires or "+30d", self._now)
        if status != "normal" or (charge.expires is not None and charge.expires < self._now):
            charge.retires = (charge.expires or self._now) + 7 * DAY
        return charge

    def _instance(self, region: Region, take: Taker) -> Instance:
        cloud = self._cloud
        identity = self._identify(region, "instances", take)
        name = str(take("name", identity))
        launched = moment(take("launched", "-30d"), self._now)
        groups = [(str(group), str(group)) for group in take("security_groups", [])] or None
        interface = factory.new_interface(
            cloud,
            region,
            identity,
            interface_id=take("network_interface", ""),
            private_ip=take("private_ip", ""),
            vpc_id=take("vpc", ""),
            subnet_id=take("subnet", ""),
            groups=groups,
        )
        ag = take("ag")
        instance = Instance(
            kind="instances",
            id=identity,
            region=region.name,
            name=name,
            status=str(take("status", "running")),
            created=launched,
            charge=self._charge(take, launched),
            hostname=str(take("hostname", name)),
            instance_type=str(take("type", factory.DEFAULT_TYPE)),
            image_id=str(take("image", factory.PUBLIC_IMAGE)),
            az=str(take("az", region.azs[0])),
            primary=interface,
            launched=launched,
            key_names=list(take("key_names", [])),
            charge_on_stopped=str(take("charge_on_stopped", "keepCharging")),
            platform=str(take("platform", "Ubuntu")),
            os_type=str(take("os_type", "linux")),
            os_version=str(take("os_version", "22.04")),
            architecture=str(take("architecture", "x86_64")),
            boot_mode=str(take("boot_mode", "")),
            task=str(take("task", "")),
            ag=(str(ag), str(ag)) if ag else None,
            dedicated_host_id=str(take("dedicated_host", "")),
            fault_domain=str(take("fault_domain", "")),
            auto_release=str(take("release_time", "")),
        )
        cloud.add(instance)
        self._system_disk(region, instance, take("system_disk", {}))
        self._data_disks(region, instance, take)
        self._networks(region, instance, take)
        add_load(cloud, instance, take("monitor"))
        self._under_way(instance)
        return instance

    def _system_disk(self, region: Region, instance: Instance, entry: Any) -> None:
        """A mapping, the word `local`, or null for a machine that lost its system disk."""
        if entry is None:
            return
        if entry == "local" or (isinstance(entry, dict) and entry.get("local")):
            size = 40 if entry == "local" else entry.get("size", 40)
            factory.mount(self._cloud, instance, Slot("vda", True, None, "SSD", size), system=True)
            return
        slot = self._slot(region, instance, Taker({"size": 40, "auto_delete": True, **entry}, "system_disk"), "vda")
        factory.mount(self._cloud, instance, slot, system=True)

    def _data_disks(self, region: Region, instance: Instance, take: Taker) -> None:
        local = take("local_disks", [])
        for entry in [{}] * local if isinstance(local, int) else local:
            device = lifecycle.free_device(instance)
            slot = Slot(device, True, None, str(entry.get("type", "NVMe SSD")), int(entry.get("size", 200)))
            factory.mount(self._cloud, instance, slot)
        for entry in take("disks", []):
            device = entry.get("device") or lifecycle.free_device(instance)
            slot = self._slot(region, instance, Taker({**entry, "device": device}, "disk of an instance"), device)
            factory.mount(self._cloud, instance, slot)

    def _slot(self, region: Region, instance: Instance, take: Taker, device: str) -> Slot:
        take("device")
        auto_delete = bool(take("auto_delete", False))
        status = str(take("attachment", "attached"))
        disk = self._disk(region, take, instance)
        if device == "vda" and instance.charge is not None:
            # A system disk is paid as its machine is.
            disk.charge = dataclasses.replace(instance.charge)
        self._common(disk, take)
        take.end()
        return Slot(device, auto_delete, disk, status=status, attached=instance.launched)

    def _networks(self, region: Region, instance: Instance, take: Taker) -> None:
        address = take("elastic_ip")
        if address:
            entry = address if isinstance(address, dict) else {}
            taker = Taker(entry, "elastic_ip of an instance")
            made = self._elastic_ip(region, taker, instance.id)
            self._common(made, taker)
            taker.end()
            lifecycle.bind(self._cloud, made, instance.primary)
        for index, entry in enumerate(take("secondary_interfaces", []), 1):
            interface = factory.new_interface(
                self._cloud,
                region,
                instance.id,
                interface_id=entry.get("id", ""),
                secondary_index=index,
                auto_delete=bool(entry.get("auto_delete", False)),
            )
            instance.secondary.append(interface)
            if entry.get("elastic_ip"):
                made = self._elastic_ip(region, Taker({}, "elastic_ip"), interface.id)
                lifecycle.bind(self._cloud, made, interface)

    def _under_way(self, instance: Instance) -> None:
        """A seed may start in the middle: a machine that is stopping goes on and stops."""
        cloud, settings = self._cloud, self._cloud.settings
        ways = {
            "pending": ("running", settings.create_seconds),
            "starting": ("running", settings.start_seconds),
            "rebooting": ("running", settings.reboot_seconds),
            "stopping": ("stopped", settings.stop_seconds),
        }
        if instance.status in ways:
            lifecycle.move_instance(cloud, instance, instance.status, *ways[instance.status])
        elif instance.status == "deleting":
            lifecycle.delete_instance(cloud, instance)

    def _disk(self, region: Region, take: Taker, instance: Instance | None = None) -> Disk:
        created = moment(take("created", "-30d"), self._now)
        identity = self._identify(region, "disks", take, instance.id if instance else "")
        holders = take("attached_to", [])
        disk = Disk(
            kind="disks",
            id=identity,
            region=region.name,
            name=str(take("name", identity)),
            status=str(take("status", "in-use" if instance else "available")),
            created=created,
            charge=self._charge(take, created),
            az=str(take("az", instance.az if instance else region.azs[0])),
            disk_type=str(take("type", "ssd.gp1")),
            size_gb=int(take("size", 100)),
            multi_attachable=bool(take("shared", False)),
            encrypted=bool(take("encrypted", False)),
            recyclable=bool(take("recyclable", True)),
            snapshot_id=str(take("snapshot", "")),
        )
        self._cloud.add(disk)
        for holder in holders:
            if holder not in region.instances:
                raise UsageError(f"disk {identity}: there is no instance {holder}")
            machine = region.instances[holder]
            factory.mount(self._cloud, machine, Slot(lifecycle.free_device(machine), False, disk))
        return disk

    def _elastic_ip(self, region: Region, take: Taker, parent: str = "") -> ElasticIp:
        created = moment(take("created", "-30d"), self._now)
        made = factory.new_elastic_ip(
            self._cloud,
            region,
            elastic_ip_id=self._identify(region, "elastic_ips", take, parent),
            address=str(take("address", "")),
            charge=self._charge(take, created),
        )
        made.created = created
        made.name = str(take("name", made.id))
        made.bandwidth_mbps = int(take("bandwidth", 5))
        made.bandwidth_package_id = str(take("package", ""))
        made.ip_type = str(take("ip_type", "standard"))
        return made

    def _snapshot(self, region: Region, take: Taker) -> Snapshot:
        identity = self._identify(region, "snapshots", take)
        expires = take("expires")
        snapshot = Snapshot(
            kind="snapshots",
            id=identity,
            region=region.name,
            name=str(take("name", identity)),
            status=str(take("status", "available")),
            created=moment(take("created", "-1h"), self._now),
            disk_id=str(take("disk", "")),
            size_gb=int(take("size", 40)),
            source=str(take("source", "self")),
            expires=moment(expires, self._now) if expires else None,
            images=list(take("images", [])),
        )
        self._cloud.add(snapshot)
        return snapshot

    def _group(self, region: Region, take: Taker) -> Group:
        return new_group(self._cloud, region, self._identify(region, "groups", take), take)

    def _load_balancer(self, region: Region, take: Taker) -> LoadBalancer:
        kind = str(take("type", ALB))
        identity = self._identify(region, "load_balancers", take, prefix=PREFIXES_OF_BALANCERS.get(kind, ""))
        return BalancerSeeder(self._cloud, region, partial(self._identify, region)).add(identity, kind, take)

    def _image(self, region: Region, take: Taker) -> Image:
        identity = self._identify(region, "images", take)
        source_id, created = str(take("of", "")), moment(take("created", "-1h"), self._now)
        disks = [self._image_disk(entry, index) for index, entry in enumerate(take("disks", [{"size": 40}]))]
        if source_id:
            disks = self._parts_of(region, source_id, take("leave_out", []), created)
        expires = take("expires")
        image = Image(
            kind="images",
            id=identity,
            region=region.name,
            name=str(take("name", identity)),
            status=str(take("status", "ready")),
            created=created,
            source=str(take("source", "private")),
            platform=str(take("platform", "Ubuntu")),
            os_type=str(take("os_type", "linux")),
            os_version=str(take("os_version", "22.04")),
            architecture=str(take("architecture", "x86_64")),
            launch_permission=str(take("launch_permission", "ownerOnly")),
            owner_pin=self._cloud.settings.owner_pin,
            system=disks[0],
            data=disks[1:],
            instance_id=str(take("instance", source_id)),
            imported=bool(take("imported", False)),
            protected=bool(take("protected", False)),
            offline=bool(take("offline", False)),
            expires=moment(expires, self._now) if expires else None,
            progress="100",
        )
        self._cloud.add(image)
        for snapshot in lifecycle.snapshots_of(self._cloud, image):
            snapshot.images.append(identity)
        return image

    @staticmethod
    def _image_disk(entry: Entry, index: int) -> ImageDisk:
        device = entry.get("device") or ("vda" if index == 0 else lifecycle.DEVICES[index - 1])
        return ImageDisk(
            device,
            bool(entry.get("auto_delete", index == 0)),
            str(entry.get("type", "ssd.gp1")),
            int(entry.get("size", 40)),
            str(entry.get("snapshot", "")),
            bool(entry.get("local", False)),
        )

    def _parts_of(self, region: Region, instance_id: str, left_out: list[str], created: float) -> list[ImageDisk]:
        """The disks of an image `of` a machine, with a snapshot each, as createImage would have made them."""
        if instance_id not in region.instances:
            raise UsageError(f"image of {instance_id}: there is no such instance")
        parts = []
        for slot in region.instances[instance_id].slots():
            if slot.disk is None and slot.device == "vda":
                parts.append(ImageDisk(slot.device, True, slot.local_type, slot.local_size_gb, local=True))
            elif slot.disk is not None and slot.device not in left_out:
                snapshot = self._snapshot(region, Taker({"disk": slot.disk.id, "size": slot.disk.size_gb}, "snapshot"))
                snapshot.created = created
                parts.append(ImageDisk(slot.device, slot.auto_delete, slot.disk.disk_type, slot.disk.size_gb, snapshot.id))
        return parts
