# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of a campaign as it stands in its file."""

from __future__ import annotations

import json

import pytest

from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.record import Record, record_from


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
