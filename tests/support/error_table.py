# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The service's error answers as the vendor documents them: the table of HTTP and status, and the rows of single operations
(facts errors-statuses, errors-wording).

`again` says that a call which meets the row once succeeds in the end; otherwise it is sent once and never again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """One documented error answer."""

    http: int
    status: str
    message: str
    again: bool = False

    @property
    def name(self) -> str:
        """A test id."""
        return f"{self.http}-{self.status.replace(' ', '_')}-{self.message[:30].replace(' ', '_')}"

    @property
    def fault(self) -> dict[str, Any]:
        """Parameters of an injected error."""
        return {"http": self.http, "status": self.status, "message": self.message}


STATUS_TABLE = (
    Row(400, "INVALID_ARGUMENT", "Request parameter x.y.z is 'xxx', expected one of [yyy,zzz]"),
    Row(400, "FAILED_PRECONDITION", "a text that no table holds", again=True),
    Row(400, "FAILED_PRECONDITION", "云主机正在执行其他任务，请稍后重试", again=True),
    Row(409, "A_WORD_OF_NO_TABLE", "somebody works on it", again=True),
    Row(400, "OUT_OF_RANGE", "PageSize out of range"),
    Row(400, "DUPLICATE", "Duplicate deviceName"),
    Row(403, "HTTP_FORBIDDEN", "You are not authorized to perform (api) on resource (id) [IAM] [gw]"),
    Row(403, "HTTP_FORBIDDEN", "MFA verification required"),
    Row(403, "PERMISSION_DENIED", "a rule of the service"),
    Row(409, "ALREADY_EXISTS", "It exists"),
    Row(429, "QUOTA_EXCEEDED", "Image quota limit exceeded"),
    Row(501, "NOT_IMPLEMENTED", "This operation is not offered"),
    Row(400, "CONFLICT", "in use", again=True),
    Row(409, "ABORTED", "concurrent change", again=True),
    Row(429, "RATE_LIMIT", "Request rate limit exceeded", again=True),
    Row(429, "TOO_FAST", "too many calls", again=True),
    Row(499, "CANCELLED", "client gave up", again=True),
    Row(500, "UNKNOWN", "Unknown server error", again=True),
    Row(500, "INTERNAL", "Internal server error", again=True),
    Row(502, "SOURCE_UNAVAILABLE", "source unavailable", again=True),
    Row(503, "UNAVAILABLE", "unavailable", again=True),
    Row(503, "SERVICE UNAVAILABLE", "unavailable", again=True),
)
"""Apart from 401, which ends the run, and 404, which is a proof or the reason to look for one."""

WRITES_AGAIN_ONLY = {"CONFLICT", "FAILED_PRECONDITION", "A_WORD_OF_NO_TABLE"}
"""What stands against a write may be over after a while; a read that answers with it is asked again by nobody."""

BY_OPERATION: dict[str, tuple[Row, ...]] = {
    "vm.stopInstance": (
        Row(400, "FAILED_PRECONDITION", "Conflict with underlay task create_image", again=True),
        Row(400, "FAILED_PRECONDITION", "Invalid instance status pending", again=True),
        Row(400, "FAILED_PRECONDITION", "keepCharging or stopCharging does not applied to dedicated host"),
        Row(400, "FAILED_PRECONDITION", "stopCharging only applied to cloud system disk"),
        Row(400, "FAILED_PRECONDITION", "stopCharging only applied to postpaid by duration"),
        Row(400, "FAILED_PRECONDITION", "order not found"),
        Row(404, "NOT_FOUND", "Instance 'i-aaaa000001' not found."),
    ),
    "vm.startInstance": (
        Row(400, "FAILED_PRECONDITION", "Conflict with underlay task resize", again=True),
        Row(400, "FAILED_PRECONDITION", "Invalid instance status stopping", again=True),
        Row(400, "FAILED_PRECONDITION", "Invalid charge state"),
        Row(400, "FAILED_PRECONDITION", "Invalid system disk mount state"),
        Row(404, "NOT_FOUND", "System disk not found"),
        Row(404, "NOT_FOUND", "Instance 'i-aaaa000001' not found."),
    ),
    "vm.deleteInstance": (
        Row(400, "FAILED_PRECONDITION", "Invalid instance status 'stopping'", again=True),
        Row(400, "FAILED_PRECONDITION", "Conflict with underlay image task 'create_image'", again=True),
        Row(400, "FAILED_PRECONDITION", "Can't delete 'prepaid_by_duration' instance which isn't overdue"),
        Row(403, "PERMISSION_DENIED", "Can't delete no charged resource", again=True),
        Row(403, "PERMISSION_DENIED", "Can't delete 'prepaid_by_duration' instance in white list"),
        Row(404, "NOT_FOUND", "Instance 'i-aaaa000001' not found.", again=True),
    ),
    "vm.modifyInstanceDiskAttribute": (
        Row(400, "FAILED_PRECONDITION", "disk 'vol-aaaa' not mounted on instance"),
        Row(404, "NOT_FOUND", "Instance 'i-aaaa000001' not found."),
    ),
    "vpc.deleteElasticIp": (
        Row(404, "NOT_FOUND", "elasticIp 'fip-aaaa' not found", again=True),
        Row(400, "FAILED_PRECONDITION", "elasticIp is associated, can not be deleted", again=True),
        Row(400, "FAILED_PRECONDITION", "elasticIp is in a bandwidth package, can not be deleted"),
        Row(400, "FAILED_PRECONDITION", "prepaid elasticIp is not expired, can not be deleted"),
    ),
}
