# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The first half of the playbook find_idle without Ansible: what is idle, what it costs, and what is marked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.input.other_variables import READERS
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.stages import find_idle as stage
from support.campaign.conducted import Conducted, ModulesInProcess
from support.campaign.idle import is_valid
from support.json_object import Json
from support.module.idle import OLD, add
from support.module.memory_cloud import NOW, MemoryCloud
from support.module.runner import Runner

REGION = "cn-north-1"
A, B, C, D = "i-aaaa000001", "i-bbbb000002", "i-cccc000003", "i-dddd000004"
PRICES = {"instance_types": {"g.n2.medium": 120, "g.n2.large": 240}}
QUIET = {"vm_decommission_load_balancers": "ignore", "vm_decommission_protect_tags": {}, "prices": PRICES}
"""Nothing is read but machines and monitoring."""


def found(run: Runner, **variables: Any) -> Json:
    """Run the stage."""
    options = READERS["find_idle"]({**QUIET, **variables})
    return stage.find_idle(options, ModulesInProcess(run), lambda: NOW)


@pytest.fixture
def fleet(cloud: MemoryCloud) -> MemoryCloud:
    """One idle and running, one stopped for long and dearer, one busy, one without data."""
    add(cloud, A, instanceName="web-old-01")
    cloud.add(B, "stopped", launchTime=OLD, instanceType="g.n2.large")
    add(cloud, C)
    add(cloud, D)
    cloud.monitor.measure(A)
    cloud.monitor.measure(B, ended_days=20)
    cloud.monitor.measure(C, cpu=60)
    return cloud


def standings(folder: Path) -> dict[str, str]:
    report = json.loads((folder / "idle.json").read_text(encoding="utf-8"))
    is_valid(report)
    return {row["instance_id"]: row["standing"] for row in report["instances"]}


def test_idle_instances_are_found_the_dearest_first_and_nothing_is_changed(fleet: MemoryCloud, run: Runner) -> None:
    done = found(run)
    assert done["candidate_ids"] == [B, A]
    assert (done["totals"]["monthly_cost"], done["totals"]["unknown"], done["totals"]["busy"]) == (360.0, 1, 1)
    assert (done["regions"], done["report_path"], done["changed"]) == ([], "", False)
    assert fleet.writes == []


def test_the_lines_name_the_dearest_and_the_sum(fleet: MemoryCloud, run: Runner) -> None:
    lines = found(run)["lines"]
    assert lines[0] == "4 instances judged: 1 idle, 1 stopped for long, 1 busy, 0 too young, 1 unknown."
    assert lines[1] == "2 idle instances can be deleted: 360.00 CNY per month (given prices)."
    assert [line.split()[0] for line in lines[2:5]] == ["NAME", f"name-of-{B}", "web-old-01"]
    assert lines[5:] == ["Unknown: 1 No monitoring data.", "Nothing was changed."]


def test_only_ten_are_listed(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    for number in range(13):
        add(cloud, f"i-aaaa0000{number:02}")
        cloud.monitor.measure(f"i-aaaa0000{number:02}")
    done = found(run, report_dir=str(tmp_path))
    assert sum(line.startswith("name-of-") for line in done["lines"]) == 10
    assert f"and 3 more: {tmp_path}/idle.html" in done["lines"]


def test_chinese_lines_are_chinese(fleet: MemoryCloud, run: Runner) -> None:
    lines = found(run, vm_decommission_language="zh")["lines"]
    assert lines[1] == "可删除的闲置云主机 2 台：每月 360.00 元（给定的价格）。"


def test_both_files_are_written(fleet: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    done = found(run, report_dir=str(tmp_path))
    assert done["report_path"] == str(tmp_path / "idle.html")
    assert standings(tmp_path) == {B: "candidate", A: "candidate", D: "unknown", C: "in_use"}
    assert (tmp_path / "idle.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_a_region_that_cannot_be_read_leaves_no_file(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    cloud.refuse("vm.describeInstances", 403, "HTTP_FORBIDDEN", "not authorized")
    with pytest.raises(InputError, match=r"^cn-north-1: .*HTTP_FORBIDDEN.* Nothing was changed or written\.$"):
        found(run, regions=REGION, report_dir=str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_leaves_the_old_file_whole(
    fleet: MemoryCloud, run: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found(run, report_dir=str(tmp_path))
    before = (tmp_path / "idle.json").read_bytes()
    monkeypatch.setattr("os.fsync", Mock(side_effect=KeyboardInterrupt))
    add(fleet, "i-eeee000005")
    with pytest.raises(KeyboardInterrupt):
        found(run, report_dir=str(tmp_path))
    assert (tmp_path / "idle.json").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["idle.html", "idle.json"]


def test_a_folder_that_is_no_mount_point_ends_it_before_anything_is_read(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a mount point"):
        found(run, report_mount=str(tmp_path))
    assert cloud.calls == []


# --- marks ----------------------------------------------------------------------------------------------------------


def test_what_is_to_be_marked_is_handed_over_exactly(fleet: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    done = found(run, mark=True, max_instances=2, report_dir=str(tmp_path))
    assert done["regions"] == [{"region": REGION, "instance_ids": [B, A], "report_dir": str(tmp_path / REGION)}]
    assert done["tag_key"] == "decommission-after"
    assert done["lines"][-2:] == ["To mark: 2 instances in cn-north-1.", f"Report: {tmp_path}/idle.html"]
    assert fleet.writes == []


def test_more_than_the_cap_fails_with_the_report_and_marks_nothing(fleet: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    done = found(run, mark=True, max_instances=1, report_dir=str(tmp_path))
    assert done["failed"]
    assert done["msg"].startswith("2 idle instances can be marked, more than find_idle_max_instances (1), so nothing was marked")
    assert done["regions"] == []
    assert standings(tmp_path)[A] == "candidate"


def test_with_dearest_the_cap_takes_those_that_cost_most(fleet: MemoryCloud, run: Runner) -> None:
    done = found(run, mark=True, max_instances=1, on_too_many="dearest")
    assert [each["instance_ids"] for each in done["regions"]] == [[B]]


@pytest.mark.parametrize("exclude", [A, "web-old-01", "role=backup", {"role": "backup"}])
def test_what_is_excluded_is_neither_counted_nor_marked(cloud: MemoryCloud, run: Runner, exclude: Any, tmp_path: Path) -> None:
    add(cloud, A, instanceName="web-old-01", tags=[{"key": "role", "value": "backup"}])
    add(cloud, B)
    for each in (A, B):
        cloud.monitor.measure(each)
    done = found(run, mark=True, max_instances=1, exclude=exclude, report_dir=str(tmp_path))
    assert [each["instance_ids"] for each in done["regions"]] == [[B]]
    assert standings(tmp_path) == {B: "candidate", A: "excluded"}
    assert done["warnings"] == []


def test_an_exclusion_of_nothing_is_a_warning(fleet: MemoryCloud, run: Runner) -> None:
    assert found(run, exclude="web 9")["warnings"] == [
        "find_idle_exclude: no instance that was judged has the id, name or tag web 9."
    ]


def test_what_cannot_be_deleted_is_not_marked(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    add(cloud, A, tags=[{"key": "keep", "value": "yes"}])
    cloud.monitor.measure(A)
    given = {"vm_decommission_protect_tags": {"keep": "*"}, "report_dir": str(tmp_path)}
    assert found(run, mark=True, max_instances=1, **given)["regions"] == []
    assert standings(tmp_path) == {A: "blocked"}


@pytest.mark.parametrize(
    ("status", "stops", "standing"),
    [("stopped", True, "marked"), ("running", False, "marked"), ("running", True, "candidate")],
)
def test_a_marked_instance_is_marked_again_only_if_it_still_is_to_be_stopped(
    cloud: MemoryCloud, run: Runner, tmp_path: Path, status: str, stops: bool, standing: str
) -> None:
    add(cloud, A, status, tags=[{"key": "decommission-after", "value": "2026-01-30"}])
    add(cloud, B)
    cloud.monitor.measure(B, cpu=60)
    cloud.monitor.measure(A, ended_days=0 if status == "running" else 20)
    found(run, vm_decommission_stop_running=stops, report_dir=str(tmp_path))
    assert standings(tmp_path)[A] == standing


def test_the_role_marks_exactly_these(fleet: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    done = found(run, mark=True, max_instances=5)
    [entry] = done["regions"]
    ids = entry["instance_ids"]
    given = {"state": "mark", "instance_ids": ids, "max_instances": len(ids), "on_blocked": "skip"}
    ended = Conducted(run, tmp_path / "marks", **given, stop_running=True)()
    marked = {row["instance_id"]: row["action"] for row in ended["report"]["machines"]}
    assert marked == {A: "marked", B: "marked"}
    assert {each for each, row in fleet.machines.items() if row.get("tags")} == {A, B}
