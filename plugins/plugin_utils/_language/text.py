# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A text in both languages, made from the tables of this directory. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from .code_texts import CODES
from .idle_texts import IDLE
from .line_texts import LINES
from .page_texts import PAGE

LANGUAGES = ("en", "zh")
"""The languages, the default first."""
TEXTS: Mapping[str, tuple[str, str]] = {**CODES, **PAGE, **LINES, **IDLE}
"""Every text by its key, in English and in Chinese.

In braces stand the names of values. An English text has two forms, with a bar between them, where `n` decides: one, or more.
"""
UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
"""The units of a duration, and their seconds."""


@dataclass(frozen=True, slots=True)
class Text:
    """The same text in both languages."""

    en: str
    zh: str

    def said(self, language: str) -> str:
        """The text in one language."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Speaker:
    """Says the texts of the tables in one language."""

    language: str

    def __call__(self, key: str, /, **values: Any) -> str:
        """The text of a key with its values. Raises `KeyError` for a key or a value that does not exist."""
        return say(key, **values).said(self.language)


def language_of(options: Mapping[str, Any]) -> str:
    """The language that the options of a campaign ask for. English where they name none."""
    given = options.get("language")
    return given if given in LANGUAGES else LANGUAGES[0]


def say(key: str, /, **values: Any) -> Text:
    """The text of a key with its values: texts, numbers, or what is the same in both languages.

    Raises `KeyError` for a key or a value that does not exist.
    """
    if not values:
        return _constant(key)
    en, zh = TEXTS[key]
    return Text(_filled(en, "en", values), _filled(zh, "zh", values))


def word_of(group: str, code: str) -> Text:
    """A code of a group in words. A code that no table has stands for itself."""
    key = f"{group}.{code}"
    return _constant(key) if key in TEXTS else same(code.replace("_", " "))


def has(key: str) -> bool:
    """Whether a table has this key."""
    return key in TEXTS


def same(text: Any) -> Text:
    """What is the same in both languages, such as a name or an id."""
    return text if isinstance(text, Text) else Text(str(text), str(text))


def join(texts: Iterable[Any], key: str = "list.comma") -> Text:
    """Texts one after the other; `key` names what stands between them. Empty ones are left out."""
    every = [same(text) for text in texts]
    between = say(key)
    return Text(
        between.en.join(text.en for text in every if text.en),
        between.zh.join(text.zh for text in every if text.zh),
    )


def listed(values: Sequence[Any], most: int) -> Text:
    """The first of many values, and how many more there are."""
    shown = join(values[:most], "list.item")
    return say("list.more", shown=shown, n=len(values) - most, all=len(values)) if len(values) > most else shown


def duration(seconds: float) -> Text:
    """A span of time, in the two largest units."""
    rest = max(0, round(seconds))
    parts: list[Text] = []
    for unit, size in UNITS:
        number, rest = divmod(rest, size)
        if number or (unit == "s" and not parts):
            parts.append(say(f"unit.{unit}", number=number))
    return join(parts[:2], "list.blank")


def money(value: float, currency: str, *, cents: bool = True) -> Text:
    """An amount with its currency."""
    amount = f"{value:,.2f}" if cents else f"{value:,.0f}"
    return say("money.cny", amount=amount) if currency == "CNY" else same(f"{amount} {currency}")


@cache
def _constant(key: str) -> Text:
    en, zh = TEXTS[key]
    return Text(en, zh)


def _filled(form: str, language: str, values: Mapping[str, Any]) -> str:
    if "|" in form:
        one, many = form.split("|")
        form = one if values["n"] == 1 else many
    return form.format_map({name: _shown(value, language) for name, value in values.items()})


def _shown(value: Any, language: str) -> str:
    if isinstance(value, Text):
        return value.said(language)
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
