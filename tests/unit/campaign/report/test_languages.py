# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of a report in both languages: written in one, with the other next to it."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.report.about import lead_of, money_of, original_of
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.report.page import render
from support.campaign.page import Page
from support.campaign.reports import empty_report, mark_report, preview_of, resumed_report, sample_report
from support.json_object import Json

REPORTS = {
    "usual": sample_report(60),
    "preview": preview_of(sample_report(12)),
    "mark": mark_report(),
    "resumed": resumed_report(),
    "empty": empty_report(),
}
SWAPPED = re.compile(r'data-t="([^"]*)"[^>]*>([^<]*)</')
ATTRIBUTE = re.compile(r' (placeholder|aria-label)="([^"]*)" data-t-\1="([^"]*)"')


FOREIGN = ("style", "script", "code", "bdi", "small", "h1", "time")
NOT_OURS = tuple(rf"<{name}\b.*?</{name}>" for name in FOREIGN)
"""What holds text of the cloud, of users, or no text."""


def in_chinese(report: Json) -> Json:
    """The report of a campaign whose language is Chinese."""
    return {**report, "options": {**report["options"], "language": "zh"}}


def pairs(text: str) -> Counter[tuple[str, str]]:
    """What is shown, and what stands next to it in the other language."""
    found = Counter((shown, other) for other, shown in SWAPPED.findall(text))
    return found + Counter((shown, other) for _name, shown, other in ATTRIBUTE.findall(text))


@pytest.mark.parametrize("name", REPORTS)
def test_the_page_in_one_language_is_that_in_the_other_with_their_texts_swapped(name: str) -> None:
    english, chinese = render(REPORTS[name]), render(in_chinese(REPORTS[name]))
    swapped = pairs(chinese)
    # The language itself is an option, which only one of them shows.
    shown = {pair: number for pair, number in pairs(english).items() if swapped[pair[::-1]] != number}
    assert shown == {}


@pytest.mark.parametrize("name", REPORTS)
def test_the_page_in_chinese_shows_no_english_word_of_its_own(name: str) -> None:
    text = render(in_chinese(REPORTS[name]))
    bare = re.sub("|".join((*NOT_OURS, "<[^>]*>")), " ", text, flags=re.DOTALL)
    campaign = re.findall(r"\w+", REPORTS[name]["campaign"])
    assert set(re.findall(r"[A-Za-z]{2,}", bare)) - {"GB", "CSV", "ID", "IP", "DNS", "API", "UTC", "AWX", "English"} <= {
        *("Access", "Key", "jdcloud", "cloud", "report", "json", *campaign),
    }


def test_a_page_names_its_language() -> None:
    assert '<html lang="en">' in render(sample_report(1))
    assert '<html lang="zh-CN">' in render(in_chinese(sample_report(1)))


def test_the_script_has_its_texts_in_both_languages() -> None:
    for report, language in ((sample_report(1), "en"), (in_chinese(sample_report(1)), "zh")):
        block = next(each for each in map(json.loads, Page(render(report)).blocks["script"][:-1]) if "written" in each)
        assert block["written"] == language
        assert all(set(text) == {"en", "zh"} for text in (*block["texts"].values(), *block["columns"].values()))


def test_every_part_of_a_cell_has_a_title_for_the_saved_list() -> None:
    text = render(sample_report(60))
    block = next(each for each in map(json.loads, Page(text).blocks["script"][:-1]) if "written" in each)
    assert set(re.findall(r'data-csv="([^"]*)"', text)) <= set(block["columns"])


def test_a_message_in_english_has_the_title_of_its_code_before_it_in_chinese() -> None:
    report = sample_report(60)
    message = next(row for row in report["machines"] if row["blockers"])["blockers"][0]["message"].partition(",")[0][:12]
    chinese = re.sub(r"</?span[^>]*>", "", render(in_chinese(report)))
    assert re.search(rf'<b class="gist" data-t="">[^<]+：</b><bdi lang="en">[^<]*{re.escape(message)}', chinese)


def test_a_reason_has_a_title_and_an_explanation_in_chinese() -> None:
    section = render(in_chinese(sample_report(60))).partition('id="reasons-section"')[2].partition("</section>")[0]
    assert '<h3 data-t="A tag protects it">受标签保护</h3>' in section
    assert ">确认可以删除后再移除标签" in section
    assert ">阻断项</span> <code>protected</code>" in section


def test_an_error_is_explained_in_chinese_next_to_its_message() -> None:
    section = render(in_chinese(sample_report(300))).partition('id="reasons-section"')[2].partition("</section>")[0]
    assert ">服务拒绝了请求</h3>" in section
    assert ">请按消息处理；联系京东云技术支持时请提供请求 ID。</p>" in section
    assert '<bdi lang="en">vm.deleteInstance failed: no permission (403 PERMISSION_DENIED).</bdi>' in section


def test_the_outcome_in_chinese_comes_from_the_numbers() -> None:
    assert lead_of(sample_report(30)).zh == "30 台云主机：已删除 28 台，已阻断 2 台。"
    assert lead_of(preview_of(sample_report(30))).zh == "30 台云主机：将删除 28 台，已阻断 2 台。"
    assert lead_of(empty_report()).zh == "没有选中云主机。"


@pytest.mark.parametrize(("outcome", "quoted"), [("failed", True), ("stopped", True), ("complete", False), ("planned", False)])
def test_what_went_wrong_is_quoted_on_the_chinese_page(outcome: str, quoted: bool) -> None:
    report = sample_report(3, outcome=outcome, message="The campaign was stopped.")
    assert original_of(report).zh == ("The campaign was stopped." if quoted else "")
    assert original_of(report).en == ""


def test_where_prices_come_from_is_said_in_chinese() -> None:
    money = sample_report(3)["money"]
    assert money_of({**money, "unknown": 0}).zh == "数据来自账号 2026-10 的账单。"
    prices = {**money, "source": "prices", "month": None, "unknown": 2}
    message = "From the prices that were given. The bill could not be read: no permission."
    text = money_of({**prices, "message": message}).zh
    assert text == "按给定的价格计算。The bill could not be read: no permission. 2 个资源的价格未知。"
    assert money_of({**money, "available": False, "message": "No.", "unknown": 0}).zh == "No."


def test_amounts_and_spans_of_time_have_the_form_of_the_language() -> None:
    english, chinese = render(sample_report(60)), render(in_chinese(sample_report(60)))
    assert '<b data-t="6,636.00 元">6,636.00 CNY</b>' in english
    assert '<b data-t="6,636.00 CNY">6,636.00 元</b>' in chinese
    assert ">24 min 20 s</bdi>" in english
    assert ">24 分 20 秒</bdi>" in chinese
