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
from selenium.webdriver.support.ui import WebDriverWait

from support.browser import PHONE, Browser
from support.campaign.reports import TRAPS, empty_report, mark_report, preview_of, resumed_report, sample_report, with_texts
from support.json_object import Json

REPORTS: dict[str, Callable[[], Json]] = {
    "usual": lambda: sample_report(30),
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
    assert browser.count_text() == "300 machines"
    blocked = [row["instance_id"] for row in report["machines"] if row["action"] == "blocked"]
    browser.choose("blocked")
    assert browser.count_text() == f"{len(blocked)} of 300 machines"
    browser.find(blocked[0])
    assert browser.count_text() == "1 of 300 machines"
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
    assert browser.count_text() == "300 machines"
    assert "#" not in browser.chrome.current_url


def test_where_nothing_is_found_a_sentence_says_so(browser: Browser) -> None:
    browser.open(sample_report(30))
    browser.find("no-such-machine")
    assert browser.one("#machines-section .nothing").text.startswith("No machine matches.")
    assert browser.complaints() == []


def test_a_list_is_saved_as_csv_as_it_is_narrowed_and_no_cell_is_a_formula(browser: Browser) -> None:
    browser.open(sample_report(250, names=["=1+1", "web-1"]))
    browser.find("web-1")
    # What is saved is kept instead of handed to the reader's folder.
    browser.run("(URL.createObjectURL = (blob) => { blob.text().then((text) => { window.saved = text; }); return '#'; }, 1)")
    browser.press("CSV", within='.controls[data-list="machines"]')
    WebDriverWait(browser.chrome, 10).until(lambda chrome: browser.run("window.saved"))
    lines = list(csv.reader(io.StringIO(str(browser.run("window.saved")).lstrip("\ufeff"))))
    assert len(lines) == 126
    assert lines[0][:5] == ["Name", "Id", "Type", "Zone", "Private address"]
    assert {line[0] for line in lines[1:]} == {"web-1"}
    browser.press("Reset", within='.controls[data-list="machines"]')
    browser.run("delete window.saved")
    browser.press("CSV", within='.controls[data-list="machines"]')
    WebDriverWait(browser.chrome, 10).until(lambda chrome: browser.run("window.saved"))
    assert "'=1+1" in str(browser.run("window.saved"))


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
    assert browser.count_text() == f"{len(held)} of 300 machines"
    assert all(any(row["instance_id"] in shown for shown in browser.rows()) for row in held)


def test_lists_are_sorted_by_value_up_and_down(browser: Browser) -> None:
    browser.open(sample_report(120))
    for direction in ("ascending", "descending"):
        browser.press("Machine", within="#machines")
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
    assert browser.count_text() == "5,000 machines"
    assert len(browser.rows()) == 100
    last = report["machines"][-1]["instance_id"]
    browser.find(last)
    assert [last in row for row in browser.rows()] == [True]
    browser.one("#machines-find").clear()
    browser.find("i-")
    browser.press("Show all 5,000", within="#machines-section")
    assert len(browser.rows()) == 5000
    assert browser.complaints() == []


@EVERY_REPORT
@pytest.mark.parametrize("width", [320, PHONE, 800, 1001, 1241, 1440])
def test_no_width_scrolls_sideways(browser: Browser, name: str, width: int) -> None:
    browser.width(width)
    browser.open(REPORTS[name]())
    assert browser.run("document.documentElement.scrollWidth") == width


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


@pytest.mark.parametrize("name", ["usual", "resumed"])
def test_all_is_on_paper_lists_and_what_is_folded_too(browser: Browser, tmp_path: Path, name: str) -> None:
    report = sample_report(250) if name == "usual" else resumed_report()
    browser.open(report)
    printed = PdfReader(browser.pdf(tmp_path))
    text = "".join(page.extract_text() for page in printed.pages).replace("\n", "")
    assert [row["instance_id"] for row in report["machines"] if row["instance_id"] not in text] == []
    assert len(browser.rows()) == min(100, len(report["machines"]))


def test_without_scripts_every_machine_is_in_the_page(browser: Browser) -> None:
    report = sample_report(250)
    browser.scripts(False)
    browser.open(report)
    browser.scripts(True)
    text = browser.one("main").text
    assert [row["instance_id"] for row in report["machines"] if row["instance_id"] not in text] == []
