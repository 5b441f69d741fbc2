# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The due tag: a tag that holds the earliest deletion date of a machine, and whether that day is over. Pure.

A machine is due from 00:00 Beijing time of the day after its date, by the service's own clock. What cannot be judged is not due.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from ..._api.errors import InputError
from ..._api.model.instance import Instance
from ..._api.model.times import BEIJING
from ..common.failure import Finding
from ..common.texts import shown

_FORM = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
"""Stricter than `date.fromisoformat`, which also takes 20260115 and 2026-W03-4."""
FIRST_YEAR = 2000
"""Zero times of programs, such as 0001-01-01, are no dates that a person set."""


def due_from(text: str) -> date | None:
    """The date of a due tag, None for anything but a real date as YYYY-MM-DD. Its machine may go when that day is over."""
    match = _FORM.fullmatch(text)
    if match is None or int(match[1]) < FIRST_YEAR:
        return None
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None


def due_date(now: datetime, grace_days: int) -> str:
    """The text of a due tag that is set at `now`: the day in Beijing, and so many days later. Raises `InputError` beyond 9999."""
    try:
        return (now.astimezone(BEIJING).date() + timedelta(days=grace_days)).isoformat()
    except OverflowError:
        raise InputError(f"A grace period of {grace_days} days ends after the year 9999: set fewer days.") from None


def is_taken_back(machine: Instance, key: str | None) -> bool:
    """Whether `machine` carries the tag `key` and runs: whoever marks one stops it, so another user has started it again."""
    return machine.status == "running" and key is not None and key in (machine.tags or {})


def judge_due_tag(machine: Instance, key: str, now: datetime | None) -> Finding | None:
    """What the due tag under the tag `key` says against the deletion of `machine`; None: it is due.

    `now` is the service's time, None if that is not known. Raises `ValueError` on an answer type that carries no tags.
    """
    if machine.tags is None:
        raise ValueError(f"the mark of {machine.instance_id} cannot be checked: this response contains no tags")
    text = machine.tags.get(key)
    if text is None:
        return Finding("not_marked", f"It has no tag {key}: mark it with the earliest deletion date as YYYY-MM-DD.")
    if is_taken_back(machine, key):
        return Finding(
            "taken_back",
            f"It is marked ({key}={text}) but running, so it was taken back into service: remove the tag, or stop the instance "
            "to delete it.",
        )
    values = machine.repeated_tags.get(key)
    if values is not None:
        words = ", ".join(map(shown, values))
        return Finding("mark_doubled", f"It has the tag {key} more than once ({words}): remove the wrong ones.")
    day = due_from(text)
    if day is None:
        return Finding("mark_malformed", f"Its tag {key} is {shown(text)}, which is not a date: set a valid date as YYYY-MM-DD.")
    return _not_due(day, now)


def _not_due(day: date, now: datetime | None) -> Finding | None:
    # The day after the last one of the calendar does not exist, and never comes.
    first = (day + timedelta(days=1)).isoformat() if day < date.max else "the end of the calendar"
    if now is None:
        return Finding("mark_not_due", f"It can be deleted from {first} on, but the time of the service is unknown: try again.")
    if now.astimezone(BEIJING).date() <= day:
        return Finding(
            "mark_not_due", (f"It can be deleted from {first} on (00:00 Beijing time): wait, or change the date in its tag.")
        )
    return None
