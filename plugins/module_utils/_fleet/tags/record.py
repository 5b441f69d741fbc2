# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run knows of each resource whose tags it changes: how it is seen, and how the calls about it ended. Sends nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ..._api.dispatch.dispatcher import Outcome
from ..._api.errors import ApiError, JdcloudError
from ..._api.services.tags import MAX_RESOURCES
from ..common.failure import ErrorMeaning, Failure, Finding, Tries, classify
from ..common.timing import READ_LAG
from .plan import HasTags, TaggedKind

SHOW_GAP = 1.0
"""Seconds between two looks at what was accepted and does not show yet."""
ACCEPTED_TRIES = 3
"""How often a change is sent that is accepted and then does not show, or of which a 200 response says that it failed."""


@dataclass(slots=True)
class Attempts:
    """Where the change of one resource stands. Times are monotonic seconds.

    `error`, `meaning`, `message`: how the last call ended, and what its 200 response said. `among`: how many resources it was
    about; `share`: how many the next one may be about. `tries` counts calls that ended unclearly or were refused for now,
    `shown_nothing` accepted ones without effect. `unclear_at`: when a call ended last of which it is not known whether it took
    effect. `taken`: keys that were removed only to be set again.
    """

    error: JdcloudError | None = None
    meaning: ErrorMeaning | None = None
    message: str | None = None
    among: int = 0
    share: int = MAX_RESOURCES
    tries: Tries = field(default_factory=Tries)
    shown_nothing: int = 0
    accepted_at: float | None = None
    unclear_at: float | None = None
    taken: set[str] = field(default_factory=set)

    def begin(self) -> None:
        """Forget how the last call ended, before the next one."""
        self.error, self.meaning, self.message = None, None, None

    def note(self, outcome: Outcome, resource_id: str, among: int, now: float) -> None:
        """A call about this resource and others, `among` in all, has ended."""
        self.among = among
        self.error = outcome.error
        if outcome.error is None:
            self.tries.throttled_since = None
            self.accepted_at = now
            self.message = self.message or outcome.value.get(resource_id)
            return
        self.meaning = self.tries.note(outcome.error, now)
        if self.meaning is ErrorMeaning.UNCLEAR:
            self.unclear_at = now

    def may_still_show(self, now: float) -> bool:
        """Whether the change was accepted so lately that a read need not show it yet."""
        if self.error is not None or self.message is not None:
            return False
        return self.accepted_at is not None and now - self.accepted_at < READ_LAG

    def in_doubt(self, now: float) -> bool:
        """Whether a read so soon after a call with an unclear end does not show that it had no effect."""
        return self.unclear_at is not None and now - self.unclear_at < READ_LAG

    def may_send_again(self, retries: int) -> bool:
        """Whether the call that failed is worth another try, and with how many resources (`share`)."""
        if self.meaning is ErrorMeaning.THROTTLED:
            return True
        if self.meaning in (ErrorMeaning.UNCLEAR, ErrorMeaning.BUSY):
            self.tries.count += 1
            if self.meaning is ErrorMeaning.BUSY and self.among > 1:
                # What is refused may be one of many, and the others must not wait for it.
                self.share = self.among // 2
                return True
            return self.tries.count <= retries
        # One of many may be the reason, or that they are too many: nothing says how many a call may be about.
        self.share = max(1, self.among // 2)
        return is_final(self.error) and self.among > 1

    def gap(self, backoff: Callable[[int], float]) -> float:
        """For how long to wait before the next try or look."""
        if self.error is not None:
            return 0.0 if is_final(self.error) else backoff(self.tries.count)
        return backoff(self.shown_nothing) if self.message is not None else SHOW_GAP


def is_final(error: JdcloudError | None) -> bool:
    """Whether the service refused a call and would do so again; for another set of resources it may not."""
    passing = (ErrorMeaning.THROTTLED, ErrorMeaning.UNCLEAR, ErrorMeaning.BUSY, ErrorMeaning.NO_ACCESS)
    return isinstance(error, ApiError) and classify(error) not in passing


@dataclass(slots=True)
class TagRecord:
    """One machine, disk or elastic IP: as it was, as it was seen last, and what became of it.

    `to_change`: its tags are to be changed. `unread`: it could not be read after the last change.
    """

    kind: TaggedKind
    resource_id: str
    before: HasTags | None = None
    seen: HasTags | None = None
    blockers: tuple[Finding, ...] = ()
    failure: Failure | None = None
    to_change: bool = False
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
