# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run of restores knows of each machine, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ..._api.model.instance import InstanceInFull
from ..common.failure import UNVERIFIED, Failure, Finding
from .disks import MadeDisk
from .plan import RestorePlan

Action = Literal["created", "none", "blocked", "failed"]


@dataclass(slots=True)
class RestoreRecord:
    """One machine of a run. `machine` is what was found or made, as it was read last; `created`: by this run.

    `in_doubt`: it may have been made by a call of this run, and could not be read.
    """

    plan: RestorePlan
    instance_id: str | None = None
    machine: InstanceInFull | None = None
    created: bool = False
    in_doubt: bool = False
    helper_id: str | None = None
    disks: list[MadeDisk] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)
    failure: Failure | None = None

    @property
    def active(self) -> bool:
        """Whether the next step is for it."""
        return self.failure is None

    @property
    def blockers(self) -> tuple[Finding, ...]:
        """What forbids to make it. What was made already needs no backup any more."""
        return () if self.instance_id is not None else self.plan.blockers

    @property
    def status(self) -> str:
        """Its status as far as it is known, `absent` if it does not exist."""
        if self.machine is not None:
            return self.machine.instance.status
        if self.in_doubt or (self.instance_id is not None and self.failure is not None):
            return UNVERIFIED
        return "absent" if self.instance_id is None else "pending"

    @property
    def changed(self) -> bool:
        """Whether anything in the cloud is different because of us, or may be."""
        return self.created or self.in_doubt


@dataclass(slots=True)
class RestoreRun:
    """The records in the order of the input. `held_back`: something is blocked, so nothing was made. `crash`: a bug's trace."""

    records: list[RestoreRecord] = field(default_factory=list)
    held_back: bool = False
    preview: bool = False
    crash: str | None = None

    def action(self, record: RestoreRecord) -> Action:
        """What was done, or in a preview would be done."""
        if record.failure is not None:
            return "failed"
        if record.blockers:
            return "blocked"
        if self.held_back or (record.instance_id is not None and not record.created):
            return "none"
        return "created"
