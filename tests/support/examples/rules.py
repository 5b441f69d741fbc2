# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an example is, and what of it can be checked without running it."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any

import yaml

from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.input.other_variables import VARIABLES
from support.examples.blocks import ROOT

PLAIN_COMMANDS = frozenset(
    {
        ".",
        "ansible-builder",
        "ansible-galaxy",
        "ansible-navigator",
        "ansible-rulebook",
        "bash",
        "cd",
        "export",
        "git",
        "jdc",
        "make",
        "mv",
    }
    | {"pip", "podman", "python", "python3", ".venv/bin/python", "sh"}
)
"""First words of commands that are only parsed: they install, build, need an account, or never end."""
RUN_COMMANDS = frozenset({"ansible", "ansible-doc", "ansible-inventory", "ansible-playbook"})
LEFT_OPEN = "…"
"""Stands in examples for what the reader fills in."""
_VARIABLE = re.compile(r"(vm_backup|vm_decommission|cleanup|expire_backups|find_idle|restore|decommission|jdcloud_awx)_[a-z_]+")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_FOLDERS = re.compile(r"(?<![\w/.])(?=/(?:backup|var/(?:backups|lib|log))/)")


def kind_of(text: str) -> str:
    """What a YAML example is: inventory, plays, tasks, variables, seed, requirements of collections, or other."""
    read = yaml.safe_load(text)
    if isinstance(read, list):
        return "plays" if any("hosts" in each or "ansible.builtin.import_playbook" in each for each in read) else "tasks"
    if not isinstance(read, dict):
        return "other"
    if str(read.get("plugin", "")) == "jdcloud.cloud.jdcloud_vm":
        return "inventory"
    if set(read) == {"collections"} and all(set(each) <= {"name", "version"} for each in read["collections"]):
        return "requirements"
    if all(_VARIABLE.fullmatch(key) for key in read):
        return "variables"
    return "seed" if "regions" in read and "plugin" not in read else "other"


def known_variables() -> set[str]:
    """All variables of the roles and playbooks."""
    names: set[str] = set()
    for path in ROOT.glob("roles/*/meta/argument_specs.yml"):
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"].values():
            names |= set(entry["options"])
    for path in [*ROOT.glob("playbooks/*.yml"), *ROOT.glob("extensions/**/*.yml")]:
        # Not every variable of a playbook has a default there. Those that begin with underscores are its own.
        names |= {
            found[0] for found in re.finditer(rf"(?<!\w)(?:{_VARIABLE.pattern})(?!\w|\.yml)", path.read_text(encoding="utf-8"))
        }
    # Playbooks hand these to their reader by short names.
    return names | {name for read in VARIABLES.values() for name in read.values()}


def variables_in(value: Any) -> Iterator[str]:
    """All keys in a YAML document that look like a variable of a role or a playbook."""
    if isinstance(value, dict):
        for key, each in value.items():
            if isinstance(key, str) and _VARIABLE.fullmatch(key):
                yield key
            yield from variables_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from variables_in(each)


def inventory_options() -> set[str]:
    """All options of the inventory plugin that stand in its own documentation or in Ansible's fragments for inventories."""
    own = (ROOT / "plugins" / "inventory" / "jdcloud_vm.py").read_text(encoding="utf-8")
    shared = (ROOT / "plugins" / "doc_fragments" / "jdcloud.py").read_text(encoding="utf-8")
    names = set(re.findall(r"^ {2}(\w+):$", own + shared, flags=re.MULTILINE))
    constructed = {"compose", "groups", "keyed_groups", "strict", "use_extra_vars", "leading_separator"}
    return names | constructed | {"plugin", "cache", "cache_plugin", "cache_connection", "cache_timeout", "cache_prefix"}


def commands_in(text: str) -> list[list[str]]:
    """The commands of a shell example, as words, without comments and without assignments in front."""
    lines = text.replace("\\\n", " ").splitlines()
    found = []
    for line in lines:
        words = shlex.split(line.removeprefix("$ "), comments=True)
        while len(words) > 1 and _ASSIGNMENT.match(words[0]):
            words = words[1:]
        if words:
            found.append(words)
    return found


def extra_variables(words: list[str]) -> set[str]:
    """The names that a command sets with -e."""
    names = set()
    for option, value in zip(words, words[1:], strict=False):
        if option in ("-e", "--extra-vars") and value != LEFT_OPEN and not value.startswith("@"):
            names |= set(json.loads(value)) if value.startswith("{") else {part.partition("=")[0] for part in shlex.split(value)}
    return names


def moved(text: str, folder: str) -> str:
    """The text with the folders of this machine that examples name below a folder of the test instead."""
    return _FOLDERS.sub(folder, text)
