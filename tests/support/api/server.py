# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real HTTP server that answers as it is ordered, or breaks the connection in one of many ways."""

from __future__ import annotations

import base64
import json
import socket
import ssl
import struct
import threading
import traceback
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

SECRET = "Very/Secret+Key=0001"
TOKEN = "session-token-that-nobody-may-see"


@dataclass(frozen=True)
class Request:
    """A request as it arrived; header names are lower case. `connection` counts accepted connections from 1."""

    connection: int
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Hang:
    """Answer: nothing at all until the server ends."""


class Reset:
    """Answer: the connection is reset."""


@dataclass(frozen=True)
class Torn:
    """Answer: these bytes, then the connection is reset."""

    start: bytes


Reply = bytes | Hang | Reset | Torn


def http_answer(content: object, status: int = 200, **headers: Any) -> bytes:
    """A complete HTTP answer; bytes are sent as they are, other content as JSON."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    names = {
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Date": format_datetime(datetime.now(UTC), True),
    }
    names.update({name.replace("_", "-"): value for name, value in headers.items()})
    lines = "".join(f"{name}: {value}\r\n" for name, value in names.items() if value)
    return f"HTTP/1.1 {status} Status\r\n{lines}\r\n".encode() + body


def accepted(result: object = None) -> bytes:
    """What the service answers when all is well."""
    return http_answer({"requestId": "req-0001", "result": {} if result is None else result})


def stop_accepting(listener: socket.socket, accepting: threading.Thread) -> None:
    """Close a listener when its thread has left accept().

    Otherwise the thread could take a connection of the next server, whose listener gets the same file descriptor.
    """
    with suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)
    accepting.join()
    listener.close()


@dataclass
class Server:
    """Answers the n-th request with the n-th reply, all later ones with the last reply."""

    replies: list[Reply] = field(default_factory=lambda: [accepted()])
    requests: list[Request] = field(default_factory=list)
    tls: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._connections = 0
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._open: list[socket.socket] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    @property
    def url(self) -> str:
        return f"{'http' if self.tls is None else 'https'}://127.0.0.1:{self.port}"

    def close(self) -> None:
        """Stop listening and end all connections."""
        self._ended.set()
        stop_accepting(self._listener, self._accepting)
        with self._lock:
            for connection in self._open:
                connection.close()

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._connections += 1
                self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection, self._connections), daemon=True).start()

    def _serve(self, plain: socket.socket, number: int) -> None:
        try:
            connection = plain if self.tls is None else self.tls.wrap_socket(plain, server_side=True)
            with connection, connection.makefile("rb") as reader:
                while self._answer_one(connection, reader, number):
                    pass
        except OSError:
            return

    def _answer_one(self, connection: socket.socket, reader: Any, number: int) -> bool:
        """Whether the connection stays open."""
        line = reader.readline().decode("latin-1").split()
        # The first bytes of TLS are random, and may look like three words.
        if len(line) != 3 or not line[2].startswith("HTTP/"):
            return False
        headers: dict[str, str] = {}
        while (header := reader.readline().decode("latin-1").strip()) != "":
            name, _colon, value = header.partition(":")
            headers[name.lower()] = value.strip()
        body = reader.read(int(headers.get("content-length", "0")))
        with self._lock:
            reply = self.replies[min(len(self.requests), len(self.replies) - 1)]
            self.requests.append(Request(number, line[0], line[1], headers, body))
        return self._reply(connection, reply)

    def _reply(self, connection: socket.socket, reply: Reply) -> bool:
        if isinstance(reply, Hang):
            self._ended.wait()
            return False
        if isinstance(reply, Torn):
            connection.sendall(reply.start)
        if isinstance(reply, (Reset, Torn)):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        connection.sendall(reply)
        return b"\r\nConnection: close\r\n" not in reply


def assert_no_secret(error: BaseException) -> None:
    """Neither text nor traceback nor anything reachable through the chain shows a secret."""
    shown = [str(error), repr(error), "".join(traceback.format_exception(error)), repr(vars(error))]
    assert error.__cause__ is None
    assert error.__context__ is None
    for secret in (SECRET, TOKEN, base64.b64encode(TOKEN.encode()).decode()):
        assert not any(secret in text for text in shown)
