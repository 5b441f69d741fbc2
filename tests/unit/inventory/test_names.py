# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How machines are called as hosts: all different, and never like something else."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError, JdcloudError
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._inventory.names import (
    Listing,
    Naming,
    Row,
    TakenNames,
    host_names,
    parse_preferences,
    variables_of,
    warnings_of,
)
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._inventory.reserved_names import own_names

OWN = ("controller", "ctl.example.org")
GROUPS = ("all", "ungrouped", "web")
IDS = ("i-a", "i-b", "i-c", "i-d")
PIECES = ("web", "web-01", "localhost", "127.0.0.1", "::1", "all", "_", "-", ".", "/", ",", "{{ 1 }}", "\n", "", "网站", *IDS)
NAMES = st.lists(st.sampled_from(PIECES), max_size=3).map("".join)


def row(instance_id: str, name: str = "", tags: dict[str, str] | None = None, **members: Any) -> Row:
    return {"instance_id": instance_id, "name": name, "region": "cn-north-1", "tags": tags or {}, **members}


def naming_of(*files: list[Row], hostnames: Any = ("name", "instance_id"), **others: str | None) -> Naming:
    preferences = parse_preferences(list(hostnames))
    return host_names([Listing(rows, preferences) for rows in files], TakenNames(GROUPS, OWN, others))


def names_of(*rows: Row, hostnames: Any = ("name", "instance_id"), **others: str | None) -> list[str]:
    return list(naming_of(list(rows), hostnames=hostnames, **others).names[0])


def warnings_for(*files: list[Row], **more: Any) -> list[str]:
    return warnings_of(naming_of(*files, **more).notices)


def test_the_name_is_the_first_choice() -> None:
    assert names_of(row("i-a", "web-01")) == ["web-01"]


def test_a_name_of_any_script_can_be_used() -> None:
    assert names_of(row("i-a", "网站-1")) == ["网站-1"]


def test_machines_with_the_same_name_are_all_called_by_name_and_id() -> None:
    rows = [row("i-a", "web-01"), row("i-b", "web-02"), row("i-c", "web-01")]
    assert names_of(*rows) == ["web-01_i-a", "web-02", "web-01_i-c"]


def test_a_machine_of_another_source_with_the_same_name_stays_another_host() -> None:
    assert names_of(row("i-a", "db"), db="i-z") == ["db_i-a"]


def test_the_same_machine_in_another_source_is_the_same_host() -> None:
    assert names_of(row("i-a", "db"), db="i-a") == ["db"]


def test_the_same_machine_in_two_files_is_the_same_host() -> None:
    naming = naming_of([row("i-a", "db")], [row("i-a", "db")])
    assert naming.names == (("db",), ("db",))
    assert not naming.notices


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_twins_in_several_files_have_the_same_names_in_every_order_of_the_files(order: tuple[int, ...]) -> None:
    files = [[row("i-a", "app"), row("i-b", "db")], [row("i-c", "app")], [row("i-d", "APP")]]
    naming = naming_of(*(files[place] for place in order))
    found = {name for names in naming.names for name in names}
    assert found == {"app_i-a", "db", "app_i-c", "APP_i-d"}


def test_twins_are_a_warning_that_names_them() -> None:
    (warning,) = warnings_for([row("i-a", "app"), row("i-b", "app")])
    assert "app (i-a, i-b)" in warning


def test_a_name_without_a_twin_is_no_warning() -> None:
    assert warnings_for([row("i-a", "app"), row("i-b", "db"), row("i-c", "")]) == []


def test_a_warning_does_not_list_everything() -> None:
    (warning,) = warnings_for([row(f"i-{number}", "localhost") for number in range(30)])
    assert warning.count("localhost") == 5
    assert "and 25 more" in warning


def test_one_machine_under_two_names_is_a_warning() -> None:
    by_name, by_id = parse_preferences(["name"]), parse_preferences(["instance_id"])
    naming = host_names([Listing([row("i-a", "app")], by_name), Listing([row("i-a", "app")], by_id)], TakenNames())
    assert "i-a (app, i-a)" in warnings_of(naming.notices)[0]


def test_a_tag_that_no_machine_has_is_a_warning() -> None:
    (warning,) = warnings_for([row("i-a", "app", {"fqdn": "web.example.org"})], hostnames=["tag:fqnd", "name"])
    assert "tag:fqnd" in warning


THIS_COMPUTER = [
    *("localhost", "LOCALHOST", "localhost.", "localhost.localdomain", "localhost4", "localhost6", "localhost6.localdomain6"),
    *("localhost4.localdomain4", "web.localhost", "ip6-localhost", "ip6-loopback", "IP6-Loopback", "loopback", "_localdnsstub"),
    *("127.0.0.1", "127.8.0.1", "127.1", "127.0.1", "0", "0.0.0.0", "0x0", "00", "2130706433", "0x7f000001", "0X7F.1"),
    *("0177.0.0.1", "017700000001", "::1", "[::1]", "0:0:0:0:0:0:0:1", "::", "::ffff:127.0.0.1", "127.0.0.1."),
    *("controller", "CONTROLLER", "controller.", "controller.example.org", "ctl.example.org", "host.docker.internal"),
    # What a resolver makes of other letters (IDNA): full width, circled, a long s, and dots of other scripts.
    *("ｌｏｃａｌｈｏｓｔ", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "localhoſt", "１２７.0.0.1", "127。0。0。1", "１２７．１"),
]
SPECIAL = [
    *(
        "all",
        "ungrouped",
        "web",
        "ALL",
        "Ungrouped",
        "a,b",
        "a:b",
        "web[1:9]",
        "a b",
        "a\n",
        "a\x00",
        "-oProxyCommand",
        "..",
        ".ssh",
    ),
    *("a/b", "~web", "!web", "&web", "@web", "web*", "web?", "{{ 7 }}", "web.", "user@web", "#web", "$web", "%web", "web;"),
]
ANOTHER_MACHINE = [
    *("i-b", "I-B", "web-01_i-b", "i-4x9q2m7kva", "web_I-4X9Q2M7KVA", "10.0.0.9", "203.0.113.9", "10.9", "167772169"),
    *("0x0a000009", "10.0.0.9.", "192.0.2.77", "42", "1.2", "fe80::1"),
]


@pytest.mark.parametrize("name", ["", " ", *THIS_COMPUTER, *SPECIAL, *ANOTHER_MACHINE])
def test_a_name_that_cannot_be_used_gives_way_to_the_next_choice(name: str) -> None:
    another = row("i-b", private_ip_address="10.0.0.9", elastic_ip_address="203.0.113.9")
    machine = row("i-a", name, private_ip_address="10.0.0.4")
    assert names_of(machine, another, hostnames=["name", "private_ip_address"]) == ["10.0.0.4", "10.0.0.9"]


@pytest.mark.parametrize("name", [*THIS_COMPUTER, *SPECIAL, *ANOTHER_MACHINE])
def test_a_name_that_cannot_be_used_is_a_warning(name: str) -> None:
    another = row("i-b", private_ip_address="10.0.0.9", elastic_ip_address="203.0.113.9")
    (warning,) = warnings_for([row("i-a", name), another])
    assert repr(name) in warning
    assert "i-a" in warning


@pytest.mark.parametrize(
    "name", ["web-01", "网站", "web_1", "web.1", "localhost-2", "my-localhost", "ip6-gateway", "1e3", "web.prod"]
)
def test_a_name_that_only_looks_a_little_like_something_else_is_used(name: str) -> None:
    assert names_of(row("i-a", name)) == [name]


def test_a_machine_may_be_called_by_its_own_address() -> None:
    assert names_of(row("i-a", "10.0.0.4", private_ip_address="10.0.0.4")) == ["10.0.0.4"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_an_address_that_two_networks_have_is_nobodys_name(order: tuple[int, ...]) -> None:
    files = [[row("i-a", "10.0.0.4", private_ip_address="10.0.0.4")], [row("i-b", "db", private_ip_address="10.0.0.4")]]
    assert {name for names in naming_of(*(files[place] for place in order)).names for name in names} == {"i-a", "db"}


def test_machines_that_are_to_be_called_by_one_address_are_twins() -> None:
    rows = [row(each, private_ip_address="10.0.0.4") for each in ("i-a", "i-b")]
    assert names_of(*rows, hostnames=["private_ip_address"]) == ["10.0.0.4_i-a", "10.0.0.4_i-b"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_another_files_id_is_not_a_name_in_either_order(order: tuple[int, ...]) -> None:
    files = [[row("i-a", "i-b")], [row("i-b", "db")]]
    assert {name for names in naming_of(*(files[place] for place in order)).names for name in names} == {"i-a", "db"}


def test_the_names_of_this_computer_are_its_own_and_those_of_its_hosts_file() -> None:
    hosts_file = (
        "127.0.0.1 localhost spare\n10.1.1.1 ctl.example.org CTL alias # comment\n10.1.1.2 other\n::1 six\n\n# 127.0.0.1 no\n"
    )
    assert own_names("ctl", hosts_file) == {"ctl", "ctl.example.org", "alias", "localhost", "spare", "six"}


def test_without_any_choice_left_the_id_is_the_name() -> None:
    assert names_of(row("i-a", "a,b"), hostnames=["name", "elastic_ip_address", "tag:fqdn"]) == ["i-a"]


def test_a_tag_may_be_the_name() -> None:
    assert names_of(row("i-a", "web-01", {"fqdn": "web.example.org"}), hostnames=["tag:fqdn"]) == ["web.example.org"]


def test_a_name_is_put_together_of_prefix_separator_and_name() -> None:
    preference = {"name": "name", "prefix": "tag:env", "separator": "-"}
    assert names_of(row("i-a", "web", {"env": "prod"}), hostnames=[preference]) == ["prod-web"]


def test_a_missing_prefix_gives_way_to_the_next_choice() -> None:
    assert names_of(row("i-a", "db"), hostnames=[{"name": "name", "prefix": "tag:env"}, "name"]) == ["db"]


def test_a_machine_that_two_regions_list_is_an_error() -> None:
    with pytest.raises(JdcloudError, match=r"i-a is listed in 2 regions"):
        names_of(row("i-a"), row("i-a"))


@given(st.permutations(IDS), st.tuples(NAMES, NAMES, NAMES, NAMES), st.dictionaries(st.sampled_from(PIECES), st.just("i-x")))
def test_whatever_they_are_called_no_two_machines_are_one_host(
    ids: list[str], names: tuple[str, ...], others: dict[str, str]
) -> None:
    rows = [row(instance_id, name) for instance_id, name in zip(ids, names, strict=True)]
    hosts = names_of(*rows, hostnames=["name"], **others)
    assert len(set(hosts)) == len(rows)
    assert not {*GROUPS, "localhost", "127.0.0.1", "::1"}.intersection(hosts)
    assert not {name for name, owner in others.items() if owner == "i-x"}.intersection(hosts)
    for machine, host in zip(rows, hosts, strict=True):
        assert host in (machine["instance_id"], machine["name"]) or host.endswith(f"_{machine['instance_id']}")
        assert not set(" ,:/[]{}\n").intersection(host)
        assert host[0] not in "-."


@pytest.mark.parametrize(
    "given_names",
    [
        *([], ["nome"], ["tag:"], ["tag: "], [None], [7], [{}], [{"prefix": "name"}], [{"name": "name", "sep": "-"}]),
        *([{"name": "name", "separator": 1}], [{"name": "name", "prefix": "x"}]),
    ],
)
def test_a_wrong_choice_is_refused(given_names: list[Any]) -> None:
    with pytest.raises(InputError, match=r"hostnames"):
        parse_preferences(given_names)


def test_all_variables_begin_alike() -> None:
    assert variables_of(row("i-a", "web")) == {
        "jdcloud_instance_id": "i-a",
        "jdcloud_name": "web",
        "jdcloud_region": "cn-north-1",
        "jdcloud_tags": {},
    }
