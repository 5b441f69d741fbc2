# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures the making of backups against what the service's limits allow at best, on the emulator. Run by `make benchmark`.

The emulated cloud makes an image in I = 3 s and a snapshot in S = 2 s, answers after 20 ms and allows R = 100 calls a second.
N stopped machines with D cloud disks each need, before the last create can leave, P = ceil(N / 100) pages of machines, two
quotas, and pages to see which backups exist: P of images, and for snapshots C = ceil(N * D / 100) of snapshots. After the last
one is made, one call must show that it is ready, one that its machine is still stopped, and for an image one what it holds.
So no client can be faster than

    images:     (2 P + 2 + N) / R + I + 3 / R
    snapshots:  (2 P + C + 2 + N D) / R + S + 2 / R

which is the lower bound that times are divided by. Times are of the whole module process, its start included; "service" is the
time from its first to its last request. An asset is an image or a snapshot that was asked for.
"""

from __future__ import annotations

import argparse
import math

from measure import LATENCY_SECONDS, PAGE_SIZE, RATE_LIMIT, Json, run_module

from jdcloud_emulator.process import EmulatorProcess

IMAGE_SECONDS = 3.0
SNAPSHOT_SECONDS = 2.0
DATA_DISKS = 2
PLENTY: Json = {"images": 10**5, "snapshots": 10**6, "instances": 10**5, "disks": 10**6}


def lower_bound(module: str, machines: int) -> float:
    """Seconds that backing up this many machines takes at least."""
    pages = math.ceil(machines / PAGE_SIZE)
    if module == "jdcloud_image":
        return (2 * pages + 2 + machines) / RATE_LIMIT + IMAGE_SECONDS + 3 / RATE_LIMIT
    disks = machines * (1 + DATA_DISKS)
    return (2 * pages + math.ceil(disks / PAGE_SIZE) + 2 + disks) / RATE_LIMIT + SNAPSHOT_SECONDS + 2 / RATE_LIMIT


def fleet(machines: int) -> Json:
    """A seed with this many stopped machines."""
    one = {"count": machines, "name": "web-{n:05}", "status": "stopped", "disks": [{"size": 50}] * DATA_DISKS}
    return {"regions": {"cn-north-1": {"instances": [one]}}, "quotas": PLENTY}


def measure(emulator: EmulatorProcess, module: str, machines: int, rate: float | None) -> None:
    """Back up the machines, and print how close to the lower bound that came; then once more, when there is nothing to do."""
    emulator.control.reset(fleet(machines))
    ids = list(emulator.control.state()["regions"]["cn-north-1"]["instances"])
    arguments: Json = {"state": "present", "instance_ids": ids, "poll_interval": 0.25, "campaign": "benchmark"}
    if rate is not None:
        arguments["api_rate_limit"] = rate
    done = run_module(emulator, module, arguments)
    assets = machines if module == "jdcloud_image" else machines * (1 + DATA_DISKS)
    assert done.result["summary"]["created"] == assets, done.result.get("msg")
    assert "msg" not in done.result, done.result.get("msg")
    bound = lower_bound(module, machines)
    throttled = sum(request["http"] == 429 for request in done.requests) / len(done.requests)
    print(
        f"{machines:6} machines, {assets} {module.removeprefix('jdcloud_')}s, limit {'given' if rate else 'found out'}: "
        f"{done.wall:6.2f} s, bound {bound:6.2f} s, ratio {done.wall / bound:.3f} (service {done.service / bound:.3f}), "
        f"{len(done.requests) / assets:.3f} calls an asset, {throttled:.2%} throttled, {done.memory:.0f} MB",
        flush=True,
    )
    again = run_module(emulator, module, arguments)
    assert not again.result["changed"], again.result.get("msg")
    assert again.result["summary"]["reused"] == assets, again.result.get("msg")
    print(f"        the same again, nothing to do: {again.wall:6.2f} s, {len(again.requests)} calls", flush=True)


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--machines", type=int, default=500, help="size of the fleet to back up (default: %(default)s)")
    options = parser.parse_args()
    settings = {
        "image_seconds": IMAGE_SECONDS,
        "snapshot_seconds": SNAPSHOT_SECONDS,
        "latency_seconds": LATENCY_SECONDS,
        "rate_limit": RATE_LIMIT,
    }
    with EmulatorProcess(seed=fleet(1), settings=settings) as emulator:
        for module in ("jdcloud_image", "jdcloud_snapshot"):
            for rate in (RATE_LIMIT, None):
                measure(emulator, module, options.machines, rate)


if __name__ == "__main__":
    main()
