# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Random scenarios: a world, a policy, faults and people who interfere, all from one seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.selection import Selection
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.timing import Timing
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.evidence.proof import Demand
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.policy import DiskChoice, Policy, State
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.surroundings import BalancerChoice, GroupChoice
from support.fleet.around import TrueTargetGroup
from support.fleet.audit import Before
from support.fleet.backups import DAY, HOUR, marker
from support.fleet.log import DELETE, IMAGES, SET_DISKS, SNAPSHOTS
from support.fleet.operations import Durations
from support.fleet.service import Harm, Limits
from support.fleet.virtual import Cloud, data_disk
from support.fleet.virtual_time import Network
from support.fleet.world import FUTURE, PAST, POSTPAID, PREPAID, TrueAddress, TrueDisk, TrueMachine, TrueNic

STATUSES = ["running"] * 8 + ["stopped"] * 5 + ["error", "stopping", "starting", "pending", "rebooting", "deleting", "suspended"]
ALL_HARMS = [
    Harm.LOST_BEFORE,
    Harm.LOST_AFTER,
    Harm.TIMED_OUT,
    Harm.FAILED_BEFORE,
    Harm.FAILED_AFTER,
    Harm.UNREACHABLE,
    Harm.BUSY,
]
PROTECTION = "jdcloud-protect"
SURROUNDED = 0.3
"""The share of scenarios with availability groups and load balancers."""
DEMANDING = 0.35
"""The share of scenarios in which a delete needs backups."""


@dataclass
class Scenario:
    """What a seed comes to."""

    cloud: Cloud
    policy: Policy
    timing: Timing
    before: Before
    skip_blocked: bool
    rate: float | None


def scenario(seed: int, *, peaceful: bool = False) -> Scenario:
    """The scenario of a seed. `peaceful`: nothing goes wrong and nobody interferes."""
    rng = random.Random(seed)
    durations = Durations(rng.uniform(0.2, 6), rng.uniform(0.2, 6), rng.uniform(0.2, 6), rng.choice([0, 0.4, 4]), rng.random())
    limit = None if peaceful else rng.choice([None, None, 5.0, 20.0, 100.0])
    network = Network(rng.choice([0.005, 0.02, 0.3, 2.0]), rng.random(), 0 if peaceful else rng.choice([0, 0, 0.1]))
    cloud = Cloud(seed, durations=durations, limits=Limits(limit, rng.choice([1.0, 10.0])), network=network)
    count = rng.choice([1, 2, 3, 5, 8, 30])
    machines = [_machine(rng, cloud, f"i-m{number}") for number in range(count)]
    policy = _policy(rng, machines)
    if rng.random() < SURROUNDED:
        policy = _surround(rng, cloud, machines, policy)
        # What is left afterwards no preview can know.
        cloud.around.keeps_targets = not peaceful and rng.random() < 0.7
    before = Before.of(cloud)
    if rng.random() < DEMANDING:
        policy = replace(policy, **_demand(rng))
        # Reads of backups and machines, one after the other, must fit into the seconds of the gate.
        network.latency = min(network.latency, 0.3) if peaceful else network.latency
        for machine in machines:
            # Most of them must get past the status, or their backups are of no interest.
            if rng.random() < 0.9:
                machine.status, machine.generation = "stopped", machine.generation + 1
            _back_up(rng, cloud, machine, peaceful=peaceful)
    wait = rng.random() < 0.9 or policy.stop_running or policy.release_elastic_ips
    timing = Timing(wait, rng.choice([6.0, 20.0, 60.0, 600.0]), rng.choice([0.25, 1.0, 2.0, 5.0]), rng.choice([1, 3, 8]))
    if not peaceful:
        _disturb(rng, cloud, machines, before)
        _break(rng, cloud)
        if policy.demand is not None:
            _disturb_backups(rng, cloud)
    return Scenario(cloud, policy, timing, before, rng.random() < 0.7, rng.choice([None, None, 4.0, 50.0]))


def _machine(rng: random.Random, cloud: Cloud, instance_id: str) -> TrueMachine:
    disks = [
        _disk(rng, f"vol-{instance_id[2:]}d{number}", f"vd{'bcdef'[number]}") for number in range(rng.choice([0, 0, 1, 2, 3]))
    ]
    if rng.random() < 0.1:
        disks.append(TrueDisk(None, "vdh", local=True, auto_delete=None))
    nics = [TrueNic(f"port-{instance_id[2:]}b", rng.choice([True, False, None]))] if rng.random() < 0.15 else []
    addresses = []
    for number in range(rng.choice([0, 0, 1, 1, 2])):
        address = TrueAddress(f"fip-{instance_id[2:]}x{number}", nic=rng.choice([each.nic_id for each in nics] or [None]))
        if rng.random() < 0.1:
            address.charge_mode, address.expires = PREPAID, rng.choice(["2026-12-31 23:59:59", "2025-12-31 23:59:59"])
        addresses.append(address)
    mode = rng.choice([POSTPAID] * 9 + [PREPAID] * 3 + ["postpaid_by_usage", None])
    stuck = rng.choice(["stopping", "deleting", "starting"]) if rng.random() < 0.04 else ""
    broken = rng.choice(["stopping", "deleting", "starting"]) if rng.random() < 0.04 else ""
    machine = cloud.machine(
        instance_id,
        rng.choice(STATUSES),
        tags={PROTECTION: "yes"} if rng.random() < 0.08 else {"env": rng.choice(["test", "test", "prod"])},
        charge_mode=mode,
        charge_status=rng.choice(["normal"] * 8 + ["overdue"]),
        expires=rng.choice([PAST, FUTURE, None]) if mode == PREPAID else None,
        disks=disks,
        nics=nics,
        addresses=addresses,
        hangs={stuck} if stuck else set(),
        ends_in_error={broken} if broken else set(),
    )
    if rng.random() < 0.1:
        machine.uncharged_until = cloud.time.now() + rng.choice([3.0, 20.0, 300.0])
    return machine


def _disk(rng: random.Random, disk_id: str, device: str) -> TrueDisk:
    disk = data_disk(disk_id, device=device, auto_delete=rng.choice([True, False, None]))
    kind = rng.random()
    if kind < 0.1:
        disk.charge_mode = PREPAID
    elif kind < 0.15:
        disk.charge_mode = "postpaid_by_usage"
    elif kind < 0.2:
        disk.shared = True
    return disk


def _policy(rng: random.Random, machines: list[TrueMachine]) -> Policy:
    states: list[State] = ["absent", "absent", "absent", "absent", "absent", "absent", "stopped", "running"]
    options: list[DiskChoice] = ["as_configured", "as_configured", "keep", "delete"]
    state = rng.choice(states)
    ids = tuple(machine.instance_id for machine in machines if rng.random() < 0.9) or (machines[0].instance_id,)
    more = ("i-missing",) if rng.random() < 0.2 else ()
    tags = {"env": ("test",)} if rng.random() < 0.3 else {}
    absent = state == "absent"
    return Policy(
        state=state,
        selection=Selection(ids=ids + more, name=None, tags=tags, filters={}),
        protect_tags={PROTECTION: ("*",)},
        stop_running=absent and rng.random() < 0.7,
        disks=rng.choice(options) if absent else "as_configured",
        release_elastic_ips=absent and rng.random() < 0.5,
        charge_on_stopped=rng.choice([None, None, "keepCharging"]) if state != "running" else None,
    )


def _surround(rng: random.Random, cloud: Cloud, machines: list[TrueMachine], policy: Policy) -> Policy:
    """Make some machines members of groups and targets of load balancers."""
    around = cloud.around
    for number in range(rng.choice([1, 2, 5])):
        around.target_groups[f"tg-{number}"] = TrueTargetGroup(f"tg-{number}", rng.choice(["alb", "nlb", "dnlb"]))
        # A target that stays, so that some are not the last one.
        target_id = around.register(f"tg-{number}", "i-stranger")
        if rng.random() < 0.2:
            around.target_groups[f"tg-{number}"].unhealthy.add(target_id)
    for machine in machines:
        if rng.random() < 0.4:
            around.join(machine, rng.choice(["ag-1", "ag-2"]), managed=rng.random() < 0.6, scaling=rng.random() < 0.8)
        for group_id in around.target_groups:
            if rng.random() < 0.3:
                around.register(group_id, machine.instance_id, rng.choice([80, 8080]), rng.choice([0, 1, 10]))
    choices: list[GroupChoice] = ["block", "abandon", "abandon", "ignore"]
    ways: list[BalancerChoice] = ["block", "deregister", "deregister", "deregister", "ignore"]
    return replace(
        policy,
        group_members=rng.choice(choices),
        load_balancers=rng.choice(ways),
        drain_seconds=rng.choice([0.0, 5.0, 90.0]),
        allow_last_target=rng.random() < 0.5,
    )


def _demand(rng: random.Random) -> dict[str, Any]:
    demand = Demand(rng.choice(["image", "image", "snapshots", "both"]), 24.0, rng.choice([None, None, "c1"]))
    return {"state": "absent", "stop_running": False, "charge_on_stopped": None, "demand": demand}


def _back_up(rng: random.Random, cloud: Cloud, machine: TrueMachine, *, peaceful: bool) -> None:
    """Mostly good backups; unless it is `peaceful`, some of them go stale while the run goes on."""
    now = cloud.time.now()
    for number in range(rng.choice([0, *[1] * 12, 2, 2])):
        more = _asset(rng, machine, now, peaceful=peaceful)
        image = cloud.image(machine, tag=f"n{number}", **more)
        if rng.random() < 0.03:
            image.machine_id = "i-stranger"
        if image.parts and rng.random() < 0.03:
            image.parts.pop()
        if rng.random() < 0.03:
            image.status = rng.choice(["pending", "error", "deleting"])
        image.imported = rng.random() < 0.02
    for number in range(rng.choice([0, *[1] * 12, 2, 2])):
        for snapshot in cloud.snapshots(machine, tag=f"n{number}", **_asset(rng, machine, now, peaceful=peaceful)):
            if rng.random() < 0.02:
                snapshot.status = rng.choice(["creating", "error_create", "in-use"])
            if rng.random() < 0.02:
                snapshot.disk_id = "vol-stranger"


def _asset(rng: random.Random, machine: TrueMachine, now: float, *, peaceful: bool) -> dict[str, Any]:
    soon = HOUR if peaceful else rng.uniform(0, 20)
    made_at = now - rng.choice([*[HOUR] * 12, 23 * HOUR, 24 * HOUR - soon, 30 * HOUR])
    expires_at = rng.choice([None] * 20 + [now + 30 * DAY, now + 7 * DAY + soon, now + DAY])
    whose = machine.instance_id if rng.random() < 0.98 else "i-stranger"
    text = marker(whose, rng.choice(["c1"] * 15 + ["c2"]), rng.choice(["true"] * 30 + ["false"]))
    return {"made_at": made_at, "expires_at": expires_at, "description": text if rng.random() < 0.98 else "a backup"}


def _disturb_backups(rng: random.Random, cloud: Cloud) -> None:
    """People who delete and change backups: at any time, or right before or after our own reads and deletes."""
    for _number in range(rng.choice([0, 1, 3, 8])):
        if not cloud.backups.ids():
            return
        act = _change_of(rng, cloud, rng.choice(cloud.backups.ids()))
        if rng.random() < 0.4:
            cloud.time.at(cloud.time.now() + rng.uniform(0, 10), act)
        else:
            operation = rng.choice([IMAGES, SNAPSHOTS, "vm.describeInstances"])
            cloud.service.upon(operation, "", act, nth=rng.randrange(1, 6), after=rng.random() < 0.5)


def _change_of(rng: random.Random, cloud: Cloud, asset: str) -> Callable[[], None]:
    fields: dict[str, Any] = rng.choice(
        [{"status": "deleting"}, {"status": "error"}, {"description": "rubbed out"}, {"expires_at": cloud.time.now() + DAY}]
    )
    return rng.choice([lambda: cloud.backups.lose(asset), lambda: cloud.backups.change(asset, **fields)])


def _break(rng: random.Random, cloud: Cloud) -> None:
    """Faults of single calls, and a lock-out."""
    share = rng.choice([0.0, 0.02, 0.1, 0.3])
    harms = rng.sample(ALL_HARMS, rng.randint(1, len(ALL_HARMS)))
    lies = [Harm.EMPTY] if rng.random() < 0.3 else []

    def harm(call: Any) -> Harm | None:
        if cloud.rng.random() >= share:
            return None
        if call.operation in (IMAGES, SNAPSHOTS) and cloud.rng.random() < 0.5:
            return Harm.SHORT
        if call.operation == "vm.describeInstances" and cloud.rng.random() < 0.5:
            # Two empty answers in a row would be a service that lies steadily; no rule can stand that.
            return lies.pop() if lies else Harm.SHORT
        return cloud.rng.choice(harms) if call.write else cloud.rng.choice([Harm.LOST_BEFORE, Harm.FAILED_BEFORE])

    cloud.service.harm = harm
    if rng.random() < 0.05:
        cloud.limits.locked_out_at = cloud.time.now() + rng.uniform(0, 10)


def _disturb(rng: random.Random, cloud: Cloud, machines: list[TrueMachine], before: Before) -> None:
    """People who interfere: at any time, or right before or after our own writes."""
    for _number in range(rng.choice([0, 1, 2, 5, 10])):
        machine = rng.choice(machines)
        act = _interference(rng, cloud, machine, before)
        if rng.random() < 0.5:
            cloud.time.at(cloud.time.now() + rng.uniform(0, 15), act)
        else:
            cloud.service.upon(
                rng.choice([DELETE, SET_DISKS]), machine.instance_id, act, nth=rng.choice([1, 1, 2]), after=rng.random() < 0.7
            )


def _interference(rng: random.Random, cloud: Cloud, machine: TrueMachine, before: Before) -> Callable[[], None]:
    def delete(each: TrueMachine) -> None:
        if each.status in ("running", "stopped", "error"):
            before.deleted_by_others.add(each.instance_id)
            cloud.operations.delete(each)

    def start(each: TrueMachine) -> None:
        if each.status == "stopped":
            cloud.operations.start(each)

    def toggle(each: TrueMachine) -> None:
        for disk in each.disks[1:2]:
            disk.auto_delete = not disk.auto_delete

    def move_address(each: TrueMachine) -> None:
        for address in cloud.world.addresses_of(each.instance_id)[:1]:
            address.machine_id, address.nic = rng.choice([(None, None), ("i-stranger", "port-stranger")])

    if rng.random() < 0.2:
        disk = data_disk(f"vol-new{rng.randrange(10**6)}", device="vdz", auto_delete=True)
        return cloud.attach(machine, disk)
    if rng.random() < 0.2:
        return cloud.restart(machine)
    simple: list[Callable[[TrueMachine], object]] = [
        delete,
        start,
        toggle,
        move_address,
        lambda each: each.tags.update({PROTECTION: "now"}),
        lambda each: each.tags.update(env="prod"),
        lambda each: setattr(each, "charge_mode", PREPAID),
    ]
    return cloud.disturb(machine, rng.choice(simple))
