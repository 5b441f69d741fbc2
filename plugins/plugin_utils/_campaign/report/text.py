# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text for a page: what could hide or turn text around is made visible, and there is one clock. Pure.

Nothing here is escaped: the template escapes whatever it is given.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ....module_utils._api.model.times import BEIJING, parse_time
from ..._language.text import Text, listed

SHOWN_VALUES = 50
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of letters that are not seen, or that change how others are shown: controls, marks of direction, lone surrogates."""
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols by their category, that are empty all the same."""
_STAMP = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_ID = r"(?:i|vol|fip|img|snapshot|ag|port|subnet|vpc|sg|tg|lb)-[0-9a-z]{10}"
_DATE = r"\d{4}-\d\d-\d\d"
_REGION = r"[a-z]{2}-[a-z]{4,9}-\d[a-z]?"
_WHOLE = re.compile(rf"\b({_ID}|{_DATE}|{_REGION})\b", re.ASCII)
"""Ids, dates and regions: a browser would begin a new line after a hyphen of theirs. As in page.js."""


def plain(value: Any) -> str:
    """A value as text in which every letter is seen; empty for None."""
    if value is None:
        return ""
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
    """A time, in Beijing as the console shows it; as it is where it is in no form that is known, empty for none."""
    time = parse_time(text)
    return (text or "") if time is None else f"{time.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}"


def machine_time(text: str | None) -> str:
    """A time for programs, empty where it is in no form that is known."""
    time = parse_time(text)
    return "" if time is None else f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def sentence(text: str) -> str:
    """A sentence whose times are those of the page's clock."""
    return _STAMP.sub(lambda found: moment(found[0]), text)


def pieces(text: Any) -> list[tuple[str, bool]]:
    """A text in pieces, and of each whether it has to stay in one line: ids, dates and regions do."""
    return [(piece, place % 2 == 1) for place, piece in enumerate(_WHOLE.split(plain(text))) if piece]


def clock(time: datetime) -> str:
    """The time of the day in Beijing."""
    return time.astimezone(BEIJING).strftime("%H:%M:%S")


def money(value: float | None) -> str:
    """An amount, empty where it is not known; its column names the currency."""
    return "" if value is None else f"{value:,.2f}"


def some(values: Sequence[Any]) -> Text:
    """The first of many values."""
    return listed([plain(value) for value in values], SHOWN_VALUES)
