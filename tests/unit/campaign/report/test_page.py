# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of a report: complete, harmless whatever the cloud wrote, and on its own."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.report.page import FIRST_ROWS, render
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.report.text import data, plain
from support.campaign.page import Page
from support.campaign.reports import (
    SCHEMA,
    TRAPS,
    empty_report,
    mark_report,
    preview_of,
    resumed_report,
    sample_report,
    with_texts,
)
from support.json_object import Json
from support.search import examples

ELEMENTS = """
html head meta title style body header nav main section footer script noscript h1 h2 h3 p ul ol li dl dt dd div span b i small
code bdi a button label input select option output table caption thead tbody tr th td details summary time svg g rect line text
"""
ATTRIBUTES = """
id class lang charset http-equiv content name href type aria-label aria-labelledby aria-hidden role tabindex scope hidden for
autocomplete spellcheck placeholder value datetime type viewbox preserveaspectratio x y x1 x2 y1 y2 width height rx
"""
REPORTS = {
    "small": sample_report(5),
    "usual": sample_report(30),
    "preview": preview_of(sample_report(12)),
    "mark": mark_report(),
    "resumed": resumed_report(),
    "empty": empty_report(),
}


@pytest.mark.parametrize("name", REPORTS)
def test_samples_have_the_form_of_the_schema(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert [error.json_path for error in Draft202012Validator(SCHEMA).iter_errors(REPORTS[name])] == []


@pytest.mark.parametrize("name", REPORTS)
def test_every_element_is_closed_and_known(name: str) -> None:
    page = Page(render(REPORTS[name]))
    assert page.open == []
    assert {tag for tag, attributes in page.elements} <= set(ELEMENTS.split())
    attributes = {each for tag, attributes in page.elements for each in attributes if not each.startswith("data-")}
    assert attributes <= set(ATTRIBUTES.split())


def _hostile(text: str) -> tuple[Json, Page]:
    report = with_texts(sample_report(6, seed=3), lambda: text)
    return report, Page(render(report))


@examples(25, 60)
@given(st.text(min_size=1, max_size=40).map("{}~".format) | st.sampled_from(TRAPS))
@example("i-0000000000~")
def test_no_text_of_the_cloud_becomes_markup(text: str) -> None:
    """With a mark at its end no text is one of the codes that the page explains."""
    report, page = _hostile(text)
    report, harmless = _hostile("x")
    assert page.shapes() == harmless.shapes()


@pytest.mark.parametrize("text", TRAPS)
def test_a_trap_is_shown_as_what_it_is(text: str) -> None:
    report, page = _hostile(text)
    assert plain(text) in page.texts()


@examples(60, 200)
@given(st.text(max_size=60))
def test_no_letter_that_is_not_seen_is_left(text: str) -> None:
    shown = plain(text)
    assert all(letter.isprintable() or letter.isspace() for letter in shown if not _private(letter))
    assert "\n" not in shown
    assert not re.search("[\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\u3164]", shown)
    shown.encode()


def _private(letter: str) -> bool:
    """Letters without a meaning of their own are shown as boxes; they hide nothing."""
    return unicodedata.category(letter) in ("Cn", "Co")


@examples(60, 200)
@given(st.lists(st.text(max_size=30) | st.sampled_from(TRAPS)))
def test_data_in_a_script_element_cannot_end_it(texts: list[str]) -> None:
    block = data(texts)
    assert not set("<>&\u2028\u2029") & set(block)
    assert json.loads(block) == texts


@pytest.mark.parametrize("name", REPORTS)
def test_the_policy_allows_the_style_and_the_script_of_the_page_and_nothing_else(name: str) -> None:
    page = Page(render(REPORTS[name]))
    policy = next(attributes["content"] for tag, attributes in page.elements if attributes.get("http-equiv"))
    [style] = page.blocks["style"]
    # The data of the writes is no script.
    script = page.blocks["script"][-1]
    assert policy == (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@pytest.mark.parametrize("name", REPORTS)
def test_nothing_is_loaded_from_anywhere(name: str) -> None:
    text = render(REPORTS[name])
    page = Page(text)
    links = [attributes["href"] or "" for tag, attributes in page.elements if "href" in attributes]
    names = {attributes["id"] for tag, attributes in page.elements if "id" in attributes}
    assert all(link.startswith("#") and link[1:] in names for link in links)
    assert not re.search(r"url\(|@import|@font-face|https?:", "".join(page.blocks["style"]) + page.blocks["script"][-1])


def test_an_id_is_given_once_and_every_label_has_its_field() -> None:
    page = Page(render(sample_report(300)))
    names = [attributes["id"] for tag, attributes in page.elements if "id" in attributes]
    assert len(names) == len(set(names))
    assert {attributes["for"] for tag, attributes in page.elements if tag == "label"} <= set(names)


def test_every_machine_stands_in_the_page_once_and_those_that_need_a_look_first() -> None:
    report = sample_report(250)
    page = Page(render(report))
    choices = [attributes["data-choice"] for tag, attributes in page.elements if tag == "tr" and "data-choice" in attributes]
    assert len(choices) == 250
    assert list(dict.fromkeys(choices)) == ["failed", "blocked", "deleted"]


def test_rows_beyond_the_first_wait_as_text() -> None:
    text = render(sample_report(250))
    first, rest = text.split('<noscript id="machines-rest" data-rows="150">', 1)
    assert FIRST_ROWS == 100
    assert first.count("<tr data-choice=") == 100
    assert rest.split("</noscript>")[0].count("<tr data-choice=") == 150


def test_a_page_grows_by_little_more_than_2_kb_with_each_machine() -> None:
    some, more = len(render(sample_report(200))), len(render(sample_report(600)))
    assert more - some < 400 * 2450
