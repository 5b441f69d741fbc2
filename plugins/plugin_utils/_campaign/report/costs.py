# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a campaign saves a month, and what is left of it still costs: from the account's own bill, or from prices that are given.

Pure. Figures are CNY a month; None where nothing is known, which is not the same as nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ....module_utils._fleet.prices import Price, from_fees, sum_of_known


def from_bill(bill: Mapping[str, Any]) -> Price:
    """What the bill of the last complete month says of each resource."""
    # A month of refunds is below zero.
    return from_fees({row["resource_id"]: row["fee"] for row in bill.get("resources", ())})


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
    return {
        "monthly_cost": sum_of_known([price(*each) for each in (("instance", row), *disks, *addresses)]),
        "monthly_saved": saved,
    }


def deletion_saves(row: Mapping[str, Any], price: Price) -> float | None:
    """What the deletion of a machine saves a month, with what goes by the fates of its disks and elastic IPs."""
    return sum_of_known([price(*each) for each in _gone_with(row)])


def backups_cost(machines: Iterable[Mapping[str, Any]], price: Price) -> float | None:
    """What the backups of these machines cost a month: made, used again or planned. None where that is not known of any."""
    backups = [each for row in machines for each in row["backups"]]
    return sum_of_known([price(each["type"], {f"{each['type']}_id": each["id"]}) for each in backups]) if backups else 0.0


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
        "saved": sum_of_known(saved),
        "left": sum_of_known(rest) if rest else 0.0,
        "unknown": [*saved, *rest].count(None),
    }


def _gone_with(row: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """A deleted machine and what went with it, by kind."""
    yield "instance", row
    yield from (("disk", disk) for disk in row["disks"] if disk["fate"] == "deleted")
    yield from (("elastic_ip", address) for address in row["elastic_ips"] if address["fate"] == "released")


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
