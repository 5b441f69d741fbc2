# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A whole exchange has an end, however the other side drips; against real sockets, and no wait longer than that end."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.dispatch.dispatcher import Clock, Job, Outcome
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.dispatch.pool import SystemClock, ThreadPool
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import TransportError
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.services import vm
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.wire.exchange import Exchange, as_current_exchange
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.wire.transport import Transport
from support.api.server import Hang, Server, accepted, http_answer, stop_accepting
from support.search import first_of

MakeTransport = Callable[..., Transport]
MakeServer = Callable[..., Server]
TIMEOUT = 0.3
DRIP = 0.05
PATIENCE = 20.0
READ = vm.describe_instance("i-1")
DELETE = vm.delete_instance("i-1")
ANSWER = accepted({"instance": {"instanceId": "i-1", "status": "running"}})


@dataclass
class Dripper:
    """Says `start` to whoever connects, and then the pieces, one each 0.05 s, as long as it is listened to."""

    start: bytes
    pieces: Iterable[bytes]
    waits_for_request: bool = True
    closed: threading.Event = field(default_factory=threading.Event)
    arrived_at: float | None = None
    """When the first request was there, in monotonic seconds."""

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def close(self) -> None:
        """Stop."""
        self.closed.set()
        stop_accepting(self._listener, self._accepting)

    def _accept(self) -> None:
        while not self.closed.is_set():
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._drip, args=(connection,), daemon=True).start()

    def _drip(self, connection: socket.socket) -> None:
        try:
            with connection:
                if self.waits_for_request:
                    connection.recv(65536)
                    self.arrived_at = self.arrived_at or time.monotonic()
                connection.sendall(self.start)
                for piece in self.pieces:
                    if self.closed.wait(DRIP):
                        return
                    connection.sendall(piece)
        except OSError:
            return


@pytest.fixture
def drip() -> Iterator[Callable[..., Dripper]]:
    """Makes drippers that end with the test."""
    made: list[Dripper] = []

    def make(start: bytes, piece: bytes, **more: Any) -> Dripper:
        made.append(Dripper(start, itertools.repeat(piece), **more))
        return made[-1]

    yield make
    for each in made:
        each.close()


class ClockFromRequest:
    """A clock that stands still until the server has the request: how busy this machine is, is no part of these tests."""

    def __init__(self, server: Dripper) -> None:
        self._server = server

    def now(self) -> float:
        """Seconds since then."""
        arrived_at = self._server.arrived_at
        return 0.0 if arrived_at is None else time.monotonic() - arrived_at


def outcome_of(
    transport: Transport, call: Call[Any], timeout: float = TIMEOUT, clock: Clock | None = None
) -> tuple[Outcome, float]:
    """What the pool says of a call, and after how many seconds."""
    pool = ThreadPool(transport, clock or SystemClock(), 1, timeout)
    began = time.monotonic()
    pool.submit(Job(call, lambda _outcome: None))
    try:
        while time.monotonic() - began < PATIENCE:
            for _job, outcome in pool.wait(PATIENCE):
                return outcome, time.monotonic() - began
    finally:
        pool.close()
    raise AssertionError("the exchange never ended")


HEAD = b"HTTP/1.1 200 OK\r\n"
SLOW: dict[str, tuple[bytes, bytes]] = {
    "nothing but the first byte": (b"H", b""),
    "status line": (b"HTTP/1.1 200 ", b"O"),
    "header": (HEAD + b"X-Slow: ", b"x"),
    "headers": (HEAD, b"X-Slow: x\r\n"),
    "body": (HEAD + b"Content-Length: 100000\r\n\r\n", b" "),
    "body without length": (HEAD + b"Connection: close\r\n\r\n{", b" "),
    "whole answer and more": (HEAD + b"Connection: close\r\n\r\n" + ANSWER.partition(b"\r\n\r\n")[2], b" "),
    "size of a chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;x=", b"x"),
    "chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "trailers": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\n", b"X-Slow: x\r\n"),
    "continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "headers of continue": (b"HTTP/1.1 100 Continue\r\n", b"X-Slow: x\r\n"),
    "error page": (b"HTTP/1.1 500 Error\r\nContent-Length: 1000\r\n\r\n", b"<"),
    "not found": (b"HTTP/1.1 404 Not Found\r\nContent-Length: 1000\r\n\r\n", b"{"),
}


@pytest.mark.parametrize("place", first_of(SLOW, 4))
def test_a_dripping_answer_is_a_timeout(drip: Callable[..., Dripper], make_transport: MakeTransport, place: str) -> None:
    server = drip(*SLOW[place])
    transport = make_transport(f"http://127.0.0.1:{server.port}", timeout=TIMEOUT)
    outcome, seconds = outcome_of(transport, DELETE, clock=ClockFromRequest(server))
    assert isinstance(outcome.error, TransportError)
    assert (outcome.error.kind, outcome.error.unclear) == ("timeout", True)
    assert seconds < PATIENCE / 4


def test_a_flood_of_interim_answers_is_a_timeout(make_transport: MakeTransport, make_server: MakeServer) -> None:
    server = make_server(b"HTTP/1.1 100 Continue\r\n\r\n" * 2_000_000)
    outcome, _seconds = outcome_of(make_transport(server.url, timeout=TIMEOUT), READ)
    assert isinstance(outcome.error, TransportError)
    assert outcome.error.kind in ("timeout", "reset")


def test_a_dripping_handshake_is_a_timeout_before_anything_was_sent(
    drip: Callable[..., Dripper], make_transport: MakeTransport
) -> None:
    server = drip(b"\x16\x03\x03\x40\x00", b"\x02", waits_for_request=False)
    outcome, _seconds = outcome_of(make_transport(f"https://127.0.0.1:{server.port}", timeout=TIMEOUT), DELETE)
    assert isinstance(outcome.error, TransportError)
    assert (outcome.error.kind, outcome.error.sent) == ("timeout", False)


def test_a_dripping_proxy_is_a_timeout_before_anything_was_sent(
    drip: Callable[..., Dripper], make_transport: MakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = drip(b"HTTP/1.1 200 OK\r\n", b"X-Slow: x\r\n")
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{server.port}")
    outcome, _seconds = outcome_of(make_transport("https://vm.example.com", timeout=TIMEOUT), DELETE)
    assert isinstance(outcome.error, TransportError)
    assert (outcome.error.kind, outcome.error.sent) == ("timeout", False)


def test_a_read_that_was_broken_off_may_be_sent_again(drip: Callable[..., Dripper], make_transport: MakeTransport) -> None:
    server = drip(HEAD + b"Content-Length: 100000\r\n\r\n", b" ")
    outcome, _seconds = outcome_of(make_transport(f"http://127.0.0.1:{server.port}", timeout=TIMEOUT), READ)
    assert outcome.error is not None
    assert outcome.error.is_retryable_read


def test_a_kept_connection_is_watched_like_a_new_one(make_server: MakeServer, make_transport: MakeTransport) -> None:
    server = make_server(ANSWER, Hang())
    transport = make_transport(server.url)
    assert outcome_of(transport, READ, 5.0)[0].value.instance_id == "i-1"
    outcome, _seconds = outcome_of(transport, READ)
    assert isinstance(outcome.error, TransportError)
    assert outcome.error.kind == "timeout"
    assert [request.connection for request in server.requests] == [1, 1]


def test_the_thread_is_free_for_the_next_call(make_server: MakeServer, make_transport: MakeTransport) -> None:
    server = make_server(Hang(), ANSWER)
    pool = ThreadPool(make_transport(server.url, timeout=PATIENCE), SystemClock(), 1, TIMEOUT)
    for expected in ("timeout", None):
        pool.submit(Job(READ, lambda _outcome: None))
        ends: list[tuple[Job, Outcome]] = []
        while not ends:
            ends = pool.wait(PATIENCE)
        assert getattr(ends[0][1].error, "kind", None) == expected
    pool.close()


def test_no_descriptors_are_left_over(make_server: MakeServer, make_transport: MakeTransport) -> None:
    exchange = Exchange()
    transport = make_transport(make_server(ANSWER).url)
    with as_current_exchange(exchange):
        transport.send(READ)
    assert exchange._descriptor is None


def test_what_was_given_up_before_it_left_never_leaves(make_server: MakeServer, make_transport: MakeTransport) -> None:
    """A name service that answers after minutes must not let a delete leave that nobody waits for any more."""
    server = make_server()
    exchange = Exchange()
    exchange.abort()
    with as_current_exchange(exchange), pytest.raises(TransportError) as caught:
        make_transport(server.url).send(DELETE)
    assert (caught.value.kind, caught.value.sent, server.requests) == ("timeout", False, [])


def test_an_interim_answer_that_is_taken_for_the_last_one_ends_its_connection(
    make_server: MakeServer, make_transport: MakeTransport
) -> None:
    """The answer that follows would be taken for that of the next call."""
    interim = b"HTTP/1.1 102 Processing\r\n\r\n"
    stale = http_answer({"requestId": "r", "result": {"instance": {"instanceId": "i-1", "status": "stopped"}}})
    server = make_server(interim + stale, ANSWER)
    transport = make_transport(server.url)
    with pytest.raises(TransportError) as caught:
        transport.send(READ)
    assert caught.value.kind == "garbled"
    assert transport.send(READ).value.status == "running"
    assert [request.connection for request in server.requests] == [1, 2]
