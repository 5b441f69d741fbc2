# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ends the module when nobody wants its result any more: on a signal, or when Ansible is gone."""

from __future__ import annotations

import os
import select
import signal
import sys
import types
from collections.abc import Callable

from .ancestry import Ancestry

LAST_RESORT = 0.8
"""Seconds after which the process ends the hard way if cleaning up takes longer."""


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
