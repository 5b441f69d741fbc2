# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Examples run: plays and tasks in check mode, inventories as they are, and commands as a reader would type them, with --check.

A failed task is a wrong example: an option that does not exist, a value that is refused, a result without such a key.
"""

from __future__ import annotations

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from support.examples.blocks import Example, all_examples
from support.examples.fleet import made_ready
from support.examples.rules import LEFT_OPEN, RUN_COMMANDS, commands_in, extra_variables, kind_of, moved
from support.integration.cloud import Cloud
from support.integration.commands import BIN, Ansible
from support.json_object import Json

pytestmark = pytest.mark.foreign

YAML = [example for example in all_examples() if example.language == "yaml"]
SHELL = [example for example in all_examples() if example.language == "shell"]
HARBOR: Json = {
    "tags": {"project": "harbor"},
    "keyed_groups": [{"key": "jdcloud_region", "prefix": "region"}, {"key": "jdcloud_tags", "prefix": "tag"}],
}
"""The machines of the plays over an inventory, with the groups that these name."""
ANSIBLE_WARNS = (
    "[DEPRECATION WARNING]",
    "reserved name",
    "[WARNING]: Could not match",
    "Collection jdcloud.cloud does not support",
)
"""Parts of warnings of Ansible itself that an example must not cause."""

OF_HOOKS = "vm_decommission_event"
"""What only tasks of hooks have. They talk to services that are not there, and run in test_hooks.py."""


class Reader:
    """A user who tries the examples out, in a folder of their own."""

    def __init__(self, cloud: Cloud, folder: Path) -> None:
        self.folder = folder
        self.cloud = cloud
        self.manifest = made_ready(cloud, folder)
        keys = {name: cloud.environment()[f"JDCLOUD_{name}"] for name in ("ACCESS_KEY", "SECRET_KEY")}
        shop = {f"SHOP_{name}": key for name, key in keys.items()}
        # Pipelining saves several processes for each task.
        self._environment = Ansible(cloud, folder).environment(ANSIBLE_PIPELINING="true", **shop)
        for example in YAML:
            if example.name is not None:
                self.save(example.name, example.text)

    def save(self, name: str, text: str) -> Path:
        """Write a file, with the folders of this machine moved below that of the test."""
        path = self.folder / name
        path.write_text(moved(text, str(self.folder)), encoding="utf-8")
        return path

    def run(self, words: list[str]) -> str:
        """Run one of Ansible's commands, and return what it says if it fails or Ansible warns."""
        process = subprocess.run(
            [str(BIN / words[0]), *(moved(word, str(self.folder)) for word in words[1:])],
            env=self._environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        output = process.stdout + process.stderr
        wrong = process.returncode or any(word in output for word in ANSIBLE_WARNS)
        return output if wrong else ""


@pytest.fixture
def reader(cloud: Cloud, tmp_path: Path) -> Reader:
    """A user in front of a cloud that holds what the examples name."""
    return Reader(cloud, tmp_path)


def plays_of(examples: list[Example], variables: Json) -> list[Json]:
    """All plays, and a play for each list of tasks; each is called after the place where it stands."""
    plays: list[Json] = []
    for example in examples:
        read = yaml.safe_load(example.text)
        if kind_of(example.text) == "plays":
            plays += [{**play, "name": f"{example.where} {play['name']}"} for play in read]
        elif kind_of(example.text) == "tasks":
            plays.append({"name": example.where, "hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": read})
    return plays


@pytest.mark.parametrize("of_plugins", [True, False], ids=["plugins", "guides"])
def test_plays_and_tasks_run_in_check_mode(reader: Reader, of_plugins: bool) -> None:
    variables: Json = {
        "manifest": reader.manifest,
        "ids": ["i-1kch0awxq9", "i-4x9q2m7kva"],
        "retained": {"disks": [{"disk_id": "vol-7q1x0k3m9z"}], "elastic_ips": [{"elastic_ip_id": "fip-1kch0awxq9"}]},
    }
    examples = [
        example for example in YAML if example.where.startswith("plugins/") == of_plugins and OF_HOOKS not in example.text
    ]
    plays = plays_of(examples, variables)
    assert len(plays) >= 6
    reader.save("hosts.jdcloud_vm.yml", yaml.safe_dump({"plugin": "jdcloud.cloud.jdcloud_vm", **HARBOR}))
    playbook = reader.save("examples.yml", yaml.safe_dump(plays, sort_keys=False))
    texts = reader.run(["ansible-playbook", "-i", "hosts.jdcloud_vm.yml", str(playbook), "--check"])
    assert not texts, texts
    assert reader.cloud.writes() == []


def test_inventories_are_read(reader: Reader) -> None:
    sources = [example for example in YAML if kind_of(example.text) == "inventory"]
    words = ["ansible-inventory", "--list"]
    for number, example in enumerate(sources):
        words += ["-i", str(reader.save(f"n{number}.jdcloud_vm.yml", example.text))]
    reader.save("ansible.cfg", "")
    texts = reader.run([*words, "--export"])
    assert not texts, texts


def commands() -> list[tuple[str, list[str]]]:
    """Each command of Ansible once, with the place where it stands. A preview and its run are one; those left open are none."""
    found: dict[tuple[str, ...], tuple[str, list[str]]] = {}
    for example in SHELL:
        for words in commands_in(example.text):
            if words[0] in RUN_COMMANDS and not any(LEFT_OPEN in word for word in words):
                # Commands that set the same variables of the same playbook to other values are one, too.
                sort = (*words[:2], *sorted(extra_variables(words))) if words[0] == "ansible-playbook" else tuple(checked(words))
                found.setdefault(sort, (example.where, checked(words)))
    return list(found.values())


def checked(words: list[str]) -> list[str]:
    """The command with --check where it could change something. A playbook that is an example itself is run elsewhere."""
    plain = [word for word in words if word not in ("--check", "--diff")]
    if words[0] == "ansible-playbook" and any(word in {example.name for example in YAML} for word in words):
        return [*plain, "--syntax-check"]
    return [*plain, "--check"] if words[0] in ("ansible", "ansible-playbook") else plain


def test_commands_run_with_check(reader: Reader) -> None:
    todo = commands()
    assert len(todo) >= 12
    with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        outputs = list(pool.map(lambda command: reader.run(command[1]), todo))
    wrong = "\n".join(f"{where}: {words}\n{output}" for (where, words), output in zip(todo, outputs, strict=True) if output)
    assert not wrong, wrong
    assert reader.cloud.writes() == []


def test_a_task_with_an_option_that_does_not_exist_fails(reader: Reader) -> None:
    wrong = Example("x.md:1", "yaml", "- name: Wrong\n  jdcloud.cloud.jdcloud_vm_info:\n    instance_idz: i-1kch0awxq9\n")
    playbook = reader.save("wrong.yml", json.dumps(plays_of([wrong], {})))
    assert "instance_idz" in reader.run(["ansible-playbook", str(playbook), "--check"])
