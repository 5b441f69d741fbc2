# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`state: absent` of `jdcloud_image` and `jdcloud_snapshot`, from their arguments to their results."""

from __future__ import annotations

from typing import Any

import pytest

from support.json_object import Json
from support.module.backup_deletions import DELETES, KINDS, SINGLES, Deleter, actions, add, codes, exists, row_of, rows
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Runner

IMAGE, SNAPSHOT = "jdcloud_image", "jdcloud_snapshot"
MARKER = "jdcloud.cloud/1 campaign=spring instance=i-a stopped=true"


@pytest.fixture
def absent(cloud: MemoryCloud, run: Runner) -> Deleter:
    """Deletes images or snapshots."""
    return Deleter(cloud, run)


# --- what is refused before anything is read ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, "Nothing is selected: set {kind}_ids or name."),
        ({"{kind}_ids": []}, "{kind}_ids is an empty list"),
        ({"{kind}_ids": ["a", " "]}, "{kind}_ids has a blank"),
        ({"{kind}_ids": ["a/b"]}, "is not an id"),
        ({"name": ""}, "name is blank"),
        ({"name": "a", "max_{kind}s": 0}, "max_{kind}s is 0, but must be at least 1"),
        ({"name": "a", "max_{kind}s": True}, "max_{kind}s is true"),
        ({"name": "a", "wait_timeout": 0}, "wait_timeout is 0"),
        ({"instance_ids": ["i-a"]}, "instance_ids cannot be used with state=absent"),
        ({"tags": {"a": "b"}, "name": "a"}, "tags cannot be used with state=absent"),
    ],
)
def test_wrong_input_is_refused_and_sends_nothing(
    cloud: MemoryCloud, absent: Deleter, kind: str, options: dict[str, Any], text: str
) -> None:
    ended = absent(kind, **{name.format(kind=kind): value for name, value in options.items()})
    assert ended.failed
    assert text.format(kind=kind) in ended.msg
    assert cloud.calls == []
    assert rows(ended) == []


# --- selecting ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_twins_are_refused_with_their_ids_and_neighbours_of_the_name_are_not_touched(
    cloud: MemoryCloud, absent: Deleter, kind: str
) -> None:
    for asset_id, name in (("a-1", "old"), ("a-2", "old"), ("a-3", "older")):
        add(cloud, kind, asset_id, name=name)
    ended = absent(kind, name="old", **Json({f"max_{kind}s": 9}))
    assert ended.failed
    assert "a-1, a-2" in ended.msg
    assert "a-3" not in ended.msg
    ended = absent(kind, name="older")
    assert actions(ended) == ["deleted"]
    assert exists(cloud, "a-1")
    assert not exists(cloud, "a-3")


@pytest.mark.parametrize("kind", KINDS)
def test_the_cap_stops_before_anything_is_changed(cloud: MemoryCloud, absent: Deleter, kind: str) -> None:
    add(cloud, kind, "a-1")
    add(cloud, kind, "a-2")
    ended = absent(kind, "a-1", "a-2", **Json({f"max_{kind}s": 1}))
    assert ended.failed
    assert f"(a-1, a-2), but max_{kind}s is 1" in ended.msg
    assert cloud.writes == []


@pytest.mark.parametrize("kind", KINDS)
def test_an_id_with_another_name_than_given_is_blocked(cloud: MemoryCloud, absent: Deleter, kind: str) -> None:
    add(cloud, kind, "a-1", name="mine")
    add(cloud, kind, "a-2", name="yours")
    ended = absent(kind, "a-1", "a-2", name="mine")
    assert ended.failed
    assert codes(ended) == [[], ["selector_mismatch"]]
    assert cloud.writes == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_matches_nothing_is_unchanged_with_a_warning(cloud: MemoryCloud, absent: Deleter, kind: str) -> None:
    ended = absent(kind, name="none")
    assert not ended.failed
    assert not ended.result["changed"]
    assert f"no {kind} in cn-north-1 has this name" in ended.warnings[0]


@pytest.mark.parametrize("kind", KINDS)
def test_ids_that_do_not_exist_are_absent_and_reported(cloud: MemoryCloud, absent: Deleter, kind: str) -> None:
    ended = absent(kind, "a-none")
    assert not ended.failed
    assert "none of 1 ids exists in cn-north-1" in ended.warnings[0]
    row = row_of(ended)
    assert (row["status"], row["action"], row["changed"]) == ("absent", "none", False)
    assert [warning["code"] for warning in row["warnings"]] == ["not_found"]
    summary = ended.result["summary"]
    assert (summary["not_found"], summary["already_absent"], summary["deleted"]) == (1, 1, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_rule_09_a_forbidden_read_is_no_proof_that_an_id_does_not_exist(cloud: MemoryCloud, absent: Deleter, kind: str) -> None:
    cloud.refuse(SINGLES[kind], 403, "HTTP_FORBIDDEN", "not authorized")
    assert absent(kind, "a-hidden").failed
    assert cloud.writes == []


# --- blockers -------------------------------------------------------------------------------------------------------------

BLOCKED: list[tuple[str, dict[str, Any], list[str]]] = [
    ("image", {"imageSource": "public"}, ["not_private"]),
    ("image", {"imageSource": None}, ["not_private"]),
    ("image", {"imageSource": "shared", "status": "pending"}, ["not_private", "task_in_progress"]),
    ("image", {"status": "Replicating"}, ["task_in_progress"]),
    ("snapshot", {"status": "creating"}, ["task_in_progress"]),
    ("snapshot", {"status": "in-use"}, ["invalid_status"]),
    ("snapshot", {"snapshotSource": "others"}, ["not_private"]),
    ("snapshot", {"images": ["img-x"]}, ["belongs_to_image"]),
    ("snapshot", {"images": ["img-x"], "status": "copying"}, ["belongs_to_image", "task_in_progress"]),
]


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize(("kind", "fields", "expected"), BLOCKED)
def test_all_blockers_are_found_and_with_any_nothing_is_changed(
    cloud: MemoryCloud, absent: Deleter, kind: str, fields: dict[str, Any], expected: list[str], check_mode: bool
) -> None:
    add(cloud, kind, "a-1")
    add(cloud, kind, "a-2", **fields)
    ended = absent(kind, "a-1", "a-2", "a-none", check_mode=check_mode)
    assert ended.failed
    assert not ended.result["changed"]
    assert cloud.writes == []
    assert codes(ended) == [[], expected, []]
    assert actions(ended) == ["none", "blocked", "none"]
    assert f"1 of 3 {kind}s cannot be deleted, so nothing was changed: a-2 ({', '.join(expected)})" in ended.msg
    assert ended.result["summary"]["blocked"] == 1


def test_a_snapshot_that_another_image_needs_is_not_deleted_with_an_image(cloud: MemoryCloud, absent: Deleter) -> None:
    cloud.add_image("img-a", "snapshot-1")
    cloud.add_image("img-b", "snapshot-1", "snapshot-2")
    ended = absent("image", "img-a", delete_snapshots=True)
    assert codes(ended) == [["belongs_to_image"]]
    assert "img-b" in row_of(ended)["blockers"][0]["message"]
    assert not absent("image", "img-a").failed
    assert "snapshot-1" in cloud.snapshots


# --- deleting -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize(("delete_snapshots", "fate"), [(True, "deleted"), (False, "kept")])
def test_an_image_is_deleted_as_predicted_and_the_fate_of_its_snapshots_is_reported(
    cloud: MemoryCloud, absent: Deleter, delete_snapshots: bool, fate: str, check_mode: bool
) -> None:
    cloud.add_image("img-a", "snapshot-1", "snapshot-2", instanceId="i-a", desc=MARKER, sizeMB=100, status="error")
    del cloud.snapshots["snapshot-2"]
    ended = absent("image", "img-a", delete_snapshots=delete_snapshots, check_mode=check_mode)
    assert not ended.failed
    assert ended.result["changed"]
    row = row_of(ended)
    assert (row["image_id"], row["instance_id"], row["status"], row["action"]) == ("img-a", "i-a", "absent", "deleted")
    assert (row["campaign"], row["stopped"], row["size_mb"]) == ("spring", True, 100)
    assert row["created"] == "2026-01-19T08:00:00+08:00"
    assert row["covered_disks"] == row["uncovered_disks"] == []
    assert row["snapshots"] == [{"snapshot_id": "snapshot-1", "fate": fate}]
    assert ended.result["diff"]["before"]["backups"] == {"img-a": "image of i-a, named name-of-img-a"}
    assert ended.result["diff"]["after"]["backups"] == {}
    assert ended.result["summary"]["deleted"] == ended.result["summary"]["changed"] == 1
    if not check_mode:
        assert "img-a" not in cloud.images
        assert ("snapshot-1" in cloud.snapshots) is not delete_snapshots


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_snapshot_is_deleted_as_predicted(cloud: MemoryCloud, absent: Deleter, check_mode: bool) -> None:
    cloud.add_snapshot("snapshot-1", "error_delete", description=MARKER, diskId="vol-a")
    ended = absent("snapshot", "snapshot-1", check_mode=check_mode)
    row = row_of(ended)
    assert (row["action"], row["status"], row["changed"], row["error"]) == ("deleted", "absent", True, None)
    assert (row["disk_id"], row["instance_id"], row["campaign"], row["size_gb"]) == ("vol-a", "i-a", "spring", 40)
    assert ("snapshot-1" in cloud.snapshots) is check_mode


@pytest.mark.parametrize("kind", KINDS)
def test_a_second_run_changes_nothing(cloud: MemoryCloud, absent: Deleter, kind: str) -> None:
    add(cloud, kind, "a-1")
    assert absent(kind, "a-1").result["changed"]
    again = absent(kind, "a-1")
    assert not again.failed
    assert not again.result["changed"]
    assert len(cloud.writes) == 1


def test_a_snapshot_that_was_kept_can_be_deleted_by_id_once_its_image_is_gone(cloud: MemoryCloud, absent: Deleter) -> None:
    cloud.add_image("img-a", "snapshot-1")
    assert absent("snapshot", "snapshot-1").failed
    (kept,) = row_of(absent("image", "img-a"))["snapshots"]
    assert kept["fate"] == "kept"
    assert actions(absent("snapshot", kept["snapshot_id"])) == ["deleted"]


def test_fates_that_cannot_be_read_are_unverified_and_hide_nothing(cloud: MemoryCloud, absent: Deleter) -> None:
    cloud.add_image("img-a", "snapshot-1")
    cloud.before["vm.deleteImage"] = lambda: cloud.refuse("disk.describeSnapshots", 403, "HTTP_FORBIDDEN", "not authorized")
    ended = absent("image", "img-a")
    assert not ended.failed
    assert actions(ended) == ["deleted"]
    assert row_of(ended)["snapshots"] == [{"snapshot_id": "snapshot-1", "fate": "unverified"}]


def test_snapshots_that_stay_although_they_were_to_go_are_a_failure(
    cloud: MemoryCloud, absent: Deleter, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.add_image("img-a", "snapshot-1")
    monkeypatch.setattr(cloud, "_delete_image", lambda call: cloud.images.pop(str(call.resource)) and {})
    ended = absent("image", "img-a", delete_snapshots=True)
    row = row_of(ended)
    assert ended.failed
    assert row["error"]["code"] == "fate_mismatch"
    assert row["changed"]
    assert row["status"] == "absent"
    assert row["snapshots"] == [{"snapshot_id": "snapshot-1", "fate": "kept"}]
    assert ended.result["summary"]["deleted"] == ended.result["summary"]["failed"] == 1


@pytest.mark.parametrize("kind", KINDS)
def test_without_waiting_the_run_ends_when_the_deletes_are_accepted(cloud: MemoryCloud, absent: Deleter, kind: str) -> None:
    add(cloud, kind, "a-1")
    predicted, done = (absent(kind, "a-1", wait=False, check_mode=mode) for mode in (True, False))
    assert rows(predicted) == rows(done)
    assert row_of(done)["status"] == "deleting"
    assert cloud.calls[-1].operation == DELETES[kind]
