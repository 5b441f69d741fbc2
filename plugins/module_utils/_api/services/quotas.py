# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many of something the region may hold, and holds: one call of each service."""

from __future__ import annotations

from dataclasses import dataclass

from ..calls import Call, filters, read, scalars
from ..fields import Json, MalformedResponse, required_count, required_object


@dataclass(frozen=True, slots=True)
class Quota:
    """How many of something the region may hold, and holds."""

    limit: int
    used: int

    @property
    def left(self) -> int:
        """How many more may be made; 0 if more are used than allowed."""
        return max(0, self.limit - self.used)


def describe_image_quota() -> Call[Quota]:
    """Of private images."""
    return read("vm.describeQuotas", "/quotas", _image_quota, filters([("resourceTypes", ["image"])]))


def describe_snapshot_quota() -> Call[Quota]:
    """Of snapshots."""
    return read(
        "disk.describeQuota",
        "/quotas",
        lambda result: _quota(required_object(result, "quota"), "limit", "used"),
        scalars(type="snapshot"),
    )


def describe_elastic_ip_quota() -> Call[Quota]:
    """Of elastic IPs. The path ends in a slash, as that of their listing (fact requests-listing-slash)."""
    return read(
        "vpc.describeQuota",
        "/quotas/",
        lambda result: _quota(required_object(result, "quota"), "maxLimit", "count"),
        scalars(type="elastic_ip"),
    )


def _image_quota(result: Json) -> Quota:
    rows = result.get("quotas")
    for row in rows if isinstance(rows, list) else ():
        # The rows of other resources are not asked for, and may be whatever they are.
        if isinstance(row, dict) and row.get("resourceType") == "image":
            return _quota(row, "limit", "used")
    raise MalformedResponse("quotas has no row for images")


def _quota(raw: Json, limit: str, used: str) -> Quota:
    return Quota(required_count(raw, limit), required_count(raw, used))
