# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The patterns have the form that the pattern service and ansible-lint expect, and say the same in all their files."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from awx_api.rules import check_survey
from support.integration.awx import PATTERNS, survey_of
from support.json_object import Json

pytestmark = pytest.mark.foreign

FOLDERS = sorted(path for path in PATTERNS.iterdir() if path.is_dir())
TEXT: Json = {"type": "string", "minLength": 1}
NAMED: Json = {"name": {**TEXT, "maxLength": 200}, "description": TEXT}


def described(required: str, properties: Json) -> Json:
    """An object with these members and no others."""
    return {"type": "object", "required": required.split(), "properties": properties, "additionalProperties": False}


QUESTION = described(
    "type question_name question_description variable required",
    {
        "type": {"enum": ["text", "textarea", "password", "integer", "float", "multiplechoice", "multiselect"]},
        "question_name": TEXT,
        "question_description": TEXT,
        "variable": {"pattern": "^[a-z0-9_]{1,64}$"},
        "required": {"type": "boolean"},
        "choices": {"type": "array", "items": TEXT, "minItems": 1},
        "default": TEXT,
    },
)
SURVEY = described("name description spec", {**NAMED, "spec": {"type": "array", "items": QUESTION, "minItems": 1}})
LABELS: Json = {"type": "array", "items": TEXT, "minItems": 1, "uniqueItems": True}
JOB = described(
    "name description playbook",
    {
        **NAMED,
        **{f"ask_{what}_on_launch": {"type": "boolean"} for what in ("credential", "inventory", "verbosity")},
        "execution_environment": TEXT,
        "playbook": TEXT,
        "primary": {"type": "boolean"},
        "labels": LABELS,
        "survey": SURVEY,
    },
)
RESOURCES = described(
    "controller_project controller_job_templates",
    {
        "controller_project": described("name description", NAMED),
        "controller_execution_environment": described(
            "name description image_name", {**NAMED, "image_name": TEXT, "pull": {"enum": ["always", "missing", "never"]}}
        ),
        "controller_labels": LABELS,
        "controller_job_templates": {"type": "array", "items": JOB, "minItems": 1},
    },
)
PATTERN = described(
    "schema_version name title description short_description aap_resources",
    {
        "schema_version": TEXT,
        "name": {"pattern": "^[a-z0-9_]{1,64}$"},
        "title": {**TEXT, "maxLength": 64},
        "description": TEXT,
        "short_description": {"pattern": "[^.]$"},
        "tags": {**LABELS, "minItems": 0},
        "aap_resources": RESOURCES,
    },
)


def pattern_of(folder: Path) -> Json:
    """The definition of a pattern."""
    read: Json = json.loads((folder / "meta" / "pattern.json").read_text(encoding="utf-8"))
    return read


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_pattern_is_well_formed(folder: Path) -> None:
    pattern = pattern_of(folder)
    jsonschema.validate(pattern, PATTERN)
    jobs = pattern["aap_resources"]["controller_job_templates"]
    assert pattern["name"] == folder.name
    assert (folder / "README.md").is_file()
    assert sum(job["primary"] for job in jobs) == 1
    environment = pattern["aap_resources"]["controller_execution_environment"]["name"]
    for job in jobs:
        assert (folder / "playbooks" / job["playbook"]).is_file()
        assert job["execution_environment"] == environment


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_survey_definition_and_playbook_ask_for_the_same(folder: Path) -> None:
    survey = survey_of(folder.name)
    check_survey(survey)
    (job,) = [each for each in pattern_of(folder)["aap_resources"]["controller_job_templates"] if "survey" in each]
    read = yaml.safe_load((folder / "playbooks" / job["playbook"].replace(".yml", ".meta.yml")).read_text(encoding="utf-8"))
    (specification,) = read["argument_specs"].values()
    for asked, defined in zip(survey["spec"], job["survey"]["spec"], strict=True):
        same = ("variable", "type", "question_name", "question_description")
        assert [asked[name] for name in same] == [defined[name] for name in same]
        assert asked.get("choices") == defined.get("choices") == specification["options"][asked["variable"]].get("choices")
        # A definition has texts as defaults only, and a controller refuses them for whole numbers.
        assert defined.get("default") == (None if asked["type"] == "integer" else asked.get("default"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_no_survey_proposes_an_empty_answer(folder: Path) -> None:
    """AWX hands an empty default over as an answer, and newer versions of ansible-core make null of it."""
    empty = [each["variable"] for each in survey_of(folder.name)["spec"] if each.get("default", "x") == ""]
    assert empty == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_what_must_be_answered_has_a_proposal(folder: Path) -> None:
    """A schedule, or an event, can take the proposals for its answers."""
    open_questions = [each["variable"] for each in survey_of(folder.name)["spec"] if each["required"] and "default" not in each]
    assert open_questions == []
