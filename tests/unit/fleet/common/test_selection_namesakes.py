# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What identifies a machine to its user, such as an address, is treated like a name: twins are seen, and refused."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.instance import Address, Instance, Interface
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.selection import parse_selection

PRIVATE, PUBLIC, NIC = "privateIpAddress", "elasticIpAddress", "networkInterfaceId"


def machine(instance_id: str, *private_ips: str, **more: Any) -> Instance:
    plain: dict[str, Any] = {"vpc_id": f"vpc-of{instance_id}", "subnet_id": f"subnet-of{instance_id}", "tags": {}}
    return Instance(instance_id, "web", "stopped", private_ips=private_ips, **{**plain, **more})


def namesakes(*machines: Instance, ids: Any = None, name: Any = None, **filters: Any) -> dict[Any, Any]:
    tags = filters.pop("tags", None)
    return parse_selection(ids, name, tags, filters or None).namesakes(machines)


A, B = machine("i-a", "10.0.0.5"), machine("i-b", "10.0.0.5")
TWINS = {(PRIVATE, "10.0.0.5"): ["i-a", "i-b"]}


def test_one_address_in_two_vpcs_means_nobody_knows_which() -> None:
    assert namesakes(A, B, **{PRIVATE: "10.0.0.5"}) == TWINS


@pytest.mark.parametrize("place", [{"vpcId": "vpc-ofi-a"}, {"subnetId": "subnet-ofi-a"}, {"instanceId": "i-a"}])
def test_the_place_says_which(place: dict[str, str]) -> None:
    assert namesakes(A, B, **{PRIVATE: "10.0.0.5"}, **place) == {}


def test_ids_say_which() -> None:
    assert namesakes(A, B, ids=["i-a", "i-b"], **{PRIVATE: "10.0.0.5"}) == {}


def test_two_places_do_not_say_which() -> None:
    assert namesakes(A, B, **{PRIVATE: "10.0.0.5", "vpcId": ["vpc-ofi-a", "vpc-ofi-b"]}) == TWINS


@pytest.mark.parametrize("chance", [{"status": "stopped"}, {"az": "cn-north-1a"}, {"tags": {"env": "test"}}])
def test_what_only_one_of_them_happens_to_have_does_not_say_which(chance: dict[str, Any]) -> None:
    running = machine("i-b", "10.0.0.5", az="cn-north-1b")
    stopped = machine("i-a", "10.0.0.5", az="cn-north-1a", tags={"env": "test"})
    assert namesakes(stopped, running, **{PRIVATE: "10.0.0.5"}, **chance) == TWINS


def test_each_of_several_values_means_one_machine() -> None:
    other = machine("i-c", "10.0.0.6")
    assert namesakes(A, other, **{PRIVATE: ["10.0.0.5", "10.0.0.6"]}) == {}
    assert namesakes(A, B, other, **{PRIVATE: ["10.0.0.5", "10.0.0.6"]}) == TWINS


def test_a_machine_with_two_of_the_addresses_is_one_machine() -> None:
    assert namesakes(machine("i-a", "10.0.0.5", "10.0.0.6"), **{PRIVATE: ["10.0.0.5", "10.0.0.6"]}) == {}


def test_a_secondary_address_counts_as_the_primary_one_does() -> None:
    assert namesakes(A, machine("i-b", "10.9.9.9", "10.0.0.5"), **{PRIVATE: "10.0.0.5"}) == TWINS


def test_a_longer_address_is_another_one() -> None:
    assert namesakes(A, machine("i-b", "10.0.0.51"), **{PRIVATE: "10.0.0.5"}) == {}


def test_another_address_of_the_machine_says_which() -> None:
    addressed = machine("i-b", "10.0.0.5", addresses=(Address("fip-b", "203.0.113.7", "port-b", True),))
    assert namesakes(A, addressed, **{PRIVATE: "10.0.0.5", PUBLIC: "203.0.113.7"}) == {}


@pytest.mark.parametrize("key", [PUBLIC, NIC])
def test_an_elastic_ip_or_interface_on_two_machines_is_refused_too(key: str) -> None:
    both = {
        "addresses": (Address("fip-x", "203.0.113.7", "port-x", True),),
        "interfaces": (Interface("port-x", True, True),),
    }
    value = {PUBLIC: "203.0.113.7", NIC: "port-x"}[key]
    assert namesakes(machine("i-a", **both), machine("i-b", **both), **{key: value}) == {(key, value): ["i-a", "i-b"]}


def test_filters_that_mean_many_machines_have_no_twins() -> None:
    assert namesakes(A, B, status="stopped") == {}
