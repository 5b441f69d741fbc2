# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes machines of backups: finds what earlier runs made, makes the rest, waits until it runs, checks every disk.

All machines go through one step after the other together; reads are in bulk, writes a few at a time. A run that was killed
leaves nothing behind that the next one does not find by name and marker.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from ..._api.dispatch.dispatcher import Dispatcher
from ..._api.dispatch.pagination import read_by_ids
from ..._api.errors import JdcloudError
from ..._api.model.instance import InstanceInFull
from ..._api.services.images import describe_images
from ..._api.services.snapshots import describe_snapshots
from ..._api.services.vm import describe_instances
from ..common.failure import UNVERIFIED, Failure, api_failure
from ..common.finding import Finding
from ..common.timing import Timing
from ..evidence.existing_backups import image_id_of, snapshot_id_of
from ..evidence.manifest import OldMachine
from .create_once import GONE_PATIENCE, UNREAD_PATIENCE, create_once, never_shown, new_run
from .disks import MadeDisk, compare, seen_disks
from .helper_image import delete_helpers, find_helpers, helper_request, wait_for_helpers
from .lookup import UP, find_machines_of, machine_request, read_full, read_made, read_origins
from .plan import AvailableBackups, RestoreOptions, RestorePlan, plan_restore

VERIFY_PATIENCE = 10.0
"""Seconds for which disks of a machine that runs may still be missing."""
Action = Literal["created", "none", "blocked", "failed"]


@dataclass(slots=True)
class RestoreRecord:
    """One machine of a run. `machine` is what was found or made, as it was read last; `created`: by this run.

    `in_doubt`: it may have been made by a call of this run, and could not be read. `shown_at`: when a read showed it last.
    """

    plan: RestorePlan
    instance_id: str | None = None
    machine: InstanceInFull | None = None
    created: bool = False
    in_doubt: bool = False
    shown_at: float | None = None
    helper_id: str | None = None
    disks: list[MadeDisk] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)
    failure: Failure | None = None

    @property
    def active(self) -> bool:
        """Whether the next step is for it."""
        return self.failure is None

    @property
    def blockers(self) -> tuple[Finding, ...]:
        """What forbids to make it. What was made already needs no backup any more."""
        return () if self.instance_id is not None else self.plan.blockers

    @property
    def status(self) -> str:
        """Its status as far as it is known, `absent` if it does not exist."""
        if self.machine is not None:
            return self.machine.instance.status
        if self.in_doubt or (self.instance_id is not None and self.failure is not None):
            return UNVERIFIED
        return "absent" if self.instance_id is None else "pending"

    @property
    def changed(self) -> bool:
        """Whether anything in the cloud is different because of us, or may be."""
        return self.created or self.in_doubt


@dataclass(slots=True)
class RestoreRun:
    """The records in the order of the input. `held_back`: something is blocked, so nothing was made. `crash`: a bug's trace."""

    records: list[RestoreRecord] = field(default_factory=list)
    held_back: bool = False
    preview: bool = False
    crash: str | None = None

    def action(self, record: RestoreRecord) -> Action:
        """What was done, or in a preview would be done."""
        if record.failure is not None:
            return "failed"
        if record.blockers:
            return "blocked"
        if self.held_back or (record.instance_id is not None and not record.created):
            return "none"
        return "created"


def run_restore(
    dispatcher: Dispatcher,
    machines: Sequence[OldMachine],
    origins: Sequence[str],
    options: RestoreOptions,
    timing: Timing,
    *,
    preview: bool,
) -> RestoreRun:
    """Do it. With `preview` nothing is written. Raises `JdcloudError` if the backups cannot be read; nothing was made then."""
    available = read_available_backups(dispatcher, machines)
    plans = [plan_restore(machine, origin, options, available) for machine, origin in zip(machines, origins, strict=True)]
    run = RestoreRun([RestoreRecord(plan, warnings=[*plan.warnings]) for plan in plans], preview=preview)
    _find_made(dispatcher, run.records)
    _warn_of_originals(dispatcher, run.records, options)
    run.held_back = any(record.blockers or record.failure for record in run.records)
    if not run.held_back and not preview:
        try:
            _carry_out(dispatcher, run.records, timing)
        except Exception:  # noqa: BLE001
            # What was made so far must be told, whatever bug ends the run.
            run.crash = traceback.format_exc()
            for record in run.records:
                record.failure = record.failure or Failure("internal", "An internal error ended the run.")
    return run


def read_available_backups(dispatcher: Dispatcher, machines: Sequence[OldMachine]) -> AvailableBackups:
    """The images and snapshots that exist now of those that the machines name, in bulk."""
    image_ids = [*dict.fromkeys(machine.image_id for machine in machines if machine.image_id)]
    images = read_by_ids(dispatcher, image_ids, lambda chunk: describe_images(ids=chunk), image_id_of)
    named = [snapshot.snapshot_id for machine in machines for snapshot in machine.snapshots]
    inside = [part.snapshot_id for image in images.values() for part in image.disks if part.snapshot_id]
    snapshot_ids = [*dict.fromkeys([*named, *inside])]
    snapshots = read_by_ids(dispatcher, snapshot_ids, lambda chunk: describe_snapshots(ids=chunk), snapshot_id_of)
    return AvailableBackups(images, snapshots)


def _find_made(dispatcher: Dispatcher, records: Sequence[RestoreRecord]) -> None:
    """What an earlier run made, by exact name and marker."""
    found = find_machines_of(dispatcher, [record.plan for record in records])
    for record, machines in zip(records, found, strict=True):
        if len(machines) > 1:
            ids = ", ".join(machine.instance.instance_id for machine in machines)
            message = f"{record.plan.machine.title} was restored more than once as {record.plan.name}: {ids}; delete all but one."
            record.failure = Failure("made_twice", message)
        for machine in machines:
            record.instance_id, record.machine = machine.instance.instance_id, machine
            record.failure = record.failure or _conflict(record, machine)
    helpers = find_helpers(dispatcher, [record.plan for record in records])
    for record, helper_id in zip(records, helpers, strict=True):
        record.helper_id = helper_id


def _conflict(record: RestoreRecord, machine: InstanceInFull) -> Failure | None:
    """Why a machine that was made before is not the wanted one, or not any more."""
    if record.status in ("error", "deleting"):
        message = f"{record.instance_id} was made of this backup before and is '{record.status}': run again when it is gone."
        return Failure("error_state", message)
    wanted = record.plan.spec
    subnet = wanted["primaryNetworkInterface"]["networkInterface"]["subnetId"]
    pairs = [("az", machine.instance.az, wanted["az"]), ("subnet_id", machine.instance.subnet_id, subnet)]
    other = [f"its {what} is {has}, not {choice}" for what, has, choice in pairs if has and choice and has != choice]
    if not other:
        return None
    message = f"{machine.instance.instance_id} was made of this backup before, but {' and '.join(other)}: set another name."
    return Failure("made_otherwise", message)


def _warn_of_originals(dispatcher: Dispatcher, records: Sequence[RestoreRecord], options: RestoreOptions) -> None:
    """Say where the original still exists, unless it is a drill, for which that is the rule."""
    ids = [record.plan.machine.instance_id for record in records if record.plan.machine.instance_id]
    if options.drill or not ids:
        return
    found = read_by_ids(dispatcher, ids, lambda chunk: describe_instances(ids=chunk), lambda machine: machine.instance_id)
    for record in records:
        original = found.get(record.plan.machine.instance_id or "")
        if original is not None:
            message = f"{original.instance_id} itself still exists and is '{original.status}'."
            record.warnings.append(Finding("original_exists", message))


def _carry_out(dispatcher: Dispatcher, records: Sequence[RestoreRecord], timing: Timing) -> None:
    missing = [record for record in records if record.instance_id is None]
    run = new_run(dispatcher)
    _step(missing, lambda active: _make_helpers(dispatcher, active, timing, run))
    _step(missing, lambda active: _make_machines(dispatcher, active, timing, run))
    if timing.wait:
        _step(records, lambda active: _wait(dispatcher, active, timing))
        _step(records, lambda active: _verify(dispatcher, active, timing))
    _clean_up(dispatcher, records, timing)


def _step(records: Sequence[RestoreRecord], work: Callable[[list[RestoreRecord]], None]) -> None:
    """Do one step for all that did not fail. An error that is no single machine's ends them all, with what was made told."""
    active = [record for record in records if record.active]
    if not active:
        return
    try:
        work(active)
    except JdcloudError as error:
        for record in active:
            record.failure = record.failure or api_failure(error)


def _make_helpers(dispatcher: Dispatcher, records: Sequence[RestoreRecord], timing: Timing, run: str) -> None:
    """Images of system disks where only snapshots exist, until they are ready."""
    needy = [record for record in records if record.plan.helper is not None]
    requests = [helper_request(dispatcher, record.plan, record.helper_id, run) for record in needy]
    create_once(dispatcher, requests, timing)
    for record, request in zip(needy, requests, strict=True):
        record.helper_id, record.failure = request.made_id, request.failure
    waiting = [record for record in needy if record.active]
    failures = wait_for_helpers(dispatcher, {record.helper_id or "": record.plan for record in waiting}, timing)
    for record in waiting:
        record.failure = failures.get(record.helper_id or "")


def _make_machines(dispatcher: Dispatcher, records: Sequence[RestoreRecord], timing: Timing, run: str) -> None:
    asked_at = dispatcher.service_time()
    requests = [machine_request(dispatcher, record.plan, record.helper_id, asked_at, run) for record in records]
    create_once(dispatcher, requests, timing)
    for record, request in zip(records, requests, strict=True):
        record.instance_id, record.created, record.failure = request.made_id, request.created, request.failure
        record.in_doubt = request.in_doubt


def _wait(dispatcher: Dispatcher, records: Sequence[RestoreRecord], timing: Timing) -> None:
    """Until each machine runs. One that somebody stopped meanwhile exists all the same."""
    began = dispatcher.clock.now()
    waiting = list(records)
    for record in waiting:
        # One of an earlier run was seen just now.
        record.shown_at = began if record.machine is not None else None
    while True:
        machines = read_made(dispatcher, {record.instance_id or "": record.plan for record in waiting})
        for record in waiting:
            _note(record, machines.get(record.instance_id or ""), began, dispatcher.clock.now())
        waiting = [record for record in waiting if record.active and record.status not in UP]
        waited = dispatcher.clock.now() - began
        if waited >= timing.wait_timeout:
            for record in waiting:
                if record.instance_id not in machines:
                    record.failure = never_shown(f"The machine {record.plan.name}", record.instance_id or "", waited)
                    continue
                message = f"{record.instance_id} hangs in '{record.status}' for {waited:.0f} s, longer than wait_timeout allows."
                record.failure = Failure("timeout", message)
        if not waiting or waited >= timing.wait_timeout:
            break
        dispatcher.pause(min(timing.poll_interval, max(0.3, 0.25 * waited), timing.wait_timeout - waited))
    for record in records:
        if record.active and record.status == "stopped":
            record.warnings.append(Finding("not_running", f"{record.instance_id} is stopped: somebody stopped it."))


def _note(record: RestoreRecord, machine: InstanceInFull | None, began: float, now: float) -> None:
    """Take in a read. What was just made may be shown by no read for some time, and is never made again for that."""
    if machine is None:
        unread = now - (began if record.shown_at is None else record.shown_at)
        if record.shown_at is None and unread >= UNREAD_PATIENCE:
            record.failure = never_shown(f"The machine {record.plan.name}", record.instance_id or "", unread)
        elif record.shown_at is not None and unread >= GONE_PATIENCE:
            # An error state lasts for a moment only, then the service removes the machine (fact states-creation).
            record.failure = Failure("vanished", f"{record.instance_id} could not be made by the service, and is gone.")
            record.machine, record.created = None, False
            record.instance_id = None
        return
    record.shown_at = now
    record.machine = machine
    if record.status in ("error", "deleting"):
        message = f"{record.instance_id} went into '{record.status}': the service could not make it, or somebody deletes it."
        record.failure = Failure("error_state", message)


def _verify(dispatcher: Dispatcher, records: Sequence[RestoreRecord], timing: Timing) -> None:
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
        text = ", ".join(f"{disk.device} of {disk.snapshot_id or 'no snapshot'} ({disk.size_gb} GB)" for disk in missing)
        record.failure = Failure("disks_missing", f"{record.instance_id} exists, but these disks did not come back: {text}.")


def _compare(dispatcher: Dispatcher, records: Sequence[RestoreRecord]) -> None:
    seen = {id(record): seen_disks(record.machine.full) for record in records if record.machine is not None}
    untold = [disk.disk_id for disks in seen.values() for disk in disks if disk.disk_id and disk.snapshot_id is None]
    origins = read_origins(dispatcher, untold)
    for record in records:
        disks = [
            replace(disk, snapshot_id=disk.snapshot_id or origins.get(disk.disk_id or "")) for disk in seen.get(id(record), [])
        ]
        image_id = record.plan.image_id or record.helper_id
        right = record.machine is not None and image_id is not None and record.machine.instance.image_id == image_id
        record.disks = compare(record.plan.disks, disks, right_image=right)


def _clean_up(dispatcher: Dispatcher, records: Sequence[RestoreRecord], timing: Timing) -> None:
    """Delete helper images that have served. What stays is named, also where it is of use for the next run."""
    served = [record for record in records if record.helper_id is not None and record.status in UP]
    reasons = delete_helpers(dispatcher, [record.helper_id or "" for record in served], timing)
    for record in records:
        if record.helper_id is None:
            continue
        why = reasons.get(record.helper_id, "") if record in served else "the machine does not run yet; the next run uses it"
        if why:
            message = f"The helper image {record.helper_id} was not deleted, since {why.rstrip('.')}."
            record.warnings.append(Finding("helper_image_left", message))
