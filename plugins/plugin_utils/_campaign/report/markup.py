# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text for a page: everything from the cloud is escaped, and what could hide or turn text around is made visible. Pure."""

from __future__ import annotations

import html
import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ....module_utils._api.model.times import BEIJING, parse_time

NOTHING = "\u2013"
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of letters that are not seen, or that change how others are shown: controls, marks of direction, lone surrogates."""
FIRST_ROWS = 100
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols by their category, that are empty all the same."""


def shown(value: Any) -> str:
    """A value as escaped text, an en dash for nothing. Its direction does not leak into what surrounds it."""
    if value is None or value == "":
        return NOTHING
    return f"<bdi>{escaped(value)}</bdi>"


def escaped(value: Any) -> str:
    """A value as text that holds no markup, in content and in attributes."""
    return html.escape(plain(value), quote=True)


def plain(value: Any) -> str:
    """A value as text in which every letter is seen; not escaped."""
    text = str(value)
    # Nearly all texts; a page of 5,000 machines has some 300,000 of them.
    if text.isascii() and text.isprintable():
        return text
    return "".join(f"\u27e8U+{ord(letter):04X}\u27e9" if _unseen(letter) else letter for letter in text)


def _unseen(letter: str) -> bool:
    return letter in _BLANK or unicodedata.category(letter) in _HIDDEN


def data(value: Any) -> str:
    """A value as JSON that can stand inside a script element: nothing in it can end that, or begin a comment."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def moment(text: str | None) -> str:
    """A time, in Beijing as the console shows it; as it is where it is in no form that is known. Not escaped."""
    time = parse_time(text)
    return (text or NOTHING) if time is None else f"{time.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}"


def when(text: str | None) -> str:
    """A time as HTML, for people and for programs."""
    time = parse_time(text)
    if time is None:
        return shown(text)
    return f'<time datetime="{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}">{moment(text)}</time>'


def clock(time: datetime) -> str:
    """The time of the day in Beijing."""
    return time.astimezone(BEIJING).strftime("%H:%M:%S")


def duration(seconds: float) -> str:
    """A span of time, in the two largest units."""
    rest = max(0, round(seconds))
    parts: list[str] = []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        number, rest = divmod(rest, size)
        if number or (unit == "s" and not parts):
            parts.append(f"{number} {unit}")
    return " ".join(parts[:2])


def count(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def money(value: float | None) -> str:
    """An amount; its column names the currency."""
    return NOTHING if value is None else f"{value:,.2f}"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. `kind` is a class: number, when, or none."""

    title: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table. The cells are HTML already; `keys` has what to sort by, where that is not the text of the cell."""

    cells: Sequence[str]
    data: Mapping[str, Any] = field(default_factory=dict)
    keys: Mapping[int, Any] = field(default_factory=dict)


def table(name: str, caption: str, columns: Sequence[Column], rows: Iterable[Row], classes: str = "list") -> str:
    """A table. On a phone each row becomes a card, in which each cell has its column's title.

    Of a long one, only the first rows are elements of the page: the rest stands in a `noscript`, which is plain text to a browser
    that runs scripts, and costs nothing until the script takes rows from it; a browser that runs none shows it as it is.
    """
    made = [_row(row, columns) for row in rows]
    first, rest = made[:FIRST_ROWS], made[FIRST_ROWS:]
    shown = f'<table id="{name}" {_inner(name, caption, columns, first, classes)}'
    if not rest:
        return shown
    more = f"<table {_inner(name, f'{caption}, continued', columns, rest, classes)}"
    return f'{shown}\n<noscript id="{name}-rest" data-rows="{len(rest)}">{more}</noscript>'


def _inner(name: str, caption: str, columns: Sequence[Column], rows: Sequence[str], classes: str) -> str:
    titles = "".join(f'<th{_class(column)} scope="col">{column.title}</th>' for column in columns)
    body = "\n".join(rows)
    return f'class="{classes} {name}"><caption>{caption}</caption><thead><tr>{titles}</tr></thead>\n<tbody>{body}</tbody></table>'


def _row(row: Row, columns: Sequence[Column]) -> str:
    attributes = "".join(f' data-{name}="{escaped(value)}"' for name, value in row.data.items())
    cells = []
    for place, (cell, column) in enumerate(zip(row.cells, columns, strict=True)):
        key = f' data-key="{escaped(row.keys[place])}"' if place in row.keys else ""
        cells.append(f'<td{_class(column)} data-label="{column.title}"{key}>{cell}</td>')
    return f"<tr{attributes}>{''.join(cells)}</tr>"


def _class(column: Column) -> str:
    return f' class="{column.kind}"' if column.kind else ""


def controls(name: str, noun: str, hint: str, choices: Mapping[str, str]) -> str:
    """The controls of a list: find and choose. Hidden until the script, which they need, shows them."""
    options = "".join(f'<option value="{escaped(value)}">{escaped(title)}</option>' for value, title in choices.items())
    choose = (
        f'<label for="{name}-choice">Outcome</label><select id="{name}-choice"><option value="">all</option>{options}</select>'
        if len(choices) > 1
        else ""
    )
    return (
        f'<div class="controls" data-list="{name}" data-noun="{noun}" hidden>'
        f'<label for="{name}-find">Find</label>'
        f'<input id="{name}-find" type="search" autocomplete="off" spellcheck="false" placeholder="{hint}">'
        f'{choose}<output class="matches" for="{name}-find"></output></div>'
    )
