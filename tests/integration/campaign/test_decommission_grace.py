# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role vm_decommission, states mark and unmark: who is marked, who is stopped, and how that is taken back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from support.integration.campaigns import FASTER
from support.integration.cloud import Cloud, account, running, stopped
from support.integration.conductor import Conductor
from support.json_object import Json

A, B, C, D = "i-aaaa000001", "i-bbbb000002", "i-cccc000003", "i-dddd000004"
KEY, NOTE = "decommission-after", "decommission-after-stopped"


def date_in(days: int) -> str:
    """A day in Beijing."""
    return (datetime.now(UTC).astimezone(timezone(timedelta(hours=8))).date() + timedelta(days=days)).isoformat()


def tags(cloud: Cloud, instance_id: str) -> dict[str, str]:
    """The true tags of a machine."""
    found = cloud.control.resource(instance_id)
    assert found is not None
    return {row["key"]: row["value"] for row in found.get("tags") or []}


def test_machines_are_marked_stopped_and_taken_back(cloud: Cloud, conductor: Conductor) -> None:
    """A date that is there stays; one that is none is written again; what the marking stopped runs again afterwards."""
    cloud.seed(
        running(A),
        stopped(B, tags={KEY: "2026-01-31"}),
        stopped(C, tags={KEY: "soon"}),
        stopped(D, tags={"jdcloud-protect": "yes"}),
        **FASTER,
    )
    wanted: Json = {
        "state": "mark",
        "instance_ids": [A, B, C, D],
        "grace_days": "3",
        "stop_running": "true",
        "on_blocked": "skip",
    }
    preview = conductor.decommission("--check", **wanted)
    assert preview.message == ""
    assert cloud.writes() == []

    marked = conductor.decommission(**wanted)
    assert marked.message == "", marked.message
    assert preview.actions == marked.actions == {A: "marked", B: "none", C: "marked", D: "blocked"}
    assert tags(cloud, A) == {KEY: date_in(3), NOTE: "true"}
    assert cloud.status(A) == "stopped"
    assert tags(cloud, B) == {KEY: "2026-01-31"}
    assert tags(cloud, C) == {KEY: date_in(3)}
    assert marked.machine(A)["due_date"] == date_in(3)
    assert marked.totals["marked"] == 2
    assert "2 of 4 instances are marked, 1 was already marked, 1 is blocked." in marked.output

    again = conductor.decommission(**wanted)
    assert again.actions == {A: "none", B: "none", C: "none", D: "blocked"}
    assert again.report["outcome"] == "nothing_to_do"

    back = conductor.decommission(state="unmark", instance_ids=[A, B], start_again="yes")
    assert back.message == ""
    assert back.actions == {A: "unmarked", B: "unmarked"}
    assert tags(cloud, A) == tags(cloud, B) == {}
    assert cloud.status(A) == "running"
    assert cloud.status(B) == "stopped"


def test_a_machine_whose_due_tag_was_not_written_runs_on(cloud: Cloud, conductor: Conductor) -> None:
    cloud.seed(running(A), accounts=[account(denied=["resourcetag:tagResources"])], **FASTER)
    used = conductor.decommission(state="mark", instance_ids=A, stop_running=True)
    assert used.message != ""
    assert used.actions == {A: "failed"}
    assert cloud.status(A) == "running"
    assert not cloud.calls("vm.stopInstance")


def test_something_protected_holds_the_marking_back(cloud: Cloud, conductor: Conductor) -> None:
    cloud.seed(stopped(A), stopped(B, tags={"jdcloud-protect": "yes"}), **FASTER)
    used = conductor.decommission(state="mark", instance_ids=[A, B])
    assert "protected" in used.message
    assert used.report["outcome"] == "blocked"
    assert cloud.writes() == []


def test_only_what_is_due_is_deleted_by_its_due_tag(cloud: Cloud, conductor: Conductor) -> None:
    cloud.seed(
        stopped(A, tags={KEY: date_in(-1)}),
        stopped(B, tags={KEY: date_in(0)}),
        running(C, tags={KEY: date_in(-9)}),
        stopped(D, tags={KEY: "2026-1-1"}),
        **FASTER,
    )
    used = conductor.decommission(instance_ids=[A, B, C, D], due_only="true", on_blocked="skip", backup="none", stop_running=True)
    assert used.message == ""
    assert used.actions == {A: "deleted", B: "blocked", C: "blocked", D: "blocked"}
    assert (used.codes(B), used.codes(C), used.codes(D)) == ({"mark_not_due"}, {"taken_back"}, {"mark_malformed"})
    assert cloud.status(C) == "running"
