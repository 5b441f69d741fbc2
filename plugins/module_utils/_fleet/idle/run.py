# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks for idle machines: a few values of all in bulk, then series of those that may be idle. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from ..._api.dispatch.dispatcher import Dispatcher
from ..._api.errors import JdcloudError
from ..._api.model.instance import InstanceInFull
from ..._api.model.monitor import Sample, Series
from ..._api.model.times import parse_time
from ..._api.services.monitor import Joined, Window, describe_metric_data, describe_metrics
from ..surroundings.group_reads import why_unread
from .bulk import BulkReading
from .figures import Asked, Line, Metrics, figures_of, has_values, line_of, metrics_of, without_unit
from .verdict import Evidence, Judgement, Thresholds, judge, judged_without_data
from .window import MOST_DAYS, Coverage, coverage_of, period_of, window_of

NO_HOST_METRIC = "the account has no metric of network or disks"


@dataclass(frozen=True, slots=True)
class Judged:
    """A machine, what is known of it, and the verdict."""

    machine: InstanceInFull
    evidence: Evidence
    judgement: Judgement


@dataclass(slots=True)
class Look:
    """What came of it: the machines in their order, the window, and why something could not be read."""

    window: Window
    judged: list[Judged] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


def look_for_idle(dispatcher: Dispatcher, machines: Sequence[InstanceInFull], thresholds: Thresholds, now: datetime) -> Look:
    """The verdict on each machine. `now` is the service's time. What monitoring does not answer is a part of it, not a failure.

    Raises `JdcloudError` if no call of this run can succeed.
    """
    window = window_of(thresholds.window_days, now)
    known = {
        each.instance.instance_id: Evidence(each.instance.status, parse_time(each.full.get("launch_time"))) for each in machines
    }
    open_ones = {key: each for key, each in known.items() if judged_without_data(each, thresholds, now) is None}
    known.update(_Reading(dispatcher, thresholds, window, now).read(open_ones))
    look = Look(window)
    for machine in machines:
        evidence = known[machine.instance.instance_id]
        look.judged.append(Judged(machine, evidence, judge(evidence, thresholds, now)))
    look.unread = list(dict.fromkeys(each.unread for each in known.values() if each.unread))
    return look


class _Reading:
    """Reads what monitoring knows of machines, and adds it to what is known of them."""

    def __init__(self, dispatcher: Dispatcher, thresholds: Thresholds, window: Window, now: datetime) -> None:
        self._dispatcher = dispatcher
        self._thresholds = thresholds
        self._window = window
        self._now = now
        self._metrics = Metrics(None, ())
        self._samples: dict[str, dict[Asked, Sample]] = {}

    def read(self, known: Mapping[str, Evidence]) -> dict[str, Evidence]:
        """All of these machines with what was measured."""
        if not known:
            return {}
        try:
            self._metrics = metrics_of(metric.name for metric in self._dispatcher.read(describe_metrics()))
        except JdcloudError as error:
            if error.is_unauthenticated:
                raise
            return {key: replace(each, unread=why_unread(error)) for key, each in known.items()}
        running = {key: each for key, each in known.items() if each.status == "running"}
        running = self._confirmed(self._in_bulk(running))
        stopped = {key: each for key, each in known.items() if each.status != "running"}
        return {**running, **self._when_they_ran(stopped)}

    def _in_bulk(self, running: Mapping[str, Evidence]) -> dict[str, Evidence]:
        """Machines that run with their figures for the whole window."""
        self._samples = {key: {} for key in running}
        unread: dict[str, str] = {}
        for asked in self._metrics.asked if running else ():
            reading = BulkReading(self._dispatcher, asked, self._window)
            reading.read([*running])
            unread.update(reading.unread)
            for key, sample in reading.samples.items():
                self._samples[key][asked] = sample
        return {key: self._with_figures(key, each, {}, unread.get(key, "")) for key, each in running.items()}

    def _confirmed(self, running: Mapping[str, Evidence]) -> dict[str, Evidence]:
        """Those that may be idle with their series: how much of the window has data, and figures whose unit was not returned."""
        wanted = [
            (key, metric)
            for key, each in running.items()
            if judge(each, self._thresholds, self._now).verdict != "busy" and not each.unread
            for metric in self._to_confirm(key)
        ]
        series: dict[str, dict[str, Series]] = {}
        unread: dict[str, str] = {}
        for (key, metric), answer in zip(wanted, self._series(wanted, self._window, "avg"), strict=True):
            if isinstance(answer, Series):
                series.setdefault(key, {})[metric] = answer
            else:
                unread[key] = answer
        return {
            key: self._with_figures(key, each, series.get(key, {}), unread.get(key) or each.unread)
            for key, each in running.items()
        }

    def _to_confirm(self, key: str) -> list[str]:
        """CPU stands for what the agent reports, the first metric of the host for the others, as far as they have values."""
        samples = self._samples[key]
        if not has_values(samples):
            return []
        measured = {metric for (metric, _joined), sample in samples.items() if sample.value is not None}
        host = [metric for metric in self._metrics.host if metric in measured]
        cpu = [self._metrics.cpu] if self._metrics.cpu in measured and self._metrics.cpu else []
        return list(dict.fromkeys([*cpu, *host[:1], *without_unit(self._metrics, samples)]))

    def _with_figures(self, key: str, evidence: Evidence, series: Mapping[str, Series], unread: str) -> Evidence:
        figures = figures_of(self._metrics, self._samples[key], series, self._window)
        coverage = tuple(coverage_of(each.points, self._window, evidence.launched) for each in series.values())
        return replace(evidence, figures=figures, coverage=coverage, unread=unread, lines=_lines(series, self._window))

    def _when_they_ran(self, stopped: Mapping[str, Evidence]) -> dict[str, Evidence]:
        """Stopped machines with the time until which they may have run, by a metric that needs no agent."""
        if not self._metrics.host:
            return {key: replace(each, unread=NO_HOST_METRIC) for key, each in stopped.items()}
        metric = self._metrics.host[0]
        witnessed = any(
            sample.value is not None
            for samples in self._samples.values()
            for asked, sample in samples.items()
            if asked[0] == metric
        )
        kept = window_of(MOST_DAYS, self._now)
        answers = self._series([(key, metric) for key in stopped], kept, "max")
        return {
            key: replace(each, unread=answer) if isinstance(answer, str) else self._ran(each, answer, kept, witnessed=witnessed)
            for (key, each), answer in zip(stopped.items(), answers, strict=True)
        }

    def _ran(self, evidence: Evidence, series: Series, kept: Window, *, witnessed: bool) -> Evidence:
        coverage: Coverage = coverage_of(series.points, kept)
        # A point stands for its whole period, at the beginning of which it may stand.
        until = None if coverage.last is None else min(coverage.last + period_of(kept), self._now)
        lines = _lines({self._metrics.host[0]: series}, kept)
        return replace(evidence, coverage=(coverage,), ran_until=until, witnessed=witnessed, lines=lines)

    def _series(self, wanted: Sequence[tuple[str, str]], window: Window, joined: Joined) -> list[Series | str]:
        """The series of these machines and metrics, or why one could not be read."""
        calls = [describe_metric_data(metric, key, window, joined) for key, metric in wanted]
        found: list[Series | str] = []
        for outcome in self._dispatcher.gather(calls) if calls else ():
            if outcome.error is not None and outcome.error.is_unauthenticated:
                raise outcome.error
            found.append(outcome.value if outcome.error is None else why_unread(outcome.error))
        return found


def _lines(series: Mapping[str, Series], window: Window) -> tuple[Line, ...]:
    lines = (line_of(metric, each, window) for metric, each in series.items())
    return tuple(line for line in lines if line is not None)
