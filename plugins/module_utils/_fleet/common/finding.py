# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A blocker or a warning: a code that scripts may rely on, and a sentence for the user."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..._api.fields import Readable, unreadable_reason


@dataclass(frozen=True, slots=True)
class Finding:
    """A blocker or a warning: a code of the public interface and one sentence."""

    code: str
    message: str


def unreadable_finding(row: Readable) -> Iterator[Finding]:
    """The blocker of a row that could not be read."""
    flaw = unreadable_reason(row)
    if flaw is not None:
        yield Finding(
            "unknown_status",
            f"{flaw[0].upper()}{flaw[1:]}, so nothing is decided about it: run again, and give JD Cloud's support its id if it "
            "stays so.",
        )
