# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Says something when a signal ends a task, before the worker that does it is gone.

At a Ctrl-C the main process tells its workers and ends. It may have stopped to read what they show by then, and a worker has no
terminal of its own. So the text goes straight to the standard error of the main process, where the system allows that (Linux),
and else through Ansible's display, which may come too late.
"""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def last_words(words: Callable[[], Sequence[str]], show: Callable[[str], None]) -> Iterator[None]:
    """Say `words` if a signal comes meanwhile, and let it do what it does otherwise.

    `show` is for systems without a direct way.
    """
    terminal = _standard_error_of(os.getppid())
    before: dict[signal.Signals, Any] = {}
    came: list[int] = []

    def speak(number: int, frame: types.FrameType | None) -> None:
        came.append(number)
        # After its Ctrl-C, Ansible ends its workers with another signal, which must not cut the words short.
        if len(came) > 1:
            return
        with contextlib.suppress(Exception):
            _say("\n".join(words()), terminal, show)
        for each, earlier in before.items():
            signal.signal(each, earlier)
        for later in came[1:]:
            os.kill(os.getpid(), later)
        _pass_on(number, frame, before[signal.Signals(number)])

    try:
        for number in SIGNALS:
            earlier = signal.getsignal(number)
            if earlier is not None and earlier is not signal.SIG_IGN:
                before[number] = earlier
                # Only the main thread may; elsewhere there are no last words.
                with contextlib.suppress(ValueError):
                    signal.signal(number, speak)
        yield
    finally:
        for number, earlier in before.items():
            with contextlib.suppress(ValueError):
                signal.signal(number, earlier)
        if terminal is not None:
            os.close(terminal)


def _pass_on(number: int, frame: types.FrameType | None, earlier: Any) -> None:
    """Let a signal do what it does without last words."""
    if callable(earlier):
        earlier(number, frame)
    else:
        os.kill(os.getpid(), number)


def _say(text: str, terminal: int | None, show: Callable[[str], None]) -> None:
    if terminal is None:
        show(text)
        return
    data = f"\n{text}\n".encode(errors="replace")
    while data:
        data = data[os.write(terminal, data) :]


def _standard_error_of(process: int) -> int | None:
    """A descriptor of its own, None where that cannot be had. It does not make a terminal that of the worker.

    A file is no way: the other process does not know what was written, and would write over it.
    """
    try:
        descriptor = os.open(f"/proc/{process}/fd/2", os.O_WRONLY | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return None
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    return descriptor
