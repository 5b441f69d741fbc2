# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guides name every blocker, warning, error and operation that the code has, and none that it has not."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
# What the inventory says of names has texts and no codes.
CODE = sorted(path for path in (ROOT / "plugins").rglob("*.py") if path.parent.name != "plugin_utils")
_CODE_CELL = re.compile(r"^\| `([a-z_]+)` \|", re.MULTILINE)
_OPERATION = re.compile(r"`((?:ag|lb|vm|disk|vpc|resourcetag|billing|user|monitor|privatezone|domainservice)\.[A-Za-z]+)`")


def trees() -> Iterator[ast.AST]:
    """The code of the collection."""
    for path in CODE:
        yield ast.parse(path.read_text(encoding="utf-8"))


def codes_of(maker: str) -> set[str]:
    """The codes that calls such as Finding("code", …) give."""
    found = set()
    for tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == maker and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    found.add(first.value)
    return found


def texts() -> set[str]:
    """All texts in the code."""
    nodes = (node for tree in trees() for node in ast.walk(tree))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def guide(name: str) -> str:
    """A guide."""
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def test_each_blocker_and_warning_is_explained() -> None:
    codes = codes_of("Finding")
    assert {"running", "protected", "group_member"} <= codes
    assert codes - set(_CODE_CELL.findall(guide("checks.md"))) == set()


def test_no_blocker_or_warning_is_explained_that_does_not_exist() -> None:
    assert set(_CODE_CELL.findall(guide("checks.md"))) - texts() == set()


def test_each_error_of_a_machine_is_explained() -> None:
    codes = codes_of("Failure")
    assert {"changed_meanwhile", "timeout", "api"} <= codes
    assert codes - set(_CODE_CELL.findall(guide("troubleshooting.md"))) == set()


def test_no_error_is_explained_that_does_not_exist() -> None:
    assert set(_CODE_CELL.findall(guide("troubleshooting.md"))) - texts() == set()


def operations() -> set[str]:
    """All operations that the code can call."""
    found = set()
    for path in (ROOT / "plugins" / "module_utils" / "_api").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        found |= set(re.findall(r'\b(?:read|posted_read|action|remove|_listing|_change)\(\s*"([a-z]+\.\w+)"', text))
        # Some are put together of a service and a name.
        for service, call in (("vm", "_action"), ("resourcetag", "_change")):
            if f'action(f"{service}.' in text:
                found |= {f"{service}.{name}" for name in re.findall(rf'\b{call}\((?:\w+, )?"(\w+)"', text)}
    return found


def test_the_rights_for_all_operations_are_listed_and_no_others() -> None:
    assert "vm.stopInstance" in operations()
    assert set(_OPERATION.findall(guide("security.md"))) == operations()


def test_rights_are_listed_for_each_module() -> None:
    text = guide("security.md")
    modules = {path.stem for path in (ROOT / "plugins" / "modules").glob("jdcloud_*.py")}
    assert {name for name in modules if f"`{name}`" not in text} == set()
