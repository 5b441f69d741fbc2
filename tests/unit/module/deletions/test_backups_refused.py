# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deletes of images and snapshots that the service refuses, loses or delays, and what changed since the plan."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import TransportError
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.deletions.transitions import DeletionTransitions
from support.module.backup_deletions import DELETES, KINDS, SINGLES, Deleter, actions, add, exists, row_of, rows
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Runner

READS = {"image": "vm.describeImages", "snapshot": "disk.describeSnapshots"}


@pytest.fixture
def absent(cloud: MemoryCloud, run: Runner) -> Deleter:
    """Deletes images or snapshots."""
    return Deleter(cloud, run)


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
    add(cloud, kind, "a-1")
    changing = add(cloud, kind, "a-2")
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
    assert actions(ended) == ["deleted", "failed"]
    assert exists(cloud, "a-2")
    assert rows(ended)[1]["error"]["code"] == "changed_meanwhile"
    assert cloud.writes == [(DELETES[kind], "a-1")]


@pytest.mark.parametrize("kind", KINDS)
def test_rule_06_a_delete_never_leaves_on_a_look_older_than_five_seconds(cloud: MemoryCloud, absent: Deleter, kind: str) -> None:
    add(cloud, kind, "a-1")
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
    assert row_of(ended)["error"]["code"] == "changed_meanwhile"
    assert cloud.writes == []


# --- refusals and lost answers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_what_another_user_deleted_meanwhile_is_success_without_a_change(cloud: MemoryCloud, absent: Deleter, kind: str) -> None:
    add(cloud, kind, "a-1")
    rows = cloud.images if kind == "image" else cloud.snapshots
    cloud.before[DELETES[kind]] = rows.clear
    ended = absent(kind, "a-1")
    assert not ended.failed
    assert actions(ended) == ["none"]
    assert not ended.result["changed"]
    assert ended.result["summary"]["already_absent"] == 1
    assert cloud.calls[-1].operation == SINGLES[kind]


def test_a_final_refusal_fails_that_image_alone_with_the_services_words(cloud: MemoryCloud, absent: Deleter) -> None:
    cloud.add_image("img-a")
    cloud.add_image("img-b")
    cloud.refuse("vm.deleteImage", 403, "HTTP_FORBIDDEN", "no rights for it", "img-a")
    ended = absent("image", "img-a", "img-b")
    assert ended.failed
    assert actions(ended) == ["failed", "deleted"]
    error = rows(ended)[0]["error"]
    assert (error["code"], error["operation"], error["http"]) == ("api", "vm.deleteImage", 403)
    assert error["request_id"] == "req-403"
    assert "no rights for it" in ended.msg
    assert sum(operation == "vm.deleteImage" for operation, _resource in cloud.writes) == 2


REFUSED_FOR_GOOD = {
    "Can't delete shared image": "shared with other accounts: stop sharing it",
    "Can't delete protected image": "protected in JD Cloud: remove the protection",
    "Can't delete community image": "published as a community image: end the publication",
    "Can't delete this image": "JD Cloud uses it",
    "Local-System-Disk image used to create instances cannot be deleted": "delete them first",
}


@pytest.mark.parametrize("message", REFUSED_FOR_GOOD)
def test_a_refusal_that_no_time_cures_has_a_code_and_advice_of_its_own(cloud: MemoryCloud, absent: Deleter, message: str) -> None:
    cloud.add_image("img-a")
    cloud.refuse("vm.deleteImage", 400, "FAILED_PRECONDITION", message, "img-a")
    error = row_of(absent("image", "img-a"))["error"]
    assert error["code"] == "kept_by_service"
    assert REFUSED_FOR_GOOD[message] in error["message"]


@pytest.mark.parametrize("kind", KINDS)
def test_with_on_blocked_skip_one_that_is_blocked_holds_back_no_other(cloud: MemoryCloud, absent: Deleter, kind: str) -> None:
    add(cloud, kind, "a-1", status="copying")
    add(cloud, kind, "a-2")
    ended = absent(kind, "a-1", "a-2", on_blocked="skip")
    assert actions(ended) == ["blocked", "deleted"]
    assert not ended.failed


@pytest.mark.parametrize("message", ["The image 'img-a' is busy", "Conflict with underlay image task 'copy'"])
def test_a_refusal_that_passes_is_tried_again_until_the_time_is_up(cloud: MemoryCloud, absent: Deleter, message: str) -> None:
    cloud.add_image("img-a")
    cloud.refuse("vm.deleteImage", 400, "FAILED_PRECONDITION", message)
    ended = absent("image", "img-a", wait_timeout=20)
    error = row_of(ended)["error"]
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
    assert row_of(ended)["error"]["status"] == "RATE_LIMIT"
    order = [call.operation for call in cloud.calls if call.operation in (READS["snapshot"], DELETES["snapshot"])]
    deletes = [place for place, operation in enumerate(order) if operation == DELETES["snapshot"]]
    assert len(deletes) > 5
    assert all(order[place - 1] == READS["snapshot"] for place in deletes)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("takes_effect", [True, False])
def test_rule_11_after_a_lost_answer_it_is_read_first_and_deleted_once(
    cloud: MemoryCloud, absent: Deleter, kind: str, takes_effect: bool
) -> None:
    add(cloud, kind, "a-1")
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
    assert actions(ended) == ["deleted"]
    assert ended.result["changed"]
    assert len(cloud.writes) == 1
    assert not exists(cloud, "a-1")


def test_a_refused_key_ends_the_run_and_every_row_says_so(cloud: MemoryCloud, absent: Deleter) -> None:
    ids = [f"img-{number}" for number in range(30)]
    for image_id in ids:
        cloud.add_image(image_id)
    cloud.refuse("vm.deleteImage", 401, "UNAUTHENTICATED", "no valid identity", "img-1")
    ended = absent("image", *ids)
    assert ended.failed
    assert set(actions(ended)) == {"failed"}
    assert len(cloud.writes) <= 9
    assert sum(row["changed"] for row in rows(ended)) == 30 - len(cloud.images) > 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_timeout_names_the_asset_and_its_state(
    cloud: MemoryCloud, absent: Deleter, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    asset = add(cloud, kind, "a-1")
    field = "_delete_image" if kind == "image" else "_delete_snapshot"
    monkeypatch.setattr(cloud, field, lambda _call: asset.update(status="deleting") or {})
    ended = absent(kind, "a-1", wait_timeout=30)
    row = row_of(ended)
    assert ended.failed
    assert row["error"]["code"] == "timeout"
    assert row["status"] == "deleting"
    assert row["changed"]
    assert f"{kind} a-1 is still in 'deleting' after 30 s" in row["error"]["message"]
    assert (ended.result["summary"]["deleted"], ended.result["summary"]["failed"]) == (0, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_what_others_are_deleting_is_waited_for_in_check_mode_too(cloud: MemoryCloud, absent: Deleter, kind: str) -> None:
    add(cloud, kind, "a-1", status="deleting")
    for mode in (True, False):
        ended = absent(kind, "a-1", wait_timeout=5, check_mode=mode)
        assert ended.failed
        assert "is still in 'deleting'" in ended.msg
        assert not ended.result["changed"]
        assert cloud.writes == []
    ended = absent(kind, "a-1", wait=False)
    assert not ended.failed
    assert (row_of(ended)["action"], row_of(ended)["status"]) == ("none", "deleting")


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
    assert [row["changed"] for row in rows(ended)] == [True, True]
    assert {row["error"]["code"] for row in rows(ended) if row["error"]} == {"internal"}
    assert "KeyError: 'a bug'" in ended.msg


@pytest.mark.parametrize("rate", [1, 2])
def test_a_small_rate_holds_nothing_up_for_ever(cloud: MemoryCloud, absent: Deleter, rate: float) -> None:
    for number in range(40):
        cloud.add_image(f"img-{number}", f"snapshot-{number}")
    ended = absent("image", *cloud.images, delete_snapshots=True, api_rate_limit=rate)
    assert not ended.failed, ended.msg
    assert cloud.images == cloud.snapshots == {}
