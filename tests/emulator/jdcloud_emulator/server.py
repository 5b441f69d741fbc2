# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP side: one port for all services and for the control API."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import resource
import weakref
from email.utils import formatdate
from fnmatch import fnmatchcase
from typing import Any

import orjson
from aiohttp import StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import RawRequestMessage
from aiohttp.web_protocol import RequestHandler

from jdcloud_emulator.scenario.faults import Fault, spoil_list
from jdcloud_emulator.scenario.seed import Seeder
from jdcloud_emulator.scenario.seed_dns import add_names
from jdcloud_emulator.services.api import Call, Operation
from jdcloud_emulator.state.cloud import KINDS
from jdcloud_emulator.state.json_object import Json
from jdcloud_emulator.state.model import Instance, Resource
from jdcloud_emulator.state.settings import ApiError, UsageError
from jdcloud_emulator.world import (
    Entry,
    Request,
    World,
    throttled,
)

CONTROL = "/_emulator/"
MEGABYTE = 1 << 20
MAX_LINE = 1 << 16
MAX_BODY = 256 * MEGABYTE


class Closed(Exception):
    """The connection shall be closed without an answer."""


class Frontend:
    """Answers HTTP requests for a `World`."""

    def __init__(self, world: World, control: bool = True) -> None:
        self._world = world
        self._with_control = control
        self._connections: weakref.WeakKeyDictionary[asyncio.Transport, int] = weakref.WeakKeyDictionary()
        self._connection_numbers = itertools.count(1)
        self._date = (0, "")
        # A hundred ids make a long query, a fleet makes a large seed: the library's own limits are too low for both.
        self.server = web.Server(
            self._answer, request_factory=_request, access_log=None, max_line_size=MAX_LINE, max_field_size=MAX_LINE
        )

    # --- requests -------------------------------------------------------------------------------------------------

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        transport = request.transport
        if transport is None:
            raise asyncio.CancelledError
        path, _mark, query = request.raw_path.partition("?")
        if path.startswith(CONTROL):
            return await self._control(request, path.removeprefix(CONTROL))
        limit = self._world.settings.max_connections
        if limit and len(self.server.connections) > limit:
            transport.abort()
            return web.Response()
        entry = self._entry(request.method, path, query, transport)
        try:
            return await self._serve(request, Request(request.method, path, query, request.headers, await request.read()), entry)
        except Closed:
            # Nothing may reach the client, not even the head of an answer.
            transport.abort()
            return web.Response()
        finally:
            entry.seconds = round(self._world.cloud.clock.real() - entry.time, 6)

    def _entry(self, method: str, path: str, query: str, transport: asyncio.Transport) -> Entry:
        world = self._world
        if transport not in self._connections:
            self._connections[transport] = next(self._connection_numbers)
        world.count += 1
        clock = world.cloud.clock
        entry = Entry(world.count, clock.real(), clock.wall(), method, path, query, self._connections[transport])
        world.log.append(entry)
        return entry

    async def _serve(self, http: web.BaseRequest, request: Request, entry: Entry) -> web.StreamResponse:
        world = self._world
        half_latency = world.settings.latency_seconds / 2
        service = "gateway"
        faults: list[Fault] = []
        try:
            call, operation = world.admit(request, entry)
            service = call.operation.partition(".")[0]
            if half_latency:
                await world.waiting.keep(half_latency)
            faults = world.strike(call, entry)
            body = await self._run(http, call, operation, faults, entry)
            code, headers = 200, None
        except ApiError as error:
            body, entry.request_id = world.refusal(error, service)
            code, headers = error.http, self._retry_after(error)
            entry.status = error.status
        if half_latency:
            await world.waiting.keep(half_latency)
        entry.http = code
        return await self._send(http, code, body, faults, entry, headers)

    async def _run(self, http: web.BaseRequest, call: Call, operation: Operation, faults: list[Fault], entry: Entry) -> bytes:
        """Handle a call as its faults allow, and give the body of a good answer. Raises ApiError or Closed otherwise."""
        world = self._world
        for fault in faults:
            if fault.kind == "delay" and fault.parameters["moment"] == "before":
                await world.waiting.keep(fault.parameters["seconds"])
        result: Json | None = None
        refused: ApiError | None = None
        if all(fault.effect for fault in faults):
            try:
                result = world.handle(call, operation, entry)
            except ApiError as error:
                refused = error
            except Exception:
                # A body that no client would send, or a bug here; the client gets the documented envelope either way.
                logging.getLogger(__name__).exception("%s failed", call.operation)
                refused = ApiError(500, "INTERNAL", "Internal server error")
        await self._interrupt(http, faults)
        if refused is not None:
            raise refused
        for fault in faults:
            if fault.kind in ("wrong_total", "drop_rows", "empty_list") and result is not None:
                spoil_list(fault, result)
        entry.request_id = world.cloud.request_id(call.operation.partition(".")[0])
        answer: Json = {"requestId": entry.request_id}
        if result is not None:
            answer["result"] = result
        return orjson.dumps(answer)

    async def _interrupt(self, http: web.BaseRequest, faults: list[Fault]) -> None:
        """Faults that end a call before it has an answer."""
        for fault in faults:
            wanted = fault.parameters
            match fault.kind:
                case "delay" if wanted["moment"] == "after":
                    await self._world.waiting.keep(wanted["seconds"])
                case "close_before" | "close_after":
                    raise Closed
                case "hang":
                    await self._world.waiting.keep(wanted["seconds"], lambda: http.transport is not None)
                    raise Closed
                case "error":
                    raise ApiError(wanted["http"], wanted["status"], wanted["message"], wanted["gateway"])
                case "throttle":
                    raise throttled()

    async def _send(
        self, http: web.BaseRequest, code: int, body: bytes, faults: list[Fault], entry: Entry, headers: dict[str, str] | None
    ) -> web.StreamResponse:
        """Send an answer, spoilt as the faults say."""
        text = {"Content-Type": "application/json; charset=utf-8", "Date": self._http_date(), **(headers or {})}
        text["x-jdcloud-request-id"] = entry.request_id
        for fault in faults:
            wanted = fault.parameters
            match fault.kind:
                case "garbage":
                    text["Content-Type"] = "text/html"
                    code, body = wanted["http"], str(wanted["body"]).encode()
                case "redirect":
                    text["Location"] = str(wanted["location"])
                    code, body = wanted["http"], b""
                case "no_request_id":
                    del text["x-jdcloud-request-id"]
                    body = orjson.dumps({key: value for key, value in orjson.loads(body).items() if key != "requestId"})
                case "cut_off":
                    return await self._cut_off(http, code, body, text)
                case "huge":
                    return await self._huge(http, entry.request_id, int(wanted["megabytes"]), text)
        entry.http = code
        return web.Response(body=body, status=code, headers=text)

    async def _cut_off(self, http: web.BaseRequest, code: int, body: bytes, headers: dict[str, str]) -> web.StreamResponse:
        answer = web.StreamResponse(status=code, headers={**headers, "Content-Length": str(len(body))})
        await answer.prepare(http)
        await answer.write(body[: len(body) // 2])
        if http.transport is not None:
            # close, not abort: what was written shall arrive.
            http.transport.close()
        return answer

    async def _huge(self, http: web.BaseRequest, request_id: str, megabytes: int, headers: dict[str, str]) -> web.StreamResponse:
        answer = web.StreamResponse(headers=headers)
        await answer.prepare(http)
        try:
            await answer.write(f'{{"requestId":"{request_id}","result":{{"padding":"'.encode())
            for _each in range(megabytes):
                await answer.write(b"x" * MEGABYTE)
            await answer.write(b'"}}')
            await answer.write_eof()
        except ConnectionError:
            # The client had enough: just what a client should do.
            pass
        return answer

    def _retry_after(self, error: ApiError) -> dict[str, str] | None:
        seconds = self._world.settings.retry_after_seconds
        return {"Retry-After": str(seconds)} if seconds and error.status == "RATE_LIMIT" else None

    def _http_date(self) -> str:
        second = int(self._world.cloud.wall())
        if second != self._date[0]:
            self._date = (second, formatdate(second, usegmt=True))
        return self._date[1]

    # --- the control API ------------------------------------------------------------------------------------------

    async def _control(self, request: web.BaseRequest, path: str) -> web.Response:
        """Unsigned, for those who test. Errors come in the service's envelope, without a request id."""
        code, answer = 200, None
        try:
            if not self._with_control:
                raise UsageError("the control API is switched off")
            content = await request.read()
            body = orjson.loads(content) if content else {}
            if (request.method, path) == ("GET", "requests"):
                await self._arrival(dict(request.query))
            answer = self._controlled(request.method, path, dict(request.query), body)
        except (UsageError, orjson.JSONDecodeError, TypeError, ValueError) as error:
            code = 403 if not self._with_control else 400
            answer = {"error": {"code": code, "status": "INVALID_ARGUMENT", "message": str(error)}}
        return web.Response(body=orjson.dumps(answer), status=code, headers={"Content-Type": "application/json"})

    async def _arrival(self, query: dict[str, str]) -> None:
        """Wait until a call is in the log that the query names, at most for its `wait` seconds."""
        clock = self._world.cloud.clock
        end = clock.real() + float(query.get("wait", 0))
        while clock.real() < end and not any(_wanted(entry, query) for entry in self._world.log):
            await asyncio.sleep(0.02)

    def _controlled(self, method: str, path: str, query: dict[str, str], body: Any) -> Any:
        world = self._world
        world.cloud.catch_up()
        match method, path:
            case "GET", "health":
                usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
                return {"pid": os.getpid(), "requests": world.count, "max_resident_mb": round(usage, 1)}
            case "GET", "state":
                return self._state(query)
            case "GET", "requests":
                return {"requests": [entry.as_dict() for entry in world.log if _wanted(entry, query)]}
            case "DELETE", "requests":
                world.log.clear()
            case "GET", "faults":
                return {"faults": world.faults.listed()}
            case "POST", "faults":
                return {"number": world.faults.add(body).number}
            case "DELETE", "faults":
                world.faults.clear(int(query["number"]) if "number" in query else None)
            case "GET", "act":
                return {"acts": world.acts.listed(), "failures": world.acts.failures}
            case "POST", "act":
                return world.acts.add(body)
            case "DELETE", "act":
                world.acts.clear()
            case "GET", "settings":
                return world.settings.as_dict()
            case "POST", "settings":
                world.configure(body)
                return world.settings.as_dict()
            case "GET", "quotas":
                return world.quotas.as_dict()
            case "POST", "quotas":
                world.quotas.update(body)
                return world.quotas.as_dict()
            case "POST", "add":
                add_names(world.cloud, body.get("dns") or {})
                return Seeder(world.cloud).add(body.get("regions") or {})
            case "POST", "advance":
                world.cloud.clock.advance(float(body["seconds"]))
                if body.get("wall"):
                    world.cloud.clock.move_wall(float(body["seconds"]))
                world.cloud.catch_up()
            case "POST", "leap":
                leapt = world.waiting.leap(float(body["seconds"]), int(body["kept"]))
                world.cloud.catch_up()
                return {"leapt": leapt}
            case "POST", "reset":
                world.reset(body.get("seed"))
            case _:
                raise UsageError(f"no control call {method} {path}")
        return {}

    def _state(self, query: dict[str, str]) -> Json:
        cloud = self._world.cloud
        if "id" in query:
            found = cloud.find(query["id"])
            return {"resource": None if found is None else self._dumped(found)}
        chosen = [query["region"]] if "region" in query else list(cloud.regions)
        regions = {
            name: {kind: {key: self._dumped(row) for key, row in cloud.regions[name].of(kind).items()} for kind in KINDS}
            for name in chosen
            if name in cloud.regions
        }
        return {"regions": regions}

    def _dumped(self, row: Resource) -> Json:
        """A resource as its service shows it, and (with an underscore) what no answer tells."""
        text = self._world.cloud.renderer.shape(row)
        text["_kind"] = row.kind
        text["_under_way"] = row.transition is not None
        if isinstance(row, Instance):
            text["_task"] = row.busy_with()
            text["_local_data_lost"] = row.local_data_lost
        return text


def _request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
) -> web.BaseRequest:
    return web.BaseRequest(message, payload, protocol, writer, task, asyncio.get_running_loop(), client_max_size=MAX_BODY)


def _wanted(entry: Entry, query: dict[str, str]) -> bool:
    return (
        entry.number > int(query.get("since", 0))
        and fnmatchcase(entry.operation, query.get("operation", "*"))
        and fnmatchcase(entry.fault, query.get("fault", "*"))
        and ("resource" not in query or any(fnmatchcase(one, query["resource"]) for one in entry.resources))
    )
