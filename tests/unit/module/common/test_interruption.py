# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The end of interest: a signal, a closed standard output, a parent that is gone; and a real module that gets a signal."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._module.common.interruption import LAST_RESORT, Interruption
from support.run_module import CAUGHT_SIGNALS

COLLECTIONS = Path(__file__).resolve().parents[4] / ".venv" / "collections"
PLUGINS = "ansible_collections.jdcloud.cloud.plugins"
PATIENT = f"""
from {PLUGINS}.module_utils._module.common import interruption
from {PLUGINS}.modules import jdcloud_vm
interruption.LAST_RESORT = 60.0
jdcloud_vm.main()
"""
"""Runs the module, whose last resort comes later than any call gives up."""


class Watched:
    """An interruption whose consequences are noted, not suffered."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ends = 0
        self.timers: list[tuple[int, float]] = []
        # The real timer would end the process that runs the tests.
        monkeypatch.setattr(signal, "setitimer", lambda which, seconds: self.timers.append((which, seconds)))

    def on_end(self) -> None:
        """Nothing is sent any more."""
        self.ends += 1


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    """Signal handlers go back to what they were."""
    handlers = {number: signal.getsignal(number) for number in CAUGHT_SIGNALS}
    # Test runners ignore some of them.
    for number in CAUGHT_SIGNALS:
        signal.signal(number, signal.default_int_handler)
    yield Watched(monkeypatch)
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_sending_and_ends_the_process(watched: Watched, number: signal.Signals) -> None:
    Interruption(watched.on_end).install()
    with pytest.raises(SystemExit) as ended:
        signal.raise_signal(number)
    assert ended.value.code == 128 + number
    assert watched.ends == 1
    assert watched.timers == [(signal.ITIMER_REAL, LAST_RESORT)]


def test_a_signal_that_is_ignored_stays_ignored(watched: Watched) -> None:
    """As nohup and background jobs want it."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    Interruption(watched.on_end).install()
    signal.raise_signal(signal.SIGHUP)
    assert watched.ends == 0


def test_cleaning_up_that_takes_too_long_is_cut_short(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    statuses: list[int] = []
    monkeypatch.setattr(os, "_exit", statuses.append)
    Interruption(watched.on_end).install()
    with pytest.raises(SystemExit):
        signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGALRM)
    assert statuses == [128 + signal.SIGTERM]
    assert LAST_RESORT < 1


def test_a_closed_reading_end_of_standard_output_ends_it(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    with open(writing, "w", encoding="utf-8") as stdout:
        monkeypatch.setattr(sys, "__stdout__", stdout)
        watcher = Interruption(watched.on_end)
        watcher.check()
        assert watched.ends == 0
        os.close(reading)
        with pytest.raises(SystemExit) as ended:
            watcher.check()
    assert ended.value.code == 1
    assert watched.ends == 1


def test_a_parent_that_is_gone_ends_it(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    watcher = Interruption(watched.on_end)
    watcher.check()
    monkeypatch.setattr(os, "getppid", lambda: 1)
    with pytest.raises(SystemExit):
        watcher.check()
    assert watched.ends == 1


def test_a_standard_output_that_cannot_be_watched_is_no_reason_to_end(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    class Unwatchable:
        def fileno(self) -> int:
            raise OSError("no descriptor")

    monkeypatch.setattr(sys, "__stdout__", Unwatchable())
    Interruption(watched.on_end).check()
    assert watched.ends == 0


@pytest.fixture
def heard() -> Iterator[None]:
    """Tests that run in the background would hand down an ignored SIGINT, which the module respects."""
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heard")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_module_that_waits_for_an_answer_ends_by_itself(tmp_path: Path, number: signal.Signals) -> None:
    """The service took the request and says nothing; the default time-out of a call is 30 s.

    On a busy machine the last resort might end it first, so that is put off here; when it comes is tested above.
    """
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(20)
        arguments = {"state": "absent", "instance_ids": ["i-a"]}
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("JDCLOUD_", "ANSIBLE_"))},
            "PYTHONPATH": str(COLLECTIONS),
            "HOME": str(tmp_path),
            "JDCLOUD_ACCESS_KEY": "AK",
            "JDCLOUD_SECRET_KEY": "SK",
            "JDCLOUD_REGION": "cn-north-1",
            "JDCLOUD_ENDPOINT_URL": f"http://127.0.0.1:{silent.getsockname()[1]}",
        }
        with subprocess.Popen(
            [sys.executable, "-c", PATIENT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            text=True,
            restore_signals=True,
        ) as process:
            assert process.stdin is not None
            process.stdin.write(json.dumps({"ANSIBLE_MODULE_ARGS": arguments}))
            process.stdin.close()
            process.stdin = None
            connection, _address = silent.accept()
            with connection:
                connection.settimeout(20)
                assert connection.recv(64).startswith(b"GET /v1/regions/cn-north-1/instances")
                process.send_signal(number)
                output, errors = process.communicate(timeout=25)
    assert process.returncode == 128 + number
    assert "Traceback" not in output + errors
