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
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from jdcloud_emulator.process import EmulatorProcess

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parent / ".venv" / "demo"
REGION = "cn-north-1"
# Seconds that each transition takes, short enough to watch; a call takes as long as one over the network would.
SETTINGS = {
    "create_seconds": 2.0,
    "stop_seconds": 1.5,
    "start_seconds": 1.0,
    "delete_seconds": 1.0,
    "image_seconds": 2.0,
    "latency_seconds": 0.02,
    "rate_limit": 100,
}
QUIET = {"ANSIBLE_DISPLAY_OK_HOSTS": "false", "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "false", "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml"}
HARBOR: dict[str, Any] = {
    "vm_decommission_tags": "project=harbor",
    "vm_decommission_max_instances": 30,
    "vm_decommission_stop_running": True,
    "vm_decommission_elastic_ips": "release",
    "vm_decommission_poll_interval": 1,
    "vm_decommission_report_dir": str(FOLDER / "harbor"),
}
COMPASS: dict[str, Any] = {"vm_decommission_tags": "project=compass", "vm_decommission_poll_interval": 1}
LEFT = {"i-harborlea02", "i-harborvault", "i-harborcache", "i-compassweb2", "i-compassweb3", "i-lightweb001", "i-lightdb0001"}
KEPT_DISK, GONE_DISK = "vol-harbordat1", "vol-harbortmp1"
KEY = "decommission-after"


class Story:
    """Tells and does the steps, one command each."""

    def __init__(self, emulator: EmulatorProcess) -> None:
        self._emulator = emulator
        self._step = 0
        self.surprises: list[str] = []

    def tell(self, title: str, text: str) -> None:
        """Begin the next step."""
        self._step += 1
        print(f"\n{'=' * 100}\n{self._step}. {title}\n{text}\n", flush=True)

    def play(self, playbook: str, *arguments: str, fails: bool = False, **variables: Any) -> None:
        """Run a playbook of the collection by its name, as in a shell."""
        words = [word for name, value in variables.items() for word in ("-e", json.dumps({name: value}))]
        shown = " ".join(f"-e {name}={value}" for name, value in variables.items())
        print(f"$ ansible-playbook jdcloud.cloud.{playbook} {' '.join([shown, *arguments])}", flush=True)
        command = [str(Path(sys.executable).with_name("ansible-playbook")), f"jdcloud.cloud.{playbook}", *words, *arguments]
        environment = {**os.environ, **QUIET, **self._emulator.environment()}
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
            for line in without_includes(process.stdout or []):
                print(line, end="", flush=True)
        failed = process.returncode != 0
        if failed != fails:
            self.surprises.append(f"step {self._step} {'failed' if failed else 'should have failed'}")

    def expect(self, what: str, *, holds: bool) -> None:
        """Note what is not as it should be."""
        if not holds:
            self.surprises.append(f"after step {self._step} {what}")


def main() -> int:
    """Return 0 if the demo went as described, else 1."""
    signal.signal(signal.SIGTERM, ended)
    started = time.monotonic()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with EmulatorProcess(seed=HERE / "seed.yml", settings=SETTINGS, region=REGION) as emulator:
        print(f"An emulated cloud with {len(machines(emulator))} machines listens on {emulator.url}", flush=True)
        story = Story(emulator)
        campaign(story, emulator)
        grace_period(story, emulator)
        surprises = story.surprises + differences(emulator)
        requests = emulator.control.requests()
        left = machines(emulator)
    for surprise in surprises:
        print(f"The demo failed: {surprise}.", file=sys.stderr)
    if surprises:
        return 1
    print(f"\n{'=' * 100}\nThe cloud now holds {len(left)} machines:")
    for machine in left.values():
        print(f"  {machine['instanceId']:<15} {machine['instanceName']:<18} {machine['status']}")
    writes = sum(request["method"] != "GET" for request in requests)
    seconds = time.monotonic() - started
    print(f"{len(requests)} signed calls, {writes} of them changes, in {seconds:.0f} seconds. The emulator has ended.")
    print(f"\nThe report of the campaign, for a browser: {FOLDER / 'harbor' / 'report.html'}")
    return 0


def campaign(story: Story, emulator: EmulatorProcess) -> None:
    """Thirty machines go, except those that must not."""
    story.tell("Preview", "30 machines of project harbor are to go. What would happen? --check changes nothing.")
    story.play("decommission", "--check", fails=True, **HARBOR)
    story.expect("something was changed", holds=not writes(emulator))

    story.tell(
        "Canary",
        "Three are blocked, and stay. The others go in waves. A right is missing still, which the first one shows.",
    )
    emulator.control.inject("error", operation="vm.deleteInstance", times=1, http=403, status="PERMISSION_DENIED")
    story.play("decommission", fails=True, **HARBOR, vm_decommission_on_blocked="skip")
    show(FOLDER / "harbor" / "report.json")
    story.expect("more than the canary was stopped", holds=writes(emulator).count("vm.stopInstance") <= 1)

    story.tell("Waves", "The right is granted. The same command finishes exactly this campaign.")
    story.play("decommission", **HARBOR, vm_decommission_on_blocked="skip")
    show(FOLDER / "harbor" / "report.json")

    story.tell("Again", "The same command once more finds nothing to do.")
    before = len(writes(emulator))
    story.play("decommission", **{**HARBOR, "vm_decommission_report_dir": ""}, vm_decommission_on_blocked="skip")
    story.expect("something was changed", holds=len(writes(emulator)) == before)


def grace_period(story: Story, emulator: EmulatorProcess) -> None:
    """Four machines get a week in which users may miss them."""
    story.tell("Mark", "Is project compass needed? Its machines are stopped and marked with the date from which they may go.")
    story.play("decommission", vm_decommission_state="mark", vm_decommission_stop_running=True, **COMPASS)
    marks = {key: tags(emulator, key).get(KEY) for key in machines(emulator) if key.startswith("i-compass")}
    story.expect("not all are marked", holds=len(marks) == 4 and all(marks.values()))

    story.tell(
        "Take back",
        "Another user needs compass-web-02: its due tag is taken back, and it runs again. The owner of 03 just starts it.",
    )
    variables: dict[str, Any] = {
        "vm_decommission_state": "unmark",
        "vm_decommission_start_again": True,
        "vm_decommission_poll_interval": 1,
    }
    story.play("decommission", vm_decommission_instance_ids="i-compassweb2", **variables)
    emulator.control.act("start", "i-compassweb3", instantly=True)

    story.tell(
        "A week later", "The clean-up, which runs every night, deletes what is due, still marked, still stopped and unprotected."
    )
    for key in ("i-compassweb1", "i-compassweb3", "i-compassbat1"):
        emulator.control.act("retag", key, set={KEY: "2026-01-31"})
    story.play("cleanup", cleanup_report_dir=str(FOLDER / "nightly"), vm_decommission_poll_interval=1)
    show(FOLDER / "nightly" / REGION / "report.json")


def without_includes(lines: Iterable[str]) -> Iterator[str]:
    """What Ansible prints, without tasks that only include others."""
    held: list[str] = []
    for line in lines:
        if line.startswith("TASK ["):
            held = [line]
        elif line.startswith("included: "):
            held = []
        elif line.strip():
            yield from held
            yield line
            held = []


def show(path: Path) -> None:
    """Print what a report holds in short."""
    if not path.exists():
        print(f"There is no report at {path}.")
        return
    report = json.loads(path.read_text(encoding="utf-8"))
    print(f"\n{path}: {report['outcome']}")
    for wave in report["waves"]:
        counts = f"{wave['deleted']} deleted, {wave['failed']} failed"
        print(f"  wave {wave['number']}  {wave['machines']:>3} machines  {wave['state']:<12} {counts}")
    for machine in report["machines"]:
        if machine["action"] == "blocked":
            print(f"  blocked  {machine['name']:<18} {'; '.join(each['message'] for each in machine['blockers'])}")
    left = ", ".join(f"{len(rows)} {kind}" for kind, rows in report["left"].items()).replace("_", " ")
    print(f"  still there and billed: {left}", flush=True)


def differences(emulator: EmulatorProcess) -> list[str]:
    """Say in which ways the cloud is not what it should be in the end."""
    region = emulator.control.state(REGION)["regions"][REGION]
    found = []
    if set(region["instances"]) != LEFT:
        found.append(f"left should be the machines {sorted(LEFT)}, not {sorted(region['instances'])}")
    if KEPT_DISK not in region["disks"] or GONE_DISK in region["disks"]:
        found.append(f"left should be the data disk {KEPT_DISK}, and not {GONE_DISK}")
    if region["elastic_ips"]:
        found.append(f"left should be no elastic IP, not {sorted(region['elastic_ips'])}")
    running = {key for key, machine in region["instances"].items() if machine["status"] == "running"}
    if not {"i-compassweb2", "i-compassweb3"} <= running:
        found.append("the machines that were taken back should run")
    return found


def machines(emulator: EmulatorProcess) -> dict[str, Any]:
    """All machines by id."""
    return dict(emulator.control.state(REGION)["regions"][REGION]["instances"])


def tags(emulator: EmulatorProcess, instance_id: str) -> dict[str, str]:
    """The tags of a machine."""
    return {row["key"]: row["value"] for row in machines(emulator)[instance_id].get("tags") or []}


def writes(emulator: EmulatorProcess) -> list[str]:
    """Operations of all calls that could change something."""
    return [str(request["operation"]) for request in emulator.control.requests() if request["method"] != "GET"]


def ended(number: int, frame: object) -> NoReturn:
    """Leave through all the clean-up when a signal asks this process to end."""
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
