# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How machines are called as hosts: all different, and never like something else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError, JdcloudError
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._inventory_names import (
    Row,
    host_names,
    parse_preferences,
    variables_of,
)

GROUPS = ("all", "ungrouped", "web")
IDS = ("i-a", "i-b", "i-c", "i-d")
PIECES = ("web", "web-01", "localhost", "127.0.0.1", "::1", "all", "_", "-", ".", "/", ",", "{{ 1 }}", "\n", "", "网站", *IDS)
NAMES = st.lists(st.sampled_from(PIECES), max_size=3).map("".join)


def row(instance_id: str, name: str = "", tags: dict[str, str] | None = None, **members: Any) -> Row:
    return {"instance_id": instance_id, "name": name, "region": "cn-north-1", "tags": tags or {}, **members}


def names_of(*rows: Row, hostnames: Any = ("name", "instance_id"), **others: str | None) -> list[str]:
    return host_names(rows, parse_preferences(list(hostnames)), GROUPS, others)


def test_the_name_is_the_first_choice() -> None:
    assert names_of(row("i-a", "web-01")) == ["web-01"]


def test_a_name_of_any_script_can_be_used() -> None:
    assert names_of(row("i-a", "网站-1")) == ["网站-1"]


def test_machines_with_the_same_name_are_all_called_by_name_and_id() -> None:
    rows = [row("i-a", "web-01"), row("i-b", "web-02"), row("i-c", "web-01")]
    assert names_of(*rows) == ["web-01_i-a", "web-02", "web-01_i-c"]


def test_a_machine_of_another_file_with_the_same_name_stays_another_host() -> None:
    assert names_of(row("i-a", "db"), db="i-z") == ["db_i-a"]


def test_the_same_machine_in_another_file_is_the_same_host() -> None:
    assert names_of(row("i-a", "db"), db="i-a") == ["db"]


@pytest.mark.parametrize(
    "name",
    [
        *("", " ", "localhost", "LOCALHOST", "127.0.0.1", "127.8.0.1", "::1", "all", "ungrouped", "web"),
        *(
            "a,b",
            "a:b",
            "web[1:9]",
            "a b",
            "a\n",
            "a\x00",
            "-oProxyCommand",
            "..",
            ".ssh",
            "a/b",
            "~web",
            "!web",
            "web*",
            "{{ 7 }}",
        ),
        *("i-b", "web-01_i-b"),
    ],
)
def test_a_name_that_cannot_be_used_gives_way_to_the_next_choice(name: str) -> None:
    assert names_of(row("i-a", name, private_ip_address="10.0.0.4"), row("i-b"), hostnames=["name", "private_ip_address"]) == [
        "10.0.0.4",
        "i-b",
    ]


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
    hosts = host_names(rows, parse_preferences(["name"]), GROUPS, others)
    assert len(set(hosts)) == len(rows)
    assert not {*GROUPS, "localhost", "127.0.0.1", "::1"}.intersection(hosts)
    assert not {name for name, owner in others.items() if owner == "i-x"}.intersection(hosts)
    for machine, host in zip(rows, hosts, strict=True):
        assert host in (machine["instance_id"], machine["name"]) or host.endswith(f"_{machine['instance_id']}")
        assert not set(" ,:/[]{}\n").intersection(host) and host[0] not in "-."


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
