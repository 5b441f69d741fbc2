# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The calls of the monitor service, and how their answers are read: what is no value is never zero."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import encode_query
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.fields import MalformedResponse
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.monitor import Metric, Point, Sample, Series, value_of
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.services import monitor
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.services.monitor import MAX_IDS, Window
from support.json_object import Json

WINDOW = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 15, 6, 30, tzinfo=UTC))
BULK = monitor.last_downsample("cpu_util", ["i-a", "i-b"], WINDOW, "max")
SERIES = monitor.describe_metric_data("cpu_util", "i-a", WINDOW, "avg")
NO_VALUES: list[Any] = [None, "", "  ", "n/a", float("nan"), "NaN", float("inf"), "-inf", -0.5, "-1", True, False, [], {}, [1]]


# --- the calls ------------------------------------------------------------------------------------------------------


def test_one_call_asks_for_the_values_of_several_machines() -> None:
    assert (BULK.operation, BULK.version, BULK.path) == ("monitor.lastDownsample", "v2", "/metrics/cpu_util/lastDownsample")
    assert (BULK.method, BULK.write, BULK.regional, BULK.resources) == ("GET", False, True, ("i-a", "i-b"))
    assert dict(BULK.query) == {
        "serviceCode": "vm",
        "resourceId": "i-a|i-b",
        "startTime": "2026-01-01T08:00:00+0800",
        "endTime": "2026-01-15T14:30:00+0800",
        "aggrType": "max",
        "downAggrType": "max",
    }


def test_the_separator_and_the_plus_are_encoded() -> None:
    text = encode_query(BULK.query)
    assert "resourceId=i-a%7Ci-b" in text
    assert "%2B0800" in text
    assert "+" not in text


def test_a_series_is_asked_for_by_another_name_of_its_way() -> None:
    assert (SERIES.operation, SERIES.path) == ("monitor.describeMetricData", "/metrics/cpu_util/metricData")
    assert (SERIES.version, SERIES.resource) == ("v2", "i-a")
    query = dict(SERIES.query)
    assert (query["resourceId"], query["downSampleType"]) == ("i-a", "avg")
    assert "downAggrType" not in query


def test_metrics_are_listed_in_no_region() -> None:
    call = monitor.describe_metrics()
    assert (call.path, call.version, call.regional, call.query) == ("/metrics", "v2", False, (("serviceCode", "vm"),))


@pytest.mark.parametrize("count", [0, MAX_IDS + 1])
def test_a_call_has_some_ids_and_not_too_many(count: int) -> None:
    with pytest.raises(ValueError, match="resource ids"):
        monitor.last_downsample("cpu_util", [f"i-{number}" for number in range(count)], WINDOW, "max")


@pytest.mark.parametrize("instance_id", ["", "i-a|i-b", "../x", "i-a&serviceCode=ip"])
def test_what_is_no_id_is_not_sent(instance_id: str) -> None:
    with pytest.raises(InputError):
        monitor.last_downsample("cpu_util", [instance_id], WINDOW, "max")
    with pytest.raises(InputError):
        monitor.describe_metric_data("cpu_util", instance_id, WINDOW, "max")


@pytest.mark.parametrize("metric", ["", "a/b", "..", "cpu..util", "cpu util", ".cpu"])
def test_what_is_no_metric_never_becomes_a_path(metric: str) -> None:
    with pytest.raises(InputError):
        monitor.describe_metric_data(metric, "i-a", WINDOW, "max")


# --- values ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("raw", NO_VALUES, ids=repr)
def test_what_is_no_value_is_none_and_not_zero(raw: Any) -> None:
    assert value_of(raw) is None


@given(st.floats(0, 1e12))
def test_a_value_is_read_as_a_number_and_as_a_text(value: float) -> None:
    assert value_of(value) == value_of(repr(value)) == value


def items(*rows: Json) -> dict[str, Sample]:
    return BULK.parse({"items": [{"metric": "cpu_util", **row} for row in rows]})


def test_an_item_is_known_by_its_name() -> None:
    found = items({"name": "i-b", "value": 37.25, "unit": "%"}, {"name": "i-a", "value": "0.8"})
    assert found == {"i-b": Sample(37.25, "%"), "i-a": Sample(0.8, None)}


@pytest.mark.parametrize("result", [{}, {"items": None}, {"items": []}])
def test_no_items_are_no_values(result: Json) -> None:
    assert BULK.parse(result) == {}


def test_a_null_value_is_a_sample_without_one() -> None:
    assert items({"name": "i-a", "value": None, "unit": "%"}) == {"i-a": Sample(None, "%")}


def test_items_of_another_metric_and_without_a_name_do_not_count() -> None:
    assert items({"name": "i-a", "value": 1, "metric": "memory.usage"}, {"value": 1}, {"name": 7, "value": 1}) == {}


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ({"value": 9, "unit": "%"}, Sample(9.0, "%")),
        ({"value": 1, "unit": "%"}, Sample(5.0, "%")),
        ({"value": None, "unit": "%"}, Sample(None, None)),
        ({"value": 1}, Sample(None, None)),
    ],
)
def test_of_two_items_about_one_machine_the_larger_counts_if_both_are_values(second: Json, expected: Sample) -> None:
    assert items({"name": "i-a", "value": 5, "unit": "%"}, {"name": "i-a", **second}) == {"i-a": expected}


@pytest.mark.parametrize("result", [{"items": {}}, {"items": ["i-a"]}])
def test_what_is_no_list_of_items_is_no_answer(result: Json) -> None:
    with pytest.raises(MalformedResponse):
        BULK.parse(result)


# --- series ---------------------------------------------------------------------------------------------------------


def series(*datas: Json) -> Series:
    return SERIES.parse({"metricDatas": [*datas]})


def data(*points: tuple[Any, Any], unit: Any = "%") -> Json:
    rows = [{"timestamp": at, "value": value} for at, value in points]
    return {"data": rows, "metric": {"calculateUnit": unit, "metric": "cpu_util"}}


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(1768435200 + seconds, UTC)


def test_points_are_read_in_the_order_of_their_times() -> None:
    found = series(data((1768435260000, "0.6667"), (1768435200000, "0.8333")))
    assert found == Series((Point(at(0), 0.8333), Point(at(60), 0.6667)), "%")


@pytest.mark.parametrize("result", [{}, {"metricDatas": None}, {"metricDatas": []}])
def test_no_series_has_no_points(result: Json) -> None:
    assert SERIES.parse(result) == Series()


@pytest.mark.parametrize("rows", [None, []])
def test_a_series_without_data_has_no_points(rows: Any) -> None:
    assert SERIES.parse({"metricDatas": [{"data": rows, "metric": {"calculateUnit": "%"}}]}) == Series((), "%")


@pytest.mark.parametrize("raw", NO_VALUES, ids=repr)
def test_a_point_without_a_value_is_none(raw: Any) -> None:
    assert series(data((1768435200000, raw))).points == ()


@pytest.mark.parametrize("raw", [None, "1768435200000", True, 1.5, -1, 0, 10**30], ids=repr)
def test_a_point_without_a_time_is_none(raw: Any) -> None:
    assert series(data((raw, "1.0"))).points == ()


def test_of_two_points_of_a_time_the_larger_counts() -> None:
    assert series(data((1768435200000, "1"), (1768435200000, "3")), data((1768435200000, "2"))).points == (Point(at(0), 3.0),)


@pytest.mark.parametrize("metric", [None, [], {}, {"metricID": 1, "upUnit": "%"}, {"calculateUnit": None}])
def test_only_the_known_member_tells_the_unit(metric: Any) -> None:
    assert SERIES.parse({"metricDatas": [{"data": [], "metric": metric}]}).unit is None


def test_series_of_different_units_have_none() -> None:
    assert series(data((1768435200000, "1")), data((1768435200000, "1"), unit="bps")).unit is None


# --- metrics --------------------------------------------------------------------------------------------------------


def test_metrics_have_a_name_and_a_unit() -> None:
    rows = [{"metric": "cpu_util", "calculateUnit": "%"}, {"metric": "x"}, {"metric": None}, {"metricName": "CPU"}]
    assert monitor.describe_metrics().parse({"metrics": rows}) == (Metric("cpu_util", "%"), Metric("x", None))
