# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Complete reads: every page of a listing, or every row of a list of ids, or an error. Never a part of it.

Rows move between pages while others create and delete, and a deleted row shifts all later ones: a listing counts as
complete only if `totalCount` is the same on all its pages and equals the number of rows read, each with an id of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from ..calls import Call
from ..errors import JdcloudError
from ..fields import PAGE_SIZE, Page
from .dispatcher import Dispatcher

LISTING_TRIES = 5
FORBIDDEN = 403
MAX_ROWS = 100_000
"""No account holds more of one kind in a region; a listing that announces more is wrong, and is not read to its end."""

T = TypeVar("T")
P = TypeVar("P")


class IncompleteListing(JdcloudError):
    """The pages of a listing contradict each other, however often they are read."""


def chunks(ids: Sequence[T], size: int = PAGE_SIZE) -> Iterator[Sequence[T]]:
    """`ids`, or what has them, in pieces of at most `size`."""
    for start in range(0, len(ids), size):
        end = start + size
        yield ids[start:end]


def list_all(dispatcher: Dispatcher, page_call: Callable[[int], Call[Page[T]]], key: Callable[[T], str]) -> list[T]:
    """Every row of a paged listing, further pages in parallel. Raises `IncompleteListing` if it never becomes consistent."""
    why = "instances are created or deleted during the listing; select by instance_ids, or try again when the account is quieter"
    return list_many(dispatcher, [page_call], page_count, lambda pages: complete_rows(pages, key), why)


def list_many(
    dispatcher: Dispatcher,
    listings: Sequence[Callable[[int], Call[P]]],
    count: Callable[[P], int],
    complete: Callable[[Sequence[P]], list[T] | None],
    why: str,
) -> list[T]:
    """Every row of several paged listings, as `list_apart` reads them. Raises the error of the first that could not be read."""
    found: list[T] = []
    for rows in list_apart(dispatcher, listings, count, complete, why):
        if isinstance(rows, JdcloudError):
            raise rows
        found.extend(rows)
    return found


def list_apart(
    dispatcher: Dispatcher,
    listings: Sequence[Callable[[int], Call[P]]],
    count: Callable[[P], int],
    complete: Callable[[Sequence[P]], list[T] | None],
    why: str,
) -> list[list[T] | JdcloudError]:
    """The rows of each of several paged listings, or why it could not be read: first pages together, further pages together.

    `count` tells from its first page how many pages a listing has; `complete` gives the rows of all its pages, None if they
    contradict each other: then it is read again. In the end that is an `IncompleteListing` with `why` (a cause and an advice),
    and at once if a first page announces more than any account holds.
    """
    found: dict[int, list[T] | JdcloudError] = {}
    for _try in range(LISTING_TRIES):
        todo = [place for place in range(len(listings)) if place not in found]
        if not todo:
            break
        for place, pages in zip(todo, _read_once(dispatcher, [listings[place] for place in todo], count), strict=True):
            rows = pages if isinstance(pages, JdcloudError) else complete(pages)
            if rows is not None:
                found[place] = rows
    for place, listing in enumerate(listings):
        if place not in found:
            text = f"{listing(1).operation} returned contradicting pages {LISTING_TRIES} times: {why}."
            found[place] = IncompleteListing(text)
    return [found[place] for place in range(len(listings))]


def _read_once(
    dispatcher: Dispatcher, listings: Sequence[Callable[[int], Call[P]]], count: Callable[[P], int]
) -> list[list[P] | JdcloudError]:
    """All pages of each listing, or the first error of one of them."""
    read: list[list[P] | JdcloudError] = []
    further: list[tuple[int, int]] = []
    for place, outcome in enumerate(dispatcher.gather([listing(1) for listing in listings])):
        try:
            first: P = outcome.value
            further += [(place, number) for number in range(2, count(first) + 1)]
            read.append([first])
        except JdcloudError as error:
            read.append(error)
    outcomes = dispatcher.gather([listings[place](number) for place, number in further]) if further else []
    for (place, _number), outcome in zip(further, outcomes, strict=True):
        pages = read[place]
        if isinstance(pages, list):
            if outcome.error is not None:
                read[place] = outcome.error
            else:
                pages.append(outcome.value)
    return read


def page_count(first: Page[Any]) -> int:
    """How many pages of the usual size a listing has, after its first one. Raises `IncompleteListing` for absurdly many."""
    if first.total > MAX_ROWS:
        raise IncompleteListing(
            f"A listing reports {first.total} rows, but at most {MAX_ROWS} are read: check endpoint_url "
            "(JDCLOUD_ENDPOINT_URL), or try again later."
        )
    if len(first.items) + first.nameless < PAGE_SIZE:
        # A page that is not full is the last one. If it announces more, it contradicts itself, and further pages prove nothing.
        return 1
    return -(-first.total // PAGE_SIZE)


def complete_rows(pages: Sequence[Page[T]], key: Callable[[T], str]) -> list[T] | None:
    """The rows of all pages of a listing, None if the pages contradict each other."""
    rows = rows_by_id([row for page in pages for row in page.items], key)
    if rows is None or any(page.nameless for page in pages):
        return None
    return [*rows.values()] if all(page.total == len(rows) for page in pages) else None


def rows_by_id(rows: Sequence[T], key: Callable[[T], str]) -> dict[str, T] | None:
    """The rows by their ids, None if one stands there twice: which of the two is true, no one knows."""
    found = {key(row): row for row in rows}
    return found if len(found) == len(rows) else None


def complete_page(page: Page[T], key: Callable[[T], str]) -> dict[str, T] | None:
    """The rows of an answer that is all on one page, by id; None if it contradicts itself."""
    rows = complete_rows([page], key)
    return None if rows is None else {key(row): row for row in rows}


def find_each(
    dispatcher: Dispatcher,
    ids: Sequence[str],
    ids_call: Callable[[Sequence[str]], Call[Page[T]]],
    one_call: Callable[[str], Call[T]],
    key: Callable[[T], str],
    *,
    gone: Callable[[JdcloudError], bool] = lambda error: error.is_not_found,
) -> dict[str, T]:
    """The rows with these ids. One that a bulk answer leaves out is asked for by itself: only a 404 says that it is gone.

    Where a row that this key may not read is as good as none, `gone` is `is_not_shown`.
    """
    found = read_by_ids(dispatcher, ids, ids_call, key)
    doubtful = [row_id for row_id in ids if row_id not in found]
    for row_id, outcome in zip(doubtful, dispatcher.gather([one_call(each) for each in doubtful]), strict=True):
        if outcome.error is None or not gone(outcome.error):
            found[row_id] = outcome.value
    return found


def is_not_shown(error: JdcloudError) -> bool:
    """Whether the service does not show a single row: there is none, or this key may not read it (fact requests-hidden-rows)."""
    return error.is_not_found or error.http == FORBIDDEN


def prove_missing(dispatcher: Dispatcher, ids: Sequence[str], one_call: Callable[[str], Call[T]]) -> None:
    """Raise unless the service says of each of these ids, which a bulk answer left out, that it does not exist."""
    for row_id, outcome in zip(ids, dispatcher.gather([one_call(each) for each in ids]), strict=True):
        if outcome.error is None:
            operation = one_call(row_id).operation
            raise IncompleteListing(f"{row_id} is missing in the listing, but {operation} returns it: try again later.")
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
            rows = complete_page(page, key)
            if rows is None:
                again.append(chunk)
                continue
            wanted = set(chunk)
            found.update((row_id, row) for row_id, row in rows.items() if row_id in wanted)
        todo = again
        if not todo:
            return found
    raise IncompleteListing(
        f"{ids_call(todo[0]).operation} by id returned contradicting responses {LISTING_TRIES} times: try again later."
    )
