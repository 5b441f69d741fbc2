# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each stage says: what, in how many lines, and that nothing from the cloud reaches the terminal as it is."""

from __future__ import annotations

import re
from typing import Any
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.prices import from_prices
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.output.lines import (
    MOST,
    finish_lines,
    interrupted_lines,
    plan_lines,
    plan_rows,
    resume_line,
    wave_lines,
)
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.output.table import ROWS
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.report.content import report_of
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.record import Record, stamp
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.steps import plan
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.steps import wave as wave_step
from support.campaign.records import accept, begun, new_record, planned
from support.campaign.reports import sample_report
from support.campaign.results import blocked, failed, later, machine, options, vm_result
from support.json_object import Json

APPROVE = "ansible-playbook site.yml -e vm_decommission_digest=sha256:1"
CODES = ("protected", "running", "local_disk_loss", "prepaid_unexpired", "quota_shortfall", "odd")
HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of letters that move the cursor, change colours, or cannot be shown."""
MANY = options(instance_ids=[f"i-{number}" for number in range(30)], on_blocked="skip", backup="none", waves="1,100%")


def shown(record: Record, *look: Json, preview: bool = True, **more: Any) -> list[str]:
    """The lines of a plan."""
    return plan_lines(record, plan_rows(record, look), preview=preview, where="/r/plan/report.html", approve=APPROVE, **more)


def previewed(wanted: Any, *instances: Json, **more: Any) -> list[str]:
    """The lines of a preview of a campaign over these machines."""
    record = new_record()
    plan.freeze(record, vm_result(instances))
    plan.plan(record, wanted, vm_result(instances), {}, later(5), preview=True)
    return shown(record, *instances, **more)


# --- the plan ---------------------------------------------------------------------------------------------------------


def test_a_preview_shows_the_first_machines_and_how_to_do_exactly_this() -> None:
    lines = previewed(MANY, *(machine(f"i-{number}") for number in range(29)), blocked("i-29", "protected"))
    assert lines[0].endswith(
        "29 of 30 machines would be deleted in 2 waves (1, 28); 1 blocked and left alone. Nothing was changed."
    )
    assert lines[1].split() == ["NAME", "ID", "STATUS", "WAVE", "DISKS", "AND", "ADDRESSES", "BLOCKERS"]
    assert lines[2].split() == ["web", "29", "i-29", "stopped", "protected"]
    assert lines[3].split("  ")[-1].strip() == "disks: 1 deleted, 1 kept; addresses: 1 released"
    assert lines[2 + ROWS] == "and 10 more machines: /r/plan/report.html"
    assert lines[3 + ROWS].startswith("1 blocked: A tag protects it (protected), web 29 (i-29)")
    assert lines[-1] == f"To do exactly this: {APPROVE}"
    assert lines[-2].startswith("Digest: sha256:")


def test_where_blockers_forbid_all_nothing_is_said_to_be_deleted() -> None:
    wanted = options(instance_ids=["i-a", "i-b"], backup="none")
    lines = previewed(wanted, machine("i-a"), blocked("i-b", "protected"))
    assert "it does not begin. 2 machines, 1 blocked. Nothing is changed." in lines[0]
    table = lines[1:4]
    assert "DISKS" not in table[0]
    assert not any(word in line for line in table for word in ("deleted", "released", "kept"))
    assert not any(line.startswith(("Digest", "To do exactly this")) for line in lines)
    assert lines[-1].startswith("1 machine, i-b (protected), cannot be deleted, so nothing at all was changed")


def test_a_run_shows_what_will_become_of_disks_and_asks_for_no_approval() -> None:
    wanted = options(instance_ids=["i-a"], backup="none")
    record, _step = planned(wanted, machine("i-a"))
    lines = shown(record, machine("i-a"), preview=False)
    assert lines[0].endswith("1 of 1 machine will be deleted.")
    assert lines[-1].endswith("disks: 1 deleted, 1 kept; addresses: 1 released")


def test_with_prices_the_table_says_what_each_deletion_saves() -> None:
    machines = (machine("i-a"), blocked("i-b", "protected"))
    wanted = options(instance_ids=["i-a", "i-b"], backup="none", on_blocked="skip")
    _head, heads, stays, goes, *_more = previewed(wanted, *machines, price=from_prices({"instance": 1180, "elastic_ip": 23}))
    assert heads.endswith("SAVES CNY A MONTH  BLOCKERS")
    assert stays.split()[-2:] == ["stopped", "protected"]
    assert goes.endswith(" 1,203.00")
    assert len(goes) == heads.index("  BLOCKERS")
    assert not any("CNY" in line for line in previewed(wanted, *machines))
    assert not any("CNY" in line for line in previewed(wanted, *machines, price=from_prices({})))


def test_a_run_says_in_its_end_why_some_are_blocked() -> None:
    wanted = options(instance_ids=["i-a", "i-b"], backup="none", on_blocked="skip")
    record, _step = planned(wanted, machine("i-a"), blocked("i-b", "protected"))
    lines = shown(record, machine("i-a"), blocked("i-b", "protected"), preview=False)
    assert lines[0].endswith("1 of 2 machines will be deleted; 1 blocked and left alone.")
    assert not any(line.startswith("1 blocked: ") for line in lines)
    report = report_of(record, [], {"outcome": "complete", "message": ""}, preview=False, prices={}, bill=None)
    assert any(line.startswith("1 blocked: A tag protects it") for line in finish_lines(report, path="", go_on="x"))


def test_nothing_selected_is_no_table() -> None:
    assert shown(new_record()) == ["Plan of campaign c: 0 of 0 machines would be deleted. Nothing was changed."]


def test_a_resumed_campaign_says_what_is_left_and_shows_no_more() -> None:
    record = begun(MANY, *(machine(f"i-{number}") for number in range(30)))
    accept(record, "i-0")
    gone = machine("i-0", status="absent")
    wave_step.after_delete(record, MANY, 1, vm_result([gone]), later(30))
    assert resume_line(record).endswith("29 of 30 machines are left.")
    assert "i-0" not in [row["instance_id"] for row in plan_rows(record, [])]
    assert shown(record, preview=False, resumed=True) == [
        resume_line(record),
        "Plan of campaign c in cn-north-1: 29 of 29 machines will be deleted.",
    ]


# --- a wave -----------------------------------------------------------------------------------------------------------


def test_a_wave_gives_counts_and_failures_in_groups() -> None:
    wanted = options(instance_ids=["i-a", "i-b", "i-c", "i-d"], backup="none", waves="3,100%", max_failures=5)
    ids = ["i-a", "i-b", "i-c", "i-d"]
    record = begun(wanted, *(machine(each) for each in ids))
    why = {"operation": "vm.deleteInstance", "http": 403, "status": "PERMISSION_DENIED", "request_id": "r", "code": "api"}
    error = {**why, "message": "vm.deleteInstance failed: no (403): ask."}
    bad = [{**failed(each), "error": error} for each in ("i-b", "i-c")]
    wave_step.after_delete(record, wanted, 1, vm_result([machine("i-a"), *bad]), later(40))
    wave_step.end_wave(record, wanted, 1, later(50))
    assert wave_lines(record, 1) == [
        "Wave 1 of 2, 40 s: of 3 machines 1 deleted, 2 failed. Gone by now: 1 of 4.",
        "2 failed: The service refused a call (api vm.deleteInstance 403 PERMISSION_DENIED), for example web b (i-b)",
        "    vm.deleteInstance failed: no (403): ask.",
    ]


def test_what_stops_a_campaign_is_said_by_its_wave() -> None:
    wanted = options(instance_ids=["i-a", "i-b"], backup="none", waves="1,100%")
    record = begun(wanted, machine("i-a"), machine("i-b"))
    wave_step.after_delete(record, wanted, 1, vm_result([failed("i-a")]), later(40))
    wave_step.end_wave(record, wanted, 1, later(50))
    assert wave_lines(record, 1) == [
        "Wave 1 of 2, 40 s: of 1 machine 1 failed. Gone by now: 0 of 2.",
        "The campaign was stopped after wave 1, since 1 machine, i-a (api), failed and 0 may.",
    ]


# --- the end ----------------------------------------------------------------------------------------------------------


def test_the_end_says_what_is_deleted_what_is_untouched_and_how_to_go_on() -> None:
    wanted = options(instance_ids=["i-a", "i-b"], backup="none", waves="1,100%")
    record = begun(wanted, machine("i-a"), machine("i-b"))
    wave_step.after_delete(record, wanted, 1, vm_result([failed("i-a", status="unverified")]), later(40))
    wave_step.end_wave(record, wanted, 1, later(50))
    record.runs[-1].update(ended=stamp(later(60)), outcome="stopped")
    outcome = {"outcome": "stopped", "message": ""}
    report = report_of(record, [], outcome, preview=False, prices={}, bill=None)
    lines = finish_lines(report, path="/r/report.html", go_on="ansible-playbook site.yml")
    assert lines[0] == "Campaign c: stopped early, of 2 machines 1 failed, 1 not started; 1 min."
    assert "Not known what the last call did to 1 machine: web a (i-a)." in lines
    assert "Left untouched: 1 machine (1 not started)." in lines
    assert lines[-2:] == ["To go on: ansible-playbook site.yml", "Report: /r/report.html"]


def test_machines_that_are_stopped_now_are_named() -> None:
    report = sample_report(30)
    some = [row["instance_id"] for row in report["machines"][:5]]
    lines = finish_lines({**report, "left_stopped": some}, path="", go_on="x")
    line = next(each for each in lines if each.startswith("Stopped by this campaign and stopped still: 5 machines: "))
    assert line.endswith("and 2 more.")


def test_where_there_is_no_room_for_what_to_do_each_reason_takes_one_line() -> None:
    report = sample_report(60, outcome="failed")
    stopped = [row["instance_id"] for row in report["machines"][::2]]
    lines = finish_lines({**report, "left_stopped": stopped, "pointers": []}, path="/r/report.html", go_on="x")
    reasons = [line for line in lines if re.match(r"\d+ (failed|blocked): ", line)]
    assert len(reasons) >= 2
    assert all(", for example " in line or line.startswith("1 ") for line in reasons)
    assert not any(line.startswith(" ") for line in lines)
    assert len(lines) <= MOST


def test_names_that_still_point_to_deleted_machines_are_named_each_once() -> None:
    report = sample_report(2, outcome="complete")
    pointers = [{"name": name} for name in ("a.corp", "b.corp", "a.corp", "c", "d", "e", "f")]
    lines = finish_lines({**report, "pointers": pointers}, path="", go_on="x")
    assert "What still points here: a.corp, b.corp, c, d, e and 1 more." in lines


def test_where_nothing_is_known_to_point_to_them_no_line_says_so() -> None:
    lines = finish_lines({**sample_report(2, outcome="complete"), "pointers": []}, path="", go_on="x")
    assert not any("points here" in line for line in lines)


def test_a_mark_says_what_it_stopped_and_its_end_what_it_started() -> None:
    report = sample_report(2, outcome="complete")
    rows = [{**row, "action": "marked", "status_before": "running", "status": "stopped"} for row in report["machines"]]
    lines = finish_lines({**report, "kind": "mark", "machines": rows, "left_stopped": []}, path="", go_on="x")
    assert any(line.startswith("Stopped by this campaign: 2 machines: ") for line in lines)
    back = [{**row, "action": "unmarked", "status_before": "stopped", "status": "running"} for row in rows]
    lines = finish_lines({**report, "kind": "unmark", "machines": back, "left_stopped": []}, path="", go_on="x")
    assert "of 2 machines 2 unmarked" in lines[0]
    assert any(line.startswith("Started again by this campaign: 2 machines: ") for line in lines)


def test_a_complete_campaign_needs_no_command() -> None:
    report = sample_report(3, outcome="complete")
    assert not any(line.startswith("To go on") for line in finish_lines(report, path="", go_on="x"))


@given(
    machines=st.integers(0, 60),
    seed=st.integers(0, 50),
    names=st.lists(st.text(max_size=80), min_size=1, max_size=5),
    outcome=st.sampled_from(["failed", "stopped", "complete", "blocked", "unfinished", "nothing_to_do"]),
)
def test_no_end_is_longer_than_it_may_be_or_moves_the_cursor(machines: int, seed: int, names: list[str], outcome: str) -> None:
    report = sample_report(machines, seed, names=names, outcome=outcome)
    stopped = [row["instance_id"] for row in report["machines"][::2]]
    lines = finish_lines({**report, "left_stopped": stopped}, path="/r/report.html", go_on="x")
    assert len(lines) <= MOST
    assert not HIDDEN & {category(letter) for line in lines for letter in line}


@given(
    st.lists(
        st.sampled_from(["protected", "running", "local_disk_loss", "prepaid_unexpired", "quota_shortfall", "odd"]), max_size=40
    )
)
def test_no_plan_is_longer_than_its_table_and_its_lines(codes: list[str]) -> None:
    ids = [f"i-{number}" for number in range(len(codes) + 1)]
    wanted = options(instance_ids=ids, on_blocked="skip", backup="none")
    lines = previewed(wanted, machine(ids[0]), *(blocked(each, code) for each, code in zip(ids[1:], codes, strict=True)))
    table = 2 + min(len(ids), ROWS)
    assert len(lines) <= MOST + table


# --- an interruption --------------------------------------------------------------------------------------------------


def write(operation: str, outcome: str = "accepted") -> Json:
    """A write of the journal."""
    return {"operation": operation, "outcome": outcome, "at": stamp(later(20))}


def test_an_interruption_says_what_was_sent_and_how_to_go_on() -> None:
    record = begun(MANY, *(machine(f"i-{number}") for number in range(30)))
    record.stopped = ["i-0"]
    sent = [write("stopInstance"), write("createImage"), write("createImage"), write("deleteInstance", "unclear"), write("odd")]
    lines = interrupted_lines(record, [*sent, {**write("stopInstance"), "at": stamp(later(-5))}], lasts=True, go_on="go")
    assert lines[0] == (
        "Campaign c is interrupted. Sent in this run: 1 stop, 2 images, 1 other call; 1 call without a clear answer."
    )
    assert lines[-1] == "To go on: go"
    assert "web 0 (i-0)" in lines[-2]


@pytest.mark.parametrize(("lasts", "last"), [(True, "To go on: go"), (False, "Its record does not last")])
def test_before_anything_was_sent(lasts: bool, last: str) -> None:
    lines = interrupted_lines(new_record(), [], lasts=lasts, go_on="go")
    assert lines[0].endswith("Sent in this run: nothing.")
    assert lines[-1].startswith(last)
