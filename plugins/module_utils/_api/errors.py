# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Typed errors of the API layer; the text of each is one sentence for the user that says what to do next.

Which answers may be read again, and after which the effect of a write is unknown: facts errors-statuses and
errors-what-to-repeat. The service's ``error.status`` is looked at before the HTTP number, because QUOTA_EXCEEDED (final)
and RATE_LIMIT (slow down) share HTTP 429 (fact errors-429-twice).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

THROTTLE_PATIENCE = 120.0
"""Seconds for which one call may be answered 429 RATE_LIMIT again and again before that is an error."""

TransportKind = Literal["unreachable", "tls", "timeout", "reset", "garbled", "too_big", "redirect"]

# 'SERVICE UNAVAILABLE' with a blank is the spelling of the disk service.
_TRANSIENT_STATUSES = frozenset(
    {"ABORTED", "CANCELLED", "UNKNOWN", "INTERNAL", "SOURCE_UNAVAILABLE", "UNAVAILABLE", "SERVICE UNAVAILABLE"}
)
_FINAL_STATUSES = frozenset({"QUOTA_EXCEEDED", "NOT_IMPLEMENTED"})
# 499 is the service's CANCELLED; 408 is what gateways in between say when they gave up waiting.
_GAVE_UP = frozenset({408, 499})
# TLS, redirect and size do not change by asking again.
_HOPELESS_KINDS: frozenset[TransportKind] = frozenset({"tls", "too_big", "redirect"})

_ADVICE = {
    "INVALID_ARGUMENT": "check the given values",
    "OUT_OF_RANGE": "check the given values",
    "DUPLICATE": "list each item only once",
    "FAILED_PRECONDITION": "wait until its state allows this, then run again",
    "CONFLICT": "wait until it is no longer in use, then run again",
    "PERMISSION_DENIED": "the rules of the service forbid this for the resource; see the reason in the message",
    "HTTP_FORBIDDEN": "grant the IAM right for this call to the user of the key",
    "NOT_FOUND": "check the id and the region (JDCLOUD_REGION)",
    "ABORTED": "another user or process changed it at the same time; run again",
    "ALREADY_EXISTS": "it exists already; choose another name",
    "QUOTA_EXCEEDED": "delete what is no longer needed or have the quota raised",
    "RATE_LIMIT": "lower api_rate_limit (JDCLOUD_API_RATE_LIMIT) or run again later",
    "NOT_IMPLEMENTED": "this region does not offer the call",
}
_QUOTA_WORDS = ("quota", "配额", "限额")
_SPEED_WORDS = (
    "rate limit",
    "request rate",
    "request quota",
    "requests",
    "too many calls",
    "frequen",
    "qps",
    "频率",
    "频繁",
    "请求",
)
_ADVICE_DEFAULT = "run again later; if it fails again, give the request id to the support of JD Cloud"


def first_of(texts: Sequence[str], count: int, separator: str = ", ") -> str:
    """The first of many texts, and how many more there are, for a message."""
    more = len(texts) - count
    rest = f"{separator.lstrip(',')}and {more} more" if more > 0 else ""
    return separator.join(texts[:count]) + rest


class JdcloudError(Exception):
    """Base of all errors of this layer.

    ``str(error)`` is one sentence without secrets. The attributes ``operation``, ``http``, ``status``, ``message`` and
    ``request_id`` exist on every error (None where unknown), so that a result can be built from any of them.
    """

    def __init__(self, sentence: str, *, operation: str | None = None) -> None:
        super().__init__(sentence)
        self.operation = operation
        self.http: int | None = None
        self.status: str | None = None
        self.message: str | None = None
        self.request_id: str | None = None

    @property
    def is_not_found(self) -> bool:
        """Whether the service itself says that the resource does not exist."""
        return False

    @property
    def is_throttled(self) -> bool:
        """Whether the service asks to send more slowly."""
        return False

    @property
    def is_quota(self) -> bool:
        """Whether the account may have no more of something."""
        return False

    @property
    def is_unauthenticated(self) -> bool:
        """Whether key, signature or token were refused."""
        return False

    @property
    def is_retryable_read(self) -> bool:
        """Whether the same read may succeed when sent again."""
        return False

    @property
    def unclear(self) -> bool:
        """Whether a write that ended like this may nevertheless have taken effect."""
        return False


class InputError(JdcloudError):
    """A wrong option, credential, profile or file; nothing was sent."""


class NotSentError(JdcloudError):
    """The last check before sending said no; nothing was sent."""


class ClockSkewError(JdcloudError):
    """The controller's clock and the service's differ by more than ages and signatures can bear.

    ``seconds`` is service time minus local time. The request was answered, so a write may have taken effect.
    """

    def __init__(self, sentence: str, *, operation: str | None, seconds: float) -> None:
        super().__init__(sentence, operation=operation)
        self.seconds = seconds

    @property
    def unclear(self) -> bool:
        return True


class ApiError(JdcloudError):
    """The service answered with an error and a request id.

    ``http`` is the number of the HTTP answer, ``status`` the service's upper-case word ('' if it gave none), ``message``
    the service's own text. Without ``sentence`` the text is made of the message and an advice that fits the status.
    """

    operation: str
    http: int
    status: str
    message: str

    def __init__(
        self, operation: str, http: int, status: str, message: str, request_id: str | None, *, sentence: str | None = None
    ) -> None:
        super().__init__(sentence or api_sentence(operation, http, status, message, request_id), operation=operation)
        self.http = http
        self.status = status
        self.message = message
        self.request_id = request_id

    @property
    def is_not_found(self) -> bool:
        return self.http == 404 and self.status == "NOT_FOUND" and bool(self.request_id)

    @property
    def is_throttled(self) -> bool:
        # Also with a word that no table holds: the number says so itself, and QUOTA_EXCEEDED alone shares it.
        return self.http == 429 and self.status not in _FINAL_STATUSES

    @property
    def is_quota(self) -> bool:
        # After a server's error the call may have taken effect, whatever the words are.
        return not self.is_throttled and not self.unclear and means_quota(self.status, self.message)

    @property
    def is_unauthenticated(self) -> bool:
        return self.http == 401

    @property
    def is_retryable_read(self) -> bool:
        if self.status in _FINAL_STATUSES or self.is_throttled:
            return False
        return self.status in _TRANSIENT_STATUSES or self._outcome_unknown

    @property
    def unclear(self) -> bool:
        return self.status != "NOT_IMPLEMENTED" and self._outcome_unknown

    @property
    def _outcome_unknown(self) -> bool:
        # An error inside an HTTP success contradicts itself: it proves neither that a write worked nor that it did not.
        return self.http < 400 or self.http in _GAVE_UP or (self.http >= 500 and self.http != 501)


class TransportError(JdcloudError):
    """No usable answer of the service.

    ``kind`` says what went wrong, ``sent`` whether the request may have reached the service; ``http`` is set if an HTTP
    answer came that is not the service's (a gateway's error page, a cut-off body).
    """

    operation: str

    def __init__(self, sentence: str, *, operation: str, kind: TransportKind, sent: bool, http: int | None = None) -> None:
        super().__init__(sentence, operation=operation)
        self.kind = kind
        self.sent = sent
        self.http = http

    @property
    def is_retryable_read(self) -> bool:
        if self.kind in _HOPELESS_KINDS:
            return False
        # A foreign page with a 4xx number comes from a wrong address or proxy and stays, unless it is about load or time.
        is_foreign_refusal = self.http is not None and 400 <= self.http < 500
        # 404 is the one refusal that is waited for: cut off, it looks like a foreign page.
        return not is_foreign_refusal or self.http in _GAVE_UP or self.http in (404, 429)

    @property
    def unclear(self) -> bool:
        return self.sent


def means_quota(status: str, message: str) -> bool:
    """Whether a refusal is about how many of something an account may have, and not about how fast it calls."""
    text = message.lower()
    if any(word in text for word in _SPEED_WORDS):
        return False
    return status == "QUOTA_EXCEEDED" or any(word in text for word in _QUOTA_WORDS)


def _advice(http: int, status: str, message: str) -> str:
    if http == 429 and not means_quota(status, message):
        return _ADVICE["RATE_LIMIT"]
    return _ADVICE.get("QUOTA_EXCEEDED" if http < 500 and means_quota(status, message) else status, _ADVICE_DEFAULT)


def api_sentence(
    operation: str, http: int, status: str, message: str, request_id: str | None, *, advice: str | None = None
) -> str:
    """Return one sentence: what was refused, why in the service's words, and what to do."""
    reason = message.rstrip(". ") or "no reason given"
    facts = " ".join(part for part in (str(http), status) if part)
    request = f", request {request_id}" if request_id else ""
    return f"{operation} failed: {reason} ({facts}{request}): {advice or _advice(http, status, message)}."
