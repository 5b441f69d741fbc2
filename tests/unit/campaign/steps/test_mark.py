# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Marking machines for a later deletion."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.steps import mark
from support.campaign.records import new_record
from support.campaign.results import (
    NOW,
    approval,
    machine,
    options,
    vm_result,
)

A, B, C, D = "i-a", "i-b", "i-c", "i-d"


@pytest.mark.parametrize(("kind", "step"), [("mark", mark.plan_mark), ("unmark", mark.plan_unmark)])
def test_marking_holds_to_an_approved_list_too(kind: str, step: Any) -> None:
    look = vm_result([machine(each, "tagged", tags_before={}) for each in (A, B)])
    record = new_record(kind)
    both = approval(B, A, state=kind).digest
    step(record, options(state=kind, digest=both), look, NOW)
    assert record.digest == both
    one = options(state=kind, digest=approval(A, state=kind).digest)
    with pytest.raises(InputError, match="instead of the approved"):
        step(new_record(kind), one, look, NOW)


def test_other_days_of_grace_than_were_approved_are_refused_by_their_name() -> None:
    look = vm_result([machine(A, "tagged", tags_before={})])
    approved = approval(A, state="mark", grace_days=14).digest
    with pytest.raises(InputError, match="vm_decommission_grace_days is 7, but was 14 when it was approved"):
        mark.plan_mark(new_record("mark"), options(state="mark", digest=approved), look, NOW)


@pytest.mark.parametrize(
    ("status", "tag", "kept"),
    [
        ("stopped", "2026-01-08", True),
        ("running", "2026-01-08", False),
        ("running", "2026-11-25", False),
        ("running", "2026-12-01", True),
        ("stopped", "soon", False),
    ],
)
def test_an_old_due_tag_gives_what_runs_its_whole_grace_again(status: str, tag: str, kept: bool) -> None:
    look = vm_result([machine(A, "tagged", status=status, tags_before={"decommission-after": tag})])
    record = new_record()
    text = mark.plan_mark(record, options(stop_running=True, grace_days=7), look, NOW)
    assert record.machines[A]["due_date"] == (tag if kept else "2026-12-02")
    assert any("decommission-after" in group["set"] for group in text["groups"]) is not kept


def test_marking_never_stops_what_runs() -> None:
    assert options(due_only=True, stop_running=True).stop_running is False
    assert options(stop_running=True).stop_running is True


@pytest.mark.parametrize(("action", "outcome"), [("tagged", "ok"), ("failed", "failed"), ("blocked", "failed")])
def test_who_was_left_out_from_the_beginning_is_no_failure_of_marking(action: str, outcome: str) -> None:
    """Only what became of those that were to be marked counts."""
    look = vm_result([machine(A, "tagged", tags_before={}), machine(B, "blocked", tags_before={})])
    record = new_record("mark")
    mark.plan_mark(record, options(state="mark", on_blocked="skip"), look, NOW)
    done = mark.after_tags(record, [vm_result([machine(A, action)])], NOW)
    assert record.timeline[-1]["outcome"] == outcome
    assert done["bad"] == ([B] if action == "tagged" else [A, B])
