# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The retention of the role vm_backup: which older backups go, and all that never goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.integration.cloud import Cloud, stopped
from support.integration.conductor import Conductor
from support.integration.role_backups import FASTER, A, B, add, file_of, marker, resources
from support.json_object import Json

SYSTEM = "vol-system"


def image(name: str, created: str, of: str = A, **fields: object) -> Json:
    """An image of an earlier campaign."""
    return {"id": f"img-{name}", "of": of, "created": created, "description": marker(f"c-{name}", of), **fields}


def snapshot(name: str, created: str, **fields: object) -> Json:
    """A snapshot of an earlier campaign."""
    text = {"id": f"snapshot-{name}", "disk": SYSTEM, "created": created, "description": marker(f"c-{name}", A)}
    return {**text, **fields}


@pytest.mark.parametrize(("keep", "gone"), [("1", {"img-old", "img-older"}), ("3", {"img-older"})])
def test_of_old_images_only_superfluous_ones_of_ours_go(
    cloud: Cloud, conductor: Conductor, tmp_path: Path, keep: str, gone: set[str]
) -> None:
    """`img-young` counts, but is young enough for its own campaign, so it never goes."""
    cloud.seed(stopped(A), stopped(B), **FASTER)
    cloud.control.set_quotas(images=20, snapshots=40)
    old = [image("old", "-50h"), image("older", "-70h"), image("young", "-3h"), image("elsewhere", "-70h", of=B)]
    add(cloud, images=[*old, image("unmarked", "-70h", description="by hand")])
    part = resources(cloud, "images")["img-older"]["systemDisk"]["cloudDisk"]["snapshotId"]
    path = tmp_path / "manifest.json"
    wanted: Json = {"instance_ids": A, "campaign": "new", "keep": keep, "manifest_path": str(path)}
    done = conductor.back_up(**wanted)
    assert done.message == ""
    assert done.actions == {A: "created"}
    assert done.manifest == file_of(path)
    new = done.only["image"]["image_id"]
    assert set(done.manifest["removed"]["image_ids"]) == gone
    assert done.manifest["removed"]["snapshot_ids"] == []
    everything = {"img-old", "img-older", "img-young", "img-elsewhere", "img-unmarked", new}
    assert set(resources(cloud, "images")) == everything - gone
    assert part not in resources(cloud, "snapshots")
    assert len(resources(cloud, "snapshots")) == 6 - len(gone)


def test_nothing_goes_without_a_proven_backup_and_check_mode_removes_nothing(cloud: Cloud, conductor: Conductor) -> None:
    cloud.seed(stopped(A), **FASTER)
    add(cloud, images=[image("old", "-50h"), image("older", "-70h")])
    cloud.control.inject("transition_fails", operation="vm.createImage")
    failed = conductor.back_up(instance_ids=A, campaign="new", keep=1)
    assert failed.actions == {A: "failed"}
    assert "removed" not in failed.manifest
    assert {"img-old", "img-older"} <= set(resources(cloud, "images"))
    assert "vm.deleteImage" not in cloud.writes()
    preview = conductor.back_up("--check", instance_ids=A, campaign="new", keep=1)
    assert preview.message == ""
    assert "vm.deleteImage" not in cloud.writes()


def test_snapshots_go_one_by_one_and_a_refused_removal_fails_the_role(cloud: Cloud, conductor: Conductor) -> None:
    cloud.seed(stopped(A, system_disk={"id": SYSTEM, "size": 40}), stopped(B), **FASTER)
    cloud.control.set_quotas(images=20, snapshots=40)
    add(
        cloud,
        snapshots=[snapshot("old", "-50h"), snapshot("older", "-70h"), snapshot("unmarked", "-70h", description="")],
        images=[image("b-old", "-50h", of=B), image("b-older", "-70h", of=B)],
    )
    refusal: Json = {"http": 403, "status": "HTTP_FORBIDDEN", "message": "no rights"}
    cloud.control.inject("error", operation="vm.deleteImage", resource="img-b-older", times=0, **refusal)
    snapshots, images = conductor.back_up_each(
        {"instance_ids": A, "method": "snapshots", "keep": 1, "max_age": 30},
        {"instance_ids": B, "keep": 1, "max_age": 30},
    )
    assert snapshots.message == ""
    assert set(snapshots.manifest["removed"]["snapshot_ids"]) == {"snapshot-old", "snapshot-older"}
    assert snapshots.manifest["removed"]["image_ids"] == []
    assert cloud.exists("snapshot-unmarked")
    assert "The backups are made, but older ones could not be deleted" in images.message
    assert "no rights" in images.message
    assert images.manifest["state"] == "complete"
    assert images.manifest["removed"]["image_ids"] == ["img-b-old"]
    assert cloud.exists("img-b-older")


def test_an_old_image_that_is_shared_stays_is_named_and_fails_no_nights_backup(cloud: Cloud, conductor: Conductor) -> None:
    cloud.seed(stopped(A), **FASTER)
    cloud.control.set_quotas(images=20, snapshots=40)
    add(cloud, images=[image("young", "-2h"), image("old", "-50h"), image("shared", "-60h")])
    refusal: Json = {"http": 400, "status": "FAILED_PRECONDITION", "message": "Can't delete shared image"}
    cloud.control.inject("error", operation="vm.deleteImage", resource="img-shared", times=0, **refusal)
    done = conductor.back_up(instance_ids=A, campaign="new", keep=1, reuse="any")
    removed = done.manifest["removed"]
    assert done.message == ""
    assert removed["image_ids"] == ["img-old"]
    assert "shared with other accounts" in removed["kept"]["img-shared"]
