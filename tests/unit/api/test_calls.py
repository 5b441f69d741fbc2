# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parameters of calls: indexed lists, one percent-encoding, nothing that widens or splits."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._api import calls
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.wire.signature import canonical_query

texts = st.text(st.characters(exclude_categories=["Cs"]))
names = texts.filter(bool)


def test_builders_write_what_the_official_clients_write() -> None:
    query = (
        calls.filters([("instanceId", ["i-a", "i-b"]), ("status", ["running"])])
        + calls.tags([("env", ["prod", "生产"])])
        + calls.indexed("ids", ["x", "y"])
        + calls.scalars(pageNumber=1, deleteSnapshot=True, offline=False, unset=None)
    )
    assert calls.encode_query(query) == (
        "filters.1.name=instanceId&filters.1.values.1=i-a&filters.1.values.2=i-b"
        "&filters.2.name=status&filters.2.values.1=running"
        "&tags.1.key=env&tags.1.values.1=prod&tags.1.values.2=%E7%94%9F%E4%BA%A7"
        "&ids.1=x&ids.2=y&pageNumber=1&deleteSnapshot=true&offline=false"
    )


def test_operator_is_written_for_every_filter() -> None:
    assert calls.filters([("name", ["a"])], operator="like") == (
        ("filters.1.name", "name"),
        ("filters.1.operator", "like"),
        ("filters.1.values.1", "a"),
    )


def test_values_that_hold_separators_stay_one_value() -> None:
    assert calls.encode_query((("filters.1.values.1", "c:d&e=f?g#h+i %2F/~"),)) == (
        "filters.1.values.1=c%3Ad%26e%3Df%3Fg%23h%2Bi%20%252F%2F~"
    )


@pytest.mark.parametrize("values", [[], (), "abc", ""])
def test_a_filter_or_tag_without_a_list_of_values_is_refused(values: str) -> None:
    with pytest.raises(ValueError, match="at least one value"):
        calls.filters([("status", values)])
    with pytest.raises(ValueError, match="at least one value"):
        calls.tags([("env", values)])


def test_a_tag_without_a_key_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a name"):
        calls.tags([("", ["prod"])])


def test_text_that_is_no_unicode_is_an_input_error() -> None:
    with pytest.raises(InputError, match="UTF-8"):
        calls.encode_query((("a", "\udc80"),))


@pytest.mark.parametrize("resource_id", ["i-4x9q2m7kva", "vol-1", "fip-0", "6d0cb9a4-4c6e-4d37-8f8e-0a1b2c3d4e5f"])
def test_ids_are_safe_in_a_path(resource_id: str) -> None:
    assert calls.path_id(resource_id) == resource_id


@pytest.mark.parametrize(
    "resource_id", ["", " ", ".", "..", "i-1/", "i-1?x=1", "i-1#", "i 1", "-i", "i-1:stopInstance", "i-\n", "号", None]
)
def test_what_could_change_the_path_is_no_id(resource_id: str) -> None:
    with pytest.raises(InputError, match="is not an id"):
        calls.path_id(resource_id)


@given(st.lists(st.tuples(names, texts), max_size=20).map(tuple))
def test_every_query_decodes_to_itself(query: calls.Query) -> None:
    encoded = calls.encode_query(query)
    assert tuple(parse_qsl(encoded, keep_blank_values=True, max_num_fields=None)) == query


@given(st.lists(st.tuples(names, texts), max_size=20).map(tuple))
def test_what_is_sent_is_what_is_signed_up_to_the_order(query: calls.Query) -> None:
    sent = calls.encode_query(query)
    signed = canonical_query(sent)
    assert sorted(sent.split("&")) == sorted(signed.split("&"))
    assert canonical_query(signed) == signed
