# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One API call as a value, and its answer; both independent of how calls are sent.

How the parameters of GET and DELETE calls are written (facts requests-query, requests-separators): lists are indexed from 1,
``ids.1=a``, ``filters.1.name=…&filters.1.values.1=…``, ``tags.1.key=…&tags.1.values.1=…``. The builders return plain names and
values; `encode_query` percent-encodes them, once. The official Python client leaves ``&``, ``=`` and ``?`` inside a value as they
are, by which one value splits into two parameters; this one does not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeAlias, TypeVar
from urllib.parse import quote

from .errors import InputError

T = TypeVar("T")
Query = tuple[tuple[str, str], ...]
Scalar: TypeAlias = "str | int | bool"

# Checked for harm to the URL only: public images have ids like UUIDs, so ids are not held to one shape here.
SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
"""What an id may look like at all."""


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """What to send and how to read the answer.

    ``operation`` is service and operation as in the service's documentation ('vm.describeInstances'); ``path`` is what
    follows /v1/regions/{region}; ``query`` holds plain names and values, not yet percent-encoded; ``body`` becomes JSON,
    None is no body; ``write`` is true for everything that may change something; ``parse`` turns the answer's ``result``
    member ({} if it is missing) into a value and raises ValueError, TypeError or KeyError if that is not possible;
    ``resource`` is the id that the call is about, ``resources`` the ids of a call about several. A call that is not
    ``regional`` is about no region: its path follows /v1 alone. ``version`` stands in the path in the place of v1.
    """

    operation: str
    service: str
    method: str
    path: str
    query: Query
    body: Mapping[str, Any] | None
    write: bool
    parse: Callable[[Mapping[str, Any]], T]
    resource: str | None = None
    resources: tuple[str, ...] = ()
    regional: bool = True
    version: str = "v1"


def read(
    operation: str, path: str, parse: Callable[[Mapping[str, Any]], T], query: Query = (), resource: str | None = None
) -> Call[T]:
    """A GET, which changes nothing."""
    return Call(operation, _service_of(operation), "GET", path, query, None, write=False, parse=parse, resource=resource)


def posted_read(operation: str, path: str, body: Mapping[str, Any], parse: Callable[[Mapping[str, Any]], T]) -> Call[T]:
    """A read although it is a POST."""
    return Call(operation, _service_of(operation), "POST", path, (), body, write=False, parse=parse)


def action(
    operation: str,
    path: str,
    body: Mapping[str, Any],
    parse: Callable[[Mapping[str, Any]], T],
    resource: str | None = None,
) -> Call[T]:
    """A POST that makes or changes something."""
    return Call(operation, _service_of(operation), "POST", path, (), body, write=True, parse=parse, resource=resource)


def remove(operation: str, path: str, resource: str, query: Query = ()) -> Call[None]:
    """A DELETE of one resource."""
    return Call(operation, _service_of(operation), "DELETE", path, query, None, write=True, parse=accepted, resource=resource)


def _service_of(operation: str) -> str:
    return operation.partition(".")[0]


@dataclass(slots=True)
class Response(Generic[T]):
    """The value of a successful call.

    ``date`` is the service's clock (Date header, whole seconds; None if missing or unreadable); ``sent_at`` and
    ``received_at`` are seconds of the monotonic clock, the first taken just before sending: what the answer shows was
    true at some time between the two.
    """

    value: T
    request_id: str
    date: datetime | None
    sent_at: float
    received_at: float


def accepted(_result: Mapping[str, Any]) -> None:
    """The parser of calls that have no result: accepted is all there is to say."""


def path_id(resource_id: str) -> str:
    """Return ``resource_id`` if it is safe as a part of a URL path; an empty one would turn one resource into all of them.

    Raises InputError for anything but ASCII letters, digits, '-' and '_'.
    """
    if not isinstance(resource_id, str) or not SAFE_ID.fullmatch(resource_id):
        raise InputError(f"{resource_id!r} is not an id: give ids such as i-4x9q2m7kva.")
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
        raise InputError("A selector contains characters that are not valid Unicode: write it as plain UTF-8 text.") from None


def _demand_values(kind: str, name: str, values: Sequence[Scalar]) -> None:
    # A bare string is a sequence too, of its letters.
    if not name or isinstance(values, str) or not values:
        raise ValueError(f"{kind} {name!r} needs a name and a list of at least one value")
