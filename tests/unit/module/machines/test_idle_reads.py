# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What `jdcloud_vm_idle_info` asks of monitoring, and what becomes of machines about which it gets no answer."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.dispatch.dispatcher import Dispatcher
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import ApiError
from support.module.idle import BULK, SERIES, Judge, add, asked, judge, verdicts
from support.module.memory_cloud import MemoryCloud
from support.module.memory_monitor import CPU

__all__ = ["judge"]

# --- what is asked --------------------------------------------------------------------------------------------------


def test_the_window_ends_now_and_is_written_in_beijing_time(cloud: MemoryCloud, judge: Judge) -> None:
    add(cloud)
    ended = judge("i-a")
    assert ended.result["window"] == {"start": "2026-01-06T00:00:00+00:00", "end": "2026-01-20T00:00:00+00:00"}
    spans = {(dict(call.query)["startTime"], dict(call.query)["endTime"]) for call in asked(cloud, BULK)}
    assert spans == {("2026-01-06T08:00:00+0800", "2026-01-20T08:00:00+0800")}


def test_a_thousand_machines_take_twenty_calls_for_each_value(cloud: MemoryCloud, judge: Judge) -> None:
    for number in range(1000):
        add(cloud, f"i-{number}")
        cloud.monitor.measure(f"i-{number}", cpu=50 if number % 50 else 0.5)
    ended = judge(*cloud.machines)
    assert (ended.result["summary"]["busy"], ended.result["summary"]["idle"]) == (980, 20)
    counts = Counter((call.path, dict(call.query)["downAggrType"]) for call in asked(cloud, BULK))
    assert set(counts.values()) == {20}
    assert len(counts) == 6
    assert len(asked(cloud, SERIES)) == 40
    assert max(len(call.resources) for call in asked(cloud, BULK)) == 50


def test_another_name_of_the_cpu_is_looked_up(cloud: MemoryCloud, judge: Judge) -> None:
    add(cloud)
    cloud.monitor.metrics = {("vm.cpu.util" if name == CPU else name): unit for name, unit in cloud.monitor.metrics.items()}
    judge("i-a")
    assert {call.path.split("/")[2] for call in asked(cloud, BULK)} == {*cloud.monitor.metrics}


def test_where_the_bulk_value_has_no_unit_the_series_tells_it(cloud: MemoryCloud, judge: Judge) -> None:
    cloud.monitor.tells_units = False
    add(cloud)
    add(cloud, "i-b")
    cloud.monitor.measure("i-a")
    cloud.monitor.measure("i-b").values["vm.disk.bytes.write"] = 900_000
    ended = judge("i-a", "i-b")
    assert verdicts(ended) == {"i-a": "idle", "i-b": "busy"}
    assert len(asked(cloud, SERIES)) == 10


def test_a_bulk_value_that_the_series_exceeds_does_not_count(cloud: MemoryCloud, judge: Judge) -> None:
    """As if the service had answered the last value in the place of the largest one."""
    add(cloud)
    cloud.monitor.measure("i-a", cpu=60)
    cloud.monitor.in_bulk = {CPU: 0.8}
    ended = judge("i-a")
    assert (ended.only["verdict"], ended.only["metrics"]["cpu_percent_max"]) == ("busy", 60.0)


# --- what monitoring does not answer --------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", ["monitor.describeMetrics", BULK])
def test_without_the_right_to_read_monitoring_the_result_says_so_and_nothing_is_idle(
    cloud: MemoryCloud, judge: Judge, operation: str
) -> None:
    for number in range(120):
        add(cloud, f"i-{number}")
        cloud.monitor.measure(f"i-{number}")
    cloud.refuse(operation, 403, "HTTP_FORBIDDEN", "not authorized")
    ended = judge(*cloud.machines)
    assert not ended.failed
    assert ended.result["summary"]["unknown"] == 120
    assert ended.result["monitor_unread"] == [f"the service refused {operation} (403 HTTP_FORBIDDEN)"]
    (warning,) = ended.warnings
    assert "Monitoring data could not be read for 120 of 120 instances" in warning
    assert {each["reasons"][0]["code"] for each in ended.result["instances"]} == {"monitor_unread"}
    # A refusal is not asked for again in smaller batches.
    assert len(asked(cloud, BULK)) in (0, 18)


def test_without_the_right_to_read_series_nothing_is_idle(cloud: MemoryCloud, judge: Judge) -> None:
    add(cloud)
    add(cloud, "i-s", status="stopped")
    for instance_id in ("i-a", "i-s"):
        cloud.monitor.measure(instance_id, ended_days=20 if instance_id == "i-s" else 0)
    cloud.refuse(SERIES, 403, "HTTP_FORBIDDEN", "not authorized")
    assert set(verdicts(judge()).values()) == {"unknown"}


def test_keys_that_are_not_known_are_a_failure(cloud: MemoryCloud, judge: Judge) -> None:
    add(cloud)
    cloud.refuse(BULK, 401, "UNAUTHENTICATED", "no such key")
    assert judge("i-a").failed


class Choosy(MemoryCloud):
    """Monitoring refuses batches with certain ids, and those that are too large."""

    def __init__(self) -> None:
        super().__init__()
        self.poison: set[str] = set()
        self.most = 1000

    def _send(self, call: Call[Any], *rest: Any, **more: Any) -> Any:
        if call.operation == BULK and (self.poison & set(call.resources) or len(call.resources) > self.most):
            self.calls.append(call)
            raise ApiError(BULK, 400, "INVALID_ARGUMENT", "invalid parameter", "req-400")
        return super()._send(call, *rest, **more)


class TestBatches:
    """What is refused, or answered in part, is asked for again in smaller batches."""

    @pytest.fixture
    def cloud(self) -> Choosy:
        cloud = Choosy()
        for number in range(60):
            add(cloud, f"i-{number}")
            cloud.monitor.measure(f"i-{number}")
        return cloud

    def test_one_machine_that_is_refused_leaves_the_others_known(self, cloud: Choosy, judge: Judge) -> None:
        cloud.poison = {"i-7"}
        ended = judge(*cloud.machines)
        assert [key for key, verdict in verdicts(ended).items() if verdict != "idle"] == ["i-7"]
        assert ended.result["monitor_unread"] == [f"the service refused {BULK} (400 INVALID_ARGUMENT)"]

    @pytest.mark.parametrize("most", [1, 10, 49])
    def test_smaller_batches_are_found_where_large_ones_are_refused(self, cloud: Choosy, judge: Judge, most: int) -> None:
        cloud.most = most
        assert judge(*cloud.machines).result["summary"]["idle"] == 60

    def test_where_everything_is_refused_few_calls_find_that_out(self, cloud: Choosy, judge: Judge) -> None:
        cloud.most = 0
        assert judge(*cloud.machines).result["summary"]["unknown"] == 60
        assert len(asked(cloud, BULK)) <= 6 * (2 + 2 * 50)

    @pytest.mark.parametrize("most", [1, 10, 49])
    def test_a_batch_that_is_cut_is_asked_for_its_rest(self, cloud: Choosy, judge: Judge, most: int) -> None:
        cloud.monitor.most_ids = most
        assert judge(*cloud.machines).result["summary"]["idle"] == 60

    def test_machines_without_an_agent_are_asked_for_once_more(self, cloud: Choosy, judge: Judge) -> None:
        for number in range(3):
            del cloud.monitor.machines[f"i-{number}"].values[CPU]
        assert judge(*cloud.machines).result["summary"]["idle"] == 57
        assert len([call for call in asked(cloud, BULK) if CPU in call.path]) == 2 * (2 + 1)


# --- what is missing altogether -------------------------------------------------------------------------------------


def test_without_any_host_metric_nothing_is_idle_nor_stopped_for_long(cloud: MemoryCloud, judge: Judge) -> None:
    add(cloud)
    add(cloud, "i-s", status="stopped")
    for instance_id, ended_days in (("i-a", 0), ("i-s", 20)):
        cloud.monitor.measure(instance_id, ended_days=ended_days)
    cloud.monitor.metrics = {CPU: "%"}
    ended = judge("i-a", "i-s")
    assert verdicts(ended) == {"i-a": "unknown", "i-s": "unknown"}
    assert ended.result["monitor_unread"] == ["the account has no metric of network or disks"]


@pytest.mark.parametrize("operation", ["monitor.describeMetrics", SERIES])
def test_keys_that_are_refused_later_are_a_failure_too(cloud: MemoryCloud, judge: Judge, operation: str) -> None:
    add(cloud)
    cloud.monitor.measure("i-a")
    cloud.refuse(operation, 401, "UNAUTHENTICATED", "no such key")
    assert judge("i-a").failed


def test_without_the_time_of_the_service_no_window_is_chosen(
    cloud: MemoryCloud, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(cloud)
    monkeypatch.setattr(Dispatcher, "service_time", lambda _dispatcher: None)
    ended = judge("i-a")
    assert ended.failed
    assert "did not return its time" in ended.msg
    assert asked(cloud, BULK) == []
