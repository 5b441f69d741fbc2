# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rule 3: a listing is complete, or it is an error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.dispatch.pagination import (
    LISTING_TRIES,
    IncompleteListing,
    chunks,
    complete_rows,
    find_each,
    list_all,
    list_apart,
    page_count,
    read_by_ids,
)
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import ApiError, JdcloudError
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.fields import Page
from support.api.stage import Script, call, failure, refusal, stage

OPERATION = "vm.describeInstances"


def page_call(number: int) -> Call[Page[str]]:
    return call(OPERATION, str(number))


def ids_call(ids: Sequence[str]) -> Call[Page[str]]:
    return replace(call(OPERATION, ids[0]), query=tuple(("id", each) for each in ids))


def listed(script: Script) -> tuple[list[str], int]:
    dispatcher, pool, _clock = stage(script)
    return list_all(dispatcher, page_call, str), len(pool.sent)


def pages(rows: list[str], totals: dict[int, int] | None = None) -> Script:
    def script(each: Call[Any], _nth: int) -> Page[str]:
        number = int(each.resource or "0")
        return Page(tuple(rows[(number - 1) * 100 : number * 100]), (totals or {}).get(number, len(rows)))

    return script


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 1000])
def test_all_pages_are_read_once(count: int) -> None:
    rows = [f"i-{number}" for number in range(count)]
    found, sent = listed(pages(rows))
    assert found == rows
    assert sent == max(1, -(-count // 100))


@pytest.mark.parametrize("totals", [{2: 249}, {2: 251}, {1: 249, 2: 249, 3: 249}, {1: 251, 2: 251, 3: 251}, {3: 0}])
def test_totals_that_contradict_the_rows_or_each_other_are_an_error_after_some_tries(totals: dict[int, int]) -> None:
    rows = [f"i-{number}" for number in range(250)]
    with pytest.raises(IncompleteListing, match="contradict"):
        listed(pages(rows, totals))


def test_a_row_that_slipped_from_one_page_to_another_is_noticed_and_read_again() -> None:
    rows = [f"i-{number}" for number in range(150)]

    def script(each: Call[Any], nth: int) -> Page[str]:
        if nth == 1 and each.resource == "2":
            # Another user deleted a row of the first page meanwhile, and another one came to be.
            return Page(tuple(rows[101:150]), 150)
        number = int(each.resource or "0")
        return Page(tuple(rows[(number - 1) * 100 : number * 100]), 150)

    found, sent = listed(script)
    assert found == rows
    assert sent == 4


def test_the_same_row_twice_does_not_make_a_listing_complete() -> None:
    rows = [f"i-{number}" for number in range(150)]
    with pytest.raises(IncompleteListing):
        listed(lambda each, _nth: Page(tuple(rows[:100] if each.resource == "1" else rows[99:149]), 150))


def test_a_row_that_stands_there_twice_is_not_believed_although_the_total_counts_it_once() -> None:
    # Which of the two is true is not known.
    with pytest.raises(IncompleteListing):
        listed(lambda _each, _nth: Page(("i-0", "i-1", "i-1"), 2))


def test_a_page_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(ApiError):
        listed(
            lambda each, _nth: (
                refusal(403, "HTTP_FORBIDDEN") if each.resource == "2" else Page(tuple(f"i-{n}" for n in range(100)), 200)
            )
        )


def by_ids(ids: list[str], script: Script) -> tuple[dict[str, str], int]:
    dispatcher, pool, _clock = stage(script)
    return read_by_ids(dispatcher, ids, ids_call, str), len(pool.sent)


def test_ids_are_read_a_hundred_at_a_time_and_missing_ones_are_left_out() -> None:
    ids = [f"i-{number}" for number in range(250)]

    def script(each: Call[Any], _nth: int) -> Page[str]:
        rows = tuple(value for _name, value in each.query if value != "i-7")
        assert len(each.query) <= 100
        return Page(rows, len(rows))

    found, sent = by_ids(ids, script)
    assert set(found) == set(ids) - {"i-7"}
    assert sent == 3


def test_rows_that_were_not_asked_for_are_ignored() -> None:
    found, _sent = by_ids(["i-0"], lambda _call, _nth: Page(("i-0", "i-stranger"), 2))
    assert set(found) == {"i-0"}


def test_only_the_chunk_that_contradicts_itself_is_read_again() -> None:
    ids = [f"i-{number}" for number in range(200)]

    def script(each: Call[Any], nth: int) -> Page[str]:
        rows = tuple(value for _name, value in each.query)
        return Page(rows[1:], 100) if each.resource == "i-100" and nth < LISTING_TRIES else Page(rows, 100)

    found, sent = by_ids(ids, script)
    assert len(found) == 200
    assert sent == 1 + LISTING_TRIES


def test_an_answer_that_keeps_contradicting_itself_is_an_error() -> None:
    with pytest.raises(IncompleteListing):
        by_ids(["i-0"], lambda _call, _nth: Page((), 1))


def test_no_ids_need_no_call() -> None:
    assert by_ids([], lambda _call, _nth: Page((), 0)) == ({}, 0)
    assert list(chunks([])) == []


@pytest.mark.parametrize("error", [refusal(403, "HTTP_FORBIDDEN"), refusal(500, "INTERNAL"), failure("unreachable")])
def test_only_a_404_says_that_a_row_which_a_bulk_answer_leaves_out_is_gone(error: JdcloudError) -> None:
    def found(single: JdcloudError) -> dict[str, str]:
        dispatcher, _pool, _clock = stage(lambda each, _nth: single if each.operation == "vm.one" else Page((), 0), retries=0)
        return find_each(dispatcher, ["i-0"], ids_call, lambda row_id: call("vm.one", row_id), str)

    assert found(refusal(404, "NOT_FOUND")) == {}
    with pytest.raises(type(error)):
        found(error)


def apart(script: Script, *names: str) -> list[list[str] | JdcloudError]:
    """Read several listings whose pages are called name-number."""
    dispatcher, _pool, _clock = stage(script)
    listings = [lambda number, name=name: call(OPERATION, f"{name}-{number}") for name in names]
    return list_apart(dispatcher, listings, page_count, lambda read: complete_rows(read, str), "they change")


def test_a_listing_that_cannot_be_read_leaves_the_others() -> None:
    def script(each: Call[Any], _nth: int) -> Any:
        name, _dash, number = str(each.resource).partition("-")
        if name == "b":
            return refusal(403, "HTTP_FORBIDDEN")
        if (name, number) == ("c", "2"):
            return refusal(404, "NOT_FOUND")
        rows = [f"{name}{row}" for row in range(150)]
        return Page(tuple(rows[(int(number) - 1) * 100 : int(number) * 100]), 150)

    first, refused, half, last = apart(script, "a", "b", "c", "d")
    assert (first, last) == ([f"a{row}" for row in range(150)], [f"d{row}" for row in range(150)])
    assert isinstance(refused, ApiError)
    assert refused.http == 403
    assert isinstance(half, ApiError)
    assert half.http == 404


def test_a_listing_that_never_gets_consistent_leaves_the_others() -> None:
    first, contradicting = apart(lambda each, _nth: Page(("one",), 1 if each.resource == "a-1" else 7), "a", "b")
    assert first == ["one"]
    assert isinstance(contradicting, IncompleteListing)
    assert "they change" in str(contradicting)


def test_no_listings_are_no_calls() -> None:
    assert apart(lambda _each, _nth: Page((), 0)) == []
