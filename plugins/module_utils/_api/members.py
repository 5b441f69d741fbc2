# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading members of the service's JSON objects, strict where a wrong type could lead to a wrong decision.

The vm service leaves empty members out, the disk service sends null (observed in the official clients): both count as
"not told" everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

Json = Mapping[str, Any]


class MalformedAnswer(ValueError):
    """The answer lacks a member that every such answer has, or holds one of an impossible type."""


def demand_text(source: Json, name: str) -> str:
    """Return a text member that must be there. Raises MalformedAnswer if it is missing, empty or no text."""
    value = source.get(name)
    if not isinstance(value, str) or not value.strip():
        raise MalformedAnswer(f"{name} is missing or no text")
    return value.strip()


def maybe_text(source: Json, name: str) -> str | None:
    """Return a text member; None for a missing, null or empty one. A number becomes text; MalformedAnswer for other types."""
    value = source.get(name)
    if isinstance(value, str):
        return value or None
    if value is None:
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    raise MalformedAnswer(f"{name} is no text")


def maybe_bool(source: Json, name: str) -> bool | None:
    """Return a boolean member, None if it is not told. Raises MalformedAnswer for another type: 'false' is no False."""
    value = source.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise MalformedAnswer(f"{name} is neither true nor false")


def maybe_int(source: Json, name: str) -> int | None:
    """Return a whole number that is only shown to people, None for anything else."""
    value = source.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def demand_count(source: Json, name: str) -> int:
    """Return a count that must be there. Raises MalformedAnswer if it is missing, negative or no whole number."""
    value = source.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise MalformedAnswer(f"{name} is missing or no count")
    return value


def demand_object(source: Json, name: str) -> Json:
    """Return an object that must be there. Raises MalformedAnswer if it is missing, empty or no object."""
    value = source.get(name)
    if not isinstance(value, dict) or not value:
        raise MalformedAnswer(f"{name} is missing or no object")
    return value


def maybe_object(source: Json, name: str) -> Json:
    """Return an object member, {} if it is not told. Raises MalformedAnswer for another type."""
    value = source.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise MalformedAnswer(f"{name} is no object")
    return value


def each_object(source: Json, name: str) -> Iterator[Json]:
    """Yield the objects of a list member, none if it is not told. Raises MalformedAnswer for anything but objects."""
    value = source.get(name)
    if value is None:
        return
    if not isinstance(value, list):
        raise MalformedAnswer(f"{name} is no list")
    for item in value:
        if not isinstance(item, dict):
            raise MalformedAnswer(f"{name} holds something that is no object")
        yield item


def tag_map(source: Json) -> dict[str, str]:
    """Return the ``tags`` list as a dict, {} if there are none; values are text, as tags compare as text."""
    return {demand_text(tag, "key"): _tag_value(tag.get("value")) for tag in each_object(source, "tags")}


def repeated_tags(source: Json) -> dict[str, tuple[str, ...]]:
    """Return all values of the keys that the ``tags`` list holds more than once, where ``tag_map`` knows the last one alone."""
    values: dict[str, list[str]] = {}
    for tag in each_object(source, "tags"):
        values.setdefault(demand_text(tag, "key"), []).append(_tag_value(tag.get("value")))
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
    raise MalformedAnswer("a tag's value is no text")


# A new word starts at a capital after a small letter or digit, and at the last capital of a run that small letters follow.
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@lru_cache(maxsize=1024)
def snake_name(name: str) -> str:
    """Return a member name in snake case: instanceId -> instance_id, diskSizeGB -> disk_size_gb."""
    return _WORD_START.sub("_", name).lower()


def snake_case(raw: Json) -> dict[str, Any]:
    """Return a copy of an API object with all member names in snake case and every list of tags as a dict."""
    return {snake_name(name): tag_map(raw) if name == "tags" else _snake_value(value) for name, value in raw.items()}


def _snake_value(value: object) -> object:
    if isinstance(value, dict):
        return snake_case(value)
    if isinstance(value, list):
        return [_snake_value(item) for item in value]
    return value
