# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the options of `jdcloud_vm`, and of modules that tell what it would do, to a policy.

Raises `InputError` for options that exclude each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._api.connection import CONNECTION_SPEC
from ..._api.errors import InputError
from ..._fleet.common.selection import Selection, parse_protect_tags, require_selector
from ..._fleet.common.texts import shown
from ..._fleet.evidence.marker import check_campaign
from ..._fleet.evidence.preview import PlannedMachine, parse_planned
from ..._fleet.evidence.proof import Demand
from ..._fleet.planning.policy import Policy
from ..common.arguments import (
    DNS_SPEC,
    DUE_SPEC,
    FATE_SPEC,
    GUARD_SPEC,
    SELECTION_SPEC,
    SURROUNDINGS_SPEC,
    cap_of,
    due_tag_of,
    positive_number,
    selection_of,
    surroundings_of,
)
from ..common.session import Spec

BACKUP_METHODS = ("image", "snapshots", "both")
DEMAND_SPEC: Spec = {
    "require_backup": {"type": "str", "default": "none", "choices": ["none", *BACKUP_METHODS]},
    "backup_max_age": {"type": "float", "default": 24.0},
}

VERDICT_SPEC: Spec = {
    "protect_tags": GUARD_SPEC["protect_tags"],
    "stop_running": {"type": "bool", "default": False},
    **FATE_SPEC,
    **DUE_SPEC,
    **DEMAND_SPEC,
    **SURROUNDINGS_SPEC,
}
"""What a deletion would be done with that is only asked about."""

VM_SPEC: Spec = {
    **CONNECTION_SPEC,
    **SELECTION_SPEC,
    **GUARD_SPEC,
    "state": {"type": "str", "required": True, "choices": ["absent", "stopped", "running"]},
    "stop_running": {"type": "bool", "default": False},
    "on_blocked": {"type": "str", "default": "fail", "choices": ["fail", "skip"]},
    **FATE_SPEC,
    **DUE_SPEC,
    **DEMAND_SPEC,
    **DNS_SPEC,
    "backup_campaign": {"type": "str"},
    "planned_backups": {"type": "list", "elements": "dict"},
    "may_lose": {"type": "dict"},
    "allow_local_disk_loss": {"type": "bool", "default": False},
    "charge_on_stopped": {"type": "str", "choices": ["keepCharging", "stopCharging"]},
    **SURROUNDINGS_SPEC,
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "float", "default": 600.0},
    "poll_interval": {"type": "float", "default": 2.0},
    "return_instances": {"type": "str", "default": "all", "choices": ["all", "changed", "problems"]},
}


def policy_of(params: Mapping[str, Any]) -> Policy:
    """The checked policy. Everything that the input alone shows to be wrong is found here, before anything is sent."""
    _check_combination(params)
    selection = selection_of(params)
    require_selector(selection)
    cap_of(params)
    return Policy(
        state=params["state"],
        selection=selection,
        protect_tags=parse_protect_tags(params["protect_tags"]),
        stop_running=params["stop_running"],
        may_stop=params["wait"],
        disks=params["disks"],
        release_elastic_ips=params["elastic_ips"] == "release",
        charge_on_stopped=params["charge_on_stopped"],
        allow_local_disk_loss=params["allow_local_disk_loss"],
        demand=demand_of(params),
        due_tag=due_tag_of(params),
        may_lose=_may_lose_of(params),
        **surroundings_of(params),
    )


def policy_of_verdict(params: Mapping[str, Any], selection: Selection) -> Policy:
    """The checked policy of a deletion that is only asked about. Raises `InputError` for options that exclude each other."""
    return Policy(
        state="absent",
        selection=selection.chosen(),
        protect_tags=parse_protect_tags(params["protect_tags"]),
        stop_running=params["stop_running"],
        disks=params["disks"],
        release_elastic_ips=params["elastic_ips"] == "release",
        demand=demand_of(params),
        due_tag=due_tag_of(params),
        **surroundings_of(params),
    )


def _may_lose_of(params: Mapping[str, Any]) -> dict[str, frozenset[str]] | None:
    given = params["may_lose"]
    if given is None:
        return None
    for machine, names in given.items():
        if not isinstance(names, list) or not all(isinstance(name, str) and name.strip() for name in names):
            raise InputError(
                f"may_lose: {shown(str(machine))} needs a list of ids of disks and elastic IPs, which is empty for none."
            )
    return {str(machine): frozenset(names) for machine, names in given.items()}


def planned_backups_of(params: Mapping[str, Any], *, preview: bool) -> dict[str, PlannedMachine]:
    """What would be backed up before, by machine. A run counts real backups alone."""
    given = params["planned_backups"]
    if given is None:
        return {}
    if not preview:
        raise InputError("planned_backups is for check mode only, because a run counts real backups only: remove it.")
    if params["require_backup"] == "none":
        raise InputError("planned_backups requires require_backup: set both, or remove planned_backups.")
    return parse_planned(given, "planned_backups")


def _check_combination(params: Mapping[str, Any]) -> None:
    state = params["state"]
    idle_values = {
        "stop_running": False,
        "disks": "as_configured",
        "elastic_ips": "keep",
        "due_tag": None,
        "may_lose": None,
        "require_backup": "none",
    }
    for option, idle in idle_values.items():
        value = params[option]
        if state != "absent" and value != idle:
            raise InputError(f"{option}={_word(value)} is for state=absent only: remove it for state={state}.")
    if state == "running" and params["charge_on_stopped"] is not None:
        raise InputError("charge_on_stopped applies to a stop, but state=running never stops an instance: remove it.")
    if not params["wait"]:
        if params["stop_running"]:
            raise InputError(
                "wait=false and stop_running=true exclude each other, because an instance can only be deleted after the wait "
                "for its stop: remove one of them."
            )
        if params["elastic_ips"] == "release":
            raise InputError(
                "wait=false and elastic_ips=release exclude each other, because elastic IPs can only be released after the "
                "instance is gone: remove one of them."
            )
        for option, value in (("load_balancers", "deregister"), ("group_members", "abandon")):
            if params[option] == value:
                raise InputError(
                    f"wait=false and {option}={value} exclude each other, because an instance must first leave its group and "
                    "load balancers: remove one of them."
                )


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def demand_of(params: Mapping[str, Any]) -> Demand | None:
    """The checked demand for backups, None if there is none."""
    max_age = positive_number(params, "backup_max_age", "hours")
    campaign: str | None = params.get("backup_campaign")
    method = params["require_backup"]
    if method == "none":
        if campaign is not None:
            raise InputError("backup_campaign requires require_backup: set both, or remove backup_campaign.")
        return None
    if params["stop_running"]:
        raise InputError(
            f"require_backup={method} and stop_running=true exclude each other, because a backup must be made while the "
            "instance is stopped: stop it, back it up (the role vm_backup does both), then delete it."
        )
    return Demand(method, max_age, None if campaign is None else check_campaign(campaign, "backup_campaign"))
