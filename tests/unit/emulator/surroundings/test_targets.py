# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Targets that are removed, changed and put back."""

from __future__ import annotations

from typing import Any

import pytest

KINDS = ["alb", "nlb", "dnlb"]


def seed(cloud: Any, kind: str = "alb", settings: dict[str, Any] | None = None) -> None:
    """Machines i-a and i-b in one target group of a load balancer of this kind, i-c in none."""
    targets = [{"id": "target-a", "instance": "i-a", "port": 80}, {"id": "target-b", "instance": "i-b", "port": 80}]
    groups = [{"id": "tg-web", "targets": targets}, {"id": "tg-ip", "type": "ip"}]
    balancer = {"id": "lb-1", "type": kind, "target_groups": groups, "backends": [{"id": "backend-1", "group": "ag-web"}]}
    machines = [{"id": "i-a"}, {"id": "i-b"}, {"id": "i-c", "private_ip": "10.0.0.3", "ag": "ag-web"}]
    cloud.seed(*machines, groups=[{"id": "ag-web"}], load_balancers=[balancer], settings=settings or {})


def targets(cloud: Any, group: str = "tg-web") -> dict[str, tuple[str, int, int]]:
    """Machine or address, port and weight of each target."""
    rows = cloud.call("lb", "GET", f"targetGroups/{group}:describeTargets?pageSize=100").result["targets"]
    return {row["targetId"]: (row["instanceId"] or row["ipAddress"], row["port"], row["weight"]) for row in rows}


def change(cloud: Any, action: str, body: dict[str, Any], group: str = "tg-web") -> Any:
    return cloud.call("lb", "POST", f"targetGroups/{group}:{action}", body)


def remove(cloud: Any, *ids: str, group: str = "tg-web") -> Any:
    return change(cloud, "deregisterTargets", {"targetIds": list(ids)}, group)


def register(cloud: Any, *specs: dict[str, Any], group: str = "tg-web") -> Any:
    return change(cloud, "registerTargets", {"targetSpecs": list(specs)}, group)


def update(cloud: Any, *specs: dict[str, Any]) -> Any:
    return change(cloud, "updateTargets", {"targetUpdateSpecs": list(specs)})


# --- removing -----------------------------------------------------------------------------------------------------


def test_targets_are_removed_by_their_own_ids(cloud: Any) -> None:
    seed(cloud)
    assert remove(cloud, "i-a").error == "404 NOT_FOUND: Target 'i-a' not found"
    assert remove(cloud, "target-a").http == 200
    assert list(targets(cloud)) == ["target-b"]
    [entry] = [entry for entry in cloud.log("lb.deRegisterTargets") if entry["http"] == 200]
    assert {"tg-web", "target-a", "i-a"} <= set(entry["resources"])


def test_one_target_that_is_gone_keeps_all_of_a_call(cloud: Any) -> None:
    seed(cloud)
    cloud.control.act("delete", "target-a")
    assert remove(cloud, "target-b", "target-a").error == "404 NOT_FOUND: Target 'target-a' not found"
    assert list(targets(cloud)) == ["target-b"]


def test_removing_again_is_not_found(cloud: Any) -> None:
    seed(cloud)
    remove(cloud, "target-a")
    assert remove(cloud, "target-a").http == 404


def test_a_removal_from_an_unknown_group_is_not_found(cloud: Any) -> None:
    seed(cloud)
    assert remove(cloud, "target-a", group="tg-none").error == "404 NOT_FOUND: TargetGroup 'tg-none' not found"


@pytest.mark.parametrize("body", [{}, {"targetIds": []}, {"targetIds": "target-a"}])
def test_nothing_is_removed_without_ids(cloud: Any, body: dict[str, Any]) -> None:
    seed(cloud)
    assert "400 INVALID_ARGUMENT" in change(cloud, "deregisterTargets", body).error


def test_the_path_of_a_removal_has_a_small_r(cloud: Any) -> None:
    seed(cloud)
    assert change(cloud, "deRegisterTargets", {"targetIds": ["target-a"]}).http == 404
    assert len(targets(cloud)) == 2


def test_a_removal_can_fail_after_its_effect(cloud: Any) -> None:
    seed(cloud)
    cloud.control.inject("error", operation="lb.deRegisterTargets", resource="target-a", effect="before")
    assert remove(cloud, "target-a").http == 500
    assert list(targets(cloud)) == ["target-b"]


# --- weights ------------------------------------------------------------------------------------------------------


def test_weights_and_ports_are_changed(cloud: Any) -> None:
    seed(cloud)
    assert update(cloud, {"targetId": "target-a", "weight": 0, "port": None}, {"targetId": "target-b", "port": 81}).http == 200
    assert targets(cloud) == {"target-a": ("i-a", 80, 0), "target-b": ("i-b", 81, 10)}


@pytest.mark.parametrize(("kind", "http"), [("alb", 200), ("nlb", 400), ("dnlb", 400)])
def test_weight_0_works_on_alb_only(cloud: Any, kind: str, http: int) -> None:
    seed(cloud, kind)
    assert update(cloud, {"targetId": "target-a", "weight": 0}).http == http
    assert targets(cloud)["target-a"] == ("i-a", 80, 0 if kind == "alb" else 10)


def test_weight_0_may_be_ignored_elsewhere(cloud: Any) -> None:
    seed(cloud, "nlb", {"balancer_weight_zero": "ignored"})
    assert update(cloud, {"targetId": "target-a", "weight": 0}).http == 200
    assert targets(cloud)["target-a"] == ("i-a", 80, 10)


@pytest.mark.parametrize(
    ("spec", "http"),
    [
        ({"targetId": "target-none", "weight": 1}, 404),
        ({"weight": 1}, 404),
        ({"targetId": "target-b", "weight": 101}, 400),
        ({"targetId": "target-b", "port": 65536}, 400),
        ({"targetId": "target-b", "weight": "1"}, 400),
    ],
)
def test_a_change_is_made_whole_or_not_at_all(cloud: Any, spec: dict[str, Any], http: int) -> None:
    seed(cloud)
    assert update(cloud, {"targetId": "target-a", "weight": 1}, spec).http == http
    assert targets(cloud)["target-a"] == ("i-a", 80, 10)


@pytest.mark.parametrize("body", [{}, {"targetUpdateSpecs": []}, {"targetUpdateSpecs": ["target-a"]}])
def test_a_change_without_targets_is_refused(cloud: Any, body: dict[str, Any]) -> None:
    seed(cloud)
    assert "400 INVALID_ARGUMENT" in change(cloud, "updateTargets", body).error


def test_someone_else_may_change_a_weight(cloud: Any) -> None:
    seed(cloud)
    cloud.control.act("set_weight", "target-a", value=3)
    assert targets(cloud)["target-a"] == ("i-a", 80, 3)


def test_the_weight_of_a_group_member_is_changed_at_its_backend(cloud: Any) -> None:
    seed(cloud)
    [target] = cloud.call("lb", "GET", "backends/backend-1/agTargets").result["targets"]
    body = {"targetUpdateSpecs": [{"targetId": target["targetId"], "weight": 0}]}
    assert cloud.call("lb", "PATCH", "backends/backend-1:updateAgTargets", body).http == 200
    [changed] = cloud.call("lb", "GET", "backends/backend-1/agTargets").result["targets"]
    assert changed == {**target, "weight": 0}
    body["targetUpdateSpecs"].append({"targetId": "target-a", "weight": 1})
    assert "404 NOT_FOUND" in cloud.call("lb", "PATCH", "backends/backend-1:updateAgTargets", body).error


def test_members_of_a_group_cannot_be_removed_as_targets(cloud: Any) -> None:
    seed(cloud)
    [target] = cloud.call("lb", "GET", "backends/backend-1/agTargets").result["targets"]
    assert remove(cloud, target["targetId"]).http == 404


# --- registering --------------------------------------------------------------------------------------------------


def test_a_target_comes_back_with_another_id(cloud: Any) -> None:
    seed(cloud)
    remove(cloud, "target-a")
    assert register(cloud, {"instanceId": "i-a", "type": "vm", "port": 80, "weight": 3}).http == 200
    [made] = set(targets(cloud)) - {"target-b"}
    assert made != "target-a"
    assert targets(cloud)[made] == ("i-a", 80, 3)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_target_twice_is_refused(cloud: Any, kind: str) -> None:
    seed(cloud, kind)
    twice = {"instanceId": "i-a", "port": 80}
    assert register(cloud, twice).error == "400 INVALID_ARGUMENT: Target is already register to same TargetGroup."
    assert register(cloud, {"instanceId": "i-c"}, {"instanceId": "i-c"}).http == 400
    assert len(targets(cloud)) == 2


@pytest.mark.parametrize(("kind", "http"), [("alb", 200), ("nlb", 200), ("dnlb", 400)])
def test_a_machine_stands_in_a_group_with_several_ports_but_on_dnlb(cloud: Any, kind: str, http: int) -> None:
    seed(cloud, kind)
    assert register(cloud, {"instanceId": "i-a", "port": 81}).http == http


def test_addresses_are_registered_in_groups_of_addresses(cloud: Any) -> None:
    seed(cloud)
    assert register(cloud, {"type": "ip", "ipAddress": "10.0.0.9"}, group="tg-ip").http == 200
    assert list(targets(cloud, "tg-ip").values()) == [("10.0.0.9", 0, 10)]
    assert register(cloud, {"type": "ip", "ipAddress": "10.0.0.9"}).http == 400
    assert register(cloud, {"instanceId": "i-c"}, group="tg-ip").http == 400


@pytest.mark.parametrize(
    ("spec", "error"),
    [
        ({"instanceId": "i-none"}, "404 NOT_FOUND: Target 'i-none' not found"),
        ({}, "404 NOT_FOUND: Target '' not found"),
        ({"instanceId": "i-c", "type": "moon"}, "400 INVALID_ARGUMENT"),
        ({"instanceId": "i-c", "port": -1}, "400 OUT_OF_RANGE: port out of range"),
    ],
)
def test_what_cannot_be_registered_is_refused(cloud: Any, spec: dict[str, Any], error: str) -> None:
    seed(cloud)
    assert register(cloud, spec).error.startswith(error)
    assert len(targets(cloud)) == 2


def test_a_machine_of_another_network_cannot_be_registered(cloud: Any) -> None:
    seed(cloud)
    cloud.control.add({"regions": {"cn-north-1": {"instances": [{"id": "i-far", "vpc": "vpc-far"}]}}})
    assert "400 FAILED_PRECONDITION" in register(cloud, {"instanceId": "i-far"}).error


def test_someone_else_may_register_a_machine(cloud: Any) -> None:
    seed(cloud)
    cloud.control.act("register", "tg-web", instance="i-c", port=8080)
    assert ("i-c", 8080, 10) in targets(cloud).values()
