# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rooms of the code: who may use whom, how large a file and a folder may be."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from support.imports import PLUGINS, ROOT, file_of, named_in

LAYERS = (
    ("module_utils/_api",),
    ("module_utils/_fleet",),
    ("module_utils/_module",),
    ("plugin_utils/_language",),
    ("plugin_utils/_campaign", "plugin_utils/_actions", "plugin_utils/_inventory"),
    ("modules", "action", "filter", "inventory"),
)
"""Each uses those before it. What stands in one line does not know each other."""
ROOMS = {
    "module_utils/_api": ("errors", "calls", "fields", "credentials", "connection", "model", "wire", "dispatch", "services"),
    "module_utils/_fleet": (
        *("common", "evidence", "planning", "surroundings"),
        *("machines", "backups", "deletions", "restores", "tags", "billing", "prices", "idle"),
    ),
    "plugin_utils/_campaign": ("input", "state", "steps", "report", "idle", "output", "stages"),
    "module_utils/_module": (
        *("common", "machines", "deletions", "backups", "restores"),
        *("tag", "bill_info", "quota_info"),
    ),
}
"""The rooms and single files of each layer, in their order: each uses those before it."""
TESTS = {
    "api": "module_utils/_api",
    "fleet": "module_utils/_fleet",
    "campaign": "plugin_utils/_campaign",
    "module": "module_utils/_module",
}
"""The folder of `tests/unit` that holds the tests of a layer, a folder for each of its rooms."""
OF_SEVERAL = {"documents", "interface", "emulator", "actions", "inventory", "language"}
"""The other folders of `tests/unit`: what is not Python, the emulator, and the plugins that run on the controller."""
LAYERS_OF_PLUGINS = [layer for line in LAYERS for layer in line]

MAX_FILES = 14
MAX_LINES = 400
MAX_LINES_OF_FUNCTION = 40


def sources(layer: str) -> list[Path]:
    """The files of a layer that hold code."""
    return sorted((PLUGINS / layer).rglob("*.py"))


@cache
def uses(path: Path) -> frozenset[Path]:
    """The files of this collection that a file imports by itself."""
    found = {file_of(name) for name in named_in(path)}
    return frozenset(each for each in found if each is not None and each != path)


def layer_of(path: Path) -> str:
    """The layer in which a file lies."""
    place = path.relative_to(PLUGINS).as_posix()
    return next((each for each in LAYERS_OF_PLUGINS if place.startswith(f"{each}/")), "")


def room_of(path: Path) -> str:
    """The room of a file in its layer, or its own name where it lies in none."""
    return path.relative_to(PLUGINS / layer_of(path)).with_suffix("").parts[0]


def rank(layer: str) -> int:
    """How high a layer stands."""
    return next(number for number, line in enumerate(LAYERS) if layer in line)


def test_each_file_lies_in_a_layer_and_a_room() -> None:
    code = [path for path in sorted(PLUGINS.rglob("*.py")) if path.parent.name != "doc_fragments"]
    assert [str(path) for path in code if not layer_of(path)] == []
    for layer, rooms in ROOMS.items():
        assert {room_of(path) for path in sources(layer)} - {"__init__"} == set(rooms)


def folders_of(place: Path) -> set[str]:
    """The folders in a place that hold tests."""
    return {path.name for path in place.iterdir() if list(path.glob("test_*.py"))}


def test_the_unit_tests_lie_as_the_code_does() -> None:
    unit = ROOT / "tests" / "unit"
    assert folders_of(unit) | set(TESTS) == set(TESTS) | OF_SEVERAL
    for name, layer in TESTS.items():
        assert folders_of(unit / name) <= set(ROOMS[layer]), name


@pytest.mark.parametrize("layer", LAYERS_OF_PLUGINS)
def test_a_layer_uses_only_those_below(layer: str) -> None:
    wrong = []
    for path in sources(layer):
        place = path.relative_to(PLUGINS).as_posix()
        for used in uses(path):
            other = layer_of(used)
            allowed = other == layer or rank(other) < rank(layer)
            if other and not allowed:
                wrong.append(f"{place} uses {used.relative_to(PLUGINS).as_posix()}")
    assert wrong == []


@pytest.mark.parametrize("layer", list(ROOMS))
def test_a_room_uses_only_those_before_it(layer: str) -> None:
    order = ROOMS[layer]
    wrong = []
    for path in sources(layer):
        if path.name == "__init__.py":
            continue
        for used in uses(path):
            if layer_of(used) == layer and used.name != "__init__.py" and order.index(room_of(used)) > order.index(room_of(path)):
                wrong.append(f"{path.relative_to(PLUGINS).as_posix()} uses {used.relative_to(PLUGINS).as_posix()}")
    assert wrong == []


def circle_from(path: Path, above: tuple[Path, ...], seen: set[Path]) -> tuple[Path, ...]:
    """A circle of imports that is met on the way down from a file, if there is one."""
    if path in above:
        return (*above[above.index(path) :], path)
    if path in seen:
        return ()
    seen.add(path)
    for used in sorted(uses(path)):
        found = circle_from(used, (*above, path), seen)
        if found:
            return found
    return ()


def test_no_imports_go_in_a_circle() -> None:
    seen: set[Path] = set()
    circles = [circle_from(path, (), seen) for layer in LAYERS_OF_PLUGINS for path in sources(layer)]
    assert [[each.relative_to(PLUGINS).as_posix() for each in circle] for circle in circles if circle] == []


def test_only_the_wire_knows_requests() -> None:
    users = [path.relative_to(PLUGINS) for path in PLUGINS.rglob("*.py") if set(named_in(path)) & {"requests", "urllib3"}]
    assert {path.parent.as_posix() for path in users} == {"module_utils/_api/wire"}


def test_no_file_is_too_long() -> None:
    # The documentation of a module is as long as it must be.
    code = [path for layer in LAYERS_OF_PLUGINS if layer != "modules" for path in sources(layer)]
    files = [*code, *sorted((ROOT / "tests").rglob("*.py"))]
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert {path.relative_to(ROOT).as_posix(): lines for path, lines in lengths.items() if lines > MAX_LINES} == {}


def test_no_function_is_too_long() -> None:
    # How many parameters, branches and returns one may have, ruff checks (pyproject.toml).
    long = [
        f"{path.relative_to(PLUGINS).as_posix()}:{node.lineno} {node.name}"
        for layer in LAYERS_OF_PLUGINS
        for path in sources(layer)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and (node.end_lineno or node.lineno) - node.lineno >= MAX_LINES_OF_FUNCTION
    ]
    assert long == []


def test_no_folder_is_too_full() -> None:
    code = [path for layer in LAYERS_OF_PLUGINS if layer not in ("modules", "action") for path in sources(layer)]
    folders = {path.parent for path in (*code, *(ROOT / "tests").rglob("*.py"))}
    counts = {folder: sum(path.name != "__init__.py" for path in folder.glob("*.py")) for folder in folders}
    assert {str(folder): count for folder, count in counts.items() if count > MAX_FILES} == {}
