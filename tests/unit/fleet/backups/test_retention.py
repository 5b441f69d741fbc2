# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which images count before an older one may go: those whose snapshots last, too."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.backups.retention import superseded
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.evidence.proof import backup_set_of
from support.backups.decisions import MINE, OF_A_RUNNING_ONE, OF_ANOTHER_MACHINE, OTHERS, make_policy
from support.fleet.builders import NOW, image, machine, snapshot

NEWER, OLDER = "2026-01-15T10:00:00+08:00", "2026-01-10T10:00:00+08:00"
TOMORROW = "2026-01-16T12:00:00+08:00"
"""Long after `NOW`: a time that cannot be true."""
SOON = "2026-01-16T00:00:00+08:00"
"""Within the days after which a backup is about to expire."""


def superseded_images(**newer_snapshot: Any) -> tuple[str, ...]:
    """What may go of two images, if one is to stay. The newer one consists of a snapshot with these fields."""
    images = [
        image("snapshot-new", imageId="img-new", createTime=NEWER, desc=MINE),
        image("snapshot-old", imageId="img-old", createTime=OLDER, desc=MINE),
    ]
    snapshots = [
        snapshot(snapshotId="snapshot-new", images=["img-new"], description="", createTime=NEWER, **newer_snapshot),
        snapshot(snapshotId="snapshot-old", images=["img-old"], description="", createTime=OLDER),
    ]
    return superseded([machine()], make_policy(), backup_set_of(images, snapshots), 1, NOW).image_ids


def test_an_older_image_goes_once_a_newer_one_lasts() -> None:
    assert superseded_images() == ("img-old",)


@pytest.mark.parametrize("flaw", [{"expireTime": SOON}, {"expireTime": "soon"}, {"status": "error_create"}], ids=str)
def test_an_older_image_stays_where_a_snapshot_of_the_newer_one_does_not_last(flaw: dict[str, Any]) -> None:
    assert superseded_images(**flaw) == ()


def kept_of(days_old: dict[str, tuple[int, str]], keep: int, *, max_age: float = 24.0, **newest: Any) -> set[str]:
    """Which images of `i-one` stay. Each is so many days old and has this mark; `newest` are fields of the one of today."""
    images, parts = [], []
    for image_id, (days, mark) in days_old.items():
        made = f"2026-01-{15 - days:02d}T10:00:00+08:00"
        fields = {"createTime": made, "desc": mark, **(newest if days == 0 else {})}
        images.append(image(f"snapshot-{image_id}", imageId=image_id, **fields))
        part = snapshot(snapshotId=f"snapshot-{image_id}", images=[image_id], description="", createTime=made)
        parts.append(part)
    gone = superseded([machine()], make_policy(max_age=max_age), backup_set_of(images, parts), keep, NOW).image_ids
    return set(days_old) - set(gone)


DAILY = {f"img-{days}": (days, MINE) for days in range(4)}


@pytest.mark.parametrize("keep", [1, 2, 3, 4, 5])
def test_as_many_stay_as_are_to_be_kept(keep: int) -> None:
    assert kept_of(DAILY, keep) == {f"img-{days}" for days in range(min(keep, 4))}


@pytest.mark.parametrize(
    "flaw",
    [
        {"status": "error"},
        {"imported": True},
        {"offline": True},
        {"expiredTime": SOON},
        {"imageSource": "public"},
        {"createTime": TOMORROW},
    ],
    ids=str,
)
def test_what_proves_nothing_takes_no_place_of_a_proven_one(flaw: dict[str, Any]) -> None:
    assert kept_of(DAILY, 1, **flaw) == {"img-0", "img-1"}


def test_one_that_was_made_of_a_running_machine_takes_no_place_of_a_proven_one() -> None:
    assert kept_of({**DAILY, "img-0": (0, OF_A_RUNNING_ONE)}, 1) == {"img-0", "img-1"}


def test_what_the_mark_says_is_of_another_machine_is_neither_counted_nor_removed() -> None:
    assert kept_of({**DAILY, "img-0": (0, OF_ANOTHER_MACHINE), "img-3": (3, OF_ANOTHER_MACHINE)}, 1) == {
        "img-0",
        "img-1",
        "img-3",
    }


def test_the_backup_of_another_campaign_stays_as_long_as_that_may_delete_by_it() -> None:
    others = {**DAILY, "img-2": (2, OTHERS), "img-3": (3, OTHERS)}
    assert kept_of(others, 1, max_age=60.0) == {"img-0", "img-2"}
    assert kept_of(others, 1, max_age=24.0) == {"img-0"}
    # What is still being made says that the campaign is not over.
    assert kept_of({**others, "img-0": (0, OTHERS)}, 1, status="pending") >= {"img-2", "img-3"}


def test_an_older_image_that_was_imported_is_never_removed() -> None:
    images = [image("snapshot-new", imageId="img-new", createTime=NEWER, desc=MINE)]
    images += [image(imageId="img-old", createTime=OLDER, desc=MINE, imported=True)]
    parts = [snapshot(snapshotId="snapshot-new", images=["img-new"], description="", createTime=NEWER)]
    assert superseded([machine()], make_policy(), backup_set_of(images, parts), 1, NOW).image_ids == ()


def superseded_snapshots(newer: dict[str, Any], older: dict[str, Any] | None = None) -> tuple[str, ...]:
    """What may go of two snapshots of the system disk, if one is to stay. Each has these fields."""
    rows = [
        snapshot(snapshotId="snapshot-new", description=MINE, **{"createTime": NEWER, **newer}),
        snapshot(snapshotId="snapshot-old", description=MINE, createTime=OLDER, **(older or {})),
    ]
    return superseded([machine()], make_policy("snapshots"), backup_set_of([], rows), 1, NOW).snapshot_ids


def test_an_older_snapshot_goes_once_there_is_a_newer_one() -> None:
    assert superseded_snapshots({}) == ("snapshot-old",)


@pytest.mark.parametrize(
    "flaw",
    [
        {"status": "error_create"},
        {"status": "creating"},
        {"expireTime": SOON},
        {"snapshotSource": "others"},
        {"createTime": TOMORROW},
    ],
    ids=str,
)
def test_a_snapshot_that_proves_nothing_takes_no_place_of_a_proven_one(flaw: dict[str, Any]) -> None:
    assert superseded_snapshots(flaw) == ()


def test_a_snapshot_that_another_account_shares_is_never_removed() -> None:
    assert superseded_snapshots({}, {"snapshotSource": "others"}) == ()
