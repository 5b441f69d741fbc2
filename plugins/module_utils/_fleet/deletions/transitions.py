# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How an image, a disk or the like moves on while it is deleted: each look, acceptance or refusal leads to its next stage.

Sends nothing itself. Each method changes the track's stage and returns the time of its next look (now, where the stage waits
for none), or `PROVE`.
"""

from __future__ import annotations

import math
import typing as t
from collections.abc import Callable

from ..._api.errors import JdcloudError
from ..common.failure import UNVERIFIED, Failure, in_full
from ..common.timing import LAG, STALE_LOOKS, THROTTLE_PATIENCE, Timing
from ..common.write_errors import Verdict, verdict
from .kind import D, Terms
from .state import DisposalTrack, Stage

PROVE = -math.inf
"""Instead of a time: the asset has to be asked for by itself."""
DOUBTS = 5
"""How often bulk answers, or refused deletes, may leave out an asset that a single read shows."""


class DisposalCourse(t.Generic[D]):
    """The rules of the way, the same for all kinds of things; `terms` are those of one kind."""

    def __init__(self, timing: Timing, backoff: Callable[[int], float], terms: Terms[D]) -> None:
        self._timing = timing
        self._backoff = backoff
        self._terms = terms

    def seen(self, track: DisposalTrack[D], asset: D, sent_at: float, now: float, next_look: float) -> float:
        """A look shows the asset."""
        track.status = asset.status
        track.last = asset
        if self._terms.is_gone(asset):
            return self._end(track, now)
        self._note_read(track, asset, sent_at)
        track.moving = track.moving or self._terms.is_going(asset)
        if track.stage is Stage.GATE:
            return self._seen_at_gate(track, asset, sent_at, now, next_look)
        return self._seen_going(track, asset, now, next_look)

    def shown_singly(self, track: DisposalTrack[D], asset: D, sent_at: float, now: float, next_look: float) -> float:
        """A bulk answer left it out, or its delete was answered 404, but a single read shows it."""
        if track.stage is Stage.GOING or self._terms.is_gone(asset):
            return self.seen(track, asset, sent_at, now, next_look)
        self._note_read(track, asset, sent_at)
        track.doubts += 1
        if track.doubts > DOUBTS:
            told = str(track.last_error) if track.last_error is not None else "Listings leave it out, but a single read shows it."
            return self.fail(track, Failure("api", f"{track.title} cannot be judged: {told}", track.last_error), now)
        return now + self._backoff(track.doubts - 1)

    def proved_gone(self, track: DisposalTrack[D], now: float) -> float:
        """The service says that it does not exist."""
        track.status = "absent"
        track.last = None
        return self._end(track, now)

    def accepted(self, track: DisposalTrack[D], received_at: float, pause: float) -> float:
        """The service accepted the delete."""
        track.status = self._terms.status_when_asked(track.asset)
        track.unsure, track.doubt_since = False, None
        return self._wait(track, received_at, received_at + pause)

    def stale(self, track: DisposalTrack[D], now: float) -> float:
        """The look is too old to delete by: look again."""
        track.stale_looks += 1
        if track.stale_looks > STALE_LOOKS:
            message = (
                f"{track.title} was looked at {STALE_LOOKS} times, and its delete never left within seconds of that: raise "
                "api_rate_limit, or run again when the service answers faster."
            )
            return self.fail(track, Failure("timeout", message), now)
        return self._again(track, now, 0.0)

    def refused(self, track: DisposalTrack[D], error: JdcloudError, now: float) -> float:
        """The delete ended with an error."""
        kind = verdict(error)
        track.last_error = error
        if kind is not Verdict.THROTTLED:
            track.throttled_since = None
        if kind is Verdict.GONE:
            track.stage = Stage.GATE
            return PROVE
        if kind is Verdict.UNCLEAR:
            # Read first. Whether it may be sent again is decided when a look shows that it had no effect.
            track.tries += 1
            track.unsure = track.maybe_sent = True
            track.doubt_since = now
            return self._again(track, now, self._backoff(track.tries - 1))
        if kind is Verdict.THROTTLED:
            track.throttled_since = now if track.throttled_since is None else track.throttled_since
            if now - track.throttled_since < THROTTLE_PATIENCE:
                return self._again(track, now, self._backoff(0))
        elif kind is Verdict.BUSY and self._timing.wait:
            return self._not_now(track, error, now)
        return self._fail_with(track, error, now)

    def fail(self, track: DisposalTrack[D], failure: Failure, now: float) -> float:
        """The asset failed. What fails now may be due to a delete that took effect after all: that is read first."""
        if track.doubt_since is not None and track.looked_at < track.doubt_since + LAG:
            # What counts is when a look was asked for, not when it was answered: a slow one decides nothing.
            track.refusal = track.refusal or failure
            return self._again(track, now, max(0.0, track.doubt_since + LAG - now))
        self.abandon(track, failure)
        return now

    def abandon(self, track: DisposalTrack[D], failure: Failure) -> None:
        """No further call can be made for it."""
        track.failure = track.failure or track.refusal or failure
        track.stage = Stage.ENDED
        self.tell(track)

    @staticmethod
    def tell(track: DisposalTrack[D]) -> None:
        """Let a failure say that a delete was sent and may have taken effect. Once is enough."""
        if track.failure is not None and track.doubt_since is not None and track.failure.code != UNVERIFIED:
            track.failure = in_full(track.failure, f"The delete of {track.title}")
            track.status = UNVERIFIED

    def _note_read(self, track: DisposalTrack[D], asset: D, sent_at: float) -> None:
        """A look that was asked for late enough shows the effect of a delete, or that there is none."""
        track.looked_at = sent_at
        moves = self._terms.is_going(asset) or self._terms.in_between(asset)
        if track.doubt_since is not None and sent_at >= track.doubt_since + LAG and not moves:
            track.doubt_since = None

    def _seen_at_gate(self, track: DisposalTrack[D], asset: D, sent_at: float, now: float, next_look: float) -> float:
        if self._terms.is_going(asset):
            # By our delete whose answer was lost, or by somebody else's.
            track.accepted = track.accepted or track.maybe_sent
            track.unsure, track.doubt_since, track.refusal = False, None, None
            return self._wait(track, now, next_look)
        if track.refusal is not None:
            return self.fail(track, track.refusal, now)
        if track.unsure and track.last_error is not None and self._terms.in_between(asset):
            # Perhaps on its way out, by our delete whose answer was lost.
            return self._not_now(track, track.last_error, now)
        reasons = self._terms.changes(track.asset, asset)
        if reasons:
            message = f"{track.title} changed since it was checked: {'; '.join(reasons)}."
            return self.fail(track, Failure("changed_meanwhile", message), now)
        if track.unsure and track.tries > self._timing.retries and track.last_error is not None:
            return self._fail_with(track, track.last_error, now)
        track.unsure = False
        track.observed_at = sent_at
        track.stage = Stage.DELETE
        return now

    def _seen_going(self, track: DisposalTrack[D], asset: D, now: float, next_look: float) -> float:
        if self._terms.is_going(asset):
            track.looks_back = 0
        elif not asset.unreadable and (track.moving or self._terms.survived(track.asset, asset)):
            # One look that shows it as it was may come from a replica that lags.
            track.looks_back += 1
            if track.looks_back > 1 or asset.status != track.asset.status:
                message = f"{track.title} is in '{asset.status}' after its deletion had begun: the service did not delete it."
                return self.fail(track, Failure("changed_meanwhile", message), now)
        waited = now - track.since
        if waited >= self._timing.wait_timeout:
            message = f"{track.title} hangs in '{asset.status}' for {waited:.0f} s, longer than wait_timeout allows."
            return self.fail(track, Failure("timeout", message), now)
        return min(next_look, track.since + self._timing.wait_timeout)

    def _wait(self, track: DisposalTrack[D], since: float, next_look: float) -> float:
        track.since = since
        track.stage = Stage.GOING if self._timing.wait else Stage.ENDED
        return next_look

    @staticmethod
    def _end(track: DisposalTrack[D], now: float) -> float:
        track.gone, track.doubt_since = True, None
        track.stage = Stage.ENDED
        return now

    def _again(self, track: DisposalTrack[D], now: float, pause: float) -> float:
        track.stage = Stage.GATE
        return now + pause

    def _not_now(self, track: DisposalTrack[D], error: JdcloudError, now: float) -> float:
        """Refused for now: try again, bounded by wait_timeout."""
        track.refused_since = now if track.refused_since is None else track.refused_since
        waited = now - track.refused_since
        if waited >= self._timing.wait_timeout:
            message = f"{track.title} is in '{track.status}', and the service refused to delete it for {waited:.0f} s: {error}"
            return self.fail(track, Failure("timeout", message, error), now)
        track.refusals += 1
        return self._again(track, now, min(self._backoff(track.refusals), self._timing.poll_interval))

    def _fail_with(self, track: DisposalTrack[D], error: JdcloudError, now: float) -> float:
        return self.fail(track, self._terms.explained(track.asset, error) or Failure("api", str(error), error), now)
