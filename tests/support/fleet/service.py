# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The virtual cloud's service: answers calls, moves machines from state to state in virtual time, and fails on demand."""

from __future__ import annotations

import enum
import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call, Response
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import (
    ApiError,
    JdcloudError,
    TransportError,
    TransportKind,
)
from support.fleet.backups import EPOCH
from support.fleet.log import IMAGES, SNAPSHOTS, BackupRead, Log, Sight, Snapshot, Write
from support.fleet.operations import Operations
from support.fleet.virtual_time import Reply, VirtualTime
from support.fleet.world import TrueMachine, World
from support.json_object import Json

TIME_OUT = 30.0


class Harm(enum.Enum):
    """What goes wrong with one call. SHORT and EMPTY are for describeInstances by ids, and SHORT also for images and
    snapshots: rows missing while totalCount counts them, and no rows with totalCount 0."""

    LOST_BEFORE = "the connection is reset before anything happened"
    LOST_AFTER = "the connection is reset after the effect"
    TIMED_OUT = "nothing comes back, after the effect"
    FAILED_BEFORE = "500 before the effect"
    FAILED_AFTER = "500 after the effect"
    UNREACHABLE = "it does not arrive, and the sender knows it"
    BUSY = "refused: a task runs"
    FORBIDDEN = "refused: no right to call this"
    THROTTLED = "refused: too many calls"
    SHORT = "rows are missing"
    EMPTY = "nothing is shown"


AFTER = frozenset({Harm.LOST_AFTER, Harm.TIMED_OUT, Harm.FAILED_AFTER, Harm.SHORT, Harm.EMPTY})


@dataclass
class Limits:
    """Calls a second (None: no limit) and how many may come at once; from when on every call is answered 401."""

    rate: float | None = None
    burst: float = 10.0
    locked_out_at: float | None = None


class Service:
    """A `virtual_time.Receiver`. `harm` chooses what goes wrong with a call, apart from what `harm_upon` orders.

    `twist` makes another JSON of a true answer.
    """

    def __init__(self, time: VirtualTime, world: World, rng: random.Random, operations: Operations, limits: Limits) -> None:
        self.log = Log()
        self.harm: Callable[[Call[Any]], Harm | None] = lambda call: None
        self.twist: Callable[[Call[Any], Json], Json] = lambda call, result: result
        self.limits = limits
        self._time = time
        self._world = world
        self._rng = rng
        self._operations = operations
        self._tokens = limits.burst
        self._counted_at = time.now()
        self._serial = 0
        self._version = 0
        self._arrivals: dict[tuple[str, str], int] = defaultdict(int)
        self._intruders: dict[tuple[str, str, int, bool], list[Callable[[], object]]] = defaultdict(list)
        self._ordered: dict[tuple[str, str, int], Harm] = {}

    def upon(self, operation: str, resource: str, act: Callable[[], object], *, nth: int = 1, after: bool = False) -> None:
        """Let another user act just before (or after) the `nth` call of `operation` on `resource` is carried out."""
        self._intruders[operation, resource, nth, after].append(act)

    def harm_upon(self, operation: str, resource: str, harm: Harm, *nths: int) -> None:
        """Let the first call of `operation` on `resource` go wrong, or those with these numbers. Bulk reads have no resource."""
        for nth in nths or (1,):
            self._ordered[operation, resource, nth] = harm

    def receive(self, call: Call[Any], left_at: float) -> Reply:
        """A request arrives."""
        now = self._time.now()
        resource = call.resource or ""
        self.log.calls.append((now, call.operation, resource))
        if self.limits.locked_out_at is not None and now >= self.limits.locked_out_at:
            return self._refuse(call, left_at, 401, "ACCESS_ERROR", "sign result is not same [gw]")
        if self._throttles(now):
            return self._refuse(call, left_at, 429, "RATE_LIMIT", "Request rate limit exceeded")
        self._arrivals[call.operation, resource] += 1
        nth = self._arrivals[call.operation, resource]
        self._intrude(call.operation, resource, nth, after=False)
        reply = self._answer(call, left_at, self._ordered.pop((call.operation, resource, nth), None) or self.harm(call))
        self._version = self._operations.backups.version
        self._intrude(call.operation, resource, nth, after=True)
        return reply

    def answered(self, call: Call[Any], left_at: float, reply: Reply, received_at: float) -> Response[Any]:
        """The answer as its receiver gets it; what it shows of machines is written down."""
        self._serial += 1
        now = self._time.now()
        bulk = call.operation == "vm.describeInstances"
        if reply.value is not None and (bulk or call.operation == "vm.describeInstance"):
            for row in reply.value.items if bulk else [reply.value]:
                machine = self._world.machines[row.instance_id]
                disks = tuple(disk.disk_id for disk in machine.disks)
                sight = Sight(left_at, now, received_at, bulk, self._snapshot(machine), disks)
                self.log.sights[row.instance_id].append(sight)
        if reply.value is not None and call.operation in (IMAGES, SNAPSHOTS) and ("pageNumber", "1") in call.query:
            ids = frozenset(value for _name, value in call.query)
            self.log.backup_reads.append(BackupRead(call.operation, ids, self._version, left_at, now, received_at))
        date = EPOCH + timedelta(seconds=int(now))
        return Response(reply.value, f"request-{self._serial}", date, left_at, received_at)

    def _answer(self, call: Call[Any], left_at: float, harm: Harm | None) -> Reply:
        truth = self._truth(call)
        try:
            if harm is not None and harm not in AFTER:
                raise self._harmed(call, harm)
            result = self._operations.carry_out(call)
        except JdcloudError as error:
            self._write_down(call, left_at, truth, took_effect=False, text=False)
            return Reply(error=error)
        text = harm is None
        self._write_down(call, left_at, truth, took_effect=True, text=text)
        if harm in (Harm.SHORT, Harm.EMPTY):
            result = self._cut(result, harm, call.operation)
        elif harm is not None:
            return Reply(error=self._harmed(call, harm), delay=TIME_OUT if harm is Harm.TIMED_OUT else 0.0)
        try:
            return Reply(value=call.parse(self.twist(call, result)))
        except (ValueError, TypeError, LookupError):
            return Reply(error=TransportError("garbled.", operation=call.operation, kind="garbled", sent=True, http=200))

    def _harmed(self, call: Call[Any], harm: Harm) -> JdcloudError:
        if harm is Harm.THROTTLED:
            return self._api_error(call, 429, "RATE_LIMIT", "Request rate limit exceeded")
        if harm is Harm.FORBIDDEN:
            return self._api_error(call, 403, "HTTP_FORBIDDEN", "HTTP_FORBIDDEN")
        if harm is Harm.BUSY:
            return self._api_error(call, 400, "FAILED_PRECONDITION", "Conflict with underlay task 'resize'")
        if harm in (Harm.FAILED_BEFORE, Harm.FAILED_AFTER):
            return self._api_error(call, 500, "UNKNOWN", "Unknown server error")
        kinds: dict[Harm, TransportKind] = {Harm.TIMED_OUT: "timeout", Harm.UNREACHABLE: "unreachable"}
        kind = kinds.get(harm, "reset")
        return TransportError(f"{kind}.", operation=call.operation, kind=kind, sent=harm is not Harm.UNREACHABLE)

    def _cut(self, result: Json, harm: Harm, operation: str) -> Json:
        name = {"vm.describeInstances": "instances", IMAGES: "images", SNAPSHOTS: "snapshots"}.get(operation)
        if name is None or (harm is Harm.EMPTY and name != "instances"):
            return result
        if harm is Harm.EMPTY:
            return {name: [], "totalCount": 0}
        rows = [row for row in result[name] or [] if self._rng.random() < 0.5]
        return {name: rows, "totalCount": len(rows) + 1}

    def _api_error(self, call: Call[Any], http: int, status: str, message: str) -> ApiError:
        self._serial += 1
        return ApiError(call.operation, http, status, message, f"request-{self._serial}")

    def _refuse(self, call: Call[Any], left_at: float, http: int, status: str, message: str) -> Reply:
        self._write_down(call, left_at, self._truth(call), took_effect=False, text=False)
        return Reply(error=self._api_error(call, http, status, message))

    def _truth(self, call: Call[Any]) -> Snapshot | None:
        machine = self._world.machines.get(call.resource or "")
        return self._snapshot(machine) if machine is not None and call.write else None

    def _snapshot(self, machine: TrueMachine) -> Snapshot:
        return Snapshot.of(machine, [each.elastic_ip_id for each in self._world.addresses_of(machine.instance_id)])

    def _write_down(self, call: Call[Any], left_at: float, truth: Snapshot | None, *, took_effect: bool, text: bool) -> None:
        if call.write:
            body = dict(call.body or {})
            resource = call.resource or ""
            write = Write(call.operation, resource, body, left_at, self._time.now(), truth, took_effect, text)
            self.log.writes.append(write)

    def _throttles(self, now: float) -> bool:
        if self.limits.rate is None:
            return False
        self._tokens = min(self.limits.burst, self._tokens + (now - self._counted_at) * self.limits.rate)
        self._counted_at = now
        if self._tokens < 1.0:
            return True
        self._tokens -= 1.0
        return False

    def _intrude(self, operation: str, resource: str, nth: int, *, after: bool) -> None:
        for act in self._intruders.pop((operation, resource, nth, after), []):
            act()
