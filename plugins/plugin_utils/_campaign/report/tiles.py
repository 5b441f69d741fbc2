# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The numbers at the top of the page, as plain values for the template. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..._language.text import Text, has, money, same, say
from .machine_list import is_usable
from .messages import planned

MAIN = {
    "absent": ("deleted", "blocked", "failed"),
    "mark": ("marked", "blocked", "failed"),
    "unmark": ("unmarked", "started", "failed"),
}
"""Numbers that are shown even where they are zero."""
OTHERS = ("blocked", "failed", "not_started", "already_absent")
"""Further numbers of instances. They are shown after the main ones where they are not zero."""
MORE = (
    *("not_found", "stopped", "backups_made", "backups_reused", "disks_deleted", "elastic_ips_released"),
    *("left_disks", "left_elastic_ips", "left_images", "left_snapshots"),
)
TONES = {"deleted": "done", "marked": "done", "unmarked": "done", "blocked": "warn", "not_started": "warn", "failed": "bad"}
BAR = 1000.0
WHOLE = 10_000
"""Amounts from here on are shown without cents."""
THINNEST = 4.0
"""One failed machine of 5,000 is seen, too."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A number with what it counts."""

    number: Text
    title: Text
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the bar."""

    tone: str
    left: float
    width: float


@dataclass(frozen=True, slots=True)
class Totals:
    """The main numbers, their shares as a bar, and the others."""

    tiles: list[Tile]
    shares: list[Share]
    more: list[Tile]


def totals(report: Mapping[str, Any]) -> Totals:
    """All numbers of a report."""
    numbers, preview = report["totals"], report["check_mode"]
    always = MAIN[report["kind"]]
    # What is started is a result of its own only where marks are removed.
    counted = ("deleted", "marked", "unmarked", *(("started",) if "started" in always else ()), *OTHERS)
    main = [name for name in counted if name in always or numbers[name]]
    shares = [(name, numbers[name]) for name in main if name != "started"]
    tiles = [Tile(_number(numbers["selected"]), say("tile.selected", n=numbers["selected"]))]
    tiles += [_instances(name, numbers[name], preview=preview) for name in main]
    tiles += _amounts(report["money"], preview=preview)
    more = [Tile(_number(numbers[name]), _noun(f"more.{name}", numbers[name], preview=preview)) for name in MORE if numbers[name]]
    failed = sum(not is_usable(backup) for row in report["machines"] for backup in row["backups"])
    if failed:
        more.append(Tile(_number(failed), say("more.no_backup", n=failed), "bad"))
    return Totals(tiles, list(_bar(shares)), more)


def _amounts(bill: Mapping[str, Any] | None, *, preview: bool) -> list[Tile]:
    """What is saved and what still costs something, a month."""
    if not bill or not bill["available"]:
        return []
    # What exists of the backups is part of what is left.
    names = ("saved", "left", *(("backups",) if preview else ()))
    known = [(name, bill[name]) for name in names if bill[name] is not None]
    return [Tile(_amount(value, bill["currency"]), planned(f"tile.{name}", preview=preview), "money") for name, value in known]


def _noun(key: str, number: int, *, preview: bool) -> Text:
    """What a number counts."""
    return say(f"{key}_planned" if preview and has(f"{key}_planned") else key, n=number)


def _number(number: int) -> Text:
    return same(f"{number:,}")


def _instances(name: str, number: int, *, preview: bool) -> Tile:
    return Tile(_number(number), planned(f"tile.{name}", preview=preview), TONES.get(name, "calm") if number else "none")


def _amount(value: float, currency: str) -> Text:
    return money(value, currency, cents=abs(value) < WHOLE)


def _bar(shares: Iterable[tuple[str, int]]) -> Iterable[Share]:
    there = [(name, number) for name, number in shares if number]
    whole = sum(number for name, number in there)
    free, left = BAR - THINNEST * len(there), 0.0
    for name, number in there:
        width = THINNEST + free * number / whole
        yield Share(TONES.get(name, "calm"), left, max(width - 2, 2))
        left += width
