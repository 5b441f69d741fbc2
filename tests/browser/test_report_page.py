# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of a report in a real browser."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from pypdf import PdfReader
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from support.browser import PHONE, Browser
from support.campaign.reports import TRAPS, empty_report, mark_report, preview_of, resumed_report, sample_report, with_texts
from support.json_object import Json

pytestmark = pytest.mark.foreign

NAMES = ("\u8ba2\u5355-\u6570\u636e\u5e93-01", "<b>web</b>", "w" * 120, "a name of many words that goes on " * 4, "")
"""Chinese, like markup, long without and with blanks, none."""
REPORTS: dict[str, Callable[[], Json]] = {
    "usual": lambda: sample_report(30),
    "names": lambda: sample_report(20, names=NAMES),
    "preview": lambda: preview_of(sample_report(30)),
    "mark": lambda: mark_report(30),
    "resumed": resumed_report,
    "empty": empty_report,
}
EVERY_REPORT = pytest.mark.parametrize("name", REPORTS)


@EVERY_REPORT
def test_a_page_opens_from_disk_and_asks_for_nothing_else(browser: Browser, name: str) -> None:
    browser.open(REPORTS[name]())
    assert browser.one("h1").is_displayed()
    assert browser.complaints() == []
    assert browser.requests() == [browser.chrome.current_url]


@pytest.mark.parametrize("trap", TRAPS)
def test_a_text_of_the_cloud_is_shown_and_does_nothing(browser: Browser, trap: str) -> None:
    """`alert` would leave a dialog, which makes every later command fail."""
    browser.open(with_texts(sample_report(6, seed=3), lambda: trap))
    assert browser.complaints() == []
    assert len(browser.requests()) == 1
    assert browser.run("document.querySelectorAll('script[src], img, iframe, object, embed, link').length") == 0
    assert len(browser.rows()) == 6


def test_a_machine_named_like_a_script_is_shown_by_its_name(browser: Browser) -> None:
    browser.open(sample_report(3, names=["<script>alert(1)</script>"]))
    assert any(row.startswith("<script>alert(1)</script>") for row in browser.rows())


def test_words_and_outcome_narrow_the_list(browser: Browser) -> None:
    report = sample_report(300)
    browser.open(report)
    assert browser.count_text() == "300 instances"
    blocked = [row["instance_id"] for row in report["machines"] if row["action"] == "blocked"]
    browser.choose("blocked")
    assert browser.count_text() == f"{len(blocked)} of 300 instances"
    browser.find(blocked[0])
    assert browser.count_text() == "1 of 300 instances"
    assert blocked[0] in browser.rows()[0]
    browser.choose("deleted")
    assert browser.rows() == []


def test_a_filter_stands_in_the_address_and_is_found_there_again(browser: Browser) -> None:
    report = sample_report(300)
    browser.open(report)
    browser.choose("deleted")
    browser.find("web")
    narrowed = browser.count_text()
    address = browser.chrome.current_url
    assert address.endswith("#machines-choice=deleted&machines-find=web")
    browser.chrome.get("about:blank")
    browser.chrome.get(address)
    assert browser.count_text() == narrowed
    browser.press("Reset", within='.controls[data-list="machines"]')
    assert browser.count_text() == "300 instances"
    assert "#" not in browser.chrome.current_url


def test_a_step_to_a_section_leaves_the_filter(browser: Browser) -> None:
    browser.open(sample_report(300))
    browser.find("web")
    narrowed = browser.count_text()
    browser.one('nav a[href="#backups-section"]').click()
    assert browser.chrome.current_url.endswith("#backups-section")
    assert browser.count_text() == narrowed
    browser.chrome.back()
    assert browser.count_text() == narrowed


def test_a_list_is_sorted_and_saved_by_the_keyboard_alone(browser: Browser) -> None:
    browser.open(sample_report(30))
    browser.one("#machines-find").click()
    for wanted in ("machines-choice", "CSV", "Instance"):
        browser.keys(Keys.TAB)
        focused = browser.chrome.switch_to.active_element
        assert wanted in (focused.get_attribute("id"), focused.text)
        assert focused.value_of_css_property("outline-style") == "solid"
    browser.keys(Keys.ENTER)
    assert browser.one("#machines th[aria-sort]").text.startswith("Instance")
    assert browser.one('.controls[data-list="machines"] .reset').is_displayed()


def test_every_field_and_every_button_has_a_name_for_those_who_hear_the_page(browser: Browser) -> None:
    browser.open(sample_report(300))
    shown = browser.chrome.find_elements(By.CSS_SELECTOR, "input, select, button, section, [role=group], [role=img]")
    assert [each.get_attribute("outerHTML") for each in shown if each.is_displayed() and not each.accessible_name] == []
    assert browser.one('.controls[data-list="backups"]').accessible_name == "Backups"


def test_where_nothing_is_found_a_sentence_says_so(browser: Browser) -> None:
    browser.open(sample_report(30))
    browser.find("no-such-machine")
    assert browser.one("#machines-section .nothing").text.startswith("No match.")
    assert browser.complaints() == []


def test_a_list_is_saved_as_csv_as_it_is_narrowed_and_no_cell_is_a_formula(browser: Browser, tmp_path: Path) -> None:
    browser.open(sample_report(250, names=["=1+1", "web-1"]))
    browser.find("web-1")
    lines = _table(browser.saved("machines", tmp_path))
    assert len(lines) == 126
    assert lines[0][:5] == ["Name", "ID", "Instance type", "Zone", "Private address"]
    assert {line[0] for line in lines[1:]} == {"web-1"}
    browser.press("Reset", within='.controls[data-list="machines"]')
    assert "'=1+1" in [line[0] for line in _table(browser.saved("machines", tmp_path))]


def test_a_spreadsheet_reads_chinese_names_and_amounts_of_a_saved_list(browser: Browser, tmp_path: Path) -> None:
    report = sample_report(2, names=[NAMES[0]])
    report["machines"][0].update(monthly_cost=12345.6, monthly_saved=-3.5)
    browser.open(report)
    text = browser.saved("machines", tmp_path)
    # By this mark Excel knows UTF-8.
    assert text.startswith(b"\xef\xbb\xbf")
    heads, first = _table(text)[:2]
    line = dict(zip(heads, first, strict=True))
    assert (line["Name"], line["CNY per month"], line["Saved"]) == (NAMES[0], "12345.60", "-3.50")


def _table(text: bytes) -> list[list[str]]:
    """The lines of a saved list."""
    return list(csv.reader(io.StringIO(text.decode("utf-8-sig"))))


def test_writes_are_on_paper_only_where_they_are_asked_for(browser: Browser, tmp_path: Path) -> None:
    report = sample_report(30)
    browser.open(report)
    request = report["writes"][0]["request_id"]

    def printed() -> str:
        return "".join(page.extract_text() for page in PdfReader(browser.pdf(tmp_path)).pages).replace("\n", "")

    assert request not in printed()
    browser.one("#writes-paper").click()
    assert request in printed()


def test_a_reason_leads_to_its_machines(browser: Browser) -> None:
    report = sample_report(300)
    browser.open(report)
    held = [row for row in report["machines"] if any(blocker["code"] == "protected" for blocker in row["blockers"])]
    browser.one('button[data-show="code:protected"]').click()
    assert browser.count_text() == f"{len(held)} of 300 instances"
    assert all(any(row["instance_id"] in shown for shown in browser.rows()) for row in held)


def test_lists_are_sorted_by_value_up_and_down(browser: Browser) -> None:
    browser.open(sample_report(120))
    for direction in ("ascending", "descending"):
        browser.press("Instance", within="#machines")
        assert browser.one("#machines th[aria-sort]").get_attribute("aria-sort") == direction
        names = [cell.splitlines()[0] for cell in browser.cells("machines", 0)]
        assert names == sorted(names, key=_natural, reverse=direction == "descending")
        assert len(set(names)) > 50


def _natural(name: str) -> tuple[str, int]:
    """web-9 comes before web-10."""
    kind, _dash, number = name.rpartition("-")
    return kind, int(number)


def test_writes_are_found_by_their_request_id(browser: Browser) -> None:
    report = sample_report(300)
    browser.open(report)
    write = report["writes"][-1]
    browser.find(write["request_id"], table="writes")
    assert [write["request_id"] in row for row in browser.rows("writes")] == [True]


def test_5000_machines_can_all_be_reached(browser: Browser) -> None:
    report = sample_report(5000)
    browser.open(report)
    assert browser.count_text() == "5,000 instances"
    assert len(browser.rows()) == 100
    last = report["machines"][-1]["instance_id"]
    browser.find(last)
    assert [last in row for row in browser.rows()] == [True]
    browser.one("#machines-find").clear()
    browser.find("i-")
    browser.press("Show all 5,000", within="#machines-section")
    assert browser.run("document.querySelectorAll('#machines > tbody > tr').length") == 5000
    assert browser.complaints() == []


@EVERY_REPORT
def test_no_width_scrolls_sideways(browser: Browser, name: str) -> None:
    browser.open(REPORTS[name]())
    wide = {}
    for width in (320, PHONE, 760, 800, 861, 1001, 1241, 1440):
        browser.width(width)
        # What lies beyond the window, whether or not the window has a bar for what lies below it.
        wide[width] = browser.run("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert {width: beyond for width, beyond in wide.items() if beyond} == {}


@EVERY_REPORT
@pytest.mark.parametrize("width", [320, 800])
def test_no_id_or_date_within_a_text_is_broken(browser: Browser, name: str, width: int) -> None:
    browser.width(width)
    browser.open(REPORTS[name]())
    broken = browser.run(
        "Array.from(document.querySelectorAll('.whole, time')).filter((each) => each.getClientRects().length > 1)"
        ".map((each) => each.textContent)"
    )
    assert broken == []


@EVERY_REPORT
def test_the_text_on_a_phone_is_not_small(browser: Browser, name: str) -> None:
    browser.width(PHONE)
    browser.open(REPORTS[name]())
    small = browser.run(
        "Array.from(document.querySelectorAll('body *')).filter((each) => each.closest('svg') === null && each.checkVisibility()"
        " && each.childElementCount === 0 && each.textContent.trim() && parseFloat(getComputedStyle(each).fontSize) < 12)"
        ".map((each) => each.outerHTML)"
    )
    assert small == []


def test_a_phone_can_sort_although_it_shows_no_heads(browser: Browser) -> None:
    browser.width(PHONE)
    browser.open(sample_report(30))
    assert not browser.one("#machines thead button").is_displayed()
    assert browser.one("#machines-sort").is_displayed()


@pytest.mark.parametrize("width", [320, 800, 1240])
def test_a_field_stands_next_to_its_label(browser: Browser, width: int) -> None:
    browser.width(width)
    browser.open(sample_report(30))
    for name in ("find", "choice", "sort"):
        field, label = browser.one(f"#machines-{name}").rect, browser.one(f'label[for="machines-{name}"]').rect
        assert label["x"] < field["x"]
        assert field["y"] < label["y"] + label["height"] / 2 < field["y"] + field["height"]


@pytest.mark.parametrize("name", ["usual", "resumed"])
def test_all_is_on_paper_lists_and_what_is_folded_too(browser: Browser, tmp_path: Path, name: str) -> None:
    report = sample_report(120) if name == "usual" else resumed_report()
    browser.open(report)
    printed = PdfReader(browser.pdf(tmp_path))
    text = "".join(page.extract_text() for page in printed.pages).replace("\n", "")
    assert [row["instance_id"] for row in report["machines"] if row["instance_id"] not in text] == []
    assert len(browser.rows()) == min(100, len(report["machines"]))


def test_without_scripts_every_machine_is_in_the_page(browser: Browser) -> None:
    report = sample_report(120)
    browser.scripts(False)
    browser.open(report)
    browser.scripts(True)
    text = browser.one("main").text
    assert [row["instance_id"] for row in report["machines"] if row["instance_id"] not in text] == []
