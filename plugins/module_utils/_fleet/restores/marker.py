# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The marker of what a restore made, by which a later run finds it again, and its names. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..evidence.marker import DESCRIPTION_LENGTH, NO_INSTANCE, PREFIX, marked_words, safe_name

MACHINE_NAME = re.compile(r"(?!\.)[\u4e00-\u9fffA-Za-z0-9_.-]{2,128}(?<!\.)")
"""The service's rule for names of machines (fact limits-machine-names)."""
MACHINE_NAME_LENGTH = 128
DISK_NAME_LENGTH = 32
DRILL_PREFIX = "drill-"


@dataclass(frozen=True, slots=True)
class RestoreMarker:
    """From what something was restored (a campaign or an image id), and which machine that was."""

    origin: str
    instance_id: str

    def __str__(self) -> str:
        return f"{PREFIX} restore={self.origin} instance={self.instance_id}"

    def described(self, more: str) -> str:
        """A description: the marker, then other words, as far as they fit. An older marker among these is left out."""
        if read_restore_marker(more) is not None:
            more = more.split(maxsplit=3)[3] if len(more.split(maxsplit=3)) > 3 else ""
        return f"{self} {more}".strip()[:DESCRIPTION_LENGTH].rstrip()


def marker_of(origin: str, instance_id: str | None) -> RestoreMarker:
    """The marker of a machine that is made of a backup of `instance_id`."""
    return RestoreMarker(origin, instance_id or NO_INSTANCE)


def read_restore_marker(description: str) -> RestoreMarker | None:
    """The marker that a description begins with, None if there is none. What follows it is not ours and never read."""
    text = dict(word.partition("=")[::2] for word in marked_words(description)[:2])
    if [*text] != ["restore", "instance"] or not all(text.values()):
        return None
    return RestoreMarker(text["restore"], text["instance"])


def drill_name(name: str) -> str:
    """The name of a drill's machine: it begins with 'drill-', and fits."""
    whole = name if name.startswith(DRILL_PREFIX) else DRILL_PREFIX + name
    return whole[:MACHINE_NAME_LENGTH].rstrip(".")


def disk_name(machine_name: str, device: str) -> str:
    """A name for a disk of a new machine: its machine's, as far as it fits, and the device."""
    stem = safe_name(machine_name, dots=False)
    return f"{stem[: DISK_NAME_LENGTH - len(device) - 1]}-{device}"
