# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restores whose answers are lost or that are killed, and restores from snapshots alone."""

from __future__ import annotations

import pytest

from support import victims
from support.integration.cloud import Cloud, wait_until
from support.integration.restores import (
    BIG,
    CAMPAIGN,
    DATA,
    QUICK,
    SYSTEM,
    backed_up,
    codes,
    disks,
    machines,
    only_machine,
    restore,
    snapshotted,
)
from support.json_object import Json

CREATE = "vm.createInstances"


HELP = "vm.createImageFromSnapshots"


LOST: dict[str, Json] = {
    "close_before": {"kind": "close_before"},
    "close_after": {"kind": "close_after"},
    "garbage": {"kind": "garbage"},
    "bad_gateway": {"kind": "garbage", "http": 502, "effect": "none"},
    "hang": {"kind": "hang"},
    "slow_with_effect": {"kind": "delay", "seconds": 1.5, "moment": "after"},
    "throttle": {"kind": "throttle"},
}


# --- lost answers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST.keys())
def test_rule_11_a_lost_answer_makes_no_second_machine(cloud: Cloud, fault: Json) -> None:
    entry = backed_up(cloud)
    cloud.control.inject(operation=CREATE, times=1, **fault)
    ended = restore(cloud, entry, api_timeout=0.6)
    assert not ended.failed, ended.msg
    assert ended.only["action"] == "created"
    assert ended.only["instance_id"] == only_machine(cloud)["instanceId"]


def test_rule_11_before_the_call_is_repeated_the_cloud_is_read(cloud: Cloud) -> None:
    entry = backed_up(cloud)
    cloud.control.inject("close_after", operation=CREATE)
    restore(cloud, entry)
    assert len(cloud.calls(CREATE)) == 1, "the read shows the machine, so nothing is repeated"


def test_rule_11_a_call_that_never_gets_through_is_given_up(cloud: Cloud) -> None:
    entry = backed_up(cloud)
    cloud.control.inject("close_before", operation=CREATE, times=0)
    ended = restore(cloud, entry, api_retries=2)
    assert ended.failed
    assert ended.error["code"] == "api"
    assert not ended.result["changed"]
    assert machines(cloud) == {}
    assert len(cloud.calls(CREATE)) == 3


def test_rule_11_a_refusal_after_a_lost_answer_may_be_due_to_its_effect(cloud: Cloud) -> None:
    """The address is in use: by the machine that the first call made."""
    entry = backed_up(cloud)
    cloud.control.inject("close_after", operation=CREATE)
    cloud.control.inject("empty_list", operation="vm.describeInstances", after=2)
    refusal = {"http": 400, "status": "FAILED_PRECONDITION", "message": "PrivateIpAddress '10.1.2.3' has been used"}
    cloud.control.inject("error", operation=CREATE, after=1, **refusal)
    ended = restore(cloud, entry, keep_private_ip=True)
    assert not ended.failed, ended.msg
    assert len(cloud.calls(CREATE)) == 2
    assert cloud.effects(CREATE) == 1
    assert only_machine(cloud)["privateIpAddress"] == "10.1.2.3"


@pytest.mark.parametrize("fault", [LOST["close_before"], LOST["close_after"]], ids=["before", "after"])
def test_rule_11_a_lost_answer_makes_no_second_helper_image(cloud: Cloud, fault: Json) -> None:
    entry = snapshotted(cloud, SYSTEM, DATA, BIG)
    cloud.control.inject(operation=HELP, times=1, **fault)
    ended = restore(cloud, entry)
    assert not ended.failed, ended.msg
    assert cloud.effects(HELP) == 1
    assert only_machine(cloud)["status"] == "running"


POINTS = [
    (HELP, 0, "none"),
    (HELP, 0, "before"),
    ("vm.describeImages", 1, "none"),
    (CREATE, 0, "none"),
    (CREATE, 0, "before"),
    ("vm.describeInstance*", 3, "none"),
    ("vm.deleteImage", 0, "none"),
    ("vm.deleteImage", 0, "before"),
]


@pytest.mark.parametrize(("operation", "after", "effect"), POINTS)
def test_a_run_that_is_killed_at_any_point_is_finished_by_the_next(cloud: Cloud, operation: str, after: int, effect: str) -> None:
    """The call hangs, before or after its effect, and then the module is killed the hard way."""
    entry = snapshotted(cloud, SYSTEM, DATA, BIG)
    fault: Json = {"kind": "hang", "operation": operation, "after": after, "effect": effect}
    options = {**QUICK, "machines": [entry], "campaign": CAMPAIGN}
    assert victims.kill_at(cloud, fault, victims.run, "jdcloud_vm_restore", options, cloud.environment(), cloud.home)
    ended = restore(cloud, entry)
    assert not ended.failed, ended.msg
    assert cloud.effects(HELP) == cloud.effects(CREATE) == 1
    assert ended.only["instance_id"] == only_machine(cloud)["instanceId"]
    assert len(disks(only_machine(cloud))) == 3
    assert all(row["verified"] for row in ended.only["disks"])
    wait_until(lambda: not cloud.control.state()["regions"]["cn-north-1"]["images"], "the helper image is gone")


# --- snapshots only -----------------------------------------------------------------------------------------------


def test_snapshots_alone_bring_the_machine_back_by_a_helper_image_that_is_deleted(cloud: Cloud) -> None:
    entry = snapshotted(cloud, SYSTEM, DATA, BIG)
    ended = restore(cloud, entry)
    assert not ended.failed, ended.msg
    assert disks(only_machine(cloud)) == [
        ("vda", 50, f"snapshot-of-{SYSTEM}"),
        ("vdb", 100, f"snapshot-of-{DATA}"),
        ("vdc", 200, f"snapshot-of-{BIG}"),
    ]
    helper = ended.only["helper_image_id"]
    (call,) = cloud.calls("vm.deleteImage")
    assert helper in call["resources"]
    assert "deleteSnapshot" not in call["query"]
    assert cloud.status(helper) in ("deleting", None)
    assert all(cloud.exists(f"snapshot-of-{disk}") for disk in (SYSTEM, DATA, BIG))
    assert only_machine(cloud)["bootMode"] == "uefi"
    assert "helper_image_left" not in codes(ended)


def test_a_helper_image_that_cannot_be_deleted_is_a_warning_that_names_it(cloud: Cloud) -> None:
    entry = snapshotted(cloud, SYSTEM, DATA, BIG)
    cloud.control.inject("error", operation="vm.deleteImage", http=403, status="HTTP_FORBIDDEN", message="no")
    ended = restore(cloud, entry)
    (left,) = [row for row in ended.only["warnings"] if row["code"] == "helper_image_left"]
    assert not ended.failed
    assert ended.only["helper_image_id"] in left["message"]
    again = restore(cloud, entry)
    assert not again.failed
    assert again.only["action"] == "none"
    assert len(cloud.calls("vm.deleteImage")) == 2
    assert "helper_image_left" not in codes(again)


def test_a_run_that_failed_leaves_the_helper_image_to_the_next(cloud: Cloud) -> None:
    entry = snapshotted(cloud, SYSTEM, DATA, BIG)
    cloud.control.set_quotas(instances=0)
    failed = restore(cloud, entry)
    assert failed.failed
    assert "helper_image_left" in codes(failed)
    cloud.control.set_quotas(instances=10)
    ended = restore(cloud, entry)
    assert not ended.failed
    assert ended.only["helper_image_id"] == failed.only["helper_image_id"]
    assert cloud.effects(HELP) == 1


def test_a_helper_image_that_fails_is_a_failure(cloud: Cloud) -> None:
    entry = snapshotted(cloud, SYSTEM, DATA, BIG)
    cloud.control.inject("transition_fails", operation=HELP)
    ended = restore(cloud, entry)
    assert ended.failed
    assert ended.error["code"] == "helper_image_failed"
    assert machines(cloud) == {}


def test_an_unusable_image_gives_way_to_snapshots(cloud: Cloud) -> None:
    entry = snapshotted(cloud, SYSTEM, DATA, BIG)
    ended = restore(cloud, {**entry, "image": {"image_id": "img-gone"}})
    assert not ended.failed
    assert "image_not_usable" in codes(ended)
    assert len(disks(only_machine(cloud))) == 3
