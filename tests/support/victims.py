# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Processes that are killed while a call of theirs hangs.

They are forked from a server of the standard library that has imported all that they need, so that a process begins in
milliseconds and shares no threads and no connections with the tests. The server ends with the process of the tests.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from unittest import mock

from jdcloud_emulator.control import ControlClient
from support.integration.cloud import Cloud, wait_until
from support.json_object import Json
from support.leaps import Leaps
from support.run_module import MODULES, run_here

TESTS = Path(__file__).resolve().parents[1]
LONG = 60
"""Characters of a folder in which a socket may not fit."""
IMPORTED = ["pytest", "support.integration.conductor"]
IMPORTED += [f"{MODULES}.jdcloud_{name}" for name in ("vm", "vm_info", "vm_backup", "vm_restore", "tag", "quota_info", "image")]


def kill_at(cloud: Cloud, fault: Json, work: Callable[..., str], *arguments: Any) -> bool:
    """Let a process do `work`, and kill it as soon as a call meets the fault, which is gone then. False if it ended before.

    `work` is a function of a module, gets the URL of the emulator before its arguments, and says how it ended.
    """
    number = cloud.control.inject(**fault)
    reader, writer = _context().Pipe(duplex=False)
    process = _context().Process(target=_do, args=(writer, work, cloud.url, *arguments), daemon=True)
    process.start()
    writer.close()
    with contextlib.closing(reader):
        try:
            wait_until(lambda: cloud.control.has_fired(number) or not process.is_alive(), "the call hangs")
            killed = bool(process.is_alive())
        finally:
            process.kill()
            process.join()
        assert killed or process.exitcode == 0, _said(reader)
    cloud.control.clear_faults(number)
    return killed


def run(url: str, module: str, arguments: Json, environment: Mapping[str, str], folder: Path) -> str:
    """Run a module, as work to be killed at. What it wrote."""
    ended = run_here(module, arguments, environment, folder, leaps=leaps_at(url))
    return ended.stdout + ended.stderr


def leaps_at(url: str) -> Leaps:
    """The time of whoever is to be killed: it stands still while a call hangs."""
    return Leaps(ControlClient(url), over_calls=False)


def _context() -> Any:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(IMPORTED)
    folder = tempfile.gettempdir()
    with (
        mock.patch.dict(os.environ, PYTHONPATH=os.pathsep.join([os.environ["PYTHONPATH"], str(TESTS)])),
        # The server listens on a socket in a folder of its own, and a socket's path has 107 characters at most.
        mock.patch.object(tempfile, "tempdir", folder if len(folder) < LONG else "/tmp"),
    ):
        forkserver.ensure_running()
    return context


def _do(writer: Connection, work: Callable[..., str], *arguments: Any) -> None:
    try:
        writer.send(work(*arguments))
    except BaseException:  # noqa: BLE001 - handed to the test, which fails with it
        writer.send(traceback.format_exc())
        sys.exit(1)


def _said(reader: Connection) -> str:
    with contextlib.suppress(EOFError):
        return str(reader.recv())
    return "it said nothing"
