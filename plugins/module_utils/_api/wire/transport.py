# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sends one signed call once. Pacing, repeats and pages are for the layers above.

One ``requests.Session`` with keep-alive and a connection pool serves all threads. Requests are prepared here and handed
to the session's adapter: ``Session.request`` would look for a ``.netrc`` that replaces Authorization, would read the
bodies of redirects without a bound, and would look up proxies for every call.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from ..calls import Call, Response, encode_query
from ..connection import Connection, is_loopback
from ..errors import InputError, JdcloudError, NotSentError, TransportError
from ..fields import MalformedResponse
from .exchange import REQUESTS_IMPORT_ERROR, current_exchange, guarded_adapter, requests, send_guard, urllib3
from .journal import Journal
from .responses import MAX_BODY_BYTES, RawResponse, api_error, check_clock, open_envelope, read_response, service_date
from .signature import REGION_OF_GLOBAL_CALLS, UnsignedRequest, sign
from .transport_errors import garbled_response, sending_failure, timed_out

if TYPE_CHECKING:
    from requests import PreparedRequest
    from requests.adapters import BaseAdapter

__all__ = ["MAX_BODY_BYTES", "REQUESTS_IMPORT_ERROR", "Response", "Call", "Transport"]

T = TypeVar("T")

_JSON = "application/json"
CONNECT_TIMEOUT = 10.0
"""Seconds to open a connection at most: an address that drops packets is a wrong setting more often than a slow service."""


@dataclass(frozen=True, slots=True)
class _Target:
    """Where and how the calls of one service go; looked up once, environment included."""

    base_url: str
    host: str
    adapter: BaseAdapter
    verify: bool | str
    proxies: dict[str, str]


def _utcnow() -> datetime:
    return datetime.now(UTC)


class Transport:
    """The way to the services. Thread-safe.

    ``monotonic`` (seconds) and ``utcnow`` (aware) are this machine's clocks. Raises InputError if requests is missing.
    """

    def __init__(
        self,
        connection: Connection,
        user_agent: str,
        pool_size: int = 16,
        monotonic: Callable[[], float] = time.monotonic,
        utcnow: Callable[[], datetime] = _utcnow,
    ) -> None:
        if REQUESTS_IMPORT_ERROR is not None:
            raise InputError(
                "The Python library requests is missing: install it for the Python interpreter that runs this module."
            )
        self._connection = connection
        self._user_agent = user_agent
        self._monotonic = monotonic
        self._utcnow = utcnow
        self._lock = threading.Lock()
        self._targets: dict[str, _Target] = {}
        self._requests_sent = 0
        self._journal = Journal(connection.journal_path, connection.region, utcnow) if connection.journal_path else None
        self._session = requests.Session()
        adapter = guarded_adapter(pool_size)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        if connection.verify is False:
            # Said once by the module, not once a call on stderr.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    @property
    def requests_sent(self) -> int:
        """How many requests left so far; those that found no connection did not leave."""
        with self._lock:
            return self._requests_sent

    def close(self) -> None:
        """Close all connections, and bring the journal to the disk."""
        self._session.close()
        if self._journal is not None:
            self._journal.close()

    def send(
        self, call: Call[T], connect_timeout: float | None = None, before_send: Callable[[], bool] | None = None
    ) -> Response[T]:
        """Send ``call`` once and return its answer; it is never repeated, whatever happens.

        ``connect_timeout`` (seconds) bounds the time to open a connection further than the connection's timeout does.
        ``before_send`` is asked when the signed request is ready, and again on a connection that had to be opened; if it says
        False, nothing is sent. The timeout holds for opening the connection and for each wait for data; the whole exchange is
        bounded by the pool, if one watches it.

        A write is written down in the journal first, if there is one.

        Raises NotSentError (``before_send`` said no, or ``connect_timeout`` is not positive), InputError (unusable settings;
        nothing was sent), TransportError (no usable answer), ClockSkewError (the clocks differ by more than 600 s), ApiError
        (the service refused).
        """
        if connect_timeout is not None and connect_timeout <= 0:
            raise NotSentError(f"{call.operation} was not sent: its last read is too old.", operation=call.operation)
        if self._journal is None or not call.write:
            return self._send(call, connect_timeout, before_send)
        # Written down before the last check, so that a slow disk makes no observation too old.
        number = self._journal.sent(call)
        began = self._monotonic()
        response: Response[T] | None = None
        failure: JdcloudError | None = None
        try:
            response = self._send(call, connect_timeout, before_send)
            return response
        except JdcloudError as error:
            failure = error
            raise
        finally:
            if response is not None or failure is not None:
                self._journal.answered(number, self._monotonic() - began, response, failure)

    def _send(self, call: Call[T], connect_timeout: float | None, before_send: Callable[[], bool] | None) -> Response[T]:
        target = self._target(call.service)
        request = self._signed_request(call, target)

        def check() -> None:
            if before_send is not None and not before_send():
                sentence = f"{call.operation} was not sent: the last check before it refused it."
                raise NotSentError(sentence, operation=call.operation)

        check()
        sent_at = self._monotonic()
        with send_guard(check):
            raw = self._exchange(call, target, request, connect_timeout)
        received_at = self._monotonic()
        envelope = open_envelope(raw, call.operation, target.host)
        date = service_date(raw)
        check_clock(date, self._utcnow(), call.operation)
        if envelope.error is not None or raw.http >= 400:
            raise api_error(envelope, raw.http, call.operation, call.resource, self._connection.secrets)
        value = _parsed(call, envelope.result, target.host, raw.http)
        return Response(value, envelope.request_id, date, sent_at, received_at)

    def _exchange(self, call: Call[T], target: _Target, request: PreparedRequest, connect_timeout: float | None) -> RawResponse:
        timeout = self._connection.timeout
        connect = min(timeout, CONNECT_TIMEOUT if connect_timeout is None else connect_timeout)
        failure: JdcloudError | None = None
        try:
            response = target.adapter.send(
                request, stream=True, timeout=(connect, timeout), verify=target.verify, proxies=target.proxies
            )
        except (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, ValueError) as error:
            failure = sending_failure(error, call.operation, target.host, timeout=timeout, connect_timeout=connect)
            failure = self._aborted(call, target) or failure if _has_a_connection(failure) else failure
        # Raised here and not above: the library's exception holds the request with its headers, and must not travel along.
        if failure is not None:
            if isinstance(failure, TransportError) and failure.sent:
                self._count()
            raise failure
        self._count()
        try:
            api_response = read_response(response, call.operation, target.host, timeout)
        except TransportError as error:
            failure = self._aborted(call, target, response.status_code) or error
        else:
            # A connection that is closed for taking too long may look like the end of the answer.
            failure = self._aborted(call, target, response.status_code)
        if failure is not None:
            raise failure
        return api_response

    def _aborted(self, call: Call[T], target: _Target, http_status: int | None = None) -> TransportError | None:
        """The failure of an exchange that the pool broke off, None if it did not."""
        exchange = current_exchange()
        if exchange is None or not exchange.aborted:
            return None
        return timed_out(call.operation, target.host, self._connection.timeout, sent=exchange.left, http_status=http_status)

    def _count(self) -> None:
        with self._lock:
            self._requests_sent += 1

    def _signed_request(self, call: Call[T], target: _Target) -> PreparedRequest:
        region = self._connection.region if call.regional else REGION_OF_GLOBAL_CALLS
        place = f"/regions/{region}" if call.regional else ""
        url = f"{target.base_url}/{call.version}{place}{call.path}"
        if call.query:
            url = f"{url}?{encode_query(call.query)}"
        body = b"" if call.body is None else json.dumps(call.body).encode()
        unsigned = UnsignedRequest(call.method, url, {"Content-Type": _JSON}, body, region, call.service)
        headers = sign(unsigned, self._connection.credentials, self._utcnow(), str(uuid.uuid4()))
        headers.update({"User-Agent": self._user_agent, "Accept": _JSON, "Accept-Encoding": "gzip, deflate"})
        if call.method != "GET":
            headers["Content-Length"] = str(len(body))
        request = requests.PreparedRequest()
        request.method = call.method
        request.url = url
        request.headers = requests.structures.CaseInsensitiveDict(headers)
        request.body = body or None
        return request

    def _target(self, service: str) -> _Target:
        with self._lock:
            target = self._targets.get(service)
            if target is None:
                target = self._targets[service] = self._new_target(service)
            return target

    def _new_target(self, service: str) -> _Target:
        base_url = self._connection.base_url(service)
        parts = urlsplit(base_url)
        # An explicit False or path stays; True is replaced by REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE if one is set.
        settings = self._session.merge_environment_settings(base_url, {}, None, self._connection.verify, None)
        # A proxy in between would turn "plain http stays on this machine" into "plain http goes to the proxy".
        is_local = parts.scheme == "http" and is_loopback(parts.hostname or "")
        proxies = {} if is_local else dict(settings["proxies"])
        verify = settings["verify"]
        adapter = self._session.get_adapter(base_url)
        return _Target(base_url, parts.netloc, adapter, True if verify is None else verify, proxies)


def _has_a_connection(failure: JdcloudError) -> bool:
    """Whether the reason may be that the connection was closed on purpose: not if there was none to close."""
    return isinstance(failure, TransportError) and failure.kind != "unreachable"


def _parsed(call: Call[T], result: object, host: str, http_status: int) -> T:
    """Return the value of a successful answer. Raises TransportError 'garbled' if the answer is not what the call gives."""
    if result is None:
        result = {}
    reason = ""
    if isinstance(result, dict):
        try:
            return call.parse(result)
        except MalformedResponse as error:
            # Words of this collection and ids that it asked for, never a text of the answer.
            reason = f" ({error})"
        except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError):
            pass
    raise garbled_response(f"lacks members of such a response{reason}", call.operation, host, http_status)
