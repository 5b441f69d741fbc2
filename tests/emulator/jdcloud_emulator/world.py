# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One emulated account and its regions, with faults, triggers, throttling and the request log: all but HTTP."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qsl

import orjson

from jdcloud_emulator.scenario.faults import Fault, Faults, outcome
from jdcloud_emulator.scenario.outside_changes import Acts
from jdcloud_emulator.scenario.seed import Seeder
from jdcloud_emulator.scenario.seed_dns import add_names
from jdcloud_emulator.scenario.seed_file import add_accounts
from jdcloud_emulator.services import account, ag, disk, dns, lb, lb_targets, monitor, vm, vm_create, vm_images, vpc
from jdcloud_emulator.services.api import OPERATIONS, Call, Operation, bad_value, forbidden
from jdcloud_emulator.services.not_emulated import is_documented
from jdcloud_emulator.signature import Account, Authorization, Credential, Gate, decoded_path, decoded_token
from jdcloud_emulator.state import balancing, monitoring, scaling
from jdcloud_emulator.state.cloud import Cloud, Region
from jdcloud_emulator.state.json_object import Json
from jdcloud_emulator.state.settings import ApiError, Clock, Quotas, Settings, UsageError
from jdcloud_emulator.waiting import WaitingRoom

# Importing these modules registers their operations.
SERVICES = (vm, vm_images, vm_create, disk, vpc, account, ag, lb, lb_targets, dns, monitor)
# Whose paths begin with another version than /v1/.
# Older pages of monitor have v1 (fact monitor-version).
VERSIONS = {"domainservice": ("v2",), "monitor": ("v2", "v1")}
LOGGED_REQUESTS = 100_000
MFA_OPERATIONS = ("vm.deleteInstance",)
ID_FIELDS = (
    "diskId",
    "elasticIpId",
    "instanceIds",
    "resourceId",
    "resourceIds",
    "snapshotId",
    "imageId",
    "targetId",
    "targetIds",
)


@dataclass(slots=True)
class Request:
    """What came in over HTTP. Header names are looked up without regard to case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Entry:
    """One line of the request log. It never holds secrets: no headers, no bodies, four characters of the access key."""

    number: int
    time: float
    wall: float
    method: str
    path: str
    query: str
    connection: int
    operation: str = ""
    resources: tuple[str, ...] = ()
    http: int = 0
    status: str = ""
    request_id: str = ""
    effect: str = "none"
    fault: str = ""
    account: str = ""
    seconds: float = 0.0

    def as_dict(self) -> Json:
        """All fields by name."""
        return {name: getattr(self, name) for name in self.__slots__}


class Bucket:
    """A token bucket: `rate` calls a second, `burst` of them at once."""

    def __init__(self) -> None:
        self._tokens: float | None = None
        self._seen = 0.0

    def take(self, now: float, rate: float, burst: float) -> bool:
        """Whether one more call is within the limit at this moment (real seconds)."""
        capacity = burst or max(1.0, rate / 10)
        tokens = capacity if self._tokens is None else min(capacity, self._tokens + (now - self._seen) * rate)
        self._seen = now
        self._tokens = tokens - 1 if tokens >= 1 else tokens
        return tokens >= 1


class World:
    """Everything behind the HTTP server. It is made again from its seed by `reset`."""

    def __init__(self, seed: Json, overrides: Mapping[str, Any]) -> None:
        self._overrides = dict(overrides)
        self._seed = seed
        self.log: deque[Entry] = deque(maxlen=LOGGED_REQUESTS)
        self.count = 0
        self.reset(None)

    def reset(self, seed: Json | None) -> None:
        """Start again from the first seed, or from another one. Raises UsageError, and changes nothing, if it is no good."""
        seed = self._seed if seed is None else seed
        unknown = set(seed) - {"accounts", "settings", "quotas", "regions", "dns"}
        if unknown:
            raise UsageError(f"unknown fields in the seed: {', '.join(sorted(map(str, unknown)))}")
        settings, quotas, gate = Settings(), Quotas(), Gate()
        settings.update(seed.get("settings") or {})
        settings.update(self._overrides)
        quotas.update(seed.get("quotas") or {})
        cloud = Cloud(settings, quotas, Clock(settings))
        scaling.watch(cloud)
        balancing.watch(cloud)
        monitoring.watch(cloud)
        add_accounts(gate, seed.get("accounts") or [], cloud.wall())
        Seeder(cloud).add(seed.get("regions") or {})
        add_names(cloud, seed.get("dns") or {})
        self.settings, self.quotas, self.gate, self.cloud = settings, quotas, gate, cloud
        self.faults, self.acts = Faults(settings.random_seed), Acts(cloud)
        self.waiting = WaitingRoom(cloud.clock)
        self._buckets: dict[str, Bucket] = {}
        self.log.clear()

    def configure(self, changes: Json) -> None:
        """Change settings while everything runs on."""
        self.cloud.catch_up()
        self.cloud.configure(changes)

    # --- the gateway ----------------------------------------------------------------------------------------------

    def admit(self, request: Request, entry: Entry) -> tuple[Call, Operation]:
        """Check signature, rate, path, region and rights. Raises ApiError as the gateway does."""
        settings = self.settings
        authorization, credential = self.gate.admit(
            (request.method, request.path, request.query),
            request.headers,
            request.body,
            self.cloud.wall(),
            settings.signature_window_seconds,
            settings.check_nonce,
        )
        entry.account = credential.access_key[-4:]
        operation, region, target = self._route(authorization, request.method, decoded_path(request.path))
        entry.operation = operation.name
        if settings.rate_limit:
            bucket = self._buckets.setdefault(credential.account.name, Bucket())
            if not bucket.take(self.cloud.clock.real(), settings.rate_limit, settings.burst):
                entry.resources = (target,) if target else ()
                raise throttled()
        query = dict(parse_qsl(request.query, keep_blank_values=True)) if request.query else {}
        call = Call(self.cloud, region, operation.name, target, query, _body(request.body), credential.account, self.gate)
        entry.resources = tuple(_ids(call))
        self._check_rights(call, credential, request.headers)
        return call, operation

    def _route(self, authorization: Authorization, method: str, path: str) -> tuple[Operation, Region, str]:
        parts = path.split("/")
        shape, region_name, target = _shape(parts)
        versioned = parts[0] == "" and parts[1:2] and parts[1] in VERSIONS.get(authorization.service, ("v1",))
        operation = OPERATIONS.get((authorization.service, method, shape)) if versioned else None
        if operation is None:
            if is_documented(authorization.service, method, shape):
                raise ApiError(501, "NOT_IMPLEMENTED", "This operation is not emulated", gateway=True)
            raise ApiError(404, "NOT_FOUND", f"No such API: {authorization.service} {method} {path} [gw]", gateway=True)
        if authorization.region != (region_name or "jdcloud-api"):
            # A client that signs for another region than it calls has a bug that the real gateway would not forgive.
            raise ApiError(401, "ACCESS_ERROR", "sign result is not same [gw]", gateway=True)
        if not region_name or (authorization.service == "resourcetag" and region_name in account.SPECIAL_REGIONS):
            return operation, Region(region_name, []), target
        if region_name not in self.cloud.regions:
            raise ApiError(400, "INVALID_ARGUMENT", f"Invalid region '{region_name}'")
        return operation, self.cloud.regions[region_name], target

    def _check_rights(self, call: Call, credential: Credential, headers: Mapping[str, str]) -> None:
        who: Account = credential.account
        for operation, resource in who.denied:
            action = call.operation.replace(".", ":", 1)
            if fnmatchcase(action, operation) and fnmatchcase(call.target or "*", resource):
                raise forbidden(call.operation, call.target or "*")
        if who.mfa and call.operation in MFA_OPERATIONS and decoded_token(headers) != who.mfa:
            raise ApiError(403, "HTTP_FORBIDDEN", "MFA verification required", gateway=True)

    # --- the service ----------------------------------------------------------------------------------------------

    def strike(self, call: Call, entry: Entry) -> list[Fault]:
        """Let triggers go off and choose the faults of a call that is about to be handled."""
        self.cloud.catch_up()
        self.acts.trigger("before", call.operation, list(entry.resources))
        struck = self.faults.strike(call.operation, list(entry.resources), entry.method)
        call.outcome = outcome(struck)
        entry.fault = ",".join(fault.kind for fault in struck)
        return struck

    def handle(self, call: Call, operation: Operation, entry: Entry) -> Json | None:
        """Run the operation. Raises ApiError when the service refuses."""
        self.cloud.catch_up()
        try:
            result = operation.handler(call)
            entry.effect = "read" if entry.method == "GET" else "applied"
        except ApiError:
            entry.effect = "refused"
            raise
        finally:
            if call.touched:
                entry.resources = tuple(dict.fromkeys((*entry.resources, *call.touched)))
            self.acts.trigger("after", call.operation, list(entry.resources))
        if result is None and self.settings.empty_result == "object":
            return {}
        return result

    def refusal(self, error: ApiError, service: str) -> tuple[bytes, str]:
        """The error envelope and its request id. The gateway's has error first (fact errors-gateway)."""
        request_id = self.cloud.request_id("gateway" if error.gateway else service)
        text = {"code": error.http, "status": error.status, "message": error.message}
        if error.gateway:
            return orjson.dumps({"error": text, "requestId": request_id}), request_id
        return orjson.dumps({"requestId": request_id, "error": text}), request_id


def throttled() -> ApiError:
    """The answer to a call too many. Number, header and text are not published (fact errors-rate-limit)."""
    return ApiError(429, "RATE_LIMIT", "Request rate limit exceeded", gateway=True)


def _shape(parts: list[str]) -> tuple[str, str, str]:
    """Path parts to (path with * for region and id, region, id). Actions after a colon stay in the path."""
    if len(parts) >= 5 and parts[2] == "regions":
        rest = parts[4:]
        target = ""
        if len(rest) >= 2 and rest[1]:
            target, colon, action = rest[1].partition(":")
            rest = [rest[0], "*" + colon + action, *rest[2:]]
        return "/".join(["regions", "*", *rest]), parts[3], target
    return "/" + "/".join(parts[2:]), "", ""


def _body(body: bytes) -> Json:
    if not body:
        return {}
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise ApiError(400, "INVALID_ARGUMENT", "The request body is not JSON") from None
    if not isinstance(found, dict):
        raise bad_value("body", str(found)[:40], ["an object"])
    return found


def _ids(call: Call) -> list[str]:
    """The resources that a call names, in its path, its body, and the parameter of monitor."""
    found = [call.target] if call.target else []
    found.extend(each for each in call.query.get("resourceId", "").split("|") if each)
    if call.body:
        _collect(call.body, found)
    return list(dict.fromkeys(found))


def _collect(value: Any, found: list[str]) -> None:
    if isinstance(value, dict):
        for name, item in value.items():
            if name in ID_FIELDS:
                found.extend(one for one in (item if isinstance(item, list) else [item]) if isinstance(one, str))
            elif isinstance(item, (dict, list)):
                _collect(item, found)
    elif isinstance(value, list):
        for item in value:
            _collect(item, found)
