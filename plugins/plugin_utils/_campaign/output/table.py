# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan as a short table for a terminal: one instance a row, what needs attention first. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ....module_utils._fleet.prices import Price
from ..._language.text import Speaker, Text, join, say, word_of
from ..report.costs import deletion_saves
from ..report.messages import ORDER, status_words
from .text import cut, padded, width_of

ROWS = 20
"""How many instances the table shows."""
_GAP = "  "
_WIDTHS = (26, 18, 12, 4, 54, 19, 40)
"""The most columns of each cell. Heads may be wider."""
_SAVED = 5
_KINDS = ("disks", "elastic_ips")


def plan_table(rows: Sequence[Mapping[str, Any]], kind: str, where: str, speak: Speaker, price: Price | None = None) -> list[str]:
    """A head, the first machines, and how many more there are and where. Nothing where there is no instance.

    `rows` are instances of a record with the fates that are planned, None where an instance is not changed. `price` says what a
    resource costs a month, None: no prices are known.
    """
    if not rows:
        return []
    places = {action: place for place, action in enumerate(ORDER)}
    ordered = sorted(rows, key=lambda row: (places.get(row["action"], len(ORDER)), row["wave"] or 0))
    head = tuple(speak(f"table.{name}") for name in ("name", "id", "status", "wave", kind, "saves", "blockers"))
    cells = [head, *(_cells(row, kind, speak, price) for row in ordered[:ROWS])]
    columns = [number for number in range(len(head)) if any(line[number] for line in cells[1:])]
    widths = {number: max(width_of(line[number]) for line in cells) for number in columns}
    lines = [_GAP.join(_placed(line, number, widths[number]) for number in columns).rstrip() for line in cells]
    more = len(rows) - ROWS
    return [*lines, *([speak("table.more", n=more, where=where)] if more > 0 else [])]


def _placed(line: tuple[str, ...], number: int, width: int) -> str:
    """A cell as wide as its column. Amounts stand at its right, as numbers do."""
    cell = line[number]
    return " " * (width - width_of(cell)) + cell if number == _SAVED else padded(cell, width)


def _cells(row: Mapping[str, Any], kind: str, speak: Speaker, price: Price | None) -> tuple[str, ...]:
    fate = _fates(row).said(speak.language) if kind == "absent" else row.get("due_date") or ""
    wave = "" if row["wave"] is None else str(row["wave"])
    saved = _saved(row, price) if kind == "absent" and price is not None else ""
    values = (
        row["name"] or "",
        row["instance_id"],
        status_words(row["status"]).said(speak.language),
        wave,
        fate,
        saved,
        _reasons(row),
    )
    return tuple(cut(value, width) for value, width in zip(values, _WIDTHS, strict=True))


def _saved(row: Mapping[str, Any], price: Price) -> str:
    """What its deletion saves, as a number. Empty for one that is not deleted, and where the prices are not known."""
    saved = deletion_saves(row, price) if row["action"] in ("not_started", "deleted") else None
    return "" if saved is None else f"{saved:,.2f}"


def _fates(row: Mapping[str, Any]) -> Text:
    """What would happen to its disks and elastic IPs: "disks: 2 deleted, 1 kept; elastic IPs: 1 released"."""
    parts = []
    for kind in _KINDS:
        found = Counter(word_of("table_fate", each["fate"]) for each in row[kind] if each.get("fate"))
        counts = join(say("line.number", number=number, word=word) for word, number in found.items())
        parts += [say(f"table.{kind}", counts=counts)] if found else []
    return join(parts, "list.semicolon")


def _reasons(row: Mapping[str, Any]) -> str:
    codes = [blocker["code"] for blocker in row["blockers"]]
    error = row["error"] or {}
    return ", ".join(dict.fromkeys([*([str(error["code"])] if error.get("code") else []), *codes]))
