# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One emulator for all integration tests of a process; each test starts it again with a fleet of its own.

No test passes whose emulator is gone, or has a bug, however well the failure fits that the test expects; and none that leaves a
process or a thread behind.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from jdcloud_emulator.process import EmulatorProcess
from support.integration.cloud import Cloud

HELPERS = ("jdcloud_emulator", "multiprocessing.forkserver", "multiprocessing.resource_tracker")
"""Processes that serve many tests: words of their command lines."""


@pytest.fixture(scope="session")
def shared_emulator() -> Iterator[EmulatorProcess]:
    """The emulator of this test process. Tests reset it: use `cloud`."""
    with EmulatorProcess() as process:
        yield process


@pytest.fixture
def cloud(shared_emulator: EmulatorProcess, tmp_path: Path) -> Cloud:
    """An empty cloud, and an empty home for those who use it."""
    made = Cloud(shared_emulator, tmp_path)
    made.seed()
    return made


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Let a test fail whose emulator did not live to its end."""
    emulator = getattr(item, "funcargs", {}).get("shared_emulator")
    try:
        return (yield)
    finally:
        if emulator is not None:
            check_emulator(emulator)


def check_emulator(emulator: EmulatorProcess) -> None:
    """Raises `AssertionError` unless the emulator runs, answers, and has met no bug of its own."""
    assert emulator.is_running, "the emulator died during this test, so its end proves nothing"
    assert emulator.control.health()["pid"] == emulator.pid
    assert emulator.errors == "", "the emulator has a bug, so the end of this test proves nothing"


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """Let a test fail that leaves a process or a thread behind."""
    threads, processes = set(threading.enumerate()), _children()
    yield
    left = [thread.name for thread in set(threading.enumerate()) - threads]
    assert left == [], "threads that this test has left behind"
    assert _children() - processes == set(), "processes that this test has left behind"


def _children() -> set[str]:
    """The child processes of this one, but for those that serve many tests: number and command line."""
    lists = (path.read_text(encoding="ascii") for path in Path("/proc/self/task").glob("*/children"))
    found = set()
    for number in " ".join(lists).split():
        try:
            words = Path(f"/proc/{number}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if not any(helper in words for helper in HELPERS):
            found.add(f"{number}: {words}")
    return found
