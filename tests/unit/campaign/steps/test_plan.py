# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan of a campaign: what it freezes, and why it holds back."""

from __future__ import annotations

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.steps import plan
from support.campaign.records import new_record, planned
from support.campaign.results import (
    NOW,
    approval_of_machines,
    blocked,
    entry,
    failed,
    later,
    machine,
    manifest,
    not_found,
    options,
    vm_result,
)

A, B, C, D = "i-a", "i-b", "i-c", "i-d"


def test_the_frozen_list_holds_what_may_go_and_nothing_else() -> None:
    record, text = planned(options(on_blocked="skip"), machine(A), blocked(B, "protected"), not_found(C), machine(D))
    assert record.instance_ids == [A, D]
    assert record.digest == approval_of_machines(machine(D), machine(A), on_blocked="skip").digest
    assert text["waves"] == [{"number": 1, "instance_ids": [A]}, {"number": 2, "instance_ids": [D]}]
    assert record.machines[A]["action"] == "not_started"
    assert record.machines[A]["disks"][0]["fate"] is None


def test_a_blocker_of_one_holds_all_back() -> None:
    record, text = planned(options(), machine(A), blocked(B, "protected"))
    assert not text["go"]
    assert record.outcome == "blocked"
    assert "(i-b: protected)" in record.problem


def test_a_plan_that_was_approved_is_this_one_or_none() -> None:
    digest = approval_of_machines(machine(A), machine(B)).digest
    assert planned(options(digest=digest), machine(B), machine(A))[1]["go"]
    with pytest.raises(InputError, match="instead of the approved"):
        planned(options(digest=digest), machine(A))


def test_the_backup_reports_why_there_would_be_none() -> None:
    lacks = blocked(A, "backup_missing")
    reasons = [{"code": "task_in_progress", "message": "An image is being made."}]
    record = new_record()
    plan.freeze(record, vm_result([machine(A)]))
    backup = {"manifest": manifest(entry(A, "blocked", blockers=reasons))}
    plan.plan(record, options(), vm_result([lacks]), backup, NOW, preview=False)
    assert [each["code"] for each in record.machines[A]["blockers"]] == ["task_in_progress"]


def test_backups_that_cannot_be_planned_at_all_end_the_campaign_with_the_reason() -> None:
    record = new_record()
    plan.freeze(record, vm_result([machine(A)]))
    ended = {"manifest": None, "failed": True, "msg": "12 instances match, and max_instances is 10."}
    with pytest.raises(InputError, match=r"^12 instances match, and vm_decommission_max_instances is 10\.$"):
        plan.plan(record, options(), vm_result([blocked(A, "backup_missing")]), ended, NOW, preview=False)


def test_a_machine_that_is_blocked_anyway_is_not_also_reported_as_running_without_backup() -> None:
    record = new_record()
    plan.freeze(record, vm_result([blocked(A, "protected")]))
    plan.plan(record, options(), vm_result([blocked(A, "protected", "running", "backup_missing")]), {}, NOW, preview=False)
    assert [each["code"] for each in record.machines[A]["blockers"]] == ["protected"]


def test_a_machine_that_the_backup_would_stop_is_not_reported_as_running() -> None:
    record = new_record()
    plan.freeze(record, vm_result([machine(A)]))
    backup = {"manifest": manifest(entry(A, "blocked", blockers=[{"code": "quota_shortfall", "message": "No room."}]))}
    look = vm_result([blocked(A, "running", "backup_missing")])
    plan.plan(record, options(stop_running=True), look, backup, NOW, preview=False)
    assert [each["code"] for each in record.machines[A]["blockers"]] == ["quota_shortfall"]


@pytest.mark.parametrize(
    ("codes", "advice"),
    [
        (("running",), "stop the running instances first, or set vm_decommission_stop_running to true."),
        (("protected",), "remove the causes."),
        (("protected", "running"), "remove the causes."),
    ],
)
def test_a_refusal_says_what_to_do_about_machines_that_only_run(codes: tuple[str, ...], advice: str) -> None:
    record, text = planned(options(), blocked(A, *codes))
    assert not text["go"]
    assert record.problem.endswith(f"so nothing was changed: {advice}")


def test_a_quota_shortfall_is_reported_with_its_numbers() -> None:
    backup = {
        "manifest": manifest(entry(A, "blocked", blockers=[{"code": "quota_shortfall", "message": "No room."}])),
        "quota": {"images": {"limit": 5, "used": 5, "left": 0, "needed": 1}, "snapshots": None},
    }
    record, text = planned(options(), machine(A), backup=backup)
    assert not text["go"]
    assert "too small for the backups of 1 of 1 instances (1 images needed, 0 left of 5)" in record.problem


def test_nothing_found_with_other_keys_is_no_deletion() -> None:
    record, _text = planned(options(), machine(A))
    other = {"source": "environment", "access_key_suffix": "9999", "region": "cn-north-1"}
    with pytest.raises(InputError, match="keys of the same account"):
        plan.freeze(record, {**vm_result([not_found(A)]), "account": other})
    plan.freeze(record, {**vm_result([machine(A)]), "account": other})


@pytest.mark.parametrize("on_blocked", ["fail", "skip"])
def test_a_machine_that_hangs_since_an_earlier_run_keeps_nothing_else_back_either(on_blocked: str) -> None:
    wanted = options(on_blocked=on_blocked)
    record, _first = planned(wanted, machine(A), machine(B))
    look = vm_result([failed(A, "timeout", status="stopping"), machine(B)])
    plan.freeze(record, look)
    result = plan.plan(record, wanted, look, {}, later(60), preview=False)
    assert record.instance_ids == [A, B]
    assert result["go"] is (on_blocked == "skip")
    # Its wave tries it again.
    assert [each for wave in result["waves"] for each in wave["instance_ids"]] == [A, B]


@pytest.mark.parametrize("on_blocked", ["fail", "skip"])
def test_a_machine_that_hangs_is_a_blocker_like_any_other(on_blocked: str) -> None:
    record, result = planned(options(on_blocked=on_blocked), failed(A, "timeout", status="stopping"), machine(B))
    assert [each["code"] for each in record.machines[A]["blockers"]] == ["transitional"]
    assert record.machines[A]["action"] == "blocked"
    assert result["go"] is (on_blocked == "skip")
    assert record.instance_ids == [B]
