# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the progress of each module says in a campaign."""

from __future__ import annotations

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.progress import Part
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.output.progress import part_of, place_of
from support.campaign.records import begun
from support.campaign.results import later, machine, options

IDS = ["i-a", "i-b", "i-c"]


def test_a_run_knows_its_wave_and_how_many_are_deleted() -> None:
    record = begun(options(instance_ids=IDS, waves="1,100%"), *(machine(each) for each in IDS))
    record.machines["i-a"]["status"] = "absent"
    part = part_of(record, place_of(record, 2), "jdcloud_vm", {"state": "absent"}, later(90))
    assert part == Part("wave 2 of 2", "deleting", deleted=1, machines=3, deletes=True, seconds=90.0)


def test_a_look_deletes_nothing() -> None:
    record = begun(options(instance_ids=IDS), *(machine(each) for each in IDS))
    part = part_of(record, "plan", "jdcloud_vm", {"state": "absent"}, later(1), looks=True)
    assert (part.title, part.doing, part.deletes) == ("plan", "looking", False)


@pytest.mark.parametrize(
    ("module", "state", "doing"),
    [
        ("jdcloud_vm_backup", None, "backing up"),
        ("jdcloud_vm", "stopped", "stopping"),
        ("jdcloud_vm", "running", "starting"),
        ("jdcloud_disk", "absent", "deleting disks"),
        ("jdcloud_elastic_ip", "absent", "releasing elastic IPs"),
        ("jdcloud_bill_info", None, "reading"),
    ],
)
def test_only_the_deletion_of_machines_counts_as_one(module: str, state: str | None, doing: str) -> None:
    record = begun(options(instance_ids=IDS), *(machine(each) for each in IDS))
    part = part_of(record, "", module, {"state": state}, later(1))
    assert (part.title, part.doing, part.deletes) == ("campaign", doing, False)


def test_in_chinese_place_and_language_go_with_the_part() -> None:
    record = begun(options(instance_ids=IDS, waves="1,100%"), *(machine(each) for each in IDS))
    record.options["language"] = "zh"
    assert part_of(record, place_of(record, 2), "jdcloud_vm", {"state": "absent"}, later(90)).title == "批次 2/2"
    part = part_of(record, "end", "jdcloud_disk", {"state": "absent"}, later(90))
    assert (part.title, part.language) == ("收尾", "zh")
