# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls of the privatezone service, about zones that machines of some VPCs see (API revision 0.0.1, fact dns-private-records)."""

from __future__ import annotations

from ..calls import Call, path_id, read, scalars
from ..fields import PAGE_SIZE, Page, page_of
from ..model.dns import Record, Zone, numbered_page, parse_private_record, parse_private_zone


def describe_zones(page: int = 1) -> Call[Page[Zone]]:
    """One page of all private zones of the account."""
    query = scalars(pageNumber=page, pageSize=PAGE_SIZE)
    return read("privatezone.describeZones", "/zones", page_of("dataList", "zoneId", parse_private_zone), query)


def describe_resource_records(zone_id: str, page: int = 1) -> Call[Page[Record]]:
    """One page of the records of a zone. The path says zone, not zones. Raises InputError for an id that is none."""
    return read(
        "privatezone.describeResourceRecords",
        f"/zone/{path_id(zone_id)}/resourceRecords",
        numbered_page(parse_private_record, PAGE_SIZE),
        scalars(pageNumber=page, pageSize=PAGE_SIZE),
        resource=zone_id,
    )
