# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts on their way through roles and playbooks: native types, answers of a survey as AWX writes them, dates and keys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.release import __version__ as core

from support.integration.campaigns import FASTER, QUICK, decommission, roomy
from support.integration.cloud import Cloud, stopped
from support.integration.commands import Ansible
from support.integration.role_backups import A, B, C
from support.json_object import Json

OLD = tuple(int(part) for part in core.split(".")[:2]) < (2, 19)
"""Whether an answer in the file of AWX stays a text whatever it looks like."""
NATIVE = {"ANSIBLE_JINJA2_NATIVE": "true"}
TRAP = "{{ lookup('ansible.builtin.pipe', 'touch trapped') }}"


class Answers(yaml.SafeDumper):
    """How AWX writes the variables of a survey: every text carries !unsafe."""


Answers.add_representer(str, lambda dumper, text: dumper.represent_scalar("!unsafe", text))


def answers(folder: Path, **given: Any) -> str:
    """The word of the command line that hands them over."""
    path = folder / "env-extravars"
    path.write_text("".join(yaml.dump({name: value}, Dumper=Answers) for name, value in given.items()), encoding="utf-8")
    return f"@{path}"


def reading(reader: str) -> Json:
    """A task that reads variables, whose failure does not end the play."""
    return {
        "name": f"Read {reader}",
        "jdcloud.cloud.jdcloud_campaign": {"stage": "read", "reader": reader},
        "register": reader,
        "ignore_errors": True,
    }


@pytest.mark.cores
def test_texts_stay_texts_with_native_types(cloud: Cloud, ansible: Ansible) -> None:
    """With native types ansible-core 2.18 makes 2026.1 of the text 2026.10 in every template."""
    cloud.seed(
        stopped(A, name="1_0", tags={"release": "2026.10"}),
        stopped(B, name="10", tags={"release": "2026.1"}),
        stopped(C, name="1_0x", tags={"release": "2026.10", "True": "1e3"}),
        **FASTER,
    )
    roomy(cloud)
    done = decommission(
        ansible,
        environment=NATIVE,
        name="1_0",
        tags={"release": "2026.10"},
        protect_tags={"True": "1e3"},
        campaign="2026.10",
        backup="image",
    )
    assert done.message == ""
    assert done.actions == {A: "deleted"}
    assert done.report["campaign"] == "2026.10"
    assert (cloud.exists(B), cloud.exists(C)) == (True, True)


@pytest.mark.cores
@pytest.mark.thorough
def test_empty_answers_of_a_survey_are_not_given(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> None:
    cloud.seed(stopped(A), stopped(B))
    empty = ("region", "name", "tags", "filters", "max_instances", "protect_tags", "waves", "campaign", "digest", "report_dir")
    given = {f"vm_decommission_{name}": "" for name in (*empty, "on_blocked", "disks", "elastic_ips", "grace_days", "prices")}
    chosen = {"vm_decommission_instance_ids": f"{A}", "vm_decommission_backup": "none", "vm_decommission_stop_running": "false"}
    words = ["-e", answers(tmp_path, **given, **QUICK, **chosen)]
    process = ansible._run(["ansible-playbook", "jdcloud.cloud.decommission", *words], None)
    assert process.returncode == 0, process.stdout
    assert (cloud.exists(A), cloud.exists(B)) == (False, True)


@pytest.mark.cores
def test_answers_that_are_no_texts_any_more_are_refused(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> None:
    given = {
        "vm_decommission_name": "007",
        "vm_backup_name": "2026-01-01",
        "vm_backup_instance_ids": "",
        "restore_image_id": "true",
        "cleanup_tag_key": '"1.10"',
    }
    played = ansible.play(
        [reading(reader) for reader in ("vm_decommission", "vm_backup", "restore")], "-e", answers(tmp_path, **given)
    )
    text = {reader: each.get("msg", "") for reader, each in played.results.items()}
    if OLD:
        assert text == {"vm_decommission": "", "vm_backup": "", "restore": ""}
        assert played["vm_backup"]["next"]["arguments"]["name"] == "2026-01-01"
        return
    assert text["vm_decommission"].startswith("vm_decommission_name is a number (7), not text: quote it")
    assert text["vm_backup"].startswith("vm_backup_name is a date (2026-01-01), not text: quote it")
    assert text["restore"].startswith("restore_image_id is a boolean (true), not text: quote it")


@pytest.mark.cores
@pytest.mark.thorough
def test_answers_in_quotes_and_in_json_stay_texts(ansible: Ansible, tmp_path: Path) -> None:
    given = {"vm_backup_name": '"007"', "vm_backup_tags": '{"build": "2026-01-01"}', "vm_backup_filters": "az=true"}
    played = ansible.play([reading("vm_backup")], "-e", answers(tmp_path, **given))
    arguments = played["vm_backup"]["next"]["arguments"]
    assert (arguments["name"], arguments["tags"], arguments["filters"]) == ("007", {"build": "2026-01-01"}, {"az": "true"})


@pytest.mark.cores
def test_rule_24_an_answer_is_never_a_template(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> None:
    use = {"name": "Use", "ansible.builtin.include_role": {"name": "jdcloud.cloud.vm_backup"}}
    given = {"vm_backup_name": TRAP, "vm_backup_tags": f"a={TRAP.replace(',', ' +')}", "vm_backup_method": "snapshots"}
    ansible.play([{"name": "Try", "block": [use], "ignore_errors": True}], "-e", answers(tmp_path, **given))
    assert cloud.calls("vm.describeInstances") != []
    assert list(tmp_path.rglob("trapped")) == []


@pytest.mark.cores
def test_rule_04_dates_and_keys_are_refused_before_a_module_sees_them(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> None:
    """Ansible hands them over as texts that nobody wrote. Such a playbook is no JSON, so it is written here."""
    tasks = [
        ("jdcloud_vm", "{state: absent, tags: {window: 2026-01-01 10:00:00}}"),
        ("jdcloud_tag", "{instance_ids: i-a, set: {010: a}}"),
        ("jdcloud_image_info", "{name: 010}"),
    ]
    lines = [f"  - jdcloud.cloud.{module}: {text}\n    register: {module}\n    ignore_errors: true\n" for module, text in tasks]
    words = "[jdcloud_vm.msg, jdcloud_tag.msg, jdcloud_image_info.msg]"
    keep = {"content": f"{{{{ {words} | to_json }}}}", "dest": str(tmp_path / "messages.json"), "mode": "0600"}
    lines.append(f"  - ansible.builtin.copy: {json.dumps(keep)}\n")
    play = tmp_path / "play.yml"
    play.write_text("- hosts: localhost\n  gather_facts: false\n  tasks:\n" + "".join(lines), encoding="utf-8")
    process = ansible._run(["ansible-playbook", str(play)], None)
    assert process.returncode == 0, process.stdout
    messages = yaml.safe_load((tmp_path / "messages.json").read_text(encoding="utf-8"))
    assert [message.partition(", not text: quote it")[0] for message in messages] == [
        "tags.window is a date (2026-01-01 10:00:00)",
        "set has a key that is a number (8)",
        "name is a number (8)",
    ]
    assert cloud.calls() == []
