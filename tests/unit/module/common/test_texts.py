# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rule 4: what YAML made of a text selects nothing, protects nothing and is not written, whichever option it stands in."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from ansible_collections.jdcloud.cloud.plugins.module_utils._module.restores.options import RESTORE_SPEC
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.tag import TAG_SPEC
from support.keys import SECRET
from support.module.documentation import SPECS
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Runner

MODULES = {**SPECS, "jdcloud_tag": TAG_SPEC, "jdcloud_vm_restore": RESTORE_SPEC}
TEXT_OPTIONS = [
    (module, option)
    for module in sorted(MODULES)
    for option, message in MODULES[module].items()
    if message["type"] in ("str", "raw", "path") and "choices" not in message
]
LIST_OPTIONS = [
    (module, option)
    for module in sorted(MODULES)
    for option, message in MODULES[module].items()
    if message["type"] == "list" and message["elements"] != "dict"
]


def refused(run: Runner, cloud: MemoryCloud, module: str, text: str) -> str:
    """What the module says about options as a playbook has them. It must have sent nothing."""
    ended = run(module, **yaml.safe_load(text))
    assert ended.failed
    assert "quote it" in ended.msg
    assert cloud.calls == []
    return ended.msg


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{build: 010}", "build is a number (8)"),
        ("{build: 12:30:00}", "build is a number (45000)"),
        ("{build: [a, 0x1f]}", "build is a number (31)"),
        ("{build: 2026.10}", "build is a decimal number (2026.1)"),
        ("{build: 1e3}", None),
        ("{build: yes}", "build is a boolean (true)"),
        ("{build: ~}", "build is null"),
        ("{build: 1_0}", "build is a number (10)"),
    ],
)
@pytest.mark.parametrize("option", ["tags", "protect_tags"])
def test_rule_04_a_tag_is_what_was_written(cloud: MemoryCloud, run: Runner, option: str, text: str, named: str | None) -> None:
    if named is None:
        # YAML 1.1 takes this for a text, so that it is one.
        assert not run("jdcloud_vm_info", **{option: yaml.safe_load(text)}).failed
        return
    message = refused(run, cloud, "jdcloud_vm", f"{{state: absent, instance_ids: [i-a], {option}: {text}}}")
    assert f"{option}.{named}" in message


def test_rule_04_a_filter_is_what_was_written(cloud: MemoryCloud, run: Runner) -> None:
    message = refused(run, cloud, "jdcloud_vm", "{state: absent, filters: {faultDomain: 010}}")
    assert "filters.faultDomain is a number (8)" in message


def test_rule_04_a_tag_is_written_as_it_was_meant(cloud: MemoryCloud, run: Runner) -> None:
    message = refused(run, cloud, "jdcloud_tag", "{instance_ids: [i-a], set: {build: 010}}")
    assert "set.build is a number (8)" in message


@pytest.mark.parametrize("remove", ["[010]", "010", "[a, true]", "[2026.10]"])
def test_rule_04_a_tag_key_is_removed_as_it_was_meant(cloud: MemoryCloud, run: Runner, remove: str) -> None:
    assert "remove is" in refused(run, cloud, "jdcloud_tag", f"{{instance_ids: [i-a], remove: {remove}}}").replace(
        "A field of ", ""
    )


def test_rule_04_the_tags_of_the_service_codes_are_texts(cloud: MemoryCloud, run: Runner) -> None:
    ended = run("jdcloud_tag", instance_ids=["i-a"], set={"a": "b"}, service_codes={"instance": 8})
    assert ended.failed
    assert cloud.calls == []


def required(module: str) -> dict[str, Any]:
    """Options without which the module does not begin."""
    needed = [(name, message) for name, message in MODULES[module].items() if message.get("required")]
    return {name: message["choices"][0] if "choices" in message else ["a-1"] for name, message in needed}


@pytest.mark.parametrize("value", [8, 2026.1, True])
@pytest.mark.parametrize(("module", "option"), TEXT_OPTIONS)
def test_rule_04_no_module_makes_a_text_of_something_else(
    cloud: MemoryCloud, run: Runner, module: str, option: str, value: Any
) -> None:
    given = {**required(module), **({} if option == "secret_key" else {"secret_key": SECRET, "access_key": "AK"})}
    ended = run(module, **{**given, option: value})
    assert ended.failed
    assert option in ended.msg
    assert "quote it" in ended.msg
    assert cloud.calls == []


@pytest.mark.parametrize("value", [8, [8], ["a-1", 2026.1], [True]])
@pytest.mark.parametrize(("module", "option"), LIST_OPTIONS)
def test_rule_04_no_module_makes_an_element_a_text(cloud: MemoryCloud, run: Runner, module: str, option: str, value: Any) -> None:
    ended = run(module, **{**required(module), option: value})
    assert ended.failed
    assert option in ended.msg
    assert "quote it" in ended.msg
    assert cloud.calls == []


@pytest.mark.parametrize(("module", "option"), LIST_OPTIONS)
def test_rule_01_no_module_takes_a_null_element_for_a_word(cloud: MemoryCloud, run: Runner, module: str, option: str) -> None:
    ended = run(module, **{**required(module), option: ["a-1", None]})
    assert ended.failed
    assert f"{option} has a blank or null member" in ended.msg
    assert cloud.calls == []


def test_rule_17_a_secret_that_became_a_number_is_not_shown(cloud: MemoryCloud, run: Runner) -> None:
    ended = run.vm("absent", "i-a", access_key="AK", secret_key=31415926)
    assert ended.failed
    assert "31415926" not in ended.text


def test_rule_04_numbers_in_quotes_are_texts(cloud: MemoryCloud, run: Runner) -> None:
    """As the command line gives every option: -a "name=010"."""
    cloud.add("i-a", "stopped", instanceName="010", tags=[{"key": "build", "value": "010"}])
    cloud.add("i-b", "stopped", instanceName="8", tags=[{"key": "build", "value": "8"}])
    assert run("jdcloud_vm", state="absent", name="010", tags="build=010").actions == {"i-a": "deleted"}
