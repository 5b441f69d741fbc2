# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Registers targets again whose machines were not deleted after all, and looks which targets outlived their machines."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..._api.calls import Call
from ..._api.dispatch.dispatcher import Dispatcher
from ..._api.errors import JdcloudError
from ..._api.model.balancers import Target
from ..._api.services import lb
from ..common.failure import Finding
from ..common.timing import Timing
from ..planning.surroundings import Registration
from .balancer_reads import read_targets_apart
from .departure import Departure, TargetFate
from .targets import TargetChange, TargetChanger


class TargetLeft(NamedTuple):
    """What became of a target whose machine is gone, and the warning about it."""

    fate: TargetFate
    warning: Finding


def come_back(dispatcher: Dispatcher, timing: Timing, departures: Sequence[Departure]) -> dict[str, list[str]]:
    """Give the targets of these machines their place and weight again. Returns by machine what could not be given, sentences.

    Whether a call that was not clearly answered took a target away, a read shows first.
    """
    owned = [(each, row.target_id, row) for each in departures for row in each.registrations if row.target_id in each.touched]
    rows = {target_id: row for _each, target_id, row in owned if target_id is not None}
    gone = {target_id for each in departures for target_id in each.gone}
    failures = _carry_out(dispatcher, timing, _Register(rows), [each for each in rows if each in gone])
    failures |= _carry_out(dispatcher, timing, _Weigh(rows), [each for each in rows if each not in failures])
    complaints: dict[str, list[str]] = {}
    for departure, target_id, row in owned:
        departure.fates[target_id or ""] = "unverified" if target_id in failures else "registered"
        if target_id in failures:
            text = f"It could not be registered again at {row.place}: {failures[target_id]}"
            complaints.setdefault(departure.instance_id, []).append(text)
    return complaints


def _carry_out(dispatcher: Dispatcher, timing: Timing, change: _Change, target_ids: Sequence[str]) -> dict[str, str]:
    """Why it could not be done, by target."""
    changer = TargetChanger(dispatcher, timing, TargetChange(change.call, change.shows, looks_first=True))
    failures = changer.carry_out({target_id: change.rows[target_id].group_id for target_id in target_ids})
    return {target_id: failure.message for target_id, failure in failures.items()}


class _Change(ABC):
    """A change of registrations, given by the ids that their targets had."""

    def __init__(self, rows: Mapping[str, Registration]) -> None:
        self.rows = rows
        self._ids = {target_id: target_id for target_id in rows}
        """Their ids now."""

    @abstractmethod
    def call(self, group_id: str, ids: Sequence[str]) -> Call[None]:
        """The call for some of one group."""

    @abstractmethod
    def shows(self, target_id: str, shown: Mapping[str, Target]) -> bool:
        """Whether the targets of the group show the change."""

    def present(self, target_id: str, shown: Mapping[str, Target]) -> Target | None:
        """The target as it is now, under whatever id."""
        return next((each for each in shown.values() if is_same(self.rows[target_id], each)), None)


class _Register(_Change):
    """The old targets, under new ids."""

    def call(self, group_id: str, ids: Sequence[str]) -> Call[None]:
        return lb.register_targets(group_id, [_spec(self.rows[each]) for each in ids])

    def shows(self, target_id: str, shown: Mapping[str, Target]) -> bool:
        return self.present(target_id, shown) is not None


class _Weigh(_Change):
    """The old weights. A target that is not there was deregistered by another user."""

    def call(self, group_id: str, ids: Sequence[str]) -> Call[None]:
        return lb.set_target_weights(group_id, {self._ids[each]: self.rows[each].full_weight for each in ids})

    def shows(self, target_id: str, shown: Mapping[str, Target]) -> bool:
        target = self.present(target_id, shown)
        self._ids[target_id] = target_id if target is None else target.target_id
        return target is None or target.weight in (self.rows[target_id].weight, self.rows[target_id].full_weight)


def _spec(registration: Registration) -> dict[str, Any]:
    spec = {
        "instanceId": registration.instance_id if registration.type != "ip" else None,
        "type": registration.type,
        "port": registration.port,
        "weight": registration.full_weight,
        "ipAddress": registration.address if registration.type == "ip" else None,
    }
    return {name: value for name, value in spec.items() if value is not None}


def is_same(registration: Registration, target: Target) -> bool:
    """Whether a target is this registration, whatever its id."""
    if registration.type == "ip":
        same = target.type == "ip" and target.address == registration.address
    else:
        same = target.instance_id == registration.instance_id
    return same and (target.port or 0) == (registration.port or 0)


def targets_left(dispatcher: Dispatcher, registrations: Mapping[str, Sequence[Registration]]) -> dict[str, dict[str, TargetLeft]]:
    """Which registrations of machines that are gone are still there, by machine and target.

    Whether the service removes them is not published (fact surroundings-targets-left).
    """
    group_ids = sorted({row.group_id for rows in registrations.values() for row in rows if row.target_id is not None})
    shown = read_targets_apart(dispatcher, group_ids)
    found = {instance_id: dict(_left(rows, shown)) for instance_id, rows in registrations.items()}
    return {instance_id: left for instance_id, left in found.items() if left}


def _left(rows: Iterable[Registration], shown: Mapping[str, list[Target] | JdcloudError]) -> Iterator[tuple[str, TargetLeft]]:
    for row in rows:
        targets = shown.get(row.group_id, [])
        if isinstance(targets, JdcloudError):
            text = f"It could not be read whether it is still registered at {row.place}: check there."
            yield row.target_id or "", TargetLeft("unverified", Finding("target_left", text))
        elif any(is_same(row, target) for target in targets):
            text = f"It is gone, but still registered at {row.place}: deregister it there."
            yield row.target_id or "", TargetLeft("left", Finding("target_left", text))
