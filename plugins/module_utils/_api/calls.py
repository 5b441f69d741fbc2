# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One API call as a value, and its answer; both independent of how calls are sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from .query import Query

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """What to send and how to read the answer.

    ``operation`` is service and operation as in the service's documentation ('vm.describeInstances'); ``path`` is what
    follows /v1/regions/{region}; ``query`` holds plain names and values, not yet percent-encoded; ``body`` becomes JSON,
    None is no body; ``write`` is true for everything that may change something; ``parse`` turns the answer's ``result``
    member ({} if it is missing) into a value and raises ValueError, TypeError or KeyError if that is not possible;
    ``resource`` is the id that the call is about, ``resources`` the ids of a call about several. A call that is not
    ``regional`` is about no region: its path follows /v1 alone.
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
