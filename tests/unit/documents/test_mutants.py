# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The deliberate faults of tests/mutants fit the code as it is, and no rule is without one; `make mutants` plants them."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from mutants.checkout import Outcome, read_report
from mutants.faults import Fault, FaultError, choose, read_faults
from mutants.run import table, verdict

ROOT = Path(__file__).resolve().parents[3]
LISTS = ROOT / "tests" / "mutants"
AT_LEAST = 60
LONGEST_LIST = 400
FAULTS = read_faults()
_RULE = re.compile(r"^### (\d+)\. (?:(?!^### ).)*", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_fits_its_file_and_names_tests_that_exist(fault: Fault) -> None:
    text = (ROOT / fault.file).read_text(encoding="utf-8")
    assert fault.planted_in(text) != text
    assert fault.tests
    assert [test for test in fault.tests if not exists(test)] == []


def exists(test: str) -> bool:
    """Whether a file or folder of tests is there, or, behind two colons, a test in a file."""
    path, _colons, name = test.partition("::")
    return (ROOT / path).exists() and (not name or f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"))


def test_there_are_many_faults_and_each_has_a_name_of_its_own() -> None:
    assert len(FAULTS) >= AT_LEAST
    assert [name for name, count in Counter(fault.name for fault in FAULTS).items() if count > 1] == []


def test_each_rule_has_a_fault() -> None:
    rules = {int(found[1]) for found in _RULE.finditer((ROOT / "docs" / "rules.md").read_text(encoding="utf-8"))}
    assert rules == {fault.rule for fault in FAULTS if fault.rule is not None}


def test_each_list_is_short_enough_to_be_read() -> None:
    lengths = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in LISTS.glob("*.yml")}
    assert {name: length for name, length in lengths.items() if length > LONGEST_LIST} == {}


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ("- {name: A, file: b, from: c, tests: [d]}", r"lacks \['to'\]"),
        ("- {name: A, file: b, from: c, to: d, tests: [e], rules: 1}", r"has \['rules'\]"),
    ],
)
def test_a_list_that_is_not_whole_is_refused(entry: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "some.yml").write_text(entry, encoding="utf-8")
    with pytest.raises(FaultError, match=sentence):
        read_faults(tmp_path)


def test_a_fault_whose_text_stands_there_twice_or_not_at_all_is_refused() -> None:
    fault = Fault("some", "A", None, "b", "one", "two", ())
    assert fault.planted_in("one three") == "two three"
    for text in ("three", "one one"):
        with pytest.raises(FaultError, match="does not fit"):
            fault.planted_in(text)


def test_faults_are_chosen_by_list_name_and_file_and_a_word_that_means_none_is_refused() -> None:
    first, second = (Fault(name, name.upper(), None, f"{name}.py", "", "", ()) for name in ("gate", "proof"))
    for word in ("gate", "GAT", "ate.py"):
        assert choose([first, second], [word]) == [first]
    assert choose([first, second], []) == [first, second]
    with pytest.raises(FaultError, match="'lock'"):
        choose([first, second], ["gate", "lock"])


CASE = '<testsuites><testsuite><testcase file="tests/a.py" name="test_b[1]">{}</testcase></testsuite></testsuites>'


@pytest.mark.parametrize(
    ("inside", "code", "ending", "first"),
    [
        ("", 0, "passed", ""),
        ('<failure message="assert 1 == 2"/>', 1, "failed", "tests/a.py::test_b[1]"),
        ('<failure message="NameError: x"/>', 1, "broken", "tests/a.py::test_b[1]: NameError: x"),
        ('<error message="collection failure">ImportError</error>', 2, "broken", "tests/a.py: collection failure ImportError"),
        ("", 5, "broken", "pytest ended with 5: no tests"),
    ],
    ids=["passed", "failed", "no judgement", "not imported", "no tests"],
)
def test_only_a_test_that_judges_catches_a_fault(inside: str, code: int, ending: str, first: str, tmp_path: Path) -> None:
    (tmp_path / "report.xml").write_text(CASE.format(inside), encoding="utf-8")
    assert read_report(tmp_path / "report.xml", code, "no tests") == (ending, first)


def test_the_table_says_what_caught_each_fault_and_what_survived_fails() -> None:
    caught, survived, broken = (Fault("gate", name, 6, "a.py", "", "", ()) for name in ("A", "B", "C"))
    results = {
        caught: Outcome("failed", "tests/a.py::test_b", 1.25),
        survived: Outcome("passed", "", 2.0),
        broken: Outcome("broken", "tests/a.py: ImportError", 0.5),
    }
    assert table([*results], results).splitlines()[3:] == [
        "| A | 6 | `a.py` | `tests/a.py::test_b` | 1.2 |",
        "| B | 6 | `a.py` | nothing | 2.0 |",
        "| C | 6 | `a.py` | nothing: tests/a.py: ImportError | 0.5 |",
    ]
    assert [line.partition(":")[0] for line in verdict([*results], results)[1:]] == ["Survived", "Broken"]
    assert verdict([caught], results) == ["\n1 of 1 faults were caught."]
