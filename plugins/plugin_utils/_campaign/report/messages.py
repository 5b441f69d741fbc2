# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What codes mean, in plain words, and what to do about them. The codes are those of the modules' results. Pure."""

from __future__ import annotations

from collections.abc import Mapping

BLOCKERS = {
    "running": ("It runs", "Stop it first, or let the campaign stop it (vm_decommission_stop_running)."),
    "transitional": ("Something is being done with it", "Wait until that has ended, then run the campaign again."),
    "unknown_status": ("Its status is not known to be safe", "Wait until it is stopped, then run the campaign again."),
    "invalid_status": ("Its status does not allow this", "Look at it in the console, and bring it into a steady state."),
    "task_in_progress": ("A task runs on it or on a disk of it", "Wait until that has ended, then run the campaign again."),
    "prepaid_unexpired": (
        "It is prepaid",
        "No machine is deleted before its prepaid time ends: wait, or have it refunded.",
    ),
    "charge_overdue": ("Its bill is overdue", "Pay what is due, then run the campaign again."),
    "no_charge_record": ("The service has no record of its billing", "Ask the service about it; nothing is deleted without one."),
    "protected": (
        "A tag protects it",
        "Remove the tag first if that may be done after all. If a disk or an elastic IP carries it, that can be kept instead.",
    ),
    "surroundings_unknown": (
        "Whether a tag protects what would go with it is not known",
        "Let the key read disks, then run the campaign again.",
    ),
    "selector_mismatch": ("It does not match the selection", "Take it out of the list, or correct the selection."),
    "backup_missing": ("It has no proven backup", "Its reasons name what each backup lacks, and what to do."),
    "local_disk_loss": (
        "It has a local disk that no backup can hold",
        "Demand an image if it is a system disk; else save its data by other means, then allow the loss.",
    ),
    "disk_fate_impossible": (
        "A disk cannot become what is wished",
        "Leave its disks as they are (vm_decommission_disks=as_configured).",
    ),
    "elastic_ip_not_releasable": (
        "An elastic IP cannot be released",
        "Keep its elastic IPs, or release that one by hand.",
    ),
    "stop_charging_not_allowed": ("It cannot be stopped without being charged", "Stop it with its charge going on."),
    "more_would_be_lost": (
        "More would be lost with it than was planned",
        "Take that off the machine, or plan and approve again.",
    ),
    "quota_shortfall": ("The quotas have no room for its backup", "Have them raised, or remove backups that are not needed."),
    "not_marked": ("It does not carry the mark of the grace period", "Mark it first, or leave it."),
    "mark_malformed": ("Its mark is no date", "Correct the tag: only a date of the form YYYY-MM-DD counts."),
    "mark_doubled": ("It carries its mark more than once", "Remove all but one of the tags."),
    "mark_not_due": ("Its grace period is not over", "Wait until its date has passed."),
    "taken_back": ("It is marked, and it runs: somebody took it back", "Ask who needs it, and remove the mark or stop it."),
    "too_many_tags": ("It has no room for one more tag", "Remove a tag that is not needed."),
    "not_found": ("It does not exist", "Check the id and the region."),
}
ERRORS = {
    "api": "The service refused a call",
    "changed_meanwhile": "It changed between the plan and the delete",
    "timeout": "It did not get on in time",
    "vanished": "It vanished while it was worked on",
    "error_state": "It went into the state error",
    "fate_mismatch": "A disk or an elastic IP did not become what was planned",
    "elastic_ip_not_released": "An elastic IP could not be released",
    "unverified": "What became of it could not be read",
    "not_applied": "A change was accepted, but did not take effect",
    "not_made": "Its backup was not made",
    "not_found": "It does not exist",
    "backup_failed": "Its backup failed",
    "not_tried": "It was not tried",
    "internal": "The program met a case that it does not know",
}
WARNINGS = {
    "group_member": ("It is a member of an availability group", "The group may replace it when it goes: shrink the group, too."),
    "release_scheduled": ("Its release is scheduled", "The service would delete it by itself at its date."),
    "secondary_interface_kept": (
        "A secondary network interface is kept",
        "Delete the interface by hand if nobody needs it.",
    ),
    "dns_record": ("A DNS record holds an address of it", "Remove or change the record: the address may become another user's."),
    "not_found": ("It does not exist", "Nothing is to be done; check the id and the region if that surprises you."),
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
PLANNED = {
    "deleted": "would be deleted",
    "stopped": "would be stopped",
    "started": "would be started",
    "marked": "would be marked",
    "unmarked": "mark would be taken back",
    "failed": "would fail",
    "not_started": "would not be started",
}
TONES = {"failed": "bad", "blocked": "warn", "not_started": "warn", "deleted": "done", "marked": "done", "unmarked": "done"}
ORDER = ("failed", "blocked", "not_started", "stopped", "started", "deleted", "marked", "unmarked", "none")
"""What needs a look comes first."""
OUTCOMES = {
    "planned": ("Plan", "calm"),
    "complete": ("Complete", "done"),
    "nothing_to_do": ("Nothing to do", "calm"),
    "blocked": ("Blocked", "warn"),
    "failed": ("Failed", "bad"),
    "stopped": ("Stopped early", "bad"),
    "unfinished": ("Unfinished", "warn"),
}
KINDS = {"absent": "Decommissioning", "mark": "Marking for deletion", "unmark": "Taking marks back"}
PHASES = {
    "plan": "Plan",
    "mark": "Mark",
    "unmark": "Unmark",
    "record": "Write down scope",
    "stop": "Stop",
    "start": "Start",
    "backup": "Back up",
    "delete": "Delete",
    "release": "Release",
    "verify": "Verify",
}
FATES = {
    "deleted": "deleted",
    "kept": "kept",
    "lost": "lost",
    "released": "released",
    "failed": "not released",
    "unverified": "could not be read",
}
PLANNED_FATES = {
    "deleted": "to be deleted",
    "kept": "to be kept",
    "lost": "would be lost",
    "released": "to be released",
}
HELD_BY_IMAGE = ("gone, and in the image", "would go, and be in the image")
"""A system disk that is in the image of its machine: as a result, and in a preview."""
STATUSES = {"absent": "gone", "unverified": "not known"}
WRITES = {
    "accepted": "accepted",
    "refused": "refused",
    "throttled": "throttled",
    "unclear": "unclear",
    "not_sent": "not sent",
}
POINTERS = {
    "private_dns_record": "DNS record of a private zone",
    "public_dns_record": "DNS record of a public domain",
    "load_balancer_target": "target of a load balancer",
}
"""What may point to a machine."""
WRITE_TONES = {"accepted": "done", "throttled": "warn", "unclear": "warn", "refused": "bad", "not_sent": "calm"}
WAVE_COUNTS = (
    {"machines": "Machines", "deleted": "Deleted", "blocked": "Blocked", "failed": "Failed"},
    {"machines": "Machines", "deleted": "To delete", "blocked": "Blocked", "failed": "Would fail"},
)
"""What is counted of each wave: as a result, and in a preview."""
STATES = {"begun": "not ended", "not_started": "not started"}
STATE_TONES = {"complete": "done", "failed": "bad", "begun": "warn", "not_started": "calm", "planned": "calm"}


def label(words: Mapping[str, str], code: str) -> str:
    """A code in words; one that is not known, as it is."""
    return words.get(code, code.replace("_", " "))


def action_words(action: str, *, preview: bool) -> str:
    """What was done with a machine, or would be."""
    return label({**ACTIONS, **PLANNED} if preview else ACTIONS, action)


def status_words(status: str | None) -> str:
    """The status of a machine; empty where it is not known."""
    return label(STATUSES, status) if status else ""


def fate_words(fate: str | None, *, preview: bool) -> str:
    """What became of a disk or an elastic IP, or would; empty for nothing."""
    if not fate:
        return ""
    return label({**FATES, **PLANNED_FATES} if preview else FATES, fate)


def advice(code: str, words: Mapping[str, tuple[str, str]]) -> tuple[str, str]:
    """What a blocker or a warning means, and what to do about it; no advice for a code that is not known."""
    return words.get(code, (code.replace("_", " ").capitalize(), ""))
