# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of the playbook find_idle: what it shows, and that nothing from the cloud becomes markup."""

from __future__ import annotations

import html
import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.idle.content import idle_report
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.idle.page import render
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.idle.sparkline import HEIGHT, WIDTH, bars, kind_of
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.input.other_variables import READERS
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.steps.find_idle import choose_idle
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._language.idle_texts import IDLE
from support.campaign.idle import is_valid, judged, looked
from support.campaign.page import Page
from support.campaign.reports import TRAPS
from support.campaign.results import NOW
from support.json_object import Json


def report(*rows: Json, **variables: Any) -> Json:
    """The report on these instances."""
    options, looks = READERS["find_idle"](variables), [looked(*rows)]
    made = idle_report(choose_idle(looks, options), looks, options, NOW, NOW)
    is_valid(made)
    return made


def words(*rows: Json, **variables: Any) -> str:
    """The text of the page."""
    return " ".join(" ".join(Page(render(report(*rows, **variables))).text).split())


def test_the_page_begins_with_how_many_can_go_and_what_they_cost() -> None:
    text = words(judged("i-a", cost=1200.5), judged("i-b", cost=None), judged("i-c", "busy"))
    assert "2 idle instances can be deleted: 1,200.50 CNY per month; the prices of 1 are not known." in text
    assert "From the bill of 2025-12." in text


def test_the_page_is_written_in_the_language_that_is_asked_for() -> None:
    page = render(report(judged("i-a"), vm_decommission_language="zh"))
    assert '<html lang="zh-CN">' in page
    assert "有 1 台闲置云主机可以删除：每月 100.00 元。" in page
    assert 'data-t="1 idle instance can be deleted: 100.00 CNY per month."' in page


def test_candidates_stand_first_the_dearest_of_them_at_the_top() -> None:
    page = render(
        report(
            judged("i-b", cost=5),
            judged("i-x", deletable=False, blockers=[{"code": "protected", "message": "Its tag protects it."}], cost=999),
            judged("i-a", cost=50),
            judged("i-c", cost=None),
        )
    )
    assert re.findall(r'data-csv="id">(i-[abcx])<', page) == ["i-a", "i-b", "i-c", "i-x"]


def test_a_blocked_instance_says_why() -> None:
    text = words(judged("i-a", deletable=False, blockers=[{"code": "protected", "message": "Its tag protects it."}]))
    assert "Its tag protects it." in text
    assert "No idle instance can be deleted." in text


def test_an_unknown_instance_stands_in_a_list_of_its_own_with_its_reason() -> None:
    page = render(report(judged("i-a", "unknown")))
    assert 'id="unknown-section"' in page
    assert '<tr data-choice="no_agent" data-codes="code:no_agent">' in page
    assert "Monitoring shows no CPU of it." in page


def test_each_series_is_drawn_with_words_that_say_the_same() -> None:
    page = Page(render(report(judged("i-a"))))
    drawn = [attributes for tag, attributes in page.elements if tag == "svg"]
    assert [each["aria-label"] for each in drawn] == ["CPU, 14 days: at most 0.8 %"]
    assert [each["data-t-aria-label"] for each in drawn] == ["CPU，14 天：最高 0.8 %"]


def test_a_mark_shows_its_date() -> None:
    text = words(judged("i-a", tags={"decommission-after": "2026-02-01"}))
    assert "date of the mark 2026-02-01" in text


def test_nothing_idle_is_said() -> None:
    assert "No idle instance can be deleted." in words(judged("i-c", "busy"))


@pytest.mark.parametrize("trap", TRAPS)
def test_text_of_the_cloud_is_never_markup(trap: str) -> None:
    row = judged("i-a", name=trap, tags={"owner": trap, trap: "x"}, reasons=[{"code": trap, "message": trap}])
    page = render(report(row, judged("i-b", "unknown", reasons=[{"code": trap, "message": trap}])))
    shown = Page(page)
    plain = Page(render(report(judged("i-a", name="web", tags={"a": "b", "c": "d"}), judged("i-b", "unknown"))))
    assert [tag for tag, _attributes in shown.elements] == [tag for tag, _attributes in plain.elements]
    assert not any(name.startswith("on") for _tag, attributes in shown.elements for name in attributes)


def test_the_page_loads_nothing_and_runs_only_its_own_script() -> None:
    page = render(report(judged("i-a")))
    assert "default-src 'none'" in html.unescape(page)
    assert re.findall(r'(?:src|href)="(?!#)[^"]*"', page) == []
    assert ' style="' not in page


@pytest.mark.parametrize("key", IDLE)
def test_each_text_is_there_in_both_languages(key: str) -> None:
    english, chinese = IDLE[key]
    assert english
    assert chinese
    for form in english.split("|"):
        assert set(re.findall(r"\{(\w+)\}", form)) <= set(re.findall(r"\{(\w+)\}", chinese)) | {"n", "instances"}


def test_a_thousand_candidates_make_a_small_page_quickly() -> None:
    rows = [judged(f"i-aaaa{number:06}", name=f"web-{number}", tags={"owner": "lin.mei"}) for number in range(1000)]
    began = time.process_time()
    page = render(report(*rows))
    assert time.process_time() - began < 5
    assert len(page) < 3_000_000
    assert '<noscript id="candidates-rest" data-rows="900">' in page


# --- drawings -------------------------------------------------------------------------------------------------------


@given(st.lists(st.none() | st.floats(0, 1e6, allow_nan=False), max_size=60), st.floats(0.01, 1e6))
def test_bars_stay_inside_the_drawing_and_only_values_have_one(values: list[float | None], top: float) -> None:
    path = bars(values, top)
    found = re.findall(r"M([\d.]+) 22v-([\d.]+)h(-?[\d.]+)v([\d.]+)z", path)
    assert len(found) == sum(value is not None for value in values)
    for left, up, width, down in found:
        assert up == down
        assert 0 < float(up) <= HEIGHT
        assert 0 <= float(left) <= float(left) + float(width) <= WIDTH + 0.1


@pytest.mark.parametrize(
    ("metric", "kind"),
    [("cpu_util", "cpu"), ("vm.cpu.util", "cpu"), ("vm.network.bytes.incoming", "network"), ("vm.disk.bytes.read", "disk")],
)
def test_a_metric_has_the_threshold_of_its_kind(metric: str, kind: str) -> None:
    assert kind_of(metric) == kind
