# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No test talks to anything but this machine.

An audit hook of Python sees every connection of this process, whichever library opens it. Processes that tests start are not
watched: they get an environment in which every address is the emulator's.
"""

from __future__ import annotations

import ipaddress
import sys
from typing import Any

_state = {"watched": False}


def stay_here() -> None:
    """From now on, a connection of this process to another machine, or a question for its address, fails the test."""
    if not _state["watched"]:
        sys.addaudithook(_check)
    _state["watched"] = True


def _check(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        _require_here(arguments[1][0])
    elif event == "socket.getaddrinfo":
        _require_here(arguments[0])


def _require_here(host: Any) -> None:
    # An assertion: no code under test takes it for a failure of the network.
    assert is_here(host), f"a test wanted to connect to {host!r}, which is not this machine"


def is_here(host: Any) -> bool:
    """Whether a host of a connection can only be this machine. None means any address of it."""
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return True
    try:
        address = ipaddress.ip_address(str(name).partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
