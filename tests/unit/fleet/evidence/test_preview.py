# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups that would be made: what is read from a manifest, and what the plan of a preview makes of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.backup_assets import Image, Snapshot
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.instance import Instance
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.selection import Selection
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.evidence.preview import parse_planned
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.evidence.proof import Demand, Method, backup_set_of
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.plan import decide
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.policy import Decision
from support.fleet.builders import FACTS, NOW, disk, image, local_disk, machine, policy, snapshot, system_disk
from support.json_object import Json

ASSET: Json = {
    "name": "bk",
    "status": None,
    "action": "created",
    "campaign": "c1",
    "stopped": True,
    "created": None,
    "error": None,
}


def planned_image(*disk_ids: str | None, **more: Any) -> Json:
    """The image of a manifest in check mode; it would hold these disks, None for the local system disk."""
    disks = [{"disk_id": each, "device": "vda" if each in (None, "vol-sys") else "vdb", "snapshot_id": None} for each in disk_ids]
    return {**ASSET, "image_id": None, "size_mb": None, "disks": disks, **more}


def planned_snapshot(disk_id: str, **more: Any) -> Json:
    """A snapshot of a manifest in check mode."""
    return {**ASSET, "snapshot_id": None, "size_gb": 40, "disk_id": disk_id, "device": "vdb", **more}


def entry(**more: Any) -> Json:
    """A machine of a manifest in check mode, that the backup would stop."""
    plain: Json = {"instance_id": "i-one", "status_before": "running", "status": "stopped", "action": "created"}
    flags = {"stopped_by_us": True, "started_by_us": False}
    return {**plain, **flags, "image": planned_image("vol-sys"), "snapshots": [], **more}


def preview(
    each: Instance, *entries: Json, method: Method = "image", assets: Iterable[Image | Snapshot] = (), **options: Any
) -> Decision:
    """The decision about a machine, with planned backups and those that exist."""
    demand = options.pop("demand", Demand(method, 24.0))
    rows = list(assets)
    images = [row for row in rows if isinstance(row, Image)]
    backup_set = backup_set_of(images, [row for row in rows if isinstance(row, Snapshot)])
    facts = replace(FACTS, now=options.pop("now", NOW), backup_set=backup_set, planned=parse_planned(entries, "planned_backups"))
    return decide(each, policy(demand=demand, **options), facts)


def codes(decision: Decision) -> list[str]:
    return [blocker.code for blocker in decision.blockers]


# --- wrong input --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("i-one", "not an instance of a manifest"),
        ({}, "instance_id is ''"),
        (entry(instance_id="one two"), "instance_id is 'one two'"),
        (entry(instance_id=7), "instance_id is '7'"),
        (entry(instance_id=["i-one"]), "instance_id is not a text"),
        (entry(action="deleted"), "action is 'deleted'"),
        (entry(action=None), "action is 'None'"),
        (entry(stopped_by_us="true"), "stopped_by_us is neither true nor false"),
        (entry(image="img-one"), "image is not an object"),
        (entry(image=planned_image("vol-sys", stopped="false")), "stopped is neither true nor false"),
        (entry(image=planned_image("vol-sys", campaign=None)), "contains no campaign"),
        (entry(image=planned_image("vol-sys", campaign="two words")), "image.campaign is 'two words'"),
        (entry(image={**planned_image(), "disks": "vol-sys"}), "disks is not a list"),
        (entry(image={**planned_image(), "disks": ["vol-sys"]}), "disks contains a member that is not an object"),
        (entry(snapshots={"disk_id": "vol-sys"}), "snapshots is not a list"),
        (entry(snapshots=[planned_snapshot("")]), "disk_id is missing"),
        (
            entry(snapshots=[planned_snapshot("vol-a", campaign=7.5), planned_snapshot("vol-b", campaign=" ")]),
            "snapshots[1].campaign",
        ),
    ],
    ids=str,
)
def test_what_is_no_manifest_is_refused(wrong: Any, says: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_planned([entry(instance_id="i-good"), wrong], "planned_backups")
    assert "planned_backups[1]" in str(caught.value)
    assert says in str(caught.value)


def test_a_machine_that_is_listed_twice_is_refused() -> None:
    with pytest.raises(InputError, match="i-one more than once"):
        parse_planned([entry(), entry(action="failed")], "planned_backups")


def test_no_planned_backups_are_fine() -> None:
    assert parse_planned([], "planned_backups") == {}


# --- what is predicted --------------------------------------------------------------------------------------------


def test_a_machine_that_its_backup_would_stop_would_be_deleted_with_all_its_fates() -> None:
    each = machine("running", data=(disk(auto_delete=True),))
    decision = preview(each, entry(image=planned_image("vol-sys", "vol-data")))
    assert (decision.action, decision.steps) == ("deleted", ("delete",))
    assert [one.fate for one in decision.disks] == ["deleted", "deleted"]
    assert decision.status == "running"
    assert decision.final_status == "absent"


def test_planned_backups_are_reported_as_planned_and_without_id_and_time() -> None:
    (backup,) = preview(machine("running"), entry()).backups
    assert (backup.type, backup.id, backup.status, backup.created, backup.campaign) == ("image", "", "planned", "", "c1")


def test_a_machine_that_is_not_in_the_manifest_is_judged_as_it_is() -> None:
    other = entry(instance_id="i-two")
    assert codes(preview(machine("running"), other)) == codes(preview(machine("running"))) == ["running", "backup_missing"]
    assert codes(preview(machine(), other)) == ["backup_missing"]


@pytest.mark.parametrize("action", ["none", "blocked", "failed"])
def test_a_machine_that_would_not_be_backed_up_is_judged_as_it_is(action: str) -> None:
    assert codes(preview(machine("running"), entry(action=action))) == ["running", "backup_missing"]
    assert codes(preview(machine("running"), entry(image=planned_image("vol-sys", action="failed")))) == [
        "running",
        "backup_missing",
    ]


def test_a_disk_that_nothing_would_hold_is_missing_still() -> None:
    each = machine("running", data=(disk(auto_delete=True),))
    decision = preview(each, entry())
    assert codes(decision) == ["backup_missing"]
    assert decision.steps == ()
    assert "vol-data" in decision.blockers[0].message
    assert "planned image: it does not hold this disk" in decision.blockers[0].message


def test_a_disk_that_stays_needs_no_backup() -> None:
    assert preview(machine("running", data=(disk(auto_delete=False),)), entry()).action == "deleted"


def test_a_disk_of_another_machine_covers_nothing() -> None:
    assert codes(preview(machine("running"), entry(image=planned_image("vol-other")))) == ["backup_missing"]
    assert codes(preview(machine("running"), entry(image=planned_image()))) == ["backup_missing"]


def test_a_local_data_disk_is_lost_whatever_the_manifest_says() -> None:
    each = machine("running", data=(local_disk(device="vdb"),))
    held = planned_image("vol-sys")
    held["disks"].append({"disk_id": None, "device": "vdb"})
    assert codes(preview(each, entry(image=held))) == ["local_disk_loss"]
    assert preview(each, entry(image=held), allow_local_disk_loss=True).action == "deleted"


def test_a_local_system_disk_can_be_in_a_planned_image() -> None:
    each = replace(machine("running"), disks=(replace(local_disk(device="vda"), system=True),))
    assert preview(each, entry(image=planned_image(None))).action == "deleted"
    assert codes(preview(each, entry(image=planned_image("vol-sys")))) == ["backup_missing"]
    other_device = planned_image(None)
    other_device["disks"][0]["device"] = "vdb"
    assert codes(preview(each, entry(image=other_device))) == ["backup_missing"]


@pytest.mark.parametrize(
    ("method", "image_of", "snapshots_of", "expected"),
    [
        ("snapshots", None, ["vol-sys"], []),
        ("snapshots", "vol-sys", [], ["backup_missing"]),
        ("image", None, ["vol-sys"], ["backup_missing"]),
        ("both", "vol-sys", ["vol-sys"], []),
        ("both", "vol-sys", [], ["backup_missing"]),
        ("both", None, ["vol-sys"], ["backup_missing"]),
    ],
)
def test_each_demanded_kind_must_be_planned(
    method: Method, image_of: str | None, snapshots_of: list[str], expected: list[str]
) -> None:
    made = entry(image=image_of and planned_image(image_of), snapshots=[planned_snapshot(each) for each in snapshots_of])
    assert codes(preview(machine("running"), made, method=method)) == expected


@pytest.mark.parametrize("of", [planned_image("vol-sys", stopped=False), planned_image("vol-sys", stopped=None)])
def test_a_backup_of_a_running_machine_does_not_count(of: Json) -> None:
    live = entry(image=of, status="running", stopped_by_us=False)
    assert codes(preview(machine("running"), live)) == ["running", "backup_missing"]
    # Nor does it if the machine is stopped by then.
    assert codes(preview(machine(), entry(image=of, stopped_by_us=False))) == ["backup_missing"]


def test_a_machine_that_would_be_started_again_runs_and_is_blocked() -> None:
    again = entry(status="running", started_by_us=True)
    assert codes(preview(machine("running"), again)) == ["running", "backup_missing"]
    assert codes(preview(machine(), again)) == ["running", "backup_missing"]


def test_a_machine_that_another_user_has_started_since_is_not_taken_for_stopped() -> None:
    was_stopped = entry(status_before="stopped", stopped_by_us=False)
    assert codes(preview(machine("running"), was_stopped)) == ["running", "backup_missing"]


@pytest.mark.parametrize("status", ["error", "stopping", "resizing", "odd"])
def test_only_power_is_predicted_other_statuses_stay(status: str) -> None:
    decision = preview(machine(status), entry())
    assert codes(decision) == codes(preview(machine(status), entry(stopped_by_us=False)))
    assert decision.status == status


def test_a_machine_that_another_user_is_deleting_is_only_waited_for() -> None:
    assert preview(machine("deleting"), entry()).action == "none"


def test_the_campaign_that_is_demanded_must_be_the_planned_one() -> None:
    demand = Demand("image", 24.0, "c2")
    assert codes(preview(machine("running"), entry(), demand=demand)) == ["backup_missing"]
    assert preview(machine("running"), entry(image=planned_image("vol-sys", campaign="c2")), demand=demand).action == "deleted"


def test_protection_and_all_other_demands_stay() -> None:
    each = machine("running", tags={"jdcloud-protect": "x"}, charge=None, data=(disk(shared=True),))
    assert codes(preview(each, entry(), disks="delete")) == ["protected", "no_charge_record", "disk_fate_impossible"]


def test_a_machine_that_does_not_match_is_a_mismatch_whatever_its_backup_would_make_of_it() -> None:
    selection = Selection(ids=("i-one",), name=None, tags={}, filters={"status": ("stopped",)})
    assert codes(preview(machine("running"), entry(), selection=selection)) == ["selector_mismatch"]


def test_a_marked_machine_that_runs_was_taken_back_and_no_backup_would_stop_it() -> None:
    each = machine("running", tags={"due": "2026-01-10"})
    assert "taken_back" in codes(preview(each, entry(), due_tag="due"))
    assert preview(replace(each, status="stopped"), entry(), due_tag="due").action == "deleted"


def test_without_the_time_of_the_service_nothing_counts() -> None:
    assert codes(preview(machine("running"), entry(), now=None)) == ["backup_missing"]


# --- what exists --------------------------------------------------------------------------------------------------


def test_a_reused_image_is_judged_as_it_is_and_reported_with_its_id() -> None:
    reused = entry(action="reused", image=planned_image("vol-sys", action="reused", image_id="img-one"), stopped_by_us=False)
    inside = snapshot(images=["img-one"], description="")
    decision = preview(machine(), reused, assets=[image("snapshot-vol-sys"), inside])
    assert decision.action == "deleted"
    assert [(each.id, each.status, bool(each.created)) for each in decision.backups] == [("img-one", "planned", True)]
    old = image("snapshot-vol-sys", createTime="2026-01-10T00:00:00+08:00")
    assert codes(preview(machine(), reused, assets=[old, inside])) == ["backup_missing"]


def test_a_reused_backup_that_does_not_exist_any_more_holds_nothing() -> None:
    reused = planned_image("vol-sys", action="reused", image_id="img-gone")
    assert codes(preview(machine(), entry(action="reused", image=reused))) == ["backup_missing"]
    snapshots = [planned_snapshot("vol-sys", action="reused", snapshot_id="snapshot-gone")]
    assert codes(preview(machine(), entry(image=None, snapshots=snapshots), method="snapshots")) == ["backup_missing"]


def test_what_is_being_made_already_would_be_waited_for() -> None:
    making = image(status="pending")
    text = entry(action="reused", image=planned_image("vol-sys", action="reused", image_id="img-one"))
    assert "task_in_progress" in codes(preview(machine(), assets=[making]))
    decision = preview(machine(), text, assets=[making])
    assert decision.action == "deleted"
    assert [each.id for each in decision.backups] == ["img-one"]
    creating = snapshot(status="creating")
    snapshots = [planned_snapshot("vol-sys", action="reused", snapshot_id=creating.snapshot_id)]
    assert preview(machine(), entry(image=None, snapshots=snapshots), method="snapshots", assets=[creating]).action == "deleted"


def test_a_backup_of_another_user_that_is_being_made_blocks_still() -> None:
    foreign = image(imageId="img-foreign", status="pending", desc="by hand")
    assert codes(preview(machine("running"), entry(), assets=[foreign])) == ["task_in_progress"]


def test_the_stop_makes_older_backups_count_as_in_the_run() -> None:
    decision = preview(
        machine("running"), entry(), method="image", assets=[image("snapshot-vol-sys"), snapshot(images=["img-one"])]
    )
    assert [(each.id, each.status) for each in decision.backups] == [("img-one", "ready"), ("", "planned")]


def test_disks_that_changed_since_the_manifest_are_seen() -> None:
    each = replace(machine("running"), disks=(replace(system_disk(), disk_id="vol-new"),))
    assert codes(preview(each, entry())) == ["backup_missing"]
