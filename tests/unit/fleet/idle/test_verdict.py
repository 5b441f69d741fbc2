# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a machine is idle: more use never makes one idle, and neither do missing points."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.monitor import Point, Sample, Series
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.idle.figures import (
    CPU_NAMES,
    DISK,
    NETWORK,
    Asked,
    Figures,
    figures_of,
    metrics_of,
)
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.idle.verdict import (
    VERDICTS,
    Evidence,
    Thresholds,
    Verdict,
    judge,
)
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.idle.window import (
    Coverage,
    coverage_of,
    period_of,
    window_of,
)

NOW = datetime(2026, 1, 20, 3, 4, 5, tzinfo=UTC)
DAY = timedelta(days=1)
OLD = NOW - 100 * DAY
WHOLE = Coverage(112, 112, True, NOW - timedelta(hours=1))
QUIET = Figures(1.0, 1.0, 1.0, 1.0)
IDLE = Evidence("running", OLD, QUIET, (WHOLE,))
LIMITS = Thresholds()
CPU = CPU_NAMES[0]
METRICS = metrics_of([CPU, *NETWORK, *DISK])
FIGURES = [field.name for field in fields(Figures)]

# Mostly what an idle machine has: else hardly any would be idle.
amounts = st.one_of(st.floats(0, 2), st.floats(0, 2), st.floats(0, 60), st.none())
figures = st.builds(Figures, amounts, amounts, amounts, amounts)
coverages = st.builds(lambda points, whole: Coverage(points, 112, whole, NOW - DAY), st.integers(0, 112), st.booleans())
moments = st.one_of(st.none(), st.floats(0, 60).map(lambda days: NOW - days * DAY))
unread = st.sampled_from(("", "", "", "the service refused it"))
evidences = st.builds(
    Evidence,
    status=st.sampled_from(("running", "running", "stopped", "error", "")),
    launched=st.one_of(st.just(OLD), moments),
    figures=st.one_of(st.just(QUIET), figures),
    coverage=st.one_of(st.just((WHOLE,)), st.lists(coverages, max_size=2).map(tuple)),
    ran_until=moments,
    unread=unread,
    witnessed=st.booleans(),
)
runners = st.builds(
    Evidence,
    status=st.just("running"),
    launched=st.just(OLD),
    figures=st.one_of(st.just(QUIET), figures),
    coverage=st.one_of(st.just((WHOLE,)), st.lists(coverages, max_size=2).map(tuple)),
    unread=unread,
)
stoppers = st.builds(
    Evidence, status=st.just("stopped"), launched=st.just(OLD), ran_until=moments, unread=unread, witnessed=st.booleans()
)
thresholds = st.builds(
    Thresholds,
    cpu_percent_max=st.one_of(st.just(5.0), st.floats(0, 60)),
    network_kbps_avg=st.one_of(st.just(5.0), st.floats(0, 60)),
    minimum_age_days=st.one_of(st.just(14.0), st.floats(0.1, 40)),
    stopped_days=st.floats(0.1, 30),
    allow_host_only=st.booleans(),
)


def verdict(evidence: Evidence, limits: Thresholds = LIMITS) -> Verdict:
    return judge(evidence, limits, NOW).verdict


def reasons(evidence: Evidence, limits: Thresholds = LIMITS) -> list[str]:
    return [reason.code for reason in judge(evidence, limits, NOW).reasons]


# --- always ---------------------------------------------------------------------------------------------------------


@given(evidences | runners | stoppers, thresholds)
def test_each_verdict_is_a_known_one_with_reasons_that_are_sentences(evidence: Evidence, limits: Thresholds) -> None:
    found = judge(evidence, limits, NOW)
    assert found.verdict in VERDICTS
    assert found.reasons
    assert [reason.message for reason in found.reasons if not reason.message.endswith(".")] == []


@given(runners, thresholds, st.sampled_from(FIGURES), st.floats(0, 1000))
def test_more_use_never_makes_a_machine_idle(evidence: Evidence, limits: Thresholds, name: str, more: float) -> None:
    before = getattr(evidence.figures, name)
    assume(before is not None)
    used = replace(evidence, figures=replace(evidence.figures, **{name: before + more}))
    assert verdict(used, limits) != "idle" or verdict(evidence, limits) == "idle"


@given(runners, thresholds, st.sampled_from(FIGURES))
def test_a_missing_figure_makes_no_machine_idle_unless_its_cpu_need_not_be_known(
    evidence: Evidence, limits: Thresholds, name: str
) -> None:
    without = replace(evidence, figures=replace(evidence.figures, **{name: None}))
    if verdict(without, limits) == "idle":
        assert limits.allow_host_only
        assert name.startswith("cpu")


@given(runners, thresholds, coverages)
def test_a_series_that_does_not_cover_the_window_makes_no_machine_idle(
    evidence: Evidence, limits: Thresholds, coverage: Coverage
) -> None:
    more = replace(evidence, coverage=(*evidence.coverage, replace(coverage, whole=False)))
    assert verdict(more, limits) != "idle"
    assert verdict(replace(evidence, coverage=()), limits) != "idle"


@given(evidences | runners | stoppers, thresholds)
def test_what_could_not_be_read_is_neither_idle_nor_stopped_for_long(evidence: Evidence, limits: Thresholds) -> None:
    assert verdict(replace(evidence, unread="the service refused it"), limits) not in ("idle", "stopped_long")


@given(stoppers, thresholds, st.floats(0, 60))
def test_later_use_never_makes_a_machine_stopped_for_long(evidence: Evidence, limits: Thresholds, days: float) -> None:
    ran_until = evidence.ran_until or NOW - 60 * DAY
    before = replace(evidence, ran_until=ran_until)
    later = replace(evidence, ran_until=min(NOW, ran_until + days * DAY))
    assert verdict(later, limits) != "stopped_long" or verdict(before, limits) == "stopped_long"


@given(evidences | runners | stoppers, thresholds)
def test_only_a_machine_that_runs_is_idle_or_busy(evidence: Evidence, limits: Thresholds) -> None:
    if verdict(evidence, limits) in ("idle", "busy"):
        assert evidence.status == "running"


@given(runners, thresholds)
def test_higher_thresholds_leave_an_idle_machine_idle(evidence: Evidence, limits: Thresholds) -> None:
    higher = replace(limits, cpu_percent_max=limits.cpu_percent_max + 1, network_kbps_avg=limits.network_kbps_avg + 1)
    assert verdict(evidence, limits) != "idle" or verdict(evidence, higher) == "idle"


# --- points ---------------------------------------------------------------------------------------------------------

WINDOW = window_of(14, NOW)
STEP = period_of(WINDOW)
PERIODS = 112
quiet = st.just([1.0] * PERIODS)
loud = st.tuples(st.integers(0, PERIODS - 1), st.floats(0, 90)).map(
    lambda peak: [peak[1] if place == peak[0] else 1.0 for place in range(PERIODS)]
)
rows_of_values = st.one_of(quiet, loud)
starts = st.floats(0, 0.999).map(lambda share: share * STEP)
few = st.sets(st.integers(0, 2 * PERIODS - 1), max_size=3)


def of_points(points: list[Point], told: float | None, unit: str | None = "%") -> Evidence:
    """A machine with this CPU in a series, and with this largest value in bulk. All else is quiet."""
    samples: dict[Asked, Sample] = {(name, "avg"): Sample(100.0, "bps") for name in NETWORK}
    samples |= {(name, "avg"): Sample(100.0, "Bps") for name in DISK}
    if told is not None:
        samples |= {(CPU, "max"): Sample(told, unit), (CPU, "avg"): Sample(1.0, unit)}
    series = {CPU: Series(tuple(points), "%")}
    return Evidence("running", OLD, figures_of(METRICS, samples, series, WINDOW), (coverage_of(points, WINDOW, OLD),))


def spread(rows: list[float], start: timedelta, step: timedelta = STEP) -> list[Point]:
    """A point each step."""
    return [Point(WINDOW.start + start + number * step, value) for number, value in enumerate(rows)]


@given(rows_of_values, starts, few)
def test_missing_points_make_no_machine_idle(rows: list[float], start: timedelta, gone: set[int]) -> None:
    points = spread(rows, start)
    left = [point for number, point in enumerate(points) if number not in gone]
    if verdict(of_points(left, max(rows))) == "idle":
        assert verdict(of_points(points, max(rows))) == "idle"


@given(rows_of_values, starts, few)
def test_missing_points_make_no_machine_idle_where_only_they_tell(rows: list[float], start: timedelta, gone: set[int]) -> None:
    points = spread(rows, start)
    left = [point for number, point in enumerate(points) if number not in gone]
    if verdict(of_points(left, max(rows), None)) == "idle":
        # Only the first and the last period may lack a point.
        assert not gone & set(range(1, PERIODS - 1))


@given(rows_of_values, starts, few)
def test_missing_points_of_a_finer_series_make_no_machine_idle(rows: list[float], start: timedelta, gone: set[int]) -> None:
    points = spread([value for value in rows for _twice in range(2)], start / 2, STEP / 2)
    left = [point for number, point in enumerate(points) if number not in gone]
    if verdict(of_points(left, max(rows))) == "idle":
        assert verdict(of_points(points, max(rows))) == "idle"


@given(rows_of_values, starts, st.integers(0, PERIODS - 1), st.floats(0, 100))
def test_a_larger_point_makes_no_machine_idle(rows: list[float], start: timedelta, which: int, more: float) -> None:
    used = [*rows[:which], rows[which] + more, *rows[which + 1 :]]
    if verdict(of_points(spread(used, start), 1.0)) == "idle":
        assert verdict(of_points(spread(rows, start), 1.0)) == "idle"


@given(starts)
def test_a_point_each_period_covers_the_window_wherever_they_begin(start: timedelta) -> None:
    assert verdict(of_points(spread([1.0] * PERIODS, start), 1.0)) == "idle"


# --- single ones ----------------------------------------------------------------------------------------------------


def test_a_quiet_machine_is_idle_and_the_reason_has_all_figures() -> None:
    [reason] = judge(IDLE, LIMITS, NOW).reasons
    assert verdict(IDLE) == "idle"
    assert "CPU at most 1.00 % (5), CPU on average 1.00 % (2), network 1.00 kbit/s (10), disks 1.00 kB/s (20)" in reason.message


@pytest.mark.parametrize("name", FIGURES)
def test_what_equals_a_threshold_is_idle_and_what_exceeds_it_is_busy(name: str) -> None:
    most = getattr(LIMITS, name)
    assert verdict(replace(IDLE, figures=replace(QUIET, **{name: most}))) == "idle"
    more = replace(IDLE, figures=replace(QUIET, **{name: most + 0.01}))
    assert (verdict(more), reasons(more)) == ("busy", [name])


@pytest.mark.parametrize("name", ["network_kbps_avg", "disk_kbps_avg"])
@pytest.mark.parametrize("host_only", [False, True])
def test_without_network_or_disks_nothing_is_idle(name: str, host_only: bool) -> None:
    missing = replace(IDLE, figures=replace(QUIET, **{name: None}))
    assert (verdict(missing, Thresholds(allow_host_only=host_only)), reasons(missing)) == ("unknown", ["no_data"])


def test_a_machine_that_is_used_is_busy_even_where_something_could_not_be_read() -> None:
    assert verdict(replace(IDLE, figures=Figures(network_kbps_avg=99.0), unread="the service refused it")) == "busy"


@pytest.mark.parametrize(("days", "expected"), [(13.9, "too_young"), (14.0, "idle"), (-1, "too_young")])
def test_the_age_is_counted_from_the_launch(days: float, expected: str) -> None:
    assert verdict(replace(IDLE, launched=NOW - days * DAY)) == expected


STOPPED = Evidence("stopped", OLD)
LONG_AGO = NOW - 20 * DAY
STOPS: list[tuple[dict[str, Any], str, str]] = [
    ({"ran_until": LONG_AGO}, "stopped_long", "stopped_long"),
    ({"ran_until": NOW - 14 * DAY}, "stopped_long", "stopped_long"),
    ({"ran_until": NOW - 13 * DAY}, "unknown", "stopped_recently"),
    ({}, "unknown", "no_data"),
    ({"witnessed": True}, "stopped_long", "stopped_long"),
    ({"witnessed": True, "launched": NOW - 20 * DAY}, "stopped_long", "stopped_long"),
    ({"ran_until": LONG_AGO, "unread": "it failed"}, "unknown", "monitor_unread"),
]


@pytest.mark.parametrize(("known", "expected", "code"), STOPS)
def test_a_stopped_machine_is_judged_by_when_it_last_had_data(known: dict[str, Any], expected: str, code: str) -> None:
    stopped = replace(STOPPED, **known)
    assert (verdict(stopped), reasons(stopped)) == (expected, [code])


def test_a_machine_that_was_made_after_it_could_have_stopped_is_not_stopped_for_long() -> None:
    young = replace(STOPPED, launched=NOW - 10 * DAY, witnessed=True)
    assert reasons(young, Thresholds(minimum_age_days=1)) == ["stopped_recently"]
