# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of disks, network interfaces and elastic IPs, and how stopped machines are charged: reported as it truly is."""

from __future__ import annotations

import pytest

from support.integration.cloud import Cloud, allowing_stops, running, stopped
from support.json_object import Json

A, B = "i-aaaa000001", "i-bbbb000002"
DISKS: list[Json] = [
    {"id": "vol-goes", "size": 10, "auto_delete": True},
    {"id": "vol-stays", "size": 20, "auto_delete": False},
    {"id": "vol-prepaid", "size": 30, "auto_delete": True, "charge": "prepaid"},
    {"id": "vol-shared", "size": 40, "auto_delete": True, "shared": True},
]


@pytest.mark.parametrize(
    "settings", [{}, {"omit_false_auto_delete": True, "vm_empty_fields": "null", "disk_empty_lists": "empty"}]
)
def test_fates_of_all_kinds_of_disks_as_configured(cloud: Cloud, settings: Json) -> None:
    cloud.seed(stopped(A, disks=DISKS, local_disks=1, system_disk={"id": "vol-system"}), **settings)
    ended = cloud.vm("absent", A)
    local = next(disk["device"] for disk in ended.only["disks"] if disk["category"] == "local")
    expected = {
        "vol-system": "deleted",
        "vol-goes": "deleted",
        "vol-stays": "kept",
        "vol-prepaid": "kept",
        "vol-shared": "kept",
        local: "lost",
    }
    assert ended.fates() == expected
    assert not ended.failed
    for disk_id, fate in expected.items():
        assert disk_id == local or cloud.exists(disk_id) is (fate == "kept")
    kept = {(row["disk_id"], row["size_gb"], row["instance_id"], row["fate"]) for row in ended.result["retained"]["disks"]}
    assert kept == {("vol-stays", 20, A, "kept"), ("vol-prepaid", 30, A, "kept"), ("vol-shared", 40, A, "kept")}


@pytest.mark.parametrize(("auto_delete", "fate"), [(True, "deleted"), (False, "kept")])
@pytest.mark.parametrize("wanted", ["as_configured", "keep", "delete"])
def test_a_system_disk_follows_its_own_attribute_whatever_is_wished(
    cloud: Cloud, wanted: str, auto_delete: bool, fate: str
) -> None:
    cloud.seed(stopped(A, system_disk={"id": "vol-system", "auto_delete": auto_delete}))
    ended = cloud.vm("absent", A, disks=wanted)
    assert ended.fates() == {"vol-system": fate}
    assert cloud.exists("vol-system") is (fate == "kept")
    assert cloud.writes() == ["vm.deleteInstance"]


def test_a_local_system_disk_is_lost(cloud: Cloud) -> None:
    cloud.seed(stopped(A, system_disk="local"))
    ended = cloud.vm("absent", A)
    (disk,) = ended.only["disks"]
    assert disk["category"] == "local"
    assert disk["disk_id"] is None
    assert disk["fate"] == "lost"


def test_keep_leaves_prepaid_and_shared_disks_alone(cloud: Cloud) -> None:
    cloud.seed(stopped(A, disks=DISKS))
    ended = cloud.vm("absent", A, disks="keep")
    assert not ended.failed
    assert all(cloud.exists(str(disk["id"])) for disk in DISKS)
    (change,) = cloud.calls("vm.modifyInstanceDiskAttribute")
    assert change["resources"] == [A, "vol-goes"]


@pytest.mark.parametrize(
    ("disk", "wanted"),
    [
        ({"charge": "prepaid"}, "delete"),
        ({"shared": True}, "delete"),
        ({"charge": "postpaid_by_usage"}, "delete"),
        ({"charge": "postpaid_by_usage", "auto_delete": True}, "keep"),
    ],
)
def test_a_fate_that_cannot_be_had_is_a_blocker(cloud: Cloud, disk: Json, wanted: str) -> None:
    cloud.seed(stopped(A, disks=[{"id": "vol-a", **disk}]))
    ended = cloud.vm("absent", A, disks=wanted)
    assert ended.failed
    assert ended.blockers() == ["disk_fate_impossible"]
    assert "vol-a" in ended.only["blockers"][0]["message"]
    assert cloud.writes() == []


def test_a_disk_that_takes_its_time_to_go_is_waited_for(cloud: Cloud) -> None:
    cloud.seed(stopped(A, disks=[{"id": "vol-a", "auto_delete": True}]), disk_deletion_lag_seconds=1.0)
    ended = cloud.vm("absent", A)
    assert not ended.failed
    assert set(ended.fates().values()) == {"deleted"}
    assert not cloud.exists("vol-a")


def test_a_disk_that_never_goes_is_unverified(cloud: Cloud) -> None:
    cloud.seed(stopped(A, disks=[{"id": "vol-a", "auto_delete": True}]), disk_deletion_lag_seconds=600)
    ended = cloud.vm("absent", A, wait_timeout=1)
    assert ended.fates()["vol-a"] == "unverified"
    assert cloud.status("vol-a") == "deleting"


def test_elastic_ips_are_kept_unless_asked_for(cloud: Cloud) -> None:
    cloud.seed(stopped(A, elastic_ip={"id": "fip-a", "address": "203.0.113.5"}))
    ended = cloud.vm("absent", A)
    assert ended.fates("elastic_ips") == {"fip-a": "kept"}
    assert cloud.status("fip-a") == "NOT_ASSOCIATED"
    assert ended.result["retained"]["elastic_ips"] == [
        {"elastic_ip_id": "fip-a", "address": "203.0.113.5", "instance_id": A, "fate": "kept"}
    ]
    assert "vpc.deleteElasticIp" not in cloud.writes()


@pytest.mark.parametrize(
    "address",
    [{"charge": "prepaid", "expires": "-1d"}, {"ip_type": "edge"}, {"charge": "postpaid_by_usage"}],
    ids=["expired", "edge", "by_usage"],
)
def test_elastic_ips_that_can_be_released(cloud: Cloud, address: Json) -> None:
    cloud.seed(stopped(A, elastic_ip={"id": "fip-a", **address}))
    ended = cloud.vm("absent", A, elastic_ips="release")
    assert not ended.failed
    assert ended.fates("elastic_ips") == {"fip-a": "released"}
    assert not cloud.exists("fip-a")


@pytest.mark.parametrize(
    ("machine", "reason"),
    [
        ({"elastic_ip": {"id": "fip-a", "charge": "prepaid", "expires": "+30d"}}, "prepaid"),
        ({"elastic_ip": {"id": "fip-a", "package": "bwp-1"}}, "bandwidth package"),
        ({"secondary_interfaces": [{"id": "port-two", "elastic_ip": True}]}, "port-two"),
    ],
    ids=["prepaid", "package", "secondary"],
)
def test_elastic_ips_that_cannot_be_released_are_a_blocker(cloud: Cloud, machine: Json, reason: str) -> None:
    cloud.seed(stopped(A, **machine))
    ended = cloud.vm("absent", A, elastic_ips="release")
    assert ended.failed
    assert ended.blockers() == ["elastic_ip_not_releasable"]
    assert reason in ended.only["blockers"][0]["message"]
    assert cloud.writes() == []
    assert not cloud.vm("absent", A).failed, "keeping it is always possible"


def test_secondary_interfaces_and_their_addresses(cloud: Cloud) -> None:
    """One that goes with the machine frees its address; one that stays is a warning, and keeps its address."""
    cloud.seed(
        stopped(A, secondary_interfaces=[{"id": "port-goes", "auto_delete": True, "elastic_ip": True}]),
        stopped(B, secondary_interfaces=[{"id": "port-stays", "elastic_ip": True}]),
    )
    released = cloud.vm("absent", A, elastic_ips="release")
    assert not released.failed
    assert set(released.fates("elastic_ips").values()) == {"released"}
    assert released.only["warnings"] == []
    kept = cloud.vm("absent", B)
    assert [warning["code"] for warning in kept.only["warnings"]] == ["secondary_interface_kept"]
    assert set(kept.fates("elastic_ips").values()) == {"kept"}
    assert cloud.exists("port-stays")
    roles = {row["network_interface_id"]: (row["role"], row["auto_delete"]) for row in kept.only["network_interfaces"]}
    assert roles["port-stays"] == ("secondary", False)
    assert len(roles) == 2


def test_warnings_of_groups_and_scheduled_releases(cloud: Cloud) -> None:
    cloud.seed(stopped(A, ag="ag-1", release_time="2030-01-01 00:00:00"), groups=[{"id": "ag-1"}])
    ended = cloud.vm("absent", A)
    assert {warning["code"] for warning in ended.only["warnings"]} == {"group_member", "release_scheduled"}
    assert not ended.failed


@pytest.mark.parametrize("state", ["stopped", "absent"])
@pytest.mark.parametrize("choice", ["keepCharging", "stopCharging"])
def test_charge_on_stopped_is_passed_to_the_stop(cloud: Cloud, state: str, choice: str) -> None:
    cloud.seed(running(A, charge_on_stopped="stopCharging" if choice == "keepCharging" else "keepCharging"), delete_seconds=600)
    cloud.control.inject("error", operation="vm.deleteInstance", times=0, http=403, status="HTTP_FORBIDDEN", message="no")
    cloud.vm(state, A, charge_on_stopped=choice, **allowing_stops(state))
    machine = cloud.control.resource(A)
    assert machine is not None
    assert machine["status"] == "stopped"
    assert machine["chargeOnStopped"] == choice


@pytest.mark.parametrize("state", ["stopped", "absent"])
def test_stop_charging_with_local_disks_is_blocked_unless_allowed(cloud: Cloud, state: str) -> None:
    cloud.seed(running(A, local_disks=1))
    more: Json = {"charge_on_stopped": "stopCharging", **allowing_stops(state)}
    ended = cloud.vm(state, A, **more)
    assert ended.failed
    assert ended.blockers() == ["local_disk_loss"]
    assert cloud.writes() == []
    assert not cloud.vm(state, A, allow_local_disk_loss=True, **more).failed


@pytest.mark.parametrize(
    ("machine", "choice"),
    [
        ({"dedicated_host": "host-1"}, "keepCharging"),
        ({"charge": "postpaid_by_usage"}, "stopCharging"),
        ({"charge": "prepaid", "expires": "+9d"}, "stopCharging"),
        ({"system_disk": "local"}, "stopCharging"),
    ],
)
def test_charge_on_stopped_that_the_service_would_refuse_is_a_blocker(cloud: Cloud, machine: Json, choice: str) -> None:
    cloud.seed(running(A, **machine))
    ended = cloud.vm("stopped", A, charge_on_stopped=choice, allow_local_disk_loss=True)
    assert ended.failed
    assert ended.blockers() == ["stop_charging_not_allowed"]
    assert cloud.writes() == []


@pytest.mark.parametrize("charge", ["overdue", "arrear"])
def test_an_overdue_machine_cannot_be_started_but_deleted(cloud: Cloud, charge: str) -> None:
    cloud.seed(stopped(A, charge=charge))
    ended = cloud.vm("running", A)
    assert ended.failed
    assert ended.blockers() == ["charge_overdue"]
    assert cloud.writes() == []
    assert cloud.vm("absent", A).actions == {A: "deleted"}


@pytest.mark.parametrize(
    ("machine", "deleted"),
    [
        ({"charge": "postpaid_by_duration"}, True),
        ({"charge": "postpaid_by_usage"}, True),
        ({"charge": "prepaid", "expires": "-1d"}, True),
        ({"charge": "prepaid", "expires": "+1d"}, False),
        ({"charge": "none"}, False),
    ],
)
def test_charge_modes_decide_about_deletion(cloud: Cloud, machine: Json, deleted: bool) -> None:
    cloud.seed(stopped(A, **machine))
    ended = cloud.vm("absent", A)
    assert ended.failed is not deleted
    assert cloud.exists(A) is not deleted


def test_a_white_list_of_prepaid_machines_is_reported(cloud: Cloud) -> None:
    cloud.seed(stopped(A, charge="prepaid", expires="-1d"), prepaid_white_list=True)
    ended = cloud.vm("absent", A)
    assert ended.error["status"] == "PERMISSION_DENIED"
    assert "white list" in ended.error["message"]
    assert len(cloud.calls("vm.deleteInstance")) == 1
