# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How an image, a disk or the like moves on while it is deleted: each look, acceptance or refusal leads to its next stage.

Sends nothing itself. Each method changes the state's stage and returns the time of its next look (now, where the stage waits
for none), or `PROVE`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Generic

from ..._api.errors import JdcloudError
from ..common.failure import UNVERIFIED, ErrorMeaning, Failure, api_failure, with_unclear_call
from ..common.timing import DOUBTS, READ_LAG, STALE_LOOKS, Timing
from .resource_kind import D, ResourceKind
from .state import DeletionState, Stage

PROVE = -math.inf
"""Instead of a time: the asset has to be asked for by itself."""


class DeletionTransitions(Generic[D]):
    """The rules of the way, the same for all kinds of things; `kind` is what one kind says."""

    def __init__(self, timing: Timing, backoff: Callable[[int], float], kind: ResourceKind[D]) -> None:
        self._timing = timing
        self._backoff = backoff
        self._kind = kind

    def seen(self, state: DeletionState[D], asset: D, sent_at: float, now: float, next_look: float) -> float:
        """A look shows the asset."""
        state.status = asset.status
        state.last = asset
        if self._kind.is_gone(asset):
            return self._end(state, now)
        self._note_read(state, asset, sent_at)
        state.moving = state.moving or self._kind.is_going(asset)
        if state.stage is Stage.GATE:
            return self._seen_at_gate(state, asset, sent_at, now, next_look)
        return self._seen_going(state, asset, now, next_look)

    def shown_singly(self, state: DeletionState[D], asset: D, sent_at: float, now: float, next_look: float) -> float:
        """A bulk response left it out, or its delete ended with 404, but a single read shows it."""
        if state.stage is Stage.GOING or self._kind.is_gone(asset):
            return self.seen(state, asset, sent_at, now, next_look)
        self._note_read(state, asset, sent_at)
        state.doubts += 1
        if state.doubts > DOUBTS:
            error = state.tries.last_error
            text = "It is missing in listings, but a single read returns it." if error is None else str(error)
            return self.fail(state, Failure("api", f"{state.title} cannot be checked: {text}", error), now)
        return now + self._backoff(state.doubts - 1)

    def proved_gone(self, state: DeletionState[D], now: float) -> float:
        """The service says that it does not exist."""
        state.status = "absent"
        state.last = None
        return self._end(state, now)

    def accepted(self, state: DeletionState[D], received_at: float, pause: float) -> float:
        """The service accepted the delete."""
        state.status = self._kind.status_when_asked(state.asset)
        state.unsure, state.doubt_since = False, None
        return self._wait(state, received_at, received_at + pause)

    def stale(self, state: DeletionState[D], now: float) -> float:
        """The look is too old to delete by: look again."""
        state.stale_looks += 1
        if state.stale_looks > STALE_LOOKS:
            message = (
                f"{STALE_LOOKS} observations of {state.title} expired before the delete could be sent: raise api_rate_limit, "
                "or run again when the service responds faster."
            )
            return self.fail(state, Failure("timeout", message), now)
        return self._again(state, now, 0.0)

    def refused(self, state: DeletionState[D], error: JdcloudError, now: float) -> float:
        """The delete ended with an error."""
        kind = state.tries.note(error, now)
        if kind is ErrorMeaning.GONE:
            state.stage = Stage.GATE
            return PROVE
        if kind is ErrorMeaning.UNCLEAR:
            # Read first. Whether it may be sent again is decided when a look shows that it had no effect.
            state.tries.count += 1
            state.unsure = state.maybe_sent = True
            state.doubt_since = now
            return self._again(state, now, self._backoff(state.tries.count - 1))
        if kind is ErrorMeaning.THROTTLED:
            return self._again(state, now, self._backoff(0))
        if kind is ErrorMeaning.BUSY and self._timing.wait:
            return self._not_now(state, error, now)
        return self._fail_with(state, error, now)

    def fail(self, state: DeletionState[D], failure: Failure, now: float) -> float:
        """The asset failed. What fails now may be due to a delete that took effect after all: that is read first."""
        if state.doubt_since is not None and state.looked_at < state.doubt_since + READ_LAG:
            # What counts is when a look was asked for, not when its response came: a slow one decides nothing.
            state.refusal = state.refusal or failure
            return self._again(state, now, max(0.0, state.doubt_since + READ_LAG - now))
        self.abandon(state, failure)
        return now

    def abandon(self, state: DeletionState[D], failure: Failure) -> None:
        """No further call can be made for it."""
        state.failure = state.failure or state.refusal or failure
        state.stage = Stage.ENDED
        self.report_unclear(state)

    @staticmethod
    def report_unclear(state: DeletionState[D]) -> None:
        """Let a failure say that a delete was sent and may have taken effect. Once is enough."""
        if state.failure is not None and state.doubt_since is not None and state.failure.code != UNVERIFIED:
            state.failure = with_unclear_call(state.failure, f"The delete of {state.title}")
            state.status = UNVERIFIED

    def _note_read(self, state: DeletionState[D], asset: D, sent_at: float) -> None:
        """A look that was asked for late enough shows the effect of a delete, or that there is none."""
        state.looked_at = sent_at
        moves = self._kind.is_going(asset) or self._kind.may_be_going(asset)
        if state.doubt_since is not None and sent_at >= state.doubt_since + READ_LAG and not moves:
            state.doubt_since = None

    def _seen_at_gate(self, state: DeletionState[D], asset: D, sent_at: float, now: float, next_look: float) -> float:
        if self._kind.is_going(asset):
            # By our delete whose response was lost, or by another run or user.
            state.accepted = state.accepted or state.maybe_sent
            state.unsure, state.doubt_since, state.refusal = False, None, None
            return self._wait(state, now, next_look)
        if state.refusal is not None:
            return self.fail(state, state.refusal, now)
        if state.unsure and state.tries.last_error is not None and self._kind.may_be_going(asset):
            # Perhaps on its way out, by our delete whose response was lost.
            return self._not_now(state, state.tries.last_error, now)
        reasons = self._kind.changes(state.asset, asset)
        if reasons:
            message = f"{state.title} changed since it was checked: {'; '.join(reasons)}."
            return self.fail(state, Failure("changed_meanwhile", message), now)
        if state.unsure and state.tries.count > self._timing.retries and state.tries.last_error is not None:
            return self._fail_with(state, state.tries.last_error, now)
        state.unsure = False
        state.observed_at = sent_at
        state.stage = Stage.DELETE
        return now

    def _seen_going(self, state: DeletionState[D], asset: D, now: float, next_look: float) -> float:
        if self._kind.is_going(asset):
            state.looks_back = 0
        elif not asset.unreadable and (state.moving or self._kind.survived(state.asset, asset)):
            # One look that shows it as it was may come from a replica that lags.
            state.looks_back += 1
            if state.looks_back > 1 or asset.status != state.asset.status:
                message = f"{state.title} is in '{asset.status}' after its deletion began: the service did not delete it."
                return self.fail(state, Failure("changed_meanwhile", message), now)
        waited = now - state.since
        if waited >= self._timing.wait_timeout:
            message = f"{state.title} is still in '{asset.status}' after {waited:.0f} s, longer than wait_timeout allows."
            return self.fail(state, Failure("timeout", message), now)
        return min(next_look, state.since + self._timing.wait_timeout)

    def _wait(self, state: DeletionState[D], since: float, next_look: float) -> float:
        state.since = since
        state.stage = Stage.GOING if self._timing.wait else Stage.ENDED
        return next_look

    @staticmethod
    def _end(state: DeletionState[D], now: float) -> float:
        state.gone, state.doubt_since = True, None
        state.stage = Stage.ENDED
        return now

    def _again(self, state: DeletionState[D], now: float, pause: float) -> float:
        state.stage = Stage.GATE
        return now + pause

    def _not_now(self, state: DeletionState[D], error: JdcloudError, now: float) -> float:
        """Refused for now: try again, bounded by wait_timeout."""
        waited = state.tries.refused_for(now)
        if waited >= self._timing.wait_timeout:
            message = f"{state.title} is in '{state.status}', and the service refused to delete it for {waited:.0f} s: {error}"
            return self.fail(state, Failure("timeout", message, error), now)
        state.refusals += 1
        return self._again(state, now, min(self._backoff(state.refusals), self._timing.poll_interval))

    def _fail_with(self, state: DeletionState[D], error: JdcloudError, now: float) -> float:
        return self.fail(state, self._kind.explain(state.asset, error) or api_failure(error), now)
