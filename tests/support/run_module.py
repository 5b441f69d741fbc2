# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the `main()` of a module: in this process, which takes milliseconds, or in one of its own, which takes a second.

In this process, the module sees what it would see alone: only the environment, the folder and the arguments that it is given.
No thread of it is left when the call comes back. `test_real_processes.py` shows that both ways end alike.

In this process the module's clock may also run faster. Then the product's own patience (how long a listing may lag, how long a
service may throttle) takes less of the test's time; options in seconds, and the emulator, keep real seconds.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

from ansible.module_utils import basic
from ansible.module_utils.common import warnings as ansible_warnings

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.dispatch import pool
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.wire.transport import Transport
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.common import session
from support.json_object import Json

MODULES = "ansible_collections.jdcloud.cloud.plugins.modules"
DURATIONS = {"api_timeout", "wait_timeout", "poll_interval"}
"""Options in seconds."""
API_TIMEOUT = 30.0
"""The default of the option with that name."""
CAUGHT_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)
THREADS_END_WITHIN = 30.0
"""Seconds within which the threads of a module that has ended must be gone; a request that hangs is given up sooner."""


@dataclass(frozen=True)
class Output:
    """What a module left: its exit status, and what it wrote."""

    status: int
    stdout: str
    stderr: str


def run_alone(module: str, arguments: Json, environment: Mapping[str, str], folder: Path) -> Output:
    """Run a module as a process of its own, which reads its arguments as Ansible's wrapper would hand them over."""
    process = subprocess.run(
        [sys.executable, "-m", f"{MODULES}.{module}"],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}),
        env=dict(environment),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    return Output(process.returncode, process.stdout, process.stderr)


def run_here(module: str, arguments: Json, environment: Mapping[str, str], folder: Path, *, speed: float = 1.0) -> Output:
    """Run a module in this process, its clock `speed` times as fast as ours.

    A thread that is not the main one cannot catch signals: there it gets a process, with our clock.
    """
    if threading.current_thread() is not threading.main_thread():
        return run_alone(module, arguments, environment, folder)
    main = importlib.import_module(f"{MODULES}.{module}").main
    forget_warnings()
    stdout, stderr = io.StringIO(), io.StringIO()
    surroundings = (
        module_arguments(_in_its_seconds(json.loads(json.dumps(arguments)), speed)),
        as_a_module(),
        mock.patch.dict(os.environ, environment, clear=True),
        contextlib.chdir(folder),
        contextlib.redirect_stdout(stdout),
        contextlib.redirect_stderr(stderr),
        signals_as_before(),
        _clock_and_threads(speed),
    )
    with contextlib.ExitStack() as stack:
        for surrounding in surroundings:
            stack.enter_context(surrounding)
        status = _status_of(main)
    return Output(status, stdout.getvalue(), stderr.getvalue())


def _status_of(main: Any) -> int:
    try:
        main()
    except SystemExit as ended:
        return int(ended.code or 0)
    raise AssertionError("the module came back instead of ending the process")


@contextlib.contextmanager
def signals_as_before() -> Iterator[None]:
    """Put the handlers of signals back that a module replaces."""
    handlers = {number: signal.getsignal(number) for number in CAUGHT_SIGNALS}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _in_its_seconds(arguments: Json, speed: float) -> Json:
    """The arguments with every duration, and every pace, as the module's clock has to count it."""
    if speed == 1.0:
        return arguments
    scaled = {"api_timeout": API_TIMEOUT, **arguments}
    for name in DURATIONS & scaled.keys():
        scaled[name] *= speed
    if "api_rate_limit" in scaled:
        scaled["api_rate_limit"] /= speed
    return scaled


class FastClock:
    """A clock that runs `speed` times as fast as the machine's."""

    def __init__(self, speed: float) -> None:
        self._speed = speed

    def now(self) -> float:
        """Its seconds."""
        return time.monotonic() * self._speed


class KeptPool(pool.ThreadPool):
    """A pool that waits by a fast clock."""

    speed = 1.0

    def _patience(self, timeout: float | None) -> float | None:
        patience = super()._patience(timeout)
        return None if patience is None else patience / self.speed


@contextlib.contextmanager
def _clock_and_threads(speed: float) -> Iterator[None]:
    """Give the module its clock; end its threads and wait for them: a late request would be one of the next test."""
    pools: list[KeptPool] = []

    def kept(*arguments: Any) -> KeptPool:
        made = KeptPool(*arguments)
        made.speed = speed
        pools.append(made)
        return made

    clock = FastClock(speed)
    before = set(threading.enumerate())
    try:
        with (
            mock.patch.object(session, "ThreadPool", kept),
            mock.patch.object(session, "SystemClock", lambda: clock),
            mock.patch.object(session, "Transport", partial(Transport, monotonic=clock.now)),
        ):
            yield
    finally:
        for each in pools:
            each.close()
        for thread in set(threading.enumerate()) - before:
            thread.join(THREADS_END_WITHIN)
            assert not thread.is_alive(), f"{thread.name} still runs {THREADS_END_WITHIN:g} s after its module has ended"


def forget_warnings() -> None:
    """Ansible collects warnings for the life of a process, which elsewhere is one module run."""
    ansible_warnings._global_warnings.clear()


def knows_where_it_runs() -> bool:
    """Whether this is ansible-core 2.19 or newer, which tells a module's process from a controller's."""
    return hasattr(importlib.import_module("ansible.module_utils._internal"), "is_controller")


def as_a_module() -> AbstractContextManager[Any]:
    """Let Ansible take this process for that of a module, also after tests that have loaded parts of a controller."""
    if not knows_where_it_runs():
        return contextlib.nullcontext()
    # A controller shows warnings at once instead of putting them into the result.
    return mock.patch.object(importlib.import_module("ansible.module_utils._internal"), "is_controller", False)


def module_arguments(arguments: Json) -> AbstractContextManager[Any]:
    """Give `AnsibleModule` its arguments, with the means of the installed ansible-core."""
    try:
        # From ansible-core 2.19 on.
        testing = importlib.import_module("ansible.module_utils.testing")
    except ModuleNotFoundError:
        return mock.patch.object(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode())
    patched: AbstractContextManager[Any] = testing.patch_module_args(arguments)
    return patched
