# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`state: absent` of `jdcloud_image` and `jdcloud_snapshot`, from their arguments to their results."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import TransportError
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.deletions.transitions import DeletionTransitions
from support.json_object import Json
from support.module.documentation import check
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Ended, Runner

IMAGE, SNAPSHOT = "jdcloud_image", "jdcloud_snapshot"
DELETES = {"image": "vm.deleteImage", "snapshot": "disk.deleteSnapshot"}
READS = {"image": "vm.describeImages", "snapshot": "disk.describeSnapshots"}
SINGLES = {"image": "vm.describeImage", "snapshot": "disk.describeSnapshot"}
KINDS = ["image", "snapshot"]
MARK = "jdcloud.cloud/1 campaign=spring instance=i-a stopped=true"


class Deleter:
    """Runs `state: absent` for either kind, and checks what holds always."""

    def __init__(self, cloud: MemoryCloud, run: Runner) -> None:
        self._cloud = cloud
        self._run = run

    def __call__(self, kind: str, *ids: str, check_mode: bool = False, **options: Any) -> Ended:
        chosen = {f"{kind}_ids": list(ids)} if ids else {}
        ended = self._run(f"jdcloud_{kind}", check=check_mode, state="absent", **chosen, **options)
        check(ended.result, f"jdcloud_{kind}")
        if check_mode:
            assert self._cloud.writes == []
        return ended


@pytest.fixture
def absent(cloud: MemoryCloud, run: Runner) -> Deleter:
    """Deletes images or snapshots."""
    return Deleter(cloud, run)


def _rows(ended: Ended) -> list[dict[str, Any]]:
    """The rows of images; those of snapshots if there are none."""
    return list(ended.result.get("images") or ended.result.get("snapshots") or [])


def _row(ended: Ended) -> dict[str, Any]:
    (row,) = _rows(ended)
    return row


def _actions(ended: Ended) -> list[str]:
    return [row["action"] for row in _rows(ended)]


def _codes(ended: Ended) -> list[list[str]]:
    return [[blocker["code"] for blocker in row["blockers"]] for row in _rows(ended)]


def _add(cloud: MemoryCloud, kind: str, asset_id: str, **members: Any) -> dict[str, Any]:
    return cloud.add_image(asset_id, **members) if kind == "image" else cloud.add_snapshot(asset_id, **members)


def _exists(cloud: MemoryCloud, asset_id: str) -> bool:
    return asset_id in cloud.images or asset_id in cloud.snapshots


# --- what is refused before anything is read ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, "Nothing is selected: give {kind}_ids or name."),
        ({"{kind}_ids": []}, "{kind}_ids is an empty list"),
        ({"{kind}_ids": ["a", " "]}, "{kind}_ids has a blank"),
        ({"{kind}_ids": ["a/b"]}, "is no id"),
        ({"name": ""}, "name is blank"),
        ({"name": "a", "max_{kind}s": 0}, "max_{kind}s is 0, but must be at least 1"),
        ({"name": "a", "max_{kind}s": True}, "max_{kind}s is true"),
        ({"name": "a", "wait_timeout": 0}, "wait_timeout is 0"),
        ({"instance_ids": ["i-a"]}, "instance_ids does not go with state=absent"),
        ({"tags": {"a": "b"}, "name": "a"}, "tags does not go with state=absent"),
    ],
)
def test_wrong_input_is_refused_and_sends_nothing(
    cloud: MemoryCloud, absent: Deleter, kind: str, options: dict[str, Any], text: str
) -> None:
    ended = absent(kind, **{name.format(kind=kind): value for name, value in options.items()})
    assert ended.failed
    assert text.format(kind=kind) in ended.msg
    assert cloud.calls == []
    assert _rows(ended) == []


# --- selecting ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_twins_are_refused_with_their_ids_and_neighbours_of_the_name_are_not_touched(
    cloud: MemoryCloud, absent: Deleter, kind: str
) -> None:
    for asset_id, name in (("a-1", "old"), ("a-2", "old"), ("a-3", "older")):
        _add(cloud, kind, asset_id, name=name)
    ended = absent(kind, name="old", **Json({f"max_{kind}s": 9}))
    assert ended.failed
    assert "a-1, a-2" in ended.msg
    assert "a-3" not in ended.msg
    ended = absent(kind, name="older")
    assert _actions(ended) == ["deleted"]
    assert _exists(cloud, "a-1")
    assert not _exists(cloud, "a-3")


@pytest.mark.parametrize("kind", KINDS)
def test_the_cap_stops_before_anything_is_changed(cloud: MemoryCloud, absent: Deleter, kind: str) -> None:
    _add(cloud, kind, "a-1")
    _add(cloud, kind, "a-2")
    ended = absent(kind, "a-1", "a-2", **Json({f"max_{kind}s": 1}))
    assert ended.failed
    assert f"more than max_{kind}s of 1 (a-1, a-2)" in ended.msg
    assert cloud.writes == []


@pytest.mark.parametrize("kind", KINDS)
def test_an_id_with_another_name_than_given_is_blocked(cloud: MemoryCloud, absent: Deleter, kind: str) -> None:
    _add(cloud, kind, "a-1", name="mine")
    _add(cloud, kind, "a-2", name="yours")
    ended = absent(kind, "a-1", "a-2", name="mine")
    assert ended.failed
    assert _codes(ended) == [[], ["selector_mismatch"]]
    assert cloud.writes == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_matches_nothing_is_unchanged_with_a_warning(cloud: MemoryCloud, absent: Deleter, kind: str) -> None:
    ended = absent(kind, name="none")
    assert not ended.failed
    assert not ended.result["changed"]
    assert f"no {kind} in cn-north-1 has this name" in ended.warnings[0]


@pytest.mark.parametrize("kind", KINDS)
def test_ids_that_do_not_exist_are_absent_and_told(cloud: MemoryCloud, absent: Deleter, kind: str) -> None:
    ended = absent(kind, "a-none")
    assert not ended.failed
    assert "none of 1 ids exists in cn-north-1" in ended.warnings[0]
    row = _row(ended)
    assert (row["status"], row["action"], row["changed"]) == ("absent", "none", False)
    assert [warning["code"] for warning in row["warnings"]] == ["not_found"]
    summary = ended.result["summary"]
    assert (summary["not_found"], summary["already_absent"], summary["deleted"]) == (1, 1, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_rule_9_a_forbidden_read_is_no_proof_that_an_id_does_not_exist(cloud: MemoryCloud, absent: Deleter, kind: str) -> None:
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
@pytest.mark.parametrize(("kind", "members", "codes"), BLOCKED)
def test_all_blockers_are_found_and_with_any_nothing_is_changed(
    cloud: MemoryCloud, absent: Deleter, kind: str, members: dict[str, Any], codes: list[str], check_mode: bool
) -> None:
    _add(cloud, kind, "a-1")
    _add(cloud, kind, "a-2", **members)
    ended = absent(kind, "a-1", "a-2", "a-none", check_mode=check_mode)
    assert ended.failed
    assert not ended.result["changed"]
    assert cloud.writes == []
    assert _codes(ended) == [[], codes, []]
    assert _actions(ended) == ["none", "blocked", "none"]
    assert f"1 of 3 {kind}s cannot be deleted, so nothing at all was changed: a-2 ({', '.join(codes)})" in ended.msg
    assert ended.result["summary"]["blocked"] == 1


def test_a_snapshot_that_another_image_needs_is_not_deleted_with_an_image(cloud: MemoryCloud, absent: Deleter) -> None:
    cloud.add_image("img-a", "snapshot-1")
    cloud.add_image("img-b", "snapshot-1", "snapshot-2")
    ended = absent("image", "img-a", delete_snapshots=True)
    assert _codes(ended) == [["belongs_to_image"]]
    assert "img-b" in _row(ended)["blockers"][0]["message"]
    assert not absent("image", "img-a").failed
    assert "snapshot-1" in cloud.snapshots


# --- deleting -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize(("delete_snapshots", "fate"), [(True, "deleted"), (False, "kept")])
def test_an_image_is_deleted_as_predicted_and_the_fate_of_its_snapshots_is_told(
    cloud: MemoryCloud, absent: Deleter, delete_snapshots: bool, fate: str, check_mode: bool
) -> None:
    cloud.add_image("img-a", "snapshot-1", "snapshot-2", instanceId="i-a", desc=MARK, sizeMB=100, status="error")
    del cloud.snapshots["snapshot-2"]
    ended = absent("image", "img-a", delete_snapshots=delete_snapshots, check_mode=check_mode)
    assert not ended.failed
    assert ended.result["changed"]
    row = _row(ended)
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
    cloud.add_snapshot("snapshot-1", "error_delete", description=MARK, diskId="vol-a")
    ended = absent("snapshot", "snapshot-1", check_mode=check_mode)
    row = _row(ended)
    assert (row["action"], row["status"], row["changed"], row["error"]) == ("deleted", "absent", True, None)
    assert (row["disk_id"], row["instance_id"], row["campaign"], row["size_gb"]) == ("vol-a", "i-a", "spring", 40)
    assert ("snapshot-1" in cloud.snapshots) is check_mode


@pytest.mark.parametrize("kind", KINDS)
def test_a_second_run_changes_nothing(cloud: MemoryCloud, absent: Deleter, kind: str) -> None:
    _add(cloud, kind, "a-1")
    assert absent(kind, "a-1").result["changed"]
    again = absent(kind, "a-1")
    assert not again.failed
    assert not again.result["changed"]
    assert len(cloud.writes) == 1


def test_a_snapshot_that_was_kept_can_be_deleted_by_id_once_its_image_is_gone(cloud: MemoryCloud, absent: Deleter) -> None:
    cloud.add_image("img-a", "snapshot-1")
    assert absent("snapshot", "snapshot-1").failed
    (kept,) = _row(absent("image", "img-a"))["snapshots"]
    assert kept["fate"] == "kept"
    assert _actions(absent("snapshot", kept["snapshot_id"])) == ["deleted"]


def test_fates_that_cannot_be_read_are_unverified_and_hide_nothing(cloud: MemoryCloud, absent: Deleter) -> None:
    cloud.add_image("img-a", "snapshot-1")
    cloud.before["vm.deleteImage"] = lambda: cloud.refuse("disk.describeSnapshots", 403, "HTTP_FORBIDDEN", "not authorized")
    ended = absent("image", "img-a")
    assert not ended.failed
    assert _actions(ended) == ["deleted"]
    assert _row(ended)["snapshots"] == [{"snapshot_id": "snapshot-1", "fate": "unverified"}]


def test_snapshots_that_stay_although_they_were_to_go_are_a_failure(
    cloud: MemoryCloud, absent: Deleter, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.add_image("img-a", "snapshot-1")
    monkeypatch.setattr(cloud, "_delete_image", lambda call: cloud.images.pop(str(call.resource)) and {})
    ended = absent("image", "img-a", delete_snapshots=True)
    row = _row(ended)
    assert ended.failed
    assert row["error"]["code"] == "fate_mismatch"
    assert row["changed"]
    assert row["status"] == "absent"
    assert row["snapshots"] == [{"snapshot_id": "snapshot-1", "fate": "kept"}]
    assert ended.result["summary"]["deleted"] == ended.result["summary"]["failed"] == 1


@pytest.mark.parametrize("kind", KINDS)
def test_without_waiting_the_run_ends_when_the_deletes_are_accepted(cloud: MemoryCloud, absent: Deleter, kind: str) -> None:
    _add(cloud, kind, "a-1")
    predicted, done = (absent(kind, "a-1", wait=False, check_mode=mode) for mode in (True, False))
    assert _rows(predicted) == _rows(done)
    assert _row(done)["status"] == "deleting"
    assert cloud.calls[-1].operation == DELETES[kind]


# --- the look before each delete ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("image", {"name": "renamed"}),
        ("image", {"status": "copying"}),
        ("image", {"imageSource": "shared"}),
        ("image", {"snapshotId": "snapshot-new"}),
        ("snapshot", {"name": "renamed"}),
        ("snapshot", {"status": "error_create"}),
        ("snapshot", {"images": ["img-new"]}),
    ],
)
def test_what_changed_since_the_plan_is_not_deleted_and_hides_no_other(
    cloud: MemoryCloud, absent: Deleter, kind: str, change: dict[str, Any]
) -> None:
    _add(cloud, kind, "a-1")
    changing = _add(cloud, kind, "a-2")
    read = cloud.send
    looks: list[str] = []

    def send(call: Any, *rest: Any) -> Any:
        if call.operation == READS[kind]:
            looks.append(call.operation)
            if len(looks) == 2:
                changing.update(change)
        return read(call, *rest)

    cloud.send = send
    ended = absent(kind, "a-1", "a-2")
    assert ended.failed
    assert _actions(ended) == ["deleted", "failed"]
    assert _exists(cloud, "a-2")
    assert _rows(ended)[1]["error"]["code"] == "changed_meanwhile"
    assert cloud.writes == [(DELETES[kind], "a-1")]


@pytest.mark.parametrize("kind", KINDS)
def test_rule_6_a_delete_never_leaves_on_a_look_older_than_five_seconds(cloud: MemoryCloud, absent: Deleter, kind: str) -> None:
    _add(cloud, kind, "a-1")
    read = cloud.send
    looks: list[float] = []
    deletes: list[float] = []

    def send(call: Any, *rest: Any) -> Any:
        began = cloud.clock.now()
        response = read(call, *rest)
        if call.operation == READS[kind]:
            looks.append(began)
            # The answer of the look at the gate takes longer than it may be old.
            cloud.clock.seconds += 6 if len(looks) == 2 else 0
        elif call.operation == DELETES[kind]:
            deletes.append(began)
        return response

    cloud.send = send
    assert not absent(kind, "a-1").failed
    (left_at,) = deletes
    assert looks[1] < left_at - 5
    assert 0 <= left_at - looks[2] <= 5


def test_an_image_whose_snapshot_came_into_use_by_another_image_is_not_deleted_with_it(
    cloud: MemoryCloud, absent: Deleter
) -> None:
    cloud.add_image("img-a", "snapshot-1")
    read = cloud.send
    looks: list[str] = []

    def send(call: Any, *rest: Any) -> Any:
        if call.operation == READS["snapshot"]:
            looks.append(call.operation)
            if len(looks) == 2:
                cloud.snapshots["snapshot-1"]["images"].append("img-new")
        return read(call, *rest)

    cloud.send = send
    ended = absent("image", "img-a", delete_snapshots=True)
    assert ended.failed
    assert _row(ended)["error"]["code"] == "changed_meanwhile"
    assert cloud.writes == []


# --- refusals and lost answers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_what_somebody_else_deleted_meanwhile_is_success_without_a_change(cloud: MemoryCloud, absent: Deleter, kind: str) -> None:
    _add(cloud, kind, "a-1")
    rows = cloud.images if kind == "image" else cloud.snapshots
    cloud.before[DELETES[kind]] = rows.clear
    ended = absent(kind, "a-1")
    assert not ended.failed
    assert _actions(ended) == ["none"]
    assert not ended.result["changed"]
    assert ended.result["summary"]["already_absent"] == 1
    assert cloud.calls[-1].operation == SINGLES[kind]


def test_a_final_refusal_fails_that_image_alone_with_the_services_words(cloud: MemoryCloud, absent: Deleter) -> None:
    cloud.add_image("img-a")
    cloud.add_image("img-b")
    cloud.refuse("vm.deleteImage", 403, "HTTP_FORBIDDEN", "no rights for it", "img-a")
    ended = absent("image", "img-a", "img-b")
    assert ended.failed
    assert _actions(ended) == ["failed", "deleted"]
    error = _rows(ended)[0]["error"]
    assert (error["code"], error["operation"], error["http"]) == ("api", "vm.deleteImage", 403)
    assert error["request_id"] == "req-403"
    assert "no rights for it" in ended.msg
    assert sum(operation == "vm.deleteImage" for operation, _resource in cloud.writes) == 2


REFUSED_FOR_GOOD = {
    "Can't delete shared image": "shared with other accounts: end that",
    "Can't delete protected image": "protected in JD Cloud: end that",
    "Can't delete community image": "published as a community image: end that",
    "Can't delete this image": "JD Cloud keeps it for itself",
    "Local-System-Disk image used to create instances cannot be deleted": "delete those first",
}


@pytest.mark.parametrize("message", REFUSED_FOR_GOOD)
def test_a_refusal_that_no_time_cures_has_a_code_and_advice_of_its_own(cloud: MemoryCloud, absent: Deleter, message: str) -> None:
    cloud.add_image("img-a")
    cloud.refuse("vm.deleteImage", 400, "FAILED_PRECONDITION", message, "img-a")
    error = _row(absent("image", "img-a"))["error"]
    assert error["code"] == "kept_by_service"
    assert REFUSED_FOR_GOOD[message] in error["message"]


@pytest.mark.parametrize("kind", KINDS)
def test_with_on_blocked_skip_one_that_is_blocked_holds_back_no_other(cloud: MemoryCloud, absent: Deleter, kind: str) -> None:
    _add(cloud, kind, "a-1", status="copying")
    _add(cloud, kind, "a-2")
    ended = absent(kind, "a-1", "a-2", on_blocked="skip")
    assert _actions(ended) == ["blocked", "deleted"]
    assert not ended.failed


@pytest.mark.parametrize("message", ["The image 'img-a' is busy", "Conflict with underlay image task 'copy'"])
def test_a_refusal_that_passes_is_tried_again_until_the_time_is_up(cloud: MemoryCloud, absent: Deleter, message: str) -> None:
    cloud.add_image("img-a")
    cloud.refuse("vm.deleteImage", 400, "FAILED_PRECONDITION", message)
    ended = absent("image", "img-a", wait_timeout=20)
    error = _row(ended)["error"]
    assert ended.failed
    assert error["code"] == "timeout"
    assert "img-a is in 'ready'" in error["message"]
    assert message in error["message"]
    assert len(cloud.writes) > 5
    assert not ended.result["changed"]
    cloud.calls.clear()
    assert absent("image", "img-a", wait=False).failed
    assert len(cloud.writes) == 1


def test_throttling_is_waited_for_with_a_fresh_look_before_each_try(cloud: MemoryCloud, absent: Deleter) -> None:
    cloud.add_snapshot("snapshot-1")
    cloud.refuse("disk.deleteSnapshot", 429, "RATE_LIMIT", "Request rate limit exceeded")
    ended = absent("snapshot", "snapshot-1")
    assert ended.failed
    assert _row(ended)["error"]["status"] == "RATE_LIMIT"
    order = [call.operation for call in cloud.calls if call.operation in (READS["snapshot"], DELETES["snapshot"])]
    deletes = [place for place, operation in enumerate(order) if operation == DELETES["snapshot"]]
    assert len(deletes) > 5
    assert all(order[place - 1] == READS["snapshot"] for place in deletes)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("takes_effect", [True, False])
def test_rule_11_after_a_lost_answer_it_is_read_first_and_deleted_once(
    cloud: MemoryCloud, absent: Deleter, kind: str, takes_effect: bool
) -> None:
    _add(cloud, kind, "a-1")
    response = cloud.send
    lost: list[str] = []

    def send(call: Any, *rest: Any) -> Any:
        if call.operation == DELETES[kind] and not lost:
            lost.append(call.operation)
            if takes_effect:
                response(call, *rest)
            raise TransportError("Lost.", operation=call.operation, kind="reset", sent=True)
        return response(call, *rest)

    cloud.send = send
    ended = absent(kind, "a-1")
    assert not ended.failed
    assert _actions(ended) == ["deleted"]
    assert ended.result["changed"]
    assert len(cloud.writes) == 1
    assert not _exists(cloud, "a-1")


def test_a_refused_key_ends_the_run_and_every_row_says_so(cloud: MemoryCloud, absent: Deleter) -> None:
    ids = [f"img-{number}" for number in range(30)]
    for image_id in ids:
        cloud.add_image(image_id)
    cloud.refuse("vm.deleteImage", 401, "UNAUTHENTICATED", "no valid identity", "img-1")
    ended = absent("image", *ids)
    assert ended.failed
    assert set(_actions(ended)) == {"failed"}
    assert len(cloud.writes) <= 9
    assert sum(row["changed"] for row in _rows(ended)) == 30 - len(cloud.images) > 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_timeout_names_the_asset_and_its_state(
    cloud: MemoryCloud, absent: Deleter, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    asset = _add(cloud, kind, "a-1")
    member = "_delete_image" if kind == "image" else "_delete_snapshot"
    monkeypatch.setattr(cloud, member, lambda _call: asset.update(status="deleting") or {})
    ended = absent(kind, "a-1", wait_timeout=30)
    row = _row(ended)
    assert ended.failed
    assert row["error"]["code"] == "timeout"
    assert row["status"] == "deleting"
    assert row["changed"]
    assert f"{kind} a-1 hangs in 'deleting' for 30 s" in row["error"]["message"]
    assert (ended.result["summary"]["deleted"], ended.result["summary"]["failed"]) == (0, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_what_others_are_deleting_is_waited_for_in_check_mode_too(cloud: MemoryCloud, absent: Deleter, kind: str) -> None:
    _add(cloud, kind, "a-1", status="deleting")
    for mode in (True, False):
        ended = absent(kind, "a-1", wait_timeout=5, check_mode=mode)
        assert ended.failed
        assert "hangs in 'deleting'" in ended.msg
        assert not ended.result["changed"]
        assert cloud.writes == []
    ended = absent(kind, "a-1", wait=False)
    assert not ended.failed
    assert (_row(ended)["action"], _row(ended)["status"]) == ("none", "deleting")


def test_a_bug_in_the_middle_of_a_run_hides_no_result(
    cloud: MemoryCloud, absent: Deleter, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.add_image("img-a")
    cloud.add_image("img-b")
    real = DeletionTransitions.accepted

    def accepted(self: DeletionTransitions[Any], state: Any, *rest: Any) -> float:
        if state.asset_id == "img-b":
            raise KeyError("a bug")
        return real(self, state, *rest)

    monkeypatch.setattr(DeletionTransitions, "accepted", accepted)
    ended = absent("image", "img-a", "img-b")
    assert ended.failed
    assert [row["changed"] for row in _rows(ended)] == [True, True]
    assert {row["error"]["code"] for row in _rows(ended) if row["error"]} == {"internal"}
    assert "KeyError: 'a bug'" in ended.msg


@pytest.mark.parametrize("rate", [1, 2])
def test_a_small_rate_holds_nothing_up_for_ever(cloud: MemoryCloud, absent: Deleter, rate: float) -> None:
    for number in range(40):
        cloud.add_image(f"img-{number}", f"snapshot-{number}")
    ended = absent("image", *cloud.images, delete_snapshots=True, api_rate_limit=rate)
    assert not ended.failed, ended.msg
    assert cloud.images == cloud.snapshots == {}
