# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls of the monitor service (API revision 2.5.12, fact monitor-version). Reads only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from ..calls import Call, path_id, read, scalars
from ..errors import InputError
from ..model.monitor import Metric, Sample, Series, parse_metrics, parse_series, samples_of
from ..model.times import BEIJING

MAX_IDS = 50
"""How many ids a call gets. The most that the service takes is not known (fact monitor-batch), but a URL must not be too long."""
MACHINES = "vm"
Joined = Literal["max", "avg"]
"""How the values of a time become one."""
_METRIC = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time, the end not included."""

    start: datetime
    end: datetime


def describe_metrics() -> Call[tuple[Metric, ...]]:
    """The metrics that the account has of machines. It is about no region (fact monitor-no-region)."""
    call = read("monitor.describeMetrics", "/metrics", parse_metrics, scalars(serviceCode=MACHINES))
    return replace(call, version="v2", regional=False)


def last_downsample(metric: str, ids: Sequence[str], window: Window, joined: Joined) -> Call[dict[str, Sample]]:
    """One value for each of these machines (facts monitor-bulk, monitor-times). One without data may be missing.

    Raises ValueError for no ids and for more than `MAX_IDS`, InputError for what is no id.
    """
    if not 0 < len(ids) <= MAX_IDS:
        raise ValueError(f"{len(ids)} resource ids, but a call takes 1 to {MAX_IDS}")
    names = tuple(path_id(each) for each in ids)
    query = scalars(serviceCode=MACHINES, resourceId="|".join(names), **_times(window), aggrType="max", downAggrType=joined)
    call = read("monitor.lastDownsample", f"/metrics/{_checked(metric)}/lastDownsample", samples_of(metric), query)
    return replace(call, version="v2", resources=names)


def describe_metric_data(metric: str, instance_id: str, window: Window, joined: Joined) -> Call[Series]:
    """The points of a machine (facts monitor-series, monitor-times). Raises InputError for what is no id."""
    query = scalars(
        serviceCode=MACHINES, resourceId=path_id(instance_id), **_times(window), aggrType="max", downSampleType=joined
    )
    path = f"/metrics/{_checked(metric)}/metricData"
    return replace(read("monitor.describeMetricData", path, parse_series, query, instance_id), version="v2")


def _times(window: Window) -> dict[str, str]:
    return {"startTime": _text(window.start), "endTime": _text(window.end)}


def _text(moment: datetime) -> str:
    return moment.astimezone(BEIJING).strftime("%Y-%m-%dT%H:%M:%S%z")


def _checked(metric: str) -> str:
    """The name of a metric, which has dots, if it is safe as a part of a path."""
    if not _METRIC.fullmatch(metric) or ".." in metric:
        raise InputError(f"{metric!r} is not the name of a metric.")
    return metric
