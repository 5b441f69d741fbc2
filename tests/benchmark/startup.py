# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures how long one small task takes, against an empty module, on the emulator. Run by `make benchmark`.

`ansible localhost -m` runs a module that has next to nothing to do (a machine that is gone), and in turn a module that imports
nothing but AnsibleModule. The ratio is the median of the ratios of pairs, once of the time that passes and once of the time of
the processor, which other work on the computer disturbs less.

Then it says what costs what: the controller's part, and in the process of the module its imports and its calls. On the controller
itself a module runs from the files of the collection (`plugins/plugin_utils/_actions/local_action.py`).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from measure import MODULES, Json

from jdcloud_emulator.process import EmulatorProcess

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
GONE: Json = {"state": "absent", "instance_ids": ["i-gone000001"]}
ARGUMENTS: dict[str, Json] = {"jdcloud_vm": GONE, "jdcloud_quota_info": {}}
EMPTY = """\
from ansible.module_utils.basic import AnsibleModule

if __name__ == "__main__":
    AnsibleModule({}).exit_json(changed=False)
"""
IMPORTS = """\
import sys, time
import ansible.module_utils.basic
began = time.process_time()
import requests
requests_ready = time.process_time()
__import__(sys.argv[1])
print(requests_ready - began, time.process_time() - requests_ready)
"""


@dataclass(frozen=True, slots=True)
class Seconds:
    """How long commands ran, and how much time of the processor they and their children took."""

    wall: float
    processor: float


def timed(command: Sequence[str], environment: Mapping[str, str]) -> tuple[Seconds, str]:
    """Run a command, and return its times and its output. Raises CalledProcessError if it fails."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - began
    return Seconds(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime), done.stdout


class Stage:
    """A folder for an empty module and for what Ansible sends, and the environment to run modules in."""

    def __init__(self, folder: Path, emulator: EmulatorProcess) -> None:
        self._folder = folder
        self._sent = folder / "sent"
        (folder / "empty.py").write_text(EMPTY, encoding="utf-8")
        self._environment = {
            **os.environ,
            **emulator.environment(),
            "ANSIBLE_LIBRARY": str(folder),
            "ANSIBLE_REMOTE_TMP": str(self._sent),
        }

    def task(self, module: str, *, keep: bool = False) -> Seconds:
        """Run a task with one of the modules, or with the empty one. `keep`: what is sent stays, for `process`."""
        arguments = ARGUMENTS.get(module, {})
        name = module if module == "empty" else f"jdcloud.cloud.{module}"
        options = ["-a", json.dumps(arguments)] if arguments else []
        environment = {**self._environment, "ANSIBLE_KEEP_REMOTE_FILES": str(keep)}
        ansible = Path(sys.executable).with_name("ansible")
        return timed([str(ansible), "localhost", "-m", name, *options], environment)[0]

    def sent(self, module: str) -> Path:
        """The file that Ansible sends to run a module."""
        shutil.rmtree(self._sent, ignore_errors=True)
        self.task(module, keep=True)
        return next(self._sent.rglob("AnsiballZ_*.py"))

    def process(self, file: Path, module: str) -> Seconds:
        """Run such a file as Ansible does on the host."""
        where = {"JDCLOUD_PLUGINS": str(PLUGINS), "JDCLOUD_MODULE": module}
        return timed([sys.executable, str(file)], {**self._environment, **where})[0]

    def imports(self, module: str) -> tuple[float, float]:
        """Processor seconds for the import of requests, and of a module with what it uses."""
        libraries, own = timed([sys.executable, "-c", IMPORTS, f"{MODULES}.{module}"], self._environment)[1].split()
        return float(libraries), float(own)


def compare(stage: Stage, module: str, pairs: int) -> None:
    """Print how much longer a task with this module takes than one with the empty module."""
    walls, processors, empties = [], [], []
    for number in range(pairs):
        # Who comes second finds a warmer computer.
        order = (module, "empty") if number % 2 else ("empty", module)
        seconds = {name: stage.task(name) for name in order}
        walls.append(seconds[module].wall / seconds["empty"].wall)
        processors.append(seconds[module].processor / seconds["empty"].processor)
        empties.append(seconds["empty"].wall)
    print(
        f"{module:20} {statistics.median(walls):.3f} times an empty module ({statistics.median(empties):.2f} s), "
        f"{statistics.median(processors):.3f} times its processor time; median of {pairs} pairs",
        flush=True,
    )


def explain(stage: Stage, module: str, repeats: int) -> None:
    """Print what costs what, in milliseconds of the processor that come on top of those of the empty module."""
    empty = stage.sent("empty")
    empty_process = statistics.median(stage.process(empty, "empty").processor for _each in range(repeats))
    file = stage.sent(module)
    process = statistics.median(stage.process(file, module).processor for _each in range(repeats))
    parts = [stage.imports(module) for _each in range(repeats)]
    libraries, own = (statistics.median(part[index] for part in parts) for index in (0, 1))
    whole = statistics.median(stage.task(module).processor for _each in range(repeats))
    whole_empty = statistics.median(stage.task("empty").processor for _each in range(repeats))
    controller = (whole - process) - (whole_empty - empty_process)
    costs = {
        "controller": controller,
        "import of requests": libraries,
        "import of the collection's files": own,
        "unpacking and calls": process - empty_process - libraries - own,
    }
    shown = ", ".join(f"{name} {seconds * 1000:.0f}" for name, seconds in costs.items())
    print(f"{'':20} on top of {whole_empty * 1000:.0f} ms: {shown}", flush=True)


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--module", action="append", choices=sorted(ARGUMENTS), help="repeatable (default: all of these)")
    parser.add_argument("--pairs", type=int, default=9, help="pairs of tasks a module (default: %(default)s)")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="jdcloud-startup-") as folder,
        EmulatorProcess(seed={"regions": {"cn-north-1": {}}}) as emulator,
    ):
        stage = Stage(Path(folder), emulator)
        for module in options.module or ARGUMENTS:
            compare(stage, module, options.pairs)
            explain(stage, module, max(3, options.pairs // 2))


if __name__ == "__main__":
    main()
