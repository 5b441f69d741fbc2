# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The work of the module `jdcloud_vm_idle_info`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ..._api.connection import CONNECTION_SPEC
from ..._api.errors import InputError, JdcloudError, first_of
from ..._fleet.billing import CURRENCY
from ..._fleet.idle.costs import Costs, costs_by_bill, costs_by_prices
from ..._fleet.idle.run import Judged, Look, look_for_idle
from ..._fleet.idle.verdict import VERDICTS, Thresholds
from ..._fleet.idle.window import MOST_DAYS
from ..._fleet.machines.find import read_in_full
from ..._fleet.machines.gate_reads import gather_facts
from ..._fleet.planning.plan import decide
from ..._fleet.planning.policy import Facts, Policy
from ..._fleet.prices import check_prices
from ..common.arguments import SELECTION_SPEC, positive_number, selection_of
from ..common.rows import finding_rows, time_of
from ..common.session import Result, Session, Spec
from .options import VERDICT_SPEC, policy_of_verdict

VM_IDLE_INFO_SPEC: Spec = {
    **CONNECTION_SPEC,
    **SELECTION_SPEC,
    "window_days": {"type": "int", "default": 14},
    "cpu_percent_max": {"type": "float", "default": 5.0},
    "cpu_percent_avg": {"type": "float", "default": 2.0},
    "network_kbps_avg": {"type": "float", "default": 10.0},
    "disk_kbps_avg": {"type": "float", "default": 20.0},
    "minimum_age_days": {"type": "float"},
    "stopped_days": {"type": "float", "default": 14.0},
    "allow_host_only": {"type": "bool", "default": False},
    "bill": {"type": "bool", "default": True},
    "prices": {"type": "dict"},
    **VERDICT_SPEC,
}
OF_USE = ("busy", "too_young")
"""Verdicts on machines whose bill is not read: they are used, or will be."""
CANDIDATES = ("idle", "stopped_long")
"""Verdicts on machines whose series are shown."""
SHOWN_REASONS = 3
SHOWN = ("instance_id", "name", "region", "status", "instance_type", "tags")


def work(session: Session) -> Result:
    """Say of each machine whether it is idle, and whether `jdcloud_vm` would delete it."""
    params = session.module.params
    selection = selection_of(params)
    policy = policy_of_verdict(params, selection)
    thresholds = thresholds_of(params)
    check_prices(params["prices"] or {}, "prices")
    dispatcher = session.connect()
    machines, missing = read_in_full(dispatcher, selection)
    session.warn_of_missing(missing, found=len(machines))
    now = dispatcher.service_time()
    if now is None:
        raise JdcloudError("The service did not return its time, which the window needs: try again later.")
    look = look_for_idle(dispatcher, machines, thresholds, now)
    facts = gather_facts(dispatcher, policy, [machine.instance for machine in machines])
    costs = _costs(session, look, now)
    _warn(session, look, costs)
    rows = [_row(each, costs, policy, facts, session.region) for each in look.judged]
    return _result(session, look, costs, rows, len(missing))


def early_end(session: Session) -> Result:
    """The result of a run that ended before it looked at any machine."""
    return _result(session, None, Costs("none"), [], 0)


def thresholds_of(params: Mapping[str, Any]) -> Thresholds:
    """The checked thresholds. Raises `InputError`."""
    days = params["window_days"]
    # Ansible takes true for the whole number 1.
    if isinstance(days, bool) or not 1 <= days <= MOST_DAYS:
        raise InputError(
            f"window_days is {str(days).lower()}, but must be 1 to {MOST_DAYS}, because data is kept for {MOST_DAYS} days."
        )
    stopped = positive_number(params, "stopped_days", "days")
    if stopped > MOST_DAYS:
        raise InputError(
            f"stopped_days is {stopped:g}, but must be at most {MOST_DAYS}, because data is kept for {MOST_DAYS} days."
        )
    return Thresholds(
        window_days=days,
        cpu_percent_max=_most(params, "cpu_percent_max"),
        cpu_percent_avg=_most(params, "cpu_percent_avg"),
        network_kbps_avg=_most(params, "network_kbps_avg"),
        disk_kbps_avg=_most(params, "disk_kbps_avg"),
        minimum_age_days=days if params["minimum_age_days"] is None else positive_number(params, "minimum_age_days", "days"),
        stopped_days=stopped,
        allow_host_only=params["allow_host_only"],
    )


def _most(params: Mapping[str, Any], option: str) -> float:
    value = float(params[option])
    if not math.isfinite(value) or value < 0:
        raise InputError(f"{option} is {params[option]}, but must be a finite number, at least 0.")
    return value


def _costs(session: Session, look: Look, now: datetime) -> Costs:
    params, dispatcher = session.module.params, session.dispatcher
    machines = [each.machine.instance for each in look.judged]
    if params["prices"]:
        return costs_by_prices(machines, params["prices"])
    if not params["bill"] or dispatcher is None:
        return Costs("none")
    unused = [each.machine.instance for each in look.judged if each.judgement.verdict not in OF_USE]
    return costs_by_bill(dispatcher, session.region, unused, now)


def _warn(session: Session, look: Look, costs: Costs) -> None:
    if look.unread:
        count = sum(bool(each.evidence.unread) for each in look.judged)
        machines = f"{count} of {len(look.judged)} instances"
        session.module.warn(
            f"Monitoring data could not be read for {machines}, so none of them counts as idle: "
            f"{first_of(look.unread, SHOWN_REASONS, '; ')}."
        )
    if costs.problem:
        session.module.warn(f"The costs are unknown: {costs.problem}")


def _row(judged: Judged, costs: Costs, policy: Policy, facts: Facts, region: str) -> Result:
    machine, evidence = judged.machine, judged.evidence
    decision = decide(machine.instance, policy, facts)
    shown = machine.shown(region)
    return {
        **{name: shown.get(name) for name in SHOWN},
        "launched": time_of(evidence.launched),
        "verdict": judged.judgement.verdict,
        "confidence": evidence.confidence,
        "reasons": finding_rows(judged.judgement.reasons),
        "metrics": _metrics(judged),
        "series": _series(judged) if judged.judgement.verdict in CANDIDATES else [],
        "monthly_cost": costs.of.get(machine.instance.instance_id),
        "deletable": decision.action == "deleted",
        "blockers": finding_rows(decision.blockers),
        "warnings": finding_rows(decision.warnings),
    }


def _metrics(judged: Judged) -> Result:
    """The figures, and the series that covers the least."""
    figures, coverage = judged.evidence.figures, judged.evidence.coverage
    least = min(coverage, key=lambda each: each.points / max(1, each.expected), default=None)
    return {
        "cpu_percent_max": _shown(figures.cpu_percent_max),
        "cpu_percent_avg": _shown(figures.cpu_percent_avg),
        "network_kbps_avg": _shown(figures.network_kbps_avg),
        "disk_kbps_avg": _shown(figures.disk_kbps_avg),
        "points": None if least is None else least.points,
        "expected_points": None if least is None else least.expected,
        "last_point": None if least is None else time_of(least.last),
    }


def _series(judged: Judged) -> list[Result]:
    return [
        {"metric": line.metric, "unit": line.unit, "days": line.days, "points": list(line.values)}
        for line in judged.evidence.lines
    ]


def _shown(figure: float | None) -> float | None:
    return None if figure is None else round(figure, 2)


def _result(session: Session, look: Look | None, costs: Costs, rows: list[Result], not_found: int) -> Result:
    verdicts = [row["verdict"] for row in rows]
    return {
        "changed": False,
        "account": session.account,
        "instances": rows,
        "window": {
            "start": time_of(look.window.start) if look is not None else None,
            "end": time_of(look.window.end) if look is not None else None,
        },
        "monitor_unread": look.unread if look is not None else [],
        "costs": {"source": costs.source, "month": costs.month, "currency": CURRENCY, "problem": costs.problem or None},
        "summary": {
            "selected": len(rows),
            **{verdict: verdicts.count(verdict) for verdict in VERDICTS},
            "deletable": sum(bool(row["deletable"]) for row in rows),
            "not_found": not_found,
            **session.api_use(),
        },
    }
