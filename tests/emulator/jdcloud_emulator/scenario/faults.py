# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on demand: which calls go wrong, and how."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import orjson

from jdcloud_emulator.state.cloud import NORMAL, Outcome
from jdcloud_emulator.state.json_object import Json
from jdcloud_emulator.state.settings import UsageError


@dataclass(frozen=True)
class Kind:
    """A kind of fault: whether the call takes effect unless set otherwise, and its parameters with their defaults."""

    effect: bool
    parameters: Json
    text: str


KINDS = {
    "error": Kind(
        False,
        {"http": 500, "status": "UNKNOWN", "message": "Unknown server error", "gateway": False},
        "an error answer; with effect 'before' the call takes effect nevertheless",
    ),
    "throttle": Kind(False, {}, "429 RATE_LIMIT"),
    "delay": Kind(
        True, {"seconds": 1.0, "moment": "before"}, "the answer takes longer; the delay is before the effect, or after it"
    ),
    "close_before": Kind(False, {}, "the connection is closed, nothing happened"),
    "close_after": Kind(True, {}, "the call takes effect, then the connection is closed without an answer"),
    "garbage": Kind(True, {"http": 200, "body": "<html><body>Bad Gateway</body></html>"}, "an answer that is not JSON"),
    "no_request_id": Kind(True, {}, "the answer lacks requestId"),
    "cut_off": Kind(True, {}, "half of the body, with the Content-Length of the whole"),
    "huge": Kind(True, {"megabytes": 64}, "a body of so many megabytes"),
    "redirect": Kind(False, {"http": 302, "location": "http://127.0.0.1:9/"}, "a redirect"),
    "hang": Kind(False, {"seconds": 3600.0}, "no answer as long as the client waits"),
    "wrong_total": Kind(True, {"by": 1}, "totalCount is off"),
    "drop_rows": Kind(
        True, {"count": 1, "ids": [], "repeat": 0}, "a list lacks its last rows, or these ids; its first are repeated"
    ),
    "empty_list": Kind(True, {"total": 0}, "a list is empty, with this totalCount"),
    "transition_hangs": Kind(True, {}, "the transition that the call begins never ends"),
    "transition_fails": Kind(True, {}, "it ends in the error state of its kind: machine, image, snapshot, disk, attachment"),
    "transition_takes": Kind(True, {"seconds": 60.0}, "it takes so many simulated seconds"),
    "leaves_out": Kind(True, {"devices": []}, "the image that the call begins lacks the disks on these devices"),
}
MATCHING = ("operation", "resource", "method", "after", "times", "probability")
TRANSITIONS = ("transition_hangs", "transition_fails", "transition_takes", "leaves_out")


@dataclass
class Fault:
    """A fault that is set. The first `after` matches pass; then it fires `times` times (0: always)."""

    number: int
    kind: str
    operation: str | None = None
    resource: str | None = None
    method: str | None = None
    after: int = 0
    times: int = 1
    probability: float = 1.0
    effect: bool = True
    parameters: Json = field(default_factory=dict)
    matched: int = 0
    fired: int = 0

    def fits(self, operation: str, ids: Iterable[str], method: str) -> bool:
        """Whether a call is one of those that this fault is about."""
        return (
            (self.operation is None or fnmatchcase(operation, self.operation))
            and (self.method is None or self.method.upper() == method)
            and (self.resource is None or any(fnmatchcase(one, self.resource) for one in ids))
        )


class Faults:
    """All faults that are set."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._numbers = itertools.count(1)
        self._faults: list[Fault] = []

    def add(self, wanted: Json) -> Fault:
        """Set a fault. Raises UsageError for unknown kinds and parameters."""
        given = {key: value for key, value in wanted.items() if value is not None}
        kind = str(given.pop("kind", ""))
        if kind not in KINDS:
            raise UsageError(f"unknown fault {kind!r}; known are {', '.join(KINDS)}")
        effect = given.pop("effect", KINDS[kind].effect)
        if isinstance(effect, str):
            # "before": the effect happens before the fault shows itself.
            effect = effect != "none"
        own = {name: given.pop(name) for name in MATCHING if name in given}
        unknown = set(given) - set(KINDS[kind].parameters)
        if unknown:
            raise UsageError(f"fault {kind} has no {', '.join(sorted(unknown))}")
        fault = Fault(next(self._numbers), kind, effect=effect, parameters=KINDS[kind].parameters | given, **own)
        self._faults.append(fault)
        return fault

    def clear(self, number: int | None = None) -> None:
        """Remove one fault, or all."""
        self._faults = [] if number is None else [fault for fault in self._faults if fault.number != number]

    def listed(self) -> list[Json]:
        """All faults, with how often they matched and fired."""
        return [asdict(fault) for fault in self._faults]

    def strike(self, operation: str, ids: list[str], method: str) -> list[Fault]:
        """The faults that fire for this call; counts them."""
        return [fault for fault in self._faults if fault.fits(operation, ids, method) and self._fires(fault)]

    def _fires(self, fault: Fault) -> bool:
        fault.matched += 1
        if fault.matched <= fault.after or (fault.times and fault.fired >= fault.times):
            return False
        if fault.probability < 1.0 and self._random.random() >= fault.probability:
            return False
        fault.fired += 1
        return True


def outcome(faults: list[Fault]) -> Outcome:
    """How these faults make a transition end."""
    kinds = {fault.kind: fault for fault in faults if fault.kind in TRANSITIONS}
    if not kinds:
        return NORMAL
    takes = kinds.get("transition_takes")
    seconds = float(takes.parameters["seconds"]) if takes else None
    forgets = kinds.get("leaves_out")
    left_out = tuple(forgets.parameters["devices"]) if forgets else ()
    return Outcome("transition_hangs" in kinds, "transition_fails" in kinds, seconds, left_out)


def spoil_list(fault: Fault, result: Json) -> None:
    """Change the list and the totalCount of a result as the fault says."""
    name = next((key for key, value in result.items() if isinstance(value, list)), None)
    wanted = fault.parameters
    if name is None:
        return
    rows = result[name]
    # Bills tell their size elsewhere.
    text, total = (result["pagination"], "numberRecords") if "pagination" in result else (result, "totalCount")
    if fault.kind == "wrong_total":
        text[total] = text.get(total, len(rows)) + wanted["by"]
    elif fault.kind == "empty_list":
        result[name], text[total] = [], wanted["total"]
    else:
        ids = [f'"{one}"' for one in wanted["ids"]]
        kept = [row for row in rows if not any(one in _text(row) for one in ids)] if ids else rows[: len(rows) - wanted["count"]]
        result[name] = kept + kept[: wanted["repeat"]]


def _text(row: Any) -> str:
    """The JSON of a row; finished text and plain objects both occur."""
    return orjson.dumps(row).decode()
