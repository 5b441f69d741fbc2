# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role vm_backup decides: whether an earlier run goes on, which list is frozen, how it ended. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ....module_utils._api.errors import InputError
from ..input.other_variables import BackupOptions
from ..state.manifest_file import EarlierManifest

Result = Mapping[str, Any]

PREFIX = "vm_backup_"
_OPTIONS = (
    *("max_instances", "instance_ids", "protect_tags", "stop_running", "start_again", "on_blocked", "on_shortfall"),
    *("wait_timeout", "poll_interval"),
)
_OPTION = re.compile(rf"(?<![\w.])({'|'.join(_OPTIONS)})(?!\w)")
_API_USE = ("api_calls", "api_retries", "api_throttled", "seconds")
SHOWN = 5
"""The most older backups that stay of which the message gives the reason. The manifest has all."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one run works on. `arguments` are those of jdcloud_vm_backup, `terms` what a later run needs to go on with it.

    `foreign`: the file holds the manifest of another undertaking, which may be needed still.
    """

    arguments: dict[str, Any]
    terms: dict[str, Any]
    campaign: str = ""
    instance_ids: tuple[str, ...] = ()
    continued: bool = False
    foreign: bool = False


def open_batch(options: BackupOptions, earlier: EarlierManifest | None) -> Batch:
    """What is to be planned: what is selected, or the frozen list of a run that did not finish.

    Raises `InputError` if the unfinished one is about other machines.
    """
    wants_stop = bool(options.arguments["stop_running"])
    if earlier is None or not _goes_on(options, earlier):
        terms = {"reuse": options.arguments["reuse"], "stop_running": wants_stop}
        return Batch(arguments={**options.arguments, **options.place}, terms=terms)
    others = options.instance_ids is not None and sorted(options.instance_ids) != sorted(earlier.instance_ids)
    if others or options.region not in ("", earlier.region):
        raise InputError(
            f"The manifest at {PREFIX}manifest_path belongs to an unfinished campaign of other instances: finish that campaign "
            f"first, set {PREFIX}campaign to another name, or use another path."
        )
    frozen = {
        "instance_ids": earlier.instance_ids,
        "max_instances": len(earlier.instance_ids),
        "campaign": earlier.campaign,
        "reuse": earlier.reuse,
        # Without the wish to stop, whoever stopped since then was someone else.
        "stopped_before": earlier.ran if earlier.stop_running else [],
    }
    return Batch(
        arguments={**options.lasting, **frozen, **options.place},
        terms={"reuse": earlier.reuse, "stop_running": wants_stop or earlier.stop_running},
        continued=True,
    )


def freeze_batch(batch: Batch, plan: Result, earlier: EarlierManifest | None) -> Batch:
    """The batch with the machines of its plan, and no others. Raises `InputError` with what forbids it."""
    problem = problem_of(plan)
    if problem:
        raise InputError(problem)
    campaign = str(plan["campaign"])
    ids = [machine["instance_id"] for machine in plan["manifest"]["machines"]]
    frozen = {"instance_ids": ids, "max_instances": len(ids), "campaign": campaign}
    foreign = (
        earlier is not None
        and not batch.continued
        and (earlier.campaign != campaign or bool(set(earlier.instance_ids) - set(ids)))
    )
    return Batch(
        arguments={**batch.arguments, **frozen},
        terms=batch.terms,
        campaign=campaign,
        instance_ids=tuple(ids),
        continued=batch.continued,
        foreign=foreign,
    )


def problem_of(result: Result) -> str:
    """Why a module failed, with the names of the variables instead of those of the options that they set; else empty."""
    return _OPTION.sub(rf"{PREFIX}\1", failure_of(result))


def summary_of(plan: Result, done: Result) -> dict[str, Any]:
    """The counts of making the backups, with the use of the API for their plan, too."""
    first, then = plan.get("summary") or {}, done.get("summary") or {}
    return {**then, **{name: (first.get(name) or 0) + (then.get(name) or 0) for name in _API_USE}} if then else {}


def closing_problem(manifest: Result, problem: str, kept_problem: str) -> str:
    """The sentence with which the role fails, empty if all went well."""
    drill = manifest.get("drill")
    if problem:
        return problem
    if drill is not None and drill["outcome"] != "passed":
        return f"The backups are made, but the drill failed: {drill['message']}"
    return f"The backups are made, but older ones could not be deleted: {kept_problem}" if kept_problem else ""


def lines_of(manifest: Result, path: str, *, preview: bool) -> list[str]:
    """What became of the batch, or would, in a few lines."""
    actions = [machine["action"] for machine in manifest["machines"]]
    made = "to be made" if preview else "made"
    words = {"created": made, "reused": "used again", "blocked": "blocked", "failed": "failed", "none": "unchanged"}
    counts = [f"{actions.count(action)} {word}" for action, word in words.items() if action in actions]
    closing = "Nothing was changed." if preview else f"Manifest: {path}" if path else ""
    lines = [f"Backups of campaign {manifest['campaign']}: {', '.join(counts)}, of {len(actions)} instances. {closing}".rstrip()]
    drill = manifest.get("drill")
    if drill is not None and drill["outcome"] == "passed":
        lines.append(drill["message"])
    return lines + _staying((manifest.get("removed") or {}).get("kept") or {})


def failure_of(result: Result) -> str:
    """Why a module failed, empty if it did not."""
    if not result.get("failed") and result.get("msg") is None:
        return ""
    return str(result.get("msg") or "A module failed without a message.")


def superseded_ids(manifest: Result, kind: str) -> list[str]:
    """The images or snapshots that newer proven ones have made superfluous: `image_ids` or `snapshot_ids`."""
    return list(manifest["superseded"][kind])


def removed_backups(images: Result, snapshots: Result) -> tuple[dict[str, Any], str]:
    """What was removed and what stays with its reason, and why it failed.

    What no later run could delete either is reported, and fails no night's backup; the others went.
    """
    image_rows, snapshot_rows = images.get("images") or [], snapshots.get("snapshots") or []
    failed = [row for row in image_rows if row["action"] == "failed"]
    refused = [row for row in image_rows if (row.get("error") or {}).get("code") == "kept_by_service"]
    kept = {row["image_id"]: row["error"]["message"] for row in refused}
    kept.update(_blocked(image_rows, "image_id"))
    kept.update(_blocked(snapshot_rows, "snapshot_id"))
    removed = {
        "image_ids": [row["image_id"] for row in image_rows if row["action"] == "deleted"],
        "snapshot_ids": [row["snapshot_id"] for row in snapshot_rows if row["action"] == "deleted"],
        "kept": kept,
    }
    # A module that failed without a row that failed could not even begin.
    counts = len(failed) > len(refused) or not failed
    texts = [failure_of(images) if counts else "", failure_of(snapshots)]
    return removed, " ".join(text for text in texts if text)


def _blocked(rows: Sequence[Result], name: str) -> dict[str, str]:
    return {row[name]: " ".join(each["message"] for each in row["blockers"]) for row in rows if row["action"] == "blocked"}


def _staying(kept: Mapping[str, str]) -> list[str]:
    lines = [f"{asset_id} is kept: {reason}" for asset_id, reason in kept.items()]
    more = len(lines) - SHOWN
    return [*lines[:SHOWN], f"{more} more are kept; the manifest lists them in removed.kept."] if more > 0 else lines


def _goes_on(options: BackupOptions, earlier: EarlierManifest) -> bool:
    return earlier.unfinished and options.campaign in ("", earlier.campaign)
