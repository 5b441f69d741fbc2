# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""In which order waves are done: each once a run, and none before those ahead of it. Pure."""

from __future__ import annotations

from typing import Any

from ....module_utils._api.errors import InputError
from ..state import machine_entry
from ..state.record import Record


def open_waves(record: Record) -> list[dict[str, Any]]:
    """The waves in which something is left to do."""
    waves = []
    for wave in record.waves:
        ids = [instance_id for instance_id in wave.instance_ids if not machine_entry.is_gone(record.machines[instance_id])]
        if ids and wave.state != "not_started":
            waves.append({"number": wave.number, "instance_ids": ids})
    return waves


def try_wave(record: Record, number: int) -> None:
    """Note that a wave is tried now. Raises `InputError` unless it is its turn, since any task can name any wave."""
    which = f"Wave {number} of campaign {record.campaign}"
    if not 1 <= number <= max(1, len(record.waves)):
        raise InputError(f"{which} does not exist, so nothing was done: use a wave of the plan.")
    if number <= record.tried:
        raise InputError(f"{which} was already tried in this run, so nothing was done: run again.")
    if record.waves and record.wave(number).state == "not_started":
        raise InputError(f"{which} is beyond the last wave of this run, so nothing was done.")
    earlier = [each["number"] for each in open_waves(record) if record.tried < each["number"] < number]
    if earlier:
        raise InputError(f"{which} comes after wave {earlier[0]}, so nothing was done: run the waves in their order.")
    record.tried = number
