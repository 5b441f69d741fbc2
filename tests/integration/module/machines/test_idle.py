# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""jdcloud_vm_idle_info over HTTP: a fleet of all kinds, and all the ways in which there is no data. Sends reads only."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from support.integration.cloud import Cloud, Ended, account, running, stopped
from support.integration.deletions import info
from support.json_object import Json

A, B, S = "i-aaaa000001", "i-bbbb000002", "i-stop000003"
BULK, SERIES = "monitor.lastDownsample", "monitor.describeMetricData"
LAUNCHED = {"launched": "-100d"}
FLEET: dict[str, tuple[Json, str, str]] = {
    "i-idle": (running("i-idle", monitor="idle", **LAUNCHED), "idle", "below_thresholds"),
    "i-busy": (running("i-busy", monitor="busy", **LAUNCHED), "busy", "cpu_percent_max"),
    "i-night": (running("i-night", monitor="nightly", **LAUNCHED), "busy", "cpu_percent_max"),
    "i-bare": (running("i-bare", monitor={"agent": False}, **LAUNCHED), "unknown", "no_agent"),
    "i-gaps": (running("i-gaps", monitor={"gaps": [["-9d", "-8d"]]}, **LAUNCHED), "unknown", "gaps"),
    "i-mute": (running("i-mute", monitor={"until": "-90d"}, **LAUNCHED), "unknown", "no_data"),
    "i-new": (running("i-new", monitor="idle", launched="-3d"), "too_young", "too_young"),
    "i-week": (stopped("i-week", monitor={"until": "-7d"}, **LAUNCHED), "unknown", "stopped_recently"),
    "i-long": (stopped("i-long", monitor={"until": "-20d"}, **LAUNCHED), "stopped_long", "stopped_long"),
    "i-ages": (stopped("i-ages", **LAUNCHED), "stopped_long", "stopped_long"),
    "i-error": ({**running("i-error", **LAUNCHED), "status": "error"}, "unknown", "unsettled"),
}


def judge(cloud: Cloud, *ids: str, **options: Any) -> Ended:
    """Run the module for some machines, or for all. It sends no write."""
    ended = info(cloud, "vm_idle", **({"instance_ids": [*ids]} if ids else {}), **options)
    assert cloud.writes() == []
    return ended


def verdicts(ended: Ended) -> dict[str, str]:
    return {each["instance_id"]: each["verdict"] for each in ended.result["instances"]}


def test_a_fleet_of_all_kinds(cloud: Cloud) -> None:
    cloud.seed(*(machine for machine, _verdict, _code in FLEET.values()))
    ended = judge(cloud)
    found = {each["instance_id"]: (each["verdict"], each["reasons"][0]["code"]) for each in ended.result["instances"]}
    assert found == {key: (verdict, code) for key, (_machine, verdict, code) in FLEET.items()}
    assert ended.warnings == []
    counts = {name: ended.summary[name] for name in ("idle", "busy", "stopped_long", "too_young", "unknown")}
    assert counts == {"idle": 1, "busy": 2, "stopped_long": 2, "too_young": 1, "unknown": 5}
    assert ended.summary["api_calls"] == len(cloud.calls())


def test_figures_and_costs_of_an_idle_machine(cloud: Cloud) -> None:
    cloud.seed(running(A, monitor="idle", fee=180.4, disks=[{"id": "vol-a", "fee": 20.1}], system_disk={"fee": 10}, **LAUNCHED))
    ended = judge(cloud, A)
    figures = {name: value for name, value in ended.only["metrics"].items() if name.endswith(("max", "avg"))}
    assert figures == {"cpu_percent_max": 0.8, "cpu_percent_avg": 0.8, "network_kbps_avg": 1.6, "disk_kbps_avg": 3.0}
    assert ended.only["monthly_cost"] == 210.5
    assert (ended.only["deletable"], ended.blockers()) == (False, ["running"])
    assert judge(cloud, A, stop_running=True).only["deletable"] is True


@pytest.mark.parametrize("days", [1, 3, 7, 14, 30])
def test_every_window_is_covered_by_the_points_that_it_has(cloud: Cloud, days: int) -> None:
    cloud.seed(running(A, monitor="idle", **LAUNCHED))
    ended = judge(cloud, A, window_days=days)
    assert ended.only["verdict"] == "idle", ended.only["reasons"]
    metrics = ended.only["metrics"]
    assert metrics["expected_points"] - metrics["points"] <= 2


@pytest.mark.parametrize("way", ["empty", "missing", "null", "error"])
def test_however_no_data_looks_it_is_not_idle(cloud: Cloud, way: str) -> None:
    cloud.seed(
        running(A, monitor={"agent": False}, **LAUNCHED), running(B, monitor={"until": "-90d"}, **LAUNCHED), monitor_no_data=way
    )
    for options in ({}, {"allow_host_only": True}):
        ended = judge(cloud, A, B, **options)
        assert verdicts(ended)[B] == "unknown"
    assert verdicts(judge(cloud, A, B))[A] == "unknown"
    # An error to everybody about the CPU leaves it open why.
    assert verdicts(ended)[A] == ("unknown" if way == "error" else "idle")


@pytest.mark.parametrize("way", ["empty", "missing", "null", "error"])
def test_however_no_data_looks_a_machine_alone_is_not_stopped_for_long_by_it(cloud: Cloud, way: str) -> None:
    cloud.seed(stopped(S, **LAUNCHED), monitor_no_data=way)
    assert judge(cloud, S).only["verdict"] == "unknown"


def test_the_name_of_the_cpu_and_units_that_only_a_series_tells(cloud: Cloud) -> None:
    loads = [running(A, monitor="idle", **LAUNCHED), running(B, monitor={"disk": 90_000}, **LAUNCHED)]
    cloud.seed(*loads, monitor_cpu_metric="vm.cpu.util", monitor_units="missing")
    assert verdicts(judge(cloud)) == {A: "idle", B: "busy"}


def test_without_any_unit_nothing_is_judged(cloud: Cloud) -> None:
    cloud.seed(running(A, monitor="idle", **LAUNCHED), monitor_units="missing", monitor_metric_model="newest")
    assert judge(cloud, A).only["verdict"] == "unknown"


def test_a_key_that_may_not_read_monitoring_is_told_so(cloud: Cloud) -> None:
    machines = [running(A, monitor="idle", **LAUNCHED), stopped(S, monitor={"until": "-20d"}, **LAUNCHED)]
    cloud.seed(*machines, accounts=[account(denied=["monitor:*"])])
    ended = judge(cloud)
    assert not ended.failed
    assert set(verdicts(ended).values()) == {"unknown"}
    assert "403 HTTP_FORBIDDEN" in ended.result["monitor_unread"][0]
    assert len(ended.warnings) == 1


@pytest.mark.parametrize(("most", "over"), [(20, "refused"), (20, "cut")])
def test_the_largest_batch_is_found_out(cloud: Cloud, most: int, over: str) -> None:
    cloud.seed({"count": 60, "id": "i-many{n:06}", "monitor": "idle", **LAUNCHED}, monitor_ids=most, monitor_ids_over=over)
    assert judge(cloud, bill=False).summary["idle"] == 60


def test_one_machine_that_monitoring_refuses_leaves_the_others_known(cloud: Cloud) -> None:
    cloud.seed({"count": 60, "id": "i-many{n:06}", "monitor": "idle", **LAUNCHED})
    cloud.control.inject("error", operation=BULK, resource="i-many000007", http=400, status="INVALID_ARGUMENT", times=0)
    ended = judge(cloud, bill=False)
    assert [key for key, verdict in verdicts(ended).items() if verdict != "idle"] == ["i-many000007"]


def test_passing_faults_of_monitoring_change_nothing(cloud: Cloud) -> None:
    cloud.seed(running(A, monitor="idle", **LAUNCHED))
    for operation in ("monitor.describeMetrics", BULK, SERIES):
        cloud.control.inject("error", operation=operation, http=503, status="UNAVAILABLE")
        cloud.control.inject("throttle", operation=operation)
        cloud.control.inject("garbage", operation=operation)
    assert judge(cloud, A).only["verdict"] == "idle"


def test_a_service_that_is_down_leaves_everything_unknown(cloud: Cloud) -> None:
    cloud.seed({"count": 120, "id": "i-many{n:06}", "monitor": "idle", **LAUNCHED})
    cloud.control.inject("error", operation=BULK, http=500, status="INTERNAL", times=0)
    ended = judge(cloud, bill=False, api_retries=1)
    assert ended.summary["unknown"] == 120
    assert len(cloud.calls(BULK)) < 6 * 2 * (3 + 100)


def test_a_thousand_machines_take_twenty_calls_for_each_value(cloud: Cloud) -> None:
    cloud.seed({"count": 1000, "id": "i-many{n:06}", "monitor": "busy", **LAUNCHED})
    ended = judge(cloud, bill=False, protect_tags={}, load_balancers="ignore")
    assert ended.summary["busy"] == 1000
    counts = Counter((entry["path"], entry["query"].rpartition("downAggrType=")[2]) for entry in cloud.calls(BULK))
    assert [*counts.values()] == [20] * 6
    assert cloud.calls(SERIES) == []


def test_a_peak_of_the_night_is_seen_in_any_window(cloud: Cloud) -> None:
    cloud.seed(running(A, monitor="nightly", **LAUNCHED))
    assert {judge(cloud, A, window_days=days).only["verdict"] for days in (1, 3, 7, 14, 30)} == {"busy"}
