# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Complete reads: every page of a listing, or every row of a list of ids, or an error. Never a part of it.

Rows move between pages while others create and delete, and a deleted row shifts all later ones: a listing counts as
complete only if `totalCount` is the same on all its pages and equals the number of distinct ids read.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterator, Sequence

from .calls import Call
from .dispatch import Dispatcher
from .errors import JdcloudError
from .models import Page

PAGE_SIZE = 100
"""The service's maximum (operations.yaml: pagination)."""
LISTING_TRIES = 5

T = t.TypeVar("T")


class IncompleteListing(JdcloudError):
    """The pages of a listing contradict each other, however often they are read."""


def chunks(ids: Sequence[str], size: int = PAGE_SIZE) -> Iterator[Sequence[str]]:
    """`ids` in pieces of at most `size`."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def list_all(dispatcher: Dispatcher, page_call: Callable[[int], Call[Page[T]]], key: Callable[[T], str]) -> list[T]:
    """Every row of a paged listing, further pages in parallel. Raises `IncompleteListing` if it never becomes consistent."""
    for _try in range(LISTING_TRIES):
        first = dispatcher.read(page_call(1))
        pages = [first]
        count = -(-first.total // PAGE_SIZE)
        if count > 1:
            pages += [outcome.value for outcome in dispatcher.gather([page_call(number) for number in range(2, count + 1)])]
        rows = {key(row): row for page in pages for row in page.items}
        if all(page.total == len(rows) for page in pages):
            return list(rows.values())
    raise IncompleteListing(
        f"{page_call(1).operation} gave contradicting pages {LISTING_TRIES} times ({first.total} announced, {len(rows)} read): "
        "machines come and go while they are listed; select by instance_ids, or try again when the account is quieter."
    )


def find_each(
    dispatcher: Dispatcher,
    ids: Sequence[str],
    ids_call: Callable[[Sequence[str]], Call[Page[T]]],
    one_call: Callable[[str], Call[T]],
    key: Callable[[T], str],
) -> dict[str, T]:
    """The rows with these ids. One that a bulk answer leaves out is asked for by itself: only a 404 says that it is gone."""
    found = read_by_ids(dispatcher, ids, ids_call, key)
    doubtful = [row_id for row_id in ids if row_id not in found]
    for row_id, outcome in zip(doubtful, dispatcher.gather([one_call(each) for each in doubtful]), strict=True):
        if outcome.error is None or not outcome.error.is_not_found:
            found[row_id] = outcome.value
    return found


def prove_missing(dispatcher: Dispatcher, ids: Sequence[str], one_call: Callable[[str], Call[T]]) -> None:
    """Raise unless the service says of each of these ids, which a bulk answer left out, that it does not exist."""
    for row_id, outcome in zip(ids, dispatcher.gather([one_call(each) for each in ids]), strict=True):
        if outcome.error is None:
            operation = one_call(row_id).operation
            raise IncompleteListing(f"The listing leaves out {row_id}, which {operation} shows: try again later.")
        if not outcome.error.is_not_found:
            raise outcome.error


def read_by_ids(
    dispatcher: Dispatcher, ids: Sequence[str], ids_call: Callable[[Sequence[str]], Call[Page[T]]], key: Callable[[T], str]
) -> dict[str, T]:
    """The rows with these ids, 100 ids a call, in parallel. An id without a row is missing in the result.

    Raises `IncompleteListing` if an answer's `totalCount` keeps contradicting its rows.
    """
    found: dict[str, T] = {}
    todo = list(chunks(ids))
    for _try in range(LISTING_TRIES):
        pages: list[Page[T]] = [outcome.value for outcome in dispatcher.gather([ids_call(chunk) for chunk in todo])]
        again = []
        for chunk, page in zip(todo, pages, strict=True):
            rows = {key(row): row for row in page.items}
            if page.total != len(rows):
                again.append(chunk)
                continue
            wanted = set(chunk)
            found.update((row_id, row) for row_id, row in rows.items() if row_id in wanted)
        todo = again
        if not todo:
            return found
    raise IncompleteListing(
        f"{ids_call(todo[0]).operation} by id gave answers whose totalCount contradicts their rows {LISTING_TRIES} times: "
        "try again later."
    )
