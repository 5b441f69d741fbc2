# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is found about a machine, what an error answer of a write means, and why something failed. Pure.

Facts errors-statuses, errors-wording. The service's words are compared in lower case and by their stable part: tables differ in
quoting and placeholders. The tables hold neither all of its words nor those in Chinese. So a refusal passes unless it is known
to stay: waiting in vain costs minutes, and a machine that is given up because a task ran on it for seconds costs a campaign.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..._api.errors import THROTTLE_PATIENCE, ApiError, JdcloudError
from ..._api.fields import Readable, unreadable_reason

UNVERIFIED = "unverified"
"""The status of such a machine, and the code of its error."""
NO_CHARGE_PATIENCE = 60.0
"""Seconds: billing data of a new machine lags (fact charges-record-lags)."""
STAYING_STATUSES = frozenset(
    {"INVALID_ARGUMENT", "OUT_OF_RANGE", "DUPLICATE", "PERMISSION_DENIED", "HTTP_FORBIDDEN", "NOT_FOUND", "ALREADY_EXISTS"}
    | {"QUOTA_EXCEEDED", "NOT_IMPLEMENTED"}
)
STAYING_NUMBERS = frozenset({403, 404, 405, 413, 414, 415, 431, 501})
"""HTTP numbers that say so with any word."""
STAYING_WORDS = (
    *("only applied to", "does not applied to", "invalid charge state", "order not found", "overdue", "prepaid", "white list"),
    *("please stop the instance first", "system disk not found", "system disk mount state", "not mounted on instance"),
    *("protected image", "delete this image", "community image", "shared image", "used to create instances"),
    *("bandwidth package", "not authorized", "mfa verification"),
    *("包年包月", "未到期", "欠费", "白名单", "受保护", "带宽包"),
)
"""In the message of a precondition that no waiting fulfils: how something is paid for, what kind it is, what it lacks, and rights
(fact errors-forbidden: with 403; a gateway may choose another number)."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a machine failed: a code of the public interface, one sentence, and the service's answer if there was one."""

    code: str
    message: str
    error: JdcloudError | None = None


def api_failure(error: JdcloudError | None) -> Failure:
    """A call failed, and nothing else is known."""
    return Failure("api", str(error), error)


def with_unclear_call(failure: Failure, what: str) -> Failure:
    """A failure that does not hide that a call with an unclear end may have taken effect."""
    more = f"{what} was sent, but the response was not clear, so it may have taken effect: run again to check."
    return replace(failure, code=UNVERIFIED, message=f"{failure.message.rstrip('.')}. {more}")


@dataclass(frozen=True, slots=True)
class Finding:
    """A blocker or a warning: a code of the public interface and one sentence."""

    code: str
    message: str


def unreadable_finding(row: Readable) -> Iterator[Finding]:
    """The blocker of a row that could not be read."""
    flaw = unreadable_reason(row)
    if flaw is not None:
        yield Finding(
            "unknown_status",
            f"{flaw[0].upper()}{flaw[1:]}, so it is left unchanged: run again; if this persists, give its id to the support of "
            "JD Cloud.",
        )


def transitional_finding(status: str) -> Finding:
    """The blocker of something that is changing its status."""
    return Finding("transitional", f"It is in the transitional state '{status}': wait until it is stable.")


class ErrorMeaning(enum.Enum):
    """What to do after a write failed."""

    THROTTLED = "it was not done; send it again, more slowly"
    GONE = "the instance may be gone: prove it"
    UNCLEAR = "it may have been done: read first"
    BUSY = "not now: read again and retry, bounded by time"
    UNCHARGED = "as BUSY, for a minute"
    NO_ACCESS = "no call of this run will succeed"
    FINAL = "never"


def classify(error: JdcloudError) -> ErrorMeaning:  # one case after the other, in the order that counts
    """Classify the error of a write."""
    if error.is_throttled:
        return ErrorMeaning.THROTTLED
    if error.is_unauthenticated:
        return ErrorMeaning.NO_ACCESS
    if error.unclear:
        return ErrorMeaning.UNCLEAR
    if isinstance(error, ApiError):
        return _classify_refusal(error)
    # Nothing reached the service: connection refused, no route. Like a refusal that may pass.
    return ErrorMeaning.BUSY if error.is_retryable_read else ErrorMeaning.FINAL


def _classify_refusal(error: ApiError) -> ErrorMeaning:
    if error.is_not_found:
        return ErrorMeaning.GONE
    if error.status == "PERMISSION_DENIED" and "no charged resource" in error.message.lower():
        return ErrorMeaning.UNCHARGED
    return ErrorMeaning.FINAL if _stays(error) else ErrorMeaning.BUSY


def _stays(error: ApiError) -> bool:
    if error.status == "ABORTED":
        return False
    if error.status in STAYING_STATUSES or error.http in STAYING_NUMBERS or error.is_quota:
        return True
    text = error.message.lower()
    return any(words in text for words in STAYING_WORDS)


@dataclass(slots=True)
class Tries:
    """What came of the tries of one write so far. Times are monotonic seconds.

    `last_error`: how the last one that failed ended; `throttled_since`: since when each one is answered 429 RATE_LIMIT;
    `refused_since`: when the first one was refused for now.
    """

    count: int = 0
    last_error: JdcloudError | None = None
    throttled_since: float | None = None
    refused_since: float | None = None

    def note(self, error: JdcloudError, now: float) -> ErrorMeaning:
        """Take in how a try ended. What has been throttled for too long is FINAL."""
        meaning = classify(error)
        self.last_error = error
        if meaning is not ErrorMeaning.THROTTLED:
            self.throttled_since = None
            return meaning
        if self.throttled_since is None:
            self.throttled_since = now
        return meaning if now - self.throttled_since < THROTTLE_PATIENCE else ErrorMeaning.FINAL

    def refused_for(self, now: float) -> float:
        """A try was refused for now: for how many seconds such refusals come."""
        if self.refused_since is None:
            self.refused_since = now
        return now - self.refused_since

    def unclear_too_often(self, retries: int) -> bool:
        """Whether the last try ended unclearly, and no further one is allowed."""
        return self.last_error is not None and classify(self.last_error) is ErrorMeaning.UNCLEAR and self.count > retries
