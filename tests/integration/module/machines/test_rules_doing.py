# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules 9, 10, 12 to 15 of jdcloud_vm: doing. Rule 11 is in test_faults_on_writes, more of rule 9 in test_faults_on_reads."""

from __future__ import annotations

import pytest

from support.integration.cloud import Cloud, allowing_stops, running, stopped
from support.json_object import Json

A, B, C, GONE = "i-aaaa000001", "i-bbbb000002", "i-cccc000003", "i-gone000009"
SETTLING, LEAVING = "i-eeee000005", "i-ffff000006"
READ: Json = {"operation": "vm.describeInstance*", "resource": "*"}
FORBIDDEN: Json = {"http": 403, "status": "HTTP_FORBIDDEN", "message": "You are not authorized"}


def test_rule_09_already_gone_is_success(cloud: Cloud) -> None:
    cloud.seed(stopped(A))
    ended = cloud.vm("absent", GONE, A)
    assert not ended.failed
    assert ended.actions == {GONE: "none", A: "deleted"}
    gone = ended.machine(GONE)
    assert gone["status"] == gone["status_before"] == "absent"
    assert gone["name"] is None
    assert [warning["code"] for warning in gone["warnings"]] == ["not_found"]
    assert ended.summary["not_found"] == ended.summary["already_absent"] == 1
    assert ended.summary["selected"] == 2
    assert ended.warnings == []
    assert [entry["http"] for entry in cloud.calls("vm.describeInstance", GONE)] == [404]


def test_rule_09_if_none_of_the_ids_exists_the_module_warns(cloud: Cloud) -> None:
    ended = cloud.vm("absent", GONE, A)
    assert not ended.failed
    assert not ended.result["changed"]
    assert any("none of 2 ids exists in cn-north-1" in warning for warning in ended.warnings)


@pytest.mark.parametrize("state", ["stopped", "running"])
def test_an_id_that_does_not_exist_cannot_be_stopped_or_started(cloud: Cloud, state: str) -> None:
    cloud.seed(running(A), stopped(B))
    ended = cloud.vm(state, A, B, GONE)
    assert ended.failed
    assert ended.actions[GONE] == "failed"
    assert ended.machine(GONE)["error"]["code"] == "not_found"
    assert cloud.writes() == [], "with on_blocked=fail nothing at all is changed"
    ended = cloud.vm(state, A, B, GONE, on_blocked="skip")
    assert ended.failed
    assert ended.actions[GONE] == "failed"
    assert ended.summary["failed"] == 1
    assert cloud.status(A) == cloud.status(B) == state


@pytest.mark.parametrize(("state", "fails"), [("absent", False), ("stopped", True), ("running", True)])
@pytest.mark.parametrize("selector", [{"name": "web"}, {"tags": {"env": "x"}}, {"filters": {"az": "cn-north-1b"}}])
def test_a_selection_that_matches_nothing(cloud: Cloud, state: str, fails: bool, selector: Json) -> None:
    cloud.seed(stopped(A))
    ended = cloud.vm(state, **selector)
    assert ended.failed is fails
    assert ended.result["instances"] == []
    assert not ended.result["changed"]
    assert cloud.exists(A)


@pytest.mark.parametrize(
    ("operation", "state", "hangs_in"),
    [
        ("vm.stopInstance", "absent", "stopping"),
        ("vm.deleteInstance", "absent", "deleting"),
        ("vm.startInstance", "running", "starting"),
        ("vm.stopInstance", "stopped", "stopping"),
    ],
)
def test_rule_10_a_wait_that_runs_out_is_a_failure(cloud: Cloud, operation: str, state: str, hangs_in: str) -> None:
    cloud.seed({**stopped(A), "status": "stopped" if state == "running" else "running"})
    cloud.control.inject("transition_hangs", operation=operation)
    ended = cloud.vm(state, A, wait_timeout=1, **allowing_stops(state))
    assert ended.failed
    assert ended.error["code"] == "timeout"
    assert all(part in ended.error["message"] for part in (A, f"'{hangs_in}'", "1 s", "wait_timeout"))
    assert ended.only["changed"]
    assert ended.only["status"] == hangs_in == cloud.status(A)
    assert A in ended.msg
    assert cloud.effects(operation) == 1
    if hangs_in == "deleting":
        assert ended.summary["deleted"] == 0
        assert set(ended.fates().values()) == {"unverified"}


def test_rule_10_each_transition_has_its_own_time(cloud: Cloud) -> None:
    """Stop and delete take longer together than wait_timeout, but not one of them alone."""
    cloud.seed(running(A), stop_seconds=1.2, delete_seconds=1.2)
    assert not cloud.vm("absent", A, stop_running=True, wait_timeout=2).failed


def test_rule_10_one_that_hangs_does_not_hold_up_the_others(cloud: Cloud) -> None:
    cloud.seed(running(A), running(B), stopped(C))
    cloud.control.inject("transition_hangs", operation="vm.stopInstance", resource=A)
    ended = cloud.vm("absent", A, B, C, stop_running=True, wait_timeout=1.5)
    assert ended.failed
    assert ended.actions == {A: "failed", B: "deleted", C: "deleted"}


def test_rule_10_an_interrupted_run_is_finished_by_the_next(cloud: Cloud) -> None:
    cloud.seed(running(A))
    cloud.control.inject("transition_hangs", operation="vm.deleteInstance")
    assert cloud.vm("absent", A, stop_running=True, wait_timeout=0.5).failed
    cloud.control.act("delete", A, when={"operation": "vm.describeInstance", "nth": 2}, instantly=True)
    ended = cloud.vm("absent", A)
    assert not ended.failed
    assert ended.only["status_before"] == "deleting"
    assert ended.only["action"] == "none"
    assert cloud.effects("vm.deleteInstance") == 1


@pytest.mark.parametrize("wanted", ["delete", "keep"])
def test_rule_12_attributes_are_set_last_and_read_back(cloud: Cloud, wanted: str) -> None:
    before = wanted == "keep"
    cloud.seed(running(A, disks=[{"id": "vol-a", "auto_delete": before}, {"id": "vol-b", "auto_delete": not before}]))
    ended = cloud.vm("absent", A, stop_running=True, disks=wanted)
    assert not ended.failed
    assert cloud.writes() == ["vm.stopInstance", "vm.modifyInstanceDiskAttribute", "vm.deleteInstance"]
    (change,) = cloud.calls("vm.modifyInstanceDiskAttribute")
    assert change["resources"] == [A, "vol-a"], "only what is not so already"
    after = [entry["operation"] for entry in cloud.calls() if entry["number"] > change["number"]]
    assert after.index("vm.describeInstances") < after.index("vm.deleteInstance")
    assert after.index("disk.describeDisks") < after.index("vm.deleteInstance"), "and the tags of what goes"
    fate = {"delete": "deleted", "keep": "kept"}[wanted]
    assert {key: ended.fates()[key] for key in ("vol-a", "vol-b")} == {"vol-a": fate, "vol-b": fate}
    assert cloud.exists("vol-a") is cloud.exists("vol-b") is (wanted == "keep")


@pytest.mark.parametrize("wanted", ["delete", "keep"])
def test_rule_12_attributes_are_put_back_if_the_delete_is_refused(cloud: Cloud, wanted: str) -> None:
    before = wanted == "keep"
    cloud.seed(stopped(A, disks=[{"id": "vol-a", "auto_delete": before}]))
    cloud.control.inject("error", operation="vm.deleteInstance", times=0, **FORBIDDEN)
    ended = cloud.vm("absent", A, disks=wanted)
    assert ended.failed
    assert ended.error["operation"] == "vm.deleteInstance"
    assert ended.error["http"] == 403
    assert cloud.auto_delete(A, "vol-a") is before
    assert cloud.writes() == ["vm.modifyInstanceDiskAttribute", "vm.deleteInstance", "vm.modifyInstanceDiskAttribute"]
    assert not ended.only["changed"]
    assert set(ended.fates().values()) == {None}


def test_rule_12_attributes_that_cannot_be_put_back_are_named(cloud: Cloud) -> None:
    cloud.seed(stopped(A, disks=[{"id": "vol-a", "auto_delete": False}]))
    cloud.control.inject("error", operation="vm.deleteInstance", times=0, **FORBIDDEN)
    cloud.control.inject("error", operation="vm.modifyInstanceDiskAttribute", after=1, times=0, **FORBIDDEN)
    ended = cloud.vm("absent", A, disks="delete")
    assert ended.failed
    assert ended.only["changed"]
    assert ended.result["changed"]
    assert "vol-a=true" in ended.error["message"]
    assert "set it manually" in ended.error["message"]
    assert ended.error["operation"] == "vm.deleteInstance"
    assert cloud.auto_delete(A, "vol-a") is True


def test_rule_12_an_attribute_that_does_not_stick_deletes_nothing(cloud: Cloud) -> None:
    """The service accepts the change, but the read-back shows the old value."""
    cloud.seed(stopped(A, disks=[{"id": "vol-a", "auto_delete": True}]))
    cloud.control.inject("delay", operation="vm.modifyInstanceDiskAttribute", seconds=0, effect="none", times=0)
    ended = cloud.vm("absent", A, disks="keep")
    assert ended.failed
    assert ended.error["code"] == "changed_meanwhile"
    assert "vol-a" in ended.error["message"]
    assert "vm.deleteInstance" not in cloud.writes()
    assert cloud.exists("vol-a")


def test_rule_13_elastic_ips_are_released_one_by_one_after_the_machine(cloud: Cloud) -> None:
    cloud.seed(
        running(A, elastic_ip={"id": "fip-a"}), stopped(B, elastic_ip={"id": "fip-b"}), stopped(C, elastic_ip={"id": "fip-c"})
    )
    ended = cloud.vm("absent", A, B, elastic_ips="release", stop_running=True)
    assert not ended.failed
    log = cloud.calls()
    for instance_id, address in ((A, "fip-a"), (B, "fip-b")):
        deleted = next(entry for entry in log if entry["operation"] == "vm.deleteInstance" and instance_id in entry["resources"])
        released = next(entry for entry in log if entry["operation"] == "vpc.deleteElasticIp" and address in entry["resources"])
        assert deleted["number"] < released["number"]
        assert released["effect"] == "applied"
    assert not any("disassociate" in entry["operation"] for entry in log)
    assert cloud.exists("fip-c")
    assert ended.result["retained"]["elastic_ips"] == []


def test_rule_13_no_address_is_released_if_its_machine_is_not_deleted(cloud: Cloud) -> None:
    cloud.seed(stopped(A, elastic_ip={"id": "fip-a"}))
    cloud.control.inject("error", operation="vm.deleteInstance", times=0, **FORBIDDEN)
    ended = cloud.vm("absent", A, elastic_ips="release")
    assert ended.failed
    assert ended.fates("elastic_ips") == {"fip-a": None}
    assert cloud.exists("fip-a")
    assert "vpc.deleteElasticIp" not in cloud.writes()


def test_rule_14_every_result_is_there_although_some_failed(cloud: Cloud) -> None:
    cloud.seed(running(A), stopped(B, elastic_ip={"id": "fip-b"}), stopped(C))
    cloud.control.inject("transition_fails", operation="vm.stopInstance", resource=A)
    cloud.control.inject("error", operation="vpc.deleteElasticIp", times=0, **FORBIDDEN)
    ended = cloud.vm("absent", C, B, A, GONE, stop_running=True, elastic_ips="release")
    assert ended.failed
    assert A in ended.msg
    assert B in ended.msg
    assert "2 of 4" in ended.msg
    assert list(ended.actions) == [C, B, A, GONE], "in the order of the ids"
    assert ended.actions == {C: "deleted", B: "failed", A: "failed", GONE: "none"}
    assert ended.machine(B)["error"]["code"] == "elastic_ip_not_released"
    assert ended.machine(B)["status"] == "absent"
    counts = {key: ended.summary[key] for key in ("selected", "changed", "deleted", "already_absent", "failed", "unchanged")}
    assert counts == {"selected": 4, "changed": 3, "deleted": 2, "already_absent": 1, "failed": 2, "unchanged": 1}
    assert [row["elastic_ip_id"] for row in ended.result["retained"]["elastic_ips"]] == ["fip-b"]


def _seed_in_between(cloud: Cloud, machines: list[Json]) -> None:
    """One machine is starting, another one being deleted, both by another user; their ends are triggered by reads."""
    cloud.seed(*machines)
    cloud.control.act("set_status", SETTLING, status="starting")
    cloud.control.act("set_status", SETTLING, status="running", when={**READ, "nth": 3})
    cloud.control.act("set_status", LEAVING, status="deleting")
    cloud.control.act("delete", LEAVING, instantly=True, when={**READ, "nth": 6})


def _forecast(result: Json) -> Json:
    """What a preview and the run must agree on."""
    kept = {key: value for key, value in result["summary"].items() if not key.startswith("api_") and key != "seconds"}
    return {**{key: result[key] for key in ("changed", "instances", "retained", "diff")}, "summary": kept}


@pytest.mark.parametrize(
    "options",
    [
        {"state": "absent", "stop_running": True, "disks": "delete", "elastic_ips": "release", "on_blocked": "skip"},
        {"state": "absent", "stop_running": True, "disks": "keep", "on_blocked": "skip"},
        {"state": "absent", "on_blocked": "skip"},
        {"state": "absent"},
        {"state": "stopped", "charge_on_stopped": "keepCharging", "on_blocked": "skip"},
        {"state": "running", "on_blocked": "skip"},
    ],
)
def test_rule_15_check_mode_predicts_exactly_what_the_run_does(cloud: Cloud, options: Json) -> None:
    machines = [
        running(A, elastic_ip={"id": "fip-a"}, disks=[{"id": "vol-a"}], local_disks=1),
        stopped(B, disks=[{"id": "vol-b", "auto_delete": True}, {"id": "vol-s", "shared": True}], elastic_ip={"id": "fip-b"}),
        stopped(C, tags={"jdcloud-protect": "x"}),
        {**stopped("i-dddd000004"), "status": "error"},
        stopped(SETTLING),
        stopped(LEAVING),
        stopped("i-gggg000007", charge="prepaid", expires="2099-01-01T00:00:00+08:00"),
    ]
    _seed_in_between(cloud, machines)
    ids = [str(machine["id"]) for machine in machines] + [GONE]
    if options["state"] != "absent":
        # What is deleted by another user or does not exist failed, with no other end to predict.
        ids = ids[:5]
    state, more = options["state"], {key: value for key, value in options.items() if key != "state"}
    predicted = cloud.vm(state, *ids, check=True, **more)
    _seed_in_between(cloud, machines)
    done = cloud.vm(state, *ids, **more)
    assert _forecast(predicted.result) == _forecast(done.result)
    assert predicted.failed == done.failed
    assert predicted.result.get("msg") == done.result.get("msg")


def test_rule_15_a_second_run_changes_nothing(cloud: Cloud) -> None:
    cloud.seed(running(A), running(B))
    for state, ids in (("stopped", (A, B)), ("running", (A, B)), ("absent", (A,))):
        options = allowing_stops(state)
        assert cloud.vm(state, *ids, **options).summary["changed"] == len(ids)
        cloud.control.clear_requests()
        again = cloud.vm(state, *ids, **options)
        assert not again.failed
        assert not again.result["changed"]
        assert set(again.actions.values()) == {"none"}
        assert again.result["diff"] == {"before": {"instances": {}}, "after": {"instances": {}}}
        assert cloud.writes() == []
