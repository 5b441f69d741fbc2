# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of AWX that go beyond types: what a survey, a credential type, a rule of a schedule must look like."""

from __future__ import annotations

import json
import re
from typing import Any

from .resources import MOUNTS, WEBHOOK, Json

EVENTS = ("started", "success", "error", "workflow_approval")
APPROVALS = ("running", "approved", "denied", "timed_out")
ENCRYPTED = "$encrypted$"
_DEFAULTS: dict[str, type] = {"integer": int, "float": float}
_TYPES = {"text", "textarea", "password", "multiplechoice", "multiselect", "integer", "float"}


class Refused(Exception):
    """A request that AWX would refuse with 400 and this body."""

    def __init__(self, body: Json) -> None:
        super().__init__(str(body))
        self.body = body


def check_variables(value: str, name: str) -> None:
    """Variables are JSON here, though AWX takes YAML, too."""
    try:
        read = json.loads(value or "{}")
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise Refused({name: ["Cannot parse as JSON or YAML."]})


def check_survey(survey: Any) -> None:
    """Names, types and defaults of all questions."""
    for name, kind in (("name", str), ("description", str), ("spec", list)):
        if not isinstance(survey.get(name), kind):
            raise Refused({"error": f"Field '{name}' is missing from survey spec, or of another type."})
    variables = [question["variable"] for question in survey["spec"]]
    if not variables or len(variables) != len(set(variables)):
        raise Refused({"error": "'spec' doesn't contain any items, or one twice."})
    for index, question in enumerate(survey["spec"]):
        _check_question(index, question)


def _check_question(index: int, question: Json) -> None:
    def refuse(text: str) -> None:
        raise Refused({"error": f"Survey question {index}: {text}"})

    for name, kind in (("type", str), ("question_name", str), ("variable", str), ("required", bool)):
        if not isinstance(question.get(name), kind):
            refuse(f"'{name}' is missing or of another type.")
    if question["type"] not in _TYPES:
        refuse("type is not allowed.")
    default = question.get("default", "")
    if default != "" and not isinstance(default, _DEFAULTS.get(question["type"], str)):
        refuse(f"default value {default} is of another type.")
    if any(question.get(name) is not None and not isinstance(question[name], int) for name in ("min", "max")):
        refuse("limits are whole numbers.")
    if question["type"] in ("multiplechoice", "multiselect"):
        if not question.get("choices"):
            refuse("choices are missing.")
        if any(choice not in question["choices"] for choice in str(default).splitlines()):
            refuse("Default choice must be answered from the choices listed.")


def check_credential_type(fields: Json) -> None:
    """Fields have an id, a label and a type; templates of the injectors use nothing else."""
    known = set()
    for each in fields["inputs"].get("fields", []):
        if not {"id", "label", "type"} <= set(each) <= {"id", "label", "type", "secret", "help_text", "multiline", "default"}:
            raise Refused({"inputs": [f"Schema of {each} is not valid."]})
        known.add(each["id"])
    if not set(fields["inputs"].get("required", [])) <= known:
        raise Refused({"inputs": ["A required field is not defined."]})
    for name, template in fields["injectors"].get("env", {}).items():
        used = set(re.findall(r"{{\s*(\w+)\s*}}", template))
        if not used or not used <= known or name.startswith("ANSIBLE_"):
            raise Refused({"injectors": [f"{name} uses an undefined field, or is not allowed."]})


def check_credential(fields: Json, kind: Json) -> None:
    """Only inputs that the type has, as texts."""
    known = {each["id"] for each in kind["inputs"]["fields"]}
    if not set(fields["inputs"]) <= known or not all(isinstance(each, str) for each in fields["inputs"].values()):
        raise Refused({"inputs": ["Additional properties are not allowed, or a value is no text."]})


def shown_inputs(fields: Json, kind: Json) -> Json:
    """The inputs as a reader gets them."""
    secrets = {each["id"] for each in kind["inputs"]["fields"] if each.get("secret")}
    return {name: ENCRYPTED if name in secrets and value else value for name, value in fields["inputs"].items()}


def check_notification(fields: Json) -> None:
    """A webhook has all its settings, and messages for events that exist."""
    for event, message in (fields["messages"] or {}).items():
        parts = message if event == "workflow_approval" else {event: message}
        if event not in EVENTS or not set(parts) <= {*EVENTS, *APPROVALS}:
            raise Refused({"messages": [f"Event '{event}' invalid."]})
        for part in parts.values():
            if not set(part or {}) <= {"message", "body"} or "\n" in (part or {}).get("message", ""):
                raise Refused({"messages": [f"Message of '{event}' invalid."]})
    if fields["notification_type"] == "webhook" and set(fields["notification_configuration"]) != WEBHOOK:
        raise Refused({"notification_configuration": ["Missing or unknown required fields for Notification Configuration."]})
    if not str(fields["notification_configuration"].get("url", "")).startswith("http"):
        raise Refused({"notification_configuration": ["Incorrect type for a field."]})


def check_rule(fields: Json) -> None:
    """A rule begins with a time and its zone, and has exactly one repetition with its interval."""
    rule = fields["rrule"]
    if not re.match(r"DTSTART(;TZID=[A-Za-z_]+/[A-Za-z_]+)?:\d{8}T\d{6}Z? RRULE:", rule) or rule.count("RRULE") != 1:
        raise Refused({"rrule": ["Valid DTSTART required in rrule, and one RRULE."]})
    if "INTERVAL=" not in rule or "FREQ=SECONDLY" in rule:
        raise Refused({"rrule": ["INTERVAL required in rrule, and SECONDLY is not supported."]})


def check_paths(paths: list[str]) -> None:
    """A path of the node, where it stands in the job, and one option."""
    for path in paths:
        parts = path.split(":")
        if len(parts) > 3 or not all(each.startswith("/") for each in parts[:2]) or not set(parts[2:]) <= MOUNTS:
            raise Refused({"AWX_ISOLATION_SHOW_PATHS": [f"{path} is no valid path."]})


def check_source(fields: Json) -> None:
    """A file in a project."""
    if fields["source"] == "scm" and not (fields["source_project"] and fields["source_path"]):
        raise Refused({"source_project": ["Project required for scm type sources."]})
