# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rule 8: nothing is deleted whose demanded backups are not proven, whatever other users do to machines and backups."""

from __future__ import annotations

from typing import Any

import pytest

from support.integration.cloud import Cloud, Ended, running, stopped
from support.json_object import Json

A, B = "i-aaaa000001", "i-bbbb000002"
SYS, DATA = "vol-sys", "vol-data"
METHODS = ["image", "snapshots", "both"]
IMAGES_AT_GATE: Json = {"operation": "vm.describeImages", "nth": 2}
"""The plan reads the images once; the second time is at the gate."""
LOOK_AT_GATE: Json = {"operation": "vm.describeInstances", "nth": 2}


def marker(instance_id: str = A, campaign: str = "c1", stopped: str = "true") -> str:
    return f"jdcloud.cloud/1 campaign={campaign} instance={instance_id} stopped={stopped}"


def machine(**fields: Any) -> Json:
    """A stopped machine with a data disk that goes with it."""
    plain: Json = {"system_disk": {"id": SYS, "auto_delete": True}, "disks": [{"id": DATA, "auto_delete": True}]}
    return stopped(A, **{**plain, **fields})


def image(image_id: str = "img-a", **fields: Any) -> Json:
    """A good image of the machine and of all its cloud disks."""
    return {"id": image_id, "of": A, "description": marker(), **fields}


def snapshots(**fields: Any) -> list[Json]:
    """A good snapshot of each cloud disk of the machine."""
    return [{"id": f"snapshot-{disk}", "disk": disk, "created": "-1h", "description": marker(), **fields} for disk in (SYS, DATA)]


def delete(cloud: Cloud, *ids: str, method: str = "image", **options: Any) -> Ended:
    """Delete with a demand; first in check mode, which must say the same as the run unless something happens meanwhile."""
    predicts = not cloud.control.acts()
    asked: Json = {"require_backup": method, **options}
    predicted = cloud.vm("absent", *(ids or (A,)), check=True, **asked) if predicts else None
    ended = cloud.vm("absent", *(ids or (A,)), **asked)
    if predicted is not None:
        parts = ("instance_id", "action", "changed", "blockers", "backups", "disks", "status")
        text = [[{part: row[part] for part in parts} for row in each.result["instances"]] for each in (predicted, ended)]
        assert text[0] == text[1]
        assert (predicted.failed, predicted.result["changed"]) == (ended.failed, ended.result["changed"])
    return ended


def refuse(cloud: Cloud, *words: str, codes: tuple[str, ...] = ("backup_missing",), **options: Any) -> Ended:
    """Delete, and see it blocked for these reasons, with these words in the messages, and nothing changed."""
    ended = delete(cloud, **options)
    assert ended.failed
    assert ended.only["action"] == "blocked"
    assert set(ended.blockers()) == set(codes)
    text = " ".join(blocker["message"] for blocker in ended.only["blockers"])
    for word in words:
        assert word in text, text
    assert cloud.writes() == []
    assert cloud.exists(A)
    assert cloud.exists(DATA)
    return ended


# --- refused by the plan ----------------------------------------------------------------------------------------------

FLAWS: dict[str, tuple[Json, str]] = {
    "no marker": ({"description": ""}, "no mark of this collection"),
    "made by a policy": ({"description": "auto image policy", "name": f"bk-{A}"}, "no mark of this collection"),
    "marker of another machine": ({"description": marker(B)}, f"names instance {B}"),
    "made while it ran": ({"description": marker(stopped="false")}, "was not stopped"),
    "too old": ({"created": "-25h"}, "hours old, more than 24"),
    "about to expire": ({"expires": "+2d"}, "it expires at"),
    "imported": ({"imported": True}, "it was imported"),
    "broken": ({"status": "error"}, "its status is 'error'"),
    "going": ({"status": "deleting"}, "its status is 'deleting'"),
    "offline": ({"offline": True}, "it is offline"),
    "a disk left out": ({"leave_out": ["vdb"]}, f"No image covers its disk {DATA} (vdb): img-a: it does not hold this disk"),
}


@pytest.mark.parametrize("flaw", FLAWS)
def test_an_image_with_a_flaw_is_no_backup(cloud: Cloud, flaw: str) -> None:
    fields, words = FLAWS[flaw]
    cloud.seed(machine(), images=[image(**fields)])
    ended = refuse(cloud, words, "role vm_backup")
    assert "img-a" in ended.only["blockers"][0]["message"]


def test_no_backup_at_all(cloud: Cloud) -> None:
    cloud.seed(machine())
    refuse(cloud, f"No image covers its disk {SYS} (vda): there is none", f"No image covers its disk {DATA} (vdb)")


@pytest.mark.parametrize("source", ["public", "shared", "thirdparty", "community"])
def test_an_image_that_is_not_private_is_no_backup(cloud: Cloud, source: str) -> None:
    cloud.seed(machine(), images=[image(source=source)])
    refuse(cloud, "there is none")


def test_an_image_of_another_machine_is_no_backup_though_its_name_and_marker_fit(cloud: Cloud) -> None:
    cloud.seed(machine(), stopped(B), images=[{**image(name=f"bk-{A}"), "of": B}])
    refuse(cloud, "there is none")


def test_an_image_in_the_making_blocks_as_a_task_that_runs(cloud: Cloud) -> None:
    cloud.seed(machine(), images=[image(), image("img-new", status="pending")])
    refuse(cloud, "img-new of it is being made", codes=("task_in_progress",))


def test_a_disk_swapped_after_the_image_is_not_covered(cloud: Cloud) -> None:
    """The new disk has the same device name and size."""
    cloud.seed(machine(), images=[image()], disks=[{"id": "vol-new", "size": 20}])
    cloud.control.act("detach", A, disk=DATA, instantly=True)
    cloud.control.act("attach", A, disk="vol-new", instantly=True)
    cloud.control.act("set_auto_delete", A, disk="vol-new", value=True)
    refuse(cloud, "vol-new", "img-a: it does not hold this disk")


def test_an_image_whose_snapshot_is_gone_does_not_cover_the_disk(cloud: Cloud) -> None:
    cloud.seed(machine(), images=[image()])
    found = cloud.control.resource("img-a")
    assert found is not None
    cloud.control.act("delete", found["dataDisks"][0]["cloudDisk"]["snapshotId"], instantly=True)
    refuse(cloud, f"No image covers its disk {DATA}")


@pytest.mark.parametrize("method", METHODS)
def test_only_the_demanded_campaign_counts(cloud: Cloud, method: str) -> None:
    cloud.seed(machine(), images=[image()], snapshots=snapshots())
    refuse(cloud, "it belongs to campaign c1", method=method, backup_campaign="c2")
    ended = delete(cloud, method=method, backup_campaign="c1")
    assert not ended.failed
    assert {backup["campaign"] for backup in ended.only["backups"]} == {"c1"}


@pytest.mark.parametrize("flaw", ["no marker", "marker of another machine", "made while it ran", "too old", "about to expire"])
def test_a_snapshot_with_a_flaw_is_no_backup(cloud: Cloud, flaw: str) -> None:
    fields, words = FLAWS[flaw]
    cloud.seed(machine(), snapshots=snapshots(**{key: value for key, value in fields.items() if key != "name"}))
    refuse(cloud, words, method="snapshots")


@pytest.mark.parametrize("status", ["creating", "error_create", "copying"])
def test_a_snapshot_that_is_not_available_is_no_backup(cloud: Cloud, status: str) -> None:
    cloud.seed(machine(), snapshots=snapshots(status=status))
    refuse(cloud, "No snapshot covers", method="snapshots")


def test_each_disk_needs_its_snapshot(cloud: Cloud) -> None:
    cloud.seed(machine(), snapshots=snapshots()[:1])
    ended = refuse(cloud, f"No snapshot covers its disk {DATA} (vdb): there is none", method="snapshots")
    assert len(ended.blockers()) == 1


@pytest.mark.parametrize("given", ["image", "snapshots"])
def test_both_is_not_met_by_one(cloud: Cloud, given: str) -> None:
    cloud.seed(machine(), **({"images": [image()]} if given == "image" else {"snapshots": snapshots()}))
    refuse(cloud, "No snapshot covers" if given == "image" else "No image covers", method="both")


def test_a_machine_that_runs_has_no_backup(cloud: Cloud) -> None:
    cloud.seed(machine(status="running"), images=[image()])
    refuse(cloud, "older than its stop", codes=("running", "backup_missing"))


def test_the_age_is_an_option(cloud: Cloud) -> None:
    cloud.seed(machine(), images=[image(created="-3h")])
    refuse(cloud, "more than 2.5", backup_max_age=2.5)
    assert delete(cloud, backup_max_age=3.5).only["action"] == "deleted"


# --- local disks ------------------------------------------------------------------------------------------------------


def test_a_local_system_disk_is_covered_by_an_image(cloud: Cloud) -> None:
    cloud.seed(stopped(A, system_disk={"local": True, "size": 40}), images=[image()])
    ended = delete(cloud)
    assert not ended.failed
    assert ended.only["action"] == "deleted"


def test_a_local_system_disk_is_not_covered_by_snapshots(cloud: Cloud) -> None:
    cloud.seed(stopped(A, system_disk={"local": True, "size": 40}), images=[image()])
    ended = delete(cloud, method="snapshots")
    assert ended.failed
    assert "local_disk_loss" in ended.blockers()
    assert cloud.writes() == []


def test_a_local_data_disk_is_covered_by_nothing_and_may_be_given_up(cloud: Cloud) -> None:
    cloud.seed(machine(local_disks=[{"size": 200}]), images=[image()])
    refuse(cloud, "save its data in another way", codes=("local_disk_loss",))
    ended = delete(cloud, allow_local_disk_loss=True)
    assert not ended.failed
    assert "lost" in ended.fates().values()


def test_giving_up_local_disks_gives_up_no_cloud_disk(cloud: Cloud) -> None:
    cloud.seed(machine(local_disks=[{"size": 200}]), images=[image(leave_out=["vdb", "vdc"])])
    refuse(cloud, f"No image covers its disk {DATA}", allow_local_disk_loss=True)


# --- what the delete would destroy ------------------------------------------------------------------------------------


def test_a_disk_that_is_kept_needs_no_backup(cloud: Cloud) -> None:
    cloud.seed(machine(), images=[image(leave_out=["vdb"])])
    refuse(cloud, f"No image covers its disk {DATA}")
    ended = delete(cloud, disks="keep")
    assert not ended.failed
    assert ended.fates() == {SYS: "deleted", DATA: "kept"}
    assert cloud.exists(DATA)


def test_a_disk_that_would_be_kept_needs_one_if_all_are_to_go(cloud: Cloud) -> None:
    cloud.seed(machine(disks=[{"id": DATA, "auto_delete": False}]), images=[image(leave_out=["vdb"])])
    refuse(cloud, f"No image covers its disk {DATA}", disks="delete")
    assert delete(cloud).fates() == {SYS: "deleted", DATA: "kept"}


@pytest.mark.parametrize("images", [[], [image(leave_out=["vda", "vdb"])]], ids=["none", "an empty one"])
def test_even_if_no_disk_goes_a_demand_is_no_empty_word(cloud: Cloud, images: list[Json]) -> None:
    kept: Json = {"system_disk": {"id": SYS, "auto_delete": False}, "disks": [{"id": DATA, "auto_delete": False}]}
    extra = [] if not images else [{"id": "img-a", "instance": A, "description": marker(), "created": "-1h"}]
    cloud.seed(machine(**kept), images=extra)
    refuse(cloud, "No image of it counts")


# --- met --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("disks", ["as_configured", "keep", "delete"])
@pytest.mark.parametrize("method", METHODS)
def test_a_backed_up_machine_is_deleted_and_its_backups_stay_and_are_reported(cloud: Cloud, method: str, disks: str) -> None:
    cloud.seed(machine(), images=[image()], snapshots=snapshots())
    ended = delete(cloud, method=method, disks=disks)
    assert not ended.failed
    assert ended.only["action"] == "deleted"
    assert not cloud.exists(A)
    expected = {"image": {"img-a"}, "snapshots": {f"snapshot-{SYS}", f"snapshot-{DATA}"}}
    expected["both"] = expected["image"] | expected["snapshots"]
    assert {backup["id"] for backup in ended.only["backups"]} == expected[method]
    assert all(cloud.exists(each) for each in expected["both"])
    again = cloud.vm("absent", A, require_backup=method)
    assert not again.failed
    assert not again.result["changed"]


def test_on_blocked_skip_deletes_only_the_backed_up(cloud: Cloud) -> None:
    cloud.seed(machine(), stopped(B), images=[image()])
    held = delete(cloud, A, B)
    assert held.failed
    assert cloud.writes() == []
    ended = delete(cloud, A, B, on_blocked="skip")
    assert not ended.failed
    assert ended.actions == {A: "deleted", B: "blocked"}
    assert cloud.exists(B)


def test_backups_are_read_in_bulk(cloud: Cloud) -> None:
    ids = [f"i-bulk{number:06}" for number in range(30)]
    images = [{"id": f"img-{each}", "of": each, "description": marker(each)} for each in ids]
    cloud.seed(*(stopped(each) for each in ids), images=images)
    ended = cloud.vm("absent", *ids, require_backup="image")
    assert ended.summary["deleted"] == 30
    reads = cloud.calls("vm.describeImage*") + cloud.calls("disk.describeSnapshot*")
    assert len(reads) <= 8, [entry["operation"] for entry in reads]
    assert {entry["operation"] for entry in reads} == {"vm.describeImages", "disk.describeSnapshots"}


# --- what happens between the plan and the delete ---------------------------------------------------------------------

AT_THE_GATE: dict[str, tuple[str, str, Json, Json]] = {
    "image deleted": ("delete", "img-a", {"instantly": True}, IMAGES_AT_GATE),
    "image being deleted": ("delete", "img-a", {}, IMAGES_AT_GATE),
    "marker removed": ("describe", "img-a", {"description": "old"}, IMAGES_AT_GATE),
    "image breaks": ("set_status", "img-a", {"status": "error"}, IMAGES_AT_GATE),
    "machine started": ("start", A, {"instantly": True}, LOOK_AT_GATE),
    "machine starts": ("start", A, {}, LOOK_AT_GATE),
    "machine restarted before the backups are read": ("start", A, {"instantly": True}, IMAGES_AT_GATE),
    "disk attached": ("attach", A, {"disk": "vol-free", "instantly": True}, LOOK_AT_GATE),
    "disk detached": ("detach", A, {"disk": DATA, "instantly": True}, LOOK_AT_GATE),
}


@pytest.mark.parametrize("what", AT_THE_GATE)
def test_what_another_user_changes_at_the_gate_stops_the_delete(cloud: Cloud, what: str) -> None:
    action, resource, parameters, when = AT_THE_GATE[what]
    cloud.seed(machine(), images=[image()], disks=[{"id": "vol-free"}])
    cloud.control.act(action, resource, when={"resource": "*", **when}, **parameters)
    ended = delete(cloud)
    assert cloud.control.acts() == [], "it took place"
    assert ended.failed
    assert ended.error["code"] == "changed_meanwhile"
    assert cloud.writes() == []
    assert cloud.exists(A)
    assert not ended.result["changed"]


def test_a_snapshot_deleted_at_the_gate_stops_the_delete(cloud: Cloud) -> None:
    cloud.seed(machine(), snapshots=snapshots())
    cloud.control.act(
        "delete", f"snapshot-{DATA}", when={"operation": "disk.describeSnapshots", "resource": "*", "nth": 2}, instantly=True
    )
    ended = delete(cloud, method="snapshots")
    assert ended.error["code"] == "changed_meanwhile"
    assert f"disk {DATA}" in ended.error["message"]
    assert cloud.writes() == []


def test_an_image_deleted_before_the_repeat_of_a_delete_stops_it(cloud: Cloud) -> None:
    cloud.seed(machine(), images=[image()])
    cloud.control.inject("error", operation="vm.deleteInstance", http=500)
    cloud.control.act("delete", "img-a", when={"operation": "vm.deleteInstance", "resource": A}, instantly=True)
    ended = delete(cloud)
    assert cloud.control.acts() == []
    assert ended.error["code"] == "changed_meanwhile"
    assert len(cloud.calls("vm.deleteInstance")) == 1
    assert cloud.effects("vm.deleteInstance") == 0
    assert cloud.exists(A)


@pytest.mark.parametrize("operation", ["vm.describeImages", "disk.describeSnapshots"])
def test_backups_that_may_not_be_read_are_an_error_and_no_delete(cloud: Cloud, operation: str) -> None:
    """403 proves nothing, neither that there are backups nor that there are none."""
    cloud.seed(machine(), images=[image()])
    cloud.control.inject("error", operation=operation, times=0, http=403, status="HTTP_FORBIDDEN")
    ended = cloud.vm("absent", A, require_backup="image")
    assert ended.failed
    assert operation in ended.msg
    assert cloud.writes() == []


# --- options ----------------------------------------------------------------------------------------------------------

ARGUMENTS: list[tuple[Json, tuple[str, ...]]] = [
    ({"require_backup": "image", "stop_running": True}, ("require_backup=image", "stop_running=true", "vm_backup", "stop it")),
    ({"backup_campaign": "c1"}, ("backup_campaign requires require_backup", "set both")),
    ({"require_backup": "image", "backup_campaign": "a b"}, ("backup_campaign", "letters, digits")),
    ({"require_backup": "image", "backup_campaign": ""}, ("backup_campaign", "letters, digits")),
    ({"require_backup": "image", "backup_max_age": 0}, ("backup_max_age", "above 0")),
    ({"require_backup": "image", "backup_max_age": -1}, ("backup_max_age", "above 0")),
    ({"require_backup": "image", "backup_max_age": "inf"}, ("backup_max_age", "finite")),
]


@pytest.mark.parametrize(("options", "words"), ARGUMENTS, ids=[" ".join(map(str, row[0].values())) for row in ARGUMENTS])
def test_options_that_cannot_be_meant_are_refused_before_anything_is_sent(
    cloud: Cloud, options: Json, words: tuple[str, ...]
) -> None:
    cloud.seed(machine(), images=[image()])
    ended = cloud.vm("absent", A, **options)
    assert ended.failed
    assert cloud.calls() == []
    for word in words:
        assert word in ended.msg, ended.msg


@pytest.mark.parametrize("state", ["stopped", "running"])
def test_a_demand_is_for_deletes_only(cloud: Cloud, state: str) -> None:
    cloud.seed(machine(), running(B))
    ended = cloud.vm(state, A, require_backup="image")
    assert ended.failed
    assert "require_backup=image is for state=absent only" in ended.msg
    assert cloud.calls() == []
