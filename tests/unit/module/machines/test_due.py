# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`due_tag` and `marked_only` of `jdcloud_vm` and `jdcloud_vm_info`, from their arguments to their results."""

from __future__ import annotations

from typing import Any

import pytest

from support.json_object import Json
from support.module.documentation import check
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Ended, Runner

KEY = "decommission-after"
DUE, LATER = "2026-01-19", "2026-01-20"
"""The cloud's clock says 2026-01-20, 08:00 in Beijing."""


def tags(*values: str) -> list[dict[str, str]]:
    return [{"key": KEY, "value": value} for value in values]


def codes(ended: Ended) -> dict[str, list[str]]:
    return {each["instance_id"]: [one["code"] for one in each["blockers"]] for each in ended.result["instances"]}


@pytest.fixture
def fleet(cloud: MemoryCloud) -> MemoryCloud:
    """A machine for each thing that a due tag can be."""
    cloud.add("i-due", tags=tags(DUE))
    cloud.add("i-later", tags=tags(LATER))
    cloud.add("i-bare")
    cloud.add("i-odd", tags=tags("20260119"))
    cloud.add("i-two", tags=tags(LATER, DUE))
    cloud.add("i-back", "running", tags=tags(DUE))
    return cloud


EXPECTED = {
    "i-due": [],
    "i-later": ["mark_not_due"],
    "i-bare": ["not_marked"],
    "i-odd": ["mark_malformed"],
    "i-two": ["mark_doubled"],
    "i-back": ["taken_back"],
}


# --- failures -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "options", "says"),
    [
        ("stopped", {"due_tag": KEY}, f"due_tag={KEY} is for state=absent only"),
        ("running", {"due_tag": KEY}, f"due_tag={KEY} is for state=absent only"),
        ("absent", {"due_tag": " "}, "due_tag is blank"),
        ("absent", {"due_tag": ""}, "due_tag is blank"),
    ],
)
def test_wrong_input_of_a_delete_sends_nothing(
    cloud: MemoryCloud, run: Runner, state: str, options: dict[str, Any], says: str
) -> None:
    ended = run.vm(state, "i-a", **options)
    assert ended.failed
    assert says in ended.msg
    assert cloud.calls == []
    check(ended.result, "jdcloud_vm")


@pytest.mark.parametrize(("options", "says"), [({"due_tag": ""}, "due_tag is blank"), ({"marked_only": True}, "set both")])
def test_wrong_input_of_a_list_sends_nothing(cloud: MemoryCloud, run: Runner, options: dict[str, Any], says: str) -> None:
    ended = run.vm_info(**options)
    assert ended.failed
    assert says in ended.msg
    assert cloud.calls == []
    check(ended.result, "jdcloud_vm_info")


def test_what_is_not_due_holds_back_what_is(fleet: MemoryCloud, run: Runner) -> None:
    ended = run.vm("absent", *fleet.machines, due_tag=KEY, stop_running=True)
    assert ended.failed
    assert "nothing was changed" in ended.msg
    assert codes(ended) == EXPECTED
    assert fleet.writes == []


# --- jdcloud_vm ---------------------------------------------------------------------------------------------------


def test_only_what_is_due_is_deleted_and_the_preview_says_so(fleet: MemoryCloud, run: Runner) -> None:
    ids = [*fleet.machines]
    options: Json = {"due_tag": KEY, "stop_running": True, "on_blocked": "skip"}
    preview = run.vm("absent", *ids, check=True, **options)
    assert fleet.writes == []
    ended = run.vm("absent", *ids, **options)
    assert not ended.failed
    assert preview.actions == ended.actions
    assert codes(preview) == codes(ended) == EXPECTED
    assert fleet.writes == [("vm.deleteInstance", "i-due")]
    again = run.vm("absent", *ids, **options)
    assert not again.result["changed"]
    assert again.result["summary"]["not_found"] == 1


def test_blanks_around_the_key_do_not_matter(cloud: MemoryCloud, run: Runner) -> None:
    cloud.add("i-a", tags=tags(DUE))
    assert run.vm("absent", "i-a", due_tag=f" {KEY}\n").actions == {"i-a": "deleted"}


@pytest.mark.parametrize("now", [tags(), tags(LATER), tags("x"), tags(DUE, DUE)], ids=["removed", "moved", "spoiled", "doubled"])
def test_a_due_tag_that_changes_during_the_read_of_backups_is_seen_at_the_gate(
    cloud: MemoryCloud, run: Runner, now: list[dict[str, str]]
) -> None:
    machine = cloud.add("i-a", tags=tags(DUE))
    mark = "jdcloud.cloud/1 campaign=c1 instance=i-a stopped=true"
    cloud.add_image("img-a", "snapshot-a", instanceId="i-a", desc=mark)
    cloud.snapshots["snapshot-a"].update(diskId="vol-sysia")

    def change_it_at_the_gate() -> None:
        cloud.before["vm.describeImages"] = lambda: machine.update(tags=now)

    cloud.before["vm.describeImages"] = change_it_at_the_gate
    ended = run.vm("absent", "i-a", due_tag=KEY, require_backup="image")
    assert ended.only["error"]["code"] == "changed_meanwhile"
    assert not ended.result["changed"]
    assert cloud.writes == []


def test_a_machine_that_is_started_meanwhile_is_not_stopped_again(cloud: MemoryCloud, run: Runner) -> None:
    machine = cloud.add("i-a", "stopping", tags=tags(DUE))
    looks = 0

    def wait_and_take_back() -> None:
        nonlocal looks
        looks += 1
        machine["status"] = {1: "stopping", 2: "running"}.get(looks, "running")
        cloud.before["vm.describeInstances"] = wait_and_take_back

    cloud.before["vm.describeInstances"] = wait_and_take_back
    ended = run.vm("absent", "i-a", due_tag=KEY, stop_running=True)
    assert codes(ended) == {"i-a": ["taken_back"]}
    assert cloud.writes == []


# --- jdcloud_vm_info ----------------------------------------------------------------------------------------------


def test_the_list_says_of_each_machine_its_date_and_what_forbids_its_delete(fleet: MemoryCloud, run: Runner) -> None:
    ended = run.vm_info(due_tag=KEY, stop_running=True)
    assert codes(ended) == EXPECTED
    assert {each["instance_id"]: each["due_date"] for each in ended.result["instances"]} == {
        "i-due": DUE,
        "i-later": LATER,
        "i-bare": None,
        "i-odd": "20260119",
        "i-two": DUE,
        "i-back": DUE,
    }
    assert [each["instance_id"] for each in ended.result["instances"] if each["deletable"]] == ["i-due"]
    assert all(isinstance(each["tags"], dict) for each in ended.result["instances"])


def test_without_due_tag_no_date_is_reported(fleet: MemoryCloud, run: Runner) -> None:
    ended = run.vm_info()
    assert {each["due_date"] for each in ended.result["instances"]} == {None}
    assert codes(ended)["i-later"] == []


def test_marked_only_leaves_out_what_lacks_the_tag_whatever_its_value_is(fleet: MemoryCloud, run: Runner) -> None:
    fleet.add("i-blank", tags=tags(""))
    ended = run.vm_info(due_tag=KEY, marked_only=True, load_balancers="ignore")
    assert [each["instance_id"] for each in ended.result["instances"]] == sorted({*EXPECTED, "i-blank"} - {"i-bare"})
    assert ended.result["summary"]["selected"] == 6
    assert ended.result["summary"]["api_calls"] == 2


def test_marked_only_goes_with_selectors(fleet: MemoryCloud, run: Runner) -> None:
    ended = run.vm_info("i-bare", "i-later", due_tag=KEY, marked_only=True)
    assert [each["instance_id"] for each in ended.result["instances"]] == ["i-later"]
    assert run.vm_info(name="name-of-i-due", due_tag=KEY, marked_only=True).result["summary"]["deletable"] == 1


def test_backups_are_read_of_listed_machines_only(fleet: MemoryCloud, run: Runner) -> None:
    run.vm_info("i-bare", due_tag=KEY, marked_only=True, require_backup="both")
    assert [call.operation for call in fleet.calls] == ["vm.describeInstances"]
