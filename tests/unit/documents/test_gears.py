# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gears of the tests: what each leaves out, and that no test gets into a quicker one by mistake."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from support import gears

MAKEFILE = (gears.TESTS.parent / "Makefile").read_text(encoding="utf-8")


class Item(SimpleNamespace):
    """A collected test: where it lies, which fixtures it uses, and which markers it has."""

    def add_marker(self, marker: str) -> None:
        self.markers.add(marker)

    def get_closest_marker(self, name: str) -> str | None:
        return name if name in self.markers else None


def item(place: str, *fixtures: str, markers: tuple[str, ...] = ()) -> Any:
    path = gears.TESTS / place
    return Item(nodeid=place, path=path, fixturenames=[*fixtures, "tmp_path"], markers=set(markers))


def expression(gear: str) -> str:
    """What `make` deselects in a gear."""
    found = re.search(rf"^{gear} := (.*)$", MAKEFILE, re.MULTILINE)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("fixtures", "markers"),
    [(("shared_emulator",), {"emulator"}), (("shared_emulator", "ansible"), {"emulator", "ansible"}), (("cloud",), set())],
)
def test_a_test_is_marked_by_the_fixtures_that_it_uses(fixtures: tuple[str, ...], markers: set[str]) -> None:
    made = item("unit/fleet/test_a.py", *fixtures)
    gears.mark(made)
    assert made.markers == markers


@pytest.mark.parametrize(("place", "marker"), [("integration/module/test_a.py", "emulator"), ("browser/test_a.py", "foreign")])
def test_a_test_without_the_mark_of_its_folder_is_refused(place: str, marker: str) -> None:
    with pytest.raises(pytest.UsageError, match=f"marked {marker}"):
        gears.mark(item(place))
    gears.mark(item(place, markers=(marker,)))


@pytest.mark.parametrize(
    ("gear", "left_out"),
    [
        ("CHECK", {"integration", "integration/sdk", "browser"}),
        ("TEST", {"integration/sdk", "browser"}),
        ("ALL", set()),
        ("MEASURED", {"integration", "integration/sdk", "browser"}),
    ],
)
def test_a_gear_does_not_read_the_folders_that_it_leaves_out(gear: str, left_out: set[str]) -> None:
    places = {"unit", "unit/emulator", "integration", "integration/role", "integration/sdk", "browser"}
    assert {place for place in places if gears.is_left_out(gears.TESTS / place, expression(gear))} == left_out


def test_more_tests_run_at_once_where_some_of_them_wait() -> None:
    assert gears.workers(expression("CHECK"), 2) == 2
    assert gears.workers(expression("TEST"), 2) == 3


def test_the_coverage_of_a_newer_python_is_that_of_the_same_tests() -> None:
    assert f'"{expression("MEASURED")}"' in (gears.TESTS.parent / "noxfile.py").read_text(encoding="utf-8")
