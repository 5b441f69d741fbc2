# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The line that says how far a task is: its words, its rate, and when it is shown."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.progress import Counts, Part, reading
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._actions.progress_line import (
    DEFAULT_INTERVAL,
    FIRST_OF_PART,
    LONG_WAIT,
    MAX_SAMPLES,
    RATE_WINDOW,
    REPEAT_AFTER,
    Forecast,
    ProgressLine,
    Rate,
    format_duration,
    format_elapsed,
    format_line,
    format_part,
    format_rate,
    line_interval,
)

FLEET = Counts(step="", total=1800, done=412, in_flight=64, blocked=3, failed=0)
WAVE = Part("wave 3 of 3", "backing up", deleted=28, machines=280, seconds=700.0)
TIME_LEFT = re.compile(r"(?:(\d+) h)? ?(?:(\d+) min)? ?(?:(\d+) s)?")


def ended(done: int) -> Counts:
    return replace(FLEET, done=done)


def test_a_part_that_only_reads_tells_its_calls_and_promises_nothing() -> None:
    text = format_part(Part("plan", "looking"), reading(240), 18.0, 12.0, 0.0)
    assert text == "plan, looking: 240 calls, 0:12 elapsed"


def test_a_part_without_a_word_for_what_it_does_has_its_title_alone() -> None:
    text = format_part(Part("jdcloud_vm_restore", ""), reading(8), None, 10.0, 0.0)
    assert text == "jdcloud_vm_restore: 8 calls, 0:10 elapsed"


def test_a_part_in_chinese_is_chinese_but_for_what_the_service_calls_things() -> None:
    counts = Counts("backing up", 30, 20, 9, 0, 1, longest="i-1 pending", trouble="vm.createImage 500 INTERNAL")
    part = replace(WAVE, title="批次 3/3", language="zh")
    assert format_part(part, counts, 0.2, 751.0, 40.0) == (
        "批次 3/3，备份：20/30（已删除 28/280），已用 12:31，失败 1，12/分，约剩 45 秒；"
        "等待最久：i-1 pending，0:40；最近的错误：vm.createImage 500 INTERNAL"
    )


def test_a_part_says_what_is_in_the_way() -> None:
    counts = Counts("backing up", 30, 28, 1, 0, 1, trouble="vm.createImage 500 INTERNAL\x1b[2J")
    text = format_part(WAVE, counts, None, 751.0, 0.0)
    assert text == (
        "wave 3 of 3, backing up: 28 of 30 (28 of 280 deleted), 12:31 elapsed, 1 failed; "
        "last error: vm.createImage 500 INTERNAL?[2J"
    )


def test_a_part_promises_nothing_by_what_ended_more_than_a_minute_ago() -> None:
    progress_line = ProgressLine("", 60.0, 0.0, WAVE)
    for second in range(200):
        progress_line.update(Counts("backing up", 30, min(second, 29), 1, 0, 0), float(second))
    text = progress_line.render(200.0)
    assert text is not None
    assert text.endswith("backing up: 29 of 30 (28 of 280 deleted), 15:00 elapsed")


# --- the words --------------------------------------------------------------------------------------------------------


def test_a_line_tells_counts_rate_and_time_left() -> None:
    text = format_line("jdcloud_vm", FLEET, 9.8, 145.0)
    assert text == "jdcloud_vm: 412 of 1800 done, 64 in flight, 3 blocked, 0 failed, 9.8 a second, about 2 min 30 s left"


def test_a_line_without_a_rate_promises_nothing() -> None:
    assert format_line("jdcloud_vm", FLEET, None) == "jdcloud_vm: 412 of 1800 done, 64 in flight, 3 blocked, 0 failed"


def test_a_line_names_the_step() -> None:
    assert format_line("jdcloud_vm_backup", replace(FLEET, step="stopping"), None).startswith(
        "jdcloud_vm_backup, stopping: 412 of 1800"
    )


def test_blocked_and_failed_ones_are_not_waited_for() -> None:
    counts = Counts(step="", total=10, done=4, in_flight=1, blocked=3, failed=2)
    assert counts.left == 1
    assert format_line("x", counts, 1.0, 1.0).endswith("1.0 a second, about 5 s left")


def test_no_time_is_left_when_all_are_through() -> None:
    counts = Counts(step="", total=5, done=4, in_flight=0, blocked=0, failed=1)
    assert format_line("x", counts, 2.0, 3.0).endswith("1 failed, 2.0 a second")


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (120.4, "120 a second"),
        (9.96, "10 a second"),
        (1.0, "1.0 a second"),
        (0.5, "30 a minute"),
        (1 / 60, "1.0 a minute"),
        (1 / 600, "6.0 an hour"),
    ],
)
def test_a_rate_is_reported_in_the_unit_that_fits(rate: float, text: str) -> None:
    assert format_rate(rate) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "5 s"),
        (41, "45 s"),
        (55.1, "1 min"),
        (140, "2 min 20 s"),
        (3590.5, "1 h"),
        (3900, "1 h 5 min"),
        (90000, "25 h"),
    ],
)
def test_a_time_is_shown_roughly(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@given(st.floats(min_value=0.001, max_value=1e7))
def test_a_time_is_never_shown_too_short_nor_much_too_long(seconds: float) -> None:
    found = TIME_LEFT.fullmatch(format_duration(seconds))
    assert found is not None
    hours, minutes, rest = (int(part or 0) for part in found.groups())
    assert minutes < 60
    assert rest < 60
    text = hours * 3600 + minutes * 60 + rest
    assert seconds <= text + 1e-6
    assert text - seconds <= max(5, seconds * 0.2)


def test_what_is_waited_for_longest_is_named_once_it_takes_long() -> None:
    progress_line = ProgressLine("x", 1.0, now=0.0)
    waiting = replace(FLEET, longest="i-a, stopping", longest_since=7.0)
    progress_line.update(waiting, 7.0 + LONG_WAIT - 1)
    assert not (progress_line.render(5.0) or "").endswith("0:29")
    progress_line.update(replace(waiting, done=413), 7.0 + LONG_WAIT)
    assert (progress_line.render(7.0) or "").endswith("; longest: i-a, stopping, 0:30")


# --- a part of something larger ---------------------------------------------------------------------------------------

OF_WAVE = Counts(step="", total=252, done=60, in_flight=40, blocked=0, failed=0)


def test_a_part_says_which_part_it_is_and_how_far_the_whole_is() -> None:
    text = format_part(WAVE, OF_WAVE, None, 751.9, 0.0)
    assert text == "wave 3 of 3, backing up: 60 of 252 (28 of 280 deleted), 12:31 elapsed"


def test_a_part_says_its_rate_the_rest_what_failed_and_what_is_waited_for() -> None:
    counts = replace(OF_WAVE, step="stopping", failed=2, blocked=1, longest="i-a, stopping\x1b[2J")
    text = format_part(WAVE, counts, 0.5, 3723, 250.0)
    assert text == (
        "wave 3 of 3, stopping: 60 of 252 (28 of 280 deleted), 1:02:03 elapsed, 1 blocked, 2 failed, 30 a minute, "
        "about 6 min 20 s left; longest: i-a, stopping?[2J, 4:10"
    )


def test_what_a_part_deletes_counts_for_the_whole() -> None:
    text = format_part(replace(WAVE, doing="deleting", deletes=True), OF_WAVE, None, 5, 0.0)
    assert text == "wave 3 of 3, deleting: 60 of 252 (88 of 280 deleted), 0:05 elapsed"


@given(st.integers(0, 10**6))
def test_a_clock_shows_every_second(seconds: int) -> None:
    parts = [int(part) for part in format_elapsed(seconds).split(":")]
    assert sum(part * 60**place for place, part in enumerate(reversed(parts))) == seconds


def test_a_part_shows_its_first_line_soon_and_then_one_a_minute() -> None:
    progress_line = ProgressLine("", 60.0, 0.0, WAVE)
    shown = []
    for second in range(200):
        progress_line.update(ended(second), float(second))
        if progress_line.render(float(second)) is not None:
            shown.append(second)
    assert shown == [FIRST_OF_PART, FIRST_OF_PART + 60, FIRST_OF_PART + 120, FIRST_OF_PART + 180]


def test_nothing_is_said_before_the_first_call() -> None:
    progress_line = ProgressLine("", 60.0, 0.0, WAVE)
    progress_line.update(reading(0), 1.0)
    assert progress_line.render(FIRST_OF_PART) is None
    progress_line.update(reading(1), 11.0)
    assert progress_line.render(11.0) is not None


def test_the_lines_of_two_parts_keep_their_distance() -> None:
    progress_line = ProgressLine("", 60.0, 100.0, WAVE, due=150.0)
    progress_line.update(ended(1), 0.0)
    assert progress_line.render(149.0) is None
    text = progress_line.render(150.0)
    assert text is not None
    assert "12:30 elapsed" in text


# --- the rate ---------------------------------------------------------------------------------------------------------


def test_what_ended_before_the_first_look_is_no_work_of_this_run() -> None:
    rate = Rate()
    rate.add(10.0, 900)
    assert rate.per_second is None
    rate.add(12.0, 904)
    assert rate.per_second == 2.0


def test_the_rate_forgets_what_is_longer_ago_than_the_window() -> None:
    rate = Rate()
    for second in range(101):
        rate.add(float(second), second * 10)
    for second in range(101, 101 + int(RATE_WINDOW) + 1):
        rate.add(float(second), 1000 + (second - 100))
    assert rate.per_second == pytest.approx(1.0)


def test_a_slow_step_has_a_rate_although_nothing_ended_within_the_window() -> None:
    rate = Rate()
    for at, count in ((0.0, 0), (100.0, 1), (100.0 + 2 * RATE_WINDOW, 1), (100.0 + 3 * RATE_WINDOW, 1)):
        rate.add(at, count)
    assert rate.per_second == pytest.approx(1 / (100 + 3 * RATE_WINDOW))


@given(st.lists(st.tuples(st.floats(min_value=0.01, max_value=500), st.integers(min_value=0, max_value=50)), max_size=40))
def test_a_rate_lies_between_the_slowest_and_the_fastest_stretch(stretches: list[tuple[float, int]]) -> None:
    rate = Rate()
    at, count = 0.0, 0
    rate.add(at, count)
    for seconds, more in stretches:
        at, count = at + seconds, count + more
        rate.add(at, count)
    found = rate.per_second
    if count == 0:
        assert found is None
    else:
        assert found is not None
        assert 0 < found <= max(more / seconds for seconds, more in stretches) * (1 + 1e-6)


# --- the time left ----------------------------------------------------------------------------------------------------


def counts_at(at: float, total: int, rate: float, lasts: float) -> Counts:
    """Of a step whose fields begin at a rate and then take so long."""
    begun, through = (max(0, min(total, int(rate * since))) for since in (at, at - lasts))
    return Counts(step="", total=total, done=through, in_flight=begun - through, blocked=0, failed=0)


def forecast_at(until: float, total: int, rate: float, lasts: float) -> float | None:
    forecast = Forecast()
    for second in range(int(until) + 1):
        forecast.add(float(second), counts_at(second, total, rate, lasts))
    return forecast.seconds_left


def test_nothing_is_predicted_before_anything_ended() -> None:
    assert forecast_at(until=30, total=1800, rate=30, lasts=40) is None


def test_what_is_in_flight_ends_as_fast_as_it_was_begun_however_few_have_ended() -> None:
    """After 62 s all are begun, and only some 24 have ended."""
    text = forecast_at(until=61, total=1800, rate=30, lasts=60)
    assert text == pytest.approx(1800 / 30 + 60 - 61, abs=3)


@given(
    total=st.integers(50, 3000),
    rate=st.floats(0.5, 100),
    lasts=st.floats(2, 200),
    share=st.floats(0.1, 0.95),
)
def test_a_steady_rate_is_predicted_well_from_the_first_end_on(total: int, rate: float, lasts: float, share: float) -> None:
    ends = total / rate + lasts
    now = int(lasts + share * total / rate) + 3
    if now + 3 < ends:
        text = forecast_at(now, total, rate, lasts)
        assert text is not None
        assert text == pytest.approx(ends - now, abs=max(4.0, 3 / rate, 0.15 * ends))


def test_a_machine_that_takes_longer_than_all_others_promises_nothing() -> None:
    forecast = Forecast()
    for second in range(100):
        forecast.add(float(second), replace(counts_at(second, 10, 5, 3), done=min(9, max(0, 5 * second - 15)), in_flight=1))
    assert forecast.seconds_left is None


def test_a_long_step_keeps_few_samples() -> None:
    forecast = Forecast()
    for second in range(10 * MAX_SAMPLES):
        forecast.add(float(second), counts_at(second, 10**6, 1.0, 100))
    assert forecast.seconds_left == pytest.approx(10**6 + 100 - 10 * MAX_SAMPLES, rel=0.01)


# --- when -------------------------------------------------------------------------------------------------------------


def test_a_short_task_shows_nothing() -> None:
    progress_line = ProgressLine("x", DEFAULT_INTERVAL, now=100.0)
    progress_line.update(ended(1), 7.0)
    assert progress_line.render(100.0 + DEFAULT_INTERVAL - 0.01) is None
    assert progress_line.render(100.0 + DEFAULT_INTERVAL) is not None


def test_a_task_that_says_nothing_shows_nothing() -> None:
    assert ProgressLine("x", 1.0, now=0.0).render(1e6) is None


def test_lines_keep_their_distance() -> None:
    progress_line = ProgressLine("x", 5.0, now=0.0)
    shown = []
    for tenth in range(600):
        progress_line.update(ended(tenth), tenth / 10)
        if progress_line.render(tenth / 10) is not None:
            shown.append(tenth / 10)
    assert shown[0] == 5.0
    assert len(shown) == 11
    assert all(later - earlier >= 5.0 for earlier, later in pairwise(shown))


def test_a_line_that_says_nothing_new_is_rare() -> None:
    progress_line = ProgressLine("x", 5.0, now=0.0)
    progress_line.update(FLEET, 1.0)
    shown = [now for now in range(5, 200) if progress_line.render(float(now)) is not None]
    assert shown == [5, 5 + REPEAT_AFTER, 5 + 2 * REPEAT_AFTER, 5 + 3 * REPEAT_AFTER]


def test_what_was_heard_before_is_nothing_new_to_the_rate() -> None:
    progress_line = ProgressLine("x", 1.0, now=0.0)
    progress_line.update(ended(10), 0.0)
    progress_line.update(ended(20), 5.0)
    for _again in range(20):
        progress_line.update(ended(20), 5.0)
    text = progress_line.render(2.0)
    assert text is not None
    assert "2.0 a second" in text


def test_a_new_step_begins_with_no_rate() -> None:
    progress_line = ProgressLine("x", 1.0, now=0.0)
    progress_line.update(replace(FLEET, step="stopping", done=0), 0.0)
    progress_line.update(replace(FLEET, step="stopping", done=1790), 10.0)
    progress_line.update(replace(FLEET, step="backing up", done=5), 11.0)
    text = progress_line.render(12.0)
    assert text is not None
    assert "backing up: 5 of" in text
    assert "a second" not in text


# --- the switch -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["0", "false", "NO", " off ", "0.0", "False"])
def test_the_switch_turns_lines_off(text: str) -> None:
    assert line_interval(text) is None


@pytest.mark.parametrize(("text", "seconds"), [("30", 30.0), ("0.5", 0.5), (" 1 ", 1.0), ("1e-9", 0.1)])
def test_the_switch_sets_the_distance(text: str, seconds: float) -> None:
    assert line_interval(text) == seconds


@pytest.mark.parametrize("text", [None, "", "yes", "true", "on", "often", "nan", "inf", "-3"])
def test_anything_else_means_the_usual_distance(text: str | None) -> None:
    assert line_interval(text) == DEFAULT_INTERVAL
