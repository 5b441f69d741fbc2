# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook jdcloud.cloud.restore: with texts for everything, from a file that holds text of the cloud."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.integration.cloud import REGION, Cloud
from support.integration.commands import Ansible, Played
from support.integration.restores import (
    CAMPAIGN,
    IMAGE,
    WEB,
    add,
    backed_up,
    delete,
    disks,
    entry,
    machines,
    only_machine,
    origins,
    web,
)
from support.json_object import Json

FORMAT = "jdcloud.cloud/manifest/1"
OTHER = "i-othr000002"


def manifest(folder: Path, *entries: Json, **fields: Any) -> Path:
    """A manifest in a file."""
    path = folder / "manifest.json"
    entry = {"format": FORMAT, "campaign": CAMPAIGN, "region": REGION, "method": "image", "machines": list(entries), **fields}
    path.write_text(json.dumps(entry), encoding="utf-8")
    return path


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


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"manifest": "", "image_id": " "},
        {"manifest": "/some.json", "image_id": IMAGE},
        {"image_id": IMAGE, "instance_ids": WEB},
    ],
)
def test_without_a_clear_order_nothing_is_sent(cloud: Cloud, ansible: Ansible, variables: dict[str, str]) -> None:
    cloud.seed()
    played = restore(ansible, **variables)
    assert played.status != 0
    assert "Give either restore_manifest" in played.output
    assert cloud.calls() == []


def test_a_file_that_is_no_manifest_is_refused(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> None:
    entry = backed_up(cloud)
    played = restore(ansible, manifest=str(manifest(tmp_path, entry, format="jdcloud.cloud/manifest/9")))
    assert played.status != 0
    assert "is no manifest of format" in played.output
    assert cloud.calls() == []


def test_a_machine_that_is_not_in_the_manifest_is_refused(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> None:
    entry = backed_up(cloud)
    played = restore(ansible, manifest=str(manifest(tmp_path, entry)), instance_ids=f"{WEB}, {OTHER}")
    assert played.status != 0
    assert "not in the manifest" in played.output
    assert cloud.calls() == []


def test_a_blocked_machine_fails_the_play_and_leaves_the_numbers(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> None:
    entry = backed_up(cloud)
    played = restore(ansible, manifest=str(manifest(tmp_path, {**entry, "image": None})))
    assert played.status != 0
    assert "nothing at all was made" in played.output
    assert stats(played) == count(selected=1, blocked=1)
    assert machines(cloud) == {}


@pytest.mark.cores
def test_machines_of_a_manifest_come_back_and_only_once(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> None:
    entry = backed_up(cloud)
    other = {**entry, "instance_id": OTHER, "name": "other", "image": {"image_id": "img-gone"}}
    path = str(manifest(tmp_path, entry, other))
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


def test_one_machine_of_an_image_with_texts_for_everything(cloud: Cloud, ansible: Ansible) -> None:
    backed_up(cloud)
    network = {"subnet_id": "subnet-x", "security_group_ids": "sg-a sg-b", "az": "cn-north-1a"}
    played = restore(
        ansible,
        image_id=IMAGE,
        name="2026",
        instance_type="g.n2.medium",
        region=REGION,
        wait_timeout="20",
        drill="false",
        **network,
    )
    assert played.status == 0, played.output
    assert only_machine(cloud)["instanceName"] == "2026"


def test_text_of_the_cloud_is_never_a_template(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> None:
    trap = "{{ lookup('ansible.builtin.pipe', 'touch trapped') }}"
    cloud.seed(web(description=trap, tags={"trap": trap}))
    add(cloud, images=[{"id": IMAGE, "of": WEB, "description": trap}])
    manifest_entry = entry(cloud, image=IMAGE)
    delete(cloud)
    played = restore(ansible, manifest=str(manifest(tmp_path, manifest_entry)))
    assert played.status == 0, played.output
    assert only_machine(cloud)["description"].endswith(trap)
    assert only_machine(cloud)["tags"][0]["value"] == trap
    blocked = restore(ansible, manifest=str(manifest(tmp_path, {**manifest_entry, "name": trap})))
    assert blocked.status != 0
    assert not list(tmp_path.rglob("trapped"))


def test_a_drill_by_texts(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> None:
    entry = backed_up(cloud, leave=True)
    path = manifest(tmp_path, entry)
    refused = restore(ansible, manifest=str(path), drill="yes")
    assert refused.status != 0
    assert "subnet_id, security_group_ids must be given" in refused.output
    played = restore(ansible, manifest=str(path), drill="yes", subnet_id="subnet-x", security_group_ids="['sg-a']")
    assert played.status == 0, played.output
    assert {machine["instanceName"] for machine in machines(cloud).values()} == {"web-01", "drill-web-01"}
