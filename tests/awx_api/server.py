# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small AWX: enough of its API for the modules of awx.awx to set something up in it, and to find it again unchanged."""

from __future__ import annotations

import base64
import json
import secrets
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from .resources import RESOURCES, Json
from .rules import Refused
from .store import Missing, Store

PREFIX = "/api/v2/"
USER, PASSWORD = "admin", "not-a-secret"


class AwxApi:
    """The server, as a context manager."""

    def __init__(self) -> None:
        self.store = Store()
        self.requests: list[tuple[str, str]] = []
        handler = type("Handler", (_Handler,), {"api": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def environment(self) -> dict[str, str]:
        """What the modules need to find it and to log in."""
        return {"CONTROLLER_HOST": self.url, "CONTROLLER_USERNAME": USER, "CONTROLLER_PASSWORD": PASSWORD}

    def __enter__(self) -> AwxApi:
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    api: ClassVar[AwxApi]
    tokens: ClassVar[set[str]] = set()
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_PATCH(self) -> None:
        self._answer("PATCH")

    def do_DELETE(self) -> None:
        self._answer("DELETE")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name is the standard library's
        """Be silent."""

    def _answer(self, method: str) -> None:
        parts = urlsplit(self.path)
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        self.api.requests.append((method, self.path))
        try:
            status, answer = self._routed(method, parts.path, dict(parse_qsl(parts.query, keep_blank_values=True)), body)
        except Refused as refused:
            status, answer = 400, refused.body
        except Missing:
            status, answer = 404, {"detail": "Not found."}
        data = b"" if status == 204 else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("X-API-Product-Name", "AWX")
        self.send_header("X-API-Product-Version", "24.6.1")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _routed(self, method: str, path: str, query: dict[str, str], body: Json) -> tuple[int, Any]:
        if not path.startswith(PREFIX) or not path.endswith("/"):
            raise Missing
        words = path[len(PREFIX) : -1].split("/")
        if words[0] == "tokens":
            return self._token(method)
        if self.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return 401, {"detail": "Authentication credentials were not provided."}
        store = self.api.store
        if words[0] == "settings" and words[1:] in (["all"], ["jobs"]):
            return 200, store.change_settings(body) if method == "PATCH" else store.settings
        if words[0] == "project_updates":
            return 200, self._update(int(words[1]), store.sync())
        if words[0] == "roles":
            if method == "POST":
                store.grant(int(words[1]), body)
                return 204, None
            return 200, store.holders(int(words[1]))
        if words[0] not in (*RESOURCES, "unified_job_templates"):
            raise Missing
        if len(words) == 1:
            return (201, store.create(words[0], body)) if method == "POST" else (200, store.listed(words[0], query))
        return self._member(method, words[0], int(words[1]), words[2:], body)

    def _member(self, method: str, resource: str, number: int, more: list[str], body: Json) -> tuple[int, Any]:
        store = self.api.store
        if not more:
            if method == "DELETE":
                store.delete(resource, number)
                return 204, None
            return 200, store.change(resource, number, body) if method == "PATCH" else store.shown(resource, number)
        if more == ["launch"] and method == "POST":
            return 201, store.launch(resource, number, body)
        if more == ["update"] and method == "POST":
            return 202, {"id": number, "status": "pending", "url": f"/api/v2/project_updates/{number}/"}
        if more == ["survey_spec"] and RESOURCES[resource].survey:
            return 200, store.survey(resource, number, body if method == "POST" else None)
        if more == ["create_approval_template"] and method == "POST":
            return 201, store.approval(number, body)
        if method == "POST":
            store.associate(resource, number, more[0], body)
            return 204, None
        return 200, store.associated(resource, number, more[0])

    @staticmethod
    def _update(number: int, status: str) -> Json:
        return {"id": number, "status": status, "finished": "now", "failed": status != "successful", "scm_revision": "2a8d"}

    def _token(self, method: str) -> tuple[int, Any]:
        if method == "DELETE":
            return 204, None
        expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") != expected:
            return 401, {"detail": "Invalid username/password."}
        token = secrets.token_hex(8)
        self.tokens.add(token)
        return 201, {"id": 1, "token": token}
