# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the playbook cleanup decides: which machines with a mark are due, and which of them go now. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ....module_utils._api.errors import InputError
from ..input.choice import is_member

Result = Mapping[str, Any]

_REFUSED = re.compile(
    r"vm_decommission_(state|region|instance_ids|name|list_file|tags|filters|max_instances|due_only|tag_key|report_dir|campaign|digest)"
)


@dataclass(frozen=True, slots=True)
class Choice:
    """Ids that go now by region; how many are due; the marked ones that stay; and, if nothing may go, why."""

    regions: Mapping[str, list[str]]
    due: int
    blocked: Sequence[Result]
    problem: str


def selecting(variables: Iterable[str]) -> list[str]:
    """Those of the variables that would tell the role vm_decommission what to select."""
    return sorted(name for name in variables if _REFUSED.fullmatch(name))


def refuse_selection(variables: Iterable[str]) -> None:
    """Raise `InputError` for variables that would select something else than the marks do."""
    refused = selecting(variables)
    if refused:
        raise InputError(
            f"{', '.join(refused)}: refused here, because only the marks decide what is deleted: use "
            "jdcloud.cloud.decommission, or the variables cleanup_regions, cleanup_tag_key, cleanup_max_instances and "
            "cleanup_report_dir."
        )


def choose_due(looks: Sequence[Result], options: Result) -> Choice:
    """Sort what is due from what is not, and take the oldest marks up to the cap. `options` are those of the reader.

    What is excluded takes no place below the cap.
    """
    marked = [
        (look["account"]["region"], machine)
        for look in looks
        for machine in look["instances"]
        if not is_member(options["exclude"], machine)
    ]
    due = sorted((each for each in marked if each[1]["deletable"]), key=_oldest_first)
    cap = options["max_instances"]
    chosen = due[:cap]
    problem = ""
    if len(due) > cap and options["on_too_many"] == "fail":
        problem = (
            f"{len(due)} instances are due, but cleanup_max_instances is {cap}, so nothing was deleted: raise it, or set "
            "cleanup_on_too_many to oldest to delete the oldest marks first."
        )
    regions: dict[str, list[str]] = {look["account"]["region"]: [] for look in looks}
    for region, machine in [] if problem else chosen:
        regions[region].append(machine["instance_id"])
    return Choice(regions, len(due), [machine for _region, machine in marked if not machine["deletable"]], problem)


def why_empty(entries: Iterable[Result], options: Result) -> str:
    """Why a run with nothing to do fails, '' if it does not. What an earlier night left unfinished is something to do."""
    idle = not any(entry["instance_ids"] or entry["problem"] for entry in entries)
    return "Nothing is due, and cleanup_empty_is_failure is set." if idle and options["empty_is_failure"] else ""


def idle_exclusions(looks: Sequence[Result], options: Result) -> list[str]:
    """The exclusions that mean no marked machine: they may be misspelt."""
    machines = [machine for look in looks for machine in look["instances"]]
    return [member for member in options["exclude"] if not any(is_member([member], machine) for machine in machines)]


def _oldest_first(marked: tuple[str, Result]) -> tuple[str, str]:
    return str(marked[1]["due_date"] or ""), str(marked[1]["instance_id"])
