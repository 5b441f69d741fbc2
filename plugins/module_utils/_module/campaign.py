# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The work of the module `jdcloud_campaign`: reads and writes the files of a campaign; all decisions are in `_campaign`."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from .._api.connection import CONNECTION_SPEC
from .._api.errors import JdcloudError
from .._api.wire.journal import Write, read_journal
from .._campaign.input.decommission_variables import PREFIX, Options, parse_options
from .._campaign.input.other_variables import READERS
from .._campaign.report.content import report_of
from .._campaign.report.costs import billed_ids, check_prices
from .._campaign.report.page import render
from .._campaign.state.record import Record
from .._campaign.state.sent_writes import note_writes, write_row
from .._campaign.state.store import JOURNAL, PAGE, REPORT, Store
from .._campaign.steps import finish, mark, plan
from .._campaign.steps import wave as wave_step
from .._campaign.steps.begin import check_run, open_campaign

Result = dict[str, Any]

STEPS = (
    *("read", "open", "freeze", "plan", "begin_wave", "after_mark", "after_backup", "before_delete", "after_delete"),
    *("after_release", "end_wave", "owed", "to_verify", "verify"),
    *("plan_mark", "plan_unmark", "after_tags", "after_power", "finish"),
)
CAMPAIGN_SPEC: dict[str, dict[str, Any]] = {
    # Not used: they come with the defaults of the action group.
    **CONNECTION_SPEC,
    "step": {"type": "str", "required": True, "choices": list(STEPS)},
    "directory": {"type": "path", "default": "/"},
    "reader": {"type": "str", "choices": list(READERS)},
    "input": {"type": "dict", "default": {}},
    "preview": {"type": "bool", "default": False},
    "run": {"type": "str", "default": ""},
    "wave": {"type": "int"},
    "result": {"type": "dict", "default": {}},
    "results": {"type": "list", "elements": "dict", "default": []},
    "manifest": {"type": "dict", "default": {}},
    "reason": {"type": "str", "default": ""},
    "bill": {"type": "dict"},
}


class CampaignStep:
    """One step: the record, what was handed in, and the time."""

    def __init__(self, params: dict[str, Any]) -> None:
        self.params = params
        self.preview: bool = params["preview"]
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.options: Options = parse_options(params["input"])
        check_prices(self.options.prices, f"{PREFIX}prices")
        self.store = Store(params["directory"])
        self.record: Record
        self.writes: list[Write] = []
        self.skipped = 0

    def open(self) -> Result:
        """Begin, or go on."""
        token = secrets.token_hex(8)
        self.record, resumed = open_campaign(self.store, self.options, self.now, token, preview=self.preview)
        self.read_journal()
        remaining = [each for each in self.record.instance_ids if self.record.machines[each]["status"] != "absent"]
        return {
            "run": token,
            "resumed": resumed,
            "remaining": remaining,
            "journal_path": str(self.store.path(JOURNAL)),
            "place": self.options.connection_arguments,
            "selected": self.options.selection_arguments,
            "frozen": self.options.scope_arguments,
            "fate": self.options.deletion_arguments,
            "timing": self.options.timing_arguments,
            "reuse_age": self.options.reuse_age,
            "options": {**self.options.shown, **_switches(self.options)},
            "note_key": mark.stopped_tag_key(self.options.tag_key),
        }

    def load(self) -> None:
        """Take up the record where the step before left it."""
        self.record = check_run(self.store.load(), self.params["run"])
        self.read_journal()

    def read_journal(self) -> None:
        """Which writes were sent so far, and which deletes were accepted."""
        journal = read_journal(self.store.journal())
        self.writes, self.skipped = journal.writes, journal.skipped
        note_writes(self.record, self.writes)

    def do(self, step: str) -> Result:
        """One step after the first."""
        record, options, now, params = self.record, self.options, self.now, self.params
        result, results, wave = params["result"], params["results"], params["wave"] or 0
        table: dict[str, Callable[[], Result]] = {
            "freeze": lambda: plan.freeze(record, result),
            "plan": lambda: plan.plan(record, options, result, params["manifest"], now, preview=self.preview),
            "begin_wave": lambda: wave_step.begin_wave(record, options, wave, result, now),
            "after_mark": lambda: wave_step.after_mark(record, wave, result, now, durable=bool(options.report_dir)),
            "after_backup": self._after_backup,
            "before_delete": lambda: wave_step.before_delete(record, result),
            "after_delete": lambda: wave_step.after_delete(record, options, wave, result, now),
            "owed": lambda: finish.owed(record, options),
            "after_release": lambda: finish.after_release(record, params["wave"], results, now),
            "end_wave": lambda: wave_step.end_wave(record, options, wave, now),
            "to_verify": lambda: {**finish.to_verify(record), "billed_ids": billed_ids(record.machines.values())},
            "verify": lambda: finish.verify(record, results, now),
            "plan_mark": lambda: mark.plan_mark(record, options, result, now),
            "plan_unmark": lambda: mark.plan_unmark(record, options, result, now),
            "after_tags": lambda: mark.after_tags(record, results, now),
            "after_power": lambda: mark.after_power(record, result, now),
            "finish": self._finish,
        }
        output = table[step]()
        self.store.save(record)
        return output

    def _after_backup(self) -> Result:
        manifest = self.params["manifest"]
        self.record.add_api_use(self.params["result"].get("summary") or {})
        output = wave_step.after_backup(self.record, self.params["wave"], manifest, self.params["reason"], self.now)
        # Written before the first delete: the machines can be made again from it.
        self.store.add_manifest(manifest)
        return output

    def _finish(self) -> Result:
        outcome = finish.finish(self.record, self.options, self.now, preview=self.preview)
        report = report_of(
            self.record,
            [write_row(write) for write in self.writes],
            outcome,
            preview=self.preview,
            prices=self.options.prices,
            bill=self.params["bill"],
        )
        lasting = bool(self.options.report_dir) and not self.preview
        if lasting:
            self.store.write_json(REPORT, report)
            self.store.write(PAGE, render(report))
        return {
            **outcome,
            "report": report,
            "report_path": str(self.store.path(PAGE)) if lasting else "",
            "failed_ids": [row["instance_id"] for row in report["machines"] if row["action"] == "failed"],
        }


def _switches(options: Options) -> Result:
    """What the role's tasks ask for, given or not."""
    names = ("kind", "stop_running", "start_again", "on_blocked", "backup", "backup_max_age", "backup_timeout", "tag_key", "bill")
    return {name: getattr(options, name) for name in names}


def run() -> None:
    """Run the module. Its arguments hold whole results, which the result does not repeat."""
    module = AnsibleModule(argument_spec=CAMPAIGN_SPEC, supports_check_mode=True, required_if=[("step", "read", ["reader"])])
    quiet = {"invocation": {"module_args": {"step": module.params["step"], "directory": module.params["directory"]}}}
    try:
        if module.params["step"] == "read":
            # A play or a task can be in check mode without --check, and ansible_check_mode knows the command line alone.
            output = {**READERS[module.params["reader"]](module.params["input"]), "check_mode": module.check_mode}
            module.exit_json(changed=False, next=output, **quiet)
        step = CampaignStep(module.params)
        if module.params["step"] == "open":
            output = step.open()
        else:
            step.load()
            output = step.do(module.params["step"])
    except (JdcloudError, OSError) as error:
        module.fail_json(msg=_sentence(error), **quiet)
    if step.skipped and module.params["step"] in ("open", "finish"):
        module.warn(
            f"{step.skipped} lines of the journal in {module.params['directory']} are torn and were skipped: a write whose "
            "outcome stood there counts as unclear."
        )
    record = step.record
    module.exit_json(
        changed=False,
        campaign=record.campaign,
        digest=record.digest,
        region=record.region,
        instance_ids=record.instance_ids,
        problem=record.problem,
        folder=str(Path(module.params["directory"])),
        next=output,
        **quiet,
    )


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError):
        return (
            f"The files of the campaign cannot be written ({error.strerror or error}), so nothing more is done: see to the disk."
        )
    return str(error)
