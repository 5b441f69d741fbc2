# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why instances failed or are blocked, in a few lines: the most frequent reasons, each with an example. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..._language.text import Speaker, Text, join, say
from ..report.groups import Group, groups_of
from .text import LONGEST, cut, named

MOST = 10
"""The most lines of a stage. With the title of its task, and its result, these are 12."""
GROUPS = 3
"""The most reasons that are shown; each takes two lines, or one where there is no room for two."""
_INDENT = "    "


def reason_lines(rows: Iterable[Mapping[str, Any]], room: int, speak: Speaker) -> list[str]:
    """The most frequent reasons, in so many lines: how many, one example, and if there is room, why and the next step."""
    groups = groups_of(rows, ("error", "blocker"))
    each = 2 if len(_fitting(groups, room, 2)) == min(GROUPS, len(groups)) else 1
    shown = _fitting(groups, room, each)
    lines = [line for group in shown for line in _group(group, speak)[:each]]
    more = len(groups) - len(shown)
    return [*lines, *([speak("reason.line.rest", n=more)] if more > 0 and room > 0 else [])]


def _fitting(groups: Sequence[Group], room: int, each: int) -> Sequence[Group]:
    """The first groups, if each takes so many lines, and one line says that there are more."""
    fit = min(GROUPS, room // each)
    if fit < len(groups) and fit * each + 1 > room:
        fit -= 1
    return groups[: max(0, fit)]


def _group(group: Group, speak: Speaker) -> list[str]:
    number, name = len(group.machines), named(group.machines[0])
    codes = " ".join(filter(None, [group.code, group.where]))
    example = say("reason.line.example", name=name) if number > 1 else name
    lead = speak(f"reason.line.{group.kind}", n=number, title=group.title, codes=codes, example=example)
    message = cut(group.message, LONGEST)
    # Most messages say after a colon what to do. They are English, so the Chinese line begins with the Chinese advice.
    both = Text(message, message) if ": " in group.message else Text(join([message, group.next_step], "list.blank").en, message)
    why = Text(both.en, join([group.next_step, message], "list.sentence").zh)
    return [lead, f"{_INDENT}{cut(why.said(speak.language), 2 * LONGEST)}"]
