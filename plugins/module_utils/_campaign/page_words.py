# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What codes mean, in plain words, and what to do about them. The codes are those of the modules' results."""

from __future__ import annotations

BLOCKERS = {
    "running": "It runs. Stop it first, or let the campaign stop it (vm_decommission_stop_running).",
    "transitional": "Something is being done with it just now. Wait until that has ended, then run again.",
    "unknown_status": "Its status is not one that is known to be safe. Wait until it is stopped.",
    "invalid_status": "Its status does not allow this.",
    "task_in_progress": "A task runs on it or its disks, an image for example. Wait until that has ended.",
    "prepaid_unexpired": "It is paid in advance, and the service refuses to delete it before that ends.",
    "charge_overdue": "Its bill is overdue.",
    "no_charge_record": "The service has no record of its billing, and deletes no machine without one.",
    "protected": "A tag protects it. Nothing overrides that; remove the tag if it may go after all.",
    "selector_mismatch": "It exists, but does not match the selection, or not any more.",
    "backup_missing": "No proven backup holds its disks.",
    "local_disk_loss": "It has a local disk that no backup can hold. Save its data by other means first.",
    "disk_fate_impossible": "What is wished for its disks is not possible for one of them.",
    "elastic_ip_not_releasable": "One of its elastic IPs cannot be released.",
    "stop_charging_not_allowed": "It cannot be stopped without being charged.",
    "quota_shortfall": "The quotas have no room for its backup. Have them raised, or remove what is no longer needed.",
    "not_marked": "It does not carry the mark of the grace period.",
    "mark_malformed": "Its mark is no date of the form YYYY-MM-DD.",
    "mark_doubled": "It carries its mark more than once.",
    "mark_not_due": "Its grace period is not over.",
    "taken_back": "It is marked and runs: somebody took it back.",
    "too_many_tags": "It has no room for one more tag.",
}
ACTIONS = {
    "deleted": "deleted",
    "stopped": "stopped, not deleted",
    "started": "started",
    "marked": "marked",
    "unmarked": "mark taken back",
    "none": "nothing to do",
    "blocked": "blocked",
    "failed": "failed",
    "not_started": "not started",
}
OUTCOMES = {
    "planned": ("Plan", "calm"),
    "complete": ("Complete", "good"),
    "nothing_to_do": ("Nothing to do", "calm"),
    "blocked": ("Blocked", "warn"),
    "failed": ("Failed", "bad"),
    "stopped": ("Stopped early", "bad"),
    "unfinished": ("Unfinished", "warn"),
}
KINDS = {"absent": "Decommissioning", "mark": "Grace period begun", "unmark": "Grace period taken back"}
PHASES = {
    "plan": "Plan",
    "mark": "Mark",
    "unmark": "Unmark",
    "record": "Write down the scope",
    "stop": "Stop",
    "start": "Start",
    "backup": "Stop and back up",
    "delete": "Delete",
    "release": "Release leftovers",
    "verify": "Verify",
}
FATES = {
    "deleted": "deleted",
    "kept": "kept, still billed",
    "lost": "lost",
    "released": "released",
    "failed": "not released",
    "unverified": "could not be read",
    None: "untouched",
}


def said(words: dict[str, str], code: str) -> str:
    """A code in words; one that is not known, as it is."""
    return words.get(code, code.replace("_", " "))
