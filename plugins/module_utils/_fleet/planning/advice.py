# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to do about machines that run, or that no backup covers. Pure. It never names an option that the others exclude."""

from __future__ import annotations

from ..._api.model.instance import Instance
from ..evidence.proof import Demand
from .policy import Policy

USUAL_AGE = 24.0
"""Hours; the default of the role vm_backup."""


def running_advice(policy: Policy) -> str:
    """What to do about a machine that runs and is to be deleted."""
    if policy.demand is not None:
        return f"stop it and back it up first ({_role(policy.demand)} does both), then delete it"
    # stop_running needs to wait for the stop.
    return "stop it first, or set stop_running to true" if policy.may_stop else "stop it first"


def backup_advice(machine: Instance, policy: Policy, *, left_out: bool) -> str:
    """What to do about a disk that nothing covers; `left_out`: a good image exists, and does not hold it."""
    demand = policy.demand or Demand("image", USUAL_AGE)
    if machine.status == "error":
        # Nothing can stop it, and only what was made of a stopped machine counts.
        return (
            "no new backup of a machine in 'error' counts, so save its data with jdcloud_snapshot, then delete it with "
            "require_backup=none"
        )
    again = f"back it up first, while it is stopped ({_role(demand)})"
    if not left_out:
        return again
    if any(disk.system and disk.category == "local" for disk in machine.disks):
        return f"{again}; if the new image leaves the disk out, too, save its data by other means"
    return f"{again}; if the new image leaves the disk out, too, make snapshots and set require_backup to snapshots"


def _role(demand: Demand) -> str:
    """The role that makes what is demanded, with the variables that differ from their defaults."""
    wanted = {
        "vm_backup_method": None if demand.method == "image" else demand.method,
        "vm_backup_campaign": demand.campaign,
        "vm_backup_max_age": f"{demand.max_age:g}" if demand.max_age < USUAL_AGE else None,
    }
    variables = [f"{name}={value}" for name, value in wanted.items() if value is not None]
    return "role vm_backup" + (f" with {', '.join(variables)}" if variables else "")
