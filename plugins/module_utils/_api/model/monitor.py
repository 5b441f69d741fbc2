# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What monitoring measured as immutable values, and the functions that read them from JSON.

How an answer looks where there is no data is not known (fact monitor-no-data). So a value that is missing, null, no finite number
or below zero is no value; it is never zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from ..fields import Json, each_object

_YEARS = range(2000, 2200)


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric that the account has, and the unit in which it is shown, None if not returned."""

    name: str
    unit: str | None


@dataclass(frozen=True, slots=True)
class Sample:
    """One value for a whole window. ``value`` None: there is none. ``unit`` is as it was reported, None if not returned."""

    value: float | None
    unit: str | None


@dataclass(frozen=True, slots=True)
class Point:
    """A value at a time."""

    at: datetime
    value: float


@dataclass(frozen=True, slots=True)
class Series:
    """The points of one metric of one resource, oldest first, each time once. ``unit`` is None if not returned."""

    points: tuple[Point, ...] = ()
    unit: str | None = None


def parse_metrics(result: Json) -> tuple[Metric, ...]:
    """Read the list of metrics (fact monitor-metrics). Rows without a name are none."""
    found = ((_word(row, "metric"), _word(row, "calculateUnit")) for row in each_object(result, "metrics"))
    return tuple(Metric(name, unit) for name, unit in found if name is not None)


def samples_of(metric: str) -> Callable[[Json], dict[str, Sample]]:
    """The parser of one value for each of several resources, by their ids (fact monitor-bulk-values).

    Where a resource stands there more than once, the larger value counts; if one of them is none, there is none.
    """

    def parse(result: Json) -> dict[str, Sample]:
        found: dict[str, Sample] = {}
        for item in each_object(result, "items"):
            name = _word(item, "name")
            if name is None or item.get("metric", metric) != metric:
                continue
            sample = Sample(value_of(item.get("value")), _word(item, "unit"))
            found[name] = _larger(found[name], sample) if name in found else sample
        return found

    return parse


def parse_series(result: Json) -> Series:
    """Read the points of one resource (fact monitor-series). Where a time stands there more than once, the larger value counts.

    The unit is that of ``calculateUnit``, and unknown where two series differ in it (fact monitor-metric-object).
    """
    points: dict[datetime, float] = {}
    units: set[str | None] = set()
    for series in each_object(result, "metricDatas"):
        metric = series.get("metric")
        units.add(_word(metric, "calculateUnit") if isinstance(metric, dict) else None)
        for at, value in _points(series):
            points[at] = max(value, points.get(at, value))
    unit = units.pop() if len(units) == 1 else None
    return Series(tuple(Point(at, points[at]) for at in sorted(points)), unit)


def value_of(raw: object) -> float | None:
    """A measured value, which may be a number or a text; None for everything else."""
    if isinstance(raw, bool) or not isinstance(raw, (int, float, str)):
        return None
    try:
        value = float(raw)
    except (ValueError, OverflowError):
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _points(series: Json) -> Iterator[tuple[datetime, float]]:
    for row in each_object(series, "data"):
        at, value = _moment(row.get("timestamp")), value_of(row.get("value"))
        if at is not None and value is not None:
            yield at, value


def _moment(raw: object) -> datetime | None:
    """A time in milliseconds; None for everything else."""
    if not isinstance(raw, int) or isinstance(raw, bool):
        return None
    try:
        at = datetime.fromtimestamp(raw / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return at if at.year in _YEARS else None


def _larger(one: Sample, other: Sample) -> Sample:
    """Both count only if they can be compared."""
    if one.value is None or other.value is None or one.unit != other.unit:
        return Sample(None, None)
    return max(one, other, key=lambda sample: sample.value or 0.0)


def _word(row: Json, name: str) -> str | None:
    """A text; None for everything else."""
    value = row.get(name)
    return value.strip() if isinstance(value, str) and value.strip() else None
