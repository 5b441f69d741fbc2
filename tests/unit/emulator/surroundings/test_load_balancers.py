# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Load balancers: what is read of them, and the traps in their lists."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from jdcloud_emulator.control import ControlError

TIMED_OUT = ("unhealthy", "CONNECT_TIMEOUT")
ALB: dict[str, Any] = {
    "id": "alb-web",
    "target_groups": [
        {
            "id": "tg-web",
            "targets": [{"id": "target-a", "instance": "i-a"}, {"id": "target-b", "instance": "i-b", "port": 8080, "weight": 5}],
        },
        {"id": "tg-ip", "type": "ip", "targets": [{"id": "target-ip", "ip": "10.0.0.7"}]},
    ],
    "backends": [{"id": "backend-web", "target_group": "tg-web"}, {"id": "backend-group", "group": "ag-web", "weight": 7}],
}
NLB: dict[str, Any] = {
    "id": "netlb-tcp",
    "type": "nlb",
    "target_groups": [{"id": "tg-tcp", "targets": [{"id": "target-n", "instance": "i-a"}]}],
    "backends": [{"id": "backend-tcp", "target_group": "tg-tcp", "draining_seconds": 60}],
}
DNLB: dict[str, Any] = {"id": "dnlb-udp", "type": "dnlb", "target_groups": [{"id": "tg-udp"}]}


def seed(cloud: Any, *balancers: dict[str, Any], settings: dict[str, Any] | None = None, **more: Any) -> None:
    """Two machines, one of them in an availability group, behind a load balancer of each kind."""
    machines = ({"id": "i-a", "private_ip": "10.0.0.1"}, {"id": "i-b", "private_ip": "10.0.0.2"})
    groups = [{"id": "ag-web", "members": ["i-b"]}]
    cloud.seed(*machines, groups=groups, load_balancers=list(balancers or (ALB, NLB, DNLB)), settings=settings or {}, **more)


def asked(cloud: Any, path: str, *filters: tuple[str, str], **more: Any) -> Any:
    """A list with these filters."""
    query = {key: str(value) for key, value in more.items()}
    for number, (name, values) in enumerate(filters, 1):
        query[f"filters.{number}.name"] = name
        query |= {f"filters.{number}.values.{index}": value for index, value in enumerate(values.split(), 1)}
    return cloud.call("lb", "GET", f"{path}?{urlencode(query)}" if query else path)


def ids(cloud: Any, path: str, *filters: tuple[str, str], **more: Any) -> list[str]:
    """The ids of a list."""
    result = asked(cloud, path, *filters, **more).result
    [rows] = [value for value in result.values() if isinstance(value, list)]
    key = next(key for key in rows[0] if key.endswith("Id")) if rows else ""
    return [row[key] for row in rows]


def health(cloud: Any, backend: str) -> dict[str, tuple[str, str]]:
    rows = cloud.call("lb", "GET", f"backends/{backend}/health").result["targetHealths"]
    return {row["instanceId"] or row["ipAddress"]: (row["status"], row["unhealthReason"]["reason"]) for row in rows}


# --- lists --------------------------------------------------------------------------------------------------------

LISTS = [
    ("loadBalancers/", {"alb": ["alb-web"], "nlb": ["netlb-tcp"], "dnlb": ["dnlb-udp"]}),
    ("targetGroups/", {"alb": ["tg-web", "tg-ip"], "nlb": ["tg-tcp"], "dnlb": ["tg-udp"]}),
    ("backends/", {"alb": ["backend-web", "backend-group"], "nlb": ["backend-tcp"], "dnlb": []}),
]


@pytest.mark.parametrize(("path", "expected"), LISTS)
def test_a_list_holds_one_kind_alb_unless_another_is_asked_for(cloud: Any, path: str, expected: dict[str, list[str]]) -> None:
    seed(cloud)
    assert ids(cloud, path) == expected["alb"]
    assert {kind: ids(cloud, path, ("loadBalancerType", kind)) for kind in expected} == expected
    assert asked(cloud, path, ("loadBalancerType", "elb")).http == 400


@pytest.mark.parametrize("path", ["loadBalancers", "targetGroups", "backends", "listeners"])
def test_the_paths_of_lists_end_in_a_slash(cloud: Any, path: str) -> None:
    seed(cloud)
    assert cloud.call("lb", "GET", path).http == 404
    assert cloud.call("lb", "GET", path + "/").http == 200


def test_a_page_past_the_end_repeats_the_last_page(cloud: Any) -> None:
    seed(cloud, {"id": "alb-web", "target_groups": [{"count": 12, "id": "tg-{n:02}"}]})
    assert ids(cloud, "targetGroups/", pageSize=10, pageNumber=2) == ["tg-11", "tg-12"]
    assert ids(cloud, "targetGroups/", pageSize=10, pageNumber=5) == ["tg-11", "tg-12"]
    assert asked(cloud, "targetGroups/", pageSize=10, pageNumber=5).result["totalCount"] == 12


def test_targets_repeat_the_last_page_too(cloud: Any) -> None:
    targets = [{"count": 25, "id": "target-{n:02}", "ip": "10.1.0.{n}"}]
    group = {"id": "tg-ip", "type": "ip", "targets": targets}
    seed(cloud, {"id": "alb-web", "target_groups": [group], "backends": [{"id": "backend-ip", "target_group": "tg-ip"}]})
    path = "targetGroups/tg-ip:describeTargets"
    assert len(ids(cloud, path)) == 20
    assert ids(cloud, path, pageSize=20, pageNumber=9) == [f"target-{number}" for number in range(21, 26)]


def test_health_comes_whole_unless_a_page_is_asked_for(cloud: Any) -> None:
    targets = [{"count": 25, "id": "target-{n:02}", "ip": "10.1.0.{n}"}]
    group = {"id": "tg-ip", "type": "ip", "targets": targets}
    seed(cloud, {"id": "alb-web", "target_groups": [group], "backends": [{"id": "backend-ip", "target_group": "tg-ip"}]})
    assert len(asked(cloud, "backends/backend-ip/health").result["targetHealths"]) == 25
    page = asked(cloud, "backends/backend-ip/health", pageSize=10, pageNumber=7).result
    assert ([row["ipAddress"] for row in page["targetHealths"]][0], page["totalCount"]) == ("10.1.0.21", 25)


@pytest.mark.parametrize("size", [1, 9, 101])
def test_a_page_size_out_of_bounds_is_refused(cloud: Any, size: int) -> None:
    seed(cloud)
    assert asked(cloud, "targetGroups/", pageSize=size).error == "400 OUT_OF_RANGE: PageSize out of range"


def test_load_balancers_are_filtered(cloud: Any) -> None:
    seed(cloud, {"id": "alb-1", "name": "web", "vpc": "vpc-1", "private_ip": "10.9.0.1"}, {"id": "alb-2", "name": "web-2"})
    assert ids(cloud, "loadBalancers/", ("loadBalancerIds", "alb-2 alb-none")) == ["alb-2"]
    assert ids(cloud, "loadBalancers/", ("loadBalancerNames", "web")) == ["alb-1"]
    like = {"filters.1.name": "loadBalancerNames", "filters.1.operator": "like", "filters.1.values.1": "web"}
    assert ids(cloud, "loadBalancers/", **like) == ["alb-1", "alb-2"]
    assert ids(cloud, "loadBalancers/", ("vpcId", "vpc-1")) == ["alb-1"]
    assert ids(cloud, "loadBalancers/", ("privateIpAddresses", "10.9.0.1 10.9.0.2")) == ["alb-1"]
    assert ids(cloud, "loadBalancers/", ("azType", "edge")) == []
    assert asked(cloud, "loadBalancers/", ("targetGroupIds", "tg-web")).http == 400


def test_an_id_of_another_kind_is_not_in_the_list(cloud: Any) -> None:
    seed(cloud)
    assert ids(cloud, "loadBalancers/", ("loadBalancerIds", "netlb-tcp")) == []
    assert ids(cloud, "loadBalancers/", ("loadBalancerIds", "netlb-tcp"), ("loadBalancerType", "nlb")) == ["netlb-tcp"]


@pytest.mark.parametrize(("address", "found"), [("10.0.0.1", ["alb-web"]), ("10.0.0.7", []), ("10.0.0.99", [])])
def test_a_load_balancer_is_found_by_the_address_of_a_registered_machine(cloud: Any, address: str, found: list[str]) -> None:
    seed(cloud)
    assert ids(cloud, "loadBalancers/", ("targetPrivateIpAddress", address)) == found


def test_load_balancers_are_found_by_tags(cloud: Any) -> None:
    seed(cloud, {"id": "alb-1", "tags": {"env": "test"}}, {"id": "alb-2"})
    assert ids(cloud, "loadBalancers/", **{"tags.1.key": "env", "tags.1.values.1": "test"}) == ["alb-1"]


def test_a_target_group_names_its_load_balancer_and_no_targets(cloud: Any) -> None:
    seed(cloud)
    group = asked(cloud, "targetGroups/", ("targetGroupIds", "tg-web")).result["targetGroups"][0]
    assert (group["loadBalancerId"], group["loadBalancerType"], group["type"]) == ("alb-web", "alb", "instance")
    assert "targets" not in group


def test_a_backend_names_a_target_group_or_an_availability_group(cloud: Any) -> None:
    seed(cloud)
    first, second = asked(cloud, "backends/").result["backends"]
    assert (first["targetGroupIds"], first["agIds"]) == (["tg-web"], [])
    assert (second["targetGroupIds"], second["agIds"]) == ([], ["ag-web"])
    assert second["agInfos"] == [{"agId": "ag-web", "defaultWeight": 7}]
    assert ids(cloud, "backends/", ("agId", "ag-web")) == ["backend-group"]
    assert ids(cloud, "backends/", ("loadBalancerId", "alb-none")) == []


def test_only_backends_of_nlb_say_how_long_connections_go_on(cloud: Any) -> None:
    seed(cloud)
    assert "connectionDrainingSeconds" not in asked(cloud, "backends/").result["backends"][0]
    [backend] = asked(cloud, "backends/", ("loadBalancerType", "nlb")).result["backends"]
    assert backend["connectionDrainingSeconds"] == 60


def test_listeners_name_their_backends(cloud: Any) -> None:
    seed(cloud, {**ALB, "listeners": [{"id": "listener-1", "backend": "backend-web", "url_map": "um-1", "status": "Off"}]})
    [listener] = asked(cloud, "listeners/").result["listeners"]
    assert (listener["backendId"], listener["urlMapId"], listener["status"]) == ("backend-web", "um-1", "Off")
    assert ids(cloud, "listeners/", ("urlMapIds", "um-2 um-1")) == ["listener-1"]
    assert ids(cloud, "listeners/", ("loadBalancerType", "nlb")) == []


# --- targets ------------------------------------------------------------------------------------------------------


def test_targets_are_machines_or_addresses(cloud: Any) -> None:
    seed(cloud)
    first, second = asked(cloud, "targetGroups/tg-web:describeTargets").result["targets"]
    assert (first["targetId"], first["instanceId"], first["port"], first["weight"]) == ("target-a", "i-a", 0, 10)
    assert (second["ipAddress"], second["port"], second["weight"]) == ("10.0.0.2", 8080, 5)
    [address] = asked(cloud, "targetGroups/tg-ip:describeTargets").result["targets"]
    assert (address["type"], address["instanceId"], address["ipAddress"]) == ("ip", "", "10.0.0.7")


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("targetIds", "target-a target-none", ["target-a"]),
        ("instanceId", "i-b", ["target-b"]),
        ("type", "vm", ["target-a", "target-b"]),
        ("type", "ip", []),
        ("port", "8080", ["target-b"]),
        ("ipAddress", "10.0.0.1", ["target-a"]),
    ],
)
def test_targets_are_filtered(cloud: Any, name: str, value: str, found: list[str]) -> None:
    seed(cloud)
    assert ids(cloud, "targetGroups/tg-web:describeTargets", (name, value)) == found


@pytest.mark.parametrize(
    "path", ["targetGroups/tg-none:describeTargets", "backends/backend-none/health", "backends/backend-none/agTargets"]
)
def test_what_does_not_exist_is_not_found(cloud: Any, path: str) -> None:
    seed(cloud)
    assert "404 NOT_FOUND" in asked(cloud, path).error


def test_targets_stay_when_their_machine_is_deleted_unless_switched(cloud: Any) -> None:
    seed(cloud)
    cloud.control.act("delete", "i-a", instantly=True)
    [target] = asked(cloud, "targetGroups/tg-web:describeTargets", ("instanceId", "i-a")).result["targets"]
    assert (target["targetId"], target["ipAddress"]) == ("target-a", "10.0.0.1")
    cloud.control.configure(balancer_targets_left=False)
    cloud.control.act("delete", "i-b", instantly=True)
    assert ids(cloud, "targetGroups/tg-web:describeTargets") == ["target-a"]


def test_a_seed_may_hold_a_target_of_a_machine_that_is_gone(cloud: Any) -> None:
    seed(cloud, {"id": "alb-web", "target_groups": [{"id": "tg-web", "targets": [{"instance": "i-gone", "ip": "10.0.0.9"}]}]})
    [target] = asked(cloud, "targetGroups/tg-web:describeTargets").result["targets"]
    assert (target["instanceId"], target["ipAddress"]) == ("i-gone", "10.0.0.9")


# --- health -------------------------------------------------------------------------------------------------------


def test_a_target_is_healthy_as_long_as_its_machine_runs(cloud: Any) -> None:
    seed(cloud)
    assert health(cloud, "backend-web") == {"i-a": ("healthy", ""), "i-b": ("healthy", "")}
    cloud.control.act("stop", "i-a", instantly=True)
    assert health(cloud, "backend-web") == {"i-a": TIMED_OUT, "i-b": ("healthy", "")}
    cloud.control.act("delete", "i-a", instantly=True)
    assert health(cloud, "backend-web")["i-a"] == TIMED_OUT


def test_the_health_of_a_target_can_be_seeded_and_changed(cloud: Any) -> None:
    targets = [{"id": "target-a", "instance": "i-a", "health": "unhealthy", "reason": "HTTP_CODE_MISMATCH"}, "i-b"]
    seed(cloud, {**ALB, "target_groups": [{"id": "tg-web", "targets": targets}]})
    assert health(cloud, "backend-web")["i-a"] == ("unhealthy", "HTTP_CODE_MISMATCH")
    cloud.control.act("set_health", "target-a", status="")
    assert health(cloud, "backend-web")["i-a"] == ("healthy", "")
    cloud.control.act("set_health", "backend-group", instance="i-b", reason="REQUEST_TIMEOUT")
    assert health(cloud, "backend-group") == {"i-b": ("unhealthy", "REQUEST_TIMEOUT")}


def test_all_targets_of_a_backend_without_listener_and_rule_read_unhealthy(cloud: Any) -> None:
    seed(cloud, {**ALB, "listeners": []})
    assert health(cloud, "backend-web") == {"i-a": ("unhealthy", ""), "i-b": ("unhealthy", "")}
    seed(cloud, {**ALB, "listeners": [{"url_map": "um-1", "rules": ["backend-web"]}]})
    assert health(cloud, "backend-web")["i-a"] == ("healthy", "")


def test_without_checks_health_is_what_the_setting_says(cloud: Any) -> None:
    seed(cloud, {**ALB, "backends": [{"id": "backend-web", "target_group": "tg-web", "health_check": False}]})
    assert health(cloud, "backend-web")["i-a"] == ("N/A", "")
    cloud.control.configure(balancer_unchecked_health="healthy")
    assert health(cloud, "backend-web")["i-a"] == ("healthy", "")


def test_health_names_the_port_that_is_checked(cloud: Any) -> None:
    seed(cloud)
    rows = asked(cloud, "backends/backend-web/health").result["targetHealths"]
    assert [(row["targetGroupId"], row["port"], row["weight"]) for row in rows] == [("tg-web", 80, 10), ("tg-web", 8080, 5)]


# --- members of availability groups -------------------------------------------------------------------------------


def test_members_of_a_group_are_targets_without_registration(cloud: Any) -> None:
    seed(cloud)
    [target] = asked(cloud, "backends/backend-group/agTargets").result["targets"]
    assert (target["agId"], target["instanceId"], target["weight"]) == ("ag-web", "i-b", 7)
    assert ids(cloud, "backends/backend-web/agTargets") == []
    assert health(cloud, "backend-group") == {"i-b": ("healthy", "")}


@pytest.mark.parametrize(("name", "value", "found"), [("instanceId", "i-b", 1), ("instanceId", "i-a", 0), ("weight", "1 7", 1)])
def test_members_are_filtered(cloud: Any, name: str, value: str, found: int) -> None:
    seed(cloud)
    assert asked(cloud, "backends/backend-group/agTargets", (name, value)).result["totalCount"] == found


def test_members_come_newest_first_or_by_weight(cloud: Any) -> None:
    machines = [{"id": f"i-{age}", "launched": f"-{age}d", "ag": "ag-web"} for age in (2, 1, 3)]
    balancer = {"id": "alb-web", "backends": [{"id": "backend-group", "group": "ag-web"}]}
    cloud.seed(*machines, groups=[{"id": "ag-web"}], load_balancers=[balancer])

    def order(**query: str) -> list[str]:
        rows = asked(cloud, "backends/backend-group/agTargets", **query).result["targets"]
        return [row["instanceId"] for row in rows]

    assert order() == ["i-1", "i-2", "i-3"]
    [target] = asked(cloud, "backends/backend-group/agTargets", ("instanceId", "i-3")).result["targets"]
    change = {"targetUpdateSpecs": [{"targetId": target["targetId"], "weight": 90}]}
    assert cloud.call("lb", "PATCH", "backends/backend-group:updateAgTargets", change).http == 200
    assert order(**{"sorts.1.name": "weight", "sorts.1.direction": "desc"})[0] == "i-3"


@pytest.mark.parametrize("way", ["abandoned", "deleted"])
def test_a_machine_that_left_its_group_is_behind_no_backend_of_it(cloud: Any, way: str) -> None:
    seed(cloud)
    if way == "abandoned":
        cloud.call("ag", "POST", "availabilityGroups/ag-web:abandonInstances", {"instanceIds": ["i-b"]})
    else:
        cloud.control.act("delete", "i-b", instantly=True)
    assert asked(cloud, "backends/backend-group/agTargets").result == {"targets": [], "totalCount": 0}
    assert health(cloud, "backend-group") == {}


# --- rights -------------------------------------------------------------------------------------------------------


def test_a_key_without_the_right_may_not_ask(cloud: Any) -> None:
    seed(cloud, accounts=[{"access_key": "AK", "secret_key": "SK", "denied": ["lb:*"]}])
    cloud.keys = ("AK", "SK")
    assert "403 HTTP_FORBIDDEN" in asked(cloud, "targetGroups/").error


def test_documented_operations_that_are_missing_say_so(cloud: Any) -> None:
    assert "501 NOT_IMPLEMENTED" in cloud.call("lb", "GET", "urlMaps/").error
    assert "501 NOT_IMPLEMENTED" in cloud.call("lb", "DELETE", "loadBalancers/alb-web").error


@pytest.mark.parametrize(
    "balancer",
    [
        {"type": "elb"},
        {"target_groups": [{"targets": ["i-none"]}]},
        {"backends": [{"target_group": "tg-none"}]},
        {"target_groups": [{"id": "tg-1"}], "backends": [{"target_group": "tg-1", "group": "ag-web"}]},
        {"targetgroups": []},
    ],
)
def test_a_seed_that_does_not_fit_together_is_refused(cloud: Any, balancer: dict[str, Any]) -> None:
    with pytest.raises(ControlError, match=r"load balancer|target group|there is no|never both|unknown fields"):
        seed(cloud, balancer)
