# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the `main()` of a module in process, against a cloud in memory."""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass
from typing import Any

import pytest

from support.json_object import Json
from support.keys import SECRET
from support.run_module import MODULES, as_a_module, forget_warnings, knows_where_it_runs, module_arguments


@dataclass(frozen=True)
class Ended:
    """How a module ended: its exit status, what it printed, and that as a result."""

    status: int
    text: str
    result: Json

    @property
    def failed(self) -> bool:
        """Whether the task failed."""
        return bool(self.result.get("failed"))

    @property
    def msg(self) -> str:
        """The sentence of a failed task."""
        return str(self.result["msg"])

    @property
    def actions(self) -> dict[str, str]:
        """Action by machine."""
        return {machine["instance_id"]: machine["action"] for machine in self.result["instances"]}

    @property
    def only(self) -> Json:
        """The one machine of the result."""
        (machine,) = self.result["instances"]
        return dict(machine)

    @property
    def warnings(self) -> list[str]:
        """Warnings of the task."""
        return [str(warning) for warning in self.result.get("warnings", [])]


class Runner:
    """Calls the `main()` of a module."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, module: str, *, check: bool = False, **options: Any) -> Ended:
        """Run `module` with `options` and return how it ended."""
        main = importlib.import_module(f"{MODULES}.{module}").main
        forget_warnings()
        self._capsys.readouterr()
        arguments = module_arguments({**options, "_ansible_check_mode": check})
        with arguments, as_a_module(), pytest.raises(SystemExit) as ended:
            main()
        output = self._capsys.readouterr()
        result: Json = json.loads(output.out)
        status = int(ended.value.code or 0)
        assert bool(result.get("failed")) == (status != 0)
        text = output.out
        if not knows_where_it_runs():
            # ansible-core 2.18 puts one into every result, for those who show it to decide.
            text = json.dumps({name: value for name, value in result.items() if name != "exception"})
        assert "Traceback" not in text + output.err
        assert SECRET not in output.out + output.err
        return Ended(status, output.out + output.err, result)

    def vm(self, state: str, *ids: str, check: bool = False, **options: Any) -> Ended:
        """Run jdcloud_vm."""
        chosen: Json = {"instance_ids": list(ids)} if ids else {}
        return self("jdcloud_vm", check=check, state=state, **chosen, **options)

    def vm_info(self, *ids: str, **options: Any) -> Ended:
        """Run jdcloud_vm_info."""
        chosen: Json = {"instance_ids": list(ids)} if ids else {}
        return self("jdcloud_vm_info", **chosen, **options)
