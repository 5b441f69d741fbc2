# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role vm_backup in real plays, each kind once; its scenarios are in tests/integration/campaign."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jdcloud_emulator.process import DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY
from support.integration.cloud import REGION, Cloud, running, stopped
from support.integration.commands import Ansible
from support.integration.role_backups import DRILL, FASTER, UNANSWERED, A, B, C, back_up, file_of, kill_at, play, resources
from support.json_object import Json

TRAP = "{{ 1/0 }}{% x %}"


def test_what_is_refused_sends_nothing(cloud: Cloud, ansible: Ansible) -> None:
    cloud.seed(stopped(A))
    _played, (empty, unknown) = play(ansible, {"instance_ids": []}, {"instance_ids": A, "max_instance": 2})
    assert "vm_backup_instance_ids is empty" in empty.message
    assert "vm_backup_max_instance: the role vm_backup has no such variable" in unknown.message
    assert empty.manifest == unknown.manifest == {}
    assert cloud.calls() == []


def test_check_mode_changes_nothing(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> None:
    cloud.seed(running(A), **FASTER)
    path = tmp_path / "manifest.json"
    played, (preview,) = play(
        ansible, {"instance_ids": A, "stop_running": True, "manifest_path": str(path)}, arguments=("--check",)
    )
    assert preview.message == "", played.output
    assert preview.manifest["state"] == "planned"
    assert cloud.writes() == []
    assert not path.exists()


def test_what_was_made_is_used_again_and_the_next_use_changes_nothing(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> None:
    """The first use makes the text of the cloud a manifest; nothing in it is evaluated."""
    cloud.seed(running(A, name=TRAP, tags={"trap": TRAP}, description=TRAP), **FASTER)
    path = tmp_path / "manifest.json"
    wanted: Json = {"instance_ids": A, "stop_running": True, "start_again": True, "campaign": "c", "manifest_path": str(path)}
    _played, (done,) = play(ansible, wanted)
    assert done.message == ""
    assert done.actions == {A: "created"}
    assert done.manifest == file_of(path)
    assert done.only["name"] == TRAP
    assert done.only["specification"]["tags"] == {"trap": TRAP}
    assert cloud.status(A) == "running"
    cloud.control.clear_requests()
    played, (again,) = play(ansible, wanted)
    assert again.actions == {A: "reused"}
    assert cloud.writes() == []
    assert "changed=0" in played.output


@pytest.mark.thorough
def test_every_variable_may_be_a_text_as_surveys_send_it(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> None:
    cloud.seed(running(A), stopped(B), **FASTER)
    path = tmp_path / "manifest.json"
    answers = {
        **UNANSWERED,
        "region": REGION,
        "instance_ids": f"{A}, {B}\n",
        "max_instances": "3",
        "method": "snapshots",
        "stop_running": "true",
        "max_age": "24",
        "manifest_path": f" {path} ",
        "wait_timeout": "20",
        "poll_interval": "0.2",
    }
    extra = json.dumps({f"vm_backup_{name}": value for name, value in answers.items()})
    done = back_up(ansible, "-e", extra)
    assert done.message == ""
    assert done.manifest == file_of(path)
    assert done.actions == {A: "created", B: "created"}
    assert cloud.status(A) == "stopped"


@pytest.mark.thorough
def test_an_earlier_use_in_the_same_play_leaves_nothing_behind(cloud: Cloud, ansible: Ansible) -> None:
    cloud.seed(stopped(A), stopped(C, tags={"jdcloud-protect": "yes"}), **FASTER)
    first, second = play(ansible, {"instance_ids": A, "campaign": "one", "method": "snapshots"}, {"instance_ids": C})[1]
    assert first.message == ""
    assert first.manifest["campaign"] == "one"
    assert "protected" in second.message
    assert second.manifest == {}


def test_a_batch_in_which_a_backup_fails_fails_the_play_and_leaves_its_manifest(cloud: Cloud, ansible: Ansible) -> None:
    cloud.seed(stopped(A), stopped(B), **FASTER)
    cloud.control.inject("transition_fails", operation="vm.createImage", resource=B)
    played, (done,) = play(ansible, {"instance_ids": [A, B]})
    assert done.actions == {A: "created", B: "failed"}
    assert B in done.message, played.output


def test_keys_and_region_from_module_defaults_reach_the_drill(cloud: Cloud, ansible: Ansible) -> None:
    cloud.seed(stopped(A), **FASTER)
    keys = {"access_key": DEFAULT_ACCESS_KEY, "secret_key": DEFAULT_SECRET_KEY, "region": REGION}
    wrong: Json = {"JDCLOUD_ACCESS_KEY": "WRONG", "JDCLOUD_SECRET_KEY": "wrong", "JDCLOUD_REGION": "cn-south-1"}
    defaults = {"module_defaults": {"group/jdcloud.cloud.jdcloud": keys}}
    wanted: Json = {"instance_ids": A, "keep": 1, **DRILL}
    played, (done, elsewhere) = play(ansible, wanted, {**wanted, "region": "cn-east-2"}, keywords=defaults, **wrong)
    assert done.message == ""
    assert done.actions == {A: "created"}
    assert done.manifest["drill"]["outcome"] == "passed"
    assert "does not exist" in elsewhere.message, "the role's own variable comes first"
    assert DEFAULT_SECRET_KEY not in played.output + json.dumps(done.manifest)


def test_a_killed_play_is_finished_by_the_next_one(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> None:
    cloud.seed(running(A), **FASTER)
    path = tmp_path / "manifest.json"
    wanted: Json = {"instance_ids": A, "stop_running": True, "start_again": True, "manifest_path": str(path)}
    kill_at(cloud, ansible, "vm.createImage", wanted)
    killed = file_of(path)
    assert killed["state"] == "planned"
    played, (done,) = play(ansible, wanted)
    assert done.message == "", played.output
    assert done.manifest["campaign"] == killed["campaign"]
    assert done.only["status_before"] == "running"
    assert cloud.status(A) == "running"
    assert len(resources(cloud, "images")) == 1
