# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The jobs of the pattern find_idle: a list with its costs, its approval, and marks on exactly that list; what a plan saves."""

from __future__ import annotations

from typing import Any

import pytest

from support.integration.awx import Awx, Job, answers
from support.integration.cloud import stopped
from support.json_object import Json

pytestmark = pytest.mark.foreign

IDLE, BUSY, LATER = "i-aaaa000001", "i-bbbb000002", "i-cccc000003"


def instance(instance_id: str, load: str) -> Json:
    return {"id": instance_id, "launched": "-90d", "monitor": {"load": load}, "fee": 80}


def find(awx: Awx, *words: str, **given: Any) -> tuple[Json, Job]:
    """The first job of the workflow. Returns the answers, which every job of the workflow gets, and the job."""
    answered = answers("find_idle", find_idle_regions="cn-north-1", **given)
    return answered, awx.job("find_idle", "find", answered, *(words or ("--check",)))


def is_marked(awx: Awx, instance_id: str) -> bool:
    """Whether an instance carries the mark."""
    return any(tag["key"] == "decommission-after" for tag in (awx.cloud.control.resource(instance_id) or {}).get("tags") or ())


def test_exactly_what_was_approved_is_marked_and_stopped(awx: Awx) -> None:
    awx.seed(instance(IDLE, "idle"), instance(BUSY, "busy"))
    answered, found = find(awx)
    assert not found.failed, found.output
    assert awx.cloud.writes() == []
    assert "1 idle instance can be deleted: " in found.output
    awx.cloud.control.add({"regions": {"cn-north-1": {"instances": [instance(LATER, "idle")]}}})
    marked = awx.job("find_idle", "mark", {**found.artifacts, **answered})
    assert not marked.failed, marked.output
    assert {each: is_marked(awx, each) for each in (IDLE, BUSY, LATER)} == {IDLE: True, BUSY: False, LATER: False}
    assert (awx.cloud.control.resource(IDLE) or {})["status"] == "stopped"


def test_a_list_larger_than_the_cap_fails_before_the_approval(awx: Awx) -> None:
    awx.seed(instance(IDLE, "idle"), instance(LATER, "idle"))
    _answered, found = find(awx, find_idle_max_instances=1)
    assert found.failed
    assert "more than find_idle_max_instances (1)" in found.output
    assert "decommission_plan" not in found.artifacts


def test_without_a_plan_nothing_is_marked(awx: Awx) -> None:
    awx.seed(instance(BUSY, "busy"))
    answered, found = find(awx)
    assert not found.failed, found.output
    marked = awx.job("find_idle", "mark", {**found.artifacts, **answered})
    assert marked.failed
    assert "The approved plan is missing" in marked.output
    assert awx.cloud.writes() == []


@pytest.mark.parametrize(("words", "regions"), [(("-v",), "cn-north-1"), (("--check",), "cn-north-1,cn-east-2")])
def test_the_first_job_only_plans_and_in_one_region(awx: Awx, words: tuple[str, ...], regions: str) -> None:
    awx.seed(instance(IDLE, "idle"))
    job = awx.job("find_idle", "find", answers("find_idle", find_idle_regions=regions), *words)
    assert job.failed
    assert "This playbook only plans" in job.output
    assert awx.cloud.calls() == []


def test_a_plan_of_a_deletion_says_what_it_saves_before_it_is_approved(awx: Awx) -> None:
    awx.seed({**stopped(IDLE), "fee": 80})
    answered = answers("decommission_fleet", decommission_instance_ids=IDLE, vm_decommission_waves="100%")
    plan = awx.job("decommission_fleet", "plan", {**answered, "vm_decommission_bill": True}, "--check")
    assert not plan.failed, plan.output
    money = plan.artifacts["decommission"]["money"]
    assert (money["source"], money["currency"]) == ("bill", "CNY")
    assert money["saved"] >= 80
    assert f"{money['saved']:,.2f} CNY" in plan.output
