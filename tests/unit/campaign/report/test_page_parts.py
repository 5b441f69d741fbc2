# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parts of the page of a report: timeline, reasons, totals, colours."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.report.groups import Group, groups_of
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.report.page import FOLDER, render
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.report.text import (
    machine_time,
    moment,
    plain,
    sentence,
)
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.report.tiles import (
    BAR,
    MORE,
    Totals,
    totals,
)
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.report.timeline import (
    LEFT,
    SHORTEST,
    TICK,
    WIDTH,
    Drawing,
    legend,
    phase_rows,
    timeline,
)
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._language.text import duration, has
from support.campaign.reports import preview_of, resumed_report, sample_report
from support.campaign.results import NOW
from support.json_object import Json
from support.search import examples


def _phases(parts: list[tuple[int | None, float, float]]) -> list[Json]:
    """Phases one after the other: wave, pause before it, length."""
    phases, time = [], NOW
    for wave, pause, length in parts:
        began = time + timedelta(seconds=round(pause))
        time = began + timedelta(seconds=round(length))
        stamps = {name: moment.isoformat().replace("+00:00", "Z") for name, moment in (("began", began), ("ended", time))}
        phases.append({"phase": "delete", "wave": wave, **stamps, "outcome": "ok", "machines": 1})
    return phases


def _drawn(phases: list[Json], sizes: dict[int, int] | None = None, runs: list[str] | None = None) -> Drawing:
    drawing = timeline(phases, sizes or {}, runs or [])
    assert drawing is not None
    return drawing


WAVES = st.none() | st.integers(1, 10)
PAUSES = st.sampled_from((0, 0, 0, 1, 30, 700, 90_000))
LENGTHS = st.floats(0, 20_000)


@examples(60, 200)
@given(st.lists(st.tuples(WAVES, PAUSES, LENGTHS), min_size=1, max_size=60))
def test_every_phase_has_a_bar_that_lies_in_the_drawing(parts: list[tuple[int | None, float, float]]) -> None:
    bars = [each for line in _drawn(_phases(parts)).lines for each in line.bars]
    assert len(bars) == len(parts)
    assert all(each.left >= LEFT - 0.1 and each.width >= SHORTEST and each.left + each.width <= WIDTH for each in bars)


@examples(60, 200)
@given(
    st.lists(st.tuples(WAVES, PAUSES, LENGTHS), min_size=1, max_size=30),
    st.lists(st.integers(0, 400_000), min_size=2, max_size=6),
)
def test_every_run_has_a_mark_in_the_drawing_in_the_order_of_their_beginnings(
    parts: list[tuple[int | None, float, float]], begins: list[int]
) -> None:
    runs = [(NOW + timedelta(seconds=each)).isoformat().replace("+00:00", "Z") for each in sorted(begins)]
    places = [mark.place for mark in _drawn(_phases(parts), {}, runs).runs]
    assert len(places) == len(runs)
    assert places == sorted(places)
    assert all(LEFT - 0.1 <= place <= WIDTH for place in places)


def test_one_run_needs_no_mark() -> None:
    assert _drawn(_phases([(1, 0, 60)]), {}, ["2026-11-25T08:00:00Z"]).runs == []


@examples(60, 200)
@given(st.lists(st.tuples(WAVES, PAUSES, LENGTHS), min_size=1, max_size=60))
def test_times_on_the_axis_never_run_into_each_other(parts: list[tuple[int | None, float, float]]) -> None:
    places = [tick.place for tick in _drawn(_phases(parts)).ticks]
    # A span that is cut off has room for one time at least, unless there are very many.
    if len(_cut(parts)) <= 8:
        assert all(after - before >= min(TICK, 60) for before, after in zip(places, places[1:], strict=False))


def _cut(parts: list[tuple[int | None, float, float]]) -> list[float]:
    return [pause for wave, pause, length in parts[1:] if pause > 600]


def test_the_axis_has_round_times_of_beijing() -> None:
    ticks = _drawn(_phases([(1, 0, 1500)])).ticks
    assert [tick.time for tick in ticks] == ["16:00", "16:05", "16:10", "16:15", "16:20", "16:25"]
    assert [tick.day for tick in ticks if tick.day] == ["2026-11-25"]


def test_a_pause_between_two_runs_is_cut_out_and_reported() -> None:
    drawing = _drawn(resumed_report()["timeline"])
    assert [pause.text.en for pause in drawing.pauses] == ["No activity for 2 d"]
    assert "2026-11-27" in [tick.day for tick in drawing.ticks]


def test_ten_waves_have_ten_lines_with_their_sizes() -> None:
    report = resumed_report()
    text = render(report)
    assert re.findall(r'class="row"[^>]*>([^<]+)<', text) == ["Campaign", *(f"Wave {number}" for number in range(1, 11))]
    assert text.count(">6 instances<") == 10


def test_a_phase_with_failures_is_reported_without_colour_too() -> None:
    phases = sample_report(300)["timeline"]
    assert any("with failures" in each.phase_bar.text.en for line in _drawn(phases).lines for each in line.bars)
    assert any(row.failed for row in phase_rows(phases))
    assert '<span class="bad" data-t="有失败">with failures</span>' in render(sample_report(300))


def test_the_drawing_has_a_text_for_those_who_do_not_see_it() -> None:
    assert _drawn(_phases([(1, 0, 60), (2, 0, 60)])).label.en.startswith("Timeline of 2 phases from 16:00:00 to 16:02:00")
    assert 'role="img" aria-label="Timeline of' in render(sample_report(3))


def test_nothing_is_drawn_where_nothing_happened() -> None:
    assert timeline([], {}) is None
    assert legend([]) == {}


def _machine(number: int, **fields: Any) -> Json:
    row = sample_report(1)["machines"][0]
    return {**row, "instance_id": f"i-{number}", "name": f"web-{number}", **fields}


def _blocked(number: int, *codes: str) -> Json:
    blockers = [{"code": code, "message": f"{code} of {number}."} for code in codes]
    return _machine(number, action="blocked", blockers=blockers)


def _groups(machines: list[Json]) -> list[tuple[str, str]]:
    """Number of machines and title of each group."""
    return [(f"{len(group.machines)}", group.title.en) for group in groups_of(machines)]


def _only(machines: list[Json]) -> Group:
    [group] = groups_of(machines)
    return group


def _page_of(machines: list[Json]) -> str:
    return render(sample_report(1) | {"machines": machines})


def test_blockers_are_grouped_the_most_frequent_first() -> None:
    machines = [_blocked(1, "running"), _blocked(2, "protected"), _blocked(3, "protected", "running"), _blocked(4, "protected")]
    assert _groups(machines) == [("3", "A tag protects it"), ("2", "It is running")]


def test_a_machine_with_the_same_blocker_twice_counts_once() -> None:
    assert _groups([_blocked(1, "local_disk_loss", "local_disk_loss")])[0][0] == "1"


def test_failures_come_before_blockers_and_are_grouped_by_the_services_answer() -> None:
    error = {
        "code": "api",
        "operation": "vm.deleteInstance",
        "http": 403,
        "status": "DENIED",
        "message": "No.",
        "request_id": "r",
    }
    other = {**error, "http": 500, "status": "INTERNAL"}
    machines = [
        _blocked(1, "running"),
        *(_machine(number, action="failed", error=each) for number, each in ((2, error), (3, other), (4, error))),
    ]
    assert _groups(machines) == [("2", "The service refused a call"), ("1", "The service refused a call"), ("1", "It is running")]
    assert "vm.deleteInstance 403 DENIED" in _page_of(machines)


def test_a_blocker_that_is_not_known_is_reported_with_its_own_words() -> None:
    group = _only([_blocked(1, "some_new_code")])
    assert (group.title.en, group.next_step.en) == ("Some new code", "")
    assert '<p><bdi lang="en">some_new_code of 1.</bdi></p>' in _page_of([_blocked(1, "some_new_code")])


def test_all_machines_of_a_large_group_can_be_found() -> None:
    text = _page_of([_blocked(number, "running") for number in range(40)]).partition('id="machines-section"')[0]
    assert ">and 32 more</summary>" in text
    assert all(f">i-{number}<" in text for number in range(40))


def test_nothing_is_reported_where_nothing_stands_in_the_way() -> None:
    assert groups_of([_machine(1)]) == []
    assert 'class="reasons"' not in _page_of([_machine(1)])


@pytest.mark.parametrize("machines", [1, 30, 5000])
def test_the_shares_fill_their_bar_and_the_smallest_is_seen(machines: int) -> None:
    widths = [(share.left, share.width) for share in _totals(machines).shares]
    assert all(width >= 2 for x, width in widths)
    assert widths[-1][0] + widths[-1][1] == pytest.approx(BAR - 2, abs=0.3)


def _totals(machines: int) -> Totals:
    return totals(sample_report(machines))


def _tiles(report: Json) -> list[tuple[str, str]]:
    return [(tile.number.en, tile.title.en) for tile in totals(report).tiles]


def test_numbers_that_matter_are_reported_even_where_they_are_zero() -> None:
    tiles = _tiles(sample_report(1))
    assert ("0", "failed") in tiles
    assert "not started" not in [title for number, title in tiles]


def test_a_preview_tells_no_results() -> None:
    titles = [title for number, title in _tiles(preview_of(sample_report(12)))]
    assert "to delete" in titles
    assert "deleted" not in titles


def test_the_other_numbers_of_a_preview_are_no_results_either() -> None:
    more = {tile.title.en for tile in totals(preview_of(sample_report(300))).more}
    stays = {f"{noun} that would remain" for noun in ("disks", "elastic IPs", "images", "snapshots")}
    assert more == stays | {"instances to stop", "backups to make", "disks to delete", "elastic IPs to release"}
    assert "per month would still be billed" in [title for number, title in _tiles(preview_of(sample_report(12)))]


def test_every_other_number_has_words_for_a_preview_or_the_same_meaning_there() -> None:
    assert {name for name in MORE if not has(f"more.{name}_planned")} == {"not_found"}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.6, "1 min"), (61, "1 min 1 s"), (3600, "1 h"), (90_061, "1 d 1 h"), (-3, "0 s")],
)
def test_spans_of_time_are_reported_in_two_units_at_most(seconds: float, text: str) -> None:
    assert duration(seconds).en == text


def test_times_of_every_form_are_reported_in_beijing() -> None:
    assert moment("2026-11-25T08:00:00Z") == "2026-11-25 16:00:00"
    assert moment("2026-11-25 16:00:00") == "2026-11-25 16:00:00"
    assert machine_time("2026-11-25 16:00:00") == "2026-11-25T08:00:00Z"
    assert sentence("From 2026-11-25T08:00:00Z on.") == "From 2026-11-25 16:00:00 on."


def test_a_time_in_no_known_form_is_shown_as_it_is() -> None:
    assert moment("<soon>") == "<soon>"
    assert machine_time("<soon>") == ""


def test_marks_of_direction_and_blanks_are_made_visible() -> None:
    assert plain("a\u202eb\u3164c") == "a\u27e8U+202E\u27e9b\u27e8U+3164\u27e9c"
    assert plain("订单 \U0001f600 é") == "订单 \U0001f600 é"


def _palettes() -> dict[str, dict[str, str]]:
    light, dark, paper = re.findall(r":root \{([^}]*)\}", (FOLDER / "page.css").read_text(encoding="utf-8"))
    colours = [dict(re.findall(r"--([\w-]+): (#\w+);", block)) for block in (light, dark, paper)]
    return {"light": colours[0], "dark": {**colours[0], **colours[1]}, "paper": {**colours[0], **colours[2]}}


def _contrast(one: str, other: str) -> float:
    """By WCAG 2.2: 1 for no contrast, 21 for black on white."""
    lights = sorted((_light(one), _light(other)), reverse=True)
    return (lights[0] + 0.05) / (lights[1] + 0.05)


def _light(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    shares = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("palette", ["light", "dark", "paper"])
def test_text_stands_out_from_what_it_stands_on(palette: str) -> None:
    colours = _palettes()[palette]
    grounds = [(text, ground) for text in ("ink", "soft", "accent", "bad", "warn") for ground in ("paper", "card")]
    grounds += [(tone, f"{tone}-bg") for tone in ("done", "bad", "warn", "calm")]
    grounds += [(f"on{number}", f"p{number}") for number in range(7)]
    weak = {pair: round(_contrast(colours[pair[0]], colours[pair[1]]), 2) for pair in grounds}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("palette", ["light", "dark"])
def test_fields_and_buttons_can_be_seen(palette: str) -> None:
    """What one acts on needs a contrast of 3, by WCAG 2.2."""
    colours = _palettes()[palette]
    assert _contrast(colours["field"], colours["card"]) >= 3
    style = (FOLDER / "page.css").read_text(encoding="utf-8")
    assert style.count("border: 1px solid var(--field)") == 3


def test_the_advice_for_a_protected_machine_holds_for_every_kind_of_campaign() -> None:
    """A mark is not overridden as a deletion is: the sentence of the machine says how."""
    assert "Nothing overrides" not in _only([_blocked(1, "protected")]).next_step.en
