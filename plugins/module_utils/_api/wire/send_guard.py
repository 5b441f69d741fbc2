# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks once more, on the open connection, whether a request may still leave.

What was observed before a delete must not be older than allowed when the delete leaves, and opening a connection (name
service, TCP, proxy, TLS) can take long in each of its parts. So the question is asked again when all of that is done.
The same connections tell the exchange that they serve which socket is theirs, from the first packet on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .exchange import current_exchange
from .libraries import requests, urllib3

if TYPE_CHECKING:
    from requests.adapters import HTTPAdapter

_guard_of_thread = threading.local()


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

    class CheckingAdapter(requests.adapters.HTTPAdapter):
        def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
            super().init_poolmanager(*arguments, **options)
            self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": TlsPool}

        def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
            manager = super().proxy_manager_for(proxy, **options)
            if isinstance(manager, urllib3.ProxyManager):
                manager.pool_classes_by_scheme = {"http": PlainPool, "https": TlsPool}
            return manager

    return CheckingAdapter(pool_connections=pool_size, pool_maxsize=pool_size, max_retries=0, pool_block=False)


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
