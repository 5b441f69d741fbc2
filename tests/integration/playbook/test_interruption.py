# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ctrl-C and worse in the middle of a run: nothing more is sent within a second, and the next run finishes the work."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from support.integration.cloud import Cloud, running, wait_until
from support.integration.commands import Ansible, vm

IDS = [f"i-many{number:04}" for number in range(24)]
CALLS_A_SECOND = 10
STOP_WITHIN = 1.0
"""Seconds after the interruption in which the module may still be alive."""


def _interrupt_group(ansible: Ansible, pid: int) -> None:
    """What a terminal does on Ctrl-C: every process of the foreground group gets the signal."""
    os.killpg(pid, signal.SIGINT)


def _interrupt_module(ansible: Ansible, _pid: int) -> None:
    for module in ansible.modules():
        os.kill(module, signal.SIGINT)


def _terminate_module(ansible: Ansible, _pid: int) -> None:
    for module in ansible.modules():
        os.kill(module, signal.SIGTERM)


def _kill_ansible(ansible: Ansible, pid: int) -> None:
    """ansible-playbook alone, with no chance to clean up."""
    os.kill(pid, signal.SIGKILL)


def _kill_all_but_the_module(ansible: Ansible, pid: int) -> None:
    modules = set(ansible.modules())
    for process in ansible.processes():
        if process not in modules:
            os.kill(process, signal.SIGKILL)


@pytest.mark.parametrize(
    "interrupt",
    [
        _interrupt_group,
        pytest.param(_interrupt_module, marks=pytest.mark.thorough),
        pytest.param(_terminate_module, marks=pytest.mark.thorough),
        _kill_ansible,
        _kill_all_but_the_module,
    ],
)
def test_an_interrupted_run_sends_nothing_more_and_the_next_one_finishes(
    cloud: Cloud, ansible: Ansible, interrupt: Callable[[Ansible, int], None]
) -> None:
    """The whole run would take many seconds; it is interrupted after a few deletes."""
    options: dict[str, Any] = {"stop_running": True, "api_rate_limit": CALLS_A_SECOND}
    cloud.seed(*[running(instance_id) for instance_id in IDS])
    process = ansible.start([vm("done", "absent", *IDS, **options)])
    wait_until(lambda: cloud.effects("vm.deleteInstance") >= 2, "the run deletes", timeout=300)
    assert ansible.modules(), "the module is at work"
    interrupted_at = time.monotonic()
    interrupt(ansible, process.pid)
    wait_until(lambda: not ansible.modules(), "the module has ended", timeout=STOP_WITHIN + 4)
    ended_after = time.monotonic() - interrupted_at
    process.wait(timeout=120)
    later = [call["time"] - interrupted_at for call in cloud.calls() if call["time"] > interrupted_at]
    assert len(later) <= CALLS_A_SECOND * STOP_WITHIN
    assert max(later, default=0.0) <= STOP_WITHIN
    assert ended_after <= STOP_WITHIN + 0.5
    left = [instance_id for instance_id in IDS if cloud.exists(instance_id)]
    assert left, "it was interrupted in the middle"
    assert all(cloud.status(each) in ("running", "stopping", "stopped", "deleting", None) for each in IDS)
    cloud.control.clear_requests()
    again = cloud.vm("absent", *IDS, stop_running=True, api_rate_limit=400)
    assert not again.failed
    assert again.summary["failed"] == 0
    assert not any(cloud.exists(instance_id) for instance_id in IDS)


def test_a_hanging_call_does_not_hold_up_the_end(cloud: Cloud, ansible: Ansible) -> None:
    cloud.seed(running(IDS[0]))
    cloud.control.inject("hang", operation="vm.stopInstance")
    process = ansible.start([vm("done", "absent", IDS[0], stop_running=True)])
    wait_until(lambda: bool(cloud.calls("vm.stopInstance")), "the call hangs", timeout=300)
    began = time.monotonic()
    _interrupt_group(ansible, process.pid)
    wait_until(lambda: not ansible.modules(), "the module has ended", timeout=STOP_WITHIN + 4)
    assert time.monotonic() - began <= STOP_WITHIN + 0.5
    process.wait(timeout=120)
    assert cloud.status(IDS[0]) == "running"
    assert cloud.effects() == 0
