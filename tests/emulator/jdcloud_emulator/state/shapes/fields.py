# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pieces of answers that several kinds of resources have."""

from __future__ import annotations

from typing import Any

from jdcloud_emulator.state.json_object import Json
from jdcloud_emulator.state.model import Charge, Resource
from jdcloud_emulator.state.settings import utc_time


def tag_rows(resource: Resource) -> list[Json]:
    return [{"key": key, "value": value} for key, value in [*resource.earlier_tags, *resource.tags.items()]]


def charge_of_vm(charge: Charge | None) -> Json | None:
    """In vm, times that do not apply are absent (fact times-empty)."""
    if charge is None:
        return None
    times = {"chargeExpiredTime": charge.expires, "chargeRetireTime": charge.retires}
    return {
        "chargeMode": charge.mode,
        "chargeStatus": charge.status,
        "chargeStartTime": utc_time(charge.started),
        **{key: utc_time(moment) for key, moment in times.items() if moment is not None},
    }


def full_charge(charge: Charge | None, form: Any) -> Json | None:
    """In disk and vpc, times that do not apply are empty strings."""
    if charge is None:
        return None
    return {
        "chargeMode": charge.mode,
        "chargeStatus": charge.status,
        "chargeStartTime": form(charge.started),
        "chargeExpiredTime": "" if charge.expires is None else form(charge.expires),
        "chargeRetireTime": "" if charge.retires is None else form(charge.retires),
    }
