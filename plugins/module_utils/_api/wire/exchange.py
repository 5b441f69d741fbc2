# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One exchange with a service, from opening the connection to the last byte, and how another thread ends it.

The time-out of a socket bounds each wait for data, not all of them together: whoever sends a byte now and then, in the answer, in
the handshake or in front of the answer, would keep a thread for ever. So the pool watches each exchange, and breaks it off.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

_of_thread = threading.local()


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
    """The exchange that the present thread carries out, None if nobody watches it."""
    exchange: Exchange | None = getattr(_of_thread, "exchange", None)
    return exchange
