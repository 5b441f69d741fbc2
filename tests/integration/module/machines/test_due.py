# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The due tag of the grace period: only what is due goes, and what changes between the plan and the delete is noticed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from support.integration.backups import CAMPAIGN, backup, seed
from support.integration.cloud import Cloud, running, stopped
from support.json_object import Json

A, B, C, D = "i-aaaa000001", "i-bbbb000002", "i-cccc000003", "i-dddd000004"
KEY = "decommission-after"
GATE: Json = {"operation": "vm.describeInstances", "resource": "*", "nth": 2}
"""The look after the plan was made: what it shows must be judged again."""


def day(off: int) -> str:
    """So many days from today in Beijing. Tests stay two days away from today, so that no midnight matters."""
    return (datetime.now(UTC).astimezone(timezone(timedelta(hours=8))).date() + timedelta(days=off)).isoformat()


DUE, LATER = day(-2), day(2)


def twice(*values: str, key: str = KEY) -> list[Json]:
    """A tag key that is shown more than once."""
    return [{"key": key, "value": value} for value in values]


# --- between the plan and the delete ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "parameters", "says"),
    [
        ("retag", {"remove": [KEY]}, "has no tag"),
        ("retag", {"set": {KEY: LATER}}, f"from {day(3)} on"),
        ("retag", {"tags": twice(DUE, LATER)}, "more than once"),
        ("start", {"instantly": True}, "its status is now 'running'"),
    ],
    ids=["tag removed", "date moved", "second tag", "started"],
)
def test_what_becomes_of_the_due_tag_before_the_last_look_ends_the_delete(
    cloud: Cloud, action: str, parameters: Json, says: str
) -> None:
    cloud.seed(stopped(A, tags={KEY: DUE, "env": "test"}), stopped(B, tags={KEY: DUE}))
    cloud.control.act(action, A, when=GATE, **parameters)
    ended = cloud.vm("absent", A, B, due_tag=KEY, stop_running=True)
    assert cloud.control.acts() == [], "the action took place"
    assert ended.failed
    assert ended.actions == {A: "failed", B: "deleted"}
    error = ended.machine(A)["error"]
    assert error["code"] == "changed_meanwhile"
    assert says in error["message"]
    assert cloud.exists(A)
    assert cloud.writes() == ["vm.deleteInstance"]


# --- the decision -------------------------------------------------------------------------------------------------


def test_only_what_is_due_goes_and_the_preview_and_the_list_say_so(cloud: Cloud) -> None:
    cloud.seed(
        stopped(A, tags={KEY: DUE}),
        stopped(B, tags={KEY: LATER}),
        running(C, tags={KEY: DUE}),
        stopped(D, tags=twice(LATER, DUE)),
    )
    options: Json = {"due_tag": KEY, "stop_running": True}
    refused = cloud.vm("absent", A, B, C, D, **options)
    assert refused.failed
    assert cloud.writes() == []
    listed = cloud.vm_info(A, B, C, D, **options)
    preview = cloud.vm("absent", A, B, C, D, check=True, on_blocked="skip", **options)
    ended = cloud.vm("absent", A, B, C, D, on_blocked="skip", **options)
    expected = {A: [], B: ["mark_not_due"], C: ["taken_back"], D: ["mark_doubled"]}
    for each in (refused, listed, preview, ended):
        assert {key: each.blockers(key) for key in expected} == expected
    assert {each["instance_id"]: each["due_date"] for each in listed.result["instances"]} == {A: DUE, B: LATER, C: DUE, D: DUE}
    assert preview.actions == ended.actions == {A: "deleted", B: "blocked", C: "blocked", D: "blocked"}
    assert cloud.writes() == ["vm.deleteInstance"]
    assert cloud.status(C) == "running"
    assert not cloud.vm("absent", A, due_tag=KEY).result["changed"]


@pytest.mark.parametrize("values", [("yes", "no"), ("no", "yes")])
def test_a_tag_key_that_is_shown_twice_protects_with_one_value_and_selects_with_all(
    cloud: Cloud, values: tuple[str, str]
) -> None:
    cloud.seed(stopped(A, tags=twice(*values, key="keep")))
    assert cloud.vm("absent", A, protect_tags={"keep": "yes"}).blockers() == ["protected"]
    assert cloud.vm("absent", A, tags={"keep": values[-1]}).blockers() == ["selector_mismatch"]
    assert cloud.vm("absent", A, tags={"keep": ["yes", "no"]}).actions == {A: "deleted"}


def test_marked_only_reads_the_region_and_lists_what_carries_the_key(cloud: Cloud) -> None:
    cloud.seed(
        {"count": 150, "id": "i-many{n:06}", "status": "stopped"}, stopped(A, tags={KEY: DUE}), stopped(B, tags={KEY: "x"})
    )
    ended = cloud.vm_info(due_tag=KEY, marked_only=True)
    assert {each["instance_id"]: each["due_date"] for each in ended.result["instances"]} == {A: DUE, B: "x"}
    assert ended.blockers(A) == []
    assert ended.blockers(B) == ["mark_malformed"]
    # The tags of the disks of those two machines may protect; nobody reads those of the 150 others.
    balancers = ["lb.describeTargetGroups"] * 3 + ["lb.describeBackends"] * 3
    assert [entry["operation"] for entry in cloud.calls()] == ["vm.describeInstances"] * 2 + ["disk.describeDisks", *balancers]
    (disks,) = cloud.calls("disk.describeDisks")
    assert disks["query"].count("filters.1.values.") == 2


# --- planned backups ----------------------------------------------------------------------------------------------


def test_a_preview_with_planned_backups_is_what_the_run_does_once_they_are_made(cloud: Cloud) -> None:
    """The image of a stopped machine holds a local system disk; of the data disk of B there is no backup."""
    data: Json = {"disks": [{"id": "vol-data", "auto_delete": True}]}
    seed(cloud, running(A, system_disk="local"), stopped(B, **data), running(C, tags={"jdcloud-protect": "x"}))
    wanted: Json = {"stop_running": True, "include_data_disks": False, "on_blocked": "skip"}
    options: Json = {"require_backup": "image", "backup_campaign": CAMPAIGN, "on_blocked": "skip"}
    planned = backup(cloud, A, B, C, check=True, **wanted).manifest["machines"]
    preview = cloud.vm("absent", A, B, C, check=True, planned_backups=planned, **options)
    backup(cloud, A, B, C, **wanted)
    ended = cloud.vm("absent", A, B, C, **options)
    assert preview.actions == ended.actions == {A: "deleted", B: "blocked", C: "blocked"}
    for each in (A, B, C):
        assert preview.blockers(each) == ended.blockers(each)
    (text,), (made,) = preview.machine(A)["backups"], ended.machine(A)["backups"]
    assert (text["id"], text["status"], made["status"]) == (None, "planned", "ready")
    assert preview.machine(A)["status_before"] == "running"
    assert preview.machine(A)["disks"] == ended.machine(A)["disks"]
