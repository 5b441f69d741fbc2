# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of a campaign as it stands in its file."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.record import Record, record_from
from support.campaign.records import planned
from support.campaign.results import machine, options
from support.json_object import Json


def test_a_record_is_read_as_it_was_written() -> None:
    record = Record("c", "absent", {"kind": "absent", "name": "web-01"}, "2026-11-25T08:00:00Z")
    assert record_from(json.loads(json.dumps(record.as_json()))) == record


def test_the_identity_has_its_released_name_in_the_file() -> None:
    written = Record("c", "absent", {"kind": "absent"}, "2026-11-25T08:00:00Z").as_json()
    assert written["wishes"] == {"kind": "absent"}
    assert "identity" not in written


def test_a_record_without_an_identity_is_refused() -> None:
    written = Record("c", "absent", {}, "2026-11-25T08:00:00Z").as_json()
    del written["wishes"]
    with pytest.raises(ValueError, match="not those of a record"):
        record_from(written)


@pytest.mark.parametrize("damage", [None, 7, "x"])
@pytest.mark.parametrize(
    "name", ["wishes", "options", "account", "instance_ids", "waves", "machines", "timeline", "runs", "notes"]
)
def test_a_record_whose_members_are_something_else_is_refused(name: str, damage: object) -> None:
    written = Record("c", "absent", {}, "2026-11-25T08:00:00Z").as_json()
    with pytest.raises(ValueError, match="not those of a record"):
        record_from({**written, name: damage})


@pytest.mark.parametrize(
    "damaged",
    [
        {"machines": {"i-a": None}},
        {"instance_ids": [["i-a"]]},
        {"waves": [{"number": 1, "instance_ids": None}]},
        {"waves": [{"number": 1, "instance_ids": [{}]}]},
    ],
)
def test_a_record_with_something_else_for_ids_or_machines_is_refused(damaged: dict[str, object]) -> None:
    written = Record("c", "absent", {}, "2026-11-25T08:00:00Z").as_json()
    with pytest.raises(ValueError, match="not those of a record"):
        record_from({**written, **damaged})


@pytest.mark.parametrize(
    "change",
    [
        {"digest": None},
        {"digest": "sha256:" + 64 * "0"},
        {"region": "cn-east-2"},
        {"kind": "mark"},
        {"options": {"elastic_ips": "release"}},
        {"losses": {"i-a": ["vol-a", "fip-a", "vol-more"]}},
        {"losses": {}},
    ],
)
def test_a_record_that_does_not_fit_its_digest_is_refused(change: Json) -> None:
    written = planned(options(), machine("i-a"))[0].as_json()
    assert record_from(json.loads(json.dumps(written))).frozen
    of_approval = {name: value for name, value in change.items() if name in written["approval"]}
    changed = {**written, "approval": {**written["approval"], **of_approval}} if of_approval else {**written, **change}
    with pytest.raises(ValueError, match="its list of ids does not match its digest"):
        record_from(json.loads(json.dumps(changed)))


@pytest.mark.parametrize("covers", [{}, None, [], {"options": {}}, {"options": {}, "losses": None}, {"options": 1, "losses": {}}])
def test_a_record_that_does_not_say_what_was_approved_is_refused(covers: Any) -> None:
    written = {**planned(options(), machine("i-a"))[0].as_json(), "approval": covers}
    with pytest.raises(ValueError, match="does not contain what its digest covers|not those of a record"):
        record_from(json.loads(json.dumps(written)))


def test_a_machine_that_is_added_to_a_record_is_refused() -> None:
    written = planned(options(), machine("i-a"), machine("i-b"))[0].as_json()
    written["approval"]["instance_ids"] = written["instance_ids"] = ["i-a"]
    written["waves"] = [{**wave, "instance_ids": ["i-a"]} for wave in written["waves"][:1]]
    with pytest.raises(ValueError, match="its list of ids does not match its digest"):
        record_from(json.loads(json.dumps(written)))
