# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sends changes of tags in bulk, and believes only what is read back.

A 200 response may name some that failed (facts tags-partial-success, tags-failure-form). So each write is followed by a
complete read; what does not show what is wanted then is tried again where that may help, and failed where it does not.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from ..._api.calls import Call
from ..._api.dispatch.dispatcher import Dispatcher
from ..._api.dispatch.pagination import chunks, find_each
from ..._api.errors import JdcloudError
from ..._api.services import disk, vpc
from ..._api.services.tags import tag_resources, untag_resources
from ..common.failure import UNVERIFIED, Failure, with_unclear_call
from ..common.machine_reads import find_machines
from ..common.timing import READ_LAG
from .plan import HasTags, TagChange, TaggedKind, TagOptions, WantedTags, change_of, later_blockers, old_values
from .record import ACCEPTED_TRIES, SHOW_GAP, TagRecord, is_final

LONE_REFUSALS = 3
"""After so many refusals of calls about one resource, and no acceptance, the call is refused to everyone."""

Pairs = tuple[tuple[str, str], ...]
"""Tag keys with their values."""
MakeCall = Callable[[str, Sequence[str], Pairs], Call[Mapping[str, str]]]


class Refusals:
    """Which kinds of calls the service refused for good, and which it ever accepted."""

    def __init__(self) -> None:
        self._accepted: set[str] = set()
        self._refused: set[str] = set()
        self._alone: Counter[str] = Counter()

    def note(self, operation: str, error: JdcloudError | None, among: int) -> None:
        """A call about `among` resources has ended."""
        if error is None:
            self._accepted.add(operation)
        elif is_final(error):
            self._refused.add(operation)
            self._alone[operation] += among == 1

    @property
    def unexplained(self) -> bool:
        """Whether a call was refused and never accepted: it may be refused to everyone."""
        return not self._refused <= self._accepted

    def for_everybody(self, error: JdcloudError | None) -> bool:
        """Whether the call that ended with this error is refused whatever it is about."""
        if error is None or not is_final(error) or error.operation is None:
            return False
        return error.operation not in self._accepted and self._alone[error.operation] >= LONE_REFUSALS


class TagWriter:
    """Changes tags of resources of one kind: writes, reads back, and writes again what did not take effect."""

    def __init__(self, dispatcher: Dispatcher, wanted: WantedTags, options: TagOptions, kind: TaggedKind) -> None:
        self._dispatcher = dispatcher
        self._wanted = wanted
        self._protect_tags = options.protect_tags
        self._kind = kind
        self._service_code = options.service_codes[kind]
        self._refusals = Refusals()

    def carry_out(self, records: Sequence[TagRecord]) -> None:
        """Bring all records to an end."""
        todo = list(records)
        while todo:
            # A few resources find out whether a call is refused to everyone.
            some = todo[: todo[0].attempts.share] if self._refusals.unexplained else todo
            self._write(some)
            again = self._read_back(some)
            gap = max((record.attempts.gap(self._dispatcher.backoff) for record in again), default=0.0)
            todo = [record for record in [*again, *todo[len(some) :]] if not self._refused_to_all(record)]
            if todo and gap > 0:
                self._dispatcher.pause(gap)
        self._put_back([record for record in records if record.failure is not None and not record.unread])

    def _refused_to_all(self, record: TagRecord) -> bool:
        error = record.attempts.error
        if error is None or not self._refusals.for_everybody(error):
            return False
        record.failure = _not_changed(record, error)
        return True

    # --- writes -------------------------------------------------------------------------------------------------------

    def _write(self, records: Sequence[TagRecord]) -> None:
        changes = [(record, self._next_change(record)) for record in records]
        for record in records:
            record.attempts.begin()
        # What goes, goes first: a resource may have no room for one more.
        self._send(untag_resources, [(record, change.remove) for record, change in changes if change.remove])
        coming = [(record, change.set) for record, change in changes if change.set and record.attempts.error is None]
        self._send(_tag, coming)

    def _next_change(self, record: TagRecord) -> TagChange:
        """What to send for a record. Nothing while a change that was accepted may still not show."""
        attempts = record.attempts
        if record.seen is None or attempts.may_still_show(self._now):
            return TagChange()
        change = change_of(record.seen, self._wanted, insist=attempts.shown_nothing > 0)
        attempts.taken.update(key for key, _value in change.remove if key in self._wanted.set)
        return change

    def _send(self, make_call: MakeCall, changes: Sequence[tuple[TagRecord, Pairs]]) -> None:
        """One call for up to 100 resources that need the same."""
        groups: dict[tuple[int, Pairs], list[TagRecord]] = {}
        for record, tags in changes:
            groups.setdefault((record.attempts.share, tags), []).append(record)
        batches = [(tags, some) for (share, tags), group in groups.items() for some in chunks(group, share)]
        calls = [make_call(self._service_code, [record.resource_id for record in some], tags) for tags, some in batches]
        for call, outcome, (_tags, some) in zip(calls, self._dispatcher.gather(calls), batches, strict=True):
            self._refusals.note(call.operation, outcome.error, len(some))
            for record in some:
                record.attempts.note(outcome, record.resource_id, len(some), self._now)

    # --- what they led to ---------------------------------------------------------------------------------------------

    def _read_back(self, records: Sequence[TagRecord]) -> list[TagRecord]:
        """Look at all of them, and return those that are to be tried again."""
        try:
            found = self._read(records)
        except JdcloudError as error:
            for record in records:
                text = f"The tags of {record.resource_id} could not be read after the change: {error}"
                record.failure, record.unread = Failure(UNVERIFIED, text, error), True
                if record.attempts.unclear_at is not None:
                    record.failure = with_unclear_call(record.failure, "The change")
            return []
        for record in records:
            record.seen = found.get(record.resource_id)
        return [record for record in records if self._goes_on(record)]

    def _goes_on(self, record: TagRecord) -> bool:
        """Judge one that was read back. False: it has ended."""
        if record.seen is None:
            record.failure = Failure("vanished", f"{record.resource_id} disappeared during the change.")
            return False
        if not record.seen.unreadable and change_of(record.seen, self._wanted).empty:
            return False
        record.failure = self._forbidden(record.resource_id, record.seen) or self._given_up(record)
        return record.failure is None

    def _forbidden(self, resource_id: str, seen: HasTags) -> Failure | None:
        text = [blocker.message for blocker in later_blockers(seen, self._wanted, self._protect_tags)]
        if not text:
            return None
        return Failure(
            "changed_meanwhile",
            (f"{resource_id} changed in the meantime, so its tags were not changed further: {' '.join(text)}"),
        )

    def _given_up(self, record: TagRecord) -> Failure | None:
        """Why one that does not show what is wanted is not tried again, None if it is."""
        attempts = record.attempts
        if attempts.error is None:
            return self._not_shown(record)
        if attempts.may_send_again(self._dispatcher.retries):
            return None
        failure = _not_changed(record, attempts.error)
        return with_unclear_call(failure, "The change") if attempts.in_doubt(self._now) else failure

    def _not_shown(self, record: TagRecord) -> Failure | None:
        attempts = record.attempts
        if attempts.message is None and (attempts.accepted_at is None or attempts.may_still_show(self._now)):
            return None
        attempts.shown_nothing += 1
        if attempts.shown_nothing < ACCEPTED_TRIES:
            return None
        message = f" The service returned: {attempts.message}." if attempts.message else ""
        text = f"The tags of {record.resource_id} do not show the change, although it was accepted {ACCEPTED_TRIES} times."
        return Failure("not_applied", text + message)

    # --- what was lost ------------------------------------------------------------------------------------------------

    def _put_back(self, records: Sequence[TagRecord]) -> None:
        """Old values that were removed for new ones which never came are set again, once."""
        some = [record for record in records if self._lost(record)]
        self._send(_tag, [(record, self._lost(record)) for record in some])
        until = self._now + READ_LAG
        while some:
            with contextlib.suppress(JdcloudError):
                found = self._read(some)
                for record in some:
                    record.seen = found.get(record.resource_id)
            some = [record for record in some if self._lost(record)]
            if self._now >= until:
                break
            self._dispatcher.pause(SHOW_GAP if some else 0.0)
        for record in some:
            keys = ", ".join(key for key, _value in self._lost(record))
            if record.failure is not None:
                message = f"{record.failure.message} The old value of {keys} was removed for this and could not be set again."
                record.failure = replace(record.failure, message=message)

    def _lost(self, record: TagRecord) -> Pairs:
        if record.before is None or record.seen is None:
            return ()
        return tuple(old_values(record.before, record.seen, record.attempts.taken).items())

    def _read(self, records: Sequence[TagRecord]) -> Mapping[str, HasTags]:
        return read_tagged(self._dispatcher, self._kind, [record.resource_id for record in records])

    @property
    def _now(self) -> float:
        """Monotonic seconds."""
        return self._dispatcher.clock.now()


def _tag(service_code: str, ids: Sequence[str], tags: Pairs) -> Call[Mapping[str, str]]:
    return tag_resources(service_code, ids, dict(tags))


def _not_changed(record: TagRecord, error: JdcloudError) -> Failure:
    return Failure("api", f"The tags of {record.resource_id} were not changed: {error}", error)


def read_tagged(dispatcher: Dispatcher, kind: TaggedKind, ids: Sequence[str]) -> Mapping[str, HasTags]:
    """Resources of one kind with their tags, by id. Only a 404 says that one does not exist."""
    if kind == "instance":
        return find_machines(dispatcher, ids)
    if kind == "disk":
        return find_each(dispatcher, ids, disk.describe_disks, disk.describe_disk, lambda row: row.disk_id)
    return find_each(dispatcher, ids, vpc.describe_elastic_ips, vpc.describe_elastic_ip, lambda row: row.elastic_ip_id)
