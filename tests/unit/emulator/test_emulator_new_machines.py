# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The emulator makes machines and images of images and snapshots."""

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
