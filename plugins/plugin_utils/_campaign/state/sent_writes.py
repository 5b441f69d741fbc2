# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the writes in the journal of a campaign say: which machines it deleted and stopped, and what it removed. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ....module_utils._api.wire.journal import Write
from .record import Record, stamp


def note_writes(record: Record, writes: Iterable[Write]) -> None:
    """Keep in the record what the writes so far say."""
    sent = list(writes)
    record.accepted = _accepted_deletes(sent)
    record.removed = removed_by(sent)
    record.stopped = stopped_by(sent)


def _accepted_deletes(writes: Iterable[Write]) -> dict[str, dict[str, str]]:
    """When deletes of machines were accepted: `surely`, and `likely` where the response to the last one was lost."""
    surely: dict[str, str] = {}
    likely: dict[str, str] = {}
    for write in writes:
        for resource in write.resources if write.operation == "deleteInstance" else ():
            likely.pop(resource, None)
            if write.outcome == "accepted":
                surely[resource] = stamp(write.at)
            elif write.outcome == "unclear":
                likely[resource] = stamp(write.at)
    return {"surely": surely, "likely": likely}


def removed_by(writes: Iterable[Write]) -> list[str]:
    """The disks and elastic IPs whose removal the service accepted."""
    wanted = ("deleteDisk", "deleteElasticIp")
    accepted = (write for write in writes if write.operation in wanted and write.outcome == "accepted")
    return sorted({each for write in accepted for each in write.resources})


def stopped_by(writes: Iterable[Write]) -> list[str]:
    """The machines that were stopped, or may have been, and were not started again."""
    last: dict[str, str] = {}
    for write in writes:
        if write.operation in ("stopInstance", "startInstance") and write.outcome in ("accepted", "unclear"):
            last.update(dict.fromkeys(write.resources, write.operation))
    return sorted(each for each, operation in last.items() if operation == "stopInstance")


def write_row(write: Write) -> dict[str, Any]:
    """A write as the report shows it."""
    return {
        "at": stamp(write.at),
        "seconds": write.seconds,
        "service": write.service,
        "operation": write.operation,
        "resources": list(write.resources),
        "outcome": write.outcome,
        "http": write.http,
        "status": write.status,
        "request_id": write.request_id,
        "message": write.message,
    }
