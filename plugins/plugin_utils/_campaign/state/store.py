# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The folder of a campaign: durable writes, and what is there already. Files are 0600, and replaced as a whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ....module_utils._api.errors import InputError
from .record import Record, record_from

RECORD = "record.json"
JOURNAL = "journal.jsonl"
MANIFEST = "manifest.json"
REPORT = "report.json"
PAGE = "report.html"
TABLE = "machines.csv"
PLAN = "plan"
"""The folder of the last preview, within that of the campaign."""
_RUN = ' "run": '
"""How the line of the run begins in the file of a record."""
_ENCODER = json.JSONEncoder(ensure_ascii=False)
FILES = (RECORD, JOURNAL, MANIFEST, REPORT, PAGE, TABLE)


class Store:
    """The files of the newest campaign in one folder; earlier ones are in folders of their names within it."""

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)

    def path(self, name: str) -> Path:
        """Where a file is."""
        return self.folder / name

    @property
    def plan(self) -> Store:
        """The folder of what a preview wrote."""
        return Store(str(self.folder / PLAN))

    def create(self, variable: str) -> None:
        """Make the folder if its parent exists. Raises `InputError` if files cannot be written there."""
        try:
            with contextlib.suppress(FileExistsError):
                self.folder.mkdir(mode=0o700)
            with tempfile.TemporaryFile(dir=self.folder):
                pass
        except OSError as error:
            raise _no_folder(variable, error.strerror or str(error)) from error

    def check_writable(self, variable: str) -> None:
        """Raise `InputError` as `create` would, but make nothing."""
        place = self.folder if self.folder.exists() else self.folder.parent
        if not place.is_dir():
            raise _no_folder(variable, os.strerror(errno.ENOTDIR if place.exists() else errno.ENOENT))
        if not os.access(place, os.W_OK | os.X_OK):
            raise _no_folder(variable, os.strerror(errno.EACCES))

    def load(self) -> Record | None:
        """The record that is there, None if there is none. Raises `InputError` for a file that is something else."""
        try:
            return record_from(json.loads(self.path(RECORD).read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise InputError(
                f"{self.path(RECORD)} cannot be used, because {_reason(error)}, so nothing was done: move it away, or use "
                "another directory."
            ) from error

    def check_run(self, run: str) -> None:
        """Raise `InputError` if the record on disk is no longer that of this run."""
        if self._run_on_disk() != run:
            raise InputError("The record of the campaign is gone, or another run has taken it over, so this one ends.")

    def _run_on_disk(self) -> Any:
        """The run of the record on disk, None if there is none. Its line is near the head; a large record takes long to parse."""
        try:
            with self.path(RECORD).open(encoding="utf-8") as file:
                line = next((line for line in file if line.startswith(_RUN)), "")
            if line:
                return json.loads(line.removeprefix(_RUN).strip().removesuffix(","))
            return json.loads(self.path(RECORD).read_text(encoding="utf-8")).get("run")
        except (OSError, ValueError, AttributeError):
            return None

    def save(self, record: Record) -> None:
        """Write the record durably."""
        self.write_json(RECORD, record.as_json())

    def journal(self) -> str:
        """The text of the journal, empty if there is none."""
        try:
            return self.path(JOURNAL).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""

    def read_json(self, name: str) -> Any:
        """What a file holds, None if that cannot be read."""
        try:
            return json.loads(self.path(name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def manifest(self) -> dict[str, Any] | None:
        """The manifest of the backups so far, None if there is none.

        Raises `InputError` for a file that is something else: it may be all that leads to the backups of machines that are gone.
        """
        try:
            manifest = json.loads(self.path(MANIFEST).read_text(encoding="utf-8"))
            if not isinstance(manifest, dict):
                raise ValueError("it contains no object")
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise InputError(
                f"{self.path(MANIFEST)} cannot be used, because {_reason(error)}, so nothing more is done: correct it, or move "
                "it to a safe place."
            ) from error
        return manifest

    def add_manifest(self, new: dict[str, Any]) -> None:
        """Add the manifest of a wave to that of the waves before; of each machine the newest entry counts that has a backup."""
        if not new.get("machines"):
            return
        old = self.manifest()
        if old is not None and old.get("campaign") == new.get("campaign"):
            known = {entry["instance_id"]: entry for entry in old.get("machines", ())}
            newest = {entry["instance_id"]: _with_earlier(entry, known.get(entry["instance_id"])) for entry in new["machines"]}
            entries = {**known, **newest}
            whole = all(entry["action"] in ("created", "reused") for entry in entries.values())
            new = {**new, "machines": list(entries.values()), "state": "complete" if whole else "incomplete"}
        self.write_json(MANIFEST, new)

    def write_json(self, name: str, value: Mapping[str, Any]) -> None:
        """Write an object durably, and readable for people: a line for each of its members, or each member of these."""
        self.write(name, _in_lines(value))

    def write(self, name: str, text: str) -> None:
        """Replace a file durably: after a crash there is the old one or the new one, whole."""
        handle, temporary = tempfile.mkstemp(prefix=f".{name}.", dir=self.folder)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, self.path(name))
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
            raise
        self._sync()

    def copy_from(self, other: Store) -> None:
        """Copy the files of another folder, for a preview that changes none of them."""
        for name in (RECORD, JOURNAL, MANIFEST):
            with contextlib.suppress(FileNotFoundError):
                self.write(name, other.path(name).read_text(encoding="utf-8"))

    @property
    def has_files(self) -> bool:
        """Whether files of a campaign are there."""
        return any(self.path(name).exists() for name in FILES)

    @property
    def has_record(self) -> bool:
        """Whether a run worked here."""
        return self.path(RECORD).exists() or self.path(JOURNAL).exists()

    def move_aside(self, campaign: str) -> None:
        """Move the files of an earlier campaign into a folder of its name."""
        target = self.folder / campaign
        attempt = 1
        while target.exists() or target.name == PLAN:
            attempt += 1
            target = self.folder / f"{campaign}-{attempt}"
        target.mkdir(mode=0o700)
        for name in FILES:
            with contextlib.suppress(FileNotFoundError):
                os.replace(self.path(name), target / name)
        self._sync()

    def _sync(self) -> None:
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _with_earlier(entry: dict[str, Any], earlier: Mapping[str, Any] | None) -> dict[str, Any]:
    """The entry of a machine, with the backups of an earlier one where it has none: the file may be all that leads to them."""
    if earlier is None or entry.get("image") or entry.get("snapshots"):
        return entry
    names = ("specification", "disks", "image", "snapshots", "uncovered_disks")
    return {**entry, **{name: earlier[name] for name in names if earlier.get(name)}}


def _in_lines(value: Mapping[str, Any]) -> str:
    """An object as JSON. An encoder that indents all of it takes several times as long, and a record is written often."""
    members = (f"{_ENCODER.encode(str(name))}: {_member(member)}" for name, member in value.items())
    return "{\n " + ",\n ".join(members) + "\n}\n"


def _member(value: Any) -> str:
    if isinstance(value, Mapping) and value:
        lines = [f"{_ENCODER.encode(str(name))}: {_ENCODER.encode(member)}" for name, member in value.items()]
        return "{\n  " + ",\n  ".join(lines) + "\n }"
    if isinstance(value, (list, tuple)) and value:
        return "[\n  " + ",\n  ".join(map(_ENCODER.encode, value)) + "\n ]"
    return _ENCODER.encode(value)


def _no_folder(variable: str, why: str) -> InputError:
    return InputError(
        f"{variable} cannot be written ({why}): set it to a directory on the controller whose parent directory exists."
    )


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"it cannot be read ({error.strerror or error})"
    if isinstance(error, UnicodeDecodeError):
        return "it is not a UTF-8 text"
    return "it is not JSON" if isinstance(error, json.JSONDecodeError) else str(error)
