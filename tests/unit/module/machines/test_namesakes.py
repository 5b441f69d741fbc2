# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An address is not a name: machines that share one are refused, and listed."""

from __future__ import annotations

from typing import Any

import pytest

from support.module.memory_cloud import MemoryCloud
from support.module.runner import Runner


def twins(cloud: MemoryCloud) -> None:
    """Two machines with one private address, of which the service's own filter would show one."""
    cloud.add("i-a", privateIpAddress="10.0.0.5", vpcId="vpc-a", tags=[{"key": "env", "value": "test"}])
    cloud.add("i-b", privateIpAddress="10.0.0.5", vpcId="vpc-b")


def test_an_address_that_two_machines_have_is_refused_with_their_ids(cloud: MemoryCloud, run: Runner) -> None:
    twins(cloud)
    ended = run.vm("absent", filters={"privateIpAddress": "10.0.0.5"}, tags={"env": "test"})
    assert ended.msg == (
        "2 instances have the privateIpAddress '10.0.0.5' (i-a, i-b): select one of them with instance_ids, or its network "
        "with filters.vpcId or filters.subnetId."
    )
    assert cloud.writes == []


def test_an_address_with_its_vpc_means_one_machine(cloud: MemoryCloud, run: Runner) -> None:
    twins(cloud)
    run.vm("absent", filters={"privateIpAddress": "10.0.0.5", "vpcId": "vpc-b"})
    assert {*cloud.machines} == {"i-a"}


def test_ids_with_an_address_say_which_are_meant(cloud: MemoryCloud, run: Runner) -> None:
    twins(cloud)
    run.vm("absent", "i-a", "i-b", filters={"privateIpAddress": "10.0.0.5"})
    assert cloud.machines == {}


@pytest.mark.parametrize(
    ("module", "options"),
    [
        ("jdcloud_vm", {"state": "stopped"}),
        ("jdcloud_vm_backup", {}),
        ("jdcloud_image", {"state": "present"}),
        ("jdcloud_snapshot", {"state": "present"}),
        ("jdcloud_tag", {"set": {"a": "b"}}),
    ],
)
def test_every_module_that_changes_something_refuses_them(
    cloud: MemoryCloud, run: Runner, module: str, options: dict[str, Any]
) -> None:
    twins(cloud)
    ended = run(module, filters={"privateIpAddress": "10.0.0.5"}, **options)
    assert ended.failed
    assert "(i-a, i-b)" in ended.msg
    assert cloud.writes == []


def test_the_info_module_lists_them(cloud: MemoryCloud, run: Runner) -> None:
    twins(cloud)
    listed = run.vm_info(filters={"privateIpAddress": "10.0.0.5"}).result["instances"]
    assert [each["instance_id"] for each in listed] == ["i-a", "i-b"]
