# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every kind of fault on the way to the service and back, on writes: the truth is checked in the cloud, not in the result."""

from __future__ import annotations

import pytest

from support.integration.cloud import Cloud, running, stopped
from support.json_object import Json

A = "i-aaaa000001"
STOP, SET, DELETE, RELEASE, START = "i-stop000001", "i-disk000002", "i-dele000003", "i-rele000004", "i-star000005"
WRITES = ("vm.stopInstance", "vm.modifyInstanceDiskAttribute", "vm.deleteInstance", "vpc.deleteElasticIp")
LOST: dict[str, Json] = {
    "close_before": {"kind": "close_before"},
    "close_after": {"kind": "close_after"},
    "garbage": {"kind": "garbage"},
    "bad_gateway": {"kind": "garbage", "http": 502},
    "garbage_without_effect": {"kind": "garbage", "http": 502, "effect": "none"},
    "no_request_id": {"kind": "no_request_id"},
    "cut_off": {"kind": "cut_off"},
    "huge": {"kind": "huge", "megabytes": 40},
    "redirect": {"kind": "redirect"},
    "hang": {"kind": "hang"},
    "slow_with_effect": {"kind": "delay", "seconds": 1.5, "moment": "after"},
    "throttle": {"kind": "throttle"},
}
"""What happens to the answer of a write."""


def _seed(cloud: Cloud) -> None:
    cloud.seed(
        running(STOP),
        stopped(SET, disks=[{"id": "vol-set", "auto_delete": False}]),
        stopped(DELETE),
        stopped(RELEASE, elastic_ip={"id": "fip-rel"}),
    )


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST.keys())
def test_rule_11_a_lost_answer_costs_no_second_effect(cloud: Cloud, fault: Json) -> None:
    """One lost answer for each write of each machine: all of them end as planned, with one effect each."""
    _seed(cloud)
    for operation in WRITES:
        cloud.control.inject(operation=operation, times=1, **fault)
    ended = cloud.vm(
        "absent", STOP, SET, DELETE, RELEASE, stop_running=True, disks="delete", elastic_ips="release", api_timeout=0.6
    )
    assert not ended.failed, ended.msg
    assert set(ended.actions.values()) == {"deleted"}
    assert ended.summary["deleted"] == 4
    for instance_id in (STOP, SET, DELETE, RELEASE):
        assert cloud.effects("vm.deleteInstance", instance_id) == 1
        assert not cloud.exists(instance_id)
    assert cloud.effects("vm.stopInstance") == 1
    assert not cloud.exists("vol-set")
    assert not cloud.exists("fip-rel")


def test_rule_11_a_stop_that_takes_effect_after_its_time_out_is_not_done_twice(cloud: Cloud) -> None:
    cloud.seed(running(A))
    cloud.control.inject("delay", operation="vm.stopInstance", seconds=0.9)
    ended = cloud.vm("absent", A, stop_running=True, api_timeout=0.6)
    assert not ended.failed
    assert ended.only["action"] == "deleted"
    assert cloud.effects("vm.stopInstance") == cloud.effects("vm.deleteInstance") == 1


def test_rule_13_a_delete_that_may_not_have_been_ours_releases_nothing(cloud: Cloud) -> None:
    """Its answer was lost, a read showed no effect, and then the machine goes: by our late call or by another user."""
    cloud.seed(stopped(A, elastic_ip={"id": "fip-a"}))
    cloud.control.inject("close_before", operation="vm.deleteInstance", times=0)
    cloud.control.act("delete", A, when={"operation": "vm.describeInstance*", "resource": "*", "nth": 4})
    ended = cloud.vm("absent", A, elastic_ips="release")
    assert len(cloud.calls("vm.deleteInstance")) == 1
    assert not cloud.exists(A)
    assert ended.failed
    assert ended.error["code"] == "elastic_ip_not_released"
    assert ended.only["changed"]
    assert ended.only["status"] == "absent"
    assert ended.fates("elastic_ips") == {"fip-a": "kept"}
    assert cloud.exists("fip-a")
    assert [row["elastic_ip_id"] for row in ended.result["retained"]["elastic_ips"]] == ["fip-a"]


@pytest.mark.parametrize("name", ["close_before", "close_after", "garbage", "hang"])
@pytest.mark.parametrize("state", ["running", "stopped"])
def test_rule_11_a_lost_answer_of_a_start_or_stop_costs_no_second_effect(cloud: Cloud, state: str, name: str) -> None:
    cloud.seed(stopped(A) if state == "running" else running(A))
    operation = {"running": "vm.startInstance", "stopped": "vm.stopInstance"}[state]
    cloud.control.inject(operation=operation, times=1, **LOST[name])
    ended = cloud.vm(state, A, api_timeout=0.6)
    assert not ended.failed
    assert ended.only["action"] == {"running": "started", "stopped": "stopped"}[state]
    assert cloud.effects(operation) == 1
    assert cloud.status(A) == state


@pytest.mark.parametrize("name", ["close_after", "garbage", "no_request_id", "cut_off"])
def test_rule_11_answers_that_are_always_lost_are_replaced_by_reads(cloud: Cloud, name: str) -> None:
    _seed(cloud)
    for operation in WRITES:
        cloud.control.inject(operation=operation, times=0, **LOST[name])
    ended = cloud.vm("absent", STOP, SET, DELETE, RELEASE, stop_running=True, disks="delete", elastic_ips="release")
    assert not ended.failed
    assert ended.summary["deleted"] == 4
    assert cloud.effects("vm.deleteInstance") == 4
    assert cloud.effects("vm.stopInstance") == 1
    assert cloud.effects("vpc.deleteElasticIp") == 1
    assert not cloud.exists("fip-rel")


@pytest.mark.parametrize("name", ["close_before", "redirect", "garbage_without_effect", "hang"])
def test_rule_11_a_write_that_never_gets_through_is_given_up(cloud: Cloud, name: str) -> None:
    _seed(cloud)
    for operation in WRITES[:3]:
        cloud.control.inject(operation=operation, times=0, **LOST[name])
    ended = cloud.vm("absent", STOP, SET, DELETE, stop_running=True, disks="delete", api_retries=1, api_timeout=0.4)
    assert ended.failed
    assert set(ended.actions.values()) == {"failed"}
    for instance_id, operation in zip((STOP, SET, DELETE), WRITES[:3], strict=True):
        error = ended.machine(instance_id)["error"]
        assert error["code"] == "api"
        assert error["operation"] == operation
        assert error["request_id"] is None
    assert cloud.effects() == 0
    assert cloud.status(STOP) == "running"
    assert cloud.auto_delete(SET, "vol-set") is False


def test_rule_11_a_lost_stop_of_a_machine_that_another_user_stopped_is_one_stop(cloud: Cloud) -> None:
    cloud.seed(running(A))
    cloud.control.inject("close_before", operation="vm.stopInstance")
    cloud.control.act("stop", A, when={"operation": "vm.stopInstance"})
    ended = cloud.vm("stopped", A)
    assert not ended.failed
    assert len(cloud.calls("vm.stopInstance")) == 1
    assert cloud.status(A) == "stopped"


def test_rule_11_without_waiting_a_lost_answer_is_still_looked_after(cloud: Cloud) -> None:
    cloud.seed(stopped(DELETE), stopped(START), delete_seconds=600)
    cloud.control.inject("close_after", operation="vm.deleteInstance")
    ended = cloud.vm("absent", DELETE, START, wait=False)
    assert not ended.failed
    assert ended.actions == {DELETE: "deleted", START: "deleted"}
    assert cloud.effects("vm.deleteInstance", DELETE) == 1
    assert cloud.effects("vm.deleteInstance", START) == 1


def test_rule_12_a_put_back_whose_answer_is_lost_is_done_again(cloud: Cloud) -> None:
    cloud.seed(stopped(A, disks=[{"id": "vol-a", "auto_delete": False}]))
    cloud.control.inject(operation="vm.modifyInstanceDiskAttribute", after=1, times=1, **LOST["close_before"])
    cloud.control.inject("error", operation="vm.deleteInstance", times=0, http=403, status="HTTP_FORBIDDEN", message="no")
    ended = cloud.vm("absent", A, disks="delete", api_timeout=0.6)
    assert ended.failed
    assert ended.error["status"] == "HTTP_FORBIDDEN"
    assert "put back" not in ended.error["message"]
    assert cloud.auto_delete(A, "vol-a") is False
    assert not ended.only["changed"]
