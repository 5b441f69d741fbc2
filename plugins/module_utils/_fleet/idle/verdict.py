# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a machine is idle. Pure.

No data is never idle: what is not known, or covers the window in part only, makes a machine `unknown`. More use never makes one
idle that was not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from ..common.failure import Finding
from .figures import Figures, Line
from .window import Coverage

VERDICTS = ("idle", "busy", "stopped_long", "too_young", "unknown")
Verdict = Literal["idle", "busy", "stopped_long", "too_young", "unknown"]
Confidence = Literal["agent", "host_only"]
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What idle means. ``cpu_percent_max`` to ``disk_kbps_avg``: the most that an idle machine does (units: `Figures`).

    ``allow_host_only``: a machine whose CPU is not known may be idle by network and disks alone.
    """

    window_days: int = 14
    cpu_percent_max: float = 5.0
    cpu_percent_avg: float = 2.0
    network_kbps_avg: float = 10.0
    disk_kbps_avg: float = 20.0
    minimum_age_days: float = 14.0
    stopped_days: float = 14.0
    allow_host_only: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a machine. ``launched``: when it was made (fact monitor-launch), None if not returned.

    ``coverage``: of each series that was read, in the window; of a stopped machine, in all the time for which data is kept.
    ``ran_until``: the latest time at which a stopped machine can have run by its data, None if there is none.
    ``unread``: why monitoring could not be read, '' if it was. ``witnessed``: monitoring showed data of a machine that runs.
    ``lines``: the series that were read, for a drawing; no verdict rests on them.
    """

    status: str
    launched: datetime | None
    figures: Figures = Figures()
    coverage: tuple[Coverage, ...] = ()
    ran_until: datetime | None = None
    unread: str = ""
    witnessed: bool = False
    lines: tuple[Line, ...] = ()

    @property
    def confidence(self) -> Confidence | None:
        """What the figures rest on; None without figures."""
        if self.figures.cpu_percent_max is not None and self.figures.cpu_percent_avg is not None:
            return "agent"
        return None if self.figures == Figures() else "host_only"

    @property
    def whole(self) -> bool:
        """Whether data covers all of the window."""
        return bool(self.coverage) and all(each.whole for each in self.coverage)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict, and why."""

    verdict: Verdict
    reasons: tuple[Finding, ...]


def judge(evidence: Evidence, thresholds: Thresholds, now: datetime) -> Judgement:
    """The verdict on a machine at this time of the service."""
    early = judged_without_data(evidence, thresholds, now)
    if early is not None:
        return early
    if evidence.status == "stopped":
        return _judge_stopped(evidence, thresholds, now)
    return _judge_running(evidence, thresholds)


def judged_without_data(evidence: Evidence, thresholds: Thresholds, now: datetime) -> Judgement | None:
    """The verdict on a machine of which it does not matter what was measured, None for all others."""
    if evidence.status not in ("running", "stopped"):
        status = evidence.status or "in an unreadable status"
        return _unknown(Finding("unsettled", f"It is {status}, neither running nor stopped."))
    if evidence.launched is None:
        return _unknown(Finding("age_unknown", "The service does not return its creation time."))
    age = now - evidence.launched
    if age < thresholds.minimum_age_days * DAY:
        text = f"It was made {_days(age)} ago, less than minimum_age_days ({thresholds.minimum_age_days:g})."
        return Judgement("too_young", (Finding("too_young", text),))
    return None


def _judge_running(evidence: Evidence, thresholds: Thresholds) -> Judgement:
    exceeded = tuple(_exceeded(evidence.figures, thresholds))
    if exceeded:
        return Judgement("busy", exceeded)
    doubts = tuple(_doubts(evidence, thresholds))
    if doubts:
        return Judgement("unknown", doubts)
    return Judgement("idle", (Finding("below_thresholds", _idle_text(evidence, thresholds)),))


def _judge_stopped(evidence: Evidence, thresholds: Thresholds, now: datetime) -> Judgement:
    """There is no data of a machine while it is stopped, so its last point tells when it ran (facts monitor-stopped and
    monitor-earlier-points)."""
    if evidence.unread:
        return _unknown(_unread(evidence))
    least = thresholds.stopped_days * DAY
    ran_until = evidence.ran_until
    since = now - max(each for each in (evidence.launched, ran_until) if each is not None)
    if since < least:
        text = f"It is stopped, and may have run until {_days(since)} ago, less than stopped_days ({thresholds.stopped_days:g})."
        return _unknown(Finding("stopped_recently", text))
    if ran_until is not None:
        text = f"It is stopped and has had no data for {_days(since)}; stopped_days is {thresholds.stopped_days:g}."
        return Judgement("stopped_long", (Finding("stopped_long", text),))
    if evidence.witnessed:
        text = "It is stopped and has no data in the last 30 days, which is as long as data is kept."
        return Judgement("stopped_long", (Finding("stopped_long", text),))
    text = (
        "It is stopped, but monitoring returns no data of it or of any running instance of the selection, so it is unknown "
        "since when."
    )
    return _unknown(Finding("no_data", text))


def _exceeded(figures: Figures, thresholds: Thresholds) -> Iterator[Finding]:
    """What a machine does more than an idle one would."""
    days = thresholds.window_days
    if figures.cpu_percent_max is not None and figures.cpu_percent_max > thresholds.cpu_percent_max:
        text = f"Its CPU reached {_number(figures.cpu_percent_max)} % in {days} days; cpu_percent_max is"
        yield Finding("cpu_percent_max", f"{text} {thresholds.cpu_percent_max:g}.")
    if figures.cpu_percent_avg is not None and figures.cpu_percent_avg > thresholds.cpu_percent_avg:
        text = f"Its CPU was at {_number(figures.cpu_percent_avg)} % on average of {days} days; cpu_percent_avg is"
        yield Finding("cpu_percent_avg", f"{text} {thresholds.cpu_percent_avg:g}.")
    if figures.network_kbps_avg is not None and figures.network_kbps_avg > thresholds.network_kbps_avg:
        text = f"Its network carried {_number(figures.network_kbps_avg)} kbit/s on average of {days} days; network_kbps_avg is"
        yield Finding("network_kbps_avg", f"{text} {thresholds.network_kbps_avg:g}.")
    if figures.disk_kbps_avg is not None and figures.disk_kbps_avg > thresholds.disk_kbps_avg:
        text = f"Its disks did {_number(figures.disk_kbps_avg)} kB/s on average of {days} days; disk_kbps_avg is"
        yield Finding("disk_kbps_avg", f"{text} {thresholds.disk_kbps_avg:g}.")


def _doubts(evidence: Evidence, thresholds: Thresholds) -> Iterator[Finding]:
    """Why a machine that is below all thresholds cannot be called idle."""
    if evidence.unread:
        yield _unread(evidence)
        return
    figures = evidence.figures
    if evidence.confidence is None:
        yield Finding("no_data", "Monitoring returns no data of it that can be compared.")
        return
    missing = [name for name in ("network", "disk") if getattr(figures, f"{name}_kbps_avg") is None]
    if missing:
        yield Finding("no_data", f"Monitoring returns no data of its {' and '.join(missing)} that can be compared.")
    if evidence.confidence == "host_only" and not thresholds.allow_host_only:
        text = (
            "Monitoring returns no CPU data of it, perhaps because its image has no agent: set allow_host_only to true to "
            "decide without CPU data."
        )
        yield Finding("no_agent", text)
    if not evidence.whole:
        parts = ", ".join(f"{each.points} of {each.expected}" for each in evidence.coverage) or "no"
        yield Finding("gaps", f"Its data covers only a part of the window: {parts} points.")


def _idle_text(evidence: Evidence, thresholds: Thresholds) -> str:
    figures = evidence.figures
    rows = [
        ("CPU at most", figures.cpu_percent_max, "%", thresholds.cpu_percent_max),
        ("CPU on average", figures.cpu_percent_avg, "%", thresholds.cpu_percent_avg),
        ("network", figures.network_kbps_avg, "kbit/s", thresholds.network_kbps_avg),
        ("disks", figures.disk_kbps_avg, "kB/s", thresholds.disk_kbps_avg),
    ]
    known = (f"{word} {_number(value)} {unit} ({most:g})" for word, value, unit, most in rows if value is not None)
    return f"In {thresholds.window_days} days it did not exceed the thresholds in brackets: {', '.join(known)}."


def _unread(evidence: Evidence) -> Finding:
    return Finding("monitor_unread", f"Monitoring could not be read: {evidence.unread}.")


def _unknown(reason: Finding) -> Judgement:
    return Judgement("unknown", (reason,))


def _days(span: timedelta) -> str:
    return f"{max(0.0, span / DAY):.1f} days"


def _number(value: float) -> str:
    return f"{value:.2f}"
