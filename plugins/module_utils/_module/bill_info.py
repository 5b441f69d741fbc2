# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The work of the module `jdcloud_bill_info`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from .._api.calls import SAFE_ID
from .._api.connection import CONNECTION_SPEC
from .._api.errors import ApiError
from .._fleet.billing import (
    CURRENCY,
    ResourceBill,
    bills_of,
    is_denied,
    month_name,
    parse_month,
    read_bill,
    rounded,
    this_month,
    total_of,
)
from .._fleet.common.texts import parse_ids
from .common.session import Result, Session, Spec

BILL_INFO_SPEC: Spec = {
    **CONNECTION_SPEC,
    "resource_ids": {"type": "list", "elements": "str", "required": True},
    "month": {"type": "str"},
    "on_denied": {"type": "str", "default": "report", "choices": ["report", "fail"]},
}


def work(session: Session) -> Result:
    """Read the bill of a month, all of it or nothing."""
    params = session.module.params
    ids = parse_ids(params["resource_ids"], "resource_ids", SAFE_ID, required=True)
    now = _utcnow()
    month = parse_month(params["month"], now)
    dispatcher = session.connect()
    try:
        rows = read_bill(dispatcher, session.region, ids, month)
    except ApiError as error:
        if not is_denied(error):
            raise
        return _denied(session, month, str(error))
    bills = bills_of(ids, rows)
    _warn(session, bills, month, over=month < this_month(now))
    return _result(session, month, bills, available=True)


def early_end(session: Session) -> Result:
    """The result of a run that ended before it read the bill."""
    return _result(session, None, [], available=False)


def _denied(session: Session, month: date, sentence: str) -> Result:
    result = {**_result(session, month, [], available=False), "reason": sentence}
    return {**result, "msg": sentence} if session.module.params["on_denied"] == "fail" else result


def _result(session: Session, month: date | None, bills: Sequence[ResourceBill], *, available: bool) -> Result:
    billed = [bill for bill in bills if bill.rows]
    return {
        "changed": False,
        "account": session.account,
        "available": available,
        "reason": None,
        "month": None if month is None else month_name(month),
        "resources": [_row(bill) for bill in bills],
        "total": rounded(total_of(bills)),
        "currency": CURRENCY,
        "summary": {
            "selected": len(bills),
            "billed": len(billed),
            "not_billed": len(bills) - len(billed),
            "fee_unknown": _unknown(bills),
            **session.api_use(),
        },
    }


def _row(bill: ResourceBill) -> Result:
    return {
        "resource_id": bill.resource_id,
        "name": bill.name,
        "service_code": bill.service_code,
        "fee": rounded(bill.fee),
        "currency": CURRENCY,
        "rows": bill.rows,
    }


def _warn(session: Session, bills: Sequence[ResourceBill], month: date, *, over: bool) -> None:
    name = month_name(month)
    if not over:
        session.module.warn(f"The month {name} is not over, so its fees are not final.")
    if not any(bill.rows for bill in bills):
        session.module.warn(
            session.maybe_foreign(f"None of the {len(bills)} resources is in the bill of {name} in {session.region}")
        )
    unknown = _unknown(bills)
    if unknown:
        session.module.warn(
            f"The bill of {name} contains no fee for {unknown} of {len(bills)} resources, so the total does not include them."
        )


def _unknown(bills: Sequence[ResourceBill]) -> int:
    return sum(bill.rows > 0 and bill.fee is None for bill in bills)


def _utcnow() -> datetime:
    return datetime.now(UTC)
