# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a test costs: which markers it carries, and which folders a gear does not even read.

`make check` leaves out what sends requests, `make test` what needs other systems (see Makefile). What a gear leaves out may need
packages that are not installed for it, so its folders are not collected.
"""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
FOLDERS = {
    "emulator": ("integration",),
    "foreign": (
        *("browser", "integration/awx", "integration/eda"),
        *("integration/environment", "integration/examples", "integration/sdk"),
    ),
}
"""Folders below tests/ in which every test carries a marker."""
FIXTURES = {"emulator": {"shared_emulator", "secure_emulator", "emulator_process", "ansible"}, "ansible": {"ansible", "awx"}}
"""Fixtures whose users get a marker."""


def is_left_out(path: Path, expression: str) -> bool:
    """Whether a folder holds nothing but tests that the marker expression of this run leaves out."""
    return any(f"not {marker}" in expression and path in places for marker, places in _places().items())


def mark(item: pytest.Item) -> None:
    """Give a test the markers of its fixtures. Raises `pytest.UsageError` if it lies where one is missing."""
    names = set(getattr(item, "fixturenames", ()))
    for marker, fixtures in FIXTURES.items():
        if names & fixtures:
            item.add_marker(marker)
    for marker in _markers_of(item.path):
        if not any(item.get_closest_marker(each) for each in (marker, "foreign")):
            raise pytest.UsageError(f"{item.nodeid} lies in a folder of tests that are marked {marker}, and is not: mark it.")


def workers(expression: str, cores: int) -> int:
    """How many processes run tests at once if nobody says: while one waits for the emulator, another one can run."""
    return cores if "not emulator" in expression else cores + 1


@functools.cache
def _markers_of(path: Path) -> list[str]:
    """The markers that every test of a file carries."""
    return [marker for marker, places in _places().items() if any(place in path.parents for place in places)]


def _places() -> dict[str, list[Path]]:
    return {marker: [TESTS / folder for folder in folders] for marker, folders in FOLDERS.items()}
