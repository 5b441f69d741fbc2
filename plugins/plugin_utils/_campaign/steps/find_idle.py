# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the playbook find_idle decides: which idle instances can go, and which of them are marked now. Pure.

`looks` are results of `jdcloud_vm_idle_info`, one for each region; `options` are those of the reader `find_idle`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ....module_utils._api.errors import InputError
from ....module_utils._fleet.prices import sum_of_known
from ..input.choice import is_member
from ..input.decommission_variables import PREFIX
from .cleanup import selecting

Result = Mapping[str, Any]

IDLE = ("idle", "stopped_long")
"""Verdicts on instances that nobody uses."""
STANDINGS = ("candidate", "marked", "blocked", "excluded", "unknown", "in_use")
"""What a verdict means for an instance, what needs a look first.

``candidate``: idle and deletable; ``marked``: idle and already marked; ``blocked``: idle and not deletable; ``excluded``: idle,
and excluded by the user; ``unknown``: too little is known; ``in_use``: busy or too young.
"""


@dataclass(frozen=True, slots=True)
class IdleChoice:
    """All instances with their standing, candidates first and the dearest of them first; and what is marked now.

    ``to_mark`` has the ids by region, empty where nothing is marked. ``problem`` says why nothing may be marked, '' otherwise.
    """

    rows: Sequence[dict[str, Any]]
    to_mark: Mapping[str, list[str]]
    problem: str


def refuse_selection(variables: Iterable[str]) -> None:
    """Raise `InputError` for variables of the role that would mark something else than the idle instances."""
    refused = [name for name in selecting(variables) if name != f"{PREFIX}tag_key"]
    if refused:
        raise InputError(
            f"{', '.join(refused)}: refused here, because only idle instances are marked, and nothing was done: use "
            "find_idle_regions, find_idle_tags, find_idle_filters, find_idle_max_instances and find_idle_report_dir."
        )


def choose_idle(looks: Sequence[Result], options: Result) -> IdleChoice:
    """Sort what can go from what stays, and take what is to be marked, up to the cap."""
    rows = [{**row, "standing": standing_of(row, options)} for look in looks for row in look["instances"]]
    rows.sort(key=_place)
    candidates = [row for row in rows if row["standing"] == "candidate"]
    cap = options["max_instances"]
    problem = ""
    if options["mark"] and len(candidates) > cap and options["on_too_many"] == "fail":
        problem = (
            f"{len(candidates)} idle instances can be marked, more than find_idle_max_instances ({cap}), so nothing was marked: "
            "raise it, or set find_idle_on_too_many to dearest to mark those that cost most."
        )
    chosen = candidates[:cap] if options["mark"] and not problem else []
    to_mark: dict[str, list[str]] = {}
    for row in chosen:
        to_mark.setdefault(row["region"], []).append(row["instance_id"])
    return IdleChoice(rows, to_mark, problem)


def standing_of(row: Result, options: Result) -> str:
    """What the verdict on an instance means; see `STANDINGS`."""
    if row["verdict"] not in IDLE:
        return "unknown" if row["verdict"] == "unknown" else "in_use"
    if is_member(options["exclude"], row):
        return "excluded"
    if options["tag_key"] in (row["tags"] or {}) and (row["status"] == "stopped" or not options["stop_running"]):
        # One that is to be stopped and still runs was started again, or its mark was interrupted before the stop.
        return "marked"
    return "candidate" if row["deletable"] else "blocked"


def unused_exclusions(rows: Sequence[Result], options: Result) -> list[str]:
    """The exclusions that match no instance that was judged: they may be misspelt."""
    return [member for member in options["exclude"] if not any(is_member([member], row) for row in rows)]


def totals_of(rows: Sequence[Result]) -> dict[str, Any]:
    """How many instances have each verdict and each standing, and what the candidates cost a month in CNY.

    ``monthly_cost`` is None if no price is known; ``unpriced`` are candidates without one.
    """
    costs = [row["monthly_cost"] for row in rows if row["standing"] == "candidate"]
    return {
        "judged": len(rows),
        **_counts((row["verdict"] for row in rows), ("idle", "stopped_long", "busy", "too_young", "unknown")),
        **_counts((row["standing"] for row in rows), ("candidate", "marked", "blocked", "excluded")),
        "monthly_cost": sum_of_known(costs) if costs else 0.0,
        "unpriced": costs.count(None),
    }


def _counts(found: Iterable[str], names: Iterable[str]) -> dict[str, int]:
    every = list(found)
    return {name: every.count(name) for name in names}


def _place(row: Result) -> tuple[int, bool, float, str, str]:
    """By standing, then the dearest first, those without a price last."""
    cost = row["monthly_cost"]
    return (STANDINGS.index(row["standing"]), cost is None, -(cost or 0.0), str(row["region"]), str(row["instance_id"]))
