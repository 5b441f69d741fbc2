# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each row of the service's error table means for repeating a read and for the effect of a write."""

from __future__ import annotations

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import (
    ApiError,
    ClockSkewError,
    InputError,
    JdcloudError,
    NotSentError,
    TransportError,
    TransportKind,
)

# http, status, is_retryable_read, unclear
TABLE = [
    (400, "INVALID_ARGUMENT", False, False),
    (400, "FAILED_PRECONDITION", False, False),
    (400, "OUT_OF_RANGE", False, False),
    (400, "DUPLICATE", False, False),
    (400, "CONFLICT", False, False),
    (401, "UNAUTHENTICATED", False, False),
    (401, "ACCESS_ERROR", False, False),
    (403, "HTTP_FORBIDDEN", False, False),
    (403, "PERMISSION_DENIED", False, False),
    (404, "NOT_FOUND", False, False),
    (408, "", True, True),
    (409, "ABORTED", True, False),
    (409, "ALREADY_EXISTS", False, False),
    (429, "QUOTA_EXCEEDED", False, False),
    (429, "RATE_LIMIT", False, False),
    (499, "CANCELLED", True, True),
    (500, "UNKNOWN", True, True),
    (500, "INTERNAL", True, True),
    (500, "", True, True),
    (501, "NOT_IMPLEMENTED", False, False),
    (502, "SOURCE_UNAVAILABLE", True, True),
    (503, "UNAVAILABLE", True, True),
    (503, "SERVICE UNAVAILABLE", True, True),
    (504, "", True, True),
    (500, "QUOTA_EXCEEDED", False, True),
    # An error inside an HTTP success.
    (200, "INTERNAL", True, True),
    (200, "", True, True),
    (200, "QUOTA_EXCEEDED", False, True),
]


@pytest.mark.parametrize(("http", "status", "retryable", "unclear"), TABLE)
def test_table(http: int, status: str, retryable: bool, unclear: bool) -> None:
    error = ApiError("vm.stopInstance", http, status, "why", "req-1")
    assert error.is_retryable_read is retryable
    assert error.unclear is unclear
    assert error.is_throttled is (status == "RATE_LIMIT")
    assert error.is_unauthenticated is (http == 401)
    assert error.is_not_found is (http == 404)


@pytest.mark.parametrize(
    ("http", "status", "request_id"),
    [(404, "NOT_FOUND", ""), (404, "NOT_FOUND", None), (404, "", "req-1"), (400, "NOT_FOUND", "req-1")],
)
def test_not_found_needs_number_status_and_request_id(http: int, status: str, request_id: str | None) -> None:
    assert not ApiError("vm.describeInstance", http, status, "gone", request_id).is_not_found


def test_api_error_is_one_sentence_with_reason_request_and_advice() -> None:
    error = ApiError("vm.createImage", 429, "QUOTA_EXCEEDED", "Image quota limit exceeded.", "req-1")
    assert str(error) == (
        "vm.createImage failed: Image quota limit exceeded (429 QUOTA_EXCEEDED, request req-1): "
        "delete what is no longer needed or have the quota raised."
    )
    assert (error.operation, error.http, error.status, error.message, error.request_id) == (
        "vm.createImage",
        429,
        "QUOTA_EXCEEDED",
        "Image quota limit exceeded.",
        "req-1",
    )


def test_api_error_without_status_message_and_request() -> None:
    assert str(ApiError("vm.stopInstance", 500, "", "", None)).startswith("vm.stopInstance failed: no reason given (500): ")


@pytest.mark.parametrize("kind", ["unreachable", "timeout", "reset", "garbled"])
def test_connection_trouble_may_be_read_again(kind: TransportKind) -> None:
    assert TransportError("x", operation="o", kind=kind, sent=True).is_retryable_read


@pytest.mark.parametrize("kind", ["tls", "too_big", "redirect"])
def test_what_stays_is_not_read_again(kind: TransportKind) -> None:
    assert not TransportError("x", operation="o", kind=kind, sent=True).is_retryable_read


@pytest.mark.parametrize(
    ("http", "retryable"), [(200, True), (403, False), (404, True), (408, True), (429, True), (499, True), (502, True)]
)
def test_foreign_pages(http: int, retryable: bool) -> None:
    assert TransportError("x", operation="o", kind="garbled", sent=True, http=http).is_retryable_read is retryable


@pytest.mark.parametrize("sent", [True, False])
def test_unclear_means_possibly_sent(sent: bool) -> None:
    assert TransportError("x", operation="o", kind="reset", sent=sent).unclear is sent


def test_clock_skew_came_with_an_answer() -> None:
    error = ClockSkewError("x", operation="o", seconds=700.0)
    assert error.unclear
    assert not error.is_retryable_read
    assert error.seconds == 700.0


@pytest.mark.parametrize("error", [JdcloudError("x"), InputError("x"), NotSentError("x", operation="o")])
def test_every_error_has_the_fields_of_a_result(error: JdcloudError) -> None:
    assert (error.http, error.status, error.message, error.request_id) == (None, None, None, None)
    assert not error.unclear
    assert not error.is_not_found
    assert not error.is_throttled
    assert not error.is_unauthenticated
    assert not error.is_retryable_read
