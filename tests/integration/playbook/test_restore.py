# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook jdcloud.cloud.restore: with texts for everything, from a file that holds text of the cloud."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.integration.cloud import Cloud
from support.integration.commands import Ansible, Played
from support.integration.restores import (
    IMAGE,
    WEB,
    add,
    backed_up,
    delete,
    disks,
    entry,
    machines,
    manifest_file,
    only_machine,
    origins,
    web,
)
from support.json_object import Json

OTHER = "i-othr000002"


def restore(ansible: Ansible, **variables: str) -> Played:
    """Run the playbook; all variables are texts."""
    words = [word for name, value in variables.items() for word in ("-e", json.dumps({f"restore_{name}": value}))]
    words += ["-e", '{"restore_poll_interval": "0.2"}']
    command = ["ansible-playbook", "jdcloud.cloud.restore", *words]
    ended = ansible._run(command, {"ANSIBLE_SHOW_CUSTOM_STATS": "1"})
    return Played(ended.returncode, ended.stdout + ended.stderr, {})


def stats(played: Played) -> Json:
    """The numbers that the playbook leaves to a workflow."""
    _before, _found, after = played.output.partition("RUN: ")
    entry: Json = json.loads(after.strip())
    return entry


def count(**numbers: int) -> Json:
    """Numbers as the playbook keeps them."""
    return {f"restore_{name}": numbers.get(name, 0) for name in ("selected", "created", "unchanged", "blocked", "failed")}


def test_a_blocked_machine_fails_the_play_and_leaves_the_numbers(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> None:
    entry = backed_up(cloud)
    played = restore(ansible, manifest=str(manifest_file(tmp_path, {**entry, "image": None})))
    assert played.status != 0
    assert "nothing was made" in played.output
    assert stats(played) == count(selected=1, blocked=1)
    assert machines(cloud) == {}


@pytest.mark.cores
def test_machines_of_a_manifest_come_back_and_only_once(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> None:
    entry = backed_up(cloud)
    other = {**entry, "instance_id": OTHER, "name": "other", "image": {"image_id": "img-gone"}}
    path = str(manifest_file(tmp_path, entry, other))
    played = restore(ansible, manifest=path, instance_ids=f" {WEB}, ", subnet_id="subnet-x", security_group_ids="sg-a, sg-b")
    assert played.status == 0, played.output
    machine = only_machine(cloud)
    assert [origin for _device, _size, origin in disks(machine)] == origins(cloud)
    assert machine["status"] == "running"
    groups = machine["primaryNetworkInterface"]["networkInterface"]["securityGroups"]
    assert machine["subnetId"] == "subnet-x"
    assert [group["groupId"] for group in groups] == ["sg-a", "sg-b"]
    assert f"{WEB} -> {machine['instanceId']} created, running" in played.output
    assert stats(played) == count(selected=1, created=1)
    again = restore(ansible, manifest=path, instance_ids=WEB, subnet_id="subnet-x", security_group_ids="sg-a, sg-b")
    assert again.status == 0
    assert "changed=0" in again.output
    assert stats(again) == count(selected=1, unchanged=1)


def test_text_of_the_cloud_is_never_a_template(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> None:
    trap = "{{ lookup('ansible.builtin.pipe', 'touch trapped') }}"
    cloud.seed(web(description=trap, tags={"trap": trap}))
    add(cloud, images=[{"id": IMAGE, "of": WEB, "description": trap}])
    manifest_entry = entry(cloud, image=IMAGE)
    delete(cloud)
    played = restore(ansible, manifest=str(manifest_file(tmp_path, manifest_entry)))
    assert played.status == 0, played.output
    assert only_machine(cloud)["description"].endswith(trap)
    assert only_machine(cloud)["tags"][0]["value"] == trap
    blocked = restore(ansible, manifest=str(manifest_file(tmp_path, {**manifest_entry, "name": trap})))
    assert blocked.status != 0
    assert not list(tmp_path.rglob("trapped"))
