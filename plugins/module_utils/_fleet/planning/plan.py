# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan: one machine, the policy and the facts in, a decision out. Pure, and the same function everywhere.

It decides before the run, previews in check mode, makes the diff, and is asked again with a fresh observation just
before each delete (`changes_since`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..._api.fields import unreadable_reason
from ..._api.model.instance import STABLE, TRANSITIONAL, Instance
from ..common.failure import Finding
from ..evidence.preview import as_planned, predict
from .balancers import balancer_warnings, departing
from .blockers import MOVING_DISK, blockers_of, proof_of
from .due import is_taken_back
from .fates import DiskPlan, planned_addresses, planned_disks
from .groups import group_warnings, leaves_group
from .policy import Decision, Facts, PlannedDisk, Policy, Step

Goes = tuple[str, bool, "str | None"]
"""A disk or an elastic IP by its key, its delete attribute, and what becomes of it."""


def decide(machine: Instance, policy: Policy, facts: Facts) -> Decision:
    """What is to be done with `machine`, and everything that forbids it.

    In a preview with planned backups, it is judged as they would leave it. One that its user has taken back is not: nothing
    may stop it to begin with.
    """
    planned = facts.planned.get(machine.instance_id)
    if planned is None or policy.selection.mismatch(machine) is not None or is_taken_back(machine, policy.due_tag):
        return _decide(machine, policy, facts)
    then, backup_set = predict(machine, planned, facts.backup_set, facts.now)
    decision = _decide(then, policy, replace(facts, backup_set=backup_set))
    return replace(decision, status=machine.status, backups=as_planned(planned, decision.backups))


def _decide(machine: Instance, policy: Policy, facts: Facts) -> Decision:
    disks, addresses = planned_disks(machine, policy), planned_addresses(machine, policy)
    proof = proof_of(machine, policy, facts, disks)
    blockers = tuple(blockers_of(machine, policy, facts, disks, proof))
    decision = Decision(
        instance_id=machine.instance_id,
        status=machine.status,
        steps=() if blockers else tuple(_steps(machine, policy, facts, disks)),
        blockers=blockers,
        warnings=tuple(_warnings(machine, policy, facts)),
        backups=proof.backups if proof is not None else (),
        registrations=facts.balancers.registrations(machine),
        deregisters=() if blockers else departing(machine, policy, facts),
    )
    if "delete" in decision.steps:
        return replace(decision, disks=disks.disks, addresses=addresses, disk_changes=disks.changes)
    return replace(
        decision,
        disks=tuple(replace(disk, fate=None) for disk in disks.disks),
        addresses=tuple(replace(address, fate=None) for address in addresses),
    )


def changes_since(planned: Decision, seen: Instance, policy: Policy, facts: Facts, *, disks_set: bool = False) -> list[str]:
    """Why the planned delete of a machine must not happen, given its newest observation. Empty: delete it.

    `disks_set`: the planned delete attributes have been set, and the observation must show them.
    """
    flaw = unreadable_reason(seen)
    if flaw is not None:
        return [flaw]
    if seen.status != "stopped" and not (seen.status == "error" and planned.status == "error"):
        return [f"its status is now '{seen.status}'"]
    if planned.status == "error" and seen.status != "error":
        return [f"it was in 'error' and is now '{seen.status}'"]
    mismatch = policy.selection.mismatch(seen)
    if mismatch is not None:
        return [mismatch]
    now = decide(seen, _before_delete(policy), facts)
    reasons = [blocker.message for blocker in now.blockers]
    planned_to_go, goes = _what_goes(planned, disks_set), _what_goes(now, disks_set=False)
    same = {item[:2] for item in planned_to_go} == {item[:2] for item in goes}
    difference = f"its disks or elastic IPs are no longer as planned ({', '.join(_changed(planned_to_go, goes))})"
    if not same and all(blocker.code == "surroundings_unknown" for blocker in now.blockers):
        # What came meanwhile was not read, which explains nothing.
        reasons = [difference]
    elif not reasons and planned_to_go != goes:
        reasons.append(difference)
    lost = {backup.id for backup in planned.backups} - {backup.id for backup in now.backups}
    if not reasons and lost:
        # Another one may cover the disks, but the plan and its result name these.
        reasons.append(f"backups of the plan no longer count ({', '.join(sorted(lost))})")
    return reasons


def is_settled(machine: Instance) -> bool:
    """Whether the machine is in no passing state, nor one of its disks, as far as the service tells."""
    moving = any(disk.attachment_status in MOVING_DISK for disk in machine.disks)
    return machine.status in STABLE and not moving and not puzzling(machine)


def puzzling(machine: Instance) -> bool:
    """Whether its status has no published name (fact states-unnamed), or its row is unreadable: waiting does not explain it."""
    return bool(machine.unreadable) or machine.status not in STABLE | TRANSITIONAL


def _before_delete(policy: Policy) -> Policy:
    """The policy at the gate: nothing may pass that still runs, is in a group that may delete it, or gets traffic."""
    return replace(policy.once_left, stop_running=False)


def _steps(machine: Instance, policy: Policy, facts: Facts, disks: DiskPlan) -> Iterator[Step]:
    """What is done if nothing forbids it."""
    running = machine.status == "running"
    if departing(machine, policy, facts):
        yield "deregister"
    if leaves_group(machine, policy, facts):
        yield "leave_group"
    if running and policy.state in ("stopped", "absent"):
        yield "stop"
    if policy.state == "running" and machine.status == "stopped":
        yield "start"
    if policy.state == "absent" and machine.status != "deleting":
        if disks.changes:
            yield "set_disks"
        yield "delete"
        if policy.release_elastic_ips and machine.addresses:
            yield "release"


def _warnings(machine: Instance, policy: Policy, facts: Facts) -> list[Finding]:
    warnings = [*group_warnings(machine, policy, facts), *balancer_warnings(machine, policy, facts)]
    if machine.auto_release_time:
        warnings.append(Finding("release_scheduled", f"The service releases it automatically at {machine.auto_release_time}."))
    if policy.state == "absent":
        warnings += [
            Finding("secondary_interface_kept", f"Network interface {interface.network_interface_id} outlives the instance.")
            for interface in machine.interfaces
            if not interface.primary and interface.auto_delete is not True
        ]
    return warnings


def _what_goes(decision: Decision, disks_set: bool) -> set[Goes]:
    """What must be the same at the gate as in the plan: which disks and addresses there are, and what becomes of each."""
    disks = {(_disk_key(disk), _expected_attribute(disk, decision, disks_set), disk.fate) for disk in decision.disks}
    return disks | {(address.elastic_ip_id, True, address.fate) for address in decision.addresses}


def _disk_key(disk: PlannedDisk) -> str:
    return disk.disk_id or f"local {disk.device}"


def _expected_attribute(disk: PlannedDisk, decision: Decision, disks_set: bool) -> bool:
    if disks_set and disk.disk_id is not None and disk.disk_id in decision.disk_changes:
        return decision.disk_changes[disk.disk_id]
    # The service may leave false members out (fact requests-empty-members), so a missing one reads as false.
    return bool(disk.auto_delete)


def _changed(before: set[Goes], after: set[Goes]) -> list[str]:
    return sorted({key for key, _attribute, _fate in before ^ after})
