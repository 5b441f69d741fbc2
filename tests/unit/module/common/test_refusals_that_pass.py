# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every write: a refusal in words that no table holds is tried again within wait_timeout; one that stays fails at once."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import ApiError
from support.json_object import Json
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Ended, Runner

IN_CHINESE = (400, "FAILED_PRECONDITION", "云主机正在执行其他任务，请稍后重试")
OF_NO_TABLE = (409, "LOCKED_BY_TASK", "somebody works on it")
STAYS = (400, "FAILED_PRECONDITION", "包年包月资源未到期，不能操作")
WAIT = 300
WRITES: dict[str, tuple[str, Json]] = {
    "vm.stopInstance": ("jdcloud_vm", {"state": "stopped", "instance_ids": ["i-runs"]}),
    "vm.startInstance": ("jdcloud_vm", {"state": "running", "instance_ids": ["i-a"]}),
    "vm.deleteInstance": ("jdcloud_vm", {"state": "absent", "instance_ids": ["i-a"]}),
    "vm.modifyInstanceDiskAttribute": ("jdcloud_vm", {"state": "absent", "instance_ids": ["i-a"], "disks": "delete"}),
    "vm.createImage": ("jdcloud_image", {"state": "present", "instance_ids": ["i-a"]}),
    "disk.createSnapshot": ("jdcloud_snapshot", {"state": "present", "instance_ids": ["i-a"]}),
    "vm.deleteImage": ("jdcloud_image", {"state": "absent", "image_ids": ["img-a"]}),
    "disk.deleteSnapshot": ("jdcloud_snapshot", {"state": "absent", "snapshot_ids": ["snapshot-a"]}),
    "disk.deleteDisk": ("jdcloud_disk", {"state": "absent", "disk_ids": ["vol-a"]}),
    "vpc.deleteElasticIp": ("jdcloud_elastic_ip", {"state": "absent", "elastic_ip_ids": ["fip-a"]}),
}


def meet(cloud: MemoryCloud, run: Runner, operation: str, refusal: tuple[int, str, str], times: int) -> Ended:
    """Run the module whose write is refused so many times."""
    cloud.quotas = {"image": (5, 0), "snapshot": (15, 0), "elastic_ip": (10, 0)}
    cloud.add("i-a")
    cloud.add_disk("i-a", "vol-data", auto_delete=False)
    cloud.add("i-runs", "running")
    cloud.add_free_disk("vol-a")
    cloud.add_free_elastic_ip("fip-a")
    cloud.add_image("img-a")
    cloud.add_snapshot("snapshot-a")
    response = cloud.send
    left = [times]

    def send(call: Any, *rest: Any) -> Any:
        if call.operation == operation and left[0]:
            left[0] -= 1
            cloud.calls.append(call)
            raise ApiError(operation, *refusal, f"req-{refusal[0]}")
        return response(call, *rest)

    cloud.send = send
    module, options = WRITES[operation]
    return run(module, wait_timeout=WAIT, **options)


@pytest.mark.parametrize("refusal", [IN_CHINESE, OF_NO_TABLE])
@pytest.mark.parametrize("operation", WRITES)
def test_what_passes_is_tried_again(cloud: MemoryCloud, run: Runner, operation: str, refusal: tuple[int, str, str]) -> None:
    ended = meet(cloud, run, operation, refusal, times=3)
    assert not ended.failed, ended.msg
    assert ended.result["changed"]
    assert [name for name, _id in cloud.writes].count(operation) >= 4


@pytest.mark.parametrize("operation", WRITES)
def test_what_never_passes_ends_with_the_wait(cloud: MemoryCloud, run: Runner, operation: str) -> None:
    began = cloud.clock.now()
    ended = meet(cloud, run, operation, IN_CHINESE, times=10**6)
    assert ended.failed
    assert IN_CHINESE[2] in ended.msg
    assert WAIT <= cloud.clock.now() - began < WAIT + 60


@pytest.mark.parametrize("operation", WRITES)
def test_what_stays_fails_at_once(cloud: MemoryCloud, run: Runner, operation: str) -> None:
    began = cloud.clock.now()
    ended = meet(cloud, run, operation, STAYS, times=10**6)
    assert ended.failed
    assert STAYS[2] in ended.msg
    assert cloud.clock.now() - began < 60
    assert [name for name, _id in cloud.writes].count(operation) <= 2
