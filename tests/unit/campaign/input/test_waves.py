# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waves: each machine is in exactly one, in order, and the first ones are small."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.input.waves import parse_waves, split_into_waves


def sizes_of(machines: int, waves: Any) -> list[int]:
    ids = [f"i-{number}" for number in range(machines)]
    return [len(wave) for wave in split_into_waves(ids, parse_waves(waves, "waves"))]


@pytest.mark.parametrize(
    ("machines", "waves", "sizes"),
    [
        (300, [1, "10%", "100%"], [1, 29, 270]),
        (300, "1,10%,100%", [1, 29, 270]),
        (300, "[1, '10%', '100%']", [1, 29, 270]),
        (300, "", [1, 29, 270]),
        (4, [1, "10%", "100%"], [1, 3]),
        (1, [1, "10%", "100%"], [1]),
        (0, [1, "10%", "100%"], []),
        (300, "100%", [300]),
        (300, 5, [5]),
        (300, ["5", 50, 1000], [5, 45, 250]),
        (10, [10, "50%", "100%"], [10]),
        (3, "33.4%,100%", [2, 1]),
        (200, "0.5%,100%", [1, 199]),
    ],
)
def test_sizes_count_all_machines_so_far(machines: int, waves: Any, sizes: list[int]) -> None:
    assert sizes_of(machines, waves) == sizes


@pytest.mark.parametrize(
    "waves", [[], [0], "0", "0%", "101%", "ten", [None], [True], ["1", ""], "1,,2", "-1", [1.5], {}, ["10%", "5%"], [5, 1]]
)
def test_what_is_no_size_is_refused(waves: Any) -> None:
    with pytest.raises(InputError, match="^waves "):
        parse_waves(waves, "waves")


@given(
    st.integers(0, 400),
    st.lists(st.one_of(st.integers(1, 500), st.integers(1, 100).map(lambda share: f"{share}%")), min_size=1, max_size=6),
)
def test_each_machine_is_in_at_most_one_wave_and_in_order(machines: int, waves: list[Any]) -> None:
    ids = [f"i-{number}" for number in range(machines)]
    try:
        cut = split_into_waves(ids, parse_waves(waves, "waves"))
    except InputError:
        return
    flat = [each for wave in cut for each in wave]
    assert flat == ids[: len(flat)]
    assert all(cut)
    most = max(math.ceil(machines * int(size[:-1]) / 100) if isinstance(size, str) else size for size in waves)
    assert len(flat) == min(machines, most)


@given(
    st.integers(0, 60),
    st.integers(0, 70),
    st.lists(st.sampled_from(["1", "3", "10", "7%", "50%", "100%"]), min_size=1, max_size=4),
)
def test_canaries_share_no_wave_with_others_and_nothing_else_changes(machines: int, first: int, given_sizes: list[str]) -> None:
    ids = [f"i-{number:03d}" for number in range(machines)]
    sizes = [parse_waves(each, "waves")[0] for each in given_sizes]
    plain, cut = split_into_waves(ids, sizes), split_into_waves(ids, sizes, first)
    assert [each for wave in cut for each in wave] == [each for wave in plain for each in wave]
    assert all(set(wave) <= set(ids[:first]) or not set(wave) & set(ids[:first]) for wave in cut)
    assert len(plain) <= len(cut) <= len(plain) + 1
    assert all(cut)


@pytest.mark.parametrize("text", ["1000000", "999999999", "33.333333%", "0.000001%", "100%", "10%", "1", "50.5%"])
def test_a_size_is_written_down_as_it_was_given(text: str) -> None:
    """The record holds it, and each wave reads it there."""
    (size,) = parse_waves(text, "waves")
    assert str(size) == text
    assert parse_waves(str(size), "waves") == (size,)
