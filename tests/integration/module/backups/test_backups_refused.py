# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""jdcloud_vm_backup and the other modules that make backups: refusals, quotas, check mode."""

from __future__ import annotations

import pytest

from support.integration.backups import backup, image_of, made_of, marked, marker, seed
from support.integration.cloud import Cloud, running, stopped
from support.json_object import Json

A, B, C = "i-aaaa000001", "i-bbbb000001", "i-cccc000001"


DATA: Json = {"id": "vol-data000001", "size": 20}


POWER: Json = {"stop_running": True, "start_again": True}


# --- refused ------------------------------------------------------------------------------------------------------


def test_one_blocked_machine_holds_back_all_and_nothing_is_stopped(cloud: Cloud) -> None:
    seed(cloud, running(A), stopped(B, tags={"jdcloud-protect": "x"}), stopped(C, status="starting", task="x"))
    ended = backup(cloud, A, B, stop_running=True)
    assert ended.failed
    assert not ended.changed
    assert ended.actions == {A: "none", B: "blocked"}
    assert ended.codes(instance_id=B) == ["protected"]
    assert ended.msg == (
        f"1 of 2 instances cannot be backed up, so nothing was changed: {B} (protected); remove the causes, or set on_blocked "
        "to skip to continue with the others."
    )
    assert cloud.writes() == []
    assert cloud.status(A) == "running"


def test_on_blocked_skip_does_the_others_and_is_no_failure(cloud: Cloud) -> None:
    seed(cloud, running(A), stopped(B, tags={"jdcloud-protect": "x"}))
    ended = backup(cloud, A, B, stop_running=True, on_blocked="skip")
    assert not ended.failed
    assert ended.actions == {A: "created", B: "blocked"}
    assert made_of(cloud) == [A]


def test_a_foreign_image_task_blocks(cloud: Cloud) -> None:
    seed(cloud, stopped(A), more={"images": [image_of(A, description="by hand", status="pending")]})
    ended = backup(cloud, A)
    assert ended.failed
    assert ended.codes() == ["task_in_progress"]
    assert "img-old0000001" in ended.only["blockers"][0]["message"]
    assert cloud.writes() == []


def test_a_local_system_disk_of_a_running_machine_blocks_unless_it_is_stopped(cloud: Cloud) -> None:
    seed(cloud, running(A, system_disk="local"))
    ended = backup(cloud, A)
    assert ended.failed
    assert ended.codes() == ["running"]
    done = backup(cloud, A, stop_running=True)
    assert not done.failed
    assert [disk["disk_id"] for disk in done.image["disks"]] == [None]
    assert done.only["uncovered_disks"] == []


def test_twins_by_name_are_refused_and_listed(cloud: Cloud) -> None:
    seed(cloud, stopped(A, name="twin"), stopped(B, name="twin"))
    ended = backup(cloud, name="twin")
    assert ended.failed
    assert A in ended.msg
    assert B in ended.msg
    assert cloud.writes() == []


def test_more_machines_than_the_cap_are_refused(cloud: Cloud) -> None:
    seed(cloud, *(stopped(f"i-many00000{number}", tags={"env": "x"}) for number in range(3)))
    ended = backup(cloud, tags={"env": "x"}, max_instances=2)
    assert ended.failed
    assert "max_instances" in ended.msg
    assert cloud.writes() == []


def test_an_id_that_does_not_exist_is_reported_and_holds_back_the_others(cloud: Cloud) -> None:
    seed(cloud, stopped(A))
    ended = backup(cloud, A, "i-none000001")
    assert ended.failed
    assert ended.machine("i-none000001")["error"]["code"] == "not_found"
    assert ended.machine("i-none000001")["status_before"] == "absent"
    assert made_of(cloud) == []
    skipped = backup(cloud, A, "i-none000001", on_blocked="skip")
    assert skipped.failed
    assert made_of(cloud) == [A]
    assert skipped.summary["not_found"] == 1


def test_start_again_without_a_stop_and_a_stop_without_waiting_are_refused(cloud: Cloud) -> None:
    seed(cloud, running(A))
    assert "stop_running=true" in backup(cloud, A, start_again=True).msg
    assert "exclude each other" in backup(cloud, A, stop_running=True, wait=False).msg
    assert cloud.calls() == []


# --- quotas -------------------------------------------------------------------------------------------------------


def test_a_batch_beyond_the_quota_is_refused_with_all_numbers_before_anything_is_stopped(cloud: Cloud) -> None:
    seed(cloud, running(A), stopped(B, disks=[DATA]), stopped(C), quotas={"images": 2, "snapshots": 2})
    ended = backup(cloud, A, B, C, stop_running=True)
    assert ended.failed
    assert not ended.changed
    assert ended.msg == (
        "The quotas are too small for this batch (3 images needed, 2 left of 2; 4 snapshots needed, 2 left of 2), so nothing "
        f"was changed; 2 of 3 instances fit ({A}, {C}): have the quotas raised, delete backups that you no longer need, or set "
        "on_shortfall to fit to back up the instances that fit."
    )
    assert ended.result["quota"] == {
        "images": {"limit": 2, "used": 0, "left": 2, "needed": 3},
        "snapshots": {"limit": 2, "used": 0, "left": 2, "needed": 4},
        "fits": [A, C],
        "does_not_fit": [B],
    }
    assert ended.actions == {A: "none", B: "blocked", C: "none"}
    assert ended.codes(instance_id=B) == ["quota_shortfall"]
    assert cloud.writes() == []
    assert cloud.status(A) == "running"


@pytest.mark.parametrize("check", [True, False])
def test_the_part_that_fits_is_done_on_request_and_the_rest_is_listed(cloud: Cloud, check: bool) -> None:
    seed(cloud, running(A), running(B, disks=[DATA]), stopped(C), quotas={"images": 2, "snapshots": 2})
    ended = backup(cloud, A, B, C, on_shortfall="fit", check=check, **POWER)
    assert not ended.failed
    assert ended.changed
    assert ended.actions == {A: "created", B: "blocked", C: "created"}
    assert ended.codes(instance_id=B) == ["quota_shortfall"]
    assert ended.summary == {"selected": 3, "changed": 2, "created": 2, "blocked": 1, "stopped": 1, "started": 1}
    assert made_of(cloud) == ([] if check else [A, C])
    assert [entry["resources"] for entry in cloud.calls("vm.stopInstance")] == ([] if check else [[A]])


def test_what_an_earlier_try_stopped_is_started_again_also_when_no_quota_is_left_for_its_backup(cloud: Cloud) -> None:
    seed(cloud, stopped(A), quotas={"images": 0})
    ended = backup(cloud, A, on_shortfall="fit", stopped_before=[A], **POWER)
    assert ended.actions == {A: "blocked"}
    assert cloud.status(A) == "running"
    assert ended.only["started_by_us"]


def test_a_quota_taken_by_another_user_between_look_and_use_fails_those_and_does_the_others(cloud: Cloud) -> None:
    seed(cloud, stopped(A), stopped(B), stopped(C), quotas={"images": 3})
    cloud.control.act("set_quotas", "", images=2, when={"operation": "vm.createImage", "resource": "*", "nth": 1})
    ended = backup(cloud, A, B, C)
    assert ended.failed
    assert sorted(ended.actions.values()) == ["created", "created", "failed"]
    (failed,) = [machine for machine in ended.manifest["machines"] if machine["action"] == "failed"]
    assert failed["error"]["code"] == "quota_exceeded"
    assert failed["error"]["status"] == "QUOTA_EXCEEDED"
    assert ended.summary["created"] == 2
    assert len(marked(cloud)) == 2
    assert ended.manifest["state"] == "incomplete"


# --- check mode ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["image", "snapshots", "both"])
@pytest.mark.parametrize("power", [{}, {"stop_running": True}, POWER], ids=["as it is", "stop", "stop and start"])
def test_check_mode_sends_nothing_and_predicts_names_actions_and_counts(cloud: Cloud, method: str, power: Json) -> None:
    images = [image_of(B, "img-b", description=marker(B))]
    seed(cloud, running(A, disks=[DATA], local_disks=1), stopped(B), more={"images": images})
    options = {"method": method, "max_age": 12, **power}
    preview = backup(cloud, A, B, check=True, **options)
    done = backup(cloud, A, B, **options)
    assert not done.failed
    assert done.planned == preview.planned
    assert preview.manifest["state"] == "planned"
    assert done.manifest["state"] == "complete"


@pytest.mark.parametrize("case", ["protected", "shortfall"])
def test_check_mode_fails_as_the_run_would(cloud: Cloud, case: str) -> None:
    seed(cloud, stopped(A), quotas={"images": 0} if case == "shortfall" else {})
    if case == "protected":
        cloud.control.act("protect", A)
    preview, done = backup(cloud, A, check=True), backup(cloud, A)
    assert preview.failed
    assert preview.msg == done.msg
    assert preview.planned == done.planned
