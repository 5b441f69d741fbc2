# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How often the stages look at the machines of a campaign."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.steps.wave import LOOK_MAX_AGE
from support.campaign.conducted import Conducted
from support.campaign.results import NOW
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Runner

A, B = "i-aaaa000001", "i-bbbb000002"
LOOK, CHECK = "(jdcloud_vm)", "(jdcloud_vm_backup)"


def campaign(cloud: MemoryCloud, run: Runner, folder: Path, **variables: Any) -> Conducted:
    """A campaign over two machines."""
    for each in (A, B):
        cloud.add(each)
    cloud.quotas = {**cloud.quotas, "image": (100, 0), "snapshot": (100, 0)}
    return Conducted(run, folder, instance_ids=[A, B], **variables)


@pytest.mark.parametrize(
    ("waves", "backup", "used"),
    [
        ("100%", "none", [LOOK, "jdcloud_vm"]),
        ("1,100%", "none", [LOOK, "jdcloud_vm", LOOK, "jdcloud_vm"]),
        ("100%", "image", [LOOK, CHECK, LOOK, "jdcloud_vm_backup", "jdcloud_vm"]),
        (
            "1,100%",
            "image",
            [LOOK, CHECK, LOOK, "jdcloud_vm_backup", "jdcloud_vm", LOOK, "jdcloud_vm_backup", "jdcloud_vm"],
        ),
    ],
)
def test_a_wave_looks_at_its_machines_once_and_not_at_all_right_after_the_plan(
    cloud: MemoryCloud, run: Runner, tmp_path: Path, waves: str, backup: str, used: list[str]
) -> None:
    wanted = campaign(cloud, run, tmp_path / "record", waves=waves, backup=backup)
    assert not wanted()["fails"]
    assert [each for each in wanted.modules.used if "disk" not in each] == used


def test_a_wave_that_begins_long_after_the_plan_looks_itself(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    wanted = campaign(cloud, run, tmp_path / "record", waves="100%", backup="none")
    times = iter(range(10_000))
    wanted.clock = lambda: NOW + timedelta(seconds=next(times) * LOOK_MAX_AGE)
    assert not wanted()["fails"]
    assert wanted.modules.used == [LOOK, LOOK, "jdcloud_vm"]


def test_a_wave_that_begins_after_a_hook_looks_itself(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    hook = tmp_path / "hook.yml"
    hook.write_text("[]", encoding="utf-8")
    wanted = campaign(cloud, run, tmp_path / "record", waves="100%", backup="none", before_wave=str(hook))
    assert not wanted()["fails"]
    assert wanted.modules.used == [LOOK, LOOK, "jdcloud_vm"]
