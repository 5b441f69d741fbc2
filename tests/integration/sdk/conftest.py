# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vendor's own clients, pointed at a running emulator."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from jdcloud_sdk.core.config import Config
from jdcloud_sdk.core.credential import Credential
from jdcloud_sdk.core.logger import Logger

from jdcloud_emulator.process import EmulatorProcess

REGION = "cn-north-1"
# One environment of its own, whichever Python runs the tests: the tool pins an old SDK.
COMMAND_LINE = Path(__file__).resolve().parents[3] / ".venv" / "cli" / "bin" / "python"
# The tool was written for older Pythons: 3.12 took away a class that it uses and a module that it only imports.
LAUNCHER = """
import configparser, sys, types
configparser.SafeConfigParser = getattr(configparser, "SafeConfigParser", configparser.ConfigParser)
sys.modules.setdefault("imp", types.ModuleType("imp"))
from jdcloud_cli.jdc import main
sys.exit(main())
"""
Call = Callable[..., Any]


@pytest.fixture
def emulator() -> Iterator[EmulatorProcess]:
    """An empty cloud of its own for each test."""
    with EmulatorProcess() as running:
        yield running


@pytest.fixture
def sdk(emulator: EmulatorProcess) -> Call:
    """`sdk("vm", "stopInstance", {…})` sends with the official SDK and returns its response.

    The SDK's default logger prints the Authorization header; this one is silent.
    """
    keys = emulator.environment()
    credential = Credential(keys["JDCLOUD_ACCESS_KEY"], keys["JDCLOUD_SECRET_KEY"])
    config = Config(emulator.url.removeprefix("http://"), "http")

    def send(service: str, operation: str, parameters: dict[str, Any], header: dict[str, str] | None = None) -> Any:
        name = operation[0].upper() + operation[1:]
        base = f"jdcloud_sdk.services.{service}"
        client_name = service.capitalize() + "Client"
        client = getattr(import_module(f"{base}.client.{client_name}"), client_name)
        request = getattr(import_module(f"{base}.apis.{name}Request"), f"{name}Request")
        return client(credential, config, Logger(-1)).send(request({"regionId": REGION, **parameters}, header))

    return send


@pytest.fixture
def jdc(emulator: EmulatorProcess, tmp_path: Path) -> Call:
    """`jdc("vm", "stop-instance", "--instance-id", "i-…")` runs the official command line tool and returns its JSON answer."""
    if not COMMAND_LINE.exists():
        pytest.fail(f"the vendor's command line tool is not installed in {COMMAND_LINE.parent.parent}: use `make foreign`")
    environment = {**os.environ, "HOME": str(tmp_path), "PYTHONWARNINGS": "ignore", "PYTHONPATH": ""}

    def run(*words: str) -> Any:
        done = subprocess.run(
            [str(COMMAND_LINE), "-c", LAUNCHER, *words],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            env=environment,
            cwd=tmp_path,
        )
        assert done.returncode == 0, done.stderr
        start = done.stdout.find("{")
        return json.loads(done.stdout[start:]) if start >= 0 else done.stdout

    keys = emulator.environment()
    pairs = {
        "--profile": "test",
        "--access-key": keys["JDCLOUD_ACCESS_KEY"],
        "--secret-key": keys["JDCLOUD_SECRET_KEY"],
        "--region-id": REGION,
        "--endpoint": emulator.url.removeprefix("http://"),
        "--scheme": "http",
    }
    run("configure", "add", *(word for pair in pairs.items() for word in pair))
    run("configure", "use", "--profile", "test")
    return run
