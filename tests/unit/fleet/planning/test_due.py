# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The due tag: which dates count, from when on its machine may go, and what the plan and the gate make of it."""

from __future__ import annotations

import string
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.instance import Instance
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.evidence.proof import Demand
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.due import due_date, due_from, judge_due_tag
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.plan import changes_since, decide
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.policy import Facts
from support.fleet.builders import FACTS, NOW, local_disk, machine, policy
from support.fleet.virtual import Cloud, make_policy
from support.search import examples

KEY = "decommission-after"
DUE, TODAY, LATER = "2026-01-14", "2026-01-15", "2026-01-20"
"""By the Beijing day of `NOW` and of the virtual cloud."""
BEIJING = timezone(timedelta(hours=8))
ANY = examples(150, 300)


def marked(text: str = DUE, status: str = "stopped", **more: object) -> Instance:
    return machine(status, **{"tags": {KEY: text}, **more})


def codes(each: Instance, facts: Facts = FACTS, **options: Any) -> list[str]:
    decision = decide(each, policy(due_tag=KEY, **options), facts)
    assert not (decision.blockers and decision.steps)
    return [blocker.code for blocker in decision.blockers]


def finding_text(each: Instance, now: datetime | None = NOW) -> str:
    finding = judge_due_tag(each, KEY, now)
    assert finding is not None
    assert finding.message.endswith(".")
    return finding.message


# --- dates --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "soon", "true", "0", "20260114", "2026-1-14", "2026-01-4", "26-01-14", "2026/01/14", "14-01-2026"),
        *("2026-02-29", "2026-13-01", "2026-00-10", "2026-01-00", "2026-01-32", "0000-00-00", "0001-01-01", "1999-12-31"),
        *(" 2026-01-14", "2026-01-14 ", "2026-01-14\n", "2026-01-14T00:00:00Z", "2026-01-14 00:00:00", "2026-W03-3", "2026-014"),
        *("+2026-01-14", "-2026-01-14", "２０２６-01-14", "2026-01-1٤", "2026‐01‐14", "2026-01-14;2026-01-15", "12026-01-14"),
    ],
)
def test_anything_but_a_real_date_in_the_one_form_is_malformed(text: str) -> None:
    assert due_from(text) is None
    assert codes(marked(text)) == ["mark_malformed"]
    assert repr(text) in finding_text(marked(text))


@pytest.mark.parametrize("text", ["2026-01-14", "2024-02-29", "2000-01-01", "9999-12-31"])
def test_a_real_date_is_read(text: str) -> None:
    assert due_from(text) == date.fromisoformat(text)


@ANY
@given(st.text(alphabet=string.digits + "-", min_size=8, max_size=11) | st.dates().map(str) | st.text(max_size=12))
def test_what_is_read_as_a_date_is_written_the_same_way(text: str) -> None:
    day = due_from(text)
    assert day is None or (day.isoformat() == text and day.year >= 2000)


@ANY
@given(st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)), st.integers(0, 3650))
@example(datetime(2026, 1, 15, 15, 59, 59, tzinfo=UTC), 0)
@example(datetime(2026, 1, 15, 16, tzinfo=UTC), 0)
def test_a_due_tag_that_is_set_is_a_date_and_leaves_the_whole_grace_period(now: datetime, grace: int) -> None:
    text = due_date(now, grace)
    assert due_from(text) is not None
    assert text == (now.astimezone(BEIJING).date() + timedelta(days=grace)).isoformat()
    assert judge_due_tag(marked(text), KEY, now + timedelta(days=grace)) is not None
    assert judge_due_tag(marked(text), KEY, now + timedelta(days=grace + 1)) is None


def test_a_grace_period_beyond_the_calendar_is_an_error() -> None:
    for days in (10**7, 10**10):
        with pytest.raises(InputError, match="fewer days"):
            due_date(NOW, days)


# --- due ----------------------------------------------------------------------------------------------------------


@ANY
@given(st.dates(date(2000, 1, 1), date(2150, 1, 1)), st.integers(-3 * 86400, 3 * 86400), st.sampled_from([UTC, BEIJING]))
@example(date(2026, 1, 14), -1, UTC)
@example(date(2026, 1, 14), 0, UTC)
@example(date(2023, 12, 31), -1, BEIJING)
@example(date(2024, 2, 28), 0, BEIJING)
def test_a_machine_is_due_from_midnight_in_beijing_after_its_date_and_never_before(day: date, off: int, zone: timezone) -> None:
    first_moment = datetime(day.year, day.month, day.day, tzinfo=BEIJING) + timedelta(days=1)
    now = (first_moment + timedelta(seconds=off)).astimezone(zone)
    finding = judge_due_tag(marked(day.isoformat()), KEY, now)
    assert (finding is None) is (off >= 0)
    assert finding is None or (finding.code == "mark_not_due" and first_moment.date().isoformat() in finding.message)


@ANY
@given(st.text(max_size=12) | st.dates().map(str), st.datetimes(timezones=st.sampled_from([UTC, BEIJING])) | st.none())
def test_nothing_else_is_ever_due(text: str, now: datetime | None) -> None:
    if judge_due_tag(marked(text), KEY, now) is None:
        day = date.fromisoformat(text)
        assert now is not None
        assert now.astimezone(BEIJING).date() > day


def test_the_last_day_of_the_calendar_never_passes() -> None:
    assert codes(marked("9999-12-31"), replace(FACTS, now=datetime(9999, 12, 31, 12, tzinfo=UTC))) == ["mark_not_due"]


def test_without_the_time_of_the_service_nothing_is_due() -> None:
    assert codes(marked(), replace(FACTS, now=None)) == ["mark_not_due"]
    assert " is unknown" in finding_text(marked(), None)


def test_the_date_itself_is_not_due_and_the_first_day_is_named() -> None:
    assert codes(marked(TODAY)) == ["mark_not_due"]
    assert "2026-01-16" in finding_text(marked(TODAY))


# --- the plan -----------------------------------------------------------------------------------------------------


def test_a_machine_that_is_due_goes() -> None:
    assert codes(marked()) == []
    assert decide(marked(), policy(due_tag=KEY), FACTS).action == "deleted"


@pytest.mark.parametrize("tags", [{}, {"env": DUE}, {KEY.upper(): DUE}])
def test_a_machine_without_the_tag_is_not_marked(tags: dict[str, str]) -> None:
    assert codes(machine(tags=tags)) == ["not_marked"]


@pytest.mark.parametrize("values", [(DUE, DUE), (LATER, DUE), (DUE, "x")])
def test_a_tag_that_is_shown_twice_is_no_due_tag(values: tuple[str, ...]) -> None:
    doubled = marked(values[-1], repeated_tags={KEY: values})
    assert codes(doubled) == ["mark_doubled"]
    assert all(value in finding_text(doubled) for value in values)


@pytest.mark.parametrize("stop_running", [False, True])
@pytest.mark.parametrize("text", [DUE, LATER, "x", ""])
def test_a_marked_machine_that_runs_was_taken_back_whatever_stop_running_says(text: str, stop_running: bool) -> None:
    assert codes(marked(text, "running"), stop_running=stop_running) == ["taken_back"]
    doubled = marked(text, "running", repeated_tags={KEY: (text, text)})
    assert codes(doubled, stop_running=stop_running) == ["taken_back"]


def test_a_machine_without_due_tag_that_runs_has_both_blockers() -> None:
    assert codes(machine("running")) == ["not_marked", "running"]


def test_the_due_tag_is_reported_together_with_everything_else() -> None:
    each = marked(LATER, "resizing", tags={KEY: LATER, "jdcloud-protect": "x"}, charge=None)
    assert codes(each) == ["protected", "mark_not_due", "transitional", "no_charge_record"]


def test_a_machine_that_another_user_is_deleting_is_only_waited_for() -> None:
    assert codes(machine("deleting")) == []


def test_a_machine_in_error_needs_its_due_tag_too() -> None:
    assert codes(machine("error")) == ["not_marked"]
    assert codes(marked(status="error")) == []


def test_a_due_tag_does_not_replace_a_backup() -> None:
    assert "backup_missing" in codes(marked(data=(local_disk(),)), demand=Demand("image", 24.0))


def test_without_due_tag_nobody_asks_for_a_due_tag() -> None:
    assert decide(machine(), policy(), FACTS).action == "deleted"
    assert [blocker.code for blocker in decide(marked(LATER, "running"), policy(), FACTS).blockers] == ["running"]


def test_a_due_tag_is_never_judged_on_an_answer_without_tags() -> None:
    with pytest.raises(ValueError, match="contains no tags"):
        judge_due_tag(machine(tags=None), KEY, NOW)


# --- the gate -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (machine(), "has no tag"),
        (marked(LATER), "from 2026-01-21 on"),
        (marked("never"), "is not a date"),
        (marked(repeated_tags={KEY: (LATER, DUE)}), "more than once"),
        (marked(status="running"), "its status is now 'running'"),
    ],
    ids=["tag removed", "date moved", "date spoiled", "second tag", "started"],
)
def test_whatever_becomes_of_the_due_tag_meanwhile_forbids_the_delete(seen: Instance, reason: str) -> None:
    wished = policy(due_tag=KEY, stop_running=True)
    planned = decide(marked(), wished, FACTS)
    assert changes_since(planned, marked(), wished, FACTS) == []
    (text,) = changes_since(planned, seen, wished, FACTS)
    assert reason in text


def test_a_clock_that_is_not_known_any_more_forbids_the_delete() -> None:
    wished = policy(due_tag=KEY)
    assert changes_since(decide(marked(), wished, FACTS), marked(), wished, replace(FACTS, now=None)) != []


def test_another_date_that_is_over_too_does_not_hinder() -> None:
    wished = policy(due_tag=KEY)
    assert changes_since(decide(marked(), wished, FACTS), marked("2026-01-10"), wished, FACTS) == []


@pytest.mark.parametrize(
    "tags",
    [{}, {KEY: LATER}, {KEY: "never"}, {KEY: DUE, "jdcloud-protect": "x"}],
    ids=["removed", "moved", "spoiled", "protected"],
)
def test_due_tags_that_change_while_others_are_deleted_are_seen_at_the_gate(tags: dict[str, str]) -> None:
    cloud = Cloud(1)
    ids = [f"i-m{number:02d}" for number in range(20)]
    machines = [cloud.machine(each, "stopped", tags={KEY: DUE}) for each in ids]
    for each in machines:
        cloud.time.at(cloud.time.now() + 9.0, cloud.disturb(each, lambda one: setattr(one, "tags", dict(tags))))
    campaign = cloud.run(make_policy("absent", *ids, due_tag=KEY), rate=1.0)
    left = [each for each in ids if campaign[each]["action"] == "failed"]
    assert 0 < len(left) < len(ids)
    assert set(left) == set(cloud.world.machines)
    assert {campaign.code(each) for each in left} == {"changed_meanwhile"}
