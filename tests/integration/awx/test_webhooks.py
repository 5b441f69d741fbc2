# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What robots of DingTalk, Feishu and WeCom get: JSON of the form that each wants, whatever a name holds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from support.integration.awx import ROOT, messages
from support.json_object import Json

pytestmark = pytest.mark.foreign

JOBS, APPROVALS = ("started", "success", "error"), ("running", "approved", "denied", "timed_out")
# Where each service reads the text, and what says that it is one.
FORMS = {
    "dingtalk": ({"msgtype": "text"}, ("text", "content")),
    "feishu": ({"msg_type": "text"}, ("content", "text")),
    "wecom": ({"msgtype": "text"}, ("text", "content")),
}


ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=StrictUndefined)


def bodies() -> Iterator[tuple[str, str, str]]:
    """Service, event, template."""
    for service, events in messages().items():
        for event in JOBS:
            yield service, event, events[event]["body"]
        for event in APPROVALS:
            yield service, event, events["workflow_approval"][event]["body"]


def rendered(template: str, event: str, name: str) -> Any:
    """What AWX makes of it, with just the values that it has for such an event."""
    url = "https://awx.example.com/#/jobs/7"
    if event in JOBS:
        values: Json = {"job": {"name": name, "id": 7, "status": "successful"}, "job_friendly_name": "Job", "url": url}
    else:
        values = {"approval_node_name": name, "approval_status": event, "workflow_url": url}
    return json.loads(ENVIRONMENT.from_string(template).render(**values))


def test_each_service_has_a_message_for_each_event() -> None:
    assert {service: (set(JOBS) <= set(each), set(each["workflow_approval"])) for service, each in messages().items()} == {
        service: (True, set(APPROVALS)) for service in FORMS
    }


@settings(max_examples=60)
@given(
    body=st.sampled_from(list(bodies())),
    name=st.text() | st.sampled_from(['"}, "x": {"', "{{ 7 * 7 }}", "\\", "换\n行", "</script>"]),
)
def test_a_body_is_json_of_its_service_whatever_the_name_holds(body: tuple[str, str, str], name: str) -> None:
    service, event, template = body
    kind, (outer, inner) = FORMS[service]
    sent = rendered(template, event, name)
    assert sent == {**kind, outer: {inner: sent[outer][inner]}}
    assert name in sent[outer][inner]


@pytest.mark.parametrize(("service", "event", "template"), [pytest.param(*each, id="-".join(each[:2])) for each in bodies()])
def test_each_text_begins_with_the_word_that_a_robot_can_ask_for(service: str, event: str, template: str) -> None:
    _kind, (outer, inner) = FORMS[service]
    assert rendered(template, event, "x")[outer][inner].startswith("JD Cloud: ")


def test_the_bodies_of_the_guide_are_those_of_the_setup() -> None:
    guide = (ROOT / "docs" / "awx.md").read_text(encoding="utf-8")
    shown = re.findall(r"^(\{\"msg.*)$", guide, re.MULTILINE)
    assert set(shown) == {events["success"]["body"] for events in messages().values()}
