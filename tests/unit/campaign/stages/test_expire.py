# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A night that deletes old backups, with the real modules and a cloud in memory."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.input.other_variables import EXPIRE_BACKUPS, READERS
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.stages.expire import Expiry, expire
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.lock import Lock, holder_of
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.store import RECORD, Store
from support.campaign.conducted import Conducted, ModulesInProcess
from support.json_object import Json
from support.module.memory_cloud import NOW, MemoryCloud
from support.module.runner import Runner

GONE, OTHER, THERE = "i-gone000001", "i-gone000002", "i-there00001"
LONG_AGO, LATER = "2025-10-01", "2025-11-01"


def description(machine: str, campaign: str = "spring") -> str:
    return f"jdcloud.cloud/1 campaign={campaign} instance={machine} stopped=true"


def add_image(cloud: MemoryCloud, number: int, machine: str, day: str = LONG_AGO, campaign: str = "spring") -> str:
    """An image of a machine with the one disk that it had."""
    image_id, part = f"img-000000000{number}", f"snapshot-000000000{number}"
    cloud.add_image(image_id, part, instanceId=machine, desc=description(machine, campaign), createTime=f"{day} 08:00:00")
    cloud.snapshots[part].update(diskId=f"vol-of{machine[2:]}", createTime=f"{day}T08:00:00+08:00")
    return image_id


def add_snapshot(cloud: MemoryCloud, number: int, machine: str, disk: str = "vol-gone000009") -> str:
    """A snapshot of its own."""
    snapshot_id = f"snapshot-100000000{number}"
    day = f"{LONG_AGO}T08:00:00+08:00"
    cloud.add_snapshot(snapshot_id, description=description(machine, "autumn"), diskId=disk, createTime=day)
    return snapshot_id


@pytest.fixture
def night(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> Callable[..., Json]:
    """Runs the stage with variables of the playbook, by default with a report."""
    folder = tmp_path / "expired"

    def work(*, check: bool = False, clock: datetime = NOW, **variables: Any) -> Json:
        values = {**dict.fromkeys(EXPIRE_BACKUPS), "days": 30, "last_days": 30, "report_dir": str(folder), **variables}
        given = READERS["expire_backups"](values)
        store = Store(given["report_dir"] or str(tmp_path))
        return expire(Expiry(given, ModulesInProcess(run), store, lambda: clock, check))

    cloud.add(THERE, imageId="img-public")
    return work


def written(result: Json) -> dict[str, tuple[str, str]]:
    """Action and reason of each backup in the report."""
    report = json.loads(Path(result["report_path"]).read_text(encoding="utf-8"))
    assert report["ended"]
    return {row["id"]: (row["action"], row["reason"]) for row in report["backups"]}


def test_old_backups_go_with_their_snapshots_and_others_stay(cloud: MemoryCloud, night: Callable[..., Json]) -> None:
    old, snapshot = add_image(cloud, 1, GONE), add_snapshot(cloud, 1, OTHER)
    young = add_image(cloud, 2, OTHER, "2026-01-10", "winter")
    there = add_image(cloud, 3, THERE, campaign="summer")
    foreign = cloud.add_image("img-0000000004", "snapshot-0000000004")["imageId"]
    result = night()
    assert cloud.writes == [("vm.deleteImage", old), ("disk.deleteSnapshot", snapshot)]
    assert sorted(cloud.images) == [young, there, foreign]
    assert sorted(cloud.snapshots) == ["snapshot-0000000002", "snapshot-0000000003", "snapshot-0000000004"]
    assert written(result) == {
        old: ("deleted", ""),
        snapshot: ("deleted", ""),
        young: ("kept", "too_young"),
        there: ("kept", "machine_exists"),
    }
    assert result["message"].startswith("2 of 4 backups of this collection were deleted. Kept: 1 machine_exists, 1 too_young.")
    assert result["changed"]
    assert not result["fails"]


def test_a_preview_deletes_nothing_and_says_the_same(cloud: MemoryCloud, night: Callable[..., Json]) -> None:
    old = add_image(cloud, 1, GONE)
    preview = night(check=True)
    assert cloud.writes == []
    assert written(preview)[old] == ("deleted", "")
    assert Path(preview["report_path"]).parent.name == "plan"
    assert preview["deleted"] == night()["deleted"] == 1


def test_the_last_backup_stays_by_default(cloud: MemoryCloud, night: Callable[..., Json]) -> None:
    old, newer = add_image(cloud, 1, GONE), add_image(cloud, 2, GONE, LATER)
    assert written(night(last_days=None)) == {old: ("deleted", ""), newer: ("kept", "last_backup")}
    assert list(cloud.images) == [newer]
    assert night(last_days=None)["deleted"] == 0


def test_more_than_the_cap_deletes_nothing(cloud: MemoryCloud, night: Callable[..., Json]) -> None:
    add_image(cloud, 1, GONE), add_image(cloud, 2, GONE, LATER)
    with pytest.raises(InputError, match="expire_backups_max"):
        night(max=1)
    assert cloud.writes == []
    assert night(max=1, on_too_many="oldest")["deleted"] == 1
    assert list(cloud.images) == ["img-0000000002"]


@pytest.mark.parametrize("operation", ["vm.describeImages", "disk.describeSnapshots", "vm.describeInstances"])
def test_a_night_that_cannot_read_everything_deletes_nothing(
    cloud: MemoryCloud, night: Callable[..., Json], operation: str
) -> None:
    add_image(cloud, 1, GONE)
    cloud.refuse(operation, 403, "PERMISSION_DENIED", "no permission")
    with pytest.raises(InputError, match="Nothing was deleted"):
        night()
    assert cloud.writes == []


def test_a_machine_that_only_the_listing_left_out_keeps_its_backup(cloud: MemoryCloud, night: Callable[..., Json]) -> None:
    add_image(cloud, 1, GONE)

    def appear() -> None:
        cloud.add(GONE, imageId="img-public")

    # It is there again when it is asked for by its id.
    cloud.before["vm.describeInstance"] = appear
    with pytest.raises(InputError, match="Nothing was deleted.*i-gone000001"):
        night()
    assert cloud.writes == []


def test_a_snapshot_of_a_disk_that_is_there_stays(cloud: MemoryCloud, night: Callable[..., Json]) -> None:
    kept, in_bin = add_snapshot(cloud, 1, OTHER, "vol-kept000001"), add_snapshot(cloud, 2, OTHER, "vol-bin0000001")
    cloud.add_free_disk("vol-kept000001")
    cloud.add_free_disk("vol-bin0000001", "in-recyclebin")
    assert written(night()) == {kept: ("kept", "disk_exists"), in_bin: ("kept", "disk_exists")}
    assert cloud.writes == []


def test_what_the_gate_refuses_stays_and_the_rest_goes(cloud: MemoryCloud, night: Callable[..., Json]) -> None:
    used, free = add_snapshot(cloud, 1, OTHER), add_snapshot(cloud, 2, OTHER)
    cloud.snapshots[used]["status"] = "in-use"
    assert written(night()) == {used: ("kept", "blocked"), free: ("deleted", "")}


def test_a_deletion_that_is_refused_fails_and_is_named(cloud: MemoryCloud, night: Callable[..., Json]) -> None:
    bad, good = add_image(cloud, 1, GONE), add_image(cloud, 2, OTHER)
    cloud.refuse("vm.deleteImage", 400, "FAILED_PRECONDITION", "cannot delete shared image", bad)
    result = night()
    assert result["fails"]
    assert result["failed_ids"] == [bad]
    assert "shared with other accounts" in result["message"]
    assert written(result) == {bad: ("failed", ""), good: ("deleted", "")}


def test_the_report_is_written_before_anything_is_deleted(cloud: MemoryCloud, night: Callable[..., Json], tmp_path: Path) -> None:
    add_image(cloud, 1, GONE)
    seen: list[Json] = []
    cloud.before["vm.deleteImage"] = lambda: seen.extend(
        json.loads(path.read_text(encoding="utf-8")) for path in (tmp_path / "expired").glob("expired-*.json")
    )
    night()
    assert [(report["ended"], report["backups"][0]["action"]) for report in seen] == [(None, "begun")]


def test_a_campaign_that_is_not_finished_keeps_what_it_made(
    cloud: MemoryCloud, run: Runner, night: Callable[..., Json], tmp_path: Path
) -> None:
    old = add_image(cloud, 1, GONE)
    folder = tmp_path / "records" / "one"
    folder.parent.mkdir()
    cloud.add(OTHER, imageId="img-public")
    Conducted(run, folder, instance_ids=[OTHER], backup="none", campaign="spring")()
    writes = list(cloud.writes)
    record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    (folder / RECORD).write_text(json.dumps({**record, "open": True}), encoding="utf-8")
    assert written(night(record_dirs=str(folder.parent)))[old] == ("kept", "campaign_unfinished")
    (folder / RECORD).write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="cannot be used"):
        night(record_dirs=str(folder.parent))
    assert cloud.writes == writes
    (folder / RECORD).write_text(json.dumps(record), encoding="utf-8")
    assert written(night(record_dirs=str(folder.parent)))[old] == ("deleted", "")


def test_records_that_are_not_there_are_no_finished_campaigns(
    cloud: MemoryCloud, night: Callable[..., Json], tmp_path: Path
) -> None:
    add_image(cloud, 1, GONE)
    with pytest.raises(InputError, match="expire_backups_record_dirs"):
        night(record_dirs=str(tmp_path / "not-mounted"))
    assert cloud.writes == []


def test_records_behind_a_link_count(cloud: MemoryCloud, run: Runner, night: Callable[..., Json], tmp_path: Path) -> None:
    old = add_image(cloud, 1, GONE)
    elsewhere, records = tmp_path / "volume" / "spring", tmp_path / "records"
    elsewhere.parent.mkdir()
    records.mkdir()
    cloud.add(OTHER, imageId="img-public")
    Conducted(run, elsewhere, instance_ids=[OTHER], backup="none", campaign="spring")()
    record = json.loads((elsewhere / RECORD).read_text(encoding="utf-8"))
    (elsewhere / RECORD).write_text(json.dumps({**record, "open": True}), encoding="utf-8")
    (records / "spring").symlink_to(elsewhere)
    # A link back leads round in a circle.
    (elsewhere / "again").symlink_to(records)
    assert written(night(record_dirs=str(records)))[old] == ("kept", "campaign_unfinished")


@pytest.mark.parametrize("left", ["nothing", "dangling"])
def test_a_folder_whose_records_are_out_of_reach_is_refused(
    cloud: MemoryCloud, night: Callable[..., Json], tmp_path: Path, left: str
) -> None:
    add_image(cloud, 1, GONE)
    records = tmp_path / "records"
    records.mkdir()
    if left == "dangling":
        (records / "spring").symlink_to(tmp_path / "volume" / "spring")
    with pytest.raises(InputError, match="expire_backups_record_dirs: .*the unfinished campaigns are unknown"):
        night(record_dirs=str(records))
    assert cloud.writes == []


@pytest.mark.parametrize("days", [-2, 2])
def test_clocks_that_disagree_make_nothing_old(cloud: MemoryCloud, night: Callable[..., Json], days: int) -> None:
    add_image(cloud, 1, GONE)
    with pytest.raises(InputError, match="ages are not reliable"):
        night(clock=NOW + timedelta(days=days))
    assert cloud.writes == []


def test_two_nights_at_once_are_one(cloud: MemoryCloud, night: Callable[..., Json], tmp_path: Path) -> None:
    add_image(cloud, 1, GONE)
    folder = tmp_path / "expired"
    folder.mkdir()
    lock = Lock(folder, holder_of(os.getppid(), "2026-01-20T00:00:00Z", "another"))
    lock.take()
    with pytest.raises(InputError, match="Another run uses"):
        night()
    assert not cloud.calls
    lock.release()
    assert night()["deleted"] == 1
    assert not (folder / "lock.json").exists()


def test_without_a_folder_there_is_no_report(cloud: MemoryCloud, night: Callable[..., Json]) -> None:
    add_image(cloud, 1, GONE)
    assert night(report_dir=None)["report_path"] == ""
    assert len(cloud.writes) == 1


def test_a_night_with_nothing_to_do_only_reads_lists(cloud: MemoryCloud, night: Callable[..., Json]) -> None:
    result = night()
    assert not result["changed"]
    assert [call.operation for call in cloud.calls] == ["vm.describeImages", "disk.describeSnapshots", "vm.describeInstances"]


class Killed(BaseException):
    """The process dies here."""


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_kill_at_any_call_and_a_rerun_end_as_one_run(cloud: MemoryCloud, night: Callable[..., Json], after: bool) -> None:
    def fill() -> None:
        add_image(cloud, 1, GONE), add_image(cloud, 2, GONE, LATER), add_image(cloud, 3, OTHER, campaign="winter")
        add_snapshot(cloud, 1, OTHER)

    def left() -> tuple[list[str], list[str]]:
        return sorted(cloud.images), sorted(cloud.snapshots)

    fill()
    begun = len(cloud.calls)
    night(last_days=None)
    calls, whole = len(cloud.calls) - begun, left()
    assert whole == (["img-0000000002", "img-0000000003"], ["snapshot-0000000002", "snapshot-0000000003", "snapshot-1000000001"])
    for number in range(1, calls + 1):
        cloud.images.clear()
        cloud.snapshots.clear()
        fill()
        until = len(cloud.calls) + number

        def send(call: Call[Any], *given: Any, until: int = until, **named: Any) -> Any:
            dies = len(cloud.calls) + 1 == until
            if dies and not after:
                raise Killed
            try:
                return cloud._send(call, *given, **named)
            finally:
                if dies:
                    raise Killed

        cloud.send = send
        with pytest.raises(Killed):
            night(last_days=None)
        cloud.send = cloud._send
        night(last_days=None)
        assert left() == whole, f"killed at call {number}"
