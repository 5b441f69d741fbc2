# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bad selectors (rules 1 to 4): a sentence that says what to do, nothing sent, nothing changed."""

from __future__ import annotations

from typing import Any

import pytest

from support.integration.bad_input import Fleet

EMPTY: list[tuple[dict[str, Any], str]] = [
    ({}, "instance_ids, name, tags, filters"),
    ({"instance_ids": []}, "instance_ids is an empty list"),
    ({"instance_ids": ""}, "instance_ids is empty"),
    ({"instance_ids": " , "}, "instance_ids is empty"),
    ({"instance_ids": [None]}, "instance_ids"),
    ({"instance_ids": ["i-one", " "]}, "instance_ids has a blank"),
    ({"instance_ids": ["i-one", None]}, "instance_ids"),
    ({"name": ""}, "name is blank"),
    ({"name": " \t"}, "name is blank"),
    ({"tags": {}}, "tags is an empty dict"),
    ({"tags": ""}, "tags"),
    ({"tags": " "}, "tags"),
    ({"tags": {"env": None}}, "tags.env is null"),
    ({"tags": {"env": []}}, "tags.env is an empty list"),
    ({"tags": {"env": [None]}}, "tags.env is null"),
    ({"tags": {"env": ["test", ""]}}, "tags.env is blank"),
    ({"tags": {" ": "test"}}, "tags has a blank key"),
    ({"filters": {}}, "filters is an empty dict"),
    ({"filters": ""}, "filters"),
    ({"filters": {"az": None}}, "filters.az is null"),
    ({"filters": {"az": []}}, "filters.az is an empty list"),
    ({"filters": {"az": " "}}, "filters.az is blank"),
]
WRONG: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({"instance_ids": ["i-one,i-two"]}, ("instance_ids", "'i-one,i-two'", "i-4x9q2m7kva")),
    ({"instance_ids": "i-one i-two"}, ("instance_ids", "'i-one i-two'")),
    ({"instance_ids": "i-one\nb"}, ("instance_ids",)),
    ({"instance_ids": ["web-01/../i-one"]}, ("instance_ids",)),
    ({"instance_ids": [7]}, ("instance_ids", "(7)", "quote it")),
    ({"instance_ids": [["i-one"]]}, ("instance_ids",)),
    ({"instance_ids": {"i-one": True}}, ("instance_ids", "list")),
    ({"instance_ids": "x" * 5000}, ("instance_ids", "…")),
    ({"name": ["web-01"]}, ("name is a list", "instance_ids")),
    ({"name": True}, ("name is a boolean", "quote it")),
    ({"name": "web-01\n"}, ("name is", "remove")),
    ({"tags": {"env": True}}, ("tags.env is a boolean", "quote it")),
    ({"tags": {"version": 1.1}}, ("tags.version is a decimal number", "quote it")),
    ({"tags": {"env": {"is": "test"}}}, ("tags.env is a dict", "text")),
    ({"tags": {"env": [["test"]]}}, ("tags.env is a list", "text")),
    ({"tags": {"odd key\n": 1.5}}, (r"tags['odd key\n']",)),
    ({"tags": ["env"]}, ("tags", "dict")),
    ({"tags": "env"}, ("tags", "key=value")),
    ({"filters": {"name": "web-01"}}, ("filters.name", "use the option name")),
    ({"filters": {"nonsense": "x"}}, ("filters.nonsense", "use one of agId")),
    ({"filters": {"description": "x"}}, ("filters.description is refused, because it cannot be checked", "use one of agId")),
    ({"filters": {"status": False}}, ("filters.status is a boolean", "quote it")),
    ({"filters": [{"az": "a"}]}, ("filters", "dict")),
]


@pytest.mark.parametrize(("options", "named"), EMPTY, ids=str)
def test_rule_01_an_empty_or_blank_selector_is_an_error(fleet: Fleet, options: dict[str, Any], named: str) -> None:
    fleet.refused(named, **options)


def test_rule_01_a_blank_selector_is_an_error_next_to_a_good_one(fleet: Fleet) -> None:
    fleet.refused("tags is an empty dict", instance_ids=["i-one"], tags={})
    fleet.refused("filters is an empty dict", name="web-01", filters={})
    fleet.refused("name is blank", instance_ids=["i-one"], name="")


@pytest.mark.parametrize(("options", "named"), WRONG, ids=lambda value: str(value)[:60])
def test_a_selector_of_wrong_shape_or_type_is_an_error(fleet: Fleet, options: dict[str, Any], named: tuple[str, ...]) -> None:
    ended = fleet.refused(*named, **options)
    assert len(ended.msg) < 400


@pytest.mark.parametrize("options", [{"tags": {}}, {"instance_ids": [""]}, {"filters": {"name": "x"}}, {"name": ["x"]}], ids=str)
def test_the_info_module_refuses_them_too(fleet: Fleet, options: dict[str, Any]) -> None:
    fleet.refused_info(next(iter(options)), **options)


@pytest.mark.parametrize("state", ["absent", "stopped", "running"])
def test_rule_03_a_name_that_several_machines_have_lists_their_ids(fleet: Fleet, state: str) -> None:
    fleet.refused("i-twin1, i-twin2", "instance_ids", sends=True, state=state, name="twin", max_instances=9)


def test_more_matches_than_allowed_say_how_many_there_are(fleet: Fleet) -> None:
    fleet.refused(
        "2 instances", "max_instances is 1", "set max_instances to 2", sends=True, tags={"env": "test"}, max_instances=1
    )


@pytest.mark.parametrize("state", ["stopped", "running"])
def test_nothing_that_matches_is_an_error_unless_it_was_to_be_absent(fleet: Fleet, state: str) -> None:
    fleet.refused("No instance matches", "check the selectors", sends=True, state=state, name="web-09")


@pytest.mark.parametrize(
    ("tags", "named"),
    [
        ({"keep": True}, "protect_tags.keep is a boolean"),
        (None, "protect_tags"),
        ("", "protect_tags"),
        ({"": "*"}, "protect_tags"),
    ],
    ids=str,
)
def test_protection_is_never_switched_off_by_a_slip(fleet: Fleet, tags: Any, named: str) -> None:
    fleet.refused(named, instance_ids=["i-one"], protect_tags=tags)
