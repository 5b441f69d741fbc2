# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""compose, groups and keyed_groups: no group vanishes without a word, texts stay texts, and every ansible-core does the same."""

from __future__ import annotations

from typing import Any

import pytest
from ansible import constants, context
from ansible import template as ansible_template
from ansible.errors import AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible.module_utils.common.collections import ImmutableDict

from ansible_collections.jdcloud.cloud.plugins.plugin_utils._inventory import expressions
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._inventory.groups import KeyedGroup
from support.inventory import Lister, Regions
from support.json_object import Json

pytestmark = pytest.mark.cores

NEWER = hasattr(ansible_template, "trust_as_template")
KEEP = "jdcloud_tags.keep | default('')"


@pytest.fixture
def fleet(regions: Regions) -> None:
    """Three machines; two carry a tag, with a text that looks like something else."""
    regions.north.add("i-a", instanceName="a", tags=[{"key": "keep", "value": "yes"}, {"key": "looks", "value": "True"}])
    regions.north.add("i-b", instanceName="b", tags=[{"key": "keep", "value": ""}, {"key": "looks", "value": "[1, 2]"}])
    regions.north.add("i-c", instanceName="c", tags=[])


def refusal(listing: Lister, **options: Any) -> str:
    """The sentence with which the inventory fails; no host stays."""
    inventory = InventoryData()
    with pytest.raises(AnsibleParserError) as failed:
        listing(inventory, **options)
    assert not inventory.hosts
    assert set(inventory.groups) == {"all", "ungrouped"}
    return str(failed.value)


def members(inventory: InventoryData, group: str) -> list[str]:
    return [host.name for host in inventory.groups[group].get_hosts()]


# --- what fails everywhere ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"groups": {"keep": "jdcloud_tag.keep == 'yes'"}}, "groups.keep"),
        ({"groups": {"keep": "jdcloud_tags.kept == 'yes'"}}, "groups.keep"),
        ({"groups": {"keep": "jdcloud_tags.keep = 'yes'"}}, "groups.keep"),
        ({"groups": {"keep": "{{ jdcloud_tags.keep == 'yes' }}"}}, "groups.keep"),
        ({"groups": {"keep": "'{{ jdcloud_name }}' == 'a'"}}, "groups.keep"),
        ({"compose": {"mine": "'{{ jdcloud_name }}'"}}, "compose.mine"),
        ({"keyed_groups": [{"key": "'{{ jdcloud_name }}'"}]}, "keyed_groups[0]"),
        ({"groups": {"keep": "jdcloud_tags.keep is there"}}, "groups.keep"),
        ({"compose": {"ansible_host": "jdcloud_private_ip"}}, "compose.ansible_host"),
        ({"keyed_groups": [{"key": "jdcloud_tag"}]}, "keyed_groups[0]"),
        ({"keyed_groups": [{"key": "jdcloud_region"}, {"key": "jdcloud_tags.nobody"}]}, "keyed_groups[1]"),
        ({"keyed_groups": [{"key": "jdcloud_region", "parent_group": "{{ nowhere }}"}]}, "keyed_groups[0]"),
    ],
)
def test_an_expression_that_fails_for_every_host_fails_the_inventory(
    listing: Lister, fleet: None, wrong: Json, place: str
) -> None:
    assert refusal(listing, **wrong).startswith(f"{place}")


@pytest.mark.parametrize(
    "expression", [KEEP, "jdcloud_tags", "jdcloud_tags | length", "none", "'yes'", "[true]", "jdcloud_tags.keep | default(false)"]
)
def test_a_condition_that_is_no_boolean_fails_the_inventory(listing: Lister, fleet: None, expression: str) -> None:
    text = refusal(listing, groups={"keep": expression})
    assert text.startswith("groups.keep gives")
    assert "instead of true or false" in text


@pytest.mark.parametrize(
    "wrong",
    [
        {"compose": {"x": "jdcloud_tags.keep"}},
        {"groups": {"g": "jdcloud_tags.keep == 'yes'"}},
        {"keyed_groups": [{"key": "jdcloud_tags.keep"}]},
        {"keyed_groups": [{"key": KEEP}]},
    ],
)
def test_strict_an_expression_that_fails_for_one_host_fails_the_inventory(listing: Lister, fleet: None, wrong: Json) -> None:
    refusal(listing, strict=True, **wrong)


def test_a_failed_file_leaves_what_an_earlier_one_brought(listing: Lister, fleet: None) -> None:
    inventory = listing(hostnames=["instance_id"])
    with pytest.raises(AnsibleParserError):
        listing(inventory, groups={"keep": KEEP})
    assert list(inventory.hosts) == ["i-a", "i-b", "i-c"]
    assert set(inventory.groups) == {"all", "ungrouped"}


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"groups": {"keep": None}}, "groups.keep"),
        ({"groups": {"keep": " "}}, "groups.keep"),
        ({"groups": {"keep": 1}}, "groups.keep"),
        ({"groups": None}, "groups"),
        ({"compose": {"x": 8}}, "compose.x"),
        ({"compose": {"jdcloud_instance_id": "'i-b'"}}, "jdcloud_instance_id"),
        ({"keyed_groups": [{"prefix": "x"}]}, "keyed_groups[0].key"),
        ({"keyed_groups": [{"key": "jdcloud_region", "prefx": "x"}]}, "'prefx'"),
        ({"keyed_groups": [{"key": "jdcloud_region", "prefix": 8}]}, "keyed_groups[0].prefix"),
        ({"keyed_groups": ["jdcloud_region"]}, "keyed_groups[0]"),
        ({"keyed_groups": [{"key": "x", "default_value": "d", "trailing_separator": False}]}, "default_value"),
    ],
)
def test_a_wrong_construct_is_refused(listing: Lister, fleet: None, options: Json, named: str) -> None:
    assert named in refusal(listing, **options)


# --- what fails for some --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ({"groups": {"keep": "jdcloud_tags.keep == 'yes'"}}, "groups.keep"),
        ({"compose": {"kept": "jdcloud_tags.keep"}}, "compose.kept"),
        ({"keyed_groups": [{"key": "jdcloud_tags.keep"}]}, "keyed_groups[0]"),
    ],
)
def test_an_expression_that_fails_for_some_hosts_is_a_warning_with_its_place_their_number_and_the_first_error(
    listing: Lister, fleet: None, messages: list[str], options: Json, place: str
) -> None:
    listing(**options)
    (warning,) = messages
    assert place in warning
    assert "1 of 3 hosts" in warning
    assert "'keep'" in warning
    assert "(the first is c)" in warning


def test_a_condition_that_fails_for_some_hosts_groups_the_others(listing: Lister, fleet: None) -> None:
    assert members(listing(groups={"keep": "jdcloud_tags.keep == 'yes'"}), "keep") == ["a"]


def test_conditions_that_hold_and_do_not_hold_are_no_warning(listing: Lister, fleet: None, messages: list[str]) -> None:
    inventory = listing(groups={"keep": f"{KEEP} == 'yes'", "everything": True, "nothing": "false", "odd": "'x' in jdcloud_name"})
    assert [members(inventory, group) for group in ("keep", "everything", "nothing", "odd")] == [["a"], ["a", "b", "c"], [], []]
    assert messages == []


def test_a_group_without_members_is_there_nevertheless(listing: Lister) -> None:
    """`all:!keep` must not make Ansible say that there is no `keep`."""
    assert "keep" in listing(groups={"keep": f"{KEEP} == 'yes'"}).groups


# --- texts stay texts -----------------------------------------------------------------------------------------------------


@pytest.fixture(params=[False, True])
def native(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """ansible-core 2.18 with and without jinja2_native, which newer ones do not have any more."""
    monkeypatch.setattr(constants, "DEFAULT_JINJA2_NATIVE", request.param, raising=False)


def test_a_text_that_looks_like_something_else_stays_a_text(listing: Lister, fleet: None, native: None) -> None:
    inventory = listing(compose={"looks": "jdcloud_tags.looks | default('2026.10')", "pair": "['1_0', jdcloud_name]"})
    assert [host.vars["looks"] for host in inventory.hosts.values()] == ["True", "[1, 2]", "2026.10"]
    assert inventory.hosts["c"].vars["pair"] == ["1_0", "c"]


def test_a_tag_that_looks_like_something_else_names_a_group(listing: Lister, fleet: None, native: None) -> None:
    inventory = listing(keyed_groups=[{"key": "jdcloud_tags.looks | default('1_0')", "prefix": "looks"}])
    assert {"looks_True", "looks__1__2_", "looks_1_0"} < set(inventory.groups)


def test_what_an_expression_makes_keeps_its_type(listing: Lister, fleet: None, native: None) -> None:
    inventory = listing(
        compose={"number": "1 + 1", "truth": "jdcloud_name == 'a'", "nothing": "none", "keys": "jdcloud_tags.keys() | list"}
    )
    found = inventory.hosts["a"].vars
    assert [found[name] for name in ("number", "truth", "nothing", "keys")] == [2, True, None, ["keep", "looks"]]


def test_an_expression_sees_extra_variables_if_it_is_to(listing: Lister, fleet: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "CLIARGS", ImmutableDict(extra_vars=('{"wanted": "yes"}',)))
    monkeypatch.setattr("ansible.utils.vars.load_extra_vars.extra_vars", {"wanted": "yes"}, raising=False)
    inventory = listing(groups={"keep": f"{KEEP} == wanted"}, use_extra_vars=True)
    assert members(inventory, "keep") == ["a"]


# --- protection -----------------------------------------------------------------------------------------------------------


def is_protected(value: Any) -> bool:
    if NEWER:
        return not ansible_template.is_trusted_as_template(value)
    return hasattr(value, "__UNSAFE__")


@pytest.fixture
def odd(regions: Regions) -> None:
    """A machine with templates in its texts, whole ones and half ones."""
    tags = [{"key": "whole", "value": "{{ 7 * 7 }}"}, {"key": "half", "value": "{ 7 * 7 }}"}, {"key": "plain", "value": "web"}]
    regions.north.add("i-a", instanceName="a", tags=tags)


def test_in_a_play_every_text_is_protected(listing: Lister, odd: None) -> None:
    """A text without any mark is dangerous as a bare condition, and joined to another one."""
    found = listing(compose={"joined": "'{' ~ jdcloud_tags.half"}).hosts["a"].vars
    assert found["joined"] == "{{ 7 * 7 }}"
    assert is_protected(found["joined"])
    assert all(is_protected(value) for value in found["jdcloud_tags"].values())


def test_for_printing_only_texts_with_marks_are_protected(listing: Lister, odd: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "CLIARGS", ImmutableDict(graph=False, list=True))
    found = listing(compose={"joined": "'{' ~ jdcloud_tags.half", "plain": "jdcloud_name ~ '-1'"}).hosts["a"].vars
    assert {name: is_protected(value) for name, value in found["jdcloud_tags"].items()} == {
        "whole": True,
        "half": False,
        "plain": False,
    }
    assert (is_protected(found["joined"]), is_protected(found["plain"])) == (True, False)


@pytest.mark.parametrize("text", ["{{ x }}", "a {% if %}", "{#", "x{{", "{%", "{{{"])
def test_a_mark_anywhere_in_a_text_keeps_it_protected(text: str) -> None:
    assert is_protected(expressions.printable(expressions.mark_unsafe([text]))[0])


@pytest.mark.parametrize("text", ["", "web", "{", "}}", "{ {", '{"a": 1}', "%}", "100 %", "# web", "网站"])
def test_a_text_without_marks_is_printed_plainly(text: str) -> None:
    (shown,) = expressions.printable(expressions.mark_unsafe([text]))
    assert shown == text
    assert not is_protected(shown)


# --- the names of keyed groups --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "value", "names"),
    [
        ({}, "x", ["_x"]),
        ({"prefix": "p"}, "x", ["p_x"]),
        ({"prefix": "p", "separator": "-"}, ["x", 1], ["p-x", "p-1"]),
        ({"prefix": "p"}, {"k": "v", "e": ""}, ["p_k_v", "p_e_"]),
        ({"prefix": "p", "trailing_separator": False}, {"e": None}, ["p_e"]),
        ({"prefix": "p", "default_value": "d"}, {"e": ""}, ["p_e_d"]),
        ({"prefix": "p", "default_value": "d"}, None, ["p_d"]),
        ({"prefix": "p", "default_value": "d"}, ["", "x"], ["p_d", "p_x"]),
        ({"prefix": "p"}, "", []),
        ({"prefix": "p"}, None, []),
        ({"prefix": "p"}, 4, ["p_4"]),
    ],
)
def test_the_names_of_keyed_groups(entry: Json, value: Any, names: list[str]) -> None:
    assert KeyedGroup("keyed_groups[0]", "key", **entry).names(value, leading_separator=True) == names


def test_a_leading_separator_can_be_left_out() -> None:
    assert KeyedGroup("keyed_groups[0]", "key").names("x", leading_separator=False) == ["x"]
