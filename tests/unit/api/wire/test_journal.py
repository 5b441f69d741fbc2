# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The journal: every write leaves a trace before it leaves, and nothing leaves without one."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Response
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.connection import resolve_connection
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import (
    ApiError,
    ClockSkewError,
    InputError,
    JdcloudError,
    NotSentError,
    TransportError,
)
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.services import vm
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.wire.journal import Journal, read_journal
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.wire.transport import Transport
from support.api.server import Server

NOW = datetime(2026, 11, 25, 8, 0, 0, 123000, tzinfo=UTC)
ANSWER: Response[None] = Response(None, "req-1", None, 0.0, 0.1)


def new_journal(folder: Path) -> Journal:
    return Journal(str(folder / "journal.jsonl"), "cn-north-1", lambda: NOW)


def text_of(folder: Path) -> str:
    return (folder / "journal.jsonl").read_text(encoding="utf-8")


def test_a_write_is_reported_before_and_after_it_left(tmp_path: Path) -> None:
    journal = new_journal(tmp_path)
    number = journal.sent(vm.delete_instance("i-a"))
    before = [json.loads(line) for line in text_of(tmp_path).splitlines()]
    journal.answered(number, 0.1204, ANSWER, None)
    (write,) = read_journal(text_of(tmp_path)).writes
    assert [line["event"] for line in before] == ["sent"]
    assert (write.operation, write.service, write.resources, write.region) == ("deleteInstance", "vm", ("i-a",), "cn-north-1")
    assert (write.outcome, write.http, write.request_id, write.seconds) == ("accepted", 200, "req-1", 0.12)
    assert write.at == NOW


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    new_journal(tmp_path).sent(vm.delete_instance("i-a"))
    assert stat.S_IMODE(os.stat(tmp_path / "journal.jsonl").st_mode) == 0o600


def test_what_was_never_answered_is_unclear(tmp_path: Path) -> None:
    new_journal(tmp_path).sent(vm.delete_instance("i-a"))
    assert [write.outcome for write in read_journal(text_of(tmp_path)).writes] == ["unclear"]


OUTCOMES: list[tuple[JdcloudError, str]] = [
    (ApiError("vm.deleteInstance", 400, "FAILED_PRECONDITION", "no", "req-2"), "refused"),
    (ApiError("vm.deleteInstance", 404, "NOT_FOUND", "no", "req-2"), "refused"),
    (ApiError("vm.deleteInstance", 429, "RATE_LIMIT", "slow", "req-2"), "throttled"),
    (ApiError("vm.deleteInstance", 500, "INTERNAL", "oops", "req-2"), "unclear"),
    (TransportError("lost.", operation="vm.deleteInstance", kind="reset", sent=True), "unclear"),
    (TransportError("closed.", operation="vm.deleteInstance", kind="unreachable", sent=False), "not_sent"),
    (NotSentError("too late.", operation="vm.deleteInstance"), "not_sent"),
    (InputError("bad."), "not_sent"),
    (ClockSkewError("late.", operation="vm.deleteInstance", seconds=900), "unclear"),
]


@pytest.mark.parametrize(("error", "outcome"), OUTCOMES, ids=lambda value: getattr(value, "status", None) or str(value))
def test_an_error_says_whether_the_write_may_have_taken_effect(error: JdcloudError, outcome: str, tmp_path: Path) -> None:
    journal = new_journal(tmp_path)
    journal.answered(journal.sent(vm.delete_instance("i-a")), 0.1, None, error)
    (write,) = read_journal(text_of(tmp_path)).writes
    assert (write.outcome, write.status, write.request_id) == (outcome, error.status, error.request_id)


def test_several_journals_share_a_file(tmp_path: Path) -> None:
    one, two = new_journal(tmp_path), new_journal(tmp_path)
    numbers = [one.sent(vm.delete_instance("i-a")), two.sent(vm.delete_instance("i-b"))]
    two.answered(numbers[1], 0.1, ANSWER, None)
    assert {write.resources[0]: write.outcome for write in read_journal(text_of(tmp_path)).writes} == {
        "i-a": "unclear",
        "i-b": "accepted",
    }


@pytest.mark.parametrize("rubbish", ['{"v": 1, "n": "x-1", "ev', "[]", "null", '{"event": "sent", "n": "y-1"}', '{"event": []}'])
def test_a_torn_or_foreign_line_is_skipped_and_counted(rubbish: str, tmp_path: Path) -> None:
    new_journal(tmp_path).sent(vm.delete_instance("i-a"))
    read = read_journal(text_of(tmp_path) + rubbish)
    assert (len(read.writes), read.skipped) == (1, 1)


TORN = ['{"v": 1, "n": "x-1", "ev', '{"v": 1, "n": "x-1", "event": "sent", "at": "2026-11-25T08:00:00.123Z"', "{", "\x00\x00"]


@pytest.mark.parametrize("torn", TORN)
def test_a_torn_last_line_does_not_swallow_the_next_entry(torn: str, tmp_path: Path) -> None:
    """The run before was killed in the middle of a line; what this one sends must be known to the next."""
    (tmp_path / "journal.jsonl").write_text(torn, encoding="utf-8")
    journal = new_journal(tmp_path)
    journal.answered(journal.sent(vm.delete_instance("i-a")), 0.1, ANSWER, None)
    read = read_journal(text_of(tmp_path))
    assert [(write.resources, write.outcome) for write in read.writes] == [(("i-a",), "accepted")]
    assert read.skipped == 1


@pytest.mark.parametrize("torn", TORN)
def test_a_line_that_another_process_tears_meanwhile_does_not_swallow_an_entry(torn: str, tmp_path: Path) -> None:
    journal = new_journal(tmp_path)
    number = journal.sent(vm.delete_instance("i-a"))
    with (tmp_path / "journal.jsonl").open("a", encoding="utf-8") as other:
        other.write(torn)
    journal.answered(number, 0.1, ANSWER, None)
    assert [write.outcome for write in read_journal(text_of(tmp_path)).writes] == ["accepted"]


@pytest.mark.parametrize("torn", TORN)
def test_an_entry_behind_a_torn_one_on_its_line_is_read(torn: str, tmp_path: Path) -> None:
    """Torn by another process between the look at the last byte and the write."""
    new_journal(tmp_path).sent(vm.delete_instance("i-a"))
    read = read_journal(torn + text_of(tmp_path))
    assert ([write.resources for write in read.writes], read.skipped) == ([("i-a",)], 1)


def test_an_unbroken_journal_holds_no_blank_lines(tmp_path: Path) -> None:
    for _run in range(2):
        journal = new_journal(tmp_path)
        journal.answered(journal.sent(vm.delete_instance("i-a")), 0.1, ANSWER, None)
        journal.close()
    assert len(text_of(tmp_path).split("\n")) == 2 * 2 + 1


def test_without_a_line_nothing_is_sent(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path / "missing" / "journal.jsonl"), "cn-north-1", lambda: NOW)
    with pytest.raises(InputError, match="the call was not sent"):
        journal.sent(vm.delete_instance("i-a"))


def test_an_outcome_that_cannot_be_written_does_not_hide_the_outcome(tmp_path: Path, monkeypatch: Any) -> None:
    journal = new_journal(tmp_path)
    number = journal.sent(vm.delete_instance("i-a"))
    monkeypatch.setattr(os, "write", lambda *_: 0)
    journal.answered(number, 0.1, ANSWER, None)
    with pytest.raises(InputError, match="disk is full"):
        journal.sent(vm.delete_instance("i-b"))


def test_a_closed_journal_can_be_written_again(tmp_path: Path) -> None:
    journal = new_journal(tmp_path)
    journal.sent(vm.delete_instance("i-a"))
    journal.close()
    journal.sent(vm.delete_instance("i-b"))
    assert len(read_journal(text_of(tmp_path)).writes) == 2


def test_the_outcome_of_each_number_is_its_own(tmp_path: Path) -> None:
    journal = new_journal(tmp_path)
    first = journal.sent(vm.delete_instance("i-a"))
    second = journal.sent(replace(vm.delete_instance("i-b"), resource=None, resources=("i-b", "i-c")))
    journal.answered(second, 0.2, None, OUTCOMES[0][0])
    journal.answered(first, 0.1, ANSWER, None)
    text = [(write.resources, write.outcome) for write in read_journal(text_of(tmp_path)).writes]
    assert text == [(("i-a",), "accepted"), (("i-b", "i-c"), "refused")]


def test_the_transport_journals_writes_and_only_writes(
    make_server: Callable[..., Server], make_transport: Callable[..., Transport], tmp_path: Path
) -> None:
    path = tmp_path / "journal.jsonl"
    transport = make_transport(make_server().url, journal_path=str(path))
    with contextlib.suppress(JdcloudError):
        transport.send(vm.describe_instance("i-1"))
    assert not path.exists()
    transport.send(vm.delete_instance("i-1"))
    with pytest.raises(NotSentError):
        transport.send(vm.delete_instance("i-2"), before_send=lambda: False)
    text = [(write.resources[0], write.outcome) for write in read_journal(path.read_text(encoding="utf-8")).writes]
    assert text == [("i-1", "accepted"), ("i-2", "not_sent")]


def test_the_last_check_comes_after_the_line(
    make_server: Callable[..., Server], make_transport: Callable[..., Transport], tmp_path: Path
) -> None:
    """A slow disk must not make an observation older than it was when the check was asked."""
    path = tmp_path / "journal.jsonl"
    seen: list[bool] = []

    def check() -> bool:
        seen.append(path.exists())
        return True

    make_transport(make_server().url, journal_path=str(path)).send(vm.delete_instance("i-1"), before_send=check)
    assert seen
    assert all(seen)


def test_a_write_without_its_line_does_not_leave(
    make_server: Callable[..., Server], make_transport: Callable[..., Transport], tmp_path: Path
) -> None:
    server = make_server()
    transport = make_transport(server.url, journal_path=str(tmp_path / "missing" / "journal.jsonl"))
    with pytest.raises(InputError, match="the call was not sent"):
        transport.send(vm.delete_instance("i-1"))
    assert server.requests == []
    assert transport.requests_sent == 0


@pytest.mark.parametrize("path", ["journal.jsonl", "/nowhere/at/all/journal.jsonl"])
def test_a_path_that_cannot_hold_a_journal_is_refused_at_once(path: str, tmp_path: Path) -> None:
    environ = {
        "JDCLOUD_ACCESS_KEY": "AK",
        "JDCLOUD_SECRET_KEY": "SK",
        "JDCLOUD_REGION": "cn-north-1",
        "JDCLOUD_JOURNAL_PATH": path,
    }
    with pytest.raises(InputError, match="JDCLOUD_JOURNAL_PATH must be the absolute path"):
        resolve_connection({}, environ, tmp_path)
    assert resolve_connection({}, environ | {"JDCLOUD_JOURNAL_PATH": ""}, tmp_path).journal_path is None
