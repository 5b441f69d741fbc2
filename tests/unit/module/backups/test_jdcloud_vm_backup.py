# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`jdcloud_vm_backup`, and `state: present` of `jdcloud_image` and `jdcloud_snapshot`, from their arguments to their results."""

from __future__ import annotations

from typing import Any

import pytest

from support.keys import ACCESS_KEY
from support.module.documentation import check, documented_returns, paths
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Ended, Runner

MODULE = "jdcloud_vm_backup"
PROTECTED = [{"key": "jdcloud-protect", "value": "yes"}]
OF_THE_RUN = ("api_calls", "api_retries", "api_throttled", "seconds")
MARKER = "jdcloud.cloud/1 campaign=c1 instance=i-a stopped="
POWER = {"stop_running": True, "start_again": True}
STOP, START, IMAGE, SNAPSHOT = "vm.stopInstance", "vm.startInstance", "vm.createImage", "disk.createSnapshot"


class Backup:
    """Runs the module, and checks what holds always."""

    def __init__(self, cloud: MemoryCloud, run: Runner) -> None:
        cloud.quotas.update(image=(50, 0), snapshot=(50, 0))
        self._cloud = cloud
        self._run = run

    def __call__(self, *ids: str, check_mode: bool = False, **options: Any) -> Ended:
        chosen: dict[str, Any] = {"instance_ids": list(ids)} if ids else {}
        given = {name: value for name, value in {"campaign": "c1", **chosen, **options}.items() if value is not None}
        writes = self._cloud.writes
        ended = self._run(MODULE, check=check_mode, **given)
        check(ended.result, MODULE)
        assert ended.result["summary"]["api_calls"] >= len(self._cloud.writes) - len(writes)
        assert not check_mode or self._cloud.writes == writes
        return ended


@pytest.fixture
def backup(cloud: MemoryCloud, run: Runner) -> Backup:
    """Runs jdcloud_vm_backup with room for all."""
    return Backup(cloud, run)


def counts(ended: Ended) -> dict[str, Any]:
    """The fields of the summary that are not zero and tell about machines."""
    return {name: number for name, number in ended.result["summary"].items() if number and name not in OF_THE_RUN}


def machines(ended: Ended) -> dict[str, Any]:
    """The machines of the manifest, by id."""
    return {row["instance_id"]: row for row in ended.result["manifest"]["machines"]}


def operations(cloud: MemoryCloud) -> list[str]:
    return [operation for operation, _resource in cloud.writes]


# --- failures -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "Nothing is selected"),
        ({"tags": {}}, "tags is an empty dict"),
        ({"instance_ids": ["i-a"], "campaign": "two words"}, "campaign is 'two words'"),
        ({"instance_ids": ["i-a"], "campaign": ""}, "campaign is ''"),
        ({"instance_ids": ["i-a"], "name_pattern": "{nme}"}, "name_pattern is '{nme}'"),
        ({"instance_ids": ["i-a"], "name_pattern": " "}, "name_pattern is blank"),
        ({"instance_ids": ["i-a"], "max_age": 0}, "max_age"),
        ({"instance_ids": ["i-a"], "wait_timeout": -1}, "wait_timeout"),
        ({"instance_ids": ["i-a"], "poll_interval": 0}, "poll_interval"),
        ({"instance_ids": ["i-a"], "max_instances": 0}, "max_instances"),
        ({"instance_ids": ["i-a"], "start_again": True}, "stop_running=true"),
        ({"instance_ids": ["i-a"], "stop_running": True, "wait": False}, "exclude each other"),
    ],
    ids=str,
)
def test_wrong_input_ends_with_all_result_keys_and_sends_nothing(
    cloud: MemoryCloud, backup: Backup, options: dict[str, Any], says: str
) -> None:
    ended = backup(**options)
    assert ended.failed
    assert says in ended.msg
    assert ended.msg.endswith(".")
    assert not ended.result["changed"]
    assert ended.result["manifest"] is None
    assert ended.result["campaign"] is None
    assert cloud.calls == []


def test_a_refused_read_ends_with_all_result_keys_and_the_account_and_changes_nothing(cloud: MemoryCloud, backup: Backup) -> None:
    cloud.add("i-a", "running")
    cloud.refuse("vm.describeQuotas", 403, "HTTP_FORBIDDEN", "not authorized")
    ended = backup("i-a", **POWER)
    assert ended.failed
    assert "IAM" in ended.msg
    assert cloud.writes == []
    assert ended.result["account"]["access_key_suffix"] == ACCESS_KEY[-4:]


def test_rule_05_all_blockers_of_all_machines_are_reported_and_nothing_is_changed(cloud: MemoryCloud, backup: Backup) -> None:
    cloud.add("i-a", "running")
    cloud.add("i-b", tags=PROTECTED)
    cloud.add("i-c", "error", tags=PROTECTED)
    ended = backup("i-a", "i-b", "i-c", **POWER)
    assert ended.failed
    assert cloud.writes == []
    assert "i-b (protected), i-c (protected, invalid_status)" in ended.msg
    assert counts(ended) == {"selected": 3, "blocked": 2}
    assert {key: row["action"] for key, row in machines(ended).items()} == {"i-a": "none", "i-b": "blocked", "i-c": "blocked"}
    assert ended.result["manifest"]["state"] == "incomplete"


def test_a_batch_beyond_the_quota_is_reported_with_its_numbers(cloud: MemoryCloud, backup: Backup) -> None:
    cloud.quotas.update(image=(5, 4), snapshot=(50, 0))
    cloud.add("i-a", "running")
    cloud.add("i-b")
    ended = backup("i-a", "i-b", **POWER)
    assert ended.failed
    assert "2 images needed, 1 left of 5" in ended.msg
    assert "1 of 2 instances fit (i-a)" in ended.msg
    assert ended.result["quota"]["images"] == {"limit": 5, "used": 4, "left": 1, "needed": 2}
    assert cloud.writes == []


def test_rule_14_one_failed_machine_hides_no_other_and_is_started_again(cloud: MemoryCloud, backup: Backup) -> None:
    cloud.add("i-a", "running")
    cloud.add("i-b", "running")
    cloud.refuse(IMAGE, 400, "QUOTA_EXCEEDED", "Quota limit exceeded", "i-a")
    ended = backup("i-a", "i-b", **POWER)
    assert ended.failed
    assert ended.msg.startswith("1 of 2 instances failed: i-a (")
    text = machines(ended)
    assert (text["i-a"]["error"]["code"], text["i-a"]["error"]["operation"]) == ("quota_exceeded", IMAGE)
    assert text["i-b"]["action"] == "created"
    assert text["i-b"]["error"] is None
    assert counts(ended) == {"selected": 2, "changed": 2, "created": 1, "failed": 1, "stopped": 2, "started": 2}
    assert {machine["status"] for machine in cloud.machines.values()} == {"running"}


def test_what_cannot_be_started_again_is_reported_with_its_backup(cloud: MemoryCloud, backup: Backup) -> None:
    cloud.add("i-a", "running")
    cloud.refuse(START, 403, "HTTP_FORBIDDEN", "not authorized")
    ended = backup("i-a", **POWER)
    row = machines(ended)["i-a"]
    assert ended.failed
    assert row["error"]["operation"] == START
    assert row["status"] == "stopped"
    assert row["image"]["action"] == "created"
    assert row["stopped_by_us"]
    assert not row["started_by_us"]


def test_a_backup_whose_machine_was_started_meanwhile_fails_and_loses_its_marker(cloud: MemoryCloud, backup: Backup) -> None:
    cloud.add("i-a")
    cloud.before["vm.describeImages"] = lambda: None
    cloud.before[IMAGE] = lambda: cloud.machines["i-a"].update(status="running")
    ended = backup("i-a", method="image")
    assert ended.failed
    assert machines(ended)["i-a"]["error"]["code"] == "changed_meanwhile"
    assert [image["desc"] for image in cloud.images.values()] == [MARKER + "false"]
    assert machines(ended)["i-a"]["image"]["stopped"] is False


# --- check mode ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["image", "snapshots", "both"])
def test_check_mode_sends_no_write_and_predicts_the_run(cloud: MemoryCloud, backup: Backup, method: str) -> None:
    cloud.add("i-a", "running")
    cloud.add("i-b")
    preview = backup("i-a", "i-b", check_mode=True, method=method, **POWER)
    done = backup("i-a", "i-b", method=method, **POWER)
    assert counts(preview) == counts(done)
    assert preview.result["diff"] == done.result["diff"]
    assert preview.result["quota"] == done.result["quota"]
    assert preview.result["manifest"]["state"] == "planned"
    assert done.result["manifest"]["state"] == "complete"
    for key in ("action", "status", "status_before", "stopped_by_us", "started_by_us", "warnings", "uncovered_disks"):
        assert [row[key] for row in machines(preview).values()] == [row[key] for row in machines(done).values()], key


# --- unchanged, done, and once more -------------------------------------------------------------------------------


def test_stop_back_up_and_start_again(cloud: MemoryCloud, backup: Backup) -> None:
    cloud.add("i-a", "running", instanceName="web-01")
    ended = backup("i-a", **POWER)
    assert not ended.failed
    assert operations(cloud) == [STOP, IMAGE, START]
    row = machines(ended)["i-a"]
    assert (row["name"], row["status_before"], row["status"], row["action"]) == ("web-01", "running", "running", "created")
    assert row["image"]["image_id"] == "img-1"
    assert row["image"]["disks"][0]["snapshot_id"] == "snapshot-1"
    assert cloud.images["img-1"]["desc"] == MARKER + "true"
    assert ended.result["diff"] == {
        "before": {"backups": {}, "status": {}},
        "after": {"backups": {cloud.images["img-1"]["name"]: "image of i-a"}, "status": {}},
    }
    again = backup("i-a", **POWER)
    assert not again.result["changed"]
    assert counts(again) == {"selected": 1, "reused": 1}
    assert operations(cloud) == [STOP, IMAGE, START]
    assert again.result["quota"] is None


def test_both_makes_snapshots_after_the_image_and_all_are_reused(cloud: MemoryCloud, backup: Backup) -> None:
    cloud.add("i-a")
    cloud.add_disk("i-a", "vol-a", auto_delete=False)
    ended = backup("i-a", method="both")
    assert not ended.failed
    assert operations(cloud) == [IMAGE, SNAPSHOT, SNAPSHOT]
    assert {row["disk_id"] for row in machines(ended)["i-a"]["snapshots"]} == {"vol-sysia", "vol-a"}
    again = backup("i-a", method="both")
    assert not again.result["changed"]
    assert counts(again) == {"selected": 1, "reused": 3}


def test_a_running_machine_is_backed_up_with_a_marker_that_says_so(cloud: MemoryCloud, backup: Backup) -> None:
    cloud.add("i-a", "running")
    ended = backup("i-a")
    assert not ended.failed
    assert cloud.images["img-1"]["desc"] == MARKER + "false"
    assert [warning["code"] for warning in machines(ended)["i-a"]["warnings"]] == ["not_stopped"]
    assert operations(cloud) == [IMAGE]


def test_data_disks_are_left_out_on_request_and_local_ones_always(cloud: MemoryCloud, backup: Backup) -> None:
    cloud.add("i-a")
    cloud.add_disk("i-a", "vol-a", auto_delete=False)
    cloud.add_local_disk("i-a")
    ended = backup("i-a", include_data_disks=False)
    assert not ended.failed
    assert [disk["device"] for disk in machines(ended)["i-a"]["uncovered_disks"]] == ["vdb", "vdz"]
    assert [disk["disk_id"] for disk in machines(ended)["i-a"]["image"]["disks"]] == ["vol-sysia"]


def test_a_campaign_is_made_up_if_none_is_given_and_its_backups_serve_again(cloud: MemoryCloud, backup: Backup) -> None:
    cloud.add("i-a")
    first, second = backup("i-a", campaign=None), backup("i-a", campaign=None)
    assert first.result["campaign"] != second.result["campaign"]
    assert not second.result["changed"]
    assert machines(second)["i-a"]["image"]["campaign"] == first.result["campaign"]


def test_without_any_existing_id_the_task_says_so(cloud: MemoryCloud, backup: Backup) -> None:
    ended = backup("i-x")
    assert ended.failed
    assert any("none of 1 ids exists in cn-north-1" in warning for warning in ended.warnings)
    assert machines(ended)["i-x"]["error"]["code"] == "not_found"
    assert counts(ended)["not_found"] == 1


def test_results_are_as_documented(cloud: MemoryCloud, backup: Backup, run: Runner) -> None:
    """Each documented key occurs in some run."""
    cloud.add("i-a", "running")
    cloud.add_disk("i-a", "vol-a", auto_delete=False)
    cloud.balancers.add_group("tg-a")
    cloud.balancers.add_target("tg-a", "i-a", ipAddress="10.0.0.5")
    ended = backup("i-a", method="both", load_balancers="deregister", allow_last_target=True, **POWER)
    assert check(ended.result, MODULE) == set(paths(documented_returns(MODULE)))
    for module in ("jdcloud_image", "jdcloud_snapshot"):
        made = run(module, state="present", instance_ids=["i-a"], campaign="c2")
        assert not made.failed
        assert made.result["changed"]
        check(made.result, module)
        again = run(module, state="present", instance_ids=["i-a"], campaign="c2")
        assert not again.result["changed"]
        check(again.result, module)


# --- snapshots of disks -------------------------------------------------------------------------------------------


def test_disks_are_selected_without_machines(cloud: MemoryCloud, backup: Backup, run: Runner) -> None:
    cloud.add("i-a")
    cloud.add_disk("i-a", "vol-a", auto_delete=False)
    cloud.disks["vol-free"] = {"diskId": "vol-free", "status": "available", "diskSizeGB": 20, "attachments": []}
    ended = run("jdcloud_snapshot", state="present", disk_ids=["vol-a", "vol-free"], campaign="c1")
    check(ended.result, "jdcloud_snapshot")
    assert not ended.failed
    assert sorted(row["description"] for row in cloud.snapshots.values()) == [
        MARKER + "true",
        "jdcloud.cloud/1 campaign=c1 instance=none stopped=true",
    ]
    assert [(row["disk_id"], row["instance_id"]) for row in ended.result["snapshots"]] == [("vol-a", "i-a"), ("vol-free", None)]
    refused = run("jdcloud_snapshot", state="present", disk_ids=["vol-a"], instance_ids=["i-a"])
    assert refused.failed
    assert "disk_ids cannot be combined with instance_ids" in refused.msg
