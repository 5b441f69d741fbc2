# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a command line, an event, an inventory and a play hand to the playbooks and roles, through Ansible itself."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from support.integration.campaigns import QUICK
from support.integration.cloud import Cloud, stopped
from support.integration.commands import Ansible, Played
from support.integration.role_backups import FASTER
from support.json_object import Json

pytestmark = pytest.mark.cores

A, B = "i-aaaa000001", "i-bbbb000002"
WHOLE = {"vm_decommission_instance_ids": A, "vm_decommission_backup": "none"}
PYTHON = f"ansible_python_interpreter={sys.executable}"
# Whoever becomes another user ends here, whatever is installed.
BECOMES = {"ANSIBLE_BECOME": "true", "ANSIBLE_BECOME_EXE": "/bin/false"}


def _run(ansible: Ansible, playbook: str, *arguments: str, environment: dict[str, str] | None = None) -> Played:
    ended = ansible._run(["ansible-playbook", playbook, *arguments], environment)
    return Played(ended.returncode, ended.stdout + ended.stderr, {})


def _extra(variables: Json) -> list[str]:
    return ["-e", json.dumps(variables)]


def _role(**variables: Any) -> list[Json]:
    use: Json = {"ansible.builtin.include_role": {"name": "jdcloud.cloud.vm_decommission"}, "vars": {**QUICK, **variables}}
    return [{"name": "Use the role", **use}]


def _inventory(folder: Path, *lines: str) -> str:
    path = folder / "inventory.ini"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def test_left_over_words_of_a_tag_select_nothing_else(cloud: Cloud, ansible: Ansible) -> None:
    cloud.seed(stopped(A, tags={"project": "big"}), **FASTER)
    played = _run(
        ansible, "jdcloud.cloud.decommission", "-e", "vm_decommission_backup=none vm_decommission_tags=project=big data"
    )
    assert "the left-over words 'data'" in played.output
    assert cloud.calls() == []


def test_left_over_words_reach_no_role_of_a_users_own_play(cloud: Cloud, ansible: Ansible) -> None:
    cloud.seed(stopped(A), **FASTER)
    played = ansible.play(_role(vm_decommission_backup="none"), "-e", f"vm_decommission_instance_ids={A}, {B}")
    assert f"left-over words '{B}'" in played.output
    assert cloud.calls() == []


@pytest.mark.thorough
def test_left_over_words_of_a_module_on_the_command_line_are_refused_by_ansible(cloud: Cloud, ansible: Ansible) -> None:
    cloud.seed(stopped(A), **FASTER)
    words = f"state=absent instance_ids={A}, {B}"
    ended = ansible._run(["ansible", "localhost", "-m", "jdcloud.cloud.jdcloud_vm", "-a", words], None)
    assert ended.returncode != 0
    assert cloud.calls() == []


def test_tags_that_an_ad_hoc_call_gives_twice_delete_nothing(cloud: Cloud, ansible: Ansible) -> None:
    cloud.seed(stopped(A, tags={"env": "test"}), **FASTER)
    played = ansible.ad_hoc("jdcloud.cloud.jdcloud_vm", "state=absent tags=project=x tags=env=test")
    assert "tags is given twice" in played["localhost"]["msg"]
    assert cloud.calls() == []


def _plan(tmp_path: Path, **changes: Any) -> tuple[Json, Path]:
    """An approved plan, and the file that a template in it would make."""
    digest = hashlib.sha256(f"cn-north-1\n{A}".encode()).hexdigest()
    made = tmp_path / "made"
    evil = "{{ lookup('ansible.builtin.pipe', 'touch " + str(made) + "') }}"
    plan = {"kind": "absent", "region": "cn-north-1", "digest": f"sha256:{digest}", "instance_ids": [A]}
    return {"decommission_plan": {**plan, **{name: [evil] if name == "instance_ids" else evil for name in changes}}}, made


@pytest.mark.parametrize("field", ["instance_ids", "digest"])
def test_a_template_in_an_approved_plan_is_never_evaluated(cloud: Cloud, ansible: Ansible, tmp_path: Path, field: str) -> None:
    variables, made = _plan(tmp_path, **{field: True})
    played = _run(ansible, "jdcloud.cloud.decommission_approved", *_extra(variables))
    assert "'decommission_plan' contains a template" in played.output
    assert not made.exists()


def test_a_template_in_the_region_of_an_event_is_never_evaluated(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> None:
    variables, made = _plan(tmp_path, region=True)
    _run(ansible, "jdcloud.cloud.cleanup", *_extra({"cleanup_regions": variables["decommission_plan"]["region"]}))
    assert not made.exists()


@pytest.mark.thorough
def test_an_answer_that_awx_marks_as_data_may_hold_braces(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> None:
    """AWX hands answers over as texts that Ansible does not evaluate."""
    answers = tmp_path / "answers.yml"
    answers.write_text("cleanup_tag_key: !unsafe 'a{{ 7*7 }}'\n", encoding="utf-8")
    played = _run(ansible, "jdcloud.cloud.cleanup", "-e", f"@{answers}")
    assert played.status == 0, played.output


def test_become_of_the_surroundings_does_not_reach_a_playbook(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> None:
    inventory = _inventory(tmp_path, f"localhost {PYTHON} ansible_become=true")
    played = _run(ansible, "jdcloud.cloud.cleanup", "-i", inventory, environment=BECOMES)
    assert played.status == 0, played.output


def test_become_of_the_surroundings_does_not_reach_a_role(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> None:
    """An outer play with become, and a group that says it of this computer, where the tasks are delegated to."""
    cloud.seed(stopped(A), **FASTER)
    inventory = _inventory(tmp_path, "[ours]", f"localhost {PYTHON}", "web1", "[ours:vars]", "ansible_become=true")
    use: Json = {"ansible.builtin.include_role": {"name": "jdcloud.cloud.vm_backup"}, "vars": {"vm_backup_instance_ids": A}}
    ansible.play([use], "-i", inventory, "--check", play={"hosts": "web1", "become": True}, environment=BECOMES)
    assert {entry["operation"] for entry in cloud.calls()} >= {"vm.describeInstances"}


def test_become_of_the_extra_variables_is_refused_since_nothing_overrides_it(cloud: Cloud, ansible: Ansible) -> None:
    cloud.seed(stopped(A), **FASTER)
    played = ansible.play(_role(**WHOLE), "-e", "ansible_become=true", environment=BECOMES)
    assert played.status != 0
    assert cloud.calls() == []


@pytest.mark.parametrize("limit", ["web1", "nosuch"])
def test_a_limit_that_leaves_no_host_is_no_green_nothing(cloud: Cloud, ansible: Ansible, tmp_path: Path, limit: str) -> None:
    inventory = _inventory(tmp_path, "web1" if limit == "web1" else "")
    played = _run(ansible, "jdcloud.cloud.cleanup", "-i", inventory, "--limit", limit)
    assert "The limit leaves out localhost" in played.output
    assert played.status != 0


@pytest.mark.thorough
def test_a_limit_that_leaves_this_computer_is_fine(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> None:
    inventory = _inventory(tmp_path, "web1", "[control]", f"localhost {PYTHON}")
    played = _run(ansible, "jdcloud.cloud.cleanup", "-i", inventory, "--limit", "control")
    assert played.status == 0, played.output


def test_a_role_over_three_hosts_is_refused_before_anything_is_made_three_times(
    cloud: Cloud, ansible: Ansible, tmp_path: Path
) -> None:
    cloud.seed(stopped(A), **FASTER)
    inventory = _inventory(tmp_path, "web1", "web2", "web3")
    play: Json = {"hosts": "all", "serial": 1}
    played = ansible.play(_role(**WHOLE), "-i", inventory, play=play)
    assert "This play has 3 hosts" in played.output
    assert cloud.calls() == []


def test_a_connection_of_the_extra_variables_leads_to_no_other_computer(cloud: Cloud, ansible: Ansible) -> None:
    cloud.seed(stopped(A), **FASTER)
    played = _run(ansible, "jdcloud.cloud.decommission", *_extra(WHOLE), "-e", "ansible_connection=ssh")
    assert "a connection of the type 'ssh'" in played.output
    assert cloud.calls() == []


@pytest.mark.thorough
def test_a_role_that_is_included_once_in_a_play_over_three_hosts_is_used(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> None:
    cloud.seed(stopped(A), **FASTER)
    inventory = _inventory(tmp_path, "web1", "web2", "web3")
    [use] = _role(**WHOLE)
    played = ansible.play([{**use, "run_once": True}], "-i", inventory, "-e", PYTHON, "--check", play={"hosts": "all"})
    assert played.status == 0, played.output
