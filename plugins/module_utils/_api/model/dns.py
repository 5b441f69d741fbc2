# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private zones, public domains and their records as immutable values, and the functions that read them from JSON.

A row says in ``unreadable`` which of its members could not be read; what is not known to be absent may be there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from ..fields import Json, Page, Row, each_object, optional_int, optional_text, parse_page

T = TypeVar("T")

RESOLVING, PAUSED = "resolving", "paused"
_STATES = {"START": RESOLVING, "2": RESOLVING, "STOP": PAUSED, "4": PAUSED}
"""Facts dns-private-records and dns-public-records."""


@dataclass(frozen=True, slots=True)
class Zone:
    """A private zone, or a public domain, which no VPC is bound to.

    ``records``: how many it has, None if not returned. ``vpc_ids``: whose machines see it (fact dns-private-records).
    """

    zone_id: str
    name: str
    public: bool
    records: int | None = None
    vpc_ids: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a zone. ``host`` is its name inside the zone, ``type`` upper case, '' if not returned.

    ``status`` is 'resolving' or 'paused', the service's own word where it is another one, None if not returned.
    """

    record_id: str
    host: str
    type: str
    value: str
    status: str | None
    unreadable: tuple[str, ...] = ()


def parse_private_zone(raw: Json) -> Zone:
    """Read a zone of the privatezone service."""
    row = Row(raw, "zoneId")
    none: tuple[str, ...] = ()
    vpc_ids = row.read("bindVpc", lambda each: tuple(_vpc_ids(each)), none)
    name = row.text("zone") or ""
    return Zone(row.id, name, public=False, records=optional_int(raw, "recordCount"), vpc_ids=vpc_ids, unreadable=row.unreadable)


def parse_domain(raw: Json) -> Zone:
    """Read a domain of the domainservice service."""
    row = Row(raw, "id")
    return Zone(row.id, row.text("domainName") or "", public=True, unreadable=row.unreadable)


def parse_private_record(raw: Json) -> Record:
    """Read a record of a private zone."""
    return _record(Row(raw, "id"), "recordType", "status")


def parse_public_record(raw: Json) -> Record:
    """Read a record of a public domain."""
    return _record(Row(raw, "id"), "type", "resolvingStatus")


def numbered_page(parse: Callable[[Json], T], size: int) -> Callable[[Json], Page[T]]:
    """The parser of a listing whose rows have numbers for ids, called ``dataList`` as all listings of DNS are."""

    def parse_numbered(result: Json) -> Page[T]:
        rows = result.get("dataList")
        if isinstance(rows, list):
            result = {**result, "dataList": [_with_text_id(row) for row in rows]}
        return parse_page(result, "dataList", "id", parse, size)

    return parse_numbered


def _with_text_id(row: Any) -> Any:
    number = row.get("id") if isinstance(row, dict) else None
    return {**row, "id": str(number)} if isinstance(number, int) and not isinstance(number, bool) else row


def _record(row: Row, type_name: str, status_name: str) -> Record:
    status = (row.text(status_name) or "").strip()
    return Record(
        record_id=row.id,
        host=(row.text("hostRecord") or "").strip(),
        type=(row.text(type_name) or "").strip().upper(),
        value=(row.text("hostValue") or "").strip(),
        status=_STATES.get(status.upper(), status or None),
        unreadable=row.unreadable,
    )


def _vpc_ids(raw: Json) -> Iterator[str]:
    for vpc in each_object(raw, "bindVpc"):
        vpc_id = optional_text(vpc, "vpcId")
        if vpc_id is not None:
            yield vpc_id
