# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What another user does to a machine at the worst moment. Each action is triggered by a call of ours, so nothing is luck."""

from __future__ import annotations

from typing import Any

import pytest

from support.integration.cloud import Cloud, running, stopped
from support.json_object import Json

A, B = "i-aaaa000001", "i-bbbb000002"
GATE: Json = {"operation": "vm.describeInstances", "resource": "*", "nth": 2}
"""The look after the plan was made: what it shows must be judged again."""

AT_THE_GATE: list[tuple[str, Json]] = [
    ("start", {"instantly": True}),
    ("start", {}),
    ("restart", {}),
    ("protect", {}),
    ("retag", {"set": {"env": "prod"}}),
    ("retag", {"tags": {}}),
    ("attach", {"size": 20}),
    ("attach", {"disk": "vol-free"}),
    ("attach", {"disk": "vol-free", "instantly": False}),
    ("detach", {"disk": "vol-data"}),
    ("set_auto_delete", {"disk": "vol-data", "value": True}),
    ("associate", {"elastic_ip": "fip-free"}),
    ("disassociate", {}),
    ("set_charge", {"mode": "prepaid", "expires": "+30d"}),
    ("set_charge", {"mode": "none"}),
    ("rename", {"name": "another"}),
    ("set_status", {"status": "error"}),
    ("set_status", {"status": "suspended"}),
]


def _seed(cloud: Cloud, machine: Json, **settings: Any) -> None:
    cloud.seed(
        {
            **machine,
            "name": "web",
            "tags": {"env": "test"},
            "disks": [{"id": "vol-data", "auto_delete": False}],
            "elastic_ip": {"id": "fip-main"},
        },
        stopped(B),
        disks=[{"id": "vol-free"}],
        elastic_ips=[{"id": "fip-free"}],
        **settings,
    )


@pytest.mark.parametrize(("action", "parameters"), AT_THE_GATE, ids=[f"{row[0]}-{n}" for n, row in enumerate(AT_THE_GATE)])
def test_rule_06_what_changed_before_the_last_look_is_not_deleted(cloud: Cloud, action: str, parameters: Json) -> None:
    _seed(cloud, stopped(A))
    cloud.control.act(action, A, when=GATE, **parameters)
    ended = cloud.vm("absent", A, name="web", tags={"env": "test"}, elastic_ips="release")
    assert cloud.control.acts() == [], "the action took place"
    assert ended.failed
    assert ended.error["code"] == "changed_meanwhile"
    assert ended.only["action"] == "failed"
    assert not ended.only["changed"]
    assert not ended.result["changed"]
    assert cloud.writes() == []
    assert cloud.exists(A)


@pytest.mark.parametrize(("action", "parameters"), [AT_THE_GATE[0], AT_THE_GATE[3], AT_THE_GATE[10], AT_THE_GATE[11]])
def test_rule_06_what_changed_while_the_machine_stopped_is_not_deleted(cloud: Cloud, action: str, parameters: Json) -> None:
    """Stopped by us and then not deleted: changed, and it stays stopped (unless the other one started it)."""
    _seed(cloud, running(A))
    cloud.control.act(action, A, when={"operation": "vm.stopInstance", "moment": "after"}, **parameters)
    ended = cloud.vm("absent", A, tags={"env": "test"}, stop_running=True, wait_timeout=3)
    # A machine that runs again before its stop was seen looks like a stop that begins late: that is waited for.
    assert ended.failed
    assert ended.error["code"] == ("timeout" if action == "start" else "changed_meanwhile")
    assert ended.only["changed"]
    assert ended.summary["changed"] == 1
    assert ended.summary["stopped"] == 0
    assert cloud.writes() == ["vm.stopInstance"]
    assert cloud.exists(A)
    assert ended.only["status"] == cloud.status(A)


def test_rule_06_one_changed_machine_does_not_hold_up_the_others(cloud: Cloud) -> None:
    _seed(cloud, stopped(A))
    cloud.control.act("protect", A, when=GATE)
    ended = cloud.vm("absent", A, B)
    assert ended.failed
    assert ended.actions == {A: "failed", B: "deleted"}
    assert cloud.exists(A)
    assert not cloud.exists(B)


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_rule_06_disks_that_change_around_the_delete_attribute_are_noticed(cloud: Cloud, nth: int) -> None:
    """A disk is attached before the gate, before the read-back, or another user sets our attribute back."""
    _seed(cloud, stopped(A))
    if nth < 3:
        cloud.control.act("attach", A, when={**GATE, "nth": nth + 1}, size=20)
    else:
        undo: Json = {"operation": "vm.modifyInstanceDiskAttribute", "moment": "after"}
        cloud.control.act("set_auto_delete", A, when=undo, disk="vol-data", value=False)
    ended = cloud.vm("absent", A, disks="delete")
    assert ended.error["code"] == "changed_meanwhile"
    assert "vm.deleteInstance" not in cloud.writes()
    assert cloud.exists("vol-data")
    assert cloud.auto_delete(A, "vol-data") is False, "put back"


def test_rule_09_a_machine_that_another_user_deletes_at_the_gate_is_waited_for(cloud: Cloud) -> None:
    _seed(cloud, stopped(A))
    cloud.control.act("delete", A, when=GATE)
    ended = cloud.vm("absent", A)
    assert not ended.failed
    assert ended.only["action"] == "none"
    assert ended.only["status"] == "absent"
    assert not ended.result["changed"]
    assert ended.summary["already_absent"] == 1
    assert cloud.writes() == []
    assert not cloud.exists(A)


@pytest.mark.parametrize("instantly", [True, False])
@pytest.mark.parametrize("operation", ["vm.stopInstance", "vm.deleteInstance"])
def test_rule_09_a_machine_that_another_user_deletes_just_before_our_call_is_gone(
    cloud: Cloud, operation: str, instantly: bool
) -> None:
    _seed(cloud, running(A))
    cloud.control.act("delete", A, when={"operation": operation}, instantly=instantly)
    ended = cloud.vm("absent", A, stop_running=True)
    assert not ended.failed
    assert ended.only["status"] == "absent"
    assert ended.only["action"] == "none"
    assert cloud.effects("vm.deleteInstance") == 0
    assert ended.only["changed"] is (operation == "vm.deleteInstance"), "our stop is a change, their delete is not"


def test_rule_09_a_machine_that_another_user_deletes_while_it_stops_is_gone(cloud: Cloud) -> None:
    _seed(cloud, running(A))
    cloud.control.act("delete", A, when={"operation": "vm.stopInstance", "moment": "after"})
    ended = cloud.vm("absent", A, stop_running=True)
    assert not ended.failed
    assert ended.only["status"] == "absent"
    assert ended.only["action"] == "none"
    assert ended.only["changed"]
    assert cloud.writes() == ["vm.stopInstance"]


@pytest.mark.parametrize("state", ["stopped", "running"])
def test_a_machine_that_vanishes_on_its_way_failed(cloud: Cloud, state: str) -> None:
    _seed(cloud, running(A) if state == "stopped" else stopped(A))
    operation = {"stopped": "vm.stopInstance", "running": "vm.startInstance"}[state]
    cloud.control.act("delete", A, when={"operation": operation, "moment": "after"}, instantly=True)
    ended = cloud.vm(state, A)
    assert ended.failed
    assert ended.error["code"] == "vanished"
    assert ended.only["status"] == "absent"


def test_another_user_who_stops_the_machine_first_does_our_work(cloud: Cloud) -> None:
    _seed(cloud, running(A))
    cloud.control.act("stop", A, when={"operation": "vm.stopInstance"})
    ended = cloud.vm("absent", A, stop_running=True)
    assert not ended.failed
    assert ended.actions == {A: "deleted"}
    assert cloud.effects("vm.stopInstance") == 0
    assert not cloud.exists(A)


def test_another_user_who_starts_the_machine_while_it_should_stop_is_noticed(cloud: Cloud) -> None:
    _seed(cloud, running(A))
    cloud.control.act("restart", A, when={"operation": "vm.stopInstance", "moment": "after"})
    ended = cloud.vm("stopped", A)
    assert ended.failed
    assert ended.error["code"] == "changed_meanwhile"
    assert cloud.writes() == ["vm.stopInstance"]


def test_another_elastic_ip_than_planned_is_never_released(cloud: Cloud) -> None:
    """Rule 13: only one that was on the machine in the last read before its delete."""
    _seed(cloud, stopped(A))
    cloud.control.act("associate", A, when={"operation": "vm.deleteInstance"}, elastic_ip="fip-free")
    ended = cloud.vm("absent", A, elastic_ips="release")
    assert ended.actions == {A: "deleted"}
    assert cloud.exists("fip-free")
    assert not cloud.exists("fip-main")
    assert ended.fates("elastic_ips") == {"fip-main": "released"}


def test_rule_13_an_elastic_ip_that_moved_to_another_machine_is_not_released(cloud: Cloud) -> None:
    _seed(cloud, stopped(A))
    cloud.control.act("associate", B, when={"operation": "vm.deleteInstance", "resource": A}, elastic_ip="fip-main")
    ended = cloud.vm("absent", A, elastic_ips="release")
    assert ended.failed
    assert ended.error["code"] == "elastic_ip_not_released"
    assert B in ended.error["message"]
    assert ended.fates("elastic_ips") == {"fip-main": "failed"}
    assert ended.summary["deleted"] == 1
    assert "vpc.deleteElasticIp" not in cloud.writes()
    assert cloud.exists("fip-main")
    assert [row["elastic_ip_id"] for row in ended.result["retained"]["elastic_ips"]] == ["fip-main"]


def test_rule_13_an_elastic_ip_of_a_machine_that_another_user_deleted_is_not_released(cloud: Cloud) -> None:
    _seed(cloud, stopped(A))
    cloud.control.act("delete", A, when={"operation": "vm.deleteInstance"}, instantly=True)
    ended = cloud.vm("absent", A, elastic_ips="release")
    assert not ended.failed
    assert ended.only["action"] == "none"
    assert cloud.exists("fip-main")
    assert cloud.writes() == ["vm.deleteInstance"]


def test_an_elastic_ip_that_another_user_released_first_counts_as_released(cloud: Cloud) -> None:
    _seed(cloud, stopped(A))
    cloud.control.act("delete", "fip-main", when={"operation": "vpc.deleteElasticIp", "resource": "fip-main"})
    ended = cloud.vm("absent", A, elastic_ips="release")
    assert not ended.failed
    assert ended.fates("elastic_ips") == {"fip-main": "released"}


def test_a_disk_that_another_user_deletes_after_the_machine_is_reported_as_it_is(cloud: Cloud) -> None:
    """It was to be kept as configured: its loss is an alarm, although we did not cause it."""
    _seed(cloud, stopped(A))
    # The first two reads are of tags: for the plan, and at the gate.
    cloud.control.act("delete", "vol-data", when={"operation": "disk.describeDisks", "resource": "*", "nth": 3}, instantly=True)
    ended = cloud.vm("absent", A)
    assert ended.fates()["vol-data"] == "deleted"
    assert ended.error["code"] == "fate_mismatch"
    assert ended.summary["deleted"] == 1
    assert not cloud.exists(A)
