# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The official command line tool (with its older SDK) drives the emulator through the whole life of a machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from jdcloud_emulator.process import EmulatorProcess

pytestmark = pytest.mark.foreign

Call = Callable[..., Any]
SPEC = {
    "name": "cli-1",
    "az": "cn-north-1a",
    "instanceType": "g.n2.medium",
    "imageId": "img-ubuntu2204",
    "dataDisks": [{"diskCategory": "cloud", "autoDelete": True, "cloudDiskSpec": {"diskType": "ssd.gp1", "diskSizeGB": 100}}],
    "userTags": [{"key": "env", "value": "test"}],
}


def good(answer: Any) -> Any:
    """The result of an answer without an error."""
    assert answer["error"] is None, answer
    assert answer["request_id"], answer
    return answer["result"]


def test_the_whole_life_of_a_machine(emulator: EmulatorProcess, jdc: Call) -> None:
    control = emulator.control
    machine = good(jdc("vm", "create-instances", "--instance-spec", json.dumps(SPEC), "--max-count", "1"))["instanceIds"][0]
    control.advance(10)
    filters = json.dumps([{"name": "instanceId", "values": [machine]}])
    tags = json.dumps([{"key": "env", "values": ["test"]}])
    listed = good(jdc("vm", "describe-instances", "--page-size", "10", "--filters", filters, "--tags", tags))
    assert listed["totalCount"] == 1
    disk = listed["instances"][0]["dataDisks"][0]["cloudDisk"]["diskId"]

    spec = json.dumps({"bandwidthMbps": 5, "provider": "bgp"})
    address = good(jdc("vpc", "create-elastic-ips", "--max-count", "1", "--elastic-ip-spec", spec))["elasticIpIds"][0]
    good(jdc("vm", "associate-elastic-ip", "--instance-id", machine, "--elastic-ip-id", address))
    good(jdc("vm", "stop-instance", "--instance-id", machine))
    control.advance(10)
    image = good(jdc("vm", "create-image", "--instance-id", machine, "--name", "bk-1"))["imageId"]
    snapshot = json.dumps({"name": "bk-data", "diskId": disk})
    snapshot_id = good(jdc("disk", "create-snapshot", "--snapshot-spec", snapshot, "--client-token", "t"))["snapshotId"]
    control.advance(40)
    assert good(jdc("vm", "describe-image", "--image-id", image))["image"]["status"] == "ready"
    assert good(jdc("disk", "describe-snapshot", "--snapshot-id", snapshot_id))["snapshot"]["status"] == "available"

    rows = json.dumps([{"diskId": disk, "autoDelete": False}])
    good(jdc("vm", "modify-instance-disk-attribute", "--instance-id", machine, "--data-disks", rows))
    tagged = json.dumps({"resources": [{"serviceCode": "vm", "resourceId": [machine]}], "tags": [{"key": "due", "value": "x"}]})
    assert good(jdc("resourcetag", "tag-resources", "--tag-resources", tagged))["data"]["successCount"] == 1
    good(jdc("vm", "delete-instance", "--instance-id", machine))
    control.advance(10)
    gone = jdc("vm", "describe-instance", "--instance-id", machine)
    assert (gone["error"]["code"], gone["error"]["status"]) == (404, "NOT_FOUND")
    assert good(jdc("disk", "describe-disk", "--disk-id", disk))["disk"]["status"] == "available"
    good(jdc("vpc", "delete-elastic-ip", "--elastic-ip-id", address))
    good(jdc("disk", "delete-disk", "--disk-id", disk))


def test_an_unexpired_machine_is_refused_with_the_services_words(emulator: EmulatorProcess, jdc: Call) -> None:
    emulator.control.add({"regions": {"cn-north-1": {"instances": [{"id": "i-paid", "charge": "prepaid", "status": "stopped"}]}}})
    refused = jdc("vm", "delete-instance", "--instance-id", "i-paid")
    assert refused["error"]["message"] == "Can't delete 'prepaid_by_duration' instance which isn't overdue"
