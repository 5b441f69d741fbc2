# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes things that carry a name and a mark, each once, whatever becomes of the answers.

After an answer that is lost or unclear, what exists is read first; only what is not there is asked for again, with the same
token. What was accepted is never asked for again, also if no read shows it yet. Each run has tokens of its own: one of an earlier
run could be answered with what was made and deleted then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..._api.calls import Call
from ..._api.dispatch.dispatcher import Dispatcher, Outcome
from ..._api.errors import JdcloudError
from ..common.failure import Failure, in_full
from ..common.timing import LAG, THROTTLE_PATIENCE, Timing
from ..common.write_errors import Verdict, verdict

UNREAD_PATIENCE = 120.0
"""Seconds for which something that was accepted may be shown by no read at all."""
GONE_PATIENCE = LAG
"""Seconds for which something that was seen already must be shown by no read before it counts as gone."""


@dataclass(slots=True)
class Piece:
    """One thing to make. `find` reads the ids of what is ours already.

    `made_id` is its id once it exists, `created` whether this run made it, `in_doubt` whether it may have: a call ended
    unclearly, and what came of it could not be read.
    """

    title: str
    create: Callable[[], Call[str]]
    find: Callable[[], Sequence[str]]
    made_id: str | None = None
    created: bool = False
    in_doubt: bool = False
    failure: Failure | None = None
    unclear: int = 0
    unclear_at: float = 0.0
    refused_since: float | None = field(default=None)


def new_run(dispatcher: Dispatcher) -> str:
    """What tells the tokens of this run from those of others."""
    return f"{dispatcher.rng.getrandbits(64):016x}"


def make_once(dispatcher: Dispatcher, pieces: Sequence[Piece], timing: Timing) -> None:
    """Make all pieces; each ends with a `made_id` or a `failure`."""
    todo = [piece for piece in pieces if piece.made_id is None and piece.failure is None]
    while todo:
        outcomes = dispatcher.gather([piece.create() for piece in todo])
        pause = 0.0
        for piece, outcome in zip(todo, outcomes, strict=True):
            pause = max(pause, _take(dispatcher, piece, outcome, timing))
        if pause:
            dispatcher.pause(pause)
        for piece in todo:
            if piece.made_id is None and piece.unclear:
                _look_for(dispatcher, piece, timing)
        todo = [piece for piece in todo if piece.made_id is None and piece.failure is None]


def _take(dispatcher: Dispatcher, piece: Piece, outcome: Outcome, timing: Timing) -> float:
    """Note how a call ended. Returns for how long to wait before the next one."""
    error = outcome.error
    if error is None:
        piece.made_id, piece.created = outcome.value, True
        return 0.0
    kind, now = verdict(error), dispatcher.clock.now()
    if kind is Verdict.UNCLEAR:
        piece.unclear += 1
        piece.unclear_at = now
        if piece.unclear > timing.retries:
            piece.failure = _api_failure(error)
        return dispatcher.backoff(piece.unclear)
    if kind in (Verdict.THROTTLED, Verdict.BUSY):
        patience = THROTTLE_PATIENCE if kind is Verdict.THROTTLED else timing.wait_timeout
        piece.refused_since = now if piece.refused_since is None else piece.refused_since
        if now - piece.refused_since < patience:
            return dispatcher.backoff(3)
    piece.failure = _api_failure(error)
    return 0.0


def _api_failure(error: JdcloudError) -> Failure:
    return Failure("api", str(error), error)


def _look_for(dispatcher: Dispatcher, piece: Piece, timing: Timing) -> None:
    """Whether a call with an unclear end took effect. A later refusal may be due to that very effect, so it is forgotten then."""
    try:
        if piece.failure is not None:
            # The last word: listings may lag.
            dispatcher.pause(max(0.0, piece.unclear_at + LAG - dispatcher.clock.now()))
        found = piece.find()
    except JdcloudError as error:
        piece.failure = in_full(piece.failure or _api_failure(error), f"The call that makes {piece.title}")
        piece.in_doubt = True
        return
    if len(found) == 1:
        piece.made_id, piece.created, piece.failure = found[0], True, None
    elif found:
        piece.failure = Failure(
            "made_twice", f"{piece.title} exists more than once: {', '.join(found)}; delete what is too much."
        )
    elif piece.failure is not None and piece.unclear > timing.retries:
        message = f"{piece.failure.message.rstrip('.')}; {piece.title} was not made as far as can be seen: run again to be sure."
        piece.failure = Failure(piece.failure.code, message, piece.failure.error)


def never_shown(title: str, made_id: str, unread: float) -> Failure:
    """Something was accepted, and no read shows it. It is not made again, since it may exist."""
    message = f"{title} was accepted as {made_id}, and no read shows it for {unread:.0f} s: it may exist, so run again to see."
    return Failure("unverified", message)
