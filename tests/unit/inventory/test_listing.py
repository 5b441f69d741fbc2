# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory from its file to hosts, variables and groups; complete or none; the cache."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleParserError
from ansible.inventory.data import InventoryData

from support.inventory import OTHER, REGION, Lister, Regions, tags, variables
from support.json_object import Json
from support.keys import SECRET


def members(inventory: InventoryData, group: str) -> list[str]:
    return [host.name for host in inventory.groups[group].get_hosts()]


# --- what cannot be completed ---------------------------------------------------------------------------------------------


def test_a_region_that_cannot_be_read_leaves_no_hosts_of_any_region(listing: Lister, regions: Regions) -> None:
    regions.north.add("i-a")
    regions.east.refuse("vm.describeInstances", 403, "HTTP_FORBIDDEN", f"no rights for {SECRET[:4]}")
    inventory = InventoryData()
    with pytest.raises(AnsibleParserError, match=rf"^Region {OTHER} was not read, so there is no inventory: .*\.$"):
        listing(inventory, regions=[REGION, OTHER])
    assert not inventory.hosts


def test_rule_03_a_listing_that_never_becomes_consistent_leaves_no_hosts(
    listing: Lister, regions: Regions, monkeypatch: pytest.MonkeyPatch
) -> None:
    regions.north.add("i-a")
    monkeypatch.setattr(
        regions.north, "_describe_instances", lambda _call: {"instances": [*regions.north.machines.values()], "totalCount": 2}
    )
    inventory = InventoryData()
    with pytest.raises(AnsibleParserError, match=r"contradicting pages"):
        listing(inventory)
    assert not inventory.hosts


def test_a_group_that_is_called_like_a_host_leaves_no_hosts(listing: Lister, regions: Regions) -> None:
    """Ansible would give the variables of the host to all members of the group."""
    regions.north.add("i-a", instanceName="harbor")
    regions.north.add("i-b", tags=tags(project="harbor"))
    inventory = InventoryData()
    with pytest.raises(AnsibleParserError, match=r"both have the name harbor: .*prefix"):
        listing(inventory, keyed_groups=[{"key": "jdcloud_tags.project", "prefix": "", "separator": ""}])
    assert not inventory.hosts


def test_hosts_of_other_sources_stay_when_it_fails(listing: Lister, regions: Regions) -> None:
    regions.north.add("i-a")
    inventory = InventoryData()
    inventory.add_host("name-of-i-a")
    with pytest.raises(AnsibleParserError):
        listing(inventory, strict=True, compose={"x": "nothing"})
    assert list(inventory.hosts) == ["name-of-i-a"]


# --- what is listed -------------------------------------------------------------------------------------------------------


def test_a_host_has_everything_that_the_service_says(listing: Lister, regions: Regions) -> None:
    regions.north.add(
        "i-a",
        "Running",
        instanceName="web-01",
        privateIpAddress="10.0.0.4",
        tags=tags(env="test", size="10"),
        description="A web server",
    )
    regions.north.add_elastic_ip("i-a", "fip-a", "203.0.113.9")
    found = variables(listing(), "web-01")
    assert all(name.startswith("jdcloud_") for name in found)
    assert "jdcloud_instance_name" not in found
    wanted = {
        "jdcloud_instance_id": "i-a",
        "jdcloud_name": "web-01",
        "jdcloud_region": REGION,
        "jdcloud_status": "running",
        "jdcloud_tags": {"env": "test", "size": "10"},
        "jdcloud_private_ip_address": "10.0.0.4",
        "jdcloud_elastic_ip_address": "203.0.113.9",
        "jdcloud_description": "A web server",
        "jdcloud_charge": {"charge_mode": "postpaid_by_duration", "charge_status": "normal"},
    }
    assert {name: found[name] for name in wanted} == wanted


def test_a_machine_without_name_and_tags_has_the_variables_all_the_same(listing: Lister, regions: Regions) -> None:
    machine = regions.north.add("i-a")
    del machine["instanceName"], machine["tags"]
    found = variables(listing(), "i-a")
    assert (found["jdcloud_name"], found["jdcloud_tags"]) == ("", {})


def test_without_the_option_no_load_balancer_is_read(listing: Lister, regions: Regions) -> None:
    regions.north.add("i-a")
    assert "jdcloud_load_balancer_targets" not in variables(listing(), "name-of-i-a")
    assert {call.operation for call in regions.north.calls} == {"vm.describeInstances"}


def test_targets_of_load_balancers_are_a_variable_on_demand(listing: Lister, regions: Regions) -> None:
    for instance_id in ("i-a", "i-b"):
        regions.north.add(instance_id)
    regions.north.balancers.add_group("tg-shop")
    target_id = regions.north.balancers.add_target("tg-shop", "i-a", 8080)
    inventory = listing(load_balancer_targets=True, hostnames=["instance_id"])
    (target,) = variables(inventory, "i-a")["jdcloud_load_balancer_targets"]
    assert (target["target_group_id"], target["target_id"], target["port"]) == ("tg-shop", target_id, 8080)
    assert variables(inventory, "i-b")["jdcloud_load_balancer_targets"] == []


def test_load_balancers_that_cannot_be_read_leave_no_hosts(listing: Lister, regions: Regions) -> None:
    regions.north.add("i-a")
    regions.north.refuse("lb.describeBackends", 403, "HTTP_FORBIDDEN", "no")
    inventory = InventoryData()
    with pytest.raises(AnsibleParserError, match=r"was not read, so there is no inventory: .*describeBackends"):
        listing(inventory, load_balancer_targets=True)
    assert not inventory.hosts


MALFORMED: list[Json] = [
    *(
        {"status": ""},
        {"status": None},
        {"status": 7},
        {"status": "hibernating"},
        {"instanceName": ["web"]},
        {"tags": "env=test"},
    ),
    *({"tags": [{"value": "x"}]}, {"ag": "ag-1"}, {"dataDisks": [7]}, {"charge": "prepaid"}, {"privateIpAddress": {}}),
    *({"primaryNetworkInterface": []}, {"odd name {{ 7 }}": "x"}),
]


@pytest.mark.parametrize("odd", MALFORMED)
def test_one_malformed_row_does_no_harm_to_the_others(listing: Lister, regions: Regions, odd: Json) -> None:
    regions.north.add("i-a", tags=tags(env="test"))
    regions.north.add("i-b").update(odd)
    assert list(listing(hostnames=["instance_id"]).hosts) == ["i-a", "i-b"]


@pytest.mark.parametrize("caches", [False, True])
def test_a_machine_that_cannot_be_read_is_listed_as_such(
    listing: Lister, regions: Regions, cached: Json, messages: list[str], caches: bool
) -> None:
    regions.north.add("i-a").update(status="")
    path = listing.file({"hostnames": ["instance_id"], **(cached if caches else {})})
    listing.parse(path)
    messages.clear()
    found = listing.parse(path).hosts["i-a"].vars
    assert (found["jdcloud_status"], found["jdcloud_unreadable"]) == ("", ["status"])
    assert "i-a (status)" in messages[0]
    assert "unknown_status" in messages[0]


@pytest.mark.parametrize("caches", [False, True])
def test_a_machine_whose_selection_cannot_be_read_is_left_out_with_a_warning(
    listing: Lister, regions: Regions, cached: Json, messages: list[str], caches: bool
) -> None:
    """Rule 1: a selector is never widened."""
    regions.north.add("i-a", tags=tags(env="test"))
    regions.north.add("i-b").update(tags="env=test")
    path = listing.file({"hostnames": ["instance_id"], "tags": {"env": "test"}, **(cached if caches else {})})
    listing.parse(path)
    messages.clear()
    assert list(listing.parse(path).hosts) == ["i-a"]
    assert "left out" in messages[0]
    assert "i-b (tags)" in messages[0]


def test_a_machine_that_lacks_the_tag_is_left_out_whatever_else_cannot_be_read(
    listing: Lister, regions: Regions, messages: list[str]
) -> None:
    regions.north.add("i-a", tags=tags(env="test"))
    regions.north.add("i-b", tags=tags(env="prod")).update(status="")
    assert len(listing(tags={"env": "test"}).hosts) == 1
    assert messages == []


@pytest.mark.parametrize("row", [{"status": "running"}, {"instanceId": "", "status": "running"}, 7])
def test_a_row_without_an_id_leaves_no_hosts(
    listing: Lister, regions: Regions, monkeypatch: pytest.MonkeyPatch, row: Any
) -> None:
    """Which machine it is, or whether it is one, nobody knows: the listing is incomplete."""
    regions.north.add("i-a")
    answer = {"instances": [*regions.north.machines.values(), row], "totalCount": 2}
    monkeypatch.setattr(regions.north, "_describe_instances", lambda _call: answer)
    inventory = InventoryData()
    with pytest.raises(AnsibleParserError, match="was not read"):
        listing(inventory)
    assert not inventory.hosts


def test_an_empty_region_is_an_empty_inventory(listing: Lister) -> None:
    assert not listing().hosts


def test_rule_25_a_file_that_leaves_no_hosts_says_so(listing: Lister, regions: Regions, messages: list[str]) -> None:
    regions.north.add("i-a")
    listing(regions=[REGION, OTHER], tags={"env": "tset"})
    assert f"No instance in {REGION}, {OTHER} matches" in messages[0]


def test_several_regions_are_listed(listing: Lister, regions: Regions) -> None:
    regions.north.add("i-a")
    regions.east.add("i-b")
    inventory = listing(regions=[OTHER, REGION, OTHER])
    assert {name: host.vars["jdcloud_region"] for name, host in inventory.hosts.items()} == {
        "name-of-i-a": REGION,
        "name-of-i-b": OTHER,
    }
    assert regions.calls == 2


def test_rule_02_tags_and_filters_are_checked_again_exactly(listing: Lister, regions: Regions) -> None:
    """The cloud in memory ignores both, as if every filter of the service were fuzzy."""
    regions.north.add("i-a", "running", tags=tags(env="test", team="x"))
    regions.north.add("i-b", "running", tags=tags(env="test"))
    regions.north.add("i-c", "running", tags=tags(env="test2", team="x"))
    regions.north.add("i-d", "stopped", tags=tags(env="test", team="x"))
    inventory = listing(tags={"env": ["test", "dev"], "team": "x"}, filters={"status": "running"}, hostnames=["instance_id"])
    assert list(inventory.hosts) == ["i-a"]
    asked = dict(regions.north.calls[0].query)
    assert "running" in asked.values(), "the service is asked to narrow the listing"
    assert "team" in asked.values(), "the service is asked to narrow the listing"


def test_a_name_of_a_group_is_not_the_name_of_a_host(listing: Lister, regions: Regions) -> None:
    """Neither of a group that exists, nor of one that the file makes."""
    regions.north.add("i-a", instanceName="web")
    regions.north.add("i-b", instanceName="production")
    inventory = InventoryData()
    inventory.add_group("web")
    listing(inventory, groups={"production": "true"})
    assert list(inventory.hosts) == ["i-a", "i-b"]
    assert members(inventory, "production") == ["i-a", "i-b"]
    assert not inventory.groups["web"].vars


def test_machines_of_two_files_with_one_name_are_two_hosts(listing: Lister, regions: Regions) -> None:
    regions.north.add("i-a", instanceName="web")
    regions.east.add("i-b", instanceName="web")
    inventory = listing(region=REGION)
    listing(inventory, region=OTHER)
    listing(inventory, region=REGION)
    assert {name: host.vars["jdcloud_instance_id"] for name, host in inventory.hosts.items()} == {
        "web_i-a": "i-a",
        "web_i-b": "i-b",
    }


@pytest.mark.parametrize("order", [(REGION, OTHER), (OTHER, REGION)])
def test_twins_in_two_files_are_called_the_same_in_either_order_of_the_files(
    listing: Lister, regions: Regions, order: tuple[str, str]
) -> None:
    regions.north.add("i-a", instanceName="web", tags=tags(env="prod"))
    regions.north.add("i-c", instanceName="db", tags=tags(env="prod"))
    regions.east.add("i-b", instanceName="web", tags=tags(env="test"))
    inventory = InventoryData()
    for region in order:
        listing(inventory, region=region, compose={"env": "jdcloud_tags.env"}, keyed_groups=[{"key": "env", "prefix": "env"}])
    assert {name: host.vars["env"] for name, host in inventory.hosts.items()} == {
        "web_i-a": "prod",
        "web_i-b": "test",
        "db": "prod",
    }
    assert sorted(members(inventory, "env_prod")) == ["db", "web_i-a"]
    assert members(inventory, "env_test") == ["web_i-b"]


def test_a_third_twin_finds_the_name_taken_though_nobody_has_it(listing: Lister, regions: Regions) -> None:
    regions.north.add("i-a", instanceName="web", tags=tags(n="1"))
    regions.north.add("i-b", instanceName="web", tags=tags(n="2"))
    regions.north.add("i-c", instanceName="web", tags=tags(n="3"))
    inventory = InventoryData()
    for number in "123":
        listing(inventory, tags={"n": number})
    assert sorted(inventory.hosts) == ["web_i-a", "web_i-b", "web_i-c"]


def test_a_renamed_host_leaves_behind_what_another_source_says_of_its_name(listing: Lister, regions: Regions) -> None:
    """As if the other file had come first: then no machine would have had the name."""
    regions.north.add("i-a", instanceName="web")
    regions.east.add("i-b", instanceName="web")
    inventory = InventoryData()
    inventory.add_group("keep")
    inventory.add_host("web", "keep")
    inventory.set_variable("web", "mine", "yes")
    listing(inventory, region=REGION, groups={"up": True})
    listing(inventory, region=OTHER)
    assert members(inventory, "keep") == ["web"]
    assert members(inventory, "up") == ["web_i-a"]
    assert {name for name in inventory.hosts["web"].vars if not name.startswith("inventory_")} == {"mine"}


def test_a_file_that_fails_renames_nothing(listing: Lister, regions: Regions) -> None:
    regions.north.add("i-a", instanceName="web")
    regions.east.add("i-b", instanceName="web")
    inventory = listing(region=REGION, groups={"up": True})
    with pytest.raises(AnsibleParserError):
        listing(inventory, region=OTHER, groups={"up": "nothing"})
    assert members(inventory, "up") == ["web"] == list(inventory.hosts)


def test_a_tag_that_is_gone_is_gone_from_a_host_that_is_read_again(listing: Lister, regions: Regions) -> None:
    machine = regions.north.add("i-a", tags=tags(env="prod"))
    inventory = listing()
    machine["tags"] = tags(team="x")
    assert listing(inventory).hosts["name-of-i-a"].vars["jdcloud_tags"] == {"team": "x"}


def test_names_that_mean_something_else_are_a_warning(listing: Lister, regions: Regions, messages: list[str]) -> None:
    regions.north.add("i-a", instanceName="controller")
    regions.north.add("i-b", instanceName="2130706433")
    assert list(listing().hosts) == ["i-a", "i-b"]
    (warning,) = messages
    assert "n0.jdcloud_vm.yml: " in warning
    assert "i-a ('controller' means this host)" in warning


def test_a_warning_is_not_repeated_for_the_next_file(listing: Lister, regions: Regions, messages: list[str]) -> None:
    regions.north.add("i-a", instanceName="localhost")
    regions.east.add("i-b")
    inventory = listing()
    listing(inventory, region=OTHER)
    assert len(messages) == 1


def test_nothing_is_made_that_was_not_asked_for(listing: Lister, regions: Regions) -> None:
    regions.north.add("i-a", privateIpAddress="10.0.0.4")
    inventory = listing()
    assert set(inventory.groups) == {"all", "ungrouped"}
    assert "ansible_host" not in inventory.hosts["name-of-i-a"].vars


def test_variables_and_groups_are_constructed(listing: Lister, regions: Regions) -> None:
    regions.north.add("i-a", privateIpAddress="10.0.0.4", tags=tags(env="prod"))
    regions.north.add("i-b", tags=tags(env="test env"))
    inventory = listing(
        compose={"ansible_host": "jdcloud_private_ip_address"},
        groups={"production": "jdcloud_tags.env == 'prod'", "addressed": "ansible_host is defined"},
        keyed_groups=[{"key": "jdcloud_tags", "prefix": "tag"}, {"key": "jdcloud_region"}],
        leading_separator=False,
    )
    assert inventory.hosts["name-of-i-a"].vars["ansible_host"] == "10.0.0.4"
    assert "ansible_host" not in inventory.hosts["name-of-i-b"].vars
    assert (
        members(inventory, "production")
        == members(inventory, "addressed")
        == members(inventory, "tag_env_prod")
        == ["name-of-i-a"]
    )
    assert members(inventory, "tag_env_test_env") == ["name-of-i-b"]
    assert members(inventory, "cn_north_1") == ["name-of-i-a", "name-of-i-b"]


def test_rule_17_unverified_certificates_are_a_warning(listing: Lister, regions: Regions, messages: list[str]) -> None:
    regions.north.add("i-a")
    listing()
    assert messages == []
    listing(validate_certs=False)
    assert len(messages) == 1
    assert "validate_certs" in messages[0]


# --- the cache ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def cached(tmp_path: Path) -> Json:
    """Options of a cache that outlives the process."""
    return {"cache": True, "cache_plugin": "jsonfile", "cache_connection": str(tmp_path / "cache")}
