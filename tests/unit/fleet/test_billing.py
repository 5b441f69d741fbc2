# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What resources cost: the month that is meant, complete reads of the bill, and its sums."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import ApiError, InputError, JdcloudError, TransportError
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.services.billing import BillRow
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.billing import (
    bills_of,
    is_denied,
    month_name,
    parse_month,
    rounded,
    total_of,
)

NOW = datetime(2026, 2, 10, tzinfo=UTC)
IDS = [f"i-{number}" for number in range(4)]
FEES = st.decimals(-(10**6), 10**6, places=4)
ROWS = st.builds(
    BillRow, st.none() | st.sampled_from([*IDS, "i-stranger"]), st.none() | st.text(max_size=3), st.none(), st.none() | FEES
)


def refusal(http: int, status: str) -> ApiError:
    return ApiError("billing.describeBillDetails", http, status, "refused", "request-1")


def row(resource_id: str, fee: str | None, **more: Any) -> BillRow:
    return replace(BillRow(resource_id, None, None, None if fee is None else Decimal(fee)), **more)


# --- the month ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", ["", " ", "2026", "2026-1", "2026-13", "2026-00", "202601", "26-01", "2026-01-01", "1999-12"])
def test_a_month_of_another_form_is_an_error_that_shows_the_form(wrong: str) -> None:
    with pytest.raises(InputError, match="such as 2026-01"):
        parse_month(wrong, NOW)


def test_a_month_in_digits_of_another_script_is_an_error() -> None:
    with pytest.raises(InputError):
        parse_month("2026-\uff10\uff11", NOW)


def test_a_month_that_has_not_begun_is_an_error() -> None:
    assert parse_month("2026-02", NOW) == date(2026, 2, 1)
    with pytest.raises(InputError, match="has not begun in Beijing"):
        parse_month("2026-03", NOW)


@pytest.mark.parametrize(
    ("now", "month"),
    [
        (datetime(2026, 1, 31, 15, 59, tzinfo=UTC), "2025-12"),
        (datetime(2026, 1, 31, 16, 0, tzinfo=UTC), "2026-01"),
        (datetime(2026, 2, 28, 12, 0, tzinfo=UTC), "2026-01"),
        (datetime(2025, 12, 31, 16, 0, tzinfo=UTC), "2025-12"),
    ],
)
def test_the_last_complete_month_ends_at_midnight_in_beijing(now: datetime, month: str) -> None:
    assert month_name(parse_month(None, now)) == month


@given(st.dates(date(2000, 1, 1), date(2026, 1, 31)))
def test_a_month_is_what_its_name_says(day: date) -> None:
    month = parse_month(f" {day:%Y-%m} ", NOW)
    assert (month.year, month.month, month.day) == (day.year, day.month, 1)
    assert month_name(month) == f"{day:%Y-%m}"


# --- sums ---------------------------------------------------------------------------------------------------------


def test_purchase_usage_and_refund_of_a_resource_are_added_up() -> None:
    (only,) = bills_of(["i-0"], [row("i-0", "100.10"), row("i-0", "0.205"), row("i-0", "-30")])
    assert (only.fee, only.rows, rounded(only.fee)) == (Decimal("70.305"), 3, 70.31)


def test_a_resource_that_is_not_in_the_bill_has_no_fee_which_is_not_nothing() -> None:
    free, absent = bills_of(["i-0", "i-1"], [row("i-0", "0")])
    assert free.fee == Decimal(0)
    assert free.rows == 1
    assert (absent.fee, absent.rows, absent.name) == (None, 0, None)


def test_a_line_without_a_fee_makes_the_sum_of_its_resource_unknown() -> None:
    unknown, known = bills_of(["i-0", "i-1"], [row("i-0", "5"), row("i-0", None), row("i-1", "7")])
    assert (unknown.fee, unknown.rows) == (None, 2)
    assert total_of([unknown, known]) == 7


def test_without_any_fee_there_is_no_total() -> None:
    assert total_of(bills_of(["i-0", "i-1"], [row("i-0", None)])) is None
    assert total_of([]) is None


def test_names_and_products_are_the_first_in_the_bill() -> None:
    lines = [row("i-0", "1"), row("i-0", "1", name="web", service_code="vm"), row("i-0", "1", name="old", service_code="disk")]
    (only,) = bills_of(["i-0"], lines)
    assert (only.name, only.service_code) == ("web", "vm")


@pytest.mark.parametrize(
    ("fee", "shown"),
    [("0.005", 0.01), ("-0.005", -0.01), ("0.0049", 0.0), ("2.675", 2.68), ("1e-9", 0.0), ("123456789.014", 123456789.01)],
)
def test_fees_are_rounded_as_on_paper(fee: str, shown: float) -> None:
    assert rounded(Decimal(fee)) == shown


def test_nothing_is_never_shown_as_minus_nothing() -> None:
    assert str(rounded(Decimal("-0.004"))) == "0.0"
    assert rounded(None) is None


@given(st.lists(ROWS, max_size=12), st.randoms())
def test_sums_depend_on_the_lines_and_not_on_their_order(rows: list[BillRow], rng: Any) -> None:
    bills = bills_of(IDS, rows)
    assert [each.resource_id for each in bills] == IDS
    assert sum(each.rows for each in bills) == sum(each.resource_id in IDS for each in rows)
    for each in bills:
        mine = [line.fee for line in rows if line.resource_id == each.resource_id]
        known = [fee for fee in mine if fee is not None]
        assert each.fee == (sum(known) if mine and len(known) == len(mine) else None)
    rng.shuffle(rows)
    assert [(each.fee, each.rows) for each in bills_of(IDS, rows)] == [(each.fee, each.rows) for each in bills]


@given(st.lists(FEES, min_size=1, max_size=20))
def test_no_cent_is_lost_where_floats_would_lose_it(fees: list[Decimal]) -> None:
    total = total_of(bills_of(IDS, [BillRow(IDS[place % 4], None, None, fee) for place, fee in enumerate(fees)]))
    assert total == Decimal(sum(int(fee * 10000) for fee in fees)) / 10000


# --- the right to read it -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "denied"),
    [
        (refusal(403, "HTTP_FORBIDDEN"), True),
        (refusal(403, "PERMISSION_DENIED"), True),
        (refusal(403, ""), True),
        (refusal(200, "PERMISSION_DENIED"), True),
        (refusal(401, "UNAUTHENTICATED"), False),
        (refusal(400, "INVALID_ARGUMENT"), False),
        (refusal(404, "NOT_FOUND"), False),
        (refusal(500, "INTERNAL"), False),
        (TransportError("A page of a proxy.", operation="x", kind="garbled", sent=True, http=403), False),
        (InputError("Wrong."), False),
    ],
)
def test_only_the_service_itself_denies(error: JdcloudError, denied: bool) -> None:
    assert is_denied(error) is denied
