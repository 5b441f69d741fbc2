# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`jdcloud_elastic_ip` and `jdcloud_disk`, from their arguments to their results."""

from __future__ import annotations

from typing import Any

import pytest

from support.json_object import Json
from support.module.memory_cloud import MemoryCloud
from support.module.removals import (
    DELETES,
    DONE,
    HELD,
    KINDS,
    PREPAID,
    PROTECTED,
    READS,
    SINGLES,
    WORDS,
    Remover,
    actions,
    add,
    codes_of,
    exists,
    row_of,
    rows,
)
from support.module.runner import Runner


@pytest.fixture
def absent(cloud: MemoryCloud, run: Runner) -> Remover:
    """Deletes elastic IPs or disks."""
    return Remover(cloud, run)


# --- what is refused before anything is read ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, "missing required arguments: {kind}_ids"),
        ({"{kind}_ids": []}, "{kind}_ids is an empty list"),
        ({"{kind}_ids": ["a-1", " "]}, "{kind}_ids has a blank"),
        ({"{kind}_ids": ["a/b"]}, "is not an id"),
        ({"{kind}_ids": ["a-1"], "max_{kind}s": 0}, "max_{kind}s is 0, but must be at least 1"),
        ({"{kind}_ids": ["a-1"], "max_{kind}s": True}, "max_{kind}s is true"),
        ({"{kind}_ids": ["a-1"], "wait_timeout": 0}, "wait_timeout is 0"),
        ({"{kind}_ids": ["a-1"], "poll_interval": -1}, "poll_interval is -1"),
        ({"{kind}_ids": ["a-1"], "protect_tags": {"a": None}}, "protect_tags.a is null"),
        ({"{kind}_ids": ["a-1"], "state": "present"}, "value of state must be one of: absent"),
    ],
)
def test_wrong_input_is_refused_and_sends_nothing(
    cloud: MemoryCloud, absent: Remover, kind: str, options: dict[str, Any], text: str
) -> None:
    ended = absent(kind, **{name.format(kind=kind): value for name, value in options.items()})
    assert ended.failed
    assert text.format(kind=kind) in ended.msg
    assert cloud.calls == []
    assert rows(ended) == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_state_must_be_named(cloud: MemoryCloud, run: Runner, kind: str) -> None:
    ended = run(f"jdcloud_{kind}", **Json({f"{kind}_ids": ["a-1"]}))
    assert "missing required arguments: state" in ended.msg
    assert cloud.calls == []


# --- selecting ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_cap_stops_before_anything_is_changed(cloud: MemoryCloud, absent: Remover, kind: str) -> None:
    add(cloud, kind, "a-1")
    add(cloud, kind, "a-2")
    ended = absent(kind, "a-1", "a-2", "a-none", **Json({f"max_{kind}s": 1}))
    assert ended.failed
    assert f"matches 2 {WORDS[kind]}s (a-1, a-2), but max_{kind}s is 1" in ended.msg
    assert cloud.writes == []
    assert not absent(kind, "a-1", "a-2", "a-none", **Json({f"max_{kind}s": 2})).failed


@pytest.mark.parametrize("kind", KINDS)
def test_ids_that_do_not_exist_are_absent_and_reported(cloud: MemoryCloud, absent: Remover, kind: str) -> None:
    ended = absent(kind, "a-none")
    assert not ended.failed
    assert "none of 1 ids exists in cn-north-1" in ended.warnings[0]
    row = row_of(ended)
    assert (row["status_before"], row["status"], row["action"], row["fate"]) == ("absent", "absent", "none", None)
    assert not row["changed"]
    assert codes_of(ended, "warnings") == [["not_found"]]
    summary = ended.result["summary"]
    assert (summary["not_found"], summary["already_absent"], summary["changed"]) == (1, 1, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_rule_09_a_forbidden_read_is_no_proof_that_an_id_does_not_exist(cloud: MemoryCloud, absent: Remover, kind: str) -> None:
    cloud.refuse(SINGLES[kind], 403, "HTTP_FORBIDDEN", "not authorized")
    assert absent(kind, "a-hidden").failed
    assert cloud.writes == []


def test_a_disk_in_the_recycle_bin_is_gone_already(cloud: MemoryCloud, absent: Remover) -> None:
    cloud.add_free_disk("vol-1", "in-recyclebin", **PROTECTED)
    for recycle in (True, False):
        ended = absent("disk", "vol-1", recycle=recycle)
        row = row_of(ended)
        assert not ended.failed
        assert (row["action"], row["status"], row["fate"]) == ("none", "in-recyclebin", None)
        assert cloud.writes == []
        assert ended.result["summary"]["already_absent"] == 1


# --- blockers -------------------------------------------------------------------------------------------------------------

BLOCKED: list[tuple[str, dict[str, Any], list[str]]] = [
    ("elastic_ip", HELD["elastic_ip"], ["elastic_ip_in_use"]),
    ("elastic_ip", {"networkInterfaceId": "port-1"}, ["elastic_ip_in_use"]),
    ("elastic_ip", {"bandwidthPackageId": "bwp-1"}, ["in_bandwidth_package"]),
    ("elastic_ip", {**PROTECTED, **PREPAID}, ["protected", "prepaid_unexpired"]),
    ("disk", HELD["disk"], ["disk_in_use"]),
    ("disk", {"status": "Extending"}, ["transitional"]),
    ("disk", {"multiAttachable": True}, ["shared_disk"]),
    ("disk", {**PROTECTED, **PREPAID}, ["protected", "prepaid_unexpired"]),
]


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize(("kind", "fields", "codes"), BLOCKED)
def test_all_blockers_are_found_and_with_any_nothing_is_changed(
    cloud: MemoryCloud, absent: Remover, kind: str, fields: dict[str, Any], codes: list[str], check_mode: bool
) -> None:
    add(cloud, kind, "a-1")
    add(cloud, kind, "a-2", **fields)
    ended = absent(kind, "a-1", "a-2", "a-none", check_mode=check_mode)
    assert ended.failed
    assert not ended.result["changed"]
    assert cloud.writes == []
    assert codes_of(ended) == [[], codes, []]
    assert actions(ended) == ["none", "blocked", "none"]
    assert [row["fate"] for row in rows(ended)] == ["kept", "kept", None]
    assert f"1 of 3 {WORDS[kind]}s cannot be deleted, so nothing was changed: a-2 ({', '.join(codes)})" in ended.msg
    assert "on_blocked" in ended.msg
    assert ended.result["summary"]["blocked"] == 1


@pytest.mark.parametrize(("kind", "fields", "codes"), BLOCKED)
def test_skip_goes_on_with_the_others_and_check_mode_predicts_their_very_rows(
    cloud: MemoryCloud, absent: Remover, kind: str, fields: dict[str, Any], codes: list[str]
) -> None:
    add(cloud, kind, "a-1")
    add(cloud, kind, "a-2", **fields)
    ids = ("a-2", "a-none", "a-1")
    predicted, done = (absent(kind, *ids, on_blocked="skip", check_mode=mode) for mode in (True, False))
    assert not done.failed
    assert rows(predicted) == rows(done)
    assert predicted.result["diff"] == done.result["diff"]
    assert actions(done) == ["blocked", "none", DONE[kind]]
    assert codes_of(done) == [codes, [], []]
    assert [row["fate"] for row in rows(done)] == ["kept", None, DONE[kind]]
    assert cloud.writes == [(DELETES[kind], "a-1")]
    assert exists(cloud, "a-2")
    assert not exists(cloud, "a-1")


@pytest.mark.parametrize("kind", KINDS)
def test_the_holder_is_reported(cloud: MemoryCloud, absent: Remover, kind: str) -> None:
    add(cloud, kind, "a-1", **HELD[kind])
    row = row_of(absent(kind, "a-1"))
    assert row["instance_id"] == "i-a" if kind == "elastic_ip" else row["attached_to"] == ["i-a"]
    assert "i-a" in row["blockers"][0]["message"]


@pytest.mark.parametrize("kind", KINDS)
def test_protection_can_be_switched_off(cloud: MemoryCloud, absent: Remover, kind: str) -> None:
    add(cloud, kind, "a-1", **PROTECTED)
    assert codes_of(absent(kind, "a-1")) == [["protected"]]
    assert actions(absent(kind, "a-1", protect_tags={})) == [DONE[kind]]


def test_a_disk_of_which_a_snapshot_is_being_made_is_blocked(cloud: MemoryCloud, absent: Remover) -> None:
    cloud.add_free_disk("vol-1")
    cloud.add_snapshot("snapshot-1", "creating", diskId="vol-1")
    cloud.add_snapshot("snapshot-2", "creating", diskId="vol-2")
    ended = absent("disk", "vol-1")
    assert codes_of(ended) == [["task_in_progress"]]
    assert "snapshot-1" in row_of(ended)["blockers"][0]["message"]
    cloud.snapshots["snapshot-1"]["status"] = "available"
    assert actions(absent("disk", "vol-1")) == ["recycled"]


def test_a_listing_of_snapshots_that_is_not_complete_proves_nothing(
    cloud: MemoryCloud, absent: Remover, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.add_free_disk("vol-1")
    monkeypatch.setattr(cloud, "_describe_snapshots", lambda _call: {"snapshots": [], "totalCount": 101})
    assert codes_of(absent("disk", "vol-1")) == [["task_in_progress"]]


# --- deleting -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("check_mode", [True, False])
def test_an_elastic_ip_is_released_as_predicted(cloud: MemoryCloud, absent: Remover, check_mode: bool) -> None:
    cloud.add_free_elastic_ip("fip-1")
    ended = absent("elastic_ip", " fip-1 ", "fip-1", check_mode=check_mode)
    row = row_of(ended)
    assert not ended.failed
    assert row["changed"]
    assert row["error"] is None
    assert row["instance_id"] is None
    assert (row["address"], row["name"]) == ("203.0.113.1", "name-of-fip-1")
    assert (row["status_before"], row["status"], row["action"], row["fate"]) == (
        "NOT_ASSOCIATED",
        "absent",
        "released",
        "released",
    )
    assert ended.result["summary"]["released"] == ended.result["summary"]["changed"] == 1
    assert ended.result["diff"]["before"] == {"elastic_ips": {"fip-1": "203.0.113.1, named name-of-fip-1"}}
    assert ended.result["diff"]["after"] == {"elastic_ips": {}}
    assert ("fip-1" in cloud.elastic_ips) is check_mode


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize(
    ("recycle", "may", "done", "warnings"),
    [
        (True, True, "recycled", []),
        (True, False, "deleted", ["not_recyclable"]),
        (True, None, "deleted", ["not_recyclable"]),
        (False, True, "deleted", []),
    ],
)
def test_a_disk_goes_into_the_bin_or_for_good_as_predicted(
    cloud: MemoryCloud, absent: Remover, recycle: bool, may: bool | None, done: str, warnings: list[str], check_mode: bool
) -> None:
    cloud.add_free_disk("vol-1", canPutInRecycleBin=may)
    ended = absent("disk", "vol-1", recycle=recycle, check_mode=check_mode)
    row = row_of(ended)
    status = "in-recyclebin" if done == "recycled" else "absent"
    assert not ended.failed
    assert (row["action"], row["fate"], row["status"], row["changed"]) == (done, done, status, True)
    assert (row["status_before"], row["size_gb"], row["attached_to"]) == ("available", 100, [])
    assert codes_of(ended, "warnings") == [warnings]
    summary = ended.result["summary"]
    assert (summary[done], summary["deleted"] + summary["recycled"], summary["changed"]) == (1, 1, 1)
    before, after = ended.result["diff"]["before"]["disks"], ended.result["diff"]["after"]["disks"]
    assert before == {"vol-1": "100 GB, named name-of-vol-1, available"}
    assert after == ({"vol-1": "100 GB, named name-of-vol-1, in-recyclebin"} if done == "recycled" else {})
    if not check_mode:
        assert ("vol-1" in cloud.disks) is (done == "recycled")


@pytest.mark.parametrize("kind", KINDS)
def test_a_second_run_changes_nothing(cloud: MemoryCloud, absent: Remover, kind: str) -> None:
    add(cloud, kind, "a-1")
    assert absent(kind, "a-1").result["changed"]
    again = absent(kind, "a-1")
    assert not again.failed
    assert not again.result["changed"]
    assert len(cloud.writes) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_without_waiting_the_run_ends_when_the_deletes_are_accepted(cloud: MemoryCloud, absent: Remover, kind: str) -> None:
    add(cloud, kind, "a-1")
    predicted, done = (absent(kind, "a-1", wait=False, check_mode=mode) for mode in (True, False))
    assert rows(predicted) == rows(done)
    assert row_of(done)["changed"]
    assert row_of(done)["fate"] is None
    assert row_of(done)["status"] == {"elastic_ip": "NOT_ASSOCIATED", "disk": "deleting"}[kind]
    assert cloud.calls[-1].operation == DELETES[kind]


@pytest.mark.parametrize(("kind", "calls"), [("elastic_ip", 3), ("disk", 6)])
def test_check_mode_reads_hundreds_with_few_calls(cloud: MemoryCloud, absent: Remover, kind: str, calls: int) -> None:
    ids = [f"a-{number}" for number in range(250)]
    for asset_id in ids:
        add(cloud, kind, asset_id)
    cloud_rows = cloud.elastic_ips if kind == "elastic_ip" else cloud.disks
    cloud_rows["a-7"].update(HELD[kind])
    ended = absent(kind, *ids, on_blocked="skip", check_mode=True)
    assert not ended.failed
    assert ended.result["summary"]["blocked"] == 1
    assert ended.result["summary"]["changed"] == 249
    assert len(cloud.calls) == calls


@pytest.mark.parametrize("kind", KINDS)
def test_hundreds_are_looked_at_in_bulk(cloud: MemoryCloud, absent: Remover, kind: str) -> None:
    ids = [f"a-{number}" for number in range(250)]
    for asset_id in ids:
        add(cloud, kind, asset_id)
    ended = absent(kind, *ids)
    assert not ended.failed
    assert not any(exists(cloud, asset_id) for asset_id in ids)
    assert len(cloud.writes) == 250
    assert sum(call.operation == READS[kind] for call in cloud.calls) < 50


def test_a_disk_that_never_appears_in_the_bin_is_reported(
    cloud: MemoryCloud, absent: Remover, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.add_free_disk("vol-1")
    monkeypatch.setattr(cloud, "_delete_disk", lambda call: cloud.disks.pop(str(call.resource)) and {})
    ended = absent("disk", "vol-1")
    row = row_of(ended)
    assert not ended.failed
    assert (row["action"], row["status"], row["fate"]) == ("recycled", "absent", None)
    assert codes_of(ended, "warnings") == [["not_in_bin"]]


def test_a_disk_that_lands_in_the_bin_unasked_is_reported_as_recycled(
    cloud: MemoryCloud, absent: Remover, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = cloud.add_free_disk("vol-1")
    monkeypatch.setattr(cloud, "_delete_disk", lambda _call: disk.update(status="in-recyclebin") or {})
    row = row_of(absent("disk", "vol-1", recycle=False))
    assert (row["action"], row["status"], row["fate"]) == ("recycled", "in-recyclebin", "recycled")
