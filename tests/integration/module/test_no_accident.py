# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all tests of this folder rest on: none passes by accident or leaves anything behind, and time that leaps is honest."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.integration.cloud import Cloud, stopped

pytestmark = pytest.mark.emulator
TESTS = Path(__file__).resolve().parents[2]
FILE = """
import os, signal, subprocess, sys, threading, time
from support.run_module import run_alone

def fails(cloud):
    ended = run_alone("jdcloud_vm_info", {"api_retries": 0, "instance_ids": ["i-a"]}, cloud.environment(), cloud.home)
    assert ended.status == 1
    print("as expected")

def test_good(cloud):
    cloud.control.inject("error", times=0)
    fails(cloud)

def test_process(cloud):
    # It ends with this process, which is at the other end of its input.
    subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)

def test_thread(cloud):
    threading.Thread(target=time.sleep, args=(3,), name="sleeper", daemon=True).start()

def test_bug(cloud):
    cloud.control.inject("error", http="x", times=0)
    fails(cloud)

def test_dead(cloud, shared_emulator):
    os.kill(shared_emulator.pid, signal.SIGKILL)
    fails(cloud)

def test_after(cloud):
    fails(cloud)
"""
ENDS = (
    "ERROR test_it.py::test_process - AssertionError: processes that this test has left behind",
    "ERROR test_it.py::test_thread - AssertionError: threads that this test has left behind",
    "FAILED test_it.py::test_bug - AssertionError: the emulator has a bug",
    "FAILED test_it.py::test_dead - AssertionError: the emulator died during this test",
    "ERROR test_it.py::test_after - ConnectionRefusedError",
)


def test_no_test_passes_by_accident_or_leaves_something_behind(tmp_path: Path) -> None:
    """They are run by a pytest of their own. All that expect a failure see it; only the one whose cause is right passes."""
    (tmp_path / "test_it.py").write_text(FILE, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    path = os.pathsep.join([os.environ["PYTHONPATH"], str(TESTS)])
    words = [
        sys.executable,
        "-m",
        "pytest",
        "-rA",
        "-p",
        "support.integration.shared",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:randomly",
        "test_it.py",
    ]
    environment = {**os.environ, "PYTHONPATH": path, "COLUMNS": "300"}
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False)
    ended = [line for line in done.stdout.splitlines() if line.startswith(("PASSED", "FAILED", "ERROR "))]
    assert "PASSED test_it.py::test_good" in ended, done.stdout
    assert [end for end in ENDS if not any(line.startswith(end) for line in ended)] == [], done.stdout
    assert done.stdout.count("as expected\n") == 3, "the good one, the one with the bug, and the one whose emulator died"


@pytest.mark.parametrize("host", ["203.0.113.9", "2001:db8::1", "vm.jdcloud-api.com"])
def test_no_connection_leaves_this_machine(host: str) -> None:
    with pytest.raises(AssertionError, match="not this machine"):
        socket.create_connection((host, 443), timeout=1)


def test_leaps_are_seconds_for_the_module_and_for_the_log(cloud: Cloud) -> None:
    """A second is a second for module and emulator: what a module waits for is in the log, though nobody has waited."""
    cloud.seed(stopped("i-a"), delete_seconds=60)
    began = time.monotonic()
    ended = cloud.vm("absent", "i-a", wait_timeout=300, poll_interval=2)
    assert ended.only["action"] == "deleted"
    assert time.monotonic() - began < 30, "nobody has waited"
    (delete,) = cloud.calls("vm.deleteInstance")
    first, last = cloud.calls()[0], cloud.calls()[-1]
    assert 60 <= last["time"] - delete["time"] <= ended.seconds
    assert ended.seconds - (last["time"] - first["time"]) < 10, "neither clock runs faster than the other"
    assert abs(ended.seconds - ended.summary["seconds"]) < 10
    assert abs((last["wall"] - delete["wall"]) - (last["time"] - delete["time"])) < 1


def test_a_call_that_hangs_ends_with_the_time_of_the_module(cloud: Cloud) -> None:
    cloud.seed(stopped("i-a"))
    cloud.control.inject("hang", operation="vm.describeInstances", seconds=3600)
    began = time.monotonic()
    ended = cloud.vm_info("i-a", api_timeout=50)
    assert not ended.failed
    assert 50 <= ended.seconds < 100
    assert time.monotonic() - began < 30, "nobody has waited"


def test_the_time_of_day_leaps_too_so_that_signatures_stay_young(cloud: Cloud) -> None:
    cloud.seed(stopped("i-a"))
    cloud.control.leap(5000)
    assert not cloud.vm_info("i-a").failed
