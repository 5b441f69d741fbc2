# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules that list images and snapshots have in common: their options, rows and summary."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..._api.connection import CONNECTION_SPEC
from ..._api.errors import InputError
from ..._api.fields import snake_case
from ..._fleet.common.texts import parse_ids
from ..._fleet.evidence.backup_selection import AssetSelection, parse_asset_ids, parse_asset_name, read_assets
from ..._fleet.evidence.existing_backups import A, AssetKind
from ..._fleet.evidence.marker import marker_row
from ..common.arguments import SELECTION_SPEC
from ..common.rows import time_of
from ..common.session import Result, Session, Spec


def info_spec(ids: str, owners: str) -> Spec:
    """The options of a module that lists one kind of asset."""
    return {
        **CONNECTION_SPEC,
        ids: {"type": "list", "elements": "str"},
        owners: {"type": "list", "elements": "str"},
        "name": SELECTION_SPEC["name"],
        "status": {"type": "str"},
    }


def list_assets(session: Session, kind: AssetKind[A], ids: str, owners: str, row: Callable[[A], Result]) -> Result:
    """Read the selected assets and show each with everything that the service says; `ids` and `owners` are option names."""
    selection = _selection(kind, session.module.params, ids, owners)
    assets, missing = read_assets(session.connect(), kind, selection)
    session.warn_of_missing(missing, found=len(assets))
    return list_result(session, kind, [row(asset) for asset in assets], len(missing))


def list_result(session: Session, kind: AssetKind[Any], rows: Sequence[Result], not_found: int) -> Result:
    """The whole result."""
    return {
        "changed": False,
        "account": session.account,
        "service_time": time_of(session.dispatcher.service_time()) if session.dispatcher is not None else None,
        f"{kind.word}s": rows,
        "summary": {"selected": len(rows), "not_found": not_found, **session.api_use()},
    }


def common_row(asset: A) -> Result:
    """What every asset's row holds: all that the service says in snake case, and what was read out of it."""
    return {
        **snake_case(asset.raw),
        "name": asset.name,
        "status": asset.status,
        "description": asset.description,
        "mark": marker_row(asset.description),
        "created": time_of(asset.created),
        "unreadable": list(asset.unreadable),
    }


def _selection(kind: AssetKind[A], params: Mapping[str, Any], ids: str, owners: str) -> AssetSelection:
    status: str | None = params["status"]
    if status is not None and not status.strip():
        raise InputError("status is blank, which selects nothing: set a status, or remove the option.")
    return AssetSelection(
        ids=None if params[ids] is None else parse_asset_ids(kind, params[ids], ids),
        owners=None if params[owners] is None else parse_ids(params[owners], owners),
        name=None if params["name"] is None else parse_asset_name(kind, params["name"], ids),
        status=None if status is None else status.strip().lower(),
    )
