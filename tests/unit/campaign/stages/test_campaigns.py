# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole campaigns: what they do, how often they look, and that one is left alone while it is alive."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.stages.campaign import begin, go_on
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.stages.plan import plan
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.stages.wave import wave
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.lock import Lock, holder_of
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.store import Store
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.steps.wave import LOOK_MAX_AGE
from support.campaign.conducted import STARTED_BY, Conducted, ModulesInProcess
from support.campaign.reports import SCHEMA
from support.campaign.results import NOW, options
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Runner

A, B, C = "i-aaaa000001", "i-bbbb000002", "i-cccc000003"
IDS = [A, B, C]
LOOK, CHECK = "(jdcloud_vm)", "(jdcloud_vm_backup)"


def fill(cloud: MemoryCloud) -> None:
    """Three machines: a disk that is kept, one that goes along, and an elastic IP."""
    cloud.add(A)
    cloud.add(B, "running")
    cloud.add(C)
    cloud.add_disk(A, "vol-kept000001", auto_delete=False)
    cloud.add_disk(B, "vol-gone000001", auto_delete=True)
    cloud.add_elastic_ip(C, "fip-aaaaaaaaaa", "203.0.113.7")
    cloud.quotas = {**cloud.quotas, "image": (100, 0), "snapshot": (100, 0)}


def two(cloud: MemoryCloud, run: Runner, folder: Path, **variables: Any) -> Conducted:
    """A campaign over two stopped machines."""
    cloud.add(A)
    cloud.add(C)
    cloud.quotas = {**cloud.quotas, "image": (100, 0), "snapshot": (100, 0)}
    return Conducted(run, folder, instance_ids=[A, C], **variables)


def left(cloud: MemoryCloud) -> dict[str, list[str]]:
    """What is there."""
    kinds = ("machines", "disks", "elastic_ips")
    return {kind: sorted(getattr(cloud, kind)) for kind in kinds}


def test_a_campaign_deletes_its_machines_in_waves(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    fill(cloud)
    campaign = Conducted(run, tmp_path / "record", instance_ids=IDS, stop_running=True, waves="1,100%", elastic_ips="release")
    done = campaign()
    assert done["message"].startswith("3 of 3 instances are deleted.")
    assert not done["fails"]
    assert left(cloud) == {"machines": [], "disks": ["vol-kept000001"], "elastic_ips": []}
    assert [each["state"] for each in done["report"]["waves"]] == ["complete", "complete"]


@pytest.mark.parametrize("backup", ["none", "image"])
def test_a_selection_above_the_cap_of_each_module_goes_where_the_campaign_allows_it(
    cloud: MemoryCloud, run: Runner, tmp_path: Path, backup: str
) -> None:
    for number in range(12):
        cloud.add(f"i-web{number:07}", tags=[{"key": "project", "value": "harbor"}])
    cloud.quotas = {**cloud.quotas, "image": (100, 0), "snapshot": (100, 0)}
    chosen: dict[str, Any] = {"instance_ids": "", "tags": "project=harbor", "max_instances": 12}
    campaign = Conducted(run, tmp_path / "record", **chosen, backup=backup, waves="1,100%")
    done = campaign()
    assert not done["fails"], done["message"]
    assert cloud.machines == {}


def test_the_report_of_a_campaign_says_who_ran_it_and_why(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    fill(cloud)
    report = Conducted(run, tmp_path / "record", instance_ids=IDS, stop_running=True, reason="CHG-4711")()["report"]
    assert list(Draft202012Validator(SCHEMA).iter_errors(report)) == []
    assert {name: report["runs"][0][name] for name in ("reason", *STARTED_BY)} == {"reason": "CHG-4711", **STARTED_BY}
    page = (tmp_path / "record" / "report.html").read_text(encoding="utf-8")
    assert "lin.mei on ops-1" in page
    assert "CHG-4711" in page


def test_a_campaign_that_is_alive_is_left_alone(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    fill(cloud)
    folder = tmp_path / "record"
    folder.mkdir()
    lock = Lock(folder, holder_of(os.getppid(), "2026-11-25T07:00:00Z", "another"))
    lock.take()
    campaign = Conducted(run, folder, instance_ids=IDS, backup="none")
    with pytest.raises(InputError, match="Another run uses"):
        campaign()
    assert not cloud.calls
    assert [each.name for each in folder.iterdir()] == ["lock.json"]
    lock.release()
    campaign = Conducted(run, folder, instance_ids=IDS, backup="none", stop_running=True)
    assert not campaign()["fails"]
    assert not (folder / "lock.json").exists()


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
    wanted = two(cloud, run, tmp_path / "record", waves=waves, backup=backup)
    assert not wanted()["fails"]
    assert [each for each in wanted.modules.used if "disk" not in each] == used


def test_a_wave_that_begins_long_after_the_plan_looks_itself(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    wanted = two(cloud, run, tmp_path / "record", waves="100%", backup="none")
    times = iter(range(10_000))
    wanted.clock = lambda: NOW + timedelta(seconds=next(times) * LOOK_MAX_AGE)
    assert not wanted()["fails"]
    assert wanted.modules.used == [LOOK, LOOK, "jdcloud_vm"]


def test_a_wave_that_begins_after_a_hook_looks_itself(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    hook = tmp_path / "hook.yml"
    hook.write_text("[]", encoding="utf-8")
    wanted = two(cloud, run, tmp_path / "record", waves="100%", backup="none", before_wave=str(hook))
    assert not wanted()["fails"]
    assert wanted.modules.used == [LOOK, LOOK, "jdcloud_vm"]


@pytest.mark.parametrize("call", ["vm.describeInstances", "resourcetag.tagResources"])
def test_a_run_whose_campaign_was_taken_over_meanwhile_changes_nothing_more(
    cloud: MemoryCloud, run: Runner, tmp_path: Path, call: str
) -> None:
    fill(cloud)
    path = tmp_path / "record" / "record.json"

    def take_over() -> None:
        path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), "run": "another"}), encoding="utf-8")

    cloud.before[call] = take_over
    campaign = Conducted(run, path.parent, instance_ids=IDS, backup="none", stop_running=True)
    with pytest.raises(InputError, match="another run has taken it over"):
        campaign()
    assert {operation for operation, _resource in cloud.writes} <= {call}
    assert len(cloud.machines) == 3
    assert json.loads(path.read_text(encoding="utf-8"))["run"] == "another"


@pytest.mark.parametrize("number", [0, -1, 2, 3])
def test_a_wave_out_of_turn_deletes_nothing(cloud: MemoryCloud, run: Runner, tmp_path: Path, number: int) -> None:
    """Any task can call a stage, with any number."""
    fill(cloud)
    wanted = options(instance_ids=IDS, stop_running=True, backup="none", waves="1,2", report_dir=str(tmp_path))
    context = (Store(str(tmp_path)), ModulesInProcess(run), lambda: NOW)
    campaign = begin(wanted, *context, preview=False)
    plan(campaign)
    campaign.save()
    with pytest.raises(InputError, match=f"Wave {number} of campaign .* so nothing was done"):
        wave(go_on(*context, preview=False, run=campaign.record.run), number)
    assert sorted(cloud.machines) == IDS
    assert not [call for call in cloud.calls if call.write]


def marked(cloud: MemoryCloud, instance_id: str, *keys: str) -> None:
    """A machine with tags of a mark."""
    cloud.machines[instance_id]["tags"] = [{"key": key, "value": "2026-12-01"} for key in keys]


KEY, STOPPED = "decommission-after", "decommission-after-stopped"


@pytest.mark.parametrize(
    "variables",
    [{"backup": "none"}, {"backup": "both"}, {"state": "mark"}, {"state": "unmark", "start_again": True}],
    ids=["none", "both", "mark", "unmark"],
)
def test_rule_15_no_stage_of_a_preview_sends_a_write(cloud: MemoryCloud, run: Runner, tmp_path: Path, variables: Any) -> None:
    fill(cloud)
    marked(cloud, A, KEY, STOPPED)
    done = Conducted(run, tmp_path / "record", instance_ids=IDS, stop_running=True, **variables)(check=True)
    assert not done["fails"], done["message"]
    assert any(row["action"] not in ("none", "blocked") for row in done["report"]["machines"])
    assert cloud.writes == []


@pytest.mark.parametrize("backup", ["image", "snapshots"])
def test_a_backup_that_is_gone_when_the_deletion_begins_deletes_nothing(
    cloud: MemoryCloud, run: Runner, tmp_path: Path, backup: str
) -> None:
    campaign = two(cloud, run, tmp_path / "record", backup=backup, waves="100%")
    execute = campaign.modules.execute

    def without(module: str, arguments: Any, **named: Any) -> Any:
        if module == "jdcloud_vm" and not named["check_mode"]:
            cloud.images.clear()
            cloud.snapshots.clear()
        return execute(module, arguments, **named)

    campaign.modules.execute = without  # type: ignore[method-assign]
    done = campaign()
    assert done["fails"]
    assert left(cloud)["machines"] == [A, C]
    assert {each["code"] for row in done["report"]["machines"] for each in row["blockers"]} == {"backup_missing"}


def test_the_manifest_is_there_before_the_first_machine_goes(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    campaign = two(cloud, run, tmp_path / "record", waves="100%")
    seen: list[Any] = []
    cloud.before["vm.deleteInstance"] = lambda: seen.append(json.loads((tmp_path / "record" / "manifest.json").read_text()))
    assert not campaign()["fails"]
    assert [[each["instance_id"], each["action"]] for each in seen[0]["machines"]] == [[A, "created"], [C, "created"]]


def test_a_machine_whose_mark_could_not_be_written_runs_on(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    fill(cloud)
    cloud.refuse("resourcetag.tagResources", 403, "HTTP_FORBIDDEN", "not authorized")
    assert Conducted(run, tmp_path / "record", instance_ids=IDS, state="mark", stop_running=True)()["fails"]
    assert cloud.machines[B]["status"] == "running"


def test_a_machine_that_could_not_be_started_keeps_the_tag_that_says_to(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    fill(cloud)
    marked(cloud, A, KEY, STOPPED)
    cloud.refuse("vm.startInstance", 403, "HTTP_FORBIDDEN", "not authorized")
    assert Conducted(run, tmp_path / "record", instance_ids=IDS, state="unmark", start_again=True)()["fails"]
    assert [tag["key"] for tag in cloud.machines[A]["tags"]] == [STOPPED]


def test_a_due_tag_that_stands_twice_is_written_anew(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    fill(cloud)
    cloud.machines[A]["tags"] = [{"key": KEY, "value": day} for day in ("2026-11-01", "2027-01-01")]
    assert not Conducted(run, tmp_path / "record", instance_ids=A, state="mark")()["fails"]
    assert [tag["value"] for tag in cloud.machines[A]["tags"]] == ["2026-12-02"]


def test_no_wave_follows_one_whose_stage_failed_whatever_the_play_ignores(
    cloud: MemoryCloud, run: Runner, tmp_path: Path
) -> None:
    """The lock was given back then, and what came of the wave was not judged."""
    fill(cloud)
    (tmp_path / "record").mkdir()
    context = (Store(str(tmp_path / "record")), ModulesInProcess(run), lambda: NOW)
    given = options(instance_ids=IDS, stop_running=True, backup="none", waves="1,100%", report_dir=str(tmp_path / "record"))
    campaign = begin(given, *context, preview=False)
    with campaign.stage():
        plan(campaign)
        campaign.save()

    def lose() -> None:
        (tmp_path / "record" / "record.json").rename(tmp_path / "elsewhere.json")

    cloud.before["vm.deleteInstance"] = lose
    with pytest.raises(InputError, match="The record of the campaign is gone"), campaign.stage():
        wave(go_on(*context, preview=False, run=campaign.record.run), 1)
    (tmp_path / "elsewhere.json").rename(tmp_path / "record" / "record.json")
    with pytest.raises(InputError, match="no longer has the lock of its directory, because a stage failed"):
        go_on(*context, preview=False, run=campaign.record.run)
    assert sorted(cloud.machines) == [B, C]


def test_a_machine_that_came_after_the_list_was_frozen_is_left_alone(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    old: dict[str, Any] = {"tags": [{"key": "env", "value": "old"}]}
    cloud.add(A, **old)
    cloud.add(C, **old)
    chosen: dict[str, Any] = {"instance_ids": None, "tags": {"env": "old"}, "backup": "none", "max_instances": 5}
    assert not Conducted(run, tmp_path / "record", waves="1", **chosen)()["fails"]
    assert sorted(cloud.machines) == [C]
    cloud.add(B, **old)
    done = Conducted(run, tmp_path / "record", waves="100%", **chosen)()
    assert not done["fails"]
    assert sorted(cloud.machines) == [B]
    assert [each["instance_id"] for each in done["report"]["machines"]] == [A, C]
