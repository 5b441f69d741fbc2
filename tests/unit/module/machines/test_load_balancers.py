# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rule 22, through `jdcloud_vm` and `jdcloud_vm_info`: targets of load balancers."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import TransportError
from support.json_object import Json
from support.module.documentation import check
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Runner

LISTS = ["lb.describeTargetGroups"] * 3 + ["lb.describeBackends"] * 3


def serving(cloud: MemoryCloud, kind: str = "alb", *more: str, **of_group: Any) -> None:
    """Machine i-1, and others, behind a load balancer; `tg-shop` has a healthy target of another machine, too."""
    cloud.balancers.add_group("tg-shop", kind, **of_group)
    for instance_id in ("i-1", *more):
        cloud.add(instance_id, "running", vpcId="vpc-one")
        cloud.balancers.add_target("tg-shop", instance_id)
    cloud.balancers.add_target("tg-shop", "i-other")


def codes(row: Json, key: str = "blockers") -> list[str]:
    return [each["code"] for each in row[key]]


def calls(cloud: MemoryCloud, service: str = "lb") -> list[str]:
    return [call.operation for call in cloud.calls if call.operation.startswith(f"{service}.")]


def writes(cloud: MemoryCloud) -> list[str]:
    return [operation.partition(".")[2] for operation, _id in cloud.writes]


# --- failures -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["absent", "stopped"])
def test_a_machine_that_gets_traffic_is_blocked(cloud: MemoryCloud, run: Runner, state: str) -> None:
    serving(cloud)
    ended = run.vm(state, "i-1", **({"stop_running": True} if state == "absent" else {}))
    assert ended.only["blockers"] == [
        {
            "code": "load_balancer_target",
            "message": (
                "It receives traffic from load balancer lb-shop (shop), target group tg-shop, port 80, weight 10: deregister "
                "it first, or set load_balancers to deregister."
            ),
        }
    ]
    assert not cloud.writes
    assert [each["target_group_id"] for each in ended.only["load_balancer_targets"]] == ["tg-shop"]
    check(ended.result, "jdcloud_vm")


@pytest.mark.parametrize("kind", ["alb", "nlb", "dnlb"])
def test_each_kind_of_load_balancer_is_asked_for(cloud: MemoryCloud, run: Runner, kind: str) -> None:
    serving(cloud, kind)
    assert codes(run.vm("stopped", "i-1").only) == ["load_balancer_target"]


def test_a_target_is_found_by_any_private_address(cloud: MemoryCloud, run: Runner) -> None:
    cloud.add("i-1", "running", privateIpAddress="10.0.0.5")
    cloud.machines["i-1"]["primaryNetworkInterface"]["networkInterface"]["secondaryIps"] = [{"privateIpAddress": "10.0.0.6"}]
    cloud.balancers.add_group("tg-shop")
    cloud.balancers.add_target("tg-shop", None, ipAddress="10.0.0.6")
    ended = run.vm("stopped", "i-1")
    assert codes(ended.only) == ["load_balancer_target"]
    assert "address 10.0.0.6" in ended.only["blockers"][0]["message"]


def test_a_member_of_a_group_that_a_backend_names_is_found(cloud: MemoryCloud, run: Runner) -> None:
    cloud.add("i-1", "running")
    cloud.groups.add("ag-1", "i-1", scaling=False)
    cloud.balancers.add_backend("backend-ag", agIds=["ag-1"], loadBalancerId="lb-shop")
    ended = run.vm("stopped", "i-1")
    assert codes(ended.only) == ["load_balancer_target"]
    assert "through its availability group" in ended.only["blockers"][0]["message"]


def test_a_key_that_may_not_read_load_balancers_is_no_silent_yes(cloud: MemoryCloud, run: Runner) -> None:
    cloud.add("i-1", "running")
    cloud.refuse("lb.describeBackends", 403, "HTTP_FORBIDDEN", "no")
    ended = run.vm("stopped", "i-1")
    assert ended.only["blockers"] == [
        {
            "code": "surroundings_unknown",
            "message": (
                "It is unknown whether a load balancer sends traffic to it, because the service refused lb.describeBackends "
                "(403 HTTP_FORBIDDEN): grant the key the right to read load balancers, or set load_balancers to ignore."
            ),
        }
    ]
    assert run.vm("stopped", "i-1", load_balancers="ignore").actions == {"i-1": "stopped"}


def test_the_last_healthy_target_is_not_taken(cloud: MemoryCloud, run: Runner) -> None:
    serving(cloud)
    cloud.balancers.unhealthy.add("target-2")
    ended = run.vm("stopped", "i-1", load_balancers="deregister")
    assert codes(ended.only) == ["last_target"]
    assert not cloud.writes


def test_the_targets_of_one_run_are_counted_together(cloud: MemoryCloud, run: Runner) -> None:
    serving(cloud, "alb", "i-2")
    cloud.balancers.unhealthy.add("target-3")
    ended = run.vm("stopped", "i-1", "i-2", load_balancers="deregister")
    assert ended.actions == {"i-1": "blocked", "i-2": "blocked"}


def test_the_last_target_is_taken_if_that_was_said(cloud: MemoryCloud, run: Runner) -> None:
    serving(cloud)
    cloud.balancers.unhealthy.add("target-2")
    ended = run.vm("stopped", "i-1", load_balancers="deregister", allow_last_target=True)
    assert ended.actions == {"i-1": "stopped"}


def test_a_target_that_serves_nobody_is_not_the_last_one(cloud: MemoryCloud, run: Runner) -> None:
    serving(cloud)
    cloud.balancers.unhealthy.update({"target-1", "target-2"})
    assert run.vm("stopped", "i-1", load_balancers="deregister").actions == {"i-1": "stopped"}


def test_an_address_in_another_network_may_be_another_machine(cloud: MemoryCloud, run: Runner) -> None:
    cloud.add("i-1", "running", privateIpAddress="10.0.0.5", vpcId="vpc-one")
    cloud.balancers.add_group("tg-shop", vpc_id="vpc-two")
    cloud.balancers.add_target("tg-shop", None, ipAddress="10.0.0.5")
    ended = run.vm("stopped", "i-1", load_balancers="deregister")
    assert codes(ended.only) == ["load_balancer_target"]
    assert "whether the address belongs to this instance" in ended.only["blockers"][0]["message"]


def test_deregistering_does_not_reach_a_member_of_a_group(cloud: MemoryCloud, run: Runner) -> None:
    cloud.add("i-1", "running")
    cloud.groups.add("ag-1", "i-1", scaling=False)
    cloud.balancers.add_backend("backend-ag", agIds=["ag-1"], loadBalancerId="lb-shop")
    ended = run.vm("stopped", "i-1", load_balancers="deregister")
    assert "set group_members to abandon" in ended.only["blockers"][0]["message"]
    ended = run.vm("stopped", "i-1", load_balancers="deregister", group_members="abandon")
    assert ended.actions == {"i-1": "stopped"}
    assert writes(cloud) == ["abandonInstances", "stopInstance"]


@pytest.mark.parametrize("seconds", [-1, "inf", "nan"])
def test_a_time_for_connections_that_is_none_is_refused(run: Runner, cloud: MemoryCloud, seconds: object) -> None:
    ended = run.vm("stopped", "i-1", drain_seconds=seconds)
    assert "drain_seconds is" in ended.msg
    assert not cloud.calls


# --- what is read -------------------------------------------------------------------------------------------------


def test_six_lists_are_read_and_each_group_whatever_the_number_of_machines(cloud: MemoryCloud, run: Runner) -> None:
    ids = [f"i-{number}" for number in range(30)]
    for instance_id in ids:
        cloud.add(instance_id, "running")
    cloud.balancers.add_group("tg-a")
    cloud.balancers.add_group("tg-b", "nlb")
    assert not run.vm("stopped", *ids, max_instances=30).failed
    assert sorted(calls(cloud)) == sorted([*LISTS, "lb.describeTargets", "lb.describeTargets"])


def test_with_ignore_nothing_is_read(cloud: MemoryCloud, run: Runner) -> None:
    serving(cloud)
    ended = run.vm("stopped", "i-1", load_balancers="ignore")
    assert ended.actions == {"i-1": "stopped"}
    assert calls(cloud) == []


def test_where_nothing_is_to_be_done_nothing_is_read(cloud: MemoryCloud, run: Runner) -> None:
    serving(cloud)
    cloud.machines["i-1"]["status"] = "stopped"
    assert run.vm("stopped", "i-1").actions == {"i-1": "none"}
    assert run.vm("absent", "i-gone").actions == {"i-gone": "none"}
    assert calls(cloud) == []


def test_the_list_of_machines_says_what_the_deletion_would_say(cloud: MemoryCloud, run: Runner) -> None:
    serving(cloud)
    cloud.machines["i-1"]["status"] = "stopped"
    (row,) = run.vm_info("i-1").result["instances"]
    assert codes(row) == ["load_balancer_target"]
    assert [(each["target_id"], each["port"], each["weight"]) for each in row["load_balancer_targets"]] == [("target-1", 80, 10)]


# --- deregister ---------------------------------------------------------------------------------------------------


def test_check_mode_sends_no_write_and_predicts_the_run(cloud: MemoryCloud, run: Runner) -> None:
    serving(cloud)
    preview = run.vm("absent", "i-1", check=True, stop_running=True, load_balancers="deregister")
    assert preview.actions == {"i-1": "deleted"}
    assert not cloud.writes
    done = run.vm("absent", "i-1", stop_running=True, load_balancers="deregister")
    assert preview.result["instances"] == done.result["instances"]


@pytest.mark.parametrize(
    ("kind", "expected", "seconds"),
    [
        ("alb", ["updateTargets", "deRegisterTargets"], 45),
        ("nlb", ["deRegisterTargets"], 120),
        ("dnlb", ["deRegisterTargets"], 45),
    ],
)
def test_targets_are_deregistered_and_connections_waited_for_before_the_stop(
    cloud: MemoryCloud, run: Runner, kind: str, expected: list[str], seconds: int
) -> None:
    serving(cloud, kind, draining=120)
    times: dict[str, float] = {}

    def send(call: Call[Any], *more: Any) -> Any:
        times[call.operation] = cloud.clock.now()
        return cloud._send(call, *more)

    cloud.send = send
    ended = run.vm("absent", "i-1", stop_running=True, load_balancers="deregister", drain_seconds=45)
    assert ended.actions == {"i-1": "deleted"}
    assert writes(cloud) == [*expected, "stopInstance", "deleteInstance"]
    first = f"lb.{expected[0]}"
    assert seconds <= times["vm.stopInstance"] - times[first] < seconds + 3
    assert cloud.balancers.shown("tg-shop") == [("i-other", 80, 10)]
    assert [each["fate"] for each in ended.only["load_balancer_targets"]] == ["deregistered"]
    check(ended.result, "jdcloud_vm")


@pytest.mark.parametrize("kind", ["alb", "nlb", "dnlb"])
def test_a_machine_that_does_not_run_has_no_connections_to_wait_for(cloud: MemoryCloud, run: Runner, kind: str) -> None:
    serving(cloud, kind, draining=120)
    cloud.machines["i-1"]["status"] = "stopped"
    began = cloud.clock.now()
    ended = run.vm("absent", "i-1", load_balancers="deregister", drain_seconds=45)
    assert ended.actions == {"i-1": "deleted"}
    assert writes(cloud) == ["deRegisterTargets", "deleteInstance"]
    assert cloud.clock.now() - began < 10


def test_on_alb_connections_have_their_time_with_weight_0_before_the_target_goes(cloud: MemoryCloud, run: Runner) -> None:
    serving(cloud)
    times: dict[str, float] = {}

    def send(call: Call[Any], *more: Any) -> Any:
        times[call.operation] = cloud.clock.now()
        return cloud._send(call, *more)

    cloud.send = send
    run.vm("stopped", "i-1", load_balancers="deregister", drain_seconds=45)
    assert times["lb.deRegisterTargets"] - times["lb.updateTargets"] >= 45


def test_all_machines_are_drained_together(cloud: MemoryCloud, run: Runner) -> None:
    serving(cloud, "alb", *(f"i-{number}" for number in range(2, 8)))
    began = cloud.clock.now()
    ids = [f"i-{number}" for number in range(1, 8)]
    ended = run.vm("absent", *ids, stop_running=True, load_balancers="deregister", drain_seconds=60)
    assert not ended.failed
    assert writes(cloud)[:2] == ["updateTargets", "deRegisterTargets"]
    assert cloud.clock.now() - began < 75


def test_a_target_that_is_gone_meanwhile_spoils_no_other(cloud: MemoryCloud, run: Runner) -> None:
    serving(cloud, "nlb", "i-2", draining=0)

    def remove() -> None:
        cloud.balancers.targets["tg-shop"].pop(0)

    cloud.before["lb.deRegisterTargets"] = remove
    ended = run.vm("absent", "i-1", "i-2", stop_running=True, load_balancers="deregister")
    assert ended.actions == {"i-1": "deleted", "i-2": "deleted"}
    assert cloud.balancers.shown("tg-shop") == [("i-other", 80, 10)]


@pytest.mark.parametrize("operation", ["lb.updateTargets", "lb.deRegisterTargets"])
@pytest.mark.parametrize("took_effect", [True, False])
def test_a_call_whose_answer_is_lost_is_repeated_only_if_a_read_shows_no_effect(
    cloud: MemoryCloud, run: Runner, operation: str, took_effect: bool
) -> None:
    serving(cloud)
    lost = [True]

    def lose(call: Call[Any], *more: Any) -> Any:
        if call.operation == operation and lost and lost.pop():
            if took_effect:
                cloud._send(call, *more)
            raise TransportError("reset.", operation=call.operation, kind="reset", sent=True)
        return cloud._send(call, *more)

    cloud.send = lose
    ended = run.vm("stopped", "i-1", load_balancers="deregister")
    assert ended.actions == {"i-1": "stopped"}
    assert calls(cloud).count(operation) == 1


def test_a_machine_that_cannot_be_deregistered_is_not_stopped(cloud: MemoryCloud, run: Runner) -> None:
    serving(cloud)
    cloud.refuse("lb.deRegisterTargets", 403, "HTTP_FORBIDDEN", "no")
    ended = run.vm("stopped", "i-1", load_balancers="deregister")
    assert ended.actions == {"i-1": "failed"}
    assert "could not be deregistered from its load balancers" in ended.only["error"]["message"]
    assert "stopInstance" not in writes(cloud)
    # Its weight is as before.
    assert cloud.balancers.shown("tg-shop") == [("i-1", 80, 10), ("i-other", 80, 10)]


# --- if it is not deleted after all -------------------------------------------------------------------------------


def test_a_target_that_may_be_deregistered_and_is_not_gets_its_weight_back(cloud: MemoryCloud, run: Runner) -> None:
    serving(cloud)

    def lose(call: Call[Any], *more: Any) -> Any:
        if call.operation == "lb.deRegisterTargets":
            raise TransportError("reset.", operation=call.operation, kind="reset", sent=True)
        return cloud._send(call, *more)

    cloud.send = lose
    ended = run.vm("stopped", "i-1", load_balancers="deregister", api_retries=1)
    assert ended.only["error"]["code"] == "unverified"
    assert cloud.balancers.shown("tg-shop") == [("i-1", 80, 10), ("i-other", 80, 10)]
    assert [each["fate"] for each in ended.only["load_balancer_targets"]] == ["registered"]


def test_targets_of_a_machine_that_is_not_deleted_are_registered_again(cloud: MemoryCloud, run: Runner) -> None:
    serving(cloud)
    cloud.balancers.targets["tg-shop"][0]["weight"] = 77
    cloud.refuse("vm.deleteInstance", 403, "HTTP_FORBIDDEN", "no")
    ended = run.vm("absent", "i-1", stop_running=True, load_balancers="deregister")
    assert ended.actions == {"i-1": "failed"}
    assert cloud.balancers.shown("tg-shop") == [("i-1", 80, 77), ("i-other", 80, 10)]
    assert [each["fate"] for each in ended.only["load_balancer_targets"]] == ["registered"]
    assert ended.only["changed"]


def test_targets_that_cannot_be_registered_again_are_named_in_the_failure(cloud: MemoryCloud, run: Runner) -> None:
    serving(cloud)
    cloud.refuse("vm.deleteInstance", 403, "HTTP_FORBIDDEN", "no")
    cloud.refuse("lb.registerTargets", 403, "HTTP_FORBIDDEN", "no")
    ended = run.vm("absent", "i-1", stop_running=True, load_balancers="deregister")
    assert (
        "could not be registered again at load balancer lb-shop (shop), target group tg-shop, port 80, weight 10"
        in (ended.only["error"]["message"])
    )
    assert [each["fate"] for each in ended.only["load_balancer_targets"]] == ["unverified"]


def test_registering_again_whose_answer_is_lost_makes_no_second_target(cloud: MemoryCloud, run: Runner) -> None:
    serving(cloud)
    cloud.refuse("vm.deleteInstance", 403, "HTTP_FORBIDDEN", "no")
    lost = [True]

    def lose(call: Call[Any], *more: Any) -> Any:
        answer = cloud._send(call, *more)
        if call.operation == "lb.registerTargets" and lost and lost.pop():
            raise TransportError("reset.", operation=call.operation, kind="reset", sent=True)
        return answer

    cloud.send = lose
    run.vm("absent", "i-1", stop_running=True, load_balancers="deregister")
    assert cloud.balancers.shown("tg-shop") == [("i-1", 80, 10), ("i-other", 80, 10)]
    assert calls(cloud).count("lb.registerTargets") == 1


# --- afterwards ---------------------------------------------------------------------------------------------------


def test_a_target_without_traffic_that_outlives_its_machine_is_told(cloud: MemoryCloud, run: Runner) -> None:
    serving(cloud)
    cloud.balancers.targets["tg-shop"][0]["weight"] = 0
    ended = run.vm("absent", "i-1", stop_running=True)
    assert ended.actions == {"i-1": "deleted"}
    assert [each["message"] for each in ended.only["warnings"] if "gone" in each["message"]] == [
        "It is gone, but still registered at load balancer lb-shop (shop), target group tg-shop, port 80, weight 0: deregister "
        "it there."
    ]
    assert [each["fate"] for each in ended.only["load_balancer_targets"]] == ["left"]


def test_weight_0_promises_nothing_on_other_kinds(cloud: MemoryCloud, run: Runner) -> None:
    serving(cloud, "nlb")
    cloud.balancers.targets["tg-shop"][0]["weight"] = 0
    assert codes(run.vm("stopped", "i-1").only) == ["load_balancer_target"]


def test_a_second_run_changes_nothing(cloud: MemoryCloud, run: Runner) -> None:
    serving(cloud)
    run.vm("absent", "i-1", stop_running=True, load_balancers="deregister")
    ended = run.vm("absent", "i-1", stop_running=True, load_balancers="deregister")
    assert not ended.result["changed"]
