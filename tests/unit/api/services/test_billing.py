# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The call of the billing service: how it asks for a month, and how its pages are read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.fields import MalformedResponse
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.services.billing import MAX_IDS, BillRow, describe_bill_details

PAGINATION = {"currPageNo": 1, "numberPages": 1, "numberRecords": 1, "pageSize": 1000, "startIndex": 0}


def call(month: date = date(2026, 1, 1), **more: Any) -> Any:
    return describe_bill_details("cn-north-1", ["i-1", "vol-1"], month, **more)


def parsed(**row: Any) -> BillRow:
    (only,) = call().parse({"pagination": PAGINATION, "result": [row]}).rows
    assert isinstance(only, BillRow)
    return only


@pytest.mark.parametrize("count", [0, MAX_IDS + 1])
def test_no_ids_and_too_many_are_never_sent(count: int) -> None:
    with pytest.raises(ValueError, match="resource ids"):
        describe_bill_details("cn-north-1", ["i-1"] * count, date(2026, 1, 1))


def test_the_bill_is_posted_and_yet_a_read() -> None:
    asked = call(page=3)
    assert (asked.operation, asked.service, asked.method) == ("billing.describeBillDetails", "billing", "POST")
    assert (asked.path, asked.query, asked.write) == ("/describeBillDetails", (), False)
    assert asked.body == {
        "regionId": "cn-north-1",
        "startTime": "2026-01-01 00:00:00",
        "endTime": "2026-01-31 23:59:59",
        "resourceIds": ["i-1", "vol-1"],
        "pageIndex": 3,
        "pageSize": 500,
    }


@pytest.mark.parametrize(
    ("day", "last"), [(date(2026, 2, 1), "2026-02-28"), (date(2028, 2, 29), "2028-02-29"), (date(2025, 12, 31), "2025-12-31")]
)
def test_the_span_is_the_whole_month_of_the_day(day: date, last: str) -> None:
    body = call(day).body
    assert (body["startTime"], body["endTime"]) == (f"{day:%Y-%m}-01 00:00:00", f"{last} 23:59:59")


@pytest.mark.parametrize(
    ("text", "fee"),
    [
        (12, "12"),
        (0.1, "0.1"),
        (-3.5, "-3.5"),
        (1e-05, "0.00001"),
        ("12.00", "12"),
        (" -0.125 ", "-0.125"),
        (0, "0"),
        ("", None),
        (None, None),
    ],
)
def test_a_fee_is_a_number_or_text_and_read_exactly(text: Any, fee: str | None) -> None:
    assert parsed(resourceId="i-1", realTotalFee=text).fee == (None if fee is None else Decimal(fee))


@pytest.mark.parametrize(
    "text", [True, [], {}, "free", "1,200.00", "¥12", "NaN", float("nan"), float("inf"), "-Infinity", 10**15, "1e999999"]
)
def test_a_fee_that_is_no_amount_is_left_out(text: Any) -> None:
    assert parsed(resourceId="i-1", realTotalFee=text) == BillRow("i-1", None, None, None)


@pytest.mark.parametrize("resource_id", [[], {}, True])
def test_a_line_of_nobody_knows_which_resource_spoils_the_page(resource_id: Any) -> None:
    with pytest.raises(MalformedResponse):
        parsed(resourceId=resource_id, realTotalFee=1)


def test_a_page_with_more_lines_than_asked_for_is_malformed() -> None:
    with pytest.raises(MalformedResponse):
        call().parse({"pagination": PAGINATION, "result": [{}] * 1001})


def test_the_fee_is_what_was_charged_after_discounts() -> None:
    row = parsed(
        resourceId="i-1", resourceName="web", serviceCode="vm", totalFee=100, discountFee=40, realTotalFee=60, cashPayFee=5
    )
    assert row == BillRow("i-1", "web", "vm", Decimal(60))


def test_a_line_may_leave_everything_out() -> None:
    assert parsed() == BillRow(None, None, None, None)


def test_a_page_tells_its_number_and_what_all_pages_hold() -> None:
    page = call().parse({"pagination": {"currPageNo": 2, "numberPages": 7, "numberRecords": 6001}, "result": None})
    assert (page.rows, page.number, page.pages, page.records) == ((), 2, 7, 6001)


@pytest.mark.parametrize("missing", ["currPageNo", "numberPages", "numberRecords"])
@pytest.mark.parametrize("text", [None, "1", -1, True, 1.5])
def test_a_page_that_does_not_tell_its_place_is_malformed(missing: str, text: Any) -> None:
    with pytest.raises(MalformedResponse):
        call().parse({"pagination": {**PAGINATION, missing: text}, "result": []})


@pytest.mark.parametrize("result", [{}, {"result": []}, {"pagination": None}, {"pagination": PAGINATION, "result": {}}])
def test_an_answer_without_pages_or_lines_is_malformed(result: dict[str, Any]) -> None:
    with pytest.raises(MalformedResponse):
        call().parse(result)
