# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From measured values to figures that can be compared with thresholds. Pure.

A figure counts only in a unit that is known (fact monitor-units): of the value for the whole window, or of the series, and the
larger one where both are there. None is not known, and never zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from ..._api.model.monitor import Sample, Series
from ..._api.services.monitor import Joined, Window

CPU_NAMES = ("cpu_util", "vm.cpu.util", "cpu.util")
"""Facts monitor-cpu-name and monitor-agent-metrics: the first that the account has counts."""
NETWORK = ("vm.network.bytes.incoming", "vm.network.bytes.outgoing")
DISK = ("vm.disk.bytes.read", "vm.disk.bytes.write")
"""Fact monitor-host-metrics."""
_UNITS = {"%": ("%", 1.0), "bps": ("kbps", 0.001), "Kbps": ("kbps", 1.0), "Bps": ("kbps", 0.008)}
BITS_OF_A_BYTE = 8
LINE_PARTS = 28
"""How many values a line has: enough to see a day's peak in a month, and few enough for a thousand instances."""

Asked = tuple[str, Joined]
"""A metric, and how the values of the window become one."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """The metrics of the account. ``cpu`` is None if it has none; ``host`` are those of network and disks that it has."""

    cpu: str | None
    host: tuple[str, ...]

    @property
    def asked(self) -> tuple[Asked, ...]:
        """What is asked for in bulk."""
        cpu: tuple[Asked, ...] = () if self.cpu is None else ((self.cpu, "max"), (self.cpu, "avg"))
        return (*cpu, *((name, "avg") for name in self.host))


@dataclass(frozen=True, slots=True)
class Figures:
    """What a machine did in the window, None where that is not known: CPU in percent, network in kilobits and disks in kilobytes
    (1000 bytes) a second, in and out together."""

    cpu_percent_max: float | None = None
    cpu_percent_avg: float | None = None
    network_kbps_avg: float | None = None
    disk_kbps_avg: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A series for a small drawing: the largest value of each of `LINE_PARTS` equal parts of its window, None without data.

    ``unit`` is %, kbit/s or kB/s; ``days`` is the length of the window.
    """

    metric: str
    unit: str
    days: int
    values: tuple[float | None, ...]


def metrics_of(names: Iterable[str]) -> Metrics:
    """Which of the known metrics the account has."""
    known = set(names)
    cpu = next((name for name in CPU_NAMES if name in known), None)
    return Metrics(cpu, tuple(name for name in (*NETWORK, *DISK) if name in known))


def figures_of(metrics: Metrics, samples: Mapping[Asked, Sample], series: Mapping[str, Series], window: Window) -> Figures:
    """The figures of one machine. `series` has averages, by metric."""
    rows = {metric: _values(each, window) for metric, each in series.items()}
    cpu_max = cpu_avg = None
    if metrics.cpu is not None:
        found = rows.get(metrics.cpu, {}).get("%", [])
        cpu_max = _larger(_in("%", samples.get((metrics.cpu, "max"))), max(found, default=None))
        cpu_avg = _larger(_in("%", samples.get((metrics.cpu, "avg"))), _mean(found))
    host = {
        name: _larger(_in("kbps", samples.get((name, "avg"))), _mean(rows.get(name, {}).get("kbps", [])))
        for name in (*NETWORK, *DISK)
    }
    disk = _both(host, DISK)
    return Figures(cpu_max, cpu_avg, _both(host, NETWORK), None if disk is None else disk / BITS_OF_A_BYTE)


def without_unit(metrics: Metrics, samples: Mapping[Asked, Sample]) -> list[str]:
    """The metrics that have a value whose unit is not known: the series may tell it."""
    names = (metric for metric, joined in metrics.asked if _unitless(samples.get((metric, joined))))
    return list(dict.fromkeys(names))


def has_values(samples: Mapping[Asked, Sample]) -> bool:
    """Whether anything at all was measured."""
    return any(sample.value is not None for sample in samples.values())


def line_of(metric: str, series: Series, window: Window) -> Line | None:
    """The line of a series. None if its unit is not known, or it has no point in the window."""
    unit, factor = _UNITS.get(series.unit or "", ("", 1.0))
    points = [point for point in series.points if window.start <= point.at < window.end]
    if not unit or not points:
        return None
    if metric in DISK and unit == "kbps":
        unit, factor = "kB/s", factor / BITS_OF_A_BYTE
    whole = window.end - window.start
    parts: list[float | None] = [None] * LINE_PARTS
    for point in points:
        place = int((point.at - window.start) / whole * LINE_PARTS)
        value = round(point.value * factor, 2)
        parts[place] = max(value, parts[place] or 0.0)
    return Line(metric, "kbit/s" if unit == "kbps" else unit, round(whole / timedelta(days=1)), tuple(parts))


def _unitless(sample: Sample | None) -> bool:
    return sample is not None and sample.value is not None and sample.unit not in _UNITS


def _in(unit: str, sample: Sample | None) -> float | None:
    """The value of a sample in a unit, None if it has none, or in a unit of another kind."""
    if sample is None or sample.value is None:
        return None
    found, factor = _UNITS.get(sample.unit or "", ("", 1.0))
    return sample.value * factor if found == unit else None


def _values(series: Series, window: Window) -> dict[str, list[float]]:
    """The values of a series inside the window by their unit; none if it is not known."""
    unit, factor = _UNITS.get(series.unit or "", ("", 1.0))
    return {unit: [point.value * factor for point in series.points if window.start <= point.at < window.end]} if unit else {}


def _both(host: Mapping[str, float | None], names: tuple[str, ...]) -> float | None:
    found = [value for value in map(host.get, names) if value is not None]
    return sum(found) if len(found) == len(names) else None


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _larger(one: float | None, other: float | None) -> float | None:
    return max((each for each in (one, other) if each is not None), default=None)
