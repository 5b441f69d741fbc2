# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module jdcloud_tag against the emulator: what it refuses, check mode, the change read back, and what fails inside a 200."""

from __future__ import annotations

from typing import Any

import pytest

from support.integration.cloud import Cloud, Ended, account, stopped
from support.json_object import Json

A, B, C = "i-aaaa000001", "i-bbbb000002", "i-cccc000003"
DUE: Json = {"decommission-after": "2026-12-02"}


def run(cloud: Cloud, *, check: bool = False, **options: Any) -> Ended:
    """Run the module."""
    return cloud._run("jdcloud_tag", options, check, None)


def tag(cloud: Cloud, *ids: str, check: bool = False, **options: Any) -> Ended:
    """Run it over machines."""
    chosen = {"instance_ids": list(ids)} if ids else {}
    return run(cloud, check=check, **chosen, **options)


def tags(cloud: Cloud, resource: str) -> dict[str, str]:
    """The true tags of a resource."""
    found = cloud.control.resource(resource)
    assert found is not None
    return {row["key"]: row["value"] for row in found.get("tags") or []}


def test_wrong_options_are_refused_and_nothing_is_sent(cloud: Cloud) -> None:
    cloud.seed(stopped(A))
    wrong: list[tuple[Json, str]] = [
        ({"instance_ids": [A]}, "There is nothing to change: set the option set or remove"),
        ({"instance_ids": [A], "set": {}}, "set is an empty dict"),
        ({"instance_ids": [A], "remove": []}, "remove is an empty list"),
        ({"instance_ids": [A], "set": {"a": True}}, "quote it"),
        ({"instance_ids": [A], "set": {"a": 1.5}}, "quote it"),
        ({"instance_ids": [A], "set": {"a": ["x", "y"]}}, "one value"),
        ({"instance_ids": [A], "set": {"jdc-a": "x"}}, "prefix"),
        ({"instance_ids": [A], "set": {"a" * 128: "x"}}, "longer than 127"),
        ({"instance_ids": [A], "set": {"a": "x" * 256}}, "longer than 255"),
        ({"instance_ids": [A], "set": {"a": "x"}, "remove": ["a"]}, "both name a"),
        ({"instance_ids": [], "set": DUE}, "instance_ids is an empty list"),
        ({"disk_ids": [], "set": DUE}, "disk_ids is an empty list"),
        ({"set": DUE}, "Nothing is selected"),
    ]
    for options, part in wrong:
        ended = run(cloud, **options)
        assert ended.failed, (options, ended.result.get("msg"))
        assert part in ended.msg, (options, ended.result.get("msg"))
    assert cloud.calls() == []


def test_what_is_protected_full_or_unknown_holds_all_back_unless_skipped(cloud: Cloud) -> None:
    full = {f"key{number}": "x" for number in range(10)}
    cloud.seed(stopped(A), stopped(B, tags={"jdcloud-protect": "yes"}), stopped(C, tags=full))
    held = tag(cloud, A, B, C, "i-none000009", set=DUE)
    assert held.failed
    assert "nothing was changed" in held.msg
    assert cloud.writes() == []
    skipped = tag(cloud, A, B, C, "i-none000009", set=DUE, on_blocked="skip")
    codes = {row["instance_id"]: [each["code"] for each in row["blockers"]] for row in skipped.result["instances"]}
    assert skipped.actions == {A: "tagged", B: "blocked", C: "blocked", "i-none000009": "failed"}
    assert codes[B] == ["protected"]
    assert codes[C] == ["too_many_tags"]
    assert tags(cloud, A) == DUE
    assert tags(cloud, C) == full


def test_check_mode_predicts_the_change_and_the_second_run_changes_nothing(cloud: Cloud) -> None:
    cloud.seed(stopped(A, tags={"env": "old", "project": "x"}), stopped(B, tags={"env": "new"}))
    wanted: Json = {"set": {"env": "new", "number": "7"}, "remove": ["project"]}
    preview = tag(cloud, A, B, check=True, **wanted)
    assert cloud.writes() == []
    done = tag(cloud, A, B, **wanted)
    again = tag(cloud, A, B, **wanted)
    text = [(row["instance_id"], row["action"], row["changed"], row["tags"]) for row in preview.result["instances"]]
    assert text == [(row["instance_id"], row["action"], row["changed"], row["tags"]) for row in done.result["instances"]]
    assert tags(cloud, A) == tags(cloud, B) == {"env": "new", "number": "7"}
    assert preview.result["diff"] == done.result["diff"]
    assert not again.result["changed"]
    assert again.actions == {A: "none", B: "none"}


def test_many_machines_disks_and_addresses_need_few_calls(cloud: Cloud) -> None:
    fleet = [stopped(f"i-fleet{number:05}", tags={"project": "x"}) for number in range(250)]
    disks = [{"id": "vol-free000001", "size": 20}]
    cloud.seed(*fleet, disks=disks, elastic_ips=[{"id": "fip-free000001", "address": "203.0.113.9"}])
    done = run(
        cloud,
        tags={"project": "x"},
        max_instances=250,
        set=DUE,
        disk_ids=["vol-free000001"],
        elastic_ip_ids=["fip-free000001"],
    )
    assert not done.failed
    assert done.summary["tagged"] == 252
    assert len(cloud.writes()) == 5
    assert tags(cloud, "vol-free000001") == tags(cloud, "fip-free000001") == DUE
    assert done.summary["api_calls"] <= 20


def test_a_part_that_fails_inside_a_200_is_a_failure_of_just_that_part(cloud: Cloud) -> None:
    cloud.seed(stopped(A), stopped(B), tag_failures=B)
    done = tag(cloud, A, B, set=DUE)
    errors = {row["instance_id"]: row["error"] for row in done.result["instances"]}
    assert done.failed
    assert done.actions == {A: "tagged", B: "failed"}
    assert errors[A] is None
    assert errors[B]["code"] == "not_applied"
    assert "tag operation failed" in errors[B]["message"]


@pytest.mark.parametrize("effect", ["none", "before"])
def test_a_lost_answer_is_read_first_and_only_what_is_missing_is_sent_again(cloud: Cloud, effect: str) -> None:
    cloud.seed(stopped(A))
    cloud.control.inject("close_after" if effect == "before" else "close_before", operation="resourcetag.tagResources")
    done = tag(cloud, A, set=DUE)
    assert not done.failed
    assert tags(cloud, A) == DUE
    assert len(cloud.calls("resourcetag.tagResources")) == (1 if effect == "before" else 2)


def test_a_key_that_is_there_twice_ends_as_one(cloud: Cloud) -> None:
    twice = [{"key": "decommission-after", "value": "2026-01-01"}, {"key": "decommission-after", "value": "2026-02-02"}]
    cloud.seed(stopped(A, tags=twice))
    done = tag(cloud, A, set=DUE)
    assert not done.failed
    assert tags(cloud, A) == DUE
    assert done.only["repeated_tags"] == {"decommission-after": ["2026-01-01", "2026-02-02"]}


def test_without_the_right_to_tag_it_fails_with_the_services_reason(cloud: Cloud) -> None:
    cloud.seed(stopped(A), accounts=[account(denied=["resourcetag:tagResources"])])
    done = tag(cloud, A, set=DUE)
    assert done.failed
    assert done.only["error"]["code"] == "api"
    assert done.only["error"]["http"] == 403
    assert tags(cloud, A) == {}


def test_a_selection_that_matches_nothing_changes_nothing(cloud: Cloud) -> None:
    cloud.seed(stopped(A))
    done = run(cloud, tags={"project": "gone"}, set=DUE)
    assert not done.failed
    assert not done.result["changed"]
    assert any("matches the selection" in text for text in done.warnings)
