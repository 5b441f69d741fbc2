# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists: pages, filters, tags; and the shapes of answers, with the switches for what is not known."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

import pytest

FLEET: dict[str, Any] = {"count": 25, "id": "i-web{n:02}", "name": "web-{n:02}"}


def filtered(cloud: Any, *filters: tuple[str, list[str]], path: str = "instances", service: str = "vm", **more: str) -> Any:
    """The result of a list with these filters."""
    query = dict(more)
    for number, (name, values) in enumerate(filters, 1):
        query[f"filters.{number}.name"] = name
        query |= {f"filters.{number}.values.{index}": value for index, value in enumerate(values, 1)}
    return cloud.call(service, "GET", f"{path}?{urlencode(query, quote_via=quote)}")


def ids(answer: Any) -> list[str]:
    return [one["instanceId"] for one in answer.result["instances"]]


def test_pages_come_in_order_and_end_empty(cloud: Any) -> None:
    cloud.seed(FLEET)
    first = cloud.vm("GET", "instances?pageSize=10").result
    assert (len(first["instances"]), first["totalCount"]) == (10, 25)
    assert len(cloud.vm("GET", "instances?pageNumber=3&pageSize=10").result["instances"]) == 5
    assert cloud.vm("GET", "instances?pageNumber=4&pageSize=10").result == {"instances": [], "totalCount": 25}
    assert len(cloud.vm("GET", "instances").result["instances"]) == 20


@pytest.mark.parametrize("size", [1, 9, 101])
def test_a_page_size_outside_the_bounds_is_refused_cut_or_refused_by_vm_only(cloud: Any, size: int) -> None:
    cloud.seed(FLEET)
    path = f"?pageSize={size}"
    assert cloud.vm("GET", "instances" + path).error == "400 OUT_OF_RANGE: PageSize out of range"
    assert cloud.disk("GET", "disks" + path).http == 400
    cloud.control.configure(page_size_check="vm")
    assert cloud.vm("GET", "instances" + path).http == 400
    assert len(cloud.disk("GET", "disks" + path).result["disks"]) == min(max(size, 10), 25)
    cloud.control.configure(page_size_check="none")
    assert len(cloud.vm("GET", "instances" + path).result["instances"]) == min(max(size, 10), 25)


def test_vpc_gives_the_last_page_again_past_the_end(cloud: Any) -> None:
    cloud.seed(elastic_ips=[{"count": 12, "id": "fip-{n:02}"}])
    pages = [cloud.vpc("GET", f"elasticIps/?pageSize=10&pageNumber={number}").result["elasticIps"] for number in (2, 3)]
    assert [one["elasticIpId"] for one in pages[0]] == ["fip-11", "fip-12"]
    assert pages[0] == pages[1]


def test_disk_sends_null_for_an_empty_list_unless_switched(cloud: Any) -> None:
    assert cloud.disk("GET", "disks").result == {"disks": None, "totalCount": 0}
    assert cloud.disk("GET", "snapshots").result == {"snapshots": None, "totalCount": 0}
    cloud.control.configure(disk_empty_lists="empty")
    assert cloud.disk("GET", "disks").result == {"disks": [], "totalCount": 0}


def test_the_name_filter_is_fuzzy(cloud: Any) -> None:
    cloud.seed({"id": "i-a", "name": "web-1"}, {"id": "i-b", "name": "my-web-10"}, {"id": "i-c", "name": "db"})
    assert ids(filtered(cloud, ("name", ["web-1"]))) == ["i-a", "i-b"]


def test_the_private_address_filter_is_fuzzy_and_takes_several(cloud: Any) -> None:
    cloud.seed(
        {"id": "i-a", "private_ip": "10.0.0.1"}, {"id": "i-b", "private_ip": "10.0.0.11"}, {"id": "i-c", "private_ip": "10.0.1.2"}
    )
    assert ids(filtered(cloud, ("privateIpAddress", ["10.0.0.1"]))) == ["i-a", "i-b"]
    assert ids(filtered(cloud, ("privateIpAddress", ["0.0.11", "1.2"]))) == ["i-b", "i-c"]


def test_address_and_interface_filters_are_ored(cloud: Any) -> None:
    first = {"id": "i-a", "elastic_ip": {"address": "203.0.113.9"}}
    second = {"id": "i-b", "network_interface": "port-b"}
    cloud.seed(first, second, {"id": "i-c"})
    both = (("elasticIpAddress", ["203.0.113.9"]), ("networkInterfaceId", ["port-b"]))
    assert ids(filtered(cloud, *both)) == ["i-a", "i-b"]
    assert ids(filtered(cloud, both[0])) == ["i-a"]


def test_different_filters_are_anded_and_values_of_one_are_ored(cloud: Any) -> None:
    cloud.seed({"id": "i-a"}, {"id": "i-b", "status": "stopped"}, {"id": "i-c", "status": "error"})
    assert ids(filtered(cloud, ("status", ["stopped", "error"]))) == ["i-b", "i-c"]
    assert ids(filtered(cloud, ("status", ["stopped", "error"]), ("instanceId", ["i-a", "i-b"]))) == ["i-b"]


def test_a_filter_without_values_is_ignored_and_an_unknown_one_refused(cloud: Any) -> None:
    cloud.seed({"id": "i-a"})
    assert ids(filtered(cloud, ("instanceId", [""]))) == ["i-a"]
    assert "expected one of [" in filtered(cloud, ("colour", ["red"])).error


def test_tags_select_exactly_and_are_anded(cloud: Any) -> None:
    cloud.seed({"id": "i-a", "tags": {"env": "test", "team": "x"}}, {"id": "i-b", "tags": {"env": "test2"}}, {"id": "i-c"})
    assert ids(cloud.vm("GET", "instances?tags.1.key=env&tags.1.values.1=test")) == ["i-a"]
    assert ids(cloud.vm("GET", "instances?tags.1.key=env")) == ["i-a", "i-b"]
    assert ids(cloud.vm("GET", "instances?tags.1.key=env&tags.2.key=team&tags.2.values.1=x")) == ["i-a"]


def test_the_status_list_is_brief(cloud: Any) -> None:
    cloud.seed({"id": "i-a", "status": "stopped"})
    expected = {"instanceStatuses": [{"instanceId": "i-a", "status": "stopped"}], "totalCount": 1}
    assert cloud.vm("GET", "instanceStatus").result == expected


def test_brief_instances_lack_charge_tags_network_and_disks(cloud: Any) -> None:
    cloud.seed({"id": "i-a", "tags": {"a": "b"}, "disks": [{}]})
    brief = cloud.vm("GET", "instances:describeBriefInstances").result["instances"][0]
    assert brief["instanceId"] == "i-a"
    assert not {"charge", "tags", "systemDisk", "dataDisks", "primaryNetworkInterface"} & set(brief)


def test_private_addresses_are_listed(cloud: Any) -> None:
    cloud.seed({"id": "i-a", "private_ip": "10.0.0.5"})
    rows = cloud.vm("GET", "instancePrivateIpAddress").result["instancePrivateIpAddress"]
    assert rows == [{"instanceId": "i-a", "privateIpAddress": "10.0.0.5"}]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (("diskId", ["vol-b", "vol-x"]), ["vol-b"]),
        (("instanceId", ["i-a"]), ["vol-a", "vol-sys"]),
        (("status", ["available"]), ["vol-b", "vol-c"]),
        (("name", ["free"]), ["vol-c"]),
        (("multiAttach", ["true"]), ["vol-b"]),
    ],
)
def test_disks_are_filtered(cloud: Any, condition: tuple[str, list[str]], expected: list[str]) -> None:
    machine = {"id": "i-a", "system_disk": {"id": "vol-sys"}, "disks": [{"id": "vol-a"}]}
    cloud.seed(machine, disks=[{"id": "vol-b", "shared": True}, {"id": "vol-c", "name": "free-1"}])
    rows = filtered(cloud, condition, path="disks", service="disk").result["disks"]
    assert sorted(one["diskId"] for one in rows) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (("elasticIpIds", ["fip-a", "fip-b"]), ["fip-a", "fip-b"]),
        (("status", ["NOT_ASSOCIATED"]), ["fip-b"]),
        (("status", ["ASSOCIATED"]), ["fip-a"]),
        (("elasticIpAddress", ["203.0.113.2"]), ["fip-b"]),
        (("ipType", ["edge"]), ["fip-c"]),
        (("ipType", ["all"]), ["fip-a", "fip-b", "fip-c"]),
    ],
)
def test_addresses_are_filtered_and_edge_ones_left_out(cloud: Any, condition: tuple[str, list[str]], expected: list[str]) -> None:
    addresses = [{"id": "fip-b", "address": "203.0.113.2"}, {"id": "fip-c", "ip_type": "edge"}]
    cloud.seed({"id": "i-a", "elastic_ip": {"id": "fip-a"}}, elastic_ips=addresses)
    rows = filtered(cloud, condition, path="elasticIps/", service="vpc").result["elasticIps"]
    assert [one["elasticIpId"] for one in rows] == expected


def test_vpc_refuses_an_unknown_status_with_its_documented_words(cloud: Any) -> None:
    answer = filtered(cloud, ("status", ["FREE"]), path="elasticIps/", service="vpc")
    assert answer.error.endswith("is 'FREE', expected one of [ASSOCIATED,NOT_ASSOCIATED,ALL]")


# --- shapes -------------------------------------------------------------------------------------------------------


def test_vm_leaves_empty_fields_out_or_sends_null(cloud: Any) -> None:
    cloud.seed({"id": "i-a"})
    instance = cloud.vm("GET", "instances/i-a").result["instance"]
    assert not {"elasticIpId", "dataDisks", "tags", "description", "ag"} & set(instance)
    cloud.control.configure(vm_empty_fields="null")
    instance = cloud.vm("GET", "instances/i-a").result["instance"]
    assert instance["dataDisks"] is None
    assert instance["tags"] is None


def test_the_host_name_goes_by_either_key(cloud: Any) -> None:
    cloud.seed({"id": "i-a", "hostname": "web"})
    assert cloud.vm("GET", "instances/i-a").result["instance"]["hostname"] == "web"
    cloud.control.configure(hostname_key="hostName")
    instance = cloud.vm("GET", "instances/i-a").result["instance"]
    assert instance["hostName"] == "web"
    assert "hostname" not in instance


def test_a_false_auto_delete_may_be_missing(cloud: Any) -> None:
    cloud.seed({"id": "i-a", "disks": [{}]})
    assert cloud.vm("GET", "instances/i-a").result["instance"]["dataDisks"][0]["autoDelete"] is False
    cloud.control.configure(omit_false_auto_delete=True)
    instance = cloud.vm("GET", "instances/i-a").result["instance"]
    assert "autoDelete" not in instance["dataDisks"][0]
    assert instance["systemDisk"]["autoDelete"] is True


def test_booleans_of_a_query_may_have_to_be_lower_case(cloud: Any) -> None:
    cloud.seed({"id": "i-a"})
    cloud.control.configure(booleans="lower")
    assert cloud.vm("DELETE", "instances/i-a?deletePrimaryNetworkInterfaceAllElasticIp=False").http == 400
    assert cloud.vm("DELETE", "instances/i-a?deletePrimaryNetworkInterfaceAllElasticIp=false").http == 200


def test_an_operation_without_data_may_answer_without_result(cloud: Any) -> None:
    cloud.seed({"id": "i-a"})
    cloud.control.configure(empty_result="missing")
    assert list(cloud.vm("POST", "instances/i-a:stopInstance", {}).body) == ["requestId"]


def test_each_service_has_its_own_form_of_times(cloud: Any) -> None:
    moment = "2026-01-15T16:09:10+08:00"
    cloud.seed(
        {"id": "i-a", "launched": moment, "expires": "2099-01-01T00:00:00+08:00"},
        disks=[{"id": "vol-a", "created": moment}],
        elastic_ips=[{"id": "fip-a", "created": moment}],
        images=[{"id": "img-a", "created": moment}],
        snapshots=[{"id": "snapshot-a", "created": moment}],
    )
    instance = cloud.vm("GET", "instances/i-a").result["instance"]
    assert instance["launchTime"] == "2026-01-15 16:09:10"
    assert instance["charge"]["chargeStartTime"] == "2026-01-15T08:09:10Z"
    assert instance["charge"]["chargeExpiredTime"] == "2098-12-31T16:00:00Z"
    assert "chargeRetireTime" not in instance["charge"]
    assert cloud.vm("GET", "images/img-a").result["image"]["createTime"] == "2026-01-15 16:09:10"
    assert cloud.disk("GET", "disks/vol-a").result["disk"]["createTime"] == moment
    snapshot = cloud.disk("GET", "snapshots/snapshot-a").result["snapshot"]
    assert (snapshot["createTime"], snapshot["expireTime"]) == (moment, "")
    address = cloud.vpc("GET", "elasticIps/fip-a").result["elasticIp"]
    assert address["createdTime"] == "2026-01-15T08:09:10Z"
    assert address["charge"]["chargeStartTime"] == "2026-01-15 16:09:10"
    assert address["charge"]["chargeExpiredTime"] == ""


def test_an_answer_changes_as_soon_as_the_machine_does(cloud: Any) -> None:
    cloud.seed({"id": "i-a", "disks": [{"id": "vol-a"}], "elastic_ip": {"id": "fip-a"}})
    cloud.vm("GET", "instances/i-a")
    cloud.disk("PATCH", "disks/vol-a", {"name": "other"})
    cloud.control.act("disassociate", "fip-a")
    cloud.control.act("retag", "i-a", tags={"x": "y"})
    instance = cloud.vm("GET", "instances/i-a").result["instance"]
    assert instance["dataDisks"][0]["cloudDisk"]["name"] == "other"
    assert "elasticIpId" not in instance
    assert instance["tags"] == [{"key": "x", "value": "y"}]
