# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole campaigns: a kill at any call, and at any write of a file, and a rerun end as one run does."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.wire.journal import Journal
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.common import session
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.stages import campaign
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.lock import Lock
from support.campaign.conducted import Conducted
from support.campaign.results import NOW
from support.json_object import Json
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Runner
from support.search import first_of

A, B, C = "i-aaaa000001", "i-bbbb000002", "i-cccc000003"
IDS = [A, B, C]
DELETION: Json = {"instance_ids": IDS, "stop_running": True, "waves": "1,100%", "elastic_ips": "release"}
KINDS: dict[str, Json] = {
    "none": {**DELETION, "backup": "none"},
    "both": {**DELETION, "backup": "both"},
    "mark": {"instance_ids": IDS, "state": "mark", "stop_running": True},
    "unmark": {"instance_ids": IDS, "state": "unmark", "start_again": True},
}
PARTS = 4
"""Into how many tests the kills of a campaign are cut, so that workers share them."""


class Killed(BaseException):
    """The process dies here."""


class Fleet(MemoryCloud):
    """Three machines: a disk that is kept, one that goes along, and an elastic IP. It can die at a call."""

    replaced = 0
    """How many files were replaced by all campaigns so far."""

    def __init__(self) -> None:
        super().__init__()
        self.add(A)
        self.add(B, "running")
        self.add(C)
        self.add_disk(A, "vol-kept000001", auto_delete=False)
        self.add_disk(B, "vol-gone000001", auto_delete=True)
        self.add_elastic_ip(C, "fip-aaaaaaaaaa", "203.0.113.7")
        self.quotas = {**self.quotas, "image": (100, 0), "snapshot": (100, 0)}
        self.send = self._send_or_die
        self.kill_in = 0
        """In how many calls to die, counted from 1; 0 for never."""
        self.after = False
        """Whether the call takes effect before."""
        self.lasting: list[tuple[int, int]] = []
        """Before each call, how many files were replaced and how many writes sent: what outlives the process."""

    @property
    def left(self) -> Json:
        """What matters at the end."""
        tags = {each: sorted((tag["key"], tag["value"]) for tag in row["tags"]) for each, row in self.machines.items()}
        backed_up = sorted({image["instanceId"] for image in self.images.values()})
        return {
            "machines": {each: row["status"] for each, row in self.machines.items()},
            "tags": tags,
            "disks": sorted(self.disks),
            "elastic_ips": sorted(self.elastic_ips),
            "backed up": backed_up,
            "snapshots of": sorted({row["diskId"] for row in self.snapshots.values()}),
        }

    def _send_or_die(self, call: Call[Any], *given: Any, **named: Any) -> Any:
        self.kill_in -= 1
        self.lasting.append((Fleet.replaced, sum(each.write for each in self.calls)))
        assert self.connection is not None
        # As the transport does: a line before a write leaves, and one with its outcome.
        journal = Journal(str(self.connection.journal_path), self.connection.region, lambda: NOW)
        number = journal.sent(call) if call.write else ""
        if self.kill_in == 0 and not self.after:
            raise Killed
        try:
            response = self._send(call, *given, **named)
        finally:
            # Also where the answer is an error.
            if self.kill_in == 0:
                raise Killed
        if call.write:
            journal.answered(number, 0.02, response, None)
            journal.close()
        return response


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process has written survives its death; only that of the computer asks for more.

    The page is written as often as ever, but what it shows decides nothing. Nobody waits for signs of life, so none are shown.
    """
    monkeypatch.setattr(Lock, "kept_alive", lambda _lock: contextlib.nullcontext())
    monkeypatch.setattr(os, "fsync", lambda _handle: None)
    monkeypatch.setattr(campaign, "render", lambda _report: "<html></html>")
    replace = os.replace

    def count(source: str, target: Path) -> None:
        Fleet.replaced += 1
        replace(source, target)

    monkeypatch.setattr(os, "replace", count)


@pytest.fixture
def use(run: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Fleet, str, str], int]:
    """Runs a campaign of a kind over a fleet, with the record of a name. Returns how many calls were made."""

    def use_once(fleet: Fleet, kind: str, name: str) -> int:
        monkeypatch.setattr(session, "Transport", fleet.transport)
        monkeypatch.setattr(session, "SystemClock", lambda: fleet.clock)
        before = len(fleet.calls)
        done = Conducted(run, tmp_path / name, **KINDS[kind])()
        assert not done["fails"], done["message"]
        return len(fleet.calls) - before

    return use_once


Use = Callable[[Fleet, str, str], int]


def fleet_for(kind: str, use: Use) -> Fleet:
    """A fleet as a campaign of a kind finds it; its marks are those of one before."""
    fleet = Fleet()
    if kind == "unmark":
        use(fleet, "mark", f"mark-{id(fleet)}")
    return fleet


@pytest.mark.parametrize("part", first_of(range(PARTS), 1))
@pytest.mark.parametrize("kind", KINDS)
def test_a_kill_before_any_call_and_a_rerun_end_as_one_run(use: Use, kind: str, part: int) -> None:
    """One kill stands for all those between which nothing changes that outlives the process; the next test tries them."""
    whole, first, _more = kills_before_calls(use, kind)
    assert len(first) > PARTS
    for number in first[part::PARTS]:
        _die_and_rerun(use, kind, whole, number, after=False)


@pytest.mark.thorough
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("kind", KINDS)
def test_a_kill_between_any_two_reads_and_a_rerun_end_as_one_run(use: Use, kind: str, part: int) -> None:
    whole, _first, more = kills_before_calls(use, kind)
    for number in more[part::PARTS]:
        _die_and_rerun(use, kind, whole, number, after=False)


def kills_before_calls(use: Use, kind: str) -> tuple[Fleet, list[int], list[int]]:
    """A campaign, and its calls: those before which what lasts is another than before the previous one, and all others."""
    whole = fleet_for(kind, use)
    calls = use(whole, kind, "whole")
    lasting = [None, *whole.lasting[-calls:]]
    numbers = range(1, calls + 1)
    first = [number for number in numbers if lasting[number] != lasting[number - 1]]
    return whole, first, [number for number in numbers if number not in first]


@pytest.mark.parametrize("part", first_of(range(PARTS), 1))
@pytest.mark.parametrize("kind", KINDS)
def test_a_kill_after_any_call_that_changes_something_and_a_rerun_end_as_one_run(use: Use, kind: str, part: int) -> None:
    """Its answer is lost. After a read nothing is another than before the next call, or the next write of a file."""
    whole = fleet_for(kind, use)
    calls = whole.calls[-use(whole, kind, "whole") :]
    numbers = [number for number, call in enumerate(calls, 1) if call.write]
    assert len(numbers) >= PARTS - 1
    for number in numbers[part::PARTS]:
        _die_and_rerun(use, kind, whole, number, after=True)


def _die_and_rerun(use: Use, kind: str, whole: Fleet, number: int, *, after: bool) -> None:
    fleet = fleet_for(kind, use)
    fleet.kill_in, fleet.after = number, after
    with pytest.raises(Killed):
        use(fleet, kind, f"{number}-{after}")
    use(fleet, kind, f"{number}-{after}")
    assert fleet.left == whole.left, f"killed at call {number}"


@pytest.mark.parametrize("part", first_of(range(PARTS), 1))
@pytest.mark.parametrize("kind", KINDS)
def test_a_kill_before_any_write_of_a_file_and_a_rerun_end_as_one_run(
    use: Use, monkeypatch: pytest.MonkeyPatch, kind: str, part: int
) -> None:
    """After it nothing is another than before the next write, or the next call."""
    whole = fleet_for(kind, use)
    use(whole, kind, "whole")
    replace = os.replace
    for number in itertools.count(1 + part, PARTS):
        fleet = fleet_for(kind, use)
        left = iter(range(number - 1, -1, -1))

        def die(source: str, target: Path, left: Iterator[int] = left) -> None:
            more = next(left, -1)
            if not more:
                raise Killed
            replace(source, target)

        monkeypatch.setattr(os, "replace", die)
        try:
            use(fleet, kind, f"write-{number}")
        except Killed:
            pass
        else:
            break
        finally:
            monkeypatch.setattr(os, "replace", replace)
        use(fleet, kind, f"write-{number}")
        assert fleet.left == whole.left, f"killed at write {number}"
    assert number > 8
