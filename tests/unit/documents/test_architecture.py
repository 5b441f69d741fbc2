# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The map of the code is true: what guides name exists, and docs/architecture.md shows every room."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
MAP = ROOT / "docs" / "architecture.md"
NOT_OURS = frozenset({".git", ".venv"})
SHORT = {
    "_actions": "plugins/plugin_utils",
    "_api": "plugins/module_utils",
    "_campaign": "plugins/plugin_utils",
    "_fleet": "plugins/module_utils",
    "_inventory": "plugins/plugin_utils",
    "_language": "plugins/plugin_utils",
    "_module": "plugins/module_utils",
}
"""Layers whose paths are written without the folder in which they lie."""
FOLDERS = ("docs", "roles", "tests")
LEAST_TASKS = 50

HEADS = {("to change", "look at"), ("room", "what is in it")}

_CODE = re.compile(r"`([^`\n]+)`")
_PATH = re.compile(r"^(?:(?:[\w.-]+/)+(?:[\w.-]+)?|[\w-]+\.\w+)(?:::[\w.]+)?$")
_ROW = re.compile(r"^\| (.+?) \| (.+?) \|$", re.MULTILINE)


# --- what a text names ----------------------------------------------------------------------------------------------


def paths_in(text: str) -> list[str]:
    """The paths in a text, with the names behind them: what stands in backticks and begins at the top, or with a layer."""
    tops = ({path.name for path in ROOT.iterdir()} | set(SHORT)) - NOT_OURS
    return [code for code in _CODE.findall(text) if _PATH.match(code) and code.split("/")[0] in tops]


def section(title: str) -> str:
    """A section of the map."""
    return MAP.read_text(encoding="utf-8").partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def rows(text: str) -> list[tuple[str, str]]:
    """The rows of tables with two columns, without their heads."""
    return [(left, right) for left, right in _ROW.findall(text) if not set(left) <= {"-"} and (left, right) not in HEADS]


# --- what is there --------------------------------------------------------------------------------------------------


def place_of(path: str) -> Path:
    """Where a path leads."""
    return ROOT / SHORT.get(path.split("/")[0], "") / path


@cache
def names_of(path: Path) -> frozenset[str]:
    """The functions, classes and constants of a Python file, and the fields of its classes as Class.field."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = set(_names(tree.body))
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}.{name}" for name in _names(node.body)}
    return frozenset(names)


def _names(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id


def flaw(named: str) -> str | None:
    """Why what a text names does not exist, if so."""
    path, _separator, name = named.partition("::")
    place = place_of(path)
    if path.endswith("/") and not place.is_dir():
        return f"{named}: no such folder"
    if not path.endswith("/") and not place.is_file():
        return f"{named}: no such file"
    if name and name not in names_of(place):
        return f"{named}: no such name in {path}"
    return None


def flaws(named: list[str]) -> list[str]:
    """What does not exist."""
    return [reason for reason in map(flaw, named) if reason is not None]


# --- the map --------------------------------------------------------------------------------------------------------


def test_where_to_change_what_leads_somewhere() -> None:
    tasks = [(task, where) for task, where in rows(section("Where to change what")) if not task.startswith("**")]
    assert len(tasks) >= LEAST_TASKS
    assert [task for task, where in tasks if not paths_in(where)] == []
    assert flaws([named for _task, where in tasks for named in paths_in(where)]) == []


def test_where_to_change_what_names_paths_in_full() -> None:
    named = [code for _task, where in rows(section("Where to change what")) for code in _CODE.findall(where)]
    assert [code for code in named if not paths_in(f"`{code}`")] == []


def test_no_guide_names_what_is_gone() -> None:
    guides = [*ROOT.glob("*.md"), *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.md"))]
    named = {path.relative_to(ROOT).as_posix(): paths_in(path.read_text(encoding="utf-8")) for path in guides}
    assert len(named["docs/architecture.md"]) > LEAST_TASKS
    assert named["CONTRIBUTING.md"]
    assert [f"{guide}: {reason}" for guide, found in named.items() for reason in flaws(found)] == []


def test_the_map_shows_every_room_once() -> None:
    shown = [path for room, _purpose in rows(section("The rooms")) for path in paths_in(room)]
    rooms = {
        f"{layer}/{path.name}{'/' * path.is_dir()}"
        for layer in SHORT
        if layer in {"_api", "_campaign", "_fleet", "_module"}
        for path in place_of(layer).iterdir()
        if not path.name.startswith("__")
    }
    assert sorted(shown) == sorted(rooms | {"_actions/", "_inventory/", "_language/"})


def test_every_file_lies_in_a_room_of_the_map() -> None:
    shown = [place_of(path) for room, _purpose in rows(section("The rooms")) for path in paths_in(room)]
    files = [path for folder in ("module_utils", "plugin_utils") for path in (ROOT / "plugins" / folder).rglob("*.py")]
    assert len(files) > 100
    assert [
        path.relative_to(ROOT).as_posix()
        for path in files
        if path.name != "__init__.py" and not any(path == place or place in path.parents for place in shown)
    ] == []


def test_the_first_change_of_the_guide_has_its_place() -> None:
    guide = textwrap.dedent((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("4. **Make the change.**")[2])
    place = place_of(paths_in(guide)[0].partition("::")[0])
    code = place.read_text(encoding="utf-8")
    # The last line is the change, which a reader may have made.
    *around, change = [line[4:].strip() for line in guide.split("```")[1].splitlines()[1:-1]]
    assert around
    assert change.startswith('"')
    assert [line for line in around if line not in code] == []


# --- the checks find what is wrong ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ("_api/errors.py", None),
        ("_api/errors.py::ApiError", None),
        ("_api/errors.py::ApiError.is_not_found", None),
        ("_api/model/", None),
        ("docs/rules.md", None),
        ("_api/gone.py", "no such file"),
        ("_api/model", "no such file"),
        ("_api/gone/", "no such folder"),
        ("_api/errors.py/", "no such folder"),
        ("_api/errors.py::Gone", "no such name in _api/errors.py"),
        ("_api/errors.py::ApiError.gone", "no such name in _api/errors.py"),
    ],
)
def test_what_does_not_exist_is_found(named: str, expected: str | None) -> None:
    assert flaw(named) == (None if expected is None else f"{named}: {expected}")


def test_paths_are_distinguished_from_other_code() -> None:
    text = "`_api/a.py` and `docs/`, `_api/a.py::B.c`; `galaxy.yml`; `make x`, `.venv/lint/bin/ruff`, `/etc/x`, `a/b.c`, `_api`"
    assert paths_in(text) == ["_api/a.py", "docs/", "_api/a.py::B.c", "galaxy.yml"]
