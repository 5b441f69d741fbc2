# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many signed calls a second the emulator answers on one core, and how much memory 10,000 machines take.

    python tests/benchmark/emulator_rate.py [--calls 10000] [--connections 8]

The emulator runs pinned to one core, this process on the others. Requests are signed before the clock starts, each with a nonce
of its own; connections are kept alive, one call at a time on each. `/v1/.../instances/ID` is one machine,
`/v1/.../instances?pageSize=100` a page of a hundred.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import os
import re
import sys
import time
import uuid
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "emulator"))
from jdcloud_emulator.process import EmulatorProcess

REGION = "cn-north-1"
MACHINES = 10_000
GOAL = 1500.0
EMPTY = hashlib.sha256(b"").hexdigest()
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


def signed(host: str, path: str, query: str, environment: dict[str, str]) -> bytes:
    """One GET request as the official Python client sends it: v3, with content-type and host signed."""
    date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    scope = f"{date[:8]}/{REGION}/vm/jdcloud3_request"
    canonical = f"GET\n{path}\n{query}\ncontent-type:application/json\nhost:{host}\n\ncontent-type;host\n{EMPTY}"
    to_sign = f"JDCLOUD3-HMAC-SHA256\n{date}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = ("JDCLOUD3" + environment["JDCLOUD_SECRET_KEY"]).encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    head = [
        f"GET {path}{'?' if query else ''}{query} HTTP/1.1",
        f"Host: {host}",
        "Content-Type: application/json",
        f"Authorization: JDCLOUD3-HMAC-SHA256 Credential={environment['JDCLOUD_ACCESS_KEY']}/{scope}, "
        f"SignedHeaders=content-type;host, Signature={signature}",
        f"x-jdcloud-date: {date}",
        f"x-jdcloud-nonce: {uuid.uuid4()}",
    ]
    return ("\r\n".join(head) + "\r\n\r\n").encode()


class Connection(asyncio.Protocol):
    """Sends its requests one after the other; `done` gets the number of good answers."""

    def __init__(self, requests: list[bytes], done: asyncio.Future[int]) -> None:
        self._requests = requests
        self._done = done
        self._buffer = b""
        self._good = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._requests.pop())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, blank, body = self._buffer.partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        if not blank or length is None or len(body) < int(length[1]):
            return
        self._good += head.startswith(b"HTTP/1.1 200")
        self._buffer = b""
        if self._requests:
            self._transport.write(self._requests.pop())
        else:
            self._done.set_result(self._good)
            self._transport.close()


async def rate(address: tuple[str, int], requests: list[bytes], connections: int) -> float:
    """Good answers a second. Raises RuntimeError when any answer was not good."""
    loop = asyncio.get_running_loop()
    shares = [requests[index::connections] for index in range(connections)]
    ends: list[asyncio.Future[int]] = [loop.create_future() for _each in shares]
    begin = time.perf_counter()
    for share, end in zip(shares, ends, strict=True):
        await loop.create_connection(lambda share=share, end=end: Connection(share, end), *address)  # type: ignore[misc]
    good = sum(await asyncio.gather(*ends))
    seconds = time.perf_counter() - begin
    if good != len(requests):
        raise RuntimeError(f"{len(requests) - good} of {len(requests)} calls failed")
    return good / seconds


def main() -> int:
    """Measure and print; exit code 1 when the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--connections", type=int, default=8)
    options = parser.parse_args()
    machines = [{"count": MACHINES, "id": "i-load{n:06}", "name": "load-{n}", "disks": [{"size": 100}], "elastic_ip": True}]
    with EmulatorProcess(seed={"regions": {REGION: {"instances": machines}}}) as emulator:
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(emulator.pid, cores[:1])
        if len(cores) > 1:
            os.sched_setaffinity(0, cores[1:])
        host = urlsplit(emulator.url).netloc
        address = (host.rpartition(":")[0], int(host.rpartition(":")[2]))
        environment = emulator.environment()
        base = f"/v1/regions/{REGION}/instances"
        singles = [signed(host, f"{base}/i-load{1 + n % MACHINES:06}", "", environment) for n in range(options.calls)]
        pages = [
            signed(host, base, f"pageNumber={1 + n % (MACHINES // 100)}&pageSize=100", environment)
            for n in range(max(200, options.calls // 20))
        ]
        single = asyncio.run(rate(address, singles, options.connections))
        page = asyncio.run(rate(address, pages, options.connections))
        memory = emulator.control.health()["max_resident_mb"]
    print(f"describeInstance:          {single:8.0f} calls/s on one core (goal {GOAL:.0f})")
    print(f"describeInstances by 100:  {page:8.0f} calls/s, {page * 100:.0f} machines/s")
    print(f"resident memory, {MACHINES} machines with a data disk and an address each: {memory:.0f} MB")
    return 0 if single >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
