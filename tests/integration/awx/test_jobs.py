# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The jobs of the patterns: a plan, its approval, and what is done with it; slices; the clean-up."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.input.decommission_variables import PARSERS, PREFIX
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.digest import Approval
from jdcloud_emulator.state.model import make_id
from support.campaign.results import approval
from support.integration.awx import LOCALHOST, PATTERNS, Awx, Job, answers
from support.integration.cloud import REGION, running, stopped
from support.json_object import Json

pytestmark = pytest.mark.foreign

A, B, C, D = "i-aaaa000001", "i-bbbb000002", "i-cccc000003", "i-dddd000004"
X: Json = {"tags": {"project": "x"}}
APPROVED = PATTERNS.parents[1] / "playbooks" / "decommission_approved.yml"
NO_BACKUP = {"vm_decommission_backup": "none", "vm_decommission_waves": "100%"}


def approved(*ids: str, kind: str = "absent", **answered: Any) -> Approval:
    """What is approved with these answers of the survey, or with those that are proposed and no backup."""
    given = answered or {**answers("decommission_fleet"), **NO_BACKUP}
    variables = {name.removeprefix(PREFIX): value for name, value in given.items() if name.startswith(PREFIX)}
    known = {
        name: value for name, value in variables.items() if name in PARSERS and name not in ("region", "state", "instance_ids")
    }
    losses = {each: [system_disk_of(each)] for each in ids if kind == "absent"}
    return approval(*ids, region=REGION, state=kind, losses=losses, **known)


def system_disk_of(instance_id: str) -> str:
    """The disk that goes with a machine, if the machines of a seed stand in the order of their ids, from the first one on."""
    return make_id("vol", f"{REGION}/{instance_id}/{(A, B, C, D).index(instance_id)}")


def plan_of(*ids: str, kind: str = "absent", hours: float = 0, **answered: Any) -> Json:
    """Artifacts of a plan that was made so many hours ago."""
    made = f"{datetime.now(UTC) - timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"
    plan = frozen(*ids, kind=kind, **answered)
    seal = "sha256:" + hashlib.sha256(f"{kind}\n{plan['digest']}\n{made}".encode()).hexdigest()
    return {"decommission_plan": {**plan, "made": made, "seal": seal}}


def with_plan(artifacts: Json, **other: Any) -> Json:
    """These artifacts, with something else in the plan."""
    return {"decommission_plan": {**artifacts["decommission_plan"], **other}}


def listed(job: Job) -> Json:
    """What a plan says, but for its time."""
    return {name: value for name, value in job.artifacts["decommission_plan"].items() if name not in ("made", "seal")}


def frozen(*ids: str, kind: str = "absent", **answered: Any) -> Json:
    """The same of a plan that is to be expected."""
    plan = approved(*ids, kind=kind, **answered)
    return {"kind": kind, "region": REGION, "digest": plan.digest, **plan.as_json()}


def lanes(*numbers: int, of: int) -> Json:
    """The part of the inventory of lanes that one slice gets."""
    return {f"lane-{number}": {"jdcloud_lane": number, "jdcloud_lanes": of} for number in numbers}


@pytest.mark.parametrize(
    ("artifacts", "more", "part"),
    [
        ({}, {}, "The approved plan is missing"),
        (with_plan(plan_of(A), instance_ids=[A, B]), {}, "does not match its digest"),
        (plan_of(A, B), {"vm_decommission_max_instances": 1}, "The approved list contains 2 instances, but"),
        (plan_of(A), {"vm_decommission_instance_ids": B}, "vm_decommission_instance_ids: refused here"),
        (
            plan_of(A),
            {"vm_decommission_elastic_ips": "release"},
            "vm_decommission_elastic_ips is release, but was keep when it was approved",
        ),
        (plan_of(A), {"decommission_reports_mount": "/usr"}, "/usr is not a mount point"),
        (plan_of(A, hours=25), {}, "older than decommission_plan_max_age (24 hours)"),
    ],
)
def test_what_was_not_approved_as_it_is_changes_nothing(awx: Awx, artifacts: Json, more: Json, part: str) -> None:
    awx.seed(stopped(A), stopped(B))
    job = awx.decommission({**answers("decommission_fleet"), **NO_BACKUP, **more}, artifacts)
    assert job.failed, job.output
    assert part in job.output, job.output
    assert awx.cloud.writes() == []


def test_a_plan_that_is_no_preview_is_refused(awx: Awx) -> None:
    awx.seed(stopped(A))
    job = awx.job("decommission_fleet", "plan", answers("decommission_fleet", decommission_instance_ids=A))
    assert job.failed
    assert "This playbook only plans" in job.output
    assert awx.cloud.calls() == []


def test_exactly_what_was_approved_is_deleted(awx: Awx) -> None:
    """All answers as AWX gives them; a machine that gets the tag after the plan stays; the report can be read from the job."""
    awx.seed(running(A, **X), stopped(B, **X), stopped(D))
    answered, plan = awx.plan(
        vm_decommission_tags="project=x",
        vm_decommission_max_instances=3,
        vm_decommission_stop_running="true",
        **NO_BACKUP,
    )
    assert not plan.failed, plan.output
    assert awx.cloud.writes() == [], plan.output
    assert listed(plan) == frozen(A, B, **answered)
    assert "would be deleted" in plan.output
    assert A in plan.output

    awx.cloud.control.add({"regions": {REGION: {"instances": [stopped(C, **X)]}}})
    reports = awx.folder / "reports" / "fleet"
    job = awx.decommission(answered, plan.artifacts, decommission_reports=str(reports), decommission_report_in_stats=True)
    assert not job.failed, job.output
    assert awx.gone(A, B, C, D) == [True, True, False, False]
    assert job.artifacts["decommission"]["totals"]["deleted"] == 2
    handed_over = json.loads(base64.b64decode(job.artifacts["decommission_report_base64"]))
    kept = json.loads(Path(job.artifacts["decommission"]["report"]).with_name("report.json").read_text(encoding="utf-8"))
    assert handed_over["totals"] == kept["totals"]
    assert Path(job.artifacts["decommission"]["report"]).parent.parent == reports


def test_a_pasted_list_with_all_other_answers_is_planned_and_taken(awx: Awx) -> None:
    """Lines of names, addresses and ids; what is left out; canaries first; why; and tags in the report."""
    awx.seed(*(stopped(each, name=f"web {each[2]}", tags={"team": "shop"}) for each in (A, B, C, D)))
    answered, plan = awx.plan(
        decommission_list=f"web a\n\n{B}\n# later\nweb d\n",
        vm_decommission_exclude="web a",
        vm_decommission_canary=f"{D}",
        vm_decommission_reason="CHG-4711",
        vm_decommission_report_tags="team",
        **NO_BACKUP,
    )
    assert not plan.failed, plan.output
    assert plan.artifacts["decommission_plan"]["instance_ids"] == [D, B], plan.output
    assert awx.cloud.writes() == []

    reports = awx.folder / "reports" / "fleet"
    job = awx.decommission(answered, plan.artifacts, decommission_reports=str(reports))
    assert not job.failed, job.output
    assert awx.gone(A, B, C, D) == [False, True, False, True]
    report = json.loads(Path(job.artifacts["decommission"]["report"]).with_name("report.json").read_text(encoding="utf-8"))
    assert {row["instance_id"]: row["wave"] for row in report["machines"]} == {D: 1, B: 2}
    assert report["runs"][-1]["reason"] == "CHG-4711"
    assert report["options"]["report_tags"] == ["team"]


def test_lines_of_a_pasted_list_that_mean_no_machine_begin_nothing(awx: Awx) -> None:
    awx.seed(stopped(A))
    _answered, plan = awx.plan(decommission_list=f"{A}\nweb z\n", **NO_BACKUP)
    assert plan.failed
    assert "line 2 'web z' (no instance)" in plan.output, plan.output
    assert "decommission_plan" not in plan.artifacts


def test_an_empty_selection_is_a_failure_unless_the_survey_says_otherwise(awx: Awx) -> None:
    awx.seed(stopped(A))
    _answered, plan = awx.plan(vm_decommission_tags="project=x", **NO_BACKUP)
    assert plan.failed
    answered, plan = awx.plan(vm_decommission_tags="project=x", vm_decommission_empty_is_success="true", **NO_BACKUP)
    assert not plan.failed, plan.output
    job = awx.decommission(answered, plan.artifacts)
    assert not job.failed, job.output
    assert awx.cloud.writes() == []


def test_a_machine_that_may_no_longer_go_holds_the_approved_plan_back(awx: Awx) -> None:
    awx.seed(stopped(A), stopped(B))
    ids = {"decommission_instance_ids": f"{A}\n{B}", **NO_BACKUP}
    answered, plan = awx.plan(**ids, vm_decommission_on_blocked="skip")
    assert plan.artifacts["decommission_plan"]["instance_ids"] == [A, B], plan.output
    awx.cloud.control.act("start", B)
    job = awx.decommission(answered, plan.artifacts)
    assert job.failed
    assert "instead of the approved" in job.output
    assert awx.cloud.writes() == []


def test_days_of_grace_mark_instead_of_deleting(awx: Awx) -> None:
    awx.seed(running(A, **X), stopped(B, **X))
    answered, plan = awx.plan(
        vm_decommission_tags="project=x", vm_decommission_grace_days=14, vm_decommission_stop_running="true"
    )
    assert listed(plan) == frozen(A, B, kind="mark", **answered), plan.output
    job = awx.decommission(answered, plan.artifacts)
    assert not job.failed, job.output
    assert job.artifacts["decommission"]["totals"]["marked"] == 2, job.output
    assert awx.gone(A, B) == [False, False]
    assert awx.cloud.status(A) == "stopped"


def test_slices_share_the_approved_list_and_together_take_all_of_it(awx: Awx) -> None:
    awx.seed(*(stopped(each) for each in (A, B, C, D)))
    answered = {**answers("decommission_fleet"), **NO_BACKUP, "vm_decommission_max_instances": 3}
    settings: Json = {"decommission_reports": str(awx.folder / "reports")}
    plan = plan_of(C, A, B, **answered)
    first = awx.decommission(answered, plan, lanes(1, of=2), **settings)
    assert not first.failed, first.output
    assert awx.gone(A, B, C, D) == [False, True, True, False], first.output
    second = awx.decommission(answered, plan, lanes(2, of=2), **settings)
    assert not second.failed, second.output
    assert awx.gone(A, B, C, D) == [True, True, True, False], second.output
    assert len({first.artifacts["decommission"]["report"], second.artifacts["decommission"]["report"]}) == 2

    awx.cloud.control.clear_requests()
    idle = awx.decommission(answered, plan, lanes(4, of=4), **settings)
    assert not idle.failed
    assert "0 of 3 approved instances belong to this job" in idle.output
    assert awx.cloud.calls() == []


def test_a_preview_of_what_was_approved_needs_no_folder_that_the_job_makes(awx: Awx) -> None:
    awx.seed(stopped(A))
    variables = {
        **answers("decommission_fleet"),
        **NO_BACKUP,
        **plan_of(A),
        "decommission_reports": str(awx.folder / "new" / "reports"),
    }
    job = awx.job("decommission_fleet", "decommission", variables, "--check")
    assert not job.failed, job.output
    assert awx.cloud.writes() == [], job.output
    assert not (awx.folder / "new").exists()


def test_a_campaign_that_was_begun_in_time_is_finished_later(awx: Awx) -> None:
    """What a relaunch finds is the record of the first job; its approval need not be given twice."""
    awx.seed(stopped(A), stopped(B))
    settings: Json = {"decommission_reports": str(awx.folder / "reports")}
    answered = {**answers("decommission_fleet"), "vm_decommission_backup": "none", "vm_decommission_waves": "1,100%"}
    awx.cloud.control.inject("error", operation="vm.deleteInstance", resource=B, times=0, http=403, status="HTTP_FORBIDDEN")
    awx.decommission(answered, plan_of(A, B, **answered), **settings)
    assert awx.gone(A, B) == [True, False]
    awx.cloud.control.clear_faults()
    again = awx.decommission(answered, plan_of(A, B, hours=99, **answered), **settings)
    assert awx.gone(A, B) == [True, True], again.output


@pytest.mark.cores
def test_a_plan_is_taken_from_when_it_was_made_until_it_expires(awx: Awx) -> None:
    """Many plans in one play, since each play costs seconds; the clocks of two nodes may differ a little."""
    stale, fresh = plan_of(A, hours=25), plan_of(A)
    plans = {
        "fresh": fresh,
        "from a clock that is fast": plan_of(A, hours=-0.1),
        "nearly a day old": plan_of(A, hours=23.9),
        "stale": stale,
        "from the future": plan_of(A, hours=-1),
        "with another time": with_plan(stale, made=fresh["decommission_plan"]["made"]),
        "of another kind": with_plan(fresh, kind="mark"),
        "with another digest": with_plan(fresh, digest=approved(B).digest),
        "without a time": with_plan(fresh, made=None),
        "without a seal": with_plan(fresh, seal=None),
        "with a time that is none": with_plan(fresh, made="yesterday"),
        "with a number for a time": with_plan(fresh, made=20261125),
    }
    tasks = yaml.safe_load(APPROVED.read_text(encoding="utf-8"))[0]["tasks"]
    check = next(task for task in tasks if task.get("jdcloud.cloud.jdcloud_campaign", {}).get("reader") == "approved_age")
    tried: list[Json] = [
        {
            "vars": {**plan, "__approved_break": "\n", "__approved_max_age": "24"},
            "block": [
                {name: check[name] for name in ("jdcloud.cloud.jdcloud_campaign", "vars")},
                {"ansible.builtin.set_fact": {"taken": "{{ taken + [" + json.dumps(name) + "] }}"}},
            ],
            "rescue": [{"ansible.builtin.debug": {"msg": "refused"}}],
        }
        for name, plan in plans.items()
    ]
    text = {"ansible.builtin.set_stats": {"data": {"taken": "{{ taken }}"}}}
    play = {"hosts": "localhost", "gather_facts": False, "vars": {"taken": []}, "tasks": [*tried, text]}
    assert awx.play(play).artifacts["taken"] == ["fresh", "from a clock that is fast", "nearly a day old"]


def test_a_relaunch_without_the_record_says_where_it_may_be(awx: Awx) -> None:
    awx.seed(stopped(A))
    settings: Json = {"decommission_reports": str(awx.folder / "reports"), "awx_job_launch_type": "relaunch"}
    job = awx.decommission({**answers("decommission_fleet"), **NO_BACKUP}, plan_of(A), **settings)
    assert "This relaunch finds no record of the previous job in" in job.output


@pytest.mark.parametrize(
    ("hosts", "settings"),
    [({}, {}), (LOCALHOST, {"decommission_lanes": 2})],
    ids=["disabled", "localhost among lanes"],
)
def test_a_slice_whose_lane_is_missing_takes_nothing(awx: Awx, hosts: Json, settings: Json) -> None:
    """AWX counts disabled hosts when it makes slices, and leaves them out of the inventories of their jobs."""
    awx.seed(stopped(A))
    job = awx.decommission({**answers("decommission_fleet"), **NO_BACKUP}, plan_of(A), hosts, **settings)
    assert job.failed
    assert "contains no lane, so this job has no instances" in job.output
    assert awx.cloud.calls() == []


ODD_LANES: list[Json] = [
    {"web-01": {}},
    {**lanes(1, of=2), "web-01": {}},
    {**lanes(1, of=2), **lanes(2, of=3)},
    lanes(3, of=2),
    {"lane-1": {"jdcloud_lane": 1.5, "jdcloud_lanes": 2}},
    lanes(1, of=4),
]


@pytest.mark.parametrize("hosts", ODD_LANES, ids=str)
def test_an_inventory_that_leaves_the_share_unclear_changes_nothing(awx: Awx, hosts: Json) -> None:
    awx.seed(stopped(A))
    settings = {"decommission_lanes": 2 if hosts == lanes(1, of=4) else 0}
    job = awx.decommission({**answers("decommission_fleet"), **NO_BACKUP}, plan_of(A), hosts, **settings)
    assert job.failed
    assert "hosts without jdcloud_lane" in job.output
    assert awx.cloud.calls() == []


def surround(awx: Awx) -> None:
    """Put A and B into a group that scales, and behind a load balancer."""
    group = {"id": "ag-web", "members": [A, B], "managed": True, "auto_scaling": True, "min": 0, "max": 9}
    targets = [{"instance": each, "port": 80} for each in (A, B)]
    backend = {"id": "backend-web", "target_group": "tg-web"}
    balancer = {"id": "alb-web", "target_groups": [{"id": "tg-web", "targets": targets}], "backends": [backend]}
    awx.cloud.control.add({"regions": {REGION: {"groups": [group], "load_balancers": [balancer]}}})


@pytest.mark.parametrize("out", [True, False])
def test_the_answers_say_what_becomes_of_groups_and_load_balancers(awx: Awx, out: bool) -> None:
    awx.seed(running(A), running(B))
    surround(awx)
    around = {"vm_decommission_group_members": "abandon", "vm_decommission_load_balancers": "deregister"} if out else {}
    given = {"vm_decommission_stop_running": "true", "vm_decommission_backup": "none", "vm_decommission_waves": "100%", **around}
    answered, plan = awx.plan(decommission_instance_ids=A, **given)
    assert plan.failed is not out, plan.output
    assert awx.cloud.writes() == []
    if out:
        job = awx.decommission(answered, plan.artifacts, vm_decommission_drain_seconds=0)
        assert not job.failed, job.output
        assert awx.gone(A, B) == [True, False]
        way = ["lb.updateTargets", "lb.deRegisterTargets", "ag.abandonInstances", "vm.stopInstance", "vm.deleteInstance"]
        assert [each for each in awx.cloud.writes() if "Tags" not in each] == way


@pytest.mark.parametrize("out", [True, False])
def test_the_clean_up_takes_out_of_groups_and_load_balancers_what_its_survey_says(awx: Awx, out: bool) -> None:
    awx.seed(stopped(A, tags={"decommission-after": "2026-01-31"}), running(B))
    surround(awx)
    around = {"vm_decommission_group_members": "abandon", "vm_decommission_load_balancers": "deregister"} if out else {}
    given = answers("scheduled_cleanup", cleanup_regions=REGION, vm_decommission_backup="none", **around)
    settings = {"vm_decommission_drain_seconds": 0, "cleanup_report_mount": "/proc", "cleanup_report_dir": str(awx.folder / "r")}
    job = awx.job("scheduled_cleanup", "cleanup", {**given, **settings})
    assert awx.gone(A, B) == [out, False], job.output


def test_the_clean_up_takes_the_answers_of_its_survey(awx: Awx) -> None:
    due = {"tags": {"decommission-after": "2026-01-31"}}
    awx.seed(stopped(A, **due), stopped(B))
    reports = str(awx.folder / "reports" / "cleanup")
    given = answers("scheduled_cleanup", cleanup_regions=REGION, cleanup_max_instances=5, vm_decommission_backup="none")
    Path(reports).parent.mkdir()
    job = awx.job("scheduled_cleanup", "cleanup", {**given, "cleanup_report_dir": reports, "cleanup_report_mount": "/proc"})
    assert not job.failed, job.output
    assert awx.gone(A, B) == [True, False], job.output
    assert (Path(reports) / REGION / "report.html").is_file()


def test_the_end_of_old_backups_takes_the_answers_of_its_survey(awx: Awx) -> None:
    awx.seed(stopped(A))
    reports, records = awx.folder / "reports" / "expired", awx.folder / "reports"
    records.mkdir()
    given = answers("scheduled_expiry", expire_backups_regions=REGION)
    settings = {
        "expire_backups_report_dir": str(reports),
        "expire_backups_record_dirs": str(records),
        "expire_backups_report_mount": "/proc",
    }
    job = awx.job("scheduled_expiry", "expire_backups", {**given, **settings})
    assert not job.failed, job.output
    assert list(reports.glob("expired-*.json")), job.output
    assert awx.cloud.writes() == []
