# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values as they arrive: typed from a playbook, as text from a survey or the command line. Pure.

Each function turns one given value into a typed one. An empty text and null mean "not given" and give the default; anything that
is not clearly meant raises `InputError`, one sentence that names the variable. AWX hands an empty answer of a survey over as an
empty text, and ansible-core from 2.19 on makes null of it, as it makes numbers, booleans and dates of those that look like one.
"""

from __future__ import annotations

import ast
import io
import json
import math
import tokenize
from collections.abc import Mapping, Sequence
from typing import Any

from ....module_utils._api.errors import InputError
from ....module_utils._fleet.common.selection import parse_tags
from ....module_utils._fleet.common.texts import require_key, require_text, shown

_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})


def is_unset(value: Any) -> bool:
    """Whether a variable was not given: an empty or blank text, or null."""
    return value is None or (isinstance(value, str) and not value.strip())


def text_of(value: Any, name: str, default: str = "") -> str:
    """A text, trimmed."""
    return default if is_unset(value) else require_text(value, name).strip()


def name_of(value: Any, name: str) -> str:
    """A text that may look like a number or a date. In a survey only quotes that are typed keep it a text, so they go here."""
    text = text_of(value, name)
    quoted = len(text) > 2 and text[0] == text[-1] and text[0] in "\"'"
    return text[1:-1] if quoted else text


def choice_of(value: Any, name: str, choices: Sequence[str]) -> str:
    """One of a few words; the first of them where none is given."""
    word = text_of(value, name, choices[0])
    if word not in choices:
        raise InputError(f"{name} is {shown(word)}, but must be one of {', '.join(choices)}.")
    return word


def boolean_of(value: Any, name: str, *, default: bool = False) -> bool:
    """True or false."""
    if isinstance(value, bool):
        return value
    word = str(value) if isinstance(value, int) else text_of(value, name, str(default)).lower()
    if word not in _TRUE | _FALSE:
        raise InputError(f"{name} is {shown(word)}, but must be true or false.")
    return word in _TRUE


def integer_of(value: Any, name: str, default: int, at_least: int = 0) -> int:
    """A whole number."""
    if is_unset(value):
        return default
    number = _number(value, name, f"a whole number, at least {at_least}")
    if number != int(number) or number < at_least:
        raise InputError(f"{name} is {shown(str(value))}, but must be a whole number, at least {at_least}.")
    return int(number)


def cap_of(value: Any, name: str) -> int | None:
    """The most machines that may be selected; None where it is not given."""
    return None if is_unset(value) else integer_of(value, name, 1, at_least=1)


def number_of(value: Any, name: str, default: float, *, zero: bool = False) -> float:
    """A number above zero, or with `zero` not below it."""
    if is_unset(value):
        return default
    number = _number(value, name)
    if number < 0 or (number == 0 and not zero):
        raise InputError(f"{name} is {shown(str(value))}, but must be a number {'not below' if zero else 'above'} 0.")
    return number


def word_list_of(value: Any, name: str) -> list[str] | None:
    """A list of words without blanks, also from a text with commas or white space between them; None where it is not given.

    A list that became a text on its way is read like one, too. An empty list is refused, since it could be meant as "all".
    """
    if is_unset(value):
        return None
    entries = value if isinstance(value, list) else _entries(value, name)
    words = []
    for entry in entries:
        if is_unset(entry):
            raise InputError(f"{name} has a blank or null member: remove it.")
        require_text(entry, f"{name}: a member")
        words += entry.replace(",", " ").split()
    if not words:
        raise InputError(f"{name} is empty, which selects nothing: set at least one, or remove the variable.")
    return list(dict.fromkeys(words))


def dict_of(value: Any, name: str, *, empty: bool = False) -> dict[str, Any] | None:
    """A dictionary, also from JSON or from key=value,key=value; None where it is not given. `empty`: {} is allowed."""
    if is_unset(value):
        return None
    if isinstance(value, str):
        text = value.strip()
        value = _json(text, name) if text.startswith("{") else _pairs(text, name)
    if not isinstance(value, Mapping):
        raise InputError(f"{name} is {_kind(value)}, but must be a dictionary, or text such as key=value,key=value.")
    if not value and not empty:
        raise InputError(f"{name} is an empty dictionary, which selects nothing: set at least one, or remove the variable.")
    return {str(require_key(key, name)): entry for key, entry in value.items()}


def tags_of(value: Any, name: str, *, empty: bool = False) -> dict[str, Any] | None:
    """As `dict_of`, with values that are compared as text: each one a text, or a list of texts of which any one will do."""
    mapping = dict_of(value, name, empty=empty)
    if mapping:
        parse_tags(mapping, name)
    return mapping


def _entries(value: Any, name: str) -> list[Any]:
    if not isinstance(value, str):
        raise InputError(f"{name} is {_kind(value)}, but must be a list, or a text with commas between the members: quote it.")
    text = value.strip()
    if not text.startswith("["):
        return [text.replace(",", " ")] if text.strip(", ") else []
    for read in (json.loads, _literal):
        try:
            entries = read(text)
        except (ValueError, SyntaxError):
            continue
        if isinstance(entries, list):
            return entries
    return [text.strip("[]").replace('"', " ").replace("'", " ")]


def _json(text: str, name: str) -> Any:
    def whole(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs):
            # JSON takes the last one and drops the other without a word.
            raise InputError(f"{name} contains a key twice: set it once, with a list of values.")
        return made

    try:
        return json.loads(text, object_pairs_hook=whole)
    except ValueError:
        pass
    try:
        return _literal(text)
    except (ValueError, SyntaxError):
        pass
    raise InputError(f"{name} begins like JSON, but is not valid JSON: check its quotes and braces.")


def _literal(text: str) -> Any:
    """What a text means that Python wrote of a list or dictionary. Raises `ValueError` or `SyntaxError` for any other."""
    before = tokenize.NEWLINE
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            # Python makes one text of two, where a comma was forgotten.
            if token.type == before == tokenize.STRING:
                raise ValueError("two texts follow each other")
            before = token.type if token.type not in (tokenize.NL, tokenize.COMMENT) else before
    except tokenize.TokenError as error:
        raise ValueError(str(error)) from error
    for node in ast.walk(ast.parse(text, mode="eval")):
        keys = [ast.dump(key) for key in node.keys if key is not None] if isinstance(node, ast.Dict) else []
        if len(keys) != len(set(keys)):
            raise ValueError("a key stands twice")
    return ast.literal_eval(text)


def _pairs(text: str, name: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for part in text.split(","):
        key, sign, value = part.partition("=")
        if not sign or not key.strip():
            raise InputError(
                f"{name} contains {shown(part.strip())}, which is not key=value: write key=value,key=value, or JSON."
            )
        if key.strip() in pairs:
            raise InputError(f"{name} contains {key.strip()} twice: write it as JSON with a list of values.")
        pairs[key.strip()] = value.strip()
    return pairs


def _number(value: Any, name: str, kind: str = "a number") -> float:
    number = math.nan
    # Python would read 1_0 as 10.
    if isinstance(value, (int, float, str)) and not isinstance(value, bool) and "_" not in str(value):
        try:
            number = float(value)
        except ValueError:
            number = math.nan
    if not math.isfinite(number):
        raise InputError(f"{name} is {shown(str(value))}, but must be {kind}.")
    return number


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a dictionary"
    return "a list" if isinstance(value, Sequence) and not isinstance(value, str) else "a number"
