# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`look_up_dns` of the modules: what is read, what is said of it, and that nothing else depends on it."""

from __future__ import annotations

from typing import Any

import pytest

from support.json_object import Json
from support.module.documentation import check
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Ended, Runner

DNS = ("privatezone.", "domainservice.")
ADDRESS = "203.0.113.9"


def asked(cloud: MemoryCloud) -> list[tuple[str, str | None]]:
    """The calls of the DNS services, and whose records were read."""
    return [(call.operation, call.resource) for call in cloud.calls if call.operation.startswith(DNS)]


def public(cloud: MemoryCloud, *instance_ids: str) -> None:
    """Machines with an elastic IP each, and a private address in vpc-a."""
    for number, instance_id in enumerate(instance_ids):
        cloud.add(instance_id, vpcId="vpc-a", privateIpAddress=f"10.0.0.{number + 1}")
        cloud.add_elastic_ip(instance_id, f"fip-{number}", f"203.0.113.{number + 9}")


def private(cloud: MemoryCloud) -> None:
    """A machine with a private address in vpc-a alone."""
    cloud.add("i-a", vpcId="vpc-a", privateIpAddress="10.0.0.1")


def names(machine: Json) -> list[str]:
    return [each["name"] for each in machine["dns_records"]]


def only_dns(ended: Ended) -> list[str]:
    """The warnings of the task that are about DNS."""
    return [each for each in ended.warnings if "DNS" in each]


# --- off ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["absent", "stopped"])
def test_without_the_option_no_record_is_read_and_none_is_listed(cloud: MemoryCloud, run: Runner, state: str) -> None:
    public(cloud, "i-a")
    cloud.dns.add_record(cloud.dns.add_domain("example.com"), "www", ADDRESS)
    ended = run.vm(state, "i-a")
    assert asked(cloud) == []
    assert (ended.only["dns_records"], ended.result["dns_unread"]) == ([], [])


def test_the_option_adds_no_calls_but_those_of_dns(cloud: MemoryCloud, run: Runner) -> None:
    public(cloud, "i-a")
    cloud.dns.add_record(cloud.dns.add_domain("example.com"), "www", ADDRESS)
    without = len(run.vm("absent", "i-a", check=True).result and cloud.calls)
    cloud.calls.clear()
    run.vm("absent", "i-a", check=True, look_up_dns=True)
    assert len(cloud.calls) == without + len(asked(cloud))


# --- what is found --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("preview", [False, True])
def test_a_record_of_a_public_domain_is_a_warning_and_a_row(cloud: MemoryCloud, run: Runner, preview: bool) -> None:
    public(cloud, "i-a")
    domain = cloud.dns.add_domain("example.com")
    cloud.dns.add_record(domain, "www", ADDRESS)
    cloud.dns.add_record(domain, "other", "203.0.113.77")
    ended = run.vm("absent", "i-a", check=preview, look_up_dns=True)
    assert ended.actions == {"i-a": "deleted"}
    assert [each["code"] for each in ended.only["warnings"]] == ["dns_record"]
    assert ended.only["dns_records"] == [
        {
            "zone": "example.com",
            "zone_id": domain,
            "zone_type": "public",
            "name": "www.example.com",
            "type": "A",
            "value": ADDRESS,
            "status": "resolving",
        }
    ]
    check(ended.result, "jdcloud_vm")


def test_the_list_of_machines_shows_records_too(cloud: MemoryCloud, run: Runner) -> None:
    public(cloud, "i-a")
    cloud.machines["i-a"]["instanceType"] = "g.n2.large"
    cloud.dns.add_record(cloud.dns.add_domain("example.com"), "@", ADDRESS, status="4")
    ended = run.vm_info("i-a", look_up_dns=True)
    assert names(ended.only) == ["example.com"]
    assert [each["message"] for each in ended.only["warnings"]] == [
        f"DNS record example.com (A, paused) of the public domain example.com contains its address {ADDRESS}."
    ]
    check(ended.result, "jdcloud_vm_info")


def test_a_private_address_counts_in_zones_of_its_vpc_alone(cloud: MemoryCloud, run: Runner) -> None:
    private(cloud)
    for name, vpc_id in (("ours", "vpc-a"), ("theirs", "vpc-b")):
        cloud.dns.add_record(cloud.dns.add_zone(name, vpc_id), "db", "10.0.0.1")
    assert names(run.vm("absent", "i-a", look_up_dns=True).only) == ["db.ours"]


def test_each_machine_gets_its_own_records(cloud: MemoryCloud, run: Runner) -> None:
    public(cloud, "i-a", "i-b")
    domain = cloud.dns.add_domain("example.com")
    for host, address in (("a", "203.0.113.9"), ("b", "203.0.113.10")):
        cloud.dns.add_record(domain, host, address)
    ended = run.vm("absent", "i-a", "i-b", look_up_dns=True)
    found = {machine["instance_id"]: names(machine) for machine in ended.result["instances"]}
    assert found == {"i-a": ["a.example.com"], "i-b": ["b.example.com"]}


def test_a_blocked_machine_shows_what_points_to_it(cloud: MemoryCloud, run: Runner) -> None:
    public(cloud, "i-a")
    cloud.machines["i-a"]["status"] = "running"
    cloud.dns.add_record(cloud.dns.add_domain("example.com"), "www", ADDRESS)
    ended = run.vm("absent", "i-a", look_up_dns=True)
    assert ended.failed
    assert names(ended.only) == ["www.example.com"]


# --- what is read ---------------------------------------------------------------------------------------------------


def test_records_are_read_once_whatever_the_number_of_machines(cloud: MemoryCloud, run: Runner) -> None:
    ids = [f"i-{number}" for number in range(20)]
    public(cloud, *ids)
    domain = cloud.dns.add_domain("example.com")
    cloud.dns.add_record(domain, "www", ADDRESS)
    zone = cloud.dns.add_zone("corp", "vpc-b")
    cloud.dns.add_record(zone, "db", "10.0.0.1")
    assert not run.vm("absent", *ids, look_up_dns=True, max_instances=20).failed
    assert sorted(asked(cloud), key=str) == sorted(
        [
            ("privatezone.describeZones", None),
            ("privatezone.describeResourceRecords", zone),
            ("domainservice.describeDomains", None),
            ("domainservice.describeResourceRecord", domain),
        ],
        key=str,
    )


def test_without_elastic_ips_only_zones_of_the_vpcs_are_read(cloud: MemoryCloud, run: Runner) -> None:
    private(cloud)
    ours, theirs = cloud.dns.add_zone("ours", "vpc-a"), cloud.dns.add_zone("theirs", "vpc-b")
    for zone in (ours, theirs, cloud.dns.add_domain("example.com")):
        cloud.dns.add_record(zone, "db", "10.0.0.2")
    run.vm("absent", "i-a", look_up_dns=True)
    assert asked(cloud) == [("privatezone.describeZones", None), ("privatezone.describeResourceRecords", ours)]


def test_a_zone_without_records_is_not_read(cloud: MemoryCloud, run: Runner) -> None:
    private(cloud)
    cloud.dns.add_zone("empty", "vpc-a")
    run.vm("absent", "i-a", look_up_dns=True)
    assert asked(cloud) == [("privatezone.describeZones", None)]


@pytest.mark.parametrize("fields", [{}, {"vpcId": "vpc-a"}, {"privateIpAddress": "10.0.0.1"}])
def test_for_machines_without_an_address_nothing_is_read(cloud: MemoryCloud, run: Runner, fields: Json) -> None:
    cloud.add("i-a", **fields)
    run.vm("absent", "i-a", look_up_dns=True)
    assert asked(cloud) == []


def test_for_ids_that_do_not_exist_nothing_is_read(cloud: MemoryCloud, run: Runner) -> None:
    run.vm("absent", "i-a", look_up_dns=True)
    assert asked(cloud) == []


@pytest.mark.parametrize(("most", "refuses", "pages"), [(100, False, 3), (50, False, 5), (10, True, 25)])
def test_all_pages_of_a_domain_are_read_however_many_rows_one_has(
    cloud: MemoryCloud, run: Runner, most: int, refuses: bool, pages: int
) -> None:
    public(cloud, "i-a")
    cloud.dns.most_public, cloud.dns.refuses_more = most, refuses
    domain = cloud.dns.add_domain("example.com")
    for number in range(249):
        cloud.dns.add_record(domain, f"h{number}", "192.0.2.1")
    cloud.dns.add_record(domain, "last", ADDRESS)
    ended = run.vm("absent", "i-a", look_up_dns=True)
    assert names(ended.only) == ["last.example.com"]
    assert asked(cloud).count(("domainservice.describeResourceRecord", domain)) == pages
    assert ended.result["dns_unread"] == []


# --- faults ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("http", "status"), [(403, "HTTP_FORBIDDEN"), (500, "UNKNOWN"), (429, "RATE_LIMIT"), (404, "NOT_FOUND")])
@pytest.mark.parametrize("operation", ["describeZones", "describeResourceRecords"])
def test_zones_that_cannot_be_read_are_said_once_and_forbid_nothing(
    cloud: MemoryCloud, run: Runner, operation: str, http: int, status: str
) -> None:
    public(cloud, "i-a")
    cloud.dns.add_record(cloud.dns.add_zone("corp", "vpc-a"), "db", "10.0.0.1")
    cloud.dns.add_record(cloud.dns.add_domain("example.com"), "www", ADDRESS)
    cloud.refuse(f"privatezone.{operation}", http, status, "no")
    ended = run.vm("absent", "i-a", look_up_dns=True)
    assert ended.actions == {"i-a": "deleted"}
    assert names(ended.only) == ["www.example.com"]
    (warning,) = only_dns(ended)
    (unread,) = ended.result["dns_unread"]
    assert unread in warning
    assert f"{http} {status}" in unread
    assert "private zones" in unread


@pytest.mark.parametrize("service", ["privatezone.describeZones", "domainservice.describeDomains"])
def test_a_key_without_the_right_gets_one_answer_and_asks_no_more(cloud: MemoryCloud, run: Runner, service: str) -> None:
    public(cloud, "i-a")
    cloud.refuse(service, 403, "HTTP_FORBIDDEN", "You are not authorized")
    ended = run.vm_info("i-a", look_up_dns=True)
    assert not ended.failed
    assert "grant the IAM right" in only_dns(ended)[0]
    assert [operation for operation, _zone in asked(cloud)].count(service) == 1


def test_both_services_refused_are_one_warning(cloud: MemoryCloud, run: Runner) -> None:
    public(cloud, "i-a")
    for operation in ("privatezone.describeZones", "domainservice.describeDomains"):
        cloud.refuse(operation, 403, "HTTP_FORBIDDEN", "You are not authorized")
    ended = run.vm("absent", "i-a", look_up_dns=True)
    assert len(only_dns(ended)) == 1
    assert len(ended.result["dns_unread"]) == 2


def test_one_zone_that_cannot_be_read_leaves_the_others(cloud: MemoryCloud, run: Runner) -> None:
    private(cloud)
    bad, good = cloud.dns.add_zone("bad", "vpc-a"), cloud.dns.add_zone("good", "vpc-a")
    for zone in (bad, good):
        cloud.dns.add_record(zone, "db", "10.0.0.1")
    cloud.refuse("privatezone.describeResourceRecords", 403, "HTTP_FORBIDDEN", "no", bad)
    ended = run.vm("absent", "i-a", look_up_dns=True)
    assert names(ended.only) == ["db.good"]
    assert ended.result["dns_unread"][0].startswith("the records of 1 of 2 private zones (bad): ")


def test_a_page_that_changes_is_read_again(cloud: MemoryCloud, run: Runner) -> None:
    private(cloud)
    zone = cloud.dns.add_zone("corp", "vpc-a", recordCount=150)
    for number in range(150):
        cloud.dns.add_record(zone, f"h{number}", "192.0.2.1")
    cloud.dns.add_record(zone, "db", "10.0.0.1")
    send, pages = cloud.send, []

    def slipping(call: Any, *more: Any) -> Any:
        if call.operation == "privatezone.describeResourceRecords":
            pages.append(call)
            if len(pages) == 2:
                # Another user removes a row of the first page, so that one row slips from the second page onto it.
                del cloud.dns.records[zone][0]
        return send(call, *more)

    cloud.send = slipping
    ended = run.vm("absent", "i-a", look_up_dns=True)
    assert names(ended.only) == ["db.corp"]
    assert (len(pages), ended.result["dns_unread"]) == (4, [])


def test_a_listing_that_keeps_changing_is_said(cloud: MemoryCloud, run: Runner) -> None:
    private(cloud)
    zone = cloud.dns.add_zone("corp", "vpc-a")
    for row in ("a", "b"):
        cloud.dns.add_record(zone, row, "10.0.0.1")
    cloud.dns.records[zone][1]["id"] = cloud.dns.records[zone][0]["id"]
    ended = run.vm("absent", "i-a", look_up_dns=True)
    assert ended.actions == {"i-a": "deleted"}
    assert "contradicting pages" in only_dns(ended)[0]


def test_a_record_that_cannot_be_read_is_said(cloud: MemoryCloud, run: Runner) -> None:
    private(cloud)
    zone = cloud.dns.add_zone("corp", "vpc-a")
    cloud.dns.add_record(zone, "db", "10.0.0.1")
    cloud.dns.records[zone][0]["hostValue"] = ["10.0.0.1"]
    ended = run.vm("absent", "i-a", look_up_dns=True)
    assert ended.result["dns_unread"] == ["unreadable records of corp (1)"]


def test_a_zone_whose_vpcs_cannot_be_read_is_read_and_said(cloud: MemoryCloud, run: Runner) -> None:
    private(cloud)
    zone = cloud.dns.add_zone("corp")
    cloud.dns.zones[zone]["bindVpc"] = "vpc-a"
    cloud.dns.add_record(zone, "db", "10.0.0.1")
    ended = run.vm("absent", "i-a", look_up_dns=True)
    assert ended.result["dns_unread"] == ["the row of corp (bindVpc)"]
    assert ("privatezone.describeResourceRecords", zone) in asked(cloud)


def test_a_service_that_does_not_answer_holds_a_deletion_up_for_a_bounded_time(cloud: MemoryCloud, run: Runner) -> None:
    public(cloud, "i-a")
    for operation in ("privatezone.describeZones", "domainservice.describeDomains"):
        cloud.refuse(operation, 503, "UNAVAILABLE", "no")
    began = cloud.clock.now()
    ended = run.vm("absent", "i-a", look_up_dns=True, api_retries=100)
    assert ended.actions == {"i-a": "deleted"}
    assert cloud.clock.now() - began < 90
