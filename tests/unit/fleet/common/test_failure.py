# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which refusals of a write pass: all but those that are known to stay. And what is advised: quotas where a quota is meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import ApiError
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.failure import (
    STAYING_NUMBERS,
    STAYING_STATUSES,
    STAYING_WORDS,
    ErrorMeaning,
    classify,
)

HAVE_IT_RAISED = "have the quota raised"
SLOWER = "lower api_rate_limit"
KNOWN = (*STAYING_WORDS, "quota", "配额", "限额")


def refusal(http: int, status: str, message: str) -> ApiError:
    return ApiError("vm.stopInstance", http, status, message, "req-1")


@given(st.text())
def test_a_precondition_in_any_words_and_any_language_passes(message: str) -> None:
    if not any(words in message.lower() for words in KNOWN):
        assert classify(refusal(400, "FAILED_PRECONDITION", message)) is ErrorMeaning.BUSY


@given(st.sampled_from([400, 409, 412, 422, 423]), st.text())
def test_a_status_that_no_table_holds_passes(http: int, status: str) -> None:
    if status not in STAYING_STATUSES and http not in STAYING_NUMBERS:
        assert classify(refusal(http, status, "somebody works on it")) is ErrorMeaning.BUSY


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ("FAILED_PRECONDITION", "Conflict with underlay task create_image"),
        ("FAILED_PRECONDITION", "Invalid instance status 'stopping'"),
        ("FAILED_PRECONDITION", "Disk 'vol-a' busy in 'snapshot'"),
        ("FAILED_PRECONDITION", "Invalid Disk 'vol-a' status 'attaching'"),
        ("FAILED_PRECONDITION", "Cannot delete disk in status 'detaching'"),
        ("FAILED_PRECONDITION", "The image 'img-a' is busy"),
        ("FAILED_PRECONDITION", "elasticIp is associated, can not be deleted"),
        ("FAILED_PRECONDITION", "the resource is locked, try again"),
        ("FAILED_PRECONDITION", "云主机正在执行其他任务，无法删除"),
        ("FAILED_PRECONDITION", "云硬盘正在创建快照，请稍后重试"),
        ("CONFLICT", "资源被占用"),
        ("RESOURCE_BUSY", "another operation is under way"),
        ("", ""),
    ],
)
def test_refusals_that_pass(status: str, message: str) -> None:
    assert classify(refusal(400, status, message)) is ErrorMeaning.BUSY


@pytest.mark.parametrize(
    ("http", "status", "message"),
    [
        (400, "INVALID_ARGUMENT", "Malformed disk id 'x'"),
        (400, "OUT_OF_RANGE", "varies"),
        (400, "DUPLICATE", "Duplicate deviceName"),
        (403, "HTTP_FORBIDDEN", "You are not authorized"),
        (403, "ANY_WORD", "no"),
        (409, "ALREADY_EXISTS", "it exists"),
        (429, "QUOTA_EXCEEDED", "Image quota limit exceeded"),
        (400, "FAILED_PRECONDITION", "Snapshot quota limit exceeded"),
        (400, "FAILED_PRECONDITION", "快照配额不足"),
        (400, "FAILED_PRECONDITION", "stopCharging only applied to cloud system disk"),
        (400, "FAILED_PRECONDITION", "Invalid charge state"),
        (400, "FAILED_PRECONDITION", "Can't delete 'prepaid_by_duration' instance which isn't overdue"),
        (400, "CONFLICT", "Can't delete 'prepaid_by_duration' disk which isn't overdue"),
        (403, "PERMISSION_DENIED", "Can't delete 'prepaid_by_duration' instance in white list"),
        (400, "FAILED_PRECONDITION", "包年包月实例未到期，不能删除"),
        (400, "FAILED_PRECONDITION", "Can't delete protected image"),
        (400, "FAILED_PRECONDITION", "Can't delete this image"),
        (400, "FAILED_PRECONDITION", "Can't delete shared image"),
        (400, "FAILED_PRECONDITION", "Please stop the instance first"),
        (400, "FAILED_PRECONDITION", "disk 'vol-a' not mounted on instance"),
        (501, "NOT_IMPLEMENTED", "not offered"),
        (501, "ANY_WORD", "not offered"),
        (400, "FAILED_PRECONDITION", "MFA verification required"),
        (400, "", "You are not authorized to perform (vm:deleteInstance) on resource (i-1) [IAM] [gw]"),
    ],
)
def test_refusals_that_stay(http: int, status: str, message: str) -> None:
    assert classify(refusal(http, status, message)) is ErrorMeaning.FINAL


@pytest.mark.parametrize("status", ["RATE_LIMIT", "TOO_MANY_REQUESTS", "", "请求过快"])
def test_too_many_calls_are_sent_more_slowly_whatever_the_word(status: str) -> None:
    error = refusal(429, status, "too many calls")
    assert classify(error) is ErrorMeaning.THROTTLED
    assert SLOWER in str(error)


@pytest.mark.parametrize(
    ("http", "status", "message"),
    [
        (429, "QUOTA_EXCEEDED", "Image quota limit exceeded"),
        (429, "QUOTA_EXCEEDED", ""),
        (400, "FAILED_PRECONDITION", "Snapshot quota limit exceeded"),
        (403, "PERMISSION_DENIED", "超出配额"),
    ],
)
def test_where_a_quota_is_meant_the_advice_is_about_it(http: int, status: str, message: str) -> None:
    error = refusal(http, status, message)
    assert error.is_quota
    assert HAVE_IT_RAISED in str(error)


@pytest.mark.parametrize(
    ("http", "status", "message"),
    [
        (429, "RATE_LIMIT", "Request quota exceeded"),
        (429, "QUOTA_EXCEEDED", "Request rate limit exceeded"),
        (429, "QUOTA_EXCEEDED", "请求过于频繁"),
        (500, "INTERNAL", "the quota service does not answer"),
        (400, "FAILED_PRECONDITION", "Conflict with underlay task"),
    ],
)
def test_elsewhere_no_advice_is_about_quotas(http: int, status: str, message: str) -> None:
    assert HAVE_IT_RAISED not in str(refusal(http, status, message))


@pytest.mark.parametrize("status", ["INTERNAL", "QUOTA_EXCEEDED"])
def test_a_server_error_with_the_words_of_a_quota_may_have_taken_effect(status: str) -> None:
    error = refusal(500, status, "the quota service does not answer")
    assert not error.is_quota
    assert classify(error) is ErrorMeaning.UNCLEAR
