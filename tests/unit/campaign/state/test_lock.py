# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lock of a campaign's folder: who holds it, when it is stale, and that it is taken once."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state import lock as locks
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.lock import (
    LOCK,
    PATIENCE,
    SILENCE,
    Holder,
    Lock,
    holder_of,
    is_stale,
)

SINCE = "2026-11-25T08:00:00Z"


def here(run: str, pid: int | None = None) -> Holder:
    return holder_of(os.getpid() if pid is None else pid, SINCE, run)


def hold(folder: Path, holder: Holder, silent: float = 0.0) -> None:
    """A lock that someone left there, silent for so many seconds."""
    path = folder / LOCK
    path.write_text(json.dumps(asdict(holder)), encoding="utf-8")
    then = time.time() - silent
    os.utime(path, (then, then))


def ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_run_takes_the_lock_and_gives_it_back(tmp_path: Path) -> None:
    lock = Lock(tmp_path, here("a"))
    assert lock.take() == ""
    assert (tmp_path / LOCK).stat().st_mode & 0o777 == 0o600
    assert json.loads((tmp_path / LOCK).read_text())["pid"] == os.getpid()
    lock.release()
    assert not (tmp_path / LOCK).exists()


def test_a_folder_whose_run_is_alive_is_refused(tmp_path: Path) -> None:
    hold(tmp_path, here("a", os.getppid()), silent=100 * SILENCE)
    with pytest.raises(InputError, match=rf"Another run uses .*process {os.getppid()} on .*since {SINCE}.*nothing was done"):
        Lock(tmp_path, here("b")).take()
    assert json.loads((tmp_path / LOCK).read_text())["run"] == "a"


def test_the_lock_of_a_process_that_is_gone_is_taken_and_said(tmp_path: Path) -> None:
    pid = ended_process()
    hold(tmp_path, here("a", pid))
    assert f"process {pid} on" in Lock(tmp_path, here("b")).take()
    assert json.loads((tmp_path / LOCK).read_text())["run"] == "b"


def test_a_number_that_another_process_got_since_is_no_holder(tmp_path: Path) -> None:
    hold(tmp_path, replace(here("a", os.getppid()), started="1"))
    assert "took the lock" in Lock(tmp_path, here("b")).take()


def test_the_same_process_takes_its_own_lock_again(tmp_path: Path) -> None:
    hold(tmp_path, here("a"))
    assert Lock(tmp_path, here("b")).take() == ""


@pytest.mark.parametrize(("silent", "taken"), [(0.0, False), (SILENCE - 30, False), (SILENCE + 30, True)])
@pytest.mark.parametrize("where", [{"host": "pod-1"}, {"space": "pid:[1]"}], ids=["host", "container"])
def test_another_host_holds_it_while_it_shows_signs_of_life(
    tmp_path: Path, silent: float, taken: bool, where: dict[str, Any]
) -> None:
    hold(tmp_path, replace(here("a", ended_process()), **where), silent)
    lock = Lock(tmp_path, here("b"))
    if taken:
        assert f"on {where.get('host', '')}" in lock.take()
    else:
        with pytest.raises(InputError, match=f"on {where.get('host', '')}"):
            lock.take()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"host": "x"}', "\x00"])
def test_a_lock_that_cannot_be_read_counts_by_its_age(tmp_path: Path, text: str) -> None:
    (tmp_path / LOCK).write_text(text)
    with pytest.raises(InputError, match="an unknown process"):
        Lock(tmp_path, here("b")).take()
    old = time.time() - SILENCE - 30
    os.utime(tmp_path / LOCK, (old, old))
    assert Lock(tmp_path, here("b")).take() == ""


def test_the_lock_of_another_run_is_not_given_back(tmp_path: Path) -> None:
    hold(tmp_path, here("a"))
    Lock(tmp_path, here("b")).release()
    assert (tmp_path / LOCK).exists()


def test_signs_of_life_are_shown_while_a_module_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "BEAT", 0.01)
    lock = Lock(tmp_path, here("a"))
    hold(tmp_path, here("a"), silent=SILENCE)
    with lock.kept_alive():
        deadline = time.monotonic() + 5
        while time.time() - (tmp_path / LOCK).stat().st_mtime > SILENCE / 2 and time.monotonic() < deadline:
            time.sleep(0.01)
    assert time.time() - (tmp_path / LOCK).stat().st_mtime < SILENCE / 2


def test_a_run_that_lost_its_lock_shows_no_signs_of_life_for_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "BEAT", 0.01)
    hold(tmp_path, here("b"), silent=SILENCE)
    before = (tmp_path / LOCK).stat().st_mtime
    with Lock(tmp_path, here("a")).kept_alive():
        time.sleep(0.05)
    assert (tmp_path / LOCK).stat().st_mtime == before


def test_the_silence_of_the_user_s_tasks_is_expected(tmp_path: Path) -> None:
    """A hook may wait for an answer; a run that is gone is found out all the same."""
    lock = Lock(tmp_path, here("a"))
    lock.take()
    lock.expect_silence()
    ahead = (tmp_path / LOCK).stat().st_mtime - time.time()
    assert PATIENCE - 60 < ahead < PATIENCE + 60
    with lock.kept_alive():
        pass
    assert (tmp_path / LOCK).stat().st_mtime - time.time() < 60


@pytest.mark.parametrize(("silent", "rest"), [(100.0, SILENCE - 100), (-PATIENCE, SILENCE + PATIENCE)])
def test_who_is_refused_learns_how_long_to_wait(tmp_path: Path, silent: float, rest: float) -> None:
    hold(tmp_path, replace(here("a"), host="pod-1"), silent)
    with pytest.raises(InputError, match="last seen") as caught:
        Lock(tmp_path, here("b")).take()
    found = re.search(r"certainly ended, wait (\d+) s, or remove .*lock\.json\.", str(caught.value))
    assert found is not None
    assert abs(int(found[1]) - rest) < 60
    hold(tmp_path, here("a", os.getppid()), silent)
    with pytest.raises(InputError, match=r"wait until it ends, or stop it\.$"):
        Lock(tmp_path, here("b")).take()


def test_no_silence_is_expected_for_the_lock_of_another_run(tmp_path: Path) -> None:
    hold(tmp_path, here("b"), silent=SILENCE)
    before = (tmp_path / LOCK).stat().st_mtime
    Lock(tmp_path, here("a")).expect_silence()
    assert (tmp_path / LOCK).stat().st_mtime == before


def test_a_copy_of_the_host_with_its_name_is_another_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cloned machines share the host name, and the first processes of each are of the same kind."""
    hold(tmp_path, here("a", ended_process()), silent=SILENCE - 30)
    space = here("b").space
    assert " pid:[" in space
    monkeypatch.setattr(locks, "_space", lambda: "another-boot " + space.partition(" ")[2])
    with pytest.raises(InputError, match="Another run uses"):
        Lock(tmp_path, here("b")).take()


@given(
    same_host=st.booleans(),
    same_pid=st.booleans(),
    alive=st.booleans(),
    silent=st.floats(min_value=0, max_value=10 * SILENCE, allow_nan=False),
)
def test_a_lock_is_stale_for_two_reasons_only(same_host: bool, same_pid: bool, alive: bool, silent: float) -> None:
    taker = Holder("a", 1, "5", SINCE, "x")
    found = Holder("a" if same_host else "b", 1 if same_pid else 2, "5", SINCE, "y")
    stale = is_stale(found, taker, silent, alive=alive)
    if same_host:
        assert stale is (not alive or same_pid)
    else:
        assert stale is (silent >= SILENCE)
