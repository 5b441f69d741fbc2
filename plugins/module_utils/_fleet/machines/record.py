# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The records of one run of `jdcloud_vm`: what was found, decided and done."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..._api.model.instance import Instance
from ..common.failure import Failure, Finding
from ..planning.policy import Decision
from ..surroundings.departure import Departure, TargetFate
from ..surroundings.dns import DnsLookup
from .state import MachineState


@dataclass(slots=True)
class MachineRecord:
    """All about one machine of a run. `machine` is how it was found, None if its id does not exist.

    `state` exists if it was worked on. `failure` is one before or instead of any work. `departure` is how it left what surrounds
    it. `found` are warnings about what was found afterwards, and `target_fates` says the same of targets of load balancers.
    """

    instance_id: str
    machine: Instance | None = None
    decision: Decision | None = None
    state: MachineState | None = None
    failure: Failure | None = None
    departure: Departure | None = None
    found: tuple[Finding, ...] = ()
    target_fates: dict[str, TargetFate] = field(default_factory=dict)

    @property
    def blocked(self) -> bool:
        """Whether something forbids the action."""
        return self.decision is not None and bool(self.decision.blockers)


@dataclass(slots=True)
class MachineRun:
    """The records in the order of the result.

    `held_back`: something was blocked or failed, so nothing at all was changed. `crash`: the traceback of a bug that ended it.
    `dns`: which records hold addresses of the machines, as far as that was asked for.
    """

    records: list[MachineRecord] = field(default_factory=list)
    held_back: bool = False
    missing: list[str] = field(default_factory=list)
    crash: str | None = None
    dns: DnsLookup = field(default_factory=DnsLookup)
