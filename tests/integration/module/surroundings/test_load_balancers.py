# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rule 22 over HTTP: the targets of load balancers, and what is true in the cloud after each fault."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import Any

import pytest

from support.integration.cloud import QUICK, REGION, Cloud, Ended, account, allowing_stops, running, wait_until
from support.json_object import Json
from support.run_module import MODULES

A, B, C = "i-aaaa000001", "i-bbbb000002", "i-cccc000003"
VPC = "vpc-a"
DEREGISTER: Json = {"stop_running": True, "load_balancers": "deregister", "drain_seconds": 2}
FAULTS: dict[str, Json] = {
    "reset": {"kind": "close_before"},
    "reset_with_effect": {"kind": "close_after"},
    "500": {"kind": "error"},
    "time_out_with_effect": {"kind": "delay", "seconds": 1.5, "moment": "after"},
}
CALLS = ("lb.describeTargets", "lb.updateTargets", "lb.deRegisterTargets", "vm.stopInstance", "vm.deleteInstance")
ALL = {(A, 80, 7), (A, 8080, 8), (B, 80, 9)}
"""Machine, port and weight of each target in the beginning."""
LISTS = ["lb.describeTargetGroups"] * 3 + ["lb.describeBackends"] * 3


def seed(
    cloud: Cloud, kind: str = "alb", backend: Json | None = None, accounts: list[Json] | None = None, **settings: Any
) -> None:
    """A machine with two ports behind a load balancer, another one with one, and a third machine that is no target."""
    targets: list[Json] = [
        {"id": "target-a", "instance": A, "port": 80, "weight": 7},
        {"id": "target-aa", "instance": A, "port": 8080, "weight": 8},
        {"id": "target-b", "instance": B, "port": 80, "weight": 9},
    ]
    if kind == "dnlb":
        del targets[1]
    balancer = {
        "id": "alb-web",
        "type": kind,
        "vpc": VPC,
        "target_groups": [{"id": "tg-web", "targets": targets}],
        "backends": [{"id": "backend-web", "target_group": "tg-web", "draining_seconds": 3, **(backend or {})}],
    }
    machines = [running(each, vpc=VPC) for each in (A, B, C)]
    cloud.seed(*machines, load_balancers=[balancer], accounts=accounts, **settings)


def targets(cloud: Cloud) -> set[tuple[str, int, int]]:
    """What is registered; twins would show in the number."""
    rows = cloud.control.state(REGION)["regions"][REGION]["targets"].values()
    found = [(each["instanceId"] or each["ipAddress"], each["port"], each["weight"]) for each in rows]
    assert len(found) == len(set(found))
    return set(found)


def fates(ended: Ended) -> list[str | None]:
    return [each["fate"] for each in ended.only["load_balancer_targets"]]


def lb_calls(cloud: Cloud) -> list[str]:
    return [str(each["operation"]) for each in cloud.calls("lb.*")]


# --- failures -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["alb", "nlb", "dnlb"])
@pytest.mark.parametrize("state", ["absent", "stopped"])
def test_a_machine_that_gets_traffic_is_blocked(cloud: Cloud, kind: str, state: str) -> None:
    seed(cloud, kind)
    ended = cloud.vm(state, A, **allowing_stops(state))
    assert set(ended.blockers()) == {"load_balancer_target"}
    assert cloud.writes() == []


def test_all_that_is_known_of_a_target_is_in_the_result(cloud: Cloud) -> None:
    seed(cloud, "dnlb")
    (row,) = cloud.vm("stopped", A).only["load_balancer_targets"]
    assert {name: row[name] for name in ("load_balancer_id", "type", "target_group_id", "backend_ids", "port", "weight")} == {
        "load_balancer_id": "alb-web",
        "type": "dnlb",
        "target_group_id": "tg-web",
        "backend_ids": ["backend-web"],
        "port": 80,
        "weight": 7,
    }


@pytest.mark.parametrize("denied", ["lb:*", "lb:describeBackends", "lb:describeTargets"])
def test_a_key_that_may_not_read_load_balancers_stops_nothing(cloud: Cloud, denied: str) -> None:
    seed(cloud, accounts=[account(denied=[denied])])
    ended = cloud.vm("absent", A, C, **DEREGISTER)
    assert ended.blockers(A) == ended.blockers(C) == ["surroundings_unknown"]
    assert cloud.writes() == []
    assert cloud.vm("stopped", C, load_balancers="ignore").actions == {C: "stopped"}


def test_a_key_that_may_not_read_health_takes_no_target(cloud: Cloud) -> None:
    seed(cloud, accounts=[account(denied=["lb:describeTargetHealth"])])
    ended = cloud.vm("absent", A, **DEREGISTER)
    assert set(ended.blockers()) == {"surroundings_unknown"}
    assert cloud.writes() == []


@pytest.mark.parametrize("operation", ["lb:updateTargets", "lb:deRegisterTargets"])
def test_a_key_that_may_not_change_targets_stops_nothing(cloud: Cloud, operation: str) -> None:
    seed(cloud, accounts=[account(denied=[operation])])
    ended = cloud.vm("absent", A, **DEREGISTER)
    assert ended.error["http"] == 403
    assert cloud.status(A) == "running"
    assert targets(cloud) == ALL


def test_the_last_target_that_is_healthy_is_not_taken(cloud: Cloud) -> None:
    seed(cloud)
    cloud.control.act("set_health", "target-b", status="unhealthy", reason="CONNECT_FAILED")
    ended = cloud.vm("absent", A, **DEREGISTER)
    assert set(ended.blockers()) == {"last_target"}
    assert cloud.writes() == []
    assert cloud.vm("absent", A, **DEREGISTER, allow_last_target=True).actions == {A: "deleted"}


def test_health_that_is_not_checked_is_no_proof_that_others_serve(cloud: Cloud) -> None:
    seed(cloud, backend={"health_check": False})
    assert set(cloud.vm("absent", A, **DEREGISTER).blockers()) == {"last_target"}
    assert cloud.writes() == []


def test_a_backend_that_nothing_sends_to_serves_nobody(cloud: Cloud) -> None:
    group = {"id": "tg-web", "targets": [{"id": "target-a", "instance": A}]}
    backend = {"id": "backend-web", "target_group": "tg-web"}
    balancer = {"id": "alb-web", "vpc": VPC, "target_groups": [group], "backends": [backend], "listeners": []}
    cloud.seed(running(A, vpc=VPC), load_balancers=[balancer])
    assert cloud.vm("absent", A, **DEREGISTER).actions == {A: "deleted"}


# --- check mode, and what is unchanged ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["alb", "nlb", "dnlb"])
def test_check_mode_predicts_the_run(cloud: Cloud, kind: str) -> None:
    seed(cloud, kind, balancer_targets_left=False)
    preview = cloud.vm("absent", A, check=True, **DEREGISTER)
    done = cloud.vm("absent", A, **DEREGISTER)
    assert preview.only == done.only
    assert set(fates(done)) == {"deregistered"}


def test_six_lists_are_read_and_each_target_group_once(cloud: Cloud) -> None:
    seed(cloud)
    more = [{"id": f"tg-{number}"} for number in range(3)]
    cloud.control.add({"regions": {REGION: {"load_balancers": [{"id": "netlb-1", "type": "nlb", "target_groups": more}]}}})
    assert cloud.vm("absent", C, stop_running=True).actions == {C: "deleted"}
    assert lb_calls(cloud) == [*LISTS, *["lb.describeTargets"] * 4]


def test_what_is_stopped_already_asks_for_nothing(cloud: Cloud) -> None:
    seed(cloud)
    cloud.control.act("stop", A, instantly=True)
    assert cloud.vm("stopped", A).actions == {A: "none"}
    assert cloud.vm("stopped", A, C, load_balancers="ignore").actions == {A: "none", C: "stopped"}
    assert lb_calls(cloud) == []


def test_a_second_run_changes_nothing(cloud: Cloud) -> None:
    seed(cloud)
    cloud.vm("absent", A, **DEREGISTER)
    cloud.control.clear_requests()
    again = cloud.vm("absent", A, **DEREGISTER)
    assert not again.result["changed"]
    assert lb_calls(cloud) == []


# --- deregister ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "seconds"), [("alb", 2), ("nlb", 3), ("dnlb", 2)])
def test_connections_have_their_time_before_the_stop(cloud: Cloud, kind: str, seconds: float) -> None:
    seed(cloud, kind)
    ended = cloud.vm("absent", A, **DEREGISTER)
    assert ended.actions == {A: "deleted"}
    writes = cloud.writes()
    expected = ["lb.updateTargets", "lb.deRegisterTargets"] if kind == "alb" else ["lb.deRegisterTargets"]
    assert writes == [*expected, "vm.stopInstance", "vm.deleteInstance"]
    first, stop = cloud.calls(writes[0])[0], cloud.calls("vm.stopInstance")[0]
    assert stop["time"] - first["time"] >= seconds
    assert targets(cloud) == {(B, 80, 9)}


def test_weight_0_is_asked_of_alb_alone(cloud: Cloud) -> None:
    """The others refuse it."""
    seed(cloud, "nlb", balancer_weight_zero="refused")
    assert cloud.vm("absent", A, **DEREGISTER).actions == {A: "deleted"}
    assert "lb.updateTargets" not in cloud.writes()


def test_a_target_that_another_user_removed_meanwhile_spoils_no_other(cloud: Cloud) -> None:
    seed(cloud, "nlb")
    cloud.control.act("delete", "target-a", when={"operation": "lb.deRegisterTargets", "resource": "*"})
    ended = cloud.vm("absent", A, **DEREGISTER)
    assert ended.actions == {A: "deleted"}
    assert targets(cloud) == {(B, 80, 9)}
    assert [each["http"] for each in cloud.calls("lb.deRegisterTargets")] == [404, 200]


def test_a_target_that_another_user_adds_after_the_plan_is_named_at_the_end(cloud: Cloud) -> None:
    seed(cloud)
    late: Json = {"operation": "lb.deRegisterTargets", "resource": "*", "moment": "after"}
    cloud.control.act("register", "tg-web", when=late, instance=A, port=80)
    ended = cloud.vm("absent", A, **DEREGISTER)
    assert ended.actions == {A: "deleted"}
    assert "left" in fates(ended)
    assert any("still registered at" in each["message"] for each in ended.only["warnings"])


@pytest.mark.parametrize("left", [True, False])
def test_a_target_that_outlives_its_machine_is_told(cloud: Cloud, left: bool) -> None:
    seed(cloud, balancer_targets_left=left)
    for each in ("target-a", "target-aa"):
        cloud.control.act("set_weight", each, value=0)
    ended = cloud.vm("absent", A, stop_running=True)
    assert ended.actions == {A: "deleted"}
    assert fates(ended) == (["left", "left"] if left else [None, None])
    gone = [each for each in ended.only["warnings"] if each["message"].startswith("It is gone, but still registered")]
    assert len(gone) == (2 if left else 0)


@pytest.mark.parametrize("vpc", [VPC, "vpc-b"])
def test_an_address_means_a_machine_in_the_network_of_the_load_balancer_alone(cloud: Cloud, vpc: str) -> None:
    group = {"id": "tg-ip", "type": "ip", "targets": [{"ip": "10.0.0.7", "port": 80}, {"ip": "10.0.0.8", "port": 80}]}
    balancer = {
        "id": "alb-web",
        "vpc": vpc,
        "target_groups": [group],
        "backends": [{"id": "backend-ip", "target_group": "tg-ip"}],
    }
    cloud.seed(running(A, vpc=VPC, private_ip="10.0.0.7"), load_balancers=[balancer])
    ended = cloud.vm("absent", A, **DEREGISTER)
    assert ended.actions == {A: "deleted" if vpc == VPC else "blocked"}
    assert (("10.0.0.7", 80, 10) in targets(cloud)) is (vpc != VPC)
    assert ("10.0.0.8", 80, 10) in targets(cloud)


def test_a_member_of_a_group_that_a_backend_names_leaves_its_group(cloud: Cloud) -> None:
    balancer = {"id": "alb-web", "vpc": VPC, "backends": [{"id": "backend-group", "group": "ag-web"}]}
    group = {"id": "ag-web", "members": [A, B]}
    cloud.seed(running(A, vpc=VPC), running(B, vpc=VPC), groups=[group], load_balancers=[balancer])
    assert cloud.vm("absent", A, **DEREGISTER).blockers() == ["load_balancer_target"]
    ended = cloud.vm("absent", A, **DEREGISTER, group_members="abandon")
    assert ended.actions == {A: "deleted"}
    assert cloud.writes() == ["ag.abandonInstances", "vm.stopInstance", "vm.deleteInstance"]
    (asked,), (stop,) = cloud.calls("ag.abandonInstances"), cloud.calls("vm.stopInstance")
    assert stop["time"] - asked["time"] >= DEREGISTER["drain_seconds"]


@pytest.mark.parametrize("health", ["healthy", "unhealthy", "N/A"])
def test_the_last_healthy_member_of_a_group_that_a_backend_names_stays(cloud: Cloud, health: str) -> None:
    balancer = {"id": "alb-web", "vpc": VPC, "backends": [{"id": "backend-group", "group": "ag-web"}]}
    cloud.seed(running(A, vpc=VPC), running(B, vpc=VPC), groups=[{"id": "ag-web", "members": [A, B]}], load_balancers=[balancer])
    cloud.control.act("set_health", "backend-group", instance=B, status=health)
    ended = cloud.vm("absent", A, **DEREGISTER, group_members="abandon")
    assert ended.actions == {A: "deleted" if health == "healthy" else "blocked"}
    if health != "healthy":
        assert ended.blockers() == ["last_target"]
        assert cloud.writes() == []
        assert not cloud.vm("absent", A, **DEREGISTER, group_members="abandon", allow_last_target=True).failed


# --- if it is not deleted after all -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["alb", "nlb", "dnlb"])
def test_a_machine_that_is_not_deleted_gets_its_targets_back(cloud: Cloud, kind: str) -> None:
    seed(cloud, kind)
    before = targets(cloud)
    cloud.control.inject("error", operation="vm.deleteInstance", times=0, http=403, status="HTTP_FORBIDDEN", message="no")
    ended = cloud.vm("absent", A, **DEREGISTER)
    assert ended.actions == {A: "failed"}
    assert targets(cloud) == before
    assert set(fates(ended)) == {"registered"}


def test_what_cannot_be_put_back_is_named(cloud: Cloud) -> None:
    seed(cloud, accounts=[account(denied=["lb:registerTargets", "vm:deleteInstance"])])
    ended = cloud.vm("absent", A, **DEREGISTER)
    assert targets(cloud) == {(B, 80, 9)}
    for port, weight in ((80, 7), (8080, 8)):
        assert f"target group tg-web, port {port}, weight {weight}" in ended.error["message"]
    assert set(fates(ended)) == {"unverified"}


# --- faults -------------------------------------------------------------------------------------------------------


def is_told(cloud: Cloud, ended: Ended) -> None:
    """A machine that is there has all its targets, or the failure names where it lacks one; nobody else's was touched."""
    assert (B, 80, 9) in targets(cloud)
    if cloud.exists(A) and cloud.status(A) != "deleting" and not targets(cloud) >= ALL:
        assert "target group tg-web" in ended.error["message"], ended.error


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("operation", CALLS)
def test_one_fault_at_any_call_costs_nothing(cloud: Cloud, operation: str, fault: Json) -> None:
    seed(cloud)
    cloud.control.inject(operation=operation, **fault)
    ended = cloud.vm("absent", A, api_timeout=0.6, **DEREGISTER)
    assert ended.actions == {A: "deleted"}, ended.msg
    assert targets(cloud) == {(B, 80, 9)}
    assert set(fates(ended)) == {"deregistered"}
    assert cloud.effects("vm.stopInstance") == cloud.effects("vm.deleteInstance") == 1


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("operation", CALLS)
def test_a_lasting_fault_is_told_and_the_next_run_ends_it(cloud: Cloud, operation: str, fault: Json) -> None:
    seed(cloud)
    cloud.control.inject(operation=operation, times=0, **fault)
    is_told(cloud, cloud.vm("absent", A, api_timeout=0.6, api_retries=1, **DEREGISTER))
    cloud.control.clear_faults()
    again = cloud.vm("absent", A, **DEREGISTER)
    assert not again.failed
    assert not cloud.exists(A)
    assert targets(cloud) == {(B, 80, 9)}


@pytest.mark.parametrize("times", [1, 0])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("operation", ["lb.registerTargets", "lb.describeTargets"])
def test_a_fault_while_targets_are_put_back_is_told(cloud: Cloud, operation: str, fault: Json, times: int) -> None:
    """The deletion is refused, and then the way back is disturbed."""
    seed(cloud)
    cloud.control.inject("error", operation="vm.deleteInstance", http=403, status="HTTP_FORBIDDEN", message="no", times=1)
    after = 0 if operation == "lb.registerTargets" else 3
    cloud.control.inject(operation=operation, times=times, after=after, **fault)
    ended = cloud.vm("absent", A, api_timeout=0.6, api_retries=1, **DEREGISTER)
    assert ended.actions == {A: "failed"}
    is_told(cloud, ended)
    if times == 1:
        assert targets(cloud) == ALL
    cloud.control.clear_faults()
    assert not cloud.vm("absent", A, **DEREGISTER).failed
    assert targets(cloud) == {(B, 80, 9)}


@pytest.mark.parametrize("after", range(7, 21))
def test_keys_that_end_in_the_middle_are_told(cloud: Cloud, after: int) -> None:
    seed(cloud)
    cloud.control.inject("error", operation="*", after=after, times=0, http=401, status="UNAUTHENTICATED", message="expired")
    ended = cloud.vm("absent", A, **DEREGISTER)
    assert ended.failed
    is_told(cloud, ended)


# --- interruption -------------------------------------------------------------------------------------------------


def test_a_run_that_is_interrupted_while_connections_end_is_finished_by_the_next(cloud: Cloud) -> None:
    seed(cloud, "nlb", backend={"draining_seconds": 300})
    options = {**QUICK, **DEREGISTER, "state": "absent", "instance_ids": [A]}
    with subprocess.Popen(
        [sys.executable, "-m", f"{MODULES}.jdcloud_vm"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=cloud.environment(),
        cwd=cloud.home,
        text=True,
    ) as process:
        assert process.stdin is not None
        process.stdin.write(json.dumps({"ANSIBLE_MODULE_ARGS": options}))
        process.stdin.close()
        wait_until(lambda: targets(cloud) == {(B, 80, 9)}, "the targets are gone")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 128 + signal.SIGTERM
    assert cloud.status(A) == "running"
    assert cloud.writes() == ["lb.deRegisterTargets"]
    ended = cloud.vm("absent", A, **DEREGISTER)
    assert ended.actions == {A: "deleted"}
    assert targets(cloud) == {(B, 80, 9)}
