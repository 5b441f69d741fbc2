# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What monitoring measured of each machine. Nothing is stored: a value follows from the machine's load and the time.

Facts monitor-host-metrics, monitor-agent-metrics, monitor-stopped and monitor-granularity.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

from jdcloud_emulator.state.cloud import Cloud
from jdcloud_emulator.state.model import Instance, Resource
from jdcloud_emulator.state.settings import Settings

KEPT = 30 * 86400.0
HOUR = 3600
BEIJING_AHEAD = 8 * HOUR
FOR_EVER = float("inf")
FINEST = 600
"""Seconds between two values that are looked at for a maximum or an average."""
PERIODS = ((HOUR, 60), (6 * HOUR, 300), (12 * HOUR, 600), (24 * HOUR, 1200), (72 * HOUR, 3600), (168 * HOUR, 7200))
"""Span of a query and the seconds between its points; those of longer ones are three hours apart."""
LONGEST_PERIOD = 3 * HOUR
MEMORY = 20.0


@dataclass(frozen=True)
class Load:
    """What a machine does: CPU in percent, network in bits and disks in bytes a second, each way.

    In the `hours` of the day (Beijing time, the second one not included) the peaks hold. Data is there in the `spans` only
    (epoch seconds), that of the guest only with an `agent`.
    """

    cpu: float
    network: float
    disk: float
    cpu_peak: float = 0.0
    network_peak: float = 0.0
    disk_peak: float = 0.0
    hours: tuple[int, int] = (0, 0)
    agent: bool = True
    spans: tuple[tuple[float, float], ...] = ()

    def _level(self, name: str, moment: float) -> float:
        hour = int(moment + BEIJING_AHEAD) // HOUR % 24
        return float(getattr(self, f"{name}_peak" if self.hours[0] <= hour < self.hours[1] else name))

    def value(self, metric: str, moment: float) -> float | None:
        """The value at a time; None where there is none."""
        what = METRICS[metric]
        if not any(start <= moment < end for start, end in self.spans) or (what.of_guest and not self.agent):
            return None
        return self._level(what.load, moment) if what.load else MEMORY


LOADS = {
    "idle": Load(cpu=0.8, network=800.0, disk=1500.0),
    "busy": Load(cpu=35.0, network=2_000_000.0, disk=500_000.0),
    "nightly": Load(cpu=0.8, network=800.0, disk=1500.0, cpu_peak=90.0, network_peak=90_000.0, disk_peak=900_000.0, hours=(2, 3)),
}


@dataclass(frozen=True)
class Metric:
    """A metric of machines: its unit, what it shows of a load ('' for memory), and whether it is measured in the guest."""

    unit: str
    load: str
    of_guest: bool
    title: str


METRICS = {
    "cpu_util": Metric("%", "cpu", True, "CPU使用率"),
    "memory.usage": Metric("%", "", True, "内存使用率"),
    "vm.network.bytes.incoming": Metric("bps", "network", False, "网络流入速率"),
    "vm.network.bytes.outgoing": Metric("bps", "network", False, "网络流出速率"),
    "vm.disk.bytes.read": Metric("Bps", "disk", False, "磁盘读吞吐量"),
    "vm.disk.bytes.write": Metric("Bps", "disk", False, "磁盘写吞吐量"),
}


def shown_name(settings: Settings, metric: str) -> str:
    """What the account calls a metric (fact monitor-cpu-name)."""
    return settings.monitor_cpu_metric if metric == "cpu_util" else metric


def known_metric(settings: Settings, name: str) -> str | None:
    """The metric that has this name, if there is one."""
    return next((metric for metric in METRICS if shown_name(settings, metric) == name), None)


def load_of(cloud: Cloud, instance: Instance) -> Load:
    """The load of a machine. One of which nothing was said is busy while it runs, and was never measured while it is stopped."""
    if instance.id not in cloud.loads:
        spans = ((instance.launched, FOR_EVER),) if instance.status == "running" else ()
        cloud.loads[instance.id] = dataclasses.replace(LOADS["busy"], spans=spans)
    return cloud.loads[instance.id]


def watch(cloud: Cloud) -> None:
    """Let data end where a machine stops, and begin where it starts."""
    cloud.watchers.append(partial(_follow, cloud))


def _follow(cloud: Cloud, resource: Resource | None) -> None:
    if not isinstance(resource, Instance) or resource.id not in cloud.ledger:
        return
    now, load = cloud.wall(), load_of(cloud, resource)
    is_open = any(end == FOR_EVER for _start, end in load.spans)
    spans = load.spans
    if resource.status == "running" and not is_open:
        spans = (*spans, (now, FOR_EVER))
    elif resource.status != "running" and is_open:
        spans = tuple((start, min(end, now)) for start, end in spans if start < now)
    cloud.loads[resource.id] = dataclasses.replace(load, spans=spans)


@lru_cache(maxsize=8192)
def values(load: Load, metric: str, start: float, end: float, step: int) -> tuple[tuple[int, float], ...]:
    """Time and value of every moment of a span that has one, so many seconds apart."""
    first = -(-int(start) // step) * step
    found = ((moment, load.value(metric, moment)) for moment in range(first, int(end), step))
    return tuple((moment, value) for moment, value in found if value is not None)


JOINED: dict[str, Callable[[list[float]], float]] = {
    "max": max,
    "min": min,
    "avg": lambda found: sum(found) / len(found),
    "sum": sum,
    "last": lambda found: found[-1],
}


def one_value(load: Load, metric: str, start: float, end: float, joined: str) -> float | None:
    """All values of a span as one; None where there is none."""
    found = [value for _moment, value in values(load, metric, start, end, FINEST)]
    return JOINED[joined](found) if found else None


def points(load: Load, metric: str, start: float, end: float, joined: str) -> list[tuple[int, float]]:
    """The points of a span: the beginning of each period, and its values as one."""
    period = next((seconds for longest, seconds in PERIODS if end - start <= longest), LONGEST_PERIOD)
    found: dict[int, list[float]] = {}
    for moment, value in values(load, metric, start, end, min(period, FINEST)):
        found.setdefault(moment // period * period, []).append(value)
    return [(moment, JOINED[joined](each)) for moment, each in found.items() if moment >= start]
