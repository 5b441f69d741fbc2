# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ends the module when no one wants its result any more: on a signal, or when Ansible is gone.

On the controller a module's ancestors are shells, Ansible's worker, and the command (ansible-playbook, ansible) that forked
the worker. If the command is killed the hard way, the worker lives on and reads the module's answer, so neither a signal nor
a closed pipe tells the module. Only this one link is watched: the parents of the command may end while it goes on (nohup),
and a task in the background outlives its command on purpose; it has Ansible's async wrapper above it and no worker.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import types
from collections.abc import Callable
from pathlib import Path

LAST_RESORT = 0.8
"""Seconds after which the process ends the hard way if cleaning up takes longer."""
MAX_SHELLS = 4
"""How many shells may stand between the module and Ansible's worker."""


class Interruption:
    """Watches for the end of interest. `on_end` is called first, and must make sure that nothing is sent any more."""

    def __init__(self, on_end: Callable[[], None]) -> None:
        self._on_end = on_end
        self._stdout = _pollable_stdout()
        self._parent = os.getppid()
        self._ancestry = Ancestry(self._parent)

    def install(self) -> None:
        """Catch the signals that end a task. One that is ignored stays so: nohup and background jobs rely on it."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._on_signal)

    def check(self) -> None:
        """Raise `SystemExit` if Ansible is gone: it was killed, or a Ctrl-C ended it and left the module behind."""
        if os.getppid() != self._parent or self._nobody_reads() or self._ancestry.broken:
            self._end(1)

    def _nobody_reads(self) -> bool:
        if self._stdout is None:
            return False
        return any(event & (select.POLLERR | select.POLLHUP) for _descriptor, event in self._stdout.poll(0))

    def _on_signal(self, number: int, _frame: types.FrameType | None) -> None:
        self._end(128 + number)

    def _end(self, status: int) -> None:
        self._on_end()
        # Clean-up of Ansible's temporary files follows; a thread that hangs in a read must not hold it up.
        signal.signal(signal.SIGALRM, lambda _number, _frame: os._exit(status))
        signal.setitimer(signal.ITIMER_REAL, LAST_RESORT)
        raise SystemExit(status)


def _pollable_stdout() -> select.poll | None:
    """A poll object that reports when the reading end of standard output is closed."""
    try:
        descriptor = sys.__stdout__.fileno() if sys.__stdout__ is not None else 1
    except (OSError, ValueError):
        return None
    watch = select.poll()
    # No event asked for: errors and hang-ups are always reported.
    watch.register(descriptor, 0)
    return watch


class Ancestry:
    """The worker above this process, whose parent is `started_by`. Watches nothing where there is no worker, or no /proc."""

    def __init__(self, started_by: int) -> None:
        self._worker = _worker_above(started_by)
        self._command = _parent_of(self._worker) if self._worker is not None else None

    @property
    def broken(self) -> bool:
        """Whether the command that forked the worker is gone."""
        return self._worker is not None and _parent_of(self._worker) != self._command


def _worker_above(pid: int) -> int | None:
    """The nearest ancestor that is no shell, if it is a worker: forked from an Ansible command, so with the same words."""
    for _shell in range(MAX_SHELLS):
        words = _words_of(pid)
        parent = _parent_of(pid)
        if parent is None:
            return None
        if any(Path(word).name.startswith("ansible") for word in words[:2]):
            return pid if _words_of(parent) == words else None
        if words[1:2] != ["-c"]:
            return None
        pid = parent
    return None


def _words_of(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace").split("\0")
    except OSError:
        return []


def _parent_of(pid: int) -> int | None:
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name in parentheses may hold anything; state and parent follow it.
    return int(status.rpartition(")")[2].split()[1])
