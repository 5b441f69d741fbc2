# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who runs a play, and where: for records, never for a decision."""

from __future__ import annotations

import contextlib
import getpass
import socket
from collections.abc import Mapping
from typing import Any

USERS = ("awx_user_name", "tower_user_name")
JOBS = ("awx_job_id", "tower_job_id")
"""Variables that AWX and its relatives set in every job."""


def started_by(variables: Mapping[str, Any]) -> dict[str, str | None]:
    """The user, the name of this computer and the number of the job; None for what is not known.

    In a job of AWX the user of the process is that of a container, so the one who launched the job counts.
    """
    user = next((str(variables[name]) for name in USERS if variables.get(name)), None)
    job = next((str(variables[name]) for name in JOBS if variables.get(name)), None)
    return {"user": user or _user(), "host": socket.gethostname() or None, "job": job}


def _user() -> str | None:
    # A container may have no name for its user.
    with contextlib.suppress(KeyError, OSError, ImportError):
        return getpass.getuser()
    return None
