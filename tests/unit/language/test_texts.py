# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tables of texts are whole: both languages, the same values, every text used, and none that stands elsewhere."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

from ansible_collections.jdcloud.cloud.plugins.plugin_utils._language.code_texts import BLOCKERS, ERRORS, WARNINGS
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._language.text import (
    TEXTS,
    Speaker,
    Text,
    duration,
    join,
    language_of,
    listed,
    money,
    same,
    say,
    word_of,
)

ROOT = Path(__file__).resolve().parents[3]
PLACE = ROOT / "plugins" / "plugin_utils"
PAGES = (PLACE / "_campaign" / "report", PLACE / "_campaign" / "idle")
USERS = [
    *(path for place in PAGES for path in place.glob("*.*")),
    *(PLACE / "_campaign").rglob("*.py"),
    *(PLACE / name for name in ("_actions/progress_line.py", "_language/text.py")),
]
"""What says texts."""
HAN = re.compile("[\u4e00-\u9fff]")
LATIN = ("ID", "GB", "CSV", "API", "CPU", "English", "Access key")
"""Texts that stand in Chinese as they are."""
WRONG = ("活动", "虚拟机", "实例", "弹性IP", "区域", "可用域", "拦截", "地区")
"""Words that are not those of JD Cloud."""
MADE = {
    *("unit", "fact", "selected", "section", "tile", "more", "col", "hint", "reason", "sum", "js", "count", "sent", "plan"),
    *("table", "place", "rate", "api", "language", "finish", "n", "money", "progress", "idle", "metric"),
}
"""Groups whose keys the code puts together of the group and a name."""
CODES = {
    *("blocker", "warning", "error", "action", "planned", "status", "outcome", "kind", "phase", "fate", "planned_fate"),
    *("table_fate", "write", "state", "backup", "backup_status", "pointer", "pointer_state", "doing", "expiry"),
    *("standing", "verdict", "judged"),
}
"""Groups whose names are codes, of results or of this collection."""


def values_of(form: str) -> set[str]:
    """The names in braces."""
    return {name for _text, name, _form, _how in Formatter().parse(form) if name}


def test_an_english_text_has_at_most_two_forms_and_a_number_that_decides() -> None:
    forms = {key: en.split("|") for key, (en, _zh) in TEXTS.items()}
    assert [key for key, each in forms.items() if len(each) > 2] == []
    # Numbers of totals stand before their words, in an element of their own.
    undecided = [key for key, each in forms.items() if len(each) == 2 and "n" not in values_of(each[1])]
    assert [key for key in undecided if not key.startswith(("tile.", "more."))] == []


def test_both_languages_of_a_text_have_the_same_values() -> None:
    # A Chinese list says how many there are, not how many more.
    differs = {"list.more", "lead.counts", "row.gist"}
    forms = {key: (en.split("|")[-1], zh) for key, (en, zh) in TEXTS.items() if key not in differs}
    assert [key for key, (en, zh) in forms.items() if en and values_of(en) != values_of(zh)] == []


def test_a_chinese_text_is_chinese_and_has_chinese_punctuation() -> None:
    texts = {key: (en, re.sub(r"\{\w+\}", "", zh)) for key, (en, zh) in TEXTS.items()}
    latin = [key for key, (en, zh) in texts.items() if re.search(r"[A-Za-z]", zh) and not HAN.search(zh) and en not in LATIN]
    assert latin == []
    assert [key for key, (_en, zh) in texts.items() if re.search(r"[\u4e00-\u9fff][,;:!?.](?!\w)", zh)] == []


def test_a_chinese_text_has_the_words_of_the_vendor() -> None:
    assert {key: word for key, (_en, zh) in TEXTS.items() for word in WRONG if word in zh} == {}


def literals(path: Path) -> str:
    """What a file holds, without its comments."""
    return path.read_text(encoding="utf-8")


def test_every_text_is_used() -> None:
    """A key stands in the code as it is, or its group does, and its name too, where both are put together."""
    code = "\n".join(literals(path) for path in USERS)
    words = set(re.findall(r"\w+", code))
    idle = []
    for key in TEXTS:
        group, *names = key.removesuffix("_planned").split(".")
        made = group in MADE and {group, *names} <= words
        if not made and group not in CODES and f'"{key}"' not in code:
            idle.append(key)
    assert idle == []


def test_no_text_of_the_page_stands_in_its_templates() -> None:
    found = {}
    for path in (path for place in PAGES for path in place.glob("*.html.j2")):
        text = re.sub(r"\{#.*?#\}|<!.*?>", "", literals(path), flags=re.DOTALL)
        bare = re.sub(r"<[^>]*>|\{%.*?%\}|\{\{.*?\}\}", " ", re.sub(r'"\{\{.*?\}\}"|\{\{.*?\}\}|\{%.*?%\}', "", text))
        words = re.findall(r"[A-Za-z\u4e00-\u9fff]{2,}", bare)
        attributes = re.findall(r'(?:placeholder|aria-label|title|alt)="([^"{]+)"', text)
        if words or attributes:
            found[path.name] = [*words, *attributes]
    assert found == {}


def test_no_chinese_text_stands_in_the_code_of_a_campaign() -> None:
    assert [path.name for path in USERS if path.suffix != ".pyc" and HAN.search(literals(path))] == []


def codes_of(maker: str, place: str) -> set[str]:
    """The codes that the collection gives to what `maker` makes."""
    found = set()
    for path in (ROOT / "plugins" / "module_utils" / "_fleet" / place).rglob("*.py"):
        for node in ast.walk(ast.parse(literals(path))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == maker and node.args:
                first = node.args[0]
                found |= {first.value} if isinstance(first, ast.Constant) else set()
    return {str(code) for code in found}


@pytest.mark.parametrize("place", ["planning", "machines", "surroundings", "tags"])
def test_each_finding_about_an_instance_has_a_title_and_advice_in_both_languages(place: str) -> None:
    known = {**BLOCKERS, **WARNINGS}
    codes = {code for code in codes_of("Finding", place) if not {f"blocker.{code}", f"warning.{code}"} & set(known)}
    assert codes == set()


@pytest.mark.parametrize("place", ["machines", "backups", "tags", "common"])
def test_each_failure_of_an_instance_has_a_title_in_both_languages(place: str) -> None:
    # One restores, and no campaign does that.
    assert {code for code in codes_of("Failure", place) if f"error.{code}" not in ERRORS} - {"kept_by_service"} == set()


def test_each_title_has_an_advice() -> None:
    for table in (BLOCKERS, ERRORS, WARNINGS):
        titles = {key for key in table if not key.endswith(".advice")}
        assert {f"{key}.advice" for key in titles} == set(table) - titles


# --- how a text is made ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "en", "zh"), [(1, "1 instance", "1 台云主机"), (1200, "1,200 instances", "1,200 台云主机")])
def test_a_noun_agrees_with_its_number(number: int, en: str, zh: str) -> None:
    assert say("n.instances", n=number) == Text(en, zh)


def test_a_text_within_a_text_is_in_the_same_language() -> None:
    text = say("fact.took_in", time=duration(61), runs=say("n.runs", n=2))
    assert text == Text("1 min 1 s in 2 runs", "1 分 1 秒，共 2 次运行")


def test_braces_of_a_name_are_no_values() -> None:
    assert say("finish.report", path="/srv/{0}{n}").en == "Report: /srv/{0}{n}"


def test_amounts_have_the_form_of_the_language() -> None:
    assert money(1234.5, "CNY") == Text("1,234.50 CNY", "1,234.50 元")
    assert money(1234.5, "USD", cents=False) == same("1,234 USD")


def test_a_long_list_says_how_many_there_are() -> None:
    assert listed(["a", "b", "c"], 2) == Text("a, b and 1 more", "a、b 等 3 个")
    assert listed(["a", "b"], 2) == Text("a, b", "a、b")
    assert join(["", same("")]) == same("")


def test_a_code_that_no_table_has_stands_for_itself() -> None:
    assert word_of("status", "brand_new") == same("brand new")


def test_a_speaker_says_texts_in_its_language() -> None:
    assert Speaker("zh")("outcome.complete") == "已完成"


@pytest.mark.parametrize(
    ("options", "language"), [({}, "en"), ({"language": "zh"}, "zh"), ({"language": "<b>"}, "en"), ({"language": []}, "en")]
)
def test_the_language_of_a_campaign_is_one_that_there_is(options: dict[str, object], language: str) -> None:
    assert language_of(options) == language


def test_a_key_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(KeyError):
        say("no.such.key")
