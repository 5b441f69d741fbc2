# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the playbook cleanup says of machines with the mark: a few lines, however many there are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.output.marked import marked_lines
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.output.reasons import MOST
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.steps.cleanup import Choice
from support.json_object import Json

NORTH, EAST = "cn-north-1", "cn-east-2"


def staying(number: int, why: str = "It is not due.", region: str = NORTH) -> Json:
    """A machine with the mark that stays."""
    return {
        "instance_id": f"i-{number}",
        "name": f"web {number}",
        "region": region,
        "blockers": [{"code": "x", "message": why}],
    }


def test_counts_come_first_and_each_reason_once_with_an_example() -> None:
    blocked = [*(staying(number) for number in range(15)), staying(15, "It runs."), staying(16, region=EAST)]
    assert marked_lines(Choice({NORTH: ["i-a", "i-b"]}, 3, blocked, "")) == [
        "20 instances with the mark: 3 due, 2 to be deleted now, 17 not due or kept.",
        "cn-north-1, 15 stay: It is not due. (for example web 0 (i-0))",
        "cn-north-1, 1 stays: It runs. (web 15 (i-15))",
        "cn-east-2, 1 stays: It is not due. (web 16 (i-16))",
    ]


def test_no_mark_at_all_is_said_too() -> None:
    assert marked_lines(Choice({NORTH: []}, 0, [], "")) == [
        "0 instances with the mark: 0 due, 0 to be deleted now, 0 not due or kept."
    ]


@given(st.lists(st.integers(0, 30), max_size=60))
def test_there_are_never_too_many_lines_and_no_machine_is_left_out_of_the_counts(reasons: list[int]) -> None:
    lines = marked_lines(Choice({}, 0, [staying(place, f"Why {why}.") for place, why in enumerate(reasons)], ""))
    assert len(lines) <= MOST
    groups = [int(line.split()[1]) for line in lines[1:]]
    assert sum(groups) == len(reasons)


def test_in_chinese_the_title_of_a_code_stands_before_its_message() -> None:
    blocked = [{**staying(1), "blockers": [{"code": "mark_not_due", "message": "It is not due."}]}]
    assert marked_lines(Choice({NORTH: ["i-a"]}, 1, blocked, ""), "zh") == [
        "2 台云主机带有标记：到期 1 台，本次删除 1 台，未到期或保留 1 台。",
        "cn-north-1，保留 1 台：宽限期未结束：It is not due.（web 1 (i-1)）",
    ]
