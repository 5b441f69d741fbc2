# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The virtual cloud as the tests use it: set up a world, let a run happen in it, look at the log and at what is left.

A run of thousands of machines takes no real time but its own computing, in one thread, and the same way every time for
a given seed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.dispatch.dispatcher import Dispatcher
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.dispatch.rate_limit import RateLimiter
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.selection import Selection
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.timing import Timing
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.machines.record import MachineRecord, MachineRun
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.machines.run import MachineOptions, run_action
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.policy import Policy
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.machines.report import MachineReport
from support.fleet.around import Around
from support.fleet.backups import HOUR, Backups, TrueImage, TrueSnapshot, marker
from support.fleet.operations import Durations, Operations
from support.fleet.service import Limits, Service
from support.fleet.virtual_time import Network, VirtualPool, VirtualTime
from support.fleet.world import TrueAddress, TrueDisk, TrueMachine, World

PROTECT = {"jdcloud-protect": ("*",)}


class Cloud:
    """Everything together. `durations`, `limits` and `network` may be changed until the run begins."""

    def __init__(
        self,
        seed: int = 0,
        *,
        durations: Durations | None = None,
        limits: Limits | None = None,
        network: Network | None = None,
    ) -> None:
        self.rng = random.Random(seed)
        self.time = VirtualTime()
        self.world = World()
        self.network = network or Network()
        self.limits = limits or Limits()
        self.operations = Operations(self.time, self.world, self.rng, durations or Durations())
        self.service = Service(self.time, self.world, self.rng, self.operations, self.limits)
        self.dispatcher: Dispatcher | None = None

    @property
    def log(self) -> Any:
        """What arrived."""
        return self.service.log

    @property
    def around(self) -> Around:
        """Groups and load balancers."""
        return self.operations.around

    @property
    def backups(self) -> Backups:
        """Images and snapshots."""
        return self.operations.backups

    def image(self, machine: TrueMachine, *, tag: str = "", inside: Mapping[str, Any] | None = None, **more: Any) -> TrueImage:
        """Add an image of an hour ago of all cloud disks of a machine; `inside` changes its snapshots."""
        image_id = f"img-{machine.instance_id[2:]}{tag}"
        made_at = more.pop("made_at", self.time.now() - HOUR)
        parts = []
        for disk in machine.disks:
            if disk.disk_id is not None:
                parts.append(f"snapshot-{tag}{disk.disk_id}in")
                plain = {"made_at": made_at, "image_id": image_id, **(inside or {})}
                self.backups.add(TrueSnapshot(parts[-1], disk.disk_id, **plain))
        local = any(disk.system and disk.local for disk in machine.disks)
        plain = {
            "machine_id": machine.instance_id,
            "description": marker(machine.instance_id),
            "parts": parts,
            "local_system": local,
        }
        image = TrueImage(image_id, made_at=made_at, **{**plain, **more})
        self.backups.add(image)
        return image

    def snapshots(self, machine: TrueMachine, *, tag: str = "", **more: Any) -> list[TrueSnapshot]:
        """Add a snapshot of an hour ago of each cloud disk of a machine."""
        plain: dict[str, Any] = {"made_at": self.time.now() - HOUR, "description": marker(machine.instance_id), **more}
        made = [TrueSnapshot(f"snapshot-{tag}{disk.disk_id}", disk.disk_id, **plain) for disk in machine.disks if disk.disk_id]
        for each in made:
            self.backups.add(each)
        return made

    def machine(self, instance_id: str = "i-one", status: str = "running", **more: Any) -> TrueMachine:
        """Add a machine; `addresses` are its elastic IPs."""
        addresses: Sequence[TrueAddress] = more.pop("addresses", ())
        machine = self.world.add(TrueMachine(instance_id, status, **more), addresses=addresses)
        endings = {"stopping": "stopped", "starting": "running", "pending": "running", "rebooting": "running", "deleting": "gone"}
        if status in endings:
            self.operations.move(machine, status, endings[status], 3.0)
        return machine

    def disturb(self, machine: TrueMachine, act: Callable[[TrueMachine], object]) -> Callable[[], None]:
        """Another user does something to a machine, if it still exists; the time is noted."""

        def happen() -> None:
            if machine.instance_id in self.world.machines:
                act(machine)
                machine.disturbed_at.append(self.time.now())

        return happen

    def restart(self, machine: TrueMachine) -> Callable[[], None]:
        """Another user starts it: it runs at once."""

        def act(each: TrueMachine) -> None:
            each.generation += 1
            each.status = "running"

        return self.disturb(machine, act)

    def attach(self, machine: TrueMachine, disk: TrueDisk) -> Callable[[], None]:
        """Another user attaches a disk."""

        def act(each: TrueMachine) -> None:
            disk.machine_id = each.instance_id
            each.disks.append(disk)
            assert disk.disk_id is not None
            self.world.disks[disk.disk_id] = disk

        return self.disturb(machine, act)

    def run(
        self,
        policy: Policy,
        timing: Timing | None = None,
        *,
        cap: int | None = None,
        skip_blocked: bool = False,
        preview: bool = False,
        rate: float | None = None,
    ) -> Campaign:
        """Let a campaign happen, with `rate` as the given limit."""
        pool = VirtualPool(self.time, self.service, self.rng, self.network)
        began = self.time.now()
        self.dispatcher = Dispatcher(
            pool,
            self.time,
            RateLimiter(began, rate),
            random.Random(self.rng.random()),
            timing.retries if timing else 8,
            read_only=preview,
        )
        run = run_action(self.dispatcher, policy, timing or Timing(), MachineOptions(cap, skip_blocked, preview))
        return Campaign(
            run, MachineReport(run, "cn-north-1", policy.state), self.time.now() - began, self.dispatcher.counters.calls
        )


@dataclass
class Campaign:
    """What a run came to. `seconds` are virtual."""

    run: MachineRun
    report: MachineReport
    seconds: float
    calls: int

    def __getitem__(self, instance_id: str) -> dict[str, Any]:
        """The public result of one machine."""
        return {row["instance_id"]: row for row in self.report.instances("all")}[instance_id]

    def record(self, instance_id: str) -> MachineRecord:
        """The record of one machine."""
        return {record.instance_id: record for record in self.run.records}[instance_id]

    def code(self, instance_id: str) -> str | None:
        """The code of its error."""
        error = self[instance_id]["error"]
        return None if error is None else str(error["code"])


def by_ids(*ids: str, **more: Any) -> Selection:
    """A selection by ids and perhaps more."""
    return Selection(ids=ids or ("i-one",), name=more.get("name"), tags=more.get("tags", {}), filters=more.get("filters", {}))


def make_policy(state: Literal["absent", "stopped", "running"] = "absent", *ids: str, **more: Any) -> Policy:
    """A policy for the machines with these ids (default `i-one`), or for `selection`."""
    selection = more.pop("selection", None) or by_ids(*ids)
    return Policy(state=state, selection=selection, protect_tags=more.pop("protect_tags", PROTECT), **more)


def data_disk(name: str = "vol-data", **more: Any) -> TrueDisk:
    """A cloud data disk."""
    return TrueDisk(name, more.pop("device", "vdb"), **more)
