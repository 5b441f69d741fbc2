# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rule 11: which of the backups that a read shows is the one that was asked for, when the answer to the call was lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.backup_assets import Image
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.backups.policy import PlannedAsset
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.backups.state import AssetState, Stage
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.backups.transitions import AssetTransitions
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.timing import Timing
from support.backups.decisions import MINE, OF_A_RUNNING_ONE, OF_ANOTHER_MACHINE, OTHERS
from support.fleet.builders import NOW, image, machine, system_disk

PLAN = PlannedAsset("image", "i-one", "bk-one-1", attempt=1, campaign="c1", stopped=True, disks=(system_disk(),))


def found(shown: Image) -> AssetState:
    """An image whose call was lost, after a read that shows this one."""
    state = AssetState(PLAN, machine(), Stage.DOUBT, "i-one", asked_at=NOW, unsure=True)
    AssetTransitions(Timing(), lambda _tries: 1.0).looked_for(state, [shown], 100.0, 1.0)
    return state


def shown(**fields: Any) -> Image:
    """The image that was asked for, with these fields instead."""
    return replace(image("snapshot-vol-sys", desc=MINE), **{"name": PLAN.name, "created": NOW, **fields})


def test_what_was_asked_for_is_found_also_before_the_service_tells_its_time() -> None:
    for created in (NOW, NOW + timedelta(minutes=5), NOW - timedelta(minutes=5), None):
        assert found(shown(created=created)).asset_id == "img-one"


@pytest.mark.parametrize(
    "fields",
    [
        {"created": NOW - timedelta(minutes=11)},
        {"name": "bk-one-2"},
        {"instance_id": "i-two"},
        {"instance_id": None},
        {"description": OTHERS},
        {"description": OF_ANOTHER_MACHINE},
        {"description": OF_A_RUNNING_ONE},
        {"description": ""},
    ],
    ids=str,
)
def test_what_differs_in_anything_is_not_taken_for_it(fields: dict[str, Any]) -> None:
    state = found(shown(**fields))
    assert state.asset_id is None
    assert not state.accepted
    assert state.stage is Stage.DOUBT
