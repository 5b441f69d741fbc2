# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role vm_backup through real playbooks: what it refuses, what check mode tells, the run, and the run again."""

from __future__ import annotations

from pathlib import Path

from support.integration.cloud import REGION, Cloud, running, stopped
from support.integration.conductor import Conductor
from support.integration.role_backups import DRILL, FASTER, UNANSWERED, A, B, C, file_of, names, resources
from support.json_object import Json

TRAP = "{{ 1/0 }}{% x %}"


def test_wrong_input_is_refused_and_nothing_is_sent(cloud: Cloud, conductor: Conductor, tmp_path: Path) -> None:
    cloud.seed(stopped(A))
    wrong: list[tuple[Json, str]] = [
        ({}, "select"),
        ({"instance_ids": []}, "vm_backup_instance_ids is empty"),
        ({"instance_ids": " , "}, "vm_backup_instance_ids is empty"),
        ({"instance_ids": [A, ""]}, "blank or null member"),
        ({"instance_ids": [A, None]}, "blank or null member"),
        ({"instance_ids": A, "tags": {}}, "tags"),
        ({"instance_ids": None, "tags": None}, "select"),
        ({"instance_ids": A, "tags": {"build": 8}}, "vm_backup_tags.build is a number (8)"),
        ({"name": 8}, "vm_backup_name is a number (8)"),
        ({"instance_ids": A, "method": "tape"}, "method"),
        ({"instance_ids": A, "max_instance": 2}, "vm_backup_max_instance: the role vm_backup has no such variable"),
        ({"instance_ids": A, "start_again": "true"}, "vm_backup_start_again=true requires vm_backup_stop_running=true: set both"),
        ({"instance_ids": A, "stop_running": "perhaps"}, "must be true or false"),
        ({"instance_ids": A, "keep": "-1"}, "vm_backup_keep is '-1', but must be a whole number"),
        ({"instance_ids": A, "max_instances": 0}, "vm_backup_max_instances"),
        ({"instance_ids": A, "manifest_path": "harbor.json"}, "must be the absolute path"),
        ({"instance_ids": A, "manifest_path": str(tmp_path)}, "must be a file in an existing directory: create"),
        (
            {"instance_ids": A, "manifest_path": str(tmp_path / "none" / "a.json")},
            "must be a file in an existing directory: create",
        ),
        ({"instance_ids": A, "drill": "true", "drill_subnet_id": "subnet-x"}, "vm_backup_drill requires"),
    ]
    uses = conductor.back_up_each(*[variables for variables, _part in wrong])
    for use, (variables, part) in zip(uses, wrong, strict=True):
        assert part in use.message, (variables, use.message)
        assert use.manifest == {}, (variables, use.message)
    assert cloud.calls() == []


def test_what_forbids_any_backup_is_reported_before_anything_is_stopped(
    cloud: Cloud, conductor: Conductor, tmp_path: Path
) -> None:
    cloud.seed(running(A, tags={"jdcloud-protect": "yes"}), running(B), running(C), **FASTER)
    cloud.control.set_quotas(images=1)
    path = tmp_path / "manifest.json"
    whole: Json = {"stop_running": True, "manifest_path": str(path)}
    blocked, short, unknown, none = conductor.back_up_each(
        {"instance_ids": [A, B], **whole},
        {"instance_ids": [B, C], **whole},
        {"instance_ids": [B, "i-none000009"], **whole},
        {"tags": "project=nothing", **whole},
    )
    assert "1 of 2 instances cannot be backed up, so nothing was changed" in blocked.message
    assert A in blocked.message
    assert "protected" in blocked.message
    assert "The quotas are too small" in short.message
    assert "set vm_backup_on_shortfall to fit" in short.message
    assert "i-none000009" in unknown.message
    assert "does not exist" in unknown.message
    assert "No instance matches" in none.message
    assert cloud.writes() == []
    assert not path.exists()


def test_check_mode_predicts_what_the_run_does_and_the_next_run_finds_it_done(
    cloud: Cloud, conductor: Conductor, tmp_path: Path
) -> None:
    whole = {"name": "db-01", "tags": {"env": "prod"}, "description": "a database", "security_groups": ["sg-a"]}
    cloud.seed(running(A, disks=[{"size": 30}, {"size": 40}], elastic_ip=True, **whole), stopped(B), **FASTER)
    path = tmp_path / "manifest.json"
    wanted: Json = {"instance_ids": [A, B], "stop_running": True, "campaign": "spring", "manifest_path": str(path)}

    preview = conductor.back_up("--check", **wanted)
    assert preview.message == ""
    assert preview.manifest["state"] == "planned"
    assert cloud.writes() == []
    assert not path.exists()
    assert cloud.status(A) == "running"

    done = conductor.back_up(**wanted)
    assert done.message == ""
    assert done.manifest == file_of(path)
    assert done.manifest["state"] == "complete"
    assert done.actions == preview.actions == {A: "created", B: "created"}
    preview_names = {machine["image"]["name"] for machine in preview.manifest["machines"]}
    assert preview_names == {machine["image"]["name"] for machine in done.manifest["machines"]} == names(cloud, "images")
    assert cloud.writes().count("vm.stopInstance") == 1
    assert cloud.status(A) == "stopped"
    machine = done.machine(A)
    assert (machine["status_before"], machine["status"], machine["stopped_by_us"]) == ("running", "stopped", True)
    assert len(machine["image"]["disks"]) == 3
    assert machine["uncovered_disks"] == []
    snapshots = resources(cloud, "snapshots")
    assert all(snapshots[disk["snapshot_id"]]["diskId"] == disk["disk_id"] for disk in machine["image"]["disks"])
    specification = machine["specification"]
    assert specification["tags"] == {"env": "prod"}
    assert specification["description"] == "a database"
    assert [group["group_id"] for group in specification["security_groups"]] == ["sg-a"]
    assert specification["subnet_id"]
    assert specification["instance_type"]
    assert len(specification["elastic_ips"]) == 1
    assert [disk["size_gb"] for disk in machine["disks"]][1:] == [30, 40]

    cloud.control.clear_requests()
    again = conductor.back_up(**wanted)
    assert again.message == ""
    assert again.actions == {A: "reused", B: "reused"}
    assert again.manifest == file_of(path)
    assert cloud.writes() == []


def test_what_was_stopped_is_started_again_and_a_run_of_the_same_campaign_does_nothing(
    cloud: Cloud, conductor: Conductor
) -> None:
    cloud.seed(running(A), stopped(B), **FASTER)
    wanted: Json = {"instance_ids": f"['{A}', '{B}']", "stop_running": "yes", "start_again": "yes", "campaign": "nightly"}
    first, second = conductor.back_up_each(wanted, wanted)
    assert first.message == second.message == ""
    assert first.machine(A)["started_by_us"]
    assert not first.machine(B)["started_by_us"]
    assert cloud.status(A) == "running"
    assert cloud.status(B) == "stopped"
    assert second.actions == {A: "reused", B: "reused"}
    assert sorted(cloud.writes()) == ["vm.createImage", "vm.createImage", "vm.startInstance", "vm.stopInstance"]


def test_every_variable_may_be_a_text_as_surveys_send_it(cloud: Cloud, conductor: Conductor, tmp_path: Path) -> None:
    cloud.seed(running(A, disks=[{"size": 30}]), stopped(B), stopped(C), **FASTER)
    path = tmp_path / "manifest.json"
    answers = {
        **UNANSWERED,
        "region": REGION,
        "instance_ids": f"{A}, {B}\n{C} ",
        "max_instances": "3",
        "method": "both",
        "stop_running": "true",
        "start_again": "false",
        "max_age": "24",
        "manifest_path": f" {path} ",
        "wait_timeout": "20",
        "poll_interval": "0.2",
    }
    done = conductor.back_up(**answers)
    assert done.message == ""
    assert done.manifest == file_of(path)
    assert done.actions == {A: "created", B: "created", C: "created"}
    assert done.manifest["method"] == "both"
    assert len(done.machine(A)["snapshots"]) == 2
    assert done.machine(A)["image"]["status"] == "ready"
    assert cloud.status(A) == "stopped"


def test_tags_and_filters_may_be_json_or_pairs_and_snapshots_need_no_stop(cloud: Cloud, conductor: Conductor) -> None:
    cloud.seed(running(A, disks=[{"size": 30}], tags={"project": "harbor", "n": "5"}), stopped(B), **FASTER)
    unanswered = dict.fromkeys(("method", "max_age", "stop_running", "wait_timeout", "max_instances", "keep"), "")
    by_json, by_pairs, by_filters = conductor.back_up_each(
        {**unanswered, "tags": '{"project": "harbor", "n": "5"}', "method": "snapshots"},
        {**unanswered, "tags": "project=harbor,n=5", "method": "snapshots"},
        {**unanswered, "filters": '{"status": "stopped"}', "instance_ids": ""},
    )
    assert by_json.message == by_pairs.message == by_filters.message == ""
    assert by_json.actions == {A: "created"}
    assert by_pairs.actions == {A: "reused"}
    assert by_filters.actions == {B: "created"}
    assert by_json.only["image"] is None
    assert by_json.only["uncovered_disks"] == []
    assert {snapshot["disk_id"] for snapshot in by_json.only["snapshots"]} == {disk["disk_id"] for disk in by_json.only["disks"]}
    assert by_json.only["warnings"][0]["code"] == "not_stopped"
    assert "vm.stopInstance" not in cloud.writes()


def test_a_use_does_not_hear_of_an_earlier_one(cloud: Cloud, conductor: Conductor, tmp_path: Path) -> None:
    cloud.seed(stopped(A), stopped(B), stopped(C, tags={"jdcloud-protect": "yes"}), **FASTER)
    path = tmp_path / "manifest.json"
    first, second, third, fourth = conductor.back_up_each(
        {"instance_ids": A, "campaign": "one", "manifest_path": str(path), "keep": 1, **DRILL},
        {"instance_ids": B},
        {"instance_ids": C},
        {"instance_ids": [B, C], "on_blocked": "skip"},
    )
    assert first.message == ""
    assert first.manifest["drill"]["outcome"] == "passed"
    assert first.manifest == file_of(path)
    assert second.message == ""
    assert second.actions == {B: "created"}
    assert "drill" not in second.manifest
    assert second.manifest["campaign"] not in ("", "one")
    assert "removed" not in second.manifest
    assert "protected" in third.message
    assert third.manifest == {}
    assert fourth.message == ""
    assert fourth.actions == {B: "reused", C: "blocked"}
    assert fourth.manifest["state"] == "incomplete"
    assert file_of(path) == first.manifest


def test_text_of_the_cloud_is_never_a_template_and_an_incomplete_campaign_goes_on(
    cloud: Cloud, conductor: Conductor, tmp_path: Path
) -> None:
    """The first image becomes an error; the machine is started all the same, and the next run makes another one."""
    cloud.seed(running(A, name=TRAP, tags={"trap": TRAP}, description=TRAP), **FASTER)
    cloud.control.inject("transition_fails", operation="vm.createImage")
    path = tmp_path / "manifest.json"
    wanted: Json = {"instance_ids": A, "stop_running": True, "start_again": True, "manifest_path": str(path)}
    failed, done = conductor.back_up_each(wanted, wanted)
    assert A in failed.message
    assert failed.actions == {A: "failed"}
    assert failed.manifest["state"] == "incomplete"
    assert failed.only["started_by_us"]
    assert done.message == ""
    assert done.actions == {A: "created"}
    assert done.manifest["campaign"] == failed.manifest["campaign"]
    assert done.manifest["state"] == "complete"
    assert cloud.status(A) == "running"
    assert done.manifest == file_of(path)
    assert not list(tmp_path.glob("manifest.json.*"))
    for manifest in (failed.manifest, done.manifest):
        (machine,) = manifest["machines"]
        assert machine["name"] == TRAP
        assert machine["specification"]["tags"] == {"trap": TRAP}
        assert machine["specification"]["description"] == TRAP
        assert machine["status_before"] == "running"
