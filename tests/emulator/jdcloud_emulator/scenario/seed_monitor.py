# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What monitoring shows of the machines of seed files. The README documents the form."""

from __future__ import annotations

import dataclasses
from typing import Any

from jdcloud_emulator.scenario.seed_file import Entry, Taker, moment
from jdcloud_emulator.state.cloud import Cloud
from jdcloud_emulator.state.model import Instance
from jdcloud_emulator.state.monitoring import FOR_EVER, LOADS
from jdcloud_emulator.state.settings import UsageError

Spans = tuple[tuple[float, float], ...]


def add_load(cloud: Cloud, instance: Instance, given: Any) -> None:
    """Keep the load of a machine, if the seed says one. Raises UsageError for what makes no sense."""
    if given is None:
        return
    entry: Entry = given if isinstance(given, dict) else {"load": given}
    take = Taker(entry, "monitor of an instance")
    word = str(take("load", "idle"))
    if word not in LOADS:
        raise UsageError(f"unknown load {word!r}: use {', '.join(LOADS)}")
    load = LOADS[word]
    numbers = {name: float(take(name, getattr(load, name))) for name in ("cpu", "network", "disk")}
    peaks = {f"{name}_peak": float(take(f"{name}_peak", getattr(load, f"{name}_peak"))) for name in numbers}
    hours = take("hours", load.hours)
    agent, spans = bool(take("agent", True)), _spans(cloud, instance, take)
    take.end()
    cloud.loads[instance.id] = dataclasses.replace(
        load, **numbers, **peaks, hours=(int(hours[0]), int(hours[1])), agent=agent, spans=spans
    )


def _spans(cloud: Cloud, instance: Instance, take: Taker) -> Spans:
    """When there is data: from `since` to `until`, without the `gaps`."""
    now, until, since = cloud.wall(), take("until"), take("since")
    end = FOR_EVER if instance.status == "running" else now
    spans: Spans = ((instance.launched if since is None else moment(since, now), end if until is None else moment(until, now)),)
    for gap in take("gaps", []):
        spans = _without(spans, moment(gap[0], now), moment(gap[1], now))
    return spans


def _without(spans: Spans, start: float, end: float) -> Spans:
    pieces = [piece for begin, stop in spans for piece in ((begin, min(stop, start)), (max(begin, end), stop))]
    return tuple((begin, stop) for begin, stop in pieces if begin < stop)
