# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a module as Ansible does without an action plugin, and shows meanwhile on standard error how far it is.

The module writes its counts into a file in a private folder, whose path it finds in its environment; a thread reads it. So this
works where both are on one host, under one user. Everywhere else the module runs the same way, silently; in check mode, too,
unless it is a part of something larger.
"""

from __future__ import annotations

import contextlib
import functools
import os
import pwd
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible import constants as C
from ansible import context
from ansible.parsing.splitter import split_args
from ansible.utils.display import Display

from ...module_utils._api.dispatch.signals import signals_left_to_the_main_thread
from ...module_utils._fleet.common.progress import Part, from_text
from ...module_utils._module.common.progress import PATH_VARIABLE, READS_VARIABLE
from .progress_line import DEFAULT_INTERVAL, PART_INTERVAL, ProgressLine, line_interval
from .surroundings import repeated_option_problem
from .text_options import TextAction

INTERVAL_VARIABLE = "JDCLOUD_PROGRESS"
READ_INTERVAL = 0.5
"""Seconds between two looks into the file."""
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


class ProgressAction(TextAction):
    """The action of every module that works on a fleet."""

    _line_due: float | None = None
    """When the next line of a part is due; None before the first part."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the module. Its result is not touched."""
        problem = repeated_option_problem(_ad_hoc_arguments())
        if problem is not None:
            return {"changed": False, "failed": True, "msg": problem}
        with self._progress_lines(task_vars or {}) as path, self._with_progress(path):
            result: dict[str, Any] = super().run(tmp, task_vars)
        return result

    def _progress_lines(self, task_vars: Mapping[str, Any]) -> contextlib.AbstractContextManager[str | None]:
        """Lines, if they are wanted and possible."""
        every = None if self._task.check_mode else self._line_interval(DEFAULT_INTERVAL)
        if every is None:
            return contextlib.nullcontext()
        return _lines(ProgressLine(self._title(task_vars), every, time.monotonic()), every)

    @contextlib.contextmanager
    def _part_lines(self, part: Part) -> Iterator[str | None]:
        """The same for a run that is a part of what the task does; its lines keep their distance from those of the run before."""
        every = self._line_interval(PART_INTERVAL)
        if every is None:
            yield None
            return
        line = ProgressLine("", every, time.monotonic(), part, self._line_due)
        try:
            with contextlib.ExitStack() as stack:
                yield stack.enter_context(_lines(line, every))
        finally:
            self._line_due = line.due

    def _line_interval(self, default: float) -> float | None:
        """Seconds between two lines, None if there are to be none."""
        # An async task lives on by itself, and no one waits for it here.
        if self._task.async_val or self._connection.transport != "local" or self._other_user():
            return None
        environment: dict[str, Any] = {}
        try:
            self._compute_environment_string(environment)
        except Exception:  # noqa: BLE001 - Ansible reports it itself, in its own words
            return None
        setting = environment.get(INTERVAL_VARIABLE, os.environ.get(INTERVAL_VARIABLE))
        return line_interval(None if setting is None else str(setting), default)

    def _other_user(self) -> bool:
        """Whether the module runs as another user, who could neither see the file nor should."""
        if self._connection.become is None:
            return False
        try:
            return bool(self.get_become_option("become_user") != pwd.getpwuid(os.geteuid()).pw_name)
        except KeyError:
            return True

    def _title(self, task_vars: Mapping[str, Any]) -> str:
        name = str(self._task.action).rpartition(".")[2]
        host = str(task_vars.get("inventory_hostname", "localhost"))
        return name if host in LOCAL_HOSTS else f"{name} [{host}]"

    @contextlib.contextmanager
    def _with_progress(self, path: str | None, *, reads: bool = False) -> Iterator[None]:
        """Let the module know where to write; of other tasks' environments nothing changes. `reads`: also what it only reads."""
        before = self._task.environment
        if path is not None:
            given = before if isinstance(before, list) else [before]
            self._task.environment = [*given, {PATH_VARIABLE: path, **({READS_VARIABLE: "1"} if reads else {})}]
        try:
            yield
        finally:
            self._task.environment = before


def _ad_hoc_arguments() -> list[str]:
    """The words of -a, if this is an ad-hoc call that gives its options so."""
    given = str(context.CLIARGS.get("module_args") or "")
    return [] if given.startswith("{") else list(split_args(given))


@contextlib.contextmanager
def _lines(progress_line: ProgressLine, every: float) -> Iterator[str | None]:
    """Show lines as long as the block runs. Gives the path for the counts, None if there can be no such file."""
    try:
        # Ansible removes the folder around it at its end, also after a worker was killed.
        folder = tempfile.mkdtemp(prefix="jdcloud-progress-", dir=C.DEFAULT_LOCAL_TMP)
    except OSError:
        yield None
        return
    path = Path(folder, "counts.json")
    ended = threading.Event()
    show = _display_function(Display())
    thread = threading.Thread(target=_show, args=(path, progress_line, every, show, ended), daemon=True)
    try:
        with signals_left_to_the_main_thread():
            thread.start()
        yield str(path)
    finally:
        ended.set()
        # The end of a worker must not meet a thread that holds the lock of the way to the main process; nor must it hang.
        thread.join(timeout=5)
        shutil.rmtree(folder, ignore_errors=True)


def display_function(display: Any, **how: bool) -> Callable[[str], None]:
    """What shows text, of any thread. `how` are arguments of Ansible's display.

    A worker hands it to the queue that the main process reads, as the display does there by itself. But the callback of
    ansible-runner (AWX) wraps the display: up to 2.4.1 it takes a lock before, which the fork may have inherited locked, and
    only the main thread of a worker counts as its owner, so another thread waits for ever; and it writes around the line to the
    worker's own standard error, which ansible-core 2.19 and newer warn about.
    """
    queue = getattr(display, "_final_q", None)
    if queue is None:
        return functools.partial(display.display, **how)
    return functools.partial(queue.send_display, "display", **how)


def _display_function(display: Any) -> Callable[[str], None]:
    """What shows a line on standard error. Not in the log: a line is of no use later."""
    return display_function(display, stderr=True, screen_only=True)


def _show(path: Path, progress_line: ProgressLine, every: float, show: Callable[[str], None], ended: threading.Event) -> None:
    """The thread: look into the file, and show what is to be shown, until the task has ended."""
    # Whatever happens here is no business of the task's.
    with contextlib.suppress(Exception):
        while not ended.wait(min(READ_INTERVAL, every)):
            update = from_text(_read(path))
            if update is not None:
                progress_line.update(*update)
            text = progress_line.render(time.monotonic())
            if text is not None:
                show(text)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeError):
        return ""
