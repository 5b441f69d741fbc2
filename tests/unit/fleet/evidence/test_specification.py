# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a manifest says of a machine: enough to make it again, and plain values only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.instance import parse_instance_in_full
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.evidence.specification import disks_of, specification_of

EXAMPLE = Path(__file__).parents[2] / "api" / "data" / "describeInstance.stopped.json"
BARE = {"instanceId": "i-bare", "status": "stopped"}


def example() -> dict[str, Any]:
    raw: dict[str, Any] = json.loads(EXAMPLE.read_text(encoding="utf-8"))["result"]["instance"]
    return raw


def specification(raw: dict[str, Any]) -> dict[str, Any]:
    return specification_of(parse_instance_in_full(raw).full)


def test_the_specification_of_a_machine_says_where_and_what_it_was() -> None:
    text = specification(example())
    assert (text["az"], text["instance_type"], text["image_id"]) == ("cn-north-1a", "g.n2.large", "img-2hl6b9d3ux")
    assert (text["vpc_id"], text["subnet_id"], text["private_ip_address"]) == ("vpc-7kq2m4x9sd", "subnet-3nd8ze1qla", "10.0.0.11")
    assert text["security_groups"] == [{"group_id": "sg-5ph0v7yrte", "group_name": "web"}]
    assert text["elastic_ips"] == [{"elastic_ip_id": "fip-8wz1t5c0rn", "address": "203.0.113.17"}]
    assert text["tags"] == {"env": "test", "owner": "web"}
    assert text["key_names"] == ["ops"]
    assert (text["charge_mode"], text["charge_on_stopped"]) == ("postpaid_by_duration", "keepCharging")
    assert (text["platform"], text["os_version"], text["architecture"]) == ("Ubuntu", "22.04", "x86_64")
    assert text["boot_mode"] is None
    assert text["group_id"] is None
    assert text["secondary_interfaces"] == []


def test_the_specification_of_a_bare_machine_has_all_fields_and_no_invented_value() -> None:
    text = specification(BARE)
    assert set(text) == set(specification(example()))
    assert not any(text.values())


def test_secondary_interfaces_and_their_elastic_ips_are_reported() -> None:
    ip = {"privateIpAddress": "10.0.0.12", "elasticIpId": "fip-2", "elasticIpAddress": "203.0.113.18"}
    interface = {"networkInterfaceId": "port-2", "subnetId": "subnet-2", "securityGroups": [{"groupId": "sg-2"}], "primaryIp": ip}
    raw = example() | {"secondaryNetworkInterfaces": [{"autoDelete": False, "deviceIndex": 2, "networkInterface": interface}]}
    text = specification(raw)
    (second,) = text["secondary_interfaces"]
    assert (second["network_interface_id"], second["subnet_id"], second["auto_delete"]) == ("port-2", "subnet-2", False)
    assert second["private_ip_addresses"] == ["10.0.0.12"]
    assert second["security_groups"] == [{"group_id": "sg-2", "group_name": None}]
    assert [row["elastic_ip_id"] for row in text["elastic_ips"]] == ["fip-8wz1t5c0rn", "fip-2"]


def test_an_elastic_ip_that_only_the_machine_itself_shows_is_reported() -> None:
    text = specification(BARE | {"elasticIpId": "fip-1", "elasticIpAddress": "203.0.113.9"})
    assert text["elastic_ips"] == [{"elastic_ip_id": "fip-1", "address": "203.0.113.9"}]


def test_disks_are_reported_with_the_system_disk_first_and_local_ones_without_an_id() -> None:
    local = {"diskCategory": "local", "deviceName": "vdd", "localDisk": {"diskType": "SSD", "diskSizeGB": 80}}
    raw = example()
    raw["dataDisks"].append(local)
    raw["dataDisks"][0]["cloudDisk"]["encrypted"] = True
    disks = disks_of(parse_instance_in_full(raw))
    assert [(disk["device"], disk["system"], disk["disk_id"]) for disk in disks] == [
        ("vda", True, "vol-1sy5dsk0aa"),
        ("vdb", False, "vol-2dat4dsk1b"),
        ("vdc", False, "vol-3dat5dsk2c"),
        ("vdd", False, None),
    ]
    assert [(disk["size_gb"], disk["disk_type"]) for disk in disks] == [
        (40, "ssd.gp1"), (100, "ssd.gp1"), (200, "hdd.std1"), (80, "SSD"),
    ]  # fmt: skip
    assert [disk["auto_delete"] for disk in disks] == [True, True, False, None]
    assert [disk["encrypted"] for disk in disks] == [False, True, False, False]
    assert [disk["charge_mode"] for disk in disks] == ["postpaid_by_duration"] * 3 + [None]


def test_everything_fits_into_json() -> None:
    machine = parse_instance_in_full(example())
    whole = {"specification": specification_of(machine.full), "disks": disks_of(machine)}
    assert json.loads(json.dumps(whole)) == whole
