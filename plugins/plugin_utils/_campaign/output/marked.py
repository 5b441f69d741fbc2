# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the playbook cleanup prints before it deletes: how many instances are due, and why others with the mark stay. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..._language.text import Speaker, say
from ..report.messages import title_of
from ..steps.cleanup import Choice
from .reasons import MOST
from .text import LONGEST, cut, named


def marked_lines(choice: Choice, language: str = "en") -> list[str]:
    """The counts, then each reason why instances stay, with one of them as an example."""
    speak = Speaker(language)
    going, kept = sum(map(len, choice.regions.values())), len(choice.blocked)
    instances = say("n.instances", n=choice.due + kept)
    head = speak("marked.head", instances=instances, due=choice.due, going=going, kept=kept)
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for machine in choice.blocked:
        groups.setdefault((machine["region"], _why(machine["blockers"], speak)), []).append(machine)
    most_first = sorted(groups.items(), key=lambda group: -len(group[1]))
    room = MOST - 1 if len(groups) < MOST else MOST - 2
    more = sum(len(machines) for _reason, machines in most_first[room:])
    lines = [_line(region, why, machines, speak) for (region, why), machines in most_first[:room]]
    return [head, *lines, *([speak("marked.rest", n=more)] if more else [])]


def _why(blockers: Sequence[Mapping[str, Any]], speak: Speaker) -> str:
    """Why an instance stays. Messages are English; the Chinese line gives the titles of their codes, too."""
    gists = [say("row.gist", title=title_of("blocker", each["code"])).said(speak.language) for each in blockers]
    return " ".join(f"{gist}{each['message']}" for gist, each in zip(gists, blockers, strict=True))


def _line(region: str, why: str, machines: Sequence[Mapping[str, Any]], speak: Speaker) -> str:
    name, number = named(machines[0]), len(machines)
    example = say("reason.line.example", name=name) if number > 1 else name
    return speak("marked.line", region=region, n=number, why=cut(why, LONGEST), example=example)
