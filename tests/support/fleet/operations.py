# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the calls do: how machines move (facts states-power, states-creation), what the calls demand, and what goes along.

Written a second time, from the facts and not from the code that is tested.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import ApiError
from support.fleet.around import Around
from support.fleet.backups import Backups
from support.fleet.virtual_time import VirtualTime
from support.fleet.world import PREPAID, TrueAddress, TrueDisk, TrueMachine, World
from support.json_object import Json

NOTHING: Json = {}


@dataclass
class Durations:
    """Seconds; each transition takes its time plus up to `jitter` of it. `tidying`: until a gone machine's disks are deleted
    and its elastic IPs are free."""

    stop: float = 2.0
    start: float = 2.0
    delete: float = 1.5
    tidying: float = 0.0
    jitter: float = 0.0


class Operations:
    """Carries out calls. Raises `ApiError` as the service would."""

    def __init__(self, time: VirtualTime, world: World, rng: random.Random, durations: Durations) -> None:
        self._time = time
        self.hidden_in_bulk: set[str] = set()
        self._world = world
        self._rng = rng
        self._durations = durations
        self.backups = Backups()
        self.around = Around(world)
        self._handlers: Mapping[str, Callable[[Call[Any]], Json]] = {
            "vm.describeInstances": self._describe_instances,
            "vm.describeInstance": lambda call: {"instance": world.instance_json(self._machine(call))},
            "vm.stopInstance": self._stop,
            "vm.startInstance": self._start,
            "vm.deleteInstance": self._delete,
            "vm.modifyInstanceDiskAttribute": self._set_disks,
            "disk.describeDisks": self._describe_disks,
            "disk.describeDisk": self._describe_disk,
            "vm.describeImages": self._describe_images,
            "disk.describeSnapshots": self._describe_snapshots,
            "vpc.describeElasticIps": self._describe_elastic_ips,
            "vpc.describeElasticIp": self._describe_elastic_ip,
            "vpc.deleteElasticIp": self._release,
            **self.around.handlers,
        }

    def carry_out(self, call: Call[Any]) -> Json:
        """The `result` field of the answer."""
        if call.operation in ("vm.stopInstance", "vm.deleteInstance"):
            self.around.note(call)
        return self._handlers[call.operation](call)

    def move(self, machine: TrueMachine, during: str, end: str, seconds: float) -> None:
        """Begin a transition. `end` 'gone' removes the machine."""
        machine.status = during
        machine.generation += 1
        generation = machine.generation
        if during in machine.hangs:
            return
        end = "error" if during in machine.ends_in_error else end

        def arrive() -> None:
            if machine.generation != generation:
                return
            if end == "gone":
                self.remove(machine)
            else:
                machine.status = end

        self._time.at(self._time.now() + seconds * (1 + self._durations.jitter * self._rng.random()), arrive)

    def delete(self, machine: TrueMachine) -> None:
        """Begin to delete a machine, whoever wants it."""
        self.move(machine, "deleting", "gone", self._durations.delete)

    def stop(self, machine: TrueMachine) -> None:
        """Begin to stop a machine."""
        self.move(machine, "stopping", "stopped", self._durations.stop)

    def start(self, machine: TrueMachine) -> None:
        """Begin to start a machine."""
        self.move(machine, "starting", "running", self._durations.start)

    def remove(self, machine: TrueMachine) -> None:
        """The machine is gone, and takes along what goes with it (facts disks-go-with-their-machine, disks-shared-stay)."""
        del self._world.machines[machine.instance_id]
        machine.status = "gone"
        self.around.forget(machine.instance_id)
        for disk in machine.disks:
            self._let_go(disk)
        for address in self._world.addresses_of(machine.instance_id):
            secondary = {nic.nic_id for nic in machine.nics[1:] if nic.auto_delete is not True}
            if address.nic not in secondary:
                self._later(partial(self._free, address, machine.instance_id))

    def _later(self, act: Callable[[], None]) -> None:
        if self._durations.tidying:
            self._time.at(self._time.now() + self._durations.tidying, act)
        else:
            act()

    def _let_go(self, disk: TrueDisk) -> None:
        if disk.disk_id is None:
            return
        if disk.system:
            goes = disk.auto_delete is not False
        else:
            goes = bool(disk.auto_delete) and not disk.shared and disk.charge_mode != PREPAID
        if goes:
            disk.status = "deleting"
            self._later(partial(self._delete_disk, disk.disk_id))
        else:
            disk.machine_id = None
            disk.status = "available"

    def _delete_disk(self, disk_id: str) -> None:
        self._world.disks.pop(disk_id, None)

    @staticmethod
    def _free(address: TrueAddress, instance_id: str) -> None:
        if address.machine_id == instance_id:
            address.machine_id = address.nic = None

    def _machine(self, call: Call[Any]) -> TrueMachine:
        machine = self._world.machines.get(call.resource or "")
        if machine is None:
            raise self._error(call, 404, "NOT_FOUND", f"Instance '{call.resource}' not found.")
        return machine

    def _error(self, call: Call[Any], http: int, status: str, message: str) -> ApiError:
        return ApiError(call.operation, http, status, message, f"refusal-{self._rng.randrange(10**9)}")

    def _refuse_state(self, call: Call[Any], machine: TrueMachine, *allowed: str) -> None:
        if machine.status not in allowed:
            raise self._error(call, 400, "FAILED_PRECONDITION", f"Invalid instance status '{machine.status}'")

    def _stop(self, call: Call[Any]) -> Json:
        machine = self._machine(call)
        self._refuse_state(call, machine, "running")
        self.stop(machine)
        return NOTHING

    def _start(self, call: Call[Any]) -> Json:
        machine = self._machine(call)
        self._refuse_state(call, machine, "stopped")
        if machine.charge_mode is not None and machine.charge_status != "normal":
            raise self._error(call, 400, "FAILED_PRECONDITION", "Invalid charge state")
        self.start(machine)
        return NOTHING

    def _delete(self, call: Call[Any]) -> Json:
        machine = self._machine(call)
        self._refuse_state(call, machine, "running", "stopped", "error")
        if self._time.now() < machine.uncharged_until or machine.charge_mode is None:
            raise self._error(call, 403, "PERMISSION_DENIED", "Can't delete no charged resource")
        self.delete(machine)
        return NOTHING

    def _set_disks(self, call: Call[Any]) -> Json:
        machine = self._machine(call)
        if machine.status == "error":
            raise self._error(call, 400, "FAILED_PRECONDITION", "Invalid instance status error")
        disks = {disk.disk_id: disk for disk in machine.disks if not disk.system}
        wanted = {row["diskId"]: row["autoDelete"] for row in (call.body or {})["dataDisks"]}
        for disk_id in wanted:
            if disk_id not in disks:
                raise self._error(call, 400, "FAILED_PRECONDITION", f"disk '{disk_id}' not mounted on instance")
        for disk_id, value in wanted.items():
            disks[disk_id].auto_delete = value
        return NOTHING

    def _describe_instances(self, call: Call[Any]) -> Json:
        query = dict(call.query)
        wanted = _filters(query, "filters", "name")
        rows = list(self._world.machines.values())
        if "instanceId" in wanted:
            rows = [self._world.machines[each] for each in wanted["instanceId"] if each in self._world.machines]
        if "name" in wanted:
            # Fuzzy, as at the service.
            rows = [machine for machine in rows if wanted["name"][0] in machine.name]
        if "status" in wanted:
            rows = [machine for machine in rows if machine.status in wanted["status"]]
        for key, values in _filters(query, "tags", "key").items():
            rows = [machine for machine in rows if machine.tags.get(key) in values]
        page = _page(rows, query)
        return {"instances": [self._world.instance_json(machine) for machine in page], "totalCount": len(rows)}

    def _describe_disks(self, call: Call[Any]) -> Json:
        query = dict(call.query)
        ids = _filters(query, "filters", "name")["diskId"]
        rows = [self._world.disks[each] for each in ids if each in self._world.disks and each not in self.hidden_in_bulk]
        return {"disks": [self._world.disk_json(disk) for disk in _page(rows, query)] or None, "totalCount": len(rows)}

    def _describe_disk(self, call: Call[Any]) -> Json:
        disk = self._world.disks.get(call.resource or "")
        if disk is None:
            raise self._error(call, 404, "NOT_FOUND", f"Disk '{call.resource}' not found")
        return {"disk": self._world.disk_json(disk)}

    def _describe_images(self, call: Call[Any]) -> Json:
        query = dict(call.query)
        assert query["imageSource"] == "private"
        rows = self.backups.images(value for name, value in query.items() if name.startswith("instanceIds."))
        return {"images": [self.backups.image_json(each) for each in _page(rows, query)], "totalCount": len(rows)}

    def _describe_snapshots(self, call: Call[Any]) -> Json:
        query = dict(call.query)
        rows = self.backups.snapshots(_filters(query, "filters", "name")["diskId"])
        shown = [self.backups.snapshot_json(each) for each in _page(rows, query)]
        return {"snapshots": shown or None, "totalCount": len(rows)}

    def _describe_elastic_ips(self, call: Call[Any]) -> Json:
        query = dict(call.query)
        ids = _filters(query, "filters", "name")["elasticIpIds"]
        rows = [self._world.elastic_ips[each] for each in ids if each in self._world.elastic_ips]
        return {"elasticIps": [World.elastic_ip_json(each) for each in _page(rows, query)], "totalCount": len(rows)}

    def _describe_elastic_ip(self, call: Call[Any]) -> Json:
        address = self._world.elastic_ips.get(call.resource or "")
        if address is None:
            raise self._error(call, 404, "NOT_FOUND", f"elasticIp '{call.resource}' not found")
        return {"elasticIp": World.elastic_ip_json(address)}

    def _release(self, call: Call[Any]) -> Json:
        address = self._world.elastic_ips.get(call.resource or "")
        if address is None:
            raise self._error(call, 404, "NOT_FOUND", f"elasticIp '{call.resource}' not found")
        if address.machine_id is not None or address.package is not None:
            raise self._error(call, 400, "FAILED_PRECONDITION", "It is associated or in a package")
        del self._world.elastic_ips[address.elastic_ip_id]
        return NOTHING


def _filters(query: Mapping[str, str], kind: str, name: str) -> dict[str, list[str]]:
    """`filters.N.name` and `filters.N.values.M` as a dict."""
    found: dict[str, list[str]] = {}
    number = 1
    while f"{kind}.{number}.{name}" in query:
        values: list[str] = []
        while f"{kind}.{number}.values.{len(values) + 1}" in query:
            values.append(query[f"{kind}.{number}.values.{len(values) + 1}"])
        found[query[f"{kind}.{number}.{name}"]] = values
        number += 1
    return found


T = TypeVar("T")


def _page(rows: list[T], query: Mapping[str, str]) -> list[T]:
    size = int(query.get("pageSize", "20"))
    start = (int(query.get("pageNumber", "1")) - 1) * size
    return rows[start : start + size]
