# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Judges machines of the cloud in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call
from support.json_object import Json
from support.module.documentation import check
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Ended, Runner

MODULE = "jdcloud_vm_idle_info"
BULK, SERIES = "monitor.lastDownsample", "monitor.describeMetricData"
OLD = "2025-06-01 08:00:00"
NO_LOOK = {"bill": False, "load_balancers": "ignore", "protect_tags": {}}
"""Nothing is read but machines and monitoring."""

Judge = Callable[..., Ended]


@pytest.fixture
def judge(cloud: MemoryCloud, run: Runner) -> Judge:
    """Runs the module for some machines, or for all."""

    def judged(*ids: str, **options: Any) -> Ended:
        chosen: Json = {"instance_ids": [*ids]} if ids else {}
        ended = run(MODULE, **{**chosen, **NO_LOOK, **options})
        assert cloud.writes == []
        check(ended.result, MODULE)
        return ended

    return judged


def add(cloud: MemoryCloud, instance_id: str = "i-a", status: str = "running", launched: str = OLD, **fields: Any) -> None:
    cloud.add(instance_id, status, launchTime=launched, instanceType="g.n2.medium", **fields)


def verdicts(ended: Ended) -> dict[str, str]:
    return {each["instance_id"]: each["verdict"] for each in ended.result["instances"]}


def codes(ended: Ended) -> list[str]:
    return [each["code"] for each in ended.only["reasons"]]


def asked(cloud: MemoryCloud, operation: str) -> list[Call[Any]]:
    return [call for call in cloud.calls if call.operation == operation]
