# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nothing is cited that a clone does not hold.

Rules stand in docs/rules.md with the tests that hold them, facts about the cloud in docs/facts/. Both are cited by words, as in
"rule 11" and "fact states-transitional", in code, tests and guides alike. Each check is a function that returns sentences, and is
tried below on texts that are wrong on purpose.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from jsonschema import Draft202012Validator

ROOT = Path(__file__).resolve().parents[3]
FACTS = ROOT / "docs" / "facts"
FOLDERS = ("demo", "docs", "extensions", "playbooks", "plugins", "roles", "tests")
SUFFIXES = frozenset({".md", ".py", ".rst", ".sh", ".yaml", ".yml"})
RULES = range(1, 26)

FACTS_SCHEMA: Final = {
    "type": "object",
    "required": ["subject", "facts"],
    "additionalProperties": False,
    "properties": {
        "subject": {"type": "string", "minLength": 1},
        "facts": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["id", "says", "confidence"],
                "additionalProperties": False,
                "properties": {
                    "id": {"type": "string", "pattern": "^[a-z][a-z0-9]*(-[a-z0-9]+)+$"},
                    "says": {"type": "string", "pattern": r"\.$"},
                    "confidence": {"enum": ["documented", "observed_in_client", "inferred", "unknown"]},
                    "source": {"type": "string", "minLength": 1},
                },
                "if": {"properties": {"confidence": {"enum": ["documented", "observed_in_client"]}}},
                "then": {"required": ["source"]},
            },
        },
    },
}

_LINE_BREAK = re.compile(r"\n\s*(?:#\s*)?")
_AND = r"(?:, and |,? and |, | to |_to_|_and_|_|、| 和 | 到 )"
_RULES = re.compile(rf"(?:(?<![a-z])rules?[ _]|规则 )(\d+(?:{_AND}\d+)*)(?![\d.]*\d)", re.IGNORECASE)
_FACT = r"[a-z][a-z0-9]*(?:-[a-z0-9]+)+"
_FACTS = re.compile(rf"(?<![\w-])facts? ({_FACT}(?:(?:, and |,? and |, |、| 和 ){_FACT})*)", re.IGNORECASE)
_HEADING = re.compile(r"^### (\d+)\. (.+)$", re.MULTILINE)
_TEST = re.compile(r"^\* `(tests/[\w/]+\.py)::(\w+)`$", re.MULTILINE)
_FUNCTION = re.compile(r"^ *def (\w+)\(", re.MULTILINE)
_SHORT_SOURCE = re.compile(r"^\| ([A-Z]?[\w' -]+) \| (?:the|what|other|a) ", re.MULTILINE)
_FILE = re.compile(r"(?<![\w./{*<>-])[\w./-]*\w\.(?:md|py|sh|yaml)\b")


# --- what is cited --------------------------------------------------------------------------------------------------


def cited_rules(text: str) -> set[int]:
    """The numbers of all rules that a text cites, in words ("rules 9, 10 and 12") and in names (test_rule_09_gone)."""
    return {int(number) for listed in _RULES.findall(_one_line(text)) for number in re.findall(r"\d+", listed)}


def cited_facts(text: str) -> set[str]:
    """The ids of all facts that a text cites ("fact a-b", "facts a-b, c-d and e-f")."""
    return {fact for listed in _FACTS.findall(_one_line(text)) for fact in re.findall(_FACT, listed)}


def _one_line(text: str) -> str:
    """A citation may be broken by the end of a line, in a comment, too."""
    return _LINE_BREAK.sub(" ", text)


def comments(source: str) -> str:
    """The comments of a Python file and all texts that stand there for readers alone, docstrings among them."""
    found = [token.string for token in tokenize.generate_tokens(io.StringIO(source).readline) if token.type == tokenize.COMMENT]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            found.append(node.value.value)
    return "\n".join(found)


# --- what is there --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rule:
    """A rule of the guide, and the tests that it names: file and function."""

    number: int
    tests: tuple[tuple[str, str], ...]
    text: str


def parse_rules(guide: str) -> list[Rule]:
    """The rules of the guide, in their order."""
    found = list(_HEADING.finditer(guide))
    ends = [each.start() for each in found[1:]] + [len(guide)]
    texts = [guide[each.end() : end] for each, end in zip(found, ends, strict=True)]
    return [Rule(int(each[1]), tuple(_TEST.findall(text)), text) for each, text in zip(found, texts, strict=True)]


def functions(source: str) -> set[str]:
    """The names of all functions of a Python file."""
    return set(_FUNCTION.findall(source))


@cache
def pages() -> Mapping[str, str]:
    """All texts of the repository that may cite, but this one, whose citations are wrong on purpose."""
    found = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in SUFFIXES]
    found += [*ROOT.glob("*.md"), *ROOT.glob("*.py"), ROOT / "Makefile"]
    kept = [path for path in found if path != Path(__file__) and path.is_file() and "output" not in path.parts]
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in sorted(kept)}


def files_of_facts() -> dict[str, Any]:
    """What the files of facts hold, by their stems."""
    return {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(FACTS.glob("*.yaml"))}


def facts() -> set[str]:
    """The ids of all facts."""
    return {fact["id"] for held in files_of_facts().values() for fact in held["facts"]}


def rules() -> list[Rule]:
    """The rules of this repository."""
    return parse_rules((ROOT / "docs" / "rules.md").read_text(encoding="utf-8"))


# --- the checks -----------------------------------------------------------------------------------------------------


def unknown_citations(where: str, text: str, known_rules: Collection[int], known_facts: Collection[str]) -> list[str]:
    """What a text cites and nobody holds."""
    wrong = [
        f"{where} cites rule {number}: expected a rule that docs/rules.md has, {min(known_rules)} to {max(known_rules)}"
        for number in sorted(cited_rules(text).difference(known_rules))
    ]
    wrong += [
        f"{where} cites fact {fact}: expected an id of docs/facts/*.yaml; its file would be {_file_of(fact, known_facts)}"
        for fact in sorted(cited_facts(text).difference(known_facts))
    ]
    return wrong


def _file_of(fact: str, known: Collection[str]) -> str:
    alike = sorted(each for each in known if each.split("-")[0] == fact.split("-")[0])
    return f"the one that has {', '.join(alike)}" if alike else "one that does not exist"


def unnamed_rules(found: Iterable[Rule]) -> list[str]:
    """Rules that are missing or name no test."""
    found = list(found)
    numbers = [rule.number for rule in found]
    wrong = [] if numbers == [*RULES] else [f"docs/rules.md has rules {numbers}: expected 1 to {RULES[-1]} in their order"]
    return wrong + [
        f"rule {rule.number} names no test: expected lines of the form * `tests/….py::test_…`" for rule in found if not rule.tests
    ]


def missing_tests(found: Iterable[Rule], held: Mapping[str, Collection[str]]) -> list[str]:
    """Tests that rules name and that do not exist; `held` has the functions of each test file."""
    wrong = []
    for rule in found:
        for path, name in rule.tests:
            if name not in held.get(path, ()):
                elsewhere = sorted(other for other, names in held.items() if name in names)
                place = f"it is in {', '.join(elsewhere)}" if elsewhere else "no test file has it"
                wrong.append(f"rule {rule.number} names {path}::{name}: expected a function of that file, but {place}")
    return wrong


def uncited_facts(known: Collection[str], texts: Mapping[str, str]) -> list[str]:
    """Facts that no text cites outside the folder of facts."""
    cited = {fact for where, text in texts.items() if not where.startswith("docs/facts/") for fact in cited_facts(text)}
    return [f"fact {fact} is cited nowhere: expected a place that relies on it" for fact in sorted(set(known) - cited)]


def malformed_facts(stem: str, held: Any, sources: Collection[str]) -> list[str]:
    """What is wrong with a file of facts: its form, ids that do not begin like the file, ids given twice, unknown sources."""
    where = f"docs/facts/{stem}.yaml"
    wrong = [f"{where}, {error.json_path}: {error.message}" for error in Draft202012Validator(FACTS_SCHEMA).iter_errors(held)]
    if wrong:
        return wrong
    ids = [fact["id"] for fact in held["facts"]]
    prefix = f"{stem.replace('_', '-')}-"
    wrong += [f"{where}, {fact}: expected an id that begins with {prefix}" for fact in ids if not fact.startswith(prefix)]
    wrong += [f"{where}, {fact}: expected one fact of this id" for fact in sorted({each for each in ids if ids.count(each) > 1})]
    for fact in held["facts"]:
        named = [part.partition(":")[0].strip() for part in fact.get("source", "").split(";") if part]
        strange = [name for name in named if name.partition(",")[0] not in sources]
        wrong += [f"{where}, {fact['id']}: expected a source of docs/facts/README.md instead of '{name}'" for name in strange]
    return wrong


def missing_files(where: str, source: str, names: Collection[str]) -> list[str]:
    """Files that the comments of a Python file name and that do not exist."""
    lost = {file for file in _FILE.findall(source) if file.rpartition("/")[2] not in names}
    # Few files name any that is not there, so that hardly one has to be taken apart.
    named = sorted(lost.intersection(_FILE.findall(comments(source)))) if lost else []
    return [f"{where} names {file} in a comment: expected a file of this repository" for file in named]


# --- this repository ------------------------------------------------------------------------------------------------


def python_files(*folders: str) -> Iterator[tuple[str, str]]:
    """The Python files below some folders."""
    return ((where, text) for where, text in pages().items() if where.endswith(".py") and where.startswith(folders))


def test_rules_and_facts_that_are_cited_exist() -> None:
    numbers, ids = {rule.number for rule in rules()}, facts()
    assert [line for where, text in pages().items() for line in unknown_citations(where, text, numbers, ids)] == []


def test_every_rule_names_tests() -> None:
    assert unnamed_rules(rules()) == []


def test_every_test_that_a_rule_names_exists() -> None:
    assert missing_tests(rules(), {where: functions(text) for where, text in python_files("tests/")}) == []


def test_every_fact_is_cited() -> None:
    assert uncited_facts(facts(), pages()) == []


def test_files_of_facts_are_well_formed() -> None:
    sources = _SHORT_SOURCE.findall((FACTS / "README.md").read_text(encoding="utf-8"))
    assert {"Python SDK", "vendor's manual", "error tables"} <= set(sources)
    held = files_of_facts()
    assert held
    assert [line for stem, each in held.items() for line in malformed_facts(stem, each, sources)] == []


def test_comments_name_only_files_that_exist() -> None:
    names = {path.name for folder in FOLDERS for path in (ROOT / folder).rglob("*")} | {path.name for path in ROOT.iterdir()}
    assert [line for where, text in python_files("plugins/", "tests/") for line in missing_files(where, text, names)] == []


# --- the checks find what is wrong ----------------------------------------------------------------------------------

HELD = {"tests/unit/test_a.py": {"test_one"}, "tests/unit/test_b.py": {"test_two"}}
GOOD = "".join(f"### {number}. It holds\n\n* `tests/unit/test_a.py::test_one`\n\n" for number in RULES)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("as rule 11 wants", {11}),
        ("Rules 9, 10, 12 to 15 of jdcloud_vm: doing.", {9, 10, 12, 15}),
        ("(rules 1 and 2)", {1, 2}),
        ("def test_rule_06_before_send() -> None:", {6}),
        ("test_rules_01_to_05_and_15.py, test_rule_10_11_waits.py", {1, 5, 10, 11, 15}),
        ("# see rule\n    # 26, which is none", {26}),
        ("规则 9、10 和 12，规则 20", {9, 10, 12, 20}),
        ("the 25 rules; overrule 7; rules of 3 groups; rule 2.5", set()),
    ],
)
def test_citations_of_rules_are_found(text: str, numbers: set[int]) -> None:
    assert cited_rules(text) == numbers


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("(fact states-transitional)", {"states-transitional"}),
        ("Facts a-one, b-two and c-three-3.", {"a-one", "b-two", "c-three-3"}),
        ("# the names are not known (fact\n    # a-one), so", {"a-one"}),
        ("In fact, a well-known artefact of canonical_facts: infra-type; some facts in", set()),
    ],
)
def test_citations_of_facts_are_found(text: str, ids: set[str]) -> None:
    assert cited_facts(text) == ids


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rule 3, fact a-one", []),
        ("rule 99", ["x.py cites rule 99: expected a rule that docs/rules.md has, 1 to 25"]),
        ("fact a-two", ["x.py cites fact a-two: expected an id of docs/facts/*.yaml; its file would be the one that has a-one"]),
        ("fact z-two", ["x.py cites fact z-two: expected an id of docs/facts/*.yaml; its file would be one that does not exist"]),
    ],
)
def test_a_citation_of_what_does_not_exist_is_found(text: str, expected: list[str]) -> None:
    assert unknown_citations("x.py", text, RULES, {"a-one"}) == expected


def test_rules_that_all_name_tests_are_fine() -> None:
    assert unnamed_rules(parse_rules(GOOD)) == []
    assert missing_tests(parse_rules(GOOD), HELD) == []


def test_a_rule_that_is_missing_is_found() -> None:
    [line] = unnamed_rules(parse_rules(GOOD.replace("### 25.", "### 26.")))
    assert line.endswith("24, 26]: expected 1 to 25 in their order")


@pytest.mark.parametrize("text", ["no line at all", "* tests/unit/test_a.py::test_one"])
def test_a_rule_that_names_no_test_is_found(text: str) -> None:
    guide = GOOD.replace("* `tests/unit/test_a.py::test_one`", text, 1)
    assert unnamed_rules(parse_rules(guide)) == [
        "rule 1 names no test: expected lines of the form * `tests/….py::test_…`",
    ]


@pytest.mark.parametrize(
    ("named", "place"),
    [
        ("tests/unit/test_a.py::test_two", "it is in tests/unit/test_b.py"),
        ("tests/unit/test_a.py::test_three", "no test file has it"),
        ("tests/unit/test_gone.py::test_one", "it is in tests/unit/test_a.py"),
    ],
)
def test_a_test_that_does_not_exist_is_found(named: str, place: str) -> None:
    guide = GOOD.replace("tests/unit/test_a.py::test_one", named, 1)
    assert missing_tests(parse_rules(guide), HELD) == [f"rule 1 names {named}: expected a function of that file, but {place}"]


def test_a_fact_that_is_cited_nowhere_or_by_facts_alone_is_found() -> None:
    texts = {"plugins/x.py": "# fact a-one", "docs/facts/a.yaml": "says: Not as fact a-two."}
    expected = ["fact a-two is cited nowhere: expected a place that relies on it"]
    assert uncited_facts({"a-one", "a-two"}, texts) == expected


FACT = {"id": "a-b-one", "says": "It holds.", "confidence": "documented", "source": "Python SDK: vm.x; error tables"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, None),
        ({"confidence": "unknown", "source": None}, None),
        ({"id": "One"}, "$.facts[0].id: 'One' does not match"),
        ({"id": "b-one"}, "b-one: expected an id that begins with a-b-"),
        ({"says": "No end"}, "$.facts[0].says: 'No end' does not match"),
        ({"confidence": "sure"}, "$.facts[0].confidence: 'sure' is not one of"),
        ({"source": None}, "$.facts[0]: 'source' is a required property"),
        ({"source": "Python SDK; hearsay"}, "a-b-one: expected a source of docs/facts/README.md instead of 'hearsay'"),
        ({"note": "more"}, "$.facts[0]: Additional properties are not allowed"),
    ],
)
def test_a_malformed_fact_is_found(changes: dict[str, str | None], expected: str | None) -> None:
    fact = {name: value for name, value in {**FACT, **changes}.items() if value is not None}
    found = malformed_facts("a_b", {"subject": "x", "facts": [fact]}, {"Python SDK", "error tables"})
    assert [line.startswith(f"docs/facts/a_b.yaml, {expected}") for line in found] == ([] if expected is None else [True])


def test_a_fact_that_stands_there_twice_is_found() -> None:
    found = malformed_facts("a_b", {"subject": "x", "facts": [FACT, FACT]}, {"Python SDK", "error tables"})
    assert found == ["docs/facts/a_b.yaml, a-b-one: expected one fact of this id"]


@pytest.mark.parametrize(
    ("source", "lost"),
    [
        ("# the limits of there.yaml", []),
        ("x = 'gone.yaml'", []),
        ("# the limits (gone.yaml: names)", ["gone.yaml"]),
        ('"""Pure. Source: notes/gone.md."""', ["notes/gone.md"]),
        ('LIMIT = 1\n"""See gone.yaml."""', ["gone.yaml"]),
    ],
)
def test_a_file_that_does_not_exist_is_found_in_comments(source: str, lost: list[str]) -> None:
    found = missing_files("x.py", source, {"there.yaml"})
    assert found == [f"x.py names {name} in a comment: expected a file of this repository" for name in lost]
