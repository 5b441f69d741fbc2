# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The official Python SDK asks the emulator what a machine belongs to, and takes it out."""

from __future__ import annotations

from collections.abc import Callable
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


def add(emulator: EmulatorProcess, **region: list[Json]) -> None:
    """Put these resources into the region of the tests."""
    emulator.control.add({"regions": {"cn-north-1": region}})


def test_groups_are_read_and_left(emulator: EmulatorProcess, sdk: Call) -> None:
    add(emulator, instances=[{"id": "i-a"}, {"id": "i-b"}], groups=[{"id": "ag-web", "name": "web", "members": ["i-a", "i-b"]}])
    filters = [{"name": "agName", "operator": "eq", "values": ["we"]}]
    [group] = good(sdk("ag", "describeAgs", {"pageNumber": 1, "pageSize": 10, "filters": filters}))["ags"]
    assert (group["id"], group["count"]) == ("ag-web", 2)
    by_group = [{"name": "agId", "values": ["ag-web"]}]
    assert good(sdk("vm", "describeInstances", {"filters": by_group}))["totalCount"] == 2
    good(sdk("ag", "abandonInstances", {"agId": "ag-web", "instanceIds": ["i-a"]}))
    again = sdk("ag", "abandonInstances", {"agId": "ag-web", "instanceIds": ["i-a"]})
    assert (again.error.code, again.error.status) == (404, "NOT_FOUND")
    left = good(sdk("ag", "describeAg", {"agId": "ag-web"}))["ag"]["instances"]
    assert [one["instanceId"] for one in left] == ["i-b"]
    good(sdk("ag", "abandonInstances", {"agId": "ag-web", "instanceIds": ["i-b"]}))
    good(sdk("ag", "deleteAg", {"agId": "ag-web"}))
    assert good(sdk("ag", "describeAgs", {}))["totalCount"] == 0


def test_scaling_is_switched_on_changed_and_off(emulator: EmulatorProcess, sdk: Call) -> None:
    add(emulator, instances=[{"id": "i-a"}], groups=[{"id": "ag-web", "members": ["i-a"]}])
    limits = {"minSize": 1, "maxSize": 3, "desiredCapacity": 1, "healthCheck": None}
    good(sdk("ag", "enableAutoScaling", {"agId": "ag-web", "isManaged": True, "autoscalingSpec": limits}))
    good(sdk("ag", "updateAutoScaling", {"agId": "ag-web", "autoscalingSpec": {**limits, "minSize": 0, "desiredCapacity": 0}}))
    good(sdk("ag", "modifyInstancesProtected", {"agId": "ag-web", "isProtected": True, "instanceIds": ["i-a"]}))
    good(sdk("ag", "modifyInstancesManaged", {"agId": "ag-web", "isManaged": False, "instanceIds": ["i-a"]}))
    wanted = {"filters": [{"name": "status", "values": ["SUCCESS"]}], "sorts": [{"name": "startTime", "direction": "desc"}]}
    assert good(sdk("ag", "describeScalingActivities", {"agId": "ag-web", **wanted}))["totalCount"] == 1
    good(sdk("ag", "disableAutoScaling", {"agId": "ag-web"}))
    group = good(sdk("ag", "describeAg", {"agId": "ag-web"}))["ag"]
    assert (group["autoScaling"], group["autoscalingSpec"]["minSize"], group["instances"][0]["isManaged"]) == (False, 0, False)


BALANCER: Json = {
    "id": "netlb-web",
    "type": "nlb",
    "target_groups": [{"id": "tg-web", "targets": [{"id": "target-a", "instance": "i-a", "port": 80}]}],
    "backends": [{"id": "backend-web", "target_group": "tg-web"}, {"id": "backend-group", "group": "ag-web"}],
}
NLB = {"name": "loadBalancerType", "values": ["nlb"]}


def test_load_balancers_are_read_to_the_last_target(emulator: EmulatorProcess, sdk: Call) -> None:
    add(emulator, instances=[{"id": "i-a"}, {"id": "i-b", "ag": "ag-web"}], groups=[{"id": "ag-web"}], load_balancers=[BALANCER])
    wanted = {"pageNumber": 1, "pageSize": 100, "filters": [NLB]}
    assert good(sdk("lb", "describeLoadBalancers", {}))["totalCount"] == 0
    assert good(sdk("lb", "describeLoadBalancers", wanted))["loadBalancers"][0]["type"] == "nlb"
    assert good(sdk("lb", "describeTargetGroups", wanted))["targetGroups"][0]["loadBalancerId"] == "netlb-web"
    assert good(sdk("lb", "describeListeners", wanted))["totalCount"] == 2
    by_group = {"filters": [NLB, {"name": "agId", "values": ["ag-web"]}]}
    assert [one["backendId"] for one in good(sdk("lb", "describeBackends", by_group))["backends"]] == ["backend-group"]
    by_machine = {"targetGroupId": "tg-web", "filters": [{"name": "instanceId", "values": ["i-a"]}]}
    assert good(sdk("lb", "describeTargets", by_machine))["targets"][0]["targetId"] == "target-a"
    healths = good(sdk("lb", "describeTargetHealth", {"backendId": "backend-web"}))["targetHealths"]
    assert [(one["instanceId"], one["status"]) for one in healths] == [("i-a", "healthy")]
    by_weight = {"backendId": "backend-group", "sorts": [{"name": "weight", "direction": "asc"}]}
    assert good(sdk("lb", "describeAgTargets", by_weight))["targets"][0]["instanceId"] == "i-b"


def test_targets_are_changed_removed_and_put_back(emulator: EmulatorProcess, sdk: Call) -> None:
    add(emulator, instances=[{"id": "i-a"}, {"id": "i-b", "ag": "ag-web"}], groups=[{"id": "ag-web"}], load_balancers=[BALANCER])
    group: Json = {"targetGroupId": "tg-web"}
    change = [{"targetId": "target-a", "port": None, "weight": 1}]
    good(sdk("lb", "updateTargets", {**group, "targetUpdateSpecs": change}))
    assert good(sdk("lb", "describeTargets", group))["targets"][0]["weight"] == 1
    good(sdk("lb", "deRegisterTargets", {**group, "targetIds": ["target-a"]}))
    again = sdk("lb", "deRegisterTargets", {**group, "targetIds": ["target-a"]})
    assert (again.error.code, again.error.status) == (404, "NOT_FOUND")
    back = [{"instanceId": "i-a", "type": "vm", "port": 80, "weight": 10, "ipAddress": None}]
    good(sdk("lb", "registerTargets", {**group, "targetSpecs": back}))
    assert good(sdk("lb", "describeTargets", group))["targets"][0]["targetId"] != "target-a"
    backend: Json = {"backendId": "backend-group"}
    [member] = good(sdk("lb", "describeAgTargets", backend))["targets"]
    good(sdk("lb", "updateAgTargets", {**backend, "targetUpdateSpecs": [{"targetId": member["targetId"], "weight": 2}]}))
    assert good(sdk("lb", "describeAgTargets", backend))["targets"][0]["weight"] == 2


def test_names_are_read(emulator: EmulatorProcess, sdk: Call) -> None:
    zone = {"id": "zone-corp", "zone": "corp.example", "records": [{"host": "web", "value": "10.0.0.1"}]}
    domain = {"id": 1001, "name": "shop.example", "records": [{"host": "www", "value": "203.0.113.9"}]}
    emulator.control.add({"dns": {"zones": [zone], "domains": [domain]}})
    page = {"pageNumber": 1, "pageSize": 100}
    assert good(sdk("privatezone", "describeZones", page))["dataList"][0]["zoneId"] == "zone-corp"
    private = good(sdk("privatezone", "describeResourceRecords", {"zoneId": "zone-corp", **page}))["dataList"]
    assert [(one["hostRecord"], one["hostValue"]) for one in private] == [("web", "10.0.0.1")]
    assert good(sdk("domainservice", "describeDomains", page))["dataList"][0]["id"] == 1001
    public = good(sdk("domainservice", "describeResourceRecord", {"domainId": "1001", **page}))["dataList"]
    assert [(one["hostRecord"], one["hostValue"]) for one in public] == [("www", "203.0.113.9")]


def test_the_pin_of_a_key_is_read(emulator: EmulatorProcess, sdk: Call) -> None:
    key = emulator.environment()["JDCLOUD_ACCESS_KEY"]
    assert good(sdk("iam", "describeUserPin", {"accessKey": key}))["pin"] == "demo-account"
