# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all results share: rows of findings and failures, and sentences that name a few and count the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from ..._api.errors import first_of
from ..._fleet.common.failure import Failure, Finding
from .session import Result

SHOWN = 5
"""How many machines a message names before it says "and N more"."""
INTERNAL = "An internal error ended the run (see exception): report this bug."


class Tagged(Protocol):
    """Anything that carries tags."""

    @property
    def repeated_tags(self) -> Mapping[str, Sequence[str]]:
        """All values of each key that was shown more than once."""


class Named(Protocol):
    """A record of a machine."""

    @property
    def instance_id(self) -> str:
        """The machine's id."""
        raise NotImplementedError


N = TypeVar("N", bound=Named)


def name_some(records: Sequence[N], reasons: Callable[[N], Sequence[str]]) -> str:
    """The first machines with their reasons, for a message."""
    return list_some([(record.instance_id, reasons(record)) for record in records])


def list_some(reasons: Sequence[tuple[str, Sequence[str]]]) -> str:
    """The first of many ids with their reasons, for a message."""
    return first_of([f"{row_id} ({', '.join(text)})" for row_id, text in reasons], SHOWN)


def left_stopped(ids: Sequence[str]) -> str:
    """A sentence about machines that were stopped for something that then failed; empty if there are none."""
    return f" Stopped by this run and left stopped: {first_of(ids, SHOWN)}." if ids else ""


def failure_keys(message: str | None, crash: str | None = None) -> Result:
    """`msg` and `exception` of a task that failed, nothing of one that went well. `crash` is a traceback."""
    text = message or (INTERNAL if crash else None)
    return {**({"msg": text} if text else {}), **({"exception": crash} if crash else {})}


def reasons_of(instance_id: str, failure: Failure | None, blockers: Iterable[Finding]) -> list[str]:
    """Why something failed or is blocked, for a list that names its id."""
    if failure is not None:
        return [failure.message.removeprefix(f"{instance_id} ").rstrip(".")]
    return list(dict.fromkeys(blocker.code for blocker in blockers))


def finding_rows(items: Iterable[Finding]) -> list[Result]:
    """Blockers or warnings."""
    return [{"code": item.code, "message": item.message} for item in items]


def repeated_tags_of(tagged: Tagged | None) -> dict[str, list[str]]:
    """Keys that the service showed more than once, with all their values (fact tags-shown-twice)."""
    return {key: list(values) for key, values in tagged.repeated_tags.items()} if tagged is not None else {}


def error_of(failure: Failure | None) -> Result | None:
    """The error of a machine, with the service's answer if there was one."""
    if failure is None:
        return None
    error = failure.error
    return {
        "code": failure.code,
        "operation": error.operation if error else None,
        "http": error.http if error else None,
        "status": error.status if error else None,
        "message": failure.message,
        "request_id": error.request_id if error else None,
    }


def time_of(moment: datetime | None) -> str | None:
    """A time in ISO form."""
    return None if moment is None else moment.isoformat()
