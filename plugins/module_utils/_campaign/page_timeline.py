# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The timeline of a campaign as an inline SVG: a line for each wave, a bar for each phase; times without any are cut out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .page_text import clock, count, duration, escaped, read_time
from .page_words import PHASES, said

WIDTH, LEFT, ROW, TOP = 960.0, 96.0, 34.0, 14.0
BAR = 20.0
SHORTEST = 3.0
"""A bar is at least so wide, so that a short phase is seen."""
PAUSE = 600.0
"""Seconds without any phase that are cut out, so that a campaign that was resumed days later stays readable."""
CUT = 24.0
LETTER = 6.6


@dataclass(frozen=True, slots=True)
class Bar:
    """A phase with its times."""

    phase: str
    wave: int | None
    began: datetime
    ended: datetime
    failed: bool
    machines: int


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


def timeline(phases: Sequence[Mapping[str, Any]]) -> str:
    """The drawing, with a text alternative; empty where nothing happened."""
    bars = [bar for bar in map(_bar, phases) if bar is not None]
    if not bars:
        return ""
    spans = _spans(bars)
    rows = _rows(bars)
    height = TOP + ROW * len(rows) + 30
    parts = [_axis(spans, TOP + ROW * len(rows))]
    for place, (title, members) in enumerate(rows):
        top = TOP + ROW * place
        parts.append(f'<text class="row" x="0" y="{top + 14:.1f}">{title}</text>')
        parts += [_drawn(bar, spans, top) for bar in members]
    label = f"Timeline: {'; '.join(_told(bar) for bar in bars[:60])}"
    return (
        f'<svg class="timeline" viewBox="0 0 {WIDTH:.0f} {height:.0f}" role="img" aria-label="{escaped(label)}">'
        f"{''.join(parts)}</svg>"
    )


def legend(phases: Sequence[Mapping[str, Any]]) -> str:
    """Which colour is which phase."""
    names = dict.fromkeys(phase["phase"] for phase in phases)
    keys = "".join(f'<li><i class="key {escaped(name)}"></i>{escaped(said(PHASES, name))}</li>' for name in names)
    return f'<ul class="legend">{keys}</ul>' if keys else ""


def _bar(phase: Mapping[str, Any]) -> Bar | None:
    began, ended = read_time(phase["began"]), read_time(phase["ended"])
    if began is None or ended is None:
        return None
    return Bar(phase["phase"], phase["wave"], began, max(began, ended), phase["outcome"] == "failed", phase["machines"])


def _rows(bars: Sequence[Bar]) -> list[tuple[str, list[Bar]]]:
    rows: dict[int | None, list[Bar]] = {}
    for bar in sorted(bars, key=lambda bar: (bar.wave is not None, bar.wave or 0)):
        rows.setdefault(bar.wave, []).append(bar)
    return [("Campaign" if wave is None else f"Wave {wave}", members) for wave, members in rows.items()]


def _spans(bars: Sequence[Bar]) -> list[Span]:
    """The stretches of time, one after the other, with their places."""
    stretches: list[list[datetime]] = []
    for bar in sorted(bars, key=lambda bar: bar.began):
        if stretches and (bar.began - stretches[-1][1]).total_seconds() <= PAUSE:
            stretches[-1][1] = max(stretches[-1][1], bar.ended)
        else:
            stretches.append([bar.began, bar.ended])
    whole = sum(max(1.0, (ended - began).total_seconds()) for began, ended in stretches)
    room = WIDTH - LEFT - 8 - CUT * (len(stretches) - 1)
    spans, left = [], LEFT
    for began, ended in stretches:
        right = left + room * max(1.0, (ended - began).total_seconds()) / whole
        spans.append(Span(began, ended, left, right))
        left = right + CUT
    return spans


def _drawn(bar: Bar, spans: Sequence[Span], top: float) -> str:
    span = next(span for span in spans if span.began <= bar.began <= span.ended)
    left, right = span.place(bar.began), span.place(bar.ended)
    width = max(SHORTEST, right - left)
    title = said(PHASES, bar.phase)
    text = (
        f'<text class="in" x="{left + 6:.1f}" y="{top + 14:.1f}">{escaped(title)}</text>'
        if len(title) * LETTER + 12 < width
        else ""
    )
    classes = f"{escaped(bar.phase)}{' failed' if bar.failed else ''}"
    return (
        f'<g class="bar {classes}"><title>{escaped(_told(bar))}</title>'
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{BAR:.0f}" rx="3"/>{text}</g>'
    )


def _told(bar: Bar) -> str:
    where = f"wave {bar.wave}, " if bar.wave is not None else ""
    spent = duration((bar.ended - bar.began).total_seconds())
    failed = ", with failures" if bar.failed else ""
    return f"{said(PHASES, bar.phase)}: {where}{count(bar.machines, 'item')}, {clock(bar.began)} for {spent}{failed}"


def _axis(spans: Sequence[Span], bottom: float) -> str:
    parts = []
    for place, span in enumerate(spans):
        parts.append(f'<line class="axis" x1="{span.left:.1f}" x2="{span.right:.1f}" y1="{bottom:.1f}" y2="{bottom:.1f}"/>')
        ticks = max(1, int((span.right - span.left) // 140))
        for number in range(ticks + 1):
            time = span.began + (span.ended - span.began) * number / ticks
            anchor = "start" if number == 0 else "end" if number == ticks else "middle"
            x = span.place(time)
            if number == ticks and span.right - span.left < 130:
                continue
            parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 6:.1f}" y2="{bottom:.1f}"/>')
            parts.append(f'<text class="tick" text-anchor="{anchor}" x="{x:.1f}" y="{bottom + 18:.1f}">{clock(time)}</text>')
        if place:
            gap = (span.began - spans[place - 1].ended).total_seconds()
            x = span.left - CUT / 2
            parts.append(
                f'<g class="cut"><title>Nothing ran for {duration(gap)}</title>'
                f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 6:.1f}" y2="{bottom:.1f}"/></g>'
            )
    return "".join(parts)
