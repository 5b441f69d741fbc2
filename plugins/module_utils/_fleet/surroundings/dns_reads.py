# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the DNS records of the account once for all machines, and no more of them than could hold an address. Reads only.

No call finds records by what they hold (fact dns-no-lookup), and any region serves (fact dns-regions). Nothing
depends on what is found, so no failure of these reads is one of the run: the answer says what is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from ..._api.calls import Call
from ..._api.dispatch.dispatcher import Dispatcher
from ..._api.dispatch.pagination import complete_rows, list_apart, page_count
from ..._api.errors import ApiError, JdcloudError
from ..._api.fields import PAGE_SIZE, Page
from ..._api.model.dns import Record, Zone
from ..._api.model.instance import Instance
from ..._api.services import domainservice, privatezone
from ..common.texts import some_ids
from .dns import DnsLookup, MachineAddresses, addresses_of, index_of, may_hold

PATIENCE = 30.0
"""Seconds after which no failing read is repeated: whoever waits wants to delete machines."""
SMALL_PAGE = 10
"""How many rows a page of public domains has if the service refuses larger ones (fact dns-pages)."""
_REFUSED = 400
_WHY = "records are created or deleted during the listing; try again when the account is quieter"

T = TypeVar("T")
Listing = Callable[[int], Call[Page[T]]]


def look_up_dns(dispatcher: Dispatcher, machines: Sequence[Instance]) -> DnsLookup:
    """The records of the account that hold addresses, as far as these machines are concerned.

    An elastic IP counts in all zones. Where no machine has one, public domains are not read, nor private zones of other VPCs; and
    nothing at all where no machine has an address.
    """
    wanted = [addresses_of(machine) for machine in machines]
    elastic = any(machine.elastic for machine in wanted)
    reading = _Reading(dispatcher, wanted)
    with dispatcher.repeating_until(dispatcher.clock.now() + PATIENCE):
        if elastic or any(machine.private and machine.vpc_id for machine in wanted):
            reading.read_private_zones()
        if elastic:
            reading.read_public_domains()
    return DnsLookup(index_of(reading.found), tuple(reading.unread))


class _Reading:
    """What was read so far, zone by zone, and what could not be."""

    def __init__(self, dispatcher: Dispatcher, wanted: Sequence[MachineAddresses]) -> None:
        self._dispatcher = dispatcher
        self._wanted = wanted
        self.found: list[tuple[Zone, list[Record]]] = []
        self.unread: list[str] = []

    def read_private_zones(self) -> None:
        zones = self._zones(privatezone.describe_zones)
        self._read("private zones", zones, privatezone.describe_resource_records)

    def read_public_domains(self) -> None:
        size = PAGE_SIZE
        zones = self._zones(domainservice.describe_domains)
        if isinstance(zones, ApiError) and zones.http == _REFUSED:
            size = SMALL_PAGE
            zones = self._zones(partial(domainservice.describe_domains, page_size=size))
        self._read("public domains", zones, partial(domainservice.describe_resource_record, page_size=size))

    def _zones(self, listing: Listing[Zone]) -> list[Zone] | JdcloudError:
        (zones,) = self._list([listing], lambda zone: zone.zone_id)
        return zones

    def _read(self, word: str, zones: list[Zone] | JdcloudError, records: Callable[..., Call[Page[Record]]]) -> None:
        """Read the records of the zones that may hold an address; `word` is how a sentence calls all of them."""
        if isinstance(zones, JdcloudError):
            self.unread.append(f"{word}: {_reason(zones)}")
            return
        asked = [zone for zone in zones if may_hold(zone, self._wanted)]
        failed: list[str] = []
        first = ""
        rows = self._list([partial(records, zone.zone_id) for zone in asked], lambda record: record.record_id)
        for zone, listed in zip(asked, rows, strict=True):
            if isinstance(listed, JdcloudError):
                failed.append(zone.name)
                first = first or _reason(listed)
            else:
                self.found.append((zone, listed))
                self._note_unreadable(zone, listed)
        if failed:
            self.unread.append(f"the records of {len(failed)} of {len(asked)} {word} ({some_ids(failed)}): {first}")

    def _note_unreadable(self, zone: Zone, records: Sequence[Record]) -> None:
        count = sum(bool(record.unreadable) for record in records)
        if zone.unreadable:
            self.unread.append(f"the row of {zone.name or zone.zone_id} ({', '.join(zone.unreadable)})")
        if count:
            self.unread.append(f"unreadable records of {zone.name or zone.zone_id} ({count})")

    def _list(self, listings: Sequence[Listing[T]], key: Callable[[T], str]) -> list[list[T] | JdcloudError]:
        return list_apart(self._dispatcher, listings, _page_count, lambda pages: complete_rows(pages, key), _WHY)


def _page_count(first: Page[Any]) -> int:
    """How many pages a listing has, whose pages may be smaller than was asked for."""
    rows = len(first.items) + first.nameless
    return max(page_count(first), -(-first.total // max(rows, SMALL_PAGE)))


def _reason(error: JdcloudError) -> str:
    return str(error).rstrip(".")
