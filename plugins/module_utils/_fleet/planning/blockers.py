# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that forbids an action on a machine, all at once (rule 5), and what to do about it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from ..._api.errors import first_of
from ..._api.model.instance import STABLE, TRANSITIONAL, AttachedDisk, Instance
from ..common.failure import Finding, transitional_finding, unreadable_finding
from ..common.selection import protecting_tag
from ..evidence.proof import Demand, Proof, being_made, prove
from .balancers import balancer_blockers
from .due import is_taken_back, judge_due_tag
from .fates import (
    CHANGEABLE,
    PREPAID,
    UNMOUNTED,
    DiskPlan,
    expired,
    losses,
    planned_addresses,
    protection_blockers,
    unreleasable,
)
from .groups import group_blockers
from .policy import Facts, Policy

DELETABLE_MODES = frozenset({PREPAID, "postpaid_by_duration", "postpaid_by_usage"})
"""Fact charges-modes."""
MOVING_DISK = frozenset({"attaching", "detaching"})
"""Attachment statuses of a disk that is being attached or detached just now (fact states-attachment)."""
SHOWN = 10
"""How many disks and elastic IPs a blocker names before it says "and N more"."""
USUAL_AGE = 24.0
"""Hours; the default of the role vm_backup."""


def blockers_of(machine: Instance, policy: Policy, facts: Facts, disks: DiskPlan, proof: Proof | None) -> Iterator[Finding]:
    """All blockers of `machine` under `policy`. `proof` is that of its backups, None where none is demanded.

    One that is not selected is not judged further, and one on which nothing would be done has none.
    """
    # Whether anything else forbids it cannot be judged by what could not be read.
    excluded = [*policy.selection.mismatch_findings(machine)] or [*unreadable_finding(machine)]
    yield from excluded
    if excluded:
        return
    if _nothing_to_do(machine, policy):
        return
    protection = protecting_tag(machine, policy.protect_tags)
    if protection is not None:
        yield Finding("protected", f"Its tag {protection} protects it: remove the tag first.")
    if policy.state == "absent" and policy.due_tag is not None:
        not_due = judge_due_tag(machine, policy.due_tag, facts.now)
        if not_due is not None:
            yield not_due
    yield from _status_blockers(machine, policy)
    if policy.state == "running":
        yield from _start_blockers(machine)
    if machine.status == "running" and (policy.state == "stopped" or policy.stop_running):
        yield from _stop_blockers(machine, policy)
    yield from surroundings_blockers(machine, policy, facts)
    if policy.state == "absent":
        yield from _charge_blockers(machine, facts)
        yield from protection_blockers(machine, policy, facts, disks)
        yield from _fate_blockers(machine, policy, facts, disks)
        yield from _loss_blockers(machine, policy, disks)
        if policy.demand is not None and proof is not None:
            yield from _proof_blockers(machine, policy, facts, proof)
            yield from _uncoverable_disks(policy, policy.demand, disks)


def surroundings_blockers(machine: Instance, policy: Policy, facts: Facts) -> Iterator[Finding]:
    """What surrounds a machine and forbids to stop or delete it."""
    yield from group_blockers(machine, policy, facts)
    yield from balancer_blockers(machine, policy, facts)


def _loss_blockers(machine: Instance, policy: Policy, disks: DiskPlan) -> Iterator[Finding]:
    """What would go with the machine and was not to: it came after the rest was agreed to."""
    if policy.may_lose is None:
        return
    allowed = policy.may_lose.get(machine.instance_id, frozenset())
    more = [each for each in losses(disks.disks, planned_addresses(machine, policy)) if each not in allowed]
    if more:
        yield Finding(
            "more_would_be_lost",
            f"More would be lost with it than planned ({first_of(more, SHOWN)}): detach these resources, or plan again.",
        )


def _nothing_to_do(machine: Instance, policy: Policy) -> bool:
    if policy.state == "absent":
        # Another user or process is deleting it: it is only waited for.
        return machine.status == "deleting"
    return machine.status == policy.state and not busy_disks(machine)


def busy_disks(machine: Instance) -> list[str]:
    """What is being done to the disks of `machine`, one text each."""
    return [
        f"{disk.disk_id or disk.device} is {disk.attachment_status}"
        for disk in machine.disks
        if disk.attachment_status in MOVING_DISK
    ]


def _status_blockers(machine: Instance, policy: Policy) -> Iterator[Finding]:
    status = machine.status
    if status in TRANSITIONAL:
        yield transitional_finding(status)
    elif status not in STABLE:
        yield Finding("unknown_status", f"Its status '{status}' is unknown: wait until it is stopped.")
    elif status == "error" and policy.state != "absent":
        yield Finding("invalid_status", f"Its status is 'error', so it can only be deleted, not become {policy.state}.")
    elif (
        status == "running"
        and policy.state == "absent"
        and not policy.stop_running
        and not is_taken_back(machine, policy.due_tag)
    ):
        yield Finding("running", f"It is running: {running_advice(policy)}.")
    yield from disk_task_blockers(machine)


def disk_task_blockers(machine: Instance) -> Iterator[Finding]:
    """The blocker of a machine on whose disks a task runs."""
    busy = busy_disks(machine)
    if busy:
        yield Finding("task_in_progress", f"A task runs on its disks ({', '.join(busy)}): wait until it is finished.")


def image_task_blocker(image_id: str) -> Finding:
    """The blocker of a machine of which an image is being made."""
    return Finding("task_in_progress", f"Image {image_id} of it is being made: wait until the image is ready.")


def overdue_status(machine: Instance) -> str | None:
    """The charge status of a machine whose bill is not paid, so that the service refuses to start it. Else None."""
    status = machine.charge.status if machine.charge is not None else None
    return status if status in ("overdue", "arrear") else None


def unmounted_system_disk(machine: Instance) -> str | None:
    """The attachment status of a system disk with which the service starts and images nothing, None if all is well.

    Fact images-need-mounted-system-disk.
    """
    states = [disk.attachment_status for disk in machine.disks if disk.system and disk.category == "cloud"]
    return next((state for state in states if state in UNMOUNTED), None)


def _start_blockers(machine: Instance) -> Iterator[Finding]:
    state = unmounted_system_disk(machine)
    if state is not None:
        yield Finding(
            "invalid_status", f"The attachment of its system disk is '{state}', so it cannot start: attach the disk first."
        )
    overdue = overdue_status(machine)
    if overdue is not None:
        yield Finding(
            "charge_overdue",
            f"Its charge status is '{overdue}', and the service refuses to start it: pay for it or renew it first.",
        )


def _stop_blockers(machine: Instance, policy: Policy) -> Iterator[Finding]:
    """What forbids the stop call with the wished charge_on_stopped (fact charges-stop-charging)."""
    if policy.charge_on_stopped is None:
        return
    if machine.dedicated_host_id or machine.dedicated_pool_id:
        yield Finding(
            "stop_charging_not_allowed",
            "It is on a dedicated host, where charge_on_stopped does not apply: remove the option.",
        )
    if policy.charge_on_stopped != "stopCharging":
        return
    if machine.charge is None or machine.charge.mode != CHANGEABLE:
        yield Finding("stop_charging_not_allowed", f"stopCharging is for {CHANGEABLE} instances only: remove charge_on_stopped.")
    if any(disk.system and disk.category == "local" for disk in machine.disks):
        yield Finding(
            "stop_charging_not_allowed",
            "stopCharging is for instances with a cloud system disk only: remove charge_on_stopped.",
        )
    if any(disk.category == "local" for disk in machine.disks) and not policy.allow_local_disk_loss:
        yield Finding(
            "local_disk_loss",
            "stopCharging destroys the data on its local disks: remove charge_on_stopped, or set allow_local_disk_loss to true.",
        )


def _charge_blockers(machine: Instance, facts: Facts) -> Iterator[Finding]:
    charge = machine.charge
    if charge is None or charge.mode not in DELETABLE_MODES:
        text = "it has no charge record" if charge is None or not charge.mode else f"its charge mode '{charge.mode}' is unknown"
        yield Finding(
            "no_charge_record",
            (f"The service deletes only instances with a charge record, and {text}: wait some minutes if the instance is new."),
        )
    elif charge.mode == PREPAID and not expired(charge, facts.now):
        end = charge.expires_text or "an unknown date"
        yield Finding(
            "prepaid_unexpired",
            (f"It is prepaid until {end}, and the service refuses to delete it earlier: wait until it expires."),
        )


def _fate_blockers(machine: Instance, policy: Policy, facts: Facts, disks: DiskPlan) -> Iterator[Finding]:
    for reason in disks.impossible:
        yield Finding("disk_fate_impossible", f"With disks={policy.disks}, {reason}: set disks to as_configured.")
    if policy.release_elastic_ips:
        for reason in unreleasable(machine, facts):
            yield Finding("elastic_ip_not_releasable", f"{reason[0].upper()}{reason[1:]}: set elastic_ips to keep.")


def proof_of(machine: Instance, policy: Policy, facts: Facts, disks: DiskPlan) -> Proof | None:
    """What the demanded backups prove for the disks that the delete would destroy; None where none is demanded."""
    if policy.demand is None:
        return None
    lost = [disk for disk in disks.lost if _can_be_covered(disk, policy.demand)]
    proof = prove(machine, lost, policy.demand, facts.backup_set, facts.now)
    if not policy.allow_local_disk_loss or machine.status == "running" or not proof.missing:
        return proof
    # Local disks that no backup holds are given up; every cloud disk still needs its proof.
    cloud = [disk for disk in lost if disk.category == "cloud"]
    if cloud:
        return prove(machine, cloud, policy.demand, facts.backup_set, facts.now)
    given_up = any(disk.category == "local" for disk in machine.disks)
    return Proof(proof.backups) if given_up else proof


def _can_be_covered(disk: AttachedDisk, demand: Demand) -> bool:
    """A local system disk can only be in an image, a local data disk in nothing (fact images-no-local-data-disks)."""
    return disk.category == "cloud" or (disk.system and "image" in demand.types)


def _proof_blockers(machine: Instance, policy: Policy, facts: Facts, proof: Proof) -> Iterator[Finding]:
    for image_id in being_made(facts.backup_set.images.get(machine.instance_id, ())):
        yield image_task_blocker(image_id)
    for sentence in proof.missing:
        yield Finding(
            "backup_missing", f"{sentence[:-1]}: {backup_advice(machine, policy, left_out=sentence in proof.left_out)}."
        )


def _uncoverable_disks(policy: Policy, demand: Demand, disks: DiskPlan) -> Iterator[Finding]:
    for disk in disks.lost if not policy.allow_local_disk_loss else ():
        if not _can_be_covered(disk, demand):
            held = "demand an image, which contains it, or " if disk.system else ""
            yield Finding(
                "local_disk_loss",
                f"No demanded backup can contain its local disk {disk.device}: {held}save its data in another way and set "
                "allow_local_disk_loss to true.",
            )


def running_advice(policy: Policy) -> str:
    """What to do about a machine that runs and is to be deleted. It never names an option that the others exclude."""
    if policy.demand is not None:
        return f"stop it and back it up first ({_role(policy.demand)} does both), then delete it"
    # stop_running needs to wait for the stop.
    return "stop it first, or set stop_running to true" if policy.may_stop else "stop it first"


def backup_advice(machine: Instance, policy: Policy, *, left_out: bool) -> str:
    """What to do about a disk that nothing covers; `left_out`: a good image exists, and does not hold it."""
    demand = policy.demand or Demand("image", USUAL_AGE)
    if machine.status == "error":
        # Nothing can stop it, and only what was made of a stopped machine counts.
        return (
            "a new backup of an instance in 'error' does not count, so save its data with jdcloud_snapshot, then delete it "
            "with require_backup=none"
        )
    again = f"back it up first, while it is stopped ({_role(demand)})"
    if not left_out:
        return again
    if any(disk.system and disk.category == "local" for disk in machine.disks):
        return f"{again}; if the new image does not contain the disk either, save its data in another way"
    return f"{again}; if the new image does not contain the disk either, make snapshots and set require_backup to snapshots"


def _role(demand: Demand) -> str:
    """The role that makes what is demanded, with the variables that differ from their defaults."""
    wanted = {
        "vm_backup_method": None if demand.method == "image" else demand.method,
        "vm_backup_campaign": demand.campaign,
        "vm_backup_max_age": f"{demand.max_age:g}" if demand.max_age < USUAL_AGE else None,
    }
    variables = [f"{name}={value}" for name, value in wanted.items() if value is not None]
    return "role vm_backup" + (f" with {', '.join(variables)}" if variables else "")
