# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the options of the modules that make backups to a policy. Raises `InputError` for options that exclude each other."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import Any

from ..._api.connection import CONNECTION_SPEC
from ..._api.errors import InputError
from ..._fleet.backups.policy import BackupPolicy
from ..._fleet.backups.record import RunOptions
from ..._fleet.common.selection import Selection, parse_protect_tags, require_selector
from ..._fleet.common.texts import parse_ids
from ..._fleet.evidence.marker import DEFAULT_PATTERN, check_campaign, check_pattern
from ..._fleet.evidence.proof import Method
from ..common.arguments import (
    GUARD_SPEC,
    SELECTION_SPEC,
    SURROUNDINGS_SPEC,
    cap_of,
    positive_number,
    selection_of,
    surroundings_of,
)
from ..common.session import Spec
from ..machines.options import BACKUP_METHODS

WAIT_SPEC: Spec = {
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "float", "default": 7200.0},
    "poll_interval": {"type": "float", "default": 2.0},
}
CREATE_SPEC: Spec = {
    **CONNECTION_SPEC,
    **SELECTION_SPEC,
    **GUARD_SPEC,
    **WAIT_SPEC,
    "campaign": {"type": "str"},
    "max_age": {"type": "float", "default": 24.0},
    "reuse": {"type": "str", "choices": ["any", "campaign"]},
    "name_pattern": {"type": "str", "default": DEFAULT_PATTERN},
    "on_blocked": {"type": "str", "default": "fail", "choices": ["fail", "skip"]},
    "on_shortfall": {"type": "str", "default": "fail", "choices": ["fail", "fit"]},
}
VM_BACKUP_SPEC: Spec = {
    **CREATE_SPEC,
    "method": {"type": "str", "default": "image", "choices": list(BACKUP_METHODS)},
    "include_data_disks": {"type": "bool", "default": True},
    "stop_running": {"type": "bool", "default": False},
    "start_again": {"type": "bool", "default": False},
    "stopped_before": {"type": "list", "elements": "str", "default": []},
    "keep": {"type": "int", "default": 0},
    "stop_timeout": {"type": "float"},
    **SURROUNDINGS_SPEC,
}


def backup_policy(params: Mapping[str, Any], method: Method) -> BackupPolicy:
    """The checked policy; everything that the input alone shows to be wrong is found here, before anything is sent."""
    disk_ids = params.get("disk_ids")
    selection = selection_of(params)
    if disk_ids is None:
        require_selector(selection)
    elif selection.ids is not None or selection.loose or params["max_instances"] is not None:
        raise InputError(
            "disk_ids cannot be combined with instance_ids, name, tags, filters and max_instances: select either disks or "
            "instances."
        )
    cap_of(params)
    given: str | None = params["campaign"]
    stop_running = bool(params.get("stop_running"))
    start_again = bool(params.get("start_again"))
    _check_power(params, start_again=start_again, stop_running=stop_running)
    reuse = params["reuse"] or ("any" if given is None else "campaign")
    return BackupPolicy(
        method=method,
        selection=selection if disk_ids is None else Selection(ids=(), name=None, tags={}, filters={}),
        campaign=made_up_campaign() if given is None else check_campaign(given, "campaign"),
        name_pattern=check_pattern(params["name_pattern"]),
        protect_tags=parse_protect_tags(params["protect_tags"]),
        max_age=positive_number(params, "max_age", "hours"),
        any_campaign=reuse == "any",
        include_data_disks=bool(params.get("include_data_disks", True)),
        stop_running=stop_running,
        start_again=start_again,
        stopped_before=frozenset(params.get("stopped_before") or ()),
        disk_ids=None if disk_ids is None else frozenset(parse_ids(disk_ids, "disk_ids")),
        # Only what stops machines has these options.
        **(surroundings_of(params) if "group_members" in params else {}),
    )


def run_options_of(params: Mapping[str, Any], *, preview: bool) -> RunOptions:
    """How to deal with what cannot be done."""
    keep: int = params.get("keep") or 0
    if isinstance(params.get("keep"), bool) or keep < 0:
        raise InputError(f"keep is {params['keep']}, but must be a whole number: 0 keeps all backups.")
    return RunOptions(cap_of(params), params["on_blocked"] == "skip", params["on_shortfall"] == "fit", preview, keep)


def made_up_campaign() -> str:
    """A name for a campaign that was given none: when it began (UTC), and something that no other has."""
    return f"b{time.strftime('%Y%m%dt%H%M%S', time.gmtime())}-{secrets.token_hex(3)}"


def _check_power(params: Mapping[str, Any], *, start_again: bool, stop_running: bool) -> None:
    if not params["wait"] and stop_running:
        raise InputError(
            "wait=false and stop_running=true exclude each other, because a backup can only begin after the wait for the stop: "
            "remove one of them."
        )
    if start_again and not stop_running:
        raise InputError("start_again=true requires stop_running=true: set both, or remove start_again.")
