# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is known of more than the machines, first read for the plan, and renewed by the engine before their last look.

That is the backups which are demanded, and the disks and elastic IPs that would go with their machines, with their tags.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from ..._api.calls import Call, read
from ..._api.dispatch.dispatcher import Dispatcher, Job, Outcome
from ..._api.dispatch.pagination import (
    FORBIDDEN,
    LISTING_TRIES,
    IncompleteListing,
    chunks,
    complete_rows,
    find_each,
    is_not_shown,
    page_count,
)
from ..._api.errors import JdcloudError
from ..._api.fields import PAGE_SIZE, Page
from ..._api.model.backup_assets import Image, Snapshot
from ..._api.model.groups import Group
from ..._api.model.instance import Instance
from ..._api.model.resources import Disk, ElasticIp
from ..._api.services import ag, vpc
from ..._api.services import disk as disk_api
from ..evidence.existing_backups import BackupCache, PageCall, backup_calls, read_backups
from ..evidence.proof import BackupSet
from ..planning.fates import destroyed_disks, released_addresses
from ..planning.policy import Facts, Policy
from ..surroundings.balancer_reads import read_balancers
from ..surroundings.group_reads import read_groups, why_unread
from .state import MachineState

GROUP_MAX_AGE = 60.0
"""The oldest answer about a group in seconds that a stop may rest on."""


def gather_facts(dispatcher: Dispatcher, policy: Policy, machines: Sequence[Instance]) -> Facts:
    """What the plan needs besides the machines: disks and elastic IPs that would go, demanded backups, what surrounds them, and
    the service's time."""
    facts = _read_dependents(dispatcher, policy, machines)
    backup_set = BackupSet()
    if policy.demand is not None:
        backup_set = read_backups(dispatcher, machines, every_snapshot="snapshot" in policy.demand.types)
    facts = replace(facts, groups=read_groups(dispatcher, policy, machines), backup_set=backup_set)
    return replace(facts, balancers=read_balancers(dispatcher, policy, machines), now=dispatcher.service_time())


class CurrentFacts:
    """The facts of the plan, renewed for some machines at a time."""

    def __init__(self, policy: Policy, facts: Facts, read_at: float) -> None:
        """`read_at`: when the facts were read, in monotonic seconds."""
        self._policy = policy
        self._backups = BackupCache(facts.backup_set)
        self._disks = dict(facts.disks)
        self._elastic_ips = dict(facts.elastic_ips)
        self._groups = facts.groups
        self._balancers = facts.balancers
        self._groups_read_at = dict.fromkeys(facts.groups.groups, read_at)

    def facts(self, now: datetime | None) -> Facts:
        """What is known now."""
        return Facts(
            now=now,
            elastic_ips=self._elastic_ips,
            disks=self._disks,
            backup_set=self._backups.backup_set,
            groups=self._groups,
            balancers=self._balancers,
        )

    def knows_group(self, state: MachineState, now: float) -> bool:
        """Whether what is known of a machine's group is young enough to stop the machine by."""
        group_id = state.machine.group_id
        if group_id is None or self._policy.group_members == "ignore" or self._policy.state == "running":
            return True
        return now - self._groups_read_at.get(group_id, float("-inf")) <= GROUP_MAX_AGE

    def group_readings(self, states: Sequence[MachineState], now: float) -> list[Reading]:
        """The reads of those of these machines' groups of which too little is known to stop a member."""
        ids = {state.machine.group_id for state in states if not self.knows_group(state, now)}
        return [Reading(partial(_group_page, group_id)) for group_id in sorted(filter(None, ids))]

    def renew_groups(self, reads: GateReads) -> None:
        """Know the groups of these machines as they are now. Who has left one that is gone needs none."""
        groups = {row.group_id: row for row in reads.rows if isinstance(row, Group)}
        asked = {state.machine.group_id for state in reads.states if state.machine.group_id is not None}
        unread = {} if reads.error is None else dict.fromkeys(asked - set(groups), why_unread(reads.error))
        known = {group_id: group for group_id, group in self._groups.groups.items() if group_id not in unread}
        self._groups = replace(self._groups, groups={**known, **groups}, unread={**self._groups.unread, **unread})
        self._groups_read_at.update(dict.fromkeys(asked, reads.began_at))

    def gate_readings(self, states: Sequence[MachineState]) -> list[Reading]:
        """What is read of these machines' backups, disks and elastic IPs before the look that lets their deletes leave."""
        machines = [state.machine for state in states]
        backups = backup_calls(machines) if self._policy.demand is not None else []
        return [*map(Reading, backups), *tag_readings(machines, self._policy)]

    def calls_each(self, states: Sequence[MachineState]) -> tuple[float, float]:
        """Of each look through the gate: the calls that it takes in any case, and those that one machine more takes.

        These are its delete, and its share of the pages of what is read with it.
        """
        backup_set = self._backups.backup_set if self._policy.demand is not None else None
        rows = sum(len(self._tagged(state)) for state in states)
        kinds = sum(map(bool, (self._policy.protect_tags, self._policy.release_elastic_ips)))
        if backup_set is not None:
            kinds += 2
            rows += sum(len(backup_set.images.get(state.instance_id, ())) for state in states)
            disks = (disk.disk_id or "" for state in states for disk in state.machine.disks)
            rows += sum(len(backup_set.snapshots_of_disk.get(disk_id, ())) for disk_id in disks)
        # The look at the machines themselves comes after those reads; without any, it is not worth counting.
        return (kinds + 1.0 if kinds else 0.0), 1.0 + rows / max(1, len(states)) / PAGE_SIZE

    def renew(self, states: Sequence[MachineState], rows: Sequence[Row]) -> None:
        """Forget what was known of these machines, and know `rows` instead. What is not among them is not known any more."""
        for state in states:
            for known in self._tagged(state):
                self._disks.pop(known, None)
                self._elastic_ips.pop(known, None)
        self._disks.update((row.disk_id, row) for row in rows if isinstance(row, Disk))
        self._elastic_ips.update((row.elastic_ip_id, row) for row in rows if isinstance(row, ElasticIp))
        if self._policy.demand is not None:
            backups = [row for row in rows if isinstance(row, (Image, Snapshot))]
            self._backups.replace([state.machine for state in states], backups)

    def _tagged(self, state: MachineState) -> list[str]:
        return [*destroyed_disks(state.machine, self._policy), *released_addresses(state.machine, self._policy)]


def tag_readings(machines: Iterable[Instance], policy: Policy) -> list[Reading]:
    """The reads that together show all disks and elastic IPs which the deletion of these machines would destroy."""
    disk_ids, elastic_ip_ids = _ids(machines, policy)
    disks = [Reading(partial(disk_api.describe_disks, ids), tuple(ids), disk_api.describe_disk) for ids in chunks(disk_ids)]
    addresses = [
        Reading(partial(vpc.describe_elastic_ips, ids), tuple(ids), vpc.describe_elastic_ip) for ids in chunks(elastic_ip_ids)
    ]
    return [*disks, *addresses]


def _read_dependents(dispatcher: Dispatcher, policy: Policy, machines: Iterable[Instance]) -> Facts:
    """The disks and elastic IPs that would go with these machines.

    A key that may not read disks is a fact, too: then nothing may go. One that this key alone may not read is not known, which
    blocks its machine and no other.
    """
    disk_ids, elastic_ip_ids = _ids(machines, policy)
    disks: dict[str, Disk] = {}
    unread = ""
    try:
        disks = find_each(dispatcher, disk_ids, disk_api.describe_disks, disk_api.describe_disk, row_id, gone=is_not_shown)
    except JdcloudError as error:
        if error.http != FORBIDDEN:
            raise
        unread = f"the service refused {error.operation} ({error.http} {error.status})"
    elastic_ips = find_each(
        dispatcher, elastic_ip_ids, vpc.describe_elastic_ips, vpc.describe_elastic_ip, row_id, gone=is_not_shown
    )
    return Facts(disks=disks, disks_unread=unread, elastic_ips=elastic_ips)


def _ids(machines: Iterable[Instance], policy: Policy) -> tuple[Sequence[str], Sequence[str]]:
    # What is not selected, or is going already, is not judged.
    wanted = [each for each in machines if each.status != "deleting" and policy.selection.mismatch(each) is None]
    disks = dict.fromkeys(disk_id for machine in wanted for disk_id in destroyed_disks(machine, policy))
    addresses = dict.fromkeys(each for machine in wanted for each in released_addresses(machine, policy))
    return [*disks], [*addresses]


def _group_page(group_id: str, _page: int) -> Call[Page[Group]]:
    """One group as a listing of its own."""
    call = ag.describe_group(group_id)
    return read(call.operation, call.path, lambda result: Page((call.parse(result),), 1), resource=group_id)


Row = Image | Snapshot | Disk | ElasticIp | Group


def row_id(row: Row) -> str:
    """The id of what was read."""
    if isinstance(row, Image):
        return row.image_id
    if isinstance(row, Snapshot):
        return row.snapshot_id
    if isinstance(row, Group):
        return row.group_id
    return row.disk_id if isinstance(row, Disk) else row.elastic_ip_id


@dataclass(frozen=True, slots=True)
class Reading:
    """A paged listing. Those of `ids` that it leaves out are asked for by themselves, with `one`."""

    page: PageCall
    ids: tuple[str, ...] = ()
    one: Callable[[str], Call[Any]] | None = None


class GateReads:
    """All pages of what is read of some machines for one look through the gate, and with them the look at the machines.

    `began_at` is when the first of them was asked for: what they show may be as old as that. `finished(reads)` is called
    once, with `look` as the look ended, and `error` set if a page could not be read.
    """

    def __init__(self, states: Sequence[MachineState], now: float, finished: Callable[[GateReads], None]) -> None:
        self.states = list(states)
        self.began_at = now
        self.rows: list[Row] = []
        self.error: JdcloudError | None = None
        self.look = Outcome()
        self._finished = finished
        self._open = 0

    def jobs(self, readings: Sequence[Reading], job: Callable[..., Job], queue: Callable[[Job], None]) -> None:
        """Queue the first page of every listing; `looked` has to be called, too."""
        self._open = len(readings) + 1
        for reading in readings:
            _Listing(reading, self, job, queue).start()

    def listed(self, rows: Sequence[Row], error: JdcloudError | None) -> None:
        """A listing has ended."""
        self.rows.extend(rows)
        self.error = self.error or error
        self._end_one()

    def looked(self, outcome: Outcome) -> None:
        """The look at the machines has ended."""
        self.look = outcome
        self._end_one()

    def _end_one(self) -> None:
        self._open -= 1
        if not self._open:
            self._finished(self)


class _Listing:
    """One paged listing; complete only if all its pages announce as many rows as were read."""

    def __init__(self, reading: Reading, reads: GateReads, job: Callable[..., Job], queue: Callable[[Job], None]) -> None:
        self._reading = reading
        self._reads = reads
        self._job = job
        self._queue = queue
        self._tries = 0
        self._pages: dict[int, Outcome] = {}
        self._expected = 1

    def start(self) -> None:
        self._tries += 1
        self._pages = {}
        self._expected = 1
        self._ask(1)

    def _ask(self, number: int) -> None:
        self._queue(self._job(self._reading.page(number), partial(self._answered, number)))

    def _answered(self, number: int, outcome: Outcome) -> None:
        self._pages[number] = outcome
        if number == 1 and outcome.response is not None:
            try:
                self._expected = page_count(outcome.value)
            except IncompleteListing as absurd:
                self._reads.listed((), absurd)
                return
            for further in range(2, self._expected + 1):
                self._ask(further)
        if len(self._pages) < self._expected:
            return
        error = next((page.error for page in self._pages.values() if page.error is not None), None)
        if error is not None:
            self._reads.listed((), error)
            return
        rows = complete_rows([page.value for page in self._pages.values()], row_id)
        if rows is not None:
            self._complete(rows)
        elif self._tries < LISTING_TRIES:
            self.start()
        else:
            operation = self._reading.page(1).operation
            message = f"{operation} returned contradicting pages {LISTING_TRIES} times: try again when the account is quieter."
            self._reads.listed((), IncompleteListing(message, operation=operation))

    def _complete(self, rows: list[Row]) -> None:
        """Ask for what is missing, which a bulk answer may leave out although it exists."""
        shown = {row_id(row) for row in rows}
        one = self._reading.one
        missing = [one(each) for each in self._reading.ids if each not in shown] if one is not None else []
        outcomes: list[Outcome] = []

        def answered(outcome: Outcome) -> None:
            outcomes.append(outcome)
            if len(outcomes) == len(missing):
                errors = [each.error for each in outcomes if each.error is not None and not is_not_shown(each.error)]
                found = [each.response.value for each in outcomes if each.response is not None]
                self._reads.listed([*rows, *found], next(iter(errors), None))

        for call in missing:
            self._queue(self._job(call, answered))
        if not missing:
            self._reads.listed(rows, None)
