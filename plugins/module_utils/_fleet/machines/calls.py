# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The calls that a machine waits for, one for each phase that sends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..._api.calls import Call
from ..._api.fields import PAGE_SIZE
from ..._api.services import vm
from .recovery import disks_to_put_back
from .state import MachineState, Phase


def write_of(state: MachineState, charge_on_stopped: str | None) -> Call[None]:
    """The call that a machine in one of the sending phases waits for."""
    instance_id, changes = state.instance_id, state.decision.disk_changes
    if state.phase is Phase.STOP:
        return vm.stop_instance(instance_id, charge_on_stopped)
    if state.phase is Phase.START:
        return vm.start_instance(instance_id)
    if state.phase is Phase.SET_DISKS:
        return vm.set_disk_auto_delete(instance_id, changes)
    if state.phase is Phase.PUT_BACK:
        return vm.set_disk_auto_delete(instance_id, disks_to_put_back(state))
    return vm.delete_instance(instance_id)


def bulk_look_of(chosen: Sequence[MachineState]) -> Call[Any]:
    """One look at up to a page of machines."""
    return vm.describe_instances(ids=[state.instance_id for state in chosen], page_size=PAGE_SIZE)
