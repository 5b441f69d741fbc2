# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls of the tag service, resourcetag (API revision 0.6.0). Everything is a POST."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..calls import Call, action
from ..fields import Json

MAX_RESOURCES = 100
"""How many resources one call tags: what listings take, since no limit is published (fact tags-resources-of-a-call)."""
RESERVED_PREFIXES = ("jrn:", "jdc-")
"""What keys of tags must not begin with (fact tags-limits)."""
NO_REASON = "no reason given"


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
    return replace(action(f"resourcetag.{name}", f"/tags:{name}", {name: wanted}, _failures), resources=tuple(ids))


def _failures(result: Json) -> Mapping[str, str]:
    """What a 200 answer says of resources that failed, by id.

    Its form is not known (fact tags-failure-form), and what counts is what is read back. So everything that looks like one is
    understood, and nothing else is an error: that would turn an accepted change into an unclear one.
    """
    data = result.get("data")
    return dict(_pairs((data if isinstance(data, dict) else result).get("failedResourcesMap")))


def _pairs(text: Any) -> Iterator[tuple[str, str]]:
    if isinstance(text, dict):
        for key, value in text.items():
            # By id, or ids by service or by reason.
            yield from ((str(each), str(key)) for each in value if isinstance(each, str)) if isinstance(value, list) else ()
            yield str(key), _reason(value)
    elif isinstance(text, list):
        for row in text:
            if isinstance(row, str):
                yield row, NO_REASON
            elif isinstance(row, dict) and row.get("resourceId"):
                yield str(row["resourceId"]), _reason(row)


def _reason(text: Any) -> str:
    if isinstance(text, dict):
        text = text.get("msg") or text.get("message")
    return text if isinstance(text, str) and text else NO_REASON
