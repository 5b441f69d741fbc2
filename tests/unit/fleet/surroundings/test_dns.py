# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which DNS records hold an address of a machine: the index and the match, and which zones must be read. Pure."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.dns import Record, Zone
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.instance import Address
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.surroundings.dns import (
    DnsLookup,
    DnsRecord,
    MachineAddresses,
    addresses_of,
    dns_warnings,
    index_of,
    matching,
    may_hold,
)
from support.fleet.builders import machine

VPCS = ("vpc-a", "vpc-b")
# Few, so that they meet.
ADDRESSES = ("10.0.0.1", "10.0.0.2", "203.0.113.1", "203.0.113.2", "2001:db8::1", "2001:DB8:0:0:0:0:0:1", "2001:db8::2")
PUBLIC = Zone("4711", "example.com", public=True)
BOUND = Zone("zone-1", "corp", public=False, vpc_ids=("vpc-a",))

words = st.sampled_from(("", "@", "www", "*", "a.b"))
values = st.sampled_from((*ADDRESSES, "www.example.com.", "", "10.0.0.01", "10.0.0.0/24"))
records = st.builds(
    Record, st.uuids().map(str), words, st.sampled_from(("A", "AAAA", "CNAME", "TXT", "MX", "PTR")), values, st.just("resolving")
)
private_zones = st.builds(
    Zone,
    st.uuids().map(str),
    st.sampled_from(("corp", "example.com")),
    public=st.just(False),
    records=st.sampled_from((None, 0, 3)),
    vpc_ids=st.lists(st.sampled_from(VPCS), unique=True).map(tuple),
)
domains = st.builds(Zone, st.uuids().map(str), st.just("example.com"), public=st.just(True))
zones = st.lists(st.tuples(private_zones | domains, st.lists(records, max_size=5)), max_size=5)
addresses = st.lists(st.sampled_from(ADDRESSES), max_size=3).map(tuple)
machines = st.builds(MachineAddresses, addresses, addresses, st.sampled_from((None, *VPCS)))


def record(value: str, kind: str = "A", host: str = "www", status: str | None = "resolving") -> Record:
    return Record("1", host, kind, value, status)


def found(one: MachineAddresses, zone: Zone, *rows: Record) -> list[DnsRecord]:
    return matching(one, index_of([(zone, rows)]))


def holds(record: Record, texts: tuple[str, ...]) -> bool:
    """What the index must agree with, without an index."""
    if record.type == "A":
        return record.value in texts and ":" not in record.value
    try:
        wanted = IPv6Address(record.value)
    except ValueError:
        return False
    return record.type == "AAAA" and any(ip_address(text) == wanted for text in texts)


@given(zones, machines)
def test_a_record_is_found_exactly_if_it_holds_an_address_where_that_means_the_machine(read: Any, one: MachineAddresses) -> None:
    expected = {
        (zone.zone_id, each.host, each.type, each.value)
        for zone, rows in read
        for each in rows
        if holds(each, one.elastic) or (one.vpc_id in zone.vpc_ids and holds(each, one.private))
    }
    seen = matching(one, index_of(read))
    assert {(each.zone_id, each.type, each.value) for each in seen} == {(zone, *rest) for zone, _host, *rest in expected}


@given(zones, machines)
def test_each_record_is_named_once_and_in_one_order(read: Any, one: MachineAddresses) -> None:
    seen = matching(one, index_of(read))
    assert len(set(seen)) == len(seen)
    assert matching(one, index_of(list(reversed(read)))) == seen


@given(zones, st.lists(machines, max_size=3))
def test_a_zone_that_is_not_read_holds_no_address_of_any_machine(read: Any, wanted: list[MachineAddresses]) -> None:
    left_out = [(zone, rows) for zone, rows in read if zone.records != 0 and not may_hold(zone, wanted)]
    assert [matching(one, index_of(left_out)) for one in wanted] == [[] for _one in wanted]


@given(zones, machines, machines)
def test_a_machine_finds_what_its_own_addresses_mean_whatever_others_there_are(
    read: Any, one: MachineAddresses, other: MachineAddresses
) -> None:
    needed = [(zone, rows) for zone, rows in read if zone.records != 0]
    asked = [(zone, rows) for zone, rows in needed if may_hold(zone, [one, other])]
    assert matching(one, index_of(asked)) == matching(one, index_of(needed))


def test_a_private_address_does_not_count_in_a_zone_of_another_vpc() -> None:
    assert found(MachineAddresses((), ("10.0.0.1",), "vpc-b"), BOUND, record("10.0.0.1")) == []


def test_a_private_address_does_not_count_in_a_public_domain() -> None:
    assert found(MachineAddresses((), ("10.0.0.1",), "vpc-a"), PUBLIC, record("10.0.0.1")) == []


def test_an_elastic_ip_counts_in_a_private_zone_of_another_vpc() -> None:
    assert found(MachineAddresses(("203.0.113.1",), (), "vpc-b"), BOUND, record("203.0.113.1"))


def test_addresses_of_version_6_are_compared_as_addresses() -> None:
    (seen,) = found(MachineAddresses(("2001:db8::1",)), PUBLIC, record("2001:0DB8:0:0::1", "AAAA"))
    assert seen.value == "2001:0DB8:0:0::1"


@pytest.mark.parametrize(("kind", "value"), [("AAAA", "203.0.113.1"), ("TXT", "203.0.113.1"), ("CNAME", "203.0.113.1")])
def test_only_a_record_that_can_name_the_address_counts(kind: str, value: str) -> None:
    assert found(MachineAddresses((value,)), PUBLIC, record(value, kind)) == []


@pytest.mark.parametrize(
    ("host", "name"), [("www", "www.example.com"), ("@", "example.com"), ("", "example.com"), ("*", "*.example.com")]
)
def test_the_whole_name_is_shown(host: str, name: str) -> None:
    (seen,) = found(MachineAddresses(("203.0.113.1",)), PUBLIC, record("203.0.113.1", host=host))
    assert seen.name == name


@pytest.mark.parametrize(
    ("zone", "wanted", "read"),
    [
        (Zone("z", "corp", public=False, records=0, vpc_ids=("vpc-a",)), MachineAddresses(("203.0.113.1",), (), "vpc-a"), False),
        (BOUND, MachineAddresses((), ("10.0.0.1",), "vpc-a"), True),
        (BOUND, MachineAddresses((), ("10.0.0.1",), "vpc-b"), False),
        (BOUND, MachineAddresses((), ("10.0.0.1",), None), False),
        (BOUND, MachineAddresses(("203.0.113.1",), (), "vpc-b"), True),
        (PUBLIC, MachineAddresses((), ("10.0.0.1",), "vpc-a"), False),
        (PUBLIC, MachineAddresses(("203.0.113.1",), (), None), True),
        (Zone("z", "corp", public=False, unreadable=("bindVpc",)), MachineAddresses((), ("10.0.0.1",), "vpc-a"), True),
    ],
)
def test_only_zones_that_may_hold_an_address_are_read(zone: Zone, wanted: MachineAddresses, read: bool) -> None:
    assert may_hold(zone, [wanted]) is read


def test_a_machine_has_its_elastic_ips_and_all_its_private_addresses() -> None:
    one = machine(
        addresses=(Address("fip-a", "203.0.113.1", None, True), Address("fip-b", None, None, False)),
        private_ip_address="10.0.0.1",
        private_ips=("10.0.0.1", "10.0.0.9"),
        vpc_id="vpc-a",
    )
    assert addresses_of(one) == MachineAddresses(("203.0.113.1",), ("10.0.0.1", "10.0.0.9"), "vpc-a")


@pytest.mark.parametrize(
    ("zone", "row", "sentence"),
    [
        (
            PUBLIC,
            record("203.0.113.1"),
            "DNS record www.example.com (A, resolving) of the public domain example.com contains its address 203.0.113.1.",
        ),
        (
            BOUND,
            record("203.0.113.1", status="paused"),
            "DNS record www.corp (A, paused) of the private zone corp contains its address 203.0.113.1.",
        ),
        (
            PUBLIC,
            record("203.0.113.1", status=None),
            "DNS record www.example.com (A, status unknown) of the public domain example.com contains its address 203.0.113.1.",
        ),
    ],
)
def test_a_warning_names_zone_name_type_status_and_address(zone: Zone, row: Record, sentence: str) -> None:
    (warning,) = dns_warnings(found(MachineAddresses(("203.0.113.1",)), zone, row))
    assert (warning.code, warning.message) == ("dns_record", sentence)


def test_what_was_read_in_full_needs_no_warning() -> None:
    assert DnsLookup().warning is None


def test_what_could_not_be_read_is_one_sentence() -> None:
    text = DnsLookup(unread=("private zones: no right", "public domains: no answer")).warning
    assert text is not None
    assert text.endswith("because not all records could be read: private zones: no right; public domains: no answer")
