# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole campaigns without Ansible: the stages run the real `main()` of the modules against a cloud in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.progress import Part
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.stages.campaign import begin, go_on
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.stages.events import check_hooks, stop, with_events
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.stages.finish import finish
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.stages.plan import plan
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.stages.wave import wave
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.store import Store
from support.campaign.results import NOW, options
from support.json_object import Json
from support.module.runner import Runner

STARTED_BY = {"user": "lin.mei", "host": "ops-1", "job": None}


class ModulesInProcess:
    """Runs modules as the action does, without Ansible."""

    def __init__(self, run: Runner) -> None:
        self._run = run
        self.used: list[str] = []
        """The modules that ran, those that only looked in brackets."""
        self.parts: list[Part | None] = []
        """What each was a part of."""

    def execute(
        self, module: str, arguments: Mapping[str, Any], *, check_mode: bool, journal_path: str, part: Part | None = None
    ) -> Json:
        """See `Modules`."""
        self.parts.append(part)
        self.used.append(f"({module})" if check_mode else module)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("JDCLOUD_JOURNAL_PATH", journal_path)
            given = {name: value for name, value in arguments.items() if value is not None}
            return self._run(module, check=check_mode, **given).result


class Conducted:
    """A campaign as the role runs it."""

    def __init__(self, run: Runner, folder: Path, *, handed_over: Json | None = None, **variables: Any) -> None:
        self._handed_over = handed_over
        self.modules = ModulesInProcess(run)
        self._folder = folder
        self._variables = {"report_dir": str(folder), "poll_interval": 2, **variables}
        self.events: list[Json] = []
        """What the hooks were handed."""
        self.failing: Callable[[Json], str] = lambda _event: ""
        """The name of the task with which a hook fails, empty if it does not."""
        self.clock: Callable[[], datetime] = lambda: NOW

    def __call__(self, *, check: bool = False) -> Json:
        """Run it, from the plan to the report."""
        wanted = options(**self._variables)
        folder = self._folder.with_name("preview") if check else self._folder
        folder.mkdir(exist_ok=True)
        context = (Store(str(folder)), self.modules, self.clock)
        check_hooks(wanted)
        campaign = begin(wanted, *context, preview=check, started_by=STARTED_BY, handed_over=self._handed_over)
        with campaign.stage():
            planned = with_events(campaign, "plan", plan(campaign))
            campaign.save()
        run, ended = campaign.record.run, {}
        goes_on, last = True, planned
        for step in planned["steps"]:
            if "hook" in step:
                if goes_on or step["hook"] in ("after_wave", "after_campaign"):
                    event = step.get("event", last.get("event"))
                    goes_on = self._hook(event, context, run, check=check) and goes_on
                continue
            campaign = go_on(*context, preview=check, run=run)
            with campaign.stage(last="waves" not in step):
                for number in step.get("waves", ()):
                    last = with_events(campaign, "wave", wave(campaign, number), number)
                    campaign.save()
                    goes_on = last["go"]
                if "waves" not in step:
                    ended = last = with_events(campaign, "finish", finish(campaign))
        return ended

    def _hook(self, event: Json | None, context: tuple[Any, ...], run: str, *, check: bool) -> bool:
        """Run a hook with its event, as `hook.yml` does; without one nothing was done. Returns whether to go on."""
        if event is None:
            return True
        self.events.append(event)
        task = self.failing(event)
        if task:
            campaign = go_on(*context, preview=check, run=run)
            with campaign.stage():
                stop(campaign, event["hook"], event.get("wave"), task)
                campaign.save()
        return not task
