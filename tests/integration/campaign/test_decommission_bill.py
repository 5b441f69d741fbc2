# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role vm_decommission and the account's bill: what a campaign saves, and what is reported if nobody may read it."""

from __future__ import annotations

from typing import Any

import pytest

from support.integration.campaigns import FASTER
from support.integration.cloud import Cloud, account, stopped
from support.integration.conductor import Conductor

A = "i-aaaa000001"


@pytest.mark.parametrize(("denied", "saved", "left"), [([], 170.4, 0.0), (["billing:*"], None, None)])
def test_a_campaign_tells_what_it_saves_if_it_may_read_the_bill(
    cloud: Cloud, conductor: Conductor, denied: list[Any], saved: float | None, left: float | None
) -> None:
    disk = {"id": "vol-a", "size": 100, "auto_delete": True, "fee": 70}
    machine = {**stopped(A, fee=100.4, system_disk={"local": True, "size": 40}), "disks": [disk]}
    cloud.seed(machine, accounts=[account(denied=denied)], **FASTER)
    done = conductor.decommission(instance_ids=[A], backup="none", bill=True)
    assert done.actions == {A: "deleted"}, done.output
    assert done.report["outcome"] == "complete", done.output
    money = done.report["money"]
    assert (money["source"], money["available"], money["saved"], money["left"]) == ("bill", not denied, saved, left)
    assert ("HTTP_FORBIDDEN" in money["message"]) == bool(denied)
