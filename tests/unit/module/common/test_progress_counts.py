# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The text between the module and the action plugin, and how often the module writes it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.progress import (
    Counts,
    Standing,
    count,
    from_text,
    to_text,
)
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.common.progress import (
    EVERY,
    PATH_VARIABLE,
    Progress,
    progress_of,
)

NUMBERS = st.integers(min_value=0, max_value=10**6)
NO_COUNTS = Counts(step="", total=0, done=0, in_flight=0, blocked=0, failed=0)


TIMES = st.floats(allow_nan=False, allow_infinity=False)


@given(st.builds(Counts, st.text(), *[NUMBERS] * 5, st.text(), TIMES), TIMES)
def test_what_is_written_is_read(counts: Counts, at: float) -> None:
    assert from_text(to_text(counts, at)) == (counts, at)


@given(st.text() | st.sampled_from(["", "{", "[]", "null", "1", '{"at": 1}', '{"at": "x"}', "[" * 100_000]))
def test_anything_else_is_nothing(text: str) -> None:
    assert from_text(text) is None


@pytest.mark.parametrize("wrong", ["null", '"x"', "1e999", "[]"])
def test_a_wrong_number_is_nothing(wrong: str) -> None:
    assert from_text(to_text(NO_COUNTS, 1.0).replace('"done": 0', f'"done": {wrong}')) is None


@given(st.lists(st.sampled_from(Standing)))
def test_every_machine_is_counted_once(standings: list[Standing]) -> None:
    counts = count(standings, "some step")
    waiting = standings.count(Standing.WAITING)
    assert counts.total == len(standings)
    assert counts.step == "some step"
    assert counts.left == counts.in_flight + waiting
    assert counts.done + counts.failed + counts.blocked + counts.in_flight + waiting == counts.total


def test_what_is_waited_for_longest_is_named() -> None:
    counts = count([Standing.IN_FLIGHT] * 2, waiting=[(8.0, "i-b, stopping"), (3.0, "i-a, deleting")])
    assert (counts.longest, counts.longest_since) == ("i-a, deleting", 3.0)
    assert count([Standing.DONE]).longest == ""


def test_it_is_written_at_once_and_then_once_a_second(tmp_path: Path) -> None:
    path = tmp_path / "counts.json"
    now = [0]
    written = []
    progress = Progress(str(path), lambda: now[0] * EVERY / 4)
    progress.beat()
    assert not path.exists()
    progress.watch(lambda: NO_COUNTS)
    for _beat in range(17):
        progress.beat()
        if path.exists():
            written.append(now[0])
            path.unlink()
        now[0] += 1
    assert written == [0, 4, 8, 12, 16]


def test_a_new_step_is_written_at_once(tmp_path: Path) -> None:
    path = tmp_path / "counts.json"
    progress = Progress(str(path), lambda: 5.0)
    for step in ("stopping", "starting"):
        progress.watch(lambda step=step: count([], step))  # type: ignore[misc]
        progress.beat()
        heard = from_text(path.read_text(encoding="utf-8"))
        assert heard is not None
        assert heard[0].step == step


@pytest.mark.parametrize(("environ", "wanted"), [({}, True), ({PATH_VARIABLE: ""}, True), ({PATH_VARIABLE: "x"}, False)])
def test_nothing_is_asked_for_without_a_reader(environ: dict[str, str], wanted: bool) -> None:
    progress = progress_of(environ, lambda: 5.0, wanted=wanted)

    def ask() -> Counts:
        raise AssertionError("nobody wants to know")

    progress.watch(ask)
    progress.beat()
