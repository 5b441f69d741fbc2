# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service monitor: one value for each of many machines, a series of one, and which metrics there are.

Facts monitor-bulk, monitor-series, monitor-metrics, monitor-window and monitor-no-data.
"""

from __future__ import annotations

from typing import Any

from jdcloud_emulator.services.api import Call, bad_value, operation
from jdcloud_emulator.state.json_object import Json
from jdcloud_emulator.state.model import Instance
from jdcloud_emulator.state.monitoring import (
    HOUR,
    KEPT,
    METRICS,
    Load,
    Metric,
    known_metric,
    load_of,
    one_value,
    points,
    shown_name,
)
from jdcloud_emulator.state.settings import ApiError, parse_time

UNITS = {"s": 1, "m": 60, "h": HOUR, "d": 24 * HOUR}
SERIES_INTERVALS = ("1h", "6h", "12h", "1d", "3d", "7d", "14d")
SERVICES = {"vm": "云主机", "disk": "云硬盘", "ip": "弹性公网IP"}
ROUNDED = 10


def _missing(name: str) -> ApiError:
    return ApiError(400, "INVALID_ARGUMENT", f"Request parameter {name} is missing")


def _word(call: Call, name: str, known: tuple[str, ...], default: str) -> str:
    text = call.query.get(name) or default
    if text not in known:
        raise bad_value(name, text, known)
    return text


def _moment(call: Call, name: str) -> float | None:
    text = call.query.get(name)
    if not text:
        return None
    try:
        return parse_time(text) // ROUNDED * ROUNDED
    except ValueError:
        raise ApiError(400, "INVALID_ARGUMENT", f"Request parameter {name} is '{text}', which is no time") from None


def _seconds(text: str, name: str) -> float:
    if not text[:-1].isdigit() or text[-1:] not in UNITS:
        raise ApiError(400, "INVALID_ARGUMENT", f"Request parameter {name} is '{text}', which is no interval")
    return int(text[:-1]) * UNITS[text[-1]]


def _metric(call: Call) -> str:
    """The metric of the path, if it is one of machines. None of the others has data here."""
    code = call.query.get("serviceCode")
    if not code:
        raise _missing("serviceCode")
    if code not in SERVICES:
        raise bad_value("serviceCode", code, list(SERVICES))
    found = known_metric(call.cloud.settings, call.target)
    if found is None or code != "vm":
        raise ApiError(400, "INVALID_ARGUMENT", f"Invalid metric '{call.target}'")
    return found


def _load(call: Call, resource_id: str) -> Load | None:
    """The load of a machine; None for a foreign or unknown id."""
    machine = call.region.instances.get(resource_id)
    if isinstance(machine, Instance) and call.visible(resource_id):
        return load_of(call.cloud, machine)
    if call.cloud.settings.monitor_unknown_id == "refused":
        raise ApiError(400, "INVALID_ARGUMENT", f"Invalid resourceId '{resource_id}'")
    return None


def _no_data(call: Call) -> ApiError:
    return ApiError(404, "NOT_FOUND", f"No data of '{call.query.get('resourceId')}'")


# --- one value for each of many -------------------------------------------------------------------------------------


@operation("monitor", "GET", "metrics/*/lastDownsample")
def last_downsample(call: Call) -> Json:
    """Several ids in one parameter. What has no data is left out, or shown without a value (`monitor_no_data`)."""
    metric, settings = _metric(call), call.cloud.settings
    ids = _ids(call)
    joined = _word(call, "downAggrType", ("last", "max", "min", "avg"), "last")
    start, end = _bulk_window(call)
    items: list[Json] = []
    for resource_id in ids:
        load = _load(call, resource_id)
        value = None if load is None else one_value(load, metric, start, end, joined)
        if value is not None or settings.monitor_no_data == "null":
            items.append(_item(call, metric, resource_id, value))
    if not items and settings.monitor_no_data == "error":
        raise _no_data(call)
    return {} if not items and settings.monitor_no_data == "missing" else {"items": items}


def _ids(call: Call) -> list[str]:
    settings = call.cloud.settings
    ids = [each for each in call.query.get("resourceId", "").split("|") if each]
    if not ids:
        raise _missing("resourceId")
    if settings.monitor_ids and len(ids) > settings.monitor_ids:
        if settings.monitor_ids_over == "refused":
            raise ApiError(400, "INVALID_ARGUMENT", f"Request parameter resourceId has more than {settings.monitor_ids} ids")
        ids = ids[: settings.monitor_ids]
    return list(dict.fromkeys(ids))


def _bulk_window(call: Call) -> tuple[float, float]:
    """An older start than 30 days ago is moved without a word (fact monitor-window)."""
    now = call.cloud.wall()
    interval = _seconds(call.query.get("timeInterval") or "1h", "timeInterval")
    start, end = _moment(call, "startTime"), _moment(call, "endTime")
    if start is None:
        start = (now if end is None else end) - interval
    elif end is None:
        end = start + interval
    return max(start, now - KEPT), min(now if end is None else end, now)


def _item(call: Call, metric: str, resource_id: str, value: float | None) -> Json:
    settings, what = call.cloud.settings, METRICS[metric]
    item = {"metric": call.target, "name": resource_id, "value": None if value is None else round(value, 4)}
    return item if settings.monitor_units == "missing" else {**item, "unit": what.unit, "tags": None}


# --- a series of one ------------------------------------------------------------------------------------------------


@operation("monitor", "GET", "metrics/*/metricData")
def describe_metric_data(call: Call) -> Json:
    """One id. Without data there is no series (`monitor_no_data`)."""
    metric, way = _metric(call), call.cloud.settings.monitor_no_data
    resource_id = call.query.get("resourceId")
    if not resource_id:
        raise _missing("resourceId")
    joined = _word(call, "downSampleType", ("sum", "avg", "last", "min", "max"), "avg")
    _word(call, "aggrType", ("sum", "avg", "min", "max"), "avg")
    load = _load(call, resource_id)
    found = [] if load is None else points(load, metric, *_series_window(call), joined)
    if not found and way == "error":
        raise _no_data(call)
    if not found and way in ("missing", "empty"):
        return {} if way == "missing" else {"metricDatas": []}
    data = [{"timestamp": moment * 1000, "value": f"{value:.4f}"} for moment, value in found]
    return {"metricDatas": [{"data": data or None, "tags": _tags(resource_id), "metric": _described(call, metric)}]}


def _series_window(call: Call) -> tuple[float, float]:
    """A start in the future or more than 30 days ago is refused, a later end becomes now (fact monitor-window)."""
    now = call.cloud.wall()
    interval = _seconds(_word(call, "timeInterval", SERIES_INTERVALS, "1h"), "timeInterval")
    start, end = _moment(call, "startTime"), _moment(call, "endTime")
    end = min(now if end is None else end, now)
    start = end - interval if start is None else start
    if start > now or end < now - KEPT:
        raise ApiError(400, "INVALID_ARGUMENT", "startTime must not be in the future, endTime not 30 days ago")
    if start < now - KEPT and call.cloud.settings.monitor_old_start == "refused":
        raise ApiError(400, "INVALID_ARGUMENT", "startTime must not be earlier than 30 days ago")
    return max(start, now - KEPT), end


def _tags(resource_id: str) -> list[Json]:
    return [{"tagKey": key, "tagValue": value} for key, value in (("resourceId", resource_id), ("serviceCode", "vm"))]


def _described(call: Call, metric: str) -> Json:
    """The metric as answers of the service show it, or as the newest model has it (fact monitor-metric-object)."""
    what, name = METRICS[metric], call.target
    if call.cloud.settings.monitor_metric_model == "newest":
        return {"metricID": 1, "metric": name, "metricNameCH": what.title, "upUnit": what.unit, "timeInterval": "1min"}
    return {"calculateUnit": what.unit, "metric": name, "metricName": what.title, "aggregator": "avg", "period": "1min"}


# --- which metrics there are ----------------------------------------------------------------------------------------


@operation("monitor", "GET", "/metrics")
def describe_metrics(call: Call) -> Json:
    """The metrics of a service, in no region."""
    code = call.query.get("serviceCode")
    if not code:
        raise _missing("serviceCode")
    _word(call, "type", ("0", "1", "2"), "0")
    settings = call.cloud.settings
    rows = [_catalogued(shown_name(settings, name), what) for name, what in METRICS.items()]
    return {"metrics": rows if code == "vm" else []}


def _catalogued(name: str, what: Metric) -> Json:
    row: dict[str, Any] = {"calculateUnit": what.unit, "dimension": "vm", "downSample": "avg", "metric": name}
    return {**row, "metricName": what.title, "serviceCode": "vm"}


@operation("monitor", "GET", "/services")
def describe_services(call: Call) -> Json:
    """The services that are monitored, in no region."""
    wanted = {value for key, value in call.query.items() if key.startswith("filters.") and ".values." in key}
    rows = [(code, title) for code, title in SERVICES.items() if not wanted or code in wanted]
    shown: list[Json] = [{"serviceCode": code, "serviceName": title, "dimensions": [], "groupTree": None} for code, title in rows]
    return {"services": shown}
