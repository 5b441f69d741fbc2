# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The totals of a preview are those of the run that follows it, and totals count what they say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.input.decommission_variables import Options
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.report.totals import totals_of
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.machine_entry import new_entry
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.record import Record, stamp
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.steps import finish, mark, plan
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.steps import wave as wave_step
from support.campaign.results import NOW, blocked, entry, later, machine, manifest, not_found, options, vm_result
from support.json_object import Json
from support.search import examples


@dataclass(frozen=True)
class Fleet:
    """Machines by what they are, and which of their backups exist already."""

    states: tuple[str, ...]
    reused: tuple[bool, ...]
    backup: str

    def ids(self) -> list[str]:
        """One id for each."""
        return [f"i-{number}" for number in range(len(self.states))]

    def look(self, *ids: str) -> Json:
        """What `jdcloud_vm` would do with some of them."""
        return vm_result([self._seen(each) for each in ids])

    def entries(self, *ids: str, real: bool) -> Iterator[Json]:
        """What `jdcloud_vm_backup` would do, or did."""
        for each in ids:
            number = int(each[2:])
            if self.states[number] not in ("stopped", "running") or self.backup == "none":
                continue
            action = "reused" if self.reused[number] else "created"
            text: Json = {"action": action, "status": "ready", "created": stamp(NOW), "campaign": "c"}
            known = real or self.reused[number]
            yield entry(
                each,
                action,
                stopped_by_us=self.states[number] == "running",
                image={**text, "image_id": f"img-{each}" if known else None} if self.backup != "snapshots" else None,
                snapshots=[{**text, "status": "available", "snapshot_id": f"s-{each}" if known else None}]
                if self.backup != "image"
                else [],
            )

    def writes(self, *ids: str) -> Iterator[Json]:
        """What the journal holds after some of them are gone."""
        for each in self.entries(*ids, real=True):
            for made, operation, resource in (
                (each["image"], "createImage", each["instance_id"]),
                (each["snapshots"], "createSnapshot", f"vol-{each['instance_id'][2:]}"),
            ):
                if made and each["action"] == "created":
                    yield write(operation, resource)
        for instance_id in ids:
            if self.states[int(instance_id[2:])] == "running":
                yield write("stopInstance", instance_id)

    def _seen(self, instance_id: str) -> Json:
        state = self.states[int(instance_id[2:])]
        if state == "blocked":
            # It has a backup, of which nothing will be made use.
            return blocked(instance_id, "protected") | {"backups": [existing(instance_id)]}
        if state == "unknown":
            return not_found(instance_id)
        # Besides what is planned, the module lists whatever else would count.
        return machine(instance_id, status_before=state, backups=[existing(instance_id), existing(instance_id)])


def existing(instance_id: str) -> Json:
    """An image that was there before."""
    return {"type": "image", "id": f"old-{instance_id}", "status": "ready", "created": stamp(NOW), "campaign": "before"}


def write(operation: str, resource: str, outcome: str = "accepted") -> Json:
    """A write as a report lists it."""
    return {"operation": operation, "resources": [resource], "outcome": outcome}


def campaign(fleet: Fleet, wanted: Options, *, preview: bool) -> Json:
    """The totals after a preview, or after a run in which all goes as planned."""
    record = Record("c", "absent", {}, stamp(NOW), last=stamp(NOW))
    record.runs.append({"began": stamp(NOW), "ended": None, "outcome": None})
    predicted = {"manifest": manifest(*fleet.entries(*fleet.ids(), real=False))} if fleet.backup != "none" else {}
    plan.freeze(record, fleet.look(*fleet.ids()))
    text = plan.plan(record, wanted, fleet.look(*fleet.ids()), predicted, later(5), preview=preview)
    writes: list[Json] = []
    for wave in text["waves"] if text["go"] and not preview else []:
        ids = wave["instance_ids"]
        wave_step.begin_wave(record, wanted, wave["number"], fleet.look(*ids), later(10))
        if fleet.backup != "none":
            made = manifest(*fleet.entries(*ids, real=True))
            wave_step.after_backup(record, wave["number"], made, "", later(20))
        writes += fleet.writes(*ids)
        gone = vm_result([machine(each, backups=[]) for each in ids])
        wave_step.after_delete(record, wanted, wave["number"], gone, later(30))
        wave_step.end_wave(record, wanted, wave["number"], later(40))
    finish.finish(record, wanted, later(50), preview=preview)
    return totals_of(list(record.machines.values()), writes, preview=preview)


@examples(60, 150)
@given(
    machines=st.lists(
        st.tuples(st.sampled_from(["stopped", "running", "blocked", "unknown"]), st.booleans()), min_size=1, max_size=8
    ),
    backup=st.sampled_from(["none", "image", "snapshots", "both"]),
    on_blocked=st.sampled_from(["fail", "skip"]),
    waves=st.sampled_from(["1", "2,50%", "1,10%,100%"]),
)
def test_each_total_of_a_preview_is_that_of_the_run(
    machines: list[tuple[str, bool]], backup: str, on_blocked: str, waves: str
) -> None:
    states, reused = zip(*machines, strict=True)
    fleet = Fleet(states, reused, backup)
    wanted = options(on_blocked=on_blocked, waves=waves, backup=backup, stop_running="true")
    assert campaign(fleet, wanted, preview=True) == campaign(fleet, wanted, preview=False)


def test_a_preview_predicts_backups_and_stops() -> None:
    """As reported: of 30 machines, 19 run, and none has a backup."""
    fleet = Fleet(("running",) * 19 + ("stopped",) * 11, (False,) * 30, "image")
    totals = campaign(fleet, options(stop_running="true", backup="image"), preview=True)
    assert {name: totals[name] for name in ("backups_made", "backups_reused", "stopped", "left_images")} == {
        "backups_made": 30,
        "backups_reused": 0,
        "stopped": 19,
        "left_images": 30,
    }


def test_an_image_that_failed_is_no_backup_that_was_made() -> None:
    record = Record("c", "absent", {}, stamp(NOW), last=stamp(NOW))
    record.runs.append({"began": stamp(NOW), "ended": None, "outcome": None})
    fleet, wanted = Fleet(("stopped",), (False,), "image"), options(backup="image")
    plan.freeze(record, fleet.look("i-0"))
    plan.plan(record, wanted, fleet.look("i-0"), {}, later(5), preview=False)
    wave_step.begin_wave(record, wanted, 1, fleet.look("i-0"), later(10))
    (text,) = fleet.entries("i-0", real=True)
    text["image"]["status"] = "error"
    wave_step.after_backup(record, 1, manifest({**text, "action": "failed"}), "", later(20))
    totals = totals_of(list(record.machines.values()), [write("createImage", "i-0")], preview=False)
    assert (totals["backups_made"], totals["backups_reused"]) == (0, 0)


@pytest.mark.parametrize(("action", "total"), [("stopped", "stopped"), ("started", "started")])
def test_a_preview_of_a_mark_predicts_what_it_stops_or_starts_again(action: str, total: str) -> None:
    record = Record("c", "mark", {}, stamp(NOW), last=stamp(NOW))
    record.machines = {"i-0": new_entry(machine("i-0", "none"))}
    mark.after_power(record, vm_result([machine("i-0", action)]), NOW)
    assert totals_of(list(record.machines.values()), [], preview=True)[total] == 1
