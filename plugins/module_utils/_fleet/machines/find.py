# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the selected machines, and waits until they are in no passing state. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..._api.dispatch.dispatcher import Dispatcher
from ..._api.dispatch.pagination import list_all, prove_missing, read_by_ids
from ..._api.model.instance import Instance, InstanceInFull
from ..._api.services import vm
from ..common.failure import Failure
from ..common.machine_reads import find_machines
from ..common.selection import Cap, Selection, SelectionError, check_cap
from ..common.texts import shown, some_ids
from ..common.timing import Timing
from ..planning.plan import is_settled, puzzling
from ..planning.policy import State

PUZZLE_PATIENCE = 5.0
"""Seconds for which a machine is looked at again that has an unknown status or a row that cannot be read. Names of the states
while a machine is suspended or resumed are not known, so it may be one of them; then the plan judges it, and blocks it."""


@dataclass(slots=True)
class FoundMachines:
    """What a selection found: machines that match, machines whose id was given but that do not match, ids without a machine."""

    matched: list[Instance] = field(default_factory=list)
    mismatched: list[Instance] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


@dataclass(slots=True)
class SettledMachines:
    """The machines after waiting: as they are now, those that disappeared, and those that failed to settle, by id."""

    machines: dict[str, Instance] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    failures: dict[str, Failure] = field(default_factory=dict)


def find_selected(dispatcher: Dispatcher, selection: Selection, *, twins: bool = False) -> FoundMachines:
    """Find the selected machines. Raises `SelectionError` if a name or an address has twins, unless they are wanted."""
    found = (
        _by_ids(dispatcher, selection.ids, selection) if selection.ids is not None else _by_listing(dispatcher, selection, twins)
    )
    if selection.name is not None and not twins:
        _refuse_twins(selection.name, [*found.matched, *found.mismatched])
    return found


def find_to_change(
    dispatcher: Dispatcher, selection: Selection, cap: int | None, *, hindered: str | None = None
) -> FoundMachines:
    """As `find_selected`, for machines that are to be changed.

    Raises `SelectionError` also if more match than `cap`, or than the selection's own cap, allows; and if there is nothing at
    all, where that must not be: `hindered` says what it keeps from being done.
    """
    found = find_selected(dispatcher, selection)
    if hindered and not (found.matched or found.mismatched or found.missing):
        raise SelectionError(f"No instance matches the selection, so {hindered}: check the selectors and the region.")
    check_cap([machine.instance_id for machine in found.matched], Cap(cap, selection.default_cap()))
    return found


def _by_ids(dispatcher: Dispatcher, ids: Sequence[str], selection: Selection) -> FoundMachines:
    found = find_machines(dispatcher, ids)
    found_machines = FoundMachines(missing=[instance_id for instance_id in ids if instance_id not in found])
    for instance_id in ids:
        machine = found.get(instance_id)
        if machine is not None:
            (found_machines.matched if selection.mismatch(machine) is None else found_machines.mismatched).append(machine)
    return found_machines


def read_in_full(dispatcher: Dispatcher, selection: Selection) -> tuple[list[InstanceInFull], list[str]]:
    """All selected machines with everything that the service says about them, and the ids that do not exist.

    Selects nothing: all machines of the region. Twins are all listed. Raises `IncompleteListing`.
    """
    if selection.ids is None:
        filters, tags = selection.narrowing_filters(), selection.narrowing_tags()
        listed = list_all(
            dispatcher,
            lambda page: vm.describe_instances_in_full(filters=filters, tags=tags, page=page),
            lambda machine: machine.instance.instance_id,
        )
        listed.sort(key=lambda machine: machine.instance.instance_id)
        missing: list[str] = []
    else:
        found = read_by_ids(
            dispatcher,
            selection.ids,
            lambda chunk: vm.describe_instances_in_full(ids=chunk),
            lambda machine: machine.instance.instance_id,
        )
        missing = [instance_id for instance_id in selection.ids if instance_id not in found]
        prove_missing(dispatcher, missing, vm.describe_instance)
        listed = [found[instance_id] for instance_id in selection.ids if instance_id in found]
    return [machine for machine in listed if selection.mismatch(machine.instance) is None], missing


def _by_listing(dispatcher: Dispatcher, selection: Selection, twins: bool) -> FoundMachines:
    filters, tags = selection.narrowing_filters(), selection.narrowing_tags()
    listed = list_all(
        dispatcher,
        lambda page: vm.describe_instances(filters=filters, tags=tags, page=page),
        lambda machine: machine.instance_id,
    )
    if selection.name is not None and not twins:
        _refuse_twins(selection.name, listed)
    if not twins:
        _refuse_namesakes(selection, listed)
    matched = [machine for machine in listed if selection.mismatch(machine) is None]
    return FoundMachines(matched=sorted(matched, key=lambda machine: machine.instance_id))


def _refuse_twins(name: str, found: Sequence[Instance]) -> None:
    machines = [machine for machine in found if machine.name == name]
    if len(machines) > 1:
        ids = some_ids(sorted(machine.instance_id for machine in machines))
        raise SelectionError(f"{len(machines)} instances are named {shown(name)} ({ids}): select one of them with instance_ids.")


def _refuse_namesakes(selection: Selection, listed: Sequence[Instance]) -> None:
    for (key, value), ids in selection.namesakes(listed).items():
        place = ", or its network with filters.vpcId or filters.subnetId" if key == "privateIpAddress" else ""
        raise SelectionError(
            f"{len(ids)} instances have the {key} {shown(value)} ({some_ids(ids)}): select one of them with instance_ids{place}."
        )


def wait_until_settled(dispatcher: Dispatcher, machines: Sequence[Instance], state: State, timing: Timing) -> SettledMachines:
    """Wait until every machine is in a stable state, all with one deadline.

    Waiting may take long, so after it all machines are read once more: the plan is made of what is true now.
    For `absent`, a machine that another user is deleting counts as settled: it is waited for later, with the others.
    One that puzzles is given up soon, and left to the plan: it must not hold up the others, nor a preview.
    One that goes into 'error' meanwhile failed; only one that was found in 'error' may be deleted from it.
    """
    settling = _Settling(dispatcher, machines, state, timing)
    if settling.waiting and timing.wait:
        while settling.goes_on():
            settling.look()
        settling.read_again()
    return settling.result


class _Settling:
    """The wait until machines are settled; `waiting` are those that are not."""

    def __init__(self, dispatcher: Dispatcher, machines: Sequence[Instance], state: State, timing: Timing) -> None:
        self._dispatcher = dispatcher
        self._state = state
        self._timing = timing
        self._began = dispatcher.clock.now()
        self._puzzled_after: dict[str, float] = {}
        """For how long had been waited when a machine began to puzzle, which it does since."""
        self.waiting = [machine.instance_id for machine in machines if not _calm(machine, state)]
        self.result = SettledMachines(machines={machine.instance_id: machine for machine in machines})

    @property
    def _waited(self) -> float:
        return self._dispatcher.clock.now() - self._began

    def goes_on(self) -> bool:
        """Whether to look again. Gives up those that have puzzled for too long, and all when the time is over."""
        waited = self._waited
        self._note_puzzles(waited)
        puzzled = self._puzzled_after
        self.waiting = [each for each in self.waiting if waited - puzzled.get(each, waited) < PUZZLE_PATIENCE]
        if waited < self._timing.wait_timeout:
            return bool(self.waiting)
        for instance_id in self.waiting:
            if instance_id not in puzzled:
                self.result.failures[instance_id] = _hangs(self.result.machines[instance_id], waited, self._timing.limit)
        return False

    def look(self) -> None:
        """Pause, and look at those that are waited for."""
        waited, until = self._waited, self._timing.wait_timeout
        left = min([until - waited, *(since + PUZZLE_PATIENCE - waited for since in self._puzzled_after.values())])
        self._dispatcher.pause(min(self._timing.poll_interval, max(0.3, 0.25 * waited), left))
        with self._dispatcher.repeating_until(self._began + until):
            found = self._read(self.waiting)
        self.waiting = [
            instance_id
            for instance_id, machine in found.items()
            if instance_id not in self.result.failures and not _calm(machine, self._state)
        ]

    def read_again(self) -> None:
        """Read all machines once more."""
        self._read([instance_id for instance_id in self.result.machines if instance_id not in self.result.gone])

    def _read(self, ids: Sequence[str]) -> dict[str, Instance]:
        """Those of `ids` that still exist, in their order; what this says is noted in the result."""
        result, found = self.result, find_machines(self._dispatcher, ids)
        result.gone.update(instance_id for instance_id in ids if instance_id not in found)
        for instance_id, machine in found.items():
            if machine.status == "error" and result.machines[instance_id].status != "error":
                message = f"{instance_id} changed to 'error' during the wait."
                result.failures.setdefault(instance_id, Failure("changed_meanwhile", message))
            result.machines[instance_id] = machine
        return {instance_id: found[instance_id] for instance_id in ids if instance_id in found}

    def _note_puzzles(self, waited: float) -> None:
        """Remember since when each of those that are waited for puzzles without a break."""
        shown = {instance_id for instance_id in self.waiting if puzzling(self.result.machines[instance_id])}
        self._puzzled_after = {each: self._puzzled_after.get(each, waited) for each in shown}


def _calm(machine: Instance, state: State) -> bool:
    return is_settled(machine) or (state == "absent" and machine.status == "deleting")


def _hangs(machine: Instance, waited: float, limit: str) -> Failure:
    what = (
        f"is still in '{machine.status}'"
        if machine.status not in ("running", "stopped", "error")
        else "still has a disk that is being attached or detached"
    )
    return Failure(
        "timeout", f"{machine.instance_id} {what} after {waited:.0f} s, longer than {limit} allows; it was not changed."
    )
