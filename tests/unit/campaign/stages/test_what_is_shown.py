# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What whole campaigns show: the lines of their stages, of a rerun, and of an interruption."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.output.reasons import MOST
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.output.table import ROWS
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.stages import lines
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.stages.campaign import begin
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.store import Store
from support.campaign.conducted import Conducted, ModulesInProcess
from support.campaign.results import NOW, options
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Runner

IDS = [f"i-aaaa{number:06}" for number in range(30)]


def noting(function: Callable[..., list[str]], said: list[list[str]]) -> Callable[..., list[str]]:
    """The function, which notes what it returns."""

    def noted(*given: object) -> list[str]:
        said.append(function(*given))
        return list(said[-1])

    return noted


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, list[list[str]]]]:
    """The lines of each stage, by its name."""
    found: dict[str, list[list[str]]] = {"of_plan": [], "of_wave": [], "of_finish": []}
    for name, said in found.items():
        monkeypatch.setattr(lines, name, noting(getattr(lines, name), said))
    yield found
    for name, said in found.items():
        most = MOST + (ROWS + 2 if name == "of_plan" else 0)
        assert all(len(each) <= most for each in said)


def campaign(run: Runner, folder: Path, **variables: Any) -> Conducted:
    """A campaign over all of them, in waves of 1 and 29."""
    folder.mkdir()
    given = {"instance_ids": IDS, "stop_running": True, "backup": "none", "waves": "1,100%", **variables}
    return Conducted(run, folder, **given)


def test_a_preview_a_failure_and_a_rerun(
    cloud: MemoryCloud, run: Runner, tmp_path: Path, shown: dict[str, list[list[str]]]
) -> None:
    for number, each in enumerate(IDS):
        cloud.add(each, "running" if number % 2 else "stopped")
    cloud.refuse("vm.deleteInstance", 403, "HTTP_FORBIDDEN", "no right", IDS[3])
    wanted = campaign(run, tmp_path / "record")
    wanted(check=True)
    assert "30 of 30 instances would be deleted in 2 waves (1, 29)" in shown["of_plan"][0][0]
    assert shown["of_finish"][0][0].startswith("Preview of campaign ")

    assert wanted()["fails"]
    assert "30 of 30 instances will be deleted in 2 waves (1, 29)" in shown["of_plan"][1][0]
    first, second = shown["of_wave"]
    assert "1 deleted of 1 instance. Gone so far: 1 of 30." in first[0]
    assert "28 deleted, 1 failed of 29 instances. Gone so far: 29 of 30." in second[0]
    assert second[1].startswith("1 failed: The service refused a call (api vm.deleteInstance 403 HTTP_FORBIDDEN), ")
    assert "grant the IAM right for this call" in second[2]
    assert "To resume: run the same play again" in shown["of_finish"][1]

    cloud.refusals.clear()
    assert not wanted()["fails"]
    assert "1 of 30 instances are left." in shown["of_plan"][2][0]


def test_a_mark_says_from_when_on_a_machine_may_be_deleted(
    cloud: MemoryCloud, run: Runner, tmp_path: Path, shown: dict[str, list[list[str]]]
) -> None:
    for each in IDS:
        cloud.add(each)
    campaign(run, tmp_path / "record", state="mark", max_instances=30)()
    (plan,) = shown["of_plan"]
    assert "30 of 30 instances will be marked." in plan[0]
    assert "MAY BE DELETED FROM" in plan[1]
    assert plan[2].endswith("2026-12-02")
    assert "30 marked of 30 instances." in shown["of_wave"][0][0]
    assert "30 marked of 30 instances" in shown["of_finish"][0][0]


def test_the_progress_knows_the_wave_and_what_is_deleted(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    for each in IDS:
        cloud.add(each)
    wanted = campaign(run, tmp_path / "record")
    wanted()
    used = zip(wanted.modules.used, wanted.modules.parts, strict=True)
    parts = [part for module, part in used if module == "jdcloud_vm" and part is not None]
    assert [(part.title, part.doing, part.deleted, part.machines, part.deletes) for part in parts] == [
        ("wave 1 of 2", "deleting", 0, 30, True),
        ("wave 2 of 2", "deleting", 1, 30, True),
    ]


@pytest.mark.parametrize(("lasts", "last"), [(True, "To resume: run the same play again"), (False, "Without a report directory")])
def test_an_interruption_says_how_to_go_on(run: Runner, tmp_path: Path, lasts: bool, last: str) -> None:
    folder = tmp_path / "record"
    wanted = options(instance_ids=IDS, report_dir=str(folder) if lasts else "")
    folder.mkdir()
    campaign = begin(wanted, Store(str(folder)), ModulesInProcess(run), lambda: NOW, preview=False)
    said = lines.of_interruption(campaign)
    assert said[0].endswith("is interrupted. Sent in this run: nothing.")
    assert said[-1].startswith(last)
