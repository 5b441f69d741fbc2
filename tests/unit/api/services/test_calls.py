# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The typed functions: method, path, parameters, and how their answers are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call, encode_query
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.fields import MalformedResponse
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.instance import InstanceInFull
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.services import disk, vm, vpc

WRITES: list[tuple[Call[None], str, str, Any]] = [
    (vm.stop_instance("i-1"), "POST", "/instances/i-1:stopInstance", {}),
    (vm.stop_instance("i-1", "stopCharging"), "POST", "/instances/i-1:stopInstance", {"chargeOnStopped": "stopCharging"}),
    (vm.start_instance("i-1"), "POST", "/instances/i-1:startInstance", {}),
    (vm.delete_instance("i-1"), "DELETE", "/instances/i-1", None),
    (
        vm.set_disk_auto_delete("i-1", {"vol-1": True, "vol-2": False}),
        "POST",
        "/instances/i-1:modifyInstanceDiskAttribute",
        {"dataDisks": [{"diskId": "vol-1", "autoDelete": True}, {"diskId": "vol-2", "autoDelete": False}]},
    ),
    (vpc.delete_elastic_ip("fip-1"), "DELETE", "/elasticIps/fip-1", None),
]


@pytest.mark.parametrize(("call", "method", "path", "body"), WRITES, ids=lambda value: getattr(value, "operation", None))
def test_writes(call: Call[None], method: str, path: str, body: Any) -> None:
    assert (call.method, call.path, call.body, call.query, call.write) == (method, path, body, (), True)
    assert call.resource is not None
    assert call.resource in call.path
    assert call.parse({}) is None


READS: list[tuple[Call[Any], str, str]] = [
    (vm.describe_instance("i-1"), "vm.describeInstance", "/instances/i-1"),
    (disk.describe_disk("vol-1"), "disk.describeDisk", "/disks/vol-1"),
    (vpc.describe_elastic_ip("fip-1"), "vpc.describeElasticIp", "/elasticIps/fip-1"),
    (vm.describe_instances(), "vm.describeInstances", "/instances"),
    (disk.describe_disks(["vol-1"]), "disk.describeDisks", "/disks"),
    (vpc.describe_elastic_ips(["fip-1"]), "vpc.describeElasticIps", "/elasticIps/"),
]


@pytest.mark.parametrize(("call", "operation", "path"), READS, ids=lambda value: getattr(value, "operation", None))
def test_reads(call: Call[Any], operation: str, path: str) -> None:
    assert (call.operation, call.method, call.path, call.body, call.write) == (operation, "GET", path, None, False)
    assert call.service == operation.partition(".")[0]
    with pytest.raises(MalformedResponse):
        call.parse({})


def test_describe_instances_parameters() -> None:
    call = vm.describe_instances(
        ids=["i-1", "i-2"], filters=[("status", ["running"])], tags=[("env", ["prod", "test"])], page=3, page_size=50
    )
    assert encode_query(call.query) == (
        "filters.1.name=instanceId&filters.1.values.1=i-1&filters.1.values.2=i-2&filters.2.name=status&filters.2.values.1=running"
        "&tags.1.key=env&tags.1.values.1=prod&tags.1.values.2=test&pageNumber=3&pageSize=50"
    )
    assert encode_query(vm.describe_instances().query) == "pageNumber=1&pageSize=100"


def test_describe_disks_parameters() -> None:
    assert encode_query(disk.describe_disks(["vol-1"], 2, 20).query) == (
        "filters.1.name=diskId&filters.1.values.1=vol-1&pageNumber=2&pageSize=20"
    )


def test_describe_elastic_ips_sees_every_type_and_status() -> None:
    query = encode_query(vpc.describe_elastic_ips(["fip-1"]).query)
    assert "filters.1.name=elasticIpIds&filters.1.values.1=fip-1" in query
    assert "filters.2.name=ipType&filters.2.values.1=all" in query
    assert "filters.3.name=status&filters.3.values.1=ALL" in query


@pytest.mark.parametrize("describe", [lambda ids: vm.describe_instances(ids=ids), disk.describe_disks, vpc.describe_elastic_ips])
def test_no_ids_is_never_all(describe: Callable[[list[str]], Call[Any]]) -> None:
    with pytest.raises(ValueError, match="at least one value"):
        describe([])
    with pytest.raises(InputError):
        describe(["i-1", ""])


@pytest.mark.parametrize(
    "function",
    [
        vm.describe_instance,
        vm.stop_instance,
        vm.start_instance,
        vm.delete_instance,
        lambda resource_id: vm.set_disk_auto_delete(resource_id, {"vol-1": True}),
        lambda resource_id: vm.set_disk_auto_delete("i-1", {resource_id: True}),
        disk.describe_disk,
        lambda resource_id: disk.delete_disk(resource_id, into_bin=True),
        vpc.describe_elastic_ip,
        vpc.delete_elastic_ip,
    ],
)
@pytest.mark.parametrize("resource_id", ["", "..", "i-1/../i-2", "i-1?deletePrimaryNetworkInterfaceAllElasticIp=true"])
def test_what_is_no_id_is_never_sent(function: Callable[[str], Call[Any]], resource_id: str) -> None:
    with pytest.raises(InputError):
        function(resource_id)


def test_stop_charging_is_spelled_exactly() -> None:
    with pytest.raises(ValueError, match="keepCharging"):
        vm.stop_instance("i-1", "stopcharging")


@pytest.mark.parametrize("attributes", [{}, {"vol-1": "true"}, {"vol-1": None}])
def test_disk_attributes_are_booleans(attributes: dict[str, bool]) -> None:
    with pytest.raises(ValueError, match="true or false"):
        vm.set_disk_auto_delete("i-1", attributes)


def test_pages(example: Callable[[str], Any]) -> None:
    result = example("describeInstances.page.json")["result"]
    page = vm.describe_instances().parse(result)
    assert page.total == result["totalCount"]
    assert [machine.instance_id for machine in page.items] == [raw["instanceId"] for raw in result["instances"]]
    in_full = vm.describe_instances_in_full().parse(result)
    assert all(isinstance(item, InstanceInFull) for item in in_full.items)
    assert in_full.items[0].full["name"] == page.items[0].name


def test_a_null_list_is_an_empty_page(example: Callable[[str], Any]) -> None:
    page = disk.describe_disks(["vol-1"]).parse(example("describeDisks.empty.json")["result"])
    assert (page.items, page.total) == ((), 0)
    assert vpc.describe_elastic_ips(["fip-1"]).parse({"elasticIps": None, "totalCount": 0}).items == ()


def test_single_answers(example: Callable[[str], Any]) -> None:
    assert vm.describe_instance("i-4x9q2m7kva").parse(example("describeInstance.stopped.json")["result"]).status == "stopped"
    assert vpc.describe_elastic_ip("fip-8wz1t5c0rn").parse(example("describeElasticIp.json")["result"]).status == "ASSOCIATED"
    assert disk.describe_disk("vol-1").parse({"disk": {"diskId": "vol-1", "status": "available"}}).status == "available"
