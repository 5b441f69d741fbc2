# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The calls of the DNS services, and how their answers are read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.fields import MalformedResponse
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.dns import Record, Zone
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.services import domainservice, privatezone

PAGE = (("pageNumber", "3"), ("pageSize", "100"))
CALLS: list[tuple[Call[Any], str, str, str]] = [
    (privatezone.describe_zones(3), "privatezone.describeZones", "v1", "/zones"),
    (
        privatezone.describe_resource_records("zone-1", 3),
        "privatezone.describeResourceRecords",
        "v1",
        "/zone/zone-1/resourceRecords",
    ),
    (domainservice.describe_domains(3), "domainservice.describeDomains", "v2", "/domain"),
    (
        domainservice.describe_resource_record("4711", 3),
        "domainservice.describeResourceRecord",
        "v2",
        "/domain/4711/ResourceRecord",
    ),
]
LISTINGS = [domainservice.describe_domains(), *(each for each, *_rest in CALLS)]


@pytest.mark.parametrize(("call", "operation", "version", "path"), CALLS, ids=lambda value: getattr(value, "operation", None))
def test_the_calls(call: Call[Any], operation: str, version: str, path: str) -> None:
    assert (call.operation, call.version, call.path, call.query) == (operation, version, path, PAGE)
    assert (call.method, call.write, call.regional, call.body) == ("GET", False, True, None)


@pytest.mark.parametrize("asked", [privatezone.describe_resource_records, domainservice.describe_resource_record])
def test_an_id_that_is_none_never_becomes_a_path(asked: Any) -> None:
    with pytest.raises(InputError):
        asked("../zones")


@pytest.mark.parametrize("call", LISTINGS)
def test_a_page_that_does_not_tell_how_many_there_are_is_no_page(call: Call[Any]) -> None:
    with pytest.raises(MalformedResponse):
        call.parse({"dataList": []})


def zone(**fields: Any) -> Any:
    (read,) = (
        privatezone.describe_zones().parse({"dataList": [{"zoneId": "zone-1", "zone": "corp", **fields}], "totalCount": 1}).items
    )
    return read


def private_record(**fields: Any) -> Any:
    row = {"id": 7, "hostRecord": "www", "hostValue": "10.0.0.1", "recordType": "A", "status": "START", **fields}
    (read,) = privatezone.describe_resource_records("zone-1").parse({"dataList": [row], "totalCount": 1}).items
    return read


def public_record(**fields: Any) -> Any:
    row = {"id": 7, "hostRecord": "www", "hostValue": "203.0.113.1", "type": "A", "resolvingStatus": "2", **fields}
    (read,) = domainservice.describe_resource_record("4711").parse({"dataList": [row], "totalCount": 1}).items
    return read


def test_a_zone_with_all_its_members() -> None:
    bound = [{"regionId": "cn-north-1", "vpcId": "vpc-a"}, {"regionId": "cn-east-2", "vpcId": "vpc-b"}, {"vpcId": ""}]
    assert zone(recordCount=3, bindVpc=bound) == Zone("zone-1", "corp", public=False, records=3, vpc_ids=("vpc-a", "vpc-b"))


def test_a_zone_of_which_only_the_id_is_told() -> None:
    assert zone(zone=None, recordCount=None, bindVpc=None) == Zone("zone-1", "", public=False)


@pytest.mark.parametrize("bound", ["vpc-a", ["vpc-a"], [{"vpcId": []}]])
def test_vpcs_that_cannot_be_read_are_noted(bound: Any) -> None:
    assert zone(bindVpc=bound).unreadable == ("bindVpc",)


def test_a_domain_has_a_number_for_an_id() -> None:
    page = domainservice.describe_domains().parse({"dataList": [{"id": 4711, "domainName": "example.com"}], "totalCount": 1})
    assert page.items == (Zone("4711", "example.com", public=True),)


@pytest.mark.parametrize("wrong", [{"id": None}, {"id": True}, {"id": "a/b"}, {}, "text", None])
def test_a_row_without_a_usable_id_is_counted_and_not_read(wrong: Any) -> None:
    page = domainservice.describe_domains().parse({"dataList": [wrong], "totalCount": 1})
    assert (page.items, page.nameless) == ((), 1)


def test_a_record_of_a_private_zone() -> None:
    assert private_record() == Record("7", "www", "A", "10.0.0.1", "resolving")


def test_a_record_of_a_public_domain() -> None:
    assert public_record() == Record("7", "www", "A", "203.0.113.1", "resolving")


@pytest.mark.parametrize(
    ("told", "status"), [("START", "resolving"), ("stop", "paused"), ("LOCKED", "LOCKED"), ("", None), (None, None)]
)
def test_the_status_of_a_private_record(told: Any, status: str | None) -> None:
    assert private_record(status=told).status == status


@pytest.mark.parametrize(("told", "status"), [("2", "resolving"), (4, "paused"), ("4", "paused"), ("9", "9"), (None, None)])
def test_the_status_of_a_public_record(told: Any, status: str | None) -> None:
    assert public_record(resolvingStatus=told).status == status


def test_a_record_that_cannot_be_read_says_so() -> None:
    assert private_record(hostValue=["10.0.0.1"]) == replace(private_record(), value="", unreadable=("hostValue",))
