# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Zones, domains and records of seed files. The README documents the form."""

from __future__ import annotations

from typing import Any

from jdcloud_emulator.scenario.seed_file import Entry, Taker, moment, repeated
from jdcloud_emulator.state import factory
from jdcloud_emulator.state.cloud import DEFAULT_REGIONS, Cloud
from jdcloud_emulator.state.dns import Domain, Record, Zone
from jdcloud_emulator.state.model import make_id
from jdcloud_emulator.state.settings import UsageError

FIRST_DOMAIN = 1001


def add_names(cloud: Cloud, content: Entry) -> None:
    """Add the zones and domains of a seed mapping. Raises UsageError for what makes no sense."""
    take = Taker(content, "dns")
    for entry in repeated(take("zones", [])):
        zone = _zone(cloud, Taker(entry, "zone"))
        if zone.id in cloud.zones:
            raise UsageError(f"id {zone.id} is used twice")
        cloud.zones[zone.id] = zone
    for entry in repeated(take("domains", [])):
        domain = _domain(cloud, Taker(entry, "domain"))
        if str(domain.id) in cloud.domains:
            raise UsageError(f"id {domain.id} is used twice")
        cloud.domains[str(domain.id)] = domain
    take.end()


def _zone(cloud: Cloud, take: Taker) -> Zone:
    name = take.required("zone")
    zone = Zone(
        id=str(take("id") or make_id("zone", name)),
        name=name,
        kind=str(take("type", "PV")),
        package=str(take("package", "")),
        status=str(take("status", "NORMAL")),
        locked=bool(take("lock", False)),
        vpcs=[_vpc(entry) for entry in take("vpcs", [])] if "vpcs" in take else _default_vpcs(cloud),
        created=moment(take("created", "-30d"), cloud.wall()),
    )
    zone.records = _records(cloud, take("records", []))
    take.end()
    return zone


def _vpc(entry: Any) -> tuple[str, str]:
    if isinstance(entry, dict):
        return str(entry.get("region", next(iter(DEFAULT_REGIONS)))), str(entry["vpc"])
    return next(iter(DEFAULT_REGIONS)), str(entry)


def _default_vpcs(cloud: Cloud) -> list[tuple[str, str]]:
    """The network that each region has by itself."""
    return [(region.name, factory.default_vpc(region)) for region in cloud.regions.values()]


def _domain(cloud: Cloud, take: Taker) -> Domain:
    domain = Domain(
        id=int(take("id") or FIRST_DOMAIN + len(cloud.domains)),
        name=take.required("name"),
        status=str(take("status", "2")),
        created=moment(take("created", "-30d"), cloud.wall()),
        expires=moment(take("expires", "+300d"), cloud.wall()),
    )
    domain.records = _records(cloud, take("records", []))
    take.end()
    return domain


def _records(cloud: Cloud, entries: list[Entry]) -> list[Record]:
    made = []
    for number, entry in enumerate(repeated(entries), 1):
        take = Taker(entry, "record")
        value = take.required("value")
        record = Record(
            id=int(take("id") or number),
            host=str(take("host", "@")),
            value=value,
            kind=str(take("type", "AAAA" if ":" in value else "A")),
            ttl=int(take("ttl", 600)),
            paused=bool(take("paused", False)),
            priority=int(take("priority", 0)),
            port=int(take("port", 0)),
            weight=int(take("weight", 1)),
            view=str(take("view", "")),
            created=moment(take("created", "-30d"), cloud.wall()),
        )
        take.end()
        made.append(record)
    return made
