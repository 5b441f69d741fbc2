# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rule 8: which images and snapshots prove that the disks of a machine exist elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.backup_assets import Image, Snapshot
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.instance import AttachedDisk, Instance
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.evidence.proof import (
    Demand,
    Method,
    Proof,
    backup_set_of,
    being_made,
    disks_held_by,
    prove,
)
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.plan import changes_since, decide
from support.fleet.builders import FACTS, MARKER, NOW, disk, image, local_disk, machine, policy, snapshot, system_disk

LOCAL_SYSTEM = AttachedDisk(None, "vda", "local", 40, True, system=True)
DATA = disk("vol-data", auto_delete=True)


def proved(
    images: Iterable[Image] = (),
    snapshots: Iterable[Snapshot] = (),
    *,
    method: Method = "image",
    of: Instance | None = None,
    disks: Sequence[AttachedDisk] | None = None,
    campaign: str | None = None,
    **more: Any,
) -> Proof:
    """The proof for all disks of a stopped machine, or for `disks` of it."""
    judged = of or machine()
    demand = Demand(method, more.pop("max_age", 24.0), campaign)
    backup_set = backup_set_of(images, snapshots)
    return prove(judged, judged.disks if disks is None else disks, demand, backup_set, more.pop("now", NOW))


def proven(*args: Any, **more: Any) -> bool:
    return not proved(*args, **more).missing


SYS = snapshot("vol-sys")


def test_an_image_that_holds_the_disk_is_proof_and_is_reported() -> None:
    proof = proved([image("snapshot-vol-sys")], [SYS])
    assert proof.missing == ()
    [backup] = proof.backups
    assert (backup.type, backup.id, backup.status, backup.campaign) == ("image", "img-one", "ready", "c1")
    assert backup.created == "2026-01-15T19:00:00+08:00"


def test_nothing_is_no_proof_and_says_so() -> None:
    [sentence] = proved().missing
    assert sentence == "No image covers its disk vol-sys (vda): there is none."


IMAGE_FLAWS: list[tuple[dict[str, Any], str]] = [
    ({"status": "pending"}, "still being made"),
    ({"status": "replicating"}, "still being made"),
    ({"status": "error"}, "its status is 'error'"),
    ({"status": "deleting"}, "its status is 'deleting'"),
    ({"imageSource": "shared"}, "not a private image"),
    ({"imageSource": "public"}, "not a private image"),
    ({"imageSource": "community"}, "not a private image"),
    ({"imageSource": None}, "not a private image"),
    ({"imported": True}, "imported"),
    ({"offline": True}, "offline"),
    ({"desc": None}, "no mark"),
    ({"desc": ""}, "no mark"),
    ({"desc": "backup of i-one, stopped=true"}, "no mark"),
    ({"desc": MARKER.replace("i-one", "i-two")}, "names instance i-two"),
    ({"desc": MARKER.replace("stopped=true", "stopped=false")}, "was not stopped"),
    ({"createTime": "2026-01-14 19:59:59"}, "hours old"),
    ({"createTime": "2026-01-15 20:10:01"}, "in the future"),
    ({"createTime": "yesterday"}, "creation time is unreadable"),
    ({"createTime": None}, "creation time is unreadable"),
    ({"createTime": ""}, "creation time is unreadable"),
    ({"expiredTime": "2026-01-22 19:59:59"}, "expires at"),
    ({"expiredTime": "2026-01-01 00:00:00"}, "expires at"),
    ({"expiredTime": "soon"}, "is unreadable"),
]


@pytest.mark.parametrize(("fields", "reason"), IMAGE_FLAWS, ids=[f"{next(iter(m.items()))}" for m, _reason in IMAGE_FLAWS])
def test_an_image_with_one_flaw_is_no_proof_and_the_flaw_is_reported(fields: dict[str, Any], reason: str) -> None:
    proof = proved([image("snapshot-vol-sys", **fields)], [SYS])
    assert proof.backups == ()
    [sentence] = proof.missing
    assert sentence.startswith("No image covers its disk vol-sys (vda): img-one: ")
    assert reason in sentence


SNAPSHOT_FLAWS: list[tuple[dict[str, Any], str]] = [
    ({"status": "creating"}, "still being made"),
    ({"status": "copying"}, "its status is 'copying'"),
    ({"status": "in-use"}, "its status is 'in-use'"),
    ({"status": "error_create"}, "its status is 'error_create'"),
    ({"status": "deleting"}, "its status is 'deleting'"),
    ({"snapshotSource": "others"}, "not belong to this account"),
    ({"snapshotSource": None}, "not belong to this account"),
    ({"description": ""}, "no mark"),
    ({"description": MARKER.replace("i-one", "i-two")}, "names instance i-two"),
    ({"description": MARKER.replace("=true", "=false")}, "was not stopped"),
    ({"createTime": "2026-01-14T19:59:59+08:00"}, "hours old"),
    ({"createTime": None}, "creation time is unreadable"),
    ({"expireTime": "2026-01-20T00:00:00+08:00"}, "expires at"),
    ({"expireTime": "?"}, "is unreadable"),
]


@pytest.mark.parametrize(("fields", "reason"), SNAPSHOT_FLAWS, ids=[f"{next(iter(m.items()))}" for m, _r in SNAPSHOT_FLAWS])
def test_a_snapshot_with_one_flaw_is_no_proof_and_the_flaw_is_reported(fields: dict[str, Any], reason: str) -> None:
    assert proven([], [SYS], method="snapshots")
    proof = proved([], [snapshot("vol-sys", **fields)], method="snapshots")
    assert proof.backups == ()
    [sentence] = proof.missing
    assert "snapshot-vol-sys: " in sentence
    assert reason in sentence


def test_an_image_of_another_machine_is_no_proof_even_with_our_marker_and_our_disks() -> None:
    other = image("snapshot-vol-sys", instanceId="i-two")
    assert not proven([other], [SYS])
    assert not proven([image("snapshot-vol-sys", instanceId=None)], [SYS])


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"diskId": "vol-old"}, "of a disk that is not on the machine"),
        ({"diskId": None}, "of an unknown disk"),
        ({"status": "creating"}, "holds nothing yet"),
        ({"status": "error_create"}, "holds nothing"),
        ({"status": "deleting"}, "goes"),
        ({"snapshotSource": "others"}, "of another user"),
        ({"createTime": "2026-01-14 19:00:00"}, "the data in a new image of it are old"),
        ({"createTime": "?"}, "nobody knows how old the data are"),
        ({"expireTime": "2026-01-16T00:00:00+08:00"}, "goes before anybody needs it"),
    ],
)
def test_an_image_holds_a_disk_only_through_a_good_snapshot_of_that_disk(fields: dict[str, Any], why: str) -> None:
    held = snapshot("vol-sys", images=["img-one"], description="", **fields)
    assert not proven([image("snapshot-vol-sys")], [held]), why


def test_an_image_whose_snapshot_is_gone_holds_nothing() -> None:
    assert not proven([image("snapshot-vol-sys")], [])


def test_snapshots_inside_an_image_need_no_marker_and_may_be_in_use() -> None:
    inside = snapshot("vol-sys", images=["img-one"], description="", status="in-use")
    assert proven([image("snapshot-vol-sys")], [inside])


def test_snapshots_inside_an_image_without_a_marker_of_their_own_are_no_snapshots_of_the_disk() -> None:
    inside = snapshot("vol-sys", images=["img-one"], description="")
    [sentence] = proved([image("snapshot-vol-sys")], [inside], method="snapshots").missing
    assert "there is none" in sentence


def test_devices_and_sizes_cover_nothing() -> None:
    """A disk was swapped after the image: same device, same size, another id."""
    swapped = machine(data=(disk("vol-new", auto_delete=True),))
    rows = [SYS, snapshot("vol-data")]
    [sentence] = proved([image("snapshot-vol-sys", "snapshot-vol-data")], rows, of=swapped).missing
    assert sentence == "No image covers its disk vol-new (vdb): img-one: it does not hold this disk."


def test_a_disk_under_another_device_name_is_covered_by_its_id() -> None:
    moved = machine(data=(replace(DATA, device="vdz"),))
    assert proven([image("snapshot-vol-sys", "snapshot-vol-data")], [SYS, snapshot("vol-data")], of=moved)


def test_each_disk_is_named_that_nothing_covers() -> None:
    both = machine(data=(DATA, disk("vol-more", device="vdc", auto_delete=True)))
    proof = proved([image("snapshot-vol-sys")], [SYS], of=both)
    assert [sentence.split(":")[0] for sentence in proof.missing] == [
        "No image covers its disk vol-data (vdb)",
        "No image covers its disk vol-more (vdc)",
    ]


def test_several_images_cover_a_machine_together() -> None:
    two = machine(data=(DATA,))
    images = [image("snapshot-vol-sys"), image("snapshot-vol-x", "snapshot-vol-data", imageId="img-two")]
    assert proven(images, [SYS, snapshot("vol-data")], of=two)


def test_both_demands_an_image_and_a_snapshot_of_each_cloud_disk() -> None:
    of = machine(data=(DATA,))
    rows = [SYS, snapshot("vol-data")]
    whole = image("snapshot-vol-sys", "snapshot-vol-data")
    assert proven([whole], rows, method="both", of=of)
    assert not proven([whole], [SYS, snapshot("vol-data", description="")], method="both", of=of)
    assert not proven([image("snapshot-vol-sys")], rows, method="both", of=of)
    assert not proven([], rows, method="both", of=of)
    assert {backup.type for backup in proved([whole], rows, method="both", of=of).backups} == {"image", "snapshot"}


@pytest.mark.parametrize("method", ["image", "snapshots"])
def test_only_demanded_kinds_are_reported(method: Method) -> None:
    proof = proved([image("snapshot-vol-sys")], [SYS], method=method)
    assert [backup.type for backup in proof.backups] == [{"image": "image", "snapshots": "snapshot"}[method]]


@pytest.mark.parametrize("method", ["image", "snapshots", "both"])
def test_a_machine_that_runs_has_no_valid_backup(method: Method) -> None:
    proof = proved([image("snapshot-vol-sys")], [SYS], method=method, of=machine("running"))
    assert proof.backups == ()
    assert "older than its stop" in proof.missing[0]


def test_a_local_system_disk_is_covered_by_an_image_only() -> None:
    local = replace(machine(), disks=(LOCAL_SYSTEM,))
    assert proven([image(None, rootDeviceType="localDisk")], of=local)
    assert proven([image(rootDeviceType="localDisk")], of=local), "older images tell it at the top only"
    assert not proven([image("snapshot-vol-sys")], [SYS], of=local), "an image of a cloud disk"
    assert not proven([], [SYS], of=local)


def test_both_of_a_local_system_disk_is_an_image() -> None:
    assert proven([image(None)], method="both", of=replace(machine(), disks=(LOCAL_SYSTEM,)))


def test_a_local_data_disk_is_covered_by_nothing() -> None:
    of = machine(data=(local_disk(),))
    [sentence] = proved([image("snapshot-vol-sys", None)], [SYS], of=of).missing
    assert sentence.startswith("No image covers its disk local vdc")


def test_an_empty_set_of_covered_disks_is_no_backup_even_if_no_disk_is_lost() -> None:
    assert not proven(disks=[])
    assert not proven([image()], disks=[]), "an image of nothing"
    assert not proven([image("snapshot-vol-old")], [snapshot("vol-old")], disks=[]), "an image of a disk that is not on it"
    assert proven([image("snapshot-vol-sys")], [SYS], disks=[])
    assert not proven([image("snapshot-vol-sys")], [SYS], disks=[], method="both", campaign="c2")


@pytest.mark.parametrize("method", ["image", "snapshots", "both"])
def test_with_a_campaign_only_its_backups_count(method: Method) -> None:
    rows = ([image("snapshot-vol-sys")], [SYS])
    assert proven(*rows, method=method, campaign="c1")
    proof = proved(*rows, method=method, campaign="c2")
    assert proof.backups == ()
    assert "belongs to campaign c1" in proof.missing[0]
    assert not proven(*rows, method=method, campaign="c"), "a beginning of it is not it"


def test_without_the_time_of_the_service_nothing_counts() -> None:
    [sentence] = proved([image("snapshot-vol-sys")], [SYS], now=None).missing
    assert "the time of the service is unknown" in sentence


@pytest.mark.parametrize("hours", [1e-6, 0.99])
def test_backup_max_age_is_a_limit(hours: float) -> None:
    assert not proven([image("snapshot-vol-sys")], [SYS], max_age=hours)


@pytest.mark.parametrize("hours", [1.0, 24.0, 1e6, 1e300])
def test_any_finite_age_can_be_a_limit(hours: float) -> None:
    assert proven([image("snapshot-vol-sys")], [SYS], max_age=hours)


MADE = [
    ("2026-01-15T11:00:00Z", 1.0),
    ("2026-01-15T19:00:00+08:00", 1.0),
    ("2026-01-15 19:00:00", 1.0),
    ("2026-01-15T19:00:00", 1.0),
    ("2026-01-15 06:00:00 -0500", 1.0),
    ("2026-01-15 11:00:00", 9.0),
]


@pytest.mark.parametrize(("text", "age"), MADE)
def test_ages_are_right_in_every_form_and_zone(text: str, age: float) -> None:
    """A time without a zone is Beijing time: read as UTC, it would seem eight hours younger."""
    rows = ([image("snapshot-vol-sys", createTime=text)], [snapshot("vol-sys", createTime=text)])
    for method in ("image", "snapshots", "both"):
        assert proven(*rows, method=method, max_age=age)
        assert not proven(*rows, method=method, max_age=age - 0.001)


@pytest.mark.parametrize("text", ["2026-01-22T12:00:00Z", "2026-01-22T20:00:00+08:00", "2026-01-22 20:00:00"])
def test_expiry_is_judged_in_every_form_and_zone(text: str) -> None:
    asset = ([image("snapshot-vol-sys", expiredTime=text)], [SYS])
    assert proven(*asset, now=NOW)
    assert not proven(*asset, now=NOW + timedelta(seconds=1))


def test_what_never_expires_is_reported_with_empty_or_missing_fields() -> None:
    for nothing in ("", None):
        assert proven([image("snapshot-vol-sys", expiredTime=nothing)], [snapshot("vol-sys", expireTime=nothing)], method="both")


def test_a_machine_without_its_own_ids_is_covered_by_nothing() -> None:
    """Of a cloud disk whose id is missing nobody can say that an image holds it."""
    nameless = replace(machine(), disks=(system_disk(), disk(None, auto_delete=True)))
    proof = proved([image("snapshot-vol-sys", "snapshot-")], [SYS, snapshot("", snapshotId="snapshot-")], of=nameless)
    assert len(proof.missing) == 1
    assert "vdb" in proof.missing[0]


def test_many_candidates_are_reported_briefly() -> None:
    images = [image("snapshot-vol-sys", imageId=f"img-{number}", desc="") for number in range(20)]
    [sentence] = proved(images, [SYS]).missing
    assert sentence.count("img-") == 4
    assert sentence.endswith("; and 16 more.")


def test_which_images_are_still_being_made() -> None:
    images = [image(imageId=f"img-{status}", status=status) for status in ("pending", "odd", "ready", "error", "deleting")]
    assert being_made(images) == ["img-pending", "img-odd"]


def test_held_by_tells_which_snapshot_holds_which_disk() -> None:
    of = machine(data=(DATA, local_disk()))
    rows = {each.snapshot_id: each for each in (SYS, snapshot("vol-data"), snapshot("vol-gone"))}
    found = disks_held_by(image("snapshot-vol-sys", "snapshot-vol-data", "snapshot-vol-gone", None), of, rows)
    assert found == {"vol-sys": "snapshot-vol-sys", "vol-data": "snapshot-vol-data"}


def test_a_backup_of_the_plan_that_is_gone_at_the_gate_is_a_change_even_if_another_covers_the_same() -> None:
    """The result names the backups of the plan, so they must be there when the machine goes."""
    wanted = policy(demand=Demand("image", 24.0))
    first, second = image("snapshot-vol-sys"), image("snapshot-vol-sys", imageId="img-two")
    planned = decide(machine(), wanted, replace(FACTS, backup_set=backup_set_of([first, second], [SYS])))
    assert not planned.blockers
    left = replace(FACTS, backup_set=backup_set_of([second], [SYS]))
    assert changes_since(planned, machine(), wanted, left) == ["backups of the plan no longer count (img-one)"]
    more = replace(FACTS, backup_set=backup_set_of([first, second, image("snapshot-vol-sys", imageId="img-new")], [SYS]))
    assert changes_since(planned, machine(), wanted, more) == []
