# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which DNS records hold an address of a machine: what is to be read, an index by address, and what it says of a machine. Pure.

Only A and AAAA records count, since no other one names an address. No record found is no proof that nothing points to a machine
(fact dns-other-providers).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TypeAlias

from ..._api.model.dns import Record, Zone
from ..._api.model.instance import Instance
from ..common.failure import Finding

Ip: TypeAlias = "IPv4Address | IPv6Address"

_KINDS: Mapping[str, type[IPv4Address] | type[IPv6Address]] = {"A": IPv4Address, "AAAA": IPv6Address}
_ZONE_ITSELF = ("", "@")
"""Host records that stand for their zone (fact dns-zone-itself)."""


@dataclass(frozen=True, slots=True)
class MachineAddresses:
    """The addresses of a machine, and the VPC in which the private ones mean it."""

    elastic: tuple[str, ...] = ()
    private: tuple[str, ...] = ()
    vpc_id: str | None = None


@dataclass(frozen=True, slots=True)
class DnsRecord:
    """A record that holds an address, with its whole name, and its value as it is written.

    ``status`` as of a Record; ``vpc_ids``: the VPCs that its zone is bound to.
    """

    zone: str
    zone_id: str
    public: bool
    name: str
    type: str
    value: str
    status: str | None
    vpc_ids: tuple[str, ...] = ()


Index: TypeAlias = Mapping[Ip, Sequence[DnsRecord]]


@dataclass(frozen=True, slots=True)
class DnsLookup:
    """What was read, by address; and why it is not all, a part of a sentence each."""

    index: Index = field(default_factory=dict)
    unread: tuple[str, ...] = ()

    def records_of(self, machine: Instance | None) -> list[DnsRecord]:
        """The records that hold an address of a machine."""
        return [] if machine is None else matching(addresses_of(machine), self.index)

    @property
    def warning(self) -> str | None:
        """A sentence without its end about what could not be read, None if everything was."""
        if not self.unread:
            return None
        why = "; ".join(self.unread)
        return f"DNS records of these instances may be missing, because not all records could be read: {why}"


def addresses_of(machine: Instance) -> MachineAddresses:
    """All addresses of a machine, as its own row shows them."""
    elastic = tuple(each.address for each in machine.addresses if each.address)
    own = (machine.private_ip_address,) if machine.private_ip_address else ()
    return MachineAddresses(elastic, tuple(dict.fromkeys((*own, *machine.private_ips))), machine.vpc_id)


def may_hold(zone: Zone, machines: Collection[MachineAddresses]) -> bool:
    """Whether a zone may hold an address of any of the machines, so that its records must be read.

    A zone without records holds none (fact dns-record-count). Private addresses mean a machine only where its VPC is bound (fact
    dns-private-records), which a row that cannot be read does not exclude.
    """
    if zone.records == 0:
        return False
    if any(machine.elastic for machine in machines):
        return True
    if zone.public:
        return False
    return bool(zone.unreadable) or any(machine.private and machine.vpc_id in zone.vpc_ids for machine in machines)


def index_of(zones: Iterable[tuple[Zone, Iterable[Record]]]) -> dict[Ip, list[DnsRecord]]:
    """The records of zones, by the address that each holds."""
    index: dict[Ip, list[DnsRecord]] = {}
    for zone, records in zones:
        for record in records:
            address = _held(record)
            if address is not None:
                index.setdefault(address, []).append(_whole(zone, record))
    return index


def matching(machine: MachineAddresses, index: Index) -> list[DnsRecord]:
    """The records that hold an address of the machine, by zone and name, each once."""
    found = [record for text in machine.elastic for record in _at(text, index)]
    for text in machine.private:
        found += [record for record in _at(text, index) if not record.public and machine.vpc_id in record.vpc_ids]
    return sorted(dict.fromkeys(found), key=lambda each: (each.zone, each.name, each.type, each.value, each.zone_id))


def dns_warnings(records: Iterable[DnsRecord]) -> Iterator[Finding]:
    """One warning for each record."""
    for each in records:
        place = f"the {'public domain' if each.public else 'private zone'} {each.zone}"
        status = each.status or "status unknown"
        yield Finding(
            "dns_record", (f"DNS record {each.name} ({each.type}, {status}) of {place} contains its address {each.value}.")
        )


def _held(record: Record) -> Ip | None:
    kind = _KINDS.get(record.type)
    address = _ip(record.value)
    return address if kind is not None and isinstance(address, kind) else None


def _at(text: str, index: Index) -> Sequence[DnsRecord]:
    address = _ip(text)
    return () if address is None else index.get(address, ())


def _ip(text: str) -> Ip | None:
    """An address as a value: 2001:db8::1 is 2001:0DB8:0:0:0:0:0:1."""
    try:
        return ip_address(text.strip())
    except ValueError:
        return None


def _whole(zone: Zone, record: Record) -> DnsRecord:
    name = zone.name if record.host in _ZONE_ITSELF else f"{record.host}.{zone.name}"
    return DnsRecord(zone.name, zone.zone_id, zone.public, name, record.type, record.value, record.status, zone.vpc_ids)
