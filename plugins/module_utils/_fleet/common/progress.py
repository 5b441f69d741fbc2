# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How far a run is: plain counts, made of where its machines (or disks, images, …) stand. Knows nothing of files or terminals.

Whoever wants to know gets a function to ask, once, and then asks whenever it likes; a run that no one watches pays nothing.
"""

from __future__ import annotations

import enum
import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass


class Standing(enum.Enum):
    """Where one member of a run stands."""

    WAITING = enum.auto()
    IN_FLIGHT = enum.auto()
    DONE = enum.auto()
    BLOCKED = enum.auto()
    FAILED = enum.auto()


@dataclass(frozen=True, slots=True)
class Counts:
    """How many members stand where. `step` is what is done to all of them at the moment, empty where a run has one step only.

    `total` are all of them, 0 as long as it is only read; those that are in none of the other counts wait for their turn.
    `longest` is what is waited for longest and what is done to it, empty where nothing is waited for; `longest_since`: since
    when, in the run's own time. `trouble` is the last call of the last minute that the service did not serve, empty if there is
    none.
    """

    step: str
    total: int
    done: int
    in_flight: int
    blocked: int
    failed: int
    longest: str = ""
    longest_since: float = 0.0
    trouble: str = ""

    @property
    def ended(self) -> int:
        """Those that were worked on, or needed no work, and are through."""
        return self.done + self.failed

    @property
    def begun(self) -> int:
        """Those whose work began, whether it ended or not."""
        return self.ended + self.in_flight

    @property
    def left(self) -> int:
        """Those that still have to come to their end."""
        return self.total - self.ended - self.blocked


@dataclass(frozen=True, slots=True)
class Part:
    """Of what larger thing a run is a part.

    `title`: which part; `doing`: what is done in it. `deleted` of `machines` were deleted before it; if it `deletes`, those that
    it is through with come on top. `seconds`: how long the whole lasted before it. `language`: that of its line, en or zh.
    """

    title: str
    doing: str
    deleted: int = 0
    machines: int = 0
    deletes: bool = False
    seconds: float = 0.0
    language: str = "en"


Ask = Callable[[], Counts]
Watch = Callable[[Ask], None]
"""Gets what to ask for the counts from now on."""


def unwatched(_ask: Ask) -> None:
    """The `Watch` of a run that no one watches."""


def standing_of(*, failed: bool, ended: bool, begun: bool) -> Standing:
    """Where something stands that is worked on."""
    if failed:
        return Standing.FAILED
    if ended:
        return Standing.DONE
    return Standing.IN_FLIGHT if begun else Standing.WAITING


def count(standings: Iterable[Standing], step: str = "", waiting: Iterable[tuple[float, str]] = ()) -> Counts:
    """The counts of a run whose members stand so. `waiting`: since when something is waited for, and what that is."""
    found = Counter(standings)
    since, longest = min(waiting, default=(0.0, ""))
    return Counts(
        step=step,
        total=found.total(),
        done=found[Standing.DONE],
        in_flight=found[Standing.IN_FLIGHT],
        blocked=found[Standing.BLOCKED],
        failed=found[Standing.FAILED],
        longest=longest,
        longest_since=since,
    )


def reading(calls: int) -> Counts:
    """The counts of a run that has only read so far, in so many calls."""
    return Counts(step="reading", total=0, done=calls, in_flight=0, blocked=0, failed=0)


_NUMBERS = ("total", "done", "in_flight", "blocked", "failed")


def to_text(counts: Counts, at: float) -> str:
    """One line of JSON; `at` is the time in monotonic seconds of the run."""
    return json.dumps({"at": at, **asdict(counts)})


def from_text(text: str) -> tuple[Counts, float] | None:
    """What `to_text` wrote, None if it is anything else."""
    try:
        row = json.loads(text)
        total, done, in_flight, blocked, failed = (int(row[name]) for name in _NUMBERS)
        longest, since, trouble = str(row["longest"]), float(row["longest_since"]), str(row["trouble"])
        return Counts(str(row["step"]), total, done, in_flight, blocked, failed, longest, since, trouble), float(row["at"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None
