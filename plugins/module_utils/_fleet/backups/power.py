# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stops machines for their backups, and starts those again that were stopped for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..common.failure import Failure
from ..common.progress import count
from ..machines.engine import Engine
from ..machines.leaving import Leaving, with_complaint
from ..machines.state import MachineState, Phase, standing_of_machine, waited_for
from ..planning.plan import decide
from ..planning.policy import Decision, Facts, Policy
from .progress import standing_of_record
from .record import BackupRecord, BackupRun, RunContext, failure_of
from .targets import power_timing


def stop_machines(context: RunContext, run: BackupRun) -> None:
    """Stop the machines that are to be stopped for their backups, once they are out of what surrounds them."""
    policy, around = context.policy.of_stops, context.around
    leaving = Leaving(context.dispatcher, policy, power_timing(context.timing), around, around.now)
    stopping = [each for each in run.records if each.failure is None and each.decision is not None and each.decision.stop]
    planned = _depart(context, leaving, stopping)
    step = _PowerStep(context, policy.once_left, leaving.facts)
    for record in stopping:
        if record.failure is None:
            # Whatever a machine has left, it was waited for: it is looked at again before its stop.
            seen_at = context.observed_at if record.departure is None else float("-inf")
            record.stop = step.begin(record, seen_at, planned.get(record.instance_id))
    step.carry_out(run, "stopping", lambda record: record.stop)
    states = [(each.machine, each.stop) for each in stopping if each.machine is not None and each.stop is not None]
    leaving.taken_by_groups([(machine, state) for machine, state in states if state.gone])
    _come_back(leaving, [each for each in stopping if each.failure is not None or (each.stop and each.stop.failure is not None)])


def start_again(context: RunContext, run: BackupRun) -> None:
    """Start what this run stopped, whatever became of its backup, and what an earlier try of this campaign stopped."""
    policy = Policy(state="running", selection=context.policy.selection, protect_tags=context.policy.protect_tags)
    step = _PowerStep(context, policy, Facts(now=context.dispatcher.service_time()))
    starting = []
    for record in run.records:
        ours = record.stopped_by_us or (record.failure is None and record.instance_id in context.policy.stopped_before)
        if ours and record.decision is not None and record.decision.start:
            record.start = step.begin(record, float("-inf"))
            starting.append(record)
    step.carry_out(run, "starting again", lambda record: record.start)
    leaving = Leaving(context.dispatcher, context.policy.of_stops, power_timing(context.timing), context.around)
    # Also one that could not be started: it was taken out for a while only.
    _come_back(leaving, [each for each in starting if each.seen is not None and not (each.start and each.start.gone)])


def _depart(context: RunContext, leaving: Leaving, records: Sequence[BackupRecord]) -> dict[str, Decision]:
    """Take machines out of what surrounds them. One that cannot leave is not stopped. Returns what was planned for each."""
    machines = {record.instance_id: record.machine for record in records if record.machine is not None}
    planned = {instance_id: decide(machine, leaving.policy, leaving.facts) for instance_id, machine in machines.items()}
    leaving.depart([(machine, planned[instance_id]) for instance_id, machine in machines.items()], context.watch)
    for record in records:
        record.departure = leaving.departures.get(record.instance_id)
        record.failure = leaving.failure_of(record.instance_id)
    return planned


def _come_back(leaving: Leaving, records: Sequence[BackupRecord]) -> None:
    """Register the targets of machines again that run on, or again."""
    leaving.departures = {each.instance_id: each.departure for each in records if each.departure is not None}
    for instance_id, complaint in leaving.come_back([*leaving.departures]).items():
        record = next(each for each in records if each.instance_id == instance_id)
        record.failure = with_complaint(failure_of(record), complaint, f"{instance_id} is backed up.")


class _PowerStep:
    """One change of the power state of some machines of a run."""

    def __init__(self, context: RunContext, policy: Policy, facts: Facts) -> None:
        self._context = context
        self._policy = policy
        self._facts = facts

    def begin(self, record: BackupRecord, observed_at: float, planned: Decision | None = None) -> MachineState | None:
        """The state that the engine works on. None for a machine that is gone, or that fails since something forbids it now.

        `planned` was decided before the machine left what surrounds it: as it was found, it would still be in there.
        """
        machine = record.seen
        if machine is None:
            return None
        decision = planned or decide(machine, self._policy, self._facts)
        if not decision.blockers:
            return MachineState(decision, machine, Phase.ENDED, observed_at, status=machine.status)
        failure = Failure("changed_meanwhile", " ".join(blocker.message for blocker in decision.blockers))
        record.failure = record.failure or failure
        return None

    def carry_out(self, run: BackupRun, name: str, state_of: Callable[[BackupRecord], MachineState | None]) -> None:
        """Change those that have a state. `name` is how the progress calls the step."""
        states = {record.instance_id: state for record in run.records if (state := state_of(record)) is not None}
        if not states:
            return
        context = self._context
        context.watch(
            lambda: count(
                (standing_of_record(each, standing_of_machine(state_of(each))) for each in run.records),
                name,
                waited_for(map(state_of, run.records)),
            )
        )
        engine = Engine(context.dispatcher, self._policy, power_timing(context.timing), self._facts, read_at=context.observed_at)
        engine.run([*states.values()])
        run.crash = run.crash or engine.crash
        for record in run.records:
            if record.instance_id in states:
                record.seen = states[record.instance_id].machine
