# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the results of all deletions of things of one kind have in common: rows, counts, the sentence of a failure."""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterator
from typing import Any, Generic

from ..._fleet.common.failure import Finding
from ..._fleet.deletions.resource_kind import D
from ..._fleet.deletions.run import DeletionRecord, DeletionRun
from ..common.rows import error_of, failure_keys, finding_rows, list_some
from ..common.session import Result, Session


class DeletionReport(abc.ABC, Generic[D]):
    """Reads the records of one run. What a preview would do is shown as if it had been done.

    `key` begins the name of the id in a row and, with an s, of the rows in the result.
    """

    advice = "remove the causes or exclude them"
    """What to do if blocked ones held everything back."""

    def __init__(self, run: DeletionRun[D], region: str) -> None:
        self.run = run
        self.key = run.kind.key
        self._region = region
        self.rows = [self.row(record) for record in run.records]

    @abc.abstractmethod
    def row(self, record: DeletionRecord[D]) -> Result:
        """One row of the result."""

    @abc.abstractmethod
    def summary(self) -> Result:
        """How many of what."""

    @abc.abstractmethod
    def text_before(self, row: Result) -> str:
        """How one that goes was, for the diff."""

    @abc.abstractmethod
    def text_after(self, row: Result) -> str:
        """How one is that is going and still exists, for the diff."""

    def diff(self) -> Result:
        """Before and after of what goes, by id."""
        before, after = self.changes()
        return {"before": {f"{self.key}s": before}, "after": {f"{self.key}s": after}}

    def result(self, session: Session) -> Result:
        """The whole result, with a `msg` if the task fails. Warns if there is nothing at all."""
        if self.run.records and all(record.asset is None for record in self.run.records):
            session.module.warn(session.none_exists(len(self.run.records)))
        return {
            "changed": any(row["changed"] for row in self.rows),
            "account": session.account,
            f"{self.key}s": self.rows,
            "summary": {**self.summary(), **session.api_use()},
            "diff": self.diff(),
            **failure_keys(self.message(), self.run.crash),
        }

    def message(self) -> str | None:
        """One sentence if the task failed, else None."""
        wanted = "blocked" if self.run.held_back else "failed"
        problems = [row for row in self.rows if row["action"] == wanted]
        if not problems:
            return None
        text = list_some([(row[f"{self.key}_id"], self._reasons(row)) for row in problems])
        count = f"{len(problems)} of {len(self.rows)} {self.run.kind.word}s"
        if self.run.held_back:
            return f"{count} cannot be deleted, so nothing was changed: {text}; {self.advice}."
        return f"{count} failed: {text}."

    def common(self, record: DeletionRecord[D], done: str = "deleted") -> Result:
        """What every row holds. `done` is the action of one that went."""
        return {
            "status": self._status(record),
            "action": self._action(record, done),
            "changed": self.went(record),
            "blockers": finding_rows(record.blockers),
            "warnings": finding_rows(self.warnings(record)),
            "error": error_of(record.failure),
        }

    def counts(self) -> Result:
        """Of the result's rows."""
        rows = self.rows
        return {
            "selected": len(rows),
            "changed": sum(row["changed"] for row in rows),
            "already_absent": self.count(lambda record, row: record.gone and not row["changed"]),
            "not_found": sum(record.asset is None for record in self.run.records),
            "blocked": sum(row["action"] == "blocked" for row in rows),
            "failed": sum(row["action"] == "failed" for row in rows),
        }

    def changes(self) -> tuple[Result, Result]:
        """Texts about what goes, before and after, by id."""
        went = {record.asset_id: row for record, row in self.pairs() if row["changed"]}
        before = {asset_id: self.text_before(row) for asset_id, row in went.items()}
        return before, {asset_id: self.text_after(row) for asset_id, row in went.items() if row["status"] != "absent"}

    def count(self, wanted: Callable[[DeletionRecord[D], Result], bool]) -> int:
        """How many records with their rows are wanted."""
        return sum(wanted(record, row) for record, row in self.pairs())

    def pairs(self) -> Iterator[tuple[DeletionRecord[D], Result]]:
        """Each record with its row."""
        return zip(self.run.records, self.rows, strict=True)

    def went(self, record: DeletionRecord[D]) -> bool:
        """Whether it was deleted by this run, or may have been, or in a preview would be."""
        return record.deleted or record.in_doubt or self.run.would_go(record)

    def hangs(self, record: DeletionRecord[D], row: Result) -> bool:
        """Whether its delete was accepted, and its end was not seen although it was waited for."""
        return bool(row["changed"]) and row["action"] == "failed" and not record.gone

    def warnings(self, record: DeletionRecord[D]) -> list[Finding]:
        """What else should be known."""
        if record.asset is not None:
            return list(self.run.kind.warnings(record.asset)) if record.to_delete else []
        return [Finding("not_found", f"{record.asset_id} does not exist in {self._region}.")]

    def _reasons(self, row: Result) -> list[str]:
        if row["error"] is None:
            return list(dict.fromkeys(blocker["code"] for blocker in row["blockers"]))
        title = f"{self.run.kind.word} {row[f'{self.key}_id']} "
        return [str(row["error"]["message"]).removeprefix(title).rstrip(".")]

    def _action(self, record: DeletionRecord[D], done: str) -> str:
        if record.failure is not None:
            return "failed"
        if record.blockers:
            return "blocked"
        return done if self.went(record) else "none"

    def _status(self, record: DeletionRecord[D]) -> Any:
        asset = record.asset
        if asset is None:
            return "absent"
        if record.state is not None:
            return record.state.status
        if self.run.would_go(record):
            return self.run.kind.status_when_gone(asset) if self.run.waits else self.run.kind.status_when_asked(asset)
        return asset.status
