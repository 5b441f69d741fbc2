# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plants deliberate faults one by one, and shows which test catches each: `make mutants`.

The faults are listed in the YAML files of this folder, and planted in copies below `.venv/mutants`, which are gone at the end. It
ends with status 1 if a fault survives its tests, or breaks them so that they judge nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import queue
import shutil
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from .checkout import PLACE, Copy, Outcome
from .faults import ROOT, Fault, FaultError, choose, read_faults

WORKERS = 2
WHOLE_RUN = 900.0
"""Seconds for all tests that faults name, before any fault is planted."""


def main() -> int:
    """Run as a program."""
    parser = argparse.ArgumentParser(description="Plant deliberate faults one by one, and show which test catches each.")
    parser.add_argument("words", nargs="*", metavar="WORD", help="only faults of this list, or with this in their name or file")
    parser.add_argument("--workers", type=int, default=WORKERS, help="how many faults are tried at once (default: %(default)s)")
    options = parser.parse_args()
    # Whoever ends it, by a Ctrl-C or otherwise: nothing stays.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        faults = choose(read_faults(), options.words)
        with _alone():
            results = _plant(faults, options.workers)
    except FaultError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted: no fault is left behind.", file=sys.stderr)
        return 130
    print(table(faults, results))
    sentences = verdict(faults, results)
    print(*sentences, sep="\n")
    return int(len(sentences) > 1)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Without another run in the same checkout. Raises `FaultError`."""
    handle = os.open(ROOT / ".venv", os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FaultError("Another run plants faults below .venv/mutants: let it end first.") from None
        yield
    finally:
        os.close(handle)


def _plant(faults: Sequence[Fault], workers: int) -> dict[Fault, Outcome]:
    """Try all faults in copies that are gone afterwards, whatever happens."""
    copies: list[Copy] = []
    try:
        copies += [Copy(number) for number in range(1, min(workers, len(faults)) + 1)]
        _check_tests(copies, faults)
        return _try_all(copies, faults)
    finally:
        for copy in copies:
            copy.stop()
        shutil.rmtree(PLACE, ignore_errors=True)


def _check_tests(copies: Sequence[Copy], faults: Sequence[Fault]) -> None:
    """Raise `FaultError` unless all tests pass without a fault."""
    tests = sorted({test for fault in faults for test in fault.tests})
    print(f"{len(faults)} faults; first the {len(tests)} files or folders of tests that they name, without a fault", flush=True)
    run = copies[0].run(tests, "-n", str(len(copies)), patience=WHOLE_RUN)
    if run.ending != "passed":
        raise FaultError(f"The tests do not pass without a fault, so they cannot show anything: {run.first}.")
    print(f"all passed in {run.seconds:.0f} s", flush=True)


def _try_all(copies: Sequence[Copy], faults: Sequence[Fault]) -> dict[Fault, Outcome]:
    """Try each fault in a copy that is free. Those in one file may be tried at once, in different copies."""
    free: queue.SimpleQueue[Copy] = queue.SimpleQueue()
    for copy in copies:
        free.put(copy)
    ends = threading.Event()

    def attempt(fault: Fault) -> Outcome:
        copy = free.get()
        try:
            if ends.is_set():
                return Outcome("broken", "it was not tried", 0.0)
            with copy.planted(fault):
                return copy.run(fault.tests)
        finally:
            free.put(copy)

    results: dict[Fault, Outcome] = {}
    with ThreadPoolExecutor(len(copies)) as pool:
        tried = {pool.submit(attempt, fault): fault for fault in faults}
        try:
            for done in as_completed(tried):
                results[tried[done]] = done.result()
                _show_progress(len(results), len(faults), tried[done], done.result())
        except BaseException:
            ends.set()
            for copy in copies:
                copy.stop()
            raise
    return results


def _show_progress(number: int, total: int, fault: Fault, run: Outcome) -> None:
    word = {"passed": "SURVIVED", "failed": "caught", "broken": "BROKEN"}[run.ending]
    print(f"{number:3} of {total}  {word:8} {run.seconds:5.1f} s  {fault.name}", flush=True)


def table(faults: Sequence[Fault], results: Mapping[Fault, Outcome]) -> str:
    """Which test caught which fault, as a table in Markdown."""
    lines = ["", "| fault | rule | file | caught by | s |", "|---|---|---|---|---|"]
    for fault in faults:
        run = results[fault]
        caught = {"passed": "nothing", "failed": f"`{run.first}`", "broken": f"nothing: {run.first}"}[run.ending]
        lines.append(f"| {fault.name} | {fault.rule or ''} | `{fault.file}` | {caught} | {run.seconds:.1f} |")
    return "\n".join(lines)


def verdict(faults: Sequence[Fault], results: Mapping[Fault, Outcome]) -> list[str]:
    """How many were caught, and a sentence for each one that was not."""
    ways = {
        "passed": "Survived: {}. Write the test that catches it.",
        "broken": "Broken: {}. Choose a fault that a person could make.",
    }
    bad = [ways[results[fault].ending].format(fault.name) for fault in faults if results[fault].ending != "failed"]
    return [f"\n{len(faults) - len(bad)} of {len(faults)} faults were caught.", *bad]


if __name__ == "__main__":
    sys.exit(main())
