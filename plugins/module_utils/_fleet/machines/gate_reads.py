# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads what the deletes at the gate depend on once more, in bulk, before the machines' last look. Sends nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..._api.calls import Call
from ..._api.dispatch.dispatcher import Job, Outcome
from ..._api.dispatch.pagination import LISTING_TRIES, IncompleteListing, complete_rows, is_not_shown, page_count
from ..._api.errors import JdcloudError
from ..._api.model.backup_assets import Image, Snapshot
from ..._api.model.resources import Disk, ElasticIp
from ..evidence.existing_backups import PageCall
from .state import MachineState

Row = Image | Snapshot | Disk | ElasticIp


def row_id(row: Row) -> str:
    """The id of what was read."""
    if isinstance(row, Image):
        return row.image_id
    if isinstance(row, Snapshot):
        return row.snapshot_id
    return row.disk_id if isinstance(row, Disk) else row.elastic_ip_id


@dataclass(frozen=True, slots=True)
class Reading:
    """A paged listing. Those of `ids` that it leaves out are asked for by themselves, with `one`."""

    page: PageCall
    ids: tuple[str, ...] = ()
    one: Callable[[str], Call[Any]] | None = None


class GateReads:
    """All pages of what is read of some machines for one look through the gate, and beside them the look at the machines.

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
            message = f"{operation} gave contradicting pages {LISTING_TRIES} times: try again when the account is quieter."
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
