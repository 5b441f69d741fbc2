# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said when a signal ends a task, and that the signal does what it does otherwise."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator

import pytest

from ansible_collections.jdcloud.cloud.plugins.plugin_utils._actions import last_words

NUMBERS = last_words.SIGNALS


@pytest.fixture
def ended() -> Iterator[list[int]]:
    """The signals that came, which end nothing here."""
    came: list[int] = []
    before = {number: signal.signal(number, lambda number, _frame: came.append(number)) for number in NUMBERS}
    yield came
    for number, earlier in before.items():
        signal.signal(number, earlier)


@pytest.mark.parametrize("number", NUMBERS)
def test_the_words_are_said_once_and_the_signal_goes_on(
    ended: list[int], monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    monkeypatch.setattr(last_words, "_standard_error_of", lambda _process: None)
    shown: list[str] = []
    with last_words.last_words(lambda: ["sent: 2", "go on"], shown.append):
        os.kill(os.getpid(), number)
        assert shown == ["sent: 2\ngo on"]
        assert ended == [number]


def test_a_second_signal_of_another_kind_says_nothing_more(ended: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_words, "_standard_error_of", lambda _process: None)
    shown: list[str] = []
    with last_words.last_words(lambda: ["x"], shown.append):
        for number in NUMBERS:
            os.kill(os.getpid(), number)
    assert shown == ["x"]
    assert ended == [*NUMBERS]


@pytest.mark.parametrize("first", NUMBERS)
def test_a_signal_that_comes_while_the_words_are_said_waits_for_their_end(
    ended: list[int], monkeypatch: pytest.MonkeyPatch, first: signal.Signals
) -> None:
    """Ansible ends its workers at once after a Ctrl-C, and the words take a moment."""
    monkeypatch.setattr(last_words, "_standard_error_of", lambda _process: None)
    shown: list[str] = []
    [second] = set(NUMBERS) - {first}

    def words() -> list[str]:
        os.kill(os.getpid(), second)
        assert ended == []
        return ["x"]

    with last_words.last_words(words, shown.append):
        os.kill(os.getpid(), first)
    assert shown == ["x"]
    assert sorted(ended) == sorted(NUMBERS)


def test_nothing_is_said_after_the_task(ended: list[int]) -> None:
    shown: list[str] = []
    with last_words.last_words(lambda: ["x"], shown.append):
        pass
    os.kill(os.getpid(), signal.SIGINT)
    assert shown == []
    assert ended == [signal.SIGINT]


def test_words_that_fail_do_not_hold_the_signal_up(ended: list[int]) -> None:
    def words() -> list[str]:
        raise OSError("the journal is gone")

    with last_words.last_words(words, lambda _text: None):
        os.kill(os.getpid(), signal.SIGTERM)
    assert ended == [signal.SIGTERM]


def test_a_signal_that_is_ignored_stays_so(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        shown: list[str] = []
        with last_words.last_words(lambda: ["x"], shown.append):
            os.kill(os.getpid(), signal.SIGINT)
        assert shown == []
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="wants /proc")
def test_a_worker_without_a_terminal_speaks_on_the_standard_error_of_its_parent() -> None:
    parent = textwrap.dedent(
        """
        import os, signal, sys, time
        sys.path[:0] = {path!r}
        from ansible_collections.jdcloud.cloud.plugins.plugin_utils._actions.last_words import last_words
        child = os.fork()
        if child == 0:
            os.setsid()
            nothing = os.open(os.devnull, os.O_RDWR)
            for descriptor in (0, 1, 2):
                os.dup2(nothing, descriptor)
            with last_words(lambda: ["sent: 2"], print):
                os.kill(os.getpid(), signal.SIGTERM)
            os._exit(1)
        _child, status = os.waitpid(child, 0)
        sys.exit(0 if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGTERM else 2)
        """
    ).format(path=sys.path)
    done = subprocess.run([sys.executable, "-c", parent], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "\nsent: 2\n")
