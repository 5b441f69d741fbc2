# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook jdcloud.cloud.find_idle, by name: idle instances are found, marked, and nothing else is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.integration.cloud import Cloud
from support.integration.commands import Ansible

from .test_decommission import run, stats

IDLE, BUSY, OLD = "i-aaaa000001", "i-bbbb000002", "i-cccc000003"


@pytest.fixture
def fleet(cloud: Cloud) -> Cloud:
    """One idle instance, one busy, one stopped for long."""
    machines: list[dict[str, Any]] = [
        {"id": IDLE, "name": "web-old-01", "launched": "-90d", "monitor": {"load": "idle"}, "fee": 80},
        {"id": BUSY, "name": "web-01", "launched": "-90d", "monitor": {"load": "busy"}},
        {"id": OLD, "status": "stopped", "launched": "-90d", "monitor": {"load": "idle", "until": "-20d"}, "fee": 200},
    ]
    cloud.seed(*machines)
    return cloud


def tags(cloud: Cloud, instance_id: str) -> dict[str, str]:
    """The tags of an instance."""
    return {tag["key"]: tag["value"] for tag in (cloud.control.resource(instance_id) or {}).get("tags") or ()}


@pytest.mark.cores
def test_idle_instances_are_found_and_marked_up_to_the_cap(fleet: Cloud, ansible: Ansible, tmp_path: Path) -> None:
    given = {"mark": "true", "max_instances": "2", "report_dir": str(tmp_path / "idle"), "exclude": "role=backup"}
    played = run(ansible, "find_idle", vm_decommission_stop_running="true", **_named(given))
    found = stats(played)["find_idle"]
    assert (found["outcome"], found["candidate_ids"], found["marked"], found["failed"]) == ("complete", [OLD, IDLE], 2, 0)
    assert found["report"] == str(tmp_path / "idle" / "idle.html")
    assert {each: "decommission-after" in tags(fleet, each) for each in (IDLE, BUSY, OLD)} == {IDLE: True, BUSY: False, OLD: True}
    assert "2 idle instances can be deleted: " in played.output
    report = json.loads((tmp_path / "idle" / "idle.json").read_text(encoding="utf-8"))
    assert report["to_mark"] == {"cn-north-1": [OLD, IDLE]}


@pytest.mark.thorough
def test_in_check_mode_a_plan_of_the_marks_is_handed_over_and_nothing_is_marked(fleet: Cloud, ansible: Ansible) -> None:
    handed = stats(run(ansible, "find_idle", "--check", **_named({"mark": "true", "max_instances": "2"})))
    assert handed["find_idle"]["marked"] == 2
    assert (handed["decommission_plan"]["kind"], sorted(handed["decommission_plan"]["instance_ids"])) == ("mark", [IDLE, OLD])
    assert tags(fleet, IDLE) == {}


@pytest.mark.thorough
def test_more_than_the_cap_fails_before_anything_is_marked(fleet: Cloud, ansible: Ansible) -> None:
    played = run(ansible, "find_idle", **_named({"mark": "true", "max_instances": "1"}))
    assert played.status == 2
    assert "2 idle instances can be marked, more than find_idle_max_instances (1), so nothing was marked" in played.output
    assert (stats(played)["find_idle"]["outcome"], tags(fleet, OLD)) == ("failed", {})


@pytest.mark.thorough
def test_a_selection_of_the_role_is_refused(fleet: Cloud, ansible: Ansible) -> None:
    played = run(ansible, "find_idle", vm_decommission_instance_ids=BUSY)
    assert played.status == 2
    assert "vm_decommission_instance_ids: refused here, because only idle instances are marked" in played.output


def _named(variables: dict[str, str]) -> dict[str, str]:
    return {f"find_idle_{name}": value for name, value in variables.items()}
