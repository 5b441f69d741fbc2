# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The timeline of a campaign: a line for each wave, a bar for each phase, pauses cut out, a mark where a run begins. Pure.

Places and widths are units of the drawing, which the template makes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from ....module_utils._api.model.times import BEIJING
from ..._language.text import Text, duration, same, say, word_of
from .text import clock, moment

WIDTH, LEFT, RIGHT, TOP, ROW, BAR = 1080.0, 112.0, 62.0, 8.0, 42.0, 24.0
RUNS = 18.0
"""Room above the lines for the numbers of the runs, where there are several."""
SHORTEST = 3.0
"""A bar is at least so wide, so that a short phase is seen."""
PAUSE = 600.0
"""Seconds without any phase that are cut out, so that a campaign that was resumed days later stays readable."""
CUT = 26.0
LETTER, IDEOGRAPH = 6.7, 12.5
"""Width of a Latin letter and of a Chinese one in the bars' text, generously."""
TICK = 92.0
"""The least distance of two times on the axis."""
ROOM = 60.0
"""What a time needs before the next stretch begins."""
STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)


@dataclass(frozen=True, slots=True)
class Bar:
    """A phase with its times."""

    phase: str
    wave: int | None
    began: datetime
    ended: datetime
    failed: bool
    machines: int

    @property
    def text(self) -> Text:
        """The bar in words."""
        spent = duration((self.ended - self.began).total_seconds())
        key = "timeline.bar" if self.wave is None else "timeline.bar_of_wave"
        times = {"began": clock(self.began), "ended": clock(self.ended), "took": spent}
        text = say(key, phase=word_of("phase", self.phase), wave=str(self.wave), **times)
        return say("timeline.flawed", bar=text) if self.failed else text


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time that is drawn in one piece, and where."""

    began: datetime
    ended: datetime
    left: float
    right: float

    def place(self, time: datetime) -> float:
        """Where a time is."""
        whole = (self.ended - self.began).total_seconds()
        share = (time - self.began).total_seconds() / whole if whole else 0.0
        return self.left + share * (self.right - self.left)


@dataclass(frozen=True, slots=True)
class DrawnBar:
    """A bar with its place; `title` is empty where it does not fit in."""

    phase_bar: Bar
    left: float
    width: float
    title: Text


@dataclass(frozen=True, slots=True)
class Line:
    """The bars of a wave, or of the campaign as a whole. `top` is where they begin."""

    wave: int | None
    title: Text
    machines: Text
    top: float
    bars: Sequence[DrawnBar]


@dataclass(frozen=True, slots=True)
class Tick:
    """A time on the axis; `day` is empty where it is that of the time before."""

    place: float
    time: str
    day: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on the axis with what happened there: a pause, or the beginning of a run."""

    place: float
    text: Text


@dataclass(frozen=True, slots=True)
class Drawing:
    """All that is drawn. `bottom` is where the axis lies."""

    label: Text
    top: float
    bottom: float
    spans: Sequence[Span]
    lines: Sequence[Line]
    ticks: Sequence[Tick]
    pauses: Sequence[Mark]
    runs: Sequence[Mark]


@dataclass(frozen=True, slots=True)
class PhaseRow:
    """A phase in words and numbers. `run` is empty where there is one run only."""

    words: Text
    wave: int | None
    run: str
    began: str
    seconds: float
    took: Text
    failed: bool


def timeline(phases: Sequence[Mapping[str, Any]], sizes: Mapping[int, int], runs: Sequence[str] = ()) -> Drawing | None:
    """The drawing; None where nothing happened. `sizes` has the number of machines of each wave, `runs` when each run began."""
    bars = [_bar(phase) for phase in phases]
    if not bars:
        return None
    spans, rows = _spans(bars), _rows(bars)
    top = TOP + (RUNS if len(runs) > 1 else 0.0)
    bottom = top + ROW * len(rows)
    first, last = min(phase_bar.began for phase_bar in bars), max(phase_bar.ended for phase_bar in bars)
    return Drawing(
        label=say("timeline.label", phases=say("n.phases", n=len(bars)), first=clock(first), last=clock(last)),
        top=top - 4,
        bottom=bottom,
        spans=spans,
        lines=[_line(wave, row, sizes, spans, top + ROW * place) for place, (wave, row) in enumerate(rows)],
        ticks=list(_ticks_of(spans)),
        pauses=[
            Mark((before.right + after.left) / 2, _pause((after.began - before.ended).total_seconds()))
            for before, after in pairwise(spans)
        ],
        runs=_run_marks(runs, spans),
    )


def _pause(seconds: float) -> Text:
    return say("timeline.pause", time=duration(seconds))


def legend(phases: Sequence[Mapping[str, Any]]) -> dict[str, Text]:
    """Which colour is which phase: its code and its words."""
    return {phase["phase"]: word_of("phase", phase["phase"]) for phase in phases}


def phase_rows(phases: Sequence[Mapping[str, Any]], runs: Sequence[str] = ()) -> list[PhaseRow]:
    """The same in numbers, for those who cannot see the drawing and for those who want to know exactly."""
    return [_phase(phase, runs) for phase in phases]


def _phase(phase: Mapping[str, Any], runs: Sequence[str]) -> PhaseRow:
    phase_bar = _bar(phase)
    spent = (phase_bar.ended - phase_bar.began).total_seconds()
    run = str(_run_of(phase_bar, runs)) if len(runs) > 1 else ""
    words = word_of("phase", phase_bar.phase)
    return PhaseRow(words, phase_bar.wave, run, phase["began"], spent, duration(spent), phase_bar.failed)


def _run_of(phase_bar: Bar, runs: Sequence[str]) -> int:
    """The number of the run in which a phase was, from 1."""
    return max(1, sum(datetime.fromisoformat(began) <= phase_bar.began for began in runs))


def _bar(phase: Mapping[str, Any]) -> Bar:
    began, ended = datetime.fromisoformat(phase["began"]), datetime.fromisoformat(phase["ended"])
    return Bar(phase["phase"], phase["wave"], began, max(began, ended), phase["outcome"] == "failed", phase["machines"])


def _rows(bars: Sequence[Bar]) -> list[tuple[int | None, list[Bar]]]:
    rows: dict[int | None, list[Bar]] = {}
    for block in sorted(bars, key=lambda block: (block.wave is not None, block.wave or 0)):
        rows.setdefault(block.wave, []).append(block)
    return list(rows.items())


def _spans(bars: Sequence[Bar]) -> list[Span]:
    """The stretches of time, one after the other, with their places. Each gets some width, however short it is."""
    stretches: list[list[datetime]] = []
    for block in sorted(bars, key=lambda block: block.began):
        if stretches and (block.began - stretches[-1][1]).total_seconds() <= PAUSE:
            stretches[-1][1] = max(stretches[-1][1], block.ended)
        else:
            stretches.append([block.began, block.ended])
    seconds = [max(1.0, (ended - began).total_seconds()) for began, ended in stretches]
    free = WIDTH - LEFT - RIGHT
    cut = min(CUT, free / 3 / len(stretches))
    base = min(TICK, (free - cut * (len(stretches) - 1)) / 2 / len(stretches))
    shared = free - cut * (len(stretches) - 1) - base * len(stretches)
    spans, left = [], LEFT
    for (began, ended), size in zip(stretches, seconds, strict=True):
        right = left + base + shared * size / sum(seconds)
        spans.append(Span(began, ended, left, right))
        left = right + cut
    return spans


def _line(wave: int | None, row: Sequence[Bar], sizes: Mapping[int, int], spans: Sequence[Span], top: float) -> Line:
    title = say("timeline.campaign") if wave is None else say("timeline.wave", wave=wave)
    machines = say("n.instances", n=sizes[wave]) if wave is not None and wave in sizes else same("")
    return Line(wave, title, machines, top, [_drawn(phase_bar, spans) for phase_bar in row])


def _drawn(phase_bar: Bar, spans: Sequence[Span]) -> DrawnBar:
    span = next(span for span in spans if span.began <= phase_bar.began <= span.ended)
    left = span.place(phase_bar.began)
    width = max(SHORTEST, span.place(phase_bar.ended) - left - 1)
    title = word_of("phase", phase_bar.phase)
    needed = max(len(title.en) * LETTER, len(title.zh) * IDEOGRAPH) + 14
    return DrawnBar(phase_bar, left, width, title if needed < width else same(""))


def _run_marks(runs: Sequence[str], spans: Sequence[Span]) -> list[Mark]:
    """Where each run begins, if there are several. One that began in a pause stands where the next phase begins."""
    marks = []
    for number, began in enumerate(runs if len(runs) > 1 else (), 1):
        time = datetime.fromisoformat(began)
        span = next((span for span in spans if time <= span.ended), spans[-1])
        marks.append(Mark(span.place(min(max(time, span.began), span.ended)), _run_began(number, began)))
    return marks


def _run_began(number: int, began: str) -> Text:
    return say("timeline.run_began", run=number, time=moment(began))


def _ticks_of(spans: Sequence[Span]) -> Iterator[Tick]:
    """Round times, and the date where a span begins or the day changes."""
    day = ""
    for span, following in zip(spans, [*spans[1:], None], strict=True):
        times, step = _ticks(span, following.left - ROOM if following else WIDTH)
        for time in times:
            local = time.astimezone(BEIJING)
            new = f"{local:%Y-%m-%d}"
            yield Tick(span.place(time), f"{local:{'%H:%M' if step >= 60 else '%H:%M:%S'}}", new if new != day else "")
            day = new


def _ticks(span: Span, limit: float) -> tuple[list[datetime], int]:
    """Round times of a span left of a limit, and the seconds between them; its beginning where no round time fits."""
    whole = (span.ended - span.began).total_seconds()
    width = span.right - span.left
    step = next((step for step in STEPS if whole and step / whole * width >= TICK), 0)
    if not step:
        return [span.began], 1
    began = span.began.astimezone(BEIJING)
    midnight = began.replace(hour=0, minute=0, second=0, microsecond=0)
    late = (began - midnight).total_seconds() % step
    first = began + timedelta(seconds=step - late if late else 0)
    times = [first + timedelta(seconds=step * number) for number in range(int(whole // step) + 1)]
    within = [time for time in times if time <= span.ended and span.place(time) <= limit]
    return (within, step) if within else ([span.began], 1)
