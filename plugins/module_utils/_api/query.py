# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How parameters of GET and DELETE calls are written (facts requests-query, requests-separators).

Lists are indexed from 1: ``ids.1=a``, ``filters.1.name=…&filters.1.values.1=…``, ``tags.1.key=…&tags.1.values.1=…``.
The builders return plain names and values; `encode_query` percent-encodes them, once. The official Python client leaves
``&``, ``=`` and ``?`` inside a value as they are, by which one value splits into two parameters; this one does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TypeAlias
from urllib.parse import quote

from .errors import InputError

Query = tuple[tuple[str, str], ...]
Scalar: TypeAlias = "str | int | bool"

# Checked for harm to the URL only: public images have ids like UUIDs, so ids are not held to one shape here.
SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
"""What an id may look like at all."""


def path_id(resource_id: str) -> str:
    """Return ``resource_id`` if it is safe as a part of a URL path; an empty one would turn one resource into all of them.

    Raises InputError for anything but ASCII letters, digits, '-' and '_'.
    """
    if not isinstance(resource_id, str) or not SAFE_ID.fullmatch(resource_id):
        raise InputError(f"{resource_id!r} is not an id of the cloud: give ids such as i-4x9q2m7kva.")
    return resource_id


def text_of(value: Scalar) -> str:
    """Return a parameter value as the services read it: booleans in lower case (fact requests-booleans)."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def scalars(**fields: Scalar | None) -> Query:
    """Return ``name=value`` parameters; None is left out."""
    return tuple((name, text_of(value)) for name, value in fields.items() if value is not None)


def indexed(name: str, values: Iterable[Scalar]) -> Query:
    """Return ``name.1=…&name.2=…``."""
    return tuple((f"{name}.{number}", text_of(value)) for number, value in enumerate(values, start=1))


def filters(items: Iterable[tuple[str, Sequence[Scalar]]], operator: str | None = None) -> Query:
    """Return filter parameters; without ``operator`` the service compares with 'eq' (fact requests-filters).

    Raises ValueError for a filter without values: the service would ignore it, and the read would be wider than meant.
    """
    pairs: list[tuple[str, str]] = []
    for number, (name, values) in enumerate(items, start=1):
        _demand_values("filter", name, values)
        pairs.append((f"filters.{number}.name", name))
        if operator is not None:
            pairs.append((f"filters.{number}.operator", operator))
        pairs.extend(indexed(f"filters.{number}.values", values))
    return tuple(pairs)


def tags(items: Iterable[tuple[str, Sequence[str]]]) -> Query:
    """Return tag parameters: tags are ANDed, the values of one tag ORed. Raises ValueError for a tag without values."""
    pairs: list[tuple[str, str]] = []
    for number, (key, values) in enumerate(items, start=1):
        _demand_values("tag", key, values)
        pairs.append((f"tags.{number}.key", key))
        pairs.extend(indexed(f"tags.{number}.values", values))
    return tuple(pairs)


def encode_query(query: Query) -> str:
    """Return the query string: everything but unreserved characters percent-encoded as UTF-8, in the order given.

    Raises InputError for text that is not valid Unicode (lone surrogates), which cannot be sent.
    """
    try:
        return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query)
    except UnicodeEncodeError:
        raise InputError("A selector holds characters that are not valid Unicode: write it as plain UTF-8 text.") from None


def _demand_values(kind: str, name: str, values: Sequence[Scalar]) -> None:
    # A bare string is a sequence too, of its letters.
    if not name or isinstance(values, str) or not values:
        raise ValueError(f"{kind} {name!r} needs a name and a list of at least one value")
