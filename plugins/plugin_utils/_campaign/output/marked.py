# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the playbook cleanup says before it deletes: how many machines are due, and why others with the mark stay. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..report.text import count
from ..steps.cleanup import Choice
from .lines import MOST
from .text import LONGEST, cut, named


def marked_lines(choice: Choice) -> list[str]:
    """The counts, then each reason why machines stay, with one of them as an example."""
    going = sum(map(len, choice.regions.values()))
    marked = count(choice.due + len(choice.blocked), "machine")
    head = f"{marked} with the mark: {choice.due} due, {going} to be deleted now, {len(choice.blocked)} not due or kept."
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for machine in choice.blocked:
        why = " ".join(blocker["message"] for blocker in machine["blockers"])
        groups.setdefault((machine["region"], why), []).append(machine)
    most_first = sorted(groups.items(), key=lambda group: -len(group[1]))
    room = MOST - 1 if len(groups) < MOST else MOST - 2
    more = sum(len(machines) for _reason, machines in most_first[room:])
    lines = [_line(region, why, machines) for (region, why), machines in most_first[:room]]
    return [head, *lines, *([f"and {count(more, 'more machine')} with other reasons"] if more else [])]


def _line(region: str, why: str, machines: list[Mapping[str, Any]]) -> str:
    stay = "stays" if len(machines) == 1 else "stay"
    example = "" if len(machines) == 1 else "for example "
    return f"{region}, {len(machines)} {stay}: {cut(why, LONGEST)} ({example}{named(machines[0])})"
