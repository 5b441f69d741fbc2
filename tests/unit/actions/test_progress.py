# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action plugin: when it shows lines, what the module gets then, and that nothing of it is left."""

from __future__ import annotations

import os
import pwd
import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible import constants

from ansible_collections.jdcloud.cloud.plugins.action.jdcloud_vm import ActionModule
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.dispatch.signals import ENDINGS
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.progress import Counts, Part, reading, to_text
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.common.progress import PATH_VARIABLE, READS_VARIABLE
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._actions import progress_action
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._actions.text_options import TextAction
from support.json_object import Json

ME = pwd.getpwuid(os.geteuid()).pw_name
RESULT = {"changed": True}
PATIENCE = 60.0
"""Seconds after which a test gives up; no test is to take so long."""


class Stage:
    """An action with a task and a connection of its own; `normal` stands where Ansible's own action runs the module."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.folder = folder
        self.shown: list[str] = []
        self.environment: list[Json] = []
        self.while_running: Callable[[], None] = lambda: None
        self.task = SimpleNamespace(
            action="jdcloud.cloud.jdcloud_vm", check_mode=False, async_val=0, environment=[{"HTTPS_PROXY": "p"}], args={}
        )
        self.connection = SimpleNamespace(transport="local", become=None)
        self.connection._shell = SimpleNamespace(env_prefix=lambda **_given: "")
        monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(folder))
        monkeypatch.setattr(TextAction, "run", lambda *_arguments: self._normal())
        monkeypatch.setattr(progress_action, "Display", lambda: SimpleNamespace(display=self._display))
        monkeypatch.delenv(progress_action.INTERVAL_VARIABLE, raising=False)

    @property
    def path(self) -> Path | None:
        """The file whose path the module got."""
        last = self.environment[-1] if self.environment else None
        return Path(last[PATH_VARIABLE]) if isinstance(last, dict) and PATH_VARIABLE in last else None

    def action(self) -> ActionModule:
        """The action itself."""
        return ActionModule(
            task=self.task,
            connection=self.connection,
            play_context=SimpleNamespace(),
            loader=None,
            templar=SimpleNamespace(template=lambda value: value),
            shared_loader_obj=None,
        )

    def run(self, host: str = "localhost") -> Json:
        """Run the action, and look what it leaves."""
        action = self.action()
        before = self.task.environment
        try:
            result: Json = action.run(None, {"inventory_hostname": host})
            return result
        finally:
            assert self.task.environment is before
            assert not list(self.folder.iterdir())

    def _normal(self) -> Json:
        self.environment = self.task.environment
        self.while_running()
        return RESULT

    def _display(self, text: str, *, stderr: bool, screen_only: bool) -> None:
        assert stderr
        assert screen_only
        self.shown.append(text)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stage:
    """Everything is as it should be for lines to be shown."""
    return Stage(monkeypatch, tmp_path)


def _wait_until(condition: Callable[[], bool]) -> None:
    """Wait for another thread; a busy machine may take its time."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_the_module_gets_a_file_in_a_private_folder(stage: Stage) -> None:
    modes = []
    stage.while_running = lambda: modes.extend([stage.path.parent.stat().st_mode & 0o777] if stage.path else [])
    assert stage.run() is RESULT
    assert stage.path is not None
    assert stage.path.is_relative_to(stage.folder)
    assert modes == [0o700]
    assert stage.environment[0] == {"HTTPS_PROXY": "p"}


@pytest.mark.parametrize(
    ("of_task", "of_connection"),
    [
        ({"check_mode": True}, {}),
        ({"async_val": 60}, {}),
        ({"environment": [{progress_action.INTERVAL_VARIABLE: "no"}]}, {}),
        ({"environment": [{progress_action.INTERVAL_VARIABLE: 0}]}, {}),
        ({"environment": [{progress_action.INTERVAL_VARIABLE: False}]}, {}),
        ({}, {"transport": "ssh"}),
        ({}, {"become": SimpleNamespace(get_option=lambda *_arguments, **_more: "somebody-else")}),
        ({}, {"become": SimpleNamespace(get_option=lambda *_arguments, **_more: None)}),
    ],
)
def test_elsewhere_and_where_nobody_wants_it_the_module_gets_no_file(stage: Stage, of_task: Json, of_connection: Json) -> None:
    vars(stage.task).update(of_task)
    vars(stage.connection).update(of_connection)
    assert stage.run() is RESULT
    assert stage.path is None
    assert stage.environment is stage.task.environment


def test_a_ctrl_c_is_not_lost_in_the_thread_that_looks(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ansible's worker sleeps until the module ends, and would not be woken by a signal that another thread received."""
    masks: list[set[int]] = []

    def read(_path: Path) -> str:
        masks.append(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
        return "None"

    monkeypatch.setattr(progress_action, "_read", read)
    monkeypatch.setattr(progress_action, "READ_INTERVAL", 0.01)
    stage.while_running = lambda: _wait_until(lambda: bool(masks))
    stage.run()
    assert masks[0] >= ENDINGS
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, ()) & ENDINGS


def test_becoming_oneself_does_not_matter(stage: Stage) -> None:
    stage.connection.become = SimpleNamespace(get_option=lambda *_arguments, **_more: ME)
    stage.run()
    assert stage.path is not None


def test_the_environment_of_the_controller_turns_it_off(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(progress_action.INTERVAL_VARIABLE, "off")
    stage.run()
    assert stage.path is None


@pytest.mark.parametrize("given", [None, [], {"A": "b"}, [None, {"A": "b"}]])
def test_any_form_of_an_environment_is_kept(stage: Stage, given: Any) -> None:
    stage.task.environment = given
    stage.run()
    assert stage.path is not None
    assert stage.environment[:-1] == (given if isinstance(given, list) else [given])


def test_an_environment_that_cannot_be_read_is_left_to_ansible(stage: Stage) -> None:
    stage.task.environment = ["{{ undefined }}"]
    assert stage.run() is RESULT
    assert stage.path is None


def test_without_a_folder_the_module_runs_silently(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(stage.folder / "none"))
    assert stage.run() is RESULT
    assert stage.path is None


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_nothing_is_left_after_an_error(stage: Stage, error: type[BaseException]) -> None:
    def fail() -> None:
        assert stage.path is not None
        stage.path.write_text("x", encoding="utf-8")
        raise error

    stage.while_running = fail
    with pytest.raises(error):
        stage.run()


@pytest.mark.parametrize(("host", "title"), [("localhost", "jdcloud_vm: "), ("web1", "jdcloud_vm [web1]: ")])
def test_what_the_module_writes_is_shown(stage: Stage, monkeypatch: pytest.MonkeyPatch, host: str, title: str) -> None:
    monkeypatch.setenv(progress_action.INTERVAL_VARIABLE, "0.1")

    def work() -> None:
        assert stage.path is not None
        stage.path.write_text(to_text(Counts("", 3, 1, 1, 0, 0), 1.0), encoding="utf-8")
        _wait_until(lambda: bool(stage.shown))

    stage.while_running = work
    stage.run(host)
    assert stage.shown == [f"{title}1 of 3 done, 1 in flight, 0 blocked, 0 failed"]


def test_in_a_worker_a_line_goes_into_the_queue_of_the_display(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never through the display itself, around which the callback of ansible-runner takes a lock that a fork inherits."""
    monkeypatch.setenv(progress_action.INTERVAL_VARIABLE, "0.1")
    sent: list[tuple[str, str, Json]] = []
    queue = SimpleNamespace(send_display=lambda method, text, **more: sent.append((method, text, more)))
    monkeypatch.setattr(progress_action, "Display", lambda: SimpleNamespace(display=None, _final_q=queue))

    def work() -> None:
        assert stage.path is not None
        stage.path.write_text(to_text(Counts("", 3, 1, 1, 0, 0), 1.0), encoding="utf-8")
        _wait_until(lambda: bool(sent))

    stage.while_running = work
    stage.run()
    text = "jdcloud_vm: 1 of 3 done, 1 in flight, 0 blocked, 0 failed"
    assert sent == [("display", text, {"stderr": True, "screen_only": True})]


def test_a_display_that_breaks_does_not_matter(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(progress_action.INTERVAL_VARIABLE, "0.1")
    asked = []

    def broken(*_arguments: Any, **_more: Any) -> None:
        asked.append(1)
        raise BrokenPipeError

    monkeypatch.setattr(progress_action, "Display", lambda: SimpleNamespace(display=broken))

    def work() -> None:
        assert stage.path is not None
        stage.path.write_text(to_text(Counts("", 3, 1, 1, 0, 0), 1.0), encoding="utf-8")
        _wait_until(lambda: bool(asked))

    stage.while_running = work
    assert stage.run() is RESULT


def test_a_part_of_a_task_says_which_and_the_next_one_waits_its_turn(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(progress_action.INTERVAL_VARIABLE, "0.1")
    action = stage.action()
    part = Part("wave 1 of 2", "deleting", deleted=1, machines=5, deletes=True)
    with action._part_lines(part) as path:
        assert path is not None
        Path(path).write_text(to_text(Counts("", 3, 1, 1, 0, 0), 1.0), encoding="utf-8")
        _wait_until(lambda: bool(stage.shown))
    assert stage.shown[0].startswith("wave 1 of 2, deleting: 1 of 3 (2 of 5 deleted), 0:0")
    assert action._line_due is not None
    assert action._line_due > time.monotonic() - PATIENCE
    stage.task.async_val = 60
    with action._part_lines(part) as path:
        assert path is None


def test_a_part_that_only_looks_shows_how_far_it_is_too(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(progress_action.INTERVAL_VARIABLE, "0.1")
    stage.task.check_mode = True
    action = stage.action()
    with action._part_lines(Part("plan", "looking")) as path, action._with_progress(path, reads=True):
        assert path is not None
        assert stage.task.environment[-1] == {PATH_VARIABLE: path, READS_VARIABLE: "1"}
        Path(path).write_text(to_text(reading(240), 1.0), encoding="utf-8")
        _wait_until(lambda: bool(stage.shown))
    assert stage.shown[0].startswith("plan, looking: 240 calls, 0:0")
