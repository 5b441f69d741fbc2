# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The DNS of the cloud in memory: private zones, public domains, and their records, page by page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import ApiError
from support.json_object import Json


class MemoryDns:
    """Zones and domains as the service's JSON has them, each with its records. `most_public`: see `_page`."""

    def __init__(self) -> None:
        self.zones: dict[str, Json] = {}
        self.domains: dict[str, Json] = {}
        self.records: dict[str, list[Json]] = {}
        self.most_public = 100
        self.refuses_more = False
        """Whether more rows than `most_public` are refused; else a page has no more, whatever was asked for."""

    def add_zone(self, name: str, *vpc_ids: str, **fields: Any) -> str:
        """A private zone that is bound to these VPCs. Returns its id."""
        zone_id = f"zone-{len(self.zones) + 1}"
        bound = [{"regionId": "cn-north-1", "vpcId": vpc_id, "vpcName": f"name-of-{vpc_id}"} for vpc_id in vpc_ids]
        self.zones[zone_id] = {"zoneId": zone_id, "zone": name, "zoneType": "LOCAL", "bindVpc": bound, **fields}
        self.records[zone_id] = []
        return zone_id

    def add_domain(self, name: str) -> str:
        """A public domain. Returns its id as text."""
        number = 4711 + len(self.domains)
        self.domains[str(number)] = {"id": number, "domainName": name, "resolvingStatus": "2"}
        self.records[str(number)] = []
        return str(number)

    def add_record(self, zone_id: str, host: str, value: str, kind: str = "A", status: str | None = None) -> None:
        """A record that resolves, unless another status is given."""
        rows = self.records[zone_id]
        row: Json = {"id": 100 + len(rows), "hostRecord": host, "hostValue": value, "ttl": 600}
        if zone_id in self.zones:
            row.update(recordType=kind, status=status or "START")
        else:
            row.update(type=kind, resolvingStatus=status or "2")
        rows.append(row)

    @property
    def replies(self) -> dict[str, Callable[[Call[Any]], Json]]:
        """What answers each call."""
        return {
            "privatezone.describeZones": lambda call: self._page(call, [self._counted(each) for each in self.zones], 100),
            "privatezone.describeResourceRecords": lambda call: self._page(call, self.records[str(call.resource)], 100),
            "domainservice.describeDomains": lambda call: self._page(call, [*self.domains.values()], self.most_public),
            "domainservice.describeResourceRecord": lambda call: self._page(
                call, self.records[str(call.resource)], self.most_public
            ),
        }

    def _counted(self, zone_id: str) -> Json:
        return {"recordCount": len(self.records[zone_id]), **self.zones[zone_id]}

    def _page(self, call: Call[Any], rows: list[Json], most: int) -> Json:
        query = dict(call.query)
        number, size = int(query["pageNumber"]), int(query["pageSize"])
        if size > most and self.refuses_more:
            raise ApiError(call.operation, 400, "BAD_REQUEST", "pageSize", "req-400")
        size = min(size, most)
        shown = rows[(number - 1) * size : number * size]
        return {"dataList": shown, "currentCount": len(shown), "totalCount": len(rows), "totalPage": -(-len(rows) // size)}
