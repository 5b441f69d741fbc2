# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A campaign at work: its options, its record on disk, and the modules that reach the cloud.

The stages decide with the pure steps, and send nothing by themselves: whatever is sent goes through `Modules`. So a whole
campaign runs the same way from an action plugin and in a test without Ansible.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from ....module_utils._api.errors import InputError
from ....module_utils._api.wire.journal import Write, read_journal
from ....module_utils._fleet.common.progress import Part
from ..input.decommission_variables import PREFIX, Options
from ..output.again import Caller
from ..output.progress import part_of
from ..report.content import report_of
from ..report.page import render
from ..report.table import UTF8_MARK, machines_csv
from ..state.approved_plan import handed_over as plan_handed_over
from ..state.digest import Approval, approval_of
from ..state.list_file import with_list
from ..state.lock import Lock, holder_of
from ..state.record import Record, stamp
from ..state.sent_writes import note_writes, write_row
from ..state.store import JOURNAL, PAGE, REPORT, TABLE, Store
from ..steps.begin import check_run, open_campaign, options_of

Result = dict[str, Any]


class Modules(Protocol):
    """Runs the modules of this collection."""

    def execute(
        self, module: str, arguments: Mapping[str, Any], *, check_mode: bool, journal_path: str, part: Part | None = None
    ) -> Result:
        """The result of one run, failed or not. Writes to the cloud are written to the journal before they are sent.

        An empty path leaves it to the surroundings whether there is a journal. `part` is for the progress: of what the run is a
        part, None if it is none.
        """


@dataclass(slots=True)
class Campaign:
    """One run of a campaign. `preview`: nothing is changed, and the folder is for this run only.

    `caller` knows how to run it again; `place` is how the progress calls the present stage. `handed_over` is the approved plan as
    a workflow hands it over, checked where it is used.
    """

    options: Options
    store: Store
    modules: Modules
    clock: Callable[[], datetime]
    preview: bool
    record: Record
    resumed: bool = False
    writes: list[Write] = field(default_factory=list)
    torn_lines: int = 0
    changed: bool = False
    lock: Lock | None = None
    warnings: list[str] = field(default_factory=list)
    caller: Caller = field(default_factory=Caller)
    place: str = ""
    handed_over: Any = None

    @property
    def now(self) -> datetime:
        """The time, in whole seconds."""
        return self.clock().replace(microsecond=0)

    @property
    def approved(self) -> Approval | None:
        """The plan that was approved, if it was handed over, or is the last one in the folder of the reports."""
        folder, digest = self.options.report_dir, self.options.digest
        given = plan_handed_over(self.handed_over, self.options.instance_ids or (), digest)
        if given is not None or not folder or not digest:
            return given
        return approval_of(Store(folder).plan.read_json(REPORT), digest)

    @property
    def left_to_do(self) -> list[str]:
        """The machines of the frozen list that are not known to be gone."""
        return [each for each in self.record.instance_ids if self.record.machines[each]["status"] != "absent"]

    def may_lose(self, ids: Iterable[str]) -> Result:
        """The argument that holds a deletion back with which more would be lost than was agreed to."""
        agreed = self.record.approval["losses"] if self.options.digest else self.record.losses
        return {"may_lose": {each: agreed.get(each, []) for each in ids}}

    def look(self, module: str, arguments: Mapping[str, Any]) -> Result:
        """What a module would do. Nothing is changed."""
        return self._execute(module, arguments, check_mode=True)

    def do(self, module: str, arguments: Mapping[str, Any]) -> Result:
        """Let a module work, after the record is written down. In a preview it says what it would do."""
        self.save()
        result = self._execute(module, arguments, check_mode=self.preview)
        self.changed = self.changed or bool(result.get("changed"))
        self.read_journal()
        return result

    def save(self) -> None:
        """Write the record down. Raises `InputError` if another run has taken the campaign over."""
        self.store.check_run(self.record.run)
        self.store.save(self.record)

    def read_journal(self) -> None:
        """Which writes were sent so far, and which deletes were accepted."""
        journal = read_journal(self.store.journal())
        self.writes, self.torn_lines = journal.writes, journal.skipped
        note_writes(self.record, self.writes)

    def write_report(self, outcome: Mapping[str, Any], bill: Result | None) -> Result:
        """The report of the campaign, and the path of its page, empty if nothing lasts. A preview has a folder of its own."""
        report = report_of(
            self.record,
            [write_row(write) for write in self.writes],
            outcome,
            preview=self.preview,
            prices=self.options.prices,
            bill=bill,
        )
        folder = self.report_folder()
        if folder is not None:
            write_documents(folder, report)
        return {"report": report, "report_path": str(folder.path(PAGE)) if folder is not None else ""}

    def report_folder(self) -> Store | None:
        """Where the documents are, None if none last. A preview has a folder of its own, which is made if it is not there."""
        if not self.options.report_dir:
            return None
        if not self.preview:
            return self.store
        lasting = Store(self.options.report_dir)
        lasting.create(f"{PREFIX}report_dir")
        lasting.plan.create(f"{PREFIX}report_dir")
        return lasting.plan

    def _execute(self, module: str, arguments: Mapping[str, Any], *, check_mode: bool) -> Result:
        path = str(self.store.path(JOURNAL))
        with self.lock.kept_alive() if self.lock else contextlib.nullcontext():
            part = part_of(self.record, self.place, module, arguments, self.now, looks=check_mode)
            return self.modules.execute(module, arguments, check_mode=check_mode, journal_path=path, part=part)

    @contextlib.contextmanager
    def stage(self, *, last: bool = False) -> Iterator[None]:
        """Do a stage. A run that fails, and one that is at its last stage, gives the lock back.

        What comes between two stages are the user's tasks, during which nothing shows signs of life.
        """
        done = False
        try:
            yield
            done = True
        finally:
            if self.lock is not None:
                if last or not done:
                    self.lock.release()
                else:
                    self.lock.expect_silence()


def write_documents(store: Store, report: Mapping[str, Any]) -> None:
    """Write a report as report.json, page and table."""
    store.write_json(REPORT, report)
    store.write(PAGE, render(report))
    store.write(TABLE, UTF8_MARK + machines_csv(report))


def begin(
    options: Options,
    store: Store,
    modules: Modules,
    clock: Callable[[], datetime],
    *,
    preview: bool,
    process: int = 0,
    started_by: Mapping[str, str | None] | None = None,
    handed_over: Any = None,
) -> Campaign:
    """A new campaign, or the rest of one that was not finished. `process` is the number of the one that runs it, 0 for this one.

    `started_by` says who runs it: user, host and job, for the record; `handed_over` see `Campaign`. Raises `InputError` as
    `open_campaign` does, and if another run works on the folder.
    """
    options = with_list(options)
    token = secrets.token_hex(8)
    now = clock().replace(microsecond=0)
    lock, stale = None, ""
    if options.report_dir and not preview:
        store.create(f"{PREFIX}report_dir")
        lock = Lock(store.folder, holder_of(process or os.getpid(), stamp(now), token))
        stale = lock.take()
    try:
        record, resumed = open_campaign(store, options, now, token, preview=preview)
        record.runs[-1].update(started_by or {}, reason=options.reason or None)
        campaign = Campaign(options, store, modules, clock, preview, record, resumed, lock=lock, handed_over=handed_over)
        campaign.read_journal()
    except BaseException:
        if lock is not None:
            lock.release()
        raise
    if stale:
        record.add_note(stale)
        campaign.warnings.append(stale)
    return campaign


def go_on(
    store: Store, modules: Modules, clock: Callable[[], datetime], *, preview: bool, run: str, process: int = 0
) -> Campaign:
    """The campaign where the stage before left it, with the options of its plan.

    A variable whose template gives another value by now, such as a folder with the time in its name, changes nothing.
    Raises `InputError` if another run took it over, if the run has ended or failed, and if it was begun in another mode.
    """
    record = check_run(store.load(), run, preview=preview)
    options = options_of(record)
    lock = None
    if options.report_dir and not preview:
        lock = Lock(store.folder, holder_of(process or os.getpid(), record.runs[-1]["began"], run))
        if not lock.is_held():
            # A play may ignore that a stage failed, and would begin the next wave without a lock, whatever came of this one.
            raise InputError(
                f"This run of campaign {record.campaign} no longer has the lock of its directory, because a stage failed or "
                "another run took it, so nothing more is done: run again."
            )
    campaign = Campaign(options, store, modules, clock, preview, record, lock=lock)
    campaign.read_journal()
    return campaign
