# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many files each module ships: Ansible reads, packs and sends them for each task, and the module imports them again.

Ansible follows every import that it reads, also those inside functions and for types alone.
`make benchmark` says what that costs.
"""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path

import pytest

from support.imports import PLUGINS, ROOT, file_of, named_in

MOST = {
    "jdcloud_bill_info": 36,
    "jdcloud_campaign": 0,
    "jdcloud_disk": 70,
    "jdcloud_elastic_ip": 70,
    "jdcloud_image": 123,
    "jdcloud_image_info": 51,
    "jdcloud_local": 0,
    "jdcloud_quota_info": 32,
    "jdcloud_snapshot": 123,
    "jdcloud_snapshot_info": 51,
    "jdcloud_surroundings": 0,
    "jdcloud_tag": 70,
    "jdcloud_vm": 93,
    "jdcloud_vm_backup": 110,
    "jdcloud_vm_idle_info": 86,
    "jdcloud_vm_info": 82,
    "jdcloud_vm_restore": 64,
}
"""The most files below `module_utils`, the `__init__.py` of their folders among them. Each file more makes every task slower."""


@functools.cache
def used_by(path: Path) -> list[Path]:
    """The files that a file imports."""
    return [used for used in map(file_of, named_in(path)) if used is not None]


def shipped_with(module: str) -> set[str]:
    """The files below `module_utils` that Ansible sends with a module."""
    found: set[str] = set()
    waiting = [PLUGINS / "modules" / f"{module}.py"]
    while waiting:
        path = waiting.pop()
        for used in used_by(path):
            packages = (folder / "__init__.py" for folder in used.parents if folder.is_relative_to(PLUGINS / "module_utils"))
            for each in (used, *(package for package in packages if package.is_file())):
                name = each.relative_to(PLUGINS).as_posix()
                if name not in found:
                    found.add(name)
                    waiting.append(each)
    return found


def test_every_module_has_a_bound() -> None:
    assert set(MOST) == {path.stem for path in (PLUGINS / "modules").glob("*.py")}


@pytest.mark.parametrize("module", MOST)
def test_a_module_ships_no_more_files_than_allowed(module: str) -> None:
    assert len(shipped_with(module)) <= MOST[module]


PAGE_FILES = sorted(str(path.relative_to(ROOT)) for path in PLUGINS.rglob("*") if path.suffix in {".j2", ".css", ".js", ".html"})
"""The files that pages are made of."""


def test_the_checks_of_galaxy_allow_each_file_of_a_page() -> None:
    configuration = tomllib.loads((ROOT / "antsibull-nox.toml").read_text(encoding="utf-8"))
    assert sorted(configuration["sessions"]["extra_checks"]["no_unwanted_files_skip_paths"]) == PAGE_FILES


def test_the_build_looks_for_each_file_of_a_page() -> None:
    build = (ROOT / "tests" / "tools" / "build.py").read_text(encoding="utf-8")
    assert [path for path in PAGE_FILES if f'"{path.removeprefix("plugins/plugin_utils/_campaign/")}"' not in build] == []
