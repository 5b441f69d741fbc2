# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which deletes of the journal count as accepted."""

from __future__ import annotations

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.wire.journal import Write
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state import machine_entry
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.machine_entry import AcceptedDeletes
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.sent_writes import note_writes
from support.campaign.records import new_record
from support.campaign.results import later, machine


def delete(outcome: str, seconds: float) -> Write:
    return Write(later(seconds), None, "cn-north-1", "vm", "deleteInstance", ("i-a",), outcome)


@pytest.mark.parametrize(
    ("outcomes", "counts"),
    [
        (["accepted"], True),
        (["unclear"], True),
        (["refused"], False),
        (["accepted", "refused"], True),
        (["refused", "unclear"], True),
        # It is gone by another's hands: the last answer says that ours was not taken.
        (["unclear", "refused"], False),
        (["unclear", "throttled"], False),
    ],
)
def test_a_lost_answer_counts_only_where_nothing_was_sent_after_it(outcomes: list[str], counts: bool) -> None:
    record = new_record()
    note_writes(record, [delete(outcome, number) for number, outcome in enumerate(outcomes)])
    gone = machine_entry.new_entry(machine("i-a", status="absent"))
    assert (machine_entry.accepted_deletes(record).at(gone) is not None) is counts


def test_a_delete_whose_answer_was_lost_counts_only_of_a_machine_that_is_gone() -> None:
    accepted = AcceptedDeletes(surely={"i-a": "10:00"}, likely={"i-b": "11:00"})
    assert accepted.at({"instance_id": "i-a", "status": "deleting"}) == "10:00"
    assert accepted.at({"instance_id": "i-b", "status": "absent"}) == "11:00"
    for status in ("stopped", "running", "deleting", "unverified"):
        assert accepted.at({"instance_id": "i-b", "status": status}) is None
    assert accepted.at({"instance_id": "i-c", "status": "absent"}) is None
