# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A key with exactly the rights that the guide on security lists for a module is enough for it; all others are denied here."""

from __future__ import annotations

import json
import re

import pytest

from support.examples.blocks import ROOT
from support.integration.cloud import FAST, QUICK, REGION, Cloud, account
from support.json_object import Json
from support.run_module import run_here

pytestmark = pytest.mark.foreign

_OPERATION = re.compile(r"`((?:vm|disk|vpc|monitor|resourcetag|billing|user)\.[A-Za-z]+)`")
INFO = "`jdcloud_vm_info`"
ABSENT = "`jdcloud_vm` with `state: absent`"
BACKUP = "`jdcloud_vm_backup`, `jdcloud_image` and `jdcloud_snapshot` with `state: present`"
BACKED_UP = "… with `require_backup` (also `jdcloud_vm_info`, `jdcloud_vm_idle_info`)"
ACCOUNT = "… with an expected account, every module and the inventory"
POWER = "… with `stop_running`, `start_again`"
RUNS: dict[str, tuple[list[str], str, Json]] = {
    "info": ([INFO], "jdcloud_vm_info", {}),
    "info with backups": ([INFO, BACKED_UP], "jdcloud_vm_info", {"require_backup": "both"}),
    "idle": ([INFO, "`jdcloud_vm_idle_info`"], "jdcloud_vm_idle_info", {}),
    "stop": (["`jdcloud_vm` with `state: stopped`"], "jdcloud_vm", {"state": "stopped", "instance_ids": ["i-runs"]}),
    "start": (["`jdcloud_vm` with `state: running`"], "jdcloud_vm", {"state": "running", "instance_ids": ["i-stopped"]}),
    "delete": ([ABSENT], "jdcloud_vm", {"state": "absent", "instance_ids": ["i-stopped"]}),
    "delete all of it": (
        [ABSENT, "… with `stop_running`", "… with `disks: keep` or `delete`", "… with `elastic_ips: release`"],
        "jdcloud_vm",
        {"state": "absent", "instance_ids": ["i-runs"], "stop_running": True, "disks": "delete", "elastic_ips": "release"},
    ),
    "delete what is backed up": (
        [ABSENT, BACKED_UP],
        "jdcloud_vm",
        {"state": "absent", "instance_ids": ["i-kept"], "require_backup": "image"},
    ),
    "back up": (
        [BACKUP, POWER],
        "jdcloud_vm_backup",
        {"instance_ids": ["i-runs"], "method": "both", "stop_running": True, "start_again": True},
    ),
    "make images": ([BACKUP], "jdcloud_image", {"state": "present", "instance_ids": ["i-stopped"]}),
    "make snapshots": ([BACKUP], "jdcloud_snapshot", {"state": "present", "disk_ids": ["vol-free"]}),
    "delete an image": (
        ["`jdcloud_image` with `state: absent`"],
        "jdcloud_image",
        {"state": "absent", "image_ids": ["img-a"], "delete_snapshots": True},
    ),
    "delete a snapshot": (
        ["`jdcloud_snapshot` with `state: absent`"],
        "jdcloud_snapshot",
        {"state": "absent", "snapshot_ids": ["snapshot-a"]},
    ),
    "list images": (["`jdcloud_image_info`"], "jdcloud_image_info", {"image_ids": ["img-a"]}),
    "list snapshots": (["`jdcloud_snapshot_info`"], "jdcloud_snapshot_info", {"snapshot_ids": ["snapshot-a"]}),
    "quotas": (["`jdcloud_quota_info`"], "jdcloud_quota_info", {}),
    "release an address": (["`jdcloud_elastic_ip`"], "jdcloud_elastic_ip", {"state": "absent", "elastic_ip_ids": ["fip-free"]}),
    "delete a disk": (["`jdcloud_disk`"], "jdcloud_disk", {"state": "absent", "disk_ids": ["vol-bare"]}),
    "tag": (
        ["`jdcloud_tag`"],
        "jdcloud_tag",
        {
            "instance_ids": ["i-runs"],
            "disk_ids": ["vol-free"],
            "elastic_ip_ids": ["fip-free"],
            "set": {"a": "b"},
            "remove": ["env"],
        },
    ),
    "bill": (["`jdcloud_bill_info`"], "jdcloud_bill_info", {"resource_ids": ["i-runs"], "on_denied": "fail"}),
    "restore": (["`jdcloud_vm_restore`"], "jdcloud_vm_restore", {}),
    "the right account": ([INFO, ACCOUNT], "jdcloud_vm_info", {"expected_account": "demo-account"}),
}
DESCRIPTION = "jdcloud.cloud/1 campaign=spring instance=i-kept stopped=true"


def rights() -> dict[str, set[str]]:
    """The operations of each row of the guide's table, by its first cell."""
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    rows = (line.strip("|").split("|") for line in text.splitlines() if line.startswith("|"))
    return {cells[0].strip(): set(_OPERATION.findall(" ".join(cells[1:]))) for cells in rows}


def seeded(cloud: Cloud, denied: list[str]) -> None:
    """A small cloud, for an account that may not do some things."""
    region: Json = {
        "instances": [
            {"id": "i-runs", "name": "runs", "tags": {"env": "x"}, "disks": [{"size": 20}], "elastic_ip": {"id": "fip-on"}},
            {"id": "i-stopped", "name": "stopped", "status": "stopped"},
            {"id": "i-kept", "name": "kept", "status": "stopped", "launched": "-30d"},
        ],
        "disks": [{"id": "vol-free", "size": 20, "status": "available"}, {"id": "vol-bare", "size": 20, "status": "available"}],
        "elastic_ips": [{"id": "fip-free"}],
        "images": [{"id": "img-a", "of": "i-kept", "created": "-1h", "description": DESCRIPTION}],
        "snapshots": [{"id": "snapshot-a", "disk": "vol-free", "status": "available", "created": "-1h"}],
    }
    settings = {**FAST, "image_seconds": 0.1, "snapshot_seconds": 0.1}
    cloud.control.reset({"accounts": [account(denied=denied)], "regions": {REGION: region}, "settings": settings})


def run(cloud: Cloud, module: str, options: Json) -> Json:
    """The result of a module."""
    waits: Json = {} if module.endswith(("_info", "_tag")) else QUICK
    output = run_here(module, {**waits, **options}, cloud.environment(), cloud.home)
    return dict(json.loads(output.stdout))


@pytest.mark.parametrize("what", RUNS)
def test_the_rights_in_the_guide_are_enough(cloud: Cloud, what: str) -> None:
    rows, module, options = RUNS[what]
    listed = rights()
    granted: set[str] = set().union(*(listed[row] for row in rows))
    seeded(cloud, [operation.replace(".", ":") for operation in sorted(set().union(*listed.values()) - granted)])
    result = run(cloud, module, options or of_a_restore(module))
    assert not result.get("failed"), result.get("msg")
    refused = [entry["operation"] for entry in cloud.calls() if entry["http"] == 403]
    assert refused == []


def of_a_restore(module: str) -> Json:
    """What a restore of an image needs as options; nothing for the others."""
    if module != "jdcloud_vm_restore":
        return {}
    network = {"subnet_id": "subnet-a", "security_group_ids": ["sg-a"]}
    return {"image_id": "img-a", "name": "new", "instance_type": "g.n2.medium", "az": f"{REGION}a", **network}
