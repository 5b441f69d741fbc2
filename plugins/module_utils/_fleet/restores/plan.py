# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From what a machine was and which backups exist to the order for a new one, or to all that stands in the way. Pure.

Every disk of the new machine is named in the order with its size, type and snapshot, so that nothing is left to the
service's defaults.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..._api.model.backup_assets import Image, Snapshot
from ..._api.services.tags import RESERVED_PREFIXES
from ..common.failure import Finding
from ..evidence.specification import OldMachine
from .disks import DiskPlan, WantedDisk, plan_disks
from .marker import MACHINE_NAME, RestoreMarker, disk_name, drill_name, marker_of

POSTPAID = "postpaid_by_duration"
BOOT_MODE = {"arm64": "uefi"}
DEFAULT_BOOT_MODE = "bios"
"""The default of images (fact images-boot-mode); machines of arm64 know uefi only."""


@dataclass(frozen=True, slots=True)
class RestoreOptions:
    """What the user wants otherwise than it was; None: as it was. A drill gets nothing of the old machine but its disks."""

    name: str | None = None
    subnet_id: str | None = None
    security_group_ids: tuple[str, ...] | None = None
    instance_type: str | None = None
    az: str | None = None
    private_ip: str | None = None
    keep_private_ip: bool = False
    drill: bool = False
    allow_missing_disks: bool = False
    leave_out_tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RestoreOrder:
    """What is to be restored: machines, what each one's marker names as its origin, and what is wanted for all."""

    machines: Sequence[OldMachine]
    origins: Sequence[str]
    options: RestoreOptions


@dataclass(frozen=True, slots=True)
class AvailableBackups:
    """The images and snapshots that exist now, by id."""

    images: Mapping[str, Image] = field(default_factory=dict)
    snapshots: Mapping[str, Snapshot] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HelperImage:
    """The image of the system disk's snapshot that is made first where there is no image of the machine."""

    description: str
    system: Mapping[str, str]
    disk: WantedDisk


@dataclass(frozen=True, slots=True)
class RestorePlan:
    """What is to be made of the backups of one machine, and why not.

    `spec` is the instanceSpec but for `imageId`, which is `image_id`, or that of `helper` once it is made.
    """

    machine: OldMachine
    marker: RestoreMarker
    name: str
    spec: dict[str, Any] = field(default_factory=dict)
    image_id: str | None = None
    helper: HelperImage | None = None
    disks: tuple[WantedDisk, ...] = ()
    blockers: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()


def plan_restore(machine: OldMachine, origin: str, options: RestoreOptions, available: AvailableBackups) -> RestorePlan:
    """The order for a new machine like `machine`, from what `available` holds. `origin`: the campaign, or an image id."""
    name, marker = _name(machine, options), marker_of(origin, machine.instance_id)
    image, image_blockers, image_warnings = _image(machine, available)
    # Without anything to start from it is of no use to say so of each disk.
    disks = DiskPlan()
    if not image_blockers:
        disks = plan_disks(machine, image, available.snapshots, drill=options.drill, partial=options.allow_missing_disks)
    placement = _placement(machine, options)
    blockers = [*_name_blockers(machine, name), *image_blockers, *disks.blockers, *_placement_blockers(machine, placement)]
    helper = None
    if image is None and not _has(blockers, "no_backup"):
        helper, helper_blockers = _helper(machine, marker, disks)
        blockers += helper_blockers
    return RestorePlan(
        machine=machine,
        marker=marker,
        name=name,
        spec={**_spec(machine, options, placement, marker, name), **_disk_fields(disks.disks, name, placement["az"])},
        image_id=image.image_id if image else None,
        helper=helper,
        disks=disks.disks,
        blockers=tuple(blockers),
        warnings=(*_warnings(machine, options), *image_warnings, *disks.warnings),
    )


def _has(blockers: Iterable[Finding], *codes: str) -> bool:
    """Whether there is a blocker with one of these codes."""
    return any(blocker.code in codes for blocker in blockers)


def _name(machine: OldMachine, options: RestoreOptions) -> str:
    name = options.name or machine.name or machine.instance_id or machine.image_id or ""
    return drill_name(name) if options.drill else name


def _name_blockers(machine: OldMachine, name: str) -> Iterator[Finding]:
    if not MACHINE_NAME.fullmatch(name):
        yield Finding("bad_name", f"The name of {machine.title} ({name!r}) is not allowed for a new instance: set name.")


def _image(machine: OldMachine, available: AvailableBackups) -> tuple[Image | None, list[Finding], list[Finding]]:
    """The image to start from, blockers and warnings. One that cannot be used is a blocker, unless the snapshots will do."""
    if machine.image_id is None:
        return None, [], []
    flaw = _flaw(machine, available.images.get(machine.image_id))
    if flaw is None:
        return available.images[machine.image_id], [], []
    system = {disk.disk_id for disk in machine.disks if disk.system and disk.disk_id}
    if any(snapshot.disk_id in system for snapshot in machine.snapshots):
        return None, [], [Finding("image_not_usable", f"{flaw} The snapshots are used instead.")]
    return None, [Finding("no_backup", flaw)], []


def _flaw(machine: OldMachine, image: Image | None) -> str | None:
    if image is None:
        return f"Image {machine.image_id} does not exist in this region."
    if image.status != "ready":
        return f"Image {image.image_id} is '{image.status}', not ready."
    if image.source != "private":
        return f"Image {image.image_id} is not a private image but '{image.source}'."
    if image.offline:
        return f"Image {image.image_id} is offline."
    if machine.instance_id is not None and image.instance_id not in (None, machine.instance_id):
        return f"Image {image.image_id} was made from {image.instance_id}, not from {machine.instance_id}."
    return None


def _placement(machine: OldMachine, options: RestoreOptions) -> dict[str, Any]:
    """What a machine cannot be made without, by the name of its option; empty where neither options nor manifest say it."""
    return {
        "instance_type": options.instance_type or machine.get("instance_type"),
        "az": options.az or machine.get("az"),
        "subnet_id": options.subnet_id or machine.get("subnet_id"),
        "security_group_ids": _security_groups(machine, options),
    }


def _placement_blockers(machine: OldMachine, placement: Mapping[str, Any]) -> Iterator[Finding]:
    missing = [option for option, value in placement.items() if not value]
    if missing:
        yield Finding("incomplete", f"The {', '.join(missing)} of {machine.title} is unknown: set it.")


def _spec(
    machine: OldMachine, options: RestoreOptions, placement: Mapping[str, Any], marker: RestoreMarker, name: str
) -> dict[str, Any]:
    """The instanceSpec without its image and its disks."""
    interface = {"subnetId": placement["subnet_id"], "securityGroups": placement["security_group_ids"]}
    address = options.private_ip or (machine.get("private_ip_address") if options.keep_private_ip else None)
    if address:
        interface["primaryIpAddress"] = address
    spec = {
        "name": name,
        "az": placement["az"],
        "instanceType": placement["instance_type"],
        "description": marker.described(machine.get("description") or ""),
        # The logins of the image stay (fact images-logins); else the service would make up a password and send it around.
        "imageInherit": "yes",
        "primaryNetworkInterface": {"networkInterface": interface},
        "charge": {"chargeMode": POSTPAID},
    }
    if machine.get("resource_group_id"):
        spec["resourceGroupId"] = machine.get("resource_group_id")
    if not options.drill:
        tags = [{"key": key, "value": value} for key, value in _tags(machine).items() if not _left_out(key, options)]
        spec.update({"userTags": tags} if tags else {})
        spec.update({"hostname": machine.get("hostname")} if machine.get("hostname") else {})
    return spec


def _security_groups(machine: OldMachine, options: RestoreOptions) -> list[str]:
    if options.security_group_ids is not None:
        return list(options.security_group_ids)
    return [group["group_id"] for group in machine.specification.get("security_groups") or [] if group.get("group_id")]


def _tags(machine: OldMachine) -> Mapping[str, str]:
    return machine.specification.get("tags") or {}


def _left_out(key: str, options: RestoreOptions) -> bool:
    return key in options.leave_out_tags or key.startswith(RESERVED_PREFIXES)


def _disk_fields(disks: Iterable[WantedDisk], name: str, az: str | None) -> dict[str, Any]:
    """systemDisk and dataDisks of an instanceSpec."""
    fields: dict[str, Any] = {}
    for disk in disks:
        if disk.implicit:
            continue
        attachment: dict[str, Any] = {"autoDelete": disk.auto_delete, "cloudDiskSpec": _cloud_disk(disk, name, az)}
        if disk.system:
            fields["systemDisk"] = attachment
        else:
            device = {"deviceName": disk.device} if disk.device else {}
            fields.setdefault("dataDisks", []).append({**device, "diskCategory": "cloud", **attachment})
    return fields


def _cloud_disk(disk: WantedDisk, name: str, az: str | None) -> dict[str, Any]:
    spec = {
        "az": az,
        "name": disk_name(name, disk.device or ""),
        "diskType": disk.disk_type,
        "diskSizeGB": disk.size_gb,
        "iops": disk.iops,
        # The image itself says what the system disk is made of.
        "snapshotId": None if disk.system else disk.snapshot_id,
        "encrypt": True if disk.encrypted else None,
    }
    return {key: value for key, value in spec.items() if value is not None}


def _helper(machine: OldMachine, marker: RestoreMarker, disks: DiskPlan) -> tuple[HelperImage | None, list[Finding]]:
    """The image to make of the system disk's snapshot; None if too little is known of the machine, and then why not."""
    system = next((disk for disk in disks.disks if disk.system and disk.snapshot_id), None)
    if system is None:
        if _has(disks.blockers, "snapshot_missing", "disk_not_covered"):
            return None, []
        return None, [Finding("no_backup", f"{machine.title} has neither an image nor a snapshot of its system disk.")]
    platform, architecture = machine.get("platform"), machine.get("architecture")
    if not platform or not architecture:
        message = f"The platform and architecture of {machine.title} are unknown, so an image cannot be made from a snapshot."
        return None, [Finding("incomplete", message)]
    boot_mode = machine.get("boot_mode") or BOOT_MODE.get(architecture, DEFAULT_BOOT_MODE)
    image_spec = {"platform": platform, "architecture": architecture, "bootMode": boot_mode}
    if machine.get("os_version"):
        image_spec["osVersion"] = str(machine.get("os_version"))
    return HelperImage(marker.described("helper image of a restore, can be deleted"), image_spec, system), []


def _warnings(machine: OldMachine, options: RestoreOptions) -> list[Finding]:
    """What the new machine will not have."""
    found = []
    specification, title = machine.specification, machine.title
    if str(machine.get("charge_mode") or "").startswith("prepaid"):
        found.append(Finding("prepaid_becomes_postpaid", f"{title} was prepaid; the new instance is {POSTPAID}."))
    addresses = [str(row.get("address") or row.get("elastic_ip_id")) for row in specification.get("elastic_ips") or []]
    if addresses:
        found.append(
            Finding(
                "elastic_ip_not_restored", (f"{title} had the elastic IPs {', '.join(addresses)}; the new instance gets none.")
            )
        )
    if specification.get("secondary_interfaces"):
        count = len(specification["secondary_interfaces"])
        found.append(
            Finding("secondary_interface_not_restored", (f"{title} had {count} more network interfaces, which are not restored."))
        )
    for field_name, code, what in (
        ("group_id", "group_not_rejoined", "the availability group"),
        ("dedicated_host_id", "dedicated_host_not_used", "the dedicated host"),
    ):
        if machine.get(field_name):
            found.append(Finding(code, f"{title} was in {what} {machine.get(field_name)}; the new instance is not."))
    left_out = [] if options.drill else [key for key in _tags(machine) if _left_out(key, options)]
    if left_out:
        found.append(Finding("tag_left_out", f"Tags of {title} are left out: {', '.join(left_out)}."))
    return found
