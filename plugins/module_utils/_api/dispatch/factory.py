# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What modules and the inventory have in common when they open the way to the services."""

from __future__ import annotations

import random
from collections.abc import Callable

from ..config.connection import Connection
from .dispatcher import Clock, Dispatcher, Pool
from .rate_limit import RateLimiter

USER_AGENT = "ansible-jdcloud.cloud/1.0.0"
THREADS = 16
"""Calls to one region that are under way at the same time, at most."""
UNVERIFIED = "validate_certs is false: anybody on the way to the service can read and change what is sent."
"""The warning where certificates are not verified."""


def dispatcher_for(
    connection: Connection, pool: Pool, clock: Clock, *, read_only: bool, on_heartbeat: Callable[[], None]
) -> Dispatcher:
    """A dispatcher with the pace and the patience that the connection asks for."""
    return Dispatcher(
        pool,
        clock,
        RateLimiter(clock.now(), connection.rate_limit),
        random.Random(),
        connection.retries,
        read_only=read_only,
        on_heartbeat=on_heartbeat,
    )
