# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every v3 vector of the official client, and what production requests sign."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.credentials import Credentials
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.wire import signature

VECTORS = json.loads((Path(__file__).parents[1] / "data" / "vectors.json").read_text(encoding="utf-8"))
FROZEN = VECTORS["about"]["frozen"]
NOW = datetime(2026, 1, 15, 8, 9, 10, tzinfo=UTC)
CREDENTIALS = Credentials(FROZEN["access_key"], FROZEN["secret_key"], None, "options")


def vector(name: str) -> dict[str, Any]:
    return next(item for item in VECTORS["v3"] if item["id"] == name)


def test_all_vectors_are_there() -> None:
    assert len(VECTORS["v3"]) == 18


@pytest.mark.parametrize("case", VECTORS["v3"], ids=lambda case: case["id"])
def test_reproduces_v3_vector(case: dict[str, Any]) -> None:
    given, expected = case["input"], case["expected"]
    request, names = signature.canonical_request(
        given["method"], given["url"], given["headers_before_signing"], given["body"].encode()
    )
    assert request == expected["canonical_request"]

    scope = f"{FROZEN['date'][:8]}/{given['region']}/{given['service']}/{signature.TERMINATOR}"
    text = signature.string_to_sign(FROZEN["date"], scope, request)
    assert text == expected["string_to_sign"]

    key = signature.signing_key(FROZEN["secret_key"], FROZEN["date"][:8], given["region"], given["service"])
    digest = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    assert signature.authorization(FROZEN["access_key"], scope, names, digest) == expected["authorization"]


@pytest.mark.parametrize("name", ["v3_delete_presupplied_date_nonce", "v3_post_extra_signed_headers_and_spaces"])
def test_sign_reproduces_vectors_that_sign_date_and_nonce(name: str) -> None:
    given, expected = vector(name)["input"], vector(name)["expected"]
    request = signature.UnsignedRequest(
        given["method"],
        given["url"],
        given["headers_before_signing"],
        given["body"].encode(),
        given["region"],
        given["service"],
    )
    headers = signature.sign(request, CREDENTIALS, NOW, FROZEN["nonce"])
    assert headers["Authorization"] == expected["authorization"]
    assert headers["x-jdcloud-date"] == FROZEN["date"]
    assert headers["x-jdcloud-nonce"] == FROZEN["nonce"]


def signed(url: str, *, token: str | None = None, now: datetime = NOW) -> dict[str, str]:
    credentials = Credentials("AK", "SK", token, "options")
    request = signature.UnsignedRequest("GET", url, {"Content-Type": "application/json"}, b"", "cn-north-1", "vm")
    return signature.sign(request, credentials, now, "n-1")


def test_sign_covers_host_date_and_nonce() -> None:
    headers = signed("https://vm.jdcloud-api.com/v1/regions/cn-north-1/instances")
    assert "SignedHeaders=content-type;host;x-jdcloud-date;x-jdcloud-nonce, " in headers["Authorization"]
    assert headers["Host"] == "vm.jdcloud-api.com"


def test_sign_sends_the_token_in_base64_and_covers_it() -> None:
    headers = signed("https://vm.jdcloud-api.com/v1/regions/cn-north-1/instances", token="session-token-example-001")
    assert headers["x-jdcloud-security-token"] == "c2Vzc2lvbi10b2tlbi1leGFtcGxlLTAwMQ=="
    assert "x-jdcloud-nonce;x-jdcloud-security-token, " in headers["Authorization"]


def test_sign_writes_the_date_in_utc() -> None:
    local = datetime(2026, 1, 15, 4, 0, 0, tzinfo=timezone(timedelta(hours=8)))
    headers = signed("https://vm.jdcloud-api.com/", now=local)
    assert headers["x-jdcloud-date"] == "20260114T200000Z"
    assert "Credential=AK/20260114/cn-north-1/vm/jdcloud3_request" in headers["Authorization"]


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://vm.jdcloud-api.com/", "vm.jdcloud-api.com"),
        ("https://vm.jdcloud-api.com:443/", "vm.jdcloud-api.com"),
        ("https://VM.jdcloud-api.com:80/", "vm.jdcloud-api.com"),
        ("http://127.0.0.1:8080/", "127.0.0.1:8080"),
        ("http://[::1]:8080/", "[::1]:8080"),
    ],
)
def test_signed_host(url: str, host: str) -> None:
    assert signature.signed_host(url) == host


@pytest.mark.parametrize(
    ("path", "canonical"),
    [
        ("", "/"),
        ("/a//b", "/a/b"),
        ("/i-1:stopInstance", "/i-1%3AstopInstance"),
        ("/elasticIps/", "/elasticIps/"),
        ("a~b", "/a~b"),
    ],
)
def test_canonical_path(path: str, canonical: str) -> None:
    assert signature.canonical_path(path) == canonical


@pytest.mark.parametrize(
    ("query", "canonical"),
    [
        ("", ""),
        ("b=1&a=2", "a=2&b=1"),
        ("a=2&a=1", "a=1&a=2"),
        ("a=", "a="),
        ("a", "a="),
        ("=x", ""),
        ("a=x%2fy", "a=x%2Fy"),
        ("a=x+y", "a=x%20y"),
        ("a=%7E", "a=~"),
        ("a=b=c", "a=b%3Dc"),
        ("ids.2=b&ids.10=c&ids.1=a", "ids.1=a&ids.10=c&ids.2=b"),
    ],
)
def test_canonical_query(query: str, canonical: str) -> None:
    assert signature.canonical_query(query) == canonical
