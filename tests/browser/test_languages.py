# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The languages of the page in a real browser: which one it begins with, and what the switch changes."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from pypdf import PdfReader

from support.browser import PHONE, Browser
from support.campaign.reports import empty_report, mark_report, preview_of, resumed_report, sample_report
from support.json_object import Json

pytestmark = pytest.mark.foreign

REPORTS = {
    "usual": sample_report(150),
    "preview": preview_of(sample_report(30)),
    "mark": mark_report(30),
    "resumed": resumed_report(),
    "empty": empty_report(),
}
EVERY_REPORT = pytest.mark.parametrize("name", REPORTS)


def written_in(language: str, report: Json) -> Json:
    """The report of a campaign with this language."""
    return {**report, "options": {**report["options"], "language": language}}


def language(browser: Browser) -> str:
    """What the page says that it is in, and shows."""
    lang = str(browser.run("document.documentElement.lang"))
    title = {"en": "Instances", "zh-CN": "云主机"}[lang]
    assert browser.one("#machines-title").text == title
    return lang


@pytest.mark.parametrize(
    ("written", "preferred", "shown"),
    [
        ("en", ("zh-CN", "zh", "en"), "zh-CN"),
        ("zh", ("en-US", "en"), "en"),
        ("zh", ("de", "fr"), "zh-CN"),
        ("en", ("de", "zh-TW"), "zh-CN"),
        ("en", ("de",), "en"),
    ],
)
def test_the_browsers_language_decides_at_first(browser: Browser, written: str, preferred: tuple[str, ...], shown: str) -> None:
    browser.languages(*preferred)
    browser.open(written_in(written, sample_report(3)))
    assert language(browser) == shown
    assert browser.complaints() == []


def test_a_choice_lasts(browser: Browser) -> None:
    browser.open(sample_report(3))
    assert language(browser) == "en"
    browser.turn("zh")
    assert language(browser) == "zh-CN"
    browser.open(sample_report(4))
    assert language(browser) == "zh-CN"
    assert browser.one('[data-language="zh"]').get_attribute("aria-pressed") == "true"
    assert browser.one('[data-language="en"]').get_attribute("aria-pressed") == "false"


def test_without_scripts_the_page_is_in_the_language_it_was_written_in_and_has_no_switch(browser: Browser) -> None:
    browser.scripts(False)
    for written, title in (("en", "Instances"), ("zh", "云主机")):
        browser.open(written_in(written, sample_report(3)))
        assert browser.one("#machines-title").text == title
        assert not browser.one(".languages").is_displayed()
    browser.scripts(True)


@EVERY_REPORT
def test_there_and_back_the_page_is_what_it_was(browser: Browser, name: str) -> None:
    browser.open(REPORTS[name])
    before = browser.run("document.body.innerText")
    browser.turn("zh")
    assert browser.run("document.body.innerText") != before
    browser.turn("en")
    assert browser.run("document.body.innerText") == before
    assert browser.complaints() == []


@EVERY_REPORT
def test_a_page_that_is_switched_is_the_page_that_is_written_so(browser: Browser, name: str) -> None:
    report = written_in("zh", REPORTS[name])
    browser.open(report)
    browser.turn("zh")
    switched = browser.run("document.body.innerText")
    browser.languages("zh")
    browser.open(report)
    assert browser.run("document.body.innerText") == switched


def test_rows_that_waited_are_switched_too(browser: Browser) -> None:
    browser.open(REPORTS["usual"])
    browser.turn("zh")
    browser.press("再显示 50 条", within="#machines-section")
    rows = browser.rows()
    assert len(rows) == 150
    assert not any("deleted" in row for row in rows)
    assert all("已删除" in row or "已阻断" in row or "失败" in row for row in rows)


def test_filter_and_order_stay_and_are_those_of_the_language(browser: Browser) -> None:
    report = REPORTS["usual"]
    browser.open(report)
    browser.choose("blocked")
    blocked = [row["instance_id"] for row in report["machines"] if row["action"] == "blocked"]
    assert browser.count_text() == f"{len(blocked)} of 150 instances"
    browser.turn("zh")
    assert browser.count_text() == f"{len(blocked)} / 150 台云主机"
    browser.press("云主机", within="#machines")
    assert browser.one("#machines th[aria-sort]").text.startswith("云主机")
    browser.turn("en")
    assert browser.one("#machines th[aria-sort]").text.startswith("Instance")
    assert browser.count_text() == f"{len(blocked)} of 150 instances"


def test_chinese_words_are_found(browser: Browser) -> None:
    report = REPORTS["usual"]
    browser.open(report)
    browser.turn("zh")
    held = [row for row in report["machines"] if any(blocker["code"] == "protected" for blocker in row["blockers"])]
    browser.find("受标签保护")
    assert browser.count_text() == f"{len(held)} / 150 台云主机"
    browser.find("已接受", table="writes")
    accepted = sum(write["outcome"] == "accepted" for write in report["writes"])
    assert browser.count_text("writes").startswith(f"{accepted:,} / ")


def test_a_saved_list_has_the_heads_of_the_language(browser: Browser, tmp_path: Path) -> None:
    browser.open(sample_report(30))
    browser.turn("zh")
    lines = list(csv.reader(io.StringIO(browser.saved("machines", tmp_path).decode("utf-8-sig"))))
    assert lines[0][:5] == ["名称", "ID", "规格", "可用区", "内网地址"]
    assert {"结果", "备份", "元/月"} <= set(lines[0])
    assert "已删除" in lines[-1]


@EVERY_REPORT
def test_no_width_scrolls_sideways_in_chinese(browser: Browser, name: str) -> None:
    browser.open(REPORTS[name])
    browser.turn("zh")
    wide = {}
    for width in (320, PHONE, 760, 800, 861, 1001, 1241, 1440):
        browser.width(width)
        wide[width] = browser.run("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert {width: beyond for width, beyond in wide.items() if beyond} == {}


def test_a_card_on_a_phone_has_the_titles_of_the_language(browser: Browser) -> None:
    browser.width(PHONE)
    browser.open(sample_report(150))
    browser.turn("zh")
    labels = browser.run("[...new Set(Array.from(document.querySelectorAll('td[data-label]'), (cell) => cell.dataset.label))]")
    assert [label for label in labels if label.isascii() and label != "GB"] == []
    assert browser.one('label[for="machines-sort"]').text == "排序"


def test_paper_has_the_language_and_no_switch(browser: Browser, tmp_path: Path) -> None:
    browser.open(sample_report(30))
    browser.turn("zh")
    text = "".join(page.extract_text() for page in PdfReader(browser.pdf(tmp_path)).pages)
    assert "English" not in text
    assert "Needs attention" not in text


def test_every_field_and_button_has_a_name_in_chinese(browser: Browser) -> None:
    browser.open(sample_report(300))
    browser.turn("zh")
    assert str(browser.one("#machines-find").get_attribute("placeholder")).startswith("名称")
    assert browser.one("nav").get_attribute("aria-label") == "目录"
    assert browser.one(".languages").accessible_name == "语言"
    assert browser.one('.controls[data-list="backups"]').accessible_name == "备份"


@pytest.mark.parametrize("width", [320, 1280])
def test_the_switch_does_not_lie_upon_the_name_of_the_campaign(browser: Browser, width: int) -> None:
    browser.width(width)
    browser.open(sample_report(3, campaign="w" * 60))
    switch, text = browser.one(".languages").rect, browser.one(".kind span").rect
    assert text["x"] + text["width"] <= switch["x"]
    title = browser.run(
        "(() => { const range = document.createRange(); range.selectNodeContents(document.querySelector('h1'));"
        " return Array.from(range.getClientRects(), (each) => [each.right, each.top]); })()"
    )
    assert all(right <= switch["x"] + 1 or top >= switch["y"] + switch["height"] - 1 for right, top in title)
