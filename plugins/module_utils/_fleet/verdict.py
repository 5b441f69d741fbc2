# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an error answer of a write means for the machine. Pure; source: errors.yaml.

The service's words are compared in lower case and by their stable part: tables differ in quoting and placeholders.
"""

from __future__ import annotations

import enum

from .._api.errors import ApiError, JdcloudError

NO_CHARGE_PATIENCE = 60.0
"""Seconds: billing data of a new machine lags; the official Terraform provider tries for one minute."""
BUSY_WORDS = ("underlay", "invalid instance status", " busy in ", " is busy")
"""In the message of a refusal that passes: a task or a state in between, of a machine, disk or image."""


class Verdict(enum.Enum):
    """What to do after a write failed."""

    THROTTLED = "it was not done; send it again, more slowly"
    GONE = "the machine may be gone: prove it"
    UNCLEAR = "it may have been done: read first"
    BUSY = "not now: read again and retry, bounded by time"
    UNCHARGED = "as BUSY, for a minute"
    NO_ACCESS = "no call of this run will succeed"
    FINAL = "never"


def verdict(error: JdcloudError) -> Verdict:
    """Classify the error of a write."""
    if error.is_throttled:
        return Verdict.THROTTLED
    if error.is_unauthenticated:
        return Verdict.NO_ACCESS
    if error.unclear:
        return Verdict.UNCLEAR
    if not isinstance(error, ApiError):
        # Nothing reached the service: connection refused, no route. Like a refusal that may pass.
        return Verdict.BUSY if error.is_retryable_read else Verdict.FINAL
    if error.is_not_found:
        return Verdict.GONE
    if error.status in ("ABORTED", "CONFLICT"):
        return Verdict.BUSY
    text = error.message.lower()
    if error.status == "FAILED_PRECONDITION" and any(words in text for words in BUSY_WORDS):
        return Verdict.BUSY
    if error.status == "PERMISSION_DENIED" and "no charged resource" in text:
        return Verdict.UNCHARGED
    return Verdict.FINAL
