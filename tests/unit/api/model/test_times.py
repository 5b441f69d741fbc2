# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One parser for every form of time that the services write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.times import BEIJING, parse_time

MOMENT = datetime(2026, 1, 15, 8, 9, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-15T08:09:10Z",
        "2026-01-15 08:09:10Z",
        "2026-01-15T16:09:10+08:00",
        "2026-01-15T16:09:10+0800",
        "2026-01-15 16:09:10 +08:00",
        "2026-01-15T03:09:10-05:00",
        "2026-01-15 16:09:10",
        "2026-01-15T16:09:10",
        " 2026-01-15 16:09:10 ",
    ],
)
def test_reads_every_form_of_the_same_moment(text: str) -> None:
    assert parse_time(text) == MOMENT


@pytest.mark.parametrize(("digits", "microsecond"), [("5", 500000), ("123456", 123456), ("123456789", 123456), ("000", 0)])
def test_reads_fractions(digits: str, microsecond: int) -> None:
    assert parse_time(f"2026-01-15T08:09:10.{digits}Z") == MOMENT.replace(microsecond=microsecond)


@pytest.mark.parametrize(
    "text",
    [
        None,
        1768464550,
        "",
        "   ",
        "never",
        "2026-01-15",
        "2026-13-01 00:00:00",
        "2026-02-30 00:00:00",
        "2026-01-15 24:00:00",
        "2026-01-15 08:09:60",
        "2026-01-15T08:09:10+15:00",
        "2026-01-15T08:09:10+08:60",
        "2026-01-15T08:09:10.Z",
        "2026-01-15T08:09:10Z tomorrow",
        "0001-01-01T00:00:00Z",
        "9999-12-31 23:59:59",
        "1999-12-31 23:59:59",
        "2200-01-01 00:00:00",
        "٢٠٢٦-01-15 08:09:10",
    ],
)
def test_unreadable_or_absurd_is_none(text: object) -> None:
    assert parse_time(text) is None


moments = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2199, 12, 31, 23, 59, 59))
offsets = st.integers(min_value=-14 * 60, max_value=14 * 60)


@given(moments.map(lambda moment: moment.replace(microsecond=0)), st.sampled_from("T "))
def test_no_zone_is_beijing(moment: datetime, separator: str) -> None:
    assert parse_time(moment.isoformat(separator)) == moment.replace(tzinfo=BEIJING)


@given(moments, offsets, st.sampled_from("T "))
def test_reads_what_isoformat_writes(moment: datetime, minutes: int, separator: str) -> None:
    aware = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert parse_time(aware.isoformat(separator)) == aware


@given(st.text())
def test_never_fails_and_never_gives_a_naive_time(text: str) -> None:
    parsed = parse_time(text)
    assert parsed is None or parsed.tzinfo is not None
