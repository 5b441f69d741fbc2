# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cloud that holds what the examples name: projects harbor, compass and spring-campaign, and things that were left over."""

from __future__ import annotations

import json
from pathlib import Path

from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.store import Store
from support.campaign.records import new_record
from support.integration.cloud import FAST, QUICK, REGION, Cloud
from support.json_object import Json
from support.run_module import run_here

SPRING = {"project": "spring-campaign"}
MACHINES: list[Json] = [
    {"id": "i-1kch0awxq9", "name": "spring-01", "status": "stopped", "tags": SPRING},
    {
        "id": "i-4x9q2m7kva",
        "name": "spring-02",
        "status": "stopped",
        "tags": SPRING,
        "disks": [{"size": 50, "auto_delete": True}],
    },
    {"id": "i-harborweb1", "name": "web-01", "status": "stopped", "tags": {"project": "harbor", "env": "production"}},
    {"id": "i-harborweb2", "name": "web-02", "status": "stopped", "tags": {"project": "harbor"}, "elastic_ip": True},
    {"id": "i-compassweb", "name": "compass-01", "tags": {"project": "compass"}},
    {"id": "i-0t3st00one", "name": "test-01", "status": "stopped", "tags": {"env": "test"}},
    {"id": "i-0drill0web", "name": "drill-web-01"},
]
FREE_DISKS = ("vol-2dat4dsk1b", "vol-7q1x0k3m9z", "vol-2k0w8q7n1d")
DISKS: list[Json] = [{"id": disk_id, "size": 20, "status": "available"} for disk_id in FREE_DISKS]
ADDRESSES: list[Json] = [{"id": "fip-8wz1t5c0rn"}, {"id": "fip-1kch0awxq9"}]
IMAGES: list[Json] = [{"id": "img-5bk0u2p7im", "of": "i-1kch0awxq9", "created": "-2h"}]
SNAPSHOTS: list[Json] = [{"id": "snapshot-4sn4p0ma9d", "disk": "vol-2dat4dsk1b", "status": "available", "created": "-2h"}]
FOLDERS = ("backup", "var/backups", "var/lib/decommission", "var/lib/jdcloud/project-x", "var/log/jdcloud")


def made_ready(cloud: Cloud, folder: Path) -> Json:
    """Fill the cloud, back up spring-campaign, and return the manifest, which also is where examples look for it."""
    seed: Json = {
        "regions": {
            REGION: {
                "instances": MACHINES,
                "disks": DISKS,
                "elastic_ips": ADDRESSES,
                "images": IMAGES,
                "snapshots": SNAPSHOTS,
            }
        },
        "settings": {**FAST, "image_seconds": 0.1, "snapshot_seconds": 0.1},
        "quotas": {"images": 100, "snapshots": 200},
    }
    cloud.control.reset(seed)
    arguments = {**QUICK, "tags": SPRING, "campaign": "spring-2026"}
    output = run_here("jdcloud_vm_backup", arguments, cloud.environment(), cloud.home)
    assert output.status == 0, output.stdout
    manifest = dict(json.loads(output.stdout)["manifest"])
    for name in FOLDERS:
        (folder / name).mkdir(parents=True)
    _ended_campaign(folder / "var" / "lib" / "decommission" / "harbor")
    (folder / "backup" / "spring-2026.json").write_text(json.dumps(manifest), encoding="utf-8")
    cloud.control.clear_requests()
    return manifest


def _ended_campaign(folder: Path) -> None:
    """The record of a campaign that has ended, of which a report can be made again."""
    record = new_record()
    record.region, record.outcome = REGION, "complete"
    store = Store(str(folder))
    store.create("vm_decommission_report_dir")
    store.save(record)
