# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text for a page: everything from the cloud is escaped, and what could hide or turn text around is made visible. Pure."""

from __future__ import annotations

import html
import json
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from .._api.times import BEIJING

NOTHING = "\u2013"
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of letters that are not seen, or that change how others are shown: controls, marks of direction, lone surrogates."""


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
    return "".join(_seen(letter) for letter in str(value))


def _seen(letter: str) -> str:
    if letter.isascii() and letter.isprintable():
        return letter
    return f"\u27e8U+{ord(letter):04X}\u27e9" if unicodedata.category(letter) in _HIDDEN else letter


def data(value: Any) -> str:
    """A value as JSON that can stand inside a script element: nothing in it can end that, or begin a comment."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def moment(text: str | None) -> str:
    """A time, in Beijing as the console shows it."""
    time = read_time(text)
    return NOTHING if time is None else time.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def clock(time: datetime) -> str:
    """The time of the day in Beijing."""
    return time.astimezone(BEIJING).strftime("%H:%M:%S")


def read_time(text: str | None) -> datetime | None:
    """The time of a report's member, None for none."""
    return None if not text else datetime.fromisoformat(text.replace("Z", "+00:00"))


def duration(seconds: float) -> str:
    """A span of time, in the two largest units."""
    rest = max(0, round(seconds))
    parts: list[str] = []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        if count or (unit == "s" and not parts):
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])


def count(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def amount(value: float | None) -> str:
    """An amount of money."""
    return NOTHING if value is None else f"{value:,.2f}"


def table(name: str, head: Iterable[tuple[str, str]], rows: Iterable[Iterable[str]], classes: str = "") -> str:
    """A table. `head` has title and class of each column; the cells are HTML already. On a phone each row becomes a card."""
    columns = list(head)
    titles = "".join(f'<th scope="col" class="{kind}">{title}</th>' for title, kind in columns)
    body = "".join(
        "<tr>" + "".join(_cell(cell, title, kind) for cell, (title, kind) in zip(row, columns, strict=True)) + "</tr>"
        for row in rows
    )
    return f'<table id="{name}" class="{classes}"><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>'


def _cell(content: str, title: str, kind: str) -> str:
    return f'<td class="{kind}" data-label="{title}"><div>{content}</div></td>'
