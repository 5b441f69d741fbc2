# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The golden vectors verify, and nothing else does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from jdcloud_emulator.signature import (
    Account,
    Credential,
    Gate,
    canonical_path,
    canonical_query,
    parse_authorization,
    parse_time_of_header,
    signing_key,
    verify,
)
from jdcloud_emulator.state.settings import ApiError

VECTORS = json.loads(Path(__file__).with_name("vectors.json").read_text(encoding="utf-8"))
SECRET = VECTORS["about"]["frozen"]["secret_key"]
ACCESS = VECTORS["about"]["frozen"]["access_key"]
SIGNED = VECTORS["v3"] + VECTORS["v2"]


def request_of(vector: dict[str, Any]) -> dict[str, Any]:
    """Method, path, query, headers and body as a server sees them."""
    given = vector.get("input", vector)
    url = urlsplit(given["url"])
    sent = vector["expected"]["headers_after_signing"] if "expected" in vector else vector["headers"]
    headers = {key.lower(): value for key, value in sent.items()}
    headers["host"] = url.netloc
    return {
        "method": given["method"],
        "path": url.path,
        "query": url.query,
        "headers": headers,
        "body": (given["body"] or "").encode(),
    }


def is_good(request: dict[str, Any]) -> bool:
    """Whether the signature in the request fits it."""
    authorization = parse_authorization(request["headers"]["authorization"])
    assert authorization is not None
    return verify(authorization, signing_key(SECRET, authorization), **request)


@pytest.mark.parametrize("vector", SIGNED, ids=lambda vector: vector["id"])
def test_a_vector_verifies(vector: dict[str, Any]) -> None:
    assert is_good(request_of(vector))


@pytest.mark.parametrize("vector", VECTORS["wire"], ids=lambda vector: vector["id"])
def test_what_the_official_client_sends_verifies(vector: dict[str, Any]) -> None:
    assert is_good(request_of(vector))


@pytest.mark.parametrize("vector", SIGNED, ids=lambda vector: vector["id"])
@pytest.mark.parametrize("part", ["method", "path", "body", "date", "signature"])
def test_a_changed_request_fails(vector: dict[str, Any], part: str) -> None:
    request = request_of(vector)
    match part:
        case "method":
            request["method"] = "PUT"
        case "path":
            request["path"] += "x"
        case "body":
            request["body"] += b" "
        case "date":
            request["headers"]["x-jdcloud-date"] = "20260115T080911Z"
        case "signature":
            text = request["headers"]["authorization"]
            request["headers"]["authorization"] = text[:-1] + ("0" if text[-1] != "0" else "1")
    assert not is_good(request)


@pytest.mark.parametrize("vector", [one for one in SIGNED if "?" in one["input"]["url"]], ids=lambda vector: vector["id"])
def test_a_changed_query_fails(vector: dict[str, Any]) -> None:
    request = request_of(vector)
    request["query"] += "1"
    assert not is_good(request)


def test_a_changed_signed_header_fails_and_an_unsigned_one_does_not_matter() -> None:
    request = request_of(next(one for one in VECTORS["v3"] if one["id"] == "v3_post_extra_signed_headers_and_spaces"))
    request["headers"]["x-unsigned"] = "anything"
    assert is_good(request)
    request["headers"]["x-my-header"] = "other value"
    assert not is_good(request)


def test_a_signed_header_that_is_not_there_fails() -> None:
    request = request_of(VECTORS["v2"][0])
    del request["headers"]["x-jdcloud-nonce"]
    assert not is_good(request)


def test_the_documented_example_verifies() -> None:
    vector = VECTORS["documented_v2"][0]
    given, expected = vector["input"], vector["expected"]
    url = urlsplit(given["url"])
    assert canonical_path(url.path) == expected["canonical_path"]
    names = ";".join(sorted(given["headers_signed"]))
    header = (
        f"{vector['algorithm']} Credential={given['access_key']}/20190214/{given['region']}/{given['service']}/jdcloud2_request, "
        f"SignedHeaders={names}, Signature={expected['signature']}"
    )
    authorization = parse_authorization(header)
    assert authorization is not None
    key = signing_key(given["secret_key"], authorization)
    assert key.hex() == expected["k_signing_hex"]
    # The example's "%" stands bare in the query.
    request = (given["method"], url.path, url.query, given["headers_signed"], given["body"].encode())
    assert verify(authorization, key, *request)


@pytest.mark.parametrize(
    ("query", "canonical"),
    [
        ("b=2&a=1", "a=1&b=2"),
        ("ids.2=b&ids.10=c&ids.1=a", "ids.1=a&ids.10=c&ids.2=b"),
        ("name=a+b", "name=a%20b"),
        ("name=a%2Fb~c", "name=a%2Fb~c"),
        ("name=&x=1", "name=&x=1"),
        ("=lost&x=1", "x=1"),
    ],
)
def test_the_query_is_decoded_encoded_and_sorted(query: str, canonical: str) -> None:
    assert canonical_query(query, keep_bare_names=False) == canonical


def test_a_name_without_a_value_counts_for_clients_that_keep_it() -> None:
    assert canonical_query("flag&x=1", keep_bare_names=False) == "x=1"
    assert canonical_query("flag&x=1", keep_bare_names=True) == "flag=&x=1"


def test_repeated_slashes_are_folded_and_an_empty_path_is_a_slash() -> None:
    assert canonical_path("/v1//regions/x:act/") == "/v1/regions/x%3Aact/"
    assert canonical_path("") == "/"


def gate_at(moment: str) -> tuple[Gate, float]:
    gate = Gate()
    gate.add(Credential(ACCESS, SECRET, Account("test")))
    now = parse_time_of_header(moment)
    assert now is not None
    return gate, now


def refusal(gate: Gate, now: float, request: dict[str, Any], window: float = 900.0) -> str:
    call = (request["method"], request["path"], request["query"])
    with pytest.raises(ApiError) as caught:
        gate.admit(call, request["headers"], request["body"], now, window, check_nonce=True)
    return str(caught.value)


def test_a_date_outside_the_window_is_refused_and_one_inside_is_not() -> None:
    request = request_of(VECTORS["v3"][0])
    call = (request["method"], request["path"], request["query"])
    late, now = gate_at("20260115T082511Z")
    assert "expired" in refusal(late, now, request)
    early, now = gate_at("20260115T075500Z")
    _authorization, credential = early.admit(call, request["headers"], request["body"], now, 900.0, check_nonce=True)
    assert credential.access_key == ACCESS


def test_window_zero_accepts_any_date() -> None:
    request = request_of(VECTORS["v3"][0])
    gate, now = gate_at("20300101T000000Z")
    call = (request["method"], request["path"], request["query"])
    gate.admit(call, request["headers"], request["body"], now, 0, check_nonce=True)


def test_a_nonce_works_once() -> None:
    request = request_of(VECTORS["v3"][0])
    gate, now = gate_at("20260115T080910Z")
    call = (request["method"], request["path"], request["query"])
    gate.admit(call, request["headers"], request["body"], now, 900.0, check_nonce=True)
    assert "nonce is repeated" in refusal(gate, now, request)
    gate.admit(call, request["headers"], request["body"], now, 900.0, check_nonce=False)


def test_a_date_that_is_not_the_credentials_is_refused() -> None:
    request = request_of(VECTORS["v3"][0])
    request["headers"]["x-jdcloud-date"] = "20260116T080910Z"
    gate, now = gate_at("20260116T080910Z")
    assert "not the date of the credential" in refusal(gate, now, request)
