# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service monitor of the emulator: loads, windows, and the ways in which there is no data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from support.json_object import Json

CPU, INCOMING = "cpu_util", "vm.network.bytes.incoming"
DAY = 86400


def window(days: float, ahead: float = 0) -> dict[str, str]:
    """The last days, by a clock that is so many days ahead. Both ends are of one moment, or the window could be longer."""
    now = datetime.now(UTC) + timedelta(days=ahead)
    ends = {"startTime": now - timedelta(days=days), "endTime": now}
    return {name: moment.strftime("%Y-%m-%dT%H:%M:%S%z") for name, moment in ends.items()}


def bulk(cloud: Any, *ids: str, metric: str = CPU, days: float = 7, **query: str) -> Any:
    """A lastDownsample over the last days."""
    given = {"serviceCode": "vm", "resourceId": "|".join(ids), **window(days), "downAggrType": "max"}
    return cloud.call("monitor", "GET", f"metrics/{metric}/lastDownsample?{urlencode({**given, **query})}")


def series(cloud: Any, resource_id: str, metric: str = CPU, days: float = 7, **query: str) -> Any:
    """A describeMetricData over the last days."""
    given = {"serviceCode": "vm", "resourceId": resource_id, **window(days), "downSampleType": "max"}
    return cloud.call("monitor", "GET", f"metrics/{metric}/metricData?{urlencode({**given, **query})}")


def values(answer: Any) -> dict[str, Any]:
    return {item["name"]: item["value"] for item in answer.result["items"]}


def data(answer: Any) -> list[Json]:
    [found] = answer.result["metricDatas"]
    return list(found["data"])


def test_a_bulk_call_has_one_value_for_each_machine(cloud: Any) -> None:
    cloud.seed({"id": "i-a", "monitor": "idle"}, {"id": "i-b", "monitor": "busy"})
    assert values(bulk(cloud, "i-a", "i-b")) == {"i-a": 0.8, "i-b": 35.0}
    [item] = bulk(cloud, "i-a", metric=INCOMING).result["items"]
    assert (item["metric"], item["unit"]) == (INCOMING, "bps")


def test_a_peak_at_night_shows_in_the_maximum_and_hardly_in_the_average(cloud: Any) -> None:
    cloud.seed({"id": "i-a", "monitor": "nightly"})
    assert values(bulk(cloud, "i-a")) == {"i-a": 90.0}
    assert values(bulk(cloud, "i-a", downAggrType="avg"))["i-a"] < 5


@pytest.mark.parametrize(("days", "seconds"), [(1, 1200), (3, 3600), (7, 7200), (14, 10800)])
def test_points_are_as_far_apart_as_the_window_is_long(cloud: Any, days: int, seconds: int) -> None:
    cloud.seed({"id": "i-a", "monitor": "idle"})
    times = [each["timestamp"] // 1000 for each in data(series(cloud, "i-a", days=days))]
    assert {later - earlier for earlier, later in zip(times, times[1:], strict=False)} == {seconds}
    assert len(times) == pytest.approx(days * DAY / seconds, abs=1)


def test_values_of_a_series_are_text_with_four_decimals(cloud: Any) -> None:
    cloud.seed({"id": "i-a", "monitor": "idle"})
    assert {each["value"] for each in data(series(cloud, "i-a"))} == {"0.8000"}


@pytest.mark.parametrize("metric", [CPU, "memory.usage"])
def test_without_an_agent_there_are_host_metrics_alone(cloud: Any, metric: str) -> None:
    cloud.seed({"id": "i-a", "monitor": {"agent": False}})
    assert values(bulk(cloud, "i-a", metric=metric)) == {}
    assert values(bulk(cloud, "i-a", metric=INCOMING)) == {"i-a": 800.0}


def test_there_are_no_points_in_a_gap(cloud: Any) -> None:
    cloud.seed({"id": "i-a", "monitor": {"gaps": [["-5d", "-3d"]]}})
    times = [each["timestamp"] / 1000 for each in data(series(cloud, "i-a"))]
    gaps = [later - earlier for earlier, later in zip(times, times[1:], strict=False)]
    assert max(gaps) == pytest.approx(2 * DAY, abs=7200)


def test_there_is_no_data_before_the_launch(cloud: Any) -> None:
    cloud.seed({"id": "i-a", "launched": "-1d", "monitor": "idle"})
    assert len(data(series(cloud, "i-a"))) == pytest.approx(12, abs=1)


def test_a_machine_that_stopped_last_week_has_data_until_then(cloud: Any) -> None:
    cloud.seed({"id": "i-a", "status": "stopped", "monitor": {"until": "-7d"}})
    last = data(series(cloud, "i-a", days=14))[-1]["timestamp"] / 1000
    assert datetime.now(UTC).timestamp() - last == pytest.approx(7 * DAY, abs=10800)


def test_a_stopped_machine_of_which_nothing_is_said_has_no_data(cloud: Any) -> None:
    cloud.seed({"id": "i-a", "status": "stopped"})
    assert values(bulk(cloud, "i-a", metric=INCOMING)) == {}


def test_data_ends_where_a_machine_stops_and_goes_on_where_it_starts(cloud: Any) -> None:
    cloud.seed({"id": "i-a", "monitor": "idle"}, settings={"stop_seconds": 0.01, "start_seconds": 0.01})
    cloud.control.act("stop", "i-a", instantly=True)
    cloud.control.advance(2 * DAY, wall=True)
    cloud.control.act("start", "i-a", instantly=True)
    cloud.control.advance(DAY, wall=True)
    query = urlencode({"serviceCode": "vm", "resourceId": "i-a", **window(10, ahead=3)})
    date = (datetime.now(UTC) + timedelta(days=3)).strftime("%Y%m%dT%H%M%SZ")
    found = cloud.call("monitor", "GET", f"metrics/{CPU}/metricData?{query}", **{"x-jdcloud-date": date})
    assert len(data(found)) == pytest.approx(8 * 8, abs=2)


WAYS: list[tuple[str, Json, Json]] = [("empty", {"items": []}, {"metricDatas": []}), ("missing", {}, {})]


@pytest.mark.parametrize(("way", "items", "datas"), WAYS)
def test_no_data_may_be_no_list(cloud: Any, way: str, items: Json, datas: Json) -> None:
    cloud.seed({"id": "i-a", "monitor": {"agent": False}}, settings={"monitor_no_data": way})
    assert (bulk(cloud, "i-a").result, series(cloud, "i-a").result) == (items, datas)


def test_no_data_may_be_null(cloud: Any) -> None:
    cloud.seed({"id": "i-a", "monitor": {"agent": False}}, settings={"monitor_no_data": "null"})
    assert values(bulk(cloud, "i-a")) == {"i-a": None}
    [found] = series(cloud, "i-a").result["metricDatas"]
    assert found["data"] is None


def test_no_data_may_be_an_error(cloud: Any) -> None:
    cloud.seed({"id": "i-a", "monitor": {"agent": False}}, {"id": "i-b"}, settings={"monitor_no_data": "error"})
    assert bulk(cloud, "i-a").http == series(cloud, "i-a").http == 404
    assert values(bulk(cloud, "i-a", "i-b")) == {"i-b": 35.0}


def test_an_unknown_id_is_left_out_or_refused(cloud: Any) -> None:
    cloud.seed({"id": "i-a", "monitor": "idle"})
    assert values(bulk(cloud, "i-a", "i-foreign")) == {"i-a": 0.8}
    cloud.control.configure(monitor_unknown_id="refused")
    assert "400 INVALID_ARGUMENT" in bulk(cloud, "i-a", "i-foreign").error


def test_too_many_ids_are_refused_or_cut(cloud: Any) -> None:
    cloud.seed({"count": 3, "id": "i-{n}", "monitor": "idle"}, settings={"monitor_ids": 2})
    assert "400 INVALID_ARGUMENT" in bulk(cloud, "i-1", "i-2", "i-3").error
    cloud.control.configure(monitor_ids_over="cut")
    assert set(values(bulk(cloud, "i-1", "i-2", "i-3"))) == {"i-1", "i-2"}


def test_the_unit_of_an_item_may_be_missing(cloud: Any) -> None:
    cloud.seed({"id": "i-a"}, settings={"monitor_units": "missing"})
    [item] = bulk(cloud, "i-a").result["items"]
    assert set(item) == {"metric", "name", "value"}


def test_the_metric_of_a_series_may_have_the_newest_form(cloud: Any) -> None:
    cloud.seed({"id": "i-a"})
    assert series(cloud, "i-a").result["metricDatas"][0]["metric"]["calculateUnit"] == "%"
    cloud.control.configure(monitor_metric_model="newest")
    assert "calculateUnit" not in series(cloud, "i-a").result["metricDatas"][0]["metric"]


def test_a_series_that_begins_too_early_is_refused_or_moved(cloud: Any) -> None:
    cloud.seed({"id": "i-a", "launched": "-60d", "monitor": "idle"})
    assert "400 INVALID_ARGUMENT" in series(cloud, "i-a", days=31).error
    cloud.control.configure(monitor_old_start="moved")
    assert len(data(series(cloud, "i-a", days=31))) == pytest.approx(240, abs=1)


def test_an_early_bulk_window_is_moved_without_a_word(cloud: Any) -> None:
    cloud.seed({"id": "i-a", "launched": "-60d", "monitor": {"load": "idle", "since": "-60d"}})
    assert values(bulk(cloud, "i-a", days=60)) == {"i-a": 0.8}


WRONG = [
    {"downAggrType": "median"},
    {"startTime": "yesterday"},
    {"serviceCode": ""},
    {"serviceCode": "tv"},
    {"resourceId": ""},
    {"timeInterval": "x"},
]


@pytest.mark.parametrize("query", WRONG, ids=str)
def test_wrong_parameters_are_refused(cloud: Any, query: Json) -> None:
    cloud.seed({"id": "i-a"})
    assert "400 INVALID_ARGUMENT" in bulk(cloud, "i-a", **query).error


def test_an_unknown_metric_is_refused(cloud: Any) -> None:
    cloud.seed({"id": "i-a"})
    assert "400 INVALID_ARGUMENT" in bulk(cloud, "i-a", metric="vm.cpu.util").error
    cloud.control.configure(monitor_cpu_metric="vm.cpu.util")
    assert values(bulk(cloud, "i-a", metric="vm.cpu.util")) == {"i-a": 35.0}


def test_the_log_names_all_machines_of_a_bulk_call(cloud: Any) -> None:
    cloud.seed({"id": "i-a"}, {"id": "i-b"})
    bulk(cloud, "i-a", "i-b")
    assert cloud.log("monitor.lastDownsample")[0]["resources"] == [CPU, "i-a", "i-b"]


@pytest.mark.parametrize("entry", ["lazy", {"load": "idle", "agnet": True}])
def test_a_load_that_makes_no_sense_is_an_error_of_the_seed(cloud: Any, entry: Any) -> None:
    with pytest.raises(Exception, match="unknown"):
        cloud.seed({"id": "i-a", "monitor": entry})
