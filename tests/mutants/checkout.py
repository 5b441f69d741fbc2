# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A copy of the checkout in which faults are planted and tests run, so that the checkout itself is never touched."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

from .faults import ROOT, Fault

PLACE = ROOT / ".venv" / "mutants"
SHARED = ("bin", "lib", "lib64", "pyvenv.cfg")
"""What a copy has in common with the environment of the checkout: Python, and what is installed for it."""
GEARS = "not foreign and not thorough"
"""What `make check` and `make test` run. Other tests catch nothing that a newcomer would see."""
PATIENCE = 240.0
"""Seconds for the tests of one fault."""
FAREWELL = 10.0
"""Seconds in which a run of tests that was interrupted ends what it started."""
NOT_RUN = ("SyntaxError", "IndentationError", "ImportError", "ModuleNotFoundError", "NameError")
"""A test that fails like this has judged nothing: the fault is no realistic slip."""

Ending = Literal["passed", "failed", "broken"]


@dataclass(frozen=True)
class Outcome:
    """How a run of tests ended. `first`: the test that failed first, or what is broken. Seconds."""

    ending: Ending
    first: str
    seconds: float


class Copy:
    """A copy of all files of the checkout that git knows or would add, with an environment of its own."""

    def __init__(self, number: int) -> None:
        self.root = PLACE / str(number)
        self._planted = 0
        self._process: subprocess.Popen[str] | None = None
        shutil.rmtree(self.root, ignore_errors=True)
        for name in _files():
            target = self.root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target, follow_symlinks=False)
        link = self.root / ".venv" / "collections" / "ansible_collections" / "jdcloud" / "cloud"
        link.parent.mkdir(parents=True)
        link.symlink_to(os.path.relpath(self.root, link.parent))
        for name in SHARED:
            (self.root / ".venv" / name).symlink_to(ROOT / ".venv" / name)

    @contextlib.contextmanager
    def planted(self, fault: Fault) -> Iterator[None]:
        """Let the copy have this fault. Raises `FaultError` if it does not fit."""
        path = self.root / fault.file
        before, text = path.stat(), path.read_text(encoding="utf-8")
        path.write_text(fault.planted_in(text), encoding="utf-8")
        # What Python has compiled is known by whole seconds and size: no two versions may share them.
        self._planted += 1
        os.utime(path, (before.st_atime, before.st_mtime - 2 * self._planted))
        yield
        path.write_text(text, encoding="utf-8")
        os.utime(path, (before.st_atime, before.st_mtime))

    def run(self, tests: Sequence[str], *more: str, patience: float = PATIENCE) -> Outcome:
        """Run these tests up to the first one that fails."""
        report = self.root / ".venv" / "report.xml"
        report.unlink(missing_ok=True)
        words = ["sh", "tests/tools/private.sh", ".venv/bin/python", "-m", "pytest", "-x", "-q", "--tb=no"]
        words += ["-m", GEARS, "-o", "junit_family=xunit1", f"--junitxml={report}", *more, *tests]
        began = time.monotonic()
        # A session of its own: a Ctrl-C is for this program, which then ends the tests.
        self._process = subprocess.Popen(
            words, cwd=self.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )
        try:
            output, _nothing = self._process.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            self.stop()
            return Outcome("broken", f"the tests did not end within {patience:.0f} s", time.monotonic() - began)
        ending, first = read_report(report, self._process.returncode, output)
        return Outcome(ending, first, time.monotonic() - began)

    def stop(self) -> None:
        """End the tests that run, with all that they started."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(FAREWELL)
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _files() -> list[str]:
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return [name for name in dict.fromkeys(names) if name and (ROOT / name).is_file()]


def read_report(report: Path, code: int, output: str) -> tuple[Ending, str]:
    """How a run ended, and what failed first."""
    if code == 0:
        return "passed", ""
    cases = ElementTree.parse(report).getroot().iter("testcase") if report.is_file() else iter(())
    for case in cases:
        test = f"{case.get('file')}::{case.get('name')}"
        failure, error = case.find("failure"), case.find("error")
        if failure is not None and code == 1:
            message = failure.get("message") or ""
            return ("broken", f"{test}: {message}") if message.startswith(NOT_RUN) else ("failed", test)
        if error is not None:
            return "broken", f"{case.get('file') or case.get('name')}: {error.get('message')} {error.text or ''}"
    return "broken", f"pytest ended with {code}: {output.strip()[-500:]}"
