# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stops machines for their backups, and starts those again that were stopped for them."""

from __future__ import annotations

from collections.abc import Callable

from ..common.failure import Failure
from ..common.progress import count
from ..machines.engine import Engine
from ..machines.state import MachineState, Phase, standing_of_machine, waited_for
from ..planning.plan import decide
from ..planning.policy import Facts, Policy, State
from .progress import standing_of_record
from .record import BackupRecord, BackupRun, RunContext
from .targets import power_timing


def stop_machines(context: RunContext, run: BackupRun) -> None:
    """Stop the machines that are to be stopped for their backups."""
    step = _PowerStep(context, "stopped")
    for record in run.records:
        if record.failure is None and record.decision is not None and record.decision.stop:
            record.stop = step.begin(record, context.observed_at)
    step.carry_out(run, "stopping", lambda record: record.stop)


def start_again(context: RunContext, run: BackupRun) -> None:
    """Start what this run stopped, whatever became of its backup, and what an earlier try of this campaign stopped."""
    step = _PowerStep(context, "running")
    for record in run.records:
        ours = record.stopped_by_us or (record.failure is None and record.instance_id in context.policy.stopped_before)
        if ours and record.decision is not None and record.decision.start:
            record.start = step.begin(record, float("-inf"))
    step.carry_out(run, "starting again", lambda record: record.start)


class _PowerStep:
    """One change of the power state of some machines of a run."""

    def __init__(self, context: RunContext, state: State) -> None:
        self._context = context
        self._policy = Policy(state=state, selection=context.policy.selection, protect_tags=context.policy.protect_tags)
        self._facts = Facts(now=context.dispatcher.service_time())

    def begin(self, record: BackupRecord, observed_at: float) -> MachineState | None:
        """The state that the engine works on. None for a machine that is gone, or that fails since something forbids it now."""
        machine = record.seen
        if machine is None:
            return None
        decision = decide(machine, self._policy, self._facts)
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
        engine = Engine(context.dispatcher, self._policy, power_timing(context.timing), self._facts)
        engine.run([*states.values()])
        run.crash = run.crash or engine.crash
        for record in run.records:
            if record.instance_id in states:
                record.seen = states[record.instance_id].machine
