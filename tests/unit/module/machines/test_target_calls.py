# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rule 22, call by call: what one call about several targets means for each, and that only a read shows a change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import ApiError
from support.module.memory_calls import body_of
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Runner

DEREGISTER = "lb.deRegisterTargets"
OUT: dict[str, Any] = {"load_balancers": "deregister", "drain_seconds": 0}


@pytest.fixture(autouse=True)
def _fill(cloud: MemoryCloud) -> None:
    """Two machines behind a load balancer of the kind nlb, with a third target."""
    cloud.balancers.add_group("tg-shop", "nlb", draining=0)
    for each in ("i-1", "i-2"):
        cloud.add(each, "running")
        cloud.balancers.add_target("tg-shop", each)
    cloud.balancers.add_target("tg-shop", "i-other")


def deregistered(cloud: MemoryCloud) -> list[list[str]]:
    """The targets of each call."""
    return [body_of(call)["targetIds"] for call in cloud.calls if call.operation == DEREGISTER]


def before(cloud: MemoryCloud, operation: str, act: Callable[[Call[Any]], None]) -> None:
    """Do something before each call of an operation."""

    def send(call: Call[Any], *more: Any) -> Any:
        if call.operation == operation:
            act(call)
        return cloud._send(call, *more)

    cloud.send = send


def test_one_target_that_is_refused_keeps_no_other_in_its_place(cloud: MemoryCloud, run: Runner) -> None:
    def refuse(call: Call[Any]) -> None:
        if "target-1" in body_of(call)["targetIds"]:
            raise ApiError(DEREGISTER, 400, "INVALID_ARGUMENT", "no", "req-400")

    before(cloud, DEREGISTER, refuse)
    ended = run.vm("stopped", "i-1", "i-2", **OUT)
    assert ended.actions == {"i-1": "failed", "i-2": "stopped"}
    assert deregistered(cloud) == [["target-2"]]
    assert cloud.balancers.shown("tg-shop") == [("i-1", 80, 10), ("i-other", 80, 10)]


@pytest.mark.parametrize("reads", [2, 6])
def test_nothing_is_stopped_before_a_read_shows_the_target_gone(cloud: MemoryCloud, run: Runner, reads: int) -> None:
    rows = cloud.balancers.targets["tg-shop"]
    late, left = list(rows), [reads]

    def lag(call: Call[Any], *more: Any) -> Any:
        if call.operation == "vm.stopInstance":
            assert ("i-1", 80, 10) not in cloud.balancers.shown("tg-shop")
        answer = cloud._send(call, *more)
        if call.operation == DEREGISTER:
            rows[:] = late
        elif call.operation == "lb.describeTargets" and deregistered(cloud):
            left[0] -= 1
            if not left[0]:
                rows[:] = late[1:]
        return answer

    cloud.send = lag
    assert run.vm("stopped", "i-1", **OUT).actions == {"i-1": "stopped"}
    assert len(deregistered(cloud)) == 1


def test_a_machine_that_was_protected_while_connections_ended_is_not_stopped(cloud: MemoryCloud, run: Runner) -> None:
    def protect(_call: Call[Any]) -> None:
        cloud.machines["i-1"]["tags"] = [{"key": "jdcloud-protect", "value": "yes"}]

    before(cloud, DEREGISTER, protect)
    ended = run.vm("stopped", "i-1", **OUT)
    assert ended.only["error"]["code"] == "changed_meanwhile"
    assert ("vm.stopInstance", "i-1") not in cloud.writes
    assert len(cloud.balancers.shown("tg-shop")) == 3


def test_a_machine_that_cannot_leave_one_load_balancer_stays_behind_the_others(cloud: MemoryCloud, run: Runner) -> None:
    cloud.balancers.add_group("tg-web", "alb")
    for each in ("i-1", "i-other"):
        cloud.balancers.add_target("tg-web", each)
    cloud.refuse("lb.updateTargets", 403, "HTTP_FORBIDDEN", "no")
    ended = run.vm("stopped", "i-1", **OUT)
    assert ended.actions == {"i-1": "failed"}
    assert deregistered(cloud) == []
