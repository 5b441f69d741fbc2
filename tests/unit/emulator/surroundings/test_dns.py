# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private zones and public domains."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from jdcloud_emulator.control import ControlError

ZONE: dict[str, Any] = {
    "id": "zone-corp",
    "zone": "corp.example",
    "vpcs": ["vpc-a", {"region": "cn-east-2", "vpc": "vpc-b"}],
    "records": [{"host": "web", "value": "10.0.0.1"}, {"host": "web-old", "value": "10.0.0.2", "paused": True}],
}
DOMAIN: dict[str, Any] = {
    "id": 1001,
    "name": "shop.example",
    "records": [
        {"host": "www", "value": "203.0.113.9"},
        {"host": "six", "value": "2001:db8::1"},
        {"host": "old", "type": "CNAME", "value": "www.shop.example", "paused": True},
    ],
}


def private(cloud: Any, path: str = "zones", region: str = "cn-north-1", **query: Any) -> Any:
    return cloud.call("privatezone", "GET", f"{path}?{urlencode(query)}", region=region)


def public(cloud: Any, path: str = "domain", **query: Any) -> Any:
    given = {"pageNumber": 1, "pageSize": 100, **query} if path == "domain" else query
    return cloud.call("domainservice", "GET", f"{path}?{urlencode(given)}")


def names(answer: Any, key: str) -> list[Any]:
    return [row[key] for row in answer.result["dataList"]]


# --- private zones ------------------------------------------------------------------------------------------------


def test_a_zone_names_the_networks_that_see_it(cloud: Any) -> None:
    cloud.seed(dns={"zones": [ZONE]})
    [zone] = private(cloud).result["dataList"]
    assert (zone["zoneId"], zone["zone"], zone["recordCount"]) == ("zone-corp", "corp.example", 2)
    assert [(one["regionId"], one["vpcId"]) for one in zone["bindVpc"]] == [("cn-north-1", "vpc-a"), ("cn-east-2", "vpc-b")]


def test_a_zone_is_seen_by_the_network_of_each_machine_unless_the_seed_says_otherwise(cloud: Any) -> None:
    cloud.seed({"id": "i-a"}, dns={"zones": [{"zone": "corp.example"}, {"zone": "none.example", "vpcs": []}]})
    network = cloud.vm("GET", "instances/i-a").result["instance"]["vpcId"]
    zone, unseen = private(cloud).result["dataList"]
    assert network in [one["vpcId"] for one in zone["bindVpc"]]
    assert unseen["bindVpc"] == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"zone": "corp"}, ["zone-corp"]),
        ({"zone": "none"}, []),
        ({"zoneId": "zone-corp", "zone": "none"}, ["zone-corp"]),
        ({"zoneId": "zone"}, []),
        ({"instanceId": "pack-1"}, ["zone-lab"]),
        ({"instanceId": "i-a"}, []),
    ],
)
def test_zones_are_filtered(cloud: Any, query: dict[str, str], found: list[str]) -> None:
    lab = {"id": "zone-lab", "zone": "lab.example", "package": "pack-1"}
    cloud.seed({"id": "i-a"}, dns={"zones": [ZONE, lab]})
    assert names(private(cloud, **query), "zoneId") == found


def test_records_are_found_by_a_part_of_their_name_never_by_their_value(cloud: Any) -> None:
    cloud.seed(dns={"zones": [ZONE]})
    path = "zone/zone-corp/resourceRecords"
    first, second = private(cloud, path, hostRecord="web").result["dataList"]
    assert (first["hostValue"], first["recordType"], first["status"]) == ("10.0.0.1", "A", "START")
    assert (second["hostRecord"], second["status"]) == ("web-old", "STOP")
    assert names(private(cloud, path, hostRecord="10.0.0.1"), "id") == []


def test_the_path_of_records_has_one_zone(cloud: Any) -> None:
    cloud.seed(dns={"zones": [ZONE]})
    assert private(cloud, "zones/zone-corp/resourceRecords").http == 404
    assert "404 NOT_FOUND: Zone" in private(cloud, "zone/zone-none/resourceRecords").error


def test_private_pages_have_ten_rows_unless_told(cloud: Any) -> None:
    cloud.seed(
        dns={
            "zones": [
                {"zone": "corp.example", "id": "zone-corp", "records": [{"count": 12, "host": "w{n}", "value": "10.0.0.{n}"}]}
            ]
        }
    )
    path = "zone/zone-corp/resourceRecords"
    numbers = {key: value for key, value in private(cloud, path).result.items() if key != "dataList"}
    assert numbers == {"currentCount": 10, "totalCount": 12, "totalPage": 2}
    assert names(private(cloud, path, pageNumber=2), "hostRecord") == ["w11", "w12"]
    assert names(private(cloud, path, pageNumber=3), "hostRecord") == []
    assert len(private(cloud, path, pageSize=1).result["dataList"]) == 1


@pytest.mark.parametrize("query", [{"pageSize": 0}, {"pageSize": 101}, {"pageNumber": 0}])
def test_a_private_page_out_of_bounds_is_refused(cloud: Any, query: dict[str, Any]) -> None:
    assert "400 OUT_OF_RANGE" in private(cloud, **query).error


def test_zones_are_the_same_in_each_region(cloud: Any) -> None:
    cloud.seed(dns={"zones": [ZONE]})
    assert private(cloud, region="cn-south-1").result == private(cloud).result


def test_packages_are_not_machines(cloud: Any) -> None:
    cloud.seed({"id": "i-a"})
    assert "501 NOT_IMPLEMENTED" in private(cloud, "instances").error


# --- public domains -----------------------------------------------------------------------------------------------


def test_domains_are_listed_and_filtered(cloud: Any) -> None:
    cloud.seed(dns={"domains": [DOMAIN, {"name": "blog.example"}]})
    assert names(public(cloud), "domainName") == ["shop.example", "blog.example"]
    assert names(public(cloud, domainName="shop"), "id") == [1001]
    assert names(public(cloud, domainId=1001), "id") == [1001]
    assert names(public(cloud, domainId=0), "id") == [1001, 1002]


def test_times_of_domains_are_milliseconds(cloud: Any) -> None:
    cloud.seed(dns={"domains": [{**DOMAIN, "created": "2026-01-01T00:00:00Z"}]})
    assert names(public(cloud), "createTime") == [1767225600000]


@pytest.mark.parametrize("query", ["", "pageNumber=1", "pageSize=10"])
def test_the_page_of_domains_must_be_given(cloud: Any, query: str) -> None:
    assert "400 INVALID_ARGUMENT" in cloud.call("domainservice", "GET", f"domain?{query}").error


def test_the_largest_page_of_domains_is_a_setting(cloud: Any) -> None:
    assert public(cloud, pageSize=101).http == 400
    cloud.control.configure(public_dns_rows=500)
    assert public(cloud, pageSize=500).http == 200


def test_records_of_a_domain_are_listed(cloud: Any) -> None:
    cloud.seed(dns={"domains": [DOMAIN]})
    rows = public(cloud, "domain/1001/ResourceRecord").result["dataList"]
    assert [(row["hostRecord"], row["type"], row["hostValue"], row["resolvingStatus"]) for row in rows] == [
        ("www", "A", "203.0.113.9", "2"),
        ("six", "AAAA", "2001:db8::1", "2"),
        ("old", "CNAME", "www.shop.example", "4"),
    ]
    assert names(public(cloud, "domain/1001/ResourceRecord", search="w"), "hostRecord") == ["www"]
    assert names(public(cloud, "domain/1001/ResourceRecord", search="203.0.113.9"), "hostRecord") == []


def test_the_path_of_public_records_has_a_capital_letter(cloud: Any) -> None:
    cloud.seed(dns={"domains": [DOMAIN]})
    assert public(cloud, "domain/1001/resourceRecord").http == 404
    assert "404 NOT_FOUND: Domain" in public(cloud, "domain/7/ResourceRecord").error


def test_domains_are_not_found_in_the_first_version(cloud: Any) -> None:
    url = f"{cloud.url}/v1/regions/cn-north-1/domain?pageNumber=1&pageSize=10"
    headers = cloud.headers("GET", "domainservice", url, "", "cn-north-1")
    assert cloud.session.get(url, headers=headers, timeout=20).status_code == 404


# --- both ---------------------------------------------------------------------------------------------------------


def test_names_are_added_later(cloud: Any) -> None:
    cloud.control.add({"dns": {"zones": [ZONE], "domains": [DOMAIN]}})
    assert (names(private(cloud), "zone"), names(public(cloud), "id")) == (["corp.example"], [1001])


@pytest.mark.parametrize(
    "dns",
    [
        {"zones": [ZONE, ZONE]},
        {"domains": [DOMAIN, DOMAIN]},
        {"zones": [{"id": "zone-1"}]},
        {"zones": [{"zone": "a.example", "records": [{"host": "web"}]}]},
        {"zone": []},
    ],
)
def test_a_seed_of_names_that_makes_no_sense_is_refused(cloud: Any, dns: dict[str, Any]) -> None:
    with pytest.raises(ControlError, match="used twice|needs|unknown fields"):
        cloud.seed(dns=dns)


@pytest.mark.parametrize("service", ["privatezone", "domainservice"])
def test_a_key_without_the_right_may_not_ask(cloud: Any, service: str) -> None:
    cloud.seed(accounts=[{"access_key": "AK", "secret_key": "SK", "denied": [f"{service}:*"]}])
    cloud.keys = ("AK", "SK")
    answers = {"privatezone": private(cloud), "domainservice": public(cloud)}
    assert {name: answer.http for name, answer in answers.items() if answer.http != 200} == {service: 403}
