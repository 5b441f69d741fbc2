# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The manifest of the role vm_backup in its file: what an earlier run left, durable writes, and a copy of what is not its own."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ....module_utils._api.errors import InputError
from ....module_utils._fleet.evidence.specification import MANIFEST_FORMAT
from .store import Store

VARIABLE = "vm_backup_manifest_path"
STATES = ("planned", "complete", "incomplete")


@dataclass(frozen=True, slots=True)
class EarlierManifest:
    """What a later run needs to know of a manifest. `ran`: the machines that ran before the first run of its campaign."""

    campaign: str
    region: str
    instance_ids: list[str]
    ran: list[str]
    unfinished: bool
    reuse: str
    stop_running: bool


class ManifestFile:
    """One file in a folder that exists."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def earlier(self) -> EarlierManifest | None:
        """What is there, None if nothing is. Raises `InputError` for something else, which is never written over."""
        if not self._path.parent.is_dir() or self._path.is_dir():
            raise InputError(f"{VARIABLE} must be a file in an existing directory: create the directory first.")
        if not os.path.lexists(self._path):
            return None
        try:
            return earlier_manifest(json.loads(self._path.read_text(encoding="utf-8")))
        except (OSError, ValueError, RecursionError) as error:
            raise InputError(
                f"The file {VARIABLE} exists, but is not a manifest of format {MANIFEST_FORMAT} or cannot be read, so nothing "
                "was done: move it away, or use another path."
            ) from error

    def write(self, manifest: Mapping[str, Any]) -> None:
        """Replace the file durably. Only its owner may read it."""
        Store(str(self._path.parent)).write_json(self._path.name, manifest)

    def keep_copy(self, now: datetime) -> str:
        """Keep what is there next to it, and return the path of the copy. A copy of an earlier attempt serves again."""
        whole = self._path.read_bytes()
        name = f"{self._path}.{now:%Y-%m-%d@%H:%M:%S}"
        attempt = 1
        copy = Path(f"{name}~")
        while os.path.lexists(copy):
            if copy.is_file() and copy.read_bytes() == whole:
                return str(copy)
            attempt += 1
            copy = Path(f"{name}-{attempt}~")
        Store(str(copy.parent)).write(copy.name, whole.decode("utf-8"))
        return str(copy)


def earlier_manifest(read: Any) -> EarlierManifest:
    """What is known from a manifest. Raises `ValueError` if it is none."""
    if not isinstance(read, dict) or read.get("format") != MANIFEST_FORMAT or read.get("state") not in STATES:
        raise ValueError("it is not a manifest")
    machines = read.get("machines")
    if not isinstance(read.get("campaign"), str) or not isinstance(machines, list) or not all(map(_is_machine, machines)):
        raise ValueError("it is not a manifest")
    drill = read.get("drill")
    return EarlierManifest(
        campaign=read["campaign"],
        region=str(read.get("region") or ""),
        instance_ids=[machine["instance_id"] for machine in machines],
        ran=[machine["instance_id"] for machine in machines if machine["status_before"] == "running"],
        unfinished=read["state"] == "planned"
        or any(map(_is_left_to_do, machines))
        or (isinstance(drill, dict) and drill.get("outcome") == "begun"),
        reuse=str(read.get("reuse") or "campaign"),
        stop_running=bool(read.get("stop_running", True)),
    )


def _is_machine(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("instance_id"), str) and isinstance(entry.get("status_before"), str)


def _is_left_to_do(machine: Mapping[str, Any]) -> bool:
    """Whether a backup failed or did not fit. What was blocked is no reason: the next run looks at all that is selected then."""
    blockers = machine.get("blockers") or []
    codes = [each.get("code") for each in blockers if isinstance(each, dict)] if isinstance(blockers, list) else []
    failed = machine.get("action") == "failed" and machine.get("status") != "absent"
    return failed or "quota_shortfall" in codes
