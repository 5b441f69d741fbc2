# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The drill of the role vm_backup: a copy that is made, seen to run and removed, and everything that can be left of it."""

from __future__ import annotations

from pathlib import Path

from support.integration.cloud import Cloud, running, stopped
from support.integration.conductor import Conductor, kill_at
from support.integration.role_backups import DRILL, FASTER, A, B, file_of, resources
from support.json_object import Json

WHOLE: Json = {"disks": [{"size": 30}], "tags": {"env": "prod"}, "elastic_ip": {"id": "fip-web"}}


def test_a_drill_passes_and_leaves_nothing_behind(cloud: Cloud, conductor: Conductor, tmp_path: Path) -> None:
    cloud.seed(running(A, **WHOLE), stopped(B), **FASTER)
    path = tmp_path / "manifest.json"
    disks = set(resources(cloud, "disks"))
    where = {"drill_subnet_id": " subnet-drill ", "drill_security_group_ids": "sg-a, sg-b"}
    texts = {"drill": "true", "drill_timeout": "20", **where}
    wanted: Json = {"instance_ids": [A, B], "stop_running": True, "manifest_path": str(path), **texts}
    done = conductor.back_up(**wanted)
    assert done.message == ""
    assert done.manifest == file_of(path)
    assert done.manifest["state"] == "complete"
    drill = done.manifest["drill"]
    assert drill["outcome"] == "passed"
    assert drill["source_instance_id"] == A
    assert drill["left_over"] == []
    (copy,) = drill["instance_ids"]
    assert copy not in (A, B)
    assert not cloud.exists(copy)
    assert set(resources(cloud, "instances")) == {A, B}
    assert len(drill["disks"]) == 2
    assert all(disk["verified"] for disk in drill["disks"])
    assert set(resources(cloud, "disks")) == disks
    assert set(resources(cloud, "elastic_ips")) == {"fip-web"}
    assert cloud.writes().count("vm.createInstances") == 1
    assert cloud.effects("vm.deleteInstance") == 1
    assert cloud.effects("vm.deleteInstance", A) == cloud.effects("vm.deleteInstance", B) == 0


def test_a_copy_that_cannot_be_removed_is_listed_and_the_next_run_removes_it(
    cloud: Cloud, conductor: Conductor, tmp_path: Path
) -> None:
    cloud.seed(stopped(A, **WHOLE), **FASTER)
    refusal: Json = {"http": 403, "status": "HTTP_FORBIDDEN", "message": "no rights"}
    cloud.control.inject("error", operation="vm.deleteInstance", times=1, **refusal)
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    wanted: Json = {"instance_ids": A, "campaign": "spring", "keep": 1, **DRILL}
    failed, again = conductor.back_up_each({**wanted, "manifest_path": str(first)}, {**wanted, "manifest_path": str(second)})
    drill = failed.manifest["drill"]
    (copy,) = drill["instance_ids"]
    assert drill["outcome"] == "failed"
    assert drill["left_over"] == [copy]
    assert failed.manifest == file_of(first)
    assert "the drill failed" in failed.message
    assert copy in failed.message
    assert "no rights" in failed.message
    assert failed.manifest["state"] == "complete"
    assert "removed" not in failed.manifest
    assert again.actions == {A: "reused"}
    assert again.manifest["drill"]["instance_ids"] == [copy]
    assert again.manifest["drill"]["left_over"] == []
    assert again.manifest == file_of(second)
    assert set(resources(cloud, "instances")) == {A}
    assert cloud.writes().count("vm.createInstances") == 1


def test_a_copy_that_does_not_come_up_fails_the_drill_and_is_removed(cloud: Cloud, conductor: Conductor, tmp_path: Path) -> None:
    """The backups are made all the same; and the next drill of the play does not hear of the first."""
    cloud.seed(stopped(A), stopped(B), **FASTER)
    cloud.control.inject("transition_fails", operation="vm.createInstances")
    path = tmp_path / "manifest.json"
    failed, passed = conductor.back_up_each(
        {"instance_ids": A, "manifest_path": str(path), **DRILL},
        {"instance_ids": B, **DRILL},
    )
    assert "The backups are made, but the drill failed" in failed.message
    assert failed.actions == {A: "created"}
    assert failed.manifest["drill"]["outcome"] == "failed"
    assert failed.manifest["drill"]["left_over"] == []
    assert failed.manifest == file_of(path)
    assert failed.manifest["state"] == "complete"
    assert passed.message == ""
    assert passed.manifest["drill"]["outcome"] == "passed"
    assert set(resources(cloud, "instances")) == {A, B}
    assert len(resources(cloud, "disks")) == 2


def test_a_drill_that_was_killed_is_done_again_and_its_copy_removed(cloud: Cloud, conductor: Conductor, tmp_path: Path) -> None:
    """And while it exists, nothing confuses the copy with the original."""
    cloud.seed(stopped(A, **WHOLE), **FASTER)
    path = tmp_path / "manifest.json"
    wanted: Json = {"instance_ids": A, "manifest_path": str(path), **DRILL}
    kill_at(cloud, tmp_path, "vm.deleteInstance", "back_up", wanted)
    killed = file_of(path)
    assert killed["drill"] == {"outcome": "begun", "source_instance_id": A}
    assert killed["state"] == "complete"
    (copy,) = [machine for instance_id, machine in resources(cloud, "instances").items() if instance_id != A]
    assert not copy.get("tags")
    assert not copy.get("elasticIpId")
    assert copy["subnetId"] == "subnet-drill"
    assert set(resources(cloud, "elastic_ips")) == {"fip-web"}
    done = conductor.back_up(**wanted)
    assert done.manifest["campaign"] == killed["campaign"]
    assert done.actions == {A: "reused"}
    assert set(resources(cloud, "instances")) == {A}
    assert len(resources(cloud, "disks")) == 2
    assert done.manifest["drill"]["left_over"] == []
    assert cloud.writes().count("vm.createInstances") == 1
