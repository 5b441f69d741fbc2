# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records of campaigns, as far as a test needs them."""

from __future__ import annotations

from typing import Any

from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.input.decommission_variables import Options
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.record import Record, stamp
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.steps import plan
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.steps import wave as wave_step
from support.campaign.results import (
    NOW,
    later,
    vm_result,
)
from support.json_object import Json


def new_record(kind: str = "absent", **fields: Any) -> Record:
    record = Record("c", kind, {}, stamp(NOW), last=stamp(NOW), **fields)
    record.runs.append({"began": stamp(NOW), "ended": None, "outcome": None})
    return record


def planned(wanted: Options, *instances: Json, backup: Json | None = None) -> tuple[Record, Json]:
    record = new_record()
    plan.freeze(record, vm_result(instances))
    return record, plan.plan(record, wanted, vm_result(instances), backup or {}, later(5), preview=False)


def begun(wanted: Options, *instances: Json) -> Record:
    record, _text = planned(wanted, *instances)
    wave_step.begin_wave(record, wanted, 1, vm_result(instances), later(10))
    return record


def accept(record: Record, *ids: str, likely: tuple[str, ...] = ()) -> None:
    record.accepted = {"surely": dict.fromkeys(ids, stamp(later(20))), "likely": dict.fromkeys(likely, stamp(later(20)))}
