# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Moves the clock of each Python process that finds this file in its path, by `DEMO_SECONDS_AHEAD`.

A client refuses a cloud whose clock differs from its own. So when the clock of the emulated cloud goes ahead, that of the
commands has to, too, as it does where time really passes.
"""

from __future__ import annotations

import datetime
import os
import time

AHEAD = float(os.environ.get("DEMO_SECONDS_AHEAD", "0"))
_time = time.time
_datetime = datetime.datetime


class Later(_datetime):
    """A datetime whose `now` is that of the moved clock."""

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> Later:
        return cls.fromtimestamp(time.time(), tz)

    def __repr__(self) -> str:
        # Ansible writes times into the modules that it sends.
        return super().__repr__().replace("Later", "datetime.datetime", 1)


def later() -> float:
    """The moved `time.time`."""
    return _time() + AHEAD


if AHEAD:
    time.time = later
    datetime.datetime = Later  # type: ignore[misc]  # the type is replaced on purpose
