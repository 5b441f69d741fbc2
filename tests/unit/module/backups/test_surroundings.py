# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`jdcloud_vm_backup` with machines that it stops: members of availability groups, and targets of load balancers."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call
from support.json_object import Json
from support.module.documentation import check
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Ended, Runner

OUT: Json = {"group_members": "abandon", "load_balancers": "deregister", "drain_seconds": 1}
POWER: Json = {"stop_running": True, "start_again": True}
TARGETS = [("i-a", 80, 7), ("i-b", 80, 10)]
AWAY = ["updateTargets", "deRegisterTargets"]


@pytest.fixture(autouse=True)
def _fill(cloud: MemoryCloud) -> None:
    """A running target with another one, and room for backups."""
    cloud.quotas.update(image=(50, 0), snapshot=(50, 0))
    cloud.balancers.add_group("tg-shop")
    for each, weight in (("i-a", 7), ("i-b", 10)):
        cloud.add(each, "running", vpcId="vpc-one")
        cloud.balancers.add_target("tg-shop", each, weight=weight)


def backup(run: Runner, *ids: str, **options: Any) -> Ended:
    ended = run("jdcloud_vm_backup", instance_ids=list(ids or ["i-a"]), campaign="c1", method="image", **options)
    check(ended.result, "jdcloud_vm_backup")
    return ended


def only(ended: Ended) -> Json:
    (row,) = ended.result["manifest"]["machines"]
    return dict(row)


def codes(ended: Ended, part: str = "blockers") -> set[str]:
    return {each["code"] for each in only(ended)[part]}


def fates(ended: Ended) -> list[str | None]:
    return [each["fate"] for each in only(ended)["load_balancer_targets"]]


def writes(cloud: MemoryCloud) -> list[str]:
    return [operation.partition(".")[2] for operation, _id in cloud.writes]


# --- failures -----------------------------------------------------------------------------------------------------


def test_a_machine_that_gets_traffic_or_that_a_group_manages_is_not_stopped(cloud: MemoryCloud, run: Runner) -> None:
    cloud.groups.add("ag-web", "i-a", "i-b")
    assert codes(backup(run, stop_running=True)) == {"group_managed", "load_balancer_target"}
    assert cloud.writes == []


@pytest.mark.parametrize("operation", ["ag.describeAg", "lb.describeBackends"])
def test_what_cannot_be_read_is_no_silent_yes(cloud: MemoryCloud, run: Runner, operation: str) -> None:
    cloud.groups.add("ag-web", "i-a", "i-b", scaling=False)
    cloud.refuse(operation, 403, "HTTP_FORBIDDEN", "no")
    assert codes(backup(run, stop_running=True, **OUT)) == {"surroundings_unknown"}
    assert cloud.writes == []


def test_the_last_healthy_target_is_not_stopped(cloud: MemoryCloud, run: Runner) -> None:
    cloud.balancers.unhealthy.add("target-2")
    assert codes(backup(run, stop_running=True, **OUT)) == {"last_target"}
    assert cloud.writes == []


def test_a_machine_that_does_not_get_out_of_its_group_is_not_stopped(cloud: MemoryCloud, run: Runner) -> None:
    cloud.groups.add("ag-web", "i-a", "i-b")
    cloud.refuse("ag.abandonInstances", 403, "HTTP_FORBIDDEN", "no")
    ended = backup(run, **POWER, **OUT)
    assert only(ended)["action"] == "failed"
    assert "stopInstance" not in writes(cloud)
    assert cloud.balancers.shown("tg-shop") == TARGETS
    assert fates(ended) == ["registered"]


def test_a_stop_that_fails_gives_the_target_its_place_back(cloud: MemoryCloud, run: Runner) -> None:
    cloud.refuse("vm.stopInstance", 403, "HTTP_FORBIDDEN", "no")
    ended = backup(run, **POWER, **OUT)
    assert only(ended)["action"] == "failed"
    assert cloud.balancers.shown("tg-shop") == TARGETS
    assert fates(ended) == ["registered"]


def test_a_machine_that_was_protected_while_it_left_is_not_stopped(cloud: MemoryCloud, run: Runner) -> None:
    def send(call: Call[Any], *more: Any) -> Any:
        if call.operation == "lb.deRegisterTargets":
            cloud.machines["i-a"]["tags"] = [{"key": "jdcloud-protect", "value": "yes"}]
        return cloud._send(call, *more)

    cloud.send = send
    ended = backup(run, **POWER, **OUT)
    assert only(ended)["error"]["code"] == "changed_meanwhile"
    assert "stopInstance" not in writes(cloud)
    assert cloud.balancers.shown("tg-shop") == TARGETS


def test_one_that_cannot_leave_hides_no_other(cloud: MemoryCloud, run: Runner) -> None:
    cloud.balancers.add_group("tg-mail")
    cloud.add("i-c", "running", vpcId="vpc-one")
    for each in ("i-c", "i-other"):
        cloud.balancers.add_target("tg-mail", each)
    cloud.refuse("lb.deRegisterTargets", 403, "HTTP_FORBIDDEN", "no", resource="tg-mail")
    ended = backup(run, "i-a", "i-c", stop_running=True, **OUT)
    found = {each["instance_id"]: each["action"] for each in ended.result["manifest"]["machines"]}
    assert found == {"i-a": "created", "i-c": "failed"}
    assert cloud.balancers.shown("tg-mail") == [("i-c", 80, 10), ("i-other", 80, 10)]


# --- not concerned ------------------------------------------------------------------------------------------------


def test_a_machine_that_is_not_stopped_asks_for_nothing(cloud: MemoryCloud, run: Runner) -> None:
    cloud.groups.add("ag-web", "i-a", "i-b")
    assert not backup(run).failed
    assert not [call for call in cloud.calls if call.operation.split(".")[0] in ("ag", "lb")]


def test_check_mode_predicts_the_run(cloud: MemoryCloud, run: Runner) -> None:
    preview = backup(run, check=True, stop_running=True, **OUT)
    assert cloud.writes == []
    done = backup(run, stop_running=True, **OUT)
    for name in ("load_balancer_targets", "warnings", "status", "action"):
        assert only(preview)[name] == only(done)[name]


# --- done ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start_again", [True, False])
def test_a_target_comes_back_only_with_its_machine(cloud: MemoryCloud, run: Runner, start_again: bool) -> None:
    ended = backup(run, stop_running=True, start_again=start_again, **OUT)
    assert not ended.failed, ended.result.get("msg")
    back = ["startInstance", "registerTargets"] if start_again else []
    assert writes(cloud) == [*AWAY, "stopInstance", "createImage", *back]
    assert cloud.balancers.shown("tg-shop") == (TARGETS if start_again else TARGETS[1:])
    assert fates(ended) == (["registered"] if start_again else ["deregistered"])


def test_a_member_is_stopped_once_it_is_out_of_its_group_and_stays_out(cloud: MemoryCloud, run: Runner) -> None:
    cloud.groups.add("ag-web", "i-a", "i-b")
    ended = backup(run, **POWER, **OUT)
    assert not ended.failed, ended.result.get("msg")
    assert codes(ended, "warnings") >= {"leaves_group"}
    way = [*AWAY, "abandonInstances", "stopInstance", "createImage", "startInstance", "registerTargets"]
    assert writes(cloud) == way
    assert "ag" not in cloud.machines["i-a"]


def test_a_backup_that_fails_gives_the_target_back_to_the_machine_that_is_started_again(cloud: MemoryCloud, run: Runner) -> None:
    cloud.refuse("vm.createImage", 400, "INVALID_ARGUMENT", "no")
    ended = backup(run, **POWER, **OUT)
    assert ended.failed
    assert cloud.machines["i-a"]["status"] == "running"
    assert cloud.balancers.shown("tg-shop") == TARGETS


def test_a_target_that_cannot_come_back_is_named(cloud: MemoryCloud, run: Runner) -> None:
    cloud.refuse("lb.registerTargets", 403, "HTTP_FORBIDDEN", "no")
    ended = backup(run, **POWER, **OUT)
    assert ended.failed
    assert "target group tg-shop, port 80, weight 7" in only(ended)["error"]["message"]
    assert fates(ended) == ["unverified"]
    assert cloud.machines["i-a"]["status"] == "running"


def test_a_machine_that_is_gone_before_its_start_gets_no_target(cloud: MemoryCloud, run: Runner) -> None:
    def send(call: Call[Any], *more: Any) -> Any:
        if call.operation == "vm.startInstance":
            cloud.machines.pop("i-a")
        return cloud._send(call, *more)

    cloud.send = send
    ended = backup(run, **POWER, **OUT)
    assert ended.failed
    assert cloud.balancers.shown("tg-shop") == TARGETS[1:]
