# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation that modules share is written by tests/tools/docs_blocks.py, and hardly any is repeated by hand."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from pathlib import Path

import pytest

from tools import docs_blocks
from tools.docs_blocks import BLOCK, BlockError, files, read_pieces, with_blocks

PIECES = {
    "calls": "calls:\n  sample: <count>\n",
    "summary": "summary:\n  contains:\n    # shared: calls count=<count>\n    seconds: 1\n",
    "braces": "sample: {}\n",
}
LONGEST_REPEATED = 11
"""Lines of results that may stand in two modules: a piece must be a good deal longer than its two comments to be worth them."""


def module(marker: str, inside: str = "", end: str | None = None) -> str:
    """A file with one block, in the middle of a text."""
    block = f"# BEGIN shared: {marker}\n{inside}# END shared: {end or marker.split()[0]}\n"
    return f'RETURN = r"""\nrows:\n{textwrap.indent(block, "    ")}last: 1\n"""\n'


# --- a block --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("inside", ["", "old: 1\n\nolder: 2\n"])
def test_a_block_is_written_as_far_indented_as_its_marker(inside: str) -> None:
    assert with_blocks(module("calls count=12", inside), PIECES) == module("calls count=12", "calls:\n  sample: 12\n")


def test_a_block_that_is_up_to_date_stays() -> None:
    written = with_blocks(module("calls count=12"), PIECES)
    assert with_blocks(written, PIECES) == written


def test_a_value_may_have_blanks() -> None:
    marker = 'calls count="V(a) and V(b)"'
    assert with_blocks(module(marker), PIECES) == module(marker, "calls:\n  sample: V(a) and V(b)\n")


def test_a_piece_may_have_another_in_it() -> None:
    inside = "summary:\n  contains:\n    calls:\n      sample: 12\n    seconds: 1\n"
    assert with_blocks(module("summary count=12"), PIECES) == module("summary count=12", inside)


def test_braces_are_no_values() -> None:
    assert with_blocks(module("braces"), PIECES) == module("braces", "sample: {}\n")


def test_a_file_without_blocks_stays() -> None:
    assert with_blocks("RETURN = r'''#'''\n", PIECES) == "RETURN = r'''#'''\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (module("call"), "'call' is no piece of docs_blocks.yaml; it has braces, calls, summary"),
        (module("calls"), "'calls': expected count=…"),
        (module("calls 12"), "'calls 12': expected count=…"),
        (module("calls count=12 seconds=1"), "'calls count=12 seconds=1': expected count=…"),
        (module("braces count=12"), "'braces count=12': expected no values"),
        (module("braces", end="calls"), "'BEGIN shared: braces' ends with 'END shared: calls': expected 'END shared: braces'"),
        ("# BEGIN shared: braces\n", "a marker has no partner"),
        ("# END shared: braces\n", "a marker has no partner"),
        (module("braces", inside="# BEGIN shared: braces\n"), "a marker has no partner"),
    ],
)
def test_a_marker_that_cannot_be_followed_is_an_error(text: str, message: str) -> None:
    with pytest.raises(BlockError, match=re.escape(message)):
        with_blocks(text, PIECES)


# --- the command ----------------------------------------------------------------------------------------------------


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one module, whose block is empty."""
    folder = tmp_path / "plugins" / "modules"
    folder.mkdir(parents=True)
    (folder / "thing.py").write_text(module("check_mode"), encoding="utf-8")
    monkeypatch.setattr(docs_blocks, "ROOT", tmp_path)
    return folder / "thing.py"


def test_check_names_the_file_that_differs_and_writes_nothing(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert docs_blocks.main(["--check"]) == 1
    expected = "plugins/modules/thing.py: differs from docs_blocks.yaml: call nox -s docs-blocks\n"
    assert capsys.readouterr().err == expected
    assert checkout.read_text(encoding="utf-8") == module("check_mode")


def test_the_command_writes_once(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert docs_blocks.main([]) == 0
    assert "Whether this is a preview" in checkout.read_text(encoding="utf-8")
    assert capsys.readouterr().out == "plugins/modules/thing.py: written\n"
    assert docs_blocks.main(["--check"]) == 0
    assert docs_blocks.main([]) == 0
    assert capsys.readouterr().out == ""


def test_the_command_names_the_file_with_a_wrong_marker(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checkout.write_text(module("chek_mode"), encoding="utf-8")
    assert docs_blocks.main([]) == 1
    assert capsys.readouterr().err.startswith("plugins/modules/thing.py: 'chek_mode' is no piece of docs_blocks.yaml")


# --- this repository ------------------------------------------------------------------------------------------------


def test_all_blocks_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    docs_blocks.main(["--check"])
    assert capsys.readouterr().err == ""


def test_each_piece_is_used_at_least_twice() -> None:
    pieces = read_pieces()
    used = Counter(found[2].split()[0] for path in files() for found in BLOCK.finditer(path.read_text(encoding="utf-8")))
    inner = Counter(part.split()[0] for piece in pieces.values() for part in re.findall(r"# shared: (.+)", piece))
    assert [name for name in pieces if used[name] + inner[name] < 2] == []


def test_no_long_piece_of_results_is_written_twice_by_hand() -> None:
    length = LONGEST_REPEATED + 1
    places: dict[str, list[str]] = {}
    for path in files():
        results = path.read_text(encoding="utf-8").partition('RETURN = r"""')[2].partition('"""')[0]
        # A piece is never longer than one result, and never goes on behind a block.
        for stretch in re.split(r"\0|\n(?=\w)", BLOCK.sub("\0", results)):
            lines = stretch.splitlines()
            for start in range(len(lines) - length + 1):
                piece = textwrap.dedent("\n".join(lines[start : start + length]))
                places.setdefault(piece, []).append(path.name)
    assert {piece: names for piece, names in places.items() if len(names) > 1} == {}
