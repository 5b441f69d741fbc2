# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the demo: the story of a campaign of 30 machines on an emulated cloud, in the commands that a user would type.

Ends with 0 only if every command ended as it should and the cloud holds exactly what must be left. The emulator ends with this
program, whether it succeeds, fails or is interrupted.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from jdcloud_emulator.process import EmulatorProcess

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
FOLDER = Path(".venv", "demo")
"""Seen from the top of the checkout, where the commands run."""
REGION = "cn-north-1"
SECONDS = 45
"""How long it takes on two cores, as it says at its start."""
DAYS = 8
"""One more than the days of grace: a machine is due when its day is over."""
PATIENCE = 120.0
"""Seconds after which what must happen in the cloud is not waited for any more."""
LAST_WORDS = 10.0
"""Seconds that an interrupted command has to end by itself."""
# Seconds that each transition takes, short enough to watch; a call takes as long as one over the network would.
SETTINGS = {
    "create_seconds": 0.1,
    "stop_seconds": 0.1,
    "delete_seconds": 0.1,
    "image_seconds": 0.2,
    "latency_seconds": 0.005,
    "rate_limit": 400,
}
RESTORED, MISSED = "harbor-web-05", "compass-web-01"
LEFT = {"harbor-lease-01", "harbor-vault-01", RESTORED, MISSED, "lighthouse-web-01"}
"""The machines that there must be in the end."""
KEPT_DISK, GONE_DISK = "vol-harbordat1", "vol-harbortmp1"

Command = subprocess.Popen[str]


class Surprise(Exception):
    """Something is not as it should be; the text says what."""


class Story:
    """Tells and does the steps, one command each. Raises `Surprise` where one does not end as it should."""

    def __init__(self, emulator: EmulatorProcess) -> None:
        self._emulator = emulator
        self._step = 0
        self.ahead = 0
        """By how many seconds the clock of the commands is moved."""

    def tell(self, title: str, *text: str) -> None:
        """Begin the next step."""
        self._step += 1
        print("\n".join(["", "=" * 100, f"{self._step}. {title}", *text, ""]), flush=True)

    def play(self, *words: str, fails: bool = False, on_line: Callable[[str, Command], None] | None = None) -> None:
        """Run a playbook of the collection by its name, as in a shell. `on_line` is called with each line that it shows."""
        print(f"$ ansible-playbook jdcloud.cloud.{shlex.join(words)}", flush=True)
        reason = ""
        with self._running(words) as process:
            for line in process.stdout or ():
                if line.startswith("fatal: "):
                    # What a command that should fail says of it was said before.
                    reason = line.strip()
                    continue
                print(line, end="", flush=True)
                if on_line is not None:
                    on_line(line, process)
        if (process.returncode != 0) != fails:
            raise Surprise(f"the command of step {self._step} {'should have failed' if fails else f'failed: {reason}'}")
        if process.returncode > 0:
            print(f"[ansible-playbook ended with exit code {process.returncode}, as a failure.]", flush=True)

    def expect(self, what: str, *, holds: bool) -> None:
        """End the demo where something is not as it should be."""
        if not holds:
            raise Surprise(f"after step {self._step} {what}")

    @contextmanager
    def _running(self, words: tuple[str, ...]) -> Iterator[Command]:
        """The process, which has ended when the block has, whatever happens."""
        path = [str(HERE / "later"), *filter(None, [os.environ.get("PYTHONPATH")])]
        clock = {"DEMO_SECONDS_AHEAD": str(self.ahead), "PYTHONPATH": os.pathsep.join(path)} if self.ahead else {}
        command = [str(Path(sys.executable).with_name("ansible-playbook")), f"jdcloud.cloud.{words[0]}", *words[1:]]
        environment = {**os.environ, **clock, **self._emulator.environment()}
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        try:
            yield process
        except BaseException as error:
            # A Ctrl-C has reached it, too, and it says what it had sent.
            if not isinstance(error, KeyboardInterrupt):
                process.terminate()
            last = threading.Timer(LAST_WORDS, process.kill)
            last.start()
            print(*(process.stdout or ()), sep="", end="", flush=True)
            last.cancel()
            raise
        finally:
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


def main() -> int:
    """Return 0 if the demo went as described, 130 if it was interrupted, else 1."""
    signal.signal(signal.SIGTERM, ended)
    try:
        demo()
    except Surprise as surprise:
        print(f"\nThe demo failed: {surprise}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nThe demo was interrupted, and the emulated cloud has ended.", file=sys.stderr)
        return 130
    return 0


def demo() -> None:
    """Tell the story. Raises `Surprise` if it does not go as described."""
    started = time.monotonic()
    shutil.rmtree(ROOT / FOLDER, ignore_errors=True)
    (ROOT / FOLDER).mkdir(parents=True)
    print(
        f"The story of a campaign, in about {SECONDS} seconds. The cloud is emulated on this computer: it needs no account.\n"
        "Each command is shown as you would type it, with what it prints.",
        flush=True,
    )
    with EmulatorProcess(seed=HERE / "seed.yml", settings=SETTINGS, region=REGION) as emulator:
        story = Story(emulator)
        campaign(story, emulator)
        grace_period(story, emulator)
        check_what_is_left(emulator)
    tell_end(time.monotonic() - started)


def campaign(story: Story, emulator: EmulatorProcess) -> None:
    """Thirty machines go, except those that must not; one comes back."""
    control, path = emulator.control, FOLDER / "harbor.yml"
    settings = (HERE / path.name).read_text(encoding="utf-8").partition("---\n")[2]
    (ROOT / path).write_text(settings.replace("/var/lib/decommission", str(ROOT / FOLDER)), encoding="utf-8")
    decommission = ("decommission", "-e", f"@{path}")

    story.tell(
        "The plan", "Project harbor is over, and its 30 instances are to go. --check says what would happen, and changes nothing."
    )
    print(f"$ cat {path}\n{(ROOT / path).read_text(encoding='utf-8')}")
    story.play(*decommission, "--check")
    story.expect("something was changed", holds=not writes(emulator))

    story.tell(
        "A canary fails",
        "The first wave is one machine, the canary: what fails there, fails nowhere else. Here the key has no right to delete.",
    )
    refusal = "You are not authorized to perform (vm:deleteInstance) [IAM] [gw]"
    control.inject(
        "error", operation="vm.deleteInstance", times=0, http=403, status="HTTP_FORBIDDEN", message=refusal, gateway=True
    )
    story.play(*decommission, fails=True)
    control.clear_faults()
    story.expect("one machine should be stopped, and none gone", holds=stopped_and_gone(emulator) == (1, 0))

    story.tell(
        "A crash in the middle",
        "The key has the right now, and the same command goes on. In the middle of wave 2 the computer crashes.",
    )
    control.inject("hang", operation="vm.deleteInstance", after=10, times=0)
    story.play(*decommission, fails=True, on_line=lambda line, process: crash_in_wave_2(line, process, emulator))
    control.clear_faults()
    story.expect("ten instances should be gone", holds=stopped_and_gone(emulator)[1] == 10)

    story.tell("The rest", "The same command once more finds out what had been done, and does the rest.")
    story.play(*decommission)
    story.expect("28 instances should be gone", holds=stopped_and_gone(emulator)[1] == 28)

    story.tell("One comes back", f"Someone needs {RESTORED} after all. It is made again of its backup.")
    manifest = FOLDER / "harbor" / "manifest.json"
    story.play("restore", "-e", f"restore_manifest={manifest}", "-e", "restore_instance_ids=i-harborweb05", *quickly("restore"))


def grace_period(story: Story, emulator: EmulatorProcess) -> None:
    """Two machines get a week in which users may miss them."""
    story.tell("A mark", "Is project compass needed? Its instances are stopped, and marked with the day from which they may go.")
    given = ("vm_decommission_state=mark", "vm_decommission_tags=project=compass", "vm_decommission_stop_running=true")
    story.play("decommission", *(word for each in given for word in ("-e", each)), *quickly("vm_decommission"))

    emulator.control.act("start", "i-compassweb1", instantly=True)
    story.ahead = DAYS * 86400
    emulator.control.advance(story.ahead, wall=True)
    story.tell(
        f"{DAYS} days later",
        f"Someone missed {MISSED}, and started it. Then {DAYS} days went by: for the emulated cloud, and for this command.",
        "The clean-up, which runs every night, deletes what is due, still marked, still stopped, and unprotected.",
    )
    # Ansible takes a path with blanks only in JSON.
    story.play("cleanup", "-e", json.dumps({"cleanup_report_dir": str(ROOT / FOLDER / "cleanup")}), *quickly("vm_decommission"))


def quickly(prefix: str) -> tuple[str, str]:
    """The words that fit a cloud as quick as this one."""
    return "-e", f"{prefix}_poll_interval=0.2"


def crash_in_wave_2(line: str, process: Command, emulator: EmulatorProcess) -> None:
    """When wave 1 has ended, wait until the second is in the middle of its deletions, and kill everything that belongs to it."""
    if not line.startswith("Wave 1 of 2"):
        return
    emulator.control.requests(operation="vm.deleteInstance", fault="hang", wait=PATIENCE)
    for pid in (process.pid, *processes_below(process.pid)):
        os.kill(pid, signal.SIGKILL)
    print("[Killed: ansible-playbook and all that it had started, with SIGKILL.]", flush=True)
    wait_for_last_calls(emulator)


def wait_for_last_calls(emulator: EmulatorProcess) -> None:
    """Return when no deletion is under way that was sent before. Those on their way then meet the fault that is set still."""
    # What was sent earlier has been read when this is answered.
    emulator.control.health()
    end = time.monotonic() + PATIENCE
    while any(not call["seconds"] for call in emulator.control.requests(operation="vm.deleteInstance")):
        if time.monotonic() > end:
            raise Surprise("the calls of the killed command should have ended")
        time.sleep(0.02)


def processes_below(pid: int) -> list[int]:
    """The ids of all processes that a process began, and these in turn."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            # A name in parentheses may hold anything; state and parent follow it.
            parent = int(path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(path.parent.name))
    found, rest = [], [pid]
    while rest:
        below = children.get(rest.pop(), [])
        found += below
        rest += below
    return found


def tell_end(seconds: float) -> None:
    """What came of it all: money and reports."""
    report = json.loads((ROOT / FOLDER / "harbor" / "report.json").read_text(encoding="utf-8"))
    money, left = report["money"], report["left"]
    kinds = ", ".join(f"{len(left[name])} {noun}" for name, noun in (("disks", "disk"), ("images", "images")))
    print(
        f"\n{'=' * 100}\nWhat came of it\n\n"
        f"Saved a month:        {money['saved']:>9,.2f} {money['currency']}, less what {RESTORED} costs again\n"
        f"Still billed a month: {money['left']:>9,.2f} {money['currency']}, for {kinds}\n"
        f"Report:               {ROOT / FOLDER / 'harbor' / 'report.html'}\n\n"
        f"It took {seconds:.0f} seconds. The emulated cloud has ended."
    )


def check_what_is_left(emulator: EmulatorProcess) -> None:
    """Raise `Surprise` if the cloud is not what it should be in the end."""
    region = emulator.control.state(REGION)["regions"][REGION]
    machines = {machine["instanceName"]: machine["status"] for machine in region["instances"].values()}
    if set(machines) != LEFT:
        raise Surprise(f"left should be the instances {sorted(LEFT)}, not {sorted(machines)}")
    if KEPT_DISK not in region["disks"] or GONE_DISK in region["disks"]:
        raise Surprise(f"left should be the data disk {KEPT_DISK}, and not {GONE_DISK}")
    if region["elastic_ips"]:
        raise Surprise(f"left should be no elastic IP, not {sorted(region['elastic_ips'])}")
    if set(machines.values()) != {"running"}:
        raise Surprise(f"all instances should run, not be {machines}")


def stopped_and_gone(emulator: EmulatorProcess) -> tuple[int, int]:
    """How many machines of project harbor were stopped and are there, and how many of its 30 are gone or on their way."""
    there = emulator.control.state(REGION)["regions"][REGION]["instances"].values()
    states = [machine["status"] for machine in there if machine["instanceName"].startswith("harbor-")]
    gone = 30 - len(states) + states.count("deleting")
    asked = {request["resources"][0] for request in emulator.control.requests(operation="vm.stopInstance")}
    return len(asked & {machine["instanceId"] for machine in there}), gone


def writes(emulator: EmulatorProcess) -> list[str]:
    """Operations of all calls that could change something."""
    return [str(request["operation"]) for request in emulator.control.requests() if request["method"] != "GET"]


def ended(number: int, frame: object) -> NoReturn:
    """Leave through all the clean-up when a signal asks this process to end."""
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
