# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`look_up_dns` over HTTP: both services, their paths, pages and numbers, and what becomes of faults."""

from __future__ import annotations

import pytest

from support.integration.cloud import Cloud, account, stopped
from support.json_object import Json

A, B = "i-aaaa000001", "i-bbbb000002"
ADDRESS, PRIVATE = "203.0.113.9", "10.0.0.5"
SERVICES = ("privatezone.*", "domainservice.*")


def public(**fields: object) -> Json:
    """A machine with an elastic IP and a private address in vpc-a."""
    return stopped(A, elastic_ip={"id": "fip-a", "address": ADDRESS}, vpc="vpc-a", private_ip=PRIVATE, **fields)


def private() -> Json:
    """A machine with a private address in vpc-b alone."""
    return stopped(B, vpc="vpc-b", private_ip=PRIVATE)


ZONES: list[Json] = [
    {"id": "zone-ours", "zone": "ours", "vpcs": ["vpc-a"], "records": [{"host": "db", "value": PRIVATE, "paused": True}]},
    {"id": "zone-theirs", "zone": "theirs", "vpcs": ["vpc-b"], "records": [{"host": "db", "value": PRIVATE}]},
    {"id": "zone-empty", "zone": "empty", "vpcs": ["vpc-a", "vpc-b"]},
]
DOMAINS: list[Json] = [
    {
        "id": 1001,
        "name": "shop.example",
        "records": [
            {"host": "www", "value": ADDRESS},
            {"host": "@", "value": ADDRESS},
            {"host": "alias", "type": "CNAME", "value": "www.shop.example"},
            {"host": "inside", "value": PRIVATE},
        ],
    }
]


def names(cloud_row: Json) -> dict[str, tuple[str, str]]:
    return {each["name"]: (each["zone_type"], each["status"]) for each in cloud_row["dns_records"]}


def dns_calls(cloud: Cloud) -> list[str]:
    return [str(entry["operation"]) for service in SERVICES for entry in cloud.calls(service)]


@pytest.mark.parametrize("check", [True, False])
def test_records_of_both_services_are_shown_and_the_machine_is_deleted(cloud: Cloud, check: bool) -> None:
    cloud.seed(public(), zones=ZONES, domains=DOMAINS)
    ended = cloud.vm("absent", A, check=check, look_up_dns=True)
    assert ended.actions == {A: "deleted"}
    assert names(ended.only) == {
        "db.ours": ("private", "paused"),
        "shop.example": ("public", "resolving"),
        "www.shop.example": ("public", "resolving"),
    }
    assert [each["code"] for each in ended.only["warnings"]] == ["dns_record"] * 3
    assert ended.result["dns_unread"] == []


def test_only_what_may_hold_an_address_is_read(cloud: Cloud) -> None:
    cloud.seed(private(), zones=ZONES, domains=DOMAINS)
    ended = cloud.vm_info(B, look_up_dns=True)
    assert names(ended.only) == {"db.theirs": ("private", "resolving")}
    assert dns_calls(cloud) == ["privatezone.describeZones", "privatezone.describeResourceRecords"]
    assert cloud.calls("privatezone.describeResourceRecords")[0]["path"].endswith("/zone/zone-theirs/resourceRecords")


def test_without_the_option_neither_service_is_called(cloud: Cloud) -> None:
    cloud.seed(public(), zones=ZONES, domains=DOMAINS)
    assert cloud.vm("absent", A).actions == {A: "deleted"}
    assert dns_calls(cloud) == []


@pytest.mark.parametrize(("largest", "pages"), [(100, 3), (10, 23)])
def test_all_pages_of_a_domain_are_read_whatever_the_service_allows(cloud: Cloud, largest: int, pages: int) -> None:
    many = [{"host": f"h{number}", "value": "192.0.2.1"} for number in range(220)]
    domain = {"id": 7, "name": "shop.example", "records": [*many, {"host": "last", "value": ADDRESS}]}
    cloud.seed(public(), domains=[domain], public_dns_rows=largest)
    ended = cloud.vm("absent", A, look_up_dns=True)
    assert [*names(ended.only)] == ["last.shop.example"]
    assert len(cloud.calls("domainservice.describeResourceRecord")) == pages


@pytest.mark.parametrize("denied", [["privatezone:*"], ["domainservice:*"], ["privatezone:*", "domainservice:*"]])
def test_a_key_that_may_not_read_them_deletes_and_says_so(cloud: Cloud, denied: list[str]) -> None:
    cloud.seed(public(), zones=ZONES, domains=DOMAINS, accounts=[account(denied=denied)])
    ended = cloud.vm("absent", A, look_up_dns=True)
    assert ended.actions == {A: "deleted"}
    (warning,) = [each for each in ended.warnings if "DNS" in each]
    assert warning.count("403 HTTP_FORBIDDEN") == len(denied) == len(ended.result["dns_unread"])


@pytest.mark.parametrize("kind", ["error", "close_before", "garbage", "wrong_total", "cut_off"])
def test_a_service_that_keeps_failing_is_said_and_forbids_nothing(cloud: Cloud, kind: str) -> None:
    cloud.seed(public(), zones=ZONES, domains=DOMAINS)
    cloud.control.inject(kind, operation="privatezone.describeResourceRecords", times=0)
    ended = cloud.vm("absent", A, look_up_dns=True, api_retries=2)
    assert ended.actions == {A: "deleted"}
    assert {*names(ended.only)} == {"shop.example", "www.shop.example"}
    (unread,) = ended.result["dns_unread"]
    assert unread.startswith("the records of 2 of 2 private zones (ours, theirs): ")


def test_a_page_that_is_short_once_is_read_again(cloud: Cloud) -> None:
    cloud.seed(public(), zones=ZONES, domains=DOMAINS)
    cloud.control.inject("drop_rows", operation="domainservice.describeResourceRecord", times=1)
    ended = cloud.vm("absent", A, look_up_dns=True)
    assert len(names(ended.only)) == 3
    assert ended.result["dns_unread"] == []
