# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The digest of a list of machines, and which machines make the difference between a list and an approved digest. Pure.

It covers the region and the ids, and nothing else: neither backups nor the fates of disks and addresses.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

MAX_HASHED_IDS = 2_000_000
"""The most ids that are hashed to find the difference: about a second."""
MAX_CHANGED = 3
"""Differences of more machines are not looked for, unless all that may not go make it."""


@dataclass(frozen=True, slots=True)
class Difference:
    """`added`: machines that go now and were not approved. `removed`: approved ones that may not go now."""

    added: tuple[str, ...]
    removed: tuple[str, ...]


def digest_of(region: str, ids: Sequence[str]) -> str:
    """What stands for exactly these machines of this region, in any order."""
    text = "\n".join([region, *sorted(ids)])
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def difference(approved: str, region: str, ids: Sequence[str], others: Sequence[str]) -> Difference | None:
    """What turned the approved list into `ids`; `others` are known, and may not go. None if that cannot be found out."""
    now = frozenset(ids)
    hashed = 0
    for changed in _guesses(sorted(now), sorted(set(others) - now)):
        guess = now.symmetric_difference(changed)
        hashed += len(guess)
        if hashed > MAX_HASHED_IDS:
            break
        if digest_of(region, [*guess]) == approved:
            return Difference(tuple(each for each in changed if each in now), tuple(each for each in changed if each not in now))
    return None


def _guesses(now: Sequence[str], others: Sequence[str]) -> Iterator[tuple[str, ...]]:
    yield tuple(others)
    for size in range(1, MAX_CHANGED + 1):
        # What is blocked by now comes first: it is mostly that.
        yield from combinations([*others, *now], size)


def difference_text(found: Difference | None, machines: Mapping[str, Mapping[str, Any]]) -> str:
    """Half a sentence about it; `machines` are the rows of those that are known."""
    if found is None:
        return "other machines are selected, and from a digest it cannot be seen which"
    parts = []
    if found.removed:
        parts.append(f"{', '.join(_with_reason(each, machines) for each in found.removed)} may not go any more")
    if found.added:
        parts.append(f"{', '.join(found.added)} came since")
    return " and ".join(parts)


def _with_reason(instance_id: str, machines: Mapping[str, Mapping[str, Any]]) -> str:
    row = machines.get(instance_id) or {}
    codes = list(dict.fromkeys(str(blocker["code"]) for blocker in row.get("blockers", ())))
    error = row.get("error") or {}
    reasons = [str(error["code"])] if error.get("code") else codes or (["gone"] if row.get("status") == "absent" else [])
    return f"{instance_id} ({', '.join(reasons)})" if reasons else instance_id
