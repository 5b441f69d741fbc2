# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups while another user is at work on the machine, and what cannot be read back."""

from __future__ import annotations

import pytest

from support.integration.backups import (
    CREATES,
    DATA,
    METHODS,
    POWER,
    SYSTEM,
    A,
    B,
    assets,
    backup,
    expected,
    first,
    machine,
    made_of,
    marked,
    marker,
    seed,
)
from support.integration.cloud import Cloud, running, stopped
from support.json_object import Json

OTHER: Json = {"id": "vol-othr000001", "size": 20}


# --- another user ------------------------------------------------------------------------------------------------


@METHODS
def test_a_machine_that_another_user_starts_during_its_backup_fails_and_the_marker_no_longer_says_stopped(
    cloud: Cloud, method: str
) -> None:
    machine(cloud)
    cloud.control.act("start", A, instantly=True, when={"operation": CREATES[method], "resource": "*", "moment": "after"})
    ended = backup(cloud, A, method=method)
    assert ended.failed
    assert ended.error["code"] == "changed_meanwhile"
    assert "'running'" in ended.error["message"]
    markers = marked(cloud)
    assert markers
    assert set(markers.values()) == {marker(A, stopped=False)}
    assert not first(ended, method)["stopped"]
    assert {disk["disk_id"] for disk in ended.only["uncovered_disks"]} == {SYSTEM["id"], DATA["id"]}


def test_a_marker_that_cannot_be_taken_back_is_reported(cloud: Cloud) -> None:
    machine(cloud)
    cloud.control.act("start", A, instantly=True, when={"operation": "vm.createImage", "resource": "*", "moment": "after"})
    cloud.control.inject("error", operation="vm.modifyImageAttribute", times=0, http=403, status="HTTP_FORBIDDEN")
    ended = backup(cloud, A)
    assert ended.failed
    assert ended.error["message"].endswith("could not be changed: delete the backup manually.")


@METHODS
@pytest.mark.parametrize("runs", [False, True], ids=["stopped", "stopped by us"])
def test_a_machine_that_another_user_starts_before_its_create_gets_no_false_marker(cloud: Cloud, method: str, runs: bool) -> None:
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
def test_a_disk_that_another_user_attaches_meanwhile_is_reported(cloud: Cloud, method: str, moment: str) -> None:
    machine(cloud, more={"disks": [OTHER]})
    when = {"operation": CREATES[method], "resource": "*", "moment": moment}
    cloud.control.act("attach", A, disk=OTHER["id"], when=when)
    ended = backup(cloud, A, method=method)
    assert ended.failed
    assert ended.error["code"] == "changed_meanwhile"
    assert OTHER["id"] in ended.error["message"]
    assert ended.manifest["state"] == "incomplete"


@METHODS
def test_a_disk_that_another_user_swaps_during_the_stop_is_noticed_before_anything_is_made(cloud: Cloud, method: str) -> None:
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


def test_a_disk_that_another_user_detaches_right_before_the_image_is_missed(cloud: Cloud) -> None:
    machine(cloud)
    cloud.control.act("detach", A, disk=DATA["id"], when={"operation": "vm.createImage", "resource": "*"})
    ended = backup(cloud, A)
    assert ended.failed
    assert ended.error["code"] == "incomplete"
    assert DATA["id"] in ended.error["message"]


def test_a_disk_that_another_user_detaches_when_it_is_in_the_image_is_not_missed(cloud: Cloud) -> None:
    machine(cloud)
    cloud.control.act("detach", A, disk=DATA["id"], when={"operation": "vm.createImage", "resource": "*", "moment": "after"})
    ended = backup(cloud, A)
    assert not ended.failed
    assert ended.actions == {A: "created"}


@METHODS
def test_a_machine_that_another_user_deletes_during_its_backup_keeps_the_backup(cloud: Cloud, method: str) -> None:
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
def test_a_machine_that_another_user_deletes_before_its_backup_is_reported(cloud: Cloud, method: str) -> None:
    seed(cloud, running(A, system_disk=SYSTEM), stopped(B))
    cloud.control.act("delete", A, instantly=True, when={"operation": "vm.stopInstance", "resource": A})
    ended = backup(cloud, A, B, method=method, **POWER)
    assert ended.failed
    assert ended.actions == {A: "failed", B: "created"}
    assert len(marked(cloud)) == 1


@METHODS
def test_a_backup_that_another_user_deletes_while_it_is_waited_for_is_reported(cloud: Cloud, method: str) -> None:
    machine(cloud, image_seconds=60, snapshot_seconds=60)
    accepted = backup(cloud, A, method=method, wait=False)
    asset_id = first(accepted, method)["image_id" if method == "image" else "snapshot_id"]
    listing = {"image": "vm.describeImages", "snapshots": "disk.describeSnapshots"}[method]
    cloud.control.act("delete", asset_id, instantly=True, when={"operation": listing, "resource": "*", "nth": 3})
    ended = backup(cloud, A, method=method, wait_timeout=3)
    assert ended.failed
    assert ended.error["code"] == "vanished"
    assert asset_id in ended.error["message"]
    assert cloud.effects(CREATES[method]) == len(expected(method)), "nothing is made again without a word"


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
