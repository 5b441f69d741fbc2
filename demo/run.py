# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the demo: starts the emulated cloud with the fleet of seed.yml, runs playbook.yml and backup.yml against it, and looks at
what is left.

Ends with 0 only if every stage of the playbooks did what it says and the cloud holds exactly what must be left. The emulator
ends with this program, whether it succeeds, fails or is interrupted.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NoReturn

from jdcloud_emulator.process import EmulatorProcess

HERE = Path(__file__).resolve().parent
REGION = "cn-north-1"
# Seconds that each transition takes, short enough to watch; a call takes as long as one over the network would.
SETTINGS = {
    "create_seconds": 3.0,
    "stop_seconds": 2.0,
    "delete_seconds": 1.5,
    "image_seconds": 4.0,
    "latency_seconds": 0.02,
    "rate_limit": 100,
}
LEFT_MACHINES = {"i-harborvault", "i-harborlea01", "i-harborlea02", "i-lightweb001", "i-lightdb0001"}
RESTORED = "compass-db-01"
IMAGES = 6
LEFT_DATA_DISKS = {"vol-harbordat1", "vol-harbordat2"}
GONE_DISK = "vol-harbortmp1"
LEFT_ADDRESSES = {"fip-harborlea2"}


def main() -> int:
    """Return 0 if the demo went as told, else 1."""
    signal.signal(signal.SIGTERM, ended)
    started = time.monotonic()
    demo = EmulatorProcess(seed=HERE / "seed.yml", settings=SETTINGS, region=REGION)
    with tempfile.TemporaryDirectory(prefix="jdcloud-demo-") as folder, demo as emulator:
        print(f"An emulated cloud with {len(region_of(emulator)['instances'])} machines listens on {emulator.url}", flush=True)
        if not all(play(emulator, playbook, folder) for playbook in ("playbook.yml", "backup.yml")):
            print("\nThe demo failed: a stage of a playbook did not do what it should.", file=sys.stderr)
            return 1
        region = region_of(emulator)
        requests = emulator.control.requests()
    surprises = differences(region)
    for surprise in surprises:
        print(f"The demo failed: {surprise}.", file=sys.stderr)
    if surprises:
        return 1
    writes = sum(request["method"] != "GET" for request in requests)
    print(f"\nThe cloud now holds {len(region['instances'])} machines:")
    for machine in region["instances"].values():
        print(f"  {machine['instanceId']:<15} {machine['instanceName']:<18} {machine['status']}")
    seconds = time.monotonic() - started
    print(f"{len(requests)} signed calls, {writes} of them changes, in {seconds:.0f} seconds. The emulator has ended.")
    return 0


def ended(number: int, frame: object) -> NoReturn:
    """Leave through all the clean-up when somebody asks this process to end."""
    sys.exit(128 + number)


def region_of(emulator: EmulatorProcess) -> dict[str, Any]:
    """Return what the cloud holds, by kind and id."""
    return dict(emulator.control.state(REGION)["regions"][REGION])


def play(emulator: EmulatorProcess, playbook: str, folder: str) -> bool:
    """Run a playbook with the emulator's address and keys in its environment; its files go into ``folder``."""
    environment = {**os.environ, **emulator.environment(), "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml"}
    # Without an inventory there is the implicit localhost, which runs modules with the very Python that runs Ansible.
    command = [str(Path(sys.executable).with_name("ansible-playbook")), str(HERE / playbook)]
    command += ["--extra-vars", f"demo_manifest={folder}/manifest.json"]
    return subprocess.run(command, env=environment, check=False).returncode == 0


def differences(region: dict[str, Any]) -> list[str]:
    """Say in which ways the cloud is not what it should be in the end."""
    found = []
    machines, disks, addresses = (set(region[kind]) for kind in ("instances", "disks", "elastic_ips"))
    restored = {key for key, machine in region["instances"].items() if machine["instanceName"] == RESTORED}
    if machines != LEFT_MACHINES | restored or len(restored) != 1:
        found.append(f"left should be {RESTORED} and the machines {sorted(LEFT_MACHINES)}, not {sorted(machines)}")
    if len(region["images"]) != IMAGES:
        found.append(f"left should be {IMAGES} images, not {len(region['images'])}")
    if not disks >= LEFT_DATA_DISKS or GONE_DISK in disks:
        found.append(f"left should be the data disks {sorted(LEFT_DATA_DISKS)}, not {sorted(disks)}")
    if addresses != LEFT_ADDRESSES:
        found.append(f"left should be the elastic IPs {sorted(LEFT_ADDRESSES)}, not {sorted(addresses)}")
    return found


if __name__ == "__main__":
    sys.exit(main())
