# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""tests/tools/translations.py finds Chinese documents that are not in step with the English ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import translations
from tools.translations import page_flaws, sections, wrong_words

ENGLISH = """\
# Guide

English | [中文](guide.zh-CN.md)

It says `one`.

## Steps

* First
* [Second](other.md#there)

```shell
run   # now
```
"""

CHINESE = """\
# 指南

[English](guide.md) | 中文

这里说 `one`。

## 步骤

* 第一步
* [第二步](other.md#there)

```shell
run   # 现在
```
"""


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Chinese page that is in step with its original."""
    monkeypatch.setattr(translations, "ROOT", tmp_path)
    path = tmp_path / "docs" / "guide.zh-CN.md"
    path.parent.mkdir()
    path.with_name("guide.md").write_text(ENGLISH, encoding="utf-8")
    path.write_text(CHINESE, encoding="utf-8")
    assert translations.main(["--accept", str(path)]) == 0
    return path


def change(path: Path, old: str, new: str) -> None:
    """Change a text that stands in a file."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


# --- in step --------------------------------------------------------------------------------------------------------


def test_an_accepted_page_has_no_flaws(page: Path) -> None:
    assert page_flaws(page) == []


def test_an_accepted_page_has_a_fingerprint_below_each_heading_and_is_else_as_before(page: Path) -> None:
    first, second = (each.fingerprint for each in sections(ENGLISH))
    expected = CHINESE.replace("# 指南\n", f"# 指南\n<!-- en: {first} -->\n", 1)
    assert page.read_text(encoding="utf-8") == expected.replace("步骤\n", f"步骤\n<!-- en: {second} -->\n", 1)


def test_to_accept_again_changes_nothing(page: Path) -> None:
    before = page.read_text(encoding="utf-8")
    assert translations.main(["--accept", str(page)]) == 0
    assert page.read_text(encoding="utf-8") == before


def test_lines_that_are_broken_elsewhere_do_not_make_a_section_stale(page: Path) -> None:
    change(page.with_name("guide.md"), "It says `one`.", "It\nsays `one`.")
    assert page_flaws(page) == []


def test_a_hash_in_code_is_no_heading() -> None:
    text = "# Title\n\n```sh\n# a comment\n```\n\n    # another\n\n## Next\n"
    assert [each.title for each in sections(text)] == ["Title", "Next"]


# --- out of step ----------------------------------------------------------------------------------------------------


def test_a_section_whose_original_changed_is_stale(page: Path) -> None:
    change(page.with_name("guide.md"), "* First", "* First of all")
    assert page_flaws(page) == ["步骤: is stale: compare it with the English section 'Steps', then accept it"]


def test_a_section_without_a_fingerprint_was_never_accepted(page: Path) -> None:
    page.write_text(CHINESE, encoding="utf-8")
    assert page_flaws(page) == [
        "指南: was never accepted: compare it with the English section 'Guide', then accept it",
        "步骤: was never accepted: compare it with the English section 'Steps', then accept it",
    ]


@pytest.mark.parametrize(
    ("old", "new", "flaw"),
    [
        ("run ", "walk ", "步骤: the code blocks differ: expected those of the English section, but for comments"),
        ("* 第一步\n", "", "步骤: it has 1 points and rows: expected 2"),
        ("`one`", "one", "指南: `one` is missing"),
        ("`one`", "`one` 和 `two`", "指南: `two` is not in the English section"),
        ("第一步", "第一个活动", "步骤: '活动': write 下线任务"),
        ("[English](guide.md) | ", "", "it does not lead to guide.md at its top"),
        ("## 步骤", "### 步骤", "found '### 步骤': expected a heading of level 2 for '## Steps'"),
        ("## 步骤", "步骤", "found the end: expected a heading of level 2 for '## Steps'"),
        ("## 步骤", "## 步骤\n\n## 更多", None),
    ],
)
def test_what_a_translation_has_otherwise_is_found(page: Path, old: str, new: str, flaw: str | None) -> None:
    change(page, old, new)
    assert page_flaws(page) == [flaw or "found '## 更多': expected the end"]


def test_an_english_page_leads_to_its_translation(page: Path) -> None:
    change(page.with_name("guide.md"), "English | [中文](guide.zh-CN.md)", "")
    assert translations.main(["--accept", str(page)]) == 0
    assert page_flaws(page) == ["guide.md does not lead to it at its top"]


def test_a_link_leads_to_the_chinese_page_where_it_exists(page: Path) -> None:
    page.with_name("other.zh-CN.md").write_text("# 另一页\n", encoding="utf-8")
    assert page_flaws(page) == ["步骤: it leads to other.md#there: expected other.zh-CN.md"]
    change(page, "other.md#there", "other.zh-CN.md#那里")
    assert page_flaws(page) == []


def test_a_page_without_an_original_is_found(page: Path) -> None:
    page.with_name("guide.md").unlink()
    assert page_flaws(page) == ["there is no guide.md of which it is the translation"]


# --- words ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "下线任务写出备份清单，主机清单列出云主机",
        "\u201c全部\u201d、弹性公网IP、云硬盘和专有宿主机",
        "Ansible 主机、主机名和实例规格，见 (a, b)",
        "机器人不支持签名：设置 key: value。",
    ],
)
def test_the_right_words_are_fine(text: str) -> None:
    assert wrong_words(text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("这次活动", "活动"),
        ("写出清单", "清单"),
        ("停止主机", "主机"),
        ("这个实例", "实例"),
        ("弹性 IP", "弹性"),
        ("本地硬盘", "硬盘"),
        ('表示"全部"的', '"全部"'),
        ("表示「全部」", "「"),
        ("你好,世界", "好,"),
        ("到此结束.", "束."),
        ("云主机(VM)", "机("),
    ],
)
def test_a_wrong_word_is_found(text: str, found: str) -> None:
    assert wrong_words(text)[0].startswith(f"'{found}': write ")


def test_stars_that_make_nothing_bold_are_found(page: Path) -> None:
    change(page, "第一步", "**先看清楚。**再动手")
    assert page_flaws(page) == ["步骤: '**': write a blank at the outer side of the stars, which make nothing bold here"] * 2


def test_code_and_addresses_are_no_words(page: Path) -> None:
    change(page, "* 第一步", '* 第一步\n\n      echo "全部活动"\n')
    assert [flaw for flaw in page_flaws(page) if "write" in flaw] == []


# --- the command ----------------------------------------------------------------------------------------------------


def test_the_command_names_file_and_section_and_says_how_to_accept(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(page.with_name("guide.md"), "It says", "It reads")
    assert translations.main([]) == 1
    stale, how = capsys.readouterr().err.splitlines()
    assert stale.startswith("docs/guide.zh-CN.md: 指南: is stale")
    assert how == "To accept: .venv/lint/bin/python tests/tools/translations.py --accept FILE"


def test_the_command_is_silent_where_all_is_in_step(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert translations.main([]) == 0
    assert capsys.readouterr().err == ""


def test_a_page_with_other_headings_is_not_accepted(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(page, "## 步骤", "### 步骤")
    before = page.read_text(encoding="utf-8")
    assert translations.main(["--accept", str(page)]) == 1
    assert capsys.readouterr().err.endswith("found '### 步骤': expected a heading of level 2 for '## Steps'\n")
    assert page.read_text(encoding="utf-8") == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--accept", "guide.md"], "guide.md: expected a file that ends with .zh-CN.md"),
        (["--acept", "x"], "expected no argument, or --accept FILE, and not --acept x"),
    ],
)
def test_wrong_arguments_are_refused(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert translations.main(arguments) == 1
    assert capsys.readouterr().err == f"{message}\n"
