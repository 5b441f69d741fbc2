# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The line that says how far a task is: when it is due, and its words. Pure; the time is an argument."""

from __future__ import annotations

import math
from collections import deque
from typing import Any

from ...module_utils._fleet.common.progress import Counts, Part
from .._language.text import Speaker, Text, join, say, word_of

DEFAULT_INTERVAL = 5.0
"""Seconds between two lines, unless the user says otherwise; so a task that is shorter shows none."""
PART_INTERVAL = 60.0
"""The same for a run that is a part of something larger, and may take hours."""
FIRST_OF_PART = 10.0
"""Seconds before the first line of what such runs are parts of; where all of them are shorter, there is none."""
SHORTEST_INTERVAL = 0.1
RATE_WINDOW = 60.0
"""Seconds that the rate looks back on. Where nothing ended in that time, it is the mean since the step began."""
MAX_SAMPLES = 1000
"""The most that are kept of a step; of more, every other one is dropped."""
LONG_WAIT = 30.0
"""Seconds from which on the line names what is waited for longest."""
REPEAT_AFTER = 60.0
"""Seconds after which a line is shown again although nothing has moved."""
OFF = frozenset({"0", "false", "no", "off"})


def line_interval(text: str | None, default: float = DEFAULT_INTERVAL) -> float | None:
    """What JDCLOUD_PROGRESS asks for: the seconds between two lines, None if no lines are wanted."""
    setting = (text or "").strip().lower()
    if setting in OFF:
        return None
    try:
        seconds = float(setting)
    except ValueError:
        return default
    if seconds == 0:
        return None
    return max(SHORTEST_INTERVAL, seconds) if math.isfinite(seconds) and seconds > 0 else default


def format_line(title: str, counts: Counts, rate: float | None, seconds_left: float | None = None, waited: float = 0.0) -> str:
    """The line; `rate` is how many end in one second. Both are None as long as they are not known.

    `waited`: how many seconds the longest wait lasts.
    """
    name = f"{title}, {counts.step}" if counts.step else title
    if not counts.total:
        return f"{name}: {counts.done} calls"
    parts = [
        f"{counts.done} of {counts.total} done",
        f"{counts.in_flight} in flight",
        f"{counts.blocked} blocked",
        f"{counts.failed} failed",
    ]
    if rate:
        parts.append(format_rate(rate))
    if seconds_left is not None and counts.left > 0:
        parts.append(f"about {format_duration(seconds_left)} left")
    return f"{name}: {', '.join(parts)}{_longest(counts, waited, Speaker('en'))}"


def format_part(part: Part, counts: Counts, rate: float | None, seconds: float, waited: float) -> str:
    """The line of a part. `seconds`: how long the whole lasts; `waited`: how long the longest wait does."""
    speak = Speaker(part.language)
    done = say("progress.of", done=counts.done, all=counts.total) if counts.total else say("progress.calls", done=counts.done)
    if part.machines:
        deleted = min(part.machines, part.deleted + (counts.done if part.deletes else 0))
        done = say("progress.deleted", done=done, deleted=deleted, all=part.machines)
    pieces: list[Any] = [done, say("progress.elapsed", time=format_elapsed(seconds))]
    pieces += [say(f"progress.{name}", number=getattr(counts, name)) for name in ("blocked", "failed") if getattr(counts, name)]
    if rate and counts.left > 0:
        pieces += [rate_text(rate), say("progress.left", time=duration_text(counts.left / rate))]
    # As long as it only reads, for whatever it is that it reads.
    doing = counts.step if counts.step and counts.total else part.doing
    name = join([part.title, word_of("doing", doing) if doing else ""])
    trouble = speak("progress.trouble", what=_printable(counts.trouble)) if counts.trouble else ""
    return f"{speak('progress.line', name=name, pieces=join(pieces))}{_longest(counts, waited, speak)}{trouble}"


def _longest(counts: Counts, waited: float, speak: Speaker) -> str:
    """What is waited for longest, once that is worth a word."""
    if not counts.longest or waited < LONG_WAIT:
        return ""
    return speak("progress.longest", what=_printable(counts.longest), time=format_elapsed(waited))


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def format_elapsed(seconds: float) -> str:
    """A time that has passed, as a clock shows it: "12:31", "1:02:03"."""
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def format_rate(rate: float) -> str:
    """A rate (a second) in the largest unit in which it is at least about one, in English."""
    return rate_text(rate).en


def rate_text(rate: float) -> Text:
    """The same in both languages."""
    units = (("second", 1), ("minute", 60), ("hour", 3600))
    unit, factor = next((each for each in units if rate * each[1] >= 0.95), units[-1])
    value = rate * factor
    return say(f"rate.{unit}", value=f"{value:.1f}" if value < 9.95 else f"{value:.0f}")


def format_duration(seconds: float) -> str:
    """A time that is not known better than this: rounded up to 5 s, 10 s or 1 min, in English."""
    return duration_text(seconds).en


def duration_text(seconds: float) -> Text:
    """The same in both languages."""
    if seconds <= 55:
        return say("unit.s", number=max(5, math.ceil(seconds / 5) * 5))
    if seconds <= 3590:
        large, small = divmod(math.ceil(seconds / 10) * 10, 60)
        units = ("min", "s")
    else:
        large, small = divmod(math.ceil(seconds / 60), 60)
        units = ("h", "min")
    parts = [say(f"unit.{unit}", number=str(number)) for unit, number in zip(units, (large, small), strict=True) if number]
    return join(parts, "list.blank")


class Rate:
    """How many machines of one step end in a second, over a sliding window."""

    def __init__(self) -> None:
        self._first: tuple[float, int] | None = None
        self._samples: deque[tuple[float, int]] = deque()

    def add(self, at: float, ended: int) -> None:
        """So many had ended at that time; times must not go back."""
        self._first = self._first or (at, ended)
        self._samples.append((at, ended))
        while len(self._samples) > 2 and at - self._samples[1][0] >= RATE_WINDOW:
            self._samples.popleft()

    @property
    def per_second(self) -> float | None:
        """The rate, None if nothing ended yet."""
        return self.recent or self._since(self._first)

    @property
    def recent(self) -> float | None:
        """The rate of the window alone, None if nothing ended in it."""
        return self._since(self._samples[0] if self._samples else None)

    def _since(self, began: tuple[float, int] | None) -> float | None:
        if began is None:
            return None
        last = self._samples[-1]
        seconds, ended = last[0] - began[0], last[1] - began[1]
        return ended / seconds if seconds > 0 and ended > 0 else None


class Forecast:
    """When a step will end.

    The machines of a step are begun at the pace of the API's limit, and each needs a while from its beginning to its end: the
    service stops and deletes in its own time. So those in flight will end about as fast as they were begun, however few have
    ended up to now.
    """

    def __init__(self) -> None:
        self._samples: list[tuple[float, int]] = []
        self._first_ended: int | None = None
        self._at = 0.0
        self._last = Counts(step="", total=0, done=0, in_flight=0, blocked=0, failed=0)

    def add(self, at: float, counts: Counts) -> None:
        """So it stood at that time; times must not go back."""
        if self._first_ended is None:
            self._first_ended = counts.ended
        if not self._samples or counts.begun > self._samples[-1][1]:
            self._samples.append((at, counts.begun))
        if len(self._samples) > MAX_SAMPLES:
            del self._samples[1::2]
        self._last = counts
        self._at = at

    @property
    def seconds_left(self) -> float | None:
        """The time until all have ended, None as long as nothing has."""
        counts = self._last
        if self._first_ended is None or counts.ended <= self._first_ended:
            return None
        first, last = self._samples[0], self._samples[-1]
        # Those that ended just now began when so many had been begun.
        lasts = self._at - next((at for at, begun in self._samples if begun >= counts.ended), self._at)
        waiting = counts.left - counts.in_flight
        if waiting <= 0:
            until_last = last[0] - self._at
        elif last[1] > first[1]:
            until_last = waiting * (self._at - first[0]) / (last[1] - first[1])
        else:
            return None
        return until_last + lasts if until_last + lasts > 0 else None


class ProgressLine:
    """Says what to show when. `every`: seconds between two lines, and before the first one; `now` is when the task began.

    For a run that is a `part` of something larger, the first line comes sooner. `due`: when the next one is due, if other parts
    of the same thing went before.
    """

    def __init__(self, title: str, every: float, now: float, part: Part | None = None, due: float | None = None) -> None:
        self._title = title
        self._part = part
        self._began = now
        self._every = every
        self.due = now + (every if part is None else min(every, FIRST_OF_PART)) if due is None else due
        """When the next line may be shown."""
        self._counts: Counts | None = None
        self._at = -math.inf
        self._rate = Rate()
        self._forecast = Forecast()
        self._shown: Counts | None = None
        self._shown_at = -math.inf

    def update(self, counts: Counts, at: float) -> None:
        """Take in what the task says; `at` is its own time. Counts of an earlier time are ignored."""
        if at <= self._at:
            return
        if self._counts is None or counts.step != self._counts.step:
            self._rate, self._forecast = Rate(), Forecast()
        self._counts, self._at = counts, at
        self._rate.add(at, counts.ended)
        self._forecast.add(at, counts)

    def render(self, now: float) -> str | None:
        """The line to show now, None if there is none."""
        counts = self._counts
        if counts is None or now < self.due or not counts.total + counts.done:
            return None
        if counts == self._shown and now - self._shown_at < REPEAT_AFTER:
            return None
        self._shown, self._shown_at, self.due = counts, now, now + self._every
        waited = self._at - counts.longest_since
        if self._part is None:
            return format_line(self._title, counts, self._rate.per_second, self._forecast.seconds_left, waited)
        # What ended long ago says nothing of when the rest will.
        return format_part(self._part, counts, self._rate.recent, self._part.seconds + now - self._began, waited)
