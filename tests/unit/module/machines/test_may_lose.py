# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option may_lose of `jdcloud_vm`: what was agreed to is what is lost, or nothing."""

from __future__ import annotations

from typing import Any

import pytest

from support.module.documentation import check
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Runner

A, SYSTEM, DATA, ADDRESS = "i-aaaa000001", "vol-sysiaaaa000001", "vol-data000001", "fip-aaaaaaaaaa"
ALL = [SYSTEM, DATA, "local disk vdz", ADDRESS]


@pytest.fixture(autouse=True)
def machine(cloud: MemoryCloud) -> None:
    """A machine with all that can go with one, and a disk that stays."""
    cloud.add(A)
    cloud.add_disk(A, DATA, auto_delete=True)
    cloud.add_disk(A, "vol-kept000001", auto_delete=False)
    cloud.add_local_disk(A)
    cloud.add_elastic_ip(A, ADDRESS, "203.0.113.7")


@pytest.mark.parametrize("check_mode", [True, False])
def test_what_may_all_go_goes(cloud: MemoryCloud, run: Runner, check_mode: bool) -> None:
    ended = run.vm("absent", A, elastic_ips="release", may_lose={A: [*ALL, "vol-another"]}, check=check_mode)
    assert ended.actions == {A: "deleted"}
    assert (A in cloud.machines) is check_mode


@pytest.mark.parametrize("lacks", ALL)
@pytest.mark.parametrize("check_mode", [True, False])
def test_one_thing_more_blocks_it_by_its_name(cloud: MemoryCloud, run: Runner, lacks: str, check_mode: bool) -> None:
    allowed = {A: [each for each in ALL if each != lacks]}
    ended = run.vm("absent", A, elastic_ips="release", may_lose=allowed, check=check_mode)
    assert ended.failed
    assert [each["code"] for each in ended.only["blockers"]] == ["more_would_be_lost"]
    assert f"({lacks})" in ended.only["blockers"][0]["message"]
    check(ended.result, "jdcloud_vm")
    assert cloud.writes == []


@pytest.mark.parametrize("allowed", [{}, {"i-another": ALL}, {A: []}])
def test_a_machine_of_which_nothing_is_said_may_lose_nothing(cloud: MemoryCloud, run: Runner, allowed: dict[str, Any]) -> None:
    ended = run.vm("absent", A, may_lose=allowed, on_blocked="skip")
    assert ended.actions == {A: "blocked"}
    assert cloud.writes == []


def test_what_comes_after_the_plan_is_seen_at_the_gate(cloud: MemoryCloud, run: Runner) -> None:
    cloud.machines[A]["status"] = "running"
    cloud.before["vm.stopInstance"] = lambda: cloud.add_disk(A, "vol-more000001", auto_delete=True)
    ended = run.vm("absent", A, stop_running=True, may_lose={A: ALL})
    assert ended.only["error"]["code"] == "changed_meanwhile"
    assert "vol-more000001" in cloud.disks
    assert A in cloud.machines


@pytest.mark.parametrize("given", [{A: "vol-a"}, {A: None}, {A: [7]}, {A: [""]}, {A: [None]}])
def test_what_is_no_list_of_ids_is_refused(cloud: MemoryCloud, run: Runner, given: dict[str, Any]) -> None:
    ended = run.vm("absent", A, may_lose=given)
    assert ended.msg == f"may_lose: '{A}' needs a list of ids of disks and elastic IPs, which is empty for none."
    assert cloud.calls == []


@pytest.mark.parametrize("state", ["stopped", "running"])
def test_it_is_for_deletions_only(cloud: MemoryCloud, run: Runner, state: str) -> None:
    assert "is for state=absent only" in run.vm(state, A, may_lose={A: ALL}).msg
    assert cloud.calls == []
