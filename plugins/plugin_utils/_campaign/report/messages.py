# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the page and the lines of a campaign call what the codes of a report stand for, and in which order and colour. Pure."""

from __future__ import annotations

from ..._language.text import Text, has, same, say, word_of

TONES = {"failed": "bad", "blocked": "warn", "not_started": "warn", "deleted": "done", "marked": "done", "unmarked": "done"}
ORDER = ("failed", "blocked", "not_started", "stopped", "started", "deleted", "marked", "unmarked", "none")
"""What needs attention comes first."""
OUTCOME_TONES = {
    "planned": "calm",
    "complete": "done",
    "nothing_to_do": "calm",
    "blocked": "warn",
    "failed": "bad",
    "stopped": "bad",
    "unfinished": "warn",
}
WRITE_OUTCOMES = ("accepted", "refused", "throttled", "unclear", "not_sent")
WRITE_TONES = {"accepted": "done", "throttled": "warn", "unclear": "warn", "refused": "bad", "not_sent": "calm"}
STATE_TONES = {"complete": "done", "failed": "bad", "begun": "warn", "not_started": "calm", "planned": "calm"}
NOTHING = same("")


def planned(key: str, *, preview: bool) -> Text:
    """A text that has another form in a preview, where it has one."""
    return say(f"{key}_planned" if preview and has(f"{key}_planned") else key)


def action_words(action: str, *, preview: bool) -> Text:
    """What was done with an instance, or would be."""
    return word_of("planned" if preview and has(f"planned.{action}") else "action", action)


def status_words(status: str | None) -> Text:
    """The status of an instance; empty where it is not known."""
    return word_of("status", status) if status else NOTHING


def fate_words(fate: str | None, *, preview: bool) -> Text:
    """What happened to a disk or an elastic IP, or would; empty for nothing."""
    if not fate:
        return NOTHING
    return word_of("planned_fate" if preview and has(f"planned_fate.{fate}") else "fate", fate)


def title_of(kind: str, code: str) -> Text:
    """What an error, a blocker or a warning means. A code that no table has is shown in its own words."""
    if has(f"{kind}.{code}"):
        return say(f"{kind}.{code}")
    return same(code.replace("_", " ").capitalize())


def advice_of(kind: str, code: str) -> Text:
    """What to do about an error, a blocker or a warning; empty where only its message says it."""
    return say(f"{kind}.{code}.advice") if has(f"{kind}.{code}.advice") else NOTHING
