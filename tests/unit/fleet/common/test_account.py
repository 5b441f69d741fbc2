# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rule 23: whose keys these are. Nothing but a name or an id that the service tells, exactly as expected, lets a run go on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.services.user import Identity, describe_keys, describe_user
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.account import KeyOwner, account_problem

WORDS = st.none() | st.text(min_size=1, max_size=3)


@given(WORDS, WORDS, st.text(min_size=1, max_size=3))
def test_only_a_name_or_an_id_that_is_known_confirms_the_account(pin: str | None, account_id: str | None, expected: str) -> None:
    refused = account_problem(KeyOwner(Identity(pin, account_id)), expected)
    assert (refused is None) == (expected in (pin, account_id))


@pytest.mark.parametrize("expected", ["shop ", " shop", "Shop", "sho", "shop\n", "None", "0100", "商店 "])
def test_another_spelling_is_another_account(expected: str) -> None:
    assert account_problem(KeyOwner(Identity("shop", "100")), expected) is not None


@pytest.mark.parametrize(("pin", "account_id"), [("商店-主账号", None), (None, "100"), ("商店-主账号", "100")])
def test_a_refusal_says_what_was_seen_and_what_was_expected(pin: str | None, account_id: str | None) -> None:
    refused = account_problem(KeyOwner(Identity(pin, account_id)), "other") or ""
    assert all(repr(text) in refused for text in (pin, account_id, "other") if text is not None)
    assert "None" not in refused
    assert refused.endswith(".")


def test_an_account_that_is_unknown_is_refused_with_what_was_tried() -> None:
    refused = (
        account_problem(KeyOwner(trouble=("user.describeUser failed: no right (403)", "the answer names nobody")), "shop") or ""
    )
    assert "no right (403); the answer names nobody" in refused
    assert "user:describeUser" in refused


@pytest.mark.parametrize("text", [{}, {"pin": None}, {"pin": ""}, {"pin": " "}, {"pin": True}, {"pin": 1.0}, {"pin": ["shop"]}])
def test_an_answer_that_names_nobody_is_no_identity(text: dict[str, object]) -> None:
    assert describe_user().parse(text) == Identity()


@pytest.mark.parametrize("text", [{}, {"data": None}, {"data": []}, {"data": {"pin": None}}, {"pin": "shop"}])
def test_tag_keys_without_an_owner_are_no_identity(text: dict[str, object]) -> None:
    assert describe_keys().parse(text) == Identity()


def test_an_id_that_is_sent_as_a_number_is_its_digits() -> None:
    assert describe_user().parse({"pin": "shop", "accountId": 100000000001}).account_id == "100000000001"
