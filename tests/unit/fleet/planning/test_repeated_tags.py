# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tag keys that an answer shows more than once: any of the values protects, and only all of them together select."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.instance import (
    Instance,
    parse_instance,
    parse_instance_in_full,
)
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.resources import parse_disk, parse_elastic_ip
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.selection import Selection, find_protecting_tag
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.plan import decide
from support.fleet.builders import FACTS, policy
from support.search import examples

Rows = list[tuple[str, str]]
ROWS = st.lists(st.tuples(st.sampled_from(["env", "owner"]), st.sampled_from(["", "a", "b"])), max_size=5)
VALUES = st.lists(st.sampled_from(["", "a", "b", "c"]), min_size=1, max_size=3).map(tuple)


def raw(rows: Rows, **fields: Any) -> dict[str, Any]:
    return {"tags": [{"key": key, "value": value} for key, value in rows], **fields}


def of(*rows: tuple[str, str]) -> Instance:
    charge = {"chargeMode": "postpaid_by_duration", "chargeStatus": "normal"}
    return parse_instance(raw([*rows], instanceId="i-one", status="stopped", charge=charge))


def selecting(**tags: tuple[str, ...]) -> Selection:
    return Selection(ids=None, name=None, tags=tags, filters={})


def test_tags_stay_a_dict_and_repeated_keys_keep_all_their_values() -> None:
    each = of(("env", "prod"), ("team", "x"), ("env", "test"))
    assert each.tags == {"env": "test", "team": "x"}
    assert each.repeated_tags == {"env": ("prod", "test")}


def test_a_key_that_is_shown_once_is_not_repeated() -> None:
    assert of(("env", "prod"), ("Env", "test")).repeated_tags == {}
    assert parse_instance(raw([], instanceId="i-one", status="stopped"), carries_tags=False).repeated_tags == {}


def test_what_is_shown_in_full_keeps_its_tags_as_a_dict() -> None:
    found = parse_instance_in_full(raw([("env", "prod"), ("env", "test")], instanceId="i-one", status="stopped"))
    assert found.shown("cn-north-1")["tags"] == {"env": "test"}
    assert found.instance.repeated_tags == {"env": ("prod", "test")}


@pytest.mark.parametrize("rows", [[("keep", "yes"), ("keep", "no")], [("keep", "no"), ("keep", "yes")]])
def test_one_protecting_value_protects_in_any_place(rows: Rows) -> None:
    decision = decide(of(*rows), policy(protect_tags={"keep": ("yes",)}), FACTS)
    assert [blocker.code for blocker in decision.blockers] == ["protected"]
    assert "keep=yes" in decision.blockers[0].message


@pytest.mark.parametrize("values", [("a", "b"), ("b", "a")])
def test_disks_and_elastic_ips_are_protected_by_one_value_too(values: tuple[str, str]) -> None:
    rows = [("keep", value) for value in values]
    disk = parse_disk(raw(rows, diskId="vol-a", status="available"))
    address = parse_elastic_ip(raw(rows, elasticIpId="fip-a"))
    for each in (disk, address):
        assert find_protecting_tag(each.tags, each.repeated_tags, {"keep": ("a",)}) == "keep=a"


@pytest.mark.parametrize("values", [("test", "prod"), ("prod", "test"), ("test", "")])
def test_a_selector_does_not_match_a_key_of_which_one_value_is_not_allowed(values: tuple[str, str]) -> None:
    each = of(*(("env", value) for value in values))
    mismatch = selecting(env=("test",)).mismatch(each)
    assert mismatch == "its tag 'env' is there 2 times and is not always 'test'"


def test_a_selector_matches_if_all_values_are_allowed() -> None:
    assert selecting(env=("test", "dev")).mismatch(of(("env", "test"), ("env", "dev"))) is None
    assert selecting(env=("test",)).mismatch(of(("env", "test"), ("env", "test"))) is None


@examples(100, 300)
@given(ROWS, VALUES)
def test_a_repeated_key_is_judged_as_if_the_worse_value_were_the_only_one(rows: Rows, allowed: tuple[str, ...]) -> None:
    each = of(*rows)
    alone = [of(row) for row in rows if row[0] == "env"]
    assert (selecting(env=allowed).mismatch(each) is None) is (
        bool(alone) and all(selecting(env=allowed).mismatch(one) is None for one in alone)
    )
    protection = {"env": allowed}
    assert (find_protecting_tag(each.tags or {}, each.repeated_tags, protection) is not None) is any(
        find_protecting_tag(one.tags or {}, one.repeated_tags, protection) is not None for one in alone
    )
    assert {*each.repeated_tags} == {key for key, count in Counter(key for key, _value in rows).items() if count > 1}
