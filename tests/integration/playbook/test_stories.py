# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stories through ansible-playbook: each one starts with what goes wrong, then previews, does, and does nothing again."""

from __future__ import annotations

import pytest

from support.integration.cloud import Cloud, check_result, running, stopped
from support.integration.commands import Ansible, vm
from support.json_object import Json

A, B, C, D, GONE = "i-aaaa000001", "i-bbbb000002", "i-cccc000003", "i-dddd000004", "i-gone000009"


def _actions(result: Json) -> dict[str, str]:
    return {machine["instance_id"]: machine["action"] for machine in result["instances"]}


@pytest.mark.cores
def test_the_story_of_a_deletion(cloud: Cloud, ansible: Ansible) -> None:
    cloud.seed(
        running(A, tags={"env": "test"}, disks=[{"id": "vol-a"}], elastic_ip={"id": "fip-a", "address": "203.0.113.4"}),
        stopped(B, tags={"env": "test"}),
        stopped(C, tags={"env": "test", "jdcloud-protect": "yes"}),
        stopped(D, name="twin"),
        stopped("i-eeee000005", name="twin"),
    )
    options: Json = {"stop_running": True, "disks": "delete", "elastic_ips": "release"}
    played = ansible.play(
        [
            vm("nothing_selected", "absent"),
            vm("twins", "absent", name="twin"),
            vm("too_many", "absent", tags={"env": "test"}, max_instances=2, **options),
            vm("blocked", "absent", A, B, C),
            vm("preview", "absent", A, B, C, check_mode=True, diff=True, on_blocked="skip", **options),
            vm("unchanged_so_far", "stopped", B),
            vm("done", "absent", A, B, C, diff=True, on_blocked="skip", **options),
            vm("again", "absent", A, B, C, on_blocked="skip", **options),
        ]
    )
    assert played.status == 0, played.output
    assert played["nothing_selected"]["failed"]
    assert "Nothing is selected" in played["nothing_selected"]["msg"]
    assert D in played["twins"]["msg"]
    assert "max_instances" in played["too_many"]["msg"]
    assert played["blocked"]["failed"]
    assert _actions(played["blocked"]) == {A: "blocked", B: "none", C: "blocked"}
    for name in ("twins", "too_many", "blocked", "unchanged_so_far"):
        assert not played[name]["changed"]
    wanted = {A: "deleted", B: "deleted", C: "blocked"}
    assert _actions(played["preview"]) == _actions(played["done"]) == wanted
    assert played["preview"]["changed"]
    assert played["done"]["changed"]
    assert played["preview"]["diff"] == played["done"]["diff"]
    assert played["preview"]["instances"] == played["done"]["instances"]
    assert _actions(played["again"]) == {A: "none", B: "none", C: "blocked"}
    assert not played["again"]["changed"]
    for result in played.results.values():
        check_result({key: value for key, value in result.items() if key != "failed"})
    assert cloud.exists(C)
    assert not any(cloud.exists(each) for each in (A, B, "vol-a", "fip-a"))
    assert cloud.effects("vm.deleteInstance") == 2
    assert cloud.effects("vm.stopInstance") == 1


def test_module_defaults_of_the_action_group_and_info(cloud: Cloud, ansible: Ansible) -> None:
    """The whole connection comes from the group; the environment holds nothing."""
    cloud.seed(stopped(A, tags={"env": "test"}), stopped(B, tags={"env": "test"}), running(C))
    keys = cloud.environment()
    defaults = {
        "access_key": keys["JDCLOUD_ACCESS_KEY"],
        "secret_key": keys["JDCLOUD_SECRET_KEY"],
        "region": "cn-north-1",
        "endpoint_url": cloud.url,
        "protect_tags": {"keep": "*"},
    }
    info: Json = {"jdcloud.cloud.jdcloud_vm_info": {"tags": {"env": "test"}}, "register": "info"}
    every: Json = {"jdcloud.cloud.jdcloud_vm_info": {}, "register": "every"}
    delete = vm("done", "absent", tags={"env": "test"}, max_instances=5)
    delete["jdcloud.cloud.jdcloud_vm"]["instance_ids"] = "{{ info.instances | map(attribute='instance_id') | list }}"
    played = ansible.play(
        [info, every, delete],
        play={"module_defaults": {"group/jdcloud.cloud.jdcloud": defaults}},
        environment={name: "" for name in keys if name.startswith("JDCLOUD_") and name != "JDCLOUD_TEST_MARK"},
    )
    assert played.status == 0, played.output
    assert [each["deletable"] for each in played["info"]["instances"]] == [True, True]
    assert played["every"]["summary"]["selected"] == 3
    assert _actions(played["done"]) == {A: "deleted", B: "deleted"}
    assert played["done"]["account"]["source"] == "options"
    assert cloud.exists(C)
    assert keys["JDCLOUD_SECRET_KEY"] not in played.output


def test_check_and_diff_on_the_command_line(cloud: Cloud, ansible: Ansible) -> None:
    cloud.seed(running(A, disks=[{"id": "vol-a"}], elastic_ip={"id": "fip-a"}))
    played = ansible.play([vm("preview", "absent", A, stop_running=True)], "--check", "--diff")
    assert played.status == 0
    assert cloud.writes() == []
    lines = [line.strip() for line in played.output.splitlines()]
    assert any(line.startswith("-") and '"status": "running"' in line for line in lines)
    assert any(line.startswith("+") and '"status": "absent"' in line for line in lines)
    assert any("changed=1" in line for line in lines)


@pytest.mark.thorough
def test_a_task_in_the_background(cloud: Cloud, ansible: Ansible) -> None:
    cloud.seed(running(A))
    later: Json = {
        "name": "Wait for it",
        "ansible.builtin.async_status": {"jid": "{{ begun.ansible_job_id }}"},
        "register": "ended",
        "until": "ended.finished",
        "retries": 100,
        "delay": 0.2,
    }
    begin = vm("begun", "absent", A, stop_running=True, **{"async": 60, "poll": 0})
    played = ansible.play([begin, later])
    assert played.status == 0, played.output
    assert _actions(played["ended"]) == {A: "deleted"}
    assert not cloud.exists(A)


def test_ad_hoc(cloud: Cloud, ansible: Ansible) -> None:
    cloud.seed(running(A), stopped(B), stopped(C))
    refused = ansible.ad_hoc("jdcloud.cloud.jdcloud_vm", f"state=absent instance_ids={A}")
    assert refused.status != 0
    assert "nothing was changed" in refused["localhost"]["msg"]
    assert cloud.writes() == []
    done = ansible.ad_hoc("jdcloud.cloud.jdcloud_vm", f"state=absent instance_ids={A},{B} stop_running=true poll_interval=0.2")
    assert done.status == 0
    assert _actions(done["localhost"]) == {A: "deleted", B: "deleted"}
    assert cloud.exists(C)
    assert not cloud.exists(A)


@pytest.mark.thorough
def test_the_task_is_the_same_through_the_short_module_name(cloud: Cloud, ansible: Ansible) -> None:
    cloud.seed(stopped(A))
    task = vm("done", "absent", A)
    task["jdcloud_vm"] = task.pop("jdcloud.cloud.jdcloud_vm")
    played = ansible.play([task], play={"collections": ["jdcloud.cloud"]})
    assert played.status == 0
    assert _actions(played["done"]) == {A: "deleted"}
