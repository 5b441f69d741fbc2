# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""jdcloud_vm_backup and the other modules that make backups: refusals, check mode, unchanged, made, and once more."""

from __future__ import annotations

import pytest

from support.integration.backups import MAKES, QUICK, Backed, assets, backup, image_of, made_of, marked, marker, seed, snapshots
from support.integration.cloud import Cloud, running, stopped
from support.json_object import Json

A, B, C = "i-aaaa000001", "i-bbbb000001", "i-cccc000001"
DATA: Json = {"id": "vol-data000001", "size": 20}
POWER: Json = {"stop_running": True, "start_again": True}


def being_made(cloud: Cloud, seconds: float) -> None:
    """A fresh cloud in which an own image of a machine will be ready in so many seconds."""
    seed(cloud, stopped(A), more={"images": [image_of(A, status="pending")]})
    cloud.control.act("set_status", "img-old0000001", status="ready", after_seconds=seconds)


# --- unchanged ----------------------------------------------------------------------------------------------------


def test_an_own_young_image_serves_again_and_the_machine_is_not_touched(cloud: Cloud) -> None:
    seed(cloud, stopped(A), more={"images": [image_of(A)]})
    ended = backup(cloud, A, **POWER)
    assert not ended.failed
    assert not ended.changed
    assert ended.actions == {A: "reused"}
    assert ended.image["image_id"] == "img-old0000001"
    assert cloud.writes() == []
    assert ended.result["quota"] is None


@pytest.mark.parametrize(
    ("fields", "options"),
    [
        ({"created": "-30h"}, {}),
        ({"description": "by hand"}, {}),
        ({"description": marker(A, stopped=False)}, {}),
        ({"description": marker(A, campaign="other")}, {}),
        ({"description": marker(B)}, {}),
        ({"expires": "+2d"}, {}),
        ({"status": "error"}, {}),
        ({}, {"max_age": 0.5}),
    ],
    ids=str,
)
def test_an_image_that_would_not_count_does_not_serve_again(cloud: Cloud, fields: Json, options: Json) -> None:
    seed(cloud, stopped(A), more={"images": [image_of(A, **fields)]})
    ended = backup(cloud, A, **options)
    assert not ended.failed
    assert ended.actions == {A: "created"}
    assert ended.image["image_id"] != "img-old0000001"


def test_without_a_campaign_a_backup_of_any_campaign_serves_again(cloud: Cloud) -> None:
    seed(cloud, stopped(A), more={"images": [image_of(A, description=marker(A, campaign="other"))]})
    ended = backup(cloud, A, campaign=None)
    assert ended.actions == {A: "reused"}
    assert ended.image["campaign"] == "other"
    assert backup(cloud, A, campaign=None, reuse="campaign").actions == {A: "created"}


def test_an_image_in_progress_is_waited_for_and_none_is_made(cloud: Cloud) -> None:
    being_made(cloud, 1.0)
    ended = backup(cloud, A)
    assert not ended.failed
    assert ended.actions == {A: "reused"}
    assert ended.image["status"] == "ready"
    assert cloud.calls("vm.createImage") == []


# --- made ---------------------------------------------------------------------------------------------------------


def test_an_image_holds_the_disks_carries_the_marker_and_is_found_again(cloud: Cloud) -> None:
    seed(cloud, stopped(A, disks=[DATA], local_disks=1))
    ended = backup(cloud, A)
    assert not ended.failed
    assert ended.changed
    assert ended.actions == {A: "created"}
    assert ended.manifest["state"] == "complete"
    assert {disk["device"] for disk in ended.only["uncovered_disks"]} == {"vdb"}
    system = next(disk["disk_id"] for disk in ended.only["disks"] if disk["system"])
    assert {disk["disk_id"] for disk in ended.image["disks"]} == {system, DATA["id"]}
    assert marked(cloud) == {ended.image["image_id"]: marker(A)}
    again = backup(cloud, A)
    assert not again.changed
    assert again.actions == {A: "reused"}
    assert again.image["image_id"] == ended.image["image_id"]
    assert again.image["disks"] == ended.image["disks"]
    assert cloud.writes() == ["vm.createImage"]


def test_without_data_disks_they_are_left_out_and_uncovered(cloud: Cloud) -> None:
    seed(cloud, stopped(A, disks=[DATA]))
    ended = backup(cloud, A, include_data_disks=False)
    assert not ended.failed
    assert [disk["disk_id"] for disk in ended.only["uncovered_disks"]] == [DATA["id"]]
    assert len(assets(cloud, "snapshots")) == 1


def test_snapshots_are_made_of_each_cloud_disk_and_both_makes_them_after_the_image(cloud: Cloud) -> None:
    seed(cloud, stopped(A, disks=[DATA]))
    ended = backup(cloud, A, method="both")
    assert not ended.failed
    assert {row["action"] for row in ended.only["snapshots"]} == {"created"}
    assert len(marked(cloud)) == 3
    order = [entry["operation"] for entry in cloud.calls() if entry["operation"] in MAKES]
    assert order == ["vm.createImage", "disk.createSnapshot", "disk.createSnapshot"]
    again = backup(cloud, A, method="both")
    assert not again.changed
    assert again.summary["reused"] == 3
    assert backup(cloud, A, method="snapshots").actions == {A: "reused"}


def test_the_snapshots_of_a_machine_also_wait_for_an_image_that_is_already_being_made(cloud: Cloud) -> None:
    being_made(cloud, 1.5)
    ended = backup(cloud, A, method="both")
    assert not ended.failed
    assert ended.summary == {"selected": 1, "changed": 1, "created": 1, "reused": 1}
    (create,) = cloud.calls("disk.createSnapshot")
    polls = [entry for entry in cloud.calls("vm.describeImages") if entry["time"] < create["time"]]
    assert len(polls) > 2, "it was asked for while the image was still pending"


def test_a_running_machine_is_backed_up_with_a_warning_and_its_marker_says_so(cloud: Cloud) -> None:
    seed(cloud, running(A))
    ended = backup(cloud, A, method="both")
    assert not ended.failed
    assert ended.codes("warnings") == ["not_stopped"]
    assert not ended.image["stopped"]
    assert set(marked(cloud).values()) == {marker(A, stopped=False)}
    assert cloud.status(A) == "running"
    assert "vm.stopInstance" not in cloud.writes()


def test_what_was_stopped_is_started_again_and_never_what_was_stopped_before(cloud: Cloud) -> None:
    seed(cloud, running(A), stopped(B))
    ended = backup(cloud, A, B, **POWER)
    assert not ended.failed
    assert (cloud.status(A), cloud.status(B)) == ("running", "stopped")
    assert (ended.machine(A)["stopped_by_us"], ended.machine(A)["started_by_us"], ended.machine(A)["status"]) == (
        True,
        True,
        "running",
    )
    assert set(marked(cloud).values()) == {marker(A), marker(B)}
    again = backup(cloud, A, B, **POWER)
    assert not again.changed
    assert again.actions == {A: "reused", B: "reused"}


def test_without_start_again_the_machine_stays_stopped(cloud: Cloud) -> None:
    seed(cloud, running(A))
    ended = backup(cloud, A, stop_running=True)
    assert not ended.failed
    assert cloud.status(A) == "stopped"
    assert ended.summary["stopped"] == 1
    assert "started" not in ended.summary


def test_the_machine_is_stopped_once_more_if_another_campaign_backed_it_up_before(cloud: Cloud) -> None:
    seed(cloud, running(A), more={"images": [image_of(A, description=marker(A, campaign="other"))]})
    ended = backup(cloud, A, campaign=None, **POWER)
    assert ended.actions == {A: "created"}
    assert cloud.writes() == ["vm.stopInstance", "vm.createImage", "vm.startInstance"]


def test_without_waiting_the_backup_is_reported_as_it_was_accepted(cloud: Cloud) -> None:
    seed(cloud, stopped(A), image_seconds=60)
    ended = backup(cloud, A, wait=False)
    assert not ended.failed
    assert ended.actions == {A: "created"}
    assert ended.image["status"] == "pending"
    again = backup(cloud, A, wait=False)
    assert not again.changed
    assert again.actions == {A: "reused"}
    assert made_of(cloud) == [A]


def test_without_waiting_snapshots_next_to_an_image_in_progress_are_asked_for_at_once(cloud: Cloud) -> None:
    being_made(cloud, 60.0)
    ended = backup(cloud, A, wait=False, method="both")
    assert [row["status"] for row in ended.only["snapshots"]] == ["creating"]


@pytest.mark.parametrize("pattern", ["{name}", "备份-{name}-{unique}", "{name}.{campaign}", "bk {instance_id}/{id}"])
@pytest.mark.parametrize("name", ["生产环境订单数据库服务器主节点华北区第一可用区编号零零一", "web 01 (alt) / ü é", "a", ".-"])
def test_every_machine_name_gives_names_that_the_service_takes(cloud: Cloud, name: str, pattern: str) -> None:
    seed(cloud, stopped(A, name=name))
    ended = backup(cloud, A, method="both", name_pattern=pattern)
    assert not ended.failed, ended.result
    names = [ended.image["name"], *(row["name"] for row in ended.only["snapshots"])]
    assert all(2 <= len(each) <= 32 for each in names)
    assert len(set(names)) == 2


def test_a_failed_backup_is_made_again_under_another_name(cloud: Cloud) -> None:
    seed(cloud, stopped(A))
    cloud.control.inject("transition_fails", operation="vm.createImage")
    first, second = backup(cloud, A), backup(cloud, A)
    assert first.failed
    assert not second.failed
    assert first.image["name"] != second.image["name"]


# --- snapshots of disks -------------------------------------------------------------------------------------------


def test_disks_get_snapshots_whether_they_are_on_a_machine_or_not(cloud: Cloud) -> None:
    seed(cloud, stopped(A, disks=[DATA]), more={"disks": [{"id": "vol-free000001", "size": 20}]})
    preview = snapshots(cloud, DATA["id"], "vol-free000001", check=True)
    assert cloud.writes() == []
    ended = snapshots(cloud, DATA["id"], "vol-free000001")
    assert not ended.failed
    rows = {row["disk_id"]: row for row in ended.result["snapshots"]}
    assert {row["name"] for row in preview.result["snapshots"]} == {row["name"] for row in rows.values()}
    assert (rows[DATA["id"]]["instance_id"], rows["vol-free000001"]["instance_id"]) == (A, None)
    assert sorted(marked(cloud).values()) == [marker(A), marker("none")]
    again = snapshots(cloud, DATA["id"], "vol-free000001")
    assert not again.result["changed"]
    assert {row["action"] for row in again.result["snapshots"]} == {"reused"}


def test_a_disk_that_does_not_exist_is_reported(cloud: Cloud) -> None:
    seed(cloud, more={"disks": [{"id": "vol-free000001", "size": 20}]})
    ended = snapshots(cloud, "vol-none000001", "vol-free000001")
    assert ended.failed
    assert "vol-none000001" in ended.msg
    assert marked(cloud) == {}


def test_jdcloud_image_makes_what_jdcloud_vm_backup_makes(cloud: Cloud) -> None:
    seed(cloud, stopped(A, disks=[DATA], local_disks=1))
    given = {**QUICK, "state": "present", "instance_ids": [A]}
    preview, done = (cloud._run("jdcloud_image", given, check, None) for check in (True, False))
    (planned,), (row,) = preview.result["images"], done.result["images"]
    assert not done.failed
    assert (row["action"], row["name"]) == ("created", planned["name"])
    covered = [{name: each[name] for name in ("disk_id", "device", "size_gb")} for each in row["covered_disks"]]
    assert covered == [{name: each[name] for name in ("disk_id", "device", "size_gb")} for each in planned["covered_disks"]]
    assert [each["reason"] for each in row["uncovered_disks"]] == ["local data disks are never in an image"]
    reused: Backed = backup(cloud, A)
    assert reused.image["image_id"] == row["image_id"]
    assert not reused.changed
