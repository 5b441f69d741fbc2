# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups when things go wrong: lost answers, hanging and failing transitions, and somebody else at work meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from support.integration.backups import Backed, assets, backup, made_of, marked, marker, seed
from support.integration.cloud import Cloud, account, running, stopped
from support.json_object import Json

A, B = "i-aaaa000001", "i-bbbb000001"
SYSTEM: Json = {"id": "vol-syst000001", "size": 40}
DATA: Json = {"id": "vol-data000001", "size": 20}
OTHER: Json = {"id": "vol-othr000001", "size": 20}
POWER: Json = {"stop_running": True, "start_again": True}
CREATES = {"image": "vm.createImage", "snapshots": "disk.createSnapshot"}
METHODS = pytest.mark.parametrize("method", CREATES)
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


def machine(cloud: Cloud, *, runs: bool = False, **more: Any) -> None:
    """A fresh cloud with a machine with two disks."""
    kind = running if runs else stopped
    seed(cloud, kind(A, system_disk=SYSTEM, disks=[DATA]), **more)


def expected(method: str) -> list[str]:
    """What there is to be made of `machine`."""
    return [A] if method == "image" else sorted([SYSTEM["id"], DATA["id"]])


def first(ended: Backed, method: str) -> Json:
    """One asset of the only machine."""
    return ended.image if method == "image" else dict(ended.only["snapshots"][0])


# --- lost answers -------------------------------------------------------------------------------------------------


@METHODS
@pytest.mark.parametrize("fault", LOST.values(), ids=LOST.keys())
def test_rule_11_a_lost_answer_never_makes_a_second_one(cloud: Cloud, method: str, fault: Json) -> None:
    cloud.hurry()
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
    cloud.hurry()
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
    assert "run again to see" in ended.error["message"]
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
    cloud.hurry()
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
def test_a_refusal_that_does_not_pass_is_told_with_operation_and_request_and_the_machine_is_started_again(
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
    cloud.hurry()
    machine(cloud)
    cloud.control.inject("transition_hangs", operation=CREATES[method], times=0)
    ended = backup(cloud, A, method=method, wait_timeout=1.5)
    assert ended.failed
    assert ended.error["code"] == "timeout"
    assert ended.actions == {A: "failed"}
    state = "pending" if method == "image" else "creating"
    assert f"hangs in '{state}' for " in ended.error["message"]
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


# --- somebody else ------------------------------------------------------------------------------------------------


@METHODS
def test_a_machine_that_somebody_starts_during_its_backup_fails_and_the_mark_no_longer_says_stopped(
    cloud: Cloud, method: str
) -> None:
    machine(cloud)
    cloud.control.act("start", A, instantly=True, when={"operation": CREATES[method], "resource": "*", "moment": "after"})
    ended = backup(cloud, A, method=method)
    assert ended.failed
    assert ended.error["code"] == "changed_meanwhile"
    assert "'running'" in ended.error["message"]
    marks = marked(cloud)
    assert marks
    assert set(marks.values()) == {marker(A, stopped=False)}
    assert not first(ended, method)["stopped"]
    assert {disk["disk_id"] for disk in ended.only["uncovered_disks"]} == {SYSTEM["id"], DATA["id"]}


def test_a_mark_that_cannot_be_taken_back_is_told(cloud: Cloud) -> None:
    machine(cloud)
    cloud.control.act("start", A, instantly=True, when={"operation": "vm.createImage", "resource": "*", "moment": "after"})
    cloud.control.inject("error", operation="vm.modifyImageAttribute", times=0, http=403, status="HTTP_FORBIDDEN")
    ended = backup(cloud, A)
    assert ended.failed
    assert ended.error["message"].endswith("could not be changed: delete it by hand.")


@METHODS
@pytest.mark.parametrize("runs", [False, True], ids=["stopped", "stopped by us"])
def test_a_machine_that_somebody_starts_before_its_create_gets_no_false_mark(cloud: Cloud, method: str, runs: bool) -> None:
    """It was looked at before; whatever was made then says so, or nothing was made."""
    machine(cloud, runs=runs)
    look = {"operation": "vm.describeInstances", "resource": "*", "moment": "after", "nth": 1}
    cloud.control.act("start", A, instantly=True, when=look)
    ended = backup(cloud, A, method=method, stop_running=runs)
    assert runs or ended.failed
    for text in marked(cloud).values():
        assert text == marker(A, stopped=cloud.status(A) == "stopped")


@METHODS
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_disk_that_somebody_attaches_meanwhile_is_told(cloud: Cloud, method: str, moment: str) -> None:
    machine(cloud, more={"disks": [OTHER]})
    when = {"operation": CREATES[method], "resource": "*", "moment": moment}
    cloud.control.act("attach", A, disk=OTHER["id"], when=when)
    ended = backup(cloud, A, method=method)
    assert ended.failed
    assert ended.error["code"] == "changed_meanwhile"
    assert OTHER["id"] in ended.error["message"]
    assert ended.manifest["state"] == "incomplete"


@METHODS
def test_a_disk_that_somebody_swaps_during_the_stop_is_noticed_before_anything_is_made(cloud: Cloud, method: str) -> None:
    machine(cloud, runs=True, more={"disks": [OTHER]})
    when = {"operation": "vm.stopInstance", "resource": A, "moment": "after"}
    cloud.control.act("detach", A, disk=DATA["id"], when=when)
    cloud.control.act("attach", A, disk=OTHER["id"], when=when)
    ended = backup(cloud, A, method=method, **POWER)
    assert ended.failed
    assert ended.error["code"] == "changed_meanwhile"
    assert DATA["id"] in ended.error["message"]
    assert OTHER["id"] in ended.error["message"]
    assert marked(cloud) == {}
    assert cloud.status(A) == "running"


def test_a_disk_that_somebody_detaches_right_before_the_image_is_missed(cloud: Cloud) -> None:
    machine(cloud)
    cloud.control.act("detach", A, disk=DATA["id"], when={"operation": "vm.createImage", "resource": "*"})
    ended = backup(cloud, A)
    assert ended.failed
    assert ended.error["code"] == "incomplete"
    assert DATA["id"] in ended.error["message"]


def test_a_disk_that_somebody_detaches_when_it_is_in_the_image_is_not_missed(cloud: Cloud) -> None:
    machine(cloud)
    cloud.control.act("detach", A, disk=DATA["id"], when={"operation": "vm.createImage", "resource": "*", "moment": "after"})
    ended = backup(cloud, A)
    assert not ended.failed
    assert ended.actions == {A: "created"}


@METHODS
def test_a_machine_that_somebody_deletes_during_its_backup_keeps_the_backup(cloud: Cloud, method: str) -> None:
    machine(cloud)
    nth = 1 if method == "image" else 2
    when = {"operation": CREATES[method], "resource": "*", "moment": "after", "nth": nth}
    cloud.control.act("delete", A, instantly=True, when=when)
    ended = backup(cloud, A, method=method)
    assert not ended.failed
    assert ended.only["status"] == "absent"
    assert made_of(cloud) == expected(method)


def test_an_image_that_lacks_a_disk_is_no_backup_of_a_machine_that_is_gone_either(cloud: Cloud) -> None:
    machine(cloud)
    cloud.control.inject("leaves_out", operation="vm.createImage", devices=["vdb"])
    cloud.control.act("delete", A, instantly=True, when={"operation": "vm.createImage", "resource": "*", "moment": "after"})
    ended = backup(cloud, A)
    assert ended.failed
    assert ended.error["code"] == "incomplete"


@METHODS
def test_a_machine_that_somebody_deletes_before_its_backup_is_told_and_the_others_are_done(cloud: Cloud, method: str) -> None:
    seed(cloud, running(A, system_disk=SYSTEM), stopped(B))
    cloud.control.act("delete", A, instantly=True, when={"operation": "vm.stopInstance", "resource": A})
    ended = backup(cloud, A, B, method=method, **POWER)
    assert ended.failed
    assert ended.actions == {A: "failed", B: "created"}
    assert len(marked(cloud)) == 1


@METHODS
def test_a_backup_that_somebody_deletes_while_it_is_waited_for_is_told(cloud: Cloud, method: str) -> None:
    cloud.hurry()
    machine(cloud, image_seconds=60, snapshot_seconds=60)
    accepted = backup(cloud, A, method=method, wait=False)
    asset_id = first(accepted, method)["image_id" if method == "image" else "snapshot_id"]
    listing = {"image": "vm.describeImages", "snapshots": "disk.describeSnapshots"}[method]
    cloud.control.act("delete", asset_id, instantly=True, when={"operation": listing, "resource": "*", "nth": 3})
    ended = backup(cloud, A, method=method, wait_timeout=3)
    assert ended.failed
    assert ended.error["code"] == "vanished"
    assert asset_id in ended.error["message"]
    assert cloud.effects(CREATES[method]) == len(expected(method)), "nothing is made again behind somebody's back"


# --- reading back -------------------------------------------------------------------------------------------------


def test_rule_14_what_cannot_be_read_back_is_unverified_and_the_machine_is_started_again(cloud: Cloud) -> None:
    machine(cloud, runs=True)
    cloud.control.inject("error", operation="disk.describeSnapshots", times=0, http=403, status="HTTP_FORBIDDEN")
    ended = backup(cloud, A, **POWER)
    assert ended.failed
    assert ended.error["code"] == "unverified"
    assert ended.error["http"] == 403
    assert ended.image["image_id"] in marked(cloud)
    assert ended.image["disks"] == []
    assert cloud.status(A) == "running"
    assert ended.only["started_by_us"]
    assert ended.changed


def test_rule_14_machines_that_cannot_be_seen_once_more_are_unverified_and_started_again(cloud: Cloud) -> None:
    machine(cloud, runs=True)
    denied = {"http": 403, "status": "HTTP_FORBIDDEN"}
    cloud.control.inject("error", operation="vm.describeInstances", times=0, after=4, **denied)
    ended = backup(cloud, A, **POWER)
    assert ended.failed
    assert ended.only["error"] is not None
    assert len(assets(cloud, "images")) == 1
    assert ended.image["image_id"] in marked(cloud)
