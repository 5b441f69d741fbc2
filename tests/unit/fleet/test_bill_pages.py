# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The bill is complete, or it is an error: its lines have no id, so its pages must agree in everything else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.dispatch.pagination import LISTING_TRIES, IncompleteListing
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import ApiError
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.services.billing import MAX_IDS, MAX_ROWS, BillPage, BillRow
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.billing import read_bill
from support.api.stage import Script, refusal, stage


def line(resource_id: str, fee: int) -> BillRow:
    return BillRow(resource_id, None, None, Decimal(fee))


def bill(rows: Sequence[BillRow], size: int = MAX_ROWS) -> Script:
    """A service that knows these lines and gives `size` of them a page."""

    def script(call: Call[Any], _nth: int) -> BillPage:
        assert call.body is not None
        assert not call.write
        assert call.body["pageSize"] == MAX_ROWS
        number, ids = call.body["pageIndex"], set(call.body["resourceIds"])
        mine = [each for each in rows if each.resource_id in ids]
        return BillPage(tuple(mine[(number - 1) * size : number * size]), number, -(-len(mine) // size), len(mine))

    return script


def read(ids: Sequence[str], script: Script) -> tuple[list[BillRow], int]:
    dispatcher, pool, _clock = stage(script)
    return read_bill(dispatcher, "cn-north-1", ids, date(2026, 1, 1)), len(pool.sent)


def turned(script: Script, turn: Any, tries: int = LISTING_TRIES) -> Script:
    """A service whose pages are changed by `turn(page, number)`, as long as there were at most `tries` answers to call 1."""
    firsts: list[int] = []

    def turning(call: Call[Any], nth: int) -> BillPage:
        assert call.body is not None
        number = int(call.body["pageIndex"])
        if number == 1:
            firsts.append(nth)
        page: BillPage = script(call, nth)
        return turn(page, number) if len(firsts) <= tries else page

    return turning


LINES = [line("i-0", number) for number in range(25)]
CONTRADICTIONS = {
    "another number of lines on one page": lambda page, number: replace(page, records=page.records + (number == 2)),
    "too many lines announced": lambda page, _number: replace(page, records=page.records + 1),
    "too few lines announced": lambda page, _number: replace(page, records=page.records - 1),
    "another number of pages on one page": lambda page, number: replace(page, pages=page.pages + (number == 3)),
    "a page left out": lambda page, _number: replace(page, pages=page.pages - 1),
    "the first page again and again": lambda page, _number: replace(page, number=1),
    "a page that lost its lines": lambda page, number: replace(page, rows=()) if number == 2 else page,
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_pages_that_keep_contradicting_each_other_are_an_error(name: str) -> None:
    with pytest.raises(IncompleteListing, match="contradicting pages"):
        read(["i-0"], turned(bill(LINES, 10), CONTRADICTIONS[name]))


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_a_bill_that_agrees_the_second_time_is_taken(name: str) -> None:
    rows, sent = read(["i-0"], turned(bill(LINES, 10), CONTRADICTIONS[name], tries=1))
    assert rows == LINES
    assert sent > 3


def test_a_page_that_cannot_be_read_is_an_error() -> None:
    def script(call: Call[Any], nth: int) -> Any:
        assert call.body is not None
        return refusal(403, "HTTP_FORBIDDEN") if call.body["pageIndex"] == 2 else bill(LINES, 10)(call, nth)

    with pytest.raises(ApiError):
        read(["i-0"], script)


@pytest.mark.parametrize("count", [0, 1, 10, 11, 25])
def test_all_pages_are_read_once_even_if_they_are_smaller_than_asked_for(count: int) -> None:
    rows, sent = read(["i-0"], bill(LINES[:count], 10))
    assert rows == LINES[:count]
    assert sent == max(1, -(-count // 10))


def test_lines_that_are_alike_all_count() -> None:
    rows, _sent = read(["i-0"], bill([line("i-0", 1)] * 12, 10))
    assert len(rows) == 12


def test_ids_are_asked_for_five_hundred_at_a_time() -> None:
    ids = [f"i-{number}" for number in range(2 * MAX_IDS + 1)]
    rows, sent = read(ids, bill([line(each, 1) for each in ids]))
    assert {each.resource_id for each in rows} == set(ids)
    assert len(rows) == len(ids)
    assert sent == 3


@pytest.mark.parametrize(("records", "pages"), [(10**6, 1000), (10**12, 10**9), (25, 10**6), (10**6, 1)])
def test_a_bill_that_announces_absurdly_much_is_refused_without_reading_further(records: int, pages: int) -> None:
    sent: list[int] = []

    def script(call: Call[Any], _nth: int) -> BillPage:
        assert call.body is not None
        sent.append(call.body["pageIndex"])
        return BillPage(tuple(LINES[:10]), 1, pages, records)

    with pytest.raises(IncompleteListing):
        read(["i-0"], script)
    assert set(sent) == {1}
