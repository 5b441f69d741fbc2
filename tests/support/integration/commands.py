# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ansible's own commands against the emulator: real playbooks, ad-hoc calls, and processes that are interrupted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.integration.cloud import COLLECTIONS, Cloud
from support.json_object import Json

BIN = Path(sys.executable).parent
CONFIG = Path(__file__).resolve().parents[2] / "ansible.cfg"
MARK = "JDCLOUD_TEST_MARK"
"""A variable in the environment of everything that one command starts, by which all its processes are found."""
MEASURING = ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")
"""What makes a Python process below a test measure its coverage."""


KEEPS = """\
from pathlib import Path


def kept_in(text, path):
    Path(path).write_text(text, encoding="utf-8")
    return "kept"


class FilterModule:
    def filters(self):
        return {"kept_in": kept_in}
"""
"""A file of filters next to the playbook."""


@dataclass(frozen=True)
class Played:
    """An Ansible command that has ended."""

    status: int
    output: str
    results: dict[str, Json]

    def __getitem__(self, task: str) -> Json:
        """The result of a task by its name."""
        return self.results[task]


class Ansible:
    """Runs Ansible's commands with a private home below the test's own folder."""

    def __init__(self, cloud: Cloud, folder: Path) -> None:
        self._cloud = cloud
        self._folder = folder
        self.mark = uuid.uuid4().hex

    def environment(self, **more: str) -> dict[str, str]:
        """Only what the command needs. The collection's path is Ansible's business here, not Python's.

        Coverage is measured where modules run without Ansible; here it would cost a third of the time and show nothing more.
        """
        return {
            **self._cloud.environment({"PYTHONPATH": None, **dict.fromkeys(MEASURING)}),
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "LC_ALL": "C.UTF-8",
            "NO_COLOR": "1",
            "ANSIBLE_CONFIG": str(CONFIG),
            "ANSIBLE_HOME": str(self._folder / "ansible-home"),
            "ANSIBLE_LOCAL_TEMP": str(self._folder / "tmp"),
            "ANSIBLE_REMOTE_TMP": str(self._folder / "tmp"),
            "ANSIBLE_ASYNC_DIR": str(self._folder / "async"),
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
            MARK: self.mark,
            **more,
        }

    def write(self, tasks: list[Json], **play: Any) -> Path:
        """A playbook with one play on this machine."""
        path = self._folder / "play.yml"
        # JSON is YAML, and needs no library.
        whole = {"hosts": "localhost", "gather_facts": False, "connection": "local", **play, "tasks": tasks}
        path.write_text(json.dumps([whole]), encoding="utf-8")
        return path

    def play(
        self, tasks: list[Json], *arguments: str, play: Json | None = None, environment: dict[str, str] | None = None
    ) -> Played:
        """Run the tasks. The results of those with a `register` come back by that name, from a file that the last task writes.

        A filter writes it: a module would be one more process for each play.
        """
        results = self._folder / "results.json"
        names = [task["register"] for task in tasks if "register" in task]
        content = "{" + ", ".join(f"'{name}': {name}" for name in names) + "}"
        filters = self._folder / "filter_plugins"
        filters.mkdir(exist_ok=True)
        (filters / "kept.py").write_text(KEEPS, encoding="utf-8")
        keep: Json = {
            "name": "Keep the results",
            "ansible.builtin.debug": {"msg": f"{{{{ {content} | to_json | kept_in('{results}') }}}}"},
        }
        path = self.write([*tasks, keep], **(play or {}))
        process = self._run(["ansible-playbook", str(path), *arguments], environment)
        kept = json.loads(results.read_text(encoding="utf-8")) if results.exists() else {}
        return Played(process.returncode, process.stdout + process.stderr, kept)

    def ad_hoc(self, module: str, arguments: str, *more: str) -> Played:
        """`ansible localhost -m module -a arguments`."""
        process = self._run(["ansible", "localhost", "-m", module, "-a", arguments, *more], None)
        # "localhost | CHANGED => {…}", behind whatever Ansible says about an error.
        shown, _end = json.JSONDecoder().raw_decode(process.stdout.partition("=> ")[2])
        return Played(process.returncode, process.stdout + process.stderr, {"localhost": shown})

    def start(self, tasks: list[Json]) -> subprocess.Popen[str]:
        """Start a playbook in a process group of its own, as a terminal's shell would."""
        # A background job hands down an ignored SIGINT, which no Python command would notice then.
        before = signal.signal(signal.SIGINT, signal.SIG_DFL)
        try:
            return self._started(tasks)
        finally:
            signal.signal(signal.SIGINT, before)

    def _started(self, tasks: list[Json]) -> subprocess.Popen[str]:
        with open(self._folder / "output", "w", encoding="utf-8") as output:
            return subprocess.Popen(
                [str(BIN / "ansible-playbook"), str(self.write(tasks))],
                env=self.environment(),
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )

    def processes(self) -> list[int]:
        """All live processes that a command of this test started, however they are related now."""
        wanted = f"{MARK}={self.mark}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and _holds(entry, wanted):
                found.append(int(entry.name))
        return found

    def modules(self) -> list[int]:
        """Those of them that run the module itself; the shells above it have its name in their words, too."""
        return [pid for pid in self.processes() if _runs_module(pid)]

    def kill_left_over(self) -> None:
        """End what a failed test may have left."""
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)

    def _run(self, command: list[str], environment: dict[str, str] | None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(BIN / command[0]), *command[1:]],
            env=self.environment(**(environment or {})),
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _runs_module(pid: int) -> bool:
    """Whether a process was started from a module's file, or was told by its environment which module it is."""
    words = _read(Path(f"/proc/{pid}/cmdline")).split(b"\0")
    if words[1:2] == [b"-c"]:
        return False
    from_file = words[1:2] != [] and words[1].rpartition(b"/")[2].startswith(b"AnsiballZ_jdcloud_")
    return from_file or b"\0JDCLOUD_MODULE=" in b"\0" + _read(Path(f"/proc/{pid}/environ"))


def _holds(process: Path, wanted: bytes) -> bool:
    return wanted in _read(process / "environ").split(b"\0") and b"State:\tZ" not in _read(process / "status")


def vm(register: str, state: str, *ids: str, **options: Any) -> Json:
    """A task of jdcloud_vm whose failure does not end the play. The names of keys say which belong to the task."""
    of_task: Json = {key: options.pop(key) for key in ("check_mode", "diff", "async", "poll", "no_log") if key in options}
    chosen = {"instance_ids": list(ids)} if ids else {}
    return {
        "name": f"Task {register}",
        "jdcloud.cloud.jdcloud_vm": {"state": state, "poll_interval": 0.2, **chosen, **options},
        "register": register,
        "ignore_errors": True,
        **of_task,
    }
