# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The patterns' setup.yml, with the real modules of awx.awx against a small AWX."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from awx_api.server import AwxApi
from support.integration.awx import PATTERNS, Awx, messages, survey_of
from support.integration.cloud import COLLECTIONS
from support.integration.commands import Ansible
from support.json_object import Json

pytestmark = pytest.mark.foreign

AWX_COLLECTIONS = COLLECTIONS.parent / "awx" / "collections"
ALL = ("decommission_fleet", "scheduled_cleanup", "scheduled_expiry", "find_idle")
SECRET = "sk-for-the-setup"
SETTINGS: Json = {
    "jdcloud_awx_image": "registry.example.com/jdcloud-ee:1.0.0",
    "jdcloud_awx_access_key": "AK-for-the-setup",
    "jdcloud_awx_secret_key": SECRET,
    "jdcloud_awx_region": "cn-north-1",
    # A number, as YAML reads it; AWX takes texts only.
    "jdcloud_awx_expected_account": 123456789012,
    "jdcloud_awx_webhook": "https://chat.example.com/hook",
    "jdcloud_awx_webhook_service": "feishu",
    "jdcloud_awx_starters": ["operators"],
    "jdcloud_awx_approvers": ["owners"],
}
# What the collection itself reads.
OWN = {
    f"JDCLOUD_{name}"
    for name in ("ACCESS_KEY", "SECRET_KEY", "SECURITY_TOKEN", "REGION", "EXPECTED_ACCOUNT", "ENDPOINT_URL", "CA_BUNDLE")
}
SEEN = {("JD Cloud plan", "read"), ("JD Cloud decommission", "read"), ("JD Cloud decommission", "execute")}
SEEN |= {("JD Cloud cleanup", "read"), ("JD Cloud expire backups", "read")}
SEEN |= {("JD Cloud find idle", "read"), ("JD Cloud mark idle", "read")}
SIMULTANEOUS = (("workflow_job_templates", "JD Cloud decommission a fleet"), ("job_templates", "JD Cloud decommission"))
FLOW = "JD Cloud decommission a fleet"
FLOWS = (FLOW, "JD Cloud find and mark idle instances")


@pytest.fixture(scope="module")
def api() -> Iterator[AwxApi]:
    """One AWX for the module: the second run must find what the first one made."""
    with AwxApi() as server:
        # Teams are a matter of whoever runs AWX.
        for team in ("operators", "owners", "nightwatch"):
            server.store.create("teams", {"name": team, "organization": server.store.named("organizations", "Default")["id"]})
        yield server


@pytest.fixture
def made(awx: Awx, api: AwxApi) -> AwxApi:
    """That AWX after a setup, whatever test of the module comes first."""
    if not api.store.rows["workflow_job_templates"]:
        status, output, _changed = set_up(awx.ansible, api, *ALL, jdcloud_awx_slices="2")
        assert status == 0, output
    return api


def set_up(ansible: Ansible, api: AwxApi, *patterns: str, **settings: Any) -> tuple[int, str, int]:
    """Run setups. Returns their status, output, and how many tasks changed something."""
    environment = {
        **api.environment,
        "ANSIBLE_COLLECTIONS_PATH": f"{AWX_COLLECTIONS}:{COLLECTIONS}",
        "ANSIBLE_PIPELINING": "1",
        # Newer versions of Ansible have something to say about how awx.awx is written.
        "ANSIBLE_DEPRECATION_WARNINGS": "False",
    }
    books = [str(PATTERNS / pattern / "setup.yml") for pattern in patterns]
    ended = ansible._run(["ansible-playbook", *books, "-e", json.dumps({**SETTINGS, **settings})], environment)
    output = ended.stdout + ended.stderr
    changed = re.search(r"changed=(\d+)", output)
    return ended.returncode, output, int(changed[1]) if changed else -1


def test_what_is_missing_is_reported_before_anything_is_made(awx: Awx, api: AwxApi) -> None:
    status, output, _changed = set_up(awx.ansible, api, "decommission_fleet", jdcloud_awx_image="")
    assert status == 2
    assert "jdcloud_awx_image must name the image" in output
    assert not [method for method, _path in api.requests if method != "GET"]


def test_a_setup_makes_everything_and_the_second_time_changes_nothing(awx: Awx, api: AwxApi) -> None:
    status, output, changed = set_up(awx.ansible, api, *ALL, jdcloud_awx_slices="2")
    assert status == 0, output
    assert changed > 1, output
    assert SECRET not in output, output
    again, output, changed = set_up(awx.ansible, api, *ALL, jdcloud_awx_slices="2")
    assert (again, changed) == (0, 0), output
    assert "WARNING" not in output, output


def test_the_credential_injects_what_the_modules_read(made: AwxApi) -> None:
    store = made.store
    kind = store.named("credential_types", "JD Cloud")
    assert set(kind["injectors"]["env"]) == {*OWN, "HTTPS_PROXY", "NO_PROXY"}
    assert {each["id"] for each in kind["inputs"]["fields"] if each.get("secret")} == {
        "access_key",
        "secret_key",
        "security_token",
    }
    credential = store.named("credentials", "JD Cloud")
    assert credential["inputs"] == {
        "access_key": "AK-for-the-setup",
        "secret_key": SECRET,
        "region": "cn-north-1",
        "expected_account": "123456789012",
    }


def test_the_workflow_asks_plans_waits_for_an_approval_and_goes_on(made: AwxApi) -> None:
    store = made.store
    workflow = store.named("workflow_job_templates", "JD Cloud decommission a fleet")
    whole = survey_of("decommission_fleet")
    # Jobs at the same time have no wave that goes before all others, so nobody is asked for its machines.
    asked = [each for each in whole["spec"] if each["variable"] != "vm_decommission_canary"]
    assert store.surveys["workflow_job_templates", workflow["id"]] == {**whole, "spec": asked}
    nodes = {each: store.named("workflow_job_template_nodes", each) for each in ("plan", "approve", "decommission")}
    follows = {
        name: store.links.get(("workflow_job_template_nodes", node["id"], "success_nodes"), []) for name, node in nodes.items()
    }
    assert follows == {"plan": [nodes["approve"]["id"]], "approve": [nodes["decommission"]["id"]], "decommission": []}
    assert nodes["approve"]["unified_job_template"] == store.named("workflow_approval_templates", "Approve the plan")["id"]
    text = [kind for (_resource, number, kind), ids in store.links.items() if number == workflow["id"] and ids]
    assert sorted(text) == [f"notification_templates_{event}" for event in ("approvals", "error", "success")]


def test_the_list_of_idle_instances_waits_for_an_approval_before_it_is_marked(made: AwxApi) -> None:
    store = made.store
    workflow = store.named("workflow_job_templates", "JD Cloud find and mark idle instances")
    assert store.surveys["workflow_job_templates", workflow["id"]] == survey_of("find_idle")
    nodes = {each: store.named("workflow_job_template_nodes", f"{each}-idle") for each in ("find", "approve", "mark")}
    follows = {
        name: store.links.get(("workflow_job_template_nodes", node["id"], "success_nodes"), []) for name, node in nodes.items()
    }
    assert follows == {"find": [nodes["approve"]["id"]], "approve": [nodes["mark"]["id"]], "mark": []}
    find, mark = (store.named("job_templates", f"JD Cloud {name} idle") for name in ("find", "mark"))
    assert (find["job_type"], mark["job_type"]) == ("check", "run")
    assert all((PATTERNS.parents[1] / job["playbook"]).is_file() for job in (find, mark))


def test_the_jobs_run_the_right_playbooks_where_their_reports_outlive_them(made: AwxApi) -> None:
    store = made.store
    plan, act, clean = (store.named("job_templates", f"JD Cloud {name}") for name in ("plan", "decommission", "cleanup"))
    assert (plan["job_type"], act["job_type"], clean["job_type"]) == ("check", "run", "run")
    assert all((PATTERNS.parents[1] / job["playbook"]).is_file() for job in (plan, act, clean))
    assert not any(job["ask_variables_on_launch"] for job in (plan, act, clean))
    assert act["job_slice_count"] == 2
    assert act["inventory"] == store.named("inventories", "JD Cloud lanes")["id"]
    assert [json.loads(store.named("hosts", f"lane-{lane}")["variables"]) for lane in (1, 2)] == [
        {"jdcloud_lane": lane, "jdcloud_lanes": 2} for lane in (1, 2)
    ]
    for job, key in ((act, "decommission_reports_mount"), (clean, "cleanup_report_mount")):
        mounted = json.loads(job["extra_vars"])[key]
        assert f"{mounted}:{mounted}:z" in store.settings["AWX_ISOLATION_SHOW_PATHS"]
    assert len(store.settings["AWX_ISOLATION_SHOW_PATHS"]) == 2, "what was mounted before still is"
    assert store.surveys["job_templates", clean["id"]] == survey_of("scheduled_cleanup")
    assert store.named("schedules", "JD Cloud cleanup")["unified_job_template"] == clean["id"]
    assert (act["timeout"], clean["timeout"]) == (-1, -1)


def test_the_schedule_answers_what_awx_asks_a_schedule_for(made: AwxApi) -> None:
    assert made.store.named("schedules", "JD Cloud cleanup")["extra_data"] == {
        "cleanup_max_instances": 10,
        "cleanup_on_too_many": "fail",
        "cleanup_empty_is_failure": "false",
        "vm_decommission_backup": "image",
        "vm_decommission_group_members": "block",
        "vm_decommission_load_balancers": "block",
        "vm_decommission_language": "en",
        "vm_decommission_report_tags": "owner",
    }
    assert made.store.named("schedules", "JD Cloud expire backups")["extra_data"] == {
        "expire_backups_days": 90,
        "expire_backups_max": 10,
        "expire_backups_on_too_many": "fail",
    }


def test_who_approves_a_plan_sees_what_it_saves(made: AwxApi) -> None:
    assert "saves a month" in made.store.named("workflow_approval_templates", "Approve the plan")["description"]
    for name in ("plan", "decommission"):
        assert json.loads(made.store.named("job_templates", f"JD Cloud {name}")["extra_vars"])["vm_decommission_bill"] is True


@pytest.mark.parametrize(("team", "role"), [("operators", "execute"), ("owners", "approval")])
def test_who_starts_and_who_approves_see_the_plan_and_what_came_of_it(made: AwxApi, team: str, role: str) -> None:
    assert made.store.roles_of(team) == {*SEEN, *((flow, role) for flow in FLOWS)}


def test_a_plan_that_waits_for_its_approval_does_not_hold_up_the_next_one(made: AwxApi) -> None:
    allowed = [made.store.named(kind, name)["allow_simultaneous"] for kind, name in SIMULTANEOUS]
    assert allowed == [True, False]


def test_an_approval_is_given_up_before_its_plan_expires(made: AwxApi) -> None:
    approval = made.store.named("workflow_approval_templates", "Approve the plan")
    hours = json.loads(made.store.named("job_templates", "JD Cloud decommission")["extra_vars"])["decommission_plan_max_age"]
    assert approval["timeout"] <= hours * 3600


def test_the_robot_of_the_service_gets_its_messages(made: AwxApi) -> None:
    sent = made.store.named("notification_templates", "JD Cloud")["messages"]
    assert sent == messages()["feishu"]


def test_the_example_of_the_guide_for_events_launches_the_clean_up(made: AwxApi) -> None:
    """With all that the survey requires, though it proposes answers: AWX wants them all the same."""
    guide = (PATTERNS.parents[1] / "docs" / "awx.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```text\n(action:\n  run_job_template:.*?)```", guide, re.DOTALL)
    action = yaml.safe_load(block)["action"]["run_job_template"]
    template = made.store.named("job_templates", action["name"])
    launched = made.store.launch("job_templates", template["id"], action["job_args"])
    assert launched["ignored_fields"] == {"extra_vars": {}}


def test_the_machines_are_an_inventory_of_the_plugin(made: AwxApi) -> None:
    source = made.store.named("inventory_sources", "JD Cloud")
    assert source["source"] == "scm"
    assert (PATTERNS.parents[1] / source["source_path"]).name == "jdcloud_vm.yml"
    assert (PATTERNS.parents[1] / source["source_path"]).is_file()
    assert source["execution_environment"] == made.store.named("execution_environments", "JD Cloud")["id"]


@pytest.fixture
def changed(awx: Awx, made: AwxApi) -> AwxApi:
    """That AWX after a second setup with other settings, which the fetch of the project failed before."""
    if not made.store.rows["instance_groups"]:
        made.store.synced = "failed"
        settings = {
            "jdcloud_awx_slices": 1,
            "jdcloud_awx_reports_claim": "jdcloud-reports",
            "jdcloud_awx_relaunchers": ["nightwatch"],
            "jdcloud_awx_hooks": {"on_plan": "/hooks/message.yml", "before_wave": "/hooks/before.yml"},
        }
        status, output, _changed = set_up(awx.ansible, made, "decommission_fleet", **settings)
        assert status == 0, output
    return made


def test_fewer_slices_leave_no_lane_behind(changed: AwxApi) -> None:
    assert [row["name"] for row in changed.store.rows["hosts"].values()] == ["localhost", "lane-1"]


def test_jobs_that_plan_and_delete_get_the_hooks_of_the_settings(changed: AwxApi) -> None:
    hooks = {"vm_decommission_on_plan": "/hooks/message.yml", "vm_decommission_before_wave": "/hooks/before.yml"}
    plan, act = (
        json.loads(changed.store.named("job_templates", f"JD Cloud {each}")["extra_vars"]) for each in ("plan", "decommission")
    )
    assert plan == {"vm_decommission_bill": True, **hooks}
    assert hooks.items() <= act.items()


def test_one_slice_alone_is_asked_for_canaries(changed: AwxApi) -> None:
    workflow = changed.store.named("workflow_job_templates", "JD Cloud decommission a fleet")
    assert changed.store.surveys["workflow_job_templates", workflow["id"]] == survey_of("decommission_fleet")


def test_a_claim_makes_a_container_group_that_mounts_it(changed: AwxApi) -> None:
    group = changed.store.named("instance_groups", "jd-cloud")
    pod = json.loads(group["pod_spec_override"])["spec"]
    assert pod["volumes"][0]["persistentVolumeClaim"] == {"claimName": "jdcloud-reports"}
    assert pod["securityContext"] == {"fsGroup": 1000}
    assert pod["containers"][0]["volumeMounts"][0]["mountPath"] == "/var/lib/jdcloud-reports"
    act = changed.store.named("job_templates", "JD Cloud decommission")
    assert changed.store.links["job_templates", act["id"], "instance_groups"] == [group["id"]]


def test_relaunchers_have_both_roles_that_awx_wants_for_a_relaunch(changed: AwxApi) -> None:
    """The job got variables from its workflow that its template does not ask for."""
    assert {("JD Cloud decommission", "execute"), ("Default", "execute")} <= changed.store.roles_of("nightwatch")


def test_a_project_whose_fetch_failed_is_fetched_again(changed: AwxApi) -> None:
    """AWX makes no job template of a project without playbooks, and fetches it by itself only once."""
    assert changed.store.synced == "successful"
