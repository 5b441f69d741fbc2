# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hooks of the role vm_decommission in real playbooks: the user's tasks, with what they are handed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.integration.campaigns import FASTER, decommission, report_of, role_variables
from support.integration.cloud import Cloud, stopped
from support.integration.commands import Ansible
from support.json_object import Json

A, B = "i-aaaa000001", "i-bbbb000002"
STRANGE = "{{ 7 * 6 }} 'web'"


def hooks(folder: Path, **tasks: list[Json]) -> Json:
    """Files with tasks, each of which first writes down what it was handed."""
    paths: Json = {}
    for name in ("on_plan", "before_wave", "after_wave", "after_campaign"):
        note = {
            "name": "Note",
            "ansible.builtin.lineinfile": {
                "path": str(folder / "events.jsonl"),
                "line": "{{ vm_decommission_event | to_json }}",
                "create": True,
                "mode": "0600",
            },
            "check_mode": False,
        }
        path = folder / f"{name}.yml"
        path.write_text(json.dumps([note, *tasks.get(name, [])]), encoding="utf-8")
        paths[name] = str(path)
    return paths


def events(folder: Path) -> list[Json]:
    """What the hooks were handed."""
    return [json.loads(line) for line in (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()]


def test_the_tasks_of_the_user_run_around_each_wave_and_end_the_campaign_where_one_fails(
    cloud: Cloud, ansible: Ansible, tmp_path: Path
) -> None:
    cloud.seed(stopped(A, name=STRANGE), stopped(B), **FASTER)
    folder = tmp_path / "campaign"
    refuse = {
        "name": "Ask the CMDB",
        "ansible.builtin.fail": {"msg": "secret"},
        "when": "vm_decommission_event.wave == 2",
    }
    wanted: Json = {"instance_ids": [A, B], "backup": "none", "waves": "1,100%", "report_dir": str(folder)}
    stopping = decommission(ansible, **wanted, **hooks(tmp_path, before_wave=[refuse]))
    assert "The task 'Ask the CMDB' of vm_decommission_before_wave failed before wave 2" in stopping.message
    assert stopping.actions == {A: "deleted", B: "not_started"}
    assert "secret" not in json.dumps(report_of(folder))
    found = [(each["hook"], each.get("wave")) for each in events(tmp_path)]
    assert found == [
        ("on_plan", None),
        ("before_wave", 1),
        ("after_wave", 1),
        ("before_wave", 2),
        ("after_campaign", None),
    ]
    assert events(tmp_path)[1]["machines"][0]["name"] == STRANGE
    assert not (folder / "lock.json").exists()
    assert cloud.control.resource(B) is not None


UNREACHABLE: Json = {
    "name": "Ask the CMDB",
    "ansible.builtin.command": "true",
    "delegate_to": "cmdb",
    "vars": {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 9, "ansible_ssh_common_args": "-F none"},
}


FAILS: Json = {"name": "Ask the CMDB", "ansible.builtin.fail": {"msg": "no"}}
MISSING: Json = {"name": "Ask the CMDB", "ansible.builtin.include_tasks": "/nowhere/cmdb.yml"}
IGNORES: Json = {"ignore_errors": True, "ignore_unreachable": True}


@pytest.mark.parametrize(
    ("keywords", "task"),
    [
        (IGNORES, FAILS),
        pytest.param(IGNORES, MISSING, marks=pytest.mark.thorough),
        pytest.param(IGNORES, UNREACHABLE, marks=pytest.mark.thorough),
        ({}, UNREACHABLE),
        ({}, {"name": "Ask the CMDB", "ansible.builtin.meta": "end_play"}),
        pytest.param({"any_errors_fatal": True}, FAILS, marks=pytest.mark.thorough),
    ],
    ids=["ignored", "file ignored", "unreachable ignored", "unreachable", "ends the play", "fatal"],
)
def test_whatever_the_play_says_of_errors_a_wave_waits_for_its_hook(
    cloud: Cloud, ansible: Ansible, tmp_path: Path, keywords: Json, task: Json
) -> None:
    cloud.seed(stopped(A), **FASTER)
    folder = tmp_path / "campaign"
    wanted: Json = {"instance_ids": A, "backup": "none", "report_dir": str(folder), **hooks(tmp_path, before_wave=[task])}
    use = {
        "name": "Use the role",
        "ansible.builtin.import_role": {"name": "jdcloud.cloud.vm_decommission"},
        "vars": role_variables(wanted),
    }
    ansible.play([{**use, **keywords}])
    assert {event["hook"] for event in events(tmp_path)} >= {"on_plan", "before_wave"}
    assert cloud.writes() == []
    assert cloud.control.resource(A) is not None
