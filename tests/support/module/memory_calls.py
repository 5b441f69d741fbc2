# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the calls that the cloud in memory answers, and makes answers of its rows."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import ApiError
from support.json_object import Json


def filters_of(call: Call[Any]) -> dict[str, list[str]]:
    """The filters of a call, by name."""
    names = {name.split(".")[1]: value for name, value in call.query if name.startswith("filters.") and name.endswith(".name")}
    found: dict[str, list[str]] = defaultdict(list)
    for name, value in call.query:
        if name.startswith("filters.") and ".values." in name:
            found[names[name.split(".")[1]]].append(value)
    return dict(found)


def body_of(call: Call[Any]) -> Json:
    """The body of a call."""
    assert call.body is not None
    return dict(call.body)


def indexed(call: Call[Any], name: str) -> list[str]:
    """The values of an indexed parameter."""
    return [value for key, value in call.query if key.rpartition(".")[0] == name]


def chosen(rows: dict[str, Json], ids: list[str]) -> list[Json]:
    """The rows with these ids."""
    return [row for row_id, row in rows.items() if row_id in ids]


def listed(field: str, rows: list[Json]) -> Json:
    """The answer of a listing on one page."""
    return {field: rows, "totalCount": len(rows)}


def found(rows: dict[str, Json], call: Call[Any]) -> Json:
    """The row that a call is about; 404 if there is none."""
    row = rows.get(str(call.resource))
    if row is None:
        raise ApiError(call.operation, 404, "NOT_FOUND", f"{call.resource} not found", "req-404")
    return row
