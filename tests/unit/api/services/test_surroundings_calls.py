# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The calls of the services ag and lb, and how their answers are read (facts load-balancers-slash, load-balancers-types)."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.fields import MalformedResponse
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.balancers import parse_backend, parse_target
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.groups import parse_group
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.services import ag, lb
from support.json_object import Json

NLB = (("filters.1.name", "loadBalancerType"), ("filters.1.values.1", "nlb"), ("pageNumber", "2"), ("pageSize", "100"))
READS: list[tuple[Call[Any], str, str]] = [
    (ag.describe_group("ag-1"), "ag.describeAg", "/availabilityGroups/ag-1"),
    (ag.describe_scaling_activities("ag-1"), "ag.describeScalingActivities", "/autoScaling/ag-1:describeScalingActivities"),
    (lb.describe_balancers("nlb", 2), "lb.describeLoadBalancers", "/loadBalancers/"),
    (lb.describe_target_groups("nlb", 2), "lb.describeTargetGroups", "/targetGroups/"),
    (lb.describe_backends("nlb", 2), "lb.describeBackends", "/backends/"),
    (lb.describe_targets("tg-1", 2), "lb.describeTargets", "/targetGroups/tg-1:describeTargets"),
    (lb.describe_target_health("backend-1"), "lb.describeTargetHealth", "/backends/backend-1/health"),
]
WRITES: list[tuple[Call[Any], str, str, Json, tuple[str, ...]]] = [
    (
        ag.abandon_instance("ag-1", "i-1"),
        "ag.abandonInstances",
        "/availabilityGroups/ag-1:abandonInstances",
        {"instanceIds": ["i-1"]},
        (),
    ),
    (
        lb.deregister_targets("tg-1", ["target-1", "target-2"]),
        "lb.deRegisterTargets",
        "/targetGroups/tg-1:deregisterTargets",
        {"targetIds": ["target-1", "target-2"]},
        ("tg-1", "target-1", "target-2"),
    ),
    (
        lb.set_target_weights("tg-1", {"target-1": 0}),
        "lb.updateTargets",
        "/targetGroups/tg-1:updateTargets",
        {"targetUpdateSpecs": [{"targetId": "target-1", "weight": 0}]},
        ("tg-1", "target-1"),
    ),
    (
        lb.register_targets("tg-1", [{"instanceId": "i-1", "port": 80, "weight": 10, "type": "vm"}]),
        "lb.registerTargets",
        "/targetGroups/tg-1:registerTargets",
        {"targetSpecs": [{"instanceId": "i-1", "port": 80, "weight": 10, "type": "vm"}]},
        ("tg-1", "i-1"),
    ),
]


def name_of(value: object) -> str | None:
    return getattr(value, "operation", None)


@pytest.mark.parametrize(("call", "operation", "path"), READS, ids=name_of)
def test_the_reads(call: Call[Any], operation: str, path: str) -> None:
    assert (call.operation, call.path, call.method, call.write, call.body) == (operation, path, "GET", False, None)
    if path.endswith("s/"):
        assert call.query == NLB, "every listing shows one kind, and that must be asked for"


@pytest.mark.parametrize(("call", "operation", "path", "body", "resources"), WRITES, ids=name_of)
def test_the_writes_and_what_a_journal_names_of_them(
    call: Call[Any], operation: str, path: str, body: Json, resources: tuple[str, ...]
) -> None:
    assert (call.operation, call.path, call.method, call.write, call.body) == (operation, path, "POST", True, body)
    assert call.resources == resources


@pytest.mark.parametrize("odd", ["", "a/b", "../x", "tg 1"])
def test_an_id_that_is_none_never_becomes_a_path(odd: str) -> None:
    for asked in (ag.describe_group, lb.describe_targets, lb.describe_target_health):
        with pytest.raises(InputError):
            asked(odd)
    with pytest.raises(InputError):
        lb.deregister_targets("tg-1", [odd])


# --- answers ------------------------------------------------------------------------------------------------------


def test_a_group_without_a_list_of_members_is_no_group_without_members() -> None:
    assert parse_group({"id": "ag-1", "autoScaling": True}).members is None
    assert parse_group({"id": "ag-1", "instances": []}).members == {}


@pytest.mark.parametrize(
    "odd",
    [
        {"autoScaling": "false"},
        {"instances": [{"instanceId": "i-1", "isManaged": "no"}]},
        {"instances": {"i-1": True}},
        {"instances": [{"isManaged": False}]},
    ],
)
def test_what_cannot_be_read_of_a_group_is_noted_and_nothing_is_made_up(odd: Json) -> None:
    group = parse_group({"id": "ag-1", **odd})
    assert group.unreadable
    assert group.scaling is not False or "autoScaling" not in group.unreadable
    assert not group.members


@pytest.mark.parametrize("odd", [{"targetGroupIds": "tg-1"}, {"agIds": [7]}])
def test_a_backend_whose_groups_cannot_be_read_is_no_backend_without_groups(odd: Json) -> None:
    assert parse_backend({"backendId": "backend-1", **odd}).unreadable


def test_the_address_of_a_target_is_the_registered_one() -> None:
    raw = {"targetId": "target-1", "ipAddress": "10.0.0.5", "privateIpAddress": "10.0.0.6", "port": 0, "weight": 0}
    target = parse_target(raw, "tg-1")
    assert (target.address, target.port, target.weight, target.type, target.group_id) == ("10.0.0.5", 0, 0, "vm", "tg-1")


def test_a_target_without_an_id_is_no_row() -> None:
    with pytest.raises(MalformedResponse):
        parse_target({"instanceId": "i-1"}, "tg-1")
