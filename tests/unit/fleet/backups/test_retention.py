# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which images count before an older one may go: those whose snapshots last, too."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.backups.retention import superseded
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.evidence.proof import backup_set_of
from support.fleet.backup_decisions import MINE, make_policy
from support.fleet.builders import NOW, image, machine, snapshot

NEWER, OLDER = "2026-01-15T10:00:00+08:00", "2026-01-10T10:00:00+08:00"
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
