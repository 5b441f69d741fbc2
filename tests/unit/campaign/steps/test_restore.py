# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the playbook restore decides: which machines of a manifest come back, and what is said of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.input.other_variables import (
    VARIABLES,
    RestoreOptions,
    parse_restore,
)
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.steps import restore as steps
from support.json_object import Json

WEB, OTHER = "i-web0000001", "i-othr000002"


def options(**variables: Any) -> RestoreOptions:
    """The options of the playbook, by default with a manifest."""
    return parse_restore({**dict.fromkeys(VARIABLES["restore"]), "manifest": "/m.json", **variables})


def manifest(*ids: str, **fields: Any) -> Json:
    """A manifest of these machines."""
    text = {"format": "jdcloud.cloud/manifest/1", "campaign": "spring", "region": "cn-north-1"}
    return {**text, "machines": [{"instance_id": each} for each in ids], **fields}


def chosen(arguments: Json) -> list[str]:
    """The machines that come back."""
    return [machine["instance_id"] for machine in arguments["machines"]]


def test_all_machines_come_back_unless_some_are_named() -> None:
    assert chosen(steps.restore_arguments(options(), manifest(WEB, OTHER))) == [WEB, OTHER]
    assert chosen(steps.restore_arguments(options(instance_ids=OTHER), manifest(WEB, OTHER))) == [OTHER]


def test_campaign_and_region_are_those_of_the_manifest_unless_the_region_is_given() -> None:
    arguments = steps.restore_arguments(options(), manifest(WEB))
    assert (arguments["campaign"], arguments["region"]) == ("spring", "cn-north-1")
    assert steps.restore_arguments(options(region="cn-east-2"), manifest(WEB))["region"] == "cn-east-2"


@pytest.mark.parametrize("nothing", [None, ""])
def test_what_the_manifest_does_not_say_is_left_to_the_connection(nothing: Any) -> None:
    arguments = steps.restore_arguments(options(), manifest(WEB, campaign=nothing, region=nothing))
    assert not {"campaign", "region"} & set(arguments)


def test_an_image_needs_no_manifest() -> None:
    arguments = steps.restore_arguments(options(manifest=None, image_id="img-one", name="2026"), None)
    assert (arguments["image_id"], arguments["name"]) == ("img-one", "2026")
    assert not {"machines", "campaign", "region"} & set(arguments)


@pytest.mark.parametrize(
    "other",
    [
        *(None, [], {}, "text"),
        manifest(),
        manifest(WEB, format="jdcloud.cloud/manifest/9"),
        manifest(WEB, machines=None),
        manifest(WEB, machines={WEB: {}}),
        manifest(WEB, machines=[{"instance_id": 7}]),
        manifest(WEB, machines=[WEB]),
    ],
)
def test_anything_else_is_refused(other: Any) -> None:
    with pytest.raises(InputError, match="is not a manifest of format jdcloud.cloud/manifest/1 with instances"):
        steps.restore_arguments(options(), other)


@given(there=st.sets(st.sampled_from("abcde"), min_size=1), wanted=st.sets(st.sampled_from("abcde"), min_size=1))
def test_exactly_the_named_machines_come_back_or_none(there: set[str], wanted: set[str]) -> None:
    given_options = options(instance_ids=sorted(wanted))
    if not wanted <= there:
        with pytest.raises(InputError, match="not in the manifest"):
            steps.restore_arguments(given_options, manifest(*there))
        return
    assert set(chosen(steps.restore_arguments(given_options, manifest(*there)))) == wanted


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({}, f"{WEB} -> i-new created, running"),
        ({"instance_id": None, "action": "blocked", "status": "absent"}, f"{WEB} -> - blocked, absent"),
        ({"source_instance_id": None}, "img-one -> i-new created, running"),
        ({"source_instance_id": None, "image_id": None}, "image -> i-new created, running"),
        (
            {"instance_id": None, "action": "blocked", "status": "absent", "blockers": [{"code": "quota", "message": "x"}]},
            f"{WEB} -> - blocked, absent, quota",
        ),
        (
            {
                "action": "failed",
                "error": {"code": "api", "operation": "vm.createInstances", "http": 500, "status": "INTERNAL", "message": "x"},
            },
            f"{WEB} -> i-new failed, running, api vm.createInstances 500 INTERNAL",
        ),
        ({"warnings": [{"code": "one"}, {"code": "two"}]}, f"{WEB} -> i-new created, running, one, two"),
    ],
)
def test_a_line_has_ids_and_words_only(fields: Json, line: str) -> None:
    machine: Json = {"source_instance_id": WEB, "instance_id": "i-new", "image_id": "img-one", "name": "{{ trap }}"}
    machine.update(action="created", status="running", warnings=[])
    assert steps.restore_lines({"instances": [{**machine, **fields}]}) == [line]


def test_numbers_are_there_whatever_came_of_it() -> None:
    none = {f"restore_{name}": 0 for name in ("selected", "created", "unchanged", "blocked", "failed")}
    assert steps.restore_counts({}) == none
    assert steps.restore_counts({"summary": {"selected": 2, "failed": 1, "api_calls": 9}}) == {
        **none,
        "restore_selected": 2,
        "restore_failed": 1,
    }
