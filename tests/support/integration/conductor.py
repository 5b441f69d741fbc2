# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Uses the roles and playbooks without Ansible: the action jdcloud_campaign and its modules run in this process.

Their requests are signed, and go to the emulator as those of a play would.

What the few tasks of a role add (`roles/*/tasks/`) is done here in the same order. `tests/integration/role` runs each kind of
campaign in a real play once; scenarios need no Ansible, and take a tenth of the time.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from ansible import constants

from ansible_collections.jdcloud.cloud.plugins.action import jdcloud_campaign
from support import victims
from support.integration.campaigns import Campaign
from support.integration.campaigns import role_variables as campaign_variables
from support.integration.cloud import Cloud
from support.integration.role_backups import Use
from support.integration.role_backups import role_variables as backup_variables
from support.json_object import Json
from support.leaps import Leaps
from support.run_module import run_here

QUICK: Json = {"poll_interval": "0.05"}
"""Transitions of the emulator are short, and nothing but they are waited for."""


class Action(jdcloud_campaign.ActionModule):
    """The action, with modules that run in this process."""

    conductor: Conductor

    def _execute_module(self, module_name: str | None = None, **options: Any) -> dict[str, Any]:
        assert module_name is not None
        module = module_name.rpartition(".")[2]
        return self.conductor.run_module(module, options["module_args"], self._task.environment, check=self._task.check_mode)


class Conductor:
    """Whoever uses the roles against the cloud of one test."""

    def __init__(self, environment: Mapping[str, str], folder: Path, leaps: Leaps) -> None:
        self._environment = dict(environment)
        self._folder = folder
        self._leaps = leaps
        self._words: tuple[str, ...] = ()
        self.lines: list[str] = []
        """What the stages of all uses have shown."""

    # --- uses of the roles ----------------------------------------------------------------------------------------

    def decommission(self, *words: str, **variables: Any) -> Campaign:
        """Use the role vm_decommission once; of the words of a command line, --check has a meaning here."""
        self._words, before = words, len(self.lines)
        report, message = self._campaign(campaign_variables({**QUICK, **variables}))
        return Campaign(report, message, "\n".join(self.lines[before:]))

    def back_up(self, *words: str, **variables: Any) -> Use:
        """Use the role vm_backup once."""
        self._words = words
        done = self.stage({"stage": "backup"}, backup_variables({**QUICK, **variables}))
        return Use({}, done["msg"]) if done.get("failed") else Use(done["manifest"], done["problem"])

    def back_up_each(self, *uses: Json) -> list[Use]:
        """Use the role vm_backup so many times."""
        return [self.back_up(**variables) for variables in uses]

    def restore(self, *words: str, **variables: Any) -> Json:
        """Run the playbook restore. The result of its one stage."""
        self._words = words
        return self.stage({"stage": "restore"}, _prefixed("restore", {**QUICK, **variables}))

    def due(self, *words: str, **variables: Any) -> Json:
        """What the playbook cleanup would delete: the result of its first stage."""
        self._words = words
        return self.stage({"stage": "cleanup"}, _prefixed("cleanup", variables))

    def _campaign(self, variables: Json) -> tuple[Json, str]:
        """The report, and the message of the failure."""
        planned = self.stage({"stage": "plan"}, variables)
        if planned.get("failed"):
            return {}, planned["msg"]
        report: Json = {}
        done: Json = {}
        which = {name: planned[name] for name in ("folder", "run")}
        for step in planned["steps"]:
            assert "hook" not in step, "the user's own tasks need a play"
            waves = step.get("waves")
            done = self.stage({"stage": "wave", "waves": waves, **which} if waves else {"stage": "finish", **which}, variables)
            if done.get("failed"):
                return report, done["msg"]
            if not waves:
                report = {**done["report"], "path": done["report_path"]}
        self.lines.append(done["message"])
        failed = done.get("run") == planned["run"] and done["fails"]
        return report, done["message"] if failed else ""

    # --- the parts of a use ---------------------------------------------------------------------------------------

    def stage(self, options: Json, variables: Json) -> Json:
        """Run the action once. Its result, with `failed` and `msg` if it failed."""
        task = SimpleNamespace(args=options, check_mode="--check" in self._words, environment=[], async_val=0)
        action = Action(
            task=task,
            # Progress is shown of modules that Ansible itself starts on this host.
            connection=SimpleNamespace(transport="in this process", become=None, _shell=None),
            play_context=SimpleNamespace(),
            loader=None,
            templar=SimpleNamespace(template=lambda value: value),
            shared_loader_obj=None,
        )
        action.conductor = self
        with self._surroundings(variables):
            result: Json = action.run(None, variables)
        return result

    def run_module(self, module: str, arguments: Json, environment: list[Json], *, check: bool) -> Json:
        """Run a module as a task with these environments would."""
        whole = dict(self._environment)
        for part in environment:
            whole.update(part)
        given = {**arguments, "_ansible_check_mode": check, "_ansible_diff": False}
        ended = run_here(module, given, whole, self._folder, leaps=self._leaps)
        assert "Traceback" not in ended.stdout + ended.stderr, ended.stdout + ended.stderr
        result: Json = json.loads(ended.stdout)
        return {"changed": False, **result}

    @contextlib.contextmanager
    def _surroundings(self, variables: Json) -> Iterator[None]:
        """What the action would find in a process of Ansible."""
        scratch = self._folder / "scratch"
        scratch.mkdir(exist_ok=True)
        display = SimpleNamespace(display=lambda text, **_how: self.lines.append(text))
        with (
            mock.patch.object(jdcloud_campaign, "Display", lambda: display),
            mock.patch.object(jdcloud_campaign, "load_extra_vars", lambda _loader: variables),
            mock.patch.object(jdcloud_campaign, "_utcnow", self._leaps.utcnow),
            mock.patch.object(constants, "DEFAULT_LOCAL_TMP", str(scratch)),
            mock.patch.object(sys, "argv", ["ansible-playbook", "play.yml", *self._words]),
            # The process above the stages of a play is the play; here it would be the one that runs the tests.
            mock.patch.object(os, "getppid", os.getpid),
        ):
            yield


def _prefixed(playbook: str, variables: Json) -> Json:
    return {f"{playbook}_{name}": value for name, value in variables.items()}


def conductor_of(cloud: Cloud, folder: Path) -> Conductor:
    """The conductor of a test."""
    return Conductor(cloud.environment(), folder, cloud.leaps)


def kill_at(cloud: Cloud, folder: Path, operation: str, role: str, variables: Json, **where: Any) -> None:
    """Use a role in a process of its own, and kill it while this call hangs. `where` says which call, and its effect."""
    fault: Json = {"kind": "hang", "operation": operation, **where}
    killed = victims.kill_at(cloud, fault, _use, cloud.environment(), folder, role, variables)
    assert killed, "the role ended before it came to this call"


def _use(url: str, environment: Mapping[str, str], folder: Path, role: str, variables: Json) -> str:
    """Use a role once. The message of the failure."""
    conductor = Conductor(environment, folder, victims.leaps_at(url))
    return str(getattr(conductor, role)(**variables).message)
