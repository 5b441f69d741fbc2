# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elastic IPs and disks that change, vanish or are refused while they are deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import ApiError, NotSentError, TransportError
from support.module.memory_cloud import MemoryCloud
from support.module.removals import (
    DELETES,
    DONE,
    GONE,
    HELD,
    KINDS,
    PREPAID,
    PROTECTED,
    READS,
    WORDS,
    Remover,
    actions,
    add,
    exists,
    row_of,
    rows,
)
from support.module.runner import Runner


@pytest.fixture
def absent(cloud: MemoryCloud, run: Runner) -> Remover:
    """Deletes elastic IPs or disks."""
    return Remover(cloud, run)


# --- the look before each delete ------------------------------------------------------------------------------------------

TAKEN: list[tuple[str, dict[str, Any]]] = [
    ("elastic_ip", HELD["elastic_ip"]),
    ("elastic_ip", {"networkInterfaceId": "port-1"}),
    ("elastic_ip", {"bandwidthPackageId": "bwp-1"}),
    ("elastic_ip", {"state": "PROCESSING"}),
    ("elastic_ip", {"elasticIpName": "mine"}),
    ("elastic_ip", PROTECTED),
    ("elastic_ip", PREPAID),
    ("disk", HELD["disk"]),
    ("disk", {"attachments": [{"instanceId": "i-a", "status": "attaching"}]}),
    ("disk", {"name": "mine"}),
    ("disk", {"status": "error_delete"}),
    ("disk", {"canPutInRecycleBin": False}),
    ("disk", {"multiAttachable": True}),
    ("disk", PROTECTED),
    ("disk", PREPAID),
]


@pytest.mark.parametrize("kind", KINDS)
def test_a_delete_whose_connection_took_long_is_looked_at_again(cloud: MemoryCloud, absent: Remover, kind: str) -> None:
    add(cloud, kind, "a-1")
    response, calls = cloud.send, list[str]()

    def send(call: Any, _timeout: float | None = None, before_send: Callable[[], bool] | None = None) -> Any:
        if call.operation == DELETES[kind] and DELETES[kind] not in calls:
            cloud.clock.seconds += 10.0
        if call.operation in (READS[kind], DELETES[kind]):
            calls.append(call.operation)
        if before_send is not None and not before_send():
            raise NotSentError("not sent", operation=call.operation)
        return response(call)

    cloud.send = send
    ended = absent(kind, "a-1")
    assert actions(ended) == [DONE[kind]]
    # The plan's look, one before each try, and the rest is for the end of it.
    assert calls[:5] == [READS[kind], READS[kind], DELETES[kind], READS[kind], DELETES[kind]]


@pytest.mark.parametrize(("kind", "change"), TAKEN)
def test_what_changed_since_the_plan_is_not_deleted_and_hides_no_other(
    cloud: MemoryCloud, absent: Remover, kind: str, change: dict[str, Any]
) -> None:
    add(cloud, kind, "a-1")
    changing = add(cloud, kind, "a-2")
    absent.at_look(kind, 2, lambda: changing.update(change))
    ended = absent(kind, "a-1", "a-2")
    assert ended.failed
    assert actions(ended) == [DONE[kind], "failed"]
    assert exists(cloud, "a-2")
    row = rows(ended)[1]
    assert row["error"]["code"] == "changed_meanwhile"
    assert row["fate"] == "kept"
    assert not row["changed"]
    assert cloud.writes == [(DELETES[kind], "a-1")]


def test_a_snapshot_that_was_begun_since_the_plan_saves_the_disk(cloud: MemoryCloud, absent: Remover) -> None:
    cloud.add_free_disk("vol-1")
    response, looks = cloud.send, [0]

    def send(call: Any, *rest: Any) -> Any:
        looks[0] += call.operation == "disk.describeSnapshots"
        if looks[0] == 2:
            cloud.add_snapshot("snapshot-1", "creating", diskId="vol-1")
        return response(call, *rest)

    cloud.send = send
    ended = absent("disk", "vol-1")
    assert ended.failed
    assert row_of(ended)["error"]["code"] == "changed_meanwhile"
    assert cloud.writes == []


@pytest.mark.parametrize("kind", KINDS)
def test_rule_06_a_delete_never_leaves_on_a_look_older_than_five_seconds(cloud: MemoryCloud, absent: Remover, kind: str) -> None:
    add(cloud, kind, "a-1")
    response = cloud.send
    looks: list[float] = []
    deletes: list[float] = []

    def send(call: Any, *rest: Any) -> Any:
        began = cloud.clock.now()
        reply = response(call, *rest)
        if call.operation == READS[kind]:
            looks.append(began)
            # The answer of the look at the gate takes longer than it may be old.
            cloud.clock.seconds += 6 if len(looks) == 2 else 0
        elif call.operation == DELETES[kind]:
            deletes.append(began)
        return reply

    cloud.send = send
    assert not absent(kind, "a-1").failed
    (left_at,) = deletes
    assert looks[1] < left_at - 5
    assert 0 <= left_at - looks[2] <= 5


# --- refusals and lost answers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_what_another_user_deleted_meanwhile_is_success_without_a_change(cloud: MemoryCloud, absent: Remover, kind: str) -> None:
    add(cloud, kind, "a-1")
    cloud.before[DELETES[kind]] = (cloud.elastic_ips if kind == "elastic_ip" else cloud.disks).clear
    ended = absent(kind, "a-1")
    assert not ended.failed
    assert actions(ended) == ["none"]
    assert not ended.result["changed"]
    assert row_of(ended)["fate"] is None
    assert ended.result["summary"]["already_absent"] == 1


def test_a_disk_that_another_user_put_into_the_bin_is_success_without_a_change(cloud: MemoryCloud, absent: Remover) -> None:
    disk = cloud.add_free_disk("vol-1")
    absent.at_look("disk", 2, lambda: disk.update(status="in-recyclebin"))
    ended = absent("disk", "vol-1")
    row = row_of(ended)
    assert not ended.failed
    assert (row["action"], row["status"], row["fate"]) == ("none", "in-recyclebin", None)
    assert cloud.writes == []


def test_a_disk_that_others_are_deleting_is_waited_for_in_check_mode_too(cloud: MemoryCloud, absent: Remover) -> None:
    cloud.add_free_disk("vol-1", "deleting", **PROTECTED)
    for mode in (True, False):
        ended = absent("disk", "vol-1", wait_timeout=5, check_mode=mode)
        assert ended.failed
        assert "disk vol-1 is still in 'deleting'" in str(row_of(ended)["error"])
        assert cloud.writes == []
    ended = absent("disk", "vol-1", wait=False)
    row = row_of(ended)
    assert not ended.failed
    assert (row["action"], row["status"], row["fate"]) == ("none", "deleting", None)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("takes_effect", [True, False])
def test_rule_11_after_a_lost_answer_it_is_read_first_and_deleted_once(
    cloud: MemoryCloud, absent: Remover, kind: str, takes_effect: bool
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
    row = row_of(ended)
    assert not ended.failed
    assert (row["action"], row["fate"], row["status"]) == (DONE[kind], DONE[kind], GONE[kind])
    assert len(cloud.writes) == 1
    assert not exists(cloud, "a-1")


@pytest.mark.parametrize("kind", KINDS)
def test_after_a_lost_answer_one_that_is_in_use_now_is_not_deleted_again(cloud: MemoryCloud, absent: Remover, kind: str) -> None:
    held = add(cloud, kind, "a-1")
    response = cloud.send

    def send(call: Any, *rest: Any) -> Any:
        if call.operation == DELETES[kind]:
            cloud.calls.append(call)
            held.update(HELD[kind])
            raise TransportError("Lost.", operation=call.operation, kind="reset", sent=True)
        return response(call, *rest)

    cloud.send = send
    ended = absent(kind, "a-1")
    assert ended.failed
    assert row_of(ended)["error"]["code"] == "changed_meanwhile"
    assert len(cloud.writes) == 1


def test_an_elastic_ip_in_a_transition_after_a_lost_answer_is_looked_at_again(cloud: MemoryCloud, absent: Remover) -> None:
    address = cloud.add_free_elastic_ip("fip-1")
    response, looks = cloud.send, [0]

    def send(call: Any, *rest: Any) -> Any:
        if call.operation == DELETES["elastic_ip"]:
            cloud.calls.append(call)
            address["state"] = "PROCESSING"
            raise TransportError("Lost.", operation=call.operation, kind="reset", sent=True)
        looks[0] += address["state"] == "PROCESSING" and call.operation == READS["elastic_ip"]
        if looks[0] == 3:
            cloud.elastic_ips.clear()
        return response(call, *rest)

    cloud.send = send
    ended = absent("elastic_ip", "fip-1")
    assert not ended.failed
    assert actions(ended) == ["released"]
    assert len(cloud.writes) == 1


def test_a_final_refusal_fails_that_disk_alone_with_the_services_words(cloud: MemoryCloud, absent: Remover) -> None:
    cloud.add_free_disk("vol-1")
    cloud.add_free_disk("vol-2")
    cloud.refuse("disk.deleteDisk", 400, "FAILED_PRECONDITION", "Can't delete 'prepaid_by_duration' disk", "vol-1")
    ended = absent("disk", "vol-1", "vol-2")
    assert ended.failed
    assert actions(ended) == ["failed", "recycled"]
    assert "'prepaid_by_duration'" in ended.msg
    error = rows(ended)[0]["error"]
    assert (error["code"], error["operation"], error["http"], error["request_id"]) == ("api", "disk.deleteDisk", 400, "req-400")
    assert rows(ended)[0]["fate"] == "kept"
    assert len(cloud.writes) == 2


def test_an_elastic_ip_whose_release_is_refused_is_tried_within_wait_timeout(cloud: MemoryCloud, absent: Remover) -> None:
    cloud.add_free_elastic_ip("fip-1")
    refusal = ("vpc.deleteElasticIp", 400, "FAILED_PRECONDITION", "still associated")
    cloud.refuse(*refusal)
    began = cloud.clock.now()
    ended = absent("elastic_ip", "fip-1", wait_timeout=90)
    assert ended.failed
    assert row_of(ended)["error"]["code"] == "timeout"
    assert "still associated" in ended.msg
    assert 90 <= cloud.clock.now() - began < 120
    assert len(cloud.writes) > 5
    cloud.calls.clear()
    assert absent("elastic_ip", "fip-1", wait=False).failed
    assert len(cloud.writes) == 1
    response = cloud.send

    def send(call: Any, *rest: Any) -> Any:
        if len(cloud.writes) == 3:
            cloud.refusals.clear()
        return response(call, *rest)

    cloud.send = send
    cloud.calls.clear()
    assert actions(absent("elastic_ip", "fip-1")) == ["released"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_timeout_names_what_hangs_and_its_state(
    cloud: MemoryCloud, absent: Remover, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    asset = add(cloud, kind, "a-1")
    status = {"elastic_ip": "NOT_ASSOCIATED", "disk": "deleting"}[kind]
    monkeypatch.setattr(cloud, f"_delete_{kind}", lambda _call: asset.update(status=status) or {})
    ended = absent(kind, "a-1", wait_timeout=30)
    row = row_of(ended)
    assert ended.failed
    assert row["error"]["code"] == "timeout"
    assert row["status"] == status
    assert row["fate"] is None
    assert f"{WORDS[kind]} a-1 is still in '{status}' after 30 s" in row["error"]["message"]
    summary = ended.result["summary"]
    assert (summary[DONE[kind]], summary["changed"], summary["failed"]) == (0, 1, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_one_that_comes_into_use_after_an_accepted_delete_is_a_failure_at_once(
    cloud: MemoryCloud, absent: Remover, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    asset = add(cloud, kind, "a-1")
    monkeypatch.setattr(cloud, f"_delete_{kind}", lambda _call: asset.update(HELD[kind]) or {})
    began = cloud.clock.now()
    ended = absent(kind, "a-1")
    assert ended.failed
    assert row_of(ended)["error"]["code"] == "changed_meanwhile"
    assert cloud.clock.now() - began < 30


def test_a_deletion_that_ends_in_an_error_is_a_failure(
    cloud: MemoryCloud, absent: Remover, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = cloud.add_free_disk("vol-1")
    monkeypatch.setattr(cloud, "_delete_disk", lambda _call: disk.update(status="error_delete") or {})
    row = row_of(absent("disk", "vol-1"))
    assert (row["action"], row["status"], row["fate"]) == ("failed", "error_delete", None)


def test_rule_09_a_forbidden_read_after_the_delete_is_no_proof(cloud: MemoryCloud, absent: Remover) -> None:
    cloud.add_free_disk("vol-1")
    cloud.refuse("disk.describeDisk", 403, "HTTP_FORBIDDEN", "not authorized")
    ended = absent("disk", "vol-1", recycle=False)
    assert ended.failed
    assert row_of(ended)["fate"] is None
    assert row_of(ended)["error"]["http"] == 403


def test_a_read_that_fails_ends_the_run_before_anything_is_changed(cloud: MemoryCloud, absent: Remover) -> None:
    cloud.add_free_disk("vol-1")
    cloud.refusals["disk.describeSnapshots", None] = ApiError("disk.describeSnapshots", 403, "HTTP_FORBIDDEN", "no", "req-403")
    ended = absent("disk", "vol-1")
    assert ended.failed
    assert cloud.writes == []
    assert rows(ended) == []
