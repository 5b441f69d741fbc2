# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the real `main()` of the modules in process, against a cloud in memory and in virtual time."""

from __future__ import annotations

import contextlib
import importlib
import json
import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from ansible.module_utils import basic
from ansible.module_utils.common import warnings as ansible_warnings

from ansible_collections.jdcloud.cloud.plugins.module_utils._module import session

from .memory_cloud import MemoryCloud, VirtualPool

Json = dict[str, Any]

SECRET = "Very/Secret+Key=0001"
ACCESS_KEY = "TESTACCESSKEY0000000000000000AK01"
CAUGHT_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)


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
        main = importlib.import_module(f"ansible_collections.jdcloud.cloud.plugins.modules.{module}").main
        # Ansible collects warnings for the life of a process, which elsewhere is one module run.
        ansible_warnings._global_warnings.clear()
        self._capsys.readouterr()
        arguments = _module_arguments({**options, "_ansible_check_mode": check})
        with arguments, _as_a_module(), pytest.raises(SystemExit) as ended:
            main()
        output = self._capsys.readouterr()
        result: Json = json.loads(output.out)
        status = int(ended.value.code or 0)
        assert bool(result.get("failed")) == (status != 0)
        told = output.out
        if not _knows_where_it_runs():
            # ansible-core 2.18 puts one into every result, for those who show it to decide.
            told = json.dumps({name: value for name, value in result.items() if name != "exception"})
        assert "Traceback" not in told + output.err
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


def _as_a_module() -> AbstractContextManager[Any]:
    """Let Ansible take this process for that of a module, also after tests that have loaded parts of a controller."""
    if not _knows_where_it_runs():
        return contextlib.nullcontext()
    # A controller shows warnings at once instead of putting them into the result.
    return mock.patch.object(importlib.import_module("ansible.module_utils._internal"), "is_controller", False)


def _knows_where_it_runs() -> bool:
    """Whether this is ansible-core 2.19 or newer."""
    return hasattr(importlib.import_module("ansible.module_utils._internal"), "is_controller")


def _module_arguments(arguments: Json) -> AbstractContextManager[Any]:
    """Give `AnsibleModule` its arguments, with the means of the installed ansible-core."""
    try:
        # From ansible-core 2.19 on.
        testing = importlib.import_module("ansible.module_utils.testing")
    except ModuleNotFoundError:
        return mock.patch.object(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode())
    patched: AbstractContextManager[Any] = testing.patch_module_args(arguments)
    return patched


@pytest.fixture
def cloud() -> MemoryCloud:
    """An empty cloud."""
    return MemoryCloud()


@pytest.fixture
def run(
    cloud: MemoryCloud, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[Runner]:
    """Runs modules against `cloud`, with keys from the environment and an empty home."""
    monkeypatch.setattr(session, "Transport", cloud.transport)
    monkeypatch.setattr(session, "SystemClock", lambda: cloud.clock)
    monkeypatch.setattr(session, "ThreadPool", VirtualPool)
    monkeypatch.setenv("HOME", str(tmp_path))
    names = (
        "SECURITY_TOKEN",
        "PROFILE",
        "ENDPOINT_URL",
        "CA_BUNDLE",
        "API_TIMEOUT",
        "API_RETRIES",
        "API_RATE_LIMIT",
        "EXPECTED_ACCOUNT",
    )
    for name in names:
        monkeypatch.delenv(f"JDCLOUD_{name}", raising=False)
    monkeypatch.setenv("JDCLOUD_ACCESS_KEY", ACCESS_KEY)
    monkeypatch.setenv("JDCLOUD_SECRET_KEY", SECRET)
    monkeypatch.setenv("JDCLOUD_REGION", "cn-north-1")
    handlers = {number: signal.getsignal(number) for number in CAUGHT_SIGNALS}
    yield Runner(capsys)
    for number, handler in handlers.items():
        signal.signal(number, handler)
