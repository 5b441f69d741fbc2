# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several regions at the same time, with real threads: one that fails ends the others."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call, Response
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.connection import Connection, Credentials
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.dispatch.signals import ENDINGS
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import ApiError
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.selection import parse_selection
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._inventory import read as read_inventory
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._inventory.options import Settings

NAMES = ("cn-north-1", "cn-east-1", "cn-east-2")
EVERYTHING = parse_selection(None, None, None, None)
PATIENCE = 30.0


class Wire:
    """Stands where the transport stands; what a region answers is a function of its name."""

    def __init__(self, region: str, answer: Callable[[str], list[str]]) -> None:
        self._region = region
        self._answer = answer
        self.closed = False

    def send(self, call: Call[Any], *_more: Any) -> Response[Any]:
        """As `transport.Transport.send`."""
        rows = [{"instanceId": instance_id, "status": "running"} for instance_id in self._answer(self._region)]
        return Response(call.parse({"instances": rows, "totalCount": len(rows)}), "req-200", None, 0.0, 0.0)

    def close(self) -> None:
        """Close all connections."""
        self.closed = True


class Wires:
    """All that were made, and a way to have a region hang."""

    def __init__(self) -> None:
        self.made: list[Wire] = []
        self.answer: Callable[[str], list[str]] = lambda region: [f"i-{region[3:].replace('-', '')}"]
        self.release = threading.Event()

    def __call__(self, connection: Connection, _user_agent: str, pool_size: int) -> Wire:
        self.made.append(Wire(connection.region, self.answer))
        return self.made[-1]


@pytest.fixture
def wires(monkeypatch: pytest.MonkeyPatch) -> Iterator[Wires]:
    """Where the transport stands."""
    made = Wires()
    monkeypatch.setattr(read_inventory, "Transport", made)
    yield made
    made.release.set()


def read() -> list[str]:
    connections = tuple(Connection(Credentials("AK", "SK", None, "options"), region) for region in NAMES)
    settings = Settings(connections, EVERYTHING, ())
    return [f"{row['region']} {row['instance_id']}" for row in read_inventory.read_machines(settings)]


def test_all_regions_are_read_at_the_same_time_and_come_in_their_order(wires: Wires) -> None:
    together = threading.Barrier(len(NAMES), timeout=PATIENCE)

    def answer(region: str) -> list[str]:
        together.wait()
        return [f"i-{region[3:].replace('-', '')}"]

    wires.answer = answer
    assert read() == ["cn-north-1 i-north1", "cn-east-1 i-east1", "cn-east-2 i-east2"]
    assert all(wire.closed for wire in wires.made)


def test_a_region_that_fails_does_not_wait_for_one_that_hangs(wires: Wires) -> None:
    hanging = threading.Event()

    def answer(region: str) -> list[str]:
        if region == "cn-east-1":
            hanging.set()
            wires.release.wait(PATIENCE)
        assert hanging.wait(PATIENCE)
        if region == "cn-north-1":
            raise ApiError("vm.describeInstances", 403, "HTTP_FORBIDDEN", "no rights", "req-1")
        return []

    wires.answer = answer
    with pytest.raises(read_inventory.RegionError, match=r"^Region cn-north-1 was not read"):
        read()
    assert not wires.release.is_set()


def test_a_ctrl_c_reaches_the_main_thread(monkeypatch: pytest.MonkeyPatch, wires: Wires) -> None:
    """It waits for all regions, and would not be woken by a signal that a region's thread received."""
    masks: list[set[int]] = []

    def transport(*arguments: Any, **more: Any) -> Wire:
        masks.append(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
        return wires(*arguments, **more)

    monkeypatch.setattr(read_inventory, "Transport", transport)
    read()
    assert len(masks) == len(NAMES)
    assert all(mask >= ENDINGS for mask in masks)


def test_no_thread_is_left_when_all_is_read(wires: Wires) -> None:
    """Ansible forks workers later, and a fork copies no threads, but the locks that they hold."""
    before = set(threading.enumerate())
    read()
    for thread in set(threading.enumerate()) - before:
        thread.join(PATIENCE)
        assert not thread.is_alive()
