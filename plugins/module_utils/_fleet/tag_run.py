# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes tags of machines, disks and elastic IPs in bulk, and believes only what is read back.

A 200 answer may tell of some that failed, and its form is not documented. So each write is followed by a complete read; what
does not show the wish then is tried again where that may help, and failed where it does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .._api import disk, vpc
from .._api.calls import Call
from .._api.dispatch import Dispatcher, Outcome
from .._api.errors import JdcloudError
from .._api.listing import find_each
from .._api.tags import MAX_RESOURCES, tag_resources, untag_resources
from .census import check_cap, find_machines, take_census
from .policy import Remark
from .selection import Selection
from .setbacks import THROTTLE_PATIENCE
from .tag_plan import ResourceKind, TagChange, Tagged, TagWish, after_change, change_of, tag_blockers
from .track import Failure
from .verdict import Verdict, verdict

SHOW_PATIENCE = 20.0
"""Seconds for which an accepted change may not show yet."""
SHOW_GAP = 1.0
REFUSED_TRIES = 3
"""How often a change is tried of which a 200 answer says that it failed."""
RETRIED = (Verdict.UNCLEAR, Verdict.BUSY, Verdict.THROTTLED)


@dataclass(slots=True)
class TagRecord:
    """One machine, disk or elastic IP: as it was, as it was seen last, and what became of it."""

    kind: ResourceKind
    resource_id: str
    before: Tagged | None = None
    now: Tagged | None = None
    blockers: tuple[Remark, ...] = ()
    failure: Failure | None = None
    wanted: bool = False
    tries: int = 0
    since: float | None = None
    throttled_since: float | None = None
    said: str | None = None
    error: JdcloudError | None = None


@dataclass(slots=True)
class TagRun:
    """All resources of one run. `held_back`: something forbids a part, so nothing was changed."""

    records: list[TagRecord] = field(default_factory=list)
    held_back: bool = False


@dataclass(frozen=True, slots=True)
class TagTargets:
    """What is to be tagged. `cap` None: the default of the selection."""

    selection: Selection | None
    disk_ids: Sequence[str] = ()
    elastic_ip_ids: Sequence[str] = ()
    cap: int | None = None


def change_tags(
    dispatcher: Dispatcher,
    targets: TagTargets,
    wish: TagWish,
    protect_tags: Mapping[str, tuple[str, ...]],
    service_codes: Mapping[ResourceKind, str],
    *,
    skip_blocked: bool,
    preview: bool,
) -> TagRun:
    """Do it. With `preview` nothing is changed. Raises `JdcloudError` before anything is changed if it cannot be read."""
    run = TagRun(_find(dispatcher, targets))
    for record in run.records:
        if record.before is None or record.blockers:
            continue
        record.blockers = tuple(tag_blockers(record.before, wish, protect_tags))
        record.wanted = not record.blockers and not change_of(record.before, wish).empty
    run.held_back = not skip_blocked and any(record.blockers or record.failure for record in run.records)
    if not run.held_back and not preview:
        _Work(dispatcher, wish, service_codes).carry_out([record for record in run.records if record.wanted])
    return run


def _find(dispatcher: Dispatcher, targets: TagTargets) -> list[TagRecord]:
    records: list[TagRecord] = []
    selection = targets.selection
    if selection is not None:
        census = take_census(dispatcher, selection)
        check_cap(census, selection.default_cap() if targets.cap is None else targets.cap, targets.cap is None)
        machines = {machine.instance_id: machine for machine in (*census.matched, *census.mismatched)}
        for instance_id in selection.ids if selection.ids is not None else machines:
            machine = machines.get(instance_id)
            record = TagRecord("instance", instance_id, machine, machine)
            mismatch = selection.mismatch(machine) if machine is not None else None
            if mismatch is not None:
                record.blockers = (Remark("selector_mismatch", f"It exists, but the other selectors do not match: {mismatch}."),)
            records.append(record)
    kinds: tuple[tuple[ResourceKind, Sequence[str]], ...] = (("disk", targets.disk_ids), ("elastic_ip", targets.elastic_ip_ids))
    for kind, ids in kinds:
        found = _read(dispatcher, kind, ids) if ids else {}
        records += [TagRecord(kind, each, found.get(each), found.get(each)) for each in ids]
    for record in records:
        if record.before is None:
            record.failure = Failure("not_found", f"{record.resource_id} does not exist, so it cannot be tagged.")
    return records


def _read(dispatcher: Dispatcher, kind: ResourceKind, ids: Sequence[str]) -> Mapping[str, Tagged]:
    if kind == "instance":
        return find_machines(dispatcher, ids)
    if kind == "disk":
        return find_each(dispatcher, ids, disk.describe_disks, disk.describe_disk, lambda row: row.disk_id)
    return find_each(dispatcher, ids, vpc.describe_elastic_ips, vpc.describe_elastic_ip, lambda row: row.elastic_ip_id)


class _Work:
    """Writes, reads back, and writes again what did not take effect, until nothing is left to be tried."""

    def __init__(self, dispatcher: Dispatcher, wish: TagWish, service_codes: Mapping[ResourceKind, str]) -> None:
        self._dispatcher = dispatcher
        self._wish = wish
        self._codes = service_codes

    def carry_out(self, records: Sequence[TagRecord]) -> None:
        """Bring all records to an end."""
        todo = list(records)
        while todo:
            changes = [(record, self._change(record)) for record in todo]
            # What goes, goes first: a resource may have no room for one more.
            self._send(untag_resources, [(record, change.remove) for record, change in changes if change.remove])
            going = [(record, change.set) for record, change in changes if change.set and not record.error]
            self._send(lambda code, ids, tags: tag_resources(code, ids, dict(tags)), going)
            todo = self._read_back(todo)
            if todo:
                self._dispatcher.pause(max(self._gap(record) for record in todo))

    def _change(self, record: TagRecord) -> TagChange:
        record.error = None
        record.said = None
        if record.now is None:
            return TagChange()
        return change_of(record.now, self._wish, insist=record.tries > 1)

    def _send(
        self,
        make: Callable[[str, Sequence[str], Sequence[tuple[str, str]]], Call[Mapping[str, str]]],
        wanted: Iterable[tuple[TagRecord, tuple[tuple[str, str], ...]]],
    ) -> None:
        """One call for up to 100 resources that need the same."""
        batches: dict[tuple[str, tuple[tuple[str, str], ...]], list[TagRecord]] = {}
        for record, tags in wanted:
            batches.setdefault((self._codes[record.kind], tags), []).append(record)
        calls, members = [], []
        for (code, tags), group in batches.items():
            for start in range(0, len(group), MAX_RESOURCES):
                some = group[start : start + MAX_RESOURCES]
                calls.append(make(code, [record.resource_id for record in some], tags))
                members.append(some)
        for outcome, some in zip(self._dispatcher.gather(calls), members, strict=True):
            for record in some:
                self._note(record, outcome)

    def _note(self, record: TagRecord, outcome: Outcome) -> None:
        now = self._dispatcher.clock.now()
        if outcome.error is not None:
            record.error = outcome.error
            if outcome.error.is_throttled:
                record.throttled_since = record.throttled_since if record.throttled_since is not None else now
            return
        record.throttled_since = None
        record.said = record.said or outcome.value.get(record.resource_id)
        record.since = record.since if record.since is not None else now

    def _read_back(self, records: Sequence[TagRecord]) -> list[TagRecord]:
        """Look at all of them, and return those that are to be tried again."""
        again = []
        for kind in dict.fromkeys(record.kind for record in records):
            some = [record for record in records if record.kind == kind]
            try:
                found = _read(self._dispatcher, kind, [record.resource_id for record in some])
            except JdcloudError as error:
                for record in some:
                    told = f"What became of the tags of {record.resource_id} could not be read: {error}"
                    record.failure = Failure("unverified", told, error)
                continue
            for record in some:
                record.now = found.get(record.resource_id)
                if self._goes_on(record):
                    again.append(record)
        return again

    def _goes_on(self, record: TagRecord) -> bool:
        """Judge one that was read back. False: it has ended."""
        if record.now is None:
            record.failure = Failure("vanished", f"{record.resource_id} disappeared while it was tagged.")
            return False
        if change_of(record.now, self._wish).empty:
            return False
        record.tries += 1
        reason = self._why_over(record)
        if reason is None:
            return True
        record.failure = reason
        return False

    def _why_over(self, record: TagRecord) -> Failure | None:
        now, error = self._dispatcher.clock.now(), record.error
        if error is not None:
            kind = verdict(error)
            patient = record.throttled_since is not None and now - record.throttled_since < THROTTLE_PATIENCE
            if kind not in RETRIED or (record.tries > self._dispatcher.retries and not patient):
                return Failure("api", f"The tags of {record.resource_id} were not changed: {error}", error)
            return None
        waited = now - record.since if record.since is not None else 0.0
        if waited < SHOW_PATIENCE and not (record.said and record.tries >= REFUSED_TRIES):
            return None
        said = f" The service says: {record.said}." if record.said else ""
        told = f"The tags of {record.resource_id} do not show the change {waited:.0f} s after it was accepted.{said}"
        return Failure("not_applied", told)

    def _gap(self, record: TagRecord) -> float:
        return self._dispatcher.backoff(record.tries) if record.error is not None else SHOW_GAP


def wished_tags(record: TagRecord, wish: TagWish) -> dict[str, str]:
    """The tags of a record whose change is only foreseen."""
    return after_change(record.before, wish) if record.before is not None else {}
