# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was released stays: the upgrade promise, and that the comparison behind it finds every kind of break."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable

import pytest

from support.json_object import Json
from tools.interface import RELEASED, breaks, interface, may_break

Change = Callable[[Json], None]

OLD: Json = {
    "version": "1.2.0",
    "requires_ansible": ">=2.18.0",
    "action_groups": {"jdcloud": ["jdcloud_vm"]},
    "modules": {
        "jdcloud_vm": {
            "options": {
                "state": {"type": "str", "choices": ["absent", "stopped"], "required": True},
                "wait_timeout": {"type": "int", "default": 900, "aliases": ["timeout"]},
                "elastic_ips": {"type": "dict", "options": {"release": {"type": "bool", "default": False}}},
            },
            "returns": {
                "instances": {
                    "type": "list",
                    "elements": "dict",
                    "always": True,
                    "contains": {"instance_id": {"type": "str", "always": True}},
                }
            },
        }
    },
    "inventory": {"jdcloud_vm": {"options": {"profile": {"type": "str", "env": [{"name": "JDCLOUD_PROFILE"}]}}, "returns": {}}},
    "filter": {"cleanup_statistics": {"options": {"_input": {"type": "dict", "required": True}}, "returns": {}}},
    "roles": {"vm_backup": {"main": {"vm_backup_state": {"type": "str", "default": "present"}}}},
    "playbooks": ["cleanup"],
}


def _options(new: Json) -> Json:
    options: Json = new["modules"]["jdcloud_vm"]["options"]
    return options


def _returns(new: Json) -> Json:
    returns: Json = new["modules"]["jdcloud_vm"]["returns"]
    return returns


BREAKS: dict[str, tuple[Change, str]] = {
    "ansible": (lambda new: new.update(requires_ansible=">=2.20.0"), "requires_ansible was >=2.18.0 and is >=2.20.0"),
    "filter": (lambda new: new["filter"].clear(), "cleanup_statistics is gone"),
    "group": (lambda new: new["action_groups"]["jdcloud"].clear(), "jdcloud_vm is no longer in the action group jdcloud"),
    "playbook": (lambda new: new["playbooks"].clear(), "the playbook cleanup is gone"),
    "module": (lambda new: new["modules"].clear(), "jdcloud_vm is gone"),
    "inventory": (lambda new: new["inventory"].clear(), "jdcloud_vm is gone"),
    "role": (lambda new: new["roles"].clear(), "role vm_backup, main: it is gone"),
    "variable": (lambda new: new["roles"]["vm_backup"]["main"].clear(), "role vm_backup, main: option vm_backup_state is gone"),
    "option": (lambda new: _options(new).pop("state"), "jdcloud_vm: option state is gone"),
    "type": (lambda new: _options(new)["state"].update(type="raw"), "jdcloud_vm: option state: type was 'str' and is 'raw'"),
    "default": (
        lambda new: _options(new)["wait_timeout"].update(default=60),
        "jdcloud_vm: option wait_timeout: default was 900 and is 60",
    ),
    "alias": (lambda new: _options(new)["wait_timeout"].pop("aliases"), "jdcloud_vm: option wait_timeout: alias timeout is gone"),
    "choice": (
        lambda new: _options(new)["state"].update(choices=["absent"]),
        "jdcloud_vm: option state: choices stopped are gone",
    ),
    "choices": (
        lambda new: _options(new)["wait_timeout"].update(choices=["900"]),
        "jdcloud_vm: option wait_timeout: choices of any kind are gone",
    ),
    "required": (
        lambda new: _options(new)["wait_timeout"].update(required=True),
        "jdcloud_vm: option wait_timeout: it is required now",
    ),
    "new and required": (
        lambda new: _options(new).update(reason={"type": "str", "required": True}),
        "jdcloud_vm: option reason is new and required",
    ),
    "inner option": (
        lambda new: _options(new)["elastic_ips"]["options"].clear(),
        "jdcloud_vm: option elastic_ips: option release is gone",
    ),
    "environment": (
        lambda new: new["inventory"]["jdcloud_vm"]["options"]["profile"].pop("env"),
        "jdcloud_vm: option profile: environment variable {'name': 'JDCLOUD_PROFILE'} is gone",
    ),
    "result": (lambda new: _returns(new).clear(), "jdcloud_vm: result instances is gone"),
    "inner result": (
        lambda new: _returns(new)["instances"]["contains"].clear(),
        "jdcloud_vm: result instances: result instance_id is gone",
    ),
    "type of a result": (
        lambda new: _returns(new)["instances"].update(type="dict"),
        "jdcloud_vm: result instances: type was 'list' and is 'dict'",
    ),
    "sometimes": (
        lambda new: _returns(new)["instances"].update(always=False),
        "jdcloud_vm: result instances: it is no longer always there",
    ),
}


def test_nothing_that_was_released_is_broken() -> None:
    released = json.loads(RELEASED.read_text(encoding="utf-8"))
    now = interface()
    if not may_break(released["version"], now["version"]):
        assert breaks(released, now) == []


def test_the_released_file_holds_what_users_use() -> None:
    released = json.loads(RELEASED.read_text(encoding="utf-8"))
    machine = released["modules"]["jdcloud_vm"]
    assert machine["options"]["region"]["type"] == "str"
    assert machine["returns"]["summary"]["contains"]
    assert "vm_decommission_state" in released["roles"]["vm_decommission"]["main"]
    assert "decommission" in released["playbooks"]


@pytest.mark.parametrize("name", BREAKS)
def test_a_break_is_found_and_reported(name: str) -> None:
    change, text = BREAKS[name]
    new = copy.deepcopy(OLD)
    change(new)
    assert breaks(OLD, new) == [text]


def test_what_is_only_added_breaks_nothing() -> None:
    new = copy.deepcopy(OLD)
    new["action_groups"]["jdcloud"].append("jdcloud_new")
    new["modules"]["jdcloud_new"] = {"options": {"name": {"type": "str", "required": True}}, "returns": {}}
    new["roles"]["vm_backup"]["main"]["vm_backup_more"] = {"type": "str"}
    new["playbooks"].append("more")
    options = _options(new)
    options["state"]["choices"].append("running")
    options["wait_timeout"]["aliases"].append("patience")
    options["more"] = {"type": "str"}
    _returns(new)["instances"]["contains"]["more"] = {"type": "str", "always": False}
    assert breaks(OLD, new) == []


@pytest.mark.parametrize(
    ("old", "new", "allowed"), [("1.9.0", "2.0.0", True), ("1.9.0", "1.10.0", False), ("2.0.0", "2.0.1", False)]
)
def test_only_a_new_major_version_may_break(old: str, new: str, allowed: bool) -> None:
    assert may_break(old, new) is allowed
