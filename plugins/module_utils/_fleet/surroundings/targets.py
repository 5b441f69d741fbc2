# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes targets of load balancers until a read shows the change. Nothing is repeated before a read.

A call about several targets does all or nothing, and fails with 404 if one of them is gone already (fact
load-balancers-all-or-nothing). So after each call its group is read, and only what does not show the change is tried again: by
itself, once a call about several was refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ..._api.calls import Call
from ..._api.dispatch.dispatcher import Dispatcher, Outcome
from ..._api.dispatch.pagination import chunks
from ..._api.errors import JdcloudError
from ..._api.model.balancers import Target
from ..common.failure import ErrorMeaning, Failure, Tries, api_failure, classify, with_unclear_call
from ..common.timing import READ_LAG, Timing
from .balancer_reads import read_targets_apart

BATCH = 20
"""Targets in one call; how many the service takes is not published."""
SHOW_GAP = 0.5
"""Seconds between two looks for a change that was accepted."""


@dataclass(frozen=True, slots=True)
class TargetChange:
    """A change of targets: the call for some of one group, and whether the targets of the group show it for one of them.

    `looks_first`: what shows it already is left out.
    """

    call: Callable[[str, Sequence[str]], Call[None]]
    shows: Callable[[str, Mapping[str, Target]], bool]
    looks_first: bool = False


@dataclass(slots=True)
class _Pending:
    """A target that does not show the change yet. `accepted_at`: when its last call was accepted."""

    group_id: str
    target_id: str
    tries: Tries = field(default_factory=Tries)
    accepted_at: float | None = None
    alone: bool = False
    unclear: bool = False


class TargetChanger:
    """Makes one change on targets of any number of groups. `touched` are those for which a call may have taken effect."""

    def __init__(self, dispatcher: Dispatcher, timing: Timing, change: TargetChange) -> None:
        self._dispatcher = dispatcher
        self._timing = timing
        self._change = change
        self.touched: set[str] = set()

    def carry_out(self, targets: Mapping[str, str]) -> dict[str, Failure]:
        """Change the targets, given by id with their groups. Returns what failed, by target."""
        failures: dict[str, Failure] = {}
        pending = [_Pending(group_id, target_id) for target_id, group_id in targets.items()]
        until = self._now + self._timing.wait_timeout
        if self._change.looks_first:
            pending = self._not_shown(pending, self._read({each.group_id for each in pending}))
        while pending:
            self._send([each for each in pending if not self._may_still_show(each)])
            shown = self._read({each.group_id for each in pending})
            pending = self._not_shown(pending, shown)
            for each in pending:
                failure = self._given_up(each, shown.get(each.group_id), until)
                if failure is not None:
                    failures[each.target_id] = failure
            pending = [each for each in pending if each.target_id not in failures]
            if pending:
                self._dispatcher.pause(max(SHOW_GAP, *(self._gap(each) for each in pending)))
        return failures

    @property
    def _now(self) -> float:
        """Monotonic seconds."""
        return self._dispatcher.clock.now()

    def _may_still_show(self, each: _Pending) -> bool:
        return each.accepted_at is not None and self._now - each.accepted_at < READ_LAG

    def _gap(self, each: _Pending) -> float:
        return 0.0 if each.accepted_at is not None else self._dispatcher.backoff(each.tries.count)

    def _send(self, pending: Sequence[_Pending]) -> None:
        groups: dict[str, list[_Pending]] = {}
        for each in pending:
            groups.setdefault(each.group_id, []).append(each)
        batches: list[tuple[str, Sequence[_Pending]]] = []
        for group_id, rows in groups.items():
            together = [row for row in rows if not row.alone]
            batches += [(group_id, batch) for batch in chunks(together, BATCH)]
            batches += [(group_id, [row]) for row in rows if row.alone]
        calls = [self._change.call(group_id, [row.target_id for row in rows]) for group_id, rows in batches]
        for (_group_id, batch), outcome in zip(batches, self._dispatcher.gather(calls), strict=True):
            for row in batch:
                self._note(row, outcome, several=len(batch) > 1)

    def _note(self, row: _Pending, outcome: Outcome, *, several: bool) -> None:
        error = outcome.error
        if error is None:
            row.accepted_at, row.tries.last_error = self._now, None
            self.touched.add(row.target_id)
            return
        row.accepted_at = None
        meaning = row.tries.note(error, self._now)
        row.tries.count += meaning is not ErrorMeaning.THROTTLED
        row.alone = row.alone or (several and meaning in (ErrorMeaning.GONE, ErrorMeaning.FINAL))
        if several and meaning is ErrorMeaning.FINAL:
            # Whose fault it is, a call about each by itself shows.
            row.tries.last_error = None
        if meaning is ErrorMeaning.UNCLEAR:
            row.unclear = True
            self.touched.add(row.target_id)

    def _read(self, group_ids: set[str]) -> dict[str, dict[str, Target] | JdcloudError]:
        """The targets of each group by id, or why they could not be read."""
        return {
            group_id: rows if isinstance(rows, JdcloudError) else {row.target_id: row for row in rows}
            for group_id, rows in read_targets_apart(self._dispatcher, sorted(group_ids)).items()
        }

    def _not_shown(self, pending: Sequence[_Pending], shown: Mapping[str, dict[str, Target] | JdcloudError]) -> list[_Pending]:
        """Those that do not show the change, or could not be read."""
        left = []
        for each in pending:
            rows = shown[each.group_id]
            if isinstance(rows, JdcloudError) or not self._change.shows(each.target_id, rows):
                left.append(each)
        return left

    def _given_up(self, each: _Pending, rows: dict[str, Target] | JdcloudError | None, until: float) -> Failure | None:
        """Why one that does not show the change is not tried again, None if it is."""
        if isinstance(rows, JdcloudError):
            failure = Failure("api", f"The state of target {each.target_id} could not be read: {rows}", rows)
            return self._in_doubt(each, failure)
        error = each.tries.last_error
        if error is None and self._now < until:
            return None
        final = error is not None and classify(error) in (ErrorMeaning.FINAL, ErrorMeaning.NO_ACCESS)
        if not final and each.tries.count <= self._timing.retries and self._now < until:
            return None
        if error is None:
            text = f"Target {each.target_id} of {each.group_id} does not show the change, although it was accepted."
            return Failure("timeout", text)
        return self._in_doubt(each, api_failure(error))

    @staticmethod
    def _in_doubt(each: _Pending, failure: Failure) -> Failure:
        return with_unclear_call(failure, f"The change of target {each.target_id}") if each.unclear else failure
