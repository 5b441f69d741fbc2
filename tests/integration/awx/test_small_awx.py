# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The small AWX refuses what AWX refuses: answers that are missing or of another kind, paths, types in use."""

from __future__ import annotations

from typing import Any

import pytest

from awx_api.rules import Refused
from awx_api.store import Store
from support.integration.awx import survey_of
from support.json_object import Json

pytestmark = pytest.mark.foreign

RULE = "DTSTART;TZID=Asia/Shanghai:20260101T023000 RRULE:FREQ=DAILY;INTERVAL=1"
ANSWERS: Json = {
    "cleanup_max_instances": 10,
    "cleanup_on_too_many": "fail",
    "cleanup_empty_is_failure": "false",
    "vm_decommission_backup": "image",
    "vm_decommission_group_members": "block",
    "vm_decommission_load_balancers": "block",
    "vm_decommission_language": "en",
}


@pytest.fixture
def store() -> Store:
    """A template with the survey of the clean-up, number 2."""
    made = Store()
    made.create("job_templates", {"name": "cleanup", "playbook": "cleanup.yml", "survey_enabled": True})
    made.survey("job_templates", 2, survey_of("scheduled_cleanup"))
    return made


def schedule(store: Store, **answers: Any) -> Json:
    """A schedule of that template."""
    return store.create("schedules", {"name": "night", "unified_job_template": 2, "rrule": RULE, "extra_data": answers})


@pytest.mark.parametrize(
    ("resource", "given"),
    [
        ("organizations", {"name": "x", "colour": "red"}),
        ("organizations", {"description": "x"}),
        ("inventories", {"name": "x", "organization": 99}),
        ("job_templates", {"name": "x", "playbook": "x.yml", "job_type": "walk"}),
    ],
)
def test_fields_that_awx_does_not_know_are_refused(resource: str, given: Json) -> None:
    with pytest.raises(Refused):
        Store().create(resource, given)


@pytest.mark.parametrize("missing", sorted(ANSWERS))
def test_a_schedule_without_a_required_answer_is_refused_though_the_survey_proposes_one(store: Store, missing: str) -> None:
    answers = {name: value for name, value in ANSWERS.items() if name != missing}
    with pytest.raises(Refused, match=f"'{missing}' value missing"):
        schedule(store, **answers)


@pytest.mark.parametrize(
    "wrong", [{"cleanup_max_instances": "10"}, {"cleanup_on_too_many": "perhaps"}, {"cleanup_regions": 1}, {"unasked": "x"}]
)
def test_a_schedule_with_an_answer_that_does_not_fit_is_refused(store: Store, wrong: Json) -> None:
    with pytest.raises(Refused):
        schedule(store, **{**ANSWERS, **wrong})


def test_a_schedule_with_all_required_answers_is_made(store: Store) -> None:
    assert schedule(store, **ANSWERS)["extra_data"] == ANSWERS


def test_a_launch_without_a_required_answer_is_refused(store: Store) -> None:
    with pytest.raises(Refused, match="value missing"):
        store.launch("job_templates", 2, {"extra_vars": {"cleanup_regions": "cn-north-1"}})


def test_a_launch_ignores_what_nobody_asks_for(store: Store) -> None:
    launched = store.launch("job_templates", 2, {"extra_vars": {**ANSWERS, "vm_decommission_tags": "a=b"}})
    assert launched["extra_vars"] == {**ANSWERS, "vm_decommission_report_tags": "owner"}


def test_a_node_of_a_workflow_may_leave_required_answers_to_the_workflow(store: Store) -> None:
    store.create("workflow_job_templates", {"name": "flow"})
    node = {"identifier": "one", "workflow_job_template": 3, "unified_job_template": 2}
    assert store.create("workflow_job_template_nodes", node)["extra_data"] == {}


def test_a_node_of_a_workflow_gives_no_variable_that_its_template_does_not_ask_for(store: Store) -> None:
    store.create("workflow_job_templates", {"name": "flow"})
    node = {"identifier": "one", "workflow_job_template": 3, "unified_job_template": 2, "extra_data": {"unasked": "x"}}
    with pytest.raises(Refused, match="unasked"):
        store.create("workflow_job_template_nodes", node)


def test_a_path_ends_with_one_option_that_awx_knows() -> None:
    with pytest.raises(Refused):
        Store().change_settings({"AWX_ISOLATION_SHOW_PATHS": ["/reports:/reports:rw,z"]})
