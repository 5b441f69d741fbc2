# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every playbook that can be run by its name, and both roles, begin in the same way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
PLAYBOOKS = sorted([*ROOT.glob("playbooks/*.yml"), *ROOT.glob("extensions/patterns/*/playbooks/*.yml")])
CHECK = "jdcloud.cloud.jdcloud_surroundings"


def _plays(path: Path) -> list[dict[str, Any]]:
    return [play for play in yaml.safe_load(path.read_text(encoding="utf-8")) if "hosts" in play]


PLAYS = [
    pytest.param(play, id=f"{path.relative_to(ROOT)}: {play['name']}")
    for path in PLAYBOOKS
    if not path.name.endswith(".meta.yml")
    for play in _plays(path)
]


@pytest.mark.parametrize("play", PLAYS)
def test_a_play_checks_what_is_handed_over_before_it_uses_any_of_it(play: dict[str, Any]) -> None:
    assert play["tasks"][0][CHECK] == {"extra_variables": "data"}


@pytest.mark.parametrize("play", PLAYS)
def test_a_play_runs_here_as_the_caller_whatever_an_inventory_says(play: dict[str, Any]) -> None:
    messages = {name: play["vars"].get(name) for name in ("ansible_become", "ansible_connection")}
    assert messages == {"ansible_become": False, "ansible_connection": "local"}


@pytest.mark.parametrize("play", PLAYS)
def test_the_keyword_of_a_play_switches_become_off(play: dict[str, Any]) -> None:
    assert play["become"] is False


@pytest.mark.parametrize("play", PLAYS)
def test_a_play_refuses_a_limit_that_leaves_it_without_its_host(play: dict[str, Any]) -> None:
    assert "ansible_limit" in play["hosts"]


def test_all_plays_refuse_it_alike_so_that_one_of_them_is_tried_for_all() -> None:
    assert len({str(play["hosts"]) for path in PLAYBOOKS if not path.name.endswith(".meta.yml") for play in _plays(path)}) == 1


def test_all_tasks_of_a_role_run_here_as_the_caller() -> None:
    [whole] = yaml.safe_load((ROOT / "roles/vm_backup/tasks/main.yml").read_text(encoding="utf-8"))
    assert _is_here(whole)


def _is_here(task: dict[str, Any]) -> bool:
    place = (task.get("become"), task.get("delegate_to", "localhost"), task.get("vars"))
    return place == (False, "localhost", {"ansible_become": False, "ansible_connection": "local"})


def _actions(tasks: list[dict[str, Any]], *, here: bool = False) -> Iterator[tuple[dict[str, Any], bool]]:
    """The tasks of a file, and whether they run on this computer as the caller."""
    for task in tasks:
        place = here or _is_here(task)
        yield task, place
        for part in ("block", "rescue", "always"):
            yield from _actions(task.get(part, []), here=place)


@pytest.mark.parametrize("path", sorted(ROOT.glob("roles/vm_decommission/tasks/*.yml")), ids=lambda path: path.name)
def test_a_campaign_runs_here_as_the_caller_and_the_users_tasks_where_the_user_wants(path: Path) -> None:
    for task, here in _actions(yaml.safe_load(path.read_text(encoding="utf-8"))):
        if any(name.startswith("jdcloud.cloud.") for name in task):
            assert here, task["name"]
        if "ansible.builtin.include_tasks" in task:
            assert not here, task["name"]


@pytest.mark.parametrize("role", ["vm_backup", "vm_decommission"])
def test_a_role_begins_with_the_check(role: str) -> None:
    whole = yaml.safe_load((ROOT / "roles" / role / "tasks" / "main.yml").read_text(encoding="utf-8"))[0]
    assert CHECK in whole["block"][0]


def _tasks(tasks: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for task in tasks:
        yield task
        for part in ("block", "rescue", "always"):
            yield from _tasks(task.get(part, []))


@pytest.mark.parametrize("play", PLAYS)
def test_statistics_of_two_uses_in_one_run_are_never_mixed(play: dict[str, Any]) -> None:
    handed = [task["ansible.builtin.set_stats"] for task in _tasks(play["tasks"]) if "ansible.builtin.set_stats" in task]
    assert [each.get("aggregate") for each in handed] == [False] * len(handed)
