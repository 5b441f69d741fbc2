# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that all deletions have in common."""

from __future__ import annotations

from ..._api.dispatch.dispatcher import Dispatcher
from ..._fleet.deletions.run import DeletionOptions
from ..common.arguments import cap_of, connect_with_timing
from ..common.session import Session


def connect_for_deletion(session: Session, key: str) -> tuple[Dispatcher, DeletionOptions]:
    """Check the options, then connect. `key` is what options call one of those that are deleted. Raises `JdcloudError`."""
    params = session.module.params
    cap = cap_of(params, f"max_{key}s")
    dispatcher, timing = connect_with_timing(session)
    return dispatcher, DeletionOptions(
        timing=timing,
        cap=cap,
        preview=bool(session.module.check_mode),
        skip_blocked=params.get("on_blocked") == "skip",
        watch=session.progress.watch,
    )
