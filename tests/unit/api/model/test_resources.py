# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers as values: tolerant of what is missing, strict where a wrong type could lead to a wrong decision."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.fields import (
    MalformedResponse,
    parse_page,
    parse_page_total,
    snake_name,
)
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.instance import (
    Address,
    Instance,
    Interface,
    parse_instance,
    parse_instance_in_full,
)
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.resources import (
    Charge,
    Disk,
    ElasticIp,
    parse_disk,
    parse_elastic_ip,
)

MINIMAL = {"instanceId": "i-1", "status": "Stopped"}


def instance(**fields: Any) -> Instance:
    return parse_instance(MINIMAL | fields)


def test_example_machine(example: Callable[[str], Any]) -> None:
    machine = parse_instance(example("describeInstance.stopped.json")["result"]["instance"])
    assert (machine.instance_id, machine.name, machine.status) == ("i-4x9q2m7kva", "web-old-01", "stopped")
    assert machine.tags == {"env": "test", "owner": "web"}
    assert machine.charge == Charge("postpaid_by_duration", "normal")
    assert [(disk.disk_id, disk.device, disk.size_gb, disk.auto_delete, disk.system) for disk in machine.disks] == [
        ("vol-1sy5dsk0aa", "vda", 40, True, True),
        ("vol-2dat4dsk1b", "vdb", 100, True, False),
        ("vol-3dat5dsk2c", "vdc", 200, False, False),
    ]
    assert {(disk.category, disk.attachment_status, disk.shared) for disk in machine.disks} == {("cloud", "attached", False)}
    assert machine.addresses == (Address("fip-8wz1t5c0rn", "203.0.113.17", "port-6kg0r3q8ya", True),)
    assert machine.interfaces == (Interface("port-6kg0r3q8ya", True, True),)
    assert machine.private_ips == ("10.0.0.11",)


def test_prepaid_example(example: Callable[[str], Any]) -> None:
    machine = parse_instance(example("describeInstances.page.json")["result"]["instances"][1])
    assert machine.charge is not None
    assert machine.charge.mode == "prepaid_by_duration"
    assert machine.charge.expires == datetime(2027, 11, 3, 15, 59, 59, tzinfo=UTC)
    assert machine.charge.expires_text == "2027-11-03T15:59:59Z"


def test_a_machine_of_which_little_is_known() -> None:
    machine = instance(dataDisks=None, systemDisk=None, charge=None, ag=None, secondaryNetworkInterfaces=None, tags=None)
    assert machine == instance()
    assert (machine.name, machine.status, machine.tags, machine.charge, machine.disks) == ("", "stopped", {}, None, ())
    assert (machine.addresses, machine.interfaces, machine.private_ips, machine.group_id) == ((), (), (), None)


def test_an_answer_that_carries_no_tags_says_nothing_about_them() -> None:
    assert parse_instance(MINIMAL, carries_tags=False).tags is None


def test_tag_values_are_text() -> None:
    tags = [
        {"key": "a", "value": "x"},
        {"key": "b"},
        {"key": "c", "value": 5},
        {"key": "d", "value": True},
        {"key": "e", "value": 1.5},
    ]
    assert instance(tags=tags).tags == {"a": "x", "b": "", "c": "5", "d": "true", "e": "1.5"}


def test_membership_and_release_time() -> None:
    machine = instance(ag={"id": "ag-1", "name": "web"}, autoReleaseTime="2026-02-01 00:00:00", dedicatedHostId="host-1")
    assert (machine.group_id, machine.group_name) == ("ag-1", "web")
    assert (machine.auto_release_time, machine.dedicated_host_id) == ("2026-02-01 00:00:00", "host-1")


def test_numbers_in_text_fields_are_text() -> None:
    assert instance(faultDomain=3).fault_domain == "3"


def test_local_disks_have_size_and_no_id() -> None:
    local = {"diskCategory": "local", "autoDelete": True, "deviceName": "vdb", "localDisk": {"diskType": "SSD", "diskSizeGB": 80}}
    (disk,) = instance(dataDisks=[local]).disks
    assert (disk.category, disk.disk_id, disk.size_gb, disk.device) == ("local", None, 80, "vdb")


@pytest.mark.parametrize(
    ("raw", "category"),
    [
        ({"cloudDisk": {"diskId": "vol-1"}}, "cloud"),
        ({"localDisk": {"diskSizeGB": 1}}, "local"),
        ({"diskCategory": "Cloud"}, "cloud"),
    ],
)
def test_disk_category_from_what_the_service_says(raw: dict[str, Any], category: str) -> None:
    (disk,) = instance(systemDisk=raw).disks
    assert (disk.category, disk.system, disk.auto_delete) == (category, True, None)


@pytest.mark.parametrize(
    "cloud",
    [{"multiAttachable": True}, {"multiAttachable": False, "attachments": [{"instanceId": "i-1"}, {"instanceId": "i-2"}]}],
)
def test_shared_disks(cloud: dict[str, Any]) -> None:
    (disk,) = instance(dataDisks=[{"cloudDisk": {"diskId": "vol-1"} | cloud}]).disks
    assert disk.shared


def nic(port: str | None, *ips: dict[str, str], auto_delete: Any = None) -> dict[str, Any]:
    return {
        "autoDelete": auto_delete,
        "networkInterface": {"networkInterfaceId": port, "primaryIp": ips[0], "secondaryIps": list(ips[1:])},
    }


def test_elastic_ips_of_all_interfaces_each_once() -> None:
    machine = instance(
        privateIpAddress="10.0.0.1",
        elasticIpId="fip-1",
        elasticIpAddress="203.0.113.1",
        primaryNetworkInterface=nic(
            "port-1",
            {"privateIpAddress": "10.0.0.1", "elasticIpId": "fip-1", "elasticIpAddress": "203.0.113.1"},
            {"privateIpAddress": "10.0.0.2", "elasticIpId": "fip-2", "elasticIpAddress": "203.0.113.2"},
        ),
        secondaryNetworkInterfaces=[
            nic(
                "port-2",
                {"privateIpAddress": "10.0.0.3", "elasticIpId": "fip-3"},
                {"privateIpAddress": "10.0.0.4"},
                auto_delete=False,
            )
        ],
        rdmaNetworkInterfaces=[nic("port-3", {"elasticIpId": "fip-4"})],
    )
    assert machine.addresses == (
        Address("fip-1", "203.0.113.1", "port-1", True),
        Address("fip-2", "203.0.113.2", "port-1", True),
        Address("fip-3", None, "port-2", False),
        Address("fip-4", None, "port-3", False),
    )
    assert machine.interfaces == (
        Interface("port-1", True, None),
        Interface("port-2", False, False),
        Interface("port-3", False, None),
    )
    assert machine.private_ips == ("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4")


def test_an_elastic_ip_that_only_the_machine_shows_is_on_its_primary_interface() -> None:
    machine = instance(elasticIpId="fip-1", elasticIpAddress="203.0.113.1", primaryNetworkInterface=nic("port-1", {}))
    assert machine.addresses == (Address("fip-1", "203.0.113.1", "port-1", True),)
    assert instance(elasticIpId="fip-1").addresses == (Address("fip-1", None, None, True),)


def test_an_interface_without_id_is_none_yet() -> None:
    assert instance(primaryNetworkInterface=nic(None, {})).interfaces == ()


@pytest.mark.parametrize("broken", [{"instanceId": ""}, {"instanceId": None}, {"instanceId": 5}, {"instanceId": "../i-1"}])
def test_a_row_without_an_id_is_no_row(broken: dict[str, Any]) -> None:
    with pytest.raises(MalformedResponse):
        parse_instance(MINIMAL | broken)


MALFORMED: list[tuple[str, dict[str, Any]]] = [
    ("status", {"status": None}),
    ("status", {"status": " "}),
    ("status", {"status": 1}),
    ("status", {"status": ["stopped"]}),
    ("instanceName", {"instanceName": {}}),
    ("tags", {"tags": {"a": "b"}}),
    ("tags", {"tags": ["a"]}),
    ("tags", {"tags": [None]}),
    ("tags", {"tags": [{"value": "b"}]}),
    ("tags", {"tags": [{"key": "a", "value": []}]}),
    ("charge", {"charge": "prepaid"}),
    ("charge", {"charge": {"chargeMode": []}}),
    ("disks", {"systemDisk": []}),
    ("disks", {"dataDisks": {}}),
    ("disks", {"dataDisks": ["vdb"]}),
    ("disks", {"dataDisks": [None]}),
    ("disks", {"dataDisks": [{}]}),
    ("disks", {"dataDisks": [{"diskCategory": "tape", "cloudDisk": {"diskId": "vol-1"}}]}),
    ("disks", {"dataDisks": [{"cloudDisk": {"diskId": "vol-1"}, "localDisk": {"diskSizeGB": 1}}]}),
    ("disks", {"dataDisks": [{"diskCategory": "cloud", "autoDelete": "false"}]}),
    ("disks", {"dataDisks": [{"diskCategory": "cloud", "cloudDisk": {"multiAttachable": 1}}]}),
    ("disks", {"dataDisks": [{"diskCategory": "cloud", "cloudDisk": {"diskId": "vol/../1"}}]}),
    ("networkInterfaces", {"elasticIpId": ["fip-1"]}),
    ("networkInterfaces", {"elasticIpId": "fip 1"}),
    ("networkInterfaces", {"primaryNetworkInterface": "port-1"}),
    ("ag", {"ag": "ag-1"}),
    ("ag", {"ag": {"id": []}}),
    ("vpcId", {"vpcId": {}}),
]


@pytest.mark.parametrize(("field", "broken"), MALFORMED)
def test_what_could_mislead_a_decision_is_named_as_unreadable(field: str, broken: dict[str, Any]) -> None:
    assert parse_instance(MINIMAL | broken).unreadable == (field,)


@pytest.mark.parametrize(("_field", "broken"), MALFORMED)
def test_a_malformed_row_is_listed_with_everything_that_can_be_read(_field: str, broken: dict[str, Any]) -> None:
    whole = MINIMAL | {"description": "old"} | broken
    assert parse_instance_in_full(whole).full["description"] == "old"


@pytest.mark.parametrize(
    "fine",
    [
        {"charge": {"chargeMode": "by_barter", "chargeExpiredTime": "soon"}},
        {"status": "hibernated"},
        {"dataDisks": None, "tags": None, "charge": None, "ag": None},
        {"systemDisk": {"diskCategory": "cloud", "cloudDisk": {"diskId": "vol-1", "diskSizeGB": "40"}}},
    ],
)
def test_words_numbers_and_times_that_are_only_unknown_are_no_fault_of_the_row(fine: dict[str, Any]) -> None:
    assert parse_instance(MINIMAL | fine).unreadable == ()


def test_one_malformed_row_leaves_the_others_of_its_page_alone() -> None:
    rows = [MINIMAL, {"instanceId": "i-2", "status": None}, {"instanceId": "i-3", "status": "running", "tags": "x"}]
    page = parse_page({"instances": rows, "totalCount": 3}, "instances", "instanceId", parse_instance, 100)
    assert [(each.instance_id, each.unreadable) for each in page.items] == [("i-1", ()), ("i-2", ("status",)), ("i-3", ("tags",))]
    assert page.whole


@pytest.mark.parametrize("nameless", [None, 5, "i-2", [], {}, {"status": "stopped"}, {"instanceId": None}, {"instanceId": " "}])
def test_a_row_without_an_id_proves_that_a_page_is_not_whole(nameless: Any) -> None:
    response = {"instances": [MINIMAL, nameless], "totalCount": 1}
    page = parse_page(response, "instances", "instanceId", parse_instance, 100)
    assert (len(page.items), page.nameless, page.whole) == (1, 1, False)


def test_a_machine_that_an_answer_shows_twice_is_not_believed() -> None:
    """Which of the two rows is true is not known, and the last one may say stopped of a machine that runs."""
    rows = [MINIMAL | {"status": "running"}, MINIMAL, {"instanceId": "i-2", "status": "stopped"}]
    response = {"instances": rows, "totalCount": 2}
    page = parse_page(response, "instances", "instanceId", parse_instance, 100)
    assert ([each.instance_id for each in page.items], page.nameless, page.whole) == (["i-2"], 2, False)


@pytest.mark.parametrize("rows", [{}, "rows", 1, [MINIMAL] * 101])
def test_a_page_that_is_none_or_larger_than_asked_for_is_malformed(rows: Any) -> None:
    with pytest.raises(MalformedResponse):
        parse_page({"instances": rows, "totalCount": 1}, "instances", "instanceId", parse_instance, 100)


def test_charge_of_an_elastic_ip_with_empty_times(example: Callable[[str], Any]) -> None:
    raw = example("describeElasticIp.json")["result"]["elasticIp"]
    assert parse_elastic_ip(raw) == ElasticIp(
        elastic_ip_id="fip-8wz1t5c0rn",
        address="203.0.113.17",
        status="ASSOCIATED",
        instance_id="i-4x9q2m7kva",
        charge=Charge("postpaid_by_usage", "normal"),
        bandwidth_package_id=None,
        network_interface_id="port-6kg0r3q8ya",
        name="web-old-01-eip",
        state="UP",
        private_ip_address=raw["privateIpAddress"],
        instance_type="compute",
    )


def test_disk_of_the_disk_service() -> None:
    attachments = [
        {"instanceId": "i-1", "status": "attached"},
        {"instanceId": "i-2", "status": "detached"},
        {"instanceId": "i-3", "status": "Detaching"},
        {"instanceId": "i-1", "status": "attached"},
    ]
    raw = {"diskId": "vol-1", "status": "In-Use", "diskSizeGB": 20, "attachments": attachments, "multiAttachable": True}
    assert parse_disk(raw) == Disk("vol-1", "in-use", 20, ("i-1", "i-3"), None, True, attached=True)
    assert parse_disk({"diskId": "vol-1", "status": "available", "attachments": None}).attached_to == ()


def test_what_tells_whether_a_disk_may_be_deleted_and_how() -> None:
    raw = {"diskId": "vol-1", "status": "available", "name": "old", "tags": [{"key": "a", "value": "b"}]}
    disk = parse_disk(raw | {"attachments": [{"status": "attached"}], "canPutInRecycleBin": False})
    assert (disk.name, disk.tags, disk.attached, disk.attached_to, disk.recyclable) == ("old", {"a": "b"}, True, (), False)
    assert parse_disk(raw).recyclable is None
    assert parse_disk(raw | {"canPutInRecycleBin": "false"}).unreadable == ("canPutInRecycleBin",)


@pytest.mark.parametrize(
    ("field", "broken"),
    [
        ("status", {"status": None}),
        ("attachments", {"attachments": {}}),
        ("attachments", {"attachments": [{"instanceId": 5}]}),
        ("charge", {"charge": []}),
        ("tags", {"tags": [{}]}),
        ("multiAttachable", {"multiAttachable": "yes"}),
        ("snapshotId", {"snapshotId": "snapshot 1"}),
    ],
)
def test_a_malformed_disk_says_what_could_not_be_read(field: str, broken: dict[str, Any]) -> None:
    assert parse_disk({"diskId": "vol-1", "status": "available"} | broken).unreadable == (field,)


@pytest.mark.parametrize(
    ("field", "broken"),
    [("status", {"status": []}), ("tags", {"tags": {}}), ("instanceId", {"instanceId": {}}), ("state", {"state": []})],
)
def test_a_malformed_elastic_ip_says_what_could_not_be_read(field: str, broken: dict[str, Any]) -> None:
    assert parse_elastic_ip({"elasticIpId": "fip-1", "status": "ASSOCIATED"} | broken).unreadable == (field,)


def test_the_holder_of_an_elastic_ip_need_be_no_machine() -> None:
    raw = {"elasticIpId": "fip-1", "privateIpAddress": "10.0.0.9", "instanceType": "lb", "tags": None, "state": "processing"}
    address = parse_elastic_ip(raw | {"elasticIpName": "old"})
    assert (address.private_ip_address, address.instance_type, address.state) == ("10.0.0.9", "lb", "PROCESSING")
    assert (address.name, address.tags, address.status, address.instance_id) == ("old", {}, "", None)


@pytest.mark.parametrize("total", [None, -1, "3", 1.0, True])
def test_a_listing_without_a_count_is_malformed(total: object) -> None:
    with pytest.raises(MalformedResponse):
        parse_page_total({"totalCount": total})


@pytest.mark.parametrize(
    ("name", "snake"),
    [
        ("instanceId", "instance_id"),
        ("systemDiskSizeGB", "system_disk_size_gb"),
        ("bandwidthMbps", "bandwidth_mbps"),
        ("sizeMB", "size_mb"),
        ("az", "az"),
        ("canPutInRecycleBin", "can_put_in_recycle_bin"),
        ("privateIpAddress", "private_ip_address"),
        ("elasticIPAddress", "elastic_ip_address"),
        ("ipv6Addresses", "ipv6_addresses"),
        ("chargeOnStopped", "charge_on_stopped"),
        ("already_snake", "already_snake"),
    ],
)
def test_snake_names(name: str, snake: str) -> None:
    assert snake_name(name) == snake


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("instanceName", "name"),
        ("elasticIpName", "name"),
        ("diskSizeGB", "size_gb"),
        ("snapshotSizeGB", "size_gb"),
        ("desc", "description"),
    ],
)
def test_what_the_services_call_differently_has_one_word(name: str, word: str) -> None:
    assert snake_name(name) == word


def test_in_full_keeps_everything_in_snake_case(example: Callable[[str], Any]) -> None:
    raw = example("describeInstance.stopped.json")["result"]["instance"]
    both = parse_instance_in_full(raw)
    assert both.instance == parse_instance(raw)
    assert both.full["tags"] == {"env": "test", "owner": "web"}
    assert both.full["system_disk"]["cloud_disk"]["size_gb"] == 40
    assert both.full["primary_network_interface"]["network_interface"]["network_interface_id"] == "port-6kg0r3q8ya"
    assert set(both.full) == {snake_name(name) for name in raw}


def test_in_full_always_has_tags_and_one_name_for_the_host() -> None:
    full = parse_instance_in_full(MINIMAL | {"hostName": "web-1"}).full
    assert full == {"instance_id": "i-1", "status": "Stopped", "hostname": "web-1", "tags": {}}
