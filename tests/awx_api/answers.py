# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which variables AWX 24.6 takes along when a template is launched, scheduled, or made a node of a workflow.

The three places ask one function of AWX and differ in what they forgive. None of them applies the defaults of a survey before it
asks for required answers: AWX fills those in later, when it makes the job.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .resources import Json
from .rules import Refused


def check_schedule(template: Json, survey: Json, given: Any) -> None:
    """A schedule must answer all that is required, and may say nothing that the template does not ask for."""
    errors = _errors(template, survey, _read(given), required=True, strange=True)
    if "extra_vars" in errors:
        errors["extra_data"] = errors.pop("extra_vars")
    if errors:
        raise Refused(errors)


def check_node(template: Json, survey: Json, given: Any) -> None:
    """A node may leave out what is required, since the workflow may know it."""
    errors = _errors(template, survey, _read(given), required=False, strange=True)
    if errors:
        raise Refused(errors)


def launched(kind: str, template: Json, survey: Json, given: Any) -> Json:
    """What a launch makes: the variables of the job, and those that were ignored.

    Variables that nobody asks for are ignored with a job template, and refused with a workflow.
    """
    variables = _read(given)
    errors = _errors(template, survey, variables, required=True, strange=kind == "workflow_job_templates")
    if errors:
        raise Refused(errors)
    asked = {each["variable"]: each for each in _questions(template, survey)}
    taken = {name: value for name, value in variables.items() if name in asked or template["ask_variables_on_launch"]}
    # An empty text is a default for AWX, too.
    proposed = {name: each["default"] for name, each in asked.items() if _fits(each, each.get("default"))}
    return {
        "extra_vars": {**_read(template["extra_vars"]), **proposed, **taken},
        "ignored_fields": {"extra_vars": {name: value for name, value in variables.items() if name not in taken}},
    }


def _questions(template: Json, survey: Json) -> list[Json]:
    return list(survey.get("spec", [])) if template.get("survey_enabled") else []


def _read(given: Any) -> Json:
    read: Json = json.loads(given or "{}") if isinstance(given, str) else dict(given or {})
    return read


def _errors(template: Json, survey: Json, variables: Mapping[str, Any], *, required: bool, strange: bool) -> Json:
    questions = _questions(template, survey)
    wrong = [text for each in questions for text in _wrong(each, variables, required=required)]
    known = {each["variable"] for each in questions} | set(_read(template.get("extra_vars")))
    left = [name for name in variables if name not in known and not template.get("ask_variables_on_launch")]
    errors: Json = {"variables_needed_to_start": wrong} if wrong else {}
    if left and strange:
        errors["extra_vars"] = [f"Variables {', '.join(left)} are not allowed on launch."]
    return errors


def _wrong(question: Json, variables: Mapping[str, Any], *, required: bool) -> list[str]:
    name = question["variable"]
    if name not in variables:
        return [f"'{name}' value missing"] if question["required"] and required else []
    value = variables[name]
    return [] if _fits(question, value) else [f"Value {value} for '{name}' does not fit."]


def _fits(question: Json, value: Any) -> bool:
    if question["type"] == "multiplechoice":
        return value in question["choices"]
    if question["type"] == "integer":
        return isinstance(value, int) and not isinstance(value, bool) and _within(question, value)
    return isinstance(value, str) and _within(question, len(value))


def _within(question: Json, size: int) -> bool:
    least, most = question.get("min"), question.get("max")
    return (least is None or size >= least) and (most is None or size <= most)
