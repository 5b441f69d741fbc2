# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images, snapshots, disks, new machines, and the quotas that they use up."""

from __future__ import annotations

from typing import Any

import pytest

DISKS = [{"id": "vol-a", "size": 100, "auto_delete": True}, {"id": "vol-b", "size": 200}]
WEB: dict[str, Any] = {"id": "i-web", "status": "stopped", "system_disk": {"id": "vol-sys"}, "disks": DISKS}


def image_of(cloud: Any, **body: Any) -> str:
    answer = cloud.vm("POST", "instances/i-web:createImage", {"name": "backup-1", **body})
    return str(answer.result["imageId"])


def shown(cloud: Any, image_id: str) -> dict[str, Any]:
    return dict(cloud.vm("GET", f"images/{image_id}").result["image"])


def snapshots(cloud: Any) -> dict[str, dict[str, Any]]:
    return {one["snapshotId"]: one for one in cloud.disk("GET", "snapshots").result["snapshots"] or []}


def test_an_image_becomes_ready_with_a_snapshot_of_each_cloud_disk(cloud: Any) -> None:
    cloud.seed(WEB)
    image_id = image_of(cloud, description="backup before deletion")
    image = shown(cloud, image_id)
    assert (image["status"], image["instanceId"], image["imageSource"]) == ("pending", "i-web", "private")
    assert (image["desc"], image["launchPermission"], image["imported"]) == ("backup before deletion", "ownerOnly", False)
    assert cloud.status("i-web") == "stopped"
    cloud.control.advance(15)
    assert 45 <= int(shown(cloud, image_id)["progress"]) <= 60
    cloud.control.advance(16)
    image = shown(cloud, image_id)
    assert (image["status"], image["progress"]) == ("ready", "100")
    made = snapshots(cloud)
    parts = {image["systemDisk"]["cloudDisk"]["snapshotId"]: "vol-sys"}
    parts |= {disk["cloudDisk"]["snapshotId"]: one["id"] for disk, one in zip(image["dataDisks"], DISKS, strict=True)}
    assert {key: one["diskId"] for key, one in made.items()} == parts
    assert all(one["images"] == [image_id] and one["status"] == "available" for one in made.values())


def test_the_machine_is_busy_while_its_image_is_made_and_free_after(cloud: Any) -> None:
    cloud.seed(WEB)
    image_of(cloud)
    assert "Conflict with underlay image task 'create_image'" in cloud.vm("DELETE", "instances/i-web").error
    cloud.control.advance(31)
    assert cloud.vm("DELETE", "instances/i-web").http == 200


def test_an_image_outlives_its_machine(cloud: Any) -> None:
    cloud.seed(WEB)
    image_id = image_of(cloud)
    cloud.control.advance(31)
    cloud.vm("DELETE", "instances/i-web")
    cloud.control.advance(6)
    assert shown(cloud, image_id)["status"] == "ready"
    assert len(snapshots(cloud)) == 3


def test_disks_marked_no_device_are_left_out(cloud: Any) -> None:
    cloud.seed(WEB)
    image_id = image_of(cloud, dataDisks=[{"deviceName": "vdc", "noDevice": True}])
    assert [disk["deviceName"] for disk in shown(cloud, image_id)["dataDisks"]] == ["vdb"]


def test_local_data_disks_are_never_in_an_image(cloud: Any) -> None:
    cloud.seed({**WEB, "local_disks": 2, "disks": []})
    image = shown(cloud, image_of(cloud))
    assert "dataDisks" not in image
    assert image["rootDeviceType"] == "cloudDisk"


def test_a_local_system_disk_needs_a_stopped_machine(cloud: Any) -> None:
    cloud.seed({"id": "i-web", "system_disk": "local"})
    answer = cloud.vm("POST", "instances/i-web:createImage", {"name": "backup-1"})
    assert answer.error == "400 FAILED_PRECONDITION: Please stop the instance first"
    cloud.control.act("stop", "i-web", instantly=True)
    image = shown(cloud, image_of(cloud))
    assert image["rootDeviceType"] == "localDisk"
    assert "snapshotId" not in image


@pytest.mark.parametrize(
    ("machine", "body", "refusal"),
    [
        ({"status": "error"}, {}, "400 FAILED_PRECONDITION: Invalid instance status error"),
        ({"system_disk": None}, {}, "400 FAILED_PRECONDITION: System disk not found"),
        ({"system_disk": {"attachment": "error_detach"}}, {}, "400 FAILED_PRECONDITION: Invalid system disk mount state"),
        ({}, {"dataDisks": [{"deviceName": "vdb"}, {"deviceName": "vdb"}]}, "400 DUPLICATE: Duplicate deviceName"),
        ({}, {"name": "x"}, "400 INVALID_ARGUMENT: Request parameter name is 'x', which is malformed"),
        ({}, {"name": "x" * 33}, f"400 INVALID_ARGUMENT: Request parameter name is '{'x' * 33}', which is malformed"),
        ({}, {"name": None}, "400 INVALID_ARGUMENT: Request parameter name is missing"),
        ({}, {"name": 7}, "400 INVALID_ARGUMENT: Request parameter name has a wrong type"),
    ],
)
def test_an_image_is_refused_with_the_documented_words(
    cloud: Any, machine: dict[str, Any], body: dict[str, Any], refusal: str
) -> None:
    cloud.seed({**WEB, **machine})
    assert cloud.vm("POST", "instances/i-web:createImage", {"name": "backup-1", **body}).error == refusal


@pytest.mark.parametrize(
    ("status", "refusal"),
    [("extending", "Disk 'vol-a' busy in 'extending'"), ("error_extend", "Invalid Disk 'vol-a' status 'error_extend'")],
)
def test_an_image_needs_disks_in_order(cloud: Any, status: str, refusal: str) -> None:
    cloud.seed(WEB)
    cloud.control.act("set_status", "vol-a", status=status)
    assert cloud.vm("POST", "instances/i-web:createImage", {"name": "xx"}).error.endswith(refusal)


def test_image_and_snapshot_quotas_are_kept(cloud: Any) -> None:
    cloud.seed(WEB, {**WEB, "id": "i-two", "system_disk": {}, "disks": []}, quotas={"images": 1, "snapshots": 2})
    path = "instances/i-web:createImage"
    assert cloud.vm("POST", path, {"name": "xx"}).error == "429 QUOTA_EXCEEDED: Snapshot quota limit exceeded"
    cloud.control.set_quotas(snapshots=3)
    assert cloud.vm("POST", path, {"name": "xx"}).http == 200
    assert (
        cloud.vm("POST", "instances/i-two:createImage", {"name": "xx"}).error == "429 QUOTA_EXCEEDED: Image quota limit exceeded"
    )
    quota = cloud.vm("GET", "quotas?filters.1.name=resourceTypes&filters.1.values.1=image").result["quotas"]
    assert quota == [{"resourceType": "image", "limit": 1, "used": 1}]
    assert cloud.disk("GET", "quotas?type=snapshot").result == {"quota": {"limit": 3, "used": 3}}


def test_a_failing_image_becomes_error_and_its_snapshots_go(cloud: Any) -> None:
    cloud.seed(WEB)
    cloud.control.inject("transition_fails", operation="vm.createImage", resource="i-web")
    image_id = image_of(cloud)
    cloud.control.advance(31)
    assert shown(cloud, image_id)["status"] == "error"
    assert snapshots(cloud) == {}
    assert cloud.vm("DELETE", "instances/i-web").http == 200


def test_there_may_be_a_state_between_pending_and_ready(cloud: Any) -> None:
    cloud.seed(WEB, settings={"image_middle_state": "replicating"})
    image_id = image_of(cloud)
    states = []
    for _each in range(3):
        states.append(shown(cloud, image_id)["status"])
        cloud.control.advance(15.5)
    assert states == ["pending", "replicating", "ready"]


def test_deleting_an_image_keeps_its_snapshots_unless_asked(cloud: Any) -> None:
    cloud.seed(WEB, images=[{"id": "img-a", "of": "i-web"}, {"id": "img-b", "of": "i-web"}])
    assert cloud.vm("DELETE", "images/img-a").http == 200
    assert cloud.vm("DELETE", "images/img-b?deleteSnapshot=true").http == 200
    assert shown(cloud, "img-a")["status"] == "deleting"
    cloud.control.advance(2)
    assert cloud.vm("GET", "images/img-a").error == "404 NOT_FOUND: Image 'img-a' not found"
    left = snapshots(cloud)
    assert len(left) == 3
    assert all(one["images"] == [] for one in left.values())


@pytest.mark.parametrize(
    ("image", "refusal"),
    [
        ({"protected": True}, "Can't delete protected image"),
        ({"source": "public"}, "Can't delete this image"),
        ({"source": "community"}, "Can't delete community image"),
        ({"source": "shared"}, "Can't delete shared image"),
        ({"status": "pending"}, "Conflict with underlay image task 'create_image'"),
        ({"status": "deleting"}, "The image 'img-a' is busy"),
    ],
)
def test_images_that_must_stay_are_refused(cloud: Any, image: dict[str, Any], refusal: str) -> None:
    cloud.seed(images=[{"id": "img-a", **image}])
    assert cloud.vm("DELETE", "images/img-a").error == f"400 FAILED_PRECONDITION: {refusal}"


def test_a_local_image_with_machines_stays(cloud: Any) -> None:
    cloud.seed({"id": "i-a", "image": "img-a"}, images=[{"id": "img-a", "disks": [{"local": True}]}])
    assert "used to create instances" in cloud.vm("DELETE", "images/img-a").error


def test_a_shared_image_must_be_unshared_before_it_is_deleted(cloud: Any) -> None:
    cloud.seed(images=[{"id": "img-a"}])
    assert cloud.vm("POST", "images/img-a:share", {"pins": ["other"]}).http == 200
    assert shown(cloud, "img-a")["launchPermission"] == "specifiedUsers"
    assert "Can't delete shared image" in cloud.vm("DELETE", "images/img-a").error
    assert "imageShare" in str(
        cloud.vm("GET", "quotas?filters.1.name=resourceTypes&filters.1.values.1=imageShare&imageId=img-a").result
    )
    assert cloud.vm("POST", "images/img-a:unshare", {"pins": ["other"]}).http == 200
    assert cloud.vm("DELETE", "images/img-a").http == 200


def test_the_share_quota_needs_an_image(cloud: Any) -> None:
    answer = cloud.vm("GET", "quotas?filters.1.name=resourceTypes&filters.1.values.1=imageShare")
    assert answer.error == "400 INVALID_ARGUMENT: Parameter ImageId missing"


def test_images_are_listed_by_source_or_by_ids(cloud: Any) -> None:
    cloud.seed(
        WEB, images=[{"id": "img-a", "of": "i-web", "name": "bk-1"}, {"id": "img-p", "source": "public", "name": "Ubuntu"}]
    )

    def listed(query: str) -> list[str]:
        return [one["imageId"] for one in cloud.vm("GET", f"images?{query}").result["images"]]

    assert cloud.vm("GET", "images").error == "400 FAILED_PRECONDITION: Parameter ImageSource missing"
    assert listed("imageSource=private") == ["img-a"]
    assert listed("ids.1=img-p&ids.2=img-a&ids.3=img-x") == ["img-p", "img-a"]
    assert listed("imageSource=private&instanceIds.1=i-web") == ["img-a"]
    assert listed("imageSource=private&instanceIds.1=i-other") == []
    assert listed("imageSource=private&imageName=k-") == ["img-a"]
    assert listed("imageSource=private&status=pending") == []
    assert listed("imageSource=private&offline=False") == ["img-a"]
    assert cloud.vm("GET", "images?imageSource=mine").http == 400


def test_an_images_name_and_description_change(cloud: Any) -> None:
    cloud.seed(images=[{"id": "img-a"}])
    assert cloud.vm("POST", "images/img-a:modifyImageAttribute", {"name": "new-name", "description": "d"}).http == 200
    assert (shown(cloud, "img-a")["name"], shown(cloud, "img-a")["desc"]) == ("new-name", "d")
