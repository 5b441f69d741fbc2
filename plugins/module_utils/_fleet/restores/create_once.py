# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes things that carry a name and a marker, each once, whatever becomes of the responses.

After a response that is lost or unclear, what exists is read first; only what is not there is asked for again, with the same
token. What was accepted is never asked for again, also if no read shows it yet. Each run has tokens of its own: one of an earlier
run could lead to what was made and deleted then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..._api.calls import Call
from ..._api.dispatch.dispatcher import Dispatcher, Outcome
from ..._api.errors import JdcloudError
from ..common.failure import ErrorMeaning, Failure, Tries, api_failure, with_unclear_call
from ..common.timing import READ_LAG, Timing


@dataclass(slots=True)
class CreateRequest:
    """One thing to make. `find` reads the ids of what is ours already.

    `made_id` is its id once it exists, `created` whether this run made it, `in_doubt` whether it may have: a call ended
    unclearly, and what came of it could not be read. `tries` counts the calls that ended unclearly, the last of them at
    `unclear_at` (monotonic seconds).
    """

    title: str
    create: Callable[[], Call[str]]
    find: Callable[[], Sequence[str]]
    made_id: str | None = None
    created: bool = False
    in_doubt: bool = False
    failure: Failure | None = None
    tries: Tries = field(default_factory=Tries)
    unclear_at: float = 0.0


def new_run(dispatcher: Dispatcher) -> str:
    """What makes the tokens of this run differ from those of others."""
    return f"{dispatcher.rng.getrandbits(64):016x}"


def create_once(dispatcher: Dispatcher, requests: Sequence[CreateRequest], timing: Timing) -> None:
    """Make all of them; each ends with a `made_id` or a `failure`."""
    todo = [request for request in requests if request.made_id is None and request.failure is None]
    while todo:
        outcomes = dispatcher.gather([request.create() for request in todo])
        pause = 0.0
        for request, outcome in zip(todo, outcomes, strict=True):
            pause = max(pause, _note_outcome(dispatcher, request, outcome, timing))
        if pause:
            dispatcher.pause(pause)
        for request in todo:
            if request.made_id is None and request.tries.count:
                _look_for(dispatcher, request, timing)
        todo = [request for request in todo if request.made_id is None and request.failure is None]


def _note_outcome(dispatcher: Dispatcher, request: CreateRequest, outcome: Outcome, timing: Timing) -> float:
    """Note how a call ended. Returns for how long to wait before the next one."""
    error = outcome.error
    if error is None:
        request.made_id, request.created = outcome.value, True
        return 0.0
    now = dispatcher.clock.now()
    meaning = request.tries.note(error, now)
    if meaning is ErrorMeaning.UNCLEAR:
        request.tries.count += 1
        request.unclear_at = now
        if request.tries.count > timing.retries:
            request.failure = api_failure(error)
        return dispatcher.backoff(request.tries.count)
    busy = meaning is ErrorMeaning.BUSY and request.tries.refused_for(now) < timing.wait_timeout
    if busy or meaning is ErrorMeaning.THROTTLED:
        return dispatcher.backoff(3)
    request.failure = api_failure(error)
    return 0.0


def _look_for(dispatcher: Dispatcher, request: CreateRequest, timing: Timing) -> None:
    """Whether a call with an unclear end took effect. A later refusal may be due to that very effect, so it is forgotten then."""
    try:
        if request.failure is not None:
            # The last word: listings may lag.
            dispatcher.pause(max(0.0, request.unclear_at + READ_LAG - dispatcher.clock.now()))
        found = request.find()
    except JdcloudError as error:
        request.failure = with_unclear_call(request.failure or api_failure(error), f"The call that makes {request.title}")
        request.in_doubt = True
        return
    if len(found) == 1:
        request.made_id, request.created, request.failure = found[0], True, None
    elif found:
        request.failure = Failure(
            "made_twice", f"{request.title} exists more than once ({', '.join(found)}): delete all but one."
        )
    elif request.failure is not None and request.tries.count > timing.retries:
        message = f"{request.failure.message.rstrip('.')}; no read shows {request.title}: run again to check."
        request.failure = Failure(request.failure.code, message, request.failure.error)
