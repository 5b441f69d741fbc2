# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups when things go wrong: lost answers, hanging and failing transitions, and another user at work meanwhile."""

from __future__ import annotations

import pytest

from support.integration.backups import (
    CREATES,
    DATA,
    METHODS,
    POWER,
    A,
    B,
    backup,
    expected,
    first,
    machine,
    made_of,
    marked,
    marker,
    seed,
)
from support.integration.cloud import Cloud, account, running, stopped
from support.json_object import Json

LOST: dict[str, Json] = {
    "close_before": {"kind": "close_before"},
    "close_after": {"kind": "close_after"},
    "500_before": {"kind": "error"},
    "500_after": {"kind": "error", "effect": "before"},
    "garbage_after": {"kind": "garbage", "http": 502},
    "cut_off": {"kind": "cut_off"},
    "throttle": {"kind": "throttle"},
    "hang": {"kind": "hang"},
    "hang_after": {"kind": "hang", "effect": "before"},
    "slow": {"kind": "delay", "seconds": 1.5, "moment": "after"},
}
"""What happens to the answer of a create."""


# --- lost answers -------------------------------------------------------------------------------------------------


@METHODS
@pytest.mark.parametrize("fault", LOST.values(), ids=LOST.keys())
def test_rule_11_a_lost_answer_never_makes_a_second_one(cloud: Cloud, method: str, fault: Json) -> None:
    machine(cloud)
    cloud.control.inject(operation=CREATES[method], **fault)
    ended = backup(cloud, A, method=method, api_timeout=0.6)
    assert not ended.failed, ended.result
    assert ended.actions == {A: "created"}
    assert made_of(cloud) == expected(method)
    assert set(marked(cloud).values()) == {marker(A)}
    again = backup(cloud, A, method=method)
    assert not again.changed
    assert made_of(cloud) == expected(method)


@METHODS
def test_rule_11_a_listing_that_leaves_out_what_was_made_is_no_proof_that_it_was_not(cloud: Cloud, method: str) -> None:
    machine(cloud)
    listing = {"image": "vm.describeImages", "snapshots": "disk.describeSnapshots"}[method]
    cloud.control.inject("close_after", operation=CREATES[method], times=0)
    # The first read is that of the plan.
    cloud.control.inject("drop_rows", operation=listing, count=5, after=1, times=4)
    ended = backup(cloud, A, method=method)
    assert not ended.failed, ended.result
    assert made_of(cloud) == expected(method)


@METHODS
def test_answers_that_are_always_lost_end_in_a_failure_once_the_listings_show_that_nothing_was_made(
    cloud: Cloud, method: str
) -> None:
    machine(cloud, runs=True)
    cloud.control.inject("close_before", operation=CREATES[method], times=0)
    ended = backup(cloud, A, method=method, api_retries=1, **POWER)
    assert ended.failed
    assert ended.error["code"] == "api"
    assert "closed the connection" in ended.error["message"]
    made = first(ended, method)
    assert (made["action"], made["status"], made[f"{method.removesuffix('s')}_id"]) == ("failed", None, None)
    assert marked(cloud) == {}
    assert cloud.status(A) == "running"
    assert ended.only["started_by_us"]


@METHODS
def test_answers_that_are_always_lost_and_listings_that_cannot_be_read_leave_it_unverified(cloud: Cloud, method: str) -> None:
    machine(cloud, runs=True)
    cloud.control.inject("close_before", operation=CREATES[method], times=0)
    listing = {"image": "vm.describeImages", "snapshots": "disk.describeSnapshots"}[method]
    # The plan's own reads come first.
    cloud.control.inject("error", operation=listing, after=1, times=0, http=403, status="HTTP_FORBIDDEN", message="no")
    ended = backup(cloud, A, method=method, api_retries=1, **POWER)
    assert ended.failed
    assert ended.error["code"] == "unverified"
    assert "run again to check" in ended.error["message"]
    assert ended.changed
    assert first(ended, method)["status"] == "unverified"
    assert cloud.status(A) == "running"
    assert ended.only["started_by_us"]


@METHODS
def test_a_refusal_after_a_lost_answer_hides_no_backup_that_was_made(cloud: Cloud, method: str) -> None:
    """The lost call took the last of the quota; the listings show it only later."""
    left = {"images": 1} if method == "image" else {"snapshots": 2}
    machine(cloud, quotas=left)
    listing = {"image": "vm.describeImages", "snapshots": "disk.describeSnapshots"}[method]
    cloud.control.inject("close_after", operation=CREATES[method])
    cloud.control.inject("empty_list", operation=listing, after=1, times=2)
    ended = backup(cloud, A, method=method)
    assert not ended.failed, ended.result
    assert made_of(cloud) == expected(method)
    assert ended.actions == {A: "created"}


def test_a_task_that_is_our_own_lost_call_is_not_waited_for_and_repeated(cloud: Cloud) -> None:
    """The image of the lost call is not listed at first. Its task refuses the second call: then it is looked for once more."""
    machine(cloud, image_seconds=3)
    cloud.control.inject("close_after", operation="vm.createImage")
    cloud.control.inject("empty_list", operation="vm.describeImages", after=1, times=2)
    ended = backup(cloud, A)
    assert not ended.failed
    assert made_of(cloud) == [A]
    assert cloud.effects("vm.createImage") == 1


# --- throttling, refusals, lockouts -------------------------------------------------------------------------------


@METHODS
def test_a_storm_of_429_is_weathered(cloud: Cloud, method: str) -> None:
    machine(cloud, runs=True)
    cloud.control.inject("throttle", probability=0.5, times=0)
    ended = backup(cloud, A, method=method, **POWER)
    assert not ended.failed, ended.result
    assert made_of(cloud) == expected(method)
    assert cloud.status(A) == "running"
    assert ended.ended.summary["api_throttled"] > 0


def test_the_slowest_pace_at_which_anything_can_be_proved_still_comes_to_an_end(cloud: Cloud) -> None:
    """One call in two seconds: no look grows too old before its create leaves."""
    seed(cloud, stopped(A), stopped(B), image_seconds=4)
    ended = backup(cloud, A, B, api_rate_limit=0.6, wait_timeout=120)
    assert not ended.failed
    assert made_of(cloud) == [A, B]


@METHODS
def test_a_refusal_that_passes_is_tried_again(cloud: Cloud, method: str) -> None:
    machine(cloud)
    refusal = {"http": 400, "status": "FAILED_PRECONDITION", "message": "Conflict with underlay task resize"}
    cloud.control.inject("error", operation=CREATES[method], times=2, **refusal)
    ended = backup(cloud, A, method=method)
    assert not ended.failed
    assert made_of(cloud) == expected(method)


@METHODS
def test_a_refusal_that_does_not_pass_is_reported_with_operation_and_request_and_the_machine_is_started_again(
    cloud: Cloud, method: str
) -> None:
    machine(cloud, runs=True)
    cloud.control.inject("error", operation=CREATES[method], times=0, http=403, status="HTTP_FORBIDDEN", message="no")
    ended = backup(cloud, A, method=method, **POWER)
    assert ended.failed
    assert ended.error["operation"] == CREATES[method]
    assert ended.error["request_id"]
    assert cloud.status(A) == "running"
    assert ended.only["status"] == "running"
    assert marked(cloud) == {}


def test_a_401_in_the_middle_ends_the_run_with_all_that_is_known(cloud: Cloud) -> None:
    seed(cloud, stopped(A), stopped(B), accounts=[account()], image_seconds=60)
    denied = {"http": 401, "status": "UNAUTHENTICATED", "message": "the request sign result is not same"}
    # The plan's own read comes first.
    cloud.control.inject("error", operation="vm.describeImages", after=1, times=0, **denied)
    ended = backup(cloud, A, B)
    assert ended.failed
    assert set(ended.actions.values()) == {"failed"}
    for instance_id in (A, B):
        text = ended.machine(instance_id)
        assert text["error"]["http"] == 401
        assert text["image"]["image_id"] in marked(cloud)
    # Images that were begun and failed are a change, and no backups.
    assert ended.changed
    assert ended.summary == {"selected": 2, "changed": 2, "failed": 2}


# --- transitions --------------------------------------------------------------------------------------------------


@METHODS
def test_a_backup_that_ends_in_error_fails_with_its_id_and_the_machine_is_started_again(cloud: Cloud, method: str) -> None:
    machine(cloud, runs=True)
    cloud.control.inject("transition_fails", operation=CREATES[method])
    ended = backup(cloud, A, method=method, **POWER)
    assert ended.failed
    assert ended.error["code"] == "backup_failed"
    assert ended.changed
    failed = first(ended, method) if method == "image" else next(row for row in ended.only["snapshots"] if row["error"])
    key = "image_id" if method == "image" else "snapshot_id"
    assert failed[key] in ended.error["message"]
    assert failed["action"] == "failed"
    assert failed["status"] == ("error" if method == "image" else "error_create")
    assert cloud.status(A) == "running"
    assert ended.only["started_by_us"]
    again = backup(cloud, A, method=method, **POWER)
    assert not again.failed
    assert again.actions == {A: "created"}


@METHODS
def test_rule_10_a_backup_that_hangs_is_a_failure_that_names_it_its_state_and_for_how_long(cloud: Cloud, method: str) -> None:
    machine(cloud)
    cloud.control.inject("transition_hangs", operation=CREATES[method], times=0)
    ended = backup(cloud, A, method=method, wait_timeout=1.5)
    assert ended.failed
    assert ended.error["code"] == "timeout"
    assert ended.actions == {A: "failed"}
    state = "pending" if method == "image" else "creating"
    assert f"is still in '{state}' after " in ended.error["message"]
    asset_id = first(ended, method)["image_id" if method == "image" else "snapshot_id"]
    assert asset_id in marked(cloud)
    assert asset_id in ended.error["message"]


def test_snapshots_are_not_made_where_the_image_failed(cloud: Cloud) -> None:
    machine(cloud)
    cloud.control.inject("transition_fails", operation="vm.createImage")
    ended = backup(cloud, A, method="both")
    assert ended.failed
    assert {row["error"]["code"] for row in ended.only["snapshots"]} == {"not_made"}
    assert cloud.calls("disk.createSnapshot") == []


def test_a_stop_that_hangs_is_named_and_nothing_is_made_of_that_machine(cloud: Cloud) -> None:
    seed(cloud, running(A), stopped(B))
    cloud.control.inject("transition_hangs", operation="vm.stopInstance")
    ended = backup(cloud, A, B, stop_running=True, wait_timeout=1.5)
    assert ended.failed
    assert ended.actions == {A: "failed", B: "created"}
    error = ended.machine(A)["error"]
    assert error["code"] == "timeout"
    assert "'stopping'" in error["message"]
    assert made_of(cloud) == [B]


def test_a_start_that_hangs_is_named_and_the_backup_stays_reported(cloud: Cloud) -> None:
    machine(cloud, runs=True)
    cloud.control.inject("transition_hangs", operation="vm.startInstance")
    ended = backup(cloud, A, wait_timeout=1.5, **POWER)
    assert ended.failed
    assert ended.error["code"] == "timeout"
    assert "'starting'" in ended.error["message"]
    assert ended.image["action"] == "created"
    assert ended.summary["created"] == 1


def test_an_image_that_lacks_a_disk_is_no_backup(cloud: Cloud) -> None:
    """Whatever the reason at the service, what counts is which disks its snapshots are of."""
    machine(cloud)
    cloud.control.inject("leaves_out", operation="vm.createImage", devices=["vdb"])
    ended = backup(cloud, A)
    assert ended.failed
    assert ended.error["code"] == "incomplete"
    assert DATA["id"] in ended.error["message"]
    assert DATA["id"] in {disk["disk_id"] for disk in ended.only["uncovered_disks"]}
    again = backup(cloud, A)
    assert not again.failed
    assert again.actions == {A: "created"}
