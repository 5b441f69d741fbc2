# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JDCLOUD3-HMAC-SHA256 request signatures: pure functions, no clock and no randomness of their own.

What is signed: all headers given, the host, ``x-jdcloud-date``, ``x-jdcloud-nonce`` and, with a token,
``x-jdcloud-security-token``. The vendor's text demands this; the official Python client signs content-type and host
only. The service reads the list from ``SignedHeaders``, so both are accepted (fact signature-headers).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import quote, unquote_plus, urlsplit

from ..credentials import Credentials

ALGORITHM = "JDCLOUD3-HMAC-SHA256"
KEY_PREFIX = "JDCLOUD3"
TERMINATOR = "jdcloud3_request"
REGION_OF_GLOBAL_CALLS = "jdcloud-api"
"""In the scope of a call that is about no region (fact signature-global-region)."""

_NEVER_SIGNED = frozenset({"authorization", "user-agent"})
_REPEATED_SLASHES = re.compile(r"/{2,}")
_UNRESERVED = re.compile(r"[A-Za-z0-9_.~-]*")


@dataclass(frozen=True, slots=True)
class UnsignedRequest:
    """What is to be signed: ``url`` is percent-encoded, ``body`` the bytes as sent (b'' for none)."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    region: str
    service: str


def sign(request: UnsignedRequest, credentials: Credentials, now: datetime, nonce: str) -> dict[str, str]:
    """Return the headers to send: those of the request plus Host, date, nonce, token and Authorization.

    ``now`` is an aware time, ``nonce`` a value that was never used before (every client uses a UUID v4).
    """
    date = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    # The signed Host is also the one that is sent: a verifier then sees what was signed, with odd ports too.
    complete = {**request.headers, "Host": signed_host(request.url), "x-jdcloud-date": date, "x-jdcloud-nonce": nonce}
    if credentials.security_token is not None:
        complete["x-jdcloud-security-token"] = token_header(credentials.security_token)
    canonical, signed_names = canonical_request(request.method, request.url, complete, request.body)
    scope = f"{date[:8]}/{request.region}/{request.service}/{TERMINATOR}"
    key = signing_key(credentials.secret_key, date[:8], request.region, request.service)
    signature = hmac.new(key, string_to_sign(date, scope, canonical).encode(), hashlib.sha256).hexdigest()
    complete["Authorization"] = authorization(credentials.access_key, scope, signed_names, signature)
    return complete


def token_header(security_token: str) -> str:
    """Return the value of x-jdcloud-security-token: the clients send the token base64-encoded and sign it like that."""
    return base64.b64encode(security_token.encode()).decode()


def authorization(access_key: str, scope: str, signed_names: str, signature: str) -> str:
    """Return the value of the Authorization header."""
    return f"{ALGORITHM} Credential={access_key}/{scope}, SignedHeaders={signed_names}, Signature={signature}"


def string_to_sign(date: str, scope: str, request: str) -> str:
    """Return algorithm, date, scope and the digest of the canonical request, one a line."""
    return "\n".join((ALGORITHM, date, scope, hashlib.sha256(request.encode()).hexdigest()))


# The key of a day, region and service is the same for all calls; four HMACs a call less.
@lru_cache(maxsize=64)
def signing_key(secret_key: str, day: str, region: str, service: str) -> bytes:
    """Return the key of one UTC day (YYYYMMDD), region and service."""
    key = (KEY_PREFIX + secret_key).encode()
    for part in (day, region, service, TERMINATOR):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def canonical_request(method: str, url: str, headers: Mapping[str, str], body: bytes) -> tuple[str, str]:
    """Return the canonical request and the list of signed header names; Host is taken from ``url``."""
    parts = urlsplit(url)
    signed = {name.lower(): value.strip() for name, value in headers.items() if name.lower() not in _NEVER_SIGNED}
    signed["host"] = signed_host(url)
    names = sorted(signed)
    lines = [method.upper(), canonical_path(parts.path), canonical_query(parts.query)]
    lines += [f"{name}:{signed[name]}" for name in names]
    # An empty line ends the headers.
    lines += ["", ";".join(names), hashlib.sha256(body).hexdigest()]
    return "\n".join(lines), ";".join(names)


def signed_host(url: str) -> str:
    """Return the host as it is signed: with its port unless that is 80 or 443, whatever the scheme (fact signature-host)."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return host if parts.port in (None, 80, 443) else f"{host}:{parts.port}"


def canonical_path(path: str) -> str:
    """Return the path as it is signed (fact signature-path): the ':' of an action is %3A here, though it is sent as ':'."""
    return quote(_REPEATED_SLASHES.sub("/", unquote_plus("/" + path)), safe="/~")


def canonical_query(query: str) -> str:
    """Return the query with each name and value encoded once, sorted bytewise by name, then value.

    A pair without a name is dropped, a name without '=' has the empty value (fact signature-query).
    """
    pairs = []
    for piece in query.split("&"):
        name, _equals, value = piece.partition("=")
        if name:
            pairs.append((_encoded_once(name), _encoded_once(value)))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _encoded_once(text: str) -> str:
    # Nearly all names and values need no encoding, and a poll carries 200 of them.
    if _UNRESERVED.fullmatch(text):
        return text
    return quote(unquote_plus(text), safe="~")
