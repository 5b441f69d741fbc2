# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Variables as they arrive from playbooks, surveys and the command line."""

from __future__ import annotations

import json
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.input import coerce
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.input.decommission_variables import parse_options
from support.campaign.results import GIVEN

ID = st.text(alphabet=string.ascii_lowercase + string.digits, min_size=10, max_size=10).map("i-{}".format)


@given(st.lists(ID, min_size=1, max_size=20, unique=True), st.sampled_from([",", " ", "\n", ", ", " , ,", "\t"]))
def test_a_list_of_ids_means_the_same_in_every_form(ids: list[str], separator: str) -> None:
    forms: list[Any] = [ids, separator.join(ids), json.dumps(ids), repr(ids), [separator.join(ids)], f" {separator.join(ids)}, "]
    assert [coerce.word_list_of(form, "ids") for form in forms] == [ids] * len(forms)


@pytest.mark.parametrize("given_value", [[], "[]", " , ", ["i-a", ""], ["i-a", None], [" "], [1], True, {"a": 1}])
def test_a_list_that_could_mean_nothing_is_refused(given_value: Any) -> None:
    with pytest.raises(InputError, match="^ids"):
        coerce.word_list_of(given_value, "ids")


@pytest.mark.parametrize(
    ("given_value", "meant"),
    [
        ("", None),
        ("  ", None),
        ({"env": "test"}, {"env": "test"}),
        ("env=test", {"env": "test"}),
        ("env=test, project = x", {"env": "test", "project": "x"}),
        ("env=a=b", {"env": "a=b"}),
        ('{"env": ["a", "b"]}', {"env": ["a", "b"]}),
        ("{'env': 'a'}", {"env": "a"}),
    ],
)
def test_a_dictionary_means_the_same_in_every_form(given_value: Any, meant: Any) -> None:
    assert coerce.dict_of(given_value, "tags") == meant


@pytest.mark.parametrize("given_value", [{}, "{}", "{", "env", "env=a,env=b", "=a", ["env"], 3, True, '{"a": '])
def test_a_dictionary_that_could_mean_everything_is_refused(given_value: Any) -> None:
    with pytest.raises(InputError, match="^tags "):
        coerce.dict_of(given_value, "tags")


def test_where_it_is_allowed_an_empty_dictionary_switches_off() -> None:
    assert coerce.dict_of("{}", "protect", empty=True) == coerce.dict_of({}, "protect", empty=True) == {}


@pytest.mark.parametrize(
    ("given_value", "meant"),
    [(True, True), ("true", True), ("Yes", True), ("1", True), ("off", False), (" FALSE ", False), (0, False), ("", False)],
)
def test_a_switch_means_the_same_in_every_form(given_value: Any, meant: bool) -> None:
    assert coerce.boolean_of(given_value, "flag") is meant


@pytest.mark.parametrize("given_value", ["perhaps", 2, [], "truee"])
def test_a_switch_that_is_unclear_is_refused(given_value: Any) -> None:
    with pytest.raises(InputError, match="^flag is "):
        coerce.boolean_of(given_value, "flag")


@pytest.mark.parametrize(("given_value", "meant"), [("", 7), ("3", 3), (3, 3), ("3.0", 3), (0, 0)])
def test_a_whole_number_means_the_same_in_every_form(given_value: Any, meant: int) -> None:
    assert coerce.integer_of(given_value, "days", 7) == meant


@pytest.mark.parametrize("given_value", ["-1", -1, "1.5", "many", True, [], "inf", "nan"])
def test_what_is_no_whole_number_is_refused(given_value: Any) -> None:
    with pytest.raises(InputError, match="^days is "):
        coerce.integer_of(given_value, "days", 7)


@pytest.mark.parametrize("given_value", [0, "0", -1, "x", "inf"])
def test_a_time_must_be_above_zero(given_value: Any) -> None:
    with pytest.raises(InputError, match="^wait is "):
        coerce.number_of(given_value, "wait", 600.0)


def test_a_number_with_an_underscore_is_none() -> None:
    with pytest.raises(InputError, match="must be a whole number, at least 1"):
        coerce.integer_of("1_0", "max_instances", 10, at_least=1)


@pytest.mark.parametrize("given_value", [["a"], {"a": 1}, True, 1.5, 8])
def test_a_text_is_no_list(given_value: Any) -> None:
    with pytest.raises(InputError, match="^name is "):
        coerce.text_of(given_value, "name")


@pytest.mark.parametrize("missing", sorted(GIVEN))
def test_a_variable_of_the_role_that_is_missing_is_named(missing: str) -> None:
    variables = {name: value for name, value in {**GIVEN, "instance_ids": "i-a"}.items() if name != missing}
    with pytest.raises(InputError, match=f"^vm_decommission_{missing} is missing: "):
        parse_options(variables)


@pytest.mark.parametrize("text", ["{'p': 'x' 'y'}", '{"p": "x" "y"}', "{'p': 'x', 'p': 'y'}", "{'p': ['x'\n'y']}"])
def test_a_dictionary_that_python_would_read_otherwise_than_it_stands_there_is_refused(text: str) -> None:
    """Python joins two texts without a comma, and takes the last of two keys."""
    with pytest.raises(InputError, match="begins like JSON, but is not valid JSON"):
        coerce.dict_of(text, "vm_decommission_tags")


def test_two_ids_without_a_comma_stay_two() -> None:
    assert coerce.word_list_of("['i-a' 'i-b']", "vm_decommission_instance_ids") == ["i-a", "i-b"]


@pytest.mark.parametrize("text", ['{"project": "x", "project": "y"}', '{"project": "x", "env": {"a": 1, "a": 2}}'])
def test_a_key_that_json_holds_twice_is_refused_since_one_value_would_be_dropped(text: str) -> None:
    with pytest.raises(InputError, match="contains a key twice"):
        coerce.dict_of(text, "vm_decommission_tags")
