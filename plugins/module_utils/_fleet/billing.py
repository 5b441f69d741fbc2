# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What resources cost in a month, from the account's own bill: the month, complete reads, and sums. Reads only."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from .._api.calls import Call
from .._api.dispatch.dispatcher import Dispatcher
from .._api.dispatch.pagination import IncompleteListing, chunks, list_many
from .._api.errors import ApiError, InputError, JdcloudError
from .._api.model.times import BEIJING
from .._api.services.billing import MAX_IDS, BillPage, BillRow, describe_bill_details
from .common.texts import shown

MOST_ROWS = 500_000
"""Of one call's bill: 500 resources have some thousand rows a month, by the hour more."""
CURRENCY = "CNY"
"""Assumed: the bill has no field for it."""

_MONTH = re.compile(r"(20\d\d|21\d\d)-(0[1-9]|1[0-2])", re.ASCII)
_CENT = Decimal("0.01")
_WHY = "its rows changed during the read; try again later, or select fewer resource_ids at a time"


@dataclass(frozen=True, slots=True)
class ResourceBill:
    """What one resource cost: the sum of its ``rows`` lines.

    ``fee`` is None if there is no line, and if one of them does not name its fee: a sum is never too low unnoticed. ``name``
    and ``service_code`` are the first that its lines name.
    """

    resource_id: str
    name: str | None
    service_code: str | None
    fee: Decimal | None
    rows: int


def this_month(now: datetime) -> date:
    """The first day of the month that it is in Beijing."""
    return now.astimezone(BEIJING).date().replace(day=1)


def parse_month(given: str | None, now: datetime) -> date:
    """The first day of the month that is meant, without one of the last complete month in Beijing. Raises `InputError`."""
    current = this_month(now)
    if given is None:
        return (current - timedelta(days=1)).replace(day=1)
    match = _MONTH.fullmatch(given.strip())
    if match is None:
        raise InputError(
            f"month is {shown(given)}, but must be a year and a month such as 2026-01: correct it, or remove the option."
        )
    month = date(int(match[1]), int(match[2]), 1)
    if month > current:
        raise InputError(
            f"month is {shown(given)}, which has not begun in Beijing time: set an earlier month, or remove the option."
        )
    return month


def month_name(month: date) -> str:
    """The month as YYYY-MM."""
    return f"{month:%Y-%m}"


def read_bill(dispatcher: Dispatcher, region: str, ids: Sequence[str], month: date) -> list[BillRow]:
    """All lines of the bill about these resources, complete. Raises `IncompleteListing` if its pages keep contradicting."""

    def pages_of(chunk: Sequence[str]) -> Callable[[int], Call[BillPage]]:
        return lambda page: describe_bill_details(region, chunk, month, page)

    return list_many(dispatcher, [pages_of(chunk) for chunk in chunks(ids, MAX_IDS)], _page_count, _complete, _WHY)


def bills_of(ids: Iterable[str], rows: Iterable[BillRow]) -> list[ResourceBill]:
    """The bill of each resource, in the order of the ids. Lines about others are ignored."""
    of: dict[str, list[BillRow]] = {resource_id: [] for resource_id in ids}
    for row in rows:
        if row.resource_id in of:
            of[row.resource_id].append(row)
    return [_bill(resource_id, lines) for resource_id, lines in of.items()]


def total_of(bills: Iterable[ResourceBill]) -> Decimal | None:
    """The sum of all fees that are known, None if none is."""
    return _sum(bill.fee for bill in bills if bill.fee is not None)


def rounded(fee: Decimal | None) -> float | None:
    """A fee as a number with two decimals."""
    # Adding zero turns -0.00 into 0.00.
    return None if fee is None else float(fee.quantize(_CENT, ROUND_HALF_UP) + 0)


def is_denied(error: JdcloudError) -> bool:
    """Whether the service says that the key's user may not read the bill (fact bills-rights). A proxy's 403 does not say so."""
    return isinstance(error, ApiError) and (error.http == 403 or error.status in ("HTTP_FORBIDDEN", "PERMISSION_DENIED"))


def _page_count(first: BillPage) -> int:
    """How many pages a bill has. What it announces must fit its first page, or nothing further is read."""
    if first.records > MOST_ROWS:
        raise IncompleteListing(
            f"A bill reports {first.records} rows, but at most {MOST_ROWS} are read: select fewer resource_ids at a time, or "
            "try again later."
        )
    # The service may give fewer rows a page than it was asked for.
    wanted = -(-first.records // max(1, len(first.rows)))
    return wanted if first.pages == wanted > 0 and first.rows else 1


def _complete(pages: Sequence[BillPage]) -> list[BillRow] | None:
    """The rows of all pages, None if the pages contradict each other.

    Lines of a bill have no id, and two may be alike: instead, the pages must have different numbers.
    """
    rows = [row for page in pages for row in page.rows]
    agree = all((page.pages, page.records) == (pages[0].pages, len(rows)) for page in pages)
    return rows if agree and len({page.number for page in pages}) == len(pages) else None


def _bill(resource_id: str, lines: Sequence[BillRow]) -> ResourceBill:
    return ResourceBill(
        resource_id,
        next((line.name for line in lines if line.name), None),
        next((line.service_code for line in lines if line.service_code), None),
        None if any(line.fee is None for line in lines) else _sum(line.fee for line in lines if line.fee is not None),
        len(lines),
    )


def _sum(fees: Iterable[Decimal]) -> Decimal | None:
    known = list(fees)
    return sum(known, Decimal(0)) if known else None
