# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures the module against what the service's limits allow at best, on the emulator. Run by `make benchmark`.

The emulated cloud stops a machine in S = 2 s, deletes it in D = 1.5 s, answers after 20 ms and allows R = 100 calls a second.
N machines on P = ceil(N / 100) pages need P reads before the plan, N stops, P reads before the deletes and N deletes, so
no client can be faster than

    max((P + N) / R + S + D, (2P + 2N) / R + D) + 1 / R

which is the lower bound that times are divided by. With an image of each machine, made in I seconds while it is stopped, there
is one call a machine more, and one look at all of them, so I is added to the first term and (P + N) / R to the second.

Times are of the whole module process, its start included; "service" is the time from its first to its last request. Absolute
times on a busy machine mean little, ratios more.
"""

from __future__ import annotations

import argparse
import math

from measure import LATENCY_SECONDS, PAGE_SIZE, RATE_LIMIT, Json, run_module

from jdcloud_emulator.process import EmulatorProcess

STOP_SECONDS = 2.0
DELETE_SECONDS = 1.5


def lower_bound(machines: int, image_seconds: float | None = None) -> float:
    """Seconds that deleting this many running machines takes at least; with an image of each, if these take some time."""
    calls = math.ceil(machines / PAGE_SIZE) + machines
    one_after_another = calls / RATE_LIMIT + STOP_SECONDS + (image_seconds or 0.0) + DELETE_SECONDS
    full_line = (2 if image_seconds is None else 3) * calls / RATE_LIMIT + DELETE_SECONDS
    return max(one_after_another, full_line) + 1 / RATE_LIMIT


def fleet(machines: int, status: str = "running") -> Json:
    """A seed with this many machines, one system disk each."""
    return {"regions": {"cn-north-1": {"instances": [{"count": machines, "name": "web-{n:05}", "status": status}]}}}


def measure_delete(emulator: EmulatorProcess, machines: int, rate: float | None) -> None:
    """Stop and delete running machines, and print how close to the lower bound that came."""
    emulator.control.reset(fleet(machines))
    ids = list(emulator.control.state()["regions"]["cn-north-1"]["instances"])
    arguments: Json = {"state": "absent", "instance_ids": ids, "stop_running": True, "poll_interval": 0.25}
    if rate is not None:
        arguments["api_rate_limit"] = rate
    done = run_module(emulator, "jdcloud_vm", {**arguments, "return_instances": "problems"})
    summary = done.result["summary"]
    assert summary["deleted"] == machines, done.result.get("msg")
    bound = lower_bound(machines)
    throttled = sum(request["http"] == 429 for request in done.requests) / len(done.requests)
    print(
        f"{machines:6} running machines, limit {'given' if rate else 'found out'}: {done.wall:6.2f} s, bound {bound:6.2f} s, "
        f"ratio {done.wall / bound:.3f} (service {done.service / bound:.3f}), "
        f"{len(done.requests) / machines:.3f} calls a machine, {throttled:.2%} throttled, {done.memory:.0f} MB",
        flush=True,
    )


def measure_info(emulator: EmulatorProcess, machines: int) -> None:
    """List machines, and print how close to the time of the pages at the limit that came."""
    emulator.control.reset(fleet(machines))
    done = run_module(emulator, "jdcloud_vm_info", {"api_rate_limit": RATE_LIMIT})
    assert len(done.result["instances"]) == machines, done.result.get("msg")
    bound = math.ceil(machines / PAGE_SIZE) / RATE_LIMIT
    print(
        f"{machines:6} machines listed: pages at the limit {bound:.2f} s, service {done.service:.2f} s "
        f"(ratio {done.service / bound:.2f}), module {done.result['summary']['seconds']:.2f} s, "
        f"with Ansible's output of the result {done.wall:.2f} s",
        flush=True,
    )


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--machines", type=int, default=1000, help="size of the fleet to delete (default: %(default)s)")
    parser.add_argument("--listed", type=int, default=10000, help="size of the fleet to list (default: %(default)s)")
    parser.add_argument("--repeat", type=int, default=1, help="how often each run is measured (default: %(default)s)")
    options = parser.parse_args()
    settings = {
        "stop_seconds": STOP_SECONDS,
        "delete_seconds": DELETE_SECONDS,
        "latency_seconds": LATENCY_SECONDS,
        "rate_limit": RATE_LIMIT,
    }
    with EmulatorProcess(seed=fleet(1), settings=settings) as emulator:
        for machines in (1, options.machines):
            for rate in (RATE_LIMIT, None):
                for _repetition in range(options.repeat):
                    measure_delete(emulator, machines, rate)
        measure_info(emulator, options.listed)


if __name__ == "__main__":
    main()
