# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A journal of all writes: a line before each leaves, and one with its outcome. And how to read one.

Whoever resumes a run that was killed, or has to answer for one, learns from it what was sent and what came of it.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..calls import Call, Response
from ..errors import ApiError, InputError, JdcloudError

VERSION = 1
SYNC_SECONDS = 1.0
"""How long lines may stay with the operating system. They survive the end of the process at once, a power cut after that."""
MESSAGE_LENGTH = 500
EVENTS = ["sent", "answered"]
_BEGINNING = f'{{"v": {VERSION}, "n": '
"""How each line begins."""


@dataclass(frozen=True, slots=True)
class Write:
    """One write. `outcome`: accepted, refused, throttled, not_sent, or unclear, also where no answer was written down."""

    at: datetime
    seconds: float | None
    region: str
    service: str
    operation: str
    resources: tuple[str, ...]
    outcome: str
    http: int | None = None
    status: str | None = None
    request_id: str | None = None
    message: str | None = None


class Journal:
    """Appends to one file, from several threads. Created with mode 0600 by the first write."""

    def __init__(self, path: str, region: str, utcnow: Callable[[], datetime]) -> None:
        self._path = path
        self._region = region
        self._utcnow = utcnow
        self._lock = threading.Lock()
        self._run = secrets.token_hex(6)
        self._count = 0
        self._file: int | None = None
        self._synced = 0.0

    def sent(self, call: Call[Any]) -> str:
        """Write down that a call is about to leave. Returns its number. Raises `InputError` if that cannot be written."""
        with self._lock:
            self._count += 1
            number = f"{self._run}-{self._count}"
        service, _dot, operation = call.operation.partition(".")
        self._append(
            {
                "v": VERSION,
                "n": number,
                "event": "sent",
                "at": self._now(),
                "region": self._region,
                "service": service,
                "operation": operation,
                "method": call.method,
                "resources": list(call.resources or ((call.resource,) if call.resource else ())),
            }
        )
        return number

    def answered(self, number: str, seconds: float, response: Response[Any] | None, error: JdcloudError | None) -> None:
        """Write down what came of a call. If that cannot be written, the outcome counts as unclear."""
        text: Response[Any] | JdcloudError | None = response or error
        with contextlib.suppress(InputError):
            self._append(
                {
                    "v": VERSION,
                    "n": number,
                    "event": "answered",
                    "at": self._now(),
                    "outcome": _outcome(error),
                    "http": 200 if error is None else error.http,
                    "status": None if error is None else error.status,
                    "request_id": None if text is None else text.request_id,
                    "message": None if error is None else str(error)[:MESSAGE_LENGTH],
                    "seconds": round(seconds, 3),
                }
            )

    def close(self) -> None:
        """Bring everything to the disk."""
        with self._lock:
            if self._file is not None:
                os.fsync(self._file)
                os.close(self._file)
                self._file = None

    def _now(self) -> str:
        return self._utcnow().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _append(self, line: dict[str, Any]) -> None:
        data = (json.dumps(line) + "\n").encode()
        try:
            with self._lock:
                if self._file is None:
                    self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
                if _ends_torn(self._file):
                    data = b"\n" + data
                # One call for one line, so that lines of several processes never mix.
                if os.write(self._file, data) != len(data):
                    raise OSError("the disk is full")
                if time.monotonic() - self._synced > SYNC_SECONDS:
                    os.fsync(self._file)
                    self._synced = time.monotonic()
        except OSError as error:
            raise InputError(
                f"The journal {self._path} cannot be written ({error.strerror or error}), so the call was not sent: correct "
                "JDCLOUD_JOURNAL_PATH or free disk space."
            ) from error


def _ends_torn(file: int) -> bool:
    """Whether the last line has no end: its writer was killed, or the disk was full. What follows must not become a part of it.

    Asked before each line, since other processes write to the same file.
    """
    size = os.fstat(file).st_size
    return size > 0 and os.pread(file, 1, size - 1) != b"\n"


def _outcome(error: JdcloudError | None) -> str:
    if error is None:
        return "accepted"
    if error.is_throttled:
        return "throttled"
    if error.unclear:
        return "unclear"
    return "refused" if isinstance(error, ApiError) else "not_sent"


@dataclass(frozen=True, slots=True)
class ReadJournal:
    """What a journal holds, in the order of sending; `skipped` counts lines that are none."""

    writes: list[Write]
    skipped: int


def read_journal(text: str) -> ReadJournal:
    """All writes of a journal. A line that is torn, or of something else, is skipped and counted.

    Two processes may write at the same time: an entry that follows a torn one on its line is read nevertheless.
    """
    sent: dict[str, dict[str, Any]] = {}
    responses: dict[str, dict[str, Any]] = {}
    skipped = 0
    for line in text.splitlines():
        if not line.strip():
            continue
        entry = _entry(line)
        if entry is None:
            skipped += 1
            entry = _entry(line[line.rfind(_BEGINNING) :]) if line.rfind(_BEGINNING) > 0 else None
        if entry is not None:
            (sent if entry["event"] == "sent" else responses)[entry["n"]] = entry
    writes = []
    for number, entry in sent.items():
        try:
            writes.append(_write(entry, responses.get(number, {})))
        except (ValueError, TypeError, KeyError):
            skipped += 1
    return ReadJournal(writes, skipped)


def _entry(line: str) -> dict[str, Any] | None:
    """The entry that a line holds, None if it is none."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    is_entry = isinstance(entry, dict) and entry.get("event") in EVENTS and isinstance(entry.get("n"), str)
    return entry if is_entry else None


def _write(sent: dict[str, Any], response: dict[str, Any]) -> Write:
    return Write(
        at=datetime.fromisoformat(sent["at"].replace("Z", "+00:00")),
        seconds=response.get("seconds"),
        region=str(sent["region"]),
        service=str(sent["service"]),
        operation=str(sent["operation"]),
        resources=tuple(str(each) for each in sent["resources"]),
        outcome=str(response.get("outcome", "unclear")),
        http=response.get("http"),
        status=response.get("status"),
        request_id=response.get("request_id"),
        message=response.get("message"),
    )
