# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks JD Cloud request signatures, versions 2 and 3 (fact signature-algorithms), and finds out who is calling."""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import hmac
import itertools
import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote, unquote, unquote_plus

from jdcloud_emulator.state.settings import ApiError

ALGORITHMS = {"JDCLOUD2-HMAC-SHA256": ("JDCLOUD2", "jdcloud2_request"), "JDCLOUD3-HMAC-SHA256": ("JDCLOUD3", "jdcloud3_request")}
EMPTY_HASH = hashlib.sha256(b"").hexdigest()
REMEMBERED_NONCES = 500_000
_PART = r"([^/,\s]+)"
_AUTHORIZATION = re.compile(
    rf"([\w-]+) +Credential={_PART}/(\d{{8}})/{_PART}/{_PART}/{_PART}, *SignedHeaders=([^,\s]+), *Signature=([0-9a-f]+)"
)
_PLAIN_QUERY = re.compile(r"[A-Za-z0-9_.\-~&=]*")
_PLAIN_PATH = re.compile(r"[A-Za-z0-9_.\-~/:]*")


@dataclass(frozen=True)
class Authorization:
    """The parts of an Authorization header."""

    algorithm: str
    access_key: str
    date: str
    region: str
    service: str
    terminator: str
    signed_headers: tuple[str, ...]
    signature: str

    @property
    def scope(self) -> str:
        """Credential scope as it stands in the string to sign."""
        return f"{self.date}/{self.region}/{self.service}/{self.terminator}"


@dataclass
class Account:
    """Who may call. `denied` are pairs of globs (operation such as vm:deleteInstance, resource id); `hidden` globs of ids.

    `pin` is the name of its user, `account_id` the user's id; empty ones are the settings `owner_pin` and `account_id`.
    """

    name: str
    denied: list[tuple[str, str]] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    mfa: str = ""
    pin: str = ""
    account_id: str = ""


@dataclass
class Credential:
    """A key pair of an account; `token` and `expires` (epoch seconds) only for temporary ones."""

    access_key: str
    secret_key: str
    account: Account
    token: str = ""
    expires: float = 0.0


def parse_authorization(header: str) -> Authorization | None:
    """The parts of the header, or None when it is none that the service knows."""
    match = _AUTHORIZATION.fullmatch(header.strip())
    if match is None or match[1] not in ALGORITHMS or match[6] != ALGORITHMS[match[1]][1]:
        return None
    names = tuple(sorted(name.lower() for name in match[7].split(";")))
    return Authorization(match[1], match[2], match[3], match[4], match[5], match[6], names, match[8])


def canonical_path(path: str) -> str:
    """Decoded once, repeated slashes folded, encoded again, `/` and unreserved characters kept (fact signature-path)."""
    if _PLAIN_PATH.fullmatch(path) and "//" not in path:
        return path.replace(":", "%3A") or "/"
    decoded = re.sub("/+", "/", unquote_plus(path))
    return quote(decoded if decoded.startswith("/") else "/" + decoded, safe="/~")


def canonical_query(query: str, keep_bare_names: bool) -> str:
    """Pairs decoded and encoded once, sorted bytewise (fact signature-query). Only Python clients drop a name without `=`."""
    plain = _PLAIN_QUERY.fullmatch(query) is not None
    pairs = []
    for piece in query.split("&"):
        name, equals, value = piece.partition("=")
        if not name or (not equals and not keep_bare_names):
            continue
        if not plain or "=" in value:
            name, value = (quote(unquote_plus(text), safe="~") for text in (name, value))
        pairs.append((name, value))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def signing_key(secret_key: str, authorization: Authorization) -> bytes:
    """The HMAC chain over date, region, service and terminator."""
    key = (ALGORITHMS[authorization.algorithm][0] + secret_key).encode()
    for part in (authorization.date, authorization.region, authorization.service, authorization.terminator):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def _header_blocks(names: tuple[str, ...], headers: Mapping[str, str]) -> Iterator[str]:
    """Possible canonical headers: clients disagree about ports and trimming (facts signature-host, signature-untrimmed)."""
    choices = []
    for name in names:
        value = headers.get(name)
        if value is None:
            return
        variants = [f"{name}:{value.strip()}\n"]
        if value != value.strip():
            variants.append(f"{name}:{value}\n")
        if name == "host" and value.strip().endswith((":80", ":443")):
            variants.append(f"host:{value.strip().rpartition(':')[0]}\n")
        choices.append(variants)
    for chosen in itertools.product(*choices):
        yield "".join(chosen)


def verify(
    authorization: Authorization, key: bytes, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
) -> bool:
    """Whether the signature fits the request. `headers` are looked up by lower-case name; path and query are as sent."""
    queries = {canonical_query(query, False): None, canonical_query(query, True): None} if query else {"": None}
    payload = hashlib.sha256(body).hexdigest() if body else EMPTY_HASH
    names = ";".join(authorization.signed_headers)
    moment = headers.get("x-jdcloud-date", "").strip()
    for block, canonical in itertools.product(_header_blocks(authorization.signed_headers, headers), queries):
        request = f"{method}\n{canonical_path(path)}\n{canonical}\n{block}\n{names}\n{payload}"
        digest = hashlib.sha256(request.encode()).hexdigest()
        to_sign = f"{authorization.algorithm}\n{moment}\n{authorization.scope}\n{digest}"
        expected = hmac.digest(key, to_sign.encode(), "sha256").hex()
        if hmac.compare_digest(expected, authorization.signature):
            return True
    return False


def decoded_token(headers: Mapping[str, str]) -> str:
    """The security token header; clients send it in base64 (fact signature-token)."""
    sent = headers.get("x-jdcloud-security-token", "").strip()
    try:
        return base64.b64decode(sent, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return sent


class Gate:
    """Knows all keys, remembers nonces (fact signature-nonce), and lets a request in or refuses it as the gateway does."""

    def __init__(self) -> None:
        self.credentials: dict[str, Credential] = {}
        self._keys: dict[tuple[str, str, str, str, str], bytes] = {}
        self._nonces: OrderedDict[tuple[str, str], None] = OrderedDict()

    def add(self, credential: Credential) -> None:
        """Make a key pair known, or replace it."""
        self.credentials[credential.access_key] = credential
        self._keys.clear()

    def admit(
        self,
        request: tuple[str, str, str],
        headers: Mapping[str, str],
        body: bytes,
        now: float,
        window: float,
        check_nonce: bool,
    ) -> tuple[Authorization, Credential]:
        """The caller of a request (method, path, query). Raises ApiError 401 with the gateway's messages.

        `now` is the service's clock, `window` the seconds by which the signed date may differ (0: any date will do).
        """
        authorization = parse_authorization(headers.get("authorization", ""))
        if authorization is None:
            raise ApiError(401, "UNAUTHENTICATED", "Unauthenticated request [gw]", gateway=True)
        credential = self.credentials.get(authorization.access_key)
        if credential is None:
            # Clients know an unknown access key by this text (fact errors-unknown-key).
            raise _refused("secret key is null [gw]")
        self._check_date(authorization, headers, now, window)
        if not verify(authorization, self._key(authorization, credential), *request, headers, body):
            raise _refused("sign result is not same [gw]")
        self._check_token(credential, headers, now)
        if check_nonce:
            self._check_nonce(credential, headers)
        return authorization, credential

    def _key(self, authorization: Authorization, credential: Credential) -> bytes:
        scope = (credential.access_key, authorization.algorithm, authorization.date, authorization.region, authorization.service)
        key = self._keys.get(scope)
        if key is None:
            key = self._keys[scope] = signing_key(credential.secret_key, authorization)
        return key

    @staticmethod
    def _check_date(authorization: Authorization, headers: Mapping[str, str], now: float, window: float) -> None:
        sent = headers.get("x-jdcloud-date", "").strip()
        moment = parse_time_of_header(sent)
        if moment is None:
            raise _refused("x-jdcloud-date is missing or malformed [gw]")
        if sent[:8] != authorization.date:
            raise _refused("x-jdcloud-date is not the date of the credential [gw]")
        if window and abs(moment - now) > window:
            raise _refused("request date is expired [gw]")

    @staticmethod
    def _check_token(credential: Credential, headers: Mapping[str, str], now: float) -> None:
        token = decoded_token(headers)
        if credential.token:
            if token != credential.token:
                raise _refused("security token is invalid [gw]")
            if now >= credential.expires:
                raise _refused("security token is expired [gw]")
        elif token and not credential.account.mfa:
            # The header carries an MFA code, too (fact signature-token); only without one must it be a session token.
            raise _refused("security token is invalid [gw]")

    def _check_nonce(self, credential: Credential, headers: Mapping[str, str]) -> None:
        nonce = (credential.access_key, headers.get("x-jdcloud-nonce", "").strip())
        if not nonce[1]:
            raise _refused("x-jdcloud-nonce is missing [gw]")
        if nonce in self._nonces:
            raise _refused("x-jdcloud-nonce is repeated [gw]")
        self._nonces[nonce] = None
        if len(self._nonces) > REMEMBERED_NONCES:
            self._nonces.popitem(last=False)


@functools.lru_cache(maxsize=64)
def parse_time_of_header(text: str) -> float | None:
    """Epoch seconds of `YYYYMMDDTHHMMSSZ`, or None for anything else."""
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _refused(message: str) -> ApiError:
    return ApiError(401, "ACCESS_ERROR", message, gateway=True)


def decoded_path(path: str) -> str:
    """The path as the service reads it: percent escapes decoded (Go sends the colon of an action as %3A)."""
    return unquote(path) if "%" in path else path
