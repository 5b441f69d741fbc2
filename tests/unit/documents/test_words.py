# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""tests/tools/words.py finds words to avoid in what users read, and ignores code, keys and quoted output."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools import words
from tools.words import WORDS, Pattern, Text, flaws, main, read_patterns

PATTERNS = read_patterns("[{avoid: '\\bgoes on\\b', better: continues}, {avoid: '\\bnobody\\b', better: no one}]")
Reader = Callable[[str], Iterator[Text]]


def found(reader: Reader, source: str, patterns: list[Pattern] = PATTERNS) -> list[str]:
    """What the check reports of a source, without the name of its file."""
    return [line.partition(":")[2] for line in flaws("x", reader(source), patterns)]


@pytest.mark.parametrize(
    ("reader", "source", "line"),
    [
        (words.of_markdown, "# Title\n\nIt goes on.\n", 3),
        (words.of_markdown, "One\ntwo goes\non.\n", 2),
        (words.of_markdown, "| a | b |\n|---|---|\n| c | it goes on |\n", 3),
        (words.of_markdown, "* [it **goes on**](x.md)\n", 1),
        (words.of_markdown, "# It goes on\n", 1),
        (words.of_yaml, "options:\n  name:\n    description:\n      - It\n        goes on.\n", 5),
        (words.of_yaml, "description: [It goes on.]\n", 1),
        (words.of_yaml, '{"survey": {"question_description": "It goes on"}}', 1),
        (words.of_yaml, "- name: It goes on\n", 1),
        (words.of_fragment, "bugfixes:\n  - modules - it goes on.\n", 2),
        (words.of_python, 'DOCUMENTATION = r"""\nshort_description: It\ndescription:\n  - It goes on.\n"""\n', 4),
        (words.of_python, 'class A:\n    DOCUMENTATION = r"""\ndescription: It goes on.\n"""\n', 3),
        (words.of_python, 'RETURN = r"""\na:\n  description: It goes on.\n"""\n', 3),
        (words.of_python, 'EXAMPLES = r"""\n- name: It goes on\n"""\n', 2),
        (words.of_python, 'EXAMPLES = r"""\n# It goes on.\n"""\n', 2),
        (words.of_python, 'x = (\n    "It goes "\n    "on."\n)\n', 2),
        (words.of_python, 'x = f"{a} goes on: {b}"\n', 1),
        (words.of_python, 'x = {"a": ("b", "It goes on")}\n', 1),
        (words.of_python, "x = f\"{a} {'it goes on' if b else c}\"\n", 1),
        (words.of_page, "<p>{{ a }}\nit goes on</p>\n", 2),
        (words.of_page, '{{ lists.listing("a", "It goes on") }}\n', 1),
        (words.of_script, 'x = "It goes on";\n', 1),
    ],
)
def test_words_to_avoid_are_found_where_users_read_them(reader: Reader, source: str, line: int) -> None:
    assert found(reader, source) == [f"{line}: 'goes on': continues"]


@pytest.mark.parametrize(
    ("reader", "source"),
    [
        (words.of_markdown, "```text\nIt goes on\n```\n"),
        (words.of_markdown, "A command:\n\n    It goes on\n"),
        (words.of_markdown, "The option `goes on`.\n"),
        (words.of_markdown, "[a](nobody)\n"),
        (words.of_markdown, "<!-- It goes on -->\n"),
        (words.of_yaml, "goes on:\n  type: str\n"),
        (words.of_yaml, "description: The value V(goes on), O(a.b.c#module:goes on) and C(goes (on\\)).\n"),
        (words.of_yaml, "a:\n  sample: {msg: it goes on}\n  default: {msg: it goes on}\n"),
        (words.of_yaml, "# It goes on.\na: it goes on\n"),
        (words.of_yaml, "msg: '{{ goes on }}'\n"),
        (words.of_python, '"""It goes on."""\n'),
        (words.of_python, 'X = 1\n"""It goes on."""\n'),
        (words.of_python, "# It goes on.\n"),
        (words.of_python, 'x = {"nobody": 1}\n'),
        (words.of_python, 'EXAMPLES = r"""\n- debug:\n    msg: it goes on\n"""\n'),
        (words.of_page, "{# It goes on. #}<style>it goes on</style><!-- it goes on --><p id='it goes on'>"),
        (words.of_page, '{% if nobody %}{{ a["nobody"] }}{% endif %}'),
        (words.of_script, 'x["nobody"];\n'),
    ],
)
def test_code_keys_and_samples_are_ignored(reader: Reader, source: str) -> None:
    assert found(reader, source) == []


def test_all_words_of_a_file_are_reported_in_the_order_of_lines() -> None:
    flawed = found(words.of_markdown, "Nobody knows.\n\nIt goes on,\nand nobody knows.\n")
    assert flawed == ["1: 'Nobody': no one", "3: 'goes on': continues", "4: 'nobody': no one"]


@pytest.mark.parametrize(("kind", "expected"), [("guide", ["1: 'a?': a statement"]), ("page", [])])
def test_words_are_found_in_the_kinds_of_text_where_they_count(kind: str, expected: list[str]) -> None:
    patterns = read_patterns("[{avoid: '\\ba\\?', better: a statement, kinds: [guide]}]")
    assert found(lambda source: iter([Text(kind, 1, source)]), "a? b", patterns) == expected


@pytest.mark.parametrize(("path", "count"), [("docs/quotes.md", 0), ("docs/other.md", 1)])
def test_a_file_may_be_allowed_to_have_words(path: str, count: int) -> None:
    patterns = read_patterns("[{avoid: goes on, better: continues, allowed: {docs/quotes.md: it quotes the service}}]")
    assert len(flaws(path, iter([Text("guide", 1, "it goes on")]), patterns)) == count


# --- the command ----------------------------------------------------------------------------------------------------


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with flaws in two files and in a translation."""
    (tmp_path / "docs").mkdir()
    for name in ("README.md", "README.zh-CN.md", "docs/a.md"):
        (tmp_path / name).write_text("It goes on.\n", encoding="utf-8")
    return tmp_path


def test_the_command_prints_place_words_and_better_ones(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], checkout) == 1
    assert capsys.readouterr().out.splitlines() == [
        "README.md:1: 'goes on': continue, happen",
        "docs/a.md:1: 'goes on': continue, happen",
    ]


@pytest.mark.parametrize("chosen", ["docs", "docs/a.md"])
def test_the_command_checks_the_given_paths_only(checkout: Path, chosen: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(checkout / chosen)], checkout) == 1
    assert capsys.readouterr().out.splitlines() == ["docs/a.md:1: 'goes on': continue, happen"]


def test_the_command_accepts_texts_without_flaws(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout / "docs" / "a.md").write_text("It continues.\n", encoding="utf-8")
    assert main([str(checkout / "docs")], checkout) == 0
    assert capsys.readouterr().out == ""


def test_the_command_refuses_a_path_that_does_not_exist(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(checkout / "gone")], checkout) == 2
    assert capsys.readouterr().err == f"no such file or directory: {checkout / 'gone'}\n"


# --- the list -------------------------------------------------------------------------------------------------------


def test_each_word_of_the_style_guide_is_in_the_list() -> None:
    guide = (WORDS.parents[2] / "docs" / "style.md").read_text(encoding="utf-8")
    rows = guide.partition("| avoid | write |\n")[2].partition("\n\n")[0].splitlines()[1:]
    avoided = [each for row in rows for each in row.split("|")[1].split("`")[1::2]]
    patterns = read_patterns(WORDS.read_text(encoding="utf-8"))
    assert avoided
    assert [each for each in avoided if not any(pattern.avoid.search(each) for pattern in patterns)] == []


def test_each_file_that_may_have_words_exists() -> None:
    patterns = read_patterns(WORDS.read_text(encoding="utf-8"))
    assert [each for pattern in patterns for each in sorted(pattern.allowed) if not (WORDS.parents[2] / each).exists()] == []
