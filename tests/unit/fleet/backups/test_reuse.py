# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is used again, or counted among the backups that stay, is what a delete would accept. For any images and snapshots."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.backups.plan import decide_backup, image_disks, snapshot_disks
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.backups.retention import superseded
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.evidence.proof import Demand, backup_set_of, prove
from support.backups.decisions import make_policy
from support.backups.worlds import MAX_AGE, worlds
from support.fleet.builders import NOW
from support.search import examples

pytestmark = pytest.mark.no_cover
"""Measuring would double the time of so many runs, and their lines are covered elsewhere, too."""

ANY_AGE = 1_000_000.0
"""Hours."""


def rows_of(world: Any) -> Any:
    """The images and snapshots of a world, sorted."""
    images, snapshots, _machine = world
    return backup_set_of([each for each, _truth in images], [each for each, *_more in snapshots])


@examples(150, 600)
@given(worlds(), st.sampled_from(["image", "snapshots", "both"]))
def test_what_is_used_again_is_proven(world: Any, method: Any) -> None:
    backup_set, machine = rows_of(world), world[2]
    policy = make_policy(method, max_age=MAX_AGE)
    reused = [each for each in decide_backup(machine, policy, backup_set, NOW).assets if each.ready]
    for asset in reused:
        proof = prove(machine, asset.disks, Demand("image" if asset.kind == "image" else "snapshots", MAX_AGE), backup_set, NOW)
        assert asset.asset_id in {backup.id for backup in proof.backups}
        assert not proof.missing


@examples(150, 600)
@given(worlds(), st.sampled_from(["image", "snapshots"]), st.integers(1, 2))
def test_nothing_goes_before_enough_proven_backups_are_newer(world: Any, method: Any, keep: int) -> None:
    backup_set, machine = rows_of(world), world[2]
    policy = make_policy(method, max_age=MAX_AGE)
    gone = superseded([machine], policy, backup_set, keep, NOW)
    disks = image_disks(machine, policy) if method == "image" else snapshot_disks(machine, policy)
    for image_id in gone.image_ids:
        images = backup_set.images[machine.instance_id]
        newer = newer_than(next(each for each in images if each.image_id == image_id), images)
        assert sum(is_proven(machine, disks, "image", only_image(each, backup_set)) for each in newer) >= keep
    for snapshot_id in gone.snapshot_ids:
        old = backup_set.snapshots[snapshot_id]
        newer = newer_than(old, backup_set.snapshots_of_disk[old.disk_id or ""])
        of_disk = [each for each in disks if each.disk_id == old.disk_id]
        assert sum(is_proven(machine, of_disk, "snapshots", backup_set_of([], [each])) for each in newer) >= keep


def newer_than(old: Any, assets: Any) -> list[Any]:
    """Those that were made later."""
    return [each for each in assets if each.created is not None and each.created > old.created]


def is_proven(machine: Any, disks: Any, method: Any, backup_set: Any) -> bool:
    """Whether a delete would accept it, however old it is."""
    return not prove(machine, disks, Demand(method, ANY_AGE), backup_set, NOW).missing


def only_image(image: Any, backup_set: Any) -> Any:
    """The backups of a machine, with one image alone."""
    return backup_set_of([image], backup_set.snapshots.values())
