# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What availability groups do by themselves, and the activities by which they tell it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

BY_HAND, UNHEALTHY = "手动移出/删除实例", "健康检查失败"


def seed(cloud: Any, settings: dict[str, Any], *machines: dict[str, Any], **group: Any) -> None:
    """A group that scales, with these machines (two, by default), all managed unless said otherwise."""
    made = machines or ({"id": "i-a"}, {"id": "i-b"})
    wanted = {"id": "ag-web", "name": "web", "auto_scaling": True, "managed": True, **group}
    wanted.setdefault("members", [one["id"] for one in made])
    cloud.seed(*made, groups=[wanted], settings=settings)


def activities(cloud: Any, **query: str) -> list[dict[str, Any]]:
    path = f"autoScaling/ag-web:describeScalingActivities?{urlencode(query)}"
    return list(cloud.call("ag", "GET", path).result["scalingActivities"])


def told(cloud: Any) -> list[tuple[str, str, str]]:
    """Cause, status and machines of each activity, newest first."""
    return [(one["cause"], one["status"], ",".join(row["value"] for row in one["detail"])) for one in activities(cloud)]


def members(cloud: Any) -> list[str]:
    return [one["instanceId"] for one in cloud.call("ag", "GET", "availabilityGroups/ag-web").result["ag"]["instances"]]


def stop(cloud: Any, machine: str) -> None:
    assert cloud.vm("POST", f"instances/{machine}:stopInstance", {}).http == 200
    cloud.control.advance(5)
    assert cloud.status(machine) == "stopped"


# --- failed health checks -----------------------------------------------------------------------------------------

CHECKED = {"group_health_check_seconds": 60}


def test_a_stopped_managed_member_is_deleted_with_its_disks(cloud: Any) -> None:
    seed(cloud, CHECKED, {"id": "i-a", "disks": [{"id": "vol-goes", "auto_delete": True}, {"id": "vol-stays"}]}, {"id": "i-b"})
    stop(cloud, "i-a")
    cloud.control.advance(59)
    assert cloud.status("i-a") == "stopped"
    cloud.control.advance(2)
    assert cloud.status("i-a") == "deleting"
    assert told(cloud) == [(UNHEALTHY, "RUNNING", "i-a")]
    cloud.control.advance(5)
    assert (cloud.status("i-a"), members(cloud)) == ("gone", ["i-b"])
    assert told(cloud) == [(UNHEALTHY, "SUCCESS", "i-a")]
    assert cloud.control.resource("vol-goes") is None
    assert cloud.control.resource("vol-stays")["status"] == "available"


@pytest.mark.parametrize(
    "group",
    [
        {"auto_scaling": False},
        {"health_check": False},
        {"managed": False},
        {"members": ["i-b"]},
    ],
)
def test_a_stopped_machine_is_spared(cloud: Any, group: dict[str, Any]) -> None:
    seed(cloud, CHECKED, {"id": "i-a", "status": "stopped"}, {"id": "i-b"}, **group)
    cloud.control.advance(1000)
    assert cloud.status("i-a") == "stopped"


def test_a_prepaid_member_is_spared(cloud: Any) -> None:
    seed(cloud, CHECKED, {"id": "i-a", "status": "stopped", "charge": "prepaid"})
    cloud.control.advance(1000)
    assert cloud.status("i-a") == "stopped"


def test_a_group_does_nothing_unless_it_is_told_how_soon(cloud: Any) -> None:
    seed(cloud, {}, {"id": "i-a", "status": "stopped"}, min=5, max=9)
    cloud.control.advance(100_000)
    assert (cloud.status("i-a"), members(cloud)) == ("stopped", ["i-a"])


def test_a_machine_that_runs_again_is_spared(cloud: Any) -> None:
    seed(cloud, CHECKED)
    stop(cloud, "i-a")
    cloud.control.advance(30)
    cloud.control.act("start", "i-a", instantly=True)
    cloud.control.advance(1000)
    assert cloud.status("i-a") == "running"


def test_a_machine_that_left_its_group_is_spared(cloud: Any) -> None:
    seed(cloud, CHECKED)
    stop(cloud, "i-a")
    cloud.call("ag", "POST", "availabilityGroups/ag-web:abandonInstances", {"instanceIds": ["i-a"]})
    cloud.control.advance(1000)
    assert cloud.status("i-a") == "stopped"


def test_a_machine_that_has_not_left_yet_is_deleted(cloud: Any) -> None:
    seed(cloud, {**CHECKED, "abandon_seconds": 100})
    stop(cloud, "i-a")
    cloud.call("ag", "POST", "availabilityGroups/ag-web:abandonInstances", {"instanceIds": ["i-a"]})
    cloud.control.advance(90)
    assert cloud.status("i-a") == "gone"


def test_a_machine_does_not_leave_while_its_group_deletes_it(cloud: Any) -> None:
    seed(cloud, {**CHECKED, "abandon_seconds": 10})
    stop(cloud, "i-a")
    cloud.control.advance(52)
    cloud.call("ag", "POST", "availabilityGroups/ag-web:abandonInstances", {"instanceIds": ["i-a"]})
    cloud.control.configure(delete_seconds=30)
    cloud.control.advance(15)
    assert (cloud.status("i-a"), members(cloud)) == ("deleting", ["i-a", "i-b"])
    cloud.control.advance(30)
    assert told(cloud) == [(UNHEALTHY, "SUCCESS", "i-a")]


def test_protection_does_not_help_against_a_failed_check(cloud: Any) -> None:
    seed(cloud, CHECKED, {"id": "i-a", "status": "stopped"}, members=[{"instance": "i-a", "protected": True}])
    cloud.control.advance(70)
    assert cloud.status("i-a") == "gone"


@pytest.mark.parametrize("change", ["enable", "manage", "configure"])
def test_a_group_begins_to_look_when_something_changes(cloud: Any, change: str) -> None:
    starts: dict[str, dict[str, Any]] = {"enable": {"auto_scaling": False, "min": 0}, "manage": {"managed": False}}
    seed(cloud, {} if change == "configure" else CHECKED, {"id": "i-a", "status": "stopped"}, **starts.get(change, {}))
    cloud.control.advance(100)
    if change == "enable":
        cloud.call("ag", "POST", "autoScaling/ag-web", {"isManaged": True})
    elif change == "manage":
        body = {"isManaged": True, "instanceIds": ["i-a"]}
        cloud.call("ag", "POST", "autoScaling/ag-web:modifyInstancesManaged", body)
    else:
        cloud.control.configure(**CHECKED)
    assert cloud.status("i-a") == "stopped"
    cloud.control.advance(70)
    assert cloud.status("i-a") == "gone"


def test_scaling_that_is_switched_off_in_time_spares_a_stopped_machine(cloud: Any) -> None:
    seed(cloud, CHECKED)
    stop(cloud, "i-a")
    assert cloud.call("ag", "PUT", "autoScaling/ag-web:disable").http == 200
    cloud.control.advance(1000)
    assert cloud.status("i-a") == "stopped"


# --- too few, too many --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limits", [{"min": 2, "max": 5}, {"min": 0, "max": 5, "desired": 2}])
def test_a_deleted_member_is_replaced_below_the_minimum_or_desired_number(cloud: Any, limits: dict[str, int]) -> None:
    seed(cloud, {"group_refill_seconds": 60}, **limits)
    cloud.control.act("delete", "i-a", instantly=True)
    cloud.control.advance(59)
    assert members(cloud) == ["i-b"]
    cloud.control.advance(2)
    kept, made = members(cloud)
    assert kept == "i-b"
    assert told(cloud) == [(BY_HAND, "RUNNING", made), (BY_HAND, "SUCCESS", "i-a")]
    cloud.control.advance(5)
    machine = cloud.vm("GET", f"instances/{made}").result["instance"]
    assert (machine["status"], machine["charge"]["chargeMode"]) == ("running", "postpaid_by_duration")
    assert machine["ag"] == {"id": "ag-web", "name": "web"}
    assert told(cloud)[0] == (BY_HAND, "SUCCESS", made)


def test_an_abandoned_member_is_replaced_too(cloud: Any) -> None:
    seed(cloud, {"group_refill_seconds": 60}, min=2, max=5)
    cloud.call("ag", "POST", "availabilityGroups/ag-web:abandonInstances", {"instanceIds": ["i-a"]})
    cloud.control.advance(70)
    assert len(members(cloud)) == 2


def test_a_member_above_the_minimum_is_not_replaced(cloud: Any) -> None:
    seed(cloud, {"group_refill_seconds": 60}, min=1, max=5)
    cloud.control.act("delete", "i-a", instantly=True)
    cloud.control.advance(1000)
    assert members(cloud) == ["i-b"]


def test_limits_that_were_lowered_in_time_prevent_a_replacement(cloud: Any) -> None:
    seed(cloud, {"group_refill_seconds": 60}, min=2, max=5)
    change = {"autoscalingSpec": {"minSize": 1, "maxSize": 5}}
    assert cloud.call("ag", "POST", "autoScaling/ag-web:updateAutoScaling", change).http == 200
    cloud.control.act("delete", "i-a", instantly=True)
    cloud.control.advance(1000)
    assert members(cloud) == ["i-b"]


def test_a_group_with_too_many_machines_deletes_the_oldest_that_it_may(cloud: Any) -> None:
    machines = [{"id": f"i-{age}", "launched": f"-{age}d"} for age in (1, 5, 3, 9, 8)]
    entries: list[Any] = ["i-1", "i-5", "i-3", {"instance": "i-9", "managed": False}, {"instance": "i-8", "protected": True}]
    seed(cloud, {"group_shrink_seconds": 60}, *machines, members=entries, min=0, max=9, desired=3)
    cloud.control.advance(70)
    assert sorted(members(cloud)) == ["i-1", "i-8", "i-9"]


def test_a_group_may_delete_the_newest_first(cloud: Any) -> None:
    machines = [{"id": "i-old", "launched": "-9d"}, {"id": "i-new", "launched": "-1d"}]
    seed(cloud, {"group_shrink_seconds": 60}, *machines, max=1, removal="NewestResource")
    cloud.control.advance(70)
    assert members(cloud) == ["i-old"]


# --- activities ---------------------------------------------------------------------------------------------------


def test_a_member_that_is_deleted_by_hand_is_an_activity(cloud: Any) -> None:
    seed(cloud, {})
    stop(cloud, "i-a")
    assert cloud.vm("DELETE", "instances/i-a").http == 200
    assert told(cloud) == []
    cloud.control.advance(5)
    assert told(cloud) == [(BY_HAND, "SUCCESS", "i-a")]
    assert activities(cloud)[0]["targetTotal"] == 1


def test_a_group_that_does_not_scale_has_no_activities(cloud: Any) -> None:
    seed(cloud, {}, auto_scaling=False)
    cloud.control.act("delete", "i-a", instantly=True)
    assert activities(cloud) == []


def test_activities_are_filtered_and_sorted(cloud: Any) -> None:
    seed(cloud, {})
    cloud.control.act("delete", "i-a", instantly=True)
    cloud.control.advance(600, wall=True)
    cloud.control.act("delete", "i-b", instantly=True)
    last, first = activities(cloud)
    ascending = activities(cloud, **{"sorts.1.name": "startTime", "sorts.1.direction": "asc"})
    assert [one["activityId"] for one in ascending] == [first["activityId"], last["activityId"]]
    since = {"filters.1.name": "beginTime", "filters.1.values.1": last["startTime"]}
    assert activities(cloud, **since) == [last]
    until = {"filters.1.name": "endTime", "filters.1.values.1": first["startTime"]}
    assert activities(cloud, **until) == [first]


def test_of_a_filter_of_activities_the_first_value_counts(cloud: Any) -> None:
    seed(cloud, {})
    cloud.control.act("delete", "i-a", instantly=True)
    wanted = {"filters.1.name": "status", "filters.1.values.1": "FAILED", "filters.1.values.2": "SUCCESS"}
    assert activities(cloud, **wanted) == []


@pytest.mark.parametrize(
    "query",
    [
        {"filters.1.name": "status", "filters.1.values.1": "DONE"},
        {"filters.1.name": "beginTime", "filters.1.values.1": "yesterday"},
        {"sorts.1.name": "endTime"},
        {"sorts.1.name": "startTime", "sorts.1.direction": "up"},
    ],
)
def test_wrong_questions_about_activities_are_refused(cloud: Any, query: dict[str, str]) -> None:
    seed(cloud, {})
    assert cloud.call("ag", "GET", f"autoScaling/ag-web:describeScalingActivities?{urlencode(query)}").http == 400


def test_scaling_is_not_switched_off_while_the_group_is_busy_or_rests(cloud: Any) -> None:
    seed(cloud, {**CHECKED}, cool_down=300)
    stop(cloud, "i-a")
    cloud.control.advance(61)
    assert "400 FAILED_PRECONDITION" in cloud.call("ag", "PUT", "autoScaling/ag-web:disable").error
    cloud.control.advance(100)
    assert cloud.call("ag", "PUT", "autoScaling/ag-web:disable").http == 400
    cloud.control.advance(300)
    assert cloud.call("ag", "PUT", "autoScaling/ag-web:disable").http == 200


def test_the_rest_of_a_group_may_be_ignored(cloud: Any) -> None:
    seed(cloud, {**CHECKED, "group_rests": False})
    stop(cloud, "i-a")
    cloud.control.advance(70)
    assert cloud.call("ag", "PUT", "autoScaling/ag-web:disable").http == 200
