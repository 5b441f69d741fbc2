# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the playbook cleanup decides: what is due, and what goes now."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.input.other_variables import READERS
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.steps import cleanup as steps
from support.json_object import Json

NORTH, EAST = "cn-north-1", "cn-east-2"


def options(**variables: Any) -> Json:
    """The options of the playbook."""
    return READERS["cleanup"](variables)


def marked(instance_id: str, due_date: str | None = "2026-01-31", *, deletable: bool = True, **fields: Any) -> Json:
    """A machine with the mark."""
    blockers = [] if deletable else [{"code": "mark_not_due", "message": "It is not due."}]
    return {"instance_id": instance_id, "due_date": due_date, "deletable": deletable, "blockers": blockers, **fields}


def look(region: str, *machines: Json) -> Json:
    """What a region says."""
    return {"account": {"region": region}, "instances": [{**each, "region": region} for each in machines]}


def test_what_is_due_goes_and_the_others_say_why_they_stay() -> None:
    looks = [look(NORTH, marked("i-a"), marked("i-b", None, deletable=False)), look(EAST, marked("i-c"))]
    choice = steps.choose_due(looks, options())
    assert choice.regions == {NORTH: ["i-a"], EAST: ["i-c"]}
    assert (choice.due, len(choice.blocked), choice.problem) == (2, 1, "")


def test_more_than_the_cap_goes_nowhere() -> None:
    looks = [look(NORTH, marked("i-a"), marked("i-b"), marked("i-c"))]
    choice = steps.choose_due(looks, options(max_instances="2"))
    assert choice.problem.startswith("3 instances are due, but cleanup_max_instances is 2, so nothing was deleted")
    assert choice.regions == {NORTH: []}
    assert choice.due == 3


def test_the_oldest_marks_go_first_if_that_is_wanted() -> None:
    looks = [look(NORTH, marked("i-a", "2026-03-01"), marked("i-b", "2026-01-01")), look(EAST, marked("i-c", "2026-02-01"))]
    choice = steps.choose_due(looks, options(max_instances="2", on_too_many="oldest"))
    assert choice.regions == {NORTH: ["i-b"], EAST: ["i-c"]}


@pytest.mark.parametrize("exclude", ["i-b", "web b", "team=red", ["x", "i-b"]])
def test_what_is_excluded_takes_no_place_below_the_cap(exclude: Any) -> None:
    """Else the oldest marks, kept back night after night, would let no other machine go."""
    kept = marked("i-b", "2026-01-01", name="web b", tags={"team": "red"})
    looks = [look(NORTH, marked("i-a", "2026-03-01"), kept)]
    given = options(max_instances="1", vm_decommission_exclude=exclude)
    choice = steps.choose_due(looks, given)
    assert (choice.regions, choice.due, choice.problem) == ({NORTH: ["i-a"]}, 1, "")
    assert steps.idle_exclusions(looks, given) == (["x"] if "x" in exclude else [])


def test_nothing_due_is_a_problem_only_if_that_is_asked_for() -> None:
    nothing = [{"instance_ids": [], "problem": ""}]
    asked = options(empty_is_failure="true")
    assert steps.why_empty(nothing, options()) == ""
    assert steps.why_empty(nothing, asked) == "Nothing is due, and cleanup_empty_is_failure is set."
    assert steps.why_empty([*nothing, {"instance_ids": ["i-a"], "problem": ""}], asked) == ""


MACHINES = st.lists(st.tuples(st.sampled_from([NORTH, EAST]), st.sampled_from("123456789"), st.booleans()), max_size=12)


@given(machines=MACHINES, cap=st.integers(1, 6), on_too_many=st.sampled_from(["fail", "oldest"]))
def test_never_more_than_the_cap_goes_and_never_what_is_not_due(
    machines: list[tuple[str, str, bool]], cap: int, on_too_many: str
) -> None:
    rows = [(region, marked(f"i-{n}", f"2026-01-0{day}", deletable=ok)) for n, (region, day, ok) in enumerate(machines)]
    looks = [look(region, *(row for where, row in rows if where == region)) for region in (NORTH, EAST)]
    choice = steps.choose_due(looks, options(max_instances=cap, on_too_many=on_too_many))
    gone = [(region, each) for region, ids in choice.regions.items() for each in ids]
    due = {(region, row["instance_id"]): row["due_date"] for region, row in rows if row["deletable"]}
    assert set(gone) <= set(due)
    assert len(gone) == (0 if choice.problem else min(cap, len(due)))
    left = [date for key, date in due.items() if key not in gone]
    assert choice.problem or not gone or not left or max(due[key] for key in gone) <= min(left)


@pytest.mark.parametrize("name", ["tags", "region", "state", "max_instances", "list_file", "digest"])
def test_what_would_select_something_else_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=f"vm_decommission_{name}: refused here"):
        steps.refuse_selection(["vm_decommission_backup", f"vm_decommission_{name}", "cleanup_regions"])


def test_how_it_deletes_may_be_said() -> None:
    steps.refuse_selection(["vm_decommission_backup", "vm_decommission_tags_of_mine", "my_vm_decommission_tags"])
