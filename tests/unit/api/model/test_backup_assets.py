# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images and snapshots as values: what a proof rests on is read strictly, what is unknown proves nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.fields import MalformedResponse
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.backup_assets import (
    Image,
    ImageDisk,
    Snapshot,
    parse_image,
    parse_snapshot,
)

MOMENT = datetime(2026, 1, 15, 8, 9, 10, tzinfo=UTC)


def image(**fields: Any) -> Image:
    return parse_image({"imageId": "img-1", "status": "Ready"} | fields)


def snapshot(**fields: Any) -> Snapshot:
    return parse_snapshot({"snapshotId": "snapshot-1", "status": "Available"} | fields)


def test_example_image(example: Callable[[str], Any]) -> None:
    found = parse_image(example("describeImages.json")["result"]["images"][0])
    assert (found.image_id, found.name, found.status) == ("img-5bk0u2p7im", "bk-i-4x9q2m7kva-20260115080910", "ready")
    assert (found.source, found.instance_id, found.description) == ("private", "i-4x9q2m7kva", "backup before deletion")
    assert (found.imported, found.offline, found.expires, found.expires_text) == (False, False, None, None)
    assert found.created == MOMENT, "Beijing time, without a zone"
    assert [(disk.device, disk.snapshot_id, disk.size_gb, disk.auto_delete, disk.system) for disk in found.disks] == [
        ("vda", "snapshot-1sn4p0sy5a", 40, True, True),
        ("vdb", "snapshot-2sn4p0da7b", 100, True, False),
        ("vdc", "snapshot-3sn4p0da8c", 200, False, False),
    ]
    assert {disk.category for disk in found.disks} == {"cloud"}
    assert found.disks[2].disk_type == "hdd.std1"
    assert found.raw["platform"] == "Ubuntu"


def test_example_image_that_is_being_made(example: Callable[[str], Any]) -> None:
    found = parse_image(example("describeImage.pending.json")["result"]["image"])
    assert (found.status, len(found.disks)) == ("pending", 3)


def test_example_snapshots(example: Callable[[str], Any]) -> None:
    data, making, inside = map(parse_snapshot, example("describeSnapshots.json")["result"]["snapshots"])
    assert (data.disk_id, data.status, data.source, data.size_gb) == ("vol-2dat4dsk1b", "available", "self", 100)
    assert data.created == datetime(2026, 1, 15, 8, 9, 30, tzinfo=UTC)
    assert (data.description, data.expires, data.expires_text, data.images) == ("", None, None, ())
    assert making.status == "creating"
    assert inside.images == ("img-5bk0u2p7im",)


def test_what_is_unknown_of_an_image_claims_nothing() -> None:
    found = image()
    assert (found.status, found.source, found.instance_id, found.description) == ("ready", "", None, "")
    assert (found.created, found.created_text, found.disks, found.size_mb) == (None, None, (), None)
    assert (found.imported, found.offline) == (False, False)
    assert found == image(dataDisks=None, systemDisk=None, desc=None, imported=None, createTime=None, instanceId=None)


def test_what_is_unknown_of_a_snapshot_claims_nothing() -> None:
    found = snapshot()
    assert (found.status, found.source, found.disk_id, found.description) == ("available", "", None, "")
    assert (found.created, found.expires, found.images) == (None, None, ())
    assert found == snapshot(images=None, shareInfo=None, description=None, expireTime="", diskId="")


def test_the_description_of_an_image_is_desc_and_nothing_else() -> None:
    assert image(description="jdcloud.cloud/1 campaign=c instance=i-1 stopped=true").description == ""
    assert image(desc="text").description == "text"


@pytest.mark.parametrize("text", ["2026-01-15T08:09:10Z", "2026-01-15T16:09:10+08:00", "2026-01-15 16:09:10"])
def test_times_in_every_form(text: str) -> None:
    assert image(createTime=text).created == snapshot(createTime=text).created == MOMENT
    assert image(expiredTime=text).expires == snapshot(expireTime=text).expires == MOMENT


def test_a_time_that_cannot_be_read_is_kept_as_text() -> None:
    for found in (image(createTime="today", expiredTime="soon"), snapshot(createTime="today", expireTime="soon")):
        assert (found.created, found.created_text, found.expires, found.expires_text) == (None, "today", None, "soon")


def test_a_system_disk_whose_snapshot_stands_at_the_top_only() -> None:
    slot = {"diskCategory": "cloud", "deviceName": "vda", "cloudDisk": {"diskSizeGB": 40}}
    [disk] = image(systemDisk=slot, snapshotId="snapshot-1").disks
    assert (disk.snapshot_id, disk.system) == ("snapshot-1", True)


def test_the_slot_of_a_system_disk_beats_the_top() -> None:
    slot = {"diskCategory": "cloud", "deviceName": "vda", "cloudDisk": {"snapshotId": "snapshot-2"}}
    [disk] = image(systemDisk=slot, snapshotId="snapshot-1").disks
    assert disk.snapshot_id == "snapshot-2"


def test_an_old_image_without_a_slot_for_its_system_disk() -> None:
    [cloud] = image(snapshotId="snapshot-1", systemDiskSizeGB=40).disks
    assert cloud == ImageDisk(None, "cloud", "snapshot-1", 40, None, None, system=True)
    [local] = image(rootDeviceType="localDisk", systemDiskSizeGB=40).disks
    assert (local.category, local.snapshot_id, local.system) == ("local", None, True)
    assert image(rootDeviceType="cloudDisk").disks == (), "a cloud disk without a snapshot is in no image"


def test_a_data_disk_never_borrows_the_snapshot_of_the_system_disk() -> None:
    slot = {"diskCategory": "cloud", "deviceName": "vdb", "cloudDisk": {"diskSizeGB": 40}}
    system = {"diskCategory": "cloud", "deviceName": "vda", "cloudDisk": {"snapshotId": "snapshot-1"}}
    disks = image(systemDisk=system, dataDisks=[slot], snapshotId="snapshot-1").disks
    assert [disk.snapshot_id for disk in disks] == ["snapshot-1", None]


@pytest.mark.parametrize(
    ("slot", "category"),
    [
        ({"diskCategory": "local", "localDisk": {"diskSizeGB": 80}}, "local"),
        ({"diskCategory": "Local"}, "local"),
        ({"localDisk": {"diskSizeGB": 80}}, "local"),
        ({"cloudDisk": {"snapshotId": "snapshot-1"}}, "cloud"),
        ({"localDisk": {"diskSizeGB": 80}, "cloudDisk": {"snapshotId": "snapshot-1"}}, "cloud"),
    ],
)
def test_kinds_of_disks(slot: dict[str, Any], category: str) -> None:
    [disk] = image(dataDisks=[slot]).disks
    assert disk.category == category
    assert (disk.snapshot_id is None) is (category == "local")


@pytest.mark.parametrize(
    "fields",
    [
        {"status": None},
        {"status": 1},
        {"imported": "false"},
        {"offline": 0},
        {"desc": ["text"]},
        {"imageSource": {}},
        {"instanceId": ["i-1"]},
        {"systemDisk": "vda"},
        {"dataDisks": {"deviceName": "vdb"}},
        {"dataDisks": ["vdb"]},
        {"dataDisks": [{"cloudDisk": ["snapshot-1"]}]},
        {"dataDisks": [{"cloudDisk": {"snapshotId": {}}}]},
    ],
)
def test_an_image_says_what_could_not_be_read_so_that_it_proves_nothing(fields: dict[str, Any]) -> None:
    assert len(image(**fields).unreadable) == 1


@pytest.mark.parametrize("image_id", [None, "", 5, "img/1"])
def test_an_image_without_an_id_is_none(image_id: Any) -> None:
    with pytest.raises(MalformedResponse):
        image(imageId=image_id)


@pytest.mark.parametrize(
    "fields",
    [
        {"status": ""},
        {"diskId": ["vol-1"]},
        {"description": {}},
        {"images": "img-1"},
        {"images": [1]},
        {"images": [{"imageId": "img-1"}]},
        {"snapshotSource": True},
    ],
)
def test_a_snapshot_says_what_could_not_be_read_so_that_it_proves_nothing(fields: dict[str, Any]) -> None:
    assert len(snapshot(**fields).unreadable) == 1


@pytest.mark.parametrize("snapshot_id", [None, "", 5, "snapshot/1"])
def test_a_snapshot_without_an_id_is_none(snapshot_id: Any) -> None:
    with pytest.raises(MalformedResponse):
        snapshot(snapshotId=snapshot_id)
