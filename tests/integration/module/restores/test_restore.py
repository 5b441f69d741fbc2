# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""jdcloud_vm_restore against the emulator: what comes back, what is refused, and that nothing is made twice."""

from __future__ import annotations

from support.integration.cloud import Cloud
from support.integration.restores import (
    BIG,
    CAMPAIGN,
    DATA,
    IMAGE,
    NET,
    SYSTEM,
    WEB,
    add,
    backed_up,
    codes,
    delete,
    disks,
    entry,
    machines,
    only_machine,
    origins,
    restore,
    snapshotted,
    web,
)
from support.json_object import Json

CREATE = "vm.createInstances"


# --- failures -----------------------------------------------------------------------------------------------------


def test_a_machine_whose_image_is_gone_blocks_all_and_nothing_is_made(cloud: Cloud) -> None:
    good = backed_up(cloud)
    bad = {**good, "instance_id": "i-badd000002", "image": {"image_id": "img-gone"}}
    ended = restore(cloud, good, bad)
    assert ended.failed
    assert "nothing was made" in ended.msg
    assert "img-gone does not exist" in ended.msg
    assert [each["action"] for each in ended.result["instances"]] == ["none", "blocked"]
    assert ended.result["changed"] is False
    assert cloud.writes() == []
    assert machines(cloud) == {}


def test_an_image_that_is_not_ready_is_a_blocker(cloud: Cloud) -> None:
    entry = backed_up(cloud)
    cloud.control.act("set_status", IMAGE, status="pending")
    ended = restore(cloud, entry)
    assert ended.failed
    assert codes(ended, "blockers") == {"no_backup"}
    assert "'pending', not ready" in ended.msg


def test_a_disk_without_a_snapshot_is_a_blocker_unless_it_may_be_missing(cloud: Cloud) -> None:
    entry = snapshotted(cloud, SYSTEM, DATA)
    ended = restore(cloud, entry)
    assert ended.failed
    assert codes(ended, "blockers") == {"disk_not_covered"}
    assert BIG in ended.msg
    assert cloud.writes() == []
    ended = restore(cloud, entry, allow_missing_disks=True)
    assert not ended.failed
    assert "disk_not_covered" in codes(ended)
    assert [device for device, _size, _origin in disks(only_machine(cloud))] == ["vda", "vdb"]


def test_a_full_quota_is_a_failure_with_the_services_answer(cloud: Cloud) -> None:
    entry = backed_up(cloud)
    cloud.control.set_quotas(instances=0)
    ended = restore(cloud, entry)
    assert ended.failed
    assert ended.error["status"] == "QUOTA_EXCEEDED"
    assert ended.error["operation"] == CREATE
    assert ended.only["instance_id"] is None
    assert ended.only["status"] == "absent"
    assert not ended.result["changed"]
    assert len(cloud.calls(CREATE)) == 1


def test_a_machine_that_the_service_cannot_make_is_a_failure(cloud: Cloud) -> None:
    entry = backed_up(cloud)
    cloud.control.inject("transition_fails", operation=CREATE)
    ended = restore(cloud, entry)
    assert ended.failed
    assert ended.error["code"] in ("error_state", "vanished")
    assert ended.only["action"] == "failed"


def test_a_machine_that_hangs_is_a_failure_that_names_its_state(cloud: Cloud) -> None:
    entry = backed_up(cloud)
    cloud.control.inject("transition_hangs", operation=CREATE)
    ended = restore(cloud, entry, wait_timeout=1)
    assert ended.failed
    assert ended.error["code"] == "timeout"
    assert "is still in 'pending'" in ended.msg
    assert ended.result["changed"]
    assert ended.only["instance_id"] in machines(cloud)


def test_one_machines_failure_does_not_hide_the_others_result(cloud: Cloud) -> None:
    entry = backed_up(cloud, image_seconds=0.15)
    snapshots = zip(origins(cloud), (SYSTEM, DATA, BIG), strict=True)
    rows = [{"snapshot_id": snapshot_id, "disk_id": disk_id} for snapshot_id, disk_id in snapshots]
    twin = {**entry, "instance_id": "i-twin000003", "name": "twin", "image": None, "snapshots": rows}
    cloud.control.inject("error", operation=CREATE, http=403, status="HTTP_FORBIDDEN", message="no")
    ended = restore(cloud, entry, twin)
    actions = sorted(each["action"] for each in ended.result["instances"])
    assert ended.failed
    assert actions == ["created", "failed"]
    assert ended.summary["created"] == 1
    assert len(machines(cloud)) == 1


# --- check mode, do, do again -------------------------------------------------------------------------------------


def test_check_mode_predicts_what_the_run_does(cloud: Cloud) -> None:
    entry = backed_up(cloud)
    preview = restore(cloud, entry, check=True)
    assert preview.result["changed"]
    assert preview.only["action"] == "created"
    assert preview.only["instance_id"] is None
    done = restore(cloud, entry)
    assert done.result["diff"] == preview.result["diff"]
    assert done.only["warnings"] == preview.only["warnings"]
    assert [row["device"] for row in preview.only["disks"]] == [row["device"] for row in done.only["disks"]]
    again = restore(cloud, entry, check=True)
    assert not again.result["changed"]
    assert again.only["action"] == "none"


def test_a_machine_comes_back_as_it_was_with_every_disk_from_its_snapshot(cloud: Cloud) -> None:
    entry = backed_up(cloud)
    ended = restore(cloud, entry)
    assert not ended.failed, ended.msg
    machine = only_machine(cloud)
    system, data, big = origins(cloud)
    assert disks(machine) == [("vda", 50, system), ("vdb", 100, data), ("vdc", 200, big)]
    assert [slot["autoDelete"] for slot in machine["dataDisks"]] == [True, False]
    assert machine["dataDisks"][1]["cloudDisk"]["diskType"] == "hdd.std1"
    assert (machine["instanceName"], machine["status"], machine["subnetId"]) == ("web-01", "running", "subnet-prod")
    groups = machine["primaryNetworkInterface"]["networkInterface"]["securityGroups"]
    assert [group["groupId"] for group in groups] == ["sg-prod", "sg-more"]
    assert machine["description"] == f"jdcloud.cloud/1 restore={CAMPAIGN} instance={WEB} the old web server"
    assert machine["tags"] == [{"key": "env", "value": "prod"}]
    assert "elasticIpId" not in machine
    assert codes(ended) == {"elastic_ip_not_restored", "tag_left_out"}
    assert all(row["verified"] for row in ended.only["disks"])
    assert ended.only["instance_id"] == machine["instanceId"]
    assert ended.only["source_instance_id"] == WEB
    assert ended.only["helper_image_id"] is None
    assert ended.summary["api_calls"] == len([each for each in cloud.calls() if each["number"]])


def test_a_second_run_makes_nothing_and_checks_the_disks_again(cloud: Cloud) -> None:
    entry = backed_up(cloud)
    first = restore(cloud, entry)
    cloud.control.clear_requests()
    again = restore(cloud, entry)
    assert not again.failed
    assert not again.result["changed"]
    assert again.only["action"] == "none"
    assert again.only["instance_id"] == first.only["instance_id"]
    assert cloud.writes() == []
    assert all(row["verified"] for row in again.only["disks"])


def test_a_second_run_needs_no_backup_any_more(cloud: Cloud) -> None:
    entry = backed_up(cloud)
    made = restore(cloud, entry).only["instance_id"]
    cloud.control.act("delete", IMAGE, instantly=True)
    again = restore(cloud, entry)
    assert not again.failed
    assert again.only["action"] == "none"
    assert again.only["instance_id"] == made


def test_a_machine_that_only_has_the_name_is_not_taken_for_a_restored_one(cloud: Cloud) -> None:
    entry = backed_up(cloud)
    add(cloud, instances=[{"id": "i-name000001", "name": "web-01", "description": f"restore={CAMPAIGN} instance={WEB}"}])
    ended = restore(cloud, entry)
    assert not ended.failed
    assert ended.only["action"] == "created"
    assert len(machines(cloud)) == 2


def test_an_earlier_copy_elsewhere_is_no_success(cloud: Cloud) -> None:
    entry = backed_up(cloud)
    restore(cloud, entry)
    ended = restore(cloud, entry, subnet_id="subnet-other")
    assert ended.failed
    assert ended.error["code"] == "made_otherwise"
    assert len(machines(cloud)) == 1


# --- overrides and drills -----------------------------------------------------------------------------------------


def test_overrides_replace_what_was(cloud: Cloud) -> None:
    entry = backed_up(cloud)
    ended = restore(
        cloud,
        entry,
        name="web-02",
        instance_type="g.n2.large",
        az="cn-north-1b",
        subnet_id="subnet-x",
        security_group_ids=["sg-x"],
    )
    assert not ended.failed, ended.msg
    machine = only_machine(cloud)
    assert (machine["instanceName"], machine["instanceType"], machine["az"]) == ("web-02", "g.n2.large", "cn-north-1b")
    assert machine["subnetId"] == "subnet-x"
    assert machine["hostname"] == "web-01"


def test_the_private_address_comes_back_if_that_is_wanted(cloud: Cloud) -> None:
    entry = backed_up(cloud)
    assert not restore(cloud, entry, keep_private_ip=True).failed
    assert only_machine(cloud)["privateIpAddress"] == "10.1.2.3"


def test_a_drill_needs_a_network_of_its_own(cloud: Cloud) -> None:
    entry = backed_up(cloud, leave=True)
    ended = restore(cloud, entry, drill=True)
    assert ended.failed
    assert "subnet_id, security_group_ids" in ended.msg
    assert cloud.calls() == []


def test_a_drill_leaves_the_original_and_has_nothing_of_it_but_the_disks(cloud: Cloud) -> None:
    entry = backed_up(cloud, leave=True)
    ended = restore(cloud, entry, drill=True, **NET)
    assert not ended.failed, ended.msg
    machine = machines(cloud)[ended.only["instance_id"]]
    assert machine["instanceName"] == "drill-web-01"
    assert machine["subnetId"] == "subnet-drill"
    assert "tags" not in machine
    assert "keyNames" not in machine
    assert "elasticIpId" not in machine
    assert "ag" not in machine
    assert machine["privateIpAddress"] != "10.1.2.3"
    assert machine["hostname"] == "drill-web-01"
    assert all(slot["autoDelete"] for slot in machine["dataDisks"])
    assert "original_exists" not in codes(ended)
    assert restore(cloud, entry, drill=True, **NET).only["action"] == "none"
    assert len(machines(cloud)) == 2


def test_a_restore_next_to_the_original_warns(cloud: Cloud) -> None:
    entry = backed_up(cloud, leave=True)
    ended = restore(cloud, entry)
    assert not ended.failed
    assert "original_exists" in codes(ended)


def test_prepaid_local_disks_and_groups_come_back_otherwise_with_warnings(cloud: Cloud) -> None:
    entry = backed_up(cloud, fields={"charge": "prepaid", "local_disks": 1, "ag": "ag-web", "dedicated_host": "host-1"})
    ended = restore(cloud, entry)
    assert not ended.failed, ended.msg
    expected = {"prepaid_becomes_postpaid", "local_disk_lost", "group_not_rejoined", "dedicated_host_not_used"}
    assert expected < codes(ended)
    assert only_machine(cloud)["charge"]["chargeMode"] == "postpaid_by_duration"


# --- one image ----------------------------------------------------------------------------------------------------


def test_one_machine_of_an_image(cloud: Cloud) -> None:
    backed_up(cloud)
    options: Json = {"image_id": IMAGE, "instance_type": "g.n2.medium", "az": "cn-north-1a", "name": "of-image", **NET}
    ended = restore(cloud, **options)
    assert not ended.failed, ended.msg
    machine = only_machine(cloud)
    assert machine["description"] == f"jdcloud.cloud/1 restore={IMAGE} instance=none"
    assert disks(machine) == [("vda", 50, origins(cloud)[0]), ("vdb", 100, origins(cloud)[1]), ("vdc", 200, origins(cloud)[2])]
    assert restore(cloud, **options).only["action"] == "none"


def test_an_image_whose_snapshot_is_gone_is_a_blocker(cloud: Cloud) -> None:
    backed_up(cloud)
    cloud.control.act("delete", origins(cloud)[1], instantly=True)
    ended = restore(cloud, image_id=IMAGE, instance_type="g.n2.medium", az="cn-north-1a", name="of-image", **NET)
    assert ended.failed
    assert codes(ended, "blockers") == {"snapshot_missing"}
    assert cloud.writes() == []


# --- without waiting ----------------------------------------------------------------------------------------------


def test_without_waiting_the_next_run_checks(cloud: Cloud) -> None:
    entry = backed_up(cloud)
    ended = restore(cloud, entry, wait=False)
    assert not ended.failed
    assert ended.only["status"] == "pending"
    assert {row["verified"] for row in ended.only["disks"]} == {None}
    again = restore(cloud, entry)
    assert not again.failed
    assert again.only["action"] == "none"
    assert all(row["verified"] for row in again.only["disks"])


def test_text_of_the_cloud_stays_text(cloud: Cloud) -> None:
    cloud.seed(web(description="{{ 7*7 }} restore=x instance=y", tags={"k": "{{ 7*7 }}"}))
    add(cloud, images=[{"id": IMAGE, "of": WEB}])
    manifest_entry = entry(cloud, image=IMAGE)
    delete(cloud)
    assert not restore(cloud, manifest_entry).failed
    machine = only_machine(cloud)
    assert machine["description"].endswith("{{ 7*7 }} restore=x instance=y")
    assert machine["tags"][0]["value"] == "{{ 7*7 }}"
    assert restore(cloud, manifest_entry).only["action"] == "none"
