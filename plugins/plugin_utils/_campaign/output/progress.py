# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the progress of a module says in a campaign: which wave, what is done, how many instances are deleted. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ....module_utils._fleet.common.progress import Part
from ..._language.text import Speaker, language_of, word_of
from ..state.machine_entry import is_gone
from ..state.record import Record, read_stamp

_DOING = {
    "jdcloud_vm": "deleting",
    "jdcloud_vm_backup": "backing up",
    "jdcloud_tag": "tagging",
    "jdcloud_disk": "deleting disks",
    "jdcloud_elastic_ip": "releasing elastic IPs",
}
_STATES = {"stopped": "stopping", "running": "starting"}


def speaker_of(record: Record) -> Speaker:
    """Says things in the language of a campaign."""
    return Speaker(language_of(record.options))


def part_of(record: Record, place: str, module: str, arguments: Mapping[str, Any], now: datetime, *, looks: bool = False) -> Part:
    """What a run of a module is a part of. `place` is how the present stage is called; `looks`: nothing is changed."""
    doing = "looking" if looks else _STATES.get(str(arguments.get("state")), _DOING.get(module, "reading"))
    gone = sum(is_gone(record.machines[each]) for each in record.instance_ids)
    seconds = (now - read_stamp(record.runs[-1]["began"])).total_seconds()
    deletes = module == "jdcloud_vm" and doing == "deleting"
    speak = speaker_of(record)
    title = word_of("place", place or "campaign").said(speak.language)
    return Part(title, doing, gone, len(record.instance_ids), deletes, max(0.0, seconds), speak.language)


def place_of(record: Record, number: int) -> str:
    """How a wave is called."""
    return speaker_of(record)("wave.place", number=number, all=max(1, len(record.waves)))
