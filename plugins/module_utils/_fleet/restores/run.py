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

from ..._api.dispatch.dispatcher import Dispatcher
from ..._api.dispatch.pagination import read_by_ids
from ..._api.errors import JdcloudError
from ..._api.model.instance import InstanceInFull
from ..._api.services.vm import describe_instances
from ..common.failure import Failure, Finding, api_failure
from ..common.timing import Timing
from ..evidence.existing_backups import IMAGES, SNAPSHOTS
from ..evidence.specification import OldMachine
from .create_once import create_once, new_run
from .helper_image import delete_helpers, find_helpers, helper_request, wait_for_helpers
from .lookup import UP, find_machines_of, machine_request
from .plan import AvailableBackups, RestoreOptions, RestoreOrder, plan_restore
from .record import RestoreRecord, RestoreRun
from .verify import verify_disks, wait_until_up


def run_restore(dispatcher: Dispatcher, order: RestoreOrder, timing: Timing, *, preview: bool) -> RestoreRun:
    """Do it. With `preview` nothing is written. Raises `JdcloudError` if the backups cannot be read; nothing was made then."""
    available = _read_available_backups(dispatcher, order.machines)
    plans = [
        plan_restore(machine, origin, order.options, available)
        for machine, origin in zip(order.machines, order.origins, strict=True)
    ]
    run = RestoreRun([RestoreRecord(plan, warnings=[*plan.warnings]) for plan in plans], preview=preview)
    _find_made(dispatcher, run.records)
    _warn_of_originals(dispatcher, run.records, order.options)
    run.held_back = any(record.blockers or record.failure for record in run.records)
    if not run.held_back and not preview:
        try:
            _carry_out(dispatcher, run.records, timing)
        except Exception:  # noqa: BLE001
            # The result must name what was made so far, whatever bug ends the run.
            run.crash = traceback.format_exc()
            for record in run.records:
                record.failure = record.failure or Failure("internal", "An internal error ended the run.")
    return run


def _read_available_backups(dispatcher: Dispatcher, machines: Sequence[OldMachine]) -> AvailableBackups:
    """The images and snapshots that exist now of those that the machines name, in bulk."""
    image_ids = [*dict.fromkeys(machine.image_id for machine in machines if machine.image_id)]
    images = IMAGES.read(dispatcher, image_ids)
    named = [snapshot.snapshot_id for machine in machines for snapshot in machine.snapshots]
    inside = [part.snapshot_id for image in images.values() for part in image.disks if part.snapshot_id]
    snapshot_ids = [*dict.fromkeys([*named, *inside])]
    snapshots = SNAPSHOTS.read(dispatcher, snapshot_ids)
    return AvailableBackups(images, snapshots)


def _find_made(dispatcher: Dispatcher, records: Sequence[RestoreRecord]) -> None:
    """What an earlier run made, by exact name and marker."""
    found = find_machines_of(dispatcher, [record.plan for record in records])
    for record, machines in zip(records, found, strict=True):
        if len(machines) > 1:
            ids = ", ".join(machine.instance.instance_id for machine in machines)
            message = (
                f"{record.plan.machine.title} was restored more than once as {record.plan.name} ({ids}): delete all but one."
            )
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
        message = f"{record.instance_id} was made from this backup before and is '{record.status}': run again when it is gone."
        return Failure("error_state", message)
    wanted = record.plan.spec
    subnet = wanted["primaryNetworkInterface"]["networkInterface"]["subnetId"]
    pairs = [("az", machine.instance.az, wanted["az"]), ("subnet_id", machine.instance.subnet_id, subnet)]
    other = [f"its {what} is {has}, not {choice}" for what, has, choice in pairs if has and choice and has != choice]
    if not other:
        return None
    message = f"{machine.instance.instance_id} was made from this backup before, but {' and '.join(other)}: set another name."
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
            message = f"The original {original.instance_id} still exists and is '{original.status}'."
            record.warnings.append(Finding("original_exists", message))


def _carry_out(dispatcher: Dispatcher, records: Sequence[RestoreRecord], timing: Timing) -> None:
    missing = [record for record in records if record.instance_id is None]
    run = new_run(dispatcher)
    _step(missing, lambda active: _make_helpers(dispatcher, active, timing, run))
    _step(missing, lambda active: _make_machines(dispatcher, active, timing, run))
    if timing.wait:
        _step(records, lambda active: wait_until_up(dispatcher, active, timing))
        _step(records, lambda active: verify_disks(dispatcher, active, timing))
    _clean_up(dispatcher, records, timing)


def _step(records: Sequence[RestoreRecord], work: Callable[[list[RestoreRecord]], None]) -> None:
    """Do one step for all that did not fail. An error that is no single machine's ends them all; what was made stays known."""
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


def _clean_up(dispatcher: Dispatcher, records: Sequence[RestoreRecord], timing: Timing) -> None:
    """Delete helper images that have served. What stays is named, also where it is of use for the next run."""
    served = [record for record in records if record.helper_id is not None and record.status in UP]
    reasons = delete_helpers(dispatcher, [record.helper_id or "" for record in served], timing)
    for record in records:
        if record.helper_id is None:
            continue
        why = reasons.get(record.helper_id, "") if record in served else "the instance is not running yet; the next run uses it"
        if why:
            message = f"The helper image {record.helper_id} was not deleted, because {why.rstrip('.')}."
            record.warnings.append(Finding("helper_image_left", message))
