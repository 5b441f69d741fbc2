# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Availability groups: what is read of them, who leaves them, and how their scaling is changed."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

WEB = ({"id": "i-a", "private_ip": "10.0.0.1"}, {"id": "i-b"}, {"id": "i-c"})


def seed(cloud: Any, *groups: dict[str, Any], settings: dict[str, Any] | None = None, **more: Any) -> None:
    """Three machines; by default all are in one group that does not scale."""
    made = groups or ({"id": "ag-web", "name": "web", "members": ["i-a", "i-b", "i-c"]},)
    cloud.seed(*WEB, groups=list(made), settings=settings or {}, **more)


def members(cloud: Any, group: str = "ag-web") -> list[str]:
    return [one["instanceId"] for one in cloud.call("ag", "GET", f"availabilityGroups/{group}").result["ag"]["instances"]]


def group_of(cloud: Any, machine: str) -> Any:
    return cloud.vm("GET", f"instances/{machine}").result["instance"].get("ag")


def listed(cloud: Any, name: str = "", value: str = "", **more: str) -> list[str]:
    query = {**({"filters.1.name": name, "filters.1.values.1": value} if name else {}), **more}
    return [one["id"] for one in cloud.call("ag", "GET", f"availabilityGroups?{urlencode(query)}").result["ags"]]


def abandon(cloud: Any, *machines: str) -> Any:
    return cloud.call("ag", "POST", "availabilityGroups/ag-web:abandonInstances", {"instanceIds": list(machines)})


def spec(cloud: Any) -> dict[str, Any]:
    return dict(cloud.call("ag", "GET", "availabilityGroups/ag-web").result["ag"]["autoscalingSpec"])


# --- reads --------------------------------------------------------------------------------------------------------


def test_a_machine_names_its_group_and_is_found_by_it(cloud: Any) -> None:
    seed(cloud)
    assert group_of(cloud, "i-a") == {"id": "ag-web", "name": "web"}
    query = urlencode({"filters.1.name": "agId", "filters.1.values.1": "ag-web"})
    assert cloud.vm("GET", f"instances?{query}").result["totalCount"] == 3


def test_machines_whose_seed_names_a_group_are_its_members(cloud: Any) -> None:
    cloud.seed({"id": "i-a", "ag": "ag-web"}, {"id": "i-b", "ag": "ag-other"}, groups=[{"id": "ag-web", "managed": True}])
    [member] = cloud.call("ag", "GET", "availabilityGroups/ag-web").result["ag"]["instances"]
    assert (member["instanceId"], member["isManaged"]) == ("i-a", True)
    cloud.control.add({"regions": {"cn-north-1": {"instances": [{"id": "i-late", "ag": "ag-web"}]}}})
    assert members(cloud) == ["i-a", "i-late"]


def test_a_group_shows_its_members_and_its_limits(cloud: Any) -> None:
    seed(cloud, {"id": "ag-web", "members": ["i-a", {"instance": "i-b", "managed": True}], "min": 1, "max": 5, "desired": 2})
    group = cloud.call("ag", "GET", "availabilityGroups/ag-web").result["ag"]
    assert (group["count"], group["autoScaling"], group["agType"]) == (2, False, "vm")
    assert [(one["instanceId"], one["status"], one["isManaged"]) for one in group["instances"]] == [
        ("i-a", "running", False),
        ("i-b", "running", True),
    ]
    assert group["instances"][0]["networkInterfaceSpec"]["privateIpAddress"] == "10.0.0.1"
    assert group["autoscalingSpec"]["healthCheck"] is True
    assert {"minSize": 1, "maxSize": 5, "desiredCapacity": 2}.items() <= group["autoscalingSpec"].items()


def test_a_group_that_never_scaled_shows_no_limits(cloud: Any) -> None:
    seed(cloud)
    assert "autoscalingSpec" not in cloud.call("ag", "GET", "availabilityGroups/ag-web").result["ag"]


@pytest.mark.parametrize(("value", "shown"), [("missing", ["absent"]), ("null", [None]), ("shown", [False])])
def test_whether_a_member_is_managed_may_be_left_out(cloud: Any, value: str, shown: list[Any]) -> None:
    seed(cloud, {"id": "ag-web", "members": ["i-a"]}, settings={"group_managed": value})
    group = cloud.call("ag", "GET", "availabilityGroups/ag-web").result["ag"]
    assert [one.get("isManaged", "absent") for one in group["instances"]] == shown


def test_nothing_tells_whether_a_member_is_protected(cloud: Any) -> None:
    seed(cloud)
    before = cloud.call("ag", "GET", "availabilityGroups/ag-web").result
    body = {"isProtected": True, "instanceIds": ["i-a"]}
    assert cloud.call("ag", "POST", "autoScaling/ag-web:modifyInstancesProtected", body).http == 200
    assert cloud.call("ag", "GET", "availabilityGroups/ag-web").result == before


def test_the_list_may_show_less_than_the_group(cloud: Any) -> None:
    seed(cloud, {"id": "ag-web", "members": ["i-a"], "auto_scaling": True})
    assert {"instances", "autoscalingSpec"} <= set(cloud.call("ag", "GET", "availabilityGroups").result["ags"][0])
    cloud.control.configure(group_lists_members=False)
    assert not {"instances", "autoscalingSpec"} & set(cloud.call("ag", "GET", "availabilityGroups").result["ags"][0])
    assert members(cloud) == ["i-a"]


def test_groups_are_filtered(cloud: Any) -> None:
    seed(cloud, {"id": "ag-1", "name": "web-blue"}, {"id": "ag-2", "name": "web-green", "placement": "host", "vpc": "vpc-2"})
    assert listed(cloud) == ["ag-1", "ag-2"]
    assert listed(cloud, "agName", "web") == ["ag-1", "ag-2"]
    assert listed(cloud, "agId", "ag-1") == ["ag-1"]
    assert listed(cloud, "placementType", "host") == ["ag-2"]
    assert listed(cloud, "vpcId", "vpc-2") == ["ag-2"]


@pytest.mark.parametrize(
    "query",
    [
        {"filters.1.name": "instanceId", "filters.1.values.1": "i-a"},
        {"filters.1.name": "agName", "filters.1.values.1": "web", "filters.1.operator": "like"},
        {"filters.1.name": "placementType", "filters.1.values.1": "moon"},
        {"pageSize": "5"},
    ],
)
def test_wrong_questions_are_refused(cloud: Any, query: dict[str, str]) -> None:
    seed(cloud)
    assert cloud.call("ag", "GET", f"availabilityGroups?{urlencode(query)}").http == 400


def test_groups_come_in_pages(cloud: Any) -> None:
    seed(cloud, {"count": 12, "id": "ag-{n:02}"})
    assert listed(cloud, pageNumber="2", pageSize="10") == ["ag-11", "ag-12"]
    assert listed(cloud, pageNumber="3", pageSize="10") == []


def test_an_unknown_group_is_not_found(cloud: Any) -> None:
    assert "404 NOT_FOUND" in cloud.call("ag", "GET", "availabilityGroups/ag-none").error


def test_a_key_without_the_right_may_not_ask(cloud: Any) -> None:
    seed(cloud, accounts=[{"access_key": "AK", "secret_key": "SK", "denied": ["ag:*"]}])
    cloud.keys = ("AK", "SK")
    assert "403 HTTP_FORBIDDEN" in cloud.call("ag", "GET", "availabilityGroups").error
    assert cloud.vm("GET", "instances").http == 200


@pytest.mark.parametrize(("method", "path"), [("POST", "availabilityGroups"), ("GET", "asRules"), ("POST", "asRules/r:execute")])
def test_documented_operations_that_are_missing_say_so(cloud: Any, method: str, path: str) -> None:
    assert "501 NOT_IMPLEMENTED" in cloud.call("ag", method, path).error


# --- leaving ------------------------------------------------------------------------------------------------------


def test_an_abandoned_machine_stays_and_has_no_group(cloud: Any) -> None:
    seed(cloud)
    assert abandon(cloud, "i-a").http == 200
    assert members(cloud) == ["i-b", "i-c"]
    assert (cloud.status("i-a"), group_of(cloud, "i-a")) == ("running", None)


def test_a_machine_may_be_a_member_for_some_time_after_it_was_abandoned(cloud: Any) -> None:
    seed(cloud, settings={"abandon_seconds": 10})
    assert abandon(cloud, "i-a").http == 200
    assert abandon(cloud, "i-a").http == 200
    cloud.control.advance(9)
    assert group_of(cloud, "i-a") == {"id": "ag-web", "name": "web"}
    cloud.control.advance(2)
    assert (group_of(cloud, "i-a"), members(cloud)) == (None, ["i-b", "i-c"])
    assert "404 NOT_FOUND" in abandon(cloud, "i-a").error


@pytest.mark.parametrize(
    ("policy", "http", "left"),
    [("refused", 404, ["i-a", "i-b", "i-c"]), ("partial", 404, ["i-b", "i-c"]), ("ignored", 200, ["i-b", "i-c"])],
)
def test_a_stranger_among_the_abandoned_is_refused_or_not(cloud: Any, policy: str, http: int, left: list[str]) -> None:
    seed(cloud, settings={"abandon_strangers": policy})
    assert abandon(cloud, "i-none", "i-a").http == http
    assert members(cloud) == left


@pytest.mark.parametrize("body", [{}, {"instanceIds": []}, {"instanceIds": None}, {"instanceIds": "i-a"}])
def test_nobody_is_abandoned_without_ids(cloud: Any, body: dict[str, Any]) -> None:
    seed(cloud)
    assert "400 INVALID_ARGUMENT" in cloud.call("ag", "POST", "availabilityGroups/ag-web:abandonInstances", body).error


def test_the_service_may_take_a_member_out_by_itself(cloud: Any) -> None:
    seed(cloud)
    cloud.control.act("leave_group", "i-a")
    assert (group_of(cloud, "i-a"), members(cloud)) == (None, ["i-b", "i-c"])


def test_a_deleted_machine_is_no_member(cloud: Any) -> None:
    seed(cloud)
    cloud.control.act("delete", "i-a", instantly=True)
    assert members(cloud) == ["i-b", "i-c"]


def test_a_group_is_deleted_without_members_only(cloud: Any) -> None:
    seed(cloud)
    assert "400 FAILED_PRECONDITION" in cloud.call("ag", "DELETE", "availabilityGroups/ag-web").error
    abandon(cloud, "i-a", "i-b", "i-c")
    assert cloud.call("ag", "DELETE", "availabilityGroups/ag-web").http == 200
    assert listed(cloud) == []


# --- scaling ------------------------------------------------------------------------------------------------------


def enable(cloud: Any, **body: Any) -> Any:
    return cloud.call("ag", "POST", "autoScaling/ag-web", body)


def test_scaling_is_switched_on_and_off(cloud: Any) -> None:
    seed(cloud)
    assert enable(cloud, autoscalingSpec={"minSize": 1, "maxSize": 4}, isManaged=True).http == 200
    group = cloud.call("ag", "GET", "availabilityGroups/ag-web").result["ag"]
    assert group["autoScaling"] is True
    assert {one["isManaged"] for one in group["instances"]} == {True}
    assert cloud.call("ag", "PUT", "autoScaling/ag-web:disable").http == 200
    assert cloud.call("ag", "GET", "availabilityGroups/ag-web").result["ag"]["autoScaling"] is False
    assert "400 FAILED_PRECONDITION" in cloud.call("ag", "PUT", "autoScaling/ag-web:disable").error


def test_existing_members_are_not_managed_unless_the_call_says_so(cloud: Any) -> None:
    seed(cloud, {"id": "ag-web", "members": [{"instance": "i-a", "managed": True}], "min": 0, "max": 5})
    enable(cloud)
    assert not cloud.call("ag", "GET", "availabilityGroups/ag-web").result["ag"]["instances"][0]["isManaged"]


def test_limits_are_ignored_if_the_group_scaled_before(cloud: Any) -> None:
    seed(cloud, {"id": "ag-web", "members": ["i-a"], "min": 1, "max": 5})
    enable(cloud, autoscalingSpec={"minSize": 2, "maxSize": 4})
    assert (spec(cloud)["minSize"], spec(cloud)["maxSize"]) == (1, 5)


def test_limits_are_changed(cloud: Any) -> None:
    seed(cloud, {"id": "ag-web", "auto_scaling": True, "min": 2, "max": 5, "desired": 3})
    change = {"autoscalingSpec": {"minSize": 1, "maxSize": 5, "desiredCapacity": 2}}
    assert cloud.call("ag", "POST", "autoScaling/ag-web:updateAutoScaling", change).http == 200
    assert (spec(cloud)["minSize"], spec(cloud)["desiredCapacity"]) == (1, 2)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"minSize": 1},
        {"minSize": -1, "maxSize": 2},
        {"minSize": 3, "maxSize": 2},
        {"minSize": 0, "maxSize": 301},
        {"minSize": "1", "maxSize": 2},
        {"minSize": 1, "maxSize": 3, "desiredCapacity": 4},
        {"minSize": 1, "maxSize": 3, "coolDownSeconds": 86401},
        {"minSize": 1, "maxSize": 3, "removalPolicy": "Youngest"},
    ],
)
def test_limits_that_make_no_sense_are_refused(cloud: Any, given: dict[str, Any]) -> None:
    seed(cloud)
    assert enable(cloud, autoscalingSpec=given).http == 400
    assert cloud.call("ag", "GET", "availabilityGroups/ag-web").result["ag"]["autoScaling"] is False


def test_members_are_given_to_the_group(cloud: Any) -> None:
    seed(cloud)
    body = {"isManaged": True, "instanceIds": ["i-b"]}
    assert cloud.call("ag", "POST", "autoScaling/ag-web:modifyInstancesManaged", body).http == 200
    shown = cloud.call("ag", "GET", "availabilityGroups/ag-web").result["ag"]["instances"]
    assert [one["isManaged"] for one in shown] == [False, True, False]
    body = {"isManaged": False, "instanceIds": ["i-b", "i-none"]}
    assert "404 NOT_FOUND" in cloud.call("ag", "POST", "autoScaling/ag-web:modifyInstancesManaged", body).error


def test_someone_else_may_give_a_member_to_the_group(cloud: Any) -> None:
    seed(cloud, {"id": "ag-web", "members": ["i-a"]})
    cloud.control.act("set_managed", "i-a", value=True)
    assert cloud.call("ag", "GET", "availabilityGroups/ag-web").result["ag"]["instances"][0]["isManaged"] is True
