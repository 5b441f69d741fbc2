# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small real HTTP server whose answers are bytes, so that it can also answer wrongly; and a transport to it."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.connection import Connection
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.credentials import Credentials
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.wire.transport import Transport
from support.api.server import SECRET, TOKEN, Reply, Server, accepted

DATA = Path(__file__).parent / "data"

_PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "requests_ca_bundle", "curl_ca_bundle")


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy or CA settings of the machine that runs the tests."""
    for name in _PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def make_server() -> Iterator[Callable[..., Server]]:
    """Starts servers that end with the test."""
    servers: list[Server] = []

    def make(*replies: Reply, tls: ssl.SSLContext | None = None) -> Server:
        server = Server(list(replies) or [accepted()], tls=tls)
        servers.append(server)
        return server

    yield make
    for server in servers:
        server.close()


@pytest.fixture
def make_transport() -> Iterator[Callable[..., Transport]]:
    """Makes transports that are closed with the test; further arguments go to Connection."""
    transports: list[Transport] = []

    def make(endpoint: str, **settings: Any) -> Transport:
        values: dict[str, Any] = {
            "credentials": Credentials("AK0001", SECRET, TOKEN, "options"),
            "region": "cn-north-1",
            "endpoint": endpoint,
            "timeout": 5.0,
        }
        transport = Transport(Connection(**(values | settings)), "jdcloud.cloud/test")
        transports.append(transport)
        return transport

    yield make
    for transport in transports:
        transport.close()


@pytest.fixture(autouse=True)
def unknown_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names under .invalid do not resolve, whatever the resolver of the machine that runs the tests says."""
    resolve = socket.getaddrinfo

    def known_only(host: Any, *arguments: Any, **options: Any) -> Any:
        if str(host).endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return resolve(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", known_only)


@pytest.fixture(scope="session")
def example() -> Callable[[str], Any]:
    """Reads a body from the data folder."""
    return lambda name: json.loads((DATA / name).read_text(encoding="utf-8"))
