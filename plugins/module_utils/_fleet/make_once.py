# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes things that carry a name and a mark, each once, whatever becomes of the answers.

After an answer that is lost or unclear, what exists is read first; only what is not there is asked for again, with the same
token. A token of an earlier run may be answered with what was made then: if that is gone, the next token is used.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .._api.calls import Call
from .._api.dispatch import Dispatcher, Outcome
from .._api.errors import JdcloudError
from .setbacks import THROTTLE_PATIENCE, Timing
from .track import Failure
from .verdict import Verdict, verdict

TOKENS = 5
"""How many tokens are tried when the service answers with things that no longer exist."""
UNSEEN_PATIENCE = 20.0
"""Seconds after which something that was made and never could be read counts as gone."""
LOOK_GAP = 2.0


@dataclass(slots=True)
class Piece:
    """One thing to make. `create` is given the number of the token, from 1; `find` reads the ids of what is ours already.

    `made_id` is its id once it exists, `created` whether this run made it.
    """

    title: str
    create: Callable[[int], Call[str]]
    find: Callable[[], Sequence[str]]
    look: Callable[[str], Call[t.Any]]
    made_id: str | None = None
    created: bool = False
    failure: Failure | None = None
    token: int = 1
    unclear: int = 0
    refused_since: float | None = field(default=None)


def make_once(dispatcher: Dispatcher, pieces: Sequence[Piece], timing: Timing) -> None:
    """Make all pieces; each ends with a `made_id` or a `failure`."""
    todo = [piece for piece in pieces if piece.made_id is None and piece.failure is None]
    while todo:
        outcomes = dispatcher.gather([piece.create(piece.token) for piece in todo])
        pause = 0.0
        for piece, outcome in zip(todo, outcomes, strict=True):
            pause = max(pause, _take(dispatcher, piece, outcome, timing))
        if pause:
            dispatcher.pause(pause)
        for piece in todo:
            if piece.made_id is None and piece.unclear:
                _look_for(piece, timing)
        fresh = [piece for piece in todo if piece.made_id is not None]
        _confirm(dispatcher, fresh)
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


def _look_for(piece: Piece, timing: Timing) -> None:
    """Whether a call with an unclear end took effect. A later refusal may be due to that very effect, so it is forgotten then."""
    try:
        found = piece.find()
    except JdcloudError as error:
        piece.failure = piece.failure or _api_failure(error)
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


def _confirm(dispatcher: Dispatcher, pieces: Sequence[Piece]) -> None:
    """Look at what was made. What stays unseen was made by an earlier run and is gone: the next token makes it anew."""
    began = dispatcher.clock.now()
    todo = list(pieces)
    while todo:
        outcomes = dispatcher.gather([piece.look(piece.made_id or "") for piece in todo])
        unseen = [
            piece
            for piece, outcome in zip(todo, outcomes, strict=True)
            if outcome.error is not None and outcome.error.is_not_found
        ]
        if not unseen:
            return
        if dispatcher.clock.now() - began < UNSEEN_PATIENCE:
            dispatcher.pause(LOOK_GAP)
            todo = unseen
            continue
        for piece in unseen:
            _next_token(piece)
        return


def _next_token(piece: Piece) -> None:
    gone, piece.made_id, piece.created = piece.made_id, None, False
    piece.token += 1
    piece.unclear = 0
    if piece.token > TOKENS:
        piece.failure = Failure("vanished", f"{piece.title} was accepted as {gone}, which does not exist: run again later.")
