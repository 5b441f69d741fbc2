# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values for tests of the plan, where no cloud is needed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.backup_assets import (
    Image,
    Snapshot,
    parse_image,
    parse_snapshot,
)
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.instance import Address, AttachedDisk, Instance, Interface
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.resources import Charge, Disk, ElasticIp
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.selection import Selection
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.policy import Facts, Policy

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
BEFORE = datetime(2026, 1, 15, 11, tzinfo=UTC)
AFTER = datetime(2026, 1, 15, 13, tzinfo=UTC)
POSTPAID, USAGE, PREPAID = "postpaid_by_duration", "postpaid_by_usage", "prepaid_by_duration"
PROTECT = {"jdcloud-protect": ("*",)}


def machine(status: str = "stopped", **more: Any) -> Instance:
    """A machine with a cloud system disk, paid by duration."""
    disks = (system_disk(), *more.pop("data", ()))
    plain: dict[str, Any] = {
        "name": "web",
        "tags": {},
        "charge": Charge(POSTPAID, "normal"),
        "disks": disks,
        "interfaces": (Interface("port-1", True, True),),
    }
    return Instance(instance_id="i-one", status=status, **{**plain, **more})


def system_disk(**more: Any) -> AttachedDisk:
    """A system disk that goes with its machine."""
    return replace(disk("vol-sys", auto_delete=True), device="vda", system=True, **more)


def disk(
    disk_id: str | None = "vol-data", *, auto_delete: bool | None = False, mode: str = POSTPAID, **more: Any
) -> AttachedDisk:
    """A cloud data disk."""
    plain: dict[str, Any] = {"device": "vdb", "category": "cloud", "size_gb": 100, "attachment_status": "attached"}
    return AttachedDisk(disk_id=disk_id, auto_delete=auto_delete, charge=Charge(mode, "normal"), **{**plain, **more})


def local_disk(**more: Any) -> AttachedDisk:
    """A local data disk."""
    return AttachedDisk(**{"disk_id": None, "device": "vdc", "category": "local", "size_gb": 400, "auto_delete": None, **more})


def address(elastic_ip_id: str = "fip-one", nic: str = "port-1") -> Address:
    """An elastic IP as its machine shows it."""
    return Address(elastic_ip_id, "203.0.113.17", nic, nic == "port-1")


def elastic_ip(elastic_ip_id: str = "fip-one", **more: Any) -> ElasticIp:
    """An elastic IP as the vpc service shows it."""
    plain: dict[str, Any] = {
        "address": "203.0.113.17",
        "status": "ASSOCIATED",
        "instance_id": "i-one",
        "charge": Charge(USAGE, "normal"),
        "bandwidth_package_id": None,
        "network_interface_id": "port-1",
    }
    return ElasticIp(elastic_ip_id=elastic_ip_id, **{**plain, **more})


def seen_disk(disk_id: str = "vol-data", **more: Any) -> Disk:
    """A disk as the disk service shows it, with its tags."""
    plain: dict[str, Any] = {"size_gb": 100, "attached_to": ("i-one",), "charge": Charge(POSTPAID, "normal"), "shared": False}
    return Disk(disk_id=disk_id, status="in-use", attached=True, **{**plain, **more})


def knowing(*elastic_ips: ElasticIp) -> Facts:
    """Facts with elastic IPs, and with the usual disks, none of them protected."""
    disks = {disk_id: seen_disk(disk_id) for disk_id in ("vol-sys", "vol-data", "vol-moving", "vol-new", "vol-swapped")}
    return Facts(now=NOW, elastic_ips={each.elastic_ip_id: each for each in elastic_ips}, disks=disks)


FACTS = knowing()


MARKER = "jdcloud.cloud/1 campaign=c1 instance=i-one stopped=true"
RECENT = "2026-01-15T19:00:00+08:00"
"""One hour before `NOW`."""


def image(*snapshot_ids: str | None, **more: Any) -> Image:
    """A good image of `i-one` as the service shows it; the first snapshot is of the system disk, None for a local disk."""
    parts = [_image_part(f"vd{'abcdef'[place]}", each) for place, each in enumerate(snapshot_ids)]
    raw: dict[str, Any] = {
        "imageId": "img-one",
        "imageSource": "private",
        "status": "ready",
        "createTime": RECENT,
        "desc": MARKER,
        "imported": False,
        "offline": False,
        "instanceId": "i-one",
        **({"systemDisk": parts[0]} if parts else {}),
        "dataDisks": parts[1:],
        **more,
    }
    return parse_image(raw)


def _image_part(device: str, snapshot_id: str | None) -> dict[str, Any]:
    if snapshot_id is None:
        return {"deviceName": device, "diskCategory": "local", "localDisk": {"diskType": "SSD", "diskSizeGB": 40}}
    return {"deviceName": device, "diskCategory": "cloud", "cloudDisk": {"diskSizeGB": 40, "snapshotId": snapshot_id}}


def snapshot(disk_id: str = "vol-sys", **more: Any) -> Snapshot:
    """A good snapshot of a disk, called after it."""
    raw: dict[str, Any] = {
        "snapshotId": f"snapshot-{disk_id}",
        "snapshotSource": "self",
        "diskId": disk_id,
        "images": [],
        "description": MARKER,
        "status": "available",
        "createTime": RECENT,
        "expireTime": "",
        **more,
    }
    return parse_snapshot(raw)


def policy(state: Literal["absent", "stopped", "running"] = "absent", **more: Any) -> Policy:
    """A policy that selects `i-one`."""
    selection = more.pop("selection", Selection(ids=("i-one",), name=None, tags={}, filters={}))
    return Policy(state=state, selection=selection, **{"protect_tags": PROTECT, **more})
