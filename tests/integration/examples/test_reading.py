# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Examples are valid in their language, and name only what exists."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from jdcloud_emulator.process import EmulatorProcess
from support.examples.blocks import ROOT, Example, all_examples, in_markdown, in_plugin
from support.examples.rules import (
    LEFT_OPEN,
    PLAIN_COMMANDS,
    RUN_COMMANDS,
    commands_in,
    extra_variables,
    inventory_options,
    kind_of,
    known_variables,
    moved,
    variables_in,
)

pytestmark = pytest.mark.foreign

EXAMPLES = all_examples()


def of(language: str) -> list[Example]:
    """All examples of a language."""
    return [example for example in EXAMPLES if example.language == language]


def flaws(examples: list[Example], check: Callable[[str], object]) -> list[str]:
    """Where a check says something, or fails; with what it says."""
    found = []
    for example in examples:
        try:
            texts = check(example.text)
        except Exception as error:  # noqa: BLE001  (every failure is reported with its place)
            texts = f"{type(error).__name__}: {error}"
        if texts:
            found.append(f"{example.where}: {texts}")
    return found


def test_every_example_has_a_language_that_is_checked() -> None:
    assert {example.language for example in EXAMPLES} <= {"shell", "yaml", "python", "ini", "json", "text"}


def test_examples_are_found_in_all_places() -> None:
    places = {example.where.partition(":")[0] for example in EXAMPLES}
    modules = {f"plugins/modules/{path.name}" for path in (ROOT / "plugins" / "modules").glob("jdcloud_*.py")}
    assert modules | {"README.md", "docs/decommission.md", "roles/vm_backup/README.md"} <= places


def test_every_yaml_example_is_of_a_known_kind() -> None:
    def check(text: str) -> str:
        if kind_of(text) != "other":
            return ""
        unknown = set(yaml.safe_load(text)) - inventory_options()
        return f"no play, no tasks, no variables, and no options of the inventory: {sorted(unknown)}" if unknown else ""

    assert flaws(of("yaml"), check) == []


def test_inventory_examples_name_only_options_that_exist() -> None:
    inventories = [example for example in of("yaml") if kind_of(example.text) == "inventory"]
    assert len(inventories) >= 4
    assert flaws(inventories, lambda text: set(yaml.safe_load(text)) - inventory_options()) == []


def test_yaml_examples_name_only_variables_of_roles_and_playbooks_that_exist() -> None:
    known = known_variables()
    assert flaws(of("yaml"), lambda text: set(variables_in(yaml.safe_load(text))) - known) == []


def test_commands_set_only_variables_that_exist() -> None:
    known = known_variables()

    def check(text: str) -> set[str]:
        of_collection = [words for words in commands_in(text) if any(word.startswith("jdcloud.cloud.") for word in words)]
        return set().union(*map(extra_variables, of_collection)) - known

    assert flaws(of("shell"), check) == []


def test_shell_examples_are_valid_shell() -> None:
    bash = shutil.which("bash") or "bash"

    def check(text: str) -> str:
        return subprocess.run([bash, "-n"], input=text, capture_output=True, text=True, check=False).stderr

    assert flaws(of("shell"), check) == []


def test_commands_are_known_ones() -> None:
    known = PLAIN_COMMANDS | RUN_COMMANDS
    assert flaws(of("shell"), lambda text: {words[0] for words in commands_in(text)} - known) == []


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))

    def check(text: str) -> set[str]:
        named = [word for words in commands_in(text) if words[0] == "make" for word in words[1:]]
        return {word for word in named if "=" not in word} - targets

    assert flaws(of("shell"), check) == []


def test_files_of_the_repository_that_commands_name_exist() -> None:
    def check(text: str) -> list[str]:
        named = [word for words in commands_in(text) for word in words if word.startswith(("demo/", "extensions/", "tests/"))]
        return [word for word in named if not (ROOT / word).exists() and "<" not in word and LEFT_OPEN not in word]

    assert flaws(of("shell"), check) == []


def test_python_examples_are_valid_python() -> None:
    assert flaws(of("python"), lambda text: compile(text, "example", "exec") and "") == []


def test_settings_are_valid_ini() -> None:
    assert flaws(of("ini"), lambda text: configparser.ConfigParser().read_string(text)) == []


def test_json_examples_are_valid_json() -> None:
    assert flaws(of("json"), lambda text: json.loads(text) and "") == []


def test_the_emulator_takes_the_seeds_of_its_own_documentation(tmp_path: Path) -> None:
    def check(text: str) -> str:
        seed = tmp_path / "seed.yml"
        seed.write_text(text, encoding="utf-8")
        with EmulatorProcess(seed=seed) as emulator:
            return "" if emulator.control.health()["pid"] else "it does not run"

    seeds = [example for example in of("yaml") if kind_of(example.text) == "seed"]
    assert seeds
    assert flaws([*seeds, Example("demo/first.yml", "yaml", (ROOT / "demo/first.yml").read_text(encoding="utf-8"))], check) == []


# --- the checks themselves -------------------------------------------------------------------------------------------------


def test_a_misspelt_variable_of_a_role_is_noticed() -> None:
    (example,) = in_markdown("Text\n\n```yaml\nvm_backup_methode: image\n```\n", "x.md")
    assert set(variables_in(yaml.safe_load(example.text))) - known_variables() == {"vm_backup_methode"}


def test_a_misspelt_variable_of_a_command_is_noticed() -> None:
    (words,) = commands_in("ansible-playbook jdcloud.cloud.cleanup -e cleanup_region=x \\\n  -e cleanup_max_instances=3\n")
    assert extra_variables(words) - known_variables() == {"cleanup_region"}


def test_an_indented_block_holds_commands() -> None:
    (example,) = in_markdown("Text\n\n    make demo   # a comment\n    FOO=1 make test\n", "x.md")
    assert commands_in(example.text) == [["make", "demo"], ["make", "test"]]


def test_a_block_is_called_like_the_file_in_the_sentence_before() -> None:
    (example,) = in_markdown("Save it as `first.yml`:\n\n```yaml\nplugin: x\n```\n", "x.md")
    assert example.name == "first.yml"


def test_examples_of_a_plugin_are_split_into_documents() -> None:
    text = 'EXAMPLES = r"""\n# One\n---\nplugin: a\n\n# Two\n---\nplugin: b\n"""\n'
    assert [yaml.safe_load(example.text) for example in in_plugin(text, "x.py")] == [{"plugin": "a"}, {"plugin": "b"}]


def test_folders_of_the_machine_are_replaced_and_others_are_not() -> None:
    assert moved("a=/backup/x b=/var/lib/y c=/home/backup/z", "/tmp/t") == "a=/tmp/t/backup/x b=/tmp/t/var/lib/y c=/home/backup/z"
