# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the playbook find_idle prints: the counts, the dearest instances, their sum, and why others are not listed. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..._language.text import Speaker, Text, join, say, word_of
from ..idle.content import cost_of
from .text import cut, padded, spell, width_of

ROWS = 10
"""How many instances the table shows."""
FIGURES = ("cpu_percent_max", "network_kbps_avg", "disk_kbps_avg")
"""What was measured, as far as the table shows it."""
_GAP = "  "
_WIDTHS = (26, 18, 12, 12, 16, 14, 90)
_COST = 5


def idle_lines(report: Mapping[str, Any], path: str, language: str) -> list[str]:
    """The lines of a report. `path` is that of its page, empty without one."""
    speak, totals = Speaker(language), report["totals"]
    candidates = [row for row in report["instances"] if row["standing"] == "candidate"]
    lines = [_head(totals, speak)]
    if candidates:
        cost, source = cost_of(totals), _source(report["regions"])
        lines.append(speak("idle.line.candidates", n=totals["candidate"], cost=cost, source=source))
        lines += _table(candidates[:ROWS], speak)
        more = len(candidates) - ROWS
        lines += [speak("idle.line.page", n=more, path=path) if path else speak("idle.line.more", n=more)] if more > 0 else []
    else:
        lines.append(speak("idle.line.none"))
    kept = spell({f"standing.{name}": totals[name] for name in ("marked", "blocked", "excluded")})
    lines += [speak("idle.line.kept", counts=kept)] if kept.en else []
    unknown = _unknown(report["instances"])
    lines += [speak("idle.line.unknown", counts=unknown)] if unknown.en else []
    if report["to_mark"]:
        number = sum(map(len, report["to_mark"].values()))
        regions = join(report["to_mark"], "list.item")
        lines.append(speak("idle.line.mark", instances=say("n.instances", n=number), regions=regions))
    else:
        lines.append(speak("idle.line.nothing"))
    return [*lines, *([speak("finish.report", path=path)] if path else [])]


def _source(regions: Iterable[Mapping[str, Any]]) -> Text:
    """Where the costs come from."""
    costs = next((region["costs"] for region in regions if region["costs"]["source"] != "none"), None)
    if costs is None:
        return say("idle.source.none")
    return say("idle.source.bill", month=costs["month"]) if costs["source"] == "bill" else say("idle.source.prices")


def _head(totals: Mapping[str, Any], speak: Speaker) -> str:
    return speak(
        "idle.line.head",
        instances=say("n.instances", n=totals["judged"]),
        idle=totals["idle"],
        stopped=totals["stopped_long"],
        busy=totals["busy"],
        young=totals["too_young"],
        unknown=totals["unknown"],
    )


def _table(rows: Sequence[Mapping[str, Any]], speak: Speaker) -> list[str]:
    heads = ("table.name", "table.id", "idle.table.region", "table.status", "idle.table.verdict", "idle.table.cost")
    cells = [tuple(speak(name) for name in (*heads, "idle.table.reason")), *(_cells(row, speak) for row in rows)]
    widths = [max(width_of(line[number]) for line in cells) for number in range(len(cells[0]))]
    return [_GAP.join(_placed(line[number], number, widths[number]) for number in range(len(line))).rstrip() for line in cells]


def _placed(cell: str, number: int, width: int) -> str:
    """A cell as wide as its column. Amounts stand at its right, as numbers do."""
    return " " * (width - width_of(cell)) + cell if number == _COST else padded(cell, width)


def _cells(row: Mapping[str, Any], speak: Speaker) -> tuple[str, ...]:
    cost = row["monthly_cost"]
    values = (
        row["name"] or "",
        row["instance_id"],
        row["region"],
        word_of("status", row["status"] or "").said(speak.language),
        word_of("verdict", row["verdict"]).said(speak.language),
        "" if cost is None else f"{cost:,.2f}",
        _why(row).said(speak.language),
    )
    return tuple(cut(value, width) for value, width in zip(values, _WIDTHS, strict=True))


def _why(row: Mapping[str, Any]) -> Text:
    """What was measured of an instance; where nothing was, what its verdict rests on."""
    metrics = row["metrics"]
    known = [say(f"idle.figure.{name}", value=f"{metrics[name]:g}") for name in FIGURES if metrics[name] is not None]
    return join(known) if known else join(word_of("judged", reason["code"]) for reason in row["reasons"])


def _unknown(rows: Iterable[Mapping[str, Any]]) -> Text:
    """Why instances are unknown, the most frequent reason first."""
    codes = Counter(row["reasons"][0]["code"] for row in rows if row["standing"] == "unknown" and row["reasons"])
    return join(say("line.number", number=number, word=word_of("judged", code)) for code, number in codes.most_common())
