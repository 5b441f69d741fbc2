# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way of a run's machines out of what surrounds them: before their stops, and after the engine has ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from ..._api.dispatch.dispatcher import Dispatcher
from ..._api.model.instance import Instance
from ..common.failure import Failure
from ..common.progress import Standing, Watch, count
from ..common.timing import Timing
from ..planning.policy import Decision, Facts, Policy
from ..surroundings.comeback import come_back
from ..surroundings.departure import Departure
from ..surroundings.group_reads import taken_by_groups
from ..surroundings.leave import leave, without_departed
from .state import MachineState


@dataclass(slots=True)
class Leaving:
    """The departures of a run, by machine. `facts` are those of the plan, and without what left once it has.

    `since` is the service's time when the run began, None if it never returned it.
    """

    dispatcher: Dispatcher
    policy: Policy
    timing: Timing
    facts: Facts
    since: datetime | None = None
    departures: dict[str, Departure] = field(default_factory=dict)

    def depart(self, planned: Sequence[tuple[Instance, Decision]], watch: Watch) -> None:
        """Take those out whose plan says so. What fails is in their departures."""
        for machine, decision in planned:
            departure = Departure(machine.instance_id, decision.deregisters, running=machine.status == "running")
            if "leave_group" in decision.steps:
                departure.leaving = machine.group_id
            if departure.registrations or departure.leaving is not None:
                self.departures[machine.instance_id] = departure
        if self.departures:
            watch(lambda: count([Standing.IN_FLIGHT] * len(self.departures), "deregistering"))
            leave(self.dispatcher, self.policy, self.facts, self.timing, [*self.departures.values()])
            self.facts = without_departed(self.facts, self.departures.values())

    def failure_of(self, instance_id: str) -> Failure | None:
        """Why a machine could not leave, None if it could, or had nothing to leave."""
        departure = self.departures.get(instance_id)
        return None if departure is None else departure.failure

    def come_back(self, staying: Sequence[str]) -> dict[str, str]:
        """Register the targets of machines again that were not deleted. Returns what to add to the failures of some."""
        departures = [self.departures[each] for each in staying if each in self.departures]
        changed = [each for each in departures if each.weightless or each.gone]
        complaints = come_back(self.dispatcher, self.timing, changed) if changed else {}
        return {instance_id: " ".join(texts) for instance_id, texts in complaints.items()}

    def not_back(self, staying: Sequence[str]) -> dict[str, str]:
        """What to add to the failures of machines whose targets no one registers again."""
        owners = [self.departures[each] for each in staying if each in self.departures]
        places = {each.instance_id: [row.place for row in each.registrations if row.target_id in each.touched] for each in owners}
        return {instance_id: f"Not registered again: {'; '.join(texts)}." for instance_id, texts in places.items() if texts}

    def taken_by_groups(self, vanished: Sequence[tuple[Instance, MachineState]]) -> None:
        """Let those fail that their group took. A machine that is out of its group is no one's but ours."""
        members = {
            machine.instance_id: machine.group_id
            for machine, _state in vanished
            if machine.group_id is not None and not self._has_left(machine.instance_id)
        }
        failures = taken_by_groups(self.dispatcher, members, self.facts.groups, self.since)
        for machine, state in vanished:
            failure = failures.get(machine.instance_id)
            if failure is not None and (state.failure is None or state.failure.code == "vanished"):
                state.failure = failure

    def _has_left(self, instance_id: str) -> bool:
        departure = self.departures.get(instance_id)
        return departure is not None and departure.seen_out


def with_complaint(failure: Failure | None, complaint: str, otherwise: str) -> Failure:
    """A failure that says, too, what could not be put back; `otherwise` is a sentence for a machine that did not fail."""
    if failure is None:
        return Failure("targets_not_registered", f"{otherwise} {complaint}")
    return replace(failure, message=f"{failure.message} {complaint}")
