# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a campaign says of what failed, is not known, was left stopped or differs from what was approved."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.wire.journal import Write
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.report.content import report_of
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.digest import Difference, difference
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.ingest import refuse_early_end
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.record import Record
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.sent_writes import removed_by, stopped_by
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.store import Store
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.steps import finish, plan, wave
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.steps.begin import open_campaign
from support.campaign.records import accept, begun, new_record, planned
from support.campaign.results import (
    NOW,
    approval,
    approval_of_machines,
    blocked,
    disk,
    entry,
    failed,
    later,
    machine,
    manifest,
    not_found,
    options,
    vm_result,
)
from support.json_object import Json

A, B, C = "i-a", "i-b", "i-c"


def in_doubt(instance_id: str) -> Json:
    """A machine whose delete was not clearly answered, and that could not be read."""
    row = failed(instance_id, "unverified", status="unverified", changed=True)
    for each in [*row["disks"], *row["elastic_ips"]]:
        each["fate"] = "unverified"
    return row


def report(record: Record, wanted: Any) -> Json:
    finished = finish.finish(record, wanted, later(99), preview=False)
    return report_of(record, [], finished, preview=False, prices={}, bill=None)


# --- a delete of which it is not known what came of it ------------------------------------------------------------


def doubtful() -> tuple[Record, Json]:
    wanted = options(elastic_ips="release")
    record = begun(wanted, machine(A))
    accept(record, likely=(A,))
    wave.after_delete(record, wanted, 1, vm_result([in_doubt(A)], msg="1 of 1 instances failed."), later(30))
    return record, report(record, wanted)


def test_a_machine_in_doubt_is_failed_and_changed() -> None:
    (row,) = doubtful()[1]["machines"]
    assert (row["action"], row["status"], row["changed"]) == ("failed", "unverified", True)


def test_what_may_remain_of_a_machine_in_doubt_is_left() -> None:
    left = doubtful()[1]["left"]
    assert [each["disk_id"] for each in left["disks"]] == ["vol-a", "vol-ak"]


def test_nothing_of_a_machine_in_doubt_is_released() -> None:
    record, _report = doubtful()
    assert finish.owed(record, options(elastic_ips="release")) == {"elastic_ip_ids": [], "disk_ids": []}


def test_the_last_sentence_says_what_is_not_known() -> None:
    assert "The effect of the last call on i-a" in doubtful()[1]["message"]


def test_a_campaign_with_a_machine_in_doubt_stays_open() -> None:
    assert doubtful()[0].open


def test_the_next_run_finds_that_it_is_gone_by_our_delete() -> None:
    record, _report = doubtful()
    plan.freeze(record, vm_result([not_found(A)]))
    plan.plan(record, options(), vm_result([not_found(A)]), {}, later(121), preview=False)
    assert (record.machines[A]["action"], record.machines[A]["accepted"]) == ("deleted", True)


def test_the_next_run_finds_that_it_is_there_still() -> None:
    record, _report = doubtful()
    plan.freeze(record, vm_result([machine(A)]))
    text = plan.plan(record, options(), vm_result([machine(A)]), {}, later(121), preview=False)
    assert text["waves"] == [{"number": 1, "instance_ids": [A]}]


def test_a_machine_whose_stop_is_in_doubt_counts_as_changed() -> None:
    record = begun(options(), machine(A))
    error = {"code": "unverified", "message": "The stop was sent."}
    failing = entry(A, "failed", status="unverified", error=error)
    wave.after_backup(record, 1, manifest(failing), "It failed.", later(20))
    assert (record.machines[A]["changed"], record.machines[A]["status"]) == (True, "unverified")


# --- machines that were left stopped --------------------------------------------------------------------------------


def stopped_and_failed() -> tuple[Record, Json]:
    record = begun(options(), machine(A))
    error = {"code": "backup_failed", "message": "It failed."}
    wave.after_backup(record, 1, manifest(entry(A, "failed", stopped_by_us=True, error=error)), "It failed.", later(20))
    record.stopped = [A]
    return record, report(record, options())


def test_machines_that_a_failure_left_stopped_are_named() -> None:
    assert stopped_and_failed()[1]["message"].endswith("Stopped by this campaign and left stopped: i-a.")


def test_the_report_lists_machines_that_were_left_stopped() -> None:
    assert stopped_and_failed()[1]["left_stopped"] == [A]


def test_machines_that_were_stopped_and_are_gone_are_not_called_left_stopped() -> None:
    record, _report = stopped_and_failed()
    record.machines[A].update(status="absent", action="deleted")
    assert finish.left_stopped(record) == []


def write(operation: str, resource: str, outcome: str = "accepted") -> Write:
    return Write(datetime(2026, 1, 1, tzinfo=UTC), 0.1, "cn-north-1", "vm", operation, (resource,), outcome)


@pytest.mark.parametrize(
    ("writes", "stopped"),
    [
        ([("stopInstance", "accepted")], True),
        ([("stopInstance", "unclear")], True),
        ([("stopInstance", "refused")], False),
        ([("stopInstance", "accepted"), ("startInstance", "accepted")], False),
        ([("stopInstance", "accepted"), ("startInstance", "refused")], True),
    ],
)
def test_the_journal_tells_what_was_stopped_and_not_started_again(writes: list[tuple[str, str]], stopped: bool) -> None:
    assert stopped_by([write(operation, A, outcome) for operation, outcome in writes]) == ([A] if stopped else [])


def test_the_journal_tells_what_was_removed() -> None:
    writes = [write("deleteDisk", "vol-a"), write("deleteElasticIp", "fip-a"), write("deleteDisk", "vol-b", "unclear")]
    assert removed_by(writes) == ["fip-a", "vol-a"]


# --- counts ---------------------------------------------------------------------------------------------------------


def test_an_image_that_is_ready_and_not_proven_is_no_backup_made() -> None:
    record = begun(options(), machine(A))
    image = {"image_id": "img-a", "status": "ready", "created": None, "campaign": "c", "action": "failed"}
    error = {"code": "incomplete", "message": "It does not hold vol-a."}
    wave.after_backup(record, 1, manifest(entry(A, "failed", image=image, error=error)), "", later(20))
    totals = report(record, options())["totals"]
    assert (totals["backups_made"], totals["backups_reused"], totals["left_images"]) == (0, 0, 1)


# --- what differs from what was approved ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("approved", "now", "others", "found"),
    [
        ("abc", "ab", "c", Difference((), ("c",))),
        ("ab", "abc", "", Difference(("c",), ())),
        ("abd", "abc", "d", Difference(("c",), ("d",))),
        ("abcdefgh", "a", "bcdefgh", Difference((), tuple("bcdefgh"))),
        ("xyz", "abc", "", None),
    ],
)
def test_which_machines_make_the_difference(approved: str, now: str, others: str, found: Difference | None) -> None:
    assert difference(approval(*approved).digest, approval(*now), dict.fromkeys(others, frozenset())) == found


def test_a_long_list_is_not_searched_for_ever() -> None:
    ids = [f"i-{number}" for number in range(20_000)]
    assert difference(approval("i-x").digest, approval(*ids), {}) is None


def test_a_digest_that_does_not_fit_names_the_machines_that_differ() -> None:
    thin: Json = {"disks": [disk("vol-b", "deleted")], "elastic_ips": []}
    plan = approval_of_machines(machine(A), machine(B, **thin), on_blocked="skip")
    approved = options(digest=plan.digest, on_blocked="skip")
    with pytest.raises(InputError, match=r"i-b \(protected\) can no longer be deleted and i-c was added since"):
        planned(approved, machine(A), {**blocked(B, "protected"), **thin}, machine(C))


# --- the plan -------------------------------------------------------------------------------------------------------


def hanging(instance_id: str) -> Json:
    return failed(instance_id, "timeout", status="stopping", status_before="stopping")


def test_a_machine_that_hangs_in_a_transition_does_not_hold_up_the_others_where_blocked_ones_are_skipped() -> None:
    _record, text = planned(options(on_blocked="skip"), machine(A), hanging(B))
    assert text["waves"] == [{"number": 1, "instance_ids": [A]}]


def test_a_machine_that_hangs_in_a_transition_is_reported_as_blocked() -> None:
    record, _text = planned(options(on_blocked="skip"), machine(A), hanging(B))
    assert [each["code"] for each in record.machines[B]["blockers"]] == ["transitional"]


def test_a_machine_that_hangs_in_a_transition_holds_all_back_otherwise() -> None:
    assert not planned(options(), machine(A), hanging(B))[1]["go"]


def test_a_machine_that_failed_for_another_reason_holds_all_back_in_any_case() -> None:
    assert not planned(options(on_blocked="skip"), machine(A), failed(B))[1]["go"]


def test_a_cap_is_reported_with_the_name_of_the_variable() -> None:
    text = "The selection matches 12 instances, more than max_instances of 10; select fewer, or set max_instances to 12."
    with pytest.raises(InputError, match="more than vm_decommission_max_instances of 10.* set vm_decommission_max_instances to"):
        refuse_early_end({"msg": text})


def test_what_the_backup_advises_is_reported_with_the_variables_of_the_campaign() -> None:
    record = begun(options(), machine(A))
    text = "The quotas have no room: set vm_backup_on_shortfall to fit, or raise vm_backup_wait_timeout."
    wave.after_backup(record, 1, {}, text, later(20))
    message = record.machines[A]["error"]["message"]
    assert message.endswith("set vm_decommission_on_blocked to skip, or raise vm_decommission_wait_timeout.")


SHORT = "The quotas are too small for it (1 images and 1 snapshots; the whole batch: 2 images needed, 1 left of 5): remove some."


def test_a_quota_shortfall_that_is_skipped_is_reported_with_its_numbers() -> None:
    wanted = options(on_blocked="skip")
    short = machine(B, "blocked", blockers=[{"code": "quota_shortfall", "message": SHORT}])
    record, _text = planned(wanted, machine(A), short)
    assert "Quotas: 2 images needed, 1 left of 5." in report(record, wanted)["message"]


def test_a_quota_shortfall_next_to_other_reasons_is_reported_with_its_numbers() -> None:
    short = machine(B, "blocked", blockers=[{"code": "quota_shortfall", "message": SHORT}])
    quota = {"images": {"needed": 2, "left": 1, "limit": 5, "used": 4}, "snapshots": None}
    record, _text = planned(options(), blocked(A, "protected"), short, backup={"quota": quota})
    assert "2 images needed, 1 left of 5" in record.problem


# --- the folder -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("preview", [True, False])
def test_a_folder_whose_parent_is_missing_is_refused_by_preview_and_run(tmp_path: Path, preview: bool) -> None:
    wanted = options(report_dir=str(tmp_path / "missing" / "reports"))
    place = tmp_path / "preview" if preview else tmp_path / "missing" / "reports"
    (tmp_path / "preview").mkdir()
    with pytest.raises(InputError, match="vm_decommission_report_dir cannot be written .No such file or directory."):
        open_campaign(Store(str(place)), wanted, NOW, "token", preview=preview)


@pytest.mark.parametrize("preview", [True, False])
def test_a_folder_that_is_a_file_is_refused_by_preview_and_run(tmp_path: Path, preview: bool) -> None:
    (tmp_path / "reports").write_text("")
    (tmp_path / "preview").mkdir()
    place = tmp_path / ("preview" if preview else "reports")
    with pytest.raises(InputError, match="vm_decommission_report_dir cannot be written"):
        open_campaign(Store(str(place)), options(report_dir=str(tmp_path / "reports")), NOW, "token", preview=preview)


def test_a_preview_makes_no_folder(tmp_path: Path) -> None:
    (tmp_path / "preview").mkdir()
    open_campaign(Store(str(tmp_path / "preview")), options(report_dir=str(tmp_path / "new")), NOW, "token", preview=True)
    assert not (tmp_path / "new").exists()


def test_a_new_record_has_nothing_left_stopped() -> None:
    assert finish.left_stopped(new_record()) == []
