# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order of waves: whoever calls a stage by itself cannot leave one out, do one twice, or do one that is not to be begun."""

from __future__ import annotations

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.record import Record
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.steps.order import try_wave
from support.campaign.records import new_record, planned
from support.campaign.results import machine, options


def three_waves(waves: str = "1,2,100%") -> Record:
    """A planned campaign of three machines."""
    return planned(options(instance_ids="i-a,i-b,i-c", waves=waves), machine("i-a"), machine("i-b"), machine("i-c"))[0]


@pytest.mark.parametrize("number", [0, -1, 4])
def test_a_wave_that_the_plan_does_not_have_is_refused(number: int) -> None:
    with pytest.raises(InputError, match=f"Wave {number} of campaign c does not exist, so nothing was done"):
        try_wave(three_waves(), number)


def test_a_wave_before_its_turn_is_refused() -> None:
    record = three_waves()
    try_wave(record, 1)
    with pytest.raises(InputError, match="Wave 3 of campaign c comes after wave 2, so nothing was done"):
        try_wave(record, 3)


def test_a_wave_is_tried_once_a_run() -> None:
    record = three_waves()
    try_wave(record, 1)
    with pytest.raises(InputError, match="Wave 1 of campaign c was already tried in this run"):
        try_wave(record, 1)


def test_a_wave_that_is_not_to_be_begun_is_refused() -> None:
    record = three_waves("1,2")
    try_wave(record, 1)
    try_wave(record, 2)
    with pytest.raises(InputError, match="Wave 3 of campaign c is beyond the last wave of this run"):
        try_wave(record, 3)


def test_a_wave_of_which_nothing_is_left_is_passed_over() -> None:
    record = three_waves()
    record.machines["i-a"]["status"] = "absent"
    try_wave(record, 2)
    try_wave(record, 3)
    assert record.tried == 3


def test_a_mark_has_one_wave() -> None:
    record = new_record("mark")
    try_wave(record, 1)
    with pytest.raises(InputError, match="Wave 2 of campaign c does not exist"):
        try_wave(record, 2)
