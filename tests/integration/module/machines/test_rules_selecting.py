# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules 1 to 4 of jdcloud_vm: selecting."""

from __future__ import annotations

import pytest

from support.integration.cloud import Cloud, running, stopped
from support.json_object import Json

A, B, C = "i-aaaa000001", "i-bbbb000002", "i-cccc000003"


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"instance_ids": []},
        {"instance_ids": ["", "  "]},
        {"instance_ids": [A, None]},
        {"name": ""},
        {"name": "  "},
        {"tags": {}},
        {"tags": {"": "x"}},
        {"tags": {"env": ""}},
        {"tags": {"env": None}},
        {"tags": {"env": []}},
        {"filters": {}},
        {"filters": {"az": " "}},
        {"instance_ids": [A], "tags": {}},
        {"instance_ids": [A], "name": ""},
    ],
)
def test_rule_01_an_empty_selector_is_an_error_and_selects_nothing(cloud: Cloud, options: Json) -> None:
    cloud.seed(stopped(A))
    ended = cloud.vm("absent", **options)
    assert ended.failed
    assert not ended.result["changed"]
    assert cloud.calls() == []
    assert cloud.exists(A)


def test_rule_01_ids_are_trimmed_and_counted_once(cloud: Cloud) -> None:
    cloud.seed(stopped(A), stopped(B))
    ended = cloud.vm("absent", f" {A} ", A, f"{A}\n")
    assert ended.actions == {A: "deleted"}
    assert cloud.effects("vm.deleteInstance") == 1
    assert cloud.exists(B)


def test_rule_01_ids_are_looked_up_alone_and_other_selectors_checked_here(cloud: Cloud) -> None:
    cloud.seed(stopped(A, tags={"env": "test"}), stopped(B, tags={"env": "prod"}), stopped(C, tags={"env": "test"}))
    ended = cloud.vm("absent", A, B, tags={"env": "test"}, filters={"az": "cn-north-1a"}, on_blocked="skip")
    assert ended.actions == {A: "deleted", B: "blocked"}
    assert ended.blockers(B) == ["selector_mismatch"]
    assert cloud.exists(B)
    assert cloud.exists(C)
    first = cloud.calls("vm.describeInstances")[0]
    assert "env" not in first["query"]
    assert "az" not in first["query"]


def test_rule_01_a_mismatched_id_stops_the_whole_run(cloud: Cloud) -> None:
    cloud.seed(stopped(A, tags={"env": "test"}), stopped(B))
    ended = cloud.vm("absent", A, B, tags={"env": "test"})
    assert ended.failed
    assert ended.blockers(B) == ["selector_mismatch"]
    assert ended.blockers(A) == []
    assert cloud.writes() == []


def test_rule_02_the_fuzzy_name_filter_never_widens(cloud: Cloud) -> None:
    cloud.seed(stopped(A, name="web"), stopped(B, name="web-1"), stopped(C, name="old-web"))
    ended = cloud.vm("absent", name="web")
    assert ended.actions == {A: "deleted"}
    assert cloud.exists(B)
    assert cloud.exists(C)


def test_rule_02_ored_and_fuzzy_filters_are_anded_and_exact_here(cloud: Cloud) -> None:
    cloud.seed(
        stopped(A, elastic_ip={"address": "203.0.113.7"}, network_interface="port-aaaa000001", private_ip="10.0.0.1"),
        stopped(B, elastic_ip={"address": "203.0.113.8"}, network_interface="port-bbbb000002", private_ip="10.0.0.11"),
        stopped(C, network_interface="port-cccc000003", private_ip="10.0.0.12"),
    )
    # The service would show A for its address and B for its interface.
    both = cloud.vm("absent", filters={"elasticIpAddress": "203.0.113.7", "networkInterfaceId": "port-bbbb000002"})
    assert not both.failed
    assert both.result["instances"] == []
    address = cloud.vm("absent", filters={"privateIpAddress": "10.0.0.1"})
    assert address.actions == {A: "deleted"}
    assert cloud.exists(B)
    assert cloud.exists(C)


def test_rule_02_several_tags_are_anded(cloud: Cloud) -> None:
    cloud.seed(stopped(A, tags={"env": "test", "team": "x"}), stopped(B, tags={"env": "test"}), stopped(C, tags={"team": "x"}))
    assert cloud.vm("absent", tags={"env": "test", "team": ["x", "y"]}).actions == {A: "deleted"}
    assert cloud.exists(B)
    assert cloud.exists(C)


def test_rule_02_the_status_filter_chooses_and_is_forgotten_then(cloud: Cloud) -> None:
    cloud.seed(running(A), stopped(B))
    ended = cloud.vm("absent", filters={"status": "running"}, stop_running=True)
    assert ended.actions == {A: "deleted"}
    assert cloud.status(B) == "stopped"


@pytest.mark.parametrize("key", ["name", "description", "osType", "Status", "instance_id"])
def test_rule_02_filters_that_cannot_be_checked_are_refused(cloud: Cloud, key: str) -> None:
    cloud.seed(stopped(A))
    ended = cloud.vm("absent", filters={key: "x"})
    assert ended.failed
    assert f"filters.{key}" in ended.msg
    assert cloud.calls() == []


def test_rule_03_twins_always_fail_and_their_ids_are_listed(cloud: Cloud) -> None:
    cloud.seed(stopped(A, name="web"), stopped(B, name="web", tags={"env": "test"}), stopped(C, name="web-1"))
    for more in ({}, {"tags": {"env": "test"}}, {"max_instances": 5}, {"filters": {"status": "stopped"}}):
        ended = cloud.vm("absent", name="web", **more)
        assert ended.failed
        assert A in ended.msg
        assert B in ended.msg
        assert C not in ended.msg
    assert cloud.writes() == []


def test_rule_03_a_name_with_ids_has_no_twins_among_other_machines(cloud: Cloud) -> None:
    """Ids are looked up by id alone, so only the named machines can be twins of each other."""
    cloud.seed(stopped(A, name="web"), stopped(B, name="web"))
    assert cloud.vm("absent", A, name="web").actions == {A: "deleted"}
    assert cloud.exists(B)


@pytest.mark.parametrize(
    "fault", [{"kind": "wrong_total", "by": 1}, {"kind": "drop_rows", "count": 1}, {"kind": "drop_rows", "count": 1, "repeat": 1}]
)
def test_rule_03_an_inconsistent_listing_is_read_again(cloud: Cloud, fault: Json) -> None:
    cloud.seed(stopped(A), stopped(B))
    cloud.control.inject(operation="vm.describeInstances", times=2, **fault)
    ended = cloud.vm("absent", filters={"status": "stopped"})
    assert ended.actions == {A: "deleted", B: "deleted"}


def test_rule_03_a_listing_that_stays_inconsistent_fails(cloud: Cloud) -> None:
    cloud.seed(stopped(A), stopped(B))
    cloud.control.inject("drop_rows", operation="vm.describeInstances", times=0)
    ended = cloud.vm("absent", filters={"status": "stopped"})
    assert ended.failed
    assert "contradicting pages" in ended.msg
    assert cloud.writes() == []
    assert cloud.exists(A)
    assert cloud.exists(B)


def test_rule_03_all_pages_must_tell_the_same_total(cloud: Cloud) -> None:
    cloud.seed({"count": 150, "id": "i-page{n:06}", "status": "stopped"})
    cloud.control.inject("wrong_total", operation="vm.describeInstances", after=1, times=1)
    ended = cloud.vm("absent", check=True, filters={"status": "stopped"}, max_instances=150, return_instances="problems")
    assert ended.summary["deleted"] == 150
    assert len(cloud.calls("vm.describeInstances")) == 4


def test_rule_03_reads_by_id_must_be_consistent_too(cloud: Cloud) -> None:
    cloud.seed(stopped(A), stopped(B))
    cloud.control.inject("wrong_total", operation="vm.describeInstances", times=0)
    ended = cloud.vm("absent", A, B)
    assert ended.failed
    assert "contradicting responses" in ended.msg
    assert cloud.writes() == []


def test_rule_03_a_row_dropped_from_a_read_by_id_is_no_missing_machine(cloud: Cloud) -> None:
    """The answer agrees with itself, but leaves one out: only a 404 says that an id does not exist."""
    cloud.seed(stopped(A), stopped(B))
    cloud.control.inject("empty_list", operation="vm.describeInstances", times=1)
    ended = cloud.vm("absent", A, B)
    assert ended.actions == {A: "deleted", B: "deleted"}
    assert ended.summary["not_found"] == 0


def test_rule_04_tag_values_compare_as_text(cloud: Cloud) -> None:
    cloud.seed(stopped(A, tags={"slot": "7"}), stopped(B, tags={"slot": "07"}), stopped(C, tags={"slot": "true"}))
    assert cloud.vm("absent", tags={"slot": "7"}).actions == {A: "deleted"}
    assert cloud.vm("absent", tags={"slot": ["true", "yes"]}).actions == {C: "deleted"}
    assert cloud.exists(B)


@pytest.mark.parametrize("value", [True, 7, 1.5, None, {"a": "b"}, ["a", False], ["a", 7]])
@pytest.mark.parametrize("option", ["tags", "protect_tags"])
def test_rule_04_other_tag_values_are_an_error_that_says_quote(cloud: Cloud, option: str, value: object) -> None:
    cloud.seed(stopped(A))
    options: Json = {option: {"env": value}}
    ended = cloud.vm("absent", A, **options)
    assert ended.failed
    assert "quote it" in ended.msg
    assert f"{option}.env" in ended.msg
    assert cloud.calls() == []


def test_caps_default_to_the_smallest_that_applies(cloud: Cloud) -> None:
    cloud.seed({"count": 11, "id": "i-capped{n:03}", "status": "stopped", "tags": {"env": "test"}})
    ended = cloud.vm("absent", tags={"env": "test"})
    assert ended.failed
    assert "11" in ended.msg
    assert "10" in ended.msg
    assert "max_instances" in ended.msg
    assert cloud.writes() == []
    assert cloud.vm("absent", tags={"env": "test"}, max_instances=11, check=True).summary["deleted"] == 11


def test_an_explicit_cap_holds_for_ids_too(cloud: Cloud) -> None:
    cloud.seed(stopped(A), stopped(B))
    ended = cloud.vm("absent", A, B, max_instances=1)
    assert ended.failed
    assert "max_instances" in ended.msg
    assert cloud.writes() == []


@pytest.mark.parametrize("cap", [0, -1])
def test_there_is_no_unlimited_cap(cloud: Cloud, cap: int) -> None:
    cloud.seed(stopped(A))
    assert cloud.vm("absent", A, max_instances=cap).failed
    assert cloud.calls() == []
