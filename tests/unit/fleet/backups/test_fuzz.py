# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Random backup runs with random faults and interference. A failure names its seed: `replay(SEED)` does it again."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import JdcloudError
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.backups.policy import BackupPolicy
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.backups.record import RunOptions
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.selection import Selection
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.timing import Timing
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.evidence.marker import DEFAULT_PATTERN
from support.backups.making import IMAGE, SNAPSHOT, BackedUp, Made, MakingCloud
from support.fleet.backups import HOUR, TrueImage, marker
from support.fleet.log import START, STOP
from support.fleet.operations import Durations
from support.fleet.scenarios import ALL_HARMS
from support.fleet.service import Harm, Limits
from support.fleet.virtual import PROTECT, data_disk
from support.fleet.virtual_time import Network
from support.fleet.world import TrueDisk, TrueMachine
from support.json_object import Json
from support.search import some_always

pytestmark = pytest.mark.no_cover
"""Measuring would double the time of so many runs, and their lines are covered elsewhere, too."""

BATCHES = 20
PER_BATCH = 40
SEEN_WITHIN = 5.0
"""Seconds before a create leaves within which its machine must have been seen stopped, for a marker that says so."""
NOT_KNOWN = "so it may be in progress"


@dataclass
class Scenario:
    """What a seed comes to. `status`: of each machine at the beginning."""

    cloud: MakingCloud
    policy: BackupPolicy
    timing: Timing
    options: RunOptions
    status: dict[str, str]
    rate: float | None


def scenario(seed: int) -> Scenario:
    """A world, options, faults and people who interfere, all from one seed."""
    rng = random.Random(seed)
    durations = Durations(rng.uniform(0.2, 6), rng.uniform(0.2, 6), jitter=rng.random())
    network = Network(rng.choice([0.005, 0.02, 0.3, 1.0]), rng.random(), rng.choice([0, 0, 0.1]))
    limits = Limits(rng.choice([None, None, 5.0, 20.0]), rng.choice([1.0, 10.0]))
    cloud = MakingCloud(seed, durations=durations, limits=limits, network=network)
    cloud.making.seconds = rng.choice([0.2, 3.0, 20.0])
    # Less than what a create with an unclear end is looked for.
    cloud.making.lag, cloud.making.counted = rng.choice([0.0, 0.0, 2.0]), rng.random() < 0.5
    bad = rng.choice([0.0, 0.0, 0.1])
    cloud.making.ends = lambda: cloud.rng.choice(["error", "hang"]) if cloud.rng.random() < bad else "ready"
    if rng.random() < 0.2:
        cloud.making.quotas = (rng.randrange(6), rng.randrange(12))
    machines = [_machine(rng, cloud, f"i-m{number}") for number in range(rng.choice([1, 2, 3, 6]))]
    policy = _policy(rng, machines)
    wait = rng.random() < 0.85 or policy.stop_running
    timing = Timing(wait, rng.choice([15.0, 60.0, 600.0]), rng.choice([0.25, 2.0]), rng.choice([1, 3, 8]))
    status = {machine.instance_id: machine.status for machine in machines}
    for _number in range(rng.choice([0, 0, 1, 3])):
        _disturb(rng, cloud, rng.choice(machines))
    _break(rng, cloud)
    options = RunOptions(cap=100, skip_blocked=rng.random() < 0.8, fit=rng.random() < 0.8)
    return Scenario(cloud, policy, timing, options, status, rng.choice([None, None, 0.7, 4.0, 50.0]))


def _machine(rng: random.Random, cloud: MakingCloud, instance_id: str) -> TrueMachine:
    short = instance_id[2:]
    disks = [data_disk(f"vol-{short}d{number}", device=f"vd{'bcd'[number]}") for number in range(rng.choice([0, 0, 1, 2]))]
    if rng.random() < 0.1:
        disks.append(TrueDisk(None, "vdh", local=True, auto_delete=None))
    if rng.random() < 0.05:
        disks.insert(0, TrueDisk(None, "vda", system=True, local=True, auto_delete=None))
    tags = {"jdcloud-protect": "x"} if rng.random() < 0.05 else {}
    machine = cloud.machine(
        instance_id, rng.choice(["running"] * 5 + ["stopped"] * 5 + ["stopping", "error"]), disks=disks, tags=tags
    )
    if rng.random() < 0.25:
        text = marker(instance_id, rng.choice(["c1", "c1", "c2"]), rng.choice(["true", "true", "false"]))
        more: Json = {"description": text, "made_at": cloud.time.now() - rng.choice([1, 1, 30]) * HOUR, "name": f"old-{short}"}
        if rng.random() < 0.5:
            cloud.image(machine, **more, status=rng.choice(["ready"] * 4 + ["error", "pending"]))
        else:
            cloud.snapshots(machine, **more, status=rng.choice(["available"] * 4 + ["error_create", "creating"]))
    return machine


def _policy(rng: random.Random, machines: list[TrueMachine]) -> BackupPolicy:
    stop = rng.random() < 0.6
    methods: list[Any] = ["image", "image", "snapshots", "both"]
    return BackupPolicy(
        rng.choice(methods),
        Selection(ids=tuple(machine.instance_id for machine in machines), name=None, tags={}, filters={}),
        "c1",
        DEFAULT_PATTERN,
        PROTECT,
        any_campaign=rng.random() < 0.5,
        include_data_disks=rng.random() < 0.8,
        stop_running=stop,
        start_again=stop and rng.random() < 0.7,
    )


def _disturb(rng: random.Random, cloud: MakingCloud, machine: TrueMachine) -> None:
    number = rng.randrange(10**6)

    def delete(each: TrueMachine) -> None:
        if each.status in ("running", "stopped", "error") and each.instance_id not in cloud.operations.tasks:
            cloud.operations.delete(each)

    def detach(each: TrueMachine) -> None:
        for disk in each.disks[1:2]:
            each.disks.remove(disk)
            disk.machine_id = None

    def lose(_each: TrueMachine) -> None:
        for made in cloud.making.made[:1]:
            cloud.backups.lose(made.asset_id)

    acts: list[Callable[[], None]] = [
        cloud.restart(machine),
        cloud.restart(machine),
        cloud.attach(machine, data_disk(f"vol-new{number}", device="vdz")),
        *(cloud.disturb(machine, act) for act in (delete, detach, lose)),
    ]
    act = rng.choice(acts)
    if rng.random() < 0.5:
        cloud.time.at(cloud.time.now() + rng.uniform(0, 25), act)
    else:
        operation = rng.choice([IMAGE, STOP, "vm.describeInstances", "vm.describeImages"])
        resource = machine.instance_id if operation in (IMAGE, STOP) else ""
        # The log shows what a look showed as of its end, so nobody acts between a look and that.
        after = rng.random() < 0.5 and operation != "vm.describeInstances"
        cloud.service.upon(operation, resource, act, nth=rng.choice([1, 1, 2]), after=after)


def _break(rng: random.Random, cloud: MakingCloud) -> None:
    share = rng.choice([0.0, 0.02, 0.1, 0.3])
    harms = [*rng.sample(ALL_HARMS, rng.randint(1, len(ALL_HARMS))), Harm.THROTTLED]

    def harm(call: Any) -> Harm | None:
        if cloud.rng.random() >= share:
            return None
        if call.write:
            return cloud.rng.choice(harms)
        listings = ("vm.describeImages", "disk.describeSnapshots", "vm.describeInstances")
        return cloud.rng.choice([Harm.SHORT] * (call.operation in listings) + [Harm.LOST_BEFORE, Harm.FAILED_BEFORE])

    cloud.service.harm = harm
    if rng.random() < 0.05:
        cloud.limits.locked_out_at = cloud.time.now() + rng.uniform(0, 20)


class Audit:
    """What holds of every run."""

    def __init__(self, each: Scenario, ended: BackedUp) -> None:
        self._cloud = each.cloud
        self._each = each
        self._ended = ended
        self._made = each.cloud.making.made
        self._errors = {record.instance_id: str(row) for record in ended.run.records for row in self._text(record)}

    def _text(self, record: Any) -> list[str]:
        failures = [record.failure, *(state.failure for state in record.assets)]
        return [" ".join(failure.message for failure in failures if failure is not None)]

    def check(self) -> None:
        assert self._ended.run.crash is None, self._ended.run.crash
        if self._ended.run.held_back:
            assert not self._cloud.log.writes
        self._no_doubles()
        self._marks_are_true()
        self._nothing_is_hidden()
        self._reports_are_true()
        self._power()
        self._changed_is_true()

    def _changed_is_true(self) -> None:
        writes = [write for write in self._cloud.log.writes if write.operation in (IMAGE, SNAPSHOT, STOP, START)]
        # What another user deleted before it was ever seen may have been made by an earlier run.
        if all(map(self._exists, self._made)) and any(write.took_effect and write.answered for write in writes):
            assert self._ended.report.changed
        doubted = any(row["status"] == "unverified" for row in self._ended.rows)
        power = [state for record in self._ended.run.records for state in (record.stop, record.start) if state is not None]
        doubted = doubted or any(state.in_doubt for state in power)
        if self._ended.report.changed and not doubted:
            assert any(write.took_effect for write in writes)

    def _no_doubles(self) -> None:
        good = Counter(
            made.of for made in self._made if self._exists(made) and self._status(made) not in ("error", "error_create")
        )
        assert all(count == 1 for count in good.values()), f"made more than once: {good}"

    def _marks_are_true(self) -> None:
        """At the create: a marker says stopped only if the machine was seen stopped by an answer that is at most 5 s old."""
        for write in self._cloud.log.writes:
            body = write.body.get("snapshotSpec", write.body)
            if write.operation not in (IMAGE, SNAPSHOT) or "stopped=true" not in body["description"]:
                continue
            instance_id = body["description"].split("instance=")[1].split()[0]
            known = [
                sight
                for sight in self._cloud.log.sights[instance_id]
                if sight.received_at <= write.left_at and write.left_at - sight.sent_at <= SEEN_WITHIN
            ]
            assert known, f"{write.operation} for {instance_id} without a fresh look"
            assert max(known, key=lambda sight: sight.received_at).snapshot.status == "stopped"

    def _nothing_is_hidden(self) -> None:
        shown = {row.get("image_id") or row.get("snapshot_id") for row in self._ended.rows}
        for made in self._made:
            if self._exists(made) and made.asset_id not in shown:
                text = " ".join(self._errors.values())
                assert NOT_KNOWN in text, f"{made.asset_id} is nowhere reported: {self._errors}"

    def _reports_are_true(self) -> None:
        made = {each.asset_id: each for each in self._made}
        for row in self._ended.rows:
            asset_id = row.get("image_id") or row.get("snapshot_id")
            if row["action"] not in ("created", "reused") or not self._each.timing.wait:
                continue
            asset = self._cloud.backups.find(asset_id) if asset_id else None
            if self._ended.run.held_back or asset is None:
                # Another user deleted it, or nothing was done.
                continue
            assert asset.status in ("ready", "available", "in-use"), (row, asset)
            assert (row["action"] == "created") == (asset_id in made), row
            assert f"instance={row['instance_id']} " in asset.description
            assert f"stopped={str(row['stopped']).lower()}" in asset.description, (row, asset)
            if asset_id in made:
                self._holds_all(row, made[asset_id])

    def _holds_all(self, row: Json, made: Made) -> None:
        if not isinstance(made.asset, TrueImage):
            assert row["disk_id"] == made.of
            return
        held = {part.split("-", 2)[2] for part in made.asset.parts}
        assert {disk["disk_id"] for disk in row["covered_disks"] if disk["disk_id"]} <= held
        # A machine that is started again is seen once more after its backup was proved.
        started = {write.resource for write in self._cloud.log.of(START)}
        if self._each.policy.include_data_disks and row["instance_id"] not in started:
            assert all(disk["reason"] != "the image does not contain it" for disk in row["uncovered_disks"]), row

    def _power(self) -> None:
        stops = {write.resource for write in self._cloud.log.writes if write.operation == STOP and write.took_effect}
        starts = {write.resource for write in self._cloud.log.writes if write.operation == START}
        assert starts <= stops, "started what it had not stopped"
        assert not starts or self._each.policy.start_again
        for record in self._ended.run.records:
            machine = self._cloud.world.machines.get(record.instance_id)
            undisturbed = machine is not None and not machine.disturbed_at
            if undisturbed and machine is not None and record.instance_id in stops and self._each.policy.start_again:
                failed = record.start is None or record.start.failure is not None or record.failure is not None
                assert machine.status == "running" or failed, f"{record.instance_id} was not started again"

    def _exists(self, made: Made) -> bool:
        return self._cloud.backups.find(made.asset_id) is not None

    def _status(self, made: Made) -> str:
        found = self._cloud.backups.find(made.asset_id)
        assert found is not None
        return found.status


def replay(seed: int) -> None:
    """One run and all its checks."""
    each = scenario(seed)
    try:
        ended = each.cloud.back_up(each.policy, each.timing, each.options, each.rate)
    except JdcloudError:
        assert not each.cloud.log.writes, "the run ended with an error after it had begun to change things"
        return
    Audit(each, ended).check()


@pytest.mark.parametrize("batch", some_always(range(BATCHES), 10, first=3))
def test_whatever_happens_nothing_is_made_twice_and_no_marker_and_no_report_is_false(batch: int) -> None:
    for seed in range(batch * PER_BATCH, (batch + 1) * PER_BATCH):
        try:
            replay(seed)
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise
