# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the options of `jdcloud_vm_restore` to machines and what is wanted of them. Raises `InputError`, one sentence each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._api.calls import path_id
from ..._api.connection import CONNECTION_SPEC
from ..._api.errors import InputError
from ..._fleet.common.texts import parse_ids, shown
from ..._fleet.evidence.marker import check_campaign
from ..._fleet.evidence.specification import OldMachine, parse_machines
from ..._fleet.restores.marker import MACHINE_NAME
from ..._fleet.restores.plan import RestoreOptions, RestoreOrder
from ..common.session import Spec

MAX_GROUPS = 5
"""Security groups of a machine (fact limits-security-groups)."""
NEEDED_WITH_IMAGE = ("instance_type", "az", "subnet_id", "security_group_ids", "name")
NEEDED_IN_DRILL = ("subnet_id", "security_group_ids")
ONE_MACHINE_ONLY = ("name", "private_ip")

RESTORE_SPEC: Spec = {
    **CONNECTION_SPEC,
    "machines": {"type": "list", "elements": "dict"},
    "image_id": {"type": "str"},
    "campaign": {"type": "str"},
    "name": {"type": "str"},
    "subnet_id": {"type": "str"},
    "security_group_ids": {"type": "list", "elements": "str"},
    "instance_type": {"type": "str"},
    "az": {"type": "str"},
    "private_ip": {"type": "str"},
    "keep_private_ip": {"type": "bool", "default": False},
    "drill": {"type": "bool", "default": False},
    "allow_missing_disks": {"type": "bool", "default": False},
    "leave_out_tags": {"type": "list", "elements": "str", "default": ["decommission-after"]},
    "max_machines": {"type": "int"},
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "float", "default": 1800.0},
    "poll_interval": {"type": "float", "default": 2.0},
}


def order_of(params: Mapping[str, Any]) -> RestoreOrder:
    """The checked options. Everything that the input alone shows to be wrong is found here, before anything is sent."""
    if (params["machines"] is None) == (params["image_id"] is None):
        raise InputError("Set exactly one of machines (from a manifest) and image_id.")
    options = _restore_options(params)
    _check_combination(params)
    if params["image_id"] is not None:
        image_id = path_id(params["image_id"].strip())
        return RestoreOrder([OldMachine(None, None, image_id=image_id)], [image_id], options)
    machines = parse_machines(params["machines"], "machines")
    _check_count(params, len(machines))
    campaign = params["campaign"]
    if campaign is not None:
        return RestoreOrder(machines, [check_campaign(campaign, "campaign")] * len(machines), options)
    return RestoreOrder(machines, [_origin(machine) for machine in machines], options)


def _restore_options(params: Mapping[str, Any]) -> RestoreOptions:
    groups = params["security_group_ids"]
    if groups is not None:
        groups = parse_ids(groups, "security_group_ids")
        if len(groups) > MAX_GROUPS:
            raise InputError(f"security_group_ids has {len(groups)} members, but an instance can have {MAX_GROUPS} at most.")
    name = _text(params, "name")
    if name is not None and not MACHINE_NAME.fullmatch(name):
        raise InputError(
            f"name is {shown(name)}, but must be 2 to 128 Chinese characters, letters, digits, '_', '-' or '.', without '.' at "
            "its start or end."
        )
    return RestoreOptions(
        name=name,
        subnet_id=_text(params, "subnet_id"),
        security_group_ids=groups,
        instance_type=_text(params, "instance_type"),
        az=_text(params, "az"),
        private_ip=_text(params, "private_ip"),
        keep_private_ip=params["keep_private_ip"],
        drill=params["drill"],
        allow_missing_disks=params["allow_missing_disks"],
        leave_out_tags=tuple(params["leave_out_tags"]),
    )


def _text(params: Mapping[str, Any], option: str) -> str | None:
    value = params[option]
    if value is None:
        return None
    if not value.strip():
        raise InputError(f"{option} is blank: set a value, or remove the option.")
    return str(value).strip()


def _check_combination(params: Mapping[str, Any]) -> None:
    drill = params["drill"]
    needed: tuple[str, ...] = NEEDED_IN_DRILL if drill else ()
    why = "drill=true has no default network, so that the copy cannot be confused with the original"
    if params["image_id"] is not None:
        needed = tuple(option for option in NEEDED_WITH_IMAGE if option != "name" or not drill)
        why = "an image does not contain the properties of its instance"
    missing = [option for option in needed if params[option] is None]
    if missing:
        raise InputError(f"{', '.join(missing)} must be set, because {why}.")
    if params["keep_private_ip"]:
        for option, given in (("drill", drill), ("private_ip", params["private_ip"]), ("subnet_id", params["subnet_id"])):
            if given:
                raise InputError(f"keep_private_ip=true and {option} exclude each other: remove one of them.")
        if params["image_id"] is not None:
            raise InputError(
                "keep_private_ip=true requires a manifest, because an image does not contain the address: set private_ip."
            )


def _check_count(params: Mapping[str, Any], count: int) -> None:
    for option in ONE_MACHINE_ONLY:
        if count > 1 and params[option] is not None:
            raise InputError(
                f"{option} is for one instance, but machines has {count} members: remove it, or restore them one by one."
            )
    cap = params["max_machines"]
    if isinstance(cap, bool) or (cap is not None and cap < 1):
        raise InputError(f"max_machines is {str(cap).lower()}, but must be a whole number, at least 1.")
    if cap is not None and count > cap:
        raise InputError(
            f"machines has {count} members, but max_machines is {cap}, so nothing was made: check the list, or raise "
            "max_machines."
        )


def _origin(machine: OldMachine) -> str:
    """What the marker names where no campaign is given: the image, else a snapshot."""
    snapshots = [snapshot.snapshot_id for snapshot in machine.snapshots]
    return machine.image_id or next(iter(snapshots), "none")
