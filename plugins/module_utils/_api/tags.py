# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls of the tag service, resourcetag (API revision 0.6.0). Everything is a POST."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .calls import Call
from .members import Json, maybe_object

SERVICE = "resourcetag"
MAX_RESOURCES = 100
"""How many resources are tagged with one call. The service tells no limit; this is what its listings take."""


def tag_resources(service_code: str, ids: Sequence[str], tags: Mapping[str, str]) -> Call[Mapping[str, str]]:
    """Set tags of resources of one service. The value is what the answer says of those that failed, by id."""
    return _change("tagResources", service_code, ids, tags)


def untag_resources(service_code: str, ids: Sequence[str], tags: Sequence[tuple[str, str]]) -> Call[Mapping[str, str]]:
    """Take tags, each with its value, from resources of one service. The value is what the answer says of those that failed."""
    return _change("unTagResources", service_code, ids, tags)


def _change(
    name: str, service_code: str, ids: Sequence[str], tags: Mapping[str, str] | Sequence[tuple[str, str]]
) -> Call[Mapping[str, str]]:
    pairs = list(tags.items()) if isinstance(tags, Mapping) else list(tags)
    wanted = {
        "resources": [{"serviceCode": service_code, "resourceId": list(ids)}],
        "tags": [{"key": key, "value": value} for key, value in pairs],
    }
    return Call(
        operation=f"resourcetag.{name}",
        service=SERVICE,
        method="POST",
        path=f"/tags:{name}",
        query=(),
        body={name: wanted},
        write=True,
        parse=_failures,
        resources=tuple(ids),
    )


def _failures(result: Json) -> Mapping[str, str]:
    """What a 200 answer says of resources that failed. The form is not documented; what counts is what is read back."""
    told = maybe_object(result, "data").get("failedResourcesMap")
    return dict(_pairs(told))


def _pairs(told: Any) -> Iterator[tuple[str, str]]:
    if isinstance(told, dict):
        yield from ((str(key), str(value)) for key, value in told.items())
    elif isinstance(told, list):
        for row in told:
            if isinstance(row, dict) and row.get("resourceId"):
                yield str(row["resourceId"]), str(row.get("msg") or row.get("message") or "no reason given")
