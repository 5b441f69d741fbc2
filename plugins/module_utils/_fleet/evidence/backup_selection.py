# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images and snapshots selected by themselves: by id, exact name, status, and what they are of. Reads only.

As with machines, what the service is asked for only narrows the read; every selector is checked again here, exactly, all ANDed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..._api.calls import SAFE_ID
from ..._api.dispatch.dispatcher import Dispatcher
from ..._api.dispatch.pagination import chunks, find_each, prove_missing
from ..._api.model.backup_assets import Image, Snapshot
from ..common.selection import parse_name
from ..common.texts import parse_ids
from .existing_backups import A, AssetKind, list_each
from .proof import asset_id_of, owner_of


@dataclass(frozen=True, slots=True)
class AssetSelection:
    """A checked selection; what is None does not restrict. `owners`: machines of images, disks of snapshots."""

    ids: tuple[str, ...] | None = None
    owners: tuple[str, ...] | None = None
    name: str | None = None
    status: str | None = None

    def fits(self, asset: Image | Snapshot) -> bool:
        """Whether an asset is selected. The ids are the caller's business."""
        options = (
            self.owners is None or owner_of(asset) in self.owners,
            self.name is None or asset.name == self.name,
            self.status is None or asset.status == self.status,
        )
        return all(options)


def parse_asset_ids(kind: AssetKind[A], ids: Sequence[Any], option: str) -> tuple[str, ...]:
    """Trimmed, distinct ids. Public images may have ids like UUIDs, so they are held to no shape but a safe one."""
    return parse_ids(ids, option, SAFE_ID, kind.example)


def parse_asset_name(kind: AssetKind[A], name: Any, option: str) -> str:
    """The exact name of an asset; `option` is where several ids can be given instead."""
    return parse_name(name, kind.word, option)


def read_assets(dispatcher: Dispatcher, kind: AssetKind[A], selection: AssetSelection) -> tuple[list[A], list[str]]:
    """The selected assets in the order of the ids, else by id; and the ids that do not exist. Raises `IncompleteListing`."""
    if selection.ids is None:
        return [row for row in _listed(dispatcher, kind, selection) if selection.fits(row)], []
    found = kind.read(dispatcher, selection.ids)
    missing = [asset_id for asset_id in selection.ids if asset_id not in found]
    prove_missing(dispatcher, missing, kind.by_id)
    return [found[asset_id] for asset_id in selection.ids if asset_id in found and selection.fits(found[asset_id])], missing


def find_assets(dispatcher: Dispatcher, kind: AssetKind[A], ids: Sequence[str]) -> dict[str, A]:
    """The assets with these ids, by id."""
    return find_each(dispatcher, ids, kind.by_ids, kind.by_id, asset_id_of)


def _listed(dispatcher: Dispatcher, kind: AssetKind[A], selection: AssetSelection) -> list[A]:
    """Narrowed by owner and name. Not by status: whether the service compares that without regard to case is not known."""
    parts: list[Sequence[str] | None] = [None] if selection.owners is None else [*chunks(selection.owners)]
    rows: list[A] = list_each(dispatcher, [kind.pages_of(owners, selection.name) for owners in parts])
    return sorted(rows, key=asset_id_of)
