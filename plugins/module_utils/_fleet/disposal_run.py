# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run of deletions of images or snapshots, from the selection to the fate of the last snapshot."""

from __future__ import annotations

import typing as t
from collections.abc import Sequence
from dataclasses import dataclass, field

from .._api.assets import Image, Snapshot
from .._api.dispatch import Dispatcher
from .._api.errors import JdcloudError
from .aftermath import GRACE
from .asset_selection import SNAPSHOTS, A, AssetSelection, Kind, find_assets, read_assets
from .census import SelectionError, some_ids
from .disposal import Disposal
from .disposal_course import DisposalTrack, Stage
from .disposal_plan import DELETING, DisposalPolicy, Parts, forbidden, part_ids
from .policy import Remark
from .selection import shown
from .setbacks import Timing
from .track import Failure

PartFate = t.Literal["deleted", "kept", "unverified"]
FATE_POLL = 1.0


@dataclass(slots=True)
class DisposalRecord:
    """All about one id of a run. `asset` is how it was found, None if the id does not exist.

    `parts` are the snapshots of an image that existed before, `fates` what became of them. `track` exists if it was worked on.
    """

    asset_id: str
    asset: Image | Snapshot | None = None
    blockers: tuple[Remark, ...] = ()
    parts: tuple[str, ...] = ()
    fates: dict[str, PartFate] = field(default_factory=dict)
    track: DisposalTrack | None = None

    @property
    def to_delete(self) -> bool:
        """Whether the plan is to delete it."""
        return self.asset is not None and not self.blockers and self.asset.status != DELETING

    @property
    def deleted(self) -> bool:
        """Whether this run deleted it, or had it deleted."""
        return self.track is not None and self.track.deleted

    @property
    def failure(self) -> Failure | None:
        """Why it failed."""
        return self.track.failure if self.track is not None else None


@dataclass(slots=True)
class DisposalRun:
    """The records in the order of the ids, else by id.

    `held_back`: something was blocked, so nothing at all was changed. `preview`: what is to be deleted would be, and was not.
    """

    records: list[DisposalRecord]
    preview: bool
    waits: bool
    held_back: bool = False
    crash: str | None = None


def dispose(
    dispatcher: Dispatcher,
    kind: Kind[A],
    selection: AssetSelection,
    timing: Timing,
    *,
    cap: int | None,
    delete_snapshots: bool,
    preview: bool,
) -> DisposalRun:
    """Do it. With `preview` nothing is changed.

    Raises `JdcloudError` if something cannot be read or the selection is refused; then nothing was changed.
    """
    found = _select(dispatcher, kind, selection, cap)
    images = [asset for asset in found.values() if isinstance(asset, Image) and asset.source == "private"]
    parts = find_assets(dispatcher, SNAPSHOTS, list(dict.fromkeys(part for image in images for part in part_ids(image))))
    policy = DisposalPolicy(selection.name, delete_snapshots, frozenset(found))
    ids = found if selection.ids is None else selection.ids
    run = DisposalRun([_record(asset_id, found.get(asset_id), policy, parts) for asset_id in ids], preview, timing.wait)
    run.held_back = any(record.blockers for record in run.records)
    if not run.held_back:
        _carry_out(dispatcher, kind, policy, timing, run)
        _settle_fates(dispatcher, run, delete_snapshots=delete_snapshots, grace=min(GRACE, timing.wait_timeout))
    return run


def _select(dispatcher: Dispatcher, kind: Kind[A], selection: AssetSelection, cap: int | None) -> dict[str, A]:
    """What is selected by id or name, by id. What has an id that was given and another name is among it."""
    if selection.ids is not None:
        found = find_assets(dispatcher, kind, selection.ids)
    else:
        found = {kind.id_of(asset): asset for asset in read_assets(dispatcher, kind, selection)[0]}
    matched = [asset_id for asset_id, asset in found.items() if selection.name in (None, asset.name)]
    if selection.name is not None and len(matched) > 1:
        raise SelectionError(
            f"{len(matched)} {kind.word}s are named {shown(selection.name)} ({some_ids(sorted(matched))}): "
            f"select what is meant with {kind.word}_ids; nothing was changed."
        )
    limit = default_cap(selection) if cap is None else cap
    if len(matched) > limit:
        which = "the default cap for this selection" if cap is None else f"max_{kind.word}s"
        raise SelectionError(
            f"The selection matches {len(matched)} {kind.word}s, more than {which} of {limit} ({some_ids(matched)}); nothing was "
            f"changed: name fewer, or set max_{kind.word}s to {len(matched)} if all of them are meant."
        )
    return found


def default_cap(selection: AssetSelection) -> int:
    """The most assets that may match if the user sets no cap."""
    return 1 if selection.ids is None or selection.name is not None else len(selection.ids)


def _record(asset_id: str, asset: Image | Snapshot | None, policy: DisposalPolicy, parts: Parts) -> DisposalRecord:
    if asset is None:
        return DisposalRecord(asset_id)
    own = tuple(part for part in part_ids(asset) if part in parts) if isinstance(asset, Image) else ()
    return DisposalRecord(asset_id, asset, forbidden(asset, policy, parts), own)


def _carry_out(dispatcher: Dispatcher, kind: Kind[t.Any], policy: DisposalPolicy, timing: Timing, run: DisposalRun) -> None:
    """Delete, or in a preview only wait for what others are deleting, as the run would."""
    for record in run.records:
        asset = record.asset
        if asset is None or (run.preview and record.to_delete) or not (record.to_delete or timing.wait):
            continue
        stage = Stage.GATE if record.to_delete else Stage.GOING
        record.track = DisposalTrack(kind.word, record.asset_id, asset, stage, asset.status)
    engine = Disposal(dispatcher, kind, policy, timing)
    engine.run([record.track for record in run.records if record.track is not None])
    run.crash = engine.crash


def _settle_fates(dispatcher: Dispatcher, run: DisposalRun, *, delete_snapshots: bool, grace: float) -> None:
    """Read what became of the snapshots of images that are gone. What cannot be read is unverified, and hides nothing else."""
    for record in run.records:
        if record.deleted:
            record.fates = dict.fromkeys(record.parts, "unverified")
        elif run.preview and record.to_delete:
            planned: PartFate = "deleted" if delete_snapshots else "kept"
            record.fates = dict.fromkeys(record.parts, planned if run.waits else "unverified")
    gone = [record for record in run.records if record.deleted and record.track is not None and record.track.gone]
    todo = list(dict.fromkeys(part for record in gone for part in record.parts))
    try:
        left = _left(dispatcher, todo, delete_snapshots=delete_snapshots, grace=grace)
    except JdcloudError:
        return
    for record in gone:
        record.fates = {part: _fate(left.get(part)) for part in record.parts}
        kept = [part for part in record.parts if part in left]
        if delete_snapshots and kept and record.track is not None:
            told = ", ".join(f"{part} ('{left[part].status}')" for part in kept)
            message = f"{record.track.title} is gone, but snapshots of it still exist and are billed: {told}; delete them by id."
            record.track.failure = record.track.failure or Failure("fate_mismatch", message)


def _left(dispatcher: Dispatcher, ids: Sequence[str], *, delete_snapshots: bool, grace: float) -> dict[str, Snapshot]:
    """Those of the snapshots that still exist; what is to go has some time for it."""
    began = dispatcher.clock.now()
    left = find_assets(dispatcher, SNAPSHOTS, ids)
    while delete_snapshots and left and dispatcher.clock.now() - began < grace:
        dispatcher.pause(FATE_POLL)
        left = find_assets(dispatcher, SNAPSHOTS, list(left))
    return left


def _fate(snapshot: Snapshot | None) -> PartFate:
    if snapshot is None:
        return "deleted"
    return "unverified" if snapshot.status == DELETING else "kept"
