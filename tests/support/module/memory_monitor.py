# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The monitoring of the cloud in memory: what was measured of each machine, and how the service returns it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call
from support.json_object import Json

CPU = "cpu_util"
UNITS = {
    CPU: "%",
    "vm.network.bytes.incoming": "bps",
    "vm.network.bytes.outgoing": "bps",
    "vm.disk.bytes.read": "Bps",
    "vm.disk.bytes.write": "Bps",
}
IDLE: dict[str, float] = {
    CPU: 0.8,
    "vm.network.bytes.incoming": 800,
    "vm.network.bytes.outgoing": 800,
    "vm.disk.bytes.read": 1500,
    "vm.disk.bytes.write": 1500,
}
STEP = timedelta(hours=3)


@dataclass
class Measured:
    """What a machine does at any time. `days`: data is there for so many days, and ended `ended_days` ago."""

    values: dict[str, float] = field(default_factory=lambda: dict(IDLE))
    days: float = 400
    ended_days: float = 0
    gap: tuple[float, float] = (0, 0)
    """A time without data: began and ended so many days ago."""

    def times(self, start: datetime, end: datetime, now: datetime) -> Iterator[datetime]:
        """When there are points."""
        at = start
        while at < end:
            ago = (now - at) / timedelta(days=1)
            if self.ended_days <= ago <= self.days and not self.gap[1] <= ago < self.gap[0]:
                yield at
            at += STEP


class MemoryMonitor:
    """The machines that are measured. What has no data is left out of answers."""

    def __init__(self, now: datetime) -> None:
        self.machines: dict[str, Measured] = {}
        self.metrics = dict(UNITS)
        self.tells_units = True
        self.in_bulk: dict[str, float] = {}
        """What is told in bulk of a metric, whatever was measured."""
        self.most_ids = 1000
        """More are cut off, without a word."""
        self._now = now

    def measure(self, instance_id: str, cpu: float = 0.8, **fields: Any) -> Measured:
        """A machine that is idle but for its CPU; without an agent if that is negative."""
        measured = Measured(**fields)
        measured.values[CPU] = cpu
        if cpu < 0:
            del measured.values[CPU]
        self.machines[instance_id] = measured
        return measured

    @property
    def replies(self) -> dict[str, Callable[[Call[Any]], Json]]:
        """What answers each call."""
        return {
            "monitor.describeMetrics": self._list_metrics,
            "monitor.lastDownsample": self._one_value_each,
            "monitor.describeMetricData": self._one_series,
        }

    def _list_metrics(self, _call: Call[Any]) -> Json:
        return {"metrics": [{"metric": name, "calculateUnit": unit} for name, unit in self.metrics.items()]}

    def _one_value_each(self, call: Call[Any]) -> Json:
        metric = call.path.split("/")[2]
        items = []
        for instance_id in dict(call.query)["resourceId"].split("|")[: self.most_ids]:
            value = self.in_bulk.get(metric, self._value(instance_id, metric))
            if value is not None and next(self._times(call, instance_id), None) is not None:
                unit = {"unit": UNITS[metric]} if self.tells_units else {}
                items.append({"metric": metric, "name": instance_id, "value": value, **unit})
        return {"items": items}

    def _one_series(self, call: Call[Any]) -> Json:
        metric, instance_id = call.path.split("/")[2], str(call.resource)
        value = self._value(instance_id, metric)
        if value is None:
            return {"metricDatas": []}
        times = self._times(call, instance_id)
        data = [{"timestamp": int(at.timestamp() * 1000), "value": f"{value:.4f}"} for at in times]
        return {"metricDatas": [{"data": data, "metric": {"calculateUnit": UNITS[metric], "metric": metric}}]}

    def _value(self, instance_id: str, metric: str) -> float | None:
        measured = self.machines.get(instance_id)
        return None if measured is None else measured.values.get(metric)

    def _times(self, call: Call[Any], instance_id: str) -> Iterator[datetime]:
        query = dict(call.query)
        start, end = (datetime.strptime(query[name], "%Y-%m-%dT%H:%M:%S%z") for name in ("startTime", "endTime"))
        return self.machines[instance_id].times(start, end, self._now)
