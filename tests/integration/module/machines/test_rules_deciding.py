# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules 5 to 7 of jdcloud_vm: deciding. Rule 8 is about backups. What others do at the gate is in test_interference."""

from __future__ import annotations

import pytest

from support.integration.cloud import Cloud, allowing_stops, running, stopped
from support.json_object import Json

A, B, C = "i-aaaa000001", "i-bbbb000002", "i-cccc000003"

BLOCKED: list[tuple[str, Json, Json]] = [
    ("running", running(A), {}),
    ("transitional", {**stopped(A), "status": "resizing"}, {"wait": False}),
    ("unknown_status", {**stopped(A), "status": "suspended"}, {"wait": False}),
    ("task_in_progress", stopped(A, disks=[{"id": "vol-a", "attachment": "attaching"}]), {"wait": False}),
    ("prepaid_unexpired", stopped(A, charge="prepaid", expires="+30d"), {}),
    ("no_charge_record", stopped(A, charge="none"), {}),
    ("protected", stopped(A, tags={"jdcloud-protect": ""}), {}),
    ("selector_mismatch", stopped(A), {"name": "another"}),
    ("disk_fate_impossible", stopped(A, disks=[{"id": "vol-a", "shared": True}]), {"disks": "delete"}),
    ("elastic_ip_not_releasable", stopped(A, elastic_ip={"id": "fip-a", "package": "bwp-1"}), {"elastic_ips": "release"}),
    (
        "local_disk_loss",
        running(A, local_disks=1),
        {"stop_running": True, "charge_on_stopped": "stopCharging"},
    ),
    (
        "stop_charging_not_allowed",
        running(A, dedicated_host="host-1"),
        {"stop_running": True, "charge_on_stopped": "keepCharging"},
    ),
]


@pytest.mark.parametrize(("code", "machine", "options"), BLOCKED, ids=[row[0] for row in BLOCKED])
def test_rule_05_each_blocker_stops_everything_before_anything_is_changed(
    cloud: Cloud, code: str, machine: Json, options: Json
) -> None:
    cloud.seed(machine, stopped(B, name="another"))
    ended = cloud.vm("absent", B, A, **options)
    assert ended.failed
    assert "nothing was changed" in ended.msg
    assert code in ended.msg
    assert ended.blockers(A) == [code]
    assert ended.blockers(B) == []
    assert ended.machine(A)["blockers"][0]["message"].endswith(".")
    assert ended.actions == {B: "none", A: "blocked"}
    assert ended.summary["blocked"] == 1
    assert not ended.result["changed"]
    assert cloud.writes() == []


def test_rule_05_all_blockers_of_all_machines_are_reported_together(cloud: Cloud) -> None:
    cloud.seed(
        running(A, tags={"jdcloud-protect": "yes"}, charge="prepaid", disks=[{"id": "vol-a", "shared": True}]),
        stopped(B, charge="none", elastic_ip={"id": "fip-b", "package": "bwp-1"}),
        stopped(C),
    )
    ended = cloud.vm("absent", A, B, C, disks="delete", elastic_ips="release")
    assert set(ended.blockers(A)) == {"protected", "running", "prepaid_unexpired", "disk_fate_impossible"}
    assert set(ended.blockers(B)) == {"no_charge_record", "elastic_ip_not_releasable"}
    assert ended.failed
    assert cloud.writes() == []
    assert cloud.exists(C)


@pytest.mark.parametrize("check", [True, False])
def test_rule_05_check_mode_reports_the_same_blockers(cloud: Cloud, check: bool) -> None:
    cloud.seed(running(A), stopped(B))
    ended = cloud.vm("absent", A, B, check=check)
    assert ended.failed
    assert ended.actions == {A: "blocked", B: "none"}
    assert not ended.result["changed"]


@pytest.mark.parametrize(
    ("protect_tags", "tags"),
    [
        ({"jdcloud-protect": "*"}, {"jdcloud-protect": "no"}),
        ({"keep": ["yes", "always"], "other": "x"}, {"keep": "always"}),
        ({"keep": "1"}, {"keep": "1"}),
    ],
)
def test_rule_05_nothing_overrides_protection(cloud: Cloud, protect_tags: Json, tags: Json) -> None:
    cloud.seed(stopped(A, tags=tags), stopped(B))
    ended = cloud.vm("absent", A, B, protect_tags=protect_tags, on_blocked="skip")
    assert ended.blockers(A) == ["protected"]
    assert ended.actions[B] == "deleted"
    assert cloud.exists(A)


@pytest.mark.parametrize("options", [{"elastic_ips": "release"}, {"disks": "delete"}])
def test_rule_20_what_would_be_destroyed_with_a_machine_protects_it(cloud: Cloud, options: Json) -> None:
    shielded: Json = {"tags": {"jdcloud-protect": "yes"}}
    disk: Json = {"id": "vol-a", "auto_delete": False, **(shielded if "disks" in options else {})}
    address: Json = {"id": "fip-a", **(shielded if "elastic_ips" in options else {})}
    cloud.seed(stopped(A, disks=[disk], elastic_ip=address))
    ended = cloud.vm("absent", A, **options)
    assert ended.failed
    assert ended.blockers(A) == ["protected"]
    assert cloud.writes() == []


@pytest.mark.parametrize("wanted", ["keep", "delete"])
def test_a_machine_in_error_is_refused_what_only_a_change_of_its_disks_could_do(cloud: Cloud, wanted: str) -> None:
    cloud.seed({**stopped(A, disks=[{"id": "vol-a", "auto_delete": wanted == "keep"}]), "status": "error"})
    ended = cloud.vm("absent", A, disks=wanted)
    assert ended.failed
    assert ended.blockers(A) == ["disk_fate_impossible"]
    assert cloud.writes() == []


def test_rule_05_an_empty_dict_switches_protection_off(cloud: Cloud) -> None:
    cloud.seed(stopped(A, tags={"jdcloud-protect": "yes"}))
    assert cloud.vm("absent", A, protect_tags={}).actions == {A: "deleted"}


@pytest.mark.parametrize("state", ["stopped", "running"])
def test_rule_05_protection_holds_for_every_state(cloud: Cloud, state: str) -> None:
    cloud.seed({**stopped(A, tags={"jdcloud-protect": "x"}), "status": "running" if state == "stopped" else "stopped"})
    ended = cloud.vm(state, A)
    assert ended.failed
    assert ended.blockers() == ["protected"]
    assert cloud.writes() == []


def test_rule_05_a_machine_on_which_nothing_would_be_done_has_no_blockers(cloud: Cloud) -> None:
    cloud.seed(stopped(A, tags={"jdcloud-protect": "x"}, charge="overdue"))
    ended = cloud.vm("stopped", A)
    assert not ended.failed
    assert ended.actions == {A: "none"}


def test_rule_05_diff_is_the_prediction_and_then_the_truth(cloud: Cloud) -> None:
    cloud.seed(running(A, elastic_ip={"id": "fip-a", "address": "203.0.113.9"}, disks=[{"id": "vol-a", "auto_delete": False}]))
    options: Json = {"stop_running": True, "elastic_ips": "release", "disks": "delete"}
    predicted = cloud.vm("absent", A, check=True, **options)
    done = cloud.vm("absent", A, **options)
    assert predicted.result["diff"] == done.result["diff"]
    before, after = (done.result["diff"][side]["instances"][A] for side in ("before", "after"))
    assert before["status"] == "running"
    assert before["disks"]["vol-a"] == "auto_delete=false"
    assert after["status"] == "absent"
    assert after["disks"]["vol-a"] == "deleted"
    assert after["elastic_ips"] == {"fip-a": "released"}


def test_rule_06_the_gate_reads_by_ids_just_before_the_delete(cloud: Cloud) -> None:
    """`cloud.vm` asserts it for every run of this folder; here are the order and the page size."""
    cloud.seed(stopped(A), stopped(B))
    cloud.vm("absent", A, B)
    gates = [entry for entry in cloud.calls("vm.describeInstances") if "pageSize=100" in entry["query"]]
    deletes = cloud.calls("vm.deleteInstance")
    assert len(deletes) == 2
    assert all(any(gate["time"] < each["time"] for gate in gates) for each in deletes)


def test_rule_06_a_delete_that_waits_for_its_turn_rests_on_a_fresh_look(cloud: Cloud) -> None:
    """At one call a second, an observation would be older than 5 s for most of six machines: `check_deletes` must still hold."""
    ids = [f"i-slow{number:04}" for number in range(6)]
    cloud.seed(*[stopped(instance_id) for instance_id in ids])
    ended = cloud.vm("absent", *ids, api_rate_limit=1.5)
    assert set(ended.actions.values()) == {"deleted"}
    assert cloud.effects("vm.deleteInstance") == 6


def test_rule_06_a_refused_delete_goes_back_through_the_gate(cloud: Cloud) -> None:
    cloud.seed(stopped(A))
    cloud.control.inject(
        "error",
        operation="vm.deleteInstance",
        times=2,
        http=400,
        status="FAILED_PRECONDITION",
        message="Conflict with underlay image task 'create_image'",
    )
    ended = cloud.vm("absent", A)
    assert ended.actions == {A: "deleted"}
    assert [entry["http"] for entry in cloud.calls("vm.deleteInstance")] == [400, 400, 200]


REFUSALS: dict[str, Json] = {
    "throttled": {"kind": "throttle"},
    "lost": {"kind": "close_before"},
    "internal": {"kind": "error", "http": 500, "status": "INTERNAL", "message": "Internal server error"},
    "aborted": {"kind": "error", "http": 409, "status": "ABORTED", "message": "concurrent change"},
    "uncharged": {"kind": "error", "http": 403, "status": "PERMISSION_DENIED", "message": "Can't delete no charged resource"},
    "busy": {"kind": "error", "http": 400, "status": "FAILED_PRECONDITION", "message": "Conflict with underlay image task 'x'"},
    "not_found": {"kind": "error", "http": 404, "status": "NOT_FOUND", "message": f"Instance '{A}' not found."},
}


@pytest.mark.parametrize("fault", REFUSALS.values(), ids=REFUSALS.keys())
def test_rule_06_a_delete_is_not_repeated_on_a_machine_that_was_started_meanwhile(cloud: Cloud, fault: Json) -> None:
    cloud.seed(stopped(A))
    cloud.control.inject(operation="vm.deleteInstance", times=1, **fault)
    cloud.control.act("start", A, when={"operation": "vm.deleteInstance"}, instantly=True)
    ended = cloud.vm("absent", A)
    assert len(cloud.calls("vm.deleteInstance")) == 1
    assert cloud.status(A) == "running"
    assert ended.failed
    assert ended.error["code"] == "changed_meanwhile"
    assert "running" in ended.error["message"]


@pytest.mark.parametrize("status", ["running", "pending", "starting", "rebooting", "suspended", "error"])
def test_rule_07_deletable_is_stopped(cloud: Cloud, status: str) -> None:
    """Every other status appears at the gate, after the plan."""
    cloud.seed(stopped(A))
    cloud.control.act("set_status", A, when={"operation": "vm.describeInstances", "resource": "*", "nth": 2}, status=status)
    ended = cloud.vm("absent", A)
    assert ended.error["code"] == "changed_meanwhile"
    assert status in ended.error["message"]
    assert cloud.writes() == []
    assert cloud.exists(A)


def test_rule_07_a_machine_in_error_may_be_deleted_if_it_was_so_when_planned(cloud: Cloud) -> None:
    cloud.seed({**stopped(A), "status": "error"})
    ended = cloud.vm("absent", A)
    assert ended.actions == {A: "deleted"}
    assert ended.only["status_before"] == "error"
    assert cloud.writes() == ["vm.deleteInstance"]


def test_rule_07_a_machine_in_error_that_recovers_is_not_deleted(cloud: Cloud) -> None:
    cloud.seed({**stopped(A), "status": "error"})
    cloud.control.act("set_status", A, when={"operation": "vm.describeInstances", "resource": "*", "nth": 2}, status="stopped")
    assert cloud.vm("absent", A).error["code"] == "changed_meanwhile"
    assert cloud.exists(A)


@pytest.mark.parametrize("operation", ["vm.stopInstance", "vm.deleteInstance", "vm.startInstance"])
def test_rule_07_a_machine_that_becomes_error_during_the_run_failed(cloud: Cloud, operation: str) -> None:
    state = "running" if operation == "vm.startInstance" else "absent"
    cloud.seed(running(A) if state == "absent" else stopped(A))
    cloud.control.inject("transition_fails", operation=operation)
    ended = cloud.vm(state, A, **allowing_stops(state))
    assert ended.failed
    assert ended.error["code"] == "changed_meanwhile"
    assert "error" in ended.error["message"]
    assert ended.only["status"] == "error"
    assert ended.only["changed"]
    assert cloud.status(A) == "error"
    assert cloud.effects(operation) == 1


def test_rule_07_a_machine_that_becomes_error_while_it_settles_failed(cloud: Cloud) -> None:
    cloud.seed({**stopped(A), "status": "stopping"}, stop_seconds=600)
    cloud.control.act("set_status", A, when={"operation": "vm.describeInstances", "resource": "*", "nth": 2}, status="error")
    ended = cloud.vm("absent", A)
    assert ended.error["code"] == "changed_meanwhile"
    assert cloud.writes() == []
