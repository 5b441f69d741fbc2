# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One exchange with a service: its connection, what is asked on it before the request leaves, and how another thread ends it.

The time-out of a socket bounds each wait for data, not all of them together: whoever sends a byte now and then, in the answer, in
the handshake or in front of the answer, would keep a thread for ever. So the pool watches each exchange, and ends it.

What was observed before a delete must not be older than allowed when the delete leaves, and opening a connection (name
service, TCP, proxy, TLS) can take long in each of its parts. So whether the request may still leave is asked again when all of
that is done. The same connections say to the exchange which socket is theirs, from the first packet on.

This is the one place that imports requests, so that everything else imports cleanly where it is missing.
"""

from __future__ import annotations

import os
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from requests.adapters import HTTPAdapter

__all__ = [
    "REQUESTS_IMPORT_ERROR",
    "Exchange",
    "ExchangeAborted",
    "as_current_exchange",
    "current_exchange",
    "guarded_adapter",
    "requests",
    "send_guard",
    "urllib3",
]

REQUESTS_IMPORT_ERROR: str | None = None
"""The traceback of the failed import; None if requests can be used."""

try:
    import requests
    import urllib3
except ImportError:
    REQUESTS_IMPORT_ERROR = traceback.format_exc()
    requests = None  # type: ignore[assignment]
    urllib3 = None  # type: ignore[assignment]

_of_thread = threading.local()
_guard_of_thread = threading.local()


class ExchangeAborted(ConnectionAbortedError):
    """The exchange took longer than it may, before its request left."""


class HasFileno(Protocol):
    """A socket, with or without TLS around it."""

    def fileno(self) -> int:
        """Its number."""
        raise NotImplementedError


class Exchange:
    """The connection of one call, as long as it is under way. Thread-safe.

    It holds a duplicate of the number of the socket: the connection may replace its socket (TLS does), close it, or hand it
    back for the next call, and a number that was given to another file meanwhile must not be shut down.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._descriptor: int | None = None
        self._broken_off = False
        self._left = False

    @property
    def aborted(self) -> bool:
        """Whether it took too long."""
        with self._lock:
            return self._broken_off

    @property
    def left(self) -> bool:
        """Whether the request may have reached the service. What was ended before that never leaves."""
        with self._lock:
            return self._left

    def hold(self, connection: HasFileno) -> None:
        """This is the connection. Raises `ExchangeAborted` if it comes too late."""
        duplicate = os.dup(connection.fileno())
        with self._lock:
            old, self._descriptor = self._descriptor, duplicate
            broken_off = self._broken_off
        if old is not None:
            os.close(old)
        if broken_off:
            raise ExchangeAborted

    def leave(self) -> None:
        """The request leaves now. Raises `ExchangeAborted` if it comes too late."""
        with self._lock:
            if self._broken_off:
                raise ExchangeAborted
            self._left = True

    def abort(self) -> None:
        """End it: whoever waits for data on its connection finds it closed."""
        with self._lock:
            self._broken_off = True
            descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            with socket.socket(fileno=descriptor) as connection, suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        """It has ended by itself."""
        with self._lock:
            descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


@contextmanager
def as_current_exchange(exchange: Exchange) -> Iterator[None]:
    """In this block, what the present thread sends belongs to `exchange`."""
    _of_thread.exchange = exchange
    try:
        yield
    finally:
        _of_thread.exchange = None
        exchange.end()


def current_exchange() -> Exchange | None:
    """The exchange that the present thread carries out, None if no one watches it."""
    exchange: Exchange | None = getattr(_of_thread, "exchange", None)
    return exchange


@contextmanager
def send_guard(check: Callable[[], None] | None) -> Iterator[None]:
    """While this thread sends within the block, `check` is called once a connection was opened; what it raises stops that."""
    _guard_of_thread.check = check
    try:
        yield
    finally:
        _guard_of_thread.check = None


def guarded_adapter(pool_size: int) -> HTTPAdapter:
    """An adapter of requests that repeats nothing, and whose new connections ask `send_guard`."""
    pools = _guarded_pools()

    class CheckingAdapter(requests.adapters.HTTPAdapter):
        def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
            super().init_poolmanager(*arguments, **options)
            self.poolmanager.pool_classes_by_scheme = pools

        def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
            manager = super().proxy_manager_for(proxy, **options)
            if isinstance(manager, urllib3.ProxyManager):
                manager.pool_classes_by_scheme = pools
            return manager

    return CheckingAdapter(pool_connections=pool_size, pool_maxsize=pool_size, max_retries=0, pool_block=False)


def _guarded_pools() -> dict[str, Any]:
    """The pools of connections, by scheme. Their classes exist only once urllib3 is imported."""

    class Watched:
        def _new_conn(self) -> Any:
            connection = super()._new_conn()  # type: ignore[misc]
            _hold(connection)
            return connection

        def connect(self) -> None:
            super().connect()  # type: ignore[misc]
            _ask()

        def request(self, *arguments: Any, **options: Any) -> Any:
            if self.sock is None:  # type: ignore[attr-defined]
                self.connect()
            else:
                # It may have served another call before.
                _hold(self.sock)  # type: ignore[attr-defined]
            _leave()
            return super().request(*arguments, **options)  # type: ignore[misc]

    class PlainConnection(Watched, urllib3.connection.HTTPConnection):
        pass

    class TlsConnection(Watched, urllib3.connection.HTTPSConnection):
        pass

    class PlainPool(urllib3.HTTPConnectionPool):
        ConnectionCls = PlainConnection

    class TlsPool(urllib3.HTTPSConnectionPool):
        ConnectionCls = TlsConnection

    return {"http": PlainPool, "https": TlsPool}


def _hold(connection: Any) -> None:
    exchange = current_exchange()
    if exchange is not None:
        exchange.hold(connection)


def _leave() -> None:
    exchange = current_exchange()
    if exchange is not None:
        exchange.leave()


def _ask() -> None:
    check: Callable[[], None] | None = getattr(_guard_of_thread, "check", None)
    if check is not None:
        check()
