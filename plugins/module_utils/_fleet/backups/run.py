# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run of backups, from the selection to the proof: select, settle, decide, check against the quotas, stop, make, read back,
start again. With a preview nothing is changed and all that can be known is predicted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..._api.dispatch.dispatcher import Dispatcher
from ..._api.errors import JdcloudError
from ..._api.model.backup_assets import Snapshot
from ..._api.services import images as image_api
from ..._api.services import snapshots as snapshot_api
from ..common.failure import Failure
from ..common.finding import Finding
from ..common.progress import Standing, Watch, count, unwatched
from ..common.timing import Timing
from ..evidence.existing_backups import read_backups
from ..evidence.proof import BackupSet
from ..machines.engine import Engine
from ..machines.progress import standing_of_machine
from ..machines.state import MachineState, Phase
from ..planning.plan import decide
from ..planning.policy import Facts, Policy, State
from .engine import BackupEngine
from .plan import BackupDecision, BackupPolicy, PlannedAsset, decide_backup
from .progress import standing_of_backups
from .quota import check_quota
from .record import BackupRecord, BackupRun, RunOptions, failure_of, on_machine
from .retention import Superseded, superseded
from .state import AssetState, Stage
from .targets import Targets, find_targets, power_timing
from .transitions import disk_keys
from .verify import unverified, verify_run, void_markers


def back_up(
    dispatcher: Dispatcher, policy: BackupPolicy, timing: Timing, options: RunOptions, watch: Watch = unwatched
) -> BackupRun:
    """Do it. Raises `JdcloudError` if something cannot be read or the selection is refused; then nothing was changed."""
    observed_at = dispatcher.clock.now()
    targets = find_targets(dispatcher, policy, timing, options.cap)
    backup_set = read_backups(dispatcher, targets.machines.values(), every_snapshot=policy.method != "image")
    chosen = replace(policy, selection=policy.selection.chosen())
    run = BackupRun(policy.campaign, _records(dispatcher, targets, policy, chosen, backup_set), missing=targets.missing)
    _check_quota(dispatcher, run, fit=options.fit)
    run.held_back = any(_holds_back(record, options) for record in run.records)
    parts: Mapping[str, Snapshot] = {}
    if not run.held_back:
        parts = _carry_out(dispatcher, run, chosen, timing, observed_at, watch, preview=options.preview)
    else:
        _show_existing(run)
    preview = options.preview or run.held_back
    try:
        verify_run(dispatcher, run, backup_set, parts, preview=preview, whole=chosen.disk_ids is None)
    except JdcloudError as error:
        # What was made stays made, and what was stopped is still to be started again.
        unverified(run, error)
    if not preview:
        void_markers(dispatcher, run)
        _power(dispatcher, run, chosen, timing, observed_at, "running", watch)
        if options.keep:
            run.superseded = _superseded(dispatcher, run, chosen, options.keep)
    return run


def _records(
    dispatcher: Dispatcher, targets: Targets, policy: BackupPolicy, chosen: BackupPolicy, backup_set: BackupSet
) -> list[BackupRecord]:
    now = dispatcher.service_time()
    records = []
    for instance_id in targets.order:
        record = BackupRecord(instance_id, targets.machines.get(instance_id), failure=targets.failures.get(instance_id))
        if record.machine is not None:
            wanted_policy = policy if instance_id in targets.mismatched else chosen
            record.decision = decide_backup(record.machine, wanted_policy, backup_set, now)
            record.seen = record.machine
        records.append(record)
    return records


def _check_quota(dispatcher: Dispatcher, run: BackupRun, *, fit: bool) -> None:
    """Compare what is to be made with the live quotas, before the first stop and the first asset."""
    decisions = [record.decision for record in run.records if record.decision is not None and record.failure is None]
    making = [decision for decision in decisions if decision.makes]
    if not making:
        return
    calls = [image_api.describe_image_quota(), snapshot_api.describe_snapshot_quota()]
    images, snapshots = (outcome.value for outcome in dispatcher.gather(calls))
    run.quota = check_quota(making, images, snapshots)
    if not run.quota.short:
        return
    advice = "have the quotas raised, or remove what is no longer needed"
    if not fit:
        advice += ", or set on_shortfall to fit to do the part that fits"
    for record in run.records:
        if record.instance_id in run.quota.does_not_fit and record.decision is not None:
            needs = record.decision.assets
            message = (
                f"The quotas have no room for it ({sum(each.images for each in needs)} images and "
                f"{sum(each.snapshots for each in needs)} snapshots; the whole batch: {run.quota.numbers}): {advice}."
            )
            blocker = Finding("quota_shortfall", message)
            # What an earlier try of this campaign stopped is started again all the same.
            start = record.decision.start and not record.decision.stop
            record.decision = replace(record.decision, assets=(), stop=False, start=start, blockers=(blocker,))


def _holds_back(record: BackupRecord, options: RunOptions) -> bool:
    """Whether a record holds everything back. A lack of room always does, unless the part that fits was asked for."""
    blockers = record.decision.blockers if record.decision is not None else ()
    if any(blocker.code == "quota_shortfall" for blocker in blockers):
        return not options.fit
    return not options.skip_blocked and (record.failure is not None or bool(blockers))


def _carry_out(
    dispatcher: Dispatcher,
    run: BackupRun,
    policy: BackupPolicy,
    timing: Timing,
    observed_at: float,
    watch: Watch,
    *,
    preview: bool,
) -> Mapping[str, Snapshot]:
    """Stop and make. Returns the snapshots that were read as parts of ready images on the way."""
    if not preview:
        _power(dispatcher, run, policy, timing, observed_at, "stopped", watch)
    states = []
    for record in run.records:
        if record.failure is None and record.decision is not None and not record.decision.blockers:
            record.assets = _states(record, record.decision, observed_at, waited_for=timing.wait)
            failed = record.stop.failure if record.stop is not None else None
            if failed is not None:
                record.failure, record.assets = failed, []
        states += [state for state in record.assets if not state.plan.ready]
    if preview:
        return {}
    watch(lambda: count((_standing(record, standing_of_backups(record.assets)) for record in run.records), "making backups"))
    engine = BackupEngine(dispatcher, timing)
    engine.run([state for state in states if timing.wait or state.asset_id is None])
    run.crash = run.crash or engine.crash
    return engine.parts


def _show_existing(run: BackupRun) -> None:
    """Nothing is done: what exists already is shown all the same."""
    for record in run.records:
        if record.failure is None and record.decision is not None:
            every = _states(record, record.decision, float("-inf"), waited_for=False)
            record.assets = [state for state in every if state.asset_id is not None]


def _states(record: BackupRecord, decision: BackupDecision, observed_at: float, *, waited_for: bool) -> list[AssetState]:
    images = [each for each in decision.assets if each.kind == "image" and not each.ready]
    in_line = any(each.images or waited_for for each in images)
    return [_state(record, plan, observed_at, in_line=in_line) for plan in decision.assets]


def _state(record: BackupRecord, plan: PlannedAsset, observed_at: float, *, in_line: bool) -> AssetState:
    """The way of one asset. The plan's own look at the machine will do as long as it is fresh.

    `in_line`: snapshots of the machine wait for its image.
    """
    stage = Stage.CREATE if plan.asset_id is None else Stage.MAKING
    machine = record.stop.machine if record.stop is not None else record.machine
    if machine is not None and record.machine is not None and disk_keys(machine) != disk_keys(record.machine):
        # The look before its create compares with what was planned, not with what it has become during its stop.
        stage, machine = Stage.GATE if stage is Stage.CREATE else stage, record.machine
    if plan.ready:
        stage = Stage.ENDED
    elif plan.kind == "snapshot" and plan.asset_id is None and in_line:
        stage = Stage.LINE
    on_machine = record.machine is not None and record.machine.instance_id == record.instance_id
    return AssetState(
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
    dispatcher: Dispatcher, run: BackupRun, policy: BackupPolicy, timing: Timing, observed_at: float, state: State, watch: Watch
) -> None:
    """Stop the machines that are to be stopped, or start those that we stopped."""
    wanted_policy = Policy(state=state, selection=policy.selection, protect_tags=policy.protect_tags)
    facts = Facts(now=dispatcher.service_time())
    states = []
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
        decision = decide(machine, wanted_policy, facts)
        if decision.blockers:
            failure = Failure("changed_meanwhile", " ".join(blocker.message for blocker in decision.blockers))
            record.failure = record.failure or failure
            continue
        seen_at = observed_at if state == "stopped" else float("-inf")
        machine_state = MachineState(decision, machine, Phase.ENDED, seen_at, status=machine.status)
        if state == "stopped":
            record.stop = machine_state
        else:
            record.start = machine_state
        states.append(machine_state)
    if states:
        step = "stopping" if state == "stopped" else "starting again"
        watch(lambda: count((_standing(record, _power_standing(record, state)) for record in run.records), step))
        engine = Engine(dispatcher, wanted_policy, power_timing(timing), facts)
        engine.run(states)
        run.crash = run.crash or engine.crash
    for record in run.records:
        track_of = record.stop if state == "stopped" else record.start
        if track_of is not None:
            record.seen = track_of.machine


def _standing(record: BackupRecord, otherwise: Standing) -> Standing:
    """What already keeps a machine from its end goes before how far it is in the present step."""
    if failure_of(record) is not None:
        return Standing.FAILED
    return Standing.BLOCKED if record.blocked else otherwise


def _power_standing(record: BackupRecord, state: State) -> Standing:
    return standing_of_machine(record.stop if state == "stopped" else record.start)


def _superseded(dispatcher: Dispatcher, run: BackupRun, policy: BackupPolicy, keep: int) -> Superseded:
    """What the proven backups of this run have made superfluous. Where that cannot be read, nothing is."""
    proven = [record for record in run.records if record.assets and failure_of(record) is None and not record.blocked]
    machines = [record.seen for record in proven if record.seen is not None and on_machine(record)]
    try:
        backup_set = read_backups(dispatcher, machines, every_snapshot=True)
    except JdcloudError:
        return Superseded()
    return superseded(machines, policy, backup_set, keep, dispatcher.service_time())
