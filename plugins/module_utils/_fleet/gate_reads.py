# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the backups of the machines at the gate once more, in bulk, before their last look. Sends nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from .._api.assets import Image, Snapshot
from .._api.dispatch import Job, Outcome
from .._api.errors import JdcloudError
from .._api.listing import LISTING_TRIES, PAGE_SIZE, IncompleteListing, page_count
from .archive import PageCall, complete_rows, holding_calls
from .proof import Holdings
from .track import Track

FIRST_CALLS = 3.0
"""Of each look through the gate: the first pages of images and snapshots, and the machines themselves."""


def calls_each(tracks: Sequence[Track], holdings: Holdings) -> float:
    """How many calls one machine costs at the gate on the average: its delete, and its share of the further pages."""
    images = sum(len(holdings.images.get(track.instance_id, ())) for track in tracks)
    disks = (disk.disk_id or "" for track in tracks for disk in track.machine.disks)
    rows = images + sum(len(holdings.of_disk.get(disk_id, ())) for disk_id in disks)
    return 1.0 + rows / max(1, len(tracks)) / PAGE_SIZE


class GateReads:
    """All pages of the images and snapshots of some machines, for one look through the gate.

    `began_at` is when the first of them was asked for: what they show may be as old as that. `finished(reads)` is called
    once, with `error` set if a page could not be read.
    """

    def __init__(self, tracks: Sequence[Track], now: float, finished: Callable[[GateReads], None]) -> None:
        self.tracks = list(tracks)
        self.machines = [track.machine for track in tracks]
        self.began_at = now
        self.rows: list[Image | Snapshot] = []
        self.error: JdcloudError | None = None
        self._finished = finished
        self._open = 0

    def jobs(self, job: Callable[..., Job], queue: Callable[[Job], None]) -> None:
        """Queue the first page of every listing."""
        for call in holding_calls(self.machines):
            self._open += 1
            _Listing(call, self, job, queue).start()

    def listed(self, rows: Sequence[Image | Snapshot], error: JdcloudError | None) -> None:
        """A listing has ended."""
        self.rows.extend(rows)
        self.error = self.error or error
        self._open -= 1
        if not self._open:
            self._finished(self)


class _Listing:
    """One paged listing; complete only if all its pages announce as many rows as were read."""

    def __init__(self, call: PageCall, reads: GateReads, job: Callable[..., Job], queue: Callable[[Job], None]) -> None:
        self._call = call
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
        self._queue(self._job(self._call(number), partial(self._answered, number)))

    def _answered(self, number: int, outcome: Outcome) -> None:
        self._pages[number] = outcome
        if number == 1 and outcome.answer is not None:
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
        rows = complete_rows([page.value for page in self._pages.values()])
        if rows is not None:
            self._reads.listed(rows, None)
        elif self._tries < LISTING_TRIES:
            self.start()
        else:
            operation = self._call(1).operation
            message = f"{operation} gave contradicting pages {LISTING_TRIES} times: try again when the account is quieter."
            self._reads.listed((), IncompleteListing(message, operation=operation))
