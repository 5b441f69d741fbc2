# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why something failed, and that it may have been changed nevertheless. Values only."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..._api.errors import JdcloudError

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
