# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reports of the playbook find_idle, made and checked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema

from support.json_object import Json

SCHEMA: Json = json.loads((Path(__file__).parents[3] / "docs" / "idle.schema.json").read_text(encoding="utf-8"))
IDLE = {
    "code": "below_thresholds",
    "message": "In 14 days it did no more than the thresholds in brackets: CPU 0.80 % (5).",
}
NO_AGENT = {"code": "no_agent", "message": "Monitoring shows no CPU of it."}


def is_valid(report: Json) -> None:
    """Check a report against the schema."""
    jsonschema.validate(report, SCHEMA)


def looked(*rows: Json, region: str = "cn-north-1", **more: Any) -> Json:
    """A result of `jdcloud_vm_idle_info`."""
    return {
        "account": {"source": "environment", "access_key_suffix": "AK01", "region": region, "pin": None, "account_id": None},
        "instances": [{**row, "region": region} for row in rows],
        "window": {"start": "2026-01-06T00:00:00+00:00", "end": "2026-01-20T00:00:00+00:00"},
        "monitor_unread": [],
        "costs": {"source": "bill", "month": "2025-12", "currency": "CNY", "problem": None},
        "summary": {"api_calls": 18},
        **more,
    }


def judged(instance_id: str, verdict: str = "idle", cost: float | None = 100.0, **more: Any) -> Json:
    """An instance of such a result."""
    series = {"metric": "cpu_util", "unit": "%", "days": 14, "points": [0.8] * 27 + [None]}
    return {
        "instance_id": instance_id,
        "name": None,
        "status": "running",
        "instance_type": "g.n2.medium",
        "tags": {},
        "launched": "2025-06-01T08:00:00+08:00",
        "verdict": verdict,
        "confidence": "agent",
        "reasons": [NO_AGENT if verdict == "unknown" else IDLE],
        "metrics": {
            "cpu_percent_max": 0.8,
            "cpu_percent_avg": 0.8,
            "network_kbps_avg": 1.6,
            "disk_kbps_avg": 3.0,
            "points": 112,
            "expected_points": 112,
            "last_point": None,
        },
        "series": [series] if verdict == "idle" else [],
        "monthly_cost": cost,
        "deletable": True,
        "blockers": [],
        "warnings": [],
        **more,
    }
