# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of idle instances in a real browser."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.by import By

from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.idle.content import idle_report
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.idle.page import render
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.input.other_variables import READERS
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.steps.find_idle import choose_idle
from support.browser import PHONE, Browser
from support.campaign.idle import judged, looked
from support.campaign.results import NOW

pytestmark = pytest.mark.foreign


@pytest.fixture
def opened(browser: Browser) -> Browser:
    """The page of 150 idle instances, one blocked and one unknown."""
    rows = [judged(f"i-{number:09}", name=f"web-{number}", cost=float(number)) for number in range(150)]
    blocked = judged("i-blocked", deletable=False, blockers=[{"code": "protected", "message": "Its tag protects it."}])
    options, looks = READERS["find_idle"]({}), [looked(*rows, blocked, judged("i-unknown", "unknown"))]
    path = browser.folder / "idle.html"
    path.write_text(render(idle_report(choose_idle(looks, options), looks, options, NOW, NOW)), encoding="utf-8")
    browser.chrome.get(path.as_uri())
    return browser


def test_the_page_opens_from_disk_and_asks_for_nothing_else(opened: Browser) -> None:
    assert opened.one("h1").text == "Idle instances in cn-north-1"
    assert opened.complaints() == []
    assert opened.requests() == [opened.chrome.current_url]


def test_the_dearest_stands_first_and_each_has_its_drawing(opened: Browser) -> None:
    rows = opened.rows("candidates")
    assert len(rows) == 100
    assert rows[0].startswith("web-149")
    assert opened.run("document.querySelectorAll('#candidates svg.spark').length") == 100


def test_the_list_can_be_searched_beyond_what_is_shown(opened: Browser) -> None:
    opened.find("web-7 ", "candidates")
    assert any(row.startswith("web-7") for row in opened.rows("candidates"))
    opened.find("code:protected", "candidates")
    assert [row.split()[0] for row in opened.rows("candidates")] == ["i-blocked"]


def test_the_switch_turns_the_whole_page_into_chinese(opened: Browser) -> None:
    opened.one('button[data-language="zh"]').click()
    assert opened.one("h1").text == "cn-north-1 \u7684\u95f2\u7f6e\u4e91\u4e3b\u673a"
    assert opened.count_text("candidates") == "151 \u53f0\u4e91\u4e3b\u673a"
    labels = {each.get_attribute("aria-label") for each in opened.chrome.find_elements(By.CSS_SELECTOR, "#candidates svg.spark")}
    assert labels == {"CPU\uff0c14 \u5929\uff1a\u6700\u9ad8 0.8 %"}


def test_on_a_phone_nothing_sticks_out(opened: Browser) -> None:
    opened.width(PHONE)
    assert opened.run("document.documentElement.scrollWidth") <= PHONE
