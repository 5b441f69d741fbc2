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

from ansible_collections.jdcloud.cloud.plugins.plugin_utils._inventory_read import cached_machines

from .conftest import ACCESS_KEY, OTHER, REGION, SECRET, Json, Lister, Regions

ROW = {"instance_id": "i-a", "name": "web", "region": REGION, "tags": {}}


def tags(**given: str) -> list[Json]:
    return [{"key": key, "value": value} for key, value in given.items()]


def variables(inventory: InventoryData, host: str) -> Json:
    found: Json = inventory.hosts[host].vars
    return {name: value for name, value in found.items() if not name.startswith("inventory_")}


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


def test_rule_3_a_listing_that_never_becomes_consistent_leaves_no_hosts(
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


@pytest.mark.parametrize(
    "wrong",
    [
        {"compose": {"x": "jdcloud_nothing.at_all"}},
        {"groups": {"g": "jdcloud_nothing.at_all"}},
        {"keyed_groups": [{"key": "jdcloud_nothing.at_all"}]},
    ],
)
def test_an_expression_that_fails_leaves_no_hosts_if_it_is_strict(listing: Lister, regions: Regions, wrong: Json) -> None:
    """Without its groups a machine might be in a play that a group was to keep it out of."""
    regions.north.add("i-a")
    regions.north.add("i-b")
    inventory = InventoryData()
    with pytest.raises(AnsibleParserError):
        listing(inventory, strict=True, **wrong)
    assert not inventory.hosts
    assert list(listing(InventoryData(), strict=False, **wrong).hosts) == ["name-of-i-a", "name-of-i-b"]


def test_a_group_that_is_called_like_a_host_leaves_no_hosts(listing: Lister, regions: Regions) -> None:
    """Ansible would give the variables of the host to all members of the group."""
    regions.north.add("i-a", instanceName="harbor")
    regions.north.add("i-b", tags=tags(project="harbor"))
    inventory = InventoryData()
    with pytest.raises(AnsibleParserError, match=r"both be called harbor: .*prefix"):
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
    wanted = {
        "jdcloud_instance_id": "i-a",
        "jdcloud_name": "web-01",
        "jdcloud_instance_name": "web-01",
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


def test_an_empty_region_is_an_empty_inventory(listing: Lister) -> None:
    assert not listing().hosts


def test_several_regions_are_listed(listing: Lister, regions: Regions) -> None:
    regions.north.add("i-a")
    regions.east.add("i-b")
    inventory = listing(regions=[OTHER, REGION, OTHER])
    assert {name: host.vars["jdcloud_region"] for name, host in inventory.hosts.items()} == {
        "name-of-i-a": REGION,
        "name-of-i-b": OTHER,
    }
    assert regions.calls == 2


def test_rule_2_tags_and_filters_are_checked_again_exactly(listing: Lister, regions: Regions) -> None:
    """The cloud in memory ignores both, as if every filter of the service were fuzzy."""
    regions.north.add("i-a", "running", tags=tags(env="test", team="x"))
    regions.north.add("i-b", "running", tags=tags(env="test"))
    regions.north.add("i-c", "running", tags=tags(env="test2", team="x"))
    regions.north.add("i-d", "stopped", tags=tags(env="test", team="x"))
    inventory = listing(tags={"env": ["test", "dev"], "team": "x"}, filters={"status": "running"}, hostnames=["instance_id"])
    assert list(inventory.hosts) == ["i-a"]
    asked = dict(regions.north.calls[0].query)
    assert "running" in asked.values() and "team" in asked.values(), "the service is asked to narrow the listing"


def test_a_name_of_a_group_is_not_the_name_of_a_host(listing: Lister, regions: Regions) -> None:
    """Neither of a group that exists, nor of one that the file makes."""
    regions.north.add("i-a", instanceName="web")
    regions.north.add("i-b", instanceName="production")
    inventory = InventoryData()
    inventory.add_group("web")
    listing(inventory, groups={"production": "true"})
    assert list(inventory.hosts) == ["i-a", "i-b"]
    assert members(inventory, "production") == ["i-a", "i-b"] and not inventory.groups["web"].vars


def test_machines_of_two_files_with_one_name_are_two_hosts(listing: Lister, regions: Regions) -> None:
    regions.north.add("i-a", instanceName="web")
    regions.east.add("i-b", instanceName="web")
    inventory = listing(region=REGION)
    listing(inventory, region=OTHER)
    listing(inventory, region=REGION)
    assert {name: host.vars["jdcloud_instance_id"] for name, host in inventory.hosts.items()} == {"web": "i-a", "web_i-b": "i-b"}


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


def test_rule_17_unverified_certificates_are_a_warning(listing: Lister, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("ansible.utils.display.Display.warning", lambda _self, text, *_more, **_options: said.append(str(text)))
    listing()
    assert said == []
    listing(validate_certs=False)
    assert len(said) == 1 and "validate_certs" in said[0]


# --- the cache ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def cached(tmp_path: Path) -> Json:
    """Options of a cache that outlives the process."""
    return {"cache": True, "cache_plugin": "jsonfile", "cache_connection": str(tmp_path / "cache")}


def test_what_is_cached_is_not_read_again(listing: Lister, regions: Regions, cached: Json) -> None:
    regions.north.add("i-a", tags=tags(env="test"))
    path = listing.file(cached)
    first = variables(listing.parse(path), "name-of-i-a")
    regions.north.add("i-b")
    again = listing.parse(path)
    assert list(again.hosts) == ["name-of-i-a"] and variables(again, "name-of-i-a") == first
    assert regions.calls == 1


def test_a_flushed_cache_is_read_and_written_anew(listing: Lister, regions: Regions, cached: Json) -> None:
    path = listing.file(cached)
    assert not listing.parse(path).hosts
    regions.north.add("i-a")
    assert list(listing.parse(path, cache=False).hosts) == ["name-of-i-a"]
    assert list(listing.parse(path).hosts) == ["name-of-i-a"]
    assert regions.calls == 2


@pytest.mark.parametrize("other", [{"region": OTHER}, {"tags": {"env": "test"}}, {"access_key": "AK", "secret_key": "SK"}])
def test_another_question_of_the_same_file_is_not_answered_from_the_cache(
    listing: Lister, regions: Regions, cached: Json, other: Json
) -> None:
    path = listing.file(cached)
    listing.parse(path)
    path.write_text(listing.file({**cached, **other}).read_text(encoding="utf-8"), encoding="utf-8")
    listing.parse(path)
    assert regions.calls == 2


def test_names_and_groups_may_change_without_a_new_listing(listing: Lister, regions: Regions, cached: Json) -> None:
    regions.north.add("i-a")
    path = listing.file(cached)
    listing.parse(path)
    path.write_text(listing.file({**cached, "hostnames": ["instance_id"]}).read_text(encoding="utf-8"), encoding="utf-8")
    assert list(listing.parse(path).hosts) == ["i-a"]
    assert regions.calls == 1


def test_rule_17_no_key_is_cached(listing: Lister, regions: Regions, cached: Json, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JDCLOUD_SECURITY_TOKEN", "token-that-nobody-may-see")
    regions.north.add("i-a")
    listing(**cached)
    (file,) = Path(cached["cache_connection"]).iterdir()
    everything = file.name + file.read_text(encoding="utf-8")
    assert "i-a" in everything
    assert not any(secret in everything for secret in (SECRET, ACCESS_KEY, "token-that-nobody-may-see"))


@pytest.mark.parametrize("content", [None, {}, "i-a", [7], [{"instance_id": "i-a"}], [{**ROW, "tags": None}], [ROW, None]])
def test_a_cache_of_another_kind_is_not_believed(content: Any) -> None:
    assert cached_machines(content) is None
    assert cached_machines([ROW]) == [ROW]
