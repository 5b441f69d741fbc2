# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures whole campaigns: `ansible-playbook` with the role vm_decommission, on the emulator. Run by `make benchmark`.

The machines run at first. The emulated cloud stops a machine in 2 s, makes an image in 3 s and deletes a machine in 1.5 s,
answers after 20 ms and allows 100 calls a second. The lower bound of a wave is that of the engine (`run.lower_bound`), and that
of a campaign is the sum of its waves' bounds. Goals, for the wall time of the whole command:

    one wave, no backups:       1.5 x bound
    several waves, no backups:  bound + 2 s + 2.5 s a wave
    with images:                1.4 x bound + 2 s + 2.5 s a wave

It prints for each run: wall, bound, goal and ratio (wall / bound); how many modules ran and how many processes were started
(forks of Ansible, shells, Python programs); calls to the cloud; processor seconds of the command with all its processes; titles
of tasks and lines on the terminal. All of these but wall and processor seconds are the same on a busy machine.

Quotas are raised, so that there may be an image of each machine.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from backup import IMAGE_SECONDS, PLENTY
from measure import LATENCY_SECONDS, RATE_LIMIT, Json
from run import DELETE_SECONDS, STOP_SECONDS, fleet, lower_bound

from jdcloud_emulator.process import EmulatorProcess

PLAYBOOK = [
    {
        "hosts": "localhost",
        "gather_facts": False,
        "roles": ["jdcloud.cloud.vm_decommission"],
    }
]
COUNTER = """\
import atexit
import os
import sys

_FILE = os.open(os.environ["BENCHMARK_PROCESSES"], os.O_WRONLY | os.O_APPEND)
_EXIT = os._exit
_MAIN = os.environ.setdefault("BENCHMARK_MAIN", str(os.getpid()))
_WORDS = {"os.fork": b"fork\\n", "subprocess.Popen": b"command\\n", "os.posix_spawn": b"command\\n"}


def _count(event, _arguments):
    if event in _WORDS:
        os.write(_FILE, _WORDS[event])


def _end():
    if str(os.getpid()) == _MAIN:
        # It looks for results all the time, so most of its waits hold nothing up.
        return
    with open("/proc/self/schedstat") as file:
        os.write(_FILE, b"waited:%s\\n" % file.read().split()[1].encode())


def _exit(status):
    _end()
    _EXIT(status)


sys.addaudithook(_count)
if os.path.exists("/proc/self/schedstat"):
    atexit.register(_end)
    os._exit = _exit
os.write(_FILE, b"python\\n")
"""
"""Python runs it at each start, under the name `sitecustomize`: a line for each process goes to a file that all of them share."""


@dataclass(frozen=True, slots=True)
class Case:
    """A campaign: so many machines, in waves as the variable names them and of these sizes."""

    machines: int
    waves: str
    sizes: tuple[int, ...]
    backup: str

    @property
    def bound(self) -> float:
        """Seconds that its waves take at least."""
        image_seconds = IMAGE_SECONDS if self.backup == "image" else None
        return sum(lower_bound(size, image_seconds) for size in self.sizes)

    @property
    def goal(self) -> float:
        """Seconds that the whole command may take."""
        more = 2.0 + 2.5 * len(self.sizes)
        if self.backup == "image":
            return 1.4 * self.bound + more
        return 1.5 * self.bound if len(self.sizes) == 1 else self.bound + more


@dataclass(frozen=True, slots=True)
class Ran:
    """What one run took. `processes` by kind: fork, command, python.

    `waited`: seconds that the workers and modules were ready to run and had no processor, as far as the system tells.
    """

    wall: float
    waited: float
    processor: float
    processes: Mapping[str, int]
    modules: int
    calls: int
    throttled: int
    output: str

    @property
    def started(self) -> int:
        """All processes."""
        return sum(self.processes.values())


def cases(machines: int) -> list[Case]:
    """What is measured."""
    return [
        Case(size, waves, sizes, backup)
        for backup in ("none", "image")
        for size, waves, sizes in ((machines, "100%", (machines,)), (30, "10,20,100%", (10, 10, 10)))
    ]


def run(emulator: EmulatorProcess, case: Case, folder: Path, poll_interval: float | None) -> Ran:
    """Run one campaign to its end. Raises RuntimeError with the output if it fails."""
    emulator.control.reset({**fleet(case.machines), "quotas": PLENTY})
    emulator.control.clear_requests()
    ids = list(emulator.control.state()["regions"]["cn-north-1"]["instances"])
    (folder / "sitecustomize.py").write_text(COUNTER, encoding="utf-8")
    (folder / "processes").write_bytes(b"")
    (folder / "play.json").write_text(json.dumps(PLAYBOOK), encoding="utf-8")
    (folder / "variables.json").write_text(json.dumps(variables(case, ids, folder, poll_interval)), encoding="utf-8")
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "play.json", "--extra-vars", "@variables.json"]
    environment = {
        **os.environ,
        **emulator.environment(),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH", "")])),
        "BENCHMARK_PROCESSES": str(folder / "processes"),
    }
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - began
    left = emulator.control.state()["regions"]["cn-north-1"]["instances"]
    if done.returncode or left:
        raise RuntimeError(f"{len(left)} machines are left:\n{done.stdout}")
    requests = emulator.control.requests()
    lines = (folder / "processes").read_text(encoding="ascii").split()
    return Ran(
        wall,
        sum(int(line.partition(":")[2]) for line in lines if line.startswith("waited:")) / 1e9,
        after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        {kind: lines.count(kind) for kind in ("fork", "command", "python")},
        # The first Python program is Ansible itself, each other one a module.
        lines.count("python") - 1,
        len(requests),
        sum(request["http"] == 429 for request in requests),
        done.stdout,
    )


def variables(case: Case, ids: list[str], folder: Path, poll_interval: float | None) -> Json:
    """The variables of the role."""
    given: Json = {
        "instance_ids": ids,
        "max_instances": len(ids),
        "stop_running": True,
        "backup": case.backup,
        "waves": case.waves,
        "report_dir": str(folder / "report"),
    }
    if poll_interval is not None:
        given["poll_interval"] = poll_interval
    return {f"vm_decommission_{name}": value for name, value in given.items()}


def show(case: Case, ran: Ran) -> None:
    """Print a run in two lines."""
    lines = ran.output.splitlines()
    titles = sum(line.startswith("TASK [") for line in lines)
    verdict = "meets" if ran.wall <= case.goal else "misses"
    without = ran.wall - ran.waited
    print(
        f"{case.machines:6} running machines, {len(case.sizes)} wave(s), backup {case.backup:5}: {ran.wall:6.2f} s, "
        f"bound {case.bound:6.2f} s, ratio {ran.wall / case.bound:.3f}; {verdict} its goal of {case.goal:.2f} s; "
        f"waiting for a processor {ran.waited:.2f} s, without it {without:.2f} s, ratio {without / case.bound:.3f}\n"
        f"        {ran.modules} modules, {ran.started} processes, {ran.calls} calls ({ran.calls / case.machines:.3f} a machine, "
        f"{ran.throttled} throttled), {ran.processor:.2f} CPU s, {titles} titles of tasks, {len(lines)} lines",
        flush=True,
    )


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--machines", type=int, default=1000, help="size of the large fleet (default: %(default)s)")
    parser.add_argument("--repeat", type=int, default=1, help="how often each campaign is measured (default: %(default)s)")
    parser.add_argument("--case", type=int, action="append", help="only this one, from 0 on; repeatable (default: all)")
    parser.add_argument("--poll-interval", type=float, help="vm_decommission_poll_interval (default: that of the role)")
    parser.add_argument("--output", action="store_true", help="also print what Ansible prints")
    options = parser.parse_args()
    settings = {
        "stop_seconds": STOP_SECONDS,
        "delete_seconds": DELETE_SECONDS,
        "image_seconds": IMAGE_SECONDS,
        "latency_seconds": LATENCY_SECONDS,
        "rate_limit": RATE_LIMIT,
    }
    with EmulatorProcess(seed=fleet(1), settings=settings) as emulator:
        for number, case in enumerate(cases(options.machines)):
            for _repetition in range(options.repeat if options.case is None or number in options.case else 0):
                with tempfile.TemporaryDirectory(prefix="jdcloud-campaign-") as folder:
                    ran = run(emulator, case, Path(folder), options.poll_interval)
                show(case, ran)
                if options.output:
                    print(ran.output)


if __name__ == "__main__":
    main()
