# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the playbooks hand to a workflow."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.filter import cleanup_statistics as of_cleanup
from ansible_collections.jdcloud.cloud.plugins.filter import decommission_statistics as of_decommission
from ansible_collections.jdcloud.cloud.plugins.filter import find_idle_statistics as of_find_idle
from support.json_object import Json

DIGEST = "sha256:" + 64 * "a"


def machine(instance_id: str, action: str = "deleted", **fields: Any) -> Json:
    """A machine of a report."""
    return {"instance_id": instance_id, "action": action, "blockers": [], "error": None, "name": "{{ trap }}", **fields}


def report(*machines: Json, **fields: Any) -> Json:
    """A report of a deletion."""
    text: Json = {"campaign": "spring", "digest": DIGEST, "outcome": "complete", "kind": "absent", "region": "cn-north-1"}
    text.update(totals={"deleted": 1, "failed": 2}, path="/r/report.html", check_mode=False, machines=list(machines))
    text.update(runs=[{"began": "2026-11-24T08:00:00Z"}, {"began": "2026-11-25T08:00:00Z"}])
    return {
        **text,
        "digest_covers": {"options": {"backup": "image"}, "instance_ids": ["i-a"], "losses": {"i-a": ["vol-a"]}},
        **fields,
    }


def decommission(whole_report: Json, whole: Any = False) -> Json:
    """The statistics by the filter."""
    made: Json = of_decommission.FilterModule().filters()["decommission_statistics"](whole_report, whole)
    return made


def test_a_run_hands_over_its_counts_and_no_plan() -> None:
    made = decommission(report(machine("i-a"), machine("i-b", "failed")))
    assert made == {
        "decommission": {
            "campaign": "spring",
            "digest": DIGEST,
            "outcome": "complete",
            "totals": {"deleted": 1, "failed": 2},
            "money": {},
            "failed_ids": ["i-b"],
            "report": "/r/report.html",
        }
    }


def test_a_role_that_failed_before_it_had_a_report_failed() -> None:
    nothing = {"campaign": "", "digest": "", "outcome": "failed", "totals": {}, "money": {}, "failed_ids": [], "report": ""}
    assert decommission({}) == {"decommission": nothing}
    assert decommission({}, True)["decommission_report_base64"] == base64.b64encode(b"{}").decode()


def test_a_preview_hands_over_what_is_to_be_approved_under_a_seal() -> None:
    plan = decommission(report(check_mode=True))["decommission_plan"]
    made = "2026-11-25T08:00:00Z"
    seal = hashlib.sha256(f"absent\n{DIGEST}\n{made}".encode()).hexdigest()
    assert plan == {
        "kind": "absent",
        "region": "cn-north-1",
        "digest": DIGEST,
        "made": made,
        "seal": f"sha256:{seal}",
        "options": {"backup": "image"},
        "instance_ids": ["i-a"],
        "losses": {"i-a": ["vol-a"]},
    }


@pytest.mark.parametrize("digest", [None, ""])
def test_a_preview_without_a_list_hands_over_no_plan(digest: str | None) -> None:
    assert "decommission_plan" not in decommission(report(check_mode=True, digest=digest))


@pytest.mark.parametrize("whole", [True, "true", " yes ", "1", 1])
def test_the_report_itself_is_handed_over_if_that_is_asked_for(whole: Any) -> None:
    given = report(machine("i-a"))
    assert json.loads(base64.b64decode(decommission(given, whole)["decommission_report_base64"])) == given


@pytest.mark.parametrize("whole", [False, "false", "", None, "perhaps", 0])
def test_it_is_not_otherwise(whole: Any) -> None:
    assert "decommission_report_base64" not in decommission(report(), whole)


def test_a_report_that_is_too_large_is_handed_over_empty() -> None:
    assert decommission(report(*(machine(f"i-{number}") for number in range(2000))), True)["decommission_report_base64"] == ""


def test_at_most_a_hundred_ids_are_handed_over() -> None:
    failed = [machine(f"i-{number}", "failed") for number in range(150)]
    assert len(decommission(report(*failed))["decommission"]["failed_ids"]) == 100
    assert len(cleanup([report(*failed), report(*failed)])["failed_ids"]) == 100


def cleanup(reports: list[Json], plan: Json | None = None, whole: Any = True) -> Json:
    """The statistic by the filter."""
    made: Json = of_cleanup.FilterModule().filters()["cleanup_statistics"](reports, plan or {}, whole)
    return made


@pytest.mark.parametrize(("whole", "outcome"), [(True, "complete"), (False, "failed"), ("False", "failed")])
def test_the_clean_up_sums_its_regions(whole: Any, outcome: str) -> None:
    reports = [report(machine("i-a", "failed")), report(machine("i-b"), path="")]
    assert cleanup(reports, {"due": 3, "blocked": 1}, whole) == {
        "outcome": outcome,
        "due": 3,
        "blocked": 1,
        "deleted": 2,
        "failed": 4,
        "failed_ids": ["i-a"],
        "reports": ["/r/report.html"],
    }


def test_a_clean_up_that_failed_at_once_has_only_zeros() -> None:
    made = cleanup([], {"failed": True, "msg": "It failed."}, False)
    assert made.pop("outcome") == "failed"
    assert not any(made.values())


@pytest.mark.parametrize("available", [True, False])
def test_a_plan_says_what_it_would_save_where_that_is_known(available: bool) -> None:
    money = {"source": "bill", "available": available, "message": "", "currency": "CNY", "month": "2026-10"}
    amounts = {"saved": 832.0, "left": 123.0, "backups": 100.0}
    made = decommission(report(machine("i-a"), check_mode=True, money={**money, **amounts, "unknown": 0}))
    assert made["decommission"]["money"] == (
        {**amounts, "currency": "CNY", "source": "bill", "month": "2026-10"} if available else {}
    )


# --- find_idle ------------------------------------------------------------------------------------------------------


def find_idle(*reports: Json, whole: Any = True, **found: Any) -> Json:
    """The statistics by the filter."""
    made: Json = of_find_idle.FilterModule().filters()["find_idle_statistics"](found, list(reports), whole)
    return made


def marks(**fields: Any) -> Json:
    """A report of marks."""
    return report(machine("i-a", "marked"), kind="mark", totals={"marked": 1, "failed": 0}, **fields)


def test_at_most_a_hundred_idle_instances_are_named() -> None:
    made = find_idle(
        candidate_ids=[f"i-{number}" for number in range(150)], totals={"candidate": 150}, report_path="/i/idle.html"
    )
    assert len(made["find_idle"]["candidate_ids"]) == 100
    assert (made["find_idle"]["totals"], made["find_idle"]["report"]) == ({"candidate": 150}, "/i/idle.html")
    assert "decommission_plan" not in made


def test_a_search_that_failed_is_no_success() -> None:
    assert find_idle(whole=False)["find_idle"]["outcome"] == "failed"


def test_a_preview_of_marks_in_one_region_is_a_plan_and_others_are_none() -> None:
    assert find_idle(marks(check_mode=True))["decommission_plan"]["kind"] == "mark"
    assert "decommission_plan" not in find_idle(marks(check_mode=True), marks(check_mode=True))
    assert "decommission_plan" not in find_idle(marks())
    assert find_idle(marks(), marks())["find_idle"]["marked"] == 2
