# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is found about a machine, and why something failed, and may have been changed nevertheless. Values only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..._api.errors import JdcloudError
from ..._api.fields import Readable, unreadable_reason

UNVERIFIED = "unverified"
"""The status of such a machine, and the code of its error."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a machine failed: a code of the public interface, one sentence, and the service's answer if there was one."""

    code: str
    message: str
    error: JdcloudError | None = None


def api_failure(error: JdcloudError | None) -> Failure:
    """A call failed, and nothing else is known."""
    return Failure("api", str(error), error)


def with_unclear_call(failure: Failure, what: str) -> Failure:
    """A failure that does not hide that a call with an unclear end may have taken effect."""
    more = f"{what} was sent and not clearly answered, so it may have taken effect: run again to see."
    return replace(failure, code=UNVERIFIED, message=f"{failure.message.rstrip('.')}. {more}")


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
