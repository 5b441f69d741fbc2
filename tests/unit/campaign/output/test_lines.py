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
    finish_lines,
    interrupted_lines,
    made_lines,
    plan_lines,
    plan_rows,
    resume_line,
    wave_lines,
)
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.output.reasons import MOST
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
        "29 of 30 instances would be deleted in 2 waves (1, 28); 1 blocked and not changed. Nothing was changed."
    )
    assert lines[1].split() == ["NAME", "ID", "STATUS", "WAVE", "DISKS", "AND", "ELASTIC", "IPS", "BLOCKERS"]
    assert lines[2].split() == ["web", "29", "i-29", "stopped", "protected"]
    assert lines[3].split("  ")[-1].strip() == "disks: 1 deleted, 1 kept; elastic IPs: 1 released"
    assert lines[2 + ROWS] == "and 10 more instances: /r/plan/report.html"
    assert lines[3 + ROWS].startswith("1 blocked: A tag protects it (protected), web 29 (i-29)")
    assert lines[-1] == f"To run exactly this plan: {APPROVE}"
    assert lines[-2].startswith("Digest: sha256:")


def test_where_blockers_forbid_all_nothing_is_said_to_be_deleted() -> None:
    wanted = options(instance_ids=["i-a", "i-b"], backup="none")
    lines = previewed(wanted, machine("i-a"), blocked("i-b", "protected"))
    assert "it does not start. 2 instances, 1 blocked. Nothing was changed." in lines[0]
    table = lines[1:4]
    assert "DISKS" not in table[0]
    assert not any(word in line for line in table for word in ("deleted", "released", "kept"))
    assert not any(line.startswith(("Digest", "To run exactly this plan")) for line in lines)
    assert lines[-1].startswith("1 instance (i-b: protected) cannot be deleted, so nothing was changed")


def test_a_run_shows_what_will_become_of_disks_and_asks_for_no_approval() -> None:
    wanted = options(instance_ids=["i-a"], backup="none")
    record, _step = planned(wanted, machine("i-a"))
    lines = shown(record, machine("i-a"), preview=False)
    assert lines[0].endswith("1 of 1 instance will be deleted.")
    assert lines[-1].endswith("disks: 1 deleted, 1 kept; elastic IPs: 1 released")


def test_with_prices_the_table_says_what_each_deletion_saves() -> None:
    machines = (machine("i-a"), blocked("i-b", "protected"))
    wanted = options(instance_ids=["i-a", "i-b"], backup="none", on_blocked="skip")
    _head, heads, stays, goes, *_more = previewed(wanted, *machines, price=from_prices({"instance": 1180, "elastic_ip": 23}))
    assert heads.endswith("SAVES CNY PER MONTH  BLOCKERS")
    assert stays.split()[-2:] == ["stopped", "protected"]
    assert goes.endswith(" 1,203.00")
    assert len(goes) == heads.index("  BLOCKERS")
    assert not any("CNY" in line for line in previewed(wanted, *machines))
    assert not any("CNY" in line for line in previewed(wanted, *machines, price=from_prices({})))


def test_a_run_says_in_its_end_why_some_are_blocked() -> None:
    wanted = options(instance_ids=["i-a", "i-b"], backup="none", on_blocked="skip")
    record, _step = planned(wanted, machine("i-a"), blocked("i-b", "protected"))
    lines = shown(record, machine("i-a"), blocked("i-b", "protected"), preview=False)
    assert lines[0].endswith("1 of 2 instances will be deleted; 1 blocked and not changed.")
    assert not any(line.startswith("1 blocked: ") for line in lines)
    report = report_of(record, [], {"outcome": "complete", "message": ""}, preview=False, prices={}, bill=None)
    assert any(line.startswith("1 blocked: A tag protects it") for line in finish_lines(report, path="", go_on="x"))


def test_nothing_selected_is_no_table() -> None:
    assert shown(new_record()) == ["Plan of campaign c: 0 of 0 instances would be deleted. Nothing was changed."]


def test_a_resumed_campaign_says_what_is_left_and_shows_no_more() -> None:
    record = begun(MANY, *(machine(f"i-{number}") for number in range(30)))
    accept(record, "i-0")
    gone = machine("i-0", status="absent")
    wave_step.after_delete(record, MANY, 1, vm_result([gone]), later(30))
    assert resume_line(record).endswith("29 of 30 instances are left.")
    assert "i-0" not in [row["instance_id"] for row in plan_rows(record, [])]
    assert shown(record, preview=False, resumed=True) == [
        resume_line(record),
        "Plan of campaign c in cn-north-1: 29 of 29 instances will be deleted.",
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
        "Wave 1 of 2, 40 s: 1 deleted, 2 failed of 3 instances. Gone so far: 1 of 4.",
        "2 failed: The service refused a call (api vm.deleteInstance 403 PERMISSION_DENIED), for example web b (i-b)",
        "    vm.deleteInstance failed: no (403): ask.",
    ]


def test_what_stops_a_campaign_is_said_by_its_wave() -> None:
    wanted = options(instance_ids=["i-a", "i-b"], backup="none", waves="1,100%")
    record = begun(wanted, machine("i-a"), machine("i-b"))
    wave_step.after_delete(record, wanted, 1, vm_result([failed("i-a")]), later(40))
    wave_step.end_wave(record, wanted, 1, later(50))
    assert wave_lines(record, 1) == [
        "Wave 1 of 2, 40 s: 1 failed of 1 instance. Gone so far: 0 of 2.",
        "The campaign was stopped after wave 1, because 1 instance (i-a: api) failed and vm_decommission_max_failures is 0.",
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
    assert lines[0] == "Campaign c: stopped early, 1 failed, 1 not started of 2 instances; 1 min."
    assert "The result of the last call is not known for 1 instance: web a (i-a)." in lines
    assert "Not changed: 1 instance (1 not started)." in lines
    assert lines[-2:] == ["To resume: ansible-playbook site.yml", "Report: /r/report.html"]


def test_machines_that_are_stopped_now_are_named() -> None:
    report = sample_report(30)
    some = [row["instance_id"] for row in report["machines"][:5]]
    lines = finish_lines({**report, "left_stopped": some}, path="", go_on="x")
    line = next(each for each in lines if each.startswith("Stopped by this campaign, still stopped: 5 instances: "))
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
    assert "References to the instances: a.corp, b.corp, c, d, e and 1 more." in lines


def test_where_nothing_is_known_to_point_to_them_no_line_says_so() -> None:
    lines = finish_lines({**sample_report(2, outcome="complete"), "pointers": []}, path="", go_on="x")
    assert not any("References" in line for line in lines)


def test_a_mark_says_what_it_stopped_and_its_end_what_it_started() -> None:
    report = sample_report(2, outcome="complete")
    rows = [{**row, "action": "marked", "status_before": "running", "status": "stopped"} for row in report["machines"]]
    lines = finish_lines({**report, "kind": "mark", "machines": rows, "left_stopped": []}, path="", go_on="x")
    assert any(line.startswith("Stopped by this campaign: 2 instances: ") for line in lines)
    back = [{**row, "action": "unmarked", "status_before": "stopped", "status": "running"} for row in rows]
    lines = finish_lines({**report, "kind": "unmark", "machines": back, "left_stopped": []}, path="", go_on="x")
    assert "2 unmarked of 2 instances" in lines[0]
    assert any(line.startswith("Started again by this campaign: 2 instances: ") for line in lines)


def test_a_complete_campaign_needs_no_command() -> None:
    report = sample_report(3, outcome="complete")
    assert not any(line.startswith("To resume") for line in finish_lines(report, path="", go_on="x"))


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
        "Campaign c is interrupted. Sent in this run: 1 stop, 2 images, 1 other call; 1 call without a clear response."
    )
    assert lines[-1] == "To resume: go"
    assert "web 0 (i-0)" in lines[-2]


@pytest.mark.parametrize(("lasts", "last"), [(True, "To resume: go"), (False, "Without a report directory")])
def test_before_anything_was_sent(lasts: bool, last: str) -> None:
    lines = interrupted_lines(new_record(), [], lasts=lasts, go_on="go")
    assert lines[0].endswith("Sent in this run: nothing.")
    assert lines[-1].startswith(last)


# --- in Chinese -------------------------------------------------------------------------------------------------------


def chinese(report: Json) -> Json:
    """A report of a campaign that prints Chinese."""
    return {**report, "options": {**report["options"], "language": "zh"}}


def test_a_plan_in_chinese_has_chinese_heads_counts_and_advice() -> None:
    wanted = options(instance_ids=["i-a", "i-b"], backup="none", on_blocked="skip", language="zh")
    record = new_record()
    record.options["language"] = "zh"
    both = (machine("i-a"), blocked("i-b", "protected"))
    plan.freeze(record, vm_result(both))
    plan.plan(record, wanted, vm_result(both), {}, later(5), preview=True)
    lines = shown(record, *both)
    assert lines[0] == "下线任务 c 的计划（cn-north-1）：2 台云主机中将删除 1 台；阻断（不处理） 1。未做任何修改。"
    assert lines[1].split() == ["名称", "ID", "状态", "批次", "云硬盘与弹性公网IP", "阻断项"]
    assert lines[3].endswith("云硬盘：删除 1，保留 1；弹性公网IP：释放 1")
    assert lines[4] == "阻断 1 台：受标签保护（protected），web b (i-b)"
    assert lines[5].startswith("    确认可以删除后再移除标签")
    assert lines[5].endswith(both[1]["blockers"][0]["message"])
    assert lines[-1] == f"按此计划执行：{APPROVE}"


def test_a_wave_in_chinese_gives_counts_and_quotes_what_stopped_the_campaign() -> None:
    wanted = options(instance_ids=["i-a", "i-b"], backup="none", waves="1,100%")
    record = begun(wanted, machine("i-a"), machine("i-b"))
    record.options["language"] = "zh"
    wave_step.after_delete(record, wanted, 1, vm_result([failed("i-a")]), later(40))
    wave_step.end_wave(record, wanted, 1, later(50))
    assert wave_lines(record, 1) == ["批次 1/2，用时 40 秒：共 1 台云主机，失败 1。累计已完成 0/2。", f"原因：{record.problem}"]


def test_an_end_in_chinese_says_all_in_chinese() -> None:
    report = chinese(sample_report(60, outcome="failed"))
    lines = finish_lines({**report, "pointers": []}, path="/r/report.html", go_on="ansible-playbook site.yml")
    assert lines[0] == "下线任务 dc-20261125-080000-1f9c：失败，共 60 台云主机，删除 56，阻断 4；用时 24 分 20 秒。"
    assert "每月：节省 6,636.00 元，剩余资源 1,161.60 元。" in lines
    assert lines[-2:] == ["继续执行：ansible-playbook site.yml", "报告：/r/report.html"]
    assert all(re.search("[\u4e00-\u9fff]", line) for line in lines)


def test_an_interruption_in_chinese_says_how_to_resume() -> None:
    record = begun(MANY, *(machine(f"i-{number}") for number in range(30)))
    record.options["language"] = "zh"
    lines = interrupted_lines(record, [write("stopInstance"), write("odd", "unclear")], lasts=True, go_on="go")
    assert lines == [
        "下线任务 c 已中断。本次运行已发送：停止 1 次；结果不明确的请求 1 次。",
        "不再发送请求。已被接受的请求会在云端继续执行。",
        "继续执行：go",
    ]


def test_a_report_that_is_made_again_says_its_outcome_in_its_language() -> None:
    report = sample_report(30)
    assert made_lines(report, "/r/report.html") == [report["message"], "Report: /r/report.html"]
    assert made_lines(chinese(report), "") == ["30 台云主机：已删除 28 台，已阻断 2 台。"]
