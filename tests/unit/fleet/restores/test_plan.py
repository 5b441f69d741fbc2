# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pure part of a restore: the order for a new machine, its marker and names, and whether its disks are the right ones."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.backup_assets import (
    Image,
    Snapshot,
    parse_image,
    parse_snapshot,
)
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.evidence.specification import parse_machines
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.restores.disks import SeenDisk, WantedDisk, compare
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.restores.marker import (
    MACHINE_NAME,
    RestoreMarker,
    disk_name,
    drill_name,
    marker_of,
    read_restore_marker,
)
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.restores.plan import (
    AvailableBackups,
    RestoreOptions,
    RestorePlan,
    plan_restore,
)
from support.json_object import Json

SYSTEM = {"disk_id": "vol-1", "device": "vda", "category": "cloud", "system": True, "size_gb": 40, "disk_type": "ssd.gp1"}
DATA = {"disk_id": "vol-2", "device": "vdb", "category": "cloud", "system": False, "size_gb": 100, "disk_type": "ssd.gp1"}
SPECIFICATION: Json = {
    "az": "cn-north-1a",
    "instance_type": "g.n2.medium",
    "subnet_id": "subnet-1",
    "security_groups": [{"group_id": "sg-1", "group_name": "web"}],
    "description": "web",
    "hostname": "web",
    "private_ip_address": "10.0.0.9",
    "platform": "Ubuntu",
    "architecture": "x86_64",
    "key_names": ["ops"],
    "tags": {"env": "prod"},
    "group_id": None,
    "charge_mode": "postpaid_by_duration",
}


def manifest_entry(*disks: Json, **fields: Any) -> Json:
    specification = {**SPECIFICATION, **fields.pop("specification", {})}
    snapshots = fields.pop("snapshots", [])
    return {
        "instance_id": "i-old",
        "name": "web",
        "specification": specification,
        "disks": list(disks or (SYSTEM, DATA)),
        "image": {"image_id": "img-1"},
        "snapshots": [{"snapshot_id": each, "disk_id": disk} for each, disk in snapshots],
        **fields,
    }


def snapshot(snapshot_id: str, disk_id: str, **fields: Any) -> Snapshot:
    raw = {"snapshotId": snapshot_id, "diskId": disk_id, "status": "available", "snapshotSource": "self", **fields}
    return parse_snapshot(raw)


def image(*data: Json, **fields: Any) -> Image:
    system = {"diskCategory": "cloud", "deviceName": "vda", "cloudDisk": {"diskSizeGB": 40, "snapshotId": "snapshot-1"}}
    raw = {"imageId": "img-1", "status": "ready", "imageSource": "private", "instanceId": "i-old", "systemDisk": system}
    return parse_image({**raw, "dataDisks": list(data), **fields})


PART = {"diskCategory": "cloud", "deviceName": "vdb", "cloudDisk": {"diskSizeGB": 100, "snapshotId": "snapshot-2"}}
SNAPSHOTS = {"snapshot-1": snapshot("snapshot-1", "vol-1"), "snapshot-2": snapshot("snapshot-2", "vol-2")}
STOCK = AvailableBackups({"img-1": image(PART)}, SNAPSHOTS)


def plan(entry: Json, available: AvailableBackups = STOCK, **options: Any) -> RestorePlan:
    (machine,) = parse_machines([entry], "machines")
    return plan_restore(machine, "spring", RestoreOptions(**options), available)


def codes(findings: Any) -> list[str]:
    return [finding.code for finding in findings]


# --- what stands in the way ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"status": "pending"}, "'pending', not ready"),
        ({"imageSource": "public"}, "not a private image"),
        ({"offline": True}, "offline"),
        ({"instanceId": "i-other"}, "made from i-other"),
    ],
)
def test_an_image_that_cannot_be_used_is_a_blocker(fields: Json, why: str) -> None:
    made = plan(manifest_entry(), AvailableBackups({"img-1": image(PART, **fields)}, SNAPSHOTS))
    assert codes(made.blockers) == ["no_backup"]
    assert why in made.blockers[0].message


def test_an_image_with_the_system_disk_of_another_machine_is_a_blocker() -> None:
    other = {**SNAPSHOTS, "snapshot-1": snapshot("snapshot-1", "vol-9")}
    assert "no_backup" in codes(plan(manifest_entry(), AvailableBackups({"img-1": image(PART)}, other)).blockers)


def test_a_snapshot_of_another_disk_covers_nothing_whatever_its_device() -> None:
    other = {**SNAPSHOTS, "snapshot-2": snapshot("snapshot-2", "vol-9")}
    assert codes(plan(manifest_entry(), AvailableBackups({"img-1": image(PART)}, other)).blockers) == ["disk_not_covered"]


@pytest.mark.parametrize("status", ["creating", "error_create", "deleting"])
def test_a_snapshot_that_does_not_hold_its_data_is_a_blocker(status: str) -> None:
    other = {**SNAPSHOTS, "snapshot-2": snapshot("snapshot-2", "vol-2", status=status)}
    assert "snapshot_missing" in codes(plan(manifest_entry(), AvailableBackups({"img-1": image(PART)}, other)).blockers)


def test_a_system_disk_must_have_a_backup_whatever_may_be_missing() -> None:
    made = plan(manifest_entry(image=None, snapshots=[("snapshot-2", "vol-2")]), allow_missing_disks=True)
    assert codes(made.blockers) == ["disk_not_covered"]


def test_a_local_system_disk_is_only_in_an_image() -> None:
    local = {**SYSTEM, "disk_id": None, "category": "local"}
    assert "no_backup" in codes(plan(manifest_entry(local, image=None)).blockers)
    parts = {"diskCategory": "local", "deviceName": "vda", "localDisk": {"diskSizeGB": 40}}
    made = plan(manifest_entry(local), AvailableBackups({"img-1": image(systemDisk=parts)}))
    assert made.blockers == ()
    assert "systemDisk" not in made.spec


@pytest.mark.parametrize("field", ["az", "instance_type", "subnet_id", "security_groups"])
def test_what_is_not_known_must_be_given(field: str) -> None:
    made = plan(manifest_entry(specification={field: None}))
    assert codes(made.blockers) == ["incomplete"]
    assert field.replace("groups", "group_ids") in made.blockers[0].message


def test_a_helper_image_needs_platform_and_architecture() -> None:
    entry = manifest_entry(SYSTEM, image=None, snapshots=[("snapshot-1", "vol-1")], specification={"platform": None})
    assert codes(plan(entry).blockers) == ["incomplete"]


@pytest.mark.parametrize(
    "entry",
    [
        "text",
        {},
        {"instance_id": "i-old"},
        manifest_entry(instance_id="not an id"),
        manifest_entry(disks="x"),
        manifest_entry(specification={"az": ["a"]}),
        manifest_entry(specification={"tags": {"a": 1}}),
        manifest_entry(image="img-1"),
    ],
)
def test_what_is_no_machine_of_a_manifest_is_refused(entry: Any) -> None:
    with pytest.raises(InputError, match=r"machines\[0\]"):
        parse_machines([entry], "machines")


def test_a_machine_is_given_once() -> None:
    with pytest.raises(InputError, match="more than once"):
        parse_machines([manifest_entry(), manifest_entry()], "machines")


# --- the order ----------------------------------------------------------------------------------------------------


def test_the_order_names_every_disk_and_leaves_nothing_to_defaults() -> None:
    made = plan(manifest_entry({**SYSTEM, "auto_delete": True}, {**DATA, "auto_delete": True, "encrypted": True}))
    assert made.blockers == ()
    assert made.image_id == "img-1"
    assert made.helper is None
    system, (data,) = made.spec["systemDisk"], made.spec["dataDisks"]
    assert system["autoDelete"] is True
    assert system["cloudDiskSpec"]["diskSizeGB"] == 40
    assert (data["deviceName"], data["diskCategory"], data["autoDelete"]) == ("vdb", "cloud", True)
    assert data["cloudDiskSpec"] == {
        "az": "cn-north-1a",
        "name": "web-vdb",
        "diskType": "ssd.gp1",
        "diskSizeGB": 100,
        "snapshotId": "snapshot-2",
        "encrypt": True,
    }


def test_a_new_machine_is_paid_afterwards_and_keeps_the_logins_of_its_image() -> None:
    made = plan(manifest_entry(specification={"charge_mode": "prepaid_by_duration"}))
    assert made.spec["charge"] == {"chargeMode": "postpaid_by_duration"}
    assert made.spec["imageInherit"] == "yes"
    never = {"keyNames", "password", "elasticIp", "agId", "userdata", "metadata", "dedicatedHostId"}
    assert not never & set(made.spec)
    assert codes(made.warnings) == ["prepaid_becomes_postpaid"]


def test_iops_are_reported_for_the_type_that_has_them() -> None:
    entry = manifest_entry(SYSTEM, {**DATA, "disk_type": "ssd.io1", "iops": 3000})
    assert plan(entry).spec["dataDisks"][0]["cloudDiskSpec"]["iops"] == 3000
    assert "iops" not in plan(manifest_entry(SYSTEM, {**DATA, "iops": 3000})).spec["dataDisks"][0]["cloudDiskSpec"]


def test_a_disk_is_never_smaller_than_it_was_nor_than_its_snapshot() -> None:
    grown = plan(manifest_entry(SYSTEM, {**DATA, "size_gb": 150})).spec["dataDisks"][0]
    assert grown["cloudDiskSpec"]["diskSizeGB"] == 150
    larger = {**SNAPSHOTS, "snapshot-2": snapshot("snapshot-2", "vol-2", snapshotSizeGB=120)}
    made = plan(
        manifest_entry(image=None, snapshots=[("snapshot-1", "vol-1"), ("snapshot-2", "vol-2")]), AvailableBackups({}, larger)
    )
    assert made.spec["dataDisks"][0]["cloudDiskSpec"]["diskSizeGB"] == 120


def test_of_several_snapshots_of_a_disk_the_newest_usable_one_counts() -> None:
    several = {
        **SNAPSHOTS,
        "snapshot-new": snapshot("snapshot-new", "vol-2", createTime="2026-01-03T00:00:00+08:00"),
        "snapshot-bad": snapshot("snapshot-bad", "vol-2", createTime="2026-01-04T00:00:00+08:00", status="creating"),
    }
    named = [("snapshot-1", "vol-1"), *((each, "vol-2") for each in ("snapshot-2", "snapshot-new", "snapshot-bad"))]
    made = plan(manifest_entry(image=None, snapshots=named), AvailableBackups({}, several))
    assert made.spec["dataDisks"][0]["cloudDiskSpec"]["snapshotId"] == "snapshot-new"


@pytest.mark.parametrize(
    ("specification", "boot_mode"),
    [({"boot_mode": "uefi"}, "uefi"), ({"boot_mode": None}, "bios"), ({"boot_mode": None, "architecture": "arm64"}, "uefi")],
)
def test_the_helper_image_is_of_the_system_disk_alone(specification: Json, boot_mode: str) -> None:
    named = [("snapshot-1", "vol-1"), ("snapshot-2", "vol-2")]
    made = plan(manifest_entry(image=None, snapshots=named, specification=specification))
    assert made.helper is not None
    assert made.image_id is None
    assert made.helper.disk.snapshot_id == "snapshot-1"
    assert made.helper.system["bootMode"] == boot_mode
    assert len(made.spec["dataDisks"]) == 1


def test_a_disk_of_the_image_that_the_manifest_does_not_know_comes_along() -> None:
    made = plan(manifest_entry(SYSTEM))
    assert [disk.snapshot_id for disk in made.disks] == ["snapshot-1", "snapshot-2"]


def test_tags_that_would_have_the_machine_deleted_or_are_forbidden_are_left_out() -> None:
    tags = {"env": "prod", "decommission-after": "2026-01-01", "jdc-x": "1"}
    made = plan(manifest_entry(specification={"tags": tags}), leave_out_tags=("decommission-after",))
    assert made.spec["userTags"] == [{"key": "env", "value": "prod"}]
    assert codes(made.warnings) == ["tag_left_out"]


def test_a_drill_has_its_disks_and_nothing_else_of_the_original() -> None:
    made = plan(manifest_entry(), drill=True, subnet_id="subnet-d", security_group_ids=("sg-d",))
    assert made.name == made.spec["name"] == "drill-web"
    assert not {"userTags", "hostname"} & set(made.spec)
    network = made.spec["primaryNetworkInterface"]["networkInterface"]
    assert network == {"subnetId": "subnet-d", "securityGroups": ["sg-d"]}
    assert made.spec["systemDisk"]["autoDelete"] is made.spec["dataDisks"][0]["autoDelete"] is True


# --- markers and names ----------------------------------------------------------------------------------------------


def test_a_marker_is_read_again_and_what_follows_it_is_not() -> None:
    marker = marker_of("spring", "i-old")
    assert read_restore_marker(marker.described("restore=x instance=y")) == RestoreMarker("spring", "i-old")
    assert read_restore_marker("web restore=spring instance=i-old") is None
    assert read_restore_marker("jdcloud.cloud/1 campaign=a instance=b stopped=true") is None
    assert read_restore_marker("") is None
    assert read_restore_marker("jdcloud.cloud/1 restore= instance=i-old") is None


def test_a_description_fits_and_an_older_marker_gives_way() -> None:
    assert len(marker_of("spring", "i-old").described("x" * 300)) == 256
    again = marker_of("summer", "i-new").described(marker_of("spring", "i-old").described("the web server"))
    assert again == "jdcloud.cloud/1 restore=summer instance=i-new the web server"
    assert marker_of("a", None).described("") == "jdcloud.cloud/1 restore=a instance=none"


@pytest.mark.parametrize("name", ["a", "web", "drill-web", "网" * 128, "a" * 121 + "." + "b" * 6, "x" * 200])
def test_a_drills_name_fits_the_services_rules(name: str) -> None:
    made = drill_name(name)
    assert made.startswith("drill-")
    assert not made.startswith("drill-drill-")
    assert MACHINE_NAME.fullmatch(made)


def test_a_disks_name_fits_and_keeps_its_device() -> None:
    assert disk_name("web.01 x", "vdb") == "web-01-x-vdb"
    assert len(disk_name("n" * 128, "vdbm")) == 32
    assert disk_name("n" * 128, "vdbm").endswith("-vdbm")


# --- whether the disks came back ----------------------------------------------------------------------------------


def wanted(device: str, origin: str | None, **fields: Any) -> WantedDisk:
    values: Json = {"system": device == "vda", "local": False, "size_gb": 100, "disk_type": "ssd.gp1", "auto_delete": False}
    return WantedDisk(device=device, snapshot_id=origin, **{**values, **fields})


def seen(device: str, origin: str | None, **fields: Any) -> SeenDisk:
    values: Json = {"disk_id": f"vol-{device}", "system": device == "vda", "local": False, "size_gb": 100}
    return SeenDisk(device=device, snapshot_id=origin, **{**values, **fields})


@pytest.mark.parametrize(
    ("there", "verified"),
    [
        ([seen("vdb", "snapshot-2")], True),
        ([seen("vdb", "snapshot-2", size_gb=110)], True),
        ([seen("vdc", "snapshot-2")], True),
        ([seen("vdb", "snapshot-2", size_gb=90)], False),
        ([seen("vdb", "snapshot-9")], False),
        ([seen("vdb", None)], False),
        ([seen("vda", "snapshot-2")], False),
        ([], False),
    ],
)
def test_a_disk_came_back_if_its_origin_and_size_say_so(there: list[SeenDisk], verified: bool) -> None:
    (made,) = compare([wanted("vdb", "snapshot-2")], there, right_image=True)
    assert made.verified is verified


def test_one_disk_does_not_stand_for_two() -> None:
    made = compare([wanted("vdb", "snapshot-2"), wanted("vdc", "snapshot-2")], [seen("vdb", "snapshot-2")], right_image=True)
    assert [disk.verified for disk in made] == [True, False]


@pytest.mark.parametrize("right_image", [True, False])
def test_the_image_speaks_for_a_system_disk_whose_origin_is_unknown(right_image: bool) -> None:
    (made,) = compare([wanted("vda", "snapshot-1")], [seen("vda", None)], right_image=right_image)
    assert made.verified is right_image
    (other,) = compare([wanted("vda", "snapshot-1")], [seen("vda", "snapshot-9")], right_image=right_image)
    assert other.verified is False
