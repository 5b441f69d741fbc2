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


# --- snapshots and disks ------------------------------------------------------------------------------------------


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


# --- new machines -------------------------------------------------------------------------------------------------

SPEC: dict[str, Any] = {"name": "new-1", "az": "cn-north-1a", "instanceType": "g.n2.large", "imageId": "img-public"}


def new_machine(cloud: Any, **spec: Any) -> Any:
    return cloud.vm("POST", "instances", {"instanceSpec": {**SPEC, **spec}, "maxCount": 1})


def test_a_new_machine_starts_and_has_what_was_asked_for(cloud: Any) -> None:
    network = {"networkInterface": {"subnetId": "subnet-9", "securityGroups": ["sg-9"], "primaryIpAddress": "10.9.9.9"}}
    made = new_machine(
        cloud,
        primaryNetworkInterface=network,
        userTags=[{"key": "env", "value": "drill"}],
        systemDisk={"diskCategory": "cloud", "cloudDiskSpec": {"diskSizeGB": 60}},
        dataDisks=[{"diskCategory": "cloud", "autoDelete": False, "cloudDiskSpec": {"diskSizeGB": 100}}],
        elasticIp={"bandwidthMbps": 3, "provider": "bgp"},
        description="drill",
    ).result["instanceIds"][0]
    assert cloud.status(made) == "pending"
    cloud.control.advance(6)
    instance = cloud.vm("GET", f"instances/{made}").result["instance"]
    assert (instance["status"], instance["instanceType"], instance["description"]) == ("running", "g.n2.large", "drill")
    assert (instance["subnetId"], instance["privateIpAddress"]) == ("subnet-9", "10.9.9.9")
    assert instance["primaryNetworkInterface"]["networkInterface"]["securityGroups"][0]["groupId"] == "sg-9"
    assert instance["tags"] == [{"key": "env", "value": "drill"}]
    assert instance["systemDisk"]["cloudDisk"]["diskSizeGB"] == 60
    assert [(one["autoDelete"], one["cloudDisk"]["diskSizeGB"]) for one in instance["dataDisks"]] == [(False, 100)]
    assert instance["elasticIpId"].startswith("fip-")


def test_a_machine_of_an_image_gets_disks_from_its_snapshots(cloud: Any) -> None:
    cloud.seed(WEB, images=[{"id": "img-a", "of": "i-web"}])
    parts = {one["diskId"]: key for key, one in snapshots(cloud).items()}
    made = new_machine(cloud, imageId="img-a").result["instanceIds"][0]
    instance = cloud.vm("GET", f"instances/{made}").result["instance"]
    assert instance["systemDisk"]["cloudDisk"]["snapshotId"] == parts["vol-sys"]
    copies = [(one["cloudDisk"]["snapshotId"], one["cloudDisk"]["diskSizeGB"]) for one in instance["dataDisks"]]
    assert copies == [(parts["vol-a"], 100), (parts["vol-b"], 200)]


def test_an_images_data_disk_can_be_left_out_or_be_made_from_another_snapshot(cloud: Any) -> None:
    cloud.seed(WEB, images=[{"id": "img-a", "of": "i-web"}], snapshots=[{"id": "snapshot-x", "size": 100}])
    rows = [
        {"deviceName": "vdb", "noDevice": True},
        {"deviceName": "vdc", "diskCategory": "cloud", "cloudDiskSpec": {"diskSizeGB": 300, "snapshotId": "snapshot-x"}},
    ]
    made = new_machine(cloud, imageId="img-a", dataDisks=rows).result["instanceIds"][0]
    disks = cloud.vm("GET", f"instances/{made}").result["instance"]["dataDisks"]
    assert [(one["deviceName"], one["cloudDisk"]["snapshotId"], one["cloudDisk"]["diskSizeGB"]) for one in disks] == [
        ("vdc", "snapshot-x", 300)
    ]


def test_a_batch_is_numbered_and_its_token_makes_it_once(cloud: Any) -> None:
    body = {"instanceSpec": {**SPEC, "name": "web[008]"}, "maxCount": 3, "clientToken": "t"}
    made = cloud.vm("POST", "instances", body).result["instanceIds"]
    assert cloud.vm("POST", "instances", body).result["instanceIds"] == made
    names = [one["instanceName"] for one in cloud.vm("GET", "instances").result["instances"]]
    assert names == ["web008", "web009", "web010"]


def test_machines_end_at_their_quota(cloud: Any) -> None:
    cloud.control.set_quotas(instances=0)
    assert new_machine(cloud).error == "429 QUOTA_EXCEEDED: Instance quota limit exceeded"


@pytest.mark.parametrize(
    "spec", [{"name": ""}, {"az": "cn-moon-1a"}, {"imageId": None}, {"userTags": [{"key": "jrn:x", "value": "y"}]}]
)
def test_a_new_machine_needs_what_the_rules_say(cloud: Any, spec: dict[str, Any]) -> None:
    assert "400 INVALID_ARGUMENT" in new_machine(cloud, **spec).error


def test_a_machine_that_cannot_be_made_is_error_for_a_moment(cloud: Any) -> None:
    cloud.control.inject("transition_fails", operation="vm.createInstances")
    made = new_machine(cloud).result["instanceIds"][0]
    cloud.control.advance(6)
    assert cloud.status(made) == "error"
    cloud.control.advance(6)
    assert cloud.status(made) == "gone"


def test_a_new_machine_may_have_no_charge_record_yet(cloud: Any) -> None:
    cloud.control.configure(charge_record_lag_seconds=20)
    made = new_machine(cloud).result["instanceIds"][0]
    cloud.control.advance(6)
    assert cloud.vm("DELETE", f"instances/{made}").error == "403 PERMISSION_DENIED: Can't delete no charged resource"
    cloud.control.advance(20)
    assert cloud.vm("DELETE", f"instances/{made}").http == 200


def test_an_image_is_made_from_snapshots(cloud: Any) -> None:
    cloud.seed(snapshots=[{"id": "snapshot-a"}, {"id": "snapshot-b", "size": 100}])
    disks = [
        {"deviceName": "vda", "snapshotId": "snapshot-a", "diskSizeGB": 50},
        {"deviceName": "vdb", "snapshotId": "snapshot-b"},
    ]
    body = {
        "name": "made",
        "platform": "Ubuntu",
        "architecture": "x86_64",
        "bootMode": "bios",
        "cloudDisks": disks,
        "clientToken": "t",
    }
    made = cloud.vm("POST", "images:createImageFromSnapshots", body).result["imageId"]
    assert cloud.vm("POST", "images:createImageFromSnapshots", body).result["imageId"] == made
    cloud.control.advance(31)
    image = shown(cloud, made)
    assert (image["status"], image["systemDiskSizeGB"], image["bootMode"]) == ("ready", 50, "bios")
    assert snapshots(cloud)["snapshot-b"]["images"] == [made]
    assert cloud.vm("POST", "images:createImageFromSnapshots", {**body, "cloudDisks": disks[1:]}).http == 400


def test_a_listed_device_replaces_the_machines_disk_in_the_image(cloud: Any) -> None:
    """Nothing of vdb is saved then, though the image has a vdb: only the snapshot's diskId tells."""
    cloud.seed(WEB, snapshots=[{"id": "snapshot-x", "disk": "vol-x", "size": 50}])
    rows = [
        {"deviceName": "vdb", "cloudDiskSpec": {"snapshotId": "snapshot-x"}},
        {"deviceName": "vdd", "cloudDiskSpec": {"diskSizeGB": 30}},
    ]
    image = shown(cloud, image_of(cloud, dataDisks=rows))
    parts = {one["deviceName"]: one["cloudDisk"] for one in image["dataDisks"]}
    assert parts["vdb"]["snapshotId"] == "snapshot-x"
    assert "snapshotId" not in parts["vdd"]
    assert {one["diskId"] for one in snapshots(cloud).values()} == {"vol-sys", "vol-b", "vol-x"}


def test_a_machine_cannot_be_made_of_an_image_that_is_gone(cloud: Any) -> None:
    cloud.seed(WEB, images=[{"id": "img-a", "of": "i-web"}])
    cloud.vm("DELETE", "images/img-a")
    cloud.control.advance(31)
    assert new_machine(cloud, imageId="img-a").error == "404 NOT_FOUND: Image 'img-a' not found"


@pytest.mark.parametrize(
    ("spec", "error"),
    [
        ({"description": "x" * 257}, "400 INVALID_ARGUMENT"),
        ({"keyNames": ["one", "two"]}, "400 OUT_OF_RANGE"),
        ({"primaryNetworkInterface": {"networkInterface": {"securityGroups": ["sg"] * 6}}}, "400 OUT_OF_RANGE"),
        ({"primaryNetworkInterface": {"networkInterface": {"primaryIpAddress": "10.9.9.9"}}}, "400 FAILED_PRECONDITION"),
    ],
)
def test_the_limits_of_a_new_machine(cloud: Any, spec: dict[str, Any], error: str) -> None:
    cloud.seed({**WEB, "private_ip": "10.9.9.9"})
    assert error in new_machine(cloud, **spec).error


def test_a_machine_with_the_logins_of_its_image_has_no_key_pair_of_its_own(cloud: Any) -> None:
    cloud.seed({**WEB, "boot_mode": "uefi"}, images=[{"id": "img-a", "of": "i-web"}])
    assert cloud.vm("GET", "instances/i-web").result["instance"]["bootMode"] == "uefi"
    made = new_machine(cloud, imageId="img-a", imageInherit="yes", keyNames=["ops"]).result["instanceIds"][0]
    assert "keyNames" not in cloud.vm("GET", f"instances/{made}").result["instance"]
