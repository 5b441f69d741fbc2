# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why machines were not deleted, in plain words: blockers, errors and warnings, each with its machines. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .markup import count, escaped
from .messages import BLOCKERS, ERRORS, WARNINGS, advice, label

SHOWN = 8
"""So many machines are named at once; the others on demand."""
KINDS = {"error": ("failed", "bad"), "blocker": ("blocked", "warn"), "warning": ("noted", "calm")}


@dataclass(slots=True)
class Reason:
    """What some machines have in common."""

    kind: str
    code: str
    where: str = ""
    message: str = ""
    machines: list[Mapping[str, Any]] = field(default_factory=list)


def reason_list(machines: Iterable[Mapping[str, Any]]) -> str:
    """All reasons: errors first, then blockers, then warnings, the most frequent first. Empty if there is none."""
    places = list(KINDS)
    reasons = sorted(_reasons(machines), key=lambda reason: (places.index(reason.kind), -len(reason.machines)))
    return f'<ul class="reasons">{"".join(map(_reason, reasons))}</ul>' if reasons else ""


def _reasons(machines: Iterable[Mapping[str, Any]]) -> Iterable[Reason]:
    found: dict[tuple[str, str, str], Reason] = {}
    for row in machines:
        for kind, code, where, message in dict.fromkeys(_causes(row)):
            reason = found.setdefault((kind, code, where), Reason(kind, code, where, message))
            # A machine with two disks can have the same blocker twice.
            if not reason.machines or reason.machines[-1] is not row:
                reason.machines.append(row)
    return found.values()


def _causes(row: Mapping[str, Any]) -> Iterable[tuple[str, str, str, str]]:
    error = row["error"]
    if error:
        where = " ".join(str(error[name]) for name in ("operation", "http", "status") if error[name])
        yield "error", error["code"], where, error["message"]
    yield from (("blocker", each["code"], "", each["message"]) for each in row["blockers"])
    yield from (("warning", each["code"], "", each["message"]) for each in row["warnings"])


def _reason(reason: Reason) -> str:
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


def _words(reason: Reason) -> tuple[str, str]:
    """A title, and what to do, escaped. The message of one machine stands for all: those of the others are in their rows."""
    lead = "" if len(reason.machines) == 1 else "For example: "
    example = f"{lead}<bdi>{escaped(reason.message)}</bdi>"
    if reason.kind == "error":
        return label(ERRORS, reason.code).capitalize() if reason.code not in ERRORS else ERRORS[reason.code], example
    title, help_ = advice(reason.code, WARNINGS if reason.kind == "warning" else BLOCKERS)
    return title, escaped(help_) or example


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
