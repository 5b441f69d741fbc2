# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From an HTTP answer to the service's answer: bounded body, JSON envelope, request id, error, clock.

Bodies are bounded in every way in which a few bytes can become many: unpacked bytes, values, and depth. A large page of a real
account, 100 machines with eight data disks and ten tags of usual length on everything, has 1.7 million bytes, 70,000 values and
eight levels; with two data disks and five tags it is a fourth of that. The limits (fact tags-limits) allow tags that are eight
times as long, on everything. A page of these is refused.
"""

from __future__ import annotations

import json
import re
import threading
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from ..errors import ApiError, ClockSkewError, TransportError, api_sentence
from .exchange import urllib3
from .transport_errors import garbled_response, reading_failure

if TYPE_CHECKING:
    from requests import Response

MAX_CLOCK_DIFFERENCE = 600.0
"""Seconds between this machine's clock and the service's."""
MAX_BODY_BYTES = 2 * 1024 * 1024
"""Most bytes of a body, packed and unpacked."""
MAX_VALUES = 100_000
"""Most values in a body. An empty list is two bytes, and becomes sixty."""
MAX_DEPTH = 32


_SHOWN_LENGTH = 500
_YEARS = range(1970, 2200)

# Read and unpacked in small pieces, so that what goes beyond the bound is never held.
PIECE_BYTES = 32 * 1024
# Python decodes one at a time anyway; so what that needs is there once, and not once for each thread.
_one_at_a_time = threading.Lock()
_PACKED = frozenset({"gzip", "x-gzip", "deflate"})
_ZLIB_OR_GZIP = zlib.MAX_WBITS | 32
# Without backtracking, and to the end of the text where a string is not closed: linear, whatever the text.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\Z)', re.DOTALL)
_NOT_STRUCTURE = bytes(each for each in range(256) if each not in b"[]{},")


@dataclass(frozen=True, slots=True)
class RawResponse:
    """An HTTP answer with its whole decoded body; names of ``headers`` are matched without regard to case."""

    http: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """The service's answer: a non-empty request id, and a result or an error (None: none)."""

    request_id: str
    result: Any
    error: Mapping[str, Any] | None


def read_response(response: Response, operation: str, host: str, timeout: float) -> RawResponse:
    """Read and unpack the body, within its bounds, and give the connection back for the next call.

    Raises TransportError 'redirect', 'too_big', 'garbled' (cut off, undecodable), 'timeout' or 'reset'; the connection
    is closed then.
    """
    failure: TransportError | None = None
    body = b""
    try:
        if 300 <= response.status_code < 400:
            failure = _redirected(response, operation, host)
        elif response.status_code < 200:
            # The real answer follows, and would be taken for that of the next call on this connection.
            failure = garbled_response("is only an interim response", operation, host, response.status_code)
        else:
            body = decompress(_pieces(response), response.headers.get("Content-Encoding", ""))
            failure = _cut_failure(response, operation, host)
    except BodyTooLarge:
        failure = _too_big(response.status_code, operation, host)
    except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        failure = reading_failure(error, operation, host, response.status_code, timeout=timeout)
    if failure is not None:
        response.raw.close()
        raise failure
    response.raw.release_conn()
    return RawResponse(response.status_code, response.headers, body)


def _pieces(response: Response) -> Iterator[bytes]:
    """The body as it comes, still packed."""
    # Not stream(): for chunks it has readers of its own, which take lines of any length.
    while piece := response.raw.read(PIECE_BYTES, decode_content=False):
        yield piece


def _redirected(response: Response, operation: str, host: str) -> TransportError:
    return TransportError(
        f"{host} redirects {operation} (HTTP {response.status_code}), and signed calls do not follow redirects: set "
        "endpoint_url (JDCLOUD_ENDPOINT_URL) to the final address.",
        operation=operation,
        kind="redirect",
        sent=True,
        http=response.status_code,
    )


def _too_big(http_status: int, operation: str, host: str) -> TransportError:
    return TransportError(
        f"The response of {host} to {operation} has more than {MAX_BODY_BYTES} bytes or {MAX_VALUES} values: check "
        "endpoint_url (JDCLOUD_ENDPOINT_URL); if it is right, select fewer resources by their ids.",
        operation=operation,
        kind="too_big",
        sent=True,
        http=http_status,
    )


def _cut_failure(response: Response, operation: str, host: str) -> TransportError | None:
    # Older urllib3 takes a short body for a complete one.
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and response.raw.tell() < int(announced):
        return garbled_response("is cut off", operation, host, response.status_code)
    return None


def open_envelope(raw: RawResponse, operation: str, host: str) -> Envelope:
    """Decode the JSON envelope. Raises TransportError 'garbled' unless it is an object with a non-empty request id, or 'too_big'.

    Facts errors-envelope and errors-no-request-id.

    An answer without a body is one, too, if it is a success and names its request in the header x-jdcloud-request-id
    (204 and Content-Length 0: fact errors-empty-answer).
    """
    header_id = raw.headers.get("x-jdcloud-request-id", "").strip()
    if not raw.body and 200 <= raw.http < 300 and header_id:
        return Envelope(header_id, None, None)
    content, too_much = None, False
    try:
        content = parse_json_object(raw.body)
    except BodyTooLarge:
        too_much = True
    if too_much:
        raise _too_big(raw.http, operation, host)
    if content is None:
        raise garbled_response("is not a JSON object", operation, host, raw.http)
    request_id = content.get("requestId")
    if not isinstance(request_id, str) or not request_id.strip():
        raise garbled_response("has no request id", operation, host, raw.http)
    error = content.get("error")
    if error is not None and not isinstance(error, dict):
        raise garbled_response("has an error member that is not an object", operation, host, raw.http)
    return Envelope(request_id.strip(), content.get("result"), None if _is_no_error(error) else error)


def _is_no_error(error: Mapping[str, Any] | None) -> bool:
    # The Go client takes error.code 0 for success.
    return not error or (error.get("code") == 0 and not error.get("status") and not error.get("message"))


def service_date(raw: RawResponse) -> datetime | None:
    """Return the aware time of the Date header, None if it is missing or unreadable."""
    try:
        date = parsedate_to_datetime(raw.headers.get("Date", ""))
    except (TypeError, ValueError, LookupError, ArithmeticError):
        return None
    if date.year not in _YEARS:
        return None
    return date if date.tzinfo is not None else date.replace(tzinfo=UTC)


def check_clock(date: datetime | None, now: datetime, operation: str) -> None:
    """Raise ClockSkewError if the service's ``date`` is more than MAX_CLOCK_DIFFERENCE away from this machine's ``now``."""
    if date is None:
        return
    seconds = (date - now).total_seconds()
    if abs(seconds) > MAX_CLOCK_DIFFERENCE:
        form = "%Y-%m-%d %H:%M:%S UTC"
        service, local = date.astimezone(UTC).strftime(form), now.astimezone(UTC).strftime(form)
        raise ClockSkewError(
            f"The clock of this host shows {local}, the clock of JD Cloud {service}: correct the clock of this host (NTP), "
            "because signatures and the ages of backups depend on it.",
            operation=operation,
            seconds=seconds,
        )


def api_error(envelope: Envelope, http: int, operation: str, resource: str | None, secrets: tuple[str, ...]) -> ApiError:
    """Return the typed error of an envelope that holds one, or whose HTTP number says so.

    ``secrets`` are masked in everything that the service wrote; more than one means that a security token is in use.
    """
    error = envelope.error or {}
    status = _shown(error.get("status"), secrets)
    message = _shown(error.get("message"), secrets)
    request_id = _shown(envelope.request_id, secrets)
    subject = f"{operation} of {resource}" if resource else operation
    advice = _advice(http, status, message, has_token=len(secrets) > 1)
    sentence = api_sentence(subject, http, status, message, request_id, advice=advice)
    return ApiError(operation, http, status, message, request_id, sentence=sentence)


def _advice(http: int, status: str, message: str, *, has_token: bool) -> str | None:
    """Return what to do about refused credentials and regions, None where the status alone says it."""
    text = message.lower()
    if http == 401:
        return _credentials_advice(text, has_token=has_token)
    if status == "HTTP_FORBIDDEN" and "mfa" in text:
        return "operation protection requires a one-time code; use the key of a user without it"
    if status == "INVALID_ARGUMENT" and "invalid region" in text:
        return "check region (JDCLOUD_REGION)"
    return None


def _credentials_advice(text: str, *, has_token: bool) -> str:
    if "secret key is nul" in text:
        return "the access key is unknown; check access_key (JDCLOUD_ACCESS_KEY) or the profile"
    if has_token:
        return (
            "check secret_key (JDCLOUD_SECRET_KEY) and whether security_token (JDCLOUD_SECURITY_TOKEN) has expired, "
            "and renew all three parts together"
        )
    if "sign result is not same" in text:
        return "the secret key does not belong to the access key; check secret_key (JDCLOUD_SECRET_KEY) or the profile"
    return "check access_key (JDCLOUD_ACCESS_KEY), secret_key (JDCLOUD_SECRET_KEY) or the profile, and that the key is enabled"


def _shown(text: object, secrets: tuple[str, ...]) -> str:
    """Return text of the service for people: secrets masked, control characters as blanks, of bounded length."""
    if not isinstance(text, str):
        return ""
    for secret in secrets:
        text = text.replace(secret, "********")
    return "".join(letter if letter.isprintable() else " " for letter in text[:_SHOWN_LENGTH]).strip()


class BodyTooLarge(ValueError):
    """A body goes beyond the bounds."""


def decompress(pieces: Iterator[bytes], encoding: str) -> bytes:
    """Return the body of these pieces. Raises BodyTooLarge, or ValueError for one that is damaged, cut off or packed wrongly."""
    whole: list[bytes] = []
    size = 0
    for piece in _unpacked_pieces(_bounded(pieces), encoding.strip().lower()):
        size += len(piece)
        if size > MAX_BODY_BYTES:
            raise BodyTooLarge
        whole.append(piece)
    return b"".join(whole)


def _bounded(pieces: Iterator[bytes]) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > MAX_BODY_BYTES:
            raise BodyTooLarge
        yield piece


def _unpacked_pieces(pieces: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    if encoding in ("", "identity"):
        yield from pieces
        return
    if encoding not in _PACKED:
        raise ValueError(f"the encoding {encoding[:20]!r} was not requested")
    decoder, begun = zlib.decompressobj(_ZLIB_OR_GZIP), False
    for piece in pieces:
        rest, more = piece, False
        while rest or more:
            if decoder.eof:
                # Packed in several parts, one after the other.
                decoder = zlib.decompressobj(_ZLIB_OR_GZIP)
            try:
                out = decoder.decompress(rest, PIECE_BYTES)
            except zlib.error as error:
                if begun or encoding != "deflate":
                    raise ValueError("damaged") from error
                # Some servers leave the frame of zlib out.
                decoder = zlib.decompressobj(-zlib.MAX_WBITS)
                begun = True
                continue
            yield out
            begun = True
            rest = decoder.unused_data if decoder.eof else decoder.unconsumed_tail
            # Without a frame at its end, all that is packed may be taken in before all of it was given out.
            more = len(out) == PIECE_BYTES and not decoder.eof
    if begun and not decoder.eof:
        raise ValueError("cut off")


def parse_json_object(body: bytes) -> dict[str, Any] | None:
    """Return the object that a body holds, None if it holds none. Raises BodyTooLarge.

    A member that an object has twice becomes a list of its values, which no reader takes for what it expects: which of them is
    true is not known.
    """
    try:
        with _one_at_a_time:
            _check_structure(body)
            content = json.loads(body.decode(), object_pairs_hook=_members)
    except BodyTooLarge:
        raise
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _check_structure(body: bytes) -> None:
    """Raise BodyTooLarge for too many values, ValueError for too many levels of them, before anything is made of them."""
    # A value has a name at most: more texts than that are too many values, and are not looked at.
    stripped, texts = _STRING.subn(b"", body, count=2 * MAX_VALUES + 1)
    structure = stripped.translate(None, _NOT_STRUCTURE)
    brackets = structure.replace(b",", b"")
    if texts > 2 * MAX_VALUES or len(structure) - len(brackets) + len(brackets) // 2 > MAX_VALUES:
        raise BodyTooLarge
    for _level in range(MAX_DEPTH):
        if not brackets:
            return
        # One level less: what is innermost goes.
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    if brackets:
        raise ValueError("too deep, or cut off")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        for name in fields:
            values = [value for each, value in pairs if each == name]
            if len(values) > 1:
                fields[name] = values
    return fields
