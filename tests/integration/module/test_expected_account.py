# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rule 23 over HTTP: the call without a region is signed, and each thing that the service may tell is understood."""

from __future__ import annotations

import pytest

from support.integration.cloud import Cloud, account, stopped
from support.json_object import Json

DENIED = ["user:describeUser"]


@pytest.mark.parametrize(
    ("who", "settings", "expected"),
    [
        ({}, {}, "demo-account"),
        ({}, {}, "100000000001"),
        ({"pin": "sub", "account_id": "7"}, {}, "sub"),
        ({"pin": "sub"}, {"sub_user_pin": "main"}, "demo-account"),
        ({}, {"described_user": "id"}, "demo-account"),
        ({}, {"described_user": "empty"}, "demo-account"),
        ({"denied": DENIED}, {"tag_pin": "always"}, "demo-account"),
    ],
)
def test_the_expected_account_is_confirmed(cloud: Cloud, who: dict[str, object], settings: Json, expected: str) -> None:
    cloud.seed(stopped("i-a"), accounts=[account(**who)], **settings)
    ended = cloud.vm("absent", "i-a", environment={"JDCLOUD_EXPECTED_ACCOUNT": expected})
    assert ended.actions == {"i-a": "deleted"}, ended.result


@pytest.mark.parametrize(
    ("who", "settings"),
    [
        ({"pin": "sub"}, {}),
        ({}, {"described_user": "null", "tag_pin": "never"}),
        ({"denied": DENIED}, {"tag_pin": "tagged"}),
        ({"denied": [*DENIED, "resourcetag:*"]}, {}),
    ],
)
def test_without_a_confirmation_nothing_is_deleted(cloud: Cloud, who: dict[str, object], settings: Json) -> None:
    cloud.seed(stopped("i-a"), accounts=[account(**who)], **settings)
    ended = cloud.vm("absent", "i-a", expected_account="demo-account")
    assert ended.failed
    assert "'demo-account'" in ended.msg
    assert cloud.exists("i-a")
    assert cloud.writes() == []
    assert cloud.calls("vm.*") == []
