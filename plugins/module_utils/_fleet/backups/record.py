# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one run of backups works with, and all about it and about each machine of it. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..._api.dispatch.dispatcher import Dispatcher
from ..._api.model.backup_assets import Snapshot
from ..._api.model.instance import Instance
from ..common.failure import Failure
from ..common.progress import Watch
from ..common.timing import Timing
from ..machines.state import MachineState
from ..planning.policy import Facts
from ..surroundings.departure import Departure
from .policy import BackupDecision, BackupPolicy
from .quota import QuotaCheck
from .retention import Superseded
from .state import AssetState


@dataclass(slots=True)
class BackupRecord:
    """All about one machine (or one disk that is on none) of a run.

    `machine` is how it was found, `seen` how it was last seen. `held` are the disks that each image proved to hold, by image id.
    `departure` is how it left what surrounds it before its stop.
    """

    instance_id: str
    machine: Instance | None = None
    decision: BackupDecision | None = None
    failure: Failure | None = None
    seen: Instance | None = None
    stop: MachineState | None = None
    departure: Departure | None = None
    start: MachineState | None = None
    assets: list[AssetState] = field(default_factory=list)
    held: dict[str, Mapping[str, str | None]] = field(default_factory=dict)

    @property
    def blocked(self) -> bool:
        """Whether something forbids the backup."""
        return self.decision is not None and bool(self.decision.blockers)

    @property
    def stopped_by_us(self) -> bool:
        """Whether this run stopped it."""
        return self.stop is not None and self.stop.stopped_by_us


@dataclass(slots=True)
class BackupRun:
    """The records in the order of the result. `quota` is None where nothing was to be made, and so no quota was read.

    `held_back`: something was blocked or did not fit, so nothing at all was changed. `snapshots` are parts of images.
    """

    campaign: str
    records: list[BackupRecord] = field(default_factory=list)
    held_back: bool = False
    missing: list[str] = field(default_factory=list)
    quota: QuotaCheck | None = None
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    superseded: Superseded = field(default_factory=Superseded)
    crash: str | None = None


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a run deals with what cannot be done. `fit`: a batch that exceeds the quotas is done as far as it fits.

    `keep`: how many backups of a machine are to stay; 0: all.
    """

    cap: int | None = None
    skip_blocked: bool = False
    fit: bool = False
    preview: bool = False
    keep: int = 0


@dataclass(frozen=True, slots=True)
class RunContext:
    """What each step of a run works with. `observed_at`: when the machines were asked for, in monotonic seconds.

    `around` is what surrounds the machines that may be stopped.
    """

    dispatcher: Dispatcher
    policy: BackupPolicy
    timing: Timing
    options: RunOptions
    watch: Watch
    observed_at: float
    around: Facts = field(default_factory=Facts)


def on_machine(record: BackupRecord) -> bool:
    """Whether the record is about a machine, not about a disk that is on none."""
    return record.machine is not None and record.machine.instance_id == record.instance_id


def failure_of(record: BackupRecord) -> Failure | None:
    """The first thing that failed for a machine."""
    states = [record.stop, record.start]
    failures = [record.failure, *(state.failure for state in record.assets), *(state.failure for state in states if state)]
    return next((failure for failure in failures if failure is not None), None)
