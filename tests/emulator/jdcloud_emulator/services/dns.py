# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The services privatezone and domainservice. Names are the same in all regions, and nothing looks one up by its value.

Facts dns-regions and dns-no-lookup.
"""

from __future__ import annotations

from typing import TypeVar

from jdcloud_emulator.services.api import Call, operation
from jdcloud_emulator.state.dns import Domain, Zone
from jdcloud_emulator.state.json_object import Json
from jdcloud_emulator.state.settings import ApiError
from jdcloud_emulator.state.shapes.dns import domain_record_shape, domain_shape, zone_record_shape, zone_shape

DEFAULT_SIZE = 10
MAX_PRIVATE = 100
T = TypeVar("T")


def _page(call: Call, rows: list[T], largest: int) -> tuple[list[T], Json]:
    """The rows of a page and the numbers that come with it (fact dns-pages). Past the end there are none."""
    number, size = call.number("pageNumber", 1), call.number("pageSize", DEFAULT_SIZE)
    if number < 1:
        raise ApiError(400, "OUT_OF_RANGE", "PageNumber out of range")
    if not 1 <= size <= largest:
        raise ApiError(400, "OUT_OF_RANGE", "PageSize out of range")
    chosen = rows[(number - 1) * size : number * size]
    return chosen, {"currentCount": len(chosen), "totalCount": len(rows), "totalPage": -(-len(rows) // size)}


# --- private zones ------------------------------------------------------------------------------------------------


@operation("privatezone", "GET", "zones")
def describe_zones(call: Call) -> Json:
    """`zone` is any part of a name, and does not count where `zoneId` is given; `instanceId` is a package, no machine."""
    zones = [zone for zone in call.cloud.zones.values() if call.visible(zone.id)]
    wanted, part, package = (call.query.get(name, "") for name in ("zoneId", "zone", "instanceId"))
    if wanted:
        zones = [zone for zone in zones if zone.id == wanted]
    elif part:
        zones = [zone for zone in zones if part in zone.name]
    if package:
        zones = [zone for zone in zones if zone.package == package]
    chosen, numbers = _page(call, zones, MAX_PRIVATE)
    return {"dataList": [zone_shape(zone) for zone in chosen], **numbers}


@operation("privatezone", "GET", "zone/*/resourceRecords")
def describe_resource_records(call: Call) -> Json:
    """`hostRecord` is any part of the name, not of the value."""
    zone: Zone | None = call.cloud.zones.get(call.target)
    if zone is None or not call.visible(zone.id):
        raise ApiError(404, "NOT_FOUND", f"Zone '{call.target}' not found")
    part = call.query.get("hostRecord", "")
    chosen, numbers = _page(call, [record for record in zone.records if part in record.host], MAX_PRIVATE)
    return {"dataList": [zone_record_shape(record) for record in chosen], **numbers}


# --- public domains -----------------------------------------------------------------------------------------------


@operation("domainservice", "GET", "domain")
def describe_domains(call: Call) -> Json:
    """Here, unlike with records, the page must be given (fact dns-pages). A domainId of 0 counts as none."""
    for name in ("pageNumber", "pageSize"):
        if not call.query.get(name):
            raise ApiError(400, "INVALID_ARGUMENT", f"Request parameter {name} is missing")
    part, wanted = call.query.get("domainName", ""), call.number("domainId", 0)
    rows = [row for row in call.cloud.domains.values() if call.visible(str(row.id)) and part in row.name]
    if wanted:
        rows = [row for row in rows if row.id == wanted]
    settings = call.cloud.settings
    chosen, numbers = _page(call, rows, settings.public_dns_rows)
    return {"dataList": [domain_shape(row, settings.owner_pin) for row in chosen], **numbers}


@operation("domainservice", "GET", "domain/*/ResourceRecord")
def describe_resource_record(call: Call) -> Json:
    """`search` is any part of the name, not of the value."""
    domain: Domain | None = call.cloud.domains.get(call.target)
    if domain is None or not call.visible(str(domain.id)):
        raise ApiError(404, "NOT_FOUND", f"Domain '{call.target}' not found")
    part, settings = call.query.get("search", ""), call.cloud.settings
    rows = [record for record in domain.records if part in record.host]
    chosen, numbers = _page(call, rows, settings.public_dns_rows)
    return {"dataList": [domain_record_shape(record, settings.owner_pin) for record in chosen], **numbers}
