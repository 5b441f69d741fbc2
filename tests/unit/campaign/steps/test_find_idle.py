# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which idle instances can go, and which are marked now."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.input.other_variables import READERS
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.steps import find_idle as steps
from support.campaign.idle import judged, looked
from support.json_object import Json

NORTH, EAST = "cn-north-1", "cn-east-2"
VERDICTS = ("idle", "stopped_long", "busy", "too_young", "unknown")


def options(**variables: Any) -> Json:
    return READERS["find_idle"](variables)


MACHINES = st.tuples(
    st.sampled_from([NORTH, EAST]),
    st.sampled_from(VERDICTS),
    st.none() | st.floats(-10, 1000, allow_nan=False),
    st.booleans(),
    st.booleans(),
)


@given(st.lists(MACHINES, max_size=20), st.integers(1, 3), st.sampled_from(["fail", "dearest"]))
def test_only_what_is_idle_deletable_and_not_excluded_is_marked_and_never_more_than_the_cap(
    machines: list[tuple[str, str, float | None, bool, bool]], cap: int, on_too_many: str
) -> None:
    rows = [
        (region, judged(f"i-{number}", verdict, cost, deletable=deletable, tags={"role": "db" if spared else "web"}))
        for number, (region, verdict, cost, deletable, spared) in enumerate(machines)
    ]
    looks = [looked(*(row for where, row in rows if where == region), region=region) for region in (NORTH, EAST)]
    choice = steps.choose_idle(looks, options(mark=True, max_instances=cap, on_too_many=on_too_many, exclude="role=db"))
    may_go = {
        (region, row["instance_id"]): row["monthly_cost"]
        for region, row in rows
        if row["verdict"] in ("idle", "stopped_long") and row["deletable"] and row["tags"]["role"] == "web"
    }
    marked = [(region, each) for region, ids in choice.to_mark.items() for each in ids]
    assert set(marked) <= set(may_go)
    assert bool(choice.problem) == (len(may_go) > cap and on_too_many == "fail")
    assert len(marked) == (0 if choice.problem else min(cap, len(may_go)))
    left = [cost for key, cost in may_go.items() if key not in marked and cost is not None]
    if marked and left:
        assert all(may_go[key] is not None and may_go[key] >= max(left) for key in marked)


@pytest.mark.parametrize(("on_too_many", "marked"), [("fail", {}), ("dearest", {NORTH: ["i-b", "i-c"]})])
def test_more_than_the_cap_marks_nothing_or_the_dearest(on_too_many: str, marked: Json) -> None:
    rows = [judged("i-a", cost=1), judged("i-b", cost=3), judged("i-c", cost=2), judged("i-d", cost=None)]
    choice = steps.choose_idle([looked(*rows)], options(mark=True, max_instances=2, on_too_many=on_too_many))
    assert (choice.to_mark, bool(choice.problem)) == (marked, on_too_many == "fail")


def test_without_a_mark_nothing_is_handed_over() -> None:
    assert steps.choose_idle([looked(judged("i-a"))], options()).to_mark == {}


def test_the_totals_sum_up_candidates_alone() -> None:
    rows = [judged("i-a", cost=1.5), judged("i-b", cost=None), judged("i-c", "busy", 70), judged("i-d", deletable=False, cost=9)]
    totals = steps.totals_of(steps.choose_idle([looked(*rows)], options()).rows)
    assert (totals["candidate"], totals["blocked"], totals["monthly_cost"], totals["unpriced"]) == (2, 1, 1.5, 1)


def test_no_known_price_is_not_zero_and_no_candidate_is() -> None:
    def cost(*rows: Json) -> float | None:
        found: float | None = steps.totals_of(steps.choose_idle([looked(*rows)], options()).rows)["monthly_cost"]
        return found

    assert cost(judged("i-a", cost=None)) is None
    assert cost(judged("i-c", "busy")) == 0.0


@pytest.mark.parametrize("name", ["instance_ids", "tags", "max_instances", "state", "report_dir", "digest"])
def test_what_would_mark_something_else_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=f"vm_decommission_{name}: refused here"):
        steps.refuse_selection([f"vm_decommission_{name}", "find_idle_regions"])


def test_how_it_marks_may_be_said() -> None:
    steps.refuse_selection(["vm_decommission_grace_days", "vm_decommission_tag_key", "vm_decommission_stop_running"])
