# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The patterns' setup.yml, with the real modules of awx.awx against a small AWX."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ...awx_api.rules import Refused
from ...awx_api.server import AwxApi
from ...awx_api.store import Store
from ..playbook.commands import Ansible
from ..support import COLLECTIONS, Json
from .conftest import PATTERNS, Awx, survey_of

AWX_COLLECTIONS = COLLECTIONS.parent / "awx" / "collections"
BOTH = ("decommission_fleet", "scheduled_cleanup")
SECRET = "sk-for-the-setup"
SETTINGS: Json = {
    "jdcloud_awx_image": "registry.example.com/jdcloud-ee:1.0.0",
    "jdcloud_awx_access_key": "AK-for-the-setup",
    "jdcloud_awx_secret_key": SECRET,
    "jdcloud_awx_region": "cn-north-1",
    "jdcloud_awx_webhook": "https://chat.example.com/hook",
}


@pytest.fixture(scope="module")
def api() -> Iterator[AwxApi]:
    """One AWX for the module: the second run must find what the first one made."""
    with AwxApi() as server:
        yield server


@pytest.fixture
def made(awx: Awx, api: AwxApi) -> AwxApi:
    """That AWX after a setup, whatever test of the module comes first."""
    if not api.store.rows["workflow_job_templates"]:
        status, output, _changed = set_up(awx.ansible, api, *BOTH, jdcloud_awx_slices="2")
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


@pytest.mark.parametrize(
    ("resource", "given"),
    [
        ("organizations", {"name": "x", "colour": "red"}),
        ("organizations", {"description": "x"}),
        ("inventories", {"name": "x", "organization": 99}),
        ("job_templates", {"name": "x", "playbook": "x.yml", "job_type": "walk"}),
    ],
)
def test_the_small_awx_refuses_what_awx_does_not_know(resource: str, given: Json) -> None:
    with pytest.raises(Refused):
        Store().create(resource, given)


def test_what_is_missing_is_said_before_anything_is_made(awx: Awx, api: AwxApi) -> None:
    status, output, _changed = set_up(awx.ansible, api, "decommission_fleet", jdcloud_awx_image="")
    assert status == 2 and "jdcloud_awx_image must name the image" in output
    assert not [method for method, _path in api.requests if method != "GET"]


def test_a_setup_makes_everything_and_the_second_time_changes_nothing(awx: Awx, api: AwxApi) -> None:
    status, output, changed = set_up(awx.ansible, api, *BOTH, jdcloud_awx_slices="2")
    assert status == 0 and changed > 1 and SECRET not in output, output
    again, output, changed = set_up(awx.ansible, api, *BOTH, jdcloud_awx_slices="2")
    assert (again, changed) == (0, 0) and "WARNING" not in output, output


def test_the_credential_injects_what_the_modules_read(made: AwxApi) -> None:
    store = made.store
    kind = store.named("credential_types", "JD Cloud")
    variables = (Path(__file__).parents[3] / "plugins" / "doc_fragments" / "jdcloud.py").read_text(encoding="utf-8")
    assert set(kind["injectors"]["env"]) == {
        f"JDCLOUD_{name}" for name in ("ACCESS_KEY", "SECRET_KEY", "SECURITY_TOKEN", "REGION")
    }
    assert all(f"E({name})" in variables for name in kind["injectors"]["env"])
    assert {each["id"] for each in kind["inputs"]["fields"] if each.get("secret")} == {"secret_key", "security_token"}
    credential = store.named("credentials", "JD Cloud")
    assert credential["inputs"] == {"access_key": "AK-for-the-setup", "secret_key": SECRET, "region": "cn-north-1"}


def test_the_workflow_asks_plans_waits_for_an_approval_and_goes_on(made: AwxApi) -> None:
    store = made.store
    workflow = store.named("workflow_job_templates", "JD Cloud decommission a fleet")
    assert store.surveys["workflow_job_templates", workflow["id"]] == survey_of("decommission_fleet")
    nodes = {each: store.named("workflow_job_template_nodes", each) for each in ("plan", "approve", "decommission")}
    follows = {
        name: store.links.get(("workflow_job_template_nodes", node["id"], "success_nodes"), []) for name, node in nodes.items()
    }
    assert follows == {"plan": [nodes["approve"]["id"]], "approve": [nodes["decommission"]["id"]], "decommission": []}
    assert nodes["approve"]["unified_job_template"] == store.named("workflow_approval_templates", "Approve the plan")["id"]
    told = [kind for (_resource, number, kind), ids in store.links.items() if number == workflow["id"] and ids]
    assert sorted(told) == [f"notification_templates_{event}" for event in ("approvals", "error", "success")]


def test_the_jobs_run_the_right_playbooks_where_their_reports_outlive_them(made: AwxApi) -> None:
    store = made.store
    plan, act, clean = (store.named("job_templates", f"JD Cloud {name}") for name in ("plan", "decommission", "cleanup"))
    assert (plan["job_type"], act["job_type"], clean["job_type"]) == ("check", "run", "run")
    assert all((PATTERNS.parents[1] / job["playbook"]).is_file() for job in (plan, act, clean))
    assert not any(job["ask_variables_on_launch"] for job in (plan, act, clean))
    assert act["job_slice_count"] == 2 and act["inventory"] == store.named("inventories", "JD Cloud lanes")["id"]
    assert [json.loads(store.named("hosts", f"lane-{lane}")["variables"]) for lane in (1, 2)] == [
        {"jdcloud_lane": lane, "jdcloud_lanes": 2} for lane in (1, 2)
    ]
    for job, key in ((act, "decommission_reports_mount"), (clean, "cleanup_report_mount")):
        mounted = json.loads(job["extra_vars"])[key]
        assert f"{mounted}:{mounted}:rw" in store.settings["AWX_ISOLATION_SHOW_PATHS"]
    assert len(store.settings["AWX_ISOLATION_SHOW_PATHS"]) == 2, "what was mounted before still is"
    assert store.surveys["job_templates", clean["id"]] == survey_of("scheduled_cleanup")
    assert store.named("schedules", "JD Cloud cleanup")["unified_job_template"] == clean["id"]


def test_the_machines_are_an_inventory_of_the_plugin(made: AwxApi) -> None:
    source = made.store.named("inventory_sources", "JD Cloud")
    assert source["source"] == "scm" and (PATTERNS.parents[1] / source["source_path"]).name == "jdcloud_vm.yml"
    assert (PATTERNS.parents[1] / source["source_path"]).is_file()
    assert source["execution_environment"] == made.store.named("execution_environments", "JD Cloud")["id"]


def test_fewer_slices_leave_no_lane_behind_and_a_claim_makes_a_container_group(awx: Awx, made: AwxApi) -> None:
    settings = {"jdcloud_awx_slices": 1, "jdcloud_awx_reports_claim": "jdcloud-reports"}
    status, output, _changed = set_up(awx.ansible, made, "decommission_fleet", **settings)
    assert status == 0, output
    assert [row["name"] for row in made.store.rows["hosts"].values()] == ["localhost", "lane-1"]
    group = made.store.named("instance_groups", "jd-cloud")
    pod = json.loads(group["pod_spec_override"])["spec"]
    assert pod["volumes"][0]["persistentVolumeClaim"] == {"claimName": "jdcloud-reports"}
    assert pod["containers"][0]["volumeMounts"][0]["mountPath"] == "/var/lib/jdcloud-reports"
    act = made.store.named("job_templates", "JD Cloud decommission")
    assert made.store.links["job_templates", act["id"], "instance_groups"] == [group["id"]]
