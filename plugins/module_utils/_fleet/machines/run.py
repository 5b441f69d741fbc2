# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run of the main job, from the selection to the last fate: select, settle, decide, and unless only a preview is
wanted or something is blocked, carry out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..._api.dispatch.dispatcher import Dispatcher
from ..common.failure import Failure
from ..common.progress import Standing, Watch, count, unwatched
from ..common.timing import Timing
from ..evidence.preview import PlannedMachine
from ..planning.plan import decide
from ..planning.policy import Facts, Policy
from ..surroundings.comeback import targets_left
from ..surroundings.dns import DnsLookup
from ..surroundings.dns_reads import look_up_dns
from .engine import Engine
from .find import FoundMachines, SettledMachines, find_to_change, wait_until_settled
from .gate_reads import gather_facts
from .leaving import Leaving, with_complaint
from .record import MachineRecord, MachineRun
from .state import MachineState, Phase, standing_of_machine, waited_for


@dataclass(frozen=True, slots=True)
class MachineOptions:
    """How a run goes about it. `cap`: the most machines that may match, None for the selection's own cap.

    With `preview` the plan is made and nothing is changed; only then `planned` backups count, by machine. `dns`: look up which
    records hold addresses of the machines.
    """

    cap: int | None
    skip_blocked: bool
    preview: bool
    planned: Mapping[str, PlannedMachine] = field(default_factory=dict)
    dns: bool = False


def run_action(
    dispatcher: Dispatcher, policy: Policy, timing: Timing, options: MachineOptions, watch: Watch = unwatched
) -> MachineRun:
    """Bring the selected machines into the state that the policy wants.

    Raises `JdcloudError` if the machines cannot be read or the selection is refused; then nothing was changed.
    """
    selection = policy.selection
    observed_at = dispatcher.clock.now()
    hindered = "" if policy.state == "absent" else f"none can become {policy.state}"
    found = find_to_change(dispatcher, selection, options.cap, hindered=hindered)
    # The status filter made the choice; from here on the status changes under our own hands.
    chosen = replace(policy, selection=selection.chosen())
    stable = wait_until_settled(dispatcher, found.matched, policy.state, timing)
    facts_at = dispatcher.clock.now()
    dns = look_up_dns(dispatcher, [*stable.machines.values()]) if options.dns else DnsLookup()
    facts = gather_facts(dispatcher, policy, [*stable.machines.values()])
    if options.preview:
        facts = replace(facts, planned=options.planned)
    records = [*_missing(found, policy), *_judged(found, stable, policy, chosen, facts)]
    run = MachineRun(records=_in_order(records, selection.ids), missing=found.missing, dns=dns)
    run.held_back = not options.skip_blocked and any(record.blocked or record.failure for record in run.records)
    if not run.held_back:
        leaving = Leaving(dispatcher, chosen, timing, facts, facts.now)
        if not options.preview:
            _depart(leaving, run.records, stable, watch)
        watch(lambda: count(map(_standing, run.records), waiting=waited_for(record.state for record in run.records)))
        engine = Engine(dispatcher, chosen.once_left, timing, leaving.facts, read_at=facts_at)
        _carry_out(engine, run.records, stable, observed_at, preview=options.preview)
        run.crash = engine.crash
        if not options.preview:
            _look_around(leaving, run)
    return run


def _depart(leaving: Leaving, records: Sequence[MachineRecord], stable: SettledMachines, watch: Watch) -> None:
    """Take machines out of what surrounds them. One that cannot leave is neither stopped nor deleted."""
    going = [record for record in records if record.decision is not None and record.failure is None]
    planned = [(stable.machines[each.instance_id], each.decision) for each in going if each.instance_id in stable.machines]
    leaving.depart([(machine, decision) for machine, decision in planned if decision is not None], watch)
    for record in going:
        record.departure = leaving.departures.get(record.instance_id)
        record.failure = leaving.failure_of(record.instance_id)


def _look_around(leaving: Leaving, run: MachineRun) -> None:
    """Once all is done: who took what vanished, which targets go back to their place, and which are left."""
    staying = [each for each in run.records if each.departure is not None and each.departure.changed and _stays(each)]
    # What may be deleted still gets no traffic again.
    back = [] if run.crash else [each.instance_id for each in staying if not _may_go(each)]
    if not run.crash:
        states = [(each.machine, each.state) for each in run.records if each.machine is not None and each.state is not None]
        leaving.taken_by_groups([(machine, state) for machine, state in states if state.gone and not state.deleted])
    complaints = leaving.come_back(back) | leaving.not_back(
        [each.instance_id for each in staying if each.instance_id not in back]
    )
    for record in staying:
        if record.instance_id in complaints:
            holder = record.state or record
            holder.failure = with_complaint(holder.failure, complaints[record.instance_id], "It was not deleted.")
    if not run.crash:
        _look_at_targets(leaving, run.records)


def _look_at_targets(leaving: Leaving, records: Sequence[MachineRecord]) -> None:
    """Look which targets of deleted machines are still there."""
    deleted = {each.instance_id: each for each in records if each.state and each.state.gone and each.state.deleted}
    registrations = {key: each.decision.registrations for key, each in deleted.items() if each.decision is not None}
    for instance_id, left in targets_left(leaving.dispatcher, registrations).items():
        deleted[instance_id].found = tuple(each.warning for each in left.values())
        deleted[instance_id].target_fates = {target_id: each.fate for target_id, each in left.items()}


def _stays(record: MachineRecord) -> bool:
    """Whether a machine that was to go failed, and is there as far as is known."""
    state = record.state
    return record.failure is not None if state is None else state.failure is not None and not state.gone


def _may_go(record: MachineRecord) -> bool:
    """Whether a delete was accepted, or may have been."""
    return record.state is not None and (record.state.deleted or record.state.perhaps_deleted)


def _missing(found: FoundMachines, policy: Policy) -> list[MachineRecord]:
    """Ids without a machine: what was to be absent is absent, anything else failed."""
    if policy.state == "absent":
        return [MachineRecord(instance_id) for instance_id in found.missing]
    return [
        MachineRecord(
            instance_id, failure=Failure("not_found", f"{instance_id} does not exist, so it cannot become {policy.state}.")
        )
        for instance_id in found.missing
    ]


def _judged(found: FoundMachines, stable: SettledMachines, policy: Policy, chosen: Policy, facts: Facts) -> list[MachineRecord]:
    records = [MachineRecord(machine.instance_id, machine, decide(machine, policy, facts)) for machine in found.mismatched]
    for machine in found.matched:
        record = MachineRecord(machine.instance_id, machine, failure=stable.failures.get(machine.instance_id))
        if machine.instance_id not in stable.gone:
            record.decision = decide(stable.machines[machine.instance_id], chosen, facts)
        elif policy.state != "absent":
            record.failure = Failure("vanished", f"{machine.instance_id} disappeared during the wait.")
        records.append(record)
    return records


def _standing(record: MachineRecord) -> Standing:
    if record.failure is not None:
        return Standing.FAILED
    return Standing.BLOCKED if record.blocked else standing_of_machine(record.state)


def _in_order(records: Sequence[MachineRecord], ids: Sequence[str] | None) -> list[MachineRecord]:
    if ids is None:
        return sorted(records, key=lambda record: record.instance_id)
    place = {instance_id: index for index, instance_id in enumerate(ids)}
    return sorted(records, key=lambda record: place[record.instance_id])


def _carry_out(
    engine: Engine, records: Sequence[MachineRecord], stable: SettledMachines, observed_at: float, *, preview: bool
) -> None:
    """Run the engine over what is to be done. A preview only waits for what others are deleting, as the run would."""
    for record in records:
        decision = record.decision
        if decision is None or decision.blockers or record.failure is not None:
            continue
        if decision.status == "deleting" or (decision.steps and not preview):
            # Whatever a machine has left, it was waited for: it is looked at again before its stop.
            seen_at = observed_at if record.departure is None else float("-inf")
            record.state = MachineState(
                decision, stable.machines[record.instance_id], Phase.ENDED, seen_at, status=decision.status
            )
    engine.run([record.state for record in records if record.state is not None])
