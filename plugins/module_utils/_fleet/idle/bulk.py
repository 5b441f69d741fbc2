# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads one value of one metric for each of many machines, many in one call. Reads only.

How many ids a call may have is not known (fact monitor-batch): what is refused, or answered in part, is asked for again in
smaller batches. What fails in the end is not known of its machines, and of no others.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..._api.dispatch.dispatcher import Dispatcher
from ..._api.dispatch.pagination import FORBIDDEN, chunks
from ..._api.errors import JdcloudError
from ..._api.model.monitor import Sample
from ..._api.services.monitor import MAX_IDS, Window, last_downsample
from ..surroundings.group_reads import why_unread
from .figures import Asked

SMALLER_PATIENCE = 30.0
"""Seconds after which no read of smaller batches is repeated: where everything fails, there are many of them."""

Ids = Sequence[str]


class BulkReading:
    """What was read of one metric: values by machine, and why there is no answer about others.

    Raises `JdcloudError` if no call of this run can succeed.
    """

    def __init__(self, dispatcher: Dispatcher, asked: Asked, window: Window) -> None:
        self.samples: dict[str, Sample] = {}
        self.unread: dict[str, str] = {}
        self._dispatcher = dispatcher
        self._asked = asked
        self._window = window
        self._answered = False
        self._in_part: dict[str, None] = {}

    def read(self, ids: Ids) -> None:
        """Read the values of these machines."""
        failed = self._ask([*chunks(ids, MAX_IDS)])
        with self._dispatcher.repeating_until(self._dispatcher.clock.now() + SMALLER_PATIENCE):
            if self._answered:
                self._halve(failed)
            elif failed:
                self._halve_if_that_helps(failed)
            self._ask_for_the_rest()

    def _halve_if_that_helps(self, failed: Sequence[Ids]) -> None:
        """No batch was answered: one of them shows whether smaller ones are."""
        self._halve(failed[:1])
        if self._answered:
            self._halve(failed[1:])

    def _halve(self, failed: Sequence[Ids]) -> None:
        while failed:
            halves = (half for batch in failed if len(batch) > 1 for half in chunks(batch, -(-len(batch) // 2)))
            failed = self._ask([*halves])

    def _ask_for_the_rest(self) -> None:
        """A batch that was answered in part may have been cut, so its rest is asked for as long as that shows more."""
        size = MAX_IDS // 2
        rest = [*self._in_part]
        while rest:
            self._in_part.clear()
            before = len(self.samples)
            self._ask([*chunks(rest, size)])
            rest = [*self._in_part] if len(self.samples) > before else []
            size = max(1, size // 2)

    def _ask(self, batches: Sequence[Ids]) -> list[Ids]:
        """Send them all. Returns those that failed and that smaller ones may replace."""
        metric, joined = self._asked
        failed = []
        outcomes = self._dispatcher.gather([last_downsample(metric, batch, self._window, joined) for batch in batches])
        for batch, outcome in zip(batches, outcomes, strict=True):
            if outcome.error is None:
                self._take(batch, outcome.value)
            else:
                self._note(batch, outcome.error)
                if outcome.error.http != FORBIDDEN and not outcome.error.is_throttled:
                    failed.append(batch)
        return failed

    def _take(self, batch: Ids, found: dict[str, Sample]) -> None:
        self._answered = True
        named = {name: found[name] for name in batch if name in found}
        self.samples.update(named)
        for name in batch:
            self.unread.pop(name, None)
        if named:
            self._in_part.update(dict.fromkeys(name for name in batch if name not in named))

    def _note(self, batch: Ids, error: JdcloudError) -> None:
        if error.is_unauthenticated:
            raise error
        self.unread.update(dict.fromkeys(batch, why_unread(error)))
