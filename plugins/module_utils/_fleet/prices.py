# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What resources cost a month, by prices that the user gives, or by a bill. Pure.

Figures are CNY a month; None where nothing is known, which is not the same as nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .._api.errors import InputError

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
                raise InputError(f"{name}: the price of {item} is {price!r}, but must be a number, at least 0.")


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


def from_fees(fees: Mapping[str, float | None]) -> Price:
    """What each resource cost in a month, by its id."""

    def price(kind: str, what: Mapping[str, Any]) -> float | None:
        keys = {"instance": "instance_id", "disk": "disk_id", "elastic_ip": "elastic_ip_id", "image": "image_id"}
        return fees.get(what.get(keys.get(kind, "snapshot_id")) or "")

    return price


def sum_of_known(figures: Iterable[float | None]) -> float | None:
    """The sum of the figures that are known, None if none is."""
    known = [figure for figure in figures if figure is not None]
    return round(sum(known, 0.0), 2) if known else None


def _figure(value: Any) -> float | None:
    if value is None or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) and number >= 0 else None
