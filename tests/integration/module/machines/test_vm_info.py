# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""jdcloud_vm_info: all machines in full, each with the decision of jdcloud_vm. Sends reads only (asserted for every run)."""

from __future__ import annotations

import pytest

from support.integration.cloud import ACCOUNT_KEYS, Cloud, account, running, stopped

A, B, C, GONE = "i-aaaa000001", "i-bbbb000002", "i-cccc000003", "i-gone000009"


def test_everything_about_a_machine_in_snake_case(cloud: Cloud) -> None:
    member = stopped(A, name="{{ 7*7 }}", tags={"env": "test"}, disks=[{"id": "vol-a"}], elastic_ip={"id": "fip-a"}, ag="ag-1")
    cloud.seed(member, groups=[{"id": "ag-1"}])
    ended = cloud.vm_info(A)
    machine = ended.only
    assert not ended.failed
    assert set(ended.result["account"]) == ACCOUNT_KEYS
    assert ended.result["changed"] is False
    assert machine["instance_id"] == A
    assert machine["name"] == "{{ 7*7 }}"
    assert machine["tags"] == {"env": "test"}
    assert machine["status"] == "stopped"
    assert machine["region"] == "cn-north-1"
    assert machine["data_disks"][0]["cloud_disk"]["disk_id"] == "vol-a"
    assert machine["elastic_ip_id"] == "fip-a"
    assert machine["deletable"] is True
    assert machine["blockers"] == []
    assert [warning["code"] for warning in machine["warnings"]] == ["group_member"]
    assert all(key == key.lower() for key in machine)


def test_without_a_selection_all_machines_are_listed_in_parallel(cloud: Cloud) -> None:
    cloud.seed({"count": 320, "id": "i-many{n:06}", "name": "twin"}, latency_seconds=1.0)
    ended = cloud.vm_info()
    assert ended.summary["selected"] == 320
    assert len({each["instance_id"] for each in ended.result["instances"]}) == 320
    assert len(cloud.calls("vm.describeInstances")) == 4
    assert len({entry["connection"] for entry in cloud.calls("vm.describeInstances")[1:]}) == 3, (
        "the further pages at the same time"
    )


def test_twins_are_listed_and_ids_that_do_not_exist_are_a_warning(cloud: Cloud) -> None:
    cloud.seed(stopped(A, name="web"), stopped(B, name="web"), stopped(C, name="web-1"))
    assert {each["instance_id"] for each in cloud.vm_info(name="web").result["instances"]} == {A, B}
    ended = cloud.vm_info(A, GONE)
    assert not ended.failed
    assert ended.only["instance_id"] == A
    assert ended.summary["not_found"] == 1
    assert any(GONE in warning for warning in ended.warnings)


@pytest.mark.parametrize(("stop_running", "deletable"), [(False, False), (True, True)])
def test_the_blockers_are_those_of_jdcloud_vm(cloud: Cloud, stop_running: bool, deletable: bool) -> None:
    cloud.seed(running(A), stopped(B, tags={"keep": "x"}), stopped(C, charge="prepaid"))
    info = cloud.vm_info(A, B, C, stop_running=stop_running, protect_tags={"keep": "*"})
    vm = cloud.vm("absent", A, B, C, check=True, stop_running=stop_running, protect_tags={"keep": "*"}, on_blocked="skip")
    assert info.machine(A)["deletable"] is deletable
    for instance_id in (A, B, C):
        assert info.machine(instance_id)["blockers"] == vm.machine(instance_id)["blockers"]
        assert info.machine(instance_id)["deletable"] is (vm.actions[instance_id] == "deleted")
    assert info.summary["deletable"] == int(deletable)
    assert info.summary["blocked"] == 3 - int(deletable)


def test_tags_and_filters_are_checked_exactly(cloud: Cloud) -> None:
    cloud.seed(stopped(A, tags={"env": "x"}), stopped(B, tags={"env": "xy"}), running(C, tags={"env": "x"}))
    ended = cloud.vm_info(tags={"env": "x"}, filters={"status": "stopped"})
    assert [each["instance_id"] for each in ended.result["instances"]] == [A]


def test_a_hidden_machine_is_an_error_and_not_missing(cloud: Cloud) -> None:
    cloud.seed(stopped(A), stopped(B), accounts=[account(hidden=[A])])
    ended = cloud.vm_info(A, B)
    assert ended.failed
    assert "HTTP_FORBIDDEN" in ended.msg
    assert ended.result["instances"] == []


def test_an_incomplete_listing_is_an_error(cloud: Cloud) -> None:
    cloud.seed(stopped(A), stopped(B))
    cloud.control.inject("drop_rows", operation="vm.describeInstances", times=0)
    ended = cloud.vm_info()
    assert ended.failed
    assert "contradicting pages" in ended.msg
