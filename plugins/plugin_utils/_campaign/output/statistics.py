# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the playbooks hand to a workflow, from reports of the role vm_decommission. Pure.

A role that failed before it had a report leaves an empty one.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..state.approved_plan import seal_of

Report = Mapping[str, Any]

MAX_IDS = 100
"""The most ids of machines that failed, so that a statistic stays small. The totals say how many there are."""
MAX_HANDED_OVER = 65536
"""The most characters of a whole report."""


def decommission_statistics(report: Report, *, whole: bool) -> dict[str, Any]:
    """The statistics of the playbook decommission. `whole`: the report itself, too, in base64; empty if it is too large.

    Names in a report are text of the cloud. In base64 nobody takes them for templates.
    """
    plain_report = plain(report)
    statistics: dict[str, Any] = {
        "decommission": {
            "campaign": plain_report.get("campaign") or "",
            "digest": plain_report.get("digest") or "",
            "outcome": plain_report.get("outcome", "failed"),
            "totals": plain_report.get("totals", {}),
            "money": _money(plain_report.get("money")),
            "failed_ids": _failed_ids([plain_report])[:MAX_IDS],
            "report": plain_report.get("path", ""),
        }
    }
    if plain_report.get("check_mode") and plain_report.get("digest"):
        statistics["decommission_plan"] = _plan(plain_report)
    if whole:
        text = json.dumps(plain_report)
        small = len(text) <= MAX_HANDED_OVER
        statistics["decommission_report_base64"] = base64.b64encode(text.encode()).decode() if small else ""
    return statistics


def cleanup_statistics(reports: Sequence[Report], plan: Mapping[str, Any], *, whole: bool) -> dict[str, Any]:
    """The statistic of the playbook cleanup. `plan` is what was to be done, `whole` whether all of it was, without a problem."""
    done = [plain(report) for report in reports]
    return {
        "outcome": "complete" if whole else "failed",
        "due": plan.get("due", 0),
        "blocked": plan.get("blocked", 0),
        "deleted": sum(report["totals"]["deleted"] for report in done),
        "failed": sum(report["totals"]["failed"] for report in done),
        "failed_ids": _failed_ids(done)[:MAX_IDS],
        "reports": [report["path"] for report in done if report.get("path")],
    }


def find_idle_statistics(found: Mapping[str, Any], reports: Sequence[Report], *, whole: bool) -> dict[str, Any]:
    """The statistics of the playbook find_idle. `found` is what its stage returned, `reports` those of the marks.

    A preview of marks in one region is a plan that can be approved; a plan holds one region.
    """
    done = [plain(report) for report in reports]
    previews = [report for report in done if report.get("check_mode") and report.get("digest")]
    statistics: dict[str, Any] = {
        "find_idle": {
            "outcome": "complete" if whole else "failed",
            "totals": plain(found.get("totals", {})),
            "candidate_ids": plain(found.get("candidate_ids", []))[:MAX_IDS],
            "marked": sum(report["totals"]["marked"] for report in done),
            "failed": sum(report["totals"]["failed"] for report in done),
            "report": plain(found.get("report_path", "")),
        }
    }
    if whole and len(done) == len(previews) == 1:
        statistics["decommission_plan"] = _plan(previews[0])
    return statistics


def plain(value: Any) -> Any:
    """A value without what Ansible hangs on to it."""
    if isinstance(value, Mapping):
        return {str(key): plain(member) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(member) for member in value]
    return str(value) if isinstance(value, str) else value


def _money(money: Mapping[str, Any] | None) -> dict[str, Any]:
    """What a campaign saves a month or would, and what remains billed; empty where no prices were read or given."""
    if not money or not money["available"]:
        return {}
    return {name: money[name] for name in ("saved", "left", "backups", "currency", "source", "month")}


def _plan(report: Report) -> dict[str, Any]:
    """What is to be approved, and when its run began."""
    made = report["runs"][-1]["began"]
    return {
        "kind": report["kind"],
        "region": report["region"],
        "digest": report["digest"],
        "made": made,
        "seal": seal_of(report["kind"], report["digest"], made),
        "options": report["digest_covers"]["options"],
        "instance_ids": report["digest_covers"]["instance_ids"],
        "losses": report["digest_covers"]["losses"],
    }


def _failed_ids(reports: Sequence[Report]) -> list[str]:
    machines = [machine for report in reports for machine in report.get("machines") or ()]
    return [machine["instance_id"] for machine in machines if machine["action"] == "failed"]
