# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What machines cost a month, with their disks and elastic IPs: by given prices, or by the bill of the last complete month."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..._api.dispatch.dispatcher import Dispatcher
from ..._api.errors import JdcloudError
from ..._api.model.instance import Instance
from ..billing import bills_of, month_name, parse_month, read_bill, rounded
from ..prices import Price, from_fees, from_prices, sum_of_known


@dataclass(frozen=True, slots=True)
class Costs:
    """Costs by machine; one whose costs are not known is missing. ``month`` is that of the bill, None by prices.

    ``problem``: why the bill could not be read, '' if it was.
    """

    source: str
    month: str | None = None
    problem: str = ""
    of: Mapping[str, float] = field(default_factory=dict)


def costs_by_prices(machines: Iterable[Instance], prices: Mapping[str, Any]) -> Costs:
    """What these machines cost by given prices."""
    return Costs("prices", of=_costs(machines, from_prices(prices)))


def costs_by_bill(dispatcher: Dispatcher, region: str, machines: Sequence[Instance], now: datetime) -> Costs:
    """What these machines cost in the last complete month. That the bill cannot be read is no failure (fact bills-rights)."""
    month = parse_month(None, now)
    ids = list(dict.fromkeys(str(next(iter(part.values()))) for each in machines for _kind, part in _parts(each)))
    try:
        rows = read_bill(dispatcher, region, ids, month) if ids else []
    except JdcloudError as error:
        return Costs("bill", month_name(month), str(error))
    fees = {bill.resource_id: rounded(bill.fee) for bill in bills_of(ids, rows)}
    return Costs("bill", month_name(month), of=_costs(machines, from_fees(fees)))


def _costs(machines: Iterable[Instance], price: Price) -> dict[str, float]:
    sums = ((each.instance_id, sum_of_known(price(kind, part) for kind, part in _parts(each))) for each in machines)
    return {instance_id: cost for instance_id, cost in sums if cost is not None}


def _parts(machine: Instance) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is billed: the machine, its cloud disks and elastic IPs, each by its kind, with its id first."""
    yield "instance", {"instance_id": machine.instance_id, "instance_type": machine.instance_type}
    for disk in machine.disks:
        if disk.disk_id is not None:
            yield "disk", {"disk_id": disk.disk_id, "size_gb": disk.size_gb}
    for address in machine.addresses:
        yield "elastic_ip", {"elastic_ip_id": address.elastic_ip_id}
