# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lock of a campaign's folder: one run at a time works on it.

The lock says which process holds it. It is stale if that process is gone, or, on another host or in another container, if it has
shown no sign of life for a while: a job of AWX may come back on another host. A stale lock is taken, and the report says so.
Should two runs hold a folder after all, the token in the record decides: the earlier one ends before it writes anything.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from ....module_utils._api.dispatch.signals import signals_left_to_the_main_thread
from ....module_utils._api.errors import InputError

LOCK = "lock.json"
BEAT = 20.0
"""Seconds between two signs of life while a module works."""
SILENCE = 300.0
"""Seconds without a sign of life after which a lock of another host is stale."""
PATIENCE = 3600.0
"""Seconds that are added while the user's own tasks run, between two stages."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock: `pid` is the main process of Ansible, `started` its start as the kernel counts it, `since` a time.

    `space` is what numbers of processes mean something in: containers on a host may share its name, and so may copies of it.
    """

    host: str
    pid: int
    started: str
    since: str
    run: str
    space: str = ""

    @property
    def named(self) -> str:
        """For a sentence."""
        return f"process {self.pid} on {self.host}, since {self.since}"

    def is_process_of(self, other: Holder) -> bool:
        """Whether it is the same process."""
        return self.is_near(other) and (self.pid, self.started) == (other.pid, other.started)

    def is_near(self, other: Holder) -> bool:
        """Whether it can be seen from the other whether its process is there."""
        return (self.host, self.space) == (other.host, other.space)


class Lock:
    """The lock of one run."""

    def __init__(self, folder: Path, holder: Holder) -> None:
        self._path = folder / LOCK
        self._holder = holder

    def take(self) -> str:
        """Take it. Returns a sentence about the stale lock that was there, if any. Raises `InputError` if it is held."""
        with self._alone():
            if not self._path.exists():
                self._write()
                return ""
            found, silent = self._read(), self._silence()
            if not is_stale(found, self._holder, silent, alive=found is not None and _is_alive(found)):
                who = found.named if found is not None else "an unknown process"
                near = found is not None and found.is_near(self._holder)
                more = "" if near else f" If that run has certainly ended, wait {SILENCE - silent:.0f} s, or remove {self._path}."
                raise InputError(
                    f"Another run uses {self._path.parent} ({who}, last seen {max(0.0, silent):.0f} s ago), so nothing was "
                    f"done: wait until it ends, or stop it.{more}"
                )
            self._path.unlink(missing_ok=True)
            self._write()
        if found is None or found.is_process_of(self._holder):
            return ""
        return f"An earlier run ({found.named}) ended without releasing its lock, so this run took the lock."

    def release(self) -> None:
        """Give it back, if it is this run's."""
        with self._alone():
            if self._is_ours():
                self._path.unlink(missing_ok=True)

    def is_held(self) -> bool:
        """Whether it is this run's still."""
        return self._is_ours()

    def expect_silence(self) -> None:
        """Show signs of life for the time in which the user's own tasks run: they may wait for someone's answer."""
        with contextlib.suppress(OSError):
            if self._is_ours():
                then = self._now() + PATIENCE
                os.utime(self._path, (then, then))

    @contextlib.contextmanager
    def kept_alive(self) -> Iterator[None]:
        """Show signs of life while the block runs."""
        ended = threading.Event()
        thread = threading.Thread(target=self._beat, args=(ended,), daemon=True)
        with signals_left_to_the_main_thread():
            thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(timeout=5)

    def _beat(self, ended: threading.Event) -> None:
        while True:
            with contextlib.suppress(OSError):
                if self._is_ours():
                    os.utime(self._path)
            if ended.wait(BEAT):
                return

    def _is_ours(self) -> bool:
        found = self._read()
        return found is not None and found.run == self._holder.run

    def _read(self) -> Holder | None:
        """Who holds it, None if that cannot be read."""
        try:
            raw = json.loads(self._path.read_text(encoding="utf-8"))
            values = {each.name: raw[each.name] for each in fields(Holder)}
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return Holder(**values) if isinstance(values["pid"], int) else None

    def _silence(self) -> float:
        """Seconds since the last sign of life, below zero where more silence is expected."""
        now = self._now()
        try:
            return now - self._path.stat().st_mtime
        except FileNotFoundError:
            return 0.0

    def _now(self) -> float:
        """The time by the clock of the file system: hosts may disagree on it."""
        with tempfile.TemporaryFile(dir=self._path.parent) as probe:
            return os.fstat(probe.fileno()).st_mtime

    def _write(self) -> None:
        # Who loses a race finds the file there, and is refused.
        try:
            handle = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError as error:
            raise InputError(f"Another run has just started to use {self._path.parent}, so nothing was done.") from error
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(asdict(self._holder), file)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Without another process that takes or gives back the lock meanwhile, where the file system can do that."""
        handle = os.open(self._path.parent, os.O_RDONLY)
        try:
            with contextlib.suppress(OSError):
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def is_stale(found: Holder | None, taker: Holder, silent: float, *, alive: bool) -> bool:
    """Whether a lock may be taken that was silent for so many seconds. `alive`: its process is there, if it is of this host."""
    if found is not None and found.is_near(taker):
        # An earlier use of the role in this same process has ended, since the role is not run twice at a time.
        return not alive or found.is_process_of(taker)
    return silent >= SILENCE


def holder_of(pid: int, since: str, run: str) -> Holder:
    """The holder of a lock that a process of this host takes."""
    return Holder(socket.gethostname(), pid, _started(pid), since, run, _space())


def _is_alive(found: Holder) -> bool:
    """Whether the process is there still; another one may have got its number since."""
    started = _started(found.pid)
    if started and found.started:
        return started == found.started
    try:
        os.kill(found.pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _space() -> str:
    """The start of the kernel and the processes that are seen, empty where the kernel does not say."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii", errors="replace").strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def _started(pid: int) -> str:
    """When a process started, in ticks since the start of the host; empty where the kernel does not say."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    return text.rpartition(")")[2].split()[19]
