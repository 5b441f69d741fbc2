# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run of deletions of things of one kind: judge all, then delete those that may go, or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal

from ..._api.dispatch.dispatcher import Dispatcher
from ..common.failure import Failure, Finding
from ..common.progress import Standing, Watch, count, unwatched
from ..common.timing import Timing
from .engine import DeletionEngine
from .resource_kind import D, ResourceKind
from .state import DeletionState, Stage, standing_of_deletion

SnapshotFate = Literal["deleted", "kept", "unverified"]


@dataclass(slots=True)
class DeletionRecord(Generic[D]):
    """All about one id of a run. `asset` is how it was found, None if the id does not exist.

    `going`: another run or user was deleting it already; `was_gone`: it counted as gone already. `snapshot_ids` are those of an
    image that existed before, `fates` what became of them. `state` exists if it was worked on.
    """

    asset_id: str
    asset: D | None = None
    blockers: tuple[Finding, ...] = ()
    going: bool = False
    was_gone: bool = False
    snapshot_ids: tuple[str, ...] = ()
    fates: dict[str, SnapshotFate] = field(default_factory=dict)
    state: DeletionState[D] | None = None

    @property
    def to_delete(self) -> bool:
        """Whether the plan is to delete it."""
        return self.asset is not None and not (self.blockers or self.going or self.was_gone)

    @property
    def deleted(self) -> bool:
        """Whether this run deleted it, or had it deleted."""
        return self.state is not None and self.state.deleted

    @property
    def in_doubt(self) -> bool:
        """Whether this run may have deleted it: it failed, and it is not known what came of its delete."""
        return self.state is not None and self.state.in_doubt

    @property
    def gone(self) -> bool:
        """Whether it was seen to be gone, before or after."""
        return self.asset is None or self.was_gone or (self.state is not None and self.state.gone)

    @property
    def seen(self) -> D | None:
        """How it was seen at last, None if it never was."""
        return self.state.last if self.state is not None and self.state.last is not None else self.asset

    @property
    def failure(self) -> Failure | None:
        """Why it failed."""
        return self.state.failure if self.state is not None else None


@dataclass(slots=True)
class DeletionRun(Generic[D]):
    """The records in the order of the ids, else by id.

    `held_back`: something was blocked, so nothing at all was changed. `preview`: what is to be deleted would be, and was not.
    """

    records: list[DeletionRecord[D]]
    kind: ResourceKind[D]
    preview: bool
    waits: bool
    held_back: bool = False
    crash: str | None = None

    def would_go(self, record: DeletionRecord[D]) -> bool:
        """Whether the run that this one previews would delete it."""
        return self.preview and not self.held_back and record.to_delete


@dataclass(frozen=True, slots=True)
class DeletionOptions:
    """How one run deletes.

    `cap`: the most that may be selected, None for the default of the selection. `preview`: nothing is changed, and what others
    are deleting is waited for as the run would. `skip_blocked`: what is not blocked goes in any case; without it nothing at all
    goes if one is blocked.
    """

    timing: Timing
    cap: int | None = None
    preview: bool = False
    skip_blocked: bool = False
    watch: Watch = unwatched


def delete_resources(
    dispatcher: Dispatcher, kind: ResourceKind[D], ids: Sequence[str], found: Mapping[str, D], options: DeletionOptions
) -> DeletionRun[D]:
    """Delete those of `found` that may go."""
    timing = options.timing
    run = DeletionRun([_record(kind, asset_id, found.get(asset_id)) for asset_id in ids], kind, options.preview, timing.wait)
    run.held_back = not options.skip_blocked and any(record.blockers for record in run.records)
    if run.held_back:
        return run
    for record in run.records:
        asset = record.asset
        if asset is None or record.blockers:
            continue
        if record.to_delete and not options.preview:
            record.state = DeletionState(kind.word, record.asset_id, asset, Stage.GATE, asset.status)
        elif record.going and timing.wait:
            record.state = DeletionState(kind.word, record.asset_id, asset, Stage.GOING, asset.status)
    options.watch(lambda: count(map(_standing, run.records)))
    engine = DeletionEngine(dispatcher, kind, timing)
    engine.run([record.state for record in run.records if record.state is not None])
    run.crash = engine.crash
    return run


def _record(kind: ResourceKind[D], asset_id: str, asset: D | None) -> DeletionRecord[D]:
    if asset is None:
        return DeletionRecord(asset_id)
    return DeletionRecord(asset_id, asset, kind.blockers(asset), kind.is_going(asset), kind.is_gone(asset))


def _standing(record: DeletionRecord[D]) -> Standing:
    return Standing.BLOCKED if record.blockers else standing_of_deletion(record.state)
