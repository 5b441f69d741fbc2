# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the Ansible command above a module still lives.

On the controller a module's ancestors are shells, Ansible's worker, and the command (ansible-playbook, ansible) that forked
the worker. If the command is killed the hard way, the worker lives on and reads the module's answer, so neither a signal nor
a closed pipe tells the module. Only this one link is watched: the parents of the command may end while it goes on (nohup),
and a task in the background outlives its command on purpose; it has Ansible's async wrapper above it and no worker.
"""

from __future__ import annotations

from pathlib import Path

MAX_SHELLS = 4


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
