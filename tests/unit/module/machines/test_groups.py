# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rule 21, through `jdcloud_vm` and `jdcloud_vm_info`: members of availability groups that scale by themselves."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import ApiError, JdcloudError, TransportError
from support.json_object import Json
from support.module.documentation import check
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Runner

HEALTH = {"activityId": "activity-1", "status": "SUCCESS", "startTime": "2026-01-20T00:00:30Z", "cause": "健康检查不通过"}


def group(cloud: MemoryCloud, *statuses: str, **more: Any) -> Json:
    """A group `ag-1` of machines i-1, i-2, …"""
    ids = [f"i-{number}" for number in range(1, len(statuses) + 1)]
    for instance_id, status in zip(ids, statuses, strict=True):
        cloud.add(instance_id, status)
    return cloud.groups.add("ag-1", *ids, **more)


def codes(row: Json, key: str = "blockers") -> list[str]:
    return [each["code"] for each in row[key]]


def calls(cloud: MemoryCloud, *services: str) -> list[str]:
    return [call.operation for call in cloud.calls if call.operation.split(".")[0] in services]


# --- failures -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["group_members", "load_balancers"])
def test_leaving_needs_to_wait(run: Runner, cloud: MemoryCloud, option: str) -> None:
    value = {"group_members": "abandon", "load_balancers": "deregister"}[option]
    chosen: Json = {option: value}
    ended = run.vm("absent", "i-1", wait=False, **chosen)
    assert ended.msg == (
        f"wait=false and {option}={value} exclude each other, because an instance must first leave its group and load "
        "balancers: remove one of them."
    )
    assert not cloud.calls


def test_a_managed_member_is_blocked_and_nothing_is_changed(cloud: MemoryCloud, run: Runner) -> None:
    group(cloud, "running", "running")
    ended = run.vm("stopped", "i-1")
    assert ended.failed
    assert codes(ended.only) == ["group_managed"]
    assert not cloud.writes


def test_a_member_of_which_nobody_says_that_it_is_not_managed_is_blocked(cloud: MemoryCloud, run: Runner) -> None:
    group(cloud, "running", "running", managed=None)
    assert codes(run.vm("stopped", "i-1").only) == ["group_managed"]


def test_a_group_that_does_not_say_whether_it_scales_counts_as_one_that_does(cloud: MemoryCloud, run: Runner) -> None:
    group(cloud, "running", "running", scaling=None)
    assert codes(run.vm("stopped", "i-1").only) == ["group_managed"]


def test_a_deletion_that_brings_the_group_below_its_minimum_is_blocked(cloud: MemoryCloud, run: Runner) -> None:
    group(cloud, "stopped", "stopped", managed=False, minSize=2)
    ended = run.vm("absent", "i-1")
    assert codes(ended.only) == ["group_minimum"]
    assert "fall to 1 instances, below its minimum of 2," in ended.only["blockers"][0]["message"]


def test_the_machines_of_one_run_are_counted_together(cloud: MemoryCloud, run: Runner) -> None:
    group(cloud, "stopped", "stopped", "stopped", managed=False, minSize=2)
    assert run.vm("absent", "i-1", check=True).actions == {"i-1": "deleted"}
    ended = run.vm("absent", "i-1", "i-2")
    assert ended.actions == {"i-1": "blocked", "i-2": "blocked"}


def test_a_desired_number_counts_like_a_minimum(cloud: MemoryCloud, run: Runner) -> None:
    group(cloud, "stopped", "stopped", managed=False, minSize=1, desiredCapacity=2)
    assert codes(run.vm("absent", "i-1").only) == ["group_minimum"]


def test_a_stop_takes_nobody_out_of_the_group(cloud: MemoryCloud, run: Runner) -> None:
    group(cloud, "running", "running", managed=False, minSize=2)
    assert run.vm("stopped", "i-1").actions == {"i-1": "stopped"}


def test_without_the_right_to_read_groups_members_alone_are_blocked(cloud: MemoryCloud, run: Runner) -> None:
    group(cloud, "running", "running")
    cloud.add("i-free", "running")
    cloud.refuse("ag.describeAg", 403, "HTTP_FORBIDDEN", "no")
    ended = run.vm("stopped", "i-1", "i-free", on_blocked="skip")
    assert ended.actions == {"i-1": "blocked", "i-free": "stopped"}
    assert ended.result["instances"][0]["blockers"] == [
        {
            "code": "surroundings_unknown",
            "message": (
                "It is unknown whether its availability group ag-1 may delete or replace it, because the service refused "
                "ag.describeAg (403 HTTP_FORBIDDEN): grant the key the right to read availability groups, or set group_members "
                "to ignore."
            ),
        }
    ]


# --- what is read -------------------------------------------------------------------------------------------------


def test_without_members_no_group_is_read(cloud: MemoryCloud, run: Runner) -> None:
    cloud.add("i-1", "running")
    assert run.vm("stopped", "i-1").actions == {"i-1": "stopped"}
    assert calls(cloud, "ag") == []


def test_a_group_is_read_once_whatever_the_number_of_its_members(cloud: MemoryCloud, run: Runner) -> None:
    group(cloud, *["running"] * 5, managed=False)
    assert not run.vm("stopped", *(f"i-{number}" for number in range(1, 6))).failed
    assert calls(cloud, "ag") == ["ag.describeAg"]


def test_with_ignore_no_group_is_read_and_the_result_says_so(cloud: MemoryCloud, run: Runner) -> None:
    group(cloud, "running")
    ended = run.vm("stopped", "i-1", group_members="ignore")
    assert ended.actions == {"i-1": "stopped"}
    assert calls(cloud, "ag") == []
    assert codes(ended.only, "warnings") == ["group_member"]
    assert "group_members is ignore" in ended.only["warnings"][0]["message"]


def test_a_start_asks_for_no_group(cloud: MemoryCloud, run: Runner) -> None:
    group(cloud, "stopped")
    assert run.vm("running", "i-1").actions == {"i-1": "started"}
    assert calls(cloud, "ag", "lb") == []


def test_a_group_that_does_not_scale_is_a_warning(cloud: MemoryCloud, run: Runner) -> None:
    group(cloud, "stopped", scaling=False)
    ended = run.vm("absent", "i-1", group_members="abandon")
    assert ended.actions == {"i-1": "deleted"}
    assert codes(ended.only, "warnings") == ["group_member"]
    assert ("ag.abandonInstances", "i-1") not in cloud.writes


def test_the_list_of_machines_says_what_the_deletion_would_say(cloud: MemoryCloud, run: Runner) -> None:
    group(cloud, "stopped")
    (row,) = run.vm_info("i-1").result["instances"]
    assert not row["deletable"]
    assert codes(row) == ["group_managed"]


# --- abandon ------------------------------------------------------------------------------------------------------


def test_check_mode_says_that_leaving_cannot_be_undone_and_sends_nothing(cloud: MemoryCloud, run: Runner) -> None:
    group(cloud, "running", minSize=1)
    ended = run.vm("absent", "i-1", check=True, stop_running=True, group_members="abandon")
    assert ended.actions == {"i-1": "deleted"}
    assert codes(ended.only, "warnings") == ["leaves_group", "group_minimum"]
    assert "cannot be undone" in ended.only["warnings"][0]["message"]
    assert not cloud.writes


def test_a_member_leaves_its_group_before_it_is_stopped(cloud: MemoryCloud, run: Runner) -> None:
    group(cloud, "running", "running")
    ended = run.vm("absent", "i-1", stop_running=True, group_members="abandon")
    assert ended.actions == {"i-1": "deleted"}
    assert [operation for operation, _id in cloud.writes] == ["ag.abandonInstances", "vm.stopInstance", "vm.deleteInstance"]
    check(ended.result, "jdcloud_vm")


def test_nothing_is_stopped_before_a_read_shows_it_out(cloud: MemoryCloud, run: Runner) -> None:
    group(cloud, "running", "running")
    member = dict(cloud.machines["i-1"]["ag"])
    reads = 0

    def late(call: Call[Any], *more: Any) -> Any:
        nonlocal reads
        if call.operation == "vm.stopInstance":
            assert "ag" not in cloud.machines["i-1"]
        answer = cloud._send(call, *more)
        if call.operation == "ag.abandonInstances":
            cloud.machines["i-1"]["ag"] = member
        elif call.operation == "vm.describeInstances":
            reads += 1
            if reads == 4:
                cloud.machines["i-1"].pop("ag", None)
        return answer

    cloud.send = late
    assert run.vm("stopped", "i-1", group_members="abandon").actions == {"i-1": "stopped"}
    assert calls(cloud, "ag").count("ag.abandonInstances") == 1


def test_a_member_that_stays_in_its_group_is_not_stopped(cloud: MemoryCloud, run: Runner) -> None:
    group(cloud, "running", "running")
    member = dict(cloud.machines["i-1"]["ag"])

    def never(call: Call[Any], *more: Any) -> Any:
        answer = cloud._send(call, *more)
        if call.operation == "ag.abandonInstances":
            cloud.machines["i-1"]["ag"] = member
        return answer

    cloud.send = never
    ended = run.vm("stopped", "i-1", group_members="abandon", wait_timeout=20)
    assert ended.only["error"]["code"] == "timeout"
    assert ended.only["changed"]
    assert ("vm.stopInstance", "i-1") not in cloud.writes


@pytest.mark.parametrize("took_effect", [True, False])
def test_a_call_whose_answer_is_lost_is_not_repeated_before_a_read(cloud: MemoryCloud, run: Runner, took_effect: bool) -> None:
    group(cloud, "running", "running")
    lost = [True]

    def lose(call: Call[Any], *more: Any) -> Any:
        if call.operation == "ag.abandonInstances" and lost and lost.pop():
            if took_effect:
                cloud._send(call, *more)
            raise TransportError("reset.", operation=call.operation, kind="reset", sent=True)
        return cloud._send(call, *more)

    cloud.send = lose
    ended = run.vm("stopped", "i-1", group_members="abandon")
    assert ended.actions == {"i-1": "stopped"}
    assert calls(cloud, "ag").count("ag.abandonInstances") == 1


def test_a_refusal_ends_one_machine_and_hides_no_other(cloud: MemoryCloud, run: Runner) -> None:
    group(cloud, "running", "running", "running")
    refusal: JdcloudError = ApiError("ag.abandonInstances", 403, "HTTP_FORBIDDEN", "no", "req-403")
    cloud.refusals["ag.abandonInstances", "i-1"] = refusal
    ended = run.vm("stopped", "i-1", "i-2", group_members="abandon")
    assert ended.actions == {"i-1": "failed", "i-2": "stopped"}
    assert "could not be taken out of its availability group" in ended.result["instances"][0]["error"]["message"]
    assert not ended.result["instances"][0]["changed"]


@pytest.mark.parametrize(("last_call", "out"), [("ag.abandonInstances", True), ("lb.deRegisterTargets", False)])
def test_a_group_that_does_not_exist_any_more_concerns_only_who_is_in_it_still(
    cloud: MemoryCloud, run: Runner, last_call: str, out: bool
) -> None:
    """Connections take so long to end that what was read of groups is too old, and both are read again."""
    group(cloud, "running", managed=out)
    cloud.add("i-other", "running")
    cloud.groups.add("ag-other", "i-other", managed=False)
    cloud.balancers.add_group("tg-shop", "nlb", draining=120)
    for each in ("i-1", "i-third"):
        cloud.balancers.add_target("tg-shop", each)

    def send(call: Call[Any], *more: Any) -> Any:
        answer = cloud._send(call, *more)
        if call.operation == last_call:
            cloud.groups.groups.pop("ag-1")
        return answer

    cloud.send = send
    ended = run.vm("stopped", "i-1", "i-other", load_balancers="deregister", group_members="abandon")
    assert ended.actions == {"i-1": "stopped" if out else "failed", "i-other": "stopped"}
    assert out or ended.result["instances"][0]["error"]["code"] == "changed_meanwhile"


# --- lost ---------------------------------------------------------------------------------------------------------


def taken(cloud: MemoryCloud, *activities: Json) -> None:
    """The group deletes the machine as soon as it stops."""
    cloud.groups.activities["ag-1"] = [*activities]

    def send(call: Call[Any], *more: Any) -> Any:
        answer = cloud._send(call, *more)
        if call.operation == "vm.stopInstance":
            del cloud.machines["i-1"]
        return answer

    cloud.send = send


def test_a_machine_that_its_group_takes_is_lost_and_not_deleted_by_us(cloud: MemoryCloud, run: Runner) -> None:
    group(cloud, "running", "running")
    taken(cloud, HEALTH)
    ended = run.vm("absent", "i-1", stop_running=True, group_members="ignore")
    assert ended.failed
    assert ended.only["error"]["code"] == "lost_to_group"
    assert ended.only["action"] == "failed"
    assert ended.only["status"] == "absent"
    assert ended.result["summary"]["deleted"] == 0


def test_a_machine_that_another_user_deleted_is_not_lost_to_its_group(cloud: MemoryCloud, run: Runner) -> None:
    group(cloud, "running", "running")
    taken(cloud, {**HEALTH, "startTime": "2026-01-19T00:00:30Z"}, {**HEALTH, "cause": "手动修改最小实例数"})
    ended = run.vm("absent", "i-1", stop_running=True, group_members="ignore")
    assert not ended.failed
    assert ended.only["action"] == "none"


def test_an_activity_that_names_the_machine_is_enough(cloud: MemoryCloud, run: Runner) -> None:
    group(cloud, "running", "running")
    taken(cloud, {**HEALTH, "cause": "?", "detail": [{"title": "removed", "value": "i-1"}]})
    ended = run.vm("stopped", "i-1", group_members="ignore")
    assert ended.only["error"]["code"] == "lost_to_group"


@pytest.mark.parametrize(
    "activity",
    [
        {"cause": "健康检查失败", "detail": [{"title": "removed", "value": "i-2"}]},
        {"cause": "手动移出/删除实例", "detail": [{"title": "removed", "value": "i-1"}]},
    ],
    ids=["another machine", "by hand"],
)
def test_an_activity_about_something_else_proves_nothing(cloud: MemoryCloud, run: Runner, activity: Json) -> None:
    group(cloud, "running", "running")
    taken(cloud, {**HEALTH, **activity})
    ended = run.vm("absent", "i-1", stop_running=True, group_members="ignore")
    assert ended.only["action"] == "none"


def test_what_the_group_did_cannot_be_read_and_nobody_claims_anything(cloud: MemoryCloud, run: Runner) -> None:
    group(cloud, "running", "running")
    taken(cloud)
    cloud.refuse("ag.describeScalingActivities", 403, "HTTP_FORBIDDEN", "no")
    ended = run.vm("absent", "i-1", stop_running=True, group_members="ignore")
    assert ended.only["error"]["code"] == "vanished"
    assert ended.result["summary"]["deleted"] == 0
