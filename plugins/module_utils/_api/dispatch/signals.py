# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Threads that leave signals alone."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator

ENDINGS = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM})
"""Signals that end a run."""


@contextlib.contextmanager
def signals_left_to_the_main_thread() -> Iterator[None]:
    """Threads that start in this block never receive `ENDINGS`.

    The kernel may give a signal to any thread, but Python handles it in the main thread, which then sleeps on in its system call
    and does not know: a Ctrl-C would have no effect until that call ends, with Ansible for as long as the task runs.
    """
    # New threads inherit the mask, so there is no moment at which they could receive one.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
