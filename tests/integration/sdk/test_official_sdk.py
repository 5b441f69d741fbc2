# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The official Python SDK drives the emulator through the whole life of a machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from jdcloud_sdk.core.config import Config
from jdcloud_sdk.core.credential import Credential
from jdcloud_sdk.core.logger import Logger
from jdcloud_sdk.services.disk.apis.CreateSnapshotRequest import CreateSnapshotParameters, CreateSnapshotRequest
from jdcloud_sdk.services.disk.client.DiskClient import DiskClient
from jdcloud_sdk.services.disk.models.SnapshotSpec import SnapshotSpec

from jdcloud_emulator.process import EmulatorProcess

pytestmark = pytest.mark.foreign

Call = Callable[..., Any]
SPEC: dict[str, Any] = {
    "name": "life-1",
    "az": "cn-north-1a",
    "instanceType": "g.n2.medium",
    "imageId": "img-ubuntu2204",
    "systemDisk": {"diskCategory": "cloud", "cloudDiskSpec": {"diskType": "ssd.gp1", "diskSizeGB": 40}},
    "dataDisks": [{"diskCategory": "cloud", "autoDelete": False, "cloudDiskSpec": {"diskType": "ssd.gp1", "diskSizeGB": 100}}],
    "primaryNetworkInterface": {"networkInterface": {"subnetId": "subnet-1", "securityGroups": ["sg-1"]}},
    "userTags": [{"key": "env", "value": "测试"}],
}


def good(response: Any) -> Any:
    """The result of a response without an error."""
    assert response.error is None, (response.error.status, response.error.message)
    assert response.request_id
    return response.result


def test_the_whole_life_of_a_machine(emulator: EmulatorProcess, sdk: Call) -> None:
    control = emulator.control
    machine = good(sdk("vm", "createInstances", {"instanceSpec": SPEC, "maxCount": 1, "clientToken": "t"}))["instanceIds"][0]
    control.advance(10)

    wanted = {
        "pageNumber": 1,
        "pageSize": 10,
        "filters": [{"name": "instanceId", "values": [machine]}, {"name": "status", "operator": "eq", "values": ["running"]}],
        "tags": [{"key": "env", "values": ["测试"]}],
    }
    listed = good(sdk("vm", "describeInstances", wanted))
    assert listed["totalCount"] == 1
    assert listed["instances"][0]["instanceName"] == "life-1"
    data_disk = listed["instances"][0]["dataDisks"][0]["cloudDisk"]["diskId"]

    address = good(sdk("vpc", "createElasticIps", {"maxCount": 1, "elasticIpSpec": {"bandwidthMbps": 5, "provider": "bgp"}}))[
        "elasticIpIds"
    ][0]
    good(sdk("vm", "associateElasticIp", {"instanceId": machine, "elasticIpId": address}))
    assert good(sdk("vpc", "describeElasticIp", {"elasticIpId": address}))["elasticIp"]["instanceId"] == machine

    good(sdk("vm", "stopInstance", {"instanceId": machine}))
    control.advance(10)
    image = good(sdk("vm", "createImage", {"instanceId": machine, "name": "备份-1", "description": "before deletion"}))["imageId"]
    snapshot = {"name": "bk-data", "diskId": data_disk, "description": None}
    snapshot_id = good(sdk("disk", "createSnapshot", {"snapshotSpec": snapshot, "clientToken": "s"}))["snapshotId"]
    busy = sdk("vm", "deleteInstance", {"instanceId": machine})
    assert (busy.error.code, busy.error.message) == (400, "Conflict with underlay image task 'create_image'")
    control.advance(40)
    assert good(sdk("vm", "describeImages", {"ids": [image], "offline": False}))["images"][0]["status"] == "ready"
    assert good(sdk("disk", "describeSnapshot", {"snapshotId": snapshot_id}))["snapshot"]["status"] == "available"

    change = {"instanceId": machine, "dataDisks": [{"diskId": data_disk, "autoDelete": True}]}
    good(sdk("vm", "modifyInstanceDiskAttribute", change))
    rows = {"resources": [{"serviceCode": "vm", "resourceId": [machine]}], "tags": [{"key": "due", "value": "2027-01-01"}]}
    assert good(sdk("resourcetag", "tagResources", {"tagResources": rows}))["data"]["successCount"] == 1
    seen = good(sdk("vm", "describeInstance", {"instanceId": machine}))["instance"]
    assert seen["dataDisks"][0]["autoDelete"] is True
    assert {"key": "due", "value": "2027-01-01"} in seen["tags"]

    good(sdk("vm", "deleteInstance", {"instanceId": machine, "deletePrimaryNetworkInterfaceAllElasticIp": False}))
    assert good(sdk("vm", "describeInstanceStatus", {}))["instanceStatuses"] == [{"instanceId": machine, "status": "deleting"}]
    control.advance(10)
    gone = sdk("vm", "describeInstance", {"instanceId": machine})
    assert (gone.error.code, gone.error.status, bool(gone.request_id)) == (404, "NOT_FOUND", True)
    assert sdk("disk", "describeDisk", {"diskId": data_disk}).error.code == 404

    good(sdk("vpc", "deleteElasticIp", {"elasticIpId": address}))
    assert good(sdk("vpc", "describeElasticIps", {"pageSize": 10}))["totalCount"] == 0
    restored = good(sdk("vm", "createInstances", {"instanceSpec": {**SPEC, "imageId": image, "dataDisks": None}}))["instanceIds"][
        0
    ]
    copy = good(sdk("vm", "describeInstance", {"instanceId": restored}))["instance"]
    assert copy["dataDisks"][0]["cloudDisk"]["diskSizeGB"] == 100
    assert copy["dataDisks"][0]["cloudDisk"]["snapshotId"]


def test_quotas_and_bills_are_read(emulator: EmulatorProcess, sdk: Call) -> None:
    emulator.control.add({"regions": {"cn-north-1": {"instances": [{"id": "i-web", "fee": 88}]}}})
    filters = [{"name": "resourceTypes", "values": ["image", "instance"]}]
    quotas = good(sdk("vm", "describeQuotas", {"filters": filters}))["quotas"]
    assert {one["resourceType"]: (one["limit"], one["used"]) for one in quotas} == {"image": (5, 0), "instance": (20, 1)}
    assert good(sdk("disk", "describeQuota", {"type": "disk"}))["quota"] == {"limit": 15, "used": 1}
    month = {"startTime": "2026-01-01 00:00:00", "endTime": "2026-01-31 23:59:59", "resourceIds": ["i-web"]}
    assert good(sdk("billing", "describeBillDetails", month))["result"][0]["totalFee"] == 88


def test_parameter_classes_with_their_nulls_are_understood(emulator: EmulatorProcess) -> None:
    """Objects instead of mappings: the SDK then sends null for what is unset, and the path parameters in the body."""
    emulator.control.add({"regions": {"cn-north-1": {"disks": [{"id": "vol-a"}]}}})
    keys = emulator.environment()
    credential = Credential(keys["JDCLOUD_ACCESS_KEY"], keys["JDCLOUD_SECRET_KEY"])
    client = DiskClient(credential, Config(emulator.url.removeprefix("http://"), "http"), Logger(-1))
    parameters = CreateSnapshotParameters("cn-north-1", SnapshotSpec("bk", "vol-a"), "token")
    assert good(client.send(CreateSnapshotRequest(parameters)))["snapshotId"].startswith("snapshot-")


def test_disks_go_on_and_off_and_to_the_bin(emulator: EmulatorProcess, sdk: Call) -> None:
    emulator.control.add({"regions": {"cn-north-1": {"instances": [{"id": "i-web"}]}}})
    spec = {"az": "cn-north-1a", "name": "data", "diskType": "ssd.gp1", "diskSizeGB": 100}
    disk = good(sdk("disk", "createDisks", {"diskSpec": spec, "maxCount": 1, "clientToken": "t"}))["diskIds"][0]
    emulator.control.advance(5)
    good(sdk("vm", "attachDisk", {"instanceId": "i-web", "diskId": disk}))
    emulator.control.advance(5)
    assert good(sdk("disk", "describeDisks", {"filters": [{"name": "instanceId", "values": ["i-web"]}]}))["totalCount"] == 2
    refused = sdk("disk", "deleteDisk", {"diskId": disk})
    assert refused.error.message == "Cannot delete disk in status 'in-use'"
    good(sdk("vm", "detachDisk", {"instanceId": "i-web", "diskId": disk}))
    emulator.control.advance(5)
    good(sdk("disk", "deleteDisk", {"diskId": disk, "putInRecycleBin": True}))
    assert good(sdk("disk", "describeDisk", {"diskId": disk}))["disk"]["status"] == "in-recyclebin"
    good(sdk("disk", "recoverDisk", {"diskId": disk}))


def test_an_mfa_code_travels_in_the_header(emulator: EmulatorProcess, sdk: Call) -> None:
    keys = emulator.environment()
    account = {"access_key": keys["JDCLOUD_ACCESS_KEY"], "secret_key": keys["JDCLOUD_SECRET_KEY"], "mfa": "123456"}
    emulator.control.reset({"accounts": [account], "regions": {"cn-north-1": {"instances": [{"id": "i-web"}]}}})
    assert sdk("vm", "deleteInstance", {"instanceId": "i-web"}).error.message == "MFA verification required"
    good(sdk("vm", "deleteInstance", {"instanceId": "i-web"}, {"x-jdcloud-security-token": "123456"}))


def test_who_asks(emulator: EmulatorProcess, sdk: Call) -> None:
    """The call without a region, and the pin that tags tell."""
    text = good(sdk("user", "describeUser", {"regionId": None}))
    assert (text["pin"], text["accountId"]) == ("demo-account", "100000000001")
    keys = good(sdk("resourcetag", "describeKeys", {"tagKeysVo": {"serviceCodes": ["vm"]}}))
    assert keys["data"]["pin"] == "demo-account"
    emulator.control.configure(described_user="empty", tag_pin="never")
    assert not good(sdk("user", "describeUser", {"regionId": None}))
    assert good(sdk("resourcetag", "describeKeys", {"tagKeysVo": {"serviceCodes": ["vm"]}}))["data"]["pin"] is None
