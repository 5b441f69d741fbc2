# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes tags of machines, disks and elastic IPs in bulk, and believes only what is read back.

A 200 answer may tell of some that failed (facts tags-partial-success, tags-failure-form). So each write is followed by a
complete read; what does not show what is wanted then is tried again where that may help, and failed where it does not.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..._api.calls import Call
from ..._api.dispatch.dispatcher import Dispatcher, Outcome
from ..._api.dispatch.pagination import chunks, find_each
from ..._api.errors import ApiError, JdcloudError
from ..._api.services import disk, vpc
from ..._api.services.tags import MAX_RESOURCES, tag_resources, untag_resources
from ..common.failure import UNVERIFIED, Failure, with_unclear_call
from ..common.finding import Finding
from ..common.selection import Selection
from ..common.timing import READ_LAG, THROTTLE_PATIENCE
from ..common.write_errors import ErrorMeaning, classify
from ..machines.find import find_machines, find_to_change
from .plan import (
    HasTags,
    TagChange,
    TaggedKind,
    WantedTags,
    after_change,
    change_of,
    later_blockers,
    tag_blockers,
    taken_for_good,
)

SHOW_GAP = 1.0
"""Seconds between two looks at what was accepted and does not show yet."""
ACCEPTED_TRIES = 3
"""How often a change is sent that is accepted and then does not show, or of which a 200 answer says that it failed."""
LONE_REFUSALS = 3
"""After so many refusals of calls about one resource, and no acceptance, the call is refused to everybody."""

Pairs = tuple[tuple[str, str], ...]
Make = Callable[[str, Sequence[str], Pairs], Call[Mapping[str, str]]]


@dataclass(slots=True)
class Attempts:
    """Where the change of one resource stands.

    `error`, `message`: how the last call ended, and what its 200 answer said. `among`: how many resources it was about;
    `share`: how many the next one may be about. `tries` counts calls that ended unclearly or were refused for now,
    `shown_nothing` accepted ones without effect.
    `unclear_at`: when a call ended last of which it is not known whether it took effect. `taken`: keys that
    were removed only to be set anew. Times are monotonic seconds.
    """

    error: JdcloudError | None = None
    message: str | None = None
    among: int = 0
    share: int = MAX_RESOURCES
    tries: int = 0
    shown_nothing: int = 0
    accepted_at: float | None = None
    unclear_at: float | None = None
    throttled_since: float | None = None
    taken: set[str] = field(default_factory=set)


@dataclass(slots=True)
class TagRecord:
    """One machine, disk or elastic IP: as it was, as it was seen last, and what became of it.

    `unread`: it could not be read after the last change.
    """

    kind: TaggedKind
    resource_id: str
    before: HasTags | None = None
    now: HasTags | None = None
    blockers: tuple[Finding, ...] = ()
    failure: Failure | None = None
    wanted: bool = False
    unread: bool = False
    attempts: Attempts = field(default_factory=Attempts)

    @property
    def touched(self) -> bool:
        """Whether a change was accepted, or may have taken effect."""
        return self.attempts.accepted_at is not None or self.attempts.unclear_at is not None


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
    wanted: WantedTags,
    protect_tags: Mapping[str, tuple[str, ...]],
    service_codes: Mapping[TaggedKind, str],
    *,
    skip_blocked: bool,
    preview: bool,
) -> TagRun:
    """Do it. With `preview` nothing is changed. Raises `JdcloudError` before anything is changed if it cannot be read."""
    run = TagRun(_find(dispatcher, targets))
    for record in run.records:
        if record.before is None or record.blockers:
            continue
        record.blockers = tuple(tag_blockers(record.before, wanted, protect_tags))
        record.wanted = not record.blockers and not change_of(record.before, wanted).empty
    run.held_back = not skip_blocked and any(record.blockers or record.failure for record in run.records)
    if not run.held_back and not preview:
        for kind, code in service_codes.items():
            work = _Work(dispatcher, wanted, protect_tags, kind, code)
            work.carry_out([record for record in run.records if record.wanted and record.kind == kind])
    return run


def _find(dispatcher: Dispatcher, targets: TagTargets) -> list[TagRecord]:
    records: list[TagRecord] = []
    selection = targets.selection
    if selection is not None:
        found_machines = find_to_change(dispatcher, selection, targets.cap)
        machines = {machine.instance_id: machine for machine in (*found_machines.matched, *found_machines.mismatched)}
        for instance_id in selection.ids if selection.ids is not None else machines:
            machine = machines.get(instance_id)
            record = TagRecord("instance", instance_id, machine, machine)
            if machine is not None:
                record.blockers = tuple(selection.mismatch_findings(machine))
            records.append(record)
    kinds: tuple[tuple[TaggedKind, Sequence[str]], ...] = (("disk", targets.disk_ids), ("elastic_ip", targets.elastic_ip_ids))
    for kind, ids in kinds:
        found = _read(dispatcher, kind, ids) if ids else {}
        records += [TagRecord(kind, each, found.get(each), found.get(each)) for each in ids]
    for record in records:
        if record.before is None:
            record.failure = Failure("not_found", f"{record.resource_id} does not exist, so it cannot be tagged.")
    return records


def _read(dispatcher: Dispatcher, kind: TaggedKind, ids: Sequence[str]) -> Mapping[str, HasTags]:
    if kind == "instance":
        return find_machines(dispatcher, ids)
    if kind == "disk":
        return find_each(dispatcher, ids, disk.describe_disks, disk.describe_disk, lambda row: row.disk_id)
    return find_each(dispatcher, ids, vpc.describe_elastic_ips, vpc.describe_elastic_ip, lambda row: row.elastic_ip_id)


class _Work:
    """Writes to resources of one kind, reads back, and writes again what did not take effect, as long as that may help."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        wanted: WantedTags,
        protect_tags: Mapping[str, tuple[str, ...]],
        kind: TaggedKind,
        service_code: str,
    ) -> None:
        self._dispatcher = dispatcher
        self._wanted = wanted
        self._protect_tags = protect_tags
        self._kind = kind
        self._code = service_code
        self._accepted: set[str] = set()
        self._refused: set[str] = set()
        self._lone_refusals: Counter[str] = Counter()

    def carry_out(self, records: Sequence[TagRecord]) -> None:
        """Bring all records to an end."""
        todo = list(records)
        while todo:
            # While a call was refused and never accepted, a few resources find out whether it is refused to everybody.
            some = todo if self._refused <= self._accepted else todo[: todo[0].attempts.share]
            self._write(some)
            going = self._read_back(some)
            gap = max((self._gap(record.attempts) for record in going), default=0.0)
            tried = len(some)
            todo = [record for record in [*going, *todo[tried:]] if not self._hopeless(record)]
            if todo and gap > 0:
                self._dispatcher.pause(gap)
        self._put_back([record for record in records if record.failure is not None and not record.unread])

    def _write(self, records: Sequence[TagRecord]) -> None:
        changes = []
        for record in records:
            change, attempts = self._next_change(record), record.attempts
            attempts.error, attempts.message = None, None
            changes.append((record, change))
        # What goes, goes first: a resource may have no room for one more.
        self._send(untag_resources, [(record, change.remove) for record, change in changes if change.remove])
        coming = [(record, change.set) for record, change in changes if change.set and record.attempts.error is None]
        self._send(_tag, coming)

    def _next_change(self, record: TagRecord) -> TagChange:
        """What to send for a record. Nothing while a change that was accepted may still not show."""
        attempts, accepted_at = record.attempts, record.attempts.accepted_at
        waits = accepted_at is not None and attempts.error is None and attempts.message is None
        if record.now is None or (waits and self._dispatcher.clock.now() - (accepted_at or 0.0) < READ_LAG):
            return TagChange()
        change = change_of(record.now, self._wanted, insist=attempts.shown_nothing > 0)
        attempts.taken.update(key for key, _value in change.remove if key in self._wanted.set)
        return change

    def _send(self, make: Make, wanted: Sequence[tuple[TagRecord, Pairs]]) -> None:
        """One call for up to 100 resources that need the same."""
        groups: dict[tuple[int, Pairs], list[TagRecord]] = {}
        for record, tags in wanted:
            groups.setdefault((record.attempts.share, tags), []).append(record)
        batches = [(tags, some) for (share, tags), group in groups.items() for some in chunks(group, share)]
        calls = [make(self._code, [record.resource_id for record in some], tags) for tags, some in batches]
        for call, outcome, (_tags, some) in zip(calls, self._dispatcher.gather(calls), batches, strict=True):
            if outcome.error is None:
                self._accepted.add(call.operation)
            elif _for_good(outcome.error):
                self._refused.add(call.operation)
                self._lone_refusals[call.operation] += len(some) == 1
            for record in some:
                self._note(record, outcome, len(some))

    def _note(self, record: TagRecord, outcome: Outcome, among: int) -> None:
        now, attempts = self._dispatcher.clock.now(), record.attempts
        attempts.among = among
        attempts.error = outcome.error
        if outcome.error is not None and classify(outcome.error) is ErrorMeaning.UNCLEAR:
            attempts.unclear_at = now
        if outcome.error is None or not outcome.error.is_throttled:
            attempts.throttled_since = None
        elif attempts.throttled_since is None:
            attempts.throttled_since = now
        if outcome.error is None:
            attempts.accepted_at = now
            attempts.message = attempts.message or outcome.value.get(record.resource_id)

    def _read_back(self, records: Sequence[TagRecord]) -> list[TagRecord]:
        """Look at all of them, and return those that are to be tried again."""
        try:
            found = _read(self._dispatcher, self._kind, [record.resource_id for record in records])
        except JdcloudError as error:
            for record in records:
                text = f"What became of the tags of {record.resource_id} could not be read: {error}"
                record.failure, record.unread = Failure(UNVERIFIED, text, error), True
                if record.attempts.unclear_at is not None:
                    record.failure = with_unclear_call(record.failure, "The change")
            return []
        for record in records:
            record.now = found.get(record.resource_id)
        return [record for record in records if self._goes_on(record)]

    def _goes_on(self, record: TagRecord) -> bool:
        """Judge one that was read back. False: it has ended."""
        if record.now is None:
            record.failure = Failure("vanished", f"{record.resource_id} disappeared while it was tagged.")
        elif record.now.unreadable or not change_of(record.now, self._wanted).empty:
            record.failure = self._forbidden(record.resource_id, record.now) or self._over(record)
            return record.failure is None
        return False

    def _forbidden(self, resource_id: str, now: HasTags) -> Failure | None:
        text = [blocker.message for blocker in later_blockers(now, self._wanted, self._protect_tags)]
        if not text:
            return None
        return Failure("changed_meanwhile", f"{resource_id} changed while it was tagged, so it was left alone: {' '.join(text)}")

    def _over(self, record: TagRecord) -> Failure | None:
        """Why one that does not show what is wanted is not tried again, None if it is."""
        attempts, error = record.attempts, record.attempts.error
        if error is None:
            return self._not_shown(record)
        kind = classify(error)
        if kind is ErrorMeaning.THROTTLED:
            since = attempts.throttled_since
            again = since is not None and self._dispatcher.clock.now() - since < THROTTLE_PATIENCE
        elif kind in (ErrorMeaning.UNCLEAR, ErrorMeaning.BUSY):
            attempts.tries += 1
            again = attempts.tries <= self._dispatcher.retries
            if kind is ErrorMeaning.BUSY and attempts.among > 1:
                # What is refused may be one of many, and the others must not wait for it.
                again, attempts.share = True, attempts.among // 2
        else:
            # One of many may be the reason, or that they are too many: nothing tells how many a call may be about.
            again = _for_good(error) and attempts.among > 1
            attempts.share = max(1, attempts.among // 2)
        if again:
            return None
        failure = _refused(record.resource_id, error)
        since = attempts.unclear_at
        lags = since is not None and self._dispatcher.clock.now() - since < READ_LAG
        # A read so soon after a call with an unclear end does not show that it had no effect.
        return with_unclear_call(failure, "The change") if lags else failure

    def _not_shown(self, record: TagRecord) -> Failure | None:
        attempts, now = record.attempts, self._dispatcher.clock.now()
        accepted_at = attempts.accepted_at if attempts.accepted_at is not None else now
        if attempts.message is None and now - accepted_at < READ_LAG:
            return None
        attempts.shown_nothing += 1
        if attempts.shown_nothing < ACCEPTED_TRIES:
            return None
        message = f" The service says: {attempts.message}." if attempts.message else ""
        text = f"The tags of {record.resource_id} do not show the change, although it was accepted {ACCEPTED_TRIES} times."
        return Failure("not_applied", text + message)

    def _gap(self, attempts: Attempts) -> float:
        if attempts.error is not None:
            return 0.0 if _for_good(attempts.error) else self._dispatcher.backoff(attempts.tries)
        return self._dispatcher.backoff(attempts.shown_nothing) if attempts.message is not None else SHOW_GAP

    def _hopeless(self, record: TagRecord) -> bool:
        """Whether the last call for a record is refused to everybody; then it failed."""
        error = record.attempts.error
        operation = error.operation if error is not None and _for_good(error) else None
        if error is None or operation is None or operation in self._accepted or self._lone_refusals[operation] < LONE_REFUSALS:
            return False
        record.failure = _refused(record.resource_id, error)
        return True

    def _put_back(self, records: Sequence[TagRecord]) -> None:
        """Old values that were removed for new ones which never came are set again, once."""
        some = [record for record in records if self._lost(record)]
        self._send(_tag, [(record, self._lost(record)) for record in some])
        until = self._dispatcher.clock.now() + READ_LAG
        while some:
            with contextlib.suppress(JdcloudError):
                found = _read(self._dispatcher, self._kind, [record.resource_id for record in some])
                for record in some:
                    record.now = found.get(record.resource_id)
            some = [record for record in some if self._lost(record)]
            if self._dispatcher.clock.now() >= until:
                break
            self._dispatcher.pause(SHOW_GAP if some else 0.0)
        for record in some:
            keys = ", ".join(key for key, _value in self._lost(record))
            if record.failure is not None:
                message = f"{record.failure.message} The old value of {keys} was removed for that, and could not be put back."
                record.failure = replace(record.failure, message=message)

    def _lost(self, record: TagRecord) -> Pairs:
        if record.before is None or record.now is None:
            return ()
        return tuple(taken_for_good(record.before, record.now, record.attempts.taken).items())


def _tag(service_code: str, ids: Sequence[str], tags: Pairs) -> Call[Mapping[str, str]]:
    return tag_resources(service_code, ids, dict(tags))


def _for_good(error: JdcloudError) -> bool:
    """Whether the service refused a call and would do so again; for another set of resources it may not."""
    again = (ErrorMeaning.THROTTLED, ErrorMeaning.UNCLEAR, ErrorMeaning.BUSY, ErrorMeaning.NO_ACCESS)
    return isinstance(error, ApiError) and classify(error) not in again


def _refused(resource_id: str, error: JdcloudError) -> Failure:
    return Failure("api", f"The tags of {resource_id} were not changed: {error}", error)


def wanted_tags(record: TagRecord, wanted: WantedTags) -> dict[str, str]:
    """The tags of a record whose change is only foreseen."""
    return after_change(record.before, wanted) if record.before is not None else {}
