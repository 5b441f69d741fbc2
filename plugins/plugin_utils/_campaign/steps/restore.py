# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the playbook restore decides: which machines of a manifest come back, and what is said of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....module_utils._api.errors import InputError
from ....module_utils._fleet.evidence.specification import MANIFEST_FORMAT
from ..input.other_variables import RestoreOptions

Result = Mapping[str, Any]

COUNTS = ("selected", "created", "unchanged", "blocked", "failed")


def restore_arguments(options: RestoreOptions, manifest: Any) -> dict[str, Any]:
    """The arguments of jdcloud_vm_restore; `manifest` is what was read at the given path.

    Raises `InputError` for something else than a manifest, and for machines that are not in it.
    """
    region = {"region": options.region} if options.region else {}
    if not options.path:
        return {**options.arguments, **region}
    machines = _machines_of(manifest)
    ids = [machine["instance_id"] for machine in machines]
    if set(options.instance_ids) - set(ids):
        raise InputError("restore_instance_ids contains instances that are not in the manifest: correct the ids.")
    chosen = set(options.instance_ids or ids)
    known = {name: manifest[name] for name in ("campaign", "region") if manifest.get(name)}
    return {**options.arguments, **known, **region, "machines": [each for each in machines if each["instance_id"] in chosen]}


def restore_lines(result: Result) -> list[str]:
    """A line for each machine. Ids, words of this collection and codes of the service only; names are in the result."""
    return [_line(machine) for machine in result.get("instances") or []]


def restore_counts(result: Result) -> dict[str, int]:
    """The numbers that the playbook hands to a workflow, by their names there."""
    summary = result.get("summary") or {}
    return {f"restore_{name}": int(summary.get(name) or 0) for name in COUNTS}


def _machines_of(manifest: Any) -> list[dict[str, Any]]:
    machines = manifest.get("machines") if isinstance(manifest, dict) and manifest.get("format") == MANIFEST_FORMAT else None
    if not isinstance(machines, list) or not machines or not all(map(_is_machine, machines)):
        raise InputError(
            f"The file restore_manifest is not a manifest of format {MANIFEST_FORMAT} with instances: use another file."
        )
    return machines


def _is_machine(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("instance_id"), str)


def _line(machine: Result) -> str:
    source = machine["source_instance_id"] or machine["image_id"] or "image"
    error = machine.get("error") or {}
    call = [error["code"], *(error.get(name) for name in ("operation", "http", "status"))] if error else []
    codes = [" ".join(str(word) for word in call if word)] if call else []
    codes += [each["code"] for each in (*(machine.get("blockers") or ()), *machine["warnings"])]
    words = ", ".join([f"{machine['action']}, {machine['status']}", *codes])
    return f"{source} -> {machine['instance_id'] or '-'} {words}"
