# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The timeline of a campaign as an inline SVG: a line for each wave, a bar for each phase; pauses are cut out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from ....module_utils._api.model.times import BEIJING
from .markup import Column, Row, clock, count, duration, escaped, table, when
from .messages import PHASES, label

WIDTH, LEFT, RIGHT, TOP, ROW, BAR = 1080.0, 104.0, 62.0, 8.0, 42.0, 24.0
SHORTEST = 3.0
"""A bar is at least so wide, so that a short phase is seen."""
PAUSE = 600.0
"""Seconds without any phase that are cut out, so that a campaign that was resumed days later stays readable."""
CUT = 26.0
LETTER = 6.7
"""Width of a letter of the bars' text, generously."""
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
    def text(self) -> str:
        """The bar in words."""
        where = f" of wave {self.wave}" if self.wave is not None else ""
        spent = duration((self.ended - self.began).total_seconds())
        failed = ", with failures" if self.failed else ""
        return f"{label(PHASES, self.phase)}{where}: {clock(self.began)} to {clock(self.ended)}, {spent}{failed}"


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


def timeline(phases: Sequence[Mapping[str, Any]], sizes: Mapping[int, int]) -> str:
    """The drawing; empty where nothing happened. `sizes` has the number of machines of each wave."""
    bars = [_bar(phase) for phase in phases]
    if not bars:
        return ""
    spans = _spans(bars)
    rows = _rows(bars)
    bottom = TOP + ROW * len(rows)
    parts = [*_axis(spans, bottom), *_cuts(spans, bottom)]
    for place, (wave, row) in enumerate(rows):
        top = TOP + ROW * place
        parts += _title(wave, sizes, top)
        parts += [_drawn(block, spans, top) for block in row]
    first, last = min(block.began for block in bars), max(block.ended for block in bars)
    label = (
        f"Timeline of {count(len(bars), 'phase')} from {clock(first)} to {clock(last)}; the table of phases below says the same."
    )
    return (
        f'<svg class="timeline" viewBox="0 0 {WIDTH:.0f} {bottom + 40:.0f}" role="img" aria-label="{escaped(label)}">'
        f"{''.join(parts)}</svg>"
    )


def legend(phases: Sequence[Mapping[str, Any]]) -> str:
    """Which colour is which phase."""
    names = dict.fromkeys(phase["phase"] for phase in phases)
    keys = "".join(f'<li><span class="key {escaped(name)}"></span>{escaped(label(PHASES, name))}</li>' for name in names)
    if any(phase["outcome"] == "failed" for phase in phases):
        keys += '<li><span class="key flaw"></span>with failures</li>'
    return f'<ul class="legend">{keys}</ul>' if keys else ""


def phase_table(phases: Sequence[Mapping[str, Any]]) -> str:
    """The same in numbers, for those who cannot see the drawing and for those who want to know exactly."""
    columns = [Column("Phase"), Column("Wave", "number"), Column("Began", "when"), Column("Took", "number"), Column("Outcome")]
    return table("phases", "Phases in the order of their ends", columns, map(_phase, phases))


def _phase(phase: Mapping[str, Any]) -> Row:
    block = _bar(phase)
    outcome = '<span class="bad">with failures</span>' if block.failed else "ok"
    spent = (block.ended - block.began).total_seconds()
    cells = [escaped(label(PHASES, block.phase)), str(block.wave or "all"), when(phase["began"]), duration(spent), outcome]
    return Row(cells, keys={1: block.wave or 0, 3: spent})


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


def _title(wave: int | None, sizes: Mapping[int, int], top: float) -> Iterator[str]:
    if wave is None:
        yield f'<text class="row" x="0" y="{top + 16:.1f}">Campaign</text>'
        return
    yield f'<text class="row" x="0" y="{top + 11:.1f}">Wave {wave}</text>'
    if wave in sizes:
        yield f'<text class="size" x="0" y="{top + 25:.1f}">{count(sizes[wave], "machine")}</text>'


def _drawn(block: Bar, spans: Sequence[Span], top: float) -> str:
    span = next(span for span in spans if span.began <= block.began <= span.ended)
    left = span.place(block.began)
    width = max(SHORTEST, span.place(block.ended) - left - 1)
    title = label(PHASES, block.phase)
    text = ""
    if len(title) * LETTER + 14 < width:
        text = f'<text x="{left + 7:.1f}" y="{top + 16:.1f}">{escaped(title)}</text>'
    flaw = f'<rect class="flaw" x="{left:.1f}" y="{top + BAR:.1f}" width="{width:.1f}" height="4"/>' if block.failed else ""
    return (
        f'<g class="bar {escaped(block.phase)}"><title>{escaped(block.text)}</title>'
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{BAR:.0f}" rx="2"/>{flaw}{text}</g>'
    )


def _axis(spans: Sequence[Span], bottom: float) -> Iterator[str]:
    """Round times, and the date where a span begins or the day changes."""
    day = ""
    for span, following in zip(spans, [*spans[1:], None], strict=True):
        yield f'<line class="axis" x1="{span.left:.1f}" x2="{span.right:.1f}" y1="{bottom:.1f}" y2="{bottom:.1f}"/>'
        times, step = _ticks(span, following.left - ROOM if following else WIDTH)
        for time in times:
            x = span.place(time)
            local = time.astimezone(BEIJING)
            yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 4:.1f}" y2="{bottom:.1f}"/>'
            yield f'<text class="tick" x="{x:.1f}" y="{bottom + 16:.1f}">{local:{"%H:%M" if step >= 60 else "%H:%M:%S"}}</text>'
            if f"{local:%Y-%m-%d}" != day:
                day = f"{local:%Y-%m-%d}"
                yield f'<text class="tick day" x="{x:.1f}" y="{bottom + 31:.1f}">{day}</text>'


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


def _cuts(spans: Sequence[Span], bottom: float) -> Iterator[str]:
    for before, after in pairwise(spans):
        gap = (after.began - before.ended).total_seconds()
        x = (before.right + after.left) / 2
        yield (
            f'<g class="cut"><title>Nothing ran for {duration(gap)}</title>'
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 4:.1f}" y2="{bottom:.1f}"/></g>'
        )
