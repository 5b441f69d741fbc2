# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deleting images and snapshots: the truth is checked in the cloud, not in the result."""

from __future__ import annotations

import pytest

from support.integration.cloud import REGION, Cloud, account, stopped
from support.integration.deletions import DELETE, FAST, MARKER, READ, SINGLE, absent, actions, row, rows, seed, seed_kind
from support.json_object import Json

A = "i-aaaa000001"
KINDS = ["image", "snapshot"]
LOST: dict[str, Json] = {
    "close_before": {"kind": "close_before"},
    "close_after": {"kind": "close_after"},
    "garbage": {"kind": "garbage"},
    "bad_gateway": {"kind": "garbage", "http": 502},
    "garbage_without_effect": {"kind": "garbage", "http": 502, "effect": "none"},
    "no_request_id": {"kind": "no_request_id"},
    "cut_off": {"kind": "cut_off"},
    "hang": {"kind": "hang"},
    "slow_with_effect": {"kind": "delay", "seconds": 1.5, "moment": "after"},
    "error_without_effect": {"kind": "error"},
    "error_with_effect": {"kind": "error", "effect": "before"},
    "throttle": {"kind": "throttle"},
}
"""What happens to the answer of a delete."""


# --- blockers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("check", [True, False])
def test_all_blockers_of_all_images_are_reported_and_nothing_is_changed(cloud: Cloud, check: bool) -> None:
    images = [
        {"id": "img-good"},
        {"id": "img-public", "source": "public"},
        {"id": "img-making", "status": "pending"},
        {"id": "img-shared", "source": "shared", "status": "pending"},
    ]
    seed(cloud, images=images)
    ids = [each["id"] for each in images]
    ended = absent(cloud, "image", *ids, check=check)
    assert ended.failed
    assert actions(ended) == ["none", "blocked", "blocked", "blocked"]
    assert cloud.writes() == []
    codes = [[blocker["code"] for blocker in each["blockers"]] for each in rows(ended)]
    assert codes == [[], ["not_private"], ["task_in_progress"], ["not_private", "task_in_progress"]]
    assert ended.summary["blocked"] == 3
    assert "nothing was changed" in ended.msg


def test_a_snapshot_of_an_image_is_never_sent_and_may_go_once_the_image_is_gone(cloud: Cloud) -> None:
    seed(cloud, stopped(A, disks=[{"id": "vol-a"}]), images=[{"id": "img-a", "of": A}], snapshots=[{"id": "snapshot-s"}])
    deleted = absent(cloud, "image", "img-a", check=True)
    parts = [part["snapshot_id"] for part in row(deleted)["snapshots"]]
    assert len(parts) == 2
    ended = absent(cloud, "snapshot", "snapshot-s", *parts)
    codes = [[blocker["code"] for blocker in each["blockers"]] for each in rows(ended)]
    assert ended.failed
    assert codes == [[], ["belongs_to_image"], ["belongs_to_image"]]
    assert cloud.writes() == []
    assert row(absent(cloud, "image", "img-a"))["snapshots"] == [{"snapshot_id": part, "fate": "kept"} for part in parts]
    ended = absent(cloud, "snapshot", "snapshot-s", *parts)
    assert not ended.failed
    assert ended.summary["deleted"] == 3
    assert not any(cloud.exists(each) for each in ("snapshot-s", *parts))


# --- deleting ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delete_snapshots", [True, False])
def test_check_mode_predicts_the_very_rows_of_the_run_and_a_second_run_changes_nothing(
    cloud: Cloud, delete_snapshots: bool
) -> None:
    images = [{"id": "img-a", "of": A, "description": MARKER}, {"id": "img-b", "status": "error", "created": "-9d"}]
    seed(cloud, stopped(A, disks=[{"id": "vol-a"}]), images=images)
    ids = ("img-b", "img-none", "img-a")
    predicted = absent(cloud, "image", *ids, check=True, delete_snapshots=delete_snapshots)
    done = absent(cloud, "image", *ids, delete_snapshots=delete_snapshots)
    assert not done.failed
    assert rows(predicted) == rows(done)
    assert predicted.result["diff"] == done.result["diff"]
    assert actions(done) == ["deleted", "none", "deleted"]
    assert done.summary["not_found"] == 1
    mine = rows(done)[2]
    assert (mine["campaign"], mine["stopped"], mine["status"]) == ("spring", True, "absent")
    for part in mine["snapshots"]:
        assert part["fate"] == ("deleted" if delete_snapshots else "kept")
        assert cloud.exists(part["snapshot_id"]) is not delete_snapshots
    again = absent(cloud, "image", *ids, delete_snapshots=delete_snapshots)
    assert not again.failed
    assert not again.result["changed"]
    assert len(cloud.writes()) == 2


def test_a_name_is_exact_and_twins_are_refused_with_their_ids(cloud: Cloud) -> None:
    names = {"snapshot-a": "old", "snapshot-b": "old", "snapshot-c": "older", "snapshot-d": "ol"}
    seed(cloud, snapshots=[{"id": each, "name": name} for each, name in names.items()])
    ended = absent(cloud, "snapshot", name="old", max_snapshots=5)
    assert ended.failed
    assert "snapshot-a, snapshot-b" in ended.msg
    assert cloud.writes() == []
    ended = absent(cloud, "snapshot", name="older")
    assert not ended.failed
    assert not cloud.exists("snapshot-c")
    assert cloud.exists("snapshot-a")
    assert cloud.exists("snapshot-d")


def test_a_public_image_whose_id_is_a_uuid_is_found_and_blocked(cloud: Cloud) -> None:
    uuid = "98d44a1f-88b1-4014-90f1-0ab1e1f0a5b3"
    seed(cloud, images=[{"id": uuid, "source": "public"}])
    ended = absent(cloud, "image", f" {uuid} ", uuid)
    assert ended.failed
    assert [blocker["code"] for blocker in row(ended)["blockers"]] == ["not_private"]


@pytest.mark.parametrize("kind", KINDS)
def test_hundreds_are_looked_at_in_bulk_and_proved_gone_one_by_one(cloud: Cloud, kind: str) -> None:
    ids = [f"{kind}-{number:03}" for number in range(150)]
    seed_kind(cloud, kind, *({"id": each} for each in ids))
    ended = absent(cloud, kind, *ids)
    assert not ended.failed, ended.msg
    assert ended.summary["deleted"] == 150
    assert not any(cloud.exists(each) for each in ids)
    assert len(cloud.calls(DELETE[kind])) == len(cloud.calls(SINGLE[kind])) == 150
    assert len(cloud.calls(READ[kind])) < 40


def test_many_images_go_with_their_snapshots(cloud: Cloud) -> None:
    machines = [stopped(f"i-aaaa{number:06}", disks=[{"id": f"vol-{number}"}]) for number in range(30)]
    seed(cloud, *machines, images=[{"id": f"img-{number}", "of": f"i-aaaa{number:06}"} for number in range(30)])
    ended = absent(cloud, "image", *(f"img-{number}" for number in range(30)), delete_snapshots=True)
    assert not ended.failed, ended.msg
    assert {part["fate"] for each in rows(ended) for part in each["snapshots"]} == {"deleted"}
    assert cloud.control.state()["regions"][REGION]["snapshots"] == {}


# --- others at work ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "action", "parameters"),
    [
        ("image", "rename", {"name": "mine"}),
        ("image", "set_status", {"status": "pending"}),
        ("snapshot", "rename", {"name": "mine"}),
        ("snapshot", "set_status", {"status": "error_delete"}),
    ],
)
def test_what_changed_since_the_plan_is_not_deleted(cloud: Cloud, kind: str, action: str, parameters: Json) -> None:
    seed_kind(cloud, kind, {"id": f"{kind}-a"}, {"id": f"{kind}-b"})
    cloud.control.act(action, f"{kind}-a", when={"operation": READ[kind], "resource": "*", "nth": 2}, **parameters)
    ended = absent(cloud, kind, f"{kind}-a", f"{kind}-b")
    assert ended.failed
    assert actions(ended) == ["failed", "deleted"]
    assert rows(ended)[0]["error"]["code"] == "changed_meanwhile"
    assert cloud.exists(f"{kind}-a")
    assert cloud.calls(DELETE[kind], f"{kind}-a") == []


@pytest.mark.parametrize("nth", [2, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_what_another_user_deletes_meanwhile_is_success_without_a_change(cloud: Cloud, kind: str, nth: int) -> None:
    seed_kind(cloud, kind, {"id": f"{kind}-a"})
    when = {"operation": READ[kind], "resource": "*", "nth": 2} if nth == 2 else {"operation": DELETE[kind]}
    cloud.control.act("delete", f"{kind}-a", when=when)
    if nth == 3:
        cloud.control.act("configure", "", **Json({f"{kind}_delete_seconds": 0.0}))
    ended = absent(cloud, kind, f"{kind}-a")
    assert not ended.failed
    assert actions(ended) == ["none"]
    assert not ended.result["changed"]
    assert not cloud.exists(f"{kind}-a")
    assert ended.summary["already_absent"] == 1
    assert cloud.effects(DELETE[kind]) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_being_deleted_already_is_waited_for(cloud: Cloud, kind: str) -> None:
    seed_kind(cloud, kind, {"id": f"{kind}-a"}, **{f"{kind}_delete_seconds": 0.8})
    cloud.control.act("delete", f"{kind}-a")
    ended = absent(cloud, kind, f"{kind}-a", check=True)
    assert not ended.failed
    assert actions(ended) == ["none"]
    assert row(ended)["status"] == "absent"
    assert not cloud.exists(f"{kind}-a")


# --- the service refuses, or its answer is lost ---------------------------------------------------------------------------


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST.keys())
@pytest.mark.parametrize("kind", KINDS)
def test_rule_11_a_lost_answer_costs_no_second_effect(cloud: Cloud, kind: str, fault: Json) -> None:
    seed_kind(cloud, kind, {"id": f"{kind}-a"})
    cloud.control.inject(operation=DELETE[kind], times=1, **fault)
    ended = absent(cloud, kind, f"{kind}-a", api_timeout=0.6)
    assert not ended.failed, ended.msg
    assert actions(ended) == ["deleted"]
    assert cloud.effects(DELETE[kind]) == 1
    assert not cloud.exists(f"{kind}-a")


@pytest.mark.parametrize("kind", KINDS)
def test_a_delete_that_never_gets_a_clear_answer_fails_within_bounds(cloud: Cloud, kind: str) -> None:
    seed_kind(cloud, kind, {"id": f"{kind}-a"}, {"id": f"{kind}-b"})
    cloud.control.inject("close_before", operation=DELETE[kind], resource=f"{kind}-a", times=0)
    ended = absent(cloud, kind, f"{kind}-a", f"{kind}-b", api_retries=2)
    assert ended.failed
    assert actions(ended) == ["failed", "deleted"]
    assert rows(ended)[0]["error"]["code"] == "api"
    assert len(cloud.calls(DELETE[kind], f"{kind}-a")) == 3
    assert not rows(ended)[0]["changed"]


def test_an_image_that_is_busy_for_a_while_is_tried_again(cloud: Cloud) -> None:
    seed(cloud, images=[{"id": "img-a"}])
    busy = {"http": 400, "status": "FAILED_PRECONDITION", "message": "The image 'img-a' is busy"}
    cloud.control.inject("error", operation=DELETE["image"], times=3, **busy)
    ended = absent(cloud, "image", "img-a")
    assert not ended.failed
    assert len(cloud.calls(DELETE["image"])) == 4
    seed(cloud, images=[{"id": "img-a"}])
    cloud.control.inject("error", operation=DELETE["image"], times=0, **busy)
    ended = absent(cloud, "image", "img-a", wait_timeout=1)
    error = row(ended)["error"]
    assert ended.failed
    assert error["code"] == "timeout"
    assert "is busy" in error["message"]
    assert "'ready'" in error["message"]


def test_a_protected_image_fails_alone_and_says_what_to_end(cloud: Cloud) -> None:
    seed(cloud, images=[{"id": "img-a", "protected": True}, {"id": "img-b"}])
    ended = absent(cloud, "image", "img-a", "img-b")
    assert ended.failed
    assert actions(ended) == ["failed", "deleted"]
    assert len(cloud.calls(DELETE["image"], "img-a")) == 1
    error = rows(ended)[0]["error"]
    assert (error["code"], error["http"], error["status"]) == ("kept_by_service", 400, "FAILED_PRECONDITION")
    assert "img-a" in ended.msg
    assert "it is protected in JD Cloud" in ended.msg
    assert cloud.exists("img-a")


def test_a_denied_delete_fails_each_row_and_changes_nothing(cloud: Cloud) -> None:
    cloud.seed(accounts=[account(denied=["disk:deleteSnapshot"])], **FAST)
    cloud.control.add({"regions": {REGION: {"snapshots": [{"id": "snapshot-a"}, {"id": "snapshot-b"}]}}})
    ended = absent(cloud, "snapshot", "snapshot-a", "snapshot-b")
    assert ended.failed
    assert [each["error"]["status"] for each in rows(ended)] == ["HTTP_FORBIDDEN"] * 2
    assert not ended.result["changed"]
    assert cloud.exists("snapshot-a")


@pytest.mark.parametrize("kind", KINDS)
def test_rule_09_a_404_that_a_single_read_contradicts_is_no_proof(cloud: Cloud, kind: str) -> None:
    seed_kind(cloud, kind, {"id": f"{kind}-a"})
    cloud.control.inject("error", operation=DELETE[kind], times=0, http=404, status="NOT_FOUND", message="not found")
    ended = absent(cloud, kind, f"{kind}-a")
    assert ended.failed
    assert row(ended)["error"]["status"] == "NOT_FOUND"
    assert cloud.exists(f"{kind}-a")


@pytest.mark.parametrize("kind", KINDS)
def test_rule_09_an_empty_bulk_answer_is_no_proof(cloud: Cloud, kind: str) -> None:
    seed_kind(cloud, kind, {"id": f"{kind}-a"}, **{f"{kind}_delete_seconds": 1.5})
    cloud.control.inject("empty_list", operation=READ[kind], after=2, times=0)
    ended = absent(cloud, kind, f"{kind}-a")
    assert not ended.failed
    assert actions(ended) == ["deleted"]
    assert not cloud.exists(f"{kind}-a")


@pytest.mark.parametrize("kind", KINDS)
def test_rule_10_a_wait_that_runs_out_names_the_asset_and_its_state(cloud: Cloud, kind: str) -> None:
    seed_kind(cloud, kind, {"id": f"{kind}-a"}, {"id": f"{kind}-b"})
    cloud.control.inject("transition_hangs", operation=DELETE[kind], resource=f"{kind}-a")
    ended = absent(cloud, kind, f"{kind}-a", f"{kind}-b", wait_timeout=1.5)
    assert ended.failed
    assert actions(ended) == ["failed", "deleted"]
    hanging = rows(ended)[0]
    assert hanging["error"]["code"] == "timeout"
    assert f"{kind} {kind}-a is still in 'deleting' after" in hanging["error"]["message"]
    assert hanging["changed"]
    assert (ended.summary["deleted"], ended.summary["changed"]) == (1, 2)


@pytest.mark.parametrize(("kind", "status"), [("image", "error"), ("snapshot", "error_delete")])
def test_a_deletion_that_the_service_gives_up_is_a_failure(cloud: Cloud, kind: str, status: str) -> None:
    seed_kind(cloud, kind, {"id": f"{kind}-a"})
    cloud.control.inject("transition_fails", operation=DELETE[kind])
    ended = absent(cloud, kind, f"{kind}-a")
    assert ended.failed
    assert row(ended)["error"]["code"] == "changed_meanwhile"
    assert row(ended)["status"] == status
    assert cloud.exists(f"{kind}-a")
    assert f"is in '{status}'" in ended.msg


@pytest.mark.parametrize("kind", KINDS)
def test_without_waiting_it_ends_when_the_deletes_are_accepted(cloud: Cloud, kind: str) -> None:
    seed_kind(cloud, kind, {"id": f"{kind}-a"}, **{f"{kind}_delete_seconds": 60})
    predicted = absent(cloud, kind, f"{kind}-a", wait=False, check=True)
    ended = absent(cloud, kind, f"{kind}-a", wait=False)
    assert not ended.failed
    assert rows(predicted) == rows(ended)
    assert (row(ended)["action"], row(ended)["status"]) == ("deleted", "deleting")
    assert ended.seconds < 20


def test_fates_that_cannot_be_read_are_unverified(cloud: Cloud) -> None:
    seed(cloud, stopped(A), images=[{"id": "img-a", "of": A}])
    cloud.control.inject(
        "error", operation=READ["snapshot"], after=1, times=0, http=403, status="HTTP_FORBIDDEN", message="not authorized"
    )
    ended = absent(cloud, "image", "img-a")
    assert not ended.failed
    assert actions(ended) == ["deleted"]
    assert [part["fate"] for part in row(ended)["snapshots"]] == ["unverified"]
