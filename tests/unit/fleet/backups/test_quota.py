# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a batch fits the quotas: never too much, and greedy in the given order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.services.quotas import Quota
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.backups.policy import BackupDecision, PlannedAsset
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.backups.quota import check_quota
from support.fleet.builders import disk, local_disk, system_disk


def image(*more: object, asset_id: str | None = None) -> PlannedAsset:
    """An image of a machine with a cloud system disk and these disks."""
    return PlannedAsset("image", "i-x", "n", 1, "c1", True, (system_disk(), *more), asset_id=asset_id)  # type: ignore[arg-type]


def snapshot(asset_id: str | None = None) -> PlannedAsset:
    return PlannedAsset("snapshot", "vol-x", "n", 1, "c1", True, (disk(),), asset_id=asset_id)


def decided(instance_id: str, *assets: PlannedAsset) -> BackupDecision:
    return BackupDecision(instance_id, "stopped", assets)


def test_an_image_takes_one_image_and_one_snapshot_for_each_cloud_disk_that_it_holds() -> None:
    quota = check_quota([decided("i-a", image(disk(), local_disk()))], Quota(10, 0), Quota(10, 0))
    assert (quota.images_needed, quota.snapshots_needed) == (1, 2)


def test_what_exists_already_takes_nothing() -> None:
    quota = check_quota([decided("i-a", image(asset_id="img-1"), snapshot("snapshot-1"), snapshot())], Quota(0, 0), Quota(5, 4))
    assert (quota.images_needed, quota.snapshots_needed) == (0, 1)
    assert quota.fits == ("i-a",)
    assert not quota.short


def test_one_that_does_not_fit_does_not_stop_a_smaller_one_behind_it() -> None:
    batch = [decided("i-a", image()), decided("i-b", image(disk(), disk("vol-2"))), decided("i-c", image())]
    quota = check_quota(batch, Quota(10, 8), Quota(10, 8))
    assert (quota.fits, quota.does_not_fit) == (("i-a", "i-c"), ("i-b",))
    assert quota.numbers == "3 images needed, 2 left of 10; 5 snapshots needed, 2 left of 10"


def test_both_quotas_must_suffice() -> None:
    assert check_quota([decided("i-a", image())], Quota(1, 0), Quota(1, 1)).short
    assert check_quota([decided("i-a", image())], Quota(1, 1), Quota(1, 0)).short
    assert not check_quota([decided("i-a", image())], Quota(1, 0), Quota(1, 0)).short


def test_a_quota_that_is_overdrawn_has_nothing_left_and_counts_no_debt() -> None:
    quota = check_quota([decided("i-a", image())], Quota(5, 9), Quota(10, 0))
    assert quota.short
    assert quota.images.left == 0


def test_only_what_is_needed_is_named_in_the_numbers() -> None:
    quota = check_quota([decided("i-a", snapshot())], Quota(5, 5), Quota(1, 1))
    assert quota.numbers == "1 snapshots needed, 0 left of 1"


@st.composite
def batches(draw: st.DrawFn) -> list[BackupDecision]:
    found = []
    for number in range(draw(st.integers(0, 8))):
        data = [disk(f"vol-{number}-{each}") for each in range(draw(st.integers(0, 4)))]
        assets = [image(*data, asset_id=draw(st.sampled_from([None, "img-1"])))] if draw(st.booleans()) else []
        assets += [snapshot(draw(st.sampled_from([None, None, "snapshot-1"]))) for _each in range(draw(st.integers(0, 3)))]
        found.append(decided(f"i-{number}", *assets))
    return found


def quotas() -> st.SearchStrategy[Quota]:
    return st.builds(Quota, st.integers(0, 12), st.integers(0, 14))


@given(batches(), quotas(), quotas())
def test_it_never_promises_more_than_is_left_and_takes_each_that_fits_in_order(
    batch: list[BackupDecision], images: Quota, snapshots: Quota
) -> None:
    quota = check_quota(batch, images, snapshots)
    assert sorted([*quota.fits, *quota.does_not_fit]) == sorted(each.instance_id for each in batch)
    left = {"images": images.limit - images.used, "snapshots": snapshots.limit - snapshots.used}
    for decision in batch:
        # A second reading of what an asset takes, that shares nothing with the first.
        new = [asset for asset in decision.assets if asset.asset_id is None]
        needs = {
            "images": sum(asset.kind == "image" for asset in new),
            "snapshots": sum(len([each for each in asset.disks if each.disk_id]) for asset in new),
        }
        fits = all(needs[kind] == 0 or needs[kind] <= left[kind] for kind in left)
        assert (decision.instance_id in quota.fits) == fits
        if fits:
            left = {kind: left[kind] - needs[kind] for kind in left}
