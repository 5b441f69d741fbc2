# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carries out the decisions for one machine or ten thousand: chooses what leaves next, and files what comes back.

It is a `dispatch.Source`: asked for each free slot, it takes, in this order, what repairs, bulk looks that pay, the
dependents, deletes and stops in turn, proofs, and small looks when the line is idle. Stops run ahead of deletes by no more than
is needed to keep the line busy, so that a run that ends early leaves few machines stopped and not deleted.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from ..._api.calls import Call, Response
from ..._api.dispatch.dispatcher import Dispatcher, Job, Outcome
from ..._api.errors import JdcloudError
from ..._api.fields import PAGE_SIZE, Page
from ..._api.model.instance import Instance
from ..._api.services import vm
from ..common.engine_base import EngineBase
from ..common.failure import Failure, api_failure
from ..common.timing import GATE_FRESH, IDLE_GAP, PollSchedule, Timing, leave_by
from ..planning.policy import Facts, Policy
from .dependents import Dependents
from .failed_calls import FailedCalls, NextStep, Rules
from .gate_reads import CurrentFacts, GateReads
from .state import AHEAD, GATES, LOOKED, MachineState, Phase
from .transitions import Transitions

PLAN_MAX_AGE = 60.0
"""The oldest observation in seconds that a stop or start may rest on."""
FEW = 3
"""The last few deletes are watched by single reads: a 404 is proof at once, where bulk answers need two."""
LOOK_SLACK = 10.0
"""Seconds for which a failing look is repeated after the last wait of its machines has run out: it may show that all is well."""
LAST_SECONDS = 0.3
"""With a known duration, so are the last ones that can be asked for in this time: a second bulk answer takes as long."""


class Engine(EngineBase[MachineState]):
    """One run over the machines: carries out their decisions."""

    def __init__(
        self, dispatcher: Dispatcher, policy: Policy, timing: Timing, facts: Facts, *, read_at: float = float("-inf")
    ) -> None:
        """`read_at`: when the facts were read, in monotonic seconds."""
        super().__init__(dispatcher)
        self._policy = policy
        self._wait_timeout = timing.wait_timeout
        self._current_facts = CurrentFacts(policy, facts, read_at)
        rules = Rules(policy, timing, self._facts, dispatcher.backoff)
        self._failed_calls = FailedCalls(rules)
        self._transitions = Transitions(rules, self._failed_calls)
        lead_to_delete = GATES if policy.reads_at_gate else AHEAD
        self._schedule: PollSchedule[MachineState] = PollSchedule(
            timing.poll_interval,
            lambda state: state.phase in LOOKED,
            lambda state: policy.state == "absent" and state.phase in lead_to_delete,
        )
        self._queues: dict[Phase, deque[MachineState]] = {
            phase: deque() for phase in Phase if phase not in LOOKED | {Phase.ENDED}
        }
        self._gate_is_read = False
        self._gate_calls = (0.0, 1.0)
        self._phases: dict[Phase, int] = dict.fromkeys(Phase, 0)
        self._stop_turn = True
        self._stuck = 0
        self._dependents = Dependents(dispatcher, policy, timing)

    def _begin(self, now: float) -> None:
        self._gate_calls = self._current_facts.calls_each(self._states)
        self._phases[Phase.ENDED] = len(self._states)
        for state in self._states:
            self._file(state, self._transitions.start(state, now))

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do: every machine has its end, and every fate was asked for."""
        return super().finished and self._dependents.finished

    def wake_at(self, now: float) -> float | None:
        """When there may be something to send although nothing came back."""
        dependents = self._dependents.wake_at(flush=self._all_ended)
        look = self._schedule.wake_at(now)
        if look is not None and self._gate_is_read:
            # Those at the gate are due, but wait for the answers under way: asking again at once would be a busy wait.
            look = max(look, now + IDLE_GAP)
        times = [when for when in (look, dependents) if when is not None]
        return min(times, default=None)

    def next_job(self, now: float) -> Job | None:
        """What leaves now."""
        for state in self._schedule.fetch_due(now):
            self._send_again(state)
        return next(filter(None, self._offers(now)), None)

    def _offers(self, now: float) -> Iterator[Job | None]:
        """In the order of their weight. What comes later is not looked at while there is something before."""
        yield self._write(Phase.PUT_BACK, now)
        yield self._gate_reads.popleft() if self._gate_reads else None
        yield self._look(now, idle=False)
        yield self._write(Phase.SET_DISKS, now)
        yield self._dependents.next_job(now, flush=self._all_ended)
        yield self._stop_or_delete(now)
        yield self._singles.popleft() if self._singles else None
        yield self._look(now, idle=True)

    def _facts(self) -> Facts:
        """The facts of the plan, as of now."""
        return self._current_facts.facts(self._dispatcher.service_time())

    def _send_again(self, state: MachineState) -> None:
        """The time to repeat a call has come. It goes first: its patience is for the service, not for the line."""
        if state.phase in self._queues:
            self._queues[state.phase].appendleft(state)

    def _stop_or_delete(self, now: float) -> Job | None:
        """Stops and deletes in turn, so that neither starves; a stop only while few machines are stopped and not deleted."""
        self._stop_turn = not self._stop_turn
        first, second = (self._change, self._delete) if self._stop_turn else (self._delete, self._change)
        return first(now) or second(now)

    def _change(self, now: float) -> Job | None:
        if self._policy.state == "absent" and self._ahead() >= self._transitions.stops_ahead(self._dispatcher.rate_limiter.rate):
            return None
        return self._write(Phase.STOP, now) or self._write(Phase.START, now)

    def _delete(self, now: float) -> Job | None:
        return self._write(Phase.DELETE, now)

    def _ahead(self) -> int:
        return sum(self._phases[phase] for phase in AHEAD) - self._stuck

    def _gate_room(self) -> tuple[int, int]:
        """How many more machines may be observed for their delete now, and how many make a look worth it.

        An observation goes stale in seconds, so no more are looked at than can be deleted in that time.
        """
        share = 0.5 if self._queues[Phase.STOP] else 0.9
        calls = self._dispatcher.rate_limiter.rate * (GATE_FRESH - 0.5) * share
        once, each = self._gate_calls
        limit = max(1, int((calls - once) / each))
        full_at = min(PAGE_SIZE, limit)
        room = limit - len(self._queues[Phase.DELETE]) - len(self._queues[Phase.SET_DISKS])
        return (0 if self._gate_is_read or room < full_at else room), full_at

    def _look(self, now: float, *, idle: bool) -> Job | None:
        """Look at machines in bulk if that pays by now; at the last few that are being deleted one by one."""
        quota, full_at = self._gate_room()
        left = self._last_deletes()
        certain = self._transitions.deletes.certain
        gap = 0.0 if left and certain else IDLE_GAP
        chosen = self._schedule.take(now, idle=idle, full_at=full_at, quota=quota, gap=gap)
        if not chosen:
            return None
        if 0 < left <= FEW or (left and certain and not any(state.asked_singly for state in chosen)):
            return self._look_singly(chosen)
        return self._look_with_groups(chosen, now) or self._look_at_gate(chosen, now) or self._look_in_bulk(chosen)

    def _last_deletes(self) -> int:
        """How many machines are left, if these are a few that are being deleted; else none."""
        left = len(self._states) - self._ended
        few = max(FEW, self._dispatcher.rate_limiter.rate * LAST_SECONDS)
        return left if left == self._phases[Phase.DELETING] and left <= few else 0

    def _look_singly(self, chosen: Sequence[MachineState]) -> Job:
        for state in chosen:
            state.asked_singly = True
            self._prove(state)
        return self._singles.popleft()

    def _look_at_gate(self, chosen: Sequence[MachineState], now: float) -> Job | None:
        """Look at those at the gate, and read what else their deletes rest on. None if there is nothing such."""
        gated = [state for state in chosen if state.phase in GATES]
        readings = self._current_facts.gate_readings(gated)
        if not readings:
            return None
        self._gate_is_read = True
        reads = GateReads(gated, now, self._gate_was_read)
        reads.jobs(readings, self._job, self._gate_reads.append)
        self._gate_reads.append(self._job(bulk_look_of(gated), reads.looked))
        others = [state for state in chosen if state.phase not in GATES]
        return self._look_in_bulk(others) if others else self._gate_reads.popleft()

    def _look_with_groups(self, chosen: Sequence[MachineState], now: float) -> Job | None:
        """Look again at those that are to be stopped, and read their groups again. None if no group needs that."""
        members = [state for state in chosen if state.phase is Phase.REFRESH and not self._current_facts.knows_group(state, now)]
        readings = self._current_facts.group_readings(members, now)
        if not readings:
            return None
        for state in chosen:
            if state not in members:
                self._schedule.add(state, now)
        reads = GateReads(members, now, self._groups_were_read)
        reads.jobs(readings, self._job, self._gate_reads.append)
        self._gate_reads.append(self._job(bulk_look_of(members), reads.looked))
        return self._gate_reads.popleft()

    def _groups_were_read(self, reads: GateReads) -> None:
        states = [state for state in reads.states if state.phase is not Phase.ENDED]
        if reads.error is not None and not reads.error.is_not_found:
            self._fail(states, reads.error)
        elif states:
            self._current_facts.renew_groups(reads)
            self._looked(states, reads.began_at, reads.look)

    def _look_in_bulk(self, chosen: Sequence[MachineState]) -> Job:
        until = max(map(self._repeat_until, chosen))
        return self._job(bulk_look_of(chosen), partial(self._looked, chosen, math.inf), repeat_until=until)

    def _repeat_until(self, state: MachineState) -> float:
        """How long a look at a machine that cannot be read is repeated: for one wait where it is in line."""
        deadline = state.attempt.deadline
        return (self._now + self._wait_timeout if deadline is None else deadline) + LOOK_SLACK

    def _gate_was_read(self, reads: GateReads) -> None:
        """Machines at the gate were looked at, and their backups, disks and elastic IPs are read again."""
        self._gate_is_read = False
        states = [state for state in reads.states if state.phase is not Phase.ENDED]
        if reads.error is not None:
            self._fail(states, reads.error)
        elif states:
            self._current_facts.renew(states, reads.rows)
            self._looked(states, reads.began_at, reads.look)

    def _prove(self, state: MachineState) -> None:
        """Ask for one machine by itself: 404 NOT_FOUND is the proof that it is gone."""
        call = vm.describe_instance(state.instance_id)
        self._singles.append(self._job(call, partial(self._proved, state), repeat_until=self._repeat_until(state)))

    def _write(self, phase: Phase, now: float) -> Job | None:
        """The next call of the machines in `phase`. One whose observation is too old is looked at again instead."""
        queue = self._queues[phase]
        while queue:
            state = queue.popleft()
            age = now - state.observed_at
            if phase in (Phase.DELETE, Phase.SET_DISKS) and age > GATE_FRESH:
                self._file(state, self._failed_calls.regate(state, now))
            elif phase in (Phase.STOP, Phase.START) and self._is_old(state, age, now):
                if self._phases[Phase.REFRESH] >= PAGE_SIZE:
                    queue.appendleft(state)
                    return None
                self._file(state, self._transitions.refresh(state, now))
            else:
                until = leave_by(state.observed_at) if phase is Phase.DELETE else None
                state.sending = phase
                return self._job(write_of(state, self._policy.charge_on_stopped), partial(self._written, state, phase), until)
        return None

    def _is_old(self, state: MachineState, age: float, now: float) -> bool:
        """Whether too much may have changed since the machine and its group were looked at to stop or start it."""
        return age > PLAN_MAX_AGE or not self._current_facts.knows_group(state, now)

    def _job(
        self,
        call: Call[Any],
        done: Callable[[Outcome], None],
        leave_by: float | None = None,
        repeat_until: float | None = None,
    ) -> Job:
        """As for all engines; a failing read is repeated for one wait, where nothing else is said."""
        if repeat_until is None:
            repeat_until = math.inf if call.write else self._now + self._wait_timeout + LOOK_SLACK
        return super()._job(call, done, leave_by, repeat_until)

    def _written(self, state: MachineState, phase: Phase, outcome: Outcome) -> None:
        now = self._now
        state.sending = None
        if outcome.response is not None:
            state.note_accepted(phase)
        if state.phase is Phase.ENDED:
            if not outcome.stale:
                self._failed_calls.came_late(state, phase, outcome.error, now)
        elif outcome.stale:
            self._file(state, self._failed_calls.regate(state, now))
        elif outcome.error is not None:
            self._file(state, self._failed_calls.refused(state, outcome.error, now))
        elif outcome.response is not None:
            self._file(state, self._transitions.accepted(state, outcome.response.received_at))

    def _looked(self, chosen: Sequence[MachineState], began_at: float, outcome: Outcome) -> None:
        """A look has ended. At the gate an observation is as old as the oldest read that it rests on, of `began_at`."""
        response = outcome.response
        states = [state for state in chosen if state.phase is not Phase.ENDED]
        if response is None:
            self._fail(states, outcome.error)
            return
        page: Page[Instance] = response.value
        rows = {machine.instance_id: machine for machine in page.items}
        self._transitions.learn(states, rows, response.sent_at)
        absent = [state for state in states if state.instance_id not in rows]
        for state in states:
            if state.instance_id in rows:
                sent_at = min(response.sent_at, began_at) if state.phase in GATES else response.sent_at
                self._file(state, self._transitions.seen(state, rows[state.instance_id], sent_at, self._now))
        if absent and page.whole and not page.items:
            # An empty answer may come from missing rights or a wrong region: one 404 must vouch for it.
            vouch = partial(self._vouched, absent[0], absent[1:], response)
            self._singles.append(self._job(vm.describe_instance(absent[0].instance_id), vouch))
        elif page.whole:
            self._absent(absent, response)
        else:
            for state in absent:
                self._prove(state)

    def _vouched(self, first: MachineState, others: Sequence[MachineState], empty: Response[Any], outcome: Outcome) -> None:
        others = [state for state in others if state.phase is not Phase.ENDED]
        self._proved(first, outcome)
        if outcome.error is not None and outcome.error.is_not_found:
            self._absent(others, empty)
        elif outcome.error is not None:
            self._fail(others, outcome.error)
        else:
            for state in others:
                self._file(state, NextStep(self._now + self._dispatcher.backoff(1)))

    def _proved(self, state: MachineState, outcome: Outcome) -> None:
        now = self._now
        if state.phase is Phase.ENDED:
            return
        if outcome.error is not None and outcome.error.is_not_found:
            self._file(state, self._transitions.proved_gone(state, now))
        elif outcome.response is None:
            self._fail([state], outcome.error)
        else:
            machine, sent_at = outcome.response.value, outcome.response.sent_at
            self._file(state, self._transitions.seen(state, machine, sent_at, now, in_bulk=False))

    def _absent(self, states: Sequence[MachineState], response: Response[Any]) -> None:
        for state in states:
            self._file(state, self._transitions.absent(state, response.sent_at, response.received_at))

    def _fail(self, states: Sequence[MachineState], error: JdcloudError | None) -> None:
        """The machines cannot be read."""
        for state in states:
            self._file(state, self._failed_calls.fail(state, api_failure(error), self._now, blind=True))

    def _file(self, state: MachineState, following: NextStep) -> None:
        """Arrange what the transitions say: a look, a proof, a place in a queue, or the end."""
        now = self._now
        if state.phase in LOOKED and not following.prove_gone:
            following = self._failed_calls.overdue(state, now) or following
        before, state.filed = state.filed, state.phase
        self._phases[before] -= 1
        self._phases[state.phase] += 1
        stuck = self._transitions.is_stuck(state, now)
        self._stuck += stuck - state.stuck
        state.stuck = stuck
        if state.phase is Phase.ENDED:
            self._ended += 1
            if state.gone and (state.deleted or state.disks_set):
                self._dependents.add(state, now)
        elif following.prove_gone:
            self._prove(state)
        elif following.look_at is not None:
            self._schedule.add(state, following.look_at)
        elif before is Phase.REFRESH:
            self._queues[state.phase].appendleft(state)
        else:
            self._queues[state.phase].append(state)

    def _lost(self, state: MachineState, now: float) -> None:
        self._failed_calls.lost(state, now)

    def _give_up(self, state: MachineState, failure: Failure) -> None:
        if state.phase is not Phase.ENDED:
            self._failed_calls.abandon(state, failure)

    def _clear(self) -> None:
        self._phases = dict.fromkeys(Phase, 0)
        for queue in self._queues.values():
            queue.clear()
        self._dependents.abandon()


def write_of(state: MachineState, charge_on_stopped: str | None) -> Call[None]:
    """The call that a machine in one of the sending phases waits for."""
    instance_id = state.instance_id
    if state.phase is Phase.STOP:
        return vm.stop_instance(instance_id, charge_on_stopped)
    if state.phase is Phase.START:
        return vm.start_instance(instance_id)
    if state.phase is Phase.SET_DISKS:
        return vm.set_disk_auto_delete(instance_id, state.decision.disk_changes)
    if state.phase is Phase.PUT_BACK:
        return vm.set_disk_auto_delete(instance_id, state.disks_to_put_back)
    return vm.delete_instance(instance_id)


def bulk_look_of(chosen: Sequence[MachineState]) -> Call[Any]:
    """One look at up to a page of machines."""
    return vm.describe_instances(ids=[state.instance_id for state in chosen], page_size=PAGE_SIZE)
