# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`jdcloud_vm_idle_info` from its arguments to its result."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call
from support.json_object import Json
from support.module.documentation import check, documented_returns, paths
from support.module.idle import BULK, MODULE, SERIES, Judge, add, asked, codes, judge, verdicts
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Runner

__all__ = ["judge"]


# --- options --------------------------------------------------------------------------------------------------------

WRONG: list[tuple[Json, str]] = [
    ({"window_days": 0}, "window_days is 0, but must be 1 to 30"),
    ({"window_days": 31}, "window_days is 31, but must be 1 to 30"),
    ({"window_days": True}, "window_days is"),
    ({"stopped_days": 31}, "stopped_days is 31, but must be at most 30"),
    ({"stopped_days": 0}, "stopped_days is 0"),
    ({"minimum_age_days": 0}, "minimum_age_days is 0"),
    ({"cpu_percent_max": -1}, "cpu_percent_max is -1"),
    ({"network_kbps_avg": "inf"}, "network_kbps_avg is inf"),
    ({"disk_kbps_avg": "nan"}, "disk_kbps_avg is nan"),
    ({"prices": {"vm": 1}}, "prices has no member 'vm'"),
    ({"prices": {"instance": "much"}}, "the price of instance is 'much'"),
    ({"tags": {}}, "tags is an empty dict"),
    ({"require_backup": "image", "stop_running": True}, "exclude each other"),
    ({"drain_seconds": -1}, "drain_seconds is -1"),
]


@pytest.mark.parametrize(("options", "text"), WRONG, ids=str)
def test_wrong_input_ends_with_all_result_keys_and_sends_nothing(
    cloud: MemoryCloud, run: Runner, options: Json, text: str
) -> None:
    ended = run(MODULE, **options)
    assert ended.failed
    assert text in ended.msg
    check(ended.result, MODULE)
    assert cloud.calls == []


# --- verdicts -------------------------------------------------------------------------------------------------------


def test_a_machine_that_does_nothing_is_idle(cloud: MemoryCloud, judge: Judge) -> None:
    add(cloud)
    cloud.monitor.measure("i-a")
    ended = judge("i-a")
    assert (ended.only["verdict"], ended.only["confidence"], codes(ended)) == ("idle", "agent", ["below_thresholds"])
    metrics = ended.only["metrics"]
    assert {name: value for name, value in metrics.items() if name != "last_point"} == {
        "cpu_percent_max": 0.8,
        "cpu_percent_avg": 0.8,
        "network_kbps_avg": 1.6,
        "disk_kbps_avg": 3.0,
        "points": 112,
        "expected_points": 112,
    }
    assert metrics["last_point"].startswith("2026-01-19T21:00")
    assert ended.only["launched"] == "2025-06-01T08:00:00+08:00"


@pytest.mark.parametrize(
    ("option", "least"), [("cpu_percent_max", 0.7), ("cpu_percent_avg", 0.7), ("network_kbps_avg", 1.5), ("disk_kbps_avg", 2.9)]
)
def test_one_threshold_that_is_exceeded_makes_a_machine_busy_and_is_named(
    cloud: MemoryCloud, judge: Judge, option: str, least: float
) -> None:
    add(cloud)
    cloud.monitor.measure("i-a")
    ended = judge("i-a", **{option: least})
    assert (ended.only["verdict"], codes(ended)) == ("busy", [option])
    assert f"{option} is {least:g}." in ended.only["reasons"][0]["message"]
    assert asked(cloud, SERIES) == []


def test_without_an_agent_a_machine_is_unknown_unless_the_host_may_judge_alone(cloud: MemoryCloud, judge: Judge) -> None:
    add(cloud)
    cloud.monitor.measure("i-a", cpu=-1)
    ended = judge("i-a")
    assert (ended.only["verdict"], ended.only["confidence"], codes(ended)) == ("unknown", "host_only", ["no_agent"])
    ended = judge("i-a", allow_host_only=True)
    assert (ended.only["verdict"], ended.only["confidence"]) == ("idle", "host_only")


def test_a_machine_without_data_is_unknown_and_has_no_figures(cloud: MemoryCloud, judge: Judge) -> None:
    add(cloud)
    ended = judge("i-a", allow_host_only=True)
    assert (ended.only["verdict"], ended.only["confidence"], codes(ended)) == ("unknown", None, ["no_data"])
    assert set(ended.only["metrics"].values()) == {None}
    assert asked(cloud, SERIES) == []


@pytest.mark.parametrize("measured", [{"gap": (6, 5)}, {"days": 10}, {"ended_days": 2}], ids=["gap", "began late", "ended early"])
def test_data_with_gaps_is_not_idle(cloud: MemoryCloud, judge: Judge, measured: Json) -> None:
    add(cloud)
    cloud.monitor.measure("i-a", **measured)
    ended = judge("i-a")
    assert (ended.only["verdict"], codes(ended)) == ("unknown", ["gaps"])
    assert ended.only["metrics"]["points"] < ended.only["metrics"]["expected_points"]


def test_a_young_machine_is_not_looked_at(cloud: MemoryCloud, judge: Judge) -> None:
    add(cloud, launched="2026-01-10 08:00:00")
    cloud.monitor.measure("i-a")
    assert judge("i-a").only["verdict"] == "too_young"
    assert asked(cloud, BULK) == asked(cloud, SERIES) == []


def test_a_smaller_age_lets_a_young_machine_be_judged_by_all_of_its_life(cloud: MemoryCloud, judge: Judge) -> None:
    add(cloud, launched="2026-01-10 08:00:00")
    cloud.monitor.measure("i-a", days=9.9)
    assert judge("i-a", minimum_age_days=7).only["verdict"] == "idle"
    cloud.monitor.measure("i-a", days=8)
    assert judge("i-a", minimum_age_days=7).only["verdict"] == "unknown"


@pytest.mark.parametrize("launched", [None, "", "some day"])
def test_a_machine_of_unknown_age_is_unknown(cloud: MemoryCloud, judge: Judge, launched: Any) -> None:
    cloud.add("i-a", "running", **({} if launched is None else {"launchTime": launched}))
    cloud.monitor.measure("i-a")
    ended = judge("i-a")
    assert (ended.only["verdict"], codes(ended)) == ("unknown", ["age_unknown"])


@pytest.mark.parametrize("status", ["error", "starting", "suspended"])
def test_a_machine_that_neither_runs_nor_is_stopped_is_unknown(cloud: MemoryCloud, judge: Judge, status: str) -> None:
    add(cloud, status=status)
    ended = judge("i-a")
    assert (ended.only["verdict"], codes(ended)) == ("unknown", ["unsettled"])


def test_a_machine_whose_data_ended_long_ago_is_stopped_for_long(cloud: MemoryCloud, judge: Judge) -> None:
    add(cloud, status="stopped")
    cloud.monitor.measure("i-a", ended_days=20)
    ended = judge("i-a")
    assert (ended.only["verdict"], codes(ended), ended.only["confidence"]) == ("stopped_long", ["stopped_long"], None)


def test_a_machine_that_stopped_last_week_is_not_idle_although_it_has_an_average(cloud: MemoryCloud, judge: Judge) -> None:
    add(cloud, status="stopped")
    cloud.monitor.measure("i-a", ended_days=7)
    ended = judge("i-a")
    assert (ended.only["verdict"], codes(ended)) == ("unknown", ["stopped_recently"])
    assert judge("i-a", stopped_days=6).only["verdict"] == "stopped_long"


def test_no_data_at_all_of_a_stopped_machine_counts_only_where_others_have_data(cloud: MemoryCloud, judge: Judge) -> None:
    add(cloud, status="stopped")
    add(cloud, "i-b")
    assert codes(judge("i-a")) == ["no_data"]
    assert verdicts(judge("i-a", "i-b"))["i-a"] == "unknown"
    cloud.monitor.measure("i-b")
    assert verdicts(judge("i-a", "i-b")) == {"i-a": "stopped_long", "i-b": "idle"}


# --- deletable, costs -----------------------------------------------------------------------------------------------


def test_the_blockers_are_those_of_jdcloud_vm_info(cloud: MemoryCloud, run: Runner, judge: Judge) -> None:
    add(cloud, tags=[{"key": "keep", "value": "1"}])
    for options in ({}, {"stop_running": True}, {"stop_running": True, "protect_tags": {"keep": "*"}}):
        mine, other = judge("i-a", **options).only, run.vm_info("i-a", load_balancers="ignore", **options).only
        assert {name: mine[name] for name in ("deletable", "blockers")} == {
            name: other[name] for name in ("deletable", "blockers")
        }


def test_given_prices_are_added_up_with_disks_and_addresses(cloud: MemoryCloud, judge: Judge) -> None:
    add(cloud)
    cloud.add_disk("i-a", "vol-a", auto_delete=False)
    cloud.add_elastic_ip("i-a", "fip-a", "203.0.113.9")
    prices = {"instance_types": {"g.n2.medium": 100}, "disk_gb": 0.5, "elastic_ip": 20}
    ended = judge("i-a", prices=prices, bill=True)
    assert ended.only["monthly_cost"] == 190.0
    assert ended.result["costs"] == {"source": "prices", "month": None, "currency": "CNY", "problem": None}
    assert judge("i-a").only["monthly_cost"] is None


class BilledCloud(MemoryCloud):
    """Each resource costs 10 a month."""

    @property
    def _replies(self) -> Any:
        return {**super()._replies, "billing.describeBillDetails": self._bill}

    def _bill(self, call: Call[Any]) -> Json:
        assert call.body is not None
        rows = [{"resourceId": each, "realTotalFee": 10} for each in call.body["resourceIds"]]
        return {"pagination": {"currPageNo": 1, "numberPages": 1, "numberRecords": len(rows)}, "result": rows}


class TestBill:
    """The bill of the last complete month, of machines that nobody uses."""

    @pytest.fixture
    def cloud(self) -> BilledCloud:
        cloud = BilledCloud()
        for instance_id, cpu in (("i-a", 0.5), ("i-b", 50)):
            add(cloud, instance_id)
            cloud.monitor.measure(instance_id, cpu=cpu)
        return cloud

    def test_idle_machines_have_their_costs(self, judge: Judge) -> None:
        ended = judge("i-a", "i-b", bill=True)
        assert [each["monthly_cost"] for each in ended.result["instances"]] == [20.0, None]
        assert ended.result["costs"] == {"source": "bill", "month": "2025-12", "currency": "CNY", "problem": None}

    def test_that_the_bill_may_not_be_read_is_a_warning(self, cloud: BilledCloud, judge: Judge) -> None:
        cloud.refuse("billing.describeBillDetails", 403, "HTTP_FORBIDDEN", "no permission")
        ended = judge("i-a", bill=True)
        assert not ended.failed
        assert (ended.only["verdict"], ended.only["monthly_cost"]) == ("idle", None)
        assert "403 HTTP_FORBIDDEN" in ended.result["costs"]["problem"]
        assert any("The costs are unknown" in warning for warning in ended.warnings)

    def test_without_the_option_it_is_not_read(self, cloud: BilledCloud, judge: Judge) -> None:
        assert judge("i-a", bill=False).result["costs"]["source"] == "none"
        assert asked(cloud, "billing.describeBillDetails") == []


# --- the result -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("preview", [False, True])
def test_results_are_as_documented_in_check_mode_too(cloud: MemoryCloud, run: Runner, preview: bool) -> None:
    add(cloud, tags=[{"key": "jdcloud-protect", "value": "1"}], ag={"id": "ag-1", "name": "web"})
    cloud.monitor.measure("i-a")
    ended = run(MODULE, check=preview, group_members="ignore", bill=False)
    assert not ended.failed
    assert set(paths(documented_returns(MODULE))) - check(ended.result, MODULE) == set()
    assert "check_mode" not in ended.result


def test_ids_that_do_not_exist_are_a_warning(cloud: MemoryCloud, judge: Judge) -> None:
    add(cloud)
    ended = judge("i-a", "i-gone")
    assert ended.only["instance_id"] == "i-a"
    assert ended.result["summary"]["not_found"] == 1
    assert any("i-gone" in warning for warning in ended.warnings)


def test_a_region_without_machines_asks_nothing_of_monitoring(cloud: MemoryCloud, judge: Judge) -> None:
    assert judge().result["summary"]["selected"] == 0
    assert [call.operation for call in cloud.calls] == ["vm.describeInstances"]


def test_machines_that_share_a_name_are_all_listed(cloud: MemoryCloud, judge: Judge) -> None:
    for instance_id in ("i-a", "i-b"):
        add(cloud, instance_id, instanceName="web")
    assert set(verdicts(judge(name="web"))) == {"i-a", "i-b"}


# --- series ---------------------------------------------------------------------------------------------------------


def test_a_candidate_has_its_series_and_others_have_none(cloud: MemoryCloud, judge: Judge) -> None:
    for each in ("i-a", "i-b"):
        add(cloud, each)
    add(cloud, "i-c", "stopped")
    cloud.monitor.measure("i-a")
    cloud.monitor.measure("i-b", cpu=50)
    cloud.monitor.measure("i-c", ended_days=20)
    idle, busy, stopped = (each["series"] for each in judge().result["instances"])
    assert [(each["metric"], each["unit"], each["days"]) for each in idle] == [
        ("cpu_util", "%", 14),
        ("vm.network.bytes.incoming", "kbit/s", 14),
    ]
    assert idle[0]["points"] == [0.8] * 28
    assert busy == []
    assert [(each["metric"], each["days"], each["points"][-1]) for each in stopped] == [("vm.network.bytes.incoming", 30, None)]
