# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What instances have in common that failed or are blocked: one piece for the page and for the lines of a terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..._language.text import Text
from .messages import advice_of, title_of

KINDS = ("error", "blocker", "warning")
"""In the order in which they need a look."""


@dataclass(slots=True)
class Group:
    """Machines with the same reason. `where`: call, HTTP number and code; `message`: that of the first machine."""

    kind: str
    code: str
    where: str = ""
    message: str = ""
    machines: list[Mapping[str, Any]] = field(default_factory=list)

    @property
    def title(self) -> Text:
        """The reason in plain words."""
        return title_of(self.kind, self.code)

    @property
    def next_step(self) -> Text:
        """What to do about it, empty where only the message says it."""
        return advice_of(self.kind, self.code)


def groups_of(machines: Iterable[Mapping[str, Any]], kinds: Iterable[str] = KINDS) -> list[Group]:
    """All reasons of the kinds: errors first, then blockers, then warnings, of each the most frequent first."""
    found: dict[tuple[str, str, str], Group] = {}
    for row in machines:
        for kind, code, where, message in dict.fromkeys(_causes(row)):
            group = found.setdefault((kind, code, where), Group(kind, code, where, message))
            # A machine with two disks can have the same blocker twice.
            if not group.machines or group.machines[-1] is not row:
                group.machines.append(row)
    wanted = tuple(kinds)
    chosen = [group for group in found.values() if group.kind in wanted]
    return sorted(chosen, key=lambda group: (KINDS.index(group.kind), -len(group.machines)))


def _causes(row: Mapping[str, Any]) -> Iterable[tuple[str, str, str, str]]:
    error = row["error"]
    if error:
        where = " ".join(str(error[name]) for name in ("operation", "http", "status") if error[name])
        yield "error", error["code"], where, error["message"]
    yield from (("blocker", each["code"], "", each["message"]) for each in row["blockers"])
    yield from (("warning", each["code"], "", each["message"]) for each in row["warnings"])
