# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text for a terminal: one line each, of a known width; nothing from the cloud can move the cursor or change colours. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from ..._language.text import Text, join, listed, say
from ..report.text import plain

NAMED = 3
"""How many instances a line names before it says "and N more"."""
LONGEST = 240
"""The most columns of a line."""
_MORE = "\u2026"


def width_of(text: str) -> int:
    """How many columns a text takes. A Chinese letter takes two, a mark above another letter none."""
    return sum(map(_width, text))


def cut(value: Any, width: int) -> str:
    """A value as text of at most so many columns in which every letter is seen; what is cut off ends in an ellipsis."""
    text = plain(value)
    if width_of(text) <= width:
        return text
    kept, taken = [], 0
    for letter in text:
        taken += _width(letter)
        if taken > width - 1:
            break
        kept.append(letter)
    return f"{''.join(kept).rstrip()}{_MORE}"


def padded(text: str, width: int) -> str:
    """A text with blanks after it, up to a width."""
    return text + " " * max(0, width - width_of(text))


def named(row: Mapping[str, Any]) -> str:
    """An instance by its name and its ID."""
    name, instance_id = row.get("name"), str(row["instance_id"])
    return f"{cut(name, 40)} ({instance_id})" if name and name != instance_id else instance_id


def name_some(rows: Sequence[Mapping[str, Any]]) -> Text:
    """The first of some instances, and how many more there are."""
    return listed_names([named(row) for row in rows], NAMED)


def listed_names(names: Sequence[str], most: int) -> Text:
    """The first of some names, and how many more there are."""
    return listed([plain(name) for name in names], most)


def spell(numbers: Mapping[str, int]) -> Text:
    """Numbers with what they count, by its key, those that are not zero: "26 deleted, 2 failed"."""
    return join(say("line.number", number=number, word=say(key)) for key, number in numbers.items() if number)


def _width(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in ("W", "F") else 1
