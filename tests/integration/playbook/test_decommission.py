# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks jdcloud.cloud.decommission and jdcloud.cloud.cleanup, by name, with texts for everything."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from support.integration.campaigns import QUICK, roomy
from support.integration.cloud import REGION, Cloud, running, stopped
from support.integration.commands import Ansible, Played
from support.integration.role_backups import FASTER
from support.json_object import Json

A, B, C, D = "i-aaaa000001", "i-bbbb000002", "i-cccc000003", "i-dddd000004"
KEY = "decommission-after"


def due(days: int) -> Json:
    """Tags with a date so many days from today in Beijing."""
    today = datetime.now(UTC).astimezone(timezone(timedelta(hours=8))).date()
    return {KEY: (today + timedelta(days=days)).isoformat()}


def run(ansible: Ansible, playbook: str, *arguments: str, **variables: Any) -> Played:
    """Run a playbook by its name."""
    words = [word for name, value in {**QUICK, **variables}.items() for word in ("-e", json.dumps({name: value}))]
    ended = ansible._run(
        ["ansible-playbook", f"jdcloud.cloud.{playbook}", *words, *arguments], {"ANSIBLE_SHOW_CUSTOM_STATS": "1"}
    )
    return Played(ended.returncode, ended.stdout + ended.stderr, {})


def stats(played: Played) -> Json:
    """What the playbook leaves to a workflow."""
    _before, _found, after = played.output.partition("RUN: ")
    text, _end = json.JSONDecoder().raw_decode(after.strip())
    return dict(text)


@pytest.mark.cores
def test_a_campaign_with_texts_for_everything(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> None:
    cloud.seed(running(A, tags={"project": "x"}), stopped(B, tags={"project": "x"}), stopped(C), **FASTER)
    roomy(cloud)
    played = run(
        ansible,
        "decommission",
        vm_decommission_tags="project=x",
        vm_decommission_max_instances="2",
        vm_decommission_stop_running="true",
        vm_decommission_waves="100%",
        vm_decommission_max_failures="0",
        vm_decommission_report_dir=str(tmp_path),
        vm_decommission_prices='{"instance": 100}',
    )
    text = stats(played)["decommission"]
    assert played.status == 0, played.output
    assert text["outcome"] == "complete"
    assert text["totals"]["deleted"] == 2
    assert text["failed_ids"] == []
    assert text["report"] == str(tmp_path / "report.html")
    assert Path(text["report"]).is_file()
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["money"]["saved"] == 200
    assert cloud.status(C) == "stopped"


def test_a_campaign_that_fails_ends_with_a_failure_and_still_tells_its_counts(cloud: Cloud, ansible: Ansible) -> None:
    cloud.seed(stopped(A), **FASTER)
    cloud.control.inject("error", operation="vm.deleteInstance", times=0, http=403, status="PERMISSION_DENIED")
    played = run(ansible, "decommission", vm_decommission_instance_ids=A, vm_decommission_backup="none")
    text = stats(played)["decommission"]
    assert played.status == 2
    assert text["outcome"] == "failed"
    assert text["failed_ids"] == [A]


@pytest.mark.cores
def test_the_clean_up_deletes_what_is_due_and_says_why_the_others_stay(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> None:
    cloud.seed(
        stopped(A, tags=due(-1)),
        stopped(B, tags=due(3)),
        running(C, tags=due(-5)),
        stopped(D, tags={KEY: "2026/01/01"}),
        stopped("i-eeee000005"),
        **FASTER,
    )
    roomy(cloud)
    nightly = tmp_path / "reports" / "nightly"
    played = run(ansible, "cleanup", cleanup_regions=f"{REGION}, cn-east-2", cleanup_report_dir=str(nightly))
    text = stats(played)["cleanup"]
    assert played.status == 0, played.output
    assert [text[name] for name in ("due", "blocked", "deleted", "failed")] == [1, 3, 1, 0]
    assert cloud.control.resource(A) is None
    assert cloud.status(C) == "running"
    assert all(cloud.control.resource(each) is not None for each in (B, C, D, "i-eeee000005"))
    assert text["reports"] == [str(nightly / REGION / "report.html")]
    # Whether a machine is due is asked again right before it goes.
    told = json.loads((nightly / REGION / "report.json").read_text(encoding="utf-8"))["options"]
    assert (told["due_only"], told["tag_key"]) == (True, KEY)
    for part in ("2026/01/01", B, C):
        assert part in played.output


@pytest.mark.thorough
def test_a_preview_of_the_clean_up_changes_nothing(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> None:
    cloud.seed(stopped(A, tags=due(-1)), stopped(B, tags=due(3)), **FASTER)
    roomy(cloud)
    nightly = tmp_path / "reports" / "nightly"
    preview = run(ansible, "cleanup", "--check", cleanup_regions=REGION, cleanup_report_dir=str(nightly))
    assert preview.status == 0, preview.output
    assert cloud.writes() == [], preview.output
    assert not nightly.parent.exists()
    assert stats(preview)["cleanup"]["deleted"] == 1


def test_a_selection_for_the_clean_up_is_refused(cloud: Cloud, ansible: Ansible) -> None:
    """What is due is what it deletes; a selection would mean something else."""
    cloud.seed(stopped(A, tags=due(-1)), **FASTER)
    played = run(ansible, "cleanup", vm_decommission_tags="project=x")
    assert played.status == 2, played.output
    assert "vm_decommission_tags" in " ".join(played.output.split()), played.output
    assert cloud.writes() == []


@pytest.mark.thorough
def test_a_second_use_in_the_same_run_that_fails_does_not_show_the_counts_of_the_first(
    cloud: Cloud, ansible: Ansible, tmp_path: Path
) -> None:
    cloud.seed(stopped(A, tags=due(+3)), **FASTER)
    use: Json = {"name": "Clean up", "ansible.builtin.import_playbook": "jdcloud.cloud.cleanup"}
    both = [use, {**use, "vars": {"cleanup_on_too_many": "never"}}]
    path = tmp_path / "both.yml"
    path.write_text(json.dumps(both), encoding="utf-8")
    ended = ansible._run(["ansible-playbook", str(path)], {"ANSIBLE_SHOW_CUSTOM_STATS": "1"})
    text = stats(Played(ended.returncode, ended.stdout + ended.stderr, {}))["cleanup"]
    assert (text["outcome"], text["blocked"]) == ("failed", 0)
