# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The end of a run of backups: what the images hold is read back, the machines are seen once more, and what no longer counts
loses its marker."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace

from ..._api.calls import Call
from ..._api.dispatch.dispatcher import Dispatcher, Outcome
from ..._api.errors import JdcloudError
from ..._api.fields import unreadable_reason
from ..._api.model.backup_assets import Image, Snapshot
from ..._api.services.disk import set_snapshot_description
from ..._api.services.vm import set_image_description
from ..common.failure import ErrorMeaning, Failure, classify
from ..common.machine_reads import find_machines
from ..evidence.existing_backups import IMAGES, SNAPSHOTS
from ..evidence.marker import Marker, read_marker
from ..evidence.proof import BackupSet, disk_key, disks_held_by
from .record import BackupRecord, BackupRun, RunContext, failure_of, on_machine
from .state import AssetState, Stage
from .transitions import disk_keys

PARTS_PATIENCE = 20.0
"""Seconds for which the snapshots of a ready image may still read as being made: two services report one thing."""
PARTS_UNREAD_PATIENCE = 60.0
"""Seconds for which snapshots of an image that this run had made may not be shown at all."""
PARTS_PAUSE = 1.0
VOID_TRIES = 6
"""How often a marker is tried to be taken back. The same text may be written again, whatever became of an earlier call."""


def verify_run(context: RunContext, run: BackupRun, known: Mapping[str, Snapshot]) -> None:
    """See the machines once more, read back what the images hold, through their snapshots, and judge every asset by that.

    `known`: snapshots that were read since their images became ready.
    """
    _see_machines(context.dispatcher, run)
    images = _read_images(context.dispatcher, run)
    parts = sorted({part.snapshot_id for image in images.values() for part in image.disks if part.snapshot_id})
    run.snapshots = _settled_parts(context.dispatcher, parts, known, _fresh(run, images))
    _note_held(run, images)
    for record in run.records:
        if on_machine(record):
            _judge(record, whole=context.policy.disk_ids is None)


def _see_machines(dispatcher: Dispatcher, run: BackupRun) -> None:
    records = [record for record in run.records if record.assets and on_machine(record)]
    found = find_machines(dispatcher, [record.instance_id for record in records]) if records else {}
    for record in records:
        record.seen = found.get(record.instance_id)


def _judge(record: BackupRecord, *, whole: bool) -> None:
    """Let those assets of a machine fail that are no backup after all. `whole`: it is backed up, not some of its disks."""
    for state in record.assets:
        if state.stage is Stage.ENDED and state.failure is None:
            state.voided = _is_voided(record, state)
            state.failure = _flaw(record, state)
    only_snapshots = record.assets and all(state.plan.kind == "snapshot" for state in record.assets)
    if whole and only_snapshots and failure_of(record) is None:
        # None of the snapshots is at fault if there is one disk more.
        record.failure = _grown(record)


def read_preview(run: BackupRun, backup_set: BackupSet) -> None:
    """Note what images that exist already hold, from what was read for the plan."""
    run.snapshots = dict(backup_set.snapshots)
    _note_held(run, {image.image_id: image for images in backup_set.images.values() for image in images})


def _note_held(run: BackupRun, images: Mapping[str, Image]) -> None:
    for record in run.records:
        for state in record.assets:
            image = images.get(state.asset_id or "")
            if image is not None and record.machine is not None:
                state.asset = image
                # Also what has left the machine since: the image holds it nevertheless.
                held = disks_held_by(image, record.machine, run.snapshots)
                record.held[image.image_id] = {**held, **disks_held_by(image, record.seen or record.machine, run.snapshots)}


def _fresh(run: BackupRun, images: Mapping[str, Image]) -> set[str | None]:
    """The snapshots of images that this run had made."""
    states = [state for record in run.records for state in record.assets if state.accepted and state.failure is None]
    made = [images[str(state.asset_id)] for state in states if str(state.asset_id) in images]
    return {part.snapshot_id for image in made for part in image.disks}


def _settled_parts(
    dispatcher: Dispatcher, ids: Sequence[str], known: Mapping[str, Snapshot], fresh: Container[str | None]
) -> dict[str, Snapshot]:
    """The snapshots that images consist of. One that still is being made although its image is ready is waited for a little.

    So is one of `fresh`, those that were just made, if no read shows it yet.
    """
    found = dict(known)
    began = dispatcher.clock.now()
    while True:
        open_ids = [each for each in ids if each not in found or found[each].status == "creating"]
        if not open_ids:
            return found
        found |= SNAPSHOTS.read(dispatcher, open_ids)
        waited = dispatcher.clock.now() - began
        creating = any(each in found and found[each].status == "creating" for each in open_ids) and waited < PARTS_PATIENCE
        unread = any(each not in found and each in fresh for each in open_ids) and waited < PARTS_UNREAD_PATIENCE
        if not creating and not unread:
            return found
        dispatcher.pause(PARTS_PAUSE)


def unverified(run: BackupRun, error: JdcloudError) -> None:
    for record in run.records:
        for state in record.assets:
            message = f"{state.title} could not be read back, so it is not proven yet: {error}"
            state.failure = state.failure or Failure("unverified", message, error)


def _read_images(dispatcher: Dispatcher, run: BackupRun) -> dict[str, Image]:
    """All images of a run. Those that were waited for have just been read; those that only serve again are read once more."""
    states = [state for record in run.records for state in record.assets if state.plan.kind == "image" and state.asset_id]
    known = {state.asset.image_id: state.asset for state in states if isinstance(state.asset, Image)}
    others = sorted({str(state.asset_id) for state in states} - set(known))
    if others:
        known |= IMAGES.read(dispatcher, others)
    return known


def _is_voided(record: BackupRecord, state: AssetState) -> bool:
    """Whether its machine was to stay stopped and did not. One that is gone does not count: that is for others to judge."""
    was_to_stay_stopped = record.stopped_by_us or (record.machine is not None and record.machine.status == "stopped")
    return record.seen is not None and state.plan.stopped and was_to_stay_stopped and record.seen.status != "stopped"


def _flaw(record: BackupRecord, state: AssetState) -> Failure | None:
    """Why a finished asset of a machine is no backup after all, seen from its end."""
    if state.voided and record.seen is not None:
        since = f"{record.instance_id} is now '{record.seen.status}' instead of stopped"
        return Failure("changed_meanwhile", f"{state.title} no longer counts: {since}.")
    if state.plan.kind != "image" or state.status != "ready" or state.asset_id is None:
        return None
    held = record.held.get(state.asset_id, {})
    wanted = {disk_key(disk.disk_id, disk.device) for disk in state.plan.disks}
    lacking = sorted(wanted - set(held))
    if lacking:
        return Failure(
            "incomplete",
            f"{state.title} does not contain {', '.join(lacking)}: make another one while its disks do not change; if that one "
            "is incomplete as well, make snapshots of the disks.",
        )
    return None if state.plan.left_out else _grown(record)


def _grown(record: BackupRecord) -> Failure | None:
    """A failure if the machine has got disks since it was planned what to back up."""
    if record.seen is None or record.machine is None:
        return None
    flaw = unreadable_reason(record.seen)
    if flaw is not None:
        return Failure("unverified", f"The present disks of {record.instance_id} are unknown: {flaw}.")
    new = sorted(disk_keys(record.seen) - disk_keys(record.machine))
    return Failure("changed_meanwhile", f"{record.instance_id} has new disks since the plan ({', '.join(new)}).") if new else None


def void_markers(dispatcher: Dispatcher, run: BackupRun) -> None:
    """Write down that a backup of this campaign no longer counts, so that no one takes it for one later."""
    states = [state for record in run.records for state in record.assets if state.voided and state.plan.campaign == run.campaign]
    calls: list[Call[None]] = []
    for state in states:
        known = read_marker(state.asset.description) if state.asset is not None else None
        marker = str(replace(known or Marker(run.campaign, str(state.instance_id), stopped=True), stopped=False))
        asset_id = str(state.asset_id)
        calls.append(
            set_image_description(asset_id, marker) if state.plan.kind == "image" else set_snapshot_description(asset_id, marker)
        )
    for state, outcome in zip(states, _insist(dispatcher, calls), strict=True):
        if outcome.error is not None and state.failure is not None:
            message = (
                f"{state.failure.message} Its mark still says that it counts and could not be changed: delete the backup "
                "manually."
            )
            state.failure = replace(state.failure, message=message)


def _insist(dispatcher: Dispatcher, calls: Sequence[Call[None]]) -> list[Outcome]:
    """Send writes that may be repeated, until each is accepted or refused for good, or was tried often enough."""
    outcomes = dispatcher.gather(calls)
    for number in range(1, VOID_TRIES):
        again = [place for place, outcome in enumerate(outcomes) if outcome.error is not None and _passes(outcome.error)]
        if not again:
            break
        dispatcher.pause(dispatcher.backoff(number))
        for place, outcome in zip(again, dispatcher.gather([calls[place] for place in again]), strict=True):
            outcomes[place] = outcome
    return outcomes


def _passes(error: JdcloudError) -> bool:
    return classify(error) in (ErrorMeaning.THROTTLED, ErrorMeaning.UNCLEAR, ErrorMeaning.BUSY)
