# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text that must be text, and ids: what YAML made of something else is refused. Pure.

YAML makes 8 of 010, 45000 of 12:30:00 and 2026.1 of 2026.10. Whatever was written cannot be got back, so it must not select a
machine, protect one, or be written.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..._api.errors import InputError, first_of

SHOWN_LENGTH = 60
"""The most characters of a wrong value that an error shows."""
SHOWN_IDS = 10
"""How many ids an error names before it says "and N more"."""
ID_SHAPE = re.compile(r"[a-z]+-[a-z0-9]+")
"""No tighter: the service's id formats are not documented (fact requests-ids)."""
_PLAIN_KEY = re.compile(r"[\w./:-]{1,60}")


def shown(text: str) -> str:
    """A text of the user for an error: quoted, on one line, and not at any length."""
    return repr(text if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH]}…")


def member_of(option: str, key: Any) -> str:
    """How an error calls one member of an option."""
    return f"{option}.{key}" if _PLAIN_KEY.fullmatch(str(key)) else f"{option}[{shown(str(key))}]"


def require_text(value: Any, option: str) -> str:
    """The value, if it is a text. Raises `InputError` for anything else."""
    if not isinstance(value, str):
        raise InputError(f"{option} is {not_text(value)}.")
    return value


def require_key(key: Any, option: str) -> str:
    """The key of a dictionary, if it is a text. Raises `InputError` for anything else."""
    if not isinstance(key, str):
        raise InputError(f"{option} has a key that is {not_text(key)}.")
    return key


def parse_ids(
    ids: Sequence[Any],
    option: str,
    shape: re.Pattern[str] = ID_SHAPE,
    example: str = "i-4x9q2m7kva",
    *,
    required: bool = False,
) -> tuple[str, ...]:
    """Trimmed, distinct ids in the order given. Raises `InputError` for an empty list, blank members and ids of another shape."""
    advice = "set at least one id" if required else "set at least one id, or remove the option"
    if not ids:
        raise InputError(f"{option} is an empty list, which selects nothing: {advice}.")
    if all(isinstance(member, str) and not member.strip() for member in ids):
        raise InputError(f"{option} is empty, which selects nothing: {advice}.")
    distinct: dict[str, None] = {}
    for member in ids:
        if member is None or (isinstance(member, str) and not member.strip()):
            raise InputError(f"{option} has a blank or null member: remove it.")
        text = require_text(member, f"A member of {option}").strip()
        if not shape.fullmatch(text):
            raise InputError(f"{option}: {shown(text)} is not an id: give ids such as {example}, each as a separate member.")
        distinct[text] = None
    return tuple(distinct)


def some_ids(ids: Sequence[str]) -> str:
    """The first ids, for a message."""
    return first_of(ids, SHOWN_IDS)


def not_text(value: Any) -> str:
    """What a value is that is no text, and what to write instead."""
    if value is None:
        return 'null, not text: set a value, or quote it if you mean the word ("null")'
    if isinstance(value, bool):
        word = str(value).lower()
        return f"a boolean ({word}), not text: quote it, since YAML also reads {'yes' if value else 'no'} as {word}"
    if isinstance(value, (datetime.date, datetime.time)):
        return f"a date ({value}), not text: quote it, since YAML reads texts such as 2026-01-31 as dates"
    if isinstance(value, int):
        return f"a number ({_number(value)}), not text: quote it, since YAML reads 010 as 8 and 12:30:00 as 45000"
    if isinstance(value, float):
        return f"a decimal number ({value}), not text: quote it, since YAML reads 1.10 as 1.1"
    kind = "a list" if isinstance(value, (list, tuple)) else "a dict"
    return f"{kind}, not text: set one text; if you mean the whole value as text, quote it"


def refuse_lost_texts(given: Mapping[Any, Any]) -> None:
    """Raise `InputError` for what would only look like a text to a module: a key that is none, and a date, wherever they stand.

    Ansible hands options over as JSON, where each key is a text, and a date becomes one that no one wrote.
    """
    for option, value in given.items():
        _refuse_lost(value, str(option))


def _refuse_lost(value: Any, where: str) -> None:
    if isinstance(value, (datetime.date, datetime.time)):
        require_text(value, where)
    elif isinstance(value, Mapping):
        for key, member in value.items():
            require_key(key, where)
            _refuse_lost(member, member_of(where, key))
    elif isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        for member in value:
            _refuse_lost(member, where)


def _number(value: int) -> str:
    # Python itself refuses to write out a number of many thousand digits.
    return str(value) if abs(value) < 10**SHOWN_LENGTH else f"{value:#x}"[:SHOWN_LENGTH] + "…"
