# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The numbers at the top of the page. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .markup import escaped

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
    "not_started": ("not started", "not started"),
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
TONES = {"deleted": "done", "marked": "done", "unmarked": "done", "blocked": "warn", "not_started": "warn", "failed": "bad"}
BAR = 1000.0
WHOLE = 10_000
"""Amounts from here on are shown without cents."""
THINNEST = 4.0
"""One failed machine of 5,000 is seen, too."""


def totals(report: Mapping[str, Any]) -> str:
    """The main numbers with their shares as a bar, then the others."""
    numbers, kind, preview = report["totals"], report["kind"], report["check_mode"]
    main = [name for name in TITLES if name in MAIN[kind] or (numbers[name] and name != "started")]
    # Machines are started only when a mark is taken back, besides.
    shares = [(name, numbers[name]) for name in main if name != "started"]
    tiles = [_tile(f"{numbers['selected']:,}", "machines selected", "")]
    tiles += [_machines(name, numbers[name], preview=preview) for name in main]
    bill = report["money"]
    if bill and bill["available"]:
        saved = "a month would be saved" if preview else "a month saved"
        # What exists of the backups is part of what is left.
        backups = ((bill["backups"], "a month for the backups"),) if preview else ()
        amounts = ((bill["saved"], saved), (bill["left"], "a month for what is left"), *backups)
        tiles += [_tile(_amount(value, bill["currency"]), title, "money") for value, title in amounts if value is not None]
    more = [(numbers[name], titles[numbers[name] != 1]) for name, titles in MORE.items() if numbers[name]]
    return f'<ul class="tiles">{"".join(tiles)}</ul>{_bar(shares)}{_more(more)}'


def _machines(name: str, number: int, *, preview: bool) -> str:
    return _tile(f"{number:,}", TITLES[name][preview], TONES.get(name, "calm") if number else "none")


def _amount(value: float, currency: str) -> str:
    number = f"{value:,.0f}" if abs(value) >= WHOLE else f"{value:,.2f}"
    return f"{number} {escaped(currency)}"


def _tile(number: str, title: str, tone: str) -> str:
    return f'<li class="{tone}"><b>{number}</b><span>{escaped(title)}</span></li>'


def _bar(shares: Iterable[tuple[str, int]]) -> str:
    there = [(name, number) for name, number in shares if number]
    whole = sum(number for name, number in there)
    if not whole:
        return ""
    free = BAR - THINNEST * len(there)
    parts, left = [], 0.0
    for name, number in there:
        width = THINNEST + free * number / whole
        parts.append(
            f'<rect class="{TONES.get(name, "calm")}" x="{left:.1f}" y="0" width="{max(width - 2, 2):.1f}" height="10"/>'
        )
        left += width
    # The numbers above say the same.
    return f'<svg class="shares" viewBox="0 0 {BAR:.0f} 10" preserveAspectRatio="none" aria-hidden="true">{"".join(parts)}</svg>'


def _more(more: Iterable[tuple[int, str]]) -> str:
    items = "".join(f"<li><b>{number:,}</b> {title}</li>" for number, title in more)
    return f'<ul class="more-totals">{items}</ul>' if items else ""
