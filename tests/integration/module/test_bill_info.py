# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module that reads the bill. It sends reads only (asserted for every run)."""

from __future__ import annotations

import re

from support.integration.cloud import Cloud, account, stopped
from support.integration.deletions import info, seed

A = "i-aaaa000001"
OPERATION = "billing.describeBillDetails"


def test_a_denied_bill_is_reported_and_no_failure_unless_wanted(cloud: Cloud) -> None:
    cloud.seed(stopped(A), accounts=[account(denied=["billing:*"])])
    text = info(cloud, "bill", resource_ids=[A])
    assert not text.failed
    assert text.result["available"] is False
    assert "HTTP_FORBIDDEN" in text.result["reason"]
    failed = info(cloud, "bill", resource_ids=[A], on_denied="fail")
    assert failed.failed
    assert "HTTP_FORBIDDEN" in failed.msg
    assert failed.result["reason"] == failed.msg


def test_a_bill_that_announces_more_than_it_shows_fails(cloud: Cloud) -> None:
    cloud.seed(stopped(A))
    cloud.control.inject("wrong_total", operation=OPERATION, times=0)
    ended = info(cloud, "bill", resource_ids=[A])
    assert ended.failed
    assert "contradicting pages" in ended.msg
    assert ended.result["resources"] == []


def test_a_bill_that_is_complete_the_second_time_is_taken(cloud: Cloud) -> None:
    cloud.seed(stopped(A), bill_lines=1500)
    cloud.control.inject("drop_rows", operation=OPERATION, times=1)
    ended = info(cloud, "bill", resource_ids=[A])
    assert not ended.failed
    assert ended.result["resources"][0]["rows"] == 1500
    assert ended.summary["api_calls"] == 4


def test_machines_disks_and_addresses_are_billed_also_when_they_are_gone(cloud: Cloud) -> None:
    machine = {**stopped(A, fee=180.4), "disks": [{"id": "vol-a", "size": 100}], "elastic_ip": {"id": "fip-a"}}
    seed(cloud, machine, bill_lines=3, fees_as_text=True)
    ids = [A, "vol-a", "fip-a", "i-none"]
    before = info(cloud, "bill", resource_ids=ids)
    fees = {row["resource_id"]: (row["service_code"], row["rows"]) for row in before.result["resources"]}
    assert fees == {A: ("vm", 3), "vol-a": ("disk", 3), "fip-a": ("ip", 3), "i-none": (None, 0)}
    assert abs(before.result["resources"][0]["fee"] - 180.4) < 0.02
    assert before.summary["not_billed"] == 1
    assert re.fullmatch(r"20\d\d-\d\d", before.result["month"])
    cloud.control.act("delete", A, instantly=True)
    after = info(cloud, "bill", resource_ids=ids)
    assert not cloud.exists(A)
    assert after.result["resources"] == before.result["resources"]


def test_two_thousand_resources_are_a_handful_of_calls(cloud: Cloud) -> None:
    cloud.seed(disks=[{"count": 2000, "id": "vol-{n:04}", "size": 10}], monthly_fee=0.07)
    ended = info(cloud, "bill", resource_ids=[f"vol-{number:04}" for number in range(1, 2001)], month="2026-01")
    assert ended.result["total"] == 140.0
    assert ended.summary["billed"] == 2000
    assert ended.summary["api_calls"] == 4
