# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`jdcloud_bill_info` from its arguments to its results."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call
from ansible_collections.jdcloud.cloud.plugins.module_utils._module import bill_info
from support.json_object import Json
from support.module.documentation import check, documented_returns, paths
from support.module.memory_cloud import MemoryCloud, Reply
from support.module.runner import Ended, Runner

BILL = "jdcloud_bill_info"
OPERATION = "billing.describeBillDetails"
PAGE = 500


class BilledCloud(MemoryCloud):
    """A cloud with a bill, whose lines are the service's."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[Json] = []

    def charge(self, resource_id: str, fee: Any, **fields: Any) -> None:
        """One more line of the bill."""
        named = {"resourceId": resource_id, "resourceName": f"name-of-{resource_id}", "serviceCode": "vm"}
        self.lines.append({**named, "totalFee": 9999, "realTotalFee": fee, **fields})

    @property
    def months(self) -> set[tuple[str, str]]:
        """The spans that were asked for."""
        return {(call.body["startTime"], call.body["endTime"]) for call in self.calls if call.body is not None}

    @property
    def _replies(self) -> dict[str, Reply]:
        return {**super()._replies, OPERATION: self._describe_bill}

    def _describe_bill(self, call: Call[Any]) -> Json:
        assert call.body is not None
        assert call.body["regionId"] == "cn-north-1"
        number = call.body["pageIndex"]
        mine = [line for line in self.lines if line["resourceId"] in call.body["resourceIds"]]
        text = {"currPageNo": number, "numberPages": -(-len(mine) // PAGE), "numberRecords": len(mine)}
        assert call.body["pageSize"] == PAGE
        return {"pagination": text, "result": mine[(number - 1) * PAGE : number * PAGE]}


@pytest.fixture
def cloud() -> BilledCloud:
    """An empty cloud with an empty bill."""
    return BilledCloud()


@pytest.fixture(autouse=True)
def in_february(monkeypatch: pytest.MonkeyPatch) -> None:
    """February has begun in Beijing, and nowhere west of it."""
    monkeypatch.setattr(bill_info, "_utcnow", lambda: datetime(2026, 1, 31, 16, 0, tzinfo=UTC))


def fees(ended: Ended) -> Json:
    return {each["resource_id"]: each["fee"] for each in ended.result["resources"]}


WRONG: list[tuple[Json, str]] = [
    ({}, "missing required arguments: resource_ids"),
    ({"resource_ids": []}, "resource_ids is an empty list, which selects nothing: set at least one id."),
    ({"resource_ids": ""}, "resource_ids is empty, which selects nothing: set at least one id."),
    ({"resource_ids": ["i-a", " "]}, "resource_ids has a blank"),
    ({"resource_ids": ["i-a b"]}, "is not an id"),
    ({"resource_ids": ["i-a"], "month": "01/2026"}, "must be a year and a month such as 2026-01"),
    ({"resource_ids": ["i-a"], "month": ""}, "must be a year and a month such as 2026-01"),
    ({"resource_ids": ["i-a"], "month": "2026-03"}, "has not begun in Beijing"),
    ({"resource_ids": ["i-a"], "on_denied": "ignore"}, "on_denied"),
    ({"resource_ids": ["i-a"], "region": " "}, "region"),
]


@pytest.mark.parametrize(("options", "text"), WRONG)
def test_wrong_input_ends_with_all_result_keys_and_sends_nothing(
    cloud: BilledCloud, run: Runner, options: Json, text: str
) -> None:
    ended = run(BILL, **options)
    assert ended.failed
    assert text in ended.msg
    check(ended.result, BILL)
    assert cloud.calls == []
    assert ended.result["available"] is False
    assert ended.result["resources"] == []


@pytest.mark.parametrize("status", ["HTTP_FORBIDDEN", "PERMISSION_DENIED"])
def test_without_the_right_to_read_it_the_result_says_so_and_the_task_goes_on(
    cloud: BilledCloud, run: Runner, status: str
) -> None:
    cloud.refuse(OPERATION, 403, status, "no permission")
    ended = run(BILL, resource_ids=["i-a"])
    assert not ended.failed
    assert ended.result["available"] is False
    assert f"no permission (403 {status}" in ended.result["reason"]
    assert (ended.result["resources"], ended.result["total"], ended.result["month"]) == ([], None, "2026-01")
    check(ended.result, BILL)


def test_without_the_right_to_read_it_the_task_fails_if_that_is_wanted(cloud: BilledCloud, run: Runner) -> None:
    cloud.refuse(OPERATION, 403, "HTTP_FORBIDDEN", "no permission")
    ended = run(BILL, resource_ids=["i-a"], on_denied="fail")
    assert ended.failed
    assert ended.result["reason"] == ended.msg
    assert "403 HTTP_FORBIDDEN" in ended.msg
    assert ended.result["available"] is False
    assert ended.result["month"] == "2026-01"
    check(ended.result, BILL)


@pytest.mark.parametrize(("http", "status"), [(401, "UNAUTHENTICATED"), (400, "INVALID_ARGUMENT"), (404, "NOT_FOUND")])
def test_every_other_refusal_is_a_failure(cloud: BilledCloud, run: Runner, http: int, status: str) -> None:
    cloud.refuse(OPERATION, http, status, "refused")
    ended = run(BILL, resource_ids=["i-a"])
    assert ended.failed
    assert status in ended.msg
    assert ended.result["available"] is False
    assert ended.result["reason"] is None
    check(ended.result, BILL)


def test_a_bill_whose_pages_contradict_each_other_is_a_failure(
    cloud: BilledCloud, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = {"currPageNo": 1, "numberPages": 1, "numberRecords": 2}
    monkeypatch.setattr(cloud, "_describe_bill", lambda _call: {"pagination": text, "result": [{"resourceId": "i-a"}]})
    ended = run(BILL, resource_ids=["i-a"])
    assert ended.failed
    assert "contradicting pages" in ended.msg
    assert ended.result["resources"] == []


@pytest.mark.parametrize("check_mode", [False, True])
def test_the_result_is_as_documented_in_check_mode_too(cloud: BilledCloud, run: Runner, check_mode: bool) -> None:
    cloud.charge("i-a", 12)
    ended = run(BILL, check=check_mode, resource_ids=["i-a"])
    assert not ended.failed
    assert ended.result["changed"] is False
    assert ended.result["available"] is True
    assert set(paths(documented_returns(BILL))) - check(ended.result, BILL) == set()
    assert cloud.writes == []
    assert ended.warnings == []


def test_without_a_month_the_last_complete_one_in_beijing_is_read(cloud: BilledCloud, run: Runner) -> None:
    ended = run(BILL, resource_ids=["i-a"])
    assert ended.result["month"] == "2026-01"
    assert cloud.months == {("2026-01-01 00:00:00", "2026-01-31 23:59:59")}


def test_any_earlier_month_can_be_read(cloud: BilledCloud, run: Runner) -> None:
    ended = run(BILL, resource_ids=["i-a"], month="2024-02")
    assert ended.result["month"] == "2024-02"
    assert cloud.months == {("2024-02-01 00:00:00", "2024-02-29 23:59:59")}


def test_a_month_that_is_not_over_is_read_with_a_warning(cloud: BilledCloud, run: Runner) -> None:
    cloud.charge("i-a", 1)
    ended = run(BILL, resource_ids=["i-a"], month="2026-02")
    (warning,) = ended.warnings
    assert "2026-02 is not over" in warning
    assert fees(ended) == {"i-a": 1.0}


def test_lines_are_added_up_for_each_resource_and_refunds_count(cloud: BilledCloud, run: Runner) -> None:
    cloud.charge("i-a", 100.1)
    cloud.charge("vol-a", "0.125", serviceCode="disk")
    cloud.charge("i-a", "-130.20", actionTypeName="退款")
    cloud.charge("vol-a", "0.125", serviceCode="disk")
    ended = run(BILL, resource_ids=["vol-a", "i-a"])
    disk, machine = ended.result["resources"]
    assert disk == {
        "resource_id": "vol-a",
        "name": "name-of-vol-a",
        "service_code": "disk",
        "fee": 0.25,
        "currency": "CNY",
        "rows": 2,
    }
    assert (machine["fee"], machine["rows"]) == (-30.1, 2)
    assert ended.result["total"] == -29.85


def test_each_id_is_reported_once_in_the_order_given_also_if_it_is_not_in_the_bill(cloud: BilledCloud, run: Runner) -> None:
    cloud.charge("i-b", 0)
    ended = run(BILL, resource_ids=["i-none", " i-b", "i-none", "98d44a1f-88b1-4014-90f1-0ab1e1f0a5b3"])
    assert [*fees(ended).items()] == [("i-none", None), ("i-b", 0.0), ("98d44a1f-88b1-4014-90f1-0ab1e1f0a5b3", None)]
    counts = {name: ended.result["summary"][name] for name in ("selected", "billed", "not_billed", "fee_unknown")}
    assert counts == {"selected": 3, "billed": 1, "not_billed": 2, "fee_unknown": 0}
    assert ended.result["total"] == 0.0
    assert ended.warnings == []


def test_a_line_that_tells_no_fee_is_a_warning_and_its_resource_is_left_out_of_the_total(cloud: BilledCloud, run: Runner) -> None:
    cloud.charge("i-a", None)
    cloud.charge("i-a", 5)
    cloud.charge("i-b", 7)
    ended = run(BILL, resource_ids=["i-a", "i-b"])
    (warning,) = ended.warnings
    assert "contains no fee for 1 of 2 resources" in warning
    assert fees(ended) == {"i-a": None, "i-b": 7.0}
    assert ended.result["total"] == 7.0
    assert ended.result["summary"]["fee_unknown"] == 1


def test_if_nothing_is_in_the_bill_a_warning_says_where_was_looked(cloud: BilledCloud, run: Runner) -> None:
    ended = run(BILL, resource_ids=["i-a", "i-b"])
    (warning,) = ended.warnings
    assert "None of the 2 resources is in the bill of 2026-01 in cn-north-1" in warning
    assert ended.result["available"] is True
    assert ended.result["total"] is None


def test_a_bill_of_many_pages_and_ids_is_read_with_few_calls(cloud: BilledCloud, run: Runner) -> None:
    ids = [f"i-{number}" for number in range(700)]
    for resource_id in ids * 3:
        cloud.charge(resource_id, 0.01)
    ended = run(BILL, resource_ids=ids)
    assert ended.result["total"] == 21.0
    assert {each["rows"] for each in ended.result["resources"]} == {3}
    # 1500 lines of the first 500 resources are three pages, 600 of the others two.
    assert ended.result["summary"]["api_calls"] == len(cloud.calls) == 5
