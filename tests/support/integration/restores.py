# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A machine with backups, its entry in a manifest, and what tests of restores ask of the cloud."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.instance import parse_instance_in_full
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.evidence.specification import disks_of, specification_of
from support.integration.cloud import REGION, Cloud, Ended, stopped
from support.json_object import Json

WEB, IMAGE = "i-webb000001", "img-webb000001"
CAMPAIGN = "spring-2026"
SYSTEM, DATA, BIG = "vol-sys", "vol-data", "vol-big"
QUICK: Json = {"poll_interval": 0.2, "wait_timeout": 10}
NET: Json = {"subnet_id": "subnet-drill", "security_group_ids": ["sg-drill"]}


def web(**fields: Any) -> Json:
    """A machine with a system disk and two data disks, tags, an elastic IP and a fixed address."""
    return stopped(
        WEB,
        **{
            "name": "web-01",
            "description": "the old web server",
            "tags": {"env": "prod", "decommission-after": "2026-01-01"},
            "system_disk": {"id": SYSTEM, "size": 50},
            "disks": [{"id": DATA, "size": 100, "auto_delete": True}, {"id": BIG, "size": 200, "type": "hdd.std1"}],
            "private_ip": "10.1.2.3",
            "subnet": "subnet-prod",
            "security_groups": ["sg-prod", "sg-more"],
            "key_names": ["ops"],
            "elastic_ip": {"id": "fip-web", "address": "203.0.113.4"},
            **fields,
        },
    )


def add(cloud: Cloud, **kinds: list[Json]) -> None:
    """More resources for the region."""
    cloud.control.add({"regions": {REGION: kinds}})


def entry(cloud: Cloud, instance_id: str = WEB, *, image: str | None = None, snapshots: tuple[str, ...] = ()) -> Json:
    """The machine's entry in a manifest, from what the cloud shows now."""
    raw = cloud.control.resource(instance_id)
    assert raw is not None
    machine = parse_instance_in_full(raw)
    return {
        "instance_id": instance_id,
        "name": machine.instance.name,
        "status_before": "running",
        "status": machine.instance.status,
        "specification": specification_of(machine.full),
        "disks": disks_of(machine),
        "image": {"image_id": image} if image else None,
        "snapshots": [{"snapshot_id": each, "disk_id": held(cloud, each)} for each in snapshots],
        "uncovered_disks": [],
        "action": "created",
        "error": None,
    }


def held(cloud: Cloud, snapshot_id: str) -> str:
    """The disk that a snapshot is of."""
    snapshot = cloud.control.resource(snapshot_id)
    assert snapshot is not None
    return str(snapshot["diskId"])


def backed_up(cloud: Cloud, *, leave: bool = False, fields: Json | None = None, **settings: Any) -> Json:
    """A fresh cloud in which the machine has an image and then is gone (unless `leave`); its entry."""
    cloud.seed(web(**(fields or {})), **settings)
    add(cloud, images=[{"id": IMAGE, "of": WEB}])
    manifest_entry = entry(cloud, image=IMAGE)
    if not leave:
        delete(cloud)
    return manifest_entry


def snapshotted(cloud: Cloud, *disks: str, **settings: Any) -> Json:
    """A fresh cloud in which these disks of the machine have snapshots, no image exists, and the machine is gone."""
    cloud.seed(web(boot_mode="uefi"), **{"image_seconds": 0.15, "image_delete_seconds": 0.15, **settings})
    sizes = {SYSTEM: 50, DATA: 100, BIG: 200}
    add(cloud, snapshots=[{"id": f"snapshot-of-{disk}", "disk": disk, "size": sizes[disk]} for disk in disks])
    manifest_entry = entry(cloud, snapshots=tuple(f"snapshot-of-{disk}" for disk in disks))
    delete(cloud)
    return manifest_entry


def delete(cloud: Cloud, instance_id: str = WEB) -> None:
    """The machine is gone at once."""
    cloud.control.act("delete", instance_id, instantly=True)
    assert not cloud.exists(instance_id)
    cloud.control.clear_requests()


def machines(cloud: Cloud) -> dict[str, Json]:
    """All machines that exist, by id."""
    found: dict[str, Json] = cloud.control.state(REGION)["regions"][REGION]["instances"]
    return found


def only_machine(cloud: Cloud) -> Json:
    """The one machine that exists."""
    (machine,) = machines(cloud).values()
    return machine


def disks(machine: Json) -> list[tuple[str, int, str | None]]:
    """Device, size and origin of each disk as the service shows them."""
    slots = [machine["systemDisk"], *machine.get("dataDisks", [])]
    return [(slot["deviceName"], slot["cloudDisk"]["diskSizeGB"], slot["cloudDisk"].get("snapshotId")) for slot in slots]


def origins(cloud: Cloud, image_id: str = IMAGE) -> list[str]:
    """The snapshots of an image, system disk first."""
    image = cloud.control.resource(image_id)
    assert image is not None
    return [part["cloudDisk"]["snapshotId"] for part in (image["systemDisk"], *image.get("dataDisks", []))]


def restore(cloud: Cloud, *entries: Json, check: bool = False, **options: Any) -> Ended:
    """Run jdcloud_vm_restore."""
    chosen: Json = {"machines": list(entries), "campaign": CAMPAIGN} if entries else {}
    before = cloud.writes()
    ended = cloud._run("jdcloud_vm_restore", {**QUICK, **chosen, **options}, check, None)
    if check:
        assert cloud.writes() == before, "check mode sends no write"
    return ended


def codes(ended: Ended, part: str = "warnings") -> set[str]:
    """Codes of warnings or blockers of the only machine."""
    return {row["code"] for row in ended.only[part]}


FORMAT = "jdcloud.cloud/manifest/1"


def manifest_file(folder: Path, *entries: Json, **fields: Any) -> Path:
    """A manifest in a file."""
    path = folder / "manifest.json"
    entry = {"format": FORMAT, "campaign": CAMPAIGN, "region": REGION, "method": "image", "machines": list(entries), **fields}
    path.write_text(json.dumps(entry), encoding="utf-8")
    return path
