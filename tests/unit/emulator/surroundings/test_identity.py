# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose key it is: all calls that tell a pin."""

from __future__ import annotations

from typing import Any

import pytest

SUB_USER = {"access_key": "AK", "secret_key": "SK", "pin": "shop-sub", "account_id": "100000000002"}
MONTH = {"startTime": "2026-01-01 00:00:00", "endTime": "2026-01-31 23:59:59"}


def described(cloud: Any) -> Any:
    """The answer of describeUser, which is about no region."""
    url = f"{cloud.url}/v1/describeUser"
    headers = cloud.headers("GET", "user", url, "", "jdcloud-api")
    return cloud.session.get(url, headers=headers, timeout=20)


def pin_of(cloud: Any, query: str) -> Any:
    return cloud.call("iam", "GET", f"user:describeUserPin?{query}")


def test_the_main_user_has_one_pin_in_all_answers(cloud: Any) -> None:
    cloud.seed({"id": "i-a", "tags": {"env": "test"}}, settings={"owner_pin": "shop"}, images=[{"id": "img-a"}])
    assert described(cloud).json()["result"]["pin"] == "shop"
    assert pin_of(cloud, f"accessKey={cloud.keys[0]}").result == {"pin": "shop"}
    keys = {"tagKeysVo": {"serviceCodes": ["vm"]}}
    assert cloud.call("resourcetag", "POST", "tags:describeKeys", keys).result["data"]["pin"] == "shop"
    assert cloud.vm("GET", "images?imageSource=private").result["images"][0]["ownerPin"] == "shop"
    bill = cloud.call("billing", "POST", "describeBillDetails", {"regionId": "cn-north-1", **MONTH})
    assert {row["pin"] for row in bill.result["result"]} == {"shop"}


@pytest.mark.parametrize(("value", "pin"), [("own", "shop-sub"), ("main", "demo-account")])
def test_the_pin_of_a_sub_user_is_a_setting(cloud: Any, value: str, pin: str) -> None:
    cloud.seed(accounts=[SUB_USER], settings={"sub_user_pin": value})
    cloud.keys = ("AK", "SK")
    assert described(cloud).json()["result"]["pin"] == pin
    assert pin_of(cloud, "accessKey=AK").result == {"pin": pin}
    assert pin_of(cloud, "accountId=100000000002").result == {"pin": pin}


@pytest.mark.parametrize(("query", "http"), [("", 400), ("accessKey=unknown", 404), ("accountId=7", 404)])
def test_a_pin_is_not_found_by_what_nobody_has(cloud: Any, query: str, http: int) -> None:
    assert pin_of(cloud, query).http == http


@pytest.mark.parametrize(("value", "pin"), [("always", "demo-account"), ("tagged", None), ("never", None)])
def test_the_pin_among_tags_may_be_missing(cloud: Any, value: str, pin: str | None) -> None:
    cloud.seed({"id": "i-a"}, settings={"tag_pin": value})
    assert cloud.call("resourcetag", "POST", "tags:describeKeys", {}).result["data"]["pin"] == pin


@pytest.mark.parametrize("denied", ["user:describeUser", "user:*"])
def test_a_key_may_have_no_right_to_ask_who_it_is(cloud: Any, denied: str) -> None:
    cloud.seed(accounts=[{**SUB_USER, "denied": [denied]}])
    cloud.keys = ("AK", "SK")
    answer = described(cloud)
    assert (answer.status_code, answer.json()["error"]["status"]) == (403, "HTTP_FORBIDDEN")
    assert pin_of(cloud, "accessKey=AK").result == {"pin": "shop-sub"}
