# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rule 21 over HTTP: groups that scale by themselves, and delete what stops."""

from __future__ import annotations

from typing import Any

import pytest

from support.integration.backups import CAMPAIGN, SOON, backup, made_of
from support.integration.cloud import Cloud, Ended, account, allowing_stops, running
from support.json_object import Json

A, B, FREE = "i-aaaa000001", "i-bbbb000002", "i-free000003"
ABANDON: Json = {"stop_running": True, "group_members": "abandon"}
FAULTS: dict[str, Json] = {
    "reset": {"kind": "close_before"},
    "reset_with_effect": {"kind": "close_after"},
    "500": {"kind": "error"},
    "time_out_with_effect": {"kind": "delay", "seconds": 1.5, "moment": "after"},
}
CALLS = ("ag.describeAg", "ag.abandonInstances", "vm.stopInstance", "vm.deleteInstance")


def seed(cloud: Cloud, *, managed: bool = True, least: int = 1, accounts: list[Json] | None = None, **settings: Any) -> None:
    """Two members of a group that deletes a managed machine soon after its stop, and a machine without a group."""
    group = {"id": "ag-web", "members": [A, B], "managed": managed, "auto_scaling": True, "min": least, "max": 9}
    settings = {"group_health_check_seconds": 1, **SOON, **settings}
    cloud.seed(running(A), running(B), running(FREE), groups=[group], accounts=accounts, **settings)
    cloud.control.set_quotas(images=50, snapshots=100)


def codes(ended: Ended, part: str = "warnings") -> list[str]:
    return [each["code"] for each in ended.only[part]]


def members(cloud: Cloud) -> list[str]:
    """Who is in the group."""
    group = cloud.control.resource("ag-web")
    assert group is not None
    return [each["instanceId"] for each in group["instances"]]


# --- failures -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("managed", ["shown", "missing", "null"])
def test_a_member_that_may_be_deleted_is_blocked_and_nothing_is_sent(cloud: Cloud, managed: str) -> None:
    seed(cloud, group_managed=managed)
    ended = cloud.vm("stopped", A)
    assert ended.blockers() == ["group_managed"]
    assert cloud.writes() == []


def test_a_deletion_below_the_minimum_is_blocked(cloud: Cloud) -> None:
    seed(cloud, managed=False, least=2)
    assert cloud.vm("absent", A, stop_running=True).blockers() == ["group_minimum"]
    assert cloud.vm("stopped", A).actions == {A: "stopped"}


def test_a_key_that_may_not_read_groups_blocks_members_alone(cloud: Cloud) -> None:
    seed(cloud, accounts=[account(denied=["ag:*"])])
    ended = cloud.vm("stopped", A, FREE, on_blocked="skip")
    assert ended.actions == {A: "blocked", FREE: "stopped"}
    assert ended.blockers(A) == ["surroundings_unknown"]
    assert cloud.calls("ag.abandonInstances") == []


def test_a_key_that_may_not_take_a_machine_out_does_not_stop_it(cloud: Cloud) -> None:
    seed(cloud, accounts=[account(denied=["ag:abandonInstances"])])
    ended = cloud.vm("absent", A, **ABANDON)
    assert ended.error["http"] == 403
    assert not ended.only["changed"]
    assert cloud.status(A) == "running"
    assert cloud.writes() == ["ag.abandonInstances"]


def test_a_member_that_does_not_get_out_in_time_is_not_stopped(cloud: Cloud) -> None:
    seed(cloud, abandon_seconds=600)
    ended = cloud.vm("absent", A, wait_timeout=5, **ABANDON)
    assert ended.error["code"] == "timeout"
    assert ended.only["changed"], "it will be out soon"
    assert cloud.writes() == ["ag.abandonInstances"]


def test_one_member_that_is_refused_holds_up_no_other(cloud: Cloud) -> None:
    seed(cloud)
    cloud.control.inject("error", operation="ag.abandonInstances", resource=A, http=400, status="INVALID_ARGUMENT", times=0)
    ended = cloud.vm("absent", A, B, **ABANDON)
    assert ended.actions == {A: "failed", B: "deleted"}
    assert cloud.status(A) == "running"
    assert members(cloud) == [A]


# --- what the group does by itself --------------------------------------------------------------------------------


@pytest.mark.parametrize("denied", [[], ["ag:describeScalingActivities"]])
@pytest.mark.parametrize("state", ["absent", "stopped"])
def test_a_machine_that_its_group_deleted_is_lost_and_not_deleted_by_us(cloud: Cloud, state: str, denied: list[str]) -> None:
    """It is gone when the first look after the stop shows anything."""
    seed(cloud, accounts=[account(denied=denied)], group_health_check_seconds=0.01, delete_seconds=0.01)
    cloud.control.inject("delay", operation="vm.stopInstance", seconds=0.4, moment="after")
    ended = cloud.vm(state, A, group_members="ignore", **allowing_stops(state))
    assert ended.error["code"] == ("vanished" if denied else "lost_to_group")
    assert ended.only["status"] == "absent"
    assert ended.summary["deleted"] == 0
    assert cloud.calls("vm.deleteInstance") == []


def test_a_group_that_was_not_judged_may_delete_a_machine_during_its_backup(cloud: Cloud) -> None:
    seed(cloud, group_health_check_seconds=0.5, image_seconds=5)
    ended = backup(cloud, A, stop_running=True, group_members="ignore", method="image")
    assert [each for each in ended.codes("warnings") if each == "group_member"]
    assert not cloud.exists(A)
    again = cloud.vm("absent", A)
    assert again.only["action"] == "none"
    assert again.summary["deleted"] == 0


def test_a_member_that_leaves_first_outlives_its_backup(cloud: Cloud) -> None:
    seed(cloud)
    assert not backup(cloud, A, stop_running=True, group_members="abandon", method="image").failed
    assert made_of(cloud) == [A]
    ended = cloud.vm("absent", A, require_backup="image", backup_campaign=CAMPAIGN)
    assert ended.actions == {A: "deleted"}
    assert members(cloud) == [B]


def test_a_member_is_not_stopped_for_its_backup_while_its_group_may_delete_it(cloud: Cloud) -> None:
    seed(cloud)
    ended = backup(cloud, A, stop_running=True, method="image")
    assert ended.codes() == ["group_managed"]
    assert cloud.writes() == []
    assert cloud.status(A) == "running"


def test_a_machine_that_its_group_deletes_on_its_way_out_is_lost(cloud: Cloud) -> None:
    """Another user stops it while it is a member still."""
    seed(cloud, abandon_seconds=10)
    cloud.control.act("stop", A, when={"operation": "ag.abandonInstances", "moment": "after"}, instantly=True)
    ended = cloud.vm("absent", A, **ABANDON)
    assert not cloud.exists(A)
    assert ended.error["code"] == "lost_to_group"
    assert ended.summary["deleted"] == 0
    assert cloud.calls("vm.deleteInstance") == []


# --- check mode, and what is unchanged ----------------------------------------------------------------------------


def test_check_mode_predicts_the_run(cloud: Cloud) -> None:
    seed(cloud)
    preview = cloud.vm("absent", A, check=True, **ABANDON)
    done = cloud.vm("absent", A, **ABANDON)
    assert codes(preview) == codes(done) == ["leaves_group"]
    assert preview.actions == done.actions == {A: "deleted"}


def test_without_members_no_group_is_asked_for(cloud: Cloud) -> None:
    seed(cloud)
    assert cloud.vm("absent", FREE, **ABANDON).actions == {FREE: "deleted"}
    assert cloud.calls("ag.*") == []


def test_the_group_of_many_members_is_read_once(cloud: Cloud) -> None:
    seed(cloud, managed=False)
    assert not cloud.vm("stopped", A, B).failed
    assert [each["operation"] for each in cloud.calls("ag.*")] == ["ag.describeAg"]


# --- abandon ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [0, 4, 15])
def test_a_member_is_stopped_once_it_is_out(cloud: Cloud, seconds: float) -> None:
    seed(cloud, abandon_seconds=seconds)
    ended = cloud.vm("absent", A, **ABANDON)
    assert ended.actions == {A: "deleted"}
    assert cloud.writes() == ["ag.abandonInstances", "vm.stopInstance", "vm.deleteInstance"]
    (asked,), (stop,) = cloud.calls("ag.abandonInstances"), cloud.calls("vm.stopInstance")
    assert stop["time"] - asked["time"] >= seconds
    assert members(cloud) == [B]


def test_a_member_that_another_user_took_out_meanwhile_goes_on(cloud: Cloud) -> None:
    seed(cloud)
    cloud.control.act("leave_group", A, when={"operation": "ag.abandonInstances"})
    ended = cloud.vm("absent", A, **ABANDON)
    assert ended.actions == {A: "deleted"}
    assert cloud.calls("ag.abandonInstances")[0]["http"] == 404


def test_the_group_that_makes_another_machine_is_left_alone(cloud: Cloud) -> None:
    seed(cloud, least=2, group_refill_seconds=0.1)
    ended = cloud.vm("absent", A, **ABANDON)
    assert ended.actions == {A: "deleted"}
    assert codes(ended) == ["leaves_group", "group_minimum"]
    assert cloud.status(B) == "running"


def test_a_second_run_changes_nothing(cloud: Cloud) -> None:
    seed(cloud)
    cloud.vm("absent", A, **ABANDON)
    again = cloud.vm("absent", A, **ABANDON)
    assert not again.result["changed"]
    assert len(cloud.calls("ag.*")) == 2


# --- faults -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("operation", CALLS)
def test_one_fault_at_any_call_costs_nothing(cloud: Cloud, operation: str, fault: Json) -> None:
    seed(cloud, abandon_seconds=1)
    cloud.control.inject(operation=operation, **fault)
    ended = cloud.vm("absent", A, api_timeout=0.6, **ABANDON)
    assert ended.actions == {A: "deleted"}, ended.msg
    for write in CALLS[1:]:
        assert cloud.effects(write) == 1
    assert members(cloud) == [B]


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("operation", CALLS)
def test_a_lasting_fault_loses_nothing_that_the_next_run_needs(cloud: Cloud, operation: str, fault: Json) -> None:
    seed(cloud)
    cloud.control.inject(operation=operation, times=0, **fault)
    ended = cloud.vm("absent", A, api_timeout=0.6, api_retries=1, **ABANDON)
    if operation == "ag.describeAg":
        assert ended.blockers() == ["surroundings_unknown"]
        assert cloud.writes() == []
    cloud.control.clear_faults()
    assert not cloud.vm("absent", A, **ABANDON).failed
    assert not cloud.exists(A)
    assert cloud.status(B) == "running"
    assert members(cloud) == [B]
    # Never stopped before it was out.
    log = [each["operation"] for each in cloud.calls() if each["effect"] == "applied"]
    assert log.index("ag.abandonInstances") < log.index("vm.stopInstance")
