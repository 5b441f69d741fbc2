# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Removing elastic IPs and disks that are left over: the truth is checked in the cloud, not in the result."""

from __future__ import annotations

from typing import Any

import pytest

from support.integration.cloud import Cloud, account, stopped
from support.integration.deletions import DELETE, READ, SINGLE, absent, actions, row, rows, seed_kind
from support.json_object import Json

A = "i-aaaa000001"
KINDS = ["disk", "elastic_ip"]
DONE = {"disk": "recycled", "elastic_ip": "released"}
LOST: dict[str, Json] = {
    "close_before": {"kind": "close_before"},
    "close_after": {"kind": "close_after"},
    "garbage_without_effect": {"kind": "garbage", "http": 502, "effect": "none"},
    "slow_with_effect": {"kind": "delay", "seconds": 1.5, "moment": "after"},
    "error_with_effect": {"kind": "error", "effect": "before"},
    "throttle": {"kind": "throttle"},
}
"""What happens to the answer of a delete."""


def _gone(cloud: Cloud, asset_id: str) -> bool:
    return cloud.status(asset_id) in (None, "in-recyclebin")


def _codes(cloud_rows: list[Json], what: str = "blockers") -> list[list[str]]:
    return [[finding["code"] for finding in each[what]] for each in cloud_rows]


def _mixed_disks(cloud: Cloud) -> list[str]:
    """A machine with its disks, and free disks of all kinds."""
    disks: list[Json] = [
        {"id": "vol-free"},
        {"id": "vol-final", "recyclable": False},
        {"id": "vol-failed", "status": "error_create"},
        {"id": "vol-shared", "shared": True},
        {"id": "vol-kept", "tags": {"jdcloud-protect": "yes"}},
        {"id": "vol-prepaid", "expires": "+9d"},
        {"id": "vol-moving", "status": "extending"},
        {"id": "vol-bin", "status": "in-recyclebin"},
    ]
    cloud.seed(stopped(A, disks=[{"id": "vol-used"}]), disks=disks, disk_delete_seconds=0.15)
    return ["vol-used", "vol-none", *(str(each["id"]) for each in disks)]


def _mixed_elastic_ips(cloud: Cloud) -> list[str]:
    addresses: list[Json] = [
        {"id": "fip-free"},
        {"id": "fip-edge", "ip_type": "edge"},
        {"id": "fip-package", "package": "bwp-1"},
        {"id": "fip-kept", "tags": {"jdcloud-protect": "yes"}},
        {"id": "fip-prepaid", "expires": "+9d"},
    ]
    cloud.seed(stopped(A, elastic_ip={"id": "fip-used"}), elastic_ips=addresses)
    return ["fip-used", "fip-none", *(str(each["id"]) for each in addresses)]


MIXED: list[tuple[str, Any, list[list[str]], list[str]]] = [
    (
        "disk",
        _mixed_disks,
        [["disk_in_use"], [], [], [], [], ["shared_disk"], ["protected"], ["prepaid_unexpired"], ["transitional"], []],
        ["blocked", "none", "recycled", "deleted", "recycled", "blocked", "blocked", "blocked", "blocked", "none"],
    ),
    (
        "elastic_ip",
        _mixed_elastic_ips,
        [["elastic_ip_in_use"], [], [], [], ["in_bandwidth_package"], ["protected"], ["prepaid_unexpired"]],
        ["blocked", "none", "released", "released", "blocked", "blocked", "blocked"],
    ),
]


@pytest.mark.parametrize(("kind", "seed", "codes", "done"), MIXED, ids=KINDS)
def test_only_what_is_free_goes_as_check_mode_predicts(
    cloud: Cloud, kind: str, seed: Any, codes: list[list[str]], done: list[str]
) -> None:
    ids = seed(cloud)
    refused = absent(cloud, kind, *ids)
    assert refused.failed
    assert _codes(rows(refused)) == codes
    assert cloud.writes() == []
    predicted = absent(cloud, kind, *ids, check=True, on_blocked="skip")
    ended = absent(cloud, kind, *ids, on_blocked="skip")
    assert not ended.failed
    assert actions(ended) == done
    assert rows(predicted) == rows(ended)
    assert predicted.result["diff"] == ended.result["diff"]
    for each in rows(ended):
        assert _gone(cloud, each[f"{kind}_id"]) is (each["action"] != "blocked")
        assert (cloud.status(each[f"{kind}_id"]) == "in-recyclebin") is (each["status"] == "in-recyclebin")
    again = absent(cloud, kind, *ids, on_blocked="skip")
    assert not again.failed
    assert not again.result["changed"]
    assert len(cloud.calls(DELETE[kind])) == sum(action in ("released", "deleted", "recycled") for action in done)


@pytest.mark.parametrize("kind", KINDS)
def test_hundreds_are_looked_at_in_bulk(cloud: Cloud, kind: str) -> None:
    ids = [f"{kind.replace('_', '')}-{number:03}" for number in range(150)]
    seed_kind(cloud, kind, *({"id": each} for each in ids))
    more = {"recycle": False} if kind == "disk" else {}
    ended = absent(cloud, kind, *ids, **more)
    assert not ended.failed, ended.msg
    assert not any(cloud.exists(each) for each in ids)
    assert len(cloud.calls(DELETE[kind])) == len(cloud.calls(SINGLE[kind])) == 150
    assert len(cloud.calls(READ[kind])) < 40


def test_a_snapshot_that_is_being_made_saves_the_disk(cloud: Cloud) -> None:
    cloud.seed(disks=[{"id": "vol-a"}, {"id": "vol-b"}], snapshot_seconds=60)
    when = {"operation": READ["snapshot"], "resource": "*", "nth": 2}
    cloud.control.act("snapshot", "vol-a", when=when)
    ended = absent(cloud, "disk", "vol-a", "vol-b")
    assert ended.failed
    assert actions(ended) == ["failed", "recycled"]
    assert cloud.status("vol-a") == "available"
    assert rows(ended)[0]["error"]["code"] == "changed_meanwhile"
    assert _codes(rows(absent(cloud, "disk", "vol-a"))) == [["task_in_progress"]]


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST.keys())
@pytest.mark.parametrize("kind", KINDS)
def test_rule_11_a_lost_answer_costs_no_second_effect(cloud: Cloud, kind: str, fault: Json) -> None:
    seed_kind(cloud, kind, {"id": "a-1"})
    cloud.control.inject(operation=DELETE[kind], times=1, **fault)
    ended = absent(cloud, kind, "a-1", api_timeout=0.6)
    assert not ended.failed, ended.msg
    assert actions(ended) == [DONE[kind]]
    assert row(ended)["fate"] == DONE[kind]
    assert cloud.effects(DELETE[kind]) == 1
    assert _gone(cloud, "a-1")


def test_an_elastic_ip_that_another_user_takes_meanwhile_is_left_on_its_machine(cloud: Cloud) -> None:
    cloud.seed(stopped(A), elastic_ips=[{"id": "fip-a"}, {"id": "fip-b"}])
    when = {"operation": READ["elastic_ip"], "resource": "*", "nth": 2}
    cloud.control.act("associate", A, when=when, elastic_ip="fip-a")
    ended = absent(cloud, "elastic_ip", "fip-a", "fip-b")
    assert ended.failed
    assert actions(ended) == ["failed", "released"]
    assert cloud.calls(DELETE["elastic_ip"], "fip-a") == []
    taken = rows(ended)[0]
    assert (taken["error"]["code"], taken["instance_id"], taken["fate"]) == ("changed_meanwhile", A, "kept")


def test_a_disk_that_another_user_attaches_meanwhile_stays(cloud: Cloud) -> None:
    cloud.seed(stopped(A), disks=[{"id": "vol-a"}, {"id": "vol-b"}])
    when = {"operation": READ["disk"], "resource": "*", "nth": 2}
    cloud.control.act("attach", A, when=when, disk="vol-a")
    ended = absent(cloud, "disk", "vol-a", "vol-b", recycle=False)
    assert ended.failed
    assert actions(ended) == ["failed", "deleted"]
    assert cloud.exists("vol-a")
    assert not cloud.exists("vol-b")
    assert rows(ended)[0]["error"]["code"] == "changed_meanwhile"


def test_an_unknown_disk_that_the_service_ignores_is_success(cloud: Cloud) -> None:
    cloud.seed(disks=[{"id": "vol-a"}], unknown_disk_delete="ignored", disk_delete_seconds=0.0)
    cloud.control.act("delete", "vol-a", when={"operation": DELETE["disk"]})
    ended = absent(cloud, "disk", "vol-a", recycle=False)
    assert not ended.failed
    assert row(ended)["status"] == "absent"


@pytest.mark.parametrize("kind", KINDS)
def test_a_denied_delete_fails_each_row_and_changes_nothing(cloud: Cloud, kind: str) -> None:
    operation = DELETE[kind].replace(".", ":")
    cloud.seed(accounts=[account(denied=[operation])], **{f"{kind}s": [{"id": "a-1"}, {"id": "a-2"}]})
    ended = absent(cloud, kind, "a-1", "a-2")
    assert ended.failed
    assert actions(ended) == ["failed", "failed"]
    assert not ended.result["changed"]
    assert {each["error"]["http"] for each in rows(ended)} == {403}
    assert cloud.exists("a-1")
    assert cloud.exists("a-2")
