# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which look serves a wave: that of the plan, its own, and the last one of its backups."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.record import Record, record_from
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.steps import finish, plan
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.steps import wave as wave_step
from support.campaign.records import accept, begun, planned
from support.campaign.results import (
    ACCOUNT,
    SUMMARY,
    blocked,
    disk,
    entry,
    later,
    machine,
    manifest,
    not_found,
    options,
    vm_result,
)
from support.json_object import Json

A, B = "i-a", "i-b"
WHOLE = options(waves="100%", elastic_ips="release")
HOOK = "/etc/hooks/before.yml"


def kept(*instances: Json, wanted: Any = WHOLE) -> Record:
    """A campaign whose plan looked at these machines."""
    record, _plan = planned(wanted, *instances)
    wave_step.keep_look(record, wanted, record.wave(1), vm_result(instances), later(5))
    return record


def test_the_scope_that_the_plans_look_gives_a_wave_is_that_of_a_look_of_its_own() -> None:
    record, own = kept(machine(A), machine(B)), begun(WHOLE, machine(A), machine(B))
    look = wave_step.kept_look(record, 1, later(10))
    assert look is not None
    assert wave_step.begin_wave(record, WHOLE, 1, look, later(10))["instance_ids"] == [A, B]
    assert [record.machines[each] for each in (A, B)] == [own.machines[each] for each in (A, B)]
    assert record.wave(1) == own.wave(1)


def test_it_survives_the_file_and_serves_once() -> None:
    record = record_from(json.loads(json.dumps(kept(machine(A)).as_json())))
    assert wave_step.kept_look(record, 1, later(10)) is not None
    assert wave_step.kept_look(record, 1, later(10)) is None


@pytest.mark.parametrize(("number", "seconds"), [(1, 35.1), (1, 4), (2, 10)])
def test_a_look_that_is_old_of_the_future_or_of_another_wave_serves_no_wave(number: int, seconds: float) -> None:
    record = kept(machine(A))
    assert wave_step.kept_look(record, number, later(seconds)) is None
    assert record.look == {}


@pytest.mark.parametrize("hook", ["on_plan", "before_wave"])
def test_a_wave_looks_again_after_tasks_of_the_user(hook: str) -> None:
    assert kept(machine(A), wanted=options(waves="100%", **{hook: HOOK})).look == {}


@pytest.mark.parametrize("choice", [{"exclude": "keep=*"}, {"instance_ids": "", "name": ["web a", "web b"]}])
def test_a_wave_looks_again_where_only_that_finds_that_a_machine_is_not_meant_any_more(choice: Json) -> None:
    assert kept(machine(A), wanted=options(**{"waves": "100%", **choice})).look == {}


@pytest.mark.parametrize("other", [blocked(B, "protected"), not_found(B)])
def test_a_wave_looks_again_unless_all_of_its_machines_may_go(other: Json) -> None:
    record, _plan = planned(WHOLE, machine(A), machine(B))
    wave_step.keep_look(record, WHOLE, record.wave(1), vm_result([machine(A), other]), later(5))
    assert record.look == {}


def backed_up(*entries: Json, account: Json = ACCOUNT) -> Json:
    """A result of `jdcloud_vm_backup`."""
    return {"account": account, "summary": SUMMARY, "manifest": manifest(*entries)}


def seen(instance_id: str, disks: list[Json], *elastic_ip_ids: str, **fields: Any) -> Json:
    """A machine of a manifest, as it was seen last."""
    addresses = [{"elastic_ip_id": each, "address": None} for each in elastic_ip_ids]
    return entry(instance_id, disks=disks, specification={"elastic_ips": addresses}, **fields)


def test_what_was_taken_away_during_the_backup_is_let_go_also_by_a_killed_run() -> None:
    record = begun(WHOLE, machine(A))
    assert wave_step.narrow_to_backup(record, options(), backed_up(seen(A, [disk("vol-ak", "kept")])), [A]) == []
    assert any("i-a lost disks or elastic IPs" in note for note in record.notes)
    accept(record, A)
    plan.freeze(record, vm_result([not_found(A)]))
    plan.plan(record, WHOLE, vm_result([not_found(A)]), {}, later(61), preview=False)
    assert finish.owed(record, WHOLE) == {"elastic_ip_ids": [], "disk_ids": []}


def test_what_is_there_still_stays_in_the_scope() -> None:
    record = begun(WHOLE, machine(A))
    before = json.dumps(record.machines[A]["scope"])
    assert (
        wave_step.narrow_to_backup(
            record, options(), backed_up(seen(A, [disk("vol-a", None), disk("vol-ak", None)], "fip-a")), [A]
        )
        == []
    )
    assert json.dumps(record.machines[A]["scope"]) == before


@pytest.mark.parametrize("unread", [{"disks": []}, {"specification": None}, {"specification": {"instance_type": "g"}}])
def test_a_machine_that_the_backup_could_not_read_once_more_is_looked_at(unread: Json) -> None:
    record = begun(WHOLE, machine(A), machine(B))
    result = backed_up(
        seen(A, [disk("vol-a", None), disk("vol-ak", None)], "fip-a"), {**seen(B, [disk("vol-b", None)]), **unread}
    )
    assert wave_step.narrow_to_backup(record, options(), result, [A, B]) == [B]
    assert len(record.machines[B]["scope"]["disks"]) == 2


def test_a_backup_by_another_account_ends_the_campaign() -> None:
    record = begun(WHOLE, machine(A))
    record.account["pin"] = "111111111111"
    other = {**ACCOUNT, "pin": "222222222222"}
    with pytest.raises(InputError, match="keys belong to account 222222222222"):
        wave_step.narrow_to_backup(record, options(), backed_up(seen(A, [disk("vol-a", None)]), account=other), [A])
