# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines: their states, what is refused, what becomes of their parts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

WEB: dict[str, Any] = {"id": "i-web", "name": "web-01"}


def stopped(**more: Any) -> dict[str, Any]:
    return {**WEB, "status": "stopped", **more}


@pytest.mark.parametrize(
    ("operation", "before", "via", "after"),
    [
        ("stopInstance", "running", "stopping", "stopped"),
        ("startInstance", "stopped", "starting", "running"),
        ("rebootInstance", "running", "rebooting", "running"),
    ],
)
def test_power_goes_through_its_states_in_time(cloud: Any, operation: str, before: str, via: str, after: str) -> None:
    cloud.seed({**WEB, "status": before})
    answer = cloud.vm("POST", f"instances/i-web:{operation}", {"regionId": "cn-north-1", "instanceId": "i-web"})
    assert answer.body["result"] == {}
    assert cloud.status("i-web") == via
    cloud.control.advance(4)
    assert cloud.status("i-web") == via
    cloud.control.advance(1.5)
    assert cloud.status("i-web") == after


@pytest.mark.parametrize("before", ["running", "stopped", "error"])
def test_delete_takes_running_stopped_and_broken_machines(cloud: Any, before: str) -> None:
    cloud.seed({**WEB, "status": before})
    assert cloud.vm("DELETE", "instances/i-web").body["result"] == {}
    assert cloud.status("i-web") == "deleting"
    cloud.control.advance(6)
    assert cloud.vm("GET", "instances/i-web").error == "404 NOT_FOUND: Instance 'i-web' not found."
    assert cloud.vm("GET", "instances").result == {"instances": [], "totalCount": 0}


@pytest.mark.parametrize("state", ["pending", "starting", "stopping", "rebooting", "deleting", "resizing", "rebuilding"])
def test_nothing_is_legal_in_a_transition(cloud: Any, state: str) -> None:
    cloud.seed({**WEB, "status": state})
    assert cloud.vm("DELETE", "instances/i-web").error == f"400 FAILED_PRECONDITION: Invalid instance status '{state}'"
    for operation in ("stopInstance", "startInstance", "rebootInstance"):
        answer = cloud.vm("POST", f"instances/i-web:{operation}", {})
        assert answer.error == f"400 FAILED_PRECONDITION: Invalid instance status {state}"


@pytest.mark.parametrize(
    ("operation", "state"), [("stopInstance", "stopped"), ("startInstance", "running"), ("stopInstance", "error")]
)
def test_power_is_refused_in_the_wrong_stable_state(cloud: Any, operation: str, state: str) -> None:
    cloud.seed({**WEB, "status": state})
    assert f"Invalid instance status {state}" in cloud.vm("POST", f"instances/i-web:{operation}", {}).error


@pytest.mark.parametrize("operation", ["stopInstance", "startInstance", "rebootInstance", "createImage"])
def test_a_missing_machine_is_not_found(cloud: Any, operation: str) -> None:
    assert (
        cloud.vm("POST", f"instances/i-none:{operation}", {"name": "xx"}).error == "404 NOT_FOUND: Instance 'i-none' not found."
    )


def test_a_machine_of_another_region_is_not_found(cloud: Any) -> None:
    cloud.seed(WEB)
    assert cloud.call("vm", "GET", "instances/i-web", region="cn-east-2").http == 404


def test_a_running_image_task_blocks_everything_and_delete_says_image_task(cloud: Any) -> None:
    cloud.seed(stopped(task="create_image"))
    assert cloud.vm("DELETE", "instances/i-web").error.endswith("Conflict with underlay image task 'create_image'")
    assert cloud.vm("POST", "instances/i-web:startInstance", {}).error.endswith("Conflict with underlay task create_image")
    assert cloud.vm("POST", "instances/i-web:createImage", {"name": "xx"}).error.endswith(
        "Conflict with underlay task create_image"
    )


@pytest.mark.parametrize(
    ("charge", "refusal"),
    [
        ({}, ""),
        ({"charge": "postpaid_by_usage"}, ""),
        ({"charge": "overdue"}, ""),
        ({"charge": "arrear"}, ""),
        ({"charge": "prepaid"}, "400 FAILED_PRECONDITION: Can't delete 'prepaid_by_duration' instance which isn't overdue"),
        ({"expires": "+1d"}, "400 FAILED_PRECONDITION: Can't delete 'prepaid_by_duration' instance which isn't overdue"),
        ({"expires": "-1d"}, ""),
        ({"charge": "prepaid", "charge_status": "overdue"}, ""),
        ({"charge": "none"}, "403 PERMISSION_DENIED: Can't delete no charged resource"),
    ],
)
def test_billing_decides_what_may_be_deleted(cloud: Any, charge: dict[str, Any], refusal: str) -> None:
    cloud.seed(stopped(**charge))
    answer = cloud.vm("DELETE", "instances/i-web")
    assert (answer.error if refusal else answer.http) == (refusal or 200)


def test_an_expired_prepaid_machine_of_a_white_listed_account_stays(cloud: Any) -> None:
    cloud.seed(stopped(expires="-1d"), settings={"prepaid_white_list": True})
    error = "403 PERMISSION_DENIED: Can't delete 'prepaid_by_duration' instance in white list"
    assert cloud.vm("DELETE", "instances/i-web").error == error


@pytest.mark.parametrize("charge", ["overdue", "arrear"])
@pytest.mark.parametrize(("operation", "status"), [("startInstance", "stopped"), ("rebootInstance", "running")])
def test_an_unpaid_machine_does_not_start(cloud: Any, charge: str, operation: str, status: str) -> None:
    cloud.seed({**WEB, "charge": charge, "status": status})
    assert cloud.vm("POST", f"instances/i-web:{operation}", {}).error == "400 FAILED_PRECONDITION: Invalid charge state"


def test_start_needs_a_mounted_system_disk(cloud: Any) -> None:
    cloud.seed(stopped(system_disk=None))
    assert cloud.vm("POST", "instances/i-web:startInstance", {}).error == "404 NOT_FOUND: System disk not found"
    cloud.seed(stopped(system_disk={"attachment": "error_attach"}))
    assert cloud.vm("POST", "instances/i-web:startInstance", {}).error.endswith("Invalid system disk mount state")


@pytest.mark.parametrize(
    ("machine", "choice", "refusal"),
    [
        ({"dedicated_host": "host-1"}, "keepCharging", "keepCharging or stopCharging does not applied to dedicated host"),
        ({"system_disk": "local"}, "stopCharging", "stopCharging only applied to cloud system disk"),
        ({"expires": "+9d"}, "stopCharging", "stopCharging only applied to postpaid by duration"),
        ({"charge": "none"}, "stopCharging", "order not found"),
        ({}, "whatever", "expected one of [keepCharging,stopCharging]"),
    ],
)
def test_stop_charging_has_its_conditions(cloud: Any, machine: dict[str, Any], choice: str, refusal: str) -> None:
    cloud.seed({**WEB, **machine})
    assert cloud.vm("POST", "instances/i-web:stopInstance", {"chargeOnStopped": choice}).error.endswith(refusal)


def test_stop_charging_loses_local_data_disks(cloud: Any) -> None:
    cloud.seed({**WEB, "local_disks": 1})
    cloud.vm("POST", "instances/i-web:stopInstance", {"chargeOnStopped": "stopCharging"})
    assert cloud.vm("GET", "instances/i-web").result["instance"]["chargeOnStopped"] == "stopCharging"
    assert cloud.control.resource("i-web")["_local_data_lost"]


# --- fates --------------------------------------------------------------------------------------------------------


def deleted(cloud: Any, query: str = "") -> None:
    assert cloud.vm("DELETE", f"instances/i-web{query}").http == 200
    cloud.control.advance(6)
    assert cloud.status("i-web") == "gone"


def test_disks_meet_the_fates_that_are_documented(cloud: Any) -> None:
    disks = [
        {"id": "vol-dies", "auto_delete": True},
        {"id": "vol-stays"},
        {"id": "vol-prepaid", "auto_delete": True, "expires": "+30d"},
        {"id": "vol-shared", "shared": True},
    ]
    cloud.seed(stopped(system_disk={"id": "vol-system"}, disks=disks), {"id": "i-other"})
    deleted(cloud)
    status = {one["diskId"]: one["status"] for one in cloud.disk("GET", "disks").result["disks"]}
    assert "vol-system" not in status
    assert "vol-dies" not in status
    assert (status["vol-stays"], status["vol-prepaid"], status["vol-shared"]) == ("available",) * 3
    assert cloud.disk("GET", "disks/vol-dies").error == "404 NOT_FOUND: Disk 'vol-dies' not found"
    assert cloud.disk("GET", "disks/vol-stays").result["disk"]["attachments"] is None


def test_a_shared_disk_stays_on_the_other_machine(cloud: Any) -> None:
    cloud.seed(stopped(), {"id": "i-other"}, disks=[{"id": "vol-both", "shared": True, "attached_to": ["i-web", "i-other"]}])
    deleted(cloud)
    disk = cloud.disk("GET", "disks/vol-both").result["disk"]
    assert disk["status"] == "in-use"
    assert [one["instanceId"] for one in disk["attachments"]] == ["i-other"]


def test_a_system_disk_without_auto_delete_is_kept(cloud: Any) -> None:
    cloud.seed(stopped(system_disk={"id": "vol-system", "auto_delete": False}))
    deleted(cloud)
    assert cloud.disk("GET", "disks/vol-system").result["disk"]["status"] == "available"


def test_disks_may_die_later_than_their_machine(cloud: Any) -> None:
    cloud.seed(stopped(disks=[{"id": "vol-dies", "auto_delete": True}]), settings={"disk_deletion_lag_seconds": 100})
    deleted(cloud)
    assert cloud.disk("GET", "disks/vol-dies").result["disk"]["status"] == "deleting"
    cloud.control.advance(100)
    assert cloud.disk("GET", "disks/vol-dies").http == 404


def test_elastic_ips_are_released_and_kept(cloud: Any) -> None:
    cloud.seed(stopped(elastic_ip={"id": "fip-a"}))
    deleted(cloud)
    address = cloud.vpc("GET", "elasticIps/fip-a").result["elasticIp"]
    assert (address["status"], address["instanceId"], address["networkInterfaceId"]) == ("NOT_ASSOCIATED", "", "")


@pytest.mark.parametrize("spelling", ["true", "True"])
def test_the_flag_deletes_the_primary_interfaces_address(cloud: Any, spelling: str) -> None:
    cloud.seed(
        stopped(elastic_ip={"id": "fip-a"}, secondary_interfaces=[{"id": "port-b", "auto_delete": True, "elastic_ip": True}])
    )
    deleted(cloud, f"?deletePrimaryNetworkInterfaceAllElasticIp={spelling}")
    assert cloud.vpc("GET", "elasticIps/fip-a").http == 404
    assert [one["status"] for one in cloud.vpc("GET", "elasticIps/").result["elasticIps"]] == ["NOT_ASSOCIATED"]


def test_the_flag_spares_a_prepaid_address(cloud: Any) -> None:
    cloud.seed(stopped(elastic_ip={"id": "fip-a", "expires": "+9d"}))
    deleted(cloud, "?deletePrimaryNetworkInterfaceAllElasticIp=true")
    assert cloud.vpc("GET", "elasticIps/fip-a").result["elasticIp"]["status"] == "NOT_ASSOCIATED"


def test_secondary_interfaces_follow_their_auto_delete(cloud: Any) -> None:
    interfaces = [{"id": "port-stays", "elastic_ip": True}, {"id": "port-dies", "auto_delete": True}]
    cloud.seed(stopped(network_interface="port-first", secondary_interfaces=interfaces))
    deleted(cloud)
    left = cloud.vpc("GET", "networkInterfaces/").result["networkInterfaces"]
    assert [(one["networkInterfaceId"], one["attachmentStatus"], one["instanceId"]) for one in left] == [
        ("port-stays", "detached", "")
    ]
    address = cloud.vpc("GET", "elasticIps/").result["elasticIps"][0]
    assert (address["status"], address["networkInterfaceId"], address["instanceId"]) == ("ASSOCIATED", "port-stays", "")


def test_with_a_recycle_bin_the_machine_stays_in_a_state_nobody_knows(cloud: Any) -> None:
    settings = {"instance_recycle_bin": True, "recycle_state": "in-recyclebin"}
    cloud.seed(stopped(elastic_ip={"id": "fip-a"}), settings=settings)
    cloud.vm("DELETE", "instances/i-web?deletePrimaryNetworkInterfaceAllElasticIp=true")
    cloud.control.advance(6)
    assert cloud.status("i-web") == "in-recyclebin"
    assert cloud.vpc("GET", "elasticIps/fip-a").http == 200


# --- attributes, disks, addresses ---------------------------------------------------------------------------------


def test_a_disks_delete_attribute_is_changed_at_once(cloud: Any) -> None:
    cloud.seed({**WEB, "disks": [{"id": "vol-a"}]})
    path = "instances/i-web:modifyInstanceDiskAttribute"
    assert cloud.vm("POST", path, {"dataDisks": [{"diskId": "vol-a", "autoDelete": True}]}).http == 200
    assert cloud.vm("GET", "instances/i-web").result["instance"]["dataDisks"][0]["autoDelete"] is True


@pytest.mark.parametrize(
    ("disk", "refusal"),
    [
        ({"id": "vol-b"}, "disk 'vol-a' not mounted"),
        ({"id": "vol-a", "shared": True}, "shared"),
        ({"id": "vol-a", "expires": "+1d"}, "postpaid"),
    ],
)
def test_the_delete_attribute_is_for_mounted_unshared_postpaid_disks(cloud: Any, disk: dict[str, Any], refusal: str) -> None:
    cloud.seed({**WEB, "disks": [disk]})
    body = {"dataDisks": [{"diskId": "vol-a", "autoDelete": True}]}
    answer = cloud.vm("POST", "instances/i-web:modifyInstanceDiskAttribute", body)
    assert "400 FAILED_PRECONDITION" in answer.error
    assert refusal in answer.error


def test_attach_and_detach_take_their_time_in_both_views(cloud: Any) -> None:
    cloud.seed(WEB, disks=[{"id": "vol-a"}])
    assert cloud.vm("POST", "instances/i-web:attachDisk", {"diskId": "vol-a"}).http == 200
    slot = cloud.vm("GET", "instances/i-web").result["instance"]["dataDisks"][0]
    assert (slot["status"], slot["autoDelete"], slot["deviceName"]) == ("attaching", False, "vdb")
    assert cloud.vm("POST", "instances/i-web:stopInstance", {}).error.endswith("Conflict with underlay task attach_disk")
    cloud.control.advance(2)
    disk = cloud.disk("GET", "disks/vol-a").result["disk"]
    assert (disk["status"], disk["attachments"][0]["status"], disk["attachments"][0]["instanceId"]) == (
        "in-use",
        "attached",
        "i-web",
    )
    assert cloud.vm("POST", "instances/i-web:detachDisk", {"diskId": "vol-a", "force": None}).http == 200
    assert cloud.vm("GET", "instances/i-web").result["instance"]["dataDisks"][0]["status"] == "detaching"
    cloud.control.advance(2)
    assert "dataDisks" not in cloud.vm("GET", "instances/i-web").result["instance"]
    assert cloud.disk("GET", "disks/vol-a").result["disk"]["status"] == "available"


@pytest.mark.parametrize(
    ("disk", "body", "refusal"),
    [
        ({"id": "vol-a", "status": "creating"}, {}, "400 FAILED_PRECONDITION: Disk busy in 'creating'"),
        ({"id": "vol-a", "status": "error_create"}, {}, "400 FAILED_PRECONDITION: Invalid disk status 'error_create'"),
        ({"id": "vol-a", "az": "cn-north-1b"}, {}, "400 FAILED_PRECONDITION: disk and instance are not in same az"),
        ({"id": "vol-a"}, {"deviceName": "vda"}, "400 FAILED_PRECONDITION: DeviceName 'vda' has been used"),
        ({"id": "vol-a"}, {"deviceName": "sdb"}, "400 OUT_OF_RANGE: DataDisks out of range"),
        ({"id": "vol-b"}, {}, "404 NOT_FOUND: Disk 'vol-a' not found"),
    ],
)
def test_attach_is_refused_with_the_documented_words(
    cloud: Any, disk: dict[str, Any], body: dict[str, Any], refusal: str
) -> None:
    cloud.seed(WEB, disks=[disk])
    assert cloud.vm("POST", "instances/i-web:attachDisk", {"diskId": "vol-a", **body}).error == refusal


def test_a_disk_is_attached_once_and_only_so_many_fit(cloud: Any) -> None:
    cloud.seed({**WEB, "disks": [{"id": "vol-a", "shared": True}]}, disks=[{"id": "vol-b"}], quotas={"disks_per_instance": 2})
    assert "Disk 'vol-a' already attached" in cloud.vm("POST", "instances/i-web:attachDisk", {"diskId": "vol-a"}).error
    assert (
        "429 QUOTA_EXCEEDED: Disk attachment limit exceeded"
        in cloud.vm("POST", "instances/i-web:attachDisk", {"diskId": "vol-b"}).error
    )


def test_the_system_disk_comes_off_a_stopped_machine_only(cloud: Any) -> None:
    cloud.seed({**WEB, "system_disk": {"id": "vol-system"}})
    assert "stop" in cloud.vm("POST", "instances/i-web:detachDisk", {"diskId": "vol-system"}).error
    cloud.control.act("stop", "i-web", instantly=True)
    assert cloud.vm("POST", "instances/i-web:detachDisk", {"diskId": "vol-system"}).http == 200


def test_an_elastic_ip_is_bound_and_released(cloud: Any) -> None:
    cloud.seed(WEB, {"id": "i-full", "elastic_ip": {"id": "fip-used"}}, elastic_ips=[{"id": "fip-a"}])
    bind = "instances/i-web:associateElasticIp"
    assert cloud.vm("POST", bind, {"elasticIpId": "fip-used"}).error.endswith("ElasticIp fip-used already in use")
    assert cloud.vm("POST", bind, {"elasticIpId": "fip-none"}).error == "404 NOT_FOUND: ElasticIpId fip-none not found"
    assert (
        "NetworkInterface already in use"
        in cloud.vm("POST", "instances/i-full:associateElasticIp", {"elasticIpId": "fip-a"}).error
    )
    assert cloud.vm("POST", bind, {"elasticIpId": "fip-a"}).http == 200
    assert cloud.vm("GET", "instances/i-web").result["instance"]["elasticIpId"] == "fip-a"
    release = "instances/i-web:disassociateElasticIp"
    assert "isn't associated to this instance's" in cloud.vm("POST", release, {"elasticIpId": "fip-used"}).error
    assert cloud.vm("POST", release, {"elasticIpId": "fip-a"}).http == 200
    assert "elasticIpId" not in cloud.vm("GET", "instances/i-web").result["instance"]


def test_attributes_of_a_machine_are_changed_within_their_rules(cloud: Any) -> None:
    cloud.seed(WEB)
    change = "instances/i-web:modifyInstanceAttribute"
    assert cloud.vm("POST", change, {"name": "新名字-1", "description": "x", "hostname": "h"}).http == 200
    instance = cloud.vm("GET", "instances/i-web").result["instance"]
    assert (instance["instanceName"], instance["description"], instance["hostname"]) == ("新名字-1", "x", "h")
    assert cloud.vm("POST", change, {"name": "x"}).http == 400
    assert cloud.vm("POST", change, {"name": ".xx"}).http == 400
    assert cloud.vm("POST", change, {"description": "x" * 257}).http == 400


def test_a_secondary_interfaces_auto_delete_is_changed_but_not_the_primarys(cloud: Any) -> None:
    cloud.seed({**WEB, "network_interface": "port-first", "secondary_interfaces": [{"id": "port-b"}]})
    change = "instances/i-web:modifyInstanceNetworkAttribute"
    assert cloud.vm("POST", change, {"networks": [{"networkInterfaceId": "port-b", "autoDelete": True}]}).http == 200
    instance = cloud.vm("GET", "instances/i-web").result["instance"]
    assert instance["secondaryNetworkInterfaces"][0]["autoDelete"] is True
    assert cloud.vm("POST", change, {"networks": [{"networkInterfaceId": "port-first", "autoDelete": False}]}).http == 400
    assert cloud.vm("POST", change, {"networks": [{"networkInterfaceId": "port-x"}]}).http == 404


def test_a_release_time_is_shown_cancelled_and_checked(cloud: Any) -> None:
    cloud.seed(WEB)
    change = "instances:modifyInstanceReleaseTime"
    next_year = f"{datetime.now(UTC).year + 1}-06-01 00:00:00"
    assert cloud.vm("POST", change, {"instanceIds": ["i-web"], "autoReleaseTime": next_year}).http == 200
    assert cloud.vm("GET", "instances/i-web").result["instance"]["autoReleaseTime"] == next_year
    assert cloud.vm("POST", change, {"instanceIds": ["i-web"], "autoReleaseTime": "2020-01-01 00:00:00"}).http == 400
    assert cloud.vm("POST", change, {"instanceIds": ["i-web"]}).http == 200
    assert "autoReleaseTime" not in cloud.vm("GET", "instances/i-web").result["instance"]
