# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading pages, rows and members of the service's JSON objects, strict where a wrong type could lead to a wrong decision.

The vm service leaves empty members out, the disk service sends null (fact requests-empty-members): both count as
"not returned" everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, Protocol, TypeVar

from .calls import SAFE_ID

Json = Mapping[str, Any]
T = TypeVar("T")

PAGE_SIZE = 100
"""The most rows of one page of a listing (fact requests-pages)."""


class MalformedResponse(ValueError):
    """The answer lacks a member that every such answer has, or holds one of an impossible type."""


class Row:
    """One row of an answer, read member by member.

    A member that cannot be read counts as not returned, and its name is noted: one malformed row must do no harm to the others.
    Whoever decides by a row asks `unreadable` first. Only a row without an id is no row: MalformedResponse.
    """

    def __init__(self, raw: Json, id_name: str) -> None:
        self.raw = raw
        self.id = required_id(raw, id_name)
        self._unreadable: dict[str, None] = {}

    @property
    def unreadable(self) -> tuple[str, ...]:
        """The names of the members that could not be read."""
        return tuple(self._unreadable)

    def read(self, name: str, reader: Callable[[Json], T], otherwise: T) -> T:
        """What ``reader`` makes of the row, ``otherwise`` if it cannot be read: then ``name`` is noted."""
        try:
            return reader(self.raw)
        except MalformedResponse:
            self._unreadable[name] = None
            return otherwise

    def text(self, name: str) -> str | None:
        """A text member, None if it is not returned."""
        return self.read(name, lambda raw: optional_text(raw, name), None)

    def id_of(self, name: str) -> str | None:
        """A member that names another resource, None if it is not returned."""
        return self.read(name, lambda raw: optional_id(raw, name), None)

    def flag(self, name: str) -> bool | None:
        """A boolean member, None if it is not returned."""
        return self.read(name, lambda raw: optional_bool(raw, name), None)

    def status(self, name: str = "status") -> str:
        """The status, which each row has, in lower case. '' if it cannot be read."""
        return self.read(name, lambda raw: required_text(raw, name), "").lower()

    def word(self, name: str) -> str:
        """A word of a fixed list, in lower case. '' if it is not returned."""
        return (self.text(name) or "").strip().lower()


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a listing; ``total`` is the number of all matches, not of the page.

    ``nameless`` counts the rows that are not among the ``items``: those without a readable id, and all that share their id with
    another row, because which of them is true is not known.
    """

    items: tuple[T, ...]
    total: int
    nameless: int = 0

    @property
    def whole(self) -> bool:
        """Whether this page alone shows every match, so that what is missing on it does not match."""
        return self.nameless == 0 and self.total == len(self.items)


class Readable(Protocol):
    """Anything that was read from a row of an answer."""

    @property
    def unreadable(self) -> tuple[str, ...]:
        """The names of the members that could not be read."""
        raise NotImplementedError


def unreadable_reason(row: Readable) -> str | None:
    """What is wrong with a row as a part of a sentence, None if it could be read."""
    return f"the response about it cannot be read ({', '.join(row.unreadable)})" if row.unreadable else None


def required_id(source: Json, name: str) -> str:
    """Return an id that must be there. Raises MalformedResponse if it is missing or could not be named in a call."""
    value = required_text(source, name)
    if not SAFE_ID.fullmatch(value):
        raise MalformedResponse(f"{name} is not an id")
    return value


def optional_id(source: Json, name: str) -> str | None:
    """Return an id, None for a missing, null or empty one. Raises MalformedResponse if it could not be named in a call."""
    value = source.get(name)
    return None if value is None or value == "" else required_id(source, name)


def required_text(source: Json, name: str) -> str:
    """Return a text member that must be there. Raises MalformedResponse if it is missing, empty or no text."""
    value = source.get(name)
    if not isinstance(value, str) or not value.strip():
        raise MalformedResponse(f"{name} is missing or not a text")
    return value.strip()


def optional_text(source: Json, name: str) -> str | None:
    """Return a text member; None for a missing, null or empty one. A number becomes text; MalformedResponse for other types."""
    value = source.get(name)
    if isinstance(value, str):
        return value or None
    if value is None:
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    raise MalformedResponse(f"{name} is not a text")


def optional_bool(source: Json, name: str) -> bool | None:
    """Return a boolean member, None if it is not returned. Raises MalformedResponse for another type: 'false' is no False."""
    value = source.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise MalformedResponse(f"{name} is neither true nor false")


def optional_int(source: Json, name: str) -> int | None:
    """Return a whole number that is only shown to people, None for anything else."""
    value = source.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def required_count(source: Json, name: str) -> int:
    """Return a count that must be there. Raises MalformedResponse if it is missing, negative or no whole number."""
    value = source.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise MalformedResponse(f"{name} is missing or not a count")
    return value


def required_object(source: Json, name: str) -> Json:
    """Return an object that must be there. Raises MalformedResponse if it is missing, empty or no object."""
    value = source.get(name)
    if not isinstance(value, dict) or not value:
        raise MalformedResponse(f"{name} is missing or not an object")
    return value


def optional_object(source: Json, name: str) -> Json:
    """Return an object member, {} if it is not returned. Raises MalformedResponse for another type."""
    value = source.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise MalformedResponse(f"{name} is not an object")
    return value


def each_object(source: Json, name: str) -> Iterator[Json]:
    """Yield the objects of a list member, none if it is not returned. Raises MalformedResponse for anything but objects."""
    value = source.get(name)
    if value is None:
        return
    if not isinstance(value, list):
        raise MalformedResponse(f"{name} is not a list")
    for item in value:
        if not isinstance(item, dict):
            raise MalformedResponse(f"{name} contains a member that is not an object")
        yield item


def texts_of(source: Json, name: str) -> tuple[str, ...]:
    """Return a list of texts, () if it is not returned. Raises MalformedResponse for anything else."""
    value = source.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise MalformedResponse(f"{name} is not a list of texts")
    return tuple(value)


def parse_page(result: Json, name: str, id_name: str, parse: Callable[[Json], T], size: int) -> Page[T]:
    """Read a page of at most ``size`` rows. Raises MalformedResponse if it has more, or if it does not tell ``totalCount``."""
    rows = result.get(name)
    if rows is not None and not isinstance(rows, list):
        raise MalformedResponse(f"{name} is not a list")
    if len(rows or ()) > size:
        raise MalformedResponse(f"{name} has more than {size} rows")
    named: dict[str, list[Json]] = {}
    for row in rows or ():
        with suppress(MalformedResponse):
            named.setdefault(required_id(row if isinstance(row, dict) else {}, id_name), []).append(row)
    items = tuple(parse(same[0]) for same in named.values() if len(same) == 1)
    return Page(items, parse_page_total(result), len(rows or ()) - len(items))


def page_of(name: str, id_name: str, parse: Callable[[Json], T], size: int = PAGE_SIZE) -> Callable[[Json], Page[T]]:
    """The parser of a listing whose rows are called ``name``."""
    return lambda result: parse_page(result, name, id_name, parse, size)


def one_of(name: str, id_name: str, parse: Callable[[Json], T], asked: str) -> Callable[[Json], T]:
    """The parser of an answer about the one resource ``asked``. MalformedResponse if the answer shows another one."""

    def parse_one(result: Json) -> T:
        row = required_object(result, name)
        if required_id(row, id_name) != asked:
            raise MalformedResponse(f"its id is not {asked}")
        return parse(row)

    return parse_one


def parse_page_total(result: Json) -> int:
    """Return ``totalCount``, without which a listing cannot be proved complete."""
    return required_count(result, "totalCount")


def tag_map(source: Json) -> dict[str, str]:
    """Return the ``tags`` list as a dict, {} if there are none; values are text, as tags compare as text."""
    return {required_text(tag, "key"): _tag_value(tag.get("value")) for tag in each_object(source, "tags")}


def repeated_tags(source: Json) -> dict[str, tuple[str, ...]]:
    """Return all values of the keys that the ``tags`` list holds more than once, where ``tag_map`` knows the last one alone."""
    values: dict[str, list[str]] = {}
    for tag in each_object(source, "tags"):
        values.setdefault(required_text(tag, "key"), []).append(_tag_value(tag.get("value")))
    return {key: tuple(each) for key, each in values.items() if len(each) > 1}


def _tag_value(value: object) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    raise MalformedResponse("the value of a tag is not a text")


# A new word starts at a capital after a small letter or digit, and at the last capital of a run that small letters follow.
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


_ONE_WORD = {
    "instanceName": "name",
    "elasticIpName": "name",
    "diskSizeGB": "size_gb",
    "snapshotSizeGB": "size_gb",
    "desc": "description",
}
"""What results call the same everywhere, where the services have several names for it."""


@lru_cache(maxsize=1024)
def snake_name(name: str) -> str:
    """Return the name of a member in results: in snake case (instanceId -> instance_id), or the one word that all results use."""
    return _ONE_WORD.get(name) or _WORD_START.sub("_", name).lower()


def snake_case(raw: Json) -> dict[str, Any]:
    """Return a copy of an API object with all member names in snake case and every list of tags as a dict.

    Tags that cannot be read are shown as none; whether that is so, the row itself says.
    """
    return {snake_name(name): _shown_tags(raw) if name == "tags" else _snake_value(value) for name, value in raw.items()}


def _shown_tags(raw: Json) -> dict[str, str]:
    try:
        return tag_map(raw)
    except MalformedResponse:
        return {}


def _snake_value(value: object) -> object:
    if isinstance(value, dict):
        return snake_case(value)
    if isinstance(value, list):
        return [_snake_value(item) for item in value]
    return value


def tags_of(row: Row) -> dict[str, str]:
    none: dict[str, str] = {}
    return row.read("tags", tag_map, none)


def lower_text(raw: Json, name: str) -> str:
    return (optional_text(raw, name) or "").strip().lower()
