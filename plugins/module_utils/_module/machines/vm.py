# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The work of the module `jdcloud_vm`."""

from __future__ import annotations

from ..._fleet.machines.run import MachineOptions, run_action
from ..common.arguments import cap_of, connect_with_timing
from ..common.rows import failure_keys
from ..common.session import Result, Session
from .options import planned_backups_of, policy_of
from .report import MachineReport, empty_result


def work(session: Session) -> Result:
    """Check the options, do the run, and return the result; it has a `msg` if the task fails."""
    module = session.module
    policy = policy_of(module.params)
    planned = planned_backups_of(module.params, preview=bool(module.check_mode))
    dispatcher, timing = connect_with_timing(session)
    run = run_action(
        dispatcher,
        policy,
        timing,
        MachineOptions(
            cap_of(module.params),
            module.params["on_blocked"] == "skip",
            module.check_mode,
            planned,
            dns=module.params["look_up_dns"],
        ),
        session.progress.watch,
    )
    if run.missing and len(run.missing) == len(run.records):
        module.warn(session.none_exists(len(run.missing)))
    if not run.records:
        module.warn(f"no instance in {session.region} matches the selection")
    if run.dns.warning:
        module.warn(run.dns.warning)
    report = MachineReport(run, session.region, policy.state, may_stop=policy.may_stop)
    return {
        "changed": report.changed,
        "account": session.account,
        "instances": report.instances(module.params["return_instances"]),
        "summary": {**report.summary(), **session.api_use()},
        "retained": report.retained(),
        "dns_unread": list(run.dns.unread),
        # With thousands of machines, a result that lists problems only must stay small.
        "diff": report.diff(wanted=bool(module._diff) or module.params["return_instances"] != "problems"),
        **failure_keys(report.message(), run.crash),
    }


def early_end(session: Session) -> Result:
    """The result of a run that ended before it looked at any machine."""
    return empty_result(session.account, session.api_use())
