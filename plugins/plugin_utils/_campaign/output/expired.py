# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the playbook expire_backups prints: how many backups were deleted, and why the others stay. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..._language.text import Speaker, Text, has, join, listed, same, say, word_of
from .text import LONGEST, cut

SHOWN = 5


def expired_lines(
    deleted: int, total: int, kept: Mapping[str, int], failed: Sequence[str], path: str, *, preview: bool, language: str
) -> list[str]:
    """The counts by reason, the IDs that failed with their messages, and the path of the report, empty without one."""
    speak = Speaker(language)
    lines = [speak("expired.would" if preview else "expired.done", deleted=deleted, n=total)]
    if kept:
        counts = join(say("line.number", number=kept[name], word=_reason(name)) for name in sorted(kept))
        lines.append(speak("expired.kept", counts=counts))
    if failed:
        lines.append(cut(speak("expired.failed", names=listed(failed, SHOWN)), 2 * LONGEST))
    return [*lines, *([speak("finish.report", path=path)] if path else [])]


def _reason(name: str) -> Text:
    """Why backups stay. English lines have the code itself, as the report does."""
    return word_of("expiry", name) if has(f"expiry.{name}") else same(name)
