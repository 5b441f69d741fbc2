# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a module runs from the files of the collection, and where Ansible sends them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible import constants as C
from ansible.plugins.action.normal import ActionModule as NormalAction

from ansible_collections.jdcloud.cloud.plugins.plugin_utils._actions.local_action import LocalAction
from support.json_object import Json

PLUGINS = Path(__file__).resolve().parents[3] / "plugins"
GIVEN = {"HTTPS_PROXY": "proxy"}


class Stage:
    """A task whose module Ansible would execute; kept is what it was asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.task = SimpleNamespace(action="jdcloud.cloud.jdcloud_vm", async_val=0, environment=[GIVEN], args={})
        self.connection = SimpleNamespace(transport="local", become=None, _shell=None)
        self.module = ""
        self.named = ""
        self.environment: list[Json] = []
        self.fails = False
        monkeypatch.setattr(NormalAction, "_execute_module", self._execute)
        monkeypatch.setattr(NormalAction, "_update_module_args", self._update)

    def run(self, **options: Any) -> Json:
        """Execute the module of the task, or the one that is given."""
        self._action = self.action()
        return self._action._execute_module(**options)

    def action(self) -> LocalAction:
        """The action of the task."""
        return LocalAction(
            task=self.task,
            connection=self.connection,
            play_context=SimpleNamespace(),
            loader=None,
            templar=None,
            shared_loader_obj=None,
        )

    def _execute(self, module_name: str, **_options: Any) -> Json:
        self.module, self.environment = module_name, self.task.environment
        self._action._update_module_args(module_name, {}, {})
        if self.fails:
            raise ConnectionError
        return {"changed": True}

    def _update(self, module_name: str, _arguments: Json, *_more: Any, **_named: Any) -> None:
        self.named = module_name


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A task on this host."""
    return Stage(monkeypatch)


def test_on_this_host_a_module_runs_from_the_folder_of_the_collection(stage: Stage) -> None:
    assert stage.run() == {"changed": True}
    assert stage.module == "jdcloud.cloud.jdcloud_local"
    assert stage.environment == [GIVEN, {"JDCLOUD_PLUGINS": str(PLUGINS), "JDCLOUD_MODULE": "jdcloud_vm"}]


def test_messages_name_the_module_that_was_called(stage: Stage) -> None:
    stage.run()
    assert stage.named == "jdcloud.cloud.jdcloud_vm"


def test_an_action_may_name_another_module(stage: Stage) -> None:
    stage.run(module_name="jdcloud.cloud.jdcloud_tag")
    assert stage.environment[-1]["JDCLOUD_MODULE"] == "jdcloud_tag"
    assert stage.named == "jdcloud.cloud.jdcloud_tag"


@pytest.mark.parametrize("fails", [False, True])
def test_the_environment_of_the_task_is_as_before(stage: Stage, fails: bool) -> None:
    before = stage.task.environment
    stage.fails = fails
    if fails:
        with pytest.raises(ConnectionError):
            stage.run()
    else:
        stage.run()
    assert stage.task.environment is before


@pytest.mark.parametrize(
    ("place", "name", "value"),
    [("connection", "transport", "ssh"), ("connection", "become", SimpleNamespace()), ("task", "async_val", 60)],
    ids=["another host", "another user", "in the background"],
)
def test_elsewhere_ansible_sends_the_files(stage: Stage, place: str, name: str, value: Any) -> None:
    setattr(getattr(stage, place), name, value)
    stage.run()
    assert stage.module == "jdcloud.cloud.jdcloud_vm"
    assert stage.named == "jdcloud.cloud.jdcloud_vm"
    assert stage.environment == [GIVEN]


def test_on_this_host_a_module_needs_no_file(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NormalAction, "_is_pipelining_enabled", lambda *_given: False)
    assert stage.action()._is_pipelining_enabled("new")
    assert not stage.action()._is_pipelining_enabled("old")
    stage.connection.transport = "ssh"
    assert not stage.action()._is_pipelining_enabled("new")


def test_a_file_that_is_to_be_kept_is_made(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NormalAction, "_is_pipelining_enabled", lambda *_given: False)
    monkeypatch.setattr(C, "DEFAULT_KEEP_REMOTE_FILES", True)
    assert not stage.action()._is_pipelining_enabled("new")


def test_elsewhere_the_users_setting_counts(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NormalAction, "_is_pipelining_enabled", lambda *_given: True)
    stage.connection.transport = "ssh"
    assert stage.action()._is_pipelining_enabled("new")
