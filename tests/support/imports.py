# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the files of this collection import of each other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COLLECTION = "ansible_collections.jdcloud.cloud"
PLUGINS = ROOT / "plugins"


def module_of(path: Path) -> str:
    """The full name of a file as a module."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join((COLLECTION, *(parts[:-1] if parts[-1] == "__init__" else parts)))


def file_of(module: str) -> Path | None:
    """The file of a module of this collection, if it is one."""
    if not module.startswith(f"{COLLECTION}.plugins."):
        return None
    place = ROOT.joinpath(*module.removeprefix(f"{COLLECTION}.").split("."))
    candidates = (place.with_suffix(".py"), place / "__init__.py")
    return next((each for each in candidates if each.is_file()), None)


def named_in(path: Path) -> Iterator[str]:
    """The full names of all that a file imports, wherever in it, as far as they may be modules."""
    package = module_of(path).split(".")
    if path.name != "__init__.py":
        package.pop()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{origin}.{each.name}" if file_of(f"{origin}.{each.name}") else origin for each in node.names)
