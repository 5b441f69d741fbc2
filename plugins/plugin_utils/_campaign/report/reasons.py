# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why machines were not deleted, in plain words: blockers, errors and warnings, each with its machines. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .groups import Group, groups_of
from .markup import count, escaped

SHOWN = 8
"""So many machines are named at once; the others on demand."""
KINDS = {"error": ("failed", "bad"), "blocker": ("blocked", "warn"), "warning": ("noted", "calm")}


def reason_list(machines: Iterable[Mapping[str, Any]]) -> str:
    """All reasons: errors first, then blockers, then warnings, the most frequent first. Empty if there is none."""
    groups = groups_of(machines)
    return f'<ul class="reasons">{"".join(map(_reason, groups))}</ul>' if groups else ""


def _reason(reason: Group) -> str:
    word, tone = KINDS[reason.kind]
    title, help_ = _words(reason)
    number = len(reason.machines)
    codes = f"<code>{escaped(reason.code)}</code>" + (f" <code>{escaped(reason.where)}</code>" if reason.where else "")
    return (
        f'<li class="{tone}"><div class="count"><b>{number:,}</b><span>{word}</span></div><div>'
        f"<h3>{escaped(title)}</h3><p>{help_}</p>"
        f'<p class="codes">{codes} <button type="button" class="link" data-show="code:{escaped(reason.code)}" hidden>'
        f"show in the list</button></p>{_names(reason.machines)}</div></li>"
    )


def _words(reason: Group) -> tuple[str, str]:
    """A title, and what to do, escaped. The message of one machine stands for all: those of the others are in their rows."""
    lead = "" if len(reason.machines) == 1 else "For example: "
    example = f"{lead}<bdi>{escaped(reason.message)}</bdi>"
    return reason.title, escaped(reason.next_step) or example


def _names(machines: Sequence[Mapping[str, Any]]) -> str:
    shown, rest = machines[:SHOWN], machines[SHOWN:]
    names = f'<ul class="names">{"".join(map(_name, shown))}</ul>'
    if not rest:
        return names
    more = "".join(map(_name, rest))
    return f'{names}<details><summary>and {count(len(rest), "more machine")}</summary><ul class="names">{more}</ul></details>'


def _name(row: Mapping[str, Any]) -> str:
    name = f"<bdi>{escaped(row['name'])}</bdi> " if row["name"] else ""
    return f"<li>{name}<code>{escaped(row['instance_id'])}</code></li>"
