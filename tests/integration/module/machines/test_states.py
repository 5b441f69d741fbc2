# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Transitional states, waiting and not waiting, and what the result holds."""

from __future__ import annotations

import pytest

from support.integration.cloud import Cloud, allowing_stops, running, stopped
from support.json_object import Json

A, B, C, GONE = "i-aaaa000001", "i-bbbb000002", "i-cccc000003", "i-gone000009"
SECOND_READ: Json = {"operation": "vm.describeInstances", "resource": "*", "nth": 2}


def _settle(cloud: Cloud, during: str, afterwards: str) -> None:
    """A machine in a transitional state, which it leaves when it is looked at for the second time."""
    cloud.seed(stopped(A))
    cloud.control.act("set_status", A, status=during)
    cloud.control.act("set_status", A, status=afterwards, when=SECOND_READ)


@pytest.mark.parametrize(
    "during", ["pending", "starting", "stopping", "rebooting", "resizing", "rebuilding", "suspending", "Stopping"]
)
def test_transitional_states_are_waited_for(cloud: Cloud, during: str) -> None:
    _settle(cloud, during, "stopped")
    ended = cloud.vm("absent", A)
    assert not ended.failed
    assert ended.only["action"] == "deleted"
    assert ended.only["status_before"] == during.lower()


@pytest.mark.parametrize(("state", "afterwards", "action"), [("absent", "running", "deleted"), ("stopped", "running", "stopped")])
def test_a_machine_that_settles_as_running_is_treated_as_such(cloud: Cloud, state: str, afterwards: str, action: str) -> None:
    _settle(cloud, "pending", afterwards)
    if state == "absent":
        ended = cloud.vm(state, A)
        assert ended.failed
        assert ended.blockers() == ["running"]
        assert cloud.writes() == []
    ended = cloud.vm(state, A, **allowing_stops(state))
    assert not ended.failed
    assert ended.only["action"] == action
    assert cloud.writes()[0] == "vm.stopInstance"


@pytest.mark.parametrize(("status", "wanted"), [("starting", "running"), ("stopping", "stopped")])
def test_a_machine_that_is_on_its_way_already_is_not_changed(cloud: Cloud, status: str, wanted: str) -> None:
    _settle(cloud, status, wanted)
    ended = cloud.vm(wanted, A)
    assert not ended.failed
    assert ended.only["action"] == "none"
    assert ended.only["status"] == wanted
    assert not ended.result["changed"]
    assert cloud.writes() == []


@pytest.mark.parametrize("state", ["absent", "stopped"])
@pytest.mark.parametrize("status", ["resizing", "rebuilding"])
def test_rule_10_a_machine_that_never_settles_fails_before_anything_is_changed(cloud: Cloud, state: str, status: str) -> None:
    cloud.seed({**stopped(A), "status": status}, running(B))
    ended = cloud.vm(state, A, B, wait_timeout=0.6, **allowing_stops(state))
    assert ended.failed
    assert ended.machine(A)["error"]["code"] == "timeout"
    assert f"'{status}'" in ended.machine(A)["error"]["message"]
    assert A in ended.msg
    assert cloud.writes() == []
    assert cloud.status(B) == "running"


def test_rule_10_with_skip_the_others_are_done_and_it_still_failed(cloud: Cloud) -> None:
    cloud.seed({**stopped(A), "status": "resizing"}, stopped(B))
    ended = cloud.vm("absent", A, B, wait_timeout=0.6, on_blocked="skip")
    assert ended.failed
    assert ended.actions == {A: "failed", B: "deleted"}
    assert cloud.status(A) == "resizing"


@pytest.mark.parametrize("status", ["suspended", "recycled"])
def test_an_unknown_status_is_a_blocker_and_with_skip_the_others_are_done(cloud: Cloud, status: str) -> None:
    cloud.seed({**stopped(A), "status": status}, stopped(B))
    ended = cloud.vm("absent", A, B, wait_timeout=0.6, on_blocked="skip")
    assert not ended.failed
    assert ended.actions == {A: "blocked", B: "deleted"}
    assert [blocker["code"] for blocker in ended.machine(A)["blockers"]] == ["unknown_status"]


@pytest.mark.parametrize(("status", "code"), [("resizing", "transitional"), ("suspended", "unknown_status")])
@pytest.mark.parametrize("state", ["absent", "stopped", "running"])
def test_without_waiting_a_transitional_state_is_a_blocker(cloud: Cloud, state: str, status: str, code: str) -> None:
    cloud.seed({**stopped(A), "status": status})
    ended = cloud.vm(state, A, wait=False)
    assert ended.failed
    assert ended.blockers() == [code]
    assert cloud.writes() == []


@pytest.mark.parametrize("state", ["stopped", "running"])
def test_from_error_a_machine_can_only_be_deleted(cloud: Cloud, state: str) -> None:
    cloud.seed({**stopped(A), "status": "error"})
    ended = cloud.vm(state, A)
    assert ended.failed
    assert ended.blockers() == ["invalid_status"]
    assert cloud.writes() == []


def test_disks_that_are_being_moved_are_waited_for(cloud: Cloud) -> None:
    cloud.seed(stopped(A), disks=[{"id": "vol-a"}], attach_seconds=1.2)
    cloud.control.act("attach", A, disk="vol-a", instantly=False)
    ended = cloud.vm("absent", A)
    assert not ended.failed
    assert ended.fates()["vol-a"] == "kept"
    assert cloud.exists("vol-a")
    assert not cloud.exists(A)


def test_a_machine_that_another_user_is_deleting_is_waited_for(cloud: Cloud) -> None:
    cloud.seed(stopped(A), stopped(B, tags={"jdcloud-protect": "x"}))
    for instance_id in (A, B):
        cloud.control.act("set_status", instance_id, status="deleting")
        cloud.control.act("delete", instance_id, instantly=True, when={"operation": "vm.describeInstance", "nth": 2})
    ended = cloud.vm("absent", A, B)
    assert not ended.failed
    assert ended.actions == {A: "none", B: "none"}
    assert not ended.result["changed"]
    assert {each["status"] for each in ended.result["instances"]} == {"absent"}
    assert ended.summary["already_absent"] == 2
    assert ended.summary["deleted"] == 0
    assert cloud.writes() == []


@pytest.mark.parametrize("state", ["stopped", "running"])
def test_a_machine_that_disappears_while_it_settles_vanished(cloud: Cloud, state: str) -> None:
    cloud.seed(stopped(A))
    cloud.control.act("set_status", A, status="resizing")
    cloud.control.act("delete", A, instantly=True, when=SECOND_READ)
    ended = cloud.vm(state, A)
    assert ended.failed
    assert ended.error["code"] == "vanished"
    assert ended.only["status"] == "absent"


def test_the_recycle_bin_is_not_the_end(cloud: Cloud) -> None:
    """How the service shows recycled machines is unknown: a state that is not known is not gone, and the wait says so."""
    cloud.seed(stopped(A, disks=[{"id": "vol-a"}], elastic_ip={"id": "fip-a"}), instance_recycle_bin=True)
    ended = cloud.vm("absent", A, wait_timeout=1, elastic_ips="release")
    assert ended.failed
    assert ended.error["code"] == "timeout"
    assert "'recycled'" in ended.error["message"]
    assert ended.only["changed"]
    assert ended.only["status"] == "recycled"
    assert set(ended.fates().values()) == {"unverified"}
    assert cloud.exists("fip-a")
    assert "vpc.deleteElasticIp" not in cloud.writes()
    assert cloud.effects("vm.deleteInstance") == 1


@pytest.mark.parametrize(
    ("state", "status", "operation", "action", "now"),
    [
        ("stopped", "running", "vm.stopInstance", "stopped", "stopping"),
        ("running", "stopped", "vm.startInstance", "started", "starting"),
        ("absent", "stopped", "vm.deleteInstance", "deleted", "deleting"),
    ],
)
def test_without_waiting_the_call_is_accepted_and_that_is_all(
    cloud: Cloud, state: str, status: str, operation: str, action: str, now: str
) -> None:
    cloud.seed({**stopped(A, disks=[{"id": "vol-a"}]), "status": status}, stop_seconds=600, start_seconds=600, delete_seconds=600)
    ended = cloud.vm(state, A, wait=False)
    assert not ended.failed
    assert ended.only["action"] == action
    assert ended.only["status"] == now == cloud.status(A)
    assert ended.result["changed"]
    assert cloud.writes() == [operation]
    assert set(ended.fates().values()) == ({"unverified"} if state == "absent" else {None})


@pytest.mark.parametrize("options", [{"stop_running": True}, {"elastic_ips": "release"}])
def test_without_waiting_some_options_make_no_sense(cloud: Cloud, options: Json) -> None:
    cloud.seed(stopped(A))
    ended = cloud.vm("absent", A, wait=False, **options)
    assert ended.failed
    assert "wait=false" in ended.msg
    assert cloud.calls() == []


def test_stopping_and_starting(cloud: Cloud) -> None:
    cloud.seed(running(A), stopped(B))
    assert cloud.vm("stopped", A, GONE).failed
    assert "stop_running" in cloud.vm("stopped", A, stop_running=True).msg
    assert cloud.vm("stopped", A, B, check=True).actions == {A: "stopped", B: "none"}
    ended = cloud.vm("stopped", A, B, charge_on_stopped="keepCharging")
    assert ended.actions == {A: "stopped", B: "none"}
    assert ended.summary["stopped"] == 1
    assert ended.summary["unchanged"] == 1
    assert ended.machine(A)["status_before"] == "running"
    assert ended.machine(A)["status"] == "stopped"
    assert not cloud.vm("stopped", A, B).result["changed"]
    ended = cloud.vm("running", A, B)
    assert ended.actions == {A: "started", B: "started"}
    assert ended.summary["started"] == 2
    assert ended.result["diff"]["after"]["instances"][A] == {"name": A, "status": "running"}
    again = cloud.vm("running", A, B)
    assert not again.result["changed"]
    assert again.actions == {A: "none", B: "none"}


@pytest.mark.parametrize(
    ("which", "listed"), [("all", [A, B, C, GONE]), ("changed", [A]), ("problems", [B, C])], ids=["all", "changed", "problems"]
)
def test_return_instances(cloud: Cloud, which: str, listed: list[str]) -> None:
    cloud.seed(stopped(A, elastic_ip={"id": "fip-a"}), running(B), stopped(C))
    cloud.control.inject("error", operation="vm.deleteInstance", resource=C, times=0, http=403, status="HTTP_FORBIDDEN")
    ended = cloud.vm("absent", A, B, C, GONE, return_instances=which, on_blocked="skip")
    assert list(ended.actions) == listed
    assert ended.summary["selected"] == 4
    assert ended.summary["deleted"] == 1
    assert ended.summary["blocked"] == 1
    assert [row["elastic_ip_id"] for row in ended.result["retained"]["elastic_ips"]] == ["fip-a"]


def test_on_blocked_skip_alone_is_no_failure(cloud: Cloud) -> None:
    cloud.seed(stopped(A), running(B))
    ended = cloud.vm("absent", A, B, on_blocked="skip")
    assert not ended.failed
    assert "msg" not in ended.result
    assert ended.actions == {A: "deleted", B: "blocked"}
    assert ended.summary["blocked"] == 1
    assert cloud.status(B) == "running"


def test_machines_chosen_by_tags_are_ordered_by_id(cloud: Cloud) -> None:
    cloud.seed(*[stopped(each, tags={"env": "x"}) for each in (C, A, B)])
    assert list(cloud.vm("absent", tags={"env": "x"}, check=True).actions) == [A, B, C]


def test_hundreds_of_machines_go_in_one_task(cloud: Cloud) -> None:
    cloud.seed({"count": 150, "id": "i-many{n:06}", "status": "running"}, stopped(A))
    ids = [f"i-many{number:06}" for number in range(1, 151)]
    ended = cloud.vm("absent", *ids, stop_running=True, api_rate_limit=400, return_instances="problems")
    assert not ended.failed
    assert ended.summary["deleted"] == 150
    assert ended.result["instances"] == []
    assert cloud.effects("vm.stopInstance") == cloud.effects("vm.deleteInstance") == 150
    assert cloud.exists(A)
