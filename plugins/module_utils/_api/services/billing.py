# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls of the billing service (facts bills-details, bills-fee)."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from ..calls import Call, posted_read
from ..fields import Json, MalformedResponse, each_object, optional_text, required_count, required_object

MAX_IDS = 500
"""The most resource ids of one call."""
MAX_ROWS = 500
"""The most rows of one page. The service gives up to 1000; with ten tags each and a long formula they are larger than any answer
may be (wire/responses.py)."""
# No fee comes near; what is larger would only make sums meaningless.
_TOO_MUCH = Decimal(10) ** 15


@dataclass(frozen=True, slots=True)
class BillRow:
    """One line of the bill. ``fee`` is what was charged after discounts, negative for a refund; None if it is not returned, or no
    amount: then the sum of its resource is not known, and those of the others are.
    """

    resource_id: str | None
    name: str | None
    service_code: str | None
    fee: Decimal | None


@dataclass(frozen=True, slots=True)
class BillPage:
    """One page of the bill: its own number, how many pages there are, and how many rows all of them have together."""

    rows: tuple[BillRow, ...]
    number: int
    pages: int
    records: int


def describe_bill_details(
    region: str, ids: Sequence[str], month: date, page: int = 1, page_size: int = MAX_ROWS
) -> Call[BillPage]:
    """One page of the bill of these resources for the whole month that the day ``month`` lies in.

    Start and end of the span must be in the same month, and are Beijing time like all times without a zone. Raises ValueError
    for no ids, which the service would take for no restriction, and for more than it takes.
    """
    if not 0 < len(ids) <= MAX_IDS:
        raise ValueError(f"{len(ids)} resource ids, but a call takes 1 to {MAX_IDS}")
    last_day = calendar.monthrange(month.year, month.month)[1]
    body = {
        # The region is in the path, and must be here, too.
        "regionId": region,
        "startTime": f"{month.replace(day=1).isoformat()} 00:00:00",
        "endTime": f"{month.replace(day=last_day).isoformat()} 23:59:59",
        "resourceIds": [*ids],
        "pageIndex": page,
        "pageSize": page_size,
    }
    return posted_read("billing.describeBillDetails", "/describeBillDetails", body, lambda result: _page(result, page_size))


def _page(result: Json, size: int) -> BillPage:
    text = required_object(result, "pagination")
    # The rows are a list called result, inside the answer's result.
    rows = tuple(_row(item) for item in each_object(result, "result"))
    if len(rows) > size:
        raise MalformedResponse(f"result has more than {size} rows")
    return BillPage(
        rows, required_count(text, "currPageNo"), required_count(text, "numberPages"), required_count(text, "numberRecords")
    )


def _row(raw: Json) -> BillRow:
    fee: Decimal | None = None
    with suppress(MalformedResponse):
        fee = _fee(raw, "realTotalFee")
    # Of which resource a line is must be readable: otherwise the sum of any of them could be too low.
    return BillRow(optional_text(raw, "resourceId"), _shown(raw, "resourceName"), _shown(raw, "serviceCode"), fee)


def _shown(raw: Json, name: str) -> str | None:
    """A text that is only shown."""
    value = raw.get(name)
    return value if isinstance(value, str) and value else None


def _fee(raw: Json, name: str) -> Decimal | None:
    """An amount, which may be a JSON number or text (fact bills-fee-form), exactly as it is written."""
    text = (optional_text(raw, name) or "").strip()
    if not text:
        return None
    try:
        fee = Decimal(text)
    except InvalidOperation:
        raise MalformedResponse(f"{name} is not an amount") from None
    if not fee.is_finite() or abs(fee) >= _TOO_MUCH:
        raise MalformedResponse(f"{name} is not an amount")
    return fee
