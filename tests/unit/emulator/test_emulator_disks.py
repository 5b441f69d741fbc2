# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The emulator's disks and their snapshots."""

from __future__ import annotations

from typing import Any

import pytest

DISKS = [{"id": "vol-a", "size": 100, "auto_delete": True}, {"id": "vol-b", "size": 200}]


WEB: dict[str, Any] = {"id": "i-web", "status": "stopped", "system_disk": {"id": "vol-sys"}, "disks": DISKS}


def snapshots(cloud: Any) -> dict[str, dict[str, Any]]:
    return {one["snapshotId"]: one for one in cloud.disk("GET", "snapshots").result["snapshots"] or []}


def snapshot_of(cloud: Any, disk_id: str = "vol-a", **body: Any) -> Any:
    body = {"snapshotSpec": {"name": "backup", "diskId": disk_id, "description": None}, **body}
    return cloud.disk("POST", "snapshots", body)


def test_a_snapshot_becomes_available(cloud: Any) -> None:
    cloud.seed(WEB)
    made = snapshot_of(cloud).result["snapshotId"]
    assert snapshots(cloud)[made]["status"] == "creating"
    cloud.control.advance(11)
    one = snapshots(cloud)[made]
    assert (one["status"], one["diskId"], one["snapshotSizeGB"]) == ("available", "vol-a", 100)


def test_the_same_client_token_makes_one_snapshot(cloud: Any) -> None:
    cloud.seed(WEB)
    first, second, other = (snapshot_of(cloud, clientToken=token).result["snapshotId"] for token in ("t1", "t1", "t2"))
    assert first == second != other
    assert len(snapshots(cloud)) == 2


def test_a_snapshot_outlives_its_disk(cloud: Any) -> None:
    cloud.seed(WEB)
    made = snapshot_of(cloud).result["snapshotId"]
    cloud.control.advance(11)
    cloud.vm("DELETE", "instances/i-web")
    cloud.control.advance(6)
    assert cloud.disk("GET", "disks/vol-a").http == 404
    assert snapshots(cloud)[made]["status"] == "available"


def test_a_snapshot_is_refused_where_it_cannot_be_made(cloud: Any) -> None:
    cloud.seed(WEB, disks=[{"id": "vol-new", "status": "creating"}], quotas={"snapshots": 0})
    assert snapshot_of(cloud, "vol-none").error == "404 NOT_FOUND: Disk 'vol-none' not found"
    assert "Invalid disk status 'creating'" in snapshot_of(cloud, "vol-new").error
    assert snapshot_of(cloud).error == "429 QUOTA_EXCEEDED: Snapshot quota limit exceeded"


def test_a_failing_snapshot_becomes_error_create_and_can_be_deleted(cloud: Any) -> None:
    cloud.seed(WEB)
    cloud.control.inject("transition_fails", operation="disk.createSnapshot", resource="vol-a")
    made = snapshot_of(cloud).result["snapshotId"]
    cloud.control.advance(11)
    assert snapshots(cloud)[made]["status"] == "error_create"
    assert cloud.disk("DELETE", f"snapshots/{made}").http == 200
    cloud.control.advance(2)
    assert cloud.disk("GET", f"snapshots/{made}").error == f"404 NOT_FOUND: Snapshot '{made}' not found"


def test_a_snapshot_of_an_image_is_not_deleted_on_its_own(cloud: Any) -> None:
    cloud.seed(WEB, images=[{"id": "img-a", "of": "i-web"}], snapshots=[{"id": "snapshot-free"}])
    used = next(key for key, one in snapshots(cloud).items() if one["images"])
    assert "400 FAILED_PRECONDITION" in cloud.disk("DELETE", f"snapshots/{used}").error
    rows = cloud.disk("DELETE", f"snapshots?snapshotIds.1={used}&snapshotIds.2=snapshot-free").result
    assert (rows["successCount"], rows["failedCount"]) == (1, 1)
    assert [one["success"] for one in rows["snapshots"]] == [False, True]


def test_a_snapshots_attributes_change(cloud: Any) -> None:
    cloud.seed(snapshots=[{"id": "snapshot-a"}])
    change = {"name": "new", "description": "d", "expireTime": "2030-01-01 00:00:00"}
    assert cloud.disk("PATCH", "snapshots/snapshot-a", change).http == 200
    one = snapshots(cloud)["snapshot-a"]
    assert (one["name"], one["description"], one["expireTime"]) == ("new", "d", "2030-01-01T00:00:00+08:00")


def test_disks_are_made_and_deleted(cloud: Any) -> None:
    spec = {"az": "cn-north-1a", "name": "data", "diskType": "ssd.gp1", "diskSizeGB": 100}
    body = {"diskSpec": spec, "maxCount": 2, "clientToken": "t", "userTags": [{"key": "a", "value": "b"}]}
    made = cloud.disk("POST", "disks", body).result["diskIds"]
    assert cloud.disk("POST", "disks", body).result["diskIds"] == made
    assert len(made) == 2
    assert cloud.disk("GET", f"disks/{made[0]}").result["disk"]["status"] == "creating"
    assert cloud.disk("DELETE", f"disks/{made[0]}").error.endswith("Cannot delete disk in status 'creating'")
    cloud.control.advance(2)
    assert cloud.disk("GET", f"disks/{made[0]}").result["disk"]["tags"] == [{"key": "a", "value": "b"}]
    assert cloud.disk("DELETE", f"disks/{made[0]}").http == 200
    assert cloud.disk("GET", f"disks/{made[0]}").result["disk"]["status"] == "deleting"
    cloud.control.advance(2)
    assert cloud.disk("GET", f"disks/{made[0]}").http == 404


@pytest.mark.parametrize(
    ("disk_id", "refusal"),
    [
        ("vol-a", "400 FAILED_PRECONDITION: Cannot delete disk in status 'in-use'"),
        ("vol-paid", "400 FAILED_PRECONDITION: Can't delete 'prepaid_by_duration' disk which isn't overdue"),
        ("VOL", "400 INVALID_ARGUMENT: Malformed disk id 'VOL'"),
        ("vol-none", "404 NOT_FOUND: Disk 'vol-none' not found"),
    ],
)
def test_disks_that_must_stay_are_refused(cloud: Any, disk_id: str, refusal: str) -> None:
    cloud.seed(WEB, disks=[{"id": "vol-paid", "expires": "+3d"}])
    assert cloud.disk("DELETE", f"disks/{disk_id}").error == refusal


def test_deleting_an_unknown_disk_may_be_ignored(cloud: Any) -> None:
    cloud.control.configure(unknown_disk_delete="ignored")
    assert cloud.disk("DELETE", "disks/vol-none").http == 200


def test_a_disk_goes_into_its_recycle_bin_and_comes_back(cloud: Any) -> None:
    cloud.seed(disks=[{"id": "vol-a"}, {"id": "vol-b", "recyclable": False}])
    assert cloud.disk("POST", "disks/vol-a:recover", {}).http == 400
    cloud.disk("DELETE", "disks/vol-a?putInRecycleBin=true")
    one = cloud.disk("GET", "disks/vol-a").result["disk"]
    assert one["status"] == "in-recyclebin"
    assert one["trashTime"]
    assert cloud.disk("POST", "disks/vol-a:recover", {}).http == 200
    assert cloud.disk("GET", "disks/vol-a").result["disk"]["status"] == "available"
    cloud.disk("DELETE", "disks/vol-b?putInRecycleBin=true")
    assert cloud.disk("GET", "disks/vol-b").result["disk"]["status"] == "deleting"


def test_a_disk_is_extended_and_restored_while_free(cloud: Any) -> None:
    cloud.seed(
        WEB, disks=[{"id": "vol-c"}], snapshots=[{"id": "snapshot-c", "disk": "vol-c"}, {"id": "snapshot-x", "disk": "vol-x"}]
    )
    assert cloud.disk("POST", "disks/vol-a:extend", {"diskSizeGB": 200}).http == 400
    assert cloud.disk("POST", "disks/vol-c:extend", {"diskSizeGB": 200}).http == 200
    assert cloud.disk("POST", "disks/vol-c:restore", {"snapshotId": "snapshot-c"}).error.endswith("in status 'extending'")
    cloud.control.advance(2)
    assert cloud.disk("GET", "disks/vol-c").result["disk"]["diskSizeGB"] == 200
    assert cloud.disk("POST", "disks/vol-c:restore", {"snapshotId": "snapshot-x"}).http == 400
    assert cloud.disk("POST", "disks/vol-c:restore", {"snapshotId": "snapshot-c"}).http == 200
    assert cloud.disk("GET", "disks/vol-c").result["disk"]["status"] == "restoring"


def test_a_disk_is_not_extended_while_its_snapshot_is_made(cloud: Any) -> None:
    cloud.seed(disks=[{"id": "vol-c"}])
    snapshot_of(cloud, "vol-c")
    assert "snapshot" in cloud.disk("POST", "disks/vol-c:extend", {"diskSizeGB": 200}).error
