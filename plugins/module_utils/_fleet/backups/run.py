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
from ..._api.services.quotas import describe_image_quota, describe_snapshot_quota
from ..common.failure import Finding
from ..common.progress import Watch, count, unwatched
from ..common.timing import Timing
from ..evidence.existing_backups import read_backups
from ..evidence.proof import BackupSet
from ..planning.policy import Facts
from ..surroundings.balancer_reads import read_balancers
from ..surroundings.group_reads import read_groups
from .engine import BackupEngine
from .plan import decide_backup
from .policy import BackupDecision, BackupPolicy, PlannedAsset
from .power import start_again, stop_machines
from .progress import standing_of_backups, standing_of_record, waited_for
from .quota import QuotaCheck, check_quota
from .record import BackupRecord, BackupRun, RunContext, RunOptions, failure_of, on_machine
from .retention import Superseded, superseded
from .state import AssetState, Stage
from .targets import Targets, find_targets
from .transitions import disk_keys
from .verify import read_preview, unverified, verify_run, void_markers


def back_up(
    dispatcher: Dispatcher, policy: BackupPolicy, timing: Timing, options: RunOptions, watch: Watch = unwatched
) -> BackupRun:
    """Do it. Raises `JdcloudError` if something cannot be read or the selection is refused; then nothing was changed."""
    chosen = replace(policy, selection=policy.selection.chosen())
    context = RunContext(dispatcher, chosen, timing, options, watch, dispatcher.clock.now())
    targets = find_targets(dispatcher, policy, timing, options.cap)
    context = replace(context, around=_read_around(context, targets))
    backup_set = read_backups(dispatcher, targets.machines.values(), every_snapshot=policy.method != "image")
    run = BackupRun(policy.campaign, _records(context, targets, policy, backup_set), missing=targets.missing)
    _check_quota(context, run)
    run.held_back = any(_holds_back(record, options) for record in run.records)
    if run.held_back or options.preview:
        _preview(context, run, backup_set)
    else:
        _carry_out(context, run)
    return run


def _read_around(context: RunContext, targets: Targets) -> Facts:
    """What surrounds the machines, where they may be stopped."""
    if not context.policy.stop_running:
        return Facts()
    policy, machines = context.policy.of_stops, [*targets.machines.values()]
    groups, balancers = read_groups(context.dispatcher, policy, machines), read_balancers(context.dispatcher, policy, machines)
    return Facts(now=context.dispatcher.service_time(), groups=groups, balancers=balancers)


def _records(context: RunContext, targets: Targets, policy: BackupPolicy, backup_set: BackupSet) -> list[BackupRecord]:
    now = context.dispatcher.service_time()
    records = []
    for instance_id in targets.order:
        record = BackupRecord(instance_id, targets.machines.get(instance_id), failure=targets.failures.get(instance_id))
        if record.machine is not None:
            wanted_policy = policy if instance_id in targets.mismatched else context.policy
            record.decision = decide_backup(record.machine, wanted_policy, backup_set, now, context.around)
            record.seen = record.machine
        records.append(record)
    return records


def _check_quota(context: RunContext, run: BackupRun) -> None:
    """Compare what is to be made with the live quotas, before the first stop and the first asset."""
    decisions = [record.decision for record in run.records if record.decision is not None and record.failure is None]
    making = [decision for decision in decisions if decision.makes]
    if not making:
        return
    calls = [describe_image_quota(), describe_snapshot_quota()]
    images, snapshots = (outcome.value for outcome in context.dispatcher.gather(calls))
    run.quota = check_quota(making, images, snapshots)
    for record in run.records:
        decision = record.decision
        if record.instance_id in run.quota.does_not_fit and decision is not None:
            blocker = _quota_blocker(decision, run.quota, fit=context.options.fit)
            # What an earlier try of this campaign stopped is started again all the same.
            start = decision.start and not decision.stop
            record.decision = replace(decision, assets=(), stop=False, start=start, blockers=(blocker,))


def _quota_blocker(decision: BackupDecision, quota: QuotaCheck, *, fit: bool) -> Finding:
    advice = "have the quotas raised, or delete backups that you no longer need"
    if not fit:
        advice += ", or set on_shortfall to fit to back up the instances that fit"
    return Finding(
        "quota_shortfall",
        f"The quotas are too small for it ({decision.images} images and {decision.snapshots} snapshots; the whole batch: "
        f"{quota.numbers}): {advice}.",
    )


def _holds_back(record: BackupRecord, options: RunOptions) -> bool:
    """Whether a record holds everything back. Too small a quota always does, unless the part that fits was asked for."""
    blockers = record.decision.blockers if record.decision is not None else ()
    if any(blocker.code == "quota_shortfall" for blocker in blockers):
        return not options.fit
    return not options.skip_blocked and (record.failure is not None or bool(blockers))


def _preview(context: RunContext, run: BackupRun, backup_set: BackupSet) -> None:
    """Show what would be made; where something holds the run back, only what exists already. Nothing is sent."""
    _begin(context, run)
    if run.held_back:
        for record in run.records:
            record.assets = [state for state in record.assets if state.asset_id is not None]
    read_preview(run, backup_set)


def _carry_out(context: RunContext, run: BackupRun) -> None:
    """Stop, make, read back and start again."""
    stop_machines(context, run)
    _begin(context, run)
    parts = _make(context, run)
    try:
        verify_run(context, run, parts)
    except JdcloudError as error:
        # What was made stays made, and what was stopped is still to be started again.
        unverified(run, error)
    void_markers(context.dispatcher, run)
    start_again(context, run)
    if context.options.keep:
        run.superseded = _superseded(context, run)


def _begin(context: RunContext, run: BackupRun) -> None:
    """Let each planned image and snapshot have its state, but for those of machines that could not be stopped."""
    for record in run.records:
        if record.failure is not None or record.decision is None:
            continue
        record.failure = record.stop.failure if record.stop is not None else None
        if record.failure is None:
            images = [each for each in record.decision.assets if each.kind == "image" and not each.ready]
            in_line = any(each.images or context.timing.wait for each in images)
            record.assets = [_state(context, record, plan, in_line=in_line) for plan in record.decision.assets]


def _state(context: RunContext, record: BackupRecord, plan: PlannedAsset, *, in_line: bool) -> AssetState:
    """The state of one asset. The plan's own look at the machine will do as long as it is fresh.

    `in_line`: snapshots of the machine wait for its image.
    """
    observed_at, machine = context.observed_at, record.machine
    if record.stop is not None:
        observed_at, machine = record.stop.observed_at, record.stop.machine
    changed = machine is not None and record.machine is not None and disk_keys(machine) != disk_keys(record.machine)
    if plan.ready:
        stage = Stage.ENDED
    elif plan.asset_id is not None:
        stage = Stage.MAKING
    elif plan.kind == "snapshot" and in_line:
        stage = Stage.LINE
    else:
        stage = Stage.GATE if changed else Stage.CREATE
    # If its disks changed, the look before its create compares with what was planned, not with what it became during its stop.
    machine = record.machine if changed else machine
    return AssetState(
        plan,
        machine if on_machine(record) else None,
        stage,
        record.instance_id if on_machine(record) else None,
        plan.asset_id,
        observed_at=observed_at,
        status=plan.status,
    )


def _make(context: RunContext, run: BackupRun) -> Mapping[str, Snapshot]:
    """Make images and snapshots. Returns the snapshots that were read as parts of ready images on the way."""
    context.watch(
        lambda: count(
            (standing_of_record(each, standing_of_backups(each.assets)) for each in run.records),
            "backing up",
            waited_for(each.assets for each in run.records),
        )
    )
    states = [state for record in run.records for state in record.assets if not state.plan.ready]
    engine = BackupEngine(context.dispatcher, context.timing)
    engine.run([state for state in states if context.timing.wait or state.asset_id is None])
    run.crash = run.crash or engine.crash
    return engine.parts


def _superseded(context: RunContext, run: BackupRun) -> Superseded:
    """What the proven backups of this run have made superfluous. Where that cannot be read, nothing is."""
    proven = [record for record in run.records if record.assets and failure_of(record) is None and not record.blocked]
    machines = [record.seen for record in proven if record.seen is not None and on_machine(record)]
    try:
        backup_set = read_backups(context.dispatcher, machines, every_snapshot=True)
    except JdcloudError:
        return Superseded()
    return superseded(machines, context.policy, backup_set, context.options.keep, context.dispatcher.service_time())
