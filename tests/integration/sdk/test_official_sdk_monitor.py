# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The official Python SDK asks the emulator what monitoring measured of a machine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jdcloud_emulator.process import EmulatorProcess
from support.json_object import Json

pytestmark = pytest.mark.foreign

Call = Callable[..., Any]


def good(response: Any) -> Any:
    """The result of a response without an error."""
    assert response.error is None, (response.error.status, response.error.message)
    assert response.request_id
    return response.result


def window(days: int) -> Json:
    """The last days, as the SDK's documentation writes times."""
    now = datetime.now(UTC)
    return {"startTime": f"{now - timedelta(days=days):%Y-%m-%dT%H:%M:%S%z}", "endTime": f"{now:%Y-%m-%dT%H:%M:%S%z}"}


@pytest.fixture
def machines(emulator: EmulatorProcess) -> None:
    """One idle machine and a busy one."""
    loads = [{"id": "i-a", "monitor": "idle"}, {"id": "i-b", "monitor": "busy"}]
    emulator.control.add({"regions": {"cn-north-1": {"instances": loads}}})


@pytest.mark.usefixtures("machines")
def test_one_value_for_each_of_several_machines(sdk: Call) -> None:
    asked = {"metric": "cpu_util", "serviceCode": "vm", "resourceId": "i-a|i-b", "aggrType": "max", "downAggrType": "max"}
    items = good(sdk("monitor", "lastDownsample", {**asked, **window(7)}))["items"]
    assert [(item["name"], item["value"], item["unit"]) for item in items] == [("i-a", 0.8, "%"), ("i-b", 35.0, "%")]


@pytest.mark.usefixtures("machines")
def test_a_series_of_one_machine(sdk: Call) -> None:
    asked = {"metric": "vm.network.bytes.incoming", "serviceCode": "vm", "resourceId": "i-a", "downSampleType": "avg"}
    [series] = good(sdk("monitor", "describeMetricData", {**asked, **window(3)}))["metricDatas"]
    assert len(series["data"]) == pytest.approx(72, abs=1)
    assert (series["data"][0]["value"], series["metric"]["calculateUnit"]) == ("800.0000", "bps")


@pytest.mark.usefixtures("machines")
def test_an_interval_may_stand_for_times(sdk: Call) -> None:
    asked = {"metric": "cpu_util", "serviceCode": "vm", "resourceId": "i-a", "timeInterval": "6h"}
    [series] = good(sdk("monitor", "describeMetricData", asked))["metricDatas"]
    assert len(series["data"]) == pytest.approx(72, abs=1)


def test_metrics_and_services_are_listed_without_a_region(sdk: Call) -> None:
    metrics = good(sdk("monitor", "describeMetrics", {"regionId": None, "serviceCode": "vm", "type": 0}))["metrics"]
    assert {"cpu_util", "vm.disk.bytes.read"} <= {row["metric"] for row in metrics}
    only = {"regionId": None, "filters": [{"name": "serviceCodes", "values": ["vm"]}]}
    assert [row["serviceCode"] for row in good(sdk("monitor", "describeServices", only))["services"]] == ["vm"]


def test_alarms_are_not_emulated(sdk: Call) -> None:
    refused = sdk("monitor", "describeAlarm", {"regionId": None, "alarmId": "alarm-1"})
    assert (refused.error.code, refused.error.status) == (501, "NOT_IMPLEMENTED")
