# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan as a short table for a terminal: a machine a row, what needs a look first. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ....module_utils._fleet.prices import Price
from ..report.costs import deletion_saves
from ..report.messages import ORDER, fate_words
from ..report.text import count
from .text import cut, padded, spell, width_of

ROWS = 20
"""How many machines the table shows."""
_GAP = "  "
_HEADS = {"absent": "DISKS AND ADDRESSES", "mark": "MAY BE DELETED FROM", "unmark": "MARK"}
_SAVED = "SAVES CNY A MONTH"
_WIDTHS = (26, 18, 12, 4, 54, len(_SAVED), 40)
_NOUNS = (("disks", "disks"), ("elastic_ips", "addresses"))


def plan_table(rows: Sequence[Mapping[str, Any]], kind: str, where: str, price: Price | None = None) -> list[str]:
    """A head, the first machines, and how many more there are and where. Nothing where there is no machine.

    `rows` are machines of a record with the fates that are planned; of a machine that is left alone they are None. `price` says
    what a resource costs a month, None: nothing is known of that.
    """
    if not rows:
        return []
    places = {action: place for place, action in enumerate(ORDER)}
    ordered = sorted(rows, key=lambda row: (places.get(row["action"], len(ORDER)), row["wave"] or 0))
    head = ("NAME", "ID", "STATUS", "WAVE", _HEADS[kind], _SAVED, "BLOCKERS")
    cells = [head, *(_cells(row, kind, price) for row in ordered[:ROWS])]
    columns = [number for number in range(len(head)) if any(line[number] for line in cells[1:])]
    widths = {number: max(width_of(line[number]) for line in cells) for number in columns}
    lines = [_GAP.join(padded(line[number], widths[number]) for number in columns).rstrip() for line in cells]
    more = len(rows) - ROWS
    return [*lines, *([f"and {count(more, 'more machine')}: {where}"] if more > 0 else [])]


def _cells(row: Mapping[str, Any], kind: str, price: Price | None) -> tuple[str, ...]:
    fate = _fates(row) if kind == "absent" else row.get("due_date") or ""
    wave = "" if row["wave"] is None else str(row["wave"])
    saved = _saved(row, price) if kind == "absent" and price is not None else ""
    values = (row["name"] or "", row["instance_id"], row["status"] or "", wave, fate, saved, _reasons(row))
    return tuple(cut(value, width) for value, width in zip(values, _WIDTHS, strict=True))


def _saved(row: Mapping[str, Any], price: Price) -> str:
    """What its deletion saves, as numbers are written in a column. Empty for one that stays, or of which nothing is known."""
    saved = deletion_saves(row, price) if row["action"] in ("not_started", "deleted") else None
    return "" if saved is None else f"{saved:,.2f}".rjust(len(_SAVED))


def _fates(row: Mapping[str, Any]) -> str:
    """What would become of its disks and addresses: "disks: 2 deleted, 1 kept; addresses: 1 released"."""
    parts = []
    for key, noun in _NOUNS:
        found = Counter(fate_words(each["fate"], preview=False) for each in row[key] if each.get("fate"))
        parts += [f"{noun}: {spell(found)}"] if found else []
    return "; ".join(parts)


def _reasons(row: Mapping[str, Any]) -> str:
    codes = [blocker["code"] for blocker in row["blockers"]]
    error = row["error"] or {}
    return ", ".join(dict.fromkeys([*([str(error["code"])] if error.get("code") else []), *codes]))
