# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What must be true of every run, whatever happened: checked against the virtual cloud's log and what is left in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.timing import Timing
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.machines.record import MachineRecord
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.policy import Policy
from support.fleet.around import ABANDON, DEREGISTER, REGISTER, WEIGH
from support.fleet.backups import HOUR, Need, TrueImage, TrueSnapshot, uncovered
from support.fleet.log import DELETE, IMAGES, RELEASE, SET_DISKS, SNAPSHOTS, START, STOP, BackupRead, Sight, Write
from support.fleet.virtual import Campaign, Cloud
from support.fleet.world import PREPAID, TrueMachine

MAX_AGE = 5.0
"""Rule 6: seconds that the observation behind a delete may be old when the DELETE leaves."""
PLAN_MAX_AGE = 70.0
"""Seconds that the observation behind a stop or start may be old; the design sets no number, the engine takes 60 and does
not count the time that it takes to connect."""
SET_MAX_AGE = 15.0
"""The same for setting delete attributes, which are read back anyway."""


@dataclass
class Before:
    """The world before the run, as far as it is needed afterwards. `deleted_by_others`: machines that another user deleted."""

    machines: dict[str, TrueMachine]
    attributes: dict[str, bool]
    targets: dict[str, list[tuple[str, int, int]]]
    deleted_by_others: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, cloud: Cloud) -> Before:
        """Taken before the run begins."""
        attributes = {disk_id: bool(disk.auto_delete) for disk_id, disk in cloud.world.disks.items()}
        targets = {instance_id: cloud.around.targets_of(instance_id) for instance_id in cloud.world.machines}
        return cls(dict(cloud.world.machines), attributes, targets)


class Audit:
    """Checks one run. Raises `AssertionError`."""

    def __init__(self, cloud: Cloud, policy: Policy, campaign: Campaign, before: Before, *, waited: bool = True) -> None:
        self._cloud = cloud
        self._waited = waited
        self._policy = policy
        self._campaign = campaign
        self._before = before
        self._records = {record.instance_id: record for record in campaign.run.records}

    def check(self) -> None:
        """All of it."""
        checks = {DELETE: self._delete, STOP: self._stop, START: self._start, SET_DISKS: self._set_disks, RELEASE: self._release}
        checks |= {ABANDON: self._abandon, **dict.fromkeys((WEIGH, DEREGISTER, REGISTER), self._change_targets)}
        for write in self._cloud.log.writes:
            checks[write.operation](write)
        self._surroundings()
        for record in self._campaign.run.records:
            if record.state is not None:
                assert self._cloud.log.effects(DELETE, record.instance_id) <= 1, "two deletes took effect"
                self._end(record)

    def _disturbed_since(self, instance_id: str, when: float) -> bool:
        return any(each >= when for each in self._before.machines[instance_id].disturbed_at)

    def _worked_on(self, write: Write) -> MachineRecord:
        record = self._records.get(write.resource)
        assert record is not None, f"{write.operation} of {write.resource}, which is not selected"
        assert not self._campaign.run.held_back, "something was held back, and yet something was changed"
        assert record.decision is not None, f"{write.resource} was blocked, and yet changed"
        assert not record.decision.blockers, f"{write.resource} was blocked, and yet changed"
        return record

    def _basis(self, write: Write, max_age: float) -> Sight:
        """The observation that a write rests on: the newest one that its sender had."""
        sight: Sight | None = self._cloud.log.last_sight(write.resource, write.left_at)
        assert sight is not None, f"{write.operation} of {write.resource} without ever having seen it by id"
        age = write.left_at - sight.sent_at
        assert age <= max_age, f"{write.operation} of {write.resource} rests on an observation of {age:.2f} s ago"
        assert not self._protected(sight.snapshot.tags), f"{write.operation} of {write.resource}, which is protected"
        assert self._matches(sight.snapshot.tags), f"{write.operation} of {write.resource}, which is not selected any more"
        return sight

    def _protected(self, tags: Mapping[str, str]) -> bool:
        return any(key in tags and ("*" in values or tags[key] in values) for key, values in self._policy.protect_tags.items())

    def _matches(self, tags: Mapping[str, str]) -> bool:
        return all(tags.get(key) in values for key, values in self._policy.selection.tags.items())

    def _delete(self, write: Write) -> None:
        record = self._worked_on(write)
        assert self._policy.state == "absent"
        assert record.decision is not None
        sight = self._basis(write, MAX_AGE)
        assert sight.bulk, "a delete rests on a single read"
        deletable = "error" if record.decision.status == "error" else "stopped"
        assert sight.snapshot.status == deletable, f"DELETE of {write.resource}, which was last seen {sight.snapshot.status}"
        if sight.snapshot.charge_mode == PREPAID:
            assert sight.snapshot.charge_status != "normal" or (sight.snapshot.expires or "9") < "2026-01-15"
        planned = {disk.disk_id for disk in record.decision.disks}
        assert set(sight.snapshot.disks) <= planned, "a disk that was not in the plan"
        if self._policy.disks != "as_configured":
            for disk_id, value in record.decision.disk_changes.items():
                assert sight.snapshot.disks[disk_id] is value, "the delete attribute was not read back"
        if write.truth is not None and not self._disturbed_since(write.resource, sight.shown_at):
            assert write.truth == sight.snapshot, f"{write.resource} was {write.truth} at its DELETE, {sight.snapshot} before"

        if self._policy.demand is not None:
            self._backed_up(write, record, sight)

    def _backed_up(self, write: Write, record: MachineRecord, sight: Sight) -> None:
        """Rule 8: what the newest answers showed, none older than allowed, was a true backup of all that the delete destroys."""
        demand = self._policy.demand
        assert demand is not None
        assert record.decision is not None
        machine = self._before.machines[write.resource]
        reads = [self._backup_read(IMAGES, write.resource, write)]
        reads += [self._backup_read(SNAPSHOTS, disk_id, write) for disk_id in self._cloud_disks(sight)]
        for read in reads:
            age = write.left_at - read.sent_at
            assert age <= MAX_AGE, f"DELETE of {write.resource} rests on backups as of {age:.2f} s ago"
        images = self._cloud.backups.as_of(reads[0].version, TrueImage)
        snapshots = [
            each
            for disk_id, read in zip(self._cloud_disks(sight), reads[1:], strict=True)
            for each in self._cloud.backups.as_of(read.version, TrueSnapshot)
            if each.disk_id == disk_id
        ]
        lost = [disk.disk_id or f"local {disk.device}" for disk in record.decision.disks if disk.fate in ("deleted", "lost")]
        need = Need(demand.types, demand.max_age * HOUR, demand.campaign)
        missing = uncovered(machine, lost, need, images, snapshots, reads[0].shown_at)
        assert not missing, f"DELETE of {write.resource} without a backup: {missing}"

    def _backup_read(self, operation: str, resource: str, write: Write) -> BackupRead:
        read: BackupRead | None = self._cloud.log.last_backup_read(operation, resource, write.left_at)
        assert read is not None, f"DELETE of {write.resource} without a look at the backups of {resource}"
        return read

    def _cloud_disks(self, sight: Sight) -> list[str]:
        return [disk_id for disk_id in sight.all_disks if disk_id is not None]

    def _stop(self, write: Write) -> None:
        self._worked_on(write)
        assert self._policy.state == "stopped" or (self._policy.state == "absent" and self._policy.stop_running)
        sight = self._basis(write, PLAN_MAX_AGE)
        assert sight.snapshot.status == "running"
        machine = self._before.machines[write.resource]
        assert self._cloud.log.effects(STOP, write.resource) <= 1 + len(machine.disturbed_at), "two stops took effect"

    def _start(self, write: Write) -> None:
        self._worked_on(write)
        assert self._policy.state == "running"
        assert self._basis(write, PLAN_MAX_AGE).snapshot.status == "stopped"
        machine = self._before.machines[write.resource]
        assert self._cloud.log.effects(START, write.resource) <= 1 + len(machine.disturbed_at), "two starts took effect"

    def _abandon(self, write: Write) -> None:
        self._worked_on(write)
        assert self._policy.group_members == "abandon"
        assert self._cloud.log.effects(ABANDON, write.resource) <= 1

    def _change_targets(self, write: Write) -> None:
        assert self._policy.load_balancers == "deregister"
        assert not self._campaign.run.held_back

    def _surroundings(self) -> None:
        """Rules 21 and 22: what was stopped or deleted had left before."""
        for moment in self._cloud.around.moments:
            if moment.instance_id in self._records:
                assert not moment.managed or self._policy.group_members == "ignore", f"{moment.operation} of a managed member"
                assert not moment.weighted or self._policy.load_balancers == "ignore", f"{moment.operation} under traffic"
        for record in self._campaign.run.records:
            self._targets(record)

    def _targets(self, record: MachineRecord) -> None:
        """Who is not deleted has its targets again, or the failure names them; nobody else's were touched."""
        before = self._before.targets.get(record.instance_id, [])
        now = self._cloud.around.targets_of(record.instance_id)
        went = record.instance_id not in self._cloud.world.machines and not self._cloud.around.keeps_targets
        if now == before or went:
            return
        row = self._campaign[record.instance_id]
        assert row["changed"], "its targets are not as before, and the result hides it"
        if row["action"] in ("failed", "none", "blocked") and row["status"] not in ("absent", "deleting", "unverified"):
            named = row["error"]["message"]
            assert all(name in named for name, _port, _weight in set(before) ^ set(now)), f"{before} became {now} in silence"

    def _set_disks(self, write: Write) -> None:
        record = self._worked_on(write)
        assert record.decision is not None
        assert self._policy.disks != "as_configured"
        wanted = {row["diskId"]: row["autoDelete"] for row in write.body["dataDisks"]}
        if wanted == dict(record.decision.disk_changes):
            assert self._basis(write, SET_MAX_AGE).snapshot.status in ("stopped", "error")
            return
        text = {disk.disk_id: disk.auto_delete for disk in record.decision.disks}
        for disk_id, value in wanted.items():
            assert disk_id in record.decision.disk_changes, f"{disk_id} is put back, and was never to be changed"
            assert value is bool(text[disk_id]), f"{disk_id} is put back as {value}, and was {text[disk_id]}"

    def _release(self, write: Write) -> None:
        assert self._policy.release_elastic_ips
        assert not self._campaign.run.held_back
        owner = self._owner(write.resource)
        deletes = [each for each in self._cloud.log.of(DELETE, owner) if each.arrived_at < write.left_at]
        assert deletes, "an elastic IP was released before its machine's delete was sent"
        if owner not in self._before.deleted_by_others:
            assert any(each.took_effect for each in deletes), "an elastic IP was released of a machine that we did not delete"
        sight = self._cloud.log.last_sight(owner, deletes[-1].left_at)
        assert sight is not None, "it was not on the machine in the last read"
        assert write.resource in sight.snapshot.addresses, "it was not on the machine in the last read"
        assert owner not in self._cloud.world.machines, "an elastic IP was released before its machine was gone"

    def _owner(self, elastic_ip_id: str) -> str:
        for record in self._campaign.run.records:
            if record.decision and any(each.elastic_ip_id == elastic_ip_id for each in record.decision.addresses):
                return record.instance_id
        raise AssertionError(f"{elastic_ip_id} was released, and was on no selected machine")

    def _end(self, record: MachineRecord) -> None:
        """What the result says is true."""
        assert record.state is not None
        instance_id, state = record.instance_id, record.state
        row = self._campaign[instance_id]
        gone = instance_id not in self._cloud.world.machines
        deletes = self._cloud.log.of(DELETE, instance_id)
        if row["action"] == "deleted":
            assert deletes, "it says deleted, and no DELETE was ever sent"
            if instance_id not in self._before.deleted_by_others:
                assert any(write.took_effect for write in deletes), "it says deleted, and no DELETE took effect"
        if row["status"] == "absent":
            assert gone, "it says absent, and the machine is there"
        if row["action"] != "failed" and self._policy.state == "absent":
            on_its_way = not self._waited and self._was_begun(row)
            assert gone or on_its_way, f"{row['action']} is no failure, and the machine is there"
        if any(write.answered for write in deletes):
            assert state.delete_accepted, "a delete was accepted, and the result hides it"
            assert row["changed"], "a delete was accepted, and the result hides it"
        for operation in (STOP, START, DELETE):
            if self._cloud.log.effects(operation, instance_id) and not self._disturbed_since(instance_id, 0.0):
                assert row["changed"], f"{operation} took effect, and the result hides it"
        if gone and instance_id not in self._before.deleted_by_others:
            assert row["status"] in ("absent", "deleting", "unverified"), f"it is gone, and the result says {row['status']}"
        if row["action"] == "failed":
            assert row["error"]["message"].endswith("."), row["error"]
        self._fates(row)
        if not gone:
            self._attributes(record, row)

    def _was_begun(self, row: dict[str, Any]) -> bool:
        """Whether the delete was accepted, ours or another user's; without waiting, nobody promised more."""
        instance_id = row["instance_id"]
        by_others = row["status_before"] == "deleting" or instance_id in self._before.deleted_by_others
        return by_others or self._cloud.log.effects(DELETE, instance_id) == 1

    def _fates(self, row: dict[str, Any]) -> None:
        world = self._cloud.world
        for disk in row["disks"]:
            there = disk["disk_id"] in world.disks and world.disks[disk["disk_id"]].status != "deleting"
            if disk["disk_id"] is not None and disk["fate"] in ("deleted", "kept"):
                assert there is (disk["fate"] == "kept"), f"{disk['disk_id']} is said to be {disk['fate']}"
        for address in row["elastic_ips"]:
            if address["fate"] in ("released", "kept"):
                there = address["elastic_ip_id"] in world.elastic_ips
                assert there is (address["fate"] == "kept"), f"{address['elastic_ip_id']} is said to be {address['fate']}"

    def _attributes(self, record: MachineRecord, row: dict[str, Any]) -> None:
        """Rule 12: attributes that we changed are put back, or named."""
        machine = self._before.machines[record.instance_id]
        assert record.decision is not None
        if machine.disturbed_at or (record.state is not None and record.state.delete_accepted):
            return
        for disk_id in record.decision.disk_changes:
            if bool(self._cloud.world.disks[disk_id].auto_delete) != self._before.attributes[disk_id]:
                assert row["error"] is not None, f"{disk_id} is left changed in silence"
                assert disk_id in row["error"]["message"], f"{disk_id} is left changed in silence"


def audited(cloud: Cloud, policy: Policy, timing: Timing | None = None, **more: Any) -> Campaign:
    """Let a campaign happen in `cloud` and check it."""
    before = Before.of(cloud)
    campaign = cloud.run(policy, timing, **more)
    Audit(cloud, policy, campaign, before, waited=timing is None or timing.wait).check()
    return campaign
