# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the job after an approval takes: exactly the plan, or its share of it, or nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.approved_plan import (
    handed_over,
    read_age,
    read_plan,
    read_share,
    seal_of,
)
from support.campaign.results import approval
from support.json_object import Json

A, B, C = "i-a", "i-b", "i-c"


def plan_of(*ids: str, kind: str = "absent", **variables: Any) -> Json:
    """What a plan hands over, after a way through JSON."""
    losses = {each: [f"vol-of-{each}", "local disk vdb"] for each in ids} if kind == "absent" else {}
    plan = approval(*ids, state=kind, losses=losses, **variables)
    whole: Json = json.loads(json.dumps({"kind": kind, "region": plan.region, "digest": plan.digest, **plan.as_json()}))
    return whole


def shares_of(plan: Json, count: int) -> list[Json]:
    """What each of so many jobs takes."""
    return [read_share({"plan": plan, "lanes": [lane], "lane_count": str(count)}) for lane in range(1, count + 1)]


@pytest.mark.parametrize("kind", ["absent", "mark", "unmark"])
def test_a_plan_that_fits_is_taken(kind: str) -> None:
    assert read_plan({"plan": plan_of(A, B, kind=kind)}) == {"machines": 2}


def test_variables_as_a_survey_gives_them_mean_the_same() -> None:
    plan = plan_of(A, stop_running=True, backup="none", waves=["100%"], max_instances=3)
    answers = {"stop_running": "true", "backup": "none", "waves": "100%", "max_instances": "3", "elastic_ips": ""}
    assert read_plan({"plan": plan, **answers}) == {"machines": 1}


NO_OPTIONS: list[Any] = [None, [], "x"]
NO_LOSSES: list[Any] = [None, [], {A: "vol-a"}, {A: [7]}, {A: ["{{ x }}"]}, {A: ["vol-a\n"]}]


@pytest.mark.parametrize(
    "plan",
    [
        None,
        "",
        [],
        {},
        {**plan_of(A), "kind": "other"},
        {**plan_of(A), "digest": "md5:0"},
        {**plan_of(A), "region": "CN north"},
        {**plan_of(A), "instance_ids": A},
        {**plan_of(A), "instance_ids": [7]},
        {**plan_of(A), "instance_ids": ["i-a\n"]},
        *({**plan_of(A), "options": options} for options in NO_OPTIONS),
        *({**plan_of(A), "losses": losses} for losses in NO_LOSSES),
    ],
)
def test_what_is_no_plan_is_refused(plan: Any) -> None:
    with pytest.raises(InputError, match="The approved plan is missing, so nothing was changed"):
        read_plan({"plan": plan})


@pytest.mark.parametrize(
    "change",
    [
        {"instance_ids": [A, B]},
        {"instance_ids": []},
        {"region": "cn-east-2"},
        {"kind": "mark"},
        {"options": {}},
        {"losses": {}},
        {"losses": {A: ["vol-of-i-a"]}},
        {"losses": {A: ["vol-of-i-a", "local disk vdb", "vol-more"]}},
        {"options": {**plan_of(A)["options"], "elastic_ips": "release"}},
        {"digest": plan_of(B)["digest"]},
    ],
)
@pytest.mark.parametrize("reader", [read_plan, read_share])
def test_a_plan_that_was_changed_is_refused(reader: Any, change: Json) -> None:
    with pytest.raises(InputError, match="does not match its digest"):
        reader({"plan": {**plan_of(A), **change}, "lanes": [1], "lane_count": 1})


def test_more_than_the_cap_is_refused() -> None:
    with pytest.raises(InputError, match=r"The approved list contains 2 instances, but vm_decommission_max_instances is 1"):
        read_plan({"plan": plan_of(A, B), "max_instances": 1})


@pytest.mark.parametrize(
    ("name", "value"),
    [("backup", "none"), ("disks", "delete"), ("elastic_ips", "release"), ("waves", "100%"), ("max_failures", 9)],
)
def test_another_option_than_was_approved_is_refused_by_its_name(name: str, value: Any) -> None:
    with pytest.raises(
        InputError, match=f"vm_decommission_{name} is .*, but was .* when it was approved, so nothing was changed"
    ):
        read_plan({"plan": plan_of(A), name: value})


@given(st.lists(st.sampled_from([f"i-{number}" for number in range(30)]), unique=True), st.integers(1, 7))
def test_all_shares_together_are_the_plan_and_each_machine_is_in_one(ids: list[str], count: int) -> None:
    shares = shares_of(plan_of(*ids), count)
    taken = [each for share in shares for each in share["instance_ids"]]
    assert sorted(taken) == sorted(ids)
    assert len(taken) == len(set(taken))


def test_the_digest_of_a_share_is_that_of_a_plan_of_its_machines() -> None:
    first, second = shares_of(plan_of(C, A, B, backup="none"), 2)
    assert (first["instance_ids"], second["instance_ids"]) == ([C, B], [A])
    assert first["digest"] == plan_of(B, C, backup="none")["digest"]


def test_the_share_of_all_lanes_is_the_plan() -> None:
    share = read_share({"plan": plan_of(A, B, C), "lanes": [1, 2], "lane_count": 2})
    assert (sorted(share["instance_ids"]), share["digest"]) == ([A, B, C], plan_of(A, B, C)["digest"])


@pytest.mark.parametrize("lanes", [[], [0], [3], [-1]])
def test_a_lane_that_is_none_takes_nothing(lanes: list[int]) -> None:
    with pytest.raises(InputError, match="correct the inventory of lanes"):
        read_share({"plan": plan_of(A, B), "lanes": lanes, "lane_count": 2})


def test_canaries_go_first_of_the_whole_list_or_nothing_is_taken() -> None:
    plan = plan_of(A, B, canary=A)
    with pytest.raises(
        InputError, match="vm_decommission_canary is set, but other jobs work on other lanes of 2 at the same time"
    ):
        read_share({"plan": plan, "lanes": [1], "lane_count": 2})
    assert read_share({"plan": plan, "lanes": [2, 1], "lane_count": 2})["digest"] == plan["digest"]


MADE = "2026-11-25T08:00:00Z"


def sealed(made: Any = MADE, **fields: Any) -> Json:
    """A plan that says when it was made."""
    plan = plan_of(A)
    return {**plan, "made": made, "seal": seal_of(plan["kind"], plan["digest"], str(made)), **fields}


@pytest.mark.parametrize(
    ("now", "seconds"), [("2026-11-25T08:00:00Z", 0), ("2026-11-26T08:00:00Z", 86400), ("2026-11-25T07:50:00Z", -600)]
)
def test_a_plan_may_be_begun_with_for_a_while(now: str, seconds: int) -> None:
    assert read_age({"plan": sealed(), "max_age": "24", "now": now}) == {"seconds": seconds}


@pytest.mark.parametrize("now", ["2026-11-26T08:00:01Z", "2026-11-25T07:49:59Z", "2027-11-25T08:00:00Z"])
def test_a_plan_that_is_too_old_or_from_the_future_is_refused(now: str) -> None:
    with pytest.raises(InputError, match=rf"made at {MADE}, .* older than decommission_plan_max_age \(24 hours\)"):
        read_age({"plan": sealed(), "max_age": "24", "now": now})


@pytest.mark.parametrize(
    "plan",
    [
        sealed(kind="mark"),
        sealed(digest=plan_of(B)["digest"]),
        {**sealed(), "made": "2026-11-25T09:00:00Z"},
        *(sealed(made=made) for made in (None, "", "yesterday", 20261125, "2026-13-01T00:00:00Z", "2026-11-25T08:00:00Z\n")),
        *(sealed(seal=seal) for seal in (None, "", 7)),
        *(None, "text", {}),
    ],
)
def test_a_plan_of_which_it_is_not_known_when_it_was_made_is_refused(plan: Any) -> None:
    with pytest.raises(InputError, match="has no time, or its time does not match its seal"):
        read_age({"plan": plan, "max_age": "24", "now": MADE})


@pytest.mark.parametrize("now", [None, "", "soon"])
def test_without_a_clock_nothing_is_taken(now: Any) -> None:
    with pytest.raises(InputError, match="unknown"):
        read_age({"plan": sealed(), "max_age": "24", "now": now})


def test_what_was_handed_over_is_known_for_each_share() -> None:
    plan = plan_of(C, A, B)
    for share in shares_of(plan, 2):
        found = handed_over(plan, share["instance_ids"], share["digest"])
        assert found is not None
        assert found.as_json()["losses"] == {each: sorted(plan["losses"][each]) for each in share["instance_ids"]}


@pytest.mark.parametrize(
    "plan", [None, {}, "text", plan_of(B), {**plan_of(A), "losses": {}}, {**plan_of(A), "region": "cn-east-2"}]
)
def test_a_plan_that_does_not_fit_the_digest_was_not_handed_over(plan: Any) -> None:
    assert handed_over(plan, [A], plan_of(A)["digest"]) is None
