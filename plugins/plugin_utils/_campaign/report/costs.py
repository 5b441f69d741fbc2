# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a campaign saves a month, and what is left of it still costs: from the account's own bill, or from prices that are given.

Pure. Figures are CNY a month; None where nothing is known, which is not the same as nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ....module_utils._api.errors import InputError

Price = Callable[[str, Mapping[str, Any]], "float | None"]
"""What a resource costs: its kind (instance, disk, elastic_ip, image, snapshot) and what is known of it."""

PRICE_KEYS = ("instance_types", "instance", "disk_gb", "elastic_ip", "image", "snapshot")


def check_prices(prices: Mapping[str, Any], name: str) -> None:
    """Raise `InputError` for a price that is none."""
    for key, value in prices.items():
        if key not in PRICE_KEYS:
            raise InputError(f"{name} has no member {key!r}: use {', '.join(PRICE_KEYS)}.")
        items = value.items() if isinstance(value, Mapping) else [(key, value)]
        for item, price in items:
            if _figure(price) is None:
                raise InputError(f"{name}: the price of {item} is {price!r}, but must be a number, not below zero.")


def from_prices(prices: Mapping[str, Any]) -> Price:
    """Prices a month: by type of instance, for each GB of a cloud disk, for each elastic IP."""

    def price(kind: str, what: Mapping[str, Any]) -> float | None:
        if kind == "instance":
            types = prices.get("instance_types") or {}
            return _figure(types.get(what.get("instance_type"), prices.get("instance")))
        if kind == "disk":
            each, size = _figure(prices.get("disk_gb")), what.get("size_gb")
            return None if each is None or size is None else each * size
        return _figure(prices.get(kind))

    return price


def from_bill(bill: Mapping[str, Any]) -> Price:
    """What the bill of the last complete month says of each resource."""
    # A month of refunds is below zero.
    fees = {row["resource_id"]: row["fee"] for row in bill.get("resources", ())}

    def price(kind: str, what: Mapping[str, Any]) -> float | None:
        keys = {"instance": "instance_id", "disk": "disk_id", "elastic_ip": "elastic_ip_id", "image": "image_id"}
        return fees.get(what.get(keys.get(kind, "snapshot_id")))

    return price


def billed_ids(machines: Iterable[Mapping[str, Any]]) -> list[str]:
    """The resources whose bill is of interest: machines, their cloud disks and elastic IPs."""
    ids: dict[str, None] = {}
    for row in machines:
        ids[row["instance_id"]] = None
        ids.update(dict.fromkeys(disk["disk_id"] for disk in row["disks"] if disk["disk_id"]))
        ids.update(dict.fromkeys(address["elastic_ip_id"] for address in row["elastic_ips"]))
    return list(ids)


def with_costs(left: Mapping[str, Sequence[dict[str, Any]]], price: Price) -> dict[str, list[dict[str, Any]]]:
    """What is left, each with what it costs a month."""
    kinds = {"disks": "disk", "elastic_ips": "elastic_ip", "images": "image", "snapshots": "snapshot"}
    return {name: [{**each, "monthly": price(kinds[name], each)} for each in rows] for name, rows in left.items()}


def machine_costs(row: Mapping[str, Any], price: Price) -> dict[str, float | None]:
    """What a machine with its disks and elastic IPs costs a month, and what of that its deletion saves, as far as it is known.

    One that was gone before, or never there, costs nothing that anybody knows of.
    """
    if row["action"] == "none" and row["status"] == "absent":
        return {"monthly_cost": None, "monthly_saved": None}
    disks, addresses = (("disk", each) for each in row["disks"]), (("elastic_ip", each) for each in row["elastic_ips"])
    saved = deletion_saves(row, price) if row["action"] == "deleted" else None
    return {"monthly_cost": _sum([price(*each) for each in (("instance", row), *disks, *addresses)]), "monthly_saved": saved}


def deletion_saves(row: Mapping[str, Any], price: Price) -> float | None:
    """What the deletion of a machine saves a month, with what goes by the fates of its disks and elastic IPs."""
    return _sum([price(*each) for each in _gone_with(row)])


def backups_cost(machines: Iterable[Mapping[str, Any]], price: Price) -> float | None:
    """What the backups of these machines cost a month: made, used again or planned. None where that is not known of any."""
    backups = [each for row in machines for each in row["backups"]]
    return _sum([price(each["type"], {f"{each['type']}_id": each["id"]}) for each in backups]) if backups else 0.0


def costs_of(
    machines: Iterable[Mapping[str, Any]], left: Mapping[str, Sequence[dict[str, Any]]], price: Price, source: dict[str, Any]
) -> dict[str, Any]:
    """The sums, without that of the backups. `left` has costs already; `source` has source, message and month."""
    saved = [price(kind, what) for row in machines if row["action"] == "deleted" for kind, what in _gone_with(row)]
    rest = [each["monthly"] for rows in left.values() for each in rows]
    return {
        **source,
        "available": True,
        "currency": "CNY",
        "saved": _sum(saved),
        "left": _sum(rest) if rest else 0.0,
        "unknown": [*saved, *rest].count(None),
    }


def _gone_with(row: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """A deleted machine and what went with it, by kind."""
    yield "instance", row
    yield from (("disk", disk) for disk in row["disks"] if disk["fate"] == "deleted")
    yield from (("elastic_ip", address) for address in row["elastic_ips"] if address["fate"] == "released")


def _sum(figures: Sequence[float | None]) -> float | None:
    known = [figure for figure in figures if figure is not None]
    return round(sum(known, 0.0), 2) if known else None


def no_costs(message: str, month: str | None = None) -> dict[str, Any]:
    """The bill could not be read."""
    return {
        "source": "bill",
        "available": False,
        "message": message,
        "currency": "CNY",
        "month": month,
        "saved": None,
        "left": None,
        "backups": None,
        "unknown": 0,
    }


def _figure(value: Any) -> float | None:
    if value is None or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) and number >= 0 else None
