# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the emulator as a process of its own, for tests, demonstrations and benchmarks."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from jdcloud_emulator.control import ControlClient

DEFAULT_ACCESS_KEY = "EMULATORACCESSKEY000000000000001"
DEFAULT_SECRET_KEY = "EmulatorSecretKey0000000000000001"
START_SECONDS = 30.0
STOP_SECONDS = 5.0


def _unmeasured(environment: Mapping[str, str]) -> dict[str, str]:
    """Without what makes every Python process below a test measure coverage: nobody reads it of this one, and it is slow."""
    return {name: value for name, value in environment.items() if not name.startswith("COVERAGE_PROCESS")}


class EmulatorProcess:
    """A context manager: the emulator runs on a free port while the block runs.

    `seed` is a path or a mapping (see the README), `settings` are settings by name, `region` is the one that
    `environment` names, `tls` a pair of files (certificate, key), `arguments` more words for `serve`.
    Raises `RuntimeError` with what the emulator said when it does not start.
    """

    def __init__(
        self,
        seed: str | os.PathLike[str] | Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
        region: str = "cn-north-1",
        tls: tuple[str, str] | None = None,
        arguments: Sequence[str] = (),
    ) -> None:
        self._seed = seed
        self._settings = dict(settings or {})
        self._region = region
        self._tls = tls
        self._arguments = list(arguments)
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[str] | None = None
        self._control: ControlClient | None = None
        self.url = ""

    def __enter__(self) -> EmulatorProcess:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    @property
    def control(self) -> ControlClient:
        """The control API of the running emulator."""
        if self._control is None:
            self._control = ControlClient(self.url)
        return self._control

    @property
    def pid(self) -> int:
        """Process id of the running emulator."""
        if self._process is None:
            raise RuntimeError("the emulator is not running")
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether the process has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def errors(self) -> str:
        """What the running emulator wrote to its standard error: what it could not handle, for no fault of the client's."""
        return "" if self._folder is None else (Path(self._folder.name) / "stderr").read_text(encoding="utf-8")

    def environment(self) -> dict[str, str]:
        """What a client needs in its environment. Keys are the default account's, or those of the seed's first account."""
        account = self._first_account()
        access_key = account.get("access_key", DEFAULT_ACCESS_KEY)
        secret_key = account.get("secret_key", DEFAULT_SECRET_KEY)
        return {
            "JDCLOUD_ACCESS_KEY": access_key,
            "JDCLOUD_SECRET_KEY": secret_key,
            "JDCLOUD_REGION": self._region,
            "JDCLOUD_ENDPOINT_URL": self.url,
        }

    def _first_account(self) -> Mapping[str, Any]:
        seed = self._seed
        if seed is None:
            return {}
        if not isinstance(seed, Mapping):
            # Only a seed on disk needs a YAML library on this side.
            import yaml

            seed = yaml.safe_load(Path(seed).read_text(encoding="utf-8")) or {}
        accounts = seed.get("accounts") or [{}]
        return dict(accounts[0])

    def start(self) -> None:
        """Start the process and wait until it listens."""
        self._folder = tempfile.TemporaryDirectory(prefix="jdcloud-emulator-")
        package_parent = str(Path(__file__).resolve().parent.parent)
        path = os.pathsep.join(filter(None, [package_parent, os.environ.get("PYTHONPATH", "")]))
        with open(Path(self._folder.name) / "stderr", "w+", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                self._command(self._folder.name),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**_unmeasured(os.environ), "PYTHONPATH": path},
            )
            line = self._first_line()
            if not line.startswith("{"):
                self._process.kill()
                self._process.wait()
                log.seek(0)
                texts = log.read().strip()
                self.stop()
                raise RuntimeError(f"the emulator did not start: {texts or 'it said nothing'}")
        self.url = str(json.loads(line)["url"])
        self._control = None

    def stop(self) -> None:
        """End the process; asks first, insists after a few seconds."""
        process, self._process = self._process, None
        if process is not None:
            if process.poll() is None:
                process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _command(self, folder: str) -> list[str]:
        words = [sys.executable, "-m", "jdcloud_emulator", "serve", "--port", "0", "--parent-pid", str(os.getpid())]
        seed = self._seed
        if isinstance(seed, Mapping):
            # JSON is YAML as well: a mapping needs no YAML library on this side.
            path = Path(folder) / "seed.yml"
            path.write_text(json.dumps(seed), encoding="utf-8")
            seed = path
        if seed is not None:
            words += ["--seed", os.fspath(seed)]
        for name, value in self._settings.items():
            words += ["--set", f"{name}={json.dumps(value)}"]
        if self._tls is not None:
            words += ["--tls-cert", self._tls[0], "--tls-key", self._tls[1]]
        return words + self._arguments

    def _first_line(self) -> str:
        assert self._process is not None
        assert self._process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            if not selector.select(START_SECONDS):
                return ""
        return self._process.stdout.readline()
