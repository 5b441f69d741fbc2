# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deleting images and snapshots, from the selection to the fate of the last snapshot of an image."""

from __future__ import annotations

from collections.abc import Sequence

from ..._api.calls import Call
from ..._api.dispatch.dispatcher import Dispatcher
from ..._api.errors import JdcloudError
from ..._api.fields import PAGE_SIZE, Page
from ..._api.model.backup_assets import Image, Snapshot
from ..._api.services.disk import delete_snapshot
from ..._api.services.vm import delete_image
from ..common.failure import Failure, Finding
from ..common.selection import Cap, SelectionError, check_cap
from ..common.texts import shown, some_ids
from ..common.timing import FATE_PATIENCE
from ..evidence.backup_selection import AssetSelection, find_assets, read_assets
from ..evidence.existing_backups import SNAPSHOTS, A, AssetKind
from ..evidence.proof import asset_id_of
from .backup_rules import BackupDeletionPolicy, Snapshots, backup_blockers, backup_differences, kept_by_service, snapshot_ids_of
from .resource_kind import DELETING, ResourceKind
from .run import DeletionOptions, DeletionRun, SnapshotFate, delete_resources

FATE_POLL = 1.0


class BackupKind(ResourceKind[A]):
    """Images or snapshots. `snapshots` are those of the images, `most_snapshots` is how many an image has at most."""

    def __init__(self, kind: AssetKind[A], policy: BackupDeletionPolicy, snapshots: Snapshots, most_snapshots: int) -> None:
        self.word = self.key = kind.word
        self._kind = kind
        self._policy = policy
        self._snapshots = dict(snapshots)
        if policy.delete_snapshots:
            # Their snapshots are looked at, too, in one call.
            self.look_limit = max(1, PAGE_SIZE // max(1, most_snapshots))

    def id_of(self, asset: A) -> str:
        return asset_id_of(asset)

    def by_ids(self, ids: Sequence[str]) -> Call[Page[A]]:
        return self._kind.by_ids(ids)

    def by_id(self, asset_id: str) -> Call[A]:
        return self._kind.by_id(asset_id)

    def delete(self, asset: A) -> Call[None]:
        if isinstance(asset, Image):
            return delete_image(asset.image_id, with_snapshots=self._policy.delete_snapshots)
        return delete_snapshot(self.id_of(asset))

    def related_call(self, assets: Sequence[A]) -> Call[Page[Snapshot]] | None:
        ids = _snapshot_ids(assets)
        return SNAPSHOTS.by_ids(ids) if self._policy.delete_snapshots and ids else None

    def note_related(self, assets: Sequence[A], page: Page[Snapshot]) -> None:
        for snapshot_id in _snapshot_ids(assets):
            self._snapshots.pop(snapshot_id, None)
        self._snapshots.update((snapshot.snapshot_id, snapshot) for snapshot in page.items)

    def blockers(self, asset: A) -> tuple[Finding, ...]:
        return backup_blockers(asset, self._policy, self._snapshots)

    def explain(self, asset: A, error: JdcloudError) -> Failure | None:
        return kept_by_service(asset, error)

    def differences(self, before: A, now: A) -> list[str]:
        return backup_differences(before, now)


def delete_backups(
    dispatcher: Dispatcher, kind: AssetKind[A], selection: AssetSelection, options: DeletionOptions, *, delete_snapshots: bool
) -> DeletionRun[A]:
    """Delete the selected images or snapshots; with `delete_snapshots` images with their snapshots.

    Raises `JdcloudError` if something cannot be read or the selection is refused; then nothing was changed.
    """
    found = _select(dispatcher, kind, selection, options.cap)
    images = [asset for asset in found.values() if isinstance(asset, Image) and asset.source == "private"]
    snapshots = find_assets(dispatcher, SNAPSHOTS, _snapshot_ids(images))
    policy = BackupDeletionPolicy(selection.name, delete_snapshots, frozenset(found))
    resource_kind = BackupKind(kind, policy, snapshots, max((len(snapshot_ids_of(image)) for image in images), default=0))
    ids = list(found) if selection.ids is None else selection.ids
    run = delete_resources(dispatcher, resource_kind, ids, found, options)
    for record in run.records:
        if isinstance(record.asset, Image):
            record.snapshot_ids = tuple(each for each in snapshot_ids_of(record.asset) if each in snapshots)
    if not run.held_back:
        _settle_fates(dispatcher, run, delete_snapshots=delete_snapshots, grace=min(FATE_PATIENCE, options.timing.wait_timeout))
    return run


def _snapshot_ids(assets: Sequence[Image | Snapshot]) -> list[str]:
    """The snapshots of those of the assets that are images."""
    return list(dict.fromkeys(each for asset in assets if isinstance(asset, Image) for each in snapshot_ids_of(asset)))


def _select(dispatcher: Dispatcher, kind: AssetKind[A], selection: AssetSelection, cap: int | None) -> dict[str, A]:
    """What is selected by id or name, by id. What has an id that was given and another name is among it."""
    if selection.ids is not None:
        found = find_assets(dispatcher, kind, selection.ids)
    else:
        found = {asset_id_of(asset): asset for asset in read_assets(dispatcher, kind, selection)[0]}
    matched = [asset_id for asset_id, asset in found.items() if selection.name in (None, asset.name)]
    if selection.name is not None and len(matched) > 1:
        raise SelectionError(
            f"{len(matched)} {kind.word}s are named {shown(selection.name)} ({some_ids(sorted(matched))}), so nothing was "
            f"changed: select one of them with {kind.word}_ids."
        )
    default = 1 if selection.ids is None or selection.name is not None else len(selection.ids)
    check_cap(matched, Cap(cap, default, f"max_{kind.word}s", f"{kind.word}s", "select fewer"))
    return found


def _settle_fates(dispatcher: Dispatcher, run: DeletionRun[A], *, delete_snapshots: bool, grace: float) -> None:
    """Read what became of the snapshots of images that are gone. What cannot be read is unverified, and hides nothing else."""
    for record in run.records:
        if record.deleted or record.in_doubt:
            record.fates = dict.fromkeys(record.snapshot_ids, "unverified")
        elif run.would_go(record):
            planned: SnapshotFate = "deleted" if delete_snapshots else "kept"
            record.fates = dict.fromkeys(record.snapshot_ids, planned if run.waits else "unverified")
    gone = [record for record in run.records if record.deleted and record.gone]
    todo = list(dict.fromkeys(each for record in gone for each in record.snapshot_ids))
    try:
        left = _left(dispatcher, todo, delete_snapshots=delete_snapshots, grace=grace)
    except JdcloudError:
        return
    for record in gone:
        record.fates = {each: _fate(left.get(each)) for each in record.snapshot_ids}
        kept = [each for each in record.snapshot_ids if each in left]
        if delete_snapshots and kept and record.state is not None:
            text = ", ".join(f"{each} ('{left[each].status}')" for each in kept)
            message = f"{record.state.title} is gone, but its snapshots {text} still exist and are billed: delete them by id."
            record.state.failure = record.state.failure or Failure("fate_mismatch", message)


def _left(dispatcher: Dispatcher, ids: Sequence[str], *, delete_snapshots: bool, grace: float) -> dict[str, Snapshot]:
    """Those of the snapshots that still exist; what is to go has some time for it."""
    began = dispatcher.clock.now()
    left = find_assets(dispatcher, SNAPSHOTS, ids)
    while delete_snapshots and left and dispatcher.clock.now() - began < grace:
        dispatcher.pause(FATE_POLL)
        left = find_assets(dispatcher, SNAPSHOTS, list(left))
    return left


def _fate(snapshot: Snapshot | None) -> SnapshotFate:
    if snapshot is None:
        return "deleted"
    return "unverified" if snapshot.status == DELETING else "kept"
