# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The numbers at the top of the page, as plain values for the template. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .machine_list import is_usable

MAIN = {
    "absent": ("deleted", "blocked", "failed"),
    "mark": ("marked", "blocked", "failed"),
    "unmark": ("unmarked", "started", "failed"),
}
"""Numbers that are shown even where they are zero."""
TITLES = {
    "deleted": ("deleted", "to delete"),
    "marked": ("marked", "to mark"),
    "unmarked": ("marks taken back", "marks to take back"),
    "started": ("started", "to start"),
    "blocked": ("blocked", "blocked"),
    "failed": ("failed", "would fail"),
    "not_started": ("not started", "would not be started"),
    "already_absent": ("gone before", "gone already"),
}
"""The numbers of machines: as a result, and in a preview."""
MORE = {
    "not_found": ("id that does not exist", "ids that do not exist"),
    "stopped": ("machine stopped", "machines stopped"),
    "backups_made": ("backup made", "backups made"),
    "backups_reused": ("backup used again", "backups used again"),
    "disks_deleted": ("disk deleted", "disks deleted"),
    "elastic_ips_released": ("elastic IP released", "elastic IPs released"),
    "left_disks": ("disk left", "disks left"),
    "left_elastic_ips": ("elastic IP left", "elastic IPs left"),
    "left_images": ("image left", "images left"),
    "left_snapshots": ("snapshot left", "snapshots left"),
}
PLANNED_MORE = {
    "stopped": ("machine to stop", "machines to stop"),
    "backups_made": ("backup to make", "backups to make"),
    "backups_reused": ("backup to use again", "backups to use again"),
    "disks_deleted": ("disk to delete", "disks to delete"),
    "elastic_ips_released": ("elastic IP to release", "elastic IPs to release"),
    "left_disks": ("disk that stays", "disks that stay"),
    "left_elastic_ips": ("elastic IP that stays", "elastic IPs that stay"),
    "left_images": ("image that stays", "images that stay"),
    "left_snapshots": ("snapshot that stays", "snapshots that stay"),
}
"""The same in a preview."""
NO_BACKUPS = "images and snapshots are no backups"
TONES = {"deleted": "done", "marked": "done", "unmarked": "done", "blocked": "warn", "not_started": "warn", "failed": "bad"}
BAR = 1000.0
WHOLE = 10_000
"""Amounts from here on are shown without cents."""
THINNEST = 4.0
"""One failed machine of 5,000 is seen, too."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A number with what it counts."""

    number: str
    title: str
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
    numbers, kind, preview = report["totals"], report["kind"], report["check_mode"]
    main = [name for name in TITLES if name in MAIN[kind] or (numbers[name] and name != "started")]
    # Machines are started only when a mark is taken back, besides.
    shares = [(name, numbers[name]) for name in main if name != "started"]
    tiles = [Tile(f"{numbers['selected']:,}", "machines selected" if numbers["selected"] != 1 else "machine selected")]
    tiles += [_machines(name, numbers[name], preview=preview) for name in main]
    bill = report["money"]
    if bill and bill["available"]:
        saved = "a month would be saved" if preview else "a month saved"
        # What exists of the backups is part of what is left.
        backups = ((bill["backups"], "a month for the backups"),) if preview else ()
        left = "a month for what would be left" if preview else "a month for what is left"
        amounts = ((bill["saved"], saved), (bill["left"], left), *backups)
        tiles += [Tile(_amount(value, bill["currency"]), title, "money") for value, title in amounts if value is not None]
    words = {**MORE, **PLANNED_MORE} if preview else MORE
    more = [Tile(f"{numbers[name]:,}", titles[numbers[name] != 1]) for name, titles in words.items() if numbers[name]]
    failed = sum(not is_usable(backup) for row in report["machines"] for backup in row["backups"])
    if failed:
        more.append(Tile(f"{failed:,}", "image or snapshot is no backup" if failed == 1 else NO_BACKUPS, "bad"))
    return Totals(tiles, list(_bar(shares)), more)


def _machines(name: str, number: int, *, preview: bool) -> Tile:
    return Tile(f"{number:,}", TITLES[name][preview], TONES.get(name, "calm") if number else "none")


def _amount(value: float, currency: str) -> str:
    number = f"{value:,.0f}" if abs(value) >= WHOLE else f"{value:,.2f}"
    return f"{number} {currency}"


def _bar(shares: Iterable[tuple[str, int]]) -> Iterable[Share]:
    there = [(name, number) for name, number in shares if number]
    whole = sum(number for name, number in there)
    free, left = BAR - THINNEST * len(there), 0.0
    for name, number in there:
        width = THINNEST + free * number / whole
        yield Share(TONES.get(name, "calm"), left, max(width - 2, 2))
        left += width
