# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Conducts a campaign on the controller: reads the variables of the role as they are, and runs the modules of its stages.

A template would change the variables on their way: with native types the text 2026.10 becomes the number 2026.1, without them the
text True becomes a boolean, and the marks are lost that keep text of outside from being taken for a template.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from ansible import constants as C
from ansible.utils.display import Display
from ansible.utils.vars import load_extra_vars

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.connection import CONNECTION_SPEC
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError, JdcloudError
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.progress import Part
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.texts import refuse_lost_texts
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.prices import check_prices
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._actions.last_words import last_words
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._actions.progress_action import ProgressAction, display_function
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._actions.started_by import started_by
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.input.decommission_variables import PREFIX, parse_options
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.input.other_variables import (
    READERS,
    VARIABLES,
    parse_backup,
    parse_restore,
)
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.output.again import Caller
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.report.page import compile_templates
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.stages.backup import back_up
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.stages.campaign import Campaign, begin, go_on
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.stages.cleanup import check_mount, clean_up
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.stages.events import check_hooks, stop, with_events
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.stages.expire import Expiry, expire
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.stages.find_idle import find_idle
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.stages.finish import finish
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.stages.lines import of_interruption
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.stages.plan import plan
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.stages.report import make_again, write_meanwhile
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.stages.restore import restore
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.stages.wave import wave
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state import approved_plan
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.store import Store
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.steps import find_idle as steps_of_idle
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.steps.cleanup import refuse_selection
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.steps.restore import restore_counts

COLLECTION = "jdcloud.cloud."
JOURNAL_VARIABLE = "JDCLOUD_JOURNAL_PATH"
RESULTS = (
    *("vm_decommission_report", "vm_decommission_event", "vm_backup_manifest", "vm_backup_summary"),
    *restore_counts({}),
)
"""Variables with the prefix of a role or playbook that it sets itself; an earlier use of it may have left them."""
SHOWN_OF_A_FAILURE = ("changed", "failed", "msg", "counts")
SILENT = ("jdcloud_disk", "jdcloud_elastic_ip")
"""Modules that warn of what is gone already; a campaign wants just that, and judges itself what is left."""
ALL_READERS = {**READERS, **approved_plan.READERS}
SPEC: dict[str, dict[str, Any]] = {
    **CONNECTION_SPEC,
    "stage": {
        "type": "str",
        "required": True,
        "choices": ["plan", "wave", "stop", "finish", "backup", "restore", "cleanup", "read", "report", "expire", "find_idle"],
    },
    "reader": {"type": "str", "choices": list(ALL_READERS)},
    "folder": {"type": "path", "default": ""},
    "run": {"type": "str", "default": ""},
    "wave": {"type": "int"},
    "waves": {"type": "list", "elements": "int"},
    "hook": {"type": "str"},
    "failed_task": {"type": "str", "default": ""},
    "prices": {"type": "dict", "default": {}},
    "language": {"type": "str", "default": ""},
}

Result = dict[str, Any]
Variables = Mapping[str, Any]

# Ansible loads this file once, and forks a worker for each stage: each of them would compile the same templates.
compile_templates()


class ActionModule(ProgressAction):
    """The whole of jdcloud_campaign: there is no module of this name to run."""

    _told: list[Any]
    """Warnings of the modules that ran, each once."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Do one stage. Fails with one sentence."""
        variables = task_vars or {}
        self._told = []
        _spec, options = self.validate_argument_spec(
            SPEC,
            required_if=[
                ("stage", "read", ["reader"]),
                ("stage", "wave", ["folder", "run", "waves"]),
                ("stage", "finish", ["folder", "run"]),
                ("stage", "stop", ["folder", "run", "hook"]),
                ("stage", "report", ["folder"]),
            ],
        )
        try:
            result = self._one_of_all(options, variables)
        except (JdcloudError, OSError) as error:
            result = {"failed": True, "changed": False, "msg": _sentence(error)}
        warnings = [*result.get("warnings", []), *self._told]
        return {**result, "warnings": warnings} if warnings else result

    def _one_of_all(self, options: Result, variables: Variables) -> Result:
        others: dict[str, Callable[[], Result]] = {
            "read": lambda: self._read(options["reader"], variables),
            "backup": lambda: self._backup(variables),
            "restore": lambda: self._restore(variables),
            "cleanup": lambda: self._clean_up(variables),
            "report": lambda: self._report(options),
            "expire": lambda: self._expire(variables),
            "find_idle": lambda: self._find_idle(variables),
        }
        return others.get(options["stage"], lambda: self._stage(options, variables))()

    def _read(self, reader: str, variables: Variables) -> Result:
        """What the variables of a role or playbook mean, and whether the task is in check mode."""
        given = self._given({**VARIABLES, **approved_plan.VARIABLES}[reader], variables)
        # A play or a task can be in check mode without --check, and ansible_check_mode knows the command line alone.
        return {"changed": False, "next": {**ALL_READERS[reader](given), "check_mode": bool(self._task.check_mode)}}

    def _backup(self, variables: Variables) -> Result:
        """The whole of the role vm_backup."""
        _refuse_unknown("vm_backup", variables)
        names = VARIABLES["vm_backup"]
        wanted = parse_backup({**dict.fromkeys(names), **self._given(names, variables)})
        result = back_up(wanted, self._modules(variables), _utcnow, preview=bool(self._task.check_mode))
        _show(result["lines"])
        return result

    def _restore(self, variables: Variables) -> Result:
        """The whole of the playbook restore."""
        _refuse_unknown("restore", load_extra_vars(self._loader))
        names = VARIABLES["restore"]
        wanted = parse_restore({**dict.fromkeys(names), **self._given(names, variables)})
        # A relative path is meant from where the command was given, not from the folder of the playbook.
        folder = os.environ.get("PWD") or os.getcwd()
        result = restore(wanted, self._modules(variables), folder, preview=bool(self._task.check_mode))
        _show(result["lines"])
        # Ansible shows the whole result of what fails, and its machines were shown.
        return {name: result[name] for name in SHOWN_OF_A_FAILURE if name in result} if result.get("failed") else result

    def _clean_up(self, variables: Variables) -> Result:
        """What the playbook cleanup is to delete."""
        refuse_selection(variables)
        # Such a name may be one of an inventory, for something else, but hardly one of the command line.
        _refuse_unknown("cleanup", load_extra_vars(self._loader))
        wanted = READERS["cleanup"](self._given(VARIABLES["cleanup"], variables))
        result = clean_up(wanted, self._modules(variables), preview=bool(self._task.check_mode))
        _show(result["lines"])
        # Ansible shows the whole result of what fails, and these were shown.
        return {**result, "lines": []} if result.get("failed") else result

    def _report(self, options: Result) -> Result:
        """Make the report of a record again. In check mode nothing is written."""
        check_prices(options["prices"], "prices")
        write = not self._task.check_mode
        made = make_again(Store(options["folder"]), options["prices"], write=write, language=options["language"])
        _show(made["lines"])
        return {"changed": write, **made}

    def _expire(self, variables: Variables) -> Result:
        """Delete backups of finished campaigns, or say which would be."""
        names = VARIABLES["expire_backups"]
        _refuse_unknown("expire_backups", variables)
        given = READERS["expire_backups"](self._given(names, variables))
        check_mount(given["report_mount"])
        scratch = tempfile.mkdtemp(prefix="jdcloud-expire-", dir=C.DEFAULT_LOCAL_TMP)
        modules, preview = self._modules(variables), bool(self._task.check_mode)
        result = expire(Expiry(given, modules, Store(given["report_dir"] or scratch), _utcnow, preview, os.getppid()))
        _show(result["lines"])
        return result

    def _find_idle(self, variables: Variables) -> Result:
        """Which instances are idle, and which of them are to be marked."""
        _refuse_unknown("find_idle", variables)
        steps_of_idle.refuse_selection(variables)
        wanted = READERS["find_idle"](self._given(VARIABLES["find_idle"], variables))
        check_prices(wanted["look"].get("prices") or {}, "find_idle_prices")
        result = find_idle(wanted, self._modules(variables), _utcnow)
        _show(result["lines"])
        # Ansible shows the whole result of what fails, and these were shown.
        return {**result, "lines": []} if result.get("failed") else result

    def _stage(self, options: Result, variables: Variables) -> Result:
        stage = options["stage"]
        where = (Store(options["folder"]), options["run"])
        try:
            campaign = self._begun(variables) if stage == "plan" else self._gone_on(options, variables)
            where = (campaign.store, campaign.record.run)
            return self._done(campaign, options)
        except (JdcloudError, OSError) as error:
            # Whoever looks for the reason at night finds it on the page, too.
            write_meanwhile(*where, _sentence(error))
            raise

    def _done(self, campaign: Campaign, options: Result) -> Result:
        stage = options["stage"]
        stages: dict[str, Callable[[int], Result]] = {
            "plan": lambda _wave: plan(campaign),
            "wave": lambda number: wave(campaign, number),
            "finish": lambda _wave: finish(campaign),
            "stop": lambda number: stop(campaign, options["hook"], number, options["failed_task"]),
        }
        campaign.caller = Caller(tuple(sys.argv), os.environ)
        output: Result = {}
        with campaign.stage(last=stage == "finish"), self._told_if_interrupted(campaign):
            for number in options["waves"] if stage == "wave" else [options["wave"]]:
                output = with_events(campaign, stage, stages[stage](number), number)
                campaign.save()
                _show(output["lines"])
        record = campaign.record
        result = {
            "changed": campaign.changed,
            "campaign": record.campaign,
            "digest": record.digest,
            "region": record.region,
            "instance_ids": record.instance_ids,
            "problem": record.problem,
            "folder": str(campaign.store.folder),
            "run": record.run,
            "preview": campaign.preview,
            "resumed": campaign.resumed,
            **output,
        }
        warnings = [*campaign.warnings]
        if campaign.torn_lines and stage in ("plan", "finish"):
            warnings += [
                f"{campaign.torn_lines} lines of the journal in {campaign.store.folder} are incomplete and were skipped: the "
                "outcome of their writes counts as unclear."
            ]
        return {**result, "warnings": warnings} if warnings else result

    @contextlib.contextmanager
    def _told_if_interrupted(self, campaign: Campaign) -> Iterator[None]:
        """Say what was sent, and how to go on, if a signal ends the stage. A preview sends nothing."""
        if campaign.preview:
            yield
            return
        with last_words(lambda: of_interruption(campaign), display_function(Display(), stderr=True)):
            yield

    def _begun(self, variables: Variables) -> Campaign:
        _refuse_unknown("vm_decommission", variables)
        options = self._options(variables)
        check_hooks(options)
        preview = bool(self._task.check_mode)
        if options.report_dir and not preview:
            folder = options.report_dir
        else:
            # Ansible removes the folder around it at its end, also after a worker was killed.
            folder = tempfile.mkdtemp(prefix="jdcloud-decommission-", dir=C.DEFAULT_LOCAL_TMP)
        # Stages run in workers of their own, and the process above them is Ansible itself.
        process = os.getppid()
        return begin(
            options,
            Store(folder),
            self._modules(variables),
            _utcnow,
            preview=preview,
            process=process,
            started_by=started_by(variables),
            handed_over=self._given({"plan": approved_plan.PLAN}, variables).get("plan"),
        )

    def _gone_on(self, options: Result, variables: Variables) -> Campaign:
        return go_on(
            Store(options["folder"]),
            self._modules(variables),
            _utcnow,
            preview=bool(self._task.check_mode),
            run=options["run"],
            process=os.getppid(),
        )

    def _options(self, variables: Variables) -> Any:
        names = VARIABLES["vm_decommission"]
        options = parse_options({**dict.fromkeys(names), **self._given(names, variables)})
        check_prices(options.prices, f"{PREFIX}prices")
        return options

    def _given(self, names: Mapping[str, str], variables: Variables) -> Result:
        """The values of the variables. What the user wrote as a template is one; marks of one in other text mean nothing."""
        omitted = variables.get("omit")
        values = {name: self._templar.template(variables[whole]) for name, whole in names.items() if whole in variables}
        given = {name: _plain(value) for name, value in values.items() if value is not omitted and value != omitted}
        # Here the whole name of the variable is known.
        refuse_lost_texts({names[name]: value for name, value in given.items()})
        return given

    def _modules(self, variables: Variables) -> _Modules:
        connection = {name: self._task.args[name] for name in CONNECTION_SPEC if self._task.args.get(name) is not None}
        return _Modules(self, variables, connection)

    def execute(
        self, module: str, arguments: Result, variables: Variables, environment: Result, part: Part | None = None
    ) -> Result:
        """Run a module of this collection as a task of its own would, and show how far it is."""
        before = self._task.environment
        self._task.environment = [*(before if isinstance(before, list) else [before]), environment]
        try:
            with self._part_lines(part or Part(module, "")) as path, self._with_progress(path, reads=True):
                result: Result = self._execute_module(
                    module_name=COLLECTION + module, module_args=arguments, task_vars=dict(variables), wrap_async=False
                )
            for warning in [] if module in SILENT else result.get("warnings") or []:
                if warning not in self._told:
                    self._told.append(warning)
            return result
        finally:
            self._task.environment = before

    @contextlib.contextmanager
    def in_check_mode(self, check_mode: bool) -> Iterator[None]:
        """What is run meanwhile only says what it would do, whatever the task itself is to do."""
        before = self._task.check_mode
        self._task.check_mode = check_mode
        try:
            yield
        finally:
            self._task.check_mode = before


class _Modules:
    """The modules of this collection, run by Ansible, with the connection options of the campaign."""

    def __init__(self, action: ActionModule, variables: Variables, connection: Result) -> None:
        self._action = action
        self._variables = variables
        self._connection = connection

    def execute(
        self, module: str, arguments: Mapping[str, Any], *, check_mode: bool, journal_path: str, part: Part | None = None
    ) -> Result:
        """See `Modules`."""
        given = {name: value for name, value in arguments.items() if value is not None}
        with self._action.in_check_mode(check_mode):
            environment = {JOURNAL_VARIABLE: journal_path} if journal_path else {}
            return self._action.execute(module, {**self._connection, **given}, self._variables, environment, part)


def _refuse_unknown(role: str, variables: Variables) -> None:
    """A variable that the role or playbook does not know may be a safeguard, or a choice, that was misspelt."""
    known = {*VARIABLES[role].values(), *RESULTS}
    unknown = sorted(name for name in variables if name.startswith(f"{role}_") and name not in known)
    if unknown:
        what = "role" if role.startswith("vm_") else "playbook"
        raise InputError(f"{', '.join(unknown)}: the {what} {role} has no such variable, so nothing was done: correct the name.")


def _show(lines: list[str]) -> None:
    """Show lines in one piece, whatever the callback shows of a task that went well; then no title stands above them."""
    if lines:
        display_function(Display())("\n".join(["", *lines]))


def _utcnow() -> datetime:
    return datetime.now(UTC)


def _plain(value: Any) -> Any:
    """Without what Ansible hangs on to values: it would not survive the way to the module, or be worked out once more."""
    if isinstance(value, Mapping):
        return {_plain(key): _plain(member) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(member) for member in value]
    # A value of an encrypted variable is no str in ansible-core 2.18.
    return str(value) if isinstance(value, str) or hasattr(value, "__ENCRYPTED__") else value


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError):
        what = error.filename or "The files of the campaign"
        return (
            f"{what} cannot be read or written ({error.strerror or error}), so nothing more is done: check the directory and "
            "the disk."
        )
    return str(error)
