# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The first half of the playbook cleanup without Ansible: what is to be deleted where, and what was not finished."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.input.other_variables import READERS
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.stages.cleanup import clean_up
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.store import Store
from support.campaign.backups import ModulesByHand
from support.campaign.conducted import ModulesInProcess
from support.campaign.records import planned
from support.campaign.results import machine, options
from support.json_object import Json
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Runner

REGION = "cn-north-1"
A, B, C = "i-aaaa000001", "i-bbbb000002", "i-cccc000003"
DUE = [{"key": "decommission-after", "value": "2026-01-01"}]


def cleaned(run: Runner, *, check: bool = False, **variables: Any) -> Json:
    """Run the stage."""
    return clean_up(READERS["cleanup"](variables), ModulesInProcess(run), preview=check)


def test_what_is_due_is_found_and_nothing_is_changed(cloud: MemoryCloud, run: Runner) -> None:
    cloud.add(A, tags=DUE)
    cloud.add(B, "running", tags=DUE)
    cloud.add(C)
    done = cleaned(run)
    assert done["regions"] == [{"region": REGION, "instance_ids": [A], "report_dir": "", "problem": ""}]
    assert (done["due"], done["blocked"], done["problems"], done["tag_key"]) == (1, 1, [], "decommission-after")
    assert done["lines"][0] == "2 instances with the mark: 1 due, 1 to be deleted now, 1 not due or kept."
    assert B in done["lines"][1]
    assert cloud.writes == []


def test_lines_are_in_the_language_of_the_role(cloud: MemoryCloud, run: Runner) -> None:
    cloud.add(A, tags=DUE)
    done = cleaned(run, vm_decommission_language="zh")
    assert done["lines"] == ["1 台云主机带有标记：到期 1 台，本次删除 1 台，未到期或保留 0 台。"]


def test_what_is_excluded_stays_and_an_exclusion_of_nothing_is_a_warning(cloud: MemoryCloud, run: Runner) -> None:
    cloud.add(A, tags=DUE)
    cloud.add(B, tags=DUE)
    done = cleaned(run, vm_decommission_exclude=[A, "web 9"])
    assert [each["instance_ids"] for each in done["regions"]] == [[B]]
    assert done["warnings"] == [
        "vm_decommission_exclude: web 9 excluded nothing, because no marked instance has this id, name or tag."
    ]
    assert cleaned(run, vm_decommission_exclude=A)["warnings"] == []


def test_a_region_that_cannot_be_read_ends_it(cloud: MemoryCloud, run: Runner) -> None:
    cloud.refuse("vm.describeInstances", 403, "HTTP_FORBIDDEN", "not authorized")
    with pytest.raises(InputError, match="^cn-north-1: .*HTTP_FORBIDDEN"):
        cleaned(run, regions=REGION)


def test_a_folder_that_is_no_mount_point_ends_it_before_anything_is_read(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a mount point"):
        cleaned(run, report_mount=str(tmp_path))
    assert cloud.calls == []


def test_the_run_makes_the_folder_and_a_preview_does_not(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    cloud.add(A, tags=DUE)
    folder = tmp_path / "reports" / "nightly"
    (entry,) = cleaned(run, check=True, report_dir=str(folder))["regions"]
    assert (entry["report_dir"], folder.parent.exists()) == ("", False)
    (entry,) = cleaned(run, report_dir=str(folder))["regions"]
    assert entry["report_dir"] == str(folder / REGION)
    assert [stat.S_IMODE(each.stat().st_mode) for each in (folder, folder.parent)] == [0o700, 0o700]
    (entry,) = cleaned(run, check=True, report_dir=str(folder))["regions"]
    assert entry["report_dir"] == str(folder / REGION)


def keep_record(folder: Path, *, unfinished: bool) -> None:
    """A record of an earlier night."""
    store = Store(str(folder / REGION))
    store.folder.mkdir(parents=True)
    record, _planned = planned(options(instance_ids=C, backup="none"), machine(C))
    record.open = unfinished
    store.save(record)


@pytest.mark.parametrize(("unfinished", "ids"), [(True, [[C]]), (False, [])])
def test_what_was_not_finished_is_gone_on_with(run: Runner, tmp_path: Path, unfinished: bool, ids: list[list[str]]) -> None:
    keep_record(tmp_path, unfinished=unfinished)
    done = cleaned(run, report_dir=str(tmp_path))
    assert [entry["instance_ids"] for entry in done["regions"]] == ids


@pytest.mark.parametrize("unfinished", [True, False])
def test_nothing_due_is_no_failure_while_an_earlier_night_is_unfinished(run: Runner, tmp_path: Path, unfinished: bool) -> None:
    keep_record(tmp_path, unfinished=unfinished)
    done = cleaned(run, report_dir=str(tmp_path), empty_is_failure=True)
    assert [entry["instance_ids"] for entry in done["regions"]] == ([[C]] if unfinished else [])
    assert done.get("msg") == (None if unfinished else "Nothing is due, and cleanup_empty_is_failure is set.")


def test_a_record_that_cannot_be_read_is_a_problem_of_its_region_alone(run: Runner, tmp_path: Path) -> None:
    keep_record(tmp_path, unfinished=True)
    (tmp_path / REGION / "record.json").write_text("{", encoding="utf-8")
    done = cleaned(run, report_dir=str(tmp_path))
    (problem,) = done["problems"]
    assert problem.startswith(f"{REGION} - ")
    assert "cannot be used, because it is not JSON" in problem
    assert (done["regions"], done.get("failed")) == ([], None)


def test_a_cap_that_is_passed_makes_no_folder(tmp_path: Path) -> None:
    row = {"deletable": True, "due_date": "2026-01-01", "region": REGION, "blockers": []}
    rows = [{**row, "instance_id": each} for each in (A, B)]
    modules = ModulesByHand(jdcloud_vm_info={"account": {"region": REGION}, "instances": rows})
    folder = tmp_path / "reports"
    done = clean_up(READERS["cleanup"]({"max_instances": 1, "report_dir": str(folder)}), modules, preview=False)
    assert done["failed"]
    assert done["msg"].startswith("2 instances are due")
    assert (done["regions"], folder.exists()) == ([], False)
    assert modules.arguments("(jdcloud_vm_info)")["marked_only"] is True
