# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role vm_decommission in real plays, each kind of campaign once; its scenarios are in tests/integration/campaign."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.integration.campaigns import FASTER, campaign_tasks, decommission, kill_campaign_at, report_of, roomy
from support.integration.campaigns import used as outcome_of
from support.integration.cloud import Cloud, running, stopped
from support.integration.commands import Ansible
from support.integration.role_backups import add, marker, resources
from support.json_object import Json

A, B, C = "i-aaaa000001", "i-bbbb000002", "i-cccc000003"


def test_a_campaign_goes_from_a_canary_to_all_and_says_what_is_left(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> None:
    disk = {"size": 20, "auto_delete": False}
    cloud.seed(running(A, disks=[disk]), stopped(B, elastic_ip=True), stopped(C), **FASTER)
    folder = tmp_path / "campaign"
    wanted: Json = {"instance_ids": [A, B, C], "stop_running": "true", "waves": "1,100%", "report_dir": str(folder)}
    wanted["backup"] = "none"
    done = decommission(ansible, **wanted, elastic_ips="release")
    assert done.message == "", done.output
    assert done.report["outcome"] == "complete", done.output
    assert done.actions == {A: "deleted", B: "deleted", C: "deleted"}
    assert ": complete, 3 deleted of 3 instances; " in done.output
    assert "\nReport: /" in done.output
    assert done.waves == [(1, "complete"), (2, "complete")]
    assert {**report_of(folder), "path": done.report["path"]} == done.report
    assert done.report["api"]["calls"] == len(cloud.calls())
    assert done.totals["elastic_ips_released"] == 1
    assert len(done.left("disks", "disk_id")) == 1
    assert all(cloud.control.resource(each) is None for each in (A, B, C))


def test_what_is_refused_leaves_no_report_of_an_earlier_use(cloud: Cloud, ansible: Ansible) -> None:
    cloud.seed(stopped(A), **FASTER)
    uses = campaign_tasks({"instance_ids": A, "state": "mark"}), campaign_tasks({"instance_ids": [A, None]})
    used = outcome_of(ansible.play([*uses[0], *uses[1]], environment={"ANSIBLE_PIPELINING": "1"}))
    assert "blank or null member" in used.message
    assert used.report == {}


def test_text_of_the_cloud_is_only_text(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> None:
    trap = "{{ 1/0 }}{% x %}<script>"
    cloud.seed(stopped(A, name=trap, tags={"note": trap}, elastic_ip=True, disks=[{"size": 20}]), **FASTER)
    roomy(cloud)
    used = decommission(ansible, instance_ids=A, report_dir=str(tmp_path))
    assert used.message == ""
    assert used.totals["backups_made"] == 1
    assert used.machine(A)["name"] == trap
    assert report_of(tmp_path)["machines"][0]["name"] == trap
    assert "<script>x" not in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_play_in_check_mode_is_a_preview_without_the_option_of_the_command_line(
    cloud: Cloud, ansible: Ansible, tmp_path: Path
) -> None:
    cloud.seed(stopped(A), **FASTER)
    folder = tmp_path / "campaign"
    tasks = campaign_tasks({"instance_ids": A, "report_dir": str(folder), "backup": "none"})
    preview = outcome_of(ansible.play(tasks, play={"check_mode": True}, environment={"ANSIBLE_PIPELINING": "1"}))
    assert preview.report["check_mode"] is True, preview.message
    assert preview.report["outcome"] == "planned", preview.message
    assert cloud.writes() == []
    assert cloud.exists(A)
    assert [each.name for each in folder.iterdir()] == ["plan"]


@pytest.mark.thorough
def test_a_variable_of_the_backup_on_the_command_line_removes_no_older_backup(cloud: Cloud, ansible: Ansible) -> None:
    """A campaign has variables of its own; what belongs to the role vm_backup means nothing to it."""
    cloud.seed(stopped(A), **FASTER)
    roomy(cloud)
    old = [{"id": f"img-{name}", "of": A, "created": "-70h", "description": marker(f"c-{name}", A)} for name in ("a", "b")]
    add(cloud, images=old)
    done = decommission(ansible, "-e", "vm_backup_keep=1", instance_ids=A)
    assert done.actions == {A: "deleted"}, done.message
    assert {"img-a", "img-b"} < set(resources(cloud, "images"))


def test_a_killed_play_is_finished_and_nothing_else_is_touched(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> None:
    """It is killed between an accepted delete and the release of the address; meanwhile another machine gets the tag."""
    address = {"id": "fip-aaaaaaaaaa", "address": "203.0.113.7"}
    project: Json = {"tags": {"project": "x"}}
    cloud.seed(stopped(A, elastic_ip=address, **project), stopped(C), **FASTER)
    wanted: Json = {"tags": "project=x", "elastic_ips": "release", "report_dir": str(tmp_path / "x"), "backup": "none"}
    kill_campaign_at(cloud, ansible, "vpc.deleteElasticIp", wanted)
    record = json.loads((tmp_path / "x" / "record.json").read_text(encoding="utf-8"))
    cloud.control.act("retag", C, set=project["tags"])

    done = decommission(ansible, **wanted)
    assert done.message == "", done.message
    assert "Resumes campaign " in done.output
    assert done.report["campaign"] == record["campaign"]
    assert done.actions == {A: "deleted"}
    assert cloud.control.resource(address["id"]) is None
    assert not any(entry["method"] != "GET" for entry in cloud.calls(resource=C))
    assert [run["outcome"] for run in done.report["runs"]] == ["interrupted", "complete"]


def test_machines_are_marked_and_taken_back(cloud: Cloud, ansible: Ansible) -> None:
    cloud.seed(running(A), stopped(B), **FASTER)
    mark: Json = {"state": "mark", "instance_ids": [A, B], "stop_running": "true"}
    unmark: Json = {"state": "unmark", "instance_ids": [A, B], "start_again": "yes"}
    used = outcome_of(ansible.play([*campaign_tasks(mark), *campaign_tasks(unmark)], environment={"ANSIBLE_PIPELINING": "1"}))
    assert "2 of 2 instances are marked" in used.output
    assert used.actions == {A: "unmarked", B: "unmarked"}
    assert cloud.status(A) == "running"
    assert cloud.status(B) == "stopped"
