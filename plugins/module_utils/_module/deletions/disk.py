# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The work of the module `jdcloud_disk`."""

from __future__ import annotations

from ..._api.model.resources import Disk
from ..._fleet.common.failure import Finding
from ..._fleet.deletions.run import DeletionRecord
from ..._fleet.deletions.unattached import DiskKind
from ..._fleet.deletions.unattached_rules import IN_BIN
from ..common.session import Result, Session, Spec
from .report import DeletionReport
from .unattached import ADVICE, early_result, fate_of, run_unattached, unattached_spec

DISK_SPEC: Spec = {
    **unattached_spec("disk_ids", "max_disks"),
    "recycle": {"type": "bool", "default": True},
    "shared": {"type": "bool", "default": False},
}


def work(session: Session) -> Result:
    """Delete disks; the result has a `msg` if the task fails."""
    return DiskReport(run_unattached(session, DiskKind), session.region).result(session)


def early_end(session: Session) -> Result:
    """The result of a run that ended before it looked at anything."""
    return early_result(session, DiskReport, DiskKind)


class DiskReport(DeletionReport[Disk]):
    """Disks."""

    advice = ADVICE

    def summary(self) -> Result:
        """How many of what."""
        counts = self.counts()
        ended = [self._done(record) for record, row in self.pairs() if row["changed"] and not self.hangs(record, row)]
        return {**counts, "deleted": ended.count("deleted"), "recycled": ended.count("recycled")}

    def text_before(self, row: Result) -> str:
        """Its size, name and status."""
        return f"{row['size_gb']} GB, named {row['name']}, {row['status_before']}"

    def text_after(self, row: Result) -> str:
        """Its size, name and status."""
        return f"{row['size_gb']} GB, named {row['name']}, {row['status']}"

    def row(self, record: DeletionRecord[Disk]) -> Result:
        """One row of the result."""
        disk, seen = record.asset, record.seen
        return {
            "disk_id": record.asset_id,
            "name": disk.name if disk is not None else None,
            "size_gb": disk.size_gb if disk is not None else None,
            "status_before": disk.status if disk is not None else "absent",
            "attached_to": list(seen.attached_to) if seen is not None else [],
            **self.common(record, self._done(record)),
            "fate": fate_of(self, record, None if self._lost_sight(record) else self._done(record)),
        }

    def warnings(self, record: DeletionRecord[Disk]) -> list[Finding]:
        """What else should be known."""
        missing = "It should be in the recycle bin, but the service does not show it there: check the console."
        return [*super().warnings(record), *([Finding("not_in_bin", missing)] if self._lost_sight(record) else [])]

    def _done(self, record: DeletionRecord[Disk]) -> str:
        """What was done with it, or would be; the recycle bin beats what was expected."""
        if record.state is not None and record.state.status == IN_BIN:
            return "recycled"
        return "recycled" if record.asset is not None and self.run.kind.recycles(record.asset) else "deleted"

    def _lost_sight(self, record: DeletionRecord[Disk]) -> bool:
        """Whether this run put it into the bin, but the service says that it does not exist."""
        state = record.state
        return state is not None and state.deleted and state.gone and state.status != IN_BIN and self._done(record) == "recycled"
