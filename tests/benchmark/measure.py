# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a module as a process of its own against the emulator, and measures it."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jdcloud_emulator.process import EmulatorProcess

LATENCY_SECONDS = 0.02
RATE_LIMIT = 100.0
"""Calls a second that the emulated cloud allows."""
PAGE_SIZE = 100
MODULES = "ansible_collections.jdcloud.cloud.plugins.modules"
COLLECTIONS = Path(__file__).resolve().parents[2] / ".venv" / "collections"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Measurement:
    """One run of a module: its result, its wall time, the time between its first and last request, its memory in MB."""

    result: Json
    wall: float
    service: float
    memory: float
    requests: Sequence[Json]


def run_module(emulator: EmulatorProcess, module: str, arguments: Mapping[str, Any]) -> Measurement:
    """Run a module as a process of its own, as Ansible does."""
    emulator.control.clear_requests()
    environment = {**os.environ, **emulator.environment(), "PYTHONPATH": str(COLLECTIONS)}
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", f"{MODULES}.{module}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )
    output, _errors = process.communicate(json.dumps({"ANSIBLE_MODULE_ARGS": dict(arguments)}))
    wall = time.monotonic() - began
    requests = emulator.control.requests()
    service = requests[-1]["time"] - requests[0]["time"] if requests else 0.0
    # Of the largest child so far: the fleets are measured in growing order.
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return Measurement(json.loads(output), wall, service, memory, requests)
