# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What went wrong between this machine and the service: exceptions of requests and urllib3 -> typed errors.

A request counts as not sent only on positive evidence (no connection, certificate refused); everything else may have
reached the service. No text of a library exception is passed on: it may hold proxy passwords or headers.
"""

from __future__ import annotations

import http.client
import os
import socket
import ssl
from collections.abc import Iterator
from typing import TypeVar

from ..errors import InputError, JdcloudError, TransportError
from .exchange import requests, urllib3

# What OpenSSL says of certificates that only VERIFY_X509_STRICT refuses, which Python 3.13 made the default.
_STRICT_REASONS = (
    *("key identifier", "basic constraints of ca cert", "key usage", "pathlen", "path length given", "path length invalid"),
    *("issuer name is empty", "issuer name empty", "subject name is empty", "subject name empty", "empty subject alternative"),
    *("require version 3", "signature algorithm mismatch"),
)

E = TypeVar("E", bound=BaseException)

_ADDRESS = "endpoint_url (JDCLOUD_ENDPOINT_URL)"
# Of the handshake only, or of loading the CA bundle before it; other TLS errors can happen after sending, too.
_HANDSHAKE_REASONS = frozenset(
    {
        "HTTP_REQUEST",
        "NO_CERTIFICATE_OR_CRL_FOUND",
        "NO_PROTOCOLS_AVAILABLE",
        "SSLV3_ALERT_HANDSHAKE_FAILURE",
        "TLSV1_ALERT_PROTOCOL_VERSION",
        "TLSV1_UNRECOGNIZED_NAME",
        "UNKNOWN_PROTOCOL",
        "UNSUPPORTED_PROTOCOL",
        "WRONG_VERSION_NUMBER",
    }
)


def sending_failure(error: Exception, operation: str, host: str, *, timeout: float, connect_timeout: float) -> JdcloudError:
    """Return the typed error for an exception that came instead of an HTTP answer; times in seconds, for the text."""
    chain = list(_chain(error))
    if isinstance(error, _unusable_settings()):
        sentence = f"{host} cannot be reached with these settings: check {_ADDRESS} and the proxy variables (HTTPS_PROXY)."
        return InputError(sentence)
    known = _tls_failure(error, chain, operation, host) or _unreachable(chain, operation, host, connect_timeout)
    return known or _broken_off(chain, operation, host, timeout)


def reading_failure(error: Exception, operation: str, host: str, http_status: int, *, timeout: float) -> TransportError:
    """Return the typed error for an exception while the body of an HTTP answer was read."""
    chain = list(_chain(error))
    is_connection_trouble = any(isinstance(item, (OSError, urllib3.exceptions.TimeoutError)) for item in chain)
    if is_connection_trouble:
        failure = _broken_off(chain, operation, host, timeout)
        failure.http = http_status
        return failure
    return garbled_response("is cut off or damaged", operation, host, http_status)


def timed_out(operation: str, host: str, timeout: float, *, sent: bool, http_status: int | None = None) -> TransportError:
    """Return the error for an exchange that was not over in time, whatever came of it until then."""
    return TransportError(
        f"{host} did not respond to {operation} within {timeout:g} s: run again, or raise api_timeout (JDCLOUD_API_TIMEOUT).",
        operation=operation,
        kind="timeout",
        sent=sent,
        http=http_status,
    )


def garbled_response(what: str, operation: str, host: str, http_status: int | None) -> TransportError:
    """Return the error for an answer that is not one of the service."""
    number = f" (HTTP {http_status})" if http_status is not None else ""
    return TransportError(
        f"The response of {host} to {operation}{number} {what}: run again; if it fails again, check {_ADDRESS} and the proxies.",
        operation=operation,
        kind="garbled",
        sent=True,
        http=http_status,
    )


def _unusable_settings() -> tuple[type[Exception], ...]:
    """Return what is raised for addresses, of services or proxies, that no connection is even tried to."""
    return (
        requests.exceptions.InvalidURL,
        requests.exceptions.InvalidSchema,
        requests.exceptions.MissingSchema,
        urllib3.exceptions.LocationValueError,
    )


def _tls_failure(error: Exception, chain: list[BaseException], operation: str, host: str) -> TransportError | None:
    refused = _find(chain, ssl.SSLCertVerificationError)
    if refused is not None:
        return TransportError(_certificate_refused(refused, host), operation=operation, kind="tls", sent=False)
    # requests itself checks that the CA bundle file exists, and says so with a bare OSError.
    is_missing_bundle = error.__class__ is OSError and "CA certificate bundle" in str(error)
    tls = _find(chain, ssl.SSLError)
    if is_missing_bundle or (tls is not None and tls.reason in _HANDSHAKE_REASONS):
        sentence = (
            f"The TLS connection to {host} failed: check that {_ADDRESS} supports https, and check the CA file in ca_bundle "
            "(JDCLOUD_CA_BUNDLE, REQUESTS_CA_BUNDLE)."
        )
        return TransportError(sentence, operation=operation, kind="tls", sent=False)
    return None


def _certificate_refused(error: ssl.SSLCertVerificationError, host: str) -> str:
    reason = error.verify_message
    if any(words in reason.lower() for words in _STRICT_REASONS):
        return (
            f"The certificate of {host} fails the strict check of Python 3.13 and newer ({reason}), and ca_bundle cannot "
            "change that: have its CA and certificate reissued with the extensions that RFC 5280 requires, or run the modules "
            "with Python 3.12 (ansible_python_interpreter)."
        )
    return (
        f"The certificate of {host} cannot be verified ({reason}): set ca_bundle (JDCLOUD_CA_BUNDLE) to the file of its CA, or "
        "for tests only set validate_certs: false."
    )


def _unreachable(chain: list[BaseException], operation: str, host: str, connect_timeout: float) -> TransportError | None:
    reason = _no_connection(chain, connect_timeout)
    if reason is None:
        return None
    through = " through the proxy" if _find(chain, requests.exceptions.ProxyError) is not None else ""
    also = "proxy variables (HTTPS_PROXY, NO_PROXY)" if through else "network"
    sentence = f"{host} cannot be reached{through} ({reason}): check {_ADDRESS}, region (JDCLOUD_REGION) and {also}."
    return TransportError(sentence, operation=operation, kind="unreachable", sent=False)


def _no_connection(chain: list[BaseException], connect_timeout: float) -> str | None:
    """Return why no connection came about, None if one may have."""
    if _find(chain, socket.gaierror) is not None:
        return "its name cannot be resolved"
    refused = _find(chain, urllib3.exceptions.NewConnectionError)
    if refused is not None:
        cause = next((item for item in chain if isinstance(item, OSError) and item.errno), None)
        return os.strerror(cause.errno).lower() if cause is not None and cause.errno else "no connection"
    if _find(chain, urllib3.exceptions.ConnectTimeoutError) is not None:
        return f"no connection within {connect_timeout:g} s"
    if any(str(item).startswith("Tunnel connection failed") for item in chain):
        return "the proxy refuses"
    return None


def _broken_off(chain: list[BaseException], operation: str, host: str, timeout: float) -> TransportError:
    if any(isinstance(item, (TimeoutError, urllib3.exceptions.TimeoutError)) for item in chain):
        return timed_out(operation, host, timeout, sent=True)
    is_closed = _find(chain, ConnectionError) is not None or _find(chain, ssl.SSLError) is not None
    if not is_closed and _find(chain, http.client.HTTPException) is not None:
        return garbled_response("is not HTTP", operation, host, None)
    sentence = f"{host} closed the connection during {operation}: run again; if it fails again, check {_ADDRESS} and the proxies."
    return TransportError(sentence, operation=operation, kind="reset", sent=True)


def _find(chain: list[BaseException], kind: type[E]) -> E | None:
    return next((item for item in chain if isinstance(item, kind)), None)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and all that caused it; requests and urllib3 hide causes in args and reason.

    ``__context__`` is left out: it may be an older error that the caller is handling at the moment.
    """
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        item = waiting.pop(0)
        if not isinstance(item, BaseException) or id(item) in seen:
            continue
        seen.add(id(item))
        yield item
        waiting += [*item.args, getattr(item, "reason", None), item.__cause__]
