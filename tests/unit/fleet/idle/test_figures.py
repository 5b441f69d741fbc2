# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From values to figures: units, sums of both directions, and the larger one of two sources."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.monitor import Point, Sample, Series
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.idle.figures import (
    CPU_NAMES,
    DISK,
    LINE_PARTS,
    NETWORK,
    Asked,
    Figures,
    Line,
    Metrics,
    figures_of,
    has_values,
    line_of,
    metrics_of,
    without_unit,
)
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.idle.window import window_of

WINDOW = window_of(14, datetime(2026, 1, 20, tzinfo=UTC))
CPU = CPU_NAMES[0]
ALL = metrics_of([CPU, *NETWORK, *DISK])


def network(value: float | None, unit: str | None) -> dict[Asked, Sample]:
    return {(name, "avg"): Sample(value, unit) for name in NETWORK}


def series(unit: str | None, *values: float) -> Series:
    return Series(tuple(Point(WINDOW.start + timedelta(hours=number), value) for number, value in enumerate(values)), unit)


def figures(samples: dict[Asked, Sample], found: dict[str, Series] | None = None) -> Figures:
    return figures_of(ALL, samples, found or {}, WINDOW)


@pytest.mark.parametrize("names", [["cpu_util", "vm.cpu.util"], ["vm.cpu.util", "cpu.util"], ["cpu.util"]])
def test_the_first_known_name_of_the_cpu_counts(names: list[str]) -> None:
    assert metrics_of([*reversed(names), "memory.usage"]) == Metrics(names[0], ())


def test_what_the_account_does_not_have_is_not_asked_for() -> None:
    assert metrics_of(["vm.disk.bytes.read"]).asked == (("vm.disk.bytes.read", "avg"),)
    assert [joined for name, joined in ALL.asked if name == CPU] == ["max", "avg"]
    assert len(ALL.asked) == 6


@pytest.mark.parametrize(("unit", "expected"), [("bps", 0.2), ("Kbps", 200.0), ("Bps", 1.6)])
def test_both_directions_are_added_up_in_kilobits(unit: str, expected: float) -> None:
    assert figures(network(100.0, unit)).network_kbps_avg == pytest.approx(expected)


def test_disks_are_kilobytes() -> None:
    assert figures({(name, "avg"): Sample(1500.0, "Bps") for name in DISK}).disk_kbps_avg == pytest.approx(3.0)


@pytest.mark.parametrize("unit", [None, "", "Mbps", "BPS", "kb/s", "%"])
def test_a_value_in_no_known_unit_is_no_figure(unit: str | None) -> None:
    assert figures(network(100.0, unit)) == Figures()


def test_one_direction_alone_is_no_figure() -> None:
    samples = network(100.0, "bps")
    del samples[NETWORK[1], "avg"]
    assert figures(samples).network_kbps_avg is None
    samples[NETWORK[1], "avg"] = Sample(None, "bps")
    assert figures(samples).network_kbps_avg is None


def test_of_the_value_in_bulk_and_the_series_the_larger_counts() -> None:
    samples: dict[Asked, Sample] = {(CPU, "max"): Sample(3.0, "%"), (CPU, "avg"): Sample(2.0, "%")}
    assert figures(samples, {CPU: series("%", 1.0, 9.0)}) == Figures(9.0, 5.0)
    assert figures(samples, {CPU: series("%", 1.0, 1.5)}) == Figures(3.0, 2.0)
    assert figures(samples, {CPU: series(None, 99.0)}) == Figures(3.0, 2.0)


def test_a_series_tells_what_has_no_unit_in_bulk() -> None:
    samples = network(100.0, None)
    assert without_unit(ALL, samples) == [*NETWORK]
    assert figures(samples, {name: series("bps", 400.0, 600.0) for name in NETWORK}).network_kbps_avg == pytest.approx(1.0)
    assert without_unit(ALL, network(100.0, "bps")) == without_unit(ALL, network(None, None)) == []


def test_points_outside_of_the_window_do_not_count() -> None:
    early = Series((Point(WINDOW.start - timedelta(hours=1), 50.0), Point(WINDOW.start, 1.0), Point(WINDOW.end, 50.0)), "%")
    assert figures({}, {CPU: early}) == Figures(1.0, 1.0)


def test_values_are_there_as_soon_as_one_is() -> None:
    assert not has_values({})
    assert not has_values(network(None, "bps"))
    assert has_values({**network(None, "bps"), (CPU, "max"): Sample(0.0, None)})


# --- lines ----------------------------------------------------------------------------------------------------------


def test_a_line_has_the_largest_value_of_each_part_and_null_without_data() -> None:
    found = line_of(CPU, series("%", 1.0, 9.0, 2.0), WINDOW)
    assert found == Line(CPU, "%", 14, (9.0, *([None] * (LINE_PARTS - 1))))


@pytest.mark.parametrize(("metric", "unit"), [(NETWORK[0], "kbit/s"), (DISK[0], "kB/s")])
def test_a_line_says_its_unit(metric: str, unit: str) -> None:
    found = line_of(metric, series("Bps", 1000.0), WINDOW)
    assert found is not None
    assert (found.unit, found.values[0]) == (unit, 8.0 if unit == "kbit/s" else 1.0)


def test_a_series_without_a_known_unit_or_without_points_has_no_line() -> None:
    assert line_of(CPU, series(None, 1.0), WINDOW) is None
    assert line_of(CPU, series("%"), WINDOW) is None


@given(st.lists(st.floats(0, 100, allow_nan=False), min_size=1, max_size=400))
def test_a_line_keeps_the_highest_value_of_a_series(values: list[float]) -> None:
    step = (WINDOW.end - WINDOW.start) / len(values)
    points = tuple(Point(WINDOW.start + step * number, value) for number, value in enumerate(values))
    found = line_of(CPU, Series(points, "%"), WINDOW)
    assert found is not None
    assert len(found.values) == LINE_PARTS
    assert max(value for value in found.values if value is not None) == round(max(values), 2)
