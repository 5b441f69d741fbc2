# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run of backups, from the selection to the proof: select, settle, decide, weigh against the quotas, stop, make, read back,
start again. With a preview nothing is changed and all that can be known is predicted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from .._api import images as image_api
from .._api import snapshots as snapshot_api
from .._api.assets import Image, Snapshot
from .._api.dispatch import Dispatcher
from .._api.errors import JdcloudError
from .._api.listing import read_by_ids
from .._api.models import Instance
from .archive import image_id_of, read_holdings, snapshot_id_of
from .asset_course import disk_keys
from .asset_track import AssetTrack, Stage
from .backup_engine import BackupEngine
from .backup_plan import BackupDecision, BackupPolicy, decide_backup
from .backup_subjects import Subjects, find_subjects
from .census import find_machines
from .engine import Engine
from .mark import Mark, read_mark
from .plan import decide
from .policy import Facts, Policy, Remark, State
from .proof import Holdings, disk_key, held_by
from .retention import Superseded, superseded
from .room import Room, weigh
from .setbacks import Timing
from .track import Failure, Phase, Track

POWER_TIMEOUT = 600.0
"""Seconds that a stop or start may take, however long the backups may."""


@dataclass(slots=True)
class BackupRecord:
    """All about one machine (or one disk that is on none) of a run.

    `machine` is how it was found, `seen` how it was last seen. `held` are the disks that each image proved to hold, by image id.
    """

    instance_id: str
    machine: Instance | None = None
    decision: BackupDecision | None = None
    failure: Failure | None = None
    seen: Instance | None = None
    stop: Track | None = None
    start: Track | None = None
    assets: list[AssetTrack] = field(default_factory=list)
    held: dict[str, Mapping[str, str | None]] = field(default_factory=dict)

    @property
    def blocked(self) -> bool:
        """Whether something forbids the backup."""
        return self.decision is not None and bool(self.decision.blockers)

    @property
    def stopped_by_us(self) -> bool:
        """Whether this run stopped it."""
        return self.stop is not None and self.stop.stopped_by_us


@dataclass(slots=True)
class BackupRun:
    """The records in the order of the result. `room` is None where nothing was to be made, and so no quota was read.

    `held_back`: something was blocked or did not fit, so nothing at all was changed. `snapshots` are parts of images.
    """

    campaign: str
    records: list[BackupRecord] = field(default_factory=list)
    held_back: bool = False
    missing: list[str] = field(default_factory=list)
    room: Room | None = None
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    superseded: Superseded = field(default_factory=Superseded)
    crash: str | None = None


@dataclass(frozen=True, slots=True)
class Manner:
    """How a run deals with what cannot be done. `fit`: a batch that exceeds the quotas is done as far as it fits.

    `keep`: how many backups of a machine are to stay; 0: all.
    """

    cap: int | None = None
    skip_blocked: bool = False
    fit: bool = False
    preview: bool = False
    keep: int = 0


def back_up(dispatcher: Dispatcher, policy: BackupPolicy, timing: Timing, manner: Manner) -> BackupRun:
    """Do it. Raises `JdcloudError` if something cannot be read or the selection is refused; then nothing was changed."""
    observed_at = dispatcher.clock.now()
    subjects = find_subjects(dispatcher, policy, timing, manner.cap)
    holdings = read_holdings(dispatcher, subjects.machines.values(), every_snapshot=policy.method != "image")
    chosen = replace(policy, selection=policy.selection.chosen())
    run = BackupRun(policy.campaign, _records(dispatcher, subjects, policy, chosen, holdings), missing=subjects.missing)
    _weigh(dispatcher, run, fit=manner.fit)
    run.held_back = any(_holds_back(record, manner) for record in run.records)
    parts: Mapping[str, Snapshot] = {}
    if not run.held_back:
        parts = _carry_out(dispatcher, run, chosen, timing, observed_at, preview=manner.preview)
    else:
        _show_existing(run)
    preview = manner.preview or run.held_back
    try:
        _prove(dispatcher, run, holdings, parts, preview=preview)
    except JdcloudError as error:
        # What was made stays made, and what was stopped is still to be started again.
        _unverified(run, error)
    if not preview:
        _void(dispatcher, run)
        _power(dispatcher, run, chosen, timing, observed_at, "running")
        if manner.keep:
            run.superseded = _superseded(dispatcher, run, chosen, manner.keep)
    return run


def _records(
    dispatcher: Dispatcher, subjects: Subjects, policy: BackupPolicy, chosen: BackupPolicy, holdings: Holdings
) -> list[BackupRecord]:
    now = dispatcher.service_time()
    records = []
    for instance_id in subjects.order:
        record = BackupRecord(instance_id, subjects.machines.get(instance_id), failure=subjects.failures.get(instance_id))
        if record.machine is not None:
            wishes = policy if instance_id in subjects.mismatched else chosen
            record.decision = decide_backup(record.machine, wishes, holdings, now)
            record.seen = record.machine
        records.append(record)
    return records


def _weigh(dispatcher: Dispatcher, run: BackupRun, *, fit: bool) -> None:
    """Compare what is to be made with the live quotas, before the first stop and the first asset."""
    decisions = [record.decision for record in run.records if record.decision is not None and record.failure is None]
    making = [decision for decision in decisions if decision.makes]
    if not making:
        return
    calls = [image_api.describe_image_quota(), snapshot_api.describe_snapshot_quota()]
    images, snapshots = (outcome.value for outcome in dispatcher.gather(calls))
    run.room = weigh(making, images, snapshots)
    if not run.room.short:
        return
    advice = "have the quotas raised, or remove what is no longer needed"
    if not fit:
        advice += ", or set on_shortfall to fit to do the part that fits"
    for record in run.records:
        if record.instance_id in run.room.does_not_fit and record.decision is not None:
            needs = record.decision.assets
            message = (
                f"The quotas have no room for it ({sum(each.images for each in needs)} images and "
                f"{sum(each.snapshots for each in needs)} snapshots; the whole batch: {run.room.numbers}): {advice}."
            )
            blocker = Remark("quota_shortfall", message)
            record.decision = replace(record.decision, assets=(), stop=False, start=False, blockers=(blocker,))


def _holds_back(record: BackupRecord, manner: Manner) -> bool:
    """Whether a record holds everything back. A lack of room always does, unless the part that fits was asked for."""
    blockers = record.decision.blockers if record.decision is not None else ()
    if any(blocker.code == "quota_shortfall" for blocker in blockers):
        return not manner.fit
    return not manner.skip_blocked and (record.failure is not None or bool(blockers))


def _carry_out(
    dispatcher: Dispatcher, run: BackupRun, policy: BackupPolicy, timing: Timing, observed_at: float, *, preview: bool
) -> Mapping[str, Snapshot]:
    """Stop and make. Returns the snapshots that were read as parts of ready images on the way."""
    if not preview:
        _power(dispatcher, run, policy, timing, observed_at, "stopped")
    tracks = []
    for record in run.records:
        if record.failure is None and record.decision is not None and not record.decision.blockers:
            record.assets = [_track(record, index, observed_at) for index in range(len(record.decision.assets))]
            failed = record.stop.failure if record.stop is not None else None
            if failed is not None:
                record.failure, record.assets = failed, []
        tracks += [track for track in record.assets if not track.plan.ready]
    if preview:
        return {}
    engine = BackupEngine(dispatcher, timing)
    engine.run([track for track in tracks if timing.wait or track.asset_id is None])
    run.crash = run.crash or engine.crash
    return engine.parts


def _show_existing(run: BackupRun) -> None:
    """Nothing is done: what exists already is shown all the same."""
    for record in run.records:
        if record.failure is None and record.decision is not None:
            every = [_track(record, index, float("-inf")) for index in range(len(record.decision.assets))]
            record.assets = [track for track in every if track.asset_id is not None]


def _track(record: BackupRecord, index: int, observed_at: float) -> AssetTrack:
    """The way of one asset. The plan's own look at the machine will do as long as it is fresh."""
    assert record.decision is not None
    plan = record.decision.assets[index]
    stage = Stage.CREATE if plan.asset_id is None else Stage.MAKING
    if plan.ready:
        stage = Stage.ENDED
    elif plan.kind == "snapshot" and plan.asset_id is None and any(each.images for each in record.decision.assets):
        stage = Stage.LINE
    machine = record.stop.machine if record.stop is not None else record.machine
    on_machine = record.machine is not None and record.machine.instance_id == record.instance_id
    return AssetTrack(
        plan,
        machine if on_machine else None,
        stage,
        record.instance_id if on_machine else None,
        plan.name,
        plan.attempt,
        plan.asset_id,
        observed_at=record.stop.observed_at if record.stop is not None else observed_at,
        status=plan.status,
    )


def _power(
    dispatcher: Dispatcher, run: BackupRun, policy: BackupPolicy, timing: Timing, observed_at: float, state: State
) -> None:
    """Stop the machines that are to be stopped, or start those that we stopped."""
    wishes = Policy(state=state, selection=policy.selection, protect_tags=policy.protect_tags)
    facts = Facts(now=dispatcher.service_time())
    tracks = []
    for record in run.records:
        if record.failure is not None and not record.stopped_by_us:
            continue
        machine = record.seen if state == "running" else record.machine
        wanted = record.decision is not None and (record.decision.stop if state == "stopped" else record.decision.start)
        if state == "running":
            # Only what we stopped, or an earlier try of this campaign did, is started.
            wanted = wanted and (record.stopped_by_us or record.instance_id in policy.stopped_before)
        if not wanted or machine is None:
            continue
        decision = decide(machine, wishes, facts)
        if decision.blockers:
            failure = Failure("changed_meanwhile", " ".join(blocker.message for blocker in decision.blockers))
            record.failure = record.failure or failure
            continue
        seen_at = observed_at if state == "stopped" else float("-inf")
        track = Track(decision, machine, Phase.ENDED, seen_at, status=machine.status)
        if state == "stopped":
            record.stop = track
        else:
            record.start = track
        tracks.append(track)
    if tracks:
        engine = Engine(dispatcher, wishes, _power_timing(timing), facts)
        engine.run(tracks)
        run.crash = run.crash or engine.crash
    for record in run.records:
        track_of = record.stop if state == "stopped" else record.start
        if track_of is not None:
            record.seen = track_of.machine


def _power_timing(timing: Timing) -> Timing:
    return replace(timing, wait=True, wait_timeout=min(timing.wait_timeout, POWER_TIMEOUT))


def _prove(dispatcher: Dispatcher, run: BackupRun, holdings: Holdings, known: Mapping[str, Snapshot], *, preview: bool) -> None:
    """Read back what the images hold, through their snapshots, and see the machines once more."""
    machines = [record.machine.instance_id for record in run.records if record.machine and record.assets and _on_machine(record)]
    if machines and not preview:
        found = find_machines(dispatcher, machines)
        for record in run.records:
            if record.assets and _on_machine(record):
                record.seen = found.get(record.instance_id)
    images = _known_images(dispatcher, run, holdings, preview=preview)
    parts = sorted({part.snapshot_id for image in images.values() for part in image.disks if part.snapshot_id})
    run.snapshots = dict(holdings.snapshots) if preview else dict(known)
    unread = [snapshot_id for snapshot_id in parts if snapshot_id not in run.snapshots]
    if unread and not preview:
        run.snapshots |= read_by_ids(dispatcher, unread, lambda chunk: snapshot_api.describe_snapshots(ids=chunk), snapshot_id_of)
    for record in run.records:
        for track in record.assets:
            image = images.get(track.asset_id or "")
            if image is not None and record.seen is not None:
                track.asset = image
                record.held[image.image_id] = held_by(image, record.seen, run.snapshots)
            if not preview and track.stage is Stage.ENDED and track.failure is None:
                track.failure = _flaw(record, track)


def _unverified(run: BackupRun, error: JdcloudError) -> None:
    for record in run.records:
        for track in record.assets:
            message = f"{track.title} could not be read back, so it proves nothing yet: {error}"
            track.failure = track.failure or Failure("unverified", message, error)


def _known_images(dispatcher: Dispatcher, run: BackupRun, holdings: Holdings, *, preview: bool) -> dict[str, Image]:
    tracks = [track for record in run.records for track in record.assets if track.plan.kind == "image" and track.asset_id]
    ids = {str(track.asset_id) for track in tracks}
    if preview:
        every: Iterable[Image] = (image for images in holdings.images.values() for image in images)
        return {image.image_id: image for image in every if image.image_id in ids}
    # Those that were waited for have just been read; those that only serve again are read once more.
    known = {track.asset.image_id: track.asset for track in tracks if isinstance(track.asset, Image)}
    others = sorted(ids - set(known))
    if others:
        known |= read_by_ids(dispatcher, others, lambda chunk: image_api.describe_images(ids=chunk), image_id_of)
    return known


def _flaw(record: BackupRecord, track: AssetTrack) -> Failure | None:
    """Why a finished asset is no backup after all, seen from its end."""
    if not _on_machine(record):
        return None
    machine = record.seen
    if machine is None:
        # The data is safe; that the machine is gone is for others to judge.
        return None
    was_to_stay_stopped = record.stopped_by_us or (record.machine is not None and record.machine.status == "stopped")
    if track.plan.stopped and was_to_stay_stopped and machine.status != "stopped":
        track.voided = True
        message = f"{track.title} counts no more: {machine.instance_id} is '{machine.status}' since, and was to stay stopped."
        return Failure("changed_meanwhile", message)
    if track.plan.kind != "image" or track.status != "ready" or track.asset_id is None:
        return None
    held = record.held.get(track.asset_id, {})
    wanted = {disk_key(disk.disk_id, disk.device) for disk in track.plan.disks}
    lacking = sorted(wanted - set(held))
    if lacking:
        return Failure(
            "incomplete", f"{track.title} does not hold {', '.join(lacking)}: make another one when nobody changes it."
        )
    new = sorted(disk_keys(machine) - disk_keys(record.machine or machine))
    if new and not track.plan.left_out:
        return Failure("changed_meanwhile", f"{machine.instance_id} has got other disks since ({', '.join(new)}).")
    return None


def _void(dispatcher: Dispatcher, run: BackupRun) -> None:
    """Write down that a backup of this campaign no longer counts, so that nobody takes it for one later."""
    tracks = [track for record in run.records for track in record.assets if track.voided and track.plan.campaign == run.campaign]
    calls = []
    for track in tracks:
        known = read_mark(track.asset.description) if track.asset is not None else None
        mark = str(replace(known or Mark(run.campaign, str(track.instance_id), stopped=True), stopped=False))
        asset_id = str(track.asset_id)
        calls.append(
            image_api.set_image_description(asset_id, mark)
            if track.plan.kind == "image"
            else snapshot_api.set_snapshot_description(asset_id, mark)
        )
    for track, outcome in zip(tracks, dispatcher.gather(calls), strict=True):
        if outcome.error is not None and track.failure is not None:
            message = f"{track.failure.message} Its mark still says that it counts, and could not be changed: delete it by hand."
            track.failure = replace(track.failure, message=message)


def _superseded(dispatcher: Dispatcher, run: BackupRun, policy: BackupPolicy, keep: int) -> Superseded:
    """What the proven backups of this run have made superfluous. Where that cannot be read, nothing is."""
    proven = [record for record in run.records if record.assets and failure_of(record) is None and not record.blocked]
    machines = [record.seen for record in proven if record.seen is not None and _on_machine(record)]
    try:
        holdings = read_holdings(dispatcher, machines, every_snapshot=True)
    except JdcloudError:
        return Superseded()
    return superseded(machines, policy, holdings, keep, dispatcher.service_time())


def _on_machine(record: BackupRecord) -> bool:
    """Whether the record is about a machine, not about a disk that is on none."""
    return record.machine is not None and record.machine.instance_id == record.instance_id


def failure_of(record: BackupRecord) -> Failure | None:
    """The first thing that failed for a machine."""
    tracks = [record.stop, record.start]
    failures = [record.failure, *(track.failure for track in record.assets), *(track.failure for track in tracks if track)]
    return next((failure for failure in failures if failure is not None), None)
