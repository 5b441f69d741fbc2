# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tells an action plugin on the same host how far the run is, through a file that only the two know."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace

from ..._fleet.common.progress import Ask, to_text

PATH_VARIABLE = "JDCLOUD_PROGRESS_PATH"
"""Names the file. Internal: the action plugin sets it for its own task, and makes and removes the folder around the file."""
READS_VARIABLE = "JDCLOUD_PROGRESS_READS"
"""Set if reads are counted, too: for a run that is a part of something larger, also in check mode. Internal as well."""
EVERY = 1.0
"""Seconds between two writes, at least."""


class Progress:
    """Writes the counts of the present step. Whatever goes wrong with that never matters to the run."""

    def __init__(self, path: str | None, now: Callable[[], float]) -> None:
        self._path = path
        self._now = now
        self._ask: Ask | None = None
        self._due = now()
        self.trouble: Callable[[], str] = str
        """What the service did not serve of late, asked for with each count."""

    def watch(self, ask: Ask) -> None:
        """From now on this step is what there is to tell."""
        self._ask = ask
        self._due = self._now()

    def beat(self) -> None:
        """Write if it is time to; called often."""
        if self._path is None or self._ask is None or self._now() < self._due:
            return
        now = self._now()
        self._due = now + EVERY
        try:
            _replace(self._path, to_text(replace(self._ask(), trouble=self.trouble()), now))
        except Exception:  # noqa: BLE001 - no one's machine may suffer because a line cannot be shown
            self._path = None


def progress_of(environ: Mapping[str, str], now: Callable[[], float], *, wanted: bool) -> Progress:
    """The progress of a run that was started with this environment."""
    return Progress(environ.get(PATH_VARIABLE) or None if wanted else None, now)


def _replace(path: str, text: str) -> None:
    """Write all or nothing: the reader never sees half a line."""
    new = f"{path}.new"
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(new, path)
