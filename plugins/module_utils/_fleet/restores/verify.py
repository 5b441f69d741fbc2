# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waits until each new machine runs, and checks that it has got the disks that were to come back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..._api.dispatch.dispatcher import Dispatcher
from ..._api.model.instance import InstanceInFull
from ..common.failure import Failure, Finding
from ..common.timing import Timing
from .disks import compare, seen_disks
from .lookup import UP, read_full, read_made, read_origins
from .record import RestoreRecord
from .wait import is_missing, looks, never_shown

VERIFY_PATIENCE = 10.0
"""Seconds for which disks of a machine that runs may still be missing."""


def wait_until_up(dispatcher: Dispatcher, records: Sequence[RestoreRecord], timing: Timing) -> None:
    """Until each machine runs. One that a user stopped meanwhile exists all the same."""
    began = dispatcher.clock.now()
    waiting = list(records)
    machines: dict[str, InstanceInFull] = {}
    # One of an earlier run was seen just now.
    shown_at = {record.instance_id: began for record in records if record.machine is not None}
    for _look in looks(dispatcher, timing):
        machines = read_made(dispatcher, {record.instance_id or "": record.plan for record in waiting})
        now = dispatcher.clock.now()
        for record in waiting:
            if record.instance_id in machines:
                shown_at[record.instance_id] = now
                _note(record, machines[record.instance_id])
            elif is_missing(began, shown_at.get(record.instance_id), now):
                _note_missing(record, now - began, was_shown=record.instance_id in shown_at)
        waiting = [record for record in waiting if record.active and record.status not in UP]
        if not waiting:
            break
    waited = dispatcher.clock.now() - began
    for record in waiting:
        if record.instance_id in machines:
            message = f"{record.instance_id} is still in '{record.status}' after {waited:.0f} s, longer than wait_timeout allows."
            record.failure = Failure("timeout", message)
        else:
            record.failure = never_shown(f"The instance {record.plan.name}", record.instance_id or "", waited)
    for record in records:
        if record.active and record.status == "stopped":
            record.warnings.append(Finding("not_running", f"{record.instance_id} is stopped, but not by this run."))


def _note(record: RestoreRecord, machine: InstanceInFull) -> None:
    """Take in how a read shows a machine."""
    record.machine = machine
    if record.status in ("error", "deleting"):
        message = (
            f"{record.instance_id} changed to '{record.status}': the service could not create it, or another user or process "
            "deletes it."
        )
        record.failure = Failure("error_state", message)


def _note_missing(record: RestoreRecord, waited: float, *, was_shown: bool) -> None:
    """No read shows a machine any more, or ever did; it is never made again for that."""
    if not was_shown:
        record.failure = never_shown(f"The instance {record.plan.name}", record.instance_id or "", waited)
        return
    # An error state lasts for a moment only, then the service removes the machine (fact states-creation).
    record.failure = Failure("vanished", f"The service could not create {record.instance_id}, and it is gone.")
    record.machine, record.created = None, False
    record.instance_id = None


def verify_disks(dispatcher: Dispatcher, records: Sequence[RestoreRecord], timing: Timing) -> None:
    """Compare the disks of each machine with those that were to come back. What is missing is looked for again for a while."""
    until = dispatcher.clock.now() + min(VERIFY_PATIENCE, timing.wait_timeout)
    waiting = [record for record in records if not record.plan.blockers]
    while waiting:
        _compare(dispatcher, waiting)
        waiting = [record for record in waiting if not all(disk.verified for disk in record.disks)]
        if not waiting or dispatcher.clock.now() >= until:
            break
        dispatcher.pause(min(1.0, timing.poll_interval))
        machines = read_full(dispatcher, [record.instance_id or "" for record in waiting])
        for record in waiting:
            record.machine = machines.get(record.instance_id or "", record.machine)
    for record in waiting:
        missing = [disk for disk in record.disks if not disk.verified]
        text = ", ".join(f"{disk.device} from {disk.snapshot_id or 'no snapshot'} ({disk.size_gb} GB)" for disk in missing)
        record.failure = Failure("disks_missing", f"{record.instance_id} exists, but these disks are missing: {text}.")


def _compare(dispatcher: Dispatcher, records: Sequence[RestoreRecord]) -> None:
    seen = {id(record): seen_disks(record.machine.full) for record in records if record.machine is not None}
    unknown = [disk.disk_id for disks in seen.values() for disk in disks if disk.disk_id and disk.snapshot_id is None]
    origins = read_origins(dispatcher, unknown)
    for record in records:
        disks = [
            replace(disk, snapshot_id=disk.snapshot_id or origins.get(disk.disk_id or "")) for disk in seen.get(id(record), [])
        ]
        image_id = record.plan.image_id or record.helper_id
        right = record.machine is not None and image_id is not None and record.machine.instance.image_id == image_id
        record.disks = compare(record.plan.disks, disks, right_image=right)
