# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the `main()` of a module: in this process, which takes milliseconds, or in one of its own, which takes a second.

In this process, the module sees what it would see alone: only the environment, the folder and the arguments that it is given.
No thread of it is left when the call comes back. `test_real_processes.py` shows that both ways end alike.

In this process the module also need not wait: where it would, time leaps, for it and for the emulator alike (`support.leaps`).
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
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from ansible.module_utils import basic
from ansible.module_utils.common import warnings as ansible_warnings

from support.json_object import Json
from support.leaps import Leaps, leaping

MODULES = "ansible_collections.jdcloud.cloud.plugins.modules"
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


def run_here(module: str, arguments: Json, environment: Mapping[str, str], folder: Path, *, leaps: Leaps | None = None) -> Output:
    """Run a module in this process; its time leaps if there is something that can make it leap.

    A thread that is not the main one cannot catch signals: there it gets a process, whose time does not leap.
    """
    if threading.current_thread() is not threading.main_thread():
        return run_alone(module, arguments, environment, folder)
    main = importlib.import_module(f"{MODULES}.{module}").main
    forget_warnings()
    stdout, stderr = io.StringIO(), io.StringIO()
    surroundings = (
        module_arguments(json.loads(json.dumps(arguments))),
        as_a_module(),
        mock.patch.dict(os.environ, environment, clear=True),
        contextlib.chdir(folder),
        contextlib.redirect_stdout(stdout),
        contextlib.redirect_stderr(stderr),
        signals_as_before(),
        _ended_threads(leaps),
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


@contextlib.contextmanager
def _ended_threads(leaps: Leaps | None) -> Iterator[None]:
    """End the module's threads and wait for them: a late request would be one of the next test."""
    before = set(threading.enumerate())
    try:
        with leaping(leaps):
            yield
    finally:
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
