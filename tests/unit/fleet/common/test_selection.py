# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules 1 and 4: what counts as a selector, and what it matches."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.instance import Interface
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.selection import (
    CHECKABLE,
    Selection,
    parse_protect_tags,
    parse_selection,
    require_selector,
)
from support.fleet.builders import address, machine


def parse(**options: Any) -> Selection:
    return parse_selection(options.get("instance_ids"), options.get("name"), options.get("tags"), options.get("filters"))


@pytest.mark.parametrize(
    "options",
    [
        {"instance_ids": []},
        {"instance_ids": [""]},
        {"instance_ids": ["  "]},
        {"instance_ids": ["i-one", None]},
        {"instance_ids": ["i-one", 7]},
        {"instance_ids": ["i-one,i-two"]},
        {"instance_ids": ["i-one i-two"]},
        {"instance_ids": ["I-ONE"]},
        {"instance_ids": ["../i-one"]},
        {"instance_ids": ["i-one\n/x"]},
        {"instance_ids": ["i-"]},
        {"name": ""},
        {"name": " \t"},
        {"tags": {}},
        {"tags": {"": "x"}},
        {"tags": {" ": "x"}},
        {"tags": {"env": ""}},
        {"tags": {"env": "  "}},
        {"tags": {"env": []}},
        {"tags": {"env": ["prod", ""]}},
        {"tags": {"env": ["prod", None]}},
        {"filters": {}},
        {"filters": {"az": ""}},
        {"filters": {"az": []}},
        {"filters": {"az": None}},
        {"filters": {"az": ["cn-north-1a", "  "]}},
    ],
)
def test_an_empty_or_blank_selector_is_an_error(options: dict[str, Any]) -> None:
    with pytest.raises(InputError) as error:
        parse(**options)
    assert str(error.value).endswith(".")


@pytest.mark.parametrize("value", [True, False, 1.5, 2.0, float("nan"), None, [True], [1.5], [None]])
@pytest.mark.parametrize("option", ["tags", "filters"])
def test_values_of_wrong_type_are_an_error_that_says_quote_it(option: str, value: object) -> None:
    key = "env" if option == "tags" else "az"
    with pytest.raises(InputError, match="quote it"):
        parse(**{option: {key: value}})


@pytest.mark.parametrize("value", [{"a": "b"}, [["x"]], [{}]])
@pytest.mark.parametrize(("option", "key"), [("tags", "env"), ("filters", "az")])
def test_values_that_are_no_text_at_all_are_an_error(option: str, key: str, value: object) -> None:
    with pytest.raises(InputError, match=f"{option}.{key}"):
        parse(**{option: {key: value}})


def test_nothing_at_all_selects_nothing_and_is_an_error() -> None:
    with pytest.raises(InputError, match="Nothing is selected"):
        require_selector(parse())


@pytest.mark.parametrize("options", [{"instance_ids": ["i-one"]}, {"name": "a"}, {"tags": {"a": "b"}}, {"filters": {"az": "b"}}])
def test_one_selector_is_enough(options: dict[str, Any]) -> None:
    require_selector(parse(**options))


@pytest.mark.parametrize("key", ["name", "nonsense", "instance_id", "Status", "keyNames", "resourceGroupId"])
def test_a_filter_that_cannot_be_checked_is_refused(key: str) -> None:
    with pytest.raises(InputError) as error:
        parse(filters={key: "x"})
    assert ("use the option name" in str(error.value)) is (key == "name")


def test_ids_are_trimmed_and_named_once_in_the_order_given() -> None:
    assert parse(instance_ids=[" i-two ", "i-one", "i-two\n"]).ids == ("i-two", "i-one")


def test_lists_are_alternatives() -> None:
    selection = parse(tags={"port": "80", "env": ["a", "7", "a"]}, filters={"status": "RUNNING"})
    assert selection.tags == {"port": ("80",), "env": ("a", "7")}
    assert selection.filters == {"status": ("running",)}


def test_protect_tags_may_be_empty_but_not_blank() -> None:
    assert parse_protect_tags({}) == {}
    assert parse_protect_tags({"a": "*"}) == {"a": ("*",)}
    for wrong in ({"a": True}, {"a": 1.0}, {"": "*"}, {"a": ""}):
        with pytest.raises(InputError):
            parse_protect_tags(wrong)


def selected(**options: Any) -> bool:
    each = machine(
        "running",
        name="web-1",
        tags={"env": "test", "port": "80"},
        az="cn-north-1a",
        addresses=(address(),),
        private_ip_address="10.0.0.1",
        private_ips=("10.0.0.1", "10.0.0.11"),
        interfaces=(Interface("port-1", True, True), Interface("port-2", False, None)),
    )
    return parse(**options).mismatch(each) is None


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"name": "web-1"}, True),
        ({"name": "web"}, False),
        ({"name": "WEB-1"}, False),
        ({"name": "web-1 "}, False),
        ({"tags": {"env": "test"}}, True),
        ({"tags": {"env": "Test"}}, False),
        ({"tags": {"env": ["prod", "test"]}}, True),
        ({"tags": {"port": "80"}}, True),
        ({"tags": {"env": "test", "owner": "me"}}, False),
        ({"tags": {"env": "*"}}, False),
        ({"filters": {"privateIpAddress": "10.0.0.1"}}, True),
        ({"filters": {"privateIpAddress": "10.0.0.11"}}, True),
        ({"filters": {"privateIpAddress": "10.0.0"}}, False),
        ({"filters": {"status": ["stopped", "Running"]}}, True),
        ({"filters": {"status": "stopped"}}, False),
        ({"filters": {"elasticIpAddress": "203.0.113.17"}}, True),
        ({"filters": {"elasticIpAddress": "203.0.113.18", "networkInterfaceId": "port-1"}}, False),
        ({"filters": {"networkInterfaceId": "port-2"}}, True),
        ({"filters": {"agId": "ag-1"}}, False),
        ({"filters": {"instanceId": ["i-two", "i-one"]}}, True),
        ({"filters": {"instanceId": "i-two"}}, False),
        ({"name": "web-1", "tags": {"env": "prod"}}, False),
        ({"name": "web-1", "tags": {"env": "test"}, "filters": {"az": "cn-north-1a"}}, True),
    ],
)
def test_every_condition_is_compared_exactly_and_all_must_hold(options: dict[str, Any], expected: bool) -> None:
    assert selected(**options) is expected


@pytest.mark.parametrize("key", sorted(CHECKABLE))
def test_a_field_that_the_machine_does_not_show_matches_no_filter(key: str) -> None:
    bare = machine("running", interfaces=(), addresses=())
    assert parse(filters={key: "i-other"}).mismatch(bare) is not None


def test_tags_that_an_answer_does_not_carry_match_nothing() -> None:
    assert parse(tags={"env": "test"}).mismatch(machine(tags=None)) is not None


@pytest.mark.parametrize(
    ("options", "cap"),
    [
        ({"instance_ids": ["i-one", "i-two"]}, 2),
        ({"name": "web"}, 1),
        ({"tags": {"a": "b"}}, 10),
        ({"filters": {"az": "b"}}, 10),
        ({"instance_ids": [f"i-{n}" for n in range(50)], "tags": {"a": "b"}}, 10),
        ({"instance_ids": ["i-one"], "tags": {"a": "b"}}, 1),
        ({"name": "web", "filters": {"az": "b"}}, 1),
    ],
)
def test_the_default_cap_is_the_smallest_that_applies(options: dict[str, Any], cap: int) -> None:
    assert parse(**options).default_cap() == cap


def test_the_service_is_asked_for_a_name_alone_so_that_twins_are_seen() -> None:
    selection = parse(name="web", tags={"env": "a"}, filters={"az": "b"})
    assert selection.narrowing_filters() == [("name", ("web",))]
    assert selection.narrowing_tags() == []


def test_filters_that_take_one_value_are_not_sent_with_more() -> None:
    selection = parse(filters={"agId": ["ag-1", "ag-2"], "az": ["a", "b"]})
    assert selection.narrowing_filters() == [("az", ("a", "b"))]
    assert parse(filters={"elasticIpAddress": ["203.0.113.17", "203.0.113.18"]}).narrowing_filters() == []


def test_an_address_is_asked_for_without_what_would_hide_its_twins() -> None:
    selection = parse(tags={"env": "a"}, filters={"elasticIpAddress": "203.0.113.17", "az": "a", "vpcId": "vpc-1"})
    assert selection.narrowing_filters() == [("elasticIpAddress", ("203.0.113.17",)), ("vpcId", ("vpc-1",))]
    assert selection.narrowing_tags() == []


def test_a_private_address_is_not_asked_for_since_the_service_may_leave_out_secondary_ones() -> None:
    assert parse(filters={"privateIpAddress": "10.0.0.1", "subnetId": "subnet-1"}).narrowing_filters() == [
        ("subnetId", ("subnet-1",))
    ]


def test_the_status_filter_makes_the_choice_and_no_more() -> None:
    selection = parse(filters={"status": "running", "az": "a"})
    assert selection.chosen().filters == {"az": ("a",)}
