# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each result means for the record of a campaign, and what may be done next."""

from __future__ import annotations

import json

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state import machine_entry
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.record import record_from
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.steps import finish, plan
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.steps import wave as wave_step
from support.campaign.records import accept, begun, new_record, planned
from support.campaign.results import (
    blocked,
    disk,
    entry,
    failed,
    later,
    machine,
    manifest,
    not_found,
    options,
    release_results,
    vm_result,
)
from support.json_object import Json

A, B, C, D = "i-a", "i-b", "i-c", "i-d"
RELEASING = options(elastic_ips="release")


@pytest.mark.parametrize(
    ("kind", "actions", "preview", "message"),
    [
        ("absent", ["deleted"], False, "1 of 1 instance is deleted."),
        (
            "absent",
            ["deleted", "deleted", "none", "blocked"],
            False,
            "2 of 4 instances are deleted, 1 was already gone or never existed, 1 is blocked.",
        ),
        ("absent", ["none", "none"], False, "0 of 2 instances are deleted, 2 were already gone or never existed."),
        ("absent", ["deleted", "not_started"], False, "1 of 2 instances is deleted, 1 waits for a later run."),
        (
            "absent",
            ["deleted", "blocked", "blocked"],
            True,
            ("1 of 3 instances would be deleted, 2 are blocked. Digest: sha256:x."),
        ),
        ("mark", ["marked", "none"], False, "1 of 2 instances is marked, 1 was already marked."),
        ("mark", ["marked", "marked"], True, "2 of 2 instances would be marked. Digest: sha256:x."),
        ("unmark", ["unmarked", "none", "none"], False, "1 of 3 instances is unmarked, 2 were not marked."),
        ("unmark", [], False, "Nothing is selected, so there is nothing to do."),
    ],
)
def test_the_last_sentence_tells_what_was_done_with_how_many(kind: str, actions: list[str], preview: bool, message: str) -> None:
    record = new_record(kind=kind, digest="sha256:x")
    for number, action in enumerate(actions):
        record.machines[f"i-{number}"] = machine_entry.new_entry(machine(f"i-{number}", action))
    finished = finish.finish(record, options(on_blocked="skip"), later(9), preview=preview)
    assert finished["message"] == message
    assert not finished["failed"]
    assert (finished["outcome"] == "planned") is preview


def test_what_is_written_down_for_a_wave_is_what_the_machines_have_then() -> None:
    record, _text = planned(options(), machine(A))
    text = wave_step.begin_wave(record, options(), 1, vm_result([machine(A, disks=[disk("vol-new", "kept")])]), later(9))
    assert text["go"]
    assert text["disk_ids"] == ["vol-new"]
    assert text["elastic_ip_ids"] == ["fip-a"]
    assert [each["disk_id"] for each in record.machines[A]["scope"]["disks"]] == ["vol-new"]


@pytest.mark.parametrize("on_blocked", ["fail", "skip"])
def test_a_machine_that_got_blocked_since_the_plan_holds_its_wave_back_unless_skipped(on_blocked: str) -> None:
    wanted = options(on_blocked=on_blocked, waves="100%")
    record, _text = planned(wanted, machine(A), machine(B))
    text = wave_step.begin_wave(record, wanted, 1, vm_result([machine(A), blocked(B, "protected")]), later(9))
    assert text["go"] is (on_blocked == "skip")
    assert bool(record.problem) is (on_blocked == "fail")
    assert record.machines[B]["action"] == "blocked"
    assert record.machines[A]["scope"] is None or on_blocked == "skip"


def test_a_wave_that_cannot_be_planned_is_not_begun() -> None:
    record, _text = planned(options(), machine(A))
    text = wave_step.begin_wave(record, options(), 1, {"instances": [], "msg": "No network.", "account": {}}, later(9))
    assert not text["go"]
    assert record.outcome == "stopped"
    assert "No network." in record.problem


def test_no_wave_begins_after_the_campaigns_time() -> None:
    wanted = options(campaign_timeout="60")
    record, _text = planned(wanted, machine(A))
    assert not wave_step.begin_wave(record, wanted, 1, vm_result([machine(A)]), later(61))["go"]
    assert "ran for more than 60 s" in record.problem


def test_without_a_folder_the_scope_must_be_on_the_disks() -> None:
    refused = {"msg": "No right to tag.", "disks": [{"disk_id": "vol-ak", "action": "failed"}]}
    record = begun(options(), machine(A))
    assert wave_step.after_mark(record, 1, refused, later(11), durable=True) == {"go": True}
    assert record.machines[A]["scope"] is not None
    assert any("No right to tag." in note for note in record.notes)
    assert wave_step.after_mark(record, 1, refused, later(11), durable=False) == {"go": False}
    assert record.machines[A]["scope"] is None
    assert record.outcome == "stopped"
    assert (record.wave(1).state, record.wave(1).began) == ("planned", None)


def test_only_what_has_a_proven_backup_is_deleted() -> None:
    record = begun(options(waves="100%"), machine(A), machine(B), machine(C))
    error = {"code": "timeout", "operation": None, "http": None, "status": None, "message": "Not ready.", "request_id": None}
    text = wave_step.after_backup(
        record, 1, manifest(entry(A), entry(B, "failed", error=error)), ("2 instances failed."), later(30)
    )
    assert text["instance_ids"] == [A]
    assert record.machines[B]["error"]["code"] == "timeout"
    assert record.machines[C]["error"]["code"] == "backup_failed"


def test_what_was_deleted_is_owed_what_it_was_to_take_along() -> None:
    record = begun(options(), machine(A))
    accept(record, A)
    hanging = failed(
        A, "elastic_ip_not_released", "absent", elastic_ips=[{"elastic_ip_id": "fip-a", "address": None, "fate": "kept"}]
    )
    hanging["disks"] = [disk("vol-a", "kept"), disk("vol-ak", "kept")]
    text = wave_step.after_delete(record, RELEASING, 1, vm_result([hanging], msg="1 instance failed."), later(40))
    assert text == {"elastic_ip_ids": ["fip-a"], "disk_ids": ["vol-a"]}
    finish.after_release(record, 1, [release_results({"vol-a": "in-recyclebin"}, {"fip-a": "absent"})], later(50))
    assert record.machines[A]["action"] == "deleted"
    assert finish.owed(record, RELEASING) == {"elastic_ip_ids": [], "disk_ids": []}


def test_a_deletion_that_died_after_it_had_sent_something_is_not_said_to_be_not_tried() -> None:
    record = begun(options(waves="100%"), machine(A), machine(B), machine(C))
    accept(record, A, likely=(B,))
    died: Json = {"failed": True, "msg": "MODULE FAILURE"}
    assert wave_step.after_delete(record, RELEASING, 1, died, later(40)) == {"elastic_ip_ids": [], "disk_ids": []}
    told = {each: (row["status"], row["error"]["code"], row["changed"]) for each, row in record.machines.items()}
    assert told == {
        A: ("unverified", "unverified", True),
        B: ("unverified", "unverified", True),
        C: ("stopped", "not_tried", False),
    }
    assert "The effect of the last call on i-a, i-b" in finish.finish(record, RELEASING, later(41), preview=False)["message"]


def test_nothing_is_owed_while_the_machine_is_there() -> None:
    """Its delete was accepted, and what it was to take along may be in use still."""
    record = begun(options(), machine(A))
    accept(record, A)
    hanging = failed(A, "timeout", "deleting")
    owed = wave_step.after_delete(record, RELEASING, 1, vm_result([hanging], msg="1 instance failed."), later(40))
    assert owed == {"elastic_ip_ids": [], "disk_ids": []}


def test_nothing_is_owed_to_a_machine_that_another_user_deleted() -> None:
    record = begun(options(), machine(A))
    wave_step.after_delete(record, RELEASING, 1, vm_result([not_found(A)]), later(40))
    assert record.machines[A]["action"] == "none"
    assert finish.owed(record, RELEASING) == {"elastic_ip_ids": [], "disk_ids": []}


@pytest.mark.parametrize("surely", [True, False])
def test_a_machine_that_a_killed_run_deleted_is_ours_and_what_it_was_to_take_along_is_owed(surely: bool) -> None:
    wanted = options()
    record = begun(wanted, machine(A), machine(B))
    resumed = record_from(json.loads(json.dumps(record.as_json())))
    accept(resumed, *([A] if surely else []), likely=() if surely else (A,))
    plan.freeze(resumed, vm_result([not_found(A), machine(B)]))
    text = plan.plan(resumed, wanted, vm_result([not_found(A), machine(B)]), {}, later(101), preview=False)
    assert [wave["instance_ids"] for wave in text["waves"]] == [[B]]
    assert resumed.machines[A]["action"] == "deleted"
    assert resumed.machines[A]["name"] == "web a"
    assert finish.owed(resumed, RELEASING) == {"elastic_ip_ids": ["fip-a"], "disk_ids": ["vol-a"]}
    assert set(finish.to_verify(resumed)["disk_ids"]) == {"vol-a", "vol-ak"}
    finish.verify(resumed, [release_results({"vol-a": "absent", "vol-ak": "available"}, {"fip-a": "absent"})], later(110))
    fates = [each["fate"] for each in (*resumed.machines[A]["disks"], *resumed.machines[A]["elastic_ips"])]
    assert fates == ["deleted", "kept", "released"]


def test_a_lost_answer_counts_for_nothing_while_the_machine_is_there() -> None:
    record = begun(options(), machine(A))
    accept(record, likely=(A,))
    wave_step.after_delete(record, RELEASING, 1, vm_result([failed(A)], msg="1 failed."), later(40))
    assert record.machines[A]["accepted"] is False
    assert finish.owed(record, RELEASING)["elastic_ip_ids"] == []


def test_too_many_failures_end_the_campaign_before_the_next_wave() -> None:
    record = begun(options(), machine(A), machine(B))
    wave_step.after_delete(record, RELEASING, 1, vm_result([failed(A)], msg="1 failed."), later(40))
    assert wave_step.end_wave(record, options(), 1, later(41)) == {"go": False}
    finished = finish.finish(record, options(), later(42), preview=False)
    assert finished["failed"]
    assert finished["outcome"] == "stopped"
    assert record.open
    assert "stopped after wave 1" in finished["message"]
    assert "1 instance was not started" in finished["message"]


def test_failures_of_the_last_wave_fail_the_campaign() -> None:
    record = begun(options(), machine(A))
    wave_step.after_delete(record, RELEASING, 1, vm_result([failed(A)], msg="1 failed."), later(40))
    assert wave_step.end_wave(record, options(), 1, later(41)) == {"go": True}
    assert finish.finish(record, options(), later(42), preview=False)["outcome"] == "failed"


def test_a_complete_campaign_is_closed() -> None:
    record = begun(options(), machine(A))
    accept(record, A)
    wave_step.after_delete(record, RELEASING, 1, vm_result([machine(A)]), later(40))
    wave_step.end_wave(record, options(), 1, later(41))
    finished = finish.finish(record, options(), later(42), preview=False)
    assert (finished["outcome"], finished["failed"], record.open) == ("complete", False, False)


def test_an_answer_from_another_region_is_refused() -> None:
    record = begun(options(), machine(A))
    elsewhere = {**vm_result([machine(A)]), "account": {"region": "cn-east-2"}}
    with pytest.raises(InputError, match="belongs to region cn-north-1"):
        wave_step.after_delete(record, RELEASING, 1, elsewhere, later(40))


@pytest.mark.parametrize(
    "change", [{"format": "other"}, {"digest": "sha256:0"}, {"instance_ids": [A, B]}, {"machines": {}}, {"waves": [1]}]
)
def test_a_damaged_record_is_refused(change: Json) -> None:
    raw = {**begun(options(), machine(A)).as_json(), **change}
    with pytest.raises(ValueError, match="."):
        record_from(json.loads(json.dumps(raw)))


def test_a_disk_or_address_that_was_taken_away_after_the_wave_began_is_let_go() -> None:
    """Another user wants to keep it: it was taken off the machine while that was stopped or backed up."""
    record = begun(RELEASING, machine(A))
    less = machine(A, disks=[disk("vol-ak", "kept")], elastic_ips=[])
    wave_step.before_delete(record, options(), vm_result([less]), [A])
    accept(record, A)
    text = wave_step.after_delete(record, RELEASING, 1, vm_result([less]), later(40))
    assert text == {"elastic_ip_ids": [], "disk_ids": []}
    assert any("i-a lost disks or elastic IPs" in note for note in record.notes)


@pytest.mark.parametrize(("variables", "goes"), [({}, [A]), ({"exclude": "team=red"}, [])])
def test_what_the_look_after_a_backup_does_not_show_goes_only_where_a_module_checks_the_choice(
    variables: Json, goes: list[str]
) -> None:
    """It may be excluded by now, and nothing else would see that."""
    record = begun(options(**variables), machine(A))
    unread = {**vm_result([]), "failed": True, "msg": "No answer."}
    assert wave_step.before_delete(record, options(**variables), unread, [A]) == {"instance_ids": goes}
    assert (record.machines[A]["action"] == "failed") is (goes == [])
    if not goes:
        assert record.machines[A]["error"]["message"] == "It could not be read again after its backup: No answer."


def test_a_machine_that_is_excluded_by_now_does_not_go_whatever_else_the_look_says_of_it() -> None:
    wanted = options(exclude="team=red")
    record = begun(wanted, machine(A))
    red = machine(A, "blocked", tags={"team": "red"})
    assert wave_step.before_delete(record, wanted, vm_result([red]), [A]) == {"instance_ids": []}
    assert record.machines[A]["blockers"][0]["code"] == "selector_mismatch"


@pytest.mark.parametrize(("variables", "goes"), [({}, [A]), ({"exclude": "team=red"}, [])])
@pytest.mark.parametrize("look", [blocked(A, "unreadable"), failed(A)])
def test_what_the_look_after_a_backup_could_not_judge_goes_only_where_a_module_checks_the_choice(
    variables: Json, goes: list[str], look: Json
) -> None:
    """Its tags may be what could not be read, and another red one would go."""
    record = begun(options(**variables), machine(A))
    assert wave_step.before_delete(record, options(**variables), vm_result([look]), [A]) == {"instance_ids": goes}
    assert (record.machines[A]["action"] == look["action"]) is (goes == [])


def test_a_machine_that_went_during_its_backup_is_no_machine_of_another_name() -> None:
    wanted = options(name=["web a", "web b"], instance_ids=None)
    record = begun(wanted, machine(A))
    gone = not_found(A)
    assert wave_step.before_delete(record, wanted, vm_result([gone]), [A]) == {"instance_ids": [A]}


def test_what_the_deleting_run_did_not_see_on_the_machine_is_not_owed() -> None:
    record = begun(RELEASING, machine(A))
    accept(record, A)
    less = machine(A, disks=[disk("vol-ak", "kept")], elastic_ips=[])
    assert wave_step.after_delete(record, RELEASING, 1, vm_result([less]), later(40)) == {"elastic_ip_ids": [], "disk_ids": []}


def test_a_killed_run_owes_only_what_was_there_at_the_last_look() -> None:
    record = begun(RELEASING, machine(A))
    wave_step.before_delete(record, options(), vm_result([machine(A, disks=[disk("vol-ak", "kept")], elastic_ips=[])]), [A])
    accept(record, A)
    plan.freeze(record, vm_result([not_found(A)]))
    plan.plan(record, RELEASING, vm_result([not_found(A)]), {}, later(61), preview=False)
    assert finish.owed(record, RELEASING) == {"elastic_ip_ids": [], "disk_ids": []}


def test_a_machine_that_goes_already_keeps_what_was_written_down_for_it() -> None:
    record = begun(RELEASING, machine(A))
    accept(record, A)
    leaving = machine(A, status_before="deleting", disks=[disk("vol-ak", "kept")], elastic_ips=[])
    text = wave_step.after_delete(record, RELEASING, 1, vm_result([leaving]), later(40))
    assert text == {"elastic_ip_ids": ["fip-a"], "disk_ids": ["vol-a"]}


def test_what_this_run_is_to_keep_is_kept_whatever_the_options_of_the_run_before() -> None:
    record = begun(RELEASING, machine(A))
    accept(record, A)
    plan.freeze(record, vm_result([not_found(A)]))
    plan.plan(record, RELEASING, vm_result([not_found(A)]), {}, later(61), preview=False)
    assert finish.owed(record, RELEASING) == {"elastic_ip_ids": ["fip-a"], "disk_ids": ["vol-a"]}
    assert finish.owed(record, options(elastic_ips="keep", disks="keep")) == {"elastic_ip_ids": [], "disk_ids": []}


@pytest.mark.parametrize("on_blocked", ["fail", "skip"])
def test_a_machine_that_got_blocked_in_the_last_wave_fails_the_campaign_unless_skipped(on_blocked: str) -> None:
    wanted = options(on_blocked=on_blocked)
    record = begun(wanted, machine(A))
    wave_step.after_delete(record, wanted, 1, vm_result([blocked(A, "changed_since_plan")]), later(40))
    wave_step.end_wave(record, wanted, 1, later(41))
    finished = finish.finish(record, wanted, later(42), preview=False)
    assert finished["failed"] is (on_blocked == "fail")
    assert record.open is (on_blocked == "fail")
    assert ("(i-a: changed_since_plan) failed or are blocked" in finished["message"]) is (on_blocked == "fail")


@pytest.mark.parametrize(
    ("field", "value", "text"), [("region", "cn-east-2", "region"), ("access_key_suffix", "9999", "account")]
)
def test_resources_that_another_account_does_not_know_are_not_gone(field: str, value: str, text: str) -> None:
    record = begun(RELEASING, machine(A))
    accept(record, A)
    place = {"source": "environment", "access_key_suffix": "0001", "region": "cn-north-1", field: value}
    with pytest.raises(InputError, match=text):
        finish.after_release(record, 1, [release_results(elastic_ips={"fip-a": "absent"}, account=place)], later(50))


def test_a_disk_that_was_to_be_kept_and_is_gone_after_a_killed_run_is_a_failure() -> None:
    record = begun(RELEASING, machine(A))
    accept(record, A)
    plan.freeze(record, vm_result([not_found(A)]))
    plan.plan(record, RELEASING, vm_result([not_found(A)]), {}, later(61), preview=False)
    seen = release_results(disks={"vol-a": "absent", "vol-ak": "absent"}, elastic_ips={"fip-a": "absent"})
    finish.verify(record, [seen], later(62))
    assert record.machines[A]["error"]["code"] == "fate_mismatch"
    assert "vol-ak" in record.machines[A]["error"]["message"]
    assert finish.finish(record, RELEASING, later(63), preview=False)["failed"]
