# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What another user does in the emulated cloud while a test runs."""

from __future__ import annotations

import socket
import time
from typing import Any
from urllib.parse import urlsplit

import pytest

from jdcloud_emulator.control import ControlError
from jdcloud_emulator.process import EmulatorProcess


@pytest.fixture(autouse=True)
def one_machine(cloud: Any) -> None:
    """All stories here are about a running machine and a friend of it."""
    cloud.seed({"id": "i-web", "disks": [{"id": "vol-a"}]}, {"id": "i-other"}, disks=[{"id": "vol-free"}])


def stop(cloud: Any, instance_id: str = "i-web") -> Any:
    return cloud.vm("POST", f"instances/{instance_id}:stopInstance", {})


@pytest.mark.parametrize(
    ("action", "parameters", "seen"),
    [
        ("stop", {"instantly": True}, {"status": "stopped"}),
        ("restart", {}, {"status": "rebooting"}),
        ("set_status", {"status": "migrating"}, {"status": "migrating"}),
        ("rename", {"name": "renamed"}, {"instanceName": "renamed"}),
        ("describe", {"description": "text"}, {"description": "text"}),
        ("retag", {"tags": {"a": "b"}}, {"tags": [{"key": "a", "value": "b"}]}),
        ("protect", {}, {"tags": [{"key": "jdcloud-protect", "value": "true"}]}),
        ("set_task", {"task": "create_image"}, {"_task": "create_image"}),
        ("delete", {}, {"status": "deleting"}),
    ],
)
def test_another_user_changes_a_machine(cloud: Any, action: str, parameters: dict[str, Any], seen: dict[str, Any]) -> None:
    cloud.control.act(action, "i-web", **parameters)
    resource = cloud.control.resource("i-web")
    assert {key: resource[key] for key in seen} == seen


def test_another_user_changes_disks_charges_and_addresses(cloud: Any) -> None:
    cloud.control.act("attach", "i-web", disk="vol-free", auto_delete=True)
    cloud.control.act("attach", "i-web", size=30)
    cloud.control.act("detach", "i-web", disk="vol-a")
    cloud.control.act("set_charge", "i-web", mode="prepaid", expires="+3d")
    cloud.control.act("associate", "i-web")
    instance = cloud.vm("GET", "instances/i-web").result["instance"]
    disks = [(one["cloudDisk"]["diskSizeGB"], one["autoDelete"], one["status"]) for one in instance["dataDisks"]]
    assert disks == [(100, True, "attached"), (30, False, "attached")]
    assert instance["charge"]["chargeMode"] == "prepaid_by_duration"
    assert instance["elasticIpId"]
    cloud.control.act("set_auto_delete", "i-web", disk="vol-free", value=False)
    cloud.control.act("disassociate", "i-web")
    cloud.control.act("set_charge", "i-web", mode="none")
    instance = cloud.vm("GET", "instances/i-web").result["instance"]
    assert not instance["dataDisks"][0]["autoDelete"]
    assert "elasticIpId" not in instance
    assert "charge" not in instance


def test_another_user_deletes_at_once(cloud: Any) -> None:
    cloud.control.act("delete", "i-web", instantly=True)
    assert cloud.status("i-web") == "gone"
    assert cloud.control.resource("i-web") is None
    cloud.control.act("delete", "vol-a", instantly=True)
    assert cloud.disk("GET", "disks/vol-a").http == 404


def test_another_user_deletes_assets_and_takes_a_snapshot(cloud: Any) -> None:
    cloud.control.add({"regions": {"cn-north-1": {"images": [{"id": "img-a", "of": "i-web"}], "elastic_ips": [{"id": "fip-a"}]}}})
    cloud.control.act("snapshot", "vol-free", name="theirs", instantly=True)
    rows = cloud.disk("GET", "snapshots").result["snapshots"]
    assert [(one["name"], one["status"]) for one in rows if one["diskId"] == "vol-free"] == [("theirs", "available")]
    cloud.control.act("delete", "img-a", instantly=True, snapshots=True)
    cloud.control.act("delete", "fip-a")
    for one in rows:
        if one["diskId"] == "vol-free":
            cloud.control.act("delete", one["snapshotId"], instantly=True)
    assert [cloud.control.resource(one) for one in ("img-a", "fip-a")] == [None, None]
    assert cloud.disk("GET", "snapshots").result["snapshots"] is None


def test_another_user_attaches_and_detaches_in_their_time(cloud: Any) -> None:
    cloud.control.act("attach", "i-web", disk="vol-free", instantly=False)
    assert cloud.control.resource("i-web")["_task"] == "attach_disk"
    cloud.control.advance(2)
    cloud.control.act("detach", "i-web", disk="vol-free", instantly=False)
    assert cloud.control.resource("i-web")["_task"] == "detach_disk"
    cloud.control.advance(2)
    assert cloud.control.resource("vol-free")["status"] == "available"


def test_an_address_moves_from_one_machine_to_another(cloud: Any) -> None:
    cloud.control.act("associate", "i-web")
    address = cloud.control.resource("i-web")["elasticIpId"]
    cloud.control.act("associate", "i-other", elastic_ip=address)
    assert "elasticIpId" not in cloud.control.resource("i-web")
    assert cloud.control.resource("i-other")["elasticIpId"] == address


def test_a_transition_is_ended_by_hand(cloud: Any) -> None:
    stop(cloud)
    cloud.control.act("finish", "i-web")
    assert cloud.status("i-web") == "stopped"


def test_an_attachment_may_fail_or_hang(cloud: Any) -> None:
    cloud.control.inject("transition_fails", operation="vm.attachDisk")
    assert cloud.vm("POST", "instances/i-web:attachDisk", {"diskId": "vol-free"}).http == 200
    cloud.control.advance(2)
    slots = cloud.control.resource("i-web")["dataDisks"]
    assert [one["status"] for one in slots] == ["attached", "error_attach"]
    for kind, end in (("transition_fails", "error_detach"), ("transition_hangs", "detaching")):
        cloud.control.inject(kind, operation="vm.detachDisk")
        assert cloud.vm("POST", "instances/i-web:detachDisk", {"diskId": "vol-a"}).http == 200
        cloud.control.advance(2)
        assert cloud.control.resource("i-web")["dataDisks"][0]["status"] == end


def test_it_ends_quickly_although_a_call_hangs(cloud: Any) -> None:
    with EmulatorProcess() as emulator:
        emulator.control.inject("hang")
        client = type(cloud)(emulator.url)
        url = f"{emulator.url}/v1/regions/cn-north-1/instances"
        address = urlsplit(emulator.url)
        with socket.create_connection((address.hostname, address.port)) as waiting:
            headers = client.headers("GET", "vm", url, "", "cn-north-1", Host=address.netloc)
            head = "".join(f"{key}: {value}\r\n" for key, value in headers.items())
            waiting.sendall(f"GET {urlsplit(url).path} HTTP/1.1\r\n{head}\r\n".encode())
            while not client.log():
                pass
            started = time.monotonic()
            emulator.stop()
            assert time.monotonic() - started < 3


def test_another_user_takes_the_quota(cloud: Any) -> None:
    cloud.control.act("set_quotas", "", when={"operation": "disk.describeQuota", "moment": "after"}, snapshots=0)
    assert cloud.disk("GET", "quotas?type=snapshot").result["quota"]["limit"] == 15
    assert cloud.disk("GET", "quotas?type=snapshot").result["quota"]["limit"] == 0


def test_a_race_right_before_a_call_is_handled(cloud: Any) -> None:
    cloud.control.act("start", "i-web", when={"operation": "vm.deleteInstance"}, instantly=True)
    cloud.control.act("stop", "i-web", instantly=True)
    assert cloud.status("i-web") == "stopped"
    assert cloud.vm("DELETE", "instances/i-other").http == 200
    assert len(cloud.control.acts()) == 1
    assert cloud.vm("DELETE", "instances/i-web").http == 200
    assert cloud.control.acts() == []


def test_a_race_right_after_the_second_read(cloud: Any) -> None:
    trigger = {"operation": "vm.describeInstance", "moment": "after", "nth": 2}
    cloud.control.act("protect", "i-web", when=trigger)
    reads = [cloud.vm("GET", "instances/i-web").result["instance"] for _each in range(3)]
    assert ["tags" in instance for instance in reads] == [False, False, True]


def test_a_race_may_be_on_another_resource_or_on_lists(cloud: Any) -> None:
    cloud.control.act("retag", "i-web", when={"operation": "vm.describeInstances", "resource": "*"}, tags={"a": "b"})
    listed = cloud.vm("GET", "instances").result["instances"]
    assert listed[0]["tags"] == [{"key": "a", "value": "b"}]


def test_an_action_some_simulated_seconds_later(cloud: Any) -> None:
    cloud.control.act("restart", "i-web", after_seconds=100)
    cloud.control.advance(99)
    assert cloud.status("i-web") == "running"
    cloud.control.advance(2)
    assert cloud.status("i-web") == "rebooting"


def test_an_action_that_makes_no_sense_is_refused_or_noted(cloud: Any) -> None:
    for action, resource in (("fly", "i-web"), ("stop", "i-none"), ("stop", "vol-a"), ("detach", "i-web")):
        with pytest.raises(ControlError):
            cloud.control.act(action, resource)
    cloud.control.act("stop", "i-none", when={"operation": "vm.describeInstances", "resource": "*"})
    assert cloud.vm("GET", "instances").http == 200
    assert "i-none" in cloud.control.call("GET", "act")["failures"][0]


def test_acts_that_wait_can_be_forgotten(cloud: Any) -> None:
    cloud.control.act("stop", "i-web", when={"operation": "vm.describeInstance"})
    cloud.control.clear_acts()
    assert cloud.status("i-web") == "running"
